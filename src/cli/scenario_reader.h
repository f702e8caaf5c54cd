/* SPDX-License-Identifier: MIT */
/* What the two halves of reading a scenario share. All answer false when it cannot be run. */
#pragma once

#include "scenario.h"

/* Notes why, unless something was wrong before. */
bool scenario_trouble(struct scenario *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool scenario_no_memory(struct scenario *s);

/* Loads what SPEC, an object with "rules", names as the next set; of one that is refused as it
 * should be only that is noted. */
bool scenario_load_rules(struct scenario *s, struct span spec);
