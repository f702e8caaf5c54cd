/* SPDX-License-Identifier: MIT */
/* What follows from consents and from what became of messages. */
#include "core/contact.h"

#include "core/identity.h"
#include "core/journey.h"

#include "consent_sides.h"

/* The later word of two on one topic; at a tie the stricter. */
static const struct consent *later(const struct consent *a, const struct consent *b)
{
	if (!a || b->at > a->at || (b->at == a->at && b->word < a->word))
		return b;
	return a;
}

/* Who is asked about what. */
struct ask {
	const struct journey *journey;
	struct span topic;
	enum job_channel channel;
};

static bool is_on(const struct ask *ask, const struct consent *c)
{
	return c->channel == ask->channel || c->channel == JOB_CHANNEL_COUNT;
}

/* What was said last of TOPIC on the channel or on all channels, as far as SIDE has heard; NULL:
 * nothing. */
static const struct consent *latest(const struct ask *ask, struct span topic, struct span side)
{
	const struct consent *found = NULL;

	for (size_t i = 0; i < ask->journey->n_consents; i++) {
		const struct consent *c = &ask->journey->consents[i];

		if (is_on(ask, c) && span_equal(text_span(c->topic), topic) &&
			consent_heard(ask->journey, c, side))
			found = later(found, c);
	}
	return found;
}

/* Where nobody said anything. */
static enum consent_answer unsaid(const struct journey *j, enum job_channel channel)
{
	switch (channel) {
	case JOB_CHANNEL_EMAIL:
	case JOB_CHANNEL_SMS:
		return j->n_orders > 0 && journey_has_address(j, channel) ? CONSENT_IS_SOFT
									  : CONSENT_NO_WORD;
	case JOB_CHANNEL_MAIL:
		return j->n_orders > 0 ? CONSENT_IS_SOFT : CONSENT_NO_WORD;
	case JOB_CHANNEL_INAPP:
		return CONSENT_IS_SOFT;
	case JOB_CHANNEL_WEBHOOK:
	case JOB_CHANNEL_TASK:
		return CONSENT_IS_GIVEN;
	case JOB_CHANNEL_PUSH:
	case JOB_CHANNEL_CALL:
	case JOB_CHANNEL_COUNT:
		break;
	}
	return CONSENT_NO_WORD;
}

/* As SIDE knows it. */
static enum consent_answer answer_of(const struct ask *ask, struct span side)
{
	static const enum consent_answer answers[] = {
		[CONSENT_WITHDRAWN] = CONSENT_IS_WITHDRAWN,
		[CONSENT_SOFT] = CONSENT_IS_SOFT,
		[CONSENT_GIVEN] = CONSENT_IS_GIVEN,
	};
	const struct consent *all = latest(ask, SPAN_EMPTY, side);
	const struct consent *one = ask->topic.len ? latest(ask, ask->topic, side) : NULL;

	if (one && one->word == CONSENT_WITHDRAWN)
		return CONSENT_IS_WITHDRAWN;
	if (all && all->word == CONSENT_WITHDRAWN && (!one || all->at >= one->at))
		return CONSENT_IS_WITHDRAWN;
	if (one)
		return answers[one->word];
	return all ? answers[all->word] : CONSENT_NO_WORD;
}

static bool concerns(const struct ask *ask, const struct consent *c)
{
	return is_on(ask, c) && (c->topic.len == 0 || span_equal(text_span(c->topic), ask->topic));
}

/* Has OTHER heard all that SIDE said? */
static bool is_heard(const struct ask *ask, struct span side, struct span other)
{
	for (size_t i = 0; i < ask->journey->n_consents; i++) {
		const struct consent *c = &ask->journey->consents[i];

		if (concerns(ask, c) && span_equal(text_span(c->side), side) &&
			!consent_heard(ask->journey, c, other))
			return false;
	}
	return true;
}

/* Does SIDE speak for itself? What another one has heard is in that one's answer. */
static bool speaks(const struct ask *ask, struct span side)
{
	for (size_t i = 0; i < ask->journey->n_consents; i++) {
		const struct consent *c = &ask->journey->consents[i];

		if (concerns(ask, c) && !span_equal(text_span(c->side), side) &&
			is_heard(ask, side, text_span(c->side)))
			return false;
	}
	return true;
}

enum consent_answer journey_consent_answer(
	const struct journey *j, struct span topic, enum job_channel channel)
{
	const struct ask ask = {j, topic, channel};
	enum consent_answer strictest = CONSENT_NO_WORD;
	bool known = false; /* what the customer's own words come to */

	if (channel == JOB_CHANNEL_TASK || channel == JOB_CHANNEL_WEBHOOK)
		return CONSENT_IS_GIVEN;
	for (size_t i = 0; i < j->n_consents; i++) {
		struct span side = text_span(j->consents[i].side);
		enum consent_answer answer;

		if (!concerns(&ask, &j->consents[i]) || (side.len == 0 && known) ||
			!speaks(&ask, side))
			continue;
		known = known || side.len == 0;
		answer = answer_of(&ask, side);
		if (strictest == CONSENT_NO_WORD || answer < strictest)
			strictest = answer;
	}
	return strictest == CONSENT_NO_WORD ? unsaid(j, channel) : strictest;
}

bool journey_consent(const struct journey *j, struct span topic, enum job_channel channel)
{
	return journey_consent_answer(j, topic, channel) >= CONSENT_IS_SOFT;
}

bool journey_opted_out(const struct journey *j, enum job_channel channel)
{
	return journey_consent_answer(j, SPAN_EMPTY, channel) == CONSENT_IS_WITHDRAWN;
}

/* ---- addresses --------------------------------------------------------------------------- */

static bool is_number(enum job_channel channel)
{
	return channel == JOB_CHANNEL_SMS || channel == JOB_CHANNEL_CALL;
}

struct span address_normal(enum job_channel channel, struct span which, char buf[ADDRESS_MAX])
{
	size_t n = 0;

	if (which.len > ADDRESS_MAX)
		return SPAN_EMPTY;
	for (size_t i = 0; i < which.len; i++) {
		char c = which.ptr[i];

		if (is_number(channel) && (c < '0' || c > '9') && c != '+')
			continue;
		buf[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return span_of(buf, n);
}

bool journey_has_address(const struct journey *j, enum job_channel channel)
{
	char buf[ADDRESS_MAX];

	return journey_address_now(j, channel, buf).len > 0;
}

struct span journey_address_now(
	const struct journey *j, enum job_channel channel, char buf[ADDRESS_MAX])
{
	struct span email = text_span(j->traits[TRAIT_EMAIL]);
	struct span phone = text_span(j->traits[TRAIT_PHONE]);

	if (channel == JOB_CHANNEL_EMAIL && identity_is_address(email))
		return address_normal(channel, email, buf);
	if (is_number(channel) && identity_is_number(phone))
		return address_normal(channel, phone, buf);
	return SPAN_EMPTY;
}

int64_t journey_address_ended(const struct journey *j, enum job_channel channel)
{
	enum trait t = is_number(channel) ? TRAIT_PHONE : TRAIT_EMAIL;

	if (j->traits[t].len > 0 || (channel != JOB_CHANNEL_EMAIL && !is_number(channel)))
		return INT64_MIN;
	return j->trait_at[t];
}

static int64_t delivered_at(const struct address *a, const struct address *also)
{
	return int64_max(a ? a->delivered_at : INT64_MIN, also ? also->delivered_at : INT64_MIN);
}

static unsigned soft_after(const struct address *a, int64_t at)
{
	unsigned row = 0;

	while (a && row < ADDRESS_SOFT_MAX && a->soft[row] != INT64_MIN && a->soft[row] > at)
		row++;
	return row;
}

unsigned address_soft_row(const struct address *a, const struct address *also)
{
	int64_t at = delivered_at(a, also);
	unsigned row = soft_after(a, at) + soft_after(also, at);

	return row < ADDRESS_SOFT_MAX ? row : ADDRESS_SOFT_MAX;
}

/* What is known of the address itself, and what was said of none: either may be NULL. */
static enum reach reach_of(const struct address *own, const struct address *any)
{
	int64_t at = delivered_at(own, any);

	if ((own && own->complained_at != INT64_MIN) || (any && any->complained_at != INT64_MIN))
		return REACH_COMPLAINED;
	if ((own && own->hard_at > at) || (any && any->hard_at > at))
		return REACH_BOUNCED;
	return address_soft_row(own, any) == ADDRESS_SOFT_MAX ? REACH_BOUNCED : REACH_OK;
}

enum reach journey_reach(const struct journey *j, enum job_channel channel, int64_t now)
{
	char buf[ADDRESS_MAX];
	struct span address;

	if (channel == JOB_CHANNEL_INAPP)
		return j->web_active_at != INT64_MIN && j->web_active_at >= now - REACH_ACTIVE_MS
			       ? REACH_OK
			       : REACH_NOT_ACTIVE;
	address = journey_address_now(j, channel, buf);
	/* Of the other channels the address is the consumer's to find out. */
	if (address.len == 0 && (channel == JOB_CHANNEL_EMAIL || is_number(channel)))
		return REACH_NO_ADDRESS;
	return reach_of(address.len > 0 ? journey_address(j, channel, address) : NULL,
		journey_address(j, channel, SPAN_EMPTY));
}
