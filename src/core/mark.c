/* SPDX-License-Identifier: MIT */
/* A sorted list: there are as many sources as a shop has tills. */
#include "core/mark.h"

void marks_init(struct marks *m)
{
	*m = (struct marks){NULL, 0};
}

void marks_release(struct marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		text_release(&m->list[i].source);
	free(m->list);
	marks_init(m);
}

/* Where SOURCE stands, or would stand. */
static size_t place(const struct marks *m, struct span source, bool *ret_found)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = span_compare(text_span(m->list[middle].source), source);

		if (c == 0) {
			*ret_found = true;
			return middle;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

int64_t marks_at(const struct marks *m, struct span source)
{
	bool found = false;
	size_t i = m ? place(m, source, &found) : 0;

	return found ? m->list[i].at : INT64_MIN;
}

int marks_move(struct marks *m, struct span source, int64_t at)
{
	struct text copy = {.ptr = NULL};
	struct mark *list;
	bool found;
	size_t i = place(m, source, &found);

	assert(source.len > 0 && source.len <= MARK_SOURCE_MAX);
	if (found) {
		m->list[i].at = int64_max(m->list[i].at, at);
		return 0;
	}
	if (m->n == MARKS_MAX)
		return MARKS_FULL;
	if (text_set(&copy, source) < 0)
		return -ENOMEM;
	list = realloc(m->list, (m->n + 1) * sizeof(*list));
	if (!list) {
		text_release(&copy);
		return -ENOMEM;
	}
	m->list = list;
	memmove(list + i + 1, list + i, (m->n - i) * sizeof(*list));
	list[i] = (struct mark){copy, at};
	m->n++;
	return 0;
}
