/* SPDX-License-Identifier: MIT */
/*
 * What a job carries: `data`. A text names its source by how it begins, so that a word that was
 * meant as a name and lost its beginning is not taken for a constant; a constant text is written
 * {"text": "..."}.
 */
#include "rule_draft.h"

#include "rule_logic.h"

static bool name_ok(struct rule_reader *r, const struct file_place *p)
{
	char quote[FILE_QUOTE_SIZE];
	bool ok = p->name.len > 0 && p->name.len <= RULE_ID_MAX;

	for (size_t i = 0; ok && i < p->name.len; i++) {
		char c = p->name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		ok = letter || (i > 0 && c >= '0' && c <= '9');
	}
	if (!ok)
		rule_problem_add(r, p,
			"%s cannot be the name of a value: letters, digits and _, at most %d",
			file_quote(p->name, quote), RULE_ID_MAX);
	return ok;
}

static bool read_fact(struct rule_reader *r, const struct file_place *p, struct span name,
	enum rule_data_from from, struct rule_data *data)
{
	enum rule_cond_scope scope = from == DATA_ARMED ? RULE_COND_EVENT : RULE_COND_FIRE;
	struct cond_node node;

	if (!cond_read_name(r, p, scope, name, &node))
		return false;
	data->from = from;
	data->field = node.fact;
	return true;
}

static bool read_named(struct rule_reader *r, const struct file_place *p, struct rule_data *data)
{
	struct span text = json_content(&p->value);
	char quote[FILE_QUOTE_SIZE];

	if (span_starts(text, SPAN_LIT("s.")))
		return read_fact(r, p, text, DATA_NOW, data);
	if (span_starts(text, SPAN_LIT("ctx.s.")))
		return read_fact(r, p, span_of(text.ptr + 4, text.len - 4), DATA_ARMED, data);
	if (span_starts(text, SPAN_LIT("e.")))
		return rule_read_field(r, p, &data->field);
	if (span_is(text, "count")) {
		data->from = DATA_COUNT;
		return true;
	}
	rule_problem_add(r, p,
		"%s does not say where it comes from; write e.NAME for a value of the event that "
		"arms the rule, s.NAME for a fact about "
		"the customer when the job is made, ctx.s.NAME for the same when the rule was "
		"armed, count for the number of events that at_least counts, or "
		"{\"text\": \"...\"} for a text of your own",
		file_quote(text, quote));
	return false;
}

static void read_text(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct span text;

	if (rule_read_text(r, p, RULE_GIVEN_MAX, &text))
		((struct rule_data *)target)->given = rule_copy(r, p->value.raw);
}

static const struct rule_member text_members[] = {{"text", read_text, true}};
static const struct rule_members text_spec = {
	"a constant of data", text_members, ARRAY_SIZE(text_members)};

static bool read_value(struct rule_reader *r, const struct file_place *p, struct rule_data *data)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (p->value.type == JSON_TYPE_STRING)
		return read_named(r, p, data);
	data->from = DATA_GIVEN;
	if (p->value.type == JSON_TYPE_OBJECT) {
		if (rule_members_find(r, p, &text_spec, found))
			rule_members_read(r, &text_spec, found, data);
	} else if (p->value.type == JSON_TYPE_NUMBER || p->value.type == JSON_TYPE_TRUE ||
		   p->value.type == JSON_TYPE_FALSE) {
		data->given = rule_copy(r, p->value.raw);
	} else {
		rule_problem_add(r, p,
			"a value of data is \"e.NAME\", \"s.NAME\", \"ctx.s.NAME\", a number, "
			"true, "
			"false or {\"text\": \"...\"}");
	}
	return data->given.len > 0;
}

bool rule_data_counts(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_data; i++)
		if (rule->data[i].from == DATA_COUNT)
			return true;
	return false;
}

static size_t given_bytes(const struct rule *rule)
{
	size_t total = 0;

	for (size_t i = 0; i < rule->n_data; i++)
		if (rule->data[i].from == DATA_GIVEN)
			total += rule->data[i].name.len + rule->data[i].given.len;
	return total;
}

static void add(struct rule_reader *r, const struct file_place *p, struct rule *rule)
{
	struct rule_data data = {.name = p->name};

	if (!name_ok(r, p) || !read_value(r, p, &data))
		return;
	if (rule->n_data == RULE_DATA_MAX) {
		rule_problem_add(r, p, "a job may carry at most %d values", RULE_DATA_MAX);
		return;
	}
	data.name = rule_copy(r, p->name);
	rule->data[rule->n_data++] = data;
	if (data.from == DATA_GIVEN && given_bytes(rule) > RULE_GIVEN_MAX)
		rule_problem_add(r, p,
			"the constants of a rule with their names may have at most %d bytes; "
			"shorten one, or let the template say it",
			RULE_GIVEN_MAX);
}

void rule_read_data(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct file_walk walk;
	struct file_place item;

	if (p->value.type != JSON_TYPE_OBJECT) {
		rule_problem_add(r, p, "data is an object such as {\"total\": \"e.total\"}");
		return;
	}
	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item))
		add(r, &item, rule);
}

bool rule_data_kept(const struct json_value *source)
{
	struct span text = source->type == JSON_TYPE_STRING ? json_content(source) : SPAN_EMPTY;

	return span_starts(text, SPAN_LIT("e.")) || span_starts(text, SPAN_LIT("ctx.s."));
}

/* What a calendar or a stage tells is in the data of its own accord. */
static bool carries(const struct rule *rule, struct span name)
{
	if (rule->calendar)
		return span_is(name, "years") || span_is(name, "date") ||
		       (rule->calendar->recipients && span_is(name, "recipient"));
	return span_is(name, "stage") || span_is(name, "stage_before") ||
	       span_is(name, "stage_since");
}

void rule_check_eventless_data(
	struct rule_reader *r, const struct file_place *p, const struct rule *rule)
{
	const char *member = rule->calendar ? "calendar" : "stage_changed";

	for (size_t i = 0; i < rule->n_data; i++) {
		const struct rule_data *d = &rule->data[i];
		struct span name = d->name;

		if (d->from == DATA_EVENT || d->from == DATA_ARMED)
			rule_problem_add(r, p,
				"no event arms a rule with `%s`, so `%.*s` could be read of "
				"none; it may carry s.NAME and constants",
				member, (int)name.len, name.ptr);
		if (carries(rule, name))
			rule_problem_add(r, p,
				"a rule with `%s` carries `%.*s` of its own accord; choose "
				"another name",
				member, (int)name.len, name.ptr);
	}
}
