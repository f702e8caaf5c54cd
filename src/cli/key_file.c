/* SPDX-License-Identifier: MIT */
/* The file of write keys, read and replaced as a whole. */
#include <fcntl.h>
#include <sys/file.h>

#include "io/file.h"
#include "key_tool.h"

#define FILE_MAX ((size_t)1024 * 1024) /* what the collector reads */

/* The directory of the file, with the slash behind it; empty if its path has none. */
static struct span directory(const struct key_tool *k)
{
	const char *slash = strrchr(k->path, '/');

	return span_of(k->path, slash ? (size_t)(slash - k->path) + 1 : 0);
}

const char *key_file_beside(struct key_tool *k, const char *path)
{
	struct span dir = directory(k);

	if (path[0] == '/' || dir.len == 0)
		return path;
	return tool_text(&k->tool.program, "%.*s%s", (int)dir.len, dir.ptr, path);
}

static int lock_directory(struct key_tool *k)
{
	const char *dir = key_file_beside(k, ".");

	k->lock = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (k->lock < 0 || flock(k->lock, LOCK_EX) < 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s: %s", dir ? dir : k->path,
			strerror(errno));
	return 0;
}

int key_file_read(struct key_tool *k)
{
	struct config_fault fault;
	int r = lock_directory(k);

	if (r != 0)
		return r;
	r = file_read(k->path, FILE_MAX, &k->text);
	if (r != 0)
		return tool_say(&k->tool.program, STATUS_FOUND,
			"%s: %s. --data or --keys says where the keys are.", k->path,
			r < 0 ? strerror(-r) : "too large");
	r = write_keys_parse(buf_span(&k->text), &k->keys, &fault);
	if (r == CONFIG_BAD)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s, line %u: %s", k->path,
			fault.line, fault.text);
	return r ? tool_say(&k->tool.program, STATUS_FOUND, "%s: %s", k->path, strerror(-r)) : 0;
}

int key_file_write(struct key_tool *k, const struct buf *changed)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault;
	int r = buf_failed(changed);

	if (r == 0 && changed->len > FILE_MAX)
		r = -EFBIG;
	if (r == 0)
		r = write_keys_parse(buf_span(changed), &keys, &fault);
	/* The file was good before: what is wrong was said on the command line. */
	if (r == CONFIG_BAD)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s.", fault.text);
	if (r == 0)
		r = file_write(k->path, buf_span(changed), 0600);
	if (r < 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s: %s", k->path, strerror(-r));
	write_keys_free(k->keys);
	k->keys = keys;
	keys = NULL;
	buf_reset(&k->text);
	buf_add_span(&k->text, buf_span(changed));
	return 0;
}
