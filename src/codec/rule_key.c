/* SPDX-License-Identifier: MIT */
/* What an instance of a rule is about: the customer, the value of a property, or those of some. */
#include "rule_draft.h"

/* Which rules of the key's own are broken by NAME? NULL: none. `+` stands between the names of a
 * key, `:` behind them. */
static const char *fault_of(struct span name)
{
	if (!rule_path_ok(name, RULE_KEY_PATH_MAX))
		return "is not the way to a property; write \"customer\", \"order_id\" or names "
		       "with a dot between";
	if (memchr(name.ptr, '+', name.len) || memchr(name.ptr, ':', name.len))
		return "cannot be a key, since + and : stand between the parts of one; name "
		       "another property";
	return NULL;
}

static void add_part(
	struct rule_reader *r, const struct file_place *p, struct rule *rule, struct buf *prefix)
{
	const char *fault;
	size_t field;
	struct span key;
	char quote[FILE_QUOTE_SIZE];

	if (!rule_read_text(r, p, RULE_KEY_PATH_MAX, &key))
		return;
	if (span_starts(key, SPAN_LIT("e."))) {
		rule_problem_add(r, p,
			"a key is named without e.; write \"customer\", \"order_id\" or the way to "
			"another property");
		return;
	}
	fault = fault_of(key);
	if (fault) {
		rule_problem_add(r, p, "%s %s", file_quote(key, quote), fault);
		return;
	}
	if (field_table_add(&r->rules->fields, FIELD_ROOT_PROPERTIES, key, &field) != 0) {
		rule_problem_add(r, p, "all rules together look at more than %d fields of events",
			FIELD_MAX);
		return;
	}
	for (size_t i = 0; i < rule->n_key_fields; i++)
		if (rule->key_fields[i] == field) {
			rule_problem_add(r, p, "this property stands in the key before");
			return;
		}
	rule->key_fields[rule->n_key_fields++] = field;
	if (prefix->len > 0)
		buf_add_char(prefix, '+');
	if (key.len > 3 && memcmp(key.ptr + key.len - 3, "_id", 3) == 0)
		key.len -= 3;
	buf_add_span(prefix, key);
}

static void read_parts(
	struct rule_reader *r, const struct file_place *p, struct rule *rule, struct buf *prefix)
{
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item) && walk.index <= RULE_KEY_PARTS_MAX) {
		if (item.value.type == JSON_TYPE_STRING &&
			json_is(&item.value, SPAN_LIT("customer")))
			rule_problem_add(r, &item,
				"every key is one of a customer's; name properties alone, or "
				"\"key\": \"customer\"");
		else
			add_part(r, &item, rule, prefix);
	}
	if (walk.index < 2 || walk.index > RULE_KEY_PARTS_MAX)
		rule_problem_add(r, p,
			"a list of a key has 2 to %d properties, such as [\"order_id\", "
			"\"line_id\"]; a single one is written as text",
			RULE_KEY_PARTS_MAX);
}

void rule_read_key(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	_cleanup_(buf_release) struct buf prefix = BUF_INIT;

	if (p->value.type == JSON_TYPE_ARRAY)
		read_parts(r, p, rule, &prefix);
	else if (p->value.type != JSON_TYPE_STRING || !json_is(&p->value, SPAN_LIT("customer")))
		add_part(r, p, rule, &prefix);
	if (prefix.len > RULE_KEY_PATH_MAX)
		rule_problem_add(r, p,
			"the names of a key may have at most %d bytes together; name shorter ones",
			RULE_KEY_PATH_MAX);
	if (rule->n_key_fields == 0)
		return;
	if (buf_failed(&prefix) < 0) {
		r->oom = true;
		return;
	}
	rule->key = RULE_KEY_FIELD;
	rule->key_prefix = rule_copy(r, buf_span(&prefix));
}
