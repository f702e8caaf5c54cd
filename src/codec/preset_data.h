/* SPDX-License-Identifier: MIT */
/* The presets of deploy/hooks, sorted by name: made by the build with scripts/embed-presets. */
#pragma once

#include "codec/preset_table.h"

extern const struct preset_file preset_data[];
extern const size_t preset_data_count;
