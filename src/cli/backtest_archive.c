/* SPDX-License-Identifier: MIT */
#include "backtest_archive.h"

#include "archive_keyring.h"
#include "archive_stream.h"
#include "store/entry_fields.h"

static int wrong(struct backtest_archive *a, const char *words)
{
	(void)snprintf(a->words, sizeof(a->words), "%s", words);
	return 1;
}

int backtest_archive_open(struct backtest_archive *a, const char *path)
{
	int r = archive_dir_open(&a->dir, path);

	if (r == ARCHIVE_DIR_NONE)
		return wrong(a, "there is no archive there");
	if (r == ARCHIVE_DIR_WRONG)
		return wrong(a, "the archive is of another version of Waymark");
	if (r == 0 && strcmp(a->dir.dataset, a->program->dataset.id) != 0)
		return wrong(a, "the archive is of another data set than Redis holds");
	return r == 0 ? archive_coder_new(&a->coder) : r;
}

void backtest_archive_release(struct backtest_archive *a)
{
	archive_dir_release(&a->dir);
	archive_coder_free(a->coder);
}

/* 0, -errno, or 1. */
static int feed_line(struct backtest_archive *a, struct backtest *b,
	const struct archive_keyring *keys, const struct archive_line *l)
{
	const struct archive_key *key = archive_keyring_find(keys, l->key);
	const struct archive_field *fields = l->fields;
	_cleanup_(arena_release) struct arena arena;
	struct archive_field *opened = NULL;
	struct log_entry e = {.id = l->id};
	size_t n = l->n_fields;
	int r = 0;

	arena_init(&arena);
	if (l->sealed.len > 0 && !key) {
		a->unreadable++;
		return 0;
	}
	if (l->sealed.len > 0) {
		r = archive_open(a->coder, l, &key->key, &arena, &opened, &n);
		fields = opened;
	}
	if (r != 0)
		return r < 0 ? r : wrong(a, "an entry is not what was sealed");
	entry_fields_put(fields, n, &e);
	r = backtest_gone_say(a->gone, b, e.id);
	return r < 0 ? r : backtest_append_id(b, &e);
}

/* A backtest of half a log would be none: the archive must go on from the log's beginning, without
 * a gap. */
static int feed_stream(struct backtest_archive *a, struct backtest *b,
	const struct archive_keyring *keys, struct archive_stream *s)
{
	struct archive_line l;
	int r;

	s->placed = true; /* at 0-0 */
	while ((r = archive_stream_next(s, &l)) == 0) {
		r = feed_line(a, b, keys, &l);
		if (r != 0)
			return r;
	}
	if (r == ARCHIVE_STREAM_FAULT)
		return wrong(a, s->words);
	return r < 0 ? r : 0;
}

int backtest_archive_feed(struct backtest_archive *a, struct backtest *b, uint32_t partition,
	struct backtest_reach *ret_reach)
{
	_cleanup_(archive_keyring_release) struct archive_keyring keys = {.by_id = {.len = 0}};
	const struct archive_file *files;
	size_t n = archive_dir_files(&a->dir, partition, &files);
	struct archive_stream s;
	int r;

	if (archive_keyring_load(&keys, a->program, a->redis, partition) < 0)
		return wrong(a, "the keys cannot be read");
	archive_stream_init(&s, &a->dir, a->coder, files, n);
	r = feed_stream(a, b, &keys, &s);
	*ret_reach = (struct backtest_reach){s.through, s.clock};
	archive_stream_release(&s);
	return r;
}
