/* SPDX-License-Identifier: MIT */
/* What follows from consents and from what became of messages. */
#include "core/contact.h"

#include "core/journey.h"

/* The later word of two on one topic; at a tie the stricter. */
static const struct consent *later(const struct consent *a, const struct consent *b)
{
	if (!a || b->at > a->at || (b->at == a->at && b->word < a->word))
		return b;
	return a;
}

/* What was said last of TOPIC on CHANNEL or on all channels; NULL: nothing. */
static const struct consent *latest(
	const struct journey *j, struct span topic, enum job_channel channel)
{
	const struct consent *found = NULL;

	for (size_t i = 0; i < j->n_consents; i++) {
		const struct consent *c = &j->consents[i];

		if (c->channel != channel && c->channel != JOB_CHANNEL_COUNT)
			continue;
		if (span_equal(text_span(c->topic), topic))
			found = later(found, c);
	}
	return found;
}

/* Where nobody said anything. */
static enum consent_answer unsaid(const struct journey *j, enum job_channel channel)
{
	switch (channel) {
	case JOB_CHANNEL_EMAIL:
		return j->n_orders > 0 && j->traits[TRAIT_EMAIL].len ? CONSENT_IS_SOFT
								     : CONSENT_NO_WORD;
	case JOB_CHANNEL_SMS:
		return j->n_orders > 0 && j->traits[TRAIT_PHONE].len ? CONSENT_IS_SOFT
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

enum consent_answer journey_consent_answer(
	const struct journey *j, struct span topic, enum job_channel channel)
{
	static const enum consent_answer answers[] = {
		[CONSENT_WITHDRAWN] = CONSENT_IS_WITHDRAWN,
		[CONSENT_SOFT] = CONSENT_IS_SOFT,
		[CONSENT_GIVEN] = CONSENT_IS_GIVEN,
	};
	const struct consent *all, *one;

	if (channel == JOB_CHANNEL_TASK || channel == JOB_CHANNEL_WEBHOOK)
		return CONSENT_IS_GIVEN;
	all = latest(j, SPAN_EMPTY, channel);
	one = topic.len ? latest(j, topic, channel) : NULL;
	if (one && one->word == CONSENT_WITHDRAWN)
		return CONSENT_IS_WITHDRAWN;
	if (all && all->word == CONSENT_WITHDRAWN && (!one || all->at >= one->at))
		return CONSENT_IS_WITHDRAWN;
	if (one)
		return answers[one->word];
	return all ? answers[all->word] : unsaid(j, channel);
}

bool journey_consent(const struct journey *j, struct span topic, enum job_channel channel)
{
	return journey_consent_answer(j, topic, channel) >= CONSENT_IS_SOFT;
}

bool journey_opted_out(const struct journey *j, enum job_channel channel)
{
	return journey_consent_answer(j, SPAN_EMPTY, channel) == CONSENT_IS_WITHDRAWN;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Mail addresses are the same whatever the case of their letters, for all that matters here. */
static bool same_address(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

/* Of what was not followed by a delivery. */
static bool bounced(const struct address *a, struct span now)
{
	unsigned row = 0;

	if (a->hard.at != INT64_MIN && a->hard.at > a->delivered_at &&
		(a->hard.text.len == 0 || now.len == 0 ||
			same_address(text_span(a->hard.text), now)))
		return true;
	while (row < ADDRESS_SOFT_MAX && a->soft[row] != INT64_MIN &&
		a->soft[row] > a->delivered_at)
		row++;
	return row == ADDRESS_SOFT_MAX;
}

enum reach journey_reach(const struct journey *j, enum job_channel channel, int64_t now)
{
	const struct address *a = journey_address(j, channel);
	struct span address = SPAN_EMPTY;

	if (channel == JOB_CHANNEL_INAPP)
		return j->web_active_at != INT64_MIN && j->web_active_at >= now - REACH_ACTIVE_MS
			       ? REACH_OK
			       : REACH_NOT_ACTIVE;
	if (channel == JOB_CHANNEL_EMAIL)
		address = text_span(j->traits[TRAIT_EMAIL]);
	else if (channel == JOB_CHANNEL_SMS || channel == JOB_CHANNEL_CALL)
		address = text_span(j->traits[TRAIT_PHONE]);
	else
		address = SPAN_LIT("?"); /* the consumer's to find out */
	if (address.len == 0)
		return REACH_NO_ADDRESS;
	if (!a)
		return REACH_OK;
	if (a->complained_at != INT64_MIN)
		return REACH_COMPLAINED;
	return bounced(a, address) ? REACH_BOUNCED : REACH_OK;
}
