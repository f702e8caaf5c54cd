/* SPDX-License-Identifier: MIT */
/*
 * Fields: the values of an event that the core looks at, addressed by number. The core never sees
 * JSON; a table says which places of an event matter (a fixed list that the state machines need,
 * then whatever the loaded rules name), the codec fetches exactly those in one pass, and the core
 * reads event->fields[n].
 */
#pragma once

#include "base/base.h"
#include "base/decimal.h"
#include "base/span.h"

enum field_root {
	FIELD_ROOT_PROPERTIES, /* `e.NAME` in rules */
	FIELD_ROOT_TRAITS,     /* `e.traits.NAME` */
	FIELD_ROOT_CONTEXT,    /* `e.context.NAME` */
};

struct field_path {
	struct span path; /* dotted: `address.city`; at most FIELD_PATH_MAX bytes */
	enum field_root root;
	bool tree; /* of an array or an object the elements too are wanted */
};

#define FIELD_PATH_MAX 128
#define FIELD_MAX      256 /* fields in a table, fixed ones included */

/* The fixed part of every table, in this order. */
#define FIELDS(X)                                                                                  \
	X(CART_ID, PROPERTIES, "cart_id")                                                          \
	X(CHECKOUT_ID, PROPERTIES, "checkout_id")                                                  \
	X(ORDER_ID, PROPERTIES, "order_id")                                                        \
	X(PRODUCT_ID, PROPERTIES, "product_id")                                                    \
	X(QUANTITY, PROPERTIES, "quantity")                                                        \
	X(TOTAL, PROPERTIES, "total")                                                              \
	X(CURRENCY, PROPERTIES, "currency")                                                        \
	X(PROMISED_AT, PROPERTIES, "promised_at")                                                  \
	X(ESTIMATED_DELIVERY_AT, PROPERTIES, "estimated_delivery_at")                              \
	X(STATUS, PROPERTIES, "status")                                                            \
	X(FULFILLMENT_ID, PROPERTIES, "fulfillment_id")                                            \
	X(TRACKING_NUMBER, PROPERTIES, "tracking_number")                                          \
	X(CHANNEL, PROPERTIES, "channel")                                                          \
	X(MACHINE, PROPERTIES, "machine")                                                          \
	X(EMAIL, TRAITS, "email")                                                                  \
	X(PHONE, TRAITS, "phone")                                                                  \
	X(NAME, TRAITS, "name")                                                                    \
	X(FIRST_NAME, TRAITS, "firstName")                                                         \
	X(LAST_NAME, TRAITS, "lastName")                                                           \
	X(CONTEXT_EMAIL, CONTEXT, "traits.email")                                                  \
	X(CONTEXT_CHANNEL, CONTEXT, "channel")                                                     \
	X(CONTEXT_ORIGINAL, CONTEXT, "original.name")                                              \
	X(CONTEXT_TIMEZONE, CONTEXT, "timezone")                                                   \
	X(CONTEXT_LOCALE, CONTEXT, "locale")

enum field_fixed {
#define X(ID, ROOT, PATH) FIELD_##ID,
	FIELDS(X)
#undef X
		FIELD_FIXED_COUNT
};

struct field_table {
	struct field_path paths[FIELD_MAX];
	size_t n;
};

/* The fixed fields and nothing else. */
void field_table_init(struct field_table *t);

enum { FIELD_TABLE_FULL = 1 };

/*
 * The number of PATH under ROOT, added if new. PATH's bytes are borrowed and must outlive the
 * table. 0, or FIELD_TABLE_FULL (also when the path is too long).
 */
int field_table_add(struct field_table *t, enum field_root root, struct span path, size_t *ret_n);

/* From now on events are decoded with all that is in field N. */
void field_table_want_tree(struct field_table *t, size_t n);

enum value_type {
	VALUE_MISSING, /* the event has no such member */
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_OTHER,   /* a number beyond struct decimal; an array or an object that nobody wanted
			  to see into, or that is too large */
	VALUE_INSTANT, /* of events there are none: a text or a number may be meant as one */
	VALUE_ARRAY,
	VALUE_OBJECT,
};

struct value_tree;

struct value {
	enum value_type type;
	bool amount;	  /* VALUE_STRING: of money, and `number` is how much */
	struct span raw;  /* the JSON text as it came */
	struct span text; /* VALUE_STRING: its characters, unescaped UTF-8 */
	union {
		struct decimal number;		/* VALUE_NUMBER, and what is an amount */
		int64_t at;			/* VALUE_INSTANT */
		const struct value_tree *inner; /* VALUE_ARRAY, VALUE_OBJECT */
	};
};

#define VALUE_ITEMS_MAX 1000 /* elements of one array, or members of one object */
#define VALUE_TREE_MAX	5000 /* values in one field, all counted */
#define VALUE_DEPTH_MAX 8    /* arrays and objects inside each other */

/* What an array or an object holds. */
struct value_tree {
	size_t n;
	const struct value *items;
	const struct span *names; /* VALUE_OBJECT: of the members; the last of equal ones counts */
};

/* The value at dotted PATH below V: an element of an array by its number, a member by its name. An
 * empty path is V itself. Missing if there is none. */
struct value value_below(const struct value *v, struct span path);

/*
 * V as an identifier: a string's text or a number's digits; empty when it is neither or longer
 * than MAX bytes. SDKs of untyped languages send order numbers both ways.
 */
struct span value_id(const struct value *v, size_t max);

/*
 * Money is sent as numbers and as texts ("19.90"). V stood at the dotted PATH: if its last name
 * speaks of money (`price`, `order_total`, `listPrice`) and V is a text that is a number, it is an
 * amount from now on. Its text stays as it was.
 */
void value_mark_amount(struct value *v, struct span path);
/* V as a number: one, or an amount. False if it is neither. */
bool value_amount(const struct value *v, struct decimal *ret_d);

/* V as an instant: a string by instant_parse, a number of seconds or milliseconds. False if not. */
bool value_instant(const struct value *v, int64_t *ret_at);
