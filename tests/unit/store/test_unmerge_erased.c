/* SPDX-License-Identifier: MIT */
/*
 * Somebody is erased, and two others are taken apart: each is what they would have been, or it is
 * refused and nothing changes. What others say of who was erased stands in the log still when it
 * came after that, and did not count.
 */
#include "erasing.h"
#include "histories.h"
#include "two_worlds.h"

static const char *const gone[] = {"u9", "email:x@y.org"};
static const char *const others[] = {"u1", OTHER};

#define TRACK(NAME, WHO, PROPERTIES)                                                               \
	"{\"type\":\"track\",\"event\":\"" NAME "\"," WHO ",\"properties\":{" PROPERTIES "}}"
#define CART(WHO, CART) TRACK("Product Added", WHO, "\"cart_id\":\"" CART "\"")

static void say(const char *json)
{
	struct saying *l = add(T);

	l->alone = true;
	(void)snprintf(l->json, sizeof(l->json), "%s", json);
}

/* Both worlds. */
static void play_from(size_t from)
{
	play(&one, from, story.n, true);
	play(&two, from, story.n, false);
}

static void erase_in_both(void)
{
	one.clock = two.clock = story.at += 1000;
	erasing_do(&one, gone, ARRAY_SIZE(gone), others, ARRAY_SIZE(others));
	erasing_do(&two, gone, ARRAY_SIZE(gone), others, ARRAY_SIZE(others));
	one.clock = two.clock = story.at += 1000;
}

static void join(void)
{
	one.clock = story.at += 1000;
	world_claim(&one, "u1", OTHER);
	world_settle(&one);
	world_check_customer(&one, OTHER, "u1", 0);
}

/* An address that is kept out is none of either's, before and after they became one. */
static void named_by_others(void)
{
	begin(3, NULL);
	one.prompt = two.prompt = true;
	say(CART(USER("u1"), "a"));
	say(CART(MAIL("b@y.org"), "b"));
	say(CART(USER("u9"), "c"));
	play_from(0);
	erase_in_both();
	join();
	say("{\"type\":\"identify\"," USER("u1") ",\"traits\":{\"email\":\"X@y.org\"}}");
	say("{\"type\":\"track\",\"event\":\"Product Added\"," MAIL(
		"b@y.org") ",\"properties\":{\"cart_id\":\"d\"}}");
	say("{\"type\":\"identify\"," USER("u1") "," MAIL("x@y.org") "}");
	play_from(3);
	take_apart(OTHER, "u1");
	check_same("u1");
	check_same(OTHER);
	end();
}

static const struct check_case cases[] = {
	{"named by others afterwards", named_by_others},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
