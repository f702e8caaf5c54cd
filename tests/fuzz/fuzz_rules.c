/* SPDX-License-Identifier: MIT */
/*
 * Files of rules: whatever the bytes, either there are problems that say something, or a set that
 * can be used, whose conditions can be evaluated, and that is the same when compiled again.
 */
#include "codec/rule_json.h"
#include "core/cond.h"
#include "core/journey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_zone(void *user, struct span name, struct buf *out)
{
	(void)user;
	(void)name;
	(void)out;
	return -ENOENT;
}

static void check_problems(const struct file_problems *problems)
{
	assert(problems->n > 0 && problems->n <= ARRAY_SIZE(problems->list));
	for (size_t i = 0; i < problems->n; i++) {
		const struct file_problem *p = &problems->list[i];

		assert(memchr(p->message, '\0', sizeof(p->message)) && p->message[0]);
		assert(memchr(p->pointer, '\0', sizeof(p->pointer)));
		assert(p->pointer[0] == '\0' || p->pointer[0] == '/');
	}
}

static void check_match(const struct rule_match *list, size_t n, const struct cond_scope *scope)
{
	for (size_t i = 0; i < n; i++) {
		(void)rule_matches(&list[i], scope);
		if (list[i].when)
			(void)cond_holds(list[i].when, scope);
	}
}

static void check_rule(const struct rule *r, const struct cond_scope *scope)
{
	struct cond_scope fire = *scope;
	char key[RULE_KEY_MAX];
	int64_t at;

	assert((r->n_arm > 0 || r->calendar) && r->n_steps > 0 && r->n_channels > 0 &&
		r->round_ms > 0);
	check_match(r->arm, r->n_arm, scope);
	check_match(r->touch, r->n_touch, scope);
	check_match(r->cancel, r->n_cancel, scope);
	fire.event = NULL;
	if (r->fire_if)
		(void)cond_holds(r->fire_if, &fire);
	(void)rule_event_key(r, scope->event, key);
	(void)rule_deadline(r, scope, scope->event->occurred_at, &at);
	(void)rule_priority(r);
}

static void check_rules(const struct rules *rules)
{
	static const char id[ENTITY_MAX];
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct value fields[FIELD_MAX];
	struct event e = {.fields = fields, .n_fields = rules->fields.n, .name = SPAN_LIT("x")};

	/* Each field a text as long as a key may be, which is an instant for none. */
	for (size_t i = 0; i < e.n_fields; i++)
		fields[i] = (struct value){.type = VALUE_STRING,
			.text = span_of(id, sizeof(id)),
			.raw = SPAN_LIT("\"\"")};
	assert(journey_new(SPAN_LIT("c"), &j) == 0);
	const struct cond_scope scope = {.rules = rules, .journey = j, .event = &e};
	for (size_t i = 0; i < rules->n; i++) {
		assert(rules_find(rules, rules->list[i].id) == &rules->list[i]);
		check_rule(&rules->list[i], &scope);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rule_options options = {.store_zone = {"UTC", 3}, .zone = no_zone};
	static struct file_problems problems;
	const struct rule_source source = {"rules.json", span_of((const char *)data, size)};
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(rules_freep) struct rules *again = NULL;
	int r = rules_compile(&source, 1, &options, &problems, &rules);

	if (r == RULES_BAD) {
		assert(!rules);
		check_problems(&problems);
		return 0;
	}
	assert(r == 0 && problems.n == 0);
	check_rules(rules);
	assert(rules_compile(&source, 1, &options, &problems, &again) == 0);
	assert(again->digest == rules->digest && again->n == rules->n);
	return 0;
}
