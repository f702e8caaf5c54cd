/* SPDX-License-Identifier: MIT */
#include "core/purchase.h"

#include <math.h>

/* Two hundred years of 366 days. */
#define SILENCE_MAX_MS (INT64_C(73200) * MS_DAY)

double purchase_alive(const struct purchase_model *m, uint32_t x, int64_t last, int64_t now)
{
	/* The odds against, as a logarithm: they are beyond a double after many purchases. */
	double odds = (m->r + x) * log1p((double)(now - last) / (m->alpha_ms + (double)last)) +
		      log(m->a) - log(m->b + x);

	return odds > 0 ? exp(-odds) / (1 + exp(-odds)) : 1 / (1 + exp(odds));
}

double purchase_none(const struct purchase_model *m, uint32_t x, int64_t last, int64_t now)
{
	double some =
		-expm1(-(m->r + x) * log1p((double)m->within_ms / (m->alpha_ms + (double)now)));

	return 1 - purchase_alive(m, x, last, now) * some;
}

int64_t purchase_silence(const struct purchase_model *m, uint32_t x, int64_t last)
{
	int64_t low = 0, high = SILENCE_MAX_MS;

	if (purchase_none(m, x, last, last + high) < m->likelihood)
		return TIME_NEVER;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (purchase_none(m, x, last, last + middle) < m->likelihood)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
