/* SPDX-License-Identifier: MIT */
/*
 * JSON Schema, draft 2020-12 (json-schema.org/draft/2020-12/json-schema-core and -validation),
 * compiled once to a flat program that then judges many values.
 *
 * Claimed: boolean schemas; type enum const; multipleOf maximum exclusiveMaximum minimum
 * exclusiveMinimum; maxLength minLength pattern; maxItems minItems uniqueItems contains maxContains
 * minContains items prefixItems unevaluatedItems; maxProperties minProperties required
 * dependentRequired dependentSchemas properties patternProperties additionalProperties
 * propertyNames unevaluatedProperties; allOf anyOf oneOf not if then else; $schema $id $ref $anchor
 * $dynamicRef $dynamicAnchor $defs $comment; as annotations, which are checked in form and
 * otherwise left alone: title description default examples deprecated readOnly writeOnly format
 * (asserted on request) contentEncoding contentMediaType contentSchema, and every name that begins
 * with `x-`.
 *
 * Any other keyword is refused when the schema is compiled, with its place: a word that is
 * misspelt, or of another draft, would otherwise quietly let everything pass. So is a $ref to a
 * document that was not given: nothing is fetched, ever.
 *
 * Numbers are compared as the decimals that stand in the text, whatever their size: no double is
 * involved, so 19.99 is a multiple of 0.01 and 2^53 + 1 is not 2^53. The price is a limit on the
 * exponent, JSON_SCHEMA_EXPONENT_MAX. Lengths of strings count code points.
 *
 * `pattern` is ECMA-262 with the flag u. It is translated for PCRE2 such that both mean the same
 * (`$`, `.`, `\s`, `\uXXXX`, `\p{Letter}`, `[^]`), or refused: backreferences, lone braces, escapes
 * and groups that ECMA-262 does not have.
 *
 * Everything is bounded: a schema by bytes, depth and number of values, a judgement by depth,
 * number of values and steps, a regular expression by PCRE2's match limit. A value that exhausts
 * them is neither valid nor invalid but JSON_SCHEMA_TOO_MUCH.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/file_problem.h"

#define JSON_SCHEMA_FILE_MAX	 ((size_t)256 * 1024) /* bytes of one schema document */
#define JSON_SCHEMA_VALUES_MAX	 65536		      /* JSON values in it, keys not counted */
#define JSON_SCHEMA_DEPTH_MAX	 64		      /* containers inside each other in it */
#define JSON_SCHEMA_GIVEN_MAX	 256		      /* documents given beside the main one */
#define JSON_SCHEMA_URI_MAX	 1024		      /* bytes of a URI, resolved */
#define JSON_SCHEMA_PATTERN_MAX	 1024		      /* bytes of a regular expression */
#define JSON_SCHEMA_PATTERNS_MAX 1024		      /* regular expressions in a program */
#define JSON_SCHEMA_EXPONENT_MAX 99999999	      /* of ten; either sign */
#define JSON_SCHEMA_DIVISOR_MAX	 18		      /* significant digits of a multipleOf */

/* ---- compiling ----------------------------------------------------------------------------- */

/* One document. Borrowed while compiling. */
struct json_schema_source {
	const char *file; /* for messages */
	struct span uri;  /* where it is to be found by $ref: absolute, without fragment; empty:
			     only by its own $id */
	struct span text;
};

struct json_schema_options {
	/* Documents that $ref may lead to. They are read when a reference needs them, and only the
	 * parts that are referred to must be within the claim. */
	const struct json_schema_source *given;
	size_t n_given;
	/* Assert `format`: date-time date time duration email hostname ipv4 ipv6 uri uri-reference
	 * uuid json-pointer regex. Any other format is then refused when compiling. */
	bool formats;
};

struct json_schema;

enum { JSON_SCHEMA_BAD = 1 };

/*
 * Compiles MAIN. 0; JSON_SCHEMA_BAD with at least one problem listed; -ENOMEM. OPTIONS may be NULL:
 * nothing given, formats not asserted.
 */
int json_schema_compile(const struct json_schema_source *main,
	const struct json_schema_options *options, struct file_problems *problems,
	struct json_schema **ret_schema);
struct json_schema *json_schema_free(struct json_schema *s);
void json_schema_freep(struct json_schema **s);

/* ---- judging ------------------------------------------------------------------------------- */

struct json_schema_limits {
	size_t values;	/* JSON values in the instance */
	size_t depth;	/* containers inside each other; at most 128 */
	uint64_t steps; /* one per schema applied, member looked up, value compared */
};

/* Twice an event of the largest size; steps for some milliseconds. */
#define JSON_SCHEMA_LIMITS_DEFAULT ((struct json_schema_limits){32768, 64, 400000})

/*
 * Memory that a judgement works in, kept from one to the next so that a steady load allocates
 * nothing. One for each thread of control; any number of schemas may use it in turn.
 */
struct json_schema_work;

int json_schema_work_new(
	const struct json_schema_limits *limits, struct json_schema_work **ret_work);
struct json_schema_work *json_schema_work_free(struct json_schema_work *w);
void json_schema_work_freep(struct json_schema_work **w);

/*
 * Something wrong with a value. No text of the value is shown but numbers, cut: strings, which
 * may be anybody's personal data, are told by their length. Pointers longer than their room are cut
 * in the middle, where `…` then stands.
 */
struct json_schema_fault {
	char instance[160]; /* JSON pointer (RFC 6901) to the value; empty: the whole */
	char schema[256];   /* where the rule stands: `#/properties/total/minimum`, with the URI or
			       file before the # if it is not in the main document */
	char message[192];  /* `has 312 characters; at most 100 are allowed` */
	size_t offset;	    /* of the value, in the bytes of the instance */
};

#define JSON_SCHEMA_FAULTS_MAX 32

struct json_schema_faults {
	size_t want; /* set by the caller: stop after so many, 1..JSON_SCHEMA_FAULTS_MAX */
	size_t n;
	struct json_schema_fault list[JSON_SCHEMA_FAULTS_MAX];
};

enum {
	JSON_SCHEMA_INVALID = 1,  /* the value breaks the schema: faults->list */
	JSON_SCHEMA_TOO_MUCH = 2, /* a limit was met; list[0] says which and where */
	JSON_SCHEMA_NO_JSON = 3,  /* the bytes are no JSON value, or hold text that is not UTF-8;
				     list[0] says why */
};

/*
 * Judges the JSON value INSTANCE. Where a key repeats the last one counts. 0: valid; -ENOMEM; or an
 * outcome above, with faults->n ≥ 1. FAULTS may be NULL: only the answer is wanted.
 */
int json_schema_check(const struct json_schema *s, struct json_schema_work *w, struct span instance,
	struct json_schema_faults *faults);
