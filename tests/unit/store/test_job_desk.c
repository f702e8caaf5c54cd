/* SPDX-License-Identifier: MIT */
/*
 * Handing jobs over, against a real server: emitted and taken back by the worker's own commit, and
 * at instants that the test says. What is expected follows from triggers.md, sections 7, 8, 10, 16.
 */
#include "desk_bench.h"

/* ---- order ------------------------------------------------------------------------------- */

static void the_most_urgent_first(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "low1", .class = "low", .total = "900"});
	emit(&b, 1, (struct spec){.id = "med1", .class = "medium", .total = "10"});
	emit(&b, 2, (struct spec){.id = "high1", .class = "high", .total = "5"});
	emit(&b, 3, (struct spec){.id = "high2", .class = "high", .total = "50.5"});
	emit(&b, 1, (struct spec){.id = "high3", .class = "high", .total = "50.49"});
	emit(&b, 2, (struct spec){.id = "med2", .class = "medium", .total = "10"});
	CHECK_LEASE(&b, "me", 3, "high2 high3 high1", true);
	CHECK_LEASE(&b, "me", 5, "med1 med2 low1", false);
	CHECK_LEASE(&b, "me", 5, "", false);
}

/* L x I x value: 0.5 x 0.8 x 100 = 40 lies before 1 x 1 x 39 and behind 0.9 x 0.9 x 50 = 40.5. */
static void expected_loss_counts(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "b", .odds = "0.5", .impact = "0.8", .total = "100"});
	emit(&b, 1, (struct spec){.id = "c", .odds = "1", .impact = "1", .total = "39"});
	emit(&b, 1, (struct spec){.id = "a", .odds = "0.9", .impact = "0.9", .total = "50"});
	emit(&b, 1, (struct spec){.id = "d"});
	CHECK_LEASE(&b, "me", 10, "a b c d", false);
}

static void a_channel_has_a_queue_of_its_own(void)
{
	static const struct span sms[] = {{"sms", 3}, {"call", 4}};

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "m1", .class = "high"});
	emit(&b, 1, (struct spec){.id = "s1", .channel = "sms"});
	emit(&b, 1, (struct spec){.id = "p1", .channel = "push"});
	emit(&b, 2, (struct spec){.id = "c1", .channel = "call", .class = "high"});
	b.channels = sms;
	b.n_channels = 2;
	CHECK_LEASE(&b, "me", 10, "c1 s1", false);
	CHECK_LEASE(&b, "me", 10, "", false);
	b.n_channels = 0;
	CHECK_LEASE(&b, "me", 10, "m1 p1", false);
}

/* ---- a life ------------------------------------------------------------------------------ */

static void sent_and_said_so(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	CHECK_SAY(&b.s, "\"1\"", "HGET wm:{p1}:jobn marketing/ready");
	l = lease_one(&b, "me");
	CHECK_STR(span_str(l.id), "j1");
	CHECK_INT(l.until, b.desk.now + LEASE_MS);
	CHECK_INT(l.tries, 1);
	CHECK_SAY(&b.s, "[\"leased\" \"me\" \"1\"]", "HMGET wm:{p1}:job:j1 s by n");
	CHECK_SAY(&b.s, "[\"0\" \"1\"]", "HMGET wm:{p1}:jobn marketing/ready marketing/leased");
	CHECK_REPORT(&b, job_extend, &l, 0, "leased");
	b.desk.now += LEASE_MS - 1;
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_EVENTS(&b, 1, "job:j1:sent;");
	/* Said again after a lost answer: the same, and nothing is told twice. */
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_EVENTS(&b, 1, "job:j1:sent;");
	CHECK_REPORT(&b, job_extend, &l, JOB_DESK_LOST, "done");
	CHECK_REPORT(&b, job_fail, &l, JOB_DESK_LOST, "done");
	b.desk.now += MS_DAY;
	CHECK_LEASE(&b, "me", 10, "", false);
	CHECK_SAY(&b.s, "[\"0\" \"1\"]", "HMGET wm:{p1}:jobn marketing/leased marketing/done");
	CHECK_SAY(&b.s, "[]", "KEYS wm:{p1}:later");
	CHECK_SAY(&b.s, "[\"1\" \"1\"]", "HMGET wm:{p1}:day:2026-11-21 leased jobs_done");
}

static void the_event_says_what_was_sent(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1", .customer = "anon:a1", .channel = "sms"});
	l = lease_one(&b, "me");
	b.desk.now += 5;
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_STR(span_str(last_event(&b, 1)),
		"[\"e\" \"{\"type\":\"track\",\"event\":\"Notification "
		"Sent\",\"anonymousId\":\"a1\","
		"\"messageId\":\"job:j1:sent\",\"timestamp\":\"2026-11-21T19:26:16.005Z\","
		"\"properties\":{\"job_id\":\"j1\",\"rule\":\"cart\",\"step\":\"m1\","
		"\"key\":\"cart:C1\",\"class\":\"marketing\",\"channel\":\"sms\"}}\" \"m\" "
		"\"jobs/sms 1795289176005 -\"]");
}

static void what_fails_is_tried_again_and_given_up(void)
{
	struct lease first, l;

	BENCH(b);
	b.desk.max_tries = 3;
	emit(&b, 1, (struct spec){.id = "j1"});
	first = lease_one(&b, "me");
	CHECK_REPORT(&b, job_fail, &first, 0, "ready");
	CHECK_INT(b.said.at, b.desk.now + RETRY_MS);
	/* The same again does not put it off further. */
	b.desk.now += RETRY_MS - 1;
	CHECK_REPORT(&b, job_fail, &first, 0, "ready");
	CHECK_INT(b.said.at, b.desk.now + 1);
	CHECK_LEASE(&b, "me", 1, "", false);
	b.desk.now++;
	l = lease_one(&b, "other");
	CHECK_INT(l.tries, 2);
	CHECK_REPORT(&b, job_ack, &first, JOB_DESK_LOST, "leased");
	CHECK_REPORT(&b, job_fail, &l, 0, "ready");
	b.desk.now += RETRY_MS;
	l = lease_one(&b, "me");
	CHECK_EVENTS(&b, 1, "");
	CHECK_REPORT(&b, job_fail, &l, 0, "failed");
	CHECK_REPORT(&b, job_fail, &l, 0, "failed");
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_LOST, "failed");
	CHECK_EVENTS(&b, 1, "job:j1:failed;");
	CHECK_SAY(&b.s, "[\"failed\" \"no route\"]", "HMGET wm:{p1}:job:j1 s r");
	/* At once, if the consumer knows better. */
	emit(&b, 1, (struct spec){.id = "j2"});
	l = lease_one(&b, "me");
	b.final = true;
	CHECK_REPORT(&b, job_fail, &l, 0, "failed");
	b.desk.now += MS_DAY;
	CHECK_LEASE(&b, "me", 10, "", false);
}

/* kill -9 of a consumer, again and again: a job that kills whoever takes it is given up too. */
static void whoever_dies_loses_the_lease(void)
{
	struct lease first, second;

	BENCH(b);
	b.desk.max_tries = 2;
	emit(&b, 1, (struct spec){.id = "j1"});
	first = lease_one(&b, "dead");
	b.desk.now += LEASE_MS - 1;
	CHECK_LEASE(&b, "me", 10, "", false);
	b.desk.now++;
	second = lease_one(&b, "me");
	CHECK_STR(span_str(second.id), "j1");
	CHECK_LEASE(&b, "third", 10, "", false);
	CHECK_REPORT(&b, job_ack, &first, JOB_DESK_LOST, "leased");
	CHECK_REPORT(&b, job_extend, &first, JOB_DESK_LOST, "leased");
	CHECK_REPORT(&b, job_fail, &first, JOB_DESK_LOST, "leased");
	b.desk.now += LEASE_MS;
	CHECK_LEASE(&b, "third", 10, "", false);
	CHECK_SAY(&b.s, "[\"failed\" \"tries\"]", "HMGET wm:{p1}:job:j1 s r");
	CHECK_EVENTS(&b, 1, "job:j1:failed;");
	CHECK_SAY(&b.s, "\"2\"", "HGET wm:{p1}:day:2026-11-21 leases_ended");
}

/* Slow is not dead: nobody else has it, so what was sent is taken as sent. */
static void an_ack_after_the_end_of_the_lease_counts(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	emit(&b, 1, (struct spec){.id = "j2"});
	l = lease_one(&b, "slow");
	b.desk.now += INT64_C(2) * LEASE_MS;
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_LEASE(&b, "me", 10, "j2", false);
	/* And when it stands there ready once more. */
	b.desk.now += LEASE_MS;
	l = b.leased[0];
	b.no_judge = true;
	CHECK_LEASE(&b, "me", 10, "j2", false);
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_LOST, "leased");
	CHECK_REPORT(&b, job_ack, &b.leased[0], 0, "done");
	CHECK_EVENTS(&b, 1, "job:j1:sent;job:j2:sent;");
}

static void not_before_its_time_and_not_after_its_end(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1", .not_before = START + 1000});
	emit(&b, 1, (struct spec){.id = "j2", .valid_until = START + 1000});
	emit(&b, 1, (struct spec){.id = "j3", .valid_until = START + 1000, .class = "high"});
	b.desk.now = START + 999;
	CHECK_LEASE(&b, "me", 1, "j3", true);
	b.desk.now = START + 1000;
	CHECK_LEASE(&b, "me", 10, "j1", false);
	CHECK_SAY(&b.s, "[\"expired\" \"expired\"]", "HMGET wm:{p1}:job:j2 s r");
	CHECK_SAY(&b.s, "[\"leased\"]", "HMGET wm:{p1}:job:j3 s");
	CHECK_EVENTS(&b, 1, "job:j2:cancelled;");
	/* Its lease ends, and so has it. */
	b.desk.now += LEASE_MS;
	CHECK_LEASE(&b, "me", 10, "j1", false);
	CHECK_SAY(&b.s, "\"expired\"", "HGET wm:{p1}:job:j3 s");
	CHECK_SAY(&b.s, "[\"0\" \"1\" \"2\"]",
		"HMGET wm:{p1}:jobn marketing/ready marketing/leased marketing/expired");
}

/* ---- taken back -------------------------------------------------------------------------- */

static void late_disproof_of_what_is_ready(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	emit(&b, 1, (struct spec){.id = "j2", .not_before = START + 1000});
	take_back(&b, 1, "j1", true);
	take_back(&b, 1, "j2", true);
	b.desk.now += 2000;
	CHECK_LEASE(&b, "me", 10, "", false);
	CHECK_SAY(&b.s, "\"retracted\"", "HGET wm:{p1}:job:j1 s");
	CHECK_SAY(&b.s, "[\"0\" \"2\"]", "HMGET wm:{p1}:jobn marketing/ready marketing/retracted");
	CHECK_SAY(&b.s, "0", "HEXISTS wm:{p1}:day:2026-11-21 late_cancel_after_send");
	CHECK_SAY(&b.s, "[]", "KEYS wm:{p1}:later");
}

static void late_disproof_of_what_is_leased(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	l = lease_one(&b, "me");
	take_back(&b, 1, "j1", true);
	CHECK_SAY(&b.s, "\"retracting\"", "HGET wm:{p1}:job:j1 s");
	CHECK_REPORT(&b, job_extend, &l, JOB_DESK_RETRACTED, "retracted");
	/* It was out already. */
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_RETRACTED, "done");
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_RETRACTED, "done");
	CHECK_EVENTS(&b, 1, "job:j1:sent;");
	CHECK_SAY(&b.s, "[\"1\" \"1\"]",
		"HMGET wm:{p1}:day:2026-11-21 late_cancel_after_send late_cancel_after_send/cart");
	/* One that was disproved, but not by something that came in time, is nobody's fault. */
	emit(&b, 1, (struct spec){.id = "j2"});
	l = lease_one(&b, "me");
	take_back(&b, 1, "j2", false);
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_RETRACTED, "done");
	CHECK_SAY(&b.s, "\"1\"", "HGET wm:{p1}:day:2026-11-21 late_cancel_after_send");
	b.desk.now += MS_DAY;
	CHECK_LEASE(&b, "me", 10, "", false);
	CHECK_SAY(&b.s, "[\"2\" \"0\" \"0\"]",
		"HMGET wm:{p1}:jobn marketing/done marketing/leased marketing/retracting");
}

static void a_consumer_that_heard_of_it_lets_it_be(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	emit(&b, 1, (struct spec){.id = "j2"});
	l = lease_one(&b, "me");
	take_back(&b, 1, "j1", true);
	CHECK_REPORT(&b, job_fail, &l, JOB_DESK_RETRACTED, "retracted");
	CHECK_SAY(&b.s, "\"retracted\"", "HGET wm:{p1}:job:j1 s");
	/* Nobody reports: the end of the lease does it. */
	(void)lease_one(&b, "dead");
	take_back(&b, 1, "j2", true);
	b.desk.now += LEASE_MS;
	CHECK_LEASE(&b, "me", 10, "", false);
	CHECK_SAY(&b.s, "\"retracted\"", "HGET wm:{p1}:job:j2 s");
	CHECK_EVENTS(&b, 1, "");
	CHECK_SAY(&b.s, "0", "HEXISTS wm:{p1}:day:2026-11-21 late_cancel_after_send");
}

static void late_disproof_of_what_was_sent(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	l = lease_one(&b, "me");
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	take_back(&b, 1, "j1", true);
	CHECK_SAY(&b.s, "\"done\"", "HGET wm:{p1}:job:j1 s");
	CHECK_SAY(&b.s, "[\"1\" \"1\"]",
		"HMGET wm:{p1}:day:2026-11-21 late_cancel_after_send late_cancel_after_send/cart");
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
}

/* ---- the gates --------------------------------------------------------------------------- */

static void what_a_gate_refuses_is_cancelled_or_put_off(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "no", .class = "high"});
	emit(&b, 1, (struct spec){.id = "later"});
	emit(&b, 1, (struct spec){.id = "hush"});
	emit(&b, 1, (struct spec){.id = "way"});
	emit(&b, 1, (struct spec){.id = "yes", .class = "low"});
	b.until = START + 3600000;
	CHECK_LEASE(&b, "me", 10, "way yes", false);
	CHECK_STR(span_str(b.leased[0].channel), "sms");
	CHECK_SAY(&b.s, "[\"cancelled\" \"no_consent\"]", "HMGET wm:{p1}:job:no s r");
	CHECK_SAY(&b.s, "[\"ready\" \"quiet_hours\"]", "HMGET wm:{p1}:job:later s r");
	CHECK_EVENTS(&b, 1, "job:no:cancelled;job:later:deferred:1795292776000;");
	CHECK(strstr(last_event(&b, 1), "\"reason\":\"quiet_hours\",\"gate\":\"quiet\","
					"\"until\":\"2026-11-21T20:26:16.000Z\"}"));
	b.desk.now = b.until - 1;
	CHECK_LEASE(&b, "me", 10, "way yes", false); /* their leases have ended meanwhile */
	b.desk.now++;
	b.until = 0; /* now it may */
	CHECK_LEASE(&b, "me", 10, "later hush", false);
}

static void a_reroute_out_of_what_is_asked_for(void)
{
	static const struct span email[] = {{"email", 5}};

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "way"});
	b.channels = email;
	b.n_channels = 1;
	CHECK_LEASE(&b, "me", 10, "", false);
	b.n_channels = 0;
	CHECK_LEASE(&b, "me", 10, "way", false);
	CHECK_STR(span_str(b.leased[0].channel), "sms");
}

/* The worker commits the customer between the look and the lease: judged again, on what is so. */
static void a_record_that_changes_is_judged_again(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "moving"});
	b.changes = 2;
	CHECK_LEASE(&b, "me", 1, "moving", false);
	CHECK_INT(b.judged, 3);
	CHECK_INT(b.desk.rejudged, 2);
	/* Without end: it stays where it is, and nobody waits for ever. */
	emit(&b, 1, (struct spec){.id = "moving"});
	emit(&b, 1, (struct spec){.id = "moving2"});
	b.changes = 1000;
	CHECK_LEASE(&b, "me", 1, "", false);
	CHECK(b.judged < 40);
	b.changes = 0;
	CHECK_LEASE(&b, "me", 1, "moving2", false);
}

/* Each partition's position names the set in force there. */
static void judged_by_the_rules_of_its_partition(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	CHECK_LEASE(&b, "me", 1, "j1", false);
	CHECK_INT(b.ruled, 0);
	emit(&b, 1, (struct spec){.id = "j2"});
	emit(&b, 2, (struct spec){.id = "j3"});
	(void)stage_say(&b.s, "HSET wm:{p1}:pos rules 00000000000000ab");
	(void)stage_say(&b.s, "HSET wm:{p2}:pos rules 00000000000000cd");
	CHECK_LEASE(&b, "me", 1, "j2", true);
	CHECK_INT(b.ruled, 0xab);
	CHECK_LEASE(&b, "me", 1, "j3", false);
	CHECK_INT(b.ruled, 0xcd);
	/* They change while it is judged: then what was said of it is not done. */
	b.until = START + MS_HOUR;
	b.switch_to = "00000000000000ef";
	emit(&b, 1, (struct spec){.id = "later"});
	CHECK_LEASE(&b, "me", 1, "", false);
	CHECK_INT(b.judged, 2);
	CHECK_INT(b.desk.rejudged, 1);
	CHECK_INT(b.ruled, 0xef);
	b.switch_to = "00000000000000ff";
	emit(&b, 1, (struct spec){.id = "j4"});
	CHECK_LEASE(&b, "me", 1, "j4", false);
	CHECK_INT(b.judged, 2);
	CHECK_INT(b.ruled, 0xff);
}

static void rules_are_waited_for(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	emit(&b, 1, (struct spec){.id = "j2"});
	b.coming = 3;
	CHECK_LEASE(&b, "me", 1, "j1", true);
	CHECK_INT(b.judged, 1);
	CHECK_INT(b.coming, -1);
	/* Not for ever. */
	b.coming = 1000;
	CHECK_NO_LEASE(&b, JOB_DESK_AWAY);
	CHECK_INT(b.coming, 996);
	b.coming = 0;
	b.no_rules = -ENOENT;
	CHECK_NO_LEASE(&b, JOB_DESK_RULES);
	CHECK_INT(b.judged, 0);
	b.no_rules = 0;
	CHECK_LEASE(&b, "me", 1, "j2", false);
	/* What is over needs no judge. */
	emit(&b, 1, (struct spec){.id = "j3", .valid_until = START + 1});
	b.desk.now += MS_SECOND;
	b.no_rules = -ENOENT;
	CHECK_LEASE(&b, "me", 1, "", false);
	CHECK_SAY(&b.s, "\"expired\"", "HGET wm:{p1}:job:j3 s");
	CHECK_INT(b.desk.pending, 0);
}

static void what_cannot_be_read_stands_in_nobodys_way(void)
{
	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1", .customer = "broken", .class = "high"});
	emit(&b, 1, (struct spec){.id = "j2"});
	(void)stage_say(&b.s, "SET wm:{p1}:c:broken junk");
	CHECK_LEASE(&b, "me", 1, "j2", false);
	CHECK_SAY(&b.s, "[\"ready\" \"record_unreadable\"]", "HMGET wm:{p1}:job:j1 s r");
	CHECK_EVENTS(&b, 1, "");
}

/* ---- outcomes ---------------------------------------------------------------------------- */

static void outcomes_are_told_once_each(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 3, (struct spec){.id = "j1"});
	CHECK_OUTCOME(&b, "j1", JOB_FATE_DELIVERED, JOB_DESK_UNSENT);
	CHECK_STR(span_str(b.said.state), "ready");
	l = lease_one(&b, "me");
	/* A provider may be faster than its caller. */
	CHECK_OUTCOME(&b, "j1", JOB_FATE_DELIVERED, 0);
	CHECK(!b.said.again);
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_OUTCOME(&b, "j1", JOB_FATE_BOUNCED, 0);
	CHECK(strstr(last_event(&b, 3), "\"reason\":\"no route\",\"bounce\":\"hard\"}"));
	CHECK_OUTCOME(&b, "j1", JOB_FATE_UNSUBSCRIBED, 0);
	CHECK(strstr(last_event(&b, 3), "\"event\":\"Unsubscribed\""));
	b.desk.now += 7 * MS_DAY;
	CHECK_OUTCOME(&b, "j1", JOB_FATE_DELIVERED, 0);
	CHECK(b.said.again);
	CHECK_INT(b.said.at, START);
	CHECK_OUTCOME(&b, "nobody", JOB_FATE_OPENED, JOB_DESK_NONE);
	CHECK_EVENTS(&b, 3, "job:j1:delivered;job:j1:sent;job:j1:bounced;job:j1:unsubscribed;");
	CHECK_SAY(&b.s, "\"1\"", "HGET wm:{p3}:day:2026-11-21 outcome/delivered");
}

/* ---- staff ------------------------------------------------------------------------------ */

static void staff_cancel_what_was_not_sent(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1", .not_before = START + MS_HOUR});
	emit(&b, 1, (struct spec){.id = "j2"});
	emit(&b, 2, (struct spec){.id = "j3", .class = "low"});
	CHECK_CANCEL(&b, "j1", 0, "cancelled");
	CHECK_CANCEL(&b, "j1", 0, "cancelled");
	CHECK_CANCEL(&b, "nobody", JOB_DESK_NONE, "");
	CHECK_SAY(&b.s, "[\"cancelled\" \"not this one\"]", "HMGET wm:{p1}:job:j1 s r");
	CHECK_EVENTS(&b, 1, "job:j1:cancelled;");
	CHECK(strstr(last_event(&b, 1), "\"event\":\"Notification Cancelled\""));
	CHECK(strstr(last_event(&b, 1), "\"reason\":\"not this one\""));
	CHECK(strstr(last_event(&b, 1), "\"gate\":\"staff\""));
	CHECK_LEASE(&b, "me", 1, "j2", true);
	l = b.leased[0];
	/* Its consumer hears of it with the next word, and what was sent was sent. */
	CHECK_CANCEL(&b, "j2", 0, "retracting");
	CHECK_CANCEL(&b, "j2", 0, "retracting");
	CHECK_REPORT(&b, job_extend, &l, JOB_DESK_RETRACTED, "retracted");
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_RETRACTED, "done");
	CHECK_EVENTS(&b, 1, "job:j1:cancelled;job:j2:cancelled;job:j2:sent;");
	CHECK_CANCEL(&b, "j2", JOB_DESK_OVER, "done");
	CHECK_LEASE(&b, "me", 1, "j3", false);
	l = b.leased[0];
	CHECK_CANCEL(&b, "j3", 0, "retracting");
	b.desk.now += LEASE_MS;
	CHECK_LEASE(&b, "you", 9, "", false);
	CHECK_CANCEL(&b, "j3", JOB_DESK_OVER, "retracted");
	CHECK_SAY(&b.s, "\"2\"", "HGET wm:{p1}:day:2026-11-21 jobs_cancelled_by_staff");
	CHECK_SAY(&b.s, "\"1\"", "HGET wm:{p1}:jobn marketing/cancelled");
	CHECK_SAY(&b.s, "\"0\"", "HGET wm:{p1}:jobn marketing/ready");
	CHECK_SAY(&b.s, "0", "EXISTS wm:{p1}:later wm:{p1}:ready:email wm:{p1}:expiry");
}

/* ---- troubles ---------------------------------------------------------------------------- */

static void tokens_that_fit_nothing(void)
{
	static const char *const tokens[] = {
		"", "p1-", "p9-00", "x", "p1-0123456789abcdef", "p18446744073709551616-0", "p-1"};
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	(void)lease_one(&b, "me");
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		l = (struct lease){.id = "j1"};
		(void)snprintf(l.token, sizeof(l.token), "%s", tokens[i]);
		CHECK_REPORT(&b, job_ack, &l, JOB_DESK_LOST, "leased");
	}
	(void)snprintf(l.id, sizeof(l.id), "j9");
	CHECK_REPORT(&b, job_ack, &l, JOB_DESK_NONE, "");
}

/* Before the script, and after it and before the reply: nobody knows, so it is said again. */
static void no_answer_is_told(void)
{
	struct lease l;

	BENCH(b);
	emit(&b, 1, (struct spec){.id = "j1"});
	l = lease_one(&b, "me");
	start_report(&b, job_ack, &l);
	redis_refuse(b.s.redis, "cut");
	CHECK_INT(b.r, JOB_DESK_AWAY);
	CHECK_INT(job_lease(&b.desk,
			  &(struct job_lease_ask){
				  .max = 1, .lease_ms = LEASE_MS, .consumer = SPAN_LIT("me")}),
		-ENOTCONN);
	stage_wait_up(&b.s);
	CHECK_REPORT(&b, job_ack, &l, 0, "done");
	CHECK_EVENTS(&b, 1, "job:j1:sent;");
	/* A lease whose answer was lost is nobody's until it ends. */
	emit(&b, 1, (struct spec){.id = "j2"});
	(void)lease_one(&b, "lost");
	CHECK_LEASE(&b, "me", 10, "", false);
	b.desk.now += LEASE_MS;
	CHECK_LEASE(&b, "me", 10, "j2", false);
	CHECK_INT(b.desk.pending, 0);
}

/* Those of a data set that knew neither leases nor places. */
static void jobs_of_before_are_given_out_too(void)
{
	BENCH(b);
	for (int i = 1; i <= 450; i++) {
		(void)stage_say(&b.s, "HSET wm:{p2}:job:o%d s %s at %d-0 c anna", i,
			i % 3 == 0 ? "taken" : "ready", i);
		(void)stage_say(&b.s,
			"XADD wm:{p2}:jobs %d-0 id o%d j "
			"{\"id\":\"o%d\",\"customer\":\"anna\",\"channel\":\"email\","
			"\"priority\":{\"class\":\"%s\"}}",
			i, i, i, i == 400 ? "high" : "medium");
	}
	(void)stage_say(&b.s, "XADD wm:{p2}:jobs 451-0 id o449 r disproved");
	(void)stage_say(&b.s, "HSET wm:{p2}:job:o449 s retracted");
	(void)stage_say(&b.s, "SET wm:{p2}:taken 150-0");
	CHECK_LEASE(&b, "me", 2, "o151 o152", true); /* the first page of them */
	CHECK_LEASE(&b, "me", 2, "o400 o154", true);
	emit(&b, 2, (struct spec){.id = "new", .class = "high"});
	CHECK_LEASE(&b, "me", 1, "new", true);
	CHECK_SAY(&b.s, "\"all\"", "GET wm:{p2}:taken");
	CHECK_OUTCOME(&b, "o3", JOB_FATE_OPENED, 0);
	find(&b, "o3");
	CHECK_STR(span_str(b.said.state), "done");
}

static const struct check_case cases[] = {
	{"the most urgent first", the_most_urgent_first},
	{"expected loss counts", expected_loss_counts},
	{"a channel has a queue of its own", a_channel_has_a_queue_of_its_own},
	{"sent and said so", sent_and_said_so},
	{"the event says what was sent", the_event_says_what_was_sent},
	{"what fails is tried again and given up", what_fails_is_tried_again_and_given_up},
	{"whoever dies loses the lease", whoever_dies_loses_the_lease},
	{"an ack after the end of the lease counts", an_ack_after_the_end_of_the_lease_counts},
	{"not before its time and not after its end", not_before_its_time_and_not_after_its_end},
	{"late disproof of what is ready", late_disproof_of_what_is_ready},
	{"late disproof of what is leased", late_disproof_of_what_is_leased},
	{"a consumer that heard of it lets it be", a_consumer_that_heard_of_it_lets_it_be},
	{"late disproof of what was sent", late_disproof_of_what_was_sent},
	{"what a gate refuses is cancelled or put off",
		what_a_gate_refuses_is_cancelled_or_put_off},
	{"a reroute out of what is asked for", a_reroute_out_of_what_is_asked_for},
	{"a record that changes is judged again", a_record_that_changes_is_judged_again},
	{"judged by the rules of its partition", judged_by_the_rules_of_its_partition},
	{"rules are waited for", rules_are_waited_for},
	{"what cannot be read stands in nobody's way", what_cannot_be_read_stands_in_nobodys_way},
	{"outcomes are told once each", outcomes_are_told_once_each},
	{"staff cancel what was not sent", staff_cancel_what_was_not_sent},
	{"tokens that fit nothing", tokens_that_fit_nothing},
	{"no answer is told", no_answer_is_told},
	{"jobs of before are given out too", jobs_of_before_are_given_out_too},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
