/* SPDX-License-Identifier: MIT */
#include "codec/job_json.h"

#include "check.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

/* ---- ids ------------------------------------------------------------------------------- */

/* The published vectors, computed with another SHA-256. */
static void test_vectors(void)
{
	static const struct {
		const char *rule, *customer, *key, *episode, *step, *id;
	} vectors[] = {
		{"cart_abandoned", "cust_42", "cart:C1001", "1", "email1",
			"6e0a90ade49e49008d98d6bbebe4df83"},
		{"birthday", "cust_42", "birthday", "2026", "main",
			"8cda5c6e62661252d921aa14cb468037"},
		{"a", "b-c", "d", "1", "m", "b973821198f3cac292372d975250bb48"},
		{"a", "b", "c-d", "1", "m", "e45e5d7b8696e7b81dbdc677eca1ef3c"},
		{"birthday", "kundin_\xc3\xbc", "birthday", "2026", "main",
			"0083237c70bacf82c99f0fc8b645d2e9"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct job_name name = {
			.rule = span_str(vectors[i].rule),
			.epoch = 1,
			.customer = span_str(vectors[i].customer),
			.key = span_str(vectors[i].key),
			.episode = span_str(vectors[i].episode),
			.step = span_str(vectors[i].step),
		};
		char id[JOB_ID_SIZE];

		REQUIRE(job_id_of(&name, id) == 0);
		CHECK_STR(span_str(id), vectors[i].id);
	}
}

static void test_id_of_decision(void)
{
	const struct decision d = {
		.rule = SPAN_LIT("cart_abandoned"),
		.epoch = 1,
		.key = SPAN_LIT("cart:C1001"),
		.episode = 1,
		.step = SPAN_LIT("email1"),
	};
	const struct decision most = {
		.rule = SPAN_LIT("r"), .epoch = UINT32_MAX, .episode = UINT32_MAX};
	char id[JOB_ID_SIZE];

	REQUIRE(job_id(&d, SPAN_LIT("cust_42"), id) == 0);
	CHECK_STR(span_str(id), "6e0a90ade49e49008d98d6bbebe4df83");
	/* printf 'wm1|1:r,10:4294967295,0:,0:,10:4294967295,0:,' | sha256sum */
	REQUIRE(job_id(&most, SPAN_EMPTY, id) == 0);
	CHECK_STR(span_str(id), "76fdc94c4395dfa6e7d9bbcd7fc9d1b8");
}

/* ---- JSON ------------------------------------------------------------------------------ */

static const struct rule cart_rule = {
	.id = {"cart_abandoned", 14},
	.class = RULE_MARKETING,
	.wait = {.kind = WAIT_SPAN, .span_ms = 4 * MS_HOUR},
	.expire_ms = MS_DAY,
	.steps = {{.id = {"m1", 2}}, {.id = {"m2", 2}, .after_ms = 20 * MS_HOUR}},
	.n_steps = 2,
	.channels = {{"email", 5}, {"sms", 3}},
	.n_channels = 2,
	.likelihood = {6, -1},
	.impact = {75, -2},
};

static struct decision cart_decision(const struct rule *rule)
{
	return (struct decision){
		.outcome = OUTCOME_FIRED,
		.rule = SPAN_LIT("cart_abandoned"),
		.epoch = 1,
		.key = SPAN_LIT("cart:C1"),
		.episode = 2,
		.step = SPAN_LIT("m1"),
		.at = NOON + 4 * MS_HOUR + 2 * MS_MINUTE,
		.anchor_at = NOON,
		.armed_at = NOON + 312,
		.deadline_at = NOON + 4 * MS_HOUR,
		.fire_at = NOON + 4 * MS_HOUR + 2 * MS_MINUTE,
		.by = SPAN_LIT("Product Added"),
		.by_at = NOON,
		.data = SPAN_LIT("\"cart_id\":\"C1\",\"total\":19.90"),
		.rule_now = rule,
	};
}

static void check_json(const struct decision *d, const char *customer, const char *want)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	REQUIRE(job_json(d, span_str(customer), "6e0a90ade49e49008d98d6bbebe4df83", &b) == 0);
	CHECK_STR(buf_span(&b), want);
}

/* Who has become another customer keeps the ids of what was armed before. */
static void test_subject(void)
{
	struct decision d = {
		.rule = SPAN_LIT("cart_abandoned"),
		.epoch = 1,
		.key = SPAN_LIT("cart:C1001"),
		.episode = 1,
		.step = SPAN_LIT("email1"),
		.subject = SPAN_LIT("cust_42"),
	};
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	char id[JOB_ID_SIZE];

	REQUIRE(job_id(&d, SPAN_LIT("anna"), id) == 0);
	CHECK_STR(span_str(id), "6e0a90ade49e49008d98d6bbebe4df83");
	d.rule_now = &cart_rule;
	REQUIRE(job_json(&d, SPAN_LIT("anna"), id, &b) == 0);
	buf_add_char(&b, '\0');
	CHECK(strstr(b.ptr, "\"customer\":\"cust_42\",\"canonical\":\"anna\",\"key\":"));
}

static void test_json(void)
{
	struct decision d = cart_decision(&cart_rule);

	check_json(&d, "cust_42",
		"{\"id\":\"6e0a90ade49e49008d98d6bbebe4df83\",\"rule\":\"cart_abandoned\","
		"\"epoch\":1,\"customer\":\"cust_42\",\"key\":\"cart:C1\",\"episode\":2,"
		"\"step\":\"m1\",\"class\":\"marketing\",\"channel\":\"email\","
		"\"channels\":[\"email\",\"sms\"],"
		"\"priority\":{\"class\":\"high\",\"likelihood\":0.6,\"impact\":0.75},"
		"\"reason\":\"Armed by Product Added for cart:C1; nothing cancelled it within 4h "
		"of "
		"the last activity at 2026-11-21T12:00:00.000Z.\","
		"\"armed_at\":\"2026-11-21T12:00:00.312Z\","
		"\"deadline\":\"2026-11-21T16:00:00.000Z\","
		"\"fire_at\":\"2026-11-21T16:02:00.000Z\","
		"\"not_before\":\"2026-11-21T16:02:00.000Z\","
		"\"valid_until\":\"2026-11-22T16:02:00.000Z\","
		"\"data\":{\"cart_id\":\"C1\",\"total\":19.90}}");
}

/* No channel, no end, no data; names that try to leave their strings. */
static void test_json_bare(void)
{
	struct rule rule = {.class = RULE_TASK, .expire_ms = TIME_NEVER, .n_steps = 1};
	struct decision d = cart_decision(&rule);

	rule.steps[0].id = SPAN_LIT("m1");
	d.data = SPAN_EMPTY;
	d.key = SPAN_LIT("cart:\"\n</script>");
	d.by = SPAN_LIT("\\");
	check_json(&d, "\x01",
		"{\"id\":\"6e0a90ade49e49008d98d6bbebe4df83\",\"rule\":\"cart_abandoned\","
		"\"epoch\":1,\"customer\":\"\\u0001\",\"key\":\"cart:\\\"\\n</script>\","
		"\"episode\":2,\"step\":\"m1\",\"class\":\"task\",\"channel\":null,"
		"\"channels\":[],\"priority\":{\"class\":\"low\",\"likelihood\":0,\"impact\":0},"
		"\"reason\":\"Armed by \\\\ for cart:\\\"\\n</script>; nothing cancelled it within "
		"4h "
		"of the last activity at 2026-11-21T12:00:00.000Z.\","
		"\"armed_at\":\"2026-11-21T12:00:00.312Z\","
		"\"deadline\":\"2026-11-21T16:00:00.000Z\","
		"\"fire_at\":\"2026-11-21T16:02:00.000Z\","
		"\"not_before\":\"2026-11-21T16:02:00.000Z\",\"valid_until\":null,\"data\":{}}");
}

static bool holds(const struct buf *b, const char *part)
{
	size_t len = strlen(part);

	for (size_t i = 0; i + len <= b->len; i++)
		if (memcmp(b->ptr + i, part, len) == 0)
			return true;
	return false;
}

/* Captured values that came over several lines stay on the job's one. */
static void test_one_line(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct decision d = cart_decision(&cart_rule);

	d.data = SPAN_LIT("\"a\":{\r\n\t\"b\": [1,\n2]}");
	REQUIRE(job_json(&d, SPAN_LIT("c"), "id", &b) == 0);
	CHECK(!memchr(b.ptr, '\n', b.len) && !memchr(b.ptr, '\r', b.len));
	CHECK(holds(&b, "\"data\":{\"a\":{  \t\"b\": [1, 2]}}"));
}

static void test_decimals(void)
{
	static const struct {
		struct decimal d;
		const char *want;
	} rows[] = {
		{{0, 0}, "0"},
		{{1, 0}, "1"},
		{{5, -1}, "0.5"},
		{{75, -2}, "0.75"},
		{{1, -3}, "0.001"},
		{{999999999999999999, -18}, "0.999999999999999999"},
		{{1, -18}, "0.000000000000000001"},
		{{1, -19}, "1e-19"},
		{{1234, -2}, "12.34"},
		{{-1234, -4}, "-0.1234"},
		{{1, 3}, "1000"},
		{{1, 400}, "1e400"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct rule rule = cart_rule;
		struct decision d = cart_decision(&rule);
		char want[64];

		rule.likelihood = rows[i].d;
		REQUIRE(job_json(&d, SPAN_LIT("c"), "id", &b) == 0);
		(void)snprintf(want, sizeof(want), "\"likelihood\":%s,", rows[i].want);
		CHECK(holds(&b, want));
	}
}

/* fire_at + expire_ms beyond the end of time is never. */
static void test_validity(void)
{
	struct rule rule = cart_rule;
	struct decision d = cart_decision(&rule);
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	rule.expire_ms = TIME_NEVER - 1;
	REQUIRE(job_json(&d, SPAN_LIT("c"), "id", &b) == 0);
	CHECK(holds(&b, "\"valid_until\":null"));
	rule.expire_ms = 0;
	buf_reset(&b);
	REQUIRE(job_json(&d, SPAN_LIT("c"), "id", &b) == 0);
	CHECK(holds(&b, "\"valid_until\":\"2026-11-21T16:02:00.000Z\""));
}

/* ---- reasons --------------------------------------------------------------------------- */

static void check_reason(const struct decision *d, const char *want)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	job_reason(d, &b);
	CHECK_STR(buf_span(&b), want);
}

static void test_reason_span(void)
{
	struct rule rule = cart_rule;
	struct decision d = cart_decision(&rule);

	rule.anchor_first = true;
	check_reason(&d,
		"Armed by Product Added for cart:C1; nothing cancelled it within 4h of the "
		"first activity at 2026-11-21T12:00:00.000Z.");
	rule.anchor_first = false;
	d.by = SPAN_EMPTY;
	check_reason(&d,
		"Armed for cart:C1; nothing cancelled it within 4h of the last activity at "
		"2026-11-21T12:00:00.000Z.");
	d.step = SPAN_LIT("m2");
	d.deadline_at = NOON + MS_DAY;
	check_reason(&d, "Armed for cart:C1; nothing cancelled it by 2026-11-22T12:00:00.000Z; the "
			 "last activity at 2026-11-21T12:00:00.000Z.");
	d.rule_now = NULL;
	check_reason(&d, "Armed for cart:C1; nothing cancelled it by 2026-11-22T12:00:00.000Z; the "
			 "last activity at 2026-11-21T12:00:00.000Z.");
}

static void test_reason_field(void)
{
	struct rule rule = cart_rule;
	struct decision d = cart_decision(&rule);
	static const struct {
		int64_t span_ms;
		enum wait_local local;
		const char *what;
	} rows[] = {
		{0, WAIT_AS_GIVEN, "the instant that it named"},
		{MS_DAY, WAIT_AS_GIVEN, "1d after the instant that it named"},
		{-MS_DAY, WAIT_AS_GIVEN, "1d before the instant that it named"},
		{0, WAIT_DAY_END, "the end of the day that it named"},
		{2 * MS_HOUR, WAIT_DAY_END, "2h after the end of the day that it named"},
		{0, WAIT_DAY_TIME, "09:05 of the day that it named"},
	};

	rule.wait.kind = WAIT_FIELD;
	rule.wait.local_minute = 9 * 60 + 5;
	d.by = SPAN_LIT("Order Completed");
	d.key = SPAN_LIT("order:O1");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char want[200];

		rule.wait.span_ms = rows[i].span_ms;
		rule.wait.local = rows[i].local;
		(void)snprintf(want, sizeof(want),
			"Armed by Order Completed for order:O1; nothing cancelled it by "
			"2026-11-21T16:00:00.000Z, %s.",
			rows[i].what);
		check_reason(&d, want);
	}
}

static const struct check_case cases[] = {
	{"ids of the published vectors", test_vectors},
	{"the id of a decision", test_id_of_decision},
	{"a job of somebody who is another by now", test_subject},
	{"all members", test_json},
	{"members that are not there", test_json_bare},
	{"one job, one line", test_one_line},
	{"likelihood and impact digit for digit", test_decimals},
	{"how long a job is worth something", test_validity},
	{"reasons after a span of time", test_reason_span},
	{"reasons at an instant that was named", test_reason_field},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
