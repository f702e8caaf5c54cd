/* SPDX-License-Identifier: MIT */
/*
 * Conditions that are refused because they are never true, or always, against what the engine says
 * of every event there is: trees by chance of and, or and ! over leaves that compare two values of
 * the event. Each leaf is asked about each pair of values, and the tree put together from these
 * answers here. What is refused must be as it is said to be; and near misses are let in.
 */
#include <stdarg.h>

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

/* `a` is plain; `price` is money, so that a text may be a number too. NULL: not there. */
static const char *const values[] = {NULL, "null", "true", "false", "[]", "{}", "-1", "1", "1.5",
	"2", "2.0", "2.5", "3", "4", "5", "7", "\"\"", "\"0\"", "\"1\"", "\"2\"", "\"2-\"",
	"\"2.0\"", "\"2.5\"", "\"3\"", "\"5\"", "\"9\"", "\"a\"", "\"ab\"", "\"b\"", "\"c\""};
static const char *const names[] = {"a", "price"};
/* `t` is said to be before or after some instants. In the world N it is the N-th, over and over. */
static const char *const times[] = {NULL, "null", "true", "\"soon\"", "17", "\"2025-12-31\"",
	"\"2025-12-31T23:59:59.999Z\"", "\"2026-01-01\"", "\"2026-01-01T00:00:00.001Z\"",
	"\"2026-06-01\"", "\"2026-08-01T10:00:00Z\"", "\"2026-08-01T12:00:00+02:00\"",
	"\"2026-12-01\"", "\"2027-01-01\"", "1767225600000", "\"2030-01-01\"", "\"\""};
static const char *const dates[] = {"2026-01-01", "2026-08-01T10:00:00Z", "2027-01-01"};
static const char *const befores[] = {"before", "after", "not-before", "not-after"};
static const char *const constants[] = {"1", "2", "3", "5", "'2'", "'2.0'", "'a'", "'b'"};
static const char *const orders[] = {"==", "!=", "<", "<=", ">", ">="};

#define LEAVES_MAX 200
#define WORLDS	   (ARRAY_SIZE(values) * ARRAY_SIZE(values))

static char leaf_text[LEAVES_MAX][96];
static size_t n_leaves;
/* Which of the names a leaf speaks of; or of both; or of the instant. */
#define MIXED ARRAY_SIZE(names)
#define TIMED (MIXED + 1)
static size_t leaf_group[LEAVES_MAX];
static bool leaf_true[LEAVES_MAX][WORLDS];

__attribute__((format(printf, 2, 3))) static void add_leaf(size_t group, const char *format, ...)
{
	va_list ap;

	REQUIRE(n_leaves < LEAVES_MAX);
	leaf_group[n_leaves] = group;
	va_start(ap, format);
	vsnprintf(leaf_text[n_leaves++], sizeof(leaf_text[0]), format, ap);
	va_end(ap);
}

static void make_timed(void)
{
	for (size_t o = 0; o < ARRAY_SIZE(befores); o++) {
		for (size_t d = 0; d < ARRAY_SIZE(dates); d++) {
			add_leaf(TIMED, "{'%s':[{'var':'e.t'},'%s']}", befores[o], dates[d]);
			add_leaf(TIMED, "{'%s':['%s',{'var':'e.t'}]}", befores[o], dates[d]);
		}
		add_leaf(TIMED, "{'%s':['%s',{'var':'e.t'},'%s']}", befores[o], dates[o % 2 * 2],
			dates[2 - o % 2 * 2]);
	}
	add_leaf(TIMED, "{'missing':'e.t'}");
}

static void make_leaves(void)
{
	make_timed();
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		const char *name = names[n];

		for (size_t o = 0; o < ARRAY_SIZE(orders); o++)
			for (size_t c = 0; c < ARRAY_SIZE(constants); c++)
				if ((o + c) % 3 == 0)
					add_leaf(n, "{'%s':[%s,{'var':'e.%s'}]}", orders[o],
						constants[c], name);
				else
					add_leaf(n, "{'%s':[{'var':'e.%s'},%s]}", orders[o], name,
						constants[c]);
		add_leaf(n, "{'var':'e.%s'}", name);
		add_leaf(n, "{'==':[{'var':'e.%s'},true]}", name);
		add_leaf(n, "{'!=':[{'var':'e.%s'},false]}", name);
		add_leaf(n, "{'missing':'e.%s'}", name);
		add_leaf(n, "{'<':[1,{'var':'e.%s'},3]}", name);
		add_leaf(n, "{'<=':[2,{'var':'e.%s'},3]}", name);
		add_leaf(n, "{'<':['2',{'var':'e.%s'},'b']}", name);
		add_leaf(n, "{'in':[{'var':'e.%s'},[1,2]]}", name);
		add_leaf(n, "{'in':[{'var':'e.%s'},['2','a']]}", name);
		add_leaf(n, "{'in':[{'var':'e.%s'},[2,'b',true]]}", name);
	}
	for (size_t o = 0; o < ARRAY_SIZE(orders); o++) {
		add_leaf(MIXED, "{'%s':[{'var':'e.a'},{'var':'e.price'}]}", orders[o]);
		add_leaf(MIXED, "{'%s':[{'var':'e.price'},{'var':'e.a'}]}", orders[o]);
	}
	add_leaf(MIXED, "{'missing':['e.a','e.price']}");
	add_leaf(MIXED, "{'>':[{'+':[{'var':'e.a'},{'var':'e.price'}]},5]}");
	add_leaf(MIXED, "{'<':[{'+':[{'var':'e.a'},{'var':'e.price'}]},3]}");
}

/* Each leaf is the filter of a rule of its own; all of them have one table of fields. */
static int compile_leaves(struct rules **ret_rules)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rule_source source = {"rules.json", SPAN_EMPTY};

	buf_add_char(&text, '[');
	for (size_t i = 0; i < n_leaves; i++) {
		buf_printf(&text, "%s{\"id\":\"r%zu\",", i ? "," : "", i);
		cond_case_json(&text, "'class':'task','wait':'1h','channels':['task'],'arm':['y'],"
				      "'cancel':[{'event':'x','when':");
		cond_case_json(&text, leaf_text[i]);
		buf_add_str(&text, "}]}");
	}
	buf_add_char(&text, ']');
	source.text = buf_span(&text);
	return rules_compile(&source, 1, &berlin, &problems, ret_rules);
}

static void world_json(struct buf *out, size_t world)
{
	const size_t picked[] = {world / ARRAY_SIZE(values), world % ARRAY_SIZE(values)};
	const char *between = "";

	static_assert(ARRAY_SIZE(values) % ARRAY_SIZE(times), "each with each");
	buf_add_str(out, "{\"type\":\"track\",\"event\":\"x\",\"userId\":\"u\",\"messageId\":\"m\","
			 "\"timestamp\":\"2026-03-15T12:00:00Z\",\"properties\":{");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!values[picked[i]])
			continue;
		buf_printf(out, "%s\"%s\":%s", between, names[i], values[picked[i]]);
		between = ",";
	}
	if (times[world % ARRAY_SIZE(times)])
		buf_printf(out, "%s\"t\":%s", between, times[world % ARRAY_SIZE(times)]);
	buf_add_str(out, "}}");
}

static void ask_leaves(const struct rules *rules, struct event_decoder *decoder, size_t world)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(journey_freep) struct journey *journey = NULL;
	struct event_origin origin = {.source = SPAN_LIT("test"), .sent_at = TIME_NEVER};
	struct cond_scope scope = {.rules = rules};
	struct event_fault fault = {NULL, NULL};
	struct event event;

	arena_init(&arena);
	world_json(&json, world);
	REQUIRE(instant_parse(SPAN_LIT("2026-03-15T12:00:00Z"), &scope.now) == 0);
	origin.id.ms = (uint64_t)scope.now;
	origin.recv_at = scope.now;
	REQUIRE(event_decode(decoder, buf_span(&json), &origin, &arena, &event, &fault) == 0);
	REQUIRE(journey_new(SPAN_LIT("u"), &journey) == 0);
	scope.event = &event;
	scope.journey = journey;
	for (size_t i = 0; i < n_leaves; i++)
		leaf_true[i][world] = cond_holds(rules->list[i].cancel[0].when, &scope);
}

/* ---- trees ------------------------------------------------------------------------------ */

#define TREE_MAX 64

struct tree {
	char op; /* '&', '|', '!' or 'l' */
	size_t leaf;
	size_t first, n; /* among `nodes`, next to each other */
};

struct wood {
	struct tree nodes[TREE_MAX];
	size_t n;
	size_t few[6]; /* leaves that this tree is made of, so that they meet */
};

static void grow(struct wood *w, struct chance *c, size_t at, unsigned depth)
{
	static const char ops[] = "&&&||!!l";
	char op = ops[chance_below(c, sizeof(ops) - 1)];
	size_t n = op == '!' ? 1 : 2 + chance_below(c, 2);

	if (depth == 0 || op == 'l' || w->n + n > TREE_MAX) {
		w->nodes[at] = (struct tree){
			.op = 'l', .leaf = w->few[chance_below(c, ARRAY_SIZE(w->few))]};
		return;
	}
	w->nodes[at] = (struct tree){.op = op, .first = w->n, .n = n};
	w->n += n;
	for (size_t i = 0; i < n; i++)
		grow(w, c, w->nodes[at].first + i, depth - 1);
}

static void write_tree(struct buf *out, const struct wood *w, size_t at)
{
	const struct tree *t = &w->nodes[at];

	if (t->op == 'l') {
		buf_add_str(out, leaf_text[t->leaf]);
		return;
	}
	buf_printf(out, "{'%s':[", t->op == '&' ? "and" : t->op == '|' ? "or" : "!");
	for (size_t i = 0; i < t->n; i++) {
		buf_add_str(out, i ? "," : "");
		write_tree(out, w, t->first + i);
	}
	buf_add_str(out, "]}");
}

static bool holds(const struct wood *w, size_t at, size_t world)
{
	const struct tree *t = &w->nodes[at];

	if (t->op == 'l')
		return leaf_true[t->leaf][world];
	if (t->op == '!')
		return !holds(w, t->first, world);
	for (size_t i = 0; i < t->n; i++)
		if (holds(w, t->first + i, world) == (t->op == '|'))
			return t->op == '|';
	return t->op == '&';
}

/* In how many worlds it is true. */
static size_t worlds_of(const struct wood *w, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < WORLDS; i++)
		n += holds(w, at, i);
	return n;
}

/* The node that POINTER, `/cancel/0/when/and/1/or`, leads to: the names of operators add nothing to
 * the way. */
static size_t node_at(const struct wood *w, const char *pointer)
{
	const char *p = pointer + strlen("/cancel/0/when");
	size_t at = 0;

	for (; *p; p += strcspn(p, "/")) {
		p++;
		if (*p >= '0' && *p <= '9' && w->nodes[at].op != 'l')
			at = w->nodes[at].first + (size_t)(*p - '0');
	}
	return at;
}

static size_t refused, vain;

static void check_tree(struct wood *w, struct chance *c)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	bool always;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(w->few); i++)
		w->few[i] = chance_below(c, n_leaves);
	w->n = 1;
	grow(w, c, 0, 4);
	write_tree(&text, w, 0);
	buf_add_char(&text, '\0');
	if (cond_case(text.ptr, &problems, &rules) == 0) {
		n = worlds_of(w, 0);
		vain += n == 0 || n == WORLDS;
		return;
	}
	refused++;
	for (size_t i = 0; i < problems.n; i++) {
		always = strstr(problems.list[i].message, "always true") != NULL;
		CHECK(always || strstr(problems.list[i].message, "never") != NULL);
		n = worlds_of(w, node_at(w, problems.list[i].pointer));
		if (n != (always ? WORLDS : 0))
			check_span(text.ptr, (int)n, "refused", span_str(problems.list[i].message),
				SPAN_EMPTY);
	}
}

/* Asks every leaf in every world, once. */
static bool prepared(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(event_decoder_freep) struct event_decoder *decoder = NULL;

	if (n_leaves > 0)
		return true;
	make_leaves();
	if (compile_leaves(&rules) != 0 ||
		event_decoder_new(&rules->fields, &IDENTITY_DEFAULT, &decoder) != 0)
		return false;
	for (size_t i = 0; i < WORLDS; i++)
		ask_leaves(rules, decoder, i);
	return true;
}

static void test_chance(void)
{
	struct chance c = chance_new();
	struct wood w;

	REQUIRE(prepared());
	for (size_t i = 0; i < 6000 && !check_failures; i++)
		check_tree(&w, &c);
	printf("# %zu trees refused, %zu let in that are the same for all %zu events\n", refused,
		vain, WORLDS);
	CHECK(refused > 500);
}

/* Two leaves of a plain value that no event makes true together are all refused. Of money fewer: an
 * amount that lies between two texts may be any. */
static void test_pairs(void)
{
	size_t never = 0;

	REQUIRE(prepared());
	for (size_t i = 0; i < n_leaves; i++)
		for (size_t k = 0; k < i; k++) {
			_cleanup_(rules_freep) struct rules *rules = NULL;
			_cleanup_(buf_release) struct buf text = BUF_INIT;
			size_t both = 0;

			for (size_t w = 0; w < WORLDS; w++)
				both += leaf_true[i][w] && leaf_true[k][w];
			buf_printf(&text, "{'and':[%s,%s]}", leaf_text[i], leaf_text[k]);
			buf_add_char(&text, '\0');
			never += both == 0;
			if (cond_case(text.ptr, &problems, &rules) != 0)
				check_int(text.ptr, 0, "events", (int64_t)both, 0);
			else if (leaf_group[i] == leaf_group[k] &&
				 (leaf_group[i] == 0 || leaf_group[i] == TIMED))
				check_int(text.ptr, 0, "events of what is let in", both > 0, true);
		}
	CHECK(never > 500);
}

/* What looks like it, and can be. */
static void test_near(void)
{
	static const char *const list[] = {
		"{'and':[{'var':'e.a'},{'!':{'var':'e.b'}}]}",
		"{'and':[{'!':{'>':[{'var':'e.a'},5]}},{'!':{'<=':[{'var':'e.a'},5]}}]}",
		"{'and':[{'!=':[{'var':'e.a'},'x']},{'!=':[{'var':'e.a'},'y']}]}",
		"{'and':[{'!':{'==':[{'var':'e.a'},true]}},{'!':{'==':[{'var':'e.a'},false]}}]}",
		"{'or':[{'>':[{'var':'e.a'},5]},{'<=':[{'var':'e.a'},5]}]}",
		"{'or':[{'==':[{'var':'e.a'},1]},{'!=':[{'var':'e.a'},1]}]}",
		"{'or':[{'var':'e.a'},{'==':[{'var':'e.a'},false]}]}",
		"{'and':[{'>=':[{'var':'e.a'},5]},{'<=':[{'var':'e.a'},5]}]}",
		"{'and':[{'==':[{'var':'e.price'},'19.90']},{'==':[{'var':'e.price'},19.9]}]}",
		"{'and':[{'==':[{'var':'e.price'},'5']},{'<':[{'var':'e.price'},10]}]}",
		"{'and':[{'in':[{'var':'e.a'},['x','y']]},{'!=':[{'var':'e.a'},'x']}]}",
		"{'and':[{'in':['x',{'var':'e.l'}]},{'in':['y',{'var':'e.l'}]}]}",
		"{'and':[{'some':[{'var':'e.l'},{'==':[{'var':'p'},1]}]},"
		"{'some':[{'var':'e.l'},{'==':[{'var':'p'},2]}]}]}",
		"{'and':[{'some':[{'var':'e.l'},{'and':[{'var':'p'},{'var':'p'}]}]},"
		"{'!':{'some':[{'var':'e.l'},{'and':[{'var':'p'},{'var':'q'}]}]}}]}",
		"{'and':[{'some':[{'var':'e.l'},{'and':[{'var':'p'},{'var':'q'}]}]},"
		"{'!':{'some':[{'var':'e.l'},{'and':[{'var':'q'},{'var':'q'},{'var':'r'}]}]}}]}",
		"{'and':[{'==':[{'var':'e.b'},1]},{'some':[{'var':'e.l'},{'==':[{'var':'b'},2]}]}]"
		"}",
		"{'and':[{'>':[{'count':['x','1d']},2]},{'<':[{'count':['x','1h']},2]}]}",
		"{'and':[{'hasConsent':['x','email']},{'!':{'hasConsent':['x','sms']}}]}",
		"{'and':[{'hasConsent':['x','email']},{'!':{'hasConsent':['y','email']}}]}",
		"{'and':[{'within':[{'var':'e.t'},'7d']},{'!':{'within':[{'var':'e.t'},'1d']}}]}",
		"{'and':[{'<':[{'var':'e.a'},{'var':'e.b'}]},{'!=':[{'var':'e.a'},{'var':'e.b'}]}]"
		"}",
		"{'and':[{'<=':[{'var':'e.a'},{'var':'e.b'}]},{'==':[{'var':'e.b'},{'var':'e.a'}]}]"
		"}",
		"{'and':[{'>':[{'-':[{'var':'e.a'},{'var':'e.b'}]},5]},"
		"{'<':[{'-':[{'var':'e.b'},{'var':'e.a'}]},5]}]}",
		"{'and':[{'missing':'e.a'},{'!':{'>':[{'var':'e.a'},0]}}]}",
		"{'and':[{'missing_some':[2,['e.a','e.b']]},{'==':[{'var':'e.a'},1]}]}",
		"{'and':[{'==':[{'var':'e.a'},1]},{'or':[{'==':[{'var':'e.a'},2]},{'var':'e.b'}]}]"
		"}",
		"{'and':[{'<':[{'var':'e.a'},'b']},{'>':[{'var':'e.a'},'a']}]}",
		"{'and':[{'before':[{'var':'e.t'},'2027-01-01']},"
		"{'after':[{'var':'e.t'},'2026-01-01']}]}",
		"{'and':[{'not-before':[{'var':'e.t'},'2026-01-01']},"
		"{'not-after':[{'var':'e.t'},'2026-01-01']}]}",
		"{'and':[{'before':[{'var':'e.t'},'2026-01-01']},"
		"{'after':[{'var':'e.u'},'2027-01-01']}]}",
		"{'or':[{'before':[{'var':'e.t'},'2027-01-01']},"
		"{'after':[{'var':'e.t'},'2026-01-01']}]}",
		"{'and':[{'!':{'before':[{'var':'e.t'},'2026-01-01']}},"
		"{'!':{'not-before':[{'var':'e.t'},'2026-01-01']}},{'!':{'missing':'e.t'}}]}",
		"{'and':[{'before':[{'plusTime':[{'var':'e.t'},'1d']},'2026-01-01']},"
		"{'after':[{'var':'e.t'},'2025-12-30']}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;

		check_int(list[i], (int)i, "result", cond_case(list[i], &problems, &rules), 0);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"by chance", test_chance}, {"pairs", test_pairs}, {"near misses", test_near}};

	return check_run(cases, ARRAY_SIZE(cases));
}
