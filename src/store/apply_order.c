/* SPDX-License-Identifier: MIT */
/*
 * In which order those stand in a queue of claims (apply_claims.c) who were received in one
 * millisecond. Two logs do not say which was first, so any order will do; but where it is not the
 * same in all queues, two customers wait for each other for ever: the one has one event first, and
 * the other the other. So they stand in order of whose events they are, which is the same wherever
 * they are heard of; all that one name said in that millisecond is one as far as that goes. Only
 * those who were named in a key's own log stand as they came there.
 *
 * What came by way of a link made in that very millisecond is among them too. Its own event may be
 * an older one, of which nothing is known here, so questions, which only wait, stay where they
 * came.
 */
#include "apply_impl.h"

#include "codec/message_json.h"

struct span applier_subject(const struct message *said, struct span customer)
{
	if (said->kind == MESSAGE_CLAIM && said->other.len == 0)
		return said->of;
	return said->other.len > 0 ? said->other : customer;
}

/* Whose event NAMING of C is about. 0 or -errno. */
static int subject_of(struct applier *a, const struct cached *c,
	const struct customer_naming *naming, struct span *ret_subject)
{
	struct message *said;
	int r;

	*ret_subject = text_span(naming->name);
	if (!applier_is_own(c->record.journey, naming))
		return 0;
	said = arena_calloc(&a->arena, 1, sizeof(*said));
	r = said ? applier_read_said(a, naming, said) : -ENOMEM;
	if (r == 0)
		*ret_subject = applier_subject(said, c->customer);
	return r;
}

int applier_is_later(struct applier *a, const struct cached *c,
	const struct customer_naming *naming, int64_t place_at, struct span subject, bool *ret_is)
{
	struct span own;
	int r;

	*ret_is = naming->place_at > place_at;
	if (naming->place_at != place_at)
		return 0;
	r = subject_of(a, c, naming, &own);
	if (r == 0)
		*ret_is = span_compare(own, subject) > 0;
	return r;
}

int applier_sort_naming(struct applier *a, const struct cached *c, struct customer_naming **naming,
	struct span subject)
{
	struct customer_naming *list = c->record.journey->named, moved = **naming;
	size_t at = 0, from = (size_t)(*naming - list);
	bool later = false;
	int r = 0;

	while (list[at].place_at < moved.place_at)
		at++;
	for (; at < from && r == 0; at++) {
		if (applier_is_own(c->record.journey, &list[at]) &&
			!message_is_want(text_span(list[at].said)))
			continue;
		r = applier_is_later(a, c, &list[at], moved.place_at, subject, &later);
		if (later)
			break;
	}
	if (r < 0)
		return r;
	for (size_t i = from; i > at; i--)
		list[i] = list[i - 1];
	list[at] = moved;
	*naming = &list[at];
	return 0;
}

int applier_claim_of(struct applier *a, const struct journey *j, struct span customer,
	int64_t until, size_t at, size_t *ret_at)
{
	struct message *claim = arena_calloc(&a->arena, 1, sizeof(*claim));
	int r = claim ? 0 : -ENOMEM;

	for (; at < j->n_named && r == 0; at++) {
		if (j->named[at].said.len == 0 || applier_is_own(j, &j->named[at]))
			continue;
		r = applier_read_said(a, &j->named[at], claim);
		if (r == 0 && span_equal(claim->of, customer) && claim->linked_at <= until)
			break;
	}
	*ret_at = at;
	return r;
}

int applier_find_wanted(
	struct applier *a, const struct work *w, struct customer_naming **ret_naming)
{
	struct journey *j = w->cached->link ? NULL : w->cached->record.journey;
	int64_t until = applier_asked_until(w->message);
	size_t at = 0;
	bool later = true;
	int r = j ? applier_claim_of(a, j, w->message->of, until, 0, &at) : 0;

	*ret_naming = NULL;
	if (r < 0 || !j || at == j->n_named)
		return r;
	/* Of one instant only what is of the same event, or stands before it. */
	if (w->message->linked_at > 0)
		r = applier_is_later(a, w->cached, &j->named[at], w->message->linked_at,
			w->message->other, &later);
	else
		later = false;
	if (r == 0 && !later)
		*ret_naming = &j->named[at];
	return r;
}
