/* SPDX-License-Identifier: MIT */
/*
 * The tables of a policy: holidays, distributions, percentiles. Distributions are straight lines
 * between their points, counted in whole numbers so that every machine comes to the same
 * millisecond.
 */
#include "core/policy.h"

/* Days since 1970 of Easter Sunday by the Gregorian calendar (the algorithm that Nature printed in
 * 1876, as in Meeus, Astronomical Algorithms, chapter 8). */
static int64_t easter(int32_t year)
{
	int32_t a = year % 19, b = year / 100, c = year % 100;
	int32_t d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int32_t h = (19 * a + b - d - g + 15) % 30;
	int32_t i = c / 4, k = c % 4;
	int32_t l = (32 + 2 * e + 2 * i - h - k) % 7;
	int32_t m = (a + 11 * h + 22 * l) / 451;
	int32_t n = h + l - 7 * m + 114;

	return civil_to_days(year, n / 31, n % 31 + 1);
}

bool holiday_on(const struct holidays *h, int32_t year, int32_t month, int32_t day)
{
	int64_t after_easter = INT64_MIN;

	for (size_t i = 0; i < h->n; i++) {
		const struct holiday *one = &h->list[i];

		if (one->year != 0 && one->year != year)
			continue;
		if (one->month != 0) {
			if (one->month == month && one->day == day)
				return true;
			continue;
		}
		/* The calendar is that of 1582, and nobody plans for a year before it. */
		if (year < 1583)
			continue;
		if (after_easter == INT64_MIN)
			after_easter = civil_to_days(year, month, day) - easter(year);
		if (after_easter == one->easter)
			return true;
	}
	return false;
}

/* A x B / C rounded down, of shares and of times below 2^49, where A x B could be too large. */
static int64_t scale(int64_t a, int64_t b, int64_t c)
{
	return a / c * b + a % c * b / c;
}

/* How long SHARE / FINE of all took; false beyond the points. */
static bool quantile(const struct policy_model *m, int64_t share, int64_t fine, int64_t *ret_ms)
{
	const struct policy_point *p = m->points;

	if (m->n_points == 0 || share < p[0].share * fine ||
		share > p[m->n_points - 1].share * fine)
		return false;
	while (p->share * fine < share)
		p++;
	*ret_ms = p->at_ms;
	if (p->share * fine > share)
		*ret_ms = p[-1].at_ms + scale(p->at_ms - p[-1].at_ms, share - p[-1].share * fine,
						(p->share - p[-1].share) * fine);
	return true;
}

/* The share that took at most AT_MS, times FINE. */
static int64_t share_of(const struct policy_model *m, int64_t at_ms, int64_t fine)
{
	const struct policy_point *p = m->points;

	if (m->n_points == 0 || at_ms < p[0].at_ms)
		return 0;
	if (at_ms > p[m->n_points - 1].at_ms)
		return SHARE_WHOLE * fine;
	while (p->at_ms < at_ms)
		p++;
	if (p->at_ms == at_ms)
		return p->share * fine;
	return p[-1].share * fine +
	       (at_ms - p[-1].at_ms) * ((p->share - p[-1].share) * fine) / (p->at_ms - p[-1].at_ms);
}

bool model_quantile(const struct policy_model *m, uint32_t share, int64_t *ret_ms)
{
	return quantile(m, share, 1, ret_ms);
}

uint32_t model_share(const struct policy_model *m, int64_t at_ms)
{
	return (uint32_t)share_of(m, at_ms, 1);
}

static bool part_is(const struct policy_part *part, const struct span *of, size_t n)
{
	bool same = part->n_of == n;

	for (size_t i = 0; i < n && same; i++)
		same = span_equal_nocase(part->of[i], of[i]);
	return same;
}

const struct policy_model *model_of(
	const struct policy_model *m, const struct span *of, size_t n, uint64_t samples)
{
	for (; n > 0; n--)
		for (size_t i = 0; i < m->n_parts; i++)
			if (part_is(&m->parts[i], of, n) && m->parts[i].model.samples >= samples)
				return &m->parts[i].model;
	return m->samples >= samples ? m : NULL;
}

/* Parts of a share, so that what follows from the formula is exact to a second or so. Times below
 * ten years (2^39 ms) times a whole share in such parts fit. */
#define FINE INT64_C(1000)

int64_t model_late(const struct policy_model *m, uint32_t theta, int64_t promise_ms)
{
	const struct policy_point *first = m->points;
	int64_t whole = SHARE_WHOLE * FINE, late = whole - share_of(m, promise_ms, FINE);
	int64_t share = whole - late * SHARE_WHOLE / theta, ms = 0;

	if (share <= 0 || promise_ms <= 0)
		return 0;
	/* Before the first point nothing is known but that nobody was sooner; what has never taken
	 * as long as was promised is not late before it is. */
	if (m->n_points > 0 && late != 0 && share < first->share * FINE)
		ms = first->at_ms;
	else if (late == 0 || !quantile(m, share, FINE, &ms))
		ms = promise_ms;
	return int64_min(ms, promise_ms);
}

const struct lapse lapse_default = {.lapsing_ms = LAPSING_ELSE_MS, .lapsed_ms = LAPSED_ELSE_MS};

/* What the shop itself says, else what its customers do, else the default. */
static int64_t lapse_after(
	const struct policy_model *m, int64_t given_ms, uint32_t share, int64_t else_ms)
{
	int64_t ms;

	if (given_ms > 0)
		return given_ms;
	if (!m || m->samples < LAPSE_SAMPLES || !model_quantile(m, share, &ms))
		return else_ms;
	return int64_max(int64_min(ms, LAPSE_MAX_MS), LAPSE_MIN_MS);
}

void policy_settle_lapse(struct policy *p)
{
	const struct policy_model *m = policy_model(p, SPAN_LIT(LAPSE_MODEL));

	p->lapse.lapsed_ms =
		lapse_after(m, p->lapse_given.lapsed_ms, LAPSED_SHARE, lapse_default.lapsed_ms);
	p->lapse.lapsing_ms = int64_min(p->lapse.lapsed_ms,
		lapse_after(m, p->lapse_given.lapsing_ms, LAPSING_SHARE, lapse_default.lapsing_ms));
	p->lapse.purchase = p->lapse_given.purchase;
}

uint32_t policy_percentile(const struct policy *p, struct decimal value)
{
	uint32_t share = 0;

	for (size_t i = 0; i < p->n_percentiles; i++)
		if (decimal_compare(p->percentiles[i].value, value) <= 0)
			share = p->percentiles[i].share;
	return share;
}
