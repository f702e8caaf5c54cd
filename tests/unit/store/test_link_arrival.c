/* SPDX-License-Identifier: MIT */
/*
 * Who is one with whom is decided by the order in which events were received, also where that
 * follows only from links, and so is which identifiers have room where there are too many: whatever
 * arrives when, any story comes to what one thread says that hears it, and nobody waits for ever.
 *
 * WAYMARK_TEST_SEED is the first seed, else WAYMARK_STORY is the first story's, and
 * WAYMARK_STORIES how many there are (400, or that one).
 * WAYMARK_OWN and WAYMARK_OWNS are the same for stories of one who has many names (300, or that
 * one). WAYMARK_TOLD tells it, and who waits for whom at its end.
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

/* u6 is another name of u1, and what is said of it comes by way of its own log: the first received
 * have room all the same. */
static void two_names(void)
{
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
		for (unsigned n = 0; n < CARDS; n++)
			CHECK_INT(has_card("u1", n), n < LIMIT);
		CHECK_INT(world.counters[COUNTER_IDENTITY_LIMIT], CARDS - LIMIT);
		CHECK_INT(world.counters[COUNTER_APPLIED], CARDS + 1);
		world_release(&world);
	}
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

#define NAMES  12
#define USERS  3
#define EVENTS 14

/* The strongest first. */
static const char *const names[NAMES] = {"u1", "u2", "u3", "card:4000", "card:4001",
	"email:e@y.org", "email:f@y.org", "email:g@y.org", "anon:a", "anon:b", "anon:c", "anon:d"};
static const char *const members[NAMES] = {"\"userId\":\"u1\"", "\"userId\":\"u2\"",
	"\"userId\":\"u3\"", "\"identifiers\":{\"card\":\"4000\"}",
	"\"identifiers\":{\"card\":\"4001\"}", "\"identifiers\":{\"email\":\"e@y.org\"}",
	"\"identifiers\":{\"email\":\"f@y.org\"}", "\"identifiers\":{\"email\":\"g@y.org\"}",
	"\"anonymousId\":\"a\"", "\"anonymousId\":\"b\"", "\"anonymousId\":\"c\"",
	"\"anonymousId\":\"d\""};

/* Of each name the strongest that it is one with, and how many of a kind one may have. */
struct model {
	const struct identity *identity;
	unsigned leads[NAMES];
	unsigned n_refused;
};

static size_t kind(const struct model *m, unsigned name)
{
	return identity_kind_of(m->identity, span_str(names[name]));
}

/* Who is named FIRST, being the stronger, has room for OTHER's kind. */
static bool model_has_room(const struct model *m, unsigned first, unsigned other)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NAMES; i++)
		n += m->leads[i] == m->leads[first] && kind(m, i) == kind(m, other);
	return n < m->identity->kinds[kind(m, other)].limit;
}

/* Two users never are one. */
static void model_join(struct model *m, unsigned first, unsigned other)
{
	unsigned a = m->leads[first], b = m->leads[other];
	unsigned low = a < b ? a : b, high = a + b - low;

	if (a == b)
		return;
	if (!model_has_room(m, first, other)) {
		m->n_refused++;
		return;
	}
	for (unsigned n = 0; n < NAMES && !(low < USERS && high < USERS); n++)
		if (m->leads[n] == high)
			m->leads[n] = low;
}

/* Two names that one event can bear, the stronger first. */
static void choose(unsigned *ret_a, unsigned *ret_b)
{
	unsigned a, b;

	do {
		a = world_roll(&world, NAMES);
		b = world_roll(&world, NAMES);
	} while (a == b || strncmp(members[a], members[b], 8) == 0);
	*ret_a = a < b ? a : b;
	*ret_b = a + b - *ret_a;
}

static void show_waiting(const char *at, const struct customer_naming *n)
{
	fprintf(stderr, "# at %s, %lld: %.*s via %.*s, %u of %u to answer%s: %.*s\n", at,
		(long long)(n->place_at - BASE_AT), (int)n->name.len, n->name.ptr, (int)n->via.len,
		n->via.ptr, n->n_open, n->n_asked, n->asked ? ", asked" : "", (int)n->said.len,
		n->said.ptr);
}

/* Nobody waits for anybody any more. */
static void check_settled(void)
{
	for (unsigned n = 0; n < NAMES; n++) {
		_cleanup_(record_release) struct record r = RECORD_INIT;
		char canonical[CUSTOMER_MAX + 1] = "";

		if (!world_canonical(&world, names[n], &r, canonical) || !r.journey)
			continue;
		for (size_t i = 0; i < r.journey->n_named; i++) {
			CHECK_INT(r.journey->named[i].said.len, 0);
			if (getenv("WAYMARK_TOLD"))
				show_waiting(canonical, &r.journey->named[i]);
		}
	}
}

static void tell(uint64_t seed, const char *json)
{
	if (getenv("WAYMARK_TOLD"))
		fprintf(stderr, "# %lld: %s\n", (long long)(world.clock - BASE_AT), json);
	world_say(&world, T, json);
	stir(seed % 2 ? 12 : 60);
}

/* It comes to what M says of those KNOWN, a bit for each, after N_EVENTS. */
static void finish_story(const struct model *m, unsigned known, unsigned n_events)
{
	world_finish(&world);
	check_settled();
	for (unsigned n = 0; n < NAMES; n++)
		if (known & 1u << n || m->leads[n] != n)
			world_check_customer(&world, names[n], names[m->leads[n]], 0);
	CHECK_INT(world.counters[COUNTER_APPLIED], n_events);
	CHECK_INT(world.counters[COUNTER_QUARANTINED], 0);
	world_release(&world);
}

static void one_story(uint64_t seed, const struct identity *identity)
{
	struct model model = {.identity = identity};
	int before = check_failures;
	unsigned known = 0;
	char json[256];

	for (unsigned n = 0; n < NAMES; n++)
		model.leads[n] = n;
	world_init_limited(&world, seed, identity);
	for (unsigned n = 0; n < EVENTS; n++) {
		unsigned a, b;

		choose(&a, &b);
		model_join(&model, a, b);
		known |= 1u << a;
		(void)snprintf(json, sizeof(json), "{\"type\":\"identify\",%s,%s}", members[a],
			members[b]);
		world.clock++;
		tell(seed, json);
	}
	finish_story(&model, known, EVENTS);
	if (check_failures > before)
		fprintf(stderr, "# story %llu\n", (unsigned long long)seed);
}

static void one_limited_story(uint64_t seed)
{
	struct identity identity = IDENTITY_DEFAULT;

	identity.kinds[IDENTIFIER_CARD].limit = 1;
	identity.kinds[IDENTIFIER_EMAIL].limit = 1 + (uint32_t)(seed / 2 % 2);
	identity.kinds[IDENTIFIER_ANONYMOUS].limit = 1 + (uint32_t)(seed / 4 % 3);
	one_story(seed, &identity);
}

/* ---- somebody with all their names -------------------------------------------------------- */

#define OWN_NAMES  6
#define OWN_EVENTS 16

/* An event of those CHOSEN. */
static void tell_all(const unsigned *chosen, unsigned n, char json[256])
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, ids = BUF_INIT;

	buf_add_span(&out, SPAN_LIT("{\"type\":\"identify\""));
	for (unsigned i = 0; i < n; i++) {
		struct span m = span_str(members[chosen[i]]);
		const char *inner = strchr(members[chosen[i]], '{');

		buf_add_span(inner ? &ids : &out, SPAN_LIT(","));
		if (inner)
			m = span_of(inner + 1, strlen(inner) - 2);
		buf_add_span(inner ? &ids : &out, m);
	}
	if (buf_span(&ids).len > 0) {
		buf_add_span(&out, SPAN_LIT(",\"identifiers\":{"));
		buf_add_span(&out, span_of(buf_span(&ids).ptr + 1, buf_span(&ids).len - 1));
		buf_add_span(&out, SPAN_LIT("}"));
	}
	buf_add_span(&out, SPAN_LIT("}"));
	REQUIRE(buf_failed(&out) == 0 && buf_failed(&ids) == 0 && buf_span(&out).len < 256);
	world_copy(json, 256, buf_span(&out));
}

/* Nothing contradicts, so whatever came when, and be it in one millisecond, all that stood in one
 * event is one. */
static void own_story(uint64_t seed)
{
	static const unsigned own[OWN_NAMES] = {0, 3, 5, 8, 9, 10};
	struct model model = {.identity = &IDENTITY_DEFAULT};
	int before = check_failures;
	unsigned known = 0;

	for (unsigned n = 0; n < NAMES; n++)
		model.leads[n] = n;
	world_init(&world, seed);
	for (unsigned n = 0; n < OWN_EVENTS; n++) {
		unsigned chosen[4], n_chosen = 0;
		char json[256];

		/* One of a kind, the strongest first. */
		for (unsigned i = 0; i < 3; i++)
			if (world_roll(&world, 3) == 0)
				chosen[n_chosen++] = own[i];
		if (n_chosen == 0 || world_roll(&world, 4) != 0)
			chosen[n_chosen++] = own[3 + world_roll(&world, 3)];
		for (unsigned i = 1; i < n_chosen; i++)
			model_join(&model, chosen[0], chosen[i]);
		known |= 1u << chosen[0];
		tell_all(chosen, n_chosen, json);
		world.clock += world_roll(&world, 2);
		tell(seed, json);
	}
	finish_story(&model, known, OWN_EVENTS);
	if (check_failures > before)
		fprintf(stderr, "# own story %llu\n", (unsigned long long)seed);
}

/* The seed of the first: FROM, else the one that is given to all tests, else 1. */
static uint64_t first_of(const char *from)
{
	const char *given = from ? from : getenv("WAYMARK_TEST_SEED");

	return given ? strtoull(given, NULL, 10) : 1;
}

/* As many as are asked for, or N. */
static void all_stories(uint64_t n, bool limited)
{
	const char *from = getenv("WAYMARK_STORY"), *count = getenv("WAYMARK_STORIES");
	uint64_t first = first_of(from);

	n = count ? strtoull(count, NULL, 10) : from ? 1 : n;
	for (uint64_t seed = first; seed < first + n; seed++) {
		if (limited)
			one_limited_story(seed);
		else
			one_story(seed, &IDENTITY_DEFAULT);
	}
}

static void stories(void)
{
	all_stories(400, false);
}

static void own_stories(void)
{
	const char *from = getenv("WAYMARK_OWN"), *count = getenv("WAYMARK_OWNS");
	uint64_t first = first_of(from);
	uint64_t n = count ? strtoull(count, NULL, 10) : from ? 1 : 300;
	/* In each two waited for each other for ever. */
	static const uint64_t seeds[] = {773, 3237, 4553};

	for (uint64_t seed = first; seed < first + n; seed++)
		own_story(seed);
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
		own_story(seeds[i]);
}

static void limited_stories(void)
{
	all_stories(400, true);
}

/* Each was told otherwise once, all but one with limits, and stands for others. */
static void told_stories(void)
{
	static const uint64_t seeds[] = {644, 1501, 1558, 1988, 2111, 3013, 3027, 3087, 4073};

	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
		one_limited_story(seeds[i]);
	one_story(21831, &IDENTITY_DEFAULT);
}

static const struct check_case cases[] = {
	{"somebody with all their names", own_stories},
	{"claims that follow from links", by_links},
	{"a name that is refused before it answers", refused_meanwhile},
	{"any story", stories},
	{"any story, and limits", limited_stories},
	{"stories that were told otherwise", told_stories},
	{"one name", one_name},
	{"two names", two_names},
	{"two who had some", merged},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
