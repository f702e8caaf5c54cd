/* SPDX-License-Identifier: MIT */
/* Operators over arrays and texts. */
#include "logic_run.h"

/* ---- arrays ---------------------------------------------------------------------------- */

/* What an operator over an array has around its condition while it runs. */
struct loop {
	struct logic_frame about, element;
	const struct logic_frame *outer;
	struct logic_value index;
};

static void loop_begin(struct logic_state *s, struct loop *loop)
{
	static const struct span name = {"index", 5};

	loop->outer = s->frame;
	loop->index = logic_of_number(0);
	loop->about = (struct logic_frame){{.type = LOGIC_OBJECT, .n = 1}, s->frame};
	loop->about.data.items = &loop->index;
	loop->about.data.names = &name;
	loop->element = (struct logic_frame){logic_null, &loop->about};
}

/* Operand 1 of NODE, asked of element I of an array. */
static struct logic_value loop_ask(struct logic_state *s, struct loop *loop,
	const struct logic_node *node, const struct logic_value *element, size_t i)
{
	struct logic_value value;

	loop->index.number = (double)i;
	loop->element.data = *element;
	s->frame = &loop->element;
	value = logic_child(s, node, 1);
	s->frame = loop->outer;
	return value;
}

/* Is operand N written as null, or not at all? */
static bool is_blank(const struct logic_state *s, const struct logic_node *node, uint16_t n)
{
	const struct logic_node *child;

	if (n >= node->count)
		return true;
	child = &s->program->nodes[s->program->children[node->first + n]];
	return child->op == LOGIC_OP_VALUE && child->value.type == LOGIC_NULL;
}

/* Operand 0 as an array; what is none has no elements. False after an error. */
static bool read_array(
	struct logic_state *s, const struct logic_node *node, struct logic_value *ret_array)
{
	if (!node->listed || is_blank(s, node, 0) || is_blank(s, node, 1)) {
		(void)logic_fail(s, "Invalid Arguments");
		return false;
	}
	*ret_array = logic_child(s, node, 0);
	if (ret_array->type != LOGIC_ARRAY)
		*ret_array = (struct logic_value){.type = LOGIC_ARRAY};
	return !s->failed;
}

struct logic_value logic_map(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value array, *items;
	struct loop loop;

	if (!read_array(s, node, &array))
		return logic_null;
	items = logic_room(s, array.n);
	loop_begin(s, &loop);
	for (size_t i = 0; items && i < array.n && !s->failed; i++)
		items[i] = loop_ask(s, &loop, node, &array.items[i], i);
	if (s->failed)
		return logic_null;
	return (struct logic_value){.type = LOGIC_ARRAY, .n = array.n, .items = items};
}

struct logic_value logic_filter(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value array, *items;
	struct loop loop;
	size_t n = 0;

	if (!read_array(s, node, &array))
		return logic_null;
	items = logic_room(s, array.n);
	loop_begin(s, &loop);
	for (size_t i = 0; items && i < array.n && !s->failed; i++) {
		struct logic_value keep = loop_ask(s, &loop, node, &array.items[i], i);

		if (logic_truth(&keep))
			items[n++] = array.items[i];
	}
	if (s->failed)
		return logic_null;
	return (struct logic_value){.type = LOGIC_ARRAY, .n = n, .items = items};
}

struct logic_value logic_reduce(struct logic_state *s, const struct logic_node *node)
{
	static const struct span names[] = {{"current", 7}, {"accumulator", 11}};
	struct logic_value array, total;
	struct logic_value both = {.type = LOGIC_OBJECT, .n = 2};
	struct loop loop;

	if (!read_array(s, node, &array))
		return logic_null;
	total = logic_child(s, node, 2);
	both.names = names;
	loop_begin(s, &loop);
	for (size_t i = 0; i < array.n && !s->failed; i++) {
		/* A fresh one each time: it may become part of the result. */
		struct logic_value *pair = logic_room(s, 2);

		if (!pair)
			break;
		pair[0] = array.items[i];
		pair[1] = total;
		both.items = pair;
		total = loop_ask(s, &loop, node, &both, i);
	}
	return total;
}

/* all, some, none. */
struct logic_value logic_test_all(struct logic_state *s, const struct logic_node *node)
{
	bool all = node->op == LOGIC_OP_ALL, found = false;
	struct logic_value array = logic_child(s, node, 0);
	struct loop loop;

	if (s->failed)
		return logic_null;
	if (!node->listed || array.type != LOGIC_ARRAY)
		return logic_fail(s, "Invalid Arguments");
	loop_begin(s, &loop);
	for (size_t i = 0; i < array.n && !found && !s->failed; i++) {
		struct logic_value test = loop_ask(s, &loop, node, &array.items[i], i);

		found = logic_truth(&test) != all;
	}
	if (all)
		return logic_bool(array.n > 0 && !found);
	return logic_bool(found == (node->op == LOGIC_OP_SOME));
}

struct logic_value logic_merge(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value all = logic_operands(s, node), *items;
	size_t n = 0, at = 0;

	if (s->failed)
		return logic_null;
	for (size_t i = 0; i < all.n; i++)
		n += all.items[i].type == LOGIC_ARRAY ? all.items[i].n : 1;
	items = logic_room(s, n);
	for (size_t i = 0; items && i < all.n; i++) {
		const struct logic_value *one = &all.items[i];

		if (one->type != LOGIC_ARRAY) {
			items[at++] = *one;
			continue;
		}
		for (size_t k = 0; k < one->n; k++)
			items[at++] = one->items[k];
	}
	if (s->failed)
		return logic_null;
	return (struct logic_value){.type = LOGIC_ARRAY, .n = n, .items = items};
}

/* ---- texts ----------------------------------------------------------------------------- */

static bool has_text(struct span heap, struct span needle)
{
	for (size_t i = 0; i + needle.len <= heap.len; i++)
		if (needle.len == 0 || memcmp(heap.ptr + i, needle.ptr, needle.len) == 0)
			return true;
	return false;
}

static struct span text_of(struct logic_state *s, const struct logic_value *v)
{
	struct span text = logic_text(v, s->arena);

	if (!text.ptr)
		s->oom = s->fatal = s->failed = true;
	return text;
}

struct logic_value logic_in(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value needle = logic_child(s, node, 0), heap = logic_child(s, node, 1);

	if (s->failed)
		return logic_null;
	if (heap.type == LOGIC_STRING)
		return logic_bool(has_text(heap.text, text_of(s, &needle)));
	for (size_t i = 0; heap.type == LOGIC_ARRAY && i < heap.n; i++)
		if (logic_same(&needle, &heap.items[i]))
			return logic_bool(true);
	return logic_bool(false);
}

struct logic_value logic_cat(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value all = logic_operands(s, node);
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	char *text;

	for (size_t i = 0; !s->failed && i < all.n && out.len <= LOGIC_BYTES_MAX; i++)
		if (all.items[i].type != LOGIC_NULL)
			buf_add_span(&out, text_of(s, &all.items[i]));
	if (buf_failed(&out) < 0)
		s->oom = s->fatal = s->failed = true;
	text = s->failed ? NULL : logic_bytes(s, out.len);
	if (!text)
		return logic_null;
	if (out.len > 0)
		memcpy(text, out.ptr, out.len);
	return logic_of_text(span_of(text, out.len));
}

/* The byte at which code unit N of UTF-16 begins; half a pair is passed by. */
static size_t byte_of(struct span text, size_t n)
{
	size_t units = 0, i = 0;

	while (i < text.len && units < n) {
		units += (unsigned char)text.ptr[i] >= 0xf0 ? 2 : 1;
		for (i++; i < text.len && ((unsigned char)text.ptr[i] & 0xc0) == 0x80;)
			i++;
	}
	return i;
}

static size_t count_units(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		n += (c & 0xc0) != 0x80;
		n += c >= 0xf0;
	}
	return n;
}

/* N as a place in 0..LEN, counted from the end if it is negative. */
static size_t place_of(double n, size_t len)
{
	double at = n < 0 ? (double)len + n : n;

	return at <= 0 ? 0 : at >= (double)len ? len : (size_t)at;
}

struct logic_value logic_substr(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value source = logic_child(s, node, 0), from = logic_child(s, node, 1);
	struct logic_value count = logic_child(s, node, 2);
	struct span text = s->failed ? SPAN_EMPTY : text_of(s, &source);
	double start = 0, n = 0;
	size_t len = count_units(text), first, last = len;

	if (s->failed)
		return logic_null;
	if (!logic_number(&from, &start) || !logic_number(&count, &n))
		return logic_fail(s, "NaN");
	first = place_of(start, len);
	/* A length, or if negative so many to leave out at the end. */
	if (count.type != LOGIC_NULL)
		last = n < 0 ? place_of(n, len) : place_of((double)first + n, len);
	if (last <= first)
		return logic_of_text(SPAN_LIT(""));
	first = byte_of(text, first);
	last = byte_of(text, last);
	return logic_of_text(span_of(text.ptr + first, last - first));
}
