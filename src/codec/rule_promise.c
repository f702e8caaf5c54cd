/* SPDX-License-Identifier: MIT */
/*
 * Waits that end when a promise will most likely be missed. The promise is a fact and not a
 * property of the event that arms, since it was made with the order and may be made anew while the
 * parcel is on its way; what the case is known by (its carrier, its lane) is kept in the rule's
 * data, so that it is still known then.
 */
#include "rule_reader.h"

#include "base/instant.h"

#define PROMISE_SAMPLES 30	      /* triggers.md, rule 4c */
#define PROMISE_AWAITED (60 * MS_DAY) /* what is not said by then never will be */

void rule_promise_init(struct rule_wait *wait)
{
	wait->samples = PROMISE_SAMPLES;
	wait->max_ms = PROMISE_AWAITED;
}

void rule_read_promise(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait *wait = target;
	struct span path = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	size_t fact = FACT_COUNT;

	if (span_starts(path, SPAN_LIT("s.")))
		fact = fact_find(span_of(path.ptr + 2, path.len - 2));
	if (fact != FACT_COUNT && fact_type(fact) == FACT_INSTANT)
		wait->promise = fact;
	else
		rule_problem_add(r, p,
			"a promise is a fact that is an instant, such as \"s.order.promised_at\"");
}

void rule_promise_check(struct rule_reader *r, const struct file_place *p, struct rule *rule)
{
	struct rule_wait *wait = &rule->wait;

	if (wait->kind != WAIT_LATE)
		return;
	for (size_t n = 0; n < wait->n_fields; n++) {
		for (size_t i = 0; i < rule->n_data && wait->names[n].len == 0; i++)
			if (rule->data[i].from == DATA_EVENT &&
				rule->data[i].field == wait->fields[n])
				wait->names[n] = rule->data[i].name;
		if (wait->names[n].len == 0)
			rule_problem_add(r, p,
				"what `by` names must be kept for news of the promise; capture "
				"entry %zu of it in `data`",
				n);
	}
}
