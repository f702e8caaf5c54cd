/* SPDX-License-Identifier: MIT */
/*
 * The notes on why rules did not arm:
 *
 *   number, then (rule · reason · by · words · at · by_at)
 *
 * Text is a length and the bytes. Instants count from the customer's latest event.
 */
#include "core/rule.h"

#include "journey_parts.h"

/* What stands on disk as a number may not move: append. */
_Static_assert(NOTE_CONDITION == 0 && NOTE_NO_KEY == 6 && NOTE_FIRED == 12, "moved");

static size_t notes_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_notes; i++)
		n += (size_t)j->notes[i].rule.len + j->notes[i].by.len + j->notes[i].words.len +
		     6 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool notes_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_notes <= JOURNEY_NOTES_MAX;

	pack_number(p, j->n_notes);
	for (size_t i = 0; i < j->n_notes; i++) {
		const struct note *n = &j->notes[i];

		ok = ok && n->rule.len > 0 && n->rule.len <= RULE_ID_MAX &&
		     n->by.len <= INSTANCE_BY_MAX && n->words.len <= NOTE_WORDS_MAX;
		pack_block(p, text_span(n->rule));
		pack_number(p, n->reason);
		pack_block(p, text_span(n->by));
		pack_block(p, text_span(n->words));
		pack_since(p, n->at, j->last_at);
		pack_since(p, n->by_at, j->last_at);
	}
	return ok;
}

static void unpack_note(struct unpack *u, struct note *n, int64_t base)
{
	journey_unpack_text(u, &n->rule, RULE_ID_MAX);
	n->reason = (enum note_reason)unpack_bounded(u, NOTE_REASON_COUNT - 1);
	journey_unpack_text(u, &n->by, INSTANCE_BY_MAX);
	journey_unpack_text(u, &n->words, NOTE_WORDS_MAX);
	n->at = unpack_since(u, base);
	n->by_at = unpack_since(u, base);
	if (n->rule.len == 0)
		u->bad = true;
}

static int notes_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n = unpack_bounded(u, JOURNEY_NOTES_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	j->notes = calloc(n, sizeof(*j->notes));
	if (!j->notes)
		return -ENOMEM;
	j->n_notes = j->cap_notes = n;
	for (size_t i = 0; i < n && !u->bad; i++)
		unpack_note(u, &j->notes[i], j->last_at);
	return 0;
}

const struct journey_part journey_part_notes = {notes_bound, notes_pack, notes_unpack};
