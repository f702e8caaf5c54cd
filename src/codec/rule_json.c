/* SPDX-License-Identifier: MIT */
/*
 * Files of rules. Each is checked as JSON first, with line and reason; only then are its rules
 * read, so that the readers of rule_reader.h meet well-formed values alone.
 */
#include "codec/rule_json.h"

#include "base/hash.h"
#include "json_tree.h"
#include "policy_reader.h"

/* Checks the text and appends its normal form, for the digest. */
static bool text_ok(struct rule_reader *r, struct buf *normal)
{
	struct json_tree_fault fault;
	struct json_fault scan;
	int result;

	if (r->text.len > RULE_FILE_MAX) {
		rule_problem_add(r, NULL, "a file of rules may have at most %zu bytes; split it",
			RULE_FILE_MAX);
		return false;
	}
	result = json_tree_normal(r->text, normal, &fault);
	if (result == JSON_TREE_BAD) {
		rule_problem_line(r, fault.line, "this is not JSON: %s", fault.text);
		return false;
	}
	if (result < 0) {
		r->oom = true;
		return false;
	}
	if (!json_valid(r->text, &scan)) {
		rule_problem_line(r, (unsigned)json_place(r->text, scan.offset).line,
			"this is not JSON that can be used: %s", json_fault_text(scan.code));
		return false;
	}
	buf_add_char(normal, '\n');
	return true;
}

/* One source while the set is made: the policy is read before all rules, wherever it stands. */
struct opened {
	const char *file;
	struct span text;
	struct file_place whole; /* absent: not JSON */
	bool policy;
};

static void open_source(struct rule_reader *r, const struct rule_source *source, struct opened *o,
	struct buf *normal)
{
	struct json_cursor cursor;

	r->text = o->text = source->text;
	r->file = o->file = rule_copy(r, span_str(source->file)).ptr;
	if (!r->file || !text_ok(r, normal))
		return;
	json_cursor_init(&cursor, r->text);
	(void)json_value(&cursor, &o->whole.value);
	o->policy = policy_is(r, &o->whole);
}

static void read_policies(struct rule_reader *r, const struct opened *list, size_t n)
{
	const char *first = NULL;

	for (size_t i = 0; i < n && !r->oom; i++) {
		if (!list[i].policy)
			continue;
		r->text = list[i].text;
		r->file = list[i].file;
		if (first)
			rule_problem_add(r, &list[i].whole,
				"there is a policy already, in %s; a shop has one", first);
		else
			policy_read(r, &list[i].whole);
		first = first ? first : r->file;
	}
}

static void read_rules(struct rule_reader *r, const struct opened *o)
{
	struct file_place item;
	struct file_walk walk;

	if (o->policy || o->whole.value.type == JSON_TYPE_ABSENT)
		return;
	r->text = o->text;
	r->file = o->file;
	if (o->whole.value.type != JSON_TYPE_ARRAY) {
		rule_read(r, &o->whole);
		return;
	}
	file_walk_init(&walk, &o->whole);
	while (rule_walk_next(r, &walk, &item))
		rule_read(r, &item);
	if (walk.index == 0)
		rule_problem_add(r, &o->whole, "the list holds no rule");
}

/* The policy knows the shop's zone, if there is a way to know it. */
static void read_all(
	struct rule_reader *r, const struct rule_source *sources, size_t n, struct buf *normal)
{
	struct opened *list = arena_calloc(&r->rules->arena, n ? n : 1, sizeof(*list));

	if (!list) {
		r->oom = true;
		return;
	}
	for (size_t i = 0; i < n && !r->oom; i++)
		open_source(r, &sources[i], &list[i], normal);
	if (r->options->zone)
		r->rules->policy.zone = rule_zone(r, NULL, SPAN_LIT("store"));
	read_policies(r, list, n);
	for (size_t i = 0; i < n && !r->oom; i++)
		read_rules(r, &list[i]);
}

/* Earlier texts, each by itself: one that this version or policy cannot read is left out, and its
 * instances go on under the text in force. */
static void read_retired(struct rule_reader *r, struct buf *normal)
{
	struct file_problems *problems = r->problems;
	struct file_problems *aside = arena_calloc(&r->rules->arena, 1, sizeof(*aside));

	r->rules->retired = arena_calloc(&r->rules->arena, RULES_MAX, sizeof(struct rule));
	if (!aside || !r->rules->retired) {
		r->oom = true;
		return;
	}
	r->retired = true;
	r->problems = aside;
	for (size_t i = 0; i < r->options->n_retired && !r->oom; i++) {
		struct opened o = {.policy = false};

		aside->n = 0;
		open_source(r, &r->options->retired[i], &o, normal);
		read_rules(r, &o);
	}
	r->retired = false;
	r->problems = problems;
}

static void reader_freep(struct rule_reader **r)
{
	free(*r);
}

int rules_compile(const struct rule_source *sources, size_t n, const struct rule_options *options,
	struct file_problems *problems, struct rules **ret_rules)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x72756c65732f3120};
	_cleanup_(reader_freep) struct rule_reader *r = calloc(1, sizeof(*r));
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf normal = BUF_INIT;

	*problems = (struct file_problems){.n = 0};
	if (!r || rules_new(&rules) < 0)
		return -ENOMEM;
	r->rules = rules;
	r->options = options;
	r->problems = problems;
	rules->list = arena_calloc(&rules->arena, RULES_MAX, sizeof(*rules->list));
	if (!rules->list)
		return -ENOMEM;
	read_all(r, sources, n, &normal);
	if (!r->oom && problems->n == 0 && options->n_retired > 0)
		read_retired(r, &normal);
	if (!r->oom)
		rule_check_refs(r);
	buf_add_span(&normal, options->store_zone);
	if (r->oom || buf_failed(&normal) < 0)
		return -ENOMEM;
	if (problems->n > 0)
		return RULES_BAD;
	if (rules_index(rules) < 0)
		return -ENOMEM;
	rules->digest = siphash24(seed, buf_span(&normal));
	*ret_rules = rules;
	rules = NULL;
	return 0;
}
