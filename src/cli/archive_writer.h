/* SPDX-License-Identifier: MIT */
/*
 * `waymark archive run`: what is applied, into files.
 *
 *	archive_run.c      the rounds, what stands in the way, the end
 *	archive_writer.c   one file from the log to its name on the disk and its place in Redis
 *	archive_entry.c    one entry: what it is, whose it is, its line
 *
 * It is a process of its own and not part of the workers: writing and syncing files would hold up
 * the commits of a worker, and a directory has one writer, where partitions change hands. It reads
 * the log from where the files end (wm:{p}:arch) to the worker's position, a file at a time. A
 * file's place in Redis moves only when the file is on the disk; one that was finished by a process
 * that died then is found by its name at the next start, and counted as it is.
 */
#pragma once

#include "archive_dir.h"
#include "codec/archive_line.h"
#include "codec/event_json.h"
#include "core/rule.h"
#include "store/archive_log.h"
#include "tool.h"

struct archive_writer {
	struct program *program;
	struct redis *redis;
	const char *directory;
	int64_t segment_bytes, keep_ms;
	bool moved; /* it goes on in this directory, wherever the files of before are */
	struct archive_coder *coder;
	struct rules *no_rules; /* only the customer and the name of events are wanted */
	struct event_decoder *decoder;
	struct arena arena; /* of a page */
};

/* The entry's line without its seal, and whose key it gets; CUSTOMER is empty where there is
 * nothing to be sealed. All lies in V and in A. 0 or -ENOMEM. */
int archive_entry(const struct archive_writer *w, const struct redis_value *v, struct arena *a,
	struct archive_line *ret_line, struct span *ret_customer);

enum {
	ARCHIVE_STUCK = 10, /* WORDS say what is in the way */
};

/* What came of it. */
struct archive_account {
	uint64_t lines, bytes, files;
	char words[512];
};

/* Archives what there is of L's partition. 0, ARCHIVE_UNKNOWN, ARCHIVE_FENCED, ARCHIVE_STUCK, or
 * -ENOMEM. */
int archive_partition(
	struct archive_writer *w, struct archive_log *l, struct archive_account *account);

/* Looks at the files of L's partition that are there and counts those that nobody has counted. The
 * same. */
int archive_adopt(struct archive_writer *w, struct archive_log *l, const struct archive_dir *d,
	struct archive_account *account);
