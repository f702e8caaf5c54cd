/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every place in turn: compiling schemas and plans and judging by them say so,
 * leak nothing (the sanitizer looks), and never give out half a thing. What PCRE2 allocates is its
 * own.
 */
#include "../base/scarce_memory.h"
#include "check.h"
#include "codec/json_schema.h"
#include "codec/tracking_plan.h"

/* More allocations than any of these makes. */
#define MANY 20000

static struct file_problems problems;

static const char good[] =
	"{\"$id\":\"x:a\",\"$defs\":{\"b\":{\"$anchor\":\"b\",\"pattern\":\"^\\\\w+$\"}},"
	"\"properties\":{\"a\\u0041\":{\"$ref\":\"#b\"},\"c\":{\"$ref\":\"y\"}},"
	"\"required\":[\"c\"],\"anyOf\":[{\"type\":\"object\"},{\"type\":\"null\"}],"
	"\"unevaluatedProperties\":false}";
static const char other[] = "{\"$dynamicAnchor\":\"d\",\"uniqueItems\":true}";
static const char bad[] = "{\"properties\":{\"a\":{\"typ\":1,\"$ref\":\"#/b\",\"$anchor\":\"1\"}}}";

static void compile_scarcely(const char *text, int want)
{
	const struct json_schema_source given = {"o", SPAN_LIT("x:y"), span_str(other)};
	const struct json_schema_source source = {"a", SPAN_LIT("x:x"), span_str(text)};
	const struct json_schema_options options = {.given = &given, .n_given = 1};
	int n, r = -ENOMEM;

	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(json_schema_freep) struct json_schema *s = NULL;

		scarce_memory(n);
		r = json_schema_compile(&source, &options, &problems, &s);
		scarce_memory(-1);
		CHECK(!s == (r != 0));
	}
	CHECK_INT(r, want);
	CHECK(n > 5);
}

static void test_compile(void)
{
	compile_scarcely("{\"$id\":\"x:a\",\"$ref\":\"y\",\"required\":[\"a\"],\"allOf\":[{}]}", 0);
	compile_scarcely(good, 0);
	compile_scarcely(bad, JSON_SCHEMA_BAD);
}

static void judge_scarcely(const struct json_schema *s, const char *value, int want)
{
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;
	static struct json_schema_faults faults;
	int n, r = -ENOMEM;

	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(json_schema_work_freep) struct json_schema_work *w = NULL;

		faults.want = JSON_SCHEMA_FAULTS_MAX;
		scarce_memory(n);
		r = json_schema_work_new(&limits, &w);
		if (r == 0)
			r = json_schema_check(s, w, span_str(value), &faults);
		scarce_memory(-1);
	}
	CHECK_INT(r, want);
	CHECK(n > 2);
}

static void test_judge(void)
{
	const struct json_schema_source given = {"o", SPAN_LIT("x:y"), span_str(other)};
	const struct json_schema_source source = {"a", SPAN_EMPTY, span_str(good)};
	const struct json_schema_options options = {.given = &given, .n_given = 1};
	_cleanup_(json_schema_freep) struct json_schema *s = NULL;

	REQUIRE(json_schema_compile(&source, &options, &problems, &s) == 0);
	judge_scarcely(s, "{\"aA\":\"x\",\"c\":[1,\"\\u0041\"]}", 0);
	judge_scarcely(s, "{\"a\\u0041\":\"-\",\"c\":[1,1],\"d\":0}", JSON_SCHEMA_INVALID);
}

static void test_plan(void)
{
	const struct tracking_plan_file file = {SPAN_LIT("a.json"), span_str(other)};
	const struct tracking_plan_source source = {"plan.json",
		SPAN_LIT("{\"events\":{\"Cart Viewed\":{\"mode\":\"warn\"},"
			 "\"X\":{\"mode\":\"refuse\",\"schema\":\"a.json\"}}}"),
		&file, 1};
	int n, r = -ENOMEM;

	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(tracking_plan_freep) struct tracking_plan *plan = NULL;

		scarce_memory(n);
		r = tracking_plan_compile(&source, &problems, &plan);
		scarce_memory(-1);
		CHECK(!plan == (r != 0));
	}
	CHECK_INT(r, 0);
	CHECK(n > 20);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"schemas, with ever more memory", test_compile},
		{"judgements, with ever more memory", test_judge},
		{"plans, with ever more memory", test_plan},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
