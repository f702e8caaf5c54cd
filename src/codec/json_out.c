/* SPDX-License-Identifier: MIT */
/* The two that are more than a line. */
#include "json_out.h"

void json_out_decimal(struct json_out *o, const char *key, struct decimal d)
{
	json_out_key(o, key);
	buf_add_decimal(o->buf, d);
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
