/* SPDX-License-Identifier: MIT */
/*
 * JsonLogic programs and values from JSON and back, outside of rules: data is whatever it is, and
 * names are looked up in it when the program runs.
 */
#pragma once

#include "base/buf.h"
#include "codec/rule_json.h"
#include "core/logic.h"

enum { LOGIC_BAD = 1 };

/* Compiles JSON. What *ret_program points to lies in ARENA. 0; LOGIC_BAD with *problems; -ENOMEM.
 */
int logic_compile(struct span json, struct arena *arena, struct file_problems *problems,
	struct logic *ret_program);

/* A value from JSON; arrays and objects nested at most 64 deep. 0, LOGIC_BAD, -ENOMEM. */
int logic_value_read(struct span json, struct arena *arena, struct logic_value *ret_value);
