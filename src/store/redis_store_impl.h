/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store in Redis share. A partition asks one thing at a time, and a fetch
 * behind a commit, so each has one place for the question under way and one for the commit, and a
 * steady load allocates nothing.
 */
#pragma once

#include "base/arena.h"
#include "store/keys.h"
#include "store/redis_store.h"

enum part_busy {
	PART_IDLE,
	PART_FETCH,
	PART_LOAD,
	PART_COMMIT,
	PART_SEEN,
	PART_MARKS,
	PART_HELD,
	PART_HEARD,
	PART_GONE
};

struct part {
	struct redis_store *store;
	uint32_t partition;
	enum part_busy busy;
	union {
		store_fetch_fn *fetch;
		store_load_fn *load;
		store_commit_fn *commit;
		store_seen_fn *seen;
		store_marks_fn *marks;
		store_held_fn *held;
		store_heard_fn *heard;
		store_gone_fn *gone;
	} fn;
	void *user;
	int result;	  /* of the replies so far: 0 or a store_outcome */
	size_t in_flight; /* replies to come */
	size_t stale;	  /* the first of them, to commands of a question that was withdrawn */
	bool orphan;	  /* another has taken its place; it goes with the last reply */
	/* Of the question, and of the one before, whose answer may still be looked at. */
	struct arena arenas[2];
	struct arena *answer;

	/* fetch */
	struct fetch_request request;
	int64_t bound;	   /* customers due up to then were asked for */
	int64_t server_at; /* the server's clock, read before the stream */
	int64_t next_due;
	struct due_entry *dues;
	size_t n_dues;

	size_t n_values;	     /* load */
	const struct commit *commit; /* commit; the caller keeps it until the answer */
	bool at_limit;		     /* commit: Redis takes no more memory */
	int64_t hour, last_hour;     /* seen: the next reply's, the last reply's */
};

/* In the hash of the position: how far a partition was heard; its number follows. */
#define HEARD_FIELD	 "x:"
#define HEARD_FIELD_SIZE 16

/* Its hex digits, and a NUL. */
#define SCRIPT_SHA_SIZE 41

struct redis_store {
	struct store store; /* first */
	struct redis *redis;
	struct part *parts[PARTITIONS_MAX];   /* of fetch, load and seen … */
	struct part *commits[PARTITIONS_MAX]; /* … and of commits, behind which a fetch may stand */
	int64_t server_at;		      /* the latest seen of the server's clock */
	char sha[SCRIPT_SHA_SIZE];	      /* of the commit script, once Redis has told it */
	bool sha_asked;
	size_t in_flight; /* replies to come that refer to this */
	bool freed;	  /* once they have come, it goes */
	char refusal[256];
};

/*
 * The place of partition P for such a question, marked busy with the question BUSY; NULL when out
 * of memory. An owner who lost interest in an answer may begin again before it comes: then that
 * question keeps its place to itself, and P gets a new one.
 */
struct part *part_ask(struct redis_store *s, uint32_t p, enum part_busy busy);
/* The question was not asked after all, though SENT of its commands have left. */
void part_withdraw(struct part *p, size_t sent);

/* Ends a command whose reply FN deals with, as redis_end; FN ends with part_landed. */
int part_send(struct part *p, redis_reply_fn fn);
/* P, and the store, may be gone after that. */
void part_landed(struct part *p);

/* The same for commands that are not a partition's question. */
int store_send(struct redis_store *s, redis_reply_fn fn, void *user);
void store_landed(struct redis_store *s);

/* A reply to a withdrawn question: to be ignored. */
bool part_is_stale(struct part *p);

/* True if REPLY is of TYPE; else what that means is noted in p->result. */
bool part_expect(struct part *p, const struct redis_value *reply, enum redis_type type);
/* Notes why the server refused; STORE_REFUSED. */
int store_refused(struct redis_store *s, struct span words);

/* The operations, see store.h. */
int redis_ask_fetch(struct store *s, uint32_t partition, const struct fetch_request *request,
	store_fetch_fn *fn, void *user);
int redis_ask_load(struct store *s, uint32_t partition, const struct span *customers, size_t n,
	store_load_fn *fn, void *user);
int redis_ask_commit(struct store *s, uint32_t partition, const struct commit *c,
	store_commit_fn *fn, void *user);
int redis_ask_seen(
	struct store *s, uint32_t partition, int64_t hour, store_seen_fn *fn, void *user);
int redis_ask_marks(struct store *s, uint32_t partition, store_marks_fn *fn, void *user);
int redis_ask_held(struct store *s, uint32_t partition, const struct held_request *request,
	store_held_fn *fn, void *user);
int redis_ask_heard(struct store *s, uint32_t partition, store_heard_fn *fn, void *user);
int redis_ask_gone(struct store *s, uint32_t partition, store_gone_fn *fn, void *user);

/*
 * Sends the script that carries out p->commit; BY_NAME if Redis should know it. BESIDE: all but
 * the records, which follow in the same transaction; the last thing that it does is to unlink the
 * old ones and the gate. 0 or as redis_end.
 */
int commit_send_script(struct part *p, bool by_name, bool beside, redis_reply_fn fn);
/* The script in two pieces, between which goes the one that puts a job into its place. */
extern const char commit_head[], commit_script[];
/* Learns the script's name for the next time, once. */
void commit_ask_sha(struct redis_store *s);
#define COMMIT_GATE "gate" /* exists only inside a transaction */

/* `wm:{pN}:NAME` and with a colon behind it, in place; for names of at most 8 bytes. */
#define KEY_SIZE 32
struct span key_text(char out[KEY_SIZE], uint32_t partition, const char *name);
struct span key_prefix(char out[KEY_SIZE], uint32_t partition, const char *name);

/* A whole number as Redis writes scores and fields; false if it is not one. */
bool number_of(struct span text, int64_t *ret_n);
