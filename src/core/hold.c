/* SPDX-License-Identifier: MIT */
/* Lists of a few sources; nearly always none. */
#include "hold.h"

static size_t count_held(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_instances; i++)
		n += j->instances[i].missing.len > 0;
	return n;
}

static struct hold *find(const struct holds *h, struct span source)
{
	for (size_t i = 0; i < h->n; i++)
		if (span_equal(h->list[i].source, source))
			return &h->list[i];
	return NULL;
}

int holds_of(const struct journey *j, struct arena *a, struct holds *ret_holds)
{
	struct holds h = {NULL, 0};
	size_t max = count_held(j);

	if (max > 0) {
		h.list = arena_calloc(a, max, sizeof(*h.list));
		if (!h.list)
			return -ENOMEM;
	}
	for (size_t i = 0; max > 0 && i < j->n_instances; i++) {
		const struct instance *in = &j->instances[i];
		struct hold *known;

		if (in->missing.len == 0)
			continue;
		known = find(&h, text_span(in->missing));
		if (known) {
			known->at = int64_min(known->at, in->deadline_at);
			continue;
		}
		/* A copy, since the instance may be gone when it is looked at again. */
		h.list[h.n].source = arena_copy(a, text_span(in->missing));
		h.list[h.n].at = in->deadline_at;
		if (!h.list[h.n++].source.ptr)
			return -ENOMEM;
	}
	*ret_holds = h;
	return 0;
}

static int want(struct effects *effects, struct span source, int64_t at)
{
	struct effect *e = effects_add(effects, EFFECT_HOLD);

	if (!e)
		return -ENOMEM;
	e->source = source;
	e->hold_at = at;
	return 0;
}

int holds_update(const struct journey *j, const struct holds *before, struct span forced,
	struct effects *effects)
{
	struct holds now;
	int r = holds_of(j, &effects->arena, &now);

	for (size_t i = 0; r == 0 && i < before->n; i++)
		if (!find(&now, before->list[i].source) &&
			!span_equal(before->list[i].source, forced))
			r = want(effects, before->list[i].source, TIME_NEVER);
	for (size_t i = 0; r == 0 && i < now.n; i++) {
		const struct hold *known = find(before, now.list[i].source);

		if ((!known || known->at != now.list[i].at) &&
			!span_equal(now.list[i].source, forced))
			r = want(effects, now.list[i].source, now.list[i].at);
	}
	if (r == 0 && forced.len > 0) {
		const struct hold *held = find(&now, forced);

		r = want(effects, forced, held ? held->at : TIME_NEVER);
	}
	return r;
}

int holds_rules(bool dated, int64_t at, struct effects *effects)
{
	return want(effects, MARK_RULES, dated ? at : TIME_NEVER);
}
