/* SPDX-License-Identifier: MIT */
/*
 * The judge of the desk (job_desk.h): all gates of the rules (core/gate.h) again when a consumer
 * wants a job, because what was true when it was emitted may not be any more.
 */
#pragma once

#include "core/rule.h"
#include "store/job_desk.h"

struct job_gates {
	const struct rules *rules; /* in force; NULL: there are none, and all may go */
};

/* A job_judge_fn; USER is a struct job_gates. */
void job_gates_judge(void *user, const struct job_look *look, struct job_verdict *ret_verdict);
