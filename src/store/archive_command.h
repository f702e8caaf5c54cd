/* SPDX-License-Identifier: MIT */
/* A question of the archive to Redis, argument by argument, and its answer (store/archive_log.h).
 */
#pragma once

#include "store/archive_log.h"

/* Of most questions. */
#define ARCHIVE_ARGS_MAX 16

/* What it is made of lies in ARENA. */
struct archive_command {
	struct archive_log *log;
	struct arena *arena;
	struct span *args;
	size_t n, max;
	bool failed;
};

struct archive_command archive_command_of(struct archive_log *l, struct arena *a, size_t max);
void archive_add(struct archive_command *c, struct span arg);
void archive_add_copy(struct archive_command *c, struct span arg);
/* `wm:{p}:NAME` of the log's partition. */
void archive_add_key(struct archive_command *c, const char *name);
void archive_add_id(struct archive_command *c, struct log_id id);
void archive_add_number(struct archive_command *c, uint64_t n);
/* EVAL SCRIPT with keys of the partition. */
void archive_add_script(
	struct archive_command *c, const char *script, const char *const *keys, size_t n);

/* 0, an outcome or -ENOMEM. */
int archive_send(struct archive_command *c, const struct redis_value **ret_value);
/* ARCHIVE_REFUSED, with words. */
int archive_refuse(struct archive_log *l, struct span words);
