/* SPDX-License-Identifier: MIT */
/*
 * Consent of two customers who are one. Each side spoke for itself while they were two, and only
 * one of them can have been wrong without harm: the stricter word counts, until the customer says
 * another. So each word stays that of its side (consent_sides.h).
 *
 * A word about all topics or all channels is stricter than a yes to one of them, so that who has
 * said "no more mails" under one name gets none because of a newsletter under the other.
 */
#include "core/merge.h"

#include "consent_sides.h"
#include "list.h"
#include "merge_parts.h"

/* A word that has no room: a withdrawal is taken for one of all, said when all knew it. */
static int drop_word(struct journey *j)
{
	struct consent_name all = {.topic = SPAN_EMPTY};
	struct consent word = {.word = CONSENT_WITHDRAWN};
	const struct consent *victim = NULL;
	struct consent *c;
	int r;

	if (journey_drop_consent(j))
		return 0;
	for (size_t i = 0; i < j->n_consents; i++)
		if (j->consents[i].topic.len + j->consents[i].side.len > 0 &&
			(!victim || j->consents[i].at < victim->at))
			victim = &j->consents[i];
	assert(victim); /* there are fewer channels than room */
	all.channel = victim->channel;
	word.at = int64_max(victim->at, consent_one_since(j, text_span(victim->side), SPAN_EMPTY));
	r = text_set(&word.source, text_span(victim->source));
	journey_remove_consent(j, (size_t)(victim - j->consents));
	c = consent_find(j, all);
	if (!c)
		c = consent_insert(j, all);
	if (r == 0)
		r = c ? consent_join(c, &word) : -ENOMEM;
	text_release(&word.source);
	return r;
}

/* Those that have not always room. */
static size_t count_bounded(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_consents; i++)
		n += j->consents[i].topic.len + j->consents[i].side.len > 0;
	return n;
}

int merge_consents(struct journey *into, const struct journey *from)
{
	int r = 0;

	for (size_t i = 0; i < from->n_consents && r == 0; i++) {
		const struct consent *w = &from->consents[i];
		struct consent_name name = {.topic = text_span(w->topic),
			.side = text_span(w->side.len > 0 ? w->side : from->customer),
			.channel = w->channel};
		struct consent *c;

		if (span_equal(name.side, text_span(into->customer)))
			name.side = SPAN_EMPTY;
		c = consent_find(into, name);
		if (!c)
			c = consent_insert(into, name);
		r = c ? consent_join(c, w) : -ENOMEM;
	}
	if (r == 0)
		r = consent_settle(into);
	while (r == 0 && count_bounded(into) > JOURNEY_CONSENTS_MAX)
		r = drop_word(into);
	return r;
}
