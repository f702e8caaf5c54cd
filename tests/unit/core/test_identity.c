/* SPDX-License-Identifier: MIT */
/*
 * Kinds, keys, the order of winners, blocked values and leave to link. What is expected is written
 * by hand from the rules in the header.
 */
#include "check.h"

#include "core/identity.h"

static const struct identity *const id = &IDENTITY_DEFAULT;

static void kinds_of_keys(void)
{
	static const struct {
		const char *key;
		enum identifier kind;
		const char *value;
		bool prefix; /* as a user id it needs `user:` */
	} rows[] = {
		{"u1", IDENTIFIER_USER, "u1", false},
		{"", IDENTIFIER_USER, "", false},
		{"user:email:x@y", IDENTIFIER_USER, "email:x@y", true},
		{"user:", IDENTIFIER_USER, "", true},
		{"email:x@y", IDENTIFIER_EMAIL, "x@y", true},
		{"email:", IDENTIFIER_EMAIL, "", true},
		{"email", IDENTIFIER_USER, "email", false},
		{"Email:x@y", IDENTIFIER_USER, "Email:x@y", false},
		{":x", IDENTIFIER_USER, ":x", false},
		{"urn:x:1", IDENTIFIER_USER, "urn:x:1", false},
		{"anon:a:b", IDENTIFIER_ANONYMOUS, "a:b", true},
		{"card:1", IDENTIFIER_CARD, "1", true},
		{"phone:+49", IDENTIFIER_PHONE, "+49", true},
		{"order:O1", IDENTIFIER_ORDER, "O1", true},
		{"device:d", IDENTIFIER_DEVICE, "d", true},
		/* Keys of things, which are nobody's. */
		{"product:R-54", IDENTIFIER_USER, "product:R-54", true},
		{"site:shop", IDENTIFIER_USER, "site:shop", true},
		{"products:1", IDENTIFIER_USER, "products:1", false},
		{"anon123456789012345678901234567890:x", IDENTIFIER_USER,
			"anon123456789012345678901234567890:x", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct span key = span_str(rows[i].key);

		CHECK_INT(identity_kind_of(id, key), rows[i].kind);
		CHECK_STR(identity_value(id, key), rows[i].value);
		CHECK_INT(identity_user_needs_prefix(id, key), rows[i].prefix);
	}
}

/* The longest name that a shop may give is found, one byte more is not looked at. */
static void longest_name(void)
{
	struct identity own = IDENTITY_DEFAULT;

	own.kinds[own.n_kinds++] = (struct identity_kind){
		.name = SPAN_LIT("m23456789012345678901234"), .what = IDENTIFIER_COUNT};
	CHECK_INT(own.kinds[7].name.len, IDENTITY_NAME_MAX);
	CHECK_INT(identity_kind_of(&own, SPAN_LIT("m23456789012345678901234:7")), 7);
	CHECK_INT(identity_kind_of(&own, SPAN_LIT("m234567890123456789012345:7")), 0);
	CHECK_INT(identity_kind_named(&own, SPAN_LIT("m23456789012345678901234")), 7);
	CHECK_INT(identity_kind_named(&own, SPAN_LIT("m2345678901234567890123")), 8);
}

/* From the winner of all to the loser of all; each pair of them is asked both ways. */
static void order_of_winners(void)
{
	static const char *const keys[] = {"", "a", "ab", "b", "user:anon:1", "card:1", "card:2",
		"email:a@x", "email:b", "phone:+1", "anon:1", "anon:10", "anon:2", "order:1",
		"device:0"};

	for (size_t a = 0; a < ARRAY_SIZE(keys); a++)
		for (size_t b = 0; b < ARRAY_SIZE(keys); b++) {
			int order = identity_compare(id, span_str(keys[a]), span_str(keys[b]));

			CHECK_INT((order > 0) - (order < 0), (a > b) - (a < b));
		}
}

static void blocked_values(void)
{
	static const struct {
		enum identifier kind;
		const char *value;
		bool blocked;
	} rows[] = {
		{IDENTIFIER_USER, "", true},
		{IDENTIFIER_USER, "null", true},
		{IDENTIFIER_USER, "NULL", true},
		{IDENTIFIER_USER, "None", true},
		{IDENTIFIER_USER, "NaN", true},
		{IDENTIFIER_USER, "guest", true},
		{IDENTIFIER_USER, "Guest", true},
		{IDENTIFIER_USER, "guests", false},
		{IDENTIFIER_USER, "gues", false},
		{IDENTIFIER_ANONYMOUS, "undefined", true},
		{IDENTIFIER_CARD, "undefined", true},
		{IDENTIFIER_USER, "[object Object]", true},
		{IDENTIFIER_USER, "0", true},
		{IDENTIFIER_ORDER, "0000", true},
		{IDENTIFIER_ANONYMOUS, "00000000-0000-0000-0000-000000000000", true},
		{IDENTIFIER_USER, "-", true},
		{IDENTIFIER_USER, "-1", true},
		{IDENTIFIER_USER, "-10", false},
		{IDENTIFIER_USER, "10", false},
		{IDENTIFIER_EMAIL, "test@test.com", true},
		{IDENTIFIER_USER, "test@test.com", false},
		{IDENTIFIER_EMAIL, "atest@test.com", false},
		{IDENTIFIER_PHONE, "1234567890", true},
		{IDENTIFIER_CARD, "1234567890", false},
		{IDENTIFIER_USER, "unknown", true},
		{IDENTIFIER_USER, "unknowm", false},
		/* What tills write where there is no address, and no number. */
		{IDENTIFIER_EMAIL, "keine angabe", true},
		{IDENTIFIER_EMAIL, "jon", true},
		{IDENTIFIER_EMAIL, "jon@", true},
		{IDENTIFIER_EMAIL, "@shop.example", true},
		{IDENTIFIER_EMAIL, "@", true},
		{IDENTIFIER_EMAIL, "jon@shop", false},
		{IDENTIFIER_EMAIL, "jon@home@shop.example", false},
		{IDENTIFIER_PHONE, "keine", true},
		{IDENTIFIER_PHONE, "see card 1234", true},
		{IDENTIFIER_PHONE, "+1234", true},
		{IDENTIFIER_PHONE, "12345", false},
		{IDENTIFIER_PHONE, "+49 (0)30 1234567 after six", false},
		/* 030 123456 in the digits of Arabic */
		{IDENTIFIER_PHONE, "\xd9\xa0\xd9\xa3\xd9\xa0\xd9\xa1\xd9\xa2", false},
		{IDENTIFIER_USER, "keine angabe", false},
		{IDENTIFIER_CARD, "1234", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_INT(identity_is_blocked(id, rows[i].kind, span_str(rows[i].value)),
			rows[i].blocked);
}

/* The masks let nothing that is listed pass, and the list can be searched. */
static void blocked_list(void)
{
	for (size_t i = 0; i < id->n_blocked; i++) {
		const struct identity_blocked *b = &id->blocked[i];

		/* What is no address and no number names nobody anyway. */
		for (size_t kind = 0; kind < id->n_kinds; kind++)
			CHECK_INT(identity_is_blocked(id, kind, b->text),
				(b->kinds >> kind & 1) ||
					(kind == id->at[IDENTIFIER_EMAIL] &&
						!memchr(b->text.ptr, '@', b->text.len)) ||
					(kind == id->at[IDENTIFIER_PHONE] &&
						!memchr(b->text.ptr, '1', b->text.len)));
		if (i > 0)
			CHECK(span_compare(id->blocked[i - 1].text, b->text) < 0);
	}
}

static void shared_values(void)
{
	static const struct identity_shared_value shared[] = {
		{{"anon:kiosk-1", 12}, IDENTITY_KIOSK},
		{{"device:till-1", 13}, IDENTITY_TILL},
		{{"phone:+49301", 12}, IDENTITY_HOUSEHOLD},
	};
	struct identity own = IDENTITY_DEFAULT;

	own.shared = shared;
	own.n_shared = ARRAY_SIZE(shared);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		CHECK_INT(identity_shared_class(&own, shared[i].key), shared[i].class);
	CHECK_INT(identity_shared_class(&own, SPAN_LIT("device:till-")), IDENTITY_OWN);
	CHECK_INT(identity_shared_class(&own, SPAN_LIT("device:till-12")), IDENTITY_OWN);
	CHECK_INT(identity_may_link(&own, LINK_TRUSTED, SPAN_LIT("u1"), shared[2].key),
		IDENTITY_NEVER_LINKS);
	CHECK_INT(identity_may_link(&own, LINK_TRUSTED, shared[2].key, SPAN_LIT("anon:a")),
		IDENTITY_NEVER_LINKS);
}

static void leave_to_link(void)
{
	static const struct {
		unsigned rights;
		const char *who, *other;
		enum identity_leave leave;
	} rows[] = {
		{LINK_BROWSER, "u1", "anon:a", IDENTITY_MAY_LINK},
		{LINK_BROWSER, "user:email:x", "anon:a", IDENTITY_MAY_LINK},
		{LINK_BROWSER, "u1", "device:d", IDENTITY_MAY_LINK},
		{LINK_BROWSER, "u1", "email:x", IDENTITY_NO_RIGHT},
		{LINK_BROWSER, "u1", "card:x", IDENTITY_NO_RIGHT},
		{LINK_BROWSER, "u1", "order:x", IDENTITY_NO_RIGHT},
		{LINK_BROWSER, "u1", "u2", IDENTITY_NO_RIGHT},
		{LINK_BROWSER, "email:x", "anon:a", IDENTITY_NO_RIGHT},
		{LINK_BROWSER, "anon:a", "device:d", IDENTITY_NO_RIGHT},
		{0, "u1", "anon:a", IDENTITY_NO_RIGHT},
		{LINK_TRUSTED, "u1", "email:x", IDENTITY_MAY_LINK},
		{LINK_TRUSTED, "email:x", "order:x", IDENTITY_MAY_LINK},
		{LINK_TRUSTED, "u1", "anon:a", IDENTITY_MAY_LINK},
		{LINK_EXPLICIT, "u1", "u2", IDENTITY_MAY_LINK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_INT(identity_may_link(id, rows[i].rights, span_str(rows[i].who),
				  span_str(rows[i].other)),
			rows[i].leave);
}

/* Whatever is set moves the digest. */
static void digests(void)
{
	static const struct identity_shared_value shared = {{"anon:k", 6}, IDENTITY_KIOSK};
	uint64_t was = identity_digest(id);
	struct identity own[10];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		own[i] = IDENTITY_DEFAULT;
	own[0].kinds[1].limit++;
	own[1].kinds[1].links = false;
	own[2].n_kinds--;
	own[3].browser_to |= 4;
	own[4].n_blocked--;
	own[5].zeros = 0;
	own[6].shared = &shared;
	own[6].n_shared = 1;
	own[7].email_rules = IDENTITY_PLUS_TAGS;
	memcpy(own[8].country, "DE", 3);
	CHECK(was != 0);
	CHECK(identity_digest(&own[9]) == was);
	for (size_t i = 0; i < 9; i++)
		for (size_t k = i + 1; k < 10; k++)
			CHECK(identity_digest(&own[i]) != identity_digest(&own[k]));
}

static const struct check_case cases[] = {
	{"kinds_of_keys", kinds_of_keys},
	{"longest_name", longest_name},
	{"order_of_winners", order_of_winners},
	{"blocked_values", blocked_values},
	{"blocked_list", blocked_list},
	{"shared_values", shared_values},
	{"leave_to_link", leave_to_link},
	{"digests", digests},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
