/* SPDX-License-Identifier: MIT */
/*
 * The one commit: everything or nothing, once, by the owner. "Nothing" is checked with Redis's
 * digest of the whole database.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../chance.h"
#include "redis_stage.h"

static const char *const debug[] = {"--enable-debug-command", "yes", NULL};

/* A commit from FROM to the next, that changes nothing. */
static struct commit commit_from(const struct position *from)
{
	struct commit c = {.from = *from, .to = *from};

	c.to.seq++;
	c.to.id.ms = 100 + c.to.seq;
	c.to.clock = (int64_t)(99 + c.to.seq);
	c.day = 20778; /* 2026-11-21 */
	return c;
}

/* A log that has come far enough for the positions of these tests. */
static void add_log(struct redis_stage *s)
{
	(void)stage_say(s, "XADD wm:{p1}:in 1000000-0 e {} m web/");
}

/* The first commit is the script's whole; from the next one on records go beside it. */
static struct position learn_script(struct redis_stage *s, uint32_t p, const struct position *from)
{
	struct commit c = commit_from(from);

	CHECK_INT(stage_commit(s, p, &c), 0);
	return c.to;
}

static void check_everything(bool beside)
{
	const struct commit_value records[] = {
		{SPAN_LIT("anna"), SPAN_LIT("A")}, {SPAN_LIT("b ert"), SPAN_LIT("B\0\r\n")}};
	const struct commit_value chunks[] = {{SPAN_LIT("anna"), SPAN_LIT("1")},
		{SPAN_LIT("b"), SPAN_LIT("x")}, {SPAN_LIT("anna"), SPAN_LIT("2")}};
	const struct commit_due dues[] = {{SPAN_LIT("anna"), 1795289176001},
		{SPAN_LIT("gone"), TIME_NEVER}, {SPAN_LIT("bert"), 7}, {SPAN_LIT("bert"), -8}};
	const struct log_entry e = {.id = {3, 4}, .event = SPAN_LIT("{"), .meta = SPAN_LIT("web/")};
	const struct commit_bad bad[] = {{e, SPAN_LIT("bad_json"), SPAN_LIT("ends early")}};
	const struct commit_seen seen[] = {{490, SPAN_LIT("abcdefghijkl")},
		{491, SPAN_LIT("ABCDEFGHIJKLabcdefghijkl")}, {490, SPAN_LIT("mnopqrstuvwx")}};
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 3, "w", &p) == 0);
	(void)stage_say(&s, "ZADD wm:{p3}:due 5 gone 6 other");
	(void)stage_say(&s, "MSET wm:{p3}:seen:464 old wm:{p3}:seen:466 kept wm:{p3}:seen:490 x");
	(void)stage_say(&s, "MSET wm:{p3}:c:anna a-longer-one-of-before wm:{p3}:c:other kept");
	if (beside)
		p = learn_script(&s, 3, &p);
	(void)stage_say(&s, "CONFIG RESETSTAT");
	c = commit_from(&p);
	c.to.id.seq = 12;
	c.records = records;
	c.n_records = ARRAY_SIZE(records);
	c.chunks = chunks;
	c.n_chunks = ARRAY_SIZE(chunks);
	c.dues = dues;
	c.n_dues = ARRAY_SIZE(dues);
	c.bad = bad;
	c.n_bad = ARRAY_SIZE(bad);
	c.seen = seen;
	c.n_seen = ARRAY_SIZE(seen);
	c.seen_drop_from = 464;
	c.seen_drop_before = 466;
	c.counters[COUNTER_APPLIED] = 3;
	c.counters[COUNTER_QUARANTINED] = UINT64_C(1) << 40;
	CHECK_INT(stage_commit(&s, 3, &c), 0);

	CHECK(!strstr(stage_say(&s, "INFO commandstats"), "cmdstat_exec:") == !beside);
	CHECK_SAY(&s, beside ? "[\"1\" \"102-12\" \"101\"]" : "[\"1\" \"101-12\" \"100\"]",
		"HMGET wm:{p3}:pos epoch id clock");
	CHECK_SAY(&s, "[\"A\" \"kept\"]", "MGET wm:{p3}:c:anna wm:{p3}:c:other");
	CHECK_SAY(&s, "0", "EXISTS wm:{p3}:gate wm:{p3}:jobs");
	CHECK_SAY(&s, "[\"wm:{p3}:c:b ert\"]", "KEYS wm:{p3}:c:b*");
	CHECK_SAY(&s, "[\"1\" \"2\"]", "LRANGE wm:{p3}:t:anna 0 -1");
	CHECK_SAY(&s, "[\"x\"]", "LRANGE wm:{p3}:t:b 0 -1");
	CHECK_SAY(&s, "[\"bert\" \"-8\" \"other\" \"6\" \"anna\" \"1795289176001\"]",
		"ZRANGE wm:{p3}:due 0 -1 WITHSCORES");
	CHECK(strstr(stage_say(&s, "XRANGE wm:{p3}:bad - +"),
		"[\"id\" \"3-4\" \"e\" \"{\" \"m\" \"web/\" \"c\" \"bad_json\" \"w\" "
		"\"ends early\"]"));
	CHECK_SAY(&s, "\"xabcdefghijklmnopqrstuvwx\"", "GET wm:{p3}:seen:490");
	CHECK_SAY(&s, "\"ABCDEFGHIJKLabcdefghijkl\"", "GET wm:{p3}:seen:491");
	CHECK_SAY(&s, "[nil \"kept\"]", "MGET wm:{p3}:seen:464 wm:{p3}:seen:466");
	CHECK_SAY(&s, "[\"1\" \"3\" \"1099511627776\"]",
		"HMGET wm:{p3}:day:2026-11-21 quarantined/?/bad_json applied quarantined");
	CHECK_SAY(&s, "3", "HLEN wm:{p3}:day:2026-11-21");
	CHECK_SAY(&s, "\"0\"", "HGET wm:{p2}:pos seq");
}

static void everything(void)
{
	check_everything(false);
	check_everything(true);
}

/* What stands in a stream without the ids that Redis gave. */
static void check_jobs(struct redis_stage *s, const char *want)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	const struct span args[] = {
		SPAN_LIT("XRANGE"), SPAN_LIT("wm:{p1}:jobs"), SPAN_LIT("-"), SPAN_LIT("+")};
	const struct redis_value *v;

	REQUIRE(redis_call(s->redis, args, ARRAY_SIZE(args), &s->arena, &v) == 0);
	for (size_t i = 0; i < v->n_items; i++) {
		const struct redis_value *fields = &v->items[i].items[1];

		for (size_t j = 0; j < fields->n_items; j++) {
			buf_add_span(&b, fields->items[j].text);
			buf_add_char(&b, j + 1 < fields->n_items ? ' ' : ';');
		}
	}
	CHECK_STR(buf_span(&b), want);
}

static void jobs(void)
{
	const struct commit_job first[] = {
		{.id = SPAN_LIT("j1"), .customer = SPAN_LIT("anna"), .json = SPAN_LIT("{1}")},
		{.id = SPAN_LIT("j2"), .customer = SPAN_LIT("bert"), .json = SPAN_LIT("{2}")},
		{.id = SPAN_LIT("j3"), .customer = SPAN_LIT("carl"), .json = SPAN_LIT("{3}")}};
	const struct commit_job second[] = {
		{.id = SPAN_LIT("j2"), .customer = SPAN_LIT("bert"), .json = SPAN_LIT("{2}")},
		{.id = SPAN_LIT("j4"), .customer = SPAN_LIT("dora"), .json = SPAN_LIT("{4}")}};
	const struct commit_retract retracts[] = {
		{.id = SPAN_LIT("j1"), .reason = SPAN_LIT("disproved: e1")},
		{.id = SPAN_LIT("j2"), .reason = SPAN_LIT("late_event: e2"), .late = true},
		{.id = SPAN_LIT("j3"), .reason = SPAN_LIT("disproved: e3")},
		{.id = SPAN_LIT("j4"), .reason = SPAN_LIT("disproved: e4")},
		{.id = SPAN_LIT("j9"), .reason = SPAN_LIT("unknown")}};
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = commit_from(&p);
	c.jobs = first;
	c.n_jobs = ARRAY_SIZE(first);
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	check_jobs(&s, "id j1 j {1};id j2 j {2};id j3 j {3};");
	CHECK_SAY(&s, "[\"ready\" \"anna\" nil]", "HMGET wm:{p1}:job:j1 s c r");
	CHECK_SAY(&s, "1",
		"EVAL return(redis.call('XRANGE',KEYS[1],redis.call('HGET',KEYS[2],'at'),"
		"'+')[1][2][2]=='j2')and(1) 2 wm:{p1}:jobs wm:{p1}:job:j2");

	/* Two are taken. One more is emitted and taken back in one breath; one has been emitted. */
	(void)stage_say(&s, "HSET wm:{p1}:job:j2 s taken");
	(void)stage_say(&s, "HSET wm:{p1}:job:j3 s taken");
	c = commit_from(&c.to);
	c.jobs = second;
	c.n_jobs = ARRAY_SIZE(second);
	c.retracts = retracts;
	c.n_retracts = ARRAY_SIZE(retracts);
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	check_jobs(&s, "id j1 j {1};id j2 j {2};id j3 j {3};id j4 j {4};id j1 r disproved: e1;"
		       "id j4 r disproved: e4;");
	CHECK_SAY(&s, "[\"retracted\" \"disproved: e1\"]", "HMGET wm:{p1}:job:j1 s r");
	CHECK_SAY(&s, "[\"taken\" nil]", "HMGET wm:{p1}:job:j2 s r");
	CHECK_SAY(&s, "[\"taken\" nil]", "HMGET wm:{p1}:job:j3 s r");
	CHECK_SAY(&s, "[\"retracted\" \"disproved: e4\"]", "HMGET wm:{p1}:job:j4 s r");
	CHECK_SAY(&s, "0", "EXISTS wm:{p1}:job:j9");
	/* Only the late one was an event that came in time and was not known. */
	CHECK_SAY(&s, "[\"late_cancel_after_send\" \"1\"]", "HGETALL wm:{p1}:day:2026-11-21");
}

static void refused(void)
{
	const struct commit_value record = {SPAN_LIT("anna"), SPAN_LIT("A")};
	struct position p, newer;
	struct commit c;
	const char *before;

	STAGE(s, debug);
	add_log(&s);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = commit_from(&p);
	c.records = &record;
	c.n_records = 1;
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	before = stage_say(&s, "DEBUG DIGEST");
	/* The same again, as after a lost answer. */
	CHECK_INT(stage_commit(&s, 1, &c), STORE_MOVED);
	CHECK_STR(span_str(redis_store_refusal(s.redis_store)), "POS 1");
	CHECK_SAY(&s, before, "DEBUG DIGEST");
	/* Somebody else has taken it: even the right position does not help. */
	REQUIRE(stage_release(&s, 1, "w") == 0);
	REQUIRE(stage_acquire(&s, 1, "other", &newer) == 0);
	CHECK_INT(newer.seq, 1);
	before = stage_say(&s, "DEBUG DIGEST");
	c = commit_from(&c.to);
	c.records = &record;
	c.n_records = 1;
	CHECK_INT(stage_commit(&s, 1, &c), STORE_FENCED);
	CHECK_SAY(&s, before, "DEBUG DIGEST");
	/* An epoch that went back is not a newer owner but an older world. */
	(void)stage_say(&s, "HSET wm:{p1}:pos epoch 0");
	before = stage_say(&s, "DEBUG DIGEST");
	CHECK_INT(stage_commit(&s, 1, &c), STORE_FOREIGN);
	CHECK_SAY(&s, before, "DEBUG DIGEST");
	(void)stage_say(&s, "FLUSHALL");
	CHECK_INT(stage_commit(&s, 1, &c), STORE_FOREIGN);
	CHECK_SAY(&s, "0", "DBSIZE");
}

/* A key of another type anywhere: found before the first write. */
static void wrong_types(void)
{
	static const char *const keys[] = {
		"due", "jobs", "bad", "t:anna", "seen:490", "job:j1", "job:j2", "day:2026-11-21"};
	const struct commit_value value = {SPAN_LIT("anna"), SPAN_LIT("A")};
	const struct commit_due due = {SPAN_LIT("anna"), 5};
	const struct commit_job job = {.id = SPAN_LIT("j1")};
	const struct commit_retract retract = {.id = SPAN_LIT("j2")};
	const struct commit_bad bad = {.code = SPAN_LIT("c")};
	const struct commit_seen seen = {490, SPAN_LIT("abcdefghijkl")};
	struct position p;
	struct commit c;

	STAGE(s, debug);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = commit_from(&p);
	c.records = c.chunks = &value;
	c.dues = &due;
	c.jobs = &job;
	c.retracts = &retract;
	c.bad = &bad;
	c.seen = &seen;
	c.n_records = c.n_chunks = c.n_dues = c.n_jobs = c.n_retracts = c.n_bad = c.n_seen = 1;
	c.counters[COUNTER_APPLIED] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *before;

		(void)stage_say(&s, "GEOADD wm:{p1}:%s 1 1 x", keys[i]);
		if (i == 0)
			(void)stage_say(&s, "SET wm:{p1}:due x");
		before = stage_say(&s, "DEBUG DIGEST");
		CHECK_INT(stage_commit(&s, 1, &c), STORE_REFUSED);
		CHECK(span_starts(
			span_str(redis_store_refusal(s.redis_store)), SPAN_LIT("WRONGTYPE ")));
		CHECK_SAY(&s, before, "DEBUG DIGEST");
		(void)stage_say(&s, "DEL wm:{p1}:%s", keys[i]);
	}
	CHECK_INT(stage_commit(&s, 1, &c), 0);
}

static void scripts_forgotten(void)
{
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = commit_from(&p);
	for (int i = 0; i < 6; i++) {
		if (i == 2)
			(void)stage_say(&s, "SCRIPT FLUSH");
		if (i == 4)
			REQUIRE(stage_restart(&s) == 0);
		CHECK_INT(stage_commit(&s, 1, &c), 0);
		CHECK_INT(stage_say(&s, "HGET wm:{p1}:pos seq")[1], '1' + i);
		c = commit_from(&c.to);
		if (i == 0)
			(void)stage_say(&s, "CONFIG RESETSTAT");
		/* The second goes by name. */
		if (i == 1) {
			CHECK(strstr(
				stage_say(&s, "INFO commandstats"), "cmdstat_evalsha:calls=1"));
			CHECK(!strstr(stage_say(&s, "INFO commandstats"), "cmdstat_eval:"));
		}
	}
}

/* At the memory limit new work is refused, but what was accepted is still worked off. */
static void out_of_memory(void)
{
	const struct commit_value value = {SPAN_LIT("anna"), SPAN_LIT("A")};
	const struct commit_job job = {.id = SPAN_LIT("j1")};
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	(void)stage_say(&s, "XADD wm:{p1}:in 1-1 e E");
	(void)stage_say(&s, "CONFIG SET maxmemory 1");
	CHECK(span_starts(span_str(stage_say(&s, "XADD wm:{p1}:in 2-1 e E")), SPAN_LIT("!OOM ")));
	CHECK_INT(stage_acquire(&s, 1, "w", &p), 0);
	CHECK_INT(stage_renew(&s, 1, "w", 60000), 0);
	c = commit_from(&p);
	c.records = c.chunks = &value;
	c.jobs = &job;
	c.n_records = c.n_chunks = c.n_jobs = 1;
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	c = commit_from(&c.to);
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	(void)stage_say(&s, "SCRIPT FLUSH");
	c = commit_from(&c.to);
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	CHECK_SAY(&s, "\"3\"", "HGET wm:{p1}:pos seq");
	CHECK_INT(stage_release(&s, 1, "w"), 0);
}

/* Redis takes no transactions then: the records too go through the script. */
static void out_of_memory_beside(void)
{
	struct commit_value value = {SPAN_LIT("anna"), SPAN_EMPTY};
	struct position p;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	p = learn_script(&s, 1, &p);
	for (int i = 0; i < 4; i++) {
		struct commit c = commit_from(&p);

		(void)stage_say(&s, "CONFIG SET maxmemory %d", i % 2);
		value.bytes = span_of(&"ABCD"[i], 1);
		c.records = &value;
		c.n_records = 1;
		CHECK_INT(stage_commit(&s, 1, &c), 0);
		CHECK_INT(stage_say(&s, "GET wm:{p1}:c:anna")[1], 'A' + i);
		p = c.to;
	}
	CHECK_SAY(&s, "[\"5\"]", "HMGET wm:{p1}:pos seq");
}

/* The script is forgotten between two transactions, or somebody has put a gate there. */
static void gate(void)
{
	const struct commit_value value = {SPAN_LIT("anna"), SPAN_LIT("A")};
	struct position p;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	p = learn_script(&s, 1, &p);
	(void)stage_say(&s, "HSET wm:{p1}:gate x y");
	(void)stage_say(&s, "SADD wm:{p1}:c:anna x");
	for (int i = 0; i < 3; i++) {
		struct commit c = commit_from(&p);

		if (i == 1)
			(void)stage_say(&s, "SCRIPT FLUSH");
		c.records = &value;
		c.n_records = 1;
		CHECK_INT(stage_commit(&s, 1, &c), 0);
		CHECK_SAY(&s, "\"A\"", "GET wm:{p1}:c:anna");
		CHECK_SAY(&s, "0", "EXISTS wm:{p1}:gate");
		p = c.to;
		(void)stage_say(&s, "SET wm:{p1}:c:anna changed");
	}
	CHECK_SAY(&s, "\"4\"", "HGET wm:{p1}:pos seq");
}

/* More than Lua's stack takes in one call, and a removal between. */
static void a_large_batch(void)
{
	enum { N = 4321 };
	struct commit_value *records;
	struct commit_due *dues;
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	records = arena_calloc(&s.arena, N, sizeof(*records));
	dues = arena_calloc(&s.arena, N, sizeof(*dues));
	REQUIRE(records && dues);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = commit_from(&p);
	for (size_t i = 0; i < N; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "c%zu", i);
		records[i].customer = arena_copy(&s.arena, span_str(name));
		records[i].bytes = records[i].customer;
		dues[i] = (struct commit_due){records[i].customer, (int64_t)i};
	}
	c.records = records;
	c.dues = dues;
	c.n_records = c.n_dues = N;
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	CHECK_SAY(&s, "4321", "ZCARD wm:{p1}:due");
	/* Four positions, wm:meta, the lease, due, and the records. */
	CHECK_SAY(&s, "4328", "DBSIZE");
	CHECK_SAY(&s, "[\"c4320\" \"c499\" \"c500\"]",
		"MGET wm:{p1}:c:c4320 wm:{p1}:c:c499 wm:{p1}:c:c500");
	(void)stage_say(&s, "MSET wm:{p1}:c:c4320 x wm:{p1}:c:c499 x wm:{p1}:c:c500 x");
	c = commit_from(&c.to);
	c.records = records;
	c.n_records = N;
	for (size_t i = 0; i < N; i += 3)
		dues[i].at = TIME_NEVER;
	c.dues = dues;
	c.n_dues = N;
	CHECK_INT(stage_commit(&s, 1, &c), 0);
	CHECK_SAY(&s, "2880", "ZCARD wm:{p1}:due");
	CHECK_SAY(&s, "[\"c4320\" \"c499\" \"c500\"]",
		"MGET wm:{p1}:c:c4320 wm:{p1}:c:c499 wm:{p1}:c:c500");
}

static void no_room(void)
{
	char *big;
	const size_t size = (size_t)65 << 20;
	struct commit_value value = {SPAN_LIT("anna"), SPAN_EMPTY};
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	big = arena_calloc(&s.arena, 1, size);
	REQUIRE(big);
	value.bytes = span_of(big, size);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	/* Through the script, then beside it: half a transaction is taken back. */
	for (int i = 0; i < 2; i++) {
		c = commit_from(&p);
		c.records = &value;
		c.n_records = 1;
		value.bytes.len = size;
		CHECK_INT(stage_commit(&s, 1, &c), -ENOBUFS);
		CHECK_SAY(&s, i ? "1000" : "0", "STRLEN wm:{p1}:c:anna");
		value.bytes.len = (size_t)1000 + (size_t)i;
		CHECK_INT(stage_commit(&s, 1, &c), 0);
		CHECK_SAY(&s, i ? "1001" : "1000", "STRLEN wm:{p1}:c:anna");
		p = c.to;
	}
}

/* One commit that touches many keys, all saying the same number. */
static int commit_number(struct redis_stage *s, const struct position *from, int *ret_r)
{
	char text[24], id[32];
	struct commit_value value = {SPAN_LIT("anna"), SPAN_EMPTY};
	struct commit_due due = {SPAN_LIT("anna"), (int64_t)from->seq + 1};
	struct commit_job job = {.customer = SPAN_LIT("anna"), .json = SPAN_LIT("{}")};
	struct commit c = commit_from(from);

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)c.to.seq);
	(void)snprintf(id, sizeof(id), "job%s", text);
	value.bytes = span_str(text);
	job.id = span_str(id);
	c.records = c.chunks = &value;
	c.dues = &due;
	c.jobs = &job;
	c.n_records = c.n_chunks = c.n_dues = c.n_jobs = 1;
	c.counters[COUNTER_APPLIED] = 1;
	*ret_r = stage_commit(s, 1, &c);
	return *ret_r;
}

/* Every key agrees that so many commits have happened. */
static void check_number(struct redis_stage *s, uint64_t n)
{
	char text[32], list[40];

	(void)snprintf(text, sizeof(text), n ? "\"%llu\"" : "nil", (unsigned long long)n);
	CHECK_SAY(s, text, "GET wm:{p1}:c:anna");
	CHECK_SAY(s, text, "ZSCORE wm:{p1}:due anna");
	CHECK_SAY(s, text, "HGET wm:{p1}:day:2026-11-21 applied");
	(void)snprintf(text, sizeof(text), "\"%llu\"", (unsigned long long)n);
	CHECK_SAY(s, text, "HGET wm:{p1}:pos seq");
	(void)snprintf(list, sizeof(list), "%llu", (unsigned long long)n);
	CHECK_SAY(s, list, "LLEN wm:{p1}:t:anna");
	CHECK_SAY(s, list, "XLEN wm:{p1}:jobs");
}

static void torn_tail(void)
{
	char path[128], aside[128];
	char *bytes;
	struct position p, q;
	struct stat before, after;
	int fd, r;

	STAGE(s, NULL);
	add_log(&s);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	REQUIRE(commit_number(&s, &p, &r) == 0);
	p.seq++;
	(void)snprintf(
		path, sizeof(path), "%s/appendonlydir/appendonly.aof.1.incr.aof", s.server.dir);
	(void)snprintf(aside, sizeof(aside), "%s/aside", s.server.dir);
	REQUIRE(stat(path, &before) == 0);
	REQUIRE(commit_number(&s, &p, &r) == 0);
	redis_fixture_kill(&s.server);
	REQUIRE(stat(path, &after) == 0);
	bytes = arena_alloc(&s.arena, (size_t)after.st_size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(bytes && fd >= 0);
	CHECK_INT(read(fd, bytes, (size_t)after.st_size), after.st_size);
	close(fd);
	/* From one byte short of the whole to nothing of the second commit. */
	for (off_t cut = after.st_size; cut >= before.st_size;
		cut -= cut == after.st_size ? 1 : 37) {
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		CHECK_INT(write(fd, bytes, (size_t)cut), cut);
		close(fd);
		REQUIRE(stage_restart(&s) == 0);
		check_number(&s, cut == after.st_size ? 2 : 1);
		/* It is simply done again. */
		REQUIRE(stage_acquire(&s, 1, "w", &q) == 0);
		CHECK_INT(q.seq, cut == after.st_size ? 2 : 1);
		CHECK_INT(commit_number(&s, &q, &r), 0);
		REQUIRE(stage_restart(&s) == 0);
		check_number(&s, q.seq + 1);
	}
}

/* Killed at any moment: what was acknowledged is there, and at most one more, whole. */
static void killed(void)
{
	uint64_t acknowledged = 0;
	unsigned seed = (unsigned)chance_new().state;

	STAGE(s, NULL);
	add_log(&s);
	for (int round = 0; round < 15; round++) {
		struct position p;
		uint64_t last;
		pid_t child = -1;
		int r;

		REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
		CHECK(p.seq == acknowledged || p.seq == acknowledged + 1);
		CHECK_INT(p.epoch, round + 1);
		check_number(&s, acknowledged = p.seq);
		seed = seed * 1664525 + 1013904223;
		last = acknowledged + 2 + (seed >> 28);
		while (commit_number(&s, &p, &r) == 0) {
			p.seq++;
			child = ++acknowledged == last ? fork() : child;
			if (child == 0) {
				usleep(seed >> 8 & 1023);
				kill(s.server.pid, SIGKILL);
				_exit(0);
			}
		}
		CHECK(r == STORE_UNKNOWN || r == -ENOTCONN);
		REQUIRE(child > 0);
		waitpid(child, NULL, 0);
		REQUIRE(stage_restart(&s) == 0);
	}
}

/* No answer in time: it may happen yet, but never beside a new owner's claim. */
static void unanswered(void)
{
	struct position p, q;
	int r;

	STAGE(s, NULL);
	add_log(&s);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	redis_fixture_pause(&s.server);
	CHECK_INT(commit_number(&s, &p, &r), STORE_UNKNOWN);
	redis_fixture_resume(&s.server);
	stage_wait_up(&s);
	REQUIRE(stage_acquire(&s, 1, "w", &q) == 0);
	CHECK_INT(q.epoch, 2);
	CHECK(q.seq <= 1);
	check_number(&s, q.seq);
	CHECK_INT(commit_number(&s, &q, &r), 0);
	check_number(&s, q.seq + 1);
	CHECK_INT(commit_number(&s, &p, &r), STORE_FENCED);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"everything", everything},
		{"jobs", jobs},
		{"refused", refused},
		{"wrong types", wrong_types},
		{"scripts forgotten", scripts_forgotten},
		{"out of memory", out_of_memory},
		{"out of memory beside", out_of_memory_beside},
		{"gate", gate},
		{"a large batch", a_large_batch},
		{"no room", no_room},
		{"torn tail", torn_tail},
		{"killed", killed},
		{"unanswered", unanswered},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
