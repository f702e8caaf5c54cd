/* SPDX-License-Identifier: MIT */
/*
 * Who is it whose e-mail address, name, order number, telephone or card begins like this? For
 * staff, who are told little of many: a page has at most FIND_LIMIT_MAX hits, in the order of the
 * terms (codec/find_terms.h), and each search is noted (store/audit.h) or is not made.
 *
 * Every partition's index is asked in one round trip, and those found, along links, in a second.
 * That brings at most LIMIT + 1 members of each of at most six prefixes from each partition, of
 * which the first LIMIT + 1 over all are kept, and LIMIT records, one at a time.
 *
 * A customer is shown once, under the key that is theirs now, at the first of their terms that
 * matches; with it stands every match that lies on the page. In a data set whose index is not
 * whole (made by an older version; `waymark customer reindex` completes it) a customer may be
 * shown again on a later page, and some are not found; the answer says so.
 */
#pragma once

#include "store/audit.h"
#include "store/query.h"

#define FIND_LIMIT_MAX 20

enum find_outcome {
	FIND_BAD_PREFIX = QUERY_SEVERAL + 1, /* too short, too long, or no text */
	FIND_NOT_NOTED,			     /* the audit does not take it */
};

struct find_match {
	struct span kind; /* find_kind_name */
	struct span text; /* folded */
};

struct found {
	struct span customer; /* key */
	struct span name, email, phone;
	uint64_t n_orders;
	int64_t last_at;
	struct find_match matches[FIND_LIMIT_MAX];
	size_t n_matches;
};

/* Lives until the function that is handed it returns. */
struct find_answer {
	const struct found *list;
	size_t n;
	struct span next; /* for `after`; empty: there are no more. It has personal text in it. */
	bool whole;	  /* the index is */
};

/* R: 0, or an outcome above or of query.h or -ENOMEM, with NULL. */
typedef void find_fn(void *user, int r, const struct find_answer *answer);

struct find_ask {
	struct span prefix; /* as typed; copied, as are the next two */
	struct span after;  /* of the page before; empty: the first */
	struct span reason; /* why things are to be shown whole; empty: they will be masked */
	size_t limit;	    /* 1..FIND_LIMIT_MAX */
	const char *who;    /* for the audit; needed during the call only */
	const struct audit *audit;
	find_fn *fn; /* called once, never from within the question; may free the source */
	void *user;
	bool (*wanted)(void *user); /* may be NULL */
};

/* 0 when the question is on its way. Anything else is the answer, and fn is not called. */
int find_query(struct query_source *s, const struct find_ask *ask);
