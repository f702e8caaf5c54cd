/* SPDX-License-Identifier: MIT */
/*
 * What depends on when messages arrive, and what does not. Who is one with whom is decided by the
 * order in which events were received, also where that follows only from links: any story comes to
 * what one thread says that hears it. Which identifiers have room where there are too many is
 * decided where they come together, so one of several outcomes is to be expected; that the limit is
 * kept does not depend on anything.
 *
 * WAYMARK_STORY is the first story's seed, WAYMARK_STORIES how many there are (400, or that one).
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

/* An address and a visitor are one. u1 is named with the visitor, and so has the address; u2, with
 * the address, comes later, whatever comes first to whom. */
static void by_links(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world_init(&world, seed);
		world_say(&world, T, "{\"type\":\"identify\"," BOTH "}");
		if (seed % 2)
			world_settle(&world);
		world.clock++;
		world_say(&world, T,
			"{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a\"}");
		stir(seed % 3 ? 12 : 150);
		world.clock++;
		world_say(&world, T,
			"{\"type\":\"identify\",\"userId\":\"u2\",\"identifiers\":{\"email\":"
			"\"e@y.org\"}}");
		stir(12);
		world_finish(&world);
		world_check_customer(&world, "email:e@y.org", "u1", 2);
		world_check_customer(&world, "anon:a", "u1", 2);
		world_check_customer(&world, "u2", "u2", 1);
		CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], 1);
		CHECK_INT(world.counters[COUNTER_APPLIED], 3);
		world_release(&world);
	}
}

/* u6 claims a card that is u1's, and staff say that u6 is u2. Before that is done u6's names are
 * asked what was said earlier; there is one, and by the time it answers it has been refused. */
static void refused_meanwhile(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world_init(&world, seed);
		name_card("u1", 0);
		stir(12);
		name_card("u6", 0);
		stir(12);
		world.clock++;
		world_say(
			&world, X, "{\"type\":\"alias\",\"userId\":\"u2\",\"previousId\":\"u6\"}");
		stir(12);
		world_finish(&world);
		CHECK(has_card("u1", 0));
		CHECK(is_one("u6", "u2"));
		world_release(&world);
	}
}

/* ---- any story, and one thread that hears it --------------------------------------------- */

#define NAMES  9
#define USERS  3
#define EVENTS 14

/* The strongest first. */
static const char *const names[NAMES] = {"u1", "u2", "u3", "card:4000", "email:e@y.org",
	"email:f@y.org", "anon:a", "anon:b", "anon:c"};
static const char *const members[NAMES] = {"\"userId\":\"u1\"", "\"userId\":\"u2\"",
	"\"userId\":\"u3\"", "\"identifiers\":{\"card\":\"4000\"}",
	"\"identifiers\":{\"email\":\"e@y.org\"}", "\"identifiers\":{\"email\":\"f@y.org\"}",
	"\"anonymousId\":\"a\"", "\"anonymousId\":\"b\"", "\"anonymousId\":\"c\""};

/* Of each name the strongest that it is one with: two users never are. */
static void model_join(unsigned leads[NAMES], unsigned a, unsigned b)
{
	unsigned low = leads[a] < leads[b] ? leads[a] : leads[b];
	unsigned high = leads[a] + leads[b] - low;

	for (unsigned n = 0; n < NAMES && !(low < USERS && high < USERS); n++)
		if (leads[n] == high)
			leads[n] = low;
}

/* Two names that one event can bear. */
static void choose(unsigned *ret_a, unsigned *ret_b)
{
	do {
		*ret_a = world_roll(&world, NAMES);
		*ret_b = world_roll(&world, NAMES);
	} while (*ret_a == *ret_b || strncmp(members[*ret_a], members[*ret_b], 8) == 0);
}

static void one_story(uint64_t seed)
{
	unsigned leads[NAMES], known = 0;
	int before = check_failures;
	char json[256];

	for (unsigned n = 0; n < NAMES; n++)
		leads[n] = n;
	world_init(&world, seed);
	for (unsigned n = 0; n < EVENTS; n++) {
		unsigned a, b;

		choose(&a, &b);
		model_join(leads, a, b);
		known |= 1u << a | 1u << b;
		(void)snprintf(json, sizeof(json), "{\"type\":\"identify\",%s,%s}", members[a],
			members[b]);
		world.clock++;
		world_say(&world, T, json);
		stir(seed % 2 ? 12 : 60);
	}
	world_finish(&world);
	for (unsigned n = 0; n < NAMES; n++)
		if (known & 1u << n)
			world_check_customer(&world, names[n], names[leads[n]], 0);
	CHECK_INT(world.counters[COUNTER_APPLIED], EVENTS);
	CHECK_INT(world.counters[COUNTER_QUARANTINED], 0);
	world_release(&world);
	if (check_failures > before)
		fprintf(stderr, "# story %llu\n", (unsigned long long)seed);
}

static void stories(void)
{
	const char *from = getenv("WAYMARK_STORY"), *count = getenv("WAYMARK_STORIES");
	uint64_t first = from ? strtoull(from, NULL, 10) : 1;
	uint64_t n = count ? strtoull(count, NULL, 10) : from ? 1 : 400;

	for (uint64_t i = 0; i < n; i++)
		one_story(first + i);
}

static const struct check_case cases[] = {
	{"claims that follow from links", by_links},
	{"a name that is refused before it answers", refused_meanwhile},
	{"any story", stories},
	{"one name", one_name},
	{"two names", two_names},
	{"two who had some", merged},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
