/* SPDX-License-Identifier: MIT */
/* Packing of what journeys are made of: texts that they own, words with their time, decimals. */
#pragma once

#include "core/thing.h"

#include "pack.h"

/* A text of at most MAX bytes, shared with U's. 0. */
static inline int unpack_text(struct unpack *u, struct text *t, size_t max)
{
	struct span s = unpack_block(u);

	if (s.len > max)
		u->bad = true;
	if (!u->bad)
		text_share(t, s);
	return 0;
}

/* 18 digits, and exponents as decimal_parse() has them. */
#define PACK_DIGITS   INT64_C(999999999999999999)
#define PACK_EXPONENT 400

static inline bool decimal_packs(struct decimal d)
{
	return d.mantissa >= -PACK_DIGITS && d.mantissa <= PACK_DIGITS &&
	       d.exponent >= -PACK_EXPONENT && d.exponent <= PACK_EXPONENT;
}

/* Two numbers. */
static inline void pack_decimal(struct pack *p, struct decimal d)
{
	pack_number(p, pack_fold(d.mantissa));
	pack_number(p, pack_fold(d.exponent));
}

static inline struct decimal unpack_decimal(struct unpack *u)
{
	int64_t mantissa = pack_unfold(unpack_number(u));
	int64_t exponent = pack_unfold(unpack_bounded(u, 2 * PACK_EXPONENT + 1));
	struct decimal d = {mantissa, (int32_t)exponent};

	if (!decimal_packs(d))
		u->bad = true;
	return d;
}
