/* SPDX-License-Identifier: MIT */
/* What holds where no policy was written, and what a policy says of names. */
#include "core/policy.h"

#include "core/rule.h"

#define NAME(S)                                                                                    \
	{                                                                                          \
		(S), sizeof(S) - 1                                                                 \
	}
#define CHANNEL(ID) (1U << JOB_CHANNEL_##ID)
#define CLASS(ID)   (1U << RULE_##ID)
#define ALL_CLASSES (CLASS(MARKETING) | CLASS(SERVICE) | CLASS(TASK))
#define ANY_CHANNEL ((1U << JOB_CHANNEL_COUNT) - 1)

/* 1 a day and 3 a week over all channels, one text message a week. What service and staff send
 * counts and is not stopped. */
static const struct policy_cap default_caps[] = {
	{CLASS(MARKETING), ALL_CLASSES, ANY_CHANNEL, 1, MS_DAY},
	{CLASS(MARKETING), ALL_CLASSES, ANY_CHANNEL, 3, 7 * MS_DAY},
	{CLASS(MARKETING), ALL_CLASSES, CHANNEL(SMS), 1, 7 * MS_DAY},
};

static const struct policy_rank default_ranks[] = {
	{NAME("payment_failed"), 0},
	{NAME("checkout"), 1},
	{NAME("cart"), 2},
	{NAME("back_in_stock"), 3},
	{NAME("price_drop"), 4},
	{NAME("tier"), 5},
	{NAME("points"), 5},
	{NAME("birthday"), 6},
	{NAME("anniversary"), 6},
	{NAME("browse"), 7},
	{NAME("feedback"), 8},
	{NAME("win_back"), 9},
};

/* The public holidays of metropolitan France (Code du travail, art. L3133-1). */
static const struct holiday french_days[] = {
	{0, 1, 1, 0},
	{0, 0, 0, 1}, /* Easter Monday */
	{0, 5, 1, 0},
	{0, 5, 8, 0},
	{0, 0, 0, 39}, /* Ascension */
	{0, 0, 0, 50}, /* Whit Monday */
	{0, 7, 14, 0},
	{0, 8, 15, 0},
	{0, 11, 1, 0},
	{0, 11, 11, 0},
	{0, 12, 25, 0},
};

#define QUIET_HOURS(FROM, TO)                                                                      \
	{                                                                                          \
		(FROM) * 60, (TO)*60                                                               \
	}
#define PHONE (CHANNEL(SMS) | CHANNEL(CALL))
#define COUNTRY(A, B, FROM)                                                                        \
	{                                                                                          \
		{(A), (B)}, PHONE, QUIET_HOURS(FROM, 8), false,                                    \
		{                                                                                  \
			NULL, 0                                                                    \
		}                                                                                  \
	}

/* In order of their codes. */
static const struct policy_country default_countries[] = {
	COUNTRY('A', 'U', 21),
	COUNTRY('C', 'A', 21),
	COUNTRY('D', 'E', 21),
	{{'F', 'R'}, PHONE, QUIET_HOURS(22, 8), true, {french_days, ARRAY_SIZE(french_days)}},
	COUNTRY('G', 'B', 21),
	COUNTRY('I', 'E', 21),
	COUNTRY('N', 'L', 21),
	COUNTRY('N', 'Z', 21),
	COUNTRY('U', 'S', 21),
};

static const struct policy_mute default_mutes[] = {
	{NAME("order_late"), MUTE_ORDER_LATE, NULL},
	{NAME("case_open"), MUTE_CASE_OPEN, NULL},
	{NAME("incident"), MUTE_INCIDENT, NULL},
};

static void default_channels(struct policy *p)
{
	static const unsigned quiet = CHANNEL(SMS) | CHANNEL(PUSH) | CHANNEL(CALL);

	for (unsigned i = 0; i < JOB_CHANNEL_COUNT; i++) {
		p->channels[i].priority = PRIORITY_LOW;
		if (quiet & 1U << i)
			p->channels[i].quiet = (struct day_hours)QUIET_HOURS(21, 8);
	}
	p->channels[JOB_CHANNEL_CALL].priority = PRIORITY_HIGH;
	p->channels[JOB_CHANNEL_CALL].opening = true;
}

void policy_default(struct policy *p)
{
	*p = (struct policy){
		.countries = default_countries,
		.n_countries = ARRAY_SIZE(default_countries),
		.caps = default_caps,
		.n_caps = ARRAY_SIZE(default_caps),
		.ranks = default_ranks,
		.n_ranks = ARRAY_SIZE(default_ranks),
		.arbitration_ms = MS_HOUR,
		.theta_likelihood = SHARE_WHOLE / 2,
		.theta_impact = SHARE_WHOLE * 7 / 10,
		.salt = SPAN_LIT("waymark"),
		.mutes = default_mutes,
		.n_mutes = ARRAY_SIZE(default_mutes),
	};
	policy_settle_lapse(p);
	default_channels(p);
	/* A shop's week: Monday to Saturday, 10 to 18. */
	for (size_t day = 0; day < 6; day++) {
		p->opening[day][0] = (struct day_hours)QUIET_HOURS(10, 18);
		p->n_opening[day] = 1;
	}
}

const struct zone *policy_zone(const struct policy *p, struct span name)
{
	size_t low = 0, high = p->n_zones;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = span_compare(name, p->zones[middle].name);

		if (c == 0)
			return p->zones[middle].zone;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct policy_model *policy_model(const struct policy *p, struct span name)
{
	for (size_t i = 0; i < p->n_models; i++)
		if (span_equal(p->models[i].name, name))
			return &p->models[i];
	return NULL;
}

const struct cond *policy_segment(const struct policy *p, struct span name)
{
	for (size_t i = 0; i < p->n_segments; i++)
		if (span_equal(p->segments[i].name, name))
			return p->segments[i].cond;
	return NULL;
}

const struct policy_country *policy_country(const struct policy *p, struct span code)
{
	for (size_t i = 0; i < p->n_countries; i++)
		if (span_equal_nocase(span_of(p->countries[i].code, 2), code))
			return &p->countries[i];
	return NULL;
}

size_t policy_mute(const struct policy *p, struct span name)
{
	size_t i = 0;

	while (i < p->n_mutes && !span_equal(p->mutes[i].name, name))
		i++;
	return i;
}

uint8_t policy_rank(const struct policy *p, struct span name)
{
	for (size_t i = 0; i < p->n_ranks; i++)
		if (span_equal(p->ranks[i].name, name))
			return p->ranks[i].place;
	return RANK_NONE;
}

uint8_t policy_rank_of_rule(const struct policy *p, struct span rule_id)
{
	uint8_t place = RANK_NONE;
	size_t longest = 0;

	for (size_t i = 0; i < p->n_ranks; i++) {
		struct span name = p->ranks[i].name;
		bool whole = rule_id.len == name.len ||
			     (rule_id.len > name.len && rule_id.ptr[name.len] == '_');

		if (name.len <= longest || !whole || !span_starts(rule_id, name))
			continue;
		longest = name.len;
		place = p->ranks[i].place;
	}
	return place;
}
