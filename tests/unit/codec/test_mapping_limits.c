/* SPDX-License-Identifier: MIT */
/*
 * Presets and payloads at their limits and one past them, and payloads of people who mean harm:
 * what comes out is what the envelope takes (mapping_case_run asks it), or a fault.
 */
#include "mapping_case.h"

#include "codec/identifiers.h"

static void repeat(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, text);
}

/* BEFORE, N times TEXT, BEHIND, ended by NUL. */
static const char *built(
	struct buf *b, const char *before, const char *text, size_t n, const char *behind)
{
	buf_reset(b);
	buf_add_str(b, before);
	repeat(b, text, n);
	buf_add(b, behind, strlen(behind) + 1);
	return b->ptr;
}

static void check_preset(const char *what, int got, const struct mapping_case *c, const char *words)
{
	check_int(__FILE__, __LINE__, what, got, words ? MAPPING_BAD : 0);
	if (words && got == MAPPING_BAD && !strstr(c->problems.list[0].message, words))
		check_span(__FILE__, __LINE__, what, span_str(c->problems.list[0].message),
			span_str(words));
}

/* Depth of operators, names in a path, rules, nodes, length of texts. */
static void test_presets(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(buf_release) struct buf open = BUF_INIT;

	mapping_case_init(&c);
	for (size_t n = MAPPING_DEPTH_MAX; n <= MAPPING_DEPTH_MAX + 1; n++) {
		const char *words = n > MAPPING_DEPTH_MAX ? "at most 16 inside each other" : NULL;

		built(&open, "'properties':{'x':", "{'text':", n, "'{a}'");
		open.len--;
		check_preset("operators", mapping_case_rule(&c, built(&b, open.ptr, "}", n, "}")),
			&c, words);
		built(&open, "'if':", "{'not':", n - 1, "{'has':'{a}'");
		open.len--;
		check_preset("conditions", mapping_case_rule(&c, built(&b, open.ptr, "}", n, "")),
			&c, words);
		words = n > MAPPING_DEPTH_MAX ? "1 to 16 names" : NULL;
		check_preset("path",
			mapping_case_rule(&c, built(&b, "'event':'{a", ".b", n - 1, "}'")), &c,
			words);
	}
	for (size_t n = MAPPING_RULES_MAX; n <= MAPPING_RULES_MAX + 1; n++)
		check_preset("rules",
			mapping_case_compile(&c, built(&b, "'events':[{'event':'A','user':'u'}",
							 ",{'event':'A','user':'u'}", n - 1, "]")),
			&c, n > MAPPING_RULES_MAX ? "at most 256 rules" : NULL);
	/* Beside them: what is missing, event, id, user, the object. */
	for (size_t n = MAPPING_NODES_MAX - 5; n <= MAPPING_NODES_MAX - 4; n++) {
		buf_reset(&b);
		buf_add_str(&b, "'properties':{");
		for (size_t i = 0; i < n; i++)
			buf_printf(&b, "%s'%zu':'{a}'", i ? "," : "", i);
		buf_add(&b, "}", 2);
		check_preset("nodes", mapping_case_rule(&c, b.ptr), &c,
			n > MAPPING_NODES_MAX - 5 ? "at most 4096 operators" : NULL);
	}
	for (size_t n = MAPPING_NAME_MAX; n <= MAPPING_NAME_MAX + 1; n++)
		check_preset("name",
			mapping_case_compile(
				&c, built(&b, "'events':[{'event':'A','user':'u'}],'preset':'", "a",
					    n, "'")),
			&c, n > MAPPING_NAME_MAX ? "at most 64 bytes" : NULL);
	for (size_t n = 4000; n <= 4001; n++)
		check_preset("about", mapping_case_rule(&c, built(&b, "'about':'", "a", n, "'")),
			&c, n > 4000 ? "at most 4000 bytes" : NULL);
}

static void test_file_size(void)
{
	static struct file_problems problems;
	static const char preset[] = "{\"preset\":\"t\",\"kind\":\"json\",\"verify\":{},"
				     "\"events\":[{\"event\":\"A\",\"user\":\"u\"}]}";
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	buf_add_str(&b, preset);
	repeat(&b, " ", MAPPING_FILE_MAX - b.len);
	for (int past = 0; past < 2; past++) {
		struct mapping *m = NULL;

		CHECK_INT(
			mapping_compile("f", buf_span(&b), &problems, &m), past ? MAPPING_BAD : 0);
		CHECK((m == NULL) == (past == 1));
		mapping_free(m);
		buf_add_char(&b, ' ');
	}
}

/* Names that make more steps than numbers for them. */
static void test_many_places(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	buf_add_str(&b, "'properties':{");
	for (size_t i = 0; i < 4091; i++)
		buf_printf(
			&b, "%s'%zu':'{a%zu.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p}'", i ? "," : "", i, i);
	buf_add(&b, "}", 2);
	check_preset("steps", mapping_case_rule(&c, b.ptr), &c, NULL);
}

/* An event of exactly so many bytes, and of one more. */
static void test_event_size(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'properties':{'a':'{a}','l':'{l}'}") == 0);
	REQUIRE(mapping_case_run(&c, "{'a':'','l':[1]}") == 0 && c.result.n_events == 1);
	size_t rest = 32768 - c.result.events[0].json.len;
	for (size_t past = 0; past < 2; past++) {
		REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", "x", rest + past, "','l':[1]}")) ==
			0);
		CHECK_INT(c.result.n_events, !past);
		CHECK_INT(c.result.n_faults, past);
		if (past)
			CHECK_INT(c.result.faults[0].code, MAPPING_TOO_LARGE);
		else
			CHECK_INT(c.result.events[0].json.len, 32768);
		REQUIRE(mapping_case_run(&c,
				built(&b, "{'a':'','l':[1", ",1", rest / 2 + past * 2, "]}")) == 0);
		CHECK_INT(c.result.n_events, !past);
	}
	c.input.event_bytes = 100;
	REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", "x", 100, "'}")) == 0);
	CHECK_INT(c.result.n_faults, 1);
}

/* Containers inside each other: the event, its properties, and 14 more. */
static void test_depth(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(buf_release) struct buf open = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'properties':{'a':'{a}'}") == 0);
	for (size_t n = 14; n <= 15; n++) {
		built(&open, "{'a':", "[", n, "");
		REQUIRE(mapping_case_run(&c, built(&b, open.ptr, "]", n, "}")) == 0);
		CHECK_INT(c.result.n_events, n == 14);
		CHECK_INT(c.result.n_faults, n == 15);
		if (n == 15)
			CHECK_INT(c.result.faults[0].code, MAPPING_TOO_DEEP);
	}
	/* Deep, but nobody asks for it. */
	built(&open, "{'b':", "[", 500, "");
	REQUIRE(mapping_case_run(&c, built(&b, open.ptr, "]", 500, ",'a':1}")) == 0);
	CHECK_INT(c.result.n_events, 1);
	/* Beyond what the scanner follows. */
	built(&open, "{'b':", "[", 600, "");
	REQUIRE(mapping_case_run(&c, built(&b, open.ptr, "]", 600, "}")) == 0);
	REQUIRE(c.result.n_faults == 1);
	CHECK_INT(c.result.faults[0].code, MAPPING_NOT_JSON);
}

/* More items than events may be, and an array of an unreasonable length. */
static void test_items(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'each':'.'") == 0);
	for (size_t n = 2500; n <= 2501; n++) {
		REQUIRE(mapping_case_run(&c, built(&b, "[1", ",1", n - 1, "]")) == 0);
		CHECK_INT(c.result.n_events, 2500);
		CHECK_INT(c.result.n_faults, n - 2500);
		if (n > 2500)
			CHECK_INT(c.result.faults[0].code, MAPPING_TOO_MANY);
	}
	c.input.events = 2;
	REQUIRE(mapping_case_run(&c, "[1,2,3]") == 0);
	CHECK_INT(c.result.n_events, 2);
	REQUIRE(mapping_case_rule(&c, "'properties':{'l':{'list':'l','item':'{.}'},"
				      "'m':{'list':'l','item':'{.}','most':3}}") == 0);
	c.input.event_bytes = 1 << 20;
	REQUIRE(mapping_case_run(&c, built(&b, "{'l':[7", ",7", 99999, "]}")) == 0);
	REQUIRE(c.result.n_events == 1);
	/* `most` has a default, too: 2,500 and 3 sevens. */
	CHECK_INT(mapping_case_member(&c, 0, "properties").len,
		sizeof("{\"l\":[],\"m\":[7,7,7]}") - 1 + (size_t)2 * 2500 - 1);
}

/* From inside the items into all of the payload: a preset that nobody should write. */
static void test_work(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c,
			"'each':'l','properties':{'n':{'find':'root.l','if':{'is':['{a}','none']},"
			"'get':'{a}'}}") == 0);
	REQUIRE(mapping_case_run(&c, built(&b, "{'l':[{'a':1}", ",{'a':1}", 20, "]}")) == 0);
	CHECK_INT(c.result.n_events, 21);
	REQUIRE(mapping_case_run(&c, built(&b, "{'l':[{'a':1}", ",{'a':1}", 2000, "]}")) == 0);
	CHECK_INT(c.result.n_faults, 1);
	CHECK_INT(c.result.faults[0].code, MAPPING_TOO_MUCH);
	CHECK_SPAN(c.result.faults[0].original, buf_span(&c.body));
	CHECK(c.result.n_events > 0 && c.result.n_events < 2000);
}

/* Every item takes all of the payload along: 16 MiB are enough. */
static void test_output(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(buf_release) struct buf big = BUF_INIT;
	_cleanup_(buf_release) struct buf item = BUF_INIT;
	size_t bytes = 0;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'each':'l','properties':{'x':'{root.x}'}") == 0);
	built(&item, ",'", "p", 1500, "'");
	built(&big, "{'x':'", "y", 30000, "','l':[1");
	REQUIRE(mapping_case_run(&c, built(&b, big.ptr, item.ptr, 2000, "]}")) == 0);
	for (size_t i = 0; i < c.result.n_events; i++)
		bytes += c.result.events[i].json.len;
	CHECK(bytes <= MAPPING_OUTPUT_MAX && bytes > MAPPING_OUTPUT_MAX - 32768);
	REQUIRE(c.result.n_faults == 1);
	CHECK_INT(c.result.faults[0].code, MAPPING_TOO_MUCH);
}

static void test_form_fields(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(&c, "'kind':'form','events':[{'event':'A','user':'{a}'}]") ==
		0);
	for (size_t n = MAPPING_FIELDS_MAX; n <= MAPPING_FIELDS_MAX + 1; n++) {
		REQUIRE(mapping_case_run(&c, built(&b, "a=1", "&b=2", n - 1, "")) == 0);
		CHECK_INT(c.result.n_events, n == MAPPING_FIELDS_MAX);
		if (n > MAPPING_FIELDS_MAX)
			CHECK_INT(c.result.faults[0].code, MAPPING_TOO_MANY_FIELDS);
	}
}

/* An identifier of 256 bytes, and one that is too long and so is none. */
static void test_ids(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'user':'{a}','id':'i'") == 0);
	for (size_t n = IDENTIFIER_MAX; n <= IDENTIFIER_MAX + 1; n++) {
		REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", "x", n, "'}")) == 0);
		CHECK_INT(c.result.n_events, n == IDENTIFIER_MAX);
		REQUIRE(mapping_case_run(&c, built(&b, "{'a':", "7", n, "}")) == 0);
		CHECK_INT(c.result.n_events, n == IDENTIFIER_MAX);
		/* Escaped it is longer, but that is not what counts. */
		REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", "\\u0041", n, "'}")) == 0);
		CHECK_INT(c.result.n_events, n == IDENTIFIER_MAX);
	}
	/* What stands for bad text is longer than that was. */
	REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", "\xff", 85, "x'}")) == 0);
	CHECK_INT(c.result.n_events, 1);
	REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", "\xff", 86, "'}")) == 0);
	CHECK_INT(c.result.n_events, 0);
}

/* 100 characters, 256 bytes; beyond either the SHA-256 of the id stands for it. */
static void test_message_ids(void)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want; /* NULL: as it is */
	} rows[] = {
		{"a", 100, NULL},
		/* printf 'a%.0s' $(seq 101) | sha256sum */
		{"a", 101, "9d0793397991b57a99a07c6e6b4a92bab68dbf605345cd0b87f385a448a726bc"},
		{"\xc3\xa9", 100, NULL},
		{"\xf0\x9f\x92\x8d", 64, NULL},
		/* the ring, 65 times */
		{"\xf0\x9f\x92\x8d", 65,
			"78f056d53b3f11b6369dde286c1c5f672d277193c4d3164358b63256c34b2de5"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		_cleanup_(buf_release) struct buf id = BUF_INIT;

		mapping_case_init(&c);
		REQUIRE(mapping_case_rule(&c, "'id':'{a}'") == 0);
		REQUIRE(mapping_case_run(&c, built(&b, "{'a':'", rows[i].text, rows[i].n, "'}")) ==
			0);
		REQUIRE(c.result.n_events == 1);
		repeat(&id, rows[i].text, rows[i].n);
		CHECK_SPAN(c.result.events[0].message_id,
			rows[i].want ? span_str(rows[i].want) : buf_span(&id));
	}
}

/* Text that an event may not hold, wherever it stands. */
static void test_bad_text(void)
{
	static const struct {
		const char *payload, *want; /* properties */
	} rows[] = {
		{"{\"a\":\"x\\u0000y\"}", "{\"a\":\"x\xef\xbf\xbdy\",\"b\":\"<x\xef\xbf\xbdy>\"}"},
		{"{\"a\":\"\\ud83d\"}", "{\"a\":\"\xef\xbf\xbd\",\"b\":\"<\xef\xbf\xbd>\"}"},
		{"{\"a\":\"\xff\xc3\"}", "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"b\":\"<"
					 "\xef\xbf\xbd\xef\xbf\xbd>\"}"},
		{"{\"a\":{\"k\\u0000\":[\"\\udc00\", 1 ,\"\\\"\"]}}",
			"{\"a\":{\"k\xef\xbf\xbd\":[\"\xef\xbf\xbd\",1,\"\\\"\"]}}"},
		{"{\"a\":1,\"z\":\"\\u0000\"}", "{\"a\":1,\"b\":\"<1>\"}"},
		{"{\"a\":\"\\u00fc\",\"z\":\"\\u0000\"}", "{\"a\":\"ü\",\"b\":\"<ü>\"}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;

		mapping_case_init(&c);
		REQUIRE(mapping_case_rule(&c,
				"'event':{'first':['{e}','E']},'user':{'first':['{a}','u']},"
				"'properties':{'a':'{a}','b':'<{a}>'}") == 0);
		REQUIRE(mapping_case_run_bytes(&c, span_str(rows[i].payload)) == 0);
		REQUIRE(c.result.n_events <= 1);
		if (c.result.n_events == 1)
			check_span(__FILE__, __LINE__, rows[i].payload,
				mapping_case_member(&c, 0, "properties"), span_str(rows[i].want));
	}
}

/* Not JSON at all, or not quite. */
static void test_not_json(void)
{
	static const char *const payloads[] = {"", " ", "{", "{\"a\":1,}", "{\"a\":1}x", "nul",
		"{\"a\":\"\n\"}", "[1,2", "\"a", "{'a':1}", "\xef\xbb\xbf{}"};

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;

		mapping_case_init(&c);
		REQUIRE(mapping_case_rule(&c, "") == 0);
		REQUIRE(mapping_case_run_bytes(&c, span_str(payloads[i])) == 0);
		CHECK_INT(c.result.n_events, 0);
		REQUIRE(c.result.n_faults == 1);
		CHECK_INT(c.result.faults[0].code, MAPPING_NOT_JSON);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"presets", test_presets},
		{"file size", test_file_size},
		{"many places", test_many_places},
		{"event size", test_event_size},
		{"depth", test_depth},
		{"items", test_items},
		{"work", test_work},
		{"output", test_output},
		{"form fields", test_form_fields},
		{"ids", test_ids},
		{"message ids", test_message_ids},
		{"bad text", test_bad_text},
		{"not JSON", test_not_json},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
