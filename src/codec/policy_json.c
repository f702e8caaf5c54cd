/* SPDX-License-Identifier: MIT */
/*
 * The shop's policy: {"policy": {...}} in a file beside the rules. What it does not name keeps its
 * default (core/policy.h); what it names replaces the default whole, but for `channels`, of which
 * each member stands for itself. The format is described for people in schemas/policy.schema.json.
 */
#include "policy_reader.h"

/* ---- channels -------------------------------------------------------------------------- */

static bool is_null(const struct file_place *p)
{
	return p->value.type == JSON_TYPE_NULL;
}

static void read_channel_quiet(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct policy_channel *c = target;

	if (is_null(p))
		c->quiet = (struct day_hours){0, 0};
	else
		(void)policy_read_hours(r, p, &c->quiet);
}

static void read_channel_priority(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {[PRIORITY_LOW] = "low",
		[PRIORITY_MEDIUM] = "medium",
		[PRIORITY_HIGH] = "high",
		NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct policy_channel *)target)->priority = (uint8_t)choice;
}

static void read_channel_opening(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_bool(r, p, &((struct policy_channel *)target)->opening);
}

static void read_channel_cost(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_money(r, p, &((struct policy_channel *)target)->cost);
}

static const struct rule_member channel_members[] = {
	{"description", policy_read_description, false},
	{"quiet", read_channel_quiet, false},
	{"priority", read_channel_priority, false},
	{"opening", read_channel_opening, false},
	{"cost", read_channel_cost, false},
};
static const struct rule_members channel_spec = {
	"a channel", channel_members, ARRAY_SIZE(channel_members)};

static void read_channel(struct rule_reader *r, const struct file_place *p, void *target)
{
	enum job_channel channel = job_channel_of(p->name);
	struct file_place found[RULE_MEMBERS_MAX];
	struct policy *policy = target;

	if (channel == JOB_CHANNEL_COUNT) {
		struct file_words known = {.used = 0};

		for (unsigned i = 0; i < JOB_CHANNEL_COUNT; i++)
			file_words_add(&known, "", job_channel_name((enum job_channel)i));
		rule_problem_add(r, p, "there is no such channel; there are %s", known.text);
		return;
	}
	if (rule_members_find(r, p, &channel_spec, found))
		rule_members_read(r, &channel_spec, found, &policy->channels[channel]);
}

static void read_channels(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_each(r, p,
		&(const struct policy_form){JSON_TYPE_OBJECT, JOB_CHANNEL_COUNT,
			"{\"sms\": {\"quiet\": \"21:00-08:00\"}}", read_channel},
		target);
}

/* ---- the flowchart, hold-out, incident ------------------------------------------------- */

static void read_theta_likelihood(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_share(r, p, &((struct policy *)target)->theta_likelihood);
}

static void read_theta_impact(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_share(r, p, &((struct policy *)target)->theta_impact);
}

static const struct rule_member theta_members[] = {
	{"description", policy_read_description, false},
	{"likelihood", read_theta_likelihood, false},
	{"impact", read_theta_impact, false},
};
static const struct rule_members theta_spec = {"thetas", theta_members, ARRAY_SIZE(theta_members)};

static void read_thetas(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &theta_spec, found))
		rule_members_read(r, &theta_spec, found, target);
}

static void read_holdout_share(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_share(r, p, &((struct policy *)target)->holdout);
}

static void read_holdout_salt(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_text(r, p, POLICY_NAME_MAX, &((struct policy *)target)->salt);
}

static const struct rule_member holdout_members[] = {
	{"description", policy_read_description, false},
	{"share", read_holdout_share, true},
	{"salt", read_holdout_salt, false},
};
static const struct rule_members holdout_spec = {
	"the hold-out", holdout_members, ARRAY_SIZE(holdout_members)};

static void read_holdout(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &holdout_spec, found))
		rule_members_read(r, &holdout_spec, found, target);
}

static void read_incident(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_bool(r, p, &((struct policy *)target)->incident);
}

static void read_loyalty_top(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_count(r, p, 1, &((struct policy *)target)->loyalty_top);
}

/* ---- named conditions ------------------------------------------------------------------ */

struct named_list {
	struct policy_mute mutes[POLICY_MUTES_MAX];
	struct policy_segment segments[POLICY_SEGMENTS_MAX];
	size_t n;
};

static bool name_ok(struct rule_reader *r, const struct file_place *p)
{
	bool ok = p->name.len > 0 && p->name.len <= POLICY_NAME_MAX && p->name.ptr[0] >= 'a' &&
		  p->name.ptr[0] <= 'z';

	for (size_t i = 0; ok && i < p->name.len; i++) {
		char c = p->name.ptr[i];

		ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
	}
	if (!ok)
		rule_problem_add(r, p,
			"such a name has small letters, digits and _, a letter first, at most %d",
			POLICY_NAME_MAX);
	return ok;
}

static void read_mute(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct named_list *l = target;
	const struct cond *cond;

	if (!name_ok(r, p))
		return;
	for (size_t i = 0; i < l->n; i++)
		if (span_equal(l->mutes[i].name, p->name)) {
			rule_problem_add(r, p,
				"this mute is there already; give yours another name, or leave "
				"it out");
			return;
		}
	if (l->n == POLICY_MUTES_MAX) {
		rule_problem_add(r, p, "there may be at most %d mutes", POLICY_MUTES_MAX);
		return;
	}
	cond = rule_read_cond(r, p, RULE_COND_FIRE);
	if (cond)
		l->mutes[l->n++] =
			(struct policy_mute){rule_copy(r, p->name), MUTE_CONDITION, cond};
}

static void read_mutes(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct named_list l = {.n = 0};
	struct policy *policy = target;

	/* The three that are always known stay in front. */
	memcpy(l.mutes, policy->mutes, policy->n_mutes * sizeof(l.mutes[0]));
	l.n = policy->n_mutes;
	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_OBJECT, POLICY_MUTES_MAX,
			    "{\"waits_for_us\": {\">\": [{\"var\": \"s.open_orders\"}, 0]}}",
			    read_mute},
		    &l))
		return;
	policy->mutes = rule_copy_array(r, l.mutes, l.n, sizeof(l.mutes[0]));
	policy->n_mutes = l.n;
}

static void read_segment(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct named_list *l = target;
	const struct cond *cond = name_ok(r, p) ? rule_read_cond(r, p, RULE_COND_FIRE) : NULL;

	if (cond)
		l->segments[l->n++] = (struct policy_segment){rule_copy(r, p->name), cond};
}

static void read_segments(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct named_list l = {.n = 0};
	struct policy *policy = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_OBJECT, POLICY_SEGMENTS_MAX,
			    "{\"regulars\": {\">=\": [{\"var\": \"s.orders\"}, 3]}}", read_segment},
		    &l))
		return;
	policy->segments = rule_copy_array(r, l.segments, l.n, sizeof(l.segments[0]));
	policy->n_segments = l.n;
}

/* ---- the whole ------------------------------------------------------------------------- */

static const struct rule_member policy_members[] = {
	{"description", policy_read_description, false},
	{"channels", read_channels, false},
	{"countries", policy_read_countries, false},
	{"opening", policy_read_opening, false},
	{"caps", policy_read_caps, false},
	{"arbitration", policy_read_arbitration, false},
	{"thetas", read_thetas, false},
	{"holdout", read_holdout, false},
	{"incident", read_incident, false},
	{"mutes", read_mutes, false},
	{"segments", read_segments, false},
	{"currency", policy_read_currency, false},
	{"value_tiers", policy_read_tiers, false},
	{"loyalty_top", read_loyalty_top, false},
	{"percentiles", policy_read_percentiles, false},
	{"severities", policy_read_severities, false},
	{"models", policy_read_models, false},
	{"lapse", policy_read_lapse, false},
};
static_assert(ARRAY_SIZE(policy_members) <= RULE_MEMBERS_MAX, "members");
static const struct rule_members policy_spec = {
	"a policy", policy_members, ARRAY_SIZE(policy_members)};

static void read_whole(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (!rule_members_find(r, p, &policy_spec, found))
		return;
	rule_members_read(r, &policy_spec, found, target);
	policy_settle_lapse(target);
}

static const struct rule_member file_members[] = {{"policy", read_whole, true}};
static const struct rule_members file_spec = {"a file with a policy", file_members, 1};

bool policy_is(struct rule_reader *r, const struct file_place *file)
{
	struct file_walk walk;
	struct file_place p;

	if (file->value.type != JSON_TYPE_OBJECT)
		return false;
	file_walk_init(&walk, file);
	while (rule_walk_next(r, &walk, &p))
		if (span_is(p.name, "policy"))
			return true;
	return false;
}

void policy_read(struct rule_reader *r, const struct file_place *file)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, file, &file_spec, found))
		rule_members_read(r, &file_spec, found, &r->rules->policy);
}
