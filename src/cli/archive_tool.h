/* SPDX-License-Identifier: MIT */
/*
 * `waymark archive`: the role that writes the archive (archive_writer.h), and the tools that look
 * into it.
 *
 *	archive_tool.c    settings, list
 *	archive_check.c   check
 *	archive_cat.c     cat
 *	archive_orders.c  scrub, and the same as a part of run
 */
#pragma once

#include "archive_stream.h"
#include "tool.h"

struct archive_settings {
	const char *data, *directory, *customer, *from, *to;
	int64_t every_ms, keep_ms, segment, scrub_ms;
	bool once, moved, offline, bare, exact, all_here;
};

struct archive_tool {
	struct tool tool;
	struct archive_settings settings;
	const char *directory;
};

/* Status as main's. */
int archive_run(struct archive_tool *t);
int archive_check(struct archive_tool *t);
int archive_cat(struct archive_tool *t);
int archive_scrub(struct archive_tool *t);

/* Opens the directory; says what is wrong. 0 or a status. */
int archive_tool_open(struct archive_tool *t, struct archive_dir *d);
/* Opens the data set's own archive in PATH, for another tool. 0, or a status: said why not. Release
 * D in either case. */
int archive_open_own(const struct tool *t, const char *path, struct archive_dir *d);
