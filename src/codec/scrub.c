/* SPDX-License-Identifier: MIT */
/*
 * A text is first written flat, without what stands for other bytes in it, with the place of each
 * byte kept; names are looked for there, and cut out of the text as it was. All of it walks from
 * left to right, and what is asked about has a bound.
 */
#include "scrub_impl.h"

#include "codec/identifiers.h"

#define WORD_MIN	8 /* bytes of a name that is no address and no number */
#define LOOSE_WORD_MIN	6
#define LOCAL_MAX	128 /* bytes before an @ that are looked at */
#define DOMAIN_MAX	255
#define PHONE_DIGITS	7  /* fewer are no telephone number … */
#define PHONE_DIGITS_TO 15 /* … nor more */
#define PHONE_BYTES_MAX 40

int scrubber_new(const struct identity *identity, scrub_knows_fn *knows, void *user,
	struct scrubber **ret_scrubber)
{
	struct scrubber *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->identity = identity;
	s->knows = knows;
	s->user = user;
	arena_init(&s->arena);
	buf_init(&s->flat);
	buf_init(&s->from);
	buf_init(&s->scratch);
	*ret_scrubber = s;
	return 0;
}

struct scrubber *scrubber_free(struct scrubber *s)
{
	if (!s)
		return NULL;
	arena_release(&s->arena);
	buf_release(&s->flat);
	buf_release(&s->from);
	buf_release(&s->scratch);
	free(s);
	return NULL;
}

void scrubber_freep(struct scrubber **s)
{
	*s = scrubber_free(*s);
}

/* ---- bytes ------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool in_word(char c)
{
	return is_letter(c) || is_digit(c) || is_one_of(c, "_-.+~");
}

static bool in_local(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && !is_one_of(c, "\"(),:;<>@[\\]");
}

static bool in_domain(char c)
{
	return is_letter(c) || is_digit(c) || c == '-' || c == '.';
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)((digit - digits) & 15) : -1;
}

/* N hex digits at the beginning of TEXT that are ASCII; -1: none. */
static int hex_number(struct span text, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		int digit = i < text.len ? hex_digit(text.ptr[i]) : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value < 0x80 ? value : -1;
}

/* ---- flat -------------------------------------------------------------------------------- */

/* What TEXT begins with stands for *c and is so long; 1: for itself. */
static size_t escape(struct span text, char *c)
{
	static const char at_decimal[] = "&#64;", at_hex[] = "&#x40;";
	struct span rest = span_of(text.ptr + 1, text.len - 1);
	int value = -1;
	size_t len = 1;

	*c = text.ptr[0];
	if (*c == '%' && rest.len > 3 && rest.ptr[0] == '2' && rest.ptr[1] == '5')
		value = hex_number(span_of(rest.ptr + 2, rest.len - 2), 2);
	len = 5;
	if (value < 0 && *c == '%') {
		value = hex_number(rest, 2);
		len = 3;
	} else if (*c == '\\' && rest.len > 0 && rest.ptr[0] == 'u') {
		value = hex_number(span_of(rest.ptr + 1, rest.len - 1), 4);
		len = 6;
	} else if (*c == '\\' && rest.len > 0) {
		value = is_one_of(rest.ptr[0], "nrt") ? ' ' : rest.ptr[0] & 0x7f;
		len = 2;
	} else if (span_starts(text, SPAN_LIT(at_decimal)) || span_starts(text, SPAN_LIT(at_hex))) {
		value = '@';
		len = text.ptr[2] == 'x' ? sizeof(at_hex) - 1 : sizeof(at_decimal) - 1;
	}
	if (value < 0)
		return 1;
	*c = (char)value;
	return len;
}

static bool has_escapes(struct span text)
{
	return memchr(text.ptr, '%', text.len) || memchr(text.ptr, '\\', text.len) ||
	       memchr(text.ptr, '&', text.len);
}

/* 0 or -ENOMEM. */
static int flatten(struct scrubber *s, struct span text)
{
	size_t i = 0;

	buf_reset(&s->flat);
	buf_reset(&s->from);
	if (text.len >= UINT32_MAX || !has_escapes(text)) {
		buf_add_span(&s->flat, text);
		return buf_failed(&s->flat);
	}
	while (i < text.len) {
		uint32_t from = (uint32_t)i;
		char c;

		i += escape(span_of(text.ptr + i, text.len - i), &c);
		buf_add_char(&s->flat, c);
		buf_add(&s->from, &from, sizeof(from));
	}
	return buf_failed(&s->flat) < 0 ? -ENOMEM : buf_failed(&s->from);
}

/* Where in the text byte I of the flat one began; its length for the end. */
static size_t place(const struct scrubber *s, size_t i, size_t len)
{
	uint32_t from;

	if (s->from.len == 0)
		return i;
	if (i == s->flat.len)
		return len;
	memcpy(&from, s->from.ptr + i * sizeof(from), sizeof(from));
	return from;
}

/* ---- names ------------------------------------------------------------------------------- */

/* 0 or -ENOMEM. */
static int ask_kind(struct scrubber *s, size_t kind, struct span text, bool *ret_known)
{
	struct span key = SPAN_EMPTY;
	int r = identifier_key(s->identity, kind, text, &s->arena, &key);

	if (r == 0 && key.len > 0)
		r = s->knows(s->user, key, ret_known);
	arena_reset(&s->arena);
	return r;
}

/* As any kind but telephone numbers, and the shop's. 0 or -ENOMEM. */
static int ask(struct scrubber *s, struct span text, bool *ret_known)
{
	int r = 0;

	if (text.len == 0 || text.len > IDENTIFIER_MAX)
		return 0;
	for (size_t kind = 0; kind < s->identity->n_kinds && r == 0 && !*ret_known; kind++) {
		enum identifier what = s->identity->kinds[kind].what;

		if (what == IDENTIFIER_PHONE || (what == IDENTIFIER_ORDER && !s->loose) ||
			(what == IDENTIFIER_EMAIL && !memchr(text.ptr, '@', text.len)))
			continue;
		r = ask_kind(s, kind, text, ret_known);
	}
	return r;
}

static int ask_phone(struct scrubber *s, struct span text, bool *ret_known)
{
	_cleanup_(buf_release) struct buf plus = BUF_INIT;
	size_t kind = s->identity->at[IDENTIFIER_PHONE], digits = 0;
	int r;

	for (size_t i = 0; i < text.len; i++)
		digits += is_digit(text.ptr[i]);
	if (digits < PHONE_DIGITS || digits > PHONE_DIGITS_TO || text.len > PHONE_BYTES_MAX)
		return 0;
	r = ask_kind(s, kind, text, ret_known);
	if (r < 0 || *ret_known || text.ptr[0] == '+')
		return r;
	/* With its country, but without the sign that says so. */
	buf_add_char(&plus, '+');
	buf_add_span(&plus, text);
	return buf_failed(&plus) < 0 ? -ENOMEM : ask_kind(s, kind, buf_span(&plus), ret_known);
}

/* Letters, digits and signs: two of them at least. */
static bool is_telling(const struct scrubber *s, struct span text)
{
	bool letter = false, digit = false, sign = false;

	for (size_t i = 0; i < text.len; i++) {
		letter = letter || is_letter(text.ptr[i]);
		digit = digit || is_digit(text.ptr[i]);
		sign = sign || !(is_letter(text.ptr[i]) || is_digit(text.ptr[i]));
	}
	return s->loose ? text.len >= LOOSE_WORD_MIN
			: text.len >= WORD_MIN && letter + digit + sign >= 2;
}

int scrub_is_plain(struct scrubber *s, struct span text, bool *ret_is)
{
	bool known = false;
	int r = 0;

	text = span_trim(text);
	if (text.len > IDENTIFIER_MAX)
		text = SPAN_EMPTY;
	if (text.len > 0 && (is_telling(s, text) || memchr(text.ptr, '@', text.len)))
		r = ask(s, text, &known);
	if (r == 0 && !known && text.len >= PHONE_DIGITS)
		r = ask_phone(s, text, &known);
	if (r == 0)
		*ret_is = known;
	return r;
}

int scrub_is_name(struct scrubber *s, struct span text, bool *ret_is)
{
	bool known = false;
	int r = scrub_is_plain(s, text, &known);

	if (r == 0 && !known)
		r = scrub_is_coded(s, span_trim(text), &known);
	if (r == 0)
		*ret_is = known;
	return r;
}

/* ---- looking ----------------------------------------------------------------------------- */

/* A piece of the flat text. */
struct piece {
	size_t at, end;
};

static struct span piece_span(const struct scrubber *s, struct piece p)
{
	return span_of(s->flat.ptr + p.at, p.end - p.at);
}

/* The address around the @ at AT, if it is one that is known; signs that an address may have, and
 * URLs have before one, may not be of it. */
static int find_address(struct scrubber *s, size_t at, size_t floor, struct piece *ret)
{
	const char *flat = s->flat.ptr;
	size_t first = at, end = at + 1;
	int r = 0;

	while (first > floor && at - first < LOCAL_MAX && in_local(flat[first - 1]))
		first--;
	while (end < s->flat.len && end - at <= DOMAIN_MAX && in_domain(flat[end]))
		end++;
	while (end > at + 1 && is_one_of(flat[end - 1], ".-"))
		end--;
	if (first == at || end == at + 1)
		return SCRUB_CLEAN;
	for (size_t i = first; i < at && r == 0; i++) {
		struct piece p = {i, end};
		bool known = false;

		if (i > first && !is_one_of(flat[i - 1], "!#$%&'*/=?^`{|}~"))
			continue;
		r = ask(s, piece_span(s, p), &known);
		if (known) {
			*ret = p;
			return r;
		}
	}
	return r < 0 ? r : SCRUB_CLEAN;
}

/* The end of the number that begins at AT: behind its last digit. */
static size_t number_end(const struct scrubber *s, size_t at)
{
	size_t end = at + 1, between = 0;

	for (size_t i = at + 1; i < s->flat.len && i - at < PHONE_BYTES_MAX && between < 3; i++) {
		if (is_digit(s->flat.ptr[i])) {
			end = i + 1;
			between = 0;
		} else if (is_one_of(s->flat.ptr[i], " -./()")) {
			between++;
		} else {
			break;
		}
	}
	return end;
}

/* The number at AT, or if it runs into what follows, as much of it as stands together. */
static int find_number(struct scrubber *s, size_t at, struct piece *ret)
{
	struct piece p = {at, number_end(s, at)};
	bool known = false;
	int r = 0;

	if (p.end < s->flat.len && is_letter(s->flat.ptr[p.end]))
		return SCRUB_CLEAN;
	while (r == 0 && p.end > at + 1) {
		r = ask_phone(s, piece_span(s, p), &known);
		if (known) {
			*ret = p;
			return r;
		}
		while (p.end > at + 1 && is_digit(s->flat.ptr[p.end - 1]))
			p.end--;
		while (p.end > at + 1 && !is_digit(s->flat.ptr[p.end - 1]))
			p.end--;
	}
	return r < 0 ? r : SCRUB_CLEAN;
}

static size_t word_end(const struct scrubber *s, size_t at)
{
	while (at < s->flat.len && in_word(s->flat.ptr[at]))
		at++;
	return at;
}

/* What begins at AT and is to be read by programs. */
static int find_coded(struct scrubber *s, size_t at, struct piece *ret)
{
	int r = 0;

	for (int slashes = 0; slashes <= 1 && r == 0; slashes++) {
		struct piece p = {at, scrub_coded_end(buf_span(&s->flat), at, slashes)};
		bool known = false;

		r = scrub_is_coded(s, piece_span(s, p), &known);
		if (known) {
			*ret = p;
			return r;
		}
	}
	return r < 0 ? r : SCRUB_CLEAN;
}

/* The word from AT to END. */
static int find_word(struct scrubber *s, size_t at, size_t end, struct piece *ret)
{
	struct piece p = {at, end};
	bool known = false, quoted = at > 0 && end < s->flat.len && s->flat.ptr[at - 1] == '"' &&
				     s->flat.ptr[end] == '"';
	int r = 0;

	if (is_telling(s, piece_span(s, p)) || (s->loose && quoted))
		r = ask(s, piece_span(s, p), &known);
	while (r == 0 && !known && p.end > p.at && is_one_of(s->flat.ptr[p.end - 1], ".-~+"))
		p.end--;
	if (r == 0 && !known && p.end < end && is_telling(s, piece_span(s, p)))
		r = ask(s, piece_span(s, p), &known);
	if (!known)
		return r < 0 ? r : find_coded(s, at, ret);
	*ret = p;
	return r;
}

/* The next @ from AT on; the text's end if there is none. */
static size_t next_sign(const struct scrubber *s, size_t at)
{
	const char *sign =
		at < s->flat.len ? memchr(s->flat.ptr + at, '@', s->flat.len - at) : NULL;

	return sign ? (size_t)(sign - s->flat.ptr) : s->flat.len;
}

/* The first name of the flat text that begins at AT or behind. An address goes before the words
 * that it is made of, so each is looked at when it is near; then the text is as good as over where
 * it begins. 0, SCRUB_CLEAN or -ENOMEM. */
static int find_first(struct scrubber *s, size_t at, struct piece *ret, struct piece *address)
{
	size_t floor = at, sign = next_sign(s, at);
	const char *flat = s->flat.ptr;
	int r = SCRUB_CLEAN;

	while (at < s->flat.len && r == SCRUB_CLEAN) {
		bool number = is_digit(flat[at]) || flat[at] == '+';
		size_t end = word_end(s, at);

		if (sign < s->flat.len && sign <= end + LOCAL_MAX) {
			r = find_address(s, sign, floor, address);
			if (r == 0)
				s->flat.len = address->at;
			sign = r == 0 ? s->flat.len : next_sign(s, sign + 1);
			r = r < 0 ? r : SCRUB_CLEAN;
			continue;
		}
		if (number)
			r = find_number(s, at, ret);
		if (r == SCRUB_CLEAN && end > at)
			r = find_word(s, at, end, ret);
		at = end > at ? end : at + 1;
	}
	return r;
}

static int find_next(struct scrubber *s, size_t at, struct piece *ret)
{
	struct piece address = {0, 0};
	size_t len = s->flat.len;
	int r = find_first(s, at, ret, &address);

	s->flat.len = len;
	if (r != SCRUB_CLEAN || address.end == 0)
		return r;
	*ret = address;
	return 0;
}

/* ---- a text ------------------------------------------------------------------------------ */

static void add_word(struct buf *out, size_t len)
{
	buf_add(out, SCRUB_WORD, len < sizeof(SCRUB_WORD) - 1 ? len : sizeof(SCRUB_WORD) - 1);
}

int scrub_text(struct scrubber *s, struct span text, struct buf *out)
{
	size_t start = out->len, kept = 0, at = 0;
	bool found = false, whole = false;
	int r = text.len > 0 ? scrub_is_name(s, text, &whole) : 0;

	if (r < 0)
		return r;
	if (whole) {
		add_word(out, text.len);
		return buf_failed(out);
	}
	r = flatten(s, text);
	while (r == 0) {
		struct piece p = {0, 0};
		size_t from;

		r = find_next(s, at, &p);
		if (r != 0)
			break;
		found = true;
		from = place(s, p.at, text.len);
		at = p.end;
		buf_add(out, text.ptr + kept, from - kept);
		kept = place(s, p.end, text.len);
		add_word(out, kept - from);
	}
	if (r < 0 || !found) {
		out->len = start;
		return r < 0 ? r : SCRUB_CLEAN;
	}
	buf_add(out, text.ptr + kept, text.len - kept);
	return buf_failed(out);
}

int scrub_finds(struct scrubber *s, struct span text)
{
	struct piece p;
	int r;

	s->loose = true;
	r = flatten(s, text);
	r = r < 0 ? r : find_next(s, 0, &p);
	s->loose = false;
	return r;
}
