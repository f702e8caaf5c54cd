/* SPDX-License-Identifier: MIT */
/*
 * Messages in and out. One that comes may come again, for a courier who did not hear the answer
 * brings it once more; those of one partition come in order, so that all that is not later than the
 * latest heard was heard. One that goes is part of the commit that said it.
 */
#include "apply_impl.h"

#include "codec/message_json.h"

void applier_heard(struct applier *a, uint32_t from, uint64_t seq)
{
	a->heard[from] = seq;
}

/* ---- in --------------------------------------------------------------------------------- */

/* It happened when it happened; only its place in this log is new. */
static int decode_event(struct applier *a, struct work *w, const struct message *m)
{
	int r = applier_decode(a, w, m->at);

	if (r < 0 || w->kind == WORK_BAD)
		return r;
	w->kind = WORK_MESSAGE;
	w->event.id = w->entry.id;
	w->event.received_at = (int64_t)w->entry.id.ms;
	if (m->kind != MESSAGE_FORWARD)
		return 0;
	if (!span_equal(w->event.customer, m->to))
		w->event.named = w->event.customer;
	w->event.customer = m->to;
	w->event.subject = message_subject(m);
	if (span_equal(w->event.subject, m->to))
		w->event.subject = SPAN_EMPTY;
	return applier_give_turn(a, w, m->place);
}

/* Messages whose event is in their entry. */
static bool has_event(enum message_kind kind)
{
	return kind == MESSAGE_FORWARD || kind == MESSAGE_NEWS || kind == MESSAGE_LINE;
}

/* Those that are about no customer of the partition. */
static bool is_to_nobody(enum message_kind kind)
{
	return kind == MESSAGE_RETRACT || kind == MESSAGE_NEWS || kind == MESSAGE_LINE ||
	       kind == MESSAGE_ASKED;
}

int applier_decode_message(struct applier *a, struct work *w)
{
	struct message *m = arena_calloc(&a->arena, 1, sizeof(*m));
	int r = m ? message_parse(w->entry.message, &a->arena, m) : -ENOMEM;

	w->kind = WORK_BAD;
	w->code = "bad_message";
	w->words = "what another partition said cannot be read";
	if (r < 0)
		return r;
	if (r > 0 || m->from > MESSAGE_FROM_STAFF) {
		/* Quarantine keeps events; of this its head is what can be looked at. */
		if (w->entry.event.len == 0)
			w->entry.event = w->entry.message;
		return 0;
	}
	w->kind = WORK_MESSAGE;
	w->message = m;
	r = has_event(m->kind) ? decode_event(a, w, m) : 0;
	if (w->kind == WORK_MESSAGE)
		w->customer = is_to_nobody(m->kind) ? SPAN_EMPTY : m->to;
	return r == 0 && w->kind == WORK_MESSAGE ? applier_name_stand_in(a, w) : r;
}

static int retract(struct applier *a, const struct message *m)
{
	struct commit_retract *retract = list_add(&a->retracts);

	if (!retract)
		return -ENOMEM;
	*retract = (struct commit_retract){m->job, m->reason, m->by, m->by_at, m->late};
	return 0;
}

int applier_message(struct applier *a, const struct work *w)
{
	const struct message *m = w->message;

	if (m->from != MESSAGE_FROM_STAFF && m->seq <= a->heard[m->from]) {
		a->commit.counters[COUNTER_REDELIVERED]++;
		return 0;
	}
	if (m->from != MESSAGE_FROM_STAFF)
		a->heard[m->from] = m->seq;
	if (m->kind == MESSAGE_RETRACT)
		return retract(a, m);
	if (m->kind == MESSAGE_ASKED)
		return applier_wait_in_line(a, m);
	if (m->kind == MESSAGE_LINE)
		return applier_spread_line(a, w);
	if (m->kind == MESSAGE_SUPPRESS || m->kind == MESSAGE_LIFT)
		return applier_gone_names(a, w);
	if (m->kind == MESSAGE_NEWS)
		return applier_pass_news(a, &w->event);
	return applier_node(a, w);
}

/* ---- out -------------------------------------------------------------------------------- */

int applier_say_to(
	struct applier *a, uint32_t partition, struct message *m, const struct cargo *cargo)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	struct commit_message *said = list_add(&a->messages);

	if (!said)
		return -ENOMEM;
	m->from = a->options.partition;
	m->seq = ++a->to.out;
	message_json(m, &head);
	said->to = partition;
	said->head = arena_copy(&a->arena, buf_span(&head));
	if (cargo) {
		said->event = cargo->event;
		said->meta = cargo->meta;
		said->record = cargo->record;
	}
	return buf_failed(&head) < 0 || !said->head.ptr ? -ENOMEM : 0;
}

int applier_say(struct applier *a, struct message *m, const struct cargo *cargo)
{
	uint32_t n = a->options.partitions;

	return applier_say_to(a, n > 0 ? partition_of(m->to, n) : 0, m, cargo);
}

static int finish_heard(struct applier *a, uint32_t from)
{
	struct commit_heard *heard = list_add(&a->hearings);

	if (!heard)
		return -ENOMEM;
	*heard = (struct commit_heard){from, a->heard[from]};
	return 0;
}

/* Each partition that was heard in this batch once. */
static int finish_hearings(struct applier *a)
{
	const struct work *work = a->work.items;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->work.n; i++) {
		const struct commit_heard *list = a->hearings.items;
		bool there = false;

		if (work[i].kind != WORK_MESSAGE || work[i].message->from == MESSAGE_FROM_STAFF)
			continue;
		for (size_t k = 0; k < a->hearings.n; k++)
			there = there || list[k].from == work[i].message->from;
		if (!there)
			r = finish_heard(a, work[i].message->from);
	}
	return r;
}

int applier_finish_messages(struct applier *a)
{
	int r = finish_hearings(a);

	a->commit.messages = a->messages.items;
	a->commit.n_messages = a->messages.n;
	a->commit.ids = a->ids.items;
	a->commit.n_ids = a->ids.n;
	a->commit.snapshots = a->snapshots.items;
	a->commit.n_snapshots = a->snapshots.n;
	a->commit.mends = a->mends.items;
	a->commit.n_mends = a->mends.n;
	a->commit.parts = a->parts.items;
	a->commit.n_parts = a->parts.n;
	a->commit.heard = a->hearings.items;
	a->commit.n_heard = a->hearings.n;
	return r;
}
