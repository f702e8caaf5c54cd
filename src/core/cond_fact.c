/* SPDX-License-Identifier: MIT */
/* Facts about the customer, `s.NAME`. */
#include "cond_run.h"

struct span cond_fact_name(enum state_fact fact)
{
	static const char *const names[STATE_FACT_COUNT] = {
#define X(ID, NAME) [STATE_##ID] = (NAME),
		STATE_FACTS(X)
#undef X
	};

	return span_str(names[fact]);
}

static struct value value_count(uint64_t n)
{
	int64_t capped = n > INT32_MAX ? INT32_MAX : (int64_t)n;

	return (struct value){.type = VALUE_NUMBER, .number = decimal_from_int(capped)};
}

static uint64_t open_carts(const struct journey *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_carts; i++)
		n += cart_is_open(&j->carts[i]);
	return n;
}

static uint64_t open_orders(const struct journey *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		n += order_is_open(&j->orders[i]);
	return n;
}

/* Of an event that names no order, and at fire time, nothing can be said. */
static struct value order_delivered(const struct journey *j, const struct event *e)
{
	struct span id = e ? value_id(event_field(e, FIELD_ORDER_ID), ENTITY_MAX) : SPAN_EMPTY;
	const struct order *o = id.len ? journey_order(j, id) : NULL;

	if (!o)
		return cond_missing;
	return cond_bool(order_reached_at(o, MILESTONE_DELIVERED) != TIME_NEVER);
}

struct value cond_fact(enum state_fact fact, const struct cond_scope *s)
{
	const struct journey *j = s->journey;

	switch (fact) {
	case STATE_ORDERS:
		return value_count(j->n_orders);
	case STATE_OPEN_ORDERS:
		return value_count(open_orders(j));
	case STATE_OPEN_CARTS:
		return value_count(open_carts(j));
	case STATE_EVENTS:
		return value_count(j->n_events);
	case STATE_IDENTIFIED:
		return cond_bool(j->user_id.len > 0);
	case STATE_HAS_EMAIL:
		return cond_bool(j->traits[TRAIT_EMAIL].len > 0);
	case STATE_HAS_PHONE:
		return cond_bool(j->traits[TRAIT_PHONE].len > 0);
	case STATE_STAGE:
		return (struct value){
			.type = VALUE_STRING, .text = stage_name(journey_stage(j, s->now))};
	case STATE_ORDER_DELIVERED:
		return order_delivered(j, s->event);
	case STATE_FACT_COUNT:
		break;
	}
	return cond_missing;
}
