/* SPDX-License-Identifier: MIT */
/*
 * The comparison goes through our own iteration: a tree is built member by member with the
 * cursor's calls, strings unescaped by our code, and compared with the tree that jansson builds.
 */
#include "json_twin.h"

#include "base/buf.h"
#include "codec/json_scan.h"

#include <jansson.h>

#define JANSSON_FLAGS (JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL)

static json_t *build(struct json_cursor *c);

static json_t *build_string(const struct json_value *v)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	json_unescape(json_content(v), &b);
	return json_stringn_nocheck(b.ptr ? b.ptr : "", b.len);
}

static json_t *build_scalar(struct json_cursor *c)
{
	struct json_value v;

	if (json_value(c, &v) != 0)
		return NULL;
	if (v.type == JSON_TYPE_STRING)
		return build_string(&v);
	return json_loadb(v.raw.ptr, v.raw.len, JANSSON_FLAGS, NULL);
}

static json_t *build_object(struct json_cursor *c)
{
	json_auto_t *t = json_object();
	struct json_value key;
	int r = json_object_open(c);

	while (r == 0 && (r = json_object_key(c, &key)) == 0) {
		json_auto_t *name = build_string(&key);
		json_t *member = build(c);

		if (!member)
			return NULL;
		json_object_set_new_nocheck(t, json_string_value(name), member);
	}
	return r == JSON_END ? json_incref(t) : NULL;
}

static json_t *build_array(struct json_cursor *c)
{
	json_auto_t *t = json_array();
	int r = json_array_open(c);

	while (r == 0 && (r = json_array_next(c)) == 0) {
		json_t *item = build(c);

		if (!item)
			return NULL;
		json_array_append_new(t, item);
	}
	return r == JSON_END ? json_incref(t) : NULL;
}

/* Recursion is bounded by JSON_DEPTH_MAX, which the cursor holds. */
static json_t *build(struct json_cursor *c)
{
	enum json_type type = json_peek(c);

	if (type == JSON_TYPE_OBJECT)
		return build_object(c);
	return type == JSON_TYPE_ARRAY ? build_array(c) : build_scalar(c);
}

static const char *compare_values(struct span text, json_t *theirs)
{
	json_auto_t *ours = NULL;
	struct json_cursor c;

	json_cursor_init(&c, text);
	ours = build(&c);
	if (!ours || json_finish(&c) != 0)
		return "iterating refuses what skipping accepted";
	return json_equal(ours, theirs) ? NULL : "the values differ";
}

/* What iterating says must not depend on having skipped first. */
static const char *compare_refusal(struct span text, const struct json_fault *fault)
{
	json_auto_t *ours = NULL;
	struct json_cursor c;

	json_cursor_init(&c, text);
	ours = build(&c);
	if (ours && json_finish(&c) == 0)
		return c.text.code == fault->code && c.text.offset == fault->offset
			       ? NULL
			       : "skipping and iterating note different faults in text";
	if (c.fault.code == JSON_SOUND) /* a number that jansson would not build */
		return NULL;
	return c.fault.code == fault->code && c.fault.offset == fault->offset
		       ? NULL
		       : "skipping and iterating report different faults";
}

/* May we refuse alone? jansson lets NUL bytes outside of strings pass as if they were blanks. */
static bool may_refuse(struct span text, const struct json_fault *fault)
{
	return fault->code == JSON_NESTING || memchr(text.ptr, '\0', text.len);
}

const char *json_twin_differs(struct span text)
{
	_cleanup_free_ char *copy = malloc(text.len + !text.len);
	struct json_fault fault = {JSON_SOUND, 0};
	json_error_t error;

	if (!copy)
		return "out of memory";
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	text.ptr = copy;
	bool accepted = json_valid(text, &fault);
	json_auto_t *theirs = json_loadb(text.ptr, text.len, JANSSON_FLAGS, &error);

	if (!accepted && fault.offset > text.len)
		return "the fault lies outside of the text";
	if (!accepted && theirs)
		return may_refuse(text, &fault) ? NULL : "we refuse what jansson accepts";
	if (accepted && !theirs)
		return json_error_code(&error) == json_error_numeric_overflow
			       ? NULL
			       : "we accept what jansson refuses";
	return accepted ? compare_values(text, theirs) : compare_refusal(text, &fault);
}

struct span json_twin_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	char *room;
	size_t n = 0;

	if (!f)
		return SPAN_EMPTY;
	do {
		room = buf_reserve(&b, 65536);
		n = room ? fread(room, 1, 65536, f) : 0;
		buf_commit(&b, n);
	} while (n > 0);
	fclose(f);
	struct span s = buf_span(&b);
	b = BUF_INIT;
	return s;
}
