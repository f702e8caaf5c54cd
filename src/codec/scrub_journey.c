/* SPDX-License-Identifier: MIT */
/*
 * Every text of a journey that can come from what was sent is looked at: what the customer
 * themselves is called by cannot be somebody else's. Keys of lists stay apart from each other and
 * in their order.
 */
#include "codec/message_json.h"
#include "core/tally.h"

#include "scrub_impl.h"

/* What happened so far: 0, SCRUB_CLEAN or -ENOMEM. */
struct walk {
	struct scrubber *s;
	struct buf out;
	unsigned apart; /* keys that were told apart */
	int r;
};

static void note(struct walk *w, int r)
{
	if (w->r >= 0 && r != SCRUB_CLEAN)
		w->r = r;
}

/* True: T was changed. */
static bool replace(struct walk *w, struct text *t, bool json)
{
	int r;

	if (t->len == 0 || w->r < 0)
		return false;
	buf_reset(&w->out);
	r = json ? scrub_json(w->s, text_span(*t), &w->out)
		 : scrub_text(w->s, text_span(*t), &w->out);
	if (r == 0 && w->out.len > t->len) {
		/* It was no JSON; there is no more room than it had. */
		buf_reset(&w->out);
		r = scrub_text(w->s, text_span(*t), &w->out);
	}
	if (r == 0)
		r = text_set(t, buf_span(&w->out));
	note(w, r);
	return r == 0;
}

/* A text that is nothing but a name of the other goes. */
static bool strip(struct walk *w, struct text *t)
{
	bool whole = false;
	int r;

	if (t->len == 0 || w->r < 0)
		return false;
	r = scrub_is_name(w->s, text_span(*t), &whole);
	if (r < 0)
		note(w, r);
	if (r < 0 || !whole)
		return r == 0 && replace(w, t, false);
	text_release(t);
	*t = (struct text){.ptr = NULL};
	note(w, 0);
	return true;
}

/* Is KEY, of the form KIND:VALUE, to go? */
static bool is_key_theirs(struct walk *w, struct span key)
{
	bool known = false;
	int r = w->r < 0 ? 0 : w->s->knows(w->s->user, key, &known);

	if (r < 0 || known)
		note(w, r);
	return known;
}

static bool is_theirs(struct walk *w, struct text key)
{
	return is_key_theirs(w, text_span(key));
}

/* ---- keys -------------------------------------------------------------------------------- */

#define APART_KEPT 24 /* bytes; with what follows them less than any key may have */

/* Of two that differed in what they no longer say, one is given a number. 0 or -ENOMEM. */
static int tell_apart(struct walk *w, struct text *key)
{
	_cleanup_(buf_release) struct buf other = BUF_INIT;
	size_t n = key->len < APART_KEPT ? key->len : APART_KEPT;

	/* Whole characters, in UTF-8. */
	while (n > 0 && n < key->len && ((unsigned char)key->ptr[n] & 0xc0) == 0x80)
		n--;
	buf_add(&other, key->ptr, n);
	buf_printf(&other, "~%u", ++w->apart);
	return buf_failed(&other) < 0 ? -ENOMEM : text_set(key, buf_span(&other));
}

/* A list of N elements of SIZE, whose keys are texts at offset KEY, in the order COMPARE. */
struct keyed {
	void *items;
	size_t n, size, key;
	int (*compare)(const void *a, const void *b);
};

static struct text *key_of(const struct keyed *k, size_t i)
{
	return (void *)((char *)k->items + i * k->size + k->key);
}

static void scrub_keys(struct walk *w, const struct keyed *k)
{
	bool changed = false;

	for (size_t i = 0; i < k->n; i++)
		changed = replace(w, key_of(k, i), false) || changed;
	while (changed && w->r >= 0) {
		changed = false;
		qsort(k->items, k->n, k->size, k->compare);
		for (size_t i = 1; i < k->n && !changed; i++) {
			const char *item = (const char *)k->items + i * k->size;

			if (k->compare(item - k->size, item) != 0)
				continue;
			note(w, tell_apart(w, key_of(k, i)));
			changed = true;
		}
	}
}

static int by_text(struct text a, struct text b)
{
	return span_compare(text_span(a), text_span(b));
}

static int compare_carts(const void *a, const void *b)
{
	return by_text(((const struct cart *)a)->key, ((const struct cart *)b)->key);
}

static int compare_orders(const void *a, const void *b)
{
	return by_text(((const struct order *)a)->id, ((const struct order *)b)->id);
}

static int compare_dates(const void *a, const void *b)
{
	return by_text(((const struct date *)a)->name, ((const struct date *)b)->name);
}

static int compare_instances(const void *a, const void *b)
{
	const struct instance *one = a, *other = b;
	int r = by_text(one->rule, other->rule);

	return r ? r : by_text(one->key, other->key);
}

static int compare_things(const void *a, const void *b)
{
	const struct thing *one = a, *other = b;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	return by_text(one->id, other->id);
}

static int compare_consents(const void *a, const void *b)
{
	const struct consent *one = a, *other = b;
	int r = by_text(one->topic, other->topic);

	if (r != 0)
		return r;
	if (one->channel != other->channel)
		return one->channel < other->channel ? -1 : 1;
	return by_text(one->side, other->side);
}

static void scrub_lists(struct walk *w, struct journey *j)
{
	const struct keyed lists[] = {
		{j->carts, j->n_carts, sizeof(*j->carts), offsetof(struct cart, key),
			compare_carts},
		{j->orders, j->n_orders_kept, sizeof(*j->orders), offsetof(struct order, id),
			compare_orders},
		{j->instances, j->n_instances, sizeof(*j->instances),
			offsetof(struct instance, key), compare_instances},
		{j->things, j->n_things, sizeof(*j->things), offsetof(struct thing, id),
			compare_things},
		{j->dates, j->n_dates, sizeof(*j->dates), offsetof(struct date, name),
			compare_dates},
		{j->consents, j->n_consents, sizeof(*j->consents), offsetof(struct consent, topic),
			compare_consents},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		scrub_keys(w, &lists[i]);
}

/* ---- what they are told to be called ----------------------------------------------------- */

/* Was it they who were named, or by another name they who asked? */
static bool is_naming_theirs(struct walk *w, const struct customer_naming *naming)
{
	_cleanup_(arena_release) struct arena a;
	struct message claim;
	int r;

	arena_init(&a);
	if (is_theirs(w, naming->name) || (naming->via.len > 0 && is_theirs(w, naming->via)))
		return true;
	if (naming->said.len == 0)
		return false;
	r = message_parse(text_span(naming->said), &a, &claim);
	if (r < 0)
		note(w, r);
	return r == 0 && (is_key_theirs(w, claim.of) ||
				 (claim.other.len > 0 && is_key_theirs(w, claim.other)) ||
				 (claim.name.len > 0 && is_key_theirs(w, claim.name)) ||
				 (claim.via.len > 0 && is_key_theirs(w, claim.via)));
}

/* What staff wrote beside a claim: VALUE, of a message that A has. It gets no longer than it may
 * be. True: it was changed. */
static bool scrub_words(struct walk *w, struct arena *a, struct span *value)
{
	struct span clean;
	size_t n;
	int r;

	if (value->len == 0 || w->r < 0)
		return false;
	buf_reset(&w->out);
	r = scrub_text(w->s, *value, &w->out);
	if (r == 0) {
		clean = buf_span(&w->out);
		n = clean.len < MESSAGE_REASON_MAX ? clean.len : MESSAGE_REASON_MAX;
		/* Whole characters, in UTF-8. */
		while (n < clean.len && n > 0 && ((unsigned char)clean.ptr[n] & 0xc0) == 0x80)
			n--;
		*value = arena_copy(a, span_of(clean.ptr, n));
		r = value->ptr ? 0 : -ENOMEM;
	}
	note(w, r);
	return r == 0;
}

/* What waits and is of others goes on waiting. */
static void scrub_said(struct walk *w, struct customer_naming *naming)
{
	_cleanup_(arena_release) struct arena a;
	struct message said;
	bool changed;
	int r;

	arena_init(&a);
	if (naming->said.len == 0 || w->r < 0)
		return;
	r = message_parse(text_span(naming->said), &a, &said);
	if (r != 0) {
		if (r < 0)
			note(w, r);
		return;
	}
	changed = scrub_words(w, &a, &said.reason);
	changed = scrub_words(w, &a, &said.by) || changed;
	if (!changed || w->r < 0)
		return;
	buf_reset(&w->out);
	message_json(&said, &w->out);
	note(w, buf_failed(&w->out) < 0 ? -ENOMEM : text_set(&naming->said, buf_span(&w->out)));
}

static void scrub_names(struct walk *w, struct journey *j)
{
	for (size_t i = j->n_named; i-- > 0;) {
		if (is_naming_theirs(w, &j->named[i]))
			journey_remove_naming(j, i);
		else
			scrub_said(w, &j->named[i]);
	}
	for (size_t i = j->n_ids; i-- > 0;)
		if (is_theirs(w, j->ids[i].key))
			journey_remove_id(j, i);
	for (size_t i = j->n_apart; i-- > 0;)
		if (is_theirs(w, j->apart[i].key))
			journey_remove_apart(j, text_span(j->apart[i].key));
	for (size_t i = j->n_addresses; i-- > 0;) {
		bool theirs = false;
		int r = w->r < 0 ? 0
				 : scrub_is_name(w->s, text_span(j->addresses[i].which), &theirs);

		if (r < 0 || theirs)
			note(w, r);
		if (theirs)
			journey_remove_address(j, i);
	}
	(void)strip(w, &j->user_id);
	if (strip(w, &j->anonymous_id) && j->anonymous_id.len == 0)
		j->anonymous_at = INT64_MIN;
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if (strip(w, &j->traits[i]) && j->traits[i].len == 0)
			j->trait_at[i] = INT64_MIN;
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void scrub_arming(struct walk *w, struct arming *a)
{
	(void)replace(w, &a->by, false);
	(void)replace(w, &a->data, true);
	(void)strip(w, &a->subject);
}

static void scrub_instance(struct walk *w, struct instance *i)
{
	bool renamed = false;

	(void)replace(w, &i->by, false);
	(void)replace(w, &i->data, true);
	(void)replace(w, &i->told, true);
	(void)strip(w, &i->subject);
	(void)strip(w, &i->last_subject);
	(void)strip(w, &i->home);
	for (uint32_t k = 0; k < i->n_spent; k++)
		renamed = strip(w, &i->spent[k].name) || renamed;
	if (renamed)
		note(w, spent_settle(i));
	for (uint32_t k = 0; k < i->n_armings; k++)
		scrub_arming(w, &i->armings[k]);
	if (i->paused)
		scrub_arming(w, &i->paused->what);
	for (uint32_t k = 0; k < i->n_earlier; k++) {
		(void)strip(w, &i->earlier[k].subject);
		(void)strip(w, &i->earlier[k].home);
		(void)replace(w, &i->earlier[k].told, true);
	}
	for (uint32_t k = 0; k < i->n_taken; k++)
		(void)strip(w, &i->taken[k].subject);
	if (i->fallback) {
		(void)replace(w, &i->fallback->by, false);
		(void)replace(w, &i->fallback->data, true);
	}
}

/* The last text that a tally was told stands behind a letter (core/tally.h). */
static void scrub_last(struct walk *w, struct text *last)
{
	struct span text = text_span(*last);
	int r;

	if (text.len < 2 || text.ptr[0] != 't' || w->r < 0)
		return;
	buf_reset(&w->out);
	buf_add_char(&w->out, 't');
	r = scrub_text(w->s, span_of(text.ptr + 1, text.len - 1), &w->out);
	note(w, r == 0 ? text_set(last, buf_span(&w->out)) : r);
}

static void scrub_rest(struct walk *w, struct journey *j)
{
	for (size_t i = 0; i < j->n_instances; i++)
		scrub_instance(w, &j->instances[i]);
	for (size_t i = 0; i < j->n_notes; i++) {
		(void)replace(w, &j->notes[i].by, false);
		(void)replace(w, &j->notes[i].words, false);
	}
	for (size_t i = 0; i < j->n_things; i++)
		for (struct thing *t = &j->things[i]; t; t = t->before) {
			(void)replace(w, &t->about, false);
			(void)replace(w, &t->word.text, false);
		}
	for (size_t i = 0; i < j->n_orders_kept; i++)
		(void)replace(w, &j->orders[i].total, true);
	for (size_t i = 0; i < j->n_tallies; i++)
		scrub_last(w, &j->tallies[i].last);
	for (unsigned i = 0; j->profile && i < PROFILE_TEXT_COUNT; i++)
		(void)replace(w, &j->profile->texts[i].text, i == PROFILE_RECOMMENDATIONS);
}

int scrub_journey(struct scrubber *s, struct journey *j)
{
	struct walk w = {.s = s, .out = BUF_INIT, .r = SCRUB_CLEAN};

	scrub_names(&w, j);
	scrub_lists(&w, j);
	scrub_rest(&w, j);
	buf_release(&w.out);
	return w.r;
}
