/* SPDX-License-Identifier: MIT */
/*
 * Every name of the vocabulary has a schema, which takes an event as it should be and refuses one
 * that is wrong in one place. The examples are files, so that another validator can be shown them
 * (event_schemas.py).
 */
#include "case_files.h"
#include "check.h"
#include "codec/event_schema.h"
#include "codec/json_scan.h"

static struct file_problems problems;
static struct json_schema_faults faults;

static struct json_schema *compile(enum event_kind kind, bool formats)
{
	struct json_schema *schema = NULL;
	int r = event_schema_compile(kind, formats, &problems, &schema);

	if (r == JSON_SCHEMA_BAD)
		fprintf(stderr, "# %s at %s: %s\n", problems.list[0].file, problems.list[0].pointer,
			problems.list[0].message);
	CHECK_INT(r, 0);
	return schema;
}

static void test_each_name_has_one(void)
{
	size_t n, known = 0;
	const struct event_schema *all = event_schemas(&n);

	for (unsigned k = EVENT_CUSTOM + 1; k < EVENT_KIND_COUNT; k++) {
		enum event_kind kind = (enum event_kind)k;
		struct json_schema *schema;

		if (!event_schema_of(kind)) {
			check_span(
				__FILE__, __LINE__, "no schema of", vocab_name(kind), SPAN_EMPTY);
			continue;
		}
		schema = compile(kind, false);
		schema = json_schema_free(schema);
		/* Every format that the schemas use can be asserted. */
		schema = compile(kind, true);
		schema = json_schema_free(schema);
		known++;
	}
	/* And one of shared definitions; none of an event that there is not. */
	CHECK_INT(n, known + 1);
	CHECK(!event_schema_of(EVENT_CUSTOM));
	for (size_t i = 1; i < n; i++)
		CHECK(span_compare(all[i - 1].file, all[i].file) < 0);
}

static void test_uris(void)
{
	_cleanup_(buf_release) struct buf uri = BUF_INIT;
	size_t n;
	const struct event_schema *all = event_schemas(&n);

	for (size_t i = 0; i < n; i++) {
		buf_reset(&uri);
		buf_add_str(&uri, EVENT_SCHEMA_URI);
		buf_add_span(&uri, all[i].file);
		CHECK_SPAN(all[i].uri, buf_span(&uri));
		CHECK(json_valid(all[i].text, &(struct json_fault){JSON_SOUND, 0}));
	}
}

static struct json_value member(struct span text, const char *name)
{
	struct json_cursor c;
	struct json_value key, value, found = {.type = JSON_TYPE_ABSENT};

	json_cursor_init(&c, text);
	assert(json_object_open(&c) == 0);
	while (json_object_key(&c, &key) == 0) {
		assert(json_value(&c, &value) == 0);
		if (json_is(&key, span_str(name)))
			found = value;
	}
	assert(found.type != JSON_TYPE_ABSENT);
	return found;
}

static void check_examples(struct json_schema_work *w, const struct event_schema *schema)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(json_schema_freep) struct json_schema *s = NULL;
	enum event_kind kind = vocab_kind(schema->title);
	struct json_value good, bad, pointer;
	_cleanup_(buf_release) struct buf path = BUF_INIT;

	if (kind == EVENT_CUSTOM)
		return;
	buf_add_str(&path, check_source_root());
	buf_add_str(&path, "/tests/data/event_examples/");
	buf_add(&path, schema->file.ptr, schema->file.len - strlen(".schema.json"));
	buf_add(&path, ".json", sizeof(".json"));
	REQUIRE(case_read(path.ptr, &text) == 0);
	good = member(buf_span(&text), "good");
	bad = member(buf_span(&text), "bad");
	pointer = member(buf_span(&text), "pointer");
	s = compile(kind, true);
	REQUIRE(s);
	faults.want = JSON_SCHEMA_FAULTS_MAX;
	check_int(path.ptr, 0, "good", json_schema_check(s, w, good.raw, &faults), 0);
	check_int(
		path.ptr, 0, "bad", json_schema_check(s, w, bad.raw, &faults), JSON_SCHEMA_INVALID);
	REQUIRE(faults.n > 0);
	CHECK_SPAN(span_str(faults.list[0].instance), json_content(&pointer));
	/* An event of which nothing is known is wrong only where it is meaningless then. */
	check_int(path.ptr, 0, "an array", json_schema_check(s, w, SPAN_LIT("[]"), &faults),
		JSON_SCHEMA_INVALID);
}

static void test_examples(void)
{
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;
	_cleanup_(json_schema_work_freep) struct json_schema_work *w = NULL;
	size_t n;
	const struct event_schema *all = event_schemas(&n);

	REQUIRE(json_schema_work_new(&limits, &w) == 0);
	for (size_t i = 0; i < n; i++)
		check_examples(w, &all[i]);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"each name of the vocabulary has a schema", test_each_name_has_one},
		{"each is called what its file is called", test_uris},
		{"a good and a bad example of each", test_examples},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
