/* SPDX-License-Identifier: MIT */
/*
 * SipHash is short enough to be written out. CRC32C has an instruction on every x86-64 machine of
 * the last fifteen years; tables serve the others.
 */
#include "base/hash.h"

#include "crc32c_tables.h"

static uint64_t load_le64(const char *ptr)
{
	uint64_t n;

	memcpy(&n, ptr, sizeof(n));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	n = __builtin_bswap64(n);
#endif
	return n;
}

static inline uint64_t rotate_left(uint64_t n, unsigned by)
{
	return n << by | n >> (64 - by);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] = rotate_left(v[2], 32);
}

static inline void sip_absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t siphash24(const uint64_t key[2], struct span bytes)
{
	/* "somepseudorandomlygeneratedbytes", as the paper has it. */
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)bytes.len << 56;
	size_t whole = bytes.len & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8)
		sip_absorb(v, load_le64(bytes.ptr + i));
	for (size_t i = whole; i < bytes.len; i++)
		last |= (uint64_t)(unsigned char)bytes.ptr[i] << (8 * (i - whole));
	sip_absorb(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_hardware(uint32_t crc, struct span bytes)
{
	const char *ptr = bytes.ptr;
	size_t len = bytes.len;

	for (; len >= 8; ptr += 8, len -= 8)
		crc = (uint32_t)__builtin_ia32_crc32di(crc, load_le64(ptr));
	for (; len; ptr++, len--)
		crc = __builtin_ia32_crc32qi(crc, (unsigned char)*ptr);
	return crc;
}
#endif

uint32_t crc32c(uint32_t crc, struct span bytes)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_hardware(~crc, bytes);
#endif
	return ~crc32c_tables(~crc, bytes);
}
