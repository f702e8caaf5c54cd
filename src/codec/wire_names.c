/* SPDX-License-Identifier: MIT */
/* Both directions are one look into a table built from the list. */
#include "wire_names.h"

static const unsigned char numbers[EVENT_KIND_COUNT] = {
#define X(N, ID) [EVENT_##ID] = (N),
	WIRE_NAMES(X)
#undef X
};

static const unsigned char kinds[] = {
#define X(N, ID) [N] = EVENT_##ID,
	WIRE_NAMES(X)
#undef X
};

_Static_assert(EVENT_KIND_COUNT <= UCHAR_MAX, "a kind no longer fits a byte");

unsigned wire_name_number(struct span name)
{
	enum event_kind kind = vocab_kind(name);

	/* Older spellings have a kind too, but would come back as something else. */
	return span_equal(vocab_name(kind), name) ? numbers[kind] : 0;
}

struct span wire_name(uint64_t n)
{
	return n < ARRAY_SIZE(kinds) ? vocab_name((enum event_kind)kinds[n]) : SPAN_EMPTY;
}
