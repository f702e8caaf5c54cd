/* SPDX-License-Identifier: MIT */
/*
 * The store in memory. Answers are not given from inside the question (the interface promises
 * that); they wait in one slot, since a partition asks one thing at a time.
 */
#include "store/memory_store.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/map.h"
#include "core/mark.h"
#include "memory_gone.h"
#include "memory_held.h"
#include "memory_log.h"
#include "memory_seen.h"
#include "store/keys.h"

/* What is kept of a customer. */
struct kept {
	struct heap_node due; /* first: a heap node is a kept */
	char *customer;
	size_t customer_len;
	struct buf record;
	struct buf chunks; /* blocks, one after the other */
};

enum asked {
	ASKED_NOTHING,
	ASKED_FETCH,
	ASKED_LOAD,
	ASKED_COMMIT,
	ASKED_SEEN,
	ASKED_MARKS,
	ASKED_HELD,
	ASKED_HEARD,
	ASKED_GONE
};

struct memory_store {
	struct store store; /* first */
	memory_job_fn *fn;
	void *user;
	struct map customers;
	struct heap due;
	uint64_t order;
	struct memory_log log;
	int64_t clock;
	struct map jobs; /* ids emitted, so that none is emitted twice */
	struct arena job_ids;
	uint64_t counters[COUNTER_COUNT];
	size_t n_bad;
	struct memory_seen seen;
	struct memory_held held;
	struct marks marks;
	struct commit_heard *heard; /* PARTITIONS_MAX of them, once there is one */
	size_t n_heard;
	bool delivers;
	struct memory_gone gone;
	/* the question that waits for its answer */
	enum asked asked;
	struct fetch_request request;
	struct held_request held_request;
	struct arena answer;
	struct span *values;
	size_t n_values;
	int result;
	union {
		store_fetch_fn *fetch;
		store_load_fn *load;
		store_commit_fn *commit;
		store_seen_fn *seen;
		store_marks_fn *marks;
		store_held_fn *held;
		store_heard_fn *heard;
		store_gone_fn *gone;
	} reply;
	void *reply_user;
};

static struct memory_store *self(struct store *s)
{
	return (struct memory_store *)s;
}

static struct kept *kept_find(const struct memory_store *m, struct span customer)
{
	return map_get(&m->customers, customer);
}

static struct kept *kept_get(struct memory_store *m, struct span customer)
{
	struct kept *k = kept_find(m, customer);

	if (k)
		return k;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	k->customer = span_dup(customer);
	k->customer_len = customer.len;
	k->due.order = m->order++;
	if (!k->customer || map_put(&m->customers, span_of(k->customer, customer.len), k) < 0) {
		free(k->customer);
		free(k);
		return NULL;
	}
	return k;
}

/* ---- fetch ------------------------------------------------------------------------------ */

static int ask_fetch(struct store *s, uint32_t partition, const struct fetch_request *request,
	store_fetch_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	m->asked = ASKED_FETCH;
	m->request = *request;
	m->reply.fetch = fn;
	m->reply_user = user;
	return 0;
}

static size_t fetch_entries(struct memory_store *m, struct log_entry *entries, size_t max)
{
	size_t n = 0;

	for (struct logged *l = m->log.first; l && n < max; l = l->next)
		entries[n++] = l->entry;
	return n;
}

/* The heap gives them in order if they are taken out; they are put back at once. */
static size_t fetch_dues(struct memory_store *m, struct due_entry *dues, size_t max, int64_t until)
{
	struct heap_node **taken = arena_alloc(&m->answer, max * sizeof(struct heap_node *));
	size_t n = 0;

	while (taken && n < max && heap_first(&m->due) && heap_first(&m->due)->at <= until) {
		struct kept *k = (struct kept *)heap_first(&m->due);

		dues[n].customer = span_of(k->customer, k->customer_len);
		dues[n].at = k->due.at;
		taken[n++] = &k->due;
		heap_remove(&m->due, &k->due);
	}
	for (size_t i = 0; i < n; i++)
		heap_put(&m->due, taken[i], dues[i].at); /* there was room for it before */
	return n;
}

static void answer_fetch(struct memory_store *m)
{
	size_t max = m->request.max_entries, max_dues = m->request.max_dues;
	struct log_entry *entries = arena_alloc(&m->answer, max * sizeof(*entries));
	struct due_entry *dues = arena_alloc(&m->answer, (max_dues + 1) * sizeof(*dues));
	struct fetched f = {.next_due = TIME_NEVER};
	int64_t until = m->clock;

	if (!entries || !dues) {
		m->reply.fetch(m->reply_user, -ENOMEM, NULL);
		return;
	}
	memory_log_trim(&m->log, m->request.after);
	f.entries = entries;
	f.n_entries = fetch_entries(m, entries, max);
	f.at_end = f.n_entries < max;
	if (f.n_entries > 0)
		until = int64_max(until, (int64_t)entries[f.n_entries - 1].id.ms);
	f.caught_up_to = m->clock;
	f.dues = dues;
	f.n_dues = fetch_dues(m, dues, max_dues, until);
	f.dues_cut = f.n_dues == max_dues;
	if (heap_first(&m->due))
		f.next_due = heap_first(&m->due)->at;
	m->reply.fetch(m->reply_user, 0, &f);
}

/* ---- load ------------------------------------------------------------------------------- */

static int ask_load(struct store *s, uint32_t partition, const struct span *customers, size_t n,
	store_load_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	m->values = arena_alloc(&m->answer, n * sizeof(*m->values));
	if (!m->values)
		return -ENOMEM;
	m->n_values = n;
	for (size_t i = 0; i < n; i++)
		m->values[i] = memory_store_record(m, customers[i]);
	m->asked = ASKED_LOAD;
	m->reply.load = fn;
	m->reply_user = user;
	return 0;
}

/* ---- commit ----------------------------------------------------------------------------- */

/* Snapshots, names and whose a job is are kept in no backtest. */
static void commit_mends(struct memory_store *m, const struct commit *c)
{
	for (size_t i = 0; i < c->n_mends; i++) {
		struct kept *k = kept_find(m, c->mends[i].customer);
		struct span rest = k ? buf_span(&k->chunks) : SPAN_EMPTY, chunk;

		if (k && c->mends[i].kind == MEND_NOBODY)
			buf_reset(&k->record);
		if (c->mends[i].kind != MEND_CHUNKS)
			continue;
		for (uint64_t n = c->mends[i].n; n > 0 && span_take_block(&rest, &chunk) == 0;)
			n--;
		if (k)
			k->chunks.len -= rest.len;
	}
}

static int commit_records(struct memory_store *m, const struct commit *c)
{
	for (size_t i = 0; i < c->n_records; i++) {
		struct kept *k = kept_get(m, c->records[i].customer);

		if (!k)
			return -ENOMEM;
		buf_reset(&k->record);
		buf_add_span(&k->record, c->records[i].bytes);
		if (buf_failed(&k->record) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < c->n_chunks; i++) {
		struct kept *k = kept_get(m, c->chunks[i].customer);

		if (!k)
			return -ENOMEM;
		buf_add_block(&k->chunks, c->chunks[i].bytes);
		if (buf_failed(&k->chunks) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int commit_dues(struct memory_store *m, const struct commit *c)
{
	for (size_t i = 0; i < c->n_dues; i++) {
		struct kept *k = kept_get(m, c->dues[i].customer);

		if (!k)
			return -ENOMEM;
		if (c->dues[i].at == TIME_NEVER)
			heap_remove(&m->due, &k->due);
		else if (heap_put(&m->due, &k->due, c->dues[i].at) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int commit_holds(struct memory_store *m, const struct commit *c)
{
	int r = 0;

	for (size_t i = 0; i < c->n_holds && r == 0; i++)
		r = memory_held_set(
			&m->held, c->holds[i].customer, c->holds[i].source, c->holds[i].at);
	for (size_t i = 0; i < c->n_marks && r == 0; i++)
		r = marks_move(&m->marks, c->marks[i].source, c->marks[i].at);
	return r;
}

static int commit_jobs(struct memory_store *m, const struct commit *c)
{
	static char known;

	for (size_t i = 0; i < c->n_jobs; i++) {
		struct span id;

		if (map_get(&m->jobs, c->jobs[i].id))
			continue;
		id = arena_copy(&m->job_ids, c->jobs[i].id);
		if (!id.ptr || map_put(&m->jobs, id, &known) < 0)
			return -ENOMEM;
		m->fn(m->user, &c->jobs[i], NULL);
	}
	for (size_t i = 0; i < c->n_retracts; i++)
		m->fn(m->user, NULL, &c->retracts[i]);
	return 0;
}

static int commit_heard(struct memory_store *m, const struct commit *c)
{
	if (c->n_heard > 0 && !m->heard)
		m->heard = calloc(PARTITIONS_MAX, sizeof(*m->heard));
	if (c->n_heard > 0 && !m->heard)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_heard; i++) {
		size_t k = 0;

		while (k < m->n_heard && m->heard[k].from != c->heard[i].from)
			k++;
		m->n_heard += k == m->n_heard;
		m->heard[k] = c->heard[i];
	}
	return 0;
}

/* Whoever is erased is as if they had never been. */
static int commit_erased(struct memory_store *m, const struct commit *c)
{
	for (size_t i = 0; i < c->n_erased; i++) {
		struct kept *k = kept_find(m, c->erased[i].customer);

		if (!k)
			continue;
		heap_remove(&m->due, &k->due);
		buf_reset(&k->record);
		buf_reset(&k->chunks);
	}
	return memory_gone_commit(&m->gone, c);
}

static int ask_commit(struct store *s, uint32_t partition, const struct commit *c,
	store_commit_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	commit_mends(m, c);
	m->result = commit_erased(m, c);
	if (m->result == 0)
		m->result = commit_records(m, c);
	if (m->result == 0)
		m->result = commit_dues(m, c);
	if (m->result == 0)
		m->result = commit_holds(m, c);
	if (m->result == 0)
		m->result = memory_seen_commit(&m->seen, c);
	if (m->result == 0)
		m->result = commit_heard(m, c);
	if (m->result == 0 && m->delivers)
		m->result = memory_log_deliver(&m->log, c);
	if (m->result == 0)
		m->result = commit_jobs(m, c);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		m->counters[i] += c->counters[i];
	m->n_bad += c->n_bad;
	m->asked = ASKED_COMMIT;
	m->reply.commit = fn;
	m->reply_user = user;
	return 0;
}

static int ask_seen(
	struct store *s, uint32_t partition, int64_t hour, store_seen_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	(void)hour; /* nothing older is kept */
	assert(m->asked == ASKED_NOTHING);
	m->asked = ASKED_SEEN;
	m->reply.seen = fn;
	m->reply_user = user;
	return 0;
}

/* ---- marks and the held ----------------------------------------------------------------- */

static int ask_marks(struct store *s, uint32_t partition, store_marks_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	m->asked = ASKED_MARKS;
	m->reply.marks = fn;
	m->reply_user = user;
	return 0;
}

static void answer_marks(struct memory_store *m)
{
	struct commit_mark *marks = arena_calloc(&m->answer, m->marks.n + 1, sizeof(*marks));

	for (size_t i = 0; marks && i < m->marks.n; i++)
		marks[i] = (struct commit_mark){
			text_span(m->marks.list[i].source), m->marks.list[i].at};
	m->reply.marks(m->reply_user, marks ? 0 : -ENOMEM, marks, marks ? m->marks.n : 0);
}

static int ask_held(struct store *s, uint32_t partition, const struct held_request *request,
	store_held_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	m->asked = ASKED_HELD;
	m->held_request = *request;
	m->reply.held = fn;
	m->reply_user = user;
	return 0;
}

static void answer_held(struct memory_store *m)
{
	const struct held_request *request = &m->held_request;
	struct span *customers = arena_alloc(&m->answer, request->max * sizeof(*customers));
	size_t n = 0;

	if (customers)
		n = memory_held_list(&m->held, request, customers);
	m->reply.held(m->reply_user, customers ? 0 : -ENOMEM, customers, n);
}

static int ask_heard(struct store *s, uint32_t partition, store_heard_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	m->asked = ASKED_HEARD;
	m->reply.heard = fn;
	m->reply_user = user;
	return 0;
}

static int ask_gone(struct store *s, uint32_t partition, store_gone_fn *fn, void *user)
{
	struct memory_store *m = self(s);

	(void)partition;
	assert(m->asked == ASKED_NOTHING);
	m->asked = ASKED_GONE;
	m->reply.gone = fn;
	m->reply_user = user;
	return 0;
}

/* ---- the caller's side ------------------------------------------------------------------ */

static const struct store_ops memory_ops = {
	false, ask_fetch, ask_load, ask_commit, ask_seen, ask_marks, ask_held, ask_heard, ask_gone};

int memory_store_new(memory_job_fn *fn, void *user, struct memory_store **ret_store)
{
	static const uint64_t seed[2] = {1, 2};
	struct memory_store *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->store.ops = &memory_ops;
	m->fn = fn;
	m->user = user;
	map_init(&m->customers, seed);
	map_init(&m->jobs, seed);
	heap_init(&m->due);
	arena_init(&m->answer);
	arena_init(&m->job_ids);
	memory_held_init(&m->held);
	marks_init(&m->marks);
	memory_log_init(&m->log);
	m->clock = INT64_MIN;
	*ret_store = m;
	return 0;
}

struct memory_store *memory_store_free(struct memory_store *m)
{
	size_t cursor = 0;
	struct kept *k;

	if (!m)
		return NULL;
	while ((k = map_next(&m->customers, &cursor))) {
		buf_release(&k->record);
		buf_release(&k->chunks);
		free(k->customer);
		free(k);
	}
	memory_log_trim(&m->log, (struct log_id){UINT64_MAX, UINT64_MAX});
	memory_seen_release(&m->seen);
	memory_gone_release(&m->gone);
	map_release(&m->customers);
	map_release(&m->jobs);
	heap_release(&m->due);
	arena_release(&m->answer);
	memory_held_release(&m->held);
	marks_release(&m->marks);
	arena_release(&m->job_ids);
	free(m->heard);
	free(m);
	return NULL;
}

struct store *memory_store_store(struct memory_store *m)
{
	return &m->store;
}

int memory_store_append(struct memory_store *m, const struct log_entry *e)
{
	return memory_log_append(&m->log, e);
}

struct log_id memory_store_newest(const struct memory_store *m)
{
	return m->log.newest;
}

void memory_store_deliver(struct memory_store *m, bool deliver)
{
	m->delivers = deliver;
}

void memory_store_clock(struct memory_store *m, int64_t at)
{
	m->clock = int64_max(m->clock, at);
}

static void answer(struct memory_store *m, enum asked asked)
{
	switch (asked) {
	case ASKED_FETCH:
		answer_fetch(m);
		break;
	case ASKED_LOAD:
		m->reply.load(m->reply_user, 0, m->values, m->n_values);
		break;
	case ASKED_COMMIT:
		m->reply.commit(m->reply_user, m->result);
		break;
	case ASKED_SEEN:
		for (size_t i = 0; i < m->seen.n; i++)
			m->reply.seen(m->reply_user, 0, m->seen.hours[i].hour,
				buf_span(&m->seen.hours[i].bytes));
		m->reply.seen(m->reply_user, 0, INT64_MIN, SPAN_EMPTY);
		break;
	case ASKED_MARKS:
		answer_marks(m);
		break;
	case ASKED_HELD:
		answer_held(m);
		break;
	case ASKED_HEARD:
		m->reply.heard(m->reply_user, 0, m->heard, m->n_heard);
		break;
	case ASKED_GONE:
		m->reply.gone(m->reply_user, 0, m->gone.list, m->gone.n, span_str(m->gone.salt));
		break;
	case ASKED_NOTHING:
		break;
	}
}

void memory_store_run(struct memory_store *m)
{
	while (m->asked != ASKED_NOTHING) {
		enum asked asked = m->asked;

		m->asked = ASKED_NOTHING;
		/* What the last answer pointed to is gone when the next one is made. */
		if (asked == ASKED_FETCH || asked == ASKED_HELD || asked == ASKED_MARKS)
			arena_reset(&m->answer);
		answer(m, asked);
	}
}

struct span memory_store_record(const struct memory_store *m, struct span customer)
{
	struct kept *k = kept_find(m, customer);

	return k ? buf_span(&k->record) : SPAN_EMPTY;
}

struct span memory_store_chunk(const struct memory_store *m, struct span customer, size_t i)
{
	struct kept *k = kept_find(m, customer);
	struct span rest = k ? buf_span(&k->chunks) : SPAN_EMPTY;
	struct span chunk = SPAN_EMPTY;

	for (size_t n = 0; n <= i; n++)
		if (span_take_block(&rest, &chunk) != 0)
			return SPAN_EMPTY;
	return chunk;
}

uint64_t memory_store_counter(const struct memory_store *m, enum counter c)
{
	return m->counters[c];
}

size_t memory_store_bad(const struct memory_store *m)
{
	return m->n_bad;
}
