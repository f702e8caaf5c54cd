/* SPDX-License-Identifier: MIT */
/*
 * The judgements are small and say nothing about how anything is carried out. What a customer
 * remembers of them are the states of their ids, so that nothing is asked twice.
 */
#include "core/link_rules.h"

#include "core/text.h"

#include "calendar_rule.h"
#include "consent_sides.h"
#include "hold.h"

#define TRUSTED (LINK_TRUSTED | LINK_EXPLICIT)

static bool is_user(const struct identity *id, struct span key)
{
	return id->kinds[identity_kind_of(id, key)].what == IDENTIFIER_USER;
}

/* Two that a shop knows apart are made one only by somebody who says just that. */
static bool are_two_users(const struct identity *id, unsigned rights, struct span a, struct span b)
{
	return !(rights & LINK_EXPLICIT) && is_user(id, a) && is_user(id, b);
}

/* ---- effects ---------------------------------------------------------------------------- */

static int count(struct effects *effects, enum counter counter)
{
	struct effect *e = effects_add(effects, EFFECT_COUNT);

	if (!e)
		return -ENOMEM;
	e->counter = counter;
	return 0;
}

/* What the timeline shows: no rule, the identifier as key, and why. */
struct word {
	enum outcome outcome;
	enum counter counter;
	struct span key, words;
	int64_t now, said_at;
};

static int tell(struct effects *effects, const struct word *word)
{
	struct effect *e = effects_add(effects, EFFECT_DECISION);
	struct decision *d;

	if (!e)
		return -ENOMEM;
	d = &e->decision;
	d->outcome = word->outcome;
	d->at = word->now;
	d->anchor_at = d->armed_at = INT64_MIN;
	d->deadline_at = d->fire_at = TIME_NEVER;
	d->by_at = word->said_at;
	d->key = arena_copy(&effects->arena, word->key);
	d->words = arena_copy(&effects->arena, word->words);
	if (!d->key.ptr || !d->words.ptr)
		return -ENOMEM;
	return count(effects, word->counter);
}

/* ---- ids -------------------------------------------------------------------------------- */

/* A claim knows better than its answer under whom the key was said to be. */
static int hang(struct journey *j, const struct customer_id *note)
{
	struct span key = text_span(note->key);

	if (consent_is_linked(j, key, note->first_at))
		return 0;
	return consent_link(j, key, text_span(note->under), note->first_at);
}

/* What has no room among the ids is marked; a refusal then is not noted. */
static int note_new(struct journey *j, const struct customer_id *note, bool *ret_news)
{
	struct customer_id *own = journey_add_id(j, text_span(note->key));

	if (!own && errno != ENOSPC)
		return -ENOMEM;
	*ret_news = own || note->state != ID_REFUSED;
	if (own) {
		own->state = note->state;
		own->place_at = note->place_at;
		return hang(j, note);
	}
	return *ret_news ? journey_mark_id(j, text_span(note->key), note->state) : 0;
}

/* An id of J; of two words on its state the greater counts. *ret_news: it was not so before. 0 or
 * -ENOMEM. */
static int note_id(struct journey *j, const struct customer_id *note, bool *ret_news)
{
	struct customer_id *own = journey_id(j, text_span(note->key));
	enum id_state state;

	*ret_news = false;
	if (!journey_knows_id(j, text_span(note->key), &state))
		return note_new(j, note, ret_news);
	*ret_news = state < note->state;
	if (!own)
		return *ret_news ? journey_mark_id(j, text_span(note->key), note->state) : 0;
	if (own->state == ID_REFUSED && *ret_news) {
		own->first_at = TIME_NEVER; /* what was refused makes nobody one */
		own->place_at = note->place_at;
	}
	if (note->state != ID_REFUSED)
		own->place_at = int64_min(own->place_at, note->place_at);
	if (*ret_news)
		own->state = note->state;
	return hang(j, note);
}

/* A name is new since PLACE_AT: whoever waits for what names had said by a later place asks again.
 */
static void ask_anew(struct journey *j, int64_t place_at)
{
	for (size_t i = 0; i < j->n_named; i++)
		if (j->named[i].n_asked > 0 && j->named[i].place_at > place_at)
			j->named[i].n_asked = NAMING_ASKED_MAX;
}

/* That KEY is UNDER's, or J's own if that is empty, was said at FIRST_AT and received at PLACE_AT.
 */
struct said_of {
	struct span key, under;
	int64_t first_at, place_at;
};

static int note_key(
	struct journey *j, const struct said_of *said, enum id_state state, bool *ret_news)
{
	struct customer_id note = {
		.first_at = said->first_at, .place_at = said->place_at, .state = state};
	int r = text_set(&note.key, said->key);

	if (r == 0)
		r = text_set(&note.under, said->under);
	if (r == 0)
		r = note_id(j, &note, ret_news);
	text_release(&note.key);
	text_release(&note.under);
	if (r == 0 && *ret_news && state != ID_REFUSED)
		ask_anew(j, said->place_at);
	return r < 0 ? r : consent_settle(j);
}

/* How many identifiers of KIND the customer has had since AT or before, and whose LEAST state it
 * is. */
static size_t count_kind(const struct identity *id, const struct journey *j, size_t kind,
	int64_t at, enum id_state least)
{
	size_t n = identity_kind_of(id, text_span(j->customer)) == kind;

	for (size_t i = 0; i < j->n_ids; i++)
		n += j->ids[i].state >= least && j->ids[i].place_at <= at &&
		     identity_kind_of(id, text_span(j->ids[i].key)) == kind;
	for (size_t i = 0; i < j->n_id_groups; i++)
		if (identity_kind_of(id, text_span(j->id_groups[i].kind)) == kind)
			n += j->id_groups[i].n;
	return n;
}

/* Has the customer, at AT, as many of KIND, or by now of all, as may be? */
static bool is_full(const struct identity *id, const struct journey *j, size_t kind, int64_t at)
{
	size_t n = journey_n_marks(j);

	for (size_t i = 0; i < j->n_ids; i++)
		n += j->ids[i].state != ID_REFUSED;
	return n >= IDENTITY_CUSTOMER_MAX ||
	       count_kind(id, j, kind, at, ID_CLAIMED) >= id->kinds[kind].limit;
}

size_t link_n_asked(const struct journey *j, int64_t before)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_ids && n < NAMING_ASKED_MAX; i++)
		n += link_is_asked(&j->ids[i], before);
	return n;
}

bool link_is_asked(const struct customer_id *own, int64_t before)
{
	return own->state != ID_REFUSED && own->place_at < before;
}

/* Whether one more of KIND has room depends on what was said earlier: it is near the limit, and
 * that is not reached for certain. */
static bool may_be_full(const struct identity *id, const struct journey *j, size_t kind, int64_t at)
{
	size_t limit = id->kinds[kind].limit;

	return count_kind(id, j, kind, INT64_MAX, ID_CLAIMED) + LINK_NEAR >= limit &&
	       count_kind(id, j, kind, at, ID_LINKED) < limit;
}

/* Is this the first of KIND that is one too many? Whoever hangs thousands on one customer shall not
 * fill the timeline with it. */
static bool is_first_refused(const struct identity *id, const struct journey *j, size_t kind)
{
	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].state == ID_REFUSED &&
			identity_kind_of(id, text_span(j->ids[i].key)) == kind)
			return false;
	return true;
}

/* ---- at the customer of an event --------------------------------------------------------- */

/* KEY need not wait for J, whom the event named beside it. */
static int waive(
	struct journey *j, const struct event *event, struct span key, struct effects *effects)
{
	struct message *m = arena_calloc(&effects->arena, 1, sizeof(*m));
	struct effect *e = effects_add(effects, EFFECT_FORWARD);

	if (!m || !e)
		return -ENOMEM;
	e->message = m;
	m->kind = MESSAGE_ANSWER;
	m->to = key;
	m->other = text_span(j->customer);
	m->of = event->named.len > 0 ? event->named : m->other;
	m->linked_at = event->logged_at;
	return 0;
}

static int over_limit(const struct identity *id, struct journey *j, const struct event *event,
	struct span key, struct effects *effects)
{
	const struct word word = {.outcome = OUTCOME_NOT_LINKED,
		.counter = COUNTER_IDENTITY_LIMIT,
		.key = key,
		.words = SPAN_LIT("limit"),
		.now = event->received_at,
		.said_at = event->occurred_at};
	bool first = is_first_refused(id, j, identity_kind_of(id, key));
	bool news = false;
	const struct said_of said = {key, event->subject, event->occurred_at, event->logged_at};
	int r = note_key(j, &said, ID_REFUSED, &news);

	if (r < 0)
		return r;
	r = waive(j, event, key, effects);
	if (r < 0)
		return r;
	return first && news ? tell(effects, &word) : count(effects, COUNTER_IDENTITY_LIMIT);
}

static int claim(
	struct journey *j, const struct event *event, struct span key, struct effects *effects)
{
	struct message *m = arena_calloc(&effects->arena, 1, sizeof(*m));
	struct effect *e = effects_add(effects, EFFECT_FORWARD);
	bool news = false;
	const struct said_of said = {key, event->subject, event->occurred_at, event->logged_at};
	int r = note_key(j, &said, ID_CLAIMED, &news);

	if (r < 0 || !m || !e)
		return -ENOMEM;
	e->message = m;
	m->kind = MESSAGE_CLAIM;
	m->to = key;
	m->of = text_span(j->customer);
	m->rights = event->link_rights;
	m->linked_at = event->logged_at;
	m->said_at = event->occurred_at;
	if (event->named.len > 0)
		m->other = event->named;
	return 0;
}

/* May KEY be asked for? Once it is settled only somebody who says just that opens it again, and
 * what was received before that was at PLACE_AT. */
static bool is_open(const struct journey *j, struct span key, unsigned rights, int64_t place_at)
{
	const struct customer_id *own = journey_id(j, key);
	enum id_state state;
	bool known = journey_knows_id(j, key, &state) &&
		     !(own && own->state != ID_LINKED && own->place_at > place_at);

	if (rights & LINK_EXPLICIT)
		return !known || state == ID_REFUSED;
	return !known && !journey_apart(j, key);
}

bool link_may_claim(const struct identity *id, unsigned rights, struct span self, struct span key)
{
	return rights && !span_equal(key, self) &&
	       identity_may_link(id, rights, self, key) == IDENTITY_MAY_LINK &&
	       !are_two_users(id, rights, self, key) && identity_compare(id, key, self) > 0;
}

/* Nothing new, but who the event is of and KEY may have been one for longer than was known then. */
static int said_again(
	const struct identity *id, struct journey *j, const struct event *event, struct span key)
{
	struct span self = text_span(j->customer);
	struct span subject = event->subject.len > 0 ? event->subject : self;
	const struct customer_id *own = journey_id(j, key), *its = journey_id(j, subject);
	int r;

	if (span_equal(key, subject) || (own ? own->state == ID_REFUSED : !span_equal(key, self)) ||
		(its ? its->state == ID_REFUSED : !span_equal(subject, self)) ||
		identity_may_link(id, event->link_rights, subject, key) != IDENTITY_MAY_LINK ||
		are_two_users(id, event->link_rights, subject, key))
		return 0;
	r = consent_link(j, key, subject, event->occurred_at);
	return r < 0 ? r : consent_settle(j);
}

/* What is doubtful goes to WANTS, if there is room and they are not NULL. */
struct judging {
	const struct identity *id;
	const struct event *event;
	struct effects *effects;
	struct link_wants *wants;
	struct span yield;
};

/* Is KEY, if there are WANTS and they have room, to wait for what may have been said earlier, and
 * not come yet? 1, 0 or -ENOMEM. */
static int is_to_wait(const struct judging *g, const struct journey *j, struct span key)
{
	int64_t at = g->event->logged_at;
	bool may_be;

	if (!g->wants || g->wants->n == ARRAY_SIZE(g->wants->keys))
		return 0;
	may_be = may_be_full(g->id, j, identity_kind_of(g->id, key), at);
	if (g->wants->waited)
		return g->wants->waited(g->wants->user, key, may_be);
	return may_be && (j->n_named > 0 || link_n_asked(j, at) > 0);
}

static int judge(struct judging *g, struct journey *j, struct span key)
{
	const struct identity *id = g->id;
	const struct event *event = g->event;
	struct span self = text_span(j->customer);
	int r;

	if (span_equal(key, self) || !is_open(j, key, event->link_rights, event->logged_at))
		return said_again(id, j, event, key);
	if (identity_may_link(id, event->link_rights, self, key) != IDENTITY_MAY_LINK ||
		are_two_users(id, event->link_rights, self, key))
		return 0;
	if (identity_compare(id, key, self) < 0) {
		/* A page may hang its visitor on a user, and nobody on anything else. */
		if (event->link_rights & TRUSTED &&
			(g->yield.len == 0 || identity_compare(id, key, g->yield) < 0))
			g->yield = key;
		return 0;
	}
	r = is_to_wait(g, j, key);
	if (r > 0)
		g->wants->keys[g->wants->n++] = key;
	if (r != 0)
		return r < 0 ? r : 0;
	if (is_full(id, j, identity_kind_of(id, key), event->logged_at))
		return over_limit(id, j, event, key, g->effects);
	return claim(j, event, key, g->effects);
}

int link_claims(const struct identity *id, struct journey *j, const struct event *event,
	struct effects *effects, struct link_wants *wants, struct span *ret_yield)
{
	struct judging g = {id, event, effects, wants, SPAN_EMPTY};
	int r = 0;

	if (wants)
		wants->n = 0;
	for (size_t i = 0; i < event->n_ids && event->link_rights && r == 0; i++)
		r = judge(&g, j, event->ids[i].key);
	*ret_yield = g.yield;
	return r;
}

int link_wanted(const struct identity *id, struct journey *j, const struct message *want,
	int64_t now, struct effects *effects)
{
	const struct event event = {.named = want->other,
		.subject = want->name,
		.link_rights = want->rights,
		.logged_at = want->linked_at,
		.occurred_at = want->said_at,
		.received_at = now};
	struct judging g = {id, &event, effects, NULL, SPAN_EMPTY};

	return judge(&g, j, want->of);
}

/* ---- at the key that is claimed ---------------------------------------------------------- */

static enum link_answer refuse(const char *reason, struct span *ret_reason)
{
	*ret_reason = span_str(reason);
	return LINK_REFUSE;
}

enum link_answer link_claimed(const struct identity *id, const struct message *m,
	enum link_node node, struct span linked_to, struct span *ret_reason)
{
	if (node == NODE_LINK)
		return span_equal(linked_to, m->of) ? LINK_KNOWN : LINK_TAKEN;
	if (identity_compare(id, m->of, m->to) >= 0)
		return refuse("weaker", ret_reason);
	if (are_two_users(id, m->rights, m->of, m->to))
		return refuse("two_users", ret_reason);
	if (node == NODE_APART && !(m->rights & LINK_EXPLICIT))
		return refuse("unmerged", ret_reason);
	if (node == NODE_NOBODY)
		return LINK_MAKE;
	if (!(m->rights & TRUSTED) && id->kinds[identity_kind_of(id, m->to)].personal)
		return refuse("no_right", ret_reason);
	return LINK_MERGE;
}

/* ---- at the customer who hears ----------------------------------------------------------- */

enum link_answer link_taken(const struct identity *id, const struct message *m, struct span self,
	struct span *ret_reason)
{
	if (span_equal(m->other, self))
		return LINK_KNOWN;
	if (!(m->rights & TRUSTED))
		return refuse("taken", ret_reason);
	if (are_two_users(id, m->rights, self, m->other))
		return refuse("two_users", ret_reason);
	if (!(m->rights & LINK_EXPLICIT) && id->kinds[identity_kind_of(id, m->of)].once)
		return refuse("once", ret_reason);
	if (identity_may_link(id, m->rights, self, m->other) != IDENTITY_MAY_LINK)
		return refuse("never_links", ret_reason);
	return identity_compare(id, self, m->other) < 0 ? LINK_CLAIM : LINK_YIELD;
}

int link_reclaim(struct journey *j, const struct message *m)
{
	struct customer_id *passed = m->via.len > 0 ? journey_id(j, m->of) : NULL;
	struct span key = m->other;
	struct customer_id *own;

	/* A stop on the way; it comes with whom it leads to, or not at all. */
	if (passed && passed->state == ID_CLAIMED)
		passed->state = ID_REFUSED;
	own = journey_id(j, key);
	if (own && own->state != ID_REFUSED) {
		/* By an earlier event, too: whoever waits for what was said by then asks it. */
		if (own->place_at > m->linked_at) {
			own->place_at = m->linked_at;
			ask_anew(j, own->place_at);
		}
		return 0;
	}
	/* Who refused before may not now, and is to be waited for. */
	own = own ? own : journey_add_id(j, key);
	if (!own)
		return errno == ENOSPC ? 0 : -ENOMEM;
	own->state = ID_CLAIMED;
	own->first_at = TIME_NEVER;
	own->place_at = m->linked_at;
	ask_anew(j, own->place_at);
	return 0;
}

int link_linked(struct journey *j, const struct message *m, int64_t now, struct effects *effects)
{
	const struct word word = {.outcome = OUTCOME_LINKED,
		.counter = COUNTER_IDENTITY_LINKED,
		.key = m->of,
		.now = now,
		.said_at = m->said_at};
	bool news = false;
	const struct said_of said = {m->of, message_under(m), m->said_at, m->linked_at};
	int r = note_key(j, &said, ID_LINKED, &news);

	journey_remove_apart(j, m->of);
	if (r < 0)
		return r;
	return news ? tell(effects, &word) : 0;
}

int link_refused(struct journey *j, const struct message *m, struct span reason, int64_t now,
	struct effects *effects)
{
	const struct word word = {.outcome = OUTCOME_NOT_LINKED,
		.counter = COUNTER_IDENTITY_REFUSED,
		.key = m->of,
		.words = reason,
		.now = now,
		.said_at = m->said_at};
	struct customer_id *own = journey_id(j, m->of);
	struct customer_id *first = m->via.len > 0 ? journey_id(j, m->via) : NULL;
	enum id_state state;
	bool news = false;
	int r = 0;

	if (first && first->state == ID_CLAIMED)
		first->state = ID_REFUSED;
	/* It was claimed in vain; what is linked meanwhile stays so. */
	if (own && own->state == ID_CLAIMED) {
		own->state = ID_REFUSED;
	} else if (!own && journey_knows_id(j, m->of, &state) && state == ID_CLAIMED) {
		journey_unmark_id(j, m->of);
		r = note_key(j, &(struct said_of){m->of, SPAN_EMPTY, m->said_at, m->linked_at},
			ID_REFUSED, &news);
	}
	return r < 0 ? r : tell(effects, &word);
}

#define WORDS_MAX (2 * MESSAGE_REASON_MAX + 2)

/* `NAME: reason`, where somebody of the staff said it, in WORDS; else empty. */
static struct span who_and_why(const struct message *m, char words[WORDS_MAX])
{
	const struct span parts[] = {m->by, SPAN_LIT(": "), m->reason};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && m->by.len > 0; i++) {
		assert(parts[i].len <= WORDS_MAX - n);
		if (parts[i].len > 0)
			memcpy(words + n, parts[i].ptr, parts[i].len);
		n += parts[i].len;
	}
	return span_of(words, n);
}

int link_merged(struct journey *j, const struct message *m, int64_t now, struct effects *effects)
{
	char words[WORDS_MAX];
	const struct word word = {.outcome = OUTCOME_JOINED,
		.counter = COUNTER_IDENTITY_MERGED,
		.key = m->of,
		.words = who_and_why(m, words),
		.now = now,
		.said_at = m->said_at};
	bool news = false;
	const struct said_of said = {m->of, message_under(m), m->said_at, m->linked_at};
	int r = note_key(j, &said, ID_LINKED, &news);

	journey_remove_apart(j, m->of);
	return r < 0 ? r : tell(effects, &word);
}

static int move_holds(
	const struct journey *j, const struct journey *before, struct effects *effects)
{
	struct holds then = {NULL, 0};
	bool dated = before && calendar_knows(before);
	int r = before ? holds_of(before, &effects->arena, &then) : 0;

	if (r == 0)
		r = holds_update(j, &then, SPAN_EMPTY, effects);
	if (r == 0 && dated != calendar_knows(j))
		r = holds_rules(!dated, 0, effects);
	return r;
}

int link_unmerged(struct journey *j, const struct journey *before, const struct message *m,
	int64_t now, struct effects *effects)
{
	char words[WORDS_MAX];
	struct word word = {.outcome = OUTCOME_UNMERGED,
		.counter = COUNTER_IDENTITY_UNMERGED,
		.key = m->of,
		.words = who_and_why(m, words),
		.now = now,
		.said_at = m->said_at};
	int r = journey_add_apart(j, m->of, now);

	if (r == 0)
		r = move_holds(j, before, effects);
	return r < 0 ? r : tell(effects, &word);
}

struct span link_stray(const struct journey *j, const struct message *m)
{
	for (size_t i = 0; i < m->n_path; i++)
		if (!span_equal(m->path[i].key, m->of) && journey_apart(j, m->path[i].key))
			return m->path[i].key;
	return SPAN_EMPTY;
}
