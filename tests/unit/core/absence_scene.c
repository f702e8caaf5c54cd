/* SPDX-License-Identifier: MIT */
#include "absence_scene.h"

static const struct rule_match added[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_ADDED}};

struct rule scene_cart(const char *id)
{
	return (struct rule){
		.id = span_str(id),
		.epoch = 1,
		.mode = RULE_LIVE,
		.key = RULE_KEY_FIELD,
		.key_fields = {FIELD_CART_ID},
		.n_key_fields = 1,
		.key_prefix = SPAN_LIT("cart"),
		.arm = added,
		.n_arm = 1,
		.wait = {.kind = WAIT_SPAN, .span_ms = 4 * H},
		.round_ms = 1,
		.stale_ms = TIME_NEVER,
		.expire_ms = TIME_NEVER,
		.steps = {{.id = SPAN_LIT("main")}},
		.n_steps = 1,
	};
}

void scene_init(struct scene *s, const struct rule *rules, size_t n)
{
	memset(s, 0, sizeof(*s));
	REQUIRE(rules_new(&s->rules) == 0);
	s->rules->list = arena_calloc(&s->rules->arena, n, sizeof(*rules));
	REQUIRE(s->rules->list);
	memcpy(s->rules->list, rules, n * sizeof(*rules));
	s->rules->n = n;
	for (size_t i = 0; i < n; i++) {
		s->rules->list[i].order = (uint32_t)i;
		s->rules->n_calendar += rules[i].calendar != NULL;
		s->rules->n_staged += rules[i].stages_to != 0;
		s->rules->n_leaving += rules[i].exit_policy == EXIT_NOT_MATCHING;
		REQUIRE(map_put(&s->rules->by_id, rules[i].id, &s->rules->list[i]) == 0);
	}
	REQUIRE(journey_new(SPAN_LIT("cust"), &s->journey) == 0);
	effects_init(&s->effects);
}

void scene_release(struct scene *s)
{
	rules_free(s->rules);
	journey_free(s->journey);
	effects_release(&s->effects);
}

static void say(struct scene *s, const struct effect *e)
{
	const struct decision *d = &e->decision;
	bool job = e->kind == EFFECT_JOB || d->outcome == OUTCOME_WOULD_SEND;
	int64_t at = (job ? d->fire_at : d->at) - s->start;
	struct span outcome = outcome_name(d->outcome);

	s->used += (size_t)snprintf(s->log + s->used, sizeof(s->log) - s->used, "%.*s %.*s %.*s",
		(int)outcome.len, outcome.ptr, (int)d->rule.len, d->rule.ptr, (int)d->key.len,
		d->key.ptr);
	if (job || d->outcome == OUTCOME_RETRACTED)
		s->used += (size_t)snprintf(s->log + s->used, sizeof(s->log) - s->used, " %u/%.*s",
			d->episode, (int)d->step.len, d->step.ptr);
	s->used += (size_t)snprintf(
		s->log + s->used, sizeof(s->log) - s->used, " @%lld; ", (long long)at);
	REQUIRE(s->used < sizeof(s->log));
}

static void collect(struct scene *s)
{
	for (size_t i = 0; i < s->effects.n; i++) {
		const struct effect *e = &s->effects.list[i];

		if (e->kind == EFFECT_JOB || e->kind == EFFECT_DECISION ||
			e->kind == EFFECT_RETRACT) {
			say(s, e);
			s->last = e->decision;
		}
		if (e->kind == EFFECT_COUNT)
			s->counts[e->counter]++;
	}
}

static void set_text(struct value *v, const char *text)
{
	if (!text)
		return;
	v->type = VALUE_STRING;
	v->text = span_str(text);
}

void scene_event(
	struct scene *s, enum event_kind kind, struct carried carried, int64_t at, int64_t received)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {
		.kind = kind,
		.customer = SPAN_LIT("cust"),
		.subject = span_str(carried.subject ? carried.subject : ""),
		.name = vocab_name(kind),
		.occurred_at = s->start + at,
		.received_at = s->start + received,
		.id = {(uint64_t)(s->start + received), 0},
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
	};
	struct input input = {.kind = INPUT_EVENT, .event = &e, .marks = &s->marks};

	set_text(&fields[FIELD_CART_ID], carried.cart);
	set_text(&fields[FIELD_ORDER_ID], carried.order);
	if (carried.total) {
		fields[FIELD_TOTAL].type = VALUE_NUMBER;
		fields[FIELD_TOTAL].raw = span_str(carried.total);
		REQUIRE(decimal_parse(fields[FIELD_TOTAL].raw, &fields[FIELD_TOTAL].number) == 0);
	}
	effects_reset(&s->effects);
	REQUIRE(step(s->rules, s->journey, &input, s->start + received, &s->effects) == 0);
	collect(s);
}

void scene_merge(struct scene *s, struct journey *other, int64_t linked, int64_t now)
{
	struct input input = {.kind = INPUT_MERGE,
		.marks = &s->marks,
		.other = other,
		.terms = {.said_at = s->start + linked}};

	effects_reset(&s->effects);
	REQUIRE(step(s->rules, s->journey, &input, s->start + now, &s->effects) == 0);
	collect(s);
}

void scene_tick(struct scene *s, int64_t now)
{
	struct input input = {.kind = INPUT_TICK, .marks = &s->marks};

	effects_reset(&s->effects);
	REQUIRE(step(s->rules, s->journey, &input, s->start + now, &s->effects) == 0);
	collect(s);
}

const char *scene_take(struct scene *s)
{
	static char taken[sizeof(s->log)];

	while (s->used > 0 && s->log[s->used - 1] == ' ')
		s->used--;
	memcpy(taken, s->log, s->used);
	taken[s->used] = '\0';
	s->used = 0;
	return taken;
}

struct span scene_note(const struct scene *s, const char *rule)
{
	const struct note *n = journey_note(s->journey, span_str(rule));

	return n ? note_reason_name(n->reason) : SPAN_EMPTY;
}

void two_init(struct two *t, const struct rule *rules, size_t n)
{
	scene_init(&t->anna, rules, n);
	scene_init(&t->visitor, rules, n);
	REQUIRE(text_set(&t->anna.journey->customer, SPAN_LIT("anna")) == 0);
	REQUIRE(text_set(&t->visitor.journey->customer, SPAN_LIT("anon:v")) == 0);
}

void two_release(struct two *t)
{
	scene_release(&t->anna);
	scene_release(&t->visitor);
}
