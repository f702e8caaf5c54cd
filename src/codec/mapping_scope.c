/* SPDX-License-Identifier: MIT */
/*
 * One walk over a value finds all that the expressions of its scope ask for. Steps are found by a
 * small hash of parent and name, since a payload has some hundred members of which some dozen are
 * wanted. Where a key repeats, what the one before had given is taken back, with all below it.
 */
#include "mapping_program.h"

static size_t slot_of(const struct mapping *m, size_t parent, struct span name)
{
	size_t first = name.len ? (unsigned char)name.ptr[0] : 0;
	size_t last = name.len ? (unsigned char)name.ptr[name.len - 1] : 0;

	return (parent * 7 + name.len * 31 + first * 5 + last * 13) & m->mask;
}

int mapping_scope_index(struct mapping *m)
{
	size_t places = 16;

	while (places < 2 * m->n_steps)
		places *= 2;
	m->table = calloc(places, sizeof(*m->table));
	if (!m->table)
		return -ENOMEM;
	m->mask = places - 1;
	for (size_t i = 1; i < m->n_steps; i++) {
		size_t at = slot_of(m, m->steps[i].parent, m->steps[i].name);

		while (m->table[at])
			at = (at + 1) & m->mask;
		m->table[at] = (uint16_t)i;
	}
	return 0;
}

/* The step of NAME below PARENT, or 0. */
static size_t find_step(const struct mapping *m, size_t parent, struct span name)
{
	for (size_t i = slot_of(m, parent, name); m->table[i]; i = (i + 1) & m->mask) {
		const struct mapping_step *step = &m->steps[m->table[i]];

		if (step->parent == parent && span_equal(step->name, name))
			return m->table[i];
	}
	return 0;
}

static size_t find_key(const struct mapping *m, size_t parent, const struct json_value *key)
{
	if (!key->escaped)
		return find_step(m, parent, json_content(key));
	for (size_t i = m->steps[parent].below; i; i = m->steps[i].next)
		if (json_is(key, m->steps[i].name))
			return i;
	return 0;
}

struct walk {
	const struct mapping *mapping;
	struct json_cursor *cursor;
	struct json_value *values;
};

/* Nothing stands at STEP or below it. No deeper than paths are long. */
static void forget(struct walk *w, size_t step)
{
	const struct mapping_step *s = &w->mapping->steps[step];

	if (s->slot != MAPPING_SLOT_ALL)
		w->values[s->slot] = (struct json_value){.type = JSON_TYPE_ABSENT};
	for (size_t i = s->below; i; i = w->mapping->steps[i].next)
		forget(w, i);
}

static int walk_object(struct walk *w, size_t step);
static int walk_array(struct walk *w, size_t step);

/* Passes the value that comes next, which stands at STEP (0: at none that is wanted). */
static int walk_value(struct walk *w, size_t step, struct json_value *ret_value)
{
	const struct mapping_step *s = &w->mapping->steps[step];
	enum json_type type = json_peek(w->cursor);
	const char *first = w->cursor->at;
	struct json_value value = {.type = type};
	int r;

	if (step && s->parent)
		forget(w, step);
	if (!s->below || (type != JSON_TYPE_OBJECT && type != JSON_TYPE_ARRAY)) {
		r = json_value(w->cursor, &value);
	} else {
		r = type == JSON_TYPE_OBJECT ? walk_object(w, step) : walk_array(w, step);
		value.raw = span_of(first, (size_t)(w->cursor->at - first));
	}
	if (r)
		return r;
	if (step && s->slot != MAPPING_SLOT_ALL)
		w->values[s->slot] = value;
	*ret_value = value;
	return 0;
}

static int walk_object(struct walk *w, size_t step)
{
	struct json_value key, value;
	int r = json_object_open(w->cursor);

	while (r == 0) {
		r = json_object_key(w->cursor, &key);
		if (r == 0)
			r = walk_value(w, find_key(w->mapping, step, &key), &value);
	}
	return r == JSON_END ? 0 : r;
}

#define INDEX_SIZE 20

/* N in decimal at the end of OUT. */
static struct span index_name(size_t n, char out[static INDEX_SIZE])
{
	char *p = out + INDEX_SIZE;

	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	return span_of(p, (size_t)(out + INDEX_SIZE - p));
}

static int walk_array(struct walk *w, size_t step)
{
	struct json_value value;
	int r = json_array_open(w->cursor);

	for (size_t i = 0; r == 0; i++) {
		char name[INDEX_SIZE];

		r = json_array_next(w->cursor);
		if (r == 0)
			r = walk_value(w, find_step(w->mapping, step, index_name(i, name)), &value);
	}
	return r == JSON_END ? 0 : r;
}

int mapping_scope_read(
	const struct mapping *m, size_t scope, struct json_cursor *c, struct mapping_frame *frame)
{
	struct walk w = {m, c, frame->values};

	for (size_t i = 0; i < m->scopes[scope].n_slots; i++)
		frame->values[i] = (struct json_value){.type = JSON_TYPE_ABSENT};
	return walk_value(&w, m->scopes[scope].step, &frame->base);
}

bool mapping_glob(struct span glob, struct span text)
{
	size_t g = 0, t = 0;
	size_t star = SIZE_MAX, mark = 0; /* the last star, and how far it reaches */

	while (t < text.len) {
		if (g < glob.len && glob.ptr[g] == '*') {
			star = g++;
			mark = t;
		} else if (g < glob.len && glob.ptr[g] == text.ptr[t]) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.ptr[g] == '*')
		g++;
	return g == glob.len;
}
