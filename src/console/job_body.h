/* SPDX-License-Identifier: MIT */
/*
 * What consumers say in their requests: a JSON object whose members are held to a table. Strict,
 * since a member that was misspelt and passed over could mean that a message is sent twice.
 */
#pragma once

#include "base/arena.h"
#include "store/job_desk.h"

#define JOB_BODY_MAX	((size_t)16 * 1024) /* bytes */
#define JOB_WAIT_MAX_MS (30 * MS_SECOND)

enum job_request {
	JOB_REQUEST_LEASE,
	JOB_REQUEST_ACK,
	JOB_REQUEST_FAIL,
	JOB_REQUEST_EXTEND,
	JOB_REQUEST_OUTCOME,
	JOB_REQUEST_CANCEL
};

/* Members that were not given are as JOB_BODY_DEFAULT has them. */
struct job_body {
	struct span consumer, token, reason, bounce;
	struct span channels[JOB_CHANNELS_MAX];
	size_t n_channels;
	enum job_fate fate;
	int64_t max;
	int64_t lease_ms, wait_ms, retry_ms;
	int64_t at; /* TIME_NEVER: now */
	bool final;
};

#define JOB_BODY_DEFAULT                                                                           \
	((struct job_body){.fate = JOB_FATE_COUNT,                                                 \
		.max = 1,                                                                          \
		.lease_ms = MS_MINUTE,                                                             \
		.retry_ms = MS_MINUTE,                                                             \
		.at = TIME_NEVER})

/* Which member is wrong, as a JSON pointer, and a sentence that says what it may be. */
struct job_fault {
	const char *code; /* of static memory */
	char pointer[64];
	char message[256];
};

enum { JOB_BODY_BAD = 1 };

/* Texts borrow from TEXT or lie in A. 0, JOB_BODY_BAD with *ret_fault, or -ENOMEM. */
int job_body_read(struct span text, enum job_request request, struct arena *a,
	struct job_body *ret_body, struct job_fault *ret_fault);
