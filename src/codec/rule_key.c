/* SPDX-License-Identifier: MIT */
/* What an instance of a rule is about: the customer, the value of a property, or those of some. */
#include "rule_draft.h"

/* No property: the day of the event where the shop is. */
#define KEY_DAY "@day"

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
	if (span_is(name, KEY_DAY))
		return "says nothing of what happened on that day; let it follow a property, as in "
		       "[\"tier\", \"@day\"]";
	return NULL;
}

/* The property that P names, as a field of events; false with a problem noted. */
static bool read_property(
	struct rule_reader *r, const struct file_place *p, struct span *ret_name, size_t *ret_field)
{
	const char *fault;
	char quote[FILE_QUOTE_SIZE];

	if (!rule_read_text(r, p, RULE_KEY_PATH_MAX, ret_name))
		return false;
	if (span_starts(*ret_name, SPAN_LIT("e."))) {
		rule_problem_add(r, p,
			"a key is named without e.; write \"customer\", \"order_id\" or the way to "
			"another property");
		return false;
	}
	fault = fault_of(*ret_name);
	if (fault) {
		rule_problem_add(r, p, "%s %s", file_quote(*ret_name, quote), fault);
		return false;
	}
	if (field_table_add(&r->rules->fields, FIELD_ROOT_PROPERTIES, *ret_name, ret_field) != 0) {
		rule_problem_add(r, p, "all rules together look at more than %d fields of events",
			FIELD_MAX);
		return false;
	}
	return true;
}

/* Is FIELD among the first N of RULE's key already, or among what stands for it? Then that is a
 * problem. */
static bool is_twice(struct rule_reader *r, const struct file_place *p, const struct rule *rule,
	size_t n, size_t field)
{
	bool twice = false;

	for (size_t i = 0; i < n; i++)
		twice = twice || rule->key_fields[i] == field;
	for (size_t i = 0; i < rule->n_key_else; i++)
		twice = twice || rule->key_else[i].field == field;
	if (twice)
		rule_problem_add(r, p, "this property stands in the key before");
	return twice;
}

static void add_day(
	struct rule_reader *r, const struct file_place *p, struct rule *rule, struct buf *prefix)
{
	if (is_twice(r, p, rule, rule->n_key_fields, RULE_KEY_DAY))
		return;
	rule->key_zone = rule_zone(r, p, SPAN_LIT("store"));
	rule->key_fields[rule->n_key_fields++] = RULE_KEY_DAY;
	buf_add_str(prefix, "+day");
}

/* `order` of `order_id`. */
static struct span kind_of(struct span name)
{
	if (name.len > 3 && memcmp(name.ptr + name.len - 3, "_id", 3) == 0)
		name.len -= 3;
	return name;
}

static void add_part(
	struct rule_reader *r, const struct file_place *p, struct rule *rule, struct buf *prefix)
{
	struct span key;
	size_t field;

	if (!read_property(r, p, &key, &field) || is_twice(r, p, rule, rule->n_key_fields, field))
		return;
	rule->key_fields[rule->n_key_fields++] = field;
	if (prefix->len > 0)
		buf_add_char(prefix, '+');
	buf_add_span(prefix, kind_of(key));
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
		else if (item.value.type == JSON_TYPE_STRING && rule->n_key_fields > 0 &&
			 json_is(&item.value, SPAN_LIT(KEY_DAY)))
			add_day(r, &item, rule, prefix);
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

/* ---- what stands for it -------------------------------------------------------------------- */

static void add_else(struct rule_reader *r, const struct file_place *p, struct rule *rule)
{
	struct span name;
	size_t field;

	if (p->value.type == JSON_TYPE_STRING && json_is(&p->value, SPAN_LIT("customer"))) {
		rule->key_else_customer = true;
		return;
	}
	if (rule->key_else_customer) {
		rule_problem_add(r, p, "\"customer\" stands for all; let it be the last");
		return;
	}
	/* Where the first of several is missing, another of them may well stand for all. */
	if (!read_property(r, p, &name, &field) || is_twice(r, p, rule, 1, field))
		return;
	if (rule->n_key_else == RULE_KEY_ELSE_MAX) {
		rule_problem_add(r, p, "at most %d properties stand for a key", RULE_KEY_ELSE_MAX);
		return;
	}
	rule->key_else[rule->n_key_else++] =
		(struct rule_key_else){field, rule_copy(r, kind_of(name))};
}

void rule_read_key_else(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct file_walk walk;
	struct file_place item;

	if (rule->key == RULE_KEY_CUSTOMER) {
		rule_problem_add(r, p,
			"the key is the customer already; leave \"key_else\" out or name a key");
		return;
	}
	if (p->value.type != JSON_TYPE_ARRAY) {
		add_else(r, p, rule);
		return;
	}
	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item))
		add_else(r, &item, rule);
	if (walk.index == 0)
		rule_problem_add(r, p, "names nothing; leave it out");
}
