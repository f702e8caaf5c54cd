/* SPDX-License-Identifier: MIT */
/*
 * Not at this hour (triggers, section 9). What must not be now is put off to the first instant at
 * which nothing forbids it: quiet hours of the channel or of the country, the customer's own, days
 * off, the rule's hours, the shop's. Each is asked for the first instant that it allows, and so on
 * round until all agree, so that no deferral ends where another begins.
 */
#include "core/business.h"
#include "gate_turn.h"
#include "local_time.h"

/* Rounds until it is clear that there is no such instant: more than a year of days off. */
#define ROUNDS_MAX 400

/* Channels that disturb: theirs are the customer's own quiet hours. */
#define DISTURBING                                                                                 \
	(1U << JOB_CHANNEL_EMAIL | 1U << JOB_CHANNEL_SMS | 1U << JOB_CHANNEL_PUSH |                \
		1U << JOB_CHANNEL_CALL)

/* Channels that ring or cost wherever the customer is: they must be right in every zone. */
#define EVERYWHERE (1U << JOB_CHANNEL_SMS | 1U << JOB_CHANNEL_CALL)

static bool is_among(const struct gate_turn *t, unsigned channels)
{
	return channels & 1U << t->channel;
}

static const struct policy_country *country(const struct gate_turn *t)
{
	const struct policy_country *c = policy_country(t->policy, t->where.country);

	return c && is_among(t, c->channels) ? c : NULL;
}

static int64_t quiet_end(const struct gate_turn *t, int64_t at)
{
	const struct policy_country *c = country(t);
	struct day_hours h = c ? c->quiet : t->policy->channels[t->channel].quiet;
	int64_t end;

	if (t->ask->rule->gates.quiet == HABIT_IGNORE)
		return at;
	end = day_hours_end(h, t->where.zone, at);
	for (size_t i = 0; i < t->where.n_others && is_among(t, EVERYWHERE); i++)
		end = int64_max(end, day_hours_end(h, t->where.others[i], at));
	return end;
}

/* What was said is a number of minutes; anything else is no wish. */
static bool minutes_of(const struct amount *a, int16_t *ret)
{
	int64_t n;

	if (a->at == INT64_MIN || decimal_to_int(a->value, &n) != 0 || n < 0 ||
		n > POLICY_MINUTES_DAY)
		return false;
	*ret = (int16_t)n;
	return true;
}

static int64_t wish_end(const struct gate_turn *t, int64_t at)
{
	const struct profile *p = t->ask->journey->profile;
	struct day_hours h;

	if (!p || !is_among(t, DISTURBING) || t->ask->rule->gates.quiet == HABIT_IGNORE ||
		!minutes_of(&p->numbers[PROFILE_QUIET_FROM], &h.from) ||
		!minutes_of(&p->numbers[PROFILE_QUIET_TO], &h.to))
		return at;
	return day_hours_end(h, t->where.zone, at);
}

static int64_t day_off_end(const struct gate_turn *t, int64_t at)
{
	const struct policy_country *c = country(t);
	struct civil local;

	if (!c || t->ask->rule->gates.quiet == HABIT_IGNORE)
		return at;
	local_civil(t->where.zone, at, &local);
	if ((c->sundays && local_weekday(&local) == 6) ||
		holiday_on(&c->holidays, local.year, local.month, local.day))
		return local_day_end(t->where.zone, at);
	return at;
}

static int64_t window_next(const struct gate_turn *t, int64_t at)
{
	return day_hours_next(t->ask->rule->gates.send_at, t->where.zone, at);
}

static int64_t opening_next(const struct gate_turn *t, int64_t at)
{
	return t->policy->channels[t->channel].opening ? business_next(t->policy, at) : at;
}

static const struct {
	int64_t (*next)(const struct gate_turn *t, int64_t at);
	enum gate_reason reason;
	bool waits; /* whatever the rule does in quiet hours */
	const char *words;
} hours[] = {
	{quiet_end, REASON_QUIET_HOURS, false, "It is too late or too early for"},
	{wish_end, REASON_QUIET_HOURS, false, "At this hour the customer wants nothing by"},
	{day_off_end, REASON_DAY_OFF, false, "It is a day off where the customer lives, without"},
	{window_next, REASON_OUTSIDE_WINDOW, true, "The rule has other hours for"},
	{opening_next, REASON_CLOSED, true, "The shop is closed, and nobody there for"},
};

bool gate_quiet(struct gate_turn *t)
{
	struct span channel = job_channel_name(t->channel);
	int64_t at = t->ask->now, next;
	size_t first = 0, agreed = 0, rounds = 0;

	/* AGREED counts how many in a row, round and round, had nothing against AT. */
	for (size_t i = 0; agreed < ARRAY_SIZE(hours); i = (i + 1) % ARRAY_SIZE(hours)) {
		next = at == TIME_NEVER ? at : hours[i].next(t, at);
		agreed = next > at ? 0 : agreed + 1;
		if (next > at && at == t->ask->now)
			first = i;
		if (next > at && ++rounds > ROUNDS_MAX)
			next = TIME_NEVER;
		at = next;
	}
	if (at == t->ask->now)
		return true;
	return gate_defer(t, hours[first].waits ? HABIT_DEFER : t->ask->rule->gates.quiet,
		hours[first].reason, at, "%s %.*s", hours[first].words, (int)channel.len,
		channel.ptr);
}
