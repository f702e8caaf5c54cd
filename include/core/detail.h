/* SPDX-License-Identifier: MIT */
/*
 * Details: the values that folds of a few kinds of events need (a repair's promise, a survey's
 * score). They are not among the fixed fields (core/field.h), which every event is searched for:
 * details are fetched only from events of kinds that fold_wants() names, so that a page view does
 * not pay for them.
 */
#pragma once

#include "core/event.h"

/* Of properties, and of traits where the event is an identify. A name with a dot leads inside. */
#define DETAILS(X)                                                                                 \
	X(SKU, PROPERTIES, "sku")                                                                  \
	X(PRICE, PROPERTIES, "price")                                                              \
	X(CATEGORY, PROPERTIES, "category")                                                        \
	X(VALUE, PROPERTIES, "value")                                                              \
	X(AMOUNT, PROPERTIES, "amount")                                                            \
	X(ESTIMATE, PROPERTIES, "estimate")                                                        \
	X(STOCK, PROPERTIES, "stock")                                                              \
	X(JOB_ID, PROPERTIES, "job_id")                                                            \
	X(PAYMENT_ID, PROPERTIES, "payment_id")                                                    \
	X(PAYMENT_INTENT_ID, PROPERTIES, "payment_intent_id")                                      \
	X(SHIPMENT_ID, PROPERTIES, "shipment_id")                                                  \
	X(LINE_ID, PROPERTIES, "line_id")                                                          \
	X(REPAIR_ID, PROPERTIES, "repair_id")                                                      \
	X(APPOINTMENT_ID, PROPERTIES, "appointment_id")                                            \
	X(CASE_ID, PROPERTIES, "case_id")                                                          \
	X(REVIEW_ID, PROPERTIES, "review_id")                                                      \
	X(FEEDBACK_ID, PROPERTIES, "feedback_id")                                                  \
	X(SURVEY_ID, PROPERTIES, "survey_id")                                                      \
	X(WATCH_ID, PROPERTIES, "watch_id")                                                        \
	X(TRIAL_ID, PROPERTIES, "trial_id")                                                        \
	X(SUBSCRIPTION_ID, PROPERTIES, "subscription_id")                                          \
	X(SUGGESTION_ID, PROPERTIES, "suggestion_id")                                              \
	X(INQUIRY_ID, PROPERTIES, "inquiry_id")                                                    \
	X(CONVERSATION_ID, PROPERTIES, "conversation_id")                                          \
	X(STARTS_AT, PROPERTIES, "starts_at")                                                      \
	X(RETURN_BY, PROPERTIES, "return_by")                                                      \
	X(EXPIRES_AT, PROPERTIES, "expires_at")                                                    \
	X(PROMISE_OF, PROPERTIES, "promise_of")                                                    \
	X(ETA, PROPERTIES, "eta")                                                                  \
	X(REASON, PROPERTIES, "reason")                                                            \
	X(CHOICE, PROPERTIES, "choice")                                                            \
	X(PLAN, PROPERTIES, "plan")                                                                \
	X(SERVICE, PROPERTIES, "service")                                                          \
	X(TYPE, PROPERTIES, "type")                                                                \
	X(RATING, PROPERTIES, "rating")                                                            \
	X(NPS, PROPERTIES, "nps")                                                                  \
	X(CSAT, PROPERTIES, "csat")                                                                \
	X(RECOMMEND, PROPERTIES, "recommend")                                                      \
	X(SCORE, PROPERTIES, "score")                                                              \
	X(SENTIMENT, PROPERTIES, "sentiment")                                                      \
	X(MEDIUM, PROPERTIES, "medium")                                                            \
	X(TOPIC, PROPERTIES, "topic")                                                              \
	X(WANTED, PROPERTIES, "wanted")                                                            \
	X(LIST_ID, PROPERTIES, "list_id")                                                          \
	X(BOUNCE_TYPE, PROPERTIES, "bounce_type")                                                  \
	X(BOUNCE, PROPERTIES, "bounce")                                                            \
	X(BOUNCE_CODE, PROPERTIES, "bounce_code")                                                  \
	X(ADDRESS, PROPERTIES, "address")                                                          \
	X(TO_EMAIL, PROPERTIES, "email")                                                           \
	X(TO_PHONE, PROPERTIES, "phone")                                                           \
	X(REQUEST, PROPERTIES, "request")                                                          \
	X(TIER, PROPERTIES, "tier")                                                                \
	X(RANK, PROPERTIES, "rank")                                                                \
	X(BALANCE, PROPERTIES, "balance")                                                          \
	X(GIFT, PROPERTIES, "gift")                                                                \
	X(OCCASION, PROPERTIES, "occasion")                                                        \
	X(OCCASION_AT, PROPERTIES, "occasion_at")                                                  \
	X(SHIP_COUNTRY, PROPERTIES, "shipping_address.country_code")                               \
	X(SHIP_COUNTRY_TOO, PROPERTIES, "shipping_address.country")                                \
	X(RECIPIENT, PROPERTIES, "recipient")                                                      \
	X(DATE_NAME, PROPERTIES, "name")                                                           \
	X(DATE, PROPERTIES, "date")                                                                \
	X(TIMEZONE, PROPERTIES, "timezone")                                                        \
	X(LANGUAGE, PROPERTIES, "language")                                                        \
	X(COUNTRY, PROPERTIES, "country")                                                          \
	X(QUIET_FROM, PROPERTIES, "quiet_from")                                                    \
	X(QUIET_TO, PROPERTIES, "quiet_to")                                                        \
	X(CHANNELS, PROPERTIES, "channels")                                                        \
	X(CHANNEL_1, PROPERTIES, "channels.0")                                                     \
	X(CHANNEL_2, PROPERTIES, "channels.1")                                                     \
	X(CHANNEL_3, PROPERTIES, "channels.2")                                                     \
	X(CHANNEL_4, PROPERTIES, "channels.3")                                                     \
	X(STAGE, PROPERTIES, "stage")                                                              \
	X(STEP, PROPERTIES, "step")                                                                \
	X(CORRECTION, PROPERTIES, "correction")                                                    \
	X(PRODUCTS, PROPERTIES, "products")                                                        \
	X(TRAIT_TIMEZONE, TRAITS, "timezone")                                                      \
	X(TRAIT_LANGUAGE, TRAITS, "language")                                                      \
	X(TRAIT_LOCALE, TRAITS, "locale")                                                          \
	X(TRAIT_COUNTRY, TRAITS, "country")                                                        \
	X(TRAIT_ADDRESS_COUNTRY, TRAITS, "address.country")                                        \
	X(TRAIT_BIRTHDAY, TRAITS, "birthday")                                                      \
	X(TRAIT_ANNIVERSARY, TRAITS, "anniversary")                                                \
	X(TRAIT_BLOCKED, TRAITS, "blocked")                                                        \
	X(TRAIT_MINOR, TRAITS, "minor")                                                            \
	X(TRAIT_DECEASED, TRAITS, "deceased")                                                      \
	X(TRAIT_RECOMMENDATIONS, TRAITS, "recommendations")

enum detail {
#define X(ID, ROOT, PATH) DETAIL_##ID,
	DETAILS(X)
#undef X
		DETAIL_COUNT
};

/* Are details of events of this kind of any use? */
bool fold_wants(enum event_kind kind);

/* A product of an event's `products`. */
struct product {
	struct span id, sku; /* at most ENTITY_MAX bytes; one of them may be empty */
	struct value quantity, price;
};

#define PRODUCTS_MAX 64 /* of an event; more are not looked at */

/* An event has few of the many that there are. */
struct event_details {
	unsigned char at[DETAIL_COUNT]; /* place among the values, from 1; 0: missing */
	struct value *values;
	const struct product *products; /* n_products */
	size_t n_products;
	bool whole; /* `products` was there: what is not in it is not meant */
};

/* VALUE_MISSING where the event has none. */
const struct value *event_detail(const struct event *e, enum detail n);
