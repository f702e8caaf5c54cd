/* SPDX-License-Identifier: MIT */
#include "store/entry_match.h"

#include "codec/message_json.h"
#include "store/entry_fields.h"
#include "store/log_origin.h"

int entry_match_init(
	struct entry_match *m, const struct identity *identity, scrub_knows_fn *knows, void *user)
{
	*m = (struct entry_match){.identity = identity, .knows = knows, .user = user};
	arena_init(&m->arena);
	field_table_init(&m->fields);
	if (packer_new(&m->packer) < 0 || scrubber_new(identity, knows, user, &m->scrubber) < 0)
		return -ENOMEM;
	return event_decoder_new(&m->fields, identity, &m->decoder);
}

void entry_match_release(struct entry_match *m)
{
	event_decoder_free(m->decoder);
	scrubber_free(m->scrubber);
	packer_free(m->packer);
	arena_release(&m->arena);
}

/* ---- whose ------------------------------------------------------------------------------- */

static int ask(const struct entry_match *m, struct span key, bool *known)
{
	return key.len > 0 && !*known ? m->knows(m->user, key, known) : 0;
}

/* M is about one of them. */
static int names_one(const struct entry_match *m, const struct message *message, bool *ret)
{
	const struct span keys[] = {
		message->to, message->of, message->other, message->name, message->via};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && r == 0; i++)
		r = ask(m, keys[i], ret);
	for (size_t i = 0; i < message->n_path && r == 0; i++)
		r = ask(m, message->path[i].key, ret);
	return r;
}

/* All fields. */
static int judge_text(struct entry_match *m, const struct archive_field *fields, size_t n,
	enum theirs *ret_theirs)
{
	for (size_t i = 0; i < n && *ret_theirs == THEIRS_NOT; i++) {
		int r = scrub_finds(m->scrubber, fields[i].value);

		if (r < 0)
			return r;
		*ret_theirs = r == 0 ? THEIRS_EVENT : THEIRS_NOT;
	}
	return 0;
}

int entry_read_event(struct entry_match *m, const struct archive_field *fields, size_t n,
	struct event *ret_event)
{
	struct event_fault fault;
	struct event_origin origin;
	struct log_meta meta;

	if (log_meta_parse(entry_field(fields, n, "m"), &meta) != 0)
		return 1;
	origin = log_origin(&meta, (struct log_id){1, 0});
	/* Rather too much is found than too little. */
	origin.no_traits = false;
	return event_decode(
		m->decoder, entry_field(fields, n, "e"), &origin, &m->arena, ret_event, &fault);
}

static int judge_event(struct entry_match *m, const struct archive_field *fields, size_t n,
	enum theirs *ret_theirs)
{
	struct event ev;
	bool known = false;
	int r = entry_field(fields, n, "e").len > 0 ? entry_read_event(m, fields, n, &ev) : 1;

	if (r > 0)
		return judge_text(m, fields, n, ret_theirs);
	if (r == 0)
		r = ask(m, ev.customer, &known);
	*ret_theirs = known ? THEIRS_EVENT : THEIRS_NOT;
	return r;
}

int entry_whose(struct entry_match *m, const struct archive_field *fields, size_t n,
	enum theirs *ret_theirs)
{
	struct span head = entry_field(fields, n, "x");
	struct message *message;
	bool known = false;
	int r = 1;

	*ret_theirs = THEIRS_NOT;
	arena_reset(&m->arena);
	if (entry_field(fields, n, "w").len > 0 && entry_field(fields, n, "e").len == 0)
		return 0; /* a watermark */
	if (head.len > 0) {
		message = arena_calloc(&m->arena, 1, sizeof(*message));
		r = message ? message_parse(head, &m->arena, message) : -ENOMEM;
	}
	if (r > 0)
		return judge_event(m, fields, n, ret_theirs);
	if (r == 0)
		r = names_one(m, message, &known);
	*ret_theirs = known ? THEIRS_MESSAGE : THEIRS_NOT;
	return r;
}
