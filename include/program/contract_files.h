/* SPDX-License-Identifier: MIT */
/*
 * Tracking plans and schemas as programs load them: from a directory, where schemas may refer to
 * those beside them. What they mean is the codec's.
 */
#pragma once

#include "codec/json_schema.h"
#include "codec/tracking_plan.h"

/*
 * Loads the plan at PATH: a directory with plan.json and the plan's schemas (all other files in it
 * that end in .json), or that plan.json itself. 0, -ENOMEM, or TRACKING_PLAN_BAD with the problems
 * listed, also when a file cannot be read.
 */
int tracking_plan_load(
	const char *path, struct file_problems *problems, struct tracking_plan **ret_plan);

/*
 * Loads one schema; it may refer to the canonical ones by their $id, and to the .json files beside
 * it by name or $id. 0, -ENOMEM, or JSON_SCHEMA_BAD as above.
 */
int json_schema_load(const char *path, bool formats, struct file_problems *problems,
	struct json_schema **ret_schema);
