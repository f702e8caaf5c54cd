/* SPDX-License-Identifier: MIT */
/*
 * Products in a cart or an order. Single additions and removals and whole lists come in any order:
 * what counts of each product is its latest word, and a list says of all it does not name that
 * they were not there then.
 */
#pragma once

#include "base/base.h"
#include "core/event.h"
#include "core/thing.h"

#define BASKET_LINES_MAX 32

struct line {
	struct text key; /* the sku, else the product's id */
	struct text id;	 /* the product's id beside its sku; the greatest ever said; may be empty */
	struct decimal quantity, price; /* of the latest word; 0: not said */
	int64_t said_at;		/* latest time it was there; INT64_MIN: never */
	int64_t removed_at;		/* INT64_MIN: never */
};

struct basket {
	struct line *lines; /* n_lines, in order of their keys */
	uint32_t n_lines;
	uint32_t lost;	   /* 1: there were more than are kept */
	int64_t listed_at; /* of the latest whole list; INT64_MIN: none */
	struct amount value;
	struct text currency; /* of the value */
};

/* Is L in B, which was emptied or bought at EMPTIED_AT (INT64_MIN: never)? */
bool line_is_in(const struct line *l, const struct basket *b, int64_t emptied_at);
/* Does E name the product of L: by its sku or by its id? */
bool line_is_named(const struct line *l, const struct event *e);
/* Does E name KEY as a product or a sku? */
bool event_names_product(const struct event *e, struct span key);

/* B may be NULL. */
struct basket *basket_free(struct basket *b);
