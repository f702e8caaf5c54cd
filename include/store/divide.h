/* SPDX-License-Identifier: MIT */
/*
 * What a customer would be had another never become part of them, and what that other would be: the
 * events since then are folded again, each with the side that it came by, by the rules that were in
 * force and with the very engine of the worker, over a store in memory. Of the past nothing is sent
 * again: a job that a side would have made and nobody did is not made now.
 *
 * It reads the log of the customer's partition from its beginning to the position that the
 * customer's record is of. What came by the key bears a path that names it, in order, as it was
 * applied; so neither side misses or repeats anything, whatever is still on its way.
 *
 * As a check on itself it first folds everything together, as it was: unless that gives, byte for
 * byte, what stands there, it says so and divides nothing. So a log that lacks what is needed
 * cannot lead to a wrong state.
 *
 *	divide_new(&ask, &d);
 *	divide_feed(d, entry);          each entry of the log, in order
 *	r = divide_finish(d, &divided);
 *
 * News of what a side may have followed are heard again by each, in the order of its log. Of those
 * that come in before the word is said see divide_missed.
 *
 * Cost: each event of the log is decoded once (1,000,100 entries: 2 s of CPU in waymark customer
 * unmerge, and 64 MB, most of it ids of a day's messages, by which duplicates are known); those of
 * the customer since are kept, and applied up to six times, and once more for each word of staff
 * before the first that was done.
 */
#pragma once

#include "codec/division.h"
#include "store/apply.h"

struct divide;

enum divide_outcome {
	DIVIDE_TRIMMED = 1,   /* that they became one is not in the log any more */
	DIVIDE_DIFFERENT = 2, /* folding the log does not lead to what the customer is */
	DIVIDE_LATER = 3,     /* divided->later came to the customer by the key: undo that first */
};

/* All borrowed, until divide_free. */
struct divide_ask {
	const struct rules *rules; /* that the log began with … */
	const struct event_decoder *decoder;
	applier_rules_fn *find_rules; /* … and changes to; NULL: it does not change them */
	void *rules_user;
	const struct identity *identity;
	uint32_t partitions;
	struct span customer; /* key */
	struct span record;   /* as it is; never empty */
	struct span snapshot; /* as it was before; empty: there was none */
	struct span key;      /* that became a link to them */
	struct span frozen;   /* its record then; empty: it was nobody */
	int64_t linked_at;    /* when they became one; INT64_MIN: it is not known */
	int64_t clock;	      /* of the customer's partition, when the record was read */
	/* Who was erased, as that partition knows it, in order of instants: from then on nobody
	 * came by these names, and what others said of them did not count. */
	const struct commit_gone *gones;
	size_t n_gones;
	struct span gone_salt;
};

/* A job made since then, of either side. */
struct divided_job {
	struct span id, rule, job_key;
	struct span side; /* whose it is: the customer's key, the other's, or empty: nobody's */
	int64_t fire_at;
	bool made; /* false: it would have been, and is not */
};

/* Lives as long as the divide. */
struct divided {
	struct division stays, goes;
	struct span later; /* a key, of DIVIDE_LATER */
	size_t n_through;  /* events that came by the key */
	const struct divided_job *jobs;
	size_t n_jobs;
	struct log_id since; /* where in the log they became one */
};

/* 0 or -ENOMEM. */
int divide_new(const struct divide_ask *ask, struct divide **ret_divide);
struct divide *divide_free(struct divide *d);
void divide_freep(struct divide **d);

/* Takes the next entry; copies what it needs. 0 or -ENOMEM.
 * Where the other brought a record along, events from more than SEEN_HOURS and an hour before they
 * became one are not even decoded: what is folded begins where that record came. */
int divide_feed(struct divide *d, const struct log_entry *e);

/*
 * News of things (core/news.h) since then: divide_feed keeps those that may concern a side, so that
 * the folds hear them. The other would have heard them in the log of the key's own partition; if
 * any were, that log's entries from *ret_since on are to be shown to divide_feed_news, in order.
 * 0 or -ENOMEM.
 */
bool divide_wants_news(const struct divide *d, int64_t *ret_since);
int divide_feed_news(struct divide *d, const struct log_entry *e);
/* The keys of the products whose news are wanted, which grow as it is fed; their number. */
size_t divide_things(const struct divide *d, const struct span **ret_keys);

/* When all was fed. 0, -ENOMEM, -ENOENT (the log names rules that find_rules has not), another
 * -errno, or an outcome. */
int divide_finish(struct divide *d, struct divided *ret_divided);

/*
 * The fold holds for the word that is said right behind it. E is an entry of the customer's log
 * behind the last that was fed, and before that word: *ret_missed if it is news that who leaves
 * would follow, alone perhaps, so that the customer does not change by it. Then neither the fold
 * nor whoever stands in for them from the word on (apply_passed.c) has it, and all is to be made
 * again when E was applied. 0 or -ENOMEM.
 */
int divide_missed(struct divide *d, const struct divided *divided, const struct log_entry *e,
	bool *ret_missed);

/* The two as the record of an UNMERGE, appended. buf_failed(OUT). */
int divided_encode(const struct divided *d, struct buf *out);
