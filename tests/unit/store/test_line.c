/* SPDX-License-Identifier: MIT */
/*
 * Who asked for a product is told in turn, over several partitions whose owners die. What is
 * expected follows from the order in which they asked: of N that there are, three times N a minute.
 */
#include "link_world.h"

#include "core/news.h"

#define SEEDS  UINT64_C(40)
#define PEOPLE 11

#define TRACK(EVENT, WHO, PROPERTIES)                                                              \
	"{\"type\":\"track\",\"event\":\"" EVENT "\"," WHO "\"properties\":{" PROPERTIES "}}"
#define USER(ID) "\"userId\":\"" ID "\","
#define ANON(ID) "\"anonymousId\":\"" ID "\","
#define RING	 "\"sku\":\"R-54\",\"product_id\":\"R\""
#define RECEIPT	 "0123456789abcdef0123456789abcdef"

static const char rules[] =
	"[{\"id\":\"back_in_stock\",\"class\":\"service\",\"gates\":\"off\",\"key\":\"sku\","
	"\"arm\":[{\"event\":\"Stock Changed\",\"when\":{\">=\":[{\"var\":\"e.stock\"},1]}}],"
	"\"cancel\":[{\"event\":\"Stock Changed\",\"when\":{\"<=\":[{\"var\":\"e.stock\"},0]}}],"
	"\"wait\":{\"for\":\"e.turn\",\"per\":\"e.stock\",\"times\":3,\"unit\":\"m\","
	"\"plus\":\"10s\",\"else\":\"0s\"},"
	"\"grace\":\"0s\",\"round\":\"1ms\","
	"\"fire_if\":{\"==\":[{\"var\":\"s.watch.open\"},true]},\"channels\":[\"email\"]}]";

static void stir(struct world *w)
{
	for (unsigned i = world_roll(w, 12); i > 0; i--)
		world_stir(w);
}

static void ask(struct world *w, const char *user)
{
	char json[256];

	(void)snprintf(json, sizeof(json), TRACK("Stock Alert Requested", USER("%s"), RING), user);
	w->clock += 1 + world_roll(w, 3);
	world_say(w, 0, json);
	stir(w);
}

/* There are N; the instant of that. */
static int64_t stock(struct world *w, unsigned n)
{
	char json[256];
	int64_t at;

	world_settle(w);
	at = w->clock += MS_MINUTE;
	(void)snprintf(json, sizeof(json), TRACK("Stock Changed", "", RING ",\"stock\":%u"), n);
	world_say(w, 0, json);
	stir(w);
	return at;
}

/* The one job of CUSTOMER since FROM fires at AT; TIME_NEVER: there is none. */
static void check_job(const struct world *w, const char *customer, int64_t from, int64_t at)
{
	int64_t found = TIME_NEVER;
	unsigned n = 0;

	for (size_t i = 0; i < w->n_jobs; i++) {
		if (strcmp(w->jobs[i].customer, customer) != 0 || w->jobs[i].fire_at < from)
			continue;
		found = w->jobs[i].fire_at;
		n++;
	}
	CHECK_INT(found, at);
	CHECK_INT(n, at != TIME_NEVER);
}

static int64_t in_turn(int64_t at, unsigned turn, unsigned stock)
{
	return at + 10 * MS_SECOND + turn / (stock * 3) * MS_MINUTE;
}

/* In an order by chance, which is not that of their names. */
static void test_order(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		char names[PEOPLE][8];
		unsigned there = 1 + (unsigned)(seed % 3);
		int64_t at;

		world_init_with(&w, seed * 7919, rules);
		for (unsigned i = 0; i < PEOPLE; i++)
			(void)snprintf(names[i], sizeof(names[i]), "c%u",
				(i * 7 + (unsigned)seed) % PEOPLE);
		for (unsigned i = 0; i < PEOPLE; i++)
			ask(&w, names[i]);
		at = stock(&w, there);
		world_restart(&w);
		world_finish(&w);
		for (unsigned i = 0; i < PEOPLE; i++)
			check_job(&w, names[i], at, in_turn(at, i, there));
		CHECK_INT(w.counters[COUNTER_NEWS_TOLD], PEOPLE);
		world_release(&w);
	}
}

/* Who does not want it any more, or is erased, or asks again, or has become somebody else. */
static void test_moves(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct message erase = {.from = MESSAGE_FROM_STAFF,
			.seq = 1,
			.kind = MESSAGE_ERASE,
			.to = SPAN_LIT("bob"),
			.of = SPAN_LIT("bob"),
			.reason = SPAN_LIT(RECEIPT)};
		int64_t at;

		world_init_with(&w, seed * 104729, rules);
		ask(&w, "ada");
		ask(&w, "bob");
		ask(&w, "cid");
		w.clock++;
		world_say(&w, 0, TRACK("Stock Alert Requested", ANON("v"), RING));
		ask(&w, "eve");
		ask(&w, "fay");
		ask(&w, "gus");
		world_settle(&w);
		w.clock++;
		world_say(&w, 0, TRACK("Stock Alert Cancelled", USER("ada"), RING));
		ask(&w, "cid");
		world_tell(&w, partition_of(erase.to, PARTS), &erase, SPAN_EMPTY);
		world_say(&w, LINK_BROWSER,
			"{\"type\":\"identify\"," USER("dan") "\"anonymousId\":\"v\"}");
		/* dan, eve, fay; gus, cid */
		at = stock(&w, 1);
		world_finish(&w);
		check_job(&w, "ada", at, TIME_NEVER);
		check_job(&w, "bob", at, TIME_NEVER);
		check_job(&w, "dan", at, in_turn(at, 0, 1));
		check_job(&w, "eve", at, in_turn(at, 1, 1));
		check_job(&w, "fay", at, in_turn(at, 2, 1));
		check_job(&w, "gus", at, in_turn(at, 3, 1));
		check_job(&w, "cid", at, in_turn(at, 4, 1));
		world_release(&w);
	}
}

/* Four are told, who are no longer in line then; the fifth is the first of those who are left. */
static void test_rest(void)
{
	static struct world w;
	static const char *const names[] = {"ada", "bob", "cid", "dan", "eve"};

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		int64_t at;

		world_init_with(&w, seed * 15485863, rules);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			ask(&w, names[i]);
		(void)stock(&w, 1);
		world_settle(&w);
		w.clock += 2 * MS_MINUTE;
		ask(&w, "fay");
		ask(&w, "ada");
		at = stock(&w, 1);
		world_finish(&w);
		check_job(&w, "fay", at, in_turn(at, 0, 1));
		check_job(&w, "ada", at, in_turn(at, 1, 1));
		world_release(&w);
	}
}

/* Of one instant they have an order, too, whichever it is. */
static void test_at_once(void)
{
	static struct world w;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		unsigned minute[4] = {0};
		char json[256];
		int64_t at;

		world_init_with(&w, seed * 32452843, rules);
		for (unsigned i = 0; i < PEOPLE; i++) {
			(void)snprintf(json, sizeof(json),
				TRACK("Stock Alert Requested", USER("c%u"), RING), i);
			world_say(&w, 0, json);
		}
		at = stock(&w, 1);
		world_finish(&w);
		for (size_t i = 0; i < w.n_jobs; i++) {
			int64_t after = w.jobs[i].fire_at - at - 10 * MS_SECOND;

			CHECK(after >= 0 && after % MS_MINUTE == 0 && after < 4 * MS_MINUTE);
			minute[after / MS_MINUTE % 4]++;
		}
		CHECK_INT(minute[0], 3);
		CHECK_INT(minute[1], 3);
		CHECK_INT(minute[2], 3);
		CHECK_INT(minute[3], 2);
		world_release(&w);
	}
}

static const struct check_case cases[] = {
	{"who asked first is told first, whoever dies", test_order},
	{"who leaves the line, and who goes to its end", test_moves},
	{"who was told is not in line any more", test_rest},
	{"those who asked at one instant", test_at_once},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
