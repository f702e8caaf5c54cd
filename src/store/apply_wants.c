/* SPDX-License-Identifier: MIT */
/*
 * Who has room at a customer who may have no more than so many. The limit goes by the order in
 * which events were received, and what came by another name of the customer, or is still at
 * somebody who is about to become a part of them, arrives late. So an identifier of which it is in
 * doubt whether there is room (link_claims) waits in the customer's own queue (apply_claims.c) as a
 * WANT, at the place of its event: until all claims before it are judged, and all names that the
 * customer had by then have said what they had to say. Then it counts what was theirs by then, and
 * nothing that came later. Who becomes a link says what waits there to whom it leads to.
 *
 * That its turn has come is said to the customer's own log first (DECIDE), and it is judged where
 * that stands: whoever folds the log again knows from it what waited, and until when. The queue
 * stands still until it is heard, which it is once, like any message. Who has become a link by then
 * has said what waited to whom it leads to, where it waits anew, and heeds it no more.
 *
 * Whoever is asked whether they will claim something may have it among their wants, or what leads
 * there; so the question waits in the same queue, behind all wants that are not of later events.
 *
 * That nobody waits for each other for ever: let each wait stand for the event that it is about, in
 * the order in which events were received. In a queue one waits only for what is not later. A
 * claim, or a want, waits for the names which the customer had before its event, so for claims of
 * strictly earlier ones (what is asked says up to when, and nobody holds it for what is not
 * earlier). Who was named and has not been heard is waited for by way of what they want, which is
 * of the same event, or of an earlier one. So along any chain events do not get later; they are the
 * same only from a key to whoever was named beside it, and there it ends: a want waits for nobody
 * by its own event. Within one millisecond it goes by whose event it is (apply_order.c). That is
 * not shown of what came by way of a link made in that very millisecond, which has the place of the
 * link: of this it is known only from random stories.
 */
#include "apply_impl.h"

#include "codec/message_json.h"
#include "core/link_rules.h"

bool applier_is_own(const struct journey *j, const struct customer_naming *naming)
{
	return span_equal(text_span(naming->via), text_span(j->customer));
}

/* ---- the decision ------------------------------------------------------------------------ */

/* W's customer claims what is wanted, or refuses it. */
static int decide(struct applier *a, const struct work *w, const struct message *want)
{
	const struct input heard = {.kind = INPUT_TICK};
	struct journey *j = w->cached->record.journey;
	int r;

	effects_reset(&a->effects);
	r = link_wanted(applier_identity(a), j, want,
		int64_max((int64_t)w->entry.id.ms, j->received_at), &a->effects);
	if (r == 0)
		r = applier_touch(a, w->cached);
	return r < 0 ? r : applier_stepped(a, w, &heard);
}

int applier_decide_first(struct applier *a, struct cached *c, struct message *said)
{
	struct journey *j = c->record.journey;

	if (said->kind == MESSAGE_ASK) {
		journey_remove_naming(j, 0);
		return applier_reply(a, c, said);
	}
	j->named[0].asked = true;
	said->kind = MESSAGE_DECIDE;
	return applier_say(a, said, NULL);
}

/* Do both stand for one identifier of one event? */
static bool is_same(const struct message *a, const struct message *b)
{
	return span_equal(a->of, b->of) && span_equal(a->other, b->other) &&
	       span_equal(a->name, b->name) && a->rights == b->rights &&
	       a->linked_at == b->linked_at && a->said_at == b->said_at;
}

/* The place of WANT in J's queue; n_named: none. 0 or -ENOMEM. */
static int find_want(struct applier *a, const struct journey *j, const struct message *want,
	bool (*same)(const struct message *one, const struct message *want), size_t *ret_at)
{
	struct message *other = arena_calloc(&a->arena, 1, sizeof(*other));
	int r = other ? 0 : -ENOMEM;
	size_t at = 0;

	for (; at < j->n_named && r == 0; at++) {
		if (!applier_is_own(j, &j->named[at]) ||
			!span_equal(text_span(j->named[at].name), want->of))
			continue;
		r = applier_read_said(a, &j->named[at], other);
		if (r == 0 && other->kind == MESSAGE_WANT && same(other, want))
			break;
	}
	*ret_at = at;
	return r;
}

int applier_decided(struct applier *a, const struct work *w)
{
	struct cached *c = w->cached;
	struct journey *j = c->record.journey;
	size_t at;
	int r = find_want(a, j, w->message, is_same, &at);

	if (r == 0 && at < j->n_named) {
		int64_t place_at = j->named[at].place_at;
		uint32_t n_asked = j->named[at].n_asked;

		journey_remove_naming(j, at);
		/* Who was named in one event needs no more questions. */
		if (at < j->n_named && applier_is_own(j, &j->named[at]) &&
			j->named[at].place_at == place_at)
			j->named[at].n_asked = n_asked;
		r = decide(a, w, w->message);
	}
	return r < 0 || a->options.no_links ? r : applier_settle_claims(a, c);
}

/* ---- the queue --------------------------------------------------------------------------- */

/* M, at PLACE_AT, in C's own queue. 0, -ENOMEM, or 1 if there is no room. */
static int queue(struct applier *a, struct cached *c, struct message *m, int64_t place_at)
{
	_cleanup_(buf_release) struct buf said = BUF_INIT;
	struct journey *j = c->record.journey;
	struct customer_naming *naming;
	int r;

	m->from = a->options.partition;
	m->seq = 1;
	m->to = c->customer;
	m->n_path = 0;
	message_json(m, &said);
	if (buf_failed(&said) < 0)
		return -ENOMEM;
	naming = said.len > NAMING_SAID_MAX ? NULL : journey_add_naming(j, m->of, place_at);
	if (!naming)
		return said.len > NAMING_SAID_MAX || errno == ENOSPC ? 1 : -ENOMEM;
	if (text_set(&naming->said, buf_span(&said)) < 0 || text_set(&naming->via, c->customer) < 0)
		return -ENOMEM;
	r = m->kind == MESSAGE_WANT
		    ? applier_sort_naming(a, c, &naming, applier_subject(m, c->customer))
		    : 0;
	return r < 0 ? r : applier_touch(a, c);
}

/* Was it said before that the same name wants it? */
static bool is_said(const struct message *one, const struct message *want)
{
	return span_equal(one->other, want->other) && span_equal(one->name, want->name) &&
	       one->linked_at <= want->linked_at && one->said_at <= want->said_at;
}

static int is_wanted(
	struct applier *a, const struct journey *j, const struct message *want, bool *ret_is)
{
	size_t at;
	int r = find_want(a, j, want, is_said, &at);

	*ret_is = r == 0 && at < j->n_named;
	return r;
}

/* Where a log is folded again: did it wait? */
static bool has_waited(const struct applier *a, const struct message *want)
{
	for (size_t i = 0; i < a->options.n_waited; i++)
		if (is_same(a->options.waited[i], want))
			return true;
	return false;
}

/* At its place, or at once if there is no room. */
static int add_want(struct applier *a, const struct work *w, struct message *want)
{
	bool is;
	int r = is_wanted(a, w->cached->record.journey, want, &is);

	if (r < 0 || is)
		return r;
	r = a->options.no_links && !has_waited(a, want)
		    ? 1
		    : queue(a, w->cached, want, want->linked_at);
	return r > 0 ? decide(a, w, want) : r;
}

static struct message want_of(const struct work *w, struct span key)
{
	return (struct message){.kind = MESSAGE_WANT,
		.of = key,
		.other = w->event.named,
		.name = w->event.subject,
		.rights = w->event.link_rights,
		.linked_at = w->event.logged_at,
		.said_at = w->event.occurred_at};
}

struct folding {
	struct applier *a;
	const struct work *w;
};

static int waited(void *user, struct span key, bool may_be)
{
	const struct folding *f = user;
	struct message want = want_of(f->w, key);
	bool is = has_waited(f->a, &want);
	int r = is || !may_be ? 0 : is_wanted(f->a, f->w->cached->record.journey, &want, &is);

	return r < 0 ? r : is;
}

int applier_find_claims(struct applier *a, const struct work *w, struct link_wants *wants,
	struct span *ret_stronger)
{
	struct folding folding = {a, w};
	int r;

	wants->waited = a->options.no_links ? waited : NULL;
	wants->user = &folding;
	r = link_claims(applier_identity(a), w->cached->record.journey, &w->event, &a->effects,
		wants, ret_stronger);
	wants->user = NULL;
	return r;
}

int applier_want_all(struct applier *a, const struct work *w, const struct link_wants *wants)
{
	int r = 0;

	for (size_t i = 0; i < wants->n && r == 0; i++) {
		struct message want = want_of(w, wants->keys[i]);

		r = add_want(a, w, &want);
	}
	return r < 0 || a->options.no_links ? r : applier_settle_claims(a, w->cached);
}

int applier_wanted(struct applier *a, const struct work *w)
{
	struct message want = *w->message;
	int r;

	if (w->cached->record.journey->n_events == 0)
		return 0;
	/* Said to a side of theirs, it is of the side itself. */
	if (span_equal(want.other, want.to))
		want.other = SPAN_EMPTY;
	if (span_equal(want.name, want.to))
		want.name = SPAN_EMPTY;
	r = add_want(a, w, &want);
	return r < 0 || a->options.no_links ? r : applier_settle_claims(a, w->cached);
}

int applier_send_wants(
	struct applier *a, const struct cached *c, const struct waiting *list, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct message m = list[i].claim;

		if (!list[i].heard || m.kind == MESSAGE_CLAIM)
			continue;
		m.to = c->link->to;
		if (m.kind == MESSAGE_WANT && m.other.len == 0)
			m.other = c->customer;
		if (m.kind == MESSAGE_WANT && m.name.len == 0)
			m.name = c->customer;
		message_pass_at(&m, c->customer, c->link->linked_at, a->place);
		r = applier_say(a, &m, NULL);
	}
	return r;
}

int64_t applier_asked_until(const struct message *asked)
{
	if (asked->said_at > 0)
		return asked->said_at - 1;
	return asked->linked_at > 0 ? asked->linked_at : INT64_MAX;
}

/* May what C wants have to do with what is ASKED? */
static int is_behind(
	struct applier *a, const struct cached *c, const struct message *asked, bool *ret_is)
{
	const struct journey *j = c->record.journey;
	bool later = true;
	int r = 0;

	*ret_is = false;
	/* Who is asked as a name has nothing to say but to who asks, and nobody waits for himself.
	 */
	if (asked->said_at > 0 || span_equal(asked->of, c->customer))
		return 0;
	for (size_t i = 0; i < j->n_named && later && r == 0; i++)
		if (applier_is_own(j, &j->named[i]))
			r = applier_is_later(
				a, c, &j->named[i], asked->linked_at, asked->other, &later);
	*ret_is = !later;
	return r;
}

int applier_hold(struct applier *a, const struct work *w, bool *ret_held)
{
	struct message asked = *w->message;
	bool behind;
	int r;

	*ret_held = false;
	if (a->options.no_links || w->cached->link || asked.linked_at == 0)
		return 0;
	r = is_behind(a, w->cached, &asked, &behind);
	if (r < 0 || !behind)
		return r;
	r = queue(a, w->cached, &asked, asked.linked_at);
	*ret_held = r == 0;
	return r < 0 ? r : 0;
}

int applier_hold_behind(struct applier *a, const struct work *w, struct customer_naming *claim)
{
	struct message asked = *w->message;
	int r = applier_asked_until(&asked) < INT64_MAX
			? queue(a, w->cached, &asked, claim->place_at)
			: 1;

	if (r <= 0)
		return r;
	claim->n_wanted++;
	return applier_touch(a, w->cached);
}

/* ---- a customer without another ---------------------------------------------------------- */

/* Does J have what FROM's NAMING, of their own, says? Questions are nobody's wish. */
static bool is_wished(const struct journey *j, const struct customer_naming *naming)
{
	bool wants = false;

	for (size_t i = 0; i < j->n_named && !wants; i++)
		wants = span_equal(text_span(j->named[i].said), text_span(naming->said));
	return wants;
}

int applier_take_waiting(struct journey *j, struct journey *from)
{
	for (size_t i = from ? from->n_named : 0; i-- > 0;)
		if (applier_is_own(from, &from->named[i]) &&
			message_is_want(text_span(from->named[i].said)) &&
			!is_wished(j, &from->named[i]))
			journey_remove_naming(from, i);
	return journey_take_namings(j, from);
}
