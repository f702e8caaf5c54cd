/* SPDX-License-Identifier: MIT */
/* The list of wishes. */
#include "core/effect.h"

static const char *const counters[COUNTER_COUNT] = {
	[COUNTER_APPLIED] = "applied",
	[COUNTER_DUPLICATE] = "duplicate",
	[COUNTER_CONFLICT] = "conflict",
	[COUNTER_QUARANTINED] = "quarantined",
	[COUNTER_ARMED] = "armed",
	[COUNTER_STALE] = "stale",
	[COUNTER_CANCELLED] = "cancelled",
	[COUNTER_SUPPRESSED] = "suppressed",
	[COUNTER_FIRED] = "fired",
	[COUNTER_RETRACTED] = "retracted",
	[COUNTER_FUTURE] = "future_ts",
	[COUNTER_NO_DEADLINE] = "no_deadline",
	[COUNTER_LIMIT] = "limit",
	[COUNTER_HELD] = "held",
	[COUNTER_MARKS] = "marks",
	[COUNTER_DEFERRED] = "deferred",
	[COUNTER_WOULD_SEND] = "would_send",
	[COUNTER_SUPERSEDED] = "superseded",
	[COUNTER_GOAL] = "goal",
	[COUNTER_NOT_MATCHING] = "not_matching",
	[COUNTER_SKIPPED] = "skipped",
	[COUNTER_EXPIRED] = "expired",
	[COUNTER_REPLACED] = "replaced",
	[COUNTER_MERGED] = "merged",
	[COUNTER_FORWARDED] = "forwarded",
	[COUNTER_REDELIVERED] = "redelivered",
	[COUNTER_IDENTITY_LINKED] = "identity_linked",
	[COUNTER_IDENTITY_MERGED] = "identity_merged",
	[COUNTER_IDENTITY_REFUSED] = "identity_refused",
	[COUNTER_IDENTITY_LIMIT] = "identity_limit",
	[COUNTER_ERASED] = "erased",
	[COUNTER_KEPT_OUT] = "kept_out",
	[COUNTER_IDENTITY_UNMERGED] = "identity_unmerged",
	[COUNTER_NEWS] = "news",
	[COUNTER_NEWS_TOLD] = "news_told",
	[COUNTER_NEWS_LIMIT] = "news_limit",
};

struct span counter_name(enum counter c)
{
	return span_str(counters[c]);
}

void effects_init(struct effects *e)
{
	arena_init(&e->arena);
	e->list = NULL;
	e->n = e->cap = 0;
}

void effects_release(struct effects *e)
{
	arena_release(&e->arena);
	free(e->list);
	e->list = NULL;
	e->n = e->cap = 0;
}

void effects_reset(struct effects *e)
{
	arena_reset(&e->arena);
	e->n = 0;
}

struct effect *effects_add(struct effects *e, enum effect_kind kind)
{
	if (e->n == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 16;
		struct effect *list = realloc(e->list, cap * sizeof(*list));

		if (!list)
			return NULL;
		e->list = list;
		e->cap = cap;
	}
	e->list[e->n] = (struct effect){.kind = kind};
	return &e->list[e->n++];
}
