/* SPDX-License-Identifier: MIT */
#include "core/past.h"

void past_init(struct past *p)
{
	*p = (struct past){.named_at = TIME_NEVER};
	for (unsigned i = 0; i < PAST_OPEN_COUNT; i++)
		p->dropped[i] = (struct period){TIME_NEVER, INT64_MIN};
}

static int compare_words(const struct past_word *a, const struct past_word *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->about != b->about)
		return a->about < b->about ? -1 : 1;
	return (a->verdict > b->verdict) - (a->verdict < b->verdict);
}

static void add_word(struct past *p, const struct past_word *word)
{
	uint32_t n = p->n_words;

	while (n > 0 && compare_words(&p->words[n - 1], word) > 0)
		n--;
	if (n > 0 && compare_words(&p->words[n - 1], word) == 0)
		return;
	if (p->n_words == PAST_WORDS_MAX) {
		if (n == 0)
			return;
		memmove(&p->words[0], &p->words[1], (n - 1) * sizeof(*word));
		p->words[n - 1] = *word;
		return;
	}
	memmove(&p->words[n + 1], &p->words[n], (p->n_words - n) * sizeof(*word));
	p->words[n] = *word;
	p->n_words++;
}

void past_say(struct past *p, enum past_about about, enum past_verdict verdict, int64_t at)
{
	add_word(p, &(const struct past_word){at, about, verdict});
}

/* Stretches of time, in order; a silence of GAP is between two of them. */
struct runs {
	struct period *list;
	uint32_t *n;
	uint32_t max;
	int64_t gap;
};

static struct runs engaged(struct past *p)
{
	return (struct runs){p->runs, &p->n_runs, PAST_RUNS_MAX, PAST_RUN_GAP_MS};
}

static struct runs visited(struct past *p)
{
	return (struct runs){p->visits, &p->n_visits, PAST_VISITS_MAX, PAST_VISIT_GAP_MS};
}

/* Does B begin before A is over for long enough? A began first. */
static bool touches(const struct period *a, const struct period *b, int64_t gap)
{
	return b->from <= a->to || b->from - a->to < gap;
}

static void remove_run(struct runs s, uint32_t n)
{
	--*s.n;
	memmove(&s.list[n], &s.list[n + 1], (*s.n - n) * sizeof(s.list[0]));
}

static void add_run(struct runs s, struct period run)
{
	uint32_t n;

	/* Most go on with the last one. */
	for (n = *s.n; n-- > 0;) {
		struct period *r = &s.list[n];
		const struct period *first = r->from <= run.from ? r : &run;

		if (!touches(first, first == r ? &run : r, s.gap))
			continue;
		run.from = int64_min(run.from, r->from);
		run.to = int64_max(run.to, r->to);
		remove_run(s, n);
	}
	if (*s.n == s.max) {
		if (run.from < s.list[0].from)
			return;
		remove_run(s, 0);
	}
	for (n = *s.n; n > 0 && s.list[n - 1].from > run.from; n--)
		s.list[n] = s.list[n - 1];
	s.list[n] = run;
	++*s.n;
}

static void extend(struct runs s, int64_t at)
{
	struct period *last = *s.n > 0 ? &s.list[*s.n - 1] : NULL;

	if (last && at >= last->from && at <= last->to)
		return;
	if (last && at > last->to && at - last->to < s.gap)
		last->to = at;
	else
		add_run(s, (struct period){at, at});
}

void past_engage(struct past *p, int64_t at)
{
	extend(engaged(p), at);
}

void past_visit(struct past *p, int64_t at)
{
	extend(visited(p), at);
}

void past_drop(struct past *p, enum past_open open, struct period one)
{
	struct period *d = &p->dropped[open];

	if (one.from >= one.to)
		return;
	if (d->from < d->to && one.from <= d->to && d->from <= one.to)
		*d = (struct period){int64_min(d->from, one.from), int64_max(d->to, one.to)};
	else if (d->from >= d->to || one.to > d->to)
		*d = one;
}

void past_join(struct past *into, const struct past *from)
{
	into->named_at = int64_min(into->named_at, from->named_at);
	for (uint32_t i = 0; i < from->n_words; i++)
		add_word(into, &from->words[i]);
	for (uint32_t i = 0; i < from->n_runs; i++)
		add_run(engaged(into), from->runs[i]);
	for (uint32_t i = 0; i < from->n_visits; i++)
		add_run(visited(into), from->visits[i]);
	for (unsigned i = 0; i < PAST_OPEN_COUNT; i++)
		past_drop(into, (enum past_open)i, from->dropped[i]);
}
