/* SPDX-License-Identifier: MIT */
/* What is said of an instance and of a note. */
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

static void check_said(const struct why_ask *ask, const char *want)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	why_instance_text(ask, &ask->journey->instances[0], &b);
	CHECK_STR(buf_span(&b), want);
}

static void check_all(struct journey *j, const char *want)
{
	const struct why_ask ask = {.journey = j, .now = NOON};

	check_said(&ask, want);
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

/* What never began: that something ends it is said only where something did. */
static void test_never_began(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct instance *i;

	REQUIRE(journey_new(SPAN_LIT("ada"), &j) == 0);
	i = journey_add_instance(j, SPAN_LIT("cart_abandoned"), SPAN_LIT("customer"));
	REQUIRE(i);
	check_all(j, "Nothing has armed it for the customer.");
	REQUIRE(text_set(&i->by, SPAN_LIT("Order Completed")) == 0);
	check_all(j,
		"Nothing has armed it for the customer; what ends it has come: Order Completed.");
}

#define DUE	(NOON + 2 * MS_HOUR)
#define MORNING (NOON + 20 * MS_HOUR)
#define COMMON	"It waits for payment:P1, armed by Payment Failed at 2026-11-21T12:00:00.000Z; "

static struct instance *payment(struct journey *j)
{
	struct instance *i =
		journey_add_instance(j, SPAN_LIT("payment_failed"), SPAN_LIT("payment:P1"));

	if (!i || text_set(&i->by, SPAN_LIT("Payment Failed")) < 0)
		abort();
	i->state = INSTANCE_ARMED;
	i->episode = 1;
	i->anchor_at = i->arming_at = NOON;
	i->fire_at = DUE;
	return i;
}

/* Which step is due, and what became of the one before; put off, in the gate's own words. */
static void test_steps(void)
{
	struct rule rule = {.id = SPAN_LIT("payment_failed"),
		.steps = {{.id = SPAN_LIT("due")}, {.id = SPAN_LIT("m2")}},
		.n_steps = 2};
	struct rules rules = {.list = &rule, .n = 1};
	struct timeline_entry entries[] = {{.decision = {.rule = rule.id,
						    .key = SPAN_LIT("payment:P1"),
						    .episode = 1,
						    .at = NOON + MS_HOUR,
						    .outcome = OUTCOME_FIRED,
						    .channel = SPAN_LIT("email"),
						    .deadline_at = NOON,
						    .anchor_at = NOON,
						    .by = SPAN_LIT("Payment Failed"),
						    .by_at = NOON}}};
	struct why_ask ask = {.now = NOON, .rules = &rules, .entries = entries};
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct instance *i;

	REQUIRE(journey_new(SPAN_LIT("ada"), &j) == 0);
	ask.journey = j;
	map_init(&rules.by_id, (const uint64_t[2]){1, 2});
	REQUIRE(map_put(&rules.by_id, rule.id, &rule) == 0);
	i = payment(j);
	check_said(&ask, COMMON "unless something ends it, its step \"due\" is due at "
				"2026-11-21T14:00:00.000Z.");
	/* What only moved it did not arm it. */
	i->anchor_at = NOON + MS_HOUR;
	check_said(&ask, COMMON "the wait counts from 2026-11-21T13:00:00.000Z; unless something "
				"ends it, its step \"due\" is due at 2026-11-21T14:00:00.000Z.");
	i->anchor_at = NOON;
	ask.n_entries = 1;
	i->step = 1;
	check_said(&ask,
		COMMON "unless something ends it, its step \"m2\" is due at "
		       "2026-11-21T14:00:00.000Z. Before that: payment_failed for payment:P1 "
		       "fired. Armed by Payment Failed for payment:P1; nothing cancelled it by "
		       "2026-11-21T12:00:00.000Z; the last activity at 2026-11-21T12:00:00.000Z. "
		       "The job was made at 2026-11-21T13:00:00.000Z, for email.");
	/* Of another wait nothing is said. */
	entries[0].decision.episode = 2;
	check_said(&ask, COMMON "unless something ends it, its step \"m2\" is due at "
				"2026-11-21T14:00:00.000Z.");
	entries[0].decision = (struct decision){.rule = rule.id,
		.key = SPAN_LIT("payment:P1"),
		.episode = 1,
		.outcome = OUTCOME_DEFERRED,
		.words = SPAN_LIT("It is too late.")};
	i->due_at = DUE;
	i->deferred_until = i->fire_at = MORNING;
	i->gate = GATE_QUIET;
	i->reason = REASON_QUIET_HOURS;
	check_said(&ask, COMMON "its step \"m2\" came due at 2026-11-21T14:00:00.000Z and the gate "
				"quiet (quiet_hours) put it off until 2026-11-22T08:00:00.000Z. "
				"It is too late.");
	map_release(&rules.by_id);
}

/* Taken back when whoever sends it had it already: the record knows that it went out. The id is
 * SHA-256 by hand of wm1|6:cart_q,1:1,2:j1,8:cart:JC1,1:1,4:main, */
#define FIRED                                                                                      \
	"cart_q for cart:JC1 fired. Armed by Product Added for cart:JC1; nothing cancelled it by " \
	"2026-11-21T12:00:00.000Z; the last activity at 2026-11-21T12:00:00.000Z. The job was "    \
	"made at 2026-11-21T12:00:00.000Z, for email."

static void test_sent_all_the_same(void)
{
	static const char taken[] =
		"cart_q for cart:JC1 had fired and was taken back because of Order Completed at "
		"2026-11-21T12:00:00.000Z. That was decided at 2026-11-21T12:00:00.000Z.";
	static const char sent[] =
		"cart_q for cart:JC1 had fired and was taken back because of Order Completed at "
		"2026-11-21T12:00:00.000Z. That was decided at 2026-11-21T12:00:00.000Z. It was "
		"sent all the same: whoever sends it had it already.";
	struct timeline_entry entry = {.decision = {.rule = SPAN_LIT("cart_q"),
					       .epoch = 1,
					       .key = SPAN_LIT("cart:JC1"),
					       .episode = 1,
					       .step = SPAN_LIT("main"),
					       .outcome = OUTCOME_RETRACTED,
					       .at = NOON,
					       .by = SPAN_LIT("Order Completed"),
					       .by_at = NOON}};
	const struct send send = {.job_id = {0x83, 0xa3, 0x63, 0x83, 0x83, 0x2a, 0x00, 0xc8, 0xa2,
					  0x3c, 0xbe, 0xad, 0x32, 0xb5, 0xda, 0xa6},
		.at = NOON};
	struct why_ask ask = {.now = NOON, .entries = &entry, .n_entries = 1};
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct instance *i;

	REQUIRE(journey_new(SPAN_LIT("j1"), &j) == 0);
	ask.journey = j;
	i = journey_add_instance(j, entry.decision.rule, entry.decision.key);
	REQUIRE(i);
	i->episode = 1;
	check_said(&ask, taken);
	REQUIRE(journey_add_send(j, &send));
	check_said(&ask, taken);
	j->sends[0].state = SEND_SENT;
	check_said(&ask, sent);
	entry.decision.epoch = 2;
	check_said(&ask, taken);
	entry.decision = (struct decision){.rule = SPAN_LIT("cart_q"),
		.epoch = 1,
		.key = SPAN_LIT("cart:JC1"),
		.episode = 1,
		.step = SPAN_LIT("main"),
		.outcome = OUTCOME_FIRED,
		.channel = SPAN_LIT("email"),
		.at = NOON,
		.by = SPAN_LIT("Product Added"),
		.deadline_at = NOON,
		.anchor_at = NOON};
	check_said(&ask, FIRED " It was sent.");
	j->sends[0].state = SEND_RELEASED;
	check_said(&ask, FIRED " It was given up before it was sent; the job "
			       "83a36383832a00c8a23cbead32b5daa6 says why.");
	j->sends[0].state = SEND_RESERVED;
	check_said(&ask, FIRED);
}

/* Its condition was false, and that may yet be corrected. */
static void test_leaving(void)
{
	struct rule rule = {.id = SPAN_LIT("payment_failed"), .n_steps = 1, .exit_waits = true};
	struct rules rules = {.list = &rule, .n = 1};
	struct why_ask ask = {.now = NOON, .rules = &rules};
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct instance *i;

	REQUIRE(journey_new(SPAN_LIT("ada"), &j) == 0);
	ask.journey = j;
	map_init(&rules.by_id, (const uint64_t[2]){1, 2});
	REQUIRE(map_put(&rules.by_id, rule.id, &rule) == 0);
	i = payment(j);
	i->deadline_at = DUE;
	check_said(&ask, COMMON "unless something ends it, it is due at 2026-11-21T14:00:00.000Z.");
	i->deadline_at = DUE + 1;
	check_said(&ask, COMMON "its condition was false since then, and unless news come in that "
				"say otherwise it ends at 2026-11-21T14:00:00.000Z.");
	map_release(&rules.by_id);
}

/* Ended between its steps: when that was decided, and what had become of the first. */
static void test_ended_between(void)
{
	const struct decision common = {.rule = SPAN_LIT("payment_failed"),
		.key = SPAN_LIT("payment:P1"),
		.episode = 1,
		.by = SPAN_LIT("Payment Approved"),
		.by_at = NOON,
		.fire_at = DUE,
		.at = NOON + MS_HOUR};
	struct timeline_entry entries[] = {{.decision = common}, {.decision = common}};
	struct why_ask ask = {.now = NOON, .entries = entries, .n_entries = 2};
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct instance *i;

	entries[0].decision.outcome = OUTCOME_CANCELLED;
	entries[1].decision.outcome = OUTCOME_RETRACTED;
	REQUIRE(journey_new(SPAN_LIT("ada"), &j) == 0);
	ask.journey = j;
	i = payment(j);
	i->state = INSTANCE_IDLE;
	i->step = 1;
	check_said(&ask,
		"payment_failed for payment:P1 was cancelled by Payment Approved at "
		"2026-11-21T12:00:00.000Z; it was due at 2026-11-21T14:00:00.000Z. That was "
		"decided at 2026-11-21T13:00:00.000Z. Before that: payment_failed for payment:P1 "
		"had fired and was taken back because of Payment Approved at "
		"2026-11-21T12:00:00.000Z. That was decided at 2026-11-21T13:00:00.000Z.");
}

static void test_notes(void)
{
	static const struct {
		enum note_reason reason;
		const char *words, *want;
	} list[] = {
		{NOTE_NO_KEY, "order", "it does not say which order it is about."},
		{NOTE_NO_KEY, "", "it does not say which cart, order or other thing it is about."},
		{NOTE_STALE, "due at X",
			"it came in so late that its deadline had passed (due at X)."},
		{NOTE_TOMBSTONE, "until X", "what it is about is closed (until X)."},
		{NOTE_NO_DEADLINE, "", "it does not carry the instant to wait for."},
		{NOTE_NO_DEADLINE, "the shop does not open", "the shop does not open."},
		{NOTE_OLDER_CANCEL, "Order Completed",
			"something that ends the wait happened with it or after it "
			"(Order Completed)."},
	};

	for (size_t k = 0; k < ARRAY_SIZE(list); k++) {
		struct note n = {.reason = list[k].reason, .by_at = NOON};
		_cleanup_(buf_release) struct buf b = BUF_INIT, want = BUF_INIT;

		REQUIRE(text_set(&n.words, span_str(list[k].words)) == 0);
		why_note_text(&n, &b);
		buf_add_str(&want, "An event at 2026-11-21T12:00:00.000Z did not arm it: ");
		buf_add_str(&want, list[k].want);
		check_span(list[k].want, (int)k, "note", buf_span(&b), buf_span(&want));
		text_release(&n.words);
	}
}

static const struct check_case cases[] = {
	{"a message that may go another way", test_another_way},
	{"what never began", test_never_began},
	{"which step, and the one before", test_steps},
	{"leaving", test_leaving},
	{"ended between its steps", test_ended_between},
	{"sent all the same", test_sent_all_the_same},
	{"notes", test_notes},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
