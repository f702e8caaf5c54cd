/* SPDX-License-Identifier: MIT */
/* Whose data set it is, and who owns a partition, on a real server. */
#include "redis_stage.h"

/* ---- data set --------------------------------------------------------------------------- */

struct verdict {
	bool done;
	int r;
	struct dataset dataset;
	char words[256];
};

static void on_verdict(void *user, int r, const struct dataset *d, const char *words)
{
	struct verdict *v = user;

	v->done = true;
	v->r = r;
	if (d)
		v->dataset = *d;
	(void)snprintf(v->words, sizeof(v->words), "%s", words);
}

static int check(struct redis_stage *s, const char *expected, struct verdict *v)
{
	*v = (struct verdict){.done = false};
	CHECK(dataset_check(s->redis, expected, on_verdict, v) == 0);
	stage_turn(s, &v->done);
	CHECK((v->r == 0) == (v->words[0] == '\0'));
	return v->r;
}

static int create(struct redis_stage *s, const char *id, uint32_t partitions, struct verdict *v)
{
	*v = (struct verdict){.done = false};
	CHECK(dataset_create(s->redis, id, partitions, on_verdict, v) == 0);
	stage_turn(s, &v->done);
	return v->r;
}

static void datasets(void)
{
	static const char other[] = "ffffffffffffffffffffffffffffffff";
	_cleanup_(stage_close) struct redis_stage s = {.loop = NULL};
	int opened = stage_open(&s, NULL, false);
	struct verdict v;

	if (opened == REDIS_FIXTURE_MISSING)
		SKIP("no redis-server");
	REQUIRE(opened == 0);
	CHECK_INT(check(&s, NULL, &v), DATASET_MISSING);
	CHECK_INT(check(&s, DATASET, &v), DATASET_MISSING);
	(void)stage_say(&s, "SET theirs 1");
	CHECK_INT(check(&s, NULL, &v), DATASET_FOREIGN);
	CHECK_INT(create(&s, DATASET, 16, &v), DATASET_FOREIGN);
	CHECK_SAY(&s, "[\"theirs\"]", "KEYS *");
	(void)stage_say(&s, "DEL theirs");

	CHECK_INT(create(&s, DATASET, 1024, &v), 0);
	CHECK_INT(v.dataset.partitions, 1024);
	CHECK_INT(check(&s, NULL, &v), 0);
	CHECK_INT(v.dataset.partitions, 1024);
	CHECK_STR(span_str(v.dataset.id), DATASET);
	CHECK_INT(check(&s, DATASET, &v), 0);
	CHECK_INT(check(&s, other, &v), DATASET_FOREIGN);
	CHECK_INT(create(&s, other, 16, &v), DATASET_FOREIGN);
	CHECK_SAY(&s, "1025", "DBSIZE");
	CHECK_SAY(
		&s, "[\"" DATASET "\" \"1024\" \"1\"]", "HMGET wm:meta dataset partitions format");
	CHECK_SAY(&s, "[\"0\" \"0\" \"0-0\" \"0\"]", "HMGET wm:{p1023}:pos epoch seq id clock");
	CHECK_SAY(&s, "13", "HSTRLEN wm:meta created_at");

	(void)stage_say(&s, "HSET wm:meta format 2");
	CHECK_INT(check(&s, DATASET, &v), DATASET_FORMAT);
	(void)stage_say(&s, "HSET wm:meta format 1 partitions 1025");
	CHECK_INT(check(&s, DATASET, &v), DATASET_FOREIGN);
	(void)stage_say(&s, "HSET wm:meta partitions 0");
	CHECK_INT(check(&s, DATASET, &v), DATASET_FOREIGN);
	(void)stage_say(&s, "HSET wm:meta partitions 16 dataset 0123456789ABCDEF0123456789abcdef");
	CHECK_INT(check(&s, NULL, &v), DATASET_FOREIGN);
	(void)stage_say(&s, "SET wm:meta x");
	CHECK_INT(check(&s, DATASET, &v), DATASET_FOREIGN);
	(void)stage_say(&s, "FLUSHALL");
	CHECK_INT(check(&s, DATASET, &v), DATASET_MISSING);
	redis_fixture_pause(&s.server);
	CHECK_INT(check(&s, DATASET, &v), DATASET_UNKNOWN);
	redis_fixture_resume(&s.server);
	CHECK_INT(dataset_check(s.redis, NULL, on_verdict, &v), -ENOTCONN);
}

/* ---- leases ----------------------------------------------------------------------------- */

static void leases(void)
{
	struct position p;

	STAGE(s, NULL);
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_INT(p.epoch, 1);
	CHECK_INT(p.seq, 0);
	CHECK_INT(p.id.ms, 0);
	CHECK_INT(p.clock, 0);
	CHECK_SAY(&s, "\"anna\"", "GET wm:{p1}:lease");
	CHECK_INT(stage_acquire(&s, 1, "bert", &p), LEASE_TAKEN);
	CHECK_SAY(&s, "\"1\"", "HGET wm:{p1}:pos epoch");
	/* Its own worker may take it again, after a restart: the epoch tells the lives apart. */
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_INT(p.epoch, 2);
	CHECK_INT(stage_renew(&s, 1, "bert", 1000), LEASE_LOST);
	CHECK_INT(stage_release(&s, 1, "bert"), LEASE_LOST);
	CHECK_SAY(&s, "\"anna\"", "GET wm:{p1}:lease");
	CHECK_INT(stage_renew(&s, 1, "anna", 50), 0);
	while (strcmp(stage_say(&s, "EXISTS wm:{p1}:lease"), "0") != 0)
		;
	CHECK_INT(stage_renew(&s, 1, "anna", 1000), LEASE_LOST);
	CHECK_INT(stage_acquire(&s, 1, "bert", &p), 0);
	CHECK_INT(p.epoch, 3);
	CHECK_INT(stage_release(&s, 1, "bert"), 0);
	CHECK_SAY(&s, "nil", "GET wm:{p1}:lease");
	CHECK_INT(stage_acquire(&s, 0, "bert", &p), 0);
	CHECK_INT(p.epoch, 1);
	redis_fixture_pause(&s.server);
	CHECK_INT(stage_acquire(&s, 2, "bert", &p), LEASE_UNKNOWN);
	redis_fixture_resume(&s.server);
	CHECK_INT(stage_acquire(&s, 2, "bert", &p), -ENOTCONN);
}

static void leases_of_another_world(void)
{
	struct position p;

	STAGE(s, NULL);
	/* The position has seen more than the log holds: an older log, or none. */
	(void)stage_say(&s, "HSET wm:{p1}:pos id 5-3");
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), LEASE_FOREIGN);
	(void)stage_say(&s, "XADD wm:{p1}:in 5-2 e 1");
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), LEASE_FOREIGN);
	CHECK_STR(span_str(redis_store_refusal(s.redis_store)),
		"FOREIGN the log ends at 5-2, before the position 5-3");
	(void)stage_say(&s, "XADD wm:{p1}:in 5-3 e 1");
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	/* A trimmed log has still come so far. */
	(void)stage_say(&s, "XTRIM wm:{p1}:in MAXLEN 0");
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_INT(p.epoch, 2);
	CHECK_INT(p.id.seq, 3);
	(void)stage_say(&s, "HSET wm:{p2}:pos id 5-three");
	CHECK_INT(stage_acquire(&s, 2, "anna", &p), LEASE_FOREIGN);
	(void)stage_say(&s, "FLUSHALL");
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), LEASE_FOREIGN);
	CHECK_SAY(&s, "0", "DBSIZE");
}

/* A worker's rules become an entry of the log, once, unless they are the first of all. */
static void leases_bring_rules(void)
{
	struct position p;

	STAGE(s, NULL);
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_INT(p.rules, 0);
	s.rules = 0xa1;
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_INT(p.rules, 0xa1);
	CHECK_SAY(&s, "0", "XLEN wm:{p1}:in");
	s.rules = 0xb2;
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_INT(p.rules, 0xa1);
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_SAY(&s, "1", "XLEN wm:{p1}:in");
	CHECK_SAY(&s, "[\"00000000000000a1\" \"00000000000000a1\" \"00000000000000b2\"]",
		"HMGET wm:{p1}:pos rules rules_first rules_last");
	s.rules = 0;
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), 0);
	CHECK_SAY(&s, "1", "XLEN wm:{p1}:in");
	/* Whoever does not get the lease changes nothing. */
	s.rules = 0xc3;
	CHECK_INT(stage_acquire(&s, 1, "bert", &p), LEASE_TAKEN);
	CHECK_SAY(&s, "1", "XLEN wm:{p1}:in");
	(void)stage_say(&s, "HSET wm:{p1}:pos rules nonsense");
	CHECK_INT(stage_acquire(&s, 1, "anna", &p), LEASE_FOREIGN);
}

struct count {
	bool done;
	int r;
	uint32_t n;
};

static void on_count(void *user, int r, uint32_t n)
{
	struct count *c = user;

	*c = (struct count){true, r, n};
}

static uint32_t announce(struct redis_stage *s, const char *worker, int64_t ttl_ms)
{
	struct count c = {.done = false};

	CHECK(workers_announce(s->redis_store, span_str(worker), ttl_ms, on_count, &c) == 0);
	stage_turn(s, &c.done);
	CHECK_INT(c.r, 0);
	return c.n;
}

static void workers(void)
{
	struct count c = {.done = false};

	STAGE(s, NULL);
	CHECK_INT(announce(&s, "anna", 60000), 1);
	CHECK_INT(announce(&s, "anna", 60000), 1);
	CHECK_INT(announce(&s, "bert", 60000), 2);
	CHECK_INT(announce(&s, "carl", 1), 3);
	while (announce(&s, "anna", 60000) != 2)
		;
	CHECK_SAY(&s, "[\"bert\" \"anna\"]", "ZRANGE wm:workers 0 -1");
	CHECK(workers_leave(s.redis_store, SPAN_LIT("bert"), on_count, &c) == 0);
	stage_turn(&s, &c.done);
	CHECK_INT(c.n, 1);
	CHECK_SAY(&s, "[\"anna\"]", "ZRANGE wm:workers 0 -1");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"data sets", datasets},
		{"leases", leases},
		{"leases bring rules", leases_bring_rules},
		{"leases of another world", leases_of_another_world},
		{"workers", workers},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
