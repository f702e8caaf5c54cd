/* SPDX-License-Identifier: MIT */
/*
 * The pump over a store that fails: at every commit in turn the answer is lost, before or after it
 * was carried out, and the pump is started again from the position that is then in force. Whatever
 * fails, the jobs must be those of the run in which nothing does. Also what a batch does with
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
	"{\"id\":\"cart\",\"description\":\"x\",\"class\":\"marketing\",\"key\":\"cart_id\","
	"\"key_else\":\"customer\",\"arm\":[\"Product Added\"],\"cancel\":[\"Order Completed\"],"
	"\"wait\":\"10s\",\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\","
	"\"steps\":[{\"id\":\"a\",\"after\":\"0s\"},{\"id\":\"b\",\"after\":\"7s\"}],"
	"\"channels\":[\"email\"]}";

#define JOBS_MAX  4096
#define CUSTOMERS 12
#define EVENTS	  400
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
	char ids[JOBS_MAX][33];
	size_t n_jobs, n_twice;
};

struct run {
	struct flaky flaky;
	struct rules *rules;
	struct event_decoder *decoder;
	struct pump *pump;
	int stopped;
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
	{false, flaky_fetch, flaky_load, flaky_commit, flaky_seen},
	{true, flaky_fetch, flaky_load, flaky_commit, flaky_seen},
};

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct flaky *f = user;

	if (!job || f->n_jobs == JOBS_MAX)
		return;
	(void)retract;
	snprintf(f->ids[f->n_jobs++], 33, "%.32s", job->id.ptr);
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
		.batch = 7,
		.applier = {run->rules, run->decoder, 5},
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
	static struct rule_problems problems;

	memset(run, 0, sizeof(*run));
	CHECK(rules_compile(&source, 1, &options, &problems, &run->rules) == 0);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "# %s\n", problems.list[i].message);
	CHECK(event_decoder_new(&run->rules->fields, &run->decoder) == 0);
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
	struct log_entry e = {{ms, seq}, span_str(json), SPAN_LIT("shop/web 1700000000000 -")};

	CHECK(memory_store_append(run->flaky.memory, &e) == 0);
}

/* A fixed pseudo-random history; entries of one millisecond and quiet times are among it. */
static void append_history(struct run *run)
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
		f->n_twice += strcmp(f->ids[i], f->ids[i - 1]) == 0;
}

static void whole_run(struct run *run, enum ahead ahead, enum failure failure, size_t fail_at)
{
	run_init(run);
	run->flaky.ahead = ahead;
	run->flaky.store.ops = &flaky_ops[ahead != AHEAD_NOT];
	run->flaky.failure = failure;
	run->flaky.fail_at = fail_at;
	start(run);
	append_history(run);
	turn(run);
	sort_jobs(&run->flaky);
}

/* Whenever fetches are answered: the same jobs. */
static void test_every_commit_fails_once(void)
{
	static struct run good, bad;

	whole_run(&good, AHEAD_NOT, FAIL_AFTER, SIZE_MAX);
	CHECK(good.flaky.n_jobs > 50);
	CHECK_INT(good.flaky.n_twice, 0);
	CHECK(good.flaky.commits > 50);
	CHECK_INT(good.restarts, 0);
	CHECK_INT(good.flaky.n_ahead, 0);
	for (size_t k = 0; k < good.flaky.commits; k++) {
		for (int how = 0; how < 6; how++) {
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

#define EVENT(ID, NAME, EXTRA)                                                                     \
	"{\"type\":\"track\",\"event\":\"" NAME "\",\"userId\":\"u\",\"messageId\":\"" ID          \
	"\",\"timestamp\":\"2023-11-14T22:13:20.000Z\"" EXTRA "}"

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
	{"duplicates, conflicts, unusable entries", test_duplicates_conflicts_and_rubbish},
	{"a damaged record stops its partition", test_damaged_record_stops},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
