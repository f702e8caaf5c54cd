/* SPDX-License-Identifier: MIT */
/* What a rule says of an event: does it speak of it, of which entity, and until when to wait. */
#include "core/rule.h"

int rules_new(struct rules **ret_rules)
{
	static const uint64_t seed[2] = {0, 0};
	struct rules *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	arena_init(&r->arena);
	map_init(&r->by_id, seed);
	map_init(&r->by_name, seed);
	field_table_init(&r->fields);
	policy_default(&r->policy);
	*ret_rules = r;
	return 0;
}

struct rules *rules_free(struct rules *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n_zones; i++)
		zone_free(r->zones[i]);
	free(r->zones);
	map_release(&r->by_id);
	map_release(&r->by_name);
	arena_release(&r->arena);
	free(r);
	return NULL;
}

void rules_freep(struct rules **r)
{
	*r = rules_free(*r);
}

const struct rule *rules_find(const struct rules *r, struct span id)
{
	return map_get(&r->by_id, id);
}

static bool match_names(const struct rule_match *m, const struct event *e)
{
	switch (m->by) {
	case MATCH_KIND:
		return e->kind == m->kind || (m->also != EVENT_CUSTOM && e->kind == m->also);
	case MATCH_NAME:
		return e->kind == EVENT_CUSTOM && span_equal(e->name, m->name);
	case MATCH_ENGAGED:
		return (vocab_flags(e->kind) & VOCAB_ENGAGED) && !(e->flags & EVENT_FLAG_MACHINE);
	case MATCH_ANY:
		return true;
	}
	return false;
}

bool rule_matches(const struct rule_match *m, const struct cond_scope *scope)
{
	return match_names(m, scope->event) && (!m->when || cond_holds(m->when, scope));
}

struct span rule_event_key(const struct rule *r, const struct event *e, char *buf)
{
	struct span id;

	if (r->key == RULE_KEY_CUSTOMER)
		return SPAN_LIT("customer");
	id = value_id(event_field(e, r->key_field), ENTITY_MAX);
	if (id.len == 0)
		return r->key_else_customer ? SPAN_LIT("customer") : SPAN_EMPTY;
	assert(r->key_prefix.len + 1 + id.len <= RULE_KEY_MAX);
	memcpy(buf, r->key_prefix.ptr, r->key_prefix.len);
	buf[r->key_prefix.len] = ':';
	memcpy(buf + r->key_prefix.len + 1, id.ptr, id.len);
	return span_of(buf, r->key_prefix.len + 1 + id.len);
}

/* Instants are within the years 0 to 9999 and waits within ten years: no sum overflows. */
bool rule_deadline(const struct rule *r, const struct event *e, int64_t *ret_at)
{
	const struct rule_wait *w = &r->wait;
	struct civil local;
	int64_t at;

	if (w->kind == WAIT_SPAN) {
		*ret_at = e->occurred_at + w->span_ms;
		return true;
	}
	for (size_t i = 0; i < w->n_fields; i++) {
		if (!value_instant(event_field(e, w->fields[i]), &at))
			continue;
		if (w->local == WAIT_DAY_END) {
			at = zone_day_end(w->zone, at);
		} else if (w->local == WAIT_DAY_TIME) {
			zone_civil(w->zone, at, &local);
			local.hour = w->local_minute / 60;
			local.minute = w->local_minute % 60;
			local.second = local.ms = 0;
			at = zone_instant(w->zone, &local);
		}
		*ret_at = at + w->span_ms;
		return true;
	}
	return false;
}

struct span rule_class_name(enum rule_class c)
{
	switch (c) {
	case RULE_MARKETING:
		return SPAN_LIT("marketing");
	case RULE_SERVICE:
		return SPAN_LIT("service");
	case RULE_TASK:
		return SPAN_LIT("task");
	}
	return SPAN_EMPTY;
}

enum priority_class rule_priority(const struct rule *r)
{
	static const struct decimal likely = {5, -1};
	static const struct decimal severe = {7, -1};

	if (decimal_compare(r->likelihood, likely) < 0)
		return PRIORITY_LOW;
	return decimal_compare(r->impact, severe) < 0 ? PRIORITY_MEDIUM : PRIORITY_HIGH;
}

struct span priority_name(enum priority_class c)
{
	switch (c) {
	case PRIORITY_LOW:
		return SPAN_LIT("low");
	case PRIORITY_MEDIUM:
		return SPAN_LIT("medium");
	case PRIORITY_HIGH:
		return SPAN_LIT("high");
	}
	return SPAN_EMPTY;
}
