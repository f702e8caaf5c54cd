/* SPDX-License-Identifier: MIT */
/*
 * Forgetting somebody. First every partition is told their names (SUPPRESS), so that from then on
 * no event of theirs makes them anew; then each key of theirs is emptied by its owner (ERASE), who
 * passes the word on to the keys that it knows to lead there. What was on its way meanwhile comes
 * to a key that is known to be erased, and the answer to it is the same word. Whoever walks through
 * the logs afterwards is store/eraser.h.
 *
 * These words are batches of their own: what was decoded with the names of before is not applied
 * with those of after, and nothing of a commit is about somebody who is not there any more. But the
 * keys of one customer may be ten thousand, with a word or two for each, and events of others stand
 * behind them in the log: so ERASE words that follow one another are one batch, for each only
 * empties its own key and says words. No more than ERASES_MAX, nor when WORDS_MAX were said: a link
 * has as many names as the customer had that it was. So a commit is short.
 */
#include "apply_impl.h"

#include "codec/event_redact.h"

#define ERASES_MAX 64
#define WORDS_MAX  256

bool applier_is_alone(const struct work *w)
{
	return w->message &&
	       (w->message->kind == MESSAGE_ERASE || w->message->kind == MESSAGE_SUPPRESS ||
		       w->message->kind == MESSAGE_LIFT || w->message->kind == MESSAGE_SCRUB);
}

bool applier_goes_with(const struct applier *a, size_t i)
{
	const struct work *w = a->work.items;
	const struct message *m = w[i].message, *before = w[i - 1].message;

	if (!applier_is_alone(&w[i]) && !applier_is_alone(&w[i - 1]))
		return true;
	return i < ERASES_MAX && a->messages.n < WORDS_MAX && m && before &&
	       m->kind == MESSAGE_ERASE && before->kind == MESSAGE_ERASE;
}

/* ---- names ------------------------------------------------------------------------------ */

int applier_drop(struct applier *a, const struct work *w)
{
	struct log_id *id = list_add(&a->drops);

	if (!id)
		return -ENOMEM;
	*id = w->entry.id;
	return 0;
}

int applier_gone_names(struct applier *a, const struct work *w)
{
	bool lift = w->message->kind == MESSAGE_LIFT;
	struct span names = w->entry.record;

	if (!lift) {
		a->gone_salt = w->message->salt;
		gone_set_salt(&a->gone, w->message->salt);
	}
	for (; names.len >= GONE_NAME_BYTES;
		names = span_of(names.ptr + GONE_NAME_BYTES, names.len - GONE_NAME_BYTES)) {
		struct commit_gone *gone = list_add(&a->gones);

		if (!gone)
			return -ENOMEM;
		memcpy(gone->name, names.ptr, GONE_NAME_BYTES);
		gone->by = lift ? SPAN_EMPTY : w->message->reason;
		gone->at = (int64_t)w->entry.id.ms;
		if (gone_take(&a->gone, gone) < 0)
			return -ENOMEM;
	}
	return applier_drop(a, w);
}

int applier_remember_gone(
	struct applier *a, const struct commit_gone *gones, size_t n, struct span salt)
{
	gone_set_salt(&a->gone, salt);
	for (size_t i = 0; i < n; i++)
		if (gone_take(&a->gone, &gones[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* ---- events of others ------------------------------------------------------------------- */

/* SPAN without what is of IDS, in the batch's arena. 0 or -ENOMEM. */
static int redact(struct applier *a, const struct event_id *ids, size_t n, struct span *span)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	int r;

	if (span->len == 0)
		return 0;
	r = event_redact(applier_identity(a), *span, ids, n, &a->arena, &out);
	if (r < 0)
		return r;
	*span = arena_copy(&a->arena, buf_span(&out));
	return span->ptr ? 0 : -ENOMEM;
}

int applier_redact(struct applier *a, struct work *w, struct span *context, bool *ret_changed)
{
	struct event_id *theirs;
	size_t n = 0;
	int r = 0;

	*ret_changed = false;
	if (a->gone.live == 0 || w->event.n_ids == 0)
		return 0;
	theirs = arena_calloc(&a->arena, w->event.n_ids, sizeof(*theirs));
	if (!theirs)
		return -ENOMEM;
	for (size_t i = 0; i < w->event.n_ids && r == 0; i++) {
		bool gone;

		r = gone_knows(&a->gone, w->event.ids[i].key, &gone, NULL);
		if (r == 0 && gone)
			theirs[n++] = w->event.ids[i];
	}
	if (r < 0 || n == 0)
		return r;
	*ret_changed = true;
	r = redact(a, theirs, n, &w->entry.event);
	return r < 0 ? r : redact(a, theirs, n, context);
}

/* ---- keys ------------------------------------------------------------------------------- */

static int say_erase(struct applier *a, struct span to, struct span of, struct span by)
{
	struct message m = {.kind = MESSAGE_ERASE, .to = to, .of = of, .reason = by};

	return applier_say(a, &m, NULL);
}

/* To who made the CLAIM of KEY. */
static int refuse_erased(struct applier *a, struct span key, const struct message *claim)
{
	struct message m = {.kind = MESSAGE_REFUSED,
		.to = claim->of,
		.of = key,
		.rights = claim->rights,
		.linked_at = claim->linked_at,
		.said_at = claim->said_at,
		.reason = SPAN_LIT("erased")};

	return applier_say(a, &m, NULL);
}

/* To all that J knows to lead to KEY. */
static int say_to_kin(struct applier *a, const struct journey *j, struct span key, struct span by)
{
	int r = 0;

	for (size_t i = 0; i < j->n_ids && r == 0; i++)
		if (j->ids[i].state != ID_REFUSED)
			r = say_erase(a, text_span(j->ids[i].key), key, by);
	for (size_t i = 0; i < j->n_parts && r == 0; i++)
		if (!journey_id(j, text_span(j->parts[i].key)))
			r = say_erase(a, text_span(j->parts[i].key), key, by);
	return r;
}

static int say_to_frozen_kin(struct applier *a, const struct cached *c, struct span by)
{
	_cleanup_(record_release) struct record frozen = RECORD_INIT;
	int r = c->link->frozen.len ? record_decode(c->link->frozen, &frozen) : RECORD_CORRUPT;

	/* What cannot be read knows nobody. */
	return r != 0 ? (r < 0 ? r : 0) : say_to_kin(a, frozen.journey, c->customer, by);
}

/* Whoever waits for C hears that there is nothing to wait for. */
static int refuse_waiting(struct applier *a, const struct cached *c)
{
	struct waiting *list;
	size_t n = 0;
	int r = c->link ? 0 : applier_waiting(a, c, &list, &n);

	for (size_t i = 0; i < n && r == 0; i++) {
		if (list[i].heard && list[i].claim.kind == MESSAGE_CLAIM)
			r = refuse_erased(a, c->customer, &list[i].claim);
		if (list[i].heard && list[i].claim.kind == MESSAGE_ASK)
			r = applier_reply(a, c, &list[i].claim);
		if (r == 0)
			r = applier_answer(a, c, list[i].claim.of, list[i].n_wanted);
	}
	return r;
}

/* Nothing of C stays. 0 or -ENOMEM. */
static int empty(struct applier *a, struct cached *c, struct span by)
{
	struct commit_erased *erased = list_add(&a->erased);
	struct commit_hold *hold;
	int r = 0;

	if (!erased)
		return -ENOMEM;
	*erased = (struct commit_erased){c->customer, by, c->link != NULL};
	a->commit.counters[COUNTER_ERASED]++;
	if (!c->link) {
		hold = list_add(&a->holds);
		if (!hold)
			return -ENOMEM;
		*hold = (struct commit_hold){c->customer, MARK_RULES, TIME_NEVER};
		r = applier_remove_holds(a, c);
	}
	if (r == 0)
		r = refuse_waiting(a, c);
	if (r < 0)
		return r;
	r = applier_unfollow(a, c);
	if (r < 0)
		return r;
	r = applier_finish_terms(a, c, false);
	if (r < 0)
		return r;
	record_release(&c->record);
	cached_unlink(c);
	c->due_dirty = false;
	return record_init(&c->record, c->customer);
}

/* C leads elsewhere than who is erased says. If that is so because they lead there too, C hears of
 * it from whom it leads to, once that one is told that it does. */
static int ask_again(struct applier *a, const struct cached *c)
{
	struct message m = {.kind = MESSAGE_LINKED,
		.to = c->link->to,
		.of = c->customer,
		.linked_at = c->link->linked_at,
		.said_at = c->link->said_at};

	return applier_say(a, &m, NULL);
}

static int erase_link(struct applier *a, const struct work *w)
{
	const struct message *m = w->message;
	struct cached *c = w->cached;
	int r;

	if (span_equal(m->of, m->to))
		return say_erase(a, c->link->to, c->link->to, m->reason);
	if (!span_equal(c->link->to, m->of))
		return ask_again(a, c);
	r = say_to_frozen_kin(a, c, m->reason);
	return r < 0 ? r : empty(a, c, m->reason);
}

static int erase_customer(struct applier *a, const struct work *w)
{
	const struct message *m = w->message;
	bool gone = true;
	int r = 0;

	/* A customer of their own, who never became, or is no longer, one with who is erased. But
	 * whoever was when it was asked for is kept out by now, and goes. */
	if (!span_equal(m->of, m->to) && w->cached->record.journey->n_events > 0)
		r = applier_is_gone(a, w, &gone);
	if (r < 0 || !gone)
		return r;
	r = say_to_kin(a, w->cached->record.journey, w->cached->customer, m->reason);
	return r < 0 ? r : empty(a, w->cached, m->reason);
}

int applier_erase(struct applier *a, const struct work *w)
{
	int r = w->cached->link ? erase_link(a, w) : erase_customer(a, w);

	a->commit.stale = true; /* it says who */
	return r < 0 ? r : applier_drop(a, w);
}

/* ---- what comes too late ---------------------------------------------------------------- */

int applier_is_gone(struct applier *a, const struct work *w, bool *ret_gone)
{
	return gone_knows(&a->gone, w->customer, ret_gone, NULL);
}

/* Who passed M on leads here, and is erased too. */
static int say_to_path(struct applier *a, const struct work *w, struct span by)
{
	const struct message *m = w->message;
	int r = 0;

	for (size_t i = 0; i < m->n_path && r == 0; i++)
		r = say_erase(
			a, m->path[i].key, i + 1 < m->n_path ? m->path[i + 1].key : m->to, by);
	return r;
}

int applier_turn_away(struct applier *a, const struct work *w)
{
	const struct message *m = w->message;
	struct span by;
	bool gone;
	int r = gone_knows(&a->gone, w->customer, &gone, &by);

	a->commit.stale = true;
	if (r == 0 && (!m || m->kind == MESSAGE_FORWARD))
		a->commit.counters[COUNTER_KEPT_OUT]++;
	if (r == 0 && m && (m->kind == MESSAGE_FORWARD || m->kind == MESSAGE_MERGE))
		r = say_to_path(a, w, by);
	if (r == 0 && m && m->kind == MESSAGE_LINKED)
		r = say_erase(a, m->of, w->customer, by);
	if (r == 0 && m && m->kind == MESSAGE_CLAIM)
		r = refuse_erased(a, w->customer, m);
	if (r == 0 && m && m->kind == MESSAGE_ASK)
		r = applier_asked(a, w);
	return r < 0 ? r : applier_drop(a, w);
}

void applier_finish_erased(struct applier *a)
{
	struct commit *c = &a->commit;

	c->erased = a->erased.items;
	c->n_erased = a->erased.n;
	c->gones = a->gones.items;
	c->n_gones = a->gones.n;
	c->gone_salt = a->gone_salt;
	c->drops = a->drops.items;
	c->n_drops = a->drops.n;
}
