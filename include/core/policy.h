/* SPDX-License-Identifier: MIT */
/*
 * The shop's policy: what holds for all rules together. When nobody is written to, how often at
 * most, which message wins where two would go at once, when the shop is open, what counts as
 * likely and as grave. A policy is part of a set of rules (codec/rule_json.h reads `policy.json`
 * beside them), immutable like it, and there always is one: policy_default() is what holds where
 * none was written. Its figures are those of triggers.md, sections 8 to 10.
 *
 * Times of day are minutes after local midnight, 0..1440. Shares are whole numbers of SHARE_WHOLE,
 * so that every machine counts the same.
 */
#pragma once

#include "base/decimal.h"
#include "base/zone.h"
#include "core/cond.h"
#include "core/job_channel.h"

#define SHARE_WHOLE 10000

#define POLICY_CAPS_MAX	      32
#define POLICY_COUNTRIES_MAX  64
#define POLICY_DAYS_MAX	      128 /* holidays of one calendar */
#define POLICY_RANKS_MAX      64
#define POLICY_MUTES_MAX      16
#define POLICY_SEGMENTS_MAX   64
#define POLICY_TIERS_MAX      16
#define POLICY_MODELS_MAX     16
#define POLICY_POINTS_MAX     64 /* of a model, of the percentiles */
#define POLICY_PARTS_MAX      64 /* of a model */
#define POLICY_KEYS_MAX	      4	 /* by which one of them is known */
#define POLICY_KEY_MAX	      64 /* bytes */
#define POLICY_SEVERITIES_MAX 64
#define POLICY_OPENINGS_MAX   4 /* of a weekday */
#define POLICY_NAME_MAX	      64
#define POLICY_MINUTES_DAY    1440

/* From inclusive, to exclusive; FROM after TO passes midnight; equal: no time at all. */
struct day_hours {
	int16_t from, to;
};

/* A day of the year, of one year (year > 0), or so many days after Easter Sunday (month 0). */
struct holiday {
	int16_t year;
	int8_t month, day;
	int16_t easter;
};

struct holidays {
	const struct holiday *list;
	size_t n;
};

/* Hours that a country lets nobody be disturbed in; in place of the channel's own. */
struct policy_country {
	char code[2];	   /* ISO 3166-1, capitals */
	unsigned channels; /* 1 << enum job_channel */
	struct day_hours quiet;
	bool sundays;
	struct holidays holidays;
};

struct policy_channel {
	struct day_hours quiet;
	uint8_t priority; /* least enum priority_class that is worth it; value tiers always are */
	bool opening;	  /* only while the shop is open */
	struct decimal cost; /* of one message, in the shop's currency */
};

/* At most COUNT sends within any WITHIN_MS; classes are bits 1 << enum rule_class. */
struct policy_cap {
	unsigned binds;	   /* classes that it stops */
	unsigned counts;   /* classes that it counts */
	unsigned channels; /* channels that it stops and counts, 1 << enum job_channel */
	uint32_t count;
	int64_t within_ms;
};

/* Which message wins: the one with the lower place. */
struct policy_rank {
	struct span name;
	uint8_t place;
};
#define RANK_LAST 254 /* after all that are named */
#define RANK_NONE 255 /* takes no part */

/* What silences rules: three that are always known, and conditions of the shop's own. */
enum mute_kind { MUTE_ORDER_LATE, MUTE_CASE_OPEN, MUTE_INCIDENT, MUTE_CONDITION };
struct policy_mute {
	struct span name;
	enum mute_kind kind;
	const struct cond *cond; /* MUTE_CONDITION */
};

struct policy_segment {
	struct span name;
	const struct cond *cond;
};

struct policy_tier {
	struct span name;
	struct decimal from; /* value of a customer: the sum of their orders */
};

/* SHARE of all customers are worth at most VALUE. */
struct policy_percentile {
	uint32_t share;
	struct decimal value;
};

/* A distribution of lengths of time: SHARE of all took at most AT_MS. Both rise strictly. */
struct policy_point {
	uint32_t share;
	int64_t at_ms;
};
struct policy_model {
	struct span name;
	uint64_t samples; /* it was made of */
	const struct policy_point *points;
	size_t n_points;
	const struct policy_part *parts; /* of some of the same cases, apart */
	size_t n_parts;
};
/* The cases of which that is said: one carrier's parcels, or those on one of its lanes. */
struct policy_part {
	struct span of[POLICY_KEYS_MAX];
	size_t n_of;
	struct policy_model model; /* without parts */
};

struct policy_severity {
	struct span event; /* canonical name */
	uint32_t share;
};

/* Zones that customers may live in, by name; the set of rules owns them. */
struct policy_zone {
	struct span name;
	const struct zone *zone;
};

struct policy {
	const struct zone *zone; /* the shop's; NULL: UTC */
	const struct policy_zone *zones;
	size_t n_zones; /* in order of names */
	struct policy_channel channels[JOB_CHANNEL_COUNT];
	const struct policy_country *countries;
	size_t n_countries;
	struct day_hours opening[7]
				[POLICY_OPENINGS_MAX]; /* Monday first, in order; to after from */
	uint8_t n_opening[7];
	struct holidays holidays; /* the shop is closed */
	const struct policy_cap *caps;
	size_t n_caps;
	const struct policy_rank *ranks;
	size_t n_ranks;
	int64_t arbitration_ms;			 /* messages closer together than this compete */
	uint32_t theta_likelihood, theta_impact; /* the flowchart's two questions */
	uint32_t holdout;			 /* share of customers, for marketing */
	struct span salt;
	const struct policy_mute *mutes;
	size_t n_mutes;
	bool incident; /* the shop has one right now */
	const struct policy_segment *segments;
	size_t n_segments;
	struct span currency;		 /* ISO 4217: of tiers and percentiles; empty: not said */
	const struct policy_tier *tiers; /* rising; the last is the one with privileges */
	size_t n_tiers;
	uint32_t loyalty_top; /* the rank of a loyalty tier that has them too; 0: none */
	const struct policy_percentile *percentiles; /* rising */
	size_t n_percentiles;
	const struct policy_severity *severities;
	size_t n_severities;
	const struct policy_model *models;
	size_t n_models;
	struct lapse lapse;	  /* in force; what follows from the models and from LAPSE_GIVEN */
	struct lapse lapse_given; /* the shop's own figures; 0: it says none */
};

/* What holds where no policy was written; borrows nothing but constants. The shop's zone is UTC,
 * nobody is held out. */
void policy_default(struct policy *p);

/*
 * Of the shop's own gaps between two purchases (the model `store_gap`): three of four are shorter
 * than a customer who is lapsing has been silent, nineteen of twenty than one who is lapsed
 * (triggers.md, section 13). Fewer gaps than LAPSE_SAMPLES say nothing, nor does a table that ends
 * below the share; then the defaults hold.
 */
#define LAPSE_MODEL	"store_gap"
#define LAPSE_SAMPLES	30
#define LAPSING_SHARE	7500
#define LAPSED_SHARE	9500
#define LAPSE_MIN_MS	PAST_RUN_GAP_MS
#define LAPSE_MAX_MS	(540 * MS_DAY) /* of what the table says */
#define LAPSING_ELSE_MS (180 * MS_DAY)
#define LAPSED_ELSE_MS	LAPSE_MAX_MS

extern const struct lapse lapse_default;
/* To be called when P's models and LAPSE_GIVEN are there: makes LAPSE of them. */
void policy_settle_lapse(struct policy *p);

/* By name; NULL if there is none. */
const struct zone *policy_zone(const struct policy *p, struct span name);
const struct policy_model *policy_model(const struct policy *p, struct span name);
const struct cond *policy_segment(const struct policy *p, struct span name);
const struct policy_country *policy_country(const struct policy *p, struct span code);

/* The place of the rank NAME; RANK_NONE if there is none. */
uint8_t policy_rank(const struct policy *p, struct span name);
/* The place of a rule that names no rank: that of the rank its id is or begins with (`cart` for
 * `cart_abandoned`); RANK_NONE if there is none. */
uint8_t policy_rank_of_rule(const struct policy *p, struct span rule_id);

/* The number of the mute NAME, n_mutes if there is none. */
size_t policy_mute(const struct policy *p, struct span name);

/* How long SHARE of all took at most, linear between the points; false beyond them. */
bool model_quantile(const struct policy_model *m, uint32_t share, int64_t *ret_ms);
/* The share that took at most AT_MS, the same way; below the first point 0, above the last
 * SHARE_WHOLE. */
uint32_t model_share(const struct policy_model *m, int64_t at_ms);

/*
 * What is known of cases with the keys OF (case does not matter): the part with all of them, else
 * that with all but the last, at the end the model itself; each only if it was made of SAMPLES
 * cases at least. NULL: nothing is.
 */
const struct policy_model *model_of(
	const struct policy_model *m, const struct span *of, size_t n, uint64_t samples);
/*
 * After how long a case that is not over will be over later than PROMISE_MS with a likelihood of
 * THETA: Q(1 - (1 - F(promise)) / theta) (models.md, section 5). 0: it is so from the beginning;
 * PROMISE_MS: it is not so before, as far as the table tells.
 */
int64_t model_late(const struct policy_model *m, uint32_t theta, int64_t promise_ms);

/* The share of all customers that are worth less than VALUE or as much; 0 where nothing is known.
 */
uint32_t policy_percentile(const struct policy *p, struct decimal value);

bool holiday_on(const struct holidays *h, int32_t year, int32_t month, int32_t day);

/* ---- what a rule says of its own ------------------------------------------------------- */

enum gate_habit { HABIT_DEFER, HABIT_DROP, HABIT_IGNORE };

#define HOLDOUT_POLICY UINT32_MAX

/* All zero: the rule is asked nothing and always sends. */
struct rule_gates {
	bool on;
	enum gate_habit quiet;	  /* in quiet hours */
	enum gate_habit on_cap;	  /* when a cap is full */
	struct day_hours send_at; /* of the customer's day; equal: any */
	uint32_t cap_count;	  /* of this rule, over all keys; 0: no cap of its own */
	int64_t cap_within_ms;
	bool cap_topic;	   /* nor if another rule of its topic has sent within that time */
	uint32_t holdout;  /* share, or HOLDOUT_POLICY */
	struct span topic; /* empty: the class's */
	uint32_t mutes;	   /* bit n: the policy's mute n */
	const struct cond *likelihood, *impact; /* NULL: a number, or the formula */
	bool likelihood_quantile;		/* it is what the rule's wait reaches */
	bool has_rank;				/* it was written */
	bool has_likelihood, has_impact;	/* the rule's numbers were written */
	uint8_t rank;				/* RANK_NONE: takes no part */
};
