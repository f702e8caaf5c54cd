/* SPDX-License-Identifier: MIT */
/*
 * How telephone numbers are dialled. Calling codes and prefixes as ITU-T lists them ("List of
 * Recommendation ITU-T E.164 assigned country codes", "Dialling procedures: international prefix,
 * national (trunk) prefix and national (significant) number"), lengths of fixed and mobile numbers
 * as the metadata of libphonenumber 9.0 has them; Germany's as its regulator limits them (11).
 * Where a country shares its code, the code's row is that of the one that ITU names first.
 */
#pragma once

#include "base/base.h"

struct phone_country {
	char iso[3];	  /* ISO 3166-1 alpha-2 */
	uint16_t code;	  /* calling code */
	char trunk[3];	  /* before a national number, and no part of it; empty: nothing is */
	char idd[5];	  /* before a foreign number; empty: many, by carrier */
	uint8_t min, max; /* digits of a national number without its trunk prefix */
};

struct phone_code {
	uint16_t code;
	char trunk[3];
	uint8_t min, max;
};

/* NULL if there is none. */
const struct phone_country *phone_country_find(const char *iso);
const struct phone_code *phone_code_find(unsigned code);
