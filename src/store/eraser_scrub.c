/* SPDX-License-Identifier: MIT */
/*
 * Entries that are not theirs and name them. A stream's entry cannot be changed, but the streams
 * are written anew in the end (eraser_renew.c): what an entry is to be by then stands in a hash
 * until that is done, by its id.
 */
#include "eraser_impl.h"

/* KEYS: the hash. ARGV: id, fields and values. */
static const char stage_script[] =
	"#!lua flags=allow-oom\n"
	"redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack({unpack(ARGV, 2)}))\n"
	"return 1\n";

static int stage(struct eraser *e, struct span id, const struct archive_field *fields, size_t n)
{
	struct redis *redis = e->options.redis;
	char key[64];

	eraser_stage_key(e, key);
	redis_begin(redis, 5 + 2 * n);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, stage_script);
	redis_arg_str(redis, "1");
	redis_arg_str(redis, key);
	redis_arg(redis, id);
	for (size_t i = 0; i < n; i++) {
		redis_arg(redis, fields[i].name);
		redis_arg(redis, fields[i].value);
	}
	return eraser_asked(e, eraser_ignore);
}

int eraser_scrub_entry(
	struct eraser *e, struct span id, const struct archive_field *fields, size_t n)
{
	_cleanup_(arena_release) struct arena arena;
	struct archive_field *copy;
	int r;

	arena_init(&arena);
	copy = arena_calloc(&arena, n + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		copy[i] = fields[i];
	r = entry_scrub(&e->match.entries, copy, n, &arena);
	if (r == 0)
		r = stage(e, id, copy, n);
	else
		return r < 0 ? r : 0;
	e->staged[e->stream == STREAM_AUDIT ? e->options.partitions : e->part] |=
		(unsigned char)(1u << e->stream);
	return r;
}
