/* SPDX-License-Identifier: MIT */
#include "usual_journey.h"

static void set(struct text *t, const char *s)
{
	int r = text_set(t, span_str(s));

	assert(r == 0);
}

struct journey *usual_journey(void)
{
	static const char *const rules[][3] = {
		{"cart_abandoned", "cart:C1001", "Product Added"},
		{"inactivity_fixed", "customer", "Product Added"},
		{"order_promise_passed", "order:O2002", "Order Completed"},
	};
	struct journey *j;
	struct cart *c;
	struct order *o;
	int r = journey_new(SPAN_LIT("cust_42"), &j);

	assert(r == 0);
	set(&j->user_id, "cust_42");
	set(&j->anonymous_id, "5f0c9d3e-8a1b-4c2d-9e3f-7a6b5c4d3e2f");
	set(&j->traits[TRAIT_EMAIL], "jane.doe@example.com");
	j->trait_at[TRAIT_EMAIL] = NOON - 20 * MS_DAY;
	j->n_events = 20;
	j->n_orders = 1;
	j->first_at = NOON - 30 * MS_DAY - 17;
	j->last_at = j->engaged_at = j->anonymous_at = NOON;
	j->received_at = NOON + 812;
	j->due_at = NOON + 4 * MS_HOUR + 2 * MS_MINUTE;
	c = journey_add_cart(j, SPAN_LIT("cart:C1001"));
	c->first_at = NOON - 1234567;
	c->last_at = c->added_at = NOON;
	o = journey_add_order(j, SPAN_LIT("O2002"));
	o->at[MILESTONE_PLACED] = o->total_said_at = o->promise_said_at = NOON - 2 * MS_DAY - 4711;
	o->at[MILESTONE_PAID] = o->at[MILESTONE_PLACED] + 61234;
	o->touched_at = o->at[MILESTONE_SHIPPED] = NOON - MS_DAY;
	o->promised_at = NOON + 3 * MS_DAY;
	set(&o->total, "1249.90");
	set(&o->currency, "EUR");
	for (size_t n = 0; n < ARRAY_SIZE(rules); n++) {
		struct instance *i =
			journey_add_instance(j, span_str(rules[n][0]), span_str(rules[n][1]));

		i->state = INSTANCE_ARMED;
		i->outcome = OUTCOME_ARMED;
		i->epoch = i->episode = 1;
		i->anchor_at = i->arming_at = NOON;
		i->armed_at = i->touched_at = NOON + 812;
		i->deadline_at = NOON + 4 * MS_HOUR;
		i->fire_at = NOON + 4 * MS_HOUR + 2 * MS_MINUTE;
		set(&i->by, rules[n][2]);
	}
	return j;
}
