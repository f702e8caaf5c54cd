/* SPDX-License-Identifier: MIT */
/*
 * Two customers who were made one and are taken apart again are what they would have been: a second
 * world in which they never were one, with the same events at the same instants, says what that is,
 * byte for byte.
 */
#include "histories.h"
#include "two_worlds.h"

static const char *const names[] = {"Product Added", "Product Viewed", "Order Completed",
	"Product Removed", "Checkout Started", "Email Opened"};

/* Something that WHO does. */
static void does(const char *who)
{
	struct saying *l = add(T);
	unsigned name = world_roll(&one, 2) ? 0 : world_roll(&one, ARRAY_SIZE(names));

	(void)snprintf(l->json, sizeof(l->json),
		"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"m%zu\",\"properties\":"
		"{\"cart_id\":\"k%u\",\"order_id\":\"o%u\",\"value\":%u}}",
		names[name], who, story.n, world_roll(&one, 3), world_roll(&one, 4),
		world_roll(&one, 100));
}

static const char merging[] =
	"{\"type\":\"identify\"," USER("u1") "," MAIL("b@y.org") ",\"messageId\":\"joined\"}";

#define ROUNDS 40

/* A history of two, made one in the middle, and some more. */
static void random_history(uint64_t seed)
{
	size_t joined, apart;

	begin(seed, NULL);
	for (unsigned n = 2 + world_roll(&one, 30); n > 0; n--)
		does(world_roll(&one, 2) ? USER("u1") : MAIL("b@y.org"));
	does(USER("u1"));
	does(MAIL("b@y.org"));
	says(X, merging);
	joined = story.n;
	for (unsigned n = world_roll(&one, 60); n > 0; n--)
		does(world_roll(&one, 2) ? USER("u1") : MAIL("b@y.org"));
	apart = story.n;
	play(&one, 0, joined, true);
	world_check_customer(&one, OTHER, "u1", 0);
	play(&one, joined, apart, true);
	play(&two, 0, apart, false);
	take_apart(OTHER, "u1");
	check_same("u1");
	check_same(OTHER);
	for (unsigned n = world_roll(&one, 10); n > 0; n--)
		does(world_roll(&one, 2) ? USER("u1") : MAIL("b@y.org"));
	if (story.n > apart) {
		play(&one, apart, story.n, true);
		play(&two, apart, story.n, true);
	}
	one.clock = two.clock = story.at + 1000;
	world_finish(&one);
	world_finish(&two);
	check_same("u1");
	check_same(OTHER);
	check_jobs(&one);
	end();
}

static void histories(void)
{
	histories_run(ROUNDS, random_history);
}

/* What is kept of KEY is the same in both, to the byte: state, recent and sealed timeline. */
static void check_bytes(const char *key)
{
	uint32_t p = partition_of(span_str(key), PARTS);
	struct span a = record_of(&one, key), b = record_of(&two, key);
	size_t i = 0;

	CHECK(a.len > 0 && span_equal(a, b));
	do {
		a = memory_store_chunk(one.shores[p].memory, span_str(key), i);
		b = memory_store_chunk(two.shores[p].memory, span_str(key), i++);
		CHECK(span_equal(a, b));
	} while (a.len > 0 && b.len > 0);
}

/* Each of these follows something, so that news are passed on to whoever leaves. */
static void follows(const char *who)
{
	struct saying *l = add(T);

	(void)snprintf(l->json, sizeof(l->json),
		"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"f%zu\","
		"\"properties\":{\"sku\":\"S%u\",\"path\":\"/\",\"code\":\"500\"}}",
		world_roll(&one, 4) ? "Stock Alert Requested" : "Client Error", who, story.n,
		world_roll(&one, 9));
}

/* One and two again, and nothing of it stays but that they were taken apart, which is said to the
 * second world as well. */
static void there_and_back(uint64_t seed)
{
	begin(seed, NULL);
	one.prompt = two.prompt = true;
	follows(USER("u1"));
	follows(MAIL("b@y.org"));
	for (unsigned n = world_roll(&one, 60); n > 0; n--) {
		const char *who = world_roll(&one, 2) ? USER("u1") : MAIL("b@y.org");

		if (world_roll(&one, 3))
			does(who);
		else
			follows(who);
	}
	play(&one, 0, story.n, true);
	play(&two, 0, story.n, true);
	check_bytes("u1");
	check_bytes(OTHER);
	one.clock = story.at += 1000;
	world_claim(&one, "u1", OTHER);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 0);
	take_apart(OTHER, "u1");
	check_bytes("u1");
	check_bytes(OTHER);
	end();
}

static void bytes(void)
{
	histories_run(ROUNDS, there_and_back);
}

/* ---- what goes on meanwhile ------------------------------------------------------------------ */

#define CART(WHO, CART)                                                                            \
	"{\"type\":\"track\",\"event\":\"Product Added\"," WHO                                     \
	",\"properties\":{\"cart_id\":\"" CART "\"}}"

/* Two who are one, at an instant at which all is settled. */
static void join(uint64_t seed)
{
	world_init(&one, seed);
	world_say(&one, T, CART(USER("u1"), "a"));
	world_say(&one, T, CART(MAIL("b@y.org"), "b"));
	world_settle(&one);
	world_say(&one, T, merging);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 3);
}

/* What is on its way along the old link, in each state of being so, arrives where it belongs. */
static void in_flight(void)
{
	char later[CUSTOMER_MAX + 1];

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		unsigned n = 0;
		int r;

		join(seed);
		for (unsigned k = world_roll(&one, 4); k > 0; k--, n++)
			world_say(&one, T, CART(MAIL("b@y.org"), "c"));
		for (unsigned k = world_roll(&one, 6); k > 0; k--)
			world_stir(&one);
		r = world_unmerge(&one, OTHER, later);
		CHECK_INT(r, 0);
		for (unsigned k = world_roll(&one, 4); k > 0; k--, n++) {
			world_say(&one, T, CART(MAIL("b@y.org"), "d"));
			world_stir(&one);
		}
		world_settle(&one);
		/* Something came first, and nothing was done: again. */
		if (link_is(record_of(&one, OTHER))) {
			CHECK_INT(world_unmerge(&one, OTHER, later), 0);
			world_settle(&one);
		}
		world_check_customer(&one, "u1", "u1", 2);
		world_check_customer(&one, OTHER, OTHER, 1 + n);
		world_finish(&one);
		check_jobs(&one);
		world_release(&one);
	}
}

/* What was made from one state does not take the place of another. */
static void too_late(void)
{
	char later[CUSTOMER_MAX + 1];

	join(1);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	/* Posted behind it, but made from the same state: the first one was done. */
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, "u1", "u1", 2);
	world_check_customer(&one, OTHER, OTHER, 1);
	world_finish(&one);
	CHECK_INT(one.counters[COUNTER_IDENTITY_UNMERGED], 2);
	world_release(&one);
	join(2);
	world_say(&one, T, CART(USER("u1"), "z"));
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 4);
	world_release(&one);
}

/* The old evidence comes again, and from a third side; they stay two, until somebody says so. */
static void not_again(void)
{
	char later[CUSTOMER_MAX + 1];

	join(3);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_say(&one, T, "{\"type\":\"identify\"," USER("u1") "," MAIL("b@y.org") "}");
	world_say(&one, T, "{\"type\":\"identify\"," MAIL("b@y.org") ",\"anonymousId\":\"v\"}");
	world_settle(&one);
	world_say(&one, T, "{\"type\":\"identify\"," USER("u1") ",\"anonymousId\":\"v\"}");
	world_settle(&one);
	world_check_customer(&one, OTHER, OTHER, 2);
	world_check_customer(&one, "anon:v", OTHER, 2);
	world_check_customer(&one, "u1", "u1", 4);
	world_claim(&one, "u1", OTHER);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 6);
	world_say(&one, T, CART(MAIL("b@y.org"), "e"));
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 7);
	/* And once more. */
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, OTHER, 3);
	world_check_customer(&one, "u1", "u1", 4);
	world_release(&one);
}

/* A chain is undone from its end. */
static void chain(void)
{
	char later[CUSTOMER_MAX + 1];

	join(4);
	world_say(&one, T, CART(USER("a0"), "x"));
	world_settle(&one);
	world_claim(&one, "a0", "u1");
	world_settle(&one);
	world_say(&one, T, CART(MAIL("b@y.org"), "y"));
	world_settle(&one);
	world_check_customer(&one, OTHER, "a0", 5);
	CHECK_INT(world_unmerge(&one, OTHER, later), -ELOOP);
	CHECK_INT(world_unmerge(&one, "u1", later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 4);
	world_check_customer(&one, "a0", "a0", 1);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, OTHER, 2);
	world_check_customer(&one, "u1", "u1", 2);
	world_release(&one);
}

/* Of two who became parts of one the first is taken out, and the second stays; then it goes too. */
static void first_of_two(void)
{
	char later[CUSTOMER_MAX + 1];

	join(5);
	world_say(&one, T, CART(MAIL("c@y.org"), "c"));
	world_settle(&one);
	world_claim(&one, "u1", "email:c@y.org");
	world_settle(&one);
	world_check_customer(&one, "email:c@y.org", "u1", 4);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, OTHER, 1);
	world_check_customer(&one, "email:c@y.org", "u1", 3);
	CHECK_INT(world_unmerge(&one, "email:c@y.org", later), 0);
	world_settle(&one);
	world_check_customer(&one, "u1", "u1", 2);
	world_check_customer(&one, "email:c@y.org", "email:c@y.org", 1);
	world_release(&one);
}

/* Has the customer of KEY any events? */
static bool is_somebody(const char *key)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char got[CUSTOMER_MAX + 1];

	return world_canonical(&one, key, &r, got) && r.journey->n_events > 0;
}

/* A name that brought nobody along, without events of its own and with some. From whom it was taken
 * is known of it, whether its owner dies meanwhile or not. */
static void only_a_name(void)
{
	char later[CUSTOMER_MAX + 1], key[CUSTOMER_MAX + 1];

	for (unsigned n = 0; n < 6; n++) {
		_cleanup_(record_release) struct record r = RECORD_INIT;
		unsigned more = n / 2;

		world_init(&one, 6);
		world_say(&one, T, CART(USER("u1"), "a"));
		world_say(&one, T, merging);
		world_settle(&one);
		for (unsigned k = 0; k < more; k++)
			world_say(&one, T, CART(MAIL("b@y.org"), "b"));
		world_settle(&one);
		world_check_customer(&one, OTHER, "u1", 2 + more);
		CHECK_INT(world_unmerge(&one, OTHER, later), 0);
		world_settle(&one);
		if (n % 2)
			world_restart(&one);
		world_check_customer(&one, "u1", "u1", 2);
		CHECK(is_somebody(OTHER) == (more > 0));
		if (more > 0)
			world_check_customer(&one, OTHER, OTHER, more);
		world_say(&one, T, CART(MAIL("b@y.org"), "c"));
		world_settle(&one);
		world_check_customer(&one, OTHER, OTHER, more + 1);
		REQUIRE(world_canonical(&one, OTHER, &r, key));
		CHECK(journey_apart(r.journey, SPAN_LIT("u1")));
		world_release(&one);
	}
}

/* The mail about the other's cart was made while they were one: it is the other's, and is not made
 * again. */
static void a_job_moves(void)
{
	char later[CUSTOMER_MAX + 1];

	join(7);
	one.clock += 2 * MS_MINUTE;
	world_settle(&one);
	CHECK_INT(one.n_jobs, 2);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_finish(&one);
	CHECK_INT(one.n_jobs, 2);
	for (size_t i = 0; i < one.n_jobs; i++)
		CHECK_STR(span_str(one.jobs[i].owner), one.jobs[i].customer);
	/* It lies where it was made, and is taken back there. */
	world_say(
		&one, T, "{\"type\":\"track\",\"event\":\"Order Completed\"," MAIL("b@y.org") "}");
	world_settle(&one);
	CHECK_INT(world_n_live(&one), 1);
	world_release(&one);
}

/* What came to the customer by the other's event has to go first. */
static void later_first(void)
{
	char later[CUSTOMER_MAX + 1] = "";

	join(8);
	world_say(&one, T, CART(MAIL("b@y.org") ",\"anonymousId\":\"v\"", "b"));
	world_settle(&one);
	world_check_customer(&one, "anon:v", "u1", 4);
	CHECK_INT(world_unmerge(&one, OTHER, later), DIVIDE_LATER);
	CHECK_STR(span_str(later), "anon:v");
	CHECK_INT(world_unmerge(&one, "anon:v", later), 0);
	world_settle(&one);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, OTHER, 2);
	world_check_customer(&one, "u1", "u1", 2);
	world_release(&one);
}

/* A log that lacks what is needed is noticed. */
static void trimmed(void)
{
	char later[CUSTOMER_MAX + 1];
	struct shore *s;

	join(9);
	world_say(&one, T, CART(USER("u1"), "q"));
	world_settle(&one);
	s = &one.shores[partition_of(SPAN_LIT("u1"), PARTS)];
	s->n_log--;
	CHECK_INT(world_unmerge(&one, OTHER, later), DIVIDE_DIFFERENT);
	s->n_log = 1;
	CHECK_INT(world_unmerge(&one, OTHER, later), DIVIDE_TRIMMED);
	world_release(&one);
}

/* ---- who is waited for ----------------------------------------------------------------------- */

static void name_beside(struct world *w, const char *key, const char *of)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = MESSAGE_NAMED,
		.to = span_str(key),
		.of = span_str(of)};

	world_tell(w, partition_of(m.to, PARTS), &m, SPAN_EMPTY);
	world_settle(w);
}

/* Whose name is kept until they are heard is no part of what is folded; it stays with the key.
 * READ: its owner has the customer as it was kept, and not as it was made. */
static void waits(bool read)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char later[CUSTOMER_MAX + 1];

	world_init(&one, 4);
	world_say(&one, T, CART(MAIL("a@y.org"), "a"));
	world_say(&one, T, CART(MAIL("b@y.org"), "b"));
	name_beside(&one, "email:a@y.org", "u7");
	/* The snapshot of before the merge has a name, and what stands there has two. */
	world_claim(&one, "email:a@y.org", OTHER);
	world_settle(&one);
	world_check_customer(&one, OTHER, "email:a@y.org", 2);
	name_beside(&one, "email:a@y.org", "u8");
	if (read)
		world_restart(&one);
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, "email:a@y.org", "email:a@y.org", 1);
	world_check_customer(&one, OTHER, OTHER, 1);
	REQUIRE(record_decode(record_of(&one, "email:a@y.org"), &r) == 0);
	REQUIRE(r.journey->n_named == 2);
	CHECK_STR(text_span(r.journey->named[0].name), "u7");
	CHECK_STR(text_span(r.journey->named[1].name), "u8");
	world_release(&one);
}

static void waited_for(void)
{
	waits(false);
	waits(true);
}

/* The question whether somebody claims a visitor goes the way that their event goes: to whom they
 * were a part of, and back to them when the two were taken apart meanwhile. Their claim was
 * received first, so it counts. */
static void asked_on_the_way(void)
{
	char later[CUSTOMER_MAX + 1];

	for (uint64_t seed = 1; seed <= UINT64_C(5) * ROUNDS; seed++) {
		int before = check_failures;

		join(seed);
		CHECK_INT(world_unmerge(&one, OTHER, later), 0);
		world_say(&one, T,
			"{\"type\":\"identify\"," MAIL("b@y.org") ",\"anonymousId\":\"v\"}");
		one.clock++;
		world_say(&one, B, "{\"type\":\"identify\"," USER("u2") ",\"anonymousId\":\"v\"}");
		for (unsigned k = world_roll(&one, 30); k > 0; k--)
			world_stir(&one);
		world_settle(&one);
		world_check_customer(&one, "anon:v", OTHER, 2);
		world_release(&one);
		if (check_failures > before) {
			fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
			return;
		}
	}
}

static const struct check_case cases[] = {
	{"a random history", histories},
	{"byte for byte", bytes},
	{"on its way along the old link", in_flight},
	{"made from another state", too_late},
	{"the old evidence again", not_again},
	{"a chain", chain},
	{"the first of two", first_of_two},
	{"a name without a customer", only_a_name},
	{"a job moves", a_job_moves},
	{"what has to go first", later_first},
	{"a log that was trimmed", trimmed},
	{"somebody is waited for", waited_for},
	{"asked on the way", asked_on_the_way},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
