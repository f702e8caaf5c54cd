/* SPDX-License-Identifier: MIT */
/*
 * The lines of an archive file (DESIGN, section 9), NDJSON that any tool can count by:
 *
 *	{"kind":"file","format":1,"dataset":"32 hex","partition":7,"partitions":16,"after":"0-0"}
 *	{"id":"1763800000000-0","at":"2025-11-22T08:26:40.000Z","kind":"event","source":"web",
 *	 "name":"Order Completed","key":"32 hex","sealed":"base 64"}
 *	{"id":"1763800000500-0","at":"…","kind":"watermark","plain":{"w":"till-3","t":"…","m":"…"}}
 *	{"kind":"end","through":"1763800000500-0","lines":2,"clock":1763800000500,"sha256":"64 hex"}
 *
 * `id` is the entry's place in the partition's log and `at` the instant in it, when it was
 * received. `source` is the name of the write key. `name` is the event's, if the vocabulary has it
 * (what a shop calls an event may say anything, somebody's address too), or the kind of a message.
 * `key` is the id of the key that the rest is sealed with (codec/seal.h); what stands on the line
 * before it is the clear part that it belongs to.
 *
 * Sealed is the entry as it stands in the log: compressed (codec/compress.h) behind its length in
 * 4 bytes, little-endian, and there name and value of each of its fields, each with a varint length
 * in front. Entries that are about nobody (watermarks, changes of rules) have it as `plain` text.
 *
 * `after` is how far the file before came, `through` how far this one does: whoever sees all files
 * of a partition sees whether one is missing. `clock` is the virtual time up to which all that the
 * partition's log had is in this file or one before. `sha256` is of all lines before.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/sha256.h"
#include "codec/seal.h"
#include "core/event.h"

#define ARCHIVE_FORMAT 1

/* name for machines */
#define ARCHIVE_KINDS(X)                                                                           \
	X(EVENT, "event")                                                                          \
	X(MESSAGE, "message")                                                                      \
	X(WATERMARK, "watermark")                                                                  \
	X(RULES, "rules")                                                                          \
	X(OTHER, "other")                                                                          \
	X(FILE, "file")                                                                            \
	X(END, "end")

enum archive_kind {
#define X(ID, NAME) ARCHIVE_##ID,
	ARCHIVE_KINDS(X)
#undef X
		ARCHIVE_KIND_COUNT
};

/* A field of an entry of the log. */
struct archive_field {
	struct span name, value;
};

#define ARCHIVE_FIELDS_MAX 64

/* A line, whichever. Those of its members that its kind has not are empty or 0. */
struct archive_line {
	enum archive_kind kind;
	/* an entry */
	struct log_id id;
	struct span source, name;
	const struct archive_field *fields; /* of one that was read: only if it is plain */
	size_t n_fields;
	struct span key;	  /* of one that was read: id of the key, SEAL_ID_TEXT */
	struct span head, sealed; /* likewise: what archive_open needs */
	/* the first and the last */
	struct span dataset;
	uint32_t partition, partitions;
	struct log_id through; /* END; FILE: `after` */
	uint64_t lines;
	int64_t clock;
	struct span sha256;
};

/* What reading and writing lines needs again and again. */
struct archive_coder;

/* 0 or -ENOMEM. */
int archive_coder_new(struct archive_coder **ret_coder);
struct archive_coder *archive_coder_free(struct archive_coder *c);
void archive_coder_freep(struct archive_coder **c);

/* Appends LINE with its end. An entry is sealed with KEY; without one it is plain, and its fields
 * must be UTF-8. 0 or -ENOMEM (OUT is then failed). */
int archive_line_write(struct archive_coder *c, const struct archive_line *line,
	const struct seal_key *key, struct buf *out);

enum { ARCHIVE_BAD = 1 };

/* Reads TEXT, a line without its end. What *ret_line points to lies in TEXT or in A. 0, ARCHIVE_BAD
 * or -ENOMEM. */
int archive_line_read(
	struct archive_coder *c, struct span text, struct arena *a, struct archive_line *ret_line);

/* The fields of LINE, which was read and is sealed: they lie in A. 0, ARCHIVE_BAD (another key, or
 * damaged) or -ENOMEM. */
int archive_open(struct archive_coder *c, const struct archive_line *line,
	const struct seal_key *key, struct arena *a, struct archive_field **ret_fields,
	size_t *ret_n);

struct span archive_kind_name(enum archive_kind kind);
