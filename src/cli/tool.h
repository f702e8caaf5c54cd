/* SPDX-License-Identifier: MIT */
/*
 * What the tools share: `--data DIR` in place of `--config DIR/waymark.ini`, a connection that is
 * waited for, and words for people at a terminal.
 */
#pragma once

#include "program/program.h"

#define DATA_DIR      "waymark-data"
#define DATA_PATH_MAX 4000 /* bytes of a path that we make file names below */

struct tool {
	struct program program;
	const char *data; /* the data directory: --data, else where the configuration lies, else
			     waymark-data */
	char **argv;	  /* with --config put in */
	char *config;
	bool lacks_config; /* --data names a directory without waymark.ini */
	bool given_redis;  /* --redis was said */
};

/* Every tool's table ends with it; the member only keeps it from being refused. */
#define TOOL_DATA_ROW(STRUCT)                                                                      \
	{                                                                                          \
		NULL, "data", "data", SETTING_TEXT, offsetof(STRUCT, data), DATA_DIR, 0,           \
			DATA_PATH_MAX, "DIR", "the directory that `waymark up` keeps"              \
	}

/*
 * program_init of a tool (T->program). DIR/waymark.ini is the configuration if --data is given
 * and the file is there. 0, or PROGRAM_EXIT: return t->program.status.
 */
int tool_init(struct tool *t, const struct program_spec *spec, void *settings, char **argv);
void tool_release(struct tool *t);

/* Connects and waits for it. 0 or PROGRAM_EXIT. */
int tool_connect(struct tool *t, struct redis **ret_redis);

struct query_source;

/* Questions about customers over REDIS, in the partitions and by the identifiers of the program.
 * 0 or -ENOMEM; the caller frees it, before the tool. */
int tool_query(struct tool *t, struct redis *redis, struct query_source **ret_source);

/* A NUL-terminated text as printf makes it, in the program's arena; NULL: out of memory. */
const char *tool_text(struct program *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The path of this binary; NULL: nobody knows. */
const char *tool_self(struct program *p);
/* What comes with Waymark: NAME in the installation (share/waymark beside bin) or in the source
 * tree; NULL: nowhere. */
const char *tool_shared(struct program *p, const char *name);

/* rules/ of the data directory if there is one, else those that come with Waymark; NULL: none. */
const char *tool_rules(struct tool *t);
/* The URL that a client on this machine would use for a listening ADDRESS; of a unix socket
 * http://localhost, and its path in *ret_socket, else NULL. NULL: out of memory. */
const char *tool_url(struct program *p, const char *address, const char **ret_socket);

/* Says WORDS on standard error, `waymark VERB: ` before them; STATUS, for returning it. */
int tool_say(const struct program *p, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One command over a connection of tool_connect. An error of Redis or no answer is said on
 * standard error: NULL. The reply lives as long as A. */
const struct redis_value *tool_ask(struct tool *t, struct redis *redis, const struct span *args,
	size_t n_args, struct arena *a);
