/* SPDX-License-Identifier: MIT */
/*
 * A problem's pointer is built by walking the chain of places up to the file, its line by counting
 * line ends before the value: both cost only when needed.
 */
#include "file_place.h"

/* Appends one step of a pointer, escaped as RFC 6901 asks; what does not fit is cut. */
static void pointer_step(struct file_problem *p, const struct file_place *step)
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

static void pointer_build(struct file_problem *p, const struct file_place *at)
{
	const struct file_place *steps[FILE_STEPS_MAX];
	size_t n = 0;

	for (; at && at->parent && n < FILE_STEPS_MAX; at = at->parent)
		steps[n++] = at;
	while (n > 0)
		pointer_step(p, steps[--n]);
}

void file_place_note(const struct file_place *at, struct span text, struct file_problem *p)
{
	if (!at)
		return;
	pointer_build(p, at);
	p->line = (unsigned)json_place(text, (size_t)(at->value.raw.ptr - text.ptr)).line;
}

void file_walk_init(struct file_walk *w, const struct file_place *container)
{
	*w = (struct file_walk){.container = container};
	json_cursor_init(&w->cursor, container->value.raw);
	if (container->value.type == JSON_TYPE_OBJECT)
		(void)json_object_open(&w->cursor);
	else if (container->value.type == JSON_TYPE_ARRAY)
		(void)json_array_open(&w->cursor);
}

int file_walk_next(struct file_walk *w, struct arena *arena, struct file_place *ret_place)
{
	struct file_place place = {.parent = w->container, .index = w->index};

	if (w->container->value.type == JSON_TYPE_OBJECT) {
		struct json_value key;

		if (json_object_key(&w->cursor, &key) != 0)
			return 0;
		place.name = json_text(&key, arena);
		if (!place.name.ptr)
			return -ENOMEM;
	} else if (w->container->value.type != JSON_TYPE_ARRAY ||
		   json_array_next(&w->cursor) != 0) {
		return 0;
	}
	if (json_value(&w->cursor, &place.value) != 0)
		return 0;
	w->index++;
	*ret_place = place;
	return 1;
}

const char *file_quote(struct span s, char out[static FILE_QUOTE_SIZE])
{
	static const char dots[] = "...";
	size_t room = FILE_QUOTE_SIZE - sizeof(dots) - 2;
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
	(void)snprintf(out + used, FILE_QUOTE_SIZE - used, "%s`", cut ? dots : "");
	return out;
}

static void words_put(struct file_words *w, struct span s)
{
	size_t room = sizeof(w->text) - 1 - w->used;
	size_t n = s.len < room ? s.len : room;

	if (n > 0)
		memcpy(w->text + w->used, s.ptr, n);
	w->used += n;
	w->text[w->used] = '\0';
}

void file_words_add(struct file_words *w, const char *prefix, struct span word)
{
	if (w->used > 0)
		words_put(w, SPAN_LIT(", "));
	words_put(w, span_str(prefix));
	words_put(w, word);
}
