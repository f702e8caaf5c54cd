/* SPDX-License-Identifier: MIT */
/*
 * Problems and member tables of the compilers of rules.
 */
#include "rule_reader.h"

#include <stdarg.h>

#include "codec/json_scan.h"
#include "near_name.h"

/* A file may hold a list of rules with lists of conditions; operators take two steps each. */
static_assert(2 * COND_DEPTH_MAX + 16 <= FILE_STEPS_MAX, "no pointer is cut");

void rule_problem_place(
	struct rule_reader *r, const struct file_place *at, struct file_problem *ret_place)
{
	*ret_place = (struct file_problem){.line = 0};
	(void)snprintf(ret_place->file, sizeof(ret_place->file), "%s", r->file);
	file_place_note(at, r->text, ret_place);
}

void rule_problem_add(struct rule_reader *r, const struct file_place *at, const char *format, ...)
{
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(r->problems, r->file, format, args);
	va_end(args);
	if (p)
		file_place_note(at, r->text, p);
}

void rule_problem_later(
	struct rule_reader *r, const struct file_problem *place, const char *format, ...)
{
	struct file_problem *p = file_problem_new(r->problems, r->file);
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
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(r->problems, r->file, format, args);
	va_end(args);
	if (p)
		p->line = line;
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

bool rule_walk_next(struct rule_reader *r, struct file_walk *w, struct file_place *ret_place)
{
	int n = file_walk_next(w, &r->rules->arena, ret_place);

	if (n < 0)
		r->oom = true;
	return n > 0 && !r->oom;
}

/* The shortest member that is looked for with slips. */
#define MEMBER_MIN 4

static void member_unknown(
	struct rule_reader *r, const struct file_place *p, const struct rule_members *spec)
{
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];
	const char *meant = NULL;
	struct near_name near;

	near_name_init(&near, p->name, MEMBER_MIN);
	for (size_t i = 0; i < spec->n; i++) {
		if (!spec->list[i].read)
			continue;
		file_words_add(&known, "", span_str(spec->list[i].name));
		if (near_name_offer(&near, span_str(spec->list[i].name)))
			meant = spec->list[i].name;
	}
	if (meant)
		rule_problem_add(r, p, "%s has no member %s; did you mean `%s`?", spec->what,
			file_quote(p->name, quote), meant);
	else
		rule_problem_add(r, p, "%s has no member %s; it may have %s", spec->what,
			file_quote(p->name, quote), known.text);
}

bool rule_members_find(struct rule_reader *r, const struct file_place *object,
	const struct rule_members *spec, struct file_place *found)
{
	struct file_walk walk;
	struct file_place p;

	assert(spec->n <= RULE_MEMBERS_MAX);
	memset(found, 0, spec->n * sizeof(*found));
	if (object->value.type != JSON_TYPE_OBJECT) {
		rule_problem_add(r, object, "%s is written as an object {...}", spec->what);
		return false;
	}
	file_walk_init(&walk, object);
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
	const struct file_place *found, void *target)
{
	for (size_t i = 0; i < spec->n; i++)
		if (found[i].value.type != JSON_TYPE_ABSENT)
			spec->list[i].read(r, &found[i], target);
}
