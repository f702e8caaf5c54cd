/* SPDX-License-Identifier: MIT */
/* The algorithms of RFC 3986: split by appendix B, transform by 5.2.2, merge, remove dot segments.
 */
#include "uri_resolve.h"

static size_t find_any(struct span s, const char *set)
{
	size_t i = 0;

	while (i < s.len && !(s.ptr[i] && strchr(set, s.ptr[i])))
		i++;
	return i;
}

static struct span behind(struct span s, size_t n)
{
	return span_of(s.ptr + n, s.len - n);
}

static bool is_scheme(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';

		if (!letter && !(other && i > 0))
			return false;
	}
	return s.len > 0;
}

struct uri_parts uri_split(struct span uri)
{
	struct uri_parts p = {.scheme = SPAN_EMPTY};
	size_t n;

	if (!uri.ptr)
		uri = span_of("", 0);
	n = find_any(uri, ":/?#");
	if (n < uri.len && uri.ptr[n] == ':' && is_scheme(span_of(uri.ptr, n))) {
		p.scheme = span_of(uri.ptr, n);
		uri = behind(uri, n + 1);
	}
	if (span_starts(uri, SPAN_LIT("//"))) {
		uri = behind(uri, 2);
		n = find_any(uri, "/?#");
		p.authority = span_of(uri.ptr, n);
		uri = behind(uri, n);
	}
	n = find_any(uri, "?#");
	p.path = span_of(uri.ptr, n);
	uri = behind(uri, n);
	if (uri.len > 0 && uri.ptr[0] == '?') {
		uri = behind(uri, 1);
		n = find_any(uri, "#");
		p.query = span_of(uri.ptr, n);
		uri = behind(uri, n);
	}
	if (uri.len > 0)
		p.fragment = behind(uri, 1);
	return p;
}

/* Appends the segments of PATH without `.` and `..`; OUT holds the path from START on. */
static void add_path(struct span path, struct buf *out)
{
	size_t start = out->len;

	while (path.len > 0) {
		bool slash = path.ptr[0] == '/';
		struct span segment = behind(path, slash);
		bool last;

		segment.len = find_any(segment, "/");
		last = slash + segment.len == path.len;
		if (span_is(segment, ".") || span_is(segment, "..")) {
			while (segment.len == 2 && out->len > start && out->ptr[--out->len] != '/')
				;
			if (last && slash)
				buf_add_char(out, '/');
		} else {
			buf_add(out, path.ptr, slash + segment.len);
		}
		path = behind(path, slash + segment.len);
	}
}

/* The path of a reference that is relative, seen from BASE. */
static void merge_path(const struct uri_parts *base, struct span path, struct buf *out)
{
	_cleanup_(buf_release) struct buf merged = BUF_INIT;
	size_t n = base->path.len;

	while (n > 0 && base->path.ptr[n - 1] != '/')
		n--;
	if (base->authority.ptr && base->path.len == 0)
		buf_add_char(&merged, '/');
	buf_add(&merged, base->path.ptr, n);
	buf_add_span(&merged, path);
	if (buf_failed(&merged) < 0)
		out->failed = true;
	else
		add_path(buf_span(&merged), out);
}

static void add_part(struct buf *out, const char *before, struct span part)
{
	if (!part.ptr)
		return;
	buf_add_str(out, before);
	buf_add_span(out, part);
}

void uri_resolve(struct span base, struct span reference, struct buf *out)
{
	struct uri_parts b = uri_split(base), r = uri_split(reference);
	struct span scheme = r.scheme.len ? r.scheme : b.scheme;

	buf_add_span(out, scheme);
	if (scheme.len)
		buf_add_char(out, ':');
	if (r.scheme.len || r.authority.ptr) {
		add_part(out, "//", r.authority);
		add_path(r.path, out);
		add_part(out, "?", r.query);
		return;
	}
	add_part(out, "//", b.authority);
	if (r.path.len == 0) {
		buf_add_span(out, b.path);
		add_part(out, "?", r.query.ptr ? r.query : b.query);
		return;
	}
	if (r.path.ptr[0] == '/')
		add_path(r.path, out);
	else
		merge_path(&b, r.path, out);
	add_part(out, "?", r.query);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void uri_unescape(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		bool escape = s.ptr[i] == '%' && i + 2 < s.len && hex(s.ptr[i + 1]) >= 0 &&
			      hex(s.ptr[i + 2]) >= 0;

		if (!escape) {
			buf_add_char(out, s.ptr[i]);
			continue;
		}
		buf_add_char(out, (char)(hex(s.ptr[i + 1]) * 16 + hex(s.ptr[i + 2])));
		i += 2;
	}
}
