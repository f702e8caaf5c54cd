/* SPDX-License-Identifier: MIT */
/*
 * JSON written from values of ours, member by member. What makes the commas right is one bit: does
 * something stand before, in the container that is open?
 */
#pragma once

#include "base/buf.h"
#include "base/decimal.h"
#include "base/instant.h"
#include "codec/json_scan.h"

struct json_out {
	struct buf *buf;
	bool more;
};

static inline void json_out_comma(struct json_out *o)
{
	if (o->more)
		buf_add_char(o->buf, ',');
	o->more = true;
}

/* KEY is a name of ours that needs no escape; NULL in an array. */
static inline void json_out_key(struct json_out *o, const char *key)
{
	json_out_comma(o);
	if (!key)
		return;
	buf_add_char(o->buf, '"');
	buf_add_str(o->buf, key);
	buf_add(o->buf, "\":", 2);
}

static inline void json_out_open(struct json_out *o, const char *key, char bracket)
{
	json_out_key(o, key);
	buf_add_char(o->buf, bracket);
	o->more = false;
}

static inline void json_out_close(struct json_out *o, char bracket)
{
	buf_add_char(o->buf, bracket);
	o->more = true;
}

static inline void json_out_text(struct json_out *o, const char *key, struct span text)
{
	json_out_key(o, key);
	json_escape(text, o->buf);
}

/* Nothing at all when TEXT is empty. */
static inline void json_out_some(struct json_out *o, const char *key, struct span text)
{
	if (text.len)
		json_out_text(o, key, text);
}

static inline void json_out_null(struct json_out *o, const char *key)
{
	json_out_key(o, key);
	buf_add(o->buf, "null", 4);
}

static inline void json_out_bool(struct json_out *o, const char *key, bool yes)
{
	json_out_key(o, key);
	buf_add_str(o->buf, yes ? "true" : "false");
}

static inline void json_out_number(struct json_out *o, const char *key, uint64_t n)
{
	json_out_key(o, key);
	buf_add_u64(o->buf, n);
}

/* null for instants that never come or never were. */
static inline void json_out_instant(struct json_out *o, const char *key, int64_t at)
{
	if (at == TIME_NEVER || at == INT64_MIN) {
		json_out_null(o, key);
		return;
	}
	json_out_key(o, key);
	buf_add_char(o->buf, '"');
	buf_add_instant(o->buf, at);
	buf_add_char(o->buf, '"');
}

/* D exactly, without an exponent where that takes no more than 18 zeros. */
void json_out_decimal(struct json_out *o, const char *key, struct decimal d);

/* JSON that was checked when it came. Stays on one line: outside strings a line end is a blank, and
 * inside them it cannot be. */
void json_out_raw(struct json_out *o, const char *key, struct span raw);
