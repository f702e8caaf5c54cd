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

/* Lengths of the names by kind: nearly all that is not the name differs in it, and finding a byte
 * among seventy is what memchr does best. */
static const unsigned char lengths[EVENT_KIND_COUNT] = {
#define X(ID, NAME, FLAGS) [EVENT_##ID] = sizeof(NAME) - 1,
	VOCAB(X)
#undef X
};

static const char *const names[EVENT_KIND_COUNT] = {[EVENT_CUSTOM] = "",
#define X(ID, NAME, FLAGS) [EVENT_##ID] = (NAME),
	VOCAB(X)
#undef X
};

unsigned wire_name_number(struct span name)
{
	const unsigned char *at = lengths, *end = lengths + sizeof(lengths);

	if (name.len == 0 || name.len > UCHAR_MAX)
		return 0;
	while ((at = memchr(at, (int)name.len, (size_t)(end - at)))) {
		size_t kind = (size_t)(at - lengths);

		if (names[kind][0] == name.ptr[0] && memcmp(names[kind], name.ptr, name.len) == 0)
			return numbers[kind];
		at++;
	}
	return 0;
}

struct span wire_name(uint64_t n)
{
	return n < ARRAY_SIZE(kinds) ? vocab_name((enum event_kind)kinds[n]) : SPAN_EMPTY;
}
