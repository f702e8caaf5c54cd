/* SPDX-License-Identifier: MIT */
/* zlib's other half. */
#include "codec/gzip_out.h"

#include "zlib_input.h"

#define STEP	    65536
#define WINDOW_GZIP (15 + 16)
#define MEMORY	    8 /* zlib's default */

struct gzip_out {
	z_stream z;
};

int gzip_out_new(struct gzip_out **ret_gzip)
{
	_cleanup_free_ struct gzip_out *g = calloc(1, sizeof(*g));

	if (!g || deflateInit2(&g->z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_GZIP, MEMORY,
			  Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	*ret_gzip = g;
	g = NULL;
	return 0;
}

struct gzip_out *gzip_out_free(struct gzip_out *g)
{
	if (g) {
		deflateEnd(&g->z);
		free(g);
	}
	return NULL;
}

void gzip_out_freep(struct gzip_out **g)
{
	*g = gzip_out_free(*g);
}

/* Until zlib wants no more room. */
static int run(struct gzip_out *g, int flush, struct buf *out)
{
	do {
		char *to = buf_reserve(out, STEP);

		if (!to)
			return -ENOMEM;
		g->z.next_out = (Bytef *)to;
		g->z.avail_out = STEP;
		(void)deflate(&g->z, flush);
		buf_commit(out, STEP - g->z.avail_out);
	} while (g->z.avail_out == 0);
	return 0;
}

int gzip_out_add(struct gzip_out *g, struct span bytes, struct buf *out)
{
	assert(bytes.len < (1U << 30));
	zlib_input(&g->z, bytes);
	return bytes.len > 0 ? run(g, Z_NO_FLUSH, out) : 0;
}

int gzip_out_end(struct gzip_out *g, struct buf *out)
{
	int r;

	zlib_input(&g->z, SPAN_EMPTY);
	r = run(g, Z_FINISH, out);
	deflateReset(&g->z);
	return r;
}
