/* SPDX-License-Identifier: MIT */
/*
 * Several objects as one. A name stands once in what comes out, also where the senders' objects
 * repeat it; names are sorted to find the same ones, so that no choice of names makes it slow, and
 * written in the order in which they came.
 */
#include "mapping_eval.h"

#define NOTHING ((struct mapping_value){.type = JSON_TYPE_ABSENT})

/* Of a member, `"":0,`: an event has no room for more of them than it has room for these. */
#define MEMBER_BYTES 4

struct member {
	struct span name; /* its text */
	struct json_value key, value;
	size_t object;		    /* that it is of */
	struct member *next, *same; /* behind it; the one that counts instead of it */
};

struct members {
	struct member *first, **end;
	size_t n;
};

/* The members of the object at JSON, behind those of the objects before it. */
static void collect(struct mapping_run *g, struct members *all, struct span json, size_t object)
{
	struct json_cursor c;
	struct member m = {.object = object};

	json_cursor_init(&c, json);
	if (json_object_open(&c) != 0)
		return; /* cannot be: it was passed before */
	while (!mapping_stopped(g) && json_object_key(&c, &m.key) == 0 &&
		json_value(&c, &m.value) == 0) {
		struct member *kept = arena_alloc(&g->scratch, sizeof(*kept));

		mapping_work(g, m.key.raw.len + m.value.raw.len + sizeof(*kept));
		if (all->n == g->event_bytes / MEMBER_BYTES)
			mapping_fail(g, MAPPING_TOO_LARGE);
		m.name = json_text(&m.key, &g->scratch);
		if (!kept || !m.name.ptr) {
			g->error = -ENOMEM;
			return;
		}
		*kept = m;
		*all->end = kept;
		all->end = &kept->next;
		all->n++;
	}
}

/* By name; of one name first what counts: the first object, and in it the last. Members lie in the
 * list in the order in which they came, so that their numbers tell it. */
struct place {
	struct member *member;
	size_t number;
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	struct span l = x->member->name, r = y->member->name;
	size_t shorter = l.len < r.len ? l.len : r.len;
	int order = shorter ? memcmp(l.ptr, r.ptr, shorter) : 0;

	if (order == 0)
		order = (l.len > r.len) - (l.len < r.len);
	if (order == 0)
		order = (x->member->object > y->member->object) -
			(x->member->object < y->member->object);
	return order ? order : (x->number < y->number) - (x->number > y->number);
}

/* Marks the members instead of which others count. */
static void find_same(struct mapping_run *g, struct members *all)
{
	struct place *places = arena_calloc(&g->scratch, all->n + 1, sizeof(*places));
	size_t i = 0;

	mapping_work(g, all->n * sizeof(*places));
	if (!places) {
		g->error = -ENOMEM;
		return;
	}
	for (struct member *m = all->first; m; m = m->next, i++)
		places[i] = (struct place){m, i};
	qsort(places, all->n, sizeof(*places), compare);
	for (i = 1; i < all->n; i++) {
		struct member *before = places[i - 1].member;

		if (span_equal(before->name, places[i].member->name))
			places[i].member->same = before->same ? before->same : before;
	}
}

/* Null too, which stands in the object on purpose. */
static void write_raw(struct mapping_run *g, const struct json_value *v)
{
	const struct mapping_value value = {.type = v->type, .escaped = v->escaped, .span = v->raw};

	mapping_write(g, &value);
}

static struct mapping_value write_members(struct mapping_run *g, const struct members *all)
{
	size_t mark = g->out.len;
	bool more = false;

	buf_add_char(&g->out, '{');
	for (const struct member *m = all->first; m && !mapping_stopped(g); m = m->next) {
		if (m->same)
			continue;
		if (more)
			buf_add_char(&g->out, ',');
		more = true;
		write_raw(g, &m->key);
		buf_add_char(&g->out, ':');
		write_raw(g, &m->value);
	}
	buf_add_char(&g->out, '}');
	return (struct mapping_value){.type = JSON_TYPE_OBJECT, .span = mapping_take(g, mark)};
}

struct mapping_value mapping_eval_merge(struct mapping_run *g, const struct mapping_node *n)
{
	struct mapping_value only = NOTHING;
	struct members all = {.first = NULL};
	size_t objects = 0;

	all.end = &all.first;
	for (uint32_t i = 0; i < n->n && !mapping_stopped(g); i++) {
		struct mapping_value v = mapping_eval(g, g->m->children[n->first + i].node);

		if (v.type != JSON_TYPE_OBJECT)
			continue;
		if (objects == 1)
			collect(g, &all, only.span, 0);
		if (objects++ == 0)
			only = v;
		else
			collect(g, &all, v.span, i);
	}
	if (objects < 2 || mapping_stopped(g))
		return only;
	find_same(g, &all);
	return mapping_stopped(g) ? NOTHING : write_members(g, &all);
}
