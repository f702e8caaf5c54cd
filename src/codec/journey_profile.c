/* SPDX-License-Identifier: MIT */
/*
 * The profile as bytes.
 *
 *   profile:   what there is · mask of texts, those · mask of numbers, those · times · [flags] ·
 *              [ranking] · [days] · [ratings]
 *   text:      bytes · at          number:   decimal · at
 *   flags:     mask of those said + 16 × those set · at of each
 *   ranking:   number · channels · at
 *   days:      number · the first · distances of the others, less one
 *   ratings:   number · (percent · at) each
 */
#include "journey_parts.h"
#include "pack_text.h"

/* What stands on disk as a number may not move: append. */
_Static_assert(PROFILE_ZONE == 0 && PROFILE_TIER == 4 && PROFILE_POINTS_EXPIRE == 9, "moved");
_Static_assert(PROFILE_FIRST_ORDER_AT == 0 && PROFILE_CONTACTED_AT == 7, "moved");
_Static_assert(PROFILE_BLOCKED == 0 && PROFILE_ERASED == 3, "moved");
/* Whoever adds a member must have it written and read here too. */
_Static_assert(sizeof(struct profile) ==
		       PROFILE_TEXT_COUNT * sizeof(struct said) +
			       PROFILE_NUMBER_COUNT * sizeof(struct amount) +
			       (PROFILE_TIME_COUNT + PROFILE_FLAG_COUNT + 4) * sizeof(int64_t) +
			       2 * sizeof(void *),
	"a new member?");

enum {
	HAS_FLAGS = 1 << 0,
	HAS_RANKING = 1 << 1,
	HAS_DAYS = 1 << 2,
	HAS_RATINGS = 1 << 3,
	HAS_ALL = (1 << 4) - 1,
};

#define FLAGS_ALL ((1u << PROFILE_FLAG_COUNT) - 1)

/* Instants absent are NEVER, which is 0: the usual word is 0 too. */
static const uint16_t profile_at[] = {
#define X(ID, NAME) offsetof(struct profile, times[PROFILE_##ID]),
	PROFILE_TIMES(X)
#undef X
};
static const struct pack_times profile_times = {profile_at, ARRAY_SIZE(profile_at), 0};

_Static_assert(ARRAY_SIZE(profile_at) < PACK_TIMES_MAX, "instants exceed a word");

static bool has_text(const struct profile *f, unsigned i)
{
	return f->texts[i].at != INT64_MIN || f->texts[i].text.len > 0;
}

static bool has_number(const struct profile *f, unsigned i)
{
	return f->numbers[i].at != INT64_MIN || f->numbers[i].value.mantissa != 0;
}

static uint32_t flags_said(const struct profile *f)
{
	uint32_t said = 0;

	for (unsigned i = 0; i < PROFILE_FLAG_COUNT; i++)
		said |= (uint32_t)(f->flag_at[i] != INT64_MIN) << i;
	return said;
}

static unsigned profile_has(const struct profile *f)
{
	return (flags_said(f) || f->flags ? HAS_FLAGS : 0u) |
	       (f->n_ranked || f->ranked_at != INT64_MIN ? HAS_RANKING : 0u) |
	       (f->n_days ? HAS_DAYS : 0u) | (f->n_ratings ? HAS_RATINGS : 0u);
}

static size_t profile_bound(const struct journey *j)
{
	const struct profile *f = j->profile;
	size_t n = 3 * PACK_NUMBER;

	if (!f)
		return 0;
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++)
		n += f->texts[i].text.len + 3 * PACK_NUMBER;
	n += (size_t)PROFILE_NUMBER_COUNT * 4 * PACK_NUMBER;
	n += (1 + ARRAY_SIZE(profile_at)) * PACK_NUMBER;
	n += (2 + 2 * PROFILE_FLAG_COUNT) * PACK_NUMBER;
	n += JOB_CHANNEL_COUNT + 3 * PACK_NUMBER;
	return n + (3 + f->n_days + 2 * (size_t)f->n_ratings) * PACK_NUMBER;
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool pack_words(struct pack *p, const struct profile *f, int64_t base)
{
	uint64_t texts = 0, numbers = 0;
	bool ok = true;

	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++)
		texts |= (uint64_t)has_text(f, i) << i;
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT; i++)
		numbers |= (uint64_t)has_number(f, i) << i;
	pack_number(p, texts);
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++) {
		if (!(texts >> i & 1))
			continue;
		pack_block(p, text_span(f->texts[i].text));
		pack_time(p, f->texts[i].at, base);
		ok = ok && f->texts[i].text.len <= profile_text_max(i);
	}
	pack_number(p, numbers);
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT; i++) {
		if (!(numbers >> i & 1))
			continue;
		pack_decimal(p, f->numbers[i].value);
		pack_time(p, f->numbers[i].at, base);
		ok = ok && decimal_packs(f->numbers[i].value);
	}
	return ok;
}

static bool pack_flags(struct pack *p, const struct profile *f, int64_t base)
{
	uint32_t said = flags_said(f);

	pack_number(p, (uint64_t)f->flags << PROFILE_FLAG_COUNT | said);
	for (unsigned i = 0; i < PROFILE_FLAG_COUNT; i++)
		if (said >> i & 1)
			pack_since(p, f->flag_at[i], base);
	return (f->flags & ~said) == 0;
}

/* Each channel once. */
static bool ranking_ok(const struct profile *f)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < f->n_ranked; i++) {
		if (f->ranked[i] >= JOB_CHANNEL_COUNT || (seen >> f->ranked[i] & 1))
			return false;
		seen |= 1u << f->ranked[i];
	}
	return true;
}

static bool pack_ranking(struct pack *p, const struct profile *f, int64_t base)
{
	if (f->n_ranked > JOB_CHANNEL_COUNT)
		return false;
	pack_block(p, span_of((const char *)f->ranked, f->n_ranked));
	pack_time(p, f->ranked_at, base);
	return ranking_ok(f);
}

static bool pack_days(struct pack *p, const struct profile *f)
{
	bool ok = f->n_days <= PROFILE_DAYS_MAX;

	pack_number(p, f->n_days);
	for (uint32_t i = 0; i < f->n_days; i++) {
		int64_t since = i ? (int64_t)f->days[i - 1] + 1 : 0;

		ok = ok && (i == 0 || f->days[i] >= since);
		pack_number(p, i ? (uint64_t)(f->days[i] - since) : pack_fold(f->days[0]));
	}
	return ok;
}

static bool pack_ratings(struct pack *p, const struct profile *f, int64_t base)
{
	bool ok = f->n_ratings <= PROFILE_RATINGS_MAX;

	pack_number(p, f->n_ratings);
	for (uint32_t i = 0; i < f->n_ratings; i++) {
		pack_number(p, f->ratings[i].percent);
		pack_since(p, f->ratings[i].at, base);
		ok = ok && f->ratings[i].percent <= 100;
	}
	return ok;
}

static bool profile_pack(struct pack *p, const struct journey *j)
{
	const struct profile *f = j->profile;
	unsigned has = profile_has(f);
	bool ok;

	pack_number(p, has);
	ok = pack_words(p, f, j->last_at);
	pack_times(p, &profile_times, f, j->last_at);
	if (has & HAS_FLAGS)
		ok = pack_flags(p, f, j->last_at) && ok;
	if (has & HAS_RANKING)
		ok = pack_ranking(p, f, j->last_at) && ok;
	if (has & HAS_DAYS)
		ok = pack_days(p, f) && ok;
	if (has & HAS_RATINGS)
		ok = pack_ratings(p, f, j->last_at) && ok;
	return ok;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int unpack_words(struct unpack *u, struct profile *f, int64_t base)
{
	uint64_t texts = unpack_bounded(u, (UINT64_C(1) << PROFILE_TEXT_COUNT) - 1), numbers;
	int r = 0;

	for (unsigned i = 0; i < PROFILE_TEXT_COUNT && r == 0; i++) {
		if (!(texts >> i & 1))
			continue;
		r = unpack_text(u, &f->texts[i].text, profile_text_max(i));
		f->texts[i].at = unpack_time(u, base);
	}
	numbers = unpack_bounded(u, (UINT64_C(1) << PROFILE_NUMBER_COUNT) - 1);
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT; i++) {
		if (!(numbers >> i & 1))
			continue;
		f->numbers[i].value = unpack_decimal(u);
		f->numbers[i].at = unpack_time(u, base);
	}
	return r;
}

static void unpack_flags(struct unpack *u, struct profile *f, int64_t base)
{
	uint64_t both = unpack_bounded(u, (UINT64_C(1) << 2 * PROFILE_FLAG_COUNT) - 1);
	uint32_t said = (uint32_t)both & FLAGS_ALL;

	f->flags = (uint32_t)(both >> PROFILE_FLAG_COUNT);
	if (f->flags & ~said || !said)
		u->bad = true;
	for (unsigned i = 0; i < PROFILE_FLAG_COUNT; i++)
		if (said >> i & 1)
			f->flag_at[i] = unpack_since(u, base);
}

static void unpack_ranking(struct unpack *u, struct profile *f, int64_t base)
{
	struct span ranked = unpack_block(u);

	if (ranked.len > JOB_CHANNEL_COUNT) {
		u->bad = true;
		return;
	}
	if (ranked.len)
		memcpy(f->ranked, ranked.ptr, ranked.len);
	f->n_ranked = (uint32_t)ranked.len;
	f->ranked_at = unpack_time(u, base);
	if (!ranking_ok(f))
		u->bad = true;
}

static int unpack_days(struct unpack *u, struct profile *f)
{
	uint32_t n = (uint32_t)unpack_bounded(u, PROFILE_DAYS_MAX);
	int64_t day = 0;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	f->days = calloc(n, sizeof(*f->days));
	if (!f->days)
		return -ENOMEM;
	f->n_days = n;
	for (uint32_t i = 0; i < n; i++) {
		day = i ? day + 1 + (int64_t)unpack_bounded(u, UINT32_MAX)
			: pack_unfold(unpack_number(u));
		if (day < INT32_MIN || day > INT32_MAX) {
			u->bad = true;
			day = 0;
		}
		f->days[i] = (int32_t)day;
	}
	return 0;
}

static int unpack_ratings(struct unpack *u, struct profile *f, int64_t base)
{
	uint32_t n = (uint32_t)unpack_bounded(u, PROFILE_RATINGS_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	f->ratings = calloc(n, sizeof(*f->ratings));
	if (!f->ratings)
		return -ENOMEM;
	f->n_ratings = n;
	for (uint32_t i = 0; i < n; i++) {
		f->ratings[i].percent = (uint32_t)unpack_bounded(u, 100);
		f->ratings[i].at = unpack_since(u, base);
	}
	return 0;
}

static int profile_unpack(struct unpack *u, struct journey *j)
{
	uint64_t has = unpack_bounded(u, HAS_ALL);
	struct profile *f = journey_add_profile(j);
	int r;

	if (!f)
		return -ENOMEM;
	r = unpack_words(u, f, j->last_at);
	unpack_times(u, &profile_times, f, j->last_at);
	if (has & HAS_FLAGS)
		unpack_flags(u, f, j->last_at);
	if (has & HAS_RANKING)
		unpack_ranking(u, f, j->last_at);
	if (r == 0 && (has & HAS_DAYS))
		r = unpack_days(u, f);
	if (r == 0 && (has & HAS_RATINGS))
		r = unpack_ratings(u, f, j->last_at);
	return r;
}

const struct journey_part journey_part_profile = {profile_bound, profile_pack, profile_unpack};
