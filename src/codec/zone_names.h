/* SPDX-License-Identifier: MIT */
/* The names of all time zones. */
#pragma once

#include "base/base.h"

extern const char *const zone_names[];
extern const size_t zone_names_n;
