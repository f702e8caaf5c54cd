/* SPDX-License-Identifier: MIT */
/* What was recorded, as sentences. */
#include "codec/why_json.h"

#include "base/instant.h"
#include "codec/job_json.h"
#include "codec/timeline_json.h"
#include "core/gate.h"

/* ---- choosing who speaks ---------------------------------------------------------------- */

/* Of two instances the better spokesman: one that waits, the earlier first; else the latest. */
static bool speaks_before(const struct instance *a, const struct instance *b)
{
	bool a_waits = a->state == INSTANCE_ARMED, b_waits = b->state == INSTANCE_ARMED;

	if (a_waits != b_waits)
		return a_waits;
	if ((a->episode > 0) != (b->episode > 0))
		return a->episode > 0;
	return a_waits ? a->fire_at < b->fire_at : a->touched_at > b->touched_at;
}

static void find_all(const struct why_ask *ask, struct why *w)
{
	const struct journey *j = ask->journey;

	for (size_t i = 0; i < j->n_instances; i++)
		if (span_equal(text_span(j->instances[i].rule), w->id) &&
			(!w->instance || speaks_before(&j->instances[i], w->instance)))
			w->instance = &j->instances[i];
	for (size_t i = 0; i < j->n_notes; i++)
		if (span_equal(text_span(j->notes[i].rule), w->id))
			w->note = &j->notes[i];
	for (size_t i = 0; i < ask->n_entries && !w->entry; i++)
		if (span_equal(ask->entries[i].decision.rule, w->id))
			w->entry = &ask->entries[i];
	if (!w->note || (w->instance && w->instance->state == INSTANCE_ARMED))
		return;
	w->note_speaks = (!w->instance || w->instance->episode == 0 ||
				 w->instance->touched_at < w->note->at) &&
			 (!w->entry || w->entry->decision.at < w->note->at);
}

static bool in_force(const struct why_ask *ask, struct span id)
{
	return ask->rules && rules_find(ask->rules, id);
}

/* The id in place PLACE among all that instances, notes and decisions name; they may repeat. */
static bool named(const struct why_ask *ask, size_t place, struct span *ret_id)
{
	const struct journey *j = ask->journey;

	if (place < j->n_instances)
		*ret_id = text_span(j->instances[place].rule);
	else if (place - j->n_instances < j->n_notes)
		*ret_id = text_span(j->notes[place - j->n_instances].rule);
	else if (place - j->n_instances - j->n_notes < ask->n_entries)
		*ret_id = ask->entries[place - j->n_instances - j->n_notes].decision.rule;
	else
		return false;
	return true;
}

/* Or is it no rule at all? Nobody decided that a customer became one with another. */
static bool named_before(const struct why_ask *ask, size_t place, struct span id)
{
	struct span other;

	if (id.len == 0)
		return true;
	for (size_t i = 0; i < place; i++)
		if (named(ask, i, &other) && span_equal(other, id))
			return true;
	return false;
}

static bool is_asked(const struct why_ask *ask, struct span id)
{
	return ask->rule.len == 0 || span_equal(ask->rule, id);
}

bool why_of(const struct why_ask *ask, size_t n, struct why *ret_why)
{
	struct why w = {.rule = NULL};

	for (size_t i = 0; ask->rules && i < ask->rules->n; i++) {
		const struct rule *rule = &ask->rules->list[i];

		if (!is_asked(ask, rule->id) || n-- > 0)
			continue;
		w.id = rule->id;
		w.rule = rule;
		find_all(ask, &w);
		*ret_why = w;
		return true;
	}
	for (size_t i = 0; named(ask, i, &w.id); i++) {
		if (!is_asked(ask, w.id) || in_force(ask, w.id) || named_before(ask, i, w.id) ||
			n-- > 0)
			continue;
		find_all(ask, &w);
		*ret_why = w;
		return true;
	}
	return false;
}

/* ---- notes -------------------------------------------------------------------------------- */

/* What stands behind "EVENT at INSTANT did not arm it: ". */
static const char *const note_words[NOTE_REASON_COUNT] = {
	[NOTE_CONDITION] = "a condition was not met",
	[NOTE_STALE] = "it came in so late that its deadline had passed",
	[NOTE_TOMBSTONE] = "what it is about is closed",
	[NOTE_COOLDOWN] = "the last message is too recent",
	[NOTE_MAX_EPISODES] = "that has happened as often as the rule allows",
	[NOTE_NO_DEADLINE] = "it does not carry the instant to wait for",
	[NOTE_NO_KEY] = "it does not say which cart, order or other thing it is about",
	[NOTE_OLDER_CANCEL] = "something that ends the wait happened with it or after it",
	[NOTE_COUNT] = "there were not enough of them yet",
	[NOTE_LIMIT] = "too much is waiting for this customer already",
	[NOTE_SUPERSEDED] = "a rule that goes before this one is waiting",
	[NOTE_REPLACE] = "what is waiting already is worth more",
	[NOTE_FIRED] = "it belongs to the time for which the message was sent",
};

void why_note_text(const struct note *n, struct buf *out)
{
	buf_add_span(out, n->by.len ? text_span(n->by) : SPAN_LIT("An event"));
	buf_add_str(out, " at ");
	buf_add_instant(out, n->by_at);
	buf_add_str(out, " did not arm it: ");
	if (n->reason == NOTE_NO_KEY && n->words.len) {
		buf_add_str(out, "it does not say which ");
		buf_add_span(out, text_span(n->words));
		buf_add_str(out, " it is about.");
		return;
	}
	/* Of a wait that the event does not carry the note says what there is too little of. */
	if (n->reason == NOTE_NO_DEADLINE && n->words.len) {
		buf_add_span(out, text_span(n->words));
		buf_add_char(out, '.');
		return;
	}
	buf_add_str(out, note_words[n->reason]);
	if (n->words.len) {
		buf_add_str(out, " (");
		buf_add_span(out, text_span(n->words));
		buf_add_char(out, ')');
	}
	buf_add_char(out, '.');
}

/* ---- instances ---------------------------------------------------------------------------- */

/* Who is due: the step, of a rule with several. */
static void add_step(const struct why_ask *ask, const struct instance *i, struct buf *out)
{
	const struct rule *rule = ask->rules ? rules_find(ask->rules, text_span(i->rule)) : NULL;

	if (!rule || rule->n_steps < 2 || i->step >= rule->n_steps) {
		buf_add_str(out, "it");
		return;
	}
	buf_add_str(out, "its step \"");
	buf_add_span(out, rule->steps[i->step].id);
	buf_add_char(out, '"');
}

static void add_key(const struct instance *i, struct buf *out)
{
	if (span_equal(text_span(i->key), SPAN_LIT("customer")))
		buf_add_str(out, "the ");
	buf_add_span(out, text_span(i->key));
}

/* The latest decision about I before place FROM, of its latest episode if SAME; NULL: none. */
static const struct timeline_entry *decision_of(
	const struct why_ask *ask, const struct instance *i, size_t from, bool same)
{
	for (size_t n = from; n < ask->n_entries; n++) {
		const struct decision *d = &ask->entries[n].decision;

		if (span_equal(d->rule, text_span(i->rule)) &&
			span_equal(d->key, text_span(i->key)) &&
			(!same || d->episode == i->episode))
			return &ask->entries[n];
	}
	return NULL;
}

/* When it was decided, and for a job the way it goes: the sentence of a decision says neither. */
static void add_decided(const struct decision *d, struct buf *out)
{
	bool job = d->outcome == OUTCOME_FIRED && d->channel.len > 0;
	bool dated = d->outcome == OUTCOME_SUPPRESSED || d->outcome == OUTCOME_SOURCE_LATE ||
		     d->outcome == OUTCOME_RULE_REMOVED;

	/* As soon as it came due, and that was said. */
	if (dated && d->at >= d->fire_at && d->at < d->fire_at + MS_SECOND)
		return;
	buf_add_str(out, job ? " The job was made at " : " That was decided at ");
	buf_add_instant(out, d->at);
	if (job) {
		buf_add_str(out, ", for ");
		buf_add_span(out, d->channel);
	}
	buf_add_char(out, '.');
}

/* What the record says of the job of D, whose id goes to ret_id; NULL: nothing. The decision was
 * made before anybody knew what would become of it. */
static const struct send *send_of(
	const struct why_ask *ask, const struct decision *d, char ret_id[JOB_ID_SIZE])
{
	const struct journey *j = ask->journey;
	char of[JOB_ID_SIZE];

	if (job_id(d, text_span(j->customer), ret_id) < 0)
		return NULL;
	for (size_t i = 0; i < j->n_sends; i++) {
		for (size_t k = 0; k < sizeof(j->sends[i].job_id); k++)
			(void)snprintf(of + 2 * k, 3, "%02x", j->sends[i].job_id[k]);
		if (strcmp(of, ret_id) == 0)
			return &j->sends[i];
	}
	return NULL;
}

static void add_sent(const struct why_ask *ask, const struct decision *d, struct buf *out)
{
	bool fired = d->outcome == OUTCOME_FIRED;
	const struct send *s;
	char id[JOB_ID_SIZE];

	if (!fired && d->outcome != OUTCOME_RETRACTED)
		return;
	s = send_of(ask, d, id);
	if (s && s->state == SEND_SENT)
		buf_add_str(out, fired ? " It was sent."
				       : " It was sent all the same: whoever sends it had it "
					 "already.");
	else if (s && s->state == SEND_RELEASED && fired)
		buf_printf(out, " It was given up before it was sent; the job %s says why.", id);
}

/* What became of the steps before the one that waits or ended: the latest word on them. */
static void add_before(
	const struct why_ask *ask, const struct instance *i, size_t from, struct buf *out)
{
	const struct timeline_entry *e = i->step > 0 ? decision_of(ask, i, from, true) : NULL;

	if (!e || e->decision.outcome == OUTCOME_DEFERRED)
		return;
	buf_add_str(out, " Before that: ");
	decision_text(&e->decision, out);
	add_decided(&e->decision, out);
}

/* Does its timer say when it leaves, before it is due? */
static bool is_leaving(const struct why_ask *ask, const struct instance *i)
{
	const struct rule *rule = ask->rules ? rules_of(ask->rules, i) : NULL;

	return rule && rule->exit_waits && i->fire_at < i->deadline_at + rule->grace_ms;
}

static void waiting_text(const struct why_ask *ask, const struct instance *i, struct buf *out)
{
	const struct timeline_entry *e = decision_of(ask, i, 0, true);

	buf_add_str(out, "It waits for ");
	add_key(i, out);
	if (i->by.len) {
		buf_add_str(out, ", armed by ");
		buf_add_span(out, text_span(i->by));
	}
	buf_add_str(out, " at ");
	buf_add_instant(out, i->arming_at);
	if (i->anchor_at != i->arming_at) {
		buf_add_str(out, "; the wait counts from ");
		buf_add_instant(out, i->anchor_at);
	}
	if (i->missing.len) {
		buf_add_str(out, "; it was due at ");
		buf_add_instant(out, i->deadline_at);
		buf_add_str(out, " and is held until ");
		buf_add_span(out, text_span(i->missing));
		buf_add_str(out, " has told all up to then, at the latest until ");
	} else if (i->deferred_until) {
		buf_add_str(out, "; ");
		add_step(ask, i, out);
		buf_add_str(out, " came due at ");
		buf_add_instant(out, i->due_at);
		buf_add_str(out, " and the gate ");
		buf_add_span(out, gate_name((enum gate)i->gate));
		buf_add_str(out, " (");
		buf_add_span(out, gate_reason_name((enum gate_reason)i->reason));
		buf_add_str(out, ") put it off until ");
	} else if (is_leaving(ask, i)) {
		buf_add_str(out, "; its condition was false since then, and unless news come in "
				 "that say otherwise it ends at ");
	} else {
		buf_add_str(out, "; unless something ends it, ");
		add_step(ask, i, out);
		buf_add_str(out, " is due at ");
	}
	buf_add_instant(out, i->fire_at);
	buf_add_char(out, '.');
	/* The gate's own words, as they were then. */
	if (i->deferred_until && e && e->decision.outcome == OUTCOME_DEFERRED &&
		e->decision.words.len) {
		buf_add_char(out, ' ');
		buf_add_span(out, e->decision.words);
	}
	add_before(ask, i, 0, out);
}

/* How the latest episode ended, where the timeline's decision is not at hand. */
static void ended_text(const struct instance *i, struct buf *out)
{
	if (i->episode == 0) {
		buf_add_str(out, "Nothing has armed it for ");
		add_key(i, out);
		if (i->by.len) {
			buf_add_str(out, "; what ends it has come: ");
			buf_add_span(out, text_span(i->by));
		}
		buf_add_char(out, '.');
		return;
	}
	buf_add_span(out, text_span(i->key));
	buf_add_str(out, ": ");
	buf_add_span(out, outcome_name(i->outcome));
	if (i->by.len) {
		buf_add_str(out, " by ");
		buf_add_span(out, text_span(i->by));
	}
	if (i->superseded_by.len) {
		buf_add_str(out, "; in its place ");
		buf_add_span(out, text_span(i->superseded_by));
	}
	buf_add_char(out, '.');
}

/* Its latest message may yet go another way. */
static void fallback_text(const struct instance *i, struct buf *out)
{
	const struct fallback *f = i->fallback;

	if (!f || f->over)
		return;
	buf_add_str(out, " Its message went by ");
	buf_add_span(out, job_channel_name((enum job_channel)f->way));
	if (f->fall_at == TIME_NEVER) {
		buf_add_str(out, "; nobody has said yet that it was sent.");
		return;
	}
	buf_add_str(out, f->lost ? " and did not arrive" : " and is not known to have arrived");
	buf_add_str(out, "; it goes another way at ");
	buf_add_instant(out, f->fall_at);
	if (f->gate) {
		buf_add_str(out, ", put off by the gate ");
		buf_add_span(out, gate_name((enum gate)f->gate));
		buf_add_str(out, " (");
		buf_add_span(out, gate_reason_name((enum gate_reason)f->reason));
		buf_add_char(out, ')');
	}
	buf_add_char(out, '.');
}

/* Why it will not begin again yet. */
static void rest_text(const struct why_ask *ask, const struct instance *i, struct buf *out)
{
	if (i->until_at <= ask->now)
		return;
	if (i->state == INSTANCE_CLOSED)
		buf_add_str(out, " It is closed: nothing arms it before ");
	else if (i->state == INSTANCE_COOLING)
		buf_add_str(out, " It cools down: nothing arms it before ");
	else
		return;
	buf_add_instant(out, i->until_at);
	buf_add_char(out, '.');
}

void why_instance_text(const struct why_ask *ask, const struct instance *i, struct buf *out)
{
	const struct timeline_entry *e;

	if (i->state == INSTANCE_ARMED) {
		waiting_text(ask, i, out);
		fallback_text(i, out);
		return;
	}
	e = decision_of(ask, i, 0, false);
	if (e) {
		decision_text(&e->decision, out);
		add_decided(&e->decision, out);
		add_sent(ask, &e->decision, out);
	} else {
		ended_text(i, out);
	}
	fallback_text(i, out);
	rest_text(ask, i, out);
	if (e && e->decision.outcome != OUTCOME_FIRED)
		add_before(ask, i, (size_t)(e - ask->entries) + 1, out);
}

/* ---- a rule ------------------------------------------------------------------------------- */

#define NAMES_SHOWN 4

static struct span match_name(const struct rule_match *m)
{
	switch (m->by) {
	case MATCH_KIND:
		return vocab_name(m->kind);
	case MATCH_NAME:
		return m->name;
	case MATCH_ENGAGED:
		return SPAN_LIT("anything the customer does");
	case MATCH_ANY:
		return SPAN_LIT("any event");
	}
	return SPAN_EMPTY;
}

static void never_text(const struct why_ask *ask, const struct why *w, struct buf *out)
{
	/* Of more than that the oldest were dropped. */
	bool all = ask->journey->n_notes < JOURNEY_NOTES_MAX && !ask->cut;
	const struct rule *rule = w->rule;
	size_t n = rule->n_arm < NAMES_SHOWN ? rule->n_arm : NAMES_SHOWN;

	if (rule->calendar) {
		buf_add_str(out, "The date that it waits for is not known of this customer.");
		return;
	}
	if (rule->stages_to) {
		buf_add_str(out, "The customer has not got to the stage that it waits for.");
		return;
	}
	buf_add_str(out, all ? "Nothing that arms it has come: "
			     : "Nothing that arms it is remembered, and not all is: ");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_str(out, ", ");
		buf_add_span(out, match_name(&rule->arm[i]));
	}
	buf_add_str(out, rule->n_arm > n ? " and others." : ".");
}

static void entry_text(const struct timeline_entry *e, struct buf *out)
{
	decision_text(&e->decision, out);
	add_decided(&e->decision, out);
}

void why_text(const struct why_ask *ask, const struct why *w, struct buf *out)
{
	if (!w->rule && ask->rules)
		buf_add_str(out, "The rule is not in force any more. ");
	else if (w->rule && w->rule->mode == RULE_OFF)
		buf_add_str(out, "The rule is off. ");
	else if (w->rule && w->rule->mode == RULE_SHADOW)
		buf_add_str(out, "The rule is on trial and sends nothing. ");
	if (w->note_speaks)
		why_note_text(w->note, out);
	else if (w->instance && (w->instance->episode > 0 || !w->rule))
		why_instance_text(ask, w->instance, out);
	else if (w->entry)
		entry_text(w->entry, out);
	else if (w->rule)
		never_text(ask, w, out);
}
