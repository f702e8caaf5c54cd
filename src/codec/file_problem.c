/* SPDX-License-Identifier: MIT */
/* The list of problems that the readers of all files share, and how it is printed. */
#include "codec/file_problem.h"

static void cut_copy(char *out, size_t size, struct span s)
{
	size_t n = s.len < size ? s.len : size - 1;

	while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}

struct file_problem *file_problem_new(struct file_problems *all, const char *file)
{
	if (all->n == ARRAY_SIZE(all->list)) {
		all->more++;
		return NULL;
	}
	struct file_problem *p = &all->list[all->n++];

	*p = (struct file_problem){.line = 0};
	cut_copy(p->file, sizeof(p->file), span_str(file));
	return p;
}

struct file_problem *file_problem_say(
	struct file_problems *all, const char *file, const char *format, va_list args)
{
	struct file_problem *p = file_problem_new(all, file);

	if (p)
		(void)vsnprintf(p->message, sizeof(p->message), format, args);
	return p;
}

int file_problems_only(
	struct file_problems *all, int outcome, const char *file, const char *format, ...)
{
	va_list args;

	all->n = 0;
	all->more = 0;
	va_start(args, format);
	(void)file_problem_say(all, file, format, args);
	va_end(args);
	return outcome;
}

void file_problem_point(struct file_problem *p, struct span pointer)
{
	cut_copy(p->pointer, sizeof(p->pointer), pointer);
}

void file_problems_text(const struct file_problems *all, struct buf *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct file_problem *p = &all->list[i];

		buf_add_str(out, p->file);
		if (p->line > 0)
			buf_printf(out, ":%u", p->line);
		if (p->pointer[0])
			buf_printf(out, " at %s", p->pointer);
		buf_printf(out, ": %s\n", p->message);
	}
	if (all->more > 0)
		buf_printf(out, "and %zu more problems\n", all->more);
}
