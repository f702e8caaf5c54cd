/* SPDX-License-Identifier: MIT */
/*
 * Bytes as one gzip member (RFC 1952), piece by piece. What was sealed before does not get smaller
 * but by its letters, so it is done at the level that takes the least time.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

struct gzip_out;

/* 0 or -ENOMEM. */
int gzip_out_new(struct gzip_out **ret_gzip);
struct gzip_out *gzip_out_free(struct gzip_out *g);
void gzip_out_freep(struct gzip_out **g);

/* Takes BYTES (less than 1 GiB) and appends to OUT what is ready. 0 or -ENOMEM. */
int gzip_out_add(struct gzip_out *g, struct span bytes, struct buf *out);
/* Appends the rest: the member is complete, and G ready for the next. 0 or -ENOMEM. */
int gzip_out_end(struct gzip_out *g, struct buf *out);
