/* SPDX-License-Identifier: MIT */
/*
 * Listing jobs, against a real server whose stream is written here by hand, in the form
 * that store/keys.h describes.
 */
#include "store/job_query.h"

#include "redis_stage.h"

struct answer {
	bool done;
	int r;
	size_t n;
	bool more;
	struct buf text; /* `id state,` of each entry; `-` before a retraction */
	char words[200];
};

static void on_page(void *user, int r, const struct job_page *page, const char *words)
{
	struct answer *a = user;

	a->done = true;
	a->r = r;
	(void)snprintf(a->words, sizeof(a->words), "%s", words);
	if (r != 0)
		return;
	a->n = page->n;
	a->more = page->more;
	for (size_t i = 0; i < page->n; i++) {
		const struct job_entry *e = &page->entries[i];

		buf_add_str(&a->text, e->json.len ? "" : "-");
		buf_add_span(&a->text, e->id);
		buf_add_char(&a->text, ' ');
		buf_add_span(&a->text, e->state);
		buf_add_char(&a->text, ',');
	}
}

static void answer_release(struct answer *a)
{
	buf_release(&a->text);
}

/* Asks, and takes the place of the answer before. */
static void ask(struct redis_stage *s, struct answer *a,
	int (*question)(struct redis *redis, const struct job_ask *ask), struct job_ask what)
{
	answer_release(a);
	*a = (struct answer){.r = -1};
	what.fn = on_page;
	what.user = a;
	CHECK_INT(question(s->redis, &what), 0);
	CHECK(!a->done);
	stage_turn(s, &a->done);
}

/* Job NAME at place AT of partition 2. */
static void emit(struct redis_stage *s, const char *at, const char *name)
{
	CHECK_SAY(s, "1", "HSETNX wm:{p2}:job:%s s ready", name);
	(void)stage_say(s, "XADD wm:{p2}:jobs %s id %s j {\"id\":\"%s\"}", at, name, name);
}

static void retract(struct redis_stage *s, const char *at, const char *name)
{
	(void)stage_say(s, "HSET wm:{p2}:job:%s s retracted", name);
	(void)stage_say(s, "XADD wm:{p2}:jobs %s id %s r disproved", at, name);
}

static void a_list_says_what_has_become_of_each(void)
{
	_cleanup_(answer_release) struct answer a = {.r = -1};

	STAGE(s, NULL);
	ask(&s, &a, job_list, (struct job_ask){.partition = 2, .max = 10});
	CHECK_INT(a.n, 0);
	CHECK(!a.more);
	emit(&s, "10-0", "a");
	emit(&s, "10-1", "b");
	emit(&s, "11-0", "c");
	retract(&s, "12-0", "b");
	ask(&s, &a, job_list, (struct job_ask){.partition = 2, .max = 10});
	CHECK_STR(buf_span(&a.text), "a ready,b retracted,c ready,-b retracted,");
	CHECK(!a.more);
	/* Exactly full: there may be more. */
	ask(&s, &a, job_list, (struct job_ask){.partition = 2, .max = 4});
	CHECK(a.more);
	ask(&s, &a, job_list,
		(struct job_ask){.partition = 2, .max = 2, .after = {.ms = 10, .seq = 1}});
	CHECK_STR(buf_span(&a.text), "c ready,-b retracted,");
	ask(&s, &a, job_list, (struct job_ask){.partition = 1, .max = 2});
	CHECK_INT(a.n, 0);
}

static void the_word_of_before_there_were_leases(void)
{
	_cleanup_(answer_release) struct answer a = {.r = -1};

	STAGE(s, NULL);
	emit(&s, "10-0", "a");
	(void)stage_say(&s, "HSET wm:{p2}:job:a s taken by me taken_at 5");
	ask(&s, &a, job_list, (struct job_ask){.partition = 2, .max = 10});
	CHECK_STR(buf_span(&a.text), "a done,");
}

static void what_is_no_answer_is_told(void)
{
	_cleanup_(answer_release) struct answer a = {.r = -1};
	struct answer pending = {.r = -1};
	struct job_ask question = {.partition = 2, .max = 5, .fn = on_page, .user = &pending};

	STAGE(s, NULL);
	(void)stage_say(&s, "SET wm:{p2}:jobs x");
	ask(&s, &a, job_list, (struct job_ask){.partition = 2, .max = 5});
	CHECK_INT(a.r, JOBS_REFUSED);
	CHECK(strstr(a.words, "WRONGTYPE") != NULL);
	(void)stage_say(&s, "DEL wm:{p2}:jobs");
	(void)stage_say(&s, "XADD wm:{p2}:jobs 1-0 x y");
	ask(&s, &a, job_list, (struct job_ask){.partition = 2, .max = 5});
	CHECK_INT(a.r, JOBS_CORRUPT);
	/* The connection goes while the question is under way. */
	CHECK_INT(job_list(s.redis, &question), 0);
	s.redis = redis_free(s.redis);
	CHECK(pending.done);
	CHECK_INT(pending.r, JOBS_UNKNOWN);
}

static void nobody_is_asked_when_redis_is_away(void)
{
	struct answer a = {.r = -1};
	struct job_ask question = {.partition = 2, .max = 5, .fn = on_page, .user = &a};

	STAGE(s, NULL);
	redis_fixture_kill(&s.server);
	for (int i = 0; i < 1000 && redis_is_up(s.redis); i++)
		REQUIRE(loop_turn(s.loop, true) == 0);
	CHECK_INT(job_list(s.redis, &question), -ENOTCONN);
	CHECK(!a.done);
}

static const struct check_case cases[] = {
	{"a list says what has become of each", a_list_says_what_has_become_of_each},
	{"the word of before there were leases", the_word_of_before_there_were_leases},
	{"what is no answer is told", what_is_no_answer_is_told},
	{"nobody is asked when Redis is away", nobody_is_asked_when_redis_is_away},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
