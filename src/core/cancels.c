/* SPDX-License-Identifier: MIT */
/* Kept by their own instants, so that the order in which they came in does not matter. */
#include "cancels.h"

#include "absence.h"

int64_t cancels_until(const struct rule *rule, int64_t at)
{
	return at + int64_max(rule ? rule->tombstone_ms : 0, ABSENCE_MEMORY_MS);
}

int64_t cancels_kept(const struct rule *rule, int64_t at)
{
	return cancels_until(rule, at) + ABSENCE_MEMORY_MS;
}

static void drop_oldest(struct instance *i)
{
	i->n_cancels--;
	memmove(i->cancels, i->cancels + 1, i->n_cancels * sizeof(*i->cancels));
	if (i->n_cancels > 0)
		return;
	free(i->cancels);
	i->cancels = NULL;
}

void cancels_prune(const struct rule *rule, struct instance *i, int64_t now)
{
	while (i->n_cancels > 0 && cancels_kept(rule, i->cancels[0]) <= now)
		drop_oldest(i);
}

static int insert(struct instance *i, int64_t at)
{
	size_t place = i->n_cancels;
	int64_t *more;

	while (place > 0 && i->cancels[place - 1] > at)
		place--;
	if (place > 0 && i->cancels[place - 1] == at)
		return 0;
	more = realloc(i->cancels, (i->n_cancels + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	i->cancels = more;
	memmove(more + place + 1, more + place, (i->n_cancels - place) * sizeof(*more));
	more[place] = at;
	if (++i->n_cancels > INSTANCE_CANCELS_MAX)
		drop_oldest(i);
	return 0;
}

int cancels_add(const struct rule *rule, struct instance *i, int64_t at, int64_t now)
{
	int64_t earlier = int64_min(i->cancelled_at, at);

	if (at == i->cancelled_at)
		return 0;
	i->cancelled_at = int64_max(i->cancelled_at, at);
	cancels_prune(rule, i, now);
	return earlier == INT64_MIN || cancels_kept(rule, earlier) <= now ? 0 : insert(i, earlier);
}

int cancels_join(
	const struct rule *rule, struct instance *into, const struct instance *from, int64_t now)
{
	int r = cancels_add(rule, into, from->cancelled_at, now);

	for (size_t n = 0; n < from->n_cancels && r == 0; n++)
		r = cancels_add(rule, into, from->cancels[n], now);
	return r;
}

int64_t cancels_at(const struct rule *rule, const struct instance *i, size_t back, int64_t now)
{
	int64_t at = back == 0 ? i->cancelled_at : i->cancels[i->n_cancels - back];

	return at == INT64_MIN || cancels_until(rule, at) <= now ? INT64_MIN : at;
}
