/* SPDX-License-Identifier: MIT */
/*
 * What begins a wait and what moves it. An episode begins when nothing speaks against it, and what
 * does is noted, since "why did she not get it" is asked more often than the other question.
 */
#include "base/instant.h"

#include "absence_parts.h"
#include "paused.h"

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

int absence_read_event(const struct turn *t, const struct rule *rule, struct span key, bool counts,
	struct arming *ret)
{
	struct cond_scope scope = absence_scope(t, NULL, key);
	struct instance then = {.state = INSTANCE_IDLE};
	struct arming a = {
		.at = t->event->occurred_at,
		.deadline_at = TIME_NEVER,
		.worth = worth_of(t, rule),
	};
	int r = 0;

	if (absence_gives(rule) && !rule_deadline(rule, &scope, a.at, &a.deadline_at))
		a.deadline_at = TIME_NEVER;
	text_share(&then.rule, rule->id);
	text_share(&then.key, key);
	r = absence_snapshot(t, rule, &then);
	a.by = then.by;
	a.data = then.data;
	if (counts)
		text_release(&a.by);
	if (r == 0 && text_set(&a.subject, t->event->subject) < 0) {
		arming_release(&a);
		return -ENOMEM;
	}
	*ret = a;
	return r;
}

/* ---- what speaks against it ------------------------------------------------------------ */

/* The instance of RULE whose cooldown holds back all of them; NULL: none. */
static const struct instance *cooling(const struct turn *t, const struct rule *rule)
{
	const struct journey *j = t->journey;

	for (size_t n = 0; rule->cooldown_customer && n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (i->cools_until > t->now && span_equal(text_span(i->rule), rule->id))
			return i;
	}
	return NULL;
}

bool absence_only_moved(
	const struct turn *t, const struct rule *rule, const struct instance *i, int64_t b)
{
	const struct journey *j = t->journey;

	for (size_t n = 0; rule->cooldown_customer && n < j->n_instances; n++) {
		const struct instance *other = &j->instances[n];
		int64_t made_at = other->cools_until - rule->cooldown_ms;

		if (other->cools_until > i->arming_at && made_at <= b && i->armed_at < made_at &&
			span_equal(text_span(other->rule), rule->id))
			return true;
	}
	return false;
}

/* The entry of RULE that remembers a cancel of what happened to KEY at A; for what has no key that
 * is every one, since it may have been about that. One that is closed says more by that. NULL:
 * none. */
static const struct instance *canceller(
	const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	const struct journey *j = t->journey;
	bool any_key = rule->key == RULE_KEY_FIELD && span_equal(key, WHOLE);

	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];
		bool closed = i->state == INSTANCE_CLOSED && i->until_at > t->now;

		if (a > i->cancelled_at || !span_equal(text_span(i->rule), rule->id))
			continue;
		if (any_key || (!closed && absence_covers(rule, i, key)))
			return i;
	}
	return NULL;
}

static int note_until(
	const struct turn *t, const struct rule *rule, enum note_reason reason, int64_t until_at)
{
	char until[INSTANT_SIZE];

	instant_format(until_at, until);
	return absence_note(
		t, rule, reason, "%s %s", reason == NOTE_STALE ? "due at" : "until", until);
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
	if (rule->max_per_key > 0 && i->episode >= rule->max_per_key && absence_made(i) &&
		!allowed_again)
		return refuse(absence_note(
			t, rule, NOTE_MAX_EPISODES, "%u of %u", i->episode, rule->max_per_key));
	if (absence_fired(rule, i, a, deadline_at))
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

/* Do cancels and other keys let one of KEY begin? 0, -ENOMEM or REFUSED. */
static int check_others(const struct turn *t, const struct rule *rule, struct span key, int64_t a)
{
	const struct instance *other = canceller(t, rule, key, a);

	if (other)
		return refuse(note_older(t, rule, other));
	other = cooling(t, rule);
	return other ? refuse(note_until(t, rule, NOTE_COOLDOWN, other->cools_until)) : 0;
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

/* ---- what goes before ------------------------------------------------------------------- */

/* Of two keys of a rule that wait at a time, does A go before B? */
static bool goes_before(const struct instance *a, const struct instance *b)
{
	int c = decimal_compare(a->worth, b->worth);

	if (c == 0 && a->arming_at != b->arming_at)
		c = a->arming_at < b->arming_at ? -1 : 1;
	return (c ? c : span_compare(text_span(a->key), text_span(b->key))) > 0;
}

/* Up to behind the first value of a key of several. */
static struct span first_part(struct span key)
{
	const char *end = memchr(key.ptr, '/', key.len);

	return end ? span_of(key.ptr, (size_t)(end - key.ptr) + 1) : key;
}

/* All keys are rivals, or those that have the first of several values in common. */
static bool rivals(const struct turn *t, const struct rule *rule, const struct instance *a,
	const struct instance *b)
{
	struct span x = text_span(a->key), y = text_span(b->key);

	if (a == b || b->state != INSTANCE_ARMED ||
		!span_equal(text_span(a->rule), text_span(b->rule)) || absence_is_leaving(t, b))
		return false;
	if (rule->cooldown_customer || rule->n_key_fields < 2)
		return true;
	return span_equal(first_part(x), first_part(y));
}

const struct instance *absence_greater(
	const struct turn *t, const struct rule *rule, const struct instance *i)
{
	const struct journey *j = t->journey;

	for (size_t n = 0; rule->replace != REPLACE_NONE && n < j->n_instances; n++)
		if (rivals(t, rule, i, &j->instances[n]) && goes_before(&j->instances[n], i))
			return &j->instances[n];
	return NULL;
}

int absence_replace(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; rule->replace != REPLACE_NONE && n < j->n_instances && r == 0; n++) {
		if (!rivals(t, rule, i, &j->instances[n]))
			continue;
		r = absence_end(t, &j->instances[n], OUTCOME_REPLACED, text_span(i->key));
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
		const struct rule *other = rules_of(t->rules, i);

		if (i->state == INSTANCE_ARMED && other && rules_supersedes(t->rules, rule, other))
			r = absence_supersede(t, i, rule->id);
	}
	return r;
}

/* ---- arming ---------------------------------------------------------------------------- */

static int begin_episode(const struct turn *t, const struct rule *rule, struct instance *i,
	struct arming *a, const struct wait_of *wait)
{
	spent_begin(rule, i);
	/* A merge asks when the episode before was over; until when a cancel is remembered it has
	 * for itself. */
	if (i->state != INSTANCE_COOLING)
		i->until_at = INT64_MIN;
	i->state = INSTANCE_ARMED;
	i->outcome = OUTCOME_ARMED;
	i->step = 0;
	i->emitted = 0;
	i->anchor_at = wait->anchor_at;
	i->armed_at = t->now;
	i->deadline_at = wait->deadline_at;
	i->touched_at = t->now;
	i->version = rule->version;
	text_release(&i->superseded_by);
	absence_set_timer(t, rule, i);
	if (absence_keep_arming(t, rule, i, a) < 0)
		return -ENOMEM;
	return absence_count(t, COUNTER_ARMED);
}

struct instance *absence_instance(
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

int absence_no_deadline(const struct turn *t, const struct rule *rule)
{
	struct cond_scope scope = absence_scope(t, NULL, SPAN_EMPTY);
	char lacks[RULE_LACKS_MAX];
	int r;

	rule_wait_lacks(&rule->wait, &scope, lacks);
	r = absence_note(t, rule, NOTE_NO_DEADLINE, "%s", lacks);
	return r < 0 ? r : absence_count(t, COUNTER_NO_DEADLINE);
}

/* Would it be over at once, since its condition does not hold (exit_policy)? */
static bool would_leave(
	const struct turn *t, const struct rule *rule, const struct instance *i, struct span key)
{
	struct cond_scope scope = absence_scope(t, i, key);

	scope.event = NULL;
	/* Else it is asked of the instant at which it hands over. */
	return !absence_leaves_then(rule) && rule->exit_policy == EXIT_NOT_MATCHING &&
	       rule->fire_if && !cond_holds(rule->fire_if, &scope);
}

/* Would it wait from A on, if there were no cancels? Then what ends it later, and is known already,
 * has something to hand over. */
static bool might_wait(const struct turn *t, const struct rule *rule, const struct instance *i,
	int64_t a, int64_t deadline_at)
{
	int64_t made_at;

	if (cooling(t, rule) ||
		(rule->stale_ms != TIME_NEVER && deadline_at + rule->stale_ms < t->now))
		return false;
	if (!i)
		return true;
	if (i->state != INSTANCE_CLOSED || i->until_at <= t->now)
		return check_key(t, rule, i, a, deadline_at) == 0;
	/* What closed it may have come behind that; but it was cooling, or had its share, before.
	 */
	if (a > i->cancelled_at || absence_fired(rule, i, a, deadline_at))
		return false;
	if (!absence_made(i))
		return true;
	/* A job that was taken back cools all the same. */
	made_at = i->last_deadline_at != INT64_MIN ? i->last_deadline_at : i->deadline_at;
	return a - rule->cooldown_ms >= made_at &&
	       (rule->max_per_key == 0 || i->episode < rule->max_per_key);
}

static int note_moment(const struct turn *t, const struct rule *rule, struct span key, int64_t a,
	int64_t deadline_at)
{
	struct instance *i = journey_instance(t->journey, rule->id, key);
	const struct moment m = {a, MOMENT_ARMS};
	int r = 0;

	if (!absence_hands_over(rule) || would_leave(t, rule, i, key) ||
		!might_wait(t, rule, i, a, deadline_at))
		return 0;
	i = absence_instance(t, rule, key, &r);
	if (!i)
		return r;
	i->touched_at = t->now;
	return absence_moment(t, rule, i, &m);
}

int absence_begin(const struct turn *t, const struct rule *rule, struct span key, struct arming *a)
{
	struct instance *i;
	struct wait_of wait;
	int r;

	if (!absence_deadline(t, rule, key, a, &wait))
		return absence_no_deadline(t, rule);
	/* What counts has its own moments: of several one may yet be gone. */
	r = a->by.len > 0 ? note_moment(t, rule, key, a->at, wait.deadline_at) : 0;
	if (r == 0)
		r = check(t, rule, key, a->at, wait.deadline_at);
	if (r != 0)
		return r < 0 ? r : paused_note(t, rule, key, a);
	i = absence_instance(t, rule, key, &r);
	return i ? begin_episode(t, rule, i, a, &wait) : r;
}

int absence_again(
	const struct turn *t, const struct rule *rule, struct instance *i, struct arming *a)
{
	const struct moment m = {a->at, MOMENT_ARMS};
	const struct instance *other;

	if (!absence_owns(t, rule, i))
		return 0;
	if (a->by.len > 0 && absence_moment(t, rule, i, &m) < 0)
		return -ENOMEM;
	other = canceller(t, rule, text_span(i->key), a->at);
	return other ? note_older(t, rule, other) : absence_offer(t, rule, i, a);
}

static int arm_key(const struct turn *t, const struct rule *rule, struct span key)
{
	struct instance *i = journey_instance(t->journey, rule->id, key);
	bool armed = i && i->state == INSTANCE_ARMED;
	struct arming a = {.at = 0};
	int r;

	if (armed ? !absence_owns(t, rule, i) : rule->retired)
		return 0;
	r = absence_read_event(t, rule, key, false, &a);
	if (r == 0 && absence_gives(rule) && a.deadline_at == TIME_NEVER)
		r = armed ? absence_count(t, COUNTER_NO_DEADLINE) : absence_no_deadline(t, rule);
	else if (r == 0)
		r = armed ? absence_again(t, rule, i, &a) : absence_begin(t, rule, key, &a);
	arming_release(&a);
	return r;
}

int absence_arm_next(
	const struct turn *t, const struct rule *rule, struct instance *i, int64_t over)
{
	struct arming_ask ask = {.after = absence_settled_until(t, rule, i), .until = INT64_MAX};
	struct turn then = *t;
	struct arming a;
	size_t n;
	int r;

	ask.over = int64_max(over, ask.after);
	if (rule->retired || !absence_list_find(t->journey, rule, i, &ask, &n))
		return 0;
	then.ending = true;
	a = i->armings[n];
	if (a.by.len > 0 && absence_list_lend(i, n, &a) < 0)
		return -ENOMEM;
	r = absence_begin(&then, rule, text_span(i->key), &a);
	/* What a plain one refers to was its own. */
	if (a.by.len > 0)
		arming_release(&a);
	if (i->state != INSTANCE_ARMED)
		absence_list_settle(i, INT64_MAX);
	return r;
}

/* ---- at_least -------------------------------------------------------------------------- */

/* Might I wait from A on, if A were the last of as many as it takes? */
static bool might_be_last(const struct turn *t, const struct rule *rule, const struct instance *i,
	const struct arming *a)
{
	struct span key = text_span(i->key);
	struct wait_of wait;

	if (!absence_hands_over(rule) || !absence_deadline(t, rule, key, a, &wait))
		return false;
	return i->state == INSTANCE_ARMED ||
	       (!would_leave(t, rule, i, key) && might_wait(t, rule, i, a->at, wait.deadline_at));
}

/* One more of what the entry of M counts. */
static int count_one(
	const struct turn *t, const struct rule *rule, struct span key, const struct rule_match *m)
{
	struct moment moment = {t->event->occurred_at, MOMENT_COUNTS + m->entry};
	struct instance *i;
	struct arming a = {.at = 0};
	bool settled;
	int r = 0;

	i = journey_instance(t->journey, rule->id, key);
	if (rule->retired && !(i && absence_owns(t, rule, i)))
		return 0;
	i = absence_instance(t, rule, key, &r);
	if (!i)
		return r;
	r = absence_read_event(t, rule, key, true, &a);
	a.entry = m->entry;
	if (r == 0 && !might_be_last(t, rule, i, &a))
		moment.what = MOMENT_HELPS + m->entry;
	/* A cancel is forgotten before what a long window counts: what it settled is not put by. */
	settled = a.at <= absence_ended_at(t, rule, i);
	if (r < 0 || absence_moment(t, rule, i, &moment) < 0 ||
		(!settled && absence_list_add(i, &a) < 0)) {
		arming_release(&a);
		return -ENOMEM;
	}
	if (settled)
		arming_release(&a);
	i->touched_at = t->now;
	return absence_recount(t, rule, i, m, t->event->occurred_at);
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

/* One entry armed it by the very event of which another has too few: that is not why not. */
static void forget_count(const struct turn *t, const struct rule *rule, struct span key)
{
	const struct instance *i = journey_instance(t->journey, rule->id, key);
	const struct note *n = journey_note(t->journey, rule->id);

	if (!i || i->state != INSTANCE_ARMED || i->arming_at != t->event->occurred_at)
		return;
	if (n && n->reason == NOTE_COUNT && n->at == t->now && n->by_at == t->event->occurred_at)
		journey_remove_note(t->journey, (size_t)(n - t->journey->notes));
}

int absence_arm_not(const struct turn *t, const struct rule *rule)
{
	char buf[RULE_KEY_MAX];
	struct span key = rule_event_key(rule, t->event, buf);
	struct verdict v = ask_entries(t, rule, key);

	return v.named && !v.plain && !v.counted ? note_condition(t, rule, key) : 0;
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
	if (r == 0 && v.plain)
		r = arm_key(t, rule, key);
	if (v.counted)
		forget_count(t, rule, key);
	return r;
}
