/* SPDX-License-Identifier: MIT */
/* Sets of rules are brought once, kept a while, and stood in for where they cannot be had. */
#include "program/rule_shelf.h"

#include <unistd.h>

#include "../store/redis_stage.h"

struct bench {
	struct redis_stage s;
	struct rule_shelf *shelf;
	int ready; /* how often */
	bool said;
};

static void bench_close(struct bench *b)
{
	rule_shelf_free(b->shelf);
	stage_close(&b->s);
}

static int bench_open(struct bench *b)
{
	int r = stage_open(&b->s, NULL, false);

	if (r != 0)
		return r;
	CHECK_INT(rule_shelf_new(NULL, &b->shelf), 0);
	rule_shelf_set_redis(b->shelf, b->s.redis);
	return 0;
}

#define BENCH(B)                                                                                   \
	_cleanup_(bench_close) struct bench B = {.ready = 0};                                      \
	do {                                                                                       \
		int opened_ = bench_open(&(B));                                                    \
		if (opened_ == REDIS_FIXTURE_MISSING)                                              \
			SKIP("no redis-server");                                                   \
		REQUIRE(opened_ == 0);                                                             \
	} while (0)

static void on_ready(void *arg)
{
	struct bench *b = arg;

	b->ready++;
}

static void on_said(void *user, const struct redis_value *reply)
{
	struct bench *b = user;

	CHECK(reply && reply->type != REDIS_ERROR);
	b->said = true;
}

static void turn_until(struct bench *b, int ready)
{
	int64_t until = io_mono_now() + 20000;

	while (b->ready < ready && io_mono_now() < until)
		CHECK(loop_turn(b->s.loop, false) == 0);
	CHECK_INT(b->ready, ready);
}

/* A set whose one rule waits for so long, as a worker keeps it. Its digest. */
static uint64_t keep(struct bench *b, const char *wait)
{
	static struct file_problems problems;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char dir[] = "/tmp/waymark-rule-shelf-XXXXXX", path[64], name[RULES_DIGEST_SIZE];
	struct span args[] = {
		SPAN_LIT("HSET"), SPAN_LIT("wm:rules"), span_of(name, 16), SPAN_EMPTY};
	const struct rule_set_plan plan = {dir, "UTC", SPAN_EMPTY};
	struct rules *rules;
	uint64_t digest;
	FILE *f;

	CHECK(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	f = fopen(path, "w");
	CHECK(f);
	if (!f)
		return 0;
	(void)fprintf(f,
		"{\"id\":\"a\",\"class\":\"task\",\"arm\":[\"x\"],\"wait\":\"%s\","
		"\"channels\":[\"task\"]}",
		wait);
	CHECK_INT(fclose(f), 0);
	CHECK_INT(rule_set_compose(&plan, &problems, &text, &rules), 0);
	rules_free(rules);
	unlink(path);
	rmdir(dir);
	digest = rule_set_digest(buf_span(&text));
	rules_digest_format(digest, name);
	args[3] = buf_span(&text);
	b->said = false;
	CHECK_INT(redis_command(b->s.redis, on_said, b, args, ARRAY_SIZE(args)), 0);
	stage_turn(&b->s, &b->said);
	return digest;
}

static int have(struct bench *b, uint64_t digest)
{
	return rule_shelf_have(b->shelf, digest, on_ready, b);
}

static int64_t wait_of(struct bench *b, uint64_t digest)
{
	const struct rules *rules = rule_shelf_find(b->shelf, digest);

	return rules && rules->n == 1 ? rules->list[0].wait.span_ms : -1;
}

static void test_brought_once_for_all_who_ask(void)
{
	uint64_t one, two;

	BENCH(b);
	one = keep(&b, "1h");
	two = keep(&b, "2h");
	CHECK(one != two);
	CHECK_INT(have(&b, one), JOB_RULES_COMING);
	CHECK_INT(have(&b, two), JOB_RULES_COMING);
	CHECK_INT(have(&b, one), JOB_RULES_COMING);
	CHECK_INT(b.ready, 0);
	turn_until(&b, 3);
	CHECK_INT(have(&b, one), 0);
	CHECK_INT(wait_of(&b, one), MS_HOUR);
	CHECK_INT(wait_of(&b, two), 2 * MS_HOUR);
}

/* The fifth takes the place of the one that was asked for longest ago. */
static void test_the_last_few_are_kept(void)
{
	static const char *const waits[] = {"1h", "2h", "3h", "4h", "5h"};
	uint64_t digests[5];

	BENCH(b);
	_Static_assert(ARRAY_SIZE(waits) == RULE_SHELF_MAX + 1, "one more than there is room for");
	for (int i = 0; i < 5; i++)
		digests[i] = keep(&b, waits[i]);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(have(&b, digests[i]), JOB_RULES_COMING);
		turn_until(&b, i + 1);
	}
	CHECK_INT(have(&b, digests[0]), 0);
	CHECK_INT(have(&b, digests[4]), JOB_RULES_COMING);
	turn_until(&b, 5);
	CHECK_INT(have(&b, digests[0]), 0);
	CHECK_INT(have(&b, digests[2]), 0);
	CHECK_INT(have(&b, digests[1]), JOB_RULES_COMING);
	turn_until(&b, 6);
	CHECK_INT(wait_of(&b, digests[1]), 2 * MS_HOUR);
}

static void test_what_cannot_be_had_is_stood_in_for(void)
{
	struct rules *rules = NULL;
	uint64_t one;

	BENCH(b);
	one = keep(&b, "1h");
	CHECK_INT(have(&b, 0), -ENOENT);
	CHECK(!rule_shelf_find(b.shelf, 0));
	CHECK_INT(have(&b, 7), JOB_RULES_COMING);
	turn_until(&b, 1);
	CHECK_INT(have(&b, 7), -ENOENT);
	REQUIRE(rules_new(&rules) == 0);
	CHECK(!rule_shelf_has_stand_in(b.shelf));
	rule_shelf_stand_in(b.shelf, rules);
	CHECK(rule_shelf_has_stand_in(b.shelf));
	CHECK_INT(have(&b, 0), 0);
	CHECK_INT(have(&b, 7), 0);
	CHECK(rule_shelf_find(b.shelf, 7) == rules);
	/* Not for one that can be had. */
	CHECK_INT(have(&b, one), JOB_RULES_COMING);
	turn_until(&b, 2);
	CHECK_INT(wait_of(&b, one), MS_HOUR);
}

/* No answer says nothing of the set. */
static void test_a_lost_connection_is_no_answer(void)
{
	uint64_t one;

	BENCH(b);
	one = keep(&b, "1h");
	CHECK_INT(have(&b, one), JOB_RULES_COMING);
	redis_refuse(b.s.redis, "cut");
	turn_until(&b, 1);
	CHECK_INT(have(&b, one), -ENOTCONN);
	stage_wait_up(&b.s);
	CHECK_INT(have(&b, one), JOB_RULES_COMING);
	turn_until(&b, 2);
	CHECK_INT(have(&b, one), 0);
}

/* Answers that come after the shelf is gone are nobody's. */
static void test_gone_while_somebody_waits(void)
{
	uint64_t one;

	BENCH(b);
	one = keep(&b, "1h");
	CHECK_INT(have(&b, one), JOB_RULES_COMING);
	b.shelf = rule_shelf_free(b.shelf);
	(void)keep(&b, "2h");
	CHECK_INT(b.ready, 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"brought once for all who ask", test_brought_once_for_all_who_ask},
		{"the last few are kept", test_the_last_few_are_kept},
		{"what cannot be had is stood in for", test_what_cannot_be_had_is_stood_in_for},
		{"a lost connection is no answer", test_a_lost_connection_is_no_answer},
		{"gone while somebody waits", test_gone_while_somebody_waits},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
