/* SPDX-License-Identifier: MIT */
/* zlib behind one small object. */
#include "codec/gzip.h"

#include "zlib_input.h"

#define STEP	  65536
#define INPUT_MAX (1U << 30) /* zlib counts input in 32 bits */

#define WINDOW_GZIP (15 + 16) /* expect a gzip header, and no other */

struct inflater {
	z_stream z;
};

const char *gzip_outcome_name(enum gzip_outcome outcome)
{
	static const char *const names[] = {
		[GZIP_CORRUPT] = "corrupt",
		[GZIP_TRUNCATED] = "truncated",
		[GZIP_TRAILING] = "trailing_bytes",
		[GZIP_TOO_LARGE] = "too_large",
	};

	return names[outcome];
}

/* The outcome behind a status of inflate() that is neither Z_OK nor Z_STREAM_END. */
static int outcome_of(int status)
{
	if (status == Z_MEM_ERROR)
		return -ENOMEM;
	return status == Z_BUF_ERROR ? GZIP_TRUNCATED : GZIP_CORRUPT;
}

/*
 * Is there more than the limit? Asked when exactly MAX_OUT bytes are out and the end has not been
 * seen, which may still follow without another byte.
 */
static int take_end(z_stream *z)
{
	Bytef one;
	int status;

	z->next_out = &one;
	z->avail_out = 1;
	status = inflate(z, Z_NO_FLUSH);
	if (z->avail_out == 0)
		return GZIP_TOO_LARGE;
	return status == Z_STREAM_END ? 0 : status == Z_OK ? GZIP_TRUNCATED : outcome_of(status);
}

static int take_stream(z_stream *z, size_t max_out, struct buf *out)
{
	size_t taken = 0;

	while (taken < max_out) {
		size_t room = max_out - taken < STEP ? max_out - taken : STEP;
		char *to = buf_reserve(out, room);

		if (!to)
			return -ENOMEM;
		z->next_out = (Bytef *)to;
		z->avail_out = (uInt)room;
		int status = inflate(z, Z_NO_FLUSH);
		size_t written = room - z->avail_out;
		buf_commit(out, written);
		taken += written;
		if (status == Z_STREAM_END)
			return 0;
		if (status != Z_OK)
			return outcome_of(status);
	}
	return take_end(z);
}

/* All of one stream and nothing behind it, or OUT as it was. */
static int take_all(z_stream *z, size_t max_out, struct buf *out)
{
	size_t before = out->len;
	int r = take_stream(z, max_out, out);

	if (r == 0 && z->avail_in > 0)
		r = GZIP_TRAILING;
	if (r != 0)
		out->len = before;
	return r;
}

int inflater_new(struct inflater **ret_inflater)
{
	_cleanup_free_ struct inflater *i = calloc(1, sizeof(*i));

	if (!i || inflateInit2(&i->z, WINDOW_GZIP) != Z_OK)
		return -ENOMEM;
	*ret_inflater = i;
	i = NULL;
	return 0;
}

struct inflater *inflater_free(struct inflater *i)
{
	if (i) {
		inflateEnd(&i->z);
		free(i);
	}
	return NULL;
}

void inflater_freep(struct inflater **i)
{
	inflater_free(*i);
}

int gzip_inflate(struct inflater *i, struct span body, size_t max_out, struct buf *out)
{
	if (body.len > INPUT_MAX)
		return GZIP_TOO_LARGE;
	if (body.len == 0)
		return GZIP_TRUNCATED;
	inflateReset(&i->z);
	zlib_input(&i->z, body);
	return take_all(&i->z, max_out, out);
}
