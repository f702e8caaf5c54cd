/* SPDX-License-Identifier: MIT */
/*
 * News of orders and their parcels into a journey. Milestones are the earliest time at which each
 * was said to have happened and never go back, so that `delivered` stays delivered when `shipped`
 * comes in after it; only what is said to be a correction takes back.
 */
#include "core/journey.h"
#include "fold.h"

/* What an event says. Of a parcel where it names one, but for PLACED and the like. */
static const struct {
	enum event_kind kind;
	enum milestone milestone;
	bool of_parcel;
} order_news[] = {
	{EVENT_ORDER_COMPLETED, MILESTONE_PLACED, false},
	{EVENT_IN_STORE_PURCHASE, MILESTONE_PLACED, false},
	{EVENT_PAYMENT_APPROVED, MILESTONE_PAID, false},
	{EVENT_ORDER_FULFILLED, MILESTONE_SHIPPED, true},
	{EVENT_ORDER_SHIPPED, MILESTONE_SHIPPED, true},
	{EVENT_SHIPMENT_OUT_FOR_DELIVERY, MILESTONE_OUT_FOR_DELIVERY, true},
	{EVENT_READY_FOR_PICKUP, MILESTONE_READY, true},
	{EVENT_SHIPMENT_DELIVERED, MILESTONE_DELIVERED, true},
	{EVENT_ORDER_DELIVERED, MILESTONE_DELIVERED, false},
	{EVENT_RETURN_REQUESTED, MILESTONE_RETURN_REQUESTED, false},
	{EVENT_ORDER_RETURNED, MILESTONE_RETURNED, false},
	{EVENT_ORDER_REFUNDED, MILESTONE_REFUNDED, false},
	{EVENT_ORDER_CANCELLED, MILESTONE_CANCELLED, false},
};

/* Events about an order that are no milestone in themselves. */
static const enum event_kind order_talk[] = {
	EVENT_ORDER_PROMISED,
	EVENT_ORDER_UPDATED,
	EVENT_ORDER_STAGE_ENTERED,
	EVENT_SHIPMENT_UPDATED,
	EVENT_SHIPMENT_DELAYED,
	EVENT_DELIVERY_FAILED,
};

/* Words for a status, without blanks, dashes and case: our milestones, what carriers call theirs,
 * schema.org's OrderStatus. A word that does not mean the same everywhere (`completed`,
 * `processing`) is not among them. */
static const struct {
	const char *word;
	enum milestone milestone;
} statuses[] = {
	{"placed", MILESTONE_PLACED},
	{"paid", MILESTONE_PAID},
	{"inproduction", MILESTONE_IN_PRODUCTION},
	{"qualitycheck", MILESTONE_QUALITY_CHECK},
	{"packed", MILESTONE_PACKED},
	{"shipped", MILESTONE_SHIPPED},
	{"fulfilled", MILESTONE_SHIPPED},
	{"partiallyfulfilled", MILESTONE_SHIPPED},
	{"intransit", MILESTONE_SHIPPED},
	{"transit", MILESTONE_SHIPPED},
	{"orderintransit", MILESTONE_SHIPPED},
	{"outfordelivery", MILESTONE_OUT_FOR_DELIVERY},
	{"readyforpickup", MILESTONE_READY},
	{"availableforpickup", MILESTONE_READY},
	{"orderpickupavailable", MILESTONE_READY},
	{"delivered", MILESTONE_DELIVERED},
	{"orderdelivered", MILESTONE_DELIVERED},
	{"returnrequested", MILESTONE_RETURN_REQUESTED},
	{"returned", MILESTONE_RETURNED},
	{"orderreturned", MILESTONE_RETURNED},
	{"refunded", MILESTONE_REFUNDED},
	{"cancelled", MILESTONE_CANCELLED},
	{"canceled", MILESTONE_CANCELLED},
	{"ordercancelled", MILESTONE_CANCELLED},
};

/* What a parcel can reach; MILESTONE_COUNT elsewhere. */
static enum parcel_stage parcel_stage(enum milestone m)
{
	switch (m) {
	case MILESTONE_SHIPPED:
		return PARCEL_SHIPPED;
	case MILESTONE_OUT_FOR_DELIVERY:
		return PARCEL_OUT_FOR_DELIVERY;
	case MILESTONE_READY:
		return PARCEL_READY;
	case MILESTONE_DELIVERED:
		return PARCEL_DELIVERED;
	case MILESTONE_PLACED:
	case MILESTONE_PAID:
	case MILESTONE_IN_PRODUCTION:
	case MILESTONE_QUALITY_CHECK:
	case MILESTONE_PACKED:
	case MILESTONE_RETURN_REQUESTED:
	case MILESTONE_RETURNED:
	case MILESTONE_REFUNDED:
	case MILESTONE_CANCELLED:
	case MILESTONE_COUNT:
		break;
	}
	return PARCEL_STAGE_COUNT;
}

/* One event's news of an order. */
struct news {
	const struct event *event;
	enum milestone milestone; /* MILESTONE_COUNT: none */
	bool of_parcel;
	bool any; /* it is about an order at all */
	enum order_side side;
	bool corrects;
};

#define STATUS_MAX 24

/* STATUS without blanks, dashes and case, in BUF; empty if it is none, or none of ours. */
static struct span bare_status(const struct value *status, char buf[STATUS_MAX])
{
	size_t n = 0;

	if (status->type != VALUE_STRING)
		return SPAN_EMPTY;
	for (size_t i = 0; i < status->text.len; i++) {
		char c = status->text.ptr[i];

		if (c == ' ' || c == '_' || c == '-')
			continue;
		if (n == STATUS_MAX)
			return SPAN_EMPTY;
		buf[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return span_of(buf, n);
}

enum milestone status_milestone(const struct value *status)
{
	char buf[STATUS_MAX];
	struct span bare = bare_status(status, buf);

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (span_is(bare, statuses[i].word))
			return statuses[i].milestone;
	return MILESTONE_COUNT;
}

/* The shop's words, and the carriers': their `on hold` is another matter. */
static const struct {
	const char *word;
	enum order_side side;
	bool of_carriers;
} side_words[] = {
	{"paymentpending", ORDER_PAYMENT_PENDING, false},
	{"pendingpayment", ORDER_PAYMENT_PENDING, false},
	{"orderpaymentdue", ORDER_PAYMENT_PENDING, false},
	{"backordered", ORDER_BACKORDERED, false},
	{"onbackorder", ORDER_BACKORDERED, false},
	{"onhold", ORDER_ON_HOLD, false},
	{"exception", ORDER_EXCEPTION, true},
	{"orderproblem", ORDER_EXCEPTION, false},
};

static enum order_side status_side(const struct value *status, bool carrier)
{
	char buf[STATUS_MAX];
	struct span bare = bare_status(status, buf);

	for (size_t i = 0; i < ARRAY_SIZE(side_words); i++)
		if (span_is(bare, side_words[i].word) && (side_words[i].of_carriers || !carrier))
			return side_words[i].side;
	return ORDER_SIDE_COUNT;
}

static const struct value *status_of(const struct event *e)
{
	return e->kind == EVENT_ORDER_STAGE_ENTERED ? event_detail(e, DETAIL_STAGE)
						    : event_field(e, FIELD_STATUS);
}

static struct news news_of(const struct event *e)
{
	struct news news = {e, MILESTONE_COUNT, false, false, ORDER_SIDE_COUNT, false};
	bool stage = e->kind == EVENT_ORDER_STAGE_ENTERED;

	for (size_t i = 0; i < ARRAY_SIZE(order_news); i++)
		if (order_news[i].kind == e->kind)
			return (struct news){e, order_news[i].milestone, order_news[i].of_parcel,
				true, ORDER_SIDE_COUNT, false};
	for (size_t i = 0; i < ARRAY_SIZE(order_talk); i++)
		news.any = news.any || order_talk[i] == e->kind;
	if (stage || e->kind == EVENT_ORDER_UPDATED || e->kind == EVENT_SHIPMENT_UPDATED) {
		news.milestone = status_milestone(status_of(e));
		news.side = status_side(status_of(e), e->kind == EVENT_SHIPMENT_UPDATED);
	}
	if (e->kind == EVENT_DELIVERY_FAILED)
		news.side = ORDER_EXCEPTION;
	if (stage || e->kind == EVENT_ORDER_UPDATED)
		news.corrects = event_detail(e, DETAIL_CORRECTION)->type == VALUE_TRUE;
	news.of_parcel = news.any && !stage && e->kind != EVENT_ORDER_PROMISED &&
			 e->kind != EVENT_ORDER_UPDATED;
	/* A carrier knows nothing of payments and returns. */
	if (news.of_parcel && parcel_stage(news.milestone) == PARCEL_STAGE_COUNT)
		news.milestone = MILESTONE_COUNT;
	return news;
}

/* The time that E promises, if it does. */
static bool promise(const struct event *e, int64_t *ret_at)
{
	return value_instant(event_field(e, FIELD_PROMISED_AT), ret_at) ||
	       value_instant(event_field(e, FIELD_ESTIMATED_DELIVERY_AT), ret_at);
}

static void fold_promise(struct order *o, const struct event *e)
{
	bool dispatch = span_is(value_words(event_detail(e, DETAIL_PROMISE_OF)), "shipment");
	int64_t promised;

	if (e->kind != EVENT_ORDER_COMPLETED && e->kind != EVENT_IN_STORE_PURCHASE &&
		e->kind != EVENT_ORDER_PROMISED && e->kind != EVENT_ORDER_UPDATED)
		return;
	if (!promise(e, &promised))
		return;
	if (e->occurred_at < o->promise_said_at ||
		(e->occurred_at == o->promise_said_at && promised < o->promised_at))
		return;
	/* Said both ways in one breath it is the arrival. */
	if (e->occurred_at == o->promise_said_at && promised == o->promised_at)
		dispatch = dispatch && o->dispatch_promised;
	o->promised_at = promised;
	o->promise_said_at = e->occurred_at;
	o->dispatch_promised = dispatch;
}

#define TOTAL_MAX    64
#define CURRENCY_MAX 16

static int fold_total(struct order *o, const struct event *e)
{
	const struct value *total = event_field(e, FIELD_TOTAL);
	struct span currency = value_id(event_field(e, FIELD_CURRENCY), CURRENCY_MAX);
	int r, c;

	if (e->kind != EVENT_ORDER_COMPLETED && e->kind != EVENT_IN_STORE_PURCHASE &&
		e->kind != EVENT_ORDER_UPDATED)
		return 0;
	if (total->type != VALUE_NUMBER && total->type != VALUE_STRING)
		return 0;
	if (total->raw.len > TOTAL_MAX || e->occurred_at < o->total_said_at)
		return 0;
	/* Of two at one instant the greater, then that of the greater currency. */
	c = span_compare(total->raw, text_span(o->total));
	if (e->occurred_at == o->total_said_at &&
		(c < 0 || (c == 0 && span_compare(currency, text_span(o->currency)) <= 0)))
		return 0;
	r = text_set(&o->total, total->raw);
	if (r == 0)
		r = text_set(&o->currency, currency);
	o->total_said_at = e->occurred_at;
	return r;
}

static struct span parcel_name(const struct event *e, enum field_fixed field)
{
	return value_id(event_field(e, field), PARCEL_ID_MAX - 2);
}

/* Notes NEWS of the parcel with NAME. 0, -ENOMEM, or PARCEL_NO_ROOM: NAME is empty or one too
 * many. */
static int fold_parcel(
	struct order *o, const struct news *news, char prefix, struct span name, size_t *ret_n)
{
	enum parcel_stage stage = parcel_stage(news->milestone);
	char id[PARCEL_ID_MAX];
	int r;

	if (name.len == 0)
		return PARCEL_NO_ROOM;
	id[0] = prefix;
	id[1] = ':';
	memcpy(id + 2, name.ptr, name.len);
	r = order_parcel(o, span_of(id, name.len + 2), ret_n);
	if (r == 0 && stage != PARCEL_STAGE_COUNT) {
		int64_t *at = &o->parcels[*ret_n].at[stage];

		*at = int64_min(*at, news->event->occurred_at);
	}
	return r;
}

static int fold_parcels(
	struct order *o, const struct news *news, struct span fulfilment, struct span number)
{
	size_t f = 0, t = 0;
	int by_fulfilment, by_number;

	by_fulfilment = fold_parcel(o, news, 'f', fulfilment, &f);
	if (by_fulfilment < 0)
		return by_fulfilment;
	by_number = fold_parcel(o, news, 't', number, &t);
	if (by_number < 0)
		return by_number;
	/* `t:` sorts behind `f:`, so that what was found first has not moved. */
	if (by_fulfilment == 0 && by_number == 0)
		order_link(o, f, t);
	return 0;
}

static void reach(struct journey *j, struct order *o, enum milestone m, int64_t at)
{
	if (m == MILESTONE_PLACED && o->at[m] == TIME_NEVER)
		j->n_orders++;
	order_reach(o, m, at);
}

/* What is beside its way, and what was wrong. */
static void fold_beside(struct order *o, const struct news *news)
{
	int64_t at = news->event->occurred_at;

	if (news->side != ORDER_SIDE_COUNT)
		o->side_at[news->side] = int64_max(o->side_at[news->side], at);
	if (news->corrects && news->milestone != MILESTONE_COUNT)
		order_correct(o, news->milestone, at);
}

static int fold_news(struct journey *j, struct order *o, const struct news *news)
{
	const struct event *e = news->event;
	struct span fulfilment = parcel_name(e, FIELD_FULFILLMENT_ID);
	struct span number = parcel_name(e, FIELD_TRACKING_NUMBER);
	bool named = news->of_parcel && (fulfilment.len > 0 || number.len > 0);
	int64_t promised, said = order_parcel_said(o);
	int r;

	/* One parcel that arrived is not yet all of the order. */
	if (news->milestone != MILESTONE_COUNT &&
		!(named && news->milestone == MILESTONE_DELIVERED))
		reach(j, o, news->milestone, e->occurred_at);
	/* Carried out of the shop, unless it is still to be made or to come. */
	if (e->kind == EVENT_IN_STORE_PURCHASE && !promise(e, &promised))
		reach(j, o, MILESTONE_DELIVERED, e->occurred_at);
	if (!named)
		return 0;
	r = fold_parcels(o, news, fulfilment, number);
	if (news->milestone == MILESTONE_DELIVERED)
		said = int64_max(said, e->occurred_at);
	order_set_parcel_said(o, said);
	return r;
}

int fold_order(struct journey *j, const struct event *e)
{
	struct span id = value_id(event_field(e, FIELD_ORDER_ID), ENTITY_MAX);
	struct news news = news_of(e);
	struct order *o;
	int r;

	if (id.len == 0 || !news.any)
		return 0;
	o = journey_order(j, id);
	if (!o)
		o = journey_add_order(j, id);
	if (!o)
		return -ENOMEM;
	r = fold_news(j, o, &news);
	fold_beside(o, &news);
	o->touched_at = int64_max(o->touched_at, e->occurred_at);
	fold_promise(o, e);
	return r < 0 ? r : fold_total(o, e);
}
