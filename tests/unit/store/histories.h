/* SPDX-License-Identifier: MIT */
/*
 * Many random histories, one a seed. WAYMARK_TEST_SEED is the first, and WAYMARK_TEST_ROUNDS how
 * many instead of what the test says; then it goes on behind one that fails, and says which did.
 */
#pragma once

#include "check.h"

/* HISTORY gets a number that SEED alone decides, and fails by CHECK. */
void histories_run(unsigned rounds, void (*history)(uint64_t chance));
