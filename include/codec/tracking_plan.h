/* SPDX-License-Identifier: MIT */
/*
 * A tracking plan: what a shop promises itself about its events, and what happens to those that
 * break the promise. plan.json:
 *
 *	{
 *	 "default": "off",
 *	 "events": {
 *	  "Order Completed": {"mode": "refuse", "schema": "order.schema.json"},
 *	  "Product Viewed": {"mode": "warn"},
 *	  "Ring Engraved": {"mode": "warn", "schema": "engraving.schema.json", "formats": true}
 *	 }
 *	}
 *
 * `mode` is off, warn (count it, keep it) or refuse. `schema` names another file of the plan, a
 * JSON Schema (codec/json_schema.h) of the event's properties; without it the canonical schema of
 * that name is meant (schemas/events), which only events of the vocabulary have. `formats`: assert
 * `format`. `default` is the mode of the canonical events that the plan does not name; other events
 * that it does not name are not judged. Schemas may refer to each other by file name, by $id, and
 * to the canonical ones by theirs (EVENT_SCHEMA_URI, codec/event_schema.h).
 *
 * Only what is judged costs anything: an event that the plan leaves alone is one look into a map.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "codec/json_schema.h"

#define TRACKING_PLAN_FILES_MAX	 128  /* schema files of a plan */
#define TRACKING_PLAN_EVENTS_MAX 1024 /* events named in it */

enum tracking_mode { TRACKING_OFF, TRACKING_WARN, TRACKING_REFUSE };

/* What is to be done with an event. */
enum tracking_verdict { TRACKING_VERDICT_NONE, TRACKING_VERDICT_WARN, TRACKING_VERDICT_REFUSE };

struct tracking_plan;

/* A file of the plan; NAME as `schema` names it, without a path. Borrowed while compiling. */
struct tracking_plan_file {
	struct span name;
	struct span text;
};

struct tracking_plan_source {
	const char *file; /* of plan.json, for messages */
	struct span text; /* of plan.json */
	const struct tracking_plan_file *schemas;
	size_t n_schemas;
};

enum { TRACKING_PLAN_BAD = 1 };

/* 0, TRACKING_PLAN_BAD with the problems listed, or -ENOMEM. */
int tracking_plan_compile(const struct tracking_plan_source *source, struct file_problems *problems,
	struct tracking_plan **ret_plan);
struct tracking_plan *tracking_plan_free(struct tracking_plan *p);
void tracking_plan_freep(struct tracking_plan **p);

/*
 * Judges the raw JSON object PROPERTIES of an event called NAME: the canonical name, or one that
 * the vocabulary knows as another spelling of it. Of identify and group events the traits are meant
 * (`Customer Identified`, `Customer Grouped`). Empty PROPERTIES stand for `{}`. The first thing
 * that is wrong is left in *ret_fault if the verdict is not none; what meets a limit of the
 * judgement (json_schema_limits) is treated as wrong. The plan holds the memory this needs: one
 * caller at a time. 0 or -ENOMEM.
 */
int tracking_plan_check(struct tracking_plan *p, struct span name, struct span properties,
	struct json_schema_fault *ret_fault, enum tracking_verdict *ret_verdict);

/* What the plan says of NAME, judged or not; TRACKING_OFF if nothing. */
enum tracking_mode tracking_plan_mode(const struct tracking_plan *p, struct span name);
/* `off`, `warn`, `refuse`. */
const char *tracking_mode_name(enum tracking_mode mode);

/* Walks the events that are judged: start with *cursor = 0; false ends the walk. */
bool tracking_plan_next(const struct tracking_plan *p, size_t *cursor, struct span *ret_name,
	enum tracking_mode *ret_mode);
