/* SPDX-License-Identifier: MIT */
/*
 * Who comes to the shop's screens, and whether they are there: anonymous or identified, browsing or
 * idle (triggers.md, section 13). A visit is over when nothing was done for half an hour, as the
 * beacon and the usual analytics have it; instants by hand from there.
 */
#include "core/journey.h"
#include "core/merge.h"
#include "core/rule.h"

#include "chance.h"
#include "check.h"

#define M MS_MINUTE

struct touch {
	enum event_kind kind;
	enum channel channel;
	int64_t at;
	bool machine, named;
};

static void happen(struct journey *j, const struct touch *t)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {
		.kind = t->kind,
		.name = vocab_name(t->kind),
		.occurred_at = t->at,
		.channel = t->channel,
		.flags = t->machine ? EVENT_FLAG_MACHINE : 0,
		.user_id = t->named ? SPAN_LIT("u") : SPAN_EMPTY,
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
	};

	REQUIRE(journey_fold(j, &e) == 0);
}

static void check_session(
	const struct journey *j, int64_t now, enum session_state state, int64_t since)
{
	struct session s = journey_session(j, now);
	int before = check_failures;

	CHECK_INT(s.state, state);
	CHECK_INT(s.since, since);
	if (check_failures != before)
		fprintf(stderr, "# asked at %lld\n", (long long)now);
}

#define VIEW(AT)                                                                                   \
	{                                                                                          \
		EVENT_PAGE_VIEWED, CHANNEL_UNKNOWN, (AT), false, false                             \
	}

/* What happened, and what is so at NOW of all up to there. */
static void test_scenes(void)
{
	static const struct {
		struct touch touch;
		int64_t now;
		enum session_state state;
		int64_t since;
	} rows[] = {
		/* nothing on a screen: a till, a server, a machine */
		{{EVENT_STORE_VISITED, CHANNEL_STORE, 1 * M, false, false}, 2 * M, SESSION_NONE,
			TIME_NEVER},
		{{EVENT_PRODUCT_ADDED, CHANNEL_UNKNOWN, 2 * M, false, false}, 2 * M, SESSION_NONE,
			TIME_NEVER},
		{{EVENT_PAGE_VIEWED, CHANNEL_WEB, 3 * M, true, false}, 3 * M, SESSION_NONE,
			TIME_NEVER},
		{VIEW(10 * M), 10 * M, SESSION_BROWSING, 10 * M},
		{VIEW(20 * M), 40 * M, SESSION_BROWSING, 10 * M},
		{VIEW(20 * M), 50 * M - 1, SESSION_BROWSING, 10 * M},
		{VIEW(20 * M), 50 * M, SESSION_IDLE, 50 * M},
		{VIEW(20 * M), 900 * M, SESSION_IDLE, 50 * M},
		/* half an hour after the last is another visit, a millisecond less is not */
		{VIEW(50 * M), 50 * M, SESSION_BROWSING, 50 * M},
		{{EVENT_PRODUCT_ADDED, CHANNEL_APP, 80 * M - 1, false, false}, 80 * M,
			SESSION_BROWSING, 50 * M},
		/* told late, it was one visit all along */
		{VIEW(30 * M), 80 * M, SESSION_BROWSING, 10 * M},
		/* what is sent to them, or done in a store, is not on a screen */
		{{EVENT_EMAIL_SENT, CHANNEL_EMAIL, 100 * M, false, false}, 110 * M - 1,
			SESSION_IDLE, 110 * M - 1},
		{{EVENT_STORE_VISITED, CHANNEL_STORE, 105 * M, false, false}, 110 * M, SESSION_IDLE,
			110 * M - 1},
		/* a browser's clock that is ahead */
		{VIEW(200 * M), 190 * M, SESSION_BROWSING, 190 * M},
		{VIEW(200 * M), 201 * M, SESSION_BROWSING, 200 * M},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("anon:a"), &j) == 0);
	check_session(j, 0, SESSION_NONE, TIME_NEVER);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		happen(j, &rows[i].touch);
		check_session(j, rows[i].now, rows[i].state, rows[i].since);
	}
	CHECK_SPAN(session_name(SESSION_BROWSING), SPAN_LIT("browsing"));
	CHECK_SPAN(session_name(SESSION_IDLE), SPAN_LIT("idle"));
	CHECK_INT(session_name(SESSION_NONE).len, 0);
}

static void test_named(void)
{
	static const struct touch touches[] = {
		VIEW(10 * M),
		{EVENT_PAGE_VIEWED, CHANNEL_UNKNOWN, 30 * M, false, true},
		{EVENT_PAGE_VIEWED, CHANNEL_UNKNOWN, 20 * M, false, true},
		VIEW(15 * M),
	};
	static const int64_t named_at[] = {TIME_NEVER, 30 * M, 20 * M, 20 * M};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("anon:a"), &j) == 0);
	CHECK_INT(journey_named_at(j), TIME_NEVER);
	for (size_t i = 0; i < ARRAY_SIZE(touches); i++) {
		happen(j, &touches[i]);
		CHECK_INT(journey_named_at(j), named_at[i]);
	}
}

/* The beginning of the last visit by all touches, in order of time. */
static int64_t began_at(const int64_t *at, size_t n)
{
	size_t i = n - 1;

	while (i > 0 && at[i] - at[i - 1] < 30 * M)
		i--;
	return at[i];
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* No more visits than are kept, heard of in any order, half the time under two names. */
static void test_any_order(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 4000; round++) {
		_cleanup_(journey_freep) struct journey *j = NULL, *other = NULL;
		static const struct merge_terms terms;
		size_t n = 1 + chance_below(&c, 12);
		int64_t at[12], now;

		REQUIRE(journey_new(SPAN_LIT("anon:a"), &j) == 0);
		REQUIRE(journey_new(SPAN_LIT("anon:b"), &other) == 0);
		for (size_t i = 0; i < n; i++) {
			struct touch t = VIEW((int64_t)chance_below(&c, 25) * 5 * M);

			at[i] = t.at;
			happen(round & 1 && chance_below(&c, 2) ? other : j, &t);
		}
		REQUIRE(merge_journeys(&(const struct rules){0}, j, other, &terms, 0) == 0);
		qsort(at, n, sizeof(at[0]), compare);
		now = at[n - 1] + (int64_t)chance_below(&c, 30 * M);
		check_session(j, now, SESSION_BROWSING, began_at(at, n));
		check_session(j, at[n - 1] + 30 * M, SESSION_IDLE, at[n - 1] + 30 * M);
	}
}

/* More visits than are kept: of the last one nothing is lost. */
static void test_many(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("anon:a"), &j) == 0);
	for (int64_t day = 0; day < 9; day++) {
		struct touch first = VIEW(day * MS_DAY), then = VIEW(day * MS_DAY + 10 * M);

		happen(j, &first);
		happen(j, &then);
		check_session(j, then.at, SESSION_BROWSING, first.at);
		CHECK(j->past.n_visits <= PAST_VISITS_MAX);
	}
	CHECK_INT(j->past.n_visits, PAST_VISITS_MAX);
	CHECK_INT(j->past.visits[0].from, 5 * MS_DAY);
}

static const struct check_case cases[] = {
	{"browsing and idle, and since when", test_scenes},
	{"identified, and since when", test_named},
	{"touches in any order, over two names", test_any_order},
	{"more visits than are kept", test_many},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
