/* SPDX-License-Identifier: MIT */
/*
 * Entries as bytes. Each stands for itself, because a tail grows by appending and a chunk is a tail
 * that was sealed; what repeats from entry to entry is left to the compressor of the chunk.
 *
 *   entry:     head byte (kind, and of an event its type) · log id (ms, seq + 1) · nth · at since
 *              the log id's ms · event or decision
 *   event:     mask of what is present + event flags × 32 · channel · name · [original] ·
 *              source · [message id] · [user id] · [anonymous id] · [properties]
 *   decision:  outcome × 4 + late × 2 + (at is another) · [at] · rule · key · step · by · data ·
 *              epoch · episode · times
 *
 * Seq is written plus one because a tick has none (UINT64_MAX), which so becomes 0. A name is
 * (length × 2 and the bytes) or (number of the vocabulary × 2 + 1); other text is a length and the
 * bytes.
 */
#include "codec/timeline.h"

#include "pack.h"
#include "wire_names.h"

/* What stands on disk as a number may not move: append, or raise CHUNK_VERSION and RECORD_VERSION.
 */
_Static_assert(EVENT_TRACK == 0 && EVENT_PAGE == 2 && EVENT_ALIAS == 5, "moved");
_Static_assert(CHANNEL_WEB == 1 && CHANNEL_STORE == 4 && CHANNEL_SERVER == 9, "moved");
_Static_assert(EVENT_FLAG_FUTURE == 1 && EVENT_FLAG_NO_TIME == 4, "moved");
_Static_assert(OUTCOME_NONE == 0 && OUTCOME_CANCELLED == 3 && OUTCOME_LIMIT == 9, "moved");

#define HEAD_DECISION 0x40u /* below 0x80: one byte as a number too */

enum {
	HAS_ORIGINAL = 1 << 0,
	HAS_MESSAGE_ID = 1 << 1,
	HAS_USER_ID = 1 << 2,
	HAS_ANONYMOUS_ID = 1 << 3,
	HAS_PROPERTIES = 1 << 4,
	HAS_ALL = (1 << 5) - 1,
};
#define FLAGS_SHIFT 5

/* Usually armed, anchored, with a deadline, a time to fire, and by an event. */
static const uint16_t decision_at[] = {
	offsetof(struct decision, armed_at),
	offsetof(struct decision, anchor_at),
	offsetof(struct decision, deadline_at),
	offsetof(struct decision, fire_at),
	offsetof(struct decision, by_at),
};
static const struct pack_times decision_times = {decision_at, ARRAY_SIZE(decision_at),
	PACK_INSTANT | PACK_INSTANT << 2 | PACK_INSTANT << 4 | PACK_INSTANT << 6 |
		PACK_INSTANT << 8};

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int timeline_compare(const void *a, const void *b)
{
	const struct timeline_entry *x = a, *y = b;
	int r;

	if (x->at != y->at)
		return x->at > y->at ? -1 : 1;
	r = log_id_compare(y->id, x->id);
	return r ? r : compare_u64(y->nth, x->nth);
}

static void put_name(struct pack *p, struct span name)
{
	unsigned number = name.len ? wire_name_number(name) : 0;

	if (number) {
		pack_number(p, (uint64_t)number << 1 | 1);
		return;
	}
	pack_number(p, (uint64_t)name.len << 1);
	pack_bytes(p, name);
}

static struct span get_name(struct unpack *u)
{
	uint64_t token = unpack_number(u);
	struct span name;

	if (!(token & 1))
		return unpack_bytes(u, token >> 1);
	name = wire_name(token >> 1);
	if (name.len == 0)
		u->bad = true;
	return name;
}

static void put_some(struct pack *p, struct span s)
{
	if (s.len)
		pack_block(p, s);
}

static void put_event(struct pack *p, const struct timeline_entry *e)
{
	unsigned has = (e->original.len ? HAS_ORIGINAL : 0u) |
		       (e->message_id.len ? HAS_MESSAGE_ID : 0u) |
		       (e->user_id.len ? HAS_USER_ID : 0u) |
		       (e->anonymous_id.len ? HAS_ANONYMOUS_ID : 0u) |
		       (e->properties.len ? HAS_PROPERTIES : 0u);

	pack_number(p, has | (uint64_t)e->flags << FLAGS_SHIFT);
	pack_number(p, e->channel);
	put_name(p, e->name);
	put_some(p, e->original);
	pack_block(p, e->source);
	put_some(p, e->message_id);
	put_some(p, e->user_id);
	put_some(p, e->anonymous_id);
	put_some(p, e->properties);
}

static struct span get_some(struct unpack *u, bool present)
{
	return present ? unpack_block(u) : SPAN_EMPTY;
}

static void get_event(struct unpack *u, struct timeline_entry *e)
{
	uint64_t has = unpack_bounded(u, (uint64_t)UINT32_MAX << FLAGS_SHIFT | HAS_ALL);

	e->flags = (unsigned)(has >> FLAGS_SHIFT);
	e->channel = (enum channel)unpack_bounded(u, CHANNEL_COUNT - 1);
	e->name = get_name(u);
	e->original = get_some(u, has & HAS_ORIGINAL);
	e->source = unpack_block(u);
	e->message_id = get_some(u, has & HAS_MESSAGE_ID);
	e->user_id = get_some(u, has & HAS_USER_ID);
	e->anonymous_id = get_some(u, has & HAS_ANONYMOUS_ID);
	e->properties = get_some(u, has & HAS_PROPERTIES);
}

static void put_decision(struct pack *p, const struct decision *d, int64_t at)
{
	pack_number(p, (uint64_t)d->outcome << 2 | (uint64_t)d->late << 1 | (d->at != at));
	if (d->at != at)
		pack_since(p, d->at, at);
	pack_block(p, d->rule);
	pack_block(p, d->key);
	pack_block(p, d->step);
	put_name(p, d->by);
	pack_block(p, d->data);
	pack_number(p, d->epoch);
	pack_number(p, d->episode);
	pack_times(p, &decision_times, d, at);
}

static void get_decision(struct unpack *u, struct decision *d, int64_t at)
{
	uint64_t outcome = unpack_bounded(u, (uint64_t)OUTCOME_COUNT * 4 - 1);

	d->outcome = (enum outcome)(outcome >> 2);
	d->late = outcome & 2;
	d->at = outcome & 1 ? unpack_since(u, at) : at;
	d->rule = unpack_block(u);
	d->key = unpack_block(u);
	d->step = unpack_block(u);
	d->by = get_name(u);
	d->data = unpack_block(u);
	d->epoch = (uint32_t)unpack_bounded(u, UINT32_MAX);
	d->episode = (uint32_t)unpack_bounded(u, UINT32_MAX);
	unpack_times(u, &decision_times, d, at);
}

/* Not less than the entry's bytes: its text, and all its numbers at their longest. */
static size_t bound(const struct timeline_entry *e)
{
	const struct decision *d = &e->decision;
	size_t text = e->kind == ENTRY_EVENT
			      ? e->name.len + e->original.len + e->source.len + e->message_id.len +
					e->user_id.len + e->anonymous_id.len + e->properties.len
			      : d->rule.len + d->key.len + d->step.len + d->by.len + d->data.len;

	return 24 * PACK_NUMBER + text;
}

void timeline_encode(const struct timeline_entry *e, struct buf *out)
{
	char *room = buf_reserve(out, bound(e));
	struct pack p = {(unsigned char *)room};

	if (!room)
		return;
	*p.at++ = (unsigned char)(e->kind == ENTRY_EVENT ? (unsigned)e->type : HEAD_DECISION);
	pack_number(&p, e->id.ms);
	pack_number(&p, e->id.seq + 1);
	pack_number(&p, e->nth);
	pack_since(&p, e->at, (int64_t)e->id.ms);
	if (e->kind == ENTRY_EVENT)
		put_event(&p, e);
	else
		put_decision(&p, &e->decision, e->at);
	buf_commit(out, (size_t)((char *)p.at - room));
}

int timeline_decode(struct span *bytes, struct timeline_entry *ret_e)
{
	struct timeline_entry e = {.kind = ENTRY_EVENT};
	struct unpack u = unpack_of(*bytes);
	uint64_t head = unpack_number(&u);

	if (head == HEAD_DECISION)
		e.kind = ENTRY_DECISION;
	else if (head <= EVENT_ALIAS)
		e.type = (enum event_type)head;
	else
		u.bad = true;
	e.id.ms = unpack_number(&u);
	e.id.seq = unpack_number(&u) - 1;
	e.nth = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	e.at = unpack_since(&u, (int64_t)e.id.ms);
	if (e.kind == ENTRY_EVENT)
		get_event(&u, &e);
	else
		get_decision(&u, &e.decision, e.at);
	if (u.bad)
		return TIMELINE_CORRUPT;
	*bytes = span_of((const char *)u.at, unpack_left(&u));
	*ret_e = e;
	return 0;
}
