/* SPDX-License-Identifier: MIT */
/* Every limit of schemas and judgements exactly and one past it, and what would never end. */
#include "schema_case.h"

static void test_values(void)
{
	const struct json_schema_limits limits = {.values = 4, .depth = 64, .steps = 1000};

	CHECK_INT(check_within("true", SPAN_LIT("[1,2,3]"), &limits), 0);
	CHECK_INT(check_within("true", SPAN_LIT("[1,2,3,4]"), &limits), JSON_SCHEMA_TOO_MUCH);
	CHECK_STR(span_str(faults.list[0].message), "has more than 4 values");
	CHECK_INT(faults.list[0].offset, 7);
}

static void test_depth(void)
{
	const struct json_schema_limits limits = {.values = 100, .depth = 3, .steps = 1000};

	CHECK_INT(check_within("true", SPAN_LIT("[[{}]]"), &limits), 0);
	CHECK_INT(check_within("true", SPAN_LIT("[[{\"a\":[]}]]"), &limits), JSON_SCHEMA_TOO_MUCH);
}

static void test_steps(void)
{
	struct json_schema_limits limits = {.values = 1000, .depth = 3, .steps = 1};
	int r = JSON_SCHEMA_TOO_MUCH;

	while (r == JSON_SCHEMA_TOO_MUCH && limits.steps < 1000) {
		r = check_within("{\"items\":{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":2}]}}",
			SPAN_LIT("[2,3,4,5,6]"), &limits);
		limits.steps++;
	}
	CHECK_INT(r, 0);
	/* By hand: 2 for the array; 8 for an item: itself, anyOf, twice a schema and its op, … */
	CHECK(limits.steps > 20 && limits.steps < 60);
}

static void test_no_end(void)
{
	CHECK_INT(check("{\"$ref\":\"#\"}", "1"), JSON_SCHEMA_TOO_MUCH);
	CHECK_STR(span_str(faults.list[0].message), "takes more steps to judge than are allowed");
	CHECK_INT(check("{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}", "1"),
		JSON_SCHEMA_TOO_MUCH);
	CHECK_INT(check("{\"$dynamicAnchor\":\"a\",\"not\":{\"$dynamicRef\":\"#a\"}}", "1"),
		JSON_SCHEMA_TOO_MUCH);
}

/* Schemas applied inside each other, without a step into the value: 384, the outermost counted. */
static void test_nesting(void)
{
	for (size_t past = 0; past < 2; past++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		size_t last = 382 + past;

		buf_add_str(&text, "{\"$ref\":\"#/$defs/a0\",\"$defs\":{");
		for (size_t i = 0; i < last; i++)
			buf_printf(&text, "\"a%zu\":{\"$ref\":\"#/$defs/a%zu\"},", i, i + 1);
		buf_printf(&text, "\"a%zu\":{\"type\":\"null\"}}}", last);
		buf_add_char(&text, '\0');
		CHECK_INT(check(text.ptr, "null"), past ? JSON_SCHEMA_TOO_MUCH : 0);
	}
}

/* Each level doubles what is to be done; the steps end it, not the patience of anybody. */
static void test_branches(void)
{
	CHECK_INT(check("{\"$defs\":{\"a\":{\"anyOf\":[{\"items\":{\"$ref\":\"#/$defs/"
			"a\"},\"minItems\":1},"
			"{\"items\":{\"$ref\":\"#/$defs/a\"},\"minItems\":1}]}},\"$ref\":\"#/$defs/"
			"a\"}",
			  "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
		JSON_SCHEMA_TOO_MUCH);
}

static void test_slow_pattern(void)
{
	CHECK_INT(check("{\"pattern\":\"^(a+)+$\"}",
			  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""),
		JSON_SCHEMA_TOO_MUCH);
}

static void test_exponent(void)
{
	CHECK_INT(check("{\"minimum\":1e99999999}", "1e99999999"), 0);
	CHECK_INT(check("{\"minimum\":1e99999999}", "9e99999998"), JSON_SCHEMA_INVALID);
	CHECK_INT(check("{\"multipleOf\":0.3}", "3e99999999"), 0);
	CHECK_INT(check("{\"multipleOf\":7}", "1e99999999"), JSON_SCHEMA_INVALID);
	CHECK_INT(check("true", "1e100000000"), JSON_SCHEMA_TOO_MUCH);
	CHECK_INT(check("true", "1e-99999999"), 0);
	CHECK_INT(check("true", "1e-100000000"), JSON_SCHEMA_TOO_MUCH);
	CHECK(!compile("{\"minimum\":1e100000000}", NULL));
}

static void test_divisor(void)
{
	CHECK_INT(check("{\"multipleOf\":0.999999999999999999}", "1.999999999999999998"), 0);
	CHECK(!compile("{\"multipleOf\":0.9999999999999999999}", NULL));
}

static void repeat(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, text);
}

static bool good_schema(struct buf *text)
{
	_cleanup_(json_schema_freep) struct json_schema *s = NULL;

	buf_add_char(text, '\0');
	s = compile(text->ptr, NULL);
	buf_reset(text);
	return s != NULL;
}

static void test_schema_size(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (size_t past = 0; past < 2; past++) {
		buf_add_str(&text, "{\"title\":\"");
		repeat(&text, "x", JSON_SCHEMA_FILE_MAX - 12 + past);
		buf_add_str(&text, "\"}");
		CHECK_INT(text.len, JSON_SCHEMA_FILE_MAX + past);
		CHECK_INT(good_schema(&text), past == 0);
	}
	for (size_t past = 0; past < 2; past++) {
		/* The object, the list, and what is in it. */
		buf_add_str(&text, "{\"enum\":[1");
		repeat(&text, ",1", JSON_SCHEMA_VALUES_MAX - 3 + past);
		buf_add_str(&text, "]}");
		CHECK_INT(good_schema(&text), past == 0);
	}
	for (size_t past = 0; past < 2; past++) {
		repeat(&text, "{\"not\":", JSON_SCHEMA_DEPTH_MAX - 1 + past);
		buf_add_str(&text, "{}");
		repeat(&text, "}", JSON_SCHEMA_DEPTH_MAX - 1 + past);
		CHECK_INT(good_schema(&text), past == 0);
	}
}

static void test_pattern_size(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (size_t past = 0; past < 2; past++) {
		buf_add_str(&text, "{\"pattern\":\"");
		repeat(&text, "x", JSON_SCHEMA_PATTERN_MAX + past);
		buf_add_str(&text, "\"}");
		CHECK_INT(good_schema(&text), past == 0);
	}
	for (size_t past = 0; past < 2; past++) {
		buf_add_str(&text, "{\"allOf\":[{\"pattern\":\"a\"}");
		repeat(&text, ",{\"pattern\":\"a\"}", JSON_SCHEMA_PATTERNS_MAX - 1 + past);
		buf_add_str(&text, "]}");
		CHECK_INT(good_schema(&text), past == 0);
	}
}

static void test_uri_size(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (size_t past = 0; past < 2; past++) {
		buf_add_str(&text, "{\"$id\":\"x:");
		repeat(&text, "x", JSON_SCHEMA_URI_MAX - 2 + past);
		buf_add_str(&text, "\"}");
		CHECK_INT(good_schema(&text), past == 0);
	}
}

static void test_names_required(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (size_t past = 0; past < 2; past++) {
		buf_add_str(&text, "{\"required\":[\"a\"");
		for (size_t i = 1; i < 256 + past; i++)
			buf_printf(&text, ",\"%zu\"", i);
		buf_add_str(&text, "]}");
		CHECK_INT(good_schema(&text), past == 0);
	}
}

static void test_given_count(void)
{
	static struct json_schema_source given[JSON_SCHEMA_GIVEN_MAX + 1];
	struct json_schema_options options = {.given = given, .n_given = JSON_SCHEMA_GIVEN_MAX};
	_cleanup_(json_schema_freep) struct json_schema *s = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		given[i] = (struct json_schema_source){"g", SPAN_EMPTY, SPAN_LIT("{}")};
	s = compile("{}", &options);
	CHECK(s != NULL);
	options.n_given++;
	CHECK(!compile("{}", &options));
}

/* 10,000 keys, 8,000 equal items: what a hostile event of 32 KiB can hold takes its time and no
 * more; the work memory is the same before and after. */
static void test_large_values(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;

	buf_add_str(&text, "{\"k\":0");
	for (int i = 0; i < 10000; i++)
		buf_printf(&text, ",\"%d\":1", i);
	buf_add_char(&text, '}');
	CHECK_INT(check_within("{\"minProperties\":10001,\"required\":[\"9999\"],"
			       "\"unevaluatedProperties\":{\"type\":\"integer\"}}",
			  buf_span(&text), &limits),
		0);
	buf_reset(&text);
	buf_add_str(&text, "[0");
	for (int i = 1; i < 8000; i++)
		buf_printf(&text, ",%d", i);
	buf_add_str(&text, "]");
	CHECK_INT(check_within("{\"uniqueItems\":true}", buf_span(&text), &limits), 0);
	buf_reset(&text);
	buf_add_str(&text, "[1");
	repeat(&text, ",1.0", 8000);
	buf_add_str(&text, "]");
	CHECK_INT(check_within("{\"uniqueItems\":true}", buf_span(&text), &limits),
		JSON_SCHEMA_INVALID);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"limit: values", test_values},
		{"limit: depth", test_depth},
		{"limit: steps", test_steps},
		{"schemas that never end", test_no_end},
		{"limit: nesting", test_nesting},
		{"schemas that branch", test_branches},
		{"a pattern that never ends", test_slow_pattern},
		{"limit: exponents", test_exponent},
		{"limit: divisors", test_divisor},
		{"limit: a schema's size", test_schema_size},
		{"limit: patterns", test_pattern_size},
		{"limit: URIs", test_uri_size},
		{"limit: names required", test_names_required},
		{"limit: documents", test_given_count},
		{"large values", test_large_values},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
