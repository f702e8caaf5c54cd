/* SPDX-License-Identifier: MIT */
/*
 * Jobs, as those see them who only look: the tools. Handing them over is job_desk.h.
 *
 * A partition's stream of jobs holds two kinds of entries in their order: jobs as they were
 * emitted, and retractions. What has become of a job stands beside it (`wm:{p}:job:ID`). Another
 * stream holds what rules on trial would have sent, and those who are held out would have got.
 *
 * Questions are asked on a connection and answered by one call of a function, never from within.
 * Several may be under way. When the connection is lost, and when it is freed, the answer is
 * JOBS_UNKNOWN.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/event.h"
#include "io/redis.h"

#define JOB_PAGE_MAX 1000 /* entries a page */

enum job_query_outcome {
	JOBS_UNKNOWN = 1, /* no answer */
	JOBS_REFUSED = 2, /* an error of the server, in words */
	JOBS_CORRUPT = 3, /* what stands there is none of ours */
};

struct job_entry {
	uint32_t partition;
	struct log_id at;     /* place in the stream of jobs; at.ms is when it was emitted */
	struct span id;	      /* of the job */
	struct span json;     /* the job; empty: a retraction */
	struct span reason;   /* of a retraction */
	struct span state;    /* as job_desk.h has them: now, not when it was emitted; empty of a
				 trial */
	struct span taken_by; /* who leased it last; or empty */
};

struct job_page {
	const struct job_entry *entries; /* oldest first */
	size_t n;
	bool more; /* there may be more behind the last one */
};

/* R: 0 with PAGE, which lives until the function returns; or an outcome with WORDS. */
typedef void job_page_fn(void *user, int r, const struct job_page *page, const char *words);

struct job_ask {
	uint32_t partition;
	bool shadow;	     /* instead of jobs, what would have been some (job_trial_json) */
	size_t max;	     /* entries, 1..JOB_PAGE_MAX */
	struct log_id after; /* those behind it */
	job_page_fn *fn;
	void *user;
};

/* The entries of a partition. 0, -ENOTCONN, -ENOBUFS or -ENOMEM: nothing was asked. */
int job_list(struct redis *redis, const struct job_ask *ask);
