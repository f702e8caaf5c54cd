/* SPDX-License-Identifier: MIT */
/* What was let through is reserved at once, under the name that its job will have. */
#include "base/sha256.h"
#include "core/gate.h"
#include "gate_turn.h"

static void add_netstring(struct sha256 *s, struct span text)
{
	char head[24];
	int len = snprintf(head, sizeof(head), "%zu:", text.len);

	sha256_add(s, span_of(head, (size_t)len));
	sha256_add(s, text);
	sha256_add(s, SPAN_LIT(","));
}

static void add_number(struct sha256 *s, uint32_t n)
{
	char text[12];
	int len = snprintf(text, sizeof(text), "%u", (unsigned)n);

	add_netstring(s, span_of(text, (size_t)len));
}

/* `m1`; of a second way's job `m1@sms`. */
static void add_step(struct sha256 *s, struct span step, struct span way)
{
	char head[24];
	size_t len = step.len + (way.len ? 1 + way.len : 0);
	int n = snprintf(head, sizeof(head), "%zu:", len);

	sha256_add(s, span_of(head, (size_t)n));
	sha256_add(s, step);
	if (way.len) {
		sha256_add(s, SPAN_LIT("@"));
		sha256_add(s, way);
	}
	sha256_add(s, SPAN_LIT(","));
}

void gates_job_id(const struct journey *j, const struct rule *rule, const struct instance *i,
	const struct emission *m, unsigned char ret_id[16])
{
	struct span way = m->way ? job_channel_name((enum job_channel)(m->way - 1)) : SPAN_EMPTY;
	unsigned char digest[SHA256_SIZE];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, SPAN_LIT("wm1|"));
	add_netstring(&s, text_span(i->rule));
	add_number(&s, m->epoch);
	add_netstring(&s, text_span(m->subject.len ? m->subject : j->customer));
	add_netstring(&s, text_span(i->key));
	add_number(&s, spent_by(m));
	add_step(&s, m->step < rule->n_steps ? rule->steps[m->step].id : SPAN_EMPTY, way);
	sha256_end(&s, digest);
	memcpy(ret_id, digest, 16);
}

int gates_reserve(struct journey *j, const struct gate_ask *ask, const struct gate_verdict *verdict)
{
	struct send send = {
		.rule = gates_rule_hash(ask->rule->id),
		.at = ask->now,
		.class = gate_class(ask),
		.channel = job_channel_of(verdict->channel),
		.state = SEND_RESERVED,
	};
	const struct emission m = {
		.epoch = ask->instance->epoch,
		.episode = ask->instance->episode,
		.number = spent_number(ask->rule, ask->instance),
		.step = ask->step,
		.way = ask->tried ? send.channel + 1 : 0,
		.subject = ask->instance->subject,
	};
	struct send *known;

	gates_job_id(j, ask->rule, ask->instance, &m, send.job_id);
	known = journey_send(j, send.job_id);
	if (known) {
		known->state = SEND_RESERVED;
		known->channel = send.channel;
		return 0;
	}
	return journey_add_send(j, &send) ? 0 : -ENOMEM;
}

bool gates_is_unsent(struct journey *j, const unsigned char job_id[16], bool otherwise)
{
	const struct send *s = journey_send(j, job_id);

	return s ? s->state != SEND_SENT : otherwise;
}

void gates_release(struct journey *j, const unsigned char job_id[16])
{
	struct send *s = journey_send(j, job_id);

	if (s && s->state == SEND_RESERVED)
		s->state = SEND_RELEASED;
}
