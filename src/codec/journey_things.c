/* SPDX-License-Identifier: MIT */
/*
 * Things and baskets as bytes.
 *
 *   things:   number, then each: kind × 16 + what there is · id · [about] · [word] · [number] ·
 *             times
 *   before:   number, then (index of the thing before which it was · what there is · [about] ·
 *             [word] · [number] · times), indices rising
 *   baskets:  number of carts with one, then those · number of orders with one, then those
 *   of one:   index · lines × 2 + lost · lines · what there is · [value] · [currency] · times
 *   line:     key · id · quantity · price · times
 *
 * Text is a length and the bytes; lists stand in their order, and the reader refuses another one.
 */
#include "journey_parts.h"
#include "pack_text.h"

_Static_assert(THING_CHECKOUT == 0 && THING_REPAIR == 4 && THING_INQUIRY == 13, "moved");
/* Whoever adds a member to one of these must have it written and read here too. */
_Static_assert(sizeof(struct thing) ==
		       2 * sizeof(struct text) + sizeof(struct said) + sizeof(struct amount) +
			       (THING_MARKS_MAX + 4) * sizeof(int64_t) + sizeof(struct thing *),
	"a new member?");
_Static_assert(sizeof(struct line) ==
		       2 * sizeof(struct text) + 2 * sizeof(struct decimal) + 2 * sizeof(int64_t),
	"a new member?");
_Static_assert(sizeof(struct basket) == sizeof(void *) + 2 * sizeof(uint32_t) + sizeof(int64_t) +
						sizeof(struct amount) + sizeof(struct text),
	"a new member?");

/* ---- things ------------------------------------------------------------------------------ */

static const uint16_t thing_at[] = {
	offsetof(struct thing, touched_at),
	offsetof(struct thing, at[0]),
	offsetof(struct thing, at[1]),
	offsetof(struct thing, at[2]),
	offsetof(struct thing, at[3]),
	offsetof(struct thing, at[4]),
	offsetof(struct thing, at[5]),
	offsetof(struct thing, at[6]),
	offsetof(struct thing, at[7]),
	offsetof(struct thing, word.at),
	offsetof(struct thing, number.at),
	offsetof(struct thing, due_said_at),
	offsetof(struct thing, due_at),
};
_Static_assert(ARRAY_SIZE(thing_at) == THING_MARKS_MAX + 5, "one for each");

/* The usual thing has had its first mark, no word, no number, no due instant. */
static const struct pack_times thing_times = {thing_at, ARRAY_SIZE(thing_at),
	PACK_INSTANT | PACK_INSTANT << 2 | PACK_MIN << 18 | PACK_MIN << 20 | PACK_MIN << 22};

enum {
	HAS_ABOUT = 1 << 0,
	HAS_WORD = 1 << 1,
	HAS_NUMBER = 1 << 2,
	HAS_SPARE = 1 << 3,
};

static size_t things_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_things; i++) {
		const struct thing *t = &j->things[i];

		n += (size_t)t->id.len + t->about.len + t->word.text.len +
		     (7 + ARRAY_SIZE(thing_at)) * PACK_NUMBER;
	}
	return n ? n + PACK_NUMBER : 0;
}

static bool is_zero(struct decimal d)
{
	return d.mantissa == 0 && d.exponent == 0;
}

static unsigned what_of(const struct thing *t)
{
	return (t->about.len ? HAS_ABOUT : 0u) | (t->word.text.len ? HAS_WORD : 0u) |
	       (is_zero(t->number.value) ? 0u : HAS_NUMBER);
}

/* What T says, whatever it is called. */
static bool pack_said(struct pack *p, const struct thing *t, int64_t base)
{
	unsigned has = what_of(t);

	if (has & HAS_ABOUT)
		pack_block(p, text_span(t->about));
	if (has & HAS_WORD)
		pack_block(p, text_span(t->word.text));
	if (has & HAS_NUMBER)
		pack_decimal(p, t->number.value);
	pack_times(p, &thing_times, t, base);
	return t->about.len <= ENTITY_MAX && t->word.text.len <= THING_WORD_MAX &&
	       decimal_packs(t->number.value);
}

static int unpack_said(struct unpack *u, struct thing *t, unsigned has, int64_t base)
{
	int r = 0;

	if (has & HAS_SPARE)
		u->bad = true;
	if (has & HAS_ABOUT)
		r = unpack_text(u, &t->about, ENTITY_MAX);
	if (r == 0 && (has & HAS_WORD))
		r = unpack_text(u, &t->word.text, THING_WORD_MAX);
	if (has & HAS_NUMBER)
		t->number.value = unpack_decimal(u);
	unpack_times(u, &thing_times, t, base);
	return r;
}

static bool pack_thing(struct pack *p, const struct thing *t, int64_t base)
{
	pack_number(p, (uint64_t)t->kind << 4 | what_of(t));
	pack_block(p, text_span(t->id));
	return pack_said(p, t, base) && t->kind < THING_KIND_COUNT && t->id.len > 0 &&
	       t->id.len <= THING_ID_MAX;
}

static int unpack_thing(struct unpack *u, struct thing *t, int64_t base)
{
	uint64_t head = unpack_bounded(u, ((uint64_t)THING_KIND_COUNT << 4) - 1);
	int r = unpack_text(u, &t->id, THING_ID_MAX);

	t->kind = (enum thing_kind)(head >> 4);
	if (t->id.len == 0)
		u->bad = true;
	return r < 0 ? r : unpack_said(u, t, head & 15, base);
}

static bool things_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_things <= JOURNEY_THINGS_MAX;

	pack_number(p, j->n_things);
	for (size_t i = 0; i < j->n_things; i++)
		ok = pack_thing(p, &j->things[i], j->last_at) && ok;
	return ok;
}

/* Does B stand behind A in the list? */
static bool thing_follows(const struct thing *a, const struct thing *b)
{
	return a->kind < b->kind ||
	       (a->kind == b->kind && span_compare(text_span(a->id), text_span(b->id)) < 0);
}

static int things_unpack(struct unpack *u, struct journey *j)
{
	size_t n = (size_t)unpack_bounded(u, JOURNEY_THINGS_MAX);
	int r = 0;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	j->things = calloc(n, sizeof(*j->things));
	if (!j->things)
		return -ENOMEM;
	j->n_things = j->cap_things = n;
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++) {
		r = unpack_thing(u, &j->things[i], j->last_at);
		if (i > 0 && !thing_follows(&j->things[i - 1], &j->things[i]))
			u->bad = true;
	}
	return r;
}

/* ---- before things ----------------------------------------------------------------------- */

static size_t befores_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_things; i++) {
		const struct thing *t = j->things[i].before;

		if (t)
			n += (size_t)t->about.len + t->word.text.len +
			     (7 + ARRAY_SIZE(thing_at)) * PACK_NUMBER;
	}
	return n ? n + PACK_NUMBER : 0;
}

static bool befores_pack(struct pack *p, const struct journey *j)
{
	uint64_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < j->n_things; i++)
		n += j->things[i].before != NULL;
	pack_number(p, n);
	for (size_t i = 0; i < j->n_things; i++) {
		const struct thing *t = j->things[i].before;

		if (!t)
			continue;
		pack_number(p, i);
		pack_number(p, what_of(t));
		ok = pack_said(p, t, j->last_at) && t->kind == j->things[i].kind && ok;
	}
	return ok;
}

static int befores_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n = unpack_bounded(u, j->n_things);
	size_t next = 0;
	int r = 0;

	if (n == 0)
		u->bad = true;
	for (; n > 0 && r == 0 && !u->bad; n--) {
		size_t i = journey_next_index(u, j->n_things, &next);
		unsigned has = (unsigned)unpack_bounded(u, HAS_SPARE - 1);
		struct thing *t = u->bad ? NULL : calloc(1, sizeof(*t));

		if (u->bad)
			return 0;
		if (!t)
			return -ENOMEM;
		j->things[i].before = t;
		t->kind = j->things[i].kind;
		r = unpack_said(u, t, has, j->last_at);
	}
	return r;
}

const struct journey_part journey_part_befores = {befores_bound, befores_pack, befores_unpack};
const struct journey_part journey_part_things = {things_bound, things_pack, things_unpack};

/* ---- baskets ----------------------------------------------------------------------------- */

static const uint16_t line_at[] = {
	offsetof(struct line, said_at),
	offsetof(struct line, removed_at),
};
static const struct pack_times line_times = {
	line_at, ARRAY_SIZE(line_at), PACK_INSTANT | PACK_MIN << 2};

static const uint16_t basket_at[] = {
	offsetof(struct basket, listed_at),
	offsetof(struct basket, value.at),
};
static const struct pack_times basket_times = {
	basket_at, ARRAY_SIZE(basket_at), PACK_MIN | PACK_MIN << 2};

#define BASKET_CURRENCY_MAX 16

static size_t basket_bound(const struct basket *b)
{
	size_t n;

	if (!b)
		return 0;
	n = b->currency.len + (8 + ARRAY_SIZE(basket_at)) * PACK_NUMBER;
	for (size_t i = 0; i < b->n_lines; i++)
		n += (size_t)b->lines[i].key.len + b->lines[i].id.len +
		     (7 + ARRAY_SIZE(line_at)) * PACK_NUMBER;
	return n;
}

static size_t baskets_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_carts; i++)
		n += basket_bound(j->carts[i].basket);
	for (size_t i = 0; i < j->n_orders_kept; i++)
		n += basket_bound(j->orders[i].basket);
	return n ? n + 2 * PACK_NUMBER : 0;
}

static bool pack_line(struct pack *p, const struct line *l, int64_t base)
{
	pack_block(p, text_span(l->key));
	pack_block(p, text_span(l->id));
	pack_decimal(p, l->quantity);
	pack_decimal(p, l->price);
	pack_times(p, &line_times, l, base);
	return l->key.len > 0 && l->key.len <= ENTITY_MAX && l->id.len <= ENTITY_MAX &&
	       decimal_packs(l->quantity) && decimal_packs(l->price);
}

static int unpack_line(struct unpack *u, struct line *l, int64_t base)
{
	int r = unpack_text(u, &l->key, ENTITY_MAX);

	if (l->key.len == 0)
		u->bad = true;
	if (r == 0)
		r = unpack_text(u, &l->id, ENTITY_MAX);
	l->quantity = unpack_decimal(u);
	l->price = unpack_decimal(u);
	unpack_times(u, &line_times, l, base);
	return r;
}

static bool pack_basket(struct pack *p, const struct basket *b, int64_t base)
{
	bool ok = b->n_lines <= BASKET_LINES_MAX && b->currency.len <= BASKET_CURRENCY_MAX &&
		  decimal_packs(b->value.value);

	pack_number(p, (uint64_t)b->n_lines << 1 | (b->lost ? 1 : 0));
	for (size_t i = 0; i < b->n_lines; i++)
		ok = pack_line(p, &b->lines[i], base) && ok;
	pack_decimal(p, b->value.value);
	pack_block(p, text_span(b->currency));
	pack_times(p, &basket_times, b, base);
	return ok;
}

static int unpack_lines(struct unpack *u, struct basket *b, uint32_t n, int64_t base)
{
	int r = 0;

	if (n == 0 || u->bad)
		return 0;
	b->lines = calloc(n, sizeof(*b->lines));
	if (!b->lines)
		return -ENOMEM;
	b->n_lines = n;
	for (uint32_t i = 0; i < n && r == 0 && !u->bad; i++) {
		r = unpack_line(u, &b->lines[i], base);
		if (i > 0 && span_compare(text_span(b->lines[i - 1].key),
				     text_span(b->lines[i].key)) >= 0)
			u->bad = true;
	}
	return r;
}

static int unpack_basket(struct unpack *u, struct basket **ret_basket, int64_t base)
{
	uint64_t head = unpack_bounded(u, (uint64_t)BASKET_LINES_MAX << 1 | 1);
	struct basket *b;
	int r;

	if (u->bad)
		return 0;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	*ret_basket = b;
	b->lost = head & 1;
	r = unpack_lines(u, b, (uint32_t)(head >> 1), base);
	if (r < 0)
		return r;
	b->value.value = unpack_decimal(u);
	r = unpack_text(u, &b->currency, BASKET_CURRENCY_MAX);
	unpack_times(u, &basket_times, b, base);
	return r;
}

static bool baskets_pack(struct pack *p, const struct journey *j)
{
	size_t n_carts = 0, n_orders = 0;
	bool ok = true;

	for (size_t i = 0; i < j->n_carts; i++)
		n_carts += j->carts[i].basket != NULL;
	for (size_t i = 0; i < j->n_orders_kept; i++)
		n_orders += j->orders[i].basket != NULL;
	pack_number(p, n_carts);
	for (size_t i = 0; i < j->n_carts; i++) {
		if (!j->carts[i].basket)
			continue;
		pack_number(p, i);
		ok = pack_basket(p, j->carts[i].basket, j->last_at) && ok;
	}
	pack_number(p, n_orders);
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		if (!j->orders[i].basket)
			continue;
		pack_number(p, i);
		ok = pack_basket(p, j->orders[i].basket, j->last_at) && ok;
	}
	return ok;
}

static int baskets_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n_carts = unpack_bounded(u, j->n_carts), n_orders;
	size_t next = 0;
	int r = 0;

	for (uint64_t k = 0; k < n_carts && !u->bad && r == 0; k++) {
		size_t i = journey_next_index(u, j->n_carts, &next);

		if (!u->bad)
			r = unpack_basket(u, &j->carts[i].basket, j->last_at);
	}
	n_orders = unpack_bounded(u, j->n_orders_kept);
	next = 0;
	for (uint64_t k = 0; k < n_orders && !u->bad && r == 0; k++) {
		size_t i = journey_next_index(u, j->n_orders_kept, &next);

		if (!u->bad)
			r = unpack_basket(u, &j->orders[i].basket, j->last_at);
	}
	if (n_carts + n_orders == 0)
		u->bad = true;
	return r;
}

const struct journey_part journey_part_baskets = {baskets_bound, baskets_pack, baskets_unpack};
