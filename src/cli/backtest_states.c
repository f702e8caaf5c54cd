/* SPDX-License-Identifier: MIT */
/*
 * Where each customer stands when a log has come to its end: what came of it but for the jobs, so
 * that two logs of the same events can be told apart by it.
 */
#include "backtest.h"

#include "codec/link.h"
#include "codec/record.h"
#include "codec/timeline_json.h"

int backtest_tell_states(struct backtest *b)
{
	b->state = b->tells_states = true;
	return backtest_next_log(b);
}

int backtest_note_customer(struct backtest *b, struct span customer)
{
	struct span *kept;

	if (map_get(&b->customers, customer))
		return 0;
	kept = arena_alloc(&b->arena, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	*kept = arena_copy(&b->arena, customer);
	return kept->ptr ? map_put(&b->customers, *kept, kept) : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	return span_compare(**(const struct span *const *)a, **(const struct span *const *)b);
}

/* A key that leads to another is nobody of its own; one of another partition is not in this log. */
static int print(const struct backtest *b, struct span customer, int64_t now)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	struct span bytes = memory_store_record(b->store, customer);
	int r;

	if (bytes.len == 0 || link_is(bytes))
		return 0;
	r = record_decode(bytes, &record);
	if (r == 0)
		r = journey_json(&record, &b->rules->policy.lapse,
			int64_max(now, record.journey->received_at), &json);
	if (r == 0)
		printf("%.*s\n", (int)json.len, json.ptr);
	return r > 0 ? -EBADMSG : r;
}

int backtest_print_states(const struct backtest *b, int64_t now)
{
	size_t n = 0, cursor = 0;
	struct span **list, *one;
	int r = 0;

	while (map_next(&b->customers, &cursor))
		n++;
	list = calloc(n + 1, sizeof(struct span *));
	if (!list)
		return -ENOMEM;
	for (n = cursor = 0; (one = map_next(&b->customers, &cursor)); n++)
		list[n] = one;
	if (n > 0)
		qsort((void *)list, n, sizeof(struct span *), compare);
	for (size_t i = 0; i < n && r == 0; i++)
		r = print(b, *list[i], now);
	free((void *)list);
	return r;
}
