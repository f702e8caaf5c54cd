/* SPDX-License-Identifier: MIT */
#include "uuid.h"

/* Where the 32 digits stand among four hyphens. */
static const unsigned char places[UUID_BYTES] = {
	0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

/* What a byte is as a digit: its value, and what it is written with. A table, since whether the
 * next random digit is a letter is nothing that a processor could guess. */
enum { FIGURE = 0x10, SMALL = 0x20, CAPITAL = 0x40 };

static const unsigned char digits[256] = {
	['0'] = FIGURE | 0,
	['1'] = FIGURE | 1,
	['2'] = FIGURE | 2,
	['3'] = FIGURE | 3,
	['4'] = FIGURE | 4,
	['5'] = FIGURE | 5,
	['6'] = FIGURE | 6,
	['7'] = FIGURE | 7,
	['8'] = FIGURE | 8,
	['9'] = FIGURE | 9,
	['a'] = SMALL | 10,
	['b'] = SMALL | 11,
	['c'] = SMALL | 12,
	['d'] = SMALL | 13,
	['e'] = SMALL | 14,
	['f'] = SMALL | 15,
	['A'] = CAPITAL | 10,
	['B'] = CAPITAL | 11,
	['C'] = CAPITAL | 12,
	['D'] = CAPITAL | 13,
	['E'] = CAPITAL | 14,
	['F'] = CAPITAL | 15,
};

bool uuid_at_end(struct span text, unsigned char ret_uuid[UUID_BYTES], bool *ret_capitals)
{
	unsigned char uuid[UUID_BYTES];
	unsigned any = 0;
	bool all = true;
	const unsigned char *at;

	if (text.len < UUID_TEXT)
		return false;
	at = (const unsigned char *)text.ptr + (text.len - UUID_TEXT);
	if (at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-')
		return false;
	for (unsigned i = 0; i < UUID_BYTES; i++) {
		unsigned high = digits[at[places[i]]], low = digits[at[places[i] + 1]];

		all &= high && low;
		any |= high | low;
		uuid[i] = (unsigned char)((high & 15) << 4 | (low & 15));
	}
	if (!all || (any & SMALL && any & CAPITAL))
		return false;
	memcpy(ret_uuid, uuid, UUID_BYTES);
	*ret_capitals = any & CAPITAL;
	return true;
}

void uuid_format(const unsigned char uuid[UUID_BYTES], bool capitals, char *to)
{
	const char *names = capitals ? "0123456789ABCDEF" : "0123456789abcdef";

	to[8] = to[13] = to[18] = to[23] = '-';
	for (unsigned i = 0; i < UUID_BYTES; i++) {
		to[places[i]] = names[uuid[i] >> 4];
		to[places[i] + 1] = names[uuid[i] & 15];
	}
}
