/* SPDX-License-Identifier: MIT */
/* Texts and JSON by hand: what is found however it is written, what is somebody else's, and what is
 * only like it. */
#include "codec/scrub.h"

#include "codec/division.h"
#include "codec/message_json.h"

#include "check.h"
#include "journey_chance.h"

/* Erased: an address, a number, a user, a visitor, one with four digits, a card, an order. */
static const char *const gone[] = {"email:janeth.doe77@example.org", "phone:+4915112345677",
	"shopper-erase-77", "anon:9f1c2d3e-77aa", "4711", "card:KD 20030077", "order:O-2024-0077",
	"email:b\xc3\xbcro@xn--bcher-kva.example", /* RFC 3492 */
	"email:a@b.de", "who???1x",
	"sha256:5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22"};

static int knows(void *user, struct span key, bool *ret_known)
{
	(void)user;
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		if (span_is(key, gone[i]))
			*ret_known = true;
	return 0;
}

struct text_case {
	const char *in, *out; /* NULL: nothing is found */
};

static const struct text_case texts[] = {
	{"", NULL},
	{"nothing", NULL},
	{"janeth.doe77@example.org", "[erased]"},
	{" Janeth.Doe77@EXAMPLE.org ", "[erased]"},
	{"write to janeth.doe77@example.org, please", "write to [erased], please"},
	{"at the end: janeth.doe77@example.org.", "at the end: [erased]."},
	{"Janeth <JANETH.DOE77@example.org>;", "Janeth <[erased]>;"},
	{"mail=janeth.doe77%40example.org&x=1", "mail=[erased]&x=1"},
	{"u=https%3A%2F%2Fx.example%2F%3Fe%3Djaneth.doe77%2540example.org%26y",
		"u=https%3A%2F%2Fx.example%2F%3Fe%3D[erased]%26y"},
	{"jan\\u0065th.doe77\\u0040example.org", "[erased]"},
	{"{\\\"a\\\":\\\"janeth.doe77@example.org\\\"}", "{\\\"a\\\":\\\"[erased]\\\"}"},
	{"<a href='mailto:janeth.doe77&#64;example.org'>", "<a href='mailto:[erased]'>"},
	{"janeth.doe77&#x40;example.org", "[erased]"},
	{"https://x.example/u?e=janeth.doe77@example.org#top",
		"https://x.example/u?e=[erased]#top"},
	{"a@b.de", "[erase"},
	{"a@b.de,a@b.de a@b.de", "[erase,[erase [erase"},
	{"b\xc3\xbcro@b\xc3\xbc"
	 "cher.example und",
		"[erased] und"},
	/* What stands before an address is looked at, too. */
	{"/u/shopper-erase-77/x?e=janeth.doe77@example.org", "/u/[erased]/x?e=[erased]"},
	{"4915112345677=janeth.doe77@example.org", "[erased]=[erased]"},
	{"shopper-erase-77~janeth.doe77@example.org", "[erased]~[erased]"},
	/* Somebody else's. */
	{"mary.janeth.doe77@example.org", NULL},
	{"mary-janeth.doe77@example.org", NULL},
	{"janeth.doe77@example.org.uk", NULL},
	{"janeth.doe77@example.orgs", NULL},
	{"janeth.doe7@example.org", NULL},
	{"@example.org", NULL},
	{"janeth.doe77@", NULL},
	{"@@@@", NULL},
	/* Numbers. */
	{"+4915112345677", "[erased]"},
	{"+49 151 123-456 77", "[erased]"},
	{"call +49 (151) 12345677 now", "call [erased] now"},
	{"4915112345677", "[erased]"},
	{"tel=%2B4915112345677;", "tel=[erased];"},
	{"+4915112345677 2024", "[erased] 2024"},
	{"+491511234567", NULL},
	{"x4915112345677", NULL},
	{"4915112345677x", NULL},
	{"149151123456771", NULL},
	/* Words. */
	{"shopper-erase-77", "[erased]"},
	{"/u/shopper-erase-77/orders", "/u/[erased]/orders"},
	{"is shopper-erase-77.", "is [erased]."},
	{"shopper-erase-778", NULL},
	{"my-shopper-erase-77", NULL},
	{"anon:9f1c2d3e-77aa", "anon:[erased]"},
	{"visitor 9f1c2d3e-77aa came", "visitor [erased] came"},
	{"KD 20030077", "[erased]"},
	/* For programs to read; coded with Python's base64, bytes.hex and hashlib. */
	{"amFuZXRoLmRvZTc3QGV4YW1wbGUub3Jn", "[erased]"},
	{"?t=amFuZXRoLmRvZTc3QGV4YW1wbGUub3Jn&a=1", "?t=[erased]&a=1"},
	{"/t/amFuZXRoLmRvZTc3QGV4YW1wbGUub3Jn/x", "/t/[erased]/x"},
	{"KzQ5MTUxMTIzNDU2Nzc=", "[erased]"},
	{"t=KzQ5MTUxMTIzNDU2Nzc%3D;", "t=[erased];"},
	{"to c2hvcHBlci1lcmFzZS03Nw== or c2hvcHBlci1lcmFzZS03Nw", "to [erased] or [erased]"},
	{"d2hvPz8/MXg= d2hvPz8_MXg", "[erased] [erased]"},
	{"6a616e6574682e646f653737406578616d706c652e6f7267", "[erased]"},
	{"x:6A616E6574682E646F653737406578616D706C652E6F7267.", "x:[erased]."},
	{"em=5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22&ph=",
		"em=[erased]&ph="},
	{"5C4E94A32F962097984B45EBA7C061509975AE94354D2399582D1E1179246D22", "[erased]"},
	/* The digest and the coding of janeth.doe7@example.org, and of a name that is too short. */
	{"2d4f6df5541173c1b8df51a1cbd0a0bc960b694ac340bc5136efdd047e4f571b", NULL},
	{"amFuZXRoLmRvZTdAZXhhbXBsZS5vcmc=", NULL},
	{"6a616e6574682e646f6537406578616d706c652e6f7267", NULL},
	{"5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d2", NULL},
	{"05c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22", NULL},
	{"YUBiLmRl", NULL},
	/* Too much else besides, and the shop's own. */
	{"4711", NULL},
	{"Kölnisch Wasser 4711", NULL},
	{"O-2024-0077", NULL},
};

static void in_texts(void)
{
	struct scrubber *s;

	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		const struct text_case *c = &texts[i];
		int r;

		buf_add_str(&out, "|");
		r = scrub_text(s, span_str(c->in), &out);
		if (r != (c->out ? 0 : SCRUB_CLEAN))
			printf("# %s\n", c->in);
		CHECK_INT(r, c->out ? 0 : SCRUB_CLEAN);
		CHECK_STR(span_of(out.ptr + 1, out.len - 1), c->out ? c->out : "");
	}
	scrubber_free(s);
}

static const struct text_case documents[] = {
	{"{}", NULL},
	{"{\"a\":1}", NULL},
	{"{\"email\":\"Janeth.Doe77@example.org \"}", "{\"email\":null}"},
	{"{\"email\":\"janeth.doe77\\u0040example.org\"}", "{\"email\":null}"},
	{"{\"deep\":[{\"to\":[\"janeth.doe77@example.org\",\"b@c.de\"]}]}",
		"{\"deep\":[{\"to\":[null,\"b@c.de\"]}]}"},
	{"{\"note\":\"for \\\"janeth.doe77@example.org\\\" \\u00e9\"}",
		"{\"note\":\"for \\\"[erased]\\\" \xc3\xa9\"}"},
	{"{\"phone\": 4915112345677 ,\"n\": 10.50}", "{\"phone\": null ,\"n\": 10.50}"},
	{"{\"janeth.doe77@example.org\" : 2}", "{\"[erased]\" : 2}"},
	{"{\"quantity\":4711,\"sku\":\"4711\"}", NULL},
	/* Members without braces, as instances keep them. */
	{"\"a\":1,\"gift_to\":\"janeth.doe77@example.org\"", "\"a\":1,\"gift_to\":null"},
	{"\"shopper-erase-77\"", "null"},
	{"{\"em\":\"5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22\"}",
		"{\"em\":null}"},
	{"{\"t\":\"amFuZXRoLmRvZTc3QGV4YW1wbGUub3Jn\"}", "{\"t\":null}"},
	{"{\"u\":\"https://x.example/?id=9f1c2d3e-77aa\"}",
		"{\"u\":\"https://x.example/?id=[erased]\"}"},
	/* What is not sound does no harm. */
	{"\"", NULL},
	{"{\"a\":\"janeth", NULL},
	{"-", NULL},
};

static void in_json(void)
{
	struct scrubber *s;

	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		const struct text_case *c = &documents[i];
		int r = scrub_json(s, span_str(c->in), &out);

		if (r != (c->out ? 0 : SCRUB_CLEAN))
			printf("# %s\n", c->in);
		CHECK_INT(r, c->out ? 0 : SCRUB_CLEAN);
		CHECK_STR(buf_span(&out), c->out ? c->out : "");
	}
	scrubber_free(s);
}

struct find_case {
	const char *text;
	bool found;
};

/* Of what nobody can read: shorter words, and what is quoted. */
static const struct find_case unreadable[] = {
	{"{\"id\":\"4711\",", true},
	{"{\"id\":4711,", false},
	{"x 4711 x", false},
	{"no=O-2024-0077&", true},
	{"<<janeth.doe77@example.org>>", true},
	{"shopper-erase-7", false},
	{"", false},
};

static void in_anything(void)
{
	struct scrubber *s;

	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++)
		CHECK_INT(scrub_finds(s, span_str(unreadable[i].text)),
			unreadable[i].found ? 0 : SCRUB_CLEAN);
	scrubber_free(s);
}

/* A long text takes no longer for what it is made of. */
static void of_any_length(void)
{
	static const char *const made_of[] = {
		"a", "@", "%", "1 ", "+", "/", "a@", "\\u0040", "a.", "%40a", "a/", "ab-/="};
	struct scrubber *s;

	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(made_of); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT, out = BUF_INIT;

		while (text.len < 1u << 17)
			buf_add_str(&text, made_of[i]);
		CHECK_INT(scrub_text(s, buf_span(&text), &out), SCRUB_CLEAN);
		buf_add_str(&text, " janeth.doe77@example.org");
		CHECK_INT(scrub_text(s, buf_span(&text), &out), 0);
		CHECK_INT(out.len, text.len - strlen("janeth.doe77@example.org") + 8);
	}
	scrubber_free(s);
}

/* What advertisers are told instead of an address (FIPS 180-4; the digest by Python's hashlib); and
 * somebody else may be called so. */
static void as_digests(void)
{
	static const char digest[] =
		"5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22";
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	char key[SCRUB_DIGEST_LEN];
	struct scrubber *s;

	scrub_digest(SPAN_LIT("janeth.doe77@example.org"), key);
	CHECK_STR(span_of(key, sizeof(key)),
		"sha256:"
		"5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22");
	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	CHECK_INT(scrub_text(s, span_str(digest), &out), 0);
	scrub_spare(s, span_str(digest));
	CHECK_INT(scrub_text(s, span_str(digest), &out), SCRUB_CLEAN);
	CHECK_INT(scrub_text(s, SPAN_LIT("janeth.doe77@example.org"), &out), 0);
	scrub_spare(s, SPAN_EMPTY);
	CHECK_INT(scrub_text(s, span_str(digest), &out), 0);
	scrubber_free(s);
}

/* ---- customers --------------------------------------------------------------------------- */

#define SECRET "janeth.doe77@example.org"

static void put(struct text *t, const char *s)
{
	REQUIRE(text_set(t, span_str(s)) == 0);
}

/* What is kept for NAME until it is clear whether there is room, or whose turn it is: of KIND and
 * of OF, and MORE, a member and its key (store/apply_wants.c, apply_claims.c). */
static void wait_for_room(
	struct journey *j, const char *name, const char *kind, const char *of, const char *more)
{
	char said[300];

	REQUIRE(journey_add_naming(j, span_str(name), 1));
	(void)snprintf(said, sizeof(said),
		"{\"from\":1,\"seq\":1,\"kind\":\"%s\",\"to\":\"c\",\"of\":\"%s\",%s\",\"rights\":"
		"1,"
		"\"linked_at\":1,\"said_at\":1}",
		kind, of, more);
	put(&j->named[j->n_named - 1].said, said);
}

/* All texts that can come from what was sent. */
static void tell(struct journey *j)
{
	struct instance *i = journey_add_instance(j, SPAN_LIT("rule"), SPAN_LIT("cart:" SECRET));
	struct thing *t = journey_add_thing(j, THING_CASE, SPAN_LIT("case " SECRET));
	struct thing *view = journey_add_thing(j, THING_CASE, SPAN_LIT("b"));
	struct customer_id *id = journey_add_id(j, SPAN_LIT("email:" SECRET));
	struct note *n = journey_add_note(j, SPAN_LIT("rule"));

	REQUIRE(i && t && view && id && n);
	put(&i->data, "\"to\":\"" SECRET "\"");
	put(&i->by, "About " SECRET);
	i->taken = calloc(2, sizeof(*i->taken));
	REQUIRE(i->taken);
	i->n_taken = 2;
	put(&i->taken[0].subject, "email:" SECRET);
	put(&i->taken[1].subject, "shopper-erase-77");
	i->paused = calloc(1, sizeof(*i->paused));
	REQUIRE(i->paused);
	put(&i->paused->what.by, "Of " SECRET);
	put(&i->paused->what.data, "\"to\":\"" SECRET "\"");
	put(&i->paused->what.subject, "email:" SECRET);
	put(&n->words, "e.email is " SECRET);
	put(&n->by, "x");
	put(&view->about, SECRET);
	put(&view->word.text, "for " SECRET);
	view->word.at = 7;
	view->before = calloc(1, sizeof(*view->before));
	REQUIRE(view->before);
	view->before->kind = view->kind;
	put(&view->before->about, SECRET);
	put(&view->before->word.text, "for " SECRET);
	REQUIRE(journey_add_id(j, SPAN_LIT("email:other@example.org")));
	REQUIRE(journey_add_cart(j, SPAN_LIT("cart:" SECRET)));
	REQUIRE(journey_add_cart(j, SPAN_LIT("cart:zz")));
	REQUIRE(journey_add_cart(j, SPAN_LIT("cart:Janeth.doe77@example.org")));
	REQUIRE(journey_add_order(j, SPAN_LIT(SECRET)));
	REQUIRE(journey_add_address(j, JOB_CHANNEL_EMAIL, SPAN_LIT(SECRET)));
	REQUIRE(journey_add_date(j, SPAN_LIT("birthday of " SECRET)));
	REQUIRE(journey_add_apart(j, SPAN_LIT("shopper-erase-77"), 5) == 0);
	REQUIRE(journey_add_naming(j, SPAN_LIT("email:" SECRET), 1));
	wait_for_room(j, "u2", "claim", "email:" SECRET, "\"other\":\"u2");
	wait_for_room(j, "u4", "claim", "c", "\"other\":\"email:" SECRET);
	wait_for_room(j, "u5", "claim", "c", "\"via\":\"email:" SECRET);
	wait_for_room(j, "u6", "want", "c", "\"other\":\"email:" SECRET);
	wait_for_room(j, "u7", "want", "c", "\"name\":\"email:" SECRET);
	wait_for_room(j, "u8", "decide", "c", "\"name\":\"u8");
	put(&j->named[j->n_named - 1].via, "email:" SECRET);
	wait_for_room(j, "u3", "claim", "u3",
		"\"reason\":\"they wrote from " SECRET " twice\",\"by\":\"" SECRET);
	put(&j->traits[TRAIT_EMAIL], SECRET);
	j->trait_at[TRAIT_EMAIL] = 3;
	put(&j->traits[TRAIT_NAME], "Ann");
	j->trait_at[TRAIT_NAME] = 3;
	put(&j->anonymous_id, "9f1c2d3e-77aa");
	j->anonymous_at = 3;
}

/* It is the claim that it was, without the words. */
static void check_said(struct span said)
{
	_cleanup_(arena_release) struct arena a;
	struct message m;

	arena_init(&a);
	REQUIRE(message_parse(said, &a, &m) == 0);
	CHECK(m.kind == MESSAGE_CLAIM);
	CHECK_INT(m.from, 1);
	CHECK_INT(m.linked_at, 1);
	CHECK_INT(m.rights, 1);
	CHECK_STR(m.to, "c");
	CHECK_STR(m.of, "u3");
	CHECK_STR(m.reason, "they wrote from [erased] twice");
	CHECK_STR(m.by, "[erased]");
}

static void check_told(const struct journey *j)
{
	CHECK_INT(j->n_ids, 1);
	CHECK(journey_id(j, SPAN_LIT("email:other@example.org")));
	CHECK_INT(j->n_apart, 0);
	REQUIRE(j->n_named == 1);
	CHECK_STR(text_span(j->named[0].name), "u3");
	check_said(text_span(j->named[0].said));
	CHECK_INT(j->n_addresses, 0);
	CHECK_INT(j->n_carts, 3);
	CHECK(journey_cart(j, SPAN_LIT("cart:[erased]")));
	CHECK(journey_cart(j, SPAN_LIT("cart:[erased]~1")));
	CHECK(journey_cart(j, SPAN_LIT("cart:zz")));
	CHECK(journey_order(j, SPAN_LIT("[erased]")));
	CHECK_INT(j->traits[TRAIT_EMAIL].len, 0);
	CHECK(j->trait_at[TRAIT_EMAIL] == INT64_MIN);
	CHECK_STR(text_span(j->traits[TRAIT_NAME]), "Ann");
	CHECK_INT(j->anonymous_id.len, 0);
	CHECK(j->anonymous_at == INT64_MIN);
	CHECK_INT(j->n_instances, 1);
	CHECK_STR(text_span(j->instances[0].data), "\"to\":null");
	CHECK_STR(text_span(j->instances[0].by), "About [erased]");
	REQUIRE(j->instances[0].n_taken == 2);
	CHECK_STR(text_span(j->instances[0].taken[0].subject), "email:[erased]");
	CHECK_STR(text_span(j->instances[0].taken[1].subject), "");
	REQUIRE(j->instances[0].paused);
	CHECK_STR(text_span(j->instances[0].paused->what.by), "Of [erased]");
	CHECK_STR(text_span(j->instances[0].paused->what.data), "\"to\":null");
	CHECK_STR(text_span(j->instances[0].paused->what.subject), "email:[erased]");
	CHECK_STR(text_span(j->notes[0].words), "e.email is [erased]");
	REQUIRE(j->things[0].before);
	CHECK_STR(text_span(j->things[0].before->about), "[erased]");
	CHECK_STR(text_span(j->things[0].before->word.text), "for [erased]");
}

/* N entries that say it. */
static void add_entries(struct record *r, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i++) {
		struct timeline_entry e = {.id = {i, 0},
			.at = (int64_t)i,
			.name = SPAN_LIT("Product Viewed"),
			.source = SPAN_LIT("shop"),
			.properties = SPAN_LIT("{\"n\":1,\"to\":\"" SECRET "\"}")};

		timeline_encode(&e, &r->tail);
		r->tail_n++;
	}
}

static bool has(struct span bytes, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= bytes.len; i++)
		if (span_equal_nocase(span_of(bytes.ptr + i, n), span_of(what, n)))
			return true;
	return false;
}

static void in_records(void)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT, raw = BUF_INIT, chunk = BUF_INIT,
					  again = BUF_INIT, value = BUF_INIT;
	_cleanup_(record_release) struct record r = RECORD_INIT, back = RECORD_INIT;
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(scrubber_freep) struct scrubber *s = NULL;
	enum record_settled settled;
	struct chunk_head was, is;

	REQUIRE(packer_new(&p) == 0);
	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	REQUIRE(record_init(&r, SPAN_LIT("u1")) == 0);
	tell(r.journey);
	add_entries(&r, 5);
	REQUIRE(record_settle(&r, p, &chunk, &settled) == 0 && r.packed_n == 5);
	add_entries(&r, 2);
	REQUIRE(record_encode(&r, &value) == 0);
	CHECK(has(buf_span(&value), SECRET));
	CHECK_INT(scrub_value(s, p, buf_span(&value), &bytes), 0);
	CHECK(!has(buf_span(&bytes), SECRET));
	CHECK(!has(buf_span(&bytes), "9f1c2d3e"));
	REQUIRE(record_decode(buf_span(&bytes), &back) == 0);
	check_told(back.journey);
	CHECK_INT(back.packed_n, 5);
	CHECK_INT(back.tail_n, 2);
	REQUIRE(timeline_unpack(p, buf_span(&back.packed), 5, &raw) == 0);
	CHECK(!has(buf_span(&raw), SECRET));
	CHECK(has(buf_span(&raw), "{\"n\":1,\"to\":null}"));
	CHECK_INT(scrub_value(s, p, buf_span(&bytes), &again), SCRUB_CLEAN);
	CHECK_INT(again.len, 0);
	add_entries(&r, 3);
	r.tail_n = 0;
	buf_reset(&r.tail);
	add_entries(&r, 20);
	REQUIRE(record_settle(&r, p, &chunk, &settled) == 0 && settled == RECORD_SEALED);
	CHECK_INT(scrub_chunk(s, p, buf_span(&chunk), &again), 0);
	REQUIRE(chunk_head(buf_span(&chunk), &was) == 0 && chunk_head(buf_span(&again), &is) == 0);
	CHECK_INT(is.n, was.n);
	CHECK_INT(is.min_at, was.min_at);
	CHECK_INT(is.max_at, was.max_at);
	CHECK_INT(is.reach_at, was.reach_at);
	buf_reset(&raw);
	REQUIRE(timeline_unpack(p, is.block, is.n, &raw) == 0);
	CHECK(!has(buf_span(&raw), SECRET));
	CHECK_INT(scrub_chunk(s, p, SPAN_LIT("no chunk"), &again), SCRUB_CLEAN);
	CHECK_INT(scrub_value(s, p, SPAN_LIT("no record"), &again), SCRUB_CLEAN);
	CHECK_INT(scrub_cargo(s, p, SPAN_LIT("D1 no division"), &again), SCRUB_CLEAN);
}

/* What somebody was who was apart from NAME, as bytes. */
static void record_apart(const char *name, struct buf *out)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;

	REQUIRE(record_init(&r, SPAN_LIT("u9")) == 0);
	r.journey->n_events = 1;
	if (name[0])
		REQUIRE(journey_add_apart(r.journey, span_str(name), 5) == 0);
	REQUIRE(record_encode(&r, out) == 0);
}

static void add_side(struct buf *cargo, const char *own, const char *part)
{
	_cleanup_(buf_release) struct buf record = BUF_INIT, was = BUF_INIT, side = BUF_INIT;
	struct division_snapshot snapshot = {.of = SPAN_LIT("u10")};
	struct division d = {.snapshots = &snapshot, .n_snapshots = 1};

	record_apart(own, &record);
	record_apart(part, &was);
	d.record = buf_span(&record);
	snapshot.record = buf_span(&was);
	division_encode(&d, &side);
	buf_add_block(cargo, buf_span(&side));
	REQUIRE(buf_failed(&side) == 0 && buf_failed(cargo) == 0);
}

/* They are two still, each with its part. */
static void check_sides(struct span rest)
{
	_cleanup_(arena_release) struct arena a;
	struct division d;
	struct span side;

	arena_init(&a);
	for (unsigned i = 0; i < 2; i++) {
		REQUIRE(span_take_block(&rest, &side) == 0);
		CHECK_INT(division_decode(side, &a, &d), 0);
		CHECK_INT(d.n_snapshots, 1);
	}
	CHECK_INT(rest.len, 0);
}

/* A word of staff carries both sides, each with its record and that of who became a part of it. */
static void in_what_was_taken_apart(void)
{
	static const char *const secrets[] = {"email:" SECRET, ""};
	_cleanup_(scrubber_freep) struct scrubber *s = NULL;
	_cleanup_(packer_freep) struct packer *p = NULL;

	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows, NULL, &s) == 0);
	REQUIRE(packer_new(&p) == 0);
	for (unsigned where = 0; where < 5; where++) {
		_cleanup_(buf_release) struct buf cargo = BUF_INIT, out = BUF_INIT, none = BUF_INIT;

		/* In the first, the first's part, the second, the second's part; in none. */
		add_side(&cargo, secrets[where != 0], secrets[where != 1]);
		add_side(&cargo, secrets[where != 2], secrets[where != 3]);
		CHECK(has(buf_span(&cargo), SECRET) == (where < 4));
		CHECK_INT(scrub_cargo(s, p, buf_span(&cargo), &out), where < 4 ? 0 : SCRUB_CLEAN);
		if (where == 4)
			break;
		CHECK(!has(buf_span(&out), SECRET));
		check_sides(buf_span(&out));
		CHECK_INT(scrub_cargo(s, p, buf_span(&out), &none), SCRUB_CLEAN);
	}
}

static int knows_some(void *user, struct span key, bool *ret_known)
{
	uint64_t *n = user;

	*ret_known = key.len > 0 && ((unsigned char)key.ptr[key.len - 1] + key.len) % 3 == 0;
	*n += *ret_known;
	return 0;
}

/* Whatever is found where: it can be read again. */
static void in_any_journey(void)
{
	struct chance c = chance_new();
	uint64_t n_known = 0, n_changed = 0;
	_cleanup_(scrubber_freep) struct scrubber *s = NULL;

	REQUIRE(scrubber_new(&IDENTITY_DEFAULT, knows_some, &n_known, &s) == 0);
	for (unsigned i = 0; i < 100; i++) {
		struct journey *j = chance_journey(&c, 6), *back = NULL;
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;
		struct span rest;
		int r = scrub_journey(s, j);

		n_changed += r == 0;
		CHECK(r == 0 || r == SCRUB_CLEAN);
		CHECK_INT(journey_encode(j, &bytes), 0);
		rest = buf_span(&bytes);
		CHECK_INT(journey_decode(&rest, &back), 0);
		if (back)
			CHECK_STR(
				span_str(journey_differs(j, back) ? journey_differs(j, back) : ""),
				"");
		journey_free(back);
		journey_free(j);
	}
	printf("# %llu of 100 changed, %llu names\n", (unsigned long long)n_changed,
		(unsigned long long)n_known);
	CHECK(n_changed > 30);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"in texts", in_texts},
		{"in JSON", in_json},
		{"in what nobody can read", in_anything},
		{"of any length", of_any_length},
		{"as digests", as_digests},
		{"in records and chunks", in_records},
		{"in what was taken apart", in_what_was_taken_apart},
		{"in any journey", in_any_journey},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
