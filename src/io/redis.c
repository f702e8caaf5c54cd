/* SPDX-License-Identifier: MIT */
/*
 * The connection: it goes DOWN -> CONNECTING -> GREETING -> UP and falls back to DOWN from
 * anywhere, through one function (connection_lost). One timer means whatever the state makes of
 * it. The watchdog measures silence, not the age of commands: a pipeline of a thousand may take
 * its time as long as answers keep coming, but a stopped server is found out.
 *
 * Any callback may free the client or give the connection up. So every entry from the loop is
 * framed by enter and leave, the memory goes at the outermost leave, and the reader (in whose
 * memory the reply of a running callback lies) is replaced only at the next attempt.
 */
#include "redis_impl.h"

#include <sys/socket.h>
#include <unistd.h>

/* How much is read in one turn before others get theirs: 16 × 64 KiB. */
#define READ_SIZE  ((size_t)65536)
#define READ_TIMES 16
/* What has been asked for in answer to replies leaves at once if it is that much: Redis works on it
 * while we work on the next reply. */
#define WRITE_EARLY ((size_t)65536)
/* Memory that the output buffer keeps between bursts: what a hundred batches of events, or the
 * commits of all partitions, take; growing anew for each burst costs a third of a batch. */
#define OUT_KEEP ((size_t)4 << 20)

static void on_ready(void *arg, unsigned ready);
static void on_timer(void *arg);
static void on_flush(void *arg);
static void write_commands(struct redis *redis);

void redis_options_init(struct redis_options *options)
{
	*options = (struct redis_options){
		.connect_timeout_ms = 2 * MS_SECOND,
		.reply_timeout_ms = 2 * MS_SECOND,
		.backoff_min_ms = 50,
		.backoff_max_ms = MS_SECOND,
		.max_pending_bytes = (size_t)64 << 20,
		.max_reply_bytes = (size_t)64 << 20,
	};
}

int redis_new(struct loop *loop, const struct redis_options *options, struct redis **ret_redis)
{
	struct redis *redis = calloc(1, sizeof(*redis));

	if (!redis)
		return -ENOMEM;
	redis->loop = loop;
	redis->options = *options;
	redis->backoff_ms = options->backoff_min_ms;
	redis->fd = -1;
	buf_init(&redis->out);
	timer_init(&redis->timer, loop, on_timer, redis);
	deferred_init(&redis->flush, loop, on_flush, redis);
	if (timer_set_in(&redis->timer, 0) < 0) {
		free(redis);
		return -ENOMEM;
	}
	*ret_redis = redis;
	return 0;
}

static void enter(struct redis *redis)
{
	redis->depth++;
}

static void leave(struct redis *redis)
{
	if (--redis->depth > 0 || !redis->freed)
		return;
	redis_reader_free(redis->reader);
	buf_release(&redis->out);
	free(redis->slots);
	free(redis);
}

/* Closes the socket and answers what is unanswered. */
static void connection_close(struct redis *redis)
{
	redis->state = REDIS_DOWN;
	redis->owner_greets = false;
	redis->watch = watch_free(redis->watch);
	if (redis->fd >= 0)
		close(redis->fd);
	redis->fd = -1;
	timer_stop(&redis->timer);
	deferred_stop(&redis->flush);
	buf_release(&redis->out);
	redis->sent = 0;
	/* Nothing can be added meanwhile, for we are down. */
	while (redis->n_pending > 0) {
		struct redis_pending p = redis_pop(redis);

		if (p.fn)
			p.fn(p.user, NULL);
	}
}

/* The next attempt. Without memory for a timer the next turn tries to set it again. */
static void schedule_attempt(struct redis *redis)
{
	if (timer_set_in(&redis->timer, redis->backoff_ms) < 0)
		deferred_ask(&redis->flush);
}

static void connection_lost(struct redis *redis, const char *reason)
{
	char text[sizeof(redis->reason)];

	/* REASON may lie in what is freed here, or be told by a callback that runs below. */
	(void)snprintf(text, sizeof(text), "%s", reason);
	connection_close(redis);
	if (redis->freed)
		return;
	memcpy(redis->reason, text, sizeof(text));
	schedule_attempt(redis);
	redis->backoff_ms = int64_min(redis->backoff_ms * 2, redis->options.backoff_max_ms);
	if (redis->options.on_down)
		redis->options.on_down(redis->options.user, text);
}

static void connection_lost_errno(struct redis *redis, const char *what, int error)
{
	char text[sizeof(redis->reason)], name[64];

	if (strerror_r(error, name, sizeof(name)) != 0)
		(void)snprintf(name, sizeof(name), "error %d", error);
	(void)snprintf(text, sizeof(text), "%s: %s", what, name);
	connection_lost(redis, text);
}

struct redis *redis_free(struct redis *redis)
{
	if (!redis || redis->freed)
		return NULL;
	assert(!redis->building);
	redis->freed = true;
	enter(redis);
	connection_close(redis);
	leave(redis);
	return NULL;
}

void redis_freep(struct redis **redis)
{
	*redis = redis_free(*redis);
}

bool redis_is_up(const struct redis *redis)
{
	return redis->state == REDIS_UP;
}

const char *redis_reason(const struct redis *redis)
{
	return redis->reason;
}

const struct redis_address *redis_get_address(const struct redis *redis)
{
	return &redis->options.address;
}

void redis_accept(struct redis *redis)
{
	if (redis->freed || redis->state != REDIS_GREETING)
		return;
	enter(redis);
	redis->state = REDIS_UP;
	redis->backoff_ms = redis->options.backoff_min_ms;
	if (redis->options.on_up)
		redis->options.on_up(redis->options.user);
	leave(redis);
}

void redis_refuse(struct redis *redis, const char *reason)
{
	if (redis->freed || redis->state == REDIS_DOWN)
		return;
	enter(redis);
	connection_lost(redis, reason);
	leave(redis);
}

static void on_login(void *user, const struct redis_value *reply)
{
	struct redis *redis = user;

	if (reply && reply->type == REDIS_ERROR)
		connection_lost(redis, reply->text.ptr);
}

static void on_ping(void *user, const struct redis_value *reply)
{
	struct redis *redis = user;

	if (!reply)
		return;
	if (!redis_value_is(reply, "PONG")) {
		connection_lost(redis,
			reply->type == REDIS_ERROR ? reply->text.ptr : "it does not speak Redis");
		return;
	}
	if (redis->options.on_check)
		redis->options.on_check(redis->options.user);
	else
		redis_accept(redis);
}

/* Log in, and learn whether the server serves: while it loads its file it refuses PING too. */
static void greet(struct redis *redis)
{
	const struct redis_address *a = &redis->options.address;
	int r = 0;

	redis->state = REDIS_GREETING;
	redis->owner_greets = true;
	if (a->password[0]) {
		redis_begin(redis, a->user[0] ? 3 : 2);
		redis_arg_str(redis, "AUTH");
		if (a->user[0])
			redis_arg_str(redis, a->user);
		redis_arg_str(redis, a->password);
		r = redis_end(redis, on_login, redis);
	}
	if (r == 0) {
		redis_begin(redis, 1);
		redis_arg_str(redis, "PING");
		r = redis_end(redis, on_ping, redis);
	}
	redis->owner_greets = false;
	if (r == 0)
		r = watch_set(redis->watch, WATCH_READ);
	if (r < 0)
		connection_lost_errno(redis, "greeting", -r);
}

static void attempt(struct redis *redis)
{
	int waits, r;

	redis->reader = redis_reader_free(redis->reader);
	r = redis_reader_new(redis->options.max_reply_bytes, &redis->reader);
	if (r == 0)
		r = redis_address_connect(&redis->options.address, &redis->fd);
	waits = r;
	if (r >= 0) {
		redis->state = REDIS_CONNECTING;
		r = watch_new(redis->loop, redis->fd, on_ready, redis, &redis->watch);
	}
	if (r == 0 && waits)
		r = watch_set(redis->watch, WATCH_WRITE);
	if (r == 0)
		r = timer_set_in(&redis->timer, redis->options.connect_timeout_ms);
	if (r < 0)
		connection_lost_errno(redis, "connecting", -r);
	else if (!waits)
		greet(redis);
}

static void finish_connect(struct redis *redis)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0)
		connection_lost_errno(redis, "connecting", error);
	else
		greet(redis);
}

/* Bounds the silence from NOW on, or not at all when nothing is unanswered. */
static void watch_silence(struct redis *redis, int64_t now)
{
	if (redis->n_flushed == 0)
		timer_stop(&redis->timer);
	else if (timer_set_at(&redis->timer, now + redis->slots[redis->first].allowance_ms) < 0)
		connection_lost_errno(redis, "timer", ENOMEM);
}

static void deliver(struct redis *redis, const struct redis_value *reply)
{
	bool greeting = redis->state == REDIS_GREETING;
	struct redis_pending p;

	/* "max number of clients reached" comes unasked, and so would a reply out of step. */
	if (redis->n_flushed == 0) {
		connection_lost(
			redis, reply->type == REDIS_ERROR ? reply->text.ptr : "unexpected reply");
		return;
	}
	p = redis_pop(redis);
	redis->owner_greets = greeting;
	if (p.fn)
		p.fn(p.user, reply);
	redis->owner_greets = false;
}

/* Answers what the reader holds. False when the connection is gone after that. */
static bool deliver_all(struct redis *redis)
{
	const struct redis_value *reply;
	int r;

	for (;;) {
		r = redis_reader_next(redis->reader, &reply);
		if (r != 0)
			break;
		deliver(redis, reply);
		if (redis->fd < 0)
			return false;
	}
	if (r == REDIS_READER_MORE)
		return true;
	connection_lost(redis, r < 0 ? "out of memory" : redis_reader_reason(redis->reader));
	return false;
}

static void read_replies(struct redis *redis)
{
	char chunk[READ_SIZE];
	bool heard = false;

	for (int i = 0; i < READ_TIMES; i++) {
		ssize_t n = recv(redis->fd, chunk, sizeof(chunk), 0);
		int r;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			connection_lost_errno(redis, "reading", errno);
			return;
		}
		if (n == 0) {
			connection_lost(redis, "closed by Redis");
			return;
		}
		r = redis_reader_feed(redis->reader, span_of(chunk, (size_t)n));
		if (r != 0) {
			connection_lost(redis,
				r < 0 ? "out of memory" : redis_reader_reason(redis->reader));
			return;
		}
		if (!deliver_all(redis))
			return;
		heard = true;
		if (redis->out.len - redis->sent >= WRITE_EARLY)
			write_commands(redis);
		if (redis->fd < 0)
			return;
		if ((size_t)n < sizeof(chunk))
			break;
	}
	if (heard)
		watch_silence(redis, loop_now_mono(redis->loop));
}

/* A server that closes has often answered before: what it said is heard, and names the reason. */
static void write_failed(struct redis *redis, int error)
{
	read_replies(redis);
	if (redis->fd >= 0)
		connection_lost_errno(redis, "writing", error);
}

/* Writes what the socket takes. */
static void write_commands(struct redis *redis)
{
	int r;

	while (redis->sent < redis->out.len) {
		ssize_t n = send(redis->fd, redis->out.ptr + redis->sent,
			redis->out.len - redis->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			write_failed(redis, errno);
			return;
		}
		redis->sent += (size_t)n;
	}
	if (redis->sent == redis->out.len) {
		redis->sent = 0;
		if (redis->out.cap > OUT_KEEP)
			buf_release(&redis->out);
		buf_reset(&redis->out);
	}
	r = watch_set(redis->watch, redis->out.len > 0 ? WATCH_READ | WATCH_WRITE : WATCH_READ);
	if (r < 0) {
		connection_lost_errno(redis, "watching", -r);
		return;
	}
	if (redis->n_flushed == 0 && redis->n_pending > 0) {
		redis->n_flushed = redis->n_pending;
		/* Read afresh: the turn may have been long, and that is not Redis's silence. */
		watch_silence(redis, io_mono_now());
	}
	redis->n_flushed = redis->n_pending;
}

static void on_ready(void *arg, unsigned ready)
{
	struct redis *redis = arg;

	enter(redis);
	if (redis->state == REDIS_CONNECTING)
		finish_connect(redis);
	else if (redis->fd >= 0 && (ready & WATCH_READ))
		read_replies(redis);
	if (redis->state >= REDIS_GREETING && (ready & WATCH_WRITE))
		write_commands(redis);
	leave(redis);
}

static void on_timer(void *arg)
{
	struct redis *redis = arg;

	enter(redis);
	switch (redis->state) {
	case REDIS_DOWN:
		attempt(redis);
		break;
	case REDIS_CONNECTING:
		connection_lost(redis, "connecting: timed out");
		break;
	case REDIS_GREETING:
	case REDIS_UP:
		connection_lost(redis, "no answer in time");
		break;
	}
	leave(redis);
}

static void on_flush(void *arg)
{
	struct redis *redis = arg;

	enter(redis);
	if (redis->state == REDIS_DOWN)
		schedule_attempt(redis);
	else if (redis->state >= REDIS_GREETING)
		write_commands(redis);
	leave(redis);
}
