/* SPDX-License-Identifier: MIT */
/* The file of keys and the hooks in it, read as the collector reads them. */
#pragma once

#include "collector/hooks.h"
#include "tool.h"

struct hook_sources {
	struct write_keys *keys;
	struct hooks *hooks; /* borrow from keys */
};

/* The path of the file: SETTING, or keys.ini of the data directory if that is empty. NULL: out of
 * memory. */
const char *hook_sources_path(struct tool *t, const char *setting);
/* Reads the file at PATH. 0, or STATUS_FOUND with the reason said on standard error. */
int hook_sources_load(struct tool *t, const char *path, struct hook_sources *ret_sources);
void hook_sources_release(struct hook_sources *s);
