/* SPDX-License-Identifier: MIT */
#include "query_event.h"

#include "codec/json_scan.h"
#include "io/url.h"

struct param {
	struct span name, value;
	size_t place; /* in the query */
};

static int compare(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int r = span_compare(x->name, y->name);

	if (r != 0)
		return r;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Decoded into ARENA. */
static int decode(struct span raw, struct arena *arena, struct span *ret_text)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = url_decode(&text, raw, true);

	if (r != 0)
		return QUERY_EVENT_BAD;
	if (buf_failed(&text) < 0)
		return -ENOMEM;
	*ret_text = arena_copy(arena, buf_span(&text));
	return ret_text->ptr ? 0 : -ENOMEM;
}

static bool is_skipped(struct span name, const char *const *skip)
{
	for (; *skip; skip++)
		if (span_is(name, *skip))
			return true;
	return false;
}

static int collect(struct span query, const char *const *skip, struct arena *arena,
	struct param *params, size_t *ret_n)
{
	struct span name, value;
	size_t n = 0;

	while (url_next_param(&query, &name, &value) == 0) {
		struct param p = {.place = n};
		int r = decode(name, arena, &p.name);

		r = r ? r : decode(value, arena, &p.value);
		if (r != 0)
			return r;
		if (p.name.len == 0 || is_skipped(p.name, skip))
			continue;
		if (n == QUERY_EVENT_FIELDS_MAX)
			return QUERY_EVENT_BAD;
		params[n++] = p;
	}
	*ret_n = n;
	return 0;
}

/* The name up to the next dot from AT on. */
static struct span segment(struct span name, size_t at)
{
	const char *dot = memchr(name.ptr + at, '.', name.len - at);

	return span_of(name.ptr + at, (dot ? (size_t)(dot - name.ptr) : name.len) - at);
}

/* Params LIST[0..n) agree up to AT: what follows becomes one object. */
static int write_object(
	const struct param *list, size_t n, size_t at, size_t depth, struct buf *out)
{
	struct span before = SPAN_EMPTY;
	bool more = false;

	if (depth > QUERY_EVENT_DEPTH_MAX)
		return QUERY_EVENT_BAD;
	buf_add_char(out, '{');
	for (size_t i = 0, group; i < n; i += group) {
		struct span name = segment(list[i].name, at);
		bool leaf = at + name.len == list[i].name.len;
		bool again = before.ptr && span_equal(name, before);

		group = 1;
		while (!leaf && i + group < n && list[i + group].name.len > at + name.len &&
			span_equal(segment(list[i + group].name, at), name))
			group++;
		if (again)
			continue;
		before = name;
		if (more)
			buf_add_char(out, ',');
		more = true;
		json_escape(name, out);
		buf_add_char(out, ':');
		if (leaf)
			json_escape(list[i].value, out);
		else if (write_object(list + i, group, at + name.len + 1, depth + 1, out) != 0)
			return QUERY_EVENT_BAD;
	}
	buf_add_char(out, '}');
	return 0;
}

int query_event(struct span query, const char *const *skip, struct arena *arena, struct buf *out)
{
	struct param params[QUERY_EVENT_FIELDS_MAX];
	size_t n;
	int r = collect(query, skip, arena, params, &n);

	if (r != 0)
		return r;
	qsort(params, n, sizeof(params[0]), compare);
	r = write_object(params, n, 0, 1, out);
	return r ? r : buf_failed(out);
}
