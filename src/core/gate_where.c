/* SPDX-License-Identifier: MIT */
/*
 * Where a customer is: the zone they or their browser said; else that of the country they gave or
 * we ship to, if it has one only; else the shop's, and all of the country's may be theirs.
 */
#include "gate_turn.h"
#include "local_time.h"

static struct span profile_text(const struct journey *j, enum profile_text n)
{
	return j->profile ? text_span(j->profile->texts[n].text) : SPAN_EMPTY;
}

void whereabouts_of(const struct policy *p, const struct journey *j, struct whereabouts *ret)
{
	struct span name = profile_text(j, PROFILE_ZONE);
	const char *const *zones;

	*ret = (struct whereabouts){.country = profile_text(j, PROFILE_COUNTRY)};
	ret->zone = name.len > 0 ? policy_zone(p, name) : NULL;
	if (!ret->zone) {
		zones = country_zones(ret->country);
		for (; zones && *zones; zones++) {
			const struct zone *zone = policy_zone(p, span_str(*zones));

			if (zone)
				ret->others[ret->n_others++] = zone;
		}
		if (ret->n_others == 1) {
			ret->zone = ret->others[0];
			ret->n_others = 0;
		}
	}
	ret->known = ret->zone != NULL;
	if (!ret->zone)
		ret->zone = p->zone;
}

const struct zone *gates_zone(const struct policy *p, const struct journey *j)
{
	struct whereabouts where;

	whereabouts_of(p, j, &where);
	return where.zone;
}

const char *gate_time(const struct gate_turn *t, int64_t at, char out[GATE_TIME_SIZE])
{
	struct civil c;

	if (at == TIME_NEVER)
		return "never";
	local_civil(t->where.zone, at, &c);
	(void)snprintf(out, GATE_TIME_SIZE, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day,
		c.hour, c.minute);
	return out;
}
