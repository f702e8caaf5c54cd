/* SPDX-License-Identifier: MIT */
/* The table of event_schema.c, which the build makes from schemas/events (scripts/embed-schemas).
 */
#pragma once

#include "codec/event_schema.h"

extern const struct event_schema event_schema_data[];
extern const size_t event_schema_data_count;
