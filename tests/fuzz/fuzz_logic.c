/* SPDX-License-Identifier: MIT */
/*
 * Conditions: a line with a rule in JsonLogic, a line with data. Whatever the bytes, the profile
 * compat answers or ends with an error, twice the same; and as a rule's condition, in either
 * profile, it is refused with words or can be asked, explained and asked again.
 */
#include "codec/event_json.h"
#include "codec/logic_json.h"
#include "core/cond.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct file_problems problems;

static int no_zone(void *user, struct span name, struct buf *out)
{
	(void)user;
	(void)name;
	(void)out;
	return -ENOENT;
}

static void run_free(struct span rule, struct span data)
{
	_cleanup_(arena_release) struct arena arena;
	struct logic_value over, one, two;
	struct logic program;
	int r;

	arena_init(&arena);
	r = logic_compile(rule, &arena, &problems, &program);
	assert(r == 0 || (r == LOGIC_BAD && problems.n > 0 && problems.list[0].message[0]));
	if (r != 0 || logic_value_read(data, &arena, &over) != 0)
		return;
	r = logic_run(&program, &over, &arena, &one);
	assert(r == 0 || r == LOGIC_ERROR);
	assert(logic_run(&program, &over, &arena, &two) == r && one.type == two.type);
	assert(logic_text(&one, &arena).ptr);
	assert(logic_truth(&one) == logic_truth(&two));
}

static void ask(const struct rules *rules, const struct event *e)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	const struct cond *when = rules->list[0].cancel[0].when;
	struct instance instance = {.key = {.ptr = NULL}};
	struct value value;

	assert(journey_new(SPAN_LIT("u"), &j) == 0 && journey_fold(j, e) == 0);
	const struct cond_scope scope = {.rules = rules,
		.journey = j,
		.event = e,
		.instance = &instance,
		.key = SPAN_LIT("order:O1"),
		.now = e->received_at};
	bool holds = cond_holds(when, &scope);

	assert(cond_explain(when, &scope, &words) == (holds ? COND_HOLDS : 0));
	assert(holds == (words.len == 0));
	(void)cond_value(when, &scope, &value);
	assert(cond_holds(when, &scope) == holds);
}

static void run_rule(const char *profile, struct span condition, struct span data)
{
	static const struct rule_options options = {.store_zone = {"UTC", 3}, .zone = no_zone};
	static const struct event_origin origin = {.source = {"fuzz", 4}, .sent_at = TIME_NEVER};
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(event_decoder_freep) struct event_decoder *decoder = NULL;
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rule_source source = {"rules.json", SPAN_EMPTY};
	struct event_fault fault;
	struct event e;
	int r;

	arena_init(&arena);
	buf_printf(&text,
		"{\"id\":\"a\",\"profile\":\"%s\",\"class\":\"task\",\"wait\":\"1h\","
		"\"channels\":[\"task\"],\"arm\":[\"y\"],\"data\":{\"a\":\"e.a\"},\"cancel\":[{"
		"\"event\":\"x\",\"when\":",
		profile);
	buf_add_span(&text, condition);
	buf_add_str(&text, "}]}");
	source.text = buf_span(&text);
	r = rules_compile(&source, 1, &options, &problems, &rules);
	assert(r == 0 || (r == RULES_BAD && problems.n > 0 && problems.list[0].message[0]));
	if (r != 0 || rules->n != 1 || rules->list[0].n_cancel != 1 ||
		!rules->list[0].cancel[0].when)
		return;
	buf_reset(&text);
	buf_add_str(&text, "{\"type\":\"track\",\"event\":\"x\",\"userId\":\"u\",\"properties\":");
	buf_add_span(&text, data);
	buf_add_str(&text, "}");
	assert(event_decoder_new(&rules->fields, &IDENTITY_DEFAULT, &decoder) == 0);
	if (event_decode(decoder, buf_span(&text), &origin, &arena, &e, &fault) == 0)
		ask(rules, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of((const char *)data, size);
	const char *end = size ? memchr(all.ptr, '\n', size) : NULL;
	struct span rule = end ? span_of(all.ptr, (size_t)(end - all.ptr)) : all;
	struct span rest = end ? span_of(end + 1, size - rule.len - 1) : SPAN_LIT("null");

	run_free(rule, rest);
	run_rule("strict", rule, rest);
	run_rule("compat", rule, rest);
	return 0;
}
