/* SPDX-License-Identifier: MIT */
/*
 * The compiled form of schemas. A program is a handful of flat arrays that refer to each other by
 * number:
 *
 *	schemas   one for each place where a schema stands: a range of ops, or just true or false
 *	ops       what one keyword (or a group that must be seen together) asks, cheapest first
 *	names     member names with what belongs to them, sorted where they are looked up
 *	refs      numbers of schemas: the operands of allOf, anyOf and oneOf
 *	docs      the documents that the schemas stand in, kept for constants and for messages
 *
 * Compiling goes three ways over a document: it is read into a json_doc; walked, so that every
 * place of a schema has a number and every $id and $anchor is known (json_schema_walk.c); and then
 * the schemas that are needed are turned into ops (json_schema_compile.c): those of the main
 * document, and of the others whatever a $ref leads to.
 */
#pragma once

#include <inttypes.h>

#include "base/buf.h"
#include "base/map.h"
#include "codec/json_schema.h"
#include "ecma_pattern.h"
#include "json_doc.h"
#include "json_number.h"

#define SCHEMA_NONE    UINT32_MAX
#define SCHEMA_NESTING 384 /* schemas applied inside each other */

/*
 * The keywords: enum, name, and how schemas stand in the value (to be walked). KEYWORD_… of
 * nothing that is claimed is not here.
 */
enum keyword_holds {
	HOLDS_NOTHING,
	HOLDS_ONE,  /* the value is a schema */
	HOLDS_LIST, /* an array of schemas */
	HOLDS_MAP,  /* an object of schemas */
};

#define KEYWORDS(X)                                                                                \
	X(ANCHOR, "$anchor", HOLDS_NOTHING)                                                        \
	X(COMMENT, "$comment", HOLDS_NOTHING)                                                      \
	X(DEFS, "$defs", HOLDS_MAP)                                                                \
	X(DYNAMIC_ANCHOR, "$dynamicAnchor", HOLDS_NOTHING)                                         \
	X(DYNAMIC_REF, "$dynamicRef", HOLDS_NOTHING)                                               \
	X(ID, "$id", HOLDS_NOTHING)                                                                \
	X(REF, "$ref", HOLDS_NOTHING)                                                              \
	X(SCHEMA, "$schema", HOLDS_NOTHING)                                                        \
	X(ADDITIONAL_PROPERTIES, "additionalProperties", HOLDS_ONE)                                \
	X(ALL_OF, "allOf", HOLDS_LIST)                                                             \
	X(ANY_OF, "anyOf", HOLDS_LIST)                                                             \
	X(CONST, "const", HOLDS_NOTHING)                                                           \
	X(CONTAINS, "contains", HOLDS_ONE)                                                         \
	X(CONTENT_ENCODING, "contentEncoding", HOLDS_NOTHING)                                      \
	X(CONTENT_MEDIA_TYPE, "contentMediaType", HOLDS_NOTHING)                                   \
	X(CONTENT_SCHEMA, "contentSchema", HOLDS_ONE)                                              \
	X(DEFAULT, "default", HOLDS_NOTHING)                                                       \
	X(DEPENDENT_REQUIRED, "dependentRequired", HOLDS_NOTHING)                                  \
	X(DEPENDENT_SCHEMAS, "dependentSchemas", HOLDS_MAP)                                        \
	X(DEPRECATED, "deprecated", HOLDS_NOTHING)                                                 \
	X(DESCRIPTION, "description", HOLDS_NOTHING)                                               \
	X(ELSE, "else", HOLDS_ONE)                                                                 \
	X(ENUM, "enum", HOLDS_NOTHING)                                                             \
	X(EXAMPLES, "examples", HOLDS_NOTHING)                                                     \
	X(EXCLUSIVE_MAXIMUM, "exclusiveMaximum", HOLDS_NOTHING)                                    \
	X(EXCLUSIVE_MINIMUM, "exclusiveMinimum", HOLDS_NOTHING)                                    \
	X(FORMAT, "format", HOLDS_NOTHING)                                                         \
	X(IF, "if", HOLDS_ONE)                                                                     \
	X(ITEMS, "items", HOLDS_ONE)                                                               \
	X(MAX_CONTAINS, "maxContains", HOLDS_NOTHING)                                              \
	X(MAX_ITEMS, "maxItems", HOLDS_NOTHING)                                                    \
	X(MAX_LENGTH, "maxLength", HOLDS_NOTHING)                                                  \
	X(MAX_PROPERTIES, "maxProperties", HOLDS_NOTHING)                                          \
	X(MAXIMUM, "maximum", HOLDS_NOTHING)                                                       \
	X(MIN_CONTAINS, "minContains", HOLDS_NOTHING)                                              \
	X(MIN_ITEMS, "minItems", HOLDS_NOTHING)                                                    \
	X(MIN_LENGTH, "minLength", HOLDS_NOTHING)                                                  \
	X(MIN_PROPERTIES, "minProperties", HOLDS_NOTHING)                                          \
	X(MINIMUM, "minimum", HOLDS_NOTHING)                                                       \
	X(MULTIPLE_OF, "multipleOf", HOLDS_NOTHING)                                                \
	X(NOT, "not", HOLDS_ONE)                                                                   \
	X(ONE_OF, "oneOf", HOLDS_LIST)                                                             \
	X(PATTERN, "pattern", HOLDS_NOTHING)                                                       \
	X(PATTERN_PROPERTIES, "patternProperties", HOLDS_MAP)                                      \
	X(PREFIX_ITEMS, "prefixItems", HOLDS_LIST)                                                 \
	X(PROPERTIES, "properties", HOLDS_MAP)                                                     \
	X(PROPERTY_NAMES, "propertyNames", HOLDS_ONE)                                              \
	X(READ_ONLY, "readOnly", HOLDS_NOTHING)                                                    \
	X(REQUIRED, "required", HOLDS_NOTHING)                                                     \
	X(THEN, "then", HOLDS_ONE)                                                                 \
	X(TITLE, "title", HOLDS_NOTHING)                                                           \
	X(TYPE, "type", HOLDS_NOTHING)                                                             \
	X(UNEVALUATED_ITEMS, "unevaluatedItems", HOLDS_ONE)                                        \
	X(UNEVALUATED_PROPERTIES, "unevaluatedProperties", HOLDS_ONE)                              \
	X(UNIQUE_ITEMS, "uniqueItems", HOLDS_NOTHING)                                              \
	X(WRITE_ONLY, "writeOnly", HOLDS_NOTHING)

#define X(ID, NAME, HOLDS) KEYWORD_##ID,
enum keyword { KEYWORDS(X) KEYWORD_COUNT };
#undef X

struct keyword_row {
	const char *name;
	enum keyword_holds holds;
};
extern const struct keyword_row keyword_rows[KEYWORD_COUNT];

/* KEYWORD_COUNT: none of ours. */
enum keyword keyword_of(struct span name);

/* ---- the program --------------------------------------------------------------------------- */

enum schema_kind { SCHEMA_OBJECT, SCHEMA_TRUE, SCHEMA_FALSE };

struct schema {
	uint32_t doc, value; /* where it stands */
	uint32_t resource;   /* whose base URI holds there */
	uint32_t op, n_ops;
	enum schema_kind kind;
	bool needed;
	bool gathers; /* has unevaluatedItems or unevaluatedProperties */
};

/* Types as bits; INTEGER is a number without fraction. */
#define SCHEMA_TYPES(X)                                                                            \
	X(NULL, "null", "null")                                                                    \
	X(BOOLEAN, "boolean", "a boolean")                                                         \
	X(INTEGER, "integer", "a whole number")                                                    \
	X(NUMBER, "number", "a number")                                                            \
	X(STRING, "string", "a string")                                                            \
	X(ARRAY, "array", "an array")                                                              \
	X(OBJECT, "object", "an object")

enum schema_type_bit {
#define X(ID, NAME, WORDS) SCHEMA_BIT_##ID,
	SCHEMA_TYPES(X)
#undef X
		SCHEMA_BIT_COUNT
};

struct schema_op {
	enum keyword keyword; /* also says which function runs it */
	uint32_t value;	      /* of the keyword in the document, for messages */
	uint32_t first, n;    /* a range: of names, refs, or patterns */
	uint32_t schema;      /* an operand */
	uint32_t more;	      /* another: else, the number of a pattern or format, … */
	uint64_t count, least;
	struct json_number number;
	struct decimal divisor;
};

/* A member's name. */
struct schema_name {
	struct span text;
	uint32_t schema;   /* of properties, dependentSchemas */
	uint32_t first, n; /* of dependentRequired: names that are required then */
};

struct schema_pattern {
	struct ecma_pattern *code;
	uint32_t schema; /* of patternProperties */
	struct span source;
};

struct schema_doc {
	struct json_doc doc;
	struct buf text; /* a copy: the nodes borrow from it */
	const char *file;
	uint32_t *schema_of; /* by node; SCHEMA_NONE: no schema stands there */
	bool main;
};

struct schema_dynamic {
	struct span name;
	uint32_t resource, schema;
};

struct schema_resource {
	struct span uri;
	uint32_t doc, value; /* its root */
};

/* Arrays of the structs above; each grows as a buf while compiling. */
struct json_schema {
	struct buf schemas, ops, names, refs, patterns, dynamics, resources;
	struct schema_doc **docs;
	size_t n_docs;
	struct arena arena; /* names of all kinds */
	uint32_t root;
};

static inline struct schema *schema_at(const struct json_schema *s, uint32_t i)
{
	return (struct schema *)(void *)s->schemas.ptr + i;
}
static inline const struct schema_op *op_at(const struct json_schema *s, uint32_t i)
{
	return (const struct schema_op *)(const void *)s->ops.ptr + i;
}
static inline struct schema_name *name_at(const struct json_schema *s, uint32_t i)
{
	return (struct schema_name *)(void *)s->names.ptr + i;
}
static inline uint32_t ref_at(const struct json_schema *s, uint32_t i)
{
	return ((const uint32_t *)(const void *)s->refs.ptr)[i];
}
static inline struct schema_pattern *pattern_at(const struct json_schema *s, uint32_t i)
{
	return (struct schema_pattern *)(void *)s->patterns.ptr + i;
}
static inline const struct schema_dynamic *dynamic_at(const struct json_schema *s, uint32_t i)
{
	return (const struct schema_dynamic *)(const void *)s->dynamics.ptr + i;
}
static inline const struct schema_resource *resource_at(const struct json_schema *s, uint32_t i)
{
	return (const struct schema_resource *)(const void *)s->resources.ptr + i;
}
static inline uint32_t dynamic_count(const struct json_schema *s)
{
	return (uint32_t)(s->dynamics.len / sizeof(struct schema_dynamic));
}

/* ---- compiling ----------------------------------------------------------------------------- */

struct schema_compiler {
	struct json_schema *program;
	const struct json_schema_source *main;
	const struct json_schema_options *options;
	struct file_problems *problems;
	bool *loaded;		       /* of the given documents */
	struct map uris;	       /* absolute URI: resource + 1 */
	struct map anchors;	       /* "resource#name": schema + 1 */
	struct buf todo;	       /* numbers of schemas that are needed and not compiled */
	uint32_t schema;	       /* being compiled */
	uint32_t found[KEYWORD_COUNT]; /* nodes of its keywords */
	bool oom;
};

/* Notes a problem at a value of a document; doc SCHEMA_NONE: nowhere. */
void schema_problem(struct schema_compiler *c, uint32_t doc, uint32_t value, const char *format,
	...) __attribute__((format(printf, 4, 5)));
/* The same of a whole file. */
void schema_problem_file(struct schema_compiler *c, const char *file, unsigned line,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What a byte of somebody's text becomes in a message. */
static inline char schema_visible(char c)
{
	if ((unsigned char)c < ' ' || c == 127)
		return '?';
	return c;
}

/* S for a message: cut, without control characters. */
#define SCHEMA_QUOTE_SIZE 72
const char *schema_quote(struct span s, char out[SCHEMA_QUOTE_SIZE]);

/*
 * Reads and walks a document, whose root is then resource_at(…, *ret_resource). False after a
 * problem or with c->oom.
 */
bool schema_load(struct schema_compiler *c, const struct json_schema_source *source, bool main,
	uint32_t *ret_resource);
/* What a reference in the schema FROM, standing at VALUE, leads to; SCHEMA_NONE after a problem. */
uint32_t schema_resolve(struct schema_compiler *c, uint32_t from, uint32_t value);
/* Notes that a schema is to be compiled; returns it. */
uint32_t schema_need(struct schema_compiler *c, uint32_t schema);

/* The document of the schema being compiled, and a node of it. */
struct json_doc *schema_doc(const struct schema_compiler *c);
const struct json_node *schema_node(const struct schema_compiler *c, uint32_t value);
/* Appends OP, which the keyword K is to answer for. */
void schema_emit(struct schema_compiler *c, enum keyword k, struct schema_op op);
/* A problem at the node VALUE of that document. */
void schema_bad(struct schema_compiler *c, uint32_t value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* K is there and of TYPE; if it is not of TYPE that is a problem. */
bool schema_expect(struct schema_compiler *c, enum keyword k, enum json_type type);
/* K is there and *ret_count is what it holds. */
bool schema_count(struct schema_compiler *c, enum keyword k, uint64_t *ret_count);
/* The number of the schema that stands at VALUE, to be compiled; SCHEMA_NONE after a problem. */
uint32_t schema_child(struct schema_compiler *c, uint32_t value);
/* Sorts the names from FIRST on, so that they can be looked up. */
void schema_sort_names(struct schema_compiler *c, uint32_t first, uint32_t n);
/* The one called TEXT of a sorted range; NULL: none. */
const struct schema_name *schema_find_name(
	const struct json_schema *s, const struct schema_op *op, struct span text);
/* Compiles a regular expression; its number, or SCHEMA_NONE after a problem at VALUE. */
uint32_t schema_pattern_of(struct schema_compiler *c, uint32_t value, struct span source);

/* The emitters: each looks after the keywords it knows. */
void schema_emit_values(struct schema_compiler *c);
void schema_emit_arrays(struct schema_compiler *c);
void schema_emit_objects(struct schema_compiler *c);
void schema_emit_logic(struct schema_compiler *c);
void schema_emit_notes(struct schema_compiler *c); /* annotations: only their form */

/* ---- judging ------------------------------------------------------------------------------- */

/* Which members or items of one value some schema has looked at. */
struct schema_seen {
	uint64_t *bits;
	size_t words;
};

struct json_schema_work {
	struct json_schema_limits limits;
	struct json_doc doc;
	struct arena arena;
	struct buf text;		   /* of messages */
	struct json_schema_faults nearest; /* what one alternative would say */
};

struct schema_run {
	const struct json_schema *s;
	struct json_schema_work *work;
	struct json_doc *doc;
	struct json_schema_faults *faults; /* NULL: nobody wants to know */
	uint64_t steps;			   /* left */
	bool asking;	   /* what alternatives would say: not what those inside them would */
	unsigned quiet;	   /* inside something whose faults are none: not, anyOf, if … */
	int error;	   /* -ENOMEM or JSON_SCHEMA_TOO_MUCH: everything ends */
	uint32_t last;	   /* the value being judged, for where it ended */
	const char *start; /* of the instance */
};

/* The schemas that are being applied, innermost first: $dynamicRef looks at them. */
struct schema_scope {
	const struct schema_scope *up;
	uint32_t resource;
	unsigned depth;
};

/* What one op sees. */
struct schema_at {
	struct schema_run *run;
	const struct schema_scope *scope;
	const struct schema *schema;
	uint32_t value;
	struct schema_seen *seen; /* NULL: nobody asks */
};

static inline const struct json_node *value_of(const struct schema_at *at)
{
	return &at->run->doc->nodes[at->value];
}

bool schema_apply(
	const struct schema_at *at, uint32_t schema, uint32_t value, struct schema_seen *seen);
/* Takes N steps; false: none are left, and the run ends. */
bool schema_spend(struct schema_run *run, uint64_t n);

/* An empty set for the children of VALUE; false with the run ended. */
bool schema_seen_new(struct schema_run *run, uint32_t value, struct schema_seen *ret_seen);
void schema_seen_join(struct schema_seen *into, const struct schema_seen *from);
static inline void schema_seen_mark(struct schema_seen *seen, uint32_t i)
{
	if (seen)
		seen->bits[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline bool schema_seen_has(const struct schema_seen *seen, uint32_t i)
{
	return seen->bits[i / 64] >> (i % 64) & 1;
}

/* Go on looking after a fault: somebody wants more of them. */
bool schema_goes_on(const struct schema_run *run);
/* Notes a fault of OP (NULL: the schema is false) at VALUE. Returns false. */
bool schema_fault(const struct schema_at *at, const struct schema_op *op, uint32_t value,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for what a run ended with, or for text that is no JSON; OFFSET in the text. */
void schema_fault_plain(struct json_schema_faults *faults, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* `a string of 12 characters`, `the number 19.99`. */
#define SCHEMA_WORDS_SIZE 64
const char *schema_describe(const struct json_node *node, char out[SCHEMA_WORDS_SIZE]);
/* A value of the schema's own, as it stands there, cut. */
const char *schema_show(struct span raw, char out[SCHEMA_WORDS_SIZE]);

/* Code points of UTF-8. */
size_t schema_length(struct span text);
/* ecma_pattern_match of a pattern by number; what is not an answer ends the run. */
int schema_match(struct schema_run *run, uint32_t pattern, struct span text);

/* What runs the ops, by keyword. Each returns whether the value passes. */
#define SCHEMA_OPS(X)                                                                              \
	X(schema_check_type)                                                                       \
	X(schema_check_enum)                                                                       \
	X(schema_check_const)                                                                      \
	X(schema_check_multiple)                                                                   \
	X(schema_check_limit)                                                                      \
	X(schema_check_length)                                                                     \
	X(schema_check_pattern)                                                                    \
	X(schema_check_format)                                                                     \
	X(schema_check_size)                                                                       \
	X(schema_check_unique)                                                                     \
	X(schema_check_contains)                                                                   \
	X(schema_check_items)                                                                      \
	X(schema_check_rest)                                                                       \
	X(schema_check_required)                                                                   \
	X(schema_check_dependent_required)                                                         \
	X(schema_check_dependent_schemas)                                                          \
	X(schema_check_members)                                                                    \
	X(schema_check_names)                                                                      \
	X(schema_check_ref)                                                                        \
	X(schema_check_dynamic_ref)                                                                \
	X(schema_check_all_of)                                                                     \
	X(schema_check_any_of)                                                                     \
	X(schema_check_one_of)                                                                     \
	X(schema_check_not)                                                                        \
	X(schema_check_if)

typedef bool schema_op_fn(const struct schema_at *at, const struct schema_op *op);
#define X(NAME) schema_op_fn NAME;
SCHEMA_OPS(X)
#undef X

/* ---- formats ------------------------------------------------------------------------------- */

/* The number of a format that can be asserted; SCHEMA_NONE: it cannot. */
uint32_t schema_format_of(struct span name);
const char *schema_format_name(uint32_t format);
bool schema_format_fits(uint32_t format, struct span text);
