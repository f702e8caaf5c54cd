/* SPDX-License-Identifier: MIT */
/*
 * JsonLogic's shared suites (github.com/json-logic/compat-tables): compatible.json whole, and the
 * exact score over all of them. Each case is an object with rule, data and result or error; texts
 * between them are comments.
 */
#include "case_files.h"
#include "check.h"
#include "codec/json_scan.h"
#include "codec/logic_json.h"

#define CASES 1138

static bool same_value(const struct logic_value *a, const struct logic_value *b)
{
	if (a->type != b->type || a->n != b->n)
		return false;
	if (a->type == LOGIC_NUMBER)
		return a->number >= b->number && a->number <= b->number;
	if (a->type == LOGIC_STRING)
		return span_equal(a->text, b->text);
	for (size_t i = 0; i < a->n; i++) {
		struct logic_value other;

		if (a->type == LOGIC_ARRAY) {
			if (!same_value(&a->items[i], &b->items[i]))
				return false;
		} else if (a->type == LOGIC_OBJECT) {
			if (!logic_member(b, a->names[i], &other) ||
				!same_value(&a->items[i], &other))
				return false;
		}
	}
	return true;
}

struct suite_case {
	struct span rule, data, result, error;
};

/* The members of a case; false if it is a comment. */
static bool read_case(struct span raw, struct suite_case *ret)
{
	struct json_cursor c;
	struct json_value key, value;

	json_cursor_init(&c, raw);
	*ret = (struct suite_case){.data = SPAN_LIT("null")};
	if (json_peek(&c) != JSON_TYPE_OBJECT || json_object_open(&c) != 0)
		return false;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		if (json_is(&key, SPAN_LIT("rule")))
			ret->rule = value.raw;
		else if (json_is(&key, SPAN_LIT("data")))
			ret->data = value.raw;
		else if (json_is(&key, SPAN_LIT("result")))
			ret->result = value.raw;
		else if (json_is(&key, SPAN_LIT("error")))
			ret->error = value.raw;
	}
	return true;
}

static bool passes(const struct suite_case *one)
{
	static struct file_problems problems;
	_cleanup_(arena_release) struct arena arena;
	struct logic_value data, want, got, a, b;
	struct logic program;
	int r;

	arena_init(&arena);
	if (logic_value_read(one->data, &arena, &data) != 0)
		return false;
	if (logic_compile(one->rule, &arena, &problems, &program) != 0)
		return false;
	r = logic_run(&program, &data, &arena, &got);
	if (one->error.len > 0)
		return r == LOGIC_ERROR && logic_value_read(one->error, &arena, &want) == 0 &&
		       logic_member(&want, SPAN_LIT("type"), &a) &&
		       logic_member(&got, SPAN_LIT("type"), &b) && same_value(&a, &b);
	return r == 0 && logic_value_read(one->result, &arena, &want) == 0 &&
	       same_value(&want, &got);
}

struct score {
	size_t passed, all;
};

static void run_file(const char *dir, struct span name, struct score *score)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct json_cursor c;
	struct json_value item;

	buf_printf(&path, "%s/%.*s", dir, (int)name.len, name.ptr);
	REQUIRE(case_read(path.ptr, &text) == 0);
	json_cursor_init(&c, buf_span(&text));
	REQUIRE(json_array_open(&c) == 0);
	while (json_array_next(&c) == 0 && json_value(&c, &item) == 0) {
		struct suite_case one;

		if (!read_case(item.raw, &one))
			continue;
		score->all++;
		if (passes(&one))
			score->passed++;
		else if (getenv("WAYMARK_TEST_VERBOSE"))
			fprintf(stderr, "# %.*s: %.*s\n", (int)name.len, name.ptr,
				(int)item.raw.len, item.raw.ptr);
	}
}

static bool suites(struct buf *out)
{
	const char *shared = check_shared_data();

	if (!shared)
		return false;
	buf_printf(out, "%s/jsonlogic/suites", shared);
	return true;
}

static void test_compatible(void)
{
	_cleanup_(buf_release) struct buf dir = BUF_INIT;
	struct score score = {0, 0};

	if (!suites(&dir))
		SKIP("no shared data here");
	run_file(dir.ptr, SPAN_LIT("compatible.json"), &score);
	CHECK_INT(score.all, 278);
	CHECK_INT(score.passed, 278);
}

/* No more and no less: a better score is to be written down here, and in the README. */
static void test_all(void)
{
	_cleanup_(buf_release) struct buf dir = BUF_INIT;
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf index = BUF_INIT;
	struct score score = {0, 0};
	struct json_cursor c;
	struct json_value item;

	if (!suites(&dir))
		SKIP("no shared data here");
	buf_printf(&path, "%s/index.json", dir.ptr);
	REQUIRE(case_read(path.ptr, &index) == 0);
	json_cursor_init(&c, buf_span(&index));
	REQUIRE(json_array_open(&c) == 0);
	while (json_array_next(&c) == 0 && json_value(&c, &item) == 0)
		run_file(dir.ptr, json_content(&item), &score);
	CHECK_INT(score.all, CASES);
	CHECK_INT(score.passed, CASES);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"compatible.json", test_compatible},
		{"all suites", test_all},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
