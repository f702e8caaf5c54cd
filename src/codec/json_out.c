/* SPDX-License-Identifier: MIT */
/* The two that are more than a line. */
#include "json_out.h"

#define ZEROS_MAX 18

static void add_zeros(struct buf *b, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		buf_add_char(b, '0');
}

/* The digits with the point POINT places before their end; POINT > 0. */
static void add_fraction(struct buf *b, const char *digits, size_t len, int32_t point)
{
	size_t after = (size_t)point;

	if (len > after) {
		buf_add(b, digits, len - after);
		buf_add_char(b, '.');
		buf_add(b, digits + len - after, after);
		return;
	}
	buf_add(b, "0.", 2);
	add_zeros(b, point - (int32_t)len);
	buf_add(b, digits, len);
}

void json_out_decimal(struct json_out *o, const char *key, struct decimal d)
{
	struct buf *b = o->buf;
	/* Apart from INT64_MIN, which 18 digits cannot reach. */
	uint64_t digits = d.mantissa < 0 ? 0 - (uint64_t)d.mantissa : (uint64_t)d.mantissa;
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)digits);

	json_out_key(o, key);
	if (d.mantissa < 0)
		buf_add_char(b, '-');
	if (d.exponent < 0 && d.exponent >= -ZEROS_MAX) {
		add_fraction(b, text, (size_t)len, -d.exponent);
		return;
	}
	buf_add(b, text, (size_t)len);
	if (d.exponent >= 0 && d.exponent <= ZEROS_MAX) {
		add_zeros(b, d.exponent);
		return;
	}
	buf_add_char(b, 'e');
	buf_add_i64(b, d.exponent);
}

void json_out_raw(struct json_out *o, const char *key, struct span raw)
{
	char *room;

	json_out_key(o, key);
	room = buf_reserve(o->buf, raw.len);
	if (!room)
		return;
	for (size_t i = 0; i < raw.len; i++)
		if (raw.ptr[i] == '\n' || raw.ptr[i] == '\r')
			room[i] = ' ';
		else
			room[i] = raw.ptr[i];
	buf_commit(o->buf, raw.len);
}
