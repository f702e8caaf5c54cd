/* SPDX-License-Identifier: MIT */
/*
 * Capacity doubles, so that appending byte by byte costs a constant each. Growing is kept out of
 * line: the appends themselves are a comparison and a memcpy, and they sit in the hot path of
 * every request.
 */
#include "base/buf.h"

#include <stdarg.h>

#define CAP_MIN	 ((size_t)64)
#define SIZE_TOP ((size_t)PTRDIFF_MAX) /* pointer differences inside must stay defined */

void buf_init(struct buf *b)
{
	*b = BUF_INIT;
}

void buf_release(struct buf *b)
{
	free(b->ptr);
	*b = BUF_INIT;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

int buf_failed(const struct buf *b)
{
	return b->failed ? -ENOMEM : 0;
}

static char *grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : CAP_MIN;
	char *ptr;

	if (b->failed)
		return NULL;
	if (n > SIZE_TOP - b->len)
		goto fail;
	while (cap < b->len + n)
		cap = cap > SIZE_TOP / 2 ? SIZE_TOP : cap * 2;
	ptr = realloc(b->ptr, cap);
	if (!ptr)
		goto fail;
	b->ptr = ptr;
	b->cap = cap;
	return ptr + b->len;
fail:
	b->failed = true;
	return NULL;
}

char *buf_reserve(struct buf *b, size_t n)
{
	/* Without memory yet even n = 0 must give a pointer: NULL means failed. */
	if (b->failed || !b->ptr || n > b->cap - b->len)
		return grow(b, n);
	return b->ptr + b->len;
}

void buf_commit(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->len);
	b->len += n;
}

void buf_add(struct buf *b, const void *ptr, size_t len)
{
	char *room;

	if (len == 0)
		return;
	room = buf_reserve(b, len);
	if (!room)
		return;
	memcpy(room, ptr, len);
	b->len += len;
}

void buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.ptr, s.len);
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	char *room = buf_reserve(b, 1);

	if (!room)
		return;
	*room = c;
	b->len++;
}

void buf_add_u64(struct buf *b, uint64_t n)
{
	char digits[20]; /* 2^64 - 1 has 20 */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_add_i64(struct buf *b, int64_t n)
{
	if (n >= 0) {
		buf_add_u64(b, (uint64_t)n);
		return;
	}
	buf_add_char(b, '-');
	buf_add_u64(b, 0 - (uint64_t)n); /* INT64_MIN has no positive twin */
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	char *room = buf_reserve(b, CAP_MIN);
	size_t space;
	int n;

	if (!room)
		return;
	space = b->cap - b->len;
	va_start(args, format);
	n = vsnprintf(room, space, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n >= space) {
		room = buf_reserve(b, (size_t)n + 1);
		if (!room)
			return;
		va_start(args, format);
		n = vsnprintf(room, (size_t)n + 1, format, args);
		va_end(args);
	}
	if (n < 0) {
		b->failed = true; /* more than INT_MAX bytes: as good as no memory */
		return;
	}
	b->len += (size_t)n;
}

void buf_add_varint(struct buf *b, uint64_t n)
{
	char bytes[10];
	size_t len = 0;

	while (n > 0x7f) {
		bytes[len++] = (char)((n & 0x7f) | 0x80);
		n >>= 7;
	}
	bytes[len++] = (char)n;
	buf_add(b, bytes, len);
}

void buf_add_zigzag(struct buf *b, int64_t n)
{
	buf_add_varint(b, ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0));
}

void buf_add_block(struct buf *b, struct span s)
{
	buf_add_varint(b, s.len);
	buf_add_span(b, s);
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->ptr, b->ptr + n, b->len);
}

int span_take_varint(struct span *s, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->len && i < 10; i++) {
		uint64_t byte = (unsigned char)s->ptr[i];

		if (i == 9 && byte > 1)
			return BUF_TRUNCATED; /* the tenth holds bit 63 alone */
		n |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*s = span_of(s->ptr + i + 1, s->len - i - 1);
			*ret_n = n;
			return 0;
		}
	}
	return BUF_TRUNCATED;
}

int span_take_zigzag(struct span *s, int64_t *ret_n)
{
	uint64_t n;
	int r = span_take_varint(s, &n);

	if (r)
		return r;
	*ret_n = (int64_t)((n >> 1) ^ (0 - (n & 1)));
	return 0;
}

int span_take_block(struct span *s, struct span *ret_block)
{
	struct span rest = *s;
	uint64_t len;
	int r = span_take_varint(&rest, &len);

	if (r)
		return r;
	if (len > rest.len)
		return BUF_TRUNCATED;
	*ret_block = span_of(rest.ptr, (size_t)len);
	*s = span_of(rest.ptr + len, rest.len - (size_t)len);
	return 0;
}

int span_take_byte(struct span *s, uint8_t *ret_byte)
{
	if (s->len == 0)
		return BUF_TRUNCATED;
	*ret_byte = (uint8_t)s->ptr[0];
	*s = span_of(s->ptr + 1, s->len - 1);
	return 0;
}
