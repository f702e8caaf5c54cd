/* SPDX-License-Identifier: MIT */
/*
 * In which order claims of one key are judged. An event that names two identifiers lies in the
 * stronger one's log, and the claim of the other is said when that log is worked through: by a
 * worker that may be slow, or dead. So which claim comes first says nothing. But whoever put the
 * event into that log told the claimed key's log of it in the same write (NAMED), and these places
 * are the order in which the events were received, whatever becomes of any worker.
 *
 * A claim therefore waits while somebody who was named before has not been heard. Only then are
 * they asked (ASK). The event is before the question in their log, a link that it went along is
 * where the question goes too, and of what a partition says nothing arrives anywhere before all
 * that it said earlier has arrived (store/courier.h), a claim before the question that went on; so
 * with the answer it is certain that their claim is here, or that there is none: the event was a
 * repetition, could not be read, is over a limit, was of somebody erased. Where nothing is
 * contradictory nobody is asked, and a claim waits for nothing.
 *
 * A claim that nobody announced has the place where it comes itself: of staff; of who hears that a
 * key is another's; one that Redis refused to note, or took for known, as it does with one pair of
 * 130 million; and so has the wish of a key, by an event of its own, to be another's. Who hears
 * that a key is another's cannot be announced, for at the door it is not known what is whose. To
 * judge also these by when their event was received, whoever is claimed would have to hear from
 * each log of a key that is theirs, before every claim, that nothing earlier is to come.
 * What has no room waits elsewhere: it goes to the first one's log, behind the question, and comes
 * back behind the answer.
 */
#include "apply_impl.h"

#include "codec/message_json.h"

/* Three keys and who of the staff said it and why, each byte of them written as \u0000; and the
 * rest of it. */
_Static_assert(6 * (3 * CUSTOMER_MAX + 2 * MESSAGE_REASON_MAX) + 512 <= NAMING_SAID_MAX,
	"a claim that is kept is one that there can be");

static int read_claim(struct applier *a, const struct customer_naming *naming, struct message *ret)
{
	struct span said = arena_copy(&a->arena, text_span(naming->said));
	int r = said.ptr ? message_parse(said, &a->arena, ret) : -ENOMEM;

	return r > 0 ? -EINVAL : r;
}

int applier_waiting(
	struct applier *a, const struct cached *c, struct message **ret_claims, size_t *ret_n)
{
	const struct journey *j = c->record.journey;
	struct message *claims = NULL;
	size_t n = 0;
	int r = 0;

	if (j->n_named > 0) {
		claims = arena_calloc(&a->arena, j->n_named, sizeof(*claims));
		r = claims ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < j->n_named && r == 0; i++)
		if (j->named[i].said.len > 0)
			r = read_claim(a, &j->named[i], &claims[n++]);
	*ret_claims = claims;
	*ret_n = n;
	return r;
}

/* Whoever is first has not been heard: is anybody waiting for that? */
static int ask(struct applier *a, struct cached *c)
{
	struct journey *j = c->record.journey;
	struct message m = {.kind = MESSAGE_ASK, .of = c->customer};
	bool waits = false;

	for (size_t i = 1; i < j->n_named; i++)
		waits = waits || j->named[i].said.len > 0;
	if (!waits || j->named[0].asked)
		return 0;
	j->named[0].asked = true;
	m.to = m.other = arena_copy(&a->arena, text_span(j->named[0].name));
	return m.to.ptr ? applier_say(a, &m, NULL) : -ENOMEM;
}

/* Judges the claims whose turn it is. */
static int settle(struct applier *a, struct cached *c)
{
	int r = applier_touch(a, c);

	while (r == 0 && !c->link && c->record.journey->n_named > 0 &&
		c->record.journey->named[0].said.len > 0) {
		struct message *claim = arena_calloc(&a->arena, 1, sizeof(*claim));

		r = claim ? read_claim(a, &c->record.journey->named[0], claim) : -ENOMEM;
		journey_remove_naming(c->record.journey, 0);
		if (r == 0)
			r = applier_judge(a, c, claim);
	}
	return r < 0 || c->link || c->record.journey->n_named == 0 ? r : ask(a, c);
}

/* Of somebody who was erased since not even that they are waited for stays. */
static int forget_gone(struct applier *a, const struct work *w, struct span name, bool *ret_gone)
{
	int r = gone_knows(&a->gone, name, ret_gone, NULL);

	return r < 0 || !*ret_gone ? r : applier_drop(a, w);
}

int applier_named(struct applier *a, const struct work *w)
{
	struct cached *c = w->cached;
	bool gone;
	int r = forget_gone(a, w, w->message->of, &gone);

	if (r < 0 || gone)
		return r;
	if (a->options.no_links || c->link ||
		journey_naming(c->record.journey, w->message->of, false))
		return 0;
	if (!journey_add_naming(c->record.journey, w->message->of))
		return errno == ENOSPC ? 0 : -ENOMEM;
	return applier_touch(a, c);
}

/* CLAIM, SAID of C, comes again when whoever is first has been heard. */
static int send_away(
	struct applier *a, const struct cached *c, const struct message *claim, struct span said)
{
	const struct cargo cargo = {.record = said};
	struct message m = {.kind = MESSAGE_ASK, .of = claim->of, .other = c->customer};

	m.to = arena_copy(&a->arena, text_span(c->record.journey->named[0].name));
	return m.to.ptr ? applier_say(a, &m, &cargo) : -ENOMEM;
}

/* CLAIM gets its place among those who were named. */
static int place(struct applier *a, struct cached *c, const struct message *claim, struct span said)
{
	struct journey *j = c->record.journey;
	struct span name = claim->other.len > 0 ? claim->other : claim->of;
	struct customer_naming *naming = journey_naming(j, name, true);
	int r;

	if (!naming)
		naming = journey_add_naming(j, name);
	if (!naming)
		return errno == ENOSPC ? send_away(a, c, claim, said) : -ENOMEM;
	r = text_set(&naming->said, said);
	return r < 0 ? r : settle(a, c);
}

int applier_claim(struct applier *a, const struct work *w)
{
	struct cached *c = w->cached;
	struct span said = w->entry.message;

	if (a->options.no_links)
		return 0;
	if (c->link || c->record.journey->n_named == 0 || said.len > NAMING_SAID_MAX)
		return applier_judge(a, c, w->message);
	return place(a, c, w->message, said);
}

int applier_wish(struct applier *a, const struct work *w, struct span stronger)
{
	_cleanup_(buf_release) struct buf said = BUF_INIT;
	struct cached *c = w->cached;
	const struct message claim = {.kind = MESSAGE_CLAIM,
		.from = a->options.partition,
		.seq = 1,
		.to = c->customer,
		.of = stronger,
		.other = c->customer,
		.rights = w->event.link_rights,
		.linked_at = w->event.logged_at,
		.said_at = w->event.occurred_at};

	if (c->record.journey->n_named == 0)
		return applier_judge(a, c, &claim);
	message_json(&claim, &said);
	if (buf_failed(&said) < 0)
		return -ENOMEM;
	return place(a, c, &claim, arena_copy(&a->arena, buf_span(&said)));
}

/* The claim that CUSTOMER has made behind the place FIRST; n_named: none. 0 or -ENOMEM. */
static int claim_of(struct applier *a, const struct journey *j, size_t first, struct span customer,
	size_t *ret_at)
{
	struct message *claim = arena_calloc(&a->arena, 1, sizeof(*claim));
	size_t at = first + 1;
	int r = claim ? 0 : -ENOMEM;

	for (; at < j->n_named && r == 0; at++) {
		if (j->named[at].said.len == 0)
			continue;
		r = read_claim(a, &j->named[at], claim);
		if (r == 0 && span_equal(claim->of, customer))
			break;
	}
	*ret_at = at;
	return r;
}

/* Who answers may have asked already, by a name that came later: they are in the place of the
 * earlier one. Whoever was erased meanwhile is not there any more. */
static int take_answer(struct applier *a, struct journey *j, const struct message *m)
{
	struct customer_naming *naming = journey_naming(j, m->of, true);
	size_t at;
	int r;

	if (!naming)
		return 0;
	r = claim_of(a, j, (size_t)(naming - j->named), m->other, &at);
	if (r < 0)
		return r;
	if (at < j->n_named) {
		naming->said = j->named[at].said;
		j->named[at].said = (struct text){.ptr = NULL};
		journey_remove_naming(j, at);
	} else {
		journey_remove_naming(j, (size_t)(naming - j->named));
	}
	return 0;
}

int applier_answered(struct applier *a, const struct work *w)
{
	struct cached *c = w->cached;
	bool gone;
	int r = forget_gone(a, w, w->message->of, &gone);

	if (r < 0 || c->link || c->record.journey->n_named == 0)
		return r;
	r = take_answer(a, c->record.journey, w->message);
	return r < 0 ? r : settle(a, c);
}

/* From whom C was taken apart last; NULL: nobody. */
static const struct customer_apart *last_parted(const struct cached *c)
{
	const struct journey *j = c->link ? NULL : c->record.journey;
	const struct customer_apart *last = NULL;

	for (size_t i = 0; j && i < j->n_apart; i++)
		if (!last || j->apart[i].at > last->at)
			last = &j->apart[i];
	return last;
}

/* What went to the other one before the two were taken apart comes back from there, and the
 * question behind it. */
static int ask_there(struct applier *a, const struct work *w, const struct customer_apart *other)
{
	struct message m = *w->message;

	m.to = arena_copy(&a->arena, text_span(other->key));
	message_pass(&m, w->cached->customer, 0);
	return m.to.ptr ? applier_say(a, &m, NULL) : -ENOMEM;
}

/* A claim that had no room comes back to where it is for. It stands in no log longer than it must:
 * whose it is is told by its cargo alone. */
static int send_claim_back(struct applier *a, const struct work *w)
{
	struct message *claim = arena_calloc(&a->arena, 1, sizeof(*claim));
	int r = claim ? message_parse(w->entry.record, &a->arena, claim) : -ENOMEM;

	if (r > 0 || (r == 0 && claim->kind != MESSAGE_CLAIM))
		return applier_quarantine(a, &w->entry, "bad_message",
			"the claim that a question brings along cannot be read");
	if (r == 0)
		r = applier_say(a, claim, NULL);
	return r < 0 ? r : applier_drop(a, w);
}

int applier_asked(struct applier *a, const struct work *w)
{
	struct message m = {.kind = MESSAGE_ANSWER,
		.to = w->message->of,
		.of = w->message->other,
		.other = w->cached->customer};
	const struct customer_apart *other = w->message->n_path > 0 ? NULL : last_parted(w->cached);

	if (w->entry.record.len > 0)
		return send_claim_back(a, w);
	return other ? ask_there(a, w, other) : applier_say(a, &m, NULL);
}
