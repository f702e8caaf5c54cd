/* SPDX-License-Identifier: MIT */
/*
 * Packing: how values of ours become few bytes and come back. Both sides are inline and run over
 * plain pointers, since a worker packs and unpacks every customer that it touches.
 *
 * The writer never checks for room: its owner reserves a bound first (PACK_NUMBER bytes a number).
 * The reader never trusts a byte: once something does not fit it is `bad`, gives zeros from then
 * on, and its owner asks once at the end.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define PACK_NUMBER ((size_t)10) /* bytes of the longest varint */

struct pack {
	unsigned char *at;
};

struct unpack {
	const unsigned char *at, *end;
	bool bad;
};

static inline struct unpack unpack_of(struct span bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;

	/* An empty span may have no pointer, and NULL + 0 is not defined in C. */
	return (struct unpack){at, bytes.len ? at + bytes.len : at, false};
}

static inline size_t unpack_left(const struct unpack *u)
{
	return u->at == u->end ? 0 : (size_t)(u->end - u->at);
}

static inline void pack_number(struct pack *p, uint64_t n)
{
	while (n > 0x7f) {
		*p->at++ = (unsigned char)(n | 0x80);
		n >>= 7;
	}
	*p->at++ = (unsigned char)n;
}

static inline uint64_t unpack_number(struct unpack *u)
{
	uint64_t n = 0;

	if (u->at != u->end && *u->at < 0x80)
		return *u->at++;
	for (unsigned shift = 0; shift < 64 && u->at != u->end; shift += 7) {
		uint64_t byte = *u->at++;

		if (shift == 63 && byte > 1)
			break; /* the tenth byte holds bit 63 alone */
		n |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return n;
	}
	u->bad = true;
	return 0;
}

/* The bytes that pack_number writes. */
static inline size_t pack_size(uint64_t n)
{
	size_t size = 1;

	while (n > 0x7f) {
		n >>= 7;
		size++;
	}
	return size;
}

/* A number of at most MAX. */
static inline uint64_t unpack_bounded(struct unpack *u, uint64_t max)
{
	uint64_t n = unpack_number(u);

	if (n <= max)
		return n;
	u->bad = true;
	return 0;
}

/* Zigzag: small magnitudes of either sign stay short. */
static inline uint64_t pack_fold(int64_t n)
{
	return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

static inline int64_t pack_unfold(uint64_t n)
{
	return (int64_t)((n >> 1) ^ (0 - (n & 1)));
}

/* AT seen from BASE. Wraps, so that every pair of instants comes back. */
static inline void pack_since(struct pack *p, int64_t at, int64_t base)
{
	pack_number(p, pack_fold((int64_t)((uint64_t)at - (uint64_t)base)));
}

static inline int64_t unpack_since(struct unpack *u, int64_t base)
{
	return (int64_t)((uint64_t)pack_unfold(unpack_number(u)) + (uint64_t)base);
}

static inline void pack_bytes(struct pack *p, struct span s)
{
	if (s.len)
		memcpy(p->at, s.ptr, s.len);
	p->at += s.len;
}

static inline struct span unpack_bytes(struct unpack *u, uint64_t len)
{
	struct span s;

	if (len > unpack_left(u)) {
		u->bad = true;
		return SPAN_EMPTY;
	}
	if (len == 0)
		return SPAN_EMPTY;
	s = span_of((const char *)u->at, (size_t)len);
	u->at += len;
	return s;
}

/* A length and the bytes. */
static inline void pack_block(struct pack *p, struct span s)
{
	pack_number(p, s.len);
	pack_bytes(p, s);
}

static inline struct span unpack_block(struct unpack *u)
{
	return unpack_bytes(u, unpack_number(u));
}

/*
 * Several instants of a struct at once: first a word with two bits for each, then those that are
 * neither one of the three marks nor nothing, each as seen from the one before it. The word is
 * XORed with the usual one, so that what is usual costs a byte however many instants there are.
 */
enum pack_mark { PACK_NEVER, PACK_INSTANT, PACK_MIN, PACK_ZERO };

struct pack_times {
	const uint16_t *offsets; /* of the instants in the struct, in the order of writing */
	unsigned n;		 /* less than PACK_TIMES_MAX */
	uint64_t usual;
};

#define PACK_TIMES_MAX 32

/* Without branches: which marks come is not for a processor to guess. */
static inline uint64_t pack_mark(int64_t at)
{
	return (uint64_t)(PACK_INSTANT + (at == INT64_MIN) + 2 * (at == 0) - (at == TIME_NEVER));
}

static inline int64_t pack_load(const void *of, uint16_t offset)
{
	int64_t at;

	memcpy(&at, (const char *)of + offset, sizeof(at));
	return at;
}

static inline void pack_store(void *of, uint16_t offset, int64_t at)
{
	memcpy((char *)of + offset, &at, sizeof(at));
}

/* One bit for each PACK_INSTANT of WORD, at twice its place. */
static inline uint64_t pack_instants(uint64_t word)
{
	return word & ~(word >> 1) & UINT64_C(0x5555555555555555);
}

static inline void pack_times(
	struct pack *p, const struct pack_times *times, const void *of, int64_t base)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < times->n; i++)
		word |= pack_mark(pack_load(of, times->offsets[i])) << (2 * i);
	pack_number(p, word ^ times->usual);
	for (uint64_t left = pack_instants(word); left; left &= left - 1) {
		int64_t at = pack_load(of, times->offsets[__builtin_ctzll(left) / 2]);

		pack_since(p, at, base);
		base = at;
	}
}

static inline void unpack_times(
	struct unpack *u, const struct pack_times *times, void *of, int64_t base)
{
	static const int64_t marks[] = {[PACK_NEVER] = TIME_NEVER,
		[PACK_INSTANT] = 0,
		[PACK_MIN] = INT64_MIN,
		[PACK_ZERO] = 0};
	uint64_t word = unpack_number(u) ^ times->usual;

	if (word >> (2 * times->n)) {
		u->bad = true;
		word = 0;
	}
	for (unsigned i = 0; i < times->n; i++)
		pack_store(of, times->offsets[i], marks[word >> (2 * i) & 3]);
	for (uint64_t left = pack_instants(word); left; left &= left - 1) {
		base = unpack_since(u, base);
		pack_store(of, times->offsets[__builtin_ctzll(left) / 2], base);
	}
}

/* One instant that is usually there. */
static inline void pack_time(struct pack *p, int64_t at, int64_t base)
{
	static const uint16_t offset = 0;
	static const struct pack_times one = {&offset, 1, PACK_INSTANT};

	pack_times(p, &one, &at, base);
}

static inline int64_t unpack_time(struct unpack *u, int64_t base)
{
	static const uint16_t offset = 0;
	static const struct pack_times one = {&offset, 1, PACK_INSTANT};
	int64_t at;

	unpack_times(u, &one, &at, base);
	return at;
}

/* Several numbers, of which most have their usual value: a mask of the others, then those. */
static inline void pack_numbers(
	struct pack *p, const uint32_t *numbers, const uint32_t *usual, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= (uint64_t)(numbers[i] != usual[i]) << i;
	pack_number(p, mask);
	for (size_t i = 0; i < n; i++)
		if (mask >> i & 1)
			pack_number(p, numbers[i]);
}

static inline void unpack_numbers(
	struct unpack *u, uint32_t *numbers, const uint32_t *usual, size_t n)
{
	uint64_t mask = unpack_number(u);

	if (mask >> n)
		u->bad = true;
	for (size_t i = 0; i < n; i++)
		numbers[i] = mask >> i & 1 ? (uint32_t)unpack_bounded(u, UINT32_MAX) : usual[i];
}
