/* SPDX-License-Identifier: MIT */
/*
 * Which way a message goes: of the rule's channels, as the customer ranks them, the first on which
 * we may (consent) and can (reachability) and which is worth its cost.
 *
 * Consent by class (triggers, section 8; PECR and GDPR are what it is made for, and this is no
 * advice on them): marketing needs a word of the customer on the topic and the channel, or soft
 * opt-in; service needs something going on that it is about, or, with a topic, that it was asked
 * for, and then a general objection still holds; a task is work for staff.
 */
#include "core/priority.h"
#include "gate_turn.h"

/* So long after its last news an order is still a contract whose messages are service; and after
 * its day an appointment of which nobody said what became of it. */
#define CONTRACT_MS (90 * MS_DAY)

/* Who only looks has agreed to nothing; and what an order is for is not the order. */
static bool is_browsing(enum thing_kind kind)
{
	return kind == THING_WISH || kind == THING_VIEW || kind == THING_OCCASION;
}

static bool names_something(const struct journey *j, struct span key)
{
	const char *colon = key.len > 0 ? memchr(key.ptr, ':', key.len) : NULL;
	struct span word, id;
	enum thing_kind kind;

	if (!colon)
		return false;
	word = span_of(key.ptr, (size_t)(colon - key.ptr));
	id = span_of(colon + 1, key.len - word.len - 1);
	if (span_is(word, "order"))
		return journey_order(j, id) != NULL;
	kind = thing_kind_of(word);
	return kind < THING_KIND_COUNT && !is_browsing(kind) && journey_thing(j, kind, id);
}

/* Open, and still going on: the day of an appointment passes by itself. */
static bool is_going_on(const struct thing *t, int64_t now)
{
	int64_t due_at = t->due_at == TIME_NEVER ? INT64_MIN : t->due_at;

	if (is_browsing(t->kind) || !thing_is_open(t))
		return false;
	return t->kind != THING_APPOINTMENT || int64_max(t->touched_at, due_at) > now - CONTRACT_MS;
}

/* An order, a repair, an appointment, a question that waits, a programme one takes part in. */
static bool has_contract(const struct journey *j, const struct instance *i, int64_t now)
{
	const struct profile *p = j->profile;

	if (names_something(j, text_span(i->key)))
		return true;
	for (size_t n = 0; n < j->n_orders_kept; n++)
		if (order_is_open(&j->orders[n]) || j->orders[n].touched_at > now - CONTRACT_MS)
			return true;
	for (size_t n = 0; n < j->n_things; n++)
		if (is_going_on(&j->things[n], now))
			return true;
	return p &&
	       (p->texts[PROFILE_TIER].text.len > 0 || p->numbers[PROFILE_POINTS].at != INT64_MIN);
}

static enum gate_reason may_service(const struct gate_turn *t, enum job_channel way)
{
	const struct gate_ask *ask = t->ask;
	struct span topic = ask->rule->gates.topic;

	if (topic.len == 0)
		return has_contract(ask->journey, ask->instance, ask->now) ? REASON_NONE
									   : REASON_NO_CONTRACT;
	if (journey_opted_out(ask->journey, way) ||
		journey_consent_answer(ask->journey, topic, way) == CONSENT_IS_WITHDRAWN)
		return REASON_WITHDRAWN;
	return REASON_NONE;
}

static enum gate_reason may(const struct gate_turn *t, enum job_channel way)
{
	struct span topic = t->ask->rule->gates.topic;

	switch (t->class) {
	case RULE_TASK:
		return REASON_NONE;
	case RULE_SERVICE:
		return may_service(t, way);
	case RULE_MARKETING:
		break;
	}
	if (topic.len == 0)
		topic = SPAN_LIT("marketing");
	switch (journey_consent_answer(t->ask->journey, topic, way)) {
	case CONSENT_IS_WITHDRAWN:
		return REASON_WITHDRAWN;
	case CONSENT_NO_WORD:
		return REASON_NO_CONSENT;
	case CONSENT_IS_SOFT:
	case CONSENT_IS_GIVEN:
		break;
	}
	return REASON_NONE;
}

static bool refuse_consent(struct gate_turn *t, enum gate_reason reason, enum job_channel way)
{
	struct span channel = job_channel_name(way), topic = t->ask->rule->gates.topic;

	if (topic.len == 0)
		topic = rule_class_name(t->class);
	if (reason == REASON_NO_CONTRACT)
		return gate_answer(t, GATE_CANCEL, reason,
			"A service message needs an order or another matter it is about, and there "
			"is none.");
	return gate_answer(t, GATE_CANCEL, reason,
		reason == REASON_WITHDRAWN ? "The customer does not want %.*s by %.*s."
					   : "The customer never agreed to %.*s by %.*s.",
		(int)topic.len, topic.ptr, (int)channel.len, channel.ptr);
}

bool gate_consent(struct gate_turn *t)
{
	enum gate_reason first = REASON_NONE;
	size_t n = 0;

	for (size_t i = 0; i < t->n_ways; i++) {
		enum gate_reason reason = may(t, t->ways[i]);

		if (reason == REASON_NONE)
			t->ways[n++] = t->ways[i];
		else if (i == 0)
			first = reason;
	}
	if (n == 0)
		return refuse_consent(t, first, t->first);
	if (first != REASON_NONE) {
		(void)refuse_consent(t, first, t->first);
		t->verdict->answer = GATE_REROUTE;
	}
	t->n_ways = n;
	t->channel = t->ways[0];
	return true;
}

static enum gate_reason can(const struct gate_turn *t, enum job_channel way)
{
	const struct policy_channel *c = &t->policy->channels[way];

	switch (journey_reach(t->ask->journey, way, t->ask->now)) {
	case REACH_NO_ADDRESS:
		return REASON_UNREACHABLE;
	case REACH_BOUNCED:
		return REASON_BOUNCED;
	case REACH_COMPLAINED:
		return REASON_COMPLAINED;
	case REACH_NOT_ACTIVE:
		return REASON_NOT_ACTIVE;
	case REACH_OK:
		break;
	}
	if (c->priority > t->verdict->priority && !priority_is_valued(t->policy, t->ask->journey))
		return REASON_TOO_COSTLY;
	return REASON_NONE;
}

static bool refuse_way(struct gate_turn *t, enum gate_reason reason, enum job_channel way)
{
	static const char *const words[GATE_REASON_COUNT] = {
		[REASON_UNREACHABLE] = "There is no address for",
		[REASON_BOUNCED] = "What was sent before came back, and nothing goes any more by",
		[REASON_COMPLAINED] = "The customer marked as spam what came by",
		[REASON_NOT_ACTIVE] = "Nobody is there to see a message by",
		[REASON_TOO_COSTLY] = "This is not grave enough for",
	};
	struct span channel = job_channel_name(way);
	int64_t ended = journey_address_ended(t->ask->journey, way);
	char at[INSTANT_SIZE];

	if (reason == REASON_UNREACHABLE && ended != INT64_MIN) {
		instant_format(ended, at);
		return gate_answer(t, GATE_CANCEL, reason,
			"The address for %.*s was taken back at %s.", (int)channel.len, channel.ptr,
			at);
	}
	return gate_answer(
		t, GATE_CANCEL, reason, "%s %.*s.", words[reason], (int)channel.len, channel.ptr);
}

/* Who does not want us at one address, or has closed it, is not followed to the next with an
 * advertisement; only what has to reach them is. */
static bool ends_the_search(const struct gate_turn *t, enum gate_reason reason)
{
	return t->class == RULE_MARKETING &&
	       (reason == REASON_BOUNCED || reason == REASON_COMPLAINED);
}

bool gate_reachable(struct gate_turn *t)
{
	enum gate_reason first = REASON_NONE;
	enum job_channel refused = t->first;

	for (size_t i = 0; i < t->n_ways; i++) {
		enum gate_reason reason = can(t, t->ways[i]);

		if (reason == REASON_NONE) {
			t->channel = t->ways[i];
			if (first != REASON_NONE && t->verdict->answer != GATE_REROUTE) {
				(void)refuse_way(t, first, refused);
				t->verdict->answer = GATE_REROUTE;
			}
			return true;
		}
		if (first == REASON_NONE || ends_the_search(t, reason)) {
			first = reason;
			refused = t->ways[i];
		}
		if (ends_the_search(t, reason))
			break;
	}
	return refuse_way(t, first, refused);
}
