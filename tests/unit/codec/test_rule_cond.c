/* SPDX-License-Identifier: MIT */
/*
 * The strict language of conditions: what each operator answers, and the limits, each met exactly
 * and passed by one. Conditions are written with ' for ".
 */
#include "base/instant.h"
#include "case_files.h"
#include "check.h"
#include "codec/event_json.h"
#include "codec/rule_json.h"
#include "cond_case.h"
#include "core/cond.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
static struct file_problems problems;

/* 2026-03-15 is a Sunday; Berlin is one hour ahead. */
#define NOW "2026-03-15T12:00:00Z"

static const char item[] =
	"{'type':'track','event':'x','userId':'u','messageId':'m','timestamp':'" NOW "',"
	"'properties':{'n':19.99,'whole':20,'minus':-7,'t':'blue','yes':true,'no':false,"
	"'null':null,'empty':'','tags':['red','vip',5],'none':[],"
	"'products':[{'sku':'a','price':10,'sizes':[50,52]},{'sku':'b','price':30,'sizes':[54]}],"
	"'price':'19.90','list_price':'100.00','salePrice':'9.90','size':'12','caprice':'1',"
	"'order':{'total':'1e2'},'shipping':'standard','lines':[{'price':'45.50'}],"
	"'matrix':[[1,2],[3]],'object':{'deep':{'er':7}},"
	"'due':'2026-03-16T12:00:00Z','past':1773489600,'day':'2026-01-31','big':1e300}}";

/* `a` and `b`, and a text with each kind of escape. */
static const char snapshot[] =
	"\"total\":\"9.90\",\"a\":12.50,\"b\":\"x,y\\\"}\",\"u\":\"\\u00e4\\ud83d\\ude00\\n\","
	"\"t\":true,\"z\":null,\"l\":[1,{\"a\":2}],\"last\":\"end\"";

struct world {
	struct arena arena;
	struct event_decoder *decoder;
	struct event event;
	struct journey *journey;
	struct instance instance;
	struct cond_scope scope;
};

static void world_release(struct world *w)
{
	arena_release(&w->arena);
	event_decoder_free(w->decoder);
	journey_free(w->journey);
	text_release(&w->instance.data);
}

/* What a rule of RULES sees when EVENT comes in at NOW. */
static void world_make(struct world *w, const struct rules *rules, const char *event)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	struct event_origin origin = {.source = SPAN_LIT("test"), .sent_at = TIME_NEVER};
	struct event_fault fault = {NULL, NULL};

	*w = (struct world){.decoder = NULL};
	arena_init(&w->arena);
	cond_case_json(&json, event);
	REQUIRE(instant_parse(SPAN_LIT(NOW), &w->scope.now) == 0);
	origin.id.ms = (uint64_t)w->scope.now;
	origin.recv_at = w->scope.now;
	REQUIRE(event_decoder_new(&rules->fields, &IDENTITY_DEFAULT, &w->decoder) == 0);
	CHECK_INT(event_decode(w->decoder, arena_copy(&w->arena, buf_span(&json)), &origin,
			  &w->arena, &w->event, &fault),
		0);
	REQUIRE(journey_new(SPAN_LIT("u"), &w->journey) == 0);
	REQUIRE(journey_fold(w->journey, &w->event) == 0);
	REQUIRE(text_set(&w->instance.data, SPAN_LIT(snapshot)) == 0);
	w->scope.rules = rules;
	w->scope.journey = w->journey;
	w->scope.event = &w->event;
	w->scope.instance = &w->instance;
}

struct truth {
	const char *condition;
	bool want;
};

static void check_truths(const struct truth *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;
		_cleanup_(world_release) struct world w = {.decoder = NULL};

		arena_init(&w.arena);
		if (cond_case(list[i].condition, &problems, &rules) != 0) {
			check_span(list[i].condition, 0, "problem",
				span_str(problems.list[0].message), SPAN_EMPTY);
			continue;
		}
		world_make(&w, rules, item);
		check_int(list[i].condition, (int)i, "holds",
			cond_holds(rules->list[0].cancel[0].when, &w.scope), list[i].want);
	}
}

static void test_comparison(void)
{
	static const struct truth list[] = {
		/* Nothing is converted, and what is not there compares with nothing (scenario 32).
		 */
		{"{'<':[{'var':'e.null'},2]}", false},
		{"{'<':[{'var':'e.absent'},2]}", false},
		{"{'>=':[{'var':'e.null'},0]}", false},
		{"{'==':[{'var':'e.null'},0]}", false},
		{"{'!=':[{'var':'e.null'},0]}", false},
		{"{'!=':[{'var':'e.absent'},'x']}", false},
		{"{'==':[{'var':'e.null'},{'var':'e.absent'}]}", false},
		{"{'!':{'==':[{'var':'e.null'},0]}}", true},
		{"{'==':[{'var':'e.yes'},1]}", false},
		{"{'==':[{'var':'e.empty'},0]}", false},
		{"{'<':[{'var':'e.t'},20]}", false},
		{"{'>':[{'var':'e.t'},20]}", false},
		{"{'==':[{'var':'e.tags'},'red']}", false},
		/* Decimals, exactly. */
		{"{'==':[{'var':'e.n'},19.990]}", true},
		{"{'<':[{'var':'e.n'},19.9900000000000001]}", true},
		{"{'==':[{'var':'e.whole'},2e1]}", true},
		{"{'>':[{'var':'e.big'},1e299]}", true},
		{"{'<':[{'var':'e.minus'},-6.9]}", true},
		{"{'<':[19,{'var':'e.n'},20]}", true},
		{"{'<':[{'var':'e.minus'},{'var':'e.n'},{'var':'e.whole'}]}", true},
		{"{'<=':[20,{'var':'e.whole'},20]}", true},
		{"{'in':[{'var':'e.t'},['red','blue']]}", true},
		{"{'in':[5,{'var':'e.tags'}]}", true},
		{"{'in':['vip',{'var':'e.tags'}]}", true},
		{"{'in':['5',{'var':'e.tags'}]}", false},
		{"{'in':['x',{'var':'e.none'}]}", false},
		{"{'in':['b',{'var':'e.t'}]}", false}, /* a text is no list */
		{"{'in':[{'var':'e.t'},{'var':'e.absent'}]}", false},
	};

	check_truths(list, ARRAY_SIZE(list));
}

/* Money that was sent as text is a number, by the last word of its name; other texts are not. */
static void test_amounts(void)
{
	static const struct truth list[] = {
		{"{'>':[{'var':'e.price'},19]}", true},
		{"{'==':[{'var':'e.price'},19.9]}", true},
		{"{'!=':[{'var':'e.price'},19.9]}", false},
		{"{'==':[{'var':'e.price'},'19.90']}", true}, /* its text stays */
		{"{'==':[{'var':'e.price'},'19.9']}", false},
		{"{'<':[{'var':'e.salePrice'},{'var':'e.price'},{'var':'e.list_price'}]}", true},
		{"{'<':[{'var':'e.price'},{'var':'e.n'}]}", true},
		{"{'in':[{'var':'e.price'},[5,19.9]]}", true},
		{"{'==':[{'var':'e.order.total'},100]}", true},
		{"{'>=':[{'-':[{'var':'e.list_price'},{'var':'e.price'}]},80.1]}", true},
		{"{'>':[{'*':[{'var':'e.price'},2]},39.8]}", false},
		{"{'==':[{'max':[{'var':'e.price'},{'var':'e.n'}]},19.99]}", true},
		{"{'some':[{'var':'e.lines'},{'>':[{'var':'price'},45]}]}", true},
		{"{'==':[{'var':'ctx.total'},9.9]}", true},
		{"{'>':[{'var':'e.price'},{'var':'ctx.total'}]}", true},
		{"{'==':[{'var':'e.shipping'},'standard']}", true},
		{"{'>':[{'var':'e.shipping'},0]}", false},
		{"{'>':[{'var':'e.size'},0]}", false},
		{"{'>':[{'var':'e.caprice'},0]}", false},
	};

	check_truths(list, ARRAY_SIZE(list));
}

static void test_logic(void)
{
	static const struct truth list[] = {
		{"{'if':[{'var':'e.yes'},{'var':'e.no'},{'var':'e.yes'}]}", false},
		{"{'if':[{'var':'e.no'},{'var':'e.no'},{'var':'e.yes'}]}", true},
		{"{'if':[{'var':'e.null'},{'var':'e.yes'},{'var':'e.t'},{'var':'e.yes'},"
		 "{'var':'e.no'}]}",
			false}, /* a text is not true */
		{"{'>':[{'if':[{'var':'e.yes'},1,2]},{'var':'e.minus'}]}", true},
		{"{'==':[{'if':[{'var':'e.no'},'red','blue']},{'var':'e.t'}]}", true},
		{"{'and':[{'var':'e.yes'},{'var':'e.n'}]}", false},
		/* Bounds that leave room for something. */
		{"{'and':[{'>=':[{'var':'e.whole'},20]},{'<=':[{'var':'e.whole'},20]}]}", true},
		{"{'and':[{'>':[{'var':'e.n'},19]},{'<':[{'var':'e.whole'},21]}]}", true},
		{"{'and':[{'!=':[{'var':'e.n'},19]},{'>':[20,{'var':'e.n'}]}]}", true},
		{"{'and':[{'==':[{'var':'e.t'},'blue']},{'==':[{'var':'e.t'},'blue']}]}", true},
		{"{'or':[{'var':'e.n'},{'var':'e.null'},{'var':'e.no'}]}", false},
		{"{'!':[{'var':'e.n'}]}", true},
		{"{'missing':['e.n','e.t']}", false},
		{"{'missing':['e.n','e.null']}", true},
		{"{'missing':['e.empty']}", false}, /* an empty text was said */
		{"{'missing':'e.absent'}", true},
		{"{'missing_some':[1,['e.absent','e.n']]}", false},
		{"{'missing_some':[2,['e.absent','e.n']]}", true},
		{"{'missing_some':[2,['e.t','e.absent','e.n']]}", false},
	};

	check_truths(list, ARRAY_SIZE(list));
}

static void test_arithmetic(void)
{
	static const struct truth list[] = {
		{"{'==':[{'+':[{'var':'e.n'},0.01]},20]}", true},
		{"{'==':[{'+':[{'var':'e.n'},{'var':'e.whole'},{'var':'e.minus'}]},32.99]}", true},
		{"{'==':[{'-':[{'var':'e.n'},20]},-0.01]}", true},
		{"{'==':[{'*':[{'var':'e.n'},3]},59.97]}", true},
		{"{'==':[{'*':[{'var':'e.n'},0]},0]}", true},
		{"{'==':[{'%':[{'var':'e.whole'},3]},2]}", true},
		{"{'==':[{'%':[{'var':'e.minus'},3]},-1]}", true},
		{"{'==':[{'%':[{'var':'e.n'},3]},0]}", false}, /* no whole number */
		{"{'!=':[{'%':[{'var':'e.n'},3]},0]}", false},
		{"{'==':[{'%':[{'var':'e.whole'},0]},0]}", false},
		{"{'==':[{'min':[{'var':'e.n'},{'var':'e.minus'},3]},-7]}", true},
		{"{'==':[{'max':[{'var':'e.n'},{'var':'e.minus'},3]},19.99]}", true},
		{"{'==':[{'max':[{'var':'e.n'},{'var':'e.absent'}]},19.99]}", false},
		/* A sum of more than 18 digits is none, rather than a rounded one. */
		{"{'>':[{'+':[{'var':'e.big'},1]},0]}", false},
		{"{'>':[{'*':[{'var':'e.big'},{'var':'e.big'}]},0]}", false},
		{"{'>':[{'+':[{'var':'e.t'},1]},0]}", false},
	};

	check_truths(list, ARRAY_SIZE(list));
}

static void test_arrays(void)
{
	static const struct truth list[] = {
		{"{'some':[{'var':'e.products'},{'>':[{'var':'price'},20]}]}", true},
		{"{'some':[{'var':'e.products'},{'>':[{'var':'price'},30]}]}", false},
		{"{'all':[{'var':'e.products'},{'>=':[{'var':'price'},10]}]}", true},
		{"{'all':[{'var':'e.products'},{'>':[{'var':'price'},10]}]}", false},
		{"{'none':[{'var':'e.products'},{'==':[{'var':'sku'},'c']}]}", true},
		{"{'none':[{'var':'e.products'},{'==':[{'var':'sku'},'a']}]}", false},
		{"{'some':[{'var':'e.tags'},{'==':[{'var':''},'vip']}]}", true},
		{"{'all':[{'var':'e.none'},{'==':[{'var':''},'vip']}]}", false},
		{"{'some':[{'var':'e.none'},{'==':[{'var':''},'vip']}]}", false},
		{"{'none':[{'var':'e.none'},{'==':[{'var':''},'vip']}]}", true},
		/* Of what is not there nothing holds. */
		{"{'none':[{'var':'e.absent'},{'==':[{'var':''},'vip']}]}", false},
		{"{'none':[{'var':'e.t'},{'==':[{'var':''},'vip']}]}", false},
		{"{'some':[{'var':'e.products'},{'some':[{'var':'sizes'},{'==':[{'var':''},54]}]}]"
		 "}",
			true},
		{"{'all':[{'var':'e.matrix'},{'some':[{'var':''},{'<':[{'var':''},3]}]}]}", false},
		{"{'some':[{'var':'e.products'},{'in':[52,{'var':'sizes'}]}]}", true},
		{"{'some':[{'var':'e.products'},{'==':[{'var':'sizes.1'},52]}]}", true},
		/* The event is still there inside, and the outer element is back afterwards. */
		{"{'some':[{'var':'e.products'},{'<':[{'var':'price'},{'var':'e.n'}]}]}", true},
		{"{'some':[{'var':'e.products'},{'and':[{'some':[{'var':'sizes'},"
		 "{'==':[{'var':''},54]}]},{'==':[{'var':'sku'},'b']}]}]}",
			true},
	};

	check_truths(list, ARRAY_SIZE(list));
}

static void test_time(void)
{
	static const struct truth list[] = {
		{"{'before':[{'now':[]},{'var':'e.due'}]}", true},
		{"{'after':[{'now':[]},{'var':'e.due'}]}", false},
		{"{'not-before':[{'var':'e.due'},'2026-03-16T12:00:00Z']}", true},
		{"{'not-after':[{'var':'e.due'},'2026-03-16T12:00:00Z']}", true},
		{"{'before':[{'var':'e.due'},'2026-03-16T12:00:00Z']}", false},
		{"{'before':[{'var':'e.past'},{'now':[]},{'var':'e.due'}]}", true},
		{"{'after':[{'var':'e.due'},{'now':[]},{'var':'e.past'}]}", true},
		{"{'after':[{'var':'e.due'},{'var':'e.past'},{'now':[]}]}", false},
		{"{'not-before':[{'now':[]},{'now':[]}]}", true},
		{"{'before':[{'var':'e.t'},{'now':[]}]}", false},
		{"{'after':[{'var':'e.t'},{'now':[]}]}", false},
		/* 1773489600 is 2026-03-14T12:00:00Z: a day ago to the millisecond. */
		{"{'==':[{'since':{'var':'e.past'}},86400]}", true},
		{"{'==':[{'since':{'var':'e.due'}},-86400]}", true},
		{"{'<':[{'since':{'var':'e.t'}},1]}", false},
		{"{'within':[{'var':'e.past'},'1d']}", true},
		{"{'within':[{'var':'e.past'},'23h59m59s999ms']}", false},
		{"{'within':[{'var':'e.due'},'7d']}", false},
		{"{'within':[{'now':[]},'0s']}", true}, {"{'within':['2026-03-15','12h']}", true},
		{"{'within':[{'var':'e.absent'},'7d']}", false},
		{"{'not-after':[{'plusTime':[{'var':'e.past'},'2d']},{'var':'e.due'}]}", true},
		{"{'before':[{'plusTime':[{'var':'e.past'},'2d']},{'var':'e.due'}]}", false},
		{"{'not-before':[{'plusTime':[{'now':[]},'-1d']},{'var':'e.past'}]}", true},
		/* Months by the calendar: the 31st of January and a month is the end of February.
		 */
		{"{'within':[{'plusTime':[{'var':'e.day'},1,'month']},'15d12h']}", true},
		{"{'within':[{'plusTime':[{'var':'e.day'},1,'month']},'15d11h']}", false},
		{"{'not-after':[{'plusTime':[{'var':'e.day'},-1,'year']},'2025-01-31']}", true},
		{"{'before':[{'plusTime':[{'var':'e.day'},-1,'year']},'2025-01-31']}", false},
		{"{'not-before':[{'plusTime':[{'var':'e.day'},-2,'month']},'2025-11-30']}", true},
		{"{'not-before':[{'plusTime':[{'var':'e.day'},36,'hour']},'2026-02-01T12:00Z']}",
			true},
		{"{'==':[{'localHour':'store'},13]}", true},
		{"{'==':[{'localHour':'UTC'},12]}", true},
		{"{'==':[{'localHour':'Asia/Kolkata'},17]}", true},
		{"{'==':[{'localHour':'America/New_York'},8]}", true}, /* summer time there */
	};

	check_truths(list, ARRAY_SIZE(list));
}

static void test_snapshot(void)
{
	static const struct truth list[] = {
		{"{'==':[{'var':'ctx.a'},12.5]}", true},
		{"{'==':[{'var':'ctx.b'},'x,y\\'}']}", true},
		{"{'==':[{'var':'ctx.u'},'\\u00e4\\ud83d\\ude00\\n']}", true},
		{"{'and':[{'!=':[{'var':'ctx.u'},{'var':'ctx.b'}]},{'==':[{'var':'ctx.b'},"
		 "'x,y\\'}']}]}",
			true},
		{"{'var':'ctx.t'}", true},
		{"{'missing':['ctx.z']}", true},
		{"{'missing':['ctx.l']}", false},
		{"{'==':[{'var':'ctx.l'},1]}", false},
		{"{'==':[{'var':'ctx.last'},'end']}", true},
		{"{'>':[{'var':'e.n'},{'var':'ctx.a'}]}", true},
	};

	check_truths(list, ARRAY_SIZE(list));
}

/* ---- what the shop decides ------------------------------------------------------------- */

static const char policy[] = "{'policy':{'segments':{'wealthy':{'>':[{'pctile':'value'},0.5]},"
			     "'new_here':{'<=':[{'var':'s.orders'},1]}},"
			     "'percentiles':[[0.5,100],[0.9,1000.5]]}}";

/* A rule with CONDITION, beside the policy. */
static int compile_beside(const char *condition, struct rules **ret_rules)
{
	_cleanup_(buf_release) struct buf rule = BUF_INIT;
	_cleanup_(buf_release) struct buf shop = BUF_INIT;
	struct rule_source sources[] = {{"policy.json", SPAN_EMPTY}, {"rules.json", SPAN_EMPTY}};

	cond_case_json(&shop, policy);
	cond_case_json(&rule,
		"{'id':'a','class':'task','wait':'1h','channels':['task'],'arm':['y'],"
		"'cancel':[{'event':'x','when':");
	cond_case_json(&rule, condition);
	cond_case_json(&rule, "}]}");
	sources[0].text = buf_span(&shop);
	sources[1].text = buf_span(&rule);
	return rules_compile(sources, 2, &berlin, &problems, ret_rules);
}

static void order(struct journey *j, const char *id, const char *total)
{
	struct order *o = journey_add_order(j, span_str(id));

	REQUIRE(o != NULL);
	o->at[MILESTONE_PLACED] = 1;
	REQUIRE(text_set(&o->total, span_str(total)) == 0);
	j->n_orders++;
}

static bool asked_of(struct journey *j, const char *condition)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct cond_scope scope = {.journey = j, .now = INT64_C(1773576000000)};

	if (compile_beside(condition, &rules) != 0) {
		CHECK_STR(span_str(problems.list[0].message), "");
		return false;
	}
	scope.rules = rules;
	return cond_holds(rules->list[0].cancel[0].when, &scope);
}

static void test_shop(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK(asked_of(j, "{'==':[{'pctile':'value'},0]}"));
	CHECK(asked_of(j, "{'!':{'inSegment':'wealthy'}}"));
	CHECK(asked_of(j, "{'inSegment':'new_here'}"));
	order(j, "O1", "\"99.99\"");
	CHECK(asked_of(j, "{'==':[{'pctile':'value'},0]}"));
	order(j, "O2", "0.01");
	CHECK(asked_of(j, "{'==':[{'pctile':'value'},0.5]}"));
	CHECK(asked_of(j, "{'!':{'inSegment':'wealthy'}}"));
	order(j, "O3", "900.5");
	CHECK(asked_of(j, "{'==':[{'pctile':'value'},0.9]}"));
	CHECK(asked_of(j, "{'and':[{'inSegment':'wealthy'},{'!':{'inSegment':'new_here'}}]}"));
	/* The shop's hour, while the customer's zone is not known: 12:00Z is 13:00 in Berlin. */
	CHECK(asked_of(j, "{'==':[{'localHour':'customer'},13]}"));
}

static void test_consent(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct consent *c;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK(!asked_of(j, "{'hasConsent':['marketing','email']}"));
	c = journey_add_consent(j, SPAN_LIT("marketing"), JOB_CHANNEL_EMAIL);
	REQUIRE(c != NULL);
	c->word = CONSENT_GIVEN;
	c->at = 5;
	CHECK(asked_of(j, "{'hasConsent':['marketing','email']}"));
	CHECK(!asked_of(j, "{'hasConsent':['marketing','sms']}"));
	CHECK(!asked_of(j, "{'hasConsent':['surveys','email']}"));
	j->consents[0].word = CONSENT_WITHDRAWN;
	CHECK(!asked_of(j, "{'hasConsent':['marketing','email']}"));
}

/* A segment is found, and stands in no other. */
static void test_segments(void)
{
	static const char nested[] = "{'policy':{'segments':{'a':{'<':[{'var':'s.orders'},1]},"
				     "'b':{'inSegment':'a'}}}}";
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct rule_source source = {"policy.json", SPAN_EMPTY};

	CHECK_INT(compile_beside("{'inSegment':'poor'}", &rules), RULES_BAD);
	CHECK(strstr(problems.list[0].message, "it has wealthy, new_here"));
	cond_case_json(&text, nested);
	source.text = buf_span(&text);
	CHECK_INT(rules_compile(&source, 1, &berlin, &problems, &rules), RULES_BAD);
	CHECK(strstr(problems.list[0].message, "a segment cannot be part of a segment"));
}

/* ---- why not --------------------------------------------------------------------------- */

static const struct {
	const char *condition, *words;
} unmet[] = {
	{"{'>=':[{'var':'s.orders'},1]}", "s.orders >= 1: s.orders is 0"},
	{"{'==':[{'var':'e.n'},20]}", "e.n == 20: e.n is 19.99"},
	{"{'<':[{'var':'e.absent'},0.001]}", "e.absent < 0.001: e.absent is not there"},
	{"{'==':[{'var':'e.null'},'a']}", "e.null == \"a\": e.null is null"},
	{"{'<':[1,{'var':'e.n'},{'var':'e.minus'}]}",
		"1 < e.n < e.minus: e.n is 19.99, e.minus is -7"},
	{"{'var':'s.has_email'}", "s.has_email is false"},
	{"{'var':'e.traits.vip'}", "e.traits.vip is not there"},
	{"{'!':{'var':'e.yes'}}", "not(e.yes): e.yes is true"},
	{"{'and':[{'var':'e.yes'},{'>':[{'var':'e.n'},20]},{'var':'e.no'}]}",
		"e.n > 20: e.n is 19.99"},
	{"{'or':[{'var':'e.no'},{'in':[{'var':'e.t'},['red','green']]}]}",
		"e.no is false; and e.t in [\"red\", \"green\"]: e.t is \"blue\""},
	{"{'>':[{'+':[{'var':'e.n'},1,{'*':[{'var':'e.whole'},2]}]},100]}",
		"(e.n + 1 + (e.whole * 2)) > 100: e.n + 1 + (e.whole * 2) is 60.99"},
	{"{'some':[{'var':'e.products'},{'>':[{'var':'price'},30]}]}",
		"some(e.products, price > 30): e.products is an array of 2"},
	{"{'within':[{'var':'e.past'},'12h']}", "within(e.past, 12h): e.past is 1773489600"},
	{"{'after':[{'now':[]},'2026-03-16']}",
		"now() after 2026-03-16T00:00:00.000Z: now() is 2026-03-15T12:00:00.000Z"},
	{"{'<':[{'localHour':'store'},9]}", "localHour() < 9: localHour() is 13"},
	{"{'missing_some':[1,['e.n','e.t']]}",
		"missing_some(e.n, e.t; 1): e.n is 19.99, e.t is \"blue\""},
	{"{'!':{'and':[{'var':'e.yes'},{'<':[{'var':'e.n'},20]}]}}",
		"not(e.yes and (e.n < 20)): e.yes is true, e.n is 19.99"},
	/* Of an `or` that is true what makes it so; of one that is not, all of it. */
	{"{'!':{'or':[{'var':'e.no'},{'==':[{'var':'e.t'},'blue']}]}}",
		"not(e.no or (e.t == \"blue\")): e.t is \"blue\""},
	{"{'!':{'!':{'or':[{'var':'e.no'},{'>':[{'var':'e.n'},20]}]}}}",
		"not(not(e.no or (e.n > 20))): e.no is false, e.n is 19.99"},
	{"{'!':{'missing':['e.n','e.absent']}}",
		"not(missing(e.n, e.absent)): e.n is 19.99, e.absent is not there"},
	{"{'>':[{'pctile':'value'},0.9]}", "pctile(value) > 0.9: pctile(value) is not there"},
	/* Of an `if` the branch that counts. */
	{"{'<':[{'*':[{'if':[{'var':'e.no'},{'var':'e.absent'},{'var':'e.yes'},"
	 "{'var':'e.n'},1]},2]},{'if':[{'var':'e.no'},1,{'var':'e.minus'}]}]}",
		"(e.n * 2) < e.minus: e.n * 2 is 39.98, e.minus is -7"},
	{"{'==':[{'var':'ctx.b'},'']}", "ctx.b == \"\": ctx.b is \"x,y\"}\""},
	{"{'var':'e.yes'}", ""},
};

static void test_explain(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(unmet); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;
		_cleanup_(world_release) struct world w = {.decoder = NULL};
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		arena_init(&w.arena);
		REQUIRE(cond_case(unmet[i].condition, &problems, &rules) == 0);
		world_make(&w, rules, item);
		check_int(unmet[i].condition, (int)i, "result",
			cond_explain(rules->list[0].cancel[0].when, &w.scope, &out),
			unmet[i].words[0] ? 0 : COND_HOLDS);
		check_span(unmet[i].condition, (int)i, "words", buf_span(&out),
			span_str(unmet[i].words));
	}
}

/* A number where a rule wants one: cond_value. */
static void test_value(void)
{
	static const struct {
		const char *condition;
		enum value_type type;
	} list[] = {
		{"{'var':'e.yes'}", VALUE_TRUE},
		{"{'>':[{'var':'e.n'},20]}", VALUE_FALSE},
		{"{'if':[{'var':'e.yes'},{'var':'e.t'},{'var':'e.n'}]}", VALUE_STRING},
		{"{'var':'e.n'}", VALUE_NUMBER},
		{"{'var':'e.absent'}", VALUE_MISSING},
		{"{'var':'e.null'}", VALUE_MISSING},
		{"{'var':'e.tags'}", VALUE_MISSING},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;
		_cleanup_(world_release) struct world w = {.decoder = NULL};
		struct value value = {.type = VALUE_MISSING};

		arena_init(&w.arena);
		REQUIRE(cond_case(list[i].condition, &problems, &rules) == 0);
		world_make(&w, rules, item);
		check_int(list[i].condition, (int)i, "result",
			cond_value(rules->list[0].cancel[0].when, &w.scope, &value),
			list[i].type == VALUE_MISSING ? COND_NOTHING : 0);
		CHECK_INT(value.type, list[i].type);
	}
}

/* ---- limits ---------------------------------------------------------------------------- */

/* An event with an array of N times the number 1. */
static void array_event(struct buf *out, size_t n)
{
	buf_add_str(out, "{'type':'track','event':'x','userId':'u','properties':{'a':[");
	for (size_t i = 0; i < n; i++)
		buf_add_str(out, i ? ",1" : "1");
	buf_add_str(out, "]}}");
	buf_add_char(out, '\0');
}

static bool holds_for(const char *condition, const char *event)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(world_release) struct world w = {.decoder = NULL};

	arena_init(&w.arena);
	if (cond_case(condition, &problems, &rules) != 0) {
		CHECK_STR(span_str(problems.list[0].message), "");
		return false;
	}
	world_make(&w, rules, event);
	return cond_holds(rules->list[0].cancel[0].when, &w.scope);
}

static void test_array_limit(void)
{
	static const char all[] = "{'all':[{'var':'e.a'},{'==':[{'var':''},1]}]}";
	_cleanup_(buf_release) struct buf at = BUF_INIT;
	_cleanup_(buf_release) struct buf past = BUF_INIT;

	array_event(&at, 1000);
	array_event(&past, 1001);
	CHECK(holds_for(all, at.ptr));
	CHECK(!holds_for(all, past.ptr));
	/* It is still there, only that nobody sees into it. */
	CHECK(holds_for("{'!':{'missing':'e.a'}}", past.ptr));
}

/* Eight negations, the operator and its array are 10 steps; each of 999 elements takes 10: `and`,
 * and three comparisons with two operands each. */
static void test_step_limit(void)
{
	_cleanup_(buf_release) struct buf event = BUF_INIT;

	array_event(&event, 999);
	CHECK(holds_for("{'!':{'!':{'!':{'!':{'!':{'!':{'!':{'!':{'all':[{'var':'e.a'},"
			"{'and':[{'==':[{'var':''},1]},{'==':[{'var':''},1]},"
			"{'==':[{'var':''},1]}]}]}}}}}}}}}",
		event.ptr));
	/* One step more. It would be true, and stays false whatever stands around. */
	CHECK(!holds_for("{'!':{'!':{'!':{'!':{'!':{'!':{'!':{'!':{'!':{'some':[{'var':'e.a'},"
			 "{'and':[{'==':[{'var':''},1]},{'==':[{'var':''},1]},"
			 "{'==':[{'var':''},{'var':'e.c'}]}]}]}}}}}}}}}}",
		event.ptr));
}

int main(void)
{
	static const struct check_case cases[] = {
		{"comparison", test_comparison},
		{"logic", test_logic},
		{"arithmetic", test_arithmetic},
		{"arrays", test_arrays},
		{"time", test_time},
		{"amounts", test_amounts},
		{"snapshot", test_snapshot},
		{"segments, percentiles, hours", test_shop},
		{"consent", test_consent},
		{"segments apart", test_segments},
		{"why not", test_explain},
		{"values", test_value},
		{"1,000 elements", test_array_limit},
		{"10,000 steps", test_step_limit},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
