/* SPDX-License-Identifier: MIT */
/*
 * Names to numbers and back. The table is short and looked through by length first, which settles
 * nearly every comparison without touching the bytes.
 */
#include "core/vocab.h"

struct vocab_entry {
	const char *name;
	uint8_t len;
	uint8_t flags;
};

static const struct vocab_entry vocab[EVENT_KIND_COUNT] = {[EVENT_CUSTOM] = {"", 0, VOCAB_ENGAGED},
#define X(ID, NAME, FLAGS) [EVENT_##ID] = {NAME, sizeof(NAME) - 1, FLAGS},
	VOCAB(X)
#undef X
};

/* Older spellings: Segment's e-commerce v1 names, and the common variants of two others. */
static const struct {
	const char *name;
	enum event_kind kind;
} aliases[] = {
	{"Viewed Product Category", EVENT_PRODUCT_LIST_VIEWED},
	{"Viewed Promotion", EVENT_PROMOTION_VIEWED},
	{"Clicked Promotion", EVENT_PROMOTION_CLICKED},
	{"Clicked Product", EVENT_PRODUCT_CLICKED},
	{"Viewed Product", EVENT_PRODUCT_VIEWED},
	{"Added Product", EVENT_PRODUCT_ADDED},
	{"Removed Product", EVENT_PRODUCT_REMOVED},
	{"Started Order", EVENT_CHECKOUT_STARTED},
	{"Viewed Checkout Step", EVENT_CHECKOUT_STEP_VIEWED},
	{"Completed Checkout Step", EVENT_CHECKOUT_STEP_COMPLETED},
	{"Updated Order", EVENT_ORDER_UPDATED},
	{"Completed Order", EVENT_ORDER_COMPLETED},
	{"Email Unsubscribed", EVENT_UNSUBSCRIBED},
};

static const char *const channels[CHANNEL_COUNT] = {[CHANNEL_UNKNOWN] = "",
#define X(ID, NAME) [CHANNEL_##ID] = (NAME),
	CHANNELS(X)
#undef X
};

enum event_kind vocab_kind(struct span name)
{
	if (name.len == 0)
		return EVENT_CUSTOM;
	for (unsigned i = EVENT_CUSTOM + 1; i < EVENT_KIND_COUNT; i++)
		if (vocab[i].len == name.len && memcmp(vocab[i].name, name.ptr, name.len) == 0)
			return (enum event_kind)i;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (span_is(name, aliases[i].name))
			return aliases[i].kind;
	return EVENT_CUSTOM;
}

struct span vocab_name(enum event_kind kind)
{
	return span_of(vocab[kind].name, vocab[kind].len);
}

unsigned vocab_flags(enum event_kind kind)
{
	return vocab[kind].flags;
}

enum channel channel_of(struct span name)
{
	for (unsigned i = 1; i < CHANNEL_COUNT; i++)
		if (span_is(name, channels[i]))
			return (enum channel)i;
	return CHANNEL_UNKNOWN;
}

struct span channel_name(enum channel channel)
{
	return span_str(channels[channel]);
}
