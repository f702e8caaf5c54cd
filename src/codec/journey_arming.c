/* SPDX-License-Identifier: MIT */
/*
 * What an arming event says beside its time, as instances' lists and the one that a pause refused
 * have it:
 *
 *   arming:  mask · those of deadline, worth, name, data, subject, and giver with what it is about,
 *            whose bit is set
 *
 * And that pause (core/journey.h: struct paused), of instances that have one:
 *
 *   paused:  number, then (index · time · when the pause began · arming)
 *
 * Indices rise. Text is a length and the bytes.
 */
#include "core/rule.h"

#include "journey_parts.h"

/* ---- arming events ----------------------------------------------------------------------- */

enum {
	SAYS_DEADLINE = 1 << 0,
	SAYS_WORTH = 1 << 1,
	SAYS_BY = 1 << 2,
	SAYS_DATA = 1 << 3,
	SAYS_SUBJECT = 1 << 4,
	SAYS_GIVER = 1 << 5, /* giver, about */
	SAYS_STANDS = 1 << 6,
	SAYS_ALL = (1 << 7) - 1,
};

unsigned journey_arming_says(const struct arming *a)
{
	return (a->deadline_at != TIME_NEVER ? SAYS_DEADLINE : 0u) |
	       (a->worth.mantissa ? SAYS_WORTH : 0u) | (a->by.len ? SAYS_BY : 0u) |
	       (a->data.len ? SAYS_DATA : 0u) | (a->subject.len ? SAYS_SUBJECT : 0u) |
	       (a->giver.len ? SAYS_GIVER : 0u) | (a->stands ? SAYS_STANDS : 0u);
}

size_t journey_arming_bound(const struct arming *a)
{
	return 9 * PACK_NUMBER + a->by.len + a->data.len + a->subject.len + a->giver.len +
	       a->about.len;
}

void journey_worth_pack(struct pack *p, struct decimal d)
{
	pack_since(p, d.mantissa, 0);
	pack_since(p, d.exponent, 0);
}

/* An exponent that could not be is as bad as a number without one. */
struct decimal journey_worth_unpack(struct unpack *u)
{
	struct decimal d = {.mantissa = unpack_since(u, 0)};
	int64_t exponent = unpack_since(u, 0);

	if (d.mantissa == 0 || exponent < INT32_MIN || exponent > INT32_MAX)
		u->bad = true;
	else
		d.exponent = (int32_t)exponent;
	return d;
}

bool journey_arming_pack(struct pack *p, const struct arming *a)
{
	unsigned said = journey_arming_says(a);

	pack_number(p, said);
	if (said & SAYS_DEADLINE)
		pack_since(p, a->deadline_at, a->at);
	if (said & SAYS_WORTH)
		journey_worth_pack(p, a->worth);
	if (said & SAYS_BY)
		pack_block(p, text_span(a->by));
	if (said & SAYS_DATA)
		pack_block(p, text_span(a->data));
	if (said & SAYS_SUBJECT)
		pack_block(p, text_span(a->subject));
	if (said & SAYS_GIVER) {
		pack_block(p, text_span(a->giver));
		pack_block(p, text_span(a->about));
	}
	return a->by.len <= INSTANCE_BY_MAX && a->data.len <= INSTANCE_DATA_MAX &&
	       a->subject.len <= CUSTOMER_MAX &&
	       (a->giver.len == 0 || (a->giver.len <= RULE_ID_MAX && a->about.len <= RULE_KEY_MAX));
}

void journey_arming_unpack(struct unpack *u, struct arming *a)
{
	unsigned said = (unsigned)unpack_bounded(u, SAYS_ALL);

	if (said & SAYS_DEADLINE)
		a->deadline_at = unpack_since(u, a->at);
	if (said & SAYS_WORTH)
		a->worth = journey_worth_unpack(u);
	if (said & SAYS_BY)
		journey_unpack_text(u, &a->by, INSTANCE_BY_MAX);
	if (said & SAYS_DATA)
		journey_unpack_text(u, &a->data, INSTANCE_DATA_MAX);
	if (said & SAYS_SUBJECT)
		journey_unpack_text(u, &a->subject, CUSTOMER_MAX);
	if (said & SAYS_GIVER) {
		journey_unpack_text(u, &a->giver, RULE_ID_MAX);
		journey_unpack_text(u, &a->about, RULE_KEY_MAX);
	}
	a->stands = (said & SAYS_STANDS) != 0;
	if (journey_arming_says(a) != said)
		u->bad = true;
}

/* ---- what a pause refused ---------------------------------------------------------------- */

static bool has_paused(const struct instance *i)
{
	return i->paused != NULL;
}

static size_t paused_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++)
		if (has_paused(&j->instances[k]))
			n += 3 * PACK_NUMBER + journey_arming_bound(&j->instances[k].paused->what);
	return n ? n + PACK_NUMBER : 0;
}

static bool pack_one(struct pack *p, const struct instance *i)
{
	const struct arming *a = &i->paused->what;

	pack_since(p, a->at, i->touched_at);
	pack_since(p, i->paused->since_at, a->at);
	return journey_arming_pack(p, a) && a->by.len > 0 && a->giver.len == 0 && a->entry == 0;
}

static bool paused_pack(struct pack *p, const struct journey *j)
{
	return journey_listed_pack(p, j, has_paused, pack_one);
}

static int paused_unpack(struct unpack *u, struct journey *j)
{
	struct journey_listed list = journey_listed(u, j);

	for (struct instance *i = journey_listed_next(&list); i; i = journey_listed_next(&list)) {
		struct arming *a;

		i->paused = calloc(1, sizeof(*i->paused));
		if (!i->paused)
			return -ENOMEM;
		a = &i->paused->what;
		a->at = unpack_since(u, i->touched_at);
		a->deadline_at = TIME_NEVER;
		i->paused->since_at = unpack_since(u, a->at);
		journey_arming_unpack(u, a);
		if (a->by.len == 0 || a->giver.len > 0)
			u->bad = true;
	}
	return 0;
}

const struct journey_part journey_part_paused = {paused_bound, paused_pack, paused_unpack};
