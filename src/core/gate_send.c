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

void gates_job_id(const struct journey *j, const struct rule *rule, const struct instance *i,
	uint32_t step, unsigned char ret_id[16])
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, SPAN_LIT("wm1|"));
	add_netstring(&s, text_span(i->rule));
	add_number(&s, i->epoch);
	add_netstring(&s, text_span(i->subject.len ? i->subject : j->customer));
	add_netstring(&s, text_span(i->key));
	add_number(&s, i->episode);
	add_netstring(&s, step < rule->n_steps ? rule->steps[step].id : SPAN_EMPTY);
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
	struct send *known;

	gates_job_id(j, ask->rule, ask->instance, ask->step, send.job_id);
	known = journey_send(j, send.job_id);
	if (known) {
		known->state = SEND_RESERVED;
		known->channel = send.channel;
		return 0;
	}
	return journey_add_send(j, &send) ? 0 : -ENOMEM;
}

void gates_release(struct journey *j, const unsigned char job_id[16])
{
	struct send *s = journey_send(j, job_id);

	if (s && s->state == SEND_RESERVED)
		s->state = SEND_RELEASED;
}
