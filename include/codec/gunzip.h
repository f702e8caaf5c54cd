/* SPDX-License-Identifier: MIT */
/*
 * Files that are too large to be held at once, gzipped or not: bytes in, plain bytes out, piece by
 * piece. Which of the two it is, the first two bytes say. Several gzip members one after the other
 * (as `cat a.gz b.gz` makes them, and as archives are appended to) are one text.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

struct gunzip;

/* 0 or -ENOMEM. */
int gunzip_new(struct gunzip **ret_gunzip);
struct gunzip *gunzip_free(struct gunzip *g);
void gunzip_freep(struct gunzip **g);

enum { GUNZIP_CORRUPT = 1, GUNZIP_TRUNCATED = 2 };

/*
 * Takes the next piece and appends what it stands for to OUT. The piece's size bounds the memory:
 * at most 1032 times as much comes out. 0, -ENOMEM or GUNZIP_CORRUPT.
 */
int gunzip_feed(struct gunzip *g, struct span piece, struct buf *out);

/* The text has ended: 0, or GUNZIP_TRUNCATED when a gzip member is not complete. */
int gunzip_finish(struct gunzip *g, struct buf *out);
