/* SPDX-License-Identifier: MIT */
/*
 * Questions about one customer, asked of Redis by those who only read: the console and the tools.
 * A worker may be writing the same customer; every answer is one state that was committed, since a
 * record is one value and sealed chunks never change.
 *
 * A customer may be asked for by any identifier, as people type it: a user id, an anonymous id, an
 * address, a telephone number, a card, an order's number, or a key. All that it may be is looked
 * for at once, the strongest kind first, links are followed, and the record comes back, in one
 * round trip: a script that only reads. It follows QUERY_LINKS_MAX links; a longer chain costs
 * another round trip for each so many more. The keys that it reads lie in any partition, which a
 * Redis that stands alone allows; nodes of a Redis Cluster would refuse it, and there each
 * candidate and each link is a question of its own to its node.
 *
 * An order's number that came as no identifier, but in an event about the order, is looked for as
 * well where `orders` is set: among the orders that customers' states hold, in the same round trip.
 * If two customers have an order of that number (of two systems, say) that is QUERY_SEVERAL, never
 * one of them; an identifier that is the number comes before. While customers become one, the
 * orders of who is on the way are nobody's for as long as the message takes.
 *
 * A question costs bounded memory: the record, one block of chunks at a time, and the page
 * (codec/timeline_page.h).
 *
 *	query_source_new(redis, &source);
 *	query_source_set_partitions(source, program.dataset.partitions);
 *	r = query_timeline(source, &ask, &timeline_query, cursor);
 *	if (r == 0)
 *		r = query_wait(source, loop);          a tool; a role goes on with its loop
 */
#pragma once

#include "codec/record.h"
#include "codec/timeline_page.h"
#include "core/identity.h"
#include "io/loop.h"
#include "io/redis.h"

struct query_source;

enum query_outcome {
	QUERY_NO_CUSTOMER = 1, /* nothing is known of them */
	QUERY_BAD_CURSOR = 2,  /* no cursor that was given out, or one of a longer timeline */
	QUERY_BAD_LIMIT = 3,   /* not 1..TIMELINE_PAGE_MAX */
	QUERY_AWAY = 4,	       /* no connection, or no answer in time */
	QUERY_REFUSED = 5,     /* an error of the server: query_source_refusal */
	QUERY_CORRUPT = 6,     /* what is stored does not decode, or the chunks are not all there */
	QUERY_UNWANTED = 7,    /* `wanted` said so */
	QUERY_SEVERAL = 8,     /* several customers have an order of that number */
};

/* Borrows REDIS. 0 or -ENOMEM. */
int query_source_new(struct redis *redis, struct query_source **ret_source);
/* No new questions. Those under way are still answered, at the latest when REDIS is freed. */
struct query_source *query_source_free(struct query_source *s);
void query_source_freep(struct query_source **s);

/* Of the data set; until it is known every question is answered with QUERY_AWAY. */
void query_source_set_partitions(struct query_source *s, uint32_t n);
/* By what keys are made of identifiers; IDENTITY_DEFAULT until it is said. Borrowed. */
void query_source_set_identity(struct query_source *s, const struct identity *identity);
/* Questions that are not answered yet. */
size_t query_source_pending(const struct query_source *s);
/* Sealed chunks read so far, for metrics. */
uint64_t query_source_chunks(const struct query_source *s);
/* What the server said at the last QUERY_REFUSED; "" if it never did. */
const char *query_source_refusal(const struct query_source *s);

#define QUERY_LINKS_MAX	     8	 /* followed in one round trip */
#define QUERY_LINKS_MAX_EVER 512 /* more in a row are none of ours */

/* Lives until the function that is handed it returns. */
struct query_answer {
	struct span customer; /* the key that the customer is kept under */
	struct span matched;  /* the key that the id was one for: the same, or it leads there; of
				 an order found by its number, the key of the number */
	int64_t now;	      /* the clock of the log */
	uint64_t rules; /* digest of the set in force where the customer lies; 0: none is named */
	/* Of query_customer and query_both, else NULL: */
	const struct record *record;
	/* Of query_timeline and query_both: the page, newest first, and the cursor of the next
	   one, perhaps "". */
	const struct timeline_entry *entries;
	size_t n_entries;
	const char *next;
};

/* R: 0 with an answer, or an outcome above or -ENOMEM, with NULL. */
typedef void query_fn(void *user, int r, const struct query_answer *answer);

struct query_ask {
	struct span id; /* as people give it; copied */
	query_fn *fn;	/* called once, never from within the question; may free the source */
	void *user;
	bool (*wanted)(void *user); /* false: nobody waits any more; may be NULL */
	bool orders;		    /* the id may be the number of any order */
};

/*
 * All return 0 when the question is on its way. Anything else, an outcome above or -ENOMEM, is
 * the answer, and fn is not called. A wrong limit or cursor is told apart without Redis.
 */
int query_customer(struct query_source *s, const struct query_ask *ask);
/* QUERY is copied, its text too. CURSOR is empty for the first page. */
int query_timeline(struct query_source *s, const struct query_ask *ask,
	const struct timeline_query *query, struct span cursor);
/* The page and the record that it is made of, at one instant. */
int query_both(struct query_source *s, const struct query_ask *ask,
	const struct timeline_query *query, struct span cursor);

/* For tools, never from within a callback: turns the loop until nothing is under way. 0 or what
 * the loop failed with. */
int query_wait(struct query_source *s, struct loop *loop);
