/* SPDX-License-Identifier: MIT */
/* Entries as JSON, and decisions as sentences. */
#include "codec/timeline_json.h"

#include "base/instant.h"
#include "codec/job_json.h"
#include "core/gate.h"
#include "core/merge.h"

#include "json_out.h"

/* ---- sentences ------------------------------------------------------------------------- */

/*
 * What an outcome means, with the places where a decision's facts go. `$by` is the event with its
 * time, `$reason` the job's sentence.
 */
static const char *const sentences[OUTCOME_COUNT] = {
	[OUTCOME_NONE] = "$rule for $key: nothing was decided.",
	[OUTCOME_ARMED] = "$rule for $key was armed by $by; it is due at $fire_at.",
	[OUTCOME_FIRED] = "$rule for $key fired. $reason$again",
	[OUTCOME_CANCELLED] = "$rule for $key was cancelled by $by$known; it was due at $fire_at.",
	[OUTCOME_SUPPRESSED] = "$rule for $key came due at $fire_at and was not sent$way. $why",
	[OUTCOME_STALE] = "$rule for $key was not armed: $by was too old when it arrived.",
	[OUTCOME_RETRACTED] =
		"$rule for $key had fired and was taken back because of $by$late$known.",
	[OUTCOME_NO_DEADLINE] =
		"$rule for $key was not armed: $by did not carry the instant to wait for.",
	[OUTCOME_RULE_REMOVED] =
		"$rule for $key came due at $fire_at and was not sent: the rule is gone or off.",
	[OUTCOME_LIMIT] = "$rule for $key was not armed by $by: too much is waiting already$known.",
	/* In brackets: two literals that are one text. */
	[OUTCOME_SOURCE_LATE] =
		("$rule for $key was held until $fire_at and was not sent: a source "
		 "that could disprove it had not said that it is complete."),
	[OUTCOME_DEFERRED] = "$rule for $key came due and was put off until $until. $why",
	[OUTCOME_WOULD_SEND] = "$rule for $key fired, and nothing was sent. $trial",
	[OUTCOME_SUPERSEDED] = "$rule for $key $outdone.",
	[OUTCOME_GOAL] = "$rule for $key has reached its goal with $by$known.",
	[OUTCOME_NOT_MATCHING] = "$rule for $key was ended$left.",
	[OUTCOME_STEP_SKIPPED] = "$rule for $key skipped a step: its condition did not hold.",
	[OUTCOME_EXPIRED] = "$rule for $key was put off for too long to be of use.",
	[OUTCOME_REPLACED] = "$rule for $key was ended: $words takes its place.",
	[OUTCOME_MERGED] = "$rule for $key was ended: $words.",
	[OUTCOME_LINKED] = "$key belongs to this customer.",
	[OUTCOME_JOINED] = "$key and this customer are one from now on$said.",
	[OUTCOME_UNMERGED] = "$key and this customer are two again: $words.",
	[OUTCOME_NOT_LINKED] = "$key was not linked to this customer: $leave.",
};

static void say_rule(const struct decision *d, struct buf *out)
{
	buf_add_span(out, d->rule);
}

static void say_key(const struct decision *d, struct buf *out)
{
	buf_add_span(out, d->key);
}

static void say_by(const struct decision *d, struct buf *out)
{
	if (d->by.len == 0) {
		buf_add_str(out, "an event");
		return;
	}
	buf_add_span(out, d->by);
	buf_add_str(out, " at ");
	buf_add_instant(out, d->by_at);
}

static void say_fire_at(const struct decision *d, struct buf *out)
{
	buf_add_instant(out, d->fire_at);
}

static void say_late(const struct decision *d, struct buf *out)
{
	if (d->late)
		buf_add_str(out, ", which was in time but came too late to be known");
}

static void say_until(const struct decision *d, struct buf *out)
{
	buf_add_instant(out, d->until);
}

static void say_words(const struct decision *d, struct buf *out)
{
	if (d->words.len)
		buf_add_span(out, d->words);
	else
		buf_add_str(out, "another");
}

/* By a rule that supersedes it while it waits, or by a message that goes first when it is due. */
static void say_outdone(const struct decision *d, struct buf *out)
{
	bool due = d->reason == REASON_SUPERSEDED;

	buf_add_str(out, due ? "came due at " : "was ended: ");
	if (due) {
		say_fire_at(d, out);
		buf_add_str(out, " and was not sent: ");
	}
	say_words(d, out);
	buf_add_str(out, due ? " goes before it" : " takes its place");
}

/* What staff said when they asked for it. */
static void say_said(const struct decision *d, struct buf *out)
{
	if (d->words.len) {
		buf_add_str(out, ": ");
		buf_add_span(out, d->words);
	}
}

/* Is D about its message's going another way than before (core/fallback.h)? */
static bool is_again(const struct decision *d)
{
	return d->step.len > 0 && memchr(d->step.ptr, '@', d->step.len);
}

static void say_again(const struct decision *d, struct buf *out)
{
	if (!is_again(d) || d->words.len == 0)
		return;
	buf_add_char(out, ' ');
	buf_add_span(out, d->words);
}

static void say_way(const struct decision *d, struct buf *out)
{
	if (is_again(d))
		buf_add_str(out, " another way, though it was not delivered");
}

/* The other name under which what ended it was known (core/merge.h). */
static void say_known(const struct decision *d, struct buf *out)
{
	size_t len = strlen(MERGE_WORDS);

	if (d->words.len < len || memcmp(d->words.ptr, MERGE_WORDS, len) != 0)
		return;
	buf_add_str(out, " (");
	buf_add_span(out, d->words);
	buf_add_char(out, ')');
}

/* Why an identifier was not linked (core/link_rules.h). */
static void say_leave(const struct decision *d, struct buf *out)
{
	static const char *const words[][2] = {
		{"limit", "there are too many of its kind already"},
		{"taken", "it belongs to another customer"},
		{"two_users", "both are known customers"},
		{"no_right", "its source may not do that"},
		{"never_links", "it never links anybody"},
		{"weaker", "it goes before this one"},
		{"once", "it stays with whom it came with first"},
		{"unmerged", "staff said that they are two"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (span_is(d->words, words[i][0])) {
			buf_add_str(out, words[i][1]);
			return;
		}
	}
	buf_add_span(out, d->words);
}

/* By what was known behind an event, or by an instant at which it turned out to have been false. */
static void say_left(const struct decision *d, struct buf *out)
{
	if (d->by.len) {
		buf_add_str(out, " by ");
		say_by(d, out);
		buf_add_str(out, ": its condition does not hold any more");
	} else {
		buf_add_str(out, ": its condition did not hold at ");
		buf_add_instant(out, d->by_at);
	}
	if (d->words.len) {
		buf_add_str(out, " (");
		buf_add_span(out, d->words);
		buf_add_char(out, ')');
	}
}

/* The gate's sentence. */
static void say_why(const struct decision *d, struct buf *out)
{
	if (d->words.len)
		buf_add_span(out, d->words);
	else
		buf_add_str(out, "Its condition did not hold.");
}

static void say_trial(const struct decision *d, struct buf *out)
{
	if (d->reason == REASON_HOLDOUT && d->words.len)
		buf_add_span(out, d->words);
	else
		buf_add_str(out, "The rule is on trial.");
}

static const struct {
	const char *name;
	void (*say)(const struct decision *d, struct buf *out);
} facts[] = {
	{"$rule", say_rule},
	{"$key", say_key},
	{"$known", say_known},
	{"$by", say_by},
	{"$fire_at", say_fire_at},
	{"$late", say_late},
	{"$until", say_until},
	{"$words", say_words},
	{"$outdone", say_outdone},
	{"$said", say_said},
	{"$leave", say_leave},
	{"$left", say_left},
	{"$again", say_again},
	{"$way", say_way},
	{"$why", say_why},
	{"$trial", say_trial},
	{"$reason", job_reason},
};

void decision_text(const struct decision *d, struct buf *out)
{
	const char *at = sentences[d->outcome];

	while (*at) {
		size_t plain = strcspn(at, "$"), i;

		buf_add(out, at, plain);
		at += plain;
		for (i = 0; *at && i < ARRAY_SIZE(facts); i++) {
			size_t len = strlen(facts[i].name);

			if (strncmp(at, facts[i].name, len) != 0)
				continue;
			facts[i].say(d, out);
			at += len;
			break;
		}
		assert(i < ARRAY_SIZE(facts)); /* every name in the table above is known */
	}
}

/* ---- entries --------------------------------------------------------------------------- */

static const char *const types[] = {
	[EVENT_TRACK] = "track",
	[EVENT_IDENTIFY] = "identify",
	[EVENT_PAGE] = "page",
	[EVENT_SCREEN] = "screen",
	[EVENT_GROUP] = "group",
	[EVENT_ALIAS] = "alias",
};

static void out_id(struct json_out *o, const struct timeline_entry *e)
{
	json_out_key(o, "id");
	buf_add_char(o->buf, '"');
	buf_add_u64(o->buf, e->id.ms);
	if (e->id.seq != UINT64_MAX) {
		buf_add_char(o->buf, '-');
		buf_add_u64(o->buf, e->id.seq);
	}
	buf_add_char(o->buf, '"');
}

static void out_flags(struct json_out *o, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{EVENT_FLAG_FUTURE, "future_ts"},
		{EVENT_FLAG_MACHINE, "machine"},
		{EVENT_FLAG_NO_TIME, "no_time"},
	};

	if (!flags)
		return;
	json_out_open(o, "flags", '[');
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			json_out_text(o, NULL, span_str(names[i].name));
	json_out_close(o, ']');
}

static void out_event(struct json_out *o, const struct timeline_entry *e)
{
	json_out_text(o, "type", span_str(types[e->type]));
	json_out_text(o, "event", e->name);
	json_out_some(o, "original", e->original);
	if (e->channel == CHANNEL_UNKNOWN)
		json_out_null(o, "channel");
	else
		json_out_text(o, "channel", channel_name(e->channel));
	json_out_text(o, "source", e->source);
	json_out_some(o, "message_id", e->message_id);
	json_out_some(o, "user_id", e->user_id);
	json_out_some(o, "anonymous_id", e->anonymous_id);
	out_flags(o, e->flags);
	if (e->properties.len)
		json_out_raw(o, "properties", e->properties);
}

static int out_job(struct json_out *o, const struct decision *d, struct span customer)
{
	char id[JOB_ID_SIZE];

	if (d->outcome != OUTCOME_FIRED && d->outcome != OUTCOME_RETRACTED)
		return 0;
	if (job_id(d, customer, id) < 0)
		return -ENOMEM;
	json_out_text(o, "job", span_str(id));
	return 0;
}

static void out_more(struct json_out *o, const struct decision *d)
{
	if (d->reason) {
		json_out_text(o, "gate", gate_name((enum gate)d->gate));
		json_out_text(o, "reason", gate_reason_name((enum gate_reason)d->reason));
	}
	json_out_some(o, "channel", d->channel);
	if (d->until)
		json_out_instant(o, "until", d->until);
	if (d->likelihood.mantissa || d->impact.mantissa) {
		json_out_decimal(o, "likelihood", d->likelihood);
		json_out_decimal(o, "impact", d->impact);
		json_out_text(o, "priority", priority_name(d->priority));
	}
	json_out_some(o, "words", d->words);
}

static int out_decision(struct json_out *o, const struct decision *d, struct span customer)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	decision_text(d, &text);
	json_out_text(o, "outcome", outcome_name(d->outcome));
	json_out_text(o, "text", buf_span(&text));
	json_out_text(o, "rule", d->rule);
	json_out_number(o, "epoch", d->epoch);
	json_out_text(o, "key", d->key);
	json_out_number(o, "episode", d->episode);
	json_out_some(o, "step", d->step);
	if (out_job(o, d, customer) < 0)
		return -ENOMEM;
	json_out_instant(o, "anchor_at", d->anchor_at);
	json_out_instant(o, "armed_at", d->armed_at);
	json_out_instant(o, "deadline", d->deadline_at);
	json_out_instant(o, "fire_at", d->fire_at);
	json_out_some(o, "by", d->by);
	if (d->by.len)
		json_out_instant(o, "by_at", d->by_at);
	if (d->late)
		json_out_bool(o, "late", true);
	out_more(o, d);
	if (d->data.len) {
		json_out_open(o, "data", '{');
		json_out_raw(o, NULL, d->data);
		json_out_close(o, '}');
	}
	return buf_failed(&text);
}

int timeline_json(const struct timeline_entry *e, struct span customer, struct buf *out)
{
	struct json_out o = {.buf = out};
	int r = 0;

	json_out_open(&o, NULL, '{');
	json_out_text(
		&o, "kind", e->kind == ENTRY_EVENT ? SPAN_LIT("event") : SPAN_LIT("decision"));
	out_id(&o, e);
	json_out_number(&o, "nth", e->nth);
	json_out_instant(&o, "at", e->at);
	json_out_instant(&o, "received_at", e->id.ms > INT64_MAX ? TIME_NEVER : (int64_t)e->id.ms);
	if (e->kind == ENTRY_EVENT)
		out_event(&o, e);
	else
		r = out_decision(&o, &e->decision, customer);
	json_out_close(&o, '}');
	return r ? r : buf_failed(out);
}
