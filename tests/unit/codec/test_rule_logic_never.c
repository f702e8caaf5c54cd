/* SPDX-License-Identifier: MIT */
/*
 * Conditions of the profile compat that contradict themselves: refused, and only those. By chance:
 * whatever is refused is false of all values tried, as the evaluator of the shared suites has it.
 */
#include "../chance.h"
#include "case_files.h"
#include "check.h"
#include "codec/logic_json.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
static struct file_problems problems;

/* CONDITION as JSON. 0, or RULES_BAD. */
static int compile(struct span condition)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct rule_source source = {"rules.json", SPAN_EMPTY};

	buf_add_str(&text, "{\"id\":\"a\",\"profile\":\"compat\",\"class\":\"task\",\"wait\":"
			   "\"1h\",\"channels\":"
			   "[\"task\"],\"arm\":[\"y\"],\"cancel\":[{\"event\":\"x\",\"when\":");
	buf_add_span(&text, condition);
	buf_add_str(&text, "}]}");
	source.text = buf_span(&text);
	return rules_compile(&source, 1, &berlin, &problems, &rules);
}

static int compile_text(const char *condition)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;

	for (; *condition; condition++)
		buf_add_char(&json, (char)(*condition == '\'' ? '"' : *condition));
	return compile(buf_span(&json));
}

#define X "{'var':'e.x'}"
#define Y "{'var':'e.y'}"
#define L "{'val':['e','l']}"
#define N "{'var':'n'}"

static void refused(void)
{
	static const char *const list[] = {
		"{'and':[" X ",{'!':" X "}]}",
		"{'and':[" X ",{'!':[" X "]}]}",
		"{'and':[{'!!':[" X "]},{'!':[{'or':[" Y "," X "]}]}]}",
		"{'!':[{'or':[" X ",{'!':[" X "]}]}]}",
		"{'and':[" Y ",{'and':[{'!':[" X "]}," Y "]}," X "]}",
		"{'and':[{'==':[" X ",'a']},{'!=':[" X ",'a']}]}",
		"{'and':[{'===':[" X ",1]},{'!==':[" X ",1]}]}",
		"{'and':[{'==':[" X ",'a']},{'==':[" X ",'b']}]}",
		"{'and':[{'==':[" X ",'a']},{'==':['1'," X "]}]}",
		"{'and':[{'===':[" X ",'1']},{'===':[" X ",1]}]}",
		"{'and':[{'===':[" X ",true]},{'===':[" X ",null]}]}",
		"{'and':[{'==':[" X ",1]},{'==':[" X ",2]}]}",
		"{'and':[{'>':[" X ",5]},{'<':[" X ",3]}]}",
		"{'and':[{'>':[" X ",5]},{'<=':[" X ",5]}]}",
		"{'and':[{'>':[" X ",5]},{'!':[{'>':[" X ",3]}]}]}",
		"{'and':[{'<':[5," X "]},{'==':[" X ",5]}]}",
		"{'<':[5," X ",3]}",
		"{'and':[{'<=':[1," X ",3]},{'>':[" X ",3]}]}",
		"{'and':[" X ",0]}",
		"{'and':[" X ",{'preserve':[]}]}",
		"{'and':[{'some':[" L ",{'>':[" N ",1]}]},{'!':{'some':[" L ",{'>':[" N ",1]}]}}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		check_int(list[i], (int)i, "result", compile_text(list[i]), RULES_BAD);
		CHECK(problems.n == 1 &&
			strstr(problems.list[0].message, "one part of it contradicts another"));
		CHECK_STR(span_str(problems.list[0].pointer), "/cancel/0/when");
	}
}

/* Each is true of something. */
static void let_in(void)
{
	static const char *const list[] = {
		"{'and':[" X ",{'!':" Y "}]}",
		"{'or':[" X ",{'!':" X "}]}",
		"{'and':[" X ",{'!':[{'and':[" X "," Y "]}]}]}",
		"{'and':[{'==':[" X ",'1']},{'==':[" X ",'1.0']}]}",	     /* 1 */
		"{'and':[{'==':[" X ",1]},{'==':[" X ",'1']}]}",	     /* both */
		"{'and':[{'==':[" X ",1]},{'!==':[" X ",1]}]}",		     /* "1" */
		"{'and':[{'==':[" X ",0]},{'==':[" X ",false]}]}",	     /* both */
		"{'and':[{'!=':[" X ",1]},{'!=':[" X ",2]}]}",		     /* 3 */
		"{'and':[{'!':[{'>':[" X ",1]}]},{'!':[{'<':[" X ",1]}]}]}", /* 1 */
		"{'and':[{'!':[{'>':[" X ",5]}]},{'!':[{'<':[" X ",9]}]}]}", /* what is no number */
		"{'and':[{'>=':[" X ",5]},{'<=':[" X ",5]}]}",		     /* 5 */
		"{'<=':[5," X ",5]}",					     /* 5 */
		"{'and':[{'>':[" X ",5]},{'<':[" Y ",3]}]}",
		"{'and':[{'!':[{'>=':[1," X ",5]}]},{'==':[" X ",0]}]}", /* 0 */
		"{'and':[" X ",1]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (compile_text(list[i]) != 0)
			check_span(list[i], (int)i, "message", span_str(problems.list[0].message),
				SPAN_EMPTY);
}

/* ---- by chance ------------------------------------------------------------------------------- */

static const char *const values[] = {NULL, "null", "true", "false", "0", "1", "1.5", "2", "-1",
	"\"\"", "\"0\"", "\"1\"", "\"1.0\"", "\"2\"", "\"a\"", "\"b\"", "[]", "[1]", "[\"a\"]"};
static const char *const constants[] = {
	"0", "1", "2", "\"1\"", "\"1.0\"", "\"a\"", "\"b\"", "true", "null", "[1]"};
static const char *const compares[] = {"==", "!=", "===", "!==", "<", "<=", ">", ">="};

static void add_side(struct chance *c, struct buf *out)
{
	if (chance_below(c, 8) == 0)
		buf_add_str(out, constants[chance_below(c, ARRAY_SIZE(constants))]);
	else
		buf_add_str(out, chance_below(c, 4) ? "{\"var\":\"e.x\"}" : "{\"var\":\"e.y\"}");
}

static void add_compare(struct chance *c, struct buf *out)
{
	size_t op = chance_below(c, ARRAY_SIZE(compares));
	bool turned = chance_below(c, 3) == 0;

	buf_printf(out, "{\"%s\":[", compares[op]);
	if (turned)
		buf_add_str(out, constants[chance_below(c, ARRAY_SIZE(constants))]);
	else
		add_side(c, out);
	buf_add_char(out, ',');
	if (turned)
		add_side(c, out);
	else
		buf_add_str(out, constants[chance_below(c, ARRAY_SIZE(constants))]);
	if (op >= 4 && chance_below(c, 4) == 0)
		buf_printf(out, ",%s", constants[chance_below(c, ARRAY_SIZE(constants))]);
	buf_add_str(out, "]}");
}

static void add_condition(struct chance *c, struct buf *out, unsigned depth)
{
	size_t what = depth ? chance_below(c, 6) : 0, n;

	if (what < 2) {
		if (chance_below(c, 4))
			add_compare(c, out);
		else
			add_side(c, out);
		return;
	}
	if (what == 2) {
		buf_printf(out, "{\"%s\":[", chance_below(c, 3) ? "!" : "!!");
		add_condition(c, out, depth - 1);
		buf_add_str(out, "]}");
		return;
	}
	buf_printf(out, "{\"%s\":[", what == 3 ? "or" : "and");
	n = 1 + chance_below(c, 3);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		add_condition(c, out, depth - 1);
	}
	buf_add_str(out, "]}");
}

/* All pairs of values: {"e":{"x":…,"y":…}}. */
static size_t make_data(struct arena *arena, struct logic_value data[])
{
	size_t n = 0;

	for (size_t x = 0; x < ARRAY_SIZE(values); x++)
		for (size_t y = 0; y < ARRAY_SIZE(values); y++) {
			_cleanup_(buf_release) struct buf json = BUF_INIT;

			buf_add_str(&json, "{\"e\":{");
			if (values[x])
				buf_printf(&json, "\"x\":%s", values[x]);
			if (values[y])
				buf_printf(&json, "%s\"y\":%s", values[x] ? "," : "", values[y]);
			buf_add_str(&json, "}}");
			CHECK(logic_value_read(buf_span(&json), arena, &data[n++]) == 0);
		}
	return n;
}

static bool ever_true(struct span condition, const struct logic_value *data, size_t n)
{
	_cleanup_(arena_release) struct arena arena;
	struct logic program;
	bool found = false;

	arena_init(&arena);
	if (logic_compile(condition, &arena, &problems, &program) != 0) {
		CHECK_STR(span_str(problems.list[0].message), "");
		return false;
	}
	for (size_t i = 0; i < n && !found; i++) {
		struct logic_value value;

		found = logic_run(&program, &data[i], &arena, &value) == 0 && logic_truth(&value);
	}
	return found;
}

static void by_chance(void)
{
	static struct logic_value data[ARRAY_SIZE(values) * ARRAY_SIZE(values)];
	_cleanup_(arena_release) struct arena arena;
	struct chance c = chance_new();
	size_t n, n_refused = 0, n_vain = 0;

	arena_init(&arena);
	n = make_data(&arena, data);
	for (int round = 0; round < 8000; round++) {
		_cleanup_(buf_release) struct buf condition = BUF_INIT;
		bool contradicts;

		add_condition(&c, &condition, 3);
		contradicts = compile(buf_span(&condition)) == RULES_BAD &&
			      strstr(problems.list[0].message, "contradicts");
		n_refused += contradicts;
		if (!ever_true(buf_span(&condition), data, n))
			n_vain += !contradicts;
		else if (contradicts)
			check_span("refused", round, "condition", buf_span(&condition), SPAN_EMPTY);
	}
	printf("# %zu refused, %zu let in that are never true either\n", n_refused, n_vain);
	CHECK(n_refused > 100);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"refused", refused},
		{"let in", let_in},
		{"by chance", by_chance},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
