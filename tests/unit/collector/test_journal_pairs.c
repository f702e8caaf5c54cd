/* SPDX-License-Identifier: MIT */
/*
 * Which pairs of keys the logs were told of: once each, unless they were forgotten.
 */
#include "check.h"
#include "journal_pairs.h"

/* True: it is news. */
static bool tell(struct journal_pairs *p, const char *customer, const char *key)
{
	const struct span pair[] = {span_str(customer), span_str(key)};

	return journal_pairs_add(p, pair, ARRAY_SIZE(pair));
}

static void once(void)
{
	struct journal_pairs *p;

	REQUIRE(journal_pairs_new(&p) == 0);
	CHECK(tell(p, "u1", "anon:a"));
	CHECK(!tell(p, "u1", "anon:a"));
	CHECK(!tell(p, "u1", "anon:a"));
	/* Which of the two is the customer, and where one key ends, are no matter of chance. */
	CHECK(tell(p, "anon:a", "u1"));
	CHECK(tell(p, "u2", "anon:a"));
	CHECK(tell(p, "u1", "anon:b"));
	CHECK(tell(p, "u1a", "non:a"));
	CHECK(!tell(p, "u2", "anon:a"));
	/* Nor how often a letter stands there. */
	CHECK(tell(p, "u1", "anon:aaaaaaaa"));
	CHECK(tell(p, "u1", "anon:aaaaaaaaa"));
	journal_pairs_forget(p);
	CHECK(tell(p, "u1", "anon:a"));
	free(p);
}

static bool tell_number(struct journal_pairs *p, int n)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "anon:%d", n);
	return tell(p, "u1", key);
}

/* A hundred thousand in 16384 sets: by Poisson's law more than 16 are in three or four of these,
 * and each loses 17 or a little more. */
static void many(void)
{
	struct journal_pairs *p;
	int lost = 0, known = 0;

	REQUIRE(journal_pairs_new(&p) == 0);
	for (int i = 0; i < 100000; i++)
		known += !tell_number(p, i);
	CHECK(known <= 1);
	for (int i = 0; i < 100000; i++)
		lost += tell_number(p, i);
	CHECK(lost < 300);
	free(p);
}

/* Whoever is asked for again and again is not pushed out by those who come once. */
static void busy(void)
{
	struct journal_pairs *p;
	int lost = 0;

	REQUIRE(journal_pairs_new(&p) == 0);
	for (int i = 0; i < 2000000; i++) {
		(void)tell_number(p, i);
		if (i % 1000 == 0)
			lost += tell(p, "u1", "anon:a");
	}
	CHECK_INT(lost, 1);
	free(p);
}

static const struct check_case cases[] = {
	{"once", once},
	{"many", many},
	{"busy", busy},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
