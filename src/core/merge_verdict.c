/* SPDX-License-Identifier: MIT */
/*
 * What one side of a merge knows that ends what the other side waits for, or takes back what it
 * sent: the contract of absence (absence.c) once more, but between states instead of an event and a
 * state. Each condition here is that of absence_cancel.c or absence_arm.c; what an event's arrival
 * decides there is decided by the instants that the states keep.
 */
#include "cancels.h"
#include "merge_instances.h"
#include "taken.h"

static bool same_key(const struct instance *a, const struct instance *b)
{
	return span_equal(text_span(a->key), text_span(b->key));
}

static bool is_whole(const struct instance *i)
{
	return span_equal(text_span(i->key), WHOLE);
}

/* Is X what Y is about, or a part of it? */
static bool is_within(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	return same_key(y, x) || (rule_key_is_partial(rule, text_span(y->key)) &&
					 rule_key_in(rule, text_span(y->key), text_span(x->key)));
}

/* Does a cancel that Y remembers concern X? That of the whole customer concerns every key; that of
 * a key what was armed without one. */
static bool reaches(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	if (is_within(rule, y, x) || is_whole(y))
		return true;
	return is_whole(x) && rule->key_else_customer;
}

/* Since when X waits, by what armed it last: had it been ended before that, as if it had been known
 * by whom the other is, that would have begun it anew. */
static int64_t since(const struct instance *x)
{
	return int64_max(x->armed_at, x->arming_at);
}

/* May it wait for longer than anything is kept: to an instant that is given, or was promised? */
static bool waits_for_ever(const struct rule *rule)
{
	return rule->wait.kind == WAIT_FIELD || rule->wait.kind == WAIT_LATE;
}

/* Had Y's key been closed for good when X was armed, or was it since? Mostly that is known as long
 * as X may wait; else as long as any cancel is. */
static bool closes(
	const struct rule *rule, const struct instance *y, const struct instance *x, int64_t now)
{
	if (waits_for_ever(rule) && cancels_until(rule, y->cancelled_at) <= now)
		return false;
	return y->state == INSTANCE_CLOSED && is_within(rule, y, x) && y->until_at > since(x);
}

/*
 * The latest cancel that Y remembers; INT64_MIN: none. It is forgotten by its own instant: what Y
 * is kept for otherwise, or came for it since, makes it no younger. For Y itself it stays: what it
 * has ended is not to begin again.
 */
static int64_t cancel_of(const struct rule *rule, const struct instance *y, int64_t now)
{
	/* While a key is closed it is known what closed it. */
	if (y->state == INSTANCE_CLOSED && y->until_at > now)
		return y->cancelled_at;
	return cancels_at(rule, y, 0, now);
}

/* A cancel from before what armed X counts within the slack, if it came when X waited already. */
static bool cancels(
	const struct rule *rule, const struct instance *y, const struct instance *x, int64_t now)
{
	int64_t at = cancel_of(rule, y, now);

	if (at == INT64_MIN || (rule->calendar && at <= absence_fired_until(x, 0)))
		return false;
	if (at >= x->arming_at)
		return true;
	/* Of several that armed it some may be gone. */
	if (x->counted && !absence_list_stands(rule, x, at))
		return true;
	return y->touched_at >= x->armed_at && at >= x->arming_at - rule->slack_ms;
}

/* Is X's wait over by what Y remembers: for good, or by a cancel? */
static bool stops(
	const struct rule *rule, const struct instance *y, const struct instance *x, int64_t now)
{
	return closes(rule, y, x, now) || (reaches(rule, y, x) && cancels(rule, y, x, now));
}

/* Does what the others wait for by Y end by something of one's own side? */
static bool is_cut(const struct merge_sides *s, const struct rule *rule, const struct instance *y)
{
	for (size_t n = 0; n < s->own->n_instances; n++) {
		const struct instance *z = &s->own->instances[n];

		if (span_equal(text_span(z->rule), text_span(y->rule)) && stops(rule, z, y, s->now))
			return true;
	}
	return false;
}

/* ---- sent already -------------------------------------------------------------------------- */

static bool has_sent(const struct instance *i)
{
	return i->last_deadline_at != INT64_MIN;
}

/* When the pause behind M is over. It was made some grace later, which is not kept; nor is whether
 * a gate put it off: so the pause counts from its deadline. */
static int64_t pause_of(const struct rule *rule, const struct emission *m)
{
	return m->deadline_at + rule->cooldown_ms;
}

/* Was a job of Y made, and its pause not over, when X was armed? Y may have begun to wait again
 * since; and what is CUT between steps cools from there on. */
static bool pauses(
	const struct rule *rule, const struct instance *y, const struct instance *x, bool cut)
{
	bool rests = y->state == INSTANCE_COOLING || cut;
	/* What it waits for by now has made none: its pause is that of the episode before. */
	bool again = y->state == INSTANCE_ARMED && !absence_made(y);
	int64_t at = since(x);

	if ((rests || again) && y->until_at > at)
		return true;
	for (size_t back = 0; has_sent(y) && back <= y->n_earlier; back++) {
		struct emission m = absence_emission(y, back);

		if (m.epoch >= x->epoch && at < pause_of(rule, &m))
			return true;
	}
	return false;
}

/* Did Y's job keep X from being armed: by the cooldown, by the number of episodes, or since what
 * armed X belongs to the time that Y's job was for? */
static bool precludes(const struct merge_sides *s, const struct rule *rule,
	const struct instance *y, const struct instance *x)
{
	bool waits = y->state == INSTANCE_ARMED, raised = x->epoch > y->epoch, cut;

	/* It waits for the year behind that, as a rule. */
	if (rule->calendar)
		return !raised && has_sent(y) && y->last_episode >= x->episode;
	/* Of an episode that goes on X is a part, perhaps; of one that a cancel ends, which took
	 * back what it sent, only the pause and the number are left. */
	cut = waits && absence_made(y) && is_cut(s, rule, y);
	if (waits && absence_made(y) && !cut)
		return false;
	/* An epoch that was raised allows again what comes, and not what has been. */
	if (!cut && absence_fired(rule, y, x->arming_at, x->deadline_at))
		return true;
	if (raised)
		return false;
	if (pauses(rule, y, x, cut))
		return true;
	return (!waits || cut) && rule->max_per_key > 0 && y->episode >= rule->max_per_key &&
	       absence_made(y);
}

/* A cooldown over all keys that began before X was armed and was not over then. */
static bool cools(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	return rule->cooldown_customer && y->cools_until > x->armed_at &&
	       y->cools_until - rule->cooldown_ms <= x->armed_at;
}

/* Is X part of what the others wait for by its key since before Y's job, which cools all keys? Then
 * it moves that, and begins nothing. */
static bool is_part(const struct merge_sides *s, const struct rule *rule, const struct instance *y,
	const struct instance *x)
{
	const struct instance *z =
		journey_instance(s->others, text_span(x->rule), text_span(x->key));

	if (!z || z->state != INSTANCE_ARMED || is_cut(s, rule, z))
		return false;
	return absence_made(z) || z->armed_at < y->cools_until - rule->cooldown_ms;
}

/* ---- other rules --------------------------------------------------------------------------- */

/* Did Y fire at AT or since? Of one that rests for another reason by now its jobs say so. */
static bool fired_since(const struct rule *rule, const struct instance *y, int64_t at)
{
	bool says = y->state == INSTANCE_COOLING || y->state == INSTANCE_ARMED;

	if (says && absence_made(y) && y->until_at != INT64_MIN &&
		y->until_at - rule->cooldown_ms >= at)
		return true;
	return has_sent(y) && absence_fired_until(y, 0) >= at;
}

/* Does Y's rule go before X's, and did it fire while X waited? Of one that waits it is decided when
 * X is due, as ever. */
static bool supersedes(
	const struct rules *rules, const struct instance *y, const struct instance *x)
{
	const struct rule *rule = rules_of(rules, y), *other = rules_of(rules, x);

	return rule && other && rules_supersedes(rules, rule, other) &&
	       fired_since(rule, y, since(x));
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static void judge_armed(const struct merge_sides *s, const struct rule *rule,
	const struct instance *y, const struct instance *x, struct verdict *v)
{
	bool same_rule = span_equal(text_span(y->rule), text_span(x->rule));
	enum outcome end = OUTCOME_NONE;
	struct span clause = SPAN_EMPTY;

	if (v->end != OUTCOME_NONE)
		return;
	if (same_rule && stops(rule, y, x, s->now)) {
		end = y->outcome == OUTCOME_GOAL ? OUTCOME_GOAL : OUTCOME_CANCELLED;
	} else if (same_rule && same_key(y, x) && precludes(s, rule, y, x)) {
		end = OUTCOME_MERGED;
		clause = SPAN_LIT("the customer was sent it already");
	} else if (same_rule && cools(rule, y, x) && !is_part(s, rule, y, x)) {
		end = OUTCOME_MERGED;
		clause = SPAN_LIT("the customer was sent one too recently");
		v->paused = true;
	} else if (!same_rule && supersedes(s->rules, y, x)) {
		end = OUTCOME_SUPERSEDED;
		clause = text_span(y->rule);
	}
	v->end = end;
	v->terminal = same_rule && closes(rule, y, x, s->now);
	v->ended_by = y;
	v->clause = clause;
}

/* M, a job of X; what happens behind its deadline is no concern of it if OVERTAKEN. */
struct made {
	const struct instance *x;
	const struct emission *m;
	bool overtaken;
};

/* Was AT, a cancel of Y from before what armed JOB, known before that, too? Then the slack is not
 * for it. Of episodes before the latest it is not kept when they were armed; of what counts several
 * it may have been between these. */
static bool is_before(const struct instance *y, const struct made *job, int64_t at)
{
	const struct instance *x = job->x;
	int64_t armed_at = job->m->episode == x->episode ? x->armed_at : job->m->arming_at;

	return at < job->m->arming_at && y->touched_at < armed_at && !x->counted;
}

/* The latest cancel of Y that disproves JOB; INT64_MIN: none does. */
static int64_t disproof(
	const struct rule *rule, const struct instance *y, const struct made *job, int64_t now)
{
	bool closed = closes(rule, y, job->x, now);

	for (size_t back = 0; (closed || reaches(rule, y, job->x)) && back <= y->n_cancels;
		back++) {
		int64_t at = back == 0 ? cancel_of(rule, y, now) : cancels_at(rule, y, back, now);

		if (at == INT64_MIN || (job->overtaken && at > job->m->deadline_at))
			continue;
		if (!closed && is_before(y, job, at))
			continue;
		if (absence_disproves(rule, job->x, job->m, at, closed))
			return at;
	}
	return INT64_MIN;
}

/* When the latest job of Z was due, whether it stands or was taken back; INT64_MIN: none. */
static int64_t made_until(const struct instance *z)
{
	bool rests = z->state != INSTANCE_ARMED && absence_made(z);

	return rests ? int64_max(z->last_deadline_at, z->deadline_at) : z->last_deadline_at;
}

/* Has Z, which is X under the other name (NULL: there is none), made jobs of episodes behind that
 * of M, a job of X, and later? The two count as one from here on. */
static bool is_overtaken(const struct rule *rule, const struct instance *z,
	const struct instance *x, const struct emission *m)
{
	return z && !rule->calendar && z->epoch == x->epoch && m->epoch == x->epoch &&
	       absence_out_last(z) > m->episode && made_until(z) > m->deadline_at;
}

/* What of OTHERS disproves JOB, and when that happened. */
static struct verdict_job disprover(
	const struct rule *rule, const struct journey *others, const struct made *job, int64_t now)
{
	for (size_t n = 0; n < others->n_instances; n++) {
		const struct instance *y = &others->instances[n];
		int64_t at = INT64_MIN;

		if (span_equal(text_span(y->rule), text_span(job->x->rule)))
			at = disproof(rule, y, job, now);
		if (at != INT64_MIN)
			return (struct verdict_job){.by = y, .at = at};
	}
	return (struct verdict_job){.by = NULL};
}

/* The jobs of both sides for one key, in the order in which they came due. */
struct sent {
	struct emission m;
	size_t back;
	bool theirs;
	bool stands; /* it has not been taken back */
	bool second;
};

#define SENT_MAX (2 * (1 + INSTANCE_EARLIER_MAX + INSTANCE_TAKEN_MAX))

static struct span name_of(const struct sent *a, struct span self)
{
	return a->m.subject.len > 0 ? text_span(a->m.subject) : self;
}

static bool comes_before(const struct sent *a, const struct sent *b, struct span self)
{
	int c = span_compare(name_of(a, self), name_of(b, self));

	if (a->m.deadline_at != b->m.deadline_at)
		return a->m.deadline_at < b->m.deadline_at;
	/* One side's own are in order. */
	return c < 0 || (c == 0 && a->theirs == b->theirs && a->back > b->back);
}

/* Should M, a job of X, never have been made, by what the other side knows? */
static bool is_void(const struct rule *rule, const struct journey *others, const struct instance *x,
	const struct emission *m, int64_t now)
{
	const struct made job = {x, m, true};

	return disprover(rule, others, &job, now).by != NULL;
}

/* Those of I, which is THEIRS or one's own, but for what should never have been sent: that repeats
 * nothing, and is not repeated. What was taken back for another reason had been sent. */
static size_t list_sent(const struct rule *rule, const struct merge_sides *s,
	const struct instance *i, bool theirs, struct sent *list)
{
	const struct journey *others = theirs ? s->own : s->others;
	size_t n = 0;

	for (size_t back = 0; has_sent(i) && back <= i->n_earlier; back++) {
		struct emission m = absence_emission(i, back);

		if (m.step != STEP_UNSENT && !is_void(rule, others, i, &m, s->now))
			list[n++] = (struct sent){m, back, theirs, true, false};
	}
	for (size_t k = 0; k < i->n_taken; k++) {
		struct emission m = taken_emission(&i->taken[k]);

		if (taken_counts(&i->taken[k], s->now) && !is_void(rule, others, i, &m, s->now))
			list[n++] = (struct sent){m, SIZE_MAX - k, theirs, false, false};
	}
	return n;
}

/* Would B not have been made, had it been known that it is for whom A was made for? */
static bool repeats(const struct rule *rule, const struct sent *a, const struct sent *b)
{
	if (a->theirs == b->theirs || a->m.epoch != b->m.epoch || a->m.step != b->m.step)
		return false;
	if (rule->calendar)
		return a->m.episode == b->m.episode;
	return b->m.arming_at < pause_of(rule, &a->m);
}

static void sort_sent(struct sent *list, size_t n, struct span self)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && comes_before(&list[k], &list[k - 1], self); k--) {
			struct sent later = list[k - 1];

			list[k - 1] = list[k];
			list[k] = later;
		}
}

/* Is A the first of its side that bears its name? */
static bool is_first(const struct sent *list, const struct sent *a, struct span self)
{
	for (const struct sent *b = list; b < a; b++)
		if (b->theirs == a->theirs && span_equal(name_of(b, self), name_of(a, self)))
			return false;
	return true;
}

/* Of what MINE and THEIRS are named after the first job stays, and what is behind one that stays,
 * of the other name, and was armed before its pause was over, is a second one. */
static void judge_names(const struct rule *rule, struct sent *list, size_t n,
	const struct sent *pair[2], struct span self)
{
	const struct span mine = name_of(pair[0], self), theirs = name_of(pair[1], self);
	bool stays[SENT_MAX] = {false};

	for (size_t i = 0; i < n; i++) {
		struct span name = list[i].theirs ? theirs : mine;

		stays[i] = span_equal(name_of(&list[i], self), name);
		for (size_t k = 0; k < i && stays[i]; k++) {
			if (!stays[k] || !repeats(rule, &list[k], &list[i]))
				continue;
			stays[i] = false;
			list[i].second = true;
		}
	}
}

/*
 * Which jobs of X were second ones, of what Y had sent by then? It is asked for each two of their
 * names by themselves, and what has been taken back counts as it did when it was sent: so it does
 * not matter which of several names turned out first to be one customer's. That one side waits
 * again, or what else has become of it, is of no concern.
 */
static void judge_twice(const struct rule *rule, const struct merge_sides *s,
	const struct instance *x, struct verdict *v)
{
	const struct instance *y =
		journey_instance(s->others, text_span(x->rule), text_span(x->key));
	struct sent list[SENT_MAX];
	size_t n, mine;

	if (!y)
		return;
	n = mine = list_sent(rule, s, x, false, list);
	n += list_sent(rule, s, y, true, list + n);
	if (mine == 0 || n == mine)
		return;
	sort_sent(list, n, s->self);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			const struct sent *pair[2] = {&list[i], &list[k]};

			if (!list[i].theirs && list[k].theirs &&
				is_first(list, &list[i], s->self) &&
				is_first(list, &list[k], s->self))
				judge_names(rule, list, n, pair, s->self);
		}
	for (size_t i = 0; i < n; i++)
		if (list[i].second && list[i].stands && !list[i].theirs)
			v->jobs[list[i].back] = (struct verdict_job){.by = y, .twice = true};
}

static void judge_sent(const struct rule *rule, const struct merge_sides *s,
	const struct instance *x, struct verdict *v)
{
	const struct instance *z =
		journey_instance(s->others, text_span(x->rule), text_span(x->key));

	for (size_t back = 0; back <= x->n_earlier; back++) {
		struct emission m = absence_emission(x, back);
		const struct made job = {x, &m, is_overtaken(rule, z, x, &m)};

		v->jobs[back] = disprover(rule, s->others, &job, s->now);
	}
	judge_twice(rule, s, x, v);
}

struct verdict merge_verdict(const struct merge_sides *s, const struct instance *x)
{
	const struct rule *rule = rules_of(s->rules, x);
	struct verdict v = {.end = OUTCOME_NONE, .cancelled_at = INT64_MIN};

	for (size_t n = 0; rule && n < s->others->n_instances; n++) {
		const struct instance *y = &s->others->instances[n];

		if (span_equal(text_span(y->rule), text_span(x->rule)) &&
			(is_within(rule, y, x) || is_whole(y)))
			v.cancelled_at = int64_max(v.cancelled_at, cancel_of(rule, y, s->now));
		if (x->state == INSTANCE_ARMED)
			judge_armed(s, rule, y, x, &v);
	}
	if (rule && has_sent(x))
		judge_sent(rule, s, x, &v);
	return v;
}

int merge_compare_arming(const struct rule *rule, const struct journey *j, const struct instance *a,
	const struct instance *b)
{
	struct arming mine, theirs;

	if (!rule)
		return 0;
	mine = absence_current(rule, a);
	theirs = absence_current(rule, b);
	return absence_compare_named(j, &mine, &theirs);
}

/* Does a job of the episode that I is in the midst of stand? */
static bool has_begun(const struct instance *i)
{
	return has_sent(i) && i->last_episode == i->episode && i->last_epoch == i->epoch;
}

bool merge_goes_on(const struct rule *rule, const struct journey *j, const struct instance *a,
	const struct instance *b)
{
	bool first = rule && rule->anchor_first;
	int c;

	if (a->step != b->step)
		return a->step > b->step;
	/* The next step is of the episode whose first was not taken back for the other's. */
	if (a->step > 0 && has_begun(a) != has_begun(b))
		return has_begun(a);
	/* The later one's of two that stand, and not the one that something has joined since. */
	if (!first && a->step > 0 && has_begun(a) && a->last_anchor_at != b->last_anchor_at)
		return a->last_anchor_at > b->last_anchor_at;
	/* Where the first arms, what touched it later does not make it the later one. */
	if (first && a->arming_at != b->arming_at)
		return a->arming_at < b->arming_at;
	if (!first && a->anchor_at != b->anchor_at)
		return a->anchor_at > b->anchor_at;
	c = merge_compare_arming(rule, j, a, b);
	if (c != 0)
		return (c < 0) == first;
	if (a->armed_at != b->armed_at)
		return (a->armed_at < b->armed_at) == first;
	if (a->fire_at != b->fire_at)
		return a->fire_at > b->fire_at;
	c = span_compare(text_span(a->data), text_span(b->data));
	if (c == 0)
		c = span_compare(text_span(a->subject), text_span(b->subject));
	return c > 0;
}
