/* SPDX-License-Identifier: MIT */
/*
 * Jobs are made while two are one, for things that both have. When they are taken apart each is
 * what they would have been, and is sent from then on what they would have been sent: no job bears
 * the id of one that was made meanwhile, for whoever takes jobs would take it for that one.
 */
#include "histories.h"
#include "two_worlds.h"

#define RULE(ID, REST)                                                                             \
	"{\"id\":\"" ID                                                                            \
	"\",\"class\":\"service\",\"gates\":\"off\",\"grace\":\"0s\",\"round\":\"1ms\","           \
	"\"stale_after\":\"never\",\"tombstone\":\"0s\",\"channels\":[\"email\"],"                 \
	"\"arm\":[\"Product Added\"],\"cancel\":[\"Order Completed\"]," REST "}"

static const char rules[] = "[" RULE("cart", "\"key\":\"cart_id\",\"wait\":\"60s\"") "," RULE(
	"first", "\"key\":\"cart_id\",\"wait\":\"30s\",\"anchor\":\"first\"") "," RULE("twice",
	"\"key\":\"cart_id\",\"wait\":\"20s\",\"episode\":{\"max_per_key\":2}") "," RULE("quiet",
	"\"key\":\"customer\",\"wait\":\"90s\",\"episode\":{\"cooldown\":\"3m\"}") "," RULE("steps",
	"\"key\":\"cart_id\",\"wait\":\"15s\",\"steps\":[{\"id\":\"a\","
	"\"after\":\"0s\"},{\"id\":\"b\",\"after\":\"40s\"}]") "]";

/* And of what goes by a second way, and of a day that comes round. */
#define YEARLY(ID, LOCAL, REST)                                                                    \
	"{\"id\":\"" ID "\",\"class\":\"service\",\"gates\":\"off\",\"calendar\":{\"date\":"       \
	"\"birthday\",\"local\":\"" LOCAL                                                          \
	"\",\"tz\":\"store\"},\"grace\":\"0s\",\"slack\":\"0s\","                                  \
	"\"round\":\"1ms\",\"channels\":[\"email\"" REST "}"
static const char second_ways[] =
	"[{\"id\":\"falls\",\"class\":\"service\",\"gates\":\"off\",\"grace\":\"0s\",\"round\":"
	"\"1ms\",\"stale_after\":\"never\",\"tombstone\":\"0s\",\"channels\":[\"email\",\"sms\"],"
	"\"arm\":[\"Product Added\"],\"cancel\":[\"Order Completed\"],\"key\":\"cart_id\","
	"\"wait\":\"20s\",\"fallback_after\":\"1h\"}]";
static const char days[] = "[" YEARLY("early", "22:16", "]") "," YEARLY("late", "22:20", "]") "]";
#define FALLS ",\"sms\"],\"fallback_after\":\"1h\""
static const char falling_days[] =
	"[" YEARLY("early", "22:16", FALLS) "," YEARLY("late", "22:20", FALLS) "]";

static void tells(const char *event, const char *who, unsigned cart)
{
	struct saying *l = add(T);

	(void)snprintf(l->json, sizeof(l->json),
		"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"m%zu\",\"properties\":"
		"{\"cart_id\":\"k%u\",\"order_id\":\"o%zu\"}}",
		event, who, story.n, cart, story.n);
}

static const char *in_force;

/* That somebody's mail did not arrive. */
static void fails(const char *who)
{
	(void)snprintf(add(T)->json, sizeof(story.lines[0].json),
		"{\"type\":\"track\",\"event\":\"Notification Failed\",%s,\"messageId\":\"m%zu\","
		"\"properties\":{\"channel\":\"email\"}}",
		who, story.n);
}

static void is_born(const char *who)
{
	(void)snprintf(add(T)->json, sizeof(story.lines[0].json),
		"{\"type\":\"identify\",%s,\"messageId\":\"m%zu\",\"traits\":{\"birthday\":"
		"\"1990-11-%u\"}}",
		who, story.n, 14 + world_roll(&one, 2));
}

static void does(const char *who)
{
	static const char *const names[] = {
		"Product Added", "Product Added", "Product Added", "Order Completed"};
	unsigned cart;

	if (world_roll(&one, 3) == 0)
		story.at += world_roll(&one, 100) * MS_SECOND;
	cart = world_roll(&one, 2);
	if ((in_force == second_ways || in_force == falling_days) && world_roll(&one, 4) == 0)
		fails(who);
	else if ((in_force == days || in_force == falling_days) && world_roll(&one, 2))
		is_born(who);
	else
		tells(names[world_roll(&one, ARRAY_SIZE(names))], who, cart);
}

static void do_both(unsigned n)
{
	while (n-- > 0)
		does(world_roll(&one, 2) ? USER("u1") : MAIL("b@y.org"));
}

/* A visitor who is the address's. */
static void do_three(unsigned n)
{
	while (n-- > 0)
		does(world_roll(&one, 2) ? "\"anonymousId\":\"v\"" : MAIL("b@y.org"));
}

/* Those of OWNER that W made behind the first SINCE, or that came due later than DUE. */
static size_t n_live_since(const struct world *w, size_t since, int64_t due, const char *owner)
{
	size_t n = 0;

	for (size_t i = since; i < w->n_jobs; i++)
		n += !w->jobs[i].retracted && w->jobs[i].fire_at > due &&
		     span_is(span_str(owner), w->jobs[i].owner);
	return n;
}

/* How far the two had come. */
struct parting {
	size_t n_jobs;
	int64_t clock;
};

static struct parting parting(void)
{
	return (struct parting){
		one.n_jobs, one.shores[partition_of(SPAN_LIT("u1"), PARTS)].position.clock};
}

/* Since then each was sent what they would have been sent that was not due yet. */
static void check_since(struct parting p)
{
	static const char *const owners[] = {"u1", OTHER};

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		CHECK_INT(n_live_since(&one, p.n_jobs, INT64_MIN, owners[i]),
			n_live_since(&two, 0, p.clock, owners[i]));
}

/* One after the other, so that each instant is the same in both. */
static void plays(size_t from)
{
	for (size_t i = from; i < story.n; i++)
		story.lines[i].alone = true;
	if (story.n > from) {
		play(&one, from, story.n, true);
		play(&two, from, story.n, false);
	}
}

static void random_history(uint64_t seed)
{
	size_t joined, apart;
	struct parting parted;

	begin(seed, in_force);
	one.prompt = two.prompt = true;
	does(USER("u1"));
	does(MAIL("b@y.org"));
	if (world_roll(&one, 2)) {
		do_three(1 + world_roll(&one, 6));
		says(T, "{\"type\":\"identify\"," MAIL("b@y.org") ",\"anonymousId\":\"v\"}");
	}
	do_both(world_roll(&one, 10));
	says(X, "{\"type\":\"identify\"," USER("u1") "," MAIL(
			"b@y.org") ","
				   "\"messageId\":\"joined\"}");
	joined = story.n;
	plays(0);
	world_check_customer(&one, OTHER, "u1", 0);
	do_both(1 + world_roll(&one, 40));
	apart = story.n;
	plays(joined);
	parted = parting();
	take_apart(OTHER, "u1");
	check_same("u1");
	check_same(OTHER);
	do_both(1 + world_roll(&one, 20));
	plays(apart);
	one.clock = two.clock =
		story.at + (in_force == days || in_force == falling_days ? 2 * MS_DAY : 1000);
	world_finish(&one);
	world_finish(&two);
	check_same("u1");
	check_same(OTHER);
	check_jobs(&one);
	check_since(parted);
	end();
}

#define ROUNDS 60

static void histories(void)
{
	in_force = rules;
	histories_run(ROUNDS, random_history);
}

static void second_way_histories(void)
{
	in_force = second_ways;
	histories_run(ROUNDS, random_history);
}

static void day_histories(void)
{
	in_force = days;
	histories_run(ROUNDS, random_history);
}

static void falling_day_histories(void)
{
	in_force = falling_days;
	histories_run(ROUNDS, random_history);
}

/* A second after the start plus AFTER seconds. */
static void tells_at(unsigned after, const char *event, const char *who)
{
	story.at = BASE_AT + (int64_t)after * MS_SECOND - 1000;
	tells(event, who, 0);
}

/*
 * What the other bought ended u1's first episode when they were one, so that those behind it bear a
 * number more than they would: u1, between the steps of the second, has had both messages of the
 * second. The step that is left, due at 181 + 15 + 40 s, comes all the same, and once.
 */
static void between_steps(void)
{
	struct parting parted;

	begin(7, rules);
	one.prompt = two.prompt = true;
	tells_at(1, "Product Added", USER("u1"));
	tells_at(2, "Order Completed", USER("u1"));
	tells_at(3, "Order Completed", MAIL("b@y.org"));
	says(X, "{\"type\":\"identify\"," USER("u1") "," MAIL("b@y.org") "}");
	tells_at(100, "Product Added", USER("u1"));
	tells_at(120, "Order Completed", MAIL("b@y.org"));
	tells_at(121, "Product Added", USER("u1"));
	tells_at(180, "Order Completed", USER("u1"));
	tells_at(181, "Product Added", USER("u1"));
	plays(0);
	story.at = one.clock = two.clock = BASE_AT + 198 * MS_SECOND;
	world_settle(&one);
	world_settle(&two);
	parted = parting();
	take_apart(OTHER, "u1");
	check_same("u1");
	check_same(OTHER);
	one.clock = two.clock = BASE_AT + 240 * MS_SECOND;
	world_settle(&one);
	world_settle(&two);
	check_jobs(&one);
	check_since(parted);
	/* That one and first's, at 181 + 30 s. */
	CHECK_INT(n_live_since(&one, parted.n_jobs, INT64_MIN, "u1"), 2);
	end();
}

static const struct check_case cases[] = {
	{"between the steps of an episode whose number is spent", between_steps},
	{"random histories", histories},
	{"random histories of second ways", second_way_histories},
	{"random histories of days", day_histories},
	{"random histories of days with second ways", falling_day_histories},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
