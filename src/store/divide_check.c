/* SPDX-License-Identifier: MIT */
/*
 * Which words of staff were done, and the check where some were.
 *
 * What was put in the customer's place by such a word was made at an instant: what they had asked
 * for in vain was forgotten, it was noted where jobs lie that were made elsewhere, and what came to
 * them by a longer way bears what was known of it there. The log of before says the same events and
 * not that. But what was put there stands in the log too. So the log is replayed from there on, in
 * which a word is done only if it was made from the very state that it meets; and that has to lead
 * to what the customer is now, byte for byte. Then it is known what was done, and all of it,
 * folded from the beginning without what is the others', has to be as many events.
 */
#include "divide_parts.h"

#define TRIES 32 /* words of staff about one customer since they became one */

/* What was put in the customer's place by K. 0, 1 if nothing was, or -errno. */
static int replaced_by(struct divide *d, const struct kept *k, struct division *ret_division)
{
	struct span rest = k->entry.record, own = rest;
	struct division division;
	int r;

	if (!k->message || rest.len == 0)
		return 1;
	if (k->message->kind != MESSAGE_UNMERGE && k->message->kind != MESSAGE_RESTORE)
		return 1;
	if (k->message->kind == MESSAGE_UNMERGE && span_take_block(&rest, &own) != 0)
		return 1;
	r = division_decode(own, &d->arena, &division);
	if (r != 0)
		return r;
	*ret_division = division;
	return division.record.len > 0 ? 0 : 1;
}

/* All of it from the entry PLACE on, as it came; with a BASE the customer became that there. */
static int replay(struct divide *d, size_t place, const struct division *base)
{
	struct log_entry *entries = calloc(d->kept.n + 1, sizeof(*entries));
	const struct kept *kept = d->kept.list;
	int r = entries ? divide_stand(d, &d->since, place) : -ENOMEM;

	d->since.customer = d->ask.customer;
	d->since.base = base ? base->record : d->ask.snapshot;
	d->since.known = base ? base->heard : NULL;
	d->since.n_known = base ? base->n_heard : 0;
	for (size_t i = place; i < d->kept.n && r == 0; i++)
		entries[i - place] = kept[i].entry;
	if (base && r == 0)
		entries[0].record = SPAN_EMPTY;
	if (r == 0)
		r = divide_incidents(d, &d->since, place, false);
	if (r == 0)
		r = divide_heard(d, &d->since, place);
	if (r == 0)
		r = divide_waited(d, &d->since);
	if (r == 0)
		r = fold_run(&d->since, entries, d->kept.n - place);
	free(entries);
	if (r == 0 && !divide_is_record(d, d->since.record, d->ask.record))
		r = DIVIDE_DIFFERENT;
	return r;
}

/* Did the replay do what the word at the entry ID says? Then it told the other. */
static bool was_done(const struct divide *d, struct log_id id)
{
	const struct folded_word *words = d->since.words.list;

	for (size_t w = 0; w < d->since.words.n; w++)
		if (words[w].kind == MESSAGE_RESTORE && log_id_compare(words[w].id, id) == 0)
			return true;
	return false;
}

/* The few of them, for every entry is asked about them. FIRST: was done. */
static int note_partings(struct divide *d, size_t first)
{
	const struct kept *kept = d->kept.list;

	for (size_t i = first; i < d->kept.n; i++) {
		size_t *place;

		if (!kept[i].message || kept[i].message->kind != MESSAGE_UNMERGE ||
			(i > first && !was_done(d, kept[i].entry.id)))
			continue;
		place = items_add(&d->partings, sizeof(*place));
		if (!place)
			return -ENOMEM;
		*place = i;
	}
	return 0;
}

int divide_find_partings(struct divide *d)
{
	const struct kept *kept = d->kept.list;
	unsigned tries = 0;
	int r = 1;

	for (size_t i = d->from; i < d->kept.n && tries < TRIES; i++) {
		struct division base;

		r = replaced_by(d, &kept[i], &base);
		if (r > 0)
			continue;
		tries++;
		if (r == 0)
			r = replay(d, i, &base);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		d->parted = true;
		return note_partings(d, i);
	}
	/* Words that nobody heeded change nothing. */
	return 0;
}

/* Older versions did not note since when an identifier is whose (0), and it may not be known. */
bool divide_is_record(struct divide *d, struct span folded, struct span record)
{
	_cleanup_(record_release) struct record one = RECORD_INIT, other = RECORD_INIT;
	struct journey *j;

	if (span_equal(folded, record))
		return true;
	if (folded.len == 0 || record.len == 0 || record_decode(folded, &one) != 0 ||
		record_decode(record, &other) != 0)
		return false;
	j = one.journey;
	for (size_t i = 0; i < j->n_ids; i++) {
		const struct customer_id *own = journey_id(other.journey, text_span(j->ids[i].key));

		if (own && own->place_at == 0)
			j->ids[i].place_at = 0;
	}
	return divide_encode(d, &one, &folded) == 0 && span_equal(folded, record);
}

/* Entries of the timeline. */
static uint64_t n_told(const struct record *r)
{
	return r->sealed_n + r->packed_n + r->tail_n;
}

/* What a log had of somebody who was erased has left it. */
static bool lacks_some(const struct divide *d)
{
	const struct divide_ask *ask = &d->ask;

	return ask->n_gones > 0 &&
	       (ask->frozen.len == 0 || ask->gones[ask->n_gones - 1].at >= ask->linked_at);
}

bool divide_is_same(struct divide *d)
{
	_cleanup_(record_release) struct record folded = RECORD_INIT;

	if (divide_is_record(d, d->all.record, d->ask.record))
		return true;
	return d->parted && d->all.record.len > 0 && record_decode(d->all.record, &folded) == 0 &&
	       folded.journey->n_events == d->record.journey->n_events &&
	       (!lacks_some(d) || n_told(&folded) == n_told(&d->record));
}
