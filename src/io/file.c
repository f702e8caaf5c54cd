/* SPDX-License-Identifier: MIT */
/*
 * rename(2) is atomic, but what it names is durable only once the file was synced before, and the
 * name itself only once the directory was synced after.
 */
#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024 };

static void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int file_read(const char *path, size_t max, struct buf *out)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t before = out->len;
	size_t total = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		char *room = buf_reserve(out, READ_STEP);
		ssize_t n;

		if (!room)
			return -ENOMEM;
		n = read(fd, room, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return 0;
		if (n < 0 || (size_t)n > max - total) {
			out->len = before;
			return n < 0 ? -errno : FILE_TOO_LARGE;
		}
		buf_commit(out, (size_t)n);
		total += (size_t)n;
	}
}

static int write_all(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s = span_of(s.ptr + n, s.len - (size_t)n);
	}
	return 0;
}

/* Syncs the directory that PATH lies in. */
static int sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
	_cleanup_free_ char *parent = n ? span_dup(span_of(path, n)) : span_dup(SPAN_LIT("."));
	_cleanup_(closep) int fd = -1;

	if (!parent)
		return -ENOMEM;
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

/* Gives FD to the owner of PATH. Who may not do so has a file of their own, as before. */
static int keep_owner(int fd, const char *path)
{
	struct stat old, new;

	if (stat(path, &old) < 0 || fstat(fd, &new) < 0 ||
		(old.st_uid == new.st_uid &&old.st_gid == new.st_gid))
		return 0;
	return fchown(fd, old.st_uid, old.st_gid) < 0 && errno != EPERM ? -errno : 0;
}

static int write_beside(const char *beside, const char *path, struct span contents, unsigned mode)
{
	_cleanup_(closep) int fd = -1;
	int r;

	/* One that a dead process of our number left; what was put there since is not followed. */
	(void)unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = keep_owner(fd, path);
	if (r == 0)
		r = write_all(fd, contents);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_write(const char *path, struct span contents, unsigned mode)
{
	_cleanup_(buf_release) struct buf beside = BUF_INIT;
	int r;

	buf_printf(&beside, "%s.%ld.tmp", path, (long)getpid());
	buf_add_char(&beside, '\0');
	r = buf_failed(&beside);
	if (r < 0)
		return r;
	r = write_beside(beside.ptr, path, contents, mode);
	if (r == 0 && rename(beside.ptr, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(beside.ptr);
		return r;
	}
	return sync_parent(path);
}

static int dir_make_one(const char *path, unsigned mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return sync_parent(path);
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int dir_make(const char *path, unsigned mode)
{
	_cleanup_free_ char *part = span_dup(span_str(path));

	if (!part)
		return -ENOMEM;
	for (char *p = part + 1; part[0] && *p; p++) {
		int r;

		if (*p != '/' || p[-1] == '/')
			continue;
		*p = '\0';
		r = dir_make_one(part, mode);
		*p = '/';
		if (r < 0)
			return r;
	}
	return dir_make_one(part, mode);
}
