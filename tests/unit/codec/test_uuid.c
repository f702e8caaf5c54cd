/* SPDX-License-Identifier: MIT */
#include "../../../src/codec/uuid.h"

#include "../chance.h"
#include "check.h"

/* The examples of RFC 9562, appendix A, and their bytes. */
static const struct {
	const char *text;
	unsigned char bytes[UUID_BYTES];
	bool capitals;
} good[] = {
	{"919108f7-52d1-4320-9bac-f847db4148a8",
		{0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x43, 0x20, 0x9b, 0xac, 0xf8, 0x47, 0xdb, 0x41,
			0x48, 0xa8},
		false},
	{"017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
		{0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07,
			0x39, 0x8f},
		true},
	{"00000000-0000-0000-0000-000000000000", {0}, false},
	{"ajs-next-1719245678123-c232ab00-9414-11ec-b3c8-9f6bdeced846",
		{0xc2, 0x32, 0xab, 0x00, 0x94, 0x14, 0x11, 0xec, 0xb3, 0xc8, 0x9f, 0x6b, 0xde, 0xce,
			0xd8, 0x46},
		false},
};

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct span text = span_str(good[i].text);
		unsigned char bytes[UUID_BYTES];
		char back[UUID_TEXT];
		bool capitals = !good[i].capitals;

		REQUIRE(uuid_at_end(text, bytes, &capitals));
		CHECK(memcmp(bytes, good[i].bytes, UUID_BYTES) == 0);
		CHECK(capitals == good[i].capitals);
		uuid_format(bytes, capitals, back);
		CHECK_SPAN(span_of(back, UUID_TEXT),
			span_of(text.ptr + text.len - UUID_TEXT, UUID_TEXT));
	}
}

/* Whatever would not come back as it was. */
static void test_bad(void)
{
	static const char *const bad[] = {
		"",
		"19108f7-52d1-4320-9bac-f847db4148a8",
		"919108f7-52d1-4320-9bac-f847db4148aA",
		"919108F7-52d1-4320-9bac-f847db4148a8",
		"919108f7-52d1-4320-9bac-f847db4148ag",
		"919108f7-52d1-4320-9bac-f847db4148a8 ",
		"919108f7052d1-4320-9bac-f847db4148a8",
		"919108f7-52d104320-9bac-f847db4148a8",
		"919108f7-52d1-432009bac-f847db4148a8",
		"919108f7-52d1-4320-9bac0f847db4148a8",
		"919108f752d143209bacf847db4148a8",
		"-19108f7-52d1-4320-9bac-f847db4148a8",
		"\37719108f7-52d1-4320-9bac-f847db4148a8",
	};
	unsigned char bytes[UUID_BYTES];
	bool capitals;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!uuid_at_end(span_str(bad[i]), bytes, &capitals));
}

/* Every byte at every place: taken only if it comes back. */
static void test_every_byte(void)
{
	char text[] = "91910857-5241-4320-9104-184700414808";
	unsigned taken = 0;

	for (size_t place = 0; place < UUID_TEXT; place++) {
		char was = text[place];

		for (int byte = 0; byte < 256; byte++) {
			unsigned char bytes[UUID_BYTES];
			char back[UUID_TEXT];
			bool capitals;

			text[place] = (char)byte;
			if (!uuid_at_end(span_of(text, UUID_TEXT), bytes, &capitals))
				continue;
			taken++;
			uuid_format(bytes, capitals, back);
			CHECK(memcmp(back, text, UUID_TEXT) == 0);
		}
		text[place] = was;
	}
	CHECK_INT(taken, 32 * 22 + 4);
}

static const struct check_case cases[] = {
	{"examples", test_good},
	{"none", test_bad},
	{"every byte at every place", test_every_byte},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
