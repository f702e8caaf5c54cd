/* SPDX-License-Identifier: MIT */
/*
 * Compressed bytes from strangers: gzip bodies.
 *
 * A gzip body is the cheapest attack there is: 254 KiB can become 256 MiB. So output grows in steps
 * of 64 KiB up to a hard limit, and is handed out only when the stream has ended, its checksum and
 * length are right and nothing follows. zlib itself delivers bytes before it has checked them, and
 * says nothing of what stands behind the first member.
 *
 * A stream is large (44 KiB) and is made once and reused.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

enum gzip_outcome {
	GZIP_CORRUPT = 1,   /* not this format, broken data, a wrong checksum */
	GZIP_TRUNCATED = 2, /* ends early; an empty body too */
	GZIP_TRAILING = 3,  /* bytes behind the end, a second member included */
	GZIP_TOO_LARGE = 4, /* more than max_out bytes; or an input of more than 1 GiB */
};

/* `corrupt`, `truncated`, … for logs and answers. */
const char *gzip_outcome_name(enum gzip_outcome outcome);

/* One reusable inflating stream for gzip (RFC 1952); zlib and raw streams are refused. */
struct inflater;

/* 0 or -ENOMEM. */
int inflater_new(struct inflater **ret_inflater);
struct inflater *inflater_free(struct inflater *i);
void inflater_freep(struct inflater **i);

/*
 * Appends what BODY, exactly one gzip member, stands for, at most MAX_OUT bytes.
 * 0, -ENOMEM or an outcome; OUT is as before unless 0 (but for room that it has grown).
 */
int gzip_inflate(struct inflater *i, struct span body, size_t max_out, struct buf *out);
