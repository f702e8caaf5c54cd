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
 * What is named beside a link may come to be claimed, or to be a part, of whom that leads to. So a
 * link passes NAMED on, with the instant at which its own log took it, and namings stand in the
 * order of these instants. Whoever is asked there asks first where they were named (MESSAGE_ASK's
 * via), along the links from there: for it is the answer of each, TAKEN, that has them claim the
 * next. And what is not claimed by anybody may still be about to pass NAMED on. So before a claim
 * is judged all names that the customer had by then are asked, those too that are only claimed
 * (ask_names): a link passes the question on behind all that it said before, until it is home.
 * Whoever has not judged yet what the customer claims of them answers when they have: the question
 * waits behind that claim (n_wanted counts those that had no room). That nobody waits for each
 * other for ever is shown in apply_wants.c. Each question says up to when, and its answer repeats
 * it, so it is known what an answer is to.
 *
 * A claim that nobody announced has the place of its event, if it comes before that is judged: of
 * staff; one that Redis refused to note, or took for known, as it does with one pair of 130
 * million; and so has the wish of a key, by an event of its own or since who it claimed is
 * another's, to be another's.
 * What has no room waits elsewhere: it goes to the first one's log, behind the question, and comes
 * back behind the answer.
 */
#include "apply_impl.h"

#include "codec/message_json.h"
#include "core/link_rules.h"

/* Three keys and who of the staff said it and why, each byte of them written as \u0000; and the
 * rest of it. */
_Static_assert(6 * (3 * CUSTOMER_MAX + 2 * MESSAGE_REASON_MAX) + 512 <= NAMING_SAID_MAX,
	"a claim that is kept is one that there can be");

int applier_read_said(struct applier *a, const struct customer_naming *naming, struct message *ret)
{
	struct span said = arena_copy(&a->arena, text_span(naming->said));
	int r = said.ptr ? message_parse(said, &a->arena, ret) : -ENOMEM;

	return r > 0 ? -EINVAL : r;
}

/* ---- who is to be asked first ------------------------------------------------------------ */

/* Has all come that was said before NAMING's claim? */
static bool is_clear(const struct journey *j, const struct customer_naming *naming)
{
	return naming->n_open == 0 && naming->n_asked == link_n_asked(j, naming->place_at);
}

/* The names of C are asked in the name of the first claim. */
static int ask_names(struct applier *a, struct cached *c)
{
	struct journey *j = c->record.journey;
	int64_t place_at = j->named[0].place_at;
	uint32_t n = 0;
	int r = 0;

	for (size_t i = 0; i < j->n_ids && n < NAMING_ASKED_MAX && r == 0; i++) {
		struct message m = {.kind = MESSAGE_ASK, .of = c->customer, .said_at = place_at};

		if (!link_is_asked(&j->ids[i], place_at))
			continue;
		m.to = m.other = arena_copy(&a->arena, text_span(j->ids[i].key));
		r = m.to.ptr ? applier_say(a, &m, NULL) : -ENOMEM;
		n++;
	}
	j->named[0].n_asked = j->named[0].n_open = n;
	return r;
}

int applier_answer(struct applier *a, const struct cached *c, struct span to, uint32_t times)
{
	int r = 0;

	for (; times > 0 && r == 0; times--) {
		struct message m = {
			.kind = MESSAGE_ANSWER, .to = to, .of = c->customer, .other = c->customer};

		if (c->link) {
			m.kind = MESSAGE_ASK;
			m.to = c->link->to;
			m.of = to;
		}
		r = applier_say(a, &m, NULL);
	}
	return r;
}

/* Whoever is first has not been heard: is anybody waiting for that? */
static int ask(struct applier *a, struct cached *c)
{
	struct journey *j = c->record.journey;
	struct message m = {.kind = MESSAGE_ASK,
		.of = c->customer,
		.linked_at = j->n_named ? j->named[0].place_at : 0};
	bool waits = false;

	for (size_t i = 1; i < j->n_named; i++)
		waits = waits || j->named[i].said.len > 0;
	if (!waits || j->named[0].asked)
		return 0;
	j->named[0].asked = true;
	m.to = m.other = arena_copy(&a->arena, text_span(j->named[0].name));
	m.via = arena_copy(&a->arena, text_span(j->named[0].via));
	return m.to.ptr && m.via.ptr ? applier_say(a, &m, NULL) : -ENOMEM;
}

static int judge_first(struct applier *a, struct cached *c, struct message *said)
{
	uint32_t n_wanted = c->record.journey->named[0].n_wanted;
	int r;

	if (said->kind != MESSAGE_CLAIM)
		return applier_decide_first(a, c, said);
	journey_remove_naming(c->record.journey, 0);
	r = applier_judge(a, c, said);
	return r < 0 ? r : applier_answer(a, c, said->of, n_wanted);
}

int applier_settle_claims(struct applier *a, struct cached *c)
{
	int r = applier_touch(a, c);

	while (r == 0 && !c->link && c->record.journey->n_named > 0 &&
		c->record.journey->named[0].said.len > 0) {
		struct message *said = arena_calloc(&a->arena, 1, sizeof(*said));
		struct journey *j = c->record.journey;

		/* It has been said that its turn has come. */
		if (j->named[0].asked && applier_is_own(j, &j->named[0]))
			return 0;
		r = said ? applier_read_said(a, &j->named[0], said) : -ENOMEM;
		if (r == 0 && said->kind != MESSAGE_ASK && !is_clear(j, &j->named[0])) {
			/* Those that were asked before may all have been refused since. */
			r = j->named[0].n_open > 0 ? 0 : ask_names(a, c);
			if (r < 0 || j->named[0].n_open > 0)
				return r;
		}
		if (r == 0)
			r = judge_first(a, c, said);
	}
	return r < 0 || c->link || c->record.journey->n_named == 0 ? r : ask(a, c);
}

/* ---- a key that becomes a link ----------------------------------------------------------- */

int applier_waiting(
	struct applier *a, const struct cached *c, struct waiting **ret_list, size_t *ret_n)
{
	const struct journey *j = c->record.journey;
	struct waiting *list = NULL;
	int r = 0;

	if (j->n_named > 0) {
		list = arena_calloc(&a->arena, j->n_named, sizeof(*list));
		r = list ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < j->n_named && r == 0; i++) {
		const struct customer_naming *naming = &j->named[i];

		list[i].heard = naming->said.len > 0;
		list[i].n_wanted = naming->n_wanted;
		list[i].place_at = naming->place_at;
		list[i].name = arena_copy(&a->arena, text_span(naming->name));
		list[i].via = arena_copy(&a->arena, text_span(naming->via));
		r = list[i].name.ptr && list[i].via.ptr ? 0 : -ENOMEM;
		if (r == 0 && list[i].heard)
			r = applier_read_said(a, naming, &list[i].claim);
	}
	*ret_list = list;
	*ret_n = j->n_named;
	return r;
}

/* May whoever is called NAME, who was named beside a link to TO, claim that, or become a part of it
 * before somebody else does? */
static bool concerns(const struct identity *id, struct span name, struct span to)
{
	return link_may_claim(id, LINK_TRUSTED, name, to) ||
	       link_may_claim(id, LINK_TRUSTED, to, name);
}

/* Whoever was named beside the link C may have to do with whom it leads to. */
static int pass_naming(struct applier *a, const struct cached *c, const struct waiting *waiting)
{
	struct message m = {.kind = MESSAGE_NAMED, .to = c->link->to, .of = waiting->name};
	struct span via = waiting->via.len > 0 ? waiting->via : c->customer;
	int64_t place_at = int64_max(waiting->place_at, c->link->linked_at);

	if (span_equal(m.of, c->customer) || !concerns(applier_identity(a), m.of, m.to))
		return 0;
	message_pass_at(&m, via, 0, (struct log_id){(uint64_t)place_at, 0});
	if (!span_equal(via, c->customer))
		message_pass(&m, c->customer, c->link->linked_at);
	return applier_say(a, &m, NULL);
}

int applier_send_waiting(struct applier *a, struct cached *c, const struct waiting *list, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (!list[i].heard || list[i].claim.kind == MESSAGE_CLAIM)
			r = pass_naming(a, c, &list[i]);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (list[i].heard && list[i].claim.kind == MESSAGE_CLAIM)
			r = applier_judge(a, c, &list[i].claim);
		if (r == 0)
			r = applier_answer(a, c, list[i].claim.of, list[i].n_wanted);
	}
	return r;
}

int applier_heard_part(struct applier *a, const struct work *w)
{
	struct journey *j = w->cached->record.journey;
	bool heard = false;

	for (size_t i = j->n_named; i-- > 0;)
		if (j->named[i].said.len == 0 &&
			span_equal(text_span(j->named[i].name), w->message->of)) {
			journey_remove_naming(j, i);
			heard = true;
		}
	return heard ? applier_settle_claims(a, w->cached) : 0;
}

/* ---- what comes -------------------------------------------------------------------------- */

/* Of somebody who was erased since not even that they are waited for stays. */
static int forget_gone(struct applier *a, const struct work *w, struct span name, bool *ret_gone)
{
	int r = gone_knows(&a->gone, name, ret_gone, NULL);

	return r < 0 || !*ret_gone ? r : applier_drop(a, w);
}

/* W's message, which may have come by way of another key. */
static struct waiting named_by(const struct work *w)
{
	const struct message *m = w->message;
	struct waiting waiting = {.name = m->of, .place_at = (int64_t)w->entry.id.ms};

	if (m->n_path > 0) {
		waiting.via = m->path[0].key;
		waiting.place_at = (int64_t)m->path[0].at.ms;
	}
	return waiting;
}

/* Of what names the same somebody in the same way the first counts. */
static bool is_noted(const struct journey *j, const struct waiting *waiting)
{
	for (size_t i = 0; i < j->n_named; i++)
		if (span_equal(text_span(j->named[i].name), waiting->name) &&
			span_equal(text_span(j->named[i].via), waiting->via) &&
			j->named[i].place_at <= waiting->place_at)
			return true;
	return false;
}

static int note_naming(struct applier *a, struct cached *c, const struct waiting *waiting)
{
	struct journey *j = c->record.journey;
	struct customer_naming *naming;
	int r;

	if (is_noted(j, waiting))
		return 0;
	naming = journey_add_naming(j, waiting->name, waiting->place_at);
	if (!naming)
		return errno == ENOSPC ? 0 : -ENOMEM;
	if (text_set(&naming->via, waiting->via) < 0)
		return -ENOMEM;
	/* What was said to this log itself has an order there. */
	r = waiting->via.len > 0 ? applier_sort_naming(a, c, &naming, waiting->name) : 0;
	return r < 0 ? r : applier_touch(a, c);
}

int applier_named(struct applier *a, const struct work *w)
{
	const struct waiting waiting = named_by(w);
	struct cached *c = w->cached;
	bool gone;
	int r = forget_gone(a, w, w->message->of, &gone);

	if (r < 0 || gone || a->options.no_links)
		return r;
	return c->link ? pass_naming(a, c, &waiting) : note_naming(a, c, &waiting);
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

/* What was said of CLAIM: the latest that was said by then. */
static struct customer_naming *naming_of(const struct journey *j, const struct message *claim)
{
	struct span name = claim->other.len > 0 ? claim->other : claim->of;
	struct customer_naming *naming = journey_naming(j, name, true);

	for (size_t i = 0; i < j->n_named && j->named[i].place_at <= claim->linked_at; i++)
		if (j->named[i].said.len == 0 && span_equal(text_span(j->named[i].name), name))
			naming = &j->named[i];
	return naming;
}

/* CLAIM gets its place among those who were named. */
static int place(struct applier *a, struct cached *c, const struct message *claim, struct span said)
{
	struct journey *j = c->record.journey;
	struct span name = claim->other.len > 0 ? claim->other : claim->of;
	struct customer_naming *naming = naming_of(j, claim);
	int r = 0;

	if (!naming) {
		naming = journey_add_naming(j, name, claim->linked_at);
		if (!naming)
			return errno == ENOSPC ? send_away(a, c, claim, said) : -ENOMEM;
		r = applier_sort_naming(a, c, &naming, name);
	}
	if (r == 0)
		r = text_set(&naming->said, said);
	return r < 0 ? r : applier_settle_claims(a, c);
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
	const struct message *taken =
		w->message && w->message->kind == MESSAGE_TAKEN ? w->message : NULL;
	struct cached *c = w->cached;
	struct message claim = {.kind = MESSAGE_CLAIM,
		.from = a->options.partition,
		.seq = 1,
		.to = c->customer,
		.of = stronger,
		.other = c->customer,
		.rights = taken ? taken->rights : w->event.link_rights,
		.linked_at = taken ? taken->linked_at : w->event.logged_at,
		.said_at = taken ? taken->said_at : w->event.occurred_at};

	if (taken) {
		claim.by = taken->by;
		claim.reason = taken->reason;
	}
	if (c->record.journey->n_named == 0 &&
		link_n_asked(c->record.journey, claim.linked_at) == 0)
		return applier_judge(a, c, &claim);
	message_json(&claim, &said);
	if (buf_failed(&said) < 0)
		return -ENOMEM;
	return place(a, c, &claim, arena_copy(&a->arena, buf_span(&said)));
}

/* A name has said to J all that was before it was asked; NULL. Else whoever was asked, which may be
 * one with the name that answers by then. */
static struct customer_naming *hear_name(struct journey *j)
{
	struct customer_naming *asked = NULL;

	for (size_t i = 0; i < j->n_named; i++) {
		if (j->named[i].n_open > 0) {
			j->named[i].n_open--;
			return NULL;
		}
		if (!asked && j->named[i].asked && j->named[i].said.len == 0)
			asked = &j->named[i];
	}
	return asked;
}

/* The same where M says what it is an answer to, or which event of theirs, unasked. */
static struct customer_naming *hear_answer(struct journey *j, const struct message *m)
{
	struct customer_naming *unasked = NULL;

	for (size_t i = 0; i < j->n_named; i++) {
		struct customer_naming *naming = &j->named[i];

		if (m->said_at > 0 && naming->n_open > 0 && naming->place_at == m->said_at) {
			naming->n_open--;
			return NULL;
		}
		if (m->linked_at > 0 && naming->asked && naming->said.len == 0 &&
			naming->place_at == m->linked_at &&
			span_equal(text_span(naming->name), m->of))
			return naming;
		if (m->linked_at > 0 && naming->said.len == 0 && naming->via.len == 0 &&
			naming->place_at <= m->linked_at &&
			span_equal(text_span(naming->name), m->of))
			unasked = naming;
	}
	return unasked;
}

/* Who answers may have asked already, by a name that came later: they are in the place of the
 * earlier one. Whoever was erased meanwhile is not there any more. */
static int take_answer(struct applier *a, struct cached *c, const struct message *m)
{
	struct journey *j = c->record.journey;
	struct customer_naming *naming;
	size_t at;
	int r;

	/* Only who was asked answers for who is weaker; who is stronger may speak unasked. */
	if (m->linked_at > 0 || m->said_at > 0)
		naming = hear_answer(j, m);
	else if (identity_compare(applier_identity(a), m->of, c->customer) > 0)
		naming = hear_name(j);
	else
		naming = journey_naming(j, m->of, true);

	if (!naming)
		return 0;
	r = applier_claim_of(a, j, m->other, naming->place_at > 0 ? naming->place_at : INT64_MAX,
		(size_t)(naming - j->named) + 1, &at);
	if (r < 0)
		return r;
	if (at < j->n_named) {
		naming->said = j->named[at].said;
		naming->n_wanted = j->named[at].n_wanted;
		naming->n_asked = naming->n_open = 0;
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

	if (r < 0 || a->options.no_links || c->link || c->record.journey->n_named == 0)
		return r;
	r = take_answer(a, c, w->message);
	return r < 0 ? r : applier_settle_claims(a, c);
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

/* What was said to the key that is asked on the way is answered: they go on to the next, if it
 * leads to yet another. */
static int walk_back(struct applier *a, const struct work *w)
{
	const struct cached *c = w->cached;
	struct message m = {.kind = MESSAGE_ASK,
		.to = w->message->other,
		.of = w->message->of,
		.other = w->message->other,
		.linked_at = w->message->linked_at,
		.said_at = w->message->said_at};

	if (c->link && !span_equal(c->link->to, m.of) && !span_equal(c->link->to, m.to))
		m.via = c->link->to;
	return applier_say(a, &m, NULL);
}

int applier_reply(struct applier *a, const struct cached *c, const struct message *asked)
{
	struct message m = {.of = asked->of,
		.other = asked->other,
		.linked_at = asked->linked_at,
		.said_at = asked->said_at};

	if (asked->via.len > 0) {
		m.kind = MESSAGE_ASK;
		m.to = m.via = asked->via;
		return applier_say(a, &m, NULL);
	}
	m.kind = MESSAGE_ANSWER;
	m.to = asked->of;
	m.of = asked->other;
	m.other = c->customer;
	return applier_say(a, &m, NULL);
}

/* Whoever was named is asked, or somebody who is a part of who asks. */
static int asked_here(struct applier *a, const struct work *w)
{
	struct customer_naming *wanted = NULL;
	bool held;
	int r = applier_hold(a, w, &held);

	if (r < 0 || held)
		return r;
	if (w->message->via.len == 0)
		r = applier_find_wanted(a, w, &wanted);
	if (r < 0 || !wanted)
		return r < 0 ? r : applier_reply(a, w->cached, w->message);
	return applier_hold_behind(a, w, wanted);
}

int applier_asked(struct applier *a, const struct work *w)
{
	const struct customer_apart *other = w->message->n_path > 0 ? NULL : last_parted(w->cached);

	if (w->entry.record.len > 0)
		return send_claim_back(a, w);
	if (span_equal(w->message->via, w->message->to))
		return walk_back(a, w);
	return other ? ask_there(a, w, other) : asked_here(a, w);
}
