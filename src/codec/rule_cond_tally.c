/* SPDX-License-Identifier: MIT */
/*
 * Operators over what was before (count, sum, last) and over what the shop decides (hasConsent,
 * inSegment, pctile). The former become plans of the set of rules, one for each distinct question.
 */
#include "rule_cond.h"

#include "base/hash.h"
#include "base/instant.h"
#include "core/tally.h"

static const struct rule_duration_limits windows = {1, DURATION_MAX_MS, false};

/* The same question has the same number in every set, for ever: it is what journeys are stored
 * with. */
static uint64_t plan_id(struct rule_reader *r, const struct tally_plan *plan)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x74616c6c6965732f};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct field_path *field = &r->rules->fields.paths[plan->field];

	buf_printf(&text, "%d %d ", (int)plan->kind, (int)plan->match.by);
	buf_add_span(&text, plan->match.name);
	buf_add_char(&text, '\n');
	if (plan->kind != TALLY_COUNT) {
		buf_printf(&text, "%d ", (int)field->root);
		buf_add_span(&text, field->path);
	}
	buf_add_char(&text, '\n');
	buf_add_i64(&text, plan->window_ms);
	r->oom = r->oom || buf_failed(&text) < 0;
	return r->oom ? 0 : siphash24(seed, buf_span(&text));
}

/* The number of PLAN in the set, added if new. False after a problem. */
static bool add_plan(struct cond_reader *c, const struct file_place *p, struct tally_plan *plan,
	size_t *ret_plan)
{
	struct rules *rules = c->r->rules;

	plan->id = plan_id(c->r, plan);
	for (size_t i = 0; i < rules->n_tallies; i++) {
		if (rules->tallies[i].id == plan->id) {
			*ret_plan = i;
			return true;
		}
	}
	if (!rules->tallies)
		rules->tallies = arena_calloc(&rules->arena, TALLIES_MAX, sizeof(*rules->tallies));
	if (!rules->tallies) {
		c->r->oom = true;
		return false;
	}
	if (rules->n_tallies == TALLIES_MAX) {
		rule_problem_add(c->r, p,
			"all rules together ask for more than %d different counts, sums and last "
			"values; ask the same question in several rules, or load fewer",
			TALLIES_MAX);
		return false;
	}
	*ret_plan = rules->n_tallies;
	rules->tallies[rules->n_tallies++] = *plan;
	return true;
}

/* The event; a purchase at the till is a purchase. */
static bool read_event(struct cond_reader *c, const struct file_place *p, struct rule_match *match)
{
	if (!rule_read_event_name(c->r, p, match))
		return false;
	if (match->by == MATCH_KIND && match->kind == EVENT_ORDER_COMPLETED)
		match->also = EVENT_IN_STORE_PURCHASE;
	return true;
}

/* `e.total`, or `total`. */
static bool read_field(struct cond_reader *c, const struct file_place *p, size_t *ret_field)
{
	struct span text;

	if (!rule_read_text(c->r, p, FIELD_PATH_MAX + sizeof("e.context."), &text))
		return false;
	if (span_starts(text, SPAN_LIT("e.")))
		text = span_of(text.ptr + 2, text.len - 2);
	return rule_field_of(c->r, p, text, ret_field);
}

bool cond_read_tally(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	static const enum tally_kind kinds[] = {
		[COND_COUNT] = TALLY_COUNT, [COND_SUM] = TALLY_SUM, [COND_LAST] = TALLY_LAST};
	struct cond_operands none = {.base = c->b->n_pending};
	struct tally_plan plan = {.kind = kinds[o->op]};
	struct cond_node node = {.op = o->op};
	struct file_place places[3];
	bool ok;

	if (!cond_check_arity(c, o, args, cond_places(c, args, places, 3)))
		return false;
	ok = read_event(c, &places[0], &plan.match);
	if (plan.kind != TALLY_LAST)
		ok = rule_read_duration(c->r, &places[o->min - 1], &windows, &plan.window_ms) && ok;
	if (plan.kind != TALLY_COUNT)
		ok = read_field(c, &places[1], &plan.field) && ok;
	*ret = (struct cond_operand){.kinds = o->gives, .count = plan.kind == TALLY_COUNT};
	return ok && add_plan(c, args, &plan, &node.tally) &&
	       cond_finish_leaf(c, args, &node, &none, ret);
}

/* ---- what the shop decides ------------------------------------------------------------- */

bool cond_read_consent(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands none = {.base = c->b->n_pending};
	struct cond_node node = {.op = COND_CONSENT, .channel = JOB_CHANNEL_COUNT};
	struct file_words known = {.used = 0};
	struct file_place places[2];
	struct span channel;

	if (!cond_check_arity(c, o, args, cond_places(c, args, places, 2)) ||
		!rule_read_text(c->r, &places[0], CONSENT_TOPIC_MAX, &node.name) ||
		!rule_read_text(c->r, &places[1], CONSENT_TOPIC_MAX, &channel))
		return false;
	node.channel = job_channel_of(channel);
	*ret = (struct cond_operand){.kinds = KIND_BOOL};
	if (node.channel != JOB_CHANNEL_COUNT)
		return cond_finish_leaf(c, args, &node, &none, ret);
	for (int i = 0; i < JOB_CHANNEL_COUNT; i++)
		file_words_add(&known, "", job_channel_name((enum job_channel)i));
	rule_problem_add(c->r, &places[1], "there is no such channel; write one of %s", known.text);
	return false;
}

/* Is P part of a segment's own condition? */
static bool in_segment(const struct file_place *p)
{
	while (p && !span_is(p->name, "segments"))
		p = p->parent;
	return p;
}

bool cond_read_segment(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	const struct policy *policy = &c->r->rules->policy;
	struct cond_operands none = {.base = c->b->n_pending};
	struct cond_node node = {.op = COND_SEGMENT};
	struct file_words known = {.used = 0};
	struct file_place place;

	if (!cond_check_arity(c, o, args, cond_places(c, args, &place, 1)) ||
		!rule_read_id(c->r, &place, RULE_ID_MAX, &node.name))
		return false;
	if (in_segment(args)) {
		rule_problem_add(c->r, args,
			"a segment cannot be part of a segment; write its condition here");
		return false;
	}
	*ret = (struct cond_operand){.kinds = KIND_BOOL};
	if (policy_segment(policy, node.name))
		return cond_finish_leaf(c, args, &node, &none, ret);
	for (size_t i = 0; i < policy->n_segments; i++)
		file_words_add(&known, "", policy->segments[i].name);
	rule_problem_add(c->r, &place, "the policy has no such segment; %s%s",
		known.used ? "it has " : "describe it there, in \"segments\"", known.text);
	return false;
}

bool cond_read_percentile(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	static const char *const metrics[] = {"value", NULL};
	struct cond_operands none = {.base = c->b->n_pending};
	struct cond_node node = {.op = COND_PERCENTILE};
	struct file_place place;
	size_t metric;

	*ret = (struct cond_operand){.kinds = KIND_NUMBER};
	return cond_check_arity(c, o, args, cond_places(c, args, &place, 1)) &&
	       rule_read_choice(c->r, &place, metrics, &metric) &&
	       cond_finish_leaf(c, args, &node, &none, ret);
}
