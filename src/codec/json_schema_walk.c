/* SPDX-License-Identifier: MIT */
/*
 * Documents, and the places in them where schemas stand. A walk goes only where a keyword says that
 * schemas are: what looks like one inside an enum or a default is a value.
 */
#include <stdarg.h>

#include "json_schema_impl.h"
#include "uri_resolve.h"

#define X(ID, NAME, HOLDS) [KEYWORD_##ID] = {NAME, HOLDS},
const struct keyword_row keyword_rows[KEYWORD_COUNT] = {KEYWORDS(X)};
#undef X

enum keyword keyword_of(struct span name)
{
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if (span_is(name, keyword_rows[i].name))
			return (enum keyword)i;
	return KEYWORD_COUNT;
}

struct walk {
	struct schema_compiler *c;
	uint32_t doc;
};

static struct json_doc *doc_of(const struct walk *w)
{
	return &w->c->program->docs[w->doc]->doc;
}

static const struct json_node *node_at(const struct walk *w, uint32_t value)
{
	return &doc_of(w)->nodes[value];
}

static uint32_t count_of(const struct buf *b, size_t size)
{
	return (uint32_t)(b->len / size);
}

/* ---- names of places ----------------------------------------------------------------------- */

static bool put(struct schema_compiler *c, struct map *map, struct span key, uint32_t number)
{
	/* A map holds pointers that are not NULL; a number is one, from 1 on. */
	if (map_put(map, key, (void *)((uintptr_t)number + 1)) < 0)
		c->oom = true;
	return !c->oom;
}

static uint32_t get(const struct map *map, struct span key)
{
	void *value = map_get(map, key);

	return value ? (uint32_t)((uintptr_t)value - 1) : SCHEMA_NONE;
}

/* Copies what BUF holds; empty with c->oom set when out of memory. */
static struct span keep(struct schema_compiler *c, const struct buf *b)
{
	struct span copy = SPAN_EMPTY;

	if (buf_failed(b) == 0)
		copy = arena_copy(&c->program->arena, buf_span(b));
	if (!copy.ptr)
		c->oom = true;
	return copy;
}

static struct span anchor_key(struct schema_compiler *c, uint32_t resource, struct span name)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;

	buf_add_u64(&key, resource);
	buf_add_char(&key, '#');
	buf_add_span(&key, name);
	return keep(c, &key);
}

static bool anchor_name_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return s.len > 0;
}

static void note_anchor(struct walk *w, uint32_t schema, uint32_t value, bool dynamic)
{
	struct schema_compiler *c = w->c;
	uint32_t resource = schema_at(c->program, schema)->resource;
	struct span name = node_at(w, value)->text;
	char quoted[SCHEMA_QUOTE_SIZE];
	struct span key;

	if (node_at(w, value)->type != JSON_TYPE_STRING || !anchor_name_ok(name)) {
		schema_problem(c, w->doc, value,
			"an anchor is a name: a letter or _, then letters, digits, - _ or .");
		return;
	}
	key = anchor_key(c, resource, name);
	if (c->oom)
		return;
	if (get(&c->anchors, key) != SCHEMA_NONE) {
		schema_problem(c, w->doc, value, "there is another anchor %s in this schema",
			schema_quote(name, quoted));
		return;
	}
	(void)put(c, &c->anchors, key, schema);
	if (dynamic)
		buf_add(&c->program->dynamics,
			&(struct schema_dynamic){
				.name = name, .resource = resource, .schema = schema},
			sizeof(struct schema_dynamic));
}

/* ---- resources ----------------------------------------------------------------------------- */

static uint32_t add_resource(
	struct schema_compiler *c, struct span uri, uint32_t doc, uint32_t value)
{
	struct schema_resource resource = {.uri = uri, .doc = doc, .value = value};
	uint32_t i = count_of(&c->program->resources, sizeof(resource));

	buf_add(&c->program->resources, &resource, sizeof(resource));
	if (buf_failed(&c->program->resources) < 0)
		c->oom = true;
	return i;
}

/* URI leads to RESOURCE from now on, unless it leads elsewhere already. */
static bool name_resource(struct schema_compiler *c, struct span uri, uint32_t resource)
{
	uint32_t other = get(&c->uris, uri);

	if (other != SCHEMA_NONE)
		return other == resource;
	return put(c, &c->uris, uri, resource);
}

/* Resolves what stands at VALUE against URI; empty with a problem or c->oom. */
static struct span resolve_at(struct walk *w, struct span base, uint32_t value)
{
	_cleanup_(buf_release) struct buf uri = BUF_INIT;
	const struct json_node *node = node_at(w, value);
	struct span kept;

	if (node->type != JSON_TYPE_STRING || node->text.len > JSON_SCHEMA_URI_MAX) {
		schema_problem(w->c, w->doc, value, "a URI reference of at most %d bytes is needed",
			JSON_SCHEMA_URI_MAX);
		return SPAN_EMPTY;
	}
	uri_resolve(base, node->text, &uri);
	if (uri.len > JSON_SCHEMA_URI_MAX) {
		schema_problem(w->c, w->doc, value, "this leads to a URI of more than %d bytes",
			JSON_SCHEMA_URI_MAX);
		return SPAN_EMPTY;
	}
	kept = keep(w->c, &uri);
	return kept;
}

/* A schema with an $id is a resource of its own inside the one around it. */
static uint32_t enter_id(struct walk *w, uint32_t value, uint32_t id, uint32_t resource)
{
	struct span around = resource_at(w->c->program, resource)->uri;
	struct span fragment = uri_split(node_at(w, id)->text).fragment;
	char quoted[SCHEMA_QUOTE_SIZE];
	struct span uri;
	uint32_t inner;

	if (fragment.len > 0) {
		schema_problem(w->c, w->doc, id, "$id has no fragment; $anchor names a place");
		return resource;
	}
	uri = resolve_at(w, around, id);
	if (!uri.ptr)
		return resource;
	/* Kept where it says it is: both names are one. */
	inner = get(&w->c->uris, uri);
	if (inner != SCHEMA_NONE && resource_at(w->c->program, inner)->doc == w->doc &&
		resource_at(w->c->program, inner)->value == value)
		return inner;
	inner = add_resource(w->c, uri, w->doc, value);
	if (w->c->oom)
		return resource;
	if (!name_resource(w->c, uri, inner) && !w->c->oom)
		schema_problem(w->c, w->doc, id, "another schema is called %s, too",
			schema_quote(uri, quoted));
	return inner;
}

/* ---- walking ------------------------------------------------------------------------------- */

static void walk(struct walk *w, uint32_t value, uint32_t resource);

static void walk_inside(struct walk *w, uint32_t value, enum keyword_holds holds, uint32_t resource)
{
	const struct json_doc *d = doc_of(w);
	enum json_type type = d->nodes[value].type;
	uint32_t i;

	if (holds == HOLDS_ONE)
		walk(w, value, resource);
	if (!(holds == HOLDS_LIST && type == JSON_TYPE_ARRAY) &&
		!(holds == HOLDS_MAP && type == JSON_TYPE_OBJECT))
		return;
	for (i = json_doc_first(d, value); i != JSON_NODE_NONE; i = json_doc_next(d, value, i))
		walk(w, i, resource);
}

static void walk_object(struct walk *w, uint32_t schema, uint32_t value, uint32_t resource)
{
	const struct json_doc *d = doc_of(w);
	uint32_t i;

	for (i = json_doc_first(d, value); i != JSON_NODE_NONE && !w->c->oom;
		i = json_doc_next(d, value, i)) {
		enum keyword k = keyword_of(d->nodes[i].key);

		if (k == KEYWORD_ANCHOR || k == KEYWORD_DYNAMIC_ANCHOR)
			note_anchor(w, schema, i, k == KEYWORD_DYNAMIC_ANCHOR);
		else if (k != KEYWORD_COUNT)
			walk_inside(w, i, keyword_rows[k].holds, resource);
	}
}

/* Gives the schema at VALUE, and all in it, their numbers. */
static void walk(struct walk *w, uint32_t value, uint32_t resource)
{
	struct json_schema *program = w->c->program;
	uint32_t number = count_of(&program->schemas, sizeof(struct schema));
	struct schema schema = {.doc = w->doc, .value = value, .kind = SCHEMA_OBJECT};
	enum json_type type = node_at(w, value)->type;
	uint32_t id;

	if (type != JSON_TYPE_OBJECT && type != JSON_TYPE_TRUE && type != JSON_TYPE_FALSE)
		return;
	if (type != JSON_TYPE_OBJECT)
		schema.kind = type == JSON_TYPE_TRUE ? SCHEMA_TRUE : SCHEMA_FALSE;
	id = type == JSON_TYPE_OBJECT ? json_doc_member(doc_of(w), value, SPAN_LIT("$id"))
				      : JSON_NODE_NONE;
	if (id != JSON_NODE_NONE)
		resource = enter_id(w, value, id, resource);
	schema.resource = resource;
	buf_add(&program->schemas, &schema, sizeof(schema));
	if (buf_failed(&program->schemas) < 0)
		w->c->oom = true;
	if (w->c->oom)
		return;
	program->docs[w->doc]->schema_of[value] = number;
	if (type == JSON_TYPE_OBJECT)
		walk_object(w, number, value, resource);
}

/* ---- loading ------------------------------------------------------------------------------- */

static void not_read(struct schema_compiler *c, const struct json_schema_source *source,
	int outcome, const struct json_doc_fault *fault)
{
	unsigned line = (unsigned)json_place(source->text, fault->offset).line;

	switch (outcome) {
	case JSON_DOC_VALUES:
		schema_problem_file(c, source->file, line, "a schema has at most %d values",
			JSON_SCHEMA_VALUES_MAX);
		break;
	case JSON_DOC_DEPTH:
		schema_problem_file(c, source->file, line,
			"a schema nests at most %d objects and arrays", JSON_SCHEMA_DEPTH_MAX);
		break;
	case JSON_DOC_EXPONENT:
		schema_problem_file(c, source->file, line, "an exponent is at most %d",
			JSON_SCHEMA_EXPONENT_MAX);
		break;
	case JSON_DOC_REPEATED:
		schema_problem_file(c, source->file, line, "a keyword or name stands twice here");
		break;
	default:
		schema_problem_file(c, source->file, line, "this is not JSON: %s",
			json_fault_text(fault->json));
	}
}

/* A new document of the program, not yet read; NULL with c->oom. */
static struct schema_doc *new_doc(
	struct schema_compiler *c, const struct json_schema_source *source)
{
	struct json_schema *program = c->program;
	struct schema_doc *doc = calloc(1, sizeof(*doc));

	if (!doc) {
		c->oom = true;
		return NULL;
	}
	json_doc_init(&doc->doc);
	program->docs[program->n_docs++] = doc;
	doc->file = arena_copy(&program->arena, span_str(source->file)).ptr;
	buf_add_span(&doc->text, source->text);
	if (!doc->file || buf_failed(&doc->text) < 0)
		c->oom = true;
	return c->oom ? NULL : doc;
}

static bool read_doc(
	struct schema_compiler *c, const struct json_schema_source *source, struct schema_doc *doc)
{
	static const struct json_doc_limits limits = {
		JSON_SCHEMA_VALUES_MAX, JSON_SCHEMA_DEPTH_MAX, true, JSON_SCHEMA_EXPONENT_MAX};
	struct json_doc_fault fault;
	int r;

	if (source->text.len > JSON_SCHEMA_FILE_MAX) {
		schema_problem_file(
			c, source->file, 0, "a schema has at most %zu bytes", JSON_SCHEMA_FILE_MAX);
		return false;
	}
	r = json_doc_read(&doc->doc, buf_span(&doc->text), &limits, &fault);
	if (r > 0)
		not_read(c, source, r, &fault);
	if (r == 0)
		doc->schema_of = malloc(doc->doc.n * sizeof(*doc->schema_of));
	if (r == -ENOMEM || (r == 0 && !doc->schema_of))
		c->oom = true;
	if (r || c->oom)
		return false;
	memset(doc->schema_of, 0xff, doc->doc.n * sizeof(*doc->schema_of));
	return true;
}

bool schema_load(struct schema_compiler *c, const struct json_schema_source *source, bool main,
	uint32_t *ret_resource)
{
	struct walk w = {.c = c, .doc = (uint32_t)c->program->n_docs};
	struct schema_doc *doc = new_doc(c, source);
	struct span uri;
	uint32_t root, schema;

	if (!doc || !read_doc(c, source, doc))
		return false;
	doc->main = main;
	uri = arena_copy(&c->program->arena, source->uri);
	if (!uri.ptr)
		c->oom = true;
	root = add_resource(c, uri, w.doc, 0);
	if (c->oom || ((main || uri.len > 0) && !name_resource(c, uri, root)))
		return false;
	walk(&w, 0, root);
	schema = doc->schema_of[0];
	if (c->oom)
		return false;
	if (schema == SCHEMA_NONE) {
		schema_problem(c, w.doc, 0, "a schema is an object, true or false");
		return false;
	}
	*ret_resource = root;
	return true;
}

/* ---- references ---------------------------------------------------------------------------- */

static bool load_given(struct schema_compiler *c, size_t i)
{
	uint32_t resource;

	c->loaded[i] = true;
	return schema_load(c, &c->options->given[i], false, &resource);
}

/* The resource called URI; SCHEMA_NONE: no document that was given has it. */
static uint32_t find_resource(struct schema_compiler *c, struct span uri)
{
	uint32_t resource = get(&c->uris, uri);

	for (size_t i = 0; resource == SCHEMA_NONE && i < c->options->n_given && !c->oom; i++)
		if (!c->loaded[i] && span_equal(c->options->given[i].uri, uri) && load_given(c, i))
			resource = get(&c->uris, uri);
	/* Not where it is kept: perhaps what one of them calls itself. */
	for (size_t i = 0; resource == SCHEMA_NONE && i < c->options->n_given && !c->oom; i++)
		if (!c->loaded[i] && load_given(c, i))
			resource = get(&c->uris, uri);
	return resource;
}

/* The schema at FRAGMENT of a resource. */
static uint32_t find_fragment(struct schema_compiler *c, uint32_t resource, struct span fragment)
{
	const struct schema_resource *r = resource_at(c->program, resource);
	struct schema_doc *doc = c->program->docs[r->doc];
	uint32_t value = r->value;
	struct span key;

	if (fragment.len > 0 && fragment.ptr[0] != '/') {
		key = anchor_key(c, resource, fragment);
		return c->oom ? SCHEMA_NONE : get(&c->anchors, key);
	}
	value = json_doc_find(&doc->doc, value, fragment);
	return value == JSON_NODE_NONE ? SCHEMA_NONE : doc->schema_of[value];
}

/* The root of a resource may be that of one with an $id: anchors belong to the inner one. */
static uint32_t innermost(struct schema_compiler *c, uint32_t resource)
{
	const struct schema_resource *r = resource_at(c->program, resource);
	uint32_t schema = c->program->docs[r->doc]->schema_of[r->value];

	return schema == SCHEMA_NONE ? resource : schema_at(c->program, schema)->resource;
}

uint32_t schema_resolve(struct schema_compiler *c, uint32_t from, uint32_t value)
{
	struct walk w = {.c = c, .doc = schema_at(c->program, from)->doc};
	struct span base = resource_at(c->program, schema_at(c->program, from)->resource)->uri;
	_cleanup_(buf_release) struct buf fragment = BUF_INIT;
	struct span uri = resolve_at(&w, base, value);
	char quoted[SCHEMA_QUOTE_SIZE];
	uint32_t resource, schema;

	if (!uri.ptr)
		return SCHEMA_NONE;
	resource = find_resource(c, uri);
	if (c->oom)
		return SCHEMA_NONE;
	if (resource == SCHEMA_NONE) {
		schema_problem(c, w.doc, value,
			"%s is no document that was given; nothing is fetched",
			schema_quote(uri, quoted));
		return SCHEMA_NONE;
	}
	uri_unescape(uri_split(node_at(&w, value)->text).fragment, &fragment);
	if (buf_failed(&fragment) < 0) {
		c->oom = true;
		return SCHEMA_NONE;
	}
	schema = find_fragment(c, innermost(c, resource), buf_span(&fragment));
	if (schema == SCHEMA_NONE && !c->oom)
		schema_problem(c, w.doc, value, "no schema stands at %s",
			schema_quote(node_at(&w, value)->text, quoted));
	return schema == SCHEMA_NONE ? SCHEMA_NONE : schema_need(c, schema);
}
