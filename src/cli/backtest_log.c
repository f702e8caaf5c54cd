/* SPDX-License-Identifier: MIT */
/*
 * The live data set's own log through the backtest: every partition's stream from its beginning to
 * the position its worker has committed, and time to the clock that went with it. What comes out
 * must be the very jobs that the live run emitted.
 */
#include "backtest.h"

#include "program/program.h"
#include "store/keys.h"

#define PAGE	 1000
#define AWAIT_MS 10000

struct log_reader {
	struct backtest *b;
	struct redis *redis;
	uint32_t partition;
	struct log_id until; /* position */
	int64_t clock;
	struct buf key, from;
};

static int call(struct log_reader *l, const struct span *args, size_t n, struct arena *arena,
	const struct redis_value **ret_value)
{
	int r = redis_call(l->redis, args, n, arena, ret_value);

	if (r != 0)
		return r < 0 ? r : -EIO;
	return (*ret_value)->type == REDIS_ERROR ? -EIO : 0;
}

static int read_position(struct log_reader *l)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	uint64_t clock;
	int r;

	arena_init(&arena);
	buf_reset(&l->key);
	key_add(&l->key, l->partition, "pos");
	r = call(l,
		(struct span[]){
			SPAN_LIT("HMGET"), buf_span(&l->key), SPAN_LIT("id"), SPAN_LIT("clock")},
		4, &arena, &v);
	if (r < 0)
		return r;
	l->until = (struct log_id){0, 0};
	l->clock = 0;
	if (v->n_items != 2 || v->items[0].text.len == 0)
		return 0; /* nobody has ever worked on it */
	if (log_id_parse(v->items[0].text, &l->until) != 0 ||
		span_to_u64(v->items[1].text, INT64_MAX, &clock) != 0)
		return -EBADMSG;
	l->clock = (int64_t)clock;
	return 0;
}

static struct span field(const struct redis_value *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->n_items; i += 2)
		if (span_is(fields->items[i].text, name))
			return fields->items[i + 1].text;
	return SPAN_EMPTY;
}

static int feed_entry(struct log_reader *l, const struct redis_value *v)
{
	struct log_entry e = {.event = SPAN_EMPTY};

	if (v->n_items != 2 || log_id_parse(v->items[0].text, &e.id) != 0)
		return -EBADMSG;
	e.event = field(&v->items[1], "e");
	e.meta = field(&v->items[1], "m");
	e.mark_source = field(&v->items[1], "w");
	e.mark_until = field(&v->items[1], "t");
	buf_reset(&l->from);
	buf_add_char(&l->from, '(');
	buf_add_span(&l->from, v->items[0].text);
	return backtest_append_id(l->b, &e);
}

/* Feeds one page; false in *ret_more at the end. */
static int feed_page(struct log_reader *l, bool *ret_more)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	char until[LOG_ID_SIZE];
	int r;

	arena_init(&arena);
	log_id_format(l->until, until);
	buf_reset(&l->key);
	key_add(&l->key, l->partition, "in");
	r = call(l,
		(struct span[]){SPAN_LIT("XRANGE"), buf_span(&l->key), buf_span(&l->from),
			span_str(until), SPAN_LIT("COUNT"), SPAN_LIT("1000")},
		6, &arena, &v);
	for (size_t i = 0; r == 0 && i < v->n_items; i++)
		r = feed_entry(l, &v->items[i]);
	*ret_more = r == 0 && v->n_items == PAGE;
	return r;
}

static int feed_partition(struct log_reader *l)
{
	bool more = true;
	int r = read_position(l);

	buf_reset(&l->from);
	buf_add_char(&l->from, '-');
	while (r == 0 && more)
		r = feed_page(l, &more);
	if (r == 0)
		r = backtest_finish(l->b, l->clock);
	return r < 0 ? r : backtest_next_log(l->b);
}

int backtest_feed_log(struct backtest *b, struct program *p)
{
	struct log_reader l = {.b = b};
	struct redis_options options;
	int r = 0;

	redis_options_init(&options);
	if (program_connect(p, &options, &l.redis) || program_await(p, AWAIT_MS))
		return p->status;
	buf_init(&l.key);
	buf_init(&l.from);
	for (l.partition = 0; l.partition < p->dataset.partitions && r == 0; l.partition++)
		r = feed_partition(&l);
	buf_release(&l.key);
	buf_release(&l.from);
	if (r == 0)
		return STATUS_DONE;
	(void)fprintf(stderr, "waymark backtest: the log of partition %u cannot be read: %s\n",
		l.partition - 1, b->failed ? "the engine stopped" : strerror(-r));
	return STATUS_FOUND;
}
