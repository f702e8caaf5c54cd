/* SPDX-License-Identifier: MIT */
/*
 * Presets and payloads of tests, written with ' for " so that they can be read.
 */
#pragma once

#include "check.h"
#include "codec/envelope.h"
#include "codec/mapping.h"

/* One preset, one payload, and what became of it. */
struct mapping_case {
	struct mapping *mapping;
	struct file_problems problems;
	struct arena arena;
	struct buf body;
	struct mapping_input input;
	struct mapping_result result;
};

void mapping_case_init(struct mapping_case *c);
void mapping_case_release(struct mapping_case *c);

/* Compiles a preset of the members TEXT beside preset, kind and verify, where those are not in it.
 * What mapping_compile said. */
int mapping_case_compile(struct mapping_case *c, const char *text);
/* The same with one rule of the members RULE beside event, id and user. */
int mapping_case_rule(struct mapping_case *c, const char *rule);
/* Runs it; PAYLOAD with ' as well. What mapping_run said, which takes every event to the envelope:
 * a refusal is a failure of the test. */
int mapping_case_run(struct mapping_case *c, const char *payload);
/* Likewise, PAYLOAD as it is. */
int mapping_case_run_bytes(struct mapping_case *c, struct span payload);

/* The member NAME of event I as it is written; empty if there is none. */
struct span mapping_case_member(const struct mapping_case *c, size_t i, const char *name);

/* TEXT with " for '. */
void mapping_case_quotes(const char *text, struct buf *out);
