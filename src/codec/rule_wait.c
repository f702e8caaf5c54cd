/* SPDX-License-Identifier: MIT */
/*
 * How long a rule waits: a length of time after the anchor, or an instant that the arming event
 * carries, taken as it is or as a time of its local day.
 */
#include "rule_reader.h"

#include "base/instant.h"
#include "base/zone.h"

static void add_field(struct rule_reader *r, const struct rule_place *p, struct rule_wait *wait)
{
	size_t field;

	if (!rule_read_field(r, p, &field))
		return;
	if (wait->n_fields == WAIT_FIELDS_MAX) {
		rule_problem_add(r, p, "a wait may look at most at %d values", WAIT_FIELDS_MAX);
		return;
	}
	wait->fields[wait->n_fields++] = field;
}

static void read_at(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule_walk walk;
	struct rule_place item;

	if (p->value.type != JSON_TYPE_ARRAY) {
		add_field(r, p, target);
		return;
	}
	rule_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item))
		add_field(r, &item, target);
	if (walk.index == 0)
		rule_problem_add(r, p, "name at least one value, such as [\"e.promised_at\"]");
}

static void read_plus(struct rule_reader *r, const struct rule_place *p, void *target)
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

static void read_local(struct rule_reader *r, const struct rule_place *p, void *target)
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

static void read_tz(struct rule_reader *r, const struct rule_place *p, void *target)
{
	struct rule_wait *wait = target;
	struct span name;

	if (!rule_read_text(r, p, RULE_ZONE_NAME_MAX, &name))
		return;
	if (span_is(name, "customer"))
		rule_problem_add(
			r, p, "this version does not know customers' own zones; write \"store\"");
	else if (span_is(name, "store"))
		return; /* the default */
	else
		wait->zone = rule_zone(r, p, name);
}

static const struct rule_member wait_members[] = {
	{"at", read_at, true},
	{"plus", read_plus, false},
	{"local", read_local, false},
	{"tz", read_tz, false},
	{"model", NULL, false},
	{"q", NULL, false},
	{"min", NULL, false},
	{"max", NULL, false},
};
static const struct rule_members wait_spec = {"a wait", wait_members, ARRAY_SIZE(wait_members)};

enum { WAIT_TZ = 3 }; /* its place in the table */

void rule_read_wait(struct rule_reader *r, const struct rule_place *p, void *target)
{
	static const struct rule_duration_limits limits = {1, DURATION_MAX_MS, false};
	struct rule_place found[RULE_MEMBERS_MAX];
	struct rule_wait *wait = target;

	if (p->value.type != JSON_TYPE_OBJECT) {
		wait->kind = WAIT_SPAN;
		(void)rule_read_duration(r, p, &limits, &wait->span_ms);
		return;
	}
	wait->kind = WAIT_FIELD;
	if (!rule_members_find(r, p, &wait_spec, found))
		return;
	rule_members_read(r, &wait_spec, found, wait);
	if (wait->local == WAIT_AS_GIVEN && found[WAIT_TZ].value.type != JSON_TYPE_ABSENT)
		rule_problem_add(r, &found[WAIT_TZ],
			"an instant is the same in every zone; leave \"tz\" out or add \"local\"");
	if (wait->local != WAIT_AS_GIVEN && !wait->zone)
		wait->zone = rule_zone(r, p, SPAN_LIT("store"));
}
