/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include "chance.h"
#include "check.h"
#include "scarce_memory.h"

static const uint64_t seed[2] = {1, 2};

enum { N_KEYS = 600, N_STEPS = 200000 };

struct entry {
	char key[8];
	size_t len;
	int values[2]; /* two, to see a value replaced */
};

static void fill_entries(struct entry *entries)
{
	for (size_t i = 0; i < N_KEYS; i++)
		entries[i].len =
			(size_t)snprintf(entries[i].key, sizeof(entries[i].key), "k%zu", i);
	entries[0].len = 0; /* the empty key is a key */
}

static void check_walk(const struct map *m, void *const *model)
{
	size_t cursor = 0, walked = 0, want = 0;

	for (size_t i = 0; i < N_KEYS; i++)
		want += model[i] != NULL;
	while (map_next(m, &cursor))
		walked++;
	CHECK_INT(walked, want);
	CHECK_INT(m->len, want);
}

/* Phases of growth and of shrinking, so that long runs of slots form and dissolve. */
static void test_model(void)
{
	static struct entry entries[N_KEYS];
	static void *model[N_KEYS];
	struct chance chance = chance_new();
	_cleanup_(map_release) struct map m;

	fill_entries(entries);
	map_init(&m, seed);
	for (size_t step = 0; step < N_STEPS && !check_failures; step++) {
		size_t i = chance_below(&chance, N_KEYS);
		bool growing = step / 5000 % 2 == 0;
		struct span key = span_of(entries[i].key, entries[i].len);

		if (chance_below(&chance, 3) == 0) {
			CHECK(map_get(&m, key) == model[i]);
		} else if (chance_below(&chance, 4) < (growing ? 3 : 1)) {
			model[i] = &entries[i].values[chance_below(&chance, 2)];
			CHECK_INT(map_put(&m, key, model[i]), 0);
		} else {
			CHECK(map_remove(&m, key) == model[i]);
			model[i] = NULL;
		}
		if (step % 1000 == 0) {
			check_walk(&m, model);
			for (size_t k = 0; k < N_KEYS; k++)
				CHECK(map_get(&m, span_of(entries[k].key, entries[k].len)) ==
					model[k]);
		}
	}
}

/* The key of the first put may go away once an equal key has replaced it. */
static void test_replaced_key(void)
{
	_cleanup_free_ char *old = span_dup(SPAN_LIT("ann"));
	_cleanup_(map_release) struct map m;
	int one = 1, two = 2;

	REQUIRE(old);
	map_init(&m, seed);
	CHECK_INT(map_put(&m, span_str(old), &one), 0);
	CHECK_INT(map_put(&m, SPAN_LIT("ann"), &two), 0);
	memset(old, 'x', 3);
	CHECK(map_get(&m, SPAN_LIT("ann")) == &two);
	CHECK_INT(m.len, 1);
}

static void test_empty(void)
{
	_cleanup_(map_release) struct map m;
	size_t cursor = 0;
	int one = 1;

	map_init(&m, seed);
	CHECK(!map_get(&m, SPAN_LIT("a")));
	CHECK(!map_remove(&m, SPAN_LIT("a")));
	CHECK(!map_next(&m, &cursor));
	map_reset(&m);
	CHECK_INT(map_put(&m, SPAN_LIT("a"), &one), 0);
	map_reset(&m);
	CHECK(!map_get(&m, SPAN_LIT("a")));
	CHECK_INT(m.len, 0);
	CHECK_INT(map_put(&m, SPAN_LIT("a"), &one), 0);
	map_release(&m);
	CHECK(!map_get(&m, SPAN_LIT("a")));
	CHECK_INT(map_put(&m, SPAN_LIT("a"), &one), 0);
}

static void test_no_memory(void)
{
	static struct entry entries[N_KEYS];
	_cleanup_(map_release) struct map m;
	size_t n = 0;
	int r;

	fill_entries(entries);
	map_init(&m, seed);
	scarce_memory(3);
	for (;; n++) {
		r = map_put(&m, span_of(entries[n].key, entries[n].len), &entries[n]);
		if (r)
			break;
	}
	CHECK_INT(r, -ENOMEM);
	CHECK_INT(n, 48); /* three quarters of 16, then 32, then 64 slots */
	CHECK_INT(m.len, n);
	CHECK_INT(map_put(&m, span_of(entries[1].key, entries[1].len), &entries[2]), 0);
	scarce_memory(-1);
	CHECK(map_get(&m, span_of(entries[1].key, entries[1].len)) == &entries[2]);
	for (size_t i = 2; i < n; i++)
		CHECK(map_get(&m, span_of(entries[i].key, entries[i].len)) == &entries[i]);
	CHECK(!map_get(&m, span_of(entries[n].key, entries[n].len)));
}

static const struct check_case cases[] = {
	{"a map does what a plain array does", test_model},
	{"an equal key replaces key and value", test_replaced_key},
	{"an empty map, reset and release", test_empty},
	{"without memory a put changes nothing", test_no_memory},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
