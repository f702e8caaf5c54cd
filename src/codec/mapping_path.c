/* SPDX-License-Identifier: MIT */
/*
 * Paths and texts with places: `order {customer.id}`. Where a name stands first that means
 * something (root, header, ...), the place is there; a leading dot says that a member is meant.
 */
#include "mapping_reader.h"

/* A path taken apart. */
struct way {
	struct span names[MAPPING_DEPTH_MAX];
	size_t n;
	bool member; /* began with a dot */
};

/* One name from the front of *rest, unescaped, and the dot behind it; *ret_last: there was none. */
static struct span take_name(struct mapping_reader *r, struct span *rest, bool *ret_last)
{
	char *name = arena_alloc(&r->m->arena, rest->len ? rest->len : 1);
	size_t n = 0, i = 0;

	if (!name) {
		r->oom = true;
		*ret_last = true;
		return SPAN_EMPTY;
	}
	for (; i < rest->len && rest->ptr[i] != '.'; i++) {
		if (rest->ptr[i] == '\\' && i + 1 < rest->len)
			i++;
		name[n++] = rest->ptr[i];
	}
	*ret_last = i == rest->len;
	*rest = *ret_last ? SPAN_EMPTY : span_of(rest->ptr + i + 1, rest->len - i - 1);
	return span_of(name, n);
}

static bool take_way(
	struct mapping_reader *r, const struct file_place *p, struct span path, struct way *w)
{
	char quote[FILE_QUOTE_SIZE];
	struct span rest = path;
	bool last = false;

	*w = (struct way){.n = 0};
	if (rest.len > 0 && rest.ptr[0] == '.') {
		w->member = true;
		rest = span_of(rest.ptr + 1, rest.len - 1);
		if (rest.len == 0)
			return true;
	}
	while (!last) {
		struct span name = take_name(r, &rest, &last);

		if (r->oom)
			return false;
		if (name.len == 0 || w->n == MAPPING_DEPTH_MAX) {
			mapping_problem(r, p,
				"%s is not a path; write 1 to %d names with a dot between, or . "
				"for all",
				file_quote(path, quote), MAPPING_DEPTH_MAX);
			return false;
		}
		w->names[w->n++] = name;
	}
	return true;
}

static const struct {
	const char *name;
	enum mapping_where where;
	size_t least, most; /* names behind it */
	const char *form;
} meanings[] = {
	{"root", MAPPING_ROOT, 0, MAPPING_DEPTH_MAX, ""},
	{"envelope", MAPPING_ENVELOPE, 0, MAPPING_DEPTH_MAX, ""},
	{"header", MAPPING_HEADER, 1, 1, "one name, header.x-topic"},
	{"query", MAPPING_QUERY, 1, 1, "one name, query.token"},
	{"topic", MAPPING_TOPIC, 0, 0, "nothing"},
	{"hook", MAPPING_HOOK, 0, 0, "nothing"},
	{"received", MAPPING_RECEIVED, 0, 0, "nothing"},
};

/* NAME in LIST, added if it is new. */
static void note_name(
	struct mapping_reader *r, struct span name, struct span **list, size_t *n, size_t *cap)
{
	struct span *larger;

	for (size_t i = 0; i < *n; i++)
		if (span_equal((*list)[i], name))
			return;
	if (*n == *cap) {
		size_t more = *cap ? *cap * 2 : 8;

		larger = realloc(*list, more * sizeof(**list));
		if (!larger) {
			r->oom = true;
			return;
		}
		*list = larger;
		*cap = more;
	}
	(*list)[(*n)++] = name;
}

/* The name of a header field, in lower case as lookups have it. */
static struct span lowered(struct mapping_reader *r, struct span name)
{
	char *copy = arena_alloc(&r->m->arena, name.len);

	if (!copy) {
		r->oom = true;
		return SPAN_EMPTY;
	}
	for (size_t i = 0; i < name.len; i++)
		copy[i] = (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] + 32
									  : name.ptr[i]);
	return span_of(copy, name.len);
}

/* A place whose first name is number I of the meanings. */
static bool place_with_meaning(struct mapping_reader *r, const struct file_place *p,
	const struct way *w, size_t i, struct mapping_node *node)
{
	struct mapping *m = r->m;
	size_t behind = w->n - 1;
	char quote[FILE_QUOTE_SIZE];

	if (behind < meanings[i].least || behind > meanings[i].most) {
		mapping_problem(r, p,
			"behind %s stands %s; a member of the payload with this name is written "
			"with a dot before it, .%s",
			file_quote(w->names[0], quote), meanings[i].form, meanings[i].name);
		return false;
	}
	node->where = meanings[i].where;
	if (node->where == MAPPING_ENVELOPE && !m->has_unwrap)
		node->where = MAPPING_ROOT;
	if (node->where == MAPPING_ROOT || node->where == MAPPING_ENVELOPE) {
		size_t scope =
			node->where == MAPPING_ROOT ? MAPPING_SCOPE_ROOT : MAPPING_SCOPE_ENVELOPE;

		node->slot = mapping_scope_slot(r, p, scope, w->names + 1, behind);
	} else if (node->where == MAPPING_HEADER) {
		node->text = lowered(r, w->names[1]);
		note_name(r, node->text, &m->headers, &m->n_headers, &r->cap_headers);
	} else if (node->where == MAPPING_QUERY) {
		node->text = w->names[1];
		note_name(r, node->text, &m->queries, &m->n_queries, &r->cap_queries);
	}
	return true;
}

uint16_t mapping_read_path(
	struct mapping_reader *r, const struct file_place *p, struct span path, bool value_only)
{
	struct mapping_node node = {.op = MAP_PLACE};
	char quote[FILE_QUOTE_SIZE];
	struct way w;
	size_t i = ARRAY_SIZE(meanings);

	if (!take_way(r, p, path, &w))
		return 0;
	if (!w.member)
		for (i = 0; i < ARRAY_SIZE(meanings); i++)
			if (span_is(w.names[0], meanings[i].name))
				break;
	if (i < ARRAY_SIZE(meanings)) {
		if (!place_with_meaning(r, p, &w, i, &node))
			return 0;
	} else {
		node.slot = mapping_scope_slot(r, p, r->here, w.names, w.n);
	}
	if (value_only && node.where >= MAPPING_HEADER) {
		mapping_problem(r, p,
			"%s is text, and here a list or an object is meant; a member of the "
			"payload with this name is written with a dot before it",
			file_quote(path, quote));
		return 0;
	}
	return mapping_node_add(r, p, &node);
}

uint16_t mapping_read_bare_path(struct mapping_reader *r, const struct file_place *p)
{
	char quote[FILE_QUOTE_SIZE];
	struct span path;

	if (!mapping_read_text(r, p, MAPPING_FILE_MAX, &path))
		return 0;
	if (path.len > 0 && path.ptr[0] == '{') {
		mapping_problem(r, p, "%s is a path, which stands here without braces",
			file_quote(path, quote));
		return 0;
	}
	return mapping_read_path(r, p, path, true);
}

/* What stands before the closing brace in *rest, which is cut off with it. */
static bool take_place(struct span *rest, struct span *ret_path)
{
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			i++;
		} else if (rest->ptr[i] == '}') {
			*ret_path = span_of(rest->ptr, i);
			*rest = span_of(rest->ptr + i + 1, rest->len - i - 1);
			return true;
		}
	}
	return false;
}

static void pend_literal(struct mapping_reader *r, const struct file_place *p, struct buf *plain)
{
	struct mapping_node node = {.op = MAP_LITERAL};

	if (plain->len == 0)
		return;
	node.text = mapping_copy(r, buf_span(plain));
	mapping_pend(r, SPAN_EMPTY, mapping_node_add(r, p, &node));
	buf_reset(plain);
}

/* The parts of TEXT as children behind the mark. False after a problem. */
static bool take_parts(struct mapping_reader *r, const struct file_place *p, struct span text)
{
	_cleanup_(buf_release) struct buf plain = BUF_INIT;
	struct span path;

	while (text.len > 0) {
		char c = text.ptr[0];

		text = span_of(text.ptr + 1, text.len - 1);
		if (c == '{' && text.len > 0 && text.ptr[0] == '{') {
			text = span_of(text.ptr + 1, text.len - 1);
		} else if (c == '{') {
			uint16_t node;

			if (!take_place(&text, &path)) {
				mapping_problem(
					r, p, "a { lacks its }; write {{ for a brace that is text");
				return false;
			}
			pend_literal(r, p, &plain);
			node = mapping_read_path(r, p, path, false);
			if (!node)
				return false;
			mapping_pend(r, SPAN_EMPTY, node);
			continue;
		}
		buf_add_char(&plain, c);
	}
	pend_literal(r, p, &plain);
	if (buf_failed(&plain) < 0)
		r->oom = true;
	return !r->oom;
}

uint16_t mapping_read_template(struct mapping_reader *r, const struct file_place *p)
{
	struct mapping_node node = {.op = MAP_TEMPLATE};
	size_t mark = r->n_pending;
	struct span text;
	uint16_t only;

	if (!mapping_read_text(r, p, MAPPING_FILE_MAX, &text))
		return 0;
	if (!take_parts(r, p, text)) {
		r->n_pending = mark;
		return 0;
	}
	if (r->n_pending == mark) {
		node = (struct mapping_node){.op = MAP_LITERAL};
	} else if (r->n_pending == mark + 1) {
		only = r->pending[mark].node;
		r->n_pending = mark;
		return only;
	}
	mapping_keep(r, mark, &node.first, &node.n);
	return mapping_node_add(r, p, &node);
}
