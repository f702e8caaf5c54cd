/* SPDX-License-Identifier: MIT */
/*
 * Jobs read back, their place among others, and what became of them as events. Expected texts are
 * written by hand after the heads of the two headers and schemas/job.schema.json; a rank is
 * 10^15 - L × I × value × 10^5.
 */
#include "check.h"

#include "codec/job_event.h"

static const char whole[] =
	"{\"id\":\"6e0a90ade49e49008d98d6bbebe4df83\",\"rule\":\"cart_abandoned\",\"epoch\":2,"
	"\"customer\":\"anon:a\",\"canonical\":\"u1\",\"key\":\"cart:C\\u00341\",\"episode\":3,"
	"\"step\":\"m1\",\"class\":\"marketing\",\"channel\":\"email\",\"priority\":{\"class\":"
	"\"high\",\"likelihood\":0.25,\"impact\":\"0.8\"},\"reason\":\"r\",\"armed_at\":"
	"\"2023-11-14T22:13:20.000Z\",\"deadline\":\"2023-11-14T22:13:21.000Z\",\"fire_at\":"
	"\"2023-11-14T22:13:22.000Z\",\"not_before\":\"2023-11-14T22:13:23.000Z\",\"valid_until\":"
	"\"2023-11-14T22:13:24.000Z\",\"data\":{\"total\":\"120.50\",\"value\":7}}";

static void reads_all(void)
{
	_cleanup_(arena_release) struct arena a;
	struct job_view v;

	arena_init(&a);
	REQUIRE(job_view_read(SPAN_LIT(whole), &a, &v) == 0);
	CHECK_STR(v.id, "6e0a90ade49e49008d98d6bbebe4df83");
	CHECK_STR(v.rule, "cart_abandoned");
	CHECK_STR(v.customer, "anon:a");
	CHECK_STR(v.whose, "u1");
	CHECK_STR(v.key, "cart:C41");
	CHECK_STR(v.step, "m1");
	CHECK_STR(v.kind, "marketing");
	CHECK_STR(v.channel, "email");
	CHECK_STR(v.reason, "r");
	CHECK_STR(v.data, "{\"total\":\"120.50\",\"value\":7}");
	CHECK_INT(v.epoch, 2);
	CHECK_INT(v.episode, 3);
	CHECK_INT(v.priority, PRIORITY_HIGH);
	CHECK_INT(decimal_compare(v.likelihood, (struct decimal){25, -2}), 0);
	CHECK_INT(decimal_compare(v.impact, (struct decimal){8, -1}), 0);
	CHECK_INT(decimal_compare(v.value, (struct decimal){1205, -1}), 0);
	CHECK_INT(v.armed_at, INT64_C(1700000000000));
	CHECK_INT(v.deadline_at, INT64_C(1700000001000));
	CHECK_INT(v.fire_at, INT64_C(1700000002000));
	CHECK_INT(v.not_before, INT64_C(1700000003000));
	CHECK_INT(v.valid_until, INT64_C(1700000004000));
}

/* What is missing or of another type is as if it were not there. */
static void reads_little(void)
{
	static const char *const texts[] = {"{}",
		("{\"id\":1,\"epoch\":\"2\",\"fire_at\":7,\"priority\":[],\"data\":[{\"total\":5}],"
		 "\"valid_until\":null,\"canonical\":{}}"),
		"{\"priority\":{\"class\":\"urgent\",\"likelihood\":true}}"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(arena_release) struct arena a;
		struct job_view v;

		arena_init(&a);
		REQUIRE(job_view_read(span_str(texts[i]), &a, &v) == 0);
		CHECK_INT(v.id.len + v.whose.len + v.data.len + v.epoch, 0);
		CHECK_INT(v.priority, PRIORITY_LOW);
		CHECK_INT(decimal_compare(v.value, (struct decimal){1, 0}), 0);
		CHECK_INT(decimal_compare(v.likelihood, (struct decimal){1, 0}), 0);
		CHECK_INT(v.fire_at, INT64_MIN);
		CHECK_INT(v.valid_until, TIME_NEVER);
	}
}

static void refuses(void)
{
	static const char *const texts[] = {
		"", "[]", "{", "{\"id\":\"x\"", "{\"id\":\"x\"} {}", "{\"id\":}", "nothing"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(arena_release) struct arena a;
		struct job_view v;

		arena_init(&a);
		CHECK_INT(job_view_read(span_str(texts[i]), &a, &v), JOB_VIEW_BAD);
		CHECK_INT(v.id.len, 0);
	}
}

static void ranks(void)
{
	static const struct {
		const char *json, *rank;
	} rows[] = {
		/* 0.5 × 2000 = 1000, × 10^5 = 10^8 */
		{"{\"priority\":{\"class\":\"high\",\"impact\":0.5},\"data\":{\"total\":2000}}",
			"00999999900000000"},
		/* The total is what counts, whichever comes first. */
		{"{\"data\":{\"total\":3,\"value\":9}}", "20999999999700000"},
		{"{\"data\":{\"value\":9,\"total\":3}}", "20999999999700000"},
		{"{\"data\":{\"value\":9}}", "20999999999100000"},
		{"{}", "20999999999900000"},
		{"{\"priority\":{\"class\":\"medium\"},\"data\":{\"value\":0}}",
			"11000000000000000"},
		{"{\"data\":{\"value\":-5}}", "21000000000000000"},
		/* No more than 10^10 is told apart. */
		{"{\"data\":{\"value\":10000000000}}", "20000000000000000"},
		{"{\"data\":{\"value\":1e30}}", "20000000000000000"},
		{"{\"priority\":{\"likelihood\":7,\"impact\":1e9},\"data\":{\"value\":1}}",
			"20999999999900000"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		char rank[JOB_RANK_SIZE];
		struct job_view v;

		arena_init(&a);
		REQUIRE(job_view_read(span_str(rows[i].json), &a, &v) == 0);
		job_rank(&v, rank);
		CHECK_STR(span_str(rank), rows[i].rank);
	}
}

static void check_event(const struct job_event *e, const char *want)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	CHECK_INT(job_event_json(e, &out), 0);
	CHECK_STR(buf_span(&out), want);
}

static void becomes_events(void)
{
	struct job_view v = JOB_VIEW_NONE;
	struct job_event e = {.identity = &IDENTITY_DEFAULT,
		.job = &v,
		.fate = JOB_FATE_SENT,
		.channel = SPAN_LIT("sms"),
		.at = INT64_C(1700000000000)};

	v.id = SPAN_LIT("ab");
	v.rule = SPAN_LIT("r");
	v.customer = SPAN_LIT("anon:a");
	v.whose = SPAN_LIT("u\"1");
	v.key = SPAN_LIT("customer");
	v.step = SPAN_LIT("main");
	v.kind = SPAN_LIT("service");
	check_event(&e,
		"{\"type\":\"track\",\"event\":\"Notification Sent\",\"userId\":\"u\\\"1\","
		"\"messageId\":\"job:ab:sent\",\"timestamp\":\"2023-11-14T22:13:20.000Z\","
		"\"properties\":{\"job_id\":\"ab\",\"rule\":\"r\",\"step\":\"main\",\"key\":"
		"\"customer\",\"class\":\"service\",\"channel\":\"sms\"}}");
	v.whose = SPAN_LIT("email:x@y");
	e.fate = JOB_FATE_BOUNCED;
	e.reason = SPAN_LIT("550");
	e.bounce = SPAN_LIT("hard");
	check_event(&e,
		"{\"type\":\"track\",\"event\":\"Notification Bounced\",\"identifiers\":{\"email\":"
		"\"x@y\"},\"messageId\":\"job:ab:bounced\",\"timestamp\":"
		"\"2023-11-14T22:13:20.000Z\",\"properties\":{\"job_id\":\"ab\",\"rule\":\"r\","
		"\"step\":\"main\",\"key\":\"customer\",\"class\":\"service\",\"channel\":\"sms\","
		"\"reason\":\"550\",\"bounce\":\"hard\"}}");
	/* It may be put off more than once, and each is another event. */
	v.whose = SPAN_LIT("anon:a");
	e.fate = JOB_FATE_DEFERRED;
	e.reason = SPAN_LIT("quiet_hours");
	e.bounce = SPAN_EMPTY;
	e.gate = SPAN_LIT("quiet");
	e.until = INT64_C(1700000001000);
	check_event(&e,
		"{\"type\":\"track\",\"event\":\"Notification Deferred\",\"anonymousId\":\"a\","
		"\"messageId\":\"job:ab:deferred:1700000001000\",\"timestamp\":"
		"\"2023-11-14T22:13:20.000Z\",\"properties\":{\"job_id\":\"ab\",\"rule\":\"r\","
		"\"step\":\"main\",\"key\":\"customer\",\"class\":\"service\",\"channel\":\"sms\","
		"\"reason\":\"quiet_hours\",\"gate\":\"quiet\",\"until\":"
		"\"2023-11-14T22:13:21.000Z\"}}");
}

static void knows_words(void)
{
	CHECK_INT(job_fate_of(SPAN_LIT("clicked")), JOB_FATE_CLICKED);
	CHECK_INT(job_fate_of(SPAN_LIT("Clicked")), JOB_FATE_COUNT);
	CHECK_INT(job_fate_of(SPAN_EMPTY), JOB_FATE_COUNT);
	CHECK_STR(job_fate_event(JOB_FATE_UNSUBSCRIBED), "Unsubscribed");
	CHECK_INT(job_event_channel(SPAN_LIT("inapp")), CHANNEL_WEB);
	CHECK_INT(job_event_channel(SPAN_LIT("task")), CHANNEL_STAFF);
	CHECK_INT(job_event_channel(SPAN_LIT("pigeon")), CHANNEL_SERVER);
}

static const struct check_case cases[] = {
	{"a job whole", reads_all},
	{"what is missing or of another type", reads_little},
	{"what is no job", refuses},
	{"the place among others", ranks},
	{"what became of it, as an event", becomes_events},
	{"words and channels", knows_words},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
