/* SPDX-License-Identifier: MIT */
/*
 * A partition's archive, file after file, line after line, and whether all of it is there: each
 * file goes on where the one before ended, ids rise, and what the last line of a file says of it is
 * true. A fault is told once, and reading goes on with the next file.
 */
#pragma once

#include "archive_dir.h"
#include "codec/archive_line.h"
#include "event_file.h"

struct archive_stream {
	const struct archive_dir *dir;
	const struct archive_file *files;
	size_t n, at; /* files, and the one that is being read */
	struct event_file *file;
	struct archive_coder *coder; /* borrowed */
	struct arena arena;	     /* of the line */
	struct sha256 sum;
	struct log_id last;    /* of the entries so far, or where a file said it goes on */
	struct log_id through; /* what the files so far say they come to */
	int64_t clock;	       /* likewise */
	uint64_t lines;	       /* of the file so far */
	uint64_t all;	       /* of all files */
	bool begun, ended;     /* the file's first line, and its last, were read */
	bool placed;	       /* `through` is that of a file */
	bool whole;	       /* the first and the last lines of files are wanted, too */
	struct span text;      /* of the line, without its end; valid as long as it is */
	char words[512];       /* of the last fault */
};

/* Of the N FILES of one partition. They, D and CODER must outlive it. */
void archive_stream_init(struct archive_stream *s, const struct archive_dir *d,
	struct archive_coder *coder, const struct archive_file *files, size_t n);
void archive_stream_release(struct archive_stream *s);

enum { ARCHIVE_STREAM_END = 1, ARCHIVE_STREAM_FAULT = 2 };

/* The next entry, or whichever line; valid until the next call. 0, an outcome (a fault's words are
 * in S), or -errno.
 */
int archive_stream_next(struct archive_stream *s, struct archive_line *ret_line);
