/* SPDX-License-Identifier: MIT */
/* The client against a real redis-server that is killed, stopped, or not the right one. */
#include "../chance.h"
#include "redis_probe.h"

static void killed_with_commands_in_flight(void)
{
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);

	redis_fixture_pause(&server);
	for (int i = 0; i < 1000; i++)
		CHECK(probe_command(&p, probe_reply, "INCR n") == 0);
	probe_turn_for(&p, 50);
	/* And some that have not even left. */
	for (int i = 0; i < 10; i++)
		CHECK(probe_command(&p, probe_reply, "INCR n") == 0);
	redis_fixture_kill(&server);
	probe_turn_until(&p, &p.n_down, 1, 10000);
	CHECK_INT(p.n_replies, 1010);
	CHECK_INT(p.n_unknown, 1010);
	CHECK(!p.up_at_answer);
	CHECK_INT(redis_pending_bytes(p.redis), 0);
	CHECK(!redis_is_up(p.redis));
	CHECK_INT(probe_command(&p, probe_reply, "INCR n"), -ENOTCONN);
	probe_turn_until(&p, &p.n_down, 3, 10000);
	CHECK(p.n_down >= 3);
	CHECK_INT(p.n_replies, 1010);
	CHECK_STR(span_str(redis_reason(p.redis)), p.reason);
}

static void back_after_a_restart(void)
{
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, NULL);

	CHECK(probe_command(&p, probe_reply, "SET k kept") == 0);
	probe_turn_until(&p, &p.n_replies, 1, 10000);
	redis_fixture_kill(&server);
	probe_turn_until(&p, &p.n_down, 1, 10000);
	REQUIRE(redis_fixture_restart(&server) == 0);
	probe_turn_until(&p, &p.n_up, 2, 10000);
	REQUIRE(redis_is_up(p.redis));
	CHECK(probe_command(&p, probe_reply, "GET k") == 0);
	probe_turn_until(&p, &p.n_replies, 2, 10000);
	CHECK_STR(span_str(p.last), "kept");
}

static void a_stopped_server(void)
{
	struct redis_options options;
	int64_t began;

	redis_options_init(&options);
	options.reply_timeout_ms = 400;
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);

	/* Nobody waits, so nobody is late. */
	redis_fixture_pause(&server);
	probe_turn_for(&p, 600);
	CHECK_INT(p.n_down, 0);
	CHECK(probe_command(&p, probe_reply, "PING") == 0);
	began = io_mono_now();
	probe_turn_until(&p, &p.n_down, 1, 10000);
	CHECK(io_mono_now() - began >= 400);
	CHECK(io_mono_now() - began < 5000);
	CHECK_INT(p.n_unknown, 1);
	CHECK_STR(span_str(p.reason), "no answer in time");
	/* Connecting works, for the kernel accepts, but the greeting does not. */
	probe_turn_until(&p, &p.n_down, 2, 10000);
	CHECK_INT(p.n_up, 1);
	redis_fixture_resume(&server);
	probe_turn_until(&p, &p.n_up, 2, 10000);
	CHECK(redis_is_up(p.redis));
}

static void silence_is_not_age(void)
{
	struct redis_options options;

	redis_options_init(&options);
	options.reply_timeout_ms = 1500;
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);
	/* The last is answered after 2.4 s, but none is silent for 1.5 s. */
	for (int i = 0; i < 3; i++)
		CHECK(probe_command(&p, probe_reply, "XREAD BLOCK 800 STREAMS none $") == 0);
	probe_turn_until(&p, &p.n_replies, 3, 10000);
	CHECK_INT(p.n_replies, 3);
	CHECK_INT(p.n_unknown, 0);
}

static void blocking_commands(void)
{
	const struct span args[] = {SPAN_LIT("XREAD"), SPAN_LIT("BLOCK"), SPAN_LIT("1500"),
		SPAN_LIT("STREAMS"), SPAN_LIT("none"), SPAN_LIT("$")};
	struct redis_options options;
	int64_t began;

	redis_options_init(&options);
	options.reply_timeout_ms = 800;
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);
	for (int i = 0; i < 2; i++) {
		redis_begin(p.redis, ARRAY_SIZE(args));
		for (size_t j = 0; j < ARRAY_SIZE(args); j++)
			redis_arg(p.redis, args[j]);
		CHECK(redis_end_blocking(p.redis, 1500, probe_reply, &p) == 0);
		began = io_mono_now();
		if (i == 1) {
			probe_turn_for(&p, 20);
			redis_fixture_pause(&server);
		}
		probe_turn_until(&p, &p.n_replies, (size_t)i + 1, 10000);
	}
	CHECK_INT(p.n_replies, 2);
	CHECK_INT(p.n_unknown, 1);
	CHECK(io_mono_now() - began >= 2300);
	CHECK(io_mono_now() - began < 7000);
}

/* The longer allowance of a blocking command must not be the next command's too. */
static void blocked_then_plain(void)
{
	struct redis_options options;
	int64_t began;

	redis_options_init(&options);
	options.reply_timeout_ms = 300;
	SERVER(server, NULL);
	PROBE_UP(p, server.socket, &options);
	redis_begin(p.redis, 3);
	redis_arg_str(p.redis, "BLPOP");
	redis_arg_str(p.redis, "none");
	redis_arg_str(p.redis, "0.2");
	CHECK(redis_end_blocking(p.redis, 60000, probe_reply, &p) == 0);
	probe_turn_until(&p, &p.n_replies, 1, 10000);
	redis_fixture_pause(&server);
	CHECK(probe_command(&p, probe_reply, "PING") == 0);
	began = io_mono_now();
	probe_turn_until(&p, &p.n_down, 1, 10000);
	CHECK(io_mono_now() - began < 5000);
	CHECK_INT(p.n_unknown, 1);
}

static void on_checked(void *user, const struct redis_value *reply)
{
	struct probe *p = user;

	if (!reply)
		return;
	if (p->refuse)
		redis_refuse(p->redis, "not ours");
	else
		redis_accept(p->redis);
	/* The reply outlives the verdict. */
	(void)snprintf(p->last, sizeof(p->last), "%s", reply->text.ptr);
}

static void probe_check(void *user)
{
	struct probe *p = user;

	p->n_checks++;
	if (p->free_in_check) {
		p->redis = redis_free(p->redis);
		return;
	}
	CHECK_INT(probe_command(p, on_checked, "ECHO checked"), 0);
	CHECK(!redis_is_up(p->redis));
}

static void checks_before_commands(void)
{
	struct redis_options options;

	redis_options_init(&options);
	options.on_check = probe_check;
	SERVER(server, NULL);
	PROBE(p, server.socket, &options);
	p.refuse = true;
	probe_turn_until(&p, &p.n_checks, 1, 10000);
	/* Between the check's question and its answer nobody else gets in. */
	CHECK_INT(probe_command(&p, probe_reply, "PING"), -ENOTCONN);
	probe_turn_until(&p, &p.n_down, 2, 10000);
	CHECK_INT(p.n_up, 0);
	CHECK_STR(span_str(p.reason), "not ours");
	CHECK_STR(span_str(p.last), "checked");
	p.refuse = false;
	probe_turn_until(&p, &p.n_up, 1, 10000);
	CHECK_INT(probe_command(&p, probe_reply, "PING"), 0);
	/* Given up later, the rest is the same. */
	redis_refuse(p.redis, "READONLY");
	CHECK_INT(p.n_unknown, 1);
	CHECK_STR(span_str(p.reason), "READONLY");
	probe_turn_until(&p, &p.n_up, 2, 10000);
	CHECK(redis_is_up(p.redis));
}

static void freed_in_callbacks(void)
{
	SERVER(server, NULL);
	for (int where = 0; where < 6; where++) {
		_cleanup_(probe_stop) struct probe p = {.redis = NULL};
		struct redis_options options;

		redis_options_init(&options);
		options.on_check = where == 2 ? probe_check : NULL;
		REQUIRE(probe_start(&p, server.socket, &options) == 0);
		p.free_in_up = where == 0;
		p.free_in_down = where == 1;
		p.free_in_check = where == 2;
		probe_turn_until(&p, &p.n_up, 1, where == 2 ? 100 : 10000);
		CHECK_INT(p.n_checks, where == 2);
		if (where == 1)
			redis_refuse(p.redis, "told to");
		if (where >= 3) {
			p.free_in_reply = where != 5;
			for (int i = 0; i < 100; i++)
				CHECK_INT(probe_command(&p, probe_reply, "PING"), 0);
			if (where == 4)
				redis_refuse(p.redis, "told to");
			else if (where == 5)
				redis_free(p.redis);
			else
				probe_turn_until(&p, &p.n_replies, 1, 10000);
			CHECK_INT(p.n_replies, 100);
			CHECK_INT(p.n_unknown, where == 3 ? 99 : 100);
			CHECK_INT(p.n_down, 0);
			p.redis = NULL;
		}
		CHECK_INT(p.n_down, where == 1);
		probe_turn_for(&p, 10);
	}
}

/* Random commands, losses and deaths; every command is told exactly once. */
static void torture(void)
{
	uint64_t seed = chance_new().state, sent = 0, told = 0;

	SERVER(server, NULL);
	for (int life = 0; life < 60; life++) {
		_cleanup_(probe_stop) struct probe p = {.redis = NULL};
		size_t here = 0;

		REQUIRE(probe_start(&p, server.socket, NULL) == 0);
		probe_turn_until(&p, &p.n_up, 1, 10000);
		for (int i = 0; i < 40; i++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			switch (seed >> 33 & 7) {
			case 0:
				redis_refuse(p.redis, "chance");
				break;
			case 1:
				CHECK(loop_turn(p.loop, false) == 0);
				break;
			case 2:
				probe_turn_for(&p, 1);
				break;
			default:
				for (uint64_t n = seed >> 40 & 63; n > 0; n--)
					here += probe_command(&p, probe_reply, "LPUSH l v") == 0;
			}
		}
		/* What is pending may be the greeting alone, and no reply of ours comes any more.
		 */
		p.free_in_reply = (seed >> 50 & 1) && p.n_replies < here;
		if (p.free_in_reply)
			probe_turn_until(&p, &p.n_replies, here, 10000);
		else
			redis_free(p.redis);
		p.redis = NULL;
		CHECK_INT(p.n_replies, here);
		sent += here;
		told += p.n_replies;
	}
	CHECK(sent > 1000);
	CHECK_INT(told, sent);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"killed with commands in flight", killed_with_commands_in_flight},
		{"back after a restart", back_after_a_restart},
		{"a stopped server", a_stopped_server},
		{"silence is not age", silence_is_not_age},
		{"blocking commands", blocking_commands},
		{"a plain command after a blocking one", blocked_then_plain},
		{"checks before commands", checks_before_commands},
		{"freed in callbacks", freed_in_callbacks},
		{"torture", torture},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
