/* SPDX-License-Identifier: MIT */
/*
 * A file of the archive while it is written: lines, their digest, gzip, and the hidden name that
 * they stand under until all of it is on the disk (io/file_draft.h). Who writes it gives the lines
 * as text, flushes now and then, ends it with what the last line says, and gives it its name.
 */
#pragma once

#include "base/sha256.h"
#include "codec/archive_line.h"
#include "codec/gzip_out.h"
#include "io/file_draft.h"

struct archive_draft {
	struct gzip_out *gzip;
	struct file_draft *file;
	struct sha256 sum;
	struct buf text; /* lines that were not flushed yet */
	struct buf packed;
	uint64_t text_bytes, file_bytes; /* flushed */
};

/* Nothing is open yet; release it in any case. */
void archive_draft_init(struct archive_draft *d);
/* What was not given its name is removed. */
void archive_draft_release(struct archive_draft *d);

/* Each 0 or -errno. PATH's directory must be there. */
int archive_draft_open(struct archive_draft *d, const char *path);
int archive_draft_flush(struct archive_draft *d);
/* Adds END, whose digest is made here, as the last line. */
int archive_draft_end(
	struct archive_draft *d, struct archive_coder *coder, const struct archive_line *end);
