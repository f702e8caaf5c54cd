/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary against the documents it is taken from: Segment's e-commerce v2 and e-mail specs,
 * GA4's, Snowplow's, PostHog's and Littledata's names, and the list of what a beacon cannot know.
 * The names are written out here once more, by hand, so that one that was dropped or changed is
 * missed.
 */
#include "check.h"

#include "core/vocab.h"

/* Every canonical name; `!`: only the shop's own systems can know. */
static const char *const canonical[] = {"Page Viewed", "Screen Viewed", "Customer Identified",
	"Customer Grouped", "Customer Aliased", "Signed Up", "Signed In", "Products Searched",
	"Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked",
	"Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Cart Viewed",
	"Cart Emptied", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed",
	"Payment Info Entered", "Payment Failed", "!Payment Action Required", "!Payment Approved",
	"!Payment Disputed", "Order Completed", "!Order Updated", "!Order Promised",
	"!Order Cancelled", "!Order Refunded", "!Order Fulfilled", "!Order Shipped",
	"!Order Delivered", "!Shipment Updated", "!Shipment Delayed", "!Shipment Out For Delivery",
	"!Shipment Delivered", "!Delivery Failed", "!Ready For Pickup", "Return Requested",
	"!Order Returned", "!Subscription Started", "!Subscription Cancelled", "Coupon Entered",
	"Coupon Applied", "Coupon Denied", "Coupon Removed", "Product Added to Wishlist",
	"Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared",
	"Cart Shared", "Product Reviewed", "!Email Sent", "!Email Delivered", "!Email Deferred",
	"!Email Bounced", "Email Opened", "Email Link Clicked", "!Email Marked as Spam",
	"Unsubscribed", "Consent Updated", "!Privacy Request Received", "!SMS Sent",
	"!SMS Delivered", "!SMS Failed", "Store Visited", "Appointment Booked",
	"Appointment Rescheduled", "Appointment Cancelled", "!Appointment Kept",
	"!Appointment Missed", "Product Tried On", "Product Shown", "!In-Store Purchase",
	"!Repair Received", "!Repair Estimate Sent", "!Repair Estimate Accepted", "!Repair Ready",
	"!Repair Collected", "!Ring Sized", "Engraving Ordered", "!Certificate Issued",
	"Survey Answered", "!Note Added", "!Call Logged", "!Case Opened", "!Case Answered",
	"!Case Solved", "Live Chat Conversation Started", "Live Chat Conversation Ended",
	"Live Chat Message Sent", "Live Chat Message Received", "Client Error", "Server Error",
	"Rage Click", "Page Bounced", "Inquiry Received", "!Inquiry Answered", "Suggestion Made",
	"!Suggestion Status Changed", "!Stock Changed", "!Price Changed", "!Item Unavailable",
	"!Item Variant Issue", "Customer Choice Made", "!Item Fulfilled", "!Item Refunded",
	"Delay Consent Given", "!Tier Changed", "!Points Earned", "!Points Redeemed",
	"!Points Expired", "!Points Balance Changed", "!Reward Issued", "!Home Trial Started",
	"!Home Trial Returned", "!Home Trial Kept", "Important Date Set", "Important Date Removed",
	"Preference Updated", "!Incident Started", "!Incident Ended", "Stock Alert Requested",
	"Stock Alert Cancelled", "Price Alert Requested", "Price Alert Cancelled",
	"!Order Stage Entered", "Referral Made", "!Review Answered", "!Task Completed",
	"!Notification Sent", "!Notification Delivered", "!Notification Bounced",
	"!Notification Opened", "!Notification Clicked", "!Notification Failed",
	"!Notification Deferred", "!Notification Cancelled", "!Notification Converted"};

static const struct {
	const char *spelling, *name;
} others[] = {
	{"Viewed Product Category", "Product List Viewed"},
	{"Viewed Promotion", "Promotion Viewed"},
	{"Clicked Promotion", "Promotion Clicked"},
	{"Clicked Product", "Product Clicked"},
	{"Viewed Product", "Product Viewed"},
	{"Added Product", "Product Added"},
	{"Removed Product", "Product Removed"},
	{"Started Order", "Checkout Started"},
	{"Viewed Checkout Step", "Checkout Step Viewed"},
	{"Completed Checkout Step", "Checkout Step Completed"},
	{"Updated Order", "Order Updated"},
	{"Completed Order", "Order Completed"},
	{"Customer Created", "Signed Up"},
	{"Customer Enabled (v2)", "Signed Up"},
	{"Payment Failure (v2)", "Payment Failed"},
	{"Order Cancelled (v2)", "Order Cancelled"},
	{"Fulfillment Created (v2)", "Order Fulfilled"},
	{"Fulfillment Updated (v2)", "Shipment Updated"},
	{"POS Order Placed", "In-Store Purchase"},
	{"POS Order Placed (v2)", "In-Store Purchase"},
	{"page_view", "Page Viewed"},
	{"sign_up", "Signed Up"},
	{"login", "Signed In"},
	{"search", "Products Searched"},
	{"view_search_results", "Products Searched"},
	{"view_item_list", "Product List Viewed"},
	{"select_item", "Product Clicked"},
	{"view_item", "Product Viewed"},
	{"add_to_cart", "Product Added"},
	{"remove_from_cart", "Product Removed"},
	{"view_cart", "Cart Viewed"},
	{"begin_checkout", "Checkout Started"},
	{"add_shipping_info", "Checkout Step Completed"},
	{"add_payment_info", "Payment Info Entered"},
	{"purchase", "Order Completed"},
	{"refund", "Order Refunded"},
	{"add_to_wishlist", "Product Added to Wishlist"},
	{"view_promotion", "Promotion Viewed"},
	{"select_promotion", "Promotion Clicked"},
	{"product_view", "Product Viewed"},
	{"list_click", "Product Clicked"},
	{"list_view", "Product List Viewed"},
	{"promo_click", "Promotion Clicked"},
	{"promo_view", "Promotion Viewed"},
	{"checkout_step", "Checkout Step Completed"},
	{"transaction", "Order Completed"},
	{"trns_error", "Payment Failed"},
	{"$pageview", "Page Viewed"},
	{"$screen", "Screen Viewed"},
	{"$identify", "Customer Identified"},
	{"Email Unsubscribed", "Unsubscribed"},
	{"Email Machine Opened", "Email Opened"},
	{"opened_email", "Email Opened"},
	{"Email Dropped", "Email Bounced"},
	{"Order Canceled", "Order Cancelled"},
	{"Shipment Ready For Pickup", "Ready For Pickup"},
	{"Shipment Delivery Failed", "Delivery Failed"},
	{"Case Closed", "Case Solved"},
	{"Case Resolved", "Case Solved"},
	{"Review Submitted", "Product Reviewed"},
	{"Loyalty Tier Changed", "Tier Changed"},
	{"Preferences Updated", "Preference Updated"},
	{"Stock Alert Canceled", "Stock Alert Cancelled"},
	{"Price Alert Canceled", "Price Alert Cancelled"},
};

static void test_canonical(void)
{
	CHECK_INT(ARRAY_SIZE(canonical), EVENT_KIND_COUNT - 1);
	for (size_t i = 0; i < ARRAY_SIZE(canonical); i++) {
		bool privileged = canonical[i][0] == '!';
		struct span name = span_str(canonical[i] + privileged);
		enum event_kind kind = vocab_kind(name);

		CHECK_INT(kind, i + 1);
		CHECK_SPAN(vocab_name(kind), name);
		bool marked = vocab_flags(kind) & VOCAB_PRIVILEGED;

		CHECK_INT(marked, privileged);
		if (marked != privileged)
			fprintf(stderr, "# %s\n", canonical[i]);
	}
}

/* What is found first is what was asked: a name given twice would be found at the other place. */
static void test_unique(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(canonical); i++)
		for (size_t k = 0; k < i; k++)
			CHECK(!span_equal(vocab_name((enum event_kind)(i + 1)),
				vocab_name((enum event_kind)(k + 1))));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		CHECK_SPAN(vocab_name(vocab_kind(span_str(others[i].spelling))),
			span_str(others[i].name));
		/* An alias that is canonical too would shadow nothing and mean two things. */
		CHECK(!span_is(
			vocab_name(vocab_kind(span_str(others[i].spelling))), others[i].spelling));
	}
}

static void test_unknown(void)
{
	static const char *const names[] = {"", " ", "Product", "product added", "Product Added ",
		"Product Adde", "Product Addex", "Xroduct Added", "Checkout", "searchh", "$page",
		"Order Completed (v3)", "Productr", "Order ompletedC"};
	struct span added = SPAN_LIT("Product Added");
	char longest[300];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_INT(vocab_kind(span_str(names[i])), EVENT_CUSTOM);
	memset(longest, 'x', sizeof(longest));
	for (size_t n = 0; n <= sizeof(longest); n++)
		CHECK_INT(vocab_kind(span_of(longest, n)), EVENT_CUSTOM);
	/* Lengths are kept in a byte: 269 is 13 again. */
	memcpy(longest, added.ptr, added.len);
	CHECK_INT(vocab_kind(span_of(longest, 13)), EVENT_PRODUCT_ADDED);
	CHECK_INT(vocab_kind(span_of(longest, 256 + 13)), EVENT_CUSTOM);
	CHECK_INT(vocab_name(EVENT_CUSTOM).len, 0);
	CHECK_INT(vocab_flags(EVENT_CUSTOM), VOCAB_ENGAGED);
}

static void test_flags(void)
{
	static const enum event_kind passive[] = {EVENT_EMAIL_OPENED, EVENT_EMAIL_SENT,
		EVENT_ORDER_DELIVERED, EVENT_APPOINTMENT_MISSED, EVENT_CASE_ANSWERED,
		EVENT_CHAT_MESSAGE_RECEIVED, EVENT_REPAIR_READY, EVENT_UNSUBSCRIBED};
	static const enum event_kind final[] = {EVENT_ORDER_COMPLETED, EVENT_IN_STORE_PURCHASE,
		EVENT_ORDER_CANCELLED, EVENT_ORDER_REFUNDED, EVENT_ORDER_SHIPPED,
		EVENT_ORDER_DELIVERED, EVENT_SHIPMENT_DELIVERED, EVENT_REPAIR_COLLECTED};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(passive); i++)
		CHECK(!(vocab_flags(passive[i]) & VOCAB_ENGAGED));
	for (size_t i = 0; i < ARRAY_SIZE(final); i++)
		CHECK(vocab_flags(final[i]) & VOCAB_TERMINAL);
	for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
		n += !!(vocab_flags((enum event_kind)kind) & VOCAB_TERMINAL);
	CHECK_INT(n, ARRAY_SIZE(final));
	CHECK(vocab_says_machine(SPAN_LIT("Email Machine Opened")));
	CHECK(!vocab_says_machine(SPAN_LIT("Email Opened")));
}

static const struct check_case cases[] = {
	{"every canonical name, and who may say it", test_canonical},
	{"names are unique, other spellings lead to them", test_unique},
	{"what is no name of ours", test_unknown},
	{"what the customer did, and what is final", test_flags},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
