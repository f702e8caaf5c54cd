/* SPDX-License-Identifier: MIT */
/* rename(2) where nothing is, with a sync before it and one behind (file.c says why). */
#include "io/file_draft.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"

struct file_draft {
	char *path, *beside, *directory;
	int fd;
	bool finished;
};

/* PATH's directory and the hidden name beside it. 0 or -ENOMEM. */
static int make_names(struct file_draft *d, const char *path)
{
	_cleanup_(buf_release) struct buf beside = BUF_INIT;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct span directory =
		slash ? span_of(path, (size_t)int64_max(slash - path, 1)) : SPAN_LIT(".");

	buf_printf(&beside, "%.*s/.%s.tmp", (int)directory.len, directory.ptr, name);
	if (buf_failed(&beside) < 0)
		return -ENOMEM;
	d->path = span_dup(span_str(path));
	d->directory = span_dup(directory);
	d->beside = span_dup(buf_span(&beside));
	return d->path && d->directory && d->beside ? 0 : -ENOMEM;
}

static int open_beside(struct file_draft *d, const char *path, unsigned mode)
{
	int r = make_names(d, path);

	if (r < 0)
		return r;
	if (unlink(d->beside) < 0 && errno != ENOENT)
		return -errno;
	d->fd = open(d->beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	return d->fd < 0 ? -errno : 0;
}

int file_draft_open(const char *path, unsigned mode, struct file_draft **ret_draft)
{
	struct file_draft *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->fd = -1;
	r = open_beside(d, path, mode);
	d->finished = r < 0; /* nothing to be removed */
	if (r < 0)
		file_draft_free(d);
	else
		*ret_draft = d;
	return r;
}

struct file_draft *file_draft_free(struct file_draft *d)
{
	if (!d)
		return NULL;
	if (d->fd >= 0)
		close(d->fd);
	if (!d->finished)
		(void)unlink(d->beside);
	free(d->path);
	free(d->beside);
	free(d->directory);
	free(d);
	return NULL;
}

void file_draft_freep(struct file_draft **d)
{
	*d = file_draft_free(*d);
}

int file_draft_add(struct file_draft *d, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(d->fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
	}
	return 0;
}

static int sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int finish(struct file_draft *d, bool replace)
{
	if (fsync(d->fd) < 0)
		return -errno;
	if (!replace && access(d->path, F_OK) == 0)
		return -EEXIST;
	if (rename(d->beside, d->path) < 0)
		return -errno;
	d->finished = true;
	return sync_directory(d->directory);
}

int file_draft_finish(struct file_draft *d)
{
	return finish(d, false);
}

int file_draft_replace(struct file_draft *d)
{
	return finish(d, true);
}
