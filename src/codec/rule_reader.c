/* SPDX-License-Identifier: MIT */
/*
 * Places, problems and member tables. A problem's pointer is built by walking the chain of places
 * up to the file, its line by counting line ends before the value: both cost only when needed.
 */
#include "rule_reader.h"

#include <stdarg.h>

#include "codec/json_scan.h"

/* A file may hold a list of rules with lists of conditions; COND_DEPTH_MAX operators take two
 * steps each. */
#define STEPS_MAX (2 * COND_DEPTH_MAX + 16)

static struct rule_problem *problem_new(struct rule_reader *r)
{
	struct rule_problems *all = r->problems;

	if (all->n == ARRAY_SIZE(all->list)) {
		all->more++;
		return NULL;
	}
	struct rule_problem *p = &all->list[all->n++];

	*p = (struct rule_problem){.line = 0};
	(void)snprintf(p->file, sizeof(p->file), "%s", r->file);
	return p;
}

/* Appends one step of a pointer, escaped as RFC 6901 asks; what does not fit is cut. */
static void pointer_step(struct rule_problem *p, const struct rule_place *step)
{
	size_t used = strlen(p->pointer);
	size_t room = sizeof(p->pointer) - 1;
	char digits[24];
	struct span name = step->name;

	if (!name.ptr) {
		(void)snprintf(digits, sizeof(digits), "%zu", step->index);
		name = span_str(digits);
	}
	if (used < room)
		p->pointer[used++] = '/';
	for (size_t i = 0; i < name.len && used + 1 < room; i++) {
		char c = name.ptr[i];

		if (c == '~' || c == '/') {
			p->pointer[used++] = '~';
			c = c == '~' ? '0' : '1';
		}
		p->pointer[used++] = c;
	}
	p->pointer[used] = '\0';
}

static void pointer_build(struct rule_problem *p, const struct rule_place *at)
{
	const struct rule_place *steps[STEPS_MAX];
	size_t n = 0;

	for (; at && at->parent && n < STEPS_MAX; at = at->parent)
		steps[n++] = at;
	while (n > 0)
		pointer_step(p, steps[--n]);
}

void rule_problem_place(
	struct rule_reader *r, const struct rule_place *at, struct rule_problem *ret_place)
{
	*ret_place = (struct rule_problem){.line = 0};
	(void)snprintf(ret_place->file, sizeof(ret_place->file), "%s", r->file);
	if (!at)
		return;
	pointer_build(ret_place, at);
	ret_place->line =
		(unsigned)json_place(r->text, (size_t)(at->value.raw.ptr - r->text.ptr)).line;
}

void rule_problem_add(struct rule_reader *r, const struct rule_place *at, const char *format, ...)
{
	struct rule_problem *p = problem_new(r);
	va_list args;

	if (!p)
		return;
	rule_problem_place(r, at, p);
	va_start(args, format);
	(void)vsnprintf(p->message, sizeof(p->message), format, args);
	va_end(args);
}

void rule_problem_later(
	struct rule_reader *r, const struct rule_problem *place, const char *format, ...)
{
	struct rule_problem *p = problem_new(r);
	va_list args;

	if (!p)
		return;
	*p = *place;
	va_start(args, format);
	(void)vsnprintf(p->message, sizeof(p->message), format, args);
	va_end(args);
}

void rule_problem_line(struct rule_reader *r, unsigned line, const char *format, ...)
{
	struct rule_problem *p = problem_new(r);
	va_list args;

	if (!p)
		return;
	p->line = line;
	va_start(args, format);
	(void)vsnprintf(p->message, sizeof(p->message), format, args);
	va_end(args);
}

const char *rule_quote(struct span s, char out[RULE_QUOTE_SIZE])
{
	static const char dots[] = "...";
	size_t room = RULE_QUOTE_SIZE - sizeof(dots) - 2;
	bool cut = s.len > room;
	size_t n = cut ? room : s.len;
	size_t used = 0;

	/* Not in the middle of a character: back to a byte that begins one. */
	while (cut && n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	out[used++] = '`';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		out[used++] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
	}
	(void)snprintf(out + used, RULE_QUOTE_SIZE - used, "%s`", cut ? dots : "");
	return out;
}

static void words_put(struct rule_words *w, struct span s)
{
	size_t room = sizeof(w->text) - 1 - w->used;
	size_t n = s.len < room ? s.len : room;

	if (n > 0)
		memcpy(w->text + w->used, s.ptr, n);
	w->used += n;
	w->text[w->used] = '\0';
}

void rule_words_add(struct rule_words *w, const char *prefix, struct span word)
{
	if (w->used > 0)
		words_put(w, SPAN_LIT(", "));
	words_put(w, span_str(prefix));
	words_put(w, word);
}

struct span rule_copy(struct rule_reader *r, struct span s)
{
	struct span copy = arena_copy(&r->rules->arena, s);

	if (!copy.ptr)
		r->oom = true;
	return copy.ptr ? copy : SPAN_EMPTY;
}

void *rule_copy_array(struct rule_reader *r, const void *array, size_t n, size_t size)
{
	void *copy = arena_calloc(&r->rules->arena, n ? n : 1, size);

	if (!copy)
		r->oom = true;
	else if (n > 0)
		memcpy(copy, array, n * size);
	return copy;
}

void rule_walk_init(struct rule_walk *w, const struct rule_place *container)
{
	*w = (struct rule_walk){.container = container};
	json_cursor_init(&w->cursor, container->value.raw);
	if (container->value.type == JSON_TYPE_OBJECT)
		(void)json_object_open(&w->cursor);
	else if (container->value.type == JSON_TYPE_ARRAY)
		(void)json_array_open(&w->cursor);
}

bool rule_walk_next(struct rule_reader *r, struct rule_walk *w, struct rule_place *ret_place)
{
	struct rule_place place = {.parent = w->container, .index = w->index};

	if (w->container->value.type == JSON_TYPE_OBJECT) {
		struct json_value key;

		if (json_object_key(&w->cursor, &key) != 0)
			return false;
		place.name = json_text(&key, &r->rules->arena);
		if (!place.name.ptr)
			r->oom = true;
	} else if (w->container->value.type != JSON_TYPE_ARRAY ||
		   json_array_next(&w->cursor) != 0) {
		return false;
	}
	if (r->oom || json_value(&w->cursor, &place.value) != 0)
		return false;
	w->index++;
	*ret_place = place;
	return true;
}

static void member_unknown(
	struct rule_reader *r, const struct rule_place *p, const struct rule_members *spec)
{
	struct rule_words known = {.used = 0};
	char quote[RULE_QUOTE_SIZE];

	for (size_t i = 0; i < spec->n; i++)
		if (spec->list[i].read)
			rule_words_add(&known, "", span_str(spec->list[i].name));
	rule_problem_add(r, p, "%s has no member %s; it may have %s", spec->what,
		rule_quote(p->name, quote), known.text);
}

bool rule_members_find(struct rule_reader *r, const struct rule_place *object,
	const struct rule_members *spec, struct rule_place *found)
{
	struct rule_walk walk;
	struct rule_place p;

	assert(spec->n <= RULE_MEMBERS_MAX);
	memset(found, 0, spec->n * sizeof(*found));
	if (object->value.type != JSON_TYPE_OBJECT) {
		rule_problem_add(r, object, "%s is written as an object {...}", spec->what);
		return false;
	}
	rule_walk_init(&walk, object);
	while (rule_walk_next(r, &walk, &p)) {
		size_t i = 0;

		while (i < spec->n && !span_is(p.name, spec->list[i].name))
			i++;
		if (i == spec->n)
			member_unknown(r, &p, spec);
		else if (!spec->list[i].read)
			rule_problem_add(r, &p,
				"this version does not have `%s` and will not ignore it; leave it "
				"out",
				spec->list[i].name);
		else
			found[i] = p;
	}
	for (size_t i = 0; i < spec->n; i++)
		if (spec->list[i].required && found[i].value.type == JSON_TYPE_ABSENT)
			rule_problem_add(r, object, "%s needs the member `%s`", spec->what,
				spec->list[i].name);
	return true;
}

void rule_members_read(struct rule_reader *r, const struct rule_members *spec,
	const struct rule_place *found, void *target)
{
	for (size_t i = 0; i < spec->n; i++)
		if (found[i].value.type != JSON_TYPE_ABSENT)
			spec->list[i].read(r, &found[i], target);
}
