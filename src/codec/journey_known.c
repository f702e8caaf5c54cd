/* SPDX-License-Identifier: MIT */
/*
 * What is known of a customer beside their things, as bytes: consents, addresses, dates, sends,
 * when they were on a screen of ours. (The profile: journey_profile.c.)
 *
 *   consent:   word + 4 × channel · topic · source · at; of a side: 3 + 4 × channel · word · side ·
 *              topic · source · at
 *   address:   channel · which · times
 *   date:      name · removed + 2 × (day + 32 × (month + 16 × year)) · at
 *   send:      job id · rule · class · channel · state · at
 *   web:       when the customer was on a screen of ours last
 *
 * Lists begin with their number and stand in their order.
 */
#include "journey_parts.h"
#include "pack_text.h"

_Static_assert(CONSENT_WITHDRAWN == 0 && CONSENT_GIVEN == 2 && SEND_RELEASED == 2, "moved");
_Static_assert(JOB_CHANNEL_EMAIL == 0 && JOB_CHANNEL_TASK == 7, "moved");
/* Whoever adds a member to one of these must have it written and read here too. */
_Static_assert(
	sizeof(struct consent) == 3 * sizeof(struct text) + sizeof(int64_t) + 2 * sizeof(uint32_t),
	"a new member?");
_Static_assert(
	sizeof(struct address) == sizeof(struct text) + (4 + ADDRESS_SOFT_MAX) * sizeof(int64_t),
	"a new member?");
_Static_assert(sizeof(struct date) == sizeof(struct text) + 2 * sizeof(int64_t), "a new member?");
_Static_assert(sizeof(struct send) == 16 + 4 * sizeof(int64_t), "a new member?");

/* ---- consents ---------------------------------------------------------------------------- */

static size_t consents_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_consents; i++)
		n += (size_t)j->consents[i].topic.len + j->consents[i].source.len +
		     j->consents[i].side.len + 7 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

#define CONSENTS_MAX (JOURNEY_CONSENTS_MAX + JOB_CHANNEL_COUNT + 1)
#define OF_A_SIDE    3 /* in place of the word */

static bool consents_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_consents <= CONSENTS_MAX;

	pack_number(p, j->n_consents);
	for (size_t i = 0; i < j->n_consents; i++) {
		const struct consent *c = &j->consents[i];

		pack_number(p, (uint64_t)c->channel << 2 | (c->side.len > 0 ? OF_A_SIDE : c->word));
		if (c->side.len > 0) {
			pack_number(p, c->word);
			pack_block(p, text_span(c->side));
		}
		pack_block(p, text_span(c->topic));
		pack_block(p, text_span(c->source));
		pack_time(p, c->at, j->last_at);
		ok = ok && c->channel <= JOB_CHANNEL_COUNT && c->word <= CONSENT_GIVEN &&
		     c->topic.len <= CONSENT_TOPIC_MAX && c->source.len <= CONSENT_SOURCE_MAX &&
		     c->side.len <= CUSTOMER_MAX;
	}
	return ok;
}

static bool consent_follows(const struct consent *a, const struct consent *b)
{
	int c = span_compare(text_span(a->topic), text_span(b->topic));

	if (c != 0 || a->channel != b->channel)
		return c < 0 || (c == 0 && a->channel < b->channel);
	return span_compare(text_span(a->side), text_span(b->side)) < 0;
}

/* As many elements of SIZE as the number says. 0 or -ENOMEM; *ret_list is NULL if U is bad. */
static int unpack_list(struct unpack *u, size_t max, size_t size, void **ret_list, size_t *ret_n)
{
	size_t n = (size_t)unpack_bounded(u, max);

	*ret_n = 0;
	*ret_list = NULL;
	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	*ret_list = calloc(n, size);
	if (!*ret_list)
		return -ENOMEM;
	*ret_n = n;
	return 0;
}

static int consents_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_list(
		u, CONSENTS_MAX, sizeof(*j->consents), (void **)&j->consents, &j->n_consents);

	j->cap_consents = j->n_consents;
	for (size_t i = 0; i < j->n_consents && r == 0 && !u->bad; i++) {
		struct consent *c = &j->consents[i];
		uint64_t head = unpack_bounded(u, (uint64_t)JOB_CHANNEL_COUNT << 2 | 3);

		c->channel = (uint32_t)(head >> 2);
		c->word = (enum consent_word)(head & 3);
		if ((head & 3) == OF_A_SIDE) {
			c->word = (enum consent_word)unpack_bounded(u, CONSENT_GIVEN);
			r = unpack_text(u, &c->side, CUSTOMER_MAX);
			u->bad = u->bad || c->side.len == 0;
		}
		if (r == 0)
			r = unpack_text(u, &c->topic, CONSENT_TOPIC_MAX);
		if (r == 0)
			r = unpack_text(u, &c->source, CONSENT_SOURCE_MAX);
		c->at = unpack_time(u, j->last_at);
		if (i > 0 && !consent_follows(&j->consents[i - 1], c))
			u->bad = true;
	}
	return r;
}

const struct journey_part journey_part_consents = {consents_bound, consents_pack, consents_unpack};

/* ---- addresses --------------------------------------------------------------------------- */

static const uint16_t address_at[] = {
	offsetof(struct address, hard_at),
	offsetof(struct address, delivered_at),
	offsetof(struct address, complained_at),
	offsetof(struct address, soft[0]),
	offsetof(struct address, soft[1]),
	offsetof(struct address, soft[2]),
	offsetof(struct address, soft[3]),
	offsetof(struct address, soft[4]),
	offsetof(struct address, soft[5]),
	offsetof(struct address, soft[6]),
};
_Static_assert(ARRAY_SIZE(address_at) == 3 + ADDRESS_SOFT_MAX, "one for each");

/* The usual address is one to which something was delivered: MIN, an instant, MIN … */
static const struct pack_times address_times = {address_at, ARRAY_SIZE(address_at),
	PACK_MIN | PACK_INSTANT << 2 | PACK_MIN << 4 | PACK_MIN << 6 | PACK_MIN << 8 |
		PACK_MIN << 10 | PACK_MIN << 12 | PACK_MIN << 14 | PACK_MIN << 16 | PACK_MIN << 18};

static size_t addresses_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_addresses; i++)
		n += j->addresses[i].which.len + (3 + ARRAY_SIZE(address_at)) * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool addresses_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_addresses <= JOURNEY_ADDRESSES_MAX;

	pack_number(p, j->n_addresses);
	for (size_t i = 0; i < j->n_addresses; i++) {
		const struct address *a = &j->addresses[i];

		pack_number(p, a->channel);
		pack_block(p, text_span(a->which));
		pack_times(p, &address_times, a, j->last_at);
		ok = ok && a->channel < JOB_CHANNEL_COUNT && a->which.len <= ADDRESS_MAX;
	}
	return ok;
}

/* Does B stand behind A in the list? */
static bool address_follows(const struct address *a, const struct address *b)
{
	return a->channel < b->channel ||
	       (a->channel == b->channel &&
		       span_compare(text_span(a->which), text_span(b->which)) < 0);
}

static int addresses_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_list(u, JOURNEY_ADDRESSES_MAX, sizeof(*j->addresses), (void **)&j->addresses,
		&j->n_addresses);

	j->cap_addresses = j->n_addresses;
	for (size_t i = 0; i < j->n_addresses && r == 0 && !u->bad; i++) {
		struct address *a = &j->addresses[i];

		a->channel = (enum job_channel)unpack_bounded(u, JOB_CHANNEL_COUNT - 1);
		r = unpack_text(u, &a->which, ADDRESS_MAX);
		unpack_times(u, &address_times, a, j->last_at);
		if (i > 0 && !address_follows(&j->addresses[i - 1], a))
			u->bad = true;
	}
	return r;
}

const struct journey_part journey_part_addresses = {
	addresses_bound, addresses_pack, addresses_unpack};

/* ---- dates ------------------------------------------------------------------------------- */

static bool date_packs(const struct date *d)
{
	return d->name.len > 0 && d->name.len <= DATE_NAME_MAX && d->month <= 12 && d->day <= 31 &&
	       d->year <= 9999 && d->removed <= 1;
}

static size_t dates_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_dates; i++)
		n += j->dates[i].name.len + 4 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool dates_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_dates <= JOURNEY_DATES_MAX;

	pack_number(p, j->n_dates);
	for (size_t i = 0; i < j->n_dates; i++) {
		const struct date *d = &j->dates[i];

		pack_block(p, text_span(d->name));
		pack_number(p, (uint64_t)d->year << 10 | (uint64_t)d->month << 6 |
				       (uint64_t)d->day << 1 | d->removed);
		pack_time(p, d->said_at, j->last_at);
		ok = ok && date_packs(d);
	}
	return ok;
}

static int dates_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_list(
		u, JOURNEY_DATES_MAX, sizeof(*j->dates), (void **)&j->dates, &j->n_dates);

	j->cap_dates = j->n_dates;
	for (size_t i = 0; i < j->n_dates && r == 0 && !u->bad; i++) {
		struct date *d = &j->dates[i];
		uint64_t day;

		r = unpack_text(u, &d->name, DATE_NAME_MAX);
		day = unpack_bounded(u, UINT64_C(9999) << 10 | 0x3ff);
		d->year = (uint16_t)(day >> 10);
		d->month = (uint8_t)(day >> 6 & 0xf);
		d->day = (uint8_t)(day >> 1 & 0x1f);
		d->removed = day & 1;
		d->said_at = unpack_time(u, j->last_at);
		if (!date_packs(d) || (i > 0 && span_compare(text_span(j->dates[i - 1].name),
							text_span(d->name)) >= 0))
			u->bad = true;
	}
	return r;
}

const struct journey_part journey_part_dates = {dates_bound, dates_pack, dates_unpack};

/* ---- sends ------------------------------------------------------------------------------- */

#define SEND_CLASS_MAX 7

static size_t sends_bound(const struct journey *j)
{
	return j->n_sends
		       ? PACK_NUMBER + j->n_sends * (sizeof(j->sends->job_id) + 8 + 5 * PACK_NUMBER)
		       : 0;
}

static bool sends_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_sends <= JOURNEY_SENDS_MAX;

	pack_number(p, j->n_sends);
	for (size_t i = 0; i < j->n_sends; i++) {
		const struct send *s = &j->sends[i];

		pack_bytes(p, span_of((const char *)s->job_id, sizeof(s->job_id)));
		pack_number(p, s->rule);
		pack_number(p, (uint64_t)s->class << 8 | (uint64_t)s->channel << 2 | s->state);
		pack_since(p, s->at, j->last_at);
		ok = ok && s->class <= SEND_CLASS_MAX && s->channel <= JOB_CHANNEL_COUNT &&
		     s->state <= SEND_RELEASED;
	}
	return ok;
}

static int sends_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_list(
		u, JOURNEY_SENDS_MAX, sizeof(*j->sends), (void **)&j->sends, &j->n_sends);

	j->cap_sends = j->n_sends;
	for (size_t i = 0; i < j->n_sends && r == 0 && !u->bad; i++) {
		struct send *s = &j->sends[i];
		struct span id = unpack_bytes(u, sizeof(s->job_id));
		uint64_t what;

		if (id.len)
			memcpy(s->job_id, id.ptr, sizeof(s->job_id));
		s->rule = unpack_number(u);
		what = unpack_bounded(u, (SEND_CLASS_MAX << 8) | 0xff);
		s->class = (uint32_t)(what >> 8);
		s->channel = (uint32_t)(what >> 2 & 0x3f);
		s->state = (enum send_state)(what & 3);
		s->at = unpack_since(u, j->last_at);
		if (s->channel > JOB_CHANNEL_COUNT || s->state > SEND_RELEASED)
			u->bad = true;
	}
	return r;
}

const struct journey_part journey_part_sends = {sends_bound, sends_pack, sends_unpack};

/* ---- web --------------------------------------------------------------------------------- */

static size_t web_bound(const struct journey *j)
{
	return j->web_active_at == INT64_MIN ? 0 : PACK_NUMBER;
}

static bool web_pack(struct pack *p, const struct journey *j)
{
	pack_since(p, j->web_active_at, j->last_at);
	return true;
}

static int web_unpack(struct unpack *u, struct journey *j)
{
	j->web_active_at = unpack_since(u, j->last_at);
	if (j->web_active_at == INT64_MIN)
		u->bad = true;
	/* Unless more is said of it (journey_past.c). */
	past_visit(&j->past, j->web_active_at);
	return 0;
}

const struct journey_part journey_part_web = {web_bound, web_pack, web_unpack};

/* ---- when the visitor's number was said, where that was not with the latest event --------- */

static size_t visitor_bound(const struct journey *j)
{
	return j->anonymous_id.len == 0 || j->anonymous_at == j->last_at ? 0 : PACK_NUMBER;
}

static bool visitor_pack(struct pack *p, const struct journey *j)
{
	pack_since(p, j->anonymous_at, j->last_at);
	return true;
}

static int visitor_unpack(struct unpack *u, struct journey *j)
{
	j->anonymous_at = unpack_since(u, j->last_at);
	if (j->anonymous_id.len == 0 || j->anonymous_at == j->last_at)
		u->bad = true;
	return 0;
}

const struct journey_part journey_part_visitor = {visitor_bound, visitor_pack, visitor_unpack};
