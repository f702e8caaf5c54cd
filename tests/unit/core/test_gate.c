/* SPDX-License-Identifier: MIT */
/*
 * What each gate answers: every reason once, by a table, and then what needs more than one
 * message. Quiet hours have a test of their own.
 */
#include "check.h"

#include "core/priority.h"
#include "gate_scene.h"

#define S struct gate_scene *s

static struct rule *rule_of(S)
{
	return &s->rules->list[0];
}

static void flag(S, enum profile_flag flag)
{
	struct profile *p = journey_add_profile(s->journey);

	REQUIRE(p);
	p->flags |= 1U << flag;
}

static void is_erased(S)
{
	flag(s, PROFILE_ERASED);
}

static void is_blocked(S)
{
	flag(s, PROFILE_BLOCKED);
}

static void is_minor(S)
{
	flag(s, PROFILE_MINOR);
}

static void is_deceased(S)
{
	flag(s, PROFILE_DECEASED);
}

static void nothing(S)
{
	(void)s;
}

static void expired(S)
{
	rule_of(s)->expire_ms = MS_HOUR;
	s->ask.due_at = s->ask.now - MS_HOUR;
}

static void last_moment(S)
{
	rule_of(s)->expire_ms = MS_HOUR;
	s->ask.due_at = s->ask.now - MS_HOUR + 1;
}

static void never_bought(S)
{
	s->journey->n_orders = 0;
}

static void withdrawn(S)
{
	scene_consent(s, "marketing", "email", CONSENT_WITHDRAWN);
}

static void service_without_contract(S)
{
	rule_of(s)->class = RULE_SERVICE;
	journey_remove_order(s->journey, 0);
}

static void asked_for(S)
{
	service_without_contract(s);
	rule_of(s)->gates.topic = SPAN_LIT("back_in_stock");
}

static void asked_for_and_out(S)
{
	asked_for(s);
	scene_consent(s, NULL, NULL, CONSENT_WITHDRAWN);
}

static void contract_and_out(S)
{
	rule_of(s)->class = RULE_SERVICE;
	scene_consent(s, NULL, NULL, CONSENT_WITHDRAWN);
}

static void task_without_anything(S)
{
	rule_of(s)->class = RULE_TASK;
	scene_channels(rule_of(s), "task", NULL);
	journey_remove_order(s->journey, 0);
	never_bought(s);
}

static void no_address(S)
{
	scene_consent(s, "marketing", NULL, CONSENT_GIVEN);
	text_release(&s->journey->traits[TRAIT_EMAIL]);
}

static void no_address_and_another(S)
{
	no_address(s);
	scene_channels(rule_of(s), "email", "sms");
}

static void consent_for_the_second(S)
{
	never_bought(s);
	scene_consent(s, "marketing", "sms", CONSENT_GIVEN);
	scene_channels(rule_of(s), "email", "sms");
}

static void hard_bounce(S)
{
	struct address *a = journey_add_address(s->journey, JOB_CHANNEL_EMAIL, SPAN_EMPTY);

	REQUIRE(a);
	a->hard_at = s->ask.now - MS_DAY;
	scene_channels(rule_of(s), "email", "sms");
}

static void hard_bounce_of_service(S)
{
	hard_bounce(s);
	rule_of(s)->class = RULE_SERVICE;
}

static void complaint(S)
{
	struct address *a = journey_add_address(s->journey, JOB_CHANNEL_EMAIL, SPAN_EMPTY);

	REQUIRE(a);
	a->complained_at = s->ask.now - MS_DAY;
}

static void not_active(S)
{
	scene_channels(rule_of(s), "inapp", NULL);
	s->journey->web_active_at = s->ask.now - 5 * MS_MINUTE - 1;
}

static void active(S)
{
	scene_channels(rule_of(s), "inapp", NULL);
	s->journey->web_active_at = s->ask.now - 5 * MS_MINUTE;
}

static void costly(S)
{
	rule_of(s)->class = RULE_TASK;
	scene_channels(rule_of(s), "call", NULL);
}

static void costly_and_grave(S)
{
	costly(s);
	rule_of(s)->gates.has_impact = true;
	rule_of(s)->impact = (struct decimal){7, -1};
}

static void costly_and_valued(S)
{
	costly(s);
	s->policy->loyalty_top = 3;
	scene_profile_number(s, PROFILE_TIER_RANK, 3);
}

static void costly_and_almost_valued(S)
{
	costly(s);
	s->policy->loyalty_top = 3;
	scene_profile_number(s, PROFILE_TIER_RANK, 2);
}

static const struct cond_node no = {.op = COND_VALUE, .value = {.type = VALUE_FALSE}};
static const struct cond never = {.nodes = &no, .n_nodes = 1};

static void condition_false(S)
{
	rule_of(s)->fire_if = &never;
}

static void held_out(S)
{
	rule_of(s)->gates.holdout = SHARE_WHOLE;
}

static void service_held_out(S)
{
	held_out(s);
	rule_of(s)->class = RULE_SERVICE;
}

static void at_night(S)
{
	scene_channels(rule_of(s), "sms", NULL);
	s->ask.now = scene_time("2026-11-23T20:00:00Z");
}

static void at_night_dropped(S)
{
	at_night(s);
	rule_of(s)->gates.quiet = HABIT_DROP;
}

static void at_night_ignored(S)
{
	at_night(s);
	rule_of(s)->gates.quiet = HABIT_IGNORE;
}

static void at_night_too_late(S)
{
	at_night(s);
	rule_of(s)->expire_ms = 20 * MS_HOUR; /* due at 12:00: until 8:00, when the night ends */
}

static void at_night_just_in_time(S)
{
	at_night(s);
	rule_of(s)->expire_ms = 20 * MS_HOUR + 1;
}

static void outside_window(S)
{
	rule_of(s)->gates.send_at = (struct day_hours){9 * 60, 12 * 60};
}

static void french_sunday(S)
{
	scene_channels(rule_of(s), "sms", NULL);
	scene_profile_text(s, PROFILE_COUNTRY, "FR");
	s->ask.now = scene_time("2026-11-22T11:00:00Z");
}

static void shop_closed(S)
{
	costly_and_grave(s);
	s->ask.now = scene_time("2026-11-23T18:00:00Z"); /* 19:00: not yet quiet */
}

static void cap_full(S)
{
	scene_send(s, "win_back", RULE_MARKETING, JOB_CHANNEL_EMAIL, 23 * MS_HOUR);
}

static void cap_ignored(S)
{
	cap_full(s);
	rule_of(s)->gates.on_cap = HABIT_IGNORE;
}

static void cap_dropped(S)
{
	cap_full(s);
	rule_of(s)->gates.on_cap = HABIT_DROP;
}

static void cap_of_the_rule(S)
{
	rule_of(s)->gates.cap_count = 1;
	rule_of(s)->gates.cap_within_ms = 365 * MS_DAY;
	scene_send(s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 300 * MS_DAY);
}

static void order_late(S)
{
	struct order *o = journey_add_order(s->journey, SPAN_LIT("O2"));

	REQUIRE(o);
	o->at[MILESTONE_PLACED] = s->ask.now - 9 * MS_DAY;
	o->promised_at = s->ask.now - 1;
}

static void order_late_in_a_moment(S)
{
	order_late(s);
	journey_order(s->journey, SPAN_LIT("O2"))->promised_at = s->ask.now;
}

static void order_late_and_not_muted(S)
{
	order_late(s);
	rule_of(s)->gates.mutes = 0;
}

static void case_open(S)
{
	struct thing *t = journey_add_thing(s->journey, THING_CASE, SPAN_LIT("K1"));

	REQUIRE(t);
	t->at[CASE_OPENED] = s->ask.now - MS_DAY;
}

static void incident(S)
{
	s->policy->incident = true;
}

static void own_mute(S)
{
	static const struct cond_node node = {.op = COND_VALUE, .value = {.type = VALUE_TRUE}};
	static const struct cond cond = {.nodes = &node, .n_nodes = 1};
	static const struct policy_mute mutes[] = {{{"in_mourning", 11}, MUTE_CONDITION, &cond}};

	s->policy->mutes = mutes;
	s->policy->n_mutes = 1;
}

static void better_is_due(S)
{
	(void)scene_rule(s, 1, "checkout_abandoned", RULE_MARKETING);
	(void)scene_instance(s, "checkout_abandoned", "checkout:K1", s->ask.now + MS_HOUR - 1);
}

static void went_by_mail(S)
{
	scene_channels(rule_of(s), "email", "sms");
	rule_of(s)->fallback_ms = 4 * MS_HOUR;
	s->ask.tried = 1U << JOB_CHANNEL_EMAIL;
}

static const struct {
	const char *name;
	void (*set)(S);
	enum gate_answer answer;
	enum gate_reason reason;
} answers[] = {
	{"all is well", nothing, GATE_ALLOW, REASON_NONE},
	{"expired", expired, GATE_CANCEL, REASON_EXPIRED},
	{"the last moment", last_moment, GATE_ALLOW, REASON_NONE},
	{"erased", is_erased, GATE_CANCEL, REASON_ERASED},
	{"blocked", is_blocked, GATE_CANCEL, REASON_BLOCKED},
	{"minor", is_minor, GATE_CANCEL, REASON_MINOR},
	{"deceased", is_deceased, GATE_CANCEL, REASON_DECEASED},
	{"never bought, never asked", never_bought, GATE_CANCEL, REASON_NO_CONSENT},
	{"withdrawn", withdrawn, GATE_CANCEL, REASON_WITHDRAWN},
	{"service without contract", service_without_contract, GATE_CANCEL, REASON_NO_CONTRACT},
	{"asked for", asked_for, GATE_ALLOW, REASON_NONE},
	{"asked for, and then out of all", asked_for_and_out, GATE_CANCEL, REASON_WITHDRAWN},
	{"a contract is kept all the same", contract_and_out, GATE_ALLOW, REASON_NONE},
	{"a task needs no consent", task_without_anything, GATE_ALLOW, REASON_NONE},
	{"no address", no_address, GATE_CANCEL, REASON_UNREACHABLE},
	{"no address, another channel", no_address_and_another, GATE_REROUTE, REASON_UNREACHABLE},
	{"consent for the second", consent_for_the_second, GATE_REROUTE, REASON_NO_CONSENT},
	{"hard bounce", hard_bounce, GATE_CANCEL, REASON_BOUNCED},
	{"hard bounce, service", hard_bounce_of_service, GATE_REROUTE, REASON_BOUNCED},
	{"complaint", complaint, GATE_CANCEL, REASON_COMPLAINED},
	{"in-app after 5 min and 1 ms", not_active, GATE_CANCEL, REASON_NOT_ACTIVE},
	{"in-app after 5 min", active, GATE_ALLOW, REASON_NONE},
	{"a call for little", costly, GATE_CANCEL, REASON_TOO_COSTLY},
	{"a call for much", costly_and_grave, GATE_ALLOW, REASON_NONE},
	{"a call for the best", costly_and_valued, GATE_ALLOW, REASON_NONE},
	{"a call for the second best", costly_and_almost_valued, GATE_CANCEL, REASON_TOO_COSTLY},
	{"condition", condition_false, GATE_CANCEL, REASON_FIRE_IF},
	{"held out", held_out, GATE_ALLOW, REASON_HOLDOUT},
	{"service is never held out", service_held_out, GATE_ALLOW, REASON_NONE},
	{"at night", at_night, GATE_DEFER, REASON_QUIET_HOURS},
	{"at night, drop", at_night_dropped, GATE_CANCEL, REASON_QUIET_HOURS},
	{"at night, ignore", at_night_ignored, GATE_ALLOW, REASON_NONE},
	{"in the morning it is too late", at_night_too_late, GATE_CANCEL, REASON_EXPIRED},
	{"in the morning it is not too late", at_night_just_in_time, GATE_DEFER,
		REASON_QUIET_HOURS},
	{"outside the rule's hours", outside_window, GATE_DEFER, REASON_OUTSIDE_WINDOW},
	{"French Sunday", french_sunday, GATE_DEFER, REASON_DAY_OFF},
	{"the shop is closed", shop_closed, GATE_DEFER, REASON_CLOSED},
	{"cap", cap_full, GATE_DEFER, REASON_CAP_FULL},
	{"cap, ignore", cap_ignored, GATE_ALLOW, REASON_NONE},
	{"cap, drop", cap_dropped, GATE_CANCEL, REASON_CAP_FULL},
	{"cap of the rule", cap_of_the_rule, GATE_DEFER, REASON_RULE_CAP_FULL},
	{"an order is late", order_late, GATE_CANCEL, REASON_MUTED_ORDER_LATE},
	{"an order is late in a moment", order_late_in_a_moment, GATE_ALLOW, REASON_NONE},
	{"an order is late, no mutes", order_late_and_not_muted, GATE_ALLOW, REASON_NONE},
	{"a case is open", case_open, GATE_CANCEL, REASON_MUTED_CASE_OPEN},
	{"incident", incident, GATE_CANCEL, REASON_MUTED_INCIDENT},
	{"a mute of the shop's own", own_mute, GATE_CANCEL, REASON_MUTED},
	{"a better one is due", better_is_due, GATE_CANCEL, REASON_SUPERSEDED},
	{"the mail was not delivered", went_by_mail, GATE_REROUTE, REASON_NOT_DELIVERED},
};

static void test_answers(void)
{
	bool reached[GATE_REASON_COUNT] = {false};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct gate_scene s;
		int before = check_failures;

		scene_init(&s);
		answers[i].set(&s);
		SCENE_ANSWER(&s, answers[i].answer, answers[i].reason);
		if (check_failures > before)
			fprintf(stderr, "# in: %s\n", answers[i].name);
		reached[answers[i].reason] = true;
		scene_release(&s);
	}
	for (unsigned i = 0; i < GATE_REASON_COUNT; i++)
		CHECK(reached[i]);
}

static void test_off(void)
{
	struct gate_scene s;

	scene_init(&s);
	rule_of(&s)->gates.on = false;
	is_blocked(&s);
	never_bought(&s);
	cap_full(&s);
	order_late(&s);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "email");
	condition_false(&s);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_FIRE_IF);
	expired(&s);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_EXPIRED);
	scene_release(&s);
}

static void test_channels(void)
{
	struct gate_scene s;
	struct profile *p;

	scene_init(&s);
	scene_channels(rule_of(&s), "email", "sms");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "email");
	/* What the customer ranks goes first, and is no reroute. */
	p = journey_add_profile(s.journey);
	REQUIRE(p);
	p->n_ranked = 2;
	p->ranked[0] = JOB_CHANNEL_PUSH; /* not the rule's */
	p->ranked[1] = JOB_CHANNEL_SMS;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "sms");
	text_release(&s.journey->traits[TRAIT_PHONE]);
	scene_consent(&s, "marketing", NULL, CONSENT_GIVEN);
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_UNREACHABLE);
	CHECK_STR(s.verdict.channel, "email");
	scene_release(&s);
}

static void test_lease(void)
{
	struct emission m = {.epoch = 1};
	struct gate_scene s;
	unsigned char job[16];

	/* What was emitted counts, but not against itself. */
	scene_init(&s);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	m.episode = s.ask.instance->episode;
	gates_job_id(s.journey, s.ask.rule, s.ask.instance, &m, job);
	SCENE_ANSWER(&s, GATE_DEFER, REASON_CAP_FULL);
	s.ask.at_lease = true;
	s.ask.channel = SPAN_LIT("email");
	s.ask.job = job;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* Of a step's own condition this is the place; when it came due the engine asked. */
	rule_of(&s)->steps[0].only_if = &never;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_FIRE_IF);
	s.ask.at_lease = false;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.ask.at_lease = true;
	rule_of(&s)->steps[0].only_if = NULL;
	/* Marketing is not led elsewhere any more, what must arrive is. */
	scene_channels(rule_of(&s), "email", "sms");
	text_release(&s.journey->traits[TRAIT_EMAIL]);
	scene_consent(&s, "marketing", NULL, CONSENT_GIVEN);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_UNREACHABLE);
	rule_of(&s)->class = RULE_SERVICE;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_UNREACHABLE);
	CHECK_STR(s.verdict.channel, "sms");
	scene_release(&s);
}

/* triggers.md, section 7, vector 1: cart_abandoned, 1, cust_42, cart:C1001, 1, email1. */
static void test_job_id(void)
{
	static const unsigned char want[16] = {0x6e, 0x0a, 0x90, 0xad, 0xe4, 0x9e, 0x49, 0x00, 0x8d,
		0x98, 0xd6, 0xbb, 0xeb, 0xe4, 0xdf, 0x83};
	/* The same of its second way: the step is email1@sms. */
	static const unsigned char second[16] = {0x96, 0x73, 0x2e, 0xda, 0x4a, 0x79, 0x29, 0xda,
		0x20, 0x80, 0x8d, 0x56, 0x69, 0xc6, 0xfe, 0xe2};
	struct emission m = {.epoch = 1};
	unsigned char got[16];
	struct gate_scene s;
	struct instance *i;

	scene_init(&s);
	rule_of(&s)->steps[0].id = SPAN_LIT("email1");
	i = scene_instance(&s, "cart_abandoned", "cart:C1001", 0);
	REQUIRE(i);
	m.episode = i->episode;
	gates_job_id(s.journey, rule_of(&s), i, &m, got);
	CHECK(memcmp(got, want, sizeof(want)) == 0);
	/* whatever its instance waits for by now */
	i->epoch = 2;
	i->episode = 7;
	gates_job_id(s.journey, rule_of(&s), i, &m, got);
	CHECK(memcmp(got, want, sizeof(want)) == 0);
	m.way = JOB_CHANNEL_SMS + 1;
	gates_job_id(s.journey, rule_of(&s), i, &m, got);
	CHECK(memcmp(got, second, sizeof(second)) == 0);
	scene_release(&s);
}

static const struct check_case cases[] = {
	{"every reason by a table", test_answers},
	{"a rule that is asked nothing", test_off},
	{"which channel", test_channels},
	{"again at the lease", test_lease},
	{"the name of the job to be", test_job_id},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
