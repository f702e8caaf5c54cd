/* SPDX-License-Identifier: MIT */
/*
 * Which events a rule speaks of: the entries of arm, touch and cancel.
 *
 * A misspelt name is the quietest of all mistakes: the rule loads and never does anything. So a
 * name that is almost one of the vocabulary is a problem, unless the entry says `"custom": true`.
 */
#include "rule_reader.h"

#include "base/buf.h"
#include "core/vocab.h"
#include "json_tree.h"
#include "near_name.h"

/* The shortest name that is looked for with slips, since short words become one another too easily.
 */
#define NAME_MIN 6

/* The vocabulary's name that NAME is probably meant to be: the one with the fewest slips, of
 * several the one that the vocabulary has first. Empty if none. */
static struct span meant(struct span name)
{
	struct near_name near;
	struct span best = SPAN_EMPTY;

	near_name_init(&near, name, NAME_MIN);
	for (int kind = EVENT_CUSTOM + 1; kind < EVENT_KIND_COUNT; kind++)
		if (near_name_offer(&near, vocab_name((enum event_kind)kind)))
			best = vocab_name((enum event_kind)kind);
	return best;
}

static bool name_ok(
	struct rule_reader *r, const struct file_place *p, struct span name, bool custom)
{
	char quote[FILE_QUOTE_SIZE];
	struct span near = meant(name);

	if (name.ptr[0] == '@') {
		rule_problem_add(r, p, "%s is no group of events; the only one is \"@engagement\"",
			file_quote(name, quote));
		return false;
	}
	if (near.len > 0 && !custom) {
		rule_problem_add(r, p,
			"no event is called %s; did you mean \"%.*s\"? (if it is a name of your "
			"own, "
			"add \"custom\": true to the entry)",
			file_quote(name, quote), (int)near.len, near.ptr);
		return false;
	}
	return true;
}

static bool read_name(struct rule_reader *r, const struct file_place *p, bool custom,
	struct rule_match *ret_match)
{
	struct span name;

	if (!rule_read_text(r, p, RULE_EVENT_NAME_MAX, &name))
		return false;
	*ret_match = (struct rule_match){.kind = vocab_kind(name)};
	if (span_is(name, "*"))
		ret_match->by = MATCH_ANY;
	else if (span_is(name, "@engagement"))
		ret_match->by = MATCH_ENGAGED;
	else if (ret_match->kind != EVENT_CUSTOM)
		ret_match->by = MATCH_KIND;
	else
		ret_match->by = MATCH_NAME;
	if (custom && ret_match->by != MATCH_NAME) {
		rule_problem_add(r, p,
			"this name is not a custom one: leave out \"custom\", it changes nothing");
		return false;
	}
	ret_match->name = ret_match->by == MATCH_KIND ? vocab_name(ret_match->kind) : name;
	return ret_match->by != MATCH_NAME || name_ok(r, p, name, custom);
}

bool rule_read_event_name(
	struct rule_reader *r, const struct file_place *p, struct rule_match *ret_match)
{
	return read_name(r, p, false, ret_match);
}

/* What an entry says besides the name of its events. */
struct entry {
	const struct rule *rule;
	enum rule_match_role role;
	struct file_place event;
	struct file_place terminal_at;
	const struct cond *when;
	struct span when_raw;
	bool custom;
	bool customer, first;
	bool has_terminal, terminal;
	uint32_t count; /* at_least */
	int64_t within_ms;
	struct span to;
	struct file_place to_at;
	uint32_t number; /* of the entry in its list */
};

static void read_event(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct entry *entry = target;

	(void)r;
	entry->event = *p;
}

static void read_when(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct entry *entry = target;

	entry->when = rule_read_cond(r, p, RULE_COND_EVENT);
	entry->when_raw = p->value.raw;
}

static void read_custom(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_bool(r, p, &((struct entry *)target)->custom);
}

/* What is touched. */
static void read_reach(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"key", "customer", NULL};
	struct entry *entry = target;
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		entry->customer = choice == 1;
}

/* What is ended. */
static void read_match(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"key", "customer", "first", NULL};
	struct entry *entry = target;
	size_t choice;

	if (!rule_read_choice(r, p, words, &choice))
		return;
	entry->customer = choice == 1;
	entry->first = choice == 2;
	if (entry->first && entry->rule->n_key_fields < 2)
		rule_problem_add(r, p,
			"the first of one is all of the key; write \"match\": \"key\", or a key of "
			"several properties");
}

static void read_terminal(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct entry *entry = target;

	entry->terminal_at = *p;
	entry->has_terminal = rule_read_bool(r, p, &entry->terminal);
}

static void read_times(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct entry *entry = target;

	if (!rule_read_count(r, p, 2, &entry->count))
		return;
	if (entry->count > INSTANCE_ARMINGS_MAX)
		rule_problem_add(r, p, "at most %d events can be counted", INSTANCE_ARMINGS_MAX);
}

static void read_within(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const struct rule_duration_limits limits = {1, 366 * MS_DAY, false};

	(void)rule_read_duration(r, p, &limits, &((struct entry *)target)->within_ms);
}

static const struct rule_member at_least_members[] = {
	{"count", read_times, true},
	{"within", read_within, true},
};
static const struct rule_members at_least_spec = {
	"at_least", at_least_members, ARRAY_SIZE(at_least_members)};

static void read_at_least(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &at_least_spec, found))
		rule_members_read(r, &at_least_spec, found, target);
}

static void read_to(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct entry *entry = target;

	if (rule_read_id(r, p, RULE_ID_MAX, &entry->to))
		rule_refer(r, p, RULE_REF_TO, entry->rule->id, entry->to);
}

static const struct rule_member arm_members[] = {
	{"event", read_event, true},
	{"custom", read_custom, false},
	{"when", read_when, false},
	{"at_least", read_at_least, false},
};

static const struct rule_member touch_members[] = {
	{"event", read_event, true},
	{"custom", read_custom, false},
	{"match", read_reach, false},
	{"when", read_when, false},
};

static const struct rule_member goal_members[] = {
	{"event", read_event, true},
	{"custom", read_custom, false},
	{"match", read_match, false},
	{"terminal", read_terminal, false},
	{"when", read_when, false},
};

static const struct rule_member cancel_members[] = {
	{"event", read_event, true},
	{"custom", read_custom, false},
	{"match", read_match, false},
	{"terminal", read_terminal, false},
	{"when", read_when, false},
	{"to", read_to, false},
};

static const struct rule_members entry_specs[] = {
	[RULE_ROLE_ARM] = {"an entry of arm", arm_members, ARRAY_SIZE(arm_members)},
	[RULE_ROLE_TOUCH] = {"an entry of touch", touch_members, ARRAY_SIZE(touch_members)},
	[RULE_ROLE_CANCEL] = {"an entry of cancel", cancel_members, ARRAY_SIZE(cancel_members)},
	[RULE_ROLE_GOAL] = {"an entry of goal", goal_members, ARRAY_SIZE(goal_members)},
};

/* Can a cancel of this entry close the key for good, leaving a tombstone? */
static const char *terminal_hindrance(const struct entry *entry)
{
	if (entry->rule->key == RULE_KEY_CUSTOMER)
		return "the rule is about the customer, who is never over; give it a key";
	if (entry->customer)
		return "a cancel that matches the customer closes no key; write \"match\": \"key\"";
	if (entry->rule->tombstone_ms == 0)
		return "the rule's tombstone is 0s; give it a longer one";
	return NULL;
}

static void cancel_resolve(struct rule_reader *r, const struct entry *entry, struct rule_match *m)
{
	const char *hindrance = terminal_hindrance(entry);

	if (!entry->has_terminal)
		m->terminal = !hindrance && m->by == MATCH_KIND &&
			      (vocab_flags(m->kind) & VOCAB_TERMINAL);
	else if (entry->terminal && hindrance)
		rule_problem_add(r, &entry->terminal_at, "this cannot be terminal: %s", hindrance);
	else
		m->terminal = entry->terminal;
}

static void add_match(struct rule_reader *r, const struct file_place *p, const struct entry *entry,
	struct rule_match_list *list)
{
	struct rule_match m;

	if (!read_name(r, p, entry->custom, &m))
		return;
	m.when = entry->when;
	m.count = entry->count;
	m.within_ms = entry->within_ms;
	m.entry = entry->number;
	m.to = entry->to;
	m.first = entry->first;
	/* Where the key is the customer there are no others to touch. */
	m.customer = entry->customer &&
		     (entry->role != RULE_ROLE_TOUCH || entry->rule->key == RULE_KEY_FIELD);
	if (entry->role == RULE_ROLE_CANCEL || entry->role == RULE_ROLE_GOAL)
		cancel_resolve(r, entry, &m);
	if (list->n == RULE_MATCHES_MAX) {
		rule_problem_add(r, p,
			"a list of arm, touch, goal or cancel may name at most %d events; use "
			"\"@engagement\", \"*\" or several rules",
			RULE_MATCHES_MAX);
		return;
	}
	list->match[list->n] = m;
	list->when[list->n] = entry->when_raw;
	list->n++;
	for (size_t i = 0; i + 1 < list->n; i++)
		if (rule_match_same(r, list, i, list, list->n - 1)) {
			rule_problem_add(r, p,
				"the same event with the same filter stands in this list before; "
				"leave "
				"one of them out");
			return;
		}
}

/* One entry; a plain text is short for {"event": text}. */
static void read_entry(struct rule_reader *r, const struct file_place *p, struct entry *entry,
	struct rule_match_list *list)
{
	const struct rule_members *spec = &entry_specs[entry->role];
	struct file_place found[RULE_MEMBERS_MAX];
	struct file_walk walk;
	struct file_place name;

	if (p->value.type == JSON_TYPE_STRING) {
		entry->event = *p;
	} else if (p->value.type == JSON_TYPE_OBJECT) {
		(void)rule_members_find(r, p, spec, found);
		rule_members_read(r, spec, found, entry);
	} else {
		rule_problem_add(r, p,
			"an entry is the name of an event in quotes, or an object such as "
			"{\"event\": \"Product Added\"}");
		return;
	}
	if (entry->event.value.type == JSON_TYPE_ABSENT)
		return;
	if (entry->event.value.type != JSON_TYPE_ARRAY) {
		add_match(r, &entry->event, entry, list);
		return;
	}
	file_walk_init(&walk, &entry->event);
	while (rule_walk_next(r, &walk, &name))
		add_match(r, &name, entry, list);
	if (walk.index == 0)
		rule_problem_add(r, &entry->event, "name at least one event");
}

void rule_read_matches(struct rule_reader *r, const struct file_place *p, const struct rule *rule,
	struct rule_match_list *ret_list)
{
	struct file_walk walk;
	struct file_place item;

	if (p->value.type != JSON_TYPE_ARRAY) {
		rule_problem_add(r, p, "this must be a list, such as [\"Product Added\"]");
		return;
	}
	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item)) {
		struct entry entry = {.rule = rule,
			.role = ret_list->role,
			.number = (uint32_t)(walk.index - 1),
			.customer = rule->key == RULE_KEY_CUSTOMER};

		read_entry(r, &item, &entry, ret_list);
	}
	if (walk.index > 0)
		return;
	rule_problem_add(r, p,
		ret_list->role == RULE_ROLE_ARM
			? "a rule that nothing arms never does anything; name at least one event"
			: "an empty list says nothing; leave the member out");
}

bool rule_match_same(struct rule_reader *r, const struct rule_match_list *a, size_t i,
	const struct rule_match_list *b, size_t k)
{
	_cleanup_(buf_release) struct buf one = BUF_INIT;
	_cleanup_(buf_release) struct buf two = BUF_INIT;
	struct json_tree_fault fault;
	const struct rule_match *x = &a->match[i], *y = &b->match[k];

	if (x->by != y->by || x->kind != y->kind ||
		(x->by == MATCH_NAME && !span_equal(x->name, y->name)))
		return false;
	if (a->role == b->role && (x->count != y->count || x->within_ms != y->within_ms))
		return false;
	if (a->when[i].len == 0 || b->when[k].len == 0)
		return a->when[i].len == b->when[k].len;
	/* Both were part of a text that was read before. */
	if (json_tree_normal(a->when[i], &one, &fault) != 0 ||
		json_tree_normal(b->when[k], &two, &fault) != 0) {
		r->oom = true;
		return false;
	}
	return span_equal(buf_span(&one), buf_span(&two));
}

static bool names_kind(const struct rule_match_list *list, enum event_kind kind)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->match[i].by == MATCH_KIND && list->match[i].kind == kind)
			return true;
	return false;
}

static void count_also(struct rule_match_list *list, enum event_kind kind, enum event_kind also)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->match[i].by == MATCH_KIND && list->match[i].kind == kind)
			list->match[i].also = also;
}

void rule_match_tills(struct rule_match_list *const lists[], size_t n)
{
	const enum event_kind till = EVENT_IN_STORE_PURCHASE;

	for (size_t i = 0; i < n; i++)
		if (names_kind(lists[i], till))
			return;
	for (size_t i = 0; i < n; i++)
		count_also(lists[i], EVENT_ORDER_COMPLETED, till);
}
