/* SPDX-License-Identifier: MIT */
/*
 * Event files: NDJSON, plain or gzipped, from a path or from standard input (`-`), line by line.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define EVENT_LINE_MAX (1u << 20) /* bytes; longer lines are passed over and counted */

struct event_file;

/* 0 or -errno. */
int event_file_open(const char *path, struct event_file **ret_file);
/* The same with lines of up to LINE_MAX bytes. */
int event_file_open_long(const char *path, size_t line_max, struct event_file **ret_file);
struct event_file *event_file_close(struct event_file *f);
void event_file_closep(struct event_file **f);

enum { EVENT_FILE_END = 1, EVENT_FILE_CORRUPT = 2, EVENT_FILE_LONG = 3 };

/*
 * The next line that is not blank, without its end; valid until the next call. 0, -errno,
 * EVENT_FILE_END, EVENT_FILE_CORRUPT (broken gzip), or EVENT_FILE_LONG (a line was passed over;
 * go on).
 */
int event_file_next(struct event_file *f, struct span *ret_line);

uint64_t event_file_line(const struct event_file *f);  /* number of that line, from 1 */
uint64_t event_file_bytes(const struct event_file *f); /* read from the disk so far */
uint64_t event_file_size(const struct event_file *f);  /* on the disk; 0 if unknown */
