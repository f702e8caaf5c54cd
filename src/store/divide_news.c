/* SPDX-License-Identifier: MIT */
/*
 * News of things (core/news.h) name no customer; whoever follows the thing hears them. Which of the
 * many concern a side is known only when it is folded. So those are kept that are about a product
 * which something of theirs has ever named, and those of the site, which are few; the fold, whose
 * index of the held says who follows what, does the rest.
 *
 * The customer heard them where they stand in the log of the customer's partition. The other would
 * have heard them where they stand in that of the key's: they are in both, for they go to all.
 * While the key's link was young it passed them on, too. That is the same news once more, and known
 * as such; one that is on its way still will come back to the other by itself, and is not folded.
 * One that has come to the customer's log and not yet to the other's is folded, for when it comes
 * there the other may not be back. Whatever was folded so lately that it may come once more is
 * noted (division.h), what comes while the fold is being put in place the customer passes on
 * (apply_passed.c), and where some came while it was being made it is made again.
 */
#include "divide_parts.h"

#include "codec/division.h"
#include "codec/message_json.h"
#include "core/news.h"

/* News before that are no duplicates of any since. */
#define NEWS_KNOWN_MS ((SEEN_HOURS + 1) * MS_HOUR)

/* ---- what may be followed ---------------------------------------------------------------- */

static int add_product(void *user, struct span id)
{
	struct divide *d = user;
	struct span *thing, key;
	int r;

	if (map_get(&d->followed, id))
		return 0;
	thing = items_add(&d->things, sizeof(*thing));
	key = news_product_key(id, &d->arena);
	if (!thing || key.len == 0)
		return -ENOMEM;
	*thing = key;
	r = map_put(&d->followed, span_of(key.ptr + key.len - id.len, id.len), d);
	return r < 0 ? r : 0;
}

static int add_record(struct divide *d, struct span bytes)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r = bytes.len > 0 ? record_decode(bytes, &record) : RECORD_CORRUPT;

	if (r != 0)
		return r < 0 ? r : 0;
	return news_kept(record.journey, add_product, d);
}

/* Of both sides of a word of staff; what cannot be read nobody was given. */
static int add_division(struct divide *d, struct span bytes)
{
	struct division division;
	int r = division_decode(bytes, &d->scratch, &division);

	return r == 0 ? add_record(d, division.record) : r < 0 ? r : 0;
}

int divide_note_products(struct divide *d, const struct event *event)
{
	return news_named(event, add_product, d);
}

int divide_note_record(struct divide *d, const struct kept *k)
{
	struct span rest = k->entry.record, side;
	int r = 0;

	if (k->message->kind == MESSAGE_RESTORE)
		return add_division(d, rest);
	if (k->message->kind != MESSAGE_UNMERGE)
		return add_record(d, rest);
	while (r == 0 && rest.len > 0 && span_take_block(&rest, &side) == 0)
		r = add_division(d, side);
	return r;
}

int divide_follow_bases(struct divide *d)
{
	int r = add_record(d, d->ask.snapshot);

	return r == 0 ? add_record(d, d->ask.frozen) : r;
}

size_t divide_things(const struct divide *d, const struct span **ret_keys)
{
	*ret_keys = d->things.list;
	return d->things.n;
}

static bool is_followed(const struct divide *d, struct span key)
{
	struct span prefix = NEWS_PRODUCT;

	return span_starts(key, prefix) &&
	       map_get(&d->followed, span_of(key.ptr + prefix.len, key.len - prefix.len));
}

/* ---- what is kept ------------------------------------------------------------------------ */

static bool is_recent(const struct divide *d, const struct log_entry *e)
{
	return d->ask.linked_at <= 0 || (int64_t)e->id.ms >= d->ask.linked_at - NEWS_KNOWN_MS;
}

static bool is_wanted(const struct divide *d, const struct log_entry *e, const struct message *m)
{
	if (span_equal(m->to, NEWS_SITE))
		return true;
	/* Whoever brought nothing along is folded from the log's beginning. */
	return (d->ask.frozen.len == 0 || is_recent(d, e)) && is_followed(d, m->to);
}

/* What of K's news is needed again and again. 0 or -ENOMEM. */
static int read_news(struct divide *d, struct kept *k)
{
	struct event event;
	int r = divide_decode(d, &k->entry, &event);

	if (r != 0)
		return r < 0 ? r : 0;
	k->content = event.content;
	k->occurred_at = event.occurred_at;
	k->incident = event.kind == EVENT_INCIDENT_STARTED ? MARK_INCIDENT
		      : event.kind == EVENT_INCIDENT_ENDED ? MARK_INCIDENT_OVER
							   : SPAN_EMPTY;
	return 0;
}

int divide_keep_news(
	struct divide *d, struct items *list, const struct log_entry *e, const struct message *m)
{
	struct kept *k;
	int r;

	d->heard_news = d->heard_news || is_recent(d, e);
	if (!is_wanted(d, e, m))
		return 0;
	r = divide_keep_entry(d, list, e);
	if (r < 0)
		return r;
	k = (struct kept *)list->list + list->n - 1;
	return read_news(d, k);
}

/* Where the customer's log has none, what the other's has is passed on when it comes there. */
bool divide_wants_news(const struct divide *d, int64_t *ret_since)
{
	*ret_since = d->ask.linked_at > NEWS_KNOWN_MS ? d->ask.linked_at - NEWS_KNOWN_MS : 0;
	return d->heard_news;
}

/* The other's mark of K, in MARK. */
static void mark_of(const struct divide *d, const struct kept *k, char mark[SEEN_BYTES])
{
	seen_news_mark(d->ask.key, k->message->at, k->content, mark);
}

static int note_there(struct divide *d, const struct kept *k)
{
	char mark[SEEN_BYTES];
	struct span copy;
	int r;

	mark_of(d, k, mark);
	copy = arena_copy(&d->arena, span_of(mark, SEEN_BYTES));
	r = copy.ptr ? map_put(&d->there, copy, d) : -ENOMEM;
	return r < 0 ? r : 0;
}

int divide_feed_news(struct divide *d, const struct log_entry *e)
{
	struct message m;
	int r = message_is_news(e->message) ? message_parse(e->message, &d->scratch, &m) : 1;

	if (r == 0 && m.kind == MESSAGE_NEWS && m.from < PARTITIONS_MAX &&
		m.seq > d->heard_there[m.from]) {
		size_t before = d->news.n;

		d->heard_there[m.from] = m.seq;
		r = divide_keep_news(d, &d->news, e, &m);
		if (r == 0 && d->news.n > before)
			r = note_there(d, (const struct kept *)d->news.list + before);
	}
	arena_reset(&d->scratch);
	return r < 0 ? r : 0;
}

/* ---- the folds --------------------------------------------------------------------------- */

/* Where in the log of its partition the key became a link; what it heard before is in what was
 * frozen, which is as old as the latest of that. */
static struct log_id frozen_at(const struct divide *d)
{
	const struct message *m = ((const struct kept *)d->kept.list)[d->joined].message;
	_cleanup_(record_release) struct record frozen = RECORD_INIT;
	int64_t at = d->ask.linked_at;

	if (m->kind == MESSAGE_MERGE && m->n_path > 0 && span_equal(m->path[0].key, d->ask.key) &&
		m->path[0].at.ms > 0)
		return m->path[0].at;
	if (d->ask.frozen.len > 0 && record_decode(d->ask.frozen, &frozen) == 0)
		at = frozen.journey->received_at;
	return (struct log_id){at > 0 ? (uint64_t)at : 0, UINT64_MAX};
}

static int add_heard(struct fold *f, const struct kept *k)
{
	struct folded_news *heard;

	if (k->incident.len > 0)
		return 0;
	heard = items_add(&f->heard, sizeof(*heard));
	if (!heard)
		return -ENOMEM;
	*heard = (struct folded_news){
		k->message->to, k->message->at, (int64_t)k->entry.id.ms, k->content};
	return 0;
}

int divide_heard(struct divide *d, struct fold *f, size_t first)
{
	const struct kept *kept = d->kept.list;
	int r = 0;

	for (size_t i = 0; i < first && r == 0; i++)
		if (kept[i].message && kept[i].message->kind == MESSAGE_NEWS &&
			is_recent(d, &kept[i].entry))
			r = add_heard(f, &kept[i]);
	return r;
}

/* Was AT passed on by the key's link, as far as the customer's log has it? */
static bool was_passed_on(const struct divide *d, struct log_id at)
{
	const struct kept *kept = d->kept.list;

	for (size_t i = d->joined; i < d->kept.n; i++)
		if (kept[i].news && log_id_compare(kept[i].message->at, at) == 0 &&
			kept_is_by(&kept[i], d->ask.key))
			return true;
	return false;
}

/* Is K on its way from the key's link to the customer? */
static bool is_on_its_way(const struct divide *d, const struct record *frozen, const struct kept *k)
{
	return frozen->journey && k->incident.len == 0 &&
	       (int64_t)k->entry.id.ms - d->ask.linked_at <= NEWS_LINK_MS &&
	       news_concern(frozen->journey, k->message->to, NULL, 0) &&
	       !was_passed_on(d, k->message->at);
}

/* Does the other hear the site's news AT only later? Then what they change is not yet so. */
static bool is_to_come(const struct divide *d, struct log_id from, struct log_id at)
{
	const struct kept *news = d->news.list;

	for (size_t i = 0; i < d->news.n; i++)
		if (log_id_compare(news[i].message->at, at) == 0)
			return log_id_compare(news[i].entry.id, from) > 0;
	return false;
}

int divide_incidents(struct divide *d, struct fold *f, size_t first, bool other)
{
	const struct kept *kept = d->kept.list;
	struct commit_mark *marks = arena_calloc(&d->arena, f->n_marks + 2, sizeof(*marks));
	struct log_id from = other ? frozen_at(d) : (struct log_id){0, 0};
	struct commit_mark *started, *over;

	if (!marks)
		return -ENOMEM;
	memcpy(marks, f->marks, f->n_marks * sizeof(*marks));
	started = &marks[f->n_marks];
	over = started + 1;
	*started = (struct commit_mark){MARK_INCIDENT, INT64_MIN};
	*over = (struct commit_mark){MARK_INCIDENT_OVER, INT64_MIN};
	for (size_t i = 0; i < first; i++) {
		struct commit_mark *mark =
			span_equal(kept[i].incident, MARK_INCIDENT) ? started : over;

		if (kept[i].incident.len > 0 &&
			!(other && is_to_come(d, from, kept[i].message->at)))
			mark->at = int64_max(mark->at, kept[i].occurred_at);
	}
	f->marks = marks;
	f->n_marks += 2;
	return 0;
}

/* May it be on its way to a partition still, or be known there as a duplicate? */
static bool is_young(const struct divide *d, const struct kept *k)
{
	return (int64_t)k->entry.id.ms > int64_max(d->ask.clock, 0) - NEWS_KNOWN_MS;
}

/* Have they come to the customer's log and not to the other's? */
static bool is_late(const struct divide *d, const struct kept *k)
{
	char mark[SEEN_BYTES];

	if (!k->message || k->message->kind != MESSAGE_NEWS || !is_young(d, k))
		return false;
	mark_of(d, k, mark);
	return !map_get(&d->there, span_of(mark, SEEN_BYTES));
}

/* The other would hear those in a moment, and hears them now. */
static int tell_late(struct divide *d, struct log_id from, divide_news_fn *fn, void *user)
{
	const struct kept *kept = d->kept.list;
	int r = 0;

	for (size_t i = 0; i < d->kept.n && r == 0; i++) {
		struct kept late = kept[i];

		if (!is_late(d, &late))
			continue;
		if (log_id_compare(late.entry.id, from) <= 0)
			late.entry.id = (struct log_id){from.ms + 1, 0};
		r = fn(user, &late);
	}
	return r;
}

/* Shows FN what of the news of the key's log the other hears by the fold, behind FROM. */
static int tell_there(struct divide *d, struct log_id from, divide_news_fn *fn, void *user)
{
	_cleanup_(record_release) struct record frozen = RECORD_INIT;
	const struct kept *news = d->news.list;
	int r = d->ask.frozen.len > 0 ? record_decode(d->ask.frozen, &frozen) : 0;

	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	for (size_t i = 0; i < d->news.n && r == 0; i++)
		if (log_id_compare(news[i].entry.id, from) > 0 &&
			!is_on_its_way(d, &frozen, &news[i]))
			r = fn(user, &news[i]);
	return r;
}

int divide_other_news(struct divide *d, struct fold *f, divide_news_fn *fn, void *user)
{
	const struct kept *news = d->news.list;
	struct log_id from = frozen_at(d);
	int r = 0;

	for (size_t i = 0; i < d->news.n && r == 0; i++)
		if (log_id_compare(news[i].entry.id, from) <= 0)
			r = add_heard(f, &news[i]);
	if (r == 0)
		r = tell_there(d, from, fn, user);
	return r == 0 ? tell_late(d, from, fn, user) : r;
}

/* Who wait for the site's news change with the incidents; such news are few. */
static int concerns(struct span bytes, struct span key, bool *ret_concerns)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r = bytes.len > 0 ? record_decode(bytes, &record) : RECORD_CORRUPT;

	if (r == 0)
		*ret_concerns =
			span_equal(key, NEWS_SITE) || news_concern(record.journey, key, NULL, 0);
	return r < 0 ? r : 0;
}

int divide_missed(struct divide *d, const struct divided *divided, const struct log_entry *e,
	bool *ret_missed)
{
	struct message m;
	int r = message_is_news(e->message) ? message_parse(e->message, &d->scratch, &m) : 1;

	*ret_missed = false;
	if (r == 0 && m.kind == MESSAGE_NEWS)
		r = concerns(divided->goes.record, m.to, ret_missed);
	arena_reset(&d->scratch);
	return r < 0 ? r : 0;
}

/* ---- what they have heard ---------------------------------------------------------------- */

static int note_mark(void *user, const struct kept *k)
{
	struct divide *d = user;
	struct division_heard *heard;
	char mark[SEEN_BYTES];

	_Static_assert(DIVISION_MARK == SEEN_BYTES, "it is one of them");
	if (!is_young(d, k))
		return 0;
	heard = items_add(&d->heard_marks, sizeof(*heard));
	if (!heard)
		return -ENOMEM;
	mark_of(d, k, mark);
	*heard = (struct division_heard){seen_hour((int64_t)k->entry.id.ms),
		arena_copy(&d->arena, span_of(mark, SEEN_BYTES))};
	return heard->mark.ptr ? 0 : -ENOMEM;
}

int divide_note_heard(struct divide *d, struct division *goes)
{
	const struct kept *kept = d->kept.list;
	struct log_id from = frozen_at(d);
	int r = tell_there(d, from, note_mark, d);

	if (r == 0)
		r = tell_late(d, from, note_mark, d);
	/* By a link of their own. */
	for (size_t i = d->joined; i < d->kept.n && r == 0; i++)
		if (kept[i].news && kept_is_by(&kept[i], d->ask.key) &&
			!span_equal(kept[i].message->path[0].key, d->ask.key))
			r = note_mark(d, &kept[i]);
	goes->heard = d->heard_marks.list;
	goes->n_heard = d->heard_marks.n;
	return r;
}
