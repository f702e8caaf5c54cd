/* SPDX-License-Identifier: MIT */
/* zstd behind one small object. */
#include "codec/compress.h"

#include "entry_dictionary.h"

#include <zstd.h>

/* 3 takes a quarter more time for 3 % fewer bytes. */
#define LEVEL 1

/* Blocks are small, and come one in a while to a processor that has done other things: tables of
 * this size are as good as larger ones, and sooner in its cache. */
#define WINDOW_LOG 14
#define HASH_LOG   13

struct compressor {
	ZSTD_CCtx *out;
	ZSTD_DCtx *in;
};

/* Whoever opens a block knows its length and its dictionary: they need not be written. */
static bool prepare(struct compressor *c)
{
	static const struct {
		ZSTD_cParameter parameter;
		int value;
	} settings[] = {
		{ZSTD_c_compressionLevel, LEVEL},
		{ZSTD_c_windowLog, WINDOW_LOG},
		{ZSTD_c_hashLog, HASH_LOG},
		{ZSTD_c_contentSizeFlag, 0},
		{ZSTD_c_dictIDFlag, 0},
	};
	struct span dictionary = entry_dictionary();

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (ZSTD_isError(ZSTD_CCtx_setParameter(
			    c->out, settings[i].parameter, settings[i].value)))
			return false;
	return !ZSTD_isError(ZSTD_CCtx_loadDictionary(c->out, dictionary.ptr, dictionary.len)) &&
	       !ZSTD_isError(ZSTD_DCtx_loadDictionary(c->in, dictionary.ptr, dictionary.len));
}

int compressor_new(struct compressor **ret_compressor)
{
	struct compressor *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->out = ZSTD_createCCtx();
	c->in = ZSTD_createDCtx();
	if (!c->out || !c->in || !prepare(c)) {
		compressor_free(c);
		return -ENOMEM;
	}
	*ret_compressor = c;
	return 0;
}

struct compressor *compressor_free(struct compressor *c)
{
	if (!c)
		return NULL;
	ZSTD_freeCCtx(c->out);
	ZSTD_freeDCtx(c->in);
	free(c);
	return NULL;
}

void compressor_freep(struct compressor **c)
{
	*c = compressor_free(*c);
}

int compress_block(struct compressor *c, struct span bytes, struct buf *out)
{
	size_t room = ZSTD_compressBound(bytes.len), n;
	char *to = buf_reserve(out, room);

	if (!to)
		return -ENOMEM;
	n = ZSTD_compress2(c->out, to, room, bytes.ptr, bytes.len);
	if (ZSTD_isError(n)) {
		/* There is room and every parameter is right: only memory can be missing. */
		out->failed = true;
		return -ENOMEM;
	}
	buf_commit(out, n);
	return 0;
}

int expand_block(struct compressor *c, struct span block, size_t len, struct buf *out)
{
	char *to = buf_reserve(out, len);

	if (!to)
		return -ENOMEM;
	if (ZSTD_decompressDCtx(c->in, to, len, block.ptr, block.len) != len)
		return COMPRESS_CORRUPT;
	buf_commit(out, len);
	return 0;
}
