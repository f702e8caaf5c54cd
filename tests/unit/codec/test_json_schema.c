/* SPDX-License-Identifier: MIT */
/*
 * What the suite of the project does not ask: words and places, what is refused when a schema is
 * read.
 */
#include "schema_case.h"

/* ---- words and places ---------------------------------------------------------------------- */

static const struct {
	const char *schema, *instance;
	const char *where, *rule, *words;
} told[] = {
	{"{\"type\":\"string\"}", "12", "", "#/type", "is the number 12; must be a string"},
	{"{\"type\":[\"number\",\"null\",\"array\"]}", "\"abc\"", "", "#/type",
		"is a string of 3 characters; must be null, a number or an array"},
	{"{\"type\":\"integer\"}", "1.5", "", "#/type",
		"is the number 1.5; must be a whole number"},
	{"{\"properties\":{\"a\":{\"items\":{\"maxLength\":2}}}}", "{\"a\":[\"x\",\"\\u00e4bc\"]}",
		"/a/1", "#/properties/a/items/maxLength",
		"has 3 characters; at most 2 are allowed"},
	{"{\"minLength\":1}", "\"\"", "", "#/minLength",
		"has 0 characters; at least 1 is required"},
	{"{\"maximum\":9.99}", "10.00", "", "#/maximum",
		"is the number 10.00; must be at most 9.99"},
	{"{\"exclusiveMinimum\":0}", "-0.0", "", "#/exclusiveMinimum",
		"is the number -0.0; must be more than 0"},
	{"{\"multipleOf\":0.01}", "19.999", "", "#/multipleOf",
		"is the number 19.999; must be a multiple of 0.01"},
	{"{\"maximum\":0}", "1234567890123456789012345678901234567890", "", "#/maximum",
		"is the number 12345678901234…78901234567890; must be at most 0"},
	{"{\"enum\":[\"a\",\"b\"]}", "\"secret\"", "", "#/enum",
		"is a string of 6 characters; must be one of [\"a\",\"b\"]"},
	{"{\"const\":1}", "2", "", "#/const", "must be 1"},
	{"{\"pattern\":\"^a$\"}", "\"b\"", "", "#/pattern", "does not match the pattern `^a$`"},
	{"{\"required\":[\"a/b\"]}", "{}", "", "#/required", "lacks the member `a/b`"},
	{"{\"properties\":{\"a/b\":{\"type\":\"null\"}}}", "{\"a/b\":1}", "/a~1b",
		"#/properties/a~1b/type", "is the number 1; must be null"},
	{"{\"additionalProperties\":false}", "{\"a\":1}", "/a", "#/additionalProperties",
		"is not allowed here"},
	{"{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}", "/ab", "#/propertyNames/maxLength",
		"has 2 characters; at most 1 is allowed"},
	{"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", "", "#/dependentRequired",
		"has `a` and so needs `b`, too"},
	{"{\"minItems\":1}", "[]", "", "#/minItems", "has 0 items; at least 1 is required"},
	{"{\"maxProperties\":0}", "{\"a\":1}", "", "#/maxProperties",
		"has 1 member; at most 0 are allowed"},
	{"{\"uniqueItems\":true}", "[1,2,1.0]", "/2", "#/uniqueItems",
		"is equal to item 0; all must differ"},
	{"{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]", "", "#/contains",
		"has 2 items that fit; at most 1 may"},
	{"{\"not\":{\"type\":\"null\"}}", "null", "", "#/not", "fits what it must not fit"},
	{"{\"oneOf\":[true,{\"type\":\"null\"},true]}", "1", "", "#/oneOf",
		"fits the alternatives 0 and 2; exactly one may fit"},
	{"{\"anyOf\":[{\"type\":\"null\"},{\"required\":[\"a\"]}]}", "{}", "", "#/anyOf",
		"fits none of the 2 alternatives; nearest: is an object of 0 members; must be "
		"null"},
	{"{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":{\"type\":\"null\"}}}]}",
		"{\"a\":1}", "", "#/anyOf",
		"fits none of the 2 alternatives; nearest: /a is the number 1; must be null"},
	{"{\"$defs\":{\"a\":{\"type\":\"null\"}},\"$ref\":\"#/$defs/a\"}", "1", "",
		"#/$defs/a/type", "is the number 1; must be null"},
};

static void test_words(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		CHECK_INT(check(told[i].schema, told[i].instance), JSON_SCHEMA_INVALID);
		CHECK_INT(faults.n, 1);
		CHECK_STR(span_str(faults.list[0].instance), told[i].where);
		CHECK_STR(span_str(faults.list[0].schema), told[i].rule);
		CHECK_STR(span_str(faults.list[0].message), told[i].words);
	}
}

/* All of them, in the order of the value; the offset is in the bytes that were given. */
static void test_several(void)
{
	static const char schema[] = "{\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":"
				     "\"null\",\"minimum\":5}},"
				     "\"required\":[\"c\"]}";
	static const char instance[] = "  {\"b\": 1, \"a\": true}";

	CHECK_INT(check(schema, instance), JSON_SCHEMA_INVALID);
	REQUIRE(faults.n == 4);
	CHECK_STR(span_str(faults.list[0].message), "lacks the member `c`");
	CHECK_STR(span_str(faults.list[1].instance), "/b");
	CHECK_STR(span_str(faults.list[2].schema), "#/properties/b/minimum");
	CHECK_STR(span_str(faults.list[3].instance), "/a");
	CHECK_INT(faults.list[0].offset, 2);
	CHECK_INT(faults.list[1].offset, strchr(instance, '1') - instance);
}

static void test_only_as_many_as_wanted(void)
{
	_cleanup_(json_schema_work_freep) struct json_schema_work *w = NULL;
	_cleanup_(json_schema_freep) struct json_schema *s =
		compile("{\"items\":{\"type\":\"null\"}}", NULL);
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;

	REQUIRE(s && json_schema_work_new(&limits, &w) == 0);
	for (size_t want = 1; want < 4; want++) {
		faults.want = want;
		CHECK_INT(json_schema_check(s, w, SPAN_LIT("[1,2,3,4,5]"), &faults),
			JSON_SCHEMA_INVALID);
		CHECK_INT(faults.n, want);
	}
}

/* Whatever is in the value, what is said of it has its room, and is text. */
static void test_words_are_bounded(void)
{
	_cleanup_(buf_release) struct buf instance = BUF_INIT;
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;

	buf_add_str(&instance, "{\"a\\u0007");
	for (int i = 0; i < 500; i++)
		buf_add_str(&instance, "ä~");
	buf_add_str(&instance, "\":");
	for (int i = 0; i < 500; i++)
		buf_add_str(&instance, "7");
	buf_add_str(&instance, "}");
	CHECK_INT(check_within("{\"additionalProperties\":{\"type\":\"null\"}}",
			  buf_span(&instance), &limits),
		JSON_SCHEMA_INVALID);
	CHECK(strlen(faults.list[0].instance) < sizeof(faults.list[0].instance));
	CHECK(strstr(faults.list[0].instance, "…") != NULL);
	CHECK(strncmp(faults.list[0].instance, "/a?ä~0", 7) == 0);
	CHECK_STR(span_str(faults.list[0].message),
		"is the number 77777777777777…77777777777777; must be null");
}

/* ---- what is refused when a schema is read ------------------------------------------------- */

static const struct {
	const char *schema, *pointer, *words;
} refused[] = {
	{"{\"typ\":\"string\"}", "/typ", "`typ` is no keyword"},
	{"{\"properties\":{\"a\":{\"requird\":[]}}}", "/properties/a/requird", "no keyword"},
	{"{\"$defs\":{\"a\":{\"foo\":1}}}", "/$defs/a/foo", "no keyword"},
	{"{\"definitions\":{}}", "/definitions", "$defs"},
	{"{\"dependencies\":{}}", "/dependencies", "dependentRequired"},
	{"{\"additionalItems\":false}", "/additionalItems", "items"},
	{"{\"$recursiveRef\":\"#\"}", "/$recursiveRef", "$dynamicRef"},
	{"{\"$vocabulary\":{}}", "/$vocabulary", "vocabularies"},
	{"{\"id\":\"x\"}", "/id", "$id"},
	{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "/$schema", "dialect"},
	{"12", "", "an object, true or false"},
	{"{\"properties\":{\"a\":1}}", "/properties/a", "an object, true or false"},
	{"{\"properties\":[]}", "/properties", "must be an object"},
	{"{\"items\":[{}]}", "/items", "an object, true or false"},
	{"{\"$defs\":{\"a\":[]}}", "/$defs/a", "an object, true or false"},
	{"{\"allOf\":[]}", "/allOf", "at least one"},
	{"{\"allOf\":{}}", "/allOf", "must be an array"},
	{"{\"type\":\"int\"}", "/type", "a type is one of"},
	{"{\"type\":[]}", "/type", "at least one"},
	{"{\"type\":[\"null\",\"null\"]}", "/type/1", "twice"},
	{"{\"enum\":1}", "/enum", "must be an array"},
	{"{\"minimum\":\"1\"}", "/minimum", "must be a number"},
	{"{\"multipleOf\":0}", "/multipleOf", "greater than 0"},
	{"{\"multipleOf\":-1}", "/multipleOf", "greater than 0"},
	{"{\"multipleOf\":1.234567890123456789}", "/multipleOf", "18 significant digits"},
	{"{\"maxLength\":-1}", "/maxLength", "from 0 on"},
	{"{\"maxLength\":1.5}", "/maxLength", "from 0 on"},
	{"{\"maxItems\":\"1\"}", "/maxItems", "from 0 on"},
	{"{\"minContains\":true}", "/minContains", "from 0 on"},
	{"{\"uniqueItems\":1}", "/uniqueItems", "true or false"},
	{"{\"required\":\"a\"}", "/required", "member names"},
	{"{\"required\":[1]}", "/required/0", "a string"},
	{"{\"required\":[\"a\",\"a\"]}", "/required", "twice"},
	{"{\"dependentRequired\":{\"a\":1}}", "/dependentRequired/a", "member names"},
	{"{\"title\":1}", "/title", "must be a string"},
	{"{\"deprecated\":1}", "/deprecated", "true or false"},
	{"{\"examples\":1}", "/examples", "must be an array"},
	{"{\"format\":1}", "/format", "must be a string"},
	{"{\"pattern\":1}", "/pattern", "must be a string"},
	{"{\"pattern\":\"(\"}", "/pattern", "lacks its )"},
	{"{\"patternProperties\":{\"[\":true}}", "/patternProperties/[", "lacks its ]"},
	{"{\"$ref\":1}", "/$ref", "URI reference"},
	{"{\"$ref\":\"#/$defs/a\"}", "/$ref", "no schema stands at"},
	{"{\"$ref\":\"#a\"}", "/$ref", "no schema stands at"},
	{"{\"$ref\":\"http://example.org/a\"}", "/$ref", "was given"},
	{"{\"enum\":[{\"a\":1}],\"$ref\":\"#/enum/0\"}", "/$ref", "no schema stands at"},
	{"{\"$id\":\"a#b\"}", "/$id", "no fragment"},
	{"{\"$anchor\":\"1a\"}", "/$anchor", "an anchor is a name"},
	{"{\"$anchor\":\"a\",\"not\":{\"$anchor\":\"a\"}}", "/not/$anchor", "another anchor"},
	{"{\"$id\":\"x:a\",\"not\":{\"$id\":\"x:b\"},\"if\":{\"$id\":\"x:b\"}}", "/if/$id",
		"called"},
	{"{\"type\":\"null\",\"type\":\"null\"}", "", "twice"},
	{"{\"a\":", "", "not JSON"},
	{"", "", "not JSON"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(json_schema_freep) struct json_schema *s =
			compile(refused[i].schema, NULL);

		if (s)
			fprintf(stderr, "# accepted: %s\n", refused[i].schema);
		REQUIRE(!s);
		CHECK_STR(span_str(problems.list[0].pointer), refused[i].pointer);
		if (!strstr(problems.list[0].message, refused[i].words))
			fprintf(stderr, "# %s\n", problems.list[0].message);
		CHECK(strstr(problems.list[0].message, refused[i].words) != NULL);
		CHECK_STR(span_str(problems.list[0].file), "a.json");
	}
}

static void test_notes_of_ones_own(void)
{
	CHECK_INT(check("{\"x-unit\":\"EUR\",\"x-\":{\"typ\":1}}", "1"), 0);
}

static void test_all_problems_are_told(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT, told_text = BUF_INIT;
	_cleanup_(json_schema_freep) struct json_schema *s = NULL;

	buf_add_str(&text, "{\n\"properties\": {\n");
	for (int i = 0; i < 68; i++)
		buf_printf(&text, "\"p%d\": {\"typ\": 1},\n", i);
	buf_add(&text, "\"z\": {}\n}}", sizeof("\"z\": {}\n}}"));
	s = compile(text.ptr, NULL);
	REQUIRE(!s);
	CHECK_INT(problems.n, ARRAY_SIZE(problems.list));
	CHECK_INT(problems.more, 4);
	file_problems_text(&problems, &told_text);
	CHECK(span_starts(buf_span(&told_text), SPAN_LIT("a.json:3 at /properties/p0/typ: ")));
}

/* ---- formats and given documents ----------------------------------------------------------- */

static void test_formats_only_on_request(void)
{
	const struct json_schema_options on = {.formats = true};
	_cleanup_(json_schema_freep) struct json_schema *s =
		compile("{\"format\":\"colour\"}", &on);

	CHECK(!s);
	CHECK(strstr(problems.list[0].message, "`colour` cannot be asserted") != NULL);
	CHECK_INT(check("{\"format\":\"colour\"}", "\"x\""), 0);
	CHECK_INT(check("{\"format\":\"date\"}", "\"x\""), 0);
}

static void test_given(void)
{
	const struct json_schema_source given[] = {
		{"broken.json", SPAN_LIT("x:broken"), SPAN_LIT("{")},
		{"b.json", SPAN_LIT("x:b"),
			SPAN_LIT("{\"$defs\":{\"n\":{\"type\":\"null\"}},\"no\":1}")},
		{"c.json", SPAN_EMPTY, SPAN_LIT("{\"$id\":\"x:c\",\"type\":\"null\"}")},
	};
	const struct json_schema_options options = {.given = given, .n_given = ARRAY_SIZE(given)};
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;
	_cleanup_(json_schema_work_freep) struct json_schema_work *w = NULL;
	/* Only what is referred to must be good. */
	_cleanup_(json_schema_freep) struct json_schema *part =
		compile("{\"$ref\":\"x:b#/$defs/n\"}", &options);
	_cleanup_(json_schema_freep) struct json_schema *whole =
		compile("{\"$ref\":\"x:b\"}", &options);

	CHECK(!whole);
	CHECK_STR(span_str(problems.list[0].file), "b.json");
	CHECK_STR(span_str(problems.list[0].pointer), "/no");
	REQUIRE(part && json_schema_work_new(&limits, &w) == 0);
	faults.want = 1;
	CHECK_INT(json_schema_check(part, w, SPAN_LIT("1"), &faults), JSON_SCHEMA_INVALID);
	CHECK_STR(span_str(faults.list[0].schema), "b.json#/$defs/n/type");
	CHECK(!compile("{\"$ref\":\"x:broken\"}", &options));
	CHECK_STR(span_str(problems.list[0].file), "broken.json");
}

/* A document that says itself what it is called, when no other is broken. */
static void test_given_by_id(void)
{
	const struct json_schema_source given[] = {
		{"b.json", SPAN_LIT("b.json"), SPAN_LIT("{\"$id\":\"x:/d/b\",\"type\":\"null\"}")},
	};
	const struct json_schema_options options = {.given = given, .n_given = ARRAY_SIZE(given)};
	_cleanup_(json_schema_freep) struct json_schema *s =
		compile("{\"$id\":\"x:/d/a\",\"$ref\":\"b\"}", &options);

	CHECK(s != NULL);
}

/* RFC 3986 section 5.4, seen from http://a/b/c/d;p?q. */
static const struct {
	const char *reference, *uri;
} references[] = {
	{"g:h", "g:h"},
	{"g", "http://a/b/c/g"},
	{"./g", "http://a/b/c/g"},
	{"g/", "http://a/b/c/g/"},
	{"/g", "http://a/g"},
	{"//g", "http://g"},
	{"?y", "http://a/b/c/d;p?y"},
	{"g?y", "http://a/b/c/g?y"},
	{"g#s", "http://a/b/c/g"},
	{"g?y#s", "http://a/b/c/g?y"},
	{";x", "http://a/b/c/;x"},
	{"g;x", "http://a/b/c/g;x"},
	{"g;x?y#s", "http://a/b/c/g;x?y"},
	{".", "http://a/b/c/"},
	{"./", "http://a/b/c/"},
	{"..", "http://a/b/"},
	{"../", "http://a/b/"},
	{"../g", "http://a/b/g"},
	{"../..", "http://a/"},
	{"../../", "http://a/"},
	{"../../g", "http://a/g"},
	{"../../../g", "http://a/g"},
	{"../../../../g", "http://a/g"},
	{"/./g", "http://a/g"},
	{"/../g", "http://a/g"},
	{"g.", "http://a/b/c/g."},
	{".g", "http://a/b/c/.g"},
	{"g..", "http://a/b/c/g.."},
	{"..g", "http://a/b/c/..g"},
	{"./../g", "http://a/b/g"},
	{"./g/.", "http://a/b/c/g/"},
	{"g/./h", "http://a/b/c/g/h"},
	{"g/../h", "http://a/b/c/h"},
	{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
	{"g;x=1/../y", "http://a/b/c/y"},
	{"g?y/./x", "http://a/b/c/g?y/./x"},
	{"g?y/../x", "http://a/b/c/g?y/../x"},
	{"http:g", "http:g"},
};

static void test_references(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
		const struct json_schema_source given = {
			"g", span_str(references[i].uri), SPAN_LIT("{\"$anchor\":\"s\"}")};
		const struct json_schema_options options = {.given = &given, .n_given = 1};
		_cleanup_(json_schema_freep) struct json_schema *s = NULL;
		char text[256];

		(void)snprintf(text, sizeof(text),
			"{\"$id\":\"http://a/b/c/d;p?q\",\"$ref\":\"%s\"}",
			references[i].reference);
		s = compile(text, &options);
		if (!s)
			fprintf(stderr, "# %s: %s\n", references[i].reference,
				problems.list[0].message);
		CHECK(s != NULL);
	}
}

/* ---- values -------------------------------------------------------------------------------- */

static void test_keys_that_repeat(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;

	/* The last one counts, in small objects and in large ones. */
	CHECK_INT(check("{\"properties\":{\"a\":{\"const\":2}},\"maxProperties\":1}",
			  "{\"a\":1,\"a\":2}"),
		0);
	CHECK_INT(check("{\"properties\":{\"a\":{\"const\":2}}}", "{\"a\":2,\"a\":1}"),
		JSON_SCHEMA_INVALID);
	buf_add_char(&text, '{');
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 500; i++)
			buf_printf(&text, "%s\"k%d\":%d", text.len > 1 ? "," : "", i, round);
	buf_add_char(&text, '}');
	CHECK_INT(check_within("{\"additionalProperties\":{\"const\":1},\"minProperties\":500,"
			       "\"maxProperties\":500}",
			  buf_span(&text), &limits),
		0);
}

static void test_no_json(void)
{
	static const char *const texts[] = {
		"", " ", "{", "[1,]", "nul", "1 2", "\"\\ud800\"", "\"\xff\"", "{\"\xc3\":1}"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CHECK_INT(check("true", texts[i]), JSON_SCHEMA_NO_JSON);
		CHECK(faults.n == 1 && faults.list[0].message[0]);
	}
}

/* By hand, and by Python's decimal and re where that is possible. */
static const struct {
	const char *schema, *instance;
	int want;
} judged[] = {
	{"{\"multipleOf\":0.01}", "19.99", 0},
	{"{\"multipleOf\":0.01}", "1e-3", 1},
	{"{\"multipleOf\":0.0001}", "123456789012345678901234567890.1234", 0},
	{"{\"multipleOf\":3}", "111111111111111111111111111111", 0},
	{"{\"multipleOf\":3}", "111111111111111111111111111112", 1},
	{"{\"const\":9007199254740993}", "9007199254740992", 1},
	{"{\"const\":9007199254740993}", "9007199254740993.000", 0},
	{"{\"const\":0.1}", "1e-1", 0},
	{"{\"const\":100}", "0.001e5", 0},
	{"{\"maximum\":-1.5}", "-1.50000000000000000000000000001", 0},
	{"{\"exclusiveMaximum\":-1.5}", "-1.5000", 1},
	{"{\"maximum\":18446744073709551615}", "18446744073709551616", 1},
	{"{\"type\":\"integer\"}", "1e400", 0},
	{"{\"type\":\"integer\"}", "1.0000000000000000000001", 1},
	{"{\"maxLength\":18446744073709551616}", "\"x\"", 0},
	{"{\"minLength\":2}", "\"\\ud83d\\ude00\"", 1},
	{"{\"const\":{\"a\":[1,{\"b\":null}],\"c\":\"x\"}}",
		"{\"c\":\"\\u0078\",\"a\":[1.0,{\"b\":null}]}", 0},
	{"{\"const\":\"\\u0000\"}", "\"\\u0000\"", 0},
	{"{\"pattern\":\"^\\\\d+$\"}", "\"12\\n\"", 1},
	{"{\"pattern\":\"^.$\"}", "\"\\u2028\"", 1},
	{"{\"pattern\":\"^\\\\s$\"}", "\"\\ufeff\"", 0},
	{"{\"pattern\":\"^[\\\\S]$\"}", "\"\\ufeff\"", 1},
	{"{\"pattern\":\"^[\\\\S]$\"}", "\"\\u00e4\"", 0},
	{"{\"pattern\":\"^[[:alpha:]]$\"}", "\"a\"", -1},
	{"{\"pattern\":\"^[\\\\[:alph]$\"}", "\"l\"", 0},
	{"{\"pattern\":\"^[^]$\"}", "\"\\n\"", 0},
	{"{\"pattern\":\"[]\"}", "\"a\"", 1},
	{"{\"pattern\":\"^\\\\p{Script=Greek}$\"}", "\"\\u03b1\"", 0},
	{"{\"pattern\":\"^\\\\p{Lu}$\"}", "\"\\u00c4\"", 0},
	{"{\"pattern\":\"^\\\\P{Lu}$\"}", "\"\\u00c4\"", 1},
	{"{\"pattern\":\"^\\\\u{1F600}$\"}", "\"\\ud83d\\ude00\"", 0},
	{"{\"pattern\":\"^(?<year>[0-9]{4})$\"}", "\"2026\"", 0},
	{"{\"pattern\":\"^(?!a)b\"}", "\"bc\"", 0},
	{"{\"pattern\":\"(?<=a)b\"}", "\"ab\"", 0},
	{"{\"pattern\":\"(a)\\\\1\"}", "\"aa\"", -1},
	{"{\"pattern\":\"a++\"}", "\"a\"", -1},
	{"{\"pattern\":\"(?i)a\"}", "\"a\"", -1},
	{"{\"pattern\":\"(?>a)\"}", "\"a\"", -1},
	{"{\"pattern\":\"(*FAIL)\"}", "\"a\"", -1},
	{"{\"pattern\":\"\\\\Aa\"}", "\"a\"", -1},
	{"{\"pattern\":\"\\\\Qa\"}", "\"a\"", -1},
	{"{\"pattern\":\"a{,3}\"}", "\"a\"", -1},
	{"{\"pattern\":\"a}\"}", "\"a\"", -1},
	{"{\"pattern\":\"\\\\ud800\"}", "\"a\"", -1},
	{"{\"pattern\":\"a{1,99999}\"}", "\"a\"", -1},
	{"{\"pattern\":\"[b-a]\"}", "\"a\"", -1},
	{"{\"pattern\":\"[\\\\w-z]\"}", "\"a\"", -1},
	{"{\"pattern\":\"\\\\\"}", "\"a\"", -1},
};

static void test_judged(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++) {
		int r;

		if (judged[i].want < 0) {
			CHECK(!compile(judged[i].schema, NULL));
			continue;
		}
		r = check(judged[i].schema, judged[i].instance);
		check_int(judged[i].schema, 0, judged[i].instance, r, judged[i].want);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"what is said of a fault, and where", test_words},
		{"several faults, in order", test_several},
		{"as many as are wanted", test_only_as_many_as_wanted},
		{"words have their room", test_words_are_bounded},
		{"what a schema must not say", test_refused},
		{"notes that begin with x-", test_notes_of_ones_own},
		{"all problems of a schema", test_all_problems_are_told},
		{"formats on request", test_formats_only_on_request},
		{"documents that were given", test_given},
		{"documents found by their $id", test_given_by_id},
		{"references of RFC 3986", test_references},
		{"keys that repeat", test_keys_that_repeat},
		{"what is no JSON", test_no_json},
		{"values judged", test_judged},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
