/* SPDX-License-Identifier: MIT */
/* The shop and the customer whom the gates are asked about. */
#include "gate_scene.h"

#include "../base/zone_file.h"
#include "check.h"

static const char *const zone_list[] = {"America/Adak", "America/Anchorage", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "America/New_York", "America/Phoenix",
	"America/Sao_Paulo", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Paris",
	"Europe/Vienna", "Pacific/Honolulu"};

int64_t scene_time(const char *text)
{
	int64_t at = 0;

	CHECK(instant_parse(span_str(text), &at) == 0);
	return at;
}

static void add_zones(struct gate_scene *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(zone_list); i++) {
		s->zones[i] = zone_file_parse(zone_list[i]);
		REQUIRE(s->zones[i]);
		s->names[i] = (struct policy_zone){span_str(zone_list[i]), s->zones[i]};
	}
	s->policy->zones = s->names;
	s->policy->n_zones = ARRAY_SIZE(zone_list);
	s->policy->zone = policy_zone(s->policy, SPAN_LIT("Europe/Berlin"));
}

void scene_init(struct gate_scene *s)
{
	struct order *order;

	memset(s, 0, sizeof(*s));
	REQUIRE(rules_new(&s->rules) == 0);
	s->policy = &s->rules->policy;
	add_zones(s);
	s->rules->list = arena_calloc(&s->rules->arena, SCENE_RULES, sizeof(struct rule));
	REQUIRE(s->rules->list);
	REQUIRE(journey_new(SPAN_LIT("cust_42"), &s->journey) == 0);
	REQUIRE(text_set(&s->journey->traits[TRAIT_EMAIL], SPAN_LIT("a@example.com")) == 0);
	REQUIRE(text_set(&s->journey->traits[TRAIT_PHONE], SPAN_LIT("+491701234567")) == 0);
	order = journey_add_order(s->journey, SPAN_LIT("O1"));
	REQUIRE(order);
	s->journey->n_orders = 1;
	order->at[MILESTONE_PLACED] = order->touched_at = scene_time("2026-11-20T11:00:00Z");
	order->at[MILESTONE_DELIVERED] = scene_time("2026-11-22T11:00:00Z");
	s->ask = (struct gate_ask){
		.rules = s->rules,
		.rule = scene_rule(s, 0, "cart_abandoned", RULE_MARKETING),
		.journey = s->journey,
		.now = scene_time("2026-11-23T11:00:00Z"),
	};
	s->ask.due_at = s->ask.now;
	s->ask.instance = scene_instance(s, "cart_abandoned", "cart:C1", s->ask.now);
}

void scene_release(struct gate_scene *s)
{
	rules_free(s->rules);
	journey_free(s->journey);
	for (size_t i = 0; i < SCENE_ZONES; i++)
		zone_free(s->zones[i]);
}

struct rule *scene_rule(struct gate_scene *s, size_t n, const char *id, enum rule_class class)
{
	struct rule *rule = &s->rules->list[n];

	*rule = (struct rule){
		.id = span_str(id),
		.epoch = 1,
		.mode = RULE_LIVE,
		.class = class,
		.expire_ms = TIME_NEVER,
		.steps = {{.id = SPAN_LIT("main")}},
		.n_steps = 1,
		.channels = {SPAN_LIT("email")},
		.n_channels = 1,
		.likelihood = decimal_from_int(1),
		.impact = {5, -1},
		.gates = {.on = true, .holdout = HOLDOUT_POLICY, .mutes = UINT32_MAX},
	};
	rule->gates.rank = policy_rank_of_rule(s->policy, rule->id);
	if (s->rules->n <= n)
		s->rules->n = n + 1;
	CHECK(map_put(&s->rules->by_id, rule->id, rule) == 0);
	return rule;
}

void scene_channels(struct rule *rule, const char *a, const char *b)
{
	rule->channels[0] = span_str(a);
	rule->channels[1] = span_str(b);
	rule->n_channels = b ? 2 : 1;
}

void scene_consent(
	struct gate_scene *s, const char *topic, const char *channel, enum consent_word word)
{
	uint32_t number = channel ? job_channel_of(span_str(channel)) : JOB_CHANNEL_COUNT;
	struct consent *c = journey_add_consent(s->journey, span_str(topic), number);

	REQUIRE(c);
	c->at = scene_time("2026-11-01T00:00:00Z");
	c->word = word;
}

void scene_profile_text(struct gate_scene *s, enum profile_text n, const char *text)
{
	struct profile *p = journey_add_profile(s->journey);

	REQUIRE(p);
	REQUIRE(text_set(&p->texts[n].text, span_str(text)) == 0);
	p->texts[n].at = 0;
}

void scene_profile_number(struct gate_scene *s, enum profile_number n, int64_t value)
{
	struct profile *p = journey_add_profile(s->journey);

	REQUIRE(p);
	p->numbers[n] = (struct amount){decimal_from_int(value), 0};
}

void scene_send(struct gate_scene *s, const char *rule, enum rule_class class,
	enum job_channel channel, int64_t ago_ms)
{
	struct send send = {
		.rule = gates_rule_hash(span_str(rule)),
		.at = s->ask.now - ago_ms,
		.class = class,
		.channel = channel,
		.state = SEND_SENT,
	};

	memcpy(send.job_id, &s->journey->n_sends, sizeof(s->journey->n_sends));
	REQUIRE(journey_add_send(s->journey, &send));
}

struct instance *scene_instance(struct gate_scene *s, const char *rule, const char *key, int64_t at)
{
	struct instance *i = journey_add_instance(s->journey, span_str(rule), span_str(key));

	if (!i) {
		CHECK(i);
		return NULL;
	}
	i->state = INSTANCE_ARMED;
	i->epoch = i->episode = 1;
	i->fire_at = i->deadline_at = at;
	return i;
}

static void ask(struct gate_scene *s)
{
	struct gate_ask *a = &s->ask;

	/* Pointers into the list move. */
	a->instance = journey_instance(s->journey, SPAN_LIT("cart_abandoned"), SPAN_LIT("cart:C1"));
	gates_judge(a, &s->verdict);
}

static bool is_sentence(const char *words)
{
	size_t n = strlen(words);

	return n > 10 && words[n - 1] == '.';
}

void scene_answer(const char *file, int line, struct gate_scene *s, enum gate_answer answer,
	enum gate_reason reason)
{
	ask(s);
	check_span(file, line, "answer", gate_answer_name(s->verdict.answer),
		gate_answer_name(answer));
	check_span(file, line, "reason", gate_reason_name(s->verdict.reason),
		gate_reason_name(reason));
	if (reason != REASON_NONE && !is_sentence(s->verdict.words)) {
		check_failures++;
		fprintf(stderr, "# %s:%d: no sentence: %s\n", file, line, s->verdict.words);
	}
	if (getenv("GATE_WORDS"))
		printf("# %s: %s\n", gate_reason_name(reason).ptr, s->verdict.words);
}

void scene_until(const char *file, int line, struct gate_scene *s, enum gate_reason reason,
	const char *until)
{
	char text[INSTANT_SIZE];

	scene_answer(file, line, s, GATE_DEFER, reason);
	instant_format(s->verdict.until, text);
	check_span(file, line, "until", span_str(text), span_str(until));
}
