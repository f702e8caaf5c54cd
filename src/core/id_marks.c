/* SPDX-License-Identifier: MIT */
/*
 * What a journey keeps of identifiers that found no room among its ids: a number for each that
 * follows from its key, so that it is known again and counts for the limits. A number is SipHash of
 * the key but for its lowest bit, which says that the identifier is linked; the hash has a fixed
 * key, because the numbers of two customers are put together when these become one. That another
 * identifier has the number of one of ten thousand is as likely as 1 in 9 × 10^14, and its fate
 * would be not to be linked.
 */
#include "base/hash.h"
#include "list.h"

static const uint64_t mark_key[2] = {UINT64_C(0x7761796d61726b20), UINT64_C(0x6964656e74697479)};

#define LINKED UINT64_C(1)

struct span journey_id_kind(struct span key)
{
	const char *colon = memchr(key.ptr, ':', key.len);

	return span_of(key.ptr, colon ? (size_t)(colon - key.ptr) + 1 : 0);
}

static uint64_t mark_of(struct span key)
{
	return siphash24(mark_key, key) & ~LINKED;
}

size_t journey_n_marks(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_id_groups; i++)
		n += j->id_groups[i].n;
	return n;
}

/* ---- the groups -------------------------------------------------------------------------- */

/* The first that is not before KIND. */
static size_t group_place(const struct journey *j, struct span kind)
{
	size_t at = 0;

	while (at < j->n_id_groups && span_compare(text_span(j->id_groups[at].kind), kind) < 0)
		at++;
	return at;
}

/* That of KIND, made if there is none; of more kinds than there are places the rest are users'.
 * NULL: no memory. */
static struct id_group *group_for(struct journey *j, struct span kind)
{
	size_t at = group_place(j, kind);
	struct text copy = {.ptr = NULL};
	struct id_group *g;

	if (at < j->n_id_groups && span_equal(text_span(j->id_groups[at].kind), kind))
		return &j->id_groups[at];
	/* One place is kept for these. */
	if (kind.len > 0 && j->n_id_groups >= JOURNEY_ID_GROUPS_MAX - 1)
		return group_for(j, SPAN_EMPTY);
	if (text_set(&copy, kind) < 0)
		return NULL;
	g = list_insert((void **)&j->id_groups, j->n_id_groups, &j->cap_id_groups, sizeof(*g), at);
	if (!g) {
		text_release(&copy);
		return NULL;
	}
	g->kind = copy;
	j->n_id_groups++;
	return g;
}

void id_group_release(struct id_group *g)
{
	text_release(&g->kind);
	free(g->marks);
}

static void remove_empty(struct journey *j)
{
	for (size_t i = j->n_id_groups; i-- > 0;) {
		if (j->id_groups[i].n > 0)
			continue;
		id_group_release(&j->id_groups[i]);
		j->n_id_groups--;
		list_remove(j->id_groups, j->n_id_groups, sizeof(*j->id_groups), i);
	}
}

/* ---- the marks --------------------------------------------------------------------------- */

/* The first that is not before MARK, whatever either says of being linked. */
static size_t mark_place(const struct id_group *g, uint64_t mark)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((g->marks[middle] | LINKED) < (mark | LINKED))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NULL: there is none. */
static uint64_t *find(const struct journey *j, struct span key, struct id_group **ret_group)
{
	uint64_t mark = j->n_id_groups ? mark_of(key) : 0;

	for (size_t i = 0; i < j->n_id_groups; i++) {
		struct id_group *g = &j->id_groups[i];
		size_t at = mark_place(g, mark);

		if (at < g->n && (g->marks[at] | LINKED) == (mark | LINKED)) {
			*ret_group = g;
			return &g->marks[at];
		}
	}
	return NULL;
}

bool journey_knows_id(const struct journey *j, struct span key, enum id_state *ret_state)
{
	const struct customer_id *id = journey_id(j, key);
	struct id_group *group;
	const uint64_t *mark;

	if (id) {
		*ret_state = id->state;
		return true;
	}
	mark = find(j, key, &group);
	if (!mark)
		return false;
	*ret_state = *mark & LINKED ? ID_LINKED : ID_CLAIMED;
	return true;
}

static int add_mark(struct id_group *g, uint64_t mark)
{
	size_t at = mark_place(g, mark);
	uint64_t *place;

	if (at < g->n && (g->marks[at] | LINKED) == (mark | LINKED)) {
		g->marks[at] |= mark;
		return 0;
	}
	place = list_insert((void **)&g->marks, g->n, &g->cap, sizeof(*g->marks), at);
	if (!place)
		return -ENOMEM;
	*place = mark;
	g->n++;
	return 0;
}

/* Of too many the greatest go, of the kind that has the most. */
static void trim(struct journey *j)
{
	for (size_t n = journey_n_marks(j); n > JOURNEY_ID_MARKS_MAX; n--) {
		struct id_group *most = &j->id_groups[0];

		for (size_t i = 1; i < j->n_id_groups; i++)
			if (j->id_groups[i].n > most->n)
				most = &j->id_groups[i];
		most->n--;
	}
}

int journey_mark_id(struct journey *j, struct span key, enum id_state state)
{
	struct id_group *g = group_for(j, journey_id_kind(key));
	int r = g ? add_mark(g, mark_of(key) | (state == ID_LINKED ? LINKED : 0)) : -ENOMEM;

	trim(j);
	return r;
}

void journey_unmark_id(struct journey *j, struct span key)
{
	struct id_group *g;
	const uint64_t *mark = find(j, key, &g);

	if (!mark)
		return;
	g->n--;
	list_remove(g->marks, g->n, sizeof(*g->marks), (size_t)(mark - g->marks));
	remove_empty(j);
}

/* Whoever stands among the ids has no mark beside. */
static void settle(struct journey *j)
{
	for (size_t i = 0; i < j->n_ids; i++) {
		struct customer_id *id = &j->ids[i];
		enum id_state state;
		struct id_group *g;
		const uint64_t *mark = find(j, text_span(id->key), &g);

		if (!mark)
			continue;
		state = *mark & LINKED ? ID_LINKED : ID_CLAIMED;
		id->state = state > id->state ? state : id->state;
		journey_unmark_id(j, text_span(id->key));
	}
}

int journey_merge_marks(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_id_groups; i++) {
		const struct id_group *other = &from->id_groups[i];
		struct id_group *g = group_for(into, text_span(other->kind));
		int r = g ? 0 : -ENOMEM;

		for (size_t k = 0; k < other->n && r == 0; k++)
			r = add_mark(g, other->marks[k]);
		if (r < 0)
			return r;
	}
	journey_unmark_id(into, text_span(into->customer));
	settle(into);
	trim(into);
	return 0;
}
