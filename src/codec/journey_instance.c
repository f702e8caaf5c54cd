/* SPDX-License-Identifier: MIT */
/*
 * What few instances have.
 *
 *   instances:  number, then (index · mask · those of the members below whose bit is set)
 *
 * Indices rise. Text is a length and the bytes. Instants count from the customer's latest event.
 */
#include "core/rule.h"

#include "journey_parts.h"

enum {
	HAS_VERSION = 1 << 0,
	HAS_DEFERRED = 1 << 1, /* deferred_until, due_at, gate, reason */
	HAS_SKIPPED = 1 << 2,
	HAS_TIMES = 1 << 3,
	HAS_WORTH = 1 << 4,
	HAS_SUPERSEDED = 1 << 5,
	HAS_COOLS = 1 << 6,
	HAS_SUBJECT = 1 << 7,
	HAS_HOME = 1 << 8,	   /* last_subject, home */
	HAS_ARMING = 1 << 9,	   /* arming_at, where it is not the anchor */
	HAS_LAST_ARMING = 1 << 10, /* the same of the latest job */
	HAS_TOUCH = 1 << 11,
	HAS_COUNTED = 1 << 12, /* that it is so */
	HAS_SAID = 1 << 13,    /* what the armings say, beside their times */
	HAS_EARLIER = 1 << 14,
	HAS_EARLIER_HOMES = 1 << 15, /* subject and home of each of them */
	HAS_TOLD = 1 << 16,	     /* told of the latest job, then of the earlier ones */
	HAS_MOMENTS = 1 << 17,
	HAS_WAYS = 1 << 18, /* of the latest job, then of the earlier ones */
	HAS_FALLBACK = 1 << 19,
	HAS_FLOOR = 1 << 20,
	HAS_ALL = (1 << 21) - 1,
};

/* Which of its members are not said otherwise. */
enum {
	FALLS_OVER = 1 << 0,
	FALLS_LOST = 1 << 1,
	FALLS_SENT = 1 << 2,
	FALLS_DUE = 1 << 3,
	FALLS_NUMBER = 1 << 4,
	FALLS_ALL = (1 << 5) - 1,
};

static bool says_anything(const struct instance *i)
{
	for (size_t k = 0; k < i->n_armings; k++)
		if (journey_arming_says(&i->armings[k]))
			return true;
	return false;
}

static bool has_homes(const struct instance *i)
{
	for (size_t k = 0; k < i->n_earlier; k++)
		if (i->earlier[k].subject.len || i->earlier[k].home.len)
			return true;
	return false;
}

static bool has_told(const struct instance *i)
{
	for (size_t k = 0; k < i->n_earlier; k++)
		if (i->earlier[k].told.len)
			return true;
	return i->told.len > 0;
}

static bool has_ways(const struct instance *i)
{
	for (size_t k = 0; k < i->n_earlier; k++)
		if (i->earlier[k].way)
			return true;
	return i->last_way > 0;
}

static unsigned extras_of(const struct instance *i)
{
	bool deferred = i->deferred_until || i->due_at || i->gate || i->reason;

	return (i->version ? HAS_VERSION : 0u) | (deferred ? HAS_DEFERRED : 0u) |
	       (i->skipped_steps ? HAS_SKIPPED : 0u) | (i->n_armings ? HAS_TIMES : 0u) |
	       (i->worth.mantissa ? HAS_WORTH : 0u) | (i->superseded_by.len ? HAS_SUPERSEDED : 0u) |
	       (i->cools_until ? HAS_COOLS : 0u) | (i->subject.len ? HAS_SUBJECT : 0u) |
	       (i->last_subject.len || i->home.len ? HAS_HOME : 0u) |
	       (i->arming_at != i->anchor_at ? HAS_ARMING : 0u) |
	       (i->last_arming_at != i->last_anchor_at ? HAS_LAST_ARMING : 0u) |
	       (i->touch_at != INT64_MIN ? HAS_TOUCH : 0u) | (i->counted ? HAS_COUNTED : 0u) |
	       (says_anything(i) ? HAS_SAID : 0u) | (i->n_earlier ? HAS_EARLIER : 0u) |
	       (has_homes(i) ? HAS_EARLIER_HOMES : 0u) | (has_told(i) ? HAS_TOLD : 0u) |
	       (i->n_moments ? HAS_MOMENTS : 0u) | (has_ways(i) ? HAS_WAYS : 0u) |
	       (i->fallback ? HAS_FALLBACK : 0u) | (i->floor_at != INT64_MIN ? HAS_FLOOR : 0u);
}

static size_t instances_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++) {
		const struct instance *i = &j->instances[k];

		if (!extras_of(i))
			continue;
		n += (25 + i->n_armings + 7 * i->n_earlier + 2 * i->n_moments) * PACK_NUMBER +
		     i->superseded_by.len + i->subject.len + i->last_subject.len + i->home.len +
		     i->told.len;
		for (size_t a = 0; a < i->n_armings; a++)
			n += journey_arming_bound(&i->armings[a]);
		for (size_t m = 0; m < i->n_earlier; m++)
			n += (size_t)i->earlier[m].subject.len + i->earlier[m].home.len +
			     i->earlier[m].told.len + 2 * PACK_NUMBER;
		if (i->fallback)
			n += 13 * PACK_NUMBER + i->fallback->by.len + i->fallback->data.len;
	}
	return n ? n + PACK_NUMBER : 0;
}

/* A time and its entry are one number. */
static int64_t time_of(const struct arming *a)
{
	return a->at * RULE_MATCHES_MAX + (int64_t)a->entry;
}

static bool pack_armings(struct pack *p, const struct instance *i, unsigned has, int64_t base)
{
	bool ok = i->n_armings <= INSTANCE_ARMINGS_MAX;

	if (has & HAS_TIMES)
		pack_number(p, i->n_armings);
	for (size_t k = 0; k < i->n_armings; k++) {
		pack_since(p, time_of(&i->armings[k]), k ? time_of(&i->armings[k - 1]) : base);
		ok = ok && i->armings[k].entry < RULE_MATCHES_MAX;
	}
	for (size_t k = 0; (has & HAS_SAID) && k < i->n_armings; k++)
		ok = journey_arming_pack(p, &i->armings[k]) && ok;
	return ok;
}

static bool pack_moments(struct pack *p, const struct instance *i, int64_t base)
{
	bool ok = i->n_moments <= INSTANCE_MOMENTS_MAX;

	pack_number(p, i->n_moments);
	for (size_t k = 0; k < i->n_moments; k++) {
		pack_since(p, i->moments[k].at, k ? i->moments[k - 1].at : base);
		pack_number(p, i->moments[k].what);
		ok = ok && i->moments[k].what < MOMENT_KINDS;
	}
	return ok;
}

static bool pack_earlier(struct pack *p, const struct instance *i, unsigned has, int64_t base)
{
	bool ok = i->n_earlier <= INSTANCE_EARLIER_MAX;

	pack_number(p, i->n_earlier);
	for (size_t k = 0; k < i->n_earlier; k++) {
		const struct emission *m = &i->earlier[k];

		pack_number(p, m->episode);
		pack_number(p, m->step);
		pack_since(p, m->deadline_at, base);
		pack_since(p, m->anchor_at, m->deadline_at);
		pack_since(p, m->arming_at, m->anchor_at);
		if (!(has & HAS_EARLIER_HOMES))
			continue;
		pack_block(p, text_span(m->subject));
		pack_block(p, text_span(m->home));
		ok = ok && m->subject.len <= CUSTOMER_MAX && m->home.len <= CUSTOMER_MAX;
	}
	return ok;
}

static bool pack_told(struct pack *p, const struct instance *i)
{
	bool ok = i->told.len <= INSTANCE_TOLD_MAX;

	pack_block(p, text_span(i->told));
	for (size_t k = 0; k < i->n_earlier; k++) {
		pack_block(p, text_span(i->earlier[k].told));
		ok = ok && i->earlier[k].told.len <= INSTANCE_TOLD_MAX;
	}
	return ok;
}

static bool pack_ways(struct pack *p, const struct instance *i)
{
	bool ok = i->last_way <= JOB_CHANNEL_COUNT;

	pack_number(p, i->last_way);
	for (size_t k = 0; k < i->n_earlier; k++) {
		pack_number(p, i->earlier[k].way);
		ok = ok && i->earlier[k].way <= JOB_CHANNEL_COUNT;
	}
	return ok;
}

static bool pack_fallback(struct pack *p, const struct fallback *f, int64_t base)
{
	unsigned falls = (f->over ? FALLS_OVER : 0u) | (f->lost ? FALLS_LOST : 0u) |
			 (f->sent_at != TIME_NEVER ? FALLS_SENT : 0u) |
			 (f->fall_at != TIME_NEVER ? FALLS_DUE : 0u) |
			 (f->number ? FALLS_NUMBER : 0u);

	pack_number(p, falls);
	pack_number(p, f->tried);
	pack_number(p, f->way);
	pack_since(p, f->made_at, base);
	pack_since(p, f->due_at, f->made_at);
	pack_since(p, f->armed_at, f->made_at);
	if (falls & FALLS_SENT)
		pack_since(p, f->sent_at, f->made_at);
	if (falls & FALLS_DUE)
		pack_since(p, f->fall_at, f->made_at);
	if (falls & FALLS_NUMBER)
		pack_number(p, f->number);
	pack_number(p, f->gate);
	pack_number(p, f->reason);
	pack_block(p, text_span(f->by));
	pack_block(p, text_span(f->data));
	return f->way < JOB_CHANNEL_COUNT && f->by.len <= INSTANCE_BY_MAX &&
	       f->data.len <= INSTANCE_DATA_MAX;
}

static bool pack_extras(struct pack *p, const struct instance *i, unsigned has, int64_t base)
{
	bool ok;

	if (has & HAS_VERSION)
		pack_number(p, i->version);
	if (has & HAS_DEFERRED) {
		pack_since(p, i->deferred_until, base);
		pack_since(p, i->due_at, base);
		pack_number(p, i->gate);
		pack_number(p, i->reason);
	}
	if (has & HAS_SKIPPED)
		pack_number(p, i->skipped_steps);
	ok = pack_armings(p, i, has, base);
	if (has & HAS_WORTH)
		journey_worth_pack(p, i->worth);
	if (has & HAS_SUPERSEDED)
		pack_block(p, text_span(i->superseded_by));
	if (has & HAS_COOLS)
		pack_since(p, i->cools_until, base);
	if (has & HAS_SUBJECT)
		pack_block(p, text_span(i->subject));
	if (has & HAS_HOME) {
		pack_block(p, text_span(i->last_subject));
		pack_block(p, text_span(i->home));
	}
	if (has & HAS_ARMING)
		pack_since(p, i->arming_at, i->anchor_at);
	if (has & HAS_LAST_ARMING)
		pack_since(p, i->last_arming_at, i->last_anchor_at);
	if (has & HAS_TOUCH)
		pack_since(p, i->touch_at, base);
	if (has & HAS_FLOOR)
		pack_since(p, i->floor_at, base);
	if (has & HAS_EARLIER)
		ok = pack_earlier(p, i, has, base) && ok;
	if (has & HAS_TOLD)
		ok = pack_told(p, i) && ok;
	if (has & HAS_MOMENTS)
		ok = pack_moments(p, i, base) && ok;
	if (has & HAS_WAYS)
		ok = pack_ways(p, i) && ok;
	if (has & HAS_FALLBACK)
		ok = pack_fallback(p, i->fallback, base) && ok;
	return ok && i->superseded_by.len <= INSTANCE_ENDED_BY_MAX &&
	       i->subject.len <= CUSTOMER_MAX && i->last_subject.len <= CUSTOMER_MAX &&
	       i->home.len <= CUSTOMER_MAX;
}

static bool instances_pack(struct pack *p, const struct journey *j)
{
	size_t n = 0;
	bool ok = true;

	for (size_t k = 0; k < j->n_instances; k++)
		n += extras_of(&j->instances[k]) != 0;
	pack_number(p, n);
	for (size_t k = 0; k < j->n_instances; k++) {
		unsigned has = extras_of(&j->instances[k]);

		if (!has)
			continue;
		pack_number(p, k);
		pack_number(p, has);
		ok = pack_extras(p, &j->instances[k], has, j->last_at) && ok;
	}
	return ok;
}

static int64_t round_down(int64_t at, int64_t unit)
{
	int64_t rest = at % unit;

	return at - (rest < 0 ? rest + unit : rest);
}

static int unpack_times_of(struct unpack *u, struct instance *i, int64_t base)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_ARMINGS_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	i->armings = calloc(n, sizeof(*i->armings));
	if (!i->armings)
		return -ENOMEM;
	i->n_armings = n;
	for (size_t k = 0; k < n; k++) {
		int64_t coded = base = unpack_since(u, base);
		int64_t at = round_down(coded, RULE_MATCHES_MAX);

		i->armings[k].at = at / RULE_MATCHES_MAX;
		i->armings[k].entry = (uint32_t)(coded - at);
		i->armings[k].deadline_at = TIME_NEVER;
	}
	return 0;
}

static int unpack_earlier(struct unpack *u, struct instance *i, unsigned has, int64_t base)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_EARLIER_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	i->earlier = calloc(n, sizeof(*i->earlier));
	if (!i->earlier)
		return -ENOMEM;
	i->n_earlier = n;
	for (size_t k = 0; k < n; k++) {
		struct emission *m = &i->earlier[k];

		m->epoch = i->epoch;
		m->episode = (uint32_t)unpack_bounded(u, UINT32_MAX);
		m->step = (uint32_t)unpack_bounded(u, UINT32_MAX);
		m->deadline_at = unpack_since(u, base);
		m->anchor_at = unpack_since(u, m->deadline_at);
		m->arming_at = unpack_since(u, m->anchor_at);
		if (!(has & HAS_EARLIER_HOMES))
			continue;
		journey_unpack_text(u, &m->subject, CUSTOMER_MAX);
		journey_unpack_text(u, &m->home, CUSTOMER_MAX);
	}
	return 0;
}

static int unpack_moments(struct unpack *u, struct instance *i, int64_t base)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_MOMENTS_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	i->moments = calloc(n, sizeof(*i->moments));
	if (!i->moments)
		return -ENOMEM;
	i->n_moments = n;
	for (size_t k = 0; k < n; k++) {
		i->moments[k].at = base = unpack_since(u, base);
		i->moments[k].what = (uint32_t)unpack_bounded(u, MOMENT_KINDS - 1);
	}
	return 0;
}

static void unpack_ways(struct unpack *u, struct instance *i)
{
	i->last_way = (uint32_t)unpack_bounded(u, JOB_CHANNEL_COUNT);
	for (size_t k = 0; k < i->n_earlier; k++)
		i->earlier[k].way = (uint32_t)unpack_bounded(u, JOB_CHANNEL_COUNT);
}

static int unpack_fallback(struct unpack *u, struct instance *i, int64_t base)
{
	struct fallback *f = i->fallback = calloc(1, sizeof(*f));
	unsigned falls = (unsigned)unpack_bounded(u, FALLS_ALL);

	if (!f)
		return -ENOMEM;
	f->over = (falls & FALLS_OVER) != 0;
	f->lost = (falls & FALLS_LOST) != 0;
	f->tried = (uint32_t)unpack_bounded(u, (1U << JOB_CHANNEL_COUNT) - 1);
	f->way = (uint32_t)unpack_bounded(u, JOB_CHANNEL_COUNT - 1);
	f->made_at = unpack_since(u, base);
	f->due_at = unpack_since(u, f->made_at);
	f->armed_at = unpack_since(u, f->made_at);
	f->sent_at = falls & FALLS_SENT ? unpack_since(u, f->made_at) : TIME_NEVER;
	f->fall_at = falls & FALLS_DUE ? unpack_since(u, f->made_at) : TIME_NEVER;
	f->number = falls & FALLS_NUMBER ? (uint32_t)unpack_bounded(u, UINT32_MAX) : 0;
	f->gate = (uint32_t)unpack_bounded(u, UINT32_MAX);
	f->reason = (uint32_t)unpack_bounded(u, UINT32_MAX);
	journey_unpack_text(u, &f->by, INSTANCE_BY_MAX);
	journey_unpack_text(u, &f->data, INSTANCE_DATA_MAX);
	return 0;
}

static void unpack_instants(struct unpack *u, struct instance *i, unsigned has, int64_t base)
{
	if (has & HAS_ARMING)
		i->arming_at = unpack_since(u, i->anchor_at);
	if (has & HAS_LAST_ARMING)
		i->last_arming_at = unpack_since(u, i->last_anchor_at);
	if (has & HAS_TOUCH)
		i->touch_at = unpack_since(u, base);
	if (has & HAS_FLOOR)
		i->floor_at = unpack_since(u, base);
}

static int unpack_extras(struct unpack *u, struct instance *i, int64_t base)
{
	unsigned has = (unsigned)unpack_bounded(u, HAS_ALL);
	int r = 0;

	if (has & HAS_VERSION)
		i->version = unpack_number(u);
	if (has & HAS_DEFERRED) {
		i->deferred_until = unpack_since(u, base);
		i->due_at = unpack_since(u, base);
		i->gate = (uint32_t)unpack_bounded(u, UINT32_MAX);
		i->reason = (uint32_t)unpack_bounded(u, UINT32_MAX);
	}
	if (has & HAS_SKIPPED)
		i->skipped_steps = (uint32_t)unpack_bounded(u, UINT32_MAX);
	if (has & HAS_TIMES)
		r = unpack_times_of(u, i, base);
	for (size_t k = 0; (has & HAS_SAID) && k < i->n_armings; k++)
		journey_arming_unpack(u, &i->armings[k]);
	if (has & HAS_WORTH)
		i->worth = journey_worth_unpack(u);
	if (r == 0 && (has & HAS_SUPERSEDED)) {
		struct span by = unpack_block(u);

		if (by.len > INSTANCE_ENDED_BY_MAX)
			u->bad = true;
		else
			r = text_set(&i->superseded_by, by);
	}
	if (has & HAS_COOLS)
		i->cools_until = unpack_since(u, base);
	if (has & HAS_SUBJECT)
		journey_unpack_text(u, &i->subject, CUSTOMER_MAX);
	if (has & HAS_HOME) {
		journey_unpack_text(u, &i->last_subject, CUSTOMER_MAX);
		journey_unpack_text(u, &i->home, CUSTOMER_MAX);
	}
	unpack_instants(u, i, has, base);
	i->counted = (has & HAS_COUNTED) != 0;
	if (r == 0 && (has & HAS_EARLIER))
		r = unpack_earlier(u, i, has, base);
	if (r == 0 && (has & HAS_TOLD)) {
		journey_unpack_text(u, &i->told, INSTANCE_TOLD_MAX);
		for (size_t k = 0; k < i->n_earlier; k++)
			journey_unpack_text(u, &i->earlier[k].told, INSTANCE_TOLD_MAX);
	}
	if (r == 0 && (has & HAS_MOMENTS))
		r = unpack_moments(u, i, base);
	if (r == 0 && (has & HAS_WAYS))
		unpack_ways(u, i);
	if (r == 0 && (has & HAS_FALLBACK))
		r = unpack_fallback(u, i, base);
	/* Nothing is written where there is nothing. */
	if (r == 0 && (has == 0 || extras_of(i) != has))
		u->bad = true;
	return r;
}

static int instances_unpack(struct unpack *u, struct journey *j)
{
	struct journey_listed list = journey_listed(u, j);
	int r = 0;

	for (struct instance *i = journey_listed_next(&list); i && r == 0;
		i = journey_listed_next(&list))
		r = unpack_extras(u, i, j->last_at);
	return r;
}

const struct journey_part journey_part_instances = {
	instances_bound, instances_pack, instances_unpack};
