/* SPDX-License-Identifier: MIT */
#include "codec/job_event.h"

#include "codec/identifiers.h"
#include "core/job_channel.h"

#include "json_out.h"

struct span job_fate_word(enum job_fate fate)
{
	static const char *const words[] = {
#define X(ID, WORD, EVENT) WORD,
		JOB_FATES(X)
#undef X
	};

	assert(fate < JOB_FATE_COUNT);
	return span_str(words[fate]);
}

struct span job_fate_event(enum job_fate fate)
{
	static const char *const events[] = {
#define X(ID, WORD, EVENT) EVENT,
		JOB_FATES(X)
#undef X
	};

	assert(fate < JOB_FATE_COUNT);
	return span_str(events[fate]);
}

enum job_fate job_fate_of(struct span word)
{
	unsigned fate = 0;

	while (fate < JOB_FATE_COUNT && !span_equal(word, job_fate_word((enum job_fate)fate)))
		fate++;
	return (enum job_fate)fate;
}

enum channel job_event_channel(struct span channel)
{
	static const enum channel met_on[JOB_CHANNEL_COUNT] = {
		[JOB_CHANNEL_EMAIL] = CHANNEL_EMAIL,
		[JOB_CHANNEL_SMS] = CHANNEL_SMS,
		[JOB_CHANNEL_INAPP] = CHANNEL_WEB,
		[JOB_CHANNEL_PUSH] = CHANNEL_APP,
		[JOB_CHANNEL_CALL] = CHANNEL_PHONE,
		[JOB_CHANNEL_MAIL] = CHANNEL_SERVER,
		[JOB_CHANNEL_WEBHOOK] = CHANNEL_SERVER,
		[JOB_CHANNEL_TASK] = CHANNEL_STAFF,
	};
	enum job_channel c = job_channel_of(channel);

	return c < JOB_CHANNEL_COUNT ? met_on[c] : CHANNEL_SERVER;
}

static void add_properties(struct json_out *o, const struct job_event *e)
{
	const struct job_view *v = e->job;

	json_out_open(o, "properties", '{');
	json_out_text(o, "job_id", v->id);
	json_out_text(o, "rule", v->rule);
	json_out_text(o, "step", v->step);
	json_out_text(o, "key", v->key);
	json_out_text(o, "class", v->kind);
	json_out_some(o, "channel", e->channel);
	json_out_some(o, "reason", e->reason);
	json_out_some(o, "bounce", e->bounce);
	json_out_some(o, "gate", e->gate);
	json_out_some(o, "words", e->words);
	if (e->fate == JOB_FATE_DEFERRED)
		json_out_instant(o, "until", e->until);
	json_out_close(o, '}');
}

int job_event_json(const struct job_event *e, struct buf *out)
{
	struct json_out o = {.buf = out};
	struct span word = job_fate_word(e->fate);

	json_out_open(&o, NULL, '{');
	json_out_text(&o, "type", SPAN_LIT("track"));
	json_out_text(&o, "event", job_fate_event(e->fate));
	json_out_comma(&o);
	identifier_write(e->identity, e->job->whose, out);
	json_out_key(&o, "messageId");
	buf_add_str(out, "\"job:");
	buf_add_span(out, e->job->id);
	buf_add_char(out, ':');
	buf_add_span(out, word);
	/* A job may be deferred more than once. */
	if (e->fate == JOB_FATE_DEFERRED) {
		buf_add_char(out, ':');
		buf_add_i64(out, e->until);
	}
	buf_add_char(out, '"');
	json_out_instant(&o, "timestamp", e->at);
	add_properties(&o, e);
	json_out_close(&o, '}');
	return buf_failed(out);
}
