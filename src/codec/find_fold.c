/* SPDX-License-Identifier: MIT */
#include "find_fold.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

bool find_is_text(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return text.len == 0 || !u8_check((const uint8_t *)text.ptr, text.len);
}

static bool goes_on(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t find_characters(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += !goes_on(text.ptr[i]);
	return n;
}

struct span find_cut(struct span text, size_t max)
{
	if (text.len <= max)
		return text;
	while (max > 0 && goes_on(text.ptr[max]))
		max--;
	return span_of(text.ptr, max);
}

/* ---- names ------------------------------------------------------------------------------- */

static bool separates(ucs4_t c)
{
	return c == '-' || c == ',' || c == '.' || uc_is_property_white_space(c);
}

/* Writes the N bytes of TEXT, without marks, to OUT, which may be TEXT; how many. */
static size_t words_of(const uint8_t *text, size_t n, uint8_t *out)
{
	size_t len = 0;
	bool apart = false;

	for (size_t i = 0; i < n;) {
		ucs4_t c;
		int width = u8_mbtouc(&c, text + i, n - i);

		if (separates(c)) {
			apart = len > 0;
		} else if (!uc_is_general_category(c, UC_NON_SPACING_MARK)) {
			if (apart)
				out[len++] = ' ';
			apart = false;
			memmove(out + len, text + i, (size_t)width);
			len += (size_t)width;
		}
		i += (size_t)width;
	}
	return len;
}

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

static char small(char c)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	if (c >= 'A' && c <= 'Z')
		return letters[c - 'A'];
	return c;
}

static int fold_ascii(struct span name, struct arena *arena, struct span *ret_folded)
{
	char *copy = arena_alloc(arena, name.len + 1);

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < name.len; i++)
		copy[i] = small(name.ptr[i]);
	*ret_folded = span_of(copy, words_of((uint8_t *)copy, name.len, (uint8_t *)copy));
	return 0;
}

int find_fold_name(struct span name, struct arena *arena, struct span *ret_folded)
{
	_cleanup_free_ uint8_t *folded = NULL;
	struct span copy;
	size_t len = 0;

	*ret_folded = SPAN_EMPTY;
	if (name.len == 0 || !find_is_text(name))
		return 0;
	if (is_ascii(name))
		return fold_ascii(name, arena, ret_folded);
	folded = u8_casefold((const uint8_t *)name.ptr, name.len, NULL, UNINORM_NFKD, NULL, &len);
	if (!folded)
		return -ENOMEM;
	len = words_of(folded, len, folded);
	copy = arena_copy(arena, span_of((const char *)folded, len));
	if (!copy.ptr)
		return -ENOMEM;
	*ret_folded = copy;
	return 0;
}

/* ---- numbers ----------------------------------------------------------------------------- */

int find_fold_code(struct span code, struct arena *arena, struct span *ret_folded)
{
	char *copy;
	size_t n = 0;

	*ret_folded = SPAN_EMPTY;
	if (!find_is_text(code))
		return 0;
	copy = arena_alloc(arena, code.len + 1);
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < code.len; i++)
		if (code.ptr[i] != ' ' && !(n == 0 && code.ptr[i] == '#'))
			copy[n++] = small(code.ptr[i]);
	*ret_folded = span_of(copy, n);
	return 0;
}
