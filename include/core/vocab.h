/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary: the canonical names of touchpoints. Segment's e-commerce v2 names, and our own
 * in the same style for delivery, store, repair and feedback. An event of another name is
 * welcome; it is EVENT_CUSTOM and rules can name it too.
 *
 * Flags: ENGAGED    the customer did something (counts as activity of theirs);
 *        TERMINAL   a fact that closes what it names for good: an order for this cart, a delivery;
 *        PRIVILEGED a fact that only the shop's own systems can know, so that a beacon which says
 *                   so proves nothing: what becomes of an order after it was placed, parcels, what
 *                   mail and SMS providers report, the till, the workshop, staff.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

enum {
	VOCAB_ENGAGED = 1 << 0,
	VOCAB_TERMINAL = 1 << 1,
	VOCAB_PRIVILEGED = 1 << 2,
};

#define VOCAB(X)                                                                                   \
	X(PAGE_VIEWED, "Page Viewed", VOCAB_ENGAGED)                                               \
	X(SCREEN_VIEWED, "Screen Viewed", VOCAB_ENGAGED)                                           \
	X(CUSTOMER_IDENTIFIED, "Customer Identified", 0)                                           \
	X(CUSTOMER_GROUPED, "Customer Grouped", 0)                                                 \
	X(CUSTOMER_ALIASED, "Customer Aliased", 0)                                                 \
	X(SIGNED_UP, "Signed Up", VOCAB_ENGAGED)                                                   \
	X(SIGNED_IN, "Signed In", VOCAB_ENGAGED)                                                   \
	X(PRODUCTS_SEARCHED, "Products Searched", VOCAB_ENGAGED)                                   \
	X(PRODUCT_LIST_VIEWED, "Product List Viewed", VOCAB_ENGAGED)                               \
	X(PRODUCT_LIST_FILTERED, "Product List Filtered", VOCAB_ENGAGED)                           \
	X(PROMOTION_VIEWED, "Promotion Viewed", VOCAB_ENGAGED)                                     \
	X(PROMOTION_CLICKED, "Promotion Clicked", VOCAB_ENGAGED)                                   \
	X(PRODUCT_CLICKED, "Product Clicked", VOCAB_ENGAGED)                                       \
	X(PRODUCT_VIEWED, "Product Viewed", VOCAB_ENGAGED)                                         \
	X(PRODUCT_ADDED, "Product Added", VOCAB_ENGAGED)                                           \
	X(PRODUCT_REMOVED, "Product Removed", VOCAB_ENGAGED)                                       \
	X(CART_VIEWED, "Cart Viewed", VOCAB_ENGAGED)                                               \
	X(CART_EMPTIED, "Cart Emptied", VOCAB_ENGAGED)                                             \
	X(CHECKOUT_STARTED, "Checkout Started", VOCAB_ENGAGED)                                     \
	X(CHECKOUT_STEP_VIEWED, "Checkout Step Viewed", VOCAB_ENGAGED)                             \
	X(CHECKOUT_STEP_COMPLETED, "Checkout Step Completed", VOCAB_ENGAGED)                       \
	X(PAYMENT_INFO_ENTERED, "Payment Info Entered", VOCAB_ENGAGED)                             \
	X(PAYMENT_FAILED, "Payment Failed", VOCAB_ENGAGED)                                         \
	X(PAYMENT_ACTION_REQUIRED, "Payment Action Required", VOCAB_PRIVILEGED)                    \
	X(PAYMENT_APPROVED, "Payment Approved", VOCAB_PRIVILEGED)                                  \
	X(PAYMENT_DISPUTED, "Payment Disputed", VOCAB_PRIVILEGED)                                  \
	X(ORDER_COMPLETED, "Order Completed", VOCAB_ENGAGED | VOCAB_TERMINAL)                      \
	X(ORDER_UPDATED, "Order Updated", VOCAB_PRIVILEGED)                                        \
	X(ORDER_PROMISED, "Order Promised", VOCAB_PRIVILEGED)                                      \
	X(ORDER_CANCELLED, "Order Cancelled", VOCAB_TERMINAL | VOCAB_PRIVILEGED)                   \
	X(ORDER_REFUNDED, "Order Refunded", VOCAB_TERMINAL | VOCAB_PRIVILEGED)                     \
	X(ORDER_FULFILLED, "Order Fulfilled", VOCAB_PRIVILEGED)                                    \
	X(ORDER_SHIPPED, "Order Shipped", VOCAB_TERMINAL | VOCAB_PRIVILEGED)                       \
	X(ORDER_DELIVERED, "Order Delivered", VOCAB_TERMINAL | VOCAB_PRIVILEGED)                   \
	X(SHIPMENT_UPDATED, "Shipment Updated", VOCAB_PRIVILEGED)                                  \
	X(SHIPMENT_DELAYED, "Shipment Delayed", VOCAB_PRIVILEGED)                                  \
	X(SHIPMENT_OUT_FOR_DELIVERY, "Shipment Out For Delivery", VOCAB_PRIVILEGED)                \
	X(SHIPMENT_DELIVERED, "Shipment Delivered", VOCAB_TERMINAL | VOCAB_PRIVILEGED)             \
	X(DELIVERY_FAILED, "Delivery Failed", VOCAB_PRIVILEGED)                                    \
	X(READY_FOR_PICKUP, "Ready For Pickup", VOCAB_PRIVILEGED)                                  \
	X(RETURN_REQUESTED, "Return Requested", VOCAB_ENGAGED)                                     \
	X(ORDER_RETURNED, "Order Returned", VOCAB_PRIVILEGED)                                      \
	X(SUBSCRIPTION_STARTED, "Subscription Started", VOCAB_PRIVILEGED)                          \
	X(SUBSCRIPTION_CANCELLED, "Subscription Cancelled", VOCAB_PRIVILEGED)                      \
	X(COUPON_ENTERED, "Coupon Entered", VOCAB_ENGAGED)                                         \
	X(COUPON_APPLIED, "Coupon Applied", VOCAB_ENGAGED)                                         \
	X(COUPON_DENIED, "Coupon Denied", VOCAB_ENGAGED)                                           \
	X(COUPON_REMOVED, "Coupon Removed", VOCAB_ENGAGED)                                         \
	X(WISHLIST_ADDED, "Product Added to Wishlist", VOCAB_ENGAGED)                              \
	X(WISHLIST_REMOVED, "Product Removed from Wishlist", VOCAB_ENGAGED)                        \
	X(WISHLIST_TO_CART, "Wishlist Product Added to Cart", VOCAB_ENGAGED)                       \
	X(PRODUCT_SHARED, "Product Shared", VOCAB_ENGAGED)                                         \
	X(CART_SHARED, "Cart Shared", VOCAB_ENGAGED)                                               \
	X(PRODUCT_REVIEWED, "Product Reviewed", VOCAB_ENGAGED)                                     \
	X(EMAIL_SENT, "Email Sent", VOCAB_PRIVILEGED)                                              \
	X(EMAIL_DELIVERED, "Email Delivered", VOCAB_PRIVILEGED)                                    \
	X(EMAIL_DEFERRED, "Email Deferred", VOCAB_PRIVILEGED)                                      \
	X(EMAIL_BOUNCED, "Email Bounced", VOCAB_PRIVILEGED)                                        \
	X(EMAIL_OPENED, "Email Opened", 0)                                                         \
	X(EMAIL_LINK_CLICKED, "Email Link Clicked", VOCAB_ENGAGED)                                 \
	X(EMAIL_SPAM, "Email Marked as Spam", VOCAB_PRIVILEGED)                                    \
	X(UNSUBSCRIBED, "Unsubscribed", 0)                                                         \
	X(CONSENT_UPDATED, "Consent Updated", 0)                                                   \
	X(PRIVACY_REQUESTED, "Privacy Request Received", VOCAB_PRIVILEGED)                         \
	X(SMS_SENT, "SMS Sent", VOCAB_PRIVILEGED)                                                  \
	X(SMS_DELIVERED, "SMS Delivered", VOCAB_PRIVILEGED)                                        \
	X(SMS_FAILED, "SMS Failed", VOCAB_PRIVILEGED)                                              \
	X(STORE_VISITED, "Store Visited", VOCAB_ENGAGED)                                           \
	X(APPOINTMENT_BOOKED, "Appointment Booked", VOCAB_ENGAGED)                                 \
	X(APPOINTMENT_RESCHEDULED, "Appointment Rescheduled", VOCAB_ENGAGED)                       \
	X(APPOINTMENT_CANCELLED, "Appointment Cancelled", VOCAB_ENGAGED)                           \
	X(APPOINTMENT_KEPT, "Appointment Kept", VOCAB_ENGAGED | VOCAB_PRIVILEGED)                  \
	X(APPOINTMENT_MISSED, "Appointment Missed", VOCAB_PRIVILEGED)                              \
	X(PRODUCT_TRIED_ON, "Product Tried On", VOCAB_ENGAGED)                                     \
	X(PRODUCT_SHOWN, "Product Shown", VOCAB_ENGAGED)                                           \
	X(IN_STORE_PURCHASE, "In-Store Purchase",                                                  \
		VOCAB_ENGAGED | VOCAB_TERMINAL | VOCAB_PRIVILEGED)                                 \
	X(REPAIR_RECEIVED, "Repair Received", VOCAB_ENGAGED | VOCAB_PRIVILEGED)                    \
	X(REPAIR_ESTIMATE_SENT, "Repair Estimate Sent", VOCAB_PRIVILEGED)                          \
	X(REPAIR_ESTIMATE_ACCEPTED, "Repair Estimate Accepted", VOCAB_ENGAGED | VOCAB_PRIVILEGED)  \
	X(REPAIR_READY, "Repair Ready", VOCAB_PRIVILEGED)                                          \
	X(REPAIR_COLLECTED, "Repair Collected", VOCAB_ENGAGED | VOCAB_TERMINAL | VOCAB_PRIVILEGED) \
	X(RING_SIZED, "Ring Sized", VOCAB_PRIVILEGED)                                              \
	X(ENGRAVING_ORDERED, "Engraving Ordered", VOCAB_ENGAGED)                                   \
	X(CERTIFICATE_ISSUED, "Certificate Issued", VOCAB_PRIVILEGED)                              \
	X(SURVEY_ANSWERED, "Survey Answered", VOCAB_ENGAGED)                                       \
	X(NOTE_ADDED, "Note Added", VOCAB_PRIVILEGED)                                              \
	X(CALL_LOGGED, "Call Logged", VOCAB_PRIVILEGED)                                            \
	X(CASE_OPENED, "Case Opened", VOCAB_ENGAGED | VOCAB_PRIVILEGED)                            \
	X(CASE_ANSWERED, "Case Answered", VOCAB_PRIVILEGED)                                        \
	X(CASE_SOLVED, "Case Solved", VOCAB_PRIVILEGED)                                            \
	X(CHAT_STARTED, "Live Chat Conversation Started", VOCAB_ENGAGED)                           \
	X(CHAT_ENDED, "Live Chat Conversation Ended", 0)                                           \
	X(CHAT_MESSAGE_SENT, "Live Chat Message Sent", VOCAB_ENGAGED)                              \
	X(CHAT_MESSAGE_RECEIVED, "Live Chat Message Received", 0)                                  \
	X(CLIENT_ERROR, "Client Error", 0)                                                         \
	X(SERVER_ERROR, "Server Error", 0)                                                         \
	X(RAGE_CLICK, "Rage Click", VOCAB_ENGAGED)                                                 \
	X(PAGE_BOUNCED, "Page Bounced", 0)                                                         \
	X(INQUIRY_RECEIVED, "Inquiry Received", VOCAB_ENGAGED)                                     \
	X(INQUIRY_ANSWERED, "Inquiry Answered", VOCAB_PRIVILEGED)                                  \
	X(SUGGESTION_MADE, "Suggestion Made", VOCAB_ENGAGED)                                       \
	X(SUGGESTION_CHANGED, "Suggestion Status Changed", VOCAB_PRIVILEGED)                       \
	X(STOCK_CHANGED, "Stock Changed", VOCAB_PRIVILEGED)                                        \
	X(PRICE_CHANGED, "Price Changed", VOCAB_PRIVILEGED)                                        \
	X(ITEM_UNAVAILABLE, "Item Unavailable", VOCAB_PRIVILEGED)                                  \
	X(ITEM_ISSUE, "Item Variant Issue", VOCAB_PRIVILEGED)                                      \
	X(CHOICE_MADE, "Customer Choice Made", VOCAB_ENGAGED)                                      \
	X(ITEM_FULFILLED, "Item Fulfilled", VOCAB_PRIVILEGED)                                      \
	X(ITEM_REFUNDED, "Item Refunded", VOCAB_PRIVILEGED)                                        \
	X(DELAY_CONSENT, "Delay Consent Given", VOCAB_ENGAGED)                                     \
	X(TIER_CHANGED, "Tier Changed", VOCAB_PRIVILEGED)                                          \
	X(POINTS_EARNED, "Points Earned", VOCAB_PRIVILEGED)                                        \
	X(POINTS_REDEEMED, "Points Redeemed", VOCAB_ENGAGED | VOCAB_PRIVILEGED)                    \
	X(POINTS_EXPIRED, "Points Expired", VOCAB_PRIVILEGED)                                      \
	X(POINTS_CHANGED, "Points Balance Changed", VOCAB_PRIVILEGED)                              \
	X(REWARD_ISSUED, "Reward Issued", VOCAB_PRIVILEGED)                                        \
	X(TRIAL_STARTED, "Home Trial Started", VOCAB_PRIVILEGED)                                   \
	X(TRIAL_RETURNED, "Home Trial Returned", VOCAB_PRIVILEGED)                                 \
	X(TRIAL_KEPT, "Home Trial Kept", VOCAB_PRIVILEGED)                                         \
	X(DATE_SET, "Important Date Set", 0)                                                       \
	X(DATE_REMOVED, "Important Date Removed", 0)                                               \
	X(PREFERENCE_UPDATED, "Preference Updated", 0)                                             \
	X(INCIDENT_STARTED, "Incident Started", VOCAB_PRIVILEGED)                                  \
	X(INCIDENT_ENDED, "Incident Ended", VOCAB_PRIVILEGED)                                      \
	X(STOCK_ALERT, "Stock Alert Requested", VOCAB_ENGAGED)                                     \
	X(STOCK_ALERT_CANCELLED, "Stock Alert Cancelled", 0)                                       \
	X(PRICE_ALERT, "Price Alert Requested", VOCAB_ENGAGED)                                     \
	X(PRICE_ALERT_CANCELLED, "Price Alert Cancelled", 0)                                       \
	X(ORDER_STAGE_ENTERED, "Order Stage Entered", VOCAB_PRIVILEGED)                            \
	X(REFERRAL_MADE, "Referral Made", VOCAB_ENGAGED)                                           \
	X(REVIEW_ANSWERED, "Review Answered", VOCAB_PRIVILEGED)                                    \
	X(TASK_COMPLETED, "Task Completed", VOCAB_PRIVILEGED)                                      \
	X(NOTIFICATION_SENT, "Notification Sent", VOCAB_PRIVILEGED)                                \
	X(NOTIFICATION_DELIVERED, "Notification Delivered", VOCAB_PRIVILEGED)                      \
	X(NOTIFICATION_BOUNCED, "Notification Bounced", VOCAB_PRIVILEGED)                          \
	X(NOTIFICATION_OPENED, "Notification Opened", VOCAB_PRIVILEGED)                            \
	X(NOTIFICATION_CLICKED, "Notification Clicked", VOCAB_ENGAGED | VOCAB_PRIVILEGED)          \
	X(NOTIFICATION_FAILED, "Notification Failed", VOCAB_PRIVILEGED)                            \
	X(NOTIFICATION_DEFERRED, "Notification Deferred", VOCAB_PRIVILEGED)                        \
	X(NOTIFICATION_CANCELLED, "Notification Cancelled", VOCAB_PRIVILEGED)                      \
	X(NOTIFICATION_CONVERTED, "Notification Converted", VOCAB_PRIVILEGED)

enum event_kind {
	EVENT_CUSTOM, /* a name that is not in the vocabulary */
#define X(ID, NAME, FLAGS) EVENT_##ID,
	VOCAB(X)
#undef X
		EVENT_KIND_COUNT
};

/* Where a touchpoint happened. */
#define CHANNELS(X)                                                                                \
	X(WEB, "web")                                                                              \
	X(APP, "app")                                                                              \
	X(EMAIL, "email")                                                                          \
	X(STORE, "store")                                                                          \
	X(PHONE, "phone")                                                                          \
	X(SMS, "sms")                                                                              \
	X(ORDERS, "order-system")                                                                  \
	X(STAFF, "staff")                                                                          \
	X(SERVER, "server")

enum channel {
	CHANNEL_UNKNOWN,
#define X(ID, NAME) CHANNEL_##ID,
	CHANNELS(X)
#undef X
		CHANNEL_COUNT
};

/*
 * The kind of NAME: canonical, or one of the other spellings that senders use: Segment's e-commerce
 * v1 names, those of GA4, of Snowplow's e-commerce actions, of PostHog, and of Littledata's Shopify
 * source. EVENT_CUSTOM if unknown. Names compare exactly.
 */
enum event_kind vocab_kind(struct span name);

/* Does the spelling itself say that a machine did it? (`Email Machine Opened`.) */
bool vocab_says_machine(struct span name);

/* The canonical name; empty for EVENT_CUSTOM. */
struct span vocab_name(enum event_kind kind);

unsigned vocab_flags(enum event_kind kind);

/* CHANNEL_UNKNOWN if there is no such channel. */
enum channel channel_of(struct span name);
/* Empty for CHANNEL_UNKNOWN. */
struct span channel_name(enum channel channel);
