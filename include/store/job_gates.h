/* SPDX-License-Identifier: MIT */
/*
 * The judge of the desk (job_desk.h): all gates of the rules (core/gate.h) again when a consumer
 * wants a job, because what was true when it was emitted may not be any more.
 */
#pragma once

#include "core/rule.h"
#include "store/job_desk.h"

/* The set of DIGEST; NULL: there is none. */
typedef const struct rules *job_rules_find_fn(void *user, uint64_t digest);

struct job_gates {
	/* Those in force where a job lies; NULL: `rules` are, everywhere. */
	job_rules_find_fn *find;
	void *find_user;
	const struct rules *rules; /* NULL: there are none, and all may go */
};

/* A job_judge_fn; USER is a struct job_gates. */
void job_gates_judge(void *user, const struct job_look *look, struct job_verdict *ret_verdict);
