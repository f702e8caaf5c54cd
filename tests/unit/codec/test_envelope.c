/* SPDX-License-Identifier: MIT */
/*
 * What the collector accepts and refuses, each refusal with its code, field and place; every limit
 * exactly met and exceeded by one; bad items among good ones.
 */
#include "check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "codec/envelope.h"

#define TRACK	 ENVELOPE_KIND_TRACK
#define IDENTIFY ENVELOPE_KIND_IDENTIFY
#define BATCH	 ENVELOPE_KIND_BATCH

static int read_body(struct span body, enum envelope_kind kind, struct arena *a, struct envelope *e,
	struct envelope_fault *fault)
{
	struct envelope_request request = {body, kind, ENVELOPE_LIMITS_DEFAULT, &IDENTITY_DEFAULT};

	*e = (struct envelope){.n_items = 999};
	*fault = (struct envelope_fault){.code = ENVELOPE_ACCEPTED};
	return envelope_read(&request, a, e, fault);
}

/* One event; where the fault is expected is marked by the length of what stands before it. */
static const struct {
	enum envelope_kind kind;
	enum envelope_code code;
	enum envelope_field field;
	const char *before, *after;
} singles[] = {
#define NONE ENVELOPE_FIELD_COUNT
	{TRACK, ENVELOPE_ACCEPTED, NONE, "",
		"{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\"}"},
	{TRACK, ENVELOPE_ACCEPTED, NONE, " \n{\"event\":\"X\",\"anonymousId\":\"a\"}\t", ""},
	{TRACK, ENVELOPE_ACCEPTED, NONE, "{\"event\":\"X\",\"userId\":12345678901234567890}", ""},
	{TRACK, ENVELOPE_ACCEPTED, NONE, "{\"event\":\"X\",\"userId\":-7}", ""},
	{TRACK, ENVELOPE_ACCEPTED, NONE,
		"{\"event\":\"X\",\"userId\":null,\"anonymousId\":\"a\",\"properties\":null}", ""},
	{TRACK, ENVELOPE_ACCEPTED, NONE,
		"{\"event\":\"X\",\"userId\":\"\",\"anonymousId\":\"a\",\"messageId\":\"\"}", ""},
	{TRACK, ENVELOPE_ACCEPTED, NONE,
		"{\"event\":\"X\",\"userId\":\"u\",\"timestamp\":\"2026-11-21T17:25:37.193+01:00\","
		"\"originalTimestamp\":\"2026-11-21\",\"sentAt\":1795281990617}",
		""},
	{TRACK, ENVELOPE_ACCEPTED, NONE,
		"{\"event\":\"X\",\"userId\":\"u\",\"properties\":{\"type\":1,\"type\":2,"
		"\"userId\":{}},"
		"\"other\":1,\"other\":2}",
		""},
	{IDENTIFY, ENVELOPE_ACCEPTED, NONE, "{\"userId\":\"u\",\"traits\":{}}", ""},
	{IDENTIFY, ENVELOPE_ACCEPTED, NONE, "{\"userId\":\"u\",\"event\":null,\"typ\":0}", ""},
	{TRACK, ENVELOPE_NOT_OBJECT, NONE, " ", "[]"},
	{TRACK, ENVELOPE_NOT_OBJECT, NONE, "", "\"track\""},
	{TRACK, ENVELOPE_TYPE_MISMATCH, ENVELOPE_TYPE,
		"{\"userId\":\"u\",\"type\":", "\"identify\"}"},
	{TRACK, ENVELOPE_UNKNOWN_TYPE, ENVELOPE_TYPE, "{\"userId\":\"u\",\"type\":", "\"Track\"}"},
	{TRACK, ENVELOPE_UNKNOWN_TYPE, ENVELOPE_TYPE, "{\"userId\":\"u\",\"type\":", "\"\"}"},
	{TRACK, ENVELOPE_MISSING_TYPE, ENVELOPE_TYPE, "",
		"{\"userId\":\"u\",\"event\":\"X\",\"type\":null}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_TYPE, "{\"userId\":\"u\",\"type\":", "1}"},
	{TRACK, ENVELOPE_MISSING_EVENT, ENVELOPE_EVENT, "", "{\"userId\":\"u\"}"},
	{TRACK, ENVELOPE_MISSING_EVENT, ENVELOPE_EVENT, "", "{\"userId\":\"u\",\"event\":null}"},
	{TRACK, ENVELOPE_MISSING_EVENT, ENVELOPE_EVENT, "{\"userId\":\"u\",\"event\":", "\"\"}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_EVENT, "{\"userId\":\"u\",\"event\":", "[\"X\"]}"},
	{TRACK, ENVELOPE_NO_ID, ENVELOPE_USER_ID, "", "{\"event\":\"X\"}"},
	{TRACK, ENVELOPE_NO_ID, ENVELOPE_USER_ID, "",
		"{\"event\":\"X\",\"userId\":\"\",\"anonymousId\":null}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_USER_ID, "{\"event\":\"X\",\"userId\":", "1.5}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_USER_ID, "{\"event\":\"X\",\"userId\":", "1e3}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_USER_ID, "{\"event\":\"X\",\"userId\":", "true}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_ANONYMOUS_ID,
		"{\"event\":\"X\",\"userId\":\"u\",\"anonymousId\":", "{}}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_MESSAGE_ID,
		"{\"event\":\"X\",\"userId\":\"u\",\"messageId\":", "false}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_PROPERTIES,
		"{\"event\":\"X\",\"userId\":\"u\",\"properties\":", "[]}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_TRAITS,
		"{\"event\":\"X\",\"userId\":\"u\",\"traits\":", "\"a\"}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_CONTEXT,
		"{\"event\":\"X\",\"userId\":\"u\",\"context\":", "1}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_WRITE_KEY,
		"{\"event\":\"X\",\"userId\":\"u\",\"writeKey\":", "1}"},
	{TRACK, ENVELOPE_WRONG_TYPE, ENVELOPE_TIMESTAMP,
		"{\"event\":\"X\",\"userId\":\"u\",\"timestamp\":", "{}}"},
	{TRACK, ENVELOPE_BAD_TIMESTAMP, ENVELOPE_TIMESTAMP,
		"{\"event\":\"X\",\"userId\":\"u\",\"timestamp\":", "\"yesterday\"}"},
	{TRACK, ENVELOPE_BAD_TIMESTAMP, ENVELOPE_ORIGINAL_TIMESTAMP,
		"{\"event\":\"X\",\"userId\":\"u\",\"originalTimestamp\":", "\"\"}"},
	{TRACK, ENVELOPE_BAD_TIMESTAMP, ENVELOPE_SENT_AT,
		"{\"event\":\"X\",\"userId\":\"u\",\"sentAt\":", "17}"},
	{TRACK, ENVELOPE_DUPLICATE_FIELD, ENVELOPE_USER_ID,
		"{\"event\":\"X\",\"userId\":\"u\",\"userId\":", "\"u\"}"},
	{TRACK, ENVELOPE_DUPLICATE_FIELD, ENVELOPE_USER_ID,
		"{\"event\":\"X\",\"userId\":null,\"userId\":", "\"u\"}"},
	{TRACK, ENVELOPE_DUPLICATE_FIELD, ENVELOPE_USER_ID,
		"{\"event\":\"X\",\"userId\":\"u\",\"user\\u0049d\":", "\"v\"}"},
	{TRACK, ENVELOPE_DUPLICATE_FIELD, ENVELOPE_PROPERTIES,
		"{\"event\":\"X\",\"userId\":\"u\",\"properties\":{},\"properties\":", "{}}"},
	{TRACK, ENVELOPE_NUL, NONE, "{\"event\":\"X", "\\u0000\",\"userId\":\"u\"}"},
	{TRACK, ENVELOPE_NUL, NONE, "{\"userId\":\"u\",\"properties\":{\"a", "\\u0000\":1}}"},
	{TRACK, ENVELOPE_SURROGATE, NONE, "{\"userId\":\"u\",\"a\":[\"", "\\ud83d\"]}"},
	{TRACK, ENVELOPE_UTF8, NONE, "{\"userId\":\"u", "\xe9\"}"},
};

static void test_singles(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf body = BUF_INIT;
		int before = check_failures;
		struct envelope e;
		struct envelope_fault fault;

		arena_init(&a);
		buf_add_str(&body, singles[i].before);
		buf_add_str(&body, singles[i].after);
		REQUIRE(read_body(buf_span(&body), singles[i].kind, &a, &e, &fault) == 0);
		bool refused = singles[i].code != ENVELOPE_ACCEPTED;
		CHECK_INT(e.n_items, 1);
		CHECK_INT(e.n_refused, refused);
		CHECK_INT(e.items[0].fault.code, singles[i].code);
		if (refused) {
			CHECK_INT(e.items[0].fault.field, singles[i].field);
			CHECK_INT(e.items[0].fault.offset, strlen(singles[i].before));
		}
		if (check_failures != before)
			fprintf(stderr, "# in %.*s\n", (int)body.len, body.ptr);
	}
}

/* The whole body is refused. */
static const struct {
	enum envelope_kind kind;
	enum envelope_code code;
	enum json_fault_code json;
	const char *before, *after;
} bodies[] = {
	{TRACK, ENVELOPE_MALFORMED, JSON_CUT, "", ""},
	{TRACK, ENVELOPE_MALFORMED, JSON_CUT, "{\"event\":\"X\"", ""},
	{TRACK, ENVELOPE_MALFORMED, JSON_UNEXPECTED, "{\"event\":\"X\",", "}"},
	{TRACK, ENVELOPE_MALFORMED, JSON_TRAILING, "{\"event\":\"X\",\"userId\":\"u\"} ", "{}"},
	{TRACK, ENVELOPE_MALFORMED, JSON_BAD_LITERAL, "{\"event\":", "nul}"},
	{BATCH, ENVELOPE_MALFORMED, JSON_CUT, "{\"batch\":[]", ""},
	{BATCH, ENVELOPE_MALFORMED, JSON_UNEXPECTED, "{\"batch\":[{\"a\":1", "]}"},
	{BATCH, ENVELOPE_MALFORMED, JSON_UNEXPECTED, "{\"batch\":[{}", "{}]}"},
	{BATCH, ENVELOPE_MALFORMED, JSON_TRAILING, "{\"batch\":[]}", "]"},
	{BATCH, ENVELOPE_MALFORMED, JSON_UNEXPECTED, "{\"batch\":[1],\"a\":[", "}]}"},
	{BATCH, ENVELOPE_MISSING_BATCH, JSON_SOUND, "", "{}"},
	{BATCH, ENVELOPE_MISSING_BATCH, JSON_SOUND, "", "[{}]"},
	{BATCH, ENVELOPE_MISSING_BATCH, JSON_SOUND, "{\"batch\":", "null}"},
	{BATCH, ENVELOPE_MISSING_BATCH, JSON_SOUND, "{\"batch\":", "{}}"},
	{BATCH, ENVELOPE_DUPLICATE_FIELD, JSON_SOUND, "{\"batch\":[],\"batch\":", "[]}"},
	{BATCH, ENVELOPE_DUPLICATE_FIELD, JSON_SOUND,
		"{\"batch\":[],\"writeKey\":\"a\",\"writeKey\":", "\"b\"}"},
	{BATCH, ENVELOPE_WRONG_TYPE, JSON_SOUND, "{\"batch\":[],\"writeKey\":", "7}"},
	{BATCH, ENVELOPE_WRONG_TYPE, JSON_SOUND, "{\"batch\":[],\"context\":", "[]}"},
	{BATCH, ENVELOPE_BAD_TIMESTAMP, JSON_SOUND, "{\"batch\":[],\"sentAt\":", "\"now\"}"},
	{BATCH, ENVELOPE_NUL, JSON_SOUND, "{\"batch\":[],\"context\":{\"a\":\"", "\\u0000\"}}"},
	{BATCH, ENVELOPE_UTF8, JSON_SOUND, "{\"x", "\xff\":1,\"batch\":[]}"},
};

static void test_bodies(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf body = BUF_INIT;
		int before = check_failures;
		struct envelope e;
		struct envelope_fault fault;

		arena_init(&a);
		buf_add_str(&body, bodies[i].before);
		buf_add_str(&body, bodies[i].after);
		CHECK_INT(read_body(buf_span(&body), bodies[i].kind, &a, &e, &fault),
			ENVELOPE_REFUSED);
		CHECK_INT(fault.code, bodies[i].code);
		CHECK_INT(fault.json, bodies[i].json);
		CHECK_INT(fault.offset, strlen(bodies[i].before));
		CHECK_INT(e.n_items, 999); /* untouched */
		if (check_failures != before)
			fprintf(stderr, "# in %.*s\n", (int)body.len, body.ptr);
	}
}

#define GOOD "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"m\"}"

static void test_neighbours(void)
{
	static const struct {
		const char *item;
		enum envelope_code code;
	} items[] = {
		{GOOD, ENVELOPE_ACCEPTED},
		{"{\"type\":\"track\",\"event\":\"\\u0000\",\"userId\":\"u\"}", ENVELOPE_NUL},
		{GOOD, ENVELOPE_ACCEPTED},
		{"{\"event\":\"X\",\"userId\":\"u\"}", ENVELOPE_MISSING_TYPE},
		{"null", ENVELOPE_NOT_OBJECT},
		{"{\"type\":\"page\",\"userId\":\"\xff\"}", ENVELOPE_UTF8},
		{GOOD, ENVELOPE_ACCEPTED},
		{"{\"type\":\"page\",\"userId\":\"\\udfff\"}", ENVELOPE_SURROGATE},
		{"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", ENVELOPE_NOT_OBJECT},
		{"{\"type\":\"alias\",\"userId\":\"u\",\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}",
			ENVELOPE_TOO_DEEP},
		{GOOD, ENVELOPE_ACCEPTED},
	};
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct envelope e;
	struct envelope_fault fault;
	size_t refused = 0;

	arena_init(&a);
	buf_add_str(&body, "{\"writeKey\":\"k\\u0065y\",\"batch\" : [ ");
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		buf_add_str(&body, i ? " , " : "");
		buf_add_str(&body, items[i].item);
		refused += items[i].code != ENVELOPE_ACCEPTED;
	}
	buf_add_str(&body, " ] , \"context\":{\"ip\":\"::1\"},\"integrations\":{},"
			   "\"sentAt\":\"2026-11-21T17:25:37.190Z\"}");
	REQUIRE(read_body(buf_span(&body), BATCH, &a, &e, &fault) == 0);
	CHECK_INT(e.n_items, ARRAY_SIZE(items));
	CHECK_INT(e.n_refused, refused);
	for (size_t i = 0; i < e.n_items; i++) {
		CHECK_INT(e.items[i].fault.code, items[i].code);
		CHECK_STR(e.items[i].raw, items[i].item);
		CHECK(e.items[i].raw.ptr > body.ptr && e.items[i].raw.ptr < body.ptr + body.len);
		CHECK_STR(e.items[i].user_id, items[i].code == ENVELOPE_ACCEPTED ? "u" : "");
		CHECK_STR(e.items[i].message_id, items[i].code == ENVELOPE_ACCEPTED ? "m" : "");
	}
	CHECK_STR(e.write_key, "key");
	CHECK_STR(e.context, "{\"ip\":\"::1\"}");
	CHECK_INT(e.sent_at, 1795281937190); /* date -d 2026-11-21T17:25:37.190Z +%s%3N */
}

/* Text and nesting of what all items share are judged apart from those of the items. */
static void test_shared(void)
{
	static const struct {
		const char *before, *item, *after;
		size_t nested; /* arrays in the context behind the items */
		enum envelope_code code;
	} rows[] = {
		{"", "{\"a\":\"\\u0000\"}", "", 0, ENVELOPE_ACCEPTED},
		{"\"x\":\"\\u0000\",", GOOD, "", 0, ENVELOPE_NUL},
		{"", GOOD, "\\u0000", 0, ENVELOPE_NUL},
		{"", GOOD, "", 15, ENVELOPE_ACCEPTED},
		{"", GOOD, "", 16, ENVELOPE_TOO_DEEP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf body = BUF_INIT;
		struct envelope e;
		struct envelope_fault fault;

		arena_init(&a);
		buf_printf(&body, "{%s\"batch\":[%s],\"context\":{\"a\":", rows[i].before,
			rows[i].item);
		for (size_t k = 0; k < rows[i].nested; k++)
			buf_add_char(&body, '[');
		buf_printf(&body, "\"%s\"", rows[i].after);
		for (size_t k = 0; k < rows[i].nested; k++)
			buf_add_char(&body, ']');
		buf_add_str(&body, "}}");
		bool refused = rows[i].code != ENVELOPE_ACCEPTED;
		CHECK_INT(read_body(buf_span(&body), BATCH, &a, &e, &fault),
			refused ? ENVELOPE_REFUSED : 0);
		CHECK_INT(fault.code, rows[i].code);
	}
}

static void test_ids(void)
{
	static const struct {
		const char *members;
		const char *user, *anonymous, *message, *key;
	} rows[] = {
		{"\"userId\":\"u\",\"anonymousId\":\"a\"", "u", "a", "", "u"},
		{"\"userId\":\"\",\"anonymousId\":\"a\"", "", "a", "", "anon:a"},
		{"\"userId\":820982911946154508,\"messageId\":12", "820982911946154508", "", "12",
			"820982911946154508"},
		{"\"anonymousId\":\"\\u00e9\\/\\ud83d\\ude00\",\"messageId\":\"m\\\"\"", "",
			"\xc3\xa9/\xf0\x9f\x98\x80", "m\"", "anon:\xc3\xa9/\xf0\x9f\x98\x80"},
		{"\"userId\":\"u\",\"identifiers\":{\"card\":7}", "u", "", "", "u"},
		{"\"identifiers\":{\"email\":\" Jon@Example.COM \",\"phone\":\"1\"}", "", "", "",
			"email:jon@example.com"},
		{"\"identifiers\":{\"email\":\"a@b\",\"card\":700}", "", "", "", "card:700"},
		{"\"userId\":\"card:700\"", "card:700", "", "", "user:card:700"},
		{"\"userId\":\"null\",\"anonymousId\":\"a\"", "null", "a", "", "anon:a"},
		{"\"anonymousId\":\"a\",\"identifiers\":{\"phone\":\"+49301\"}", "", "a", "",
			"phone:+49301"},
		{"\"anonymousId\":\"a\",\"identifiers\":{\"phone\":\"+493\",\"email\":\"none\"}",
			"", "a", "", "anon:a"},
		{"\"anonymousId\":\"a\",\"identifiers\":{\"order\":1,\"x\":[]}", "", "a", "",
			"anon:a"},
		{"\"identifiers\":{\"order\":820982911946154508}", "", "", "",
			"order:820982911946154508"},
		{"\"identifiers\":{\"email\":null,\"device\":\"d\\u0041\"}", "", "", "",
			"device:dA"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf body = BUF_INIT;
		struct envelope e;
		struct envelope_fault fault;

		arena_init(&a);
		buf_printf(&body, "{%s,\"writeKey\":\"wk\"}", rows[i].members);
		REQUIRE(read_body(buf_span(&body), IDENTIFY, &a, &e, &fault) == 0);
		CHECK_INT(e.n_refused, 0);
		CHECK_STR(e.items[0].user_id, rows[i].user);
		CHECK_STR(e.items[0].anonymous_id, rows[i].anonymous);
		CHECK_STR(e.items[0].message_id, rows[i].message);
		CHECK_STR(e.items[0].customer, rows[i].key);
		CHECK_STR(e.write_key, "wk");
		CHECK_INT(e.sent_at, TIME_NEVER);
		CHECK_INT(e.items[0].type, EVENT_IDENTIFY);
	}
}

static void test_bad_identifiers(void)
{
	char longest[IDENTIFIER_MAX + 64];
	const struct {
		const char *value;
		enum envelope_code code;
	} rows[] = {
		{"{}", ENVELOPE_NO_ID},
		{"{\"email\":\"\"}", ENVELOPE_NO_ID},
		{"{\"email\":\"  \"}", ENVELOPE_NO_ID},
		{"{\"user\":\"u\",\"anon\":\"a\"}", ENVELOPE_NO_ID},
		{"null", ENVELOPE_NO_ID},
		{"{\"email\":\"test@test.com\",\"order\":\"0000\"}", ENVELOPE_BLOCKED_ID},
		{"[]", ENVELOPE_WRONG_TYPE},
		{"{\"order\":1.5}", ENVELOPE_WRONG_TYPE},
		{"{\"order\":{}}", ENVELOPE_WRONG_TYPE},
		{"{\"order\":true}", ENVELOPE_WRONG_TYPE},
		{"{\"order\":1,\"order\":1}", ENVELOPE_DUPLICATE_FIELD},
		{longest, ENVELOPE_TOO_LONG},
		{longest, ENVELOPE_ACCEPTED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf body = BUF_INIT;
		struct envelope e;
		struct envelope_fault fault;

		(void)snprintf(longest, sizeof(longest), "{\"card\":\"%0*d\"}",
			IDENTIFIER_MAX + (rows[i].code == ENVELOPE_TOO_LONG), 7);
		arena_init(&a);
		buf_printf(&body, "{\"identifiers\":%s}", rows[i].value);
		REQUIRE(read_body(buf_span(&body), IDENTIFY, &a, &e, &fault) == 0);
		CHECK_INT(e.items[0].fault.code, rows[i].code);
	}
}

/* What the path says holds for an item that does not say it; its bytes stay as they are. */
static void test_type_of_path(void)
{
	static const struct {
		const char *name;
		enum event_type type;
	} rows[] = {
		{"track", EVENT_TRACK},
		{"identify", EVENT_IDENTIFY},
		{"page", EVENT_PAGE},
		{"screen", EVENT_SCREEN},
		{"group", EVENT_GROUP},
		{"alias", EVENT_ALIAS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		struct span body = SPAN_LIT("{ \"userId\":\"u\",\"event\":\"E\" }");
		struct envelope e;
		struct envelope_fault fault;
		enum event_type type;

		arena_init(&a);
		REQUIRE(read_body(body, (enum envelope_kind)rows[i].type, &a, &e, &fault) == 0);
		CHECK_INT(e.n_refused, 0);
		CHECK_INT(e.items[0].type, rows[i].type);
		CHECK(e.items[0].raw.ptr == body.ptr);
		CHECK_INT(e.items[0].raw.len, body.len);
		CHECK(envelope_type_of(span_str(rows[i].name), &type) && type == rows[i].type);
		CHECK_STR(envelope_type_name(rows[i].type), rows[i].name);
	}
}

static void add_many(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, s);
}

/* The code of one event with N times PIECE between two texts. */
static enum envelope_code code_with(
	const char *before, const char *piece, size_t n, const char *after)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct envelope e;
	struct envelope_fault fault;

	arena_init(&a);
	buf_add_str(&body, before);
	add_many(&body, piece, n);
	buf_add_str(&body, after);
	if (read_body(buf_span(&body), TRACK, &a, &e, &fault) != 0)
		return fault.code;
	return e.items[0].fault.code;
}

static void test_limits(void)
{
	static const char user[] = "{\"event\":\"X\",\"userId\":\"";
	static const char anonymous[] = "{\"event\":\"X\",\"anonymousId\":\"";
	static const char message[] = "{\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"";
	static const char filler[] = "{\"event\":\"X\",\"userId\":\"u\",\"a\":\"";
	const size_t room = 32768 - (sizeof(filler) - 1) - 2;

	CHECK_INT(code_with(user, "x", 256, "\"}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with(user, "x", 257, "\"}"), ENVELOPE_TOO_LONG);
	CHECK_INT(code_with(user, "\\u00e9", 128, "\"}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with(user, "\\u00e9", 129, "\"}"), ENVELOPE_TOO_LONG);
	CHECK_INT(code_with(anonymous, "x", 256, "\"}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with(anonymous, "x", 257, "\"}"), ENVELOPE_TOO_LONG);
	CHECK_INT(code_with("{\"event\":\"X\",\"userId\":", "1", 256, "}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with("{\"event\":\"X\",\"userId\":", "1", 257, "}"), ENVELOPE_TOO_LONG);
	CHECK_INT(code_with(message, "\xc3\xa9", 100, "\"}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with(message, "\xc3\xa9", 101, "\"}"), ENVELOPE_TOO_LONG);
	CHECK_INT(code_with(message, "\xf0\x9f\x98\x80", 64, "\"}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with(message, "\xf0\x9f\x98\x80", 65, "\"}"), ENVELOPE_TOO_LONG);
	CHECK_INT(code_with(filler, "x", room, "\"}"), ENVELOPE_ACCEPTED);
	CHECK_INT(code_with(filler, "x", room + 1, "\"}"), ENVELOPE_ITEM_TOO_LARGE);
	/* The braces count, the blanks around them do not. */
	CHECK_INT(code_with(filler, "x", room, "\"} \n"), ENVELOPE_ACCEPTED);
}

static enum envelope_code code_at_depth(size_t depth, bool batch)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct envelope e;
	struct envelope_fault fault;

	arena_init(&a);
	buf_add_str(&body, batch ? "{\"batch\":[" : "");
	buf_add_str(&body, "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"a\":");
	add_many(&body, "[", depth - 1);
	add_many(&body, "]", depth - 1);
	buf_add_str(&body, batch ? "}]}" : "}");
	if (read_body(buf_span(&body), batch ? BATCH : TRACK, &a, &e, &fault) != 0)
		return fault.code;
	return e.items[0].fault.code;
}

static void test_depth(void)
{
	CHECK_INT(code_at_depth(16, false), ENVELOPE_ACCEPTED);
	CHECK_INT(code_at_depth(17, false), ENVELOPE_TOO_DEEP);
	CHECK_INT(code_at_depth(16, true), ENVELOPE_ACCEPTED);
	CHECK_INT(code_at_depth(17, true), ENVELOPE_TOO_DEEP);
	CHECK_INT(code_at_depth(JSON_DEPTH_MAX, false), ENVELOPE_TOO_DEEP);
	CHECK_INT(code_at_depth(JSON_DEPTH_MAX + 1, false), ENVELOPE_MALFORMED);
}

static void test_items(void)
{
	for (size_t n = 2499; n <= 2501; n++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf body = BUF_INIT;
		struct envelope e;
		struct envelope_fault fault;

		arena_init(&a);
		buf_add_str(&body, "{\"batch\":[" GOOD);
		add_many(&body, "," GOOD, n - 1);
		buf_add_str(&body, "]}");
		int r = read_body(buf_span(&body), BATCH, &a, &e, &fault);
		CHECK_INT(r, n > 2500 ? ENVELOPE_REFUSED : 0);
		if (r == 0) {
			CHECK_INT(e.n_items, n);
			CHECK_INT(e.n_refused, 0);
			CHECK_STR(e.items[n - 1].raw, GOOD);
			CHECK_STR(e.items[0].raw, GOOD);
		} else {
			CHECK_INT(fault.code, ENVELOPE_TOO_MANY);
			CHECK_INT(fault.offset, 10 + 2500 * sizeof(GOOD));
		}
	}
}

static void test_words(void)
{
	static const struct {
		struct envelope_fault fault;
		const char *words;
	} rows[] = {
		{{ENVELOPE_MALFORMED, NONE, JSON_CUT, 0, {NULL, 0}, {NULL, 0}},
			"the body is not JSON: the text ends inside a value"},
		{{ENVELOPE_TOO_MANY, ENVELOPE_BATCH, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"at most 2500 events may come at once"},
		{{ENVELOPE_ITEM_TOO_LARGE, NONE, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"an event may have at most 32768 bytes"},
		{{ENVELOPE_TOO_DEEP, NONE, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"an event may nest at most 16 objects and arrays"},
		{{ENVELOPE_TOO_LONG, ENVELOPE_USER_ID, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"userId may have at most 256 bytes"},
		{{ENVELOPE_TOO_LONG, ENVELOPE_IDENTIFIERS, JSON_SOUND, 0, {NULL, 0}, {"email", 5}},
			"identifiers.email may have at most 256 bytes"},
		{{ENVELOPE_WRONG_TYPE, ENVELOPE_IDENTIFIERS, JSON_SOUND, 0, {NULL, 0}, {"card", 4}},
			"identifiers.card must be a string or a whole number"},
		{{ENVELOPE_TOO_LONG, ENVELOPE_MESSAGE_ID, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"messageId may have at most 100 characters and 256 bytes"},
		{{ENVELOPE_WRONG_TYPE, ENVELOPE_PROPERTIES, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"properties must be an object"},
		{{ENVELOPE_WRONG_TYPE, ENVELOPE_ANONYMOUS_ID, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"anonymousId must be a string or a whole number"},
		{{ENVELOPE_DUPLICATE_FIELD, ENVELOPE_USER_ID, JSON_SOUND, 0, {NULL, 0}, {NULL, 0}},
			"userId stands twice"},
	};
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_reset(&b);
		envelope_explain(&rows[i].fault, &limits, &b);
		CHECK_STR(buf_span(&b), rows[i].words);
	}
}

/* Every code has a name of its own, and words for every field it can be about. */
static void test_codes(void)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (int code = 0; code < ENVELOPE_CODE_COUNT; code++) {
		const char *name = envelope_code_name((enum envelope_code)code);

		CHECK(name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz_8") == strlen(name));
		for (int other = 0; other < code; other++)
			CHECK(strcmp(name, envelope_code_name((enum envelope_code)other)) != 0);
		for (int field = 0; field < ENVELOPE_FIELD_COUNT; field++) {
			struct envelope_fault fault = {.code = (enum envelope_code)code,
				.field = (enum envelope_field)field};

			buf_reset(&b);
			envelope_explain(&fault, &limits, &b);
			CHECK(b.len > 0 && !memchr(b.ptr, '#', b.len));
		}
	}
}

static const struct check_case cases[] = {
	{"one event, accepted or refused", test_singles},
	{"whole bodies refused", test_bodies},
	{"bad items among good", test_neighbours},
	{"what items share", test_shared},
	{"ids and customer keys", test_ids},
	{"identifiers that name nobody, or badly", test_bad_identifiers},
	{"the type of the path is written", test_type_of_path},
	{"limits met and exceeded", test_limits},
	{"nesting", test_depth},
	{"items in a batch", test_items},
	{"refusals in words", test_words},
	{"every code has a name and words", test_codes},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
