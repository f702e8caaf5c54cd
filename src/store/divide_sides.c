/* SPDX-License-Identifier: MIT */
/* What the other's own log would have had, whose the jobs are, and what each side is in the end. */
#include "divide_parts.h"

#include "codec/identifiers.h"
#include "codec/job_event.h"
#include "codec/message_json.h"

/* ---- the other's log --------------------------------------------------------------------- */

struct placed {
	struct log_entry entry;
	size_t n; /* the how-manyth it came */
};

struct other_log {
	struct divide *d;
	struct placed *entries;
	size_t n;
	uint64_t seq;	   /* of messages */
	uint64_t news_seq; /* of news */
};

static void add(struct other_log *l, const struct log_entry *e)
{
	l->entries[l->n] = (struct placed){*e, l->n};
	l->n++;
}

static int compare_placed(const void *a, const void *b)
{
	const struct placed *one = a, *other = b;
	int c = log_id_compare(one->entry.id, other->entry.id);

	return c ? c : one->n < other->n ? -1 : 1;
}

/* In order; two logs had the same number for what is one log now. 0 or -ENOMEM. */
static int put_in_order(struct other_log *l, struct log_entry **ret_entries)
{
	struct log_entry *entries = calloc(l->n + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	if (l->n > 1)
		qsort(l->entries, l->n, sizeof(*l->entries), compare_placed);
	for (size_t i = 0; i < l->n; i++) {
		const struct log_id *before = i > 0 ? &entries[i - 1].id : NULL;

		entries[i] = l->entries[i].entry;
		if (before && log_id_compare(*before, entries[i].id) >= 0)
			entries[i].id = (struct log_id){before->ms, before->seq + 1};
	}
	*ret_entries = entries;
	return 0;
}

/* As it was said to the key, before it went on from there: the N-th hop of its path. */
static int add_message(struct other_log *l, const struct kept *k, size_t n)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	struct log_entry e = k->entry;
	struct message m = *k->message;

	m.from = 0;
	m.seq = ++l->seq;
	m.to = l->d->ask.key;
	m.n_path = n;
	if (m.path[n].at.ms > 0)
		e.id = m.path[n].at;
	else if (m.kind == MESSAGE_FORWARD)
		e.id = m.at;
	if (m.kind == MESSAGE_MERGE)
		m.linked_at = m.path[n - 1].linked_at;
	message_json(&m, &head);
	e.message = arena_copy(&l->d->arena, buf_span(&head));
	if (buf_failed(&head) < 0 || !e.message.ptr)
		return -ENOMEM;
	add(l, &e);
	return 0;
}

static int add_through(struct other_log *l, const struct kept *k)
{
	const struct message *m = k->message;
	size_t n = 0;

	while (n < m->n_path && !span_equal(m->path[n].key, l->d->ask.key))
		n++;
	if (n == m->n_path || span_equal(m->of, l->d->ask.key))
		return 0;
	if (k->news && n == 0)
		return 0; /* the link heard it, where the other would have: divide_other_news */
	if (m->kind == MESSAGE_FORWARD && n == 0) {
		const struct log_entry e = {
			.id = m->at, .event = k->entry.event, .meta = k->entry.meta};

		add(l, &e);
		return 0;
	}
	return m->kind == MESSAGE_MERGE && n == 0 ? 0 : add_message(l, k, n);
}

/* News come from where nothing else does, so that they are in an order of their own. */
static int add_news(void *user, const struct kept *k)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	struct other_log *l = user;
	struct log_entry e = k->entry;
	struct message m = *k->message;

	m.from = 1;
	m.seq = ++l->news_seq;
	message_json(&m, &head);
	e.message = arena_copy(&l->d->arena, buf_span(&head));
	if (buf_failed(&head) < 0 || !e.message.ptr)
		return -ENOMEM;
	add(l, &e);
	return 0;
}

/* What stands before and behind the first PART of TEXT. */
static bool cut(struct span text, struct span part, struct span *ret_before, struct span *ret_after)
{
	for (size_t i = 0; i + part.len <= text.len; i++) {
		struct span rest = span_of(text.ptr + i, text.len - i);

		if (!span_starts(rest, part))
			continue;
		*ret_before = span_of(text.ptr, i);
		*ret_after = span_of(rest.ptr + part.len, rest.len - part.len);
		return true;
	}
	return false;
}

/* What became of a job names whom it was sent to then; we wrote it, so we know how. */
static int add_outcome(struct other_log *l, const struct kept *k)
{
	_cleanup_(buf_release) struct buf from = BUF_INIT, to = BUF_INIT, json = BUF_INIT;
	const struct divide_ask *ask = &l->d->ask;
	struct log_entry e = k->entry;
	struct span before, after;

	identifier_write(ask->identity, ask->customer, &from);
	identifier_write(ask->identity, ask->key, &to);
	if (buf_failed(&from) < 0 || buf_failed(&to) < 0)
		return -ENOMEM;
	if (!cut(e.event, buf_span(&from), &before, &after))
		return 0;
	buf_add_span(&json, before);
	buf_add_span(&json, buf_span(&to));
	buf_add_span(&json, after);
	e.event = arena_copy(&l->d->arena, buf_span(&json));
	if (buf_failed(&json) < 0 || !e.event.ptr)
		return -ENOMEM;
	add(l, &e);
	return 0;
}

int divide_other_log(struct divide *d, struct log_entry **ret_entries, size_t *ret_n)
{
	struct other_log l = {.d = d};
	const struct kept *kept = d->kept.list;
	int r = 0;

	l.entries = calloc(d->kept.n + d->news.n + 1, sizeof(*l.entries));
	if (!l.entries)
		return -ENOMEM;
	for (size_t i = d->joined; i < d->kept.n && r == 0; i++) {
		const struct kept *k = &kept[i];

		if (k->entry.mark_source.len > 0 || k->entry.rules.len > 0)
			add(&l, &k->entry);
		else if (k->other)
			r = add_outcome(&l, k);
		else if (kept_is_by(k, d->ask.key))
			r = add_through(&l, k);
	}
	if (r == 0)
		r = divide_other_news(d, &d->apart, add_news, &l);
	if (r == 0)
		r = put_in_order(&l, ret_entries);
	free(l.entries);
	*ret_n = l.n;
	return r;
}

/* ---- identifiers ------------------------------------------------------------------------- */

bool divide_claimed(const struct fold *fold, struct span key, const struct log_id *but)
{
	_cleanup_(record_release) struct record base = RECORD_INIT;
	const struct folded_word *words = fold->words.list;
	enum id_state state;

	for (size_t i = 0; i < fold->words.n; i++)
		if (words[i].kind == MESSAGE_CLAIM && span_equal(words[i].to, key) &&
			!(but && log_id_compare(words[i].id, *but) == 0))
			return true;
	return fold->base.len > 0 && record_decode(fold->base, &base) == 0 &&
	       journey_knows_id(base.journey, key, &state);
}

/* ---- jobs -------------------------------------------------------------------------------- */

const struct folded_job *divide_find_job(const struct fold *f, struct span id)
{
	const struct folded_job *jobs = f->jobs.list;

	for (size_t i = 0; i < f->jobs.n; i++)
		if (span_equal(jobs[i].id, id))
			return &jobs[i];
	return NULL;
}

const struct folded_job *divide_find_like(const struct fold *f, const struct folded_job *job)
{
	const struct folded_job *jobs = f->jobs.list;

	for (size_t i = 0; i < f->jobs.n; i++)
		if (span_equal(jobs[i].rule, job->rule) && span_equal(jobs[i].key, job->key) &&
			span_equal(jobs[i].step, job->step) && jobs[i].epoch == job->epoch &&
			jobs[i].episode == job->episode)
			return &jobs[i];
	return NULL;
}

static bool is_sent(const struct folded_job *job)
{
	return job && !job->retracted;
}

static int note_job(struct divide *d, const struct folded_job *job, struct span side, bool made)
{
	struct divided_job *note = items_add(&d->jobs, sizeof(*note));

	if (!note)
		return -ENOMEM;
	*note = (struct divided_job){job->id, job->rule, job->key, side, job->fire_at, made};
	return 0;
}

static int move_job(struct divide *d, const struct folded_job *job, enum division_fate fate)
{
	struct division_job *own = items_add(&d->own_jobs, sizeof(*own));

	if (!own)
		return -ENOMEM;
	*own = (struct division_job){
		job->id, fate == DIVISION_MOVE ? d->ask.key : SPAN_EMPTY, fate};
	return 0;
}

uint32_t divide_step_of(const struct divide *d, const struct folded_job *job, uint32_t *ret_way)
{
	const struct rule *rule = rules_find(d->all.rules, job->rule);
	const char *at = job->step.len ? memchr(job->step.ptr, '@', job->step.len) : NULL;
	struct span step = job->step;

	*ret_way = 0;
	if (at) {
		step.len = (size_t)(at - step.ptr);
		*ret_way =
			1 + (uint32_t)job_channel_of(span_of(at + 1, job->step.len - step.len - 1));
	}
	for (uint32_t i = 0; rule && i < rule->n_steps; i++)
		if (span_equal(rule->steps[i].id, step))
			return i;
	return 0;
}

static int sort_job(struct divide *d, const struct folded_job *job)
{
	const struct folded_job *theirs = divide_find_job(&d->apart, job->id);
	bool moves;
	int r;

	if (is_sent(divide_find_job(&d->alone, job->id)))
		return note_job(d, job, d->ask.customer, true);
	if (!theirs)
		theirs = divide_find_like(&d->apart, job);
	moves = is_sent(theirs);
	r = move_job(d, job, moves ? DIVISION_MOVE : DIVISION_END);
	return r < 0 ? r : note_job(d, job, moves ? d->ask.key : SPAN_EMPTY, true);
}

/* What became of JOB of F when the two were one; NULL: it was not made, or one like it is the other
 * side's. */
static const struct folded_job *made_of(
	const struct divide *d, const struct fold *f, const struct folded_job *job)
{
	const struct folded_job *was = divide_find_job(&d->all, job->id);

	if (was || f == &d->alone)
		return was;
	was = divide_find_like(&d->all, job);
	return was && is_sent(divide_find_job(&d->alone, was->id)) ? NULL : was;
}

/* What F would have sent, and nobody has. */
static int note_unmade(struct divide *d, const struct fold *f)
{
	const struct folded_job *jobs = f->jobs.list;
	int r = 0;

	for (size_t i = 0; i < f->jobs.n && r == 0; i++) {
		if (is_sent(&jobs[i]) && !is_sent(made_of(d, f, &jobs[i])))
			r = note_job(d, &jobs[i], f->customer, false);
	}
	return r;
}

/* `job:ID:what` */
static struct span job_of(struct span message_id)
{
	struct span front = SPAN_LIT("job:"), id;
	const char *end;

	if (!span_starts(message_id, front))
		return SPAN_EMPTY;
	id = span_of(message_id.ptr + front.len, message_id.len - front.len);
	end = memchr(id.ptr, ':', id.len);
	return end ? span_of(id.ptr, (size_t)(end - id.ptr)) : SPAN_EMPTY;
}

static int sort_outcomes(struct divide *d)
{
	const struct division_job *jobs = d->own_jobs.list;
	struct kept *kept = d->kept.list;
	int r = 0;

	for (size_t i = d->joined; i < d->kept.n && d->own_jobs.n > 0 && r >= 0; i++) {
		struct event event;
		struct span id = SPAN_EMPTY;

		if (kept[i].message || kept[i].entry.event.len == 0)
			continue;
		r = divide_decode(d, &kept[i].entry, &event);
		if (r == 0 && span_is(event.source, JOB_SOURCE))
			id = job_of(event.message_id);
		for (size_t k = 0; k < d->own_jobs.n && id.len > 0; k++)
			kept[i].other = kept[i].other || (span_equal(jobs[k].id, id) &&
								 jobs[k].fate == DIVISION_MOVE);
		d->outcomes = d->outcomes || kept[i].other;
		arena_reset(&d->scratch);
	}
	return r < 0 ? r : 0;
}

int divide_sort_jobs(struct divide *d)
{
	const struct folded_job *jobs = d->all.jobs.list;
	int r = 0;

	for (size_t i = 0; i < d->all.jobs.n && r == 0; i++)
		if (is_sent(&jobs[i]))
			r = sort_job(d, &jobs[i]);
	if (r == 0)
		r = note_unmade(d, &d->alone);
	if (r == 0)
		r = note_unmade(d, &d->apart);
	return r < 0 ? r : sort_outcomes(d);
}

/* ---- the other, in the end --------------------------------------------------------------- */

/* The job lies where the customer is, under the name that it got there. */
static int lay(const struct divide *d, const struct folded_job *job, struct text *subject,
	struct text *home)
{
	struct span name = job->subject.len ? job->subject : d->ask.customer;

	if (span_equal(name, d->ask.key))
		name = SPAN_EMPTY;
	if (text_set(subject, name) < 0 || text_set(home, d->ask.customer) < 0)
		return -ENOMEM;
	return 0;
}

/* Is M the OTHER's job? */
static bool is_job(const struct divide *d, const struct emission *m, const struct folded_job *job)
{
	uint32_t way, step = divide_step_of(d, job, &way);

	return m->deadline_at != INT64_MIN && m->epoch == job->epoch &&
	       spent_by(m) == job->episode && m->step == step && m->way == way &&
	       span_equal(text_span(m->subject), job->subject);
}

/* JOB as it was made, in the place of what the other has instead. */
static int lay_job(const struct divide *d, struct journey *j, const struct folded_job *job)
{
	const struct folded_job *own = divide_find_job(&d->apart, job->id);

	if (!own)
		own = divide_find_like(&d->apart, job);

	for (size_t i = 0; own && i < j->n_instances; i++) {
		struct instance *in = &j->instances[i];
		struct emission last;

		if (!span_equal(text_span(in->rule), job->rule) ||
			!span_equal(text_span(in->key), job->key))
			continue;
		last = (struct emission){.epoch = in->last_epoch,
			.episode = in->last_episode,
			.step = in->last_step,
			.number = in->last_number,
			.deadline_at = in->last_deadline_at,
			.way = in->last_way,
			.subject = in->last_subject};
		if (is_job(d, &last, own))
			return lay(d, job, &in->last_subject, &in->home);
		for (uint32_t k = 0; k < in->n_earlier; k++)
			if (is_job(d, &in->earlier[k], own))
				return lay(d, job, &in->earlier[k].subject, &in->earlier[k].home);
	}
	return 0;
}

void divide_forget(struct journey *j, struct span key)
{
	const struct customer_id *id = journey_id(j, key);

	if (id)
		journey_remove_id(j, (size_t)(id - j->ids));
	else
		journey_unmark_id(j, key);
}

static bool is_asked(const struct journey *j, struct span key)
{
	enum id_state state;

	return j && journey_knows_id(j, key, &state) && state == ID_CLAIMED;
}

/*
 * What J, whom F led to, asked for in the fold alone nobody answers, nor what had been asked for
 * when they became one and led just to that; it is asked for again if somebody says it again. What
 * ASKED still waits for (NULL: nothing) is answered to J; an answer that comes late to the other is
 * heard all the same.
 */
static void forget_claims(const struct fold *f, struct journey *j, const struct journey *asked)
{
	const struct folded_word *words = f->words.list;

	for (size_t i = j->n_ids; i-- > 0;)
		if (j->ids[i].state == ID_CLAIMED && !is_asked(asked, text_span(j->ids[i].key)))
			journey_remove_id(j, i);
	/* And those that have marks only. */
	for (size_t i = 0; i < f->words.n; i++)
		if (words[i].kind == MESSAGE_CLAIM && is_asked(j, words[i].to) &&
			!is_asked(asked, words[i].to))
			divide_forget(j, words[i].to);
}

int divide_encode(struct divide *d, const struct record *record, struct span *ret_bytes)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	int r = record_encode(record, &bytes);

	if (r < 0)
		return r;
	*ret_bytes = arena_copy(&d->arena, buf_span(&bytes));
	return ret_bytes->ptr ? 0 : -ENOMEM;
}

static int finish_other(struct divide *d, struct span *ret_record)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	const struct division_job *own = d->own_jobs.list;
	int r;

	*ret_record = SPAN_EMPTY;
	if (d->apart.record.len == 0)
		return 0;
	r = record_decode(d->apart.record, &record);
	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	for (size_t i = 0; i < d->own_jobs.n && r == 0; i++)
		if (own[i].fate == DIVISION_MOVE)
			r = lay_job(d, record.journey, divide_find_job(&d->all, own[i].id));
	divide_settle_sends(d, record.journey, &d->apart);
	if (r == 0)
		r = divide_settle_numbers(d, record.journey, &d->apart);
	forget_claims(&d->apart, record.journey, NULL);
	return r < 0 ? r : divide_encode(d, &record, ret_record);
}

/* ---- results ----------------------------------------------------------------------------- */

static int n_chunks_of(struct span bytes, uint32_t *ret_n)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r = bytes.len > 0 ? record_decode(bytes, &record) : 0;

	*ret_n = record.n_chunks;
	return r > 0 ? -EBADMSG : r;
}

static int side_of(const struct fold *f, struct span record, struct division *ret_side)
{
	*ret_side = (struct division){.record = record,
		.chunks = f->chunks.list,
		.n_chunks = f->chunks.n,
		.snapshots = f->snapshots.list,
		.n_snapshots = f->snapshots.n};
	return n_chunks_of(f->base, &ret_side->keep);
}

/* The customer goes on without the name. */
static int finish_customer(struct divide *d, struct span bytes, struct span *ret_record)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r;

	*ret_record = SPAN_EMPTY;
	if (bytes.len == 0)
		return 0;
	r = record_decode(bytes, &record);
	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	divide_settle_sends(d, record.journey, &d->alone);
	forget_claims(&d->alone, record.journey, d->record.journey);
	divide_forget(record.journey, d->ask.key);
	r = divide_settle_numbers(d, record.journey, &d->alone);
	if (r < 0)
		return r;
	return divide_encode(d, &record, ret_record);
}

int divide_results(struct divide *d, struct divided *out)
{
	struct span own, other = SPAN_EMPTY;
	int r = finish_customer(d, d->alone.record, &own);

	if (r == 0)
		r = finish_other(d, &other);
	if (r == 0)
		r = side_of(&d->alone, own, &out->stays);
	if (r == 0)
		r = side_of(&d->apart, other, &out->goes);
	if (r == 0)
		r = divide_note_heard(d, &out->goes);
	out->stays.jobs = d->own_jobs.list;
	out->stays.n_jobs = d->own_jobs.n;
	out->jobs = d->jobs.list;
	out->n_jobs = d->jobs.n;
	return r;
}

int divide_name_only(struct divide *d, struct divided *out)
{
	int r = finish_customer(d, d->ask.record, &out->stays.record);

	return r < 0 ? r : n_chunks_of(d->ask.record, &out->stays.keep);
}
