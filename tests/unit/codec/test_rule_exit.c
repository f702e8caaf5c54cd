/* SPDX-License-Identifier: MIT */
/*
 * Whom a rule hands over to that ends where its condition does not hold any more: what it asks must
 * be known of the past, or the order of arrival would decide. What is refused, and what is close to
 * it and is not.
 */
#include "rule_case.h"

#define OVER "'cancel':['Cart Emptied',{'event':'Checkout Started','to':'b'}],"
#define EXIT "'exit_policy':'not_matching',"

/* Is it refused for its exit_policy, and for nothing else? */
static bool is_refused(const char *profile, const char *members, const char *fire_if)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	buf_printf(&text,
		"[{'id':'a','class':'task','wait':'1h','channels':['task'],'arm':['Product Added'],"
		"%s%s'fire_if':%s},"
		"{'id':'b','class':'task','wait':'1h','channels':['task'],'arm':['Product "
		"Viewed']}]",
		members, profile, fire_if);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\'')
			text.ptr[i] = '"';
	r = compile(buf_span(&text), &rules);
	if (r == 0)
		return false;
	CHECK_INT(problems.n, 1);
	CHECK(problems.n > 0 && strcmp(problems.list[0].pointer, "/0/exit_policy") == 0);
	return true;
}

struct row {
	const char *members, *fire_if;
	bool refused;
};

static const struct row rows[] = {
	{OVER EXIT, "{'==':[{'var':'s.open_cases'},0]}", true},
	{OVER EXIT, "{'<':[{'var':'s.events'},3]}", true},
	{OVER EXIT, "{'==':[{'var':'s.open_orders'},0]}", true},
	{OVER EXIT, "{'>=':[{'var':'s.orders'},1]}", true},
	{OVER EXIT, "{'<':[3,{'var':'s.orders'}]}", true},
	{OVER EXIT, "{'!':[{'<':[{'var':'s.orders'},3]}]}", true},
	{OVER EXIT, "{'==':[{'var':'s.orders'},1]}", true},
	{OVER EXIT, "{'!=':[{'var':'s.orders'},0]}", true},
	{OVER EXIT, "{'<':[0,{'var':'s.orders'},3]}", true},
	{OVER EXIT, "{'<':[{'var':'s.orders'},{'var':'s.purchase_days'}]}", true},
	{OVER EXIT, "{'and':[{'<':[{'var':'s.orders'},3]},{'==':[{'var':'s.stage'},'repeat']}]}",
		true},
	{OVER EXIT, "{'or':[{'<':[{'var':'s.orders'},1]},{'>':[{'var':'s.orders'},2]}]}", true},
	{OVER EXIT, "{'<':[{'var':'s.orders'},3]}", false},
	{OVER EXIT, "{'<=':[{'var':'s.orders'},0]}", false},
	{OVER EXIT, "{'>':[3,{'var':'s.orders'}]}", false},
	{OVER EXIT, "{'==':[{'var':'s.orders'},0]}", false},
	{OVER EXIT, "{'==':[0,{'var':'s.orders'}]}", false},
	{OVER EXIT, "{'!':[{'!=':[{'var':'s.orders'},0]}]}", false},
	{OVER EXIT, "{'!':[{'or':[{'>=':[{'var':'s.orders'},3]},{'<':[4,{'var':'s.orders'}]}]}]}",
		false},
	/* It hands nothing over, */
	{"'cancel':['Cart Emptied','Checkout Started']," EXIT, "{'==':[{'var':'s.open_cases'},0]}",
		false},
	/* or is not over before it is due. */
	{OVER, "{'==':[{'var':'s.open_cases'},0]}", false},
	{OVER "'exit_policy':'cancel_only',", "{'==':[{'var':'s.open_cases'},0]}", false},
	{OVER "'goal':['Order Completed'],'exit_policy':'goal',",
		"{'==':[{'var':'s.open_cases'},0]}", false},
};

static void test_strict(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool refused = is_refused("", rows[i].members, rows[i].fire_if);

		CHECK_INT(refused ? i : i + 1000, rows[i].refused ? i : i + 1000);
	}
	/* What was known when it was armed is another thing for each arming. */
	CHECK(is_refused("", OVER EXIT "'data':{'n':'ctx.s.orders'},",
		"{'<':[{'var':'s.orders'},{'var':'ctx.n'}]}"));
	CHECK(is_refused("", OVER EXIT, "{'hasConsent':['marketing','email']}"));
	CHECK(is_refused("", OVER EXIT, "{'<':[{'count':['Product Viewed','7d']},2]}"));
}

/* Nothing is known there of what conditions mean, so that all are refused. */
static void test_compat(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool over = strstr(rows[i].members, OVER EXIT) != NULL;
		bool refused = is_refused("'profile':'compat',", rows[i].members, rows[i].fire_if);

		CHECK_INT(refused ? i : i + 1000, over ? i : i + 1000);
	}
}

/* What may come true again, and is known of any instant, is asked of the instants. */
static void test_waits(void)
{
	static const struct {
		const char *exit, *fire_if;
		bool waits;
	} list[] = {
		{"not_matching", "{\"==\":[{\"var\":\"s.orders\"},1]}", true},
		{"not_matching", "{\">=\":[{\"var\":\"s.orders\"},1]}", true},
		{"not_matching", "{\"<\":[{\"var\":\"s.open_orders\"},1]}", true},
		{"cancel_only", "{\"==\":[{\"var\":\"s.orders\"},1]}", false},
		{"not_matching", "{\"<\":[{\"var\":\"s.orders\"},1]}", false},
		{"not_matching", "{\"<\":[{\"var\":\"s.open_cases\"},1]}", false},
		{"not_matching",
			"{\"and\":[{\">=\":[{\"var\":\"s.orders\"},1]},{\"var\":\"s.has_email\"}]}",
			false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;
		char members[256];

		snprintf(members, sizeof(members),
			"\"arm\":[\"Product Added\"],\"exit_policy\":\"%s\",\"fire_if\":%s",
			list[i].exit, list[i].fire_if);
		REQUIRE(compile_with(members, &rules) == 0);
		CHECK_INT(rules->list[0].exit_waits ? i : i + 1000, list[i].waits ? i : i + 1000);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"strict", test_strict},
		{"compat", test_compat},
		{"what waits before it ends", test_waits},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
