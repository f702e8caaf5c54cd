/* SPDX-License-Identifier: MIT */
/* The head of a journey, what it knows of identifiers, and the order of the parts. */
#include "core/merge.h"

#include "consent_sides.h"
#include "fold.h"
#include "list.h"
#include "merge_parts.h"

int merge_said(struct said *into, const struct said *from)
{
	return said_set(into, text_span(from->text), from->text.len, from->at);
}

void merge_amount(struct amount *into, const struct amount *from, bool lower)
{
	amount_set(into, from->value, from->at, lower);
}

int merge_greatest(struct text *into, struct text from)
{
	return span_compare(text_span(from), text_span(*into)) > 0 ? text_set(into, text_span(from))
								   : 0;
}

static int merge_traits(struct journey *into, const struct journey *from)
{
	for (unsigned i = 0; i < TRAIT_COUNT; i++) {
		struct span said = text_span(from->traits[i]);

		if (from->trait_at[i] < into->trait_at[i] ||
			(from->trait_at[i] == into->trait_at[i] &&
				span_compare(said, text_span(into->traits[i])) <= 0))
			continue;
		if (text_set(&into->traits[i], said) < 0)
			return -ENOMEM;
		into->trait_at[i] = from->trait_at[i];
	}
	return 0;
}

/* The user id that wins among user ids; the visitor's number that was said last. */
static int merge_names(struct journey *into, const struct journey *from)
{
	struct span user = text_span(from->user_id), visitor = text_span(from->anonymous_id);
	int r = 0;

	if (user.len > 0 &&
		(into->user_id.len == 0 || span_compare(user, text_span(into->user_id)) < 0))
		r = text_set(&into->user_id, user);
	return r < 0 ? r : fold_visitor(into, visitor, from->anonymous_at);
}

/* Orders that both know are one. Before the orders are put together. */
static uint64_t count_common(const struct journey *a, const struct journey *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->n_orders_kept; i++) {
		const struct order *o = &b->orders[i], *same;

		if (o->at[MILESTONE_PLACED] == TIME_NEVER)
			continue;
		same = journey_order(a, text_span(o->id));
		n += same && same->at[MILESTONE_PLACED] != TIME_NEVER;
	}
	return n;
}

static int merge_head(struct journey *into, const struct journey *from)
{
	int r = merge_names(into, from);

	into->n_events += from->n_events;
	into->n_orders += from->n_orders - count_common(into, from);
	into->first_at = int64_min(into->first_at, from->first_at);
	into->last_at = int64_max(into->last_at, from->last_at);
	into->engaged_at = int64_max(into->engaged_at, from->engaged_at);
	past_join(&into->past, &from->past);
	into->web_active_at = int64_max(into->web_active_at, from->web_active_at);
	into->received_at = int64_max(into->received_at, from->received_at);
	return r < 0 ? r : merge_traits(into, from);
}

/* ---- identifiers and parts ------------------------------------------------------------------- */

/* OTHER, of which UNDER is what it hangs under, is INTO's since LINKED_AT at the earliest. */
static int merge_id(
	struct journey *into, const struct customer_id *other, struct span under, int64_t linked_at)
{
	int64_t place_at = int64_max(other->place_at, linked_at);
	struct span key = text_span(other->key);
	struct customer_id *id = journey_id(into, key);

	if (span_equal(key, text_span(into->customer)))
		return 0;
	if (!id) {
		id = journey_insert_id(into, key);
		if (!id)
			return -ENOMEM;
		id->place_at = place_at;
	} else if (other->state == ID_REFUSED && id->state != ID_REFUSED) {
		return 0;
	} else if (other->state != ID_REFUSED && id->state == ID_REFUSED) {
		/* What was refused makes nobody one. */
		id->first_at = TIME_NEVER;
		id->place_at = place_at;
	}
	id->place_at = int64_min(id->place_at, place_at);
	id->state = other->state > id->state ? other->state : id->state;
	return consent_link(into, key, under, other->first_at);
}

static int merge_ids(
	struct journey *into, const struct journey *from, const struct merge_terms *terms)
{
	struct customer_id self = {
		.key = from->customer, .first_at = terms->said_at, .state = ID_LINKED};
	int r;

	/* A claim knows better than its answer under whom they were said to be. */
	if (consent_is_linked(into, text_span(self.key), terms->said_at))
		self.first_at = TIME_NEVER;
	r = merge_id(into, &self, terms->under, terms->linked_at);
	for (size_t i = 0; i < from->n_ids && r == 0; i++) {
		const struct customer_id *id = &from->ids[i];

		r = merge_id(into, id, text_span(id->under.len > 0 ? id->under : from->customer),
			terms->linked_at);
	}
	return r < 0 ? r : journey_merge_marks(into, from);
}

static int drop_id(struct journey *j)
{
	int r = journey_drop_id(j);

	if (r != -ENOSPC)
		return r;
	r = journey_mark_id(j, text_span(j->ids[j->n_ids - 1].key), ID_CLAIMED);
	if (r == 0)
		journey_remove_id(j, j->n_ids - 1);
	return r;
}

int merge_links(struct journey *into, const struct journey *from, const struct merge_terms *terms)
{
	int r = merge_ids(into, from, terms);

	if (r == 0)
		r = merge_consents(into, from);
	while (into->n_ids > JOURNEY_IDS_MAX && r == 0)
		r = drop_id(into);
	for (size_t i = 0; i < from->n_parts && r == 0; i++) {
		const struct customer_part *other = &from->parts[i];
		struct customer_part *part = journey_part_of(into, text_span(other->key));

		if (!part)
			part = journey_insert_part(into, text_span(other->key));
		if (!part)
			return -ENOMEM;
		if (part->sealed_n > other->sealed_n)
			continue;
		part->n_chunks = other->n_chunks;
		part->sealed_n = other->sealed_n;
		part->reach_at = int64_max(part->reach_at, other->reach_at);
		part->from_at = other->from_at;
		part->n_more = other->n_more;
		part->more_at = int64_max(part->more_at, other->more_at);
	}
	while (into->n_parts > JOURNEY_PARTS_MAX && r == 0)
		r = journey_drop_part(into);
	return r;
}

/* ---- notes ----------------------------------------------------------------------------------- */

/* The later one; where all else is alike the greater words, so that either way comes to one. */
static bool note_after(const struct note *a, const struct note *b)
{
	int c = span_compare(text_span(a->by), text_span(b->by));

	if (a->at != b->at)
		return a->at > b->at;
	if (a->by_at != b->by_at)
		return a->by_at > b->by_at;
	if (a->reason != b->reason)
		return a->reason > b->reason;
	return c > 0 || (c == 0 && span_compare(text_span(a->words), text_span(b->words)) > 0);
}

int merge_notes(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_notes; i++) {
		const struct note *other = &from->notes[i];
		struct note *n = journey_note(into, text_span(other->rule));

		if (n && !note_after(other, n))
			continue;
		if (!n)
			n = journey_insert_note(into, text_span(other->rule));
		if (!n || text_set(&n->by, text_span(other->by)) < 0 ||
			text_set(&n->words, text_span(other->words)) < 0)
			return -ENOMEM;
		n->reason = other->reason;
		n->at = other->at;
		n->by_at = other->by_at;
	}
	while (into->n_notes > JOURNEY_NOTES_MAX)
		journey_drop_note(into);
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

int merge_journeys(const struct rules *rules, struct journey *into, const struct journey *from,
	const struct merge_terms *terms, int64_t now)
{
	static int (*const parts[])(struct journey * into, const struct journey *from) = {
		merge_head,
		merge_carts,
		merge_orders,
		merge_things,
		merge_contact,
		merge_profile,
		merge_notes,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = parts[i](into, from);
	if (r == 0)
		r = merge_links(into, from, terms);
	if (r == 0)
		r = journey_merge_aparts(into, from);
	return r < 0 ? r : tally_merge(rules, into, from, now);
}
