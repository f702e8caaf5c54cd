/* SPDX-License-Identifier: MIT */
/*
 * Which of several arming events arms. Mostly the last does, and all others may be forgotten: a
 * cancel that reaches it reaches them too. Where the first does, or where they are counted, a
 * cancel that comes to be known late may end one and leave another. These are kept, and after every
 * arming event and every cancel the same question is asked of all that are left, so that it does
 * not matter in which order they came in.
 *
 * One that arms by itself (it has `by`) is on the list while it is not the one in force. One that
 * counts is always on it.
 */
#include "absence_parts.h"

bool absence_gives(const struct rule *rule)
{
	return rule->wait.kind == WAIT_FIELD;
}

int absence_compare(const struct arming *a, const struct arming *b)
{
	int c;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->deadline_at != b->deadline_at)
		return a->deadline_at < b->deadline_at ? -1 : 1;
	c = decimal_compare(a->worth, b->worth);
	/* One that arms alone is behind one that counts. */
	if (c == 0)
		c = (a->by.len > 0) - (b->by.len > 0);
	if (c == 0)
		c = span_compare(text_span(a->data), text_span(b->data));
	return c ? c : span_compare(text_span(a->by), text_span(b->by));
}

static struct span name_of(const struct journey *j, const struct arming *a)
{
	return text_span(a->subject.len > 0 ? a->subject : j->customer);
}

int absence_compare_named(const struct journey *j, const struct arming *a, const struct arming *b)
{
	int c = absence_compare(a, b);

	return c ? c : span_compare(name_of(j, a), name_of(j, b));
}

struct arming absence_current(const struct rule *rule, const struct instance *i)
{
	struct arming a = {.at = i->arming_at, .deadline_at = TIME_NEVER, .worth = i->worth};

	if (absence_gives(rule))
		a.deadline_at = i->deadline_at;
	a.subject = i->subject;
	a.data = i->data;
	if (!i->counted)
		a.by = i->by;
	return a;
}

static bool is_given(const struct arming *a)
{
	return a->giver.len > 0;
}

static bool is_plain(const struct arming *a)
{
	return a->by.len > 0 && !is_given(a);
}

static bool is_counted(const struct arming *a)
{
	return !is_given(a) && !is_plain(a);
}

static void remove_at(struct instance *i, size_t n)
{
	i->n_armings--;
	memmove(i->armings + n, i->armings + n + 1, (i->n_armings - n) * sizeof(*i->armings));
	if (i->n_armings == 0) {
		free(i->armings);
		i->armings = NULL;
	}
}

struct arming absence_list_take(struct instance *i, size_t n)
{
	struct arming a = i->armings[n];

	remove_at(i, n);
	return a;
}

int absence_copy(const struct arming *a, struct arming *ret)
{
	struct arming copy = *a;

	copy.by = copy.data = copy.subject = copy.giver = copy.about = (struct text){.ptr = NULL};
	if (text_set(&copy.by, text_span(a->by)) < 0 ||
		text_set(&copy.data, text_span(a->data)) < 0 ||
		text_set(&copy.subject, text_span(a->subject)) < 0 ||
		text_set(&copy.giver, text_span(a->giver)) < 0 ||
		text_set(&copy.about, text_span(a->about)) < 0) {
		arming_release(&copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

int absence_list_lend(struct instance *i, size_t n, struct arming *ret)
{
	if (!is_given(&i->armings[n])) {
		*ret = absence_list_take(i, n);
		return 0;
	}
	if (absence_copy(&i->armings[n], ret) < 0)
		return -ENOMEM;
	text_release(&ret->giver);
	text_release(&ret->about);
	ret->stands = false;
	return 0;
}

bool absence_list_given(const struct instance *i, const struct arming *a)
{
	for (size_t n = 0; n < i->n_armings; n++)
		if (is_given(&i->armings[n]) && i->armings[n].stands &&
			absence_compare(&i->armings[n], a) == 0)
			return true;
	return false;
}

static void drop(struct instance *i, size_t n)
{
	arming_release(&i->armings[n]);
	remove_at(i, n);
}

/* What it all keeps of events is not more than an instance keeps of one; the earliest makes room,
 * and first those that count, which they do without, too. */
static void bound_data(struct instance *i, size_t kept)
{
	for (size_t n = 0; n < i->n_armings; n++)
		kept += i->armings[n].data.len;
	for (size_t n = 0; n < i->n_armings && kept > INSTANCE_DATA_MAX; n++) {
		if (!is_counted(&i->armings[n]))
			continue;
		kept -= i->armings[n].data.len;
		text_release(&i->armings[n].data);
	}
	for (size_t n = 0; n < i->n_armings && kept > INSTANCE_DATA_MAX;) {
		size_t len = i->armings[n].data.len;

		kept -= len;
		if (len > 0)
			drop(i, n);
		else
			n++;
	}
}

/* Of a full list the earliest goes, but for those that count: all that a rule counts have room. */
static size_t victim_of(const struct instance *i)
{
	for (size_t n = 0; n < i->n_armings; n++)
		if (is_plain(&i->armings[n]))
			return n;
	return 0;
}

static bool stands_before(const struct arming *a, const struct arming *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return a->entry != b->entry ? a->entry < b->entry : absence_compare(a, b) <= 0;
}

int absence_list_add(struct instance *i, struct arming *a)
{
	struct arming *more;
	size_t place;

	bound_data(i, a->data.len);
	if (i->n_armings == INSTANCE_ARMINGS_MAX) {
		place = victim_of(i);
		if (a->at < i->armings[place].at && is_plain(a) == is_plain(&i->armings[place])) {
			arming_release(a);
			return 0;
		}
		drop(i, place);
	}
	more = realloc(i->armings, (i->n_armings + 1) * sizeof(*i->armings));
	if (!more)
		return -ENOMEM;
	i->armings = more;
	for (place = i->n_armings; place > 0; place--) {
		const struct arming *before = &i->armings[place - 1];

		if (stands_before(before, a))
			break;
		i->armings[place] = *before;
	}
	i->armings[place] = *a;
	i->n_armings++;
	*a = (struct arming){.at = a->at};
	return 0;
}

void absence_list_forget(struct instance *i, int64_t until)
{
	for (size_t n = i->n_armings; n-- > 0;)
		if (!is_given(&i->armings[n]) && i->armings[n].at <= until)
			drop(i, n);
}

void absence_list_use(struct instance *i)
{
	for (size_t n = i->n_armings; n-- > 0;)
		if (is_given(&i->armings[n]) && i->armings[n].stands)
			drop(i, n);
}

void absence_list_age(struct instance *i, int64_t until)
{
	for (size_t n = i->n_armings; n-- > 0;)
		if (is_given(&i->armings[n]) && !i->armings[n].stands && i->armings[n].at < until)
			drop(i, n);
}

void absence_list_settle(struct instance *i, int64_t until)
{
	for (size_t n = i->n_armings; n-- > 0;)
		if (is_plain(&i->armings[n]) && i->armings[n].at <= until)
			drop(i, n);
}

int absence_list_join(struct instance *into, struct instance *from)
{
	int r = 0;

	while (r == 0 && from->n_armings > 0) {
		struct arming a = absence_list_take(from, from->n_armings - 1);

		r = absence_list_add(into, &a);
		arming_release(&a);
	}
	absence_list_forget(into, into->cancelled_at);
	return r;
}

static const struct rule_match *entry_of(const struct rule *rule, const struct arming *a)
{
	for (size_t n = 0; n < rule->n_arm; n++)
		if (rule->arm[n].entry == a->entry && rule->arm[n].count > 1)
			return &rule->arm[n];
	return NULL;
}

struct span absence_list_by(const struct turn *t, const struct rule *rule, const struct arming *a)
{
	const struct rule_match *m = entry_of(rule, a);

	if (!t->ending)
		return absence_by(t);
	return m && m->name.len <= INSTANCE_BY_MAX ? m->name : SPAN_EMPTY;
}

size_t absence_list_counted(const struct rule *rule, const struct instance *i, int64_t after)
{
	size_t most = 0;

	for (size_t n = 0; n < rule->n_arm; n++) {
		const struct rule_match *m = &rule->arm[n];
		size_t found = 0;

		for (size_t k = 0; m->count > 1 && k < i->n_armings; k++) {
			const struct arming *a = &i->armings[k];

			found += a->entry == m->entry && is_counted(a) && a->at > after &&
				 a->at >= i->arming_at - m->within_ms;
		}
		most = found > most ? found : most;
	}
	return most;
}

/* How many stand in the window of M that ends with the N-th. */
static size_t in_window(
	const struct instance *i, const struct rule_match *m, size_t n, int64_t after)
{
	int64_t end = i->armings[n].at;
	size_t found = 0;

	for (size_t k = 0; k < i->n_armings; k++) {
		const struct arming *a = &i->armings[k];

		found += a->entry == m->entry && is_counted(a) && a->at > after && a->at <= end &&
			 end - a->at <= m->within_ms;
	}
	return found;
}

/* Is A, of one of J's, an event of OTHER's? */
static bool is_of(const struct journey *j, const struct instance *i, const struct arming *a,
	const struct journey *other)
{
	const struct instance *theirs =
		journey_instance(other, text_span(i->rule), text_span(i->key));

	for (size_t n = 0; theirs && n < theirs->n_armings; n++) {
		const struct arming *b = &theirs->armings[n];

		if (is_counted(b) && b->at == a->at && b->entry == a->entry &&
			span_equal(name_of(other, b), name_of(j, a)))
			return true;
	}
	return false;
}

bool absence_list_is_joint(const struct journey *j, const struct instance *i, size_t n,
	const struct rule_match *m, const struct journey *other)
{
	const struct arming *last = &i->armings[n];
	bool theirs = is_of(j, i, last, other);
	size_t alone = 0;

	for (size_t k = 0; k < i->n_armings; k++) {
		const struct arming *a = &i->armings[k];

		alone += a->entry == m->entry && is_counted(a) && a->at <= last->at &&
			 last->at - a->at <= m->within_ms && is_of(j, i, a, other) == theirs;
	}
	return alone < m->count;
}

static bool is_asked_for(const struct arming *a, const struct arming_ask *ask)
{
	if (ask->entry && (!is_counted(a) || a->entry != *ask->entry))
		return false;
	return a->at > ask->over && a->at <= ask->until;
}

size_t absence_list_most(
	const struct instance *i, const struct rule_match *m, const struct arming_ask *ask)
{
	size_t most = 0;

	for (size_t n = 0; n < i->n_armings; n++) {
		size_t found = 0;

		if (is_asked_for(&i->armings[n], ask))
			found = in_window(i, m, n, ask->after);
		most = found > most ? found : most;
	}
	return most;
}

/* Does the N-th of the list arm, alone or as the last that a window needs? */
static bool arms(const struct rule *rule, const struct instance *i, size_t n, int64_t after)
{
	const struct arming *a = &i->armings[n];
	const struct rule_match *m = entry_of(rule, a);

	if (absence_gives(rule) && a->deadline_at == TIME_NEVER)
		return false;
	if (is_given(a))
		return a->stands;
	return is_plain(a) || (m && a->at > after && in_window(i, m, n, after) >= m->count);
}

bool absence_list_stands(const struct rule *rule, const struct instance *i, int64_t after)
{
	bool counted = false;

	for (size_t n = 0; n < i->n_armings; n++) {
		if (i->armings[n].at != i->arming_at || !is_counted(&i->armings[n]))
			continue;
		if (arms(rule, i, n, after))
			return true;
		counted = true;
	}
	return !counted;
}

bool absence_list_find(const struct journey *j, const struct rule *rule, const struct instance *i,
	const struct arming_ask *ask, size_t *ret_n)
{
	bool found = false;

	for (size_t n = 0; n < i->n_armings; n++) {
		const struct arming *a = &i->armings[n];
		int c;

		if (!is_asked_for(a, ask) || !arms(rule, i, n, ask->after))
			continue;
		c = found ? absence_compare_named(j, a, &i->armings[*ret_n]) : 0;
		if (found && (rule->anchor_first ? c >= 0 : c <= 0))
			continue;
		*ret_n = n;
		found = true;
	}
	return found;
}
