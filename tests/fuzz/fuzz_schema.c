/* SPDX-License-Identifier: MIT */
/*
 * A schema, then perhaps a NUL and a value. Whatever the bytes: either there are problems that say
 * something, or a program that judges, always the same and within its limits.
 */
#include "codec/json_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char other[] =
	"{\"$dynamicAnchor\":\"n\",\"$defs\":{\"a\":{\"$anchor\":\"a\",\"type\":\"null\"}}}";
static const struct json_schema_source given[] = {
	{"given.json", {"x:given", 7}, {other, sizeof(other) - 1}},
};

static const char *const values[] = {"null", "1e5", "\"2026-11-21\"", "[1,[],{\"a\":1}]",
	"{\"a\":{\"a\":[null,2.50]},\"b\":\"x\",\"\":true}"};

static void check_text(const char *text, size_t size, bool wanted)
{
	assert(memchr(text, '\0', size));
	assert(!wanted || text[0]);
}

static void check_problems(const struct file_problems *problems)
{
	assert(problems->n > 0 && problems->n <= ARRAY_SIZE(problems->list));
	for (size_t i = 0; i < problems->n; i++) {
		check_text(problems->list[i].file, sizeof(problems->list[i].file), true);
		check_text(problems->list[i].pointer, sizeof(problems->list[i].pointer), false);
		check_text(problems->list[i].message, sizeof(problems->list[i].message), true);
	}
}

static void judge(const struct json_schema *s, struct json_schema_work *w, struct span value)
{
	static struct json_schema_faults faults;
	int r;

	faults.want = JSON_SCHEMA_FAULTS_MAX;
	r = json_schema_check(s, w, value, &faults);
	assert(r >= 0 && r <= JSON_SCHEMA_NO_JSON);
	assert((r == 0) == (faults.n == 0) && faults.n <= faults.want);
	for (size_t i = 0; i < faults.n; i++) {
		const struct json_schema_fault *f = &faults.list[i];

		check_text(f->instance, sizeof(f->instance), false);
		check_text(f->schema, sizeof(f->schema), r == JSON_SCHEMA_INVALID);
		check_text(f->message, sizeof(f->message), true);
		assert(f->offset <= value.len);
	}
	/* Who wants to know more takes more steps, and so may meet the limit where others do not.
	 */
	if (r != JSON_SCHEMA_TOO_MUCH)
		assert(json_schema_check(s, w, value, NULL) == r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file_problems problems;
	const struct json_schema_limits limits = {4096, 64, 20000};
	const struct json_schema_options options = {given, ARRAY_SIZE(given), size % 2 == 1};
	const char *text = (const char *)data, *nul = size ? memchr(text, '\0', size) : NULL;
	const struct json_schema_source source = {
		"fuzz.json", {"x:/a/b", 6}, {text, nul ? (size_t)(nul - text) : size}};
	_cleanup_(json_schema_freep) struct json_schema *s = NULL;
	_cleanup_(json_schema_work_freep) struct json_schema_work *w = NULL;
	int r = json_schema_compile(&source, &options, &problems, &s);

	if (r == JSON_SCHEMA_BAD) {
		assert(!s);
		check_problems(&problems);
		return 0;
	}
	assert(r == 0 && problems.n == 0);
	assert(json_schema_work_new(&limits, &w) == 0);
	if (nul)
		judge(s, w, span_of(nul + 1, size - source.text.len - 1));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		judge(s, w, span_str(values[i]));
	return 0;
}
