/* SPDX-License-Identifier: MIT */
/*
 * Of four customers some become one in any order, also those who are several already, and are taken
 * apart in any order in which that can be: each is what they would have been alone.
 */
#include "erasing.h"
#include "histories.h"
#include "two_worlds.h"

/* The stronger before the weaker. */
static const char *const keys[] = {"a0", "u1", "email:b@y.org", "email:c@y.org"};
static const char *const members[] = {USER("a0"), USER("u1"), MAIL("b@y.org"), MAIL("c@y.org")};

#define KEYS ARRAY_SIZE(keys)

/* Who was erased. */
static bool is_erased[KEYS];

/* Whether some carts are everybody's. */
static bool is_shared;

static void does(unsigned who)
{
	static const char *const names[] = {
		"Product Added", "Product Added", "Product Viewed", "Order Completed"};
	bool shared = is_shared && world_roll(&one, 2) == 0;
	struct saying *l;

	if (world_roll(&one, 5) == 0)
		story.at += world_roll(&one, 100) * MS_SECOND;
	l = add(T);
	l->alone = true;
	(void)snprintf(l->json, sizeof(l->json),
		"{\"type\":\"track\",\"event\":\"%s\",%s,\"messageId\":\"m%zu\",\"properties\":"
		"{\"cart_id\":\"k%u%u\",\"order_id\":\"o%zu\"}}",
		names[world_roll(&one, ARRAY_SIZE(names))], members[who], story.n,
		shared ? (unsigned)KEYS : who, world_roll(&one, 2), story.n);
}

static void some_do(unsigned n)
{
	size_t from = story.n;

	while (n-- > 0) {
		unsigned who = story.n < KEYS ? (unsigned)story.n : world_roll(&one, KEYS);

		if (!is_erased[who])
			does(who);
	}
	if (story.n == from)
		return;
	play(&one, from, story.n, true);
	play(&two, from, story.n, false);
}

/* Whom KEY is a part of, at once, in *ret_to. */
static bool is_part(const char *key, char *ret_to)
{
	struct span value = record_of(&one, key);
	struct link link;

	if (!link_is(value) || link_decode(value, &link) != 0)
		return false;
	memcpy(ret_to, link.to.ptr, link.to.len);
	ret_to[link.to.len] = '\0';
	return true;
}

/* Two become one, if there are two. */
static void join(void)
{
	unsigned first = world_roll(&one, KEYS - 1), second = first + 1;
	char to[CUSTOMER_MAX + 1];

	second += world_roll(&one, (unsigned)KEYS - second);
	if (is_erased[first] || is_erased[second] || is_part(keys[first], to) ||
		is_part(keys[second], to))
		return;
	one.clock = story.at += 1000;
	world_claim(&one, keys[first], keys[second]);
	world_settle(&one);
	CHECK(is_part(keys[second], to));
}

/* One who can be taken out of another is. False: nobody is a part. */
static bool part(void)
{
	unsigned first = world_roll(&one, KEYS);
	char to[CUSTOMER_MAX + 1], next[CUSTOMER_MAX + 1];

	for (unsigned i = 0; i < KEYS; i++) {
		const char *key = keys[(first + i) % KEYS];

		if (!is_part(key, to) || is_part(to, next))
			continue;
		take_apart(key, to);
		return !is_part(key, to);
	}
	return false;
}

static void join_some(uint64_t seed)
{
	memset(is_erased, 0, sizeof(is_erased));
	begin(seed, NULL);
	one.prompt = two.prompt = true;
	some_do(KEYS + world_roll(&one, 5));
	for (unsigned n = 2 + world_roll(&one, 4); n > 0; n--) {
		join();
		some_do(world_roll(&one, 8));
	}
}

static void random_history(uint64_t seed)
{
	int before = check_failures;

	join_some(seed);
	while (check_failures == before && part())
		some_do(world_roll(&one, 6));
	one.clock = two.clock = story.at + 1000;
	world_finish(&one);
	world_finish(&two);
	for (unsigned i = 0; i < KEYS; i++)
		check_same(keys[i]);
	check_jobs(&one);
	end();
}

#define ROUNDS 100

static void histories(void)
{
	is_shared = false;
	histories_run(ROUNDS, random_history);
}

static void shared_carts(void)
{
	is_shared = true;
	histories_run(ROUNDS, random_history);
}

/* ---- somebody is erased ---------------------------------------------------------------------- */

static unsigned n_apart, n_refused;

/* Does KEYS[which] lead to WHOM, or is it that? */
static bool leads(unsigned which, const char *whom)
{
	char at[CUSTOMER_MAX + 1], to[CUSTOMER_MAX + 1];

	(void)snprintf(at, sizeof(at), "%s", keys[which]);
	while (strcmp(at, whom) != 0 && is_part(at, to))
		memcpy(at, to, sizeof(at));
	return strcmp(at, whom) == 0;
}

/* One who is nobody's part, with all who are theirs, unless that is everybody. */
static void erase_one(void)
{
	const char *names[KEYS], *others[KEYS];
	unsigned which = world_roll(&one, KEYS);
	char to[CUSTOMER_MAX + 1];
	size_t n = 0, n_others = 0;

	if (is_erased[which] || is_part(keys[which], to))
		return;
	for (unsigned i = 0; i < KEYS; i++)
		if (leads(i, keys[which]))
			names[n++] = keys[i];
		else if (!is_erased[i])
			others[n_others++] = keys[i];
	if (n_others < 2)
		return;
	for (unsigned i = 0; i < KEYS; i++)
		is_erased[i] = is_erased[i] || leads(i, keys[which]);
	one.clock = two.clock = story.at += 1000;
	erasing_do(&one, names, n, others, n_others);
	erasing_do(&two, names, n, others, n_others);
	one.clock = two.clock = story.at += 1000;
	world_settle(&one);
	world_settle(&two);
}

/* One who can be taken out of another is, or it is refused. False: there is none any more. */
static bool part_if(bool *refused)
{
	unsigned first = world_roll(&one, KEYS);
	char to[CUSTOMER_MAX + 1], next[CUSTOMER_MAX + 1];

	for (unsigned i = 0; i < KEYS; i++) {
		unsigned which = (first + i) % KEYS;
		int r;

		if (refused[which] || !is_part(keys[which], to) || is_part(to, next))
			continue;
		r = try_apart(keys[which], to);
		CHECK(r == 0 || r == DIVIDE_DIFFERENT || r == DIVIDE_TRIMMED);
		refused[which] = r != 0;
		n_apart += r == 0;
		n_refused += r != 0;
		return true;
	}
	return false;
}

static bool is_alone(unsigned which)
{
	char to[CUSTOMER_MAX + 1];
	bool alone = !is_erased[which] && !is_part(keys[which], to);

	for (unsigned i = 0; i < KEYS && alone; i++)
		alone = i == which || !leads(i, keys[which]);
	return alone;
}

static void random_erasure(uint64_t seed)
{
	bool refused[KEYS] = {false};
	int before = check_failures;

	join_some(seed);
	while (check_failures == before && part_if(refused)) {
		some_do(world_roll(&one, 6));
		if (world_roll(&one, 2))
			erase_one();
		if (world_roll(&one, 3) == 0)
			join();
		some_do(world_roll(&one, 6));
	}
	one.clock = two.clock = story.at + 1000;
	world_finish(&one);
	world_finish(&two);
	for (unsigned i = 0; i < KEYS; i++) {
		if (is_alone(i))
			check_same(keys[i]);
		if (is_erased[i])
			CHECK_INT(record_of(&one, keys[i]).len, 0);
	}
	check_jobs(&one);
	end();
}

static void erasures(void)
{
	is_shared = true;
	n_apart = n_refused = 0;
	histories_run(ROUNDS, random_erasure);
	printf("# %u taken apart, %u refused\n", n_apart, n_refused);
}

/* ---- where a batch ends ---------------------------------------------------------------------- */

/* What is folded again is cut elsewhere than it was, so nothing may depend on that. */

#define CART(WHO, CART)                                                                            \
	"{\"type\":\"track\",\"event\":\"Product Added\"," WHO                                     \
	",\"properties\":{\"cart_id\":\"" CART "\"}}"

static struct shore *shore_of(const char *key)
{
	return &one.shores[partition_of(span_str(key), PARTS)];
}

static void say_at(int64_t ms, const char *json)
{
	one.clock = BASE_AT + ms;
	world_say(&one, T, json);
}

static void read_at(int64_t ms, const char *key)
{
	one.clock = BASE_AT + ms;
	world_read(shore_of(key));
}

/* The other's timer of 61 s is read with the word that takes them apart: u1 alone has nothing that
 * is due, so the last that they were shown is what they did. */
static void parted_timer(void)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char later[CUSTOMER_MAX + 1];

	world_init(&one, 1);
	one.prompt = true;
	say_at(0, "{\"type\":\"track\",\"event\":\"Product Viewed\"," USER("u1") "}");
	read_at(2, "u1");
	say_at(1000, CART(MAIL("b@y.org"), "c"));
	read_at(1002, OTHER);
	one.clock = BASE_AT + 2000;
	world_claim(&one, "u1", OTHER);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 2);
	one.clock = BASE_AT + 61000;
	CHECK_INT(world_unmerge(&one, OTHER, later), 0);
	world_settle(&one);
	world_check_customer(&one, OTHER, OTHER, 1);
	REQUIRE(record_decode(record_of(&one, "u1"), &r) == 0);
	CHECK_INT(r.journey->received_at, BASE_AT);
	world_release(&one);
}

/* Two timers of u1's are due before the address becomes theirs; LATE: they are read with that. */
static void merge_after(bool late, struct buf *out)
{
	world_init(&one, 1);
	one.prompt = true;
	say_at(0, CART(USER("u1"), "a"));
	say_at(1000, CART(USER("u1"), "b"));
	read_at(1002, "u1");
	say_at(2000, CART(MAIL("b@y.org"), "c"));
	read_at(2002, OTHER);
	one.clock = BASE_AT + 61500;
	world_claim(&one, "u1", OTHER);
	one.clock = BASE_AT + 61502;
	if (!late) {
		read_at(61502, "u1");
		world_read(shore_of("u1"));
	}
	world_work(&one, partition_of(SPAN_LIT(OTHER), PARTS));
	CHECK(link_is(record_of(&one, OTHER)));
	read_at(61504, "u1");
	buf_add_span(out, record_of(&one, "u1"));
	world_check_customer(&one, OTHER, "u1", 3);
	world_release(&one);
}

static void timers_before(void)
{
	_cleanup_(buf_release) struct buf soon = BUF_INIT, late = BUF_INIT;

	merge_after(false, &soon);
	merge_after(true, &late);
	CHECK(buf_span(&soon).len > 0 && span_equal(buf_span(&soon), buf_span(&late)));
}

static const struct check_case cases[] = {
	{"random histories", histories},
	{"random histories with shared carts", shared_carts},
	{"somebody who was parted is erased", erasures},
	{"a timer of who was parted", parted_timer},
	{"timers before a merge", timers_before},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
