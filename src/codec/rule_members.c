/* SPDX-License-Identifier: MIT */
/*
 * One rule: a table of members (in the order in which they depend on each other), then defaults
 * that depend on other members, then what must hold between members. The format is described for
 * people in schemas/rule.schema.json, and a test holds the two together.
 */
#include "rule_reader.h"

#include "base/instant.h"

#define UNSET INT64_MIN

/* Places in rule_members, below. */
enum { MEMBER_ID, MEMBER_CANCEL = 11, MEMBER_WAIT_FOR = 24 };

/* A rule while it is read. The rule stands first, for readers that know nothing of drafts. */
struct draft {
	struct rule rule;
	struct rule_match_list arm, touch, cancel;
	struct rule_place found[RULE_MEMBERS_MAX];
};

static void read_id(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct draft *d = target;
	const struct rule *other;

	if (!rule_read_id(r, p, RULE_ID_MAX, &d->rule.id))
		return;
	other = map_get(&r->rules->by_id, d->rule.id);
	if (other)
		rule_problem_add(r, p,
			"another rule in %.*s has this id; ids are unique over all files",
			(int)other->file.len, other->file.ptr);
}

static void read_description(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_text(
		r, p, RULE_DESCRIPTION_MAX, &((struct draft *)target)->rule.description);
}

static void read_epoch(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_count(r, p, 1, &((struct draft *)target)->rule.epoch);
}

static void read_mode(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const char *const words[] = {
		[RULE_OFF] = "off", [RULE_SHADOW] = "shadow", [RULE_LIVE] = "live", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct draft *)target)->rule.mode = (enum rule_mode)choice;
}

static void read_class(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const char *const words[] = {[RULE_MARKETING] = "marketing",
		[RULE_SERVICE] = "service",
		[RULE_TASK] = "task",
		NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct draft *)target)->rule.class = (enum rule_class)choice;
}

static void read_key(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct span key;
	char quote[RULE_QUOTE_SIZE];

	if (!rule_read_text(r, p, RULE_KEY_PATH_MAX, &key) || span_is(key, "customer"))
		return;
	if (span_starts(key, SPAN_LIT("e."))) {
		rule_problem_add(r, p,
			"a key is named without e.; write \"customer\", \"order_id\" or the way to "
			"another property");
		return;
	}
	if (!rule_path_ok(key, RULE_KEY_PATH_MAX)) {
		rule_problem_add(r, p,
			"%s is not the way to a property; write \"customer\", \"order_id\" or "
			"names "
			"with a dot between",
			rule_quote(key, quote));
		return;
	}
	if (field_table_add(&r->rules->fields, FIELD_ROOT_PROPERTIES, key, &rule->key_field) != 0) {
		rule_problem_add(r, p, "all rules together look at more than %d fields of events",
			FIELD_MAX);
		return;
	}
	rule->key = RULE_KEY_FIELD;
	rule->key_prefix = key;
	if (key.len > 3 && memcmp(key.ptr + key.len - 3, "_id", 3) == 0)
		rule->key_prefix.len -= 3;
}

static void read_key_else(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const char *const words[] = {"customer", NULL};
	struct rule *rule = &((struct draft *)target)->rule;
	size_t choice;

	if (!rule_read_choice(r, p, words, &choice))
		return;
	rule->key_else_customer = true;
	if (rule->key == RULE_KEY_CUSTOMER)
		rule_problem_add(r, p,
			"the key is the customer already; leave \"key_else\" out or name a key");
}

static void read_arm(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->arm);
}

static void read_touch(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->touch);
}

static void read_cancel(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->cancel);
}

static void read_wait(struct rule_reader *r, const struct rule_place *p, void *target)
{
	rule_read_wait(r, p, &((struct draft *)target)->rule.wait);
}

static void read_anchor(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const char *const words[] = {"last", "first", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct draft *)target)->rule.anchor_first = choice == 1;
}

static void read_fire_if(struct rule_reader *r, const struct rule_place *p, void *target)
{
	((struct draft *)target)->rule.fire_if = rule_read_cond(r, p, RULE_COND_FIRE);
}

static const struct rule_duration_limits any_length = {0, DURATION_MAX_MS, false};
static const struct rule_duration_limits positive = {1, DURATION_MAX_MS, false};
static const struct rule_duration_limits any_or_never = {0, DURATION_MAX_MS, true};
static const struct rule_duration_limits positive_or_never = {1, DURATION_MAX_MS, true};
static const struct rule_duration_limits rounding = {1, MS_DAY, false};

static void read_grace(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct draft *)target)->rule.grace_ms);
}

static void read_slack(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct draft *)target)->rule.slack_ms);
}

static void read_round(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &rounding, &((struct draft *)target)->rule.round_ms);
}

static void read_stale(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_or_never, &((struct draft *)target)->rule.stale_ms);
}

static void read_tombstone(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct draft *)target)->rule.tombstone_ms);
}

static void read_expire(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(
		r, p, &positive_or_never, &((struct draft *)target)->rule.expire_ms);
}

static void read_max_per_key(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_count(r, p, 0, &((struct rule *)target)->max_per_key);
}

static void read_cooldown(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct rule *)target)->cooldown_ms);
}

static void read_scope(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const char *const words[] = {"key", "customer", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct rule *)target)->cooldown_customer = choice == 1;
}

static const struct rule_member episode_members[] = {
	{"max_per_key", read_max_per_key, false},
	{"cooldown", read_cooldown, false},
	{"scope", read_scope, false},
};
static const struct rule_members episode_spec = {
	"an episode", episode_members, ARRAY_SIZE(episode_members)};

static void read_episode(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &episode_spec, found))
		rule_members_read(r, &episode_spec, found, &((struct draft *)target)->rule);
}

static void read_step_id(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_id(r, p, RULE_ID_MAX, &((struct rule_step *)target)->id);
}

static void read_step_after(struct rule_reader *r, const struct rule_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct rule_step *)target)->after_ms);
}

static const struct rule_member step_members[] = {
	{"id", read_step_id, true},
	{"after", read_step_after, true},
};
static const struct rule_members step_spec = {"a step", step_members, ARRAY_SIZE(step_members)};

static void add_step(struct rule_reader *r, const struct rule_place *p, struct rule *rule)
{
	struct rule_place found[RULE_MEMBERS_MAX];
	struct rule_step step = {.after_ms = UNSET};

	if (!rule_members_find(r, p, &step_spec, found))
		return;
	rule_members_read(r, &step_spec, found, &step);
	if (rule->n_steps == RULE_STEPS_MAX) {
		rule_problem_add(r, p, "a rule may have at most %d steps", RULE_STEPS_MAX);
		return;
	}
	if (rule->n_steps > 0 && step.after_ms == 0)
		rule_problem_add(r, &found[1],
			"a step right after the one before would be a second message at once; wait "
			"longer or leave it out");
	for (size_t i = 0; i < rule->n_steps; i++)
		if (step.id.len > 0 && span_equal(rule->steps[i].id, step.id))
			rule_problem_add(r, &found[0], "another step of the rule has this id");
	rule->steps[rule->n_steps++] = step;
}

static void read_steps(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct rule_walk walk;
	struct rule_place item;

	rule_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		add_step(r, &item, rule);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p,
			"steps are a list such as [{\"id\": \"main\", \"after\": \"0s\"}], the "
			"default "
			"when left out");
}

static void add_channel(struct rule_reader *r, const struct rule_place *p, struct rule *rule)
{
	static const char *const words[] = {
		"email", "sms", "inapp", "push", "call", "mail", "webhook", "task", NULL};
	struct span channel;
	size_t choice;

	if (!rule_read_choice(r, p, words, &choice))
		return;
	channel = span_str(words[choice]);
	for (size_t i = 0; i < rule->n_channels; i++)
		if (span_equal(rule->channels[i], channel)) {
			rule_problem_add(r, p, "this channel stands in the list before");
			return;
		}
	/* There are not more words than room. */
	static_assert(ARRAY_SIZE(words) - 1 <= RULE_CHANNELS_MAX, "channels");
	rule->channels[rule->n_channels++] = channel;
}

static void read_channels(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct rule_walk walk;
	struct rule_place item;

	rule_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		add_channel(r, &item, rule);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p, "channels are a list of at least one, such as [\"email\"]");
}

static void add_data(struct rule_reader *r, const struct rule_place *p, struct rule *rule)
{
	struct rule_data data = {.name = p->name};
	char quote[RULE_QUOTE_SIZE];
	bool ok = p->name.len > 0 && p->name.len <= RULE_ID_MAX;

	for (size_t i = 0; ok && i < p->name.len; i++) {
		char c = p->name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		ok = letter || (i > 0 && c >= '0' && c <= '9');
	}
	if (!ok) {
		rule_problem_add(r, p,
			"%s cannot be the name of a value: letters, digits and _, at most %d",
			rule_quote(p->name, quote), RULE_ID_MAX);
		return;
	}
	if (!rule_read_field(r, p, &data.field))
		return;
	if (rule->n_data == RULE_DATA_MAX) {
		rule_problem_add(r, p, "a rule may capture at most %d values", RULE_DATA_MAX);
		return;
	}
	data.name = rule_copy(r, p->name);
	rule->data[rule->n_data++] = data;
}

static void read_data(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct rule_walk walk;
	struct rule_place item;

	if (p->value.type != JSON_TYPE_OBJECT) {
		rule_problem_add(r, p, "data is an object such as {\"total\": \"e.total\"}");
		return;
	}
	rule_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item))
		add_data(r, &item, rule);
}

static void read_wait_for(struct rule_reader *r, const struct rule_place *p, void *target)
{
	rule_read_sources(r, p, &((struct draft *)target)->rule);
}

/* What a hold may be is of no use to a rule that is never held. */
static bool is_held(struct rule_reader *r, const struct rule_place *p, const struct draft *d)
{
	if (d->found[MEMBER_WAIT_FOR].value.type != JSON_TYPE_ABSENT)
		return true;
	rule_problem_add(r, p,
		"only a rule that waits for sources is ever held; add \"wait_for\" or leave this "
		"out");
	return false;
}

static void read_max_hold(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct draft *d = target;

	if (is_held(r, p, d))
		(void)rule_read_duration(r, p, &positive, &d->rule.max_hold_ms);
}

static void read_on_hold_end(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const char *const words[] = {"fire", "drop", NULL};
	struct draft *d = target;
	size_t choice;

	if (is_held(r, p, d) && rule_read_choice(r, p, words, &choice))
		d->rule.hold_drops = choice == 1;
}

/* Entries need the key and the tombstone, so these come first. */
static const struct rule_member rule_members[] = {
	{"id", read_id, true},
	{"description", read_description, false},
	{"epoch", read_epoch, false},
	{"mode", read_mode, false},
	{"class", read_class, true},
	{"key", read_key, false},
	{"key_else", read_key_else, false},
	{"tombstone", read_tombstone, false},
	{"anchor", read_anchor, false},
	{"arm", read_arm, true},
	{"touch", read_touch, false},
	{"cancel", read_cancel, false},
	{"wait", read_wait, true},
	{"fire_if", read_fire_if, false},
	{"grace", read_grace, false},
	{"slack", read_slack, false},
	{"round", read_round, false},
	{"stale_after", read_stale, false},
	{"episode", read_episode, false},
	{"expire", read_expire, false},
	{"steps", read_steps, false},
	{"channels", read_channels, true},
	{"priority", rule_read_priority, false},
	{"data", read_data, false},
	{"wait_for", read_wait_for, false},
	{"max_hold", read_max_hold, false},
	{"on_hold_end", read_on_hold_end, false},
	{"supersedes", NULL, false},
	{"gates", rule_read_gates, false},
	{"quiet", rule_read_quiet, false},
	{"send_at", rule_read_send_at, false},
	{"on_cap", rule_read_on_cap, false},
	{"cap", rule_read_cap, false},
	{"holdout", rule_read_holdout, false},
	{"topic", rule_read_topic, false},
	{"mute", rule_read_mute, false},
	{"rank", rule_read_rank, false},
	{"exit_policy", NULL, false},
};
static_assert(ARRAY_SIZE(rule_members) <= RULE_MEMBERS_MAX, "members");
static const struct rule_members rule_spec = {"a rule", rule_members, ARRAY_SIZE(rule_members)};

static void draft_init(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->arm.role = RULE_ROLE_ARM;
	d->touch.role = RULE_ROLE_TOUCH;
	d->cancel.role = RULE_ROLE_CANCEL;
	d->rule.epoch = 1;
	d->rule.mode = RULE_LIVE;
	d->rule.grace_ms = UNSET;
	d->rule.slack_ms = 10 * MS_MINUTE;
	d->rule.round_ms = MS_SECOND;
	d->rule.stale_ms = 12 * MS_HOUR;
	d->rule.tombstone_ms = 45 * MS_DAY;
	d->rule.expire_ms = TIME_NEVER;
	d->rule.max_hold_ms = 12 * MS_HOUR;
	d->rule.hold_drops = true;
	rule_gates_init(&d->rule.gates);
}

/* Defaults that depend on what was read. */
static void draft_defaults(struct draft *d)
{
	struct rule *rule = &d->rule;

	if (rule->grace_ms == UNSET)
		rule->grace_ms = rule->class == RULE_MARKETING ? 2 * MS_MINUTE : 0;
	if (rule->n_steps == 0)
		rule->steps[rule->n_steps++] = (struct rule_step){.id = SPAN_LIT("main")};
	if (!rule->gates.has_likelihood)
		rule->likelihood = decimal_from_int(1);
	/* 0.8 and 0.5: triggers.md, section 10. */
	if (!rule->gates.has_impact)
		rule->impact = (struct decimal){rule->class == RULE_SERVICE ? 8 : 5, -1};
}

/* A cancel that is also what arms the rule could never be told from it. */
static void draft_check_cancel(struct rule_reader *r, struct draft *d)
{
	for (size_t i = 0; d->rule.anchor_first && i < d->cancel.n; i++)
		for (size_t k = 0; k < d->arm.n; k++)
			if (rule_match_same(r, &d->cancel, i, &d->arm, k))
				rule_problem_add(r, &d->found[MEMBER_CANCEL],
					"entry %zu is the very event that arms the rule; add a "
					"filter "
					"or write \"anchor\": \"last\"",
					i);
}

static void draft_keep(struct rule_reader *r, struct draft *d)
{
	struct rule *rule = &d->rule;

	rule->arm = rule_copy_array(r, d->arm.match, d->arm.n, sizeof(*rule->arm));
	rule->touch = rule_copy_array(r, d->touch.match, d->touch.n, sizeof(*rule->touch));
	rule->cancel = rule_copy_array(r, d->cancel.match, d->cancel.n, sizeof(*rule->cancel));
	rule->n_arm = d->arm.n;
	rule->n_touch = d->touch.n;
	rule->n_cancel = d->cancel.n;
	rule->file = span_str(r->file);
	rule->order = (uint32_t)r->rules->n;
	r->rules->list[r->rules->n] = *rule;
	rule = &r->rules->list[r->rules->n++];
	if (rule->id.len > 0 && !map_get(&r->rules->by_id, rule->id) &&
		map_put(&r->rules->by_id, rule->id, rule) < 0)
		r->oom = true;
}

void rule_read(struct rule_reader *r, const struct rule_place *p)
{
	struct draft d;

	if (r->rules->n == RULES_MAX) {
		rule_problem_add(r, p, "more than %d rules; load fewer", RULES_MAX);
		return;
	}
	draft_init(&d);
	if (!rule_members_find(r, p, &rule_spec, d.found))
		return;
	rule_members_read(r, &rule_spec, d.found, &d);
	draft_defaults(&d);
	rule_gates_default(&r->rules->policy, &d.rule);
	draft_check_cancel(r, &d);
	rule_match_tills(&d.arm, &d.touch, &d.cancel);
	draft_keep(r, &d);
}
