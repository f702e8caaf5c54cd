/* SPDX-License-Identifier: MIT */
/*
 * The profile compat beside the shared suites: in rules, at its limits, numbers as JavaScript
 * prints and reads them (ECMA-262, 6.1.6.1.20 and 7.1.4.1; expected values from an engine of it).
 */
#include <math.h>

#include "case_files.h"
#include "check.h"
#include "codec/logic_json.h"
#include "core/cond.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
static struct file_problems problems;

static void add_json(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_add_char(b, (char)(*text == '\'' ? '"' : *text));
}

/* ---- numbers --------------------------------------------------------------------------- */

static void test_print(void)
{
	static const struct {
		double d;
		const char *text;
	} list[] = {
		{0, "0"},
		{-0.0, "0"},
		{1, "1"},
		{-1.5, "-1.5"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{100, "100"},
		{123456789012345680000.0, "123456789012345680000"},
		{1e21, "1e+21"},
		{1.5e21, "1.5e+21"},
		{999999999999999900000.0, "999999999999999900000"},
		{1e-6, "0.000001"},
		{1e-7, "1e-7"},
		{1.25e-7, "1.25e-7"},
		{0.000001234, "0.000001234"},
		{5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{9007199254740993.0, "9007199254740992"},
		{(double)NAN, "NaN"},
		{(double)INFINITY, "Infinity"},
		{-(double)INFINITY, "-Infinity"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		char out[LOGIC_NUMBER_SIZE];
		size_t n = logic_format_number(list[i].d, out);

		CHECK_STR(span_of(out, n), list[i].text);
	}
}

static void test_read(void)
{
	static const struct {
		const char *text;
		bool ok;
		double d;
	} list[] = {
		{"", true, 0},
		{"  \t\n", true, 0},
		{" 12 ", true, 12},
		{"\xc2\xa0"
		 "5"
		 "\xe2\x80\x89",
			true, 5}, /* no-break and thin space */
		{"-1.5e2", true, -150},
		{"+.5", true, 0.5},
		{"5.", true, 5},
		{"0x1F", true, 31},
		{"0b101", true, 5},
		{"0o17", true, 15},
		{"Infinity", true, (double)INFINITY},
		{"-Infinity", true, -(double)INFINITY},
		{"1e1000", true, (double)INFINITY},
		{"-0x1F", false, 0},
		{"0x", false, 0},
		{"0xg", false, 0},
		{"infinity", false, 0},
		{"1_000", false, 0},
		{"1,5", false, 0},
		{".", false, 0},
		{"1e", false, 0},
		{"nan", false, 0},
		{"1 2", false, 0},
		{"12px", false, 0},
		{"0x1p3", false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		double d = 4711;

		check_int(list[i].text, (int)i, "ok",
			logic_parse_number(span_str(list[i].text), &d), list[i].ok);
		if (list[i].ok)
			CHECK(d >= list[i].d && d <= list[i].d);
	}
}

/* ---- values ---------------------------------------------------------------------------- */

/* What RULE comes to over DATA, as text; errors with a ! before them. */
static void run(const char *rule, const char *data, struct buf *out)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	_cleanup_(buf_release) struct buf input = BUF_INIT;
	struct logic_value over, value, type;
	struct logic program;
	int r;

	arena_init(&arena);
	add_json(&json, rule);
	add_json(&input, data);
	REQUIRE(logic_value_read(buf_span(&input), &arena, &over) == 0);
	if (logic_compile(buf_span(&json), &arena, &problems, &program) != 0) {
		buf_printf(out, "?%s", problems.list[0].message);
		return;
	}
	r = logic_run(&program, &over, &arena, &value);
	if (r == LOGIC_ERROR && logic_member(&value, SPAN_LIT("type"), &type)) {
		buf_add_char(out, '!');
		value = type;
	}
	buf_add_span(out, logic_text(&value, &arena));
}

static void test_values(void)
{
	static const struct {
		const char *rule, *data, *text;
	} list[] = {
		/* Beyond the suites. */
		{"{'%':[5.5,2]}", "null", "1.5"},
		{"{'%':[-5.5,2]}", "null", "-1.5"},
		{"{'%':[1e300,7]}", "null", "1"},
		{"{'%':[5,0]}", "null", "!NaN"},
		{"{'%':[5,1e400]}", "null", "5"},
		{"{'+':[0.1,0.2]}", "null", "0.30000000000000004"},
		{"{'cat':[1e21,' ',1.0,' ',[1,null,[2,3]],{'var':''}]}", "{'a':1}",
			"1e+21 1 1,,2,3[object Object]"},
		{"{'substr':['a\\ud83d\\ude00b',1,2]}", "null", "\xf0\x9f\x98\x80"},
		{"{'substr':['a\\ud83d\\ude00b',3]}", "null", "b"},
		{"{'var':'a.length'}", "{'a':'\\ud83d\\ude00x'}", "3"},
		{"{'var':'a.length'}", "{'a':[1,2]}", "2"},
		{"{'var':['a.b',7]}", "{'a':{'b':null}}", "null"},
		{"{'var':['a.c',7]}", "{'a':{'b':null}}", "7"},
		{"{'==':[null,'']}", "null", "false"}, /* as JavaScript */
		{"{'in':[1,'0123']}", "null", "true"},
		{"{'in':['1',[1,2]]}", "null", "false"},
		{"{'in':['x',5]}", "null", "false"},
		{"{'log':'x'}", "null", "x"},
		{"{'max':[]}", "null", "!Invalid Arguments"},
		{"{'try':[{'throw':{'val':'n'}},{'val':'type'}]}", "{'n':5}", "5"},
		{"{'method':['a','b']}", "null",
			"?`method` is no operator of JsonLogic as this profile has it"},
		{"{'a':1,'b':2}", "null",
			"?an operator is an object with one member; an object that is meant as a "
			"value stands in {\"preserve\": ...}"},
		{"{'reduce':[{'var':''},[{'var':'accumulator'},{'var':'current'}],0]}", "[1,2]",
			"0,1,2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		run(list[i].rule, list[i].data, &out);
		check_span(list[i].rule, (int)i, "value", buf_span(&out), span_str(list[i].text));
	}
}

/* ---- limits ---------------------------------------------------------------------------- */

static void repeat(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, text);
}

static void check_run_of(struct buf *rule, struct buf *data, const char *want)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_add_char(rule, '\0');
	buf_add_char(data, '\0');
	run(rule->ptr, data->ptr, &out);
	if (!span_starts(buf_span(&out), span_str(want)))
		CHECK_STR(buf_span(&out), want);
	buf_reset(rule);
	buf_reset(data);
}

static void test_limits(void)
{
	_cleanup_(buf_release) struct buf rule = BUF_INIT;
	_cleanup_(buf_release) struct buf data = BUF_INIT;

	/* 512 nodes: an operator and 511 numbers. */
	for (size_t n = 511; n <= 512; n++) {
		buf_add_str(&data, "null");
		buf_add_str(&rule, "{'max':[1");
		repeat(&rule, ",1", n - 1);
		buf_add_str(&rule, "]}");
		check_run_of(&rule, &data, n == 511 ? "1" : "?a condition may have at most 512");
	}
	/* 32 deep: 31 operators and the number. */
	for (size_t n = 31; n <= 32; n++) {
		buf_add_str(&data, "null");
		repeat(&rule, "{'+':", n);
		buf_add_str(&rule, "7");
		repeat(&rule, "}", n);
		check_run_of(&rule, &data, n == 31 ? "7" : "?conditions may be nested at most 32");
	}
	/* 10,000 steps: each + around one, max and map one, the array and its name two; then 999
	 * times 10. */
	for (size_t n = 6; n <= 7; n++) {
		buf_add_str(&data, "[1");
		repeat(&data, ",1", 998);
		buf_add_str(&data, "]");
		repeat(&rule, "{'+':", n);
		buf_add_str(&rule, "{'max':{'map':[{'var':''},{'+':[1,1,1,1,1,1,1,1,1]}]}}");
		repeat(&rule, "}", n);
		check_run_of(&rule, &data, n == 6 ? "9" : "!Too Many Steps");
	}
	/* No array of more than 1,000 is made. */
	for (size_t n = 500; n <= 501; n++) {
		buf_add_str(&data, "[1");
		repeat(&data, ",1", n - 1);
		buf_add_str(&data, "]");
		buf_add_str(&rule, "{'+':[{'var':'length'},0]}");
		check_run_of(&rule, &data, n == 500 ? "500" : "501");
		buf_add_str(&data, "[1");
		repeat(&data, ",1", n - 1);
		buf_add_str(&data, "]");
		buf_add_str(&rule, "{'max':{'merge':[{'var':''},{'var':''}]}}");
		check_run_of(&rule, &data, n == 500 ? "1" : "!Too Large");
	}
	/* Text that doubles ends at so many bytes, and no try helps. */
	buf_add_str(&data, "[1");
	repeat(&data, ",1", 99);
	buf_add_str(&data, "]");
	buf_add_str(&rule, "{'try':[{'reduce':[{'var':''},{'cat':[{'var':'accumulator'},"
			   "{'var':'accumulator'}]},'x']},'saved']}");
	check_run_of(&rule, &data, "!Too Large");
}

/* ---- rules ----------------------------------------------------------------------------- */

static int compile(const char *profile, const char *condition, struct rules **ret_rules)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rule_source source = {"rules.json", SPAN_EMPTY};

	buf_printf(&text,
		"{'id':'a','profile':'%s','class':'task','wait':'1h','channels':['task'],"
		"'arm':['y'],'data':{'a':'e.a'},'cancel':[{'event':'x','when':",
		profile);
	buf_add_str(&text, condition);
	buf_add_str(&text, "}]}");
	for (size_t i = 0; i < text.len; i++)
		text.ptr[i] = (char)(text.ptr[i] == '\'' ? '"' : text.ptr[i]);
	source.text = buf_span(&text);
	return rules_compile(&source, 1, &berlin, &problems, ret_rules);
}

/* The event has n = 5, t = "5", none of the rest. */
static struct value field_value(struct span path)
{
	if (span_is(path, "n"))
		return (struct value){.type = VALUE_NUMBER, .raw = SPAN_LIT("5"), .number = {5, 0}};
	if (span_is(path, "t"))
		return (struct value){.type = VALUE_STRING, .text = SPAN_LIT("5")};
	return (struct value){.type = VALUE_MISSING};
}

static void test_rules(void)
{
	static const struct {
		const char *condition;
		bool want;
		const char *words; /* of the explanation, if it does not hold */
	} list[] = {
		{"{'==':[{'var':'e.n'},{'var':'e.t'}]}", true, ""},
		{"{'===':[{'var':'e.n'},{'var':'e.t'}]}", false, "it comes to false"},
		{"{'<':[{'var':'e.none'},2]}", true, ""}, /* what strict refuses to say */
		{"{'var':'e.n'}", true, ""},
		{"{'-':[{'var':'e.n'},5]}", false, "it comes to 0"},
		{"{'>':[{'var':['e.none','7']},{'val':['e','n']}]}", true, ""},
		{"{'missing':['e.n','e.none']}", true, ""},
		{"{'missing_some':[1,['e.n','e.none']]}", false, "it comes to []"},
		{"{'==':[{'var':'s.orders'},0]}", true, ""},
		{"{'==':[{'var':'ctx.a'},1.5]}", true, ""},
		{"{'/':[{'var':'e.n'},0]}", false, "it ends with the error \"NaN\""},
		{"{'some':[{'preserve':[1,2]},{'>':[{'var':''},{'val':[[2],'e','n']}]}]}", false,
			"it comes to false"},
		{"{'or':[{'/':[{'var':'e.n'},0]},true]}", false, "it ends with the error \"NaN\""},
		{"{'if':[{'var':'s.identified'},{'var':'e.none'},'yes']}", true, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;
		_cleanup_(journey_freep) struct journey *journey = NULL;
		_cleanup_(buf_release) struct buf words = BUF_INIT;
		struct instance instance = {.key = {.ptr = NULL}};
		struct value fields[FIELD_MAX];
		struct event e = {.fields = fields};

		check_int(list[i].condition, (int)i, "compiled",
			compile("compat", list[i].condition, &rules), 0);
		if (!rules) {
			CHECK_STR(span_str(problems.list[0].message), "");
			continue;
		}
		REQUIRE(journey_new(SPAN_LIT("u"), &journey) == 0);
		REQUIRE(text_set(&instance.data, SPAN_LIT("\"a\":1.5")) == 0);
		e.n_fields = rules->fields.n;
		for (size_t k = 0; k < e.n_fields; k++)
			fields[k] = field_value(rules->fields.paths[k].path);
		const struct cond_scope scope = {
			.rules = rules, .journey = journey, .event = &e, .instance = &instance};
		const struct cond *when = rules->list[0].cancel[0].when;

		check_int(
			list[i].condition, (int)i, "holds", cond_holds(when, &scope), list[i].want);
		CHECK_INT(cond_explain(when, &scope, &words), list[i].want ? COND_HOLDS : 0);
		check_span(list[i].condition, (int)i, "words", buf_span(&words),
			span_str(list[i].words));
		text_release(&instance.data);
	}
}

static void test_refusals(void)
{
	static const struct {
		const char *profile, *condition, *words;
	} list[] = {
		{"strict", "{'===':[{'var':'e.n'},5]}", "no operator of conditions"},
		{"sloppy", "{'==':[{'var':'e.n'},5]}", "strict, compat"},
		{"compat", "{'frobnicate':[{'var':'e.n'},5]}", "no operator of JsonLogic"},
		{"compat", "{'==':[{'var':'n'},5]}", "names nothing"},
		{"compat", "{'==':[{'var':''},5]}", "names nothing"},
		{"compat", "{'==':[{'var':{'cat':['e.','n']}},5]}", "cannot be computed"},
		{"compat", "{'val':[[1],'n']}", "cannot be computed"},
		{"compat", "{'var':'s.shoe_size'}", "by the name `shoe_size`"},
		{"compat", "{'var':'ctx.b'}", "it has ctx.a"},
		{"compat", "{'==':[1,1]}", "the same for every event"},
		{"compat", "true", "the same for every event"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;

		check_int(list[i].condition, (int)i, "result",
			compile(list[i].profile, list[i].condition, &rules), RULES_BAD);
		if (problems.n > 0 && !strstr(problems.list[0].message, list[i].words) &&
			!(problems.n > 1 && strstr(problems.list[1].message, list[i].words)))
			check_span(list[i].condition, (int)i, "message",
				span_str(problems.list[0].message), span_str(list[i].words));
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"numbers are printed", test_print},
		{"numbers are read", test_read},
		{"values", test_values},
		{"limits", test_limits},
		{"in rules", test_rules},
		{"refusals", test_refusals},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
