/* SPDX-License-Identifier: MIT */
/*
 * News of things. A table says by which properties each kind of thing is known, and which of them
 * are its word, its number and its due instant; the rest is the same for all.
 */
#include "fold.h"
#include "list.h"
#include "thing_before.h"

#define IDS_MAX 4

/* Where a value stands: a field of all events, or a detail. */
struct place {
	bool detail;
	unsigned char n;
};

#define F(NAME)                                                                                    \
	{                                                                                          \
		false, FIELD_##NAME                                                                \
	}
#define D(NAME)                                                                                    \
	{                                                                                          \
		true, DETAIL_##NAME                                                                \
	}

static const struct reading {
	unsigned char n_ids, n_words, n_numbers, n_dues, n_abouts;
	bool composed; /* the order's id and a slash stand before it, where there is one */
	struct place ids[IDS_MAX], words[4], numbers[5], dues[2], abouts[4];
} readings[THING_KIND_COUNT] = {
	[THING_CHECKOUT] = {.n_ids = 1,
		.ids = {F(CHECKOUT_ID)},
		.n_words = 1,
		.words = {D(STEP)},
		.n_numbers = 2,
		.numbers = {F(TOTAL), D(VALUE)},
		.n_abouts = 1,
		.abouts = {F(CART_ID)}},
	[THING_PAYMENT] = {.n_ids = 4,
		.ids = {D(PAYMENT_ID), D(PAYMENT_INTENT_ID), F(CHECKOUT_ID), F(ORDER_ID)},
		.n_words = 1,
		.words = {D(REASON)},
		.n_numbers = 3,
		.numbers = {D(AMOUNT), F(TOTAL), D(VALUE)},
		.n_abouts = 3,
		.abouts = {F(ORDER_ID), F(CHECKOUT_ID), F(CART_ID)}},
	[THING_SHIPMENT] = {.n_ids = 3,
		.ids = {D(SHIPMENT_ID), F(TRACKING_NUMBER), F(FULFILLMENT_ID)},
		.n_words = 2,
		.words = {F(STATUS), D(REASON)},
		.n_dues = 2,
		.dues = {D(ETA), F(ESTIMATED_DELIVERY_AT)},
		.n_abouts = 1,
		.abouts = {F(ORDER_ID)}},
	[THING_LINE] = {.n_ids = 3,
		.composed = true,
		.ids = {D(LINE_ID), D(SKU), F(PRODUCT_ID)},
		.n_words = 2,
		.words = {D(CHOICE), D(REASON)},
		.n_numbers = 1,
		.numbers = {D(AMOUNT)},
		.n_abouts = 1,
		.abouts = {F(ORDER_ID)}},
	[THING_REPAIR] = {.n_ids = 1,
		.ids = {D(REPAIR_ID)},
		.n_words = 2,
		.words = {F(STATUS), D(SERVICE)},
		.n_numbers = 2,
		.numbers = {D(ESTIMATE), D(AMOUNT)},
		.n_dues = 1,
		.dues = {F(PROMISED_AT)},
		.n_abouts = 1,
		.abouts = {F(ORDER_ID)}},
	[THING_APPOINTMENT] = {.n_ids = 1,
		.ids = {D(APPOINTMENT_ID)},
		.n_words = 1,
		.words = {D(SERVICE)},
		.n_dues = 1,
		.dues = {D(STARTS_AT)}},
	[THING_CASE] = {.n_ids = 1,
		.ids = {D(CASE_ID)},
		.n_words = 1,
		.words = {F(STATUS)},
		.n_abouts = 1,
		.abouts = {F(ORDER_ID)}},
	[THING_FEEDBACK] = {.n_ids = 3,
		.ids = {D(REVIEW_ID), D(FEEDBACK_ID), D(SURVEY_ID)},
		.n_words = 1,
		.words = {D(TYPE)},
		.n_numbers = 4,
		.numbers = {D(RATING), D(NPS), D(CSAT), D(SCORE)},
		.n_abouts = 2,
		.abouts = {F(ORDER_ID), F(PRODUCT_ID)}},
	[THING_WISH] = {.n_ids = 2,
		.ids = {D(SKU), F(PRODUCT_ID)},
		.n_numbers = 1,
		.numbers = {D(PRICE)},
		.n_abouts = 1,
		.abouts = {F(PRODUCT_ID)}},
	[THING_WATCH] = {.n_ids = 3,
		.ids = {D(WATCH_ID), D(SKU), F(PRODUCT_ID)},
		.n_dues = 1,
		.dues = {D(EXPIRES_AT)},
		.n_abouts = 2,
		.abouts = {D(SKU), F(PRODUCT_ID)}},
	[THING_VIEW] = {.n_ids = 2,
		.ids = {D(SKU), F(PRODUCT_ID)},
		.n_words = 1,
		.words = {D(CATEGORY)},
		.n_numbers = 1,
		.numbers = {D(PRICE)}},
	[THING_OCCASION] = {.n_ids = 1,
		.ids = {F(ORDER_ID)},
		.n_words = 1,
		.words = {D(OCCASION)},
		.n_dues = 1,
		.dues = {D(OCCASION_AT)}},
	[THING_TRIAL] = {.n_ids = 2,
		.ids = {D(TRIAL_ID), F(ORDER_ID)},
		.n_dues = 1,
		.dues = {D(RETURN_BY)},
		.n_abouts = 1,
		.abouts = {F(ORDER_ID)}},
	[THING_SUBSCRIPTION] = {.n_ids = 1,
		.ids = {D(SUBSCRIPTION_ID)},
		.n_words = 2,
		.words = {D(PLAN), D(REASON)},
		.n_numbers = 1,
		.numbers = {D(PRICE)}},
	[THING_SUGGESTION] = {.n_ids = 1,
		.ids = {D(SUGGESTION_ID)},
		.n_words = 1,
		.words = {F(STATUS)}},
	[THING_INQUIRY] = {.n_ids = 2,
		.ids = {D(INQUIRY_ID), D(CONVERSATION_ID)},
		.n_abouts = 2,
		.abouts = {F(ORDER_ID), F(PRODUCT_ID)}},
};

static const struct value *value_at(const struct event *e, struct place p)
{
	return p.detail ? event_detail(e, (enum detail)p.n) : event_field(e, p.n);
}

static struct span first_id(const struct event *e, const struct place *places, size_t n)
{
	struct span id = SPAN_EMPTY;

	for (size_t i = 0; i < n && id.len == 0; i++)
		id = value_id(value_at(e, places[i]), ENTITY_MAX);
	return id;
}

struct span thing_event_id(enum thing_kind kind, const struct event *e, char buf[THING_ID_MAX])
{
	const struct reading *r = &readings[kind];
	struct span id = first_id(e, r->ids, r->n_ids), order;

	/* One survey is answered for each order. */
	if (kind == THING_FEEDBACK && id.len > 0 &&
		(value_id(event_detail(e, DETAIL_REVIEW_ID), ENTITY_MAX).len > 0 ||
			value_id(event_detail(e, DETAIL_FEEDBACK_ID), ENTITY_MAX).len > 0))
		return id;
	if (!r->composed && kind != THING_FEEDBACK)
		return id;
	order = value_id(event_field(e, FIELD_ORDER_ID), ENTITY_MAX);
	if (order.len == 0)
		return id;
	if (id.len == 0 && kind == THING_FEEDBACK)
		return order;
	static_assert(THING_ID_MAX >= 2 * ENTITY_MAX + 1, "an order's id, a slash, a line's");
	memcpy(buf, order.ptr, order.len);
	buf[order.len] = '/';
	if (id.len)
		memcpy(buf + order.len + 1, id.ptr, id.len);
	return span_of(buf, order.len + 1 + id.len);
}

static int set_word(struct thing *t, const struct reading *r, const struct event *e)
{
	for (size_t i = 0; i < r->n_words; i++) {
		const struct value *v = value_at(e, r->words[i]);
		/* A step has a name, or more often a number. */
		struct span word =
			t->kind == THING_CHECKOUT ? value_id(v, THING_WORD_MAX) : value_words(v);

		if (word.len > 0)
			return said_set(&t->word, word, THING_WORD_MAX, e->occurred_at);
	}
	return 0;
}

static void set_number(struct thing *t, const struct reading *r, const struct event *e)
{
	struct decimal d;

	for (size_t i = 0; i < r->n_numbers; i++) {
		if (!value_decimal(value_at(e, r->numbers[i]), &d))
			continue;
		amount_set(&t->number, d, e->occurred_at, false);
		return;
	}
}

static void set_due(struct thing *t, const struct reading *r, const struct event *e)
{
	int64_t due, at = e->occurred_at;

	for (size_t i = 0; i < r->n_dues; i++) {
		if (!value_instant(value_at(e, r->dues[i]), &due))
			continue;
		if (at > t->due_said_at || (at == t->due_said_at && due > t->due_at)) {
			t->due_at = due;
			t->due_said_at = at;
		}
		return;
	}
}

static void mark(struct thing *t, unsigned n, int64_t at)
{
	int64_t *was = &t->at[n];

	if (*was == TIME_NEVER)
		*was = at;
	else if (thing_mark_flags(t->kind, n) & THING_LATEST)
		*was = int64_max(*was, at);
	else
		*was = int64_min(*was, at);
}

/* What a status says beyond the event's name. */
static void mark_by_word(struct thing *t, const struct event *e)
{
	static const char *const settled[] = {
		"done", "implemented", "declined", "rejected", "closed", "duplicate", NULL};
	enum milestone m;

	if (e->kind == EVENT_SUGGESTION_CHANGED &&
		word_in(value_words(event_field(e, FIELD_STATUS)), settled))
		mark(t, SUGGESTION_SETTLED, e->occurred_at);
	if (e->kind != EVENT_SHIPMENT_UPDATED)
		return;
	m = status_milestone(event_field(e, FIELD_STATUS));
	if (m == MILESTONE_SHIPPED)
		mark(t, SHIPMENT_SHIPPED, e->occurred_at);
	else if (m == MILESTONE_OUT_FOR_DELIVERY)
		mark(t, SHIPMENT_OUT_FOR_DELIVERY, e->occurred_at);
	else if (m == MILESTONE_READY)
		mark(t, SHIPMENT_READY, e->occurred_at);
	else if (m == MILESTONE_DELIVERED)
		mark(t, SHIPMENT_DELIVERED, e->occurred_at);
}

/* A watch's number is the price that its customer saw, its word whether there is any. */
static int fold_watch(struct thing *t, const struct event *e)
{
	struct decimal d;

	if (e->kind == EVENT_PRICE_ALERT && value_decimal(event_detail(e, DETAIL_PRICE), &d))
		amount_set(&t->number, d, e->occurred_at, false);
	if (e->kind == EVENT_STOCK_CHANGED && value_decimal(event_detail(e, DETAIL_STOCK), &d))
		return said_set(&t->word,
			d.mantissa > 0 ? SPAN_LIT("in_stock") : SPAN_LIT("sold_out"),
			THING_WORD_MAX, e->occurred_at);
	return 0;
}

/* Is N a mark that E's own values speak against? */
static bool mark_holds(enum thing_kind kind, unsigned n, const struct event *e)
{
	struct decimal stock;

	return kind != THING_WATCH || n != WATCH_STOCKED ||
	       !value_decimal(event_detail(e, DETAIL_STOCK), &stock) || stock.mantissa > 0;
}

/* Most orders are for nothing in particular. */
static bool is_said(enum thing_kind kind, const struct event *e)
{
	return kind != THING_OCCASION || event_detail(e, DETAIL_GIFT)->type == VALUE_TRUE ||
	       value_words(event_detail(e, DETAIL_OCCASION)).len > 0 ||
	       value_words(event_detail(e, DETAIL_OCCASION_AT)).len > 0;
}

/* E is about T, as the mark N. */
static int tell(struct thing *t, const struct event *e, unsigned n)
{
	enum thing_kind kind = t->kind;
	const struct reading *reading = &readings[kind];
	struct span about;
	int r;

	if (mark_holds(kind, n, e))
		mark(t, n, e->occurred_at);
	mark_by_word(t, e);
	if (kind == THING_OCCASION && event_detail(e, DETAIL_GIFT)->type == VALUE_TRUE)
		mark(t, OCCASION_GIFT, e->occurred_at);
	t->touched_at = int64_max(t->touched_at, e->occurred_at);
	set_number(t, reading, e);
	set_due(t, reading, e);
	r = set_word(t, reading, e);
	if (r == 0 && kind == THING_WATCH)
		r = fold_watch(t, e);
	about = first_id(e, reading->abouts, reading->n_abouts);
	if (r == 0 && span_compare(about, text_span(t->about)) > 0)
		r = text_set(&t->about, about);
	return r;
}

static int fold_thing(struct journey *j, const struct event *e, enum thing_kind kind, unsigned n)
{
	char buf[THING_ID_MAX];
	struct span id = thing_event_id(kind, e, buf);
	struct thing *t, *about;
	int r;

	if (id.len == 0 || !is_said(kind, e) || !journey_has_room(j, kind, id, e->occurred_at))
		return 0;
	t = journey_add_thing(j, kind, id);
	about = t ? thing_at(j, t, e->occurred_at) : NULL;
	if (!about)
		return -ENOMEM;
	r = tell(about, e, n);
	return r < 0 ? r : thing_settle(t);
}

int fold_things(struct journey *j, const struct event *e, const struct fold_row *row)
{
	int r = 0;

	for (unsigned i = 0; i < row->n_things && r == 0; i++)
		r = fold_thing(j, e, (enum thing_kind)row->things[i].kind, row->things[i].mark);
	return r;
}
