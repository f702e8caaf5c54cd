/* SPDX-License-Identifier: MIT */
/*
 * Waiting for news of several logs at once, with a blocking read. It has a connection of its own,
 * since whatever is sent behind a blocked command waits too.
 */
#include "redis_store_impl.h"

struct wait_ask {
	log_wait_fn *fn;
	void *user;
};

/* [[wm:{pN}:in, [entry]], …]: the first N. */
static bool partition_in(const struct redis_value *reply, uint32_t *ret_partition)
{
	const struct span head = SPAN_LIT("wm:{p"), tail = SPAN_LIT("}:in");
	struct span key;
	uint64_t n;

	if (reply->type != REDIS_ARRAY || reply->n_items == 0 || reply->items[0].n_items != 2)
		return false;
	key = reply->items[0].items[0].text;
	if (key.len < head.len + tail.len || !span_starts(key, head))
		return false;
	key = span_of(key.ptr + head.len, key.len - head.len - tail.len);
	if (span_to_u64(key, PARTITIONS_MAX - 1, &n) != 0)
		return false;
	*ret_partition = (uint32_t)n;
	return true;
}

static void on_news(void *user, const struct redis_value *reply)
{
	struct wait_ask *a = user;
	uint32_t partition = UINT32_MAX;
	bool ok = reply && (reply->type == REDIS_NIL || partition_in(reply, &partition));

	a->fn(a->user, ok ? 0 : STORE_UNKNOWN, partition);
	free(a);
}

int log_wait_start(struct redis *blocking, const struct log_wait *waits, size_t n, int64_t block_ms,
	log_wait_fn *fn, void *user)
{
	struct wait_ask *a = malloc(sizeof(*a));
	char text[LOG_ID_SIZE > KEY_SIZE ? LOG_ID_SIZE : KEY_SIZE];
	int r;

	if (!a)
		return -ENOMEM;
	/* 0 would be for ever. */
	assert(n > 0 && block_ms > 0);
	a->fn = fn;
	a->user = user;
	redis_begin(blocking, 6 + 2 * n);
	redis_arg_str(blocking, "XREAD");
	redis_arg_str(blocking, "COUNT");
	redis_arg_str(blocking, "1");
	redis_arg_str(blocking, "BLOCK");
	redis_arg_i64(blocking, block_ms);
	redis_arg_str(blocking, "STREAMS");
	for (size_t i = 0; i < n; i++)
		redis_arg(blocking, key_text(text, waits[i].partition, "in"));
	for (size_t i = 0; i < n; i++) {
		log_id_format(waits[i].after, text);
		redis_arg_str(blocking, text);
	}
	r = redis_end_blocking(blocking, block_ms, on_news, a);
	if (r < 0)
		free(a);
	return r;
}
