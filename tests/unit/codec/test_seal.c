/* SPDX-License-Identifier: MIT */
/*
 * What is sealed, compared with what Python's hmac and cryptography (AESGCM) make of the formula in
 * seal.h, for the key 00 01 … 1f whose id is 40 41 … 4f.
 */
#include "codec/seal.h"

#include "check.h"

static const char key_text[] = "404142434445464748494a4b4c4d4e4f"
			       "000102030405060708090a0b0c0d0e0f"
			       "101112131415161718191a1b1c1d1e1f";

static void add_hex(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_printf(out, "%02x", (unsigned char)s.ptr[i]);
}

static const struct {
	const char *head, *text, *sealed;
} vectors[] = {
	{"", "", "9303ee0af7aec4e3fd59c199ca3c9fa1af21bd891448ac755dac6f0b"},
	{"{\"id\":\"1-0\"", "hello",
		"c06dc2be512fceb8af143533b671f4b2911b40383104fcfe8b8e9edd708277ad07"},
};

static void test_vectors(void)
{
	_cleanup_(sealer_freep) struct sealer *s = NULL;
	struct seal_key key;

	REQUIRE(sealer_new(&s) == 0);
	REQUIRE(seal_key_read(span_str(key_text), &key) == 0);
	CHECK_STR(span_str(key.id), "404142434445464748494a4b4c4d4e4f");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT, hex = BUF_INIT, back = BUF_INIT;
		struct span head = span_str(vectors[i].head);

		REQUIRE(seal(s, &key, head, span_str(vectors[i].text), &out) == 0);
		add_hex(&hex, buf_span(&out));
		CHECK_STR(buf_span(&hex), vectors[i].sealed);
		CHECK_INT(seal_open(s, &key, head, buf_span(&out), &back), 0);
		CHECK_STR(buf_span(&back), vectors[i].text);
	}
}

/* One bit of any byte, a byte less, a byte more, another head, another key. */
static void test_damaged(void)
{
	_cleanup_(sealer_freep) struct sealer *s = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT, back = BUF_INIT;
	char other[sizeof(key_text)];
	struct seal_key key;

	REQUIRE(sealer_new(&s) == 0);
	REQUIRE(seal_key_read(span_str(key_text), &key) == 0);
	REQUIRE(seal(s, &key, SPAN_LIT("head"), SPAN_LIT("text"), &out) == 0);
	CHECK_INT(out.len, 4 + SEAL_EXTRA);
	for (size_t i = 0; i < out.len; i++) {
		out.ptr[i] ^= 1;
		CHECK_INT(seal_open(s, &key, SPAN_LIT("head"), buf_span(&out), &back), SEAL_BAD);
		out.ptr[i] ^= 1;
	}
	for (size_t n = 0; n < out.len; n++)
		CHECK_INT(
			seal_open(s, &key, SPAN_LIT("head"), span_of(out.ptr, n), &back), SEAL_BAD);
	CHECK_INT(seal_open(s, &key, SPAN_LIT("heae"), buf_span(&out), &back), SEAL_BAD);
	CHECK_INT(seal_open(s, &key, SPAN_EMPTY, buf_span(&out), &back), SEAL_BAD);
	memcpy(other, key_text, sizeof(other));
	other[SEAL_KEY_TEXT - 1] = 'e';
	REQUIRE(seal_key_read(span_str(other), &key) == 0);
	CHECK_INT(seal_open(s, &key, SPAN_LIT("head"), buf_span(&out), &back), SEAL_BAD);
	CHECK_INT(back.len, 0);
}

/* The same again is the same; each of head, text and key makes another nonce. */
static void test_nonce(void)
{
	_cleanup_(sealer_freep) struct sealer *s = NULL;
	_cleanup_(buf_release) struct buf a = BUF_INIT, b = BUF_INIT;
	static const struct {
		const char *head, *text;
	} others[] = {{"heaD", "text"}, {"head", "texT"}, {"headt", "ext"}, {"hea", "dtext"}};
	struct seal_key key;

	REQUIRE(sealer_new(&s) == 0);
	REQUIRE(seal_key_read(span_str(key_text), &key) == 0);
	REQUIRE(seal(s, &key, SPAN_LIT("head"), SPAN_LIT("text"), &a) == 0);
	REQUIRE(seal(s, &key, SPAN_LIT("head"), SPAN_LIT("text"), &b) == 0);
	CHECK_SPAN(buf_span(&a), buf_span(&b));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		buf_reset(&b);
		REQUIRE(seal(s, &key, span_str(others[i].head), span_str(others[i].text), &b) == 0);
		CHECK(memcmp(a.ptr, b.ptr, 12) != 0);
	}
}

static void test_keys(void)
{
	char one[SEAL_KEY_TEXT + 1], two[SEAL_KEY_TEXT + 1];
	struct seal_key key;

	REQUIRE(seal_key_make(one) == 0 && seal_key_make(two) == 0);
	CHECK_INT(strlen(one), SEAL_KEY_TEXT);
	CHECK(strcmp(one, two) != 0);
	CHECK_INT(seal_key_read(span_str(one), &key), 0);
	CHECK_INT(seal_key_read(span_of(one, SEAL_KEY_TEXT - 1), &key), SEAL_BAD);
	CHECK_INT(seal_key_read(SPAN_EMPTY, &key), SEAL_BAD);
	one[40] = 'A';
	CHECK_INT(seal_key_read(span_str(one), &key), SEAL_BAD);
}

static void test_mac(void)
{
	char out[SEAL_MAC_TEXT + 1];

	CHECK_INT(seal_mac(SPAN_LIT("salt"), SPAN_LIT("email:a@x.de"), out), 0);
	CHECK_STR(
		span_str(out), "6cdf42674b18fff6ccf01c7fc4cbbcf42c79af3e0c7d01905546962d1d978199");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"as the formula says", test_vectors},
		{"damage and another key are seen", test_damaged},
		{"the nonce follows from all that is sealed", test_nonce},
		{"keys", test_keys},
		{"hmac", test_mac},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
