/* SPDX-License-Identifier: MIT */
/*
 * One batch, from what was fetched to what is to be committed. The order of time is the point:
 * within a partition entries and timers are worked through as one sequence, an entry before the
 * timers of its millisecond, and a batch ends where that order is no longer certain.
 */
#include "apply_impl.h"

#include "core/news.h"
#include "core/step.h"
#include "store/keys.h"
#include "store/log_origin.h"

int applier_new(const struct applier_options *options, struct applier **ret_applier)
{
	struct applier *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	if (packer_new(&a->packer) < 0) {
		free(a);
		return -ENOMEM;
	}
	a->options = *options;
	a->in_force = options->rules;
	cache_init(&a->cache, options->transient ? SIZE_MAX : options->cache_customers);
	seen_init(&a->seen);
	marks_init(&a->marks);
	effects_init(&a->effects);
	arena_init(&a->arena);
	buf_init(&a->scratch);
	buf_init(&a->encoded);
	buf_init(&a->seen_marks);
	list_init(&a->work, sizeof(struct work));
	list_init(&a->missing, sizeof(struct span));
	list_init(&a->wanted, sizeof(struct cached *));
	list_init(&a->dirty, sizeof(struct cached *));
	list_init(&a->records, sizeof(struct commit_value));
	list_init(&a->chunks, sizeof(struct commit_value));
	list_init(&a->dues, sizeof(struct commit_due));
	list_init(&a->holds, sizeof(struct commit_hold));
	list_init(&a->passed, sizeof(struct commit_mark));
	list_init(&a->jobs, sizeof(struct commit_job));
	list_init(&a->retracts, sizeof(struct commit_retract));
	list_init(&a->trials, sizeof(struct commit_trial));
	list_init(&a->bad, sizeof(struct commit_bad));
	list_init(&a->seen_lists, sizeof(struct commit_seen));
	list_init(&a->messages, sizeof(struct commit_message));
	list_init(&a->hearings, sizeof(struct commit_heard));
	list_init(&a->ids, sizeof(struct commit_id));
	list_init(&a->snapshots, sizeof(struct commit_snapshot));
	list_init(&a->parts, sizeof(struct commit_part));
	list_init(&a->erased, sizeof(struct commit_erased));
	list_init(&a->gones, sizeof(struct commit_gone));
	list_init(&a->drops, sizeof(struct log_id));
	gone_init(&a->gone);
	list_init(&a->terms, sizeof(struct commit_term));
	list_init(&a->mends, sizeof(struct commit_mend));
	*ret_applier = a;
	return 0;
}

struct applier *applier_free(struct applier *a)
{
	if (!a)
		return NULL;
	cache_release(&a->cache);
	seen_release(&a->seen);
	marks_release(&a->marks);
	effects_release(&a->effects);
	arena_release(&a->arena);
	packer_free(a->packer);
	scrubber_free(a->scrubber);
	buf_release(&a->scratch);
	buf_release(&a->encoded);
	buf_release(&a->seen_marks);
	list_release(&a->work);
	list_release(&a->missing);
	list_release(&a->wanted);
	list_release(&a->dirty);
	list_release(&a->records);
	list_release(&a->chunks);
	list_release(&a->dues);
	list_release(&a->holds);
	list_release(&a->passed);
	list_release(&a->jobs);
	list_release(&a->retracts);
	list_release(&a->trials);
	list_release(&a->bad);
	list_release(&a->seen_lists);
	list_release(&a->messages);
	list_release(&a->hearings);
	list_release(&a->ids);
	list_release(&a->snapshots);
	list_release(&a->parts);
	list_release(&a->erased);
	list_release(&a->gones);
	list_release(&a->drops);
	gone_release(&a->gone);
	list_release(&a->terms);
	list_release(&a->mends);
	free(a);
	return NULL;
}

void applier_freep(struct applier **a)
{
	*a = applier_free(*a);
}

void applier_reset(struct applier *a)
{
	cache_release(&a->cache);
	cache_init(&a->cache, a->options.transient ? SIZE_MAX : a->options.cache_customers);
	seen_release(&a->seen);
	marks_release(&a->marks);
	gone_release(&a->gone);
	memset(a->heard, 0, sizeof(a->heard));
	a->work.n = a->missing.n = a->wanted.n = a->dirty.n = 0;
}

int applier_remember(struct applier *a, int64_t hour, struct span bytes)
{
	for (size_t i = 0; i + SEEN_BYTES <= bytes.len; i += SEEN_BYTES) {
		int r = seen_add(&a->seen, bytes.ptr + i, hour);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- begin ------------------------------------------------------------------------------ */

struct cached *applier_want(struct applier *a, struct span customer)
{
	struct cached *c = cache_get(&a->cache, customer, a->batch);
	struct cached **wanted;
	struct span *missing;

	if (c)
		return c;
	c = cache_add(&a->cache, customer, a->batch);
	wanted = list_add(&a->wanted);
	missing = list_add(&a->missing);
	if (!c || !wanted || !missing)
		return NULL;
	*wanted = c;
	*missing = c->customer;
	return c;
}

/* What ORIGIN says with W's bytes. 0 or -ENOMEM. */
static int decode_event(struct applier *a, struct work *w, const struct event_origin *origin)
{
	struct event_fault fault = {NULL, NULL};
	int r = event_decode(
		a->options.decoder, w->entry.event, origin, &a->arena, &w->event, &fault);

	w->kind = WORK_BAD;
	if (r < 0)
		return r;
	w->code = fault.code;
	w->words = fault.words;
	if (r > 0)
		return 0;
	w->kind = WORK_EVENT;
	w->news = news_is_key(w->event.customer);
	w->customer = w->news ? SPAN_EMPTY : w->event.customer;
	w->event.logged_at = w->event.received_at;
	return 0;
}

int applier_decode(struct applier *a, struct work *w, struct log_id at)
{
	struct event_origin origin;
	struct log_meta meta;
	bool changed = false;
	int r;

	w->kind = WORK_BAD;
	if (log_meta_parse(w->entry.meta, &meta) != 0) {
		w->code = "bad_meta";
		w->words = "the log entry does not say where it came from";
		return 0;
	}
	origin = log_origin(&meta, at);
	r = decode_event(a, w, &origin);
	if (r == 0 && w->kind == WORK_EVENT)
		r = applier_redact(a, w, &origin.context, &changed);
	return r < 0 || !changed ? r : decode_event(a, w, &origin);
}

static int decode_entry(struct applier *a, struct work *w)
{
	int r = w->entry.message.len > 0 ? applier_decode_message(a, w)
					 : applier_decode(a, w, w->entry.id);

	if (r < 0)
		return r;
	if (w->customer.len > 0)
		map_expect(&a->cache.by_customer, w->customer);
	if (w->kind == WORK_EVENT && w->event.message_id.len > 0) {
		seen_mark(&w->event, w->mark);
		seen_expect(&a->seen, w->mark);
	}
	return 0;
}

static int add_entry(struct applier *a, const struct log_entry *e)
{
	struct work *w = list_add(&a->work);

	if (!w)
		return -ENOMEM;
	w->entry.id = e->id;
	w->entry.event = arena_copy(&a->arena, e->event);
	w->entry.meta = arena_copy(&a->arena, e->meta);
	if (!w->entry.event.ptr || !w->entry.meta.ptr)
		return -ENOMEM;
	if (e->message.len > 0) {
		w->entry.message = arena_copy(&a->arena, e->message);
		w->entry.record = arena_copy(&a->arena, e->record);
		if (!w->entry.message.ptr || !w->entry.record.ptr)
			return -ENOMEM;
	}
	return decode_entry(a, w);
}

static int add_due(struct applier *a, const struct due_entry *d)
{
	struct work *w = list_add(&a->work);

	if (!w)
		return -ENOMEM;
	w->kind = WORK_DUE;
	w->due_at = d->at;
	w->customer = d->customer;
	map_expect(&a->cache.by_customer, w->customer);
	return 0;
}

/* A link of CUSTOMER's is to be seen with what it froze. */
static void forget_link(struct applier *a, struct span customer)
{
	struct cached *c = customer.len > 0 ? cache_get(&a->cache, customer, a->batch) : NULL;

	if (c && c->link)
		cache_drop(&a->cache, c);
}

/* Does W see all that is kept of its customer? Who is to be erased is seen so, and who stands in
 * for somebody, for with what they froze they are taken back. */
static bool is_whole(const struct work *w)
{
	return applier_is_alone(w) || applier_is_stand_in(w->customer);
}

static void forget_links(struct applier *a)
{
	const struct work *work = a->work.items;

	for (size_t i = 0; i < a->work.n; i++) {
		if (is_whole(&work[i]))
			forget_link(a, work[i].customer);
		forget_link(a, work[i].left);
	}
}

/* When all were read: by now their places in the map have come from memory. */
static int want_all(struct applier *a)
{
	struct work *work = a->work.items;

	forget_links(a);
	for (size_t i = 0; i < a->work.n; i++) {
		if (work[i].kind == WORK_BAD || work[i].customer.len == 0)
			continue;
		work[i].cached = applier_want(a, work[i].customer);
		if (!work[i].cached)
			return -ENOMEM;
		work[i].cached->whole = work[i].cached->whole || is_whole(&work[i]);
		if (work[i].left.len == 0)
			continue;
		work[i].stand_in = applier_want(a, work[i].left);
		if (!work[i].stand_in)
			return -ENOMEM;
		work[i].stand_in->whole = true;
	}
	return 0;
}

/* How much of F is in certain order. */
struct extent {
	size_t n_entries, n_dues;
	int64_t clock;
};

/*
 * A timer of instant F comes after all entries of F's millisecond, so it waits while more such
 * entries may follow; an entry comes after all timers before its millisecond, so it waits while
 * there may be more of those.
 */
static struct extent extent_of(const struct fetched *f)
{
	struct extent x = {f->n_entries, f->n_dues, INT64_MIN};
	int64_t certain = f->caught_up_to;

	if (!f->at_end)
		certain =
			f->n_entries ? (int64_t)f->entries[f->n_entries - 1].id.ms - 1 : INT64_MIN;
	/* Whoever is due later than was asked for is not among the dues. */
	certain = int64_min(certain, f->due_until);
	while (x.n_dues > 0 && f->dues[x.n_dues - 1].at > certain)
		x.n_dues--;
	if (f->dues_cut && x.n_dues == f->n_dues && f->n_dues > 0) {
		int64_t last = f->dues[f->n_dues - 1].at;

		while (x.n_entries > 0 && (int64_t)f->entries[x.n_entries - 1].id.ms > last)
			x.n_entries--;
		certain = int64_min(certain, last - 1);
	}
	x.clock = certain;
	return x;
}

void applier_batch(struct applier *a, const struct position *from)
{
	a->batch++;
	arena_reset(&a->arena);
	a->work.n = a->missing.n = a->wanted.n = a->dirty.n = 0;
	a->mark = (struct log_entry){.id = {0, 0}};
	a->news = a->line = NULL;
	a->from = a->to = *from;
	a->to.seq++;
}

/*
 * Before a mark or a change of rules everything comes that is older than its entry, timers too, for
 * they are judged by what was in force then: in a batch before, so that the timers which those set
 * are seen as well.
 */
static struct extent extent_at_turn(const struct fetched *f)
{
	size_t n = dues_before_turn(f);
	int64_t clock = (int64_t)f->entries[0].id.ms - 1;

	if (n > 0 && f->dues_cut && n == f->n_dues)
		clock = f->dues[n - 1].at - 1;
	return (struct extent){0, n, clock};
}

int applier_begin(struct applier *a, const struct position *from, const struct fetched *fetched,
	const struct span **ret_missing, size_t *ret_n_missing)
{
	struct fetched before = fetched_before_turn(fetched);
	const struct fetched *f = &before;
	bool at_turn = f->n_entries == 0 && fetched->n_entries > 0;
	struct extent x = at_turn ? extent_at_turn(fetched) : extent_of(f);
	size_t e = 0, d = 0;
	int r = 0;

	if (at_turn && x.n_dues == 0) {
		*ret_missing = NULL;
		*ret_n_missing = 0;
		return applier_begin_turn(a, from, &fetched->entries[0]);
	}
	if (x.n_entries == 0 && x.n_dues == 0)
		return APPLIER_NOTHING;
	applier_batch(a, from);
	if (x.n_entries > 0) {
		a->to.id = f->entries[x.n_entries - 1].id;
		a->to.clock = int64_max(a->to.clock, (int64_t)a->to.id.ms - 1);
	}
	a->to.clock = int64_max(a->to.clock, x.clock);
	while (r == 0 && (e < x.n_entries || d < x.n_dues)) {
		if (d == x.n_dues ||
			(e < x.n_entries && (int64_t)f->entries[e].id.ms <= f->dues[d].at))
			r = add_entry(a, &f->entries[e++]);
		else
			r = add_due(a, &f->dues[d++]);
	}
	if (r == 0)
		r = want_all(a);
	if (r < 0)
		return r;
	*ret_missing = a->missing.items;
	*ret_n_missing = a->missing.n;
	return 0;
}

int applier_loaded(struct applier *a, const struct span *values, size_t n)
{
	struct cached **wanted = a->wanted.items;

	assert(n == a->wanted.n);
	for (size_t i = 0; i < n; i++) {
		struct cached *c = wanted[i];
		int r;

		if (values[i].len == 0)
			r = record_init(&c->record, c->customer);
		else if (link_is(values[i]))
			r = cached_load_link(a, c, values[i]);
		else
			r = record_decode(values[i], &c->record);
		c->stored = values[i].len > 0;
		if (r == 0 && c->stored && (c->link || c->record.journey->n_events > 0))
			r = cached_find_loaded(a, c);
		if (r > 0) {
			a->corrupt = c->customer;
			return APPLIER_CORRUPT;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

struct span applier_corrupt_customer(const struct applier *a)
{
	return a->corrupt;
}

/* ---- run -------------------------------------------------------------------------------- */

int applier_step(struct applier *a, const struct work *w, const struct input *input, int64_t now)
{
	struct journey *j = w->cached->record.journey;

	effects_reset(&a->effects);
	/* The log's ids never go back, but its server's clock may have, after a quiet time. */
	now = int64_max(now, j->received_at);
	return step(a->options.rules, j, input, now, &a->effects);
}

int applier_stepped(struct applier *a, const struct work *w, const struct input *input)
{
	const struct journey *j = w->cached->record.journey;

	/* What was shown to it was its latest. */
	if (a->options.witness)
		a->options.witness(
			a->options.witness_user, j, input->event, j->received_at, &a->effects);
	return applier_effects(a, w->cached, w);
}

static int show(struct applier *a, const struct work *w, const struct input *input, int64_t now)
{
	int r = applier_step(a, w, input, now);

	return r < 0 ? r : applier_stepped(a, w, input);
}

static int run_event(struct applier *a, const struct work *w)
{
	bool fresh, gone;
	int r = applier_is_gone(a, w, &gone);

	if (r < 0 || gone)
		return r < 0 ? r : applier_turn_away(a, w);
	r = applier_recognise(a, w, &fresh);
	if (r < 0 || !fresh)
		return r;
	return w->news ? applier_spread(a, w) : applier_event(a, w);
}

static int run_due(struct applier *a, const struct work *w)
{
	int r;

	if (applier_is_stand_in(w->customer))
		return applier_end_stand_in(a, w);
	if (w->cached->link)
		return applier_idle_link(a, w);
	/* Whatever the set said, from now on it says what the journey does: what came in between
	 * may have left nothing to be looked at. */
	w->cached->due_dirty = true;
	r = applier_touch(a, w->cached);
	return r < 0 ? r : applier_run_timers(a, w, w->due_at + 1);
}

static int run_mark(struct applier *a, const struct work *w)
{
	const struct input input = {
		.kind = INPUT_MARK, .marks = &a->marks, .source = a->mark.mark_source};

	if (w->cached->link)
		return applier_idle_link(a, w);
	return show(a, w, &input, w->due_at);
}

static int run_one(struct applier *a, const struct work *w)
{
	a->place = w->entry.id;
	switch (w->kind) {
	case WORK_EVENT:
		return run_event(a, w);
	case WORK_BAD:
		return applier_quarantine(a, &w->entry, w->code, w->words);
	case WORK_DUE:
		return run_due(a, w);
	case WORK_MARK:
		return run_mark(a, w);
	case WORK_MESSAGE:
		return applier_message(a, w);
	case WORK_NEWS:
		return applier_tell(a, w);
	}
	return 0;
}

/*
 * In a log of all customers what is said comes at once, before anything later. W, after which LAST
 * is the last entry that was applied, ends the batch.
 */
static void end_with(struct applier *a, const struct work *w, struct log_id last)
{
	int64_t at = w->kind == WORK_DUE ? w->due_at : (int64_t)w->entry.id.ms;

	a->to.id = last;
	a->to.clock = int64_max(a->from.clock, at - 1);
}

/* Of WORK the first is at hand, and the next few are asked for. */
static void warm_next(const struct work *work, size_t n)
{
	for (size_t step = 1; step <= WARM_STEPS && step < n; step++)
		if (work[step].cached)
			cached_warm(work[step].cached, step);
}

/* Is the log behind W's entry when W is done? */
static bool is_entry(const struct work *w)
{
	return w->kind != WORK_DUE && w->kind != WORK_MARK && w->kind != WORK_NEWS;
}

int applier_run(struct applier *a, const struct commit **ret_commit)
{
	const struct work *work = a->work.items;
	struct log_id last = a->from.id;
	int r = 0;

	memset(&a->commit, 0, sizeof(a->commit));
	a->records.n = a->chunks.n = a->dues.n = a->jobs.n = a->retracts.n = a->bad.n = 0;
	a->trials.n = 0;
	a->seen_lists.n = a->holds.n = a->passed.n = a->messages.n = a->hearings.n = 0;
	a->ids.n = a->snapshots.n = a->parts.n = a->terms.n = a->mends.n = 0;
	a->erased.n = a->gones.n = a->drops.n = 0;
	a->gone_salt = SPAN_EMPTY;
	buf_reset(&a->seen_marks);
	if (a->mark.mark_source.len > 0 && !a->news)
		r = applier_pass_mark(a);
	for (size_t i = 0; i < a->work.n && r == 0; i++) {
		if (i > 0 && !applier_goes_with(a, i)) {
			end_with(a, &work[i - 1], last);
			break;
		}
		warm_next(work + i, a->work.n - i);
		r = run_one(a, &work[i]);
		if (is_entry(&work[i]))
			last = work[i].entry.id;
		if (a->options.partitions == 0 && a->messages.n > 0) {
			end_with(a, &work[i], last);
			break;
		}
	}
	if (r == 0)
		r = applier_finish_commit(a);
	if (r < 0)
		return r;
	*ret_commit = &a->commit;
	return 0;
}

void applier_done(struct applier *a, bool committed)
{
	if (!committed) {
		applier_reset(a);
		return;
	}
	cache_trim(&a->cache, 0);
}
