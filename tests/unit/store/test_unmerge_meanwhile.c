/* SPDX-License-Identifier: MIT */
/*
 * News of a product, while two who were one are taken apart: whoever of the two follows it gets the
 * one message that they would have got alone, wherever the news is when staff say the word, and
 * however long the two have been one; nobody gets it twice.
 */
#include "erasing.h"
#include "two_worlds.h"

#define RULE(ID, EVENT, MORE)                                                                      \
	"{\"id\":\"" ID                                                                            \
	"\",\"class\":\"service\",\"gates\":\"off\",\"key\":\"sku\",\"arm\":[\"" EVENT "\"]," MORE \
	"\"wait\":\"60s\",\"grace\":\"0s\",\"round\":\"1ms\","                                     \
	"\"stale_after\":\"never\",\"channels\":[\"email\"]}"

static const char rules[] = "[" RULE("back_in_stock", "Stock Changed",
	"\"fire_if\":{\"==\":[{\"var\":\"s.watch.open\"},true]},") "," RULE("price",
	"Price Changed", "") "," RULE("apology", "Incident Ended", "") "]";

#define WHO_STAYS  "u1"
#define WHO_LEAVES OTHER
#define THIRD	   "a0" /* of the partition of whoever stays */

/* Where the news arrives at a partition. */
enum arrival {
	HEARD,	/* before staff ask what the two would be */
	WAITS,	/* in the log by then, and not read */
	SAID,	/* behind the word, which is not read */
	PARTED, /* when the customer is without the other, who does not know it yet */
	LATE,	/* when both know */
	ARRIVALS
};

struct course {
	bool stays, leaves; /* who follows it */
	bool asked;  /* for what is out of stock; else they wish for it, and it gets cheaper */
	bool since;  /* since they are one, and not before */
	bool first;  /* no other news came since they are one */
	bool drops;  /* whoever stays follows it no more as soon as they are two */
	bool third;  /* whoever stays becomes part of somebody else as soon as they are two */
	bool alone;  /* who leaves follows it alone: together they did so no more */
	bool site;   /* they met with an error of the site, or came by; and it works again */
	int64_t age; /* since they became one */
	enum arrival here, there; /* where the customer is, and where the other was */
};

/* A product whose partition is not one of theirs. */
static void choose_product(char *sku, size_t size, char *key, size_t key_size)
{
	uint32_t here = partition_of(span_str(WHO_STAYS), PARTS);
	uint32_t there = partition_of(span_str(WHO_LEAVES), PARTS);
	uint32_t p = here;

	REQUIRE(here != there);
	for (unsigned i = 0; p == here || p == there; i++) {
		(void)snprintf(sku, size, "S-%u", i);
		(void)snprintf(key, key_size, "product:%s", sku);
		p = partition_of(span_str(key), PARTS);
	}
}

static void follows(const struct course *c, const char *who, const char *sku)
{
	char json[400];

	if (c->site) {
		(void)snprintf(json, sizeof(json),
			"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"f%zu\","
			"\"properties\":{\"path\":\"/\",\"code\":\"500\"}}",
			c->asked ? "Client Error" : "Page Viewed", who, story.n);
		says(T, json);
		return;
	}

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"f%zu\","
		"\"properties\":{\"sku\":\"%s\",\"price\":40}}",
		c->asked ? "Stock Alert Requested" : "Product Added to Wishlist", who, story.n,
		sku);
	says(T, json);
}

static void joins(void)
{
	story.lines[story.n - 1].alone = true;
	says(X, "{\"type\":\"identify\"," USER("u1") "," MAIL(
			"b@y.org") ",\"messageId\":\"joined\"}");
	story.lines[story.n - 1].alone = true;
}

/* The mail of S that goes to the partition TO, of those from the N-th on. */
static void deliver_to(struct shore *s, size_t n, uint32_t to)
{
	for (size_t i = n; i < s->n_mails; i++)
		if (s->mails[i].to == to && !s->mails[i].sent)
			world_deliver(s, &s->mails[i]);
}

static struct shore *shore_for(struct world *w, const char *key)
{
	return &w->shores[partition_of(span_str(key), PARTS)];
}

static const struct log_entry *restored(const struct world *w, int64_t since)
{
	const struct shore *s = &w->shores[partition_of(span_str(WHO_LEAVES), PARTS)];
	struct span kind = SPAN_LIT("\"restore\"");

	for (size_t i = 0; i < s->n_log; i++)
		for (size_t k = 0; k + kind.len <= s->log[i].message.len; k++)
			if ((int64_t)s->log[i].id.ms >= since &&
				memcmp(s->log[i].message.ptr + k, kind.ptr, kind.len) == 0)
				return &s->log[i];
	return NULL;
}

static void word(void)
{
	char later[CUSTOMER_MAX + 1] = "";

	int r = world_unmerge(&one, WHO_LEAVES, later);

	/* Then all is made again when it was read. */
	if (r == WORLD_MISSED) {
		world_read(shore_for(&one, WHO_STAYS));
		r = world_unmerge(&one, WHO_LEAVES, later);
	}
	CHECK_INT(r, 0);
}

static void cancels(const struct course *c, const char *sku)
{
	char json[400];

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"%s\"," USER(
			"u1") ",\"messageId\":\"c\",\"properties\":{\"sku\":\"%s\"}}",
		c->asked ? "Stock Alert Cancelled" : "Product Removed from Wishlist", sku);
	says(T, json);
}

/* In ONE alone, since it may come before the news. */
static void drop(const struct course *c, const char *product)
{
	char json[400];

	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"%s\"," USER(
			"u1") ",\"messageId\":\"d\",\"properties\":{\"sku\":\"%s\"}}",
		c->asked ? "Stock Alert Cancelled" : "Product Removed from Wishlist",
		strchr(product, ':') + 1);
	world_say(&one, T, json);
	world_read(shore_for(&one, WHO_STAYS));
}

/* In ONE alone, and what is on its way to whoever left stays there. */
static void become_part(void)
{
	struct shore *here = shore_for(&one, WHO_STAYS);

	REQUIRE(partition_of(span_str(THIRD), PARTS) == here->partition);
	world_claim(&one, THIRD, WHO_STAYS);
	for (unsigned i = 0; i < 8; i++) {
		world_read(here);
		deliver_to(here, 0, here->partition);
	}
	REQUIRE(link_is(record_of(&one, WHO_STAYS)));
}

/* The word of staff in ONE, and the news in it where C says; NEWS is said already. */
static void parts(const struct course *c, const char *product)
{
	struct shore *thing = shore_for(&one, product), *here = shore_for(&one, WHO_STAYS),
		     *there = shore_for(&one, WHO_LEAVES);
	size_t said = thing->n_mails;

	world_read(thing);
	/* The line of those who asked is counted in a turn of its own. */
	deliver_to(thing, said, thing->partition);
	world_read(thing);
	for (enum arrival s = HEARD; s < ARRIVALS; s++) {
		one.clock++;
		if (s == SAID)
			word();
		if (s == PARTED && c->drops)
			drop(c, product);
		if (s == PARTED && c->third)
			become_part();
		if (c->here == s)
			deliver_to(thing, said, here->partition);
		if (c->there == s)
			deliver_to(thing, said, there->partition);
		if (s == HEARD || s == SAID)
			world_read(here);
		if (s == HEARD)
			world_read(there);
		if (s != PARTED)
			continue;
		world_read(there);
		deliver_to(here, 0, there->partition);
		world_read(there);
	}
	world_settle(&one);
}

static size_t n_live(const struct world *w, const char *owner)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_jobs; i++)
		n += !w->jobs[i].retracted && strcmp(w->jobs[i].owner, owner) == 0;
	return n;
}

/* Events on KEY's timeline. */
static uint64_t n_heard(const struct world *w, const char *key)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;

	CHECK_INT(record_decode(record_of(w, key), &r), 0);
	return r.journey ? r.journey->n_events : 0;
}

/* What both worlds have before the news, but that in the second they never become one. */
static void grow(const struct course *c, const char *sku)
{
	if (c->third)
		says(T, "{\"type\":\"page\"," USER(THIRD) ",\"messageId\":\"z\"}");
	says(T, "{\"type\":\"page\"," USER("u1") ",\"messageId\":\"a\"}");
	says(T, "{\"type\":\"page\"," MAIL("b@y.org") ",\"messageId\":\"b\"}");
	if (c->site) {
		says(T, "{\"type\":\"track\",\"event\":\"Incident Started\",\"messageId\":\"i\","
			"\"properties\":{\"sku\":\"I\"}}");
		story.lines[story.n - 1].alone = true;
	}
	if (c->since)
		joins();
	if (c->stays)
		follows(c, USER("u1"), sku);
	if (c->leaves)
		follows(c, MAIL("b@y.org"), sku);
	if (!c->since)
		joins();
	if (c->alone)
		cancels(c, sku);
	if (!c->first) {
		says(T, "{\"type\":\"track\",\"event\":\"Price Changed\",\"messageId\":\"o\","
			"\"properties\":{\"sku\":\"O\",\"price\":1}}");
		story.lines[story.n - 1].alone = true;
	}
	play(&one, 0, story.n, true);
	play(&two, 0, story.n, false);
}

static void lives(const struct course *c)
{
	char sku[16], product[32], json[400];
	const struct log_entry *back;
	int64_t at;

	begin(1, rules);
	one.prompt = two.prompt = true;
	choose_product(sku, sizeof(sku), product, sizeof(product));
	if (c->site)
		(void)snprintf(product, sizeof(product), "site:shop");
	grow(c, sku);
	at = story.at += c->age;
	one.clock = two.clock = at;
	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"%s\",\"messageId\":\"n\","
		"\"properties\":{\"sku\":\"%s\",\"stock\":%d,\"price\":20}}",
		c->site	   ? "Incident Ended"
		: c->asked ? "Stock Changed"
			   : "Price Changed",
		sku, 7);
	world_say(&one, T, json);
	world_say(&two, T, json);
	parts(c, product);
	back = restored(&one, at);
	if (!back) {
		/* The customer was another by then, and it is said anew. */
		word();
		world_settle(&one);
		back = restored(&one, at);
	}
	REQUIRE(back);
	world_note_apart(&two, WHO_STAYS, WHO_LEAVES, at, at);
	world_note_apart(&two, WHO_LEAVES, WHO_STAYS, (int64_t)back->id.ms, at);
	one.clock = two.clock = at + 1000;
	world_finish(&one);
	world_finish(&two);
	CHECK_INT(n_live(&two, WHO_STAYS), c->stays);
	CHECK_INT(n_live(&two, WHO_LEAVES), c->leaves);
	if (!c->drops && !c->third) {
		CHECK_INT(n_live(&one, WHO_STAYS), c->stays);
		CHECK_INT(n_heard(&one, WHO_STAYS), n_heard(&two, WHO_STAYS));
	}
	CHECK_INT(n_live(&one, WHO_LEAVES), c->leaves);
	CHECK_INT(n_heard(&one, WHO_LEAVES), n_heard(&two, WHO_LEAVES));
	check_jobs(&one);
	end();
}

static void all_of(int64_t age)
{
	for (unsigned bits = 0; bits < 64; bits++)
		for (unsigned s = 0; s < ARRIVALS * ARRIVALS; s++) {
			const struct course c = {.stays = bits & 1,
				.leaves = bits & 2,
				.asked = bits & 4,
				.since = bits & 8,
				.first = bits & 16,
				.drops = bits & 32,
				.age = age,
				.here = s / ARRIVALS,
				.there = s % ARRIVALS};

			lives(&c);
		}
}

/* Where the news are not heard before the word, which then finds another customer. */
static void part_of_a_third(void)
{
	for (unsigned bits = 0; bits < 16; bits++)
		for (unsigned s = 0; s < ARRIVALS * ARRIVALS; s++) {
			const struct course c = {.stays = bits & 1,
				.leaves = true,
				.asked = bits & 2,
				.since = bits & 4,
				.first = bits & 8,
				.third = true,
				.age = 3 * MS_DAY,
				.here = s / ARRIVALS,
				.there = s % ARRIVALS};

			if (c.here != WAITS)
				lives(&c);
		}
}

/* The customer does not change by the news then, wherever they are. */
static void who_leaves_alone(void)
{
	static const int64_t ages[] = {MS_HOUR, 3 * MS_DAY};

	for (unsigned bits = 0; bits < 16; bits++)
		for (unsigned s = 0; s < ARRIVALS * ARRIVALS; s++) {
			const struct course c = {.leaves = true,
				.alone = true,
				.asked = bits & 1,
				.since = bits & 2,
				.first = bits & 4,
				.age = ages[bits / 8],
				.here = s / ARRIVALS,
				.there = s % ARRIVALS};

			lives(&c);
		}
}

static void site_works_again(void)
{
	for (unsigned bits = 0; bits < 32; bits++)
		for (unsigned s = 0; s < ARRIVALS * ARRIVALS; s++) {
			const struct course c = {.stays = bits & 1,
				.leaves = bits & 2,
				.asked = bits & 4,
				.since = bits & 8,
				.first = bits & 16,
				.site = true,
				.age = MS_HOUR,
				.here = s / ARRIVALS,
				.there = s % ARRIVALS};

			lives(&c);
		}
}

/* The first 16 bytes of SHA-256, by Python's hashlib. */
#define STAND_IN "site:left:3e9ec555e03176dad990c6e24bc79a2a"

static struct span stand_in(void)
{
	return memory_store_record(shore_for(&one, WHO_STAYS)->memory, SPAN_LIT(STAND_IN));
}

/* Two who have just been taken apart. */
static void part(void)
{
	const struct course c = {.asked = true};

	begin(1, rules);
	one.prompt = true;
	follows(&c, USER("u1"), "S-1");
	follows(&c, MAIL("b@y.org"), "S-1");
	joins();
	play(&one, 0, story.n, true);
	CHECK_INT(stand_in().len, 0);
	word();
	world_settle(&one);
	CHECK(link_is(stand_in()));
}

/* For a day, and then nothing is left of it. */
static void for_a_day(void)
{
	part();
	one.clock += MS_DAY - 10 * MS_MINUTE - 1000;
	world_finish(&one);
	CHECK(link_is(stand_in()));
	one.clock += MS_MINUTE;
	world_finish(&one);
	CHECK_INT(stand_in().len, 0);
	world_say(&one, T,
		"{\"type\":\"track\",\"event\":\"Stock Changed\",\"messageId\":\"n\","
		"\"properties\":{\"sku\":\"S-1\",\"stock\":7}}");
	world_finish(&one);
	CHECK_INT(n_live(&one, WHO_STAYS), 1);
	CHECK_INT(n_live(&one, WHO_LEAVES), 1);
	/* Each heard it by itself. */
	CHECK_INT(one.counters[COUNTER_FORWARDED], 0);
	end();
}

/* Not even as long when who left is erased; and not when it is another. */
static void erased(void)
{
	static const char *const names[] = {"u9", WHO_LEAVES};
	uint32_t p = partition_of(span_str(WHO_STAYS), PARTS);

	part();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct message m = {.from = MESSAGE_FROM_STAFF,
			.seq = 1,
			.kind = MESSAGE_SCRUB,
			.to = SPAN_LIT(STAND_IN),
			.reason = SPAN_LIT("0123456789abcdef")};

		erasing_tell(&one, MESSAGE_SUPPRESS, &names[i], 1);
		world_settle(&one);
		world_tell(&one, p, &m, SPAN_EMPTY);
		world_settle(&one);
		CHECK_INT(stand_in().len > 0, i == 0);
	}
	end();
}

static void young(void)
{
	all_of(MS_HOUR);
}

static void old(void)
{
	all_of(3 * MS_DAY);
}

static const struct check_case cases[] = {
	{"they became one an hour ago", young},
	{"they became one days ago", old},
	{"who stays becomes part of somebody", part_of_a_third},
	{"who leaves follows it alone", who_leaves_alone},
	{"the site works again", site_works_again},
	{"somebody stands in for a day", for_a_day},
	{"and not for who was erased", erased},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
