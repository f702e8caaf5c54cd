/* SPDX-License-Identifier: MIT */
/* The text in front is read strictly: what was not written by link_encode is no link. */
#include "codec/link.h"

#include "base/hash.h"
#include "core/event.h"

#define CRC_AT	3 /* behind `L1 ` */
#define CRC_LEN 8
#define BODY_AT (CRC_AT + CRC_LEN + 1)

static void put_crc(uint32_t crc, char out[CRC_LEN])
{
	for (unsigned i = 0; i < CRC_LEN; i++)
		out[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
}

void link_encode(const struct link *l, struct buf *out)
{
	size_t start = out->len;

	assert(l->to.len >= 1 && l->to.len <= CUSTOMER_MAX && l->partition <= LINK_PARTITION_MAX);
	assert(!link_is(l->frozen));
	buf_add_str(out, "L1 ........ ");
	buf_add_u64(out, l->partition);
	buf_add_char(out, ' ');
	buf_add_i64(out, l->linked_at);
	buf_add_char(out, ' ');
	buf_add_i64(out, l->said_at);
	buf_add_char(out, ' ');
	buf_add_u64(out, l->to.len);
	buf_add_char(out, ':');
	buf_add_span(out, l->to);
	buf_add_char(out, '\n');
	buf_add_span(out, l->frozen);
	if (buf_failed(out) == 0) {
		char *head = out->ptr + start;
		struct span body = span_of(head + BODY_AT, out->len - start - BODY_AT);

		put_crc(crc32c(0, body), head + CRC_AT);
	}
}

/* ---- decoding ---------------------------------------------------------------------------- */

/* The bytes of *S before the first END, which is taken too. */
static bool take_until(struct span *s, char end, struct span *ret_text)
{
	const char *at = s->len ? memchr(s->ptr, end, s->len) : NULL;

	if (!at)
		return false;
	*ret_text = span_of(s->ptr, (size_t)(at - s->ptr));
	s->len -= ret_text->len + 1;
	s->ptr = at + 1;
	return true;
}

/* No zeros in front. */
static bool take_u64(struct span *s, char end, uint64_t max, uint64_t *ret_n)
{
	struct span text;

	return take_until(s, end, &text) && span_to_u64(text, max, ret_n) == 0 &&
	       (text.len == 1 || text.ptr[0] != '0');
}

static bool take_i64(struct span *s, char end, int64_t *ret_n)
{
	bool negative = s->len > 0 && s->ptr[0] == '-';
	uint64_t n;

	if (negative)
		*s = span_of(s->ptr + 1, s->len - 1);
	if (!take_u64(s, end, (uint64_t)INT64_MAX + negative, &n) || (negative && n == 0))
		return false;
	*ret_n = negative ? -(int64_t)(n - 1) - 1 : (int64_t)n;
	return true;
}

static bool take_key(struct span *s, struct span *ret_key)
{
	uint64_t len;

	if (!take_u64(s, ':', CUSTOMER_MAX, &len) || len == 0 || s->len <= len ||
		s->ptr[len] != '\n')
		return false;
	*ret_key = span_of(s->ptr, (size_t)len);
	*s = span_of(s->ptr + len + 1, s->len - (size_t)len - 1);
	return true;
}

static bool has_frame(struct span bytes)
{
	char crc[CRC_LEN];

	if (bytes.len < BODY_AT || !span_starts(bytes, SPAN_LIT("L1 ")) ||
		bytes.ptr[BODY_AT - 1] != ' ')
		return false;
	put_crc(crc32c(0, span_of(bytes.ptr + BODY_AT, bytes.len - BODY_AT)), crc);
	return memcmp(crc, bytes.ptr + CRC_AT, CRC_LEN) == 0;
}

int link_decode(struct span bytes, struct link *ret_l)
{
	struct span rest;
	struct link l;
	uint64_t partition;

	if (!has_frame(bytes))
		return LINK_CORRUPT;
	rest = span_of(bytes.ptr + BODY_AT, bytes.len - BODY_AT);
	if (!take_u64(&rest, ' ', LINK_PARTITION_MAX, &partition) ||
		!take_i64(&rest, ' ', &l.linked_at) || !take_i64(&rest, ' ', &l.said_at) ||
		!take_key(&rest, &l.to) || link_is(rest))
		return LINK_CORRUPT;
	l.partition = (uint32_t)partition;
	l.frozen = rest;
	*ret_l = l;
	return 0;
}
