/* SPDX-License-Identifier: MIT */
/* Heads of messages, both ways. The texts are written by hand after the page of the format. */
#include "check.h"

#include "codec/message_json.h"

static const char forward_text[] =
	"{\"from\":3,\"seq\":17,\"kind\":\"forward\",\"to\":\"user:1\",\"at\":\"1700000000000-2\","
	"\"path\":[[\"anon:a\",12],[\"email:x@y\",-3]]}";
static const char claim_text[] =
	"{\"from\":0,\"seq\":1,\"kind\":\"claim\",\"to\":\"anon:\\\"b\\\"\",\"of\":\"u1\","
	"\"rights\":5,\"linked_at\":1700000000000,\"said_at\":-5}";
static const char retract_text[] =
	"{\"from\":1023,\"seq\":9223372036854775807,\"kind\":\"retract\",\"to\":\"u1\","
	"\"reason\":\"disproved: Order Completed\",\"job\":\"0123456789abcdef0123456789abcdef\","
	"\"by\":\"Order Completed\",\"by_at\":12,\"late\":true}";

static struct message forward(void)
{
	struct message m = {.from = 3,
		.seq = 17,
		.kind = MESSAGE_FORWARD,
		.to = SPAN_LIT("user:1"),
		.at = {1700000000000, 2},
		.n_path = 2};

	m.path[0] = (struct message_hop){.key = SPAN_LIT("anon:a"), .linked_at = 12};
	m.path[1] = (struct message_hop){.key = SPAN_LIT("email:x@y"), .linked_at = -3};
	return m;
}

static void check_written(const struct message *m, const char *want)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	message_json(m, &out);
	CHECK(buf_failed(&out) == 0);
	CHECK_STR(buf_span(&out), want);
}

static void writes(void)
{
	struct message m = forward();

	check_written(&m, forward_text);
	m = (struct message){.seq = 1,
		.kind = MESSAGE_CLAIM,
		.to = SPAN_LIT("anon:\"b\""),
		.of = SPAN_LIT("u1"),
		.rights = 5,
		.linked_at = 1700000000000,
		.said_at = -5};
	check_written(&m, claim_text);
	m = (struct message){.from = 1023,
		.seq = INT64_MAX,
		.kind = MESSAGE_RETRACT,
		.to = SPAN_LIT("u1"),
		.reason = SPAN_LIT("disproved: Order Completed"),
		.job = SPAN_LIT("0123456789abcdef0123456789abcdef"),
		.by = SPAN_LIT("Order Completed"),
		.by_at = 12,
		.late = true};
	check_written(&m, retract_text);
}

static void reads(void)
{
	_cleanup_(arena_release) struct arena a;
	struct message m;

	arena_init(&a);
	REQUIRE(message_parse(span_str(forward_text), &a, &m) == 0);
	CHECK_INT(m.from, 3);
	CHECK_INT(m.seq, 17);
	CHECK_INT(m.kind, MESSAGE_FORWARD);
	CHECK_STR(m.to, "user:1");
	CHECK_INT(m.at.ms, 1700000000000);
	CHECK_INT(m.at.seq, 2);
	REQUIRE(m.n_path == 2);
	CHECK_STR(m.path[0].key, "anon:a");
	CHECK_INT(m.path[0].linked_at, 12);
	CHECK_STR(m.path[1].key, "email:x@y");
	CHECK_INT(m.path[1].linked_at, -3);
	REQUIRE(message_parse(span_str(claim_text), &a, &m) == 0);
	CHECK_STR(m.to, "anon:\"b\"");
	CHECK_STR(m.of, "u1");
	CHECK_INT(m.rights, 5);
	CHECK_INT(m.linked_at, 1700000000000);
	CHECK_INT(m.said_at, -5);
	REQUIRE(message_parse(span_str(retract_text), &a, &m) == 0);
	CHECK_INT(m.from, 1023);
	CHECK_INT(m.seq, INT64_MAX);
	CHECK_STR(m.reason, "disproved: Order Completed");
	CHECK_STR(m.job, "0123456789abcdef0123456789abcdef");
	CHECK_STR(m.by, "Order Completed");
	CHECK_INT(m.by_at, 12);
	CHECK(m.late);
}

/* Older versions did not say of which state without its timeline it was made. */
static void state_of_unmerge(void)
{
	static const char text[] =
		"{\"from\":1024,\"seq\":1,\"kind\":\"unmerge\",\"to\":\"a\",\"of\":\"b\","
		"\"linked_at\":1,\"said_at\":2,\"reason\":\"x\",\"by\":\"Eva\",\"sum\":\"0a\"%s}";
	static const char *const states[] = {"", ",\"state\":\"1b\""};
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		_cleanup_(buf_release) struct buf want = BUF_INIT;
		struct message m;

		buf_printf(&want, text, states[i]);
		REQUIRE(buf_failed(&want) == 0);
		buf_add_char(&want, '\0');
		REQUIRE(message_parse(span_str(want.ptr), &a, &m) == 0);
		CHECK_STR(m.sum, "0a");
		CHECK_STR(m.state, i ? "1b" : "");
		check_written(&m, want.ptr);
	}
}

/* What each kind has, by hand once more. */
static const char *const sound[] = {
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"to\":\"a\",\"of\":\"b\",\"linked_at\":1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"taken\",\"to\":\"a\",\"of\":\"b\",\"other\":\"c\","
	"\"rights\":1,\"linked_at\":1,\"said_at\":1}",
	("{\"from\":1,\"seq\":1,\"kind\":\"taken\",\"to\":\"a\",\"of\":\"b\",\"other\":\"c\","
	 "\"rights\":1,\"linked_at\":1,\"said_at\":1,\"reason\":\"x\",\"by\":\"Eva\"}"),
	"{\"from\":1,\"seq\":1,\"kind\":\"refused\",\"to\":\"a\",\"of\":\"b\",\"rights\":1,"
	"\"linked_at\":1,\"said_at\":1,\"reason\":\"\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"merge\",\"to\":\"a\",\"of\":\"b\",\"linked_at\":1,"
	"\"said_at\":1,\"path\":[[\"b\",1]]}",
	"{\"said_at\":1,\"linked_at\":1,\"of\":\"b\",\"to\":\"a\",\"kind\":\"linked\",\"seq\":1,"
	"\"from\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"news\",\"to\":\"product:R\",\"at\":\"1-0\"}",
	"{\"from\":1024,\"seq\":1,\"kind\":\"named\",\"to\":\"anon:a\",\"of\":\"u1\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"ask\",\"to\":\"u0\",\"of\":\"anon:a\",\"other\":\"u1\"}",
	("{\"from\":1,\"seq\":1,\"kind\":\"ask\",\"to\":\"u0\",\"of\":\"anon:a\",\"other\":\"u1\","
	 "\"linked_at\":7}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"answer\",\"to\":\"u0\",\"of\":\"anon:a\",\"other\":"
	 "\"u1\",\"said_at\":7}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"want\",\"to\":\"u0\",\"of\":\"anon:a\",\"other\":\"u1\","
	 "\"rights\":1,\"linked_at\":1,\"said_at\":2,\"path\":[[\"u1\",1]],\"name\":\"u2\"}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"decide\",\"to\":\"u0\",\"of\":\"anon:a\",\"other\":"
	 "\"u1\",\"rights\":1,\"linked_at\":1,\"said_at\":2,\"name\":\"u2\"}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"refused\",\"to\":\"a\",\"of\":\"b\",\"rights\":1,"
	 "\"linked_at\":1,\"said_at\":1,\"reason\":\"once\",\"via\":\"c\"}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"ask\",\"to\":\"u0\",\"of\":\"anon:a\",\"other\":\"u1\","
	 "\"path\":[[\"u1\",1]]}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"ask\",\"to\":\"u0\",\"of\":\"email:e\",\"other\":\"u1\","
	 "\"path\":[[\"u1\",1]],\"via\":\"anon:a\"}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"named\",\"to\":\"email:e\",\"of\":\"u1\","
	 "\"path\":[[\"anon:a\",1,\"7-2\"]]}"),
	("{\"from\":1,\"seq\":1,\"kind\":\"taken\",\"to\":\"a\",\"of\":\"b\",\"other\":\"c\","
	 "\"rights\":1,\"linked_at\":1,\"said_at\":1,\"name\":\"d\"}"),
	"{\"from\":1,\"seq\":1,\"kind\":\"answer\",\"to\":\"anon:a\",\"of\":\"u1\",\"other\":"
	"\"u0\"}",
	("{\"from\":1,\"seq\":1,\"kind\":\"claim\",\"to\":\"anon:a\",\"of\":\"u0\",\"other\":"
	 "\"u1\","
	 "\"rights\":1,\"linked_at\":1,\"said_at\":1}"),
};

/* The kind is told at a glance, whatever stands in the texts behind it. */
static void knows_news(void)
{
	static const struct {
		const char *head;
		bool news;
	} rows[] = {
		{"{\"from\":1,\"seq\":1,\"kind\":\"news\",\"to\":\"product:R\"", true},
		{"{\"from\":1023,\"seq\":9223372036854775807,\"kind\":\"news\"", true},
		{"{\"from\":1,\"seq\":1,\"kind\":\"new\",\"to\":\"news\"", false},
		{"{\"from\":1,\"seq\":1,\"kind\":\"claim\",\"to\":\"\\\"kind\\\":\\\"news\\\"\"",
			false},
		{"{\"from\":1,\"seq\":1,\"kind\":\"news", false},
		{"", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_INT(message_is_news(span_str(rows[i].head)), rows[i].news);
}

static const char *const unsound[] = {
	"",
	"[]",
	"{}",
	"{\"from\":1,\"seq\":1,\"kind\":\"named\",\"to\":\"anon:a\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"want\",\"to\":\"u0\",\"of\":\"anon:a\",\"linked_at\":1,"
	"\"said_at\":2}",
	("{\"from\":1,\"seq\":1,\"kind\":\"decide\",\"to\":\"u0\",\"of\":\"anon:a\",\"rights\":1,"
	 "\"linked_at\":1,\"said_at\":2,\"path\":[[\"u1\",1]]}"),
	"{\"from\":1,\"seq\":1,\"kind\":\"ask\",\"to\":\"u0\",\"of\":\"anon:a\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"answer\",\"to\":\"anon:a\",\"of\":\"u1\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"merge\",\"to\":\"a\",\"of\":\"b\",\"linked_at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1} x",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1,"
	"\"other\":\"b\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1,"
	"\"new\":1}",
	"{\"from\":1,\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_"
	"at\":1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":0,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1}",
	"{\"from\":-1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":1.0,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked_\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"\",\"linked_at\":1,\"said_"
	"at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":\"1\","
	"\"said_at\":"
	"1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\",\"linked_at\":1e3,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\\ud800\",\"linked_at\":"
	"1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":9223372036854775808,\"kind\":\"linked\",\"of\":\"b\",\"to\":\"a\","
	"\"linked_at\":1,"
	"\"said_at\":1}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0\",\"path\":[]}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"01-0\",\"path\":[[\"b\","
	"1]]}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-\",\"path\":[[\"b\",1]]"
	"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0-\",\"path\":[[\"b\","
	"1]]}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0\",\"path\":\"b\"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0\",\"path\":[\"b\"]}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0\",\"path\":[[\"b\"]]"
	"}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0\","
	"\"path\":[[\"b\",1,2]]}",
	"{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\",\"at\":\"1-0\","
	"\"path\":[[\"b\",1],[]]}",
};

static void sound_and_unsound(void)
{
	_cleanup_(arena_release) struct arena a;
	struct message m;

	arena_init(&a);
	for (size_t i = 0; i < ARRAY_SIZE(sound); i++)
		CHECK_INT(message_parse(span_str(sound[i]), &a, &m), 0);
	for (size_t i = 0; i < ARRAY_SIZE(unsound); i++) {
		int r = message_parse(span_str(unsound[i]), &a, &m);

		if (r != MESSAGE_BAD)
			fprintf(stderr, "# %s\n", unsound[i]);
		CHECK_INT(r, MESSAGE_BAD);
	}
}

/* Written and read back: 0 or MESSAGE_BAD. */
static int round_trip(const struct message *m, struct arena *a)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, again = BUF_INIT;
	struct message back;
	int r;

	message_json(m, &out);
	CHECK(out.len <= MESSAGE_HEAD_MAX);
	r = message_parse(buf_span(&out), a, &back);
	if (r == 0) {
		message_json(&back, &again);
		CHECK_SPAN(buf_span(&again), buf_span(&out));
	}
	return r;
}

static void bounds(void)
{
	_cleanup_(arena_release) struct arena a;
	struct message m = forward();
	char key[CUSTOMER_MAX + 1];

	arena_init(&a);
	/* Each byte of it takes six when it is escaped. */
	memset(key, 1, sizeof(key));
	m.to = span_of(key, CUSTOMER_MAX);
	for (m.n_path = 0; m.n_path < MESSAGE_PATH_MAX; m.n_path++)
		m.path[m.n_path] = (struct message_hop){.key = m.to, .linked_at = INT64_MAX};
	CHECK_INT(round_trip(&m, &a), 0);
	m.to.len++;
	CHECK_INT(round_trip(&m, &a), MESSAGE_BAD);
	m.to.len--;
	m.path[MESSAGE_PATH_MAX - 1].key.len++;
	CHECK_INT(round_trip(&m, &a), MESSAGE_BAD);
	m = (struct message){.seq = 1,
		.kind = MESSAGE_REFUSED,
		.to = SPAN_LIT("a"),
		.of = SPAN_LIT("b"),
		.reason = span_of(key, MESSAGE_REASON_MAX)};
	CHECK_INT(round_trip(&m, &a), 0);
	m.reason.len++;
	CHECK_INT(round_trip(&m, &a), MESSAGE_BAD);
}

/* A path of one key more than there may be, and a head that is too long for all its sense. */
static void too_long(void)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct message m;

	arena_init(&a);
	for (size_t n = MESSAGE_PATH_MAX; n <= MESSAGE_PATH_MAX + 1; n++) {
		buf_reset(&text);
		buf_add_str(&text, "{\"from\":1,\"seq\":1,\"kind\":\"forward\",\"to\":\"a\","
				   "\"at\":\"1-0\",\"path\":[[\"b\",1]");
		for (size_t i = 1; i < n; i++)
			buf_add_str(&text, ",[\"b\",1]");
		buf_add_str(&text, "]}");
		CHECK_INT(message_parse(buf_span(&text), &a, &m),
			n > MESSAGE_PATH_MAX ? MESSAGE_BAD : 0);
	}
	buf_reset(&text);
	buf_add_str(&text, sound[0]);
	while (text.len < MESSAGE_HEAD_MAX)
		buf_add_char(&text, ' ');
	CHECK_INT(message_parse(buf_span(&text), &a, &m), 0);
	buf_add_char(&text, ' ');
	CHECK_INT(message_parse(buf_span(&text), &a, &m), MESSAGE_BAD);
}

/* Whoever is where it came first, over however many links. */
static void subjects(void)
{
	struct message m = {.to = SPAN_LIT("d")};

	CHECK_STR(message_subject(&m), "d");
	message_pass(&m, SPAN_LIT("a"), 100);
	message_pass(&m, SPAN_LIT("b"), 200);
	CHECK_STR(message_subject(&m), "a");
	while (m.n_path < MESSAGE_PATH_MAX)
		message_pass(&m, SPAN_LIT("e"), 300);
	message_pass(&m, SPAN_LIT("f"), 400);
	CHECK_STR(message_subject(&m), "a");
	CHECK_INT(m.n_path, MESSAGE_PATH_MAX);
}

static const struct check_case cases[] = {
	{"news is known at a glance", knows_news},
	{"heads are written", writes},
	{"heads are read", reads},
	{"an unmerge may say its state", state_of_unmerge},
	{"each kind has its members and no others", sound_and_unsound},
	{"texts at their bounds", bounds},
	{"what is too long", too_long},
	{"who the customer was", subjects},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
