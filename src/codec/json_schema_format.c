/* SPDX-License-Identifier: MIT */
/*
 * The formats that can be asserted, each by the grammar of the document that the draft names for it
 * (validation, section 7.3). Each takes all of a text or nothing.
 */
#include "base/instant.h"
#include "ecma_pattern.h"
#include "json_schema_impl.h"
#include "uri_resolve.h"
#include "utf8.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct span after(struct span s, size_t n)
{
	return span_of(s.ptr + n, s.len - n);
}

/* Takes N digits from the front; false: they are not there. */
static bool take_digits(struct span *s, size_t n, int32_t *ret_number)
{
	int32_t number = 0;

	if (s->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s->ptr[i]))
			return false;
		number = number * 10 + (s->ptr[i] - '0');
	}
	*s = after(*s, n);
	*ret_number = number;
	return true;
}

static bool take(struct span *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = after(*s, 1);
	return true;
}

/* ---- RFC 3339 ------------------------------------------------------------------------------ */

static bool take_date(struct span *s)
{
	int32_t year, month, day;

	return take_digits(s, 4, &year) && take(s, '-') && take_digits(s, 2, &month) &&
	       take(s, '-') && take_digits(s, 2, &day) && month >= 1 && month <= 12 && day >= 1 &&
	       day <= civil_days_in_month(year, month);
}

/* Minutes east of UTC. */
static bool take_offset(struct span *s, int32_t *ret_minutes)
{
	int32_t hour, minute;
	bool west = s->len > 0 && s->ptr[0] == '-';

	*ret_minutes = 0;
	if (take(s, 'Z') || take(s, 'z'))
		return true;
	if (!(take(s, '+') || take(s, '-')) || !take_digits(s, 2, &hour) || !take(s, ':') ||
		!take_digits(s, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_minutes = (hour * 60 + minute) * (west ? -1 : 1);
	return true;
}

/* A leap second is the last of a day in UTC. */
static bool take_time(struct span *s)
{
	int32_t hour, minute, second, offset, utc;

	if (!take_digits(s, 2, &hour) || !take(s, ':') || !take_digits(s, 2, &minute) ||
		!take(s, ':') || !take_digits(s, 2, &second))
		return false;
	if (take(s, '.')) {
		if (s->len == 0 || !is_digit(s->ptr[0]))
			return false;
		while (s->len > 0 && is_digit(s->ptr[0]))
			*s = after(*s, 1);
	}
	if (!take_offset(s, &offset) || hour > 23 || minute > 59 || second > 60)
		return false;
	utc = (hour * 60 + minute - offset + 2 * 1440) % 1440;
	return second < 60 || utc == 1439;
}

static bool is_date(struct span s)
{
	return take_date(&s) && s.len == 0;
}

static bool is_time(struct span s)
{
	return take_time(&s) && s.len == 0;
}

static bool is_date_time(struct span s)
{
	return take_date(&s) && (take(&s, 'T') || take(&s, 't')) && take_time(&s) && s.len == 0;
}

/* Numbers with units of UNITS, in their order; how many, -1: something else stands there. */
static int take_units(struct span *s, const char *units)
{
	int n = 0;

	while (s->len > 0 && is_digit(s->ptr[0])) {
		const char *unit;
		size_t i = 0;

		while (i < s->len && is_digit(s->ptr[i]))
			i++;
		unit = i < s->len && s->ptr[i] ? strchr(units, s->ptr[i]) : NULL;
		if (!unit)
			return -1;
		/* No unit may be left out between two (appendix A). */
		if (n > 0 && unit != units)
			return -1;
		units = unit + 1;
		*s = after(*s, i + 1);
		n++;
	}
	return n;
}

static bool is_duration(struct span s)
{
	int days, hours = 0;

	if (!take(&s, 'P'))
		return false;
	if (s.len > 0 && s.ptr[s.len - 1] == 'W')
		return take_units(&s, "W") == 1 && s.len == 0;
	days = take_units(&s, "YMD");
	if (days < 0)
		return false;
	if (take(&s, 'T')) {
		hours = take_units(&s, "HMS");
		if (hours <= 0)
			return false;
	}
	return s.len == 0 && days + hours > 0;
}

/* ---- hosts --------------------------------------------------------------------------------- */

static bool is_label(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		bool inner = i > 0 && i + 1 < s.len;

		if (!is_letter(s.ptr[i]) && !is_digit(s.ptr[i]) && !(inner && s.ptr[i] == '-'))
			return false;
	}
	return s.len > 0 && s.len <= 63;
}

/* RFC 1123 section 2.1. */
static bool is_hostname(struct span s)
{
	if (s.len > 253)
		return false;
	for (;;) {
		size_t n = 0;

		while (n < s.len && s.ptr[n] != '.')
			n++;
		/* Hyphens third and fourth are for encodings, of which only one is known. */
		if (!is_label(span_of(s.ptr, n)) ||
			(n >= 4 && s.ptr[2] == '-' && s.ptr[3] == '-' &&
				!span_equal_nocase(span_of(s.ptr, 2), SPAN_LIT("xn"))))
			return false;
		if (n == s.len)
			return true;
		s = after(s, n + 1);
	}
}

static bool is_ipv4(struct span s)
{
	for (int part = 0; part < 4; part++) {
		size_t n = 0;
		uint64_t value;

		while (n < s.len && s.ptr[n] != '.')
			n++;
		if (span_to_u64(span_of(s.ptr, n), 255, &value) != 0 || n > 3 ||
			(n > 1 && s.ptr[0] == '0') || (part < 3) != (n < s.len))
			return false;
		s = after(s, n < s.len ? n + 1 : n);
	}
	return s.len == 0;
}

/* RFC 4291 section 2.2: groups, at most one `::`, perhaps an IPv4 address at the end. */
static bool is_ipv6(struct span s)
{
	int groups = 0;
	bool gap = false;

	if (s.len >= 2 && s.ptr[0] == ':') {
		if (s.ptr[1] != ':')
			return false;
		gap = true;
		s = after(s, 2);
	}
	while (s.len > 0) {
		size_t n = 0;

		if (groups <= 6 && is_ipv4(s)) {
			groups += 2;
			s = after(s, s.len);
			break;
		}
		while (n < s.len && is_hex(s.ptr[n]))
			n++;
		if (n == 0 || n > 4)
			return false;
		groups++;
		s = after(s, n);
		if (s.len == 0)
			break;
		if (!take(&s, ':') || s.len == 0)
			return false;
		if (s.ptr[0] == ':') {
			if (gap)
				return false;
			gap = true;
			s = after(s, 1);
		}
	}
	return gap ? groups < 8 : groups == 8;
}

/* ---- mail ---------------------------------------------------------------------------------- */

static bool is_atom_text(char c)
{
	return is_letter(c) || is_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* RFC 5321: Dot-string or Quoted-string. */
static bool is_local_part(struct span s)
{
	if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"') {
		for (size_t i = 1; i + 1 < s.len; i++) {
			if (s.ptr[i] == '\\' && i + 2 < s.len)
				i++;
			else if (s.ptr[i] == '"' || s.ptr[i] == '\\')
				return false;
			if (s.ptr[i] < ' ' || s.ptr[i] > '~')
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < s.len; i++) {
		bool dot = s.ptr[i] == '.' && i > 0 && i + 1 < s.len && s.ptr[i - 1] != '.';

		if (!dot && !is_atom_text(s.ptr[i]))
			return false;
	}
	return s.len > 0 && s.len <= 64;
}

static bool is_address_literal(struct span s)
{
	if (s.len < 2 || s.ptr[0] != '[' || s.ptr[s.len - 1] != ']')
		return false;
	s = span_of(s.ptr + 1, s.len - 2);
	if (s.len > 5 && span_equal_nocase(span_of(s.ptr, 5), SPAN_LIT("IPv6:")))
		return is_ipv6(after(s, 5));
	return is_ipv4(s);
}

static bool is_email(struct span s)
{
	size_t at = s.len;

	while (at > 0 && s.ptr[at - 1] != '@')
		at--;
	return at > 0 && is_local_part(span_of(s.ptr, at - 1)) &&
	       (is_hostname(after(s, at)) || is_address_literal(after(s, at)));
}

/* ---- URIs ---------------------------------------------------------------------------------- */

/* Unreserved, percent escapes, sub-delims, and what EXTRA adds (RFC 3986 appendix A). */
static bool is_uri_text(struct span s, const char *extra)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '%' && i + 2 < s.len && is_hex(s.ptr[i + 1]) && is_hex(s.ptr[i + 2]))
			i += 2;
		else if (!is_letter(c) && !is_digit(c) &&
			 !(c && (strchr("-._~!$&'()*+,;=", c) || strchr(extra, c))))
			return false;
	}
	return true;
}

static bool is_authority(struct span s)
{
	struct span host = s;
	size_t n = s.len;

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '@') {
			if (!is_uri_text(span_of(s.ptr, i), ":"))
				return false;
			host = after(s, i + 1);
			break;
		}
	while (host.len > 0 && is_digit(host.ptr[host.len - 1]))
		host.len--;
	if (host.len > 0 && host.ptr[host.len - 1] == ':')
		host.len--;
	else
		host.len = n - (size_t)(host.ptr - s.ptr);
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
		host = span_of(host.ptr + 1, host.len - 2);
		return is_ipv6(host) ||
		       (host.len > 2 && (host.ptr[0] | 0x20) == 'v' && is_uri_text(host, ":"));
	}
	return is_uri_text(host, "");
}

static bool is_uri_reference(struct span s)
{
	struct uri_parts p = uri_split(s);
	size_t first = 0;

	if (p.authority.ptr && !is_authority(p.authority))
		return false;
	/* A colon in the first segment would make it a scheme. */
	while (first < p.path.len && p.path.ptr[first] != '/')
		first++;
	if (p.scheme.len == 0 && memchr(p.path.ptr, ':', first))
		return false;
	return is_uri_text(p.path, ":@/") && is_uri_text(p.query, ":@/?") &&
	       is_uri_text(p.fragment, ":@/?");
}

static bool is_uri(struct span s)
{
	return uri_split(s).scheme.len > 0 && is_uri_reference(s);
}

/* ---- others -------------------------------------------------------------------------------- */

/* RFC 4122 section 3. */
static bool is_uuid(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? s.ptr[i] != '-' : !is_hex(s.ptr[i]))
			return false;
	}
	return s.len == 36;
}

/* RFC 6901 section 3. */
static bool is_json_pointer(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '~')
			continue;
		if (i + 1 == s.len || (s.ptr[i + 1] != '0' && s.ptr[i + 1] != '1'))
			return false;
	}
	return s.len == 0 || s.ptr[0] == '/';
}

static bool is_regex(struct span s)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct ecma_fault fault;

	return s.len <= JSON_SCHEMA_PATTERN_MAX && ecma_translate(s, &out, &fault) == 0;
}

static const struct {
	const char *name;
	bool (*fits)(struct span text);
} formats[] = {
	{"date", is_date},
	{"date-time", is_date_time},
	{"duration", is_duration},
	{"email", is_email},
	{"hostname", is_hostname},
	{"ipv4", is_ipv4},
	{"ipv6", is_ipv6},
	{"json-pointer", is_json_pointer},
	{"regex", is_regex},
	{"time", is_time},
	{"uri", is_uri},
	{"uri-reference", is_uri_reference},
	{"uuid", is_uuid},
};

uint32_t schema_format_of(struct span name)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (span_is(name, formats[i].name))
			return i;
	return SCHEMA_NONE;
}

const char *schema_format_name(uint32_t format)
{
	return formats[format].name;
}

bool schema_format_fits(uint32_t format, struct span text)
{
	return formats[format].fits(text.ptr ? text : span_of("", 0));
}
