/* SPDX-License-Identifier: MIT */
/*
 * identity.json: what a file changes, what stays, and each way in which it can be wrong, with the
 * place that is named. An empty file is the default, by its digest; the example under deploy/ says
 * the default but for what its description says.
 */
#include "check.h"

#include "base/buf.h"
#include "codec/identifiers.h"
#include "codec/identity_json.h"

static int compile(const char *text, struct file_problems *problems, struct identity_settings **ret)
{
	const struct rule_source source = {"identity.json", span_str(text)};

	return identity_json_compile(&source, problems, ret);
}

#define FILE_OF(MORE) "{\"identity\": {" MORE "}}"

static void the_default(void)
{
	_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
	struct file_problems problems;

	REQUIRE(compile(FILE_OF(""), &problems, &s) == 0);
	CHECK(identity_digest(&s->identity) == identity_digest(&IDENTITY_DEFAULT));
	CHECK(s->identity.blocked_lengths == IDENTITY_DEFAULT.blocked_lengths);
	CHECK_INT(s->identity.blocked_firsts, IDENTITY_DEFAULT.blocked_firsts);
}

/* The key of VALUE, an identifier of the kind NAME. */
static void check_key(
	const struct identity *id, const char *name, const char *value, const char *key)
{
	_cleanup_(arena_release) struct arena a;
	size_t kind = identity_kind_named(id, span_str(name));
	struct span got;

	arena_init(&a);
	REQUIRE(kind < id->n_kinds);
	REQUIRE(identifier_key(id, kind, span_str(value), &a, &got) == 0);
	check_span(__FILE__, __LINE__, value, got, span_str(key));
}

static void the_example(void)
{
	_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
	static const char *const order[] = {
		"user", "card", "club", "email", "phone", "anon", "order", "device"};
	struct file_problems problems;
	char path[1024], text[16384];
	const struct identity *id;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/deploy/identity.json", check_source_root());
	f = fopen(path, "re");
	REQUIRE(f != NULL);
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	REQUIRE(compile(text, &problems, &s) == 0);
	id = &s->identity;
	CHECK_INT(id->n_kinds, ARRAY_SIZE(order));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		CHECK_STR(id->kinds[i].name, order[i]);
	CHECK_INT(id->at[IDENTIFIER_EMAIL], 3);
	CHECK_INT(id->at[IDENTIFIER_DEVICE], 7);
	CHECK_INT(id->browser_from, 1 << 5 | 1 << 7);
	CHECK_INT(id->browser_to, 1);
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
		const struct identity_kind *k = &id->kinds[id->at[i]];
		const struct identity_kind *was = &IDENTITY_DEFAULT.kinds[i];

		CHECK_INT(k->limit, was->limit);
		CHECK(k->links == was->links && k->once == was->once &&
			k->personal == was->personal);
		CHECK_INT(k->what, i);
	}
	CHECK_INT(id->kinds[2].limit, 2);
	CHECK(id->kinds[2].personal && id->kinds[2].links && !id->kinds[2].once);
	/* All that is blocked by default, and nothing more but the numbers as DE dials them. */
	for (size_t i = 0; i < IDENTITY_DEFAULT.n_blocked; i++)
		for (size_t kind = 0; kind < IDENTIFIER_COUNT; kind++)
			if (kind != IDENTIFIER_PHONE && kind != IDENTIFIER_EMAIL)
				CHECK_INT(identity_is_blocked(id, id->at[kind],
						  IDENTITY_DEFAULT.blocked[i].text),
					IDENTITY_DEFAULT.blocked[i].kinds >> kind & 1);
	check_key(id, "email", "None@none.com", "");
	check_key(id, "email", "not@none.com", "email:not@none.com");
	check_key(id, "email", "see card", "");
	check_key(id, "phone", "1234567890", "");
	check_key(id, "phone", "01234567890", "");
	check_key(id, "phone", "030 1234568", "phone:+49301234568");
	check_key(id, "club", " 77 ", "club:77");
	check_key(id, "user", "club:77", "user:club:77");
	CHECK_INT(identity_shared_class(id, SPAN_LIT("device:till-1")), IDENTITY_TILL);
	CHECK_INT(identity_shared_class(id, SPAN_LIT("email:kasse@shop.example")), IDENTITY_TILL);
	CHECK_INT(identity_shared_class(id, SPAN_LIT("phone:+49301234567")), IDENTITY_HOUSEHOLD);
	CHECK_INT(identity_shared_class(id, SPAN_LIT("anon:kiosk-entrance")), IDENTITY_KIOSK);
}

static void what_is_said_replaces(void)
{
	_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
	struct file_problems problems;
	const struct identity *id;

	REQUIRE(compile(FILE_OF("\"blocked\": {\"any\": [], \"email\": [\"Boss@Shop.example\"], "
				"\"zeros\": false, \"user\": [\"ADMIN\"]}, "
				"\"email\": {\"gmail_dots\": true, \"plus_tags\": true}, "
				"\"browser_may_link\": [\"email\", \"user\"], "
				"\"kinds\": {\"email\": {\"limit\": 10000, \"links\": false}}"),
			&problems, &s) == 0);
	id = &s->identity;
	check_key(id, "user", "null", "null");
	check_key(id, "user", "0000", "0000");
	check_key(id, "user", "Admin", "");
	check_key(id, "anon", "admin", "anon:admin");
	check_key(id, "email", "test@test.com", "email:test@test.com");
	check_key(id, "email", "boss+x@shop.example", "");
	check_key(id, "email", "B.o.b+x@gmail.com", "email:bob@gmail.com");
	check_key(id, "phone", "1234567890", "");
	CHECK_INT(id->browser_to, 1U << IDENTIFIER_USER | 1U << IDENTIFIER_EMAIL);
	CHECK_INT(id->kinds[IDENTIFIER_EMAIL].limit, 10000);
	CHECK(!id->kinds[IDENTIFIER_EMAIL].links);
	CHECK_INT(identity_may_link(id, LINK_TRUSTED, SPAN_LIT("u"), SPAN_LIT("email:x")),
		IDENTITY_NEVER_LINKS);
}

/* What is blocked by default is blocked in the form that a country gives it. */
static void a_country_and_what_is_blocked(void)
{
	_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
	struct file_problems problems;

	REQUIRE(compile(FILE_OF("\"country\": \"DE\""), &problems, &s) == 0);
	check_key(&s->identity, "phone", "1234567890", "");
	check_key(&s->identity, "phone", "+49 123 4567890", "");
	check_key(&s->identity, "phone", "+49 123 4567891", "phone:+491234567891");
}

#define NAME_24 "a23456789012345678901234"
#define TEXT_63 "012345678901234567890123456789012345678901234567890123456789012"
#define KINDS_9 "\"a\":{},\"b\":{},\"c\":{},\"d\":{},\"e\":{},\"f\":{},\"g\":{},\"h\":{},\"i\":{}"

static const struct {
	const char *text, *pointer, *part; /* PART NULL: it is right */
} files[] = {
	{"", "", "not JSON"},
	{"{\"identity\": {\"country\": \"DE\", \"country\": \"DE\"}}", "", "not JSON"},
	{"[]", "", "identity"},
	{"{}", "", "identity"},
	{"{\"identity\": []}", "/identity", "object"},
	{FILE_OF("\"kind\": {}"), "/identity/kind", "kinds"},
	{FILE_OF("\"kinds\": {}"), "/identity/kinds", "club_card"},
	{FILE_OF("\"kinds\": {\"Club\": {}}"), "/identity/kinds/Club", "small letters"},
	{FILE_OF("\"kinds\": {\"any\": {}}"), "/identity/kinds/any", "not `any`"},
	{FILE_OF("\"kinds\": {\"" NAME_24 "\": {}}"), "", NULL},
	{FILE_OF("\"kinds\": {\"" NAME_24 "5\": {}}"), "/identity/kinds/" NAME_24 "5",
		"at most 24"},
	{FILE_OF("\"kinds\": {" KINDS_9 "}"), "", NULL},
	{FILE_OF("\"kinds\": {" KINDS_9 ",\"j\":{}}"), "/identity/kinds/j", "at most 16"},
	{FILE_OF("\"kinds\": {\"club\": {\"limit\": 0}}"), "/identity/kinds/club/limit", "1"},
	{FILE_OF("\"kinds\": {\"club\": {\"limit\": 10001}}"), "/identity/kinds/club/limit",
		"10000"},
	{FILE_OF("\"kinds\": {\"club\": {\"links\": 1}}"), "/identity/kinds/club/links", "true"},
	{FILE_OF("\"kinds\": {\"user\": {\"links\": false}}"), "/identity/kinds/user/links",
		"leave its"},
	{FILE_OF("\"kinds\": {\"anon\": {\"personal\": true}}"), "/identity/kinds/anon/personal",
		"leave this out"},
	{FILE_OF("\"order\": [\"user\"]"), "/identity/order", "it lacks card, email"},
	{FILE_OF("\"order\": [\"user\", \"user\"]"), "/identity/order/1", "twice"},
	{FILE_OF("\"order\": [\"shop\"]"), "/identity/order/0", "there are user, card"},
	{FILE_OF("\"country\": \"Germany\""), "/identity/country", "two letters"},
	{FILE_OF("\"country\": \"de\""), "/identity/country", "two letters"},
	{FILE_OF("\"email\": {\"dots\": true}"), "/identity/email/dots", "gmail_dots"},
	{FILE_OF("\"browser_may_link\": []"), "", NULL},
	{FILE_OF("\"browser_may_link\": [\"anon\"]"), "/identity/browser_may_link/0", "visitor"},
	{FILE_OF("\"blocked\": {\"mail\": []}"), "/identity/blocked/mail", "zeros"},
	{FILE_OF("\"blocked\": {\"zeros\": 0}"), "/identity/blocked/zeros", "true"},
	{FILE_OF("\"blocked\": {\"any\": [\"" TEXT_63 "\"]}"), "", NULL},
	{FILE_OF("\"blocked\": {\"any\": [\"" TEXT_63 "4\"]}"), "/identity/blocked/any/0", "63"},
	{FILE_OF("\"blocked\": {\"any\": [\" \"]}"), "/identity/blocked/any/0", "63"},
	{FILE_OF("\"shared\": {\"shop\": []}"), "/identity/shared/shop", "household"},
	{FILE_OF("\"shared\": {\"till\": [\"till-1\"]}"), "/identity/shared/till/0",
		"device:till-1"},
	{FILE_OF("\"shared\": {\"till\": [\"device:\"]}"), "/identity/shared/till/0",
		"not blocked"},
	{FILE_OF("\"shared\": {\"till\": [\"device:a\"], \"kiosk\": [\"device:a\"]}"),
		"/identity/shared/kiosk/0", "twice"},
};

static void right_and_wrong(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
		struct file_problems problems;
		int r = compile(files[i].text, &problems, &s);

		check_int(files[i].text, 0, "r", r, files[i].part ? IDENTITY_BAD : 0);
		if (r == 0 || !files[i].part)
			continue;
		check_span(files[i].text, 0, "pointer", span_str(problems.list[0].pointer),
			span_str(files[i].pointer));
		check_span(files[i].text, 0, "file", span_str(problems.list[0].file),
			SPAN_LIT("identity.json"));
		if (!strstr(problems.list[0].message, files[i].part))
			check_span(files[i].text, 0, "message", span_str(problems.list[0].message),
				span_str(files[i].part));
	}
}

/* As many values as there may be, and one more. */
static void many_values(void)
{
	static const struct {
		const char *head, *pointer;
		size_t max;
	} lists[] = {
		{"\"blocked\": {\"any\": [], \"email\": [], \"phone\": [], \"user\": [",
			"/identity/blocked/user", IDENTITY_BLOCKED_MAX},
		{"\"shared\": {\"till\": [", "/identity/shared/till", IDENTITY_SHARED_MAX},
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(lists); i++) {
		_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct file_problems problems;
		bool more = i & 1;

		buf_printf(&text, "{\"identity\": {%s", lists[i / 2].head);
		for (size_t k = 0; k < lists[i / 2].max + more; k++) {
			char value[40];

			(void)snprintf(
				value, sizeof(value), i / 2 ? "\"device:%zu\"" : "\"b%zu\"", k + 1);
			buf_printf(&text, "%s%s", k ? "," : "", value);
		}
		buf_add(&text, "]}}}", 5);
		CHECK_INT(compile(text.ptr, &problems, &s), more ? IDENTITY_BAD : 0);
		if (more)
			CHECK(strncmp(problems.list[0].pointer, lists[i / 2].pointer,
				      strlen(lists[i / 2].pointer)) == 0);
	}
}

static const struct check_case cases[] = {
	{"the_default", the_default},
	{"the_example", the_example},
	{"what_is_said_replaces", what_is_said_replaces},
	{"a_country_and_what_is_blocked", a_country_and_what_is_blocked},
	{"right_and_wrong", right_and_wrong},
	{"many_values", many_values},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
