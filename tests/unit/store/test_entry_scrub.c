/* SPDX-License-Identifier: MIT */
/* Entries of others that name somebody who was erased: what they are called by themselves stays,
 * also if that is the digest of an address that goes (by Python's hashlib). */
#include "store/entry_match.h"

#include "check.h"

#define EMAIL  "janeth.doe77@example.org"
#define DIGEST "5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22"
#define META   "web/web/track 1763800000000 -"

static int knows(void *user, struct span key, bool *ret_known)
{
	(void)user;
	*ret_known = span_is(key, "email:" EMAIL) || span_is(key, "sha256:" DIGEST) ||
		     span_is(key, "4711");
	return 0;
}

struct entry_case {
	const char *event, *after; /* NULL: nothing is found */
};

static const struct entry_case entries[] = {
	{"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"n\":1}}", NULL},
	{"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"to\":\"" EMAIL
	 "\"}}",
		"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"to\":"
		"null}}"},
	{"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"em\":\"" DIGEST
	 "\"}}",
		"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"em\":"
		"null}}"},
	/* Who is called so. */
	{"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"" DIGEST "\",\"properties\":{\"n\":1}}",
		NULL},
	{"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"" DIGEST
	 "\",\"properties\":{\"to\":\"" EMAIL "\"}}",
		"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"" DIGEST
		"\",\"properties\":{\"to\":null}}"},
	/* The one before has said nothing of this one. */
	{"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"em\":\"" DIGEST
	 "\"}}",
		"{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u1\",\"properties\":{\"em\":"
		"null}}"},
};

static void of_others(void)
{
	struct entry_match m;

	REQUIRE(entry_match_init(&m, &IDENTITY_DEFAULT, knows, NULL) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		_cleanup_(arena_release) struct arena a;
		const struct entry_case *c = &entries[i];
		struct archive_field fields[] = {
			{SPAN_LIT("e"), span_str(c->event)}, {SPAN_LIT("m"), SPAN_LIT(META)}};
		enum theirs theirs = THEIRS_MESSAGE;

		arena_init(&a);
		CHECK_INT(entry_whose(&m, fields, ARRAY_SIZE(fields), &theirs), 0);
		CHECK_INT(theirs, THEIRS_NOT);
		CHECK_INT(entry_scrub(&m, fields, ARRAY_SIZE(fields), &a),
			c->after ? 0 : SCRUB_CLEAN);
		CHECK_STR(fields[0].value, c->after ? c->after : c->event);
		CHECK_STR(fields[1].value, META);
	}
	entry_match_release(&m);
}

int main(void)
{
	static const struct check_case cases[] = {{"of others", of_others}};

	return check_run(cases, ARRAY_SIZE(cases));
}
