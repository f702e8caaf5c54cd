/* SPDX-License-Identifier: MIT */
/*
 * Jobs as consumers see them: their id and their JSON (schemas/job.schema.json).
 */
#pragma once

#include "base/buf.h"
#include "core/effect.h"

#define JOB_ID_SIZE 33 /* 32 hex digits and a NUL */

/*
 * What a job is named after. EPISODE is text because yearly rules use the year.
 */
struct job_name {
	struct span rule;
	uint32_t epoch;
	struct span customer;
	struct span key;
	struct span episode;
	struct span step;
};

/*
 * The first 32 hex digits of SHA-256 over "wm1|" and the netstrings of rule, epoch, customer, key,
 * episode and step (triggers, section 7): the same decision can never make two jobs. 0 or -ENOMEM.
 */
int job_id_of(const struct job_name *name, char ret_id[JOB_ID_SIZE]);
/* The same of decision D of CUSTOMER's, which may be named after who they were then. */
int job_id(const struct decision *d, struct span customer, char ret_id[JOB_ID_SIZE]);

/* The job's JSON object, one line without newline, appended to OUT. D has its rule (EFFECT_JOB).
 * Its `customer` is the one that the id is made of; where that is not CUSTOMER, whose it is now,
 * `canonical` names them. 0 or -ENOMEM. */
int job_json(const struct decision *d, struct span customer, const char *id, struct buf *out);

/*
 * What would have been the job, had its rule not been on trial or the customer not held out
 * (schemas/shadow.schema.json): OUTCOME_WOULD_SEND. ID is the one that the job would have had. As
 * job_json.
 */
int job_trial_json(const struct decision *d, struct span customer, const char *id, struct buf *out);

/* One plain sentence saying why the job exists, appended to OUT unescaped. D may lack its rule: it
 * then says less. */
void job_reason(const struct decision *d, struct buf *out);
