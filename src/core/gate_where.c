/* SPDX-License-Identifier: MIT */
/*
 * Where a customer is (triggers, section 9): the zone they chose; else that of the country they
 * gave or we ship to, if it has one only, or if their device names one of its zones; else, of no
 * country, what the device says. Else the shop's, and all of the country's may be theirs.
 */
#include "gate_turn.h"
#include "local_time.h"

#include <stdlib.h>

static struct span profile_text(const struct journey *j, enum profile_text n)
{
	return j->profile ? text_span(j->profile->texts[n].text) : SPAN_EMPTY;
}

struct span journey_country(const struct journey *j)
{
	struct span said = profile_text(j, PROFILE_COUNTRY);

	return said.len > 0 ? said : profile_text(j, PROFILE_SHIP_COUNTRY);
}

static bool is_among(const char *const *zones, struct span name)
{
	for (; zones && *zones; zones++)
		if (span_is(name, *zones))
			return true;
	return false;
}

/* Of who chose none. */
static struct span zone_that_follows(const struct journey *j)
{
	struct span device = profile_text(j, PROFILE_SEEN_ZONE);
	const char *const *zones = country_zones(journey_country(j));

	if (!zones || !zones[0] || is_among(zones, device))
		return device;
	return zones[1] ? SPAN_EMPTY : span_str(zones[0]);
}

struct span journey_zone_name(const struct journey *j)
{
	struct span chosen = profile_text(j, PROFILE_ZONE);

	return chosen.len > 0 ? chosen : zone_that_follows(j);
}

struct span journey_language(const struct journey *j)
{
	struct span chosen = profile_text(j, PROFILE_LANGUAGE);

	return chosen.len > 0 ? chosen : profile_text(j, PROFILE_SEEN_LANGUAGE);
}

void whereabouts_of(const struct policy *p, const struct journey *j, struct whereabouts *ret)
{
	struct span name = journey_zone_name(j);
	const char *const *zones;

	*ret = (struct whereabouts){.country = journey_country(j)};
	ret->zone = name.len > 0 ? policy_zone(p, name) : NULL;
	/* There may be no zone of that name. */
	if (!ret->zone)
		ret->zone = policy_zone(p, zone_that_follows(j));
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
	int32_t east;
	struct civil c;

	if (at == TIME_NEVER)
		return "never";
	local_civil(t->where.zone, at, &c);
	east = (t->where.zone ? zone_offset(t->where.zone, at) : 0) / 60;
	(void)snprintf(out, GATE_TIME_SIZE, "%04d-%02d-%02d %02d:%02d %c%02d:%02d", c.year, c.month,
		c.day, c.hour, c.minute, east < 0 ? '-' : '+', abs(east) / 60, abs(east) % 60);
	return out;
}
