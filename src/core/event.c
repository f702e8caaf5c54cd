/* SPDX-License-Identifier: MIT */
/* The event's own time, and its fields. */
#include "core/event.h"

const struct value *event_field(const struct event *e, size_t n)
{
	static const struct value missing = {.type = VALUE_MISSING};

	return n < e->n_fields ? &e->fields[n] : &missing;
}

int64_t event_time(
	int64_t claimed, int64_t sent_at, int64_t recv_at, int64_t received_at, unsigned *flags)
{
	int64_t at = claimed;

	if (claimed == TIME_NEVER) {
		*flags |= EVENT_FLAG_NO_TIME;
		return received_at;
	}
	/* All are within the years 0 to 9999, far from overflow. */
	if (sent_at != TIME_NEVER)
		at = recv_at - (sent_at - claimed);
	if (at > received_at + EVENT_FUTURE_MS) {
		*flags |= EVENT_FLAG_FUTURE;
		return received_at + EVENT_FUTURE_MS;
	}
	return at;
}
