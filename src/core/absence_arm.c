/* SPDX-License-Identifier: MIT */
/*
 * What begins a wait and what moves it. An episode begins when nothing speaks against it, and what
 * does is noted, since "why did she not get it" is asked more often than the other question.
 */
#include "base/instant.h"

#include "absence_parts.h"

/* What `replace` compares; a text with a number counts as one, and nothing as 0. */
static struct decimal worth_of(const struct turn *t, const struct rule *rule)
{
	struct decimal worth = decimal_from_int(0);
	const struct value *v;

	if (rule->replace != REPLACE_GREATEST)
		return worth;
	v = event_field(t->event, rule->replace_field);
	if (v->type == VALUE_NUMBER)
		return v->number;
	if (v->type != VALUE_STRING || decimal_parse(v->text, &worth) != 0)
		return decimal_from_int(0);
	return worth;
}

/* ---- moving ---------------------------------------------------------------------------- */

/* The activity at A moves an armed instance's deadline, forward only. */
static int move(
	const struct turn *t, const struct rule *rule, struct instance *i, int64_t a, bool arming)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);
	int64_t deadline_at = i->deadline_at;
	int r = 0;

	/* What a prediction follows from has changed, and not what it counts from. */
	if (rule->wait.kind == WAIT_LATE && !arming) {
		scope.event = NULL;
		a = i->anchor_at;
		/* Of the arming events the last counts, or the first, in whatever order they come
		 * in. */
	} else if (rule->anchor_first && arming) {
		if (a >= i->anchor_at || (rule->n_touch > 0 && rule->wait.kind != WAIT_LATE))
			return 0;
	} else if (a < i->anchor_at) {
		return 0;
	}
	/* A given instant does not move with activity. */
	if ((rule->wait.kind != WAIT_FIELD || arming) &&
		!rule_deadline(rule, &scope, a, &deadline_at))
		return absence_count(t, COUNTER_NO_DEADLINE);
	if (arming) {
		r = absence_snapshot(t, rule, i);
		i->worth = worth_of(t, rule);
	}
	i->anchor_at = a;
	/* Between steps the next one is due after the step before, and not before the wait. */
	if (i->step > 0)
		deadline_at = int64_max(deadline_at, i->deadline_at);
	if (deadline_at != i->deadline_at) {
		i->deadline_at = deadline_at;
		absence_unhold(i);
		absence_undefer(i);
		absence_set_timer(t, rule, i);
	}
	i->touched_at = t->now;
	return r;
}

int absence_touch(const struct turn *t, const struct rule *rule, struct span key)
{
	struct journey *j = t->journey;
	bool whole = span_equal(key, WHOLE);
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];

		if (i->state != INSTANCE_ARMED || !absence_owns(t, rule, i))
			continue;
		if (whole || rule_key_in(rule, key, text_span(i->key)))
			r = move(t, rule, i, t->event->occurred_at, false);
	}
	return r;
}

/* ---- what speaks against it ------------------------------------------------------------ */

/* The instance of RULE that keeps the one of KEY from being armed: by a cooldown that they share,
 * or by a cancel of what, without a key, it may have been about. NULL: none. */
static const struct instance *hindrance(
	const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	const struct journey *j = t->journey;
	bool any_key = rule->key == RULE_KEY_FIELD && span_equal(key, WHOLE);

	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (!span_equal(text_span(i->rule), rule->id))
			continue;
		if (rule->cooldown_customer && i->cools_until > t->now)
			return i;
		if (any_key && a <= i->cancelled_at)
			return i;
	}
	return NULL;
}

/* The rule that supersedes this one and waits; empty: none. */
static struct span superior(const struct turn *t, const struct rule *rule)
{
	const struct journey *j = t->journey;

	for (size_t n = 0; rule->has_superior && n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];
		const struct rule *other;

		if (i->state != INSTANCE_ARMED)
			continue;
		other = rules_of(t->rules, i);
		for (size_t k = 0; other && k < other->n_supersedes; k++)
			if (span_equal(other->supersedes[k], rule->id))
				return other->id;
	}
	return SPAN_EMPTY;
}

static int note_until(
	const struct turn *t, const struct rule *rule, enum note_reason reason, int64_t until_at)
{
	char until[INSTANT_SIZE];

	instant_format(until_at, until);
	return absence_note(t, rule, reason, "until %s", until);
}

enum { REFUSED = 1 };

/* 0, -ENOMEM, or REFUSED with the reason noted. */
static int refuse(int noted)
{
	return noted < 0 ? noted : REFUSED;
}

static int note_older(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	return absence_note(
		t, rule, NOTE_OLDER_CANCEL, "%.*s", (int)i->by.len, i->by.len ? i->by.ptr : "");
}

/* Is the key of I free for an episode at event time A? */
static int check_key(const struct turn *t, const struct rule *rule, const struct instance *i,
	int64_t a, int64_t deadline_at)
{
	bool allowed_again = i->episode > 0 && rule->epoch > i->epoch;

	if (i->state == INSTANCE_CLOSED && i->until_at > t->now)
		return refuse(note_until(t, rule, NOTE_TOMBSTONE, i->until_at));
	if (i->state == INSTANCE_COOLING && i->until_at > t->now && !allowed_again)
		return refuse(note_until(t, rule, NOTE_COOLDOWN, i->until_at));
	if (a <= i->cancelled_at)
		return refuse(note_older(t, rule, i));
	if (rule->max_per_key > 0 && i->episode >= rule->max_per_key && absence_made(i) &&
		!allowed_again)
		return refuse(absence_note(
			t, rule, NOTE_MAX_EPISODES, "%u of %u", i->episode, rule->max_per_key));
	/* An addition from within the period that has fired came late: it belongs to that one. */
	if (rule->wait.kind == WAIT_FIELD ? deadline_at <= i->last_deadline_at
					  : a <= i->last_deadline_at)
		return refuse(absence_note(t, rule, NOTE_FIRED, "%s", ""));
	return 0;
}

/* What an entry says that KEY is part of: the order of the line. 0, -ENOMEM or REFUSED. */
static int check_above(const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	const struct instance *i = NULL;
	int r = 0;

	while (r == 0 && (i = absence_above(t, rule, key, i)) != NULL) {
		if (i->state == INSTANCE_CLOSED && i->until_at > t->now)
			r = refuse(note_until(t, rule, NOTE_TOMBSTONE, i->until_at));
		else if (a <= i->cancelled_at)
			r = refuse(note_older(t, rule, i));
	}
	return r;
}

/* Do other keys and other rules let one of KEY begin? 0, -ENOMEM or REFUSED. */
static int check_others(const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	const struct instance *whole = journey_instance(t->journey, rule->id, WHOLE);
	const struct instance *other;
	struct span by;

	if (whole && a <= whole->cancelled_at)
		return refuse(note_older(t, rule, whole));
	other = hindrance(t, rule, key, a);
	if (other && rule->cooldown_customer && other->cools_until > t->now)
		return refuse(note_until(t, rule, NOTE_COOLDOWN, other->cools_until));
	if (other)
		return refuse(note_older(t, rule, other));
	by = superior(t, rule);
	if (by.len > 0)
		return refuse(absence_note(t, rule, NOTE_SUPERSEDED, "%.*s", (int)by.len, by.ptr));
	return 0;
}

/* May an episode begin for KEY at event time A? 0, -ENOMEM or REFUSED. */
static int check(const struct turn *t, const struct rule *rule, struct span key, int64_t a,
	int64_t deadline_at)
{
	const struct instance *i = journey_instance(t->journey, rule->id, key);
	int r = check_others(t, rule, key, a);

	if (r == 0)
		r = check_above(t, rule, key, a);
	if (r == 0 && i)
		r = check_key(t, rule, i, a, deadline_at);
	if (r != 0)
		return r;
	if (rule->stale_ms == TIME_NEVER || deadline_at + rule->stale_ms >= t->now)
		return 0;
	if (absence_count(t, COUNTER_STALE) < 0)
		return -ENOMEM;
	return refuse(note_until(t, rule, NOTE_STALE, deadline_at));
}

/* ---- replacing ------------------------------------------------------------------------- */

/* Of another key of the rule that waits and the one that comes, one is let go. 0, -ENOMEM or
 * REFUSED: it is the one that comes. */
static int replace(const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	struct journey *j = t->journey;
	struct decimal worth = worth_of(t, rule);
	int r = 0;

	for (size_t n = 0; rule->replace != REPLACE_NONE && n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];
		int c = decimal_compare(worth, i->worth);

		if (i->state != INSTANCE_ARMED || !span_equal(text_span(i->rule), rule->id) ||
			span_equal(text_span(i->key), key))
			continue;
		if (c < 0 || (c == 0 && a < i->anchor_at))
			return refuse(absence_note(
				t, rule, NOTE_REPLACE, "%.*s", (int)i->key.len, i->key.ptr));
		r = absence_end(t, i, OUTCOME_REPLACED, key);
		if (r == 0)
			r = absence_count(t, COUNTER_REPLACED);
	}
	return r;
}

int absence_end_inferiors(const struct turn *t, const struct rule *rule)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; rule->n_supersedes > 0 && n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];
		bool inferior = false;

		for (size_t k = 0; k < rule->n_supersedes && !inferior; k++)
			inferior = span_equal(text_span(i->rule), rule->supersedes[k]);
		if (!inferior || i->state != INSTANCE_ARMED)
			continue;
		r = absence_end(t, i, OUTCOME_SUPERSEDED, rule->id);
		if (r == 0)
			r = text_set(&i->superseded_by, rule->id);
		if (r == 0)
			r = absence_count(t, COUNTER_SUPERSEDED);
	}
	return r;
}

/* ---- arming ---------------------------------------------------------------------------- */

static int begin_episode(const struct turn *t, const struct rule *rule, struct instance *i,
	int64_t anchor_at, int64_t deadline_at)
{
	if (rule->epoch > i->epoch) {
		i->epoch = rule->epoch;
		i->episode = 0;
	}
	i->state = INSTANCE_ARMED;
	i->outcome = OUTCOME_ARMED;
	/* What made no job has used up no episode, in whatever order cancels come in. */
	if (i->episode == 0 || absence_made(i))
		i->episode++;
	i->step = 0;
	i->emitted = 0;
	i->anchor_at = anchor_at;
	i->armed_at = t->now;
	i->deadline_at = deadline_at;
	i->until_at = INT64_MIN;
	i->touched_at = t->now;
	i->version = rule->version;
	i->worth = worth_of(t, rule);
	text_release(&i->superseded_by);
	text_release(&i->subject);
	absence_set_timer(t, rule, i);
	if (absence_snapshot(t, rule, i) < 0 || absence_count(t, COUNTER_ARMED) < 0)
		return -ENOMEM;
	return absence_end_inferiors(t, rule);
}

static bool touches_anything(const struct rule *rule)
{
	for (size_t n = 0; n < rule->n_touch; n++)
		if (rule->touch[n].by == MATCH_ANY && !rule->touch[n].when)
			return rule->key == RULE_KEY_CUSTOMER;
	return false;
}

/* The instance of KEY, added if there is none. NULL with *RET: no memory (-ENOMEM), or no room
 * (noted). */
static struct instance *instance_of(
	const struct turn *t, const struct rule *rule, struct span key, int *ret)
{
	struct instance *i = journey_instance(t->journey, rule->id, key);

	if (i)
		return i;
	i = journey_add_instance(t->journey, rule->id, key);
	if (i) {
		i->epoch = rule->epoch;
		return i;
	}
	*ret = -ENOMEM;
	if (errno == ENOSPC && absence_count(t, COUNTER_LIMIT) == 0)
		*ret = absence_note(t, rule, NOTE_LIMIT, "%s", "");
	return NULL;
}

static int arm_at(const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	struct instance *i = journey_instance(t->journey, rule->id, key);
	struct cond_scope scope = absence_scope(t, i, key);
	int64_t anchor_at = a, deadline_at;
	int r;

	if (i && i->state == INSTANCE_ARMED)
		return absence_owns(t, rule, i) ? move(t, rule, i, a, true) : 0;
	if (rule->retired)
		return 0;
	/* Where any event moves the anchor, one that overtook this one has moved it already. */
	if (touches_anything(rule) && t->last_before > a && rule->wait.kind == WAIT_SPAN &&
		t->last_before <= a + rule->wait.span_ms)
		anchor_at = t->last_before;
	if (!rule_deadline(rule, &scope, anchor_at, &deadline_at)) {
		r = absence_note(t, rule, NOTE_NO_DEADLINE, "%s", "");
		return r < 0 ? r : absence_count(t, COUNTER_NO_DEADLINE);
	}
	r = check(t, rule, key, a, deadline_at);
	if (r == 0)
		r = replace(t, rule, key, a);
	if (r != 0)
		return r < 0 ? r : 0;
	i = instance_of(t, rule, key, &r);
	return i ? begin_episode(t, rule, i, anchor_at, deadline_at) : r;
}

int absence_arm_key(const struct turn *t, const struct rule *rule, struct span key)
{
	return arm_at(t, rule, key, t->event->occurred_at);
}

/* ---- at_least -------------------------------------------------------------------------- */

/* Times of several entries stand in one list, each with the number of its entry. */
static int64_t time_of(const struct instance *i, size_t n)
{
	int64_t rest = i->times[n] % RULE_MATCHES_MAX;

	return (i->times[n] - (rest < 0 ? rest + RULE_MATCHES_MAX : rest)) / RULE_MATCHES_MAX;
}

static size_t entry_of(const struct instance *i, size_t n)
{
	return (size_t)(i->times[n] - time_of(i, n) * RULE_MATCHES_MAX);
}

/* In its place; the earliest makes room. */
static int add_time(struct instance *i, int64_t at, size_t entry)
{
	int64_t coded = at * RULE_MATCHES_MAX + (int64_t)entry;
	size_t place = i->n_times;
	int64_t *more;

	if (i->n_times == INSTANCE_TIMES_MAX) {
		if (coded <= i->times[0])
			return 0;
		memmove(i->times, i->times + 1, (i->n_times - 1) * sizeof(*i->times));
		place = --i->n_times;
	}
	more = realloc(i->times, (i->n_times + 1) * sizeof(*i->times));
	if (!more)
		return -ENOMEM;
	i->times = more;
	for (; place > 0 && i->times[place - 1] > coded; place--)
		i->times[place] = i->times[place - 1];
	i->times[place] = coded;
	i->n_times++;
	return 0;
}

/* The most of M's entry that stand in one window, and where the last window that is full ends. */
static size_t window(
	const struct instance *i, const struct rule_match *m, int64_t after, int64_t *ret_end)
{
	int64_t at[INSTANCE_TIMES_MAX] = {0};
	size_t n = 0, most = 0;

	for (size_t k = 0; k < i->n_times; k++)
		if (entry_of(i, k) == m->entry && time_of(i, k) > after)
			at[n++] = time_of(i, k);
	for (size_t first = 0, last = 0; last < n; last++) {
		while (at[last] - at[first] > m->within_ms)
			first++;
		if (last - first + 1 >= m->count)
			*ret_end = at[last];
		if (last - first + 1 > most)
			most = last - first + 1;
	}
	return most;
}

/* One more of what the entry of M counts. */
static int count_one(
	const struct turn *t, const struct rule *rule, struct span key, const struct rule_match *m)
{
	const struct instance *whole;
	struct instance *i;
	int64_t after, end = INT64_MIN;
	size_t most;
	int r = 0;

	i = journey_instance(t->journey, rule->id, key);
	if (rule->retired && !(i && absence_owns(t, rule, i)))
		return 0;
	i = instance_of(t, rule, key, &r);
	if (!i)
		return r;
	if (add_time(i, t->event->occurred_at, m->entry) < 0)
		return -ENOMEM;
	i->touched_at = t->now;
	if (i->state == INSTANCE_IDLE)
		i->until_at = int64_max(i->until_at, t->now + m->within_ms + ABSENCE_MEMORY_MS);
	after = int64_max(i->cancelled_at, i->last_deadline_at);
	/* Not before: a new instance moves the others. */
	whole = journey_instance(t->journey, rule->id, WHOLE);
	after = whole ? int64_max(after, whole->cancelled_at) : after;
	for (whole = NULL; (whole = absence_above(t, rule, key, whole)) != NULL;)
		after = int64_max(after, whole->cancelled_at);
	most = window(i, m, after, &end);
	if (end > INT64_MIN)
		return arm_at(t, rule, key, end);
	return absence_note(t, rule, NOTE_COUNT, "%zu of %u", most, m->count);
}

/* ---- the arming events ----------------------------------------------------------------- */

/* What the arm list says of an event. */
struct verdict {
	bool named, plain; /* an entry has its name; one is enough of it */
	uint32_t counted;  /* bit n: match n holds, and counts */
};

static struct verdict ask_entries(const struct turn *t, const struct rule *rule, struct span key)
{
	const struct instance *i = key.len ? journey_instance(t->journey, rule->id, key) : NULL;
	struct cond_scope scope = absence_scope(t, i, key);
	struct verdict v = {false, false, 0};
	uint32_t entries = 0;

	static_assert(RULE_MATCHES_MAX <= 32, "bits");
	for (size_t n = 0; n < rule->n_arm; n++) {
		const struct rule_match *m = &rule->arm[n];

		if (!rule_match_named(m, t->event))
			continue;
		v.named = true;
		if (m->when && !cond_holds(m->when, &scope))
			continue;
		if (m->count <= 1)
			v.plain = true;
		else if (!(entries >> m->entry & 1))
			v.counted |= UINT32_C(1) << n;
		entries |= UINT32_C(1) << m->entry;
	}
	return v;
}

/* Which condition was false, with the values; of several entries the first. */
static int note_condition(const struct turn *t, const struct rule *rule, struct span key)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	const struct instance *i = key.len ? journey_instance(t->journey, rule->id, key) : NULL;
	struct cond_scope scope = absence_scope(t, i, key);

	for (size_t n = 0; n < rule->n_arm && words.len == 0; n++) {
		const struct rule_match *m = &rule->arm[n];

		if (!rule_match_named(m, t->event) || !m->when)
			continue;
		if (cond_explain(m->when, &scope, &words) < 0)
			return -ENOMEM;
	}
	return absence_note(
		t, rule, NOTE_CONDITION, "%.*s", (int)words.len, words.len ? words.ptr : "");
}

int absence_arm(const struct turn *t, const struct rule *rule, bool *ret_hit)
{
	char buf[RULE_KEY_MAX];
	struct span key = rule_event_key(rule, t->event, buf);
	struct verdict v = ask_entries(t, rule, key);
	int r = 0;

	*ret_hit = v.plain || v.counted;
	if (!*ret_hit)
		return v.named ? note_condition(t, rule, key) : 0;
	if (key.len == 0)
		return absence_note(t, rule, NOTE_NO_KEY, "%.*s", (int)rule->key_prefix.len,
			rule->key_prefix.len ? rule->key_prefix.ptr : "");
	for (size_t n = 0; n < rule->n_arm && r == 0; n++)
		if (v.counted >> n & 1)
			r = count_one(t, rule, key, &rule->arm[n]);
	return r == 0 && v.plain ? arm_at(t, rule, key, t->event->occurred_at) : r;
}
