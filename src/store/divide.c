/* SPDX-License-Identifier: MIT */
/*
 * Which entry is whose, and the folds.
 *
 *	all     the customer from before the other joined on, with everything: the check
 *	apart   the key from what was frozen on, with what came by it
 *	alone   the customer without that
 *
 * An entry came by the key if the key stands on its path, or if it is about the key. What came by
 * another key that was taken out again since, before it was, is in neither.
 */
#include "divide_parts.h"

#include "codec/message_json.h"
#include "core/message.h"
#include "core/news.h"
#include "store/log_origin.h"

int divide_new(const struct divide_ask *ask, struct divide **ret_divide)
{
	static const uint64_t seed[2] = {0x64697669, 0x64653f21};
	struct divide *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->ask = *ask;
	d->record = RECORD_INIT;
	seen_init(&d->seen);
	map_init(&d->followed, seed);
	map_init(&d->there, seed);
	arena_init(&d->arena);
	arena_init(&d->scratch);
	r = divide_follow_bases(d);
	if (r < 0)
		divide_free(d);
	else
		*ret_divide = d;
	return r;
}

struct divide *divide_free(struct divide *d)
{
	if (!d)
		return NULL;
	record_release(&d->record);
	fold_release(&d->all);
	fold_release(&d->since);
	fold_release(&d->apart);
	fold_release(&d->alone);
	free(d->kept.list);
	free(d->news.list);
	free(d->things.list);
	map_release(&d->followed);
	map_release(&d->there);
	free(d->heard_marks.list);
	free(d->partings.list);
	free(d->jobs.list);
	free(d->own_jobs.list);
	seen_release(&d->seen);
	arena_release(&d->arena);
	arena_release(&d->scratch);
	free(d);
	return NULL;
}

void divide_freep(struct divide **d)
{
	*d = divide_free(*d);
}

/* ---- what is kept ------------------------------------------------------------------------ */

static struct span keep(struct divide *d, struct span s, bool *failed)
{
	struct span copy = s.len > 0 ? arena_copy(&d->arena, s) : SPAN_EMPTY;

	*failed = *failed || (s.len > 0 && !copy.ptr);
	return copy;
}

int divide_keep_entry(struct divide *d, struct items *list, const struct log_entry *e)
{
	struct kept *k = items_add(list, sizeof(*k));
	bool failed = false;

	if (!k)
		return -ENOMEM;
	k->entry = (struct log_entry){.id = e->id,
		.event = keep(d, e->event, &failed),
		.meta = keep(d, e->meta, &failed),
		.mark_source = keep(d, e->mark_source, &failed),
		.mark_until = keep(d, e->mark_until, &failed),
		.rules = keep(d, e->rules, &failed),
		.message = keep(d, e->message, &failed),
		.record = keep(d, e->record, &failed)};
	if (failed || e->message.len == 0)
		return failed ? -ENOMEM : 0;
	k->message = arena_calloc(&d->arena, 1, sizeof(*k->message));
	if (!k->message)
		return -ENOMEM;
	return message_parse(k->entry.message, &d->arena, k->message) < 0 ? -ENOMEM : 0;
}

static int keep_message(struct divide *d, const struct log_entry *e)
{
	int r = divide_keep_entry(d, &d->kept, e);
	struct event event;
	struct kept *k;

	if (r < 0)
		return r;
	k = (struct kept *)d->kept.list + d->kept.n - 1;
	if (e->record.len > 0)
		return divide_note_record(d, k);
	r = k->message->kind == MESSAGE_FORWARD ? divide_decode(d, e, &event) : EVENT_BAD;
	if (r != 0)
		return r < 0 ? r : 0;
	k->news = news_is_key(event.customer);
	k->content = event.content;
	return k->news ? 0 : divide_note_products(d, &event);
}

static int feed_message(struct divide *d, const struct log_entry *e)
{
	struct message m;
	int r = message_parse(e->message, &d->scratch, &m);

	if (r < 0)
		return r;
	if (r > 0 || (m.from >= PARTITIONS_MAX && m.from != MESSAGE_FROM_STAFF))
		return 0;
	if (m.from != MESSAGE_FROM_STAFF) {
		if (m.seq <= d->heard[m.from])
			return 0;
		d->heard[m.from] = m.seq;
	}
	if (m.kind == MESSAGE_NEWS)
		return divide_keep_news(d, &d->kept, e, &m);
	return span_equal(m.to, d->ask.customer) ? keep_message(d, e) : 0;
}

int divide_decode(struct divide *d, const struct log_entry *e, struct event *ret_event)
{
	struct event_origin origin;
	struct event_fault fault;
	struct log_meta meta;

	if (log_meta_parse(e->meta, &meta) != 0)
		return EVENT_BAD;
	origin = log_origin(&meta, e->id);
	return event_decode(d->ask.decoder, e->event, &origin, &d->scratch, ret_event, &fault);
}

/* Of before they became one nothing is folded, and duplicates are known again for a day. */
static bool is_before(const struct divide *d, const struct log_entry *e)
{
	return d->ask.frozen.len > 0 && d->ask.linked_at > 0 &&
	       (int64_t)e->id.ms < d->ask.linked_at - (SEEN_HOURS + 2) * MS_HOUR;
}

static int feed_event(struct divide *d, const struct log_entry *e)
{
	struct event event;
	char mark[SEEN_BYTES];
	int64_t hour = seen_hour((int64_t)e->id.ms);
	int r;

	if (is_before(d, e))
		return 0;
	r = divide_decode(d, e, &event);
	if (r != 0)
		return r < 0 ? r : 0;
	if (event.message_id.len > 0) {
		seen_mark(&event, mark);
		if (seen_check(&d->seen, mark, hour) != SEEN_NEW)
			return 0;
		if (seen_add(&d->seen, mark, hour) < 0)
			return -ENOMEM;
	}
	if (!span_equal(event.customer, d->ask.customer))
		return 0;
	r = divide_note_products(d, &event);
	return r < 0 ? r : divide_keep_entry(d, &d->kept, e);
}

int divide_feed(struct divide *d, const struct log_entry *e)
{
	int r;

	if (d->first.ms == 0)
		d->first = e->id;
	if (e->mark_source.len > 0 || e->rules.len > 0)
		r = divide_keep_entry(d, &d->kept, e);
	else if (e->message.len > 0)
		r = feed_message(d, e);
	else
		r = feed_event(d, e);
	arena_reset(&d->scratch);
	return r;
}

/* ---- by which side ----------------------------------------------------------------------- */

bool kept_is_by(const struct kept *k, struct span key)
{
	if (!k->message)
		return false;
	if (span_equal(k->message->of, key) && k->message->kind != MESSAGE_UNMERGE &&
		k->message->kind != MESSAGE_WANT && k->message->kind != MESSAGE_DECIDE)
		return true;
	for (size_t i = 0; i < k->message->n_path; i++)
		if (span_equal(k->message->path[i].key, key))
			return true;
	return false;
}

/*
 * Where they became one. It may be said again that they are, and where a key brought nobody along
 * the two words look alike; but the link knows its instant. Where it does not: the last time.
 */
static bool find_joining(struct divide *d)
{
	const struct kept *kept = d->kept.list;
	enum message_kind kind = d->ask.frozen.len > 0 ? MESSAGE_MERGE : MESSAGE_LINKED;
	bool found = false;

	for (size_t i = d->kept.n; i > 0; i--) {
		const struct message *m = kept[i - 1].message;

		if (!m || m->kind != kind || !span_equal(m->of, d->ask.key))
			continue;
		if (!found || m->linked_at == d->ask.linked_at)
			d->joined = i - 1;
		found = true;
	}
	return found;
}

static bool is_kind(const struct kept *k, enum message_kind kind)
{
	return k->message && k->message->kind == kind;
}

static bool is_parting(const struct divide *d, size_t i)
{
	const size_t *partings = d->partings.list;

	for (size_t n = 0; n < d->partings.n; n++)
		if (partings[n] == i)
			return true;
	return false;
}

/* Did anything come by KEY from the entry FROM to before END: an event, or a customer? */
static bool has_brought(const struct divide *d, struct span key, size_t from, size_t end)
{
	const struct kept *kept = d->kept.list;

	for (size_t i = from; i < end; i++)
		if (((is_kind(&kept[i], MESSAGE_FORWARD) && !kept[i].news) ||
			    is_kind(&kept[i], MESSAGE_MERGE)) &&
			kept_is_by(&kept[i], key))
			return true;
	return false;
}

/* Nothing was folded where nothing had come but the name. */
static bool was_name_only(const struct divide *d, size_t parting)
{
	const struct kept *kept = d->kept.list;

	return !has_brought(d, kept[parting].message->of, 0, parting);
}

/* Did the entry I come by a key that was taken out again since? NAMES: of which nothing but the
 * name had come, too. */
static bool is_undone(const struct divide *d, size_t i, bool names)
{
	const struct kept *kept = d->kept.list;
	const size_t *partings = d->partings.list;

	for (size_t n = 0; n < d->partings.n; n++)
		if (partings[n] > i && kept_is_by(&kept[i], kept[partings[n]].message->of) &&
			(names || !was_name_only(d, partings[n])))
			return true;
	return false;
}

/* ---- the folds --------------------------------------------------------------------------- */

/* What was in force, and how far the sources had said all, where the entry FIRST came. */
int divide_stand(struct divide *d, struct fold *f, size_t first)
{
	const struct kept *kept = d->kept.list;
	struct commit_mark *marks = arena_calloc(&d->arena, first + 1, sizeof(*marks));

	fold_release(f);
	memset(f, 0, sizeof(*f));
	if (!marks)
		return -ENOMEM;
	f->ask = &d->ask;
	f->arena = &d->arena;
	f->rules = d->ask.rules;
	f->decoder = d->ask.decoder;
	f->marks = marks;
	for (size_t i = 0; i < first; i++) {
		const struct log_entry *e = &kept[i].entry;
		uint64_t until;

		if (e->rules.len > 0 && rules_digest_parse(e->rules, &f->digest) &&
			d->ask.find_rules &&
			!d->ask.find_rules(d->ask.rules_user, f->digest, &f->rules, &f->decoder))
			return -ENOENT;
		if (e->mark_source.len == 0 || span_to_u64(e->mark_until, INT64_MAX, &until) != 0)
			continue;
		marks[f->n_marks++] = (struct commit_mark){e->mark_source, (int64_t)until};
	}
	return 0;
}

/* Of what took somebody apart only that it was, and which numbers were spent by then: what it was
 * made of had others in it. 0 or -ENOMEM. */
static int bare_note(struct divide *d, const struct kept *k, struct log_entry *ret_entry)
{
	_cleanup_(buf_release) struct buf note = BUF_INIT;
	struct span rest = k->entry.record, own = rest;

	*ret_entry = k->entry;
	ret_entry->record = SPAN_EMPTY;
	if (rest.len == 0 || (is_kind(k, MESSAGE_UNMERGE) && span_take_block(&rest, &own) != 0))
		return 0;
	buf_add_span(&note, UNMERGE_NOTE);
	buf_add_span(&note, own);
	ret_entry->record = arena_copy(&d->arena, buf_span(&note));
	return buf_failed(&note) < 0 || !ret_entry->record.ptr ? -ENOMEM : 0;
}

/* How many, or -ENOMEM. */
static ssize_t own_log(struct divide *d, struct span without, struct log_entry *entries)
{
	const struct kept *kept = d->kept.list;
	size_t n = 0;

	for (size_t i = d->from; i < d->kept.n; i++) {
		const struct kept *k = &kept[i];

		if (without.len > 0 && (k->other || (i >= d->joined && kept_is_by(k, without))))
			continue;
		if (is_undone(d, i, false))
			continue;
		if (is_kind(k, MESSAGE_RESTORE) || is_parting(d, i)) {
			if (bare_note(d, k, &entries[n++]) < 0)
				return -ENOMEM;
		} else if (!is_kind(k, MESSAGE_UNMERGE))
			entries[n++] = k->entry;
	}
	return (ssize_t)n;
}

/* As they are since: what was taken out is no name of theirs, unless it was asked for again. */
static int forget_undone(struct divide *d, struct fold *f)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	const struct kept *kept = d->kept.list;
	const size_t *partings = d->partings.list;
	enum id_state state;
	int r;

	if (f->record.len == 0 || d->partings.n == 0)
		return 0;
	r = record_decode(f->record, &record);
	if (r != 0)
		return r < 0 ? r : DIVIDE_DIFFERENT;
	for (size_t n = 0; n < d->partings.n; n++)
		if (!journey_knows_id(d->record.journey, kept[partings[n]].message->of, &state))
			divide_forget(record.journey, kept[partings[n]].message->of);
	return divide_encode(d, &record, &f->record);
}

static int fold_own(struct divide *d, struct fold *f, struct span without)
{
	struct log_entry *entries = calloc(d->kept.n + 1, sizeof(*entries));
	int r = entries ? divide_stand(d, f, d->from) : -ENOMEM;
	ssize_t n = entries ? own_log(d, without, entries) : -ENOMEM;

	f->customer = d->ask.customer;
	f->base = d->ask.snapshot;
	if (r == 0 && n < 0)
		r = -ENOMEM;
	if (r == 0)
		r = divide_incidents(d, f, d->from, false);
	if (r == 0)
		r = divide_heard(d, f, d->from);
	if (r == 0)
		r = divide_waited(d, f);
	if (r == 0)
		r = fold_run(f, entries, (size_t)n);
	free(entries);
	return r == 0 ? forget_undone(d, f) : r;
}

/* Everything, as it was. */
static int fold_all(struct divide *d)
{
	int r = fold_own(d, &d->all, SPAN_EMPTY);

	if (r != 0)
		return r;
	return divide_is_same(d) ? 0 : DIVIDE_DIFFERENT;
}

static int fold_alone(struct divide *d)
{
	return fold_own(d, &d->alone, d->ask.key);
}

static int fold_apart(struct divide *d)
{
	struct log_entry *entries = NULL;
	size_t n = 0;
	int r = divide_stand(d, &d->apart, d->joined);

	d->apart.customer = d->ask.key;
	d->apart.base = d->ask.frozen;
	if (r == 0)
		r = divide_incidents(d, &d->apart, d->joined, true);
	if (r == 0)
		r = divide_other_log(d, &entries, &n);
	if (r == 0)
		r = fold_run(&d->apart, entries, n);
	free(entries);
	return r;
}

/* ---- all of it --------------------------------------------------------------------------- */

static size_t count_through(const struct divide *d)
{
	const struct kept *kept = d->kept.list;
	size_t n = 0;

	for (size_t i = d->joined; i < d->kept.n; i++)
		n += kept[i].message && kept[i].message->kind == MESSAGE_FORWARD && !kept[i].news &&
		     kept_is_by(&kept[i], d->ask.key);
	return n;
}

/* Is KEY with the customer itself, and not only by way of another that it is a link to? */
static bool is_joined(const struct divide *d, struct span key)
{
	const struct kept *kept = d->kept.list;

	for (size_t i = d->joined; i < d->kept.n; i++) {
		const struct message *m = kept[i].message;

		if (m && (m->kind == MESSAGE_MERGE || m->kind == MESSAGE_LINKED) &&
			span_equal(m->of, key) && !kept_is_by(&kept[i], d->ask.key) &&
			(m->n_path == 0 || span_equal(m->path[m->n_path - 1].key, key)) &&
			!is_undone(d, i, true))
			return true;
	}
	return false;
}

/* Whom KEY, which was claimed and was a link, led to: they came by that, unless something else
 * named them. */
static bool find_led(const struct divide *d, struct span key, struct span *ret_key)
{
	const struct kept *kept = d->kept.list;

	for (size_t i = d->joined; i < d->kept.n; i++) {
		const struct message *m = kept[i].message;

		if (!m || m->kind != MESSAGE_TAKEN ||
			!(span_equal(m->of, key) || span_equal(m->via, key)) ||
			is_undone(d, i, true) || !is_joined(d, m->other) ||
			divide_claimed(&d->alone, m->other, &kept[i].entry.id))
			continue;
		*ret_key = m->other;
		return true;
	}
	return false;
}

/* A customer or a key that is with them now because an event of the other's named it. */
static bool find_later(const struct divide *d, struct span *ret_key)
{
	const struct folded_word *words = d->apart.words.list;

	for (size_t w = 0; w < d->apart.words.n; w++) {
		struct span key = words[w].to;

		if (words[w].kind != MESSAGE_CLAIM || divide_claimed(&d->alone, key, NULL))
			continue;
		if (is_joined(d, key))
			*ret_key = key;
		else if (!find_led(d, key, ret_key))
			continue;
		return true;
	}
	return false;
}

static int fold_sides(struct divide *d, struct divided *out)
{
	int r = divide_find_partings(d);

	if (r == 0)
		r = fold_all(d);
	if (r == 0)
		r = fold_apart(d);
	if (r == 0)
		r = fold_alone(d);
	if (r == 0 && find_later(d, &out->later))
		r = DIVIDE_LATER;
	if (r == 0)
		r = divide_sort_jobs(d);
	/* What became of a job is said to whoever it is of. */
	if (r == 0 && d->outcomes)
		r = fold_apart(d);
	if (r == 0 && d->outcomes)
		r = fold_alone(d);
	return r;
}

int divide_finish(struct divide *d, struct divided *ret_divided)
{
	struct divided out = {.n_through = 0};
	bool name_only;
	int r = divide_forget_named(d, &d->ask.record);

	if (r == 0)
		r = divide_forget_named(d, &d->ask.snapshot);
	if (r == 0)
		r = record_decode(d->ask.record, &d->record);
	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	if (!find_joining(d))
		return DIVIDE_TRIMMED;
	/* Nothing was kept of before somebody who brought nothing along. */
	d->from = d->ask.frozen.len > 0 ? d->joined : 0;
	out.n_through = count_through(d);
	out.since = ((const struct kept *)d->kept.list)[d->joined].entry.id;
	name_only = d->ask.frozen.len == 0 && !has_brought(d, d->ask.key, d->joined, d->kept.n);
	r = name_only ? divide_name_only(d, &out) : fold_sides(d, &out);
	if (r == 0 && !name_only)
		r = divide_results(d, &out);
	if (r == 0 || r == DIVIDE_LATER)
		*ret_divided = out;
	return r;
}

int divided_encode(const struct divided *d, struct buf *out)
{
	_cleanup_(buf_release) struct buf side = BUF_INIT;

	division_encode(&d->stays, &side);
	buf_add_block(out, buf_span(&side));
	if (buf_failed(&side) < 0)
		return -ENOMEM;
	buf_reset(&side);
	division_encode(&d->goes, &side);
	buf_add_block(out, buf_span(&side));
	return buf_failed(&side) < 0 ? -ENOMEM : buf_failed(out);
}
