/* SPDX-License-Identifier: MIT */
/*
 * A rule that follows the calendar comes into force: customers who said their dates long before are
 * waited for from that place of the log on, though nothing happens to them; each once, and whatever
 * commit is lost on the way.
 */
#include "check.h"

#include "base/instant.h"
#include "codec/rule_json.h"
#include "core/mark.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/pump.h"

#define BASE_AT	  INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */
#define CUSTOMERS 600
#define CART                                                                                       \
	"{\"id\":\"cart\",\"class\":\"task\",\"gates\":\"off\",\"arm\":[\"Cart Viewed\"],"         \
	"\"wait\":\"3s\",\"channels\":[\"task\"]}"
/* 22:14:00 is BASE_AT and 40 seconds. */
#define BIRTHDAY(LOCAL)                                                                            \
	"{\"id\":\"birthday\",\"class\":\"task\",\"gates\":\"off\",\"calendar\":{\"date\":"        \
	"\"birthday\",\"local\":\"" LOCAL                                                          \
	"\",\"tz\":\"store\"},\"grace\":\"0s\",\"slack\":\"0s\",\"round\":\"1ms\","                \
	"\"channels\":[\"task\"]}"

static const char *const texts[] = {
	"[" CART "]", "[" CART "," BIRTHDAY("22:14") "]", "[" BIRTHDAY("22:15") "]"};

#define SETS ARRAY_SIZE(texts)

/* Hands everything on to the store in memory, but loses the answer of a commit, or the commit. */
struct bench {
	struct store store; /* first */
	struct memory_store *memory;
	struct pump *pump;
	struct rules *rules[SETS];
	struct event_decoder *decoders[SETS];
	struct position position, next; /* committed for good, and being so */
	unsigned commits, lose;		/* the how-manyth; 0: none */
	bool lose_answer;
	store_commit_fn *committed;
	void *committed_user;
	int stopped;
	unsigned n_jobs[CUSTOMERS];
	int64_t fired[CUSTOMERS]; /* the last, since BASE_AT */
};

static struct bench *bench_of(struct store *s)
{
	return (struct bench *)s;
}

static struct store *memory_of(struct store *s)
{
	return memory_store_store(bench_of(s)->memory);
}

static int ask_fetch(struct store *s, uint32_t p, const struct fetch_request *request,
	store_fetch_fn *fn, void *user)
{
	return memory_of(s)->ops->fetch(memory_of(s), p, request, fn, user);
}

static int ask_load(struct store *s, uint32_t p, const struct span *customers, size_t n,
	store_load_fn *fn, void *user)
{
	return memory_of(s)->ops->load(memory_of(s), p, customers, n, fn, user);
}

static int ask_seen(struct store *s, uint32_t p, int64_t hour, store_seen_fn *fn, void *user)
{
	return memory_of(s)->ops->seen(memory_of(s), p, hour, fn, user);
}

static int ask_marks(struct store *s, uint32_t p, store_marks_fn *fn, void *user)
{
	return memory_of(s)->ops->marks(memory_of(s), p, fn, user);
}

static int ask_held(struct store *s, uint32_t p, const struct held_request *request,
	store_held_fn *fn, void *user)
{
	return memory_of(s)->ops->held(memory_of(s), p, request, fn, user);
}

static int ask_heard(struct store *s, uint32_t p, store_heard_fn *fn, void *user)
{
	return memory_of(s)->ops->heard(memory_of(s), p, fn, user);
}

static int ask_gone(struct store *s, uint32_t p, store_gone_fn *fn, void *user)
{
	return memory_of(s)->ops->gone(memory_of(s), p, fn, user);
}

static void on_committed(void *user, int r)
{
	struct bench *b = user;

	CHECK_INT(r, 0);
	b->position = b->next;
	b->committed(b->committed_user, b->commits == b->lose ? STORE_UNKNOWN : 0);
}

static int ask_commit(
	struct store *s, uint32_t p, const struct commit *c, store_commit_fn *fn, void *user)
{
	struct bench *b = bench_of(s);

	if (++b->commits == b->lose && !b->lose_answer)
		return -ENOTCONN;
	b->next = c->to;
	b->committed = fn;
	b->committed_user = user;
	return memory_of(s)->ops->commit(memory_of(s), p, c, on_committed, b);
}

static const struct store_ops ops = {.fetch = ask_fetch,
	.load = ask_load,
	.commit = ask_commit,
	.seen = ask_seen,
	.marks = ask_marks,
	.held = ask_held,
	.heard = ask_heard,
	.gone = ask_gone};

/* The digests are whatever names the sets; here 10 and on. */
static bool find_rules(void *user, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder)
{
	struct bench *b = user;

	*ret_rules = b->rules[digest - 10];
	*ret_decoder = b->decoders[digest - 10];
	return true;
}

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct bench *b = user;
	uint64_t i = CUSTOMERS;

	CHECK(!retract && span_is(job->decision.rule, "birthday"));
	CHECK(span_to_u64(span_of(job->customer.ptr + 1, job->customer.len - 1), CUSTOMERS - 1,
		      &i) == 0);
	if (i == CUSTOMERS)
		return;
	b->n_jobs[i]++;
	b->fired[i] = job->decision.fire_at - BASE_AT;
}

static void on_idle(void *user, int64_t next_due)
{
	(void)user;
	(void)next_due;
}

static void on_stop(void *user, int why, struct span customer)
{
	(void)customer;
	((struct bench *)user)->stopped = why;
}

static void start(struct bench *b)
{
	struct pump_options options = {.store = &b->store,
		.batch = 100,
		.applier = {.cache_customers = 50, .find_rules = find_rules, .rules_user = b},
		.idle = on_idle,
		.stop = on_stop,
		.user = b};

	(void)find_rules(b, b->position.rules, &options.applier.rules, &options.applier.decoder);
	b->pump = pump_free(b->pump);
	b->stopped = 0;
	b->position.epoch++;
	CHECK(pump_new(&options, &b->pump) == 0);
	CHECK(pump_start(b->pump, &b->position) == 0);
}

static void append(struct bench *b, int64_t after, const char *event, const char *rules)
{
	struct log_entry e = {.id = {(uint64_t)(BASE_AT + after), 0},
		.meta = SPAN_LIT("shop/web 1700000000000 -"),
		.event = span_str(event),
		.rules = span_str(rules)};

	if (rules[0])
		e.meta = SPAN_EMPTY;
	CHECK(memory_store_append(b->memory, &e) == 0);
}

/* Every seventh says no birthday; those of the others are today, tomorrow and the day after. */
static bool has_birthday(unsigned i)
{
	return i % 7 != 6;
}

static void append_customers(struct bench *b)
{
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		char json[256], birthday[48] = "\"plan\":1";

		if (has_birthday(i))
			(void)snprintf(birthday, sizeof(birthday), "\"birthday\":\"1990-11-%u\"",
				14 + i % 3);
		(void)snprintf(json, sizeof(json),
			"{\"type\":\"identify\",\"userId\":\"u%u\",\"timestamp\":"
			"\"2023-11-14T22:13:20Z\",\"traits\":{%s}}",
			i, birthday);
		append(b, i, json, "");
	}
}

static void bench_init(struct bench *b)
{
	static struct file_problems problems;

	memset(b, 0, sizeof(*b));
	b->store.ops = &ops;
	b->position.rules = 10;
	for (size_t i = 0; i < SETS; i++) {
		struct rule_source source = {"rules.json", span_str(texts[i])};
		struct rule_options options = {.store_zone = SPAN_LIT("UTC")};

		CHECK(rules_compile(&source, 1, &options, &problems, &b->rules[i]) == 0);
		CHECK(event_decoder_new(&b->rules[i]->fields, &IDENTITY_DEFAULT, &b->decoders[i]) ==
			0);
	}
	CHECK(memory_store_new(on_job, b, &b->memory) == 0);
	start(b);
	append_customers(b);
}

static void bench_release(struct bench *b)
{
	pump_free(b->pump);
	memory_store_free(b->memory);
	for (size_t i = 0; i < SETS; i++) {
		event_decoder_free(b->decoders[i]);
		rules_free(b->rules[i]);
	}
}

static void catch_up(struct bench *b, int64_t after)
{
	memory_store_clock(b->memory, BASE_AT + after);
	pump_poke(b->pump, BASE_AT + after);
	memory_store_run(b->memory);
	if (b->stopped == STORE_UNKNOWN || b->stopped == -ENOTCONN) {
		start(b);
		pump_poke(b->pump, BASE_AT + after);
		memory_store_run(b->memory);
	}
	CHECK_INT(b->stopped, 0);
}

/* One job each, at FIRST and that many days on. */
static unsigned count_right(const struct bench *b, int64_t first)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CUSTOMERS; i++)
		n += has_birthday(i) ? b->n_jobs[i] == 1 && b->fired[i] == first + i % 3 * MS_DAY
				     : b->n_jobs[i] == 0;
	return n;
}

#define SET_B "000000000000000b"
#define SET_C "000000000000000c"

static void nothing_need_happen_to_them(void)
{
	static struct bench b;

	/* All at once, and as it goes. */
	for (int at_once = 0; at_once < 2; at_once++) {
		bench_init(&b);
		if (!at_once)
			catch_up(&b, 5000);
		append(&b, 12000, "", SET_B);
		if (!at_once)
			catch_up(&b, 13000);
		catch_up(&b, 3 * MS_DAY);
		CHECK_INT(count_right(&b, 40000), CUSTOMERS);
		CHECK_INT(b.position.rules, 11);
		bench_release(&b);
	}
}

/* Virtual time is that of the entry: what has passed by then is for the next year. */
static void the_entry_says_when(void)
{
	static struct bench b;

	bench_init(&b);
	append(&b, 40000, "", SET_B);
	catch_up(&b, 3 * MS_DAY);
	for (unsigned i = 0; i < CUSTOMERS; i++)
		CHECK_INT(b.n_jobs[i], has_birthday(i) && i % 3 > 0);
	catch_up(&b, 367 * MS_DAY);
	CHECK_INT(b.n_jobs[0], 1);
	CHECK_INT(b.fired[0], 366 * MS_DAY + 40000); /* 2024 is a leap year */
	bench_release(&b);
}

static void lost_commits_lose_nobody(void)
{
	static struct bench b;
	unsigned n;

	bench_init(&b);
	append(&b, 12000, "", SET_B);
	catch_up(&b, 3 * MS_DAY);
	n = b.commits;
	CHECK(n > 9); /* six of events, three of the rules, and those of timers */
	bench_release(&b);
	for (unsigned lose = 1; lose <= 2 * n; lose++) {
		bench_init(&b);
		b.lose = (lose + 1) / 2;
		b.lose_answer = lose % 2;
		append(&b, 12000, "", SET_B);
		catch_up(&b, 3 * MS_DAY);
		CHECK_INT(count_right(&b, 40000), CUSTOMERS);
		bench_release(&b);
	}
}

/* They are looked at when there is something new to see, and who has no dates never. */
static void only_when_it_concerns_them(void)
{
	static struct bench b;
	unsigned n;

	bench_init(&b);
	append(&b, 12000, "", SET_B);
	catch_up(&b, 13000);
	n = b.commits;
	append(&b, 14000, "", SET_B);		   /* the same again */
	append(&b, 15000, "", "000000000000000a"); /* the rule goes */
	catch_up(&b, 16000);
	CHECK_INT(b.commits, n + 2);
	n = b.commits;
	append(&b, 17000, "", SET_C); /* and comes back, a minute later */
	catch_up(&b, 18000);
	/* 515 customers, 256 at a time. */
	CHECK_INT(b.commits, n + 3);
	catch_up(&b, 3 * MS_DAY);
	CHECK_INT(count_right(&b, 100000), CUSTOMERS);
	bench_release(&b);
}

/* Somebody who says the day while the old rules are in force, and one who takes it back. */
static void the_index_follows(void)
{
	static struct bench b;

	bench_init(&b);
	append(&b, 12000, "", SET_B);
	append(&b, 13000,
		"{\"type\":\"identify\",\"userId\":\"u6\",\"timestamp\":\"2023-11-14T22:13:33Z\","
		"\"traits\":{\"birthday\":\"1980-11-14\"}}",
		"");
	append(&b, 14000,
		"{\"type\":\"identify\",\"userId\":\"u0\",\"timestamp\":\"2023-11-14T22:13:34Z\","
		"\"traits\":{\"birthday\":\"\"}}",
		"");
	append(&b, 15000, "", SET_C);
	catch_up(&b, MS_MINUTE);
	CHECK_INT(b.n_jobs[6], 0);
	catch_up(&b, MS_DAY - MS_HOUR);
	CHECK_INT(b.n_jobs[6], 1);
	CHECK_INT(b.fired[6], 100000);
	CHECK_INT(b.n_jobs[0], 0);
	CHECK_INT(b.n_jobs[3], 1);
	bench_release(&b);
}

/* The name stands for the rules, and no source has it. */
static void no_source_has_the_name(void)
{
	static struct bench b;
	struct log_entry e = {.id = {(uint64_t)BASE_AT + 1000, 0},
		.mark_source = MARK_RULES,
		.mark_until = SPAN_LIT("1700000000000"),
		.meta = SPAN_LIT("shop/web 1700000000000 -")};

	bench_init(&b);
	CHECK(memory_store_append(b.memory, &e) == 0);
	catch_up(&b, 2000);
	CHECK_INT(memory_store_bad(b.memory), 1);
	bench_release(&b);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"nothing need happen to them", nothing_need_happen_to_them},
		{"the entry says when", the_entry_says_when},
		{"lost commits lose nobody", lost_commits_lose_nobody},
		{"only when it concerns them", only_when_it_concerns_them},
		{"the index follows", the_index_follows},
		{"no source has the name", no_source_has_the_name},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
