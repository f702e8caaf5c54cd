/* SPDX-License-Identifier: MIT */
#include "deliver.h"

#include "codec/envelope_ids.h"
#include "core/link_rules.h"
#include "store/keys.h"

#include "admit.h"
#include "journal_pairs.h"
#include "robot.h"

/* What an entry costs on its way beside its bytes: RESP, the client's books. */
#define ENTRY_COST ((size_t)200)

static void count_refused(struct tally *tally, const struct envelope *e)
{
	for (size_t i = 0; i < e->n_items; i++)
		if (e->items[i].fault.code != ENVELOPE_ACCEPTED)
			tally->refused[e->items[i].fault.code]++;
}

/* ---- the meta ------------------------------------------------------------------------------ */

/*
 * Writes the meta that all entries of the request share. A batch's context is repeated in each of
 * its entries, so a small body could become a large one: together they may not be larger than the
 * largest body.
 */
static int write_meta(struct call *c, const struct delivery *d)
{
	struct intake *in = c->in;
	const struct envelope *e = d->envelope;
	size_t max = in->limits.body_server;
	struct log_meta meta = {
		.source = span_str(c->key->name),
		.channel = c->key->channel,
		.has_type = d->single,
		.type = d->single ? d->type : EVENT_TRACK,
		.machine = write_key_is_page(c->key) &&
			   is_robot(http_request_header(c->request, "user-agent")),
		.no_traits = !(c->key->rights & WRITE_KEY_TRAITS),
		.link_rights = write_key_link_rights(c->key),
		.recv_at = c->recv_at,
		.sent_at = e->sent_at,
		.context = e->context,
	};

	if (meta.context.len > in->limits.items.item_bytes || meta.context.len * e->n_items > max) {
		char message[160];

		(void)snprintf(message, sizeof(message),
			"The context of a batch may have at most %zu bytes, and %zu for all of its "
			"events together.",
			in->limits.items.item_bytes, max);
		return call_refuse(c, &(struct problem){413, "context_too_large", message,
					      "context", SPAN_EMPTY});
	}
	buf_reset(&in->meta);
	log_meta_add(&in->meta, &meta);
	return buf_failed(&in->meta) ? call_unavailable(c, "Out of memory.") : 0;
}

/* ---- into the log -------------------------------------------------------------------------- */

static void answer_submission(struct submission *s, bool kept)
{
	struct tally *tally = s->user;
	const struct verdict verdict = {
		s->n_accepted, s->n_refused, buf_span(&s->errors), s->status};

	if (kept) {
		tally->accepted += s->n_accepted;
		s->style->verdict(tally, s->request, &verdict);
	} else {
		tally->deferred += s->n_accepted;
		answer_unavailable(s->style, tally, s->request,
			"The log could not take all events; send them again.");
	}
}

/* The events are kept, so the word that they were all there may follow. */
static void on_stored(struct submission *s, bool kept)
{
	struct submission *mark;

	if (!kept || s->mark.until == 0) {
		answer_submission(s, kept);
		return;
	}
	if (journal_begin(s->journal, s->request, ENTRY_COST * s->journal->n_streams, &mark) != 0) {
		answer_submission(s, false);
		return;
	}
	mark->user = s->user;
	mark->style = s->style;
	mark->status = s->status;
	mark->n_accepted = s->n_accepted;
	mark->n_refused = s->n_refused;
	buf_add_span(&mark->errors, buf_span(&s->errors));
	journal_add_mark(mark, &s->mark);
	journal_end(mark, answer_submission);
}

/* Was it said before whom this very item may link? */
static bool is_known(const struct call *c, const struct envelope_item *item)
{
	const char flags[] = {
		(char)write_key_link_rights(c->key), item->type == EVENT_ALIAS ? 'a' : 't'};
	const struct span parts[] = {item->user_id, item->anonymous_id, item->identifiers,
		item->previous_id, span_of(flags, sizeof(flags))};

	return !journal_pairs_add(c->in->journal->pairs, parts, ARRAY_SIZE(parts));
}

/* The keys that the item's customer may claim because of it. 0 or -ENOMEM. */
static int find_names(struct call *c, const struct envelope_item *item,
	struct span names[JOURNAL_NAMES_MAX], size_t *ret_n)
{
	unsigned rights = write_key_link_rights(c->key);
	/* These are not told by what stands beside them. */
	bool traits = item->type == EVENT_IDENTIFY && item->traits.len > 0 &&
		      rights & LINK_TRUSTED && c->key->rights & WRITE_KEY_TRAITS;
	const struct event_id *ids;
	size_t n, kept = 0;
	int r;

	*ret_n = 0;
	if (!envelope_has_ids(item, rights) || (!traits && is_known(c, item)))
		return 0;
	r = envelope_ids(c->in->identity, item, traits, &c->in->arena, &ids, &n);
	if (item->type != EVENT_ALIAS)
		rights &= ~(unsigned)LINK_EXPLICIT;
	for (size_t i = 0; r == 0 && i < n && kept < JOURNAL_NAMES_MAX; i++)
		if (link_may_claim(c->in->identity, rights, item->customer, ids[i].key))
			names[kept++] = ids[i].key;
	*ret_n = kept;
	return r;
}

static void add_item(struct call *c, const struct delivery *d, struct submission *s, size_t i)
{
	const struct envelope_item *item = &d->envelope->items[i];
	struct intake *in = c->in;
	struct span names[JOURNAL_NAMES_MAX];
	struct journal_entry entry = {.event = item->raw,
		.meta = buf_span(&in->meta),
		.customer = item->customer,
		.names = names};

	if (find_names(c, item, names, &entry.n_names) < 0) {
		s->failed = true;
		return;
	}
	if (d->originals)
		entry.original = d->originals[i];
	journal_add(s, partition_of(item->customer, in->journal->n_streams), &entry);
}

static void add_castoff(struct call *c, struct submission *s, const struct castoff *castoff)
{
	struct intake *in = c->in;
	const struct journal_castoff entry = {
		.bytes = castoff->bytes,
		.meta = buf_span(&in->meta),
		.reason = span_str(castoff->reason),
		.words = castoff->words,
		.hook = castoff->hook,
		.request = castoff->request,
		.kept = castoff->kept,
	};

	reasons_count(&in->reasons, REASONS_QUARANTINED, c->key->name, castoff->reason);
	/* Any partition will do; the bytes choose it, so that a repetition lies beside the first.
	 */
	journal_add_castoff(s, partition_of(castoff->bytes, in->journal->n_streams), &entry);
}

/* The sender of what was translated would not understand why, nor send it again. */
static void add_refused(struct call *c, struct submission *s, const struct envelope_item *item)
{
	const struct castoff castoff = {
		.bytes = item->raw,
		.reason = envelope_code_name(item->fault.code),
		.words = item->fault.words.ptr ? item->fault.words
					       : span_str(envelope_code_words(item->fault.code)),
	};

	add_castoff(c, s, &castoff);
}

static void add_all(struct call *c, const struct delivery *d, struct submission *s)
{
	const struct envelope *e = d->envelope;

	for (size_t i = 0; i < e->n_items; i++) {
		if (e->items[i].fault.code != ENVELOPE_ACCEPTED && d->originals)
			add_refused(c, s, &e->items[i]);
		else if (e->items[i].fault.code != ENVELOPE_ACCEPTED)
			answer_add_error(&s->errors, i, &e->items[i].fault, &c->in->limits.items);
		else if (!e->items[i].is_watermark)
			add_item(c, d, s, i);
	}
	for (size_t i = 0; i < d->n_castoffs; i++)
		add_castoff(c, s, &d->castoffs[i]);
}

/* What is held until the answer: the request, even if little of it is sent on, or what became of
 * it. */
static size_t size_of(const struct call *c, const struct delivery *d, size_t n)
{
	size_t request = http_request_size(c->request);
	size_t bytes = (request > c->body.len ? request : c->body.len) +
		       (n + d->n_castoffs) * (c->in->meta.len + ENTRY_COST);

	for (size_t i = 0; d->originals && i < d->envelope->n_items; i++)
		bytes += d->envelope->items[i].raw.len;
	for (size_t i = 0; i < d->n_castoffs; i++)
		bytes += d->castoffs[i].bytes.len + d->castoffs[i].request.len;
	return bytes;
}

static int submit(struct call *c, const struct delivery *d, size_t n_accepted)
{
	struct intake *in = c->in;
	struct submission *s;
	int r = journal_begin(in->journal, c->request, size_of(c, d, n_accepted), &s);

	if (r != 0) {
		in->tally->deferred += n_accepted;
		return call_unavailable(
			c, r < 0 ? "Out of memory." : "The log cannot take events now.");
	}
	s->user = in->tally;
	s->style = c->style;
	s->status = d->status;
	s->n_accepted = n_accepted;
	s->n_refused = d->envelope->n_refused;
	s->mark.until = d->complete_until;
	if (d->complete_until) {
		s->mark.recv_at = c->recv_at;
		memcpy(s->mark.source, c->key->name, sizeof(c->key->name));
		s->mark.channel = c->key->channel;
	}
	add_all(c, d, s);
	journal_end(s, on_stored);
	return CALL_ANSWERED;
}

void deliver(struct call *c, const struct delivery *d)
{
	struct envelope *e = d->envelope;
	size_t n_accepted;

	if (admit(c, e) < 0) {
		call_unavailable(c, "Out of memory.");
		return;
	}
	if (e->n_refused > 0)
		count_refused(c->in->tally, e);
	if (d->single && e->n_refused > 0) {
		answer_fault(c->style, c->in->tally, c->request, &e->items[0].fault,
			&c->in->limits.items);
		return;
	}
	n_accepted = e->n_items - e->n_refused - e->n_watermarks;
	if (call_rate(c, n_accepted + d->n_castoffs) == 0 && write_meta(c, d) == 0)
		submit(c, d, n_accepted);
}
