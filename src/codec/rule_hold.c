/* SPDX-License-Identifier: MIT */
/* The sources that a rule waits for. */
#include "rule_reader.h"

/* As the names of sources in keys.ini, so that one which cannot be is found here. */
static bool source_ok(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return name.len > 0 && name.len <= RULE_SOURCE_MAX;
}

static void add_source(struct rule_reader *r, const struct file_place *p, struct rule *rule)
{
	char quote[FILE_QUOTE_SIZE];
	struct span name;

	if (!rule_read_text(r, p, RULE_SOURCE_MAX, &name))
		return;
	if (!source_ok(name)) {
		rule_problem_add(r, p,
			"%s is no name of a source: small letters, digits, _ and -, as in keys.ini",
			file_quote(name, quote));
		return;
	}
	for (size_t i = 0; i < rule->n_wait_for; i++)
		if (span_equal(rule->wait_for[i], name)) {
			rule_problem_add(r, p, "this source stands in the list before");
			return;
		}
	if (rule->n_wait_for == RULE_SOURCES_MAX) {
		rule_problem_add(r, p, "a rule may wait for at most %d sources", RULE_SOURCES_MAX);
		return;
	}
	rule->wait_for[rule->n_wait_for++] = name;
}

void rule_read_sources(struct rule_reader *r, const struct file_place *p, struct rule *rule)
{
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		add_source(r, &item, rule);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p,
			"this is a list of at least one source whose word to wait for, such as "
			"[\"till-3\"]");
}
