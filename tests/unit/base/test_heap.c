/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include "chance.h"
#include "check.h"
#include "scarce_memory.h"

enum { N_NODES = 200, N_STEPS = 100000 };

static struct heap_node *model_first(struct heap_node *nodes, const bool *in)
{
	struct heap_node *first = NULL;

	for (size_t i = 0; i < N_NODES; i++) {
		if (!in[i])
			continue;
		if (!first || nodes[i].at < first->at ||
			(nodes[i].at == first->at && nodes[i].order < first->order))
			first = &nodes[i];
	}
	return first;
}

/* Every node knows its place, and none is due before its parent. */
static void check_places(const struct heap *h, const struct heap_node *nodes, const bool *in)
{
	size_t count = 0;

	for (size_t i = 0; i < N_NODES; i++) {
		count += in[i];
		CHECK_INT(nodes[i].place != 0, in[i]);
		if (in[i])
			CHECK(h->nodes[nodes[i].place - 1] == &nodes[i]);
		if (nodes[i].place > 1)
			CHECK(h->nodes[nodes[i].place / 2 - 1]->at <= nodes[i].at);
	}
	CHECK_INT(h->len, count);
}

static void test_model(void)
{
	static struct heap_node nodes[N_NODES];
	static bool in[N_NODES];
	struct chance chance = chance_new();
	_cleanup_(heap_release) struct heap h;

	heap_init(&h);
	for (size_t i = 0; i < N_NODES; i++)
		nodes[i].order = i;
	for (size_t step = 0; step < N_STEPS && !check_failures; step++) {
		size_t i = chance_below(&chance, N_NODES);
		int64_t at = (int64_t)chance_below(&chance, 100) - 50; /* many are equal */

		if (chance_below(&chance, 100) == 0)
			at = chance_below(&chance, 2) ? INT64_MIN : TIME_NEVER;
		if (chance_below(&chance, 5) < (step / 2000 % 2 ? 2 : 3)) {
			CHECK_INT(heap_put(&h, &nodes[i], at), 0);
			in[i] = true;
		} else {
			heap_remove(&h, &nodes[i]);
			in[i] = false;
		}
		CHECK(heap_first(&h) == model_first(nodes, in));
		if (step % 5 == 0)
			check_places(&h, nodes, in);
	}
}

static void test_order_of_equals(void)
{
	static struct heap_node nodes[100];
	_cleanup_(heap_release) struct heap h;

	heap_init(&h);
	for (size_t i = 0; i < 100; i++) {
		nodes[i].order = i * 37 % 100;
		CHECK_INT(heap_put(&h, &nodes[i], 7), 0);
	}
	for (uint64_t want = 0; want < 100; want++) {
		struct heap_node *first = heap_first(&h);

		REQUIRE(first);
		CHECK_INT(first->order, want);
		heap_remove(&h, first);
		heap_remove(&h, first); /* no longer in: nothing happens */
		CHECK_INT(first->place, 0);
	}
	CHECK(!heap_first(&h));
}

static void test_no_memory(void)
{
	static struct heap_node nodes[65];
	_cleanup_(heap_release) struct heap h;

	heap_init(&h);
	scarce_memory(1); /* 64 places */
	for (size_t i = 0; i < 64; i++)
		CHECK_INT(heap_put(&h, &nodes[i], (int64_t)i), 0);
	nodes[64].at = 4711;
	CHECK_INT(heap_put(&h, &nodes[64], -1), -ENOMEM);
	CHECK_INT(nodes[64].at, 4711);
	CHECK_INT(nodes[64].place, 0);
	CHECK_INT(h.len, 64);
	CHECK_INT(heap_put(&h, &nodes[63], -1), 0); /* a move needs no memory */
	scarce_memory(-1);
	CHECK(heap_first(&h) == &nodes[63]);
}

static const struct check_case cases[] = {
	{"a heap does what a plain array does", test_model},
	{"equal times leave in order", test_order_of_equals},
	{"without memory nothing changes", test_no_memory},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
