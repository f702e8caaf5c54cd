/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 against the examples of FIPS 180-4's companion (one block, two blocks, a million a) and
 * against digests of Python's hashlib around the block's bounds: message n is the bytes 7i + n.
 */
#include "base/sha256.h"

#include "check.h"

static void check_digest(int line, const unsigned char d[SHA256_SIZE], const char *want)
{
	char hex[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < SHA256_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", d[i]);
	check_span(__FILE__, line, "digest", span_str(hex), span_str(want));
}

static void digest_of(struct span s, unsigned char d[SHA256_SIZE])
{
	struct sha256 state;

	sha256_init(&state);
	sha256_add(&state, s);
	sha256_end(&state, d);
}

static void test_examples(void)
{
	unsigned char d[SHA256_SIZE];
	struct sha256 s;

	digest_of(SPAN_LIT("abc"), d);
	check_digest(
		__LINE__, d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_of(SPAN_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), d);
	check_digest(
		__LINE__, d, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	sha256_init(&s);
	for (size_t i = 0; i < 100000; i++)
		sha256_add(&s, SPAN_LIT("aaaaaaaaaa"));
	sha256_end(&s, d);
	check_digest(
		__LINE__, d, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static const struct {
	size_t len;
	const char *digest;
} bounds[] = {
	{0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{1, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"},
	{3, "6ab0dba1f4f1dfbb37b4f9eeb092c09fca4900ad32bdcd147d8dde35d6c87c35"},
	{55, "81afe5b788dc2ce138ff83d9b20164db75a94d75d2b2432eea4a0ef605088c72"},
	{56, "2aba54f0ac632420a2b502431408866e40e1d5e430df4cd822642c78ab2eb9c1"},
	{57, "903284efbf9100e8ba1614ec65eacacad125e03f857cae7acbf8b73b23e0fdfe"},
	{63, "733d3d4ee79ee67145bf73da13588f6f235d37414fc64b14a2f00f1762792f5e"},
	{64, "79322907b3e9d013d7dc2c2f256674dbf733045cde01df3539271c6f5605feb8"},
	{65, "d85c007c6eb440f085afa2b84f6f2bce4658b240e9f62cb1364bf0485a57e720"},
	{119, "6c87eedf096b345de205b702e5223b73b447a3207791ded3ea007ba15ed6736e"},
	{120, "42500cf6a1e3936d6b9e0bcfe296d654b63255e525487d3634d0b15fde591c4d"},
	{127, "68f6ff710276900c0ffbbc57426f67e00c2e01f0750c7edc25ac06b8ce7a8095"},
	{128, "489d55fea9a73af36b6dd0be7b4117d8e5683386d39544e8a44c99a87f368707"},
	{1000, "6b0df76627243d095b0c4400cb658b7e804dd03461cc03aee8fc8fe0bcada168"},
};

static void test_bounds(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		unsigned char d[SHA256_SIZE];
		char bytes[1000];
		struct sha256 s;

		for (size_t k = 0; k < bounds[i].len; k++)
			bytes[k] = (char)(unsigned char)(7 * k + bounds[i].len);
		digest_of(span_of(bytes, bounds[i].len), d);
		check_digest(__LINE__, d, bounds[i].digest);
		/* In pieces of thirteen bytes. */
		sha256_init(&s);
		for (size_t k = 0; k < bounds[i].len; k += 13)
			sha256_add(&s, span_of(bytes + k,
					       bounds[i].len - k < 13 ? bounds[i].len - k : 13));
		sha256_end(&s, d);
		check_digest(__LINE__, d, bounds[i].digest);
	}
}

static const struct check_case cases[] = {
	{"the standard's examples", test_examples},
	{"around the bounds of blocks, whole and in pieces", test_bounds},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
