/* SPDX-License-Identifier: MIT */
/*
 * The grammar of ECMA-262 2024, section 22.2.1, with u (Pattern[+UnicodeMode]), and what each piece
 * is in PCRE2. What a table or a branch here does not know is refused, so that a construct which
 * only PCRE2 has cannot slip through.
 */
#include "ecma_pattern.h"

#include <stdarg.h>

#include "utf8.h"

/* ECMA-262's WhiteSpace and LineTerminator, as `\s` means them, and all that is neither. */
#define SPACES                                                                                     \
	"\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{"   \
	"205f}"                                                                                    \
	"\\x{3000}\\x{feff}"
#define NO_SPACES                                                                                  \
	"\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-" \
	"\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"    \
	"\\x{ff00}-\\x{10ffff}"

struct translator {
	struct span in;
	size_t at;
	struct buf *out;
	struct ecma_fault *fault;
	size_t groups;	 /* open */
	bool repeatable; /* what stands before may have a quantifier */
};

__attribute__((format(printf, 2, 3))) static bool refuse(
	struct translator *t, const char *format, ...)
{
	va_list args;

	t->fault->offset = t->at;
	va_start(args, format);
	(void)vsnprintf(t->fault->message, sizeof(t->fault->message), format, args);
	va_end(args);
	return false;
}

static char peek(const struct translator *t, size_t ahead)
{
	if (t->at + ahead < t->in.len)
		return t->in.ptr[t->at + ahead];
	return '\0';
}

static bool at_end(const struct translator *t)
{
	return t->at == t->in.len;
}

static bool looking_at(const struct translator *t, const char *words)
{
	return span_starts(span_of(t->in.ptr + t->at, t->in.len - t->at), span_str(words));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_point(struct translator *t, uint32_t point)
{
	buf_printf(t->out, "\\x{%x}", (unsigned)point);
}

/* ---- escapes ------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* N hexadecimal digits AHEAD of here; -1: there are none. */
static int32_t hex_ahead(const struct translator *t, size_t ahead, size_t n)
{
	int32_t point = 0;

	for (size_t i = 0; i < n; i++) {
		int digit = hex_value(peek(t, ahead + i));

		if (digit < 0)
			return -1;
		point = point * 16 + digit;
	}
	return point;
}

static bool bad_unicode(struct translator *t)
{
	return refuse(t, "\\u needs four hexadecimal digits, or up to six in braces");
}

/* At `u{`. */
static bool braced_point(struct translator *t, uint32_t *ret_point)
{
	size_t n = 0;
	int32_t point;

	while (hex_value(peek(t, 2 + n)) >= 0)
		n++;
	point = n > 0 && n <= 6 ? hex_ahead(t, 2, n) : -1;
	if (point < 0 || point > 0x10ffff || peek(t, 2 + n) != '}')
		return bad_unicode(t);
	t->at += n + 3;
	*ret_point = (uint32_t)point;
	return true;
}

/* At `u`. A surrogate alone matches nothing that is UTF-8, and PCRE2 has no word for it. */
static bool unicode_escape(struct translator *t, uint32_t *ret_point)
{
	int32_t unit = hex_ahead(t, 1, 4), low;

	if (peek(t, 1) == '{')
		return braced_point(t, ret_point);
	if (unit < 0)
		return bad_unicode(t);
	low = peek(t, 5) == '\\' && peek(t, 6) == 'u' ? hex_ahead(t, 7, 4) : -1;
	if (utf8_is_high_half(unit) && low >= 0 && utf8_is_low_half(low)) {
		*ret_point =
			0x10000u + (((uint32_t)unit - 0xd800u) << 10) + ((uint32_t)low - 0xdc00u);
		t->at += 11;
		return true;
	}
	if (utf8_is_high_half(unit) || utf8_is_low_half(unit))
		return refuse(t, "half of a surrogate pair stands in no text");
	*ret_point = (uint32_t)unit;
	t->at += 5;
	return true;
}

/* An escape that is one character, behind the backslash. False with a fault: it is none. */
static bool character_escape(struct translator *t, bool class, uint32_t *ret_point)
{
	static const char letters[] = "fnrtv";
	static const char meant[] = "\f\n\r\t\v";
	char c = peek(t, 0);
	const char *letter = c ? strchr(letters, c) : NULL;
	int32_t point;

	if (c == 'u')
		return unicode_escape(t, ret_point);
	if (letter) {
		*ret_point = (uint32_t)meant[letter - letters];
	} else if (c == 'c' && is_letter(peek(t, 1))) {
		*ret_point = (uint32_t)peek(t, 1) & 31;
		t->at++;
	} else if (c == '0' && !is_digit(peek(t, 1))) {
		*ret_point = 0;
	} else if (c == 'x' && (point = hex_ahead(t, 1, 2)) >= 0) {
		*ret_point = (uint32_t)point;
		t->at += 2;
	} else if ((c && strchr("^$\\.*+?()[]{}|/", c)) || (class && c == '-')) {
		*ret_point = (uint32_t)c;
	} else {
		return refuse(t, "\\%c is no escape that can be used here",
			c >= ' ' && c < 127 ? c : '?');
	}
	t->at++;
	return true;
}

/* General categories by their long names; PCRE2 knows the short ones (UAX 44, table 12). */
static const struct {
	const char *name, *brief;
} categories[] = {
	{"Any", "Any"},
	{"Cased_Letter", "L&"},
	{"Close_Punctuation", "Pe"},
	{"Connector_Punctuation", "Pc"},
	{"Control", "Cc"},
	{"Currency_Symbol", "Sc"},
	{"Dash_Punctuation", "Pd"},
	{"Decimal_Number", "Nd"},
	{"Enclosing_Mark", "Me"},
	{"Final_Punctuation", "Pf"},
	{"Format", "Cf"},
	{"Initial_Punctuation", "Pi"},
	{"LC", "L&"},
	{"Letter", "L"},
	{"Letter_Number", "Nl"},
	{"Line_Separator", "Zl"},
	{"Lowercase_Letter", "Ll"},
	{"Mark", "M"},
	{"Math_Symbol", "Sm"},
	{"Modifier_Letter", "Lm"},
	{"Modifier_Symbol", "Sk"},
	{"Nonspacing_Mark", "Mn"},
	{"Number", "N"},
	{"Open_Punctuation", "Ps"},
	{"Other", "C"},
	{"Other_Letter", "Lo"},
	{"Other_Number", "No"},
	{"Other_Punctuation", "Po"},
	{"Other_Symbol", "So"},
	{"Paragraph_Separator", "Zp"},
	{"Private_Use", "Co"},
	{"Punctuation", "P"},
	{"Separator", "Z"},
	{"Space_Separator", "Zs"},
	{"Spacing_Mark", "Mc"},
	{"Surrogate", "Cs"},
	{"Symbol", "S"},
	{"Titlecase_Letter", "Lt"},
	{"Unassigned", "Cn"},
	{"Uppercase_Letter", "Lu"},
	{"digit", "Nd"},
	{"punct", "P"},
};

/* A category's short name, from either; NULL: it is none. */
static const char *category_of(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
		bool brief = strcmp(categories[i].brief, "L&") != 0 &&
			     span_is(name, categories[i].brief);

		if (brief || span_is(name, categories[i].name))
			return categories[i].brief;
	}
	return NULL;
}

/* At the name, behind `\p{`. */
static bool property_name(struct translator *t, char p, struct span name)
{
	static const char *const category_is[] = {"General_Category=", "gc="};
	static const char *const script_is[] = {"Script=", "sc=", "Script_Extensions=", "scx="};
	const char *category = category_of(name);

	for (size_t i = 0; !category && i < ARRAY_SIZE(category_is); i++) {
		struct span prefix = span_str(category_is[i]);

		if (span_starts(name, prefix))
			category =
				category_of(span_of(name.ptr + prefix.len, name.len - prefix.len));
	}
	if (category) {
		buf_printf(t->out, "\\%c{%s}", p, category);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(script_is); i++) {
		struct span prefix = span_str(script_is[i]);

		if (!span_starts(name, prefix))
			continue;
		buf_printf(t->out, "\\%c{%s:%.*s}", p, i < 2 ? "sc" : "scx",
			(int)(name.len - prefix.len), name.ptr + prefix.len);
		return true;
	}
	return refuse(t, "of properties a general category or Script= is known here");
}

/* At `p` or `P`. */
static bool property(struct translator *t)
{
	char p = peek(t, 0);
	size_t n = 0;
	char c;

	if (peek(t, 1) != '{')
		return refuse(t, "\\%c needs a name in braces", p);
	while ((c = peek(t, 2 + n)) != '\0' &&
		(is_letter(c) || is_digit(c) || c == '_' || c == '='))
		n++;
	if (n == 0 || c != '}')
		return refuse(t, "\\%c needs a name in braces", p);
	if (!property_name(t, p, span_of(t->in.ptr + t->at + 2, n)))
		return false;
	t->at += n + 3;
	return true;
}

/* A class of characters behind the backslash; *ret_is says whether it was one. */
static bool class_escape(struct translator *t, bool class, bool *ret_is)
{
	char c = peek(t, 0);

	*ret_is = c && strchr("dDwWsSpP", c);
	if (!*ret_is)
		return true;
	if (c == 'p' || c == 'P')
		return property(t);
	t->at++;
	if (c == 's' || c == 'S') {
		buf_add_str(t->out, class ? "" : "[");
		buf_add_str(t->out, c == 's' ? SPACES : NO_SPACES);
		buf_add_str(t->out, class ? "" : "]");
	} else {
		buf_add_char(t->out, '\\');
		buf_add_char(t->out, c);
	}
	return true;
}

/* At a backslash outside a class. */
static bool atom_escape(struct translator *t)
{
	uint32_t point;
	bool is_class;
	char c;

	t->at++;
	c = peek(t, 0);
	if (c == 'b' || c == 'B') {
		buf_printf(t->out, "\\%c", c);
		t->at++;
		t->repeatable = false;
		return true;
	}
	if ((c >= '1' && c <= '9') || c == 'k')
		return refuse(t, "a reference back to a group cannot be used here");
	if (!class_escape(t, false, &is_class))
		return false;
	if (!is_class) {
		if (!character_escape(t, false, &point))
			return false;
		add_point(t, point);
	}
	t->repeatable = true;
	return true;
}

/* ---- classes ------------------------------------------------------------------------------- */

/* One character as it stands; the source is UTF-8. */
static uint32_t take_character(struct translator *t)
{
	const unsigned char *p = (const unsigned char *)t->in.ptr + t->at;
	size_t n = utf8_length(t->in.ptr + t->at, t->in.len - t->at);
	uint32_t point = n == 2	  ? p[0] & 0x1fu
			 : n == 3 ? p[0] & 0x0fu
			 : n == 4 ? p[0] & 0x07u
				  : p[0];

	for (size_t i = 1; i < n; i++)
		point = point << 6 | (p[i] & 0x3fu);
	t->at += n ? n : 1;
	return point;
}

/* One end of a range. *ret_is_class: it is a class and can be none. */
static bool class_atom(struct translator *t, uint32_t *ret_point, bool *ret_is_class)
{
	*ret_is_class = false;
	if (peek(t, 0) != '\\') {
		*ret_point = take_character(t);
		return true;
	}
	t->at++;
	if (peek(t, 0) == 'b') {
		t->at++;
		*ret_point = '\b';
		return true;
	}
	if (!class_escape(t, true, ret_is_class))
		return false;
	return *ret_is_class || character_escape(t, true, ret_point);
}

static bool class_item(struct translator *t)
{
	uint32_t from = 0, to = 0;
	bool is_class, to_class;
	bool range;

	if (!class_atom(t, &from, &is_class))
		return false;
	range = peek(t, 0) == '-' && peek(t, 1) != ']' && t->at + 1 < t->in.len;
	if (is_class && range)
		return refuse(t, "a class cannot begin a range; write \\-");
	if (is_class)
		return true;
	add_point(t, from);
	if (!range)
		return true;
	t->at++;
	buf_add_char(t->out, '-');
	if (!class_atom(t, &to, &to_class))
		return false;
	if (to_class)
		return refuse(t, "a class cannot end a range; write \\-");
	if (to < from)
		return refuse(t, "a range ends before it begins");
	add_point(t, to);
	return true;
}

/* At `[`. */
static bool class(struct translator *t)
{
	t->at++;
	buf_add_char(t->out, '[');
	if (peek(t, 0) == '^') {
		buf_add_char(t->out, '^');
		t->at++;
	}
	while (peek(t, 0) != ']' || at_end(t)) {
		if (at_end(t))
			return refuse(t, "a class lacks its ]");
		if (!class_item(t))
			return false;
	}
	t->at++;
	buf_add_char(t->out, ']');
	t->repeatable = true;
	return true;
}

/* ---- groups and quantifiers ---------------------------------------------------------------- */

/* At `(?<name>`. */
static bool named_group(struct translator *t)
{
	t->at += 3;
	if (!is_letter(peek(t, 0)) && peek(t, 0) != '_' && peek(t, 0) != '$')
		return refuse(t, "a group's name begins with a letter");
	while (is_letter(peek(t, 0)) || is_digit(peek(t, 0)) || peek(t, 0) == '_' ||
		peek(t, 0) == '$')
		t->at++;
	if (peek(t, 0) != '>')
		return refuse(t, "a group's name lacks its >");
	t->at++;
	buf_add_str(t->out, "(?:");
	return true;
}

/* At `(`. */
static bool group(struct translator *t)
{
	static const char *const openings[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};

	if (++t->groups > 100)
		return refuse(t, "more than 100 groups inside each other");
	t->repeatable = false;
	if (peek(t, 1) != '?') {
		t->at++;
		buf_add_str(t->out, "(?:");
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(openings); i++) {
		if (!looking_at(t, openings[i]))
			continue;
		t->at += strlen(openings[i]);
		buf_add_str(t->out, openings[i]);
		return true;
	}
	if (looking_at(t, "(?<"))
		return named_group(t);
	return refuse(t, "ECMA-262 has no such group");
}

static bool group_end(struct translator *t)
{
	if (t->groups == 0)
		return refuse(t, "a ) without its (; for the character write \\)");
	t->groups--;
	t->at++;
	buf_add_char(t->out, ')');
	t->repeatable = true;
	return true;
}

static size_t digits_ahead(const struct translator *t, size_t ahead)
{
	size_t n = 0;

	while (is_digit(peek(t, ahead + n)))
		n++;
	return n;
}

/* Bytes of `{2}`, `{2,}` or `{2,3}` here; 0: it is none. */
static size_t braces_length(const struct translator *t)
{
	size_t n = 1 + digits_ahead(t, 1);

	if (n == 1)
		return 0;
	if (peek(t, n) == ',')
		n += 1 + digits_ahead(t, n + 1);
	return peek(t, n) == '}' ? n + 1 : 0;
}

/* At `*`, `+`, `?` or `{`. */
static bool quantifier(struct translator *t)
{
	size_t n = peek(t, 0) == '{' ? braces_length(t) : 1;

	if (n == 0)
		return refuse(t, "for the character write \\{");
	if (!t->repeatable)
		return refuse(t, "there is nothing to repeat");
	buf_add(t->out, t->in.ptr + t->at, n);
	t->at += n;
	if (peek(t, 0) == '?') {
		t->at++;
		buf_add_char(t->out, '?');
	}
	t->repeatable = false;
	return true;
}

/* ---- all ----------------------------------------------------------------------------------- */

static bool sign(struct translator *t)
{
	buf_add_char(t->out, peek(t, 0));
	t->at++;
	t->repeatable = false;
	return true;
}

static bool any_character(struct translator *t)
{
	t->at++;
	buf_add_str(t->out, "[^\\n\\r\\x{2028}\\x{2029}]");
	t->repeatable = true;
	return true;
}

static bool lone(struct translator *t)
{
	return refuse(t, "for the character write \\%c", peek(t, 0));
}

static const struct {
	char first;
	bool (*read)(struct translator *t);
} pieces[] = {
	{'\\', atom_escape},
	{'[', class},
	{'(', group},
	{')', group_end},
	{'*', quantifier},
	{'+', quantifier},
	{'?', quantifier},
	{'{', quantifier},
	{'.', any_character},
	{'^', sign},
	{'$', sign},
	{'|', sign},
	{']', lone},
	{'}', lone},
};

static bool piece(struct translator *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		if (peek(t, 0) == pieces[i].first)
			return pieces[i].read(t);
	add_point(t, take_character(t));
	t->repeatable = true;
	return true;
}

int ecma_translate(struct span source, struct buf *out, struct ecma_fault *ret_fault)
{
	struct translator t = {.in = source, .out = out, .fault = ret_fault};

	while (!at_end(&t))
		if (!piece(&t))
			return ECMA_PATTERN_BAD;
	if (t.groups > 0) {
		(void)refuse(&t, "a group lacks its )");
		return ECMA_PATTERN_BAD;
	}
	return buf_failed(out);
}
