/* SPDX-License-Identifier: MIT */
/* The answer to "why?" as JSON. */
#include "codec/why_json.h"

#include "codec/timeline_json.h"
#include "core/gate.h"

#include "json_out.h"

#define DECISIONS_SHOWN 20 /* of one rule */

static const char *const states[] = {
	[INSTANCE_IDLE] = "idle",
	[INSTANCE_ARMED] = "armed",
	[INSTANCE_COOLING] = "cooling",
	[INSTANCE_CLOSED] = "closed",
};

typedef void text_fn(const struct why_ask *ask, const void *of, struct buf *out);

static void instance_text(const struct why_ask *ask, const void *of, struct buf *out)
{
	why_instance_text(ask, of, out);
}

static void note_text(const struct why_ask *ask, const void *of, struct buf *out)
{
	(void)ask;
	why_note_text(of, out);
}

static void rule_text(const struct why_ask *ask, const void *of, struct buf *out)
{
	why_text(ask, of, out);
}

static int out_sentence(
	struct json_out *o, const struct why_ask *ask, text_fn *text, const void *of)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	text(ask, of, &words);
	json_out_text(o, "text", buf_span(&words));
	return buf_failed(&words);
}

static int out_instance(struct json_out *o, const struct why_ask *ask, const struct instance *i)
{
	int r;

	json_out_open(o, NULL, '{');
	json_out_text(o, "key", text_span(i->key));
	json_out_text(o, "state", span_str(states[i->state]));
	json_out_text(o, "outcome", outcome_name(i->outcome));
	r = out_sentence(o, ask, instance_text, i);
	json_out_number(o, "episode", i->episode);
	json_out_number(o, "step", i->step);
	json_out_some(o, "by", text_span(i->by));
	if (i->episode > 0) {
		json_out_instant(o, "anchor_at", i->anchor_at);
		json_out_instant(o, "armed_at", i->armed_at);
		json_out_instant(o, "deadline", i->deadline_at);
	}
	if (i->state == INSTANCE_ARMED)
		json_out_instant(o, "fire_at", i->fire_at);
	json_out_some(o, "waits_for", text_span(i->missing));
	if (i->deferred_until) {
		json_out_text(o, "gate", gate_name((enum gate)i->gate));
		json_out_text(o, "reason", gate_reason_name((enum gate_reason)i->reason));
		json_out_instant(o, "until", i->deferred_until);
	}
	if (i->state != INSTANCE_ARMED && i->until_at > ask->now)
		json_out_instant(o, "rests_until", i->until_at);
	json_out_close(o, '}');
	return r;
}

static int out_note(struct json_out *o, const struct why_ask *ask, const struct note *n)
{
	int r;

	json_out_open(o, "not_armed", '{');
	json_out_text(o, "reason", note_reason_name(n->reason));
	r = out_sentence(o, ask, note_text, n);
	json_out_some(o, "by", text_span(n->by));
	json_out_instant(o, "by_at", n->by_at);
	json_out_instant(o, "at", n->at);
	json_out_some(o, "words", text_span(n->words));
	json_out_close(o, '}');
	return r;
}

static int out_decisions(struct json_out *o, const struct why_ask *ask, struct span rule)
{
	size_t shown = 0;
	int r = 0;

	json_out_open(o, "decisions", '[');
	for (size_t i = 0; i < ask->n_entries && shown < DECISIONS_SHOWN && r == 0; i++) {
		if (!span_equal(ask->entries[i].decision.rule, rule))
			continue;
		json_out_comma(o);
		r = timeline_json(&ask->entries[i], text_span(ask->journey->customer), o->buf);
		shown++;
	}
	json_out_close(o, ']');
	return r;
}

static const char *mode_of(const struct rule *rule)
{
	if (!rule)
		return "gone";
	if (rule->mode == RULE_OFF)
		return "off";
	return rule->mode == RULE_SHADOW ? "shadow" : "live";
}

static int out_rule(struct json_out *o, const struct why_ask *ask, const struct why *w)
{
	const struct journey *j = ask->journey;
	int r;

	json_out_open(o, NULL, '{');
	json_out_text(o, "rule", w->id);
	json_out_text(o, "mode", span_str(ask->rules ? mode_of(w->rule) : "unknown"));
	r = out_sentence(o, ask, rule_text, w);
	json_out_open(o, "instances", '[');
	for (size_t i = 0; i < j->n_instances && r == 0; i++)
		if (span_equal(text_span(j->instances[i].rule), w->id))
			r = out_instance(o, ask, &j->instances[i]);
	json_out_close(o, ']');
	if (r == 0 && w->note)
		r = out_note(o, ask, w->note);
	else
		json_out_null(o, "not_armed");
	if (r == 0)
		r = out_decisions(o, ask, w->id);
	json_out_close(o, '}');
	return r;
}

int why_json(const struct why_ask *ask, struct buf *out)
{
	struct json_out o = {.buf = out};
	struct why w;
	int r = 0;

	json_out_open(&o, NULL, '{');
	json_out_text(&o, "customer", text_span(ask->journey->customer));
	json_out_some(&o, "matched", ask->matched);
	json_out_instant(&o, "as_of", ask->now);
	json_out_bool(&o, "decisions_cut", ask->cut);
	json_out_open(&o, "rules", '[');
	for (size_t n = 0; r == 0 && why_of(ask, n, &w); n++)
		r = out_rule(&o, ask, &w);
	json_out_close(&o, ']');
	json_out_close(&o, '}');
	return r ? r : buf_failed(out);
}
