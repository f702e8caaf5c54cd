/* SPDX-License-Identifier: MIT */
/*
 * Two consumers and a worker who take turns by chance, against a model of one job at a time. The
 * clock is the test's.
 */
#include "desk_bench.h"

#define CHANCE_JOBS  30
#define CHANCE_STEPS 700

struct model {
	bool emitted, back, done, over; /* over: failed or expired */
	int64_t until, not_before, valid_until;
	unsigned tries, acks;
	struct lease lease; /* the latest */
};

/* May it be leased? */
static bool is_free(const struct bench *b, const struct model *m)
{
	return m->emitted && !m->back && !m->done && !m->over && m->until <= b->desk.now &&
	       m->not_before <= b->desk.now;
}

static void chance_lease(struct bench *b, struct chance *c, struct model *jobs)
{
	size_t n = lease(b, chance_below(c, 2) ? "one" : "two", 1 + chance_below(c, 4));

	for (size_t i = 0; i < n; i++) {
		struct model *m = &jobs[atoi_of(b->leased[i].id + 1)];

		CHECK(is_free(b, m));
		CHECK(m->valid_until > b->desk.now);
		m->lease = b->leased[i];
		m->until = b->desk.now + LEASE_MS;
		m->tries++;
		CHECK_INT(m->lease.tries, m->tries);
	}
	/* What is worthless, also while it is put off, or was tried too often goes as soon as
	 * somebody looks. */
	for (size_t i = 0; i < CHANCE_JOBS; i++) {
		struct model *m = &jobs[i];
		bool worthless = m->valid_until <= b->desk.now && m->until <= b->desk.now;

		if (!m->emitted || m->back || m->done || m->over || !(worthless || is_free(b, m)))
			continue;
		m->over = state_is(b, 2, i, worthless ? "expired" : "failed");
	}
}

static void chance_report(struct bench *b, struct chance *c, struct model *m)
{
	size_t what = chance_below(c, 4);

	if (m->tries == 0)
		return;
	if (what == 0) {
		bool leased = !m->back && !m->done && !m->over && m->until > b->desk.now;

		report_on(b, job_extend, &m->lease);
		if (b->r == 0)
			m->until = b->desk.now + LEASE_MS;
		CHECK(b->r == 0 || !leased);
	} else if (what == 1) {
		report_on(b, job_fail, &m->lease);
		if (b->r == 0 && span_is(span_str(b->said.state), "failed"))
			m->over = true;
		else if (b->r == 0)
			m->not_before = b->said.at, m->until = b->desk.now;
		else
			CHECK(b->r == JOB_DESK_RETRACTED ? m->back : m->done || m->over);
	} else {
		report_on(b, job_ack, &m->lease);
		CHECK(b->r == 0 || b->r == (m->back ? JOB_DESK_RETRACTED : JOB_DESK_LOST));
		if (b->r != JOB_DESK_LOST) {
			m->acks += !m->done;
			m->done = true;
		} else {
			CHECK(m->over);
		}
	}
}

static void chance_emit(struct bench *b, struct chance *c, struct model *m, size_t i)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "j%zu", i);
	m->emitted = true;
	m->valid_until =
		chance_below(c, 3) ? TIME_NEVER : b->desk.now + (int64_t)chance_below(c, 60000);
	m->not_before =
		chance_below(c, 3) ? b->desk.now : b->desk.now + (int64_t)chance_below(c, 20000);
	emit(b, 2,
		(struct spec){.id = id,
			.valid_until = m->valid_until,
			.not_before = m->not_before,
			.class = chance_below(c, 2) ? "high" : "low"});
}

static void chance_step(struct bench *b, struct chance *c, struct model *jobs)
{
	size_t i = chance_below(c, CHANCE_JOBS), what = chance_below(c, 10);
	struct model *m = &jobs[i];
	char id[16];

	(void)snprintf(id, sizeof(id), "j%zu", i);
	if (what < 3) {
		chance_lease(b, c, jobs);
	} else if (what < 7) {
		chance_report(b, c, m);
	} else if (what == 7) {
		b->desk.now += (int64_t)chance_below(c, LEASE_MS);
	} else if (!m->emitted) {
		chance_emit(b, c, m, i);
	} else if (what == 9 && chance_below(c, 3) == 0 && !m->done && !m->over) {
		take_back(b, 2, id, true);
		m->back = true;
	}
}

/* Whatever two consumers and a worker do: no job is sent twice by who holds its lease, none is
 * given to two at a time, none is lost, and the counts are those of the states. */
static void any_interleaving(void)
{
	static struct model jobs[CHANCE_JOBS];
	struct chance c = chance_new();

	BENCH(b);
	b.desk.max_tries = 4;
	b.no_judge = true;
	memset(jobs, 0, sizeof(jobs));
	for (int i = 0; i < CHANCE_STEPS && check_failures == 0; i++)
		chance_step(&b, &c, jobs);
	/* All that is left is sent. */
	for (int i = 0; i < 20 && check_failures == 0; i++) {
		b.desk.now += LEASE_MS + RETRY_MS;
		chance_lease(&b, &c, jobs);
		for (size_t k = 0; k < b.n_leased; k++) {
			struct model *m = &jobs[atoi_of(b.leased[k].id + 1)];

			CHECK_REPORT(&b, job_ack, &b.leased[k], 0, "done");
			m->done = true;
			m->acks++;
		}
	}
	for (size_t i = 0; i < CHANCE_JOBS; i++) {
		const struct model *m = &jobs[i];

		CHECK(m->acks <= 1);
		CHECK(!m->emitted || m->done || m->back || m->over);
		CHECK_INT(count_sent(&b, 2, i), m->acks);
		CHECK(!m->done || state_is(&b, 2, i, "done"));
	}
	check_counts(&b, 2, CHANCE_JOBS);
}

static const struct check_case cases[] = {
	{"any interleaving", any_interleaving},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
