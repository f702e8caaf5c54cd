/* SPDX-License-Identifier: MIT */
/* A part of a JSON value against the whole of another. */
#include "json_match.h"

#include "base/arena.h"
#include "base/decimal.h"
#include "base/instant.h"

struct matching {
	int64_t start;
	struct json_difference *difference;
	size_t path_len;
};

static struct json_value value_of(struct span raw)
{
	struct json_value v = {.type = JSON_TYPE_ABSENT};
	struct json_cursor c;

	json_cursor_init(&c, raw);
	if (json_value(&c, &v) != 0)
		v = (struct json_value){.type = JSON_TYPE_ABSENT};
	return v;
}

struct json_value json_member(struct span object, const char *name)
{
	struct json_value key, value, found = {.type = JSON_TYPE_ABSENT};
	struct json_cursor c;

	json_cursor_init(&c, object);
	if (json_object_open(&c) != 0)
		return found;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0)
		if (json_is(&key, span_str(name)))
			found = value;
	return found;
}

int json_match_instant(struct span text, int64_t start, int64_t *ret_at)
{
	int64_t ms;

	if (text.len < 2 || (text.ptr[0] != '+' && text.ptr[0] != '-'))
		return instant_parse(text, ret_at);
	if (duration_parse(span_of(text.ptr + 1, text.len - 1), &ms) != 0)
		return INSTANT_INVALID;
	*ret_at = start + (text.ptr[0] == '-' ? -ms : ms);
	return 0;
}

static bool differs(const struct matching *m, struct span wanted, struct span got)
{
	m->difference->path[m->path_len] = '\0';
	m->difference->wanted = wanted;
	m->difference->got = got;
	return false;
}

/* Adds a part to the path and returns its length before. */
static size_t descend(struct matching *m, struct span name, size_t index)
{
	size_t before = m->path_len, room = sizeof(m->difference->path) - before;
	char *at = m->difference->path + before;
	int n = name.ptr ? snprintf(at, room, "/%.*s", (int)name.len, name.ptr)
			 : snprintf(at, room, "/%zu", index);

	m->path_len = (size_t)n < room ? before + (size_t)n : before + room - 1;
	return before;
}

static bool match(struct matching *m, struct span wanted, struct span got);

static bool match_object(struct matching *m, struct span wanted, struct span got)
{
	_cleanup_(arena_release) struct arena a;
	struct json_value key, value;
	struct json_cursor c;
	bool good = true;

	arena_init(&a);
	json_cursor_init(&c, wanted);
	(void)json_object_open(&c);
	while (good && json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		struct span name = json_text(&key, &a);
		struct span copy = arena_copy(&a, name);
		struct json_value found = json_member(got, copy.ptr ? copy.ptr : "");
		size_t before = descend(m, name, 0);

		if (found.type == JSON_TYPE_ABSENT)
			good = value.type == JSON_TYPE_NULL || differs(m, value.raw, SPAN_EMPTY);
		else
			good = match(m, value.raw, found.raw);
		m->path_len = before;
	}
	return good;
}

static bool match_scalars(struct matching *m, struct span wanted, struct span got)
{
	struct json_cursor w, g;
	size_t index = 0;

	json_cursor_init(&w, wanted);
	json_cursor_init(&g, got);
	(void)json_array_open(&w);
	(void)json_array_open(&g);
	for (;; index++) {
		int more_w = json_array_next(&w), more_g = json_array_next(&g);
		struct json_value a, b;
		size_t before;
		bool good;

		if (more_w != 0 || more_g != 0)
			return (more_w != 0 && more_g != 0) || differs(m, wanted, got);
		if (json_value(&w, &a) != 0 || json_value(&g, &b) != 0)
			return differs(m, wanted, got);
		before = descend(m, SPAN_EMPTY, index);
		good = match(m, a.raw, b.raw);
		m->path_len = before;
		if (!good)
			return false;
	}
}

/* Each wanted object is found, in order, among those that are there. */
static bool match_objects(struct matching *m, struct span wanted, struct span got)
{
	struct json_cursor w, g;
	size_t index = 0;

	json_cursor_init(&w, wanted);
	json_cursor_init(&g, got);
	(void)json_array_open(&w);
	(void)json_array_open(&g);
	for (; json_array_next(&w) == 0; index++) {
		struct json_value a, b;
		bool found = false;

		if (json_value(&w, &a) != 0)
			return differs(m, wanted, got);
		while (!found && json_array_next(&g) == 0 && json_value(&g, &b) == 0) {
			size_t before = descend(m, SPAN_EMPTY, index);

			found = match(m, a.raw, b.raw);
			m->path_len = before;
		}
		if (!found) {
			(void)descend(m, SPAN_EMPTY, index);
			return differs(m, a.raw, got);
		}
	}
	return true;
}

static bool match_array(struct matching *m, struct span wanted, struct span got)
{
	struct json_cursor c;
	struct json_value first = {.type = JSON_TYPE_ABSENT};

	json_cursor_init(&c, wanted);
	(void)json_array_open(&c);
	if (json_array_next(&c) == 0)
		(void)json_value(&c, &first);
	return first.type == JSON_TYPE_OBJECT ? match_objects(m, wanted, got)
					      : match_scalars(m, wanted, got);
}

static bool match_string(
	struct matching *m, const struct json_value *wanted, const struct json_value *got)
{
	_cleanup_(arena_release) struct arena a;
	int64_t at, was;
	struct span w, g;

	arena_init(&a);
	w = json_text(wanted, &a);
	g = json_text(got, &a);
	if (span_equal(w, g))
		return true;
	if (json_match_instant(w, m->start, &at) == 0 && instant_parse(g, &was) == 0 && at == was)
		return true;
	return differs(m, wanted->raw, got->raw);
}

static bool match_number(struct matching *m, struct span wanted, struct span got)
{
	struct decimal a, b;

	if (span_equal(wanted, got))
		return true;
	if (decimal_parse(wanted, &a) == 0 && decimal_parse(got, &b) == 0 &&
		decimal_compare(a, b) == 0)
		return true;
	return differs(m, wanted, got);
}

static bool match(struct matching *m, struct span wanted, struct span got)
{
	struct json_value w = value_of(wanted), g = value_of(got);

	if (w.type != g.type || w.type == JSON_TYPE_ABSENT)
		return differs(m, wanted, got);
	switch (w.type) {
	case JSON_TYPE_OBJECT:
		return match_object(m, wanted, got);
	case JSON_TYPE_ARRAY:
		return match_array(m, wanted, got);
	case JSON_TYPE_STRING:
		return match_string(m, &w, &g);
	case JSON_TYPE_NUMBER:
		return match_number(m, w.raw, g.raw);
	case JSON_TYPE_ABSENT:
	case JSON_TYPE_NULL:
	case JSON_TYPE_FALSE:
	case JSON_TYPE_TRUE:
		return true;
	}
	return true;
}

bool json_match(
	struct span wanted, struct span got, int64_t start, struct json_difference *ret_difference)
{
	struct matching m = {start, ret_difference, 0};

	return match(&m, wanted, got);
}
