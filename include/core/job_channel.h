/* SPDX-License-Identifier: MIT */
/*
 * The ways a job can reach somebody: its consumer's ways, not those on which customers come to us
 * (enum channel, core/vocab.h). Rules name them by their words; what is kept of consent, addresses
 * and sends is numbered by them, so that numbers are never used again for something else.
 */
#pragma once

#include "base/span.h"

#define JOB_CHANNELS(X)                                                                            \
	X(EMAIL, "email")                                                                          \
	X(SMS, "sms")                                                                              \
	X(INAPP, "inapp") /* a message in the open web session or app */                           \
	X(PUSH, "push")                                                                            \
	X(CALL, "call") /* staff calls the customer */                                             \
	X(MAIL, "mail") /* on paper */                                                             \
	X(WEBHOOK, "webhook")                                                                      \
	X(TASK, "task") /* work for staff, the customer hears nothing */

enum job_channel {
#define X(ID, NAME) JOB_CHANNEL_##ID,
	JOB_CHANNELS(X)
#undef X
		JOB_CHANNEL_COUNT
};

/* JOB_CHANNEL_COUNT if there is no such channel. */
enum job_channel job_channel_of(struct span name);
/* Empty for JOB_CHANNEL_COUNT. */
struct span job_channel_name(enum job_channel channel);
