/* SPDX-License-Identifier: MIT */
/* The memory of marks against a list that forgets nothing before its time. */
#include "replays.h"

#include "check.h"

static const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

static int ask(struct replays *r, const char *hook, const char *mark, const char *bytes)
{
	return replays_check(r, span_str(hook), span_str(mark), span_str(bytes));
}

static void a_mark_stands_for_its_bytes(void)
{
	struct replays *r;

	REQUIRE(replays_new(REPLAYS_MAX, seed, &r) == 0);
	CHECK_INT(ask(r, "mailgun", "t1", "a body"), 0);
	CHECK_INT(ask(r, "mailgun", "t1", "a body"), 0);
	CHECK_INT(ask(r, "mailgun", "t1", "another"), REPLAYED);
	CHECK_INT(ask(r, "mailgun", "t1", ""), REPLAYED);
	CHECK_INT(ask(r, "mailgun", "t1", "a body"), 0);
	CHECK_INT(ask(r, "mailgun", "t2", "another"), 0);
	/* Another hook has tokens of its own; and its name and the token are two things. */
	CHECK_INT(ask(r, "mailgun2", "t1", "another"), 0);
	CHECK_INT(ask(r, "mailgunt", "1", "another"), 0);
	CHECK_INT(ask(r, "mailgun", "t1", "another"), REPLAYED);
	replays_free(r);
}

static void the_oldest_is_forgotten(void)
{
	struct replays *r;
	char mark[16];

	REQUIRE(replays_new(3, seed, &r) == 0);
	for (int round = 0; round < 3; round++) {
		CHECK_INT(ask(r, "h", "a", "1"), 0);
		CHECK_INT(ask(r, "h", "b", "1"), 0);
		CHECK_INT(ask(r, "h", "c", "1"), 0);
		CHECK_INT(ask(r, "h", "a", "2"), REPLAYED);
		/* The fourth takes the place of the first. */
		CHECK_INT(ask(r, "h", "d", "1"), 0);
		CHECK_INT(ask(r, "h", "b", "2"), REPLAYED);
		CHECK_INT(ask(r, "h", "c", "2"), REPLAYED);
		CHECK_INT(ask(r, "h", "d", "2"), REPLAYED);
		CHECK_INT(ask(r, "h", "a", "2"), 0);
		for (int i = 0; i < 3; i++) {
			(void)snprintf(mark, sizeof(mark), "%d.%d", round, i);
			CHECK_INT(ask(r, "h", mark, "1"), 0);
		}
	}
	replays_free(r);
}

/* Marks 0 to N one after another: of the last MAX each is known, of those before none is. */
static void as_many_as_said_are_known(void)
{
	enum { MAX = 1000, N = 5000 };
	struct replays *r;
	char mark[16];

	REQUIRE(replays_new(MAX, seed, &r) == 0);
	for (int i = 0; i < N; i++) {
		(void)snprintf(mark, sizeof(mark), "%d", i);
		REQUIRE(ask(r, "h", mark, "1") == 0);
		(void)snprintf(mark, sizeof(mark), "%d", i - MAX + 1);
		if (i >= MAX - 1)
			REQUIRE(ask(r, "h", mark, "2") == REPLAYED);
	}
	for (int i = N - MAX; i < N; i++) {
		(void)snprintf(mark, sizeof(mark), "%d", i);
		CHECK_INT(ask(r, "h", mark, "2"), REPLAYED);
	}
	CHECK_INT(ask(r, "h", "3999", "2"), 0);
	replays_free(r);
}

static const struct check_case cases[] = {
	{"a mark stands for its bytes", a_mark_stands_for_its_bytes},
	{"the oldest is forgotten", the_oldest_is_forgotten},
	{"as many as said are known", as_many_as_said_are_known},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
