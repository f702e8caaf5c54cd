/* SPDX-License-Identifier: MIT */
/*
 * A preset as a whole: its members, and those of a rule. The text is checked as JSON first, with
 * line and reason (jansson tells of a key that stands twice); only then is it read, so that the
 * readers meet well-formed values alone.
 */
#include "mapping_reader.h"

#include "codec/envelope.h"
#include "json_tree.h"

#define ABOUT_MAX 4000

struct mapping *mapping_free(struct mapping *m)
{
	if (!m)
		return NULL;
	free(m->nodes);
	free(m->children);
	free(m->steps);
	free(m->scopes);
	free(m->rules);
	free(m->headers);
	free(m->queries);
	free(m->table);
	arena_release(&m->arena);
	free(m);
	return NULL;
}

void mapping_freep(struct mapping **m)
{
	mapping_free(*m);
}

/* ---- a rule -------------------------------------------------------------------------------- */

/* Where a rule's member goes that is an expression. */
#define RULE_EXPR(MEMBER)                                                                          \
	static void read_##MEMBER(                                                                 \
		struct mapping_reader *r, const struct file_place *p, void *target)                \
	{                                                                                          \
		((struct mapping_rule *)target)->MEMBER = mapping_read_expr(r, p);                 \
	}
RULE_EXPR(event)
RULE_EXPR(original)
RULE_EXPR(id)
RULE_EXPR(user)
RULE_EXPR(anonymous)
RULE_EXPR(time)
RULE_EXPR(sent)
#undef RULE_EXPR

static void read_on(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping_rule *rule = target;

	mapping_read_texts(r, p, "topics such as [\"orders/*\"]", &rule->first_on, &rule->n_on);
}

/* The first of several places that is there; one place is one node. */
static uint16_t read_places(struct mapping_reader *r, const struct file_place *p)
{
	struct mapping_node node = {.op = MAP_FIRST};
	size_t mark = r->n_pending;
	struct file_walk walk;
	struct file_place item;

	if (p->value.type != JSON_TYPE_ARRAY)
		return mapping_read_bare_path(r, p);
	file_walk_init(&walk, p);
	while (mapping_walk_next(r, &walk, &item))
		mapping_pend(r, SPAN_EMPTY, mapping_read_bare_path(r, &item));
	if (walk.index == 0)
		mapping_problem(r, p, "this list is empty; write at least one path in it");
	mapping_keep(r, mark, &node.first, &node.n);
	return mapping_node_add(r, p, &node);
}

static void read_each(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping_rule *rule = target;
	const struct mapping *m = r->m;

	rule->has_each = true;
	if (m->n_rules > 0 && m->rules[m->n_rules - 1].has_each &&
		span_equal(r->each, p->value.raw)) {
		rule->each = m->rules[m->n_rules - 1].each;
		rule->scope = m->rules[m->n_rules - 1].scope;
	} else {
		rule->each = read_places(r, p);
		rule->scope = (uint16_t)mapping_scope_add(r, p);
	}
	r->each = p->value.raw;
	r->here = rule->scope;
}

static void read_if(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping_rule *)target)->cond = mapping_read_cond(r, p);
}

static void read_type(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping_rule *rule = target;
	struct span name;

	if (!mapping_read_text(r, p, MAPPING_NAME_MAX, &name))
		return;
	if (!envelope_type_of(name, &rule->type) || rule->type == EVENT_GROUP ||
		rule->type == EVENT_ALIAS)
		mapping_problem(
			r, p, "the type is \"track\", \"identify\", \"page\" or \"screen\"");
}

static void read_identifiers(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping_rule *rule = target;
	struct file_walk walk;
	struct file_place item;
	char quote[FILE_QUOTE_SIZE];

	if (p->value.type != JSON_TYPE_OBJECT)
		mapping_problem(r, p, "this is an object such as {\"email\": \"{email}\"}");
	file_walk_init(&walk, p);
	while (mapping_walk_next(r, &walk, &item)) {
		size_t i = 0;

		while (i < IDENTIFIER_COUNT &&
			!span_equal(item.name, IDENTITY_DEFAULT.kinds[i].name))
			i++;
		if (i == IDENTIFIER_COUNT || i == IDENTIFIER_USER || i == IDENTIFIER_ANONYMOUS)
			mapping_problem(r, &item,
				"%s is no identifier; there are card, email, phone, order and "
				"device, "
				"and the rule's own `user` and `anonymous`",
				file_quote(item.name, quote));
		else
			rule->identifiers[i] = mapping_read_expr(r, &item);
	}
}

static void read_channel(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping_rule *rule = target;
	struct file_words known = {.used = 0};
	const struct mapping_node *node;

	rule->channel = mapping_read_expr(r, p);
	node = &r->m->nodes[rule->channel];
	if (node->op != MAP_LITERAL || channel_of(node->text) != CHANNEL_UNKNOWN)
		return;
	for (unsigned i = 1; i < CHANNEL_COUNT; i++)
		file_words_add(&known, "", span_str(channel_name((enum channel)i).ptr));
	mapping_problem(r, p, "there is no such channel; it is one of %s", known.text);
}

/* Properties or traits: members, the object at a place, or several objects. */
static uint16_t read_members(struct mapping_reader *r, const struct file_place *p)
{
	uint16_t node;

	if (p->value.type == JSON_TYPE_ARRAY)
		return mapping_read_merge(r, p);
	if (p->value.type != JSON_TYPE_STRING)
		return mapping_read_fields(r, p, NULL);
	node = mapping_read_template(r, p);
	if (node &&
		(r->m->nodes[node].op != MAP_PLACE || r->m->nodes[node].where >= MAPPING_HEADER))
		mapping_problem(r, p,
			"this is an object such as {\"order_id\": \"{id}\"}, or the place of one "
			"in the payload, such as \"{data}\"");
	return node;
}

static void read_properties(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping_rule *)target)->properties = read_members(r, p);
}

static void read_traits(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping_rule *)target)->traits = read_members(r, p);
}

static void read_context(struct mapping_reader *r, const struct file_place *p, void *target)
{
	static const char *const refused[] = {"channel", "original", NULL};

	((struct mapping_rule *)target)->context = mapping_read_fields(r, p, refused);
}

/* For people alone; it is only seen to that it is text. */
static void read_rule_about(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct span about;

	(void)target;
	(void)mapping_read_text(r, p, ABOUT_MAX, &about);
}

/* What paths mean depends on `each`, so it comes first. */
static const struct mapping_member rule_members[] = {
	{"each", read_each, false},
	{"on", read_on, false},
	{"if", read_if, false},
	{"type", read_type, false},
	{"event", read_event, false},
	{"original", read_original, false},
	{"id", read_id, false},
	{"user", read_user, false},
	{"anonymous", read_anonymous, false},
	{"identifiers", read_identifiers, false},
	{"time", read_time, false},
	{"sent", read_sent, false},
	{"channel", read_channel, false},
	{"properties", read_properties, false},
	{"traits", read_traits, false},
	{"context", read_context, false},
	{"about", read_rule_about, false},
};
static_assert(ARRAY_SIZE(rule_members) <= MAPPING_MEMBERS_MAX, "members");
static const struct mapping_members rule_spec = {"a rule", rule_members, ARRAY_SIZE(rule_members)};

static bool names_customer(const struct mapping_rule *rule)
{
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++)
		if (rule->identifiers[i])
			return true;
	return rule->user || rule->anonymous;
}

static void rule_check(
	struct mapping_reader *r, const struct file_place *p, const struct mapping_rule *rule)
{
	if (r->problems->n > 0)
		return; /* what could not be read would be told of as missing */
	if (rule->type == EVENT_TRACK && !rule->event)
		mapping_problem(r, p,
			"a rule needs the member `event`, the canonical name such as \"Order "
			"Completed\", "
			"or another `type`");
	if (rule->type == EVENT_IDENTIFY && rule->event)
		mapping_problem(r, p, "an identify has no name; leave `event` out");
	if (!names_customer(rule))
		mapping_problem(r, p,
			"nothing names the customer; write `user`, `anonymous` or `identifiers`");
}

static void read_rule(struct mapping_reader *r, const struct file_place *p)
{
	struct mapping_rule rule = {.type = EVENT_TRACK};
	struct mapping *m = r->m;

	r->here = MAPPING_SCOPE_ROOT;
	if (mapping_members_read(r, p, &rule_spec, &rule))
		rule_check(r, p, &rule);
	r->here = MAPPING_SCOPE_ROOT;
	if (!r->oom)
		m->rules[m->n_rules++] = rule;
}

/* ---- the preset ---------------------------------------------------------------------------- */

static void read_name(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping *m = target;
	bool good = mapping_read_text(r, p, MAPPING_NAME_MAX, &m->name);

	if (!good)
		return;
	good = m->name.len > 0;
	for (size_t i = 0; i < m->name.len; i++) {
		char c = m->name.ptr[i];
		bool letter = c >= 'a' && c <= 'z';

		good = good &&
		       (letter || (i > 0 && ((c >= '0' && c <= '9') || c == '_' || c == '-')));
	}
	if (!good)
		mapping_problem(r, p,
			"a preset's name begins with a small letter and has small letters, digits, "
			"_ and -");
}

static void read_about(struct mapping_reader *r, const struct file_place *p, void *target)
{
	(void)mapping_read_text(r, p, ABOUT_MAX, &((struct mapping *)target)->about);
}

static void read_kind(struct mapping_reader *r, const struct file_place *p, void *target)
{
	static const struct {
		const char *word;
		bool json, form;
	} kinds[] = {{"json", true, false}, {"form", false, true}, {"json,form", true, true}};
	struct mapping *m = target;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (p->value.type == JSON_TYPE_STRING &&
			json_is(&p->value, span_str(kinds[i].word))) {
			m->json = kinds[i].json;
			m->form = kinds[i].form;
			return;
		}
	}
	mapping_problem(r, p, "the kind is \"json\", \"form\" or \"json,form\"");
}

static void read_verify(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping *)target)->verify = mapping_copy(r, p->value.raw);
}

static void read_unwrap_if(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping *)target)->unwrap_if = mapping_read_cond(r, p);
}

static void read_unwrap_json(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping *)target)->unwrap = mapping_read_expr(r, p);
}

static const struct mapping_member unwrap_members[] = {
	{"if", read_unwrap_if, false},
	{"json", read_unwrap_json, true},
};
static const struct mapping_members unwrap_spec = {
	"`unwrap`", unwrap_members, ARRAY_SIZE(unwrap_members)};

static void read_unwrap(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping *)target)->has_unwrap = true;
	r->here = MAPPING_SCOPE_ENVELOPE;
	(void)mapping_members_read(r, p, &unwrap_spec, target);
	r->here = MAPPING_SCOPE_ROOT;
}

static void read_topic(struct mapping_reader *r, const struct file_place *p, void *target)
{
	((struct mapping *)target)->topic = mapping_read_expr(r, p);
}

static void read_ignore(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping *m = target;

	mapping_read_texts(r, p, "topics such as [\"products/*\"]", &m->first_ignore, &m->n_ignore);
}

static void read_answers(struct mapping_reader *r, const struct file_place *p, void *target)
{
	static const char *const names[] = {
#define X(ID, NAME) [MAPPING_ANSWER_##ID] = (NAME),
		MAPPING_ANSWERS(X)
#undef X
	};
	struct mapping *m = target;
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_OBJECT && mapping_walk_next(r, &walk, &item)) {
		size_t i = 0;
		uint64_t status = 0;

		while (i < ARRAY_SIZE(names) && !span_is(item.name, names[i]))
			i++;
		if (i == ARRAY_SIZE(names))
			mapping_problem(r, &item,
				"an answer is given to accepted, ignored, unusable or "
				"bad_signature");
		else if (item.value.type != JSON_TYPE_NUMBER ||
			 span_to_u64(item.value.raw, 599, &status) != 0 || status < 200)
			mapping_problem(r, &item, "an answer is an HTTP status, 200 to 599");
		else
			m->answers[i] = (uint16_t)status;
	}
	if (p->value.type != JSON_TYPE_OBJECT)
		mapping_problem(r, p, "answers are an object such as {\"accepted\": 200}");
}

static void read_events(struct mapping_reader *r, const struct file_place *p, void *target)
{
	struct mapping *m = target;
	struct file_walk walk;
	struct file_place item;

	m->rules = calloc(MAPPING_RULES_MAX, sizeof(*m->rules));
	if (!m->rules)
		r->oom = true;
	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && mapping_walk_next(r, &walk, &item)) {
		if (m->n_rules == MAPPING_RULES_MAX) {
			mapping_problem(r, &item, "a preset may have at most %d rules; split it",
				MAPPING_RULES_MAX);
			return;
		}
		read_rule(r, &item);
	}
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		mapping_problem(r, p, "events are a list of at least one rule [{...}]");
}

/* What paths mean depends on `unwrap`, so it comes before them. */
static const struct mapping_member preset_members[] = {
	{"preset", read_name, true},
	{"about", read_about, false},
	{"kind", read_kind, true},
	{"verify", read_verify, true},
	{"unwrap", read_unwrap, false},
	{"topic", read_topic, false},
	{"ignore", read_ignore, false},
	{"answers", read_answers, false},
	{"events", read_events, true},
};
static const struct mapping_members preset_spec = {
	"a preset", preset_members, ARRAY_SIZE(preset_members)};

/* Checks the text. */
static bool text_ok(struct mapping_reader *r)
{
	_cleanup_(buf_release) struct buf normal = BUF_INIT;
	struct json_tree_fault fault;
	struct json_fault scan;
	int result;

	if (r->text.len > MAPPING_FILE_MAX) {
		mapping_problem(
			r, NULL, "a preset may have at most %zu bytes; split it", MAPPING_FILE_MAX);
		return false;
	}
	result = json_tree_normal(r->text, &normal, &fault);
	if (result == JSON_TREE_BAD) {
		mapping_problem_line(r, fault.line, "this is not JSON: %s", fault.text);
		return false;
	}
	if (result < 0) {
		r->oom = true;
		return false;
	}
	if (!json_valid(r->text, &scan)) {
		mapping_problem_line(r, (unsigned)json_place(r->text, scan.offset).line,
			"this is not JSON that can be used: %s", json_fault_text(scan.code));
		return false;
	}
	return true;
}

static void read_preset(struct mapping_reader *r)
{
	struct mapping_node missing = {.op = MAP_MISSING};
	struct file_place file = {.parent = NULL};
	struct json_cursor cursor;

	if (!text_ok(r))
		return;
	json_cursor_init(&cursor, r->text);
	(void)json_value(&cursor, &file.value);
	(void)mapping_node_add(r, &file, &missing);
	(void)mapping_scope_add(r, &file); /* MAPPING_SCOPE_ROOT */
	(void)mapping_scope_add(r, &file); /* MAPPING_SCOPE_ENVELOPE */
	if (!r->oom)
		(void)mapping_members_read(r, &file, &preset_spec, r->m);
}

static void reader_release(struct mapping_reader *r)
{
	free(r->pending);
	free(r->documents);
}

int mapping_compile(const char *file, struct span text, struct file_problems *problems,
	struct mapping **ret_mapping)
{
	_cleanup_(mapping_freep) struct mapping *m = calloc(1, sizeof(*m));
	_cleanup_(reader_release) struct mapping_reader r = {
		.m = m, .problems = problems, .file = file, .text = text};

	*problems = (struct file_problems){.n = 0};
	if (!m)
		return -ENOMEM;
	arena_init(&m->arena);
	read_preset(&r);
	if (r.oom)
		return -ENOMEM;
	if (problems->n > 0)
		return MAPPING_BAD;
	if (mapping_scope_index(m) < 0)
		return -ENOMEM;
	*ret_mapping = m;
	m = NULL;
	return 0;
}

/* ---- what was read ------------------------------------------------------------------------- */

struct span mapping_name(const struct mapping *m)
{
	return m->name;
}

struct span mapping_about(const struct mapping *m)
{
	return m->about;
}

struct span mapping_verify(const struct mapping *m)
{
	return m->verify;
}

unsigned mapping_answer(const struct mapping *m, enum mapping_answer answer)
{
	return m->answers[answer];
}

struct mapping_names mapping_names(const struct mapping *m)
{
	return (struct mapping_names){m->headers, m->queries, m->n_headers, m->n_queries};
}
