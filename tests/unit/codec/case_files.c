/* SPDX-License-Identifier: MIT */
#include "case_files.h"

#include <dirent.h>
#include <sys/stat.h>

#include "check.h"

#define PATHS_MAX 512

static void file_close(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static void dir_close(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

int case_read(const char *path, struct buf *out)
{
	_cleanup_(file_close) FILE *f = fopen(path, "rbe");
	char bytes[4096];
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(out, bytes, n);
	return ferror(f) ? -EIO : buf_failed(out);
}

static bool ends_in(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);

	return n > k && strcmp(path + n - k, suffix) == 0;
}

static int list_into(
	struct arena *a, const char *dir, const char *suffix, const char **paths, size_t *n)
{
	_cleanup_(dir_close) DIR *d = opendir(dir);
	struct dirent *entry;
	int r = 0;

	if (!d)
		return -errno;
	while (r == 0 && (entry = readdir(d)) != NULL) {
		char path[4096];
		struct stat st;

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "scenarios") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (stat(path, &st) < 0)
			return -errno;
		if (S_ISDIR(st.st_mode)) {
			r = list_into(a, path, suffix, paths, n);
		} else if (ends_in(path, suffix)) {
			assert(*n < PATHS_MAX);
			paths[(*n)++] = arena_copy(a, span_str(path)).ptr;
		}
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int case_list(const char *dir, const char *suffix, struct arena *a, const char ***ret_paths,
	size_t *ret_n)
{
	char path[4096];
	const char **paths = arena_calloc(a, PATHS_MAX, sizeof(char *));
	size_t n = 0;
	int r;

	if (!paths)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), "%s/%s", check_source_root(), dir);
	r = list_into(a, path, suffix, paths, &n);
	if (r < 0)
		return r;
	qsort(paths, n, sizeof(*paths), compare);
	*ret_paths = paths;
	*ret_n = n;
	return 0;
}

int case_zone(void *user, struct span name, struct buf *out)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;

	(void)user;
	buf_add_str(&path, "/usr/share/zoneinfo/");
	buf_add_span(&path, name);
	buf_add_char(&path, '\0');
	return buf_failed(&path) ? -ENOMEM : case_read(path.ptr, out);
}
