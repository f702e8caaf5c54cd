/* SPDX-License-Identifier: MIT */
/*
 * When it was likely that a customer would not buy again. What they bought is known by its days; of
 * the first and the last purchase the instant is, of the others as long as the order is kept, else
 * the day counts from its beginning (UTC).
 */
#include "stage_view.h"

static bool is_of_day(int64_t at, int64_t day)
{
	return at != TIME_NEVER && at >= day * MS_DAY && at < (day + 1) * MS_DAY;
}

/* The first purchase on DAY, or the last. */
static int64_t bought_at(const struct journey *j, int32_t day, bool last)
{
	int64_t found = TIME_NEVER;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		int64_t at = j->orders[i].at[MILESTONE_PLACED];

		if (is_of_day(at, day) && (found == TIME_NEVER || (last ? at > found : at < found)))
			found = at;
	}
	return found == TIME_NEVER ? day * MS_DAY : found;
}

size_t stage_doubts(const struct purchase_model *m, const struct journey *j,
	struct period doubts[static PROFILE_DAYS_MAX])
{
	const struct profile *p = j->profile;
	uint32_t days = p ? p->n_days : 0;
	int64_t first = days ? p->times[PROFILE_FIRST_ORDER_AT] : TIME_NEVER;
	size_t n = 0;

	if (m->likelihood <= 0 || first == TIME_NEVER)
		return 0;
	for (uint32_t x = 0; x < days; x++) {
		bool latest = x + 1 == days;
		int64_t last =
			latest ? p->times[PROFILE_LAST_ORDER_AT] : bought_at(j, p->days[x], true);
		int64_t to = latest ? TIME_NEVER : bought_at(j, p->days[x + 1], false), silence;

		last = int64_max(first, last);
		if (to != TIME_NEVER && purchase_none(m, x, last - first,
						int64_max(last, to) - first) < m->likelihood)
			continue;
		silence = purchase_silence(m, x, last - first);
		if (silence != TIME_NEVER && last + silence < to)
			doubts[n++] = (struct period){last + silence, to};
	}
	return n;
}
