/* SPDX-License-Identifier: MIT */
/* The file of keys and the hooks in it, read as the collector reads them. */
#pragma once

#include "collector/hooks.h"
#include "tool.h"

/* The files that a source names: secret, old secret, mapping. */
#define HOOK_FILES 3
struct hook_files {
	struct span list[HOOK_FILES]; /* as they are written; empty: none */
};
struct hook_files hook_files_of(const struct write_key *key);
/* FILE as it is named in the file of keys at KEYS, as a path with a NUL behind it, in *out. Out of
 * memory shows in the buffer. */
void hook_file_path(const char *keys, struct span file, struct buf *out);

struct hook_sources {
	struct write_keys *keys;
	struct hooks *hooks; /* borrow from keys */
};

/* The path of the file: SETTING, or keys.ini of the data directory if that is empty. NULL: out of
 * memory. */
const char *hook_sources_path(struct tool *t, const char *setting);
/* Reads the file at PATH. 0, or STATUS_FOUND with the reason said on standard error; then there may
 * be the keys without hooks. */
int hook_sources_load(struct tool *t, const char *path, struct hook_sources *ret_sources);
void hook_sources_release(struct hook_sources *s);
