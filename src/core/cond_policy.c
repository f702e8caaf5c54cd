/* SPDX-License-Identifier: MIT */
/* Operators over what was before, and over what the shop's policy says. */
#include "cond_run.h"

#include "core/gate.h"
#include "core/tally.h"

struct value cond_tally(struct cond_run *run, const struct cond_node *node)
{
	const struct cond_scope *s = run->scope;
	const struct tally_plan *plan = &s->rules->tallies[node->tally];
	struct value value = tally_value(plan, s->journey, s->now);

	if (plan->kind == TALLY_LAST)
		value_mark_amount(&value, s->rules->fields.paths[plan->field].path);
	return value;
}

struct value cond_consent(struct cond_run *run, const struct cond_node *node)
{
	return cond_bool(journey_consent(run->scope->journey, node->name, node->channel));
}

/* A segment is a condition of its own, with the steps that are left; it has no segments in it. */
struct value cond_segment(struct cond_run *run, const struct cond_node *node)
{
	const struct cond *outer = run->cond;
	const struct cond *c = policy_segment(&run->scope->rules->policy, node->name);
	struct cond_scope scope = *run->scope;
	const struct cond_scope *around = run->scope;
	unsigned depth = run->depth;
	bool in;

	if (!c)
		return cond_missing;
	/* It is about the customer, whatever has happened. */
	scope.event = NULL;
	scope.instance = NULL;
	scope.key = SPAN_EMPTY;
	run->cond = c;
	run->scope = &scope;
	run->depth = 0;
	in = cond_node_value(run, (uint16_t)(c->n_nodes - 1)).type == VALUE_TRUE;
	run->cond = outer;
	run->scope = around;
	run->depth = depth;
	return cond_bool(in);
}

static struct decimal order_total(const struct order *o)
{
	struct span total = text_span(o->total);
	struct decimal d = {0, 0};

	if (total.len >= 2 && total.ptr[0] == '"')
		total = span_of(total.ptr + 1, total.len - 2);
	(void)decimal_parse(total, &d);
	return d;
}

/* The share of customers whose value is not above this one's, by the policy's table. */
struct value cond_percentile(struct cond_run *run, const struct cond_node *node)
{
	const struct policy *p = &run->scope->rules->policy;
	const struct journey *j = run->scope->journey;
	struct decimal value = {0, 0}, share = {0, 0};

	(void)node;
	if (p->n_percentiles == 0)
		return cond_missing;
	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (j->orders[i].at[MILESTONE_PLACED] != TIME_NEVER &&
			decimal_add(value, order_total(&j->orders[i]), &value) != 0)
			return cond_missing;
	for (size_t i = 0; i < p->n_percentiles; i++)
		if (decimal_compare(p->percentiles[i].value, value) <= 0)
			share = decimal_from_int(p->percentiles[i].share);
	/* In ten-thousandths. */
	share.exponent = share.mantissa ? share.exponent - 4 : 0;
	return (struct value){.type = VALUE_NUMBER, .number = share};
}
