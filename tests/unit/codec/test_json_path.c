/* SPDX-License-Identifier: MIT */
/*
 * Many paths in one pass, against single cases and against looking up one name after the other in
 * a tree of jansson's, on texts made by chance from few names, so that keys repeat.
 */
#include "check.h"

#include "../chance.h"
#include "base/buf.h"
#include "codec/json_path.h"

#include <jansson.h>

#define SLOTS 200

/* Reads TEXT with the N paths; VALUES by position. */
static int read_paths(
	const char *const *names, size_t n, struct span text, struct json_value values[SLOTS])
{
	_cleanup_(json_paths_freep) struct json_paths *paths = NULL;
	struct json_path list[SLOTS] = {{SPAN_EMPTY, 0}};
	struct json_cursor c;
	int r;

	for (size_t i = 0; i < n; i++)
		list[i] = (struct json_path){span_str(names[i]), i};
	r = json_paths_new(list, n, &paths);
	if (r)
		return -r;
	json_cursor_init(&c, text);
	r = json_paths_read(paths, &c, values);
	return r ? r : json_finish(&c);
}

static const struct {
	const char *text, *path, *raw; /* NULL: absent */
} rows[] = {
	{"{\"a\":1}", "a", "1"},
	{"{\"a\":1}", "b", NULL},
	{"{\"a\":1}", "a.b", NULL},
	{"{\"a\":{\"b\":\"x\"}}", "a.b", "\"x\""},
	{"{\"a\":{\"b\":\"x\"}}", "a", "{\"b\":\"x\"}"},
	{"{ \"a\" : { \"b\" : 2 } , \"c\" : 3 }", "a", "{ \"b\" : 2 }"},
	{"{\"a\":{\"b\":\"x\"}}", "b", NULL},
	{"{\"a\":1,\"a\":2}", "a", "2"},
	{"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "a.b", NULL},
	{"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "a.c", "2"},
	{"{\"a\":{\"b\":1},\"a\":0}", "a.b", NULL},
	{"{\"a\":0,\"a\":{\"b\":1}}", "a.b", "1"},
	{"{\"\\u0061\":{\"\\u0062\":1}}", "a.b", "1"},
	{"{\"a\":[10,11,{\"b\":12}]}", "a.0", "10"},
	{"{\"a\":[10,11,{\"b\":12}]}", "a.2.b", "12"},
	{"{\"a\":[10,11,{\"b\":12}]}", "a.3", NULL},
	{"{\"a\":[10,11,{\"b\":12}]}", "a.00", NULL},
	{"{\"a\":{\"0\":5}}", "a.0", "5"},
	{"[7,8]", "1", "8"},
	{"\"a\"", "a", NULL},
	{"{\"a.b\":1}", "a.b", NULL},
	{"{\"a-b\":1,\"a\":{\"b\":2}}", "a.b", "2"},
};

static void test_rows(void)
{
	/* Each alone, and all others beside it. */
	const char *all[ARRAY_SIZE(rows)];
	struct json_value values[SLOTS];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		all[i] = rows[i].path;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct span text = span_str(rows[i].text);
		struct span want = span_str(rows[i].raw);

		REQUIRE(read_paths(&rows[i].path, 1, text, values) == 0);
		CHECK_INT(values[0].type != JSON_TYPE_ABSENT, rows[i].raw != NULL);
		if (rows[i].raw)
			CHECK_SPAN(values[0].raw, want);
		REQUIRE(read_paths(all, ARRAY_SIZE(rows), text, values) == 0);
		CHECK_INT(values[i].type != JSON_TYPE_ABSENT, rows[i].raw != NULL);
		if (rows[i].raw)
			CHECK_SPAN(values[i].raw, want);
	}
}

static void test_limits(void)
{
	static struct json_path list[JSON_PATHS_MAX + 1];
	struct json_paths *paths;
	_cleanup_(buf_release) struct buf deep = BUF_INIT;

	CHECK(!json_path_valid(SPAN_LIT("")));
	CHECK(!json_path_valid(SPAN_EMPTY));
	CHECK(!json_path_valid(SPAN_LIT(".a")));
	CHECK(!json_path_valid(SPAN_LIT("a.")));
	CHECK(!json_path_valid(SPAN_LIT("a..b")));
	for (int i = 0; i < JSON_PATH_DEPTH_MAX; i++)
		buf_add_str(&deep, i ? ".x" : "x");
	CHECK(json_path_valid(buf_span(&deep)));
	buf_add_str(&deep, ".x");
	CHECK(!json_path_valid(buf_span(&deep)));

	for (size_t i = 0; i <= JSON_PATHS_MAX; i++)
		list[i] = (struct json_path){SPAN_LIT("a.b"), i};
	REQUIRE(json_paths_new(list, JSON_PATHS_MAX, &paths) == 0);
	json_paths_free(paths);
	CHECK_INT(json_paths_new(list, JSON_PATHS_MAX + 1, &paths), JSON_PATH_INVALID);
	list[0].path = SPAN_LIT("a..b");
	CHECK_INT(json_paths_new(list, 1, &paths), JSON_PATH_INVALID);
	CHECK(!json_paths_free(NULL));
}

static void test_malformed(void)
{
	static const char *const path[] = {"a.b"};
	static const char *const texts[] = {
		"", "{", "{\"a\":{\"b\":}}", "{\"a\":{\"b\":1}", "{\"a\":[1,}", "{}x"};
	struct json_value values[SLOTS];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK_INT(read_paths(path, 1, span_str(texts[i]), values), JSON_MALFORMED);
	/* No paths at all: the value is passed, and validated. */
	CHECK_INT(read_paths(path, 0, SPAN_LIT("{\"a\":[1]}"), values), 0);
	CHECK_INT(read_paths(path, 0, SPAN_LIT("{\"a\":[1}"), values), JSON_MALFORMED);
}

static const char *const names[] = {"a", "b", "c", "0", "1"};

static void draw(struct chance *c, struct buf *b, int depth)
{
	size_t n = chance_below(c, 4);
	size_t form = chance_below(c, depth ? 4 : 2);

	if (form < 2) {
		buf_add_u64(b, chance_below(c, 1000));
		return;
	}
	buf_add_char(b, form == 2 ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(b, ',');
		if (form == 2)
			buf_printf(b, "\"%s\":", names[chance_below(c, ARRAY_SIZE(names))]);
		draw(c, b, depth - 1);
	}
	buf_add_char(b, form == 2 ? '}' : ']');
}

/* One name after the other. */
static json_t *look_up(json_t *t, const char *path)
{
	for (const char *p = path; t && *p; p += p[1] ? 2 : 1) {
		char name[2] = {*p, '\0'};

		if (json_is_array(t))
			t = *p <= '9' ? json_array_get(t, (size_t)(*p - '0')) : NULL;
		else
			t = json_object_get(t, name);
	}
	return t;
}

static size_t make_paths(char paths[SLOTS][8], const char *list[SLOTS])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(paths[n++], 8, "%s", names[i]);
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			snprintf(paths[n++], 8, "%s.%s", names[i], names[j]);
			for (size_t k = 0; k < ARRAY_SIZE(names); k++)
				snprintf(paths[n++], 8, "%s.%s.%s", names[i], names[j], names[k]);
		}
	}
	for (size_t i = 0; i < n; i++)
		list[i] = paths[i];
	return n;
}

static void test_against_tree(void)
{
	struct chance c = chance_new();
	char paths[SLOTS][8];
	const char *list[SLOTS];
	size_t n = make_paths(paths, list);

	for (int round = 0; round < 2000; round++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct json_value values[SLOTS] = {{.type = JSON_TYPE_ABSENT}};

		draw(&c, &text, 4);
		json_auto_t *tree = json_loadb(text.ptr, text.len, JSON_DECODE_ANY, NULL);
		REQUIRE(tree);
		REQUIRE(read_paths(list, n, buf_span(&text), values) == 0);
		for (size_t i = 0; i < n; i++) {
			const struct json_value *v = &values[i];
			json_t *want = look_up(tree, list[i]);
			json_auto_t *got =
				v->type == JSON_TYPE_ABSENT
					? NULL
					: json_loadb(v->raw.ptr, v->raw.len, JSON_DECODE_ANY, NULL);
			bool same = want ? json_equal(want, got) : got == NULL;

			if (!same)
				fprintf(stderr, "# %s in %.*s\n", list[i], (int)text.len, text.ptr);
			REQUIRE(same);
		}
	}
}

static const struct check_case cases[] = {
	{"single paths", test_rows},
	{"limits", test_limits},
	{"malformed texts", test_malformed},
	{"the same as looking up in a tree", test_against_tree},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
