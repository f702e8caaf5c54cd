/* SPDX-License-Identifier: MIT */
/*
 * The instances of two customers who are one. Each side is first judged by what the other side
 * knew, both as they were before, so that it does not matter which is which; then they are put
 * together, key by key. What goes on keeps its timer and the name that it was armed under.
 */
#include "merge_instances.h"

#include "cancels.h"
#include "list.h"
#include "paused.h"
#include "taken.h"

/* Which counter an outcome has, where that is not MERGED's own. */
static const struct {
	enum outcome outcome;
	enum counter counter;
} counters[] = {
	{OUTCOME_CANCELLED, COUNTER_CANCELLED},
	{OUTCOME_GOAL, COUNTER_GOAL},
	{OUTCOME_SUPERSEDED, COUNTER_SUPERSEDED},
	{OUTCOME_LIMIT, COUNTER_LIMIT},
	{OUTCOME_MERGED, COUNTER_MERGED},
};

static int count(const struct turn *t, enum outcome outcome)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (counters[i].outcome == outcome)
			return absence_count(t, counters[i].counter);
	return 0;
}

/* ---- decisions ----------------------------------------------------------------------------- */

/* `known as KEY`, and behind a comma CLAUSE. */
static int set_words(const struct turn *t, struct decision *d, struct span key, struct span clause)
{
	const struct span parts[] = {
		SPAN_LIT(MERGE_WORDS), key, clause.len ? SPAN_LIT(", ") : SPAN_EMPTY, clause};
	char *words =
		arena_alloc(&t->effects->arena, parts[0].len + key.len + parts[2].len + clause.len);
	size_t at = 0;

	if (!words)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].len)
			memcpy(words + at, parts[i].ptr, parts[i].len);
		at += parts[i].len;
	}
	d->words = span_of(words, at);
	return 0;
}

/* The event behind Y is what did it. */
static void set_by(struct decision *d, struct span event, int64_t at)
{
	d->by = event;
	d->by_at = at;
}

static int64_t event_at(const struct instance *y)
{
	return y->cancelled_at != INT64_MIN ? y->cancelled_at : y->anchor_at;
}

/* The name of the event that did it, where Y still says. */
static struct span event_of(const struct turn *t, const struct instance *y)
{
	bool says = y->outcome == OUTCOME_NONE || y->outcome == OUTCOME_CANCELLED ||
		    y->outcome == OUTCOME_GOAL || y->outcome == OUTCOME_RETRACTED;

	return says ? absence_keep(t, text_span(y->by)) : SPAN_EMPTY;
}

/* What armed X, which waits no more for a pause of Y's, may have moved what a third one waits for.
 */
static int keep_paused(const struct rule *rule, struct instance *x, const struct instance *y)
{
	const struct arming a = absence_current(rule, x);

	return a.by.len > 0 ? paused_set(x, &a, y->cools_until - rule->cooldown_ms) : 0;
}

/* X, of the side that is not known as KEY, waits no more. */
static int end(const struct turn *t, struct instance *x, const struct verdict *v, struct span key)
{
	struct decision *d = absence_decide(t, rules_of(t->rules, x), x, x->step, v->end);
	const struct instance *y = v->ended_by;
	bool by_event = v->end == OUTCOME_CANCELLED || v->end == OUTCOME_GOAL;

	if (!d || set_words(t, d, key, v->clause) < 0)
		return -ENOMEM;
	if (by_event)
		set_by(d, v->ended_event, v->ended_at);
	if (v->paused && keep_paused(rules_of(t->rules, x), x, v->ended_by) < 0)
		return -ENOMEM;
	/* What armed it behind the cancel may yet take over. */
	absence_stop(x, absence_after(x), v->end);
	if (!v->goes_on)
		absence_list_settle(
			x, by_event && !v->terminal ? v->ended_at + v->slack_ms : INT64_MAX);
	if (x->state == INSTANCE_IDLE)
		x->until_at = int64_max(x->until_at, t->now + ABSENCE_MEMORY_MS);
	x->touched_at = t->now;
	if (by_event && text_set(&x->by, v->ended_event) < 0)
		return -ENOMEM;
	if (v->end == OUTCOME_SUPERSEDED && text_set(&x->superseded_by, text_span(y->rule)) < 0)
		return -ENOMEM;
	return count(t, v->end);
}

/* The job of X that is BACK before its latest one. */
static int take_back(const struct turn *t, struct instance *x, const struct verdict *v, size_t back,
	struct span key)
{
	const struct verdict_job *job = &v->jobs[back];
	size_t n = t->effects->n;
	int r = absence_take_back(
		t, rules_of(t->rules, x), x, back, job->twice ? INT64_MAX : job->at);

	x->touched_at = t->now;
	for (; n < t->effects->n && r == 0; n++) {
		struct decision *d = &t->effects->list[n].decision;

		if (t->effects->list[n].kind != EFFECT_RETRACT)
			continue;
		set_by(d, job->event, job->at);
		r = set_words(
			t, d, key, job->twice ? SPAN_LIT("it had been sent already") : SPAN_EMPTY);
	}
	return r;
}

/* ---- judging ------------------------------------------------------------------------------- */

static struct merge_sides sides_of(
	const struct turn *t, const struct journey *own, const struct journey *others)
{
	return (struct merge_sides){
		t->rules, own, others, text_span(t->journey->customer), t->known_at};
}

static struct verdict *judge_all(
	const struct turn *t, const struct journey *side, const struct journey *others)
{
	struct verdict *v = arena_calloc(&t->effects->arena, side->n_instances + 1, sizeof(*v));
	const struct merge_sides sides = sides_of(t, side, others);

	for (size_t n = 0; v && n < side->n_instances; n++) {
		v[n] = merge_verdict(&sides, &side->instances[n]);
		/* Kept now: what ends the other side may change it. */
		if (v[n].end != OUTCOME_NONE) {
			const struct rule *rule = rules_of(t->rules, &side->instances[n]);

			v[n].slack_ms = rule->slack_ms;
			v[n].ended_event = event_of(t, v[n].ended_by);
			v[n].ended_at = event_at(v[n].ended_by);
		}
		for (size_t k = 0; k < ARRAY_SIZE(v[n].jobs); k++) {
			struct verdict_job *job = &v[n].jobs[k];

			if (!job->by)
				continue;
			job->event = event_of(t, job->by);
			if (job->twice)
				job->at = event_at(job->by);
		}
	}
	return v;
}

static void judge_moments(const struct turn *t, struct journey *side, const struct journey *others,
	const struct verdict *v)
{
	const struct merge_sides sides = sides_of(t, side, others);

	merge_moments(&sides, side, v);
}

/* KEY: that of the other side. */
static int carry_out(
	const struct turn *t, struct journey *side, const struct verdict *v, struct span key)
{
	int r = 0;

	for (size_t n = 0; n < side->n_instances && r == 0; n++) {
		struct instance *x = &side->instances[n];

		/* The oldest first. */
		for (size_t back = ARRAY_SIZE(v[n].jobs); back-- > 0 && r == 0;)
			if (v[n].jobs[back].by)
				r = take_back(t, x, &v[n], back, key);
		if (r == 0 && v[n].end != OUTCOME_NONE)
			r = end(t, x, &v[n], key);
		if (r == 0 && v[n].cancelled_at > x->cancelled_at)
			r = cancels_add(rules_of(t->rules, x), x, v[n].cancelled_at, t->known_at);
	}
	return r;
}

/* ---- putting together ---------------------------------------------------------------------- */

/* The number that the next job must not have again. */
static void join_episode(struct instance *into, const struct instance *from)
{
	uint32_t used = from->episode;

	if (into->epoch != from->epoch) {
		if (from->epoch < into->epoch)
			return;
		into->epoch = from->epoch;
		into->episode = 0;
	}
	/* What waits and has made no job yet is another episode than one that has. */
	if (into->state == INSTANCE_ARMED && into->emitted == 0 && absence_made(from) &&
		from->state != INSTANCE_ARMED)
		used++;
	if (into->state != INSTANCE_ARMED && used >= into->episode)
		into->emitted = used > into->episode || from->emitted > into->emitted
					? from->emitted
					: into->emitted;
	if (used > into->episode)
		into->episode = used;
}

/* Closed while a tombstone lasts, else cooling after a job; else what is remembered counts for more
 * than a tombstone that is over. */
static enum instance_state rest_of(const struct instance *a, const struct instance *b, int64_t now)
{
	const struct instance *both[] = {a, b};
	bool cooling = false, remembers = false, closed = false;

	for (size_t n = 0; n < ARRAY_SIZE(both); n++) {
		bool lasts = both[n]->until_at > now;

		if (both[n]->state == INSTANCE_CLOSED && lasts)
			return INSTANCE_CLOSED;
		cooling = cooling || both[n]->state == INSTANCE_COOLING;
		remembers = remembers || (both[n]->state == INSTANCE_IDLE && lasts);
		closed = closed || both[n]->state == INSTANCE_CLOSED;
	}
	if (cooling)
		return INSTANCE_COOLING;
	return closed && !remembers ? INSTANCE_CLOSED : INSTANCE_IDLE;
}

/* Until when a cancel is remembered is not until when nothing may be armed. */
static void join_rest(struct instance *into, const struct instance *from, int64_t now)
{
	enum instance_state rest = rest_of(into, from, now);
	bool idle = rest == INSTANCE_IDLE;
	int64_t until_at = INT64_MIN;

	if (into->state == INSTANCE_ARMED)
		return;
	if ((into->state == INSTANCE_IDLE) == idle)
		until_at = into->until_at;
	if ((from->state == INSTANCE_IDLE) == idle)
		until_at = int64_max(until_at, from->until_at);
	into->state = rest;
	into->until_at = until_at;
}

/* FROM, which does not go on, into INTO: what it remembers. */
static int absorb(const struct turn *t, struct instance *into, struct instance *from)
{
	const struct rule *rule = rules_of(t->rules, into);
	bool calendar = rule && rule->calendar;

	if (cancels_join(rule, into, from, t->known_at) < 0)
		return -ENOMEM;
	into->cools_until = int64_max(into->cools_until, from->cools_until);
	into->touch_at = int64_max(into->touch_at, from->touch_at);
	into->touched_at = int64_max(into->touched_at, from->touched_at);
	if (!calendar && spent_join(into, from) < 0)
		return -ENOMEM;
	join_rest(into, from, t->now);
	if (into->epoch != from->epoch)
		absence_past_settle(into->epoch < from->epoch ? into : from);
	/* A yearly rule's episode is the year. */
	if (!calendar || into->state != INSTANCE_ARMED)
		join_episode(into, from);
	if (!calendar)
		spent_joined(into);
	paused_join(into, from);
	if (absence_past_join(into, from) < 0 || absence_moments_join(into, from) < 0 ||
		taken_join(into, from) < 0)
		return -ENOMEM;
	return absence_list_join(into, from);
}

/* What armed FROM comes behind what armed INTO, and is the first if that is cancelled. */
static int keep_arming(const struct rule *rule, struct instance *into, const struct instance *from)
{
	const struct arming theirs = {
		.at = from->arming_at,
		.deadline_at = absence_gives(rule) ? from->deadline_at : TIME_NEVER,
		.worth = from->worth,
		.by = from->by,
		.data = from->data,
		.subject = from->subject,
	};
	struct arming a;
	int r;

	if (from->counted || from->by.len == 0 || rule->n_cancel + rule->n_goal == 0)
		return 0;
	if (absence_copy(&theirs, &a) < 0)
		return -ENOMEM;
	r = absence_list_add(into, &a);
	arming_release(&a);
	return r;
}

static void swap_text(struct text *a, struct text *b)
{
	struct text t = *a;

	*a = *b;
	*b = t;
}

static int take_deadline(struct instance *into, const struct instance *from)
{
	if (from->deadline_at == into->deadline_at)
		return 0;
	into->deadline_at = from->deadline_at;
	return absence_take_timer(into, from);
}

/* What armed FROM is the later: INTO says what that says. */
static int take_arming(const struct rule *rule, struct instance *into, struct instance *from)
{
	into->arming_at = from->arming_at;
	into->counted = from->counted;
	/* Between steps INTO speaks of what its next step waits for. */
	if (into->step > 0)
		return 0;
	/* An instant that it named is its own, whatever was done later. */
	if (rule && absence_gives(rule) && take_deadline(into, from) < 0)
		return -ENOMEM;
	into->worth = from->worth;
	swap_text(&into->by, &from->by);
	swap_text(&into->data, &from->data);
	swap_text(&into->subject, &from->subject);
	return 0;
}

/* INTO waits from FROM's activity on. */
static int take_anchor(struct instance *into, const struct instance *from)
{
	into->anchor_at = from->anchor_at;
	/* Between steps: not before the wait is over. */
	return from->deadline_at > into->deadline_at ? take_deadline(into, from) : 0;
}

static bool is_later(const struct rule *rule, const struct journey *j, const struct instance *from,
	const struct instance *into)
{
	if (from->arming_at != into->arming_at)
		return from->arming_at > into->arming_at;
	return merge_compare_arming(rule, j, from, into) > 0;
}

/* Both wait, and INTO goes on: what of FROM's does? */
static int join_waits(const struct turn *t, struct instance *into, struct instance *from)
{
	const struct rule *rule = rules_of(t->rules, into);
	bool first = rule && rule->anchor_first;
	struct turn then = *t;

	/* As if it had come in for INTO. */
	then.ending = true;
	if (rule && into->step > 0 && from->step == 0 && !from->counted && from->by.len > 0)
		return absence_offer_waiting(&then, rule, into, from);
	if (!first && into->step > 0 && absence_join_words(into, from) < 0)
		return -ENOMEM;
	if (!first && is_later(rule, t->journey, from, into) && take_arming(rule, into, from) < 0)
		return -ENOMEM;
	/* Where the first arms only touches move, which both remember. */
	if (!first && from->anchor_at > into->anchor_at && take_anchor(into, from) < 0)
		return -ENOMEM;
	return first ? keep_arming(rule, into, from) : 0;
}

/* Both wait: FROM has ended, INTO goes on, from the later activity where that counts. */
static int join_armed(
	const struct turn *t, struct instance *into, struct instance *from, struct span key)
{
	const struct verdict v = {.end = OUTCOME_MERGED,
		.ended_by = into,
		.goes_on = true,
		.clause = SPAN_LIT("the customer waits for it already")};

	if (join_waits(t, into, from) < 0)
		return -ENOMEM;
	into->armed_at = int64_min(into->armed_at, from->armed_at);
	into->emitted = into->emitted > from->emitted ? into->emitted : from->emitted;
	into->skipped_steps |= from->skipped_steps;
	return end(t, from, &v, key);
}

/* Which of the two is what goes on? For what waits for nothing: whose news is the later. */
static bool leads(const struct turn *t, const struct instance *a, const struct instance *b)
{
	int c;

	if ((a->state == INSTANCE_ARMED) != (b->state == INSTANCE_ARMED))
		return a->state == INSTANCE_ARMED;
	if (a->state == INSTANCE_ARMED)
		return merge_goes_on(rules_of(t->rules, a), t->journey, a, b);
	/* That it was merged says less than what it was merged into. */
	if ((a->outcome == OUTCOME_MERGED) != (b->outcome == OUTCOME_MERGED))
		return b->outcome == OUTCOME_MERGED;
	if (a->touched_at != b->touched_at)
		return a->touched_at > b->touched_at;
	if (a->outcome != b->outcome)
		return a->outcome > b->outcome;
	c = span_compare(text_span(a->by), text_span(b->by));
	return c > 0 || (c == 0 && span_compare(text_span(a->data), text_span(b->data)) > 0);
}

static void swap(struct instance *a, struct instance *b)
{
	struct instance t = *a;

	*a = *b;
	*b = t;
}

/* KEYS: of the journey and of the one that is given up. */
static int join(const struct turn *t, struct instance *into, struct instance *from,
	const struct span keys[2])
{
	bool both = into->state == INSTANCE_ARMED && from->state == INSTANCE_ARMED;
	bool other = leads(t, from, into);

	if (other)
		swap(into, from);
	if (both && join_armed(t, into, from, keys[other ? 1 : 0]) < 0)
		return -ENOMEM;
	return absorb(t, into, from);
}

/* ---- what takes over ----------------------------------------------------------------------- */

/* One that arms alone is on the list only as long as it may be in force: what has ended for good
 * leaves none. But what counts stays, and what may yet be handed over. */
static bool has_plain(const struct instance *i)
{
	for (size_t n = 0; n < i->n_armings; n++) {
		const struct arming *a = &i->armings[n];

		if (a->by.len > 0 && (a->giver.len == 0 || a->stands))
			return true;
	}
	return false;
}

/* Of what had armed I on either side and was not in force, one may be so now. */
static int take_over_alone(const struct turn *t, const struct rule *rule, struct instance *i)
{
	struct arming_ask ask = {.after = i->cancelled_at, .over = i->cancelled_at};
	struct turn then = *t;
	int64_t over = i->cancelled_at;
	struct arming a;
	size_t n;
	int r;

	if (!has_plain(i))
		return 0;
	then.ending = true;
	if (i->state == INSTANCE_CLOSED) {
		absence_list_settle(i, INT64_MAX);
		return 0;
	}
	/* What was handed over to one that has rested since was refused then; what refused it may
	 * be forgotten by now. */
	if (i->touched_at != t->now)
		over = int64_max(over, t->known_at - ABSENCE_MEMORY_MS);
	if (i->state != INSTANCE_ARMED)
		return absence_arm_next(&then, rule, i, over);
	ask.until = i->arming_at;
	if (!rule->anchor_first || !absence_list_find(t->journey, rule, i, &ask, &n) ||
		i->armings[n].by.len == 0)
		return 0;
	if (absence_list_lend(i, n, &a) < 0)
		return -ENOMEM;
	r = absence_offer(&then, rule, i, &a);
	arming_release(&a);
	return r;
}

static int take_over(const struct turn *t, struct instance *i, const struct journey *other)
{
	const struct rule *rule = rules_of(t->rules, i);
	int r = rule ? absence_moments_ended(t, rule, i) : 0;

	if (r == 0 && rule)
		r = take_over_alone(t, rule, i);
	if (r == 0 && rule)
		r = paused_offer(t, rule, i);
	return r < 0 || !rule ? r : absence_recount_joined(t, rule, i, other);
}

/* ---- bounds -------------------------------------------------------------------------------- */

/* If all wait, the one that was armed last does not any more. */
static int keep_bound(const struct turn *t, struct span key)
{
	struct journey *j = t->journey;
	const struct verdict v = {.end = OUTCOME_LIMIT, .clause = SPAN_LIT("too much waits")};

	while (j->n_instances > JOURNEY_INSTANCES_MAX) {
		size_t victim = 0;

		if (journey_drop_instance(j))
			continue;
		for (size_t n = 1; n < j->n_instances; n++)
			if (j->instances[n].armed_at > j->instances[victim].armed_at)
				victim = n;
		if (end(t, &j->instances[victim], &v, key) < 0)
			return -ENOMEM;
		journey_remove_instance(j, victim);
	}
	return 0;
}

int merge_instances(const struct turn *t, const struct journey *other)
{
	_cleanup_(journey_freep) struct journey *side = NULL;
	struct journey *j = t->journey;
	const struct span keys[2] = {text_span(j->customer), text_span(other->customer)};
	const struct verdict *ours, *theirs;
	/* The other's may not have been looked at for long; the turn's own has been pruned. */
	int r = merge_copy_side(t, other, &side);

	if (r < 0)
		return r;
	ours = judge_all(t, j, side);
	theirs = judge_all(t, side, j);
	if (!ours || !theirs)
		return -ENOMEM;
	judge_moments(t, j, side, ours);
	judge_moments(t, side, j, theirs);
	/* Both as they were: what ended them is looked at until the last is carried out. */
	r = carry_out(t, j, ours, keys[1]);
	if (r == 0)
		r = carry_out(t, side, theirs, keys[0]);
	for (size_t n = 0; n < side->n_instances && r == 0; n++) {
		struct instance *from = &side->instances[n];
		struct span rule = text_span(from->rule), key = text_span(from->key);
		struct instance *into = journey_instance(j, rule, key);

		if (!into) {
			into = journey_insert_instance(j, rule, key);
			if (!into)
				return -ENOMEM;
			swap(into, from);
			continue;
		}
		r = join(t, into, from, keys);
	}
	if (r == 0)
		r = absence_touch_joined(t);
	for (size_t n = 0; n < j->n_instances && r == 0; n++)
		r = take_over(t, &j->instances[n], other);
	for (size_t n = 0; n < t->rules->n && r == 0; n++)
		if (t->rules->list[n].mode != RULE_OFF)
			r = absence_settle_over(t, &t->rules->list[n]);
	return r < 0 ? r : keep_bound(t, keys[1]);
}
