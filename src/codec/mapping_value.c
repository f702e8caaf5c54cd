/* SPDX-License-Identifier: MIT */
/*
 * Values: what their text is, how they are written into an event, and the operators that look at
 * text alone.
 */
#include <openssl/evp.h> /* before base.h: it has parameters with names that we ban */

#include "mapping_eval.h"

#include "utf8.h"

#define NOTHING ((struct mapping_value){.type = JSON_TYPE_ABSENT})

void mapping_fail(struct mapping_run *g, enum mapping_fault_code code)
{
	if (mapping_stopped(g))
		return;
	g->failed = true;
	g->fault = code;
}

void mapping_work(struct mapping_run *g, size_t n)
{
	if (n > g->work_max - g->work)
		mapping_fail(g, MAPPING_TOO_MUCH);
	else
		g->work += n;
}

struct mapping_value mapping_text_value(struct span text)
{
	return (struct mapping_value){.type = JSON_TYPE_STRING, .is_text = true, .span = text};
}

struct mapping_value mapping_json_value(const struct json_value *v)
{
	if (v->type == JSON_TYPE_ABSENT || v->type == JSON_TYPE_NULL)
		return NOTHING;
	return (struct mapping_value){.type = v->type, .escaped = v->escaped, .span = v->raw};
}

bool mapping_text_of(struct mapping_run *g, const struct mapping_value *v, struct span *ret_text)
{
	struct json_value json = {.raw = v->span, .type = v->type, .escaped = v->escaped};

	if (v->type == JSON_TYPE_ABSENT || v->type == JSON_TYPE_ARRAY ||
		v->type == JSON_TYPE_OBJECT)
		return false;
	if (v->type != JSON_TYPE_STRING || v->is_text) {
		*ret_text = v->span;
		return true;
	}
	if (v->escaped)
		mapping_work(g, v->span.len);
	*ret_text = json_text(&json, &g->scratch);
	if (!ret_text->ptr)
		g->error = -ENOMEM;
	return ret_text->ptr != NULL;
}

bool mapping_present(const struct mapping_value *v)
{
	if (v->type == JSON_TYPE_ABSENT)
		return false;
	return v->type != JSON_TYPE_STRING || v->span.len > (v->is_text ? 0U : 2U);
}

/* Bytes at the front of TEXT that an event may hold. */
static size_t clean_length(struct span text)
{
	size_t i = 0;

	while (i < text.len) {
		size_t n = text.ptr[i] ? utf8_length(text.ptr + i, text.len - i) : 0;

		if (n == 0)
			break;
		i += n;
	}
	return i;
}

struct span mapping_clean(struct mapping_run *g, struct span text)
{
	struct span copy;

	if (clean_length(text) == text.len)
		return text;
	buf_reset(&g->temp);
	while (text.len > 0) {
		size_t n = clean_length(text);

		buf_add(&g->temp, text.ptr, n);
		if (n < text.len) {
			buf_add_str(&g->temp, "\xef\xbf\xbd");
			n++;
		}
		text = span_of(text.ptr + n, text.len - n);
	}
	mapping_work(g, g->temp.len);
	copy = buf_failed(&g->temp) < 0 ? SPAN_EMPTY : arena_copy(&g->scratch, buf_span(&g->temp));
	if (!copy.ptr)
		g->error = -ENOMEM;
	return copy;
}

void mapping_write_text(struct mapping_run *g, struct span text)
{
	json_escape(mapping_clean(g, text), &g->out);
}

/* The bytes of the string that begins RAW, with its quotes. A quote ends it unless an odd number of
 * backslashes stands before it; the payload was passed, so there is one. */
static size_t string_length(struct span raw)
{
	const char *from = raw.ptr + 1, *end = raw.ptr + raw.len;

	for (;;) {
		const char *quote = memchr(from, '"', (size_t)(end - from));
		const char *text = quote;

		while (text > from && text[-1] == '\\')
			text--;
		if ((quote - text) % 2 == 0)
			return (size_t)(quote + 1 - raw.ptr);
		from = quote + 1;
	}
}

/* A string of the payload; strings of sound payloads are copied byte for byte. */
static void write_string(struct mapping_run *g, struct span raw)
{
	struct span text;

	if (!g->dirty) {
		buf_add_span(&g->out, raw);
		return;
	}
	buf_reset(&g->temp);
	json_unescape(span_of(raw.ptr + 1, raw.len - 2), &g->temp);
	text = buf_failed(&g->temp) < 0 ? SPAN_EMPTY : arena_copy(&g->scratch, buf_span(&g->temp));
	if (!text.ptr) {
		g->error = -ENOMEM;
		text = SPAN_EMPTY;
	}
	mapping_work(g, raw.len);
	mapping_write_text(g, text);
}

/* An object or array without the blanks between its tokens: an event stands on one line. */
static void write_container(struct mapping_run *g, struct span raw)
{
	size_t from = 0, i = 0;

	while (i < raw.len && !mapping_stopped(g)) {
		char c = raw.ptr[i];

		if (c == '"') {
			size_t n = string_length(span_of(raw.ptr + i, raw.len - i));

			if (g->dirty) {
				buf_add(&g->out, raw.ptr + from, i - from);
				write_string(g, span_of(raw.ptr + i, n));
				from = i + n;
			}
			i += n;
		} else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
			buf_add(&g->out, raw.ptr + from, i - from);
			from = ++i;
		} else {
			i++;
		}
	}
	buf_add(&g->out, raw.ptr + from, i - from);
}

void mapping_write(struct mapping_run *g, const struct mapping_value *v)
{
	if (mapping_stopped(g))
		return;
	mapping_work(g, v->span.len);
	if (v->is_text)
		mapping_write_text(g, v->span);
	else if (v->type == JSON_TYPE_STRING)
		write_string(g, v->span);
	else if (v->type == JSON_TYPE_ARRAY || v->type == JSON_TYPE_OBJECT)
		write_container(g, v->span);
	else
		buf_add_span(&g->out, v->span);
	if (g->out.len > g->event_bytes)
		mapping_fail(g, MAPPING_TOO_LARGE);
}

struct span mapping_take(struct mapping_run *g, size_t mark)
{
	struct span copy;

	if (buf_failed(&g->out) < 0)
		g->error = -ENOMEM;
	if (g->error)
		return SPAN_EMPTY;
	mapping_work(g, g->out.len - mark);
	copy = arena_copy(&g->scratch, span_of(g->out.ptr + mark, g->out.len - mark));
	if (!copy.ptr)
		g->error = -ENOMEM;
	g->out.len = mark;
	return copy;
}

/* ---- text operators ------------------------------------------------------------------------ */

/* ISO 4217:2015 and amendments, table A.1: the currencies whose minor unit is not a hundredth. */
static const struct {
	const char *code;
	unsigned digits;
} minor_units[] = {
	{"BIF", 0},
	{"CLP", 0},
	{"DJF", 0},
	{"GNF", 0},
	{"ISK", 0},
	{"JPY", 0},
	{"KMF", 0},
	{"KRW", 0},
	{"PYG", 0},
	{"RWF", 0},
	{"UGX", 0},
	{"UYI", 0},
	{"VND", 0},
	{"VUV", 0},
	{"XAF", 0},
	{"XOF", 0},
	{"XPF", 0},
	{"BHD", 3},
	{"IQD", 3},
	{"JOD", 3},
	{"KWD", 3},
	{"LYD", 3},
	{"OMR", 3},
	{"TND", 3},
	{"CLF", 4},
	{"UYW", 4},
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* False if CURRENCY is no code. */
static bool digits_of(struct span currency, unsigned *ret_digits)
{
	if (currency.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!is_letter(currency.ptr[i]))
			return false;
	*ret_digits = 2;
	for (size_t i = 0; i < ARRAY_SIZE(minor_units); i++)
		if (span_equal_nocase(currency, span_str(minor_units[i].code)))
			*ret_digits = minor_units[i].digits;
	return true;
}

#define MONEY_DIGITS_MAX 18
#define MONEY_MAX	 UINT64_C(999999999999999999)

struct mapping_value mapping_money(struct mapping_run *g, struct span amount, struct span currency)
{
	bool negative = amount.len > 0 && amount.ptr[0] == '-';
	char text[MONEY_DIGITS_MAX + 2];
	char *p = text + sizeof(text);
	unsigned digits, written = 0;
	uint64_t n;

	if (negative)
		amount = span_of(amount.ptr + 1, amount.len - 1);
	if (!digits_of(currency, &digits) || span_to_u64(amount, MONEY_MAX, &n) != 0)
		return NOTHING;
	/* From the right, and at least one digit before the point. */
	do {
		if (digits > 0 && written == digits)
			*--p = '.';
		*--p = (char)('0' + n % 10);
		n /= 10;
		written++;
	} while (n > 0 || written <= digits);
	if (negative)
		*--p = '-';
	struct span copy = arena_copy(&g->scratch, span_of(p, (size_t)(text + sizeof(text) - p)));
	if (!copy.ptr)
		g->error = -ENOMEM;
	return (struct mapping_value){.type = JSON_TYPE_NUMBER, .span = copy};
}

struct mapping_value mapping_number(struct span text)
{
	struct json_cursor c;
	struct json_value value;

	json_cursor_init(&c, text);
	if (json_peek(&c) != JSON_TYPE_NUMBER || json_value(&c, &value) != 0 ||
		json_finish(&c) != 0)
		return NOTHING;
	return mapping_json_value(&value);
}

#define EPOCH_DIGITS_MAX 15

/* Seconds or milliseconds, with or without a fraction, which is cut. */
static bool epoch_parse(struct span s, bool seconds, int64_t *ret_at)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	const char *point;
	uint64_t whole;
	unsigned part = 0;

	if (negative)
		s = span_of(s.ptr + 1, s.len - 1);
	point = s.len ? memchr(s.ptr, '.', s.len) : NULL;
	struct span digits = point ? span_of(s.ptr, (size_t)(point - s.ptr)) : s;
	if (digits.len > EPOCH_DIGITS_MAX || span_to_u64(digits, UINT64_MAX, &whole) != 0)
		return false;
	if (point) {
		size_t n = s.len - digits.len - 1;
		unsigned scale = 100;

		if (n == 0)
			return false;
		for (size_t i = 1; i <= n; i++, scale /= 10) {
			if (point[i] < '0' || point[i] > '9')
				return false;
			part += scale * (unsigned)(point[i] - '0');
		}
	}
	int64_t at = seconds ? (int64_t)(whole * 1000 + part) : (int64_t)whole;

	*ret_at = negative ? -at : at;
	return true;
}

/* The years that ISO 8601 can write with four digits. */
#define YEAR_0	   INT64_C(-62167219200000)
#define YEAR_10000 INT64_C(253402300800000)

struct mapping_value mapping_time(struct mapping_run *g, struct span text, enum mapping_clock clock)
{
	char iso[INSTANT_SIZE];
	struct span copy;
	int64_t at = 0;
	bool good = clock == MAPPING_ISO ? instant_parse(text, &at) == 0
					 : epoch_parse(text, clock == MAPPING_SECONDS, &at);

	if (!good || at < YEAR_0 || at >= YEAR_10000)
		return NOTHING;
	instant_format(at, iso);
	copy = arena_copy(&g->scratch, span_str(iso));
	if (!copy.ptr)
		g->error = -ENOMEM;
	return mapping_text_value(copy);
}

struct span mapping_sha256(struct mapping_run *g, struct span bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *text = arena_alloc(&g->scratch, n);

	mapping_work(g, bytes.len);
	/* SHA-256 is built in: what can fail is memory. */
	if (!text || !EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL)) {
		g->error = -ENOMEM;
		return SPAN_EMPTY;
	}
	for (size_t i = 0; i < n; i++)
		text[i] = hex[i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4];
	return span_of(text, n);
}

void mapping_netstring(struct buf *out, struct span s)
{
	buf_add_u64(out, s.len);
	buf_add_char(out, ':');
	buf_add_span(out, s);
	buf_add_char(out, ',');
}
