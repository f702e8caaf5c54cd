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

void journey_forget_passed(struct customer_apart *apart)
{
	for (size_t i = 0; i < apart->n_passed; i++)
		text_release(&apart->passed[i]);
	free(apart->passed);
	apart->passed = NULL;
	apart->n_passed = 0;
}

static void remove_at(struct journey *j, size_t index)
{
	text_release(&j->apart[index].key);
	journey_forget_passed(&j->apart[index]);
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
	for (size_t i = 0; i < j->n_apart; i++) {
		text_release(&j->apart[i].key);
		journey_forget_passed(&j->apart[i]);
	}
	free(j->apart);
}

bool journey_apart_passes(const struct customer_apart *apart, struct span thing)
{
	for (size_t i = 0; i < apart->n_passed; i++)
		if (span_equal(text_span(apart->passed[i]), thing))
			return true;
	return false;
}

bool journey_passes(const struct journey *j, struct span thing)
{
	for (size_t i = 0; i < j->n_apart; i++)
		if (journey_apart_passes(&j->apart[i], thing))
			return true;
	return false;
}

/* Room for N more: of the oldest nothing is passed on any more. */
static void drop_passed(struct journey *j, size_t n)
{
	for (;;) {
		struct customer_apart *oldest = NULL;
		size_t all = n;

		for (size_t i = 0; i < j->n_apart; i++) {
			struct customer_apart *apart = &j->apart[i];

			all += apart->n_passed;
			if (apart->n_passed > 0 && (!oldest || apart->at < oldest->at))
				oldest = apart;
		}
		if (all <= JOURNEY_PASSED_MAX || !oldest)
			return;
		journey_forget_passed(oldest);
	}
}

/* What is passed on to KEY is what THINGS or, without them, TEXTS say. */
static int set_passed(struct journey *j, struct span key, const struct span *things,
	const struct text *texts, size_t n)
{
	struct customer_apart *apart;
	int r = 0;

	if (!journey_apart(j, key) || n > JOURNEY_PASSED_MAX)
		return 0;
	apart = &j->apart[place_of(j, key)];
	journey_forget_passed(apart);
	if (n == 0)
		return 0;
	drop_passed(j, n);
	apart->passed = calloc(n, sizeof(*apart->passed));
	if (!apart->passed)
		return -ENOMEM;
	while (r == 0 && apart->n_passed < n) {
		size_t i = apart->n_passed;

		r = text_set(&apart->passed[i], things ? things[i] : text_span(texts[i]));
		apart->n_passed += r == 0;
	}
	return r;
}

int journey_pass_news(struct journey *j, struct span key, const struct span *things, size_t n)
{
	return set_passed(j, key, things, NULL, n);
}

int journey_take_passed(struct journey *j, const struct journey *from)
{
	int r = 0;

	for (size_t i = 0; from && i < from->n_apart && r == 0; i++) {
		const struct customer_apart *apart = &from->apart[i];

		if (apart->n_passed > 0)
			r = set_passed(
				j, text_span(apart->key), NULL, apart->passed, apart->n_passed);
	}
	return r;
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
