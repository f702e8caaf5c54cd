/* SPDX-License-Identifier: MIT */
/*
 * The pump over a store that fails: at every commit in turn the answer is lost, before or after it
 * was carried out, and the pump is started again from the position that is then in force. Whatever
 * fails, the jobs must be those of the run in which nothing does, each of the same instant. One of
 * the rules waits for tills, whose watermarks stand in the log. Also what a batch does with
 * duplicates, conflicts, unusable entries and damaged records.
 */
#include "check.h"

#include "base/instant.h"
#include "codec/record.h"
#include "codec/rule_json.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/pump.h"

static const char rule_text[] =
	"[{\"id\":\"held\",\"class\":\"marketing\",\"gates\":\"off\",\"key\":\"cart_id\",\"key_"
	"else\":\"customer\","
	"\"arm\":[\"Product Added\"],\"cancel\":[\"Order Completed\"],\"wait\":\"8s\","
	"\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\",\"tombstone\":\"0s\","
	"\"wait_for\":[\"till-1\",\"till-2\"],\"max_hold\":\"9s\",\"on_hold_end\":\"fire\","
	"\"steps\":[{\"id\":\"a\",\"after\":\"0s\"},{\"id\":\"b\",\"after\":\"1s\"}],"
	"\"channels\":[\"email\"]},"
	"{\"id\":\"cart\",\"description\":\"x\",\"class\":\"marketing\",\"gates\":\"off\",\"key\":"
	"\"cart_id\","
	"\"key_else\":\"customer\",\"arm\":[\"Product Added\"],\"cancel\":[\"Order Completed\"],"
	"\"wait\":\"10s\",\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\","
	"\"steps\":[{\"id\":\"a\",\"after\":\"0s\"},{\"id\":\"b\",\"after\":\"7s\"}],"
	"\"channels\":[\"email\"]}]";

#define JOBS_MAX  4096
#define CUSTOMERS 12
#define EVENTS	  240
#define BASE_AT	  INT64_C(1700000000000)

enum failure { FAIL_NEVER, FAIL_BEFORE, FAIL_AFTER };
/* The next fetch: after the commit, asked with it, asked with it and answered before it. */
enum ahead { AHEAD_NOT, AHEAD_BEHIND, AHEAD_OVERTAKES };

/* A store in front of the one in memory, that loses answers. */
struct flaky {
	struct store store; /* first */
	struct memory_store *memory;
	struct position position; /* what a restart would read */
	enum failure failure;
	size_t commits, fail_at;
	bool lost; /* the answer under way is to be lost */
	struct position to;
	store_commit_fn *fn;
	void *user;
	bool asked;
	enum ahead ahead;
	const struct commit *held; /* until the fetch has overtaken it */
	bool committing, fetching; /* a commit is under way, and a fetch behind it */
	struct fetch_request request;
	store_fetch_fn *fetched;
	void *fetcher;
	size_t n_ahead;
	/* what came out */
	char ids[JOBS_MAX][56]; /* and when they fired */
	size_t n_jobs, n_twice;
};

struct run {
	struct flaky flaky;
	struct rules *rules;
	struct event_decoder *decoder;
	struct pump *pump;
	int stopped;
	size_t batch; /* 0: 7 */
	size_t restarts;
	int64_t clock;
};

static struct flaky *flaky_of(struct store *s)
{
	return (struct flaky *)s;
}

static struct store *inner(struct store *s)
{
	return memory_store_store(flaky_of(s)->memory);
}

static int flaky_gone(struct store *s, uint32_t p, store_gone_fn *fn, void *user)
{
	return inner(s)->ops->gone(inner(s), p, fn, user);
}

static void on_inner_commit(void *user, int r);

/* The fetch has its answer; now the commit that it overtook is carried out. */
static void on_inner_fetch(void *user, int r, const struct fetched *f)
{
	struct flaky *flaky = user;
	const struct commit *held = flaky->held;

	flaky->held = NULL;
	flaky->fetched(flaky->fetcher, r, f);
	CHECK(inner(user)->ops->commit(inner(user), 0, held, on_inner_commit, flaky) == 0);
}

static int flaky_fetch(struct store *s, uint32_t p, const struct fetch_request *request,
	store_fetch_fn *fn, void *user)
{
	struct flaky *f = flaky_of(s);

	if (!f->committing)
		return inner(s)->ops->fetch(inner(s), p, request, fn, user);
	CHECK(f->ahead != AHEAD_NOT && !f->fetching);
	f->n_ahead++;
	f->request = *request;
	f->fetched = fn;
	f->fetcher = user;
	if (f->held)
		return inner(s)->ops->fetch(inner(s), p, request, on_inner_fetch, f);
	f->fetching = true;
	return 0;
}

/* The commit is over: what waits behind it has its turn. */
static void after_commit(struct flaky *f, int r)
{
	struct store *s = &f->store;
	bool fetching = f->fetching;

	f->committing = f->fetching = false;
	f->fn(f->user, r);
	if (fetching && r != 0)
		f->fetched(f->fetcher, STORE_UNKNOWN, NULL);
	else if (fetching)
		CHECK(inner(s)->ops->fetch(inner(s), 0, &f->request, f->fetched, f->fetcher) == 0);
}

static int flaky_load(struct store *s, uint32_t p, const struct span *customers, size_t n,
	store_load_fn *fn, void *user)
{
	return inner(s)->ops->load(inner(s), p, customers, n, fn, user);
}

static int flaky_seen(struct store *s, uint32_t p, int64_t hour, store_seen_fn *fn, void *user)
{
	return inner(s)->ops->seen(inner(s), p, hour, fn, user);
}

static int flaky_marks(struct store *s, uint32_t p, store_marks_fn *fn, void *user)
{
	return inner(s)->ops->marks(inner(s), p, fn, user);
}

static int flaky_held(struct store *s, uint32_t p, const struct held_request *request,
	store_held_fn *fn, void *user)
{
	return inner(s)->ops->held(inner(s), p, request, fn, user);
}

static int flaky_heard(struct store *s, uint32_t p, store_heard_fn *fn, void *user)
{
	return inner(s)->ops->heard(inner(s), p, fn, user);
}

static void on_inner_commit(void *user, int r)
{
	struct flaky *f = user;

	if (r == 0)
		f->position = f->to;
	after_commit(f, f->lost ? STORE_UNKNOWN : r);
}

static int flaky_commit(
	struct store *s, uint32_t p, const struct commit *c, store_commit_fn *fn, void *user)
{
	struct flaky *f = flaky_of(s);
	bool now = f->failure != FAIL_NEVER && f->commits++ == f->fail_at;

	f->lost = now;
	f->fn = fn;
	f->user = user;
	f->to = c->to;
	f->committing = true;
	CHECK_INT(c->from.seq, f->position.seq);
	if (now && f->failure == FAIL_BEFORE) {
		f->asked = true;
		return 0;
	}
	if (f->ahead == AHEAD_OVERTAKES) {
		f->held = c;
		return 0;
	}
	return inner(s)->ops->commit(inner(s), p, c, on_inner_commit, f);
}

static const struct store_ops flaky_ops[] = {
	{false, flaky_fetch, flaky_load, flaky_commit, flaky_seen, flaky_marks, flaky_held,
		flaky_heard, flaky_gone},
	{true, flaky_fetch, flaky_load, flaky_commit, flaky_seen, flaky_marks, flaky_held,
		flaky_heard, flaky_gone},
};

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct flaky *f = user;

	if (!job || f->n_jobs == JOBS_MAX)
		return;
	(void)retract;
	snprintf(f->ids[f->n_jobs++], sizeof(f->ids[0]), "%.32s %lld", job->id.ptr,
		(long long)job->decision.fire_at);
}

static void on_idle(void *user, int64_t next_due)
{
	(void)user;
	(void)next_due;
}

static void on_stop(void *user, int why, struct span customer)
{
	struct run *run = user;

	(void)customer;
	run->stopped = why;
}

static void start(struct run *run)
{
	struct pump_options options = {
		.store = &run->flaky.store,
		.batch = run->batch ? run->batch : 7,
		.applier = {.rules = run->rules, .decoder = run->decoder, .cache_customers = 5},
		.idle = on_idle,
		.stop = on_stop,
		.user = run,
	};

	run->pump = pump_free(run->pump);
	run->stopped = 0;
	run->flaky.position.epoch++;
	CHECK(pump_new(&options, &run->pump) == 0);
	CHECK(pump_start(run->pump, &run->flaky.position) == 0);
}

static void turn(struct run *run)
{
	struct flaky *f = &run->flaky;

	for (;;) {
		memory_store_run(f->memory);
		if (f->asked) {
			f->asked = false;
			after_commit(f, STORE_UNKNOWN);
			continue;
		}
		if (run->stopped != STORE_UNKNOWN)
			return;
		run->restarts++;
		start(run);
		pump_poke(run->pump, run->clock);
	}
}

static void run_init(struct run *run)
{
	struct rule_source source = {"rule.json", SPAN_LIT(rule_text)};
	struct rule_options options = {.store_zone = SPAN_LIT("UTC")};
	static struct file_problems problems;

	memset(run, 0, sizeof(*run));
	CHECK(rules_compile(&source, 1, &options, &problems, &run->rules) == 0);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "# %s\n", problems.list[i].message);
	CHECK(event_decoder_new(&run->rules->fields, &IDENTITY_DEFAULT, &run->decoder) == 0);
	run->flaky.store.ops = &flaky_ops[0];
	CHECK(memory_store_new(on_job, &run->flaky, &run->flaky.memory) == 0);
}

static void run_release(struct run *run)
{
	pump_free(run->pump);
	memory_store_free(run->flaky.memory);
	event_decoder_free(run->decoder);
	rules_free(run->rules);
}

static void append(struct run *run, uint64_t ms, uint64_t seq, const char *json)
{
	struct log_entry e = {.id = {ms, seq},
		.event = span_str(json),
		.meta = SPAN_LIT("shop/web 1700000000000 -")};

	CHECK(memory_store_append(run->flaky.memory, &e) == 0);
}

static void append_mark(
	struct run *run, uint64_t ms, uint64_t seq, const char *source, const char *until)
{
	struct log_entry e = {.id = {ms, seq},
		.meta = SPAN_LIT("till/store 1700000000000 -"),
		.mark_source = span_str(source),
		.mark_until = span_str(until)};

	CHECK(memory_store_append(run->flaky.memory, &e) == 0);
}

/* All that has come is worked through at once. */
static void catch_up(struct run *run, uint64_t ms)
{
	run->clock = (int64_t)ms;
	memory_store_clock(run->flaky.memory, run->clock);
	pump_poke(run->pump, run->clock);
	turn(run);
}

/* A fixed pseudo-random history; entries of one millisecond and quiet times are among it. */
static void append_history(struct run *run, bool live)
{
	uint64_t chance = 42, ms = (uint64_t)BASE_AT, seq = 0;
	char json[512], at[32];

	for (int i = 0; i < EVENTS; i++) {
		uint64_t step;

		chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		step = (chance >> 33) % 900;
		seq = step == 0 ? seq + 1 : 0;
		ms += step;
		instant_format((int64_t)(ms - (chance >> 50) % 500), at);
		snprintf(json, sizeof(json),
			"{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"u%u\",\"messageId\":"
			"\"m%d\",\"timestamp\":\"%s\",\"properties\":{\"cart_id\":\"c%u\"}}",
			(chance >> 40) % 4 ? "Product Added" : "Order Completed",
			(unsigned)((chance >> 20) % CUSTOMERS), i - (i % 10 == 9), at,
			(unsigned)((chance >> 12) % 40));
		append(run, ms, seq, json);
		if (i % 20 == 3) {
			snprintf(at, sizeof(at), "%llu",
				(unsigned long long)(ms - (chance >> 44) % 12000));
			append_mark(run, ms, ++seq, (chance >> 30) % 2 ? "till-1" : "till-2", at);
		}
		if (live)
			catch_up(run, ms - 1);
	}
	run->clock = (int64_t)ms + 60 * MS_SECOND;
	memory_store_clock(run->flaky.memory, run->clock);
	pump_poke(run->pump, run->clock);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort_jobs(struct flaky *f)
{
	qsort(f->ids, f->n_jobs, sizeof(f->ids[0]), by_text);
	for (size_t i = 1; i < f->n_jobs; i++)
		f->n_twice += strncmp(f->ids[i], f->ids[i - 1], 32) == 0;
}

static void whole_run(struct run *run, enum ahead ahead, enum failure failure, size_t fail_at)
{
	run_init(run);
	run->flaky.ahead = ahead;
	run->flaky.store.ops = &flaky_ops[ahead != AHEAD_NOT];
	run->flaky.failure = failure;
	run->flaky.fail_at = fail_at;
	start(run);
	append_history(run, false);
	turn(run);
	sort_jobs(&run->flaky);
}

/* Whenever fetches are answered: the same jobs. Each commit fails in two of the six ways, its
 * neighbours in others. */
static void test_every_commit_fails_once(void)
{
	static struct run good, bad;

	whole_run(&good, AHEAD_NOT, FAIL_AFTER, SIZE_MAX);
	CHECK(good.flaky.n_jobs > 50);
	CHECK(memory_store_counter(good.flaky.memory, COUNTER_HELD) > 50);
	CHECK_INT(memory_store_counter(good.flaky.memory, COUNTER_MARKS), EVENTS / 20);
	CHECK_INT(good.flaky.n_twice, 0);
	CHECK(good.flaky.commits > 50);
	CHECK_INT(good.restarts, 0);
	CHECK_INT(good.flaky.n_ahead, 0);
	for (size_t k = 0; k < good.flaky.commits; k++) {
		for (int way = 0; way < 2; way++) {
			int how = (int)(k + 3 * (size_t)way) % 6;

			whole_run(
				&bad, (enum ahead)(how / 2), how % 2 ? FAIL_BEFORE : FAIL_AFTER, k);
			CHECK_INT(bad.restarts, 1);
			CHECK(how < 2 || bad.flaky.n_ahead > 50);
			CHECK_INT(bad.flaky.n_jobs, good.flaky.n_jobs);
			CHECK(memcmp(bad.flaky.ids, good.flaky.ids,
				      good.flaky.n_jobs * sizeof(good.flaky.ids[0])) == 0);
			CHECK_INT(memory_store_counter(bad.flaky.memory, COUNTER_APPLIED),
				memory_store_counter(good.flaky.memory, COUNTER_APPLIED));
			CHECK_INT(memory_store_counter(bad.flaky.memory, COUNTER_DUPLICATE),
				memory_store_counter(good.flaky.memory, COUNTER_DUPLICATE));
			run_release(&bad);
		}
	}
	run_release(&good);
}

/* The store looked at after every entry, or once at the end, in batches of any size. */
static void test_looking_changes_nothing(void)
{
	static struct run late, now;
	static const size_t batches[] = {1, 2, 100, PUMP_BATCH_MAX};

	whole_run(&late, AHEAD_NOT, FAIL_NEVER, 0);
	for (size_t i = 0; i < ARRAY_SIZE(batches); i++) {
		for (int live = 0; live < 2; live++) {
			run_init(&now);
			now.batch = batches[i];
			now.flaky.failure = FAIL_NEVER;
			start(&now);
			append_history(&now, live);
			turn(&now);
			sort_jobs(&now.flaky);
			CHECK_INT(now.flaky.n_jobs, late.flaky.n_jobs);
			CHECK(memcmp(now.flaky.ids, late.flaky.ids,
				      late.flaky.n_jobs * sizeof(late.flaky.ids[0])) == 0);
			CHECK_INT(memory_store_counter(now.flaky.memory, COUNTER_HELD),
				memory_store_counter(late.flaky.memory, COUNTER_HELD));
			run_release(&now);
		}
	}
	run_release(&late);
}

#define EVENT(ID, NAME, EXTRA)                                                                     \
	"{\"type\":\"track\",\"event\":\"" NAME "\",\"userId\":\"u\",\"messageId\":\"" ID          \
	"\",\"timestamp\":\"2023-11-14T22:13:20.000Z\"" EXTRA "}"

#define HELD (2 * APPLIER_HELD_MAX + 1)

/* More are held than are looked at in one piece; whatever commit of it all fails. */
static void test_many_held(void)
{
	for (size_t fail = 0; fail <= 160; fail += 20) {
		static struct run run;
		char json[300];

		run_init(&run);
		run.flaky.failure = fail % 40 ? FAIL_BEFORE : FAIL_AFTER;
		run.flaky.fail_at = fail;
		start(&run);
		for (int i = 0; i < HELD; i++) {
			snprintf(json, sizeof(json),
				"{\"type\":\"track\",\"event\":\"Product "
				"Added\",\"userId\":\"u%d\","
				"\"timestamp\":\"2023-11-14T22:13:20.000Z\"}",
				i);
			append(&run, (uint64_t)BASE_AT, (uint64_t)i, json);
		}
		append_mark(&run, (uint64_t)BASE_AT + 9000, 0, "till-2", "1700000008000");
		append_mark(&run, (uint64_t)BASE_AT + 9500, 0, "till-1", "1700000008000");
		catch_up(&run, (uint64_t)BASE_AT + 9500);
		/* The first step, at the mark; the second waits for the next one. */
		CHECK_INT(run.flaky.n_jobs, HELD);
		for (size_t i = 0; i < run.flaky.n_jobs; i++)
			CHECK_STR(span_str(run.flaky.ids[i] + 33), "1700000009500");
		CHECK_INT(memory_store_counter(run.flaky.memory, COUNTER_MARKS), 2);
		run_release(&run);
	}
}

static void test_bad_marks(void)
{
	static struct run run;
	struct memory_store *m;
	char name[200];

	run_init(&run);
	m = run.flaky.memory;
	start(&run);
	append_mark(&run, (uint64_t)BASE_AT, 0, "till-1", "");
	append_mark(&run, (uint64_t)BASE_AT, 1, "till-1", "-5");
	append_mark(&run, (uint64_t)BASE_AT, 2, "till-1", "99999999999999999999");
	memset(name, 'x', sizeof(name));
	name[MARK_SOURCE_MAX + 1] = '\0';
	append_mark(&run, (uint64_t)BASE_AT, 3, name, "5");
	name[MARK_SOURCE_MAX] = '\0';
	append_mark(&run, (uint64_t)BASE_AT, 4, name, "5");
	/* Nobody is complete until next year: no more than five minutes ahead count. */
	append_mark(&run, (uint64_t)BASE_AT, 5, "till-1", "1900000000000");
	append_mark(&run, (uint64_t)BASE_AT, 6, "till-2", "1900000000000");
	append(&run, (uint64_t)BASE_AT + 1, 0, EVENT("1", "Product Added", ""));
	append(&run, (uint64_t)(BASE_AT + 6 * MS_MINUTE), 0,
		"{\"type\":\"track\",\"event\":\"Product Added\",\"userId\":\"u\","
		"\"timestamp\":\"2023-11-14T22:19:20.000Z\",\"properties\":{\"cart_id\":\"c\"}}");
	catch_up(&run, (uint64_t)(BASE_AT + 6 * MS_MINUTE + 8 * MS_SECOND));
	CHECK_INT(memory_store_bad(m), 4);
	CHECK_INT(memory_store_counter(m, COUNTER_MARKS), 3);
	CHECK_INT(memory_store_counter(m, COUNTER_HELD), 1);
	run_release(&run);
}

static void test_duplicates_conflicts_and_rubbish(void)
{
	static struct run run;
	struct memory_store *m;

	run_init(&run);
	m = run.flaky.memory;
	start(&run);
	append(&run, (uint64_t)BASE_AT, 0, EVENT("1", "Product Added", ""));
	/* A retry changes only what retries change. */
	append(&run, (uint64_t)BASE_AT + 1, 0,
		EVENT("1", "Product Added", ",\"sentAt\":\"2023-11-14T22:13:21.000Z\""));
	append(&run, (uint64_t)BASE_AT + 2, 0, EVENT("1", "Order Completed", ""));
	append(&run, (uint64_t)BASE_AT + 3, 0, "{\"type\":\"track\"}");
	append(&run, (uint64_t)BASE_AT + 4, 0, "not JSON at all");
	/* 24 hours later it is still known, after 25 it is not. */
	append(&run, (uint64_t)(BASE_AT + 24 * MS_HOUR), 0, EVENT("1", "Product Added", ""));
	append(&run, (uint64_t)(BASE_AT + 26 * MS_HOUR), 0, EVENT("1", "Product Added", ""));
	memory_store_clock(m, BASE_AT + 26 * MS_HOUR);
	pump_poke(run.pump, BASE_AT + 26 * MS_HOUR);
	turn(&run);
	CHECK_INT(memory_store_counter(m, COUNTER_APPLIED), 2);
	CHECK_INT(memory_store_counter(m, COUNTER_DUPLICATE), 2);
	CHECK_INT(memory_store_counter(m, COUNTER_CONFLICT), 1);
	CHECK_INT(memory_store_counter(m, COUNTER_QUARANTINED), 3);
	CHECK_INT(memory_store_bad(m), 3);
	run_release(&run);
}

/* A record that does not decode stops the pump; it is not written over. */
static void test_damaged_record_stops(void)
{
	static struct run run;
	struct memory_store *m;
	struct span kept;
	char *bytes;

	run_init(&run);
	m = run.flaky.memory;
	start(&run);
	append(&run, (uint64_t)BASE_AT, 0, EVENT("1", "Product Added", ""));
	memory_store_clock(m, BASE_AT);
	pump_poke(run.pump, BASE_AT);
	turn(&run);
	kept = memory_store_record(m, SPAN_LIT("u"));
	REQUIRE(kept.len > 0);
	bytes = (char *)(uintptr_t)kept.ptr;
	bytes[kept.len - 1] = (char)(bytes[kept.len - 1] ^ 1);
	start(&run); /* with an empty cache */
	append(&run, (uint64_t)BASE_AT + 1, 0, EVENT("2", "Product Added", ""));
	memory_store_clock(m, BASE_AT + 1);
	pump_poke(run.pump, BASE_AT + 1);
	turn(&run);
	CHECK_INT(run.stopped, PUMP_CORRUPT);
	CHECK_INT(memory_store_counter(m, COUNTER_APPLIED), 1);
	run_release(&run);
}

static const struct check_case cases[] = {
	{"every commit's answer is lost once, before and after", test_every_commit_fails_once},
	{"looking often or late changes nothing", test_looking_changes_nothing},
	{"more held than are looked at in one piece", test_many_held},
	{"watermarks that are none, or too good", test_bad_marks},
	{"duplicates, conflicts, unusable entries", test_duplicates_conflicts_and_rubbish},
	{"a damaged record stops its partition", test_damaged_record_stops},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
