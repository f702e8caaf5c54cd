/* SPDX-License-Identifier: MIT */
/*
 * `waymark hook`:
 *
 *	hook_tool.c    presets, and what payloads become
 *	hook_verify.c  whether a payload would be believed
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "tool.h"

struct hook_settings {
	const char *data, *header, *query, *url, *at, *cert, *keys;
};

/* `--header` and `--query`, as often as they were said. */
struct given {
	struct span name, value;
};

struct hook_tool {
	struct tool tool;
	struct hook_settings settings;
	struct given *headers, *queries;
	size_t n_headers, n_queries;
	struct buf payload;
	struct arena arena;
};

#define HOOK_PAYLOAD_MAX ((size_t)4 << 20)

/* Lookups as mappings and signatures ask; USER is the struct hook_tool. */
bool hook_tool_header(void *user, struct span name, struct span *ret_value);
bool hook_tool_query(void *user, struct span name, struct span *ret_value);
/* Adds the file at PATH (-: standard input). 0, or STATUS_FOUND having said why not. */
int hook_tool_read(struct hook_tool *h, const char *path, size_t max, struct buf *out);

/* verify NAME PAYLOAD; the status. */
int hook_verify(struct hook_tool *h);
