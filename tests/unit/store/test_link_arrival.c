/* SPDX-License-Identifier: MIT */
/*
 * What depends on when messages arrive, and what does not. Whom events name directly is decided by
 * the order in which they were received (test_link_flow). Claims that follow only from links, and
 * which identifiers have room where there are too many, are decided where they come together, so
 * one of several outcomes is to be expected; that it is a whole one, and that the limit is kept,
 * does not depend on anything.
 */
#include "link_world.h"

#define T LINK_TRUSTED
#define X (LINK_TRUSTED | LINK_EXPLICIT)

/* Loyalty cards of one customer, by IDENTITY_DEFAULT. */
#define LIMIT  5
#define CARDS  7
#define ROUNDS 60

static struct world world;

static void stir(unsigned most)
{
	for (unsigned k = world_roll(&world, most); k > 0; k--)
		world_stir(&world);
}

static void name_card(const char *user, unsigned card)
{
	char json[128];

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"identify\",\"userId\":\"%s\",\"identifiers\":{\"card\":\"40000%u\"}}",
		user, card);
	world.clock++;
	world_say(&world, T, json);
}

static bool is_one(const char *key, const char *user)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char canonical[CUSTOMER_MAX + 1] = "";

	return world_canonical(&world, key, &r, canonical) && strcmp(canonical, user) == 0;
}

static bool has_card(const char *user, unsigned card)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "card:40000%u", card);
	return is_one(key, user);
}

/* A single name: the first have room, in whichever order all else happens. */
static void one_name(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world_init(&world, seed);
		for (unsigned n = 0; n < CARDS; n++) {
			name_card("u1", n);
			stir(12);
		}
		world_finish(&world);
		for (unsigned n = 0; n < CARDS; n++)
			CHECK_INT(has_card("u1", n), n < LIMIT);
		CHECK_INT(world.counters[COUNTER_IDENTITY_LIMIT], CARDS - LIMIT);
		CHECK_INT(world.counters[COUNTER_APPLIED], CARDS);
		world_release(&world);
	}
}

/* The names of each card, in turns, and of each of the names those that had room: as many as there
 * may be, and none of them behind one that had not. */
static void check_by_name(unsigned *ret_set)
{
	unsigned n_linked = 0;
	bool full[2] = {false, false};

	*ret_set = 0;
	for (unsigned n = 0; n < CARDS; n++) {
		bool linked = has_card("u1", n);

		CHECK(!linked || !full[n % 2]);
		full[n % 2] = full[n % 2] || !linked;
		n_linked += linked;
		*ret_set |= (unsigned)linked << n;
	}
	CHECK_INT(n_linked, LIMIT);
	CHECK_INT(world.counters[COUNTER_IDENTITY_LIMIT], CARDS - LIMIT);
}

/* u6 is another name of u1, and what is said of it comes by way of its own log. Which ones have
 * room does depend on that: some other order has others. */
static void two_names(void)
{
	unsigned first = 0, other = 0, set;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world_init(&world, seed);
		world_say(
			&world, X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u6\"}");
		world_settle(&world);
		for (unsigned n = 0; n < CARDS; n++) {
			name_card(n % 2 ? "u6" : "u1", n);
			stir(12);
		}
		world_finish(&world);
		check_by_name(&set);
		first = seed == 1 ? set : first;
		other += set != first;
		CHECK_INT(world.counters[COUNTER_APPLIED], CARDS + 1);
		world_release(&world);
	}
	CHECK(other > 0);
}

/* Two who had four each are one with eight: nothing is taken from anybody, and nothing is added. */
static void merged(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world_init(&world, seed);
		for (unsigned n = 0; n < 8; n++) {
			name_card(n % 2 ? "u6" : "u1", n);
			stir(12);
		}
		world_settle(&world);
		world_say(
			&world, X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u6\"}");
		stir(12);
		world_settle(&world);
		name_card(seed % 2 ? "u6" : "u1", 8);
		world_finish(&world);
		for (unsigned n = 0; n < 9; n++)
			CHECK_INT(has_card("u1", n), n < 8);
		CHECK_INT(world.counters[COUNTER_IDENTITY_LIMIT], 1);
		world_release(&world);
	}
}

#define BOTH "\"anonymousId\":\"a\",\"identifiers\":{\"email\":\"e@y.org\"}"

/* An address and a visitor are one. u1 is named with the visitor, and so would have the address; u2
 * with the address. Either has both, and the other one is who they were. */
static void by_links(void)
{
	unsigned of_first = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		bool first;

		world_init(&world, seed);
		world_say(&world, T, "{\"type\":\"identify\"," BOTH "}");
		world_settle(&world);
		world_say(&world, T,
			"{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a\"}");
		stir(150);
		world.clock++;
		world_say(&world, T,
			"{\"type\":\"identify\",\"userId\":\"u2\",\"identifiers\":{\"email\":"
			"\"e@y.org\"}}");
		stir(12);
		world_finish(&world);
		first = is_one("email:e@y.org", "u1");
		of_first += first;
		world_check_customer(&world, "email:e@y.org", first ? "u1" : "u2", 2);
		world_check_customer(&world, "anon:a", first ? "u1" : "u2", 2);
		world_check_customer(&world, first ? "u2" : "u1", first ? "u2" : "u1", 1);
		CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], 1);
		CHECK_INT(world.counters[COUNTER_APPLIED], 3);
		world_release(&world);
	}
	CHECK(of_first > 0 && of_first < ROUNDS);
}

static const struct check_case cases[] = {
	{"claims that follow from links", by_links},
	{"one name", one_name},
	{"two names", two_names},
	{"two who had some", merged},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
