/* SPDX-License-Identifier: MIT */
/*
 * Along with whom a key was named, for as long as it is open whose it is. It is a queue. In
 * one log places are the order; what came by way of another key has its instant.
 */
#include "core/journey.h"

#include "list.h"

struct customer_naming *journey_naming(const struct journey *j, struct span name, bool open)
{
	for (size_t i = 0; i < j->n_named; i++)
		if (span_equal(text_span(j->named[i].name), name) &&
			(!open || j->named[i].said.len == 0))
			return &j->named[i];
	return NULL;
}

struct customer_naming *journey_add_naming(struct journey *j, struct span name, int64_t at)
{
	size_t index = j->n_named;
	struct text copy = {.ptr = NULL};
	struct customer_naming *naming;

	if (j->n_named >= JOURNEY_NAMED_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	while (index > 0 && j->named[index - 1].place_at > at)
		index--;
	naming = text_set(&copy, name) < 0 ? NULL
					   : list_insert((void **)&j->named, j->n_named,
						     &j->cap_named, sizeof(*naming), index);
	if (!naming) {
		text_release(&copy);
		errno = ENOMEM;
		return NULL;
	}
	naming->name = copy;
	naming->place_at = at;
	j->n_named++;
	return naming;
}

void journey_remove_naming(struct journey *j, size_t index)
{
	text_release(&j->named[index].name);
	text_release(&j->named[index].said);
	text_release(&j->named[index].via);
	j->n_named--;
	list_remove(j->named, j->n_named, sizeof(*j->named), index);
}

int journey_take_namings(struct journey *j, const struct journey *from)
{
	while (j->n_named > 0)
		journey_remove_naming(j, j->n_named - 1);
	for (size_t i = 0; from && i < from->n_named; i++) {
		const struct customer_naming *theirs = &from->named[i];
		struct customer_naming *own =
			journey_add_naming(j, text_span(theirs->name), theirs->place_at);

		if (!own || text_set(&own->said, text_span(theirs->said)) < 0 ||
			text_set(&own->via, text_span(theirs->via)) < 0)
			return -ENOMEM;
		own->n_asked = theirs->n_asked;
		own->n_open = theirs->n_open;
		own->n_wanted = theirs->n_wanted;
		own->asked = theirs->asked;
	}
	return 0;
}
