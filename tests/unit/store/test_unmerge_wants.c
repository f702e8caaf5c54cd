/* SPDX-License-Identifier: MIT */
/*
 * What waits until it is known whether there is room for it, and customers who are taken apart
 * meanwhile, or since. u1 has two more names, u6 and u7, and a card is named of which u6 may have
 * said something, so that u6 is asked; who is asked answers only when their partition is worked
 * through.
 */
#include "link_world.h"

#define T LINK_TRUSTED
#define X (LINK_TRUSTED | LINK_EXPLICIT)

static struct world w;

static void say(unsigned rights, const char *json)
{
	w.clock += 1000;
	world_say(&w, rights, json);
}

static void does(const char *user)
{
	char json[160];

	w.clock += 1000;
	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"Product Added\",\"userId\":\"%s\",\"properties\":"
		"{\"cart_id\":\"of %s\"}}",
		user, user);
	world_say(&w, T, json);
}

static void names_card(const char *user, const char *card)
{
	char json[128];

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"identify\",\"userId\":\"%s\",\"identifiers\":{\"card\":\"%s\"}}", user,
		card);
	say(T, json);
}

static struct shore *shore_of(const char *key)
{
	return &w.shores[partition_of(span_str(key), PARTS)];
}

/* What the shore of KEY has to say is said, and nobody has heard it who is not asked for it. */
static void read_only(const char *key)
{
	w.clock++;
	world_read(shore_of(key));
}

static unsigned n_waiting(const char *key)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char canonical[CUSTOMER_MAX + 1] = "";

	CHECK(world_canonical(&w, key, &r, canonical));
	return r.journey ? (unsigned)r.journey->n_named : 0;
}

static void check_is(const char *key, const char *whose)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char canonical[CUSTOMER_MAX + 1] = "";

	(void)world_canonical(&w, key, &r, canonical);
	CHECK_STR(span_str(canonical), whose);
}

static void take_apart(const char *key)
{
	char later[CUSTOMER_MAX + 1] = "";

	CHECK_INT(world_unmerge(&w, key, later), 0);
	world_settle(&w);
}

static void begin(uint64_t seed, const struct identity *identity)
{
	world_init_limited(&w, seed, identity);
	does("u1");
	does("u6");
	does("u7");
	say(X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u6\"}");
	world_settle(&w);
	say(X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u7\"}");
	world_settle(&w);
	check_is("u6", "u1");
	check_is("u7", "u1");
}

/* It goes on waiting, and is judged once; and who is taken out after that finds it judged then. */
static void waits_on(void)
{
	begin(3, &IDENTITY_DEFAULT);
	names_card("u1", "4000");
	read_only("u1");
	CHECK_INT(n_waiting("u1"), 1);
	take_apart("u7");
	check_is("u7", "u7");
	check_is("card:4000", "u1");
	CHECK_INT(n_waiting("u1"), 0);
	does("u1");
	world_settle(&w);
	take_apart("u6");
	check_is("card:4000", "u1");
	world_finish(&w);
	world_check_customer(&w, "u1", "u1", 5); /* an alias is one of whom it makes another's */
	world_check_customer(&w, "u6", "u6", 1);
	world_check_customer(&w, "u7", "u7", 1);
	world_release(&w);
}

/* What only the other had named is not the customer's any more. */
static void goes_along(void)
{
	begin(5, &IDENTITY_DEFAULT);
	names_card("u7", "4000");
	world_work(&w, partition_of(span_str("u7"), PARTS));
	read_only("u1");
	CHECK_INT(n_waiting("u1"), 1);
	take_apart("u7");
	CHECK_INT(n_waiting("u1"), 0);
	check_is("u7", "u7");
	world_finish(&w);
	CHECK_INT(w.counters[COUNTER_QUARANTINED], 0);
	check_is("card:4000", "card:4000"); /* u7 had named it, and that is all */
	names_card("u1", "4000");
	world_finish(&w);
	check_is("card:4000", "u1");
	world_release(&w);
}

/* One card is all there may be. u6's was received first; u1's is heard first, and waits: it is
 * refused when u6's is known, and so it is to who folds the log again. */
static void refused_late(void)
{
	struct identity identity = IDENTITY_DEFAULT;

	identity.kinds[IDENTIFIER_CARD].limit = 1;
	begin(7, &identity);
	names_card("u6", "4001");
	names_card("u1", "4000");
	read_only("u1");
	CHECK_INT(n_waiting("u1"), 1);
	does("u1");
	world_settle(&w);
	check_is("card:4001", "u1");
	check_is("card:4000", "");
	take_apart("u7");
	check_is("card:4001", "u1");
	check_is("card:4000", "");
	world_finish(&w);
	CHECK_INT(w.counters[COUNTER_IDENTITY_LIMIT], 1);
	world_release(&w);
}

static const struct check_case cases[] = {
	{"it waits on", waits_on},
	{"it goes along", goes_along},
	{"refused late", refused_late},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
