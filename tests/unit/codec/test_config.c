/* SPDX-License-Identifier: MIT */
/* INI text: what is passed on, and what libinih would let pass and we do not. */
#include "base/buf.h"
#include "check.h"
#include "codec/config.h"

/* Entries as `line section key value`, with bars between. */
static int collect(void *user, const struct config_entry *e)
{
	struct buf *out = user;

	buf_printf(out, "%u|%.*s|%.*s|%.*s\n", e->line, (int)e->section.len, e->section.ptr,
		(int)e->key.len, e->key.ptr, (int)e->value.len, e->value.ptr);
	return 0;
}

struct good_case {
	const char *text, *want;
};

static const struct good_case good[] = {
	{"", ""},
	{"\n\n", ""},
	{"; nothing\n# here\n   ; nor here\n", ""},
	{"[a]\nb = c\n", "2|a|b|c\n"},
	{"[a]\r\nb = c\r\n", "2|a|b|c\n"},
	{"[a]\nb=c", "2|a|b|c\n"},
	{"\xef\xbb\xbf[a]\nb=c\n", "2|a|b|c\n"},
	{"b=c\n", "1||b|c\n"},
	{"[a]\nb: c\n", "2|a|b|c\n"},
	{"[a]\nb =\n", "2|a|b|\n"},
	{"[a]\nb = c ; d\n", "2|a|b|c\n"},
	{"[a]\nb = c;d\n", "2|a|b|c;d\n"},
	{"[a]\nb = unix:/run/redis.sock\n", "2|a|b|unix:/run/redis.sock\n"},
	{"[a]\nb = x = y\n", "2|a|b|x = y\n"},
	{"[a]\n\nb\t=\t c d \n", "3|a|b|c d\n"},
	{"[a]\nb=1\n[c]\nb=2\n[a]\nd=3\n", "2|a|b|1\n4|c|b|2\n6|a|d|3\n"},
	{"[a] ; comment\nb = 1\n", "2|a|b|1\n"},
	{"[\xc3\xa4]\nb = \xc3\xb6\n", "2|\xc3\xa4|b|\xc3\xb6\n"},
};

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		struct config_fault fault = {0};

		check_int(good[i].text, (int)i, "result",
			config_read(span_str(good[i].text), collect, &out, &fault), 0);
		check_span(good[i].text, (int)i, "entries", buf_span(&out), span_str(good[i].want));
	}
}

struct bad_case {
	struct span text;
	unsigned line;
	const char *part;
};

#define TEXT(LIT)                                                                                  \
	{                                                                                          \
		LIT, sizeof(LIT) - 1                                                               \
	}

static const struct bad_case bad[] = {
	{TEXT("[a]\nb\n"), 2, "neither a [section] nor"},
	{TEXT("[a\nb=c\n"), 1, "write [name]"},
	{TEXT("[a]\n= c\n"), 2, "1 to 48 bytes"},
	{TEXT("[]\nb=c\n"), 1, "1 to 48 bytes"},
	/* libinih would join this line to the one before. */
	{TEXT("[a]\nb=c\n  d=e\n"), 3, "begins with a blank"},
	{TEXT("[a]\nb=c\n\td\n"), 3, "begins with a blank"},
	{TEXT("[a]\nb=c\nb=d\n"), 3, "stood before"},
	{TEXT("[a]\nb=c\n[d]\nx=y\n[a]\nb=d\n"), 6, "stood before"},
	{TEXT("[a]\nb=c\0d\n"), 2, "control character"},
	{TEXT("[a]\nb=c\x1b[31m\n"), 2, "control character"},
	{TEXT("[a]\nb=c\rd=e\n"), 2, "control character"},
};

static bool contains(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		struct config_fault fault = {0};

		check_int(bad[i].text.ptr, (int)i, "result",
			config_read(bad[i].text, collect, &out, &fault), CONFIG_BAD);
		check_int(bad[i].text.ptr, (int)i, "line", fault.line, bad[i].line);
		if (!contains(fault.text, bad[i].part))
			CHECK_STR(span_str(fault.text), bad[i].part);
	}
}

/* A line of N bytes: `[a]` or a key of KEY bytes and a value. */
static int read_sized(size_t line, size_t key, size_t section, struct buf *out)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct config_fault fault = {0};

	buf_add_char(&text, '[');
	for (size_t i = 0; i < section; i++)
		buf_add_char(&text, 's');
	buf_add_str(&text, "]\n");
	for (size_t i = 0; i < key; i++)
		buf_add_char(&text, 'k');
	buf_add_char(&text, '=');
	for (size_t i = key + 1; i < line; i++)
		buf_add_char(&text, 'v');
	buf_add_str(&text, "\n[t]\nlast=1\n");
	return config_read(buf_span(&text), collect, out, &fault);
}

static void test_limits(void)
{
	static const struct {
		size_t line, key, section;
		int want;
	} cases[] = {
		{198, 1, 1, 0},
		{199, 1, 1, CONFIG_BAD},
		{5000, 1, 1, CONFIG_BAD},
		{100, 48, 1, 0},
		{100, 49, 1, CONFIG_BAD},
		{100, 1, 48, 0},
		{100, 1, 49, CONFIG_BAD},
		{198, 48, 48, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		check_int("sizes", (int)i, "result",
			read_sized(cases[i].line, cases[i].key, cases[i].section, &out),
			cases[i].want);
		if (cases[i].want)
			continue;
		/* `2|s|k|v` with all its bytes, and the entry behind it. */
		CHECK_INT(out.len,
			2 + cases[i].section + 1 + cases[i].line + 1 + strlen("4|t|last|1\n"));
	}
}

static int refuse_second(void *user, const struct config_entry *e)
{
	unsigned *n = user;

	(void)e;
	return ++*n == 2 ? 77 : 0;
}

static void test_stop(void)
{
	struct config_fault fault = {0};
	unsigned n = 0;

	CHECK_INT(config_read(SPAN_LIT("[a]\nb=1\nc=2\nd=3\n"), refuse_second, &n, &fault), 77);
	CHECK_INT(n, 2);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"good text", test_good},
		{"bad text", test_bad},
		{"limits", test_limits},
		{"the reader stops", test_stop},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
