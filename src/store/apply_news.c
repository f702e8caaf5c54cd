/* SPDX-License-Identifier: MIT */
/*
 * News of things (core/news.h). The owner of the thing's key says it to every partition; each makes
 * of it a batch of its own, as of a watermark: everything older was applied before, so that the
 * index says who followed the thing when the news came in.
 *
 * They may be many, and are told piece by piece, each committed at the position before the news.
 * Where a piece is not the last, whoever was told is noted in the index with the news' own number,
 * so that the next piece, or the next owner after a crash, goes on where this one ended.
 *
 * A customer is told once, though they may follow a product by its sku and by its id, and under a
 * name of theirs that has become a link since: by the same memory that knows events again.
 */
#include "apply_impl.h"

#include "codec/message_json.h"
#include "core/news.h"

/* So many news of a millisecond have numbers of their own; Redis keeps them as doubles. */
#define NEWS_NUMBERS 2048

/* ---- out -------------------------------------------------------------------------------- */

int applier_spread_to(struct applier *a, const struct work *w, uint32_t partition, struct log_id at,
	const struct cargo *cargo)
{
	struct span keys[NEWS_KEYS_MAX];
	size_t n;
	int r = news_keys(&w->event, &a->arena, keys, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct message m = {.kind = MESSAGE_NEWS, .to = keys[i], .at = at};

		r = applier_say_to(a, partition, &m, cargo);
	}
	return r;
}

int applier_spread(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	uint32_t n = a->options.partitions > 0 ? a->options.partitions : 1;
	int r = 0;

	a->commit.counters[COUNTER_APPLIED]++;
	a->commit.counters[COUNTER_NEWS]++;
	if (news_in_turn(&w->event))
		return applier_line_up(a, w);
	for (uint32_t p = 0; r == 0 && p < n; p++)
		r = applier_spread_to(a, w, p, w->entry.id, &cargo);
	return r;
}

/* ---- in --------------------------------------------------------------------------------- */

static int copy_entry(struct applier *a, const struct log_entry *e, struct log_entry *ret_e)
{
	struct log_entry copy = {.id = e->id};

	copy.event = arena_copy(&a->arena, e->event);
	copy.meta = arena_copy(&a->arena, e->meta);
	copy.message = arena_copy(&a->arena, e->message);
	copy.record = arena_copy(&a->arena, e->record);
	if (!copy.event.ptr || !copy.meta.ptr || !copy.message.ptr || !copy.record.ptr)
		return -ENOMEM;
	*ret_e = copy;
	return 0;
}

static int64_t number_of(struct log_id id)
{
	return (int64_t)(id.ms * NEWS_NUMBERS +
			 (id.seq < NEWS_NUMBERS ? id.seq : NEWS_NUMBERS - 1));
}

/* The incident that the event is about is known from here on. 0 or -ENOMEM. */
static int move_incident(struct applier *a, const struct event *event)
{
	int r = 0;

	if (news_about(event->kind) == NEWS_OF_SITE)
		r = marks_move(&a->marks,
			event->kind == EVENT_INCIDENT_STARTED ? MARK_INCIDENT : MARK_INCIDENT_OVER,
			event->occurred_at);
	return r < 0 ? r : 0;
}

static void pass(struct applier *a)
{
	a->to.id = a->mark.id;
	a->to.clock = int64_max(a->to.clock, (int64_t)a->mark.id.ms - 1);
	a->mark.mark_source = SPAN_EMPTY;
}

struct work *applier_begin_message(
	struct applier *a, const struct position *from, const struct log_entry *e, bool *ret_heard)
{
	struct work *w;

	applier_batch(a, from);
	w = list_add(&a->work);
	if (!w || copy_entry(a, e, &w->entry) < 0 || applier_decode_message(a, w) < 0)
		return NULL;
	a->mark = w->entry;
	w->customer = SPAN_EMPTY;
	*ret_heard = w->kind == WORK_BAD || w->message->from >= PARTITIONS_MAX ||
		     w->message->seq <= a->heard[w->message->from];
	return w;
}

int applier_begin_news(struct applier *a, const struct position *from, const struct log_entry *e)
{
	bool heard;
	struct work *w = applier_begin_message(a, from, e, &heard), *last;
	int r;

	if (!w)
		return -ENOMEM;
	if (heard) {
		pass(a);
		return 0;
	}
	/* It is the last thing to do, when all have been told. */
	last = arena_alloc(&a->arena, sizeof(*last));
	if (!last)
		return -ENOMEM;
	*last = *w;
	a->news = last;
	a->work.n = 0;
	a->mark.mark_source = a->news->message->to;
	a->mark_until = number_of(e->id) - 1;
	r = move_incident(a, &a->news->event);
	return r < 0 ? r : APPLIER_HELD;
}

int applier_told(struct applier *a, size_t n)
{
	struct work *w;

	a->news_in_pieces = n == APPLIER_HELD_MAX || a->options.partitions == 0;
	if (n == APPLIER_HELD_MAX)
		return 0;
	pass(a);
	w = list_add(&a->work);
	if (!w)
		return -ENOMEM;
	*w = *a->news;
	return 0;
}

int applier_pass_news(struct applier *a, const struct event *event)
{
	struct span source =
		event->kind == EVENT_INCIDENT_STARTED ? MARK_INCIDENT : MARK_INCIDENT_OVER;
	struct commit_mark *mark;

	if (news_about(event->kind) != NEWS_OF_SITE)
		return 0;
	mark = list_add(&a->passed);
	if (!mark)
		return -ENOMEM;
	*mark = (struct commit_mark){source, marks_at(&a->marks, source)};
	return 0;
}

/* ---- telling ---------------------------------------------------------------------------- */

static int note(struct applier *a, const struct cached *c, int64_t at)
{
	struct commit_hold *hold = list_add(&a->holds);

	if (!hold)
		return -ENOMEM;
	*hold = (struct commit_hold){c->customer, a->news->message->to, at};
	return 0;
}

/* True in *ret_fresh if C has not heard the news of the log's entry AT. 0 or -ENOMEM. */
static int hears_first(struct applier *a, const struct cached *c, const struct event *event,
	struct log_id at, bool *ret_fresh)
{
	int64_t hour = seen_hour(event->received_at);
	char mark[SEEN_BYTES];

	seen_news_mark(c->customer, at, event->content, mark);
	*ret_fresh = seen_check(&a->seen, mark, hour) != SEEN_DUPLICATE;
	return *ret_fresh ? applier_note_seen(a, mark, hour) : 0;
}

int applier_hears(struct applier *a, const struct work *w, bool *ret_hears)
{
	const struct journey *j = w->cached->record.journey;
	struct span keys[NEWS_KEYS_MAX];
	size_t n;
	int r = news_keys(&w->event, &a->arena, keys, &n);

	*ret_hears = false;
	for (size_t i = 0; r == 0 && i < n; i++)
		*ret_hears =
			*ret_hears || news_concern(j, keys[i], &a->marks, w->event.received_at);
	if (r == 0 && *ret_hears)
		r = hears_first(a, w->cached, &w->event, w->message->at, ret_hears);
	a->commit.counters[COUNTER_NEWS_TOLD] += *ret_hears;
	return r;
}

static int tell_link(struct applier *a, const struct work *w)
{
	if (w->event.received_at - w->cached->link->linked_at > NEWS_LINK_MS)
		return note(a, w->cached, TIME_NEVER);
	if (applier_is_stand_in(w->cached->customer))
		return applier_pass_news_on(a, w);
	return applier_forward(a, w);
}

/* W, with the place of its customer in line, if they have one. Who waits and is not in the line,
 * since it is older than lines are, or was heard of too late, is from now on. 0 or -ENOMEM. */
static int give_place(struct applier *a, const struct work *w, struct work *told)
{
	struct span keys[NEWS_KEYS_MAX];
	uint64_t place = applier_place(w, w->cached->customer), last = applier_places(w);
	int64_t since;
	size_t n;
	int r = 0;

	if (place == 0 && last > 0) {
		r = news_keys(&w->event, &a->arena, keys, &n);
		since = r == 0 ? news_waits(w->cached->record.journey, keys[0]) : TIME_NEVER;
		if (since == TIME_NEVER || w->event.received_at - since > NEWS_LINE_MS)
			return r;
		place = last;
		if (last <= NEWS_LINE_MAX)
			r = applier_ask(a, w->cached->customer, keys[0], since);
	}
	return r == 0 ? applier_give_turn(a, told, place) : r;
}

static int tell_customer(struct applier *a, const struct work *w)
{
	struct work told = *w;
	const struct input input = {.kind = INPUT_EVENT, .marks = &a->marks, .event = &told.event};
	bool hears;
	int r = applier_hears(a, w, &hears);

	if (r < 0 || !hears)
		return r;
	r = give_place(a, w, &told);
	if (r == 0)
		r = applier_step(a, w, &input, w->event.received_at);
	return r == 0 ? applier_stepped(a, w, &input) : r;
}

/* *ret_ends: the news do not concern W's customer. */
static int tell_follower(struct applier *a, const struct work *w, bool *ret_ends)
{
	const struct journey *j = w->cached->record.journey;

	*ret_ends = j->n_events == 0 ||
		    !news_concern(j, a->news->message->to, &a->marks, w->event.received_at);
	return *ret_ends ? 0 : tell_customer(a, w);
}

int applier_tell(struct applier *a, const struct work *w)
{
	const struct cached *c = w->cached;
	bool over = w->event.kind == EVENT_INCIDENT_ENDED, ends = false;
	int r;

	if (c->link)
		r = tell_link(a, w);
	else
		r = tell_follower(a, w, &ends);
	if (r == 0 && ends)
		return note(a, c, TIME_NEVER);
	if (r == 0 && over)
		return note(a, c, TIME_NEVER);
	return r == 0 && a->news_in_pieces ? note(a, c, number_of(w->entry.id)) : r;
}

/* ---- without an input --------------------------------------------------------------------- */

int applier_follow(struct applier *a, const struct cached *c, const struct journey *before,
	const struct journey *now)
{
	struct followed followed;
	int r;

	effects_reset(&a->effects);
	r = followed_of(before, &a->effects.arena, &followed);
	if (r == 0)
		r = followed_update(now, &followed, &a->effects);
	for (size_t i = 0; r == 0 && i < a->effects.n; i++) {
		const struct effect *e = &a->effects.list[i];
		struct commit_hold *hold;

		if (e->kind == EFFECT_ASK)
			r = applier_ask(a, c->customer, e->source, e->hold_at);
		if (e->kind != EFFECT_HOLD)
			continue;
		hold = list_add(&a->holds);
		if (!hold)
			return -ENOMEM;
		*hold = (struct commit_hold){
			c->customer, arena_copy(&a->arena, e->source), e->hold_at};
		r = hold->source.ptr ? 0 : -ENOMEM;
	}
	return r;
}

int applier_unfollow(struct applier *a, const struct cached *c)
{
	_cleanup_(record_release) struct record frozen = RECORD_INIT;
	const struct journey *j = c->record.journey;
	struct commit_hold *hold = list_add(&a->holds);

	if (!hold)
		return -ENOMEM;
	*hold = (struct commit_hold){c->customer, NEWS_SITE, TIME_NEVER};
	if (c->link) {
		int r = c->link->frozen.len ? record_decode(c->link->frozen, &frozen)
					    : RECORD_CORRUPT;

		if (r != 0)
			return r < 0 ? r : 0;
		j = frozen.journey;
	}
	return applier_follow(a, c, j, NULL);
}
