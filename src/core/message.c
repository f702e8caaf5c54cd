/* SPDX-License-Identifier: MIT */
/* Names of messages. */
#include "core/message.h"

struct span message_kind_name(enum message_kind kind)
{
	static const char *const names[] = {
#define X(ID, NAME) [MESSAGE_##ID] = NAME,
		MESSAGE_KINDS(X)
#undef X
	};

	return span_str(names[kind]);
}
