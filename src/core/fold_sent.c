/* SPDX-License-Identifier: MIT */
/*
 * What others send. A newsletter goes out by a tool of its own, and the customer's patience is one:
 * a Notification Sent that names no job of ours is kept beside our own sends, as marketing, so that
 * the caps count it. It has no rule, so that nothing else asks for it. One that names a job of ours
 * says that this cannot be taken back any more; a Notification Cancelled or Failed that it was
 * given up, so that it counts for no cap, unless it was sent all the same.
 */
#include "base/sha256.h"
#include "core/gate.h"
#include "core/job_channel.h"
#include "core/rule.h"

#include "fold.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A job of ours was sent, and no cancel takes that back; or it will not be. */
static void note(struct journey *j, struct span id, bool sent)
{
	unsigned char bytes[16];
	struct send *s;

	if (id.len != 2 * sizeof(bytes))
		return;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		int high = digit(id.ptr[2 * i]), low = digit(id.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	s = journey_send(j, bytes);
	if (s && sent)
		s->state = SEND_SENT;
	else
		gates_release(j, bytes);
}

/* A name that no job has. The same report twice makes it once. */
static void name(const struct event *e, enum job_channel channel, unsigned char ret_id[16])
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 s;
	char at[64];

	(void)snprintf(at, sizeof(at), "others|%lld|%d|", (long long)e->occurred_at, (int)channel);
	sha256_init(&s);
	sha256_add(&s, span_str(at));
	sha256_add(&s, e->message_id);
	sha256_end(&s, digest);
	memcpy(ret_id, digest, 16);
}

int fold_sent(struct journey *j, const struct event *e)
{
	struct span way = value_words(event_field(e, FIELD_CHANNEL));
	enum job_channel channel = way.len ? job_channel_of(way) : JOB_CHANNEL_EMAIL;
	struct send send = {.at = e->occurred_at,
		.class = RULE_MARKETING,
		.channel = channel,
		.state = SEND_SENT};

	struct span job = value_id(event_detail(e, DETAIL_JOB_ID), ENTITY_MAX);

	bool sent = e->kind == EVENT_NOTIFICATION_SENT;

	note(j, job, sent);
	if (!sent || job.len > 0 || channel == JOB_CHANNEL_TASK || channel == JOB_CHANNEL_COUNT)
		return 0;
	name(e, channel, send.job_id);
	if (journey_send(j, send.job_id))
		return 0;
	return journey_add_send(j, &send) ? 0 : -ENOMEM;
}
