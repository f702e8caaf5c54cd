/* SPDX-License-Identifier: MIT */
/*
 * What presets mean: each operator, condition and member of a rule, over payloads as senders write
 * them. Expected values follow from the text of the manual (codec/mapping.h), ISO 4217 and, for
 * digests, from sha256sum.
 */
#include "mapping_case.h"

/* X is what the expression gives, as the only property. */
struct row {
	const char *expr, *payload, *want; /* want NULL: missing */
};

#define ITEMS "{'l':[{'n':'a','v':1},{'n':'b','v':'two'},{'n':'','v':null}],'o':{'n':'z'}}"

static const struct row expressions[] = {
	/* places and templates */
	{"'{a}'", "{'a':1.50}", "1.50"},
	{"'{a}'", "{'a':12345678901234567890123}", "12345678901234567890123"},
	{"'{a}'", "{'a':-0.0e+5}", "-0.0e+5"},
	{"'{a}'", "{'a':true}", "true"},
	{"'{a}'", "{'a':''}", "''"},
	{"'{a}'", "{'a':'\\u00e9\\/x'}", "'\\u00e9\\/x'"},
	{"'{a}'", "{'a':null}", NULL},
	{"'{a}'", "{}", NULL},
	{"'{a}'", "{'a':{ 'b' : [ 1 , 2 ] , 'c d' : ' ' }}", "{'b':[1,2],'c d':' '}"},
	{"'{a.b.c}'", "{'a':{'b':{'c':7}}}", "7"},
	{"'{a.1.b}'", "{'a':[0,{'b':8}]}", "8"},
	{"'{a.1}'", "{'a':{'1':9}}", "9"},
	{"'{a.2}'", "{'a':[0,1]}", NULL},
	{"'{a.01}'", "{'a':[0,1]}", NULL},
	{"'{a.b}'", "{'a':'text'}", NULL},
	{"'{a\\\\.b}'", "{'a.b':1,'a':{'b':2}}", "1"},
	{"'{a\\\\}}'", "{'a}':3}", "3"},
	{"'{a\\\\\\\\}'", "{'a\\\\':4}", "4"},
	{"'{.}'", "{'a':[1]}", "{'a':[1]}"},
	{"'{root}'", "[1, 2]", "[1,2]"},
	{"'{root.a}'", "{'a':1}", "1"},
	{"'{envelope.a}'", "{'a':1}", "1"},
	{"'{.topic}'", "{'topic':'of the payload'}", "'of the payload'"},
	{"'{.root.a}'", "{'root':{'a':1}}", "1"},
	{"'{topic}'", "{}", "''"},
	{"'{hook}'", "{}", "'shop'"},
	{"'{received}'", "{}", "'2026-01-02T03:04:05.678Z'"},
	{"'{a}'", "{'a':1,'a':2}", "2"},
	{"'{a.b}'", "{'a':{'b':1},'a':{'c':2}}", NULL},
	{"'{a.b}'", "{'a':{'b':1},'a':2}", NULL},
	{"'{a}'", "{'\\u0061':5}", "5"},
	{"'{a.b}'", "{'\\u0061':{'\\u0062':6},'c':0}", "6"},
	{"'x{a}y{b}'", "{'a':1,'b':'q'}", "'x1yq'"},
	{"'x{a}'", "{'a':false}", "'xfalse'"},
	{"'x{a}'", "{'a':null}", NULL},
	{"'x{a}'", "{'a':[]}", NULL},
	{"'x{a}'", "{}", NULL},
	{"'{{a}'", "{'a':1}", "'{a}'"},
	{"'a}b'", "{}", "'a}b'"},
	{"'{{{a}}'", "{'a':1}", "'{1}'"},
	{"''", "{}", "''"},
	{"'plain'", "{}", "'plain'"},
	{"'<{a}>'", "{'a':'\\u2028\\n\\u00fc'}", "'<\\u2028\\nü>'"},
	/* first, const, map, if */
	{"{'first':['{a}','{b}','c']}", "{'a':null,'b':''}", "'c'"},
	{"{'first':['{a}','{b}']}", "{'a':0,'b':1}", "0"},
	{"{'first':['{a}','{b}']}", "{'a':'','b':''}", NULL},
	{"{'first':['{a}']}", "{'a':false}", "false"},
	{"{'const':{'a':[1.10,null]}}", "{}", "{'a':[1.10,null]}"},
	{"{'const':true}", "{}", "true"},
	{"{'const':null}", "{}", NULL},
	{"{'map':'{a}','to':{'x':'X','1':'{b}'},'else':'?'}", "{'a':'x'}", "'X'"},
	{"{'map':'{a}','to':{'x':'X','1':'{b}'},'else':'?'}", "{'a':1,'b':[3]}", "[3]"},
	{"{'map':'{a}','to':{'x':'X','1':'{b}'},'else':'?'}", "{'a':'y'}", "'?'"},
	{"{'map':'{a}','to':{'x':'X'},'else':'?'}", "{}", "'?'"},
	{"{'map':'{a}','to':{'x':'X'}}", "{'a':'y'}", NULL},
	{"{'if':{'has':'{a}'},'then':'y','else':'n'}", "{'a':1}", "'y'"},
	{"{'if':{'has':'{a}'},'then':'y','else':'n'}", "{}", "'n'"},
	{"{'if':{'has':'{a}'},'then':'y'}", "{}", NULL},
	/* money (ISO 4217: JPY 0, USD 2, BHD 3, CLF 4 digits) */
	{"{'money':'{a}','currency':'{c}'}", "{'a':2099,'c':'usd'}", "20.99"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':5,'c':'EUR'}", "0.05"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':-5,'c':'EUR'}", "-0.05"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':0,'c':'EUR'}", "0.00"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':500,'c':'JPY'}", "500"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1234,'c':'bhd'}", "1.234"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':7,'c':'CLF'}", "0.0007"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':'0012','c':'EUR'}", "0.12"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':999999999999999999,'c':'EUR'}",
		"9999999999999999.99"},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1000000000000000000,'c':'EUR'}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1.5,'c':'EUR'}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1e3,'c':'EUR'}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'a':'--1','c':'EUR'}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1,'c':'EURO'}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1,'c':'E1R'}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'a':1}", NULL},
	{"{'money':'{a}','currency':'{c}'}", "{'c':'EUR'}", NULL},
	/* number, text, lower, trim */
	{"{'number':'{a}'}", "{'a':'19.90'}", "19.90"},
	{"{'number':'{a}'}", "{'a':' -1e-7 '}", "-1e-7"},
	{"{'number':'{a}'}", "{'a':7}", "7"},
	{"{'number':'{a}'}", "{'a':'01'}", NULL},
	{"{'number':'{a}'}", "{'a':'+1'}", NULL},
	{"{'number':'{a}'}", "{'a':'1,5'}", NULL},
	{"{'number':'{a}'}", "{'a':''}", NULL},
	{"{'number':'{a}'}", "{'a':true}", NULL},
	{"{'number':'{a}'}", "{'a':[1]}", NULL},
	{"{'text':'{a}'}", "{'a':12.0}", "'12.0'"},
	{"{'text':'{a}'}", "{'a':true}", "'true'"},
	{"{'text':'{a}'}", "{'a':'x'}", "'x'"},
	{"{'text':'{a}'}", "{'a':{}}", NULL},
	{"{'lower':'{a}'}", "{'a':'ABCÄz1'}", "'abcÄz1'"},
	{"{'lower':'{a}'}", "{'a':[]}", NULL},
	{"{'upper':'{a}'}", "{'a':'azAZäß@[`{1'}", "'AZAZäß@[`{1'"},
	{"{'upper':'{a}'}", "{'a':'eur'}", "'EUR'"},
	{"{'upper':'{a}'}", "{'a':''}", "''"},
	{"{'upper':'{a}'}", "{'a':{}}", NULL},
	{"{'trim':'{a}'}", "{'a':' \\n\\t x y \\r'}", "'x y'"},
	{"{'trim':'{a}'}", "{'a':'   '}", "''"},
	/* time */
	{"{'time':'{a}','as':'s'}", "{'a':1767323045}", "'2026-01-02T03:04:05.000Z'"},
	{"{'time':'{a}','as':'s'}", "{'a':1767323045.6789}", "'2026-01-02T03:04:05.678Z'"},
	{"{'time':'{a}','as':'s'}", "{'a':'1767323045.05'}", "'2026-01-02T03:04:05.050Z'"},
	{"{'time':'{a}','as':'s'}", "{'a':-1}", "'1969-12-31T23:59:59.000Z'"},
	{"{'time':'{a}','as':'s'}", "{'a':0}", "'1970-01-01T00:00:00.000Z'"},
	{"{'time':'{a}','as':'ms'}", "{'a':1767323045678}", "'2026-01-02T03:04:05.678Z'"},
	{"{'time':'{a}','as':'ms'}", "{'a':1767323045678.9}", "'2026-01-02T03:04:05.678Z'"},
	{"{'time':'{a}','as':'s'}", "{'a':253402300799}", "'9999-12-31T23:59:59.000Z'"},
	{"{'time':'{a}','as':'s'}", "{'a':253402300800}", NULL},
	{"{'time':'{a}','as':'s'}", "{'a':9999999999999999}", NULL},
	{"{'time':'{a}','as':'s'}", "{'a':'1.'}", NULL},
	{"{'time':'{a}','as':'s'}", "{'a':'1.x'}", NULL},
	{"{'time':'{a}','as':'s'}", "{'a':'2026-01-02'}", NULL},
	{"{'time':'{a}','as':'s'}", "{'a':null}", NULL},
	{"{'time':'{a}'}", "{'a':'2026-01-02 04:04:05+01:00'}", "'2026-01-02T03:04:05.000Z'"},
	{"{'time':'{a}','as':'iso'}", "{'a':'2026-01-02'}", "'2026-01-02T00:00:00.000Z'"},
	{"{'time':'{a}'}", "{'a':'soon'}", NULL},
	/* lists and objects */
	{"{'list':'l','item':{'k':'{n}','w':'{v}'}}", ITEMS,
		"[{'k':'a','w':1},{'k':'b','w':'two'},{'k':''}]"},
	{"{'list':'l','item':'{v}'}", ITEMS, "[1,'two']"},
	{"{'list':'l','item':{'k':'{n}'},'most':1}", ITEMS, "[{'k':'a'}]"},
	{"{'list':'o','item':{'k':'{n}','r':'{root.o.n}'}}", ITEMS, "[{'k':'z','r':'z'}]"},
	{"{'list':'l','item':{'q':'{q}'}}", ITEMS, "[{},{},{}]"},
	{"{'list':'e','item':{'k':'{n}'}}", "{'e':[]}", "[]"},
	{"{'list':'e','item':{'k':'{n}'}}", "{}", NULL},
	{"{'list':'e','item':{'k':'{n}'}}", "{'e':'text'}", NULL},
	{"{'list':'a','item':{'i':{'list':'b','item':'{c}'}}}",
		"{'a':[{'b':[{'c':1},{'c':2}]},{'b':[{'c':3}]}]}", "[{'i':[1,2]},{'i':[3]}]"},
	{"{'object':{'k':'{a}','m':'{b}'}}", "{'b':2}", "{'m':2}"},
	{"{'object':{'k':'{a}','m':'{b}'}}", "{}", NULL},
	{"{'object':{'a b':{'object':{'c':'{b}'}}}}", "{'b':2}", "{'a b':{'c':2}}"},
	/* find, join, digest, afterlast */
	{"{'object':{'i':{'list':'l','item':'{v}'},'f':{'find':'l','if':{'has':'{n}'},'get':"
	 "'{n}'},'j':{'join':'l','get':'{n}'},'o':'{o.n}'}}",
		ITEMS, "{'i':[1,'two'],'f':'a','j':'a, b','o':'z'}"},
	{"{'find':'l','if':{'is':['{n}','b','c']},'get':'{v}'}", ITEMS, "'two'"},
	{"{'find':'l','if':{'has':'{n}'},'get':'{v}'}", ITEMS, "1"},
	{"{'find':'l','if':{'is':['{n}','q']},'get':'{v}'}", ITEMS, NULL},
	{"{'find':'o','if':{'has':'{n}'},'get':'{.}'}", ITEMS, "{'n':'z'}"},
	{"{'find':'q','if':{'has':'{n}'},'get':'{v}'}", ITEMS, NULL},
	{"{'join':'l','get':'{n}'}", ITEMS, "'a, b'"},
	{"{'join':'l','get':'{n}={v}','with':';'}", ITEMS, "'a=1;b=two'"},
	{"{'join':'l'}", "{'l':['x',1,null,[],true]}", "'x, 1, true'"},
	{"{'join':'l'}", "{'l':[]}", NULL},
	{"{'join':'l'}", "{}", NULL},
	{"{'digest':['{a}','{b}']}", "{'a':'abc','b':''}", "'52d415942d30f5ae11f1c9eb57a09a88'"},
	{"{'digest':['{a}','{b}']}", "{'a':'abc'}", "'52d415942d30f5ae11f1c9eb57a09a88'"},
	{"{'digest':['{a}','{b}']}", "{}", NULL},
	{"{'afterlast':'{a}'}", "{'a':'gid://shopify/Order/1'}", "'1'"},
	{"{'afterlast':'{a}'}", "{'a':'none'}", "'none'"},
	{"{'afterlast':'{a}'}", "{'a':'end/'}", "''"},
	{"{'afterlast':'{a}','of':'::'}", "{'a':'a::b:c'}", "'b:c'"},
	{"{'afterlast':'{a}'}", "{}", NULL},
	/* lookup, before */
	{"{'lookup':'l','by':'{n}','is':'{want}','get':'{v}'}",
		"{'want':'b','l':[{'n':'a','v':1},"
		"{'n':'b','v':2},{'n':'b','v':3}],'n':'a','v':0}",
		"2"},
	{"{'lookup':'l','by':'{n}','is':'{want}','get':'{v}'}", "{'want':7,'l':[{'n':'7','v':1}]}",
		"1"},
	{"{'lookup':'l','by':'{n}','is':'{want}','get':'{v}'}",
		"{'want':'c','l':[{'n':'a','v':1}]}", NULL},
	{"{'lookup':'l','by':'{n}','is':'{want}','get':'{v}'}", "{'want':'a','l':[{'n':'a'}]}",
		NULL},
	{"{'lookup':'l','by':'{n}','is':'{want}','get':'{v}'}", "{'l':[{'v':1},{'n':'','v':2}]}",
		NULL},
	{"{'lookup':'l','by':'{n}','is':'{want}','get':'{v}'}", "{'want':'a'}", NULL},
	{"{'list':'a','item':{'t':{'lookup':'root.d','by':'{id}','is':'{f.id}','get':'{t}'}}}",
		"{'a':[{'f':{'id':2}},{'f':{'id':1}},{'f':{'id':3}}],'d':[{'id':1,'t':'one'},"
		"{'id':2,'t':'two'}]}",
		"[{'t':'two'},{'t':'one'},{}]"},
	{"{'before':'{a}','of':'.filter'}", "{'a':'14c5.filter0001.16.filter'}", "'14c5'"},
	{"{'before':'{a}'}", "{'a':'none'}", "'none'"},
	{"{'before':'{a}'}", "{'a':'/x'}", "''"},
	{"{'before':'{a}','of':'abc'}", "{'a':'ab'}", "'ab'"},
	{"{'before':'{a}','of':'abc'}", "{'a':'xabc'}", "'x'"},
	{"{'before':{'afterlast':'{a}','of':'<'},'of':'>'}", "{'a':'A <a@b.c>'}", "'a@b.c'"},
	{"{'before':'{a}'}", "{}", NULL},
};

/* The properties must be {"x":WANT}, or not be there. */
static void check_row(struct mapping_case *c, const struct row *row)
{
	_cleanup_(buf_release) struct buf rule = BUF_INIT;
	_cleanup_(buf_release) struct buf want = BUF_INIT;
	_cleanup_(buf_release) struct buf json = BUF_INIT;

	buf_printf(&rule, "'properties':{'x':%s}", row->expr);
	buf_add_char(&rule, '\0');
	if (row->want)
		buf_printf(&want, "{'x':%s}", row->want);
	buf_add_char(&want, '\0');
	mapping_case_quotes(want.ptr, &json);
	if (mapping_case_rule(c, rule.ptr) != 0 || mapping_case_run(c, row->payload) != 0) {
		check_int(__FILE__, __LINE__, row->expr, -1, 0);
		fprintf(stderr, "# %s\n", c->problems.list[0].message);
		return;
	}
	check_int(__FILE__, __LINE__, row->expr, (int64_t)c->result.n_events, 1);
	check_span(__FILE__, __LINE__, row->expr, mapping_case_member(c, 0, "properties"),
		buf_span(&json));
}

static void test_expressions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;

		mapping_case_init(&c);
		check_row(&c, &expressions[i]);
	}
}

static const struct {
	const char *cond, *payload;
	bool holds;
} conditions[] = {
	{"{'is':['{a}','x','y']}", "{'a':'y'}", true},
	{"{'is':['{a}','x','y']}", "{'a':'z'}", false},
	{"{'is':['{a}','1']}", "{'a':1}", true},
	{"{'is':['{a}','1']}", "{'a':1.0}", false},
	{"{'is':['{a}','true']}", "{'a':true}", true},
	{"{'is':['{a}','null']}", "{'a':null}", false},
	{"{'is':['{a}','']}", "{'a':''}", true},
	{"{'is':['{a}','']}", "{}", false},
	{"{'is':['{a}','']}", "{'a':[]}", false},
	{"{'has':'{a}'}", "{'a':0}", true},
	{"{'has':'{a}'}", "{'a':false}", true},
	{"{'has':'{a}'}", "{'a':{}}", true},
	{"{'has':'{a}'}", "{'a':null}", false},
	{"{'has':'{a}'}", "{'a':''}", false},
	{"{'has':'{a}'}", "{}", false},
	{"{'not':{'has':'{a}'}}", "{}", true},
	{"{'not':{'has':'{a}'}}", "{'a':1}", false},
	{"{'all':[{'has':'{a}'},{'has':'{b}'}]}", "{'a':1,'b':1}", true},
	{"{'all':[{'has':'{a}'},{'has':'{b}'}]}", "{'a':1}", false},
	{"{'any':[{'has':'{a}'},{'has':'{b}'}]}", "{'b':1}", true},
	{"{'any':[{'has':'{a}'},{'has':'{b}'}]}", "{}", false},
	{"{'starts':['{a}','ab']}", "{'a':'abc'}", true},
	{"{'starts':['{a}','ab']}", "{'a':'a'}", false},
	{"{'starts':['{a}','']}", "{'a':''}", true},
	{"{'starts':['{a}','']}", "{}", false},
	{"{'over':['{a}',0]}", "{'a':0.01}", true},
	{"{'over':['{a}',0]}", "{'a':'0.01'}", true},
	{"{'over':['{a}',0]}", "{'a':0}", false},
	{"{'over':['{a}',-1.5]}", "{'a':-1.4}", true},
	{"{'over':['{a}',0]}", "{'a':'much'}", false},
	{"{'over':['{a}',0]}", "{}", false},
};

static void test_conditions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		_cleanup_(buf_release) struct buf rule = BUF_INIT;

		mapping_case_init(&c);
		buf_printf(&rule, "'if':%s", conditions[i].cond);
		buf_add_char(&rule, '\0');
		REQUIRE(mapping_case_rule(&c, rule.ptr) == 0);
		REQUIRE(mapping_case_run(&c, conditions[i].payload) == 0);
		check_int(__FILE__, __LINE__, conditions[i].cond, (int64_t)c.result.n_events,
			conditions[i].holds);
		CHECK_INT(c.result.n_faults, 0);
		CHECK(!c.result.ignored);
	}
}

/* Members of a rule to a whole event, or to the name of a fault. */
static const struct {
	const char *rule, *payload, *want;
} events[] = {
	{"", "{}", "{'type':'track','event':'E','messageId':'i','userId':'u'}"},
	{"'event':'{a}'", "{}", "no_event"},
	{"'event':'{a}'", "{'a':''}", "no_event"},
	{"'event':'{a}'", "{'a':[1]}", "no_event"},
	{"'event':'{a}'", "{'a':12}", "{'type':'track','event':'12','messageId':'i','userId':'u'}"},
	{"'type':'page'", "{}", "{'type':'page','messageId':'i','userId':'u'}"},
	{"'type':'screen','event':'{a}'", "{'a':'Home'}",
		"{'type':'screen','name':'Home','messageId':'i','userId':'u'}"},
	{"'type':'identify','traits':{'email':'{a}'}", "{'a':'x@y'}",
		"{'type':'identify','messageId':'i','userId':'u','traits':{'email':'x@y'}}"},
	/* ids */
	{"'id':'{a}'", "{'a':17}", "{'type':'track','event':'E','messageId':'17','userId':'u'}"},
	{"'user':'{a}'", "{'a':17}", "{'type':'track','event':'E','messageId':'i','userId':17}"},
	{"'user':'{a}'", "{'a':-17}", "{'type':'track','event':'E','messageId':'i','userId':-17}"},
	{"'user':'{a}'", "{'a':1.5}", "no_customer"},
	{"'user':'{a}'", "{'a':true}", "no_customer"},
	{"'user':'{a}'", "{'a':''}", "no_customer"},
	{"'user':'{a}'", "{'a':' '}", "no_customer"},
	{"'user':'{a}'", "{'a':{}}", "no_customer"},
	{"'user':'{a}'", "{}", "no_customer"},
	{"'user':'{a}','anonymous':'{b}'", "{'b':'v'}",
		"{'type':'track','event':'E','messageId':'i','anonymousId':'v'}"},
	{"'user':'{a}','identifiers':{'order':'{o}','card':'{c}','email':'{e}'}",
		"{'e':'x@y','o':7,'c':null}",
		"{'type':'track','event':'E','messageId':'i','identifiers':{'email':'x@y','order':"
		"7}}"},
	{"'identifiers':{'phone':'{p}','device':'{d}'}", "{'p':'+49'}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','identifiers':{'phone':'+"
		"49'}}"},
	/* times */
	{"'time':'{a}'", "{'a':'2026-01-02T03:04:05+01:00'}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','timestamp':'2026-01-02T"
		"03:04:05+01:00'}"},
	{"'time':'{a}'", "{'a':1767323045}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','timestamp':1767323045}"},
	{"'time':'{a}'", "{'a':null}", "{'type':'track','event':'E','messageId':'i','userId':'u'}"},
	{"'time':'{a}'", "{'a':''}", "{'type':'track','event':'E','messageId':'i','userId':'u'}"},
	{"'time':'{a}'", "{'a':'soon'}", "bad_timestamp"},
	{"'time':'{a}'", "{'a':17}", "bad_timestamp"},
	{"'time':'{a}'", "{'a':true}", "bad_timestamp"},
	{"'sent':'{a}'", "{'a':'2026-01-02'}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','sentAt':'2026-01-02'}"},
	{"'sent':'{a}'", "{'a':'x'}", "bad_timestamp"},
	/* objects */
	{"'properties':'{d}','traits':'{t}'", "{'d':{'a':1},'t':{'b':[2]}}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','properties':{'a':1},"
		"'traits':{'b':[2]}}"},
	{"'properties':'{d}'", "{'d':[1]}",
		"{'type':'track','event':'E','messageId':'i','userId':'u'}"},
	{"'properties':{}", "{}", "{'type':'track','event':'E','messageId':'i','userId':'u'}"},
	{"'original':'{o}','channel':'{c}','context':{'ip':'{ip}','page':{'object':{'url':'{u}'}}}",
		"{'o':'o/c','c':'web','ip':'::1','u':'/x'}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','context':{'original':{"
		"'name':'o/c'},'channel':'web','ip':'::1','page':{'url':'/x'}}}"},
	{"'context':{'ip':'{ip}'}", "{'ip':'::1'}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','context':{'ip':'::1'}}"},
	{"'channel':'store'", "{}",
		"{'type':'track','event':'E','messageId':'i','userId':'u','context':{'channel':"
		"'store'}}"},
};

static void test_events(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		_cleanup_(buf_release) struct buf want = BUF_INIT;

		mapping_case_init(&c);
		REQUIRE(mapping_case_rule(&c, events[i].rule) == 0);
		REQUIRE(mapping_case_run(&c, events[i].payload) == 0);
		mapping_case_quotes(events[i].want, &want);
		check_int(__FILE__, __LINE__, events[i].rule,
			(int64_t)(c.result.n_events + c.result.n_faults), 1);
		if (c.result.n_events == 1) {
			check_span(__FILE__, __LINE__, events[i].rule, c.result.events[0].json,
				buf_span(&want));
			CHECK_SPAN(c.result.events[0].original, buf_span(&c.body));
		} else if (c.result.n_faults == 1) {
			check_span(__FILE__, __LINE__, events[i].rule,
				span_str(mapping_fault_name(c.result.faults[0].code)),
				buf_span(&want));
			CHECK_SPAN(c.result.faults[0].original, buf_span(&c.body));
			CHECK_INT(c.result.faults[0].rule, 0);
		}
	}
}

/* `each`: what items are, and what paths and slices are then. */
static void test_each(void)
{
	static const struct {
		const char *each, *payload, *want; /* a: texts of {v}, separated */
	} rows[] = {
		{".", "[{'v':1},{'v':2}]", "12"},
		{".", "{'v':3}", "3"},
		{"a", "{'a':[{'v':1},{'v':2},{'v':3}]}", "123"},
		{"a", "{'a':{'v':4}}", "4"},
		{"a", "{'a':[]}", ""},
		{"a", "{'a':null}", ""},
		{"a", "{'a':'text'}", ""},
		{"a", "{}", ""},
		{"a.b", "{'a':{'b':[{'v':5}]}}", "5"},
		{"root.a", "{'a':[{'v':6}]}", "6"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		_cleanup_(buf_release) struct buf rule = BUF_INIT;
		_cleanup_(buf_release) struct buf got = BUF_INIT;

		mapping_case_init(&c);
		buf_printf(&rule, "'each':'%s','id':'n{v}'", rows[i].each);
		buf_add_char(&rule, '\0');
		REQUIRE(mapping_case_rule(&c, rule.ptr) == 0);
		REQUIRE(mapping_case_run(&c, rows[i].payload) == 0);
		CHECK_INT(c.result.n_faults, 0);
		for (size_t k = 0; k < c.result.n_events; k++) {
			struct span original = c.result.events[k].original;

			buf_add_span(&got, span_of(c.result.events[k].message_id.ptr + 1,
						   c.result.events[k].message_id.len - 1));
			CHECK(original.ptr[0] == '{' && original.ptr[original.len - 1] == '}');
			CHECK(original.len == 7);
		}
		check_span(__FILE__, __LINE__, rows[i].payload, buf_span(&got),
			span_str(rows[i].want));
	}
}

/* One bad item costs itself alone; a rule that does not want an item passes it over. */
static void test_items_alone(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_rule(&c, "'each':'.','user':'{u}','if':{'not':{'has':'{skip}'}},"
				      "'time':'{t}','id':'{u}'") == 0);
	REQUIRE(mapping_case_run(
			&c, "[{'u':1},{'q':1},{'u':2,'skip':1},{'u':3,'t':'x'},{'u':4}]") == 0);
	CHECK_INT(c.result.n_events, 2);
	CHECK_INT(c.result.n_faults, 2);
	CHECK_STR(c.result.events[1].message_id, "4");
	CHECK_INT(c.result.faults[0].code, MAPPING_NO_CUSTOMER);
	CHECK_STR(c.result.faults[0].original, "{\"q\":1}");
	CHECK_STR(c.result.faults[0].words, "nothing in it names a customer (events/0)");
	CHECK_INT(c.result.faults[1].code, MAPPING_BAD_TIME);
}

static void test_what_a_preset_says(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;

	mapping_case_init(&c);
	REQUIRE(mapping_case_compile(&c,
			"'preset':'my-shop_2','about':'Ours.','verify':{'scheme': 'none' },"
			"'answers':{'accepted':204,'bad_signature':403},"
			"'events':[{'event':'A','user':'u'}]") == 0);
	CHECK_STR(mapping_name(c.mapping), "my-shop_2");
	CHECK_STR(mapping_about(c.mapping), "Ours.");
	CHECK_STR(mapping_verify(c.mapping), "{\"scheme\": \"none\" }");
	CHECK_INT(mapping_answer(c.mapping, MAPPING_ANSWER_ACCEPTED), 204);
	CHECK_INT(mapping_answer(c.mapping, MAPPING_ANSWER_BAD_SIGNATURE), 403);
	CHECK_INT(mapping_answer(c.mapping, MAPPING_ANSWER_IGNORED), 0);
	CHECK_INT(mapping_answer(c.mapping, MAPPING_ANSWER_UNUSABLE), 0);
	CHECK_INT(mapping_names(c.mapping).n_headers, 0);
}

static void test_fault_names(void)
{
	for (unsigned i = 0; i < MAPPING_FAULT_COUNT; i++) {
		CHECK(mapping_fault_name((enum mapping_fault_code)i)[0]);
		CHECK(mapping_fault_text((enum mapping_fault_code)i)[0]);
	}
	CHECK_STR(span_str(mapping_fault_name(MAPPING_UNKNOWN_TOPIC)), "unknown_topic");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"expressions", test_expressions},
		{"conditions", test_conditions},
		{"events", test_events},
		{"each", test_each},
		{"items alone", test_items_alone},
		{"what a preset says", test_what_a_preset_says},
		{"fault names", test_fault_names},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
