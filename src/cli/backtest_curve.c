/* SPDX-License-Identifier: MIT */
#include "backtest_curve.h"

const int64_t curve_ladder[CURVE_LADDER] = {15 * MS_MINUTE, 30 * MS_MINUTE, MS_HOUR, 2 * MS_HOUR,
	4 * MS_HOUR, 8 * MS_HOUR, 12 * MS_HOUR, MS_DAY, 2 * MS_DAY, 3 * MS_DAY, 7 * MS_DAY,
	14 * MS_DAY, 30 * MS_DAY, 60 * MS_DAY, 90 * MS_DAY, 180 * MS_DAY};

/* An activity that nothing has followed yet. */
struct watch {
	struct watch *next; /* of the same customer */
	const struct rule *rule;
	struct span key;
	uint32_t epoch, episode, number;
	bool by_touch;
	int64_t anchor_at;
};

/* All of one customer's. */
struct watched {
	struct watch *first;
};

int curve_init(struct curve *c, const struct rules *rules)
{
	static const uint64_t seed[2] = {5, 6};

	c->rules = rules;
	c->failed = false;
	arena_init(&c->arena);
	map_init(&c->customers, seed);
	c->rule = calloc(rules->n + 1, sizeof(*c->rule));
	return c->rule ? 0 : -ENOMEM;
}

void curve_release(struct curve *c)
{
	for (size_t i = 0; c->rule && i < c->rules->n; i++)
		free(c->rule[i].list);
	free(c->rule);
	map_release(&c->customers);
	arena_release(&c->arena);
}

static struct stretches *stretches_of(struct curve *c, const struct rule *rule)
{
	return &c->rule[rule - c->rules->list];
}

static void end_stretch(struct curve *c, const struct watch *w, int64_t at, enum stretch_end end)
{
	struct stretches *s = stretches_of(c, w->rule);

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct stretch *grown = realloc(s->list, cap * sizeof(*grown));

		if (!grown) {
			c->failed = true;
			return;
		}
		s->list = grown;
		s->cap = cap;
	}
	s->list[s->n++] = (struct stretch){.anchor_at = w->anchor_at,
		.delay_ms = int64_max(at - w->anchor_at, 0),
		.watch = w->number,
		.by_touch = w->by_touch,
		.end = end};
}

/* The wait begins anew at AT. */
static void move(struct curve *c, struct watch *w, int64_t at, bool by_touch)
{
	if (at <= w->anchor_at)
		return;
	end_stretch(c, w, at, STRETCH_MOVED);
	w->anchor_at = at;
	w->by_touch = by_touch;
}

/* ---- events -------------------------------------------------------------------------------- */

static const struct rule_match *find(
	const struct cond_scope *scope, const struct rule_match *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rule_matches(&list[i], scope))
			return &list[i];
	return NULL;
}

static bool concerns(const struct watch *w, const struct rule_match *m, struct span key)
{
	bool all = m->customer || (w->rule->key == RULE_KEY_FIELD && span_is(key, "customer"));

	return all || rule_key_in(w->rule, key, w->key) ||
	       (w->rule->key_else_customer && key.len > 0 && span_is(w->key, "customer"));
}

static void cancel(struct curve *c, struct watched *all, const struct rule *rule,
	const struct rule_match *m, const struct event *event)
{
	char buf[RULE_KEY_MAX];
	struct span key = rule_match_reach(rule, m, event, buf);
	struct watch **at = &all->first;

	while (*at) {
		struct watch *w = *at;
		bool early = !m->terminal && event->occurred_at < w->anchor_at - rule->slack_ms;

		if (w->rule != rule || early || !concerns(w, m, key)) {
			at = &w->next;
			continue;
		}
		end_stretch(c, w, event->occurred_at, STRETCH_CANCELLED);
		*at = w->next;
	}
}

/* Moves what the engine may have stopped moving, because with this wait it has come due. */
static void touch(
	struct curve *c, struct watched *all, const struct rule *rule, const struct event *event)
{
	char buf[RULE_KEY_MAX];
	struct span key = rule_event_reach(rule, event, buf);
	bool whole = span_is(key, "customer");

	for (struct watch *w = all->first; w; w = w->next)
		if (w->rule == rule && (whole || rule_key_in(rule, key, w->key)))
			move(c, w, event->occurred_at, true);
}

/* As the engine: what cancels does nothing else, and what arms is no mere touch. */
static void see_rule(struct curve *c, struct watched *all, const struct rule *rule,
	const struct cond_scope *scope, bool machine)
{
	const struct rule_match *m = find(scope, rule->cancel, rule->n_cancel);

	if (m)
		cancel(c, all, rule, m, scope->event);
	else if (!machine && rule->n_touch > 0 && !find(scope, rule->arm, rule->n_arm) &&
		 find(scope, rule->touch, rule->n_touch))
		touch(c, all, rule, scope->event);
}

static void see_event(struct curve *c, struct watched *all, const struct journey *j,
	const struct event *event, int64_t now)
{
	const struct cond_scope scope = {
		.rules = c->rules, .journey = j, .event = event, .now = now};
	struct rule_bits concerned = rules_concerned(c->rules, event);
	bool machine = event->flags & EVENT_FLAG_MACHINE;
	const struct rule *rule;

	if (machine && !(vocab_flags(event->kind) & VOCAB_TERMINAL))
		return;
	while (all->first && (rule = rules_next(c->rules, &concerned)))
		see_rule(c, all, rule, &scope, machine);
}

/* ---- activity ------------------------------------------------------------------------------ */

static struct watched *watched_of(struct curve *c, struct span customer)
{
	struct watched *all = map_get(&c->customers, customer);

	if (all)
		return all;
	all = arena_calloc(&c->arena, 1, sizeof(*all));
	customer = arena_copy(&c->arena, customer);
	if (!all || !customer.ptr || map_put(&c->customers, customer, all) < 0)
		return NULL;
	return all;
}

static struct watch *find_watch(struct watched *all, const struct rule *rule, struct span key)
{
	for (struct watch *w = all->first; w; w = w->next)
		if (w->rule == rule && span_equal(w->key, key))
			return w;
	return NULL;
}

static bool begin(
	struct curve *c, struct watched *all, const struct rule *rule, const struct instance *i)
{
	struct watch *w = arena_calloc(&c->arena, 1, sizeof(*w));

	if (!w)
		return false;
	w->rule = rule;
	w->key = arena_copy(&c->arena, text_span(i->key));
	w->epoch = i->epoch;
	w->episode = i->episode;
	w->number = ++c->watches;
	w->anchor_at = i->anchor_at;
	w->next = all->first;
	all->first = w;
	stretches_of(c, rule)->armed++;
	return w->key.ptr;
}

/* An instance that was armed, or whose anchor moved. */
static bool see_armed(struct curve *c, const struct journey *j, const struct instance *i)
{
	const struct rule *rule = rules_find(c->rules, text_span(i->rule));
	struct watched *all = rule ? watched_of(c, text_span(j->customer)) : NULL;
	struct watch *w;

	if (!rule)
		return true;
	if (!all)
		return false;
	w = find_watch(all, rule, text_span(i->key));
	if (!w)
		return begin(c, all, rule, i);
	if (w->episode != i->episode || w->epoch != i->epoch)
		stretches_of(c, rule)->armed++;
	w->episode = i->episode;
	w->epoch = i->epoch;
	move(c, w, i->anchor_at, false);
	return true;
}

void curve_see(struct curve *c, const struct journey *j, const struct event *event, int64_t now)
{
	struct watched *all;

	if (!event)
		return;
	all = map_get(&c->customers, text_span(j->customer));
	if (all && all->first)
		see_event(c, all, j, event, now);
	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (i->state == INSTANCE_ARMED && i->step == 0 && i->touched_at == now &&
			!see_armed(c, j, i))
			c->failed = true;
	}
}

static int by_watch(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	if (x->watch != y->watch)
		return x->watch < y->watch ? -1 : 1;
	return (x->anchor_at > y->anchor_at) - (x->anchor_at < y->anchor_at);
}

void curve_end(struct curve *c, int64_t horizon)
{
	struct watched *all;
	size_t cursor = 0;

	while ((all = map_next(&c->customers, &cursor)))
		for (; all->first; all->first = all->first->next)
			end_stretch(c, all->first, horizon, STRETCH_OPEN);
	for (size_t i = 0; i < c->rules->n; i++)
		if (c->rule[i].n > 1)
			qsort(c->rule[i].list, c->rule[i].n, sizeof(struct stretch), by_watch);
}

struct curve_point curve_at(const struct stretches *s, int64_t wait_ms, int64_t from)
{
	struct curve_point p = {0, 0, 0};
	uint32_t watch = 0;
	bool waiting = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct stretch *x = &s->list[i];
		/* Within the wait is what comes at its very end, too. */
		bool due = x->end == STRETCH_OPEN ? x->delay_ms >= wait_ms : x->delay_ms > wait_ms;
		unsigned counts = x->anchor_at >= from;

		/* What has come due goes on only when it is armed again. */
		waiting = !x->by_touch || (waiting && x->watch == watch);
		watch = x->watch;
		if (!waiting)
			continue;
		p.due += due ? counts : 0;
		p.cancelled += !due && x->end == STRETCH_CANCELLED ? counts : 0;
		p.moved += !due && x->end == STRETCH_MOVED ? counts : 0;
		waiting = !due && x->end == STRETCH_MOVED;
	}
	return p;
}
