/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with presets: every refusal names the place and says what to write instead; nothing
 * unknown is let through.
 */
#include "mapping_case.h"

/* Members of a preset, or of its one rule, and the first problem. */
static const struct {
	bool rule;
	const char *text, *pointer, *words;
} rows[] = {
	/* the preset */
	{false, "'preset':'Shop','events':[{'event':'A','user':'u'}]", "/preset",
		"begins with a small letter"},
	{false, "'preset':'','events':[{'event':'A','user':'u'}]", "/preset",
		"begins with a small letter"},
	{false, "'preset':'1a','events':[{'event':'A','user':'u'}]", "/preset",
		"begins with a small letter"},
	{false, "'preset':7,'events':[{'event':'A','user':'u'}]", "/preset", "must be text"},
	{false, "'kind':'xml','events':[{'event':'A','user':'u'}]", "/kind", "\"json\", \"form\""},
	{false, "'about':'x'", "", "a preset needs the member `events`"},
	{false, "'events':[]", "/events", "at least one rule"},
	{false, "'events':{}", "/events", "at least one rule"},
	{false, "'events':[7]", "/events/0", "a rule is written as an object"},
	{false, "'evnts':[]", "/evnts",
		"a preset has no member `evnts`; it may have preset, about, kind, verify, unwrap, "
		"topic, ignore, answers, events"},
	{false, "'events':[{'event':'A','user':'u'}],'ignore':'x'", "/ignore", "a list of topics"},
	{false, "'events':[{'event':'A','user':'u'}],'ignore':[]", "/ignore", "a list of topics"},
	{false, "'events':[{'event':'A','user':'u'}],'ignore':[7]", "/ignore/0", "must be text"},
	{false, "'events':[{'event':'A','user':'u'}],'answers':{'ok':200}", "/answers/ok",
		"accepted, ignored, unusable or bad_signature"},
	{false, "'events':[{'event':'A','user':'u'}],'answers':{'accepted':199}",
		"/answers/accepted", "200 to 599"},
	{false, "'events':[{'event':'A','user':'u'}],'answers':{'accepted':600}",
		"/answers/accepted", "200 to 599"},
	{false, "'events':[{'event':'A','user':'u'}],'answers':{'accepted':'200'}",
		"/answers/accepted", "200 to 599"},
	{false, "'events':[{'event':'A','user':'u'}],'answers':[200]", "/answers", "an object"},
	{false, "'events':[{'event':'A','user':'u'}],'unwrap':{'if':{'has':'{a}'}}", "/unwrap",
		"needs the member `json`"},
	{false, "'events':[{'event':'A','user':'u'}],'unwrap':'{a}'", "/unwrap", "an object {...}"},
	/* a rule */
	{true, "'evnt':'x'", "/events/0/evnt", "a rule has no member `evnt`; it may have each, on"},
	{true, "'a/b~c':1", "/events/0/a~1b~0c", "no member `a/b~c`"},
	{true, "'about':7", "/events/0/about", "must be text"},
	{true, "'on':'x'", "/events/0/on", "a list of topics"},
	{true, "'each':7", "/events/0/each", "must be text"},
	{true, "'each':'{items}'", "/events/0/each", "without braces"},
	{true, "'each':'a..b'", "/events/0/each", "is not a path"},
	{true, "'each':'header.x'", "/events/0/each", "is text"},
	{true, "'each':[]", "/events/0/each", "is empty"},
	{true, "'each':['a','{b}']", "/events/0/each/1", "without braces"},
	{true, "'each':['header.x']", "/events/0/each/0", "is text"},
	{true, "'if':'{a}'", "/events/0/if", "a condition is an object"},
	{true, "'type':'alias'", "/events/0/type", "\"track\", \"identify\""},
	{true, "'type':'group'", "/events/0/type", "\"track\", \"identify\""},
	{true, "'type':'trak'", "/events/0/type", "\"track\", \"identify\""},
	{true, "'type':'identify','event':'x'", "/events/0", "an identify has no name"},
	{true, "'type':'track'", "/events/0", "needs the member `event`"},
	{true, "'identifiers':{'mail':'x'}", "/events/0/identifiers/mail",
		"`mail` is no identifier; there are card, email, phone"},
	{true, "'identifiers':{'user':'x'}", "/events/0/identifiers/user", "is no identifier"},
	{true, "'identifiers':'x'", "/events/0/identifiers", "this is an object"},
	{true, "'channel':'moon'", "/events/0/channel",
		"no such channel; it is one of web, app, email"},
	{true, "'properties':7", "/events/0/properties", "this is an object"},
	{true, "'properties':'x{a}'", "/events/0/properties", "the place of one"},
	{true, "'properties':'{header.x}'", "/events/0/properties", "the place of one"},
	{true, "'properties':{'':'x'}", "/events/0/properties/", "has no name"},
	{true, "'context':'{a}'", "/events/0/context", "this is an object"},
	{true, "'context':{'channel':'x'}", "/events/0/context/channel", "own `channel`"},
	{true, "'context':{'original':'x'}", "/events/0/context/original", "own `original`"},
	/* expressions */
	{true, "'event':7", "/events/0/event", "a value of its own is written {\"const\": ...}"},
	{true, "'event':null", "/events/0/event", "{\"const\": ...}"},
	{true, "'event':['x']", "/events/0/event", "{\"const\": ...}"},
	{true, "'event':{}", "/events/0/event",
		"has no operator; it may have first, const, map, money"},
	{true, "'event':{'frst':[]}", "/events/0/event", "has no operator"},
	{true, "'event':{'first':['a'],'map':'x','to':{}}", "/events/0/event",
		"one operator, not `first` and `map`"},
	{true, "'event':{'first':['a'],'els':'x'}", "/events/0/event/els",
		"`first` goes with no other member, not with `els`"},
	{true, "'event':{'map':'x','to':{},'els':'x'}", "/events/0/event/els",
		"`map` goes with to, else, not with `els`"},
	{true, "'event':{'first':'a'}", "/events/0/event/first", "a list"},
	{true, "'event':{'first':[]}", "/events/0/event/first", "is empty"},
	{true, "'event':{'digest':[]}", "/events/0/event/digest", "is empty"},
	{true, "'event':{'first':[7]}", "/events/0/event/first/0", "{\"const\": ...}"},
	{true, "'event':{'map':'x'}", "/events/0/event", "`map` needs `to` beside it"},
	{true, "'event':{'map':'x','to':[]}", "/events/0/event/to", "`to` is an object"},
	{true, "'event':{'if':{'has':'x'}}", "/events/0/event", "`if` needs `then` beside it"},
	{true, "'event':{'if':'x','then':'y'}", "/events/0/event/if", "a condition is an object"},
	{true, "'event':{'money':'x'}", "/events/0/event", "`money` needs `currency` beside it"},
	{true, "'event':{'time':'x','as':'h'}", "/events/0/event/as", "\"s\" (seconds"},
	{true, "'event':{'time':'x','as':1}", "/events/0/event/as", "\"s\" (seconds"},
	{true, "'event':{'list':'x'}", "/events/0/event", "`list` needs `item` beside it"},
	{true, "'event':{'list':'{x}','item':{}}", "/events/0/event/list", "without braces"},
	{true, "'event':{'list':'x','item':7}", "/events/0/event/item", "this is an object"},
	{true, "'event':{'list':'x','item':{},'most':0}", "/events/0/event/most", "1 to 2500"},
	{true, "'event':{'list':'x','item':{},'most':2501}", "/events/0/event/most", "1 to 2500"},
	{true, "'event':{'list':'x','item':{},'most':'1'}", "/events/0/event/most", "1 to 2500"},
	{true, "'event':{'object':'x'}", "/events/0/event/object", "this is an object"},
	{true, "'event':{'find':'x','if':{'has':'y'}}", "/events/0/event",
		"`find` needs `get` beside it"},
	{true, "'event':{'find':'x','get':'y'}", "/events/0/event", "`find` needs `if` beside it"},
	{true, "'event':{'find':'x','if':{'has':'y'},'get':'y','then':'z'}", "/events/0/event/then",
		"`find` goes with if, get"},
	{true, "'event':{'join':'x','with':7}", "/events/0/event/with", "must be text"},
	{true, "'event':{'afterlast':'x','of':''}", "/events/0/event/of", "the text to look for"},
	{true, "'event':{'before':'x','of':''}", "/events/0/event/of", "the text to look for"},
	{true, "'event':{'lookup':'x','by':'y','is':'z'}", "/events/0/event",
		"`lookup` needs `get` beside it"},
	{true, "'event':{'lookup':'{x}','by':'y','is':'z','get':'z'}", "/events/0/event/lookup",
		"without braces"},
	{true, "'event':{'parse':'{a}'}", "/events/0/event", "`parse` needs `get` beside it"},
	{true, "'event':{'parse':'{a}','get':7}", "/events/0/event/get", "{\"const\": ...}"},
	{true, "'event':{'parse':'{a}','get':'{b','as':'json'}", "/events/0/event/as",
		"`parse` goes with get, not with `as`"},
	{true, "'event':{'base64':['x']}", "/events/0/event/base64", "{\"const\": ...}"},
	{true, "'event':{'merge':'{a}'}", "/events/0/event/merge", "a list"},
	{true, "'event':{'merge':[]}", "/events/0/event/merge", "is empty"},
	{true, "'traits':[]", "/events/0/traits", "is empty"},
	{true, "'traits':['{a}',7]", "/events/0/traits/1", "{\"const\": ...}"},
	{true, "'event':{'list':'x','item':{},'if':'{a}'}", "/events/0/event/if",
		"a condition is an object"},
	/* texts and paths */
	{true, "'event':'{a'", "/events/0/event", "a { lacks its }"},
	{true, "'event':'{}'", "/events/0/event", "`` is not a path"},
	{true, "'event':'{a.}'", "/events/0/event", "is not a path"},
	{true, "'event':'{..a}'", "/events/0/event", "is not a path"},
	{true, "'event':'{header}'", "/events/0/event", "behind `header` stands one name"},
	{true, "'event':'{header.a.b}'", "/events/0/event", "behind `header` stands one name"},
	{true, "'event':'{query}'", "/events/0/event", "behind `query` stands one name"},
	{true, "'event':'{topic.id}'", "/events/0/event",
		"a member of the payload with this name is written with a dot before it, .topic"},
	{true, "'event':'{hook.id}'", "/events/0/event", ".hook"},
	{true, "'event':'{received.at}'", "/events/0/event", ".received"},
	/* conditions */
	{true, "'if':{'is':'{a}'}", "/events/0/if/is", "a list of an expression"},
	{true, "'if':{'is':['{a}']}", "/events/0/if/is", "a list of an expression"},
	{true, "'if':{'is':['{a}',7]}", "/events/0/if/is/1", "must be text"},
	{true, "'if':{'all':[]}", "/events/0/if/all", "is empty"},
	{true, "'if':{'any':{'has':'x'}}", "/events/0/if/any", "a list"},
	{true, "'if':{'has':'x','is':['x','y']}", "/events/0/if", "one operator"},
	{true, "'if':{'has':'x','then':'y'}", "/events/0/if/then", "goes with no other member"},
	{true, "'if':{'equals':1}", "/events/0/if",
		"a condition here has no operator; it may have is, has, not, all, any, starts, "
		"over"},
	{true, "'if':{'starts':['x']}", "/events/0/if/starts", "a list of two"},
	{true, "'if':{'starts':['x',7]}", "/events/0/if/starts/1", "must be text"},
	{true, "'if':{'over':['x',1,2]}", "/events/0/if/over", "a list of two"},
	{true, "'if':{'over':['x','1']}", "/events/0/if/over/1", "this is a number"},
	{true, "'if':{'over':['x',1234567890123456789]}", "/events/0/if/over/1",
		"this is a number of at most 18 digits"},
};

static void test_problems(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;
		const struct file_problem *p;
		int r;

		mapping_case_init(&c);
		r = rows[i].rule ? mapping_case_rule(&c, rows[i].text)
				 : mapping_case_compile(&c, rows[i].text);
		p = &c.problems.list[0];
		check_int(__FILE__, __LINE__, rows[i].text, r, MAPPING_BAD);
		CHECK(!c.mapping);
		if (r != MAPPING_BAD)
			continue;
		CHECK_STR(span_str(p->file), "t.json");
		CHECK_INT(p->line, 1);
		check_span(__FILE__, __LINE__, rows[i].text, span_str(p->pointer),
			span_str(rows[i].pointer));
		if (!strstr(p->message, rows[i].words))
			check_span(__FILE__, __LINE__, rows[i].text, span_str(p->message),
				span_str(rows[i].words));
	}
}

/* The whole file: what is no JSON, or not an object. */
static void test_files(void)
{
	static const struct {
		const char *text, *words;
		unsigned line;
	} files[] = {
		{"", "this is not JSON", 0},
		{"{\n\"a\":1,\n}", "this is not JSON", 3},
		{"{\"a\":1,\n\"a\":2}", "this is not JSON: duplicate object key", 2},
		{"\n[]", "a preset is written as an object", 2},
		{"{\n\"preset\":\"\\u0000\"}", "this is not JSON", 2},
		{"{\"preset\":\"\\ud800\"}", "this is not JSON", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		static struct file_problems problems;
		struct mapping *m = NULL;

		CHECK_INT(
			mapping_compile("f", span_str(files[i].text), &problems, &m), MAPPING_BAD);
		CHECK(!m);
		REQUIRE(problems.n > 0);
		if (!strstr(problems.list[0].message, files[i].words))
			CHECK_STR(span_str(problems.list[0].message), files[i].words);
		if (files[i].line)
			CHECK_INT(problems.list[0].line, files[i].line);
	}
}

/* All that is wrong is told at once, and what does not fit is counted. */
static void test_many(void)
{
	static const char last[] = "\nand 8 more problems\n";
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf rule = BUF_INIT;
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	mapping_case_init(&c);
	buf_add_str(&rule, "'properties':{");
	for (int i = 0; i < 72; i++)
		buf_printf(&rule, "%s'p%d':%d", i ? "," : "", i, i);
	buf_add(&rule, "}", 2);
	CHECK_INT(mapping_case_rule(&c, rule.ptr), MAPPING_BAD);
	CHECK_INT(c.problems.n, 64);
	CHECK_INT(c.problems.more, 8);
	CHECK_STR(span_str(c.problems.list[63].pointer), "/events/0/properties/p63");
	file_problems_text(&c.problems, &words);
	CHECK(span_starts(buf_span(&words), SPAN_LIT("t.json:1 at /events/0/properties/p0: ")));
	CHECK(words.len > sizeof(last) &&
		memcmp(words.ptr + words.len - (sizeof(last) - 1), last, sizeof(last) - 1) == 0);
}

/* Long and odd text in messages is cut and made harmless. */
static void test_odd_text(void)
{
	_cleanup_(mapping_case_release) struct mapping_case c;
	_cleanup_(buf_release) struct buf rule = BUF_INIT;
	const struct file_problem *p = &c.problems.list[0];

	mapping_case_init(&c);
	CHECK_INT(mapping_case_rule(&c, "'\\u001b[31mx\\n':1"), MAPPING_BAD);
	CHECK(strstr(p->message, "`?[31mx?`") != NULL);
	buf_add_str(&rule, "'");
	for (int i = 0; i < 200; i++)
		buf_add_str(&rule, "é");
	buf_add(&rule, "':1", 4);
	CHECK_INT(mapping_case_rule(&c, rule.ptr), MAPPING_BAD);
	CHECK(strstr(p->message, "é...`; it may have") != NULL);
	CHECK(strlen(p->pointer) < sizeof(p->pointer));
	CHECK(strncmp(p->pointer, "/events/0/éé", 14) == 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"problems", test_problems},
		{"files", test_files},
		{"many", test_many},
		{"odd text", test_odd_text},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
