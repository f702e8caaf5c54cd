/* SPDX-License-Identifier: MIT */
/*
 * The rules of a scenario: from files seen from where it lies, or written in it, with the policy
 * that counts for them.
 */
#include <stdarg.h>
#include <sys/stat.h>

#include "program/rule_set.h"
#include "scenario_reader.h"

#define PLACES_MAX 64

bool scenario_trouble(struct scenario *s, const char *format, ...)
{
	va_list args;

	if (s->trouble[0])
		return false;
	va_start(args, format);
	(void)vsnprintf(s->trouble, sizeof(s->trouble), format, args);
	va_end(args);
	return false;
}

bool scenario_no_memory(struct scenario *s)
{
	return scenario_trouble(s, "out of memory");
}

struct places {
	struct rule_set_place list[PLACES_MAX];
	size_t n;
};

/* The directory that PATH lies in, with its slash; empty: it has none. */
static struct span directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_of(path, slash ? (size_t)(slash - path) + 1 : 0);
}

/* A before B, with a NUL behind them; NULL: out of memory. */
static const char *joined(struct scenario *s, struct span a, struct span b)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;

	buf_add_span(&path, a);
	buf_add_span(&path, b);
	return buf_failed(&path) == 0 ? arena_copy(&s->arena, buf_span(&path)).ptr : NULL;
}

/* NAME, from the directory of the scenario. */
static const char *beside(struct scenario *s, struct span name)
{
	bool absolute = name.len > 0 && name.ptr[0] == '/';

	return joined(s, absolute ? SPAN_EMPTY : directory_of(s->file), name);
}

static bool add_place(struct scenario *s, struct places *p, struct rule_set_place place)
{
	if (p->n == PLACES_MAX)
		return scenario_trouble(s, "\"rules\" names more than %d files", PLACES_MAX);
	if (!place.path)
		return scenario_no_memory(s);
	p->list[p->n++] = place;
	return true;
}

static bool is_file(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The policy that stands beside a file of rules counts for it, as it would in its directory. */
static bool add_policy_beside(struct scenario *s, struct places *p, const char *rule_path)
{
	const char *path = joined(s, directory_of(rule_path), SPAN_LIT(RULE_POLICY_FILE));

	if (!path)
		return scenario_no_memory(s);
	if (!is_file(path))
		return true;
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].path, path) == 0)
			return true;
	return add_place(s, p, (struct rule_set_place){.path = path});
}

static bool add_path(struct scenario *s, struct places *p, const char *path, bool own_policy)
{
	if (!add_place(s, p, (struct rule_set_place){.path = path, .no_policy = own_policy}))
		return false;
	return own_policy || !is_file(path) || add_policy_beside(s, p, path);
}

static bool add_rule(
	struct scenario *s, struct places *p, const struct json_value *v, bool own_policy)
{
	if (v->type == JSON_TYPE_OBJECT)
		return add_place(s, p, (struct rule_set_place){.path = s->file, .text = v->raw});
	if (v->type != JSON_TYPE_STRING)
		return scenario_trouble(s, "\"rules\" holds neither a path nor a rule");
	return add_path(s, p, beside(s, json_text(v, &s->arena)), own_policy);
}

/* None are named: those of `--rules`, else the rule that the directory is called after. */
static bool add_default(struct scenario *s, struct places *p, bool own_policy)
{
	struct span directory = directory_of(s->file), name = directory;
	const char *path;

	if (s->fallback)
		return add_path(s, p, s->fallback, own_policy);
	for (size_t i = 0; i + 1 < directory.len; i++)
		if (directory.ptr[i] == '/')
			name = span_of(directory.ptr + i + 1, directory.len - i - 1);
	if (name.len > 0)
		name.len--;
	path = joined(s, name, SPAN_LIT(".json"));
	path = path ? joined(s, SPAN_LIT("../../"), span_str(path)) : NULL;
	path = path ? beside(s, span_str(path)) : NULL;
	if (!path)
		return scenario_no_memory(s);
	if (!is_file(path))
		return scenario_trouble(s,
			"\"rules\" is missing, and there is no %s: say which rules are "
			"to be tested",
			path);
	return add_path(s, p, path, own_policy);
}

static bool add_policy(struct scenario *s, struct places *p, const struct json_value *v)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span copy;

	if (v->type == JSON_TYPE_STRING)
		return add_path(s, p, beside(s, json_text(v, &s->arena)), true);
	if (v->type == JSON_TYPE_NULL)
		return true;
	if (v->type != JSON_TYPE_OBJECT)
		return scenario_trouble(s, "\"policy\" is neither an object nor a path");
	buf_add_str(&text, "{\"policy\":");
	buf_add_span(&text, v->raw);
	buf_add_char(&text, '}');
	copy = arena_copy(&s->arena, buf_span(&text));
	if (!copy.ptr)
		return scenario_no_memory(s);
	return add_place(s, p, (struct rule_set_place){.path = s->file, .text = copy});
}

/* The rules that SPEC names, and the policy: its own, else the scenario's. */
static bool gather_rules(struct scenario *s, struct span spec, struct places *p)
{
	struct json_value given = json_member(spec, "rules");
	struct json_value policy = json_member(spec, "policy");
	struct json_cursor c;
	struct json_value item;
	bool own;

	if (policy.type == JSON_TYPE_ABSENT)
		policy = json_member(s->text, "policy");
	own = policy.type != JSON_TYPE_ABSENT;
	if (given.type == JSON_TYPE_ABSENT && !add_default(s, p, own))
		return false;
	if (given.type != JSON_TYPE_ABSENT && given.type != JSON_TYPE_ARRAY &&
		!add_rule(s, p, &given, own))
		return false;
	json_cursor_init(&c, given.raw);
	if (given.type == JSON_TYPE_ARRAY)
		for (int r = json_array_open(&c); r == 0 && json_array_next(&c) == 0;) {
			r = json_value(&c, &item);
			if (r == 0 && !add_rule(s, p, &item, own))
				return false;
		}
	return !own || add_policy(s, p, &policy);
}

static bool was_refused(struct scenario *s, const struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	file_problems_text(problems, &words);
	while (words.len > 0 && words.ptr[words.len - 1] == '\n')
		words.len--;
	buf_add_char(&words, '\0');
	if (buf_failed(&words) < 0)
		return scenario_no_memory(s);
	s->was_refused = s->refused && strstr(words.ptr, s->refused);
	if (s->was_refused)
		return true;
	return scenario_trouble(
		s, "the rules are refused%s: %s", s->refused ? " with other words" : "", words.ptr);
}

/* What they have armed goes on under their texts, as in a shop whose rules change. */
static bool keep_places(struct scenario *s, const struct places *p)
{
	if (!s->earlier)
		s->earlier = arena_calloc(
			&s->arena, (size_t)SCENARIO_SETS_MAX * PLACES_MAX, sizeof(*s->earlier));
	if (!s->earlier)
		return scenario_no_memory(s);
	memcpy(s->earlier + s->n_earlier, p->list, p->n * sizeof(*p->list));
	s->n_earlier += p->n;
	return true;
}

static bool compile(struct scenario *s, const struct places *p, struct file_problems *problems)
{
	const struct rule_set_places now = {p->list, p->n}, earlier = {s->earlier, s->n_earlier};
	struct rules **set = &s->sets[s->n_sets];
	int r = rule_set_load_places(&now, &earlier, s->zone, problems, set);

	if (r < 0)
		return scenario_trouble(s, "the rules cannot be loaded: %s", strerror(-r));
	if (r > 0)
		return was_refused(s, problems);
	s->n_sets++;
	return keep_places(s, p);
}

bool scenario_load_rules(struct scenario *s, struct span spec)
{
	struct places p = {.n = 0};
	struct file_problems *problems;
	bool good;

	if (s->n_sets == SCENARIO_SETS_MAX)
		return scenario_trouble(
			s, "the rules change more than %d times", SCENARIO_SETS_MAX - 1);
	if (!gather_rules(s, spec, &p))
		return false;
	problems = malloc(sizeof(*problems));
	if (!problems)
		return scenario_no_memory(s);
	good = compile(s, &p, problems);
	free(problems);
	return good;
}
