/* SPDX-License-Identifier: MIT */
/* What a rule says of an event: does it speak of it, of which entity, and until when to wait. */
#include "core/rule.h"

#include "local_time.h"

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

bool rule_match_named(const struct rule_match *m, const struct event *e)
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
	return rule_match_named(m, scope->event) && (!m->when || cond_holds(m->when, scope));
}

/* Room for the values of a key, one after the other. */
struct key_text {
	char *buf;
	size_t len;
	bool full;
};

static void put(struct key_text *k, const char *text, size_t len)
{
	if (len > RULE_KEY_MAX - k->len) {
		k->full = true;
		return;
	}
	memcpy(k->buf + k->len, text, len);
	k->len += len;
}

static void put_part(struct key_text *k, struct span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] == '/')
			put(k, "%2F", 3);
		else if (id.ptr[i] == '%')
			put(k, "%25", 3);
		else
			put(k, id.ptr + i, 1);
}

/* `2026-03-02`, the beginning of an instant's text. */
#define DAY_LEN 10

/* The N-th value of R's key, as E has it; empty: it has none. A day is written to BUF. */
static struct span part_of(
	const struct rule *r, const struct event *e, size_t n, char buf[INSTANT_SIZE])
{
	struct civil c;

	if (r->key_fields[n] != RULE_KEY_DAY)
		return value_id(event_field(e, r->key_fields[n]), ENTITY_MAX);
	local_civil(r->key_zone, e->occurred_at, &c);
	instant_format(civil_to_instant(&c), buf);
	return span_of(buf, DAY_LEN);
}

/* The first values that E carries, up to the first that it does not, MAX at most. */
static size_t put_parts(const struct rule *r, const struct event *e, size_t max, struct key_text *k)
{
	char day[INSTANT_SIZE];
	size_t n = 0;

	for (; n < max; n++) {
		struct span id = part_of(r, e, n, day);

		if (id.len == 0)
			break;
		if (r->n_key_fields == 1)
			put(k, id.ptr, id.len);
		else
			put_part(k, id);
		if (n + 1 < r->n_key_fields)
			put(k, "/", 1);
	}
	return n;
}

/* The key of an event that has N of the key's values, and they are too few: by the next property
 * that it carries. What has the first of several is about that one, and so not about another. */
static struct span else_of(const struct rule *r, const struct event *e, size_t n, char *buf)
{
	for (size_t i = 0; n == 0 && i < r->n_key_else; i++) {
		struct span id = value_id(event_field(e, r->key_else[i].field), ENTITY_MAX);
		struct key_text k = {.buf = buf};

		if (id.len == 0)
			continue;
		put(&k, r->key_else[i].prefix.ptr, r->key_else[i].prefix.len);
		put(&k, ":", 1);
		put(&k, id.ptr, id.len);
		if (!k.full)
			return span_of(buf, k.len);
	}
	return r->key_else_customer ? SPAN_LIT("customer") : SPAN_EMPTY;
}

/* Of MIN to MAX values. */
static struct span key_of(
	const struct rule *r, const struct event *e, char *buf, size_t min, size_t max)
{
	struct key_text k = {.buf = buf};
	size_t n;

	if (r->key == RULE_KEY_CUSTOMER)
		return SPAN_LIT("customer");
	put(&k, r->key_prefix.ptr, r->key_prefix.len);
	put(&k, ":", 1);
	n = put_parts(r, e, max, &k);
	if (!k.full && n >= min)
		return span_of(buf, k.len);
	return else_of(r, e, n, buf);
}

struct span rule_event_key(const struct rule *r, const struct event *e, char *buf)
{
	return key_of(r, e, buf, r->n_key_fields, r->n_key_fields);
}

struct span rule_event_reach(const struct rule *r, const struct event *e, char *buf)
{
	return key_of(r, e, buf, 1, r->n_key_fields);
}

struct span rule_match_reach(
	const struct rule *r, const struct rule_match *m, const struct event *e, char *buf)
{
	return key_of(r, e, buf, 1, m->first ? 1 : r->n_key_fields);
}

bool rule_key_is_partial(const struct rule *r, struct span key)
{
	return r->n_key_fields > 1 && key.len > 0 && key.ptr[key.len - 1] == '/';
}

bool rule_key_in(const struct rule *r, struct span reach, struct span key)
{
	if (rule_key_is_partial(r, reach))
		return key.len > reach.len && span_starts(key, reach);
	return span_equal(key, reach);
}

const struct rule *rules_of(const struct rules *r, const struct instance *i)
{
	const struct rule *rule = rules_find(r, text_span(i->rule));

	if (!rule || i->version == 0 || i->version == rule->version)
		return rule;
	for (size_t k = 0; k < r->n_retired; k++)
		if (r->retired[k].version == i->version && span_equal(r->retired[k].id, rule->id))
			return &r->retired[k];
	return rule;
}

static bool is_live(const struct rules *r, const struct rule *rule)
{
	const struct rule *in_force = rules_find(r, rule->id);

	return in_force && in_force->mode == RULE_LIVE;
}

bool rules_may_affect(const struct rules *r, const struct rule *rule, const struct rule *other)
{
	return is_live(r, rule) || !is_live(r, other);
}

bool rules_supersedes(const struct rules *r, const struct rule *rule, const struct rule *other)
{
	for (size_t n = 0; n < rule->n_supersedes; n++)
		if (span_equal(rule->supersedes[n], other->id))
			return rules_may_affect(r, rule, other);
	return false;
}

const struct rule *rules_superior(
	const struct rules *r, const struct journey *j, const struct rule *rule)
{
	for (size_t n = 0; n < j->n_instances; n++) {
		const struct rule *other;

		if (j->instances[n].state != INSTANCE_ARMED)
			continue;
		other = rules_of(r, &j->instances[n]);
		if (other && rules_supersedes(r, other, rule))
			return other;
	}
	return NULL;
}

const struct span *rule_channels(const struct rule *r, uint32_t step, size_t *ret_n)
{
	const struct rule_step *s = step < r->n_steps ? &r->steps[step] : NULL;

	*ret_n = s && s->channels ? s->n_channels : r->n_channels;
	return s && s->channels ? s->channels : r->channels;
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
