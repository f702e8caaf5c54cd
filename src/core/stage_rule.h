/* SPDX-License-Identifier: MIT */
/*
 * Rules that follow the stage of the customer. No event arms them: that a stage has begun does, or
 * that it is going to begin if nothing more happens. Inside core only.
 */
#pragma once

#include "absence.h"

/*
 * Brings the instances of all such rules in line with what is known of the customer now: armed for
 * the stage that they are at, or that time alone will bring; moved where it began at another
 * instant; ended where it is over, or never was. Called behind every event and every firing. 0 or
 * -ENOMEM.
 */
int stage_update(const struct turn *t);
