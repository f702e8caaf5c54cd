/* SPDX-License-Identifier: MIT */
/*
 * Jobs of customers who have become part of others meanwhile, while their jobs are ready or leased:
 * whoever wants such a job gets it by what is known of the customer now.
 */
#include "codec/link.h"
#include "store/keys.h"

#include "desk_bench.h"

static void put(struct bench *b, uint32_t partition, struct span customer, struct span value)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	struct span args[] = {SPAN_LIT("SET"), SPAN_EMPTY, value};

	key_add_id(&key, partition, "c", customer);
	args[1] = buf_span(&key);
	CHECK_INT(redis_command(b->s.redis, NULL, NULL, args, ARRAY_SIZE(args)), 0);
}

/* CUSTOMER, who has heard of KNOWS, if that is anybody, as far as STATE says. */
static void put_state(struct bench *b, uint32_t partition, const char *customer, const char *knows,
	enum id_state state)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	CHECK_INT(record_init(&record, span_str(customer)), 0);
	record.journey->n_events = 1;
	if (knows) {
		struct customer_id *id = journey_add_id(record.journey, span_str(knows));

		REQUIRE(id != NULL);
		id->state = state;
	}
	CHECK_INT(record_encode(&record, &bytes), 0);
	put(b, partition, span_str(customer), buf_span(&bytes));
}

/* CUSTOMER, who knows that KNOWS is part of them. */
static void put_record(struct bench *b, uint32_t partition, const char *customer, const char *knows)
{
	put_state(b, partition, customer, knows, ID_LINKED);
}

static void put_link(
	struct bench *b, uint32_t partition, const char *from, const char *to, uint32_t there)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	const struct link link = {.to = span_str(to),
		.partition = there,
		.linked_at = START,
		.said_at = START,
		.frozen = SPAN_LIT("\002what was there")};

	link_encode(&link, &bytes);
	put(b, partition, span_str(from), buf_span(&bytes));
}

static void judged_as_the_one_they_are_now(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	put_record(&b, 2, "u1", "anna");
	put_link(&b, 1, "anna", "email:a@b.example", 3);
	put_link(&b, 3, "email:a@b.example", "u1", 2);
	l = lease_one(&b, "me");
	CHECK_STR(span_str(l.id), "j1");
	CHECK_STR(span_str(b.judged_as), "u1");
	/* What becomes of it is said to whom it was, and goes on from there. */
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_EVENTS(&b, 1, "job:j1:sent;");
}

/* The link is there, and what was known of them is still on its way: what would disprove the job
 * may be in it. */
static void not_while_they_are_on_their_way(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	emit(&b, 1, (struct spec){.id = "j2", .customer = "bert"});
	put_record(&b, 2, "u1", NULL);
	put_link(&b, 1, "anna", "u1", 2);
	CHECK_LEASE(&b, "me", 1, "j2", false);
	CHECK_SAY(&b.s, "[\"ready\" \"customer_moving\"]", "HMGET wm:{p1}:job:j1 s r");
	CHECK_EVENTS(&b, 1, "");
	/* To have asked for them is not to have heard of them. */
	put_state(&b, 2, "u1", "anna", ID_CLAIMED);
	b.desk.now += MS_SECOND;
	CHECK_LEASE(&b, "me", 1, "", false);
	put_record(&b, 2, "u1", "anna");
	CHECK_LEASE(&b, "me", 1, "", false);
	b.desk.now += MS_SECOND;
	CHECK_LEASE(&b, "me", 1, "j1", false);
	CHECK_STR(span_str(b.judged_as), "u1");
}

/* Leased before it happened: the lease goes on, and the worker takes the job back if it must. */
static void merged_while_it_is_leased(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	put_record(&b, 1, "anna", NULL);
	l = lease_one(&b, "me");
	CHECK_STR(span_str(b.judged_as), "anna");
	put_record(&b, 2, "u1", "anna");
	put_link(&b, 1, "anna", "u1", 2);
	CHECK_REPORT(&b, job_extend, &l, 0, "leased");
	take_back(&b, 1, "j1", true);
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_RETRACTED, "done");
	CHECK_SAY(&b.s, "[\"done\" \"1\"]", "HMGET wm:{p1}:job:j1 s late");
	/* And one that comes back is judged anew. */
	emit(&b, 1, (struct spec){.id = "j2"});
	l = lease_one(&b, "me");
	CHECK_REPORT(&b, job_fail, &l, 0, "ready");
	b.desk.now += MS_HOUR;
	(void)lease_one(&b, "me");
	CHECK_STR(span_str(b.judged_as), "u1");
}

/* They are the first that the other is heard of with. */
static void a_link_that_leads_nowhere_yet(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	put_link(&b, 1, "anna", "u1", 2);
	CHECK_LEASE(&b, "me", 1, "", false);
	CHECK_SAY(&b.s, "[\"ready\" \"customer_moving\"]", "HMGET wm:{p1}:job:j1 s r");
	put_record(&b, 2, "u1", "anna");
	b.desk.now += MS_SECOND;
	CHECK_LEASE(&b, "me", 1, "j1", false);
}

static const struct check_case cases[] = {
	{"judged as the one they are now", judged_as_the_one_they_are_now},
	{"not while they are on their way", not_while_they_are_on_their_way},
	{"merged while it is leased", merged_while_it_is_leased},
	{"a link that leads nowhere yet", a_link_that_leads_nowhere_yet},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
