/* SPDX-License-Identifier: MIT */
/*
 * What squeeze.py makes of waymark.js when the program is built.
 */
#pragma once

#include "base/span.h"

struct beacon_script {
	struct span plain;
	struct span gzip;
	const char *plain_tag; /* in quotes, as ETag has it */
	const char *gzip_tag;
};

extern const struct beacon_script beacon_script;
