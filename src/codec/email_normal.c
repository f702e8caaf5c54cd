/* SPDX-License-Identifier: MIT */
/*
 * Plain ASCII is looked at twice and copied at most once. Beyond it there is no way around the
 * tables of Unicode (libunistring) and of names in the DNS (libidn2): `MÜLLER@BÜCHER.DE`, with the
 * umlauts as one character or as two, is one address, and `…@xn--bcher-kva.de` is its own twin.
 */
#include "core/identity.h"
#include "identifier_text.h"

#include <idn2.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* The place of the last @; the length if there is none. */
static size_t at_sign(struct span text)
{
	size_t i = text.len;

	while (i > 0 && text.ptr[i - 1] != '@')
		i--;
	return i > 0 ? i - 1 : text.len;
}

/* A copy with ASCII letters made small; empty without a pointer when out of memory. */
static struct span small_copy(struct span text, struct arena *arena)
{
	char *copy = arena_alloc(arena, text.len + 1);

	if (!copy)
		return SPAN_EMPTY;
	for (size_t i = 0; i < text.len; i++) {
		copy[i] = text.ptr[i];
		if (is_capital(copy[i]))
			copy[i] = (char)(copy[i] - 'A' + 'a');
	}
	copy[text.len] = '\0';
	return span_of(copy, text.len);
}

/* ---- beyond ASCII -------------------------------------------------------------------------- */

/*
 * Simple case folding (CaseFolding.txt, C and S), which libunistring does not have by itself: the
 * small letter of the capital one, but for the two i that only Turkish pairs with each other.
 * (Cherokee, which Unicode folds to its capitals, is folded to small letters like the rest.)
 */
static ucs4_t fold(ucs4_t c)
{
	return c == 0x130 || c == 0x131 ? c : uc_tolower(uc_toupper(c));
}

static uint8_t *nfc(const uint8_t *text, size_t len, size_t *ret_len)
{
	return u8_normalize(UNINORM_NFC, text, len, NULL, ret_len);
}

/* TEXT in NFC, folded, in NFC again. 0, -ENOMEM, or 1 if it is not UTF-8. */
static int fold_text(struct span text, struct arena *arena, struct span *ret_text)
{
	size_t len = 0, folded_len = 0;
	_cleanup_free_ uint8_t *composed = NULL, *folded = NULL, *again = NULL;
	struct span copy;

	if (u8_check((const uint8_t *)text.ptr, text.len))
		return 1;
	composed = nfc((const uint8_t *)text.ptr, text.len, &len);
	/* No character grows by more than half when it is folded: 2 bytes to 3. */
	folded = composed ? malloc(2 * len + 6) : NULL;
	if (!folded)
		return -ENOMEM;
	for (size_t i = 0; i < len;) {
		ucs4_t c;

		i += (size_t)u8_mbtouc(&c, composed + i, len - i);
		folded_len += (size_t)u8_uctomb(folded + folded_len, fold(c), 6);
	}
	again = nfc(folded, folded_len, &len);
	copy = again ? arena_copy(arena, span_of((const char *)again, len)) : SPAN_EMPTY;
	if (!copy.ptr)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

/* The name as the DNS has it; what is no such name is folded like any text. As fold_text. */
static int domain_text(struct span text, struct arena *arena, struct span *ret_text)
{
	struct span name = arena_copy(arena, text);
	char *ascii = NULL;
	int r;

	if (!name.ptr)
		return -ENOMEM;
	r = idn2_to_ascii_8z(name.ptr, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (r == IDN2_MALLOC)
		return -ENOMEM;
	if (r != IDN2_OK || !ascii[0]) {
		idn2_free(ascii);
		return fold_text(text, arena, ret_text);
	}
	name = small_copy(span_str(ascii), arena);
	idn2_free(ascii);
	if (!name.ptr)
		return -ENOMEM;
	*ret_text = name;
	return 0;
}

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* The same as beyond_ascii for one of the two sides of the @. */
static int side(struct span text, bool domain, struct arena *arena, struct span *ret_text)
{
	if (is_ascii(text)) {
		struct span copy = small_copy(text, arena);

		if (!copy.ptr)
			return -ENOMEM;
		*ret_text = copy;
		return 0;
	}
	return domain ? domain_text(text, arena, ret_text) : fold_text(text, arena, ret_text);
}

/* 0, -ENOMEM, or 1: it is not UTF-8, or would be too long. */
static int beyond_ascii(struct span text, struct arena *arena, struct span *ret_text)
{
	size_t at = at_sign(text);
	struct span local, domain = SPAN_EMPTY;
	char *both;
	int r = side(span_of(text.ptr, at), false, arena, &local);

	if (r == 0 && at < text.len)
		r = side(span_of(text.ptr + at + 1, text.len - at - 1), true, arena, &domain);
	if (r)
		return r;
	if (local.len + 1 + domain.len > IDENTIFIER_MAX)
		return 1;
	both = arena_alloc(arena, local.len + 1 + domain.len);
	if (!both)
		return -ENOMEM;
	memcpy(both, local.ptr, local.len);
	if (at < text.len) {
		both[local.len] = '@';
		memcpy(both + local.len + 1, domain.len ? domain.ptr : "", domain.len);
	}
	*ret_text = span_of(both, local.len + (at < text.len) + domain.len);
	return 0;
}

/* ---- what providers do --------------------------------------------------------------------- */

/* TEXT has small letters. 0 or -ENOMEM. */
static int provide(unsigned rules, struct span text, struct arena *arena, struct span *ret_text)
{
	size_t at = at_sign(text), n = 0;
	struct span domain = span_of(text.ptr + at, text.len - at);
	bool gmail = span_is(domain, "@gmail.com") || span_is(domain, "@googlemail.com");
	char *copy;

	*ret_text = text;
	if (at == text.len || rules == 0)
		return 0;
	copy = arena_alloc(arena, text.len);
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < at; i++) {
		char c = text.ptr[i];

		if (c == '+' && rules & IDENTITY_PLUS_TAGS)
			break;
		if (c != '.' || !gmail || !(rules & IDENTITY_GMAIL_DOTS))
			copy[n++] = c;
	}
	/* Nobody's address begins with the @. */
	if (n == 0)
		return 0;
	if (gmail && rules & IDENTITY_GMAIL_DOTS)
		domain = SPAN_LIT("@gmail.com");
	memcpy(copy + n, domain.ptr, domain.len);
	*ret_text = span_of(copy, n + domain.len);
	return 0;
}

/* ------------------------------------------------------------------------------------------- */

int email_normal(unsigned rules, struct span text, struct arena *arena, struct span *ret_text)
{
	bool capital = false, ascii = true;
	struct span small = text;
	int r = 1;

	for (size_t i = 0; i < text.len; i++) {
		capital |= is_capital(text.ptr[i]);
		ascii &= (unsigned char)text.ptr[i] < 0x80;
	}
	if (!ascii)
		r = beyond_ascii(text, arena, &small);
	if (r < 0)
		return r;
	if (r > 0 && capital) {
		small = small_copy(text, arena);
		if (!small.ptr)
			return -ENOMEM;
	}
	return provide(rules, small, arena, ret_text);
}
