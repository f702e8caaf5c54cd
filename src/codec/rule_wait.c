/* SPDX-License-Identifier: MIT */
/*
 * How long a rule or a step waits: a length of time; an instant that the arming event carries, as
 * it is or as a time of a local day; a local time behind the anchor; time in which the shop is
 * open; or what a model says. Which of these an object is, its members tell.
 */
#include "policy_reader.h"

#include "base/instant.h"

#include <math.h>

static void add_field(struct rule_reader *r, const struct file_place *p, struct rule_wait *wait)
{
	size_t field;

	if (!rule_read_field(r, p, &field))
		return;
	if (wait->n_fields == WAIT_FIELDS_MAX) {
		rule_problem_add(r, p, "a wait may look at most at %d values", WAIT_FIELDS_MAX);
		return;
	}
	wait->fields[wait->n_fields++] = field;
	wait->in_line = wait->in_line || json_is(&p->value, SPAN_LIT("e.turn"));
}

static void read_fields(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_walk walk;
	struct file_place item;

	if (p->value.type != JSON_TYPE_ARRAY) {
		add_field(r, p, target);
		return;
	}
	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item))
		add_field(r, &item, target);
	if (walk.index == 0)
		rule_problem_add(r, p, "name at least one value, such as [\"e.promised_at\"]");
}

static void read_plus(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;
	struct span text = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	bool minus = span_starts(text, SPAN_LIT("-"));
	int64_t ms;

	if (minus)
		text = span_of(text.ptr + 1, text.len - 1);
	if (duration_parse(text, &ms) == 0)
		wait->span_ms = minus ? -ms : ms;
	else
		rule_problem_add(r, p,
			"this must be a length of time, with - before it to wait less: \"24h\" or "
			"\"-24h\"");
}

static bool two_digits(struct span s, size_t at, int32_t below, int32_t *ret_n)
{
	uint64_t n;

	if (span_to_u64(span_of(s.ptr + at, 2), (uint64_t)below - 1, &n) != 0)
		return false;
	*ret_n = (int32_t)n;
	return true;
}

bool rule_read_minute(struct rule_reader *r, const struct file_place *p, int32_t *ret_minute)
{
	struct span text = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	int32_t hour, minute;

	if (text.len != 5 || text.ptr[2] != ':' || !two_digits(text, 0, 24, &hour) ||
		!two_digits(text, 3, 60, &minute)) {
		rule_problem_add(r, p, "this must be a time of day from \"00:00\" to \"23:59\"");
		return false;
	}
	*ret_minute = hour * 60 + minute;
	return true;
}

static void read_local(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;
	struct span text = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	int32_t hour, minute;

	if (span_is(text, "day_end")) {
		wait->local = WAIT_DAY_END;
	} else if (text.len == 5 && text.ptr[2] == ':' && two_digits(text, 0, 24, &hour) &&
		   two_digits(text, 3, 60, &minute)) {
		wait->local = WAIT_DAY_TIME;
		wait->local_minute = hour * 60 + minute;
	} else {
		rule_problem_add(r, p,
			"this must be \"day_end\" or a time of day from \"00:00\" to \"23:59\"");
	}
}

bool rule_read_tz(struct rule_reader *r, const struct file_place *p, bool *ret_customer,
	const struct zone **ret_zone)
{
	struct span name;

	if (!rule_read_text(r, p, RULE_ZONE_NAME_MAX, &name))
		return false;
	*ret_customer = span_is(name, "customer");
	*ret_zone = rule_zone(r, p, *ret_customer ? SPAN_LIT("store") : name);
	return *ret_zone != NULL;
}

static void read_tz(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	(void)rule_read_tz(r, p, &wait->zone_customer, &wait->zone);
}

static void read_days(struct rule_reader *r, const struct file_place *p, void *target)
{
	uint32_t days;

	if (!rule_read_count(r, p, 0, &days))
		return;
	if (days > WAIT_DAYS_MAX)
		rule_problem_add(r, p, "at most %d days can be waited for", WAIT_DAYS_MAX);
	else
		((struct rule_wait *)target)->days = (int32_t)days;
}

static void add_weekday(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
	struct rule_wait *wait = target;
	size_t day;

	if (rule_read_choice(r, p, words, &day))
		wait->weekdays = (uint8_t)(wait->weekdays | 1u << day);
}

static void read_weekdays(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		add_weekday(r, &item, target);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p, "weekdays are a list such as [\"mon\", \"tue\"]");
}

/* `2d` are days on which the shop opens, `16h` and `30m` are time in which it is open. */
static void read_business(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;
	struct span text = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	uint64_t days;
	int64_t ms;

	if (text.len > 1 && text.ptr[text.len - 1] == 'd' &&
		span_to_u64(span_of(text.ptr, text.len - 1), WAIT_DAYS_MAX, &days) == 0 && days > 0)
		wait->days = (int32_t)days;
	else if (text.len > 0 && duration_parse(text, &ms) == 0 && ms > 0 &&
		 ms <= WAIT_OPEN_MAX_MS && !memchr(text.ptr, 'd', text.len) &&
		 !memchr(text.ptr, 'w', text.len))
		wait->span_ms = ms;
	else
		rule_problem_add(r, p,
			"this must be days on which the shop is open, such as \"2d\" (at most %d), "
			"or time in which it is open, such as \"16h\" or \"30m\"",
			WAIT_DAYS_MAX);
}

#define PERSONAL_GAP "personal_gap"

static void read_model(struct rule_reader *r, const struct file_place *p, void *target)
{
	const struct policy *policy = &r->rules->policy;
	struct rule_wait *wait = target;
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];
	struct span name;

	if (!rule_read_text(r, p, POLICY_NAME_MAX, &name))
		return;
	wait->model = name;
	if (wait->kind != WAIT_LATE)
		wait->kind = span_is(name, PERSONAL_GAP) ? WAIT_GAP : WAIT_MODEL;
	if (wait->kind == WAIT_GAP || policy_model(policy, name))
		return;
	if (wait->kind != WAIT_LATE)
		file_words_add(&known, "", SPAN_LIT(PERSONAL_GAP));
	for (size_t i = 0; i < policy->n_models; i++)
		file_words_add(&known, "", policy->models[i].name);
	if (known.used > 0)
		rule_problem_add(r, p, "the policy has no model %s; write one of %s",
			file_quote(name, quote), known.text);
	else
		rule_problem_add(r, p, "the policy has no model %s; give it one under `models`",
			file_quote(name, quote));
}

static void read_q(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	if (!policy_read_share(r, p, &wait->share))
		return;
	if (wait->share == 0 || wait->share == SHARE_WHOLE)
		rule_problem_add(r, p, "this must be a share between 0 and 1, such as 0.95");
}

static const struct rule_duration_limits model_limits = {0, DURATION_MAX_MS, false};

static void read_min(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &model_limits, &((struct rule_wait *)target)->min_ms);
}

static void read_max(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &model_limits, &((struct rule_wait *)target)->max_ms);
}

static void read_gaps(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	if (!rule_read_count(r, p, 1, &wait->gaps))
		return;
	if (wait->gaps > PROFILE_DAYS_MAX - 1)
		rule_problem_add(r, p, "at most %d gaps are remembered", PROFILE_DAYS_MAX - 1);
	else if (wait->kind != WAIT_GAP)
		rule_problem_add(r, p, "only \"%s\" counts gaps; leave this out or name that model",
			PERSONAL_GAP);
}

static void read_samples(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	if (rule_read_count(r, p, 1, &wait->samples) && wait->kind == WAIT_GAP)
		rule_problem_add(r, p, "\"%s\" counts the customer's own `gaps`; leave this out",
			PERSONAL_GAP);
}

static void read_else(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;
	/* A length that is not said may be none; there is `plus` yet. */
	const struct rule_duration_limits limits = {wait->length ? 0 : 1, DURATION_MAX_MS, false};

	if (p->value.type == JSON_TYPE_STRING && json_is(&p->value, SPAN_LIT("none")))
		wait->else_ms = TIME_NEVER;
	else
		(void)rule_read_duration(r, p, &limits, &wait->else_ms);
}

static void read_for(struct rule_reader *r, const struct file_place *p, void *target)
{
	((struct rule_wait *)target)->length = true;
	read_fields(r, p, target);
}

static void read_unit(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"w", "d", "h", "m", "s", NULL};
	static const int64_t units[] = {7 * MS_DAY, MS_DAY, MS_HOUR, MS_MINUTE, MS_SECOND};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct rule_wait *)target)->unit_ms = units[choice];
}

static void read_lasts(struct rule_reader *r, const struct file_place *p, void *target);

static void read_per(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	if (rule_read_field(r, p, &wait->share_of) && wait->shares == 0)
		wait->shares = 1;
}

static void read_times(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	if (!rule_read_count(r, p, 1, &wait->shares))
		return;
	if (wait->shares > WAIT_SHARES_MAX)
		rule_problem_add(r, p, "at most %d for each", WAIT_SHARES_MAX);
}

enum {
	WAIT_AT,
	WAIT_PLUS,
	WAIT_LOCAL_AT,
	WAIT_TZ,
	WAIT_DAYS,
	WAIT_WEEKDAYS,
	WAIT_OPEN,
	WAIT_OF_MODEL,
	WAIT_Q,
	WAIT_MIN,
	WAIT_MAX,
	WAIT_GAPS,
	WAIT_ELSE,
	WAIT_PROMISE,
	WAIT_LIKELIHOOD,
	WAIT_BY,
	WAIT_SAMPLES,
	WAIT_FOR,
	WAIT_UNIT,
	WAIT_LASTS,
	WAIT_PER,
	WAIT_TIMES,
};

static const struct rule_member wait_members[] = {
	[WAIT_AT] = {"at", read_fields, false},
	[WAIT_PLUS] = {"plus", read_plus, false},
	[WAIT_LOCAL_AT] = {"local", read_local, false},
	[WAIT_TZ] = {"tz", read_tz, false},
	[WAIT_DAYS] = {"days", read_days, false},
	[WAIT_WEEKDAYS] = {"weekdays", read_weekdays, false},
	[WAIT_OPEN] = {"business", read_business, false},
	[WAIT_OF_MODEL] = {"model", read_model, false},
	[WAIT_Q] = {"q", read_q, false},
	[WAIT_MIN] = {"min", read_min, false},
	[WAIT_MAX] = {"max", read_max, false},
	[WAIT_GAPS] = {"gaps", read_gaps, false},
	[WAIT_ELSE] = {"else", read_else, false},
	[WAIT_PROMISE] = {"promise", rule_read_promise, false},
	[WAIT_LIKELIHOOD] = {"likelihood", read_q, false},
	[WAIT_BY] = {"by", read_fields, false},
	[WAIT_SAMPLES] = {"samples", read_samples, false},
	[WAIT_FOR] = {"for", read_for, false},
	[WAIT_UNIT] = {"unit", read_unit, false},
	[WAIT_LASTS] = {"lasts", read_lasts, false},
	[WAIT_PER] = {"per", read_per, false},
	[WAIT_TIMES] = {"times", read_times, false},
};
static const struct rule_members wait_spec = {"a wait", wait_members, ARRAY_SIZE(wait_members)};

static const struct rule_member lasts_members[] = {
	{"for", read_for, true},
	{"unit", read_unit, false},
	{"min", read_min, false},
	{"max", read_max, false},
	{"else", read_else, false},
};
static const struct rule_members lasts_spec = {
	"a length", lasts_members, ARRAY_SIZE(lasts_members)};

/* How long that takes which begins at the instant. */
static void read_lasts(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];
	struct rule_wait lasts = {
		.kind = WAIT_FIELD, .max_ms = DURATION_MAX_MS, .else_ms = TIME_NEVER};

	if (!rule_members_find(r, p, &lasts_spec, found))
		return;
	rule_members_read(r, &lasts_spec, found, &lasts);
	if (lasts.min_ms > lasts.max_ms)
		rule_problem_add(r, p, "`min` is longer than `max`; change one of them");
	((struct rule_wait *)target)->lasts = rule_copy_array(r, &lasts, 1, sizeof(lasts));
}

/* Which members each form may have, the one that tells it first. */
#define BIT(N) (1u << (N))
static const struct form {
	unsigned tells, may;
	enum wait_kind kind;
	const char *name;
} forms[] = {
	{BIT(WAIT_AT),
		BIT(WAIT_AT) | BIT(WAIT_PLUS) | BIT(WAIT_LOCAL_AT) | BIT(WAIT_TZ) | BIT(WAIT_DAYS) |
			BIT(WAIT_WEEKDAYS) | BIT(WAIT_ELSE) | BIT(WAIT_LASTS),
		WAIT_FIELD, "at"},
	{BIT(WAIT_FOR),
		BIT(WAIT_FOR) | BIT(WAIT_UNIT) | BIT(WAIT_MIN) | BIT(WAIT_MAX) | BIT(WAIT_ELSE) |
			BIT(WAIT_PER) | BIT(WAIT_TIMES) | BIT(WAIT_PLUS) | BIT(WAIT_LOCAL_AT) |
			BIT(WAIT_TZ) | BIT(WAIT_DAYS) | BIT(WAIT_WEEKDAYS),
		WAIT_FIELD, "for"},
	{BIT(WAIT_OPEN), BIT(WAIT_OPEN), WAIT_BUSINESS, "business"},
	{BIT(WAIT_PROMISE),
		BIT(WAIT_PROMISE) | BIT(WAIT_OF_MODEL) | BIT(WAIT_LIKELIHOOD) | BIT(WAIT_BY) |
			BIT(WAIT_SAMPLES) | BIT(WAIT_PLUS) | BIT(WAIT_LOCAL_AT) | BIT(WAIT_TZ) |
			BIT(WAIT_DAYS) | BIT(WAIT_WEEKDAYS) | BIT(WAIT_MIN) | BIT(WAIT_MAX) |
			BIT(WAIT_ELSE),
		WAIT_LATE, "promise"},
	{BIT(WAIT_OF_MODEL),
		BIT(WAIT_OF_MODEL) | BIT(WAIT_Q) | BIT(WAIT_MIN) | BIT(WAIT_MAX) | BIT(WAIT_GAPS) |
			BIT(WAIT_ELSE) | BIT(WAIT_SAMPLES),
		WAIT_MODEL, "model"},
	{BIT(WAIT_LOCAL_AT),
		BIT(WAIT_LOCAL_AT) | BIT(WAIT_TZ) | BIT(WAIT_DAYS) | BIT(WAIT_WEEKDAYS) |
			BIT(WAIT_PLUS),
		WAIT_LOCAL, "local"},
};

static const struct form *form_of(
	struct rule_reader *r, const struct file_place *p, const struct file_place *found)
{
	unsigned has = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wait_members); i++)
		has |= found[i].value.type != JSON_TYPE_ABSENT ? BIT(i) : 0u;
	for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
		unsigned strange = has & ~forms[n].may;

		if (!(has & forms[n].tells))
			continue;
		if (!strange)
			return &forms[n];
		rule_problem_add(r, &found[__builtin_ctz(strange)],
			"a wait with `%s` has no member `%s`; leave one of them out", forms[n].name,
			wait_members[__builtin_ctz(strange)].name);
		return NULL;
	}
	rule_problem_add(r, p,
		"a wait is a length of time such as \"4h\", or an object with `at`, `for`, "
		"`local`, `business` or `model`");
	return NULL;
}

/* What so large a share of a normal distribution lies below, in its deviations: by halving, since
 * the share grows with it. */
static double normal_quantile(uint32_t share)
{
	double low = -10, high = 10, want = (double)share / SHARE_WHOLE;

	for (int i = 0; i < 80; i++) {
		double middle = (low + high) / 2;

		if (0.5 * erfc(-middle / sqrt(2)) < want)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

static void check_model(
	struct rule_reader *r, const struct file_place *p, struct rule_wait *wait, bool has_q)
{
	wait->z = normal_quantile(wait->share);
	if (!has_q)
		rule_problem_add(r, p,
			"a model needs \"q\", the share of all that it waits for, such as 0.95");
}

static void check_late(
	struct rule_reader *r, const struct file_place *p, const struct file_place *found)
{
	if (found[WAIT_OF_MODEL].value.type == JSON_TYPE_ABSENT)
		rule_problem_add(r, p,
			"what a promise is measured against is a `model` of the policy; name one");
	if (found[WAIT_LIKELIHOOD].value.type == JSON_TYPE_ABSENT)
		rule_problem_add(r, p,
			"how likely must it be that the promise is missed? Add \"likelihood\": "
			"0.8");
}

/* Shares are of a number, and so of units; how many times needs to know what. */
static void check_shares(
	struct rule_reader *r, const struct file_place *found, const struct rule_wait *wait)
{
	bool per = found[WAIT_PER].value.type != JSON_TYPE_ABSENT;
	bool times = found[WAIT_TIMES].value.type != JSON_TYPE_ABSENT;

	if (times && !per)
		rule_problem_add(r, &found[WAIT_TIMES],
			"so many times what? Add \"per\": \"e.stock\", or leave it out");
	else if (per && wait->unit_ms == 0)
		rule_problem_add(r, &found[WAIT_PER],
			"of a number so many are one unit; add \"unit\", such as \"h\"");
}

static void read_object(struct rule_reader *r, const struct file_place *p, struct rule_wait *wait)
{
	struct file_place found[RULE_MEMBERS_MAX];
	const struct form *form;

	if (!rule_members_find(r, p, &wait_spec, found))
		return;
	form = form_of(r, p, found);
	if (!form)
		return;
	wait->kind = form->kind;
	wait->max_ms = DURATION_MAX_MS;
	wait->else_ms = TIME_NEVER;
	wait->gaps = 4;
	wait->length = found[WAIT_FOR].value.type != JSON_TYPE_ABSENT;
	if (form->kind == WAIT_LATE)
		rule_promise_init(wait);
	rule_members_read(r, &wait_spec, found, wait);
	if (form->kind == WAIT_MODEL)
		check_model(r, p, wait, found[WAIT_Q].value.type != JSON_TYPE_ABSENT);
	if (form->kind == WAIT_LATE)
		check_late(r, p, found);
	check_shares(r, found, wait);
	if ((form->kind == WAIT_MODEL || wait->length) && wait->min_ms > wait->max_ms)
		rule_problem_add(r, p, "`min` is longer than `max`; change one of them");
	for (int i = WAIT_TZ; i <= WAIT_WEEKDAYS; i++)
		if (wait->local == WAIT_AS_GIVEN && found[i].value.type != JSON_TYPE_ABSENT)
			rule_problem_add(r, &found[i],
				i == WAIT_TZ ? "an instant is the same in every zone; leave \"tz\" "
					       "out or add \"local\""
					     : "this is about local days; add \"local\"");
	if (wait->local != WAIT_AS_GIVEN && !wait->zone)
		wait->zone = rule_zone(r, p, SPAN_LIT("store"));
}

void rule_read_wait(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const struct rule_duration_limits limits = {1, DURATION_MAX_MS, false};
	struct rule_wait *wait = target;

	if (p->value.type == JSON_TYPE_OBJECT) {
		read_object(r, p, wait);
		return;
	}
	wait->kind = WAIT_SPAN;
	(void)rule_read_duration(r, p, &limits, &wait->span_ms);
}

void rule_read_step_wait(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;

	if (p->value.type != JSON_TYPE_OBJECT) {
		rule_problem_add(r, p,
			"the wait of a step is an object with `local` or `business`; a length of "
			"time is its `after`");
		return;
	}
	read_object(r, p, wait);
	if (wait->kind != WAIT_LOCAL && wait->kind != WAIT_BUSINESS)
		rule_problem_add(r, p,
			"a step waits for a `local` time or for `business` time; what the arming "
			"event or a model says is the wait of the rule");
}
