/* SPDX-License-Identifier: MIT */
/*
 * Several partitions, each with its own log, owner and outbox, and messages that take their time,
 * come twice, and are in the air while owners die.
 */
#pragma once

#include "check.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/instant.h"
#include "codec/link.h"
#include "codec/message_json.h"
#include "codec/record.h"
#include "codec/rule_json.h"
#include "store/divide.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/pump.h"

#define PARTS	4
#define MAILS	2048
#define JOBS	4096
#define ENDED	2
#define BASE_AT INT64_C(1700000000000)

/* What is on its way. */
struct mail {
	uint32_t to;
	char *bytes;
	size_t lens[4]; /* head, event, meta, record */
	bool sent;
};

/* What a customer was before another became one with them. */
struct world_snapshot {
	char customer[64], of[64];
	char *bytes;
	size_t len;
};

#define SNAPSHOTS 256
#define LOG_MAX	  4096

struct shore {
	struct store store; /* first */
	struct world *world;
	uint32_t partition;
	struct memory_store *memory;
	struct pump *pump;
	struct position position, next;
	unsigned n_commits;
	struct mail mails[MAILS];
	size_t n_mails, n_removed;
	struct log_entry log[LOG_MAX]; /* with their bytes in the arena */
	struct arena arena;
	size_t n_log;
	struct world_snapshot snapshots[SNAPSHOTS];
	size_t n_snapshots;
	uint64_t seq; /* of log ids */
	int64_t at;
	store_commit_fn *fn;
	void *user;
};

struct world {
	struct rules *rules;
	const struct identity *identity;
	struct event_decoder *decoder;
	struct shore shores[PARTS];
	int64_t clock;
	uint64_t chance;
	unsigned n_messages;
	bool silent; /* nobody says which keys an event names */
	bool prompt; /* all that is said arrives at once, and once; news at an instant of their own
		      */
	struct {
		char id[33];
		char customer[64];  /* whom it names */
		char owner[64];	    /* whose it is */
		unsigned retracted; /* ENDED: by an unmerge */
		int64_t fire_at;
	} jobs[JOBS];
	size_t n_jobs;
	uint64_t counters[COUNTER_COUNT];
};

/* SEED decides when what happens. */
void world_init(struct world *w, uint64_t seed);
/* With RULES instead of one about carts. */
void world_init_with(struct world *w, uint64_t seed, const char *rules);
/* With other limits, say, than IDENTITY_DEFAULT's. */
void world_init_limited(struct world *w, uint64_t seed, const struct identity *identity);
void world_release(struct world *w);
unsigned world_roll(struct world *w, unsigned n);
/* An event as a source with RIGHTS sent it. */
void world_say(struct world *w, unsigned rights, const char *json);
/* What staff say to the partition P. */
void world_tell(struct world *w, uint32_t p, const struct message *m, struct span cargo);
/* Every owner dies, and others begin with what is kept. */
void world_restart(struct world *w);
/* Something happens somewhere. */
void world_stir(struct world *w);
/* TEXT, or as much as there is room for. */
void world_copy(char *out, size_t size, struct span text);
/* The value of KEY. */
struct span world_value(const struct world *w, const char *key);
/* What CUSTOMER was before OF became one with them; NULL: nothing is kept. */
struct world_snapshot *world_snapshot_of(struct shore *s, struct span customer, struct span of);
/* Staff take KEY out of whom it is a link to; what that comes to stands in the log then, unless an
 * outcome of divide_finish says otherwise, or WORLD_MISSED: what waits in the log has news for KEY.
 * *ret_later: of DIVIDE_LATER. */
#define WORLD_MISSED 100
int world_unmerge(struct world *w, const char *key, char *ret_later);
/* Staff say that the customer KEY and WINNER, the stronger, are one. */
void world_claim(struct world *w, const char *winner, const char *key);
/* Only the note of it, at AT and said at SAID_AT, of a world in which they never were one. */
void world_note_apart(
	struct world *w, const char *key, const char *of, int64_t at, int64_t said_at);

/* Partition P is worked through, and what it says delivered. */
void world_work(struct world *w, uint32_t p);
/* It is worked through, and what it says stays in its outbox; and one message of these arrives. */
void world_read(struct shore *s);
void world_deliver(struct shore *s, struct mail *m);
/* Until nobody has anything to say any more. */
void world_settle(struct world *w);
/* And then ten minutes more, and what was counted. */
void world_finish(struct world *w);

/* Where KEY leads in the end, its record in *ret_r; false: nobody. */
bool world_canonical(const struct world *w, const char *key, struct record *ret_r, char *ret_key);
/* KEY leads to WANT, who has seen N events. */
void world_check_customer(const struct world *w, const char *key, const char *want, unsigned n);
/* Jobs that were not taken back. */
size_t world_n_live(const struct world *w);
