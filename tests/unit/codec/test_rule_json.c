/* SPDX-License-Identifier: MIT */
/*
 * Rules from files: every kind of mistake is a file with its expected problems beside it
 * (tests/data/rules_bad), and what compiles is compared with what its author wrote.
 */
#include "case_files.h"
#include "core/cond.h"
#include "rule_case.h"

/* ---- bad files --------------------------------------------------------------------------- */

static bool take_field(struct span *line, char end, struct span *ret_field)
{
	const char *p = memchr(line->ptr, end, line->len);

	if (!p)
		return false;
	*ret_field = span_of(line->ptr, (size_t)(p - line->ptr));
	*line = span_of(p + 1, line->len - ret_field->len - 1);
	return true;
}

static bool contains(const char *text, struct span part)
{
	for (; *text; text++)
		if (strncmp(text, part.ptr, part.len) == 0)
			return true;
	return false;
}

/* One expected problem: pointer, line and part of the message, with tabs between. */
static bool problem_is(const struct file_problem *p, struct span line)
{
	struct span pointer, number;
	uint64_t n;

	return take_field(&line, '\t', &pointer) && take_field(&line, '\t', &number) &&
	       span_to_u64(number, UINT32_MAX, &n) == 0 && span_is(pointer, p->pointer) &&
	       n == p->line && contains(p->message, line);
}

static void bad_file(const char *path)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(buf_release) struct buf want = BUF_INIT;
	_cleanup_(buf_release) struct buf want_path = BUF_INIT;
	struct rules *rules = NULL;
	struct rule_source source = {path, SPAN_EMPTY};
	struct span rest, line;
	size_t n = 0;

	buf_add(&want_path, path, strlen(path) - strlen("json"));
	buf_add(&want_path, "expected", sizeof("expected"));
	REQUIRE(case_read(path, &text) == 0 && case_read(want_path.ptr, &want) == 0);
	source.text = buf_span(&text);
	CHECK_INT(rules_compile(&source, 1, &berlin, &problems, &rules), RULES_BAD);
	CHECK(rules == NULL);
	for (rest = buf_span(&want); take_field(&rest, '\n', &line); n++) {
		if (n < problems.n && problem_is(&problems.list[n], line))
			continue;
		check_span(path, (int)n + 1, "problem", span_str(problems.list[n].message), line);
		fprintf(stderr, "# at %s line %u\n", problems.list[n].pointer,
			problems.list[n].line);
	}
	CHECK_INT(problems.n, n);
}

static void test_bad_files(void)
{
	struct arena a;
	const char **paths;
	size_t n;

	arena_init(&a);
	REQUIRE(case_list("tests/data/rules_bad", ".json", &a, &paths, &n) == 0);
	CHECK(n >= 180);
	for (size_t i = 0; i < n; i++)
		bad_file(paths[i]);
	arena_release(&a);
}

/* ---- good files -------------------------------------------------------------------------- */

#define ANY_NUMBER SIZE_MAX /* of rules: the pack grows */

static struct rules *compile_dir(const char *dir, size_t want)
{
	struct arena a;
	struct rules *rules = NULL;
	struct rule_source sources[64];
	const char **paths;
	size_t n = 0;

	arena_init(&a);
	CHECK_INT(case_list(dir, ".json", &a, &paths, &n), 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		CHECK_INT(case_read(paths[i], &text), 0);
		sources[i] = (struct rule_source){paths[i], arena_copy(&a, buf_span(&text))};
	}
	CHECK_INT(rules_compile(sources, n, &berlin, &problems, &rules), 0);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "# %s %s %s\n", problems.list[i].file, problems.list[i].pointer,
			problems.list[i].message);
	CHECK(rules && (rules->n == want || want == ANY_NUMBER));
	arena_release(&a);
	return rules;
}

static void test_cart_abandoned(void)
{
	_cleanup_(rules_freep) struct rules *rules = compile_dir("deploy/rules", ANY_NUMBER);
	const struct rule *r;

	REQUIRE(rules && (r = rules_find(rules, SPAN_LIT("cart_abandoned"))) != NULL);
	CHECK_INT(r->epoch, 1);
	CHECK_INT(r->mode, RULE_LIVE);
	CHECK_INT(r->class, RULE_MARKETING);
	CHECK_INT(r->key, RULE_KEY_FIELD);
	CHECK_INT(r->key_fields[0], FIELD_CART_ID);
	CHECK_STR(r->key_prefix, "cart");
	CHECK(r->key_else_customer);
	CHECK_INT(r->n_arm, 2);
	CHECK_INT(r->arm[0].by, MATCH_KIND);
	CHECK_INT(r->arm[0].kind, EVENT_PRODUCT_ADDED);
	CHECK_INT(r->arm[1].kind, EVENT_WISHLIST_TO_CART);
	REQUIRE(r->n_touch == 1);
	CHECK_INT(r->touch[0].by, MATCH_ENGAGED);
	REQUIRE(r->n_cancel == 7);
	CHECK_INT(r->cancel[0].kind, EVENT_ORDER_COMPLETED);
	CHECK(r->cancel[0].terminal && !r->cancel[0].customer);
	CHECK_INT(r->cancel[1].kind, EVENT_IN_STORE_PURCHASE);
	CHECK_INT(r->cancel[2].kind, EVENT_ORDER_COMPLETED);
	CHECK(r->cancel[2].customer && !r->cancel[2].terminal && r->cancel[2].when);
	CHECK_INT(r->cancel[4].kind, EVENT_CART_EMPTIED);
	CHECK(!r->cancel[4].terminal);
	CHECK_STR(r->cancel[5].to, "checkout_abandoned");
	CHECK(!r->anchor_first);
	CHECK_INT(r->wait.kind, WAIT_SPAN);
	CHECK_INT(r->wait.span_ms, 14400000);
	CHECK_INT(r->grace_ms, 120000);
	CHECK_INT(r->slack_ms, 600000);
	CHECK_INT(r->round_ms, 1000);
	CHECK_INT(r->stale_ms, 43200000);
	CHECK_INT(r->tombstone_ms, INT64_C(3888000000));
	CHECK_INT(r->cooldown_ms, 86400000);
	CHECK(!r->cooldown_customer);
	CHECK_INT(r->max_per_key, 0);
	CHECK_INT(r->expire_ms, 86400000);
	REQUIRE(r->n_steps == 3);
	CHECK_STR(r->steps[0].id, "m1");
	CHECK_INT(r->steps[0].after_ms, 0);
	CHECK_INT(r->steps[1].after_ms, 72000000);
	CHECK(r->steps[2].task && r->steps[2].only_if);
	CHECK_INT(r->n_channels, 1);
	CHECK_STR(r->channels[0], "email");
	CHECK_INT(r->n_data, 8);
	CHECK_STR(r->data[0].name, "cart_id");
	CHECK_INT(r->data[0].field, FIELD_CART_ID);
	CHECK(r->fire_if != NULL);
	CHECK_INT(rule_priority(r), PRIORITY_MEDIUM);
}

static void test_order_promise_passed(void)
{
	_cleanup_(rules_freep) struct rules *rules = compile_dir("deploy/rules", ANY_NUMBER);
	const struct rule *r;

	REQUIRE(rules && (r = rules_find(rules, SPAN_LIT("order_promise_passed"))) != NULL);
	CHECK_STR(r->key_prefix, "order");
	CHECK_INT(r->wait.kind, WAIT_FIELD);
	CHECK_INT(r->wait.n_fields, 2);
	CHECK_INT(r->wait.fields[0], FIELD_PROMISED_AT);
	CHECK_INT(r->wait.fields[1], FIELD_ESTIMATED_DELIVERY_AT);
	CHECK_INT(r->wait.local, WAIT_DAY_END);
	CHECK_INT(r->wait.span_ms, 0);
	REQUIRE(r->wait.zone != NULL);
	/* 2025-10-26T12:00Z in Berlin: that day has 25 hours and ends at 23:00Z. */
	CHECK_INT(zone_day_end(r->wait.zone, INT64_C(1761480000000)), INT64_C(1761519600000));
	CHECK_INT(r->grace_ms, 0);
	REQUIRE(r->n_cancel == 7);
	CHECK(r->cancel[0].terminal && r->cancel[1].terminal && r->cancel[2].terminal &&
		r->cancel[3].terminal);
	CHECK_INT(r->cancel[1].kind, EVENT_SHIPMENT_DELIVERED);
	CHECK(r->cancel[0].when == NULL && r->cancel[1].when != NULL);
	CHECK_INT(r->cancel[4].kind, EVENT_ORDER_RETURNED);
	/* It speaks of the till by itself, where only what was promised is waited for. */
	REQUIRE(r->n_arm == 4);
	CHECK_INT(r->arm[0].kind, EVENT_ORDER_COMPLETED);
	CHECK_INT(r->arm[0].also, EVENT_CUSTOM);
	CHECK(r->arm[0].when == NULL);
	CHECK_INT(r->arm[1].kind, EVENT_IN_STORE_PURCHASE);
	CHECK(r->arm[1].when != NULL);
	CHECK_INT(r->wait.else_ms, 30 * MS_DAY);
	CHECK_INT(rule_priority(r), PRIORITY_HIGH);
}

static void test_inactivity_fixed(void)
{
	_cleanup_(rules_freep) struct rules *rules = compile_dir("deploy/rules", ANY_NUMBER);
	const struct rule *r;

	REQUIRE(rules && (r = rules_find(rules, SPAN_LIT("inactivity_fixed"))) != NULL);
	CHECK_INT(r->key, RULE_KEY_CUSTOMER);
	REQUIRE(r->n_arm == 1);
	CHECK_INT(r->arm[0].by, MATCH_ENGAGED);
	CHECK_INT(r->n_cancel, 0);
	CHECK_INT(r->wait.span_ms, INT64_C(7776000000));
	CHECK_INT(rule_priority(r), PRIORITY_LOW);
}

static void test_reference_rules(void)
{
	_cleanup_(rules_freep) struct rules *olist = compile_dir("tests/data/rules/olist", 4);
	_cleanup_(rules_freep) struct rules *otto = compile_dir("tests/data/rules/otto", 9);
	const struct rule *r;

	REQUIRE(olist && otto);
	for (size_t i = 0; i < olist->n + otto->n; i++) {
		r = i < olist->n ? &olist->list[i] : &otto->list[i - olist->n];
		CHECK_INT(r->grace_ms, 0);
		CHECK_INT(r->slack_ms, 0);
		CHECK_INT(r->round_ms, 1);
		CHECK_INT(r->stale_ms, TIME_NEVER);
		CHECK_INT(r->tombstone_ms, i < olist->n ? 3650 * MS_DAY : 0);
		CHECK_INT(r->n_cancel, r->arm[0].by == MATCH_ANY ? 0 : 1);
		if (r->n_cancel)
			CHECK_INT(r->cancel[0].terminal, i < olist->n);
	}
	REQUIRE((r = rules_find(olist, SPAN_LIT("delay24"))) != NULL);
	CHECK_INT(r->wait.span_ms, MS_DAY);
	CHECK_INT(r->wait.local, WAIT_AS_GIVEN);
	REQUIRE((r = rules_find(otto, SPAN_LIT("cart_v3_24h"))) != NULL);
	CHECK_INT(r->touch[0].by, MATCH_ANY);
	CHECK(r->cancel[0].customer);
}

/* ---- members ----------------------------------------------------------------------------- */

static void test_defaults(void)
{
	static const struct {
		const char *class;
		int64_t grace_ms;
		int64_t impact; /* tenths */
	} cases[] = {{"marketing", 120000, 5}, {"service", 0, 8}, {"task", 0, 5}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		_cleanup_(rules_freep) struct rules *rules = NULL;

		buf_printf(&text,
			"{\"id\":\"a\",\"class\":\"%s\",\"wait\":\"1h\",\"channels\":[\"sms\"],"
			"\"arm\":[\"x\"]}",
			cases[i].class);
		REQUIRE(compile(buf_span(&text), &rules) == 0);
		CHECK_INT(rules->list[0].grace_ms, cases[i].grace_ms);
		CHECK_INT(rules->list[0].impact.mantissa, cases[i].impact);
		CHECK_INT(rules->list[0].impact.exponent, -1);
		CHECK_INT(rules->list[0].likelihood.mantissa, 1);
		CHECK_INT(rules->list[0].expire_ms, TIME_NEVER);
		CHECK_INT(rules->list[0].key, RULE_KEY_CUSTOMER);
		CHECK_STR(rules->list[0].file, "rules.json");
	}
}

static void test_members(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	const struct rule *r;

	REQUIRE(compile_with("\"arm\":[\"*\",{\"event\":\"Card Viewed\",\"custom\":true},"
			     "\"Completed Order\"],"
			     "\"cancel\":[{\"event\":\"Order Delivered\",\"match\":\"customer\"},"
			     "{\"event\":\"Page Viewed\",\"terminal\":true},"
			     "{\"event\":\"Order Shipped\",\"terminal\":false}],"
			     "\"key\":\"shipment.parcel_id\",\"mode\":\"shadow\",\"epoch\":7,"
			     "\"anchor\":\"first\",\"stale_after\":\"never\",\"expire\":\"3d\","
			     "\"episode\":{\"max_per_key\":2,\"cooldown\":\"1w\","
			     "\"scope\":\"customer\"},"
			     "\"steps\":[{\"id\":\"m1\",\"after\":\"0\"},"
			     "{\"id\":\"m2\",\"after\":\"20h\"}],"
			     "\"data\":{\"A\":\"e.traits.x\",\"_b\":\"e.context.page.url\"},"
			     "\"priority\":{\"likelihood\":0.49}",
			&rules) == 0);
	r = &rules->list[0];
	CHECK_INT(r->arm[0].by, MATCH_ANY);
	CHECK_INT(r->arm[1].by, MATCH_NAME);
	CHECK_STR(r->arm[1].name, "Card Viewed");
	CHECK_INT(r->arm[2].kind, EVENT_ORDER_COMPLETED);
	CHECK(r->cancel[0].customer && !r->cancel[0].terminal);
	CHECK(!r->cancel[1].customer && r->cancel[1].terminal);
	CHECK(!r->cancel[2].terminal);
	CHECK_STR(r->key_prefix, "shipment.parcel");
	CHECK_STR(rules->fields.paths[r->key_fields[0]].path, "shipment.parcel_id");
	CHECK_INT(r->mode, RULE_SHADOW);
	CHECK_INT(r->epoch, 7);
	CHECK(r->anchor_first && r->cooldown_customer);
	CHECK_INT(r->stale_ms, TIME_NEVER);
	CHECK_INT(r->expire_ms, 3 * MS_DAY);
	CHECK_INT(r->max_per_key, 2);
	CHECK_INT(r->cooldown_ms, 7 * MS_DAY);
	CHECK_INT(r->n_steps, 2);
	CHECK_STR(r->steps[1].id, "m2");
	CHECK_INT(r->steps[1].after_ms, 20 * MS_HOUR);
	CHECK_INT(rules->fields.paths[r->data[0].field].root, FIELD_ROOT_TRAITS);
	CHECK_STR(rules->fields.paths[r->data[0].field].path, "x");
	CHECK_INT(rules->fields.paths[r->data[1].field].root, FIELD_ROOT_CONTEXT);
	CHECK_STR(rules->fields.paths[r->data[1].field].path, "page.url");
	CHECK_INT(rule_priority(r), PRIORITY_LOW);
}

/* Where each value of the data comes from, and as many bytes of constants as there may be. */
static void test_data(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct rule *r;

	buf_add_str(&text, "\"arm\":[\"x\"],\"data\":{\"a\":\"e.a\",\"b\":\"s.orders\","
			   "\"c\":\"ctx.s.tier\",\"d\":-1.50,\"e\":false,\"f\":{\"text\":\"");
	/* With its quotes and name, and those of the two before it. */
	for (size_t i = 0; i < RULE_GIVEN_MAX - 3 - strlen("d-1.50") - strlen("efalse"); i++)
		buf_add_char(&text, 'x');
	buf_add_str(&text, "\"}}");
	buf_add_char(&text, '\0');
	REQUIRE(compile_with(text.ptr, &rules) == 0);
	r = &rules->list[0];
	CHECK_INT(r->n_data, 6);
	CHECK_INT(r->data[0].from, DATA_EVENT);
	CHECK_INT(r->data[1].from, DATA_NOW);
	CHECK_INT(r->data[1].field, fact_find(SPAN_LIT("orders")));
	CHECK_INT(r->data[2].from, DATA_ARMED);
	CHECK_INT(r->data[2].field, fact_find(SPAN_LIT("tier")));
	CHECK_INT(r->data[3].from, DATA_GIVEN);
	CHECK_STR(r->data[3].given, "-1.50");
	CHECK_STR(r->data[4].given, "false");
	CHECK_INT(r->data[5].given.len, 1024 - 13);
}

/* One event may stand in a list with several filters, and cancel what it arms if that moves on. */
static void test_filters(void)
{
	static const char *const good[] = {
		"\"arm\":[\"x\",{\"event\":\"x\",\"when\":{\"var\":\"e.a\"}},"
		"{\"event\":\"x\",\"when\":{\"var\":\"e.b\"}},\"y\"]",
		"\"arm\":[\"x\"],\"anchor\":\"first\","
		"\"cancel\":[{\"event\":\"x\",\"when\":{\"var\":\"e.a\"}}]",
		"\"arm\":[\"x\"],\"anchor\":\"last\",\"cancel\":[\"x\"]",
		"\"arm\":[\"x\"],\"touch\":[\"x\"]",
		/* three slips are another name; a millisecond more than the hours without sending
		 */
		"\"arm\":[\"Product Adxyz\"]",
		"\"arm\":[\"x\"],\"expire\":\"11h1ms\",\"send_at\":{\"local\":\"08:00-21:00\"}",
		/* what fire_if and a step ask may both be */
		"\"arm\":[\"x\"],\"fire_if\":{\">\":[{\"var\":\"s.orders\"},0]},\"steps\":[{\"id\":"
		"\"m\","
		"\"after\":\"0s\",\"if\":{\"<\":[{\"var\":\"s.orders\"},2]}}]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;

		check_int(good[i], (int)i, "result", compile_with(good[i], &rules), 0);
	}
}

static void test_wait_forms(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	const struct rule *r;

	REQUIRE(compile(SPAN_LIT("[{\"id\":\"a\",\"class\":\"task\",\"arm\":[\"x\"],"
				 "\"channels\":[\"task\"],\"wait\":{\"at\":\"e.due\","
				 "\"plus\":\"-24h\",\"local\":\"09:05\",\"tz\":\"UTC\"}},"
				 "{\"id\":\"b\",\"class\":\"task\",\"arm\":[\"x\"],"
				 "\"channels\":[\"task\"],\"wait\":{\"at\":\"e.due\","
				 "\"local\":\"day_end\",\"tz\":\"Europe/Berlin\"}},"
				 "{\"id\":\"c\",\"class\":\"task\",\"arm\":[\"x\"],"
				 "\"channels\":[\"task\"],\"wait\":{\"at\":\"e.due\","
				 "\"local\":\"day_end\"}}]"),
			&rules) == 0);
	r = rules->list;
	CHECK_INT(r[0].wait.span_ms, -MS_DAY);
	CHECK_INT(r[0].wait.local, WAIT_DAY_TIME);
	CHECK_INT(r[0].wait.local_minute, 545);
	CHECK_INT(zone_offset(r[0].wait.zone, 0), 0);
	CHECK_INT(zone_offset(r[1].wait.zone, 0), 3600);
	CHECK(r[1].wait.zone == r[2].wait.zone); /* the store's is the same one, read once */
	CHECK_INT(rules->n_zones, 2);
	CHECK_INT(r[2].order, 2);
}

/* Without a shop's zone UTC is meant, and for UTC no file is needed. */
static void test_no_zones(void)
{
	static const struct rule_options bare = {.store_zone = {NULL, 0}, .zone = NULL};
	struct rule_source source = {"a.json",
		SPAN_LIT("{\"id\":\"a\",\"class\":\"task\",\"arm\":[\"x\"],\"channels\":[\"task\"],"
			 "\"wait\":{\"at\":\"e.due\",\"local\":\"day_end\"}}")};
	_cleanup_(rules_freep) struct rules *rules = NULL;

	CHECK_INT(rules_compile(&source, 1, &bare, &problems, &rules), 0);
	rules = rules_free(rules);
	CHECK_INT(rules_compile(&source, 0, &bare, &problems, &rules), 0);
	REQUIRE(rules != NULL);
	CHECK_INT(rules->n, 0);
	CHECK_INT(rules->fields.n, FIELD_FIXED_COUNT);
}

/* ---- conditions -------------------------------------------------------------------------- */

#define X_JSON(JSON) "\"arm\":[{\"event\":\"x\",\"when\":" JSON "}]"

struct condition_case {
	const char *members;
	bool want;
};

/* The event has e.n = 19.99, e.t = "blue", e.yes = true; e.none is missing, e.null is null. */
static const struct condition_case conditions[] = {
	{X_JSON("{\"==\":[{\"var\":\"e.n\"},19.99]}"), true},
	{X_JSON("{\"==\":[{\"var\":\"e.n\"},19.990]}"), true},
	{X_JSON("{\"==\":[{\"var\":\"e.n\"},19.9900000000000001]}"), false},
	{X_JSON("{\"==\":[{\"var\":\"e.n\"},\"19.99\"]}"), false},
	{X_JSON("{\"!=\":[{\"var\":\"e.n\"},20]}"), true},
	{X_JSON("{\"<\":[{\"var\":\"e.n\"},20]}"), true},
	{X_JSON("{\"<\":[{\"var\":\"e.n\"},19.99]}"), false},
	{X_JSON("{\"<=\":[{\"var\":\"e.n\"},19.99]}"), true},
	{X_JSON("{\">\":[{\"var\":\"e.n\"},-1]}"), true},
	{X_JSON("{\">=\":[{\"var\":\"e.n\"},2e1]}"), false},
	{X_JSON("{\"<\":[19,{\"var\":\"e.n\"},20]}"), true},
	{X_JSON("{\"<\":[19.99,{\"var\":\"e.n\"},20]}"), false},
	{X_JSON("{\"<=\":[19.99,{\"var\":\"e.n\"},19.99]}"), true},
	{X_JSON("{\"<=\":[1,{\"var\":\"e.n\"},19]}"), false},
	{X_JSON("{\"==\":[{\"var\":\"e.t\"},\"bl\\u0075e\"]}"), true},
	{X_JSON("{\"in\":[{\"var\":\"e.t\"},[\"red\",\"blue\"]]}"), true},
	{X_JSON("{\"in\":[{\"var\":\"e.t\"},[\"red\",5]]}"), false},
	{X_JSON("{\"in\":[{\"var\":\"e.none\"},[\"red\"]]}"), false},
	{X_JSON("{\"var\":\"e.yes\"}"), true},
	{X_JSON("{\"!\":{\"var\":\"e.yes\"}}"), false},
	{X_JSON("{\"!\":[{\"var\":\"e.none\"}]}"), true},
	{X_JSON("{\"==\":[{\"var\":\"e.yes\"},true]}"), true},
	{X_JSON("{\"<\":[{\"var\":\"e.null\"},2]}"), false},
	{X_JSON("{\"<\":[{\"var\":\"e.none\"},2]}"), false},
	{X_JSON("{\"and\":[{\"var\":\"e.yes\"},{\">\":[{\"var\":\"e.n\"},1]}]}"), true},
	{X_JSON("{\"and\":[{\"var\":\"e.yes\"},{\"var\":\"e.t\"}]}"), false},
	{X_JSON("{\"or\":[{\"var\":\"e.none\"},{\"and\":[{\"var\":\"e.yes\"}]}]}"), true},
	{X_JSON("{\"or\":[{\"var\":\"e.none\"},{\"var\":\"s.identified\"}]}"), false},
	{X_JSON("{\"==\":[{\"var\":\"s.orders\"},0]}"), true},
	{X_JSON("{\"in\":[{\"var\":\"s.stage\"},[\"repeat\",\"anonymous\"]]}"), true},
	{X_JSON("{\"!=\":[{\"var\":\"s.stage\"},\"repeat\"]}"), true},
};

/* The value that the event has for the field of PATH. */
static struct value field_value(struct span path)
{
	if (span_is(path, "n"))
		return (struct value){.type = VALUE_NUMBER, .number = {1999, -2}};
	if (span_is(path, "t"))
		return (struct value){.type = VALUE_STRING, .text = SPAN_LIT("blue")};
	if (span_is(path, "yes"))
		return (struct value){.type = VALUE_TRUE};
	if (span_is(path, "null"))
		return (struct value){.type = VALUE_NULL};
	return (struct value){.type = VALUE_MISSING};
}

static void test_conditions(void)
{
	_cleanup_(journey_freep) struct journey *journey = NULL;
	struct value fields[FIELD_MAX];

	REQUIRE(journey_new(SPAN_LIT("c"), &journey) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		_cleanup_(rules_freep) struct rules *rules = NULL;
		struct event e = {.fields = fields};

		if (compile_with(conditions[i].members, &rules) != 0) {
			CHECK_STR(SPAN_EMPTY, problems.list[0].message);
			continue;
		}
		const struct cond_scope scope = {.rules = rules, .journey = journey, .event = &e};

		e.n_fields = rules->fields.n;
		for (size_t k = 0; k < e.n_fields; k++)
			fields[k] = field_value(rules->fields.paths[k].path);
		check_int(conditions[i].members, (int)i, "holds",
			cond_holds(rules->list[0].arm[0].when, &scope), conditions[i].want);
	}
}

/* ---- digest ------------------------------------------------------------------------------ */

static uint64_t digest_of(const char *text, const struct rule_options *options)
{
	const struct rule_source source = {"a.json", span_str(text)};
	_cleanup_(rules_freep) struct rules *rules = NULL;

	CHECK_INT(rules_compile(&source, 1, options, &problems, &rules), 0);
	return rules ? rules->digest : 0;
}

static void test_digest(void)
{
	static const char plain[] = "{\"id\":\"a\",\"class\":\"task\",\"wait\":\"1h\","
				    "\"channels\":[\"task\"],\"arm\":[\"x\"]}";
	static const char turned[] = "{ \"arm\" : [\"\\u0078\"],\n\"channels\":[\"task\"],"
				     "\"wait\":\"1h\",\"class\":\"task\",\"id\":\"a\"}\n";
	static const char other[] = "{\"id\":\"a\",\"class\":\"task\",\"wait\":\"2h\","
				    "\"channels\":[\"task\"],\"arm\":[\"x\"]}";
	static const struct rule_options utc = {.store_zone = {"UTC", 3}, .zone = case_zone};

	CHECK(digest_of(plain, &berlin) == digest_of(turned, &berlin));
	CHECK(digest_of(plain, &berlin) != digest_of(other, &berlin));
	CHECK(digest_of(plain, &berlin) != digest_of(plain, &utc));
}

int main(void)
{
	static const struct check_case cases[] = {
		{"what a job carries", test_data},
		{"bad files", test_bad_files},
		{"cart_abandoned", test_cart_abandoned},
		{"order_promise_passed", test_order_promise_passed},
		{"inactivity_fixed", test_inactivity_fixed},
		{"reference rules", test_reference_rules},
		{"defaults", test_defaults},
		{"members", test_members},
		{"filters", test_filters},
		{"forms of waiting", test_wait_forms},
		{"no zones", test_no_zones},
		{"conditions", test_conditions},
		{"digest", test_digest},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
