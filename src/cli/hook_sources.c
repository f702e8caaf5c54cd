/* SPDX-License-Identifier: MIT */
#include "hook_sources.h"

#include "io/file.h"

#define KEYS_FILE_MAX ((size_t)1024 * 1024)

const char *hook_sources_path(struct tool *t, const char *setting)
{
	return setting[0] ? setting : tool_text(&t->program, "%s/keys.ini", t->data);
}

struct hook_files hook_files_of(const struct write_key *key)
{
	return (struct hook_files){{key->secret_file, key->old_secret_file, key->mapping}};
}

void hook_file_path(const char *keys, struct span file, struct buf *out)
{
	const char *slash = strrchr(keys, '/');

	buf_reset(out);
	if (slash && file.len > 0 && file.ptr[0] != '/')
		buf_add(out, keys, (size_t)(slash - keys) + 1);
	buf_add_span(out, file);
	buf_add_char(out, '\0');
}

static int read_keys(struct tool *t, const char *path, struct write_keys **ret_keys)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct program *p = &t->program;
	struct config_fault fault;
	int r = file_read(path, KEYS_FILE_MAX, &text);

	if (r != 0)
		return tool_say(
			p, STATUS_FOUND, "%s: %s.", path, r < 0 ? strerror(-r) : "too large");
	r = write_keys_parse(buf_span(&text), ret_keys, &fault);
	if (r == CONFIG_BAD)
		return tool_say(p, STATUS_FOUND, "%s, line %u: %s", path, fault.line, fault.text);
	return r ? tool_say(p, STATUS_FOUND, "%s", strerror(-r)) : 0;
}

int hook_sources_load(struct tool *t, const char *path, struct hook_sources *ret_sources)
{
	_cleanup_(hook_sources_release) struct hook_sources s = {.keys = NULL};
	const char *slash = strrchr(path, '/');
	const char *folder =
		slash ? tool_text(&t->program, "%.*s", (int)(slash - path), path) : ".";
	int r;

	if (!folder)
		return tool_say(&t->program, STATUS_FOUND, "%s", strerror(ENOMEM));
	r = read_keys(t, path, &s.keys);
	if (r != 0)
		return r;
	r = hooks_load(s.keys, slash == path ? "/" : folder, &t->program.log, &s.hooks);
	if (r < 0)
		return tool_say(&t->program, STATUS_FOUND, "%s", strerror(-r));
	/* The keys are good even where a hook is not. */
	*ret_sources = s;
	s = (struct hook_sources){.keys = NULL};
	return r == 0 ? 0 : STATUS_FOUND;
}

void hook_sources_release(struct hook_sources *s)
{
	s->hooks = hooks_free(s->hooks);
	s->keys = write_keys_free(s->keys);
}
