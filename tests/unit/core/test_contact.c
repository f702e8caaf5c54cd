/* SPDX-License-Identifier: MIT */
/* Consent and reach, by hand: the laws of triggers, section 8 and rule 20. */
#include "check.h"

#include "core/journey.h"

#define EMAIL JOB_CHANNEL_EMAIL
#define SMS   JOB_CHANNEL_SMS
#define ANY   JOB_CHANNEL_COUNT

struct word {
	const char *topic;
	uint32_t channel;
	int64_t at;
	enum consent_word word;
};

static void say(struct journey *j, const struct word *w)
{
	struct consent *c = journey_add_consent(j, span_str(w->topic), w->channel);

	REQUIRE(c);
	c->at = w->at;
	c->word = w->word;
}

static void test_consent(void)
{
	static const struct {
		const char *why;
		struct word said[3];
		const char *topic;
		enum job_channel channel;
		enum consent_answer answer;
	} rows[] = {
		{"nothing said", {{0}}, "marketing", EMAIL, CONSENT_NO_WORD},
		{"of the topic", {{"marketing", EMAIL, 5, CONSENT_GIVEN}}, "marketing", EMAIL,
			CONSENT_IS_GIVEN},
		{"consent is per channel", {{"marketing", EMAIL, 5, CONSENT_GIVEN}}, "marketing",
			SMS, CONSENT_NO_WORD},
		{"and per topic", {{"marketing", EMAIL, 5, CONSENT_GIVEN}}, "news", EMAIL,
			CONSENT_NO_WORD},
		{"of all topics", {{"", EMAIL, 5, CONSENT_GIVEN}}, "news", EMAIL, CONSENT_IS_GIVEN},
		{"of all channels", {{"", ANY, 5, CONSENT_WITHDRAWN}}, "news", SMS,
			CONSENT_IS_WITHDRAWN},
		{"the channel's own later word",
			{{"", ANY, 5, CONSENT_WITHDRAWN}, {"", EMAIL, 6, CONSENT_GIVEN}}, "news",
			EMAIL, CONSENT_IS_GIVEN},
		{"the same, earlier",
			{{"", ANY, 5, CONSENT_WITHDRAWN}, {"", EMAIL, 4, CONSENT_GIVEN}}, "news",
			EMAIL, CONSENT_IS_WITHDRAWN},
		{"at a tie the withdrawal",
			{{"", ANY, 5, CONSENT_WITHDRAWN}, {"", EMAIL, 5, CONSENT_GIVEN}}, "news",
			EMAIL, CONSENT_IS_WITHDRAWN},
		{"all withdrawn after the topic",
			{{"news", EMAIL, 5, CONSENT_GIVEN}, {"", EMAIL, 6, CONSENT_WITHDRAWN}},
			"news", EMAIL, CONSENT_IS_WITHDRAWN},
		{"the topic given anew",
			{{"news", EMAIL, 7, CONSENT_GIVEN}, {"", EMAIL, 6, CONSENT_WITHDRAWN}},
			"news", EMAIL, CONSENT_IS_GIVEN},
		{"a grant of all does not give back a topic",
			{{"news", EMAIL, 5, CONSENT_WITHDRAWN}, {"", EMAIL, 9, CONSENT_GIVEN}},
			"news", EMAIL, CONSENT_IS_WITHDRAWN},
		{"soft", {{"", EMAIL, 5, CONSENT_SOFT}}, "news", EMAIL, CONSENT_IS_SOFT},
		{"a task is nobody's mail", {{"", ANY, 5, CONSENT_WITHDRAWN}}, "news",
			JOB_CHANNEL_TASK, CONSENT_IS_GIVEN},
		{"in the open session", {{0}}, "news", JOB_CHANNEL_INAPP, CONSENT_IS_SOFT},
		{"calls must be allowed", {{0}}, "news", JOB_CHANNEL_CALL, CONSENT_NO_WORD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(journey_freep) struct journey *j = NULL;
		enum consent_answer got;

		REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].said) && rows[i].said[k].topic; k++)
			say(j, &rows[i].said[k]);
		got = journey_consent_answer(j, span_str(rows[i].topic), rows[i].channel);
		CHECK_INT(got, rows[i].answer);
		CHECK_INT(journey_consent(j, span_str(rows[i].topic), rows[i].channel),
			rows[i].answer >= CONSENT_IS_SOFT);
		if (got != rows[i].answer)
			fprintf(stderr, "# %s\n", rows[i].why);
	}
}

/* Who bought may be written to at the address they gave, until they object. */
static void test_soft(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	REQUIRE(text_set(&j->traits[TRAIT_EMAIL], SPAN_LIT("a@b.example")) == 0);
	CHECK(!journey_consent(j, SPAN_LIT("marketing"), EMAIL));
	j->n_orders = 1;
	CHECK(journey_consent(j, SPAN_LIT("marketing"), EMAIL));
	CHECK(!journey_consent(j, SPAN_LIT("marketing"), SMS));
	CHECK(!journey_opted_out(j, EMAIL));
	say(j, &(struct word){"", EMAIL, 1, CONSENT_WITHDRAWN});
	CHECK(!journey_consent(j, SPAN_LIT("marketing"), EMAIL));
	CHECK(journey_opted_out(j, EMAIL));
	CHECK(!journey_opted_out(j, SMS));
}

/* A full list still takes every withdrawal of all topics, and never loses one. */
static void test_room(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	char topic[16];

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int i = 0; i < JOURNEY_CONSENTS_MAX; i++) {
		(void)snprintf(topic, sizeof(topic), "t%02d", i);
		say(j, &(struct word){topic, EMAIL, i, i == 7 ? CONSENT_GIVEN : CONSENT_WITHDRAWN});
	}
	say(j, &(struct word){"u", EMAIL, 99, CONSENT_WITHDRAWN});
	CHECK_INT(j->n_consents, JOURNEY_CONSENTS_MAX);
	CHECK_INT(journey_consent_answer(j, SPAN_LIT("t07"), EMAIL), CONSENT_NO_WORD);
	CHECK_INT(journey_consent_answer(j, SPAN_LIT("t00"), EMAIL), CONSENT_IS_WITHDRAWN);
	errno = 0;
	CHECK(!journey_add_consent(j, SPAN_LIT("v"), EMAIL));
	CHECK_INT(errno, ENOSPC);
	for (uint32_t channel = 0; channel <= JOB_CHANNEL_COUNT; channel++)
		say(j, &(struct word){"", channel, 100, CONSENT_WITHDRAWN});
	CHECK_INT(j->n_consents, JOURNEY_CONSENTS_MAX + JOB_CHANNEL_COUNT + 1);
}

static void test_reach(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct address *a;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_NO_ADDRESS);
	REQUIRE(text_set(&j->traits[TRAIT_EMAIL], SPAN_LIT("a@b.example")) == 0);
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_OK);
	CHECK_INT(journey_reach(j, SMS, 0), REACH_NO_ADDRESS);
	CHECK_INT(journey_reach(j, JOB_CHANNEL_MAIL, 0), REACH_OK);
	a = journey_add_address(j, EMAIL, SPAN_LIT("a@b.example"));
	REQUIRE(a);
	for (int i = 0; i < ADDRESS_SOFT_MAX; i++) {
		CHECK_INT(journey_reach(j, EMAIL, 0), REACH_OK);
		memmove(&a->soft[1], &a->soft[0], (ADDRESS_SOFT_MAX - 1) * sizeof(a->soft[0]));
		a->soft[0] = 10 + i;
	}
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_BOUNCED);
	/* However it is written. */
	REQUIRE(text_set(&j->traits[TRAIT_EMAIL], SPAN_LIT("A@B.example")) == 0);
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_BOUNCED);
	a->delivered_at = 10; /* only six since */
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_OK);
	a->hard_at = 20;
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_BOUNCED);
	a->delivered_at = 20;
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_OK);
	a->complained_at = 5;
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_COMPLAINED);
	REQUIRE(text_set(&j->traits[TRAIT_EMAIL], SPAN_LIT("c@b.example")) == 0);
	CHECK_INT(journey_reach(j, EMAIL, 0), REACH_OK);
}

/* News that does not say of which address it is. */
static void test_nameless(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct address *a, *any;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	REQUIRE(text_set(&j->traits[TRAIT_PHONE], SPAN_LIT("+49 (30) 12-3")) == 0);
	REQUIRE(journey_add_address(j, SMS, SPAN_LIT("+4930123")));
	any = journey_add_address(j, SMS, SPAN_EMPTY);
	a = journey_address(j, SMS, SPAN_LIT("+4930123"));
	REQUIRE(a && any);
	/* Four there and three of either: seven in a row. */
	for (int i = 0; i < 4; i++)
		a->soft[i] = 20 - i;
	any->soft[0] = 13;
	any->soft[1] = 12;
	CHECK_INT(journey_reach(j, SMS, 0), REACH_OK);
	any->soft[2] = 11;
	CHECK_INT(journey_reach(j, SMS, 0), REACH_BOUNCED);
	any->delivered_at = 11;
	CHECK_INT(journey_reach(j, SMS, 0), REACH_OK);
	any->hard_at = 12;
	CHECK_INT(journey_reach(j, SMS, 0), REACH_BOUNCED);
	a->delivered_at = 12;
	CHECK_INT(journey_reach(j, SMS, 0), REACH_OK);
}

/* The seventeenth address pushes out the one that was heard of least lately, but no bad one. */
static void test_address_room(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	char which[16];

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int i = 0; i <= JOURNEY_ADDRESSES_MAX; i++) {
		struct address *a;

		(void)snprintf(which, sizeof(which), "a%02d@b", i);
		a = journey_add_address(j, EMAIL, span_str(which));
		REQUIRE(a);
		if (i == 0)
			a->hard_at = 1;
		else
			a->delivered_at = 1 + i;
	}
	CHECK_INT(j->n_addresses, JOURNEY_ADDRESSES_MAX);
	CHECK(journey_address(j, EMAIL, SPAN_LIT("a00@b")));
	CHECK(!journey_address(j, EMAIL, SPAN_LIT("a01@b")));
	CHECK(journey_address(j, EMAIL, SPAN_LIT("a02@b")));
}

/* Five minutes exactly still are there. */
static void test_in_app(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK_INT(journey_reach(j, JOB_CHANNEL_INAPP, 0), REACH_NOT_ACTIVE);
	j->web_active_at = 1000;
	CHECK_INT(journey_reach(j, JOB_CHANNEL_INAPP, 301000), REACH_OK);
	CHECK_INT(journey_reach(j, JOB_CHANNEL_INAPP, 301001), REACH_NOT_ACTIVE);
}

static const struct check_case cases[] = {
	{"consent: topics, channels, later words", test_consent},
	{"soft opt-in", test_soft},
	{"withdrawals always have room", test_room},
	{"bounces, complaints, a new address", test_reach},
	{"bounces of no address", test_nameless},
	{"room for addresses", test_address_room},
	{"in the open session", test_in_app},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
