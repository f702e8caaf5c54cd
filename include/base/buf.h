/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes. Appends either succeed or leave the buffer in a sticky failed state, so
 * that a writer of forty pieces checks once at the end (buf_failed) instead of forty times.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

struct buf {
	char *ptr;
	size_t len;
	size_t cap;
	bool failed; /* an append ran out of memory; later appends do nothing */
};

#define BUF_INIT ((struct buf){NULL, 0, 0, false})

void buf_init(struct buf *b);
void buf_release(struct buf *b);

/* Forgets the contents and a failure, keeps the memory. */
void buf_reset(struct buf *b);

/* 0, or -ENOMEM if any append since init or reset failed. */
int buf_failed(const struct buf *b);

/* Room for N more bytes without growing; returns where they begin, or NULL (and failed). */
char *buf_reserve(struct buf *b, size_t n);
/* Declares N bytes, written into reserved room, to be part of the contents. */
void buf_commit(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *ptr, size_t len);
void buf_add_span(struct buf *b, struct span s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t n); /* decimal */
void buf_add_i64(struct buf *b, int64_t n);  /* decimal */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Little-endian base 128, the way of protocol buffers: 1 to 10 bytes. */
void buf_add_varint(struct buf *b, uint64_t n);
/* Signed, zigzag: small magnitudes stay small. */
void buf_add_zigzag(struct buf *b, int64_t n);
/* A varint length and the bytes. */
void buf_add_block(struct buf *b, struct span s);

/* Removes N bytes from the front; N must not exceed len. Linear in what remains. */
void buf_consume(struct buf *b, size_t n);

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){b->ptr, b->len};
}

/*
 * Reads what the varint writers wrote. Each takes from the front of *s and returns 0, or 1
 * (BUF_TRUNCATED) leaving *s alone when the bytes end early or the number does not fit.
 */
enum { BUF_TRUNCATED = 1 };
int span_take_varint(struct span *s, uint64_t *ret_n);
int span_take_zigzag(struct span *s, int64_t *ret_n);
int span_take_block(struct span *s, struct span *ret_block);
int span_take_byte(struct span *s, uint8_t *ret_byte);
