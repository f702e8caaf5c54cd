/* SPDX-License-Identifier: MIT */
/*
 * Prices and stock change and the site fails while two are one: each hears of it what they would
 * have heard alone, where they would have heard it, and nothing else.
 */
#include "histories.h"
#include "two_worlds.h"

/* Nothing takes a job back: what is said of one that has moved bears the name that it was made in.
 */
static const char rules[] =
	"[{\"id\":\"back_in_stock\",\"class\":\"service\",\"gates\":\"off\",\"key\":\"sku\","
	"\"arm\":[{\"event\":\"Stock Changed\",\"when\":{\">=\":[{\"var\":\"e.stock\"},1]}}],"
	"\"cancel\":[\"Subscription Cancelled\"],"
	"\"wait\":\"60s\",\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\","
	"\"fire_if\":{\"==\":[{\"var\":\"s.watch.open\"},true]},\"channels\":[\"email\"]},"
	"{\"id\":\"apology\",\"class\":\"service\",\"gates\":\"off\",\"key\":\"incident_id\","
	"\"arm\":[\"Incident Ended\"],\"cancel\":[\"Subscription Cancelled\"],\"wait\":\"60s\","
	"\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\",\"channels\":[\"email\"]}]";

#define EVENT(NAME, WHO, PROPERTIES)                                                               \
	"{\"type\":\"track\",\"event\":\"" NAME "\"," WHO "\"messageId\":\"m%zu\","                \
	"\"properties\":{" PROPERTIES "}}"
#define ITEM "\"sku\":\"S-%u\",\"product_id\":\"P%u\""

/* What somebody does with a product or on the site, of which they may hear later. */
static void does(const char *who)
{
	static const char *const names[] = {"Product Viewed", "Product Added", "Product Removed",
		"Product Added to Wishlist", "Stock Alert Requested", "Stock Alert Cancelled",
		"Order Completed", "Order Delivered", "Client Error", "Page Viewed"};
	unsigned product = world_roll(&one, 4);
	struct saying *l = add(T);

	(void)snprintf(l->json, sizeof(l->json),
		EVENT("%s", "%s,",
			ITEM ",\"cart_id\":\"k%u\","
			     "\"order_id\":\"o%u\",\"code\":\"500\",\"path\":\"/\""),
		names[world_roll(&one, ARRAY_SIZE(names))], who, story.n, product, product / 2,
		world_roll(&one, 2), world_roll(&one, 3));
}

/* Whether the site is down. */
static bool is_down;

static void news(void)
{
	static const char *const names[] = {"Stock Changed", "Price Changed", "Item Unavailable",
		"Stock Changed", "Incident Started", "Incident Ended"};
	unsigned product = world_roll(&one, 4), name = world_roll(&one, ARRAY_SIZE(names) - 1);
	struct saying *l = add(T);

	l->alone = true;
	if (name == 4)
		name += is_down;
	is_down = name >= 4 ? name == 4 : is_down;
	if (name >= 4)
		(void)snprintf(l->json, sizeof(l->json), EVENT("%s", "", "\"incident_id\":\"I%u\""),
			names[name], story.n, product);
	else if (product == 3)
		(void)snprintf(l->json, sizeof(l->json),
			EVENT("%s", "", "\"product_id\":\"P1\",\"price\":%u"), names[name], story.n,
			world_roll(&one, 50));
	else
		(void)snprintf(l->json, sizeof(l->json),
			EVENT("%s", "", ITEM ",\"stock\":%u,\"price\":%u"), names[name], story.n,
			product, product / 2, world_roll(&one, 3), world_roll(&one, 50));
}

/* N lines of both, and of things. */
static void tells(unsigned n)
{
	while (n-- > 0) {
		/* A link hears for its customer for a day. */
		if (world_roll(&one, 25) == 0)
			story.at += 5 * MS_HOUR + world_roll(&one, 25) * MS_HOUR;
		if (world_roll(&one, 3) == 0)
			news();
		else
			does(world_roll(&one, 2) ? USER("u1") : MAIL("b@y.org"));
	}
}

/* A visitor who is the address, so that news come by two links. */
static void visits(unsigned n)
{
	while (n-- > 0) {
		does("\"anonymousId\":\"v\"");
		story.lines[story.n - 1].alone = true;
		if (world_roll(&one, 4) == 0)
			news();
	}
}

static void plays(size_t from, size_t n)
{
	if (n == from)
		return;
	play(&one, from, n, true);
	play(&two, from, n, false);
}

static void random_history(uint64_t seed)
{
	size_t joined, apart;
	struct saying *l;

	begin(seed, rules);
	is_down = false;
	one.prompt = two.prompt = true;
	does(USER("u1"));
	does(MAIL("b@y.org"));
	if (world_roll(&one, 2)) {
		visits(1 + world_roll(&one, 4));
		says(T, "{\"type\":\"identify\"," MAIL("b@y.org") ",\"anonymousId\":\"v\"}");
		story.lines[story.n - 1].alone = true;
	}
	tells(world_roll(&one, 30));
	l = add(X);
	l->alone = true;
	(void)snprintf(l->json, sizeof(l->json),
		"{\"type\":\"identify\"," USER("u1") "," MAIL(
			"b@y.org") ",\"messageId\":\"joined\"}");
	joined = story.n;
	tells(world_roll(&one, 80));
	visits(world_roll(&one, 4));
	apart = story.n;
	plays(0, joined);
	world_check_customer(&one, OTHER, "u1", 0);
	plays(joined, apart);
	take_apart(OTHER, "u1");
	check_same("u1");
	check_same(OTHER);
	/* And whoever follows something is told of it from now on. */
	tells(world_roll(&one, 20));
	plays(apart, story.n);
	one.clock = two.clock = story.at + 1000;
	world_finish(&one);
	world_finish(&two);
	check_same("u1");
	check_same(OTHER);
	check_jobs(&one);
	end();
}

#define ROUNDS 60

static void histories(void)
{
	histories_run(ROUNDS, random_history);
}

static const struct check_case cases[] = {
	{"random histories", histories},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
