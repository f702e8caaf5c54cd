/* SPDX-License-Identifier: MIT */
/*
 * What expressions and conditions come to. Recursion follows the program, whose depth is bounded;
 * how often items are gone through is bounded by the budget of the run.
 */
#include "mapping_eval.h"

#include "base/decimal.h"

#define NOTHING ((struct mapping_value){.type = JSON_TYPE_ABSENT})

void mapping_items_init(struct mapping_run *g, struct mapping_items *it,
	const struct mapping_value *v, size_t scope)
{
	size_t slots = g->m->scopes[scope].n_slots;

	*it = (struct mapping_items){.list = v->type == JSON_TYPE_ARRAY, .scope = scope};
	json_cursor_init(&it->cursor, v->type >= JSON_TYPE_ARRAY ? v->span : SPAN_EMPTY);
	it->frame.values = arena_alloc(&g->scratch, (slots + 1) * sizeof(*it->frame.values));
	if (!it->frame.values)
		g->error = -ENOMEM;
	mapping_work(g, slots * sizeof(*it->frame.values));
	if (it->list)
		(void)json_array_open(&it->cursor);
}

bool mapping_items_next(struct mapping_run *g, struct mapping_items *it)
{
	if (mapping_stopped(g) || (!it->list && it->n > 0))
		return false;
	if (it->list ? json_array_next(&it->cursor) != 0
		     : json_peek(&it->cursor) == JSON_TYPE_ABSENT)
		return false;
	if (mapping_scope_read(g->m, it->scope, &it->cursor, &it->frame) != 0)
		return false; /* cannot be: it was passed before */
	it->frame.stamp = ++g->stamps;
	it->n++;
	mapping_work(g, it->frame.base.raw.len + MAPPING_NODE_WORK +
				g->m->scopes[it->scope].n_slots * sizeof(struct json_value));
	return !mapping_stopped(g);
}

static struct mapping_value eval_looked_up(
	struct mapping_run *g, mapping_lookup_fn *lookup, struct span name)
{
	struct span found;

	if (!lookup || !lookup(g->input->user, name, &found))
		return NOTHING;
	return mapping_text_value(found);
}

static struct mapping_value eval_slot(const struct mapping_frame *f, uint16_t slot)
{
	return mapping_json_value(slot == MAPPING_SLOT_ALL ? &f->base : &f->values[slot]);
}

static struct mapping_value eval_place(struct mapping_run *g, const struct mapping_node *n)
{
	switch (n->where) {
	case MAPPING_HERE:
		return eval_slot(g->here, n->slot);
	case MAPPING_ROOT:
		return eval_slot(&g->root, n->slot);
	case MAPPING_ENVELOPE:
		return eval_slot(&g->envelope, n->slot);
	case MAPPING_HEADER:
		return eval_looked_up(g, g->input->header, n->text);
	case MAPPING_QUERY:
		return eval_looked_up(g, g->input->query, n->text);
	case MAPPING_TOPIC:
		return mapping_text_value(g->topic);
	case MAPPING_HOOK:
		return mapping_text_value(g->input->hook);
	case MAPPING_RECEIVED:
		return mapping_text_value(span_str(g->received));
	}
	return NOTHING;
}

bool mapping_eval_text(struct mapping_run *g, uint16_t node, struct span *ret_text)
{
	struct mapping_value v = mapping_eval(g, node);

	return !mapping_stopped(g) && mapping_text_of(g, &v, ret_text) && !mapping_stopped(g);
}

static struct mapping_value eval_raw(struct mapping_run *g, const struct mapping_node *n)
{
	struct json_cursor c;
	struct json_value v;

	(void)g;
	json_cursor_init(&c, n->text);
	return json_value(&c, &v) == 0 ? mapping_json_value(&v) : NOTHING;
}

static struct mapping_value eval_template(struct mapping_run *g, const struct mapping_node *n)
{
	size_t mark = g->out.len;
	struct span text;

	for (uint32_t i = 0; i < n->n; i++) {
		if (!mapping_eval_text(g, g->m->children[n->first + i].node, &text)) {
			g->out.len = mark;
			return NOTHING;
		}
		if (text.len > g->event_bytes || g->out.len - mark > g->event_bytes)
			mapping_fail(g, MAPPING_TOO_LARGE);
		else
			buf_add_span(&g->out, text);
	}
	return mapping_text_value(mapping_take(g, mark));
}

static struct mapping_value eval_first(struct mapping_run *g, const struct mapping_node *n)
{
	for (uint32_t i = 0; i < n->n && !mapping_stopped(g); i++) {
		struct mapping_value v = mapping_eval(g, g->m->children[n->first + i].node);

		if (mapping_present(&v))
			return v;
	}
	return NOTHING;
}

static struct mapping_value eval_map(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	if (mapping_eval_text(g, n->a, &text))
		for (uint32_t i = 0; i < n->n; i++)
			if (span_equal(g->m->children[n->first + i].name, text))
				return mapping_eval(g, g->m->children[n->first + i].node);
	return mapping_eval(g, n->b);
}

static struct mapping_value eval_if(struct mapping_run *g, const struct mapping_node *n)
{
	return mapping_eval(g, mapping_holds(g, n->a) ? n->b : n->c);
}

static struct mapping_value eval_money(struct mapping_run *g, const struct mapping_node *n)
{
	struct span amount, currency;

	if (!mapping_eval_text(g, n->a, &amount) || !mapping_eval_text(g, n->b, &currency))
		return NOTHING;
	return mapping_money(g, amount, currency);
}

static struct mapping_value eval_number(struct mapping_run *g, const struct mapping_node *n)
{
	struct mapping_value v = mapping_eval(g, n->a);
	struct span text;

	if (v.type == JSON_TYPE_NUMBER)
		return v;
	if (v.type != JSON_TYPE_STRING || !mapping_text_of(g, &v, &text))
		return NOTHING;
	return mapping_number(text);
}

static struct mapping_value eval_as_text(struct mapping_run *g, const struct mapping_node *n)
{
	struct mapping_value v = mapping_eval(g, n->a);
	struct span text;

	if (v.type == JSON_TYPE_STRING)
		return v;
	return mapping_text_of(g, &v, &text) ? mapping_text_value(text) : NOTHING;
}

/* Its text with the letters of ASCII from FIRST on moved by SHIFT. */
static struct mapping_value change_case(
	struct mapping_run *g, const struct mapping_node *n, char first, int shift)
{
	struct span text;
	char *copy;

	if (!mapping_eval_text(g, n->a, &text))
		return NOTHING;
	mapping_work(g, text.len);
	copy = arena_alloc(&g->scratch, text.len);
	if (!copy) {
		g->error = -ENOMEM;
		return NOTHING;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		copy[i] = (char)(c >= first && c < first + 26 ? c + shift : c);
	}
	return mapping_text_value(span_of(copy, text.len));
}

static struct mapping_value eval_lower(struct mapping_run *g, const struct mapping_node *n)
{
	return change_case(g, n, 'A', 'a' - 'A');
}

static struct mapping_value eval_upper(struct mapping_run *g, const struct mapping_node *n)
{
	return change_case(g, n, 'a', 'A' - 'a');
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct mapping_value eval_trim(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	if (!mapping_eval_text(g, n->a, &text))
		return NOTHING;
	while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_blank(text.ptr[0]))
		text = span_of(text.ptr + 1, text.len - 1);
	return mapping_text_value(text);
}

static struct mapping_value eval_time(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	if (!mapping_eval_text(g, n->a, &text))
		return NOTHING;
	return mapping_time(g, text, (enum mapping_clock)n->n);
}

/* Writes the members of the object N; how many there were. */
static size_t write_members(struct mapping_run *g, const struct mapping_node *n)
{
	size_t written = 0;

	buf_add_char(&g->out, '{');
	for (uint32_t i = 0; i < n->n && !mapping_stopped(g); i++) {
		const struct mapping_child *child = &g->m->children[n->first + i];
		struct mapping_value v = mapping_eval(g, child->node);

		if (v.type == JSON_TYPE_ABSENT)
			continue;
		if (written++ > 0)
			buf_add_char(&g->out, ',');
		buf_add_span(&g->out, child->name);
		mapping_write(g, &v);
	}
	buf_add_char(&g->out, '}');
	return written;
}

static struct mapping_value eval_object(struct mapping_run *g, const struct mapping_node *n)
{
	size_t mark = g->out.len;

	if (write_members(g, n) == 0 || mapping_stopped(g)) {
		g->out.len = mark;
		return NOTHING;
	}
	return (struct mapping_value){.type = JSON_TYPE_OBJECT, .span = mapping_take(g, mark)};
}

/* One item of a list. */
static void write_item(struct mapping_run *g, const struct mapping_node *n, bool *more)
{
	const struct mapping_node *item = &g->m->nodes[n->b];
	struct mapping_value v;

	if (item->op != MAP_OBJECT) {
		v = mapping_eval(g, n->b);
		if (v.type == JSON_TYPE_ABSENT)
			return;
	}
	if (*more)
		buf_add_char(&g->out, ',');
	*more = true;
	if (item->op == MAP_OBJECT)
		(void)write_members(g, item);
	else
		mapping_write(g, &v);
	if (g->out.len > g->event_bytes)
		mapping_fail(g, MAPPING_TOO_LARGE);
}

static struct mapping_value eval_list(struct mapping_run *g, const struct mapping_node *n)
{
	const struct mapping_frame *outer = g->here;
	struct mapping_value list = mapping_eval(g, n->a);
	size_t mark = g->out.len;
	struct mapping_items it;
	bool more = false;

	if (list.type < JSON_TYPE_ARRAY)
		return NOTHING;
	mapping_items_init(g, &it, &list, n->scope);
	buf_add_char(&g->out, '[');
	while (it.n < n->n && mapping_items_next(g, &it)) {
		g->here = &it.frame;
		if (mapping_holds(g, n->c))
			write_item(g, n, &more);
	}
	g->here = outer;
	buf_add_char(&g->out, ']');
	return (struct mapping_value){.type = JSON_TYPE_ARRAY, .span = mapping_take(g, mark)};
}

static struct mapping_value eval_find(struct mapping_run *g, const struct mapping_node *n)
{
	const struct mapping_frame *outer = g->here;
	struct mapping_value list = mapping_eval(g, n->a);
	struct mapping_value found = NOTHING;
	struct mapping_items it;

	mapping_items_init(g, &it, &list, n->scope);
	while (mapping_items_next(g, &it)) {
		g->here = &it.frame;
		if (mapping_holds(g, n->b)) {
			found = mapping_eval(g, n->c);
			break;
		}
	}
	g->here = outer;
	return found;
}

static struct mapping_value eval_lookup(struct mapping_run *g, const struct mapping_node *n)
{
	const struct mapping_frame *outer = g->here;
	struct mapping_value list = mapping_eval(g, n->a);
	struct mapping_value found = NOTHING;
	struct mapping_items it;
	struct span want, text;

	if (!mapping_eval_text(g, (uint16_t)n->n, &want))
		return NOTHING;
	mapping_items_init(g, &it, &list, n->scope);
	while (mapping_items_next(g, &it)) {
		g->here = &it.frame;
		if (mapping_eval_text(g, n->b, &text) && span_equal(text, want)) {
			found = mapping_eval(g, n->c);
			break;
		}
	}
	g->here = outer;
	return found;
}

static struct mapping_value eval_join(struct mapping_run *g, const struct mapping_node *n)
{
	const struct mapping_frame *outer = g->here;
	struct mapping_value list = mapping_eval(g, n->a);
	size_t mark = g->out.len;
	struct mapping_items it;
	struct span text;

	mapping_items_init(g, &it, &list, n->scope);
	while (mapping_items_next(g, &it)) {
		g->here = &it.frame;
		if (!mapping_eval_text(g, n->b, &text) || text.len == 0)
			continue;
		if (g->out.len > mark)
			buf_add_span(&g->out, n->text);
		if (text.len > g->event_bytes || g->out.len - mark > g->event_bytes)
			mapping_fail(g, MAPPING_TOO_LARGE);
		else
			buf_add_span(&g->out, text);
	}
	g->here = outer;
	if (g->out.len == mark)
		return NOTHING;
	return mapping_text_value(mapping_take(g, mark));
}

static struct mapping_value eval_digest(struct mapping_run *g, const struct mapping_node *n)
{
	size_t mark = g->out.len;
	bool any = false;

	for (uint32_t i = 0; i < n->n && !mapping_stopped(g); i++) {
		struct span text = SPAN_EMPTY;

		any = mapping_eval_text(g, g->m->children[n->first + i].node, &text) || any;
		if (g->out.len - mark > g->event_bytes)
			mapping_fail(g, MAPPING_TOO_LARGE);
		else
			mapping_netstring(&g->out, text);
	}
	struct span bytes = mapping_take(g, mark);
	if (!any || mapping_stopped(g))
		return NOTHING;
	return mapping_text_value(mapping_sha256(g, bytes, 32));
}

static struct mapping_value eval_afterlast(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	if (!mapping_eval_text(g, n->a, &text))
		return NOTHING;
	mapping_work(g, text.len);
	for (size_t i = text.len; i >= n->text.len && i > 0; i--)
		if (memcmp(text.ptr + i - n->text.len, n->text.ptr, n->text.len) == 0)
			return mapping_text_value(span_of(text.ptr + i, text.len - i));
	return mapping_text_value(text);
}

static struct mapping_value eval_before(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	if (!mapping_eval_text(g, n->a, &text))
		return NOTHING;
	mapping_work(g, text.len);
	for (size_t i = 0; i + n->text.len <= text.len; i++)
		if (memcmp(text.ptr + i, n->text.ptr, n->text.len) == 0)
			return mapping_text_value(span_of(text.ptr, i));
	return mapping_text_value(text);
}

static struct mapping_value eval_literal(struct mapping_run *g, const struct mapping_node *n)
{
	(void)g;
	return mapping_text_value(n->text);
}

typedef struct mapping_value eval_fn(struct mapping_run *g, const struct mapping_node *n);

static eval_fn *const evals[] = {
	[MAP_RAW] = eval_raw,
	[MAP_LITERAL] = eval_literal,
	[MAP_PLACE] = eval_place,
	[MAP_TEMPLATE] = eval_template,
	[MAP_FIRST] = eval_first,
	[MAP_MAP] = eval_map,
	[MAP_IF] = eval_if,
	[MAP_MONEY] = eval_money,
	[MAP_NUMBER] = eval_number,
	[MAP_TEXT] = eval_as_text,
	[MAP_LOWER] = eval_lower,
	[MAP_UPPER] = eval_upper,
	[MAP_TRIM] = eval_trim,
	[MAP_TIME] = eval_time,
	[MAP_LIST] = eval_list,
	[MAP_OBJECT] = eval_object,
	[MAP_FIND] = eval_find,
	[MAP_LOOKUP] = eval_lookup,
	[MAP_JOIN] = eval_join,
	[MAP_DIGEST] = eval_digest,
	[MAP_AFTERLAST] = eval_afterlast,
	[MAP_BEFORE] = eval_before,
	[MAP_BASE64] = mapping_eval_base64,
	[MAP_PARSE] = mapping_eval_parse,
	[MAP_MERGE] = mapping_eval_merge,
};

struct mapping_value mapping_eval(struct mapping_run *g, uint16_t node)
{
	const struct mapping_node *n = &g->m->nodes[node];
	struct mapping_value v;

	if (n->op == MAP_MISSING || mapping_stopped(g))
		return NOTHING;
	mapping_work(g, MAPPING_NODE_WORK);
	v = evals[n->op](g, n);
	return mapping_stopped(g) ? NOTHING : v;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static bool holds_is(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	if (mapping_eval_text(g, n->a, &text))
		for (uint32_t i = 0; i < n->n; i++)
			if (span_equal(g->m->children[n->first + i].name, text))
				return true;
	return false;
}

static bool holds_has(struct mapping_run *g, const struct mapping_node *n)
{
	struct mapping_value v = mapping_eval(g, n->a);

	return mapping_present(&v);
}

static bool holds_not(struct mapping_run *g, const struct mapping_node *n)
{
	return !mapping_holds(g, n->a);
}

static bool holds_all(struct mapping_run *g, const struct mapping_node *n)
{
	for (uint32_t i = 0; i < n->n; i++)
		if (!mapping_holds(g, g->m->children[n->first + i].node))
			return false;
	return true;
}

static bool holds_any(struct mapping_run *g, const struct mapping_node *n)
{
	for (uint32_t i = 0; i < n->n; i++)
		if (mapping_holds(g, g->m->children[n->first + i].node))
			return true;
	return false;
}

static bool holds_starts(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;

	return mapping_eval_text(g, n->a, &text) && span_starts(text, n->text);
}

static bool holds_over(struct mapping_run *g, const struct mapping_node *n)
{
	struct decimal d;
	struct span text;

	return mapping_eval_text(g, n->a, &text) && decimal_parse(text, &d) == 0 &&
	       decimal_compare(d, n->number) > 0;
}

typedef bool holds_fn(struct mapping_run *g, const struct mapping_node *n);

bool mapping_holds(struct mapping_run *g, uint16_t node)
{
	static holds_fn *const tests[] = {
		[MAP_IS] = holds_is,
		[MAP_HAS] = holds_has,
		[MAP_NOT] = holds_not,
		[MAP_ALL] = holds_all,
		[MAP_ANY] = holds_any,
		[MAP_STARTS] = holds_starts,
		[MAP_OVER] = holds_over,
	};
	const struct mapping_node *n = &g->m->nodes[node];

	if (n->op == MAP_MISSING)
		return true;
	mapping_work(g, MAPPING_NODE_WORK);
	return !mapping_stopped(g) && tests[n->op](g, n) && !mapping_stopped(g);
}
