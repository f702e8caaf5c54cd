/* SPDX-License-Identifier: MIT */
/*
 * Commands as clients send them, one behind the other (RESP arrays of bulk strings); lines that
 * begin with # are remarks.
 * https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 */
#include "io/aof.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "io/file.h"

#define MANIFEST_MAX 65536
#define NUMBER_MAX   (UINT64_C(1) << 40)

/* ---- which file --------------------------------------------------------------------------- */

/* `file NAME seq 2 type i`: the last of those is written to. Empty: there is none. */
static struct span last_increment(struct span manifest)
{
	struct span last = SPAN_EMPTY;

	while (manifest.len > 0) {
		const char *end = memchr(manifest.ptr, '\n', manifest.len);
		size_t len = end ? (size_t)(end - manifest.ptr) : manifest.len;
		struct span line = span_of(manifest.ptr, len), name;
		const char *blank;

		manifest = span_of(manifest.ptr + len + !!end, manifest.len - len - !!end);
		if (!span_starts(line, SPAN_LIT("file ")) || line.ptr[len - 1] != 'i')
			continue;
		name = span_of(line.ptr + 5, line.len - 5);
		blank = memchr(name.ptr, ' ', name.len);
		if (blank && !memchr(name.ptr, '/', (size_t)(blank - name.ptr)))
			last = span_of(name.ptr, (size_t)(blank - name.ptr));
	}
	return last;
}

/* ---- what is whole ------------------------------------------------------------------------ */

enum { WHOLE, TORN, STRANGE };

/* KIND, a number and the end of the line, off *TEXT. */
static int take_number(struct span *text, char kind, uint64_t *ret)
{
	const char *end;
	size_t len;

	if (text->len == 0)
		return TORN;
	if (text->ptr[0] != kind)
		return STRANGE;
	end = memchr(text->ptr, '\n', text->len);
	if (!end)
		return text->len < 32 ? TORN : STRANGE;
	len = (size_t)(end - text->ptr);
	if (len < 3 || end[-1] != '\r' ||
		span_to_u64(span_of(text->ptr + 1, len - 2), NUMBER_MAX, ret) != 0)
		return STRANGE;
	*text = span_of(end + 1, text->len - len - 1);
	return WHOLE;
}

static int take_word(struct span *text, struct span *ret)
{
	uint64_t n = 0;
	int r = take_number(text, '$', &n);

	if (r != WHOLE)
		return r;
	if (n + 2 > text->len)
		return TORN;
	if (text->ptr[n] != '\r' || text->ptr[n + 1] != '\n')
		return STRANGE;
	*ret = span_of(text->ptr, (size_t)n);
	*text = span_of(text->ptr + n + 2, text->len - (size_t)n - 2);
	return WHOLE;
}

/* One command off *TEXT; *RET_NAME: its first word. */
static int take_command(struct span *text, struct span *ret_name)
{
	struct span word = SPAN_EMPTY;
	uint64_t n = 0;
	int r = take_number(text, '*', &n);

	*ret_name = SPAN_EMPTY;
	for (uint64_t i = 0; i < n && r == WHOLE; i++) {
		r = take_word(text, &word);
		if (i == 0)
			*ret_name = word;
	}
	return r;
}

static int take_remark(struct span *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);

	if (!end)
		return TORN;
	*text = span_of(end + 1, text->len - (size_t)(end + 1 - text->ptr));
	return WHOLE;
}

/* How much of LOG is whole; all of it where it has another form. */
static size_t whole_of(struct span log)
{
	struct span rest = log, name;
	size_t whole = 0;
	bool open = false;
	int r = WHOLE;

	while (rest.len > 0 && r == WHOLE) {
		if (rest.ptr[0] == '#') {
			r = take_remark(&rest);
		} else {
			r = take_command(&rest, &name);
			open = r == WHOLE &&
			       ((open && !span_equal_nocase(name, SPAN_LIT("EXEC"))) ||
				       span_equal_nocase(name, SPAN_LIT("MULTI")));
		}
		if (r == WHOLE && !open)
			whole = log.len - rest.len;
	}
	return r == STRANGE ? log.len : whole;
}

/* ---- mending ------------------------------------------------------------------------------ */

static int cut_file(int fd, off_t *ret_bytes)
{
	struct stat st;
	size_t whole;
	void *map;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return 0;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	whole = whole_of(span_of(map, (size_t)st.st_size));
	(void)munmap(map, (size_t)st.st_size);
	if ((off_t)whole == st.st_size)
		return 0;
	if (ftruncate(fd, (off_t)whole) < 0 || fsync(fd) < 0)
		return -errno;
	*ret_bytes = st.st_size - (off_t)whole;
	return AOF_CUT;
}

static void set_path(struct buf *path, const char *dir, struct span name)
{
	buf_reset(path);
	buf_add_str(path, dir);
	buf_add_str(path, "/appendonlydir/");
	buf_add_span(path, name);
	buf_add_char(path, '\0');
}

int aof_mend(const char *dir, off_t *ret_bytes)
{
	_cleanup_(buf_release) struct buf manifest = BUF_INIT, path = BUF_INIT;
	struct span name;
	int fd, r;

	set_path(&path, dir, SPAN_LIT("appendonly.aof.manifest"));
	if (buf_failed(&path) < 0)
		return -ENOMEM;
	r = file_read(path.ptr, MANIFEST_MAX, &manifest);
	if (r != 0)
		return r == -ENOENT || r > 0 ? 0 : r;
	name = last_increment(buf_span(&manifest));
	if (name.len == 0)
		return 0;
	set_path(&path, dir, name);
	if (buf_failed(&path) < 0)
		return -ENOMEM;
	fd = open(path.ptr, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = cut_file(fd, ret_bytes);
	close(fd);
	return r;
}

static bool is_left_over(const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, "temp-", 5) == 0 && len > 9 &&
	       (strcmp(name + len - 4, ".aof") == 0 || strcmp(name + len - 4, ".rdb") == 0);
}

int aof_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int n = 0, r = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d))) {
		if (!is_left_over(e->d_name))
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) == 0)
			n++;
		else if (r == 0)
			r = -errno;
	}
	closedir(d);
	return r < 0 ? r : n;
}
