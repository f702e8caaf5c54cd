/* SPDX-License-Identifier: MIT */
/*
 * How urgent a message is: the brief's flowchart over a likelihood L and an impact I (triggers,
 * section 10). Is it likely? If not: low. If it is: is the impact high? Then high, else medium.
 *
 *	L = the rule's number or condition, or the quantile of the customer's own gaps that its wait
 *	    reaches; 1 for what was observed
 *	I = the rule's number or condition; else the greatest of
 *	    - the share of customers whose value is not above this one's, or not above the value of
 *	      the order concerned,
 *	    - 1 if an occasion of the customer's is at most 7 days away,
 *	    - 0.8 if the rule's class is service,
 *	    - the severity of the event that armed it, by the policy's table
 *
 * Inside a class order is by expected loss: L x I x value.
 */
#pragma once

#include "core/journey.h"
#include "core/money.h"
#include "core/rule.h"

struct priority {
	struct decimal likelihood, impact; /* 0..1 */
	enum priority_class class;
	int64_t loss;	    /* L x I x worth, in hundred-millionths; 0 where no value is known */
	struct worth worth; /* its currency is borrowed from policy or journey */
};

/* Of what SCOPE is about, its instance included. */
void priority_of(
	const struct cond_scope *scope, const struct rule *rule, struct priority *ret_priority);

/* The flowchart alone. */
enum priority_class priority_class_of(
	const struct policy *p, struct decimal likelihood, struct decimal impact);

/* <0 if A goes before B. */
int priority_compare(const struct priority *a, const struct priority *b);

/* Is the customer in the loyalty tier that the policy takes for the highest, or above? */
bool priority_is_top_tier(const struct policy *p, const struct journey *j);

/* Is the customer in the highest value tier of the policy, or in its highest loyalty tier? */
bool priority_is_valued(const struct policy *p, const struct journey *j);
