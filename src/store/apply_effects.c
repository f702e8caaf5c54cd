/* SPDX-License-Identifier: MIT */
/* Wishes into bytes: what step() asked for becomes entries of the commit. */
#include "apply_impl.h"

#include "codec/job_json.h"
#include "codec/timeline.h"
#include "core/step.h"

static struct span keep(struct applier *a, struct span s)
{
	return s.len > 0 ? arena_copy(&a->arena, s) : SPAN_EMPTY;
}

int applier_quarantine(
	struct applier *a, const struct log_entry *e, const char *code, const char *words)
{
	struct commit_bad *bad = list_add(&a->bad);

	if (!bad)
		return -ENOMEM;
	bad->entry = *e;
	bad->code = span_str(code);
	bad->words = span_str(words);
	a->commit.counters[COUNTER_QUARANTINED]++;
	return 0;
}

int applier_touch(struct applier *a, struct cached *c)
{
	struct cached **slot;

	if (c->dirty)
		return 0;
	slot = list_add(&a->dirty);
	if (!slot)
		return -ENOMEM;
	*slot = c;
	c->dirty = true;
	return 0;
}

/* ---- timeline --------------------------------------------------------------------------- */

static void tail_add(struct cached *c, const struct timeline_entry *e)
{
	timeline_encode(e, &c->record.tail);
	c->record.tail_n++;
}

static void tail_add_event(struct cached *c, const struct event *event)
{
	struct timeline_entry e = {
		.kind = ENTRY_EVENT,
		.id = event->id,
		.at = event->occurred_at,
		.type = event->type,
		.channel = event->channel,
		.flags = event->flags,
		.name = event->name,
		.original = event->original,
		.source = event->source,
		.message_id = event->message_id,
		.properties = event->properties,
	};

	if (!span_equal(event->user_id, event->customer))
		e.user_id = event->user_id;
	e.anonymous_id = event->anonymous_id;
	tail_add(c, &e);
}

static void tail_add_decision(
	struct cached *c, const struct decision *d, const struct work *w, uint32_t nth)
{
	struct timeline_entry e = {
		.kind = ENTRY_DECISION,
		.id = {(uint64_t)int64_max(d->at, 0), UINT64_MAX},
		.nth = nth,
		.at = d->at,
		.decision = *d,
	};

	/* A decision of the event itself stands by it; one of a timer that the event's coming
	 * merely let run stands at its own instant. */
	if (w->kind != WORK_DUE && w->kind != WORK_MARK && d->at >= (int64_t)w->entry.id.ms)
		e.id = w->entry.id;
	tail_add(c, &e);
}

int applier_settle(struct applier *a, struct cached *c)
{
	enum record_settled settled;
	struct commit_value *chunk;
	int r;

	buf_reset(&a->scratch);
	r = record_settle(&c->record, a->packer, &a->scratch, &settled);
	if (r != 0)
		return r < 0 ? r : -EINVAL;
	if (settled == RECORD_KEPT)
		return 0;
	chunk = list_add(&a->chunks);
	if (!chunk)
		return -ENOMEM;
	chunk->customer = c->customer;
	chunk->bytes = keep(a, buf_span(&a->scratch));
	return chunk->bytes.ptr ? 0 : -ENOMEM;
}

/* ---- jobs ------------------------------------------------------------------------------- */

/* The effects of one input are gone at the next; the commit outlives them. */
static int keep_decision(struct applier *a, const struct decision *d, struct decision *ret_d)
{
	struct decision kept = *d;

	kept.rule = keep(a, d->rule);
	kept.key = keep(a, d->key);
	kept.step = keep(a, d->step);
	kept.by = keep(a, d->by);
	kept.data = keep(a, d->data);
	kept.subject = keep(a, d->subject);
	kept.home = keep(a, d->home);
	kept.worth.currency = keep(a, d->worth.currency);
	if (!kept.rule.ptr || !kept.key.ptr || (kept.by.len && !kept.by.ptr) ||
		(kept.data.len && !kept.data.ptr) || (d->subject.len && !kept.subject.ptr) ||
		(d->home.len && !kept.home.ptr) ||
		(d->worth.currency.len && !kept.worth.currency.ptr))
		return -ENOMEM;
	*ret_d = kept;
	return 0;
}

static int emit_job(struct applier *a, struct cached *c, const struct decision *d)
{
	char id[JOB_ID_SIZE];
	struct commit_job *job;
	int r;

	if (!d->rule_now || d->rule_now->mode != RULE_LIVE)
		return 0;
	r = job_id(d, c->customer, id);
	if (r < 0)
		return r;
	buf_reset(&a->scratch);
	r = job_json(d, c->customer, id, &a->scratch);
	job = r < 0 ? NULL : list_add(&a->jobs);
	if (!job)
		return -ENOMEM;
	job->id = keep(a, span_str(id));
	job->customer = c->customer;
	job->json = keep(a, buf_span(&a->scratch));
	if (!job->id.ptr || !job->json.ptr)
		return -ENOMEM;
	return keep_decision(a, d, &job->decision);
}

/* It is listed for those who try the rule. */
static int note_trial(struct applier *a, struct cached *c, const struct decision *d)
{
	char id[JOB_ID_SIZE];
	struct commit_trial *trial;
	int r;

	if (d->outcome != OUTCOME_WOULD_SEND || !d->rule_now || a->options.trials_kept == 0)
		return 0;
	r = job_id(d, c->customer, id);
	if (r < 0)
		return r;
	buf_reset(&a->scratch);
	r = job_trial_json(d, c->customer, id, &a->scratch);
	trial = r < 0 ? NULL : list_add(&a->trials);
	if (!trial)
		return -ENOMEM;
	trial->id = keep(a, span_str(id));
	trial->json = keep(a, buf_span(&a->scratch));
	return trial->id.ptr && trial->json.ptr ? 0 : -ENOMEM;
}

/* The job lies where it was emitted, which may be another partition. */
static int retract_elsewhere(struct applier *a, const struct decision *d, struct span id)
{
	struct message m = {.kind = MESSAGE_RETRACT,
		.to = d->home,
		.reason = buf_span(&a->scratch),
		.job = id,
		.by = d->by,
		.by_at = d->at,
		.late = d->late};

	return applier_say(a, &m, NULL);
}

static int retract_job(struct applier *a, struct cached *c, const struct decision *d)
{
	char id[JOB_ID_SIZE];
	struct commit_retract *retract;
	int r = job_id(d, c->customer, id);

	if (r < 0)
		return r;
	buf_reset(&a->scratch);
	buf_add_str(&a->scratch, d->late ? "late_event: " : "disproved: ");
	buf_add_span(&a->scratch, d->by);
	if (d->home.len > 0)
		return retract_elsewhere(a, d, span_str(id));
	retract = list_add(&a->retracts);
	if (!retract)
		return -ENOMEM;
	retract->id = keep(a, span_str(id));
	retract->reason = keep(a, buf_span(&a->scratch));
	retract->by = keep(a, d->by);
	retract->at = d->at;
	retract->late = d->late;
	return retract->id.ptr && retract->reason.ptr ? 0 : -ENOMEM;
}

static int note_hold(struct applier *a, struct cached *c, const struct effect *e)
{
	struct commit_hold *hold;

	hold = list_add(&a->holds);
	if (!hold)
		return -ENOMEM;
	hold->customer = c->customer;
	hold->source = keep(a, e->source);
	hold->at = e->hold_at;
	return hold->source.ptr ? 0 : -ENOMEM;
}

static int forward(struct applier *a, const struct message *wish)
{
	struct message m = *wish;

	return applier_say(a, &m, NULL);
}

static int carry_out(struct applier *a, struct cached *c, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_TIMELINE:
		if (!a->options.transient)
			tail_add_event(c, e->event);
		return 0;
	case EFFECT_STATE:
		return applier_touch(a, c);
	case EFFECT_WAKE:
		c->due_dirty = true;
		return 0;
	case EFFECT_JOB:
		return emit_job(a, c, &e->decision);
	case EFFECT_RETRACT:
		return retract_job(a, c, &e->decision);
	case EFFECT_COUNT:
		a->commit.counters[e->counter]++;
		return 0;
	case EFFECT_HOLD:
		return note_hold(a, c, e);
	case EFFECT_ASK:
		return applier_ask(a, c->customer, e->source, e->hold_at);
	case EFFECT_FORWARD:
		return forward(a, e->message);
	case EFFECT_DECISION:
		return note_trial(a, c, &e->decision);
	}
	return 0;
}

int applier_effects(struct applier *a, struct cached *c, const struct work *w)
{
	bool kept = !a->options.transient;
	uint32_t nth = 0;
	int r = 0;

	for (size_t i = 0; i < a->effects.n && r == 0; i++) {
		const struct effect *e = &a->effects.list[i];

		r = carry_out(a, c, e);
		if (!kept)
			continue;
		if (e->kind == EFFECT_JOB || e->kind == EFFECT_RETRACT ||
			e->kind == EFFECT_DECISION)
			tail_add_decision(c, &e->decision, w, ++nth);
	}
	if (r == 0)
		r = buf_failed(&c->record.tail);
	return r < 0 || !kept ? r : applier_settle(a, c);
}

/* ---- the commit ------------------------------------------------------------------------- */

static int finish_due(struct applier *a, struct cached *c)
{
	struct commit_due *due;

	if (!c->due_dirty)
		return 0;
	due = list_add(&a->dues);
	if (!due)
		return -ENOMEM;
	*due = (struct commit_due){c->customer, c->link ? TIME_NEVER : c->record.journey->due_at};
	c->due_dirty = false;
	return 0;
}

static bool is_nobody(const struct cached *c)
{
	return !c->link && c->record.journey->n_events == 0;
}

/* A wake-up for somebody who is not there any more leaves nothing behind, nor does a name. */
static int finish_nobody(struct applier *a, struct cached *c)
{
	struct commit_mend *mend;

	if (c->stored) {
		mend = list_add(&a->mends);
		if (!mend)
			return -ENOMEM;
		*mend = (struct commit_mend){.kind = MEND_NOBODY, .customer = c->customer};
		c->stored = false;
	}
	return finish_due(a, c);
}

static int finish_record(struct applier *a, struct cached *c)
{
	struct commit_value *value;
	size_t start;
	int r;

	c->dirty = false;
	if (a->options.transient)
		return finish_due(a, c);
	if (is_nobody(c) && c->record.journey->n_named == 0 && c->record.journey->n_apart == 0)
		return finish_nobody(a, c);
	value = list_add(&a->records);
	if (!value)
		return -ENOMEM;
	c->stored = true;
	start = a->encoded.len;
	if (c->link)
		link_encode(c->link, &a->encoded);
	r = c->link ? buf_failed(&a->encoded) : record_encode(&c->record, &a->encoded);
	if (r < 0)
		return r;
	value->customer = c->customer;
	value->bytes.len = a->encoded.len - start;
	/* Whoever was only named, or taken apart from somebody, is nobody yet. */
	r = applier_is_stand_in(c->customer) ? 0 : applier_finish_terms(a, c, !is_nobody(c));
	return r < 0 ? r : finish_due(a, c);
}

static int finish_records(struct applier *a)
{
	struct cached **dirty = a->dirty.items;
	struct commit_value *values;
	size_t at = 0;
	int r = 0;

	buf_reset(&a->encoded);
	for (size_t i = 0; i < a->dirty.n && r == 0; i++) {
		for (size_t step = 1; step <= WARM_STEPS && step < a->dirty.n - i; step++)
			cached_warm(dirty[i + step], step);
		r = finish_record(a, dirty[i]);
	}
	values = a->records.items;
	for (size_t i = 0; i < a->records.n; i++) {
		values[i].bytes.ptr = a->encoded.ptr + at;
		at += values[i].bytes.len;
	}
	return r;
}

/* The marks stand in one buffer, hour after hour; only now does it no longer move. */
static void finish_seen(struct applier *a)
{
	struct commit_seen *list = a->seen_lists.items;
	size_t at = 0;

	for (size_t i = 0; i < a->seen_lists.n; i++) {
		list[i].bytes.ptr = a->seen_marks.ptr + at;
		at += list[i].bytes.len;
	}
}

int applier_finish_commit(struct applier *a)
{
	struct commit *c = &a->commit;
	int64_t hour = seen_hour((int64_t)a->to.id.ms);
	int r = finish_records(a);

	if (r == 0)
		r = buf_failed(&a->seen_marks);
	if (r == 0)
		r = applier_finish_messages(a);
	if (r < 0)
		return r;
	finish_seen(a);
	applier_finish_erased(a);
	c->from = a->from;
	c->to = a->to;
	c->records = a->records.items;
	c->n_records = a->records.n;
	c->chunks = a->chunks.items;
	c->n_chunks = a->chunks.n;
	c->dues = a->dues.items;
	c->n_dues = a->dues.n;
	c->holds = a->holds.items;
	c->n_holds = a->holds.n;
	c->marks = a->passed.items;
	c->n_marks = a->passed.n;
	c->jobs = a->jobs.items;
	c->n_jobs = a->jobs.n;
	c->retracts = a->retracts.items;
	c->n_retracts = a->retracts.n;
	c->trials = a->trials.items;
	c->n_trials = a->trials.n;
	c->trials_kept = a->options.trials_kept;
	c->terms = a->terms.items;
	c->n_terms = a->terms.n;
	c->bad = a->bad.items;
	c->n_bad = a->bad.n;
	c->seen = a->seen_lists.items;
	c->n_seen = a->seen_lists.n;
	c->seen_drop_before = hour - SEEN_HOURS;
	c->seen_drop_from = int64_max(0, seen_hour((int64_t)a->from.id.ms) - SEEN_HOURS);
	c->seen_drop_from = int64_min(c->seen_drop_from, c->seen_drop_before);
	if (c->seen_drop_before - c->seen_drop_from > SEEN_HOURS + 1)
		c->seen_drop_before = c->seen_drop_from + SEEN_HOURS + 1;
	c->day = int64_max(a->to.clock, 0) / MS_DAY;
	return 0;
}
