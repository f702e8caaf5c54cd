/* SPDX-License-Identifier: MIT */
/*
 * The life of a job in Redis, one script for each step of it. A script judges by what stands there
 * and by the server's own clock, writes, and answers, all in one; so two consumers who want the
 * same job, a worker who takes it back meanwhile and a reply that got lost need no lock.
 *
 *                    .---- fail, deferred, the lease has ended ----.
 *                    v                                             |
 *   emitted ----> ready ----------------- lease ---------------> leased -- ack ----> done
 *                    |                                          |   |
 *                    +-- taken back -----> retracted <-- end ---|   +-- fail, the last -> failed
 *                    +-- gate or staff --> cancelled   retracting <-'  taken back, or by staff
 *                    +-- too late -------> expired          |
 *                                                           +-- ack: it was sent ---> done, late
 *
 * Every job that is ready has one member in `ready:CHANNEL`, or in `later` if its time has not
 * come; a leased one has it in `later` too, at the end of its lease. The member sorts: rank
 * (codec/job_view.h), place in the stream of jobs in digits of fixed width, a colon, the job's id.
 */
#pragma once

#include "io/redis.h"
#include "store/keys.h"

/* Steps that a job takes at the server. Each has a script; what it is given and what it answers
 * stands with it. */
enum job_script {
	JOB_SCRIPT_PICK,
	JOB_SCRIPT_LOOK,
	JOB_SCRIPT_LEASE,
	JOB_SCRIPT_SETTLE,
	JOB_SCRIPT_ACK,
	JOB_SCRIPT_FAIL,
	JOB_SCRIPT_EXTEND,
	JOB_SCRIPT_OUTCOME,
	JOB_SCRIPT_CANCEL,
	JOB_SCRIPT_COUNT
};

/* Behind the rank: fifteen digits, `-`, ten digits, `:`. */
#define JOB_MEMBER_PLACE_LEN 26
#define JOB_MEMBER_ID_AT     (17 + JOB_MEMBER_PLACE_LEN + 1)

/*
 * Sends SCRIPT about PARTITION; NOW is 0 for the server's clock (another instant is for tests and
 * simulations), DAY an instant of the day whose counters count. ARGS follow. As redis_command.
 */
struct job_call {
	enum job_script script;
	uint32_t partition;
	int64_t now, day;
	const struct span *args;
	size_t n_args;
	redis_reply_fn fn;
	void *user;
};
int job_script_send(struct redis *redis, const struct job_call *call);

/* What the commit's script says to put a new job in its place, and to take one out of it; they use
 * nothing but their arguments. */
extern const char job_script_place[];
