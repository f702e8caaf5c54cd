/* SPDX-License-Identifier: MIT */
/* Pieces of a file through gunzip into lines. */
#include "event_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/gunzip.h"

#define PIECE 65536

struct event_file {
	int fd;
	size_t line_max;
	struct gunzip *gunzip;
	struct buf text;
	size_t at; /* of the next line in text */
	bool ended;
	bool skipping; /* inside a line that is too long */
	uint64_t line, bytes, size;
	char piece[PIECE];
};

int event_file_open(const char *path, struct event_file **ret_file)
{
	return event_file_open_long(path, EVENT_LINE_MAX, ret_file);
}

int event_file_open_long(const char *path, size_t line_max, struct event_file **ret_file)
{
	struct event_file *f = calloc(1, sizeof(*f));
	struct stat st;

	if (!f)
		return -ENOMEM;
	f->line_max = line_max;
	f->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st) < 0 || gunzip_new(&f->gunzip) < 0) {
		int error = f->fd < 0 ? errno : ENOMEM;

		event_file_close(f);
		return -error;
	}
	if (S_ISDIR(st.st_mode)) {
		event_file_close(f);
		return -EISDIR;
	}
	if (S_ISREG(st.st_mode))
		f->size = (uint64_t)st.st_size;
	*ret_file = f;
	return 0;
}

struct event_file *event_file_close(struct event_file *f)
{
	if (!f)
		return NULL;
	if (f->fd >= 0)
		close(f->fd);
	gunzip_free(f->gunzip);
	buf_release(&f->text);
	free(f);
	return NULL;
}

void event_file_closep(struct event_file **f)
{
	*f = event_file_close(*f);
}

static int fill(struct event_file *f)
{
	ssize_t n;
	int r;

	buf_consume(&f->text, f->at);
	f->at = 0;
	do
		n = read(f->fd, f->piece, sizeof(f->piece));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0) {
		f->ended = true;
		r = gunzip_finish(f->gunzip, &f->text);
	} else {
		f->bytes += (uint64_t)n;
		r = gunzip_feed(f->gunzip, span_of(f->piece, (size_t)n), &f->text);
	}
	return r > 0 ? EVENT_FILE_CORRUPT : r;
}

/* Takes a whole line off the text if there is one. */
static bool take_line(struct event_file *f, struct span *ret_line)
{
	const char *from = f->text.ptr + f->at;
	size_t left = f->text.len - f->at;
	const char *end = left > 0 ? memchr(from, '\n', left) : NULL;

	if (!end && !(f->ended && left > 0))
		return false;
	*ret_line = span_of(from, end ? (size_t)(end - from) : left);
	f->at += ret_line->len + (end ? 1 : 0);
	f->line++;
	return true;
}

int event_file_next(struct event_file *f, struct span *ret_line)
{
	for (;;) {
		struct span line;

		if (take_line(f, &line)) {
			bool tail = f->skipping;

			f->skipping = false;
			if (tail || line.len > f->line_max)
				return EVENT_FILE_LONG;
			line = span_trim(line);
			if (line.len > 0 && line.ptr[line.len - 1] == '\r')
				line.len--;
			if (line.len == 0)
				continue;
			*ret_line = line;
			return 0;
		}
		if (f->ended)
			return EVENT_FILE_END;
		if (f->text.len - f->at > f->line_max) {
			f->skipping = true;
			f->at = f->text.len;
		}
		int r = fill(f);

		if (r != 0)
			return r;
	}
}

uint64_t event_file_line(const struct event_file *f)
{
	return f->line;
}

uint64_t event_file_bytes(const struct event_file *f)
{
	return f->bytes;
}

uint64_t event_file_size(const struct event_file *f)
{
	return f->size;
}
