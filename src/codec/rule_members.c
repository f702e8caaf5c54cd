/* SPDX-License-Identifier: MIT */
/*
 * One rule: a table of members (in the order in which they depend on each other), then defaults
 * that depend on other members, then what must hold between members. The format is described for
 * people in schemas/rule.schema.json, and a test holds the two together.
 */
#include "rule_draft.h"

#include "base/hash.h"
#include "base/instant.h"
#include "json_tree.h"

#define UNSET INT64_MIN

static void read_id(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct draft *d = target;
	const struct rule *other;

	if (!rule_read_id(r, p, RULE_ID_MAX, &d->rule.id))
		return;
	other = map_get(&r->rules->by_id, d->rule.id);
	if (other && !r->retired)
		rule_problem_add(r, p,
			"another rule in %.*s has this id; ids are unique over all files",
			(int)other->file.len, other->file.ptr);
}

static void read_description(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_text(
		r, p, RULE_DESCRIPTION_MAX, &((struct draft *)target)->rule.description);
}

static void read_epoch(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_count(r, p, 1, &((struct draft *)target)->rule.epoch);
}

static void read_mode(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {
		[RULE_OFF] = "off", [RULE_SHADOW] = "shadow", [RULE_LIVE] = "live", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct draft *)target)->rule.mode = (enum rule_mode)choice;
}

static void read_class(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {[RULE_MARKETING] = "marketing",
		[RULE_SERVICE] = "service",
		[RULE_TASK] = "task",
		NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct draft *)target)->rule.class = (enum rule_class)choice;
}

static void read_arm(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->arm);
}

static void read_touch(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->touch);
}

static void read_cancel(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->cancel);
}

static void read_wait(struct rule_reader *r, const struct file_place *p, void *target)
{
	rule_read_wait(r, p, &((struct draft *)target)->rule.wait);
}

static void read_anchor(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"last", "first", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct draft *)target)->rule.anchor_first = choice == 1;
}

/* Which language its conditions are in; they look for it themselves (rule_cond.c). */
static void read_profile(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"strict", "compat", NULL};
	size_t choice;

	(void)target;
	(void)rule_read_choice(r, p, words, &choice);
}

static void read_fire_if(struct rule_reader *r, const struct file_place *p, void *target)
{
	((struct draft *)target)->rule.fire_if = rule_read_cond(r, p, RULE_COND_FIRE);
}

static const struct rule_duration_limits any_length = {0, DURATION_MAX_MS, false};
static const struct rule_duration_limits positive = {1, DURATION_MAX_MS, false};
static const struct rule_duration_limits any_or_never = {0, DURATION_MAX_MS, true};
static const struct rule_duration_limits positive_or_never = {1, DURATION_MAX_MS, true};
static const struct rule_duration_limits rounding = {1, MS_DAY, false};

static void read_grace(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct draft *)target)->rule.grace_ms);
}

static void read_slack(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct draft *)target)->rule.slack_ms);
}

static void read_round(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &rounding, &((struct draft *)target)->rule.round_ms);
}

static void read_stale(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_or_never, &((struct draft *)target)->rule.stale_ms);
}

static void read_tombstone(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct draft *)target)->rule.tombstone_ms);
}

static void read_expire(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(
		r, p, &positive_or_never, &((struct draft *)target)->rule.expire_ms);
}

static const struct rule_duration_limits fallback_limits = {MS_MINUTE, 30 * MS_DAY, false};

static void read_fallback_after(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(
		r, p, &fallback_limits, &((struct draft *)target)->rule.fallback_ms);
}

static void read_wait_for(struct rule_reader *r, const struct file_place *p, void *target)
{
	rule_read_sources(r, p, &((struct draft *)target)->rule);
}

/* What a hold may be is of no use to a rule that is never held. */
static bool is_held(struct rule_reader *r, const struct file_place *p, const struct draft *d)
{
	if (d->found[rule_member_index("wait_for")].value.type != JSON_TYPE_ABSENT)
		return true;
	rule_problem_add(r, p,
		"only a rule that waits for sources is ever held; add \"wait_for\" or leave this "
		"out");
	return false;
}

static void read_max_hold(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct draft *d = target;

	if (is_held(r, p, d))
		(void)rule_read_duration(r, p, &positive, &d->rule.max_hold_ms);
}

static void read_on_hold_end(struct rule_reader *r, const struct file_place *p, void *target)
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
	{"key", rule_read_key, false},
	{"key_else", rule_read_key_else, false},
	{"tombstone", read_tombstone, false},
	{"anchor", read_anchor, false},
	{"arm", read_arm, false},
	{"touch", read_touch, false},
	{"cancel", read_cancel, false},
	{"goal", rule_read_goal, false},
	{"wait", read_wait, false},
	{"calendar", rule_read_calendar, false},
	{"stage_changed", rule_read_stage_changed, false},
	{"fire_if", read_fire_if, false},
	{"grace", read_grace, false},
	{"slack", read_slack, false},
	{"round", read_round, false},
	{"stale_after", read_stale, false},
	{"episode", rule_read_episode, false},
	{"expire", read_expire, false},
	{"fallback_after", read_fallback_after, false},
	{"steps", rule_read_steps, false},
	{"channels", rule_read_channels, true},
	{"priority", rule_read_priority, false},
	{"data", rule_read_data, false},
	{"wait_for", read_wait_for, false},
	{"max_hold", read_max_hold, false},
	{"on_hold_end", read_on_hold_end, false},
	{"profile", read_profile, false},
	{"supersedes", rule_read_supersedes, false},
	{"once", rule_read_once, false},
	{"gates", rule_read_gates, false},
	{"quiet", rule_read_quiet, false},
	{"send_at", rule_read_send_at, false},
	{"on_cap", rule_read_on_cap, false},
	{"cap", rule_read_cap, false},
	{"holdout", rule_read_holdout, false},
	{"topic", rule_read_topic, false},
	{"mute", rule_read_mute, false},
	{"rank", rule_read_rank, false},
	{"exit_policy", rule_read_exit_policy, false},
	{"requires", rule_read_requires, false},
};
static_assert(ARRAY_SIZE(rule_members) <= RULE_MEMBERS_MAX, "members");
static const struct rule_members rule_spec = {"a rule", rule_members, ARRAY_SIZE(rule_members)};

size_t rule_member_index(const char *name)
{
	size_t i = 0;

	while (strcmp(rule_members[i].name, name) != 0)
		i++;
	return i;
}

static void draft_init(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->arm.role = RULE_ROLE_ARM;
	d->touch.role = RULE_ROLE_TOUCH;
	d->cancel.role = RULE_ROLE_CANCEL;
	d->goal.role = RULE_ROLE_GOAL;
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
	static const struct span task = {"task", 4};

	for (size_t i = 0; i < rule->n_steps; i++)
		if (rule->steps[i].task && !rule->steps[i].channels) {
			rule->steps[i].channels = &task;
			rule->steps[i].n_channels = 1;
		}
	if (rule->n_steps == 0)
		rule->steps[rule->n_steps++] = (struct rule_step){.id = SPAN_LIT("main")};
	if (!rule->gates.has_likelihood)
		rule->likelihood = decimal_from_int(1);
	/* 0.8 and 0.5: triggers.md, section 10. */
	if (!rule->gates.has_impact)
		rule->impact = (struct decimal){rule->class == RULE_SERVICE ? 8 : 5, -1};
}

/* By the hash of its normal form, so that blanks and the order of members make no version. */
static uint64_t version_of(struct rule_reader *r, const struct file_place *p)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x7665727369312020};
	_cleanup_(buf_release) struct buf normal = BUF_INIT;
	struct json_tree_fault fault;
	uint64_t version;

	/* It was part of a text that was read before. */
	if (json_tree_normal(p->value.raw, &normal, &fault) != 0) {
		r->oom = true;
		return 0;
	}
	version = siphash24(seed, buf_span(&normal)) & UINT32_MAX;
	return version ? version : 1;
}

/* An earlier text is of use while the rule is there and another one. */
static void keep_retired(struct rule_reader *r, struct rule *rule)
{
	const struct rule *in_force = map_get(&r->rules->by_id, rule->id);

	if (!in_force || in_force->version == rule->version || r->problems->n > 0 ||
		r->rules->n_retired == RULES_MAX)
		return;
	rule->retired = true;
	r->rules->retired[r->rules->n_retired++] = *rule;
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
	rule->goal = rule_copy_array(r, d->goal.match, d->goal.n, sizeof(*rule->goal));
	rule->n_goal = d->goal.n;
	rule->file = span_str(r->file);
	if (r->retired) {
		keep_retired(r, rule);
		return;
	}
	rule->order = (uint32_t)r->rules->n;
	r->rules->list[r->rules->n] = *rule;
	rule = &r->rules->list[r->rules->n++];
	if (rule->id.len > 0 && !map_get(&r->rules->by_id, rule->id) &&
		map_put(&r->rules->by_id, rule->id, rule) < 0)
		r->oom = true;
}

void rule_read(struct rule_reader *r, const struct file_place *p)
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
	rule_check(r, p, &d);
	rule_match_tills(
		(struct rule_match_list *const[]){&d.arm, &d.touch, &d.cancel, &d.goal}, 4);
	d.rule.version = version_of(r, p);
	draft_keep(r, &d);
}
