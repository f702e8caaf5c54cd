/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every place in turn: the readers of rules and write keys say so, leak nothing
 * (the sanitizer looks), and never give out half a set.
 */
#include "../base/scarce_memory.h"
#include "case_files.h"
#include "check.h"
#include "codec/rule_json.h"
#include "codec/write_keys.h"

/* More allocations than any of these readings makes. */
#define MANY 20000

static void rules_with_scarce_memory(const struct rule_source *source, int want)
{
	static const struct rule_options options = {
		.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
	static struct file_problems problems;
	int n, r = -ENOMEM;

	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;

		scarce_memory(n);
		r = rules_compile(source, 1, &options, &problems, &rules);
		scarce_memory(-1);
		CHECK(!rules == (r != 0));
	}
	check_int(source->file, n, "result", r, want);
	CHECK(n > 5);
}

static void rule_files(const char *dir, const char *suffix, int want)
{
	struct arena a;
	const char **paths;
	size_t n;

	arena_init(&a);
	REQUIRE(case_list(dir, suffix, &a, &paths, &n) == 0 && n > 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct rule_source source = {paths[i], SPAN_EMPTY};

		REQUIRE(case_read(paths[i], &text) == 0);
		source.text = buf_span(&text);
		rules_with_scarce_memory(&source, want);
	}
	arena_release(&a);
}

static void test_good_rules(void)
{
	/* Those that name no other file's rules. */
	rule_files("deploy/rules", "order_promise_passed.json", 0);
	rule_files("deploy/rules", "payment_failed.json", 0);
	rule_files("deploy/rules", "birthday.json", 0);
	rule_files("deploy/rules", "policy.json", 0);
	rule_files("tests/data/rules", ".json", 0);
}

static void test_bad_rules(void)
{
	rule_files("tests/data/rules_bad", "twice_same_filter.json", RULES_BAD);
	rule_files("tests/data/rules_bad", "when_several.json", RULES_BAD);
	rule_files("tests/data/rules_bad", "tz_unknown.json", RULES_BAD);
	rule_files("tests/data/rules_bad", "too_many.json", RULES_BAD);
}

static void test_escapes(void)
{
	struct rule_source source = {"a.json",
		SPAN_LIT(
			"{\"i\\u0064\":\"a\",\"class\":\"task\",\"wait\":\"1h\",\"channels\":["
			"\"task\"],"
			"\"description\":\"\\u0061\",\"anchor\":\"first\","
			"\"cancel\":[{\"event\":\"x\",\"when\":{\"var\":\"e.a\"}}],"
			"\"arm\":[{\"event\":\"\\u0078\",\"when\":{\"in\":[{\"var\":\"\\u0065.a\"},"
			"[\"\\u0061\",\"b\"]]}}]}")};

	rules_with_scarce_memory(&source, 0);
}

static void test_write_keys(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int n, r = -ENOMEM;

	for (int i = 0; i < 20; i++)
		buf_printf(&text, "[s%d]\nkey = wk_%08d\nkind = hook\n", i, i);
	buf_add_str(&text, "[web]\nkey = wk_web_1234\nkind = browser\napi_host = t.example\n"
			   "origins = https://a.example https://*.a.example\n"
			   "[erp]\nkind = hook\nmapping = a\nsecret_file = b\n"
			   "old_secret_file = c\nurl = https://t.example/\n");
	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
		struct config_fault fault;

		scarce_memory(n);
		r = write_keys_parse(buf_span(&text), &keys, &fault);
		scarce_memory(-1);
		CHECK(!keys == (r != 0));
	}
	CHECK_INT(r, 0);
	CHECK(n > 5);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"good rules", test_good_rules},
		{"bad rules", test_bad_rules},
		{"escapes", test_escapes},
		{"write keys", test_write_keys},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
