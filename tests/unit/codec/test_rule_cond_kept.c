/* SPDX-License-Identifier: MIT */
/*
 * Conditions over what was kept of the event that armed (`ctx.`), against what the filter of `arm`
 * lets through: filters and conditions by chance, each asked about each value there is, as the
 * engine keeps it. What is refused no value makes true; and near misses are let in.
 */
#include "base/instant.h"
#include "case_files.h"
#include "chance.h"
#include "check.h"
#include "codec/event_json.h"
#include "codec/rule_json.h"
#include "cond_case.h"
#include "core/cond.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
static struct file_problems problems;

/* NULL: not there. */
static const char *const values[] = {NULL, "null", "true", "false", "[]", "[\"a\"]", "{}", "-1",
	"1", "1.5", "2", "2.0", "3", "5", "7", "\"\"", "\"1\"", "\"2\"", "\"2.0\"", "\"2.5\"",
	"\"3\"", "\"5\"", "\"9\"", "\"a\"", "\"ab\"", "\"b\"", "\"c\""};
static const char *const constants[] = {"1", "2", "5", "'2'", "'2.0'", "'a'", "'b'"};
static const char *const orders[] = {"==", "!=", "<", "<=", ">", ">="};

/* The event's name and the one by which it is kept: plain and money. */
static const char *const pairs[][2] = {
	{"x", "n"}, {"price", "cost"}, {"x", "total"}, {"price", "n"}};

/* ---- rules by chance -------------------------------------------------------------------- */

static void add_leaf(struct buf *out, struct chance *c, const char *path)
{
	const char *one = constants[chance_below(c, ARRAY_SIZE(constants))];
	const char *other = constants[chance_below(c, ARRAY_SIZE(constants))];

	switch (chance_below(c, 8)) {
	case 0:
		buf_printf(out, "{'var':'%s'}", path);
		return;
	case 1:
		buf_printf(out, "{'in':[{'var':'%s'},[%s,%s]]}", path, one, other);
		return;
	case 2:
		buf_printf(out, "{'missing':'%s'}", path);
		return;
	default:
		buf_printf(out, "{'%s':[{'var':'%s'},%s]}",
			orders[chance_below(c, ARRAY_SIZE(orders))], path, one);
		return;
	}
}

/* OTHER: a value that the rest is not about. */
static void add_tree(
	struct buf *out, struct chance *c, const char *path, const char *other, unsigned depth)
{
	uint64_t kind = chance_below(c, depth ? 10 : 5);

	if (kind < 5) {
		add_leaf(out, c, kind == 0 ? other : path);
		return;
	}
	if (kind == 5) {
		buf_add_str(out, "{'!':");
		add_tree(out, c, path, other, depth - 1);
		buf_add_str(out, "}");
		return;
	}
	buf_add_str(out, kind < 8 ? "{'and':[" : "{'or':[");
	add_tree(out, c, path, other, depth - 1);
	buf_add_str(out, ",");
	add_tree(out, c, path, other, depth - 1);
	buf_add_str(out, "]}");
}

/* Two filters at most, and a condition. What is wrong with one of them alone is none of ours. */
static int chance_rule(struct chance *c, const char *const names[2], struct rules **ret_rules,
	struct buf *ret_text)
{
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	struct rule_source source = {.file = "rules.json"};
	char event[16], kept[16];

	snprintf(event, sizeof(event), "e.%s", names[0]);
	snprintf(kept, sizeof(kept), "ctx.%s", names[1]);
	buf_printf(&raw,
		"{'id':'a','class':'task','wait':'1h','channels':['task'],"
		"'data':{'%s':'%s','other':'e.other'},'arm':[",
		names[1], event);
	for (uint64_t i = 0, n = 1 + chance_below(c, 2); i < n; i++) {
		buf_printf(&raw, "%s{'event':'%s','when':", i ? "," : "", i ? "z" : "y");
		add_tree(&raw, c, event, "e.other", 2);
		buf_add_str(&raw, "}");
	}
	buf_add_str(&raw, "],'fire_if':");
	add_tree(&raw, c, kept, "ctx.other", 2);
	buf_add_str(&raw, "}");
	buf_add_char(&raw, '\0');
	cond_case_json(ret_text, raw.ptr);
	source.text = buf_span(ret_text);
	return rules_compile(&source, 1, &berlin, &problems, ret_rules);
}

/* The same rule without what is refused: its fire_if is asked of the cancel of another rule. */
static struct rules *let_in(const struct buf *text)
{
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	struct rules *rules = NULL;
	struct rule_source source = {.file = "rules.json"};

	/* What may be handed over to it is not of its own arm. */
	buf_add_char(&raw, '[');
	buf_add_span(&raw, span_of(text->ptr, text->len));
	cond_case_json(&raw, ",{'id':'giver','class':'task','wait':'1h','channels':['task'],"
			     "'arm':['v'],'cancel':[{'event':'w','to':'a'}]}]");
	source.text = buf_span(&raw);
	if (rules_compile(&source, 1, &berlin, &problems, &rules) != 0)
		return NULL;
	return rules;
}

/* ---- what the engine says ---------------------------------------------------------------- */

/* With VALUE and OTHER in the event: is it armed, and does the condition hold then? */
static bool holds(const struct rules *rules, struct event_decoder *decoder,
	const char *const names[2], const char *value, const char *other)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT, data = BUF_INIT;
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(journey_freep) struct journey *journey = NULL;
	struct event_origin origin = {.source = SPAN_LIT("test"), .sent_at = TIME_NEVER};
	struct cond_scope scope = {.rules = rules};
	const struct rule *rule = rules_find(rules, SPAN_LIT("a"));
	struct instance instance = {.state = INSTANCE_ARMED};
	struct event_fault fault = {NULL, NULL};
	struct event event;
	bool armed = false, all;

	arena_init(&arena);
	buf_printf(&json,
		"{\"type\":\"track\",\"event\":\"y\",\"userId\":\"u\",\"messageId\":\"m\","
		"\"timestamp\":\"2026-03-15T12:00:00Z\",\"properties\":{");
	if (value)
		buf_printf(&json, "\"%s\":%s", names[0], value);
	if (other)
		buf_printf(&json, "%s\"other\":%s", value ? "," : "", other);
	buf_add_str(&json, "}}");
	CHECK_INT(instant_parse(SPAN_LIT("2026-03-15T12:00:00Z"), &scope.now), 0);
	origin.id.ms = (uint64_t)scope.now;
	origin.recv_at = scope.now;
	CHECK_INT(event_decode(decoder, buf_span(&json), &origin, &arena, &event, &fault), 0);
	CHECK_INT(journey_new(SPAN_LIT("u"), &journey), 0);
	scope.event = &event;
	scope.journey = journey;
	for (size_t i = 0; i < rule->n_arm; i++)
		armed = armed || !rule->arm[i].when || cond_holds(rule->arm[i].when, &scope);
	/* As absence_data.c keeps it. */
	if (value)
		buf_printf(&data, "\"%s\":%s", names[1], value);
	if (other)
		buf_printf(&data, "%s\"other\":%s", value ? "," : "", other);
	text_share(&instance.data, buf_span(&data));
	scope.event = NULL;
	scope.instance = &instance;
	all = armed && cond_holds(rule->fire_if, &scope);
	/* Or there was no room for it. */
	instance.data.len = 0;
	return all || (armed && cond_holds(rule->fire_if, &scope));
}

static bool ever_holds(const struct rules *rules, const char *const names[2])
{
	static const char *const others[] = {NULL, "1", "5", "\"2\"", "\"a\"", "\"b\"", "true"};
	_cleanup_(event_decoder_freep) struct event_decoder *decoder = NULL;

	CHECK_INT(event_decoder_new(&rules->fields, &IDENTITY_DEFAULT, &decoder), 0);
	for (size_t i = 0; decoder && i < ARRAY_SIZE(values); i++)
		for (size_t k = 0; k < ARRAY_SIZE(others); k++)
			if (holds(rules, decoder, names, values[i], others[k]))
				return true;
	return false;
}

static void test_chance(void)
{
	struct chance c = chance_new();
	size_t refused = 0, tried = 0;

	for (size_t i = 0; i < 6000 && !check_failures; i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL, *other = NULL;
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		const char *const *names = pairs[chance_below(&c, ARRAY_SIZE(pairs))];

		if (chance_rule(&c, names, &rules, &text) == 0 ||
			!strstr(problems.list[0].message, "`ctx`"))
			continue;
		refused++;
		other = let_in(&text);
		CHECK(other != NULL);
		if (other && ever_holds(other, names))
			check_span("chance", (int)i, "refused", buf_span(&text), SPAN_EMPTY);
		tried += other != NULL;
	}
	printf("# %zu refused, %zu of them asked about each value\n", refused, tried);
	CHECK(tried > 100);
}

/* ---- by hand ----------------------------------------------------------------------------- */

struct row {
	const char *arm, *fire_if; /* of e.x, kept as n */
	bool refused;
};

static const struct row rows[] = {
	{"{'==':[{'var':'e.x'},'a']}", "{'==':[{'var':'ctx.n'},'b']}", true},
	{"{'in':[{'var':'e.x'},['a','c']]}", "{'in':[{'var':'ctx.n'},['b','d']]}", true},
	{"{'>':[{'var':'e.x'},5]}", "{'<=':[{'var':'ctx.n'},5]}", true},
	{"{'and':[{'var':'e.y'},{'==':[{'var':'e.x'},'a']}]}",
		"{'and':[{'var':'s.identified'},{'==':[{'var':'ctx.n'},'b']}]}", true},
	{"{'==':[{'var':'e.x'},'a']}",
		"{'or':[{'==':[{'var':'ctx.n'},'b']},{'==':[{'var':'ctx.n'},'c']}]}", true},
	/* It was not kept, for want of room. */
	{"{'==':[{'var':'e.x'},'a']}", "{'!':{'==':[{'var':'ctx.n'},'a']}}", false},
	{"{'==':[{'var':'e.x'},'a']}", "{'!=':[{'var':'ctx.n'},'a']}", false},
	{"{'==':[{'var':'e.x'},'a']}", "{'missing':'ctx.n'}", false},
	/* Something else, */
	{"{'==':[{'var':'e.y'},'a']}", "{'==':[{'var':'ctx.n'},'b']}", false},
	{"{'==':[{'var':'e.x'},'a']}", "{'==':[{'var':'ctx.m'},'b']}", false},
	{"{'or':[{'var':'e.y'},{'==':[{'var':'e.x'},'a']}]}", "{'==':[{'var':'ctx.n'},'b']}",
		false},
	{"{'==':[{'var':'e.x'},'a']}",
		"{'or':[{'var':'s.identified'},{'==':[{'var':'ctx.n'},'b']}]}", false},
	/* or just so. Under one of the two names a text may be money. */
	{"{'>':[{'var':'e.x'},5]}", "{'==':[{'var':'ctx.n'},'7']}", false},
	{"{'>=':[{'var':'e.x'},5]}", "{'<=':[{'var':'ctx.n'},5]}", false},
	{"{'in':[{'var':'e.x'},['a','b']]}", "{'in':[{'var':'ctx.n'},['b','d']]}", false},
	{"{'!=':[{'var':'e.x'},'a']}", "{'==':[{'var':'ctx.n'},'b']}", false},
};

static bool is_refused(const char *more, const char *arm, const char *asked)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf raw = BUF_INIT, text = BUF_INIT;
	struct rule_source source = {.file = "rules.json"};

	buf_printf(&raw,
		"[{'id':'a','class':'task','wait':'1h','channels':['task'],"
		"'data':{'n':'e.x','m':'e.z'},'arm':[{'event':'y','when':%s}%s],%s}]",
		arm, more, asked);
	buf_add_char(&raw, '\0');
	cond_case_json(&text, raw.ptr);
	source.text = buf_span(&text);
	return rules_compile(&source, 1, &berlin, &problems, &rules) != 0;
}

static void test_rows(void)
{
	static const char *const members[] = {"'fire_if':%s", "'cancel':[{'event':'x','when':%s}]",
		"'goal':['u',{'event':'x','when':%s}]",
		"'steps':[{'id':'p','after':'0s'},{'id':'q','after':'1d','if':%s}]"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
			_cleanup_(buf_release) struct buf asked = BUF_INIT;
			const char *hole = strstr(members[k], "%s");

			buf_add_span(&asked, span_of(members[k], (size_t)(hole - members[k])));
			buf_add_str(&asked, rows[i].fire_if);
			buf_add_str(&asked, hole + 2);
			buf_add_char(&asked, '\0');
			check_int(asked.ptr, (int)i, "refused",
				is_refused("", rows[i].arm, asked.ptr), rows[i].refused);
			/* Of another event nothing is asked, */
			check_int(asked.ptr, (int)i, "refused with another entry",
				is_refused(",'z'", rows[i].arm, asked.ptr), false);
			/* or the same. */
			check_int(asked.ptr, (int)i, "refused with a second filter",
				is_refused(",{'event':'z','when':{'==':[{'var':'e.x'},'A']}}",
					rows[i].arm, asked.ptr),
				rows[i].refused);
		}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"by chance", test_chance}, {"by hand", test_rows}};

	return check_run(cases, ARRAY_SIZE(cases));
}
