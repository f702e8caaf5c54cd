/* SPDX-License-Identifier: MIT */
/*
 * `waymark quarantine`, between its files: quarantine_tool.c lists and shows, quarantine_redrive.c
 * gives entries another try, quarantine_remap.c makes events of a payload again.
 */
#pragma once

#include "base/arena.h"
#include "cells.h"
#include "codec/mapping.h"
#include "codec/write_keys.h"
#include "store/keys.h"
#include "tool.h"

struct quarantine_settings {
	const char *data, *keys, *reason, *source;
	int64_t limit;
	bool dry_run;
};

struct bad_entry {
	uint32_t partition;
	struct span place; /* in the stream of bad entries */
	struct log_id at;
	struct span id, event, meta, code, words;
	struct span hook, request, kept; /* of a payload that had to be translated */
};

struct quarantine {
	struct tool tool;
	struct quarantine_settings settings;
	struct redis *redis;
	struct cells cells;
	struct write_keys *keys; /* of redrive, once it needed them */
	struct mapping *mapping; /* the one that was used last, … */
	struct span mapped;	 /* … and whose; lives in `names` */
	struct arena names;
	uint64_t shown;
};

/* The entry in V, a member of an XRANGE of PARTITION; it borrows from V. False: it is none. */
bool bad_entry_read(const struct redis_value *v, uint32_t partition, struct bad_entry *ret_e);
struct span bad_entry_source(const struct bad_entry *e);
/* `7/1732190000000-0` */
#define BAD_ENTRY_NAME_SIZE (LOG_ID_SIZE + 16)
void bad_entry_name(const struct bad_entry *e, char out[BAD_ENTRY_NAME_SIZE]);
/* Finds the entry that ID names. 0, or STATUS_FOUND having said why not. */
int bad_entry_find(
	struct quarantine *q, const char *id, struct arena *arena, struct bad_entry *ret_e);

/* `redrive ID|all`. */
int quarantine_redrive(struct quarantine *q, const char *id);

/* What a payload becomes by the mapping as it is now. */
struct remapped {
	struct mapping_event *events;
	size_t n;
	const char *why; /* NULL, or why nothing can be made of it, or not of all of it */
};
/* 0, or STATUS_FOUND having said what is wrong with the sources or the mapping. */
int quarantine_remap(struct quarantine *q, const struct bad_entry *e, struct arena *arena,
	struct remapped *ret_remapped);
