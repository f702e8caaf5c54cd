/* SPDX-License-Identifier: MIT */
/*
 * From the payload to the rules: how a body is read, what is inside another, what the topic
 * selects, and the id that a payload has by itself (sha256sum says which).
 */
#include "mapping_case.h"

static bool header_of(void *user, struct span name, struct span *ret_value)
{
	(void)user;
	if (!span_is(name, "x-topic"))
		return false;
	*ret_value = SPAN_LIT("orders/create");
	return true;
}

static bool query_of(void *user, struct span name, struct span *ret_value)
{
	*ret_value = span_str(user);
	return span_is(name, "Shop");
}

/* Topics select, ignored ones are said to be so, all rules of a topic run in order. */
static void test_topics(void)
{
	static const char preset[] =
		"'topic':'{header.X-Topic}','ignore':['products/*','carts/create'],'events':["
		"{'on':['orders/*'],'event':'A','user':'{query.Shop}'},"
		"{'on':['customers/*','refunds/create'],'event':'B','user':'u'},"
		"{'event':'C','user':'u','if':{'is':['{topic}','orders/create']}}]";
	_cleanup_(mapping_case_release) struct mapping_case c;
	char shop[] = "s1";

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(&c, preset) == 0);
	CHECK_INT(mapping_names(c.mapping).n_headers, 1);
	CHECK_STR(mapping_names(c.mapping).headers[0], "x-topic");
	CHECK_INT(mapping_names(c.mapping).n_queries, 1);
	CHECK_STR(mapping_names(c.mapping).queries[0], "Shop");
	c.input.header = header_of;
	c.input.query = query_of;
	c.input.user = shop;
	REQUIRE(mapping_case_run(&c, "{}") == 0);
	CHECK_STR(c.result.topic, "orders/create");
	REQUIRE(c.result.n_events == 2 && c.result.n_faults == 0);
	CHECK_STR(mapping_case_member(&c, 0, "event"), "\"A\"");
	CHECK_STR(mapping_case_member(&c, 0, "userId"), "\"s1\"");
	CHECK_STR(mapping_case_member(&c, 0, "context"),
		"{\"original\":{\"name\":\"orders/create\"}}");
	CHECK_STR(mapping_case_member(&c, 1, "event"), "\"C\"");
	/* Without header there is no topic; the last rule takes it and passes it over. */
	c.input.header = NULL;
	REQUIRE(mapping_case_run(&c, "{}") == 0);
	CHECK_INT(c.result.n_events + c.result.n_faults, 0);
	CHECK(!c.result.ignored);
}

static void test_topics_unknown_and_ignored(void)
{
	static const struct {
		const char *topic, *want;
	} rows[] = {
		{"products/x", "ignored"},
		{"products/", "ignored"},
		{"products", "the preset has no rule for the topic: `products` "},
		{"carts/create", "ignored"},
		{"carts/create2", "the preset has no rule for the topic: `carts/create2` "},
		{"ab-c-d", "event"},
		{"abcd", "the preset has no rule for the topic: `abcd` "},
		{"", "the preset has no rule for the topic: `` "},
		{"a\x7f"
		 "b",
			"the preset has no rule for the topic: `a?b` "},
		{"aäääääääääääääääääääääääääääääääää", "the preset has no rule for the topic: "
						       "`aäääääääääääääääääääääääääääääää` "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		_cleanup_(buf_release) struct buf payload = BUF_INIT;
		struct span want = span_str(rows[i].want);

		mapping_case_init(&c);
		REQUIRE(mapping_case_compile(&c,
				"'topic':'{t}','ignore':['products/*','carts/create'],"
				"'events':[{'on':['a*-*d'],'event':'A','user':'u'}]") == 0);
		buf_printf(&payload, "{'t':'%s'}", rows[i].topic);
		buf_add_char(&payload, '\0');
		REQUIRE(mapping_case_run(&c, payload.ptr) == 0);
		CHECK_STR(c.result.topic, rows[i].topic);
		check_int(__FILE__, __LINE__, rows[i].topic, c.result.ignored,
			span_is(want, "ignored"));
		check_int(__FILE__, __LINE__, rows[i].topic, (int64_t)c.result.n_events,
			span_is(want, "event"));
		if (c.result.n_faults == 0)
			continue;
		want.len--;
		check_span(__FILE__, __LINE__, rows[i].topic, c.result.faults[0].words, want);
		CHECK(c.result.faults[0].rule == SIZE_MAX);
	}
}

/* The payload inside a string; the outside stays reachable. */
static void test_unwrap(void)
{
	static const char preset[] =
		"'unwrap':{'if':{'is':['{Type}','Notification']},'json':'{Message}'},"
		"'topic':'{envelope.Type}',"
		"'events':[{'event':'{kind}','id':'{envelope.MessageId}','user':'u',"
		"'properties':{'t':'{topic}','in':'{root.kind}','s':{'first':['{envelope.S}']}}}]";
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(&c, preset) == 0);
	REQUIRE(mapping_case_run(&c, "{'Type':'Notification','MessageId':'m-1',"
				     "'Message':'{\\'kind\\':\\'Bounce \\\\u00e9\\'}'}") == 0);
	REQUIRE(c.result.n_events == 1);
	CHECK_STR(mapping_case_member(&c, 0, "event"), "\"Bounce é\"");
	CHECK_STR(c.result.events[0].message_id, "m-1");
	CHECK_STR(mapping_case_member(&c, 0, "properties"),
		"{\"t\":\"Notification\",\"in\":\"Bounce \\u00e9\"}");
	CHECK_SPAN(c.result.events[0].original, buf_span(&c.body));
	/* Not wrapped: both are the same. */
	REQUIRE(mapping_case_run(&c, "{'kind':'Raw','MessageId':'m-2','S':1}") == 0);
	REQUIRE(c.result.n_events == 1);
	CHECK_STR(mapping_case_member(&c, 0, "event"), "\"Raw\"");
	CHECK_STR(mapping_case_member(&c, 0, "properties"), "{\"t\":\"\",\"in\":\"Raw\",\"s\":1}");
	/* Wrapped, but not what it should be. */
	REQUIRE(mapping_case_run(&c, "{'Type':'Notification','Message':'hello'}") == 0);
	REQUIRE(c.result.n_faults == 1);
	CHECK_STR(c.result.faults[0].words,
		"the payload is not JSON: this byte cannot stand here, line 1, column 1");
	REQUIRE(mapping_case_run(&c, "{'Type':'Notification','Message':{}}") == 0);
	REQUIRE(c.result.n_faults == 1);
	CHECK_INT(c.result.faults[0].code, MAPPING_NOT_JSON);
}

static void test_forms(void)
{
	static const struct {
		const char *form, *want; /* properties */
	} rows[] = {
		{"a=1&b=x+y%21", "{\"a\":\"1\",\"b\":\"x y!\"}"},
		{"a[b]=1", "{\"n\":\"1\"}"},
		{"a=1&a=2", "{\"a\":\"2\"}"},
		{"&&a=%C3%A9&", "{\"a\":\"é\"}"},
		{"a=%zz%4&b=%", "{\"a\":\"%zz%4\",\"b\":\"%\"}"},
		{"a", "{\"a\":\"\"}"},
		{"%61=b", "{\"a\":\"b\"}"},
		{"a=%00%FF", "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}"},
		{"a=%22%5C%0A", "{\"a\":\"\\\"\\\\\\n\"}"},
		{"", ""},
		{"=x", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;

		mapping_case_init(&c);
		REQUIRE(mapping_case_compile(&c,
				"'kind':'form','events':[{'event':'A','user':'u',"
				"'properties':{'a':'{a}','b':'{b}','n':'{a[b]}'}}]") == 0);
		REQUIRE(mapping_case_run_bytes(&c, span_str(rows[i].form)) == 0);
		REQUIRE(c.result.n_events == 1);
		check_span(__FILE__, __LINE__, rows[i].form,
			mapping_case_member(&c, 0, "properties"), span_str(rows[i].want));
		CHECK_STR(c.result.events[0].original, rows[i].form);
	}
}

/* A preset for both reads what the request says it is. */
static void test_json_or_form(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(
			&c, "'kind':'json,form','events':[{'event':'A','user':'{a}'}]") == 0);
	REQUIRE(mapping_case_run_bytes(&c, SPAN_LIT("a=1")) == 0);
	CHECK_INT(c.result.n_faults, 1);
	c.input.form = true;
	REQUIRE(mapping_case_run_bytes(&c, SPAN_LIT("a=1")) == 0);
	CHECK_INT(c.result.n_events, 1);
	REQUIRE(mapping_case_compile(&c, "'events':[{'event':'A','user':'{a}'}]") == 0);
	REQUIRE(mapping_case_run_bytes(&c, SPAN_LIT("{\"a\":1}")) == 0);
	CHECK_INT(c.result.n_events, 1);
}

/* The same bytes, the same id; other bytes, topic or event, another. */
static void test_derived_id(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	struct span first;

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(&c, "'topic':'{t}','events':[{'event':'{e}','user':'u'}]") ==
		0);
	REQUIRE(mapping_case_run(&c, "{'t':'T','e':'E'}") == 0 && c.result.n_events == 1);
	first = c.result.events[0].message_id;
	/* printf '1:T,5:track,1:E,17:{"t":"T","e":"E"},' | sha256sum */
	CHECK_STR(first, "4ce509b99cca1ff91db2e0cd159ba680");
	REQUIRE(mapping_case_run(&c, "{'t':'T','e':'E'}") == 0 && c.result.n_events == 1);
	CHECK_SPAN(c.result.events[0].message_id, first);
	REQUIRE(mapping_case_run(&c, "{'t':'T','e':'E'} ") == 0 && c.result.n_events == 1);
	CHECK(!span_equal(c.result.events[0].message_id, first));
}

int main(void)
{
	static const struct check_case cases[] = {
		{"topics", test_topics},
		{"topics unknown and ignored", test_topics_unknown_and_ignored},
		{"unwrap", test_unwrap},
		{"forms", test_forms},
		{"json or form", test_json_or_form},
		{"derived id", test_derived_id},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
