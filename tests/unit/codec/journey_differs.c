/* SPDX-License-Identifier: MIT */
/* In which member two journeys, or two entries of a timeline, differ. */
#include "journey_chance.h"

#include "chance_orders.h"
#include "chance_things.h"

#include "differs.h"

#define SPAN_DIFFERS(NAME)                                                                         \
	if (!span_equal(a->NAME, b->NAME))                                                         \
	return #NAME

static const char *cart_differs(const struct cart *a, const struct cart *b)
{
	TEXT_DIFFERS(key);
	DIFFERS(first_at);
	DIFFERS(last_at);
	DIFFERS(added_at);
	DIFFERS(checkout_at);
	DIFFERS(ordered_at);
	DIFFERS(emptied_at);
	return NULL;
}

static const char *instance_differs(const struct instance *a, const struct instance *b)
{
	TEXT_DIFFERS(rule);
	TEXT_DIFFERS(key);
	DIFFERS(state);
	DIFFERS(outcome);
	DIFFERS(epoch);
	DIFFERS(episode);
	DIFFERS(step);
	DIFFERS(emitted);
	DIFFERS(anchor_at);
	DIFFERS(armed_at);
	DIFFERS(deadline_at);
	DIFFERS(fire_at);
	DIFFERS(cancelled_at);
	DIFFERS(last_deadline_at);
	DIFFERS(last_anchor_at);
	DIFFERS(until_at);
	DIFFERS(touched_at);
	DIFFERS(last_episode);
	DIFFERS(last_step);
	TEXT_DIFFERS(by);
	TEXT_DIFFERS(data);
	TEXT_DIFFERS(missing);
	DIFFERS(held_at);
	DIFFERS(version);
	DIFFERS(deferred_until);
	DIFFERS(due_at);
	DIFFERS(gate);
	DIFFERS(reason);
	DIFFERS(skipped_steps);
	DIFFERS(cools_until);
	DIFFERS(arming_at);
	DIFFERS(last_arming_at);
	DIFFERS(touch_at);
	DIFFERS(floor_at);
	DIFFERS(counted);
	DIFFERS(n_armings);
	for (size_t k = 0; k < a->n_armings; k++) {
		DIFFERS(armings[k].at);
		DIFFERS(armings[k].entry);
		DIFFERS(armings[k].deadline_at);
		DIFFERS(armings[k].worth.mantissa);
		DIFFERS(armings[k].worth.exponent);
		TEXT_DIFFERS(armings[k].by);
		TEXT_DIFFERS(armings[k].data);
		TEXT_DIFFERS(armings[k].subject);
		TEXT_DIFFERS(armings[k].giver);
		TEXT_DIFFERS(armings[k].about);
		DIFFERS(armings[k].stands);
	}
	DIFFERS(n_cancels);
	for (size_t k = 0; k < a->n_cancels; k++)
		DIFFERS(cancels[k]);
	DIFFERS(n_taken);
	for (size_t k = 0; k < a->n_taken; k++) {
		DIFFERS(taken[k].epoch);
		DIFFERS(taken[k].episode);
		DIFFERS(taken[k].step);
		DIFFERS(taken[k].arming_at);
		DIFFERS(taken[k].deadline_at);
		DIFFERS(taken[k].taken_at);
		TEXT_DIFFERS(taken[k].subject);
	}
	if ((a->paused == NULL) != (b->paused == NULL))
		return "paused";
	if (a->paused) {
		DIFFERS(paused->since_at);
		DIFFERS(paused->what.at);
		DIFFERS(paused->what.deadline_at);
		DIFFERS(paused->what.worth.mantissa);
		DIFFERS(paused->what.worth.exponent);
		TEXT_DIFFERS(paused->what.by);
		TEXT_DIFFERS(paused->what.data);
		TEXT_DIFFERS(paused->what.subject);
	}
	DIFFERS(n_moments);
	for (size_t k = 0; k < a->n_moments; k++) {
		DIFFERS(moments[k].at);
		DIFFERS(moments[k].what);
	}
	DIFFERS(n_earlier);
	for (size_t k = 0; k < a->n_earlier; k++) {
		DIFFERS(earlier[k].episode);
		DIFFERS(earlier[k].step);
		DIFFERS(earlier[k].arming_at);
		DIFFERS(earlier[k].anchor_at);
		DIFFERS(earlier[k].deadline_at);
		TEXT_DIFFERS(earlier[k].subject);
		TEXT_DIFFERS(earlier[k].home);
		TEXT_DIFFERS(earlier[k].told);
	}
	DIFFERS(worth.mantissa);
	DIFFERS(worth.exponent);
	TEXT_DIFFERS(superseded_by);
	TEXT_DIFFERS(told);
	TEXT_DIFFERS(subject);
	TEXT_DIFFERS(last_subject);
	TEXT_DIFFERS(home);
	return spent_differs(a, b);
}

static const char *note_differs(const struct note *a, const struct note *b)
{
	TEXT_DIFFERS(rule);
	DIFFERS(reason);
	DIFFERS(at);
	TEXT_DIFFERS(by);
	DIFFERS(by_at);
	TEXT_DIFFERS(words);
	return NULL;
}

static const char *lists_differ(const struct journey *a, const struct journey *b)
{
	const char *what = NULL;

	DIFFERS(n_carts);
	DIFFERS(n_orders_kept);
	DIFFERS(n_instances);
	DIFFERS(n_notes);
	for (size_t i = 0; i < a->n_carts && !what; i++)
		what = cart_differs(&a->carts[i], &b->carts[i]);
	for (size_t i = 0; i < a->n_orders_kept && !what; i++)
		what = order_differs(&a->orders[i], &b->orders[i]);
	for (size_t i = 0; i < a->n_carts && !what; i++)
		what = basket_differs(a->carts[i].basket, b->carts[i].basket);
	for (size_t i = 0; i < a->n_orders_kept && !what; i++)
		what = basket_differs(a->orders[i].basket, b->orders[i].basket);
	for (size_t i = 0; i < a->n_instances && !what; i++)
		what = instance_differs(&a->instances[i], &b->instances[i]);
	for (size_t i = 0; i < a->n_notes && !what; i++)
		what = note_differs(&a->notes[i], &b->notes[i]);
	return what;
}

const char *journey_differs(const struct journey *a, const struct journey *b)
{
	TEXT_DIFFERS(customer);
	TEXT_DIFFERS(user_id);
	TEXT_DIFFERS(anonymous_id);
	for (unsigned i = 0; i < TRAIT_COUNT; i++) {
		TEXT_DIFFERS(traits[i]);
		DIFFERS(trait_at[i]);
	}
	DIFFERS(n_events);
	DIFFERS(n_orders);
	DIFFERS(first_at);
	DIFFERS(last_at);
	DIFFERS(engaged_at);
	DIFFERS(received_at);
	DIFFERS(due_at);
	if (lists_differ(a, b))
		return lists_differ(a, b);
	return things_differ(a, b);
}

static const char *decision_differs(const struct decision *a, const struct decision *b)
{
	DIFFERS(outcome);
	SPAN_DIFFERS(rule);
	DIFFERS(epoch);
	SPAN_DIFFERS(key);
	DIFFERS(episode);
	SPAN_DIFFERS(step);
	DIFFERS(at);
	DIFFERS(anchor_at);
	DIFFERS(armed_at);
	DIFFERS(deadline_at);
	DIFFERS(fire_at);
	SPAN_DIFFERS(by);
	DIFFERS(by_at);
	DIFFERS(late);
	SPAN_DIFFERS(data);
	DIFFERS(gate);
	DIFFERS(reason);
	DIFFERS(until);
	SPAN_DIFFERS(channel);
	DIFFERS(likelihood.mantissa);
	DIFFERS(likelihood.exponent);
	DIFFERS(impact.mantissa);
	DIFFERS(impact.exponent);
	DIFFERS(priority);
	DIFFERS(version);
	SPAN_DIFFERS(words);
	SPAN_DIFFERS(subject);
	return NULL;
}

const char *entry_differs(const struct timeline_entry *a, const struct timeline_entry *b)
{
	DIFFERS(kind);
	DIFFERS(id.ms);
	DIFFERS(id.seq);
	DIFFERS(nth);
	DIFFERS(at);
	if (a->kind == ENTRY_DECISION)
		return decision_differs(&a->decision, &b->decision);
	DIFFERS(type);
	DIFFERS(channel);
	DIFFERS(flags);
	SPAN_DIFFERS(name);
	SPAN_DIFFERS(original);
	SPAN_DIFFERS(source);
	SPAN_DIFFERS(message_id);
	SPAN_DIFFERS(user_id);
	SPAN_DIFFERS(anonymous_id);
	SPAN_DIFFERS(properties);
	return NULL;
}
