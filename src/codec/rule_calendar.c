/* SPDX-License-Identifier: MIT */
/* A rule that follows the calendar: which date, how long before, at which hour. */
#include "rule_draft.h"

#include "base/instant.h"

static void read_date(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_id(r, p, DATE_NAME_MAX, &((struct rule_calendar *)target)->date);
}

static void read_lead(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const struct rule_duration_limits limits = {0, 300 * MS_DAY, false};
	struct rule_calendar *c = target;
	int64_t ms;

	if (!rule_read_duration(r, p, &limits, &ms))
		return;
	if (ms % MS_DAY != 0)
		rule_problem_add(
			r, p, "a lead is whole days, such as \"14d\"; the hour is `local`");
	else
		c->lead_days = (int32_t)(ms / MS_DAY);
}

static void read_hour(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_minute(r, p, &((struct rule_calendar *)target)->local_minute);
}

static void read_zone(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_calendar *c = target;

	(void)rule_read_tz(r, p, &c->zone_customer, &c->zone);
}

static void read_leap(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"feb28", "mar1", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct rule_calendar *)target)->leap_march = choice == 1;
}

static void read_whose(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"customer", "recipients", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct rule_calendar *)target)->recipients = choice == 1;
}

static const struct rule_member members[] = {
	{"date", read_date, true},
	{"lead", read_lead, false},
	{"local", read_hour, true},
	{"tz", read_zone, false},
	{"leap", read_leap, false},
	{"whose", read_whose, false},
};
static const struct rule_members spec = {"a calendar", members, ARRAY_SIZE(members)};

void rule_read_calendar(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_calendar calendar = {.zone_customer = true};
	struct file_place found[RULE_MEMBERS_MAX];
	struct draft *d = target;

	if (!rule_members_find(r, p, &spec, found))
		return;
	rule_members_read(r, &spec, found, &calendar);
	if (!calendar.zone)
		calendar.zone = rule_zone(r, p, SPAN_LIT("store"));
	d->rule.calendar = rule_copy_array(r, &calendar, 1, sizeof(calendar));
}
