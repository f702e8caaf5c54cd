/* SPDX-License-Identifier: MIT */
/* What `waymark doctor` says of the archive. */
#pragma once

#include "base/buf.h"
#include "tool.h"

enum archive_finding { ARCHIVE_FINE, ARCHIVE_ABSENT, ARCHIVE_WRONG };

/* Adds a sentence to WORDS. What was applied is to be in files after EVERY_MS. */
enum archive_finding doctor_archive(
	struct tool *t, struct redis *redis, int64_t now, int64_t every_ms, struct buf *words);
