/* SPDX-License-Identifier: MIT */
/* Everything that the strict language of conditions refuses, with the place and the words. */
#include "check.h"
#include "cond_case.h"

static struct file_problems problems;

struct refusal {
	const char *condition;
	const char *where; /* below the condition */
	const char *words; /* part of the message */
};

static const struct refusal refusals[] = {
	/* The same for every event. */
	{"true", "", "the same for every event"},
	{"false", "", "the same for every event"},
	{"{'and':[{'var':'e.a'},true]}", "/and/1", "the same for every event"},
	{"{'or':[false,{'var':'e.a'}]}", "/or/0", "the same for every event"},
	{"{'!':true}", "/!", "the same for every event"},
	{"{'==':[1,1]}", "/==", "compares constants"},
	{"{'<':['a','b']}", "/<", "compares constants"},
	{"{'in':['a',['a','b']]}", "/in", "compares constants"},
	{"{'if':[true,{'var':'e.a'},{'var':'e.b'}]}", "/if/0", "the same for every event"},
	{"{'==':[{'var':'e.a'},{'var':'e.a'}]}", "/==", "compares a value with itself"},
	{"{'>=':[{'var':'s.orders'},{'var':'s.orders'}]}", "/>=", "compares a value with itself"},
	{"{'<':[5,{'var':'e.a'},5]}", "/<", "nothing lies between"},
	{"{'<=':[6,{'var':'e.a'},5]}", "/<=", "nothing lies between"},
	{"{'==':[{'+':[1,2]},{'var':'e.a'}]}", "/==/0/+", "constants alone"},
	{"{'before':['2026-01-01','2026-02-01']}", "/before", "only constants"},
	{"{'after':[{'var':'e.a'},{'plusTime':['2026-01-01','1d']}]}", "/after/1/plusTime",
		"only constants"},
	{"{'missing_some':[3,['e.a','e.b']]}", "/missing_some/0", "only 2 names"},
	{"{'and':[{'>':[{'var':'e.a'},5]},{'<':[{'var':'e.a'},3]}]}", "/and",
		"arguments 1 and 2 are never true together"},
	{"{'and':[{'var':'e.b'},{'>=':[{'var':'e.a'},5]},{'<':[{'var':'e.a'},5]}]}", "/and",
		"arguments 2 and 3"},
	{"{'and':[{'>':[5,{'var':'s.orders'}]},{'==':[{'var':'s.orders'},5]}]}", "/and",
		"never true together"},
	{"{'and':[{'==':[{'var':'e.a'},'x']},{'==':['y',{'var':'e.a'}]}]}", "/and",
		"never true together"},
	{"{'and':[{'==':[{'var':'e.a'},'x']},{'<':[{'var':'e.a'},5]}]}", "/and",
		"never true together"},
	{"{'and':[{'>':[{'count':['x','1d']},2]},{'==':[{'count':['x','1d']},2]}]}", "/and",
		"never true together"},
	/* Something and not that, however it is written. */
	{"{'and':[{'var':'e.a'},{'!':{'var':'e.a'}}]}", "/and", "arguments 1 and 2 are never true"},
	{"{'and':[{'var':'e.a'},{'!':[{'or':[{'var':'e.b'},{'var':'e.a'}]}]}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'var':'e.b'},{'and':[{'!':{'var':'e.a'}},{'var':'e.t'}]},{'var':'e.a'}]}",
		"/and", "arguments 2 and 3"},
	{"{'and':[{'hasConsent':['x','email']},{'!':{'hasConsent':['x','email']}}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'<':[{'var':'e.a'},{'var':'e.b'}]},{'!':{'>':[{'var':'e.b'},{'var':'e.a'}]}}]}",
		"/and", "arguments 1 and 2"},
	{"{'and':[{'<':[{'var':'e.a'},{'var':'e.b'}]},{'==':[{'var':'e.b'},{'var':'e.a'}]}]}",
		"/and", "arguments 1 and 2"},
	{"{'and':[{'==':[{'var':'e.a'},{'var':'e.b'}]},{'!=':[{'var':'e.b'},{'var':'e.a'}]}]}",
		"/and", "arguments 1 and 2"},
	{"{'and':[{'before':[{'var':'e.a'},{'now':[]}]},{'before':[{'now':[]},{'var':'e.a'}]}]}",
		"/and", "arguments 1 and 2"},
	{"{'and':[{'some':[{'var':'e.l'},{'or':[{'var':'p'},{'var':'q'}]}]},"
	 "{'!':{'some':[{'var':'e.l'},{'or':[{'var':'q'},{'var':'p'}]}]}}]}",
		"/and", "arguments 1 and 2"},
	{"{'all':[{'var':'e.l'},{'and':[{'<':[{'var':'p'},1]},{'>':[{'var':'p'},1]}]}]}",
		"/all/1/and", "arguments 1 and 2"},
	{"{'and':[{'var':'e.a'},{'==':[{'var':'e.a'},false]}]}", "/and", "arguments 1 and 2"},
	{"{'and':[{'var':'e.a'},{'==':[{'var':'e.a'},'yes']}]}", "/and", "arguments 1 and 2"},
	{"{'and':[{'missing':'e.a'},{'>':[{'var':'e.a'},0]}]}", "/and", "arguments 1 and 2"},
	/* Values that nothing has. */
	{"{'and':[{'in':[{'var':'e.a'},['x','y']]},{'==':[{'var':'e.a'},'z']}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'in':[{'var':'e.a'},['x','y']]},{'in':[{'var':'e.a'},['z',1]]}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'in':[{'var':'e.a'},['x','y']]},{'!=':[{'var':'e.a'},'x']},"
	 "{'!=':[{'var':'e.a'},'y']}]}",
		"/and", "these are never all true together"},
	{"{'and':[{'<':[3,{'var':'e.a'},5]},{'>=':[{'var':'e.a'},5]}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'>':[{'var':'e.a'},5]},{'!':{'>':[{'var':'e.a'},3]}}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'<':[{'var':'e.a'},'b']},{'>':[{'var':'e.a'},'c']}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'==':[{'var':'e.price'},'19.90']},{'<':[{'var':'e.price'},5]}]}", "/and",
		"arguments 1 and 2"},
	{"{'and':[{'>':[{'+':[{'var':'e.a'},{'var':'e.b'}]},5]},"
	 "{'<':[{'+':[{'var':'e.a'},{'var':'e.b'}]},5]}]}",
		"/and", "arguments 1 and 2"},
	{"{'and':[{'==':[{'var':'e.a'},1]},{'or':[{'==':[{'var':'e.a'},2]},{'==':[{'var':'e.a'},3]}"
	 "]}]}",
		"/and", "arguments 1 and 2"},
	/* Always so. */
	{"{'or':[{'var':'e.a'},{'!':{'var':'e.a'}}]}", "/or",
		"one of arguments 1 and 2 is always true"},
	{"{'or':[{'var':'e.b'},{'!':{'and':[{'var':'e.a'},{'var':'e.b'}]}}]}", "/or",
		"one of arguments 1 and 2 is always true"},
	{"{'or':[{'>':[{'var':'e.a'},1]},{'!':{'>':[{'var':'e.a'},3]}}]}", "/or",
		"one of arguments 1 and 2 is always true"},
	{"{'or':[{'missing':'e.a'},{'!=':[{'var':'e.a'},1]},{'==':[{'var':'e.a'},1]}]}", "/or",
		"one of these is always true"},
	/* Nothing is said. */
	{"{'and':[]}", "/and", "cannot have 0 arguments"},
	{"{'or':[]}", "/or", "cannot have 0 arguments"},
	{"{'!':[]}", "/!", "cannot have 0 arguments"},
	{"{'missing':[]}", "/missing", "cannot have 0 arguments"},
	{"{'in':[{'var':'e.a'},[]]}", "/in/1", "not empty"},
	{"{}", "", "an object with one member"},
	/* Types that never agree. */
	{"{'<':[{'var':'s.stage'},5]}", "/<", "two numbers or two texts only"},
	{"{'<':['a',{'var':'s.orders'}]}", "/<", "two numbers or two texts only"},
	{"{'==':[{'var':'s.orders'},'5']}", "/==", "of different types"},
	{"{'!=':[{'var':'s.identified'},'yes']}", "/!=", "of different types"},
	{"{'in':[{'var':'s.orders'},['1','2']]}", "/in", "of different types"},
	{"{'<':[{'var':'e.a'},{'now':[]}]}", "/<", "compared with \"before\""},
	{"{'==':[{'now':[]},'2026-01-01']}", "/==", "compared with \"before\""},
	{"{'and':[{'var':'s.orders'},{'var':'e.a'}]}", "/and/0", "must be true or false"},
	{"{'!':[{'+':[{'var':'e.a'},1]}]}", "/!/0", "must be true or false"},
	{"{'if':[{'var':'s.orders'},{'var':'e.a'},{'var':'e.b'}]}", "/if/0",
		"must be true or false"},
	{"{'if':[{'var':'e.a'},1,'x']}", "/if", "of one type"},
	{"{'+':[{'var':'e.a'},1]}", "", "a condition must be true or false"},
	{"{'>':[{'+':[{'var':'s.stage'},1]},0]}", "/>/0/+/0", "must be a number"},
	{"{'>':[{'+':[{'var':'e.a'},'1']},0]}", "/>/0/+/1", "must be a number"},
	{"{'some':[{'var':'s.orders'},{'var':'x'}]}", "/some/0", "an array of the event"},
	{"{'some':[['a'],{'var':'x'}]}", "/some/0", "a list"},
	{"{'some':[{'var':'e.a'},{'+':[{'var':'x'},1]}]}", "/some/1", "must be true or false"},
	{"{'some':[{'var':'e.a'},true]}", "/some/1", "the same for every event"},
	{"{'before':[{'var':'s.identified'},{'now':[]}]}", "/before/0", "must be an instant"},
	{"{'before':['soon',{'now':[]}]}", "/before/0", "no instant"},
	{"{'before':[5,{'now':[]}]}", "/before/0", "no instant"},
	{"{'>':[{'since':{'var':'s.identified'}},5]}", "/>/0/since", "must be an instant"},
	{"{'in':[{'var':'e.a'},'blue']}", "/in/1", "a list that is not empty"},
	{"{'in':[{'var':'e.a'},{'var':'s.orders'}]}", "/in/1", "an array of the event"},
	{"{'in':[{'var':'e.a'},['x',{'var':'e.b'}]]}", "/in/1/1", "numbers and texts only"},
	/* Null compares with nothing, and a list is no value. */
	{"{'==':[{'var':'e.a'},null]}", "/==/1", "null compares with nothing"},
	{"{'in':[{'var':'e.a'},[null]]}", "/in/1/0", "null compares with nothing"},
	{"{'==':[{'var':'e.a'},[1]]}", "/==/1", "a list"},
	{"[{'var':'e.a'}]", "", "a list"},
	/* What JavaScript has and this has not. */
	{"{'===':[{'var':'e.a'},1]}", "/===", "is no operator"},
	{"{'!!':[{'var':'e.a'}]}", "/!!", "is no operator"},
	{"{'/':[{'var':'e.a'},2]}", "/~1", "is no operator"},
	{"{'cat':[{'var':'e.a'},'x']}", "/cat", "is no operator"},
	{"{'substr':[{'var':'e.a'},0]}", "/substr", "is no operator"},
	{"{'map':[{'var':'e.a'},{'var':''}]}", "/map", "is no operator"},
	{"{'reduce':[{'var':'e.a'},{'var':''},0]}", "/reduce", "is no operator"},
	{"{'log':'x'}", "/log", "is no operator"},
	{"{'method':['x','y']}", "/method", "is no operator"},
	{"{'var':['e.a',1]}", "/var", "without a list and without a default"},
	{"{'var':''}", "/var", "1 to"},
	{"{'var':'a'}", "/var", "names nothing"},
	{"{'var':'s.shoe_size'}", "/var", "nothing is known"},
	{"{'var':'ctx.unknown'}", "/var", "keeps no such value; it has ctx.a"},
	{"{'var':'e.a..b'}", "/var", "not the way to a value"},
	{"{'some':[{'var':'e.a'},{'var':'x..y'}]}", "/some/1/var", "not the way to a member"},
	{"{'==':[{'var':'s.stage'},'gold']}", "/==/1", "not a stage"},
	{"{'and':[{'var':'e.a'}],'or':[{'var':'e.b'}]}", "", "an object with one member"},
	/* Operators have a shape. */
	{"{'==':[{'var':'e.a'}]}", "/==", "cannot have 1 argument;"},
	{"{'==':[{'var':'e.a'},1,2]}", "/==", "cannot have 3 arguments"},
	{"{'<':[1,{'var':'e.a'},2,3]}", "/<", "cannot have 4 arguments"},
	{"{'>':[3,{'var':'e.a'},1]}", "/>", "cannot have 3 arguments"},
	{"{'!':[{'var':'e.a'},{'var':'e.b'}]}", "/!", "cannot have 2 arguments"},
	{"{'if':[{'var':'e.a'},{'var':'e.b'}]}", "/if", "with an else"},
	{"{'>':[{'-':[{'var':'e.a'}]},1]}", "/>/0/-", "cannot have 1 argument;"},
	{"{'>':[{'%':[{'var':'e.a'},2,3]},1]}", "/>/0/%", "cannot have 3 arguments"},
	{"{'>':[{'min':[{'var':'e.a'}]},1]}", "/>/0/min", "cannot have 1 argument;"},
	{"{'in':[{'var':'e.a'}]}", "/in", "cannot have 1 argument;"},
	{"{'some':[{'var':'e.a'}]}", "/some", "cannot have 1 argument;"},
	{"{'missing_some':[1]}", "/missing_some", "cannot have 1 argument;"},
	{"{'missing_some':[0,['e.a']]}", "/missing_some/0", "a whole number from 1"},
	{"{'missing':['e.a',5]}", "/missing/1", "one text"},
	{"{'before':[{'now':[1]},{'var':'e.a'}]}", "/before/0/now", "cannot have 1 argument;"},
	{"{'before':[{'var':'e.a'}]}", "/before", "cannot have 1 argument;"},
	{"{'within':[{'var':'e.a'},'soon']}", "/within/1", "a length of time"},
	{"{'within':[{'var':'e.a'},7]}", "/within/1", "a length of time"},
	{"{'within':[{'var':'e.a'},'3654d']}", "/within/1", "a length of time"},
	{"{'before':[{'plusTime':[{'var':'e.a'},'soon']},{'now':[]}]}", "/before/0/plusTime/1",
		"a length of time"},
	{"{'before':[{'plusTime':[{'var':'e.a'},1.5,'day']},{'now':[]}]}", "/before/0/plusTime/1",
		"a whole number"},
	{"{'before':[{'plusTime':[{'var':'e.a'},10001,'day']},{'now':[]}]}", "/before/0/plusTime/1",
		"a whole number"},
	{"{'before':[{'plusTime':[{'var':'e.a'},1,'moon']},{'now':[]}]}", "/before/0/plusTime/2",
		"hour, day, month, year"},
	{"{'>':[{'localHour':'Mars/Olympus'},8]}", "/>/0/localHour", "no time zone"},
	/* What was before. */
	{"{'>=':[{'count':['Payment Failed']},1]}", "/>=/0/count", "cannot have 1 argument;"},
	{"{'>=':[{'count':['Payment Faild','1d']},1]}", "/>=/0/count/0",
		"did you mean \"Payment Failed\""},
	{"{'>=':[{'count':['Payment Failed','0s']},1]}", "/>=/0/count/1", "a length of time"},
	{"{'>=':[{'count':['Payment Failed','4000d']},1]}", "/>=/0/count/1", "a length of time"},
	{"{'>=':[{'count':['Payment Failed','1d']},65]}", "/>=/1", "a count goes up to 64"},
	{"{'count':['Payment Failed','1d']}", "", "must be true or false"},
	{"{'>':[{'sum':['Order Completed','1d']},5]}", "/>/0/sum", "cannot have 2 arguments"},
	{"{'>':[{'sum':['Order Completed','e..x','1d']},5]}", "/>/0/sum/1",
		"not the way to a value"},
	{"{'>':[{'sum':['Order Completed','e.total','1d']},'5']}", "/>",
		"two numbers or two texts"},
	{"{'>':[{'last':['Order Completed']},5]}", "/>/0/last", "cannot have 1 argument;"},
	{"{'hasConsent':['marketing']}", "/hasConsent", "cannot have 1 argument;"},
	{"{'hasConsent':['marketing','pigeon']}", "/hasConsent/1", "email, sms"},
	{"{'hasConsent':['','email']}", "/hasConsent/0", "1 to 64 bytes"},
	{"{'inSegment':'gold'}", "/inSegment", "no such segment"},
	{"{'inSegment':'Gold!'}", "/inSegment", "an id"},
	{"{'>':[{'pctile':'height'},0.9]}", "/>/0/pctile", "value"},
	{"{'>':[{'localHour':[]},8]}", "/>/0/localHour", "cannot have 0 arguments"},
};

static bool has(const char *text, const char *part)
{
	for (; *text; text++)
		if (strncmp(text, part, strlen(part)) == 0)
			return true;
	return false;
}

static void test_refusals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *one = &refusals[i];
		_cleanup_(rules_freep) struct rules *rules = NULL;
		_cleanup_(buf_release) struct buf pointer = BUF_INIT;

		buf_printf(&pointer, "/cancel/0/when%s", one->where);
		check_int(one->condition, (int)i, "result",
			cond_case(one->condition, &problems, &rules), RULES_BAD);
		if (problems.n == 0)
			continue;
		check_span(one->condition, (int)i, "pointer", span_str(problems.list[0].pointer),
			buf_span(&pointer));
		CHECK_STR(span_str(problems.list[0].file), "rules.json");
		if (!has(problems.list[0].message, one->words))
			check_span(one->condition, (int)i, "message",
				span_str(problems.list[0].message), span_str(one->words));
	}
}

int main(void)
{
	static const struct check_case cases[] = {{"refusals", test_refusals}};

	return check_run(cases, ARRAY_SIZE(cases));
}
