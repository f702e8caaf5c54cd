/* SPDX-License-Identifier: MIT */
#include "backtest_forecast.h"

#include "core/fact.h"

enum fate { FATE_OPEN, FATE_WRONG, FATE_VOID };

struct forecast {
	struct forecast *next; /* of the same customer */
	const struct rule *rule;
	struct span key;
	uint32_t epoch, episode;
	int64_t from, until; /* no purchase: after FROM, to UNTIL; late: not arrived at UNTIL */
	enum fate fate;
};

/* All of one customer's. */
struct foretold {
	struct forecast *first;
};

int forecasts_init(struct forecasts *f, const struct rules *rules)
{
	static const uint64_t seed[2] = {7, 8};

	*f = (struct forecasts){.rules = rules, .within_ms = 90 * MS_DAY, .seen_at = INT64_MIN};
	arena_init(&f->arena);
	map_init(&f->customers, seed);
	f->counts = calloc(rules->n + 1, sizeof(*f->counts));
	return f->counts ? 0 : -ENOMEM;
}

void forecasts_release(struct forecasts *f)
{
	free(f->counts);
	map_release(&f->customers);
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

static struct foretold *foretold_of(struct forecasts *f, struct span customer)
{
	struct foretold *all = map_get(&f->customers, customer);

	if (all)
		return all;
	all = arena_calloc(&f->arena, 1, sizeof(*all));
	customer = arena_copy(&f->arena, customer);
	if (!all || !customer.ptr || map_put(&f->customers, customer, all) < 0)
		return NULL;
	return all;
}

/* A later message of the same episode says nothing new. */
static bool is_told(const struct foretold *all, const struct rule *rule, const struct decision *d)
{
	for (const struct forecast *x = all->first; x; x = x->next)
		if (x->rule == rule && x->episode == d->episode && x->epoch == d->epoch &&
			span_equal(x->key, d->key))
			return true;
	return false;
}

void forecasts_fired(struct forecasts *f, const struct journey *j, const struct decision *d)
{
	const struct rule *rule = rules_find(f->rules, d->rule);
	const struct cond_scope scope = {
		.rules = f->rules, .journey = j, .key = d->key, .now = d->at};
	struct forecast x = {.rule = rule,
		.epoch = d->epoch,
		.episode = d->episode,
		.from = d->fire_at,
		.until = d->fire_at + f->within_ms};
	struct foretold *all;
	struct forecast *kept;

	if (!rule || forecast_kind(rule) == FORECAST_NONE)
		return;
	/* A promise taken back since then: there is nothing to be late. */
	if (forecast_kind(rule) == FORECAST_LATE &&
		!rule_promise_end(&rule->wait, &scope, &x.until))
		return;
	all = foretold_of(f, text_span(j->customer));
	if (all && is_told(all, rule, d))
		return;
	kept = all ? arena_calloc(&f->arena, 1, sizeof(*kept)) : NULL;
	x.key = arena_copy(&f->arena, d->key);
	if (!kept || !x.key.ptr) {
		f->failed = true;
		return;
	}
	*kept = x;
	kept->next = all->first;
	all->first = kept;
}

/* ---- what came of it ----------------------------------------------------------------------- */

/* Did what NAME says happen, until UNTIL, to what KEY names? */
static bool happened(const struct forecasts *f, const struct journey *j, const struct forecast *x,
	const char *name)
{
	const struct cond_scope scope = {
		.rules = f->rules, .journey = j, .key = x->key, .now = f->seen_at};
	struct value v = fact_value(fact_find(span_str(name)), &scope);

	return v.type == VALUE_INSTANT && v.at <= x->until;
}

static enum fate fate_of_promise(
	const struct forecasts *f, const struct journey *j, const struct forecast *x)
{
	bool parcel = span_starts(x->key, SPAN_LIT("shipment:"));

	if (happened(f, j, x, parcel ? "shipment.delivered_at" : "order.delivered_at") ||
		happened(f, j, x, parcel ? "shipment.ready_at" : "order.ready_for_pickup_at"))
		return FATE_WRONG;
	if (happened(f, j, x, "order.cancelled_at") || happened(f, j, x, "order.refunded_at") ||
		happened(f, j, x, "order.returned_at"))
		return FATE_VOID;
	return FATE_OPEN;
}

static bool is_purchase(const struct event *e)
{
	return e->kind == EVENT_ORDER_COMPLETED || e->kind == EVENT_IN_STORE_PURCHASE;
}

void forecasts_see(
	struct forecasts *f, const struct journey *j, const struct event *event, int64_t now)
{
	struct foretold *all;
	int64_t at;

	if (!event)
		return;
	at = event->occurred_at;
	f->seen_at = int64_max(f->seen_at, now);
	all = map_get(&f->customers, text_span(j->customer));
	for (struct forecast *x = all ? all->first : NULL; x; x = x->next) {
		if (x->fate == FATE_WRONG)
			continue;
		if (forecast_kind(x->rule) == FORECAST_LATE)
			x->fate = fate_of_promise(f, j, x);
		else if (is_purchase(event) && at > x->from && at <= x->until)
			x->fate = FATE_WRONG;
	}
}

void forecasts_end(struct forecasts *f)
{
	const struct foretold *all;
	size_t cursor = 0;

	while ((all = map_next(&f->customers, &cursor)))
		for (const struct forecast *x = all->first; x; x = x->next) {
			struct forecast_count *c = &f->counts[x->rule - f->rules->list];

			c->wrong += x->fate == FATE_WRONG;
			c->void_ += x->fate == FATE_VOID;
			c->open += x->fate == FATE_OPEN && f->seen_at < x->until;
			c->right += x->fate == FATE_OPEN && f->seen_at >= x->until;
		}
}
