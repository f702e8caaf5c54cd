/* SPDX-License-Identifier: MIT */
/*
 * Whatever is on its way when somebody is erased, and whoever dies meanwhile: nothing is kept under
 * any of their names afterwards, what they do then makes them not anew, and others stay as they
 * are.
 */
#include "erasing.h"

#define B LINK_BROWSER
#define T LINK_TRUSTED

#define TRACK(NAME, WHO, PROPERTIES)                                                               \
	"{\"type\":\"track\",\"event\":\"" NAME "\"," WHO ",\"properties\":{" PROPERTIES "}}"
#define ADDED(WHO, CART) TRACK("Product Added", WHO, "\"cart_id\":\"" CART "\"")
#define ANON(ID)	 "\"anonymousId\":\"" ID "\""
#define USER(ID)	 "\"userId\":\"" ID "\""
#define MAIL(ADDRESS)	 "\"identifiers\":{\"email\":\"" ADDRESS "\"}"
#define IDENTIFY(WHO)	 "{\"type\":\"identify\"," WHO "}"

struct speech {
	unsigned rights;
	const char *json;
};

/* A chain, a tree, a name that is merely claimed, and two carts that are armed. */
static const struct speech lines[] = {
	{T, ADDED(ANON("a"), "k1")},
	{T, IDENTIFY(MAIL("m@x.org") "," ANON("a"))},
	{B, ADDED(ANON("b"), "k2")},
	{B, IDENTIFY(USER("u1") "," ANON("b"))},
	{T, "{\"type\":\"identify\"," USER("u1") ",\"identifiers\":{\"email\":\"m@x.org\"}}"},
	{B, ADDED(USER("u1") "," ANON("c"), "k1")},
	{T, ADDED(MAIL("m@x.org"), "k3")},
};

static const char *const names[] = {"u1", "email:m@x.org", "anon:a", "anon:b", "anon:c"};

static struct world world;

static void stir(struct world *w, unsigned n)
{
	for (unsigned k = world_roll(w, n); k > 0; k--)
		world_stir(w);
	w->clock++;
}

static void tell_names(struct world *w, enum message_kind kind)
{
	erasing_tell(w, kind, names, ARRAY_SIZE(names));
}

static struct span kept(const struct world *w, const char *key)
{
	struct span k = span_str(key);

	return memory_store_record(w->shores[partition_of(k, PARTS)].memory, k);
}

static void check_nothing(const struct world *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_INT(kept(w, names[i]).len, 0);
		if (kept(w, names[i]).len > 0)
			fprintf(stderr, "# %s is there\n", names[i]);
	}
}

#define ROUNDS 200

/* The erasure comes anywhere in the story, which goes on. */
static void anywhere(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		int before = check_failures;
		_cleanup_(buf_release) struct buf other = BUF_INIT;
		unsigned at;

		world_init(&world, seed * 104729);
		world_say(&world, B, ADDED(USER("neighbour"), "k9"));
		world_settle(&world);
		buf_add_span(&other, kept(&world, "neighbour"));
		at = world_roll(&world, ARRAY_SIZE(lines) + 1);
		for (unsigned i = 0; i <= ARRAY_SIZE(lines); i++) {
			stir(&world, 12);
			if (i == at) {
				tell_names(&world, MESSAGE_SUPPRESS);
				stir(&world, 8);
				erasing_empty(&world, "u1");
				/* What is gathered before is told by itself, too. */
				erasing_empty(&world, "email:m@x.org");
			}
			if (i < ARRAY_SIZE(lines))
				world_say(&world, lines[i].rights, lines[i].json);
		}
		world_settle(&world);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			erasing_empty(&world, names[i]);
		world_settle(&world);
		check_nothing(&world);
		CHECK(span_equal(kept(&world, "neighbour"), buf_span(&other)));
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			world_say(&world, lines[i].rights, lines[i].json);
		world_settle(&world);
		check_nothing(&world);
		world_release(&world);
		if (check_failures > before) {
			fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
			return;
		}
	}
}

/* One word to the customer reaches all that leads there, and nobody else's. */
static void spreads(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		int before = check_failures;

		world_init(&world, seed * 7919);
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
			stir(&world, 12);
			world_say(&world, lines[i].rights, lines[i].json);
		}
		world_settle(&world);
		tell_names(&world, MESSAGE_SUPPRESS);
		world_settle(&world);
		/* By any of the names. */
		erasing_empty(&world, names[world_roll(&world, ARRAY_SIZE(names))]);
		world_settle(&world);
		check_nothing(&world);
		world_finish(&world);
		CHECK_INT(world_n_live(&world), 0);
		world_release(&world);
		if (check_failures > before) {
			fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
			return;
		}
	}
}

static void lifted(void)
{
	world_init(&world, 1);
	tell_names(&world, MESSAGE_SUPPRESS);
	world_settle(&world);
	world_say(&world, B, ADDED(USER("u1"), "k1"));
	world_settle(&world);
	CHECK_INT(kept(&world, "u1").len, 0);
	tell_names(&world, MESSAGE_LIFT);
	world_settle(&world);
	world_say(&world, B, ADDED(USER("u1"), "k1"));
	world_finish(&world);
	world_check_customer(&world, "u1", "u1", 1);
	CHECK_INT(world.counters[COUNTER_KEPT_OUT], 1);
	CHECK_INT(world.counters[COUNTER_APPLIED], 1);
	world_release(&world);
}

/* Nor is anything kept of them where their event names another, though nobody ever claims it. */
static void named_by_who_is_gone(void)
{
	world_init(&world, 1);
	world_say(&world, B, ADDED(USER("u1") "," ANON("z"), "k1"));
	tell_names(&world, MESSAGE_SUPPRESS);
	world_settle(&world);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		erasing_empty(&world, names[i]);
	world_settle(&world);
	world_say(&world, B, ADDED(USER("u1") "," ANON("y"), "k1"));
	world_settle(&world);
	CHECK_INT(kept(&world, "anon:y").len, 0);
	check_nothing(&world);
	/* And nobody waits for them. */
	world_say(&world, B, ADDED(USER("u1") "," ANON("x"), "k1"));
	world_say(&world, B, ADDED(USER("u2") "," ANON("x"), "k1"));
	world_settle(&world);
	world_check_customer(&world, "anon:x", "u2", 1);
	world_release(&world);
}

/* Somebody else gives an address that is erased: their event counts, the address does not. */
static void another_with_the_address(void)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char key[CUSTOMER_MAX + 1];

	world_init(&world, 1);
	tell_names(&world, MESSAGE_SUPPRESS);
	world_settle(&world);
	world_say(&world, T,
		"{\"type\":\"identify\"," USER(
			"u2") ",\"traits\":{\"email\":\" M@X.ORG\",\"firstName\":\"Ann\"}}");
	world_say(&world, T,
		"{\"type\":\"track\",\"event\":\"Product Added\"," USER("u2") "," MAIL(
			"m@x.org") ",\"properties\":{\"cart_id\":\"k\"}}");
	world_finish(&world);
	CHECK(world_canonical(&world, "u2", &r, key));
	CHECK_INT(r.journey->n_events, 2);
	CHECK_INT(r.journey->n_ids, 0);
	CHECK_STR(text_span(r.journey->traits[TRAIT_EMAIL]), "");
	CHECK_STR(text_span(r.journey->traits[TRAIT_FIRST_NAME]), "Ann");
	CHECK_INT(r.journey->n_addresses, 0);
	CHECK_INT(kept(&world, "email:m@x.org").len, 0);
	CHECK(memchr(r.tail.ptr, '@', r.tail.len) == NULL);
	world_release(&world);
}

/* Many keys of one partition, and somebody else's event behind the words: it waits for a commit of
 * each batch (3 in this world), and not of each word. */
static void many_keys(void)
{
	char list[9][24];
	const char *keys[ARRAY_SIZE(list)];
	uint32_t p = partition_of(SPAN_LIT("neighbour"), PARTS);
	struct shore *s = &world.shores[p];
	unsigned before;

	world_init(&world, 1);
	for (unsigned i = 0, n = 0; n < ARRAY_SIZE(list); i++) {
		char json[200];

		(void)snprintf(list[n], sizeof(list[n]), "k%u", i);
		if (partition_of(span_str(list[n]), PARTS) != p)
			continue;
		(void)snprintf(json, sizeof(json), ADDED(USER("%s"), "c"), list[n]);
		world_say(&world, T, json);
		keys[n] = list[n];
		n++;
	}
	world_settle(&world);
	erasing_tell(&world, MESSAGE_SUPPRESS, keys, ARRAY_SIZE(keys));
	world_settle(&world);
	before = s->n_commits;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		erasing_empty(&world, keys[i]);
	world_say(&world, T, ADDED(USER("neighbour"), "c"));
	world.clock++;
	world_read(s);
	CHECK_INT(s->n_commits - before, ARRAY_SIZE(keys) / 3 + 1);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_INT(kept(&world, keys[i]).len, 0);
	world_finish(&world);
	CHECK_INT(world.counters[COUNTER_ERASED], ARRAY_SIZE(keys));
	world_check_customer(&world, "neighbour", "neighbour", 1);
	world_release(&world);
}

#define THEIR_NAMES 128

/* Customers of one partition, in LIST, with so many names each. */
static void say_named(char list[3][24], uint32_t p)
{
	for (unsigned i = 0, n = 0; n < 3; i++) {
		(void)snprintf(list[n], sizeof(list[n]), "k%u", i);
		if (partition_of(span_str(list[n]), PARTS) != p)
			continue;
		for (unsigned k = 0; k < THEIR_NAMES; k++) {
			char json[200];

			(void)snprintf(json, sizeof(json), IDENTIFY(USER("%s") "," ANON("%u-%u")),
				list[n], i, k);
			world_say(&world, B, json);
			world_settle(&world);
		}
		n++;
	}
}

/* What a commit says is bounded, too, and not only how many keys it empties. */
static void many_names_each(void)
{
	char list[3][24];
	const char *const keys[] = {list[0], list[1], list[2]};
	uint32_t p = partition_of(SPAN_LIT("neighbour"), PARTS);
	struct shore *s = &world.shores[p];
	unsigned before;

	world_init(&world, 1);
	say_named(list, p);
	erasing_tell(&world, MESSAGE_SUPPRESS, keys, ARRAY_SIZE(keys));
	world_settle(&world);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_(record_release) struct record r = RECORD_INIT;
		char key[CUSTOMER_MAX + 1];

		REQUIRE(world_canonical(&world, keys[i], &r, key));
		CHECK_INT(r.journey->n_ids, THEIR_NAMES);
		erasing_empty(&world, keys[i]);
	}
	before = s->n_commits;
	world.clock++;
	world_read(s);
	CHECK_INT(s->n_commits - before, 2); /* 256 words, and what is left */
	world_finish(&world);
	CHECK_INT(world.counters[COUNTER_ERASED], ARRAY_SIZE(keys) * (1 + THEIR_NAMES));
	world_release(&world);
}

static const struct check_case cases[] = {
	{"at any point of the story", anywhere},
	{"from one name to all", spreads},
	{"they may come back", lifted},
	{"another with the address", another_with_the_address},
	{"named by who is gone", named_by_who_is_gone},
	{"many keys are few commits", many_keys},
	{"but not one of many words", many_names_each},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
