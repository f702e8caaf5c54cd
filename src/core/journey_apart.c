/* SPDX-License-Identifier: MIT */
/*
 * From whom a customer was taken apart. What once made them one still stands in the log and may be
 * said again any day; this is what keeps it from making them one again.
 */
#include "core/journey.h"

#include "list.h"

/* The first that is not before KEY. */
static size_t place_of(const struct journey *j, struct span key)
{
	size_t at = 0;

	while (at < j->n_apart && span_compare(text_span(j->apart[at].key), key) < 0)
		at++;
	return at;
}

const struct customer_apart *journey_apart(const struct journey *j, struct span key)
{
	size_t at = place_of(j, key);

	if (at == j->n_apart || !span_equal(text_span(j->apart[at].key), key))
		return NULL;
	return &j->apart[at];
}

static void remove_at(struct journey *j, size_t index)
{
	text_release(&j->apart[index].key);
	j->n_apart--;
	list_remove(j->apart, j->n_apart, sizeof(*j->apart), index);
}

void journey_remove_apart(struct journey *j, struct span key)
{
	if (journey_apart(j, key))
		remove_at(j, place_of(j, key));
}

static void drop_oldest(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_apart; i++)
		if (j->apart[i].at < j->apart[victim].at)
			victim = i;
	remove_at(j, victim);
}

int journey_add_apart(struct journey *j, struct span key, int64_t at)
{
	struct text copy = {.ptr = NULL};
	size_t place = place_of(j, key);
	struct customer_apart *apart;

	if (journey_apart(j, key)) {
		j->apart[place].at = int64_max(j->apart[place].at, at);
		return 0;
	}
	if (text_set(&copy, key) < 0)
		return -ENOMEM;
	apart = list_insert((void **)&j->apart, j->n_apart, &j->cap_apart, sizeof(*apart), place);
	if (!apart) {
		text_release(&copy);
		return -ENOMEM;
	}
	*apart = (struct customer_apart){.key = copy, .at = at};
	if (++j->n_apart > JOURNEY_APART_MAX)
		drop_oldest(j);
	return 0;
}

void journey_aparts_release(struct journey *j)
{
	for (size_t i = 0; i < j->n_apart; i++)
		text_release(&j->apart[i].key);
	free(j->apart);
}

int journey_merge_aparts(struct journey *into, const struct journey *from)
{
	enum id_state state;
	int r = 0;

	journey_remove_apart(into, text_span(from->customer));
	for (size_t i = 0; i < from->n_apart && r == 0; i++)
		if (!span_equal(text_span(from->apart[i].key), text_span(into->customer)))
			r = journey_add_apart(
				into, text_span(from->apart[i].key), from->apart[i].at);
	/* One of the two has become one with them since. */
	for (size_t i = into->n_apart; i > 0; i--)
		if (journey_knows_id(into, text_span(into->apart[i - 1].key), &state) &&
			state == ID_LINKED)
			remove_at(into, i - 1);
	return r;
}
