/* SPDX-License-Identifier: MIT */
/* Likelihood, impact and the flowchart. Shares are counted in ten-thousandths. */
#include "core/priority.h"

#include "core/gate.h"
#include "core/money.h"
#include "fact_entity.h"
#include "local_time.h"

/* 0.8: triggers.md, section 10. */
#define SERVICE_IMPACT (SHARE_WHOLE * 8 / 10)
#define OCCASION_DAYS  7

static struct decimal share_decimal(uint32_t share)
{
	struct decimal d = {share, share ? -4 : 0};

	while (d.mantissa != 0 && d.mantissa % 10 == 0) {
		d.mantissa /= 10;
		d.exponent++;
	}
	return d;
}

/* D kept within 0 and 1. */
static struct decimal clamp(struct decimal d)
{
	if (decimal_compare(d, decimal_from_int(0)) < 0)
		return decimal_from_int(0);
	return decimal_compare(d, decimal_from_int(1)) > 0 ? decimal_from_int(1) : d;
}

/* D in units of 10^-DIGITS, rounded down; what is out of 0..MAX is at its end. */
static int64_t units(struct decimal d, int32_t digits, int64_t max)
{
	int64_t n = d.mantissa;
	int32_t shift = d.exponent + digits;

	if (n <= 0)
		return 0;
	for (; shift > 0 && n <= max; shift--)
		n = n > max / 10 ? max + 1 : n * 10;
	for (; shift < 0 && n > 0; shift++)
		n /= 10;
	return n > max ? max : n;
}

/* Money is counted in hundredths, up to ten thousand million. */
#define MONEY_MAX INT64_C(1000000000000)

/* Of what is in another currency nothing is known here. */
static int64_t order_money(const struct order *o, struct span currency)
{
	struct decimal d;

	if (o->currency.len > 0 && !span_equal(text_span(o->currency), currency))
		return 0;
	return money_of_order(o, &d) ? units(d, 2, MONEY_MAX) : 0;
}

/* What the customer bought in all. */
static int64_t customer_money(const struct policy *p, const struct journey *j)
{
	struct span currency = money_main(p, j);
	struct decimal sum;

	return money_spent(j, currency, currency, &sum) ? units(sum, 2, MONEY_MAX) : MONEY_MAX;
}

/* What the order or the cart that KEY names is worth; 0: it names none, or nothing was said. */
static int64_t concerned_money(const struct policy *p, const struct journey *j, struct span key)
{
	const struct cond_scope named = {.journey = j, .key = key};
	struct span currency = money_main(p, j);
	const struct cart *cart = journey_cart(j, key);
	const struct order *o = NULL;

	if (cart && cart->basket) {
		const struct basket *b = cart->basket;

		if (b->currency.len > 0 && !span_equal(text_span(b->currency), currency))
			return 0;
		return units(b->value.value, 2, MONEY_MAX);
	}
	/* A parcel or a line of an order, too. */
	if (span_starts(key, SPAN_LIT("order:")) || span_starts(key, SPAN_LIT("order+")))
		o = fact_order(&named);
	return o ? order_money(o, currency) : 0;
}

static struct decimal money_decimal(int64_t money)
{
	struct decimal d = {money, money ? -2 : 0};

	while (d.mantissa != 0 && d.mantissa % 10 == 0) {
		d.mantissa /= 10;
		d.exponent++;
	}
	return d;
}

bool priority_is_top_tier(const struct policy *p, const struct journey *j)
{
	const struct amount *rank = j->profile ? &j->profile->numbers[PROFILE_TIER_RANK] : NULL;

	return p->loyalty_top > 0 && rank && rank->at != INT64_MIN &&
	       decimal_compare(rank->value, decimal_from_int(p->loyalty_top)) >= 0;
}

bool priority_is_valued(const struct policy *p, const struct journey *j)
{
	int64_t n;

	if (priority_is_top_tier(p, j))
		return true;
	if (p->n_tiers == 0)
		return false;
	n = customer_money(p, j);
	return decimal_compare(money_decimal(n), p->tiers[p->n_tiers - 1].from) >= 0;
}

/* Days from today to the next time that DATE comes round: 0 is today. */
static int64_t days_to(const struct date *date, const struct civil *today)
{
	int64_t days = civil_to_days(today->year, today->month, today->day), next = INT64_MIN;

	for (int32_t year = today->year; year <= today->year + 1 && next < days; year++) {
		int32_t last = civil_days_in_month(year, date->month);

		/* 29 February is kept on the 28th. */
		next = civil_to_days(year, date->month, date->day < last ? date->day : last);
	}
	return next - days;
}

static bool occasion_is_near(const struct policy *p, const struct journey *j, int64_t now)
{
	const struct zone *zone = gates_zone(p, j);
	struct civil today, day;

	local_civil(zone, now, &today);
	/* What an order is for: on that very day, in whatever zone it is meant. */
	for (size_t i = j->n_things; i-- > 0 && j->things[i].kind >= THING_OCCASION;) {
		int64_t days;

		if (j->things[i].kind != THING_OCCASION || j->things[i].due_at == TIME_NEVER)
			continue;
		local_civil(zone, j->things[i].due_at, &day);
		days = civil_to_days(day.year, day.month, day.day) -
		       civil_to_days(today.year, today.month, today.day);
		if (days >= 0 && days <= OCCASION_DAYS)
			return true;
	}
	for (size_t i = 0; i < j->n_dates; i++)
		if (!j->dates[i].removed && j->dates[i].month >= 1 && j->dates[i].month <= 12 &&
			days_to(&j->dates[i], &today) <= OCCASION_DAYS)
			return true;
	return false;
}

static struct decimal formula(const struct cond_scope *scope, const struct rule *rule)
{
	const struct policy *p = &scope->rules->policy;
	const struct journey *j = scope->journey;
	int64_t money = int64_max(customer_money(p, j), concerned_money(p, j, scope->key));
	uint32_t share = money > 0 ? policy_percentile(p, money_decimal(money)) : 0;

	if (rule->class == RULE_SERVICE && share < SERVICE_IMPACT)
		share = SERVICE_IMPACT;
	for (size_t n = 0; n < p->n_severities; n++)
		if (span_equal(p->severities[n].event, text_span(scope->instance->by)) &&
			p->severities[n].share > share)
			share = p->severities[n].share;
	return share_decimal(occasion_is_near(p, j, scope->now) ? SHARE_WHOLE : share);
}

enum priority_class priority_class_of(
	const struct policy *p, struct decimal likelihood, struct decimal impact)
{
	if (decimal_compare(likelihood, share_decimal(p->theta_likelihood)) < 0)
		return PRIORITY_LOW;
	return decimal_compare(impact, share_decimal(p->theta_impact)) < 0 ? PRIORITY_MEDIUM
									   : PRIORITY_HIGH;
}

/* The number that C amounts to; FALLBACK where it amounts to none, for then it says nothing. */
static struct decimal number_of(
	const struct cond *c, const struct cond_scope *scope, struct decimal fallback)
{
	struct value v;

	return cond_value(c, scope, &v) == 0 && v.type == VALUE_NUMBER ? v.number : fallback;
}

void priority_of(
	const struct cond_scope *scope, const struct rule *rule, struct priority *ret_priority)
{
	struct priority p = {.likelihood = rule->likelihood, .impact = rule->impact};
	const struct policy *policy = &scope->rules->policy;
	int64_t money = concerned_money(policy, scope->journey, scope->key);
	uint32_t share;

	if (rule->gates.likelihood_quantile && rule_wait_quantile(&rule->wait, scope, &share))
		p.likelihood = share_decimal(share);
	if (rule->gates.likelihood)
		p.likelihood = number_of(rule->gates.likelihood, scope, decimal_from_int(1));
	if (rule->gates.impact)
		p.impact = number_of(rule->gates.impact, scope, formula(scope, rule));
	else if (rule->gates.on && !rule->gates.has_impact)
		p.impact = formula(scope, rule);
	p.likelihood = clamp(p.likelihood);
	p.impact = clamp(p.impact);
	p.class = priority_class_of(&scope->rules->policy, p.likelihood, p.impact);
	/* Shares in thousandths, so that the product stays within 64 bits. */
	p.worth = (struct worth){
		.hundredths = money > 0 ? money : customer_money(policy, scope->journey),
		.currency = money_main(policy, scope->journey),
		.whole = money <= 0,
	};
	p.loss = units(p.likelihood, 3, 1000) * units(p.impact, 3, 1000) * p.worth.hundredths;
	*ret_priority = p;
}

int priority_compare(const struct priority *a, const struct priority *b)
{
	if (a->class != b->class)
		return a->class > b->class ? -1 : 1;
	if (a->loss != b->loss)
		return a->loss > b->loss ? -1 : 1;
	return 0;
}
