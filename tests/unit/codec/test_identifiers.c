/* SPDX-License-Identifier: MIT */
/*
 * Whom an event is about, who else it names and what it may make of them: whole items against
 * answers written by hand from core/identity.h and codec/event_json.h.
 */
#include "check.h"

#include "codec/envelope_ids.h"
#include "codec/event_json.h"

#define T    LINK_TRUSTED
#define X    LINK_EXPLICIT
#define B    LINK_BROWSER
#define FULL (T | X)

static const struct identity_shared_value shared[] = {
	{{"anon:kiosk", 10}, IDENTITY_KIOSK},
	{{"device:till-1", 13}, IDENTITY_TILL},
	{{"phone:+49301", 12}, IDENTITY_HOUSEHOLD},
};

/* The built-in settings with a kind of the shop's own, and shared values. */
static struct identity own_settings(void)
{
	struct identity id = IDENTITY_DEFAULT;

	id.kinds[id.n_kinds++] =
		(struct identity_kind){SPAN_LIT("club"), 3, true, false, true, IDENTIFIER_COUNT};
	id.shared = shared;
	id.n_shared = ARRAY_SIZE(shared);
	return id;
}

/* Whoever puts ITEM into the log says the same of it as E, which was read from there. An alias may
 * say more, of which the rules take what the source may say. */
static void check_announced(
	const struct identity *id, const char *item, const struct event *e, unsigned rights)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct envelope_request batch = {
		.kind = ENVELOPE_KIND_BATCH, .limits = ENVELOPE_LIMITS_DEFAULT, .identity = id};
	const struct event_id *ids = NULL;
	struct envelope_fault fault;
	struct envelope envelope;
	bool traits = e->type == EVENT_IDENTIFY && rights & LINK_TRUSTED;
	size_t n = 0;

	arena_init(&arena);
	buf_printf(&body, "{\"batch\":[%s]}", item);
	batch.body = buf_span(&body);
	REQUIRE(envelope_read(&batch, &arena, &envelope, &fault) == 0);
	REQUIRE(envelope.n_items == 1 && envelope.n_refused == 0);
	if (envelope_has_ids(&envelope.items[0], rights))
		CHECK_INT(envelope_ids(id, &envelope.items[0],
				  traits && envelope.items[0].traits.len > 0, &arena, &ids, &n),
			0);
	if (rights == 0 || e->link_rights == 0) {
		CHECK_INT(n, 0);
		return;
	}
	if (e->type == EVENT_ALIAS && !(rights & LINK_EXPLICIT))
		return;
	REQUIRE(n == e->n_ids);
	for (size_t i = 0; i < n; i++) {
		CHECK(span_equal(ids[i].key, e->ids[i].key));
		CHECK_INT(ids[i].kind, e->ids[i].kind);
	}
}

/* `CUSTOMER KEY KEY … RIGHTS`, or the code of the fault. */
static void describe(const struct identity *id, const char *item, unsigned rights, struct buf *out)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(event_decoder_freep) struct event_decoder *decoder = NULL;
	const struct event_origin origin = {.id = {1795282000000, 0},
		.source = SPAN_LIT("shop"),
		.sent_at = TIME_NEVER,
		.link_rights = rights};
	struct field_table fields;
	struct event_fault fault;
	struct event e;

	arena_init(&arena);
	field_table_init(&fields);
	REQUIRE(event_decoder_new(&fields, id, &decoder) == 0);
	if (event_decode(decoder, span_str(item), &origin, &arena, &e, &fault) != 0) {
		buf_add_str(out, fault.code);
		return;
	}
	buf_add_span(out, e.customer);
	for (size_t i = 0; i < e.n_ids; i++) {
		buf_printf(out, " %.*s", (int)e.ids[i].key.len, e.ids[i].key.ptr);
		CHECK_INT(e.ids[i].kind, identity_kind_of(id, e.ids[i].key));
	}
	buf_printf(out, " %u", e.link_rights);
	check_announced(id, item, &e, rights);
}

#define TRACK(WHO)    "{\"type\":\"track\",\"event\":\"E\"," WHO "}"
#define IDENTIFY(WHO) "{\"type\":\"identify\"," WHO "}"
#define ALIAS(WHO)    "{\"type\":\"alias\"," WHO "}"

static const struct {
	const char *item;
	unsigned rights;
	const char *answer;
} rows[] = {
	{TRACK("\"userId\":\"u\""), B, "u 4"},
	{TRACK("\"userId\":\"u\",\"anonymousId\":\"a\""), B, "u anon:a 4"},
	{TRACK("\"anonymousId\":\"a\""), 0, "anon:a 0"},
	{TRACK("\"userId\":7,\"anonymousId\":8"), T, "7 anon:8 1"},
	/* A user id never names another customer. */
	{TRACK("\"userId\":\"email:victim@x.de\""), B, "user:email:victim@x.de 4"},
	{TRACK("\"userId\":\"user:u\""), B, "user:user:u 4"},
	{TRACK("\"userId\":\"club:1\""), B, "user:club:1 4"},
	{TRACK("\"userId\":\"urn:1\""), B, "urn:1 4"},
	{TRACK("\"anonymousId\":\"email:x@y\""), B, "anon:email:x@y 4"},
	/* The strongest first. */
	{TRACK("\"identifiers\":{\"device\":\"d\",\"order\":\"O1\",\"phone\":\"x12345\",\"club\":5,"
	       "\"email\":\" Jon@X.de\",\"card\":\"c\",\"other\":[]},\"anonymousId\":\"a\""),
		T, "card:c email:jon@x.de phone:x12345 anon:a order:O1 device:d club:5 1"},
	/* What is blocked is as if it were not there. */
	{TRACK("\"userId\":\"null\",\"anonymousId\":\"a\""), B, "anon:a 4"},
	{TRACK("\"userId\":\"guest\",\"identifiers\":{\"email\":\"TEST@test.com\","
	       "\"order\":\"O1\"}"),
		T, "order:O1 1"},
	{TRACK("\"userId\":\"u\",\"anonymousId\":\"undefined\""), B, "u 4"},
	{TRACK("\"userId\":\" null \",\"anonymousId\":\"a\""), B, "anon:a 4"},
	{TRACK("\"userId\":\"  \",\"anonymousId\":\"a\""), B, "anon:a 4"},
	{TRACK("\"userId\":\"null\""), B, "blocked_id"},
	{TRACK("\"userId\":\"0\",\"identifiers\":{\"email\":\"test@test.com\"}"), T, "blocked_id"},
	{TRACK("\"userId\":\"\",\"anonymousId\":\" \""), T, "no_user_anon_id"},
	/* Traits of an identify name the customer where the source is trusted. */
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"A@x.de\",\"phone\":\"12345\"}"), T,
		"u email:a@x.de phone:12345 1"},
	{IDENTIFY("\"anonymousId\":\"a\",\"traits\":{\"email\":\"a@x.de\"}"), T,
		"anon:a email:a@x.de 1"},
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"a@x.de\"},"
		  "\"identifiers\":{\"email\":\"A@x.de\"}"),
		T, "u email:a@x.de 1"},
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"b@x.de\"},"
		  "\"identifiers\":{\"email\":\"a@x.de\"}"),
		T, "u email:a@x.de email:b@x.de 1"},
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"test@test.com\",\"phone\":\"0000\"}"),
		T, "u 1"},
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":{},\"phone\":[]}"), T, "u 1"},
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"a@x.de\"}"), B, "u 4"},
	{IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"a@x.de\"}"), 0, "u 0"},
	{TRACK("\"userId\":\"u\",\"traits\":{\"email\":\"a@x.de\"}"), T, "u 1"},
	/* Only an alias makes one of two known customers. */
	{ALIAS("\"userId\":\"u\",\"previousId\":\"w\""), FULL, "u w anon:w 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":12"), FULL, "u 12 anon:12 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":\"email:w@x\""), FULL,
		"u user:email:w@x anon:email:w@x 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":\"w\",\"anonymousId\":\"w\""), FULL,
		"u w anon:w 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":\"w\""), T, "u anon:w 1"},
	{ALIAS("\"userId\":\"u\",\"previousId\":\"w\""), B, "u anon:w 4"},
	{ALIAS("\"userId\":\"u\",\"previousId\":\"null\""), FULL, "u 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":\"u\""), FULL, "u anon:u 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":null"), FULL, "u 3"},
	{ALIAS("\"userId\":\"u\",\"previousId\":{}"), FULL, "wrong_type"},
	{ALIAS("\"userId\":\"u\",\"previousId\":1.5"), FULL, "wrong_type"},
	{TRACK("\"userId\":\"u\",\"previousId\":{}"), FULL, "u 1"},
	/* Nothing that comes with a till or a kiosk is linked; of a family, all but what it shares.
	 */
	{TRACK("\"userId\":\"u\",\"identifiers\":{\"device\":\"till-1\"}"), T, "u device:till-1 0"},
	{TRACK("\"anonymousId\":\"kiosk\",\"identifiers\":{\"device\":\"d\"}"), B,
		"anon:kiosk device:d 0"},
	{TRACK("\"userId\":\"u\",\"identifiers\":{\"phone\":\"+49301\",\"card\":1}"), T,
		"u card:1 phone:+49301 1"},
};

static void whole_items(void)
{
	const struct identity id = own_settings();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf got = BUF_INIT;

		describe(&id, rows[i].item, rows[i].rights, &got);
		CHECK_STR(buf_span(&got), rows[i].answer);
	}
}

/* An id of a previous name that is too long is refused as any; an e-mail of traits is left out. */
static void too_long(void)
{
	char item[IDENTIFIER_MAX + 200];

	for (int more = 0; more < 2; more++) {
		_cleanup_(buf_release) struct buf got = BUF_INIT, want = BUF_INIT;
		int n = IDENTIFIER_MAX + more;

		(void)snprintf(item, sizeof(item),
			ALIAS("\"userId\":\"u\",\"previousId\":\"%0*d\""), n, 7);
		buf_printf(&want, more ? "too_long" : "u anon:%0*d 1", n, 7);
		describe(&IDENTITY_DEFAULT, item, T, &got);
		CHECK_SPAN(buf_span(&got), buf_span(&want));
		buf_reset(&got);
		buf_reset(&want);
		(void)snprintf(item, sizeof(item),
			IDENTIFY("\"userId\":\"u\",\"traits\":{\"email\":\"%0*d@x\"}"), n - 2, 7);
		buf_printf(&want, more ? "u 1" : "u email:%0*d@x 1", n - 2, 7);
		describe(&IDENTITY_DEFAULT, item, T, &got);
		CHECK_SPAN(buf_span(&got), buf_span(&want));
	}
}

/* An event about the customer of a key is about the customer of that key. */
static void there_and_back(void)
{
	static const char *const keys[] = {"u", "user:email:x@y", "user:user:user:", "anon:a\"b",
		"anon:email:x", "email:jon@x.de", "card:1:2", "phone:+4930123", "order:#1",
		"device:d", "club:7"};
	const struct identity id = own_settings();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_(buf_release) struct buf item = BUF_INIT, got = BUF_INIT, want = BUF_INIT;

		buf_add_str(&item, "{\"type\":\"track\",\"event\":\"E\",");
		identifier_write(&id, span_str(keys[i]), &item);
		buf_add(&item, "}", 2);
		buf_printf(&want, "%s 1", keys[i]);
		describe(&id, item.ptr, T, &got);
		CHECK_SPAN(buf_span(&got), buf_span(&want));
	}
}

static const struct check_case cases[] = {
	{"whole_items", whole_items},
	{"too_long", too_long},
	{"there_and_back", there_and_back},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
