/* SPDX-License-Identifier: MIT */
/*
 * Names to numbers and back. All spellings stand in one table, the usual ones first, and beside it
 * their lengths, a byte each: the worker asks for every event, and finding the bytes that are the
 * length of what was asked is what memchr does best. Most of what is left differs in its first or
 * last character.
 */
#include "core/vocab.h"

/* Other spellings. The compiler refuses one whose length does not fit a byte. */
#define ALIASES(X)                                                                                 \
	/* Segment's e-commerce v1 names. */                                                       \
	X("Viewed Product Category", PRODUCT_LIST_VIEWED)                                          \
	X("Viewed Promotion", PROMOTION_VIEWED)                                                    \
	X("Clicked Promotion", PROMOTION_CLICKED)                                                  \
	X("Clicked Product", PRODUCT_CLICKED)                                                      \
	X("Viewed Product", PRODUCT_VIEWED)                                                        \
	X("Added Product", PRODUCT_ADDED)                                                          \
	X("Removed Product", PRODUCT_REMOVED)                                                      \
	X("Started Order", CHECKOUT_STARTED)                                                       \
	X("Viewed Checkout Step", CHECKOUT_STEP_VIEWED)                                            \
	X("Completed Checkout Step", CHECKOUT_STEP_COMPLETED)                                      \
	X("Updated Order", ORDER_UPDATED)                                                          \
	X("Completed Order", ORDER_COMPLETED)                                                      \
	/* Littledata's Shopify source. */                                                         \
	X("Customer Created", SIGNED_UP)                                                           \
	X("Customer Created (v2)", SIGNED_UP)                                                      \
	X("Customer Enabled", SIGNED_UP)                                                           \
	X("Customer Enabled (v2)", SIGNED_UP)                                                      \
	X("Payment Failure", PAYMENT_FAILED)                                                       \
	X("Payment Failure (v2)", PAYMENT_FAILED)                                                  \
	X("Order Cancelled (v2)", ORDER_CANCELLED)                                                 \
	X("Fulfillment Created", ORDER_FULFILLED)                                                  \
	X("Fulfillment Created (v2)", ORDER_FULFILLED)                                             \
	X("Fulfillment Updated", SHIPMENT_UPDATED)                                                 \
	X("Fulfillment Updated (v2)", SHIPMENT_UPDATED)                                            \
	X("POS Order Placed", IN_STORE_PURCHASE)                                                   \
	X("POS Order Placed (v2)", IN_STORE_PURCHASE)                                              \
	/* GA4; several are Snowplow's too. */                                                     \
	X("page_view", PAGE_VIEWED)                                                                \
	X("sign_up", SIGNED_UP)                                                                    \
	X("login", SIGNED_IN)                                                                      \
	X("search", PRODUCTS_SEARCHED)                                                             \
	X("view_search_results", PRODUCTS_SEARCHED)                                                \
	X("view_item_list", PRODUCT_LIST_VIEWED)                                                   \
	X("select_item", PRODUCT_CLICKED)                                                          \
	X("view_item", PRODUCT_VIEWED)                                                             \
	X("add_to_cart", PRODUCT_ADDED)                                                            \
	X("remove_from_cart", PRODUCT_REMOVED)                                                     \
	X("view_cart", CART_VIEWED)                                                                \
	X("begin_checkout", CHECKOUT_STARTED)                                                      \
	X("add_shipping_info", CHECKOUT_STEP_COMPLETED)                                            \
	X("add_payment_info", PAYMENT_INFO_ENTERED)                                                \
	X("purchase", ORDER_COMPLETED)                                                             \
	X("refund", ORDER_REFUNDED)                                                                \
	X("add_to_wishlist", WISHLIST_ADDED)                                                       \
	X("view_promotion", PROMOTION_VIEWED)                                                      \
	X("select_promotion", PROMOTION_CLICKED)                                                   \
	/* Snowplow's e-commerce actions. */                                                       \
	X("product_view", PRODUCT_VIEWED)                                                          \
	X("list_click", PRODUCT_CLICKED)                                                           \
	X("list_view", PRODUCT_LIST_VIEWED)                                                        \
	X("promo_click", PROMOTION_CLICKED)                                                        \
	X("promo_view", PROMOTION_VIEWED)                                                          \
	X("checkout_step", CHECKOUT_STEP_COMPLETED)                                                \
	X("transaction", ORDER_COMPLETED)                                                          \
	X("trns_error", PAYMENT_FAILED)                                                            \
	/* PostHog. */                                                                             \
	X("$pageview", PAGE_VIEWED)                                                                \
	X("$screen", SCREEN_VIEWED)                                                                \
	X("$identify", CUSTOMER_IDENTIFIED)                                                        \
	X("$set", CUSTOMER_IDENTIFIED)                                                             \
	X("$groupidentify", CUSTOMER_GROUPED)                                                      \
	X("$create_alias", CUSTOMER_ALIASED)                                                       \
	/* Mail providers' Segment sources, and Klaviyo. */                                        \
	X("Email Unsubscribed", UNSUBSCRIBED)                                                      \
	X("Email Machine Opened", EMAIL_OPENED)                                                    \
	X("opened_email", EMAIL_OPENED)                                                            \
	X("Email Processed", EMAIL_SENT)                                                           \
	X("Email Dropped", EMAIL_BOUNCED)                                                          \
	X("Email Soft Bounced", EMAIL_BOUNCED)                                                     \
	/* Of our own, written otherwise. */                                                       \
	X("Order Canceled", ORDER_CANCELLED)                                                       \
	X("Order Partially Fulfilled", ORDER_FULFILLED)                                            \
	X("Shipment Delivery Failed", DELIVERY_FAILED)                                             \
	X("Shipment Ready For Pickup", READY_FOR_PICKUP)                                           \
	X("In Store Purchase", IN_STORE_PURCHASE)                                                  \
	X("Repair Estimate Approved", REPAIR_ESTIMATE_ACCEPTED)                                    \
	X("Appointment Canceled", APPOINTMENT_CANCELLED)                                           \
	X("Subscription Canceled", SUBSCRIPTION_CANCELLED)                                         \
	X("Case Closed", CASE_SOLVED)                                                              \
	X("Case Resolved", CASE_SOLVED)                                                            \
	X("Review Submitted", PRODUCT_REVIEWED)                                                    \
	X("Loyalty Tier Changed", TIER_CHANGED)                                                    \
	X("Preferences Updated", PREFERENCE_UPDATED)                                               \
	X("Stock Alert Canceled", STOCK_ALERT_CANCELLED)                                           \
	X("Price Alert Canceled", PRICE_ALERT_CANCELLED)

struct spelling {
	const char *name;
	enum event_kind kind;
};

static const struct spelling spellings[] = {
#define X(ID, NAME, FLAGS) {NAME, EVENT_##ID},
	VOCAB(X)
#undef X
#define X(NAME, ID) {NAME, EVENT_##ID},
		ALIASES(X)
#undef X
};

static const unsigned char lengths[] = {
#define X(ID, NAME, FLAGS) sizeof(NAME) - 1,
	VOCAB(X)
#undef X
#define X(NAME, ID) sizeof(NAME) - 1,
		ALIASES(X)
#undef X
};

static const struct {
	struct span name;
	unsigned flags;
} vocab[EVENT_KIND_COUNT] = {[EVENT_CUSTOM] = {{NULL, 0}, VOCAB_ENGAGED},
#define X(ID, NAME, FLAGS) [EVENT_##ID] = {{NAME, sizeof(NAME) - 1}, FLAGS},
	VOCAB(X)
#undef X
};

static const char *const channels[CHANNEL_COUNT] = {[CHANNEL_UNKNOWN] = "",
#define X(ID, NAME) [CHANNEL_##ID] = (NAME),
	CHANNELS(X)
#undef X
};

enum event_kind vocab_kind(struct span name)
{
	const unsigned char *at = lengths, *end = lengths + ARRAY_SIZE(lengths);

	if (name.len == 0 || name.len > UCHAR_MAX)
		return EVENT_CUSTOM;
	while ((at = memchr(at, (int)name.len, (size_t)(end - at)))) {
		const struct spelling *s = &spellings[at - lengths];

		if (s->name[0] == name.ptr[0] && s->name[name.len - 1] == name.ptr[name.len - 1] &&
			memcmp(s->name, name.ptr, name.len) == 0)
			return s->kind;
		at++;
	}
	return EVENT_CUSTOM;
}

bool vocab_says_machine(struct span name)
{
	return span_equal(name, SPAN_LIT("Email Machine Opened"));
}

struct span vocab_name(enum event_kind kind)
{
	return vocab[kind].name;
}

unsigned vocab_flags(enum event_kind kind)
{
	return vocab[kind].flags;
}

enum channel channel_of(struct span name)
{
	for (unsigned i = 1; i < CHANNEL_COUNT; i++)
		if (span_is(name, channels[i]))
			return (enum channel)i;
	return CHANNEL_UNKNOWN;
}

struct span channel_name(enum channel channel)
{
	return span_str(channels[channel]);
}
