/* SPDX-License-Identifier: MIT */
/*
 * Commands are written as RESP by hand, straight to where they leave from: a formatter that
 * collects arguments first costs more than the rest of the client. A command that cannot be sent
 * is found out at its end, so that the writer of forty arguments checks once.
 */
#include "redis_impl.h"

/* What a pending command costs beside its bytes, so that a flood of tiny ones is bounded too. */
#define COMMAND_COST ((size_t)64)
/* `$` or `*`, 20 digits, CRLF, and the CRLF behind an argument. */
#define HEAD_MAX ((size_t)25)

#define DIGITS_MAX 21

/* N in decimal, at the end of TEXT. A commit writes hundreds: printf would be half its price. */
static struct span digits_of(uint64_t n, bool minus, char text[DIGITS_MAX])
{
	size_t i = DIGITS_MAX;

	do {
		text[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	if (minus)
		text[--i] = '-';
	return span_of(text + i, DIGITS_MAX - i);
}

/* Writes KIND, N and CRLF to P; returns what is behind. */
static char *put_head(char *p, char kind, size_t n)
{
	char text[DIGITS_MAX];
	struct span digits = digits_of(n, false, text);

	*p++ = kind;
	memcpy(p, digits.ptr, digits.len);
	p += digits.len;
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

static char *put_span(char *p, struct span s)
{
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	return p + s.len;
}

/*
 * Room for a head and N bytes at the end of the command, or NULL: then build_error says why. The
 * exact limit is held at the end of the command; here it keeps the buffer from growing far past it.
 */
static char *command_room(struct redis *redis, size_t n)
{
	size_t max = redis->options.max_pending_bytes;
	size_t used = redis->out.len - redis->build_at + redis->pending_bytes;
	char *p;

	if (redis->build_error != 0)
		return NULL;
	if (used > max || n > max - used) {
		redis->build_error = -ENOBUFS;
		return NULL;
	}
	p = buf_reserve(&redis->out, n + HEAD_MAX);
	if (!p)
		redis->build_error = -ENOMEM;
	return p;
}

static bool may_send(const struct redis *redis)
{
	return redis->state == REDIS_UP || (redis->state == REDIS_GREETING && redis->owner_greets);
}

/* Bytes that are gone move out of the way once they are the larger part. */
static void drop_sent(struct redis *redis)
{
	if (redis->sent < 65536 || redis->sent < redis->out.len / 2)
		return;
	buf_consume(&redis->out, redis->sent);
	redis->sent = 0;
}

void redis_begin(struct redis *redis, size_t n_args)
{
	char *p;

	assert(!redis->building && n_args > 0);
	redis->building = true;
	redis->build_error = may_send(redis) ? 0 : -ENOTCONN;
	redis->args_left = n_args;
	drop_sent(redis);
	redis->build_at = redis->out.len;
	p = command_room(redis, 0);
	if (p)
		buf_commit(&redis->out, (size_t)(put_head(p, '*', n_args) - p));
}

void redis_arg2(struct redis *redis, struct span a, struct span b)
{
	char *p, *end;

	assert(redis->building && redis->args_left > 0);
	redis->args_left--;
	/* No overflow: neither piece is larger than PTRDIFF_MAX. */
	p = command_room(redis, a.len + b.len);
	if (!p)
		return;
	end = put_head(p, '$', a.len + b.len);
	end = put_span(end, a);
	end = put_span(end, b);
	*end++ = '\r';
	*end++ = '\n';
	buf_commit(&redis->out, (size_t)(end - p));
}

void redis_arg(struct redis *redis, struct span s)
{
	redis_arg2(redis, s, SPAN_EMPTY);
}

void redis_arg_str(struct redis *redis, const char *s)
{
	redis_arg2(redis, span_str(s), SPAN_EMPTY);
}

void redis_arg_u64(struct redis *redis, uint64_t n)
{
	char text[DIGITS_MAX];

	redis_arg2(redis, digits_of(n, false, text), SPAN_EMPTY);
}

void redis_arg_i64(struct redis *redis, int64_t n)
{
	char text[DIGITS_MAX];
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	redis_arg2(redis, digits_of(size, n < 0, text), SPAN_EMPTY);
}

/* Makes sure that one more command fits the ring. 0 or -ENOMEM. */
static int ring_grow(struct redis *redis)
{
	size_t n = redis->n_slots ? redis->n_slots * 2 : 64;
	struct redis_pending *slots;

	if (redis->n_pending < redis->n_slots)
		return 0;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < redis->n_pending; i++)
		slots[i] = redis->slots[(redis->first + i) & (redis->n_slots - 1)];
	free(redis->slots);
	redis->slots = slots;
	redis->n_slots = n;
	redis->first = 0;
	return 0;
}

struct redis_pending redis_pop(struct redis *redis)
{
	struct redis_pending p = redis->slots[redis->first];

	redis->first = (redis->first + 1) & (redis->n_slots - 1);
	redis->n_pending--;
	redis->pending_bytes -= p.bytes;
	if (redis->n_flushed > 0)
		redis->n_flushed--;
	return p;
}

int redis_end_blocking(struct redis *redis, int64_t block_ms, redis_reply_fn fn, void *user)
{
	size_t bytes = redis->out.len - redis->build_at + COMMAND_COST;
	size_t place;
	int r = redis->build_error;

	assert(redis->building && redis->args_left == 0);
	redis->building = false;
	if (r == 0 && redis->pending_bytes + bytes > redis->options.max_pending_bytes)
		r = -ENOBUFS;
	if (r == 0)
		r = ring_grow(redis);
	if (r < 0) {
		redis->out.len = redis->build_at;
		redis->out.failed = false;
		return r;
	}
	place = (redis->first + redis->n_pending) & (redis->n_slots - 1);
	redis->slots[place] =
		(struct redis_pending){fn, user, bytes, redis->options.reply_timeout_ms + block_ms};
	redis->n_pending++;
	redis->pending_bytes += bytes;
	deferred_ask(&redis->flush);
	return 0;
}

int redis_end(struct redis *redis, redis_reply_fn fn, void *user)
{
	return redis_end_blocking(redis, 0, fn, user);
}

int redis_command(
	struct redis *redis, redis_reply_fn fn, void *user, const struct span *args, size_t n_args)
{
	redis_begin(redis, n_args);
	for (size_t i = 0; i < n_args; i++)
		redis_arg(redis, args[i]);
	return redis_end(redis, fn, user);
}

size_t redis_pending_bytes(const struct redis *redis)
{
	return redis->pending_bytes;
}

size_t redis_pending(const struct redis *redis)
{
	return redis->n_pending;
}

struct call {
	struct arena *arena;
	const struct redis_value *value;
	int result;
	bool done;
};

static void on_call_reply(void *user, const struct redis_value *reply)
{
	struct call *call = user;

	call->done = true;
	if (!reply) {
		call->result = REDIS_CALL_UNKNOWN;
		return;
	}
	call->value = redis_value_copy(call->arena, reply);
	call->result = call->value ? 0 : -ENOMEM;
}

static void on_wait_over(void *user)
{
	*(bool *)user = true;
}

static int wait_up(struct redis *redis)
{
	struct timer timer;
	bool over = false;
	int r;

	timer_init(&timer, redis->loop, on_wait_over, &over);
	/* Callers work for a while between two calls; the loop's clock stood still meanwhile. */
	r = timer_set_at(&timer, io_mono_now() + redis->options.connect_timeout_ms);
	while (r == 0 && !over && redis->state != REDIS_UP)
		r = loop_turn(redis->loop, true);
	timer_stop(&timer);
	return r;
}

int redis_call(struct redis *redis, const struct span *args, size_t n_args, struct arena *a,
	const struct redis_value **ret_reply)
{
	struct call call = {.arena = a};
	int r;

	assert(redis->depth == 0);
	r = wait_up(redis);
	if (r < 0)
		return r;
	r = redis_command(redis, on_call_reply, &call, args, n_args);
	if (r < 0)
		return r;
	/* The reply watchdog ends this. */
	while (r == 0 && !call.done)
		r = loop_turn(redis->loop, true);
	/* CALL must not be answered after we are gone. */
	if (!call.done)
		redis_refuse(redis, "the loop failed");
	if (r < 0 || call.result != 0)
		return r < 0 ? r : call.result;
	*ret_reply = call.value;
	return 0;
}
