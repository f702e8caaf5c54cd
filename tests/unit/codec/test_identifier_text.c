/* SPDX-License-Identifier: MIT */
/*
 * Normal forms. Telephone numbers: tests/data/identity/phone_numbers.tsv, from outside. Case
 * folding of every character: tests/data/identity/case_folding.tsv. The domains are those of
 * Unicode's UTS 46 and RFC 3492; the rest is written by hand from the header.
 */
#include "check.h"

#include "base/buf.h"
#include "core/identity.h"

#include "../../../src/codec/identifier_text.h"

struct row {
	const char *text, *normal;
};

static void check_emails(unsigned rules, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_(arena_release) struct arena a;
		struct span once, twice;

		arena_init(&a);
		REQUIRE(email_normal(rules, text_trim(span_str(rows[i].text)), &a, &once) == 0);
		CHECK_STR(once, rows[i].normal);
		REQUIRE(email_normal(rules, once, &a, &twice) == 0);
		CHECK_SPAN(twice, once);
	}
}

static void trimmed(void)
{
	static const struct row rows[] = {
		{"", ""},
		{" \t\r\n", ""},
		{"a", "a"},
		{"  a b\n", "a b"},
		{"\xc2\xa0"
		 "a\xe2\x80\x8b",
			"a"},
		{"\xef\xbb\xbf"
		 "a\xe2\x80\x8d ",
			"a"},
		{"\xc2\xa0", ""},
		{"\xe2\x80\x8b\xe2\x80\x8c", ""},
		{"\xe4\xb8\xa0", "\xe4\xb8\xa0"}, /* ends in the byte of U+00A0 */
		{"\xc2", "\xc2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_STR(text_trim(span_str(rows[i].text)), rows[i].normal);
}

static void emails(void)
{
	static const struct row rows[] = {
		{"jon@example.com", "jon@example.com"},
		{" Jon.Doe+shop@Example.COM\n", "jon.doe+shop@example.com"},
		{"not an address", "not an address"},
		{"NOT AN ADDRESS", "not an address"},
		{"@", "@"},
		{"a@b@C", "a@b@c"},
		/* One character or two, small or capital. */
		{"M\xc3\x9cLLER@example.com", "m\xc3\xbcller@example.com"},
		{"MU\xcc\x88LLER@example.com", "m\xc3\xbcller@example.com"},
		{"m\xc3\xbcller@B\xc3\x9c"
		 "CHER.de",
			"m\xc3\xbcller@xn--bcher-kva.de"},
		{"x@bu\xcc\x88"
		 "cher.de",
			"x@xn--bcher-kva.de"},
		{"x@XN--BCHER-KVA.DE", "x@xn--bcher-kva.de"},
		/* Two names since IDNA 2008, and two addresses by simple folding. */
		{"x@stra\xc3\x9f"
		 "e.de",
			"x@xn--strae-oqa.de"},
		{"STRA\xe1\xba\x9e"
		 "E@x.de",
			"stra\xc3\x9f"
			"e@x.de"},
		{"\xce\x9f\xce\x94\xce\x9f\xce\xa3@x.gr", "\xce\xbf\xce\xb4\xce\xbf\xcf\x83@x.gr"},
		{"\xce\xbf\xce\xb4\xce\xbf\xcf\x82@x.gr", "\xce\xbf\xce\xb4\xce\xbf\xcf\x83@x.gr"},
		/* U+FF0E and its like are dots in names. */
		{"x@\xef\xbd\x81\xef\xbc\x8e"
		 "de",
			"x@a.de"},
		{"x@\xe4\xbe\x8b\xe3\x81\x88.jp", "x@xn--r8jz45g.jp"},
		/* No name of the DNS. */
		{"x@\xc3\x84 \xc3\x84", "x@\xc3\xa4 \xc3\xa4"},
		{"X\xff@Y", "x\xff@y"},
		{"\xc3\x84", "\xc3\xa4"},
	};

	check_emails(0, rows, ARRAY_SIZE(rows));
}

static void rules_of_providers(void)
{
	static const struct row both[] = {
		{"J.o.n+a@GoogleMail.com", "jon@gmail.com"},
		{"j.o.n@example.com", "j.o.n@example.com"},
		{"jon+a+b@example.com", "jon@example.com"},
		{"+a@example.com", "+a@example.com"},
		{"...@gmail.com", "...@gmail.com"},
		{"jon+a", "jon+a"},
	};
	static const struct row dots[] = {
		{"j.o.n+a@gmail.com", "jon+a@gmail.com"},
		{"jon@xgmail.com", "jon@xgmail.com"},
	};
	static const struct row tags[] = {{"j.o+x@gmail.com", "j.o@gmail.com"}};

	check_emails(IDENTITY_GMAIL_DOTS | IDENTITY_PLUS_TAGS, both, ARRAY_SIZE(both));
	check_emails(IDENTITY_GMAIL_DOTS, dots, ARRAY_SIZE(dots));
	check_emails(IDENTITY_PLUS_TAGS, tags, ARRAY_SIZE(tags));
}

/* A name that grows in the DNS's form to what is allowed is taken; by one more it stays. */
static void longest_email(void)
{
	for (size_t more = 0; more < 2; more++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf text = BUF_INIT, want = BUF_INIT;
		const char *domain = "@b\xc3\xbc"
				     "cher.de";
		size_t n = IDENTIFIER_MAX + more - strlen("@xn--bcher-kva.de");
		struct span got;

		arena_init(&a);
		for (size_t i = 0; i < n; i++)
			buf_add_char(&text, 'A');
		for (size_t i = 0; i < n; i++)
			buf_add_char(&want, 'a');
		buf_add_str(&text, domain);
		buf_add_str(&want, more ? domain : "@xn--bcher-kva.de");
		REQUIRE(email_normal(0, buf_span(&text), &a, &got) == 0);
		CHECK_SPAN(got, buf_span(&want));
	}
}

static void phones_by_hand(void)
{
	static const struct {
		const char *country, *text, *normal;
	} rows[] = {
		{"", "+49 30 123456", "+4930123456"},
		{"", "0049 30 123456", "+4930123456"},
		{"", "030 123456", "030 123456"},
		{"DE", "030 123456", "+4930123456"},
		{"DE", "030/12 34-56", "+4930123456"},
		{"DE", "+49 (0)30 123456", "+4930123456"},
		{"DE", "+49030123456", "+4930123456"},
		{"DE", "TEL:+49-30-123456", "+4930123456"},
		{"DE", "4915123456789", "+4915123456789"},
		{"DE",
			"0151\xc2\xa0"
			"23456789",
			"+4915123456789"},
		{"AT",
			"0151\xe2\x80\x93"
			"23456789",
			"+4315123456789"},
		{"US", "(212) 555-0123", "+12125550123"},
		{"US", "1 212 555 0123", "+12125550123"},
		{"US", "+1 212 555 0123", "+12125550123"},
		{"US", "011 49 30 123456", "+4930123456"},
		{"IT", "06 6982", "+39066982"},
		{"RU", "8 (495) 123-45-67", "+74951234567"},
		{"RU", "8001234567", "+78001234567"},
		{"HU", "06 1 234 5678", "+3612345678"},
		{"DE", "call me", "call me"},
		{"DE", "030 123456 ext 7", "030 123456 ext 7"},
		{"DE", "+", "+"},
		{"DE", "1+2", "1+2"},
		{"DE", "++49301", "++49301"},
		{"DE", "110", "110"},
		{"DE", "+123456", "+123456"},
		{"DE", "+1234567", "+1234567"},
		{"", "+999 123 456", "+999123456"},
		{"", "+123456789012345", "+123456789012345"},
		{"", "+1 23456789012345", "+123456789012345"},
		{"", "+1 234567890123456", "+1 234567890123456"},
		{"", "+0 123 456 789", "+0 123 456 789"},
		{"XX", "030 123456", "030 123456"},
		{"", "000000000000000000000000", "000000000000000000000000"},
		{"", "0000000000000000000000000", "0000000000000000000000000"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		struct span once, twice;

		arena_init(&a);
		REQUIRE(phone_normal(rows[i].country, span_str(rows[i].text), &a, &once) == 0);
		CHECK_STR(once, rows[i].normal);
		REQUIRE(phone_normal(rows[i].country, once, &a, &twice) == 0);
		CHECK_SPAN(twice, once);
	}
}

/* Calls FN with the columns of each line of a file of tests/data/identity. */
static void each_line(const char *name, void (*fn)(char *const column[3]), size_t want)
{
	char path[1024], line[1024];
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/identity/%s", check_source_root(), name);
	f = fopen(path, "re");
	REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		char *column[3] = {line, NULL, NULL}, *rest = line;

		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 1; i < 3 && (rest = strchr(rest, '\t')); i++) {
			*rest++ = '\0';
			column[i] = rest;
		}
		fn(column);
		n++;
	}
	(void)fclose(f);
	CHECK_INT(n, want);
}

static void check_phone(char *const column[3])
{
	_cleanup_(arena_release) struct arena a;
	struct span got;

	arena_init(&a);
	REQUIRE(phone_normal(column[0], span_str(column[1]), &a, &got) == 0);
	CHECK_STR(got, column[2]);
}

static void phones_of_the_world(void)
{
	each_line("phone_numbers.tsv", check_phone, 656);
}

static void check_fold(char *const column[3])
{
	_cleanup_(arena_release) struct arena a;
	struct span got;

	arena_init(&a);
	REQUIRE(email_normal(0, span_str(column[0]), &a, &got) == 0);
	CHECK_STR(got, column[1]);
}

static void every_letter(void)
{
	each_line("case_folding.tsv", check_fold, 1314);
}

static const struct check_case cases[] = {
	{"trimmed", trimmed},
	{"emails", emails},
	{"rules_of_providers", rules_of_providers},
	{"longest_email", longest_email},
	{"phones_by_hand", phones_by_hand},
	{"phones_of_the_world", phones_of_the_world},
	{"every_letter", every_letter},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
