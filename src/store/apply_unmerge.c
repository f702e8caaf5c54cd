/* SPDX-License-Identifier: MIT */
/*
 * Taking apart what was made one. What each of the two is without the other was found by folding
 * their events again (divide.c), by whoever asks for it and not here, where it would take too long;
 * here it only takes the place of what stands. That is right as long as the customer is still what
 * it was made from, which its name (division_sum) tells; else nothing happens, and who asked makes
 * it anew.
 *
 *   UNMERGE at the customer W      W without L; L's side goes along with RESTORE
 *   RESTORE at the link L          a customer again
 *
 * Both are words in the log, each a part of one commit, and RESTORE is said once like any message.
 * What L's key forwards between the two, and what was on its way when they were taken apart, comes
 * to W by a path that names L, and goes back (applier_send_back), behind the RESTORE.
 */
#include "apply_impl.h"

#include "codec/division.h"
#include "core/link_rules.h"
#include "core/news.h"

static int mend(
	struct applier *a, enum mend_kind kind, struct span customer, struct span key, uint64_t n)
{
	struct commit_mend *one = list_add(&a->mends);

	if (!one)
		return -ENOMEM;
	*one = (struct commit_mend){kind, customer, key, n};
	return 0;
}

static int end_job(struct applier *a, const struct work *w, const struct division_job *job)
{
	struct commit_retract *retract = list_add(&a->retracts);

	if (!retract)
		return -ENOMEM;
	*retract = (struct commit_retract){.id = job->id,
		.reason = SPAN_LIT("unmerged"),
		.by = w->message->of,
		.at = (int64_t)w->entry.id.ms};
	return 0;
}

static int settle_jobs(struct applier *a, const struct work *w, const struct division *d)
{
	int r = 0;

	for (size_t i = 0; i < d->n_jobs && r == 0; i++) {
		const struct division_job *job = &d->jobs[i];

		if (job->fate == DIVISION_END)
			r = end_job(a, w, job);
		else
			r = mend(a, MEND_JOB, job->key, job->id,
				a->options.partitions > 0
					? partition_of(job->key, a->options.partitions)
					: 0);
	}
	return r;
}

/* What stands beside the record. */
static int put_beside(struct applier *a, const struct work *w, const struct division *d)
{
	struct span customer = w->cached->customer;
	int r = mend(a, MEND_CHUNKS, customer, SPAN_EMPTY, d->keep);

	for (size_t i = 0; i < d->n_chunks && r == 0; i++) {
		struct commit_value *chunk = list_add(&a->chunks);

		if (!chunk)
			return -ENOMEM;
		*chunk = (struct commit_value){customer, d->chunks[i]};
	}
	for (size_t i = 0; i < d->n_snapshots && r == 0; i++) {
		struct commit_snapshot *snapshot = list_add(&a->snapshots);

		if (!snapshot)
			return -ENOMEM;
		*snapshot = (struct commit_snapshot){
			customer, d->snapshots[i].of, d->snapshots[i].record};
	}
	return r == 0 ? settle_jobs(a, w, d) : r;
}

/* Of the two whoever waits for the site's news is held for it, and no longer both. */
static int follow_site(struct applier *a, const struct cached *c)
{
	const struct journey *j = c->record.journey;
	struct commit_hold *hold = list_add(&a->holds);
	bool holds = followed_site_holds(j, &a->marks, j->received_at);

	if (!hold)
		return -ENOMEM;
	*hold = (struct commit_hold){c->customer, NEWS_SITE, holds ? 0 : TIME_NEVER};
	return 0;
}

/* D's record in the place of what W's customer is. The timeline says so. */
static int replace(struct applier *a, const struct work *w, const struct division *d)
{
	const struct input heard = {.kind = INPUT_TICK};
	_cleanup_(record_release) struct record before = w->cached->record;
	struct cached *c = w->cached;
	int r;

	cached_unlink(c);
	c->record = RECORD_INIT;
	c->due_dirty = true;
	if (d->record.len > 0)
		r = record_decode(d->record, &c->record);
	else
		r = record_init(&c->record, c->customer);
	/* Who waits for the key goes on waiting. */
	if (r == 0)
		r = applier_take_waiting(c->record.journey, before.journey);
	if (r == 0)
		r = put_beside(a, w, d);
	if (r == 0)
		r = applier_touch(a, c);
	if (r == 0)
		r = applier_follow(a, c, before.journey, c->record.journey);
	if (r == 0)
		r = follow_site(a, c);
	if (r == 0 && c->record.journey->n_events > 0)
		r = applier_run_timers(a, w, (int64_t)w->entry.id.ms);
	effects_reset(&a->effects);
	if (r == 0)
		r = link_unmerged(c->record.journey, before.journey, w->message,
			int64_max((int64_t)w->entry.id.ms, c->record.journey->received_at),
			&a->effects);
	if (r != 0)
		return r > 0 ? -EINVAL : r;
	if (c->record.journey->n_events > 0)
		return applier_stepped(a, w, &heard);
	return 0; /* nobody has no timeline */
}

/* Two divisions, one behind the other: TO's and OF's. 0, DIVISION_CORRUPT or -ENOMEM. */
static int read_both(
	struct applier *a, const struct work *w, struct division *ret_stays, struct span *ret_goes)
{
	struct division goes;
	struct span rest = w->entry.record, stays;
	int r;

	if (span_take_block(&rest, &stays) != 0 || span_take_block(&rest, ret_goes) != 0 ||
		rest.len > 0)
		return DIVISION_CORRUPT;
	r = division_decode(stays, &a->arena, ret_stays);
	return r == 0 ? division_decode(*ret_goes, &a->arena, &goes) : r;
}

static int quarantine(struct applier *a, const struct work *w)
{
	return applier_quarantine(a, &w->entry, "bad_message",
		"what a customer would be without another cannot be read");
}

/* True if a division's record can be read: it takes the place of one that can. */
static bool is_sound(struct span record)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;

	return record.len == 0 || record_decode(record, &r) == 0;
}

static bool is_current(struct applier *a, const struct work *w, int *ret_r)
{
	char sum[DIVISION_SUM_SIZE];
	struct span now;

	*ret_r = 0;
	if (w->cached->link)
		return false;
	if (a->options.transient) {
		*ret_r = division_state(w->cached->record.journey, sum);
		return *ret_r == 0 && span_is(w->message->state, sum);
	}
	*ret_r = cached_encode(a, w->cached, &now);
	if (*ret_r == 0)
		*ret_r = division_sum(now, sum);
	return *ret_r == 0 && span_is(w->message->sum, sum);
}

static int restore_other(struct applier *a, const struct work *w, struct span goes)
{
	const struct cargo cargo = {.record = goes};
	struct message m = *w->message;

	m.kind = MESSAGE_RESTORE;
	m.to = w->message->of;
	m.of = w->cached->customer;
	return applier_say(a, &m, &cargo);
}

static bool is_note(const struct work *w)
{
	return w->entry.record.len == 0 || span_starts(w->entry.record, UNMERGE_NOTE);
}

/* What the note says is spent; who was nobody then is parted from nobody else. 0, -ENOMEM, or 1 if
 * it cannot be read. */
static int spend(struct applier *a, const struct work *w)
{
	struct journey *j = w->cached->record.journey;
	_cleanup_(record_release) struct record was = RECORD_INIT;
	struct span rest = w->entry.record, front = UNMERGE_NOTE;
	struct division own;
	int r;

	if (rest.len == 0)
		return 0;
	r = division_decode(span_of(rest.ptr + front.len, rest.len - front.len), &a->arena, &own);
	if (r == 0)
		r = applier_heard_apart(a, &own);
	while (r == 0 && own.record.len == 0 && j->n_events == 0 && j->n_apart > 0)
		journey_remove_apart(j, text_span(j->apart[0].key));
	if (r != 0 || own.record.len == 0)
		return r;
	r = record_decode(own.record, &was);
	return r == 0 && j->n_events > 0 ? spent_take(a->in_force, j, was.journey) : r;
}

/* W without what was merged, of which a replay knows that it was: only the note of it. */
static int on_note(struct applier *a, const struct work *w)
{
	const struct input heard = {.kind = INPUT_TICK};
	struct journey *j = w->cached->record.journey;
	int r;

	effects_reset(&a->effects);
	if (w->cached->link)
		return 0;
	r = spend(a, w);
	if (r != 0)
		return r < 0 ? r : quarantine(a, w);
	/* Who was a link meanwhile has said what waited to whom it led to. */
	if (w->message->kind == MESSAGE_RESTORE)
		r = applier_take_waiting(j, NULL);
	if (r == 0)
		r = link_unmerged(j, j, w->message,
			int64_max((int64_t)w->entry.id.ms, j->received_at), &a->effects);
	if (r == 0)
		r = applier_touch(a, w->cached);
	return r < 0 || j->n_events == 0 ? r : applier_stepped(a, w, &heard);
}

static int on_unmerge(struct applier *a, const struct work *w)
{
	struct division stays;
	struct span goes;
	int r;

	if (is_note(w))
		return on_note(a, w);
	if (!is_current(a, w, &r))
		return r;
	r = read_both(a, w, &stays, &goes);
	if (r > 0 || (r == 0 && !is_sound(stays.record)))
		return quarantine(a, w);
	/* Before anything that follows from what stays. */
	if (r == 0)
		r = restore_other(a, w, goes);
	if (r == 0)
		r = replace(a, w, &stays);
	if (r == 0)
		r = applier_stand_in(a, w, goes);
	if (r == 0)
		r = mend(a, MEND_SNAPSHOT, w->cached->customer, w->message->of, 0);
	if (r == 0)
		r = mend(a, MEND_ID, w->cached->customer, w->message->of, 0);
	return r;
}

static int on_restore(struct applier *a, const struct work *w)
{
	const struct link *link = w->cached->link;
	struct division own;
	int r;

	if (is_note(w))
		return on_note(a, w);
	if (!a->options.no_links && (!link || !span_equal(link->to, w->message->of) ||
					    link->linked_at != w->message->linked_at))
		return 0;
	r = division_decode(w->entry.record, &a->arena, &own);
	if (r > 0 || (r == 0 && !is_sound(own.record)))
		return quarantine(a, w);
	if (r == 0)
		r = replace(a, w, &own);
	return r == 0 ? applier_heard_apart(a, &own) : r;
}

int applier_unmerge(struct applier *a, const struct work *w)
{
	return w->message->kind == MESSAGE_UNMERGE ? on_unmerge(a, w) : on_restore(a, w);
}

int applier_send_back(struct applier *a, const struct work *w, struct span stray)
{
	const struct cargo cargo = {
		.event = w->entry.event, .meta = w->entry.meta, .record = w->entry.record};
	struct message m = *w->message;

	m.n_path = 0;
	while (!span_equal(m.path[m.n_path].key, stray))
		m.n_path++;
	/* One that was never anywhere else has come to itself. */
	if (m.n_path == 0 && (m.kind == MESSAGE_FORWARD || m.kind == MESSAGE_ASK))
		message_pass(&m, stray, 0);
	m.to = stray;
	if (m.kind == MESSAGE_FORWARD)
		a->commit.counters[COUNTER_FORWARDED]++;
	return applier_say(a, &m, &cargo);
}
