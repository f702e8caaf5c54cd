/* SPDX-License-Identifier: MIT */
/* Where values come from: var, val, exists, missing, and the world of a rule. */
#include "cond_run.h"
#include "logic_run.h"

/* ---- a rule's world -------------------------------------------------------------------- */

static struct logic_value from_value(struct logic_state *s, const struct value *v);

static struct logic_value from_tree(struct logic_state *s, const struct value *v)
{
	struct logic_value *items = logic_room(s, v->inner->n);

	for (size_t i = 0; items && i < v->inner->n; i++)
		items[i] = from_value(s, &v->inner->items[i]);
	if (s->failed)
		return logic_null;
	return (struct logic_value){
		.type = v->type == VALUE_ARRAY ? LOGIC_ARRAY : LOGIC_OBJECT,
		.n = v->inner->n,
		.items = items,
		.names = v->inner->names,
	};
}

static struct logic_value from_instant(struct logic_state *s, int64_t at)
{
	char *text = logic_bytes(s, INSTANT_SIZE);

	if (!text)
		return logic_null;
	instant_format(at, text);
	return logic_of_text(span_str(text));
}

static double double_of(struct decimal d)
{
	char text[40];
	double out = 0;
	int n = snprintf(text, sizeof(text), "%llde%d", (long long)d.mantissa, (int)d.exponent);

	(void)logic_parse_number(span_of(text, (size_t)n), &out);
	return out;
}

/* A value of the strict world as JavaScript would have read it. */
static struct logic_value from_value(struct logic_state *s, const struct value *v)
{
	double d = 0;

	switch (v->type) {
	case VALUE_MISSING:
	case VALUE_NULL:
		return logic_null;
	case VALUE_FALSE:
	case VALUE_TRUE:
		return logic_bool(v->type == VALUE_TRUE);
	case VALUE_NUMBER:
		return logic_of_number(double_of(v->number));
	case VALUE_STRING:
		return logic_of_text(v->text);
	case VALUE_INSTANT:
		return from_instant(s, v->at);
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		return from_tree(s, v);
	case VALUE_OTHER:
		break;
	}
	/* A long number; what is too large is as if it were not there. */
	return v->raw.len > 0 &&
			       (v->raw.ptr[0] == '-' ||
				       (v->raw.ptr[0] >= '0' && v->raw.ptr[0] <= '9')) &&
			       logic_parse_number(v->raw, &d)
		       ? logic_of_number(d)
		       : logic_null;
}

static bool find_root(struct logic_state *s, struct span path, struct logic_value *ret)
{
	static const struct cond none = {NULL, 0, NULL, NULL};
	struct cond_run run;
	struct value value;

	for (size_t i = 0; i < s->program->n_roots; i++) {
		if (!span_equal(s->program->roots[i].path, path))
			continue;
		cond_run_init(&run, &none, s->scope);
		value = cond_leaf(&run, &s->program->roots[i].node);
		/* Texts of a snapshot are the run's. */
		if (value.type == VALUE_STRING) {
			value.text = arena_copy(s->arena, value.text);
			if (!value.text.ptr) {
				s->oom = s->fatal = s->failed = true;
				return false;
			}
		}
		*ret = from_value(s, &value);
		return value.type != VALUE_MISSING;
	}
	return false;
}

/* ---- members --------------------------------------------------------------------------- */

/* Code units of UTF-16, which is what JavaScript counts. */
static size_t units_of(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		n += (c & 0xc0) != 0x80;
		n += c >= 0xf0;
	}
	return n;
}

bool logic_member(const struct logic_value *v, struct span name, struct logic_value *ret)
{
	uint64_t index;

	if ((v->type == LOGIC_ARRAY || v->type == LOGIC_STRING) && span_is(name, "length")) {
		*ret = logic_of_number((double)(v->type == LOGIC_ARRAY ? v->n : units_of(v->text)));
		return true;
	}
	if (v->type == LOGIC_ARRAY && span_to_u64(name, UINT32_MAX, &index) == 0 && index < v->n) {
		*ret = v->items[index];
		return true;
	}
	for (size_t i = v->type == LOGIC_OBJECT ? v->n : 0; i > 0; i--) {
		if (span_equal(v->names[i - 1], name)) {
			*ret = v->items[i - 1];
			return true;
		}
	}
	return false;
}

bool logic_find(struct logic_state *s, const struct logic_value *data, struct span path,
	struct logic_value *ret)
{
	struct logic_value at = *data;

	if (data->type == LOGIC_ROOT)
		return find_root(s, path, ret);
	for (;;) {
		const char *dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
		size_t len = dot ? (size_t)(dot - path.ptr) : path.len;

		if (!logic_member(&at, span_of(path.ptr, len), &at))
			return false;
		if (!dot)
			break;
		path = span_of(dot + 1, path.len - len - 1);
	}
	*ret = at;
	return true;
}

/* The name that V is as one; false after running out of memory. */
static bool name_of(struct logic_state *s, const struct logic_value *v, struct span *ret_name)
{
	*ret_name = logic_text(v, s->arena);
	if (!ret_name->ptr)
		s->oom = s->fatal = s->failed = true;
	return ret_name->ptr;
}

/* ---- var ------------------------------------------------------------------------------- */

struct logic_value logic_var(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value path = logic_child(s, node, 0), found;
	struct span name;

	if (s->failed)
		return logic_null;
	if (path.type == LOGIC_NULL || (path.type == LOGIC_STRING && path.text.len == 0))
		return s->frame->data;
	if (!name_of(s, &path, &name))
		return logic_null;
	if (logic_find(s, &s->frame->data, name, &found))
		return found;
	return node->listed ? logic_child(s, node, 1) : logic_null;
}

/* ---- val, exists ----------------------------------------------------------------------- */

/* The names of a rule's world have dots: all of PATH from N on, joined. */
static bool walk_root(
	struct logic_state *s, const struct logic_value *path, size_t n, struct logic_value *ret)
{
	_cleanup_(buf_release) struct buf joined = BUF_INIT;

	for (size_t i = n; i < path->n; i++) {
		struct span name;

		if (!name_of(s, &path->items[i], &name))
			return false;
		if (i > n)
			buf_add_char(&joined, '.');
		buf_add_span(&joined, name);
	}
	if (buf_failed(&joined) < 0) {
		s->oom = s->fatal = s->failed = true;
		return false;
	}
	return find_root(s, buf_span(&joined), ret);
}

/* Follows PATH, an array of names; a first one that is itself an array of a number climbs so many
 * frames. False if there is nothing. */
static bool walk(struct logic_state *s, const struct logic_value *path, struct logic_value *ret)
{
	const struct logic_frame *frame = s->frame;
	size_t n = 0;

	if (path->n > 0 && path->items[0].type == LOGIC_ARRAY) {
		double climb = 0;

		if (path->items[0].n > 0)
			(void)logic_number(&path->items[0].items[0], &climb);
		climb = climb < 0 ? -climb : climb;
		/* There are never so many frames that it matters. */
		for (unsigned up = climb < 1000 ? (unsigned)climb : 1000; up > 0 && frame->outer;
			up--)
			frame = frame->outer;
		n = 1;
	}
	if (frame->data.type == LOGIC_ROOT)
		return walk_root(s, path, n, ret);
	*ret = frame->data;
	for (; n < path->n; n++) {
		struct span name;

		if (!name_of(s, &path->items[n], &name) || !logic_member(ret, name, ret))
			return false;
	}
	return true;
}

struct logic_value logic_val(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value path = logic_operands(s, node), found = logic_null;

	return !s->failed && walk(s, &path, &found) ? found : logic_null;
}

struct logic_value logic_exists(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value path = logic_operands(s, node), found;

	return logic_bool(!s->failed && walk(s, &path, &found));
}

/* ---- missing --------------------------------------------------------------------------- */

/* Those of NAMES that are not there, null or "". */
static struct logic_value missing_of(struct logic_state *s, const struct logic_value *names)
{
	struct logic_value *items = logic_room(s, names->n);
	size_t n = 0;

	for (size_t i = 0; items && i < names->n; i++) {
		struct logic_value found;
		struct span name;

		if (!name_of(s, &names->items[i], &name))
			return logic_null;
		if (!logic_find(s, &s->frame->data, name, &found) || found.type == LOGIC_NULL ||
			(found.type == LOGIC_STRING && found.text.len == 0))
			items[n++] = names->items[i];
	}
	if (s->failed)
		return logic_null;
	return (struct logic_value){.type = LOGIC_ARRAY, .n = n, .items = items};
}

struct logic_value logic_missing(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value names = logic_operands(s, node);

	if (!s->failed && names.n > 0 && names.items[0].type == LOGIC_ARRAY)
		names = names.items[0];
	return s->failed ? logic_null : missing_of(s, &names);
}

struct logic_value logic_missing_some(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value least = logic_child(s, node, 0), names = logic_child(s, node, 1),
			   missing;
	double need;

	if (s->failed)
		return logic_null;
	if (names.type != LOGIC_ARRAY || !logic_number(&least, &need))
		return logic_fail(s, "Invalid Arguments");
	missing = missing_of(s, &names);
	if (!s->failed && (double)(names.n - missing.n) >= need)
		missing.n = 0;
	return missing;
}
