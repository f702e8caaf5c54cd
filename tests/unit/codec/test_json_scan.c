/* SPDX-License-Identifier: MIT */
/*
 * The scanner against the shared parsing suite, against jansson on mutated texts, against the
 * definition of UTF-8 for every code point, and against tables of single cases.
 */
#include "check.h"

#include "../chance.h"
#include "base/arena.h"
#include "base/buf.h"
#include "codec/json_scan.h"
#include "json_twin.h"

#include <dirent.h>

struct suite_tally {
	size_t must, must_not, free;
};

/* U+0000 is JSON, but not text that we take. */
static bool holds_nul(const char *name)
{
	return strcmp(name, "y_string_null_escape.json") == 0 ||
	       strcmp(name, "y_object_escaped_null_in_key.json") == 0;
}

static void check_suite_file(const char *dir, const char *name, struct suite_tally *tally)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	struct json_fault fault = {JSON_SOUND, 0};

	buf_printf(&path, "%s/%s", dir, name);
	buf_add_char(&path, '\0');
	REQUIRE(buf_failed(&path) == 0);
	struct span text = json_twin_file(path.ptr);
	_cleanup_free_ char *copy = malloc(text.len + 1);
	REQUIRE(copy);
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	free((void *)(uintptr_t)text.ptr);
	text.ptr = copy;
	bool accepted = json_valid(text, &fault);
	bool sound = accepted || fault.code >= JSON_TEXT_NUL;
	bool wrong = (name[0] == 'y' && !sound) || (name[0] == 'n' && sound) ||
		     (name[0] == 'y' && accepted == holds_nul(name));

	tally->must += name[0] == 'y';
	tally->must_not += name[0] == 'n';
	tally->free += name[0] == 'i';
	if (wrong)
		fprintf(stderr, "# %s: %s at %zu\n", name, json_fault_name(fault.code),
			fault.offset);
	CHECK(!wrong);
}

static void test_suite(void)
{
	const char *data = check_shared_data();
	struct suite_tally tally = {0, 0, 0};
	char dir[4300];

	if (!data)
		SKIP("no shared data");
	snprintf(dir, sizeof(dir), "%s/jsontestsuite/test_parsing", data);
	DIR *d = opendir(dir);
	REQUIRE(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] != '.')
			check_suite_file(dir, e->d_name, &tally);
	}
	closedir(d);
	CHECK_INT(tally.must, 95);
	CHECK_INT(tally.must_not, 188);
	CHECK_INT(tally.free, 35);
}

/* Each byte is where RFC 8259 no longer allows what stands there. */
static const struct {
	const char *text;
	enum json_fault_code code;
	size_t offset;
} faults[] = {
	{"", JSON_CUT, 0},
	{" \t\r\n", JSON_CUT, 4},
	{"[", JSON_CUT, 1},
	{"[1", JSON_CUT, 2},
	{"[1,", JSON_CUT, 3},
	{"{\"a\"", JSON_CUT, 4},
	{"{\"a\":", JSON_CUT, 5},
	{"{\"a\":1", JSON_CUT, 6},
	{"\"abc", JSON_CUT, 4},
	{"\"abc\\", JSON_CUT, 5},
	{"]", JSON_UNEXPECTED, 0},
	{"[1}", JSON_UNEXPECTED, 2},
	{"[1 2]", JSON_UNEXPECTED, 3},
	{"[1,]", JSON_UNEXPECTED, 3},
	{"[,1]", JSON_UNEXPECTED, 1},
	{"{\"a\":1,}", JSON_UNEXPECTED, 7},
	{"{\"a\" 1}", JSON_UNEXPECTED, 5},
	{"{\"a\":}", JSON_UNEXPECTED, 5},
	{"{a:1}", JSON_UNEXPECTED, 1},
	{"{1:1}", JSON_UNEXPECTED, 1},
	{"{'a':1}", JSON_UNEXPECTED, 1},
	{"\xef\xbb\xbf{}", JSON_UNEXPECTED, 0},
	{"[\xff]", JSON_UNEXPECTED, 1},
	{"NaN", JSON_UNEXPECTED, 0},
	{"[nul]", JSON_BAD_LITERAL, 1},
	{"tru", JSON_BAD_LITERAL, 0},
	{"falsy", JSON_BAD_LITERAL, 0},
	{"-", JSON_BAD_NUMBER, 1},
	{"-a", JSON_BAD_NUMBER, 1},
	{"1.", JSON_BAD_NUMBER, 2},
	{"1.e1", JSON_BAD_NUMBER, 2},
	{"1e", JSON_BAD_NUMBER, 2},
	{"1e+", JSON_BAD_NUMBER, 3},
	{"+1", JSON_UNEXPECTED, 0},
	{".5", JSON_UNEXPECTED, 0},
	{"01", JSON_TRAILING, 1},
	{"[01]", JSON_UNEXPECTED, 2},
	{"[-01]", JSON_UNEXPECTED, 3},
	{"[0x10]", JSON_UNEXPECTED, 2},
	{"\"\\x\"", JSON_BAD_ESCAPE, 1},
	{"\"\\u12g4\"", JSON_BAD_ESCAPE, 1},
	{"\"\\u123", JSON_BAD_ESCAPE, 1},
	{"\"a\nb\"", JSON_CONTROL, 2},
	{"\"\x1f\"", JSON_CONTROL, 1},
	{"{} x", JSON_TRAILING, 3},
	{"{}{}", JSON_TRAILING, 2},
	{"\"a\\u0000\"", JSON_TEXT_NUL, 2},
	{"{\"\\u0000\":1}", JSON_TEXT_NUL, 2},
	{"\"\\ud83d\"", JSON_TEXT_SURROGATE, 1},
	{"\"\\ud83d\\ud83d\\ude00\"", JSON_TEXT_SURROGATE, 1},
	{"\"\\ude00\"", JSON_TEXT_SURROGATE, 1},
	{"\"\\ud83dx\"", JSON_TEXT_SURROGATE, 1},
	{"\"\\ud83d\\n\"", JSON_TEXT_SURROGATE, 1},
	{"\"a\x80z\"", JSON_TEXT_UTF8, 2},
	{"\"\xc3\"", JSON_TEXT_UTF8, 1},
	{"\"\xc0\xaf\"", JSON_TEXT_UTF8, 1},
	{"\"\xc1\xbf\"", JSON_TEXT_UTF8, 1},
	{"\"\xe2\x82\"", JSON_TEXT_UTF8, 1},
	{"\"\xed\xa0\x80\"", JSON_TEXT_UTF8, 1},
	{"\"\xf5\x80\x80\x80\"", JSON_TEXT_UTF8, 1},
	/* Broken structure is said before bad text, wherever it stands. */
	{"[\"\\u0000\"", JSON_CUT, 9},
	{"[\"\xff\"}", JSON_UNEXPECTED, 4},
	{"{\"a\":[1,2,{\"b\":null}],\"c\":\"\xc3\xa9\\u00e9\\ud83d\\ude00\"}", JSON_SOUND, 0},
	{" -0.5e-3 ", JSON_SOUND, 0},
	{"-0", JSON_SOUND, 0},
	{"1E400", JSON_SOUND, 0},
	{"\"\x7f\"", JSON_SOUND, 0},
	{"\"\xef\xbf\xbf\"", JSON_SOUND, 0},
	{"\"sixteen bytes a step, and then seventeen more, \\\" and the end\"", JSON_SOUND, 0},
};

static void test_faults(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct json_fault fault = {JSON_SOUND, 0};
		struct span text = span_str(faults[i].text);
		int before = check_failures;

		CHECK_INT(json_valid(text, &fault), faults[i].code == JSON_SOUND);
		CHECK_INT(fault.code, faults[i].code);
		CHECK_INT(fault.offset, faults[i].offset);
		const char *differs = json_twin_differs(text);
		if (differs)
			fprintf(stderr, "# %s\n", differs);
		CHECK(!differs);
		if (check_failures != before)
			fprintf(stderr, "# in %s\n", faults[i].text);
	}
	for (int code = JSON_SOUND; code <= JSON_DEEP; code++) {
		CHECK(json_fault_name((enum json_fault_code)code)[0]);
		CHECK(json_fault_text((enum json_fault_code)code)[0]);
	}
}

/* A NUL byte is no blank. */
static void test_nul_bytes(void)
{
	static const struct {
		const char *text;
		size_t len, offset;
		enum json_fault_code code;
	} rows[] = {
		{"false\0", 6, 5, JSON_TRAILING},
		{"[1\0]", 4, 2, JSON_UNEXPECTED},
		{"\0[]", 3, 0, JSON_UNEXPECTED},
		{"\"\0\"", 3, 1, JSON_CONTROL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct json_fault fault = {JSON_SOUND, 0};

		CHECK(!json_valid(span_of(rows[i].text, rows[i].len), &fault));
		CHECK_INT(fault.code, rows[i].code);
		CHECK_INT(fault.offset, rows[i].offset);
	}
}

/* No prefix of a text is the text, at whatever byte the memory ends. */
static void test_prefixes(void)
{
	static const char text[] =
		"{\"key\":[true,false,null,-1.5e+10,\"a\\u00e9\\ud83d\\ude00 \xe2\x82\xac "
		"0123456789abcdef0123456789abcdef\"],\"other key, rather long\":{\"x\":{}}}";
	struct json_fault fault;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		_cleanup_free_ char *copy = malloc(n + !n);

		REQUIRE(copy);
		memcpy(copy, text, n);
		CHECK(!json_valid(span_of(copy, n), &fault));
		CHECK(fault.offset <= n);
	}
	CHECK(json_valid(SPAN_LIT(text), &fault));
}

static void nest(struct buf *b, size_t n)
{
	buf_reset(b);
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, i % 2 ? "{\"a\":" : "[");
	buf_add_str(b, "0");
	for (size_t i = n; i > 0; i--)
		buf_add_char(b, i % 2 ? ']' : '}');
}

static void test_depth(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct json_fault fault;
	struct json_cursor c;
	struct json_value v;

	nest(&b, JSON_DEPTH_MAX);
	CHECK(json_valid(buf_span(&b), &fault));
	nest(&b, JSON_DEPTH_MAX + 1);
	CHECK(!json_valid(buf_span(&b), &fault));
	CHECK_INT(fault.code, JSON_NESTING);

	/* The soft limit lets the walk go on, and says where it was crossed. */
	nest(&b, 17);
	for (size_t limit = 16; limit <= 17; limit++) {
		json_cursor_init(&c, buf_span(&b));
		c.depth_soft = limit;
		CHECK_INT(json_value(&c, &v), 0);
		CHECK_INT(json_finish(&c), 0);
		CHECK_INT(c.text.code, limit == 16 ? JSON_DEEP : JSON_SOUND);
		CHECK_INT(c.text.offset, limit == 16 ? 8 * 6 : 0);
	}

	/* Levels that were stepped into count with those that are passed. */
	nest(&b, JSON_DEPTH_MAX + 1);
	json_cursor_init(&c, buf_span(&b));
	CHECK_INT(json_array_open(&c), 0);
	CHECK_INT(json_array_next(&c), 0);
	CHECK_INT(json_value(&c, &v), JSON_MALFORMED);
	CHECK_INT(c.fault.code, JSON_NESTING);
}

static void test_iteration(void)
{
	static const char text[] = " { \"a\" : [ 1 , \"x\\ny\" , { } ] , \"b\":null } ";
	struct json_cursor c;
	struct json_value key, v;

	json_cursor_init(&c, SPAN_LIT(text));
	CHECK_INT(json_peek(&c), JSON_TYPE_OBJECT);
	CHECK_INT(json_object_open(&c), 0);
	CHECK_INT(json_object_key(&c, &key), 0);
	CHECK_STR(key.raw, "\"a\"");
	CHECK_STR(json_content(&key), "a");
	CHECK(!key.escaped);
	CHECK_INT(json_peek(&c), JSON_TYPE_ARRAY);
	CHECK_INT(json_array_open(&c), 0);
	CHECK_INT(json_array_next(&c), 0);
	CHECK_INT(json_value(&c, &v), 0);
	CHECK_INT(v.type, JSON_TYPE_NUMBER);
	CHECK_STR(v.raw, "1");
	CHECK_INT(json_array_next(&c), 0);
	CHECK_INT(json_value(&c, &v), 0);
	CHECK_INT(v.type, JSON_TYPE_STRING);
	CHECK_STR(v.raw, "\"x\\ny\"");
	CHECK(v.escaped);
	CHECK_INT(json_array_next(&c), 0);
	CHECK_INT(json_value(&c, &v), 0);
	CHECK_STR(v.raw, "{ }");
	CHECK_INT(json_array_next(&c), JSON_END);
	CHECK_INT(json_object_key(&c, &key), 0);
	CHECK_INT(json_value(&c, &v), 0);
	CHECK_INT(v.type, JSON_TYPE_NULL);
	CHECK_INT(json_object_key(&c, &key), JSON_END);
	CHECK_INT(c.depth, 0);
	CHECK_INT(json_finish(&c), 0);
	CHECK_INT(json_peek(&c), JSON_TYPE_ABSENT);

	json_cursor_init(&c, SPAN_LIT("[1]"));
	CHECK_INT(json_object_open(&c), JSON_MALFORMED);
	CHECK_INT(c.fault.code, JSON_UNEXPECTED);
}

static const struct {
	const char *raw; /* with quotes */
	const char *text;
} strings[] = {
	{"\"\"", ""},
	{"\"plain\"", "plain"},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
	{"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
	/* RFC 8259 section 7: the G clef */
	{"\"\\uD834\\uDD1E\"", "\xf0\x9d\x84\x9e"},
	{"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"},
	{"\"a\\ud800z\"", "a\xef\xbf\xbdz"},
	{"\"\\udc00\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd"},
	{"\"\\ud800\\u0041\"", "\xef\xbf\xbd"
			       "A"},
};

static void test_text(void)
{
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct span want = span_str(strings[i].text);
		struct json_cursor c;
		struct json_value v;

		json_cursor_init(&c, span_str(strings[i].raw));
		REQUIRE(json_value(&c, &v) == 0);
		CHECK_SPAN(json_text(&v, &a), want);
		CHECK(json_is(&v, want));
		CHECK(!json_is(&v, SPAN_LIT("another")));
		CHECK(want.len == 0 || !json_is(&v, span_of(want.ptr, want.len - 1)));
		json_unescape(json_content(&v), &b);
		CHECK_SPAN(buf_span(&b), want);
		if (!v.escaped)
			CHECK(json_text(&v, &a).ptr == v.raw.ptr + 1);
	}
}

static const struct {
	const char *text, *raw;
} escapes[] = {
	{"", "\"\""},
	{"plain \xc3\xa9 \xf0\x9f\x98\x80", "\"plain \xc3\xa9 \xf0\x9f\x98\x80\""},
	{"\"\\/", "\"\\\"\\\\/\""},
	{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
	{"\x01\x1f\x7f\x1b[0m", "\"\\u0001\\u001f\\u007f\\u001b[0m\""},
	{"a\xe2\x80\xa8z\xe2\x80\xa9", "\"a\\u2028z\\u2029\""},
	{"\xe2\x80\xa7\xe2\x80\xaa", "\"\xe2\x80\xa7\xe2\x80\xaa\""},
	{"\xff\xc3", "\"\\ufffd\\ufffd\""},
};

static void test_escape(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		buf_reset(&b);
		json_escape(span_str(escapes[i].text), &b);
		CHECK_STR(buf_span(&b), escapes[i].raw);
	}
	buf_reset(&b);
	json_escape(span_of("a\0z", 3), &b);
	CHECK_STR(buf_span(&b), "\"a\\u0000z\"");
}

static size_t encode(uint32_t code, char *out)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)code;
		return 1;
	}
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((0xf00 >> n & 0xff) | code);
	return n;
}

/* Every code point is text, but for the surrogates; and comes back as it was. */
static void test_code_points(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	size_t wrong = 0;

	for (uint32_t code = 1; code < 0x120000; code++) {
		bool good = code < 0xd800 || (code > 0xdfff && code < 0x110000);
		char text[8] = "\"";
		size_t n = 1 + encode(code, text + 1);
		struct json_fault fault = {JSON_SOUND, 0};
		struct json_value v = {{text, n + 1}, JSON_TYPE_STRING, true};

		if (code < 0x20 || code == '"' || code == '\\')
			continue;
		text[n] = '"';
		wrong += json_valid(v.raw, &fault) != good;
		wrong += !good && (fault.code != JSON_TEXT_UTF8 || fault.offset != 1);
		buf_reset(&b);
		json_escape(json_content(&v), &b);
		v.raw = buf_span(&b);
		wrong += good && !json_is(&v, span_of(text + 1, n - 1));
	}
	CHECK_INT(wrong, 0);
}

static void test_place(void)
{
	struct span text = SPAN_LIT("{\n \"a\": 1,\n\n?");

	CHECK_INT(json_place(text, 0).line, 1);
	CHECK_INT(json_place(text, 0).column, 1);
	CHECK_INT(json_place(text, 3).line, 2);
	CHECK_INT(json_place(text, 3).column, 2);
	CHECK_INT(json_place(text, 12).line, 4);
	CHECK_INT(json_place(text, 12).column, 1);
	CHECK_INT(json_place(text, 99).line, 4);
}

/* Of what may be no JSON. */
static void test_scalars(void)
{
	static const struct {
		const char *text;
		size_t len;
		bool key;
	} cases[] = {
		{"\"a\":1", 3, true},
		{"\"a\" \t\r\n:1", 3, true},
		{"\"a\",1", 3, false},
		{"\"a\"", 3, false},
		{"\"a\\\":b\" :", 7, true},
		{"\"without an end", 15, false},
		{"\"\\", 2, false},
		{"\"", 1, false},
		{"-1.5e+3:", 7, false},
		{"7", 1, false},
		{"true:", 0, false},
		{"{\"a\":1}", 0, false},
		{" 7", 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct span text = span_str(cases[i].text);
		size_t len = json_scalar_len(text);

		CHECK_INT(len, cases[i].len);
		CHECK(json_is_key(text, len) == cases[i].key);
	}
}

static const char *const seeds[] = {
	"{\"type\":\"track\",\"event\":\"Product "
	"Added\",\"userId\":\"u1\",\"properties\":{\"price\":"
	"19.99,\"quantity\":2,\"tags\":[\"a\",\"b\\u00e9\",null,true,false]},\"context\":{}}",
	"[0,-1,1.5,2e10,-3.25E-7,[[]],{},{\"a\":{\"b\":{\"c\":[1,2,3]}}},\"\\ud83d\\ude00\"]",
	"{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
	" [ \"0123456789abcdef0123456789abcdef\" , \"0123456789abcde\\\"\" ] \n",
};

/* Bytes that mean something are drawn more often than chance would. */
static char draw_byte(struct chance *c)
{
	static const char meaning[] = "{}[]:,\"\\u0dD8e.+-tfn \n\xc3\xa9\xed\xa0\x80\xf0\x9f\x98";

	if (chance_below(c, 4) == 0)
		return (char)chance_below(c, 256);
	return meaning[chance_below(c, sizeof(meaning) - 1)];
}

static size_t mutate(struct chance *c, char *text, size_t n, size_t cap)
{
	size_t at = chance_below(c, n + 1);
	size_t len = 1 + chance_below(c, 4);

	switch (chance_below(c, 4)) {
	case 0: /* change */
		if (at < n)
			text[at] = draw_byte(c);
		return n;
	case 1: /* insert */
		if (n == cap)
			return n;
		memmove(text + at + 1, text + at, n - at);
		text[at] = draw_byte(c);
		return n + 1;
	case 2: /* cut out */
		len = len < n - at ? len : n - at;
		memmove(text + at, text + at + len, n - at - len);
		return n - len;
	default: /* copy from elsewhere */
		len = len < n - at ? len : n - at;
		memmove(text + at, text + chance_below(c, n - len + 1), len);
		return n;
	}
}

static void test_against_jansson(void)
{
	struct chance c = chance_new();

	for (int i = 0; i < 60000; i++) {
		struct span seed = span_str(seeds[chance_below(&c, ARRAY_SIZE(seeds))]);
		char text[512];
		size_t n = seed.len;

		memcpy(text, seed.ptr, n);
		for (size_t k = chance_below(&c, 4); k < 4 && n > 0; k++)
			n = mutate(&c, text, n, sizeof(text));
		const char *differs = json_twin_differs(span_of(text, n));
		if (differs)
			fprintf(stderr, "# %s: %.*s\n", differs, (int)n, text);
		REQUIRE(!differs);
	}
}

static const struct check_case cases[] = {
	{"the shared parsing suite", test_suite},
	{"faults have a code and a place", test_faults},
	{"NUL bytes", test_nul_bytes},
	{"no prefix is accepted", test_prefixes},
	{"depth is bounded", test_depth},
	{"members and items one by one", test_iteration},
	{"text of strings", test_text},
	{"escaping", test_escape},
	{"every code point", test_code_points},
	{"line and column", test_place},
	{"texts, numbers and names in whatever bytes", test_scalars},
	{"the same as jansson on mutations", test_against_jansson},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
