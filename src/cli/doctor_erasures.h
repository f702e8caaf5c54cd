/* SPDX-License-Identifier: MIT */
/* What `waymark doctor` says of erasures that are not over, and of what they left for the archive
 * to do (store/archive_order.h). */
#pragma once

#include "doctor_archive.h"

/* Adds a sentence to WORDS. What the archive has to do is to be done after two rounds of EVERY_MS;
 * ARCHIVE_ABSENT: it is not yet time. */
enum archive_finding doctor_erasures(
	struct tool *t, struct redis *redis, int64_t now, int64_t every_ms, struct buf *words);
