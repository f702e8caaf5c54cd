/* SPDX-License-Identifier: MIT */
/* The parts of a policy that are lists: countries, opening hours, caps, ranks, tiers. */
#include "base/instant.h"
#include "policy_reader.h"

/* ---- countries ------------------------------------------------------------------------- */

static void read_country_channels(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_channels(r, p, &((struct policy_country *)target)->channels);
}

static void read_country_quiet(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_hours(r, p, &((struct policy_country *)target)->quiet);
}

static void read_sundays(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_bool(r, p, &((struct policy_country *)target)->sundays);
}

static void read_country_days(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_holidays(r, p, &((struct policy_country *)target)->holidays);
}

static const struct rule_member country_members[] = {
	{"description", policy_read_description, false},
	{"channels", read_country_channels, true},
	{"quiet", read_country_quiet, true},
	{"sundays", read_sundays, false},
	{"holidays", read_country_days, false},
};
static const struct rule_members country_spec = {
	"a country", country_members, ARRAY_SIZE(country_members)};

struct country_list {
	struct policy_country list[POLICY_COUNTRIES_MAX];
	size_t n;
};

static void read_country(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct country_list *l = target;
	struct policy_country *c = &l->list[l->n];
	struct file_place found[RULE_MEMBERS_MAX];

	if (p->name.len != 2 || p->name.ptr[0] < 'A' || p->name.ptr[0] > 'Z' ||
		p->name.ptr[1] < 'A' || p->name.ptr[1] > 'Z') {
		rule_problem_add(r, p,
			"a country is named by the two capital letters of ISO 3166-1, such as FR");
		return;
	}
	memcpy(c->code, p->name.ptr, 2);
	if (!rule_members_find(r, p, &country_spec, found))
		return;
	rule_members_read(r, &country_spec, found, c);
	l->n++;
}

void policy_read_countries(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct country_list l = {.n = 0};
	struct policy *policy = target;

	if (policy_is_empty(r, p, JSON_TYPE_OBJECT)) {
		policy->n_countries = 0;
		return;
	}
	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_OBJECT, POLICY_COUNTRIES_MAX,
			    "{\"FR\": {\"channels\": [\"sms\"], \"quiet\": \"22:00-08:00\"}}",
			    read_country},
		    &l))
		return;
	policy->countries = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_countries = l.n;
}

/* ---- opening hours --------------------------------------------------------------------- */

/* A weekday while it is read. */
struct week_day {
	struct policy *policy;
	size_t day;
};

static void read_hours_of_day(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct week_day *d = target;
	struct day_hours *list = d->policy->opening[d->day], h;
	uint8_t *n = &d->policy->n_opening[d->day];

	if (!policy_read_hours(r, p, &h))
		return;
	if (h.from > h.to || (*n > 0 && h.from < list[*n - 1].to)) {
		rule_problem_add(r, p,
			"openings of a day follow each other and end by 24:00; put what is behind "
			"midnight to the next day");
		return;
	}
	list[(*n)++] = h;
}

static void read_week_day(
	struct rule_reader *r, const struct file_place *p, struct policy *policy, size_t day)
{
	struct week_day d = {policy, day};

	policy->n_opening[day] = 0;
	/* An empty list is a day off. */
	if (policy_is_empty(r, p, JSON_TYPE_ARRAY))
		return;
	(void)policy_each(r, p,
		&(const struct policy_form){JSON_TYPE_ARRAY, POLICY_OPENINGS_MAX,
			"[\"10:00-18:00\"]", read_hours_of_day},
		&d);
}

#define DAYS(X) X(mon, 0) X(tue, 1) X(wed, 2) X(thu, 3) X(fri, 4) X(sat, 5) X(sun, 6)
#define X(NAME, N)                                                                                 \
	static void read_##NAME(struct rule_reader *r, const struct file_place *p, void *target)   \
	{                                                                                          \
		read_week_day(r, p, target, N);                                                    \
	}
DAYS(X)
#undef X

static void read_shop_days(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_holidays(r, p, &((struct policy *)target)->holidays);
}

static const struct rule_member opening_members[] = {
	{"description", policy_read_description, false},
#define X(NAME, N) {#NAME, read_##NAME, false},
	DAYS(X)
#undef X
		{"holidays", read_shop_days, false},
};
static const struct rule_members opening_spec = {
	"the opening hours", opening_members, ARRAY_SIZE(opening_members)};

void policy_read_opening(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];
	struct policy *policy = target;

	if (!rule_members_find(r, p, &opening_spec, found))
		return;
	/* Days that are not named are days off. */
	memset(policy->n_opening, 0, sizeof(policy->n_opening));
	rule_members_read(r, &opening_spec, found, policy);
}

/* ---- caps ------------------------------------------------------------------------------ */

static void read_binds(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_classes(r, p, &((struct policy_cap *)target)->binds);
}

static void read_counts(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_classes(r, p, &((struct policy_cap *)target)->counts);
}

static void read_cap_channels(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_channels(r, p, &((struct policy_cap *)target)->channels);
}

static void read_cap_count(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_count(r, p, 1, &((struct policy_cap *)target)->count);
}

static void read_cap_within(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &rule_cap_within, &((struct policy_cap *)target)->within_ms);
}

static const struct rule_member cap_members[] = {
	{"description", policy_read_description, false},
	{"classes", read_binds, false},
	{"counts", read_counts, false},
	{"channels", read_cap_channels, false},
	{"count", read_cap_count, true},
	{"within", read_cap_within, true},
};
static const struct rule_members cap_spec = {"a cap", cap_members, ARRAY_SIZE(cap_members)};

struct cap_list {
	struct policy_cap list[POLICY_CAPS_MAX];
	size_t n;
};

static void read_cap(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct cap_list *l = target;
	struct file_place found[RULE_MEMBERS_MAX];

	l->list[l->n] = (struct policy_cap){
		.binds = 1U << RULE_MARKETING,
		.counts = ~0U,
		.channels = ~0U,
	};
	if (!rule_members_find(r, p, &cap_spec, found))
		return;
	rule_members_read(r, &cap_spec, found, &l->list[l->n]);
	l->n++;
}

void policy_read_caps(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct cap_list l = {.n = 0};
	struct policy *policy = target;

	if (policy_is_empty(r, p, JSON_TYPE_ARRAY)) {
		policy->n_caps = 0;
		return;
	}
	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_CAPS_MAX,
			    "[{\"count\": 1, \"within\": \"1d\"}]", read_cap},
		    &l))
		return;
	policy->caps = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_caps = l.n;
}

/* ---- arbitration ----------------------------------------------------------------------- */

struct rank_list {
	struct policy_rank list[POLICY_RANKS_MAX];
	size_t n;
	uint8_t place;
};

static void read_rank(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rank_list *l = target;
	struct span name;

	if (!rule_read_id(r, p, POLICY_NAME_MAX, &name))
		return;
	for (size_t i = 0; i < l->n; i++)
		if (span_equal(l->list[i].name, name)) {
			rule_problem_add(r, p, "this stands in the order before");
			return;
		}
	if (l->n == POLICY_RANKS_MAX)
		rule_problem_add(r, p, "there may be at most %d names", POLICY_RANKS_MAX);
	else
		l->list[l->n++] = (struct policy_rank){name, l->place};
}

/* A name, or a list of names that are equal. */
static void read_place(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rank_list *l = target;

	if (p->value.type == JSON_TYPE_ARRAY)
		(void)policy_each(r, p,
			&(const struct policy_form){JSON_TYPE_ARRAY, POLICY_RANKS_MAX,
				"[\"birthday\", \"anniversary\"]", read_rank},
			l);
	else
		read_rank(r, p, l);
	l->place++;
}

static void read_order(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rank_list l = {.n = 0};
	struct policy *policy = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_RANKS_MAX,
			    "[\"checkout\", \"cart\"]", read_place},
		    &l))
		return;
	policy->ranks = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_ranks = l.n;
}

static void read_window(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const struct rule_duration_limits limits = {0, MS_DAY, false};

	(void)rule_read_duration(r, p, &limits, &((struct policy *)target)->arbitration_ms);
}

static const struct rule_member arbitration_members[] = {
	{"description", policy_read_description, false},
	{"window", read_window, false},
	{"order", read_order, false},
};
static const struct rule_members arbitration_spec = {
	"arbitration", arbitration_members, ARRAY_SIZE(arbitration_members)};

void policy_read_arbitration(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &arbitration_spec, found))
		rule_members_read(r, &arbitration_spec, found, target);
}

/* ---- tiers and severities -------------------------------------------------------------- */

static void read_tier_name(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_id(r, p, POLICY_NAME_MAX, &((struct policy_tier *)target)->name);
}

static void read_tier_from(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_money(r, p, &((struct policy_tier *)target)->from);
}

static const struct rule_member tier_members[] = {
	{"description", policy_read_description, false},
	{"name", read_tier_name, true},
	{"from", read_tier_from, true},
};
static const struct rule_members tier_spec = {
	"a value tier", tier_members, ARRAY_SIZE(tier_members)};

struct tier_list {
	struct policy_tier list[POLICY_TIERS_MAX];
	size_t n;
};

static void read_tier(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct tier_list *l = target;
	struct policy_tier *t = &l->list[l->n];
	struct file_place found[RULE_MEMBERS_MAX];

	if (!rule_members_find(r, p, &tier_spec, found))
		return;
	rule_members_read(r, &tier_spec, found, t);
	if (l->n > 0 && decimal_compare(t->from, t[-1].from) <= 0)
		rule_problem_add(r, p, "a tier begins above the one before it");
	l->n++;
}

void policy_read_tiers(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct tier_list l = {.n = 0};
	struct policy *policy = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_TIERS_MAX,
			    "[{\"name\": \"high\", \"from\": 2000}]", read_tier},
		    &l))
		return;
	policy->tiers = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_tiers = l.n;
}

void policy_read_currency(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct span text;
	bool ok;

	if (!rule_read_text(r, p, POLICY_NAME_MAX, &text))
		return;
	ok = text.len == 3;
	for (size_t i = 0; i < text.len && ok; i++)
		ok = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
	if (ok)
		((struct policy *)target)->currency = text;
	else
		rule_problem_add(r, p, "a currency is three capital letters, such as \"EUR\"");
}

struct severity_list {
	struct policy_severity list[POLICY_SEVERITIES_MAX];
	size_t n;
};

static void read_severity(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct severity_list *l = target;
	struct policy_severity *s = &l->list[l->n];

	if (!policy_read_share(r, p, &s->share))
		return;
	/* The name that is canonical, since instances know no other. */
	s->event = vocab_name(vocab_kind(p->name));
	if (s->event.len == 0)
		s->event = rule_copy(r, p->name);
	l->n++;
}

void policy_read_severities(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct severity_list l = {.n = 0};
	struct policy *policy = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_OBJECT, POLICY_SEVERITIES_MAX,
			    "{\"Payment Failed\": 0.8}", read_severity},
		    &l))
		return;
	policy->severities = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_severities = l.n;
}
