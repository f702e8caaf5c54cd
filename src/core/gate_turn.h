/* SPDX-License-Identifier: MIT */
/* What the gates share while one question is answered. Inside core only. */
#pragma once

#include "core/gate.h"

struct gate_turn {
	const struct gate_ask *ask;
	const struct policy *policy;
	enum job_channel channel; /* chosen by the gates of consent and reachability */
	int64_t expires_at;	  /* TIME_NEVER: never */
	struct gate_verdict *verdict;
};

/* One gate: true lets it through; false has answered. */
typedef bool gate_fn(struct gate_turn *t);

gate_fn gate_job, gate_condition;

/* Answers, with a sentence; returns false for the gate to hand on. */
__attribute__((format(printf, 4, 5))) bool gate_answer(struct gate_turn *t, enum gate_answer answer,
	enum gate_reason reason, const char *format, ...);
/* The same, put off until UNTIL, or never if it is worth nothing then. */
__attribute__((format(printf, 4, 5))) bool gate_defer(
	struct gate_turn *t, enum gate_reason reason, int64_t until, const char *format, ...);

struct cond_scope gate_scope(const struct gate_ask *ask);
