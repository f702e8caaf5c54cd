/* SPDX-License-Identifier: MIT */
/*
 * A line is put together in memory and written with one call, so that lines of several programs
 * on one descriptor do not mix.
 */
#include "io/log.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/instant.h"
#include "io/loop.h"
#include "json_escape.h"

/* Room that a line keeps for saying that it was cut. */
enum { TAIL_SIZE = 64 };

static const char *const level_names[] = {
	[LEVEL_ERROR] = "error",
	[LEVEL_WARN] = "warn",
	[LEVEL_INFO] = "info",
	[LEVEL_DEBUG] = "debug",
};

void log_init(struct log *log, const char *role, enum log_level level)
{
	*log = (struct log){
		.fd = STDERR_FILENO,
		.level = level,
		.text = isatty(STDERR_FILENO) == 1,
		.role = role,
	};
}

bool log_level_parse(struct span s, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (span_is(s, level_names[i])) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static void add_text(struct buf *out, struct span s)
{
	size_t n = s.len;

	if (n > LOG_FIELD_SIZE) {
		n = LOG_FIELD_SIZE;
		/* Not in the middle of a character. */
		while (n > 0 && ((uint8_t)s.ptr[n] & 0xc0) == 0x80)
			n--;
	}
	buf_add_json(out, span_of(s.ptr, n));
	if (n < s.len)
		buf_add_str(out, "…");
}

static void add_value(struct buf *out, const struct log_field *field)
{
	char text[256];
	int error;

	switch (field->kind) {
	case LOG_KIND_INT:
		buf_add_i64(out, field->number);
		return;
	case LOG_KIND_ERRNO:
		error = (int)(field->number < 0 ? -field->number : field->number);
		if (strerror_r(error, text, sizeof(text)) != 0)
			(void)snprintf(text, sizeof(text), "error %d", error);
		buf_add_char(out, '"');
		add_text(out, span_str(text));
		buf_add_char(out, '"');
		return;
	case LOG_KIND_TEXT:
		buf_add_char(out, '"');
		add_text(out, field->text);
		buf_add_char(out, '"');
		return;
	}
}

static void add_fields(struct buf *out, const struct log_field *fields, bool text)
{
	for (; fields && fields->name; fields++) {
		size_t before = out->len;

		buf_add_str(out, text ? " " : ",\"");
		buf_add_str(out, fields->name);
		buf_add_str(out, text ? "=" : "\":");
		add_value(out, fields);
		if (out->len > LOG_LINE_SIZE - TAIL_SIZE) {
			out->len = before;
			buf_add_str(out, text ? " cut=true" : ",\"cut\":true");
			return;
		}
	}
}

static void add_json_member(struct buf *out, const char *name, const char *value)
{
	buf_add_str(out, name);
	add_text(out, span_str(value));
	buf_add_char(out, '"');
}

void log_write(const struct log *log, enum log_level level, const char *message,
	const struct log_field *fields)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;
	char at[INSTANT_SIZE];

	if (level > log->level)
		return;
	instant_format(io_wall_now(), at);
	if (log->text) {
		buf_printf(&line, "%s %-5s %s: ", at, level_names[level], log->role);
		add_text(&line, span_str(message));
	} else {
		add_json_member(&line, "{\"at\":\"", at);
		add_json_member(&line, ",\"level\":\"", level_names[level]);
		add_json_member(&line, ",\"role\":\"", log->role);
		add_json_member(&line, ",\"message\":\"", message);
	}
	add_fields(&line, fields, log->text);
	buf_add_str(&line, log->text ? "\n" : "}\n");
	/* A log that cannot be written is nothing its writer could do anything about. */
	if (buf_failed(&line) == 0 && write(log->fd, line.ptr, line.len) < 0)
		return;
}

void log_error(const struct log *log, const char *message, const struct log_field *fields)
{
	log_write(log, LEVEL_ERROR, message, fields);
}

void log_warn(const struct log *log, const char *message, const struct log_field *fields)
{
	log_write(log, LEVEL_WARN, message, fields);
}

void log_info(const struct log *log, const char *message, const struct log_field *fields)
{
	log_write(log, LEVEL_INFO, message, fields);
}

void log_debug(const struct log *log, const char *message, const struct log_field *fields)
{
	log_write(log, LEVEL_DEBUG, message, fields);
}
