/* SPDX-License-Identifier: MIT */
/*
 * What became of a job, as an event of its customer: a line of the log like any other, so that
 * caps, consent, addresses and whatever rule asks follow from the log alone.
 *
 *	{"type":"track","event":"Notification Bounced","userId":"u1","messageId":"job:ID:bounced",
 *	 "timestamp":…,"properties":{"job_id":ID,"rule":…,"step":…,"key":…,"class":…,
 *	 "channel":"email","reason":…}}
 *
 * The message id is made of the job and of what happened, so that the same told twice is a
 * duplicate.
 */
#pragma once

#include "base/buf.h"
#include "codec/job_view.h"
#include "core/event.h"
#include "core/identity.h"

/* What can become of a job: the word on the wire, and the event. */
#define JOB_FATES(X)                                                                               \
	X(SENT, "sent", "Notification Sent")                                                       \
	X(DELIVERED, "delivered", "Notification Delivered")                                        \
	X(BOUNCED, "bounced", "Notification Bounced")                                              \
	X(OPENED, "opened", "Notification Opened")                                                 \
	X(CLICKED, "clicked", "Notification Clicked")                                              \
	X(UNSUBSCRIBED, "unsubscribed", "Unsubscribed")                                            \
	X(CONVERTED, "converted", "Notification Converted")                                        \
	X(FAILED, "failed", "Notification Failed")                                                 \
	X(CANCELLED, "cancelled", "Notification Cancelled")                                        \
	X(DEFERRED, "deferred", "Notification Deferred")

enum job_fate {
#define X(ID, WORD, EVENT) JOB_FATE_##ID,
	JOB_FATES(X)
#undef X
		JOB_FATE_COUNT
};

struct span job_fate_word(enum job_fate fate);
struct span job_fate_event(enum job_fate fate);
/* JOB_FATE_COUNT if there is no such word. */
enum job_fate job_fate_of(struct span word);

/* The source of such events, where those of a collector have the name of their write key. */
#define JOB_SOURCE "jobs"

#define JOB_REASON_MAX 200 /* bytes of a reason */

struct job_event {
	const struct identity *identity; /* how the customer is named */
	const struct job_view *job;
	enum job_fate fate;
	struct span channel; /* the job's now; it may have been rerouted */
	int64_t at;	     /* when it happened */
	struct span reason;  /* of a bounce, a failure, a cancel; or empty */
	struct span bounce;  /* of a bounce: `hard` or `soft` */
	struct span gate;    /* that cancelled or deferred; or empty */
	struct span words;   /* what it said about it; or empty */
	int64_t until;	     /* DEFERRED */
};

/* Appends the event's JSON to OUT; buf_failed(OUT). */
int job_event_json(const struct job_event *e, struct buf *out);

/* The channel on which the customer is met by a job's CHANNEL; SERVER where there is none. */
enum channel job_event_channel(struct span channel);
