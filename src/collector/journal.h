/* SPDX-License-Identifier: MIT */
/*
 * The way into the log. The events of one request go out as one XADD each, all requests of a loop
 * turn in one write, and the request is done when Redis has answered every one of them with an ID;
 * `appendfsync always` makes that mean "on the disk".
 *
 * Nothing waits here for a Redis that is away, and what waits for one that is slow is bounded: a
 * sender who is told 503 has the event still, a collector that hoards has it no more.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/identifiers.h"
#include "io/http_server.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/keys.h"

struct stream_name;

struct journal_stats {
	uint64_t kept;	  /* entries that were acknowledged */
	uint64_t errors;  /* entries that Redis refused */
	uint64_t unknown; /* entries whose answer never came */
};

struct answer_style;

/*
 * Pairs of keys that events have named together: the log of the second was told of the first
 * (core/link_rules.h), and need not be told again. And all that an event says of whom it names, as
 * it stands there: most say the same as one before, and need not be understood. A table of hashes,
 * in sets as large as a line of the processor's cache, the last asked for first in its set. What
 * has no room in its set is forgotten and told of twice then, which does no harm. A megabyte.
 */
#define JOURNAL_PAIR_SETS 16384
#define JOURNAL_PAIRS_SET 16
struct journal_pairs {
	_Alignas(64) uint32_t hashes[JOURNAL_PAIR_SETS][JOURNAL_PAIRS_SET];
	uint64_t seed[2];
};

/* That a source has told all up to an instant. */
struct journal_mark {
	int64_t until; /* 0: nothing is said */
	int64_t recv_at;
	enum channel channel;
	char source[SOURCE_MAX + 1];
};

struct journal {
	struct loop *loop;
	const struct log *log;
	struct redis *redis;
	struct stream_name *streams; /* by partition; NULL until the data set is known */
	struct stream_name *bad;     /* likewise: the quarantine */
	uint32_t n_streams;
	size_t max_waiting;
	size_t waiting; /* bytes of requests that are not answered yet */
	struct journal_stats stats;
	struct journal_pairs *pairs;
	struct submission *spare;
	int64_t refused_at; /* clock that never jumps; when Redis last refused to write */
	int64_t logged_at;  /* when that was last logged */
	char refusal[128];  /* what it said */
};

/* What a request has put into the log, until all of it is acknowledged. */
struct submission {
	struct journal *journal;
	struct submission *next; /* among the spare ones */
	struct http_request *request;
	void *user; /* the caller's, as are style, status and mark */
	const struct answer_style *style;
	int status;
	struct journal_mark mark;
	size_t bytes;
	size_t n_unanswered;
	size_t n_accepted, n_refused;
	struct buf errors; /* of the refused, for the answer; kept memory is small */
	bool failed;
	bool complete; /* nothing more will be added */
	/* Called once, when all is answered; KEPT: all is in the log. */
	void (*done)(struct submission *s, bool kept);
};

/* 0 or -errno. */
int journal_init(struct journal *j, struct loop *loop, const struct log *log, size_t max_waiting);
/* After the connection is gone, which ends all submissions. */
void journal_release(struct journal *j);

/* Learns the streams of a data set of N partitions. 0 or -ENOMEM. */
int journal_set_partitions(struct journal *j, uint32_t n);

enum {
	JOURNAL_AWAY = 1,    /* Redis is not connected */
	JOURNAL_FULL = 2,    /* too much is waiting already */
	JOURNAL_REFUSES = 3, /* Redis answers, but refused to write a moment ago (journal_why) */
};

/* Whether new events can be expected to be kept. 0, JOURNAL_AWAY or JOURNAL_REFUSES. */
int journal_state(const struct journal *j);
/* The reason of such an outcome, for an operator. */
const char *journal_why(const struct journal *j, int outcome);

/*
 * Begins a submission for REQUEST of about BYTES on the way to Redis. 0, -ENOMEM, JOURNAL_AWAY or
 * JOURNAL_FULL.
 */
int journal_begin(struct journal *j, struct http_request *request, size_t bytes,
	struct submission **ret_submission);

/* An entry of the log (store/keys.h). */
struct journal_entry {
	struct span event, meta;
	struct span original; /* the bytes that came, where the event was made of them; or empty */
	/* Its customer may claim these keys: their logs are told so in one write with it, so that
	 * their order is that in which events came, whoever works through which log first. */
	struct span customer;
	const struct span *names;
	size_t n_names;
};
#define JOURNAL_NAMES_MAX (IDENTITY_KINDS_MAX + IDENTIFIER_MORE_MAX)
/* One entry. A failure shows in `done`. */
void journal_add(struct submission *s, uint32_t partition, const struct journal_entry *entry);

/* An entry of the quarantine, of what never was in the log (store/keys.h). */
struct journal_castoff {
	struct span bytes, meta, reason, words;
	struct span hook, request, kept; /* may be empty */
};
void journal_add_castoff(
	struct submission *s, uint32_t partition, const struct journal_castoff *castoff);

/* A watermark, in every partition. */
void journal_add_mark(struct submission *s, const struct journal_mark *mark);
/* That was all. DONE may be called from within, if nothing is waited for. */
void journal_end(struct submission *s, void (*done)(struct submission *s, bool kept));
