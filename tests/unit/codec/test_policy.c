/* SPDX-License-Identifier: MIT */
/*
 * Policies from files: what compiles is what its author wrote, what is not named keeps its default,
 * and rules know the policy wherever its file stands. What is refused stands in rules_bad.
 */
#include "case_files.h"
#include "check.h"
#include "codec/rule_json.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
static struct file_problems problems;

#define RULE(ID, CLASS, MORE)                                                                      \
	"{\"id\":\"" ID "\",\"class\":\"" CLASS                                                    \
	"\",\"arm\":[\"Product Added\"],\"wait\":\"1h\",\"channels\":[\"email\"]" MORE "}"

static int compile(const char *a, const char *b, struct rules **ret_rules)
{
	const struct rule_source sources[] = {
		{"a.json", span_str(a)},
		{"b.json", span_str(b)},
	};

	return rules_compile(sources, b ? 2 : 1, &berlin, &problems, ret_rules);
}

static const char all_members[] =
	"{\"policy\":{\"description\":\"x\","
	"\"channels\":{\"email\":{\"quiet\":\"22:30-06:15\",\"cost\":0.01},"
	"\"sms\":{\"quiet\":null,\"priority\":\"medium\",\"opening\":true}},"
	"\"countries\":{\"AT\":{\"channels\":[\"sms\",\"push\"],\"quiet\":\"20:00-07:00\","
	"\"sundays\":true,\"holidays\":[\"10-26\",\"2026-12-24\",\"easter-2\"]}},"
	"\"opening\":{\"mon\":[\"09:00-12:00\",\"13:00-24:00\"],\"sun\":[],"
	"\"holidays\":[\"12-25\"]},"
	"\"caps\":[{\"classes\":[\"marketing\",\"service\"],\"counts\":[\"marketing\"],"
	"\"channels\":[\"sms\"],\"count\":2,\"within\":\"3d\"}],"
	"\"arbitration\":{\"window\":\"2h\",\"order\":[\"cart\",[\"browse\",\"feedback\"]]}"
	","
	"\"thetas\":{\"likelihood\":0.6,\"impact\":0.8},"
	"\"holdout\":{\"share\":0.125,\"salt\":\"pepper\"},\"incident\":true,"
	"\"mutes\":{\"busy\":{\">\":[{\"var\":\"s.open_orders\"},2]}},"
	"\"segments\":{\"regulars\":{\">=\":[{\"var\":\"s.orders\"},3]}},"
	"\"value_tiers\":[{\"name\":\"mid\",\"from\":500},{\"name\":\"high\",\"from\":2000."
	"50}],"
	"\"loyalty_top\":3,\"percentiles\":[[0.5,180],[0.9,2000]],"
	"\"severities\":{\"Payment Failed\":0.75,\"Own Event\":0.5},"
	"\"models\":{\"gap\":{\"samples\":1200,\"points\":[[0.5,\"60d\"],[0.9,\"210d\"]],"
	"\"parts\":[{\"of\":[\"DHL\",\"AT\"],\"samples\":30,\"points\":[[0.5,\"2d\"]]}]}}}"
	"}";

static void test_all_members(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	const struct policy *p;

	REQUIRE(compile(all_members, NULL, &rules) == 0);
	p = &rules->policy;
	CHECK_INT(p->channels[JOB_CHANNEL_EMAIL].quiet.from, 22 * 60 + 30);
	CHECK_INT(p->channels[JOB_CHANNEL_EMAIL].quiet.to, 6 * 60 + 15);
	CHECK(decimal_compare(p->channels[JOB_CHANNEL_EMAIL].cost, (struct decimal){1, -2}) == 0);
	CHECK_INT(p->channels[JOB_CHANNEL_SMS].quiet.from, p->channels[JOB_CHANNEL_SMS].quiet.to);
	CHECK_INT(p->channels[JOB_CHANNEL_SMS].priority, PRIORITY_MEDIUM);
	CHECK(p->channels[JOB_CHANNEL_SMS].opening);
	CHECK_INT(p->channels[JOB_CHANNEL_PUSH].quiet.from, 21 * 60); /* the default */
	CHECK_INT(p->n_countries, 1);
	CHECK(policy_country(p, SPAN_LIT("AT")) && p->countries[0].sundays);
	CHECK_INT(p->countries[0].channels, 1 << JOB_CHANNEL_SMS | 1 << JOB_CHANNEL_PUSH);
	CHECK_INT(p->countries[0].quiet.to, 7 * 60);
	CHECK(holiday_on(&p->countries[0].holidays, 2027, 10, 26));
	CHECK(holiday_on(&p->countries[0].holidays, 2026, 12, 24));
	CHECK(!holiday_on(&p->countries[0].holidays, 2027, 12, 24));
	CHECK(holiday_on(&p->countries[0].holidays, 2026, 4, 3)); /* Good Friday */
}

static void test_more_members(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	const struct policy *p;

	REQUIRE(compile(all_members, NULL, &rules) == 0);
	p = &rules->policy;
	CHECK_INT(p->n_opening[0], 2);
	CHECK_INT(p->opening[0][1].to, POLICY_MINUTES_DAY);
	CHECK_INT(p->n_opening[1], 0);
	CHECK(holiday_on(&p->holidays, 2030, 12, 25));
	CHECK_INT(p->n_caps, 1);
	CHECK_INT(p->caps[0].binds, 1 << RULE_MARKETING | 1 << RULE_SERVICE);
	CHECK_INT(p->caps[0].counts, 1 << RULE_MARKETING);
	CHECK_INT(p->caps[0].channels, 1 << JOB_CHANNEL_SMS);
	CHECK_INT(p->caps[0].within_ms, 3 * MS_DAY);
	CHECK_INT(p->arbitration_ms, 2 * MS_HOUR);
	CHECK_INT(policy_rank(p, SPAN_LIT("feedback")), 1);
	CHECK_INT(policy_rank(p, SPAN_LIT("checkout")), RANK_NONE);
	CHECK_INT(p->theta_likelihood, 6000);
	CHECK_INT(p->theta_impact, 8000);
	CHECK_INT(p->holdout, 1250);
	CHECK_STR(p->salt, "pepper");
	CHECK(p->incident);
	CHECK_INT(p->n_mutes, 4);
	CHECK_INT(policy_mute(p, SPAN_LIT("busy")), 3);
	CHECK(policy_segment(p, SPAN_LIT("regulars")) && !policy_segment(p, SPAN_LIT("busy")));
	CHECK_INT(p->n_tiers, 2);
	CHECK_INT(p->loyalty_top, 3);
	CHECK_INT(policy_percentile(p, (struct decimal){17999, -2}), 0);
	CHECK_INT(policy_percentile(p, decimal_from_int(180)), 5000);
	CHECK_INT(policy_percentile(p, decimal_from_int(5000)), 9000);
	CHECK_INT(p->n_severities, 2);
	CHECK_INT(p->severities[0].share, 7500);
	CHECK(policy_model(p, SPAN_LIT("gap")) &&
		policy_model(p, SPAN_LIT("gap"))->samples == 1200);
	REQUIRE(policy_model(p, SPAN_LIT("gap"))->n_parts == 1);
	CHECK_INT(policy_model(p, SPAN_LIT("gap"))->parts[0].n_of, 2);
	CHECK_STR(policy_model(p, SPAN_LIT("gap"))->parts[0].of[1], "AT");
	CHECK_INT(policy_model(p, SPAN_LIT("gap"))->parts[0].model.samples, 30);
}

static void test_nothing(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct policy plain;

	policy_default(&plain);
	REQUIRE(compile("{\"policy\":{}}", NULL, &rules) == 0);
	CHECK_INT(rules->n, 0);
	CHECK(rules->policy.caps == plain.caps && rules->policy.countries == plain.countries);
	CHECK(rules->policy.zone != NULL);
	CHECK_INT(rules->policy.holdout, 0);
}

/* The shipped file is the default written out, but for the hold-out and the value tier. */
static void test_shipped(void)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct policy want;
	const struct policy *p;

	buf_printf(&path, "%s/deploy/rules/policy.json", check_source_root());
	buf_add_char(&path, '\0');
	REQUIRE(case_read(path.ptr, &text) == 0);
	buf_add_char(&text, '\0');
	REQUIRE(compile(text.ptr, NULL, &rules) == 0);
	p = &rules->policy;
	policy_default(&want);
	for (unsigned i = 0; i < JOB_CHANNEL_COUNT; i++) {
		CHECK_INT(p->channels[i].quiet.from, want.channels[i].quiet.from);
		CHECK_INT(p->channels[i].quiet.to, want.channels[i].quiet.to);
		CHECK_INT(p->channels[i].priority, want.channels[i].priority);
		CHECK_INT(p->channels[i].opening, want.channels[i].opening);
	}
	CHECK_INT(p->n_countries, want.n_countries);
	for (size_t i = 0; i < p->n_countries && i < want.n_countries; i++) {
		CHECK(memcmp(p->countries[i].code, want.countries[i].code, 2) == 0);
		CHECK_INT(p->countries[i].channels, want.countries[i].channels);
		CHECK_INT(p->countries[i].quiet.from, want.countries[i].quiet.from);
		CHECK_INT(p->countries[i].sundays, want.countries[i].sundays);
		CHECK_INT(p->countries[i].holidays.n, want.countries[i].holidays.n);
	}
	CHECK_INT(p->n_caps, want.n_caps);
	for (size_t i = 0; i < p->n_caps && i < want.n_caps; i++) {
		CHECK_INT(p->caps[i].count, want.caps[i].count);
		CHECK_INT(p->caps[i].within_ms, want.caps[i].within_ms);
	}
	CHECK_INT(p->n_ranks, want.n_ranks);
	for (size_t i = 0; i < p->n_ranks && i < want.n_ranks; i++) {
		CHECK_SPAN(p->ranks[i].name, want.ranks[i].name);
		CHECK_INT(p->ranks[i].place, want.ranks[i].place);
	}
	CHECK(memcmp(p->opening[0], want.opening[0], sizeof(want.opening[0])) == 0);
	CHECK(memcmp(p->n_opening, want.n_opening, sizeof(want.n_opening)) == 0);
	CHECK_INT(p->theta_likelihood, want.theta_likelihood);
	CHECK_INT(p->theta_impact, want.theta_impact);
	CHECK_INT(p->arbitration_ms, want.arbitration_ms);
	CHECK_INT(p->holdout, 500);
}

static void test_members_of_rules(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	const struct rule *a, *b;

	/* The policy stands behind the rules, which know it all the same. */
	REQUIRE(compile("[" RULE("win_back", "marketing",
				",\"quiet\":\"drop\",\"on_cap\":\"drop\","
				"\"send_at\":{\"local\":\"09:00-20:00\"},"
				"\"cap\":{\"count\":2,\"within\":\"365d\"},\"holdout\":0.1,"
				"\"topic\":\"news\",\"mute\":[\"busy\",\"incident\"],"
				"\"rank\":\"own\",\"priority\":{\"likelihood\":0.4,\"impact\":"
				"{\"if\":[{\">\":[{\"var\":\"s.orders\"},1]},0.9,0.1]}}") "," RULE("x",
				"task", ",\"gates\":\"off\"") "]",
			"{\"policy\":{\"mutes\":{\"busy\":{\">\":[{\"var\":\"s.open_orders\"},2]}},"
			"\"arbitration\":{\"order\":[\"cart\",\"own\"]}}}",
			&rules) == 0);
	a = rules_find(rules, SPAN_LIT("win_back"));
	b = rules_find(rules, SPAN_LIT("x"));
	REQUIRE(a && b);
	CHECK(a->gates.on && !b->gates.on);
	CHECK_INT(a->gates.quiet, HABIT_DROP);
	CHECK_INT(a->gates.on_cap, HABIT_DROP);
	CHECK_INT(a->gates.send_at.from, 9 * 60);
	CHECK_INT(a->gates.send_at.to, 20 * 60);
	CHECK_INT(a->gates.cap_count, 2);
	CHECK_INT(a->gates.cap_within_ms, 365 * MS_DAY);
	CHECK_INT(a->gates.holdout, 1000);
	CHECK_STR(a->gates.topic, "news");
	CHECK_INT(a->gates.mutes, 1 << 3 | 1 << 2);
	CHECK_INT(a->gates.rank, 1);
	CHECK(a->gates.impact && !a->gates.likelihood);
	CHECK(a->gates.has_impact && a->gates.has_likelihood);
	CHECK_INT(b->gates.mutes, 0);
	CHECK_INT(b->gates.rank, RANK_NONE);
}

static void test_defaults_of_rules(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;

	REQUIRE(compile("[" RULE("cart_abandoned", "marketing", "") "," RULE(
				"new", "marketing", ",\"mute\":[]") "," RULE("payment_failed",
				"service", "") "," RULE("late", "service", "") "]",
			NULL, &rules) == 0);
	CHECK(rules->list[0].gates.on);
	CHECK_INT(rules->list[0].gates.holdout, HOLDOUT_POLICY);
	CHECK_INT(rules->list[0].gates.mutes, UINT32_MAX);
	CHECK_INT(rules->list[0].gates.rank, 2);
	CHECK_INT(rules->list[1].gates.mutes, 0);
	CHECK_INT(rules->list[1].gates.rank, RANK_LAST);
	CHECK_INT(rules->list[2].gates.rank, 0);
	CHECK_INT(rules->list[3].gates.rank, RANK_NONE);
}

static void test_two(void)
{
	struct rules *rules = NULL;

	CHECK_INT(compile("{\"policy\":{}}", "{\"policy\":{}}", &rules), RULES_BAD);
	CHECK_INT(problems.n, 1);
	CHECK(strcmp(problems.list[0].file, "b.json") == 0);
	CHECK(strstr(problems.list[0].message, "a policy already, in a.json"));
}

static void test_digest(void)
{
	_cleanup_(rules_freep) struct rules *a = NULL, *b = NULL;

	REQUIRE(compile(RULE("x", "task", ""), "{\"policy\":{\"incident\":false}}", &a) == 0);
	REQUIRE(compile(RULE("x", "task", ""), "{\"policy\":{\"incident\":true}}", &b) == 0);
	CHECK(a->digest != b->digest);
}

static void test_zones(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;

	REQUIRE(compile(RULE("x", "task", ""), NULL, &rules) == 0);
	CHECK(!policy_zone(&rules->policy, SPAN_LIT("America/New_York")));
	REQUIRE(rules_add_zones(rules, &berlin) == 0);
	CHECK(policy_zone(&rules->policy, SPAN_LIT("America/New_York")));
	CHECK(policy_zone(&rules->policy, SPAN_LIT("Asia/Calcutta"))); /* an old name */
	CHECK(!policy_zone(&rules->policy, SPAN_LIT("Europe/Atlantis")));
	CHECK(rules->policy.n_zones > 400);
	for (size_t i = 1; i < rules->policy.n_zones; i++)
		CHECK(span_compare(rules->policy.zones[i - 1].name, rules->policy.zones[i].name) <
			0);
}

/* In tenths of a day. From triggers.md, section 13, by hand: of lines from point to point, the
 * share of 0.75 and that of 0.95, no more than 540 days. */
static void test_lapse(void)
{
	static const struct {
		const char *policy;
		int64_t lapsing, lapsed;
	} rows[] = {
		{"\"incident\":false", 1800, 5400},
		{"\"models\":{\"store_gap\":{\"samples\":30,\"points\":"
		 "[[0.5,\"60d\"],[0.75,\"100d\"],[0.95,\"200d\"]]}}",
			1000, 2000},
		/* too few to say anything */
		{"\"models\":{\"store_gap\":{\"samples\":29,\"points\":"
		 "[[0.5,\"60d\"],[0.75,\"100d\"],[0.95,\"200d\"]]}}",
			1800, 5400},
		/* 60 + 25/40 of 160; the table ends below 0.95 */
		{"\"models\":{\"store_gap\":{\"samples\":900,\"points\":"
		 "[[0.5,\"60d\"],[0.9,\"220d\"]]}}",
			1600, 5400},
		/* 60 + 25/50 of 640; 60 + 45/50 of 640 are 636 */
		{"\"models\":{\"store_gap\":{\"samples\":900,\"points\":"
		 "[[0.5,\"60d\"],[1,\"700d\"]]}}",
			3800, 5400},
		/* a month at least */
		{"\"models\":{\"store_gap\":{\"samples\":900,\"points\":"
		 "[[0.75,\"10d\"],[0.95,\"20d\"]]}}",
			300, 300},
		{"\"models\":{\"store_gap\":{\"samples\":900,\"points\":"
		 "[[0.75,\"10d\"],[0.95,\"40d\"]]}},\"lapse\":{\"lapsing\":\"35d\"}",
			350, 400},
		{"\"lapse\":{\"description\":\"x\",\"lapsing\":\"30d\",\"lapsed\":\"730d\"}", 300,
			7300},
		/* never later than lapsed */
		{"\"lapse\":{\"lapsed\":\"100d\"}", 1000, 1000},
	};
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;

		(void)snprintf(text, sizeof(text), "{\"policy\":{%s}}", rows[i].policy);
		REQUIRE(compile(RULE("x", "task", ""), text, &rules) == 0);
		CHECK_INT(rules->policy.lapse.lapsing_ms * 10 / MS_DAY, rows[i].lapsing);
		CHECK_INT(rules->policy.lapse.lapsed_ms * 10 / MS_DAY, rows[i].lapsed);
	}
}

/* Its alpha is in weeks; without it there is no model. */
static void test_at_risk(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL, *none = NULL;
	const struct purchase_model *m;

	REQUIRE(compile(RULE("x", "task", ""),
			"{\"policy\":{\"lapse\":{\"at_risk\":{\"r\":0.525,\"alpha\":6.5,"
			"\"a\":0.891,\"b\":16.14e-1,\"within\":\"273d\",\"likelihood\":0.9}}}}",
			&rules) == 0);
	m = &rules->policy.lapse.purchase;
	CHECK(m->r == 0.525 && m->a == 0.891 && m->b == 1.614);
	CHECK(m->alpha_ms == 6.5 * 7 * MS_DAY && m->likelihood == 0.9);
	CHECK_INT(m->within_ms, 273 * MS_DAY);
	CHECK_INT(rules->policy.lapse.lapsing_ms, 180 * MS_DAY);
	REQUIRE(compile(RULE("x", "task", ""), "{\"policy\":{\"incident\":false}}", &none) == 0);
	CHECK(none->policy.lapse.purchase.likelihood == 0);
}

static const struct check_case cases[] = {
	{"channels and countries", test_all_members},
	{"all other members", test_more_members},
	{"none: the defaults", test_nothing},
	{"the policy that is installed", test_shipped},
	{"what rules say of the gates", test_members_of_rules},
	{"and what they do not say", test_defaults_of_rules},
	{"a shop has one", test_two},
	{"it is part of the digest", test_digest},
	{"where customers may live", test_zones},
	{"when they are lapsing", test_lapse},
	{"when they hardly buy again", test_at_risk},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
