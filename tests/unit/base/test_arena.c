/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include "chance.h"
#include "check.h"
#include "scarce_memory.h"

static bool aligned(const void *ptr)
{
	return (uintptr_t)ptr % _Alignof(max_align_t) == 0;
}

/* Pieces of chance sizes keep their contents while others are written. */
static void test_pieces(void)
{
	enum { N = 3000 };
	static struct {
		unsigned char *ptr;
		size_t len;
	} pieces[N];
	_cleanup_(arena_release) struct arena a;
	struct chance chance = chance_new();
	size_t total = 0;

	arena_init(&a);
	for (size_t i = 0; i < N; i++) {
		size_t len = chance_below(&chance, chance_below(&chance, 50) ? 200 : 20000);

		pieces[i].ptr = arena_alloc(&a, len);
		pieces[i].len = len;
		REQUIRE(pieces[i].ptr && aligned(pieces[i].ptr));
		memset(pieces[i].ptr, (int)(i & 0xff), len);
		total += len;
	}
	CHECK_INT(a.used, total);
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < pieces[i].len; k++)
			if (pieces[i].ptr[k] != (i & 0xff)) {
				CHECK_INT(pieces[i].ptr[k], i & 0xff);
				return;
			}
}

/* After the same load has come twice, the third time needs no memory. */
static void test_steady_load(void)
{
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	for (int round = 0; round < 10; round++) {
		if (round == 3)
			scarce_memory(0);
		for (size_t i = 0; i < 1000; i++) {
			char *ptr = arena_alloc(&a, 1000);

			CHECK(ptr != NULL);
			if (ptr)
				memset(ptr, 1, 1000);
		}
		arena_reset(&a);
		CHECK_INT(a.used, 0);
	}
	scarce_memory(-1);
}

/* One large request must not stay with a process for ever. */
static void test_large_block_is_returned(void)
{
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	CHECK(arena_alloc(&a, 5 << 20) != NULL);
	arena_reset(&a);
	CHECK(a.head == NULL);
	CHECK(arena_alloc(&a, 1) != NULL);
	CHECK(arena_alloc(&a, 5 << 20) != NULL);
	CHECK(arena_alloc(&a, 1) != NULL);
	arena_reset(&a);
	CHECK(a.head != NULL);
}

static void test_calloc(void)
{
	_cleanup_(arena_release) struct arena a;
	unsigned char *ptr;

	arena_init(&a);
	ptr = arena_alloc(&a, 1000);
	REQUIRE(ptr);
	memset(ptr, 0xff, 1000);
	arena_reset(&a);
	ptr = arena_calloc(&a, 10, 100);
	REQUIRE(ptr);
	for (size_t i = 0; i < 1000; i++)
		CHECK_INT(ptr[i], 0);
	CHECK(arena_calloc(&a, 0, 8) != NULL);
	CHECK(!arena_calloc(&a, SIZE_MAX / 2, 3));
	CHECK(!arena_calloc(&a, SIZE_MAX, SIZE_MAX));
}

static void test_copy(void)
{
	_cleanup_(arena_release) struct arena a;
	struct span copy;

	arena_init(&a);
	copy = arena_copy(&a, span_of("carts", 4));
	CHECK_STR(copy, "cart");
	CHECK(copy.ptr && copy.ptr[4] == '\0');
	copy = arena_copy(&a, SPAN_EMPTY);
	CHECK(copy.ptr && copy.ptr[0] == '\0' && copy.len == 0);
}

static void test_no_memory(void)
{
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	scarce_memory(0);
	CHECK(!arena_alloc(&a, 1));
	CHECK(!arena_calloc(&a, 1, 1));
	CHECK(!arena_copy(&a, SPAN_LIT("a")).ptr);
	scarce_memory(-1);
	CHECK(!arena_alloc(&a, SIZE_MAX));
	CHECK(!arena_alloc(&a, PTRDIFF_MAX));
	CHECK(!arena_copy(&a, span_of("a", SIZE_MAX)).ptr);
	CHECK_INT(a.used, 0);
	CHECK(arena_alloc(&a, 0) != NULL);
}

static const struct check_case cases[] = {
	{"pieces are aligned and apart", test_pieces},
	{"a steady load allocates nothing", test_steady_load},
	{"a large block is returned on reset", test_large_block_is_returned},
	{"calloc clears and does not overflow", test_calloc},
	{"copies have a NUL behind them", test_copy},
	{"without memory there is NULL", test_no_memory},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
