/* SPDX-License-Identifier: MIT */
/* When waits are over: local times over the change of the clocks, weekdays, business time, models.
 * Instants are hand arithmetic with the offsets of the day; figures of the models are computed
 * apart (Python's statistics.NormalDist). */
#include "absence_scene.h"

#include "../base/zone_file.h"

#include <math.h>

static int64_t at(const char *text)
{
	int64_t instant = 0;

	CHECK(instant_parse(span_str(text), &instant) == 0);
	return instant;
}

struct place {
	struct rules *rules;
	struct journey *journey;
	struct zone *berlin, *tokyo;
	struct policy_zone zones[1];
};

static void place_init(struct place *p)
{
	REQUIRE(rules_new(&p->rules) == 0 && journey_new(SPAN_LIT("c"), &p->journey) == 0);
	p->berlin = zone_file_parse("Europe/Berlin");
	p->tokyo = zone_file_parse("Asia/Tokyo");
	REQUIRE(p->berlin && p->tokyo);
	p->zones[0] = (struct policy_zone){SPAN_LIT("Asia/Tokyo"), p->tokyo};
	p->rules->policy.zone = p->berlin;
	p->rules->policy.zones = p->zones;
	p->rules->policy.n_zones = 1;
}

static void place_release(struct place *p)
{
	zone_free(p->berlin);
	zone_free(p->tokyo);
	rules_free(p->rules);
	journey_free(p->journey);
}

static void check_end(
	int line, struct place *p, const struct rule_wait *w, const char *from, const char *want)
{
	struct cond_scope scope = {.rules = p->rules, .journey = p->journey};
	char text[INSTANT_SIZE] = "";
	int64_t end;

	if (rule_wait_end(w, &scope, at(from), &end))
		instant_format(end, text);
	check_span(__FILE__, line, "end", span_str(text), span_str(want));
}
#define CHECK_END(P, W, FROM, WANT) check_end(__LINE__, (P), (W), (FROM), (WANT))

#define MON 1u
#define SUN (1u << 6)

static void test_local(void)
{
	struct place p;
	struct rule_wait w = {
		.kind = WAIT_LOCAL, .local = WAIT_DAY_TIME, .local_minute = 9 * 60 + 30};

	place_init(&p);
	w.zone = p.berlin;
	/* today if it is still ahead; at the very minute it is over */
	CHECK_END(&p, &w, "2026-11-23T08:29:59.999Z", "2026-11-23T08:30:00.000Z");
	CHECK_END(&p, &w, "2026-11-23T08:30:00Z", "2026-11-24T08:30:00.000Z");
	/* the day after tomorrow; over the night in which summer time begins */
	w.days = 2;
	CHECK_END(&p, &w, "2026-03-27T12:00:00Z", "2026-03-29T07:30:00.000Z");
	/* a Friday: the next Monday, also a Sunday of 23 hours further */
	w.days = 0;
	w.weekdays = MON;
	CHECK_END(&p, &w, "2026-03-27T12:00:00Z", "2026-03-30T07:30:00.000Z");
	CHECK_END(&p, &w, "2026-03-30T07:29:00Z", "2026-03-30T07:30:00.000Z");
	CHECK_END(&p, &w, "2026-03-30T07:30:00Z", "2026-04-06T07:30:00.000Z");
	/* Sunday in Berlin is Sunday, although by UTC it is still Saturday */
	w.weekdays = SUN;
	w.local_minute = 30;
	CHECK_END(&p, &w, "2026-11-27T12:00:00Z", "2026-11-28T23:30:00.000Z");
	/* the end of a Sunday is Monday's first instant */
	w.local = WAIT_DAY_END;
	CHECK_END(&p, &w, "2026-11-27T12:00:00Z", "2026-11-29T23:00:00.000Z");
	place_release(&p);
}

static void test_customer_zone(void)
{
	struct place p;
	struct profile *profile;
	struct rule_wait w = {.kind = WAIT_LOCAL,
		.local = WAIT_DAY_TIME,
		.local_minute = 9 * 60,
		.zone_customer = true};

	place_init(&p);
	w.zone = p.berlin;
	CHECK_END(&p, &w, "2026-11-23T12:00:00Z", "2026-11-24T08:00:00.000Z");
	profile = journey_add_profile(p.journey);
	REQUIRE(profile);
	REQUIRE(text_set(&profile->texts[PROFILE_ZONE].text, SPAN_LIT("Asia/Tokyo")) == 0);
	profile->texts[PROFILE_ZONE].at = 0;
	CHECK_END(&p, &w, "2026-11-23T12:00:00Z", "2026-11-24T00:00:00.000Z");
	place_release(&p);
}

/* Monday to Saturday from 10 to 18, as a policy is where none was written. */
static void test_business(void)
{
	struct place p;
	struct rule_wait days = {.kind = WAIT_BUSINESS, .days = 2};
	struct rule_wait hours = {.kind = WAIT_BUSINESS, .span_ms = 10 * MS_HOUR};

	place_init(&p);
	/* from Friday 15:00 two days on which it opens are Monday 15:00 */
	CHECK_END(&p, &days, "2026-11-27T14:00:00Z", "2026-11-30T14:00:00.000Z");
	/* ten hours from Friday 15:00: three, then seven of Saturday */
	CHECK_END(&p, &hours, "2026-11-27T14:00:00Z", "2026-11-28T16:00:00.000Z");
	memset(p.rules->policy.n_opening, 0, sizeof(p.rules->policy.n_opening));
	CHECK_END(&p, &hours, "2026-11-27T14:00:00Z", "");
	place_release(&p);
}

static const struct policy_point points[] = {
	{1000, 10 * MS_DAY}, {5000, 60 * MS_DAY}, {9000, 240 * MS_DAY}, {9900, 400 * MS_DAY}};

static void add_model(struct place *p)
{
	struct policy_model *m = arena_calloc(&p->rules->arena, 1, sizeof(*m));

	REQUIRE(m);
	*m = (struct policy_model){.name = SPAN_LIT("store_gap"),
		.samples = 1000,
		.points = points,
		.n_points = ARRAY_SIZE(points)};
	p->rules->policy.models = m;
	p->rules->policy.n_models = 1;
}

static void test_table(void)
{
	struct place p;
	struct rule_wait w = {.kind = WAIT_MODEL,
		.model = SPAN_LIT("store_gap"),
		.share = 9000,
		.max_ms = DURATION_MAX_MS,
		.else_ms = TIME_NEVER};

	place_init(&p);
	CHECK_END(&p, &w, "2026-01-01T00:00:00Z", "");
	w.else_ms = 180 * MS_DAY;
	CHECK_END(&p, &w, "2026-01-01T00:00:00Z", "2026-06-30T00:00:00.000Z");
	add_model(&p);
	CHECK_END(&p, &w, "2026-01-01T00:00:00Z", "2026-08-29T00:00:00.000Z");
	w.max_ms = 90 * MS_DAY;
	CHECK_END(&p, &w, "2026-01-01T00:00:00Z", "2026-04-01T00:00:00.000Z");
	w.max_ms = DURATION_MAX_MS;
	w.min_ms = 365 * MS_DAY;
	CHECK_END(&p, &w, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z");
	/* beyond its last point the table says nothing */
	w.share = 9950;
	CHECK_END(&p, &w, "2026-01-01T00:00:00Z", "2026-06-30T00:00:00.000Z");
	place_release(&p);
}

/* Deliveries whose logarithm is normal, about three days, with a deviation of a half: how long each
 * whole second per cent takes, in ms (Python, statistics.NormalDist). */
static const struct policy_point deliveries[] = {{100, 80998127}, {400, 108013577},
	{600, 119129742}, {800, 128388932}, {1000, 136568208}, {1200, 144042237}, {1400, 151024231},
	{1600, 157648997}, {1800, 164008363}, {2000, 170168538}, {2200, 176179499},
	{2400, 182080461}, {2600, 187903261}, {2800, 193674557}, {3000, 199417319},
	{3200, 205151876}, {3400, 210896691}, {3600, 216668940}, {3800, 222484975},
	{4000, 228360704}, {4200, 234311921}, {4400, 240354606}, {4600, 246505204},
	{4800, 252780917}, {5000, 259200000}, {5200, 265782088}, {5400, 272548567},
	{5600, 279522998}, {5800, 286731634}, {6000, 294204033}, {6200, 301973830},
	{6400, 310079700}, {6600, 318566591}, {6800, 327487329}, {7000, 336904740},
	{7200, 346894507}, {7400, 357549090}, {7600, 368983248}, {7800, 381341985},
	{8000, 394812347}, {8200, 409641550}, {8400, 426165985}, {8600, 444860004},
	{8800, 466423193}, {9000, 491949342}, {9200, 523289969}, {9400, 563961937},
	{9600, 622001808}, {9700, 663810534}, {9800, 723770548}, {9900, 829459183}};

/* The promise of five days of models.md, section 5: e* is 4.6375 d for 0.8 and 3.8608 d for 0.5.
 * Straight lines between the points cost up to four minutes of it; the exact lengths are what the
 * same formula gives for this very table, computed apart. */
static void test_late_model(void)
{
	static const struct {
		uint32_t theta;
		double promise, want; /* days; by the distribution itself */
		int64_t ms;	      /* by the table */
	} cases[] = {
		{8000, 5, 4.637511534075509, 400597144},
		{5000, 5, 3.860802847469966, 333365206},
		{8000, 4, 3.6219878548695394, 312948438},
		{5000, 3.2, 1.5927523936412915, 137520249},
	};
	struct policy_model m = {.points = deliveries, .n_points = ARRAY_SIZE(deliveries)};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = model_late(&m, cases[i].theta, (int64_t)(cases[i].promise * MS_DAY));

		CHECK_INT(ms, cases[i].ms);
		CHECK(fabs((double)ms / MS_DAY - cases[i].want) < 4.0 / 24 / 60);
	}
	/* fewer than one in five make it: four of five are late from the beginning */
	CHECK_INT(model_late(&m, 8000, 19 * MS_DAY / 10), 0);
	CHECK_INT(model_late(&m, 8000, 2 * MS_DAY), 81848573);
	CHECK_INT(model_late(&m, 8000, 0), 0);
	CHECK_INT(model_late(&m, 8000, -1), 0);
	/* longer than any in the table */
	CHECK_INT(model_late(&m, 8000, 30 * MS_DAY), 30 * MS_DAY);
	CHECK_INT(model_late(&m, 8000, 700000000), 664076756);
	/* all that one point says is that nobody was sooner; and what comes behind it is unknown */
	m.n_points = 1;
	CHECK_INT(model_late(&m, 9950, 80998127), 80998127);
	CHECK_INT(model_late(&m, 9950, 80998128), 80998128);
}

static void test_parts(void)
{
	const struct policy_part parts[] = {
		{{SPAN_LIT("DHL"), SPAN_LIT("AT")}, 2,
			{.samples = 29, .points = points, .n_points = 4}},
		{{SPAN_LIT("DHL")}, 1, {.samples = 30, .points = points, .n_points = 4}},
	};
	struct policy_model m = {.samples = 31, .parts = parts, .n_parts = ARRAY_SIZE(parts)};
	const struct span at[] = {SPAN_LIT("dhl"), SPAN_LIT("AT")};
	const struct span ups[] = {SPAN_LIT("UPS"), SPAN_LIT("AT")};

	CHECK(model_of(&m, at, 2, 29) == &parts[0].model);
	CHECK(model_of(&m, at, 2, 30) == &parts[1].model);
	CHECK(model_of(&m, at, 1, 29) == &parts[1].model);
	CHECK(model_of(&m, at, 2, 31) == &m);
	CHECK(model_of(&m, ups, 2, 1) == &m);
	CHECK(model_of(&m, NULL, 0, 31) == &m);
	CHECK(!model_of(&m, at, 2, 32));
}

static int64_t personal(struct place *p, const struct rule_wait *w)
{
	struct cond_scope scope = {.rules = p->rules, .journey = p->journey};
	int64_t end;

	return rule_wait_end(w, &scope, 0, &end) ? end : -1;
}

static void check_lacks(struct place *p, const struct rule_wait *w, const char *want)
{
	struct cond_scope scope = {.rules = p->rules, .journey = p->journey};
	char words[RULE_LACKS_MAX] = "nothing was said";

	rule_wait_lacks(w, &scope, words);
	check_span(__FILE__, __LINE__, want, span_str(words), span_str(want));
}

static void test_personal_gap(void)
{
	static const int32_t days[] = {0, 30, 75, 165, 300};
	struct place p;
	struct profile *profile;
	struct rule_wait w = {.kind = WAIT_GAP,
		.share = 9500,
		.z = 1.6448536269514722,
		.gaps = 4,
		.max_ms = DURATION_MAX_MS,
		.else_ms = TIME_NEVER};

	place_init(&p);
	CHECK_INT(personal(&p, &w), -1);
	check_lacks(&p, &w,
		"of the customer's own gaps between purchases 0 are known, and 4 are needed");
	profile = journey_add_profile(p.journey);
	REQUIRE(profile);
	profile->days = calloc(ARRAY_SIZE(days), sizeof(days[0]));
	REQUIRE(profile->days);
	memcpy(profile->days, days, sizeof(days));
	profile->n_days = ARRAY_SIZE(days);
	CHECK_INT(personal(&p, &w), INT64_C(14404906000));
	add_model(&p);
	CHECK_INT(personal(&p, &w), INT64_C(19664378000));
	w.max_ms = 100 * MS_DAY;
	CHECK_INT(personal(&p, &w), 100 * MS_DAY);
	w.gaps = 5;
	CHECK_INT(personal(&p, &w), -1);
	check_lacks(&p, &w,
		"of the customer's own gaps between purchases 4 are known, and 5 are needed");
	w.else_ms = 77;
	CHECK_INT(personal(&p, &w), 77);
	place_release(&p);
}

/* The longest words fit; what the event alone lacks is said elsewhere. */
static void test_lacks(void)
{
	const struct rule_wait gap = {.kind = WAIT_GAP, .gaps = UINT32_MAX};
	const struct rule_wait model = {.kind = WAIT_MODEL}, late = {.kind = WAIT_LATE};
	const struct rule_wait business = {.kind = WAIT_BUSINESS}, field = {.kind = WAIT_FIELD};
	struct place p;

	place_init(&p);
	check_lacks(&p, &gap,
		"of the customer's own gaps between purchases 0 are known, and 4294967295 are "
		"needed");
	check_lacks(&p, &model, "too few cases are known to foretell it");
	check_lacks(&p, &late, "too few cases are known to foretell it");
	check_lacks(&p, &business, "the shop does not open");
	check_lacks(&p, &field, "");
	place_release(&p);
}

/* What the event carries: an instant, a length, or nothing. */
static void check_carried(struct place *p, const struct rule_wait *w, enum value_type type,
	const char *text, const char *want)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {.fields = fields, .n_fields = FIELD_FIXED_COUNT};
	struct cond_scope scope = {.rules = p->rules, .journey = p->journey, .event = &e};
	char got[INSTANT_SIZE] = "";
	int64_t end;

	fields[FIELD_TOTAL] = (struct value){.type = type, .raw = span_str(text)};
	fields[FIELD_TOTAL].text = span_str(text);
	if (type == VALUE_NUMBER)
		CHECK_INT(decimal_parse(span_str(text), &fields[FIELD_TOTAL].number), 0);
	if (rule_wait_end(w, &scope, at("2026-03-02T10:00:00Z"), &end))
		instant_format(end, got);
	check_span(__FILE__, __LINE__, text, span_str(got), span_str(want));
}

static void test_carried_length(void)
{
	static const struct {
		enum value_type type;
		const char *text, *want;
	} rows[] = {
		{VALUE_NUMBER, "3", "2026-03-05T10:00:00.000Z"},
		{VALUE_NUMBER, "1.5", "2026-03-03T22:00:00.000Z"},
		{VALUE_STRING, "3", "2026-03-05T10:00:00.000Z"},
		{VALUE_STRING, "36h", "2026-03-03T22:00:00.000Z"},
		/* 86,400,000 / 7 = 12,342,857.1…: whole milliseconds, none added */
		{VALUE_NUMBER, "1.1428571428571428", "2026-03-03T13:25:42.857Z"},
		/* between a day and ten */
		{VALUE_NUMBER, "0", "2026-03-03T10:00:00.000Z"},
		{VALUE_NUMBER, "0.999", "2026-03-03T10:00:00.000Z"},
		{VALUE_NUMBER, "10", "2026-03-12T10:00:00.000Z"},
		{VALUE_NUMBER, "11", "2026-03-12T10:00:00.000Z"},
		{VALUE_NUMBER, "1e300", "2026-03-12T10:00:00.000Z"},
		/* none: thirty */
		{VALUE_NUMBER, "-1", "2026-04-01T10:00:00.000Z"},
		{VALUE_STRING, "soon", "2026-04-01T10:00:00.000Z"},
		{VALUE_STRING, "", "2026-04-01T10:00:00.000Z"},
		{VALUE_MISSING, "", "2026-04-01T10:00:00.000Z"},
		{VALUE_NULL, "null", "2026-04-01T10:00:00.000Z"},
	};
	struct rule_wait w = {.kind = WAIT_FIELD,
		.length = true,
		.unit_ms = MS_DAY,
		.fields = {FIELD_TOTAL},
		.n_fields = 1,
		.min_ms = MS_DAY,
		.max_ms = 10 * MS_DAY,
		.else_ms = 30 * MS_DAY};
	struct place p;

	place_init(&p);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_carried(&p, &w, rows[i].type, rows[i].text, rows[i].want);
	/* without a unit a number says nothing; the local day's end, an hour before it */
	w.unit_ms = 0;
	w.else_ms = TIME_NEVER;
	check_carried(&p, &w, VALUE_NUMBER, "3", "");
	w.local = WAIT_DAY_END;
	w.zone = p.berlin;
	w.span_ms = -MS_HOUR;
	check_carried(&p, &w, VALUE_STRING, "2d", "2026-03-04T22:00:00.000Z");
	place_release(&p);
}

static void test_else_of_instant(void)
{
	struct rule_wait w = {
		.kind = WAIT_FIELD, .fields = {FIELD_TOTAL}, .n_fields = 1, .else_ms = 30 * MS_DAY};
	struct place p;

	place_init(&p);
	check_carried(&p, &w, VALUE_STRING, "2026-03-04T00:00:00Z", "2026-03-04T00:00:00.000Z");
	check_carried(&p, &w, VALUE_MISSING, "", "2026-04-01T10:00:00.000Z");
	check_carried(&p, &w, VALUE_STRING, "unknown", "2026-04-01T10:00:00.000Z");
	/* the end of that day in Berlin, in summer, a day before */
	w.local = WAIT_DAY_END;
	w.zone = p.berlin;
	w.span_ms = -MS_DAY;
	check_carried(&p, &w, VALUE_MISSING, "", "2026-03-31T22:00:00.000Z");
	w.else_ms = TIME_NEVER;
	check_carried(&p, &w, VALUE_MISSING, "", "");
	/* No event arms it: nothing is carried. */
	w.else_ms = 30 * MS_DAY;
	CHECK_END(&p, &w, "2026-03-02T10:00:00Z", "");
	place_release(&p);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a length that the event carries", test_carried_length},
		{"an instant that it does not carry", test_else_of_instant},
		{"local times and weekdays", test_local},
		{"the customer's zone", test_customer_zone},
		{"business time", test_business},
		{"a table of the policy", test_table},
		{"when a promise will most likely be missed", test_late_model},
		{"the parts of a model", test_parts},
		{"personal gaps", test_personal_gap},
		{"why there is no instant", test_lacks},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
