/* SPDX-License-Identifier: MIT */
#include "core/money.h"

struct span money_main(const struct policy *p, const struct journey *j)
{
	if (p->currency.len > 0)
		return p->currency;
	return j->profile ? text_span(j->profile->texts[PROFILE_CURRENCY].text) : SPAN_EMPTY;
}

bool money_of_order(const struct order *o, struct decimal *ret_sum)
{
	struct span raw = text_span(o->total);

	/* As JSON: a number, or a text that is one. */
	if (raw.len >= 2 && raw.ptr[0] == '"')
		raw = span_of(raw.ptr + 1, raw.len - 2);
	return decimal_parse(raw, ret_sum) == 0;
}

static bool counts(const struct order *o)
{
	return o->at[MILESTONE_PLACED] != TIME_NEVER &&
	       order_reached_at(o, MILESTONE_CANCELLED) == TIME_NEVER &&
	       order_reached_at(o, MILESTONE_REFUNDED) == TIME_NEVER;
}

bool money_spent(
	const struct journey *j, struct span currency, struct span main, struct decimal *ret_sum)
{
	struct decimal sum = {0, 0}, one;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];
		struct span of = o->currency.len > 0 ? text_span(o->currency) : main;

		if (!counts(o) || !span_equal(of, currency) || !money_of_order(o, &one))
			continue;
		if (decimal_add(sum, one, &sum) != 0)
			return false;
	}
	*ret_sum = sum;
	return true;
}
