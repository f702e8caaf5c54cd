/* SPDX-License-Identifier: MIT */
/*
 * A job read back from its JSON (codec/job_json.h): by whoever keeps it, hands it out, or shows it
 * to people.
 */
#pragma once

#include "base/arena.h"
#include "base/decimal.h"
#include "base/span.h"
#include "core/rule.h"

/* What is missing, or of another type than schemas/job.schema.json says, is as JOB_VIEW_NONE has
 * it. */
struct job_view {
	struct span id, rule, customer, key, step, kind /* `class` */, channel, reason;
	struct span whose; /* under whose key it was emitted: `canonical`, else `customer` */
	struct span data;  /* raw: the object */
	unsigned tried;	   /* 1 << enum job_channel: ways that the message went before */
	uint64_t epoch, episode;
	enum priority_class priority;
	struct decimal likelihood, impact;
	struct decimal
		value; /* what is at stake: `total`, else `value` of data; 1 if none is said */
	int64_t armed_at, deadline_at, fire_at, not_before; /* INT64_MIN: none */
	int64_t valid_until;				    /* TIME_NEVER: it has no end */
};

#define JOB_VIEW_NONE                                                                              \
	((struct job_view){.priority = PRIORITY_LOW,                                               \
		.likelihood = {1, 0},                                                              \
		.impact = {1, 0},                                                                  \
		.value = {1, 0},                                                                   \
		.armed_at = INT64_MIN,                                                             \
		.deadline_at = INT64_MIN,                                                          \
		.fire_at = INT64_MIN,                                                              \
		.not_before = INT64_MIN,                                                           \
		.valid_until = TIME_NEVER})

enum { JOB_VIEW_BAD = 1 }; /* no JSON object */

/* Texts borrow from JSON or lie in A. 0, JOB_VIEW_BAD (*ret_view is then JOB_VIEW_NONE) or -ENOMEM.
 */
int job_view_read(struct span json, struct arena *a, struct job_view *ret_view);

/*
 * Where a job stands among those that are ready, as text that sorts: the class of its priority
 * (`0` high, `1` medium, `2` low), then its expected loss L × I × value (triggers, section 10), the
 * greatest first, in sixteen digits.
 */
#define JOB_RANK_LEN  17
#define JOB_RANK_SIZE (JOB_RANK_LEN + 1)
void job_rank(const struct job_view *v, char out[JOB_RANK_SIZE]);
