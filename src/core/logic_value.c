/* SPDX-License-Identifier: MIT */
/*
 * Values as JavaScript converts them (ECMA-262: Number() is 7.1.4.1, printing a number 6.1.6.1.20).
 */
#include "logic_run.h"

#include <math.h>

/* ---- numbers --------------------------------------------------------------------------- */

/* Shortest digits that read back as D, and the place of the point behind the first P of them. */
static int shortest(double d, char digits[24], int *ret_point)
{
	char text[40];
	int n = 0;

	for (int precision = 1; precision <= 17; precision++) {
		(void)snprintf(text, sizeof(text), "%.*e", precision - 1, d);
		if (strtod(text, NULL) == d || precision == 17)
			break;
	}
	for (const char *p = text; *p && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	*ret_point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
	return n;
}

size_t logic_format_number(double d, char out[LOGIC_NUMBER_SIZE])
{
	char digits[24] = "";
	size_t len = 0;
	int point, n;

	if (isnan(d) || isinf(d))
		return (size_t)snprintf(out, LOGIC_NUMBER_SIZE, "%s",
			isnan(d) ? "NaN" : (d < 0 ? "-Infinity" : "Infinity"));
	if (!(d < 0 || d > 0))
		return (size_t)snprintf(out, LOGIC_NUMBER_SIZE, "0");
	n = shortest(fabs(d), digits, &point);
	if (d < 0)
		out[len++] = '-';
	if (point > 21 || point < -5) {
		out[len++] = digits[0];
		if (n > 1)
			out[len++] = '.';
		for (int i = 1; i < n; i++)
			out[len++] = digits[i];
		return len +
		       (size_t)snprintf(out + len, LOGIC_NUMBER_SIZE - len, "e%+d", point - 1);
	}
	if (point <= 0) {
		out[len++] = '0';
		out[len++] = '.';
	}
	for (int i = point; i < 0; i++)
		out[len++] = '0';
	for (int i = 0; i < (n > point ? n : point); i++) {
		if (i > 0 && i == point)
			out[len++] = '.';
		out[len++] = (char)(i < n ? digits[i] : '0');
	}
	out[len] = '\0';
	return len;
}

/* A blank of JavaScript at the front of S: its length, or 0. */
static size_t blank_at(struct span s)
{
	static const char *const wide[] = {"\xc2\xa0", "\xef\xbb\xbf", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe1\x9a\x80", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

	if (s.len > 0 && (s.ptr[0] == ' ' || (s.ptr[0] >= '\t' && s.ptr[0] <= '\r')))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		if (span_starts(s, span_str(wide[i])))
			return strlen(wide[i]);
	/* U+2000 to U+200A */
	if (s.len >= 3 && memcmp(s.ptr, "\xe2\x80", 2) == 0 && (unsigned char)s.ptr[2] >= 0x80 &&
		(unsigned char)s.ptr[2] <= 0x8a)
		return 3;
	return 0;
}

static struct span trim(struct span s)
{
	size_t n;

	while ((n = blank_at(s)) > 0)
		s = span_of(s.ptr + n, s.len - n);
	for (size_t end = s.len; end > 0;) {
		end--;
		n = blank_at(span_of(s.ptr + end, s.len - end));
		if (n > 0 && n == s.len - end)
			s.len = end;
		else if (((unsigned char)s.ptr[end] & 0xc0) != 0x80)
			break;
	}
	return s;
}

/* 0x1f, 0o17, 0b11, without a sign. */
static bool parse_radix(struct span s, double *ret_number)
{
	char kind = (char)(s.len > 2 && s.ptr[0] == '0' ? s.ptr[1] | 0x20 : 0);
	int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
	double d = 0;

	if (base == 0)
		return false;
	for (size_t i = 2; i < s.len; i++) {
		char c = s.ptr[i], low = (char)(c | 0x20);
		int digit = c >= '0' && c <= '9'       ? c - '0'
			    : low >= 'a' && low <= 'f' ? low - 'a' + 10
						       : 99;

		if (digit >= base)
			return false;
		d = d * base + digit;
	}
	*ret_number = d;
	return true;
}

static size_t digits_at(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - start);
}

/* All of S, without its sign, is digits with a point and an exponent where they may be. */
static bool is_decimal(struct span s)
{
	const char *p = s.ptr, *end = s.ptr + s.len;
	size_t whole = digits_at(p, end), part = 0;

	p += whole;
	if (p < end && *p == '.') {
		part = digits_at(++p, end);
		p += part;
	}
	if (whole + part == 0)
		return false;
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		if (digits_at(p, end) == 0)
			return false;
		p += digits_at(p, end);
	}
	return p == end;
}

bool logic_parse_number(struct span s, double *ret_number)
{
	bool negative, sign;
	_cleanup_free_ char *copy = NULL;
	struct span bare;

	s = trim(s);
	if (s.len == 0) {
		*ret_number = 0;
		return true;
	}
	if (parse_radix(s, ret_number))
		return true;
	negative = s.ptr[0] == '-';
	sign = negative || s.ptr[0] == '+';
	bare = span_of(s.ptr + sign, s.len - sign);
	if (span_is(bare, "Infinity")) {
		*ret_number = negative ? -(double)INFINITY : (double)INFINITY;
		return true;
	}
	if (!is_decimal(bare))
		return false;
	copy = span_dup(s);
	if (!copy)
		return false;
	*ret_number = strtod(copy, NULL);
	return true;
}

bool logic_number(const struct logic_value *v, double *ret_number)
{
	switch (v->type) {
	case LOGIC_NULL:
	case LOGIC_FALSE:
		*ret_number = 0;
		return true;
	case LOGIC_TRUE:
		*ret_number = 1;
		return true;
	case LOGIC_NUMBER:
		*ret_number = v->number;
		return !isnan(v->number);
	case LOGIC_STRING:
		return logic_parse_number(v->text, ret_number);
	case LOGIC_ARRAY:
	case LOGIC_OBJECT:
	case LOGIC_ROOT:
		break;
	}
	return false;
}

/* ---- texts ----------------------------------------------------------------------------- */

/* As Array.prototype.join: null is nothing. Nesting is that of data, which is bounded. */
static void put_text(const struct logic_value *v, struct buf *out)
{
	char number[LOGIC_NUMBER_SIZE];

	switch (v->type) {
	case LOGIC_NULL:
		buf_add_str(out, "null");
		break;
	case LOGIC_FALSE:
	case LOGIC_TRUE:
		buf_add_str(out, v->type == LOGIC_TRUE ? "true" : "false");
		break;
	case LOGIC_NUMBER:
		buf_add(out, number, logic_format_number(v->number, number));
		break;
	case LOGIC_STRING:
		buf_add_span(out, v->text);
		break;
	case LOGIC_ARRAY:
		for (size_t i = 0; i < v->n && out->len <= LOGIC_BYTES_MAX; i++) {
			if (i > 0)
				buf_add_char(out, ',');
			if (v->items[i].type != LOGIC_NULL)
				put_text(&v->items[i], out);
		}
		break;
	case LOGIC_OBJECT:
	case LOGIC_ROOT:
		buf_add_str(out, "[object Object]");
		break;
	}
}

struct span logic_text(const struct logic_value *v, struct arena *arena)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (v->type == LOGIC_STRING)
		return v->text.ptr ? v->text : SPAN_LIT("");
	put_text(v, &out);
	if (buf_failed(&out) < 0)
		return SPAN_EMPTY;
	return arena_copy(arena, buf_span(&out));
}

/* ---- equality and order ---------------------------------------------------------------- */

bool logic_same(const struct logic_value *a, const struct logic_value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == LOGIC_NUMBER)
		return a->number >= b->number && a->number <= b->number;
	if (a->type == LOGIC_STRING)
		return span_equal(a->text, b->text);
	return a->type == LOGIC_NULL || a->type == LOGIC_TRUE || a->type == LOGIC_FALSE;
}

/* Sets *ret_order to <0, 0 or >0; false: there is none, which is the error NaN. */
static bool order(const struct logic_value *a, const struct logic_value *b, int *ret_order)
{
	double x, y;

	if (a->type == LOGIC_STRING && b->type == LOGIC_STRING) {
		*ret_order = span_compare(a->text, b->text);
		return true;
	}
	if (!logic_number(a, &x) || !logic_number(b, &y))
		return false;
	*ret_order = (x > y) - (x < y);
	return true;
}

/* Null and a text are different, whatever the text. */
static bool equal(const struct logic_value *a, const struct logic_value *b, int *ret_order)
{
	bool apart = (a->type == LOGIC_NULL && b->type == LOGIC_STRING) ||
		     (a->type == LOGIC_STRING && b->type == LOGIC_NULL);

	if (!apart)
		return order(a, b, ret_order);
	*ret_order = 1;
	return true;
}

static bool in_order(enum logic_op op, int c)
{
	if (op == LOGIC_OP_EQUAL)
		return c == 0;
	if (op == LOGIC_OP_NOT_EQUAL)
		return c != 0;
	if (op == LOGIC_OP_LESS)
		return c < 0;
	if (op == LOGIC_OP_LESS_EQUAL)
		return c <= 0;
	return op == LOGIC_OP_GREATER ? c > 0 : c >= 0;
}

/* Each neighbouring pair, until one is not as it should be. */
struct logic_value logic_compare(struct logic_state *s, const struct logic_node *node)
{
	bool strict = node->op == LOGIC_OP_SAME || node->op == LOGIC_OP_NOT_SAME;
	bool loose = node->op == LOGIC_OP_EQUAL || node->op == LOGIC_OP_NOT_EQUAL;
	struct logic_value left;

	if (!node->listed || node->count < 2)
		return logic_fail(s, "Invalid Arguments");
	left = logic_child(s, node, 0);
	for (uint16_t i = 1; i < node->count; i++) {
		struct logic_value right = logic_child(s, node, i);
		int c = 0;
		bool ok;

		if (s->failed)
			return logic_null;
		if (strict)
			ok = logic_same(&left, &right) == (node->op == LOGIC_OP_SAME);
		else if (loose ? equal(&left, &right, &c) : order(&left, &right, &c))
			ok = in_order(node->op, c);
		else
			return logic_fail(s, "NaN");
		if (!ok)
			return logic_bool(false);
		left = right;
	}
	return logic_bool(true);
}

/* ---- arithmetic ------------------------------------------------------------------------ */

/* What is left of A when B was taken away as often as it goes, with A's sign. Each subtraction is
 * exact, since what is taken is at most what is there and more than half of it. */
static double remainder_of(double a, double b)
{
	double x = fabs(a), y = fabs(b);
	int ex, ey;

	if (!(y > 0) || isinf(x))
		return (double)NAN;
	while (x >= y && !isinf(y)) {
		(void)frexp(x, &ex);
		(void)frexp(y, &ey);
		double part = ldexp(y, ex - ey);

		x -= part > x ? part / 2 : part;
	}
	return a < 0 ? -x : x;
}

static double combine(enum logic_op op, double a, double b)
{
	if (op == LOGIC_OP_ADD)
		return a + b;
	if (op == LOGIC_OP_SUBTRACT)
		return a - b;
	if (op == LOGIC_OP_MULTIPLY)
		return a * b;
	if (op == LOGIC_OP_DIVIDE)
		return b < 0 || b > 0 ? a / b : (double)NAN;
	return remainder_of(a, b);
}

struct logic_value logic_arithmetic(struct logic_state *s, const struct logic_node *node)
{
	bool whole = node->op == LOGIC_OP_ADD || node->op == LOGIC_OP_MULTIPLY;
	struct logic_value all = logic_operands(s, node);
	double total = node->op == LOGIC_OP_MULTIPLY || node->op == LOGIC_OP_DIVIDE ? 1 : 0;
	size_t least = whole ? 0 : node->op == LOGIC_OP_REMAINDER ? 2 : 1;

	if (s->failed)
		return logic_null;
	if (all.n < least)
		return logic_fail(s, "Invalid Arguments");
	for (size_t i = 0; i < all.n; i++) {
		double next;

		if (!logic_number(&all.items[i], &next))
			return logic_fail(s, "NaN");
		/* -x is 0 - x, and /x is 1 / x. */
		total = i == 0 && (whole || all.n > 1) ? next : combine(node->op, total, next);
	}
	return isnan(total) ? logic_fail(s, "NaN") : logic_of_number(total);
}

struct logic_value logic_extreme(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value all = logic_operands(s, node);
	double best = 0, next;

	if (s->failed)
		return logic_null;
	if (all.n == 0)
		return logic_fail(s, "Invalid Arguments");
	for (size_t i = 0; i < all.n; i++) {
		if (!logic_number(&all.items[i], &next))
			return logic_fail(s, "NaN");
		if (i == 0 || (node->op == LOGIC_OP_LEAST ? next < best : next > best))
			best = next;
	}
	return logic_of_number(best);
}
