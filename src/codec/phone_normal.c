/* SPDX-License-Identifier: MIT */
/*
 * People write a number as they dial it: with blanks and brackets, with the prefix that leads
 * abroad or with the one that leads to another town, or with neither. A number that says its
 * country is believed. Of the others the default country's habits decide, and where they do not,
 * the number stays as it is: a wrong guess would make two customers one.
 */
#include "core/identity.h"
#include "identifier_text.h"
#include "phone_table.h"

#define E164_MIN   7  /* digits, calling code included; shorter ones are no subscribers */
#define E164_MAX   15 /* ITU-T E.164, 6.1 */
#define DIGITS_MAX 24

struct number {
	char digits[DIGITS_MAX + 1];
	size_t n;
	bool plus;
};

/* The length of the separator at P, of at most LEN bytes; 0: there is none. */
static size_t separator(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;

	if (strchr(" ()-./\t", p[0]) && p[0])
		return 1;
	if (len >= 2 && u[0] == 0xc2 && u[1] == 0xa0)
		return 2;
	/* U+2010 to U+2015, dashes; U+202F, a narrow blank. */
	if (len >= 3 && u[0] == 0xe2 && u[1] == 0x80 &&
		((u[2] >= 0x90 && u[2] <= 0x95) || u[2] == 0xaf))
		return 3;
	return 0;
}

/* Whether TEXT is digits and separators, and nothing else but a plus before them. */
static bool read_number(struct span text, struct number *ret)
{
	const struct span scheme = SPAN_LIT("tel:"), national = SPAN_LIT("(0)");
	struct number num = {.n = 0};

	if (text.len > scheme.len && span_equal_nocase(span_of(text.ptr, scheme.len), scheme))
		text = span_of(text.ptr + scheme.len, text.len - scheme.len);
	for (size_t i = 0, step; i < text.len; i += step) {
		struct span rest = span_of(text.ptr + i, text.len - i);
		char c = text.ptr[i];

		step = 1;
		if (c == '+' && num.n == 0 && !num.plus) {
			num.plus = true;
		} else if (num.plus && span_starts(rest, national)) {
			step = national.len; /* +49 (0)30: the zero is for those at home */
		} else if (c >= '0' && c <= '9') {
			if (num.n == DIGITS_MAX)
				return false;
			num.digits[num.n++] = c;
		} else {
			step = separator(rest.ptr, rest.len);
			if (step == 0)
				return false;
		}
	}
	*ret = num;
	return num.n > 0;
}

static bool fits(const struct phone_code *c, size_t n)
{
	return n >= c->min && n <= c->max;
}

/* The same of one trunk prefix. */
static size_t one_trunk(const struct phone_code *c, const char *d, size_t n)
{
	size_t len = strlen(c->trunk);

	if (len == 0 || n <= len || memcmp(d, c->trunk, len) != 0)
		return 0;
	/* No number begins with 0 where that leads to another town; with 8 or 1 some do. */
	if (len == 1 && c->trunk[0] == '0')
		return len;
	return fits(c, n - len) && (n > c->max || len > 1) ? len : 0;
}

/* How many digits of D, N of them, are trunk prefixes that do not belong there. All that there are,
 * so that a number that was brought into its form stays in it. */
static size_t trunk_of(const struct phone_code *c, const char *d, size_t n)
{
	size_t all = 0, one;

	while ((one = one_trunk(c, d + all, n - all)) > 0)
		all += one;
	return all;
}

static int keep(struct arena *arena, unsigned code, const char *d, size_t n, struct span *ret_text)
{
	char *text = arena_alloc(arena, 1 + 10 + n + 1);
	int head;

	if (!text)
		return -ENOMEM;
	head = code ? snprintf(text, 12, "+%u", code) : snprintf(text, 12, "+");
	memcpy(text + head, d, n);
	*ret_text = span_of(text, (size_t)head + n);
	return 0;
}

/* The calling code that D begins with; NULL: none. No code is the begin of another. */
static const struct phone_code *code_of(const char *d, size_t n, size_t *ret_len)
{
	unsigned code = 0;

	for (size_t i = 0; i < 3 && i < n; i++) {
		const struct phone_code *found;

		code = code * 10 + (unsigned)(d[i] - '0');
		found = phone_code_find(code);
		if (found) {
			*ret_len = i + 1;
			return found;
		}
	}
	return NULL;
}

/* A number that begins with its calling code. One of a code that we do not know is no less one. */
static int international(
	struct arena *arena, const char *d, size_t n, struct span text, struct span *ret_text)
{
	size_t len = 0, trunk;
	const struct phone_code *c = code_of(d, n, &len);

	trunk = c ? trunk_of(c, d + len, n - len) : 0;
	if (n - trunk < E164_MIN || n - trunk > E164_MAX || d[0] == '0') {
		*ret_text = text;
		return 0;
	}
	if (!c)
		return keep(arena, 0, d, n, ret_text);
	return keep(arena, c->code, d + len + trunk, n - len - trunk, ret_text);
}

/* Does a number without any prefix begin with its country's calling code? It does if it would be
 * too long otherwise, or where nobody could dial it so: without the zero that leads to a town. */
static bool says_code(const struct phone_code *c, const char *d, size_t n)
{
	char code[6];
	size_t len = (size_t)snprintf(code, sizeof(code), "%u", c->code);
	bool needs_trunk = c->trunk[0] == '0';

	if (n <= len || memcmp(d, code, len) != 0 || !fits(c, n - len))
		return false;
	return n > c->max || (needs_trunk && n >= 11);
}

int phone_normal(const char *country, struct span text, struct arena *arena, struct span *ret_text)
{
	const struct phone_country *home = country[0] ? phone_country_find(country) : NULL;
	const char *idd = home ? home->idd : "00";
	size_t idd_len = strlen(idd), trunk;
	struct phone_code c;
	struct number num;

	*ret_text = text;
	if (!read_number(text, &num))
		return 0;
	if (num.plus)
		return international(arena, num.digits, num.n, text, ret_text);
	if (idd_len > 0 && num.n >= idd_len + E164_MIN && memcmp(num.digits, idd, idd_len) == 0)
		return international(arena, num.digits + idd_len, num.n - idd_len, text, ret_text);
	if (!home)
		return 0;
	c = (struct phone_code){.code = home->code, .min = home->min, .max = home->max};
	memcpy(c.trunk, home->trunk, sizeof(c.trunk));
	if (says_code(&c, num.digits, num.n))
		return international(arena, num.digits, num.n, text, ret_text);
	trunk = trunk_of(&c, num.digits, num.n);
	if (!fits(&c, num.n - trunk))
		return 0;
	return keep(arena, c.code, num.digits + trunk, num.n - trunk, ret_text);
}

int phone_begin_at_home(
	const char *country, struct span digits, struct arena *arena, struct span *ret_digits)
{
	const struct phone_country *home = country[0] ? phone_country_find(country) : NULL;
	struct span trunk = home ? span_str(home->trunk) : SPAN_EMPTY;
	struct span plus;
	int r;

	*ret_digits = SPAN_EMPTY;
	if (!home || (home->idd[0] && span_starts(digits, span_str(home->idd))))
		return 0;
	if (trunk.len > 0 && span_starts(digits, trunk))
		digits = span_of(digits.ptr + trunk.len, digits.len - trunk.len);
	else if (span_is(trunk, "0"))
		return 0;
	r = keep(arena, home->code, digits.ptr, digits.len, &plus);
	if (r == 0)
		*ret_digits = span_of(plus.ptr + 1, plus.len - 1);
	return r;
}
