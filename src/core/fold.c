/* SPDX-License-Identifier: MIT */
/*
 * Events into journeys. Every rule here is a minimum, a maximum or "the latest word wins", so that
 * any order of arrival gives the same journey: a till uploads at night, a carrier reports
 * yesterday, a phone was in a tunnel.
 */
#include "fold.h"

/* What an event does to a cart. */
enum cart_news { CART_NOTHING, CART_ACTIVITY, CART_ADD, CART_AT_CHECKOUT, CART_EMPTY, CART_BUY };

static enum cart_news cart_news(enum event_kind kind)
{
	static const struct {
		enum event_kind kind;
		enum cart_news news;
	} table[] = {
		{EVENT_PRODUCT_ADDED, CART_ADD},
		{EVENT_WISHLIST_TO_CART, CART_ADD},
		{EVENT_PRODUCT_REMOVED, CART_ACTIVITY},
		{EVENT_CART_VIEWED, CART_ACTIVITY},
		{EVENT_COUPON_ENTERED, CART_ACTIVITY},
		{EVENT_COUPON_APPLIED, CART_ACTIVITY},
		{EVENT_COUPON_DENIED, CART_ACTIVITY},
		{EVENT_COUPON_REMOVED, CART_ACTIVITY},
		{EVENT_CHECKOUT_STARTED, CART_AT_CHECKOUT},
		{EVENT_CHECKOUT_STEP_VIEWED, CART_AT_CHECKOUT},
		{EVENT_CHECKOUT_STEP_COMPLETED, CART_AT_CHECKOUT},
		{EVENT_PAYMENT_INFO_ENTERED, CART_AT_CHECKOUT},
		{EVENT_PAYMENT_FAILED, CART_ACTIVITY},
		{EVENT_CART_EMPTIED, CART_EMPTY},
		{EVENT_ORDER_COMPLETED, CART_BUY},
		{EVENT_IN_STORE_PURCHASE, CART_BUY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].kind == kind)
			return table[i].news;
	return CART_NOTHING;
}

#define CART_WHOLE SPAN_LIT("customer") /* additions that name no cart */
#define CART_ALL   SPAN_LIT("all")	/* remembers purchases that name no cart */

/* What closes a cart: a purchase, an emptying. */
static void cart_close(struct cart *c, int64_t ordered_at, int64_t emptied_at)
{
	c->ordered_at = int64_max(c->ordered_at, ordered_at);
	c->emptied_at = int64_max(c->emptied_at, emptied_at);
}

/*
 * A cart that is first heard of now may have been closed before, by news that named no cart or,
 * where it has no name itself, by any purchase.
 */
static struct cart *cart_get(struct journey *j, struct span key)
{
	struct cart *c = journey_cart(j, key);
	const struct cart *all;

	if (c)
		return c;
	c = journey_add_cart(j, key);
	if (!c)
		return NULL;
	all = journey_cart(j, CART_ALL);
	if (all)
		cart_close(c, all->ordered_at, all->emptied_at);
	if (span_equal(key, CART_WHOLE))
		for (size_t i = 0; i < j->n_carts; i++)
			cart_close(c, j->carts[i].ordered_at, INT64_MIN);
	return c;
}

static int cart_note(struct journey *j, struct span key, enum cart_news news, int64_t at)
{
	struct cart *c = cart_get(j, key);

	if (!c)
		return -ENOMEM;
	c->last_at = int64_max(c->last_at, at);
	if (news == CART_ADD) {
		c->first_at = int64_min(c->first_at, at);
		c->added_at = int64_max(c->added_at, at);
	} else if (news == CART_AT_CHECKOUT) {
		c->checkout_at = int64_max(c->checkout_at, at);
	} else if (news == CART_EMPTY) {
		cart_close(c, INT64_MIN, at);
	} else if (news == CART_BUY) {
		cart_close(c, at, INT64_MIN);
	}
	return 0;
}

/* A purchase or an emptying that names no cart closes them all, those yet unheard of included. */
static int close_all(struct journey *j, enum cart_news news, int64_t at)
{
	int r = cart_note(j, CART_ALL, news, at);

	for (size_t i = 0; r == 0 && i < j->n_carts; i++)
		cart_close(&j->carts[i], news == CART_BUY ? at : INT64_MIN,
			news == CART_EMPTY ? at : INT64_MIN);
	return r;
}

struct span fold_cart_key(const struct event *e, char buf[CART_KEY_MAX])
{
	static const char prefix[] = {'c', 'a', 'r', 't', ':'};
	struct span id = value_id(event_field(e, FIELD_CART_ID), ENTITY_MAX);

	if (id.len == 0)
		return CART_WHOLE;
	memcpy(buf, prefix, sizeof(prefix));
	memcpy(buf + sizeof(prefix), id.ptr, id.len);
	return span_of(buf, sizeof(prefix) + id.len);
}

static int fold_cart(struct journey *j, const struct event *e)
{
	enum cart_news news = cart_news(e->kind);
	bool named = value_id(event_field(e, FIELD_CART_ID), ENTITY_MAX).len > 0;
	bool closes = news == CART_BUY || news == CART_EMPTY;
	char buf[CART_KEY_MAX];
	struct cart *whole = journey_cart(j, CART_WHOLE);

	if (news == CART_NOTHING)
		return 0;
	if (!named && closes)
		return close_all(j, news, e->occurred_at);
	if (news == CART_BUY && whole)
		cart_close(whole, e->occurred_at, INT64_MIN);
	return cart_note(j, fold_cart_key(e, buf), news, e->occurred_at);
}

/* Was a trait taken back? An identify says so of its own; that a page knows none says nothing. */
static bool takes_back(const struct event *e, enum field_fixed field, const struct value *v)
{
	return e->kind == EVENT_CUSTOMER_IDENTIFIED && field != FIELD_CONTEXT_EMAIL &&
	       (v->type == VALUE_NULL || (v->type == VALUE_STRING && span_trim(v->text).len == 0));
}

/* The latest word wins, also that there is none; of two at one instant the greater, so that order
 * does not matter. */
static int fold_trait(struct journey *j, enum trait t, struct span said, int64_t at)
{
	int r;

	if (at < j->trait_at[t] ||
		(at == j->trait_at[t] && span_compare(said, text_span(j->traits[t])) < 0))
		return 0;
	r = text_set(&j->traits[t], said);
	if (r == 0)
		j->trait_at[t] = at;
	return r;
}

static int fold_traits(struct journey *j, const struct event *e)
{
	static const struct {
		enum field_fixed field;
		enum trait trait;
	} table[] = {
		{FIELD_CONTEXT_EMAIL, TRAIT_EMAIL},
		{FIELD_EMAIL, TRAIT_EMAIL},
		{FIELD_PHONE, TRAIT_PHONE},
		{FIELD_NAME, TRAIT_NAME},
		{FIELD_FIRST_NAME, TRAIT_FIRST_NAME},
		{FIELD_LAST_NAME, TRAIT_LAST_NAME},
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table) && r == 0; i++) {
		const struct value *v = event_field(e, table[i].field);

		if (takes_back(e, table[i].field, v))
			r = fold_trait(j, table[i].trait, SPAN_EMPTY, e->occurred_at);
		else if (v->type == VALUE_STRING && v->text.len > 0 && v->text.len <= TRAIT_MAX)
			r = fold_trait(j, table[i].trait, v->text, e->occurred_at);
	}
	return r;
}

int fold_visitor(struct journey *j, struct span id, int64_t at)
{
	struct span known = text_span(j->anonymous_id);

	if (id.len == 0 || (known.len > 0 && at < j->anonymous_at))
		return 0;
	if (known.len > 0 && at == j->anonymous_at && span_compare(id, known) <= 0)
		return 0;
	j->anonymous_at = at;
	return text_set(&j->anonymous_id, id);
}

static int fold_ids(struct journey *j, const struct event *e)
{
	int r = 0;

	if (e->user_id.len > 0)
		j->past.named_at = int64_min(j->past.named_at, e->occurred_at);
	/* Of several the one that wins (core/identity.h), in whatever order they come. */
	if (e->user_id.len > 0 &&
		(j->user_id.len == 0 || span_compare(e->user_id, text_span(j->user_id)) < 0))
		r = text_set(&j->user_id, e->user_id);
	return r < 0 ? r : fold_visitor(j, e->anonymous_id, e->occurred_at);
}

/* What few events are about. */
static int fold_parts(struct journey *j, const struct event *e)
{
	static const struct {
		unsigned part;
		int (*fold)(struct journey *j, const struct event *e);
	} parts[] = {
		{FOLD_BOUGHT, fold_bought},
		{FOLD_CONSENT, fold_consent},
		{FOLD_ADDRESS, fold_address},
		{FOLD_FEEDBACK, fold_feedback},
		{FOLD_LOYALTY, fold_loyalty},
		{FOLD_DATE, fold_date},
		{FOLD_WISHES, fold_wishes},
		{FOLD_SENT, fold_sent},
	};
	const struct fold_row *row = &fold_table[e->kind];
	int r = 0;

	if (row->n_things)
		r = fold_things(j, e, row);
	if (r == 0 && (row->parts & (FOLD_ADDED | FOLD_TAKEN | FOLD_LISTED | FOLD_ORDERED)))
		r = fold_baskets(j, e, row->parts);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0 && row->parts; i++)
		if (row->parts & parts[i].part)
			r = parts[i].fold(j, e);
	if (r == 0 && row->time)
		r = fold_time(j, e, (enum profile_time)(row->time - 1));
	return r;
}

/* On a screen of ours, and not a machine. */
static bool is_on_screen(const struct event *e)
{
	return e->channel == CHANNEL_WEB || e->channel == CHANNEL_APP ||
	       e->kind == EVENT_PAGE_VIEWED || e->kind == EVENT_SCREEN_VIEWED;
}

int journey_fold(struct journey *j, const struct event *e)
{
	int r = fold_ids(j, e);

	if (r == 0)
		r = fold_traits(j, e);
	if (r == 0)
		r = fold_cart(j, e);
	if (r == 0)
		r = fold_order(j, e);
	if (r == 0)
		r = fold_parts(j, e);
	j->n_events++;
	j->first_at = int64_min(j->first_at, e->occurred_at);
	j->last_at = int64_max(j->last_at, e->occurred_at);
	if ((vocab_flags(e->kind) & VOCAB_ENGAGED) && !(e->flags & EVENT_FLAG_MACHINE)) {
		j->engaged_at = int64_max(j->engaged_at, e->occurred_at);
		past_engage(&j->past, e->occurred_at);
		if (is_on_screen(e)) {
			j->web_active_at = int64_max(j->web_active_at, e->occurred_at);
			past_visit(&j->past, e->occurred_at);
		}
	}
	/* A server's own zone is not the customer's. */
	if (r == 0 && is_on_screen(e) && !(e->flags & EVENT_FLAG_MACHINE))
		r = fold_device(j, e);
	return r;
}
