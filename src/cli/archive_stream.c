/* SPDX-License-Identifier: MIT */
#include "archive_stream.h"

#include <stdarg.h>

#include "store/keys.h"

/* A record that a merge brings may be long. */
#define LINE_MAX_BYTES ((size_t)512 << 20)

void archive_stream_init(struct archive_stream *s, const struct archive_dir *d,
	struct archive_coder *coder, const struct archive_file *files, size_t n)
{
	*s = (struct archive_stream){.dir = d, .files = files, .n = n, .coder = coder};
	arena_init(&s->arena);
}

void archive_stream_release(struct archive_stream *s)
{
	s->file = event_file_close(s->file);
	arena_release(&s->arena);
}

static void close_file(struct archive_stream *s)
{
	s->file = event_file_close(s->file);
	s->at++;
}

/* Gives the file up. */
static int fault(struct archive_stream *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fault(struct archive_stream *s, const char *format, ...)
{
	int n = snprintf(s->words, sizeof(s->words), "%s: ", s->files[s->at].name);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(s->words + n, sizeof(s->words) - (size_t)n, format, args);
	va_end(args);
	close_file(s);
	return ARCHIVE_STREAM_FAULT;
}

static int open_file(struct archive_stream *s)
{
	int r = event_file_open_long(s->files[s->at].path, LINE_MAX_BYTES, &s->file);

	if (r < 0)
		return fault(s, "%s", strerror(-r));
	sha256_init(&s->sum);
	s->begun = s->ended = false;
	s->lines = 0;
	return 0;
}

/* The first line: whose it is, and that nothing is missing before it. What is wrong with that does
 * not make the file unreadable. */
static int take_head(struct archive_stream *s, const struct archive_line *l)
{
	const struct archive_file *f = &s->files[s->at];
	char from[LOG_ID_SIZE], to[LOG_ID_SIZE];
	bool gap = s->placed && log_id_compare(l->through, s->through) != 0;
	struct log_id before = s->through;

	if (l->kind != ARCHIVE_FILE)
		return fault(s, "does not begin as a file of an archive does");
	if (!span_is(l->dataset, s->dir->dataset) || l->partition != f->partition)
		return fault(s, "is of another data set or partition");
	s->begun = s->placed = true;
	s->last = s->through = l->through;
	if (!gap)
		return 0;
	log_id_format(before, from);
	log_id_format(l->through, to);
	(void)snprintf(s->words, sizeof(s->words), "%s: goes on from %s, but the file before %s %s",
		f->name, to, log_id_compare(before, l->through) < 0 ? "ends at" : "has come to",
		from);
	return ARCHIVE_STREAM_FAULT;
}

static int take_end(struct archive_stream *s, const struct archive_line *l)
{
	unsigned char digest[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1];

	sha256_end(&s->sum, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
	if (!span_is(l->sha256, text))
		return fault(s, "its bytes are not those that were written");
	if (l->lines != s->lines || log_id_compare(l->through, s->last) < 0)
		return fault(s, "its last line does not fit those before it");
	s->ended = true;
	s->through = l->through;
	s->clock = l->clock;
	return 0;
}

/* What the line is to the file. 0: an entry, or 1: nothing for the caller. */
static int take_line(struct archive_stream *s, struct span text, struct archive_line *l)
{
	int r = archive_line_read(s->coder, text, &s->arena, l);

	if (r < 0)
		return r;
	if (r > 0 || s->ended)
		return fault(s, "line %llu is none of an archive",
			(unsigned long long)event_file_line(s->file));
	if (l->kind == ARCHIVE_END && s->begun)
		return take_end(s, l);
	sha256_add(&s->sum, text);
	sha256_add(&s->sum, SPAN_LIT("\n"));
	if (!s->begun)
		return take_head(s, l);
	if (l->kind == ARCHIVE_FILE || log_id_compare(l->id, s->last) <= 0 ||
		(s->lines == 0 && log_id_compare(l->id, s->files[s->at].first) != 0))
		return fault(s, "line %llu is out of order",
			(unsigned long long)event_file_line(s->file));
	s->last = l->id;
	s->lines++;
	s->all++;
	return 0;
}

static int next_line(struct archive_stream *s, struct archive_line *l)
{
	struct span text = SPAN_EMPTY;
	int r = event_file_next(s->file, &text);

	s->text = SPAN_EMPTY;
	*l = (struct archive_line){.kind = ARCHIVE_FILE};
	arena_reset(&s->arena);
	if (r < 0)
		return fault(s, "%s", strerror(-r));
	if (r == EVENT_FILE_CORRUPT)
		return fault(s, "the gzip data is broken");
	if (r == EVENT_FILE_LONG)
		return fault(s, "a line is too long");
	if (r == 0) {
		s->text = text;
		return take_line(s, text, l);
	}
	if (!s->ended)
		return fault(s, "ends early");
	close_file(s);
	return 0;
}

int archive_stream_next(struct archive_stream *s, struct archive_line *ret_line)
{
	for (;;) {
		struct archive_line l;
		int r = 0;

		if (!s->file && s->at == s->n)
			return ARCHIVE_STREAM_END;
		if (!s->file)
			r = open_file(s);
		if (r == 0)
			r = next_line(s, &l);
		if (r != 0)
			return r;
		if ((l.kind == ARCHIVE_FILE || l.kind == ARCHIVE_END) &&
			(!s->whole || s->text.len == 0))
			continue;
		*ret_line = l;
		return 0;
	}
}
