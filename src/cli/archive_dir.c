/* SPDX-License-Identifier: MIT */
#include "archive_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/instant.h"
#include "codec/archive_line.h"
#include "codec/json_scan.h"
#include "io/file.h"
#include "json_match.h"
#include "store/keys.h"

#define SIGN	 "waymark-archive.json"
#define SIGN_MAX 4096
#define SUFFIX	 ".ndjson.gz"

static int sign_path(const char *dir, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/" SIGN, dir);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

bool archive_dir_is(const char *path)
{
	char sign[PATH_MAX];

	return sign_path(path, sign) == 0 && access(sign, F_OK) == 0;
}

int archive_dir_make(const char *path, const char *dataset)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char sign[PATH_MAX];
	int r = sign_path(path, sign);

	if (r == 0)
		r = dir_make(path, 0750);
	buf_printf(&text, "{\"format\":%d,\"dataset\":\"%s\"}\n", ARCHIVE_FORMAT, dataset);
	if (r == 0)
		r = buf_failed(&text);
	return r == 0 ? file_write(sign, buf_span(&text), 0640) : r;
}

int archive_dir_lock(const char *path)
{
	char sign[PATH_MAX];
	int fd, r = sign_path(path, sign);

	if (r < 0)
		return r;
	fd = open(sign, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

void archive_file_name(uint32_t partition, struct log_id id, size_t size, char *out)
{
	char at[INSTANT_SIZE], text[LOG_ID_SIZE];
	int n;

	instant_format((int64_t)id.ms, at);
	log_id_format(id, text);
	n = snprintf(out, size, "dt=%.10s/p%02u-%s" SUFFIX, at, partition, text);
	assert(n > 0 && (size_t)n < size);
}

/* ---- what is there ---------------------------------------------------------------------- */

/* `p07-1763800000000-0.ndjson.gz` */
static bool parse_name(const char *name, struct archive_file *f)
{
	const char *dash = strchr(name, '-');
	size_t n = strlen(name), tail = sizeof(SUFFIX) - 1;
	uint64_t partition;

	if (name[0] != 'p' || !dash || n <= tail || strcmp(name + n - tail, SUFFIX) != 0 ||
		span_to_u64(span_of(name + 1, (size_t)(dash - name) - 1), PARTITIONS_MAX - 1,
			&partition) != 0)
		return false;
	f->partition = (uint32_t)partition;
	n -= tail + (size_t)(dash + 1 - name);
	return log_id_parse(span_of(dash + 1, n), &f->first) == 0;
}

static int grow(struct archive_dir *d)
{
	size_t cap = d->cap ? 2 * d->cap : 64;
	struct archive_file *files = realloc(d->files, cap * sizeof(*files));

	if (!files)
		return -ENOMEM;
	d->files = files;
	d->cap = cap;
	return 0;
}

static int add_file(struct archive_dir *d, const char *day, const char *name)
{
	struct archive_file f = {.size = 0};
	char path[PATH_MAX];
	struct stat st;
	struct span kept;
	int n;

	if (!parse_name(name, &f))
		return 0;
	n = snprintf(path, sizeof(path), "%s/%s/%s", d->path, day, name);
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return -errno;
	if (d->n == d->cap && grow(d) < 0)
		return -ENOMEM;
	kept = arena_copy(&d->arena, span_of(path, (size_t)n));
	f.path = kept.ptr;
	if (!f.path)
		return -ENOMEM;
	f.name = f.path + strlen(d->path) + 1;
	f.size = (uint64_t)st.st_size;
	d->files[d->n++] = f;
	return 0;
}

static int add_day(struct archive_dir *d, const char *day)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", d->path, day), r = 0;
	struct dirent *entry;
	DIR *dir;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		r = add_file(d, day, entry->d_name);
	closedir(dir);
	return r;
}

static int by_place(const void *a, const void *b)
{
	const struct archive_file *x = a, *y = b;

	if (x->partition != y->partition)
		return x->partition < y->partition ? -1 : 1;
	return log_id_compare(x->first, y->first);
}

static int read_sign(struct archive_dir *d)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct json_value format, dataset;
	struct json_fault fault;
	char sign[PATH_MAX];
	int r = sign_path(d->path, sign);

	if (r == 0)
		r = file_read(sign, SIGN_MAX, &text);
	if (r == -ENOENT || r == -ENOTDIR)
		return ARCHIVE_DIR_NONE;
	if (r != 0)
		return r < 0 ? r : ARCHIVE_DIR_WRONG;
	if (!json_valid(buf_span(&text), &fault))
		return ARCHIVE_DIR_WRONG;
	format = json_member(buf_span(&text), "format");
	dataset = json_member(buf_span(&text), "dataset");
	if (!span_is(format.raw, "1") || dataset.type != JSON_TYPE_STRING ||
		json_content(&dataset).len != sizeof(d->dataset) - 1)
		return ARCHIVE_DIR_WRONG;
	memcpy(d->dataset, json_content(&dataset).ptr, sizeof(d->dataset) - 1);
	return 0;
}

/* ---- what was never finished ------------------------------------------------------------- */

/* `.p07-1763800000000-0.ndjson.gz.tmp` */
static bool is_draft(const char *name)
{
	static const char tail[] = SUFFIX ".tmp";
	size_t n = strlen(name);

	return name[0] == '.' && n > sizeof(tail) &&
	       strcmp(name + n - (sizeof(tail) - 1), tail) == 0;
}

static int sweep_day(int top, const char *day)
{
	int fd = openat(top, day, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while ((entry = readdir(dir)))
		if (is_draft(entry->d_name) && unlinkat(fd, entry->d_name, 0) < 0 && r == 0)
			r = -errno;
	closedir(dir);
	return r;
}

int archive_dir_sweep(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, "dt=", 3) == 0)
			r = sweep_day(dirfd(dir), entry->d_name);
	closedir(dir);
	return r;
}

/* ---- all of it --------------------------------------------------------------------------- */

int archive_dir_open(struct archive_dir *d, const char *path)
{
	struct dirent *entry;
	DIR *dir;
	int r;

	*d = (struct archive_dir){.path = path};
	arena_init(&d->arena);
	r = read_sign(d);
	if (r != 0)
		return r;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, "dt=", 3) == 0)
			r = add_day(d, entry->d_name);
	closedir(dir);
	if (d->n > 1)
		qsort(d->files, d->n, sizeof(*d->files), by_place);
	return r;
}

void archive_dir_release(struct archive_dir *d)
{
	arena_release(&d->arena);
	free(d->files);
}

size_t archive_dir_files(
	const struct archive_dir *d, uint32_t partition, const struct archive_file **ret_files)
{
	size_t first = 0, n = 0;

	while (first < d->n && d->files[first].partition < partition)
		first++;
	while (first + n < d->n && d->files[first + n].partition == partition)
		n++;
	*ret_files = d->files + first;
	return n;
}
