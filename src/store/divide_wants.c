/* SPDX-License-Identifier: MIT */
/*
 * What a customer wanted and had to wait for (apply_wants.c). Whether something waits depends on
 * who was named and has not been heard, which is settled between partitions and nothing that a fold
 * finds. But when it was judged stands in the customer's log (DECIDE), and what waits still is in
 * their record: so it is known what waited, and the folds let it wait as long.
 */
#include "divide_parts.h"

#include "codec/message_json.h"

int divide_forget_named(struct divide *d, struct span *bytes)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r = bytes->len > 0 ? record_decode(*bytes, &record) : 0;

	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	if (bytes->len == 0 || !division_forget_between(record.journey))
		return 0;
	return divide_encode(d, &record, bytes);
}

static int note(struct fold *f, const struct message *want)
{
	const struct message **place = items_add(&f->waited, sizeof(struct message *));

	if (!place)
		return -ENOMEM;
	*place = want;
	return 0;
}

int divide_waited(struct divide *d, struct fold *f)
{
	const struct journey *j = d->record.journey;
	const struct kept *kept = d->kept.list;
	int r = 0;

	for (size_t i = 0; i < d->kept.n && r == 0; i++)
		if (kept[i].message && kept[i].message->kind == MESSAGE_DECIDE)
			r = note(f, kept[i].message);
	for (size_t i = 0; i < j->n_named && r == 0; i++) {
		struct message *want = arena_calloc(&d->arena, 1, sizeof(*want));

		r = want ? message_parse(text_span(j->named[i].said), &d->arena, want) : -ENOMEM;
		if (r == 0)
			r = note(f, want);
	}
	return r > 0 ? -EBADMSG : r;
}
