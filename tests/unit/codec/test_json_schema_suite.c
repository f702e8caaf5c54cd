/* SPDX-License-Identifier: MIT */
/*
 * The JSON Schema project's own suite for draft 2020-12. Every case of every keyword that is
 * claimed must pass; a group whose schema is refused counts as failed with all its cases. The score
 * per file is printed, for the README.
 */
#include "case_files.h"
#include "check.h"
#include "codec/json_scan.h"
#include "codec/json_schema.h"

struct file_row {
	const char *name;
	int passed; /* cases that must pass */
	int all;    /* cases there are */
};

/* All of them, but for $vocabulary, which is not claimed. */
static const struct file_row mandatory[] = {
	{"additionalProperties", 21, 21},
	{"allOf", 30, 30},
	{"anchor", 8, 8},
	{"anyOf", 18, 18},
	{"boolean_schema", 18, 18},
	{"const", 54, 54},
	{"contains", 21, 21},
	{"content", 18, 18},
	{"default", 7, 7},
	{"defs", 2, 2},
	{"dependentRequired", 20, 20},
	{"dependentSchemas", 20, 20},
	{"dynamicRef", 44, 44},
	{"enum", 51, 51},
	{"exclusiveMaximum", 4, 4},
	{"exclusiveMinimum", 4, 4},
	{"format", 133, 133},
	{"if-then-else", 30, 30},
	{"infinite-loop-detection", 2, 2},
	{"items", 29, 29},
	{"maxContains", 14, 14},
	{"maxItems", 6, 6},
	{"maxLength", 7, 7},
	{"maxProperties", 10, 10},
	{"maximum", 8, 8},
	{"minContains", 28, 28},
	{"minItems", 6, 6},
	{"minLength", 7, 7},
	{"minProperties", 10, 10},
	{"minimum", 11, 11},
	{"multipleOf", 11, 11},
	{"not", 40, 40},
	{"oneOf", 27, 27},
	{"pattern", 12, 12},
	{"patternProperties", 25, 25},
	{"prefixItems", 11, 11},
	{"properties", 28, 28},
	{"propertyNames", 22, 22},
	{"ref", 79, 79},
	{"refRemote", 31, 31},
	{"required", 18, 18},
	{"type", 80, 80},
	{"unevaluatedItems", 71, 71},
	{"unevaluatedProperties", 129, 129},
	{"uniqueItems", 69, 69},
	{"vocabulary", 0, 5},
};

/* Not required of anybody; numbers that fall are a loss all the same. */
static const struct file_row optional[] = {
	{"optional/anchor", 4, 4},
	{"optional/bignum", 9, 9},
	{"optional/dynamicRef", 2, 2},
	{"optional/ecmascript-regex", 74, 74},
	{"optional/float-overflow", 1, 1},
	{"optional/id", 3, 3},
	{"optional/no-schema", 3, 3},
	{"optional/non-bmp-regex", 12, 12},
};

/* What is missing: references back to groups, and what labels of hosts that encode other scripts
 * (`xn--…`) stand for. */
static const struct file_row formats[] = {
	{"optional/format/date", 81, 81},
	{"optional/format/date-time", 33, 33},
	{"optional/format/duration", 52, 52},
	{"optional/format/ecmascript-regex", 11, 12},
	{"optional/format/email", 27, 27},
	{"optional/format/hostname", 41, 64},
	{"optional/format/ipv4", 41, 41},
	{"optional/format/ipv6", 42, 42},
	{"optional/format/json-pointer", 40, 40},
	{"optional/format/regex", 8, 8},
	{"optional/format/time", 47, 47},
	{"optional/format/uri", 46, 46},
	{"optional/format/uri-reference", 28, 28},
	{"optional/format/uuid", 28, 28},
};

/* ---- the documents that schemas may refer to ----------------------------------------------- */

#define REMOTE_BASE "http://localhost:1234/draft2020-12/"
#define DIALECT	    "https://json-schema.org/draft/2020-12/schema"

static const char *const remotes[] = {
	"baseUriChange/folderInteger.json",
	"baseUriChangeFolder/folderInteger.json",
	"baseUriChangeFolderInSubschema/folderInteger.json",
	"detached-dynamicref.json",
	"detached-ref.json",
	"different-id-ref-string.json",
	"extendible-dynamic-ref.json",
	"integer.json",
	"locationIndependentIdentifier.json",
	"name-defs.json",
	"nested-absolute-ref-to-string.json",
	"nested/foo-ref-string.json",
	"nested/string.json",
	"prefixItems.json",
	"ref-and-defs.json",
	"subSchemas.json",
	"tree.json",
	"urn-ref-string.json",
};

struct suite {
	struct arena arena;
	struct json_schema_source given[ARRAY_SIZE(remotes) + 1];
	struct json_schema_options options;
	struct json_schema_work *work;
	struct file_problems problems;
	struct json_schema_faults faults;
	const char *file; /* being run */
	int passed, all;
};

static struct span read_into(struct suite *s, const char *path)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	if (case_read(path, &text) < 0)
		return SPAN_EMPTY;
	return arena_copy(&s->arena, buf_span(&text));
}

static bool load_remotes(struct suite *s, const char *shared)
{
	char path[4096];
	size_t n = ARRAY_SIZE(remotes);

	for (size_t i = 0; i < n; i++) {
		char uri[256];

		(void)snprintf(path, sizeof(path), "%s/jsonschema/remotes/draft2020-12/%s", shared,
			remotes[i]);
		(void)snprintf(uri, sizeof(uri), "%s%s", REMOTE_BASE, remotes[i]);
		s->given[i].file = remotes[i];
		s->given[i].uri = arena_copy(&s->arena, span_str(uri));
		s->given[i].text = read_into(s, path);
		if (!s->given[i].text.ptr)
			return false;
	}
	(void)snprintf(path, sizeof(path), "%s/tests/data/json_schema/dialect.schema.json",
		check_source_root());
	s->given[n] = (struct json_schema_source){
		"dialect.schema.json", SPAN_LIT(DIALECT), read_into(s, path)};
	s->options.given = s->given;
	s->options.n_given = n + 1;
	return s->given[n].text.ptr != NULL;
}

/* ---- running ------------------------------------------------------------------------------- */

/* The members of an object that a group or a case has. */
struct members {
	struct json_value description, schema, tests, data, valid;
};

static void read_members(struct json_cursor *c, struct members *ret_members)
{
	const struct {
		const char *name;
		struct json_value *value;
	} known[] = {
		{"description", &ret_members->description},
		{"schema", &ret_members->schema},
		{"tests", &ret_members->tests},
		{"data", &ret_members->data},
		{"valid", &ret_members->valid},
	};
	struct json_value key, value;

	assert(json_object_open(c) == 0);
	while (json_object_key(c, &key) == 0) {
		assert(json_value(c, &value) == 0);
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (json_is(&key, span_str(known[i].name)))
				*known[i].value = value;
	}
}

static void complain(const struct suite *s, const struct members *group, const struct members *test,
	const char *words)
{
	fprintf(stderr, "# %s: %.*s: %.*s: %s\n", s->file, (int)group->description.raw.len,
		group->description.raw.ptr, (int)test->description.raw.len,
		test->description.raw.ptr, words);
}

static void run_test(struct suite *s, const struct json_schema *schema, const struct members *group,
	const struct members *test, bool loud)
{
	bool valid = test->valid.type == JSON_TYPE_TRUE;
	int r;

	s->all++;
	if (!schema) {
		if (loud)
			complain(s, group, test, s->problems.list[0].message);
		return;
	}
	s->faults.want = JSON_SCHEMA_FAULTS_MAX;
	r = json_schema_check(schema, s->work, test->data.raw, &s->faults);
	if (r == (valid ? 0 : JSON_SCHEMA_INVALID))
		s->passed++;
	else if (loud)
		complain(s, group, test, r ? s->faults.list[0].message : "should be refused");
	/* With and without the list of faults the answer is the same. */
	CHECK_INT(json_schema_check(schema, s->work, test->data.raw, NULL), r);
	CHECK((r == 0) == (s->faults.n == 0));
	for (size_t i = 0; i < s->faults.n; i++)
		CHECK(s->faults.list[i].message[0] != '\0');
}

static void run_group(struct suite *s, const struct members *group, bool loud)
{
	_cleanup_(json_schema_freep) struct json_schema *schema = NULL;
	const struct json_schema_source source = {"suite", SPAN_EMPTY, group->schema.raw};
	struct json_cursor c;
	int r = json_schema_compile(&source, &s->options, &s->problems, &schema);

	CHECK(r == 0 || (r == JSON_SCHEMA_BAD && s->problems.n > 0));
	json_cursor_init(&c, group->tests.raw);
	assert(json_array_open(&c) == 0);
	while (json_array_next(&c) == 0) {
		struct members test = {.data.type = JSON_TYPE_ABSENT};

		read_members(&c, &test);
		run_test(s, schema, group, &test, loud);
	}
}

static void run_file(struct suite *s, const char *shared, const struct file_row *row)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct json_cursor c;
	char path[4096];

	(void)snprintf(
		path, sizeof(path), "%s/jsonschema/tests/draft2020-12/%s.json", shared, row->name);
	REQUIRE(case_read(path, &text) == 0);
	s->file = row->name;
	s->passed = s->all = 0;
	json_cursor_init(&c, buf_span(&text));
	REQUIRE(json_array_open(&c) == 0);
	while (json_array_next(&c) == 0) {
		struct members group = {.data.type = JSON_TYPE_ABSENT};

		read_members(&c, &group);
		run_group(s, &group, row->passed == row->all);
	}
	printf("# %s %d/%d\n", row->name, s->passed, s->all);
	check_int(row->name, 0, "cases passed", s->passed, row->passed);
	check_int(row->name, 0, "cases", s->all, row->all);
}

static void suite_release(struct suite *s)
{
	arena_release(&s->arena);
	s->work = json_schema_work_free(s->work);
}

static void run_files(const struct file_row *rows, size_t n, bool with_formats)
{
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;
	_cleanup_(suite_release) struct suite s = {.options.formats = with_formats};
	const char *shared = check_shared_data();
	int passed = 0, all = 0;

	if (!shared)
		SKIP("the suite is not here");
	arena_init(&s.arena);
	REQUIRE(json_schema_work_new(&limits, &s.work) == 0);
	REQUIRE(load_remotes(&s, shared));
	for (size_t i = 0; i < n; i++) {
		run_file(&s, shared, &rows[i]);
		passed += s.passed;
		all += s.all;
	}
	printf("# together %d/%d\n", passed, all);
}

static void test_mandatory(void)
{
	run_files(mandatory, ARRAY_SIZE(mandatory), false);
}

static void test_optional(void)
{
	run_files(optional, ARRAY_SIZE(optional), false);
}

static void test_formats(void)
{
	run_files(formats, ARRAY_SIZE(formats), true);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"the cases that are required", test_mandatory},
		{"the optional ones", test_optional},
		{"formats, asserted", test_formats},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
