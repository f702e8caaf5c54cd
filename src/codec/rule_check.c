/* SPDX-License-Identifier: MIT */
/*
 * What must hold between the members of a rule, and between rules. A rule that can never do
 * anything, or that would write without end, is refused before it meets a customer.
 */
#include "rule_draft.h"

#include "base/instant.h"

/* ---- one rule ---------------------------------------------------------------------------- */

static const struct file_place *found(const struct draft *d, const char *name)
{
	size_t i = rule_member_index(name);

	return d->found[i].value.type == JSON_TYPE_ABSENT ? NULL : &d->found[i];
}

/* Every event that Y speaks of is one of X: X has no filter, or one that Y's leads to. */
static bool covers(
	const struct rule_reader *r, const struct rule_match *x, const struct rule_match *y)
{
	if (x->when && !rule_cond_implies(&r->rules->fields, y->when, x->when))
		return false;
	if (x->by == MATCH_ANY)
		return true;
	if (x->by == MATCH_ENGAGED)
		return y->by == MATCH_ENGAGED ||
		       (y->by == MATCH_KIND && (vocab_flags(y->kind) & VOCAB_ENGAGED));
	return x->by == y->by && x->kind == y->kind &&
	       (x->by == MATCH_KIND || span_equal(x->name, y->name));
}

/* Of the events that arm, the one that entry I of ENDS speaks of too; D->arm.n if there is none. */
static size_t armed_by(
	struct rule_reader *r, const struct draft *d, const struct rule_match_list *ends, size_t i)
{
	size_t k = 0;

	while (k < d->arm.n && !rule_match_same(r, ends, i, &d->arm, k) &&
		!covers(r, &ends->match[i], &d->arm.match[k]))
		k++;
	return k;
}

/* The very event that arms, where the wait counts from the last of them: to end it and to begin it
 * anew is one. */
static bool begins_anew(struct rule_reader *r, const struct draft *d, const struct rule_match *m,
	size_t i, size_t k)
{
	bool own = d->rule.key == RULE_KEY_CUSTOMER || (!m->customer && !m->first);

	return !d->rule.anchor_first && own && m->to.len == 0 &&
	       rule_match_same(r, &d->cancel, i, &d->arm, k);
}

/* What ends a wait begins none: an entry that is also what arms would leave nothing to wait. */
static void check_cancel(struct rule_reader *r, struct draft *d)
{
	struct rule_match_list *all = &d->cancel;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct rule_match *m = &all->match[i];
		size_t k = armed_by(r, d, all, i);

		if (k < d->arm.n && begins_anew(r, d, m, i, k))
			continue;
		if (k < d->arm.n)
			rule_problem_add(r, found(d, "cancel"),
				"entry %u is the very event that arms the rule, so that nothing "
				"would ever wait; add a filter or, where it begins the wait anew, "
				"leave it out here and write \"anchor\": \"last\"",
				m->entry);
		all->match[n] = *m;
		all->when[n++] = all->when[i];
	}
	all->n = n;
	for (size_t i = 0; i < d->goal.n; i++)
		if (armed_by(r, d, &d->goal, i) < d->arm.n)
			rule_problem_add(r, found(d, "goal"),
				"entry %u is the very event that arms the rule, so that "
				"nothing would ever wait; add a filter or name what the "
				"rule is for",
				d->goal.match[i].entry);
}

/* What ended so is handed over to nobody: when it did must not depend on what was heard first. */
static void check_exit_over(
	struct rule_reader *r, const struct draft *d, const struct file_place *exit)
{
	bool hands_over = false;

	for (size_t i = 0; i < d->cancel.n; i++)
		hands_over = hands_over || d->cancel.match[i].to.len > 0;
	if (hands_over && d->rule.exit_policy == EXIT_NOT_MATCHING && d->rule.fire_if &&
		!rule_cond_falls(d->rule.fire_if))
		rule_problem_add(r, exit,
			"this rule hands over (`to`), and what of it was over by then must not "
			"depend on what came in first; so `fire_if` must be one that stays false, "
			"such as {\"<\": [{\"var\": \"s.orders\"}, 1]} in the strict profile: "
			"write "
			"what else ends it as a `cancel`, or leave this out");
}

static void check_exit(struct rule_reader *r, const struct draft *d)
{
	const struct file_place *exit = found(d, "exit_policy");

	if (!exit)
		return;

	if (d->rule.exit_policy == EXIT_GOAL && d->goal.n == 0)
		rule_problem_add(r, exit,
			"there is no `goal` to reach; name the events that are one, or leave this "
			"out");
	if (d->rule.exit_policy == EXIT_CANCEL_ONLY && d->goal.n > 0)
		rule_problem_add(r, exit,
			"with `cancel_only` a `goal` ends nothing; write \"goal\" or "
			"\"not_matching\", or leave this out");
	if (d->rule.exit_policy == EXIT_NOT_MATCHING && !found(d, "fire_if"))
		rule_problem_add(r, exit,
			"what is to match is the rule's `fire_if`; add one, or leave this out");
	check_exit_over(r, d, exit);
}

/* All that at_least counts is kept in one list. */
static void check_counts(struct rule_reader *r, const struct draft *d)
{
	uint32_t total = 0;
	bool counts = false;

	for (size_t i = 0; i < d->arm.n; i++)
		counts = counts || d->arm.match[i].count > 1;
	if (!counts && rule_data_counts(&d->rule))
		rule_problem_add(r, found(d, "data"),
			"`count` is how many events at_least counted, and no entry of `arm` has "
			"one; add it, or leave this out");
	for (size_t i = 0; i < d->arm.n; i++)
		if (i == 0 || d->arm.match[i].entry != d->arm.match[i - 1].entry)
			total += d->arm.match[i].count;
	if (total > INSTANCE_ARMINGS_MAX)
		rule_problem_add(r, found(d, "arm"),
			"all `at_least` of a rule together may count at most %d events",
			INSTANCE_ARMINGS_MAX);
}

/* `fire_if` is asked again for each step. */
static void check_reach(struct rule_reader *r, const struct draft *d)
{
	struct file_place step, member;
	struct file_walk walk, inner;

	if (!found(d, "steps"))
		return;
	file_walk_init(&walk, found(d, "steps"));
	for (size_t i = 0; rule_walk_next(r, &walk, &step) && i < d->rule.n_steps; i++) {
		file_walk_init(&inner, &step);
		while (rule_walk_next(r, &inner, &member))
			if (span_is(member.name, "if") &&
				rule_conds_exclude(&r->rules->fields, d->rule.fire_if,
					d->rule.steps[i].only_if))
				rule_problem_add(r, &member,
					"this step is never reached: what it asks and the rule's "
					"`fire_if`, which is asked again for each step, are never "
					"true together; change one of them or leave the step out");
	}
}

/* Is ASKED never true of what the rule keeps of the events that arm it? */
static bool is_unarmed(const struct rule_reader *r, const struct draft *d, const struct cond *asked)
{
	size_t i, k;

	for (i = 0; i < d->arm.n; i++) {
		for (k = 0; k < d->rule.n_data; k++)
			if (rule_cond_unkept(&r->rules->fields, d->arm.match[i].when,
				    &d->rule.data[k], asked))
				break;
		if (k == d->rule.n_data)
			return false;
	}
	return d->arm.n > 0;
}

/* It may be armed by what is handed over to it as well: that is known when all rules are. */
static void refuse_unarmed(struct rule_reader *r, const struct draft *d, const struct file_place *p,
	struct span what, const struct cond *asked)
{
	if (is_unarmed(r, d, asked))
		rule_refer(r, p, RULE_REF_UNARMED, d->rule.id, what);
}

static void check_kept(struct rule_reader *r, const struct draft *d)
{
	refuse_unarmed(r, d, found(d, "fire_if"), SPAN_LIT("this"), d->rule.fire_if);
	for (size_t i = 0; i < d->rule.n_steps; i++)
		refuse_unarmed(r, d, found(d, "steps"), SPAN_LIT("the `if` of a step"),
			d->rule.steps[i].only_if);
	for (size_t i = 0; i < d->cancel.n; i++)
		refuse_unarmed(r, d, found(d, "cancel"), SPAN_LIT("the `when` of an entry"),
			d->cancel.match[i].when);
	for (size_t i = 0; i < d->goal.n; i++)
		refuse_unarmed(r, d, found(d, "goal"), SPAN_LIT("the `when` of an entry"),
			d->goal.match[i].when);
}

/* What comes due right after the hours of sending must still be worth something when they begin. */
static void check_room(struct rule_reader *r, const struct draft *d)
{
	const struct day_hours *h = &d->rule.gates.send_at;
	int64_t open_ms = (((int64_t)h->to - h->from + 1440) % 1440) * MS_MINUTE;
	char closed[DURATION_SIZE];

	if (h->from == h->to || !d->rule.gates.on || !found(d, "expire") || !found(d, "send_at") ||
		d->rule.expire_ms > MS_DAY - open_ms)
		return;
	duration_format(MS_DAY - open_ms, closed);
	rule_problem_add(r, found(d, "expire"),
		"this is not longer than the %s of each day in which `send_at` lets nothing go, so "
		"that a step that comes due as they begin is worth nothing when they end; make it "
		"longer, or the hours",
		closed);
}

/* Every event of a customer, and nothing that bounds it. */
static void check_bounds(struct rule_reader *r, const struct file_place *p, const struct draft *d)
{
	const struct rule *rule = &d->rule;
	bool bounded = rule->cooldown_ms > 0 || rule->max_per_key > 0;

	if (rule->key == RULE_KEY_CUSTOMER && !bounded && found(d, "wait") && !rule->calendar &&
		rule->wait.kind == WAIT_SPAN && rule->wait.span_ms > 0 &&
		rule->wait.span_ms + rule->steps[0].after_ms <= MS_SECOND)
		rule_problem_add(r, p,
			"this would make a job for every such event of a customer; add "
			"\"episode\": {\"cooldown\": ...} or \"max_per_key\", give it a `key`, or "
			"let it wait for longer than a second");
}

/* A rule that begins with MEMBER and no event. */
static void refuse_members(struct rule_reader *r, const struct draft *d, const char *member,
	const char *why, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (found(d, names[i]))
			rule_problem_add(r, found(d, names[i]),
				"a rule with `%s` is armed by %s; leave `%s` out", member, why,
				names[i]);
}

/* What a rule that no event arms has no use for, and what the others need. */
static void check_arming(struct rule_reader *r, const struct file_place *p, const struct draft *d)
{
	static const char *const dated[] = {"arm", "touch", "wait", "anchor", "key", "key_else",
		"episode", "stale_after", "stage_changed", NULL};
	static const char *const staged[] = {"arm", "touch", "anchor", "key", "key_else", NULL};
	static const char *const needed[] = {"arm", "wait"};

	if (found(d, "calendar"))
		refuse_members(r, d, "calendar", "its date, once a year", dated);
	else if (found(d, "stage_changed"))
		refuse_members(r, d, "stage_changed", "the customer's stage", staged);
	if (d->rule.calendar || d->rule.stages_to)
		rule_check_eventless_data(r, found(d, "data"), &d->rule);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!found(d, "calendar") && !found(d, "stage_changed") && !found(d, needed[i]))
			rule_problem_add(r, p, "a rule needs the member `%s`", needed[i]);
}

/* How much of a wait is a quantile is known of one that was made of the customer's gaps. */
static void check_quantile(struct rule_reader *r, const struct draft *d)
{
	if (d->rule.gates.likelihood_quantile && d->rule.wait.kind != WAIT_GAP)
		rule_problem_add(r, found(d, "priority"),
			"a likelihood of \"quantile\" is how much of the customer's own gaps the "
			"wait is longer than; let the rule wait for the model \"personal_gap\", or "
			"write a number");
}

/* Service messages are neutral: an offer in one makes it advertising. */
static void check_service(struct rule_reader *r, const struct draft *d)
{
	static const char *const offers[] = {"offer", "discount", "coupon", "voucher"};

	for (size_t i = 0; d->rule.class == RULE_SERVICE && i < d->rule.n_data; i++)
		for (size_t k = 0; k < ARRAY_SIZE(offers); k++)
			if (span_starts(d->rule.data[i].name, span_str(offers[k])))
				rule_problem_add(r, found(d, "data"),
					"a service message carries no offer; leave `%.*s` out or "
					"make the rule one of marketing",
					(int)d->rule.data[i].name.len, d->rule.data[i].name.ptr);
}

/* Has STEP a way that says whether something arrived, and another one? */
static bool may_fall(const struct rule *rule, uint32_t step)
{
	size_t n, reports = 0;
	const struct span *ways = rule_channels(rule, step, &n);

	for (size_t i = 0; i < n; i++)
		reports += span_is(ways[i], "email") || span_is(ways[i], "sms") ||
			   span_is(ways[i], "push");
	return reports > 0 && n > 1 && !rule->steps[step].task;
}

static void check_fallback(struct rule_reader *r, const struct draft *d)
{
	bool falls = false;

	if (!found(d, "fallback_after"))
		return;
	if (d->rule.class != RULE_SERVICE) {
		rule_problem_add(r, found(d, "fallback_after"),
			"only a service message must arrive and goes another way if it does not; "
			"leave this out, or make the class \"service\" if it is one");
		return;
	}
	for (uint32_t i = 0; i < d->rule.n_steps; i++)
		falls = falls || may_fall(&d->rule, i);
	if (!falls)
		rule_problem_add(r, found(d, "fallback_after"),
			"there is nothing to fall back from and to: write at least two "
			"`channels`, one of them email, sms or push, which say whether something "
			"arrived, such as [\"email\", \"sms\"]; or leave this out");
}

void rule_check(struct rule_reader *r, const struct file_place *p, struct draft *d)
{
	check_arming(r, p, d);
	check_cancel(r, d);
	check_exit(r, d);
	check_counts(r, d);
	check_bounds(r, p, d);
	check_reach(r, d);
	check_kept(r, d);
	check_room(r, d);
	check_service(r, d);
	check_quantile(r, d);
	check_fallback(r, d);
	rule_once_check(r, found(d, "once"), &d->rule);
	rule_promise_check(r, found(d, "wait"), &d->rule);
}

/* ---- between rules ----------------------------------------------------------------------- */

void rule_refer(struct rule_reader *r, const struct file_place *p, enum rule_ref_kind kind,
	struct span from, struct span to)
{
	struct rule_ref *ref;

	if (r->retired)
		return;
	ref = arena_calloc(&r->rules->arena, 1, sizeof(*ref));
	if (!ref) {
		r->oom = true;
		return;
	}
	rule_problem_place(r, p, &ref->place);
	ref->kind = kind;
	ref->from = from;
	ref->to = to;
	ref->next = r->refs;
	r->refs = ref;
}

static size_t place_of(const struct rules *rules, const struct rule *rule)
{
	return (size_t)(rule - rules->list);
}

/* All rules that one is led to from FROM, however far, as bits of SEEN. */
static void follow(const struct rule_reader *r, enum rule_ref_kind kind, size_t from, bool *seen)
{
	bool more = true;

	memset(seen, 0, RULES_MAX * sizeof(*seen));
	while (more) {
		more = false;
		for (const struct rule_ref *ref = r->refs; ref; ref = ref->next) {
			const struct rule *a = rules_find(r->rules, ref->from);
			const struct rule *b = rules_find(r->rules, ref->to);

			if (ref->kind != kind || !a || !b || seen[place_of(r->rules, b)])
				continue;
			if (place_of(r->rules, a) != from && !seen[place_of(r->rules, a)])
				continue;
			seen[place_of(r->rules, b)] = more = true;
		}
	}
}

/* What the first value of the keys of RULE is: `order` of `order+line`. */
static struct span first_kind(const struct rule *rule)
{
	struct span kinds = rule->key_prefix;
	const char *plus = kinds.len ? memchr(kinds.ptr, '+', kinds.len) : NULL;

	return plus ? span_of(kinds.ptr, (size_t)(plus - kinds.ptr)) : kinds;
}

/* One group, one kind of thing that it is about: else two of them would never meet. */
static void check_group(struct rule_reader *r, const struct rule_ref *ref)
{
	const struct rule *rule = rules_find(r->rules, ref->from);

	for (size_t i = 0; rule && i < r->rules->n; i++) {
		const struct rule *other = &r->rules->list[i];

		if (!span_equal(other->once, ref->to) || other->order >= rule->order)
			continue;
		if (!span_equal(first_kind(other), first_kind(rule)) ||
			other->once_per != rule->once_per) {
			rule_problem_later(r, &ref->place,
				"%.*s, of the same group, has a `key` that begins otherwise or "
				"another `per`, so that the two could not be compared; give all "
				"rules of a group the same",
				(int)other->id.len, other->id.ptr);
			return;
		}
	}
}

static void check_unarmed(struct rule_reader *r, const struct rule_ref *ref)
{
	for (const struct rule_ref *other = r->refs; other; other = other->next)
		if (other->kind == RULE_REF_TO && span_equal(other->to, ref->from))
			return;
	rule_problem_later(r, &ref->place,
		"%.*s is never true: what it asks of `ctx` no event has that `arm` lets through; "
		"change one of the two filters, or leave this out",
		(int)ref->to.len, ref->to.ptr);
}

static void check_ref(struct rule_reader *r, const struct rule_ref *ref)
{
	static const char *const names[RULE_REF_KINDS] = {
		[RULE_REF_TO] = "hands over to", [RULE_REF_SUPERSEDES] = "supersedes"};
	const struct rule *from = rules_find(r->rules, ref->from);
	const struct rule *to = rules_find(r->rules, ref->to);
	bool seen[RULES_MAX];

	if (!to) {
		rule_problem_later(r, &ref->place,
			"there is no rule %.*s; write the id of one that is loaded with this one",
			(int)ref->to.len, ref->to.ptr);
		return;
	}
	if (!from)
		return;
	follow(r, ref->kind, place_of(r->rules, to), seen);
	if (to == from || seen[place_of(r->rules, from)])
		rule_problem_later(r, &ref->place,
			"this leads round in a circle: %.*s %s %.*s, which leads back to it; leave "
			"one of them out",
			(int)from->id.len, from->id.ptr, names[ref->kind], (int)to->id.len,
			to->id.ptr);
}

static bool asks_snapshot(const struct rule_match *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].when && cond_asks_snapshot(list[i].when))
			return true;
	return false;
}

/* What follows from the whole of a rule. */
static void note_whole(struct rule *rule)
{
	rule->exit_waits = rule->exit_policy == EXIT_NOT_MATCHING && rule->fire_if &&
			   cond_has_past(rule->fire_if) && !rule_cond_falls(rule->fire_if);
	rule->keeps_data = asks_snapshot(rule->cancel, rule->n_cancel) ||
			   asks_snapshot(rule->goal, rule->n_goal);
}

/* In the order in which they were written. */
void rule_check_refs(struct rule_reader *r)
{
	static void (*const checks[RULE_REF_KINDS])(
		struct rule_reader *, const struct rule_ref *) = {[RULE_REF_TO] = check_ref,
		[RULE_REF_SUPERSEDES] = check_ref,
		[RULE_REF_ONCE] = check_group,
		[RULE_REF_UNARMED] = check_unarmed};
	struct rule_ref *turned = NULL;

	while (r->refs) {
		struct rule_ref *ref = r->refs;

		r->refs = ref->next;
		ref->next = turned;
		turned = ref;
	}
	r->refs = turned;
	for (const struct rule_ref *ref = r->refs; ref; ref = ref->next)
		checks[ref->kind](r, ref);
	for (size_t i = 0; i < r->rules->n; i++) {
		r->rules->n_calendar += r->rules->list[i].calendar != NULL;
		r->rules->n_staged += r->rules->list[i].stages_to != 0;
		r->rules->n_leaving += r->rules->list[i].exit_policy == EXIT_NOT_MATCHING;
		note_whole(&r->rules->list[i]);
	}
	for (size_t i = 0; i < r->rules->n_retired; i++) {
		r->rules->n_leaving += r->rules->retired[i].exit_policy == EXIT_NOT_MATCHING;
		note_whole(&r->rules->retired[i]);
	}
}
