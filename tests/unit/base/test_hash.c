/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include "chance.h"
#include "check.h"
#include "crc32c_tables.h"

/*
 * The 64 vectors of the authors' reference implementation (vectors.h), read as little-endian
 * words: key 00 01 … 0f, message n has the bytes 00 01 … n-1.
 */
static const uint64_t siphash_vectors[64] = {
	0x726fdb47dd0e0e31,
	0x74f839c593dc67fd,
	0x0d6c8009d9a94f5a,
	0x85676696d7fb7e2d,
	0xcf2794e0277187b7,
	0x18765564cd99a68d,
	0xcbc9466e58fee3ce,
	0xab0200f58b01d137,
	0x93f5f5799a932462,
	0x9e0082df0ba9e4b0,
	0x7a5dbbc594ddb9f3,
	0xf4b32f46226bada7,
	0x751e8fbc860ee5fb,
	0x14ea5627c0843d90,
	0xf723ca908e7af2ee,
	0xa129ca6149be45e5,
	0x3f2acc7f57c29bdb,
	0x699ae9f52cbe4794,
	0x4bc1b3f0968dd39c,
	0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98,
	0xd0f2cbb02e3b67c7,
	0x93536795e3a33e88,
	0xa80c038ccd5ccec8,
	0xb8ad50c6f649af94,
	0xbce192de8a85b8ea,
	0x17d835b85bbb15f3,
	0x2f2e6163076bcfad,
	0xde4daaaca71dc9a5,
	0xa6a2506687956571,
	0xad87a3535c49ef28,
	0x32d892fad841c342,
	0x7127512f72f27cce,
	0xa7f32346f95978e3,
	0x12e0b01abb051238,
	0x15e034d40fa197ae,
	0x314dffbe0815a3b4,
	0x027990f029623981,
	0xcadcd4e59ef40c4d,
	0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0,
	0xad0c42d6fc585992,
	0x187306c89bc215a9,
	0xd4a60abcf3792b95,
	0xf935451de4f21df2,
	0xa9538f0419755787,
	0xdb9acddff56ca510,
	0xd06c98cd5c0975eb,
	0xe612a3cb9ecba951,
	0xc766e62cfcadaf96,
	0xee64435a9752fe72,
	0xa192d576b245165a,
	0x0a8787bf8ecb74b2,
	0x81b3e73d20b49b6f,
	0x7fa8220ba3b2ecea,
	0x245731c13ca42499,
	0xb78dbfaf3a8d83bd,
	0xea1ad565322a1a0b,
	0x60e61c23a3795013,
	0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1,
	0x9f626da15c9625f3,
	0xe51b38608ef25f57,
	0x958a324ceb064572,
};

static void test_siphash(void)
{
	static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	char message[1 + 64];

	for (size_t i = 0; i < 64; i++)
		message[1 + i] = (char)i;
	for (size_t n = 0; n < 64; n++) /* at an odd address */
		CHECK(siphash24(key, span_of(message + 1, n)) == siphash_vectors[n]);
	CHECK(siphash24(key, SPAN_EMPTY) == siphash_vectors[0]);
}

/* The last word holds only one byte of the length. Values by OpenSSL's SIPHASH. */
static void test_siphash_long(void)
{
	static const uint64_t key[2] = {0, 0};
	static const char zeros[512];

	CHECK(siphash24(key, span_of(zeros, 0)) == UINT64_C(0x1e924b9d737700d7));
	CHECK(siphash24(key, span_of(zeros, 256)) == UINT64_C(0x80d978d6fa417c1e));
	CHECK(siphash24(key, span_of(zeros, 512)) == UINT64_C(0x8c1f7f6785370046));
}

/* RFC 3720 appendix B.4, and the check value of the catalogue of CRC algorithms. */
static void test_crc32c(void)
{
	char zeros[32], ones[32], rising[32], falling[32];
	static const unsigned char read_pdu[48] = {
		0x01,
		0xc0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0x14,
		0,
		0,
		0,
		0,
		0,
		0x04,
		0,
		0,
		0,
		0,
		0x14,
		0,
		0,
		0,
		0x18,
		0x28,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0x02,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
	};
	const struct {
		struct span bytes;
		uint32_t want;
	} rows[] = {
		{{zeros, 32}, 0x8a9136aa},
		{{ones, 32}, 0x62a8ab43},
		{{rising, 32}, 0x46dd794e},
		{{falling, 32}, 0x113fdb5c},
		{{(const char *)read_pdu, 48}, 0xd9963a56},
		{{"123456789", 9}, 0xe3069283},
		{{NULL, 0}, 0},
	};

	memset(zeros, 0, sizeof(zeros));
	memset(ones, 0xff, sizeof(ones));
	for (int i = 0; i < 32; i++) {
		rising[i] = (char)i;
		falling[i] = (char)(31 - i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_INT(crc32c(0, rows[i].bytes), rows[i].want);
		CHECK_INT(~crc32c_tables(~0U, rows[i].bytes), rows[i].want);
	}
}

static uint32_t crc_bit_by_bit(struct span bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= (unsigned char)bytes.ptr[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Both ways, at every alignment and cut in two anywhere, against the definition. */
static void test_crc32c_pieces(void)
{
	struct chance chance = chance_new();
	char bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)chance_u64(&chance);
	for (size_t i = 0; i < 3000; i++) {
		size_t start = chance_below(&chance, 16);
		size_t len = chance_below(&chance, sizeof(bytes) - start);
		size_t cut = chance_below(&chance, len + 1);
		struct span head = span_of(bytes + start, cut);
		struct span tail = span_of(bytes + start + cut, len - cut);
		uint32_t want = crc_bit_by_bit(span_of(bytes + start, len));

		CHECK_INT(crc32c(crc32c(0, head), tail), want);
		CHECK_INT(~crc32c_tables(crc32c_tables(~0U, head), tail), want);
	}
}

static const struct check_case cases[] = {
	{"SipHash-2-4 gives the authors' vectors", test_siphash},
	{"SipHash-2-4 beyond 255 bytes", test_siphash_long},
	{"CRC32C gives the vectors of RFC 3720", test_crc32c},
	{"CRC32C continues, with and without the instruction", test_crc32c_pieces},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
