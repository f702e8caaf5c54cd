/* SPDX-License-Identifier: MIT */
/*
 * Files of rules. Each is checked as JSON first, with line and reason; only then are its rules
 * read, so that the readers of rule_reader.h meet well-formed values alone.
 */
#include "codec/rule_json.h"

#include "base/hash.h"
#include "json_tree.h"
#include "rule_reader.h"

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

static void read_source(struct rule_reader *r, const struct rule_source *source, struct buf *normal)
{
	struct rule_place file = {.parent = NULL};
	struct rule_place item;
	struct json_cursor cursor;
	struct rule_walk walk;

	r->text = source->text;
	r->file = rule_copy(r, span_str(source->file)).ptr;
	if (!r->file || !text_ok(r, normal))
		return;
	json_cursor_init(&cursor, r->text);
	(void)json_value(&cursor, &file.value);
	if (file.value.type != JSON_TYPE_ARRAY) {
		rule_read(r, &file);
		return;
	}
	rule_walk_init(&walk, &file);
	while (rule_walk_next(r, &walk, &item))
		rule_read(r, &item);
	if (walk.index == 0)
		rule_problem_add(r, &file, "the list holds no rule");
}

static void reader_freep(struct rule_reader **r)
{
	free(*r);
}

int rules_compile(const struct rule_source *sources, size_t n, const struct rule_options *options,
	struct rule_problems *problems, struct rules **ret_rules)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x72756c65732f3120};
	_cleanup_(reader_freep) struct rule_reader *r = calloc(1, sizeof(*r));
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf normal = BUF_INIT;

	*problems = (struct rule_problems){.n = 0};
	if (!r || rules_new(&rules) < 0)
		return -ENOMEM;
	r->rules = rules;
	r->options = options;
	r->problems = problems;
	rules->list = arena_calloc(&rules->arena, RULES_MAX, sizeof(*rules->list));
	if (!rules->list)
		return -ENOMEM;
	for (size_t i = 0; i < n && !r->oom; i++)
		read_source(r, &sources[i], &normal);
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
