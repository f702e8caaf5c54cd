/* SPDX-License-Identifier: MIT */
/*
 * From a commit into the outbox, and from there into the logs of other partitions: in order,
 * whatever dies, and never one before what was said earlier to the same partition. What comes twice
 * is recognised by its number, so the tests read each log as its owner would.
 */
#include "../chance.h"
#include "redis_stage.h"

#include "store/courier.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARTITIONS 4

/* ---- the commit -------------------------------------------------------------------------- */

#define TEXT(S)                                                                                    \
	{                                                                                          \
		(S), sizeof(S) - 1                                                                 \
	}
static const struct commit_message two[] = {
	{.to = 2, .head = TEXT("{1}"), .event = TEXT("ev"), .meta = TEXT("me")},
	{.to = 3, .head = TEXT("{2}"), .record = TEXT("rec")},
};
static const struct commit_heard heard_of[] = {{0, 7}, {1023, 9}};

static struct commit saying(const struct position *from)
{
	struct commit c = {.from = *from, .to = *from};

	c.to.seq++;
	c.to.out += ARRAY_SIZE(two);
	c.messages = two;
	c.n_messages = ARRAY_SIZE(two);
	c.heard = heard_of;
	c.n_heard = ARRAY_SIZE(heard_of);
	return c;
}

struct heard_list {
	bool done;
	int r;
	char text[128];
};

static void on_heard(void *user, int r, const struct commit_heard *heard, size_t n)
{
	struct heard_list *l = user;
	size_t len = 0;

	l->done = true;
	l->r = r;
	l->text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(l->text + len, sizeof(l->text) - len, "%u=%llu ",
			(unsigned)heard[i].from, (unsigned long long)heard[i].seq);
}

static const char *heard(struct redis_stage *s, struct heard_list *l)
{
	*l = (struct heard_list){.done = false};
	CHECK_INT(s->store->ops->heard(s->store, 1, on_heard, l), 0);
	stage_turn(s, &l->done);
	return l->text;
}

static void committed(void)
{
	struct heard_list l;
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	CHECK_INT(p.out, 0);
	CHECK_STR(span_str(heard(&s, &l)), "");
	c = saying(&p);
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	CHECK_SAY(&s, "2", "XLEN wm:{p1}:out");
	CHECK_STR(span_str(strchr(stage_say(&s, "XRANGE wm:{p1}:out - + COUNT 1"), ' ')),
		" [\"q\" \"2\" \"x\" \"{1}\" \"e\" \"ev\" \"m\" \"me\"]]]");
	CHECK_STR(span_str(strchr(stage_say(&s, "XREVRANGE wm:{p1}:out + - COUNT 1"), ' ')),
		" [\"q\" \"3\" \"x\" \"{2}\" \"b\" \"rec\"]]]");
	CHECK_SAY(&s, "[\"2\" \"7\" \"9\"]", "HMGET wm:{p1}:pos out x:0 x:1023");
	CHECK_STR(span_str(heard(&s, &l)), "0=7 1023=9 ");
	/* The next owner goes on counting. */
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	CHECK_INT(p.out, 2);
	/* One that has lost its claim says nothing. */
	CHECK_INT(stage_commit(&s, 1, &c), STORE_FENCED);
	CHECK_SAY(&s, "2", "XLEN wm:{p1}:out");
}

/* What cannot be written is found before the first write; what cannot be read stops the owner. */
static void wrong(void)
{
	struct heard_list l;
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = saying(&p);
	(void)stage_say(&s, "SET wm:{p1}:out x");
	CHECK_INT(stage_commit(&s, 1, &c), STORE_REFUSED);
	CHECK_SAY(&s, "[\"0\" nil nil]", "HMGET wm:{p1}:pos seq out x:0");
	(void)stage_say(&s, "HSET wm:{p1}:pos x:1024 1");
	(void)heard(&s, &l);
	CHECK_INT(l.r, STORE_REFUSED);
	(void)stage_say(&s, "HDEL wm:{p1}:pos x:1024");
	(void)stage_say(&s, "HSET wm:{p1}:pos x:3 -1");
	(void)heard(&s, &l);
	CHECK_INT(l.r, STORE_REFUSED);
	(void)stage_say(&s, "HDEL wm:{p1}:pos x:3");
	(void)stage_say(&s, "HSET wm:{p1}:pos out none");
	CHECK_INT(stage_acquire(&s, 1, "w", &p), LEASE_FOREIGN);
}

/* ---- the courier ------------------------------------------------------------------------- */

struct post {
	struct redis_stage *stage;
	struct courier *courier;
	size_t n_delivered, n_failed;
	bool dies; /* with the first delivery */
	char words[128];
};

static void on_delivered(void *user, uint32_t partition)
{
	struct post *p = user;

	CHECK(partition < PARTITIONS);
	p->n_delivered++;
	if (p->dies)
		p->courier = courier_free(p->courier);
}

static void on_failed(void *user, const char *words)
{
	struct post *p = user;

	p->n_failed++;
	(void)snprintf(p->words, sizeof(p->words), "%s", words);
}

static void post_open(struct post *p, struct redis_stage *s)
{
	const struct courier_options options = {.redis = s->redis,
		.partition = 1,
		.partitions = PARTITIONS,
		.delivered = on_delivered,
		.failed = on_failed,
		.user = p};

	p->stage = s;
	CHECK_INT(courier_new(&options, &p->courier), 0);
}

static void post_close(struct post *p)
{
	p->courier = courier_free(p->courier);
}

/* Until the courier rests, or is gone. */
static void go(struct post *p)
{
	int64_t until = io_mono_now() + 20000;

	courier_poke(p->courier);
	while (p->courier && !courier_idle(p->courier) && io_mono_now() < until)
		CHECK(loop_turn(p->stage->loop, false) == 0);
	CHECK(!p->courier || courier_idle(p->courier));
	/* The answer to the last removal. */
	while (redis_pending(p->stage->redis) > 0 && io_mono_now() < until)
		CHECK(loop_turn(p->stage->loop, false) == 0);
}

/* Message N, which goes to partition N % 3, but 1 becomes 3. */
static uint32_t goes_to(unsigned n)
{
	return n % 3 == 1 ? 3 : n % 3;
}

static void put(struct redis_stage *s, unsigned from, unsigned until)
{
	for (unsigned n = from; n < until; n++)
		(void)stage_say(s, "XADD wm:{p1}:out * q %u x %u", (unsigned)goes_to(n), n);
}

/*
 * Reads partition P's log as its owner would: a number not above the highest is nothing new.
 * *ret_n of those that it is for, of UNTIL said; -1 if one was left out.
 */
static int read_log(struct redis_stage *s, uint32_t p, unsigned until, size_t *ret_entries)
{
	const char *at = stage_say(s, "XRANGE wm:{p%u}:in - +", (unsigned)p);
	unsigned expected = 0;
	int n = 0;

	*ret_entries = 0;
	while ((at = strstr(at, "[\"x\" \""))) {
		unsigned got = (unsigned)strtoul(at + 6, NULL, 10);

		(*ret_entries)++;
		at++;
		while (expected < until && goes_to(expected) != p)
			expected++;
		if (got > expected)
			return -1;
		if (got == expected) {
			expected++;
			n++;
		}
	}
	return n;
}

static void check_logs(struct redis_stage *s, unsigned until, bool once)
{
	for (uint32_t p = 0; p < PARTITIONS; p++) {
		size_t entries;
		int n = read_log(s, p, until, &entries);
		int want = 0;

		for (unsigned i = 0; i < until; i++)
			want += goes_to(i) == p;
		CHECK_INT(n, want);
		if (once)
			CHECK_INT(entries, want);
	}
	CHECK_SAY(s, "0", "XLEN wm:{p1}:out");
}

/* More than a page, then nothing, then some more. */
static void delivers(void)
{
	_cleanup_(post_close) struct post p = {.n_failed = 0};

	STAGE(s, NULL);
	post_open(&p, &s);
	go(&p);
	CHECK_INT(p.n_delivered, 0);
	put(&s, 0, 150);
	go(&p);
	check_logs(&s, 150, true);
	CHECK_INT(p.n_delivered, 9); /* pages of 64, each for three partitions */
	put(&s, 150, 160);
	go(&p);
	check_logs(&s, 160, true);
	CHECK_INT(p.n_failed, 0);
}

/* Dies between adding and removing: the next one adds once more. */
static void dies(void)
{
	_cleanup_(post_close) struct post p = {.dies = true};
	size_t entries;

	STAGE(s, NULL);
	post_open(&p, &s);
	put(&s, 0, 10);
	go(&p);
	CHECK(!p.courier);
	CHECK_INT(p.n_delivered, 1);
	CHECK_SAY(&s, "10", "XLEN wm:{p1}:out");
	p.dies = false;
	post_open(&p, &s);
	go(&p);
	check_logs(&s, 10, false);
	CHECK_INT(read_log(&s, 0, 10, &entries), 4);
	CHECK_INT(entries, 8);
}

/* One who has lost the partition reads, and brings it after the next one has. */
static void zombie(void)
{
	_cleanup_(post_close) struct post old = {.n_failed = 0}, new = {.n_failed = 0};

	STAGE(s, NULL);
	post_open(&old, &s);
	post_open(&new, &s);
	put(&s, 0, 100);
	courier_poke(old.courier);
	courier_poke(new.courier);
	while (!courier_idle(old.courier) || !courier_idle(new.courier))
		REQUIRE(loop_turn(s.loop, false) == 0);
	CHECK(old.n_delivered > 0 && new.n_delivered > 0);
	check_logs(&s, 100, false);
}

/* What is for a partition whose log takes nothing stays, and all that was said after it: whoever
 * hears what was said later may rely on what was said before. */
static void refused(void)
{
	_cleanup_(post_close) struct post p = {.n_failed = 0};

	STAGE(s, NULL);
	post_open(&p, &s);
	(void)stage_say(&s, "SET wm:{p2}:in x");
	put(&s, 0, 30);
	go(&p);
	CHECK_INT(p.n_failed, 1);
	CHECK_STR(span_of(p.words, 9), "WRONGTYPE");
	/* 0 and 1 are for others, 2 is for the one that takes nothing. */
	CHECK_INT(p.n_delivered, 2);
	CHECK_SAY(&s, "28", "XLEN wm:{p1}:out");
	CHECK_SAY(&s, "1", "XLEN wm:{p0}:in");
	CHECK_SAY(&s, "1", "XLEN wm:{p3}:in");
	put(&s, 30, 40);
	go(&p);
	CHECK_INT(p.n_failed, 2);
	CHECK_SAY(&s, "38", "XLEN wm:{p1}:out");
	CHECK_SAY(&s, "1", "XLEN wm:{p3}:in");
	(void)stage_say(&s, "DEL wm:{p2}:in");
	go(&p);
	check_logs(&s, 40, true);
	/* The log of a partition without a position is none of ours. */
	(void)stage_say(&s, "DEL wm:{p0}:pos");
	put(&s, 0, 1);
	go(&p);
	CHECK_STR(span_str(p.words), "FOREIGN no position");
	CHECK_SAY(&s, "14", "XLEN wm:{p0}:in");
	(void)stage_say(&s, "XADD wm:{p1}:out * q 4 x none");
	(void)stage_say(&s, "XDEL wm:{p1}:out 0-1");
	go(&p);
	CHECK_STR(span_str(p.words), "something in the outbox is no message");
}

/* Redis takes no more memory: what is delivered makes room, so it is taken. */
static void at_the_limit(void)
{
	_cleanup_(post_close) struct post p = {.n_failed = 0};

	STAGE(s, NULL);
	post_open(&p, &s);
	put(&s, 0, 30);
	(void)stage_say(&s, "CONFIG SET maxmemory 1");
	go(&p);
	CHECK_INT(p.n_failed, 0);
	check_logs(&s, 30, true);
}

/* Killed at any moment, with half of it said. */
static void killed(void)
{
	unsigned seed = (unsigned)chance_new().state, said = 0;

	STAGE(s, NULL);
	for (int round = 0; round < 8; round++) {
		_cleanup_(post_close) struct post p = {.n_failed = 0};
		pid_t child;

		put(&s, said, said + 200);
		said += 200;
		post_open(&p, &s);
		seed = seed * 1664525 + 1013904223;
		child = fork();
		if (child == 0) {
			struct timespec wait = {.tv_nsec = (long)(seed >> 8) % 8000000};

			nanosleep(&wait, NULL);
			kill(s.server.pid, SIGKILL);
			_exit(0);
		}
		courier_poke(p.courier);
		while (redis_is_up(s.redis))
			REQUIRE(loop_turn(s.loop, true) == 0);
		waitpid(child, NULL, 0);
		REQUIRE(stage_restart(&s) == 0);
		CHECK(courier_idle(p.courier));
		go(&p);
		check_logs(&s, said, false);
	}
}

static const struct check_case cases[] = {
	{"messages are part of the commit", committed},
	{"what is wrong is found first", wrong},
	{"delivered in order, page by page", delivers},
	{"a courier dies between adding and removing", dies},
	{"two couriers at once", zombie},
	{"a log that takes nothing", refused},
	{"at the memory limit", at_the_limit},
	{"the server is killed", killed},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
