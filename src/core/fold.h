/* SPDX-License-Identifier: MIT */
/*
 * Parts of journey_fold(). Inside core only. Each takes an event that its part of the table
 * (fold_table.c) is about, and gives 0 or -ENOMEM.
 */
#pragma once

#include "core/detail.h"
#include "core/journey.h"

/* The visitor's number ID was said at AT: of several the latest counts, at one instant the greater.
 * ID may be empty. 0 or -ENOMEM. */
int fold_visitor(struct journey *j, struct span id, int64_t at);
/* What E says of an order. */
int fold_order(struct journey *j, const struct event *e);

/* The milestone that a carrier's or shop's word for a status means; MILESTONE_COUNT if none. */
enum milestone status_milestone(const struct value *status);

/* The parts of the fold that an event concerns. */
enum {
	FOLD_ADDED = 1 << 0,   /* a product came into a cart */
	FOLD_TAKEN = 1 << 1,   /* and went out */
	FOLD_LISTED = 1 << 2,  /* all that is in a cart */
	FOLD_ORDERED = 1 << 3, /* all that is in an order */
	FOLD_BOUGHT = 1 << 4,  /* a purchase */
	FOLD_CONSENT = 1 << 5,
	FOLD_ADDRESS = 1 << 6,
	FOLD_FEEDBACK = 1 << 7,
	FOLD_LOYALTY = 1 << 8,
	FOLD_DATE = 1 << 9,
	FOLD_WISHES = 1 << 10, /* preferences, and what an identify tells of the customer */
	FOLD_REPORT = 1 << 11, /* what became of a message (fallback.h) */
	FOLD_SENT = 1 << 12,   /* somebody sent something */
	FOLD_STAGE = 1 << 13,  /* fold_order() wants its details, and nobody else */
};

#define FOLD_THINGS_MAX 3

struct fold_row {
	uint16_t parts;
	unsigned char n_things;
	unsigned char time; /* of the profile, plus one; 0: none */
	struct {
		unsigned char kind, mark;
	} things[FOLD_THINGS_MAX];
};

extern const struct fold_row fold_table[EVENT_KIND_COUNT];

int fold_things(struct journey *j, const struct event *e, const struct fold_row *row);
int fold_baskets(struct journey *j, const struct event *e, unsigned parts);
int fold_consent(struct journey *j, const struct event *e);
int fold_address(struct journey *j, const struct event *e);
/* Is the bounce that E tells of one for good? By its kind, else by SMTP's code: 5xx, 5.x.x. */
bool fold_is_hard(const struct event *e);
int fold_feedback(struct journey *j, const struct event *e);
int fold_loyalty(struct journey *j, const struct event *e);
int fold_date(struct journey *j, const struct event *e);
int fold_sent(struct journey *j, const struct event *e);
int fold_wishes(struct journey *j, const struct event *e);
/* What a device says of its zone and its language. */
int fold_device(struct journey *j, const struct event *e);
int fold_bought(struct journey *j, const struct event *e);
int fold_time(struct journey *j, const struct event *e, enum profile_time n);

/* Had T gone as it should, and so long before AT (event time) that what happens then is not about
 * it any more? It is so whether T has been dropped by then or not: that depends on what else came
 * in. */
bool fold_is_past(const struct thing *t, int64_t at);

/* The key of E's cart, `cart:ID` or `customer`, into BUF. */
#define CART_KEY_MAX (sizeof("cart:") + ENTITY_MAX)
struct span fold_cart_key(const struct event *e, char buf[CART_KEY_MAX]);

/* ---- the latest word wins ---------------------------------------------------------------- */

/* TEXT said at AT, if it is the later word; of two at one instant the greater. Longer texts than
 * MAX are cut between characters. 0 or -ENOMEM. */
int said_set(struct said *s, struct span text, size_t max, int64_t at);
/* The same for numbers; LOWER: of two at one instant the lower one counts, else the greater. */
void amount_set(struct amount *a, struct decimal value, int64_t at, bool lower);
/* V as a number: a number, or a text that is one. */
bool value_decimal(const struct value *v, struct decimal *ret_d);
/* V as a text of at least one byte; empty if it is none. */
struct span value_words(const struct value *v);
/* Is S, but for case, blanks, dashes and underscores, one of the words of the NULL-ended LIST? */
bool word_in(struct span s, const char *const *list);
