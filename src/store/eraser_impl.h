/* SPDX-License-Identifier: MIT */
/*
 * What the files of the eraser share: eraser.c has the way from step to step, eraser_names.c finds
 * out who the customer is, eraser_words.c says it to the owners and waits for them, eraser_sweep.c
 * walks through the streams, eraser_renew.c writes them anew, eraser_match.c knows what is theirs;
 * eraser_alias.c knows what else a name is known by; eraser_scrub.c and eraser_others.c see to what
 * others' entries and records say of them, and eraser_order.c asks the archive to do likewise.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "query_find.h"
#include "store/entry_fields.h"
#include "store/entry_match.h"
#include "store/eraser.h"
#include "store/keys.h"

/* A key that is, or may be, one of the customer's. */
struct erasing_name {
	struct span key;
	struct span to;	 /* a link to this key; empty: none */
	bool customer;	 /* a record stands there */
	bool looked;	 /* this is known */
	bool sure;	 /* it was said to be theirs; others must lead to one that is */
	bool in;	 /* it is theirs */
	bool walked;	 /* and it is known whether it leads to one that is */
	bool suppressed; /* the owners were told its name */
	bool told;	 /* … and to empty it */
};

enum removed {
	REMOVED_RECORDS,
	REMOVED_LINKS,
	REMOVED_CHUNKS,
	REMOVED_LOG,
	REMOVED_MESSAGES,
	REMOVED_QUARANTINE,
	REMOVED_JOBS,
	REMOVED_JOB_ENTRIES,
	REMOVED_TRIAL_ENTRIES, /* of what rules on trial would have sent */
	REMOVED_COUNT
};
extern const char *const removed_words[REMOVED_COUNT];

/* What of others was written anew; chunks are sealed ones and records of before a merge. */
enum scrubbed {
	SCRUBBED_ENTRIES,
	SCRUBBED_CUSTOMERS,
	SCRUBBED_CHUNKS,
	SCRUBBED_JOBS, /* what was said of them */
	SCRUBBED_COUNT
};
extern const char *const scrubbed_words[SCRUBBED_COUNT];

enum stream {
	STREAM_IN,
	STREAM_OUT,
	STREAM_BAD,
	STREAM_JOBS,
	STREAM_SHADOW,
	STREAM_AUDIT,
	STREAM_COUNT
};

struct eraser;
typedef int step_fn(struct eraser *e, const struct redis_value *reply);

struct eraser_match {
	struct map names; /* key -> the eraser */
	struct map jobs;  /* id -> the eraser */
	struct map apart; /* from whom they were taken: jobs of theirs may bear that name */
	struct arena arena;
	struct entry_match entries;
};

struct eraser {
	struct eraser_options options;
	struct arena arena;
	struct span id, by;
	char receipt[RECEIPT_LEN + 1];
	char salt[65];
	struct query_find find;
	struct erasing_name *names;
	size_t n_names, cap_names, at; /* AT: the one being looked at */
	struct map known;
	struct timer timer;
	step_fn *next;	  /* when all replies are there */
	step_fn *timed;	  /* when the timer ends */
	size_t pending;	  /* replies to come */
	size_t in_flight; /* these, and calls of ours that are not over */
	bool done, freed;
	int result;
	const char *part_unit; /* of the part at hand … */
	uint64_t part_done, part_total;
	char words[256];

	/* fence */
	struct log_id *targets;		/* one for each partition */
	bool outbox;			/* they are of the outboxes */
	step_fn *behind;		/* what comes after */
	uint32_t part;			/* whose reply comes next, or whose stream is swept */
	uint32_t slow;			/* a partition that is not there yet; UINT32_MAX: none */
	uint64_t moved_sum, moved_last; /* of the positions, to see progress */
	int64_t moved_at;
	unsigned quiet;	 /* rounds in which nothing came to light */
	unsigned rounds; /* in which others were told */

	/* names that are said to all owners, a slice at a time */
	struct buf list;
	size_t list_at;	 /* what stands before it was said */
	step_fn *listed; /* what comes when all have heard all of it */

	/* sweep */
	struct eraser_match match;
	unsigned stream, tries;
	char cursor[LOG_ID_SIZE + 1];
	struct log_id position;
	uint64_t removed[REMOVED_COUNT], found;

	/* others */
	struct arena page_arena;
	struct span *page; /* keys */
	size_t n_page, page_at;
	uint64_t page_from; /* chunks of the key that were read */
	uint64_t others;    /* who were told in this round */
	uint64_t scrubbed[SCRUBBED_COUNT];

	bool archived; /* there is an archive that may name them */

	/* files */
	bool rewriting, saves, saving;

	bool scanned, sealed;			  /* others */
	bool partitions[PARTITIONS_MAX];	  /* in which something was removed */
	unsigned char staged[PARTITIONS_MAX + 1]; /* a bit for each stream that is to be changed */
};

/* ---- eraser.c ---- */

/* What the last step returns. */
enum { ERASER_OVER = 100 };

/* One command; its reply goes to FN, which returns 0, an outcome or -errno. */
int eraser_ask(struct eraser *e, step_fn *fn, const struct span *args, size_t n);
/* The same when the command was begun and written. */
int eraser_asked(struct eraser *e, step_fn *fn);
/* And FN is handed errors too. */
int eraser_asked_any(struct eraser *e, step_fn *fn);
/* FN is called without a reply when all commands under way are answered; at once if none is. */
int eraser_then(struct eraser *e, step_fn *fn);
/* After MS. */
int eraser_later(struct eraser *e, int64_t ms, step_fn *fn);
/* ERASER_STUCK, with words. */
int eraser_stuck(struct eraser *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A part begins that takes its time, of TOTAL things (0: nobody knows); and N of them are done. */
void eraser_begin_part(struct eraser *e, const char *unit, uint64_t total);
void eraser_advance(struct eraser *e, uint64_t n);
/* A reply that nobody looks at. */
int eraser_ignore(struct eraser *e, const struct redis_value *reply);
uint32_t eraser_partition(const struct eraser *e, struct span key);

/* ---- the steps ---- */

int eraser_open(struct eraser *e, const struct redis_value *reply);
int eraser_gather(struct eraser *e, const struct redis_value *reply);
int eraser_say_names(struct eraser *e, const struct redis_value *reply);
int eraser_collect(struct eraser *e, const struct redis_value *reply);
int eraser_sweep(struct eraser *e, const struct redis_value *reply);
int eraser_others(struct eraser *e, const struct redis_value *reply);
int eraser_renew(struct eraser *e, const struct redis_value *reply);
int eraser_order(struct eraser *e, const struct redis_value *reply);
int eraser_close(struct eraser *e, const struct redis_value *reply);
int eraser_rewrite(struct eraser *e, const struct redis_value *reply);

int eraser_list_gone(struct eraser *e, const struct redis_value *reply);
/* Says that the names of the list may come back. */
int eraser_say_lift(struct eraser *e);
int eraser_lifted(struct eraser *e, const struct redis_value *reply);

/* Waits until all that is in the logs now is applied and what that says is in the logs; then
 * BEHIND. */
int eraser_fence(struct eraser *e, step_fn *behind);
/* Says M to the owner of PARTITION. */
int eraser_say(struct eraser *e, uint32_t partition, const struct message *m, struct span cargo);
/* The stream that is at hand, and what of it is to be changed. */
void eraser_stream_key(const struct eraser *e, char out[64]);
void eraser_stage_key(const struct eraser *e, char out[64]);
/* What of the entry ID is about them is to be taken out when its stream is written anew. */
int eraser_scrub_entry(
	struct eraser *e, struct span id, const struct archive_field *fields, size_t n);
/* And of what was said of the job ID, which is another's, at once. */
int eraser_scrub_job(struct eraser *e, struct span id);
/* KEY may be theirs; SURE: it is. 0 or -ENOMEM. */
int eraser_add_name(struct eraser *e, struct span key, bool sure);

/* ---- eraser_alias.c ---- */

/* What is said of a key: itself, and the digests by which others may know it. */
typedef int eraser_alias_fn(void *user, struct span key);
/* FN for each of them; 0 or what FN returned first that is not 0. */
int eraser_each_alias(const struct eraser *e, struct span key, eraser_alias_fn *fn, void *user);
/* FN that appends the names (GONE_NAME_SIZE bytes each) to USER, a struct eraser_list. */
struct eraser_list {
	struct span salt;
	struct buf *out;
};
int eraser_list_name(void *user, struct span key);

/* ---- eraser_match.c ---- */

int eraser_match_init(struct eraser_match *m, const struct identity *identity);
void eraser_match_release(struct eraser_match *m);
int eraser_match_add(struct eraser_match *m, struct span key);
/* They were taken apart from KEY. 0 or -ENOMEM. */
int eraser_match_apart(struct eraser_match *m, struct span key);
/* The job ID is theirs. 0 or -ENOMEM. */
int eraser_match_add_job(struct eraser_match *m, struct span id);
bool eraser_match_is(const struct eraser_match *m, struct span key);
/* An entry of `jobs` or `shadow`: *ret_job is the id, empty if it is not theirs; *ret_ask: the job
 * itself has to say whose it is. 0 or -ENOMEM. */
int eraser_match_job(struct eraser_match *m, const struct archive_field *fields, size_t n,
	struct span *ret_job, bool *ret_ask);
