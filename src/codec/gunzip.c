/* SPDX-License-Identifier: MIT */
/* Streaming inflate behind a first look at two bytes. */
#include "codec/gunzip.h"

#include <zlib.h>

enum gunzip_mode {
	MODE_UNKNOWN, /* fewer than two bytes seen */
	MODE_PLAIN,
	MODE_MEMBER,  /* inside a gzip member */
	MODE_BETWEEN, /* a member has ended; another may follow */
};

struct gunzip {
	z_stream stream;
	enum gunzip_mode mode;
	char first;
	bool has_first;
};

#define PIECE_OUT 65536

int gunzip_new(struct gunzip **ret_gunzip)
{
	struct gunzip *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	if (inflateInit2(&g->stream, 15 + 16) != Z_OK) {
		free(g);
		return -ENOMEM;
	}
	*ret_gunzip = g;
	return 0;
}

struct gunzip *gunzip_free(struct gunzip *g)
{
	if (!g)
		return NULL;
	inflateEnd(&g->stream);
	free(g);
	return NULL;
}

void gunzip_freep(struct gunzip **g)
{
	*g = gunzip_free(*g);
}

/* Inflates from *in until it is used up or the member ends. */
static int inflate_some(struct gunzip *g, struct span *in, struct buf *out)
{
	size_t take = in->len < UINT_MAX / 2 ? in->len : UINT_MAX / 2;
	int z = Z_OK;

	g->stream.next_in = (z_const Bytef *)(uintptr_t)in->ptr;
	g->stream.avail_in = (uInt)take;
	do {
		char *room = buf_reserve(out, PIECE_OUT);

		if (!room)
			return -ENOMEM;
		g->stream.next_out = (Bytef *)room;
		g->stream.avail_out = PIECE_OUT;
		z = inflate(&g->stream, Z_NO_FLUSH);
		buf_commit(out, PIECE_OUT - g->stream.avail_out);
		if (z == Z_MEM_ERROR)
			return -ENOMEM;
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return GUNZIP_CORRUPT;
	} while (z == Z_OK && (g->stream.avail_in > 0 || g->stream.avail_out == 0));
	in->ptr += take - g->stream.avail_in;
	in->len -= take - g->stream.avail_in;
	if (z == Z_STREAM_END) {
		g->mode = MODE_BETWEEN;
		inflateReset(&g->stream);
	}
	return 0;
}

/* The first two bytes decide; one alone is kept until the second comes. */
static int look(struct gunzip *g, struct span *piece, struct buf *out)
{
	if (!g->has_first) {
		g->first = piece->ptr[0];
		g->has_first = true;
		piece->ptr++;
		piece->len--;
		if (piece->len == 0)
			return 0;
	}
	if ((uint8_t)g->first == 0x1f && (uint8_t)piece->ptr[0] == 0x8b) {
		struct span one = {&g->first, 1};

		g->mode = MODE_MEMBER;
		return inflate_some(g, &one, out);
	}
	g->mode = MODE_PLAIN;
	buf_add_char(out, g->first);
	return 0;
}

int gunzip_feed(struct gunzip *g, struct span piece, struct buf *out)
{
	int r = 0;

	while (r == 0 && piece.len > 0) {
		switch (g->mode) {
		case MODE_UNKNOWN:
			r = look(g, &piece, out);
			break;
		case MODE_PLAIN:
			buf_add_span(out, piece);
			piece.len = 0;
			break;
		case MODE_BETWEEN:
			g->mode = MODE_MEMBER;
			r = inflate_some(g, &piece, out);
			break;
		case MODE_MEMBER:
			r = inflate_some(g, &piece, out);
			break;
		}
	}
	return r ? r : buf_failed(out);
}

int gunzip_finish(struct gunzip *g, struct buf *out)
{
	if (g->mode == MODE_UNKNOWN && g->has_first)
		buf_add_char(out, g->first);
	if (g->mode == MODE_MEMBER)
		return GUNZIP_TRUNCATED;
	return buf_failed(out);
}
