/* SPDX-License-Identifier: MIT */
/* Reading a text into the flat array, and finding one's way in it. */
#include "json_doc.h"

#include "json_number.h"

#define NODES_MIN 64

void json_doc_init(struct json_doc *d)
{
	*d = (struct json_doc){.nodes = NULL};
	arena_init(&d->texts);
	buf_init(&d->order);
}

void json_doc_release(struct json_doc *d)
{
	free(d->nodes);
	arena_release(&d->texts);
	buf_release(&d->order);
}

struct builder {
	struct json_doc *doc;
	const struct json_doc_limits *limits;
	struct json_doc_fault *fault;
	struct json_cursor cursor;
	uint32_t open[JSON_DOC_DEPTH_MAX];
	size_t depth;
};

static int fail(struct builder *b, int outcome, const char *at)
{
	*b->fault = (struct json_doc_fault){JSON_SOUND, (size_t)(at - b->cursor.start)};
	return outcome;
}

static int malformed(struct builder *b, const struct json_fault *fault)
{
	*b->fault = (struct json_doc_fault){fault->code, fault->offset};
	return JSON_DOC_MALFORMED;
}

/* U+0000 is a character like others here; who must not have it has looked before. */
static int text_fault(struct builder *b)
{
	struct json_fault fault = b->cursor.text;

	if (fault.code != JSON_SOUND && fault.code != JSON_TEXT_NUL)
		return malformed(b, &fault);
	b->cursor.text = (struct json_fault){JSON_SOUND, 0};
	return 0;
}

/* One node more, and always one behind it for json_doc_spare. */
static int grow(struct json_doc *d)
{
	size_t cap = d->cap ? d->cap * 2 : NODES_MIN;
	struct json_node *nodes;

	if (d->n + 2 <= d->cap)
		return 0;
	nodes = realloc(d->nodes, cap * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	d->nodes = nodes;
	d->cap = cap;
	return 0;
}

static int text_of(struct builder *b, const struct json_value *value, struct span *ret_text)
{
	if (value->escaped) {
		*ret_text = json_text(value, &b->doc->texts);
		if (!ret_text->ptr)
			return -ENOMEM;
	} else {
		*ret_text = json_content(value);
	}
	return text_fault(b);
}

static int open_container(struct builder *b, uint32_t i)
{
	struct json_node *node = &b->doc->nodes[i];
	int r;

	node->raw = span_of(b->cursor.at, 1);
	if (b->depth == b->limits->depth)
		return fail(b, JSON_DOC_DEPTH, b->cursor.at);
	r = node->type == JSON_TYPE_OBJECT ? json_object_open(&b->cursor)
					   : json_array_open(&b->cursor);
	if (r)
		return malformed(b, &b->cursor.fault);
	b->open[b->depth++] = i;
	return 0;
}

static int read_scalar(struct builder *b, struct json_node *node)
{
	struct json_value value;
	struct json_number number;
	int r = 0;

	if (json_value(&b->cursor, &value))
		return malformed(b, &b->cursor.fault);
	node->raw = value.raw;
	if (value.type == JSON_TYPE_STRING)
		r = text_of(b, &value, &node->text);
	else if (value.type == JSON_TYPE_NUMBER &&
		 !json_number_read(value.raw, b->limits->exponent, &number))
		r = fail(b, JSON_DOC_EXPONENT, value.raw.ptr);
	return r;
}

static int add_value(struct builder *b, struct span key)
{
	struct json_doc *d = b->doc;
	enum json_type type = json_peek(&b->cursor);
	uint32_t i = (uint32_t)d->n;
	struct json_node *node;
	int r;

	if (d->n == b->limits->values)
		return fail(b, JSON_DOC_VALUES, b->cursor.at);
	r = grow(d);
	if (r < 0)
		return r;
	node = &d->nodes[i];
	*node = (struct json_node){.key = key, .type = type, .end = i + 1};
	node->parent = b->depth ? b->open[b->depth - 1] : JSON_NODE_NONE;
	if (b->depth)
		d->nodes[node->parent].n++;
	d->n++;
	if (type == JSON_TYPE_OBJECT || type == JSON_TYPE_ARRAY)
		return open_container(b, i);
	return read_scalar(b, node);
}

/* ---- keys that repeat ---------------------------------------------------------------------- */

struct place {
	struct span key;
	uint32_t i;
};

static int by_key(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int r = span_compare(a->key, b->key);

	if (r != 0)
		return r;
	return a->i < b->i ? -1 : a->i > b->i;
}

/* A bit for each key: two that share none are not the same. */
static uint64_t key_bit(struct span key)
{
	unsigned h = (unsigned)key.len * 5;

	if (key.len)
		h += (unsigned char)key.ptr[0] * 3u + (unsigned char)key.ptr[key.len - 1] * 7u +
		     (unsigned char)key.ptr[key.len / 2];
	return UINT64_C(1) << (h & 63);
}

static bool all_differ(const struct json_doc *d, uint32_t object)
{
	uint64_t seen = 0;

	for (uint32_t i = object + 1; i < d->nodes[object].end; i = d->nodes[i].end) {
		uint64_t bit = key_bit(d->nodes[i].key);

		if (seen & bit)
			return false;
		seen |= bit;
	}
	return true;
}

static bool few_differ(const struct json_doc *d, uint32_t object)
{
	for (uint32_t i = object + 1; i < d->nodes[object].end; i = d->nodes[i].end)
		for (uint32_t k = object + 1; k < i; k = d->nodes[k].end)
			if (span_equal(d->nodes[i].key, d->nodes[k].key))
				return false;
	return true;
}

/* Sorted, equal keys stand beside each other, the last one last. */
static int mark_stale(struct builder *b, uint32_t object)
{
	struct json_doc *d = b->doc;
	struct place *places;
	size_t n = d->nodes[object].n, used = 0;

	buf_reset(&d->order);
	places = (struct place *)(void *)buf_reserve(&d->order, n * sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (uint32_t i = object + 1; i < d->nodes[object].end; i = d->nodes[i].end)
		places[used++] = (struct place){d->nodes[i].key, i};
	qsort(places, n, sizeof(*places), by_key);
	for (size_t i = 0; i + 1 < n; i++) {
		if (!span_equal(places[i].key, places[i + 1].key))
			continue;
		if (b->limits->unique)
			return fail(b, JSON_DOC_REPEATED, d->nodes[places[i + 1].i].raw.ptr);
		d->nodes[places[i].i].stale = true;
		d->nodes[object].n--;
	}
	return 0;
}

static int close_container(struct builder *b)
{
	struct json_doc *d = b->doc;
	uint32_t i = b->open[--b->depth];
	struct json_node *node = &d->nodes[i];

	node->end = (uint32_t)d->n;
	node->raw.len = (size_t)(b->cursor.at - node->raw.ptr);
	if (node->type != JSON_TYPE_OBJECT || all_differ(d, i) ||
		(node->n <= 24 && few_differ(d, i)))
		return 0;
	return mark_stale(b, i);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* One member or item more of the innermost container, or its end. */
static int advance(struct builder *b)
{
	bool object = b->doc->nodes[b->open[b->depth - 1]].type == JSON_TYPE_OBJECT;
	struct json_value key = {.type = JSON_TYPE_ABSENT};
	struct span name = SPAN_EMPTY;
	int r = object ? json_object_key(&b->cursor, &key) : json_array_next(&b->cursor);

	if (r == JSON_END)
		return close_container(b);
	if (r)
		return malformed(b, &b->cursor.fault);
	r = object ? text_of(b, &key, &name) : 0;
	return r ? r : add_value(b, name);
}

int json_doc_read(struct json_doc *d, struct span text, const struct json_doc_limits *limits,
	struct json_doc_fault *ret_fault)
{
	struct builder b = {.doc = d, .limits = limits, .fault = ret_fault};
	int r;

	assert(limits->depth <= JSON_DOC_DEPTH_MAX && limits->values < JSON_NODE_NONE);
	arena_reset(&d->texts);
	d->n = 0;
	json_cursor_init(&b.cursor, text);
	r = add_value(&b, SPAN_EMPTY);
	while (r == 0 && b.depth > 0)
		r = advance(&b);
	if (r == 0 && json_finish(&b.cursor))
		r = malformed(&b, &b.cursor.fault);
	return r;
}

/* ---- finding ------------------------------------------------------------------------------- */

uint32_t json_doc_member(const struct json_doc *d, uint32_t object, struct span key)
{
	uint32_t i = json_doc_first(d, object);

	while (i != JSON_NODE_NONE && !span_equal(d->nodes[i].key, key))
		i = json_doc_next(d, object, i);
	return i;
}

uint32_t json_doc_spare(struct json_doc *d, uint32_t i)
{
	struct json_node *spare = &d->nodes[d->n];

	*spare = d->nodes[i];
	spare->type = JSON_TYPE_STRING;
	spare->text = spare->key;
	spare->end = (uint32_t)d->n + 1;
	spare->n = 0;
	return (uint32_t)d->n;
}

static void add_token(struct span key, struct buf *out)
{
	buf_add_char(out, '/');
	for (size_t i = 0; i < key.len; i++) {
		if (key.ptr[i] == '~')
			buf_add(out, "~0", 2);
		else if (key.ptr[i] == '/')
			buf_add(out, "~1", 2);
		else
			buf_add_char(out, key.ptr[i]);
	}
}

static size_t index_of(const struct json_doc *d, uint32_t item)
{
	size_t index = 0;

	for (uint32_t i = d->nodes[item].parent + 1; i != item; i = d->nodes[i].end)
		index++;
	return index;
}

void json_doc_pointer(const struct json_doc *d, uint32_t i, struct buf *out)
{
	uint32_t way[JSON_DOC_DEPTH_MAX + 1];
	size_t n = 0;

	for (; d->nodes[i].parent != JSON_NODE_NONE; i = d->nodes[i].parent)
		way[n++] = i;
	while (n > 0) {
		const struct json_node *node = &d->nodes[way[--n]];

		if (d->nodes[node->parent].type == JSON_TYPE_OBJECT) {
			add_token(node->key, out);
		} else {
			buf_add_char(out, '/');
			buf_add_u64(out, index_of(d, way[n]));
		}
	}
}

static bool token_is(struct span token, struct span key)
{
	size_t k = 0;

	for (size_t i = 0; i < token.len; i++, k++) {
		char c = token.ptr[i];

		if (c == '~') {
			if (++i == token.len || (token.ptr[i] != '0' && token.ptr[i] != '1'))
				return false;
			c = token.ptr[i] == '0' ? '~' : '/';
		}
		if (k == key.len || key.ptr[k] != c)
			return false;
	}
	return k == key.len;
}

static uint32_t find_token(const struct json_doc *d, uint32_t in, struct span token)
{
	uint32_t i = json_doc_first(d, in);
	uint64_t index;

	if (d->nodes[in].type == JSON_TYPE_OBJECT) {
		while (i != JSON_NODE_NONE && !token_is(token, d->nodes[i].key))
			i = json_doc_next(d, in, i);
		return i;
	}
	if (d->nodes[in].type != JSON_TYPE_ARRAY || span_to_u64(token, UINT32_MAX, &index) != 0 ||
		(token.len > 1 && token.ptr[0] == '0'))
		return JSON_NODE_NONE;
	while (i != JSON_NODE_NONE && index-- > 0)
		i = json_doc_next(d, in, i);
	return i;
}

uint32_t json_doc_find(const struct json_doc *d, uint32_t from, struct span pointer)
{
	while (from != JSON_NODE_NONE && pointer.len > 0) {
		struct span token = span_of(pointer.ptr + 1, 0);

		if (pointer.ptr[0] != '/')
			return JSON_NODE_NONE;
		while (token.len < pointer.len - 1 && token.ptr[token.len] != '/')
			token.len++;
		from = find_token(d, from, token);
		pointer = span_of(token.ptr + token.len, pointer.len - 1 - token.len);
	}
	return from;
}
