/* SPDX-License-Identifier: MIT */
/*
 * Time zones of a set of rules, each read once: those that rules name, the shop's own, and for a
 * program that decides about customers all those in which customers may live.
 */
#include "rule_reader.h"
#include "zone_names.h"

/* `Europe/Berlin`: nothing that could lead out of a directory of zone files. */
static bool zone_name_ok(struct span name)
{
	char before = '/';

	if (name.len == 0 || name.len > RULE_ZONE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool inner = (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' || c == '/';

		if (!letter && !(inner && before != '/'))
			return false;
		before = c;
	}
	return before != '/';
}

static int zone_load(const struct rule_options *options, struct span name, struct zone **ret_zone)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	int result;

	if (span_is(name, "UTC"))
		return zone_utc(ret_zone);
	if (!zone_name_ok(name) || !options->zone)
		return ZONE_INVALID;
	result = options->zone(options->zone_user, name, &bytes);
	return result ? result : zone_parse(buf_span(&bytes), ret_zone);
}

/* The zone NAME, if a rule has named it already. */
static const struct zone *zone_known(const struct rule_reader *r, struct span name)
{
	for (size_t i = 0; i < r->rules->n_zones && i < ARRAY_SIZE(r->zone_names); i++)
		if (span_equal(r->zone_names[i], name))
			return r->rules->zones[i];
	return NULL;
}

/* NULL after a problem. */
static const struct zone *zone_get(
	struct rule_reader *r, const struct file_place *p, struct span name)
{
	_cleanup_(zone_freep) struct zone *zone = NULL;
	const struct zone *known = zone_known(r, name);
	char quote[FILE_QUOTE_SIZE];
	struct zone **more;
	int result;

	if (known)
		return known;
	result = zone_load(r->options, name, &zone);
	if (result == -ENOMEM) {
		r->oom = true;
		return NULL;
	}
	if (result != 0) {
		rule_problem_add(r, p,
			"there is no time zone %s on this machine; write an IANA name such as "
			"\"Europe/Berlin\", \"UTC\", or \"store\" for the shop's own",
			file_quote(name, quote));
		return NULL;
	}
	if (r->rules->n_zones == ARRAY_SIZE(r->zone_names)) {
		rule_problem_add(r, p, "all rules together name more than %zu time zones",
			ARRAY_SIZE(r->zone_names));
		return NULL;
	}
	more = realloc(r->rules->zones, (r->rules->n_zones + 1) * sizeof(struct zone *));
	if (!more) {
		r->oom = true;
		return NULL;
	}
	r->rules->zones = more;
	r->zone_names[r->rules->n_zones] = rule_copy(r, name);
	more[r->rules->n_zones++] = zone;
	zone = NULL;
	return more[r->rules->n_zones - 1];
}

const struct zone *rule_zone(struct rule_reader *r, const struct file_place *p, struct span name)
{
	if (!span_is(name, "store"))
		return zone_get(r, p, name);
	return zone_get(
		r, p, r->options->store_zone.len ? r->options->store_zone : SPAN_LIT("UTC"));
}

int rules_add_zones(struct rules *rules, const struct rule_options *options)
{
	struct policy_zone *list = arena_calloc(&rules->arena, zone_names_n, sizeof(*list));
	struct zone **more =
		realloc(rules->zones, (rules->n_zones + zone_names_n) * sizeof(struct zone *));
	struct zone *zone;
	size_t n = 0;

	if (more)
		rules->zones = more;
	if (!list || !more)
		return -ENOMEM;
	for (size_t i = 0; i < zone_names_n; i++) {
		int result = zone_load(options, span_str(zone_names[i]), &zone);

		if (result == -ENOMEM)
			return result;
		if (result != 0)
			continue; /* this machine has an older or a smaller database */
		rules->zones[rules->n_zones++] = zone;
		list[n++] = (struct policy_zone){span_str(zone_names[i]), zone};
	}
	rules->policy.zones = list;
	rules->policy.n_zones = n;
	return 0;
}
