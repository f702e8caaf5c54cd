/* SPDX-License-Identifier: MIT */
/*
 * Events under a schema or a tracking plan: what `waymark schema test` does. Of an event its
 * properties are judged (of identify and group, its traits), and only by the schema of its name; a
 * value that is no event is judged as a whole.
 */
#pragma once

#include "codec/event_schema.h"
#include "codec/tracking_plan.h"
#include "program/program.h"

struct schema_test {
	const struct program *program;
	/* One of them. */
	struct json_schema *schema;
	struct tracking_plan *plan;
	enum event_kind kind; /* of a canonical schema; EVENT_CUSTOM: of any event */

	struct json_schema_work *work;
	struct json_schema_faults faults;
	const char *file; /* being judged */
	uint64_t line;
	uint64_t n_judged, n_bad, n_other;
};

/* A schema of the vocabulary; a schema file; a directory or file of a plan. 0, or the exit status
 * when everything has been said. */
int schema_test_canonical(struct schema_test *t, const struct event_schema *schema, bool formats);
int schema_test_load(struct schema_test *t, const char *path, bool formats);
/* Judges what is in FILE and says what is wrong with it; the exit status. */
int schema_test_run(struct schema_test *t, const char *file);
void schema_test_release(struct schema_test *t);
