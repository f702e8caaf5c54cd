/* SPDX-License-Identifier: MIT */
/*
 * The desk at which jobs are handed over to those who send: lease, ack, fail, extend, and what
 * became of it. A consumer leases jobs for a while, sends each, and says so; whoever is not heard
 * of until the lease ends is taken for dead, and the job goes to another. So a job is given out at
 * least once, and the only time it is given out twice is when a consumer died, or was thought dead,
 * between sending and saying so: the job's id is the idempotency key for that.
 *
 * Nothing is leased on what was true when the job was emitted: the customer's record is read, a
 * judge is asked (job_gates.h has the one of the rules), and the lease is only given if the record
 * is still the one that was judged.
 *
 *   state        leaves it by
 *   ready        lease -> leased; a gate or staff -> cancelled, or it is put off; its end ->
 *                expired; taken back by the worker -> retracted
 *   leased       ack -> done; fail -> ready, or failed after so many tries; the end of the lease
 *                -> ready; taken back, or cancelled by staff -> retracting
 *   retracting   ack -> done, counted as late; fail or the end of the lease -> retracted
 *   done, failed, cancelled, expired, retracted: for good. An ack by the last who leased it still
 *                counts (but after failed): what was sent was sent.
 *
 * Each question is answered by one call of its function, never from within.
 */
#pragma once

#include "base/buf.h"
#include "codec/job_event.h"
#include "codec/job_view.h"
#include "codec/record.h"
#include "io/redis.h"

#define JOB_CONSUMER_MAX  64  /* bytes of a consumer's name */
#define JOB_LEASE_MAX	  100 /* jobs at once */
#define JOB_CHANNELS_MAX  8   /* that a consumer asks for */
#define JOB_CHANNEL_BYTES 31  /* of the name of one; more are cut */
#define JOB_TOKEN_SIZE	  48  /* of a lease's token, with its NUL */
#define JOB_LEASE_MIN_MS  MS_SECOND
#define JOB_LEASE_MAX_MS  MS_HOUR
#define JOB_RETRY_MAX_MS  MS_DAY
#define JOB_TRIES_DEFAULT 10 /* leases before a job is given up */

enum job_desk_outcome {
	JOB_DESK_AWAY = 1,	/* no answer: it may or may not have happened; say it again */
	JOB_DESK_REFUSED = 2,	/* an error of the server, in words */
	JOB_DESK_CORRUPT = 3,	/* what stands there is none of ours */
	JOB_DESK_NONE = 4,	/* no such job */
	JOB_DESK_LOST = 5,	/* the token is not, or no longer, the one of its lease */
	JOB_DESK_RETRACTED = 6, /* the worker took it back; an ack was recorded all the same */
	JOB_DESK_UNSENT = 7,	/* an outcome of what nobody ever leased */
	JOB_DESK_RULES = 8,	/* there are no rules to judge by */
	JOB_DESK_OVER = 9,	/* it was sent, or is out of question already */
};

/* ---- the judge --------------------------------------------------------------------------- */

/* What a judge may look at; lives for the call. */
struct job_look {
	const struct job_view *job;
	struct span channel;	     /* now: it may have been rerouted */
	const struct record *record; /* NULL: nothing is known of the customer */
	uint64_t rules; /* digest of the set in force in the job's partition; 0: none is named */
	uint64_t tries; /* leases so far */
	bool incident;	/* the shop has one right now */
	int64_t now;
};

enum job_answer {
	JOB_ALLOW,
	JOB_DEFER,   /* ask again at `until` */
	JOB_REROUTE, /* it goes by `channel` */
	JOB_CANCEL,
	JOB_EXPIRE,
	JOB_GIVE_UP, /* tried too often */
};

#define JOB_WORDS_SIZE 160

struct job_verdict {
	enum job_answer answer;
	int64_t until;
	struct span channel;	     /* JOB_REROUTE; as long as the judge's own memory */
	struct span gate;	     /* that decided; of static memory */
	char reason[JOB_REASON_MAX]; /* NUL-terminated */
	char words[JOB_WORDS_SIZE];  /* the same as a sentence; or empty */
	bool silent; /* a matter of ours, of which the customer's log hears nothing */
};

typedef void job_judge_fn(void *user, const struct job_look *look, struct job_verdict *ret_verdict);

/*
 * A judge that goes by rules goes by those in force where the job lies, which may have to be
 * brought. 0: those of DIGEST are at hand; JOB_RULES_COMING: FN is called once and later, and then
 * it is time to ask again; -ENOENT: there are none; another -errno: now is no time to ask.
 */
#define JOB_RULES_COMING 1
typedef void job_rules_ready_fn(void *arg);
typedef int job_rules_fn(void *user, uint64_t digest, job_rules_ready_fn *fn, void *arg);

/* ---- the desk ---------------------------------------------------------------------------- */

/* Upper bounds in seconds of the time from when a job fired to its first lease. */
#define JOB_WAIT_BUCKETS(X) X(1) X(5) X(30) X(60) X(300) X(1800) X(3600) X(21600) X(86400)

#define JOB_WAIT_BUCKET_COUNT 9

/* Set up by its owner; must outlive what is asked at it. */
struct job_desk {
	struct redis *redis;
	uint32_t partitions;
	uint32_t max_tries;
	const struct identity *identity; /* how customers are named */
	job_judge_fn *judge;		 /* NULL: everybody may have everything */
	void *judge_user;
	job_rules_fn *have_rules; /* NULL: the judge has all it needs */
	void *rules_user;
	int64_t now; /* 0: the server's clock; another instant is for tests and simulations */
	/* Random, another one for each process: what tokens are made of. */
	uint64_t secret[2];
	uint64_t n_tokens;

	/* For metrics. */
	size_t pending;	   /* questions under way */
	uint64_t leased;   /* leases given */
	uint64_t raced;	   /* judged in vain: somebody else was faster */
	uint64_t rejudged; /* the record had changed meanwhile */
	uint64_t denied;   /* a gate said no */
	uint64_t wait_sum_ms, wait_n, waits[JOB_WAIT_BUCKET_COUNT];
};

#define JOB_DESK_INIT                                                                              \
	((struct job_desk){.max_tries = JOB_TRIES_DEFAULT, .identity = &IDENTITY_DEFAULT})

/* ---- leasing ----------------------------------------------------------------------------- */

struct job_leased {
	struct span id, token, json, channel;
	int64_t until; /* end of the lease */
	uint64_t tries;
};

/* R: 0 with N jobs, the most urgent first, which live until the function returns; or an outcome
 * with WORDS. MORE: ask again, there may be some left. */
struct job_lease_answer {
	const struct job_leased *jobs;
	size_t n;
	bool more;
	const char *words;
};
typedef void job_lease_fn(void *user, int r, const struct job_lease_answer *answer);

/* Spans are copied. */
struct job_lease_ask {
	size_t max; /* 1..JOB_LEASE_MAX */
	int64_t lease_ms;
	struct span consumer;	     /* 1..JOB_CONSUMER_MAX bytes */
	const struct span *channels; /* none: all */
	size_t n_channels;
	job_lease_fn *fn;
	void *user;
};

/* 0, -ENOTCONN, -ENOBUFS or -ENOMEM: then nothing was asked. */
int job_lease(struct job_desk *desk, const struct job_lease_ask *ask);

/* ---- one job ----------------------------------------------------------------------------- */

/* A job and what has become of it. Spans live until the function that is handed it returns. */
struct job_found {
	uint32_t partition;
	struct job_view view;
	struct span json;
	struct span state;
	struct span channel, consumer, reason; /* or empty */
	struct span rules;		 /* name of the set in force in its partition; or empty */
	bool incident;			 /* one lasts, says its partition */
	int64_t lease_until, not_before; /* INT64_MIN: not now */
	int64_t leased_at, done_at;	 /* INT64_MIN: never */
	uint64_t tries;
	bool late;			    /* it was sent though it had been taken back */
	int64_t outcome_at[JOB_FATE_COUNT]; /* INT64_MIN: not said */
};

/* R: 0 with FOUND, or an outcome with WORDS. */
typedef void job_find_fn(void *user, int r, const struct job_found *found, const char *words);

/* Wherever it lies. 0 or as above. */
int job_find(struct job_desk *desk, struct span id, job_find_fn *fn, void *user);

struct job_report {
	struct span state; /* of the job; of an outcome its word */
	int64_t at; /* leased: the end; ready: not before; an outcome: when; else INT64_MIN */
	bool again; /* an outcome that was said before */
	const char *words;
};
/* R: 0 or an outcome; of LOST, UNSENT and OVER the report has the state. */
typedef void job_report_fn(void *user, int r, const struct job_report *report);

/* Spans are copied. */
struct job_report_ask {
	struct span id;
	struct span token;  /* of the lease; not of an outcome */
	int64_t at;	    /* ack, outcome: when it was; TIME_NEVER: now */
	int64_t span_ms;    /* extend: for how long from now; fail: not before so long from now */
	bool final;	    /* fail: do not try again */
	struct span reason; /* fail, outcome: why, at most JOB_REASON_MAX bytes; or empty.
			     * cancel: why; not empty */
	struct span bounce; /* outcome, of a bounce: `hard`, `soft`; or empty */
	enum job_fate fate; /* outcome */
	job_report_fn *fn;
	void *user;
};

/*
 * Each may be said again: the answer is the same, and nothing is counted or told twice. 0 or as
 * above.
 */
int job_ack(struct job_desk *desk, const struct job_report_ask *ask);
int job_fail(struct job_desk *desk, const struct job_report_ask *ask);
int job_extend(struct job_desk *desk, const struct job_report_ask *ask);
int job_outcome(struct job_desk *desk, const struct job_report_ask *ask);
/* Staff do not want it sent; needs no token. One that somebody has leased is `retracting` then. */
int job_cancel(struct job_desk *desk, const struct job_report_ask *ask);
