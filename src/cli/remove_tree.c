/* SPDX-License-Identifier: MIT */
#include "remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/base.h"

#define DEPTH_MAX 8

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void remove_in(int parent, const char *name, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (depth < DEPTH_MAX && (entry = readdir(dir))) {
		if (is_dots(entry->d_name) || unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		remove_in(fd, entry->d_name, depth + 1);
	}
	closedir(dir);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

void remove_tree(const char *path)
{
	remove_in(AT_FDCWD, path, 0);
}
