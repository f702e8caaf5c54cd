/* SPDX-License-Identifier: MIT */
#include "thing_before.h"

#include "fold.h"
#include "list.h"
#include "merge_parts.h"

static void join_marks(struct thing *into, const struct thing *from)
{
	for (unsigned n = 0; n < THING_MARKS_MAX; n++) {
		if (from->at[n] == TIME_NEVER)
			continue;
		if (into->at[n] == TIME_NEVER)
			into->at[n] = from->at[n];
		else if (thing_mark_flags(into->kind, n) & THING_LATEST)
			into->at[n] = int64_max(into->at[n], from->at[n]);
		else
			into->at[n] = int64_min(into->at[n], from->at[n]);
	}
}

static int join_thing(struct thing *into, const struct thing *from)
{
	join_marks(into, from);
	merge_amount(&into->number, &from->number, false);
	if (from->due_said_at > into->due_said_at ||
		(from->due_said_at == into->due_said_at && from->due_at > into->due_at &&
			from->due_said_at != INT64_MIN)) {
		into->due_said_at = from->due_said_at;
		into->due_at = from->due_at;
	}
	into->touched_at = int64_max(into->touched_at, from->touched_at);
	if (merge_said(&into->word, &from->word) < 0)
		return -ENOMEM;
	return merge_greatest(&into->about, from->about);
}

/* When T was first heard of; TIME_NEVER: nothing of it says when. */
static int64_t begins_at(const struct thing *t)
{
	int64_t at = TIME_NEVER;

	for (unsigned n = 0; n < THING_MARKS_MAX; n++)
		at = int64_min(at, t->at[n]);
	return at;
}

/* Was A over before B began, which then is another of its name (fold_thing())? */
static bool over_before(const struct thing *a, const struct thing *b)
{
	int64_t at = begins_at(b);

	return at != TIME_NEVER && fold_is_past(a, at);
}

/* ---- one before another ------------------------------------------------------------------ */

void thing_forget_before(struct thing *t)
{
	if (t->before)
		thing_release(t->before);
	free(t->before);
	t->before = NULL;
}

/* What OVER, which may be T, says is what was before T, where nothing was; OVER says nothing any
 * more. */
static int set_before(struct thing *t, struct thing *over)
{
	struct text id = over->id;
	struct thing *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	thing_forget_before(over);
	*copy = *over;
	copy->id = (struct text){.ptr = NULL};
	thing_init(over, over->kind);
	over->id = id;
	t->before = copy;
	return 0;
}

struct thing *thing_at(struct journey *j, struct thing *t, int64_t at)
{
	if (fold_is_past(t, at)) {
		journey_leave_thing(j, t);
		return set_before(t, t) < 0 ? NULL : t;
	}
	if (t->before && at < begins_at(t) && !fold_is_past(t->before, at))
		return t->before;
	return t;
}

int thing_settle(struct thing *t)
{
	if (!t->before || over_before(t->before, t))
		return 0;
	if (join_thing(t, t->before) < 0)
		return -ENOMEM;
	thing_forget_before(t);
	return 0;
}

/* ---- two names --------------------------------------------------------------------------- */

/* What was heard of things of one name, and who is before whom: at most two of each side. */
struct chain {
	struct thing list[4];
	size_t n;
};

static void chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		thing_release(&c->list[i]);
}

/* A copy of T, which may be NULL, in its place. */
static int chain_add(struct chain *c, const struct thing *t)
{
	struct thing copy;
	size_t at = c->n;

	if (!t)
		return 0;
	thing_init(&copy, t->kind);
	if (join_thing(&copy, t) < 0) {
		thing_release(&copy);
		return -ENOMEM;
	}
	for (; at > 0 && begins_at(&c->list[at - 1]) > begins_at(&copy); at--)
		c->list[at] = c->list[at - 1];
	c->list[at] = copy;
	c->n++;
	return 0;
}

/* Each is one with that before it, unless that was over. *RET_LAST: the last one that is left. */
static int chain_unite(struct chain *c, size_t *ret_last)
{
	size_t last = 0;

	for (size_t i = 1; i < c->n; i++) {
		struct thing *next = &c->list[last + 1], t;

		if (!over_before(&c->list[last], &c->list[i])) {
			if (join_thing(&c->list[last], &c->list[i]) < 0)
				return -ENOMEM;
			continue;
		}
		t = *next;
		*next = c->list[i];
		c->list[i] = t;
		last++;
	}
	*ret_last = last;
	return 0;
}

/* T says what the LAST of C says; what was before that is before it. */
static int chain_give(struct journey *j, struct chain *c, size_t last, struct thing *t)
{
	struct thing old = *t;

	t->before = NULL;
	for (size_t i = 0; i < last; i++)
		journey_leave_thing(j, &c->list[i]);
	if (last > 0 && set_before(t, &c->list[last - 1]) < 0) {
		t->before = old.before;
		return -ENOMEM;
	}
	c->list[last].before = t->before;
	*t = c->list[last];
	t->id = old.id;
	old.id = (struct text){.ptr = NULL};
	c->list[last] = old;
	return 0;
}

int thing_join(struct journey *j, const struct thing *other)
{
	_cleanup_(chain_release) struct chain c = {.n = 0};
	struct thing *t = journey_thing(j, other->kind, text_span(other->id));
	size_t last = 0;

	if (t && (chain_add(&c, t->before) < 0 || chain_add(&c, t) < 0))
		return -ENOMEM;
	if (chain_add(&c, other->before) < 0 || chain_add(&c, other) < 0)
		return -ENOMEM;
	if (!t)
		t = journey_insert_thing(j, other->kind, text_span(other->id));
	if (!t || chain_unite(&c, &last) < 0)
		return -ENOMEM;
	return chain_give(j, &c, last, t);
}
