/* SPDX-License-Identifier: MIT */
/*
 * A directory of archive files:
 *
 *	waymark-archive.json              whose it is: {"format":1,"dataset":"32 hex"}
 *	dt=2026-11-22/p07-ID.ndjson.gz    entries of partition 7 of that day (UTC), from ID on
 */
#pragma once

#include "base/arena.h"
#include "core/event.h"

struct archive_file {
	const char *path; /* with the directory's */
	const char *name; /* within it */
	uint32_t partition;
	struct log_id first;
	uint64_t size;
};

struct archive_dir {
	struct arena arena;
	const char *path;
	char dataset[33];
	struct archive_file *files; /* by partition and first id */
	size_t n, cap;
};

enum { ARCHIVE_DIR_NONE = 1, ARCHIVE_DIR_WRONG = 2 };

/* There is an archive in PATH. */
bool archive_dir_is(const char *path);

/* Writes the sign of an archive of DATASET into PATH, which is made where missing. 0 or -errno. */
int archive_dir_make(const char *path, const char *dataset);

/* Reads what is in PATH, which must outlive D. 0, -errno, ARCHIVE_DIR_NONE (no archive), or
 * ARCHIVE_DIR_WRONG (one of a later version). Release D as after success. */
int archive_dir_open(struct archive_dir *d, const char *path);
void archive_dir_release(struct archive_dir *d);

/* Takes the lock of who writes in PATH: a descriptor, which is to be closed, -EWOULDBLOCK if
 * another has it, or -errno. */
int archive_dir_lock(const char *path);

/* Removes what a process left that died while it wrote a file (io/file_draft.h): it may be of lines
 * that no file has, or has no more, and be read by whoever has their keys. Only who has the lock
 * may do so. 0 or -errno. */
int archive_dir_sweep(const char *path);

/* `dt=2026-11-22/p07-ID.ndjson.gz` of the entry ID in SIZE bytes. */
void archive_file_name(uint32_t partition, struct log_id id, size_t size, char *out);

/* Files of PARTITION: *ret_files the first of so many. */
size_t archive_dir_files(
	const struct archive_dir *d, uint32_t partition, const struct archive_file **ret_files);
