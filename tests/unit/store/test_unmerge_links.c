/* SPDX-License-Identifier: MIT */
/*
 * Whatever else was said of who is who, before and after, and by the two themselves: what was made
 * one can be taken apart again, and goes on from there. Everybody is taken out of everybody, in the
 * order that is asked for, until nobody is a part of another.
 */
#include "histories.h"
#include "link_world.h"

#define T LINK_TRUSTED
#define X (LINK_TRUSTED | LINK_EXPLICIT)

static const char *const keys[] = {"a0", "u1", "u2", "email:b@y.org", "email:c@y.org", "anon:v"};
static const char *const members[] = {"\"userId\":\"a0\"", "\"userId\":\"u1\"", "\"userId\":\"u2\"",
	"\"identifiers\":{\"email\":\"b@y.org\"}", "\"identifiers\":{\"email\":\"c@y.org\"}",
	"\"anonymousId\":\"v\""};

#define KEYS  ARRAY_SIZE(keys)
#define USERS 3

static struct world w;
static unsigned counts[KEYS]; /* what was said of each */

static bool is_link(const char *key)
{
	struct span k = span_str(key);

	return link_is(memory_store_record(w.shores[partition_of(k, PARTS)].memory, k));
}

static void does(unsigned who)
{
	static const char *const names[] = {
		"Product Added", "Product Viewed", "Order Completed", "Checkout Started"};
	char json[400];

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"m%llu\",\"properties\":"
		"{\"cart_id\":\"k%u\",\"order_id\":\"o%u\",\"value\":%u}}",
		names[world_roll(&w, ARRAY_SIZE(names))], members[who],
		(unsigned long long)w.chance, world_roll(&w, 3), world_roll(&w, 3),
		world_roll(&w, 90));
	world_say(&w, T, json);
	counts[who]++;
}

static void aliases(void)
{
	unsigned who = world_roll(&w, USERS);
	char json[200];

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"alias\",\"userId\":\"%s\",\"previousId\":\"%s\"}", keys[who],
		keys[world_roll(&w, USERS)]);
	counts[who]++;
	world_say(&w, X, json);
}

static void identifies(void)
{
	unsigned a = world_roll(&w, KEYS), b = world_roll(&w, KEYS);
	char json[300];

	if (a == b || (a < USERS) == (b < USERS))
		return;
	(void)snprintf(json, sizeof(json), "{\"type\":\"identify\",%s,%s}", members[a], members[b]);
	world_say(&w, T, json);
	counts[a < b ? a : b]++; /* the strongest is whose it is, and KEYS are in that order */
}

/* Several at once: the strongest is whose it is. */
static void names_many(void)
{
	unsigned first = world_roll(&w, KEYS), n = 0;
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	bool b = false;

	buf_add_span(&json, SPAN_LIT("{\"type\":\"identify\""));
	for (unsigned i = first; i < KEYS; i++) {
		/* One user, one address. */
		if ((i < USERS && n > 0) || (i == 4 && b) || (n > 0 && world_roll(&w, 3) == 0))
			continue;
		b = b || i == 3;
		buf_add_span(&json, SPAN_LIT(","));
		buf_add_span(&json, span_str(members[i]));
		n++;
	}
	buf_add_span(&json, SPAN_LIT("}"));
	buf_add_char(&json, '\0');
	world_say(&w, T, buf_span(&json).ptr);
	counts[first]++;
}

/* Takes KEY, or whoever has to go first, out of whom it is a part of. -ELOOP: that one is a part of
 * another. */
static int take_apart(const char *key)
{
	char at[CUSTOMER_MAX + 1], later[CUSTOMER_MAX + 1] = "";
	int r = DIVIDE_LATER;

	(void)snprintf(at, sizeof(at), "%s", key);
	for (int hops = 0; r == DIVIDE_LATER && hops < 20; hops++) {
		r = world_unmerge(&w, at, later);
		if (r == DIVIDE_LATER)
			(void)snprintf(at, sizeof(at), "%s", later);
	}
	if (r != 0)
		return r;
	world_settle(&w);
	CHECK(!is_link(at));
	return 0;
}

static int take_one_apart(void)
{
	unsigned first = world_roll(&w, KEYS);
	int n = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		const char *key = keys[(first + i) % KEYS];
		int r;

		if (!is_link(key))
			continue;
		n++;
		r = take_apart(key);
		if (r == 0)
			return 1;
		CHECK_INT(r, -ELOOP);
	}
	CHECK_INT(n, 0);
	return 0;
}

/* WHO's state of KEY; -1: they do not know it. */
static int state_of(const char *who, const char *key)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	enum id_state state;

	CHECK_INT(record_decode(world_value(&w, who), &r), 0);
	return r.journey && journey_knows_id(r.journey, span_str(key), &state) ? (int)state : -1;
}

/* Whoever was asked has answered: nobody waits for what will never come. */
static void check_answered(const char *who)
{
	if (world_value(&w, who).len == 0 || is_link(who))
		return;
	for (size_t i = 0; i < KEYS; i++)
		CHECK(state_of(who, keys[i]) != ID_CLAIMED);
}

static void random_history_with(uint64_t seed, const struct identity *identity)
{
	int r = 1;

	memset(counts, 0, sizeof(counts));
	world_init_limited(&w, seed, identity);
	for (unsigned rounds = 2; rounds > 0 && r >= 0; rounds--) {
		for (unsigned n = 20 + world_roll(&w, 40); n > 0; n--) {
			unsigned what = world_roll(&w, 10);

			w.clock += 1000;
			if (what < 7)
				does(world_roll(&w, KEYS));
			else if (what == 7)
				aliases();
			else if (world_roll(&w, 2))
				names_many();
			else
				identifies();
			if (world_roll(&w, 3) == 0)
				world_settle(&w);
			else
				world_stir(&w);
		}
		world_settle(&w);
		for (unsigned n = rounds == 2 ? 2 : 100; n > 0 && r > 0; n--)
			r = take_one_apart();
		if (r == 0)
			r = 1;
	}
	for (size_t i = 0; i < KEYS; i++)
		if (counts[i] > 0)
			world_check_customer(&w, keys[i], keys[i], counts[i]);
	world_finish(&w);
	for (size_t i = 0; i < KEYS; i++)
		check_answered(keys[i]);
	world_release(&w);
}

static void random_history(uint64_t seed)
{
	random_history_with(seed, &IDENTITY_DEFAULT);
}

/* So that much is refused, and most of what is named waits until that is known. */
static void limited_history(uint64_t seed)
{
	struct identity identity = IDENTITY_DEFAULT;

	identity.kinds[IDENTIFIER_USER].limit = 1 + (uint32_t)(seed % 3);
	identity.kinds[IDENTIFIER_EMAIL].limit = 1 + (uint32_t)(seed / 3 % 2);
	identity.kinds[IDENTIFIER_ANONYMOUS].limit = 1 + (uint32_t)(seed / 6 % 4);
	random_history_with(seed, &identity);
}

#define ROUNDS 120

static void histories(void)
{
	histories_run(ROUNDS, random_history);
}

static void limited_histories(void)
{
	histories_run(ROUNDS, limited_history);
}

/* Of each somebody could not be taken out once, and it stands for others. */
static void refused_histories(void)
{
	static const uint64_t seeds[] = {4121, 4292, 5069, 6269};

	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
		random_history(seeds[i] * 7919);
	limited_history(6182 * UINT64_C(7919));
}

/* ---- one by one ------------------------------------------------------------------------------ */

#define CART(WHO, CART)                                                                            \
	"{\"type\":\"track\",\"event\":\"Product Added\"," WHO                                     \
	",\"properties\":{\"cart_id\":\"" CART "\"}}"
#define U1    "\"userId\":\"u1\""
#define OTHER "email:b@y.org"
#define MAIL  "\"identifiers\":{\"email\":\"b@y.org\"}"

static void say(unsigned rights, const char *json)
{
	world_say(&w, rights, json);
	world_settle(&w);
}

static void apart(const char *key, int want)
{
	char later[CUSTOMER_MAX + 1] = "";

	CHECK_INT(world_unmerge(&w, key, later), want);
	world_settle(&w);
}

/*
 * u1 says by an alias of its own that it is a0, and is taken out again; then the address is taken
 * out that was u1's before. The alias is in u1's log still, and u1 is no part of a0.
 */
static void own_alias(void)
{
	world_init(&w, 1);
	say(T, CART(U1, "a"));
	say(T, CART(MAIL, "b"));
	say(T, "{\"type\":\"identify\"," U1 "," MAIL "}");
	say(T, CART("\"userId\":\"a0\"", "c"));
	say(X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"a0\"}");
	world_check_customer(&w, OTHER, "a0", 5);
	say(T, CART(U1, "d"));
	say(T, CART(MAIL, "e"));
	apart(OTHER, -ELOOP);
	apart("u1", 0);
	world_check_customer(&w, "a0", "a0", 1);
	world_check_customer(&w, OTHER, "u1", 6);
	apart(OTHER, 0);
	world_check_customer(&w, "u1", "u1", 4); /* carts a and d, the identify and the alias */
	world_check_customer(&w, OTHER, OTHER, 2);
	/* And once more the same, which means just that. */
	say(X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"a0\"}");
	world_check_customer(&w, "u1", "a0", 6);
	world_check_customer(&w, OTHER, OTHER, 2);
	world_release(&w);
}

/* Who was taken out comes back by way of another, who came behind them. */
static void back_by_another(void)
{
	world_init(&w, 2);
	say(T, CART("\"userId\":\"a0\"", "a"));
	say(T, CART(MAIL, "b"));
	say(T, CART(U1, "c"));
	world_claim(&w, "a0", OTHER);
	world_settle(&w);
	apart(OTHER, 0);
	world_claim(&w, "u1", OTHER);
	world_settle(&w);
	world_claim(&w, "a0", "u1");
	world_settle(&w);
	world_check_customer(&w, OTHER, "a0", 3);
	say(T, CART(MAIL, "d"));
	apart("u1", 0);
	world_check_customer(&w, "a0", "a0", 1);
	world_check_customer(&w, OTHER, "u1", 3);
	apart(OTHER, 0);
	world_check_customer(&w, OTHER, OTHER, 2);
	world_check_customer(&w, "u1", "u1", 1);
	world_release(&w);
}

/* Of two words that were made from one state the first is done, and the second is known for what it
 * is. */
static void said_twice(void)
{
	char later[CUSTOMER_MAX + 1];

	world_init(&w, 3);
	say(T, CART("\"userId\":\"a0\"", "a"));
	say(T, CART(MAIL, "b"));
	say(T, CART(U1, "c"));
	world_claim(&w, "a0", "u1");
	world_settle(&w);
	world_claim(&w, "a0", OTHER);
	world_settle(&w);
	CHECK_INT(world_unmerge(&w, OTHER, later), 0);
	w.clock += 1000;
	CHECK_INT(world_unmerge(&w, OTHER, later), 0);
	world_settle(&w);
	world_check_customer(&w, OTHER, OTHER, 1);
	apart("u1", 0);
	world_check_customer(&w, "u1", "u1", 1);
	world_check_customer(&w, "a0", "a0", 1);
	world_release(&w);
}

/* Staff say twice that u1, who was nobody, is a0: all of u1's since the first time goes along,
 * carts b and c, or b alone where nothing came since the second. */
static void named_again(void)
{
	for (unsigned more = 0; more < 2; more++) {
		world_init(&w, 4);
		say(T, CART("\"userId\":\"a0\"", "a"));
		world_claim(&w, "a0", "u1");
		world_settle(&w);
		say(T, CART(U1, "b"));
		world_claim(&w, "a0", "u1");
		world_settle(&w);
		if (more)
			say(T, CART(U1, "c"));
		world_check_customer(&w, "u1", "a0", 2 + more);
		apart("u1", 0);
		world_check_customer(&w, "u1", "u1", 1 + more);
		world_check_customer(&w, "a0", "a0", 1);
		world_release(&w);
	}
}

/* u1 was nobody, and has nothing of its own since; but u2 came to a0 by way of it. */
static void brought_another(void)
{
	world_init(&w, 5);
	say(T, CART("\"userId\":\"a0\"", "a"));
	say(T, CART("\"userId\":\"u2\"", "x"));
	world_claim(&w, "a0", "u1");
	world_settle(&w);
	world_claim(&w, "u1", "u2");
	world_settle(&w);
	world_check_customer(&w, "u2", "a0", 2);
	apart("u1", 0);
	world_check_customer(&w, "a0", "a0", 1);
	world_check_customer(&w, "u2", "u1", 1);
	apart("u2", 0);
	world_check_customer(&w, "u2", "u2", 1);
	say(T, CART(U1, "b"));
	world_check_customer(&w, "u1", "u1", 1);
	world_release(&w);
}

/* The address of a0 names a visitor who is another's already: so that one is a0's, too, and is to
 * be taken out before the address is. */
static void led_to_another(void)
{
	char later[CUSTOMER_MAX + 1] = "";

	world_init(&w, 6);
	say(T, CART("\"userId\":\"a0\"", "a"));
	say(T, CART(MAIL, "b"));
	say(T, "{\"type\":\"identify\",\"userId\":\"a0\"," MAIL "}");
	say(T, CART("\"identifiers\":{\"email\":\"c@y.org\"}", "c"));
	say(T, "{\"type\":\"identify\",\"anonymousId\":\"v\",\"identifiers\":{\"email\":\"c@y."
	       "org\"}}");
	say(T, "{\"type\":\"identify\",\"anonymousId\":\"v\",\"identifiers\":{\"email\":\"b@y."
	       "org\"}}");
	world_check_customer(&w, "email:c@y.org", "a0", 6);
	CHECK_INT(world_unmerge(&w, OTHER, later), DIVIDE_LATER);
	CHECK_STR(span_str(later), "email:c@y.org");
	apart("email:c@y.org", 0);
	apart(OTHER, 0);
	world_check_customer(&w, "a0", "a0", 2);
	world_check_customer(&w, OTHER, OTHER, 2);
	world_check_customer(&w, "email:c@y.org", "email:c@y.org", 2);
	world_check_customer(&w, "anon:v", "email:c@y.org", 2);
	world_release(&w);
}

/* ---- what was sent --------------------------------------------------------------------------- */

static const char with_caps[] =
	"[{\"id\":\"cart\",\"class\":\"task\",\"key\":\"cart_id\",\"arm\":[\"Product Added\"],"
	"\"cancel\":[\"Order Completed\"],\"wait\":\"60s\",\"grace\":\"0s\",\"round\":\"1ms\","
	"\"stale_after\":\"never\",\"tombstone\":\"0s\",\"channels\":[\"task\"]}]";

/* Of the sends that CUSTOMER remembers how many are in STATE, and whether all that were not
 * released bear the id of a job that there is, and is theirs. */
static void check_sends(const char *key, unsigned reserved, unsigned released)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char got[CUSTOMER_MAX + 1];
	unsigned n[SEND_RELEASED + 1] = {0};

	CHECK(world_canonical(&w, key, &r, got));
	REQUIRE(r.journey);
	for (size_t i = 0; i < r.journey->n_sends; i++) {
		const struct send *s = &r.journey->sends[i];
		unsigned found = 0;
		char id[33];

		n[s->state]++;
		for (size_t b = 0; b < 16; b++)
			(void)snprintf(id + 2 * b, 3, "%02x", s->job_id[b]);
		for (size_t k = 0; k < w.n_jobs; k++)
			found += strcmp(w.jobs[k].id, id) == 0 && strcmp(w.jobs[k].owner, key) == 0;
		CHECK_INT(found, s->state != SEND_RELEASED);
	}
	CHECK_INT(n[SEND_RESERVED] + n[SEND_SENT], reserved);
	CHECK_INT(n[SEND_RELEASED], released);
}

/*
 * Carts a and b of before, c of u1's and d of the other's when they were one, and s that both had:
 * of that one job was made, in the name of the other, who armed it last. By hand: u1 was sent a and
 * c, the other b, d and s; s, which u1 would have been sent, nobody sent them.
 */
static void whose_sends(void)
{
	world_init_with(&w, 4, with_caps);
	say(T, CART(U1, "a"));
	say(T, CART(MAIL, "b"));
	say(T, "{\"type\":\"identify\"," U1 "," MAIL "}");
	world_check_customer(&w, OTHER, "u1", 3);
	say(T, CART(U1, "c"));
	say(T, CART(MAIL, "d"));
	say(T, CART(U1, "s"));
	say(T, CART(MAIL, "s"));
	w.clock += 2 * MS_MINUTE;
	world_settle(&w);
	CHECK_INT(w.n_jobs, 5);
	check_sends("u1", 5, 0);
	apart(OTHER, 0);
	check_sends("u1", 2, 1);
	check_sends(OTHER, 3, 0);
	world_finish(&w);
	CHECK_INT(w.n_jobs, 5);
	world_release(&w);
}

#define MAIL_C "\"identifiers\":{\"email\":\"c@y.org\"}"
#define THIRD  "email:c@y.org"

/* An address asks for a visitor, who is another's, and becomes a part of that one: nobody answers
 * it. Taken out it may ask again. */
static void asked_and_joined(void)
{
	const char *again = "{\"type\":\"identify\"," MAIL_C ",\"anonymousId\":\"v\"}";

	world_init(&w, 5);
	say(T, CART(MAIL, "b"));
	say(T, "{\"type\":\"identify\"," MAIL ",\"anonymousId\":\"v\"}");
	say(T, CART(MAIL_C, "c"));
	say(T, again);
	world_check_customer(&w, THIRD, OTHER, 4);
	apart(THIRD, 0);
	CHECK_INT(state_of(THIRD, "anon:v"), -1);
	world_check_customer(&w, THIRD, THIRD, 2);
	say(T, again);
	CHECK_INT(state_of(THIRD, "anon:v"), ID_REFUSED);
	world_release(&w);
}

/* Who is folded from the log's beginning asks for an address that was taken out of them since, and
 * so it stands in what they were before another. */
static void asked_from_the_beginning(void)
{
	world_init(&w, 6);
	say(T, "{\"type\":\"identify\",\"userId\":\"a0\"," MAIL_C "}");
	say(T, CART(MAIL_C, "c"));
	apart(THIRD, 0);
	CHECK_INT(state_of("a0", THIRD), -1);
	world_claim(&w, "a0", "u1");
	world_settle(&w);
	say(T, CART(U1, "a"));
	say(T, CART("\"userId\":\"u2\"", "b"));
	world_claim(&w, "a0", "u2");
	world_settle(&w);
	apart("u1", 0);
	apart("u2", 0);
	CHECK_INT(state_of("a0", THIRD), -1);
	world_check_customer(&w, "a0", "a0", 1);
	/* That they were taken apart is known, and nothing asked again. */
	say(T, "{\"type\":\"identify\",\"userId\":\"a0\"," MAIL_C "}");
	CHECK_INT(state_of("a0", THIRD), -1);
	world_claim(&w, "a0", THIRD);
	world_settle(&w);
	world_check_customer(&w, THIRD, "a0", 3);
	CHECK_INT(state_of("a0", THIRD), ID_LINKED);
	world_release(&w);
}

static const struct check_case cases[] = {
	{"whose sends count", whose_sends},
	{"random histories", histories},
	{"random histories, and limits", limited_histories},
	{"histories that were refused once", refused_histories},
	{"an alias of one's own", own_alias},
	{"back by another", back_by_another},
	{"said twice", said_twice},
	{"named again", named_again},
	{"a name that brought another", brought_another},
	{"a name that led to another", led_to_another},
	{"asked for, and joined by it", asked_and_joined},
	{"asked for in a fold from the beginning", asked_from_the_beginning},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
