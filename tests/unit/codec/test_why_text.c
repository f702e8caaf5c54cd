/* SPDX-License-Identifier: MIT */
/* What is said of a message that may yet go another way (core/fallback.h). */
#include "codec/why_json.h"
#include "core/gate.h"

#include "check.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

static void check_tail(struct journey *j, const char *want)
{
	const struct why_ask ask = {.journey = j, .now = NOON};
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	size_t len = strlen(want);

	why_instance_text(&ask, &j->instances[0], &b);
	REQUIRE(b.len >= len);
	CHECK_STR(span_of(b.ptr + b.len - len, len), want);
}

static void test_another_way(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct fallback *f;
	struct instance *i;

	REQUIRE(journey_new(SPAN_LIT("ada"), &j) == 0);
	i = journey_add_instance(j, SPAN_LIT("order_slow"), SPAN_LIT("order:O1"));
	REQUIRE(i);
	i->episode = 1;
	i->outcome = OUTCOME_FIRED;
	check_tail(j, "order:O1: fired.");
	f = i->fallback = calloc(1, sizeof(*f));
	REQUIRE(f);
	f->way = JOB_CHANNEL_EMAIL;
	f->fall_at = TIME_NEVER;
	check_tail(j, "order:O1: fired. Its message went by email; nobody has said yet that it was "
		      "sent.");
	f->fall_at = NOON + MS_HOUR;
	check_tail(j, " and is not known to have arrived; it goes another way at "
		      "2026-11-21T13:00:00.000Z.");
	f->lost = true;
	check_tail(j, " and did not arrive; it goes another way at 2026-11-21T13:00:00.000Z.");
	f->gate = GATE_QUIET;
	f->reason = REASON_QUIET_HOURS;
	check_tail(j, " at 2026-11-21T13:00:00.000Z, put off by the gate quiet (quiet_hours).");
	f->over = true;
	check_tail(j, "order:O1: fired.");
}

static const struct check_case cases[] = {
	{"a message that may go another way", test_another_way},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
