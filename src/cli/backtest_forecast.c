/* SPDX-License-Identifier: MIT */
#include "backtest_foretold.h"

#include "core/fact.h"

int forecasts_init(struct forecasts *f, const struct rules *rules, int64_t from)
{
	static const uint64_t seed[2] = {7, 8};
	static const char *const names[FORECAST_FACTS] = {
		[TELLS_ORDER_DELIVERED] = "order.delivered_at",
		[TELLS_ORDER_READY] = "order.ready_for_pickup_at",
		[TELLS_ORDER_CANCELLED] = "order.cancelled_at",
		[TELLS_ORDER_REFUNDED] = "order.refunded_at",
		[TELLS_ORDER_RETURNED] = "order.returned_at",
		[TELLS_PARCEL_DELIVERED] = "shipment.delivered_at",
		[TELLS_PARCEL_READY] = "shipment.ready_at",
	};

	*f = (struct forecasts){
		.rules = rules, .from = from, .within_ms = 90 * MS_DAY, .seen_at = INT64_MIN};
	arena_init(&f->arena);
	map_init(&f->customers, seed);
	map_init(&f->about, seed);
	f->counts = calloc(rules->n + 1, sizeof(*f->counts));
	for (size_t i = 0; i < FORECAST_FACTS; i++)
		f->facts[i] = fact_find(span_str(names[i]));
	for (size_t i = 0; i < rules->n; i++) {
		f->late = f->late || forecast_kind(&rules->list[i]) == FORECAST_LATE;
		f->silences = f->silences || forecast_kind(&rules->list[i]) == FORECAST_NO_PURCHASE;
	}
	return f->counts ? 0 : -ENOMEM;
}

void forecasts_release(struct forecasts *f)
{
	free(f->counts);
	map_release(&f->customers);
	map_release(&f->about);
	arena_release(&f->arena);
}

enum forecast_kind forecast_kind(const struct rule *rule)
{
	switch (rule->wait.kind) {
	case WAIT_LATE:
		return FORECAST_LATE;
	case WAIT_GAP:
	case WAIT_MODEL:
		return FORECAST_NO_PURCHASE;
	case WAIT_SPAN:
	case WAIT_FIELD:
	case WAIT_LOCAL:
	case WAIT_BUSINESS:
		break;
	}
	return FORECAST_NONE;
}

const char *forecast_name(enum forecast_kind kind)
{
	return kind == FORECAST_LATE ? "late" : kind == FORECAST_NO_PURCHASE ? "no_purchase" : "";
}

/* ---- what is foretold ---------------------------------------------------------------------- */

/* A later message of the same episode says nothing new. */
static bool is_told(struct forecasts *f, const struct foretold *all, const struct forecast *of)
{
	const struct foretold *whole = foretold_whole(all);

	for (const struct forecast *x = foretold_said(f, of->subject, of->key); x; x = x->alike)
		if (x->rule == of->rule && x->episode == of->episode && x->epoch == of->epoch &&
			span_equal(x->key, of->key) && span_equal(x->subject, of->subject) &&
			foretold_whole(x->owner) == whole)
			return true;
	return false;
}

void forecasts_fired(struct forecasts *f, const struct journey *j, const struct decision *d)
{
	const struct rule *rule = rules_find(f->rules, d->rule);
	const struct cond_scope scope = {
		.rules = f->rules, .journey = j, .key = d->key, .now = d->at};
	struct forecast x = {.rule = rule,
		.key = d->key,
		.subject = d->subject.len ? d->subject : text_span(j->customer),
		.epoch = d->epoch,
		.episode = d->episode,
		.from = d->fire_at,
		.until = d->fire_at + f->within_ms};
	struct foretold *all;

	if (!rule || forecast_kind(rule) == FORECAST_NONE)
		return;
	/* A promise taken back since then: there is nothing to be late. */
	if (forecast_kind(rule) == FORECAST_LATE &&
		!rule_promise_end(&rule->wait, &scope, &x.until))
		return;
	all = foretold_of(f, text_span(j->customer));
	if (all && !is_told(f, all, &x))
		foretold_keep(f, all, &x);
}

/* ---- what could have been ------------------------------------------------------------------ */

/* X, or any of X's rule and key, among ALL's own. */
static bool has_promise(
	struct forecasts *f, const struct foretold *all, const struct forecast *x, bool any)
{
	const struct forecast *of = foretold_promises(f, all, x->key);

	while (of && (of->owner != all || of->rule != x->rule || (!any && of->until != x->until) ||
			     !span_equal(of->key, x->key)))
		of = of->alike;
	return of != NULL;
}

static bool arms(const struct rule *rule, const struct cond_scope *scope)
{
	for (size_t i = 0; i < rule->n_arm; i++)
		if (rule_matches(&rule->arm[i], scope))
			return true;
	return false;
}

/* What is promised now of that which EVENT is about, by the rules that look at it. */
static void see_promises(struct forecasts *f, struct foretold *all, const struct journey *j,
	const struct event *event, int64_t now)
{
	char buf[RULE_KEY_MAX];

	for (size_t i = 0; i < f->rules->n; i++) {
		struct forecast x = {.rule = &f->rules->list[i], .from = now};
		struct cond_scope scope = {
			.rules = f->rules, .journey = j, .event = event, .now = now};

		if (forecast_kind(x.rule) != FORECAST_LATE)
			continue;
		x.key = scope.key = rule_event_key(x.rule, event, buf);
		if (x.key.len == 0 || (!has_promise(f, all, &x, true) && !arms(x.rule, &scope)))
			continue;
		/* The promise may come later. */
		if (!rule_promise_end(&x.rule->wait, &scope, &x.until))
			x.until = TIME_NEVER;
		if (!has_promise(f, all, &x, false))
			foretold_keep_promise(f, all, &x);
	}
}

static bool is_purchase(const struct event *e)
{
	return e->kind == EVENT_ORDER_COMPLETED || e->kind == EVENT_IN_STORE_PURCHASE;
}

static void see_purchase(struct forecasts *f, struct foretold *all, int64_t at)
{
	struct bought *b = arena_calloc(&f->arena, 1, sizeof(*b));

	if (!b) {
		f->failed = true;
		return;
	}
	*b = (struct bought){.next = all->bought, .at = at};
	all->bought = b;
}

static void see_parts(
	struct forecasts *f, struct foretold *all, const struct journey *j, int64_t now)
{
	/* Somebody of their own again. */
	if (all->whole && now > all->part_at)
		foretold_leave(all);
	/* Parts are only those whose timelines were long. */
	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].state == ID_LINKED)
			foretold_join(f, all, text_span(j->ids[i].key), now);
	for (size_t i = 0; i < j->n_parts; i++)
		foretold_join(f, all, text_span(j->parts[i].key), now);
}

/* ---- what came of it ----------------------------------------------------------------------- */

/* Did what any of the N facts from FIRST on says happen, until UNTIL, to what OF is about? */
static bool happened(const struct forecasts *f, const struct cond_scope *of, int64_t until,
	enum forecast_fact first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct value v = fact_value(f->facts[first + i], of);

		if (v.type == VALUE_INSTANT && v.at <= until)
			return true;
	}
	return false;
}

static enum fate fate_of_promise(
	const struct forecasts *f, const struct journey *j, const struct forecast *x)
{
	struct cond_scope order = {
		.rules = f->rules, .journey = j, .key = x->key, .now = f->seen_at};
	struct cond_scope parcel = order;

	parcel.key = x->parcel;
	/* Where the whole order has arrived, all of its parcels have. */
	if (happened(f, &order, x->until, TELLS_ORDER_DELIVERED, 2) ||
		(x->parcel.len && happened(f, &parcel, x->until, TELLS_PARCEL_DELIVERED, 2)))
		return FATE_WRONG;
	if (happened(f, &order, x->until, TELLS_ORDER_CANCELLED, 3))
		return FATE_VOID;
	/* An order is forgotten in the end. */
	return x->fate;
}

/* The same of what is about order O alone, without looking for that. */
static enum fate fate_by_order(const struct order *o, const struct forecast *x)
{
	static const struct {
		enum milestone milestone;
		enum fate fate;
	} tells[] = {
		{MILESTONE_DELIVERED, FATE_WRONG},
		{MILESTONE_READY, FATE_WRONG},
		{MILESTONE_CANCELLED, FATE_VOID},
		{MILESTONE_REFUNDED, FATE_VOID},
		{MILESTONE_RETURNED, FATE_VOID},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tells); i++) {
		int64_t at = order_reached_at(o, tells[i].milestone);

		if (at != TIME_NEVER && at != INT64_MIN && at <= x->until)
			return tells[i].fate;
	}
	return x->fate;
}

/* Those that are about no order alone. */
static void see_others(
	const struct forecasts *f, const struct foretold *all, const struct journey *j)
{
	for (struct forecast *x = all->others; x; x = x->beside)
		if (x->fate != FATE_WRONG)
			x->fate = fate_of_promise(f, j, x);
	for (const struct foretold *part = all->n_others ? all->parts : NULL; part;
		part = part->next)
		see_others(f, part, j);
}

/* What is about an order is asked while that is known, so that names and what was foretold may be
 * many. */
static void see_fates(struct forecasts *f, const struct foretold *all, const struct journey *j)
{
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];

		for (struct forecast *x = foretold_of_order(f, text_span(o->id)); x; x = x->beside)
			if (x->fate != FATE_WRONG && foretold_is_of(x->owner, all))
				x->fate = fate_by_order(o, x);
	}
	see_others(f, all, j);
}

void forecasts_see(
	struct forecasts *f, const struct journey *j, const struct event *event, int64_t now)
{
	struct foretold *all;

	if (!event)
		return;
	f->seen_at = int64_max(f->seen_at, now);
	if (!f->late && !f->silences)
		return;
	all = foretold_of(f, text_span(j->customer));
	if (!all)
		return;
	see_parts(f, all, j, now);
	if (is_purchase(event))
		see_purchase(f, all, event->occurred_at);
	if (!f->late)
		return;
	see_promises(f, all, j, event, now);
	see_fates(f, all, j);
}

/* ---- in the end ---------------------------------------------------------------------------- */

/* Everything that a customer bought, with who became one with them, in order. */
struct purchases {
	int64_t *list;
	size_t n;
};

static size_t gather(const struct foretold *all, int64_t *list)
{
	size_t n = 0;

	for (const struct bought *b = all->bought; b; b = b->next, n++)
		if (list)
			list[n] = b->at;
	for (const struct foretold *part = all->parts; part; part = part->next)
		n += gather(part, list ? list + n : NULL);
	return n;
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The first purchase behind AT; TIME_NEVER: none. */
static int64_t next_purchase(const struct purchases *p, int64_t at)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->list[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->n ? p->list[low] : TIME_NEVER;
}

static enum fate fate_of(const struct purchases *p, const struct forecast *x)
{
	if (forecast_kind(x->rule) == FORECAST_LATE)
		return x->fate;
	return next_purchase(p, x->from) <= x->until ? FATE_WRONG : FATE_OPEN;
}

static void count_forecasts(
	struct forecasts *f, const struct foretold *all, const struct purchases *p)
{
	for (const struct forecast *x = all->first; x; x = x->next) {
		struct forecast_count *c = &f->counts[x->rule - f->rules->list];
		enum fate fate = fate_of(p, x);

		c->wrong += fate == FATE_WRONG;
		c->void_ += fate == FATE_VOID;
		c->open += fate == FATE_OPEN && f->seen_at < x->until;
		c->right += fate == FATE_OPEN && f->seen_at >= x->until;
	}
	for (const struct foretold *part = all->parts; part; part = part->next)
		count_forecasts(f, part, p);
}

/* What was said beforehand of something that came true. */
struct saying {
	bool right, open;
};

/* OF is a promise that was missed, or a silence from a purchase until the next one. */
static void look_up(const struct forecasts *f, const struct foretold *all,
	const struct purchases *p, const struct forecast *of, struct saying *s)
{
	bool late = forecast_kind(of->rule) == FORECAST_LATE;

	for (const struct forecast *x = all->first; x; x = x->next) {
		bool meant = late ? x->until == of->until && span_equal(x->key, of->key)
				  : x->from >= of->from && x->from < of->until;

		if (x->rule != of->rule || !meant || fate_of(p, x) != FATE_OPEN)
			continue;
		s->right = s->right || f->seen_at >= x->until;
		s->open = s->open || f->seen_at < x->until;
	}
	for (const struct foretold *part = all->parts; part; part = part->next)
		look_up(f, part, p, of, s);
}

static void count_true(struct forecasts *f, const struct foretold *whole, const struct purchases *p,
	const struct forecast *of)
{
	struct forecast_count *c = &f->counts[of->rule - f->rules->list];
	struct saying s = {false, false};

	look_up(f, whole, p, of, &s);
	c->caught += s.right;
	c->missed += !s.right && !s.open;
}

static void count_silences(
	struct forecasts *f, const struct foretold *whole, const struct purchases *p)
{
	for (size_t i = 0; i < p->n; i++) {
		int64_t at = p->list[i], next = i + 1 < p->n ? p->list[i + 1] : TIME_NEVER;

		if (at < f->from || next <= at + f->within_ms || f->seen_at < at + f->within_ms)
			continue;
		for (size_t k = 0; k < f->rules->n; k++) {
			const struct forecast of = {
				.rule = &f->rules->list[k], .from = at, .until = next};

			if (forecast_kind(of.rule) == FORECAST_NO_PURCHASE)
				count_true(f, whole, p, &of);
		}
	}
}

static void count_promises(struct forecasts *f, const struct foretold *all,
	const struct foretold *whole, const struct purchases *p)
{
	for (const struct forecast *x = all->promises; x; x = x->next)
		if (x->fate == FATE_OPEN && x->from >= f->from && f->seen_at >= x->until)
			count_true(f, whole, p, x);
	for (const struct foretold *part = all->parts; part; part = part->next)
		count_promises(f, part, whole, p);
}

int forecasts_end(struct forecasts *f)
{
	const struct foretold *all;
	size_t cursor = 0;

	while ((all = map_next(&f->customers, &cursor))) {
		struct purchases p = {.n = all->whole ? 0 : gather(all, NULL)};

		if (all->whole)
			continue;
		p.list = malloc((p.n + 1) * sizeof(*p.list));
		if (!p.list)
			return -ENOMEM;
		(void)gather(all, p.list);
		qsort(p.list, p.n, sizeof(*p.list), by_time);
		count_forecasts(f, all, &p);
		count_promises(f, all, all, &p);
		count_silences(f, all, &p);
		free(p.list);
	}
	return 0;
}
