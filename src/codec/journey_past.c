/* SPDX-License-Identifier: MIT */
/*
 * What since when a customer is at a stage follows from (core/past.h), as bytes.
 *
 *   past:      named at · runs · words · dropped
 *   runs:      number · (from · length) each
 *   words:     number · (at · verdict + 4 × about) each
 *   dropped:   mask of those there are · (from · length) each
 *
 * Of visits the last ends with what was done last on a screen, which stands elsewhere; a single one
 * in which nothing else was done is not written.
 *
 *   visits:    number · (silence before the next one) · length each, the last first
 */
#include "journey_parts.h"

_Static_assert(PAST_NPS == 0 && PAST_ERASED == 7 && PAST_GOOD == 2, "moved");
_Static_assert(PAST_RISK == 0 && PAST_SHOPPED == 2, "moved");
/* Whoever adds a member must have it written and read here too. */
_Static_assert(
	sizeof(struct past) ==
		3 * sizeof(int64_t) + PAST_WORDS_MAX * sizeof(struct past_word) +
			(PAST_RUNS_MAX + PAST_VISITS_MAX + PAST_OPEN_COUNT) * sizeof(struct period),
	"a new member?");

static bool is_there(const struct period *p)
{
	return p->from <= p->to;
}

static unsigned dropped_mask(const struct past *p)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < PAST_OPEN_COUNT; i++)
		mask |= (unsigned)is_there(&p->dropped[i]) << i;
	return mask;
}

static size_t past_bound(const struct journey *j)
{
	const struct past *p = &j->past;

	if (p->named_at == TIME_NEVER && p->n_words + p->n_runs == 0 && dropped_mask(p) == 0)
		return 0;
	return (2 + 3 + 2 * ((size_t)p->n_runs + p->n_words + PAST_OPEN_COUNT)) * PACK_NUMBER;
}

static void pack_period(struct pack *p, const struct period *one, int64_t base)
{
	pack_since(p, one->from, base);
	pack_number(p, (uint64_t)one->to - (uint64_t)one->from);
}

static struct period unpack_period(struct unpack *u, int64_t base)
{
	struct period one = {.from = unpack_since(u, base)};

	one.to = (int64_t)((uint64_t)one.from + unpack_number(u));
	if (one.to < one.from)
		u->bad = true;
	return one;
}

static bool past_pack(struct pack *p, const struct journey *j)
{
	const struct past *past = &j->past;
	unsigned mask = dropped_mask(past);
	bool ok = past->n_runs <= PAST_RUNS_MAX && past->n_words <= PAST_WORDS_MAX;

	pack_time(p, past->named_at, j->last_at);
	pack_number(p, past->n_runs);
	for (uint32_t i = 0; i < past->n_runs && ok; i++) {
		pack_period(p, &past->runs[i], j->last_at);
		ok = is_there(&past->runs[i]) &&
		     (i == 0 || past->runs[i - 1].from < past->runs[i].from);
	}
	pack_number(p, past->n_words);
	for (uint32_t i = 0; i < past->n_words && ok; i++) {
		const struct past_word *w = &past->words[i];

		pack_since(p, w->at, j->last_at);
		pack_number(p, (uint64_t)w->about << 2 | w->verdict);
		ok = w->about < PAST_ABOUT_COUNT && w->verdict < PAST_VERDICT_COUNT;
	}
	pack_number(p, mask);
	for (unsigned i = 0; i < PAST_OPEN_COUNT; i++)
		if (mask >> i & 1)
			pack_period(p, &past->dropped[i], j->last_at);
	return ok;
}

static int past_unpack(struct unpack *u, struct journey *j)
{
	struct past *p = &j->past;
	uint64_t mask;

	p->named_at = unpack_time(u, j->last_at);
	p->n_runs = (uint32_t)unpack_bounded(u, PAST_RUNS_MAX);
	for (uint32_t i = 0; i < p->n_runs; i++) {
		p->runs[i] = unpack_period(u, j->last_at);
		if (i > 0 && p->runs[i - 1].from >= p->runs[i].from)
			u->bad = true;
	}
	p->n_words = (uint32_t)unpack_bounded(u, PAST_WORDS_MAX);
	for (uint32_t i = 0; i < p->n_words; i++) {
		uint64_t what;

		p->words[i].at = unpack_since(u, j->last_at);
		what = unpack_bounded(u, (PAST_ABOUT_COUNT << 2) - 1);
		p->words[i].about = (uint32_t)(what >> 2);
		p->words[i].verdict = (uint32_t)(what & 3);
		if (p->words[i].verdict >= PAST_VERDICT_COUNT ||
			(i > 0 && p->words[i - 1].at > p->words[i].at))
			u->bad = true;
	}
	mask = unpack_bounded(u, (1u << PAST_OPEN_COUNT) - 1);
	for (unsigned i = 0; i < PAST_OPEN_COUNT; i++)
		if (mask >> i & 1)
			p->dropped[i] = unpack_period(u, j->last_at);
	if (past_bound(j) == 0)
		u->bad = true;
	return 0;
}

const struct journey_part journey_part_past = {past_bound, past_pack, past_unpack};

/* ---- visits ------------------------------------------------------------------------------ */

static bool is_plain(const struct past *p)
{
	return p->n_visits == 0 || (p->n_visits == 1 && p->visits[0].from == p->visits[0].to);
}

static size_t visits_bound(const struct journey *j)
{
	return is_plain(&j->past) ? 0 : (1 + 2 * (size_t)j->past.n_visits) * PACK_NUMBER;
}

static bool visits_pack(struct pack *p, const struct journey *j)
{
	const struct past *past = &j->past;
	uint32_t n = past->n_visits;
	bool ok = n <= PAST_VISITS_MAX && past->visits[n - 1].to == j->web_active_at;

	pack_number(p, n);
	for (uint32_t i = n; i-- > 0 && ok;) {
		const struct period *v = &past->visits[i];
		int64_t silence = i + 1 < n ? v[1].from - v->to : 0;

		if (i + 1 < n)
			pack_number(p, (uint64_t)silence);
		pack_number(p, (uint64_t)v->to - (uint64_t)v->from);
		ok = is_there(v) && (i + 1 == n || silence >= PAST_VISIT_GAP_MS);
	}
	return ok;
}

/* *AT less what is written next; what would lie before all time is bad. */
static void unpack_before(struct unpack *u, int64_t *at)
{
	uint64_t less = unpack_number(u);

	if (less > (uint64_t)*at - (uint64_t)INT64_MIN)
		u->bad = true;
	else
		*at = (int64_t)((uint64_t)*at - less);
}

static int visits_unpack(struct unpack *u, struct journey *j)
{
	struct past *p = &j->past;
	int64_t at = j->web_active_at;

	p->n_visits = (uint32_t)unpack_bounded(u, PAST_VISITS_MAX);
	for (uint32_t i = p->n_visits; i-- > 0 && !u->bad;) {
		struct period *v = &p->visits[i];

		if (i + 1 < p->n_visits)
			unpack_before(u, &at);
		v->to = at;
		unpack_before(u, &at);
		v->from = at;
		if (i + 1 < p->n_visits &&
			(uint64_t)v[1].from - (uint64_t)v->to < PAST_VISIT_GAP_MS)
			u->bad = true;
	}
	if (j->web_active_at == INT64_MIN || is_plain(p))
		u->bad = true;
	return 0;
}

const struct journey_part journey_part_visits = {visits_bound, visits_pack, visits_unpack};
