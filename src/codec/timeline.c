/* SPDX-License-Identifier: MIT */
/*
 * Entries as bytes, alone and in a block. In both the same numbers and texts are written in the
 * same order; alone they stand one behind the other, in a block each kind by itself.
 *
 *   entry:     head byte (kind, and of an event its type) · log id (ms, seq + 1) · nth · at since
 *              the log id's ms · event or decision
 *   event:     mask of what is present + event flags × 32 · channel · name · [original] ·
 *              source · [message id] · [user id] · [anonymous id] · [properties]
 *   decision:  outcome × 4 + late × 2 + (at is another) · [at] · rule · key · step · by · data ·
 *              epoch · episode · times · [more]
 *   more:      mask of the pairs that are there · (gate · reason) · until · channel · (likelihood ·
 *              impact · priority) · version · words · subject
 *
 * Seq is written plus one because a tick has none (UINT64_MAX), which so becomes 0. A name is
 * (length × 2 and the bytes) or (number of the vocabulary × 2 + 1); other text is a length and the
 * bytes.
 *
 * In a block the log id's ms counts from the entry before, and source and ids begin with a token: a
 * length × 4 and the bytes; 1 for the one of the event before; or the length of what stands before
 * a UUID × 4 + 2 (+ 3: in capitals), with the UUID's sixteen bytes among the ids.
 */
#include "codec/timeline.h"

#include "entry_wire.h"
#include "wire_names.h"

/* What stands on disk as a number may not move: append, or raise CHUNK_VERSION and RECORD_VERSION.
 */
_Static_assert(EVENT_TRACK == 0 && EVENT_PAGE == 2 && EVENT_ALIAS == 5, "moved");
_Static_assert(CHANNEL_WEB == 1 && CHANNEL_STORE == 4 && CHANNEL_SERVER == 9, "moved");
_Static_assert(EVENT_FLAG_FUTURE == 1 && EVENT_FLAG_NO_TIME == 4, "moved");
_Static_assert(OUTCOME_NONE == 0 && OUTCOME_CANCELLED == 3 && OUTCOME_LIMIT == 9, "moved");

#define HEAD_DECISION	   0x40u /* below 0x80: one byte as a number too */
#define HEAD_DECISION_MORE 0x41u /* and what few decisions have follows */

enum {
	HAS_ORIGINAL = 1 << 0,
	HAS_MESSAGE_ID = 1 << 1,
	HAS_USER_ID = 1 << 2,
	HAS_ANONYMOUS_ID = 1 << 3,
	HAS_PROPERTIES = 1 << 4,
	HAS_ALL = (1 << 5) - 1,
};
#define FLAGS_SHIFT 5

/* Written once, compiled twice: alone, where numbers and texts are known to be one, and for blocks.
 */
#define forced_inline __attribute__((always_inline))

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

static inline forced_inline void put_text(struct entry_writer *w, struct span s)
{
	pack_number(w->numbers, s.len);
	pack_bytes(w->texts, s);
}

static inline forced_inline struct span get_text(struct entry_reader *r)
{
	return unpack_bytes(r->texts, unpack_number(r->numbers));
}

static inline forced_inline void put_name(struct entry_writer *w, struct span name)
{
	unsigned number = name.len ? wire_name_number(name) : 0;

	if (number) {
		pack_number(w->numbers, (uint64_t)number << 1 | 1);
		return;
	}
	pack_number(w->numbers, (uint64_t)name.len << 1);
	pack_bytes(w->texts, name);
}

static inline forced_inline struct span get_name(struct entry_reader *r)
{
	uint64_t token = unpack_number(r->numbers);
	struct span name;

	if (!(token & 1))
		return unpack_bytes(r->texts, token >> 1);
	name = wire_name(token >> 1);
	if (name.len == 0)
		r->numbers->bad = true;
	return name;
}

/* ---- ids -------------------------------------------------------------------------------- */

enum id_form { ID_PLAIN, ID_AGAIN, ID_UUID, ID_UUID_CAPITALS };

/* S may be what *BEFORE is; that is it from then on. BEFORE is NULL for what is never the same. */
static inline forced_inline void put_id(struct entry_writer *w, struct span s, struct span *before)
{
	uint64_t form = ID_PLAIN;
	unsigned char uuid[UUID_BYTES];
	bool capitals;

	if (!w->ids) {
		put_text(w, s);
		return;
	}
	if (before && before->len > 0 && span_equal(*before, s)) {
		pack_number(w->numbers, ID_AGAIN);
		return;
	}
	if (before)
		*before = s;
	if (s.len <= ENTRY_ID_MAX && uuid_at_end(s, uuid, &capitals)) {
		form = capitals ? ID_UUID_CAPITALS : ID_UUID;
		s.len -= UUID_TEXT;
		pack_bytes(w->ids, span_of((const char *)uuid, UUID_BYTES));
	}
	pack_number(w->numbers, (uint64_t)s.len << 2 | form);
	pack_bytes(w->texts, s);
}

/* A text that ends with a UUID, put together in ROOM. */
static struct span get_uuid(
	struct entry_reader *r, size_t len, bool capitals, char room[ENTRY_ID_MAX])
{
	struct span before, uuid = unpack_bytes(r->ids, UUID_BYTES);

	if (len > ENTRY_ID_MAX - UUID_TEXT)
		r->numbers->bad = true;
	before = unpack_bytes(r->texts, r->numbers->bad ? 0 : len);
	if (r->numbers->bad || r->texts->bad || r->ids->bad)
		return SPAN_EMPTY;
	if (before.len)
		memcpy(room, before.ptr, before.len);
	uuid_format((const unsigned char *)uuid.ptr, capitals, room + before.len);
	return span_of(room, before.len + UUID_TEXT);
}

static inline forced_inline struct span get_id(
	struct entry_reader *r, struct span *before, char room[ENTRY_ID_MAX])
{
	uint64_t token;
	struct span s;

	if (!r->ids)
		return get_text(r);
	token = unpack_number(r->numbers);
	switch ((enum id_form)(token & 3)) {
	case ID_PLAIN:
		s = unpack_bytes(r->texts, token >> 2);
		break;
	case ID_AGAIN:
		if (!before || before->len == 0 || token != ID_AGAIN)
			r->numbers->bad = true;
		return before ? *before : SPAN_EMPTY;
	case ID_UUID:
	case ID_UUID_CAPITALS:
	default:
		s = get_uuid(r, (size_t)(token >> 2), token & 1, room);
		break;
	}
	if (before)
		*before = s;
	return s;
}

/* ---- events ----------------------------------------------------------------------------- */

static inline forced_inline void put_event(struct entry_writer *w, const struct timeline_entry *e)
{
	unsigned has = (e->original.len ? HAS_ORIGINAL : 0u) |
		       (e->message_id.len ? HAS_MESSAGE_ID : 0u) |
		       (e->user_id.len ? HAS_USER_ID : 0u) |
		       (e->anonymous_id.len ? HAS_ANONYMOUS_ID : 0u) |
		       (e->properties.len ? HAS_PROPERTIES : 0u);

	pack_number(w->numbers, has | (uint64_t)e->flags << FLAGS_SHIFT);
	pack_number(w->numbers, e->channel);
	put_name(w, e->name);
	if (has & HAS_ORIGINAL)
		put_text(w, e->original);
	put_id(w, e->source, &w->before.source);
	if (has & HAS_MESSAGE_ID)
		put_id(w, e->message_id, NULL);
	if (has & HAS_USER_ID)
		put_id(w, e->user_id, &w->before.user_id);
	if (has & HAS_ANONYMOUS_ID)
		put_id(w, e->anonymous_id, &w->before.anonymous_id);
	if (has & HAS_PROPERTIES)
		put_text(w, e->properties);
}

static inline forced_inline void get_event(struct entry_reader *r, struct timeline_entry *e)
{
	uint64_t has = unpack_bounded(r->numbers, (uint64_t)UINT32_MAX << FLAGS_SHIFT | HAS_ALL);

	e->flags = (unsigned)(has >> FLAGS_SHIFT);
	e->channel = (enum channel)unpack_bounded(r->numbers, CHANNEL_COUNT - 1);
	e->name = get_name(r);
	if (has & HAS_ORIGINAL)
		e->original = get_text(r);
	e->source = get_id(r, &r->before.source, r->rooms[0]);
	if (has & HAS_MESSAGE_ID)
		e->message_id = get_id(r, NULL, r->rooms[1]);
	if (has & HAS_USER_ID)
		e->user_id = get_id(r, &r->before.user_id, r->rooms[2]);
	if (has & HAS_ANONYMOUS_ID)
		e->anonymous_id = get_id(r, &r->before.anonymous_id, r->rooms[3]);
	if (has & HAS_PROPERTIES)
		e->properties = get_text(r);
}

/* ---- decisions -------------------------------------------------------------------------- */

static inline forced_inline void put_decision(
	struct entry_writer *w, const struct decision *d, int64_t at)
{
	pack_number(w->numbers, (uint64_t)d->outcome << 2 | (uint64_t)d->late << 1 | (d->at != at));
	if (d->at != at)
		pack_since(w->numbers, d->at, at);
	put_text(w, d->rule);
	put_text(w, d->key);
	put_text(w, d->step);
	put_name(w, d->by);
	put_text(w, d->data);
	pack_number(w->numbers, d->epoch);
	pack_number(w->numbers, d->episode);
	pack_times(w->numbers, &decision_times, d, at);
}

static inline forced_inline void get_decision(
	struct entry_reader *r, struct decision *d, int64_t at)
{
	struct unpack *u = r->numbers;
	uint64_t outcome = unpack_bounded(u, (uint64_t)OUTCOME_COUNT * 4 - 1);

	d->outcome = (enum outcome)(outcome >> 2);
	d->late = outcome & 2;
	d->at = outcome & 1 ? unpack_since(u, at) : at;
	d->rule = get_text(r);
	d->key = get_text(r);
	d->step = get_text(r);
	d->by = get_name(r);
	d->data = get_text(r);
	d->epoch = (uint32_t)unpack_bounded(u, UINT32_MAX);
	d->episode = (uint32_t)unpack_bounded(u, UINT32_MAX);
	unpack_times(u, &decision_times, d, at);
}

enum {
	MORE_GATE = 1 << 0, /* gate, reason */
	MORE_UNTIL = 1 << 1,
	MORE_CHANNEL = 1 << 2,
	MORE_PRIORITY = 1 << 3, /* likelihood, impact, priority */
	MORE_VERSION = 1 << 4,
	MORE_WORDS = 1 << 5,
	MORE_SUBJECT = 1 << 6,
	MORE_ALL = (1 << 7) - 1,
};

static unsigned more_of(const struct decision *d)
{
	bool priority = d->likelihood.mantissa || d->impact.mantissa || d->priority;

	return (d->gate || d->reason ? MORE_GATE : 0u) | (d->until ? MORE_UNTIL : 0u) |
	       (d->channel.len ? MORE_CHANNEL : 0u) | (priority ? MORE_PRIORITY : 0u) |
	       (d->version ? MORE_VERSION : 0u) | (d->words.len ? MORE_WORDS : 0u) |
	       (d->subject.len ? MORE_SUBJECT : 0u);
}

static void put_decimal(struct pack *p, struct decimal d)
{
	pack_since(p, d.mantissa, 0);
	if (d.mantissa)
		pack_since(p, d.exponent, 0);
}

static struct decimal get_decimal(struct unpack *u)
{
	struct decimal d = {.mantissa = unpack_since(u, 0)};
	int64_t exponent = d.mantissa ? unpack_since(u, 0) : 0;

	if (exponent < INT32_MIN || exponent > INT32_MAX)
		u->bad = true;
	else
		d.exponent = (int32_t)exponent;
	return d;
}

static void put_more(struct entry_writer *w, const struct decision *d, int64_t at)
{
	unsigned has = more_of(d);

	pack_number(w->numbers, has);
	if (has & MORE_GATE) {
		pack_number(w->numbers, d->gate);
		pack_number(w->numbers, d->reason);
	}
	if (has & MORE_UNTIL)
		pack_since(w->numbers, d->until, at);
	if (has & MORE_CHANNEL)
		put_text(w, d->channel);
	if (has & MORE_PRIORITY) {
		put_decimal(w->numbers, d->likelihood);
		put_decimal(w->numbers, d->impact);
		pack_number(w->numbers, d->priority);
	}
	if (has & MORE_VERSION)
		pack_number(w->numbers, d->version);
	if (has & MORE_WORDS)
		put_text(w, d->words);
	if (has & MORE_SUBJECT)
		put_text(w, d->subject);
}

static void get_more(struct entry_reader *r, struct decision *d, int64_t at)
{
	struct unpack *u = r->numbers;
	uint64_t has = unpack_bounded(u, MORE_ALL);

	if (has & MORE_GATE) {
		d->gate = (uint32_t)unpack_bounded(u, UINT32_MAX);
		d->reason = (uint32_t)unpack_bounded(u, UINT32_MAX);
	}
	if (has & MORE_UNTIL)
		d->until = unpack_since(u, at);
	if (has & MORE_CHANNEL)
		d->channel = get_text(r);
	if (has & MORE_PRIORITY) {
		d->likelihood = get_decimal(u);
		d->impact = get_decimal(u);
		d->priority = (enum priority_class)unpack_bounded(u, PRIORITY_HIGH);
	}
	if (has & MORE_VERSION)
		d->version = unpack_number(u);
	if (has & MORE_WORDS)
		d->words = get_text(r);
	if (has & MORE_SUBJECT)
		d->subject = get_text(r);
	/* Nothing is written where there is nothing. */
	if (has == 0 || more_of(d) != has)
		u->bad = true;
}

/* ---- entries ---------------------------------------------------------------------------- */

size_t entry_text_len(const struct timeline_entry *e)
{
	const struct decision *d = &e->decision;

	if (e->kind == ENTRY_DECISION)
		return d->rule.len + d->key.len + d->step.len + d->by.len + d->data.len +
		       d->channel.len + d->words.len + d->subject.len;
	return e->name.len + e->original.len + e->source.len + e->message_id.len + e->user_id.len +
	       e->anonymous_id.len + e->properties.len;
}

static inline forced_inline void put_entry(struct entry_writer *w, const struct timeline_entry *e)
{
	bool more = e->kind == ENTRY_DECISION && more_of(&e->decision);
	unsigned head = e->kind == ENTRY_EVENT ? (unsigned)e->type : HEAD_DECISION;

	pack_number(w->numbers, more ? HEAD_DECISION_MORE : head);
	if (w->ids)
		pack_since(w->numbers, (int64_t)e->id.ms, (int64_t)w->before.ms);
	else
		pack_number(w->numbers, e->id.ms);
	pack_number(w->numbers, e->id.seq + 1);
	pack_number(w->numbers, e->nth);
	pack_since(w->numbers, e->at, (int64_t)e->id.ms);
	w->before.ms = e->id.ms;
	if (e->kind == ENTRY_EVENT)
		put_event(w, e);
	else
		put_decision(w, &e->decision, e->at);
	if (more)
		put_more(w, &e->decision, e->at);
}

static inline forced_inline int get_entry(struct entry_reader *r, struct timeline_entry *ret_e)
{
	struct timeline_entry e = {.kind = ENTRY_EVENT};
	struct unpack *u = r->numbers;
	uint64_t head = unpack_number(u);

	if (head == HEAD_DECISION || head == HEAD_DECISION_MORE)
		e.kind = ENTRY_DECISION;
	else if (head <= EVENT_ALIAS)
		e.type = (enum event_type)head;
	else
		u->bad = true;
	if (r->ids)
		e.id.ms = (uint64_t)unpack_since(u, (int64_t)r->before.ms);
	else
		e.id.ms = unpack_number(u);
	e.id.seq = unpack_number(u) - 1;
	e.nth = (uint32_t)unpack_bounded(u, UINT32_MAX);
	e.at = unpack_since(u, (int64_t)e.id.ms);
	r->before.ms = e.id.ms;
	if (e.kind == ENTRY_EVENT)
		get_event(r, &e);
	else
		get_decision(r, &e.decision, e.at);
	if (head == HEAD_DECISION_MORE)
		get_more(r, &e.decision, e.at);
	if (u->bad || r->texts->bad || (r->ids && r->ids->bad))
		return TIMELINE_CORRUPT;
	*ret_e = e;
	return 0;
}

void entry_put(struct entry_writer *w, const struct timeline_entry *e)
{
	put_entry(w, e);
}

int entry_get(struct entry_reader *r, struct timeline_entry *ret_e)
{
	return get_entry(r, ret_e);
}

void timeline_encode(const struct timeline_entry *e, struct buf *out)
{
	char *room = buf_reserve(out, ENTRY_NUMBERS_MAX + entry_text_len(e));
	struct pack p = {(unsigned char *)room};
	struct entry_writer w = {.numbers = &p, .texts = &p};

	if (!room)
		return;
	put_entry(&w, e);
	buf_commit(out, (size_t)((char *)p.at - room));
}

int timeline_decode(struct span *bytes, struct timeline_entry *ret_e)
{
	struct unpack u = unpack_of(*bytes);
	struct entry_reader r = {.numbers = &u, .texts = &u};

	if (get_entry(&r, ret_e))
		return TIMELINE_CORRUPT;
	*bytes = span_of((const char *)u.at, unpack_left(&u));
	return 0;
}
