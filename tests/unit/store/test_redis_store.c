/* SPDX-License-Identifier: MIT */
/*
 * The store in Redis against a real server: what is asked and what is written, seen through
 * Redis's own commands.
 */
#include "redis_stage.h"

/* ---- fetch ------------------------------------------------------------------------------ */

static void fetching_the_log(void)
{
	const struct fetch_request all = {.max_entries = 4, .max_dues = 10};
	struct fetch_request after = all;
	struct fetched f;

	STAGE(s, NULL);
	CHECK_INT(stage_fetch(&s, 1, &all, &f), 0);
	CHECK_INT(f.n_entries, 0);
	CHECK(f.at_end);
	CHECK(f.caught_up_to <= io_wall_now());
	CHECK(f.caught_up_to > io_wall_now() - 5000);
	CHECK(f.next_due == TIME_NEVER);
	(void)stage_say(&s, "XADD wm:{p1}:in 7-0 e {} m web/");
	(void)stage_say(&s, "XADD wm:{p1}:in 7-1 m M e E extra X");
	(void)stage_say(&s, "XADD wm:{p1}:in 8-0 strange thing");
	(void)stage_say(&s, "XADD wm:{p2}:in 9-0 e other");
	CHECK_INT(stage_fetch(&s, 1, &all, &f), 0);
	REQUIRE(f.n_entries == 3);
	CHECK(f.at_end);
	CHECK_INT(f.entries[0].id.ms, 7);
	CHECK_STR(f.entries[0].event, "{}");
	CHECK_STR(f.entries[0].meta, "web/");
	CHECK_INT(f.entries[1].id.seq, 1);
	CHECK_STR(f.entries[1].event, "E");
	CHECK_STR(f.entries[1].meta, "M");
	CHECK_STR(f.entries[2].event, "");
	(void)stage_say(&s, "XADD wm:{p1}:in 8-1 e E");
	CHECK_INT(stage_fetch(&s, 1, &all, &f), 0);
	CHECK_INT(f.n_entries, 4);
	CHECK(!f.at_end);
	after.after = (struct log_id){7, 1};
	CHECK_INT(stage_fetch(&s, 1, &after, &f), 0);
	REQUIRE(f.n_entries == 2);
	CHECK_INT(f.entries[0].id.ms, 8);
	CHECK_INT(f.entries[0].id.seq, 0);
	after.after = (struct log_id){8, 1};
	CHECK_INT(stage_fetch(&s, 1, &after, &f), 0);
	CHECK_INT(f.n_entries, 0);
}

static int64_t server_now(struct redis_stage *s)
{
	const struct span args[] = {SPAN_LIT("TIME")};
	const struct redis_value *v = NULL;
	uint64_t sec = 0, us = 0;

	CHECK(redis_call(s->redis, args, 1, &s->arena, &v) == 0);
	if (v) {
		CHECK(span_to_u64(v->items[0].text, INT32_MAX * 8LL, &sec) == 0);
		CHECK(span_to_u64(v->items[1].text, 999999, &us) == 0);
	}
	return (int64_t)(sec * 1000 + us / 1000);
}

/* An entry may still be added in the millisecond that the clock shows. */
static void how_far_is_certain(void)
{
	const struct fetch_request request = {.max_entries = 4, .max_dues = 3};
	struct fetched f;
	int64_t before, after;

	STAGE(s, NULL);
	/* All within one millisecond, sooner or later. */
	for (int i = 0; i < 10000; i++) {
		before = server_now(&s);
		CHECK_INT(stage_fetch(&s, 1, &request, &f), 0);
		after = server_now(&s);
		CHECK(f.caught_up_to >= before - 1);
		CHECK(f.caught_up_to <= after - 1);
		if (before == after)
			break;
	}
	CHECK_INT(before, after);
}

static void fetching_what_is_due(void)
{
	struct fetch_request request = {.max_entries = 4, .max_dues = 3, .due_until = 100};
	long long now = io_wall_now(), later = now + MS_DAY;
	struct fetched f;

	STAGE(s, NULL);
	(void)stage_say(&s, "ZADD wm:{p1}:due %lld far", later);
	CHECK_INT(stage_fetch(&s, 1, &request, &f), 0);
	CHECK_INT(f.n_dues, 0);
	CHECK_INT(f.next_due, now + MS_DAY);
	CHECK(!f.dues_cut);
	/* All that the clock has passed, whatever the caller thinks the time is. */
	(void)stage_say(&s, "ZADD wm:{p1}:due 90 b 80 a %lld c", now - 1000);
	CHECK_INT(stage_fetch(&s, 1, &request, &f), 0);
	REQUIRE(f.n_dues == 3);
	CHECK_STR(f.dues[0].customer, "a");
	CHECK_INT(f.dues[0].at, 80);
	CHECK_STR(f.dues[1].customer, "b");
	CHECK_INT(f.dues[2].at, now - 1000);
	CHECK_INT(f.next_due, 80);
	CHECK(f.dues_cut);
	request.max_dues = 4;
	CHECK_INT(stage_fetch(&s, 1, &request, &f), 0);
	CHECK_INT(f.n_dues, 3);
	CHECK(!f.dues_cut);
	/* The caller asks further ahead than the clock, and than we look of ourselves. */
	request.due_until = now + 2 * MS_DAY;
	CHECK_INT(stage_fetch(&s, 1, &request, &f), 0);
	CHECK_INT(f.n_dues, 4);
	CHECK(f.dues_cut);
	/* A log whose last entry lies ahead of the clock: what is due before that entry counts. */
	request.due_until = 0;
	request.max_dues = 10;
	(void)stage_say(&s, "XADD wm:{p1}:in %lld-0 e E", later + MS_HOUR);
	CHECK_INT(stage_fetch(&s, 1, &request, &f), 0);
	CHECK_INT(f.n_entries, 1);
	CHECK_INT(f.n_dues, 4);
	/* Nothing beyond the last of these instants, though it is asked for in advance. */
	(void)stage_say(&s, "ZADD wm:{p2}:due %lld soon", now + 4000);
	CHECK_INT(stage_fetch(&s, 2, &request, &f), 0);
	CHECK_INT(f.n_dues, 0);
	CHECK(f.next_due > now);
	/* What was brought and is not due yet makes the answer no less complete. */
	request.max_dues = 2;
	(void)stage_say(&s, "ZADD wm:{p2}:due 80 a");
	CHECK_INT(stage_fetch(&s, 2, &request, &f), 0);
	CHECK_INT(f.n_dues, 1);
	CHECK(!f.dues_cut);
	(void)stage_say(&s, "ZADD wm:{p3}:due 1.5 odd");
	CHECK_INT(stage_fetch(&s, 3, &request, &f), STORE_REFUSED);
}

static void fetching_fails(void)
{
	const struct fetch_request request = {.max_entries = 4, .max_dues = 3};
	struct fetched f;

	STAGE(s, NULL);
	(void)stage_say(&s, "SET wm:{p1}:in x");
	(void)stage_say(&s, "SET wm:{p2}:due x");
	CHECK_INT(stage_fetch(&s, 1, &request, &f), STORE_REFUSED);
	CHECK(span_starts(span_str(redis_store_refusal(s.redis_store)), SPAN_LIT("WRONGTYPE ")));
	CHECK_INT(stage_fetch(&s, 2, &request, &f), STORE_REFUSED);
	redis_fixture_pause(&s.server);
	CHECK_INT(stage_fetch(&s, 3, &request, &f), STORE_UNKNOWN);
	redis_fixture_resume(&s.server);
	CHECK_INT(stage_fetch(&s, 3, &request, &f), -ENOTCONN);
	stage_wait_up(&s);
	CHECK_INT(stage_fetch(&s, 3, &request, &f), 0);
}

static void loading(void)
{
	const struct span customers[] = {
		SPAN_LIT("anna"), SPAN_LIT("nobody"), SPAN_LIT("b\r\n\xff")};
	const struct span set[] = {
		SPAN_LIT("SET"), SPAN_LIT("wm:{p3}:c:b\r\n\xff"), SPAN_LIT("bytes\0of b")};
	struct span values[3] = {SPAN_EMPTY};
	const struct redis_value *v;

	STAGE(s, NULL);
	(void)stage_say(&s, "SET wm:{p3}:c:anna A");
	(void)stage_say(&s, "SET wm:{p1}:c:nobody N");
	CHECK(redis_call(s.redis, set, 3, &s.arena, &v) == 0);
	CHECK_INT(stage_load(&s, 3, customers, 3, values), 0);
	CHECK_STR(values[0], "A");
	CHECK_STR(values[1], "");
	CHECK_SPAN(values[2], SPAN_LIT("bytes\0of b"));
	redis_fixture_pause(&s.server);
	CHECK_INT(stage_load(&s, 3, customers, 3, values), STORE_UNKNOWN);
	redis_fixture_resume(&s.server);
}

struct hours {
	bool done;
	int r;
	struct buf text;
};

static void hours_clear(struct hours *h)
{
	buf_release(&h->text);
	*h = (struct hours){.text = BUF_INIT};
}

static void on_hour(void *user, int r, int64_t hour, struct span bytes)
{
	struct hours *h = user;

	CHECK(!h->done);
	h->r = r;
	h->done = r != 0 || hour == INT64_MIN;
	if (h->done)
		return;
	buf_add_i64(&h->text, hour);
	buf_add_char(&h->text, '=');
	buf_add_span(&h->text, bytes);
	buf_add_char(&h->text, ' ');
}

static void seen_hours(void)
{
	_cleanup_(hours_clear) struct hours h = {.text = BUF_INIT};

	STAGE(s, NULL);
	for (int hour = 474; hour <= 502; hour += 2)
		(void)stage_say(&s, "SET wm:{p1}:seen:%d %d", hour, hour * 2);
	CHECK(s.store->ops->seen(s.store, 1, 500, on_hour, &h) == 0);
	stage_turn(&s, &h.done);
	CHECK_INT(h.r, 0);
	/* 24 hours and the present one. */
	CHECK_STR(buf_span(&h.text),
		"476=952 478=956 480=960 482=964 484=968 486=972 488=976 490=980 492=984 494=988 "
		"496=992 498=996 500=1000 ");
	hours_clear(&h);
	(void)stage_say(&s, "DEL wm:{p1}:seen:490");
	(void)stage_say(&s, "HSET wm:{p1}:seen:490 a b");
	CHECK(s.store->ops->seen(s.store, 1, 500, on_hour, &h) == 0);
	stage_turn(&s, &h.done);
	CHECK_INT(h.r, STORE_REFUSED);
	CHECK_STR(buf_span(&h.text), "476=952 478=956 480=960 482=964 484=968 486=972 488=976 ");
	hours_clear(&h);
	CHECK(s.store->ops->seen(s.store, 2, 0, on_hour, &h) == 0);
	redis_refuse(s.redis, "told to");
	CHECK(h.done);
	CHECK_INT(h.r, STORE_UNKNOWN);
}

/* ---- waiting ---------------------------------------------------------------------------- */

struct news {
	bool done;
	int r;
	uint32_t partition;
};

static void on_news(void *user, int r, uint32_t partition)
{
	struct news *n = user;

	*n = (struct news){true, r, partition};
}

static void waiting_for_news(void)
{
	const struct log_wait waits[] = {{1, {5, 0}}, {3, {0, 0}}};
	struct news n = {.done = false};
	int64_t began;

	STAGE(s, NULL);
	began = io_mono_now();
	CHECK(log_wait_start(s.redis, waits, 2, 150, on_news, &n) == 0);
	stage_turn(&s, &n.done);
	CHECK(io_mono_now() - began >= 150);
	CHECK_INT(n.r, 0);
	CHECK_INT(n.partition, UINT32_MAX);
	(void)stage_say(&s, "XADD wm:{p1}:in 5-0 e E");
	(void)stage_say(&s, "XADD wm:{p2}:in 6-0 e E");
	(void)stage_say(&s, "XADD wm:{p3}:in 6-0 e E");
	n.done = false;
	CHECK(log_wait_start(s.redis, waits, 2, 5000, on_news, &n) == 0);
	stage_turn(&s, &n.done);
	CHECK_INT(n.r, 0);
	CHECK_INT(n.partition, 3);
	/* Longer than the patience for other commands. */
	n.done = false;
	began = io_mono_now();
	CHECK(log_wait_start(s.redis, waits, 1, 2500, on_news, &n) == 0);
	stage_turn(&s, &n.done);
	CHECK_INT(n.r, 0);
	CHECK_INT(n.partition, UINT32_MAX);
	CHECK(io_mono_now() - began >= 2500);
	n.done = false;
	CHECK(log_wait_start(s.redis, waits, 1, 60000, on_news, &n) == 0);
	redis_refuse(s.redis, "told to");
	CHECK(n.done);
	CHECK_INT(n.r, STORE_UNKNOWN);
}

/* ---- ends ------------------------------------------------------------------------------- */

static void on_fetch_done(void *user, int r, const struct fetched *f)
{
	(void)r;
	(void)f;
	(*(int *)user)++;
}

static void on_load_done(void *user, int r, const struct span *values, size_t n)
{
	(void)r;
	(void)values;
	(void)n;
	(*(int *)user)++;
}

static void turn_until_all(struct redis_stage *s, const int *n, int all)
{
	int64_t until = io_mono_now() + 20000;

	while (*n < all && io_mono_now() < until)
		CHECK(loop_turn(s->loop, false) == 0);
	CHECK_INT(*n, all);
}

/* Freed with questions under way: they are answered, by Redis or by its loss. */
static void freed_while_asking(void)
{
	const struct fetch_request request = {.max_entries = 4, .max_dues = 3};
	const struct span customer = SPAN_LIT("anna");

	STAGE(s, NULL);
	for (int lost = 0; lost < 2; lost++) {
		struct redis_store *extra = NULL;
		struct store *store;
		int n = 0;

		stage_wait_up(&s);
		REQUIRE(redis_store_new(s.redis, &extra) == 0);
		store = redis_store_store(extra);
		CHECK(store->ops->fetch(store, 0, &request, on_fetch_done, &n) == 0);
		CHECK(store->ops->load(store, 1, &customer, 1, on_load_done, &n) == 0);
		/* Somebody who lost interest asks anew before the answer. */
		CHECK(store->ops->fetch(store, 0, &request, on_fetch_done, &n) == 0);
		CHECK(store->ops->load(store, 0, &customer, 1, on_load_done, &n) == 0);
		redis_store_free(extra);
		if (lost)
			redis_refuse(s.redis, "told to");
		turn_until_all(&s, &n, 4);
	}
}

struct crowd {
	struct redis_stage *stage;
	struct fetch_request request;
	size_t n_pings, n_fetches, n_dues, n_entries;
};

static void on_crowd_fetch(void *user, int r, const struct fetched *f)
{
	struct crowd *c = user;

	CHECK_INT(r, 0);
	c->n_fetches++;
	c->n_dues = f->n_dues;
	c->n_entries = f->n_entries;
}

static int ask_in_crowd(struct crowd *c)
{
	struct store *store = c->stage->store;

	return store->ops->fetch(store, 0, &c->request, on_crowd_fetch, c);
}

static void on_first_fetch(void *user, int r, const struct fetched *f)
{
	struct crowd *c = user;

	CHECK_INT(r, 0);
	CHECK_INT(ask_in_crowd(c), 0);
	/* Until we return, what we were handed is there. */
	REQUIRE(f->n_entries == 1 && f->n_dues == 1);
	CHECK_STR(f->entries[0].event, "E");
	CHECK_STR(f->dues[0].customer, "anna");
}

static void asked_while_answered(void)
{
	struct crowd c = {.request = {.max_entries = 4, .max_dues = 3}};

	STAGE(s, NULL);
	c.stage = &s;
	(void)stage_say(&s, "XADD wm:{p0}:in 1-0 e E");
	(void)stage_say(&s, "ZADD wm:{p0}:due 5 anna");
	CHECK(s.store->ops->fetch(s.store, 0, &c.request, on_first_fetch, &c) == 0);
	while (redis_pending(s.redis) > 0)
		CHECK(loop_turn(s.loop, false) == 0);
	CHECK_INT(c.n_fetches, 1);
}

/* The last ping makes room: its question is asked before the answers to the half of another. */
static void on_crowd_ping(void *user, const struct redis_value *reply)
{
	struct crowd *c = user;

	(void)reply;
	if (--c->n_pings == 0)
		CHECK_INT(ask_in_crowd(c), 0);
}

/*
 * A question that does not fit is not asked, and what had left of it does not answer the next.
 * A fetch takes some 600 bytes, of which the last of its commands some 170; a ping takes 78.
 */
static void no_room_to_ask(void)
{
	const struct span ping[] = {SPAN_LIT("PING")};
	struct redis_options options;
	struct crowd c = {.stage = NULL};

	STAGE(s, NULL);
	c.stage = &s;
	c.request = (struct fetch_request){.max_entries = 4, .max_dues = 3};
	(void)stage_say(&s, "XADD wm:{p0}:in 1-0 e E");
	(void)stage_say(&s, "ZADD wm:{p0}:due 5 anna");
	s.redis_store = redis_store_free(s.redis_store);
	s.redis = redis_free(s.redis);
	redis_options_init(&options);
	CHECK(redis_address_parse(span_str(s.server.socket), &options.address) == 0);
	options.max_pending_bytes = 1100;
	REQUIRE(redis_new(s.loop, &options, &s.redis) == 0);
	REQUIRE(redis_store_new(s.redis, &s.redis_store) == 0);
	s.store = redis_store_store(s.redis_store);
	stage_wait_up(&s);
	for (size_t fill = 1; fill <= 14; fill++) {
		c.n_pings = fill;
		for (size_t i = 0; i < fill; i++)
			CHECK(redis_command(s.redis, on_crowd_ping, &c, ping, 1) == 0);
		if (ask_in_crowd(&c) == 0)
			c.n_fetches--;
		while (redis_pending(s.redis) > 0)
			CHECK(loop_turn(s.loop, false) == 0);
		CHECK_INT(c.n_fetches, fill);
		CHECK_INT(c.n_entries, 1);
		CHECK_INT(c.n_dues, 1);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"fetching the log", fetching_the_log},
		{"how far is certain", how_far_is_certain},
		{"fetching what is due", fetching_what_is_due},
		{"fetching fails", fetching_fails},
		{"loading", loading},
		{"seen hours", seen_hours},
		{"waiting for news", waiting_for_news},
		{"freed while asking", freed_while_asking},
		{"asked while answered", asked_while_answered},
		{"no room to ask", no_room_to_ask},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
