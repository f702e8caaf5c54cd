/* SPDX-License-Identifier: MIT */
/* Likelihood, impact and the flowchart. Shares are counted in ten-thousandths. */
#include "core/priority.h"

/* 0.8: triggers.md, section 10. */
#define SERVICE_IMPACT (SHARE_WHOLE * 8 / 10)

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

/* The total that was said of the order that KEY names. */
static bool order_value(const struct journey *j, struct span key, struct decimal *ret_value)
{
	const struct span prefix = SPAN_LIT("order:");
	const struct order *o;
	struct span total;

	if (!span_starts(key, prefix))
		return false;
	o = journey_order(j, span_of(key.ptr + prefix.len, key.len - prefix.len));
	if (!o)
		return false;
	total = text_span(o->total);
	if (total.len >= 2 && total.ptr[0] == '"')
		total = span_of(total.ptr + 1, total.len - 2);
	return decimal_parse(total, ret_value) == 0;
}

/* The greater of a customer's value and that of the order concerned; false: nothing is known. */
static bool value_of(const struct journey *j, const struct instance *i, struct decimal *ret_value)
{
	return order_value(j, text_span(i->key), ret_value);
}

static struct decimal formula(const struct rules *rules, const struct rule *rule,
	const struct journey *j, const struct instance *i)
{
	const struct policy *p = &rules->policy;
	struct decimal value;
	uint32_t share = 0, other;

	if (value_of(j, i, &value))
		share = policy_percentile(p, value);
	if (rule->class == RULE_SERVICE && share < SERVICE_IMPACT)
		share = SERVICE_IMPACT;
	for (size_t n = 0; n < p->n_severities; n++) {
		other = p->severities[n].share;
		if (span_equal(p->severities[n].event, text_span(i->by)) && other > share)
			share = other;
	}
	return share_decimal(share);
}

enum priority_class priority_class_of(
	const struct policy *p, struct decimal likelihood, struct decimal impact)
{
	if (decimal_compare(likelihood, share_decimal(p->theta_likelihood)) < 0)
		return PRIORITY_LOW;
	return decimal_compare(impact, share_decimal(p->theta_impact)) < 0 ? PRIORITY_MEDIUM
									   : PRIORITY_HIGH;
}

void priority_of(const struct rules *rules, const struct rule *rule, const struct journey *j,
	const struct instance *i, int64_t now, struct priority *ret_priority)
{
	struct priority p = {.likelihood = rule->likelihood, .impact = rule->impact};
	struct decimal value;

	(void)now;
	if (rule->gates.on && !rule->gates.has_impact)
		p.impact = formula(rules, rule, j, i);
	p.likelihood = clamp(p.likelihood);
	p.impact = clamp(p.impact);
	p.class = priority_class_of(&rules->policy, p.likelihood, p.impact);
	if (value_of(j, i, &value)) {
		int64_t both = units(p.likelihood, 3, 1000) * units(p.impact, 3, 1000);

		p.loss = both * units(value, 0, INT64_C(1000000000000));
	}
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
