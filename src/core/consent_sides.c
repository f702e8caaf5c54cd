/* SPDX-License-Identifier: MIT */
/*
 * The tree is short: an id hangs under another one only where that itself became part of somebody
 * later, for else it makes no difference under which of them it hangs (flatten()). So first_at
 * rises on the way up, and a word climbs as far as its time is later.
 */
#include "consent_sides.h"

#include "core/identity.h"

#include "list.h"

/* ---- the tree ---------------------------------------------------------------------------- */

/* One step up from *KEY, which is not empty; *AT is when that happened at the earliest. */
static void climb(const struct journey *j, struct span *key, int64_t *at)
{
	const struct customer_id *id = journey_id(j, *key);

	*key = id ? text_span(id->under) : SPAN_EMPTY;
	if (id)
		*at = int64_max(*at, id->first_at);
}

/* Is TOP on the way up from KEY? */
static bool is_under(const struct journey *j, struct span key, struct span top, int64_t *ret_at)
{
	int64_t at = INT64_MIN;

	for (size_t n = 0; n <= j->n_ids; n++) {
		if (span_equal(key, top)) {
			*ret_at = at;
			return true;
		}
		if (key.len == 0)
			return false;
		climb(j, &key, &at);
	}
	return false;
}

int64_t consent_one_since(const struct journey *j, struct span a, struct span b)
{
	int64_t at = INT64_MIN, other = INT64_MIN;

	for (size_t n = 0; n <= j->n_ids && a.len > 0; n++) {
		if (is_under(j, b, a, &other))
			return int64_max(at, other);
		climb(j, &a, &at);
	}
	(void)is_under(j, b, SPAN_EMPTY, &other);
	return int64_max(at, other);
}

struct span consent_side(const struct journey *j, struct span key, int64_t at)
{
	for (size_t n = 0; n <= j->n_ids; n++) {
		const struct customer_id *id = key.len ? journey_id(j, key) : NULL;

		if (!id)
			break;
		if (at <= id->first_at)
			return text_span(id->key);
		key = text_span(id->under);
	}
	return SPAN_EMPTY;
}

bool consent_heard(const struct journey *j, const struct consent *c, struct span side)
{
	struct span own = text_span(c->side);

	return span_equal(own, side) || c->at > consent_one_since(j, side, own);
}

/* Whom KEY had become part of by AT; empty: the customer's own key. */
static struct span part_of(const struct journey *j, struct span key, int64_t at)
{
	for (size_t n = 0; n <= j->n_ids; n++) {
		const struct customer_id *id = key.len ? journey_id(j, key) : NULL;

		if (!id)
			break;
		if (id->first_at > at)
			return text_span(id->key);
		key = text_span(id->under);
	}
	return SPAN_EMPTY;
}

bool consent_is_linked(const struct journey *j, struct span key, int64_t at)
{
	const struct customer_id *id = journey_id(j, key);
	bool linked = id && id->state != ID_REFUSED && id->first_at <= at;

	for (size_t i = 0; i < j->n_ids && !linked; i++)
		linked = j->ids[i].first_at <= at && span_equal(text_span(j->ids[i].under), key);
	return linked;
}

/* Of two that become one the weaker hangs under the stronger, so that the tree does not depend on
 * which was said first: under the customer's own key, else by the order of kinds that is built in,
 * whatever a shop's settings are by now. */
static bool is_weaker(struct span a, struct span b)
{
	return a.len > 0 && (b.len == 0 || identity_compare(&IDENTITY_DEFAULT, a, b) > 0);
}

/* KEY hangs under UNDER since AT, and since when it hung elsewhere is not known any more. */
static int hang(struct customer_id *id, struct span under, int64_t at)
{
	id->first_at = at;
	return text_set(&id->under, under);
}

/* What a new link makes one earlier than was known takes the place of the latest link between them;
 * that one is then said of the two which it still holds together. */
int consent_link(struct journey *j, struct span key, struct span under, int64_t at)
{
	struct customer_id *id = journey_id(j, key);
	struct span a = key, b = under;
	int r = 0;

	if (!id && !span_equal(key, text_span(j->customer)))
		return 0;
	if (id && id->state == ID_REFUSED)
		return at < id->first_at ? hang(id, SPAN_EMPTY, at) : 0;
	for (size_t n = 0; n <= 2 * j->n_ids && at != TIME_NEVER && r == 0; n++) {
		struct span was;
		int64_t was_at;

		a = part_of(j, a, at);
		b = part_of(j, b, at);
		if (span_equal(a, b))
			break;
		if (is_weaker(b, a)) {
			struct span swap = a;

			a = b;
			b = swap;
		}
		id = journey_id(j, a);
		was = part_of(j, text_span(id->under), INT64_MIN);
		was_at = id->first_at;
		r = hang(id, b, at);
		a = was;
		at = was_at;
	}
	return r;
}

static int flatten(struct journey *j)
{
	for (size_t i = 0; i < j->n_ids; i++) {
		struct customer_id *id = &j->ids[i];

		for (size_t n = 0; n <= j->n_ids && id->under.len > 0; n++) {
			const struct customer_id *up = journey_id(j, text_span(id->under));

			if (up && up != id && up->first_at > id->first_at)
				break;
			if (text_set(&id->under,
				    up && up != id ? text_span(up->under) : SPAN_EMPTY) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* ---- the words --------------------------------------------------------------------------- */

static int compare(const struct consent *c, struct consent_name name)
{
	int r = span_compare(text_span(c->topic), name.topic);

	if (r == 0)
		r = (c->channel > name.channel) - (c->channel < name.channel);
	return r ? r : span_compare(text_span(c->side), name.side);
}

static size_t place(const struct journey *j, struct consent_name name)
{
	size_t at = j->n_consents;

	while (at > 0 && compare(&j->consents[at - 1], name) >= 0)
		at--;
	return at;
}

static struct consent_name name_of(const struct consent *c)
{
	return (struct consent_name){text_span(c->topic), text_span(c->side), c->channel};
}

struct consent *consent_find(const struct journey *j, struct consent_name name)
{
	size_t at = place(j, name);

	if (at == j->n_consents || compare(&j->consents[at], name) != 0)
		return NULL;
	return &j->consents[at];
}

struct consent *consent_add(struct journey *j, struct consent_name name)
{
	struct consent *c = consent_find(j, name);

	if (c)
		return c;
	/* The customer's words about all topics always have room: there are no more of them than
	 * channels. */
	errno = ENOSPC;
	if (name.topic.len + name.side.len > 0 && j->n_consents >= JOURNEY_CONSENTS_MAX &&
		!journey_drop_consent(j))
		return NULL;
	errno = ENOMEM;
	return consent_insert(j, name);
}

struct consent *consent_insert(struct journey *j, struct consent_name name)
{
	size_t at = place(j, name);
	struct text topic = {.ptr = NULL}, side = {.ptr = NULL};
	struct consent *c = NULL;

	if (text_set(&topic, name.topic) == 0 && text_set(&side, name.side) == 0)
		c = list_insert(
			(void **)&j->consents, j->n_consents, &j->cap_consents, sizeof(*c), at);
	if (!c) {
		text_release(&topic);
		text_release(&side);
		return NULL;
	}
	c->topic = topic;
	c->side = side;
	c->channel = name.channel;
	c->at = INT64_MIN;
	j->n_consents++;
	return c;
}

/* Does A go before B where both are of the same side? */
static bool goes_before(const struct consent *a, const struct consent *b)
{
	if (a->at != b->at)
		return a->at > b->at;
	if (a->word != b->word)
		return a->word < b->word;
	return span_compare(text_span(a->source), text_span(b->source)) > 0;
}

int consent_join(struct consent *into, const struct consent *word)
{
	if (!goes_before(word, into))
		return 0;
	into->at = word->at;
	into->word = word->word;
	return text_set(&into->source, text_span(word->source));
}

/* The word at INDEX is SIDE's from now on, whose text is given away; where that has one, the one
 * that goes before stays. */
static void move(struct journey *j, size_t index, struct text side)
{
	struct consent word = j->consents[index];
	struct consent *c;

	j->n_consents--;
	list_remove(j->consents, j->n_consents, sizeof(word), index);
	text_release(&word.side);
	word.side = side;
	c = consent_find(j, name_of(&word));
	if (!c) {
		c = list_insert((void **)&j->consents, j->n_consents, &j->cap_consents,
			sizeof(word), place(j, name_of(&word)));
		assert(c); /* there is room: it was in the list */
		j->n_consents++;
		*c = word;
		return;
	}
	if (goes_before(&word, c)) {
		struct consent gone = *c;

		*c = word;
		word = gone;
	}
	text_release(&word.topic);
	text_release(&word.source);
	text_release(&word.side);
}

/* Has whoever said the word at INDEX heard a later one on the same? */
static bool is_over(const struct journey *j, size_t index)
{
	const struct consent *c = &j->consents[index];

	for (size_t i = 0; i < j->n_consents; i++) {
		const struct consent *other = &j->consents[i];

		if (other->at > c->at && other->channel == c->channel &&
			span_equal(text_span(other->topic), text_span(c->topic)) &&
			consent_heard(j, other, text_span(c->side)))
			return true;
	}
	return false;
}

int consent_settle(struct journey *j)
{
	int r = flatten(j);

	for (size_t i = j->n_consents; i > 0 && r == 0; i--) {
		const struct consent *c = &j->consents[i - 1];
		struct text side = {.ptr = NULL};
		struct span now = consent_side(j, text_span(c->side), c->at);

		if (span_equal(now, text_span(c->side)))
			continue;
		r = text_set(&side, now);
		if (r < 0)
			break;
		move(j, i - 1, side);
		/* All have another place. */
		i = j->n_consents + 1;
	}
	for (size_t i = j->n_consents; i > 0 && r == 0; i--)
		if (j->consents[i - 1].side.len > 0 && is_over(j, i - 1))
			journey_remove_consent(j, i - 1);
	return r;
}

/* Did anybody else say anything on the same as the word at INDEX? */
static bool is_alone(const struct journey *j, size_t index)
{
	for (size_t i = 0; i < j->n_consents; i++)
		if (i != index && j->consents[i].channel == j->consents[index].channel &&
			span_equal(text_span(j->consents[i].topic),
				text_span(j->consents[index].topic)))
			return false;
	return true;
}

void consent_forget_id(struct journey *j, size_t index)
{
	struct span key = text_span(j->ids[index].key);
	int64_t at = consent_one_since(j, key, SPAN_EMPTY);

	for (size_t i = 0; i < j->n_ids; i++) {
		struct customer_id *id = &j->ids[i];

		if (id->under.len == 0 || !span_equal(text_span(id->under), key))
			continue;
		id->first_at = int64_max(id->first_at, at);
		text_release(&id->under);
		id->under = (struct text){.ptr = NULL};
	}
	for (size_t i = j->n_consents; i > 0; i--) {
		struct consent *c = &j->consents[i - 1];

		if (c->side.len == 0 || !span_equal(text_span(c->side), key))
			continue;
		if (c->word != CONSENT_WITHDRAWN && !is_alone(j, i - 1)) {
			journey_remove_consent(j, i - 1);
		} else {
			c->at = c->word == CONSENT_WITHDRAWN ? int64_max(c->at, at) : c->at;
			move(j, i - 1, (struct text){.ptr = NULL});
		}
		i = j->n_consents + 1;
	}
}
