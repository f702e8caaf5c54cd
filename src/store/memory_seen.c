/* SPDX-License-Identifier: MIT */
#include "memory_seen.h"

void memory_seen_release(struct memory_seen *m)
{
	for (size_t i = 0; i < m->n; i++)
		buf_release(&m->hours[i].bytes);
	m->n = 0;
}

/* Hours come in order, and those that have left the window go before new ones need the room. */
int memory_seen_commit(struct memory_seen *m, const struct commit *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct memory_seen_hour *s = &m->hours[i];

		if (s->hour >= c->seen_drop_from && s->hour < c->seen_drop_before)
			buf_release(&s->bytes);
		else
			m->hours[kept++] = *s;
	}
	m->n = kept;
	for (size_t i = 0; i < c->n_seen; i++) {
		struct memory_seen_hour *last = m->n ? &m->hours[m->n - 1] : NULL;

		if (!last || last->hour != c->seen[i].hour) {
			if (m->n == ARRAY_SIZE(m->hours)) {
				/* A batch over more hours than the window has. */
				buf_release(&m->hours[0].bytes);
				memmove(m->hours, m->hours + 1, --m->n * sizeof(m->hours[0]));
			}
			last = &m->hours[m->n++];
			*last = (struct memory_seen_hour){c->seen[i].hour, BUF_INIT};
		}
		buf_add_span(&last->bytes, c->seen[i].bytes);
		if (buf_failed(&last->bytes) < 0)
			return -ENOMEM;
	}
	return 0;
}
