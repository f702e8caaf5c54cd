/* SPDX-License-Identifier: MIT */
/*
 * News for who has just left. From the fold that an unmerge was made of (store/divide.h) until they
 * are back with the owner of their key, news that come there reach nobody: a name that is a link
 * passes on only what it followed when it became one, and for a day. But news of products come to
 * whoever stays, too; so those pass on what the other follows, for as long as news may be on their
 * way.
 *
 * What came to the other's log before the fold is in what they are restored to, and what comes when
 * they are back they hear themselves; so that they hear nothing twice, they come back with a note
 * of what the fold has heard (codec/division.h), and know the rest by what they remember of news.
 */
#include "apply_impl.h"

#include "codec/division.h"
#include "core/news.h"

static int hold(struct applier *a, const struct cached *c, struct span thing, int64_t at)
{
	struct commit_hold *hold = list_add(&a->holds);

	if (!hold)
		return -ENOMEM;
	*hold = (struct commit_hold){c->customer, arena_copy(&a->arena, thing), at};
	return hold->source.ptr ? 0 : -ENOMEM;
}

/* The keys of the products that RECORD follows, in the arena. Of the site nothing is passed on: of
 * whoever stands in the index for its news it is not known otherwise whether they wait for them. 0
 * or -ENOMEM. */
static int things_of(
	struct applier *a, const struct record *record, struct span **ret_things, size_t *ret_n)
{
	struct followed followed;
	struct span *things;
	int r = followed_of(record->journey, &a->arena, &followed);

	if (r < 0)
		return r;
	things = arena_calloc(&a->arena, followed.n + 1, sizeof(*things));
	if (!things)
		return -ENOMEM;
	for (size_t i = 0; i < followed.n; i++) {
		things[i] = news_product_key(followed.list[i], &a->arena);
		if (things[i].len == 0)
			return -ENOMEM;
	}
	*ret_things = things;
	*ret_n = followed.n;
	return 0;
}

int applier_pass_to(struct applier *a, const struct work *w, struct span goes)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	struct journey *j = w->cached->record.journey;
	struct division other;
	struct span *things;
	size_t n;
	int r;

	/* A replay tells everybody at once, and a fold knows one customer only. */
	if (a->options.transient || a->options.no_links)
		return 0;
	r = division_decode(goes, &a->arena, &other);
	if (r != 0 || other.record.len == 0)
		return r < 0 ? r : 0;
	r = record_decode(other.record, &record);
	if (r == 0)
		r = things_of(a, &record, &things, &n);
	if (r != 0)
		return r < 0 ? r : 0;
	return journey_pass_news(j, w->message->of, things, n);
}

bool applier_keeps_hold(const struct journey *j, const struct effect *e)
{
	return e->hold_at == TIME_NEVER && journey_passes(j, e->source);
}

int applier_hold_passed(struct applier *a, const struct cached *c)
{
	const struct journey *j = c->record.journey;
	int r = 0;

	for (size_t i = 0; i < j->n_apart; i++)
		for (size_t k = 0; k < j->apart[i].n_passed && r == 0; k++)
			r = hold(a, c, text_span(j->apart[i].passed[k]), 0);
	return r;
}

int applier_drop_passed(struct applier *a, const struct cached *c, const struct journey *before,
	const struct journey *now)
{
	int r = 0;

	for (size_t i = 0; before && i < before->n_apart; i++)
		for (size_t k = 0; k < before->apart[i].n_passed && r == 0; k++) {
			struct span thing = text_span(before->apart[i].passed[k]);

			if (!now || (!journey_passes(now, thing) &&
					    !news_concern(now, thing, &a->marks, now->received_at)))
				r = hold(a, c, thing, TIME_NEVER);
		}
	return r;
}

/* APART, of C, is back since long. 0 or -ENOMEM. */
static int end_one(struct applier *a, struct cached *c, struct customer_apart *apart)
{
	struct customer_apart was = *apart;
	struct journey before = {.apart = &was, .n_apart = 1};
	int r;

	apart->passed = NULL;
	apart->n_passed = 0;
	r = applier_drop_passed(a, c, &before, c->record.journey);
	journey_forget_passed(&was);
	return r;
}

int applier_end_passed(struct applier *a, struct cached *c, struct span key, int64_t now)
{
	struct journey *j = c->record.journey;
	int r = 0;

	for (size_t i = 0; i < j->n_apart && r == 0; i++)
		if (j->apart[i].n_passed > 0 &&
			(now - j->apart[i].at > NEWS_LINK_MS ||
				span_equal(text_span(j->apart[i].key), key)))
			r = end_one(a, c, &j->apart[i]);
	return r;
}

int applier_pass_news_on(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	const struct journey *j = w->cached->record.journey;
	struct span thing = a->news->message->to;
	int r = 0;

	for (size_t i = 0; i < j->n_apart && r == 0; i++) {
		struct message m = {.kind = MESSAGE_FORWARD,
			.to = text_span(j->apart[i].key),
			.at = w->message->at,
			.place = applier_places(w)};

		if (!journey_apart_passes(&j->apart[i], thing))
			continue;
		message_pass(&m, m.to, 0);
		a->commit.counters[COUNTER_FORWARDED]++;
		r = applier_say(a, &m, &cargo);
	}
	return r;
}

int applier_heard_apart(struct applier *a, const struct division *own)
{
	int r = 0;

	for (size_t i = 0; i < own->n_heard && r == 0; i++)
		r = applier_note_seen(a, own->heard[i].mark.ptr, own->heard[i].hour);
	return r;
}
