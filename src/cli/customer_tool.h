/* SPDX-License-Identifier: MIT */
/* `waymark customer`: what is asked about all that is held of one customer, and who it is. */
#pragma once

#include "store/audit.h"
#include "tool.h"

struct customer_ask {
	struct span customer; /* as people type it, or a prefix */
	struct span other;    /* merge: the second key */
	const char *reason;   /* "" if none was given */
	size_t limit;
	const char *by;	     /* who asks; "": whose terminal it is */
	const char *archive; /* export, unmerge: where it lies; "": none */
	bool yes;	     /* erase: without asking again; merge, unmerge: do it */
};

/* Each returns a status for main, with the reason said. */

/*
 * Writes everything that is held of the customer to standard output, as
 * schemas/customer-export.schema.json says, and never holds more of it than a page. Where it fails,
 * what was written is no whole document.
 */
int customer_export(struct tool *t, struct redis *redis, const struct customer_ask *ask);
/* Who has a term that begins with ask->customer (store/find_query.h): up to LIMIT. */
int customer_find(struct tool *t, struct redis *redis, const struct customer_ask *ask);
/* Makes the index of that whole. */
int customer_reindex(struct tool *t, struct redis *redis, const struct customer_ask *ask);

/* These print a receipt (store/receipt.h); of customer_receipt `customer` is its name. */
int customer_erase(struct tool *t, struct redis *redis, const struct customer_ask *ask);
int customer_unsuppress(struct tool *t, struct redis *redis, const struct customer_ask *ask);
int customer_receipt(struct tool *t, struct redis *redis, const struct customer_ask *ask);

/* Opens the audit and says who asks. 0 or -errno; audit_is_open says whether it can be written. */
int customer_audit(struct tool *t, struct redis *redis, struct audit *audit, char who[32]);
/* Notes that WHAT is done with ask->customer, why if that is said. What cannot be noted is not
 * done: then a status, with the reason said; else 0. */
int customer_note(
	struct tool *t, struct redis *redis, const struct customer_ask *ask, const char *what);
