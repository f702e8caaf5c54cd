/* SPDX-License-Identifier: MIT */
/*
 * JSON inside text and base 64, objects put together, and rules that go through items together.
 * Base 64 is what base64(1) of coreutils makes of the text beside it.
 */
#include "mapping_case.h"

/* X is what the expression gives, as the only property; payloads are as they are. */
struct row {
	const char *expr, *payload, *want; /* want NULL: missing */
};

#define GET(PATH) "{'parse':'{m}','get':'" PATH "'}"

static const struct row nested[] = {
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":1.50}\"}", "1.50"},
	{GET("{a.1.b}"), "{\"m\":\"{\\\"a\\\":[0,{\\\"b\\\":\\\"\\\\u00e9\\\"}]}\"}",
		"\"\\u00e9\""},
	{GET("{.}"), "{\"m\":\" [ 1 , \\\"x y\\\" ] \"}", "[1,\"x y\"]"},
	{GET("{.}"), "{\"m\":\"12\"}", "12"},
	{GET("{a}{b}"), "{\"m\":\"{\\\"a\\\":1,\\\"b\\\":\\\"\\\\n\\\"}\"}", "\"1\\n\""},
	{GET("{root.n}"), "{\"n\":3,\"m\":\"{}\"}", "3"},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}", "2"},
	/* as it stands */
	{GET("{a}"), "{\"m\":{\"a\":1}}", "1"},
	{GET("{1}"), "{\"m\":[1,2]}", "2"},
	/* where a string ends */
	{"'{m}'", "{\"m\":[ \"x \\\\\" , \"\\\\\\\" y\" , \"\" ]}",
		"[\"x \\\\\",\"\\\\\\\" y\",\"\"]"},
	/* what is no document is missing */
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":1}x\"}", NULL},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":1\"}", NULL},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":1,}\"}", NULL},
	{GET("{.}"), "{\"m\":\"null\"}", NULL},
	{GET("{.}"), "{\"m\":\"\"}", NULL},
	{GET("{.}"), "{\"m\":12}", NULL},
	{GET("{.}"), "{\"m\":true}", NULL},
	{GET("{.}"), "{\"m\":null}", NULL},
	{GET("constant"), "{\"m\":\"no\"}", NULL},
	{GET("constant"), "{\"m\":\"[]\"}", "\"constant\""},
	{GET("{a}"), "{}", NULL},
	{"{'first':[" GET("{a}") ",'else']}", "{\"m\":\"{\"}", "\"else\""},
	/* lists and documents inside each other */
	{"{'parse':'{m}','get':{'list':'l','item':{'k':'{n}'},'if':{'is':['{s}','x']}}}",
		"{\"m\":\"{\\\"l\\\":[{\\\"s\\\":\\\"x\\\",\\\"n\\\":1},{\\\"s\\\":\\\"y\\\"},"
		"{\\\"s\\\":\\\"x\\\"}]}\"}",
		"[{\"k\":1},{}]"},
	{"{'list':'l','item':{'a':" GET("{a}") ",'b':" GET("{b}") "}}",
		"{\"m\":\"{\\\"a\\\":9}\",\"l\":[{\"m\":\"{\\\"a\\\":1,\\\"b\\\":2}\"},{\"m\":\"{"
		"\"},"
		"{\"m\":\"{\\\"a\\\":3}\"}]}",
		"[{\"a\":1,\"b\":2},{},{\"a\":3}]"},
	{"{'parse':" GET("{m}") ",'get':'{a}'}",
		"{\"m\":\"{\\\"m\\\":\\\"{\\\\\\\"a\\\\\\\":5}\\\"}\"}", "5"},
	{"{'parse':'{m}','get':" GET("{a}") "}",
		"{\"m\":\"{\\\"m\\\":\\\"{\\\\\\\"a\\\\\\\":5}\\\"}\"}", "5"},
	{"{'parse':'{m}{n}','get':'{a}'}", "{\"m\":\"{\\\"a\\\":\",\"n\":\"7}\"}", "7"},
	{"{'if':{'is':[" GET("{a}") ",'1']},'then':" GET("{b}") "}",
		"{\"m\":\"{\\\"a\\\":1,\\\"b\\\":2}\"}", "2"},
	/* text that an event may not hold; U+0000 is no text of JSON, escaped it is */
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":\\\"x\\\\u0000y\\\"}\"}", "\"x\xef\xbf\xbdy\""},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":\\\"\\\\ud83d\\\"}\"}", "\"\xef\xbf\xbd\""},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":[\\\"\\\\udc00\\\"]}\"}", "[\"\xef\xbf\xbd\"]"},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":\\\"\\u0000\\\"}\"}", NULL},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":\\\"\\ud83d\\\"}\"}", "\"\xef\xbf\xbd\""},
	{GET("{a}"), "{\"m\":\"{\\\"a\\\":\\\"\xff\\\"}\"}", "\"\xef\xbf\xbd\""},
	/* base 64: {"a":1.0}, {"a":"?\?>>"}, "sure.", "\377\0x" */
	{"{'base64':'{m}'}", "{\"m\":\"c3VyZS4=\"}", "\"sure.\""},
	{"{'base64':'{m}'}", "{\"m\":\"c3VyZS4\"}", "\"sure.\""},
	{"{'base64':'{m}'}", "{\"m\":\"c3VyZS4==\"}", NULL},
	{"{'base64':'{m}'}", "{\"m\":\"c3VyZS5\"}", NULL},
	{"{'base64':'{m}'}", "{\"m\":\"c3Vy ZS4=\"}", NULL},
	{"{'base64':'{m}'}", "{\"m\":\"\"}", "\"\""},
	{"{'base64':'{m}'}", "{\"m\":[]}", NULL},
	{"{'base64':'{m}'}", "{}", NULL},
	{"{'base64':'{m}'}", "{\"m\":\"/wB4\"}", "\"\xef\xbf\xbd\xef\xbf\xbdx\""},
	{"{'base64':'{m}'}", "{\"m\":\"_wB4\"}", "\"\xef\xbf\xbd\xef\xbf\xbdx\""},
	{"{'parse':{'base64':'{m}'},'get':'{a}'}", "{\"m\":\"eyJhIjoxLjB9\"}", "1.0"},
	{"{'parse':{'base64':'{m}'},'get':'{a}'}", "{\"m\":\"eyJhIjoiPz8+PiJ9\"}", "\"?\?>>\""},
	{"{'parse':{'base64':'{m}'},'get':'{a}'}", "{\"m\":\"eyJhIjoiPz8-PiJ9\"}", "\"?\?>>\""},
	{"{'parse':{'first':['{p}',{'base64':'{m}'}]},'get':'{a}'}",
		"{\"m\":\"eyJhIjoxLjB9\",\"p\":\"{\\\"a\\\":2}\"}", "2"},
	{"{'parse':{'first':['{p}',{'base64':'{m}'}]},'get':'{a}'}", "{\"m\":\"eyJhIjoxLjB9\"}",
		"1.0"},
	/* merge */
	{"{'merge':['{m}','{n}']}", "{\"m\":{\"a\":1,\"b\":2},\"n\":{\"b\":3,\"c\":4}}",
		"{\"a\":1,\"b\":2,\"c\":4}"},
	{"{'merge':['{m}','{n}']}", "{\"m\":{\"b\":null},\"n\":{ \"b\" : 3 , \"a\" : [ ] }}",
		"{\"b\":null,\"a\":[]}"},
	{"{'merge':['{m}','{n}']}",
		"{\"m\":{\"a\":1,\"b\":0,\"a\":2},\"n\":{\"a\":3,\"c\":4,\"c\":5}}",
		"{\"b\":0,\"a\":2,\"c\":5}"},
	{"{'merge':['{m}','{n}']}", "{\"m\":{\"\\u0061\":1},\"n\":{\"a\":2}}", "{\"\\u0061\":1}"},
	{"{'merge':['{m}','{n}','{o}']}", "{\"m\":{\"a\":1},\"n\":[1],\"o\":{\"a\":2,\"ab\":3}}",
		"{\"a\":1,\"ab\":3}"},
	{"{'merge':['{m}','{n}']}", "{\"n\":{\"a\":1,\"a\":2}}", "{\"a\":1,\"a\":2}"},
	{"{'merge':['{m}','{n}']}", "{\"m\":{},\"n\":{}}", "{}"},
	{"{'merge':['{m}','{n}']}", "{\"m\":\"text\"}", NULL},
	{"{'merge':['{m}','{n}']}", "{\"m\":{\"\":1},\"n\":{\"\":2,\"x\":\"\\u0000\"}}",
		"{\"\":1,\"x\":\"\xef\xbf\xbd\"}"},
	{"{'merge':[{'object':{'a':'{x}','b':'{y}'}},'{m}']}", "{\"x\":1,\"m\":{\"a\":2,\"b\":3}}",
		"{\"a\":1,\"b\":3}"},
	/* list with a condition: N counts what was looked at */
	{"{'list':'l','item':'{v}','most':2,'if':{'has':'{v}'}}",
		"{\"l\":[{},{\"v\":1},{\"v\":2}]}", "[1]"},
	{"{'list':'l','item':'{v}','if':{'has':'{w}'}}", "{\"l\":[{\"v\":1}]}", "[]"},
};

static void test_nested(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(nested); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		_cleanup_(buf_release) struct buf rule = BUF_INIT;
		_cleanup_(buf_release) struct buf want = BUF_INIT;

		mapping_case_init(&c);
		buf_printf(&rule, "'properties':{'x':%s}", nested[i].expr);
		buf_add_char(&rule, '\0');
		if (nested[i].want)
			buf_printf(&want, "{\"x\":%s}", nested[i].want);
		REQUIRE(mapping_case_rule(&c, rule.ptr) == 0);
		REQUIRE(mapping_case_run_bytes(&c, span_str(nested[i].payload)) == 0);
		check_int(__FILE__, __LINE__, nested[i].payload, (int64_t)c.result.n_events, 1);
		check_span(__FILE__, __LINE__, nested[i].payload,
			mapping_case_member(&c, 0, "properties"), buf_span(&want));
	}
}

/* Properties and traits may be several objects. */
static void test_members(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'properties':['{a}',{'object':{'n':'{n}'}}],"
				      "'traits':['{b}','{a}']") == 0);
	REQUIRE(mapping_case_run(&c, "{'a':{'x':1},'b':{'x':2},'n':3}") == 0);
	REQUIRE(c.result.n_events == 1);
	CHECK_STR(mapping_case_member(&c, 0, "properties"), "{\"x\":1,\"n\":3}");
	CHECK_STR(mapping_case_member(&c, 0, "traits"), "{\"x\":2}");
	REQUIRE(mapping_case_run(&c, "{'a':[],'b':7}") == 0);
	REQUIRE(c.result.n_events == 1);
	CHECK_INT(mapping_case_member(&c, 0, "properties").len, 0);
	CHECK_INT(mapping_case_member(&c, 0, "traits").len, 0);
}

/* The topic, and the customer, from inside. */
static void test_topic(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(&c,
			"'topic':{'parse':'{m}','get':'{t}'},'events':[{'on':['a'],'event':"
			"{'parse':'{m}','get':'{t}'},'user':{'parse':'{m}','get':'{u}'}},"
			"{'event':'B','user':{'parse':'{m}','get':'{u}'}}]") == 0);
	REQUIRE(mapping_case_run_bytes(
			&c, SPAN_LIT("{\"m\":\"{\\\"t\\\":\\\"a\\\",\\\"u\\\":7}\"}")) == 0);
	REQUIRE(c.result.n_events == 2);
	CHECK_STR(c.result.topic, "a");
	CHECK_STR(mapping_case_member(&c, 0, "userId"), "7");
	CHECK_STR(mapping_case_member(&c, 1, "userId"), "7");
}

/* Message ids of events and `!` for faults, in the order in which they came out. */
static void check_order(struct mapping_case *c, const char *payload, const char *want)
{
	_cleanup_(buf_release) struct buf got = BUF_INIT;

	REQUIRE(mapping_case_run(c, payload) == 0);
	for (size_t i = 0; i < c->result.n_events; i++)
		buf_add_span(&got, c->result.events[i].message_id);
	for (size_t i = 0; i < c->result.n_faults; i++)
		buf_add_char(&got, '!');
	check_span(__FILE__, __LINE__, payload, buf_span(&got), span_str(want));
}

/* Rules with one `each` go through the items together, others after them. */
static void test_order(void)
{
	static const char items[] = "{'t':'a','l':[{'k':1},{'k':2},{'k':1}]}";
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
#define RULE(EACH, K, ID)                                                                          \
	"{'each':'" EACH "','if':{'is':['{k}'," K "]},'event':'A','user':'u','id':'" ID "'}"
	REQUIRE(mapping_case_compile(&c, "'events':[" RULE("l", "'1'", "a") "," RULE("l", "'2'",
						 "b") "," RULE("l", "'1','2'", "c") "]") == 0);
	check_order(&c, items, "acbcac");
	/* Not one `each`, or not together. */
	REQUIRE(mapping_case_compile(&c, "'events':[" RULE("l", "'1'", "a") "," RULE("root.l",
						 "'2'", "b") "," RULE("l", "'1','2'", "c") "]") ==
		0);
	check_order(&c, items, "aabccc");
	REQUIRE(mapping_case_compile(
			&c, "'events':[" RULE(
				    "l", "'1'", "a") ",{'event':'A','user':'u','id':'x'}," RULE("l",
				    "'2'", "b") "]") == 0);
	check_order(&c, items, "aaxb");
	/* Those that do not take the topic stand aside; a fault of one is none of the others. */
	REQUIRE(mapping_case_compile(&c,
			"'topic':'{t}','events':[{'on':['b'],'each':'l','event':'A','user':'u','id'"
			":'x'},"
			"{'on':['a'],'each':'l','event':'A','user':{'map':'{k}','to':{'2':'u'}},'"
			"id':"
			"'y'},{'each':'l','event':'A','user':'u','id':'z'}]") == 0);
	check_order(&c, items, "zyzz!!");
#undef RULE
}

/* Of several places the first that is there. */
static void test_places(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'each':['batch','d.l','.'],'id':'{v}'") == 0);
	check_order(&c, "{'batch':[{'v':1},{'v':2}],'v':3}", "12");
	check_order(&c, "{'batch':null,'d':{'l':[{'v':1}]},'v':3}", "1");
	check_order(&c, "{'batch':[],'v':3}", "");
	check_order(&c, "{'batch':{'v':1},'v':3}", "1");
	check_order(&c, "{'v':3}", "3");
	check_order(&c, "[{'v':1},{'v':3}]", "13");
}

/* Containers inside each other that the scanner follows, in what is parsed. */
static void test_depth(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'properties':{'x':{'parse':'{m}','get':'{a}'}}") == 0);
	for (size_t n = 511; n <= 512; n++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		buf_add_str(&b, "{\"m\":\"{\\\"b\\\":");
		for (size_t i = 0; i < n; i++)
			buf_add_char(&b, '[');
		for (size_t i = 0; i < n; i++)
			buf_add_char(&b, ']');
		buf_add_str(&b, ",\\\"a\\\":1}\"}");
		REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
		REQUIRE(c.result.n_events == 1 && c.result.n_faults == 0);
		CHECK_STR(mapping_case_member(&c, 0, "properties"), n == 511 ? "{\"x\":1}" : "");
	}
}

/* A payload {"n":1,"l":[0,0,...],"m":"[TEXT,TEXT,...]"}. */
static void big_payload(struct buf *b, size_t items, size_t texts, const char *text)
{
	buf_reset(b);
	buf_add_str(b, "{\"n\":1,\"l\":[0");
	for (size_t i = 1; i < items; i++)
		buf_add_str(b, ",0");
	buf_add_str(b, "],\"m\":\"[0");
	for (size_t i = 0; i < texts; i++) {
		buf_add_char(b, ',');
		buf_add_str(b, text);
	}
	buf_add_str(b, "]\"}");
}

/* However often a text is asked for, it is parsed once for an item; once for each item is what the
 * budget ends where it is out of proportion. */
static void test_work(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(buf_release) struct buf rule = BUF_INIT;

	mapping_case_init(&c);
	buf_add_str(&rule, "'properties':{'x':'{n}'");
	for (int i = 0; i < 200; i++)
		buf_printf(&rule, ",'p%d':{'parse':'{m}','get':'{%d}'}", i, i);
	buf_add(&rule, "}", 2);
	REQUIRE(mapping_case_rule(&c, rule.ptr) == 0);
	big_payload(&b, 1, 500000, "0");
	REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
	CHECK_INT(c.result.n_events, 1);
	CHECK_INT(c.result.n_faults, 0);
	/* The same when it is no JSON. */
	b.len -= 3;
	buf_add_str(&b, "\"}");
	REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
	CHECK_INT(c.result.n_events, 1);
	CHECK_STR(mapping_case_member(&c, 0, "properties"), "{\"x\":1}");
	REQUIRE(mapping_case_rule(
			&c, "'each':'l','properties':{'x':{'parse':'{root.m}','get':'{1}'}}") == 0);
	big_payload(&b, 20, 100, "0");
	REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
	CHECK_INT(c.result.n_events, 20);
	big_payload(&b, 2000, 5000, "\\u0030");
	REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
	REQUIRE(c.result.n_faults == 1);
	CHECK_INT(c.result.faults[0].code, MAPPING_TOO_MUCH);
}

/* An object that is exactly as large as the event has room for, made of two, and one byte more; and
 * as many members as may be. */
static void test_merge_size(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'properties':['{a}','{b}']") == 0);
	REQUIRE(mapping_case_run(&c, "{'a':{'x':''},'b':{'y':''}}") == 0);
	REQUIRE(c.result.n_events == 1);
	size_t rest = 32768 - c.result.events[0].json.len;
	for (size_t past = 0; past < 2; past++) {
		buf_reset(&b);
		buf_add_str(&b, "{\"a\":{\"x\":\"\"},\"b\":{ \"x\" : \"not this\" , \"y\":\"");
		for (size_t i = 0; i < rest + past; i++)
			buf_add_char(&b, 'y');
		buf_add_str(&b, "\"}}");
		REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
		CHECK_INT(c.result.n_events, !past);
		CHECK_INT(c.result.n_faults, past);
		if (past)
			CHECK_INT(c.result.faults[0].code, MAPPING_TOO_LARGE);
		else
			CHECK_INT(c.result.events[0].json.len, 32768);
	}
	for (int past = 0; past < 2; past++) {
		buf_reset(&b);
		buf_add_str(&b, "{\"a\":{\"k\":0");
		for (int i = 0; i < 32768 / 4 - 3 + past; i++)
			buf_add_str(&b, ",\"k\":1");
		buf_add_str(&b, "},\"b\":{\"k\":2,\"j\":3}}");
		REQUIRE(mapping_case_run_bytes(&c, buf_span(&b)) == 0);
		CHECK_INT(c.result.n_events, !past);
		if (past)
			CHECK_INT(c.result.faults[0].code, MAPPING_TOO_LARGE);
		else
			CHECK_STR(mapping_case_member(&c, 0, "properties"), "{\"k\":1,\"j\":3}");
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"nested", test_nested},
		{"members", test_members},
		{"topic", test_topic},
		{"order", test_order},
		{"places", test_places},
		{"depth", test_depth},
		{"work", test_work},
		{"merge size", test_merge_size},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
