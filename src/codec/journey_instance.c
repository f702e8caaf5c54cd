/* SPDX-License-Identifier: MIT */
/*
 * What few instances have, and the notes on why rules did not arm.
 *
 *   instances:  number, then (index · mask · those of the members below whose bit is set)
 *   notes:      number, then (rule · reason · by · words · at · by_at)
 *
 * Indices rise. Text is a length and the bytes. Instants count from the customer's latest event.
 */
#include "core/rule.h"

#include "journey_parts.h"

/* What stands on disk as a number may not move: append. */
_Static_assert(NOTE_CONDITION == 0 && NOTE_NO_KEY == 6 && NOTE_FIRED == 12, "moved");

enum {
	HAS_VERSION = 1 << 0,
	HAS_DEFERRED = 1 << 1, /* deferred_until, due_at, gate, reason */
	HAS_SKIPPED = 1 << 2,
	HAS_TIMES = 1 << 3,
	HAS_WORTH = 1 << 4,
	HAS_SUPERSEDED = 1 << 5,
	HAS_COOLS = 1 << 6,
	HAS_SUBJECT = 1 << 7,
	HAS_HOME = 1 << 8, /* last_subject, home */
	HAS_ALL = (1 << 9) - 1,
};

static unsigned extras_of(const struct instance *i)
{
	bool deferred = i->deferred_until || i->due_at || i->gate || i->reason;

	return (i->version ? HAS_VERSION : 0u) | (deferred ? HAS_DEFERRED : 0u) |
	       (i->skipped_steps ? HAS_SKIPPED : 0u) | (i->n_times ? HAS_TIMES : 0u) |
	       (i->worth.mantissa ? HAS_WORTH : 0u) | (i->superseded_by.len ? HAS_SUPERSEDED : 0u) |
	       (i->cools_until ? HAS_COOLS : 0u) | (i->subject.len ? HAS_SUBJECT : 0u) |
	       (i->last_subject.len || i->home.len ? HAS_HOME : 0u);
}

static size_t instances_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++) {
		const struct instance *i = &j->instances[k];

		if (extras_of(i))
			n += (16 + i->n_times) * PACK_NUMBER + i->superseded_by.len +
			     i->subject.len + i->last_subject.len + i->home.len;
	}
	return n ? n + PACK_NUMBER : 0;
}

static bool pack_extras(struct pack *p, const struct instance *i, unsigned has, int64_t base)
{
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
	if (has & HAS_TIMES)
		pack_number(p, i->n_times);
	for (size_t k = 0; k < i->n_times; k++)
		pack_since(p, i->times[k], k ? i->times[k - 1] : base);
	if (has & HAS_WORTH) {
		pack_since(p, i->worth.mantissa, 0);
		pack_since(p, i->worth.exponent, 0);
	}
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
	return i->n_times <= INSTANCE_TIMES_MAX && i->superseded_by.len <= INSTANCE_ENDED_BY_MAX &&
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

static int unpack_instance_times(struct unpack *u, struct instance *i, int64_t base)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_TIMES_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	i->times = calloc(n, sizeof(*i->times));
	if (!i->times)
		return -ENOMEM;
	i->n_times = n;
	for (size_t k = 0; k < n; k++)
		i->times[k] = unpack_since(u, k ? i->times[k - 1] : base);
	return 0;
}

/* An exponent that could not be is as bad as a number without one. */
static struct decimal unpack_worth(struct unpack *u)
{
	struct decimal d = {.mantissa = unpack_since(u, 0)};
	int64_t exponent = unpack_since(u, 0);

	if (d.mantissa == 0 || exponent < INT32_MIN || exponent > INT32_MAX)
		u->bad = true;
	else
		d.exponent = (int32_t)exponent;
	return d;
}

static void unpack_customer(struct unpack *u, struct text *t)
{
	struct span s = unpack_block(u);

	if (s.len > CUSTOMER_MAX)
		u->bad = true;
	if (!u->bad)
		text_share(t, s);
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
		r = unpack_instance_times(u, i, base);
	if (has & HAS_WORTH)
		i->worth = unpack_worth(u);
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
		unpack_customer(u, &i->subject);
	if (has & HAS_HOME) {
		unpack_customer(u, &i->last_subject);
		unpack_customer(u, &i->home);
	}
	/* Nothing is written where there is nothing. */
	if (r == 0 && (has == 0 || extras_of(i) != has))
		u->bad = true;
	return r;
}

static int instances_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n = unpack_bounded(u, j->n_instances);
	size_t next = 0;
	int r = 0;

	if (n == 0)
		u->bad = true;
	for (uint64_t k = 0; k < n && !u->bad && r == 0; k++) {
		size_t i = journey_next_index(u, j->n_instances, &next);

		if (!u->bad)
			r = unpack_extras(u, &j->instances[i], j->last_at);
	}
	return r;
}

const struct journey_part journey_part_instances = {
	instances_bound, instances_pack, instances_unpack};

/* ---- notes ----------------------------------------------------------------------------- */

static size_t notes_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_notes; i++)
		n += (size_t)j->notes[i].rule.len + j->notes[i].by.len + j->notes[i].words.len +
		     6 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool notes_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_notes <= JOURNEY_NOTES_MAX;

	pack_number(p, j->n_notes);
	for (size_t i = 0; i < j->n_notes; i++) {
		const struct note *n = &j->notes[i];

		ok = ok && n->rule.len > 0 && n->rule.len <= RULE_ID_MAX &&
		     n->by.len <= INSTANCE_BY_MAX && n->words.len <= NOTE_WORDS_MAX;
		pack_block(p, text_span(n->rule));
		pack_number(p, n->reason);
		pack_block(p, text_span(n->by));
		pack_block(p, text_span(n->words));
		pack_since(p, n->at, j->last_at);
		pack_since(p, n->by_at, j->last_at);
	}
	return ok;
}

static int unpack_text(struct unpack *u, struct text *t, size_t max)
{
	struct span s = unpack_block(u);

	if (s.len > max)
		u->bad = true;
	if (!u->bad)
		text_share(t, s);
	return 0;
}

static int unpack_note(struct unpack *u, struct note *n, int64_t base)
{
	int r = unpack_text(u, &n->rule, RULE_ID_MAX);

	n->reason = (enum note_reason)unpack_bounded(u, NOTE_REASON_COUNT - 1);
	if (r == 0)
		r = unpack_text(u, &n->by, INSTANCE_BY_MAX);
	if (r == 0)
		r = unpack_text(u, &n->words, NOTE_WORDS_MAX);
	n->at = unpack_since(u, base);
	n->by_at = unpack_since(u, base);
	if (r == 0 && n->rule.len == 0)
		u->bad = true;
	return r;
}

static int notes_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n = unpack_bounded(u, JOURNEY_NOTES_MAX);
	int r = 0;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	j->notes = calloc(n, sizeof(*j->notes));
	if (!j->notes)
		return -ENOMEM;
	j->n_notes = j->cap_notes = n;
	for (size_t i = 0; i < n && !u->bad && r == 0; i++)
		r = unpack_note(u, &j->notes[i], j->last_at);
	return r;
}

const struct journey_part journey_part_notes = {notes_bound, notes_pack, notes_unpack};
