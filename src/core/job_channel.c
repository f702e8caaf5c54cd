/* SPDX-License-Identifier: MIT */
/* Names of the ways a job can reach somebody, and back. */
#include "core/job_channel.h"

static const struct span names[JOB_CHANNEL_COUNT] = {
#define X(ID, NAME) [JOB_CHANNEL_##ID] = {(NAME), sizeof(NAME) - 1},
	JOB_CHANNELS(X)
#undef X
};

enum job_channel job_channel_of(struct span name)
{
	for (unsigned i = 0; i < JOB_CHANNEL_COUNT; i++)
		if (span_equal(name, names[i]))
			return (enum job_channel)i;
	return JOB_CHANNEL_COUNT;
}

struct span job_channel_name(enum job_channel channel)
{
	return channel < JOB_CHANNEL_COUNT ? names[channel] : SPAN_EMPTY;
}
