/* SPDX-License-Identifier: MIT */
/*
 * The law of merging: what two journeys come to that saw a part of the events each is what one
 * comes to that saw them all, down to its bytes, whichever of the two is given up, and in whatever
 * order three are put together. Random histories with every kind of event, as JSON. (Consents have
 * another law, and instances another one: tests/unit/core/test_merge_*.c.)
 */
#include "check.h"

#include "codec/event_json.h"
#include "codec/record.h"
#include "core/identity.h"
#include "core/merge.h"
#include "core/rule.h"

#include "history_chance.h"
#include "journey_chance.h"

#define EVENTS 60
#define ROUNDS 300
#define SIDES  3

struct bed {
	struct rules *rules;
	struct event_decoder *decoder;
	struct arena arena;
};

static void bed_init(struct bed *b)
{
	REQUIRE(rules_new(&b->rules) == 0);
	REQUIRE(event_decoder_new(&b->rules->fields, &IDENTITY_DEFAULT, &b->decoder) == 0);
	arena_init(&b->arena);
}

static void bed_release(struct bed *b)
{
	b->decoder = event_decoder_free(b->decoder);
	b->rules = rules_free(b->rules);
	arena_release(&b->arena);
}

/* The events whose side is among SIDES. */
static struct journey *journey_of(
	struct bed *b, const struct buf *events, const unsigned char *side, unsigned sides)
{
	struct journey *j = NULL;
	int r = journey_new(SPAN_LIT("u"), &j);

	assert(r == 0);
	for (size_t i = 0; i < EVENTS; i++)
		if (sides >> side[i] & 1)
			history_fold(b->decoder, &b->arena, j, &events[i]);
	return j;
}

static void join(struct bed *b, struct journey *into, const struct journey *from)
{
	const struct merge_terms terms = {.said_at = NOVEMBER};

	REQUIRE(merge_journeys(b->rules, into, from, &terms, NOVEMBER + 30 * MS_DAY) == 0);
}

/* But for what has another law. */
static void encode(struct journey *j, struct buf *out)
{
	while (j->n_consents > 0)
		journey_remove_consent(j, 0);
	REQUIRE(journey_encode(j, out) == 0);
}

static void compare(struct journey *want, struct journey *got, const char *how)
{
	_cleanup_(buf_release) struct buf a = BUF_INIT, b = BUF_INIT;
	const char *what;

	encode(want, &a);
	encode(got, &b);
	CHECK(span_equal(buf_span(&a), buf_span(&b)));
	if (span_equal(buf_span(&a), buf_span(&b)))
		return;
	what = journey_differs(want, got);
	fprintf(stderr, "# %s: %s\n", how, what ? what : "bytes alone");
}

static void check_history(struct bed *b, const struct buf *events, const unsigned char *side)
{
	_cleanup_(journey_freep) struct journey *all = journey_of(b, events, side, 7);
	_cleanup_(journey_freep) struct journey *ab = journey_of(b, events, side, 1);
	_cleanup_(journey_freep) struct journey *ba = journey_of(b, events, side, 2);
	_cleanup_(journey_freep) struct journey *bc = journey_of(b, events, side, 2);
	_cleanup_(journey_freep) struct journey *one = journey_of(b, events, side, 1);
	_cleanup_(journey_freep) struct journey *other = journey_of(b, events, side, 2);
	_cleanup_(journey_freep) struct journey *third = journey_of(b, events, side, 4);
	_cleanup_(journey_freep) struct journey *two = journey_of(b, events, side, 3);

	join(b, ab, other);
	compare(two, ab, "a from b");
	join(b, ba, one);
	compare(two, ba, "b from a");
	join(b, ab, third);
	compare(all, ab, "(a from b) from c");
	join(b, bc, third);
	join(b, one, bc);
	compare(all, one, "a from (b from c)");
	CHECK_INT(all->n_events, EVENTS);
}

static void test_law(void)
{
	struct chance c = chance_new();
	size_t kind = 0;
	struct bed b;

	bed_init(&b);
	for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
		size_t often[3] = {chance_below(&c, HISTORY_KINDS), chance_below(&c, HISTORY_KINDS),
			kind % HISTORY_KINDS};
		unsigned char side[EVENTS];
		struct buf events[EVENTS];

		/* Half of them of three kinds, so that they meet each other. */
		for (size_t i = 0; i < EVENTS; i++) {
			events[i] = BUF_INIT;
			side[i] = (unsigned char)chance_below(&c, SIDES);
			history_event(&c, i % 2 ? kind++ % HISTORY_KINDS : often[i / 2 % 3], i, "u",
				&events[i]);
		}
		check_history(&b, events, side);
		for (size_t i = 0; i < EVENTS; i++)
			buf_release(&events[i]);
	}
	printf("# %d histories of %d events\n", ROUNDS, EVENTS);
	bed_release(&b);
}

static const struct check_case cases[] = {
	{"two journeys come to what one would have", test_law},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
