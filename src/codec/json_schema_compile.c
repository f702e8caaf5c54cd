/* SPDX-License-Identifier: MIT */
/*
 * From documents to a program. What is needed is kept in a list of things to do, so that a schema
 * that refers to itself needs no recursion; the pieces of the work are in json_schema_emit_*.c.
 */
#include <stdarg.h>

#include "json_schema_impl.h"

/* ---- problems ------------------------------------------------------------------------------ */

const char *schema_quote(struct span s, char out[SCHEMA_QUOTE_SIZE])
{
	size_t room = SCHEMA_QUOTE_SIZE - 6, n = s.len < room ? s.len : room;
	size_t used = 0;

	/* Not in the middle of a character. */
	while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	out[used++] = '`';
	for (size_t i = 0; i < n; i++)
		out[used++] = schema_visible(s.ptr[i]);
	if (n < s.len) {
		memcpy(out + used, "…", 3);
		used += 3;
	}
	out[used++] = '`';
	out[used] = '\0';
	return out;
}

void schema_problem(
	struct schema_compiler *c, uint32_t doc, uint32_t value, const char *format, ...)
{
	const struct schema_doc *d = c->program->docs[doc];
	_cleanup_(buf_release) struct buf pointer = BUF_INIT;
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(c->problems, d->file, format, args);
	va_end(args);
	if (!p)
		return;
	json_doc_pointer(&d->doc, value, &pointer);
	if (buf_failed(&pointer) < 0)
		c->oom = true;
	file_problem_point(p, buf_span(&pointer));
	p->line = (unsigned)json_place(
		buf_span(&d->text), (size_t)(d->doc.nodes[value].raw.ptr - d->text.ptr))
			  .line;
}

void schema_problem_file(
	struct schema_compiler *c, const char *file, unsigned line, const char *format, ...)
{
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(c->problems, file, format, args);
	va_end(args);
	if (p)
		p->line = line;
}

/* ---- the tools of the emitters ------------------------------------------------------------- */

struct json_doc *schema_doc(const struct schema_compiler *c)
{
	return &c->program->docs[schema_at(c->program, c->schema)->doc]->doc;
}

const struct json_node *schema_node(const struct schema_compiler *c, uint32_t value)
{
	return &schema_doc(c)->nodes[value];
}

void schema_bad(struct schema_compiler *c, uint32_t value, const char *format, ...)
{
	char message[sizeof(c->problems->list[0].message)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	schema_problem(c, schema_at(c->program, c->schema)->doc, value, "%s", message);
}

void schema_emit(struct schema_compiler *c, enum keyword k, struct schema_op op)
{
	op.keyword = k;
	op.value = c->found[k];
	buf_add(&c->program->ops, &op, sizeof(op));
	if (buf_failed(&c->program->ops) < 0)
		c->oom = true;
	schema_at(c->program, c->schema)->n_ops++;
}

bool schema_expect(struct schema_compiler *c, enum keyword k, enum json_type type)
{
	static const char *const words[] = {
		[JSON_TYPE_NUMBER] = "a number",
		[JSON_TYPE_STRING] = "a string",
		[JSON_TYPE_ARRAY] = "an array",
		[JSON_TYPE_OBJECT] = "an object",
	};
	uint32_t value = c->found[k];

	if (value == SCHEMA_NONE)
		return false;
	if (schema_node(c, value)->type == type)
		return true;
	schema_bad(c, value, "%s must be %s", keyword_rows[k].name, words[type]);
	return false;
}

bool schema_count(struct schema_compiler *c, enum keyword k, uint64_t *ret_count)
{
	struct json_number number;
	uint32_t value = c->found[k];
	const struct json_node *node;

	if (value == SCHEMA_NONE)
		return false;
	node = schema_node(c, value);
	if (node->type == JSON_TYPE_NUMBER &&
		json_number_read(node->raw, JSON_SCHEMA_EXPONENT_MAX, &number) &&
		json_number_count(&number, ret_count))
		return true;
	schema_bad(c, value, "%s must be a whole number from 0 on", keyword_rows[k].name);
	return false;
}

uint32_t schema_need(struct schema_compiler *c, uint32_t schema)
{
	struct schema *s = schema_at(c->program, schema);

	if (!s->needed && s->kind == SCHEMA_OBJECT) {
		buf_add(&c->todo, &schema, sizeof(schema));
		if (buf_failed(&c->todo) < 0)
			c->oom = true;
	}
	s->needed = true;
	return schema;
}

uint32_t schema_child(struct schema_compiler *c, uint32_t value)
{
	const struct schema_doc *doc = c->program->docs[schema_at(c->program, c->schema)->doc];

	if (doc->schema_of[value] == SCHEMA_NONE) {
		schema_bad(c, value, "a schema is an object, true or false");
		return SCHEMA_NONE;
	}
	return schema_need(c, doc->schema_of[value]);
}

/* Any order will do for looking up; by length first, most comparisons end there. */
static int compare_names(struct span a, struct span b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static int by_text(const void *left, const void *right)
{
	const struct schema_name *a = left, *b = right;

	return compare_names(a->text, b->text);
}

void schema_sort_names(struct schema_compiler *c, uint32_t first, uint32_t n)
{
	if (n > 1 && !c->oom)
		qsort(name_at(c->program, first), n, sizeof(struct schema_name), by_text);
}

const struct schema_name *schema_find_name(
	const struct json_schema *s, const struct schema_op *op, struct span text)
{
	uint32_t from = op->first, to = op->first + op->n;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		const struct schema_name *name = name_at(s, middle);
		int r = compare_names(text, name->text);

		if (r == 0)
			return name;
		if (r < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

uint32_t schema_pattern_of(struct schema_compiler *c, uint32_t value, struct span source)
{
	struct schema_pattern pattern = {.schema = SCHEMA_NONE, .source = source};
	struct buf *patterns = &c->program->patterns;
	uint32_t i = (uint32_t)(patterns->len / sizeof(pattern));
	struct ecma_fault fault;
	int r;

	if (source.len > JSON_SCHEMA_PATTERN_MAX || i == JSON_SCHEMA_PATTERNS_MAX) {
		schema_bad(c, value,
			"a pattern has at most %d bytes, and a schema at most %d patterns",
			JSON_SCHEMA_PATTERN_MAX, JSON_SCHEMA_PATTERNS_MAX);
		return SCHEMA_NONE;
	}
	r = ecma_pattern_new(source, &pattern.code, &fault);
	if (r == ECMA_PATTERN_BAD)
		schema_bad(c, value,
			"this is no regular expression that can be used (at byte %zu): %s",
			fault.offset, fault.message);
	else if (r < 0)
		c->oom = true;
	if (r)
		return SCHEMA_NONE;
	buf_add(patterns, &pattern, sizeof(pattern));
	if (buf_failed(patterns) == 0)
		return i;
	c->oom = true;
	(void)ecma_pattern_free(pattern.code);
	return SCHEMA_NONE;
}

/* ---- all ----------------------------------------------------------------------------------- */

/* Words of other drafts, and what they are called now. */
static const struct {
	const char *name, *instead;
} former[] = {
	{"$recursiveAnchor", "$dynamicAnchor"},
	{"$recursiveRef", "$dynamicRef"},
	{"additionalItems", "items beside prefixItems"},
	{"definitions", "$defs"},
	{"dependencies", "dependentRequired or dependentSchemas"},
	{"divisibleBy", "multipleOf"},
	{"id", "$id"},
	{"$vocabulary", "no vocabularies: what is known is known"},
};

static void unknown_keyword(struct schema_compiler *c, uint32_t value, struct span key)
{
	char quoted[SCHEMA_QUOTE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(former); i++) {
		if (!span_is(key, former[i].name))
			continue;
		schema_bad(c, value, "draft 2020-12 as it is known here has no %s; use %s",
			former[i].name, former[i].instead);
		return;
	}
	schema_bad(c, value, "%s is no keyword that is known here; notes of your own begin with x-",
		schema_quote(key, quoted));
}

static void find_keywords(struct schema_compiler *c, uint32_t value)
{
	const struct json_doc *d = schema_doc(c);

	memset(c->found, 0xff, sizeof(c->found));
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i)) {
		struct span key = d->nodes[i].key;
		enum keyword k = keyword_of(key);

		if (k != KEYWORD_COUNT)
			c->found[k] = i;
		else if (!span_starts(key, SPAN_LIT("x-")))
			unknown_keyword(c, i, key);
	}
}

static void compile_one(struct schema_compiler *c, uint32_t number)
{
	struct schema *s = schema_at(c->program, number);

	c->schema = number;
	s->op = (uint32_t)(c->program->ops.len / sizeof(struct schema_op));
	find_keywords(c, s->value);
	schema_emit_values(c);
	schema_emit_arrays(c);
	schema_emit_objects(c);
	schema_emit_logic(c);
	schema_emit_notes(c);
}

/* Any $dynamicAnchor may be where a $dynamicRef of that name leads. */
static void need_dynamics(struct schema_compiler *c)
{
	for (uint32_t i = 0; i < dynamic_count(c->program) && !c->oom; i++)
		(void)schema_need(c, dynamic_at(c->program, i)->schema);
}

static void compile_needed(struct schema_compiler *c)
{
	bool dynamic = false;

	while (c->todo.len > 0 && !c->oom) {
		uint32_t number;

		c->todo.len -= sizeof(number);
		memcpy(&number, c->todo.ptr + c->todo.len, sizeof(number));
		compile_one(c, number);
		dynamic = dynamic || c->found[KEYWORD_DYNAMIC_REF] != SCHEMA_NONE;
		if (dynamic && c->todo.len == 0)
			need_dynamics(c);
	}
}

static void compiler_release(struct schema_compiler *c)
{
	free(c->loaded);
	map_release(&c->uris);
	map_release(&c->anchors);
	buf_release(&c->todo);
}

static bool compile(struct schema_compiler *c)
{
	uint32_t resource, n;

	if (!schema_load(c, c->main, true, &resource))
		return false;
	c->program->root = c->program->docs[0]->schema_of[0];
	n = (uint32_t)(c->program->schemas.len / sizeof(struct schema));
	/* All of them: a fault in a part that nothing refers to is one, too. */
	for (uint32_t i = n; i > 0 && !c->oom; i--)
		(void)schema_need(c, i - 1);
	compile_needed(c);
	return !c->oom && c->problems->n == 0;
}

static int new_program(size_t n_docs, struct json_schema **ret_program)
{
	struct json_schema *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	arena_init(&p->arena);
	p->docs = calloc(n_docs, sizeof(struct schema_doc *));
	if (!p->docs) {
		free(p);
		return -ENOMEM;
	}
	*ret_program = p;
	return 0;
}

int json_schema_compile(const struct json_schema_source *main,
	const struct json_schema_options *options, struct file_problems *problems,
	struct json_schema **ret_schema)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x736368656d61732e};
	static const struct json_schema_options none = {.n_given = 0};
	_cleanup_(compiler_release) struct schema_compiler c = {
		.main = main, .options = options ? options : &none, .problems = problems};
	_cleanup_(json_schema_freep) struct json_schema *program = NULL;

	problems->n = problems->more = 0;
	map_init(&c.uris, seed);
	map_init(&c.anchors, seed);
	if (c.options->n_given > JSON_SCHEMA_GIVEN_MAX) {
		schema_problem_file(&c, main->file, 0, "at most %d other schemas can be given",
			JSON_SCHEMA_GIVEN_MAX);
		return JSON_SCHEMA_BAD;
	}
	c.loaded = calloc(c.options->n_given + 1, sizeof(*c.loaded));
	if (!c.loaded || new_program(c.options->n_given + 1, &program) < 0)
		return -ENOMEM;
	c.program = program;
	if (!compile(&c))
		return c.oom ? -ENOMEM : JSON_SCHEMA_BAD;
	*ret_schema = program;
	program = NULL;
	return 0;
}

struct json_schema *json_schema_free(struct json_schema *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_docs; i++) {
		json_doc_release(&s->docs[i]->doc);
		buf_release(&s->docs[i]->text);
		free(s->docs[i]->schema_of);
		free(s->docs[i]);
	}
	free(s->docs);
	for (size_t i = 0; i < s->patterns.len / sizeof(struct schema_pattern); i++)
		(void)ecma_pattern_free(pattern_at(s, (uint32_t)i)->code);
	buf_release(&s->schemas);
	buf_release(&s->ops);
	buf_release(&s->names);
	buf_release(&s->refs);
	buf_release(&s->patterns);
	buf_release(&s->dynamics);
	buf_release(&s->resources);
	arena_release(&s->arena);
	free(s);
	return NULL;
}

void json_schema_freep(struct json_schema **s)
{
	*s = json_schema_free(*s);
}
