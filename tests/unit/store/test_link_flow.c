/* SPDX-License-Identifier: MIT */
/*
 * Whatever the order in which messages come and owners die, a customer who is known by several
 * names is one customer in the end, with one history and one set of jobs.
 */
#include "link_world.h"

#define B LINK_BROWSER
#define T LINK_TRUSTED
#define X (LINK_TRUSTED | LINK_EXPLICIT)

struct speech {
	unsigned rights;
	const char *json;
};

#define TRACK(NAME, WHO, PROPERTIES)                                                               \
	"{\"type\":\"track\",\"event\":\"" NAME "\"," WHO ",\"properties\":{" PROPERTIES "}}"
#define ADDED(WHO, CART) TRACK("Product Added", WHO, "\"cart_id\":\"" CART "\"")
#define BOUGHT(WHO)	 TRACK("Order Completed", WHO, "\"order_id\":\"o1\"")
#define ANON(ID)	 "\"anonymousId\":\"" ID "\""
#define USER(ID)	 "\"userId\":\"" ID "\""
#define IDENTIFY(WHO)	 "{\"type\":\"identify\"," WHO "}"
#define MAIL(ADDRESS)	 "\"identifiers\":{\"email\":\"" ADDRESS "\"}"

/* Says LINES in their order, with so much happening in between as chance wants. */
static void play(struct world *w, const struct speech *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned k = world_roll(w, 12); k > 0; k--)
			world_stir(w);
		w->clock++;
		world_say(w, lines[i].rights, lines[i].json);
	}
	for (unsigned k = world_roll(w, 20); k > 0; k--)
		world_stir(w);
	world_finish(w);
	CHECK_INT(w->counters[COUNTER_QUARANTINED], 0);
	CHECK_INT(w->counters[COUNTER_APPLIED], n);
}

#define ROUNDS 60

static struct world world;

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The ids of the jobs that were not taken back, in order. */
static void live_jobs(const struct world *w, char (*ids)[33])
{
	size_t n = 0;

	memset(ids, 0, JOBS * sizeof(*ids));
	for (size_t i = 0; i < w->n_jobs; i++)
		if (!w->jobs[i].retracted)
			memcpy(ids[n++], w->jobs[i].id, 33);
	qsort(ids, n, sizeof(*ids), compare_texts);
}

/* Runs LINES under each seed and asks CHECK_FN; the jobs are always the same. */
static void each(const struct speech *lines, size_t n, void (*check_fn)(struct world *w))
{
	static char first[JOBS][33], jobs[JOBS][33];

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		int before = check_failures;

		world_init(&world, seed * 7919);
		play(&world, lines, n);
		check_fn(&world);
		live_jobs(&world, seed == 1 ? first : jobs);
		if (seed > 1)
			CHECK(memcmp(first, jobs, sizeof(jobs)) == 0);
		world_release(&world);
		if (check_failures > before) {
			fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
			return;
		}
	}
}

/* ---- the stories ------------------------------------------------------------------------- */

static void no_job(struct world *w)
{
	world_check_customer(w, "anon:a", "u1", 3);
	CHECK_INT(world_n_live(w), 0);
	CHECK_INT(w->counters[COUNTER_ARMED], 1);
}

/* A cart without a name, the name, the purchase under it: nobody writes about the cart. */
static void cart_then_user(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, IDENTIFY(USER("u1") "," ANON("a"))}, {T, BOUGHT(USER("u1"))}};

	each(lines, ARRAY_SIZE(lines), no_job);
}

static void one_job(struct world *w)
{
	world_check_customer(w, "anon:a", "u1", 4);
	world_check_customer(w, "u1", "u1", 4);
	CHECK_INT(w->n_jobs, 1);
	CHECK_INT(world_n_live(w), 1);
}

/* The same cart by both names is one cart, and the mail one mail. */
static void one_cart(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, IDENTIFY(USER("u1") "," ANON("a"))}, {B, ADDED(ANON("a"), "k1")},
		{B, ADDED(USER("u1") "," ANON("a"), "k1")}};

	each(lines, ARRAY_SIZE(lines), one_job);
}

/* The name comes before anything else is heard of who bears it. */
static void identify_first(void)
{
	static const struct speech lines[] = {{B, IDENTIFY(USER("u1") "," ANON("a"))},
		{B, ADDED(ANON("a"), "k1")}, {B, ADDED(ANON("a"), "k1")},
		{B, ADDED(USER("u1"), "k1")}};

	each(lines, ARRAY_SIZE(lines), one_job);
}

static void guest_bought(struct world *w)
{
	world_check_customer(w, "anon:a", "email:a@y.org", 3);
	world_check_customer(w, "email:b@y.org", "email:a@y.org", 3);
	CHECK_INT(world_n_live(w), 0);
}

/* A guest checks out with another address than the one that is known of the visitor. */
static void other_address(void)
{
	static const struct speech lines[] = {{T, ADDED(ANON("a"), "k1")},
		{T, IDENTIFY(MAIL("b@y.org") "," ANON("a"))},
		{T, BOUGHT(MAIL("a@y.org") "," ANON("a"))}};

	each(lines, ARRAY_SIZE(lines), guest_bought);
}

static void two_devices(struct world *w)
{
	world_check_customer(w, "anon:a", "u1", 6);
	world_check_customer(w, "anon:b", "u1", 6);
	CHECK_INT(world_n_live(w), 0);
	CHECK(w->counters[COUNTER_IDENTITY_MERGED] + w->counters[COUNTER_IDENTITY_LINKED] >= 2);
}

static void devices(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, ADDED(ANON("b"), "k2")}, {B, IDENTIFY(USER("u1") "," ANON("a"))},
		{B, IDENTIFY(USER("u1") "," ANON("b"))}, {B, ADDED(ANON("b"), "k2")},
		{T, BOUGHT(USER("u1"))}};

	each(lines, ARRAY_SIZE(lines), two_devices);
}

static void all_one(struct world *w)
{
	static const char *const keys[] = {"email:a@y.org", "email:b@y.org", "email:c@y.org",
		"email:d@y.org", "anon:a", "anon:b", "anon:c"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		world_check_customer(w, keys[i], "email:a@y.org", 7);
}

/* b-c, d-c, a-b by what they have in common, each way round: a chain, closed to a circle. */
static void chain_and_circle(void)
{
	static const struct speech lines[] = {{T, ADDED(MAIL("d@y.org") "," ANON("a"), "k1")},
		{T, ADDED(MAIL("c@y.org") "," ANON("a"), "k2")},
		{T, ADDED(MAIL("c@y.org") "," ANON("b"), "k3")},
		{T, ADDED(MAIL("b@y.org") "," ANON("b"), "k4")},
		{T, ADDED(MAIL("a@y.org") "," ANON("c"), "k5")},
		{T, ADDED(MAIL("b@y.org") "," ANON("c"), "k6")},
		{T, ADDED(MAIL("d@y.org") "," ANON("c"), "k7")}};

	each(lines, ARRAY_SIZE(lines), all_one);
}

static void stay_two(struct world *w)
{
	world_check_customer(w, "u1", "u1", 2);
	world_check_customer(w, "u2", "u2", 1);
	world_check_customer(w, "anon:a", "u1", 2);
	CHECK_INT(world_n_live(w), 2);
}

static void mail_of_first(struct world *w)
{
	world_check_customer(w, "email:a@y.org", "u1", 2);
	world_check_customer(w, "u2", "u2", 1);
}

static void second_first(struct world *w)
{
	world_check_customer(w, "anon:a", "u2", 2);
	world_check_customer(w, "u1", "u1", 1);
}

/* Two who log in one after the other on one machine; what is done there without a name is the first
 * one's. Who was received first is what counts, and nobody else. */
static void shared_machine(void)
{
	static const struct speech lines[] = {{B, ADDED(USER("u1") "," ANON("a"), "k1")},
		{B, ADDED(USER("u2") "," ANON("a"), "k2")}, {B, ADDED(ANON("a"), "k1")}};

	each(lines, ARRAY_SIZE(lines), stay_two);
}

/* The same with a visitor who is somebody already. */
static void shared_cart(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, IDENTIFY(USER("u2") "," ANON("a"))},
		{B, ADDED(USER("u1") "," ANON("a"), "k2")}};

	each(lines, ARRAY_SIZE(lines), second_first);
}

static unsigned home_of(const char *key)
{
	return partition_of(span_str(key), PARTS);
}

/* The other owners work, and what they say is delivered; that of SLEEPER does not. */
static void all_but(struct world *w, const char *sleeper)
{
	for (unsigned n = 0; n < 6; n++) {
		w->clock++;
		for (uint32_t p = 0; p < PARTS; p++)
			if (p != home_of(sleeper))
				world_work(w, p);
	}
}

/* Those of U2 and of the visitor. */
static void others_work(struct world *w)
{
	all_but(w, "u1");
}

/* u1 comes first and its worker sleeps, u2's is fast. SILENT: nobody says whom an event names, as
 * it was once; then the faster worker's user has the visitor. */
static void sleeping_worker(bool silent, const char *whose, const char *meanwhile)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char key[CUSTOMER_MAX + 1] = "";

	REQUIRE(home_of("u1") != home_of("u2") && home_of("u1") != home_of("anon:a"));
	world_init(&world, 5);
	world.silent = silent;
	world_say(&world, B, ADDED(ANON("a"), "k1"));
	world_settle(&world);
	world_say(&world, B, IDENTIFY(USER("u1") "," ANON("a")));
	world.clock++;
	world_say(&world, B, IDENTIFY(USER("u2") "," ANON("a")));
	others_work(&world);
	CHECK(world_canonical(&world, "anon:a", &r, key));
	CHECK_STR(span_str(key), meanwhile);
	world_finish(&world);
	world_check_customer(&world, "anon:a", whose, 2);
	CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], 1);
	CHECK_INT(world_n_live(&world), 1);
	world_release(&world);
}

/* More claim the visitor than can be remembered, while the first one's worker sleeps. */
static void crowd(void)
{
	char json[128];

	for (uint64_t seed = 1; seed <= 20; seed++) {
		world_init(&world, seed);
		world_say(&world, B, IDENTIFY(USER("u1") "," ANON("a")));
		for (unsigned n = 0; n < 40; n++) {
			world.clock += world_roll(&world, 2);
			(void)snprintf(json, sizeof(json), IDENTIFY(USER("w%u") "," ANON("a")), n);
			world_say(&world, B, json);
			if (world_roll(&world, 4) == 0)
				others_work(&world);
		}
		others_work(&world);
		world_finish(&world);
		world_check_customer(&world, "anon:a", "u1", 1);
		CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], 40);
		world_release(&world);
	}
}

static void wish_refused(struct world *w)
{
	world_check_customer(w, "anon:a", "u1", 3);
	world_check_customer(w, "email:e@y.org", "u2", 1);
}

static void wish_granted(struct world *w)
{
	world_check_customer(w, "anon:a", "u1", 2);
	world_check_customer(w, "email:e@y.org", "u1", 2);
}

#define WITH_ADDRESS(WHO, ADDRESS)                                                                 \
	"{\"type\":\"identify\"," WHO ",\"traits\":{\"email\":\"" ADDRESS "\"}}"

/* A visitor gives an address after they were named with a user: it is that one's, if it can be.
 * Were the visitor the address's at once, they would be the other user's. */
static void wishes(void)
{
	static const struct speech lines[] = {{T, ADDED(USER("u2") "," MAIL("e@y.org"), "k1")},
		{T, ADDED(ANON("a"), "k2")}, {T, IDENTIFY(USER("u1") "," ANON("a"))},
		{T, WITH_ADDRESS(ANON("a"), "e@y.org")}};
	static const struct speech alone[] = {
		{T, IDENTIFY(USER("u1") "," ANON("a"))}, {T, WITH_ADDRESS(ANON("a"), "e@y.org")}};

	each(lines, ARRAY_SIZE(lines), wish_refused);
	each(alone, ARRAY_SIZE(alone), wish_granted);
}

static void first_received(void)
{
	sleeping_worker(false, "u1", "anon:a");
}

static void control(void)
{
	sleeping_worker(true, "u2", "u2");
}

/* u6 claims the visitor, becomes u1's, and is asked for the visitor, who was claimed by u2 too: so
 * all that u6 says about it waits in their outbox, the question behind the claim. */
static void three_corners(struct world *w)
{
	REQUIRE(home_of("u6") != home_of("u1") && home_of("u6") != home_of("u2") &&
		home_of("u6") != home_of("anon:a") && home_of("u1") != home_of("anon:a"));
	world_init(w, 5);
	world_say(w, B, IDENTIFY(USER("u6") "," ANON("a")));
	w->clock++;
	world_say(w, B, IDENTIFY(USER("u2") "," ANON("a")));
	world_claim(w, "u1", "u6");
	all_but(w, "u6");
	w->clock++;
	world_read(&w->shores[home_of("u6")]);
	w->clock++;
}

/* Their courier dies, and all others go on for a while. */
static void check_corners(struct world *w, const char *whose)
{
	all_but(w, "u6");
	world_finish(w);
	world_check_customer(w, "u6", "u1", 0);
	world_check_customer(w, "anon:a", whose, 0);
	CHECK_INT(w->counters[COUNTER_IDENTITY_REFUSED], 1);
	world_release(w);
}

/* Wherever it dies, what it did not bring is followed by nothing. */
static void courier_dies(void)
{
	size_t n = 1;

	for (size_t i = 0; i <= n; i++) {
		struct shore *s = &world.shores[home_of("u6")];

		three_corners(&world);
		n = s->n_mails - s->n_removed;
		CHECK(n >= 3);
		for (size_t k = 0; k < i; k++)
			world_deliver(s, &s->mails[s->n_removed + k]);
		check_corners(&world, "u1");
	}
}

/* Were it to bring the question first, the answer to it would come before the claim. */
static void courier_sorts(void)
{
	struct shore *s = &world.shores[home_of("u6")];

	three_corners(&world);
	for (size_t k = s->n_removed; k < s->n_mails; k++)
		if (s->mails[k].to == home_of("u1"))
			world_deliver(s, &s->mails[k]);
	check_corners(&world, "u2");
}

/* Somebody was named before whose event does not claim anything: nobody waits for them for ever. */
static void never_claimed(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		const struct message m = {.from = MESSAGE_FROM_STAFF,
			.seq = 1,
			.kind = MESSAGE_NAMED,
			.to = SPAN_LIT("anon:a"),
			.of = SPAN_LIT("u1")};

		world_init(&world, seed);
		if (seed % 2)
			world_say(&world, B, ADDED(ANON("a"), "k1"));
		world_tell(&world, home_of("anon:a"), &m, SPAN_EMPTY);
		for (unsigned k = world_roll(&world, 12); k > 0; k--)
			world_stir(&world);
		world_say(&world, B, ADDED(USER("u2") "," ANON("a"), "k2"));
		for (unsigned k = world_roll(&world, 12); k > 0; k--)
			world_stir(&world);
		world_finish(&world);
		world_check_customer(&world, "anon:a", "u2", 1 + seed % 2);
		CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], 0);
		world_release(&world);
	}
}

/* Nobody waits at KEY for anybody. */
static void check_nobody_waits(const char *key)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char canonical[CUSTOMER_MAX + 1];

	CHECK(world_canonical(&world, key, &r, canonical));
	CHECK(!r.journey || r.journey->n_named == 0);
}

#define CLAIMANTS 4

/* Of some events nobody was told whom they name, as where Redis refused that, or a pair was taken
 * for another. Such a claim has the place where it comes; of those that were announced none has the
 * visitor but the first. And nothing else changes: nobody waits for ever, nothing is lost. */
static void untold(void)
{
	for (uint64_t seed = 1; seed <= UINT64_C(4) * ROUNDS; seed++) {
		_cleanup_(record_release) struct record r = RECORD_INIT;
		char json[128], key[CUSTOMER_MAX + 1] = "";
		unsigned first = CLAIMANTS, winner;
		bool told[CLAIMANTS];

		world_init(&world, seed);
		for (unsigned n = 0; n < CLAIMANTS; n++) {
			world.clock += world_roll(&world, 2);
			world.silent = world_roll(&world, 2) == 0;
			told[n] = !world.silent;
			first = first == CLAIMANTS && told[n] ? n : first;
			(void)snprintf(json, sizeof(json), IDENTIFY(USER("w%u") "," ANON("a")), n);
			world_say(&world, B, json);
			for (unsigned k = world_roll(&world, 12); k > 0; k--)
				world_stir(&world);
		}
		world_finish(&world);
		CHECK(world_canonical(&world, "anon:a", &r, key));
		winner = (unsigned)(key[1] - '0');
		CHECK(key[0] == 'w' && winner < CLAIMANTS);
		CHECK(winner == first || !told[winner]);
		check_nobody_waits("anon:a");
		for (unsigned n = 0; n < CLAIMANTS; n++) {
			(void)snprintf(json, sizeof(json), "w%u", n);
			world_check_customer(&world, json, json, 1);
		}
		CHECK_INT(world.counters[COUNTER_APPLIED], CLAIMANTS);
		CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], CLAIMANTS - 1);
		CHECK_INT(world.counters[COUNTER_QUARANTINED], 0);
		world_release(&world);
	}
}

static void first_of_two_names(struct world *w)
{
	world_check_customer(w, "u7", "u1", 0);
	world_check_customer(w, "anon:a", "u1", 4);
	world_check_customer(w, "u2", "u2", 1);
}

/* The first one's user id is only another name of a user; the question goes where their event
 * went. */
static void by_another_name(void)
{
	static const struct speech lines[] = {{T, ADDED(USER("u7"), "k1")},
		{X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u7\"}"},
		{B, ADDED(USER("u7") "," ANON("a"), "k2")},
		{B, ADDED(USER("u2") "," ANON("a"), "k3")},
		{B, ADDED(USER("u1") "," ANON("a"), "k2")}};

	each(lines, ARRAY_SIZE(lines), first_of_two_names);
}

/* Trusted sources contradict each other too: two users cannot be one. */
static void trusted_too(void)
{
	static const struct speech lines[] = {{T, ADDED(USER("u1") "," MAIL("a@y.org"), "k1")},
		{T, ADDED(USER("u2") "," MAIL("a@y.org"), "k2")},
		{T, ADDED(MAIL("a@y.org"), "k1")}};

	each(lines, ARRAY_SIZE(lines), mail_of_first);
}

static void name_of_then(struct world *w)
{
	world_check_customer(w, "anon:a", "u1", 2);
	CHECK_INT(w->n_jobs, 1);
	CHECK_STR(span_str(w->jobs[0].customer), "anon:a");
}

/* The cart of a visitor whose name is heard after: its mail bears the name of then, and comes
 * once. */
static void named_later(void)
{
	static const struct speech lines[] = {
		{B, ADDED(ANON("a"), "k1")}, {B, IDENTIFY(USER("u1") "," ANON("a"))}};

	each(lines, ARRAY_SIZE(lines), name_of_then);
}

static void two_carts(struct world *w)
{
	world_check_customer(w, "u2", "u1", 4);
	CHECK_INT(world_n_live(w), 2);
}

/* Somebody who may says that two users are one, and somebody else the other way round. */
static void opposite(void)
{
	static const struct speech lines[] = {{T, ADDED(USER("u1"), "k1")},
		{T, ADDED(USER("u2"), "k2")},
		{X, "{\"type\":\"alias\",\"userId\":\"u2\",\"previousId\":\"u1\"}"},
		{X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u2\"}"}};

	each(lines, ARRAY_SIZE(lines), two_carts);
}

/* A cart that was due five minutes before its owner became part of another: the mail is one to who
 * they were, whether the worker came by in between or finds all of it at once. */
static void due_before(void)
{
	for (int cut = 0; cut < 2; cut++) {
		world_init(&world, 1);
		world_say(&world, T, ADDED(USER("u1"), "k1"));
		world_say(&world, T, ADDED(USER("u2"), "k2"));
		world.clock = BASE_AT + 5 * MS_MINUTE;
		if (cut)
			world_settle(&world);
		world.clock = BASE_AT + 6 * MS_MINUTE;
		world_claim(&world, "u1", "u2");
		world_finish(&world);
		CHECK_INT(world.n_jobs, 2);
		CHECK_INT(world_n_live(&world), 2);
		for (size_t i = 0; i < world.n_jobs; i++)
			CHECK_STR(span_str(world.jobs[i].owner), world.jobs[i].customer);
		world_check_customer(&world, "u2", "u1", 2);
		world_release(&world);
	}
}

static const struct check_case cases[] = {
	{"due before two became one", due_before},
	{"a cart, a name, a purchase", cart_then_user},
	{"one cart by two names", one_cart},
	{"the name comes first", identify_first},
	{"a guest with another address", other_address},
	{"two devices", devices},
	{"a chain and a circle", chain_and_circle},
	{"two on one machine", shared_machine},
	{"two with a visitor's cart", shared_cart},
	{"the first one's worker sleeps", first_received},
	{"and if nobody said whom events name", control},
	{"the first one's courier dies", courier_dies},
	{"and if it did not keep the order", courier_sorts},
	{"the first one never claims", never_claimed},
	{"nobody was told of some", untold},
	{"the first one by another name", by_another_name},
	{"two users with one address", trusted_too},
	{"named after arming", named_later},
	{"two users, both ways at once", opposite},
	{"more than can be remembered", crowd},
	{"a visitor gives an address", wishes},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
