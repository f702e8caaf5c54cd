/* SPDX-License-Identifier: MIT */
/* A place in a timeline as text. */
#include "page_cursor.h"

#include "frame.h"
#include "pack.h"

#define CURSOR_VERSION 2
#define WORD_MAX       ((size_t)5) /* bytes of 32 bits, packed */
#define SKIPS_SIZE     ((size_t)PAGE_SKIPS_MAX * 3 * WORD_MAX)
#define BYTES_MAX      (FRAME_SIZE + 3 * PACK_NUMBER + 3 * WORD_MAX + SKIPS_SIZE)

_Static_assert((BYTES_MAX * 4 + 2) / 3 < TIMELINE_CURSOR_SIZE, "a cursor may not fit");

static const char letters[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void text_of(const unsigned char *bytes, size_t n, char *out)
{
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 6; held -= 6)
			*out++ = letters[bits >> (held - 6) & 63];
	}
	if (held)
		*out++ = letters[bits << (6 - held) & 63];
	*out = '\0';
}

/* Into OUT, which has room for BYTES_MAX. False unless TEXT is what text_of writes. */
static bool bytes_of(struct span text, unsigned char *out, size_t *ret_n)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;

	if (text.len % 4 == 1 || text.len > (BYTES_MAX * 4 + 2) / 3)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = memchr(letters, text.ptr[i], sizeof(letters));

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - letters);
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (unsigned char)(bits >> held);
		}
	}
	*ret_n = n;
	return (bits & ((1u << held) - 1)) == 0;
}

void page_cursor_format(const struct page_cursor *c, char out[TIMELINE_CURSOR_SIZE])
{
	unsigned char bytes[BYTES_MAX] = {CURSOR_VERSION};
	struct pack p = {bytes + FRAME_SIZE};
	uint32_t crc;

	pack_since(&p, c->at, 0);
	pack_number(&p, c->id.ms);
	pack_number(&p, c->id.seq + 1);
	pack_number(&p, c->nth);
	pack_number(&p, c->tie);
	pack_number(&p, c->n_skips);
	for (uint32_t i = 0; i < c->n_skips; i++) {
		pack_number(&p, c->skips[i].list);
		pack_number(&p, c->skips[i].from);
		pack_number(&p, c->skips[i].to);
	}
	crc = frame_crc(span_of((char *)bytes, (size_t)(p.at - bytes)));
	for (unsigned i = 0; i < 4; i++)
		bytes[FRAME_CRC_AT + i] = (unsigned char)(crc >> (8 * i) & 0xff);
	text_of(bytes, (size_t)(p.at - bytes), out);
}

static void get_skips(struct unpack *u, struct page_cursor *c)
{
	c->n_skips = (uint32_t)unpack_bounded(u, PAGE_SKIPS_MAX);
	for (uint32_t i = 0; i < c->n_skips; i++) {
		struct page_skip *s = &c->skips[i];

		s->list = (uint32_t)unpack_bounded(u, UINT32_MAX);
		s->from = (uint32_t)unpack_bounded(u, UINT32_MAX);
		s->to = (uint32_t)unpack_bounded(u, UINT32_MAX);
		if (s->from >= s->to)
			u->bad = true;
		for (uint32_t k = 0; k < i; k++)
			if (c->skips[k].list == s->list)
				u->bad = true;
	}
}

bool page_cursor_parse(struct span text, struct page_cursor *ret_c)
{
	unsigned char bytes[BYTES_MAX];
	struct page_cursor c;
	struct span body;
	struct unpack u;
	size_t n;

	if (!bytes_of(text, bytes, &n) ||
		frame_check(span_of((char *)bytes, n), CURSOR_VERSION, &body))
		return false;
	u = unpack_of(body);
	c.at = unpack_since(&u, 0);
	c.id.ms = unpack_number(&u);
	c.id.seq = unpack_number(&u) - 1;
	c.nth = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	c.tie = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	get_skips(&u, &c);
	if (u.bad || unpack_left(&u))
		return false;
	*ret_c = c;
	return true;
}
