/* SPDX-License-Identifier: MIT */
/*
 * Counts, sums and last values: at the edges of their windows, at their bounds, in any order of
 * arrival, stored and read again.
 */
#include "case_files.h"
#include "check.h"
#include "codec/record.h"
#include "codec/rule_json.h"
#include "core/cond.h"
#include "core/tally.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
static struct file_problems problems;

#define DAY_0 INT64_C(1700000000000)

/* One cancel for each condition, with ' for ". */
static struct rules *compile(const char *const *conditions, size_t n)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rule_source source = {"rules.json", SPAN_EMPTY};
	struct rules *rules = NULL;

	buf_add_str(&text, "{'id':'a','class':'task','wait':'1h','channels':['task'],'arm':['y'],"
			   "'cancel':[");
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s{'event':'n%zu','when':%s}", i ? "," : "", i, conditions[i]);
	buf_add_str(&text, "]}");
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\'')
			text.ptr[i] = '"';
	source.text = buf_span(&text);
	CHECK_INT(rules_compile(&source, 1, &berlin, &problems, &rules), 0);
	if (!rules)
		CHECK_STR(span_str(problems.list[0].message), "");
	return rules;
}

struct word {
	int64_t at;
	enum event_kind kind;
	const char *total; /* JSON of a number or a text; NULL: none */
};

static struct value value_of(const char *json)
{
	struct value v = {.type = VALUE_MISSING};

	if (!json)
		return v;
	v.raw = span_str(json);
	if (json[0] == '"') {
		v.type = VALUE_STRING;
		v.text = span_of(json + 1, strlen(json) - 2);
	} else {
		v.type = decimal_parse(v.raw, &v.number) == 0 ? VALUE_NUMBER : VALUE_OTHER;
	}
	return v;
}

/* Folds one event, received at RECEIVED. */
static void fold(
	const struct rules *rules, struct journey *j, const struct word *s, int64_t received)
{
	struct value fields[FIELD_MAX] = {{.type = VALUE_MISSING}};
	struct event e = {.kind = s->kind,
		.name = vocab_name(s->kind),
		.customer = SPAN_LIT("u"),
		.occurred_at = s->at,
		.received_at = received,
		.fields = fields,
		.n_fields = rules->fields.n};

	fields[FIELD_TOTAL] = value_of(s->total);
	CHECK_INT(journey_fold(j, &e), 0);
	CHECK_INT(tally_fold(rules, j, &e), 0);
}

static bool holds(const struct rules *rules, size_t n, const struct journey *j, int64_t now)
{
	const struct cond_scope scope = {.rules = rules, .journey = j, .now = now};

	return cond_holds(rules->list[0].cancel[n].when, &scope);
}

/* Scenario 33: three errors in ten minutes, at the boundary. Both ends are in. */
static void test_window(void)
{
	static const char *const conditions[] = {"{'>=':[{'count':['Payment Failed','10m']},3]}"};
	_cleanup_(rules_freep) struct rules *rules = compile(conditions, 1);
	_cleanup_(journey_freep) struct journey *j = NULL;
	const int64_t ten = 10 * MS_MINUTE;
	const struct word events[] = {
		{DAY_0, EVENT_PAYMENT_FAILED, NULL},
		{DAY_0 + MS_MINUTE, EVENT_PAYMENT_FAILED, NULL},
		{DAY_0 + ten, EVENT_PAYMENT_FAILED, NULL},
	};

	REQUIRE(rules && journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < 2; i++)
		fold(rules, j, &events[i], events[i].at);
	CHECK(!holds(rules, 0, j, DAY_0 + ten));
	fold(rules, j, &events[2], events[2].at);
	CHECK(holds(rules, 0, j, DAY_0 + ten));
	CHECK(!holds(rules, 0, j, DAY_0 + ten + 1)); /* the first is over a window ago */
	CHECK(!holds(rules, 0, j, DAY_0 + ten - 1)); /* and the last still to come */
}

static void test_sum_and_last(void)
{
	static const char *const conditions[] = {
		"{'==':[{'sum':['Order Completed','e.total','30d']},40.03]}",
		"{'==':[{'last':['Order Completed','total']},20.02]}",
		"{'==':[{'count':['Order Completed','30d']},3]}",
		"{'missing':['e.x']}",
		"{'==':[{'last':['Payment Failed','total']},0]}",
	};
	_cleanup_(rules_freep) struct rules *rules = compile(conditions, ARRAY_SIZE(conditions));
	_cleanup_(journey_freep) struct journey *j = NULL;
	/* A text that is a number counts, and is one; what is none does not; the till is a shop
	 * too. */
	const struct word events[] = {
		{DAY_0, EVENT_ORDER_COMPLETED, "\"20.01\""},
		{DAY_0 + MS_DAY, EVENT_IN_STORE_PURCHASE, "\"20.02\""},
		{DAY_0 + 2 * MS_DAY, EVENT_ORDER_COMPLETED, NULL},
	};

	REQUIRE(rules && journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK_INT(rules->n_tallies, 4);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		fold(rules, j, &events[i], events[i].at);
	CHECK(holds(rules, 0, j, DAY_0 + 30 * MS_DAY));
	CHECK(holds(rules, 1, j, DAY_0 + 30 * MS_DAY));
	CHECK(holds(rules, 2, j, DAY_0 + 30 * MS_DAY));
	CHECK(!holds(rules, 0, j, DAY_0 + 30 * MS_DAY + 1));
	CHECK(holds(rules, 1, j, DAY_0 + 300 * MS_DAY)); /* the last word has no window */
	CHECK(!holds(rules, 4, j, DAY_0 + 30 * MS_DAY));
}

/* 64 are kept, the latest; what is older is as if it had not been. */
static void test_bound(void)
{
	static const char *const conditions[] = {
		"{'>=':[{'count':['Order Completed','3653d']},64]}",
		"{'==':[{'sum':['Order Completed','total','3653d']},64]}",
		"{'==':[{'sum':['Order Completed','total','3653d']},163]}",
	};
	_cleanup_(rules_freep) struct rules *rules = compile(conditions, 3);
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(rules && journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK_INT(rules->n_tallies, 2); /* one question asked twice is one */
	for (int i = 0; i < 63; i++) {
		struct word s = {DAY_0 + i, EVENT_ORDER_COMPLETED, "1"};

		fold(rules, j, &s, DAY_0 + 100);
	}
	CHECK(!holds(rules, 0, j, DAY_0 + 100));
	fold(rules, j, &(struct word){DAY_0 + 63, EVENT_ORDER_COMPLETED, "1"}, DAY_0 + 100);
	CHECK(holds(rules, 0, j, DAY_0 + 100));
	CHECK(holds(rules, 1, j, DAY_0 + 100));
	/* One more, latest: the oldest makes room. One older than all: nothing changes. */
	fold(rules, j, &(struct word){DAY_0 + 64, EVENT_ORDER_COMPLETED, "100"}, DAY_0 + 100);
	fold(rules, j, &(struct word){DAY_0 - 1, EVENT_ORDER_COMPLETED, "9"}, DAY_0 + 100);
	CHECK(holds(rules, 0, j, DAY_0 + 100));
	CHECK(holds(rules, 2, j, DAY_0 + 100));
	CHECK_INT(j->tallies[0].n, 64);
	CHECK_INT(j->tallies[1].n, 64);
}

static void test_last_word(void)
{
	static const char *const conditions[] = {
		"{'==':[{'last':['Order Completed','total']},'b']}",
		"{'in':[{'last':['Order Completed','total']},['a','c',1]]}",
	};
	_cleanup_(rules_freep) struct rules *rules = compile(conditions, 2);
	_cleanup_(journey_freep) struct journey *j = NULL;
	char longest[TALLY_LAST_MAX + 4];

	REQUIRE(rules && journey_new(SPAN_LIT("u"), &j) == 0);
	fold(rules, j, &(struct word){DAY_0 + 2, EVENT_ORDER_COMPLETED, "\"b\""}, DAY_0);
	CHECK(holds(rules, 0, j, DAY_0));
	/* Earlier, and the lesser of two at one instant: nothing changes. */
	fold(rules, j, &(struct word){DAY_0 + 1, EVENT_ORDER_COMPLETED, "\"c\""}, DAY_0);
	fold(rules, j, &(struct word){DAY_0 + 2, EVENT_ORDER_COMPLETED, "\"a\""}, DAY_0);
	fold(rules, j, &(struct word){DAY_0 + 3, EVENT_ORDER_COMPLETED, NULL}, DAY_0);
	CHECK(holds(rules, 0, j, DAY_0));
	CHECK(!holds(rules, 1, j, DAY_0));
	fold(rules, j, &(struct word){DAY_0 + 2, EVENT_ORDER_COMPLETED, "\"c\""}, DAY_0);
	CHECK(holds(rules, 1, j, DAY_0));
	/* At the limit, and one past it. */
	memset(longest, 'x', sizeof(longest));
	longest[0] = longest[TALLY_LAST_MAX + 1] = '"';
	longest[TALLY_LAST_MAX + 2] = '\0';
	fold(rules, j, &(struct word){DAY_0 + 4, EVENT_ORDER_COMPLETED, longest}, DAY_0);
	CHECK_INT(j->tallies[0].last.len, TALLY_LAST_MAX + 1);
	longest[TALLY_LAST_MAX + 1] = 'x';
	longest[TALLY_LAST_MAX + 2] = '"';
	longest[TALLY_LAST_MAX + 3] = '\0';
	fold(rules, j, &(struct word){DAY_0 + 5, EVENT_ORDER_COMPLETED, longest}, DAY_0);
	CHECK_INT(j->tallies[0].last_at, DAY_0 + 4);
}

static void check_same(const struct journey *a, const struct journey *b)
{
	REQUIRE(a->n_tallies == b->n_tallies);
	for (size_t i = 0; i < a->n_tallies; i++) {
		const struct tally *x = &a->tallies[i], *y = &b->tallies[i];

		CHECK(x->id == y->id);
		CHECK_INT(x->last_at, y->last_at);
		CHECK_SPAN(text_span(x->last), text_span(y->last));
		REQUIRE(x->n == y->n);
		for (uint32_t k = 0; k < x->n; k++) {
			CHECK_INT(x->points[k].at, y->points[k].at);
			CHECK_INT(decimal_compare(x->points[k].amount, y->points[k].amount), 0);
		}
	}
}

static uint64_t chance(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15;
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* The same events in another order come to the same, through storage as well. */
static void test_any_order(void)
{
	static const char *const conditions[] = {
		"{'>':[{'count':['Order Completed','1h']},5]}",
		"{'>':[{'sum':['Order Completed','total','90m']},5]}",
		"{'>':[{'last':['Order Completed','total']},5]}",
		"{'>':[{'count':['*','7d']},5]}",
	};
	_cleanup_(rules_freep) struct rules *rules = compile(conditions, 4);
	static const char *const totals[] = {NULL, "1.5", "\"2.25\"", "-3", "\"x\"", "1e300"};
	struct word events[150];
	uint64_t seed = 20261122;

	REQUIRE(rules != NULL);
	for (int round = 0; round < 200; round++) {
		_cleanup_(journey_freep) struct journey *a = NULL;
		_cleanup_(journey_freep) struct journey *b = NULL;
		_cleanup_(record_release) struct record record = RECORD_INIT, again = RECORD_INIT;
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;
		size_t n = 1 + chance(&seed) % ARRAY_SIZE(events);
		int64_t end = DAY_0 + MS_DAY;

		REQUIRE(journey_new(SPAN_LIT("u"), &a) == 0 && journey_new(SPAN_LIT("u"), &b) == 0);
		for (size_t i = 0; i < n; i++) {
			events[i] = (struct word){
				DAY_0 + (int64_t)(chance(&seed) % 1200) * 10 * MS_SECOND,
				chance(&seed) % 4 ? EVENT_ORDER_COMPLETED : EVENT_PAGE_VIEWED,
				totals[chance(&seed) % ARRAY_SIZE(totals)]};
			fold(rules, a, &events[i], DAY_0 + 12000 * MS_SECOND + (int64_t)i);
		}
		for (size_t i = n - 1; i > 0; i--) {
			size_t k = chance(&seed) % (i + 1);
			struct word swap = events[i];

			events[i] = events[k];
			events[k] = swap;
		}
		for (size_t i = 0; i < n; i++)
			fold(rules, b, &events[i], DAY_0 + 12000 * MS_SECOND + (int64_t)i);
		check_same(a, b);
		for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
			CHECK(holds(rules, i, a, end) == holds(rules, i, b, end));
		record.journey = a;
		a = NULL;
		REQUIRE(record_encode(&record, &bytes) == 0);
		CHECK_INT(record_decode(buf_span(&bytes), &again), 0);
		if (again.journey)
			check_same(again.journey, b);
	}
}

/* What no rule asks any more is forgotten with the next event. */
static void test_dropped(void)
{
	static const char *const one[] = {"{'>':[{'count':['Order Completed','1h']},5]}"};
	static const char *const other[] = {"{'>':[{'count':['Order Completed','2h']},5]}"};
	_cleanup_(rules_freep) struct rules *before = compile(one, 1);
	_cleanup_(rules_freep) struct rules *after = compile(other, 1);
	_cleanup_(rules_freep) struct rules *again = compile(one, 1);
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(before && after && again && journey_new(SPAN_LIT("u"), &j) == 0);
	CHECK(before->tallies[0].id != after->tallies[0].id);
	CHECK(before->tallies[0].id == again->tallies[0].id);
	fold(before, j, &(struct word){DAY_0, EVENT_ORDER_COMPLETED, NULL}, DAY_0);
	CHECK_INT(j->n_tallies, 1);
	fold(after, j, &(struct word){DAY_0, EVENT_ORDER_COMPLETED, NULL}, DAY_0);
	REQUIRE(j->n_tallies == 1);
	CHECK(j->tallies[0].id == after->tallies[0].id);
	CHECK_INT(j->tallies[0].n, 1);
	/* And what is out of every window. */
	fold(after, j, &(struct word){DAY_0, EVENT_PAGE_VIEWED, NULL}, DAY_0 + 2 * MS_HOUR);
	CHECK_INT(j->n_tallies, 1);
	fold(after, j, &(struct word){DAY_0, EVENT_PAGE_VIEWED, NULL}, DAY_0 + 2 * MS_HOUR + 1);
	CHECK_INT(j->n_tallies, 0);
}

static void test_plan_limit(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct rule_source source = {"rules.json", SPAN_EMPTY};

	for (int n = TALLIES_MAX; n <= TALLIES_MAX + 1; n++) {
		buf_reset(&text);
		buf_add_str(&text, "{\"id\":\"a\",\"class\":\"task\",\"wait\":\"1h\",\"channels\":"
				   "[\"task\"],\"arm\":[{\"event\":\"y\",\"when\":{\"or\":[");
		for (int i = 1; i <= n; i++)
			buf_printf(&text, "%s{\">\":[{\"count\":[\"x\",\"%ds\"]},1]}",
				i > 1 ? "," : "", i);
		buf_add_str(&text, "]}}]}");
		source.text = buf_span(&text);
		CHECK_INT(rules_compile(&source, 1, &berlin, &problems, &rules),
			n == TALLIES_MAX ? 0 : RULES_BAD);
		if (n == TALLIES_MAX)
			rules = rules_free(rules);
	}
	CHECK_INT(problems.n, 1);
	CHECK(strstr(problems.list[0].message, "more than 128 different counts"));
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a window's ends", test_window},
		{"sum and last", test_sum_and_last},
		{"64 points", test_bound},
		{"the last word", test_last_word},
		{"any order of arrival", test_any_order},
		{"forgotten", test_dropped},
		{"128 plans", test_plan_limit},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
