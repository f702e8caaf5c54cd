/* SPDX-License-Identifier: MIT */
/* The client against a real redis-server, when all is well. */
#include "redis_probe.h"

static void pipelining(void)
{
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);

	for (int round = 0; round < 3; round++) {
		p.n_replies = 0;
		for (uint64_t i = 0; i < 10000; i++) {
			redis_begin(p.redis, 2);
			redis_arg(p.redis, SPAN_LIT("ECHO"));
			redis_arg_u64(p.redis, p.next + i);
			REQUIRE(redis_end(p.redis, probe_number, &p) == 0);
		}
		CHECK_INT(p.n_replies, 0);
		CHECK_INT(redis_pending(p.redis), 10000);
		probe_turn_until(&p, &p.n_replies, 10000, 10000);
		CHECK_INT(p.n_replies, 10000);
		CHECK(p.in_order);
		CHECK_INT(redis_pending(p.redis), 0);
		CHECK_INT(redis_pending_bytes(p.redis), 0);
	}
	CHECK_INT(p.n_down, 0);
}

static void arguments(void)
{
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);

	redis_begin(p.redis, 4);
	redis_arg_str(p.redis, "SET");
	redis_arg2(p.redis, SPAN_LIT("wm:{p7}:c:"), SPAN_LIT("a b\r\n"));
	redis_arg_i64(p.redis, INT64_MIN);
	redis_arg_str(p.redis, "GET");
	CHECK(redis_end(p.redis, probe_reply, &p) == 0);
	redis_begin(p.redis, 2);
	redis_arg_str(p.redis, "GET");
	redis_arg(p.redis, SPAN_LIT("wm:{p7}:c:a b\r\n"));
	CHECK(redis_end(p.redis, probe_reply, &p) == 0);
	probe_turn_until(&p, &p.n_replies, 2, 10000);
	CHECK_STR(span_str(p.last), "-9223372036854775808");
	redis_begin(p.redis, 3);
	redis_arg_str(p.redis, "SET");
	redis_arg(p.redis, SPAN_EMPTY);
	redis_arg2(p.redis, SPAN_EMPTY, SPAN_EMPTY);
	CHECK(redis_end(p.redis, probe_reply, &p) == 0);
	CHECK(probe_command(&p, NULL, "PING") == 0);
	CHECK(probe_command(&p, probe_reply, "STRLEN x") == 0);
	probe_turn_until(&p, &p.n_replies, 4, 10000);
	CHECK_STR(span_str(p.last), "OK");
	CHECK_INT(p.n_errors, 0);
}

static void large_values(void)
{
	const size_t size = (size_t)24 << 20;
	_cleanup_(arena_release) struct arena a = {.head = NULL};
	_cleanup_free_ char *big = NULL;
	const struct redis_value *v = NULL;

	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);
	big = malloc(size);
	REQUIRE(big);
	for (size_t i = 0; i < size; i++)
		big[i] = (char)(i * 2654435761U >> 13);
	const struct span set[] = {SPAN_LIT("SET"), SPAN_LIT("big"), {big, size}};
	const struct span get[] = {
		SPAN_LIT("MGET"), SPAN_LIT("big"), SPAN_LIT("none"), SPAN_LIT("big")};

	REQUIRE(redis_call(p.redis, set, 3, &a, &v) == 0);
	CHECK(redis_value_is(v, "OK"));
	REQUIRE(redis_call(p.redis, get, 3, &a, &v) == 0);
	REQUIRE(v->type == REDIS_ARRAY && v->n_items == 2);
	CHECK(span_equal(v->items[0].text, span_of(big, size)));
	CHECK(v->items[1].type == REDIS_NIL);
	CHECK(redis_call(p.redis, get, 4, &a, &v) == 0);
	CHECK(v->items[2].text.len == size);
}

static void a_reply_too_large(void)
{
	struct redis_options options;

	redis_options_init(&options);
	options.max_reply_bytes = 100000;
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);
	CHECK(probe_command(&p, probe_reply, "SETRANGE k 199999 x") == 0);
	CHECK(probe_command(&p, probe_reply, "GETRANGE k 0 99000") == 0);
	CHECK(probe_command(&p, probe_reply, "GET k") == 0);
	CHECK(probe_command(&p, probe_reply, "PING") == 0);
	probe_turn_until(&p, &p.n_down, 1, 10000);
	CHECK_INT(p.n_replies, 4);
	CHECK_INT(p.n_unknown, 2);
	CHECK_STR(span_str(p.reason), "reply too large");
	probe_turn_until(&p, &p.n_up, 2, 10000);
	CHECK(redis_is_up(p.redis));
}

static void nested_arrays(void)
{
	_cleanup_(arena_release) struct arena a = {.head = NULL};
	const struct redis_value *v = NULL;
	const struct span eight[] = {
		SPAN_LIT("EVAL"), SPAN_LIT("return {{{{{{{{7}}}}}}}}"), SPAN_LIT("0")};
	const struct span nine[] = {
		SPAN_LIT("EVAL"), SPAN_LIT("return {{{{{{{{{7}}}}}}}}}"), SPAN_LIT("0")};

	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);
	REQUIRE(redis_call(p.redis, eight, 3, &a, &v) == 0);
	for (int i = 0; i < 8; i++) {
		REQUIRE(v->type == REDIS_ARRAY && v->n_items == 1);
		v = v->items;
	}
	CHECK_INT(v->integer, 7);
	CHECK_INT(redis_call(p.redis, nine, 3, &a, &v), REDIS_CALL_UNKNOWN);
	CHECK_INT(p.n_down, 1);
}

static void errors(void)
{
	static const char script[] = "return redis.error_reply('FENCED by 7')";
	const struct span eval[] = {SPAN_LIT("EVAL"), SPAN_LIT(script), SPAN_LIT("0")};

	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);
	CHECK(probe_command(&p, probe_reply, "SET k v") == 0);
	CHECK(probe_command(&p, probe_reply, "LPUSH k v") == 0);
	probe_turn_until(&p, &p.n_replies, 2, 10000);
	CHECK_INT(p.n_errors, 1);
	CHECK(strncmp(p.last, "WRONGTYPE ", 10) == 0);
	CHECK(redis_command(p.redis, probe_reply, &p, eval, 3) == 0);
	probe_turn_until(&p, &p.n_replies, 3, 10000);
	CHECK_INT(p.n_errors, 2);
	CHECK_STR(span_str(p.last), "FENCED by 7");
	CHECK_INT(p.n_down, 0);
}

/* *1 $4 PING is 14 bytes on the wire, and each command counts 64 more. */
static void output_limit(void)
{
	struct redis_options options;

	redis_options_init(&options);
	options.max_pending_bytes = 3 * (size_t)(14 + 64);
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			CHECK_INT(probe_command(&p, probe_reply, "PING"), 0);
		CHECK_INT(redis_pending_bytes(p.redis), options.max_pending_bytes);
		CHECK_INT(probe_command(&p, probe_reply, "PING"), -ENOBUFS);
		CHECK_INT(redis_pending(p.redis), 3);
		probe_turn_until(&p, &p.n_replies, 3 * ((size_t)round + 1), 10000);
		CHECK_INT(redis_pending_bytes(p.redis), 0);
	}
	CHECK_INT(p.n_replies, 6);
	CHECK_INT(p.n_errors + p.n_unknown, 0);
}

/* ECHO with 3-digit length: *2 4, $4 4, ECHO 6, $nnn 6, n + 2; so n = 234 - 64 - 22. */
static void output_limit_of_one(void)
{
	static const char text[300] = "";
	struct redis_options options;
	struct span args[] = {SPAN_LIT("ECHO"), {text, 234 - 64 - 22}};

	redis_options_init(&options);
	options.max_pending_bytes = 234;
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);
	CHECK_INT(redis_command(p.redis, probe_reply, &p, args, 2), 0);
	probe_turn_until(&p, &p.n_replies, 1, 10000);
	args[1].len++;
	CHECK_INT(redis_command(p.redis, probe_reply, &p, args, 2), -ENOBUFS);
	args[1].len = sizeof(text);
	CHECK_INT(redis_command(p.redis, probe_reply, &p, args, 2), -ENOBUFS);
	CHECK_INT(probe_command(&p, probe_reply, "PING"), 0);
	probe_turn_until(&p, &p.n_replies, 2, 10000);
	CHECK_STR(span_str(p.last), "PONG");
}

static void passwords(void)
{
	static const char *const extra[] = {"--requirepass", "se cret", NULL};
	static const struct {
		const char *user, *password, *reason;
	} cases[] = {
		{"", "se cret", NULL},
		{"default", "se cret", NULL},
		{"", "wrong", "WRONGPASS "},
		{"nobody", "se cret", "WRONGPASS "},
		{"", "", "NOAUTH "},
	};

	SERVER(server, extra);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(probe_stop) struct probe p = {.redis = NULL};
		struct redis_options options;
		char url[128];

		redis_options_init(&options);
		REQUIRE(probe_start(&p, server.socket, &options) == 0);
		p.redis = redis_free(p.redis);
		(void)snprintf(
			options.address.user, sizeof(options.address.user), "%s", cases[i].user);
		(void)snprintf(url, sizeof(url), "%s", cases[i].password);
		memcpy(options.address.password, url, sizeof(url));
		REQUIRE(redis_new(p.loop, &options, &p.redis) == 0);
		while (p.n_up + p.n_down == 0)
			REQUIRE(loop_turn(p.loop, true) == 0);
		CHECK_INT(p.n_up, cases[i].reason ? 0 : 1);
		if (cases[i].reason)
			CHECK(span_starts(span_str(p.reason), span_str(cases[i].reason)));
	}
}

static void calls(void)
{
	_cleanup_(arena_release) struct arena a = {.head = NULL};
	const struct redis_value *v = NULL;
	const struct span ping[] = {SPAN_LIT("PING")};
	struct redis_options options;
	int64_t began;

	redis_options_init(&options);
	options.connect_timeout_ms = 300;
	options.reply_timeout_ms = 300;
	SERVER(server, NULL);
	PROBE(p, server.socket, &options);
	/* Waits until the connection is up. */
	REQUIRE(redis_call(p.redis, ping, 1, &a, &v) == 0);
	CHECK(redis_value_is(v, "PONG"));
	redis_fixture_pause(&server);
	CHECK_INT(redis_call(p.redis, ping, 1, &a, &v), REDIS_CALL_UNKNOWN);
	/* The caller is busy: the loop's clock falls behind by more than the time to connect. */
	began = io_mono_now();
	while (io_mono_now() < began + 350)
		;
	began = io_mono_now();
	CHECK_INT(redis_call(p.redis, ping, 1, &a, &v), -ENOTCONN);
	CHECK(io_mono_now() - began >= 300);
	CHECK(io_mono_now() - began < 5000);
	redis_fixture_resume(&server);
	REQUIRE(redis_call(p.redis, ping, 1, &a, &v) == 0);
}

static void over_tcp(void)
{
	static const char *const ports[] = {"16391", "27391", "38391", "49391"};
	bool found = false;

	/* A port that somebody else has does not start; the next one will. */
	for (size_t i = 0; i < ARRAY_SIZE(ports) && !found; i++) {
		const char *const extra[] = {"--port", ports[i], "--bind", "127.0.0.1", NULL};
		_cleanup_(redis_fixture_stop) struct redis_fixture server = REDIS_FIXTURE_NONE;
		char address[32];
		int r = redis_fixture_start(&server, extra);

		if (r == REDIS_FIXTURE_MISSING)
			SKIP("no redis-server");
		if (r < 0)
			continue;
		found = true;
		(void)snprintf(address, sizeof(address), "localhost:%s", ports[i]);
		PROBE_UP(p, address, NULL);
		CHECK(probe_command(&p, probe_reply, "PING") == 0);
		probe_turn_until(&p, &p.n_replies, 1, 10000);
		CHECK_STR(span_str(p.last), "PONG");
		redis_fixture_kill(&server);
		probe_turn_until(&p, &p.n_down, 2, 10000);
		CHECK_STR(span_str(p.reason), "connecting: Connection refused");
	}
	CHECK(found);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"ten thousand commands in one turn", pipelining},
		{"arguments", arguments},
		{"large values", large_values},
		{"a reply too large", a_reply_too_large},
		{"nested arrays", nested_arrays},
		{"errors", errors},
		{"output limit", output_limit},
		{"output limit of one command", output_limit_of_one},
		{"passwords", passwords},
		{"calls", calls},
		{"over TCP", over_tcp},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
