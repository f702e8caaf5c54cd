/* SPDX-License-Identifier: MIT */
/* Which files hold a token, and which fields bear it. */
#include "codec/staff_token.h"

#include "check.h"

#define TOKEN	"0123456789abcdef0123456789ABCDEF"
#define CHARS16 "0123456789abcdef"
#define CHARS64 CHARS16 CHARS16 CHARS16 CHARS16

/* A literal with its length, NULs included, as an initializer. */
#define LIT(TEXT)                                                                                  \
	{                                                                                          \
		TEXT, sizeof(TEXT) - 1                                                             \
	}

static void test_files(void)
{
	static const struct {
		struct span text;
		const char *why; /* NULL: fine; else how the reason begins */
	} cases[] = {
		{LIT(TOKEN "\n"), NULL},
		{LIT(TOKEN "\r\n"), NULL},
		{LIT(TOKEN), NULL},
		{LIT(CHARS16), NULL},
		{LIT("0123456789abcde"), "a token has 16 to 256"},
		{LIT(CHARS64 CHARS64 CHARS64 CHARS64), NULL},
		{LIT(CHARS64 CHARS64 CHARS64 CHARS64 "0"), "a token has 16 to 256"},
		{LIT("azAZ09-._~+/azAZ=="), NULL},
		{LIT("azAZ09-._~+/=azAZ="), "a token is one line"},
		{LIT("================"), "a token is one line"},
		{LIT(CHARS16 " " CHARS16), "a token is one line"},
		{LIT(CHARS16 "\n" CHARS16), "a token is one line"},
		{LIT(TOKEN "\n\n"), "a token is one line"},
		{LIT(" " TOKEN), "a token is one line"},
		{LIT(CHARS16 "\0"), "a token is one line"},
		{LIT(CHARS16 "\xc3\xa4"), "a token is one line"},
		{LIT(""), "it is empty"},
		{LIT("\n"), "it is empty"},
		{LIT("\r\n"), "it is empty"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *why = "";
		struct staff_token token;
		int r = staff_token_parse(cases[i].text, &token, &why);

		CHECK_INT(r, cases[i].why ? STAFF_TOKEN_BAD : 0);
		if (cases[i].why && !span_starts(span_str(why), span_str(cases[i].why)))
			CHECK_STR(span_str(why), cases[i].why);
	}
}

static void test_fields(void)
{
	static const struct {
		struct span field;
		bool admitted;
	} cases[] = {
		{LIT("Bearer " TOKEN), true},
		{LIT("bearer " TOKEN), true},
		{LIT("BEARER   " TOKEN " "), true},
		{LIT("Bearer" TOKEN), false},
		{LIT("Bearer\t" TOKEN), false},
		{LIT("Basic " TOKEN), false},
		{LIT(TOKEN), false},
		{LIT("Bearer " TOKEN "0"), false},
		{LIT("Bearer 0123456789abcdef0123456789abcdef"), false},
		{LIT("Bearer 0123456789abcdef0123456789ABCDE"), false},
		{LIT("Bearer " TOKEN "\n"), false},
		{LIT("Bearer " TOKEN "," TOKEN), false},
		{LIT("Bearer "), false},
		{LIT("Bearer"), false},
		{LIT("Bearer    "), false},
		{LIT(""), false},
		{{NULL, 0}, false},
	};
	const char *why;
	struct staff_token token;

	REQUIRE(staff_token_parse(SPAN_LIT(TOKEN "\n"), &token, &why) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (staff_token_admits(&token, cases[i].field) != cases[i].admitted)
			CHECK_STR(cases[i].field, cases[i].admitted ? "admitted" : "refused");
}

/* What is kept is SHA-256: FIPS 180-2, appendix B.2, a message of 56 characters. */
static void test_digest(void)
{
	static const unsigned char want[STAFF_TOKEN_DIGEST] = {0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06,
		0x38, 0xb8, 0xe5, 0xc0, 0x26, 0x93, 0x0c, 0x3e, 0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59,
		0x64, 0xff, 0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1};
	struct staff_token token;
	const char *why;

	REQUIRE(staff_token_parse(
			SPAN_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
			&token, &why) == 0);
	CHECK(memcmp(token.digest, want, sizeof(want)) == 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"files", test_files},
		{"fields", test_fields},
		{"the digest", test_digest},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
