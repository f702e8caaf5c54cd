/* SPDX-License-Identifier: MIT */
/*
 * News for who has just left. From the fold that an unmerge was made of (store/divide.h) until they
 * are back with the owner of their key, news that come there reach nobody: a name that is a link
 * passes on only what it followed when it became one, and for a day. But news come to the partition
 * of whoever stays, too; so there somebody stands in for who left: a link to them, under a key that
 * is nobody's (NEWS_LEFT), which is held for what they follow and passes it on, for as long as news
 * may be on their way. Then it is due, and goes.
 *
 *   value   a link (codec/link.h) to who left, since when; frozen is what it is held for:
 *           STAND_IN_VERSION · n · keys of news
 *
 * Neither of the two has anything of it in their own state, which therefore is what it was before
 * they were one; and it goes on when whoever stays becomes part of somebody else.
 *
 * What came to the other's log before the fold is in what they are restored to, and what comes when
 * they are back they hear themselves; so that they hear nothing twice, they come back with a note
 * of what the fold has heard (codec/division.h), and know the rest by what they remember of news.
 */
#include "apply_impl.h"

#include "base/sha256.h"
#include "codec/division.h"
#include "core/news.h"

#define STAND_IN_VERSION 1
#define DIGEST		 ((size_t)16) /* bytes of who left in the key */

/* ---- the key ----------------------------------------------------------------------------- */

bool applier_is_stand_in(struct span key)
{
	return span_starts(key, NEWS_LEFT);
}

/* In the arena; empty when out of memory. */
static struct span name_of(struct applier *a, struct span left)
{
	unsigned char digest[SHA256_SIZE];
	struct span prefix = NEWS_LEFT;
	struct sha256 s;
	char *name = arena_alloc(&a->arena, prefix.len + 2 * DIGEST + 1);

	if (!name)
		return SPAN_EMPTY;
	sha256_init(&s);
	sha256_add(&s, left);
	sha256_end(&s, digest);
	memcpy(name, prefix.ptr, prefix.len);
	for (size_t i = 0; i < DIGEST; i++)
		(void)snprintf(name + prefix.len + 2 * i, 3, "%02x", digest[i]);
	return span_of(name, prefix.len + 2 * DIGEST);
}

int applier_name_stand_in(struct applier *a, struct work *w)
{
	/* A replay tells everybody at once, and a fold knows one customer only. */
	if (w->message->kind != MESSAGE_UNMERGE || a->options.transient || a->options.no_links)
		return 0;
	w->left = name_of(a, w->message->of);
	return w->left.len > 0 ? 0 : -ENOMEM;
}

/* ---- what it is held for ------------------------------------------------------------------ */

static int hold(struct applier *a, const struct cached *c, struct span thing, int64_t at)
{
	struct commit_hold *hold = list_add(&a->holds);

	if (!hold)
		return -ENOMEM;
	*hold = (struct commit_hold){c->customer, arena_copy(&a->arena, thing), at};
	return hold->source.ptr ? 0 : -ENOMEM;
}

static int due(struct applier *a, const struct cached *c, int64_t at)
{
	struct commit_due *due = list_add(&a->dues);

	if (!due)
		return -ENOMEM;
	*due = (struct commit_due){c->customer, at};
	return 0;
}

/* Appends the keys of the news that RECORD follows at NOW. 0 or -ENOMEM. */
static int put_things(struct applier *a, const struct record *record, int64_t now, struct buf *out)
{
	bool site = followed_site_holds(record->journey, &a->marks, now);
	struct followed followed;
	int r = followed_of(record->journey, &a->arena, &followed);

	if (r < 0 || followed.n + site == 0)
		return r;
	buf_add_varint(out, STAND_IN_VERSION);
	buf_add_varint(out, followed.n + site);
	for (size_t i = 0; i < followed.n; i++) {
		struct span thing = news_product_key(followed.list[i], &a->arena);

		if (thing.len == 0)
			return -ENOMEM;
		buf_add_block(out, thing);
	}
	if (site)
		buf_add_block(out, NEWS_SITE);
	return buf_failed(out);
}

/* C is held for all of FROZEN at AT; TIME_NEVER: no longer. What cannot be read holds nobody. 0 or
 * -ENOMEM. */
static int hold_all(struct applier *a, const struct cached *c, struct span frozen, int64_t at)
{
	struct span rest = frozen, thing;
	uint64_t version, n;
	int r = 0;

	if (span_take_varint(&rest, &version) != 0 || version != STAND_IN_VERSION ||
		span_take_varint(&rest, &n) != 0)
		return 0;
	while (r == 0 && n-- > 0 && span_take_block(&rest, &thing) == 0)
		r = hold(a, c, thing, at);
	return r;
}

/* ---- its life ---------------------------------------------------------------------------- */

/* C stands in for nobody. 0 or -ENOMEM. */
static int end(struct applier *a, struct cached *c)
{
	int r = c->link ? hold_all(a, c, c->link->frozen, TIME_NEVER) : 0;

	if (r < 0 || !c->link)
		return r;
	cached_unlink(c);
	r = record_init(&c->record, c->customer);
	if (r == 0)
		r = due(a, c, TIME_NEVER);
	return r == 0 ? applier_touch(a, c) : r;
}

/* C, which stands in for nobody, does so for LEFT since NOW, who follows THINGS. 0 or -ENOMEM. */
static int begin(
	struct applier *a, struct cached *c, struct span left, struct span things, int64_t now)
{
	const struct link link = {.to = left,
		.partition =
			a->options.partitions > 0 ? partition_of(left, a->options.partitions) : 0,
		.linked_at = now,
		.said_at = now};
	int r;

	record_release(&c->record);
	c->record = RECORD_INIT;
	r = cached_set_link(c, &link);
	if (r < 0)
		return r;
	c->link->frozen = arena_copy(&a->arena, things);
	r = c->link->frozen.ptr ? hold_all(a, c, things, 0) : -ENOMEM;
	if (r == 0)
		r = due(a, c, now + NEWS_LINK_MS);
	return r == 0 ? applier_touch(a, c) : r;
}

int applier_stand_in(struct applier *a, const struct work *w, struct span goes)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	_cleanup_(buf_release) struct buf things = BUF_INIT;
	int64_t now = (int64_t)w->entry.id.ms;
	struct division other;
	int r;

	if (!w->stand_in)
		return 0;
	r = end(a, w->stand_in);
	if (r == 0)
		r = division_decode(goes, &a->arena, &other);
	if (r != 0 || other.record.len == 0)
		return r < 0 ? r : 0;
	r = record_decode(other.record, &record);
	if (r == 0)
		r = put_things(a, &record, now, &things);
	if (r != 0 || buf_span(&things).len == 0)
		return r < 0 ? r : 0;
	return begin(a, w->stand_in, w->message->of, buf_span(&things), now);
}

int applier_end_stand_in(struct applier *a, const struct work *w)
{
	return w->cached->link ? end(a, w->cached) : due(a, w->cached, TIME_NEVER);
}

int applier_scrub_stand_in(struct applier *a, const struct work *w)
{
	bool gone = false;
	int r = gone_knows(&a->gone, w->cached->link->to, &gone, NULL);

	return r == 0 && gone ? end(a, w->cached) : r;
}

int applier_pass_news_on(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	struct message m = {.kind = MESSAGE_FORWARD,
		.to = w->cached->link->to,
		.at = w->message->at,
		.place = applier_places(w)};

	message_pass(&m, m.to, 0);
	a->commit.counters[COUNTER_FORWARDED]++;
	return applier_say(a, &m, &cargo);
}

int applier_heard_apart(struct applier *a, const struct division *own)
{
	int r = 0;

	for (size_t i = 0; i < own->n_heard && r == 0; i++)
		r = applier_note_seen(a, own->heard[i].mark.ptr, own->heard[i].hour);
	return r;
}
