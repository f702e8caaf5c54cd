/* SPDX-License-Identifier: MIT */
/*
 * The store: what Waymark keeps and how it is committed, one interface with two implementations.
 * redis_store.h is the real one; memory_store.h serves backtests and tests. A worker and a
 * backtest differ in nothing else: both drive partitions with pump.h.
 *
 * Every call starts an operation and answers later through its callback, never from inside the
 * call. What a callback is handed lives until it returns. One operation of a partition is under
 * way at a time, but for a fetch behind a commit (fetch_ahead).
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "core/effect.h"
#include "core/event.h"

enum store_outcome {
	STORE_UNKNOWN = 1, /* no answer: it may or may not have happened; read the position again */
	STORE_FENCED = 2,  /* another owner has a newer epoch: stop */
	STORE_MOVED = 3,   /* the position is not the expected one: read it again */
	STORE_FOREIGN = 4, /* not our data set, or it was emptied: stop everything */
	STORE_REFUSED = 5, /* an error of the server, in words */
};

struct position {
	uint64_t epoch;	  /* of the owner; grows at every take-over */
	uint64_t seq;	  /* of the last commit */
	struct log_id id; /* last applied entry */
	int64_t clock;	  /* virtual time reached */
	uint64_t rules;	  /* digest of the rules in force; 0: those that the owner brings */
	uint64_t out;	  /* messages that were said to other partitions so far */
};

struct log_entry {
	struct log_id id;
	struct span event; /* raw JSON of one item */
	struct span meta;  /* log_meta */
	/* A watermark instead of an event (then `event` is empty): whose, and until when it has
	 * said all, in ms as a decimal number. Empty: an event. */
	struct span mark_source, mark_until;
	/* A change of rules instead of an event: the digest of the set that is in force from here
	 * on (rules_digest_format). Empty: none. */
	struct span rules;
	/* A message from a partition (codec/message_json.h): its head, and the record that belongs
	 * to it. A forwarded event's bytes are `event` and `meta`. Empty: none. */
	struct span message, record;
};

struct due_entry {
	struct span customer;
	int64_t at;
};

/* What fetch brings: the next entries, and the customers whose time has come or is coming. */
struct fetched {
	const struct log_entry *entries; /* ascending */
	size_t n_entries;
	bool at_end; /* the stream was read to its end */
	/*
	 * If at_end: every entry not yet seen will have an ID-time later than this. The server's
	 * clock minus 1 ms, read in the same breath before the stream (triggers, section 5).
	 */
	int64_t caught_up_to;
	const struct due_entry *dues; /* ascending by at; only those at or before the asked time */
	size_t n_dues;
	bool dues_cut;	   /* there are more at or after the last one's time */
	int64_t due_until; /* what was asked for; filled in by the pump */
	int64_t next_due;  /* the earliest in the set, now or later; TIME_NEVER: it is empty */
};

struct commit_value {
	struct span customer;
	struct span bytes;
};

struct commit_due {
	struct span customer;
	int64_t at; /* TIME_NEVER: remove */
};

/* In the index of the held: look at them when SOURCE's mark reaches AT (effect.h). */
struct commit_hold {
	struct span customer;
	struct span source;
	int64_t at; /* TIME_NEVER: remove */
};

struct commit_mark {
	struct span source;
	int64_t at;
};

/* Goes into the outbox, and from there into TO's log. Its sequence number, the how-manyth message
 * of the partition it is, stands in HEAD. */
struct commit_message {
	uint32_t to;
	struct span head;
	struct span event, meta; /* of a forwarded event */
	struct span record;	 /* or empty */
};

/* The latest message of a partition that was applied here. */
struct commit_heard {
	uint32_t from;
	uint64_t seq;
};

/* KEY leads to CUSTOMER, now and for those who will look for all of them. */
struct commit_id {
	struct span customer, key;
};

/* CUSTOMER's record before the customer OF became part of them; empty: there was none. */
struct commit_snapshot {
	struct span customer, of, bytes;
};

/* What an unmerge puts right: as far as it goes, the place of CUSTOMER is as if the other had not
 * been one with them. */
enum mend_kind {
	MEND_CHUNKS,   /* of the older timeline N chunks stay; before others are appended */
	MEND_SNAPSHOT, /* there is none of before KEY any more */
	MEND_ID,       /* KEY does not lead to them */
	MEND_NOBODY,   /* no record and no link */
	MEND_JOB,      /* the job KEY, which lies here, is theirs, who live in partition N */
};

struct commit_mend {
	enum mend_kind kind;
	struct span customer, key;
	uint64_t n;
};

/* A part of CUSTOMER that has no room in the record (customer_part_encode), behind the BEFORE that
 * are there. Of a store that is asked for pages: the one in memory keeps none. */
struct commit_part {
	struct span customer, bytes;
	uint64_t before;
};

/* CUSTOMER, a key of somebody who is erased: nothing of it stays. BY: the receipt's name. */
struct commit_erased {
	struct span customer, by;
	bool link; /* it led to another key */
};

/* An erased key's name, by which it is known again (codec/gone_name.h). BY empty: it may come back.
 */
#define GONE_NAME_BYTES 32
struct commit_gone {
	unsigned char name[GONE_NAME_BYTES];
	struct span by; /* the receipt's name */
	int64_t at;
};

/* In the index by which staff find customers: a term (codec/find_terms.h), NUL, the key whose it
 * is. */
struct commit_term {
	struct span member;
	bool gone;
};

struct commit_job {
	struct span id;
	struct span customer;
	struct span json;
	struct decision decision; /* what the JSON says, for those who need not parse it */
};

struct commit_retract {
	struct span id;
	struct span reason;
	struct span by; /* the event that disproved it */
	int64_t at;	/* virtual time */
	bool late;	/* count late_cancel_after_send if somebody has taken the job */
};

/* What would have been a job (codec/job_json.h). */
struct commit_trial {
	struct span id, json;
};

struct commit_bad {
	struct log_entry entry;
	struct span code, words;
};

/* How long a message id is remembered, in hours after the one it came in (seen.h). */
#define SEEN_HOURS 24
#define SEEN_BYTES 12 /* 8 of the id's hash, 4 of the content's, little-endian */

struct commit_seen {
	int64_t hour;	   /* hours since 1970 */
	struct span bytes; /* a multiple of SEEN_BYTES */
};

/* All that one batch changes, written at once or not at all. */
struct commit {
	struct position from; /* what must be in force */
	struct position to;   /* the same epoch, seq + 1 */
	const struct commit_value *records;
	size_t n_records;
	const struct commit_value *chunks; /* appended to the customer's older timeline */
	size_t n_chunks;
	const struct commit_due *dues;
	size_t n_dues;
	const struct commit_hold *holds;
	size_t n_holds;
	const struct commit_mark *marks; /* replace what was there */
	size_t n_marks;
	const struct commit_job *jobs;
	size_t n_jobs;
	const struct commit_retract *retracts;
	size_t n_retracts;
	const struct commit_trial *trials;
	size_t n_trials;
	uint64_t trials_kept; /* about so many stay, the latest */
	const struct commit_bad *bad;
	size_t n_bad;
	const struct commit_seen *seen;
	size_t n_seen;
	const struct commit_message *messages; /* TO's `out` counts them */
	size_t n_messages;
	const struct commit_id *ids;
	size_t n_ids;
	const struct commit_snapshot *snapshots;
	size_t n_snapshots;
	const struct commit_part *parts; /* in order */
	size_t n_parts;
	const struct commit_term *terms; /* none twice */
	size_t n_terms;
	const struct commit_mend *mends; /* in order, before all that is written */
	size_t n_mends;
	const struct commit_heard *heard; /* replace what was there */
	size_t n_heard;
	const struct commit_erased *erased; /* before anything else is written */
	size_t n_erased;
	const struct commit_gone *gones;
	size_t n_gones;
	struct span gone_salt;	    /* of the names; empty: none is added */
	const struct log_id *drops; /* entries of the log that go, since they are of erased ones */
	size_t n_drops;
	bool stale; /* … of somebody who was kept out, so that their bytes are to go, too */
	/* Remembered hours [from, before) have left the window and go; at most SEEN_HOURS + 1. */
	int64_t seen_drop_from, seen_drop_before;
	int64_t day; /* days since 1970, of the counters */
	uint64_t counters[COUNTER_COUNT];
};

typedef void store_fetch_fn(void *user, int r, const struct fetched *f);
/* VALUES[i] is the record of the i-th customer asked for, empty if there is none. */
typedef void store_load_fn(void *user, int r, const struct span *values, size_t n);
typedef void store_commit_fn(void *user, int r);
/* One call per remembered hour's bytes, then one with HOUR = INT64_MIN at the end; R other than 0
 * ends it too. */
typedef void store_seen_fn(void *user, int r, int64_t hour, struct span bytes);

/* The marks of all sources, as committed. */
typedef void store_marks_fn(void *user, int r, const struct commit_mark *marks, size_t n);
/* Of every partition that has ever said something to this one, how far it was heard. */
typedef void store_heard_fn(void *user, int r, const struct commit_heard *heard, size_t n);
/* The names of all who were erased, and their salt. */
typedef void store_gone_fn(
	void *user, int r, const struct commit_gone *gones, size_t n, struct span salt);
/* Customers of the index, at most as many as asked for. */
typedef void store_held_fn(void *user, int r, const struct span *customers, size_t n);

struct fetch_request {
	struct log_id after;
	size_t max_entries; /* at_end is false if as many came */
	int64_t due_until;  /* customers due at or before this … */
	size_t max_dues;    /* … but not more than so many */
};

struct held_request {
	struct span source;
	int64_t until;
	size_t max;
	int64_t since; /* INT64_MIN: from the first on */
};

struct store;

struct store_ops {
	/*
	 * A fetch may be asked while a commit is under way. It sees what the commit wrote if it is
	 * answered after it; now and then it is answered before, and may then be older.
	 */
	bool fetch_ahead;
	/* 0, -ENOTCONN (nothing started), or another -errno. */
	int (*fetch)(struct store *s, uint32_t partition, const struct fetch_request *request,
		store_fetch_fn *fn, void *user);
	int (*load)(struct store *s, uint32_t partition, const struct span *customers, size_t n,
		store_load_fn *fn, void *user);
	int (*commit)(struct store *s, uint32_t partition, const struct commit *c,
		store_commit_fn *fn, void *user);
	/* The hours HOUR - SEEN_HOURS to HOUR. */
	int (*seen)(
		struct store *s, uint32_t partition, int64_t hour, store_seen_fn *fn, void *user);
	int (*marks)(struct store *s, uint32_t partition, store_marks_fn *fn, void *user);
	/* Of those held for SOURCE, not before SINCE, whom a mark of UNTIL reaches, MAX at most: in
	 * order of instants, and of their names where these are the same. */
	int (*held)(struct store *s, uint32_t partition, const struct held_request *request,
		store_held_fn *fn, void *user);
	int (*heard)(struct store *s, uint32_t partition, store_heard_fn *fn, void *user);
	int (*gone)(struct store *s, uint32_t partition, store_gone_fn *fn, void *user);
};

/* Implementations put this first. */
struct store {
	const struct store_ops *ops;
};
