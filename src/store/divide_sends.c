/* SPDX-License-Identifier: MIT */
/*
 * What counts for the caps of a side. A side that is folded by itself believes that it sent what it
 * decided to send; but what was sent is what the two sent as one. So a job that was made is known
 * to its side by the id that it has, and as what became of it; and one that nobody made was not
 * sent.
 *
 * And a number under which the two made a job is spent for the side whose name the job has, whether
 * that side by itself would have made it or not: whoever takes jobs would not take another one of
 * that id.
 */
#include "divide_parts.h"

#define ID_BYTES ((size_t)16)

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: TEXT is no id of a job. */
static bool read_id(struct span text, unsigned char ret_id[ID_BYTES])
{
	if (text.len != 2 * ID_BYTES)
		return false;
	for (size_t i = 0; i < ID_BYTES; i++) {
		int high = digit_of(text.ptr[2 * i]), low = digit_of(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_id[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct send *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return memcmp(x->job_id, y->job_id, ID_BYTES);
}

/* The job as F made it; NULL: it did not. */
static const struct folded_job *own_of(
	const struct divide *d, const struct fold *f, const struct divided_job *job)
{
	const struct folded_job *own = divide_find_job(f, job->id);
	const struct folded_job *was = own ? NULL : divide_find_job(&d->all, job->id);

	return was ? divide_find_like(f, was) : own;
}

static void settle(const struct divide *d, struct journey *j, const struct fold *f,
	const struct divided_job *job)
{
	const struct folded_job *own = own_of(d, f, job);
	unsigned char id[ID_BYTES], real[ID_BYTES];
	const struct send *known;
	struct send *send;

	if (!own || !read_id(own->id, id) || !read_id(job->id, real))
		return;
	send = journey_send(j, id);
	if (!send)
		return;
	if (!job->made) {
		send->state = SEND_RELEASED;
		return;
	}
	memcpy(send->job_id, real, ID_BYTES);
	known = journey_send(d->record.journey, real);
	if (known)
		send->state = known->state;
}

void divide_settle_sends(const struct divide *d, struct journey *j, const struct fold *f)
{
	const struct divided_job *jobs = d->jobs.list;

	for (size_t i = 0; i < d->jobs.n; i++)
		if (span_equal(jobs[i].side, f->customer))
			settle(d, j, f, &jobs[i]);
	if (j->n_sends > 1)
		qsort(j->sends, j->n_sends, sizeof(*j->sends), compare);
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* JOB's is spent for F's customer, J. */
static int settle_number(const struct divide *d, struct journey *j, const struct fold *f,
	const struct folded_job *job)
{
	const struct fold *others = f == &d->apart ? &d->alone : &d->apart;
	struct span name = job->subject.len ? job->subject : d->ask.customer;
	const struct spent_key key = {job->rule, job->key, job->epoch, job->fire_at};
	const struct rule *rule = rules_find(d->all.rules, job->rule);

	if (rule && rule->calendar)
		return span_equal(name, f->customer) && !divide_find_job(f, job->id)
			       ? spent_note_year(j, &key, job->episode)
			       : 0;
	if (span_equal(name, others->customer))
		return 0;
	/* Of somebody else who is one with either: whose is theirs. */
	if (!span_equal(name, f->customer) && divide_find_job(others, job->id))
		return 0;
	return spent_note(j, &key, span_equal(name, f->customer) ? SPAN_EMPTY : name, job->episode);
}

/* Who JOB is named after, as one of F's customer. */
static struct span name_of(
	const struct divide *d, const struct fold *f, const struct folded_job *job)
{
	struct span name = job->subject.len ? job->subject : d->ask.customer;

	return span_equal(name, f->customer) ? SPAN_EMPTY : name;
}

/* Did the two make a step that I, of F's customer, is still to make, under the same number? */
static bool is_made(const struct divide *d, const struct fold *f, const struct instance *i,
	const struct rule *rule)
{
	const struct folded_job *jobs = d->all.jobs.list;
	uint32_t number = spent_number(rule, i), way;

	for (size_t n = 0; n < d->all.jobs.n; n++)
		if (jobs[n].episode == number && jobs[n].epoch == i->epoch &&
			span_equal(jobs[n].rule, text_span(i->rule)) &&
			span_equal(jobs[n].key, text_span(i->key)) &&
			span_equal(name_of(d, f, &jobs[n]), text_span(i->subject)) &&
			divide_step_of(d, &jobs[n], &way) >= i->step)
			return true;
	return false;
}

/* Did the two make a job by which I's latest message goes another way, and that is not F's? */
static bool is_fallen(const struct divide *d, const struct fold *f, const struct instance *i)
{
	const struct folded_job *jobs = d->all.jobs.list;
	uint32_t number = spent_way(i), way;

	for (size_t n = 0; n < d->all.jobs.n; n++)
		if (jobs[n].episode == number && jobs[n].epoch == i->last_epoch &&
			span_equal(jobs[n].rule, text_span(i->rule)) &&
			span_equal(jobs[n].key, text_span(i->key)) &&
			span_equal(name_of(d, f, &jobs[n]), text_span(i->last_subject)) &&
			divide_step_of(d, &jobs[n], &way) == i->last_step && way > 0 &&
			!divide_find_job(f, jobs[n].id))
			return true;
	return false;
}

/* Where nothing was folded no job was made. */
static int renumber(const struct divide *d, struct journey *j, const struct fold *f)
{
	int r = 0;

	for (size_t n = 0; d->all.jobs.n > 0 && n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];
		const struct rule *rule = rules_find(d->all.rules, text_span(i->rule));

		if (rule && !rule->calendar && i->state == INSTANCE_ARMED && i->emitted > 0 &&
			is_made(d, f, i, rule))
			r = spent_again(i);
		if (r == 0 && rule && i->fallback && !i->fallback->over && is_fallen(d, f, i))
			r = spent_again_way(rule, i);
	}
	return r;
}

int divide_settle_numbers(const struct divide *d, struct journey *j, const struct fold *f)
{
	const struct folded_job *jobs = d->all.jobs.list;
	int r = 0;

	for (size_t i = 0; i < d->all.jobs.n && r == 0; i++)
		r = settle_number(d, j, f, &jobs[i]);
	return r == 0 ? renumber(d, j, f) : r;
}
