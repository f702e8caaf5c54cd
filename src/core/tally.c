/* SPDX-License-Identifier: MIT */
#include "core/tally.h"

#include "core/journey.h"

#include "merge_parts.h"

static struct tally *find(const struct journey *j, uint64_t id)
{
	for (size_t i = 0; i < j->n_tallies; i++)
		if (j->tallies[i].id == id)
			return &j->tallies[i];
	return NULL;
}

static void release_one(struct tally *t)
{
	free(t->points);
	text_release(&t->last);
}

void tally_release(struct journey *j)
{
	for (size_t i = 0; i < j->n_tallies; i++)
		release_one(&j->tallies[i]);
	free(j->tallies);
	j->tallies = NULL;
	j->n_tallies = 0;
}

/* The tally of ID, in its place in order of ids, added if new. NULL when out of memory. */
static struct tally *get(struct journey *j, uint64_t id)
{
	struct tally *t = find(j, id), *more;
	size_t at = 0;

	if (t)
		return t;
	more = realloc(j->tallies, (j->n_tallies + 1) * sizeof(*more));
	if (!more)
		return NULL;
	j->tallies = more;
	while (at < j->n_tallies && more[at].id < id)
		at++;
	memmove(more + at + 1, more + at, (j->n_tallies - at) * sizeof(*more));
	j->n_tallies++;
	more[at] = (struct tally){.id = id, .last_at = INT64_MIN};
	return &more[at];
}

static const struct tally_plan *plan_of(const struct rules *rules, uint64_t id)
{
	for (size_t i = 0; i < rules->n_tallies; i++)
		if (rules->tallies[i].id == id)
			return &rules->tallies[i];
	return NULL;
}

/* Drops the points that began before the window that ends at NOW: no later question reaches
 * them. */
static void forget(struct tally *t, int64_t window_ms, int64_t now)
{
	uint32_t old = 0;

	while (old < t->n && t->points[old].at < now - window_ms)
		old++;
	if (old == 0)
		return;
	t->n -= old;
	memmove(t->points, t->points + old, t->n * sizeof(*t->points));
}

static void prune(const struct rules *rules, struct journey *j, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < j->n_tallies; i++) {
		struct tally *t = &j->tallies[i];
		const struct tally_plan *plan = plan_of(rules, t->id);

		if (plan && plan->kind != TALLY_LAST)
			forget(t, plan->window_ms, now);
		if (plan && (t->n > 0 || t->last_at != INT64_MIN)) {
			j->tallies[kept++] = *t;
		} else {
			release_one(t);
		}
	}
	j->n_tallies = kept;
}

static bool point_before(const struct tally_point *a, const struct tally_point *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return decimal_compare(a->amount, b->amount) < 0;
}

/* With TALLY_MAX points the least one makes room, which may be the new one. */
static int add_point(struct tally *t, struct tally_point point)
{
	struct tally_point *more = t->points;
	uint32_t at = t->n;

	if (t->n == TALLY_MAX) {
		if (!point_before(&t->points[0], &point))
			return 0;
		t->n--;
		memmove(t->points, t->points + 1, t->n * sizeof(*t->points));
		at = t->n;
	} else {
		more = realloc(t->points, (t->n + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->points = more;
	}
	while (at > 0 && point_before(&point, &more[at - 1]))
		at--;
	memmove(more + at + 1, more + at, (t->n - at) * sizeof(*more));
	more[at] = point;
	t->n++;
	return 0;
}

/* V in the form that is kept; 0 bytes if it is none that is. */
static size_t keep_form(const struct value *v, char out[TALLY_LAST_MAX + 1])
{
	struct span s = SPAN_EMPTY;

	switch (v->type) {
	case VALUE_TRUE:
	case VALUE_FALSE:
		out[0] = v->type == VALUE_TRUE ? '+' : '-';
		return 1;
	case VALUE_NUMBER:
		out[0] = 'n';
		s = v->raw;
		break;
	case VALUE_STRING:
		out[0] = 't';
		s = v->text;
		break;
	case VALUE_MISSING:
	case VALUE_NULL:
	case VALUE_OTHER:
	case VALUE_INSTANT:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		return 0;
	}
	if (s.len > TALLY_LAST_MAX)
		return 0;
	if (s.len > 0)
		memcpy(out + 1, s.ptr, s.len);
	return s.len + 1;
}

/* The latest word, and of two at one instant the greater one. */
static int set_last(struct journey *j, const struct tally_plan *plan, const struct event *e)
{
	char form[TALLY_LAST_MAX + 1];
	struct span said = span_of(form, keep_form(event_field(e, plan->field), form));
	struct tally *t;

	if (said.len == 0)
		return 0;
	t = get(j, plan->id);
	if (!t)
		return -ENOMEM;
	if (e->occurred_at < t->last_at ||
		(e->occurred_at == t->last_at && span_compare(said, text_span(t->last)) <= 0))
		return 0;
	t->last_at = e->occurred_at;
	return text_set(&t->last, said);
}

/* Money is sent as numbers and as texts. */
static bool amount_of(const struct value *v, struct decimal *ret_d)
{
	if (v->type == VALUE_STRING)
		return decimal_parse(v->text, ret_d) == 0;
	*ret_d = v->number;
	return v->type == VALUE_NUMBER;
}

static int fold_plan(const struct tally_plan *plan, struct journey *j, const struct event *e)
{
	struct tally_point point = {.at = e->occurred_at};
	struct tally *t;

	if (plan->kind == TALLY_LAST)
		return set_last(j, plan, e);
	if (plan->kind == TALLY_SUM && !amount_of(event_field(e, plan->field), &point.amount))
		return 0;
	t = get(j, plan->id);
	return t ? add_point(t, point) : -ENOMEM;
}

int tally_fold(const struct rules *rules, struct journey *j, const struct event *e)
{
	const struct cond_scope scope = {.rules = rules, .journey = j, .event = e};

	for (size_t i = 0; i < rules->n_tallies; i++) {
		if (!rule_matches(&rules->tallies[i].match, &scope))
			continue;
		if (fold_plan(&rules->tallies[i], j, e) < 0)
			return -ENOMEM;
	}
	prune(rules, j, e->received_at);
	return 0;
}

/* ---- of two customers who are one ---------------------------------------------------------- */

/* The latest points of both. */
static int join_points(struct tally *into, const struct tally *from)
{
	struct tally_point *both;
	uint32_t a = into->n, b = from->n, n = a + b;

	if (b == 0)
		return 0;
	n = n < TALLY_MAX ? n : TALLY_MAX;
	both = calloc(n, sizeof(*both));
	if (!both)
		return -ENOMEM;
	for (uint32_t k = n; k > 0; k--) {
		bool other = a == 0 ||
			     (b > 0 && point_before(&into->points[a - 1], &from->points[b - 1]));

		both[k - 1] = other ? from->points[--b] : into->points[--a];
	}
	free(into->points);
	into->points = both;
	into->n = n;
	return 0;
}

int tally_merge(
	const struct rules *rules, struct journey *into, const struct journey *from, int64_t now)
{
	for (size_t i = 0; i < from->n_tallies; i++) {
		const struct tally *other = &from->tallies[i];
		struct tally *t = plan_of(rules, other->id) ? get(into, other->id) : NULL;
		int c;

		if (!plan_of(rules, other->id))
			continue;
		if (!t || join_points(t, other) < 0)
			return -ENOMEM;
		c = span_compare(text_span(other->last), text_span(t->last));
		if (other->last_at < t->last_at || (other->last_at == t->last_at && c <= 0))
			continue;
		t->last_at = other->last_at;
		if (text_set(&t->last, text_span(other->last)) < 0)
			return -ENOMEM;
	}
	prune(rules, into, now);
	return 0;
}

static struct value last_value(const struct tally *t)
{
	struct span form = text_span(t->last);
	struct value v = {.type = VALUE_MISSING};

	if (form.len == 0)
		return v;
	v.raw = v.text = span_of(form.ptr + 1, form.len - 1);
	if (form.ptr[0] == 't')
		v.type = VALUE_STRING;
	else if (form.ptr[0] == '+' || form.ptr[0] == '-')
		v.type = form.ptr[0] == '+' ? VALUE_TRUE : VALUE_FALSE;
	else if (decimal_parse(v.raw, &v.number) == 0)
		v.type = VALUE_NUMBER;
	return v;
}

struct value tally_value(const struct tally_plan *plan, const struct journey *j, int64_t now)
{
	const struct tally *t = find(j, plan->id);
	struct decimal sum = {0, 0};
	int64_t n = 0;

	if (plan->kind == TALLY_LAST)
		return t ? last_value(t) : (struct value){.type = VALUE_MISSING};
	for (uint32_t i = 0; t && i < t->n; i++) {
		int64_t at = t->points[i].at;

		if (at < now - plan->window_ms || at > now)
			continue;
		n++;
		if (decimal_add(sum, t->points[i].amount, &sum) != 0)
			return (struct value){.type = VALUE_MISSING};
	}
	return (struct value){.type = VALUE_NUMBER,
		.number = plan->kind == TALLY_COUNT ? decimal_from_int(n) : sum};
}
