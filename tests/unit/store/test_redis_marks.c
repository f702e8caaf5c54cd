/* SPDX-License-Identifier: MIT */
/* Watermarks in Redis: as they are committed, with whom they hold, and as they are asked for. */
#include "redis_stage.h"

static void committed(void)
{
	const struct commit_hold holds[] = {{SPAN_LIT("b ert"), SPAN_LIT("till-2"), 7},
		{SPAN_LIT("anna"), SPAN_LIT("till-1"), 1795289176001},
		{SPAN_LIT("b ert"), SPAN_LIT("till-2"), TIME_NEVER},
		{SPAN_LIT("gone"), SPAN_LIT("till-1"), TIME_NEVER},
		{SPAN_LIT("b ert"), SPAN_LIT("till-2"), 9}};
	const struct commit_mark marks[] = {
		{SPAN_LIT("till-1"), 1795289176000}, {SPAN_LIT("till-2"), 5}};
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 3, "w", &p) == 0);
	(void)stage_say(&s, "ZADD wm:{p3}:held:till-1 5 gone 6 other");
	(void)stage_say(&s, "HSET wm:{p3}:marks till-1 3 till-9 4");
	c = (struct commit){.from = p, .to = p};
	c.to.seq++;
	c.holds = holds;
	c.n_holds = ARRAY_SIZE(holds);
	c.marks = marks;
	c.n_marks = ARRAY_SIZE(marks);
	CHECK_INT(stage_commit(&s, 3, &c), 0);
	CHECK_SAY(&s, "[\"other\" \"6\" \"anna\" \"1795289176001\"]",
		"ZRANGE wm:{p3}:held:till-1 0 -1 WITHSCORES");
	CHECK_SAY(&s, "[\"b ert\" \"9\"]", "ZRANGE wm:{p3}:held:till-2 0 -1 WITHSCORES");
	CHECK_SAY(
		&s, "[\"1795289176000\" \"5\" \"4\"]", "HMGET wm:{p3}:marks till-1 till-2 till-9");
}

/* What one command takes, 500, and one more, of one source; another's stand in between. */
static void many(void)
{
	static const size_t counts[] = {500, 501};

	for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
		struct commit_hold holds[2 * 501];
		char names[501][24], want[24];
		struct position p;
		struct commit c;

		STAGE(s, NULL);
		REQUIRE(stage_acquire(&s, 3, "w", &p) == 0);
		for (size_t i = 0; i < counts[k]; i++) {
			int n = snprintf(names[i], sizeof(names[i]), "c%zu", i);
			struct span name = span_of(names[i], (size_t)n);

			holds[2 * i] = (struct commit_hold){name, SPAN_LIT("till-1"), 5};
			holds[2 * i + 1] = (struct commit_hold){name, SPAN_LIT("till-2"), 6};
		}
		c = (struct commit){.from = p, .to = p};
		c.to.seq++;
		c.holds = holds;
		c.n_holds = 2 * counts[k];
		CHECK_INT(stage_commit(&s, 3, &c), 0);
		(void)snprintf(want, sizeof(want), "%zu", counts[k]);
		CHECK_SAY(&s, want, "ZCOUNT wm:{p3}:held:till-1 5 5");
		CHECK_SAY(&s, want, "ZCOUNT wm:{p3}:held:till-2 6 6");
	}
}

struct listed {
	bool done;
	int r;
	struct buf text;
};

static void listed_clear(struct listed *l)
{
	buf_release(&l->text);
	*l = (struct listed){.text = BUF_INIT};
}

static void on_marks(void *user, int r, const struct commit_mark *marks, size_t n)
{
	struct listed *l = user;

	l->done = true;
	l->r = r;
	for (size_t i = 0; i < n; i++) {
		buf_add_span(&l->text, marks[i].source);
		buf_add_char(&l->text, '=');
		buf_add_i64(&l->text, marks[i].at);
		buf_add_char(&l->text, ' ');
	}
}

static void on_held(void *user, int r, const struct span *customers, size_t n)
{
	struct listed *l = user;

	l->done = true;
	l->r = r;
	for (size_t i = 0; i < n; i++) {
		buf_add_span(&l->text, customers[i]);
		buf_add_char(&l->text, ' ');
	}
}

/* Watermarks as they were committed, whom they hold, and a log entry that is one. */
static void marks_and_held(void)
{
	_cleanup_(listed_clear) struct listed l = {.text = BUF_INIT};
	struct held_request request = {SPAN_LIT("till-3"), 1795289176000, 3, INT64_MIN};
	struct fetch_request next = {.max_entries = 10, .max_dues = 10};
	struct fetched f;

	STAGE(s, NULL);
	REQUIRE(s.store->ops->marks(s.store, 1, on_marks, &l) == 0);
	stage_turn(&s, &l.done);
	CHECK_INT(l.r, 0);
	CHECK_INT(l.text.len, 0);
	(void)stage_say(&s, "HSET wm:{p1}:marks till-3 1795289176000 till-4 -5");
	listed_clear(&l);
	REQUIRE(s.store->ops->marks(s.store, 1, on_marks, &l) == 0);
	stage_turn(&s, &l.done);
	CHECK_STR(buf_span(&l.text), "till-3=1795289176000 till-4=-5 ");
	(void)stage_say(&s, "ZADD wm:{p1}:held:till-3 1795289176001 late 1795289176000 exact 5 "
			    "early 6 b 7 c");
	(void)stage_say(&s, "ZADD wm:{p1}:held:till-4 5 other");
	listed_clear(&l);
	REQUIRE(s.store->ops->held(s.store, 1, &request, on_held, &l) == 0);
	stage_turn(&s, &l.done);
	CHECK_INT(l.r, 0);
	CHECK_STR(buf_span(&l.text), "early b c ");
	request.since = 6;
	listed_clear(&l);
	REQUIRE(s.store->ops->held(s.store, 1, &request, on_held, &l) == 0);
	stage_turn(&s, &l.done);
	CHECK_STR(buf_span(&l.text), "b c exact ");
	request.since = INT64_MIN;
	request.max = 9;
	listed_clear(&l);
	REQUIRE(s.store->ops->held(s.store, 1, &request, on_held, &l) == 0);
	stage_turn(&s, &l.done);
	CHECK_STR(buf_span(&l.text), "early b c exact ");
	(void)stage_say(&s, "XADD wm:{p1}:in 5-1 w till-3 t 1795289176000 m till-3/store");
	CHECK_INT(stage_fetch(&s, 1, &next, &f), 0);
	REQUIRE(f.n_entries == 1);
	CHECK_STR(f.entries[0].mark_source, "till-3");
	CHECK_STR(f.entries[0].mark_until, "1795289176000");
	CHECK_INT(f.entries[0].event.len, 0);
	(void)stage_say(&s, "HSET wm:{p1}:marks till-3 soon");
	listed_clear(&l);
	REQUIRE(s.store->ops->marks(s.store, 1, on_marks, &l) == 0);
	stage_turn(&s, &l.done);
	CHECK_INT(l.r, STORE_REFUSED);
	listed_clear(&l);
	REQUIRE(s.store->ops->held(s.store, 1, &request, on_held, &l) == 0);
	redis_refuse(s.redis, "told to");
	CHECK(l.done);
	CHECK_INT(l.r, STORE_UNKNOWN);
}

/* A key of another type: found before the first write. */
static void wrong_types(void)
{
	static const char *const keys[] = {"held:till-1", "marks"};
	const struct commit_hold hold = {SPAN_LIT("anna"), SPAN_LIT("till-1"), 5};
	const struct commit_mark mark = {SPAN_LIT("till-1"), 5};
	struct position p;
	struct commit c;

	STAGE(s, NULL);
	REQUIRE(stage_acquire(&s, 1, "w", &p) == 0);
	c = (struct commit){.from = p, .to = p, .holds = &hold, .marks = &mark};
	c.n_holds = c.n_marks = 1;
	c.to.seq++;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		(void)stage_say(&s, "SET wm:{p1}:%s x", keys[i]);
		CHECK_INT(stage_commit(&s, 1, &c), STORE_REFUSED);
		CHECK_SAY(&s, "\"0\"", "HGET wm:{p1}:pos seq");
		CHECK_SAY(&s, "0", "EXISTS wm:{p1}:%s", keys[1 - i]);
		(void)stage_say(&s, "DEL wm:{p1}:%s", keys[i]);
	}
	CHECK_INT(stage_commit(&s, 1, &c), 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"committed", committed},
		{"many of one source", many},
		{"asked for", marks_and_held},
		{"a key of another type", wrong_types},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
