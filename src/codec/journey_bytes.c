/* SPDX-License-Identifier: MIT */
/*
 * A journey as bytes. Every event reads and writes one, and Redis holds one for each customer, so
 * both speed and size count; three things make them small:
 *
 *   - instants are written as the distance from a neighbour, the first from the customer's latest
 *     event; absent ones cost two bits (pack_times);
 *   - numbers that have their usual value cost a bit (pack_numbers);
 *   - a rule, key or event name that stood shortly before is referred to (struct ring), and names
 *     of the vocabulary are numbers.
 *
 *   block:     length varint · body
 *   body:      flags · customer · [user id] · [anonymous id] · n_events · n_orders · last_at ·
 *              times · mask of traits, then those · carts · orders · instances
 *   cart:      key · times
 *   order:     id · [total · currency] · times
 *   instance:  outcome × 4 + state · rule · key · by · data · numbers · times
 *
 * and behind the instances, where there is any, what journey_more.h describes.
 *
 * Text is (length × 2 and the bytes) or (reference × 2 + 1). The writer refuses what the reader
 * would refuse, so that nothing is kept that cannot be read again.
 */
#include "codec/record.h"
#include "core/rule.h"

#include "journey_more.h"
#include "pack.h"
#include "wire_names.h"

/* Bounds of text whose length no header of core names; generous, for the collector is stricter. */
#define TEXT_SHORT_MAX 256
#define TEXT_EVENT_MAX 32768

/* What stands on disk as a number may not move: append, or raise RECORD_VERSION. */
_Static_assert(MILESTONE_PLACED == 0 && MILESTONE_READY == 4 && MILESTONE_CANCELLED == 8, "moved");
_Static_assert(INSTANCE_IDLE == 0 && INSTANCE_ARMED == 1 && INSTANCE_CLOSED == 3, "moved");
_Static_assert(OUTCOME_NONE == 0 && OUTCOME_CANCELLED == 3 && OUTCOME_LIMIT == 9, "moved");
_Static_assert(TRAIT_EMAIL == 0 && TRAIT_NAME == 2 && TRAIT_LAST_NAME == 4, "moved");

enum {
	FLAG_USER_ID = 1 << 0,
	FLAG_SAME_ID = 1 << 1,
	FLAG_ANONYMOUS_ID = 1 << 2,
	FLAGS_ALL = (1 << 3) - 1,
};

/* Whoever adds a member to one of these must have it written and read here too. */
_Static_assert(
	sizeof(struct cart) == sizeof(struct text) + 6 * sizeof(int64_t) + sizeof(struct basket *),
	"a new member?");
_Static_assert(sizeof(struct order) ==
		       3 * sizeof(struct text) +
			       (6 + 2 * MILESTONE_COUNT + ORDER_SIDE_COUNT) * sizeof(int64_t) +
			       sizeof(struct parcel *) + 3 * sizeof(uint32_t) +
			       2 * sizeof(uint16_t) + sizeof(struct basket *),
	"a new member? (There are four bytes of padding.)");
_Static_assert(sizeof(struct instance) == 10 * sizeof(struct text) + 2 * sizeof(int) +
						  22 * sizeof(uint32_t) + 18 * sizeof(int64_t) +
						  8 * sizeof(void *) + sizeof(struct decimal),
	"a new member?");
_Static_assert(sizeof(struct journey) == (3 + TRAIT_COUNT) * sizeof(struct text) +
						 (11 + TRAIT_COUNT) * sizeof(int64_t) +
						 15 * (sizeof(void *) + 2 * sizeof(size_t)) +
						 2 * sizeof(struct profile *) + sizeof(size_t) +
						 sizeof(struct past),
	"a new member?");

/*
 * The instants of each struct in the order in which they are written, so chosen that neighbours lie
 * close to each other; and which of them are usual.
 */
#define MARKS4(A, B, C, D)                                                                         \
	((uint64_t)(A) | (uint64_t)(B) << 2 | (uint64_t)(C) << 4 | (uint64_t)(D) << 6)

static const uint16_t journey_at[] = {
	offsetof(struct journey, received_at),
	offsetof(struct journey, engaged_at),
	offsetof(struct journey, first_at),
	offsetof(struct journey, due_at),
};
static const struct pack_times journey_times = {journey_at, ARRAY_SIZE(journey_at),
	MARKS4(PACK_INSTANT, PACK_INSTANT, PACK_INSTANT, PACK_NEVER)};

static const uint16_t cart_at[] = {
	offsetof(struct cart, last_at),
	offsetof(struct cart, added_at),
	offsetof(struct cart, first_at),
	offsetof(struct cart, checkout_at),
	offsetof(struct cart, ordered_at),
	offsetof(struct cart, emptied_at),
};
static const struct pack_times cart_times = {cart_at, ARRAY_SIZE(cart_at),
	MARKS4(PACK_INSTANT, PACK_INSTANT, PACK_INSTANT, PACK_MIN) |
		MARKS4(PACK_MIN, PACK_MIN, 0, 0) << 8};

static const uint16_t order_at[] = {
	offsetof(struct order, touched_at), offsetof(struct order, total_said_at),
	offsetof(struct order, promise_said_at), offsetof(struct order, promised_at),
#define X(ID, NAME) offsetof(struct order, at[MILESTONE_##ID]),
	MILESTONES_FIRST(X)
#undef X
};
static const struct pack_times order_times = {order_at, ARRAY_SIZE(order_at),
	MARKS4(PACK_INSTANT, PACK_INSTANT, PACK_INSTANT, PACK_INSTANT) |
		MARKS4(PACK_INSTANT, PACK_NEVER, PACK_NEVER, PACK_NEVER) << 8};

static const uint16_t instance_at[] = {
	offsetof(struct instance, touched_at),
	offsetof(struct instance, armed_at),
	offsetof(struct instance, anchor_at),
	offsetof(struct instance, deadline_at),
	offsetof(struct instance, fire_at),
	offsetof(struct instance, until_at),
	offsetof(struct instance, cancelled_at),
	offsetof(struct instance, last_deadline_at),
	offsetof(struct instance, last_anchor_at),
};
static const struct pack_times instance_times = {instance_at, ARRAY_SIZE(instance_at),
	MARKS4(PACK_INSTANT, PACK_INSTANT, PACK_INSTANT, PACK_INSTANT) |
		MARKS4(PACK_INSTANT, PACK_MIN, PACK_MIN, PACK_MIN) << 8 |
		MARKS4(PACK_MIN, 0, 0, 0) << 16};

static const uint16_t instance_numbers[] = {
	offsetof(struct instance, epoch),
	offsetof(struct instance, episode),
	offsetof(struct instance, step),
	offsetof(struct instance, emitted),
	offsetof(struct instance, last_episode),
	offsetof(struct instance, last_step),
};
static const uint32_t numbers_usual[] = {1, 1, 0, 0, 0, 0};

_Static_assert(ARRAY_SIZE(order_at) < PACK_TIMES_MAX, "an order's instants exceed a word");
_Static_assert(ARRAY_SIZE(numbers_usual) == ARRAY_SIZE(instance_numbers), "one for each");

/* The texts that stood last; both sides fill it alike. */
enum { RING = 8 };
struct ring {
	struct span seen[RING];
	unsigned n;
};

/* What the rings hold before anything was written: common currencies and rules, the key of rules
 * about the whole customer. The last is the nearest. Part of the format. */
#define FIRST(LIT)                                                                                 \
	{                                                                                          \
		(LIT), sizeof(LIT) - 1                                                             \
	}
static const struct ring words_first = {
	{FIRST("GBP"), FIRST("BRL"), FIRST("USD"), FIRST("EUR"), FIRST("checkout_abandoned"),
		FIRST("inactivity_fixed"), FIRST("order_promise_passed"), FIRST("cart_abandoned")},
	RING,
};
static const struct ring keys_first = {{FIRST("customer")}, 1};

static void ring_add(struct ring *ring, struct span s)
{
	ring->seen[ring->n++ % RING] = s;
}

/* Not a copy of the whole: what lies behind n is not looked at, and clearing it costs. */
static void ring_start(struct ring *ring, const struct ring *first)
{
	memcpy(ring->seen, first->seen, first->n * sizeof(first->seen[0]));
	ring->n = first->n;
}

struct writer {
	struct pack p;
	struct ring words, keys;
	bool refused;
};

struct reader {
	struct unpack u;
	struct ring words, keys;
	bool no_memory;
};

static void put_literal(struct writer *w, struct span s, size_t max)
{
	if (s.len > max)
		w->refused = true;
	pack_number(&w->p, (uint64_t)s.len << 1);
	pack_bytes(&w->p, s);
}

/* A text that is likely to have stood before: how many texts ago, 0 for the latest. */
static void put_again(struct writer *w, struct ring *ring, struct span s, size_t max)
{
	for (unsigned back = 0; back < RING && back < ring->n; back++) {
		struct span seen = ring->seen[(ring->n - 1 - back) % RING];

		/* The first byte tells most apart without a call. */
		if (seen.len != s.len || (s.len > 0 && seen.ptr[0] != s.ptr[0]) ||
			!span_equal(seen, s))
			continue;
		pack_number(&w->p, (uint64_t)back << 1 | 1);
		return;
	}
	put_literal(w, s, max);
	ring_add(ring, s);
}

static void put_event_name(struct writer *w, struct span s)
{
	unsigned number = s.len ? wire_name_number(s) : 0;

	if (number)
		pack_number(&w->p, (uint64_t)number << 1 | 1);
	else
		put_literal(w, s, TEXT_EVENT_MAX);
}

static struct span get_literal(struct reader *r, uint64_t token, size_t max)
{
	if (token >> 1 > max || (token & 1))
		r->u.bad = true;
	return r->u.bad ? SPAN_EMPTY : unpack_bytes(&r->u, token >> 1);
}

static struct span get_again(struct reader *r, struct ring *ring, size_t max)
{
	uint64_t token = unpack_number(&r->u);
	struct span s;

	if (token & 1) {
		if (token >> 1 < RING && token >> 1 < ring->n)
			return ring->seen[(ring->n - 1 - (unsigned)(token >> 1)) % RING];
		r->u.bad = true;
		return SPAN_EMPTY;
	}
	s = get_literal(r, token, max);
	ring_add(ring, s);
	return s;
}

static struct span get_event_name(struct reader *r)
{
	uint64_t token = unpack_number(&r->u);
	struct span name;

	if (!(token & 1))
		return get_literal(r, token, TEXT_EVENT_MAX);
	name = wire_name(token >> 1);
	if (name.len == 0)
		r->u.bad = true;
	return name;
}

static void get_text(struct reader *r, struct text *t, size_t max)
{
	text_share(t, get_literal(r, unpack_number(&r->u), max));
}

static void put_head(struct writer *w, const struct journey *j)
{
	struct span customer = text_span(j->customer);
	struct span user_id = text_span(j->user_id);
	bool same = span_equal(customer, user_id);

	if (customer.len == 0)
		w->refused = true;
	pack_number(&w->p, (user_id.len ? FLAG_USER_ID : 0u) | (same ? FLAG_SAME_ID : 0u) |
				   (j->anonymous_id.len ? FLAG_ANONYMOUS_ID : 0u));
	put_literal(w, customer, CUSTOMER_MAX);
	if (user_id.len && !same)
		put_literal(w, user_id, CUSTOMER_MAX);
	if (j->anonymous_id.len)
		put_literal(w, text_span(j->anonymous_id), CUSTOMER_MAX);
	pack_number(&w->p, j->n_events);
	pack_number(&w->p, j->n_orders);
	pack_time(&w->p, j->last_at, 0);
	pack_times(&w->p, &journey_times, j, j->last_at);
}

/* What follows the customer. */
static void get_head(struct reader *r, struct journey *j, uint64_t flags)
{
	if (flags & FLAG_SAME_ID)
		text_share(&j->user_id, text_span(j->customer));
	else if (flags & FLAG_USER_ID)
		get_text(r, &j->user_id, CUSTOMER_MAX);
	if (flags & FLAG_ANONYMOUS_ID)
		get_text(r, &j->anonymous_id, CUSTOMER_MAX);
	j->n_events = unpack_number(&r->u);
	j->n_orders = unpack_number(&r->u);
	j->last_at = unpack_time(&r->u, 0);
	/* Unless a part says otherwise. */
	j->anonymous_at = j->anonymous_id.len ? j->last_at : INT64_MIN;
	unpack_times(&r->u, &journey_times, j, j->last_at);
}

static void put_traits(struct writer *w, const struct journey *j)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if (j->traits[i].len || j->trait_at[i] != INT64_MIN)
			mask |= UINT64_C(1) << i;
	pack_number(&w->p, mask);
	for (unsigned i = 0; i < TRAIT_COUNT; i++) {
		if (!(mask >> i & 1))
			continue;
		put_literal(w, text_span(j->traits[i]), TRAIT_MAX);
		pack_time(&w->p, j->trait_at[i], j->last_at);
	}
}

static void get_traits(struct reader *r, struct journey *j)
{
	uint64_t mask = unpack_bounded(&r->u, (UINT64_C(1) << TRAIT_COUNT) - 1);

	for (unsigned i = 0; i < TRAIT_COUNT; i++) {
		if (!(mask >> i & 1))
			continue;
		get_text(r, &j->traits[i], TRAIT_MAX);
		j->trait_at[i] = unpack_time(&r->u, j->last_at);
	}
}

static void put_cart(struct writer *w, const struct cart *c, int64_t base)
{
	put_again(w, &w->keys, text_span(c->key), RULE_KEY_MAX);
	pack_times(&w->p, &cart_times, c, base);
}

static void get_cart(struct reader *r, struct cart *c, int64_t base)
{
	text_share(&c->key, get_again(r, &r->keys, RULE_KEY_MAX));
	unpack_times(&r->u, &cart_times, c, base);
}

static void put_order(struct writer *w, const struct order *o, int64_t base)
{
	put_literal(w, text_span(o->id), ENTITY_MAX);
	put_literal(w, text_span(o->total), TEXT_SHORT_MAX);
	put_again(w, &w->words, text_span(o->currency), TEXT_SHORT_MAX);
	pack_times(&w->p, &order_times, o, base);
}

static void get_order(struct reader *r, struct order *o, int64_t base)
{
	order_init(o);
	get_text(r, &o->id, ENTITY_MAX);
	get_text(r, &o->total, TEXT_SHORT_MAX);
	text_share(&o->currency, get_again(r, &r->words, TEXT_SHORT_MAX));
	unpack_times(&r->u, &order_times, o, base);
}

static void put_instance(struct writer *w, const struct instance *i, int64_t base)
{
	uint32_t numbers[ARRAY_SIZE(instance_numbers)];

	for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
		memcpy(&numbers[k], (const char *)i + instance_numbers[k], sizeof(numbers[k]));
	pack_number(&w->p, (uint64_t)i->outcome << 2 | (uint64_t)i->state);
	put_again(w, &w->words, text_span(i->rule), TEXT_SHORT_MAX);
	put_again(w, &w->keys, text_span(i->key), RULE_KEY_MAX);
	put_event_name(w, text_span(i->by));
	put_literal(w, text_span(i->data), INSTANCE_DATA_MAX);
	pack_numbers(&w->p, numbers, numbers_usual, ARRAY_SIZE(numbers));
	pack_times(&w->p, &instance_times, i, base);
}

static void get_instance(struct reader *r, struct instance *i, int64_t base)
{
	uint32_t numbers[ARRAY_SIZE(instance_numbers)];
	uint64_t outcome = unpack_bounded(&r->u, (uint64_t)OUTCOME_COUNT * 4 - 1);

	i->state = (enum instance_state)(outcome & 3);
	i->outcome = (enum outcome)(outcome >> 2);
	text_share(&i->rule, get_again(r, &r->words, TEXT_SHORT_MAX));
	text_share(&i->key, get_again(r, &r->keys, RULE_KEY_MAX));
	text_share(&i->by, get_event_name(r));
	get_text(r, &i->data, INSTANCE_DATA_MAX);
	unpack_numbers(&r->u, numbers, numbers_usual, ARRAY_SIZE(numbers));
	for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
		memcpy((char *)i + instance_numbers[k], &numbers[k], sizeof(numbers[k]));
	unpack_times(&r->u, &instance_times, i, base);
	/* Unless a part says otherwise. */
	i->arming_at = i->anchor_at;
	i->last_arming_at = i->last_anchor_at;
	i->last_epoch = i->last_deadline_at == INT64_MIN ? 0 : i->epoch;
	i->touch_at = i->floor_at = INT64_MIN;
}

/* Never less than what the put functions write: every text behind its length, every number at its
 * longest. */
static size_t bound(const struct journey *j)
{
	size_t n = j->customer.len + j->user_id.len + j->anonymous_id.len;

	n += (16 + 3 * TRAIT_COUNT + ARRAY_SIZE(journey_at)) * PACK_NUMBER;
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		n += j->traits[i].len;
	n += j->n_carts * (2 + ARRAY_SIZE(cart_at)) * PACK_NUMBER;
	for (size_t i = 0; i < j->n_carts; i++)
		n += j->carts[i].key.len;
	n += j->n_orders_kept * (4 + ARRAY_SIZE(order_at)) * PACK_NUMBER;
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];

		n += (size_t)o->id.len + o->total.len + o->currency.len;
	}
	n += j->n_instances * PACK_NUMBER *
	     (7 + ARRAY_SIZE(instance_numbers) + ARRAY_SIZE(instance_at));
	for (size_t i = 0; i < j->n_instances; i++) {
		const struct instance *k = &j->instances[i];

		n += (size_t)k->rule.len + k->key.len + k->by.len + k->data.len;
	}
	return n + journey_more_bound(j);
}

static void put_journey(struct writer *w, const struct journey *j)
{
	if (j->n_carts > JOURNEY_CARTS_MAX || j->n_orders_kept > JOURNEY_ORDERS_MAX ||
		j->n_instances > JOURNEY_INSTANCES_MAX)
		w->refused = true;
	put_head(w, j);
	put_traits(w, j);
	pack_number(&w->p, j->n_carts);
	for (size_t i = 0; i < j->n_carts; i++)
		put_cart(w, &j->carts[i], j->last_at);
	pack_number(&w->p, j->n_orders_kept);
	for (size_t i = 0; i < j->n_orders_kept; i++)
		put_order(w, &j->orders[i], j->last_at);
	pack_number(&w->p, j->n_instances);
	for (size_t i = 0; i < j->n_instances; i++)
		put_instance(w, &j->instances[i], j->last_at);
	if (!journey_more_pack(&w->p, j))
		w->refused = true;
}

static void writer_init(struct writer *w, char *at)
{
	w->p.at = (unsigned char *)at;
	ring_start(&w->words, &words_first);
	ring_start(&w->keys, &keys_first);
	w->refused = false;
}

int journey_encode(const struct journey *j, struct buf *out)
{
	struct writer w;
	struct pack head;
	size_t room = bound(j) + PACK_NUMBER, len, shift;
	char *start = buf_reserve(out, room);

	if (!start)
		return -ENOMEM;
	/* The length is written last and takes one byte or two: the body moves over if it has to.
	 */
	writer_init(&w, start + 2);
	put_journey(&w, j);
	len = (size_t)((char *)w.p.at - start) - 2;
	assert(len + 2 <= room);
	if (w.refused)
		return -EMSGSIZE;
	shift = pack_size(len);
	if (shift != 2)
		memmove(start + shift, start + 2, len);
	head.at = (unsigned char *)start;
	pack_number(&head, len);
	buf_commit(out, shift + len);
	return 0;
}

/* As many elements of SIZE as the number says, cleared, for a list of the journey. */
static void *get_list(struct reader *r, size_t max, size_t size, size_t *ret_n)
{
	size_t n = (size_t)unpack_bounded(&r->u, max);
	void *list;

	if (n == 0 || r->u.bad)
		return NULL;
	list = calloc(n, size);
	if (!list)
		r->no_memory = true;
	else
		*ret_n = n;
	return list;
}

static void get_journey(struct reader *r, struct journey *j, uint64_t flags)
{
	get_head(r, j, flags);
	get_traits(r, j);
	j->carts = get_list(r, JOURNEY_CARTS_MAX, sizeof(*j->carts), &j->n_carts);
	j->cap_carts = j->n_carts;
	for (size_t i = 0; i < j->n_carts && !r->u.bad; i++)
		get_cart(r, &j->carts[i], j->last_at);
	j->orders = get_list(r, JOURNEY_ORDERS_MAX, sizeof(*j->orders), &j->n_orders_kept);
	j->cap_orders = j->n_orders_kept;
	for (size_t i = 0; i < j->n_orders_kept && !r->u.bad; i++)
		get_order(r, &j->orders[i], j->last_at);
	j->instances = get_list(r, JOURNEY_INSTANCES_MAX, sizeof(*j->instances), &j->n_instances);
	j->cap_instances = j->n_instances;
	for (size_t i = 0; i < j->n_instances && !r->u.bad; i++)
		get_instance(r, &j->instances[i], j->last_at);
	if (!r->no_memory && journey_more_unpack(&r->u, j) < 0)
		r->no_memory = true;
}

static void reader_init(struct reader *r, struct span body)
{
	r->u = unpack_of(body);
	ring_start(&r->words, &words_first);
	ring_start(&r->keys, &keys_first);
	r->no_memory = false;
}

int journey_decode(struct span *bytes, struct journey **ret_journey)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct unpack outer = unpack_of(*bytes);
	struct span body = unpack_block(&outer);
	struct reader r;
	uint64_t flags;

	if (outer.bad)
		return RECORD_CORRUPT;
	if (journey_new_over(body, &j) < 0)
		return -ENOMEM;
	reader_init(&r, span_of(j->room, body.len));
	flags = unpack_bounded(&r.u, FLAGS_ALL);
	get_text(&r, &j->customer, CUSTOMER_MAX);
	if (r.u.bad || j->customer.len == 0)
		return RECORD_CORRUPT;
	get_journey(&r, j, flags);
	/* First: without memory for a list its elements were not read, and seem to be left over. */
	if (r.no_memory)
		return -ENOMEM;
	if (r.u.bad || unpack_left(&r.u))
		return RECORD_CORRUPT;
	*bytes = span_of((const char *)outer.at, unpack_left(&outer));
	*ret_journey = j;
	j = NULL;
	return 0;
}
