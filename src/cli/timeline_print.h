/* SPDX-License-Identifier: MIT */
/* A customer and the entries of their timeline, as lines for people. */
#pragma once

#include "cells.h"
#include "codec/timeline.h"
#include "core/journey.h"

/* Who it is and where they stand at NOW. */
void customer_print(const struct cells *c, const struct journey *j, int64_t now);
void timeline_print(const struct cells *c, const struct timeline_entry *e);
