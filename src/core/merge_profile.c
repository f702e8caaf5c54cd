/* SPDX-License-Identifier: MIT */
/* The profile of two customers who are one: the later word, and the days and ratings of both. */
#include "core/merge.h"

#include "merge_parts.h"

static void join_times(struct profile *into, const struct profile *from)
{
	for (unsigned n = 0; n < PROFILE_TIME_COUNT; n++) {
		if (from->times[n] == TIME_NEVER)
			continue;
		if (into->times[n] == TIME_NEVER)
			into->times[n] = from->times[n];
		else if (n == PROFILE_FIRST_ORDER_AT)
			into->times[n] = int64_min(into->times[n], from->times[n]);
		else
			into->times[n] = int64_max(into->times[n], from->times[n]);
	}
}

static void join_flags(struct profile *into, const struct profile *from)
{
	for (unsigned n = 0; n < PROFILE_FLAG_COUNT; n++) {
		uint32_t bit = 1u << n;

		if (from->flag_at[n] > into->flag_at[n]) {
			into->flags = (into->flags & ~bit) | (from->flags & bit);
			into->flag_at[n] = from->flag_at[n];
		} else if (from->flag_at[n] == into->flag_at[n]) {
			into->flags |= from->flags & bit;
		}
	}
}

static void join_ranking(struct profile *into, const struct profile *from)
{
	if (from->ranked_at < into->ranked_at)
		return;
	if (from->ranked_at == into->ranked_at &&
		span_compare(span_of((const char *)from->ranked, from->n_ranked),
			span_of((const char *)into->ranked, into->n_ranked)) <= 0)
		return;
	memcpy(into->ranked, from->ranked, sizeof(into->ranked));
	into->n_ranked = from->n_ranked;
	into->ranked_at = from->ranked_at;
}

/* Days of both, each once: the latest. */
static int join_days(struct profile *into, const struct profile *from)
{
	size_t a = into->n_days, b = from->n_days, n = PROFILE_DAYS_MAX;
	int32_t both[PROFILE_DAYS_MAX], *list;

	if (b == 0)
		return 0;
	/* From the latest on, downwards. */
	while (n > 0 && (a > 0 || b > 0)) {
		int32_t x = a > 0 ? into->days[a - 1] : INT32_MIN;
		int32_t y = b > 0 ? from->days[b - 1] : INT32_MIN;

		both[--n] = x > y ? x : y;
		a -= a > 0 && x == both[n];
		b -= b > 0 && y == both[n];
	}
	list = malloc((PROFILE_DAYS_MAX - n) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	memcpy(list, &both[n], (PROFILE_DAYS_MAX - n) * sizeof(*list));
	free(into->days);
	into->days = list;
	into->n_days = (uint32_t)(PROFILE_DAYS_MAX - n);
	return 0;
}

static bool rating_before(const struct rating *a, const struct rating *b)
{
	return a->at != b->at ? a->at < b->at : a->percent < b->percent;
}

/* Ratings of both: the latest. */
static int join_ratings(struct profile *into, const struct profile *from)
{
	size_t a = into->n_ratings, b = from->n_ratings, n = PROFILE_RATINGS_MAX;
	struct rating both[PROFILE_RATINGS_MAX], *list;

	if (b == 0)
		return 0;
	while (n > 0 && (a > 0 || b > 0)) {
		bool other = a == 0 ||
			     (b > 0 && rating_before(&into->ratings[a - 1], &from->ratings[b - 1]));

		both[--n] = other ? from->ratings[--b] : into->ratings[--a];
	}
	list = malloc((PROFILE_RATINGS_MAX - n) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	memcpy(list, &both[n], (PROFILE_RATINGS_MAX - n) * sizeof(*list));
	free(into->ratings);
	into->ratings = list;
	into->n_ratings = (uint32_t)(PROFILE_RATINGS_MAX - n);
	return 0;
}

int merge_profile(struct journey *into, const struct journey *from)
{
	const struct profile *other = from->profile;
	struct profile *p;

	if (!other)
		return 0;
	p = journey_add_profile(into);
	if (!p)
		return -ENOMEM;
	for (unsigned n = 0; n < PROFILE_TEXT_COUNT; n++)
		if (merge_said(&p->texts[n], &other->texts[n]) < 0)
			return -ENOMEM;
	for (unsigned n = 0; n < PROFILE_NUMBER_COUNT; n++)
		merge_amount(&p->numbers[n], &other->numbers[n], true);
	join_times(p, other);
	join_flags(p, other);
	join_ranking(p, other);
	if (join_days(p, other) < 0)
		return -ENOMEM;
	return join_ratings(p, other);
}
