/* SPDX-License-Identifier: MIT */
/*
 * `waymark key` between its files. Whoever changes the file of keys holds a lock on its directory
 * from reading to writing, since two at once would lose one of the changes; and writes nothing that
 * the collector would not take.
 */
#pragma once

#include "codec/write_keys.h"
#include "tool.h"

struct key_settings {
	const char *data, *keys;
	const char *kind, *channel, *rights, *class, *origins, *api_host, *rate, *burst;
	const char *preset, *mapping, *secret_file, *url;
	bool credentials;
	int64_t keep_ms;
};

struct key_tool {
	struct tool tool;
	struct key_settings settings;
	const char *path;
	int lock; /* the directory of the file; -1: none */
	struct buf text;
	struct write_keys *keys; /* what TEXT says */
	int64_t now;
};

/* Locks and reads the file. 0, or STATUS_FOUND when a sentence was said. */
int key_file_read(struct key_tool *k);
/* Writes CHANGED in its place, and takes it for k->text. The same. */
int key_file_write(struct key_tool *k, const struct buf *changed);
/* A relative PATH of the file, as seen from here; NULL: out of memory. */
const char *key_file_beside(struct key_tool *k, const char *path);

/* The actions: exit statuses. NAME is NULL for list. */
int key_tool_add(struct key_tool *k, const char *name);
int key_tool_list(struct key_tool *k, const char *name);
int key_tool_revoke(struct key_tool *k, const char *name);
int key_tool_rotate(struct key_tool *k, const char *name);

/* Whether a hook that is being added can work: its mapping is good, and its sender's secret and
 * address are given where they are needed. 0, or STATUS_FOUND when a sentence was said. */
int key_hook_judge(struct key_tool *k);

/* Prints a source as a JSON object in a line, with its new key SECRET if that is not empty. */
void key_print_json(const struct key_tool *k, const struct write_key *key, struct span secret);
