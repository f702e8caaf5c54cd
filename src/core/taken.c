/* SPDX-License-Identifier: MIT */
/* In order of deadlines, whatever came in first. */
#include "taken.h"

#include "absence_parts.h"
#include "list.h"

static void drop(struct instance *i, size_t n)
{
	taken_release(&i->taken[n]);
	i->n_taken--;
	list_remove(i->taken, i->n_taken, sizeof(*i->taken), n);
	if (i->n_taken > 0)
		return;
	free(i->taken);
	i->taken = NULL;
}

static bool is_same(const struct taken *a, const struct taken *b)
{
	return a->epoch == b->epoch && a->episode == b->episode && a->step == b->step &&
	       a->arming_at == b->arming_at && a->deadline_at == b->deadline_at &&
	       span_equal(text_span(a->subject), text_span(b->subject));
}

/* Takes over what T points to. */
static int insert(struct instance *i, struct taken *t)
{
	size_t place = i->n_taken;
	struct taken *more;

	for (size_t n = 0; n < i->n_taken; n++) {
		if (!is_same(&i->taken[n], t))
			continue;
		i->taken[n].taken_at = int64_max(i->taken[n].taken_at, t->taken_at);
		taken_release(t);
		return 0;
	}
	more = realloc(i->taken, (i->n_taken + 1) * sizeof(*more));
	if (!more) {
		taken_release(t);
		return -ENOMEM;
	}
	i->taken = more;
	for (; place > 0 && more[place - 1].deadline_at > t->deadline_at; place--)
		more[place] = more[place - 1];
	more[place] = *t;
	t->subject = (struct text){.ptr = NULL};
	if (++i->n_taken > INSTANCE_TAKEN_MAX)
		drop(i, 0);
	return 0;
}

int taken_add(struct instance *i, const struct emission *m, int64_t at)
{
	struct taken t = {
		.epoch = m->epoch,
		.episode = m->episode,
		.step = m->step,
		.arming_at = m->arming_at,
		.deadline_at = m->deadline_at,
		.taken_at = at,
	};

	if (m->step == STEP_UNSENT || at <= m->deadline_at)
		return 0;
	if (text_set(&t.subject, text_span(m->subject)) < 0)
		return -ENOMEM;
	return insert(i, &t);
}

struct emission taken_emission(const struct taken *t)
{
	return (struct emission){
		.epoch = t->epoch,
		.episode = t->episode,
		.step = t->step,
		.arming_at = t->arming_at,
		.deadline_at = t->deadline_at,
		.subject = t->subject,
	};
}

/* What happened longer than a day before had come in by then. */
bool taken_counts(const struct taken *t, int64_t known_at)
{
	return t->taken_at == INT64_MAX || t->taken_at + ABSENCE_MEMORY_MS > known_at;
}

void taken_drop(const struct rule *rule, struct instance *i, int64_t b, bool terminal)
{
	for (size_t n = i->n_taken; n > 0; n--) {
		struct emission m = taken_emission(&i->taken[n - 1]);

		if (b <= m.deadline_at && absence_disproves(rule, i, &m, b, terminal))
			drop(i, n - 1);
	}
}

int taken_join(struct instance *into, struct instance *from)
{
	for (size_t n = 0; n < from->n_taken; n++)
		if (insert(into, &from->taken[n]) < 0)
			return -ENOMEM;
	return 0;
}

/* A link may be heard of a day after it was said. */
void taken_prune(struct instance *i, int64_t now)
{
	for (size_t n = i->n_taken; n > 0; n--)
		if (!taken_counts(&i->taken[n - 1], now - ABSENCE_MEMORY_MS))
			drop(i, n - 1);
}
