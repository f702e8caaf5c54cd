/* SPDX-License-Identifier: MIT */
/* A value of JSON as the engine knows values, where nobody looks inside arrays and objects. */
#pragma once

#include "codec/json_scan.h"
#include "core/field.h"

struct arena;

/* Into *ret_value; what is absent is missing, a number the engine cannot hold, an array and an
 * object are VALUE_OTHER. RAW points into V's text, texts are in ARENA. 0 or -ENOMEM. */
int json_scalar(const struct json_value *v, struct arena *arena, struct value *ret_value);
