/* SPDX-License-Identifier: MIT */
/*
 * The client against a server that the test plays itself, byte by byte: what leaves in one write,
 * and what a well-behaved Redis never says.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "io/redis.h"

#define PING "*1\r\n$4\r\nPING\r\n"

struct stage {
	char dir[32];
	char path[64];
	int listener;
	int fd; /* the accepted connection, or -1 */
	struct loop *loop;
	struct redis *redis;
	size_t n_up, n_down, n_replies, n_unknown;
	char reason[160];
	char last[64];
};

static void on_up(void *user)
{
	((struct stage *)user)->n_up++;
}

static void on_down(void *user, const char *reason)
{
	struct stage *s = user;

	s->n_down++;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static void on_reply(void *user, const struct redis_value *reply)
{
	struct stage *s = user;

	s->n_replies++;
	if (!reply)
		s->n_unknown++;
	else if (reply->text.ptr)
		(void)snprintf(s->last, sizeof(s->last), "%s", reply->text.ptr);
}

static void stage_options(struct stage *s, struct redis_options *options)
{
	redis_options_init(options);
	memcpy(options->address.path, s->path, sizeof(s->path));
	options->connect_timeout_ms = 300;
	options->reply_timeout_ms = 600;
	options->backoff_min_ms = 10;
	options->backoff_max_ms = 40;
	options->user = s;
	options->on_up = on_up;
	options->on_down = on_down;
}

static int stage_open(struct stage *s)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct redis_options options;

	*s = (struct stage){.dir = "/tmp/waymark-wire-XXXXXX", .listener = -1, .fd = -1};
	if (!mkdtemp(s->dir))
		return -errno;
	(void)snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
	memcpy(un.sun_path, s->path, sizeof(s->path));
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(s->listener, (const struct sockaddr *)&un, sizeof(un)) < 0 ||
		listen(s->listener, 4) < 0 || loop_new(&s->loop) < 0)
		return -errno;
	stage_options(s, &options);
	return redis_new(s->loop, &options, &s->redis);
}

static void stage_close(struct stage *s)
{
	s->redis = redis_free(s->redis);
	s->loop = loop_free(s->loop);
	if (s->fd >= 0)
		close(s->fd);
	if (s->listener >= 0)
		close(s->listener);
	unlink(s->path);
	rmdir(s->dir);
}

static void on_bell(void *user)
{
	*(bool *)user = true;
}

static void turn_for(struct stage *s, int64_t ms)
{
	struct timer timer;
	bool over = false;

	timer_init(&timer, s->loop, on_bell, &over);
	CHECK(timer_set_in(&timer, ms) == 0);
	while (!over)
		CHECK(loop_turn(s->loop, true) == 0);
}

/* Turns until the client has connected (again). */
static void meet(struct stage *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	for (int i = 0; i < 5000 && s->fd < 0; i++) {
		turn_for(s, 1);
		s->fd = accept(s->listener, NULL, NULL);
	}
	CHECK(s->fd >= 0);
}

static void say(struct stage *s, const char *text)
{
	CHECK_INT(send(s->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn_for(s, 5);
}

/* What the client has written, in one read. */
static struct span hear(struct stage *s, char *out, size_t size)
{
	ssize_t n = recv(s->fd, out, size, MSG_DONTWAIT);

	return span_of(out, n > 0 ? (size_t)n : 0);
}

static void greet(struct stage *s)
{
	char text[256];

	meet(s);
	turn_for(s, 5);
	CHECK_STR(hear(s, text, sizeof(text)), PING);
	say(s, "+PONG\r\n");
}

static int ping(struct stage *s)
{
	const struct span args[] = {SPAN_LIT("PING")};

	return redis_command(s->redis, on_reply, s, args, 1);
}

#define STAGE(S)                                                                                   \
	_cleanup_(stage_close) struct stage S = {.fd = -1, .listener = -1};                        \
	REQUIRE(stage_open(&(S)) == 0)

#define STAGE_UP(S)                                                                                \
	STAGE(S);                                                                                  \
	greet(&(S));                                                                               \
	REQUIRE(redis_is_up((S).redis))

static void one_write_per_turn(void)
{
	char text[4096];

	STAGE_UP(s);
	for (int i = 0; i < 3; i++)
		CHECK(ping(&s) == 0);
	/* Nothing leaves from within redis_end. */
	CHECK_STR(hear(&s, text, sizeof(text)), "");
	CHECK(loop_turn(s.loop, false) == 0);
	CHECK_STR(hear(&s, text, sizeof(text)), PING PING PING);
	say(&s, "+1\r\n+2\r\n+3");
	CHECK_INT(s.n_replies, 2);
	CHECK_INT(redis_pending(s.redis), 1);
	say(&s, "\r\n");
	CHECK_INT(s.n_replies, 3);
	CHECK_STR(span_str(s.last), "3");
}

static void loading(void)
{
	char text[256];

	STAGE(s);
	for (size_t i = 1; i <= 3; i++) {
		meet(&s);
		turn_for(&s, 5);
		CHECK_STR(hear(&s, text, sizeof(text)), PING);
		say(&s, "-LOADING Redis is loading the dataset in memory\r\n");
		CHECK_INT(s.n_down, i);
		CHECK(span_starts(span_str(s.reason), SPAN_LIT("LOADING ")));
	}
	CHECK_INT(s.n_up, 0);
	greet(&s);
	CHECK_INT(s.n_up, 1);
}

static void unasked(void)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"-ERR max number of clients reached\r\n", "ERR max number of clients reached"},
		{"+OK\r\n", "unexpected reply"},
		{"*1\r\n:1\r\n", "unexpected reply"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		STAGE_UP(s);
		say(&s, cases[i].text);
		CHECK_INT(s.n_down, 1);
		CHECK_STR(span_str(s.reason), cases[i].reason);
		greet(&s);
		CHECK_INT(s.n_up, 2);
	}
}

/* An answer that comes before its command has left answers another command. */
static void answers_ahead_of_time(void)
{
	STAGE_UP(s);
	CHECK_INT(send(s.fd, "+OK\r\n", 5, MSG_NOSIGNAL), 5);
	CHECK(ping(&s) == 0);
	/* The watch comes before the deferred write. */
	CHECK(loop_turn(s.loop, false) == 0);
	CHECK_INT(s.n_unknown, 1);
	CHECK_STR(span_str(s.reason), "unexpected reply");
}

/* Told before the greeting was read: the reason is what was said, not that writing failed. */
static void turned_away(void)
{
	STAGE(s);
	meet(&s);
	CHECK_INT(send(s.fd, "-ERR max number of clients reached\r\n", 36, MSG_NOSIGNAL), 36);
	close(s.fd);
	s.fd = -1;
	turn_for(&s, 5);
	CHECK_INT(s.n_down, 1);
	CHECK_STR(span_str(s.reason), "ERR max number of clients reached");
}

static void garbage(void)
{
	static const char *const said[] = {"HTTP/1.1 400 Bad Request\r\n", ":1x\r\n", "$-7\r\n"};

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		STAGE_UP(s);
		CHECK(ping(&s) == 0);
		CHECK(ping(&s) == 0);
		turn_for(&s, 5);
		say(&s, "+PONG\r\n");
		say(&s, said[i]);
		CHECK_INT(s.n_replies, 2);
		CHECK_INT(s.n_unknown, 1);
		CHECK_INT(s.n_down, 1);
		CHECK(s.reason[0] != '\0');
	}
}

static void another_service(void)
{
	STAGE(s);
	meet(&s);
	say(&s, "+220 mail ready\r\n");
	CHECK_STR(span_str(s.reason), "it does not speak Redis");
	CHECK_INT(s.n_up, 0);
}

static void closed_within_a_reply(void)
{
	STAGE_UP(s);
	CHECK(ping(&s) == 0);
	CHECK(ping(&s) == 0);
	turn_for(&s, 5);
	say(&s, "+PONG\r\n$10\r\nhal");
	CHECK_INT(s.n_replies, 1);
	close(s.fd);
	s.fd = -1;
	turn_for(&s, 5);
	CHECK_INT(s.n_replies, 2);
	CHECK_INT(s.n_unknown, 1);
	/* What was half read does not leak into the next connection. */
	greet(&s);
	CHECK_INT(s.n_up, 2);
}

static void hear_more(struct stage *s, struct buf *got)
{
	char *room = buf_reserve(got, 50000);

	CHECK(loop_turn(s->loop, false) == 0);
	REQUIRE(room);
	buf_commit(got, hear(s, room, 50000).len);
}

/* A reader that is slower than we write: nothing is lost, doubled or out of order. */
static void back_pressure(void)
{
	_cleanup_(buf_release) struct buf want = BUF_INIT, got = BUF_INIT;
	_cleanup_free_ char *text = NULL;
	uint32_t x = 1;

	STAGE_UP(s);
	text = malloc(200000);
	REQUIRE(text);
	for (int i = 0; i < 200; i++) {
		size_t len = (x = x * 1664525 + 1013904223) % 200000;
		const struct span args[] = {SPAN_LIT("ECHO"), {text, len}};

		memset(text, 'a' + i % 26, len);
		CHECK(redis_command(s.redis, NULL, NULL, args, 2) == 0);
		buf_printf(&want, "*2\r\n$4\r\nECHO\r\n$%zu\r\n", len);
		buf_add(&want, text, len);
		buf_add_str(&want, "\r\n");
		hear_more(&s, &got);
	}
	CHECK(got.len < want.len);
	for (int i = 0; got.len < want.len && i < 100000; i++) {
		REQUIRE(redis_is_up(s.redis));
		hear_more(&s, &got);
	}
	CHECK(span_equal(buf_span(&got), buf_span(&want)));
}

static void backoff_grows_to_its_limit(void)
{
	int64_t began = io_mono_now();

	STAGE(s);
	close(s.listener);
	s.listener = -1;
	/* 10, 20, and 40 ms eight times; 10 s if it went on doubling. */
	while (s.n_down < 11)
		CHECK(loop_turn(s.loop, true) == 0);
	CHECK_STR(span_str(s.reason), "connecting: Connection refused");
	CHECK(io_mono_now() - began >= 350);
	CHECK(io_mono_now() - began < 6000);
}

/* A full accept queue of TCP swallows the next connection without an answer. */
static void connect_timeout(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	struct redis_options options;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fill[4];
	int64_t began;

	STAGE(s);
	REQUIRE(bind(listener, (const struct sockaddr *)&in, sizeof(in)) == 0);
	REQUIRE(listen(listener, 0) == 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&in, &len) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fill[i], (const struct sockaddr *)&in, sizeof(in));
	}
	s.redis = redis_free(s.redis);
	stage_options(&s, &options);
	options.address = (struct redis_address){.host = "127.0.0.1", .port = ntohs(in.sin_port)};
	REQUIRE(redis_new(s.loop, &options, &s.redis) == 0);
	began = io_mono_now();
	while (s.n_down == 0)
		CHECK(loop_turn(s.loop, true) == 0);
	CHECK_STR(span_str(s.reason), "connecting: timed out");
	CHECK(io_mono_now() - began >= 300);
	CHECK(io_mono_now() - began < 6000);
	for (size_t i = 0; i < ARRAY_SIZE(fill); i++)
		close(fill[i]);
	close(listener);
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = 900 * 1000000L};

	(void)nanosleep(&t, NULL);
}

static void on_reply_slow(void *user, const struct redis_value *reply)
{
	struct stage *s = user;

	on_reply(user, reply);
	CHECK_INT(ping(s), 0);
	nap();
}

/* Our own long turn is not Redis's silence: neither what it begins nor what came meanwhile. */
static void a_slow_owner(void)
{
	const struct span args[] = {SPAN_LIT("PING")};
	char text[64];

	STAGE_UP(s);
	CHECK(redis_command(s.redis, on_reply_slow, &s, args, 1) == 0);
	turn_for(&s, 5);
	CHECK_STR(hear(&s, text, sizeof(text)), PING);
	say(&s, "+PONG\r\n");
	turn_for(&s, 5);
	CHECK_STR(hear(&s, text, sizeof(text)), PING);
	CHECK_INT(s.n_down, 0);
	CHECK_INT(send(s.fd, "+PONG\r\n", 7, MSG_NOSIGNAL), 7);
	nap();
	turn_for(&s, 5);
	CHECK_INT(s.n_down, 0);
	CHECK_INT(s.n_replies, 2);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"one write per turn", one_write_per_turn},
		{"loading", loading},
		{"unasked replies", unasked},
		{"answers ahead of time", answers_ahead_of_time},
		{"turned away", turned_away},
		{"garbage", garbage},
		{"another service", another_service},
		{"closed within a reply", closed_within_a_reply},
		{"back-pressure", back_pressure},
		{"backoff grows to its limit", backoff_grows_to_its_limit},
		{"connect timeout", connect_timeout},
		{"a slow owner", a_slow_owner},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
