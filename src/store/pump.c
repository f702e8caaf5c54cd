/* SPDX-License-Identifier: MIT */
/*
 * The pump's states, each waiting for one answer of the store:
 *
 *   start -> SEEN -> MARKS -> HEARD -> GONE -> FETCH -> (HELD ->) LOAD -> COMMIT -+
 *                                               ^  \                              |
 *                                       poke    |   '-> IDLE                      |
 *                                               '---------------------------------'
 *   any -> STOPPED
 *
 * Where the store allows it, the next fetch is asked together with the commit, so that the store
 * reads while we rest and we work while it writes; without that all partitions of a worker move in
 * step, and one half of the two is always idle. What it brings counts only if the commit is known
 * to have come first: a fetch from before could lack a due time that the commit set.
 */
#include "store/pump.h"

#include "store/seen.h"

enum pump_state {
	PUMP_STOPPED,
	PUMP_SEEN,
	PUMP_MARKS,
	PUMP_HEARD,
	PUMP_GONE,
	PUMP_FETCH,
	PUMP_HELD,
	PUMP_LOAD,
	PUMP_COMMIT,
	PUMP_IDLE
};

struct pump {
	struct pump_options options;
	struct applier *applier;
	enum pump_state state;
	struct position position, next;
	const struct commit *commit;
	int64_t store_clock;
	int64_t due_until;  /* of the fetch under way */
	int64_t now;	    /* the caller's estimate of the store's clock */
	bool poked;	    /* while busy: look again before resting */
	bool freed;	    /* while an answer is under way: free when it comes */
	unsigned in_flight; /* answers to come */
	bool committing;    /* the commit's is one of them */
	bool ahead;	    /* and so is a fetch's */
};

#define PUMP_DUES_MAX 256
/* Customers due so soon are brought along: the store's clock goes on while the answer travels. */
#define DUE_AHEAD_MS 100

static void fetch(struct pump *p);
static void ask_fetch(struct pump *p);

int pump_new(const struct pump_options *options, struct pump **ret_pump)
{
	struct pump *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->options = *options;
	p->store_clock = INT64_MIN;
	assert(options->batch > 0 && options->batch <= PUMP_BATCH_MAX);
	if (applier_new(&options->applier, &p->applier) < 0) {
		free(p);
		return -ENOMEM;
	}
	*ret_pump = p;
	return 0;
}

static void destroy(struct pump *p)
{
	applier_free(p->applier);
	free(p);
}

struct pump *pump_free(struct pump *p)
{
	if (!p)
		return NULL;
	if (p->in_flight > 0)
		p->freed = true;
	else
		destroy(p);
	return NULL;
}

/* An answer has come. True if nobody wants it any more. */
static bool landed(struct pump *p)
{
	p->in_flight--;
	if (!p->freed)
		return p->state == PUMP_STOPPED;
	if (p->in_flight == 0)
		destroy(p);
	return true;
}

static void stop(struct pump *p, int why)
{
	struct span customer =
		why == PUMP_CORRUPT ? applier_corrupt_customer(p->applier) : SPAN_EMPTY;

	if (p->state == PUMP_STOPPED)
		return;
	p->state = PUMP_STOPPED;
	p->options.stop(p->options.user, why, customer);
}

/* R is what starting an operation returned. */
static void started(struct pump *p, int r)
{
	if (r < 0)
		stop(p, r);
	else
		p->in_flight++;
}

static void on_committed(void *user, int r)
{
	struct pump *p = user;

	p->committing = false;
	if (landed(p))
		return;
	if (r == 0 && p->options.committed)
		p->options.committed(p->options.user, p->commit);
	applier_done(p->applier, r == 0);
	if (r != 0) {
		stop(p, r);
		return;
	}
	p->position = p->next;
	if (p->ahead)
		p->state = PUMP_FETCH;
	else
		fetch(p);
}

static void run(struct pump *p)
{
	struct store *s = p->options.store;
	int r = applier_run(p->applier, &p->commit);

	if (r < 0) {
		stop(p, r);
		return;
	}
	p->next = p->commit->to;
	p->state = PUMP_COMMIT;
	p->committing = true;
	started(p, s->ops->commit(s, p->options.partition, p->commit, on_committed, p));
	if (p->state == PUMP_COMMIT && s->ops->fetch_ahead) {
		p->ahead = true;
		ask_fetch(p);
	}
}

static void on_loaded(void *user, int r, const struct span *values, size_t n)
{
	struct pump *p = user;

	if (landed(p))
		return;
	if (r != 0) {
		stop(p, r);
		return;
	}
	r = applier_loaded(p->applier, values, n);
	if (r != 0)
		stop(p, r == APPLIER_CORRUPT ? PUMP_CORRUPT : r);
	else
		run(p);
}

static void rest(struct pump *p, const struct fetched *f)
{
	p->state = PUMP_IDLE;
	if (p->poked) {
		fetch(p);
		return;
	}
	p->options.idle(p->options.user, f->next_due);
}

/* The records that a batch needs, if any are missing, and then the batch. */
static void load(struct pump *p, const struct span *missing, size_t n)
{
	struct store *s = p->options.store;

	if (n == 0) {
		int r = applier_loaded(p->applier, NULL, 0);

		assert(r == 0);
		run(p);
		return;
	}
	p->state = PUMP_LOAD;
	started(p, s->ops->load(s, p->options.partition, missing, n, on_loaded, p));
}

static void on_held(void *user, int r, const struct span *customers, size_t n_customers)
{
	struct pump *p = user;
	const struct span *missing;
	size_t n;

	if (landed(p))
		return;
	if (r == 0)
		r = applier_held(p->applier, customers, n_customers, &missing, &n);
	if (r != 0)
		stop(p, r);
	else
		load(p, missing, n);
}

static void ask_held(struct pump *p)
{
	struct store *s = p->options.store;
	struct held_request request = applier_held_request(p->applier);

	p->state = PUMP_HELD;
	started(p, s->ops->held(s, p->options.partition, &request, on_held, p));
}

static void on_fetched(void *user, int r, const struct fetched *f)
{
	struct pump *p = user;
	const struct span *missing;
	struct fetched asked;
	size_t n;

	p->ahead = false;
	/* It overtook the commit: on_committed asks again. */
	if (landed(p) || p->committing)
		return;
	if (r != 0) {
		stop(p, r);
		return;
	}
	if (f->at_end)
		p->store_clock = f->caught_up_to;
	/* Under steady load nobody pokes: the log's own time tells how late it is. */
	if (f->n_entries > 0)
		p->now = int64_max(p->now, (int64_t)f->entries[f->n_entries - 1].id.ms);
	asked = *f;
	asked.due_until = p->due_until;
	r = applier_begin(p->applier, &p->position, &asked, &missing, &n);
	if (r == APPLIER_NOTHING) {
		rest(p, f);
		return;
	}
	if (r < 0)
		stop(p, r);
	else if (r == APPLIER_RULES)
		stop(p, PUMP_RULES);
	else if (r == APPLIER_HELD)
		ask_held(p);
	else
		load(p, missing, n);
}

/* For what follows the position, or the commit that is under way. */
static void ask_fetch(struct pump *p)
{
	struct store *s = p->options.store;
	struct fetch_request request = {
		.after = p->committing ? p->next.id : p->position.id,
		.max_entries = p->options.batch,
		.due_until = p->now + DUE_AHEAD_MS,
		.max_dues = PUMP_DUES_MAX,
	};

	p->poked = false;
	p->due_until = request.due_until;
	started(p, s->ops->fetch(s, p->options.partition, &request, on_fetched, p));
}

static void fetch(struct pump *p)
{
	p->state = PUMP_FETCH;
	ask_fetch(p);
}

static void on_gone(void *user, int r, const struct commit_gone *gones, size_t n, struct span salt)
{
	struct pump *p = user;

	if (landed(p))
		return;
	if (r == 0)
		r = applier_remember_gone(p->applier, gones, n, salt);
	if (r != 0)
		stop(p, r);
	else
		fetch(p);
}

static void on_heard(void *user, int r, const struct commit_heard *heard, size_t n)
{
	struct pump *p = user;
	struct store *s = p->options.store;

	if (landed(p))
		return;
	for (size_t i = 0; r == 0 && i < n; i++)
		applier_heard(p->applier, heard[i].from, heard[i].seq);
	if (r != 0) {
		stop(p, r);
		return;
	}
	p->state = PUMP_GONE;
	started(p, s->ops->gone(s, p->options.partition, on_gone, p));
}

static void on_marks(void *user, int r, const struct commit_mark *marks, size_t n)
{
	struct pump *p = user;
	struct store *s = p->options.store;

	if (landed(p))
		return;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = applier_mark(p->applier, marks[i].source, marks[i].at);
	if (r != 0) {
		stop(p, r);
		return;
	}
	p->state = PUMP_HEARD;
	started(p, s->ops->heard(s, p->options.partition, on_heard, p));
}

static void on_seen(void *user, int r, int64_t hour, struct span bytes)
{
	struct pump *p = user;

	if (r == 0 && hour != INT64_MIN) {
		/* More calls follow: the operation is still under way. */
		if (!p->freed && p->state == PUMP_SEEN)
			r = applier_remember(p->applier, hour, bytes);
		if (r < 0)
			stop(p, r);
		return;
	}
	if (landed(p))
		return;
	if (r != 0) {
		stop(p, r);
		return;
	}
	p->state = PUMP_MARKS;
	started(p,
		p->options.store->ops->marks(p->options.store, p->options.partition, on_marks, p));
}

int pump_start(struct pump *p, const struct position *from)
{
	struct store *s = p->options.store;
	int r;

	assert(p->state == PUMP_STOPPED && p->in_flight == 0);
	applier_reset(p->applier);
	p->position = *from;
	p->state = PUMP_SEEN;
	r = s->ops->seen(s, p->options.partition, seen_hour((int64_t)from->id.ms), on_seen, p);
	if (r < 0) {
		p->state = PUMP_STOPPED;
		return r;
	}
	p->in_flight++;
	return 0;
}

void pump_poke(struct pump *p, int64_t now)
{
	p->now = int64_max(p->now, now);
	if (p->state == PUMP_IDLE)
		fetch(p);
	else
		p->poked = true;
}

bool pump_running(const struct pump *p)
{
	return p->state != PUMP_STOPPED;
}

bool pump_idle(const struct pump *p)
{
	return p->state == PUMP_IDLE;
}

int64_t pump_store_clock(const struct pump *p)
{
	return p->store_clock;
}

uint64_t pump_wanted_rules(const struct pump *p)
{
	return applier_wanted_rules(p->applier);
}

const struct position *pump_position(const struct pump *p)
{
	return &p->position;
}
