/* SPDX-License-Identifier: MIT */
/*
 * Terms and prefixes against answers written by hand from codec/find_terms.h; foldings are those of
 * Unicode's CaseFolding.txt (C and F) and UnicodeData.txt.
 */
#include "check.h"

#include "codec/find_terms.h"

struct person {
	const char *key, *email, *phone, *name, *first, *last;
	const char *orders[4];
	const char *terms; /* one behind the other, blank-separated words in quotes */
};

static const struct person people[] = {
	{"u1", NULL, NULL, NULL, NULL, NULL, {NULL}, ""},
	{"anon:a1", NULL, NULL, NULL, NULL, NULL, {NULL}, ""},
	{"device:d1", NULL, NULL, NULL, NULL, NULL, {NULL}, ""},
	/* A user id that looks like an address is none. */
	{"ann@example.com", NULL, NULL, NULL, NULL, NULL, {NULL}, ""},
	{"email:ann@example.com", NULL, NULL, NULL, NULL, NULL, {NULL}, "|e:ann@example.com"},
	/* The same by two ways is one. */
	{"email:ann@example.com", " Ann@Example.COM ", NULL, NULL, NULL, NULL, {NULL},
		"|e:ann@example.com"},
	{"card:AB 12", NULL, NULL, NULL, NULL, NULL, {NULL}, "|c:ab12"},
	{"phone:+49301234567", NULL, NULL, NULL, NULL, NULL, {NULL}, "|p:+49301234567"},
	{"order:#R-7", NULL, NULL, NULL, NULL, NULL, {NULL}, "|o:r-7"},
	{"u1", "a@b.de", "+49 30 1234567", NULL, NULL, NULL, {"O-2", "#1001", NULL},
		"|e:a@b.de|o:1001|o:o-2|p:+49301234567"},
	{"u1", NULL, NULL, "  Anna-Maria   M\xc3\xbcller,Jr. ", NULL, NULL, {NULL},
		"|n:anna maria muller jr|n:jr|n:maria muller jr|n:muller jr"},
	{"u1", NULL, NULL, NULL, "Zo\xc3\xab",
		"Stra\xc3\x9f"
		"e",
		{NULL}, "|n:strasse|n:zoe strasse"},
	/* One and the same name, whole and in halves. */
	{"u1", NULL, NULL, "Ann Lee", "ANN", "LEE", {NULL}, "|n:ann lee|n:lee"},
	{"u1", NULL, NULL, NULL, NULL, "Lee", {NULL}, "|n:lee"},
	/* U+1E9E, U+0130, U+FB01, two marks on one letter, Greek final sigma. */
	{"u1", NULL, NULL, "\xe1\xba\x9e \xc4\xb0 \xef\xac\x81 \xe1\xbb\x87 \xce\xa3\xcf\x82", NULL,
		NULL, {NULL},
		"|n:e \xcf\x83\xcf\x83|n:fi e \xcf\x83\xcf\x83|n:i fi e \xcf\x83\xcf\x83"
		"|n:ss i fi e \xcf\x83\xcf\x83|n:\xcf\x83\xcf\x83"},
	/* Seven words: the last is not one by itself. */
	{"u1", NULL, NULL, "a b c d e f g", NULL, NULL, {NULL},
		"|n:a b c d e f g|n:b c d e f g|n:c d e f g|n:d e f g|n:e f g|n:f g"},
	{"u1", NULL, NULL, " - ", NULL, NULL, {NULL}, ""},
};

static void set(struct text *t, const char *s)
{
	if (s)
		REQUIRE(text_set(t, span_str(s)) == 0);
}

static struct journey *journey_of(const struct person *p)
{
	struct journey *j = NULL;

	if (journey_new(span_str(p->key), &j) != 0)
		return NULL;
	set(&j->traits[TRAIT_EMAIL], p->email);
	set(&j->traits[TRAIT_PHONE], p->phone);
	set(&j->traits[TRAIT_NAME], p->name);
	set(&j->traits[TRAIT_FIRST_NAME], p->first);
	set(&j->traits[TRAIT_LAST_NAME], p->last);
	for (size_t i = 0; p->orders[i]; i++)
		CHECK(journey_add_order(j, span_str(p->orders[i])));
	return j;
}

static void test_terms(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
		_cleanup_(buf_release) struct buf inputs = BUF_INIT, got = BUF_INIT;
		_cleanup_(journey_freep) struct journey *j = journey_of(&people[i]);
		_cleanup_(arena_release) struct arena arena;
		struct find_terms terms;

		arena_init(&arena);
		find_inputs(j, &inputs);
		CHECK_INT(find_terms_make(&IDENTITY_DEFAULT, span_str(people[i].key),
				  buf_span(&inputs), &arena, &terms),
			0);
		for (size_t k = 0; k < terms.n; k++) {
			buf_add_char(&got, '|');
			buf_add_span(&got, terms.items[k]);
		}
		CHECK_STR(buf_span(&got), people[i].terms);
	}
}

/* FIND_TERM_MAX bytes are kept, and no half of a character. */
static void test_length(void)
{
	_cleanup_(arena_release) struct arena arena;
	char name[2 * FIND_TERM_MAX];

	arena_init(&arena);
	for (size_t n = FIND_TERM_MAX - 1; n <= FIND_TERM_MAX + 1; n++) {
		_cleanup_(buf_release) struct buf inputs = BUF_INIT;
		_cleanup_(journey_freep) struct journey *j = NULL;
		struct find_terms terms;

		REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
		memset(name, 'x', n);
		REQUIRE(text_set(&j->traits[TRAIT_NAME], span_of(name, n)) == 0);
		find_inputs(j, &inputs);
		REQUIRE(find_terms_make(&IDENTITY_DEFAULT, SPAN_LIT("u"), buf_span(&inputs), &arena,
				&terms) == 0);
		CHECK_INT(terms.n, 1);
		CHECK_INT(terms.items[0].len, 2 + (n < FIND_TERM_MAX ? n : FIND_TERM_MAX));
		/* GREEK SMALL LETTER ALPHA, two bytes, at the end. */
		memcpy(name + n - 2, "\xce\xb1", 2);
		REQUIRE(text_set(&j->traits[TRAIT_NAME], span_of(name, n)) == 0);
		buf_reset(&inputs);
		find_inputs(j, &inputs);
		REQUIRE(find_terms_make(&IDENTITY_DEFAULT, SPAN_LIT("u"), buf_span(&inputs), &arena,
				&terms) == 0);
		CHECK_INT(terms.items[0].len, 2 + (n <= FIND_TERM_MAX ? n : n - 2));
	}
}

static const struct {
	const char *text;
	int r;
	const char *prefixes;
} asked[] = {
	{"", FIND_TOO_SHORT, ""},
	{"  ", FIND_TOO_SHORT, ""},
	{"an", FIND_TOO_SHORT, ""},
	{"ann", 0, "|c:ann|e:ann|n:ann|o:ann"},
	{" ANN ", 0, "|c:ann|e:ann|n:ann|o:ann"},
	{"ann@", 0, "|e:ann@"},
	{"Ann Le", 0, "|c:annle|n:ann le|o:annle"},
	/* Two characters in four bytes. */
	{"\xc3\x84\xc3\x96", FIND_TOO_SHORT, ""},
	{"\xc3\x84\xc3\x96\xc3\x9c", 0,
		"|c:\xc3\x84\xc3\x96\xc3\x9c|e:\xc3\xa4\xc3\xb6\xc3\xbc|n:aou|o:\xc3\x84\xc3\x96"
		"\xc3\x9c"},
	/* One that is folded to two. */
	{"\xc3\x9f"
	 "a",
		0, "|n:ssa"},
	{"#10", 0, "|e:#10"},
	{"#100", 0, "|c:100|e:#100|o:100"},
	{"1017", 0, "|c:1017|e:1017|o:1017|p:+1017|p:1017"},
	{"0049 (30)", 0, "|c:0049(30)|o:0049(30)|p:+4930|p:004930"},
	{"+49 30", 0, "|c:+4930|o:+4930|p:+4930"},
	{"\xff\xfe\xfd", FIND_NO_TEXT, ""},
	{"an\nna", FIND_NO_TEXT, ""},
};

static void test_prefixes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		_cleanup_(buf_release) struct buf got = BUF_INIT;
		_cleanup_(arena_release) struct arena arena;
		struct find_prefixes p = {.n = 0};

		arena_init(&arena);
		CHECK_INT(find_prefixes_of("", span_str(asked[i].text), &arena, &p), asked[i].r);
		for (size_t k = 0; k < p.n; k++) {
			buf_add_char(&got, '|');
			buf_add_span(&got, p.items[k]);
		}
		CHECK_STR(buf_span(&got), asked[i].prefixes);
	}
}

/* By hand, from how numbers are dialled there (ITU-T E.164, national prefixes 0, none and 1). */
static const struct {
	const char *country, *text, *prefixes;
} dialled[] = {
	{"DE", "030 22", "|c:03022|o:03022|p:+03022|p:+493022|p:03022"},
	{"DE", "(030) 22-1", "|c:(030)22-1|o:(030)22-1|p:+030221|p:+4930221|p:030221"},
	{"DE", "3022", "|c:3022|e:3022|o:3022|p:+3022|p:3022"},
	{"DE", "0049 30", "|c:004930|o:004930|p:+4930|p:004930"},
	{"DE", "+030", "|c:+030|e:+030|o:+030|p:+030"},
	{"DE", "03", ""},
	{"ES", "910", "|c:910|e:910|o:910|p:+34910|p:+910|p:910"},
	{"US", "415", "|c:415|e:415|o:415|p:+1415|p:+415|p:415"},
	{"US", "1415", "|c:1415|e:1415|o:1415|p:+1415|p:1415"},
};

static void test_numbers_at_home(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialled); i++) {
		_cleanup_(buf_release) struct buf got = BUF_INIT;
		_cleanup_(arena_release) struct arena arena;
		struct find_prefixes p = {.n = 0};

		arena_init(&arena);
		(void)find_prefixes_of(dialled[i].country, span_str(dialled[i].text), &arena, &p);
		for (size_t k = 0; k < p.n; k++) {
			buf_add_char(&got, '|');
			buf_add_span(&got, p.items[k]);
		}
		CHECK_STR(buf_span(&got), dialled[i].prefixes);
	}
}

static void test_prefix_length(void)
{
	_cleanup_(arena_release) struct arena arena;
	struct find_prefixes p;
	char text[FIND_PREFIX_MAX + 1];

	arena_init(&arena);
	memset(text, 'x', sizeof(text));
	CHECK_INT(find_prefixes_of("", span_of(text, FIND_PREFIX_MAX), &arena, &p), 0);
	CHECK_INT(find_prefixes_of("", span_of(text, FIND_PREFIX_MAX + 1), &arena, &p),
		FIND_TOO_LONG);
	CHECK(find_prefixes_of("", SPAN_LIT("ann"), &arena, &p) == 0);
	CHECK(find_prefixes_match(&p, SPAN_LIT("e:anna@x")));
	CHECK(find_prefixes_match(&p, SPAN_LIT("n:ann")));
	CHECK(!find_prefixes_match(&p, SPAN_LIT("e:an")));
	CHECK(!find_prefixes_match(&p, SPAN_LIT("p:ann")));
}

static const struct check_case cases[] = {
	{"terms_of_people", test_terms},
	{"long_names_are_cut", test_length},
	{"prefixes", test_prefixes},
	{"numbers_at_home", test_numbers_at_home},
	{"long_prefixes", test_prefix_length},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
