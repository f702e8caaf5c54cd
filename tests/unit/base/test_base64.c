/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#include "check.h"

/* RFC 4648 section 10, and without the padding. */
static void test_vectors(void)
{
	static const struct {
		const char *text, *plain, *bare;
	} rows[] = {
		{"", "", ""},
		{"Zg==", "f", "Zg"},
		{"Zm8=", "fo", "Zm8"},
		{"Zm9v", "foo", "Zm9v"},
		{"Zm9vYg==", "foob", "Zm9vYg"},
		{"Zm9vYmE=", "fooba", "Zm9vYmE"},
		{"Zm9vYmFy", "foobar", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		char out[BASE64_DECODED_SIZE(8)];
		size_t len = 99;

		base64_encode(span_str(rows[i].plain), &text);
		CHECK_STR(buf_span(&text), rows[i].text);

		CHECK_INT(base64_decode(span_str(rows[i].text), out, &len), 0);
		CHECK_STR(span_of(out, len), rows[i].plain);
		CHECK_INT(base64_decode(span_str(rows[i].bare), out, &len), 0);
		CHECK_STR(span_of(out, len), rows[i].plain);
	}
}

/* Every character of the alphabet once, in order:
 * 0x00108310518720928b30d38f41149351559761969b71d79f
 * 8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf, as any other implementation says. */
static void test_alphabet(void)
{
	static const uint8_t want[48] = {0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30,
		0xd3, 0x8f, 0x41, 0x14, 0x93, 0x51, 0x55, 0x97, 0x61, 0x96, 0x9b, 0x71, 0xd7, 0x9f,
		0x82, 0x18, 0xa3, 0x92, 0x59, 0xa7, 0xa2, 0x9a, 0xab, 0xb2, 0xdb, 0xaf, 0xc3, 0x1c,
		0xb3, 0xd3, 0x5d, 0xb7, 0xe3, 0x9e, 0xbb, 0xf3, 0xdf, 0xbf};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	uint8_t out[48];
	size_t len;

	CHECK_INT(base64_decode(SPAN_LIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789+/"),
			  out, &len),
		0);
	CHECK_INT(len, 48);
	CHECK(memcmp(out, want, 48) == 0);
	base64_encode(span_of((const char *)want, sizeof(want)), &text);
	CHECK_STR(buf_span(&text),
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

static void test_refused(void)
{
	static const char *const rows[] = {
		"A",	 /* six bits are no byte */
		"Zm9vA", /* likewise at the end */
		"=",	 /* padding of nothing */
		"====",
		"Zg=",	 /* half of it */
		"Zg===", /* too much */
		"Zm8==",
		"Zm9v=",
		"A===",
		"Zg==Zg==", /* in the middle */
		"Zh==",	    /* bits behind the last byte */
		"Zm9=",
		"Zm 8=",
		"Zm8=\n",
		"Zm-_", /* the other alphabet */
		"Zm8\x80",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[16];
		size_t len = 99;

		CHECK_INT(base64_decode(span_str(rows[i]), out, &len), BASE64_INVALID);
		CHECK_INT(len, 99);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"the vectors of RFC 4648, padded and not", test_vectors},
		{"all of the alphabet", test_alphabet},
		{"what is not canonical is refused", test_refused},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
