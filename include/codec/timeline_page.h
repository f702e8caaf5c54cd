/* SPDX-License-Identifier: MIT */
/*
 * One page of a customer's timeline, newest first, put together from a record's tail and as few of
 * its sealed chunks as will do. Pure: it says which chunks it wants, the caller fetches them and
 * hands them in, block by block:
 *
 *	r = timeline_page_new(&query, cursor, &page);
 *	timeline_page_add_record(page, packer, &record);
 *	while (timeline_page_wants(page, &want))
 *		for (i = want.to; i-- > want.from;)
 *			timeline_page_add_chunk(page, packer, i, bytes of chunk i);
 *	timeline_page_finish(page, &entries, &n, next);
 *
 * Of a customer who was several, what the others had sealed stays in lists of their own, and
 * timeline_page_add_part tells of each; those that the record has no room for are an index that is
 * read when a page goes back that far. The page is the same as if all lay in one list; it reads on
 * where the newest is still to be found, so that lists that ended long ago are not read at all.
 *
 * Late events lie in newer chunks than their own time and stand at their own time all the same: a
 * walk back ends only where reach_at of a chunk shows that nothing in it or before it can belong on
 * the page. A cursor is the place of the last entry that was shown, not a number of entries: what
 * arrives during a walk stands where it belongs and shifts nothing. It also remembers a run of
 * chunks that the walk has left behind, so that the hundredth page does not read the chunks of the
 * first.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "codec/record.h"
#include "codec/timeline.h"

#define TIMELINE_PAGE_MAX     200
#define TIMELINE_PAGE_DEFAULT 50
/* Entries whose bytes are more than this together make a shorter page, of one entry at least. */
#define TIMELINE_PAGE_BYTES (1u << 20)

/* What is asked for. An entry must satisfy all of it. */
struct timeline_query {
	int64_t from_at;      /* at this instant or later; INT64_MIN: from the beginning */
	int64_t to_at;	      /* earlier than this; TIME_NEVER: to the end */
	enum channel channel; /* CHANNEL_UNKNOWN: any; decisions have no channel */
	struct span event;    /* canonical name, one of its older spellings, or as sent; empty:
				 any; decisions have no name. Must outlive the page. */
	unsigned kinds;	      /* 1 << ENTRY_EVENT, 1 << ENTRY_DECISION, or both; 0 means both */
	uint32_t limit;	      /* 1..TIMELINE_PAGE_MAX entries */
};

#define TIMELINE_QUERY_ALL                                                                         \
	((struct timeline_query){                                                                  \
		INT64_MIN, TIME_NEVER, CHANNEL_UNKNOWN, {NULL, 0}, 0, TIMELINE_PAGE_DEFAULT})

/* Text of a cursor: letters, digits, `-` and `_`, and a NUL. */
#define TIMELINE_CURSOR_SIZE 256

struct timeline_page;

enum timeline_page_outcome {
	TIMELINE_PAGE_CORRUPT = TIMELINE_CORRUPT, /* a tail or a chunk does not decode */
	TIMELINE_PAGE_BAD_CURSOR = 2,		  /* no cursor that we have given out */
	TIMELINE_PAGE_BAD_LIMIT = 3,
};

/* CURSOR is empty for the first page. 0, -ENOMEM, BAD_CURSOR or BAD_LIMIT. */
int timeline_page_new(
	const struct timeline_query *query, struct span cursor, struct timeline_page **ret_page);
struct timeline_page *timeline_page_free(struct timeline_page *page);
void timeline_page_freep(struct timeline_page **page);

/* The record, once, before all chunks. Nothing of it is kept. 0, -ENOMEM or CORRUPT. */
int timeline_page_add_record(
	struct timeline_page *page, struct packer *packer, const struct record *record);

/*
 * The lists of a PART, which became part of the customer under KEY: its chunks, and the parts that
 * are kept beside its record. After the record; KEY must outlive the page. 0, -ENOMEM, BAD_CURSOR
 * or CORRUPT.
 */
int timeline_page_add_part(
	struct timeline_page *page, const struct customer_part *part, struct span key);
/* The N_MORE parts that are kept beside the customer's own record (KEY empty) or a part's, which
 * reach up to MORE_AT. They are read only for pages that go back so far. */
int timeline_page_add_beside(
	struct timeline_page *page, struct span key, uint64_t n_more, int64_t more_at);

struct timeline_want {
	struct span key;   /* whose list; empty: the customer's own */
	uint32_t from, to; /* chunks FROM to TO - 1, counted from the oldest, which is 0 */
	bool parts;	   /* not chunks but parts that are kept beside the record */
};

/*
 * False: the page is complete. True: these chunks are wanted next, the newest (TO - 1) first. A
 * block of some that is worth one call to the store; never one that was wanted before.
 */
bool timeline_page_wants(struct timeline_page *page, struct timeline_want *ret_want);

/*
 * Chunk INDEX of the list that was wanted last; must be the newest that is wanted. CHUNK is not
 * kept. 0, -ENOMEM or CORRUPT.
 */
int timeline_page_add_chunk(
	struct timeline_page *page, struct packer *packer, uint32_t index, struct span chunk);

/* The same for a part that is kept beside a record. 0, -ENOMEM, CORRUPT, or BAD_CURSOR: it speaks
 * of a list that cannot be told from this one by now (one in four thousand million). */
int timeline_page_add_shed(struct timeline_page *page, uint32_t index, struct span part);

/*
 * The entries, newest first, and the cursor of the page behind; it is an empty text if there is
 * none. Entries live as long as the page. Decisions that lie in a part have its key for a subject,
 * after whom their jobs are named, unless they name one. 0 or -ENOMEM.
 */
int timeline_page_finish(struct timeline_page *page, const struct timeline_entry **ret_entries,
	size_t *ret_n, char ret_next[TIMELINE_CURSOR_SIZE]);
