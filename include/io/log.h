/* SPDX-License-Identifier: MIT */
/*
 * The log of a program: one line for one thing that happened, with what is known about it as
 * fields. A person at a terminal gets text; anything else gets one JSON object per line.
 *
 *	{"at":"2026-11-21T18:58:53.120Z","level":"warn","role":"worker","message":"Redis is away.",
 *	 "address":"/run/waymark/redis.sock","error":"Connection refused"}
 *
 * A message is our own literal; what came from outside goes into fields, where it is escaped
 * (control characters, DEL, line separators, bytes that are not UTF-8) and cut. Writing the log
 * never fails as far as the caller is concerned.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

enum {
	LOG_FIELD_SIZE = 1024, /* bytes of a field's text before it is cut (and marked with …) */
	LOG_LINE_SIZE = 8192,  /* bytes of a line; fields that do not fit are left out */
};

struct log {
	int fd;
	enum log_level level; /* what is less urgent is not written */
	bool text;	      /* for people */
	const char *role;     /* which program speaks; borrowed */
};

/* Writes to standard error; text if that is a terminal. ROLE is borrowed. */
void log_init(struct log *log, const char *role, enum log_level level);
/* `error`, `warn`, `info`, `debug`. False if S is none of them. */
bool log_level_parse(struct span s, enum log_level *ret_level);

enum log_kind { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_ERRNO };

struct log_field {
	const char *name; /* lower case, `_` */
	enum log_kind kind;
	struct span text;
	int64_t number; /* or the error */
};

static inline struct log_field log_text(const char *name, struct span text)
{
	return (struct log_field){name, LOG_KIND_TEXT, text, 0};
}

static inline struct log_field log_str(const char *name, const char *text)
{
	return log_text(name, span_str(text));
}

static inline struct log_field log_int(const char *name, int64_t number)
{
	return (struct log_field){name, LOG_KIND_INT, SPAN_EMPTY, number};
}

/* ERROR is an errno, negative or positive; written as its text. */
static inline struct log_field log_errno(const char *name, int error)
{
	return (struct log_field){name, LOG_KIND_ERRNO, SPAN_EMPTY, error};
}

/* What LOG_FIELDS ends with. */
#define LOG_END ((struct log_field){.name = NULL})
/* A macro for the sake of the end: log_info(log, "Ready.", LOG_FIELDS(log_int("port", 8480))). */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, LOG_END})

/* FIELDS end with LOG_END, or are NULL. */
void log_write(const struct log *log, enum log_level level, const char *message,
	const struct log_field *fields);
void log_error(const struct log *log, const char *message, const struct log_field *fields);
void log_warn(const struct log *log, const char *message, const struct log_field *fields);
void log_info(const struct log *log, const char *message, const struct log_field *fields);
void log_debug(const struct log *log, const char *message, const struct log_field *fields);
