/* SPDX-License-Identifier: MIT */
/*
 * Problems, member tables, and the arrays of a mapping that grow while it is compiled.
 */
#include "mapping_reader.h"

#include <stdarg.h>

/* Every operator takes two steps of a pointer, a rule four. */
static_assert(2 * MAPPING_DEPTH_MAX + 8 <= FILE_STEPS_MAX, "no pointer is cut");

void mapping_problem(struct mapping_reader *r, const struct file_place *at, const char *format, ...)
{
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(r->problems, r->file, format, args);
	va_end(args);
	if (p)
		file_place_note(at, r->text, p);
}

void mapping_problem_line(struct mapping_reader *r, unsigned line, const char *format, ...)
{
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(r->problems, r->file, format, args);
	va_end(args);
	if (p)
		p->line = line;
}

struct span mapping_copy(struct mapping_reader *r, struct span s)
{
	struct span copy = arena_copy(&r->m->arena, s);

	if (!copy.ptr)
		r->oom = true;
	return copy.ptr ? copy : SPAN_EMPTY;
}

bool mapping_read_text(
	struct mapping_reader *r, const struct file_place *p, size_t max, struct span *ret_text)
{
	struct span text;

	if (p->value.type != JSON_TYPE_STRING) {
		mapping_problem(r, p, "this must be text, such as \"...\"");
		return false;
	}
	text = json_text(&p->value, &r->m->arena);
	if (!text.ptr) {
		r->oom = true;
		return false;
	}
	if (text.len > max) {
		mapping_problem(r, p, "this text may have at most %zu bytes; make it shorter", max);
		return false;
	}
	*ret_text = mapping_copy(r, text);
	return !r->oom;
}

bool mapping_walk_next(struct mapping_reader *r, struct file_walk *w, struct file_place *ret_place)
{
	int n = file_walk_next(w, &r->m->arena, ret_place);

	if (n < 0)
		r->oom = true;
	return n > 0 && !r->oom;
}

static void member_unknown(
	struct mapping_reader *r, const struct file_place *p, const struct mapping_members *spec)
{
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];

	for (size_t i = 0; i < spec->n; i++)
		file_words_add(&known, "", span_str(spec->list[i].name));
	mapping_problem(r, p, "%s has no member %s; it may have %s", spec->what,
		file_quote(p->name, quote), known.text);
}

bool mapping_members_read(struct mapping_reader *r, const struct file_place *object,
	const struct mapping_members *spec, void *target)
{
	struct file_place found[MAPPING_MEMBERS_MAX];
	struct file_walk walk;
	struct file_place p;

	assert(spec->n <= MAPPING_MEMBERS_MAX);
	memset(found, 0, sizeof(found));
	if (object->value.type != JSON_TYPE_OBJECT) {
		mapping_problem(r, object, "%s is written as an object {...}", spec->what);
		return false;
	}
	file_walk_init(&walk, object);
	while (mapping_walk_next(r, &walk, &p)) {
		size_t i = 0;

		while (i < spec->n && !span_is(p.name, spec->list[i].name))
			i++;
		if (i == spec->n)
			member_unknown(r, &p, spec);
		else
			found[i] = p;
	}
	for (size_t i = 0; i < spec->n; i++) {
		if (found[i].value.type != JSON_TYPE_ABSENT)
			spec->list[i].read(r, &found[i], target);
		else if (spec->list[i].required)
			mapping_problem(r, object, "%s needs the member `%s`", spec->what,
				spec->list[i].name);
	}
	return true;
}

/* ARRAY with room for one more than N items of SIZE; the same with r->oom when out of memory. */
static void *grown(struct mapping_reader *r, void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *larger;

	if (n < *cap)
		return array;
	larger = realloc(array, more * size);
	if (!larger) {
		r->oom = true;
		return array;
	}
	*cap = more;
	return larger;
}

uint16_t mapping_node_add(
	struct mapping_reader *r, const struct file_place *p, const struct mapping_node *node)
{
	struct mapping *m = r->m;

	if (m->n_nodes >= MAPPING_NODES_MAX) {
		if (!r->full)
			mapping_problem(r, p,
				"a preset may have at most %d operators, places and texts; split "
				"it",
				MAPPING_NODES_MAX);
		r->full = true;
		return 0;
	}
	m->nodes = grown(r, m->nodes, m->n_nodes, &r->cap_nodes, sizeof(*m->nodes));
	if (r->oom)
		return 0;
	m->nodes[m->n_nodes] = *node;
	return (uint16_t)m->n_nodes++;
}

void mapping_pend(struct mapping_reader *r, struct span name, uint16_t node)
{
	r->pending = grown(r, r->pending, r->n_pending, &r->cap_pending, sizeof(*r->pending));
	if (!r->oom)
		r->pending[r->n_pending++] = (struct mapping_child){name, node};
}

void mapping_keep(struct mapping_reader *r, size_t mark, uint32_t *ret_first, uint32_t *ret_n)
{
	struct mapping *m = r->m;

	*ret_first = (uint32_t)m->n_children;
	*ret_n = (uint32_t)(r->n_pending - mark);
	for (size_t i = mark; i < r->n_pending && !r->oom; i++) {
		m->children = grown(
			r, m->children, m->n_children, &r->cap_children, sizeof(*m->children));
		if (!r->oom)
			m->children[m->n_children++] = r->pending[i];
	}
	r->n_pending = mark;
}

static uint16_t step_add(
	struct mapping_reader *r, const struct file_place *p, size_t parent, struct span name)
{
	struct mapping *m = r->m;

	if (m->n_steps >= UINT16_MAX) {
		if (!r->full)
			mapping_problem(
				r, p, "a preset may name at most %d different places", UINT16_MAX);
		r->full = true;
		return 0;
	}
	m->steps = grown(r, m->steps, m->n_steps, &r->cap_steps, sizeof(*m->steps));
	if (r->oom)
		return 0;
	uint16_t n = (uint16_t)m->n_steps++;

	m->steps[n] = (struct mapping_step){
		.name = name, .parent = (uint16_t)parent, .slot = MAPPING_SLOT_ALL};
	if (parent) {
		m->steps[n].next = m->steps[parent].below;
		m->steps[parent].below = n;
	}
	return n;
}

size_t mapping_scope_add(struct mapping_reader *r, const struct file_place *p)
{
	struct mapping *m = r->m;

	if (m->n_steps == 0)
		(void)step_add(r, p, 0, SPAN_EMPTY); /* number 0 is no step */
	uint16_t step = step_add(r, p, 0, SPAN_EMPTY);

	m->scopes = grown(r, m->scopes, m->n_scopes, &r->cap_scopes, sizeof(*m->scopes));
	if (r->oom || !step)
		return 0;
	m->scopes[m->n_scopes] = (struct mapping_scope){.step = step};
	return m->n_scopes++;
}

size_t mapping_document_of(struct mapping_reader *r, const struct file_place *p)
{
	struct mapping_document d = {.expr = p->value.raw, .here = r->here};

	for (size_t i = 0; i < r->n_documents; i++)
		if (r->documents[i].here == d.here && span_equal(r->documents[i].expr, d.expr))
			return i;
	d.scope = mapping_scope_add(r, p);
	r->documents =
		grown(r, r->documents, r->n_documents, &r->cap_documents, sizeof(*r->documents));
	if (r->oom)
		return 0;
	r->documents[r->n_documents++] = d;
	r->m->n_documents = r->n_documents;
	return r->n_documents - 1;
}

static uint16_t step_below(
	struct mapping_reader *r, const struct file_place *p, uint16_t parent, struct span name)
{
	for (uint16_t i = r->m->steps[parent].below; i; i = r->m->steps[i].next)
		if (span_equal(r->m->steps[i].name, name))
			return i;
	return step_add(r, p, parent, name);
}

uint16_t mapping_scope_slot(struct mapping_reader *r, const struct file_place *p, size_t scope,
	const struct span *names, size_t n)
{
	struct mapping *m = r->m;
	uint16_t step = m->scopes[scope].step;

	if (n == 0)
		return MAPPING_SLOT_ALL;
	for (size_t i = 0; i < n; i++) {
		step = step_below(r, p, step, names[i]);
		if (!step)
			return MAPPING_SLOT_ALL;
	}
	if (m->steps[step].slot == MAPPING_SLOT_ALL)
		m->steps[step].slot = m->scopes[scope].n_slots++;
	return m->steps[step].slot;
}
