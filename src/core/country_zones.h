/* SPDX-License-Identifier: MIT */
/* In which time zones somebody may be of whom only the country is known. */
#pragma once

#include "base/span.h"

#define COUNTRY_ZONES_MAX 12

/* IANA names, ended by NULL; NULL: there is no country CODE (two letters, ISO 3166-1). */
const char *const *country_zones(struct span code);
