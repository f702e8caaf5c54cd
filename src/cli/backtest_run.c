/* SPDX-License-Identifier: MIT */
/* The engine over a log in memory: the pump and the applier of the worker, and nothing else. */
#include "backtest.h"

#define BATCH		256
#define CACHE_CUSTOMERS 1000000

static struct span keep(struct backtest *b, struct span s)
{
	return s.len > 0 ? arena_copy(&b->arena, s) : SPAN_EMPTY;
}

int backtest_keep_job(struct backtest *b, const struct commit_job *job, bool would)
{
	struct backtest_job *kept = arena_calloc(&b->arena, 1, sizeof(*kept));

	if (b->n_jobs == b->cap_jobs) {
		size_t cap = b->cap_jobs ? b->cap_jobs * 2 : 1024;
		struct backtest_job **jobs = realloc(b->jobs, cap * sizeof(struct backtest_job *));

		if (!jobs)
			return -ENOMEM;
		b->jobs = jobs;
		b->cap_jobs = cap;
	}
	if (!kept)
		return -ENOMEM;
	(void)snprintf(kept->id, sizeof(kept->id), "%.32s", job->id.ptr);
	kept->customer = keep(b, job->customer);
	kept->json = keep(b, job->json);
	kept->decision = job->decision;
	kept->decision.rule = keep(b, job->decision.rule);
	kept->decision.key = keep(b, job->decision.key);
	kept->decision.step = keep(b, job->decision.step);
	kept->decision.by = keep(b, job->decision.by);
	kept->decision.worth.currency = keep(b, job->decision.worth.currency);
	kept->decision.data = keep(b, job->decision.data);
	kept->retracted_at = TIME_NEVER;
	kept->would = would;
	b->jobs[b->n_jobs++] = kept;
	return map_put(&b->by_id, span_str(kept->id), kept);
}

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct backtest *b = user;
	struct backtest_job *kept;

	if (job) {
		if (backtest_keep_job(b, job, false) < 0)
			b->failed = -ENOMEM;
		return;
	}
	kept = map_get(&b->by_id, retract->id);
	if (!kept)
		return;
	kept->retracted_at = retract->at;
	kept->retracted_by = keep(b, retract->by);
	kept->retracted_late = retract->late;
}

static void on_idle(void *user, int64_t next_due)
{
	(void)user;
	(void)next_due;
}

static void on_stop(void *user, int why, struct span customer)
{
	struct backtest *b = user;

	b->failed = why;
	b->failed_at = keep(b, customer);
}

/* A pump over the store as it stands, with the rules in force. */
static int start_pump(struct backtest *b, const struct position *from)
{
	struct pump_options options = {
		.batch = BATCH,
		.applier = {.rules = b->rules,
			.decoder = b->decoder,
			.cache_customers = CACHE_CUSTOMERS,
			.partition = b->partition,
			.partitions = b->partitions,
			.identity = b->identity,
			.witness = b->witness,
			.witness_user = b->witness_user,
			.transient = !b->state,
			.find_rules = b->sets ? backtest_find_rules : NULL,
			.rules_user = b},
		.idle = on_idle,
		.stop = on_stop,
		.user = b,
	};
	int r;

	options.store = memory_store_store(b->store);
	r = pump_new(&options, &b->pump);
	if (r == 0)
		r = pump_start(b->pump, from);
	if (r == 0)
		memory_store_run(b->store);
	return r;
}

static int open_log(struct backtest *b)
{
	struct position from = {.epoch = 1};
	int r = memory_store_new(on_job, b, &b->store);

	b->last = (struct log_id){0, 0};
	if (r == 0)
		memory_store_deliver(b->store, b->partitions == 0);
	return r < 0 ? r : start_pump(b, &from);
}

static void close_log(struct backtest *b)
{
	if (b->store)
		for (unsigned i = 0; i < COUNTER_COUNT; i++)
			b->counters[i] += memory_store_counter(b->store, (enum counter)i);
	b->pump = pump_free(b->pump);
	b->store = memory_store_free(b->store);
}

int backtest_init(struct backtest *b, const struct backtest_setup *setup)
{
	static const uint64_t seed[2] = {3, 4};
	int r;

	memset(b, 0, sizeof(*b));
	b->rules = setup->rules;
	b->identity = setup->identity;
	b->witness = setup->witness;
	b->witness_user = setup->witness_user;
	b->state = setup->state;
	arena_init(&b->arena);
	map_init(&b->by_id, seed);
	map_init(&b->customers, seed);
	r = event_decoder_new(&b->rules->fields, b->identity, &b->decoder);
	return r < 0 ? r : open_log(b);
}

void backtest_release(struct backtest *b)
{
	close_log(b);
	for (size_t i = 0; i < b->n_sets; i++) {
		event_decoder_free(b->sets[i].decoder);
		rules_free(b->sets[i].rules);
	}
	free(b->sets);
	event_decoder_free(b->decoder);
	map_release(&b->by_id);
	map_release(&b->customers);
	arena_release(&b->arena);
	free(b->jobs);
}

/* Everything up to CLOCK is in: let the engine work. */
static int run(struct backtest *b, int64_t clock)
{
	memory_store_clock(b->store, clock);
	pump_poke(b->pump, clock);
	memory_store_run(b->store);
	b->waiting = 0;
	return b->failed < 0 ? b->failed : b->failed > 0 ? -EIO : 0;
}

int backtest_append_id(struct backtest *b, const struct log_entry *e)
{
	int r = memory_store_append(b->store, e);

	if (r < 0)
		return r;
	b->last = e->id;
	b->entries++;
	if (++b->waiting < BATCH)
		return 0;
	/* More may come in the last entry's millisecond. */
	return run(b, (int64_t)e->id.ms - 1);
}

static struct log_id next_id(const struct backtest *b, int64_t at)
{
	struct log_id last = memory_store_newest(b->store), id;

	if (log_id_compare(last, b->last) < 0)
		last = b->last;
	/* Redis has no entry 0-0 and no time before 1970. */
	id.ms = (uint64_t)int64_max(int64_max(at, (int64_t)last.ms), 1);
	id.seq = id.ms == last.ms ? last.seq + 1 : 0;
	return id;
}

int backtest_append(struct backtest *b, int64_t at, struct span event, struct span meta)
{
	struct log_entry e = {.id = next_id(b, at), .event = event, .meta = meta};

	return backtest_append_id(b, &e);
}

int backtest_append_mark(struct backtest *b, int64_t at, struct span source, int64_t until)
{
	char text[24];
	struct log_entry e = {.id = next_id(b, at), .mark_source = source};

	(void)snprintf(text, sizeof(text), "%lld", (long long)until);
	e.mark_until = span_str(text);
	return backtest_append_id(b, &e);
}

int backtest_change_rules(struct backtest *b, int64_t at, const struct rules *rules)
{
	struct position from;
	int r = run(b, int64_max(at, (int64_t)b->last.ms) - 1);

	if (r < 0)
		return r;
	from = *pump_position(b->pump);
	b->pump = pump_free(b->pump);
	b->decoder = event_decoder_free(b->decoder);
	b->rules = rules;
	r = event_decoder_new(&rules->fields, b->identity, &b->decoder);
	return r < 0 ? r : start_pump(b, &from);
}

int backtest_finish(struct backtest *b, int64_t horizon)
{
	int64_t end = int64_max(horizon, (int64_t)b->last.ms);
	int r = run(b, end);

	return r == 0 && b->tells_states ? backtest_print_states(b, end) : r;
}

int backtest_partition_log(struct backtest *b, uint32_t partition, uint32_t partitions)
{
	b->partition = partition;
	b->partitions = partitions;
	return backtest_next_log(b);
}

int backtest_next_log(struct backtest *b)
{
	close_log(b);
	return open_log(b);
}

static int compare_jobs(const void *a, const void *b)
{
	const struct backtest_job *x = *(const struct backtest_job *const *)a;
	const struct backtest_job *y = *(const struct backtest_job *const *)b;
	int c;

	if (x->decision.fire_at != y->decision.fire_at)
		return x->decision.fire_at < y->decision.fire_at ? -1 : 1;
	c = span_compare(x->decision.rule, y->decision.rule);
	if (c == 0)
		c = span_compare(x->customer, y->customer);
	if (c == 0)
		c = span_compare(x->decision.key, y->decision.key);
	return c != 0 ? c : strcmp(x->id, y->id);
}

void backtest_sort(struct backtest *b)
{
	if (b->n_jobs > 1)
		qsort(b->jobs, b->n_jobs, sizeof(struct backtest_job *), compare_jobs);
}

uint64_t backtest_counter(const struct backtest *b, enum counter c)
{
	return b->counters[c] + (b->store ? memory_store_counter(b->store, c) : 0);
}
