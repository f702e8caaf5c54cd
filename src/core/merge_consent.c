/* SPDX-License-Identifier: MIT */
/*
 * Consent of two customers who are one. Each side spoke for itself while they were two, and only
 * one of them can have been wrong without harm: the stricter word counts, from when it was said
 * that they are one. What either says after that is the customer's word and counts by its time.
 *
 * A word about all topics or all channels is stricter than a yes to one of them, so that who has
 * said "no more mails" under one name gets none because of a newsletter under the other.
 */
#include "core/merge.h"

#include "list.h"
#include "merge_parts.h"

/* Does W speak of what V speaks of? */
static bool covers(const struct consent *w, const struct consent *v)
{
	if (w->topic.len > 0 && !span_equal(text_span(w->topic), text_span(v->topic)))
		return false;
	return w->channel == v->channel || w->channel == JOB_CHANNEL_COUNT ||
	       v->channel == JOB_CHANNEL_COUNT;
}

/* When W of its side counts, beside what the OTHER side says. */
static int64_t counts_at(const struct consent *w, const struct journey *other, int64_t said_at)
{
	for (size_t i = 0; i < other->n_consents && w->at < said_at; i++) {
		const struct consent *v = &other->consents[i];

		if (v->at <= said_at && v->word > w->word && covers(w, v))
			return said_at;
	}
	return w->at;
}

/* The later word; of two at one instant the stricter, then that of the greater source. */
static int join_consent(struct consent *into, const struct consent *from, int64_t at)
{
	if (at < into->at || (at == into->at && from->word > into->word))
		return 0;
	if (at == into->at && from->word == into->word)
		return merge_greatest(&into->source, from->source);
	into->at = at;
	into->word = from->word;
	return text_set(&into->source, text_span(from->source));
}

/* A word about one topic that has no room: a withdrawal is taken for one of all. */
static int drop_topic(struct journey *j)
{
	const struct consent *victim = NULL;
	struct consent *all;
	struct text source = {.ptr = NULL};
	int64_t at;
	uint32_t channel;
	int r;

	if (journey_drop_consent(j))
		return 0;
	for (size_t i = 0; i < j->n_consents; i++)
		if (j->consents[i].topic.len > 0 && (!victim || j->consents[i].at < victim->at))
			victim = &j->consents[i];
	assert(victim); /* there are fewer channels than room */
	at = victim->at;
	channel = victim->channel;
	r = text_set(&source, text_span(victim->source));
	journey_remove_consent(j, (size_t)(victim - j->consents));
	all = journey_consent_word(j, SPAN_EMPTY, channel);
	if (!all)
		all = journey_insert_consent(j, SPAN_EMPTY, channel);
	if (r == 0)
		r = all ? join_consent(all,
				  &(struct consent){.source = source, .word = CONSENT_WITHDRAWN},
				  at)
			: -ENOMEM;
	text_release(&source);
	return r;
}

static size_t count_topics(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_consents; i++)
		n += j->consents[i].topic.len > 0;
	return n;
}

int merge_consents(struct journey *into, const struct journey *from, int64_t said_at)
{
	int64_t theirs[JOURNEY_CONSENTS_MAX + JOB_CHANNEL_COUNT + 1] = {0};
	int r = 0;

	assert(from->n_consents <= ARRAY_SIZE(theirs));
	for (size_t i = 0; i < from->n_consents; i++)
		theirs[i] = counts_at(&from->consents[i], into, said_at);
	for (size_t i = 0; i < into->n_consents; i++)
		into->consents[i].at = counts_at(&into->consents[i], from, said_at);
	for (size_t i = 0; i < from->n_consents && r == 0; i++) {
		const struct consent *w = &from->consents[i];
		struct consent *c = journey_consent_word(into, text_span(w->topic), w->channel);

		if (!c)
			c = journey_insert_consent(into, text_span(w->topic), w->channel);
		r = c ? join_consent(c, w, theirs[i]) : -ENOMEM;
	}
	while (r == 0 && count_topics(into) > JOURNEY_CONSENTS_MAX)
		r = drop_topic(into);
	return r;
}
