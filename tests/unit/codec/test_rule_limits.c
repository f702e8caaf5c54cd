/* SPDX-License-Identifier: MIT */
/* Rules at their limits and one past them, and what the messages do with long and odd text. */
#include "case_files.h"
#include "core/cond.h"
#include "rule_case.h"

/* Each compiles; the file of the same kind in rules_bad is one past it. */
static void test_at_the_limits(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;

	buf_add_str(&text, "[");
	for (int i = 0; i < RULES_MAX; i++) {
		/* Ids of 64 characters. */
		buf_printf(&text,
			"%s{\"id\":\"r%063d\",\"class\":\"task\",\"wait\":\"3653d\","
			"\"channels\":[\"task\"],\"arm\":[\"x\"]",
			i ? "," : "", i);
		if (i == 0)
			buf_printf(&text, ",\"description\":\"%04000d\",\"key\":\"%062d\"", 0, 0);
		/* 14 times 16 fields, the fixed ones, and the key of all. */
		if (i > 0 && i < 15) {
			buf_add_str(&text, ",\"data\":{");
			for (int k = 0; k < 16; k++)
				buf_printf(&text, "%s\"n%d\":\"e.%0124d.%d\"", k ? "," : "", k, i,
					100 + k);
			buf_add_str(&text, "}");
		}
		buf_add_str(&text, "}");
	}
	buf_add_str(&text, "]");
	CHECK_INT(compile(buf_span(&text), &rules), 0);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "# %s %s\n", problems.list[i].pointer, problems.list[i].message);
	REQUIRE(rules != NULL);
	CHECK_INT(rules->n, 256);
	CHECK_INT(rules->fields.n, FIELD_FIXED_COUNT + 1 + 14 * 16);
	CHECK_INT(rules->fields.paths[rules->fields.n - 1].path.len, FIELD_PATH_MAX);
	CHECK_INT(rules->list[0].key_prefix.len, 62);
}

static void test_lists_at_the_limits(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;

	buf_printf(&text, "\"arm\":[{\"event\":[\"%0256d\"", 0);
	for (int i = 1; i < RULE_MATCHES_MAX; i++)
		buf_printf(&text, ",\"n%d\"", i);
	buf_add_str(&text, "]}],\"steps\":[{\"id\":\"m0\",\"after\":\"0s\"}");
	for (int i = 1; i < RULE_STEPS_MAX; i++)
		buf_printf(&text, ",{\"id\":\"m%d\",\"after\":\"1h\"}", i);
	/* 512 nodes: the operator, the value, the list and 509 constants. */
	buf_add_str(&text, "],\"cancel\":[{\"event\":\"y\",\"when\":{\"in\":[{\"var\":\"e.a\"},[0");
	for (int i = 1; i < COND_NODES_MAX - 3; i++)
		buf_printf(&text, ",%d", i);
	/* 32 deep: 31 operators and the value. */
	buf_add_str(&text, "]]}},{\"event\":\"z\",\"when\":");
	for (int i = 1; i < COND_DEPTH_MAX; i++)
		buf_add_str(&text, "{\"!\":");
	buf_add_str(&text, "{\"var\":\"s.identified\"}");
	for (int i = 1; i < COND_DEPTH_MAX; i++)
		buf_add_str(&text, "}");
	buf_add_str(&text, "}]");
	buf_add_char(&text, '\0');
	CHECK_INT(compile_with(text.ptr, &rules), 0);
	REQUIRE(rules != NULL);
	CHECK_INT(rules->list[0].n_arm, 32);
	CHECK_INT(rules->list[0].n_steps, 8);
	CHECK_INT(rules->list[0].cancel[0].when->n_nodes, 512);
	CHECK_INT(rules->list[0].cancel[1].when->n_nodes, 32);
	/* It also evaluates: an even number of negations would be the fact itself. */
	_cleanup_(journey_freep) struct journey *journey = NULL;
	REQUIRE(journey_new(SPAN_LIT("c"), &journey) == 0);
	const struct cond_scope scope = {.rules = rules, .journey = journey};
	CHECK(cond_holds(rules->list[0].cancel[1].when, &scope));
}

static void test_file_size(void)
{
	static const char rule[] =
		"{\"id\":\"a\",\"class\":\"task\",\"wait\":\"1h\",\"channels\":[\"task\"],"
		"\"arm\":[\"x\"]}";
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	size_t limit = 262144;
	char *room = buf_reserve(&text, limit + 1);

	REQUIRE(room != NULL);
	memset(room, ' ', limit + 1);
	memcpy(room, rule, sizeof(rule) - 1);
	CHECK_INT(compile(span_of(room, limit), &rules), 0);
	rules = rules_free(rules);
	CHECK_INT(compile(span_of(room, limit + 1), &rules), RULES_BAD);
	CHECK_INT(problems.n, 1);
	CHECK_STR(span_str(problems.list[0].message),
		"a file of rules may have at most 262144 bytes; split it");
}

static void test_many_problems(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rules *rules = NULL;

	for (int i = 0; i < 100; i++)
		buf_printf(&text, "%s{}", i ? "," : "[");
	buf_add_str(&text, "]");
	CHECK_INT(compile(buf_span(&text), &rules), RULES_BAD);
	/* A hundred empty rules lack five members each. */
	CHECK_INT(problems.n, 64);
	CHECK_INT(problems.more, 500 - 64);
	CHECK(rules == NULL);
}

/* Nesting beyond either reader is a problem of the file, not a crash. */
static void test_deep_nesting(void)
{
	static const size_t depths[] = {511, 512, 513, 2047, 2048, 2049, 100000};

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct rules *rules = NULL;

		for (size_t k = 0; k < depths[i]; k++)
			buf_add_char(&text, '[');
		for (size_t k = 0; k < depths[i]; k++)
			buf_add_char(&text, ']');
		CHECK_INT(compile(buf_span(&text), &rules), RULES_BAD);
		CHECK_INT(problems.n, 1);
	}
}

/* A value that is cut for a message keeps whole characters and no control characters. */
static void test_quotes(void)
{
	struct rules *rules = NULL;

	CHECK_INT(compile_with("\"arm\":[\"x\"],\"mode\":\"\\u001b[31m"
			       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			       "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"",
			  &rules),
		RULES_BAD);
	CHECK(strncmp(problems.list[0].message, "`\\u001b[31maaaa", 15) == 0);
	CHECK(strstr(problems.list[0].message, "...` cannot stand here"));
	for (const char *p = problems.list[0].message; *p; p++)
		CHECK((unsigned char)*p >= 0x20);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"at the limits", test_at_the_limits},
		{"lists at the limits", test_lists_at_the_limits},
		{"size of a file", test_file_size},
		{"many problems", test_many_problems},
		{"deep nesting", test_deep_nesting},
		{"quotes", test_quotes},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
