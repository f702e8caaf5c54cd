/* SPDX-License-Identifier: MIT */
/*
 * News of things reach whom they concern, once, wherever they are kept and whoever dies on the way.
 * What is expected is counted by hand from who follows what.
 */
#include "link_world.h"

#include "core/news.h"

#define SEEDS UINT64_C(40)

#define TRACK(EVENT, WHO, PROPERTIES)                                                              \
	"{\"type\":\"track\",\"event\":\"" EVENT "\"," WHO "\"properties\":{" PROPERTIES "}}"
#define USER(ID)	   "\"userId\":\"" ID "\","
#define ANON(ID)	   "\"anonymousId\":\"" ID "\","
#define ORDER(ID, PRODUCT) "\"order_id\":\"" ID "\",\"products\":[{" PRODUCT "}]"
#define RING		   "\"sku\":\"R-54\",\"product_id\":\"R\""

static const char back_in_stock[] =
	"[{\"id\":\"back_in_stock\",\"class\":\"service\",\"gates\":\"off\",\"key\":\"sku\","
	"\"arm\":[{\"event\":\"Stock Changed\",\"when\":{\">=\":[{\"var\":\"e.stock\"},1]}}],"
	"\"cancel\":[{\"event\":\"Stock Changed\",\"when\":{\"<=\":[{\"var\":\"e.stock\"},0]}}],"
	"\"wait\":\"60s\",\"grace\":\"0s\",\"round\":\"1ms\","
	"\"fire_if\":{\"==\":[{\"var\":\"s.watch.open\"},true]},\"channels\":[\"email\"]},"
	"{\"id\":\"apology\",\"class\":\"service\",\"gates\":\"off\",\"key\":\"incident_id\","
	"\"arm\":[\"Incident Ended\"],\"cancel\":[\"Incident Started\"],\"wait\":\"60s\","
	"\"grace\":\"0s\",\"round\":\"1ms\",\"channels\":[\"email\"]}]";

static void say(struct world *w, const char *json)
{
	world_say(w, 0, json);
	for (unsigned i = world_roll(w, 6); i > 0; i--)
		world_stir(w);
}

static bool has_job(const struct world *w, const char *customer)
{
	for (size_t i = 0; i < w->n_jobs; i++)
		if (!w->jobs[i].retracted && strcmp(w->jobs[i].customer, customer) == 0)
			return true;
	return false;
}

static void test_watched(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		world_init_with(&w, seed * 7919, back_in_stock);
		say(&w, TRACK("Stock Alert Requested", USER("ada"), RING));
		say(&w, TRACK("Stock Alert Requested", USER("bob"), "\"product_id\":\"R\""));
		say(&w, TRACK("Stock Alert Requested", USER("cid"), RING));
		say(&w, TRACK("Stock Alert Requested", USER("eve"), "\"sku\":\"S-1\""));
		say(&w, TRACK("Stock Alert Cancelled", USER("cid"), RING));
		say(&w, TRACK("Product Viewed", ANON("dan"), RING));
		/* One waits for it, another has it already, a third waits for something else. */
		say(&w, TRACK("Order Completed", USER("fay"), ORDER("O1", RING)));
		say(&w, TRACK("Order Completed", USER("gus"), ORDER("O2", RING)));
		say(&w, TRACK("Order Delivered", USER("gus"), "\"order_id\":\"O2\""));
		say(&w, TRACK("Order Completed", USER("hal"), ORDER("O3", "\"sku\":\"S-1\"")));
		/* The same delivery twice. */
		for (int i = 0; i < 2; i++)
			say(&w, TRACK("Stock Changed", "\"messageId\":\"s1\",",
					RING ",\"stock\":2"));
		world_finish(&w);
		world_check_customer(&w, "fay", "fay", 2);
		world_check_customer(&w, "gus", "gus", 2);
		world_check_customer(&w, "hal", "hal", 1);
		world_check_customer(&w, "ada", "ada", 2);
		world_check_customer(&w, "bob", "bob", 2);
		world_check_customer(&w, "cid", "cid", 2);
		world_check_customer(&w, "eve", "eve", 1);
		world_check_customer(&w, "anon:dan", "anon:dan", 1);
		CHECK(has_job(&w, "ada"));
		CHECK_INT(world_n_live(&w), 1);
		CHECK_INT(w.counters[COUNTER_NEWS], 1);
		CHECK_INT(w.counters[COUNTER_NEWS_TOLD], 3);
		world_release(&w);
	}
}

/* Who wished for it, has it in a cart, or looked at it and has a name. */
static void test_price(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		world_init_with(&w, seed * 104729, back_in_stock);
		say(&w, TRACK("Product Viewed", USER("ada"), RING));
		say(&w, TRACK("Product Added to Wishlist", ANON("bob"), RING));
		say(&w, TRACK("Product Added", ANON("cid"), "\"cart_id\":\"k1\"," RING));
		say(&w, TRACK("Product Viewed", ANON("dan"), RING));
		say(&w, TRACK("Product Added", ANON("eve"), "\"cart_id\":\"k2\"," RING));
		say(&w, TRACK("Order Completed", ANON("eve"),
				"\"cart_id\":\"k2\",\"order_id\":\"O1\"," RING));
		say(&w, TRACK("Product Added", ANON("fay"), "\"cart_id\":\"k3\"," RING));
		say(&w, TRACK("Product Removed", ANON("fay"), "\"cart_id\":\"k3\"," RING));
		say(&w, TRACK("Price Changed", "", "\"product_id\":\"R\",\"price\":80"));
		/* Who follows it by both is told once. */
		say(&w, TRACK("Price Changed", "", RING ",\"price\":90"));
		world_finish(&w);
		/* Views keep the sku alone, and so do not hear of the product as such. */
		world_check_customer(&w, "ada", "ada", 2);
		world_check_customer(&w, "anon:bob", "anon:bob", 3);
		world_check_customer(&w, "anon:cid", "anon:cid", 3);
		world_check_customer(&w, "anon:dan", "anon:dan", 1);
		world_check_customer(&w, "anon:eve", "anon:eve", 2);
		world_check_customer(&w, "anon:fay", "anon:fay", 2);
		CHECK_INT(w.counters[COUNTER_NEWS_TOLD], 5);
		world_release(&w);
	}
}

/* Whoever follows as a visitor and has a name by then is told once, whichever comes first. */
static void test_named_since(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
		_cleanup_(record_release) struct record r = RECORD_INIT;
		char key[CUSTOMER_MAX + 1] = "";

		world_init_with(&w, seed * 15485863, back_in_stock);
		say(&w, TRACK("Stock Alert Requested", ANON("a"), RING));
		world_say(&w, LINK_BROWSER,
			"{\"type\":\"identify\"," USER("u") "\"anonymousId\":\"a\"}");
		for (unsigned i = world_roll(&w, 12); i > 0; i--)
			world_stir(&w);
		say(&w, TRACK("Stock Changed", "", RING ",\"stock\":1"));
		world_finish(&w);
		CHECK(world_canonical(&w, "anon:a", &r, key));
		CHECK_STR(span_str(key), "u");
		CHECK_INT(world_n_live(&w), 1);
		CHECK(w.counters[COUNTER_NEWS_TOLD] >= 1);
		world_release(&w);
	}
}

/* Long after, the name that is a link is let go of. */
static void test_link_let_go(void)
{
	static struct world w;

	world_init_with(&w, 5, back_in_stock);
	say(&w, TRACK("Stock Alert Requested", ANON("a"), RING));
	world_say(&w, LINK_BROWSER, "{\"type\":\"identify\"," USER("u") "\"anonymousId\":\"a\"}");
	world_settle(&w);
	w.clock += 2 * MS_DAY;
	for (int i = 0; i < 2; i++) {
		say(&w, TRACK("Stock Changed", "", RING ",\"stock\":0"));
		world_settle(&w);
	}
	world_finish(&w);
	world_check_customer(&w, "anon:a", "u", 4);
	CHECK_INT(w.counters[COUNTER_FORWARDED], 0);
	world_release(&w);
}

/* More than one piece of them in each partition. */
static void test_many(void)
{
	static struct world w;
	const unsigned n = 4 * (APPLIER_HELD_MAX + 30);
	char json[256];

	for (uint64_t seed = 1; seed <= 3; seed++) {
		world_init_with(&w, seed * 32452843, back_in_stock);
		for (unsigned i = 0; i < n; i++) {
			(void)snprintf(json, sizeof(json),
				TRACK("Stock Alert Requested", USER("c%u"), RING), i);
			world_say(&w, 0, json);
			w.clock += i % 16 == 0;
		}
		world_settle(&w);
		say(&w, TRACK("Stock Changed", "", RING ",\"stock\":0,\"before\":1"));
		for (unsigned i = 0; i < 40; i++)
			world_stir(&w);
		say(&w, TRACK("Stock Changed", "", RING ",\"stock\":9,\"before\":0"));
		for (unsigned i = 0; i < 40; i++)
			world_stir(&w);
		world_finish(&w);
		for (unsigned i = 0; i < n; i++) {
			(void)snprintf(json, sizeof(json), "c%u", i);
			world_check_customer(&w, json, json, 3);
		}
		CHECK_INT(w.counters[COUNTER_NEWS_TOLD], 2 * n);
		CHECK_INT(w.counters[COUNTER_FIRED], n);
		world_release(&w);
	}
}

/* Of the site's: who had an error lately, or came by while it lasted. */
static void test_incident(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		world_init_with(&w, seed * 49979687, back_in_stock);
		say(&w, TRACK("Client Error", USER("old"), "\"code\":\"500\""));
		w.clock += 2 * MS_DAY;
		say(&w, TRACK("Client Error", USER("ada"), "\"code\":\"500\""));
		say(&w, TRACK("Page Viewed", USER("cid"), "\"path\":\"/\""));
		world_settle(&w);
		w.clock += MS_MINUTE;
		say(&w, TRACK("Incident Started", "", "\"incident_id\":\"I1\""));
		world_settle(&w);
		w.clock += MS_MINUTE;
		say(&w, TRACK("Page Viewed", USER("bob"), "\"path\":\"/\""));
		world_settle(&w);
		w.clock += MS_MINUTE;
		say(&w, TRACK("Incident Ended", "", "\"incident_id\":\"I1\""));
		world_settle(&w);
		/* They were told, and the next one is none of theirs. */
		w.clock += MS_MINUTE;
		say(&w, TRACK("Page Viewed", USER("cid"), "\"path\":\"/\""));
		world_finish(&w);
		world_check_customer(&w, "old", "old", 1);
		world_check_customer(&w, "ada", "ada", 3);
		world_check_customer(&w, "bob", "bob", 2);
		world_check_customer(&w, "cid", "cid", 2);
		CHECK(has_job(&w, "ada") && has_job(&w, "bob"));
		CHECK_INT(world_n_live(&w), 2);
		world_release(&w);
	}
}

static const struct check_case cases[] = {
	{"who asked for a product is told, by sku and by product", test_watched},
	{"who wished for it, carted it, or saw it and has a name", test_price},
	{"who became another customer meanwhile", test_named_since},
	{"a link is not followed for ever", test_link_let_go},
	{"many, piece by piece", test_many},
	{"an incident of the site", test_incident},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
