/* SPDX-License-Identifier: MIT */
/*
 * One table says which kind has which members; both ways go by it, so that what is written can be
 * read and nothing else.
 */
#include "codec/message_json.h"

#include "json_out.h"

enum member {
	MEMBER_FROM,
	MEMBER_SEQ,
	MEMBER_KIND,
	MEMBER_TO,
	MEMBER_OF,
	MEMBER_OTHER,
	MEMBER_RIGHTS,
	MEMBER_LINKED_AT,
	MEMBER_SAID_AT,
	MEMBER_REASON,
	MEMBER_AT,
	MEMBER_PATH,
	MEMBER_JOB,
	MEMBER_BY,
	MEMBER_BY_AT,
	MEMBER_LATE,
	MEMBER_SALT,
	MEMBER_SUM,
	MEMBER_STATE,
	MEMBER_NAME,
	MEMBER_VIA,
	MEMBER_PLACE,
	MEMBER_COUNT
};

#define HAS(M)	(1u << MEMBER_##M)
#define HEAD	(HAS(FROM) | HAS(SEQ) | HAS(KIND) | HAS(TO))
#define MOMENT	(HAS(LINKED_AT) | HAS(SAID_AT))
#define WORD	(HAS(FROM) | HAS(SEQ) | HAS(KIND) | HAS(REASON))
#define CLAIMED (HEAD | HAS(OF) | MOMENT)

static const unsigned members_of[MESSAGE_KIND_COUNT] = {
	[MESSAGE_FORWARD] = HEAD | HAS(AT) | HAS(PATH),
	[MESSAGE_CLAIM] = CLAIMED | HAS(RIGHTS),
	[MESSAGE_LINKED] = CLAIMED,
	[MESSAGE_TAKEN] = CLAIMED | HAS(OTHER) | HAS(RIGHTS),
	[MESSAGE_REFUSED] = CLAIMED | HAS(RIGHTS) | HAS(REASON),
	[MESSAGE_MERGE] = CLAIMED | HAS(PATH),
	[MESSAGE_NEWS] = HEAD | HAS(AT),
	[MESSAGE_LINE] = HEAD | HAS(AT),
	[MESSAGE_ASKED] = HEAD | HAS(OF) | HAS(SAID_AT),
	[MESSAGE_SCRUB] = HEAD | HAS(REASON),
	[MESSAGE_RETRACT] = HEAD | HAS(REASON) | HAS(JOB) | HAS(BY) | HAS(BY_AT) | HAS(LATE),
	[MESSAGE_ERASE] = HEAD | HAS(OF) | HAS(REASON),
	[MESSAGE_SUPPRESS] = WORD | HAS(SALT),
	[MESSAGE_LIFT] = WORD,
	[MESSAGE_UNMERGE] = CLAIMED | HAS(REASON) | HAS(BY) | HAS(SUM),
	[MESSAGE_RESTORE] = CLAIMED | HAS(REASON) | HAS(BY),
	[MESSAGE_NAMED] = HEAD | HAS(OF),
	[MESSAGE_ASK] = HEAD | HAS(OF) | HAS(OTHER),
	[MESSAGE_ANSWER] = HEAD | HAS(OF) | HAS(OTHER),
	[MESSAGE_WANT] = CLAIMED | HAS(RIGHTS),
	[MESSAGE_DECIDE] = CLAIMED | HAS(RIGHTS),
};

/* Which links they have passed, who of the staff said it and why, by which name, and what was not
 * said by older versions, if any. */
static const unsigned may_have[MESSAGE_KIND_COUNT] = {
	[MESSAGE_FORWARD] = HAS(PLACE),
	[MESSAGE_CLAIM] = HAS(BY) | HAS(REASON) | HAS(OTHER) | HAS(VIA),
	[MESSAGE_MERGE] = HAS(BY) | HAS(REASON),
	[MESSAGE_LINKED] = HAS(PATH),
	[MESSAGE_TAKEN] = HAS(PATH) | HAS(BY) | HAS(REASON) | HAS(NAME) | HAS(VIA),
	[MESSAGE_REFUSED] = HAS(PATH) | HAS(VIA),
	[MESSAGE_UNMERGE] = HAS(STATE),
	[MESSAGE_NAMED] = HAS(PATH),
	[MESSAGE_ASK] = HAS(PATH) | HAS(VIA) | MOMENT,
	[MESSAGE_ANSWER] = MOMENT,
	[MESSAGE_WANT] = HAS(PATH) | HAS(OTHER) | HAS(NAME),
	[MESSAGE_DECIDE] = HAS(OTHER) | HAS(NAME),
};

enum form { FORM_KEY, FORM_TEXT, FORM_PART, FORM_COUNT, FORM_RIGHTS, FORM_INSTANT, FORM_OTHER };

struct row {
	const char *name;
	enum form form;
	size_t offset; /* in struct message */
};

#define ROW(NAME, FORM, MEMBER)                                                                    \
	{                                                                                          \
		NAME, FORM, offsetof(struct message, MEMBER)                                       \
	}

static const struct row rows[MEMBER_COUNT] = {
	[MEMBER_FROM] = ROW("from", FORM_PART, from),
	[MEMBER_SEQ] = ROW("seq", FORM_COUNT, seq),
	[MEMBER_KIND] = ROW("kind", FORM_OTHER, kind),
	[MEMBER_TO] = ROW("to", FORM_KEY, to),
	[MEMBER_OF] = ROW("of", FORM_KEY, of),
	[MEMBER_OTHER] = ROW("other", FORM_KEY, other),
	[MEMBER_RIGHTS] = ROW("rights", FORM_RIGHTS, rights),
	[MEMBER_LINKED_AT] = ROW("linked_at", FORM_INSTANT, linked_at),
	[MEMBER_SAID_AT] = ROW("said_at", FORM_INSTANT, said_at),
	[MEMBER_REASON] = ROW("reason", FORM_TEXT, reason),
	[MEMBER_AT] = ROW("at", FORM_OTHER, at),
	[MEMBER_PATH] = ROW("path", FORM_OTHER, path),
	[MEMBER_JOB] = ROW("job", FORM_TEXT, job),
	[MEMBER_BY] = ROW("by", FORM_TEXT, by),
	[MEMBER_BY_AT] = ROW("by_at", FORM_INSTANT, by_at),
	[MEMBER_LATE] = ROW("late", FORM_OTHER, late),
	[MEMBER_SALT] = ROW("salt", FORM_TEXT, salt),
	[MEMBER_SUM] = ROW("sum", FORM_TEXT, sum),
	[MEMBER_STATE] = ROW("state", FORM_TEXT, state),
	[MEMBER_NAME] = ROW("name", FORM_KEY, name),
	[MEMBER_VIA] = ROW("via", FORM_KEY, via),
	[MEMBER_PLACE] = ROW("place", FORM_COUNT, place),
};

/* ---- writing ---------------------------------------------------------------------------- */

static void put_log_id(struct json_out *o, struct log_id id)
{
	buf_printf(o->buf, "\"%llu-%llu\"", (unsigned long long)id.ms, (unsigned long long)id.seq);
}

static void put_path(struct json_out *o, const struct message *m)
{
	json_out_open(o, rows[MEMBER_PATH].name, '[');
	for (size_t i = 0; i < m->n_path; i++) {
		json_out_open(o, NULL, '[');
		json_out_text(o, NULL, m->path[i].key);
		json_out_key(o, NULL);
		buf_add_i64(o->buf, m->path[i].linked_at);
		if (m->path[i].at.ms > 0) {
			json_out_key(o, NULL);
			put_log_id(o, m->path[i].at);
		}
		json_out_close(o, ']');
	}
	json_out_close(o, ']');
}

static void put_other(struct json_out *o, const struct message *m, enum member member)
{
	const char *name = rows[member].name;

	if (member == MEMBER_KIND) {
		json_out_text(o, name, message_kind_name(m->kind));
	} else if (member == MEMBER_PATH) {
		put_path(o, m);
	} else if (member == MEMBER_LATE) {
		json_out_bool(o, name, m->late);
	} else {
		json_out_key(o, name);
		put_log_id(o, m->at);
	}
}

static void put(struct json_out *o, const struct message *m, enum member member)
{
	const struct row *row = &rows[member];
	const void *value = (const char *)m + row->offset;

	switch (row->form) {
	case FORM_KEY:
	case FORM_TEXT:
		json_out_text(o, row->name, *(const struct span *)value);
		break;
	case FORM_PART:
		json_out_number(o, row->name, *(const uint32_t *)value);
		break;
	case FORM_COUNT:
		json_out_number(o, row->name, *(const uint64_t *)value);
		break;
	case FORM_RIGHTS:
		json_out_number(o, row->name, *(const unsigned *)value);
		break;
	case FORM_INSTANT:
		json_out_key(o, row->name);
		buf_add_i64(o->buf, *(const int64_t *)value);
		break;
	case FORM_OTHER:
		put_other(o, m, member);
		break;
	}
}

static bool has_more(const struct message *m, enum member member)
{
	if (!(may_have[m->kind] & 1u << member))
		return false;
	if (member == MEMBER_LINKED_AT || member == MEMBER_SAID_AT)
		return (member == MEMBER_LINKED_AT ? m->linked_at : m->said_at) > 0;
	if (member == MEMBER_OTHER)
		return m->other.len > 0;
	if (member == MEMBER_PLACE)
		return m->place > 0;
	if (member == MEMBER_STATE)
		return m->state.len > 0;
	if (member == MEMBER_NAME || member == MEMBER_VIA)
		return member == MEMBER_NAME ? m->name.len > 0 : m->via.len > 0;
	return member == MEMBER_PATH ? m->n_path > 0 : m->by.len > 0;
}

void message_json(const struct message *m, struct buf *out)
{
	struct json_out o = {out, false};

	assert(m->n_path <= MESSAGE_PATH_MAX);
	json_out_open(&o, NULL, '{');
	for (unsigned i = 0; i < MEMBER_COUNT; i++)
		if (members_of[m->kind] & 1u << i || has_more(m, (enum member)i))
			put(&o, m, (enum member)i);
	json_out_close(&o, '}');
}

/* It stands behind two numbers, so near the beginning; in a text a quote would be escaped. */
#define KIND_WITHIN 48

static bool has_kind(struct span head, struct span kind)
{
	for (size_t i = 0; i < KIND_WITHIN && i + kind.len <= head.len; i++)
		if (memcmp(head.ptr + i, kind.ptr, kind.len) == 0)
			return true;
	return false;
}

bool message_is_news(struct span head)
{
	return has_kind(head, SPAN_LIT("\"kind\":\"news\""));
}

bool message_is_line(struct span head)
{
	return has_kind(head, SPAN_LIT("\"kind\":\"line\""));
}

bool message_is_want(struct span head)
{
	return has_kind(head, SPAN_LIT("\"kind\":\"want\""));
}

/* ---- reading ---------------------------------------------------------------------------- */

struct reading {
	struct json_cursor cursor;
	struct arena *arena;
	struct message *m;
	unsigned seen;
};

/* A text of MIN to MAX bytes. 0, MESSAGE_BAD or -ENOMEM. */
static int take_text(struct reading *g, size_t min, size_t max, struct span *ret_text)
{
	struct json_value v;
	struct span text;

	if (json_peek(&g->cursor) != JSON_TYPE_STRING || json_value(&g->cursor, &v) != 0)
		return MESSAGE_BAD;
	text = json_text(&v, g->arena);
	if (!text.ptr && v.escaped)
		return -ENOMEM;
	if (text.len < min || text.len > max)
		return MESSAGE_BAD;
	*ret_text = text;
	return 0;
}

/* A whole number as it is written here: no fraction, no exponent, no zeros in front. */
static int take_u64(struct reading *g, uint64_t max, uint64_t *ret_n)
{
	struct json_value v;

	if (json_peek(&g->cursor) != JSON_TYPE_NUMBER || json_value(&g->cursor, &v) != 0)
		return MESSAGE_BAD;
	return span_to_u64(v.raw, max, ret_n) == 0 ? 0 : MESSAGE_BAD;
}

static int take_i64(struct reading *g, int64_t *ret_n)
{
	struct json_value v;
	uint64_t n;
	bool minus;

	if (json_peek(&g->cursor) != JSON_TYPE_NUMBER || json_value(&g->cursor, &v) != 0)
		return MESSAGE_BAD;
	minus = v.raw.ptr[0] == '-';
	if (minus)
		v.raw = span_of(v.raw.ptr + 1, v.raw.len - 1);
	if (span_to_u64(v.raw, INT64_MAX, &n) != 0 || (minus && n == 0))
		return MESSAGE_BAD;
	*ret_n = minus ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int take_unsigned(struct reading *g, unsigned max, unsigned *ret_n)
{
	uint64_t n;
	int r = take_u64(g, max, &n);

	if (r == 0)
		*ret_n = (unsigned)n;
	return r;
}

static int take_kind(struct reading *g)
{
	struct span name;
	int r = take_text(g, 1, MESSAGE_REASON_MAX, &name);

	for (unsigned i = 0; r == 0 && i < MESSAGE_KIND_COUNT; i++) {
		if (span_equal(name, message_kind_name((enum message_kind)i))) {
			g->m->kind = (enum message_kind)i;
			return 0;
		}
	}
	return r < 0 ? r : MESSAGE_BAD;
}

/* The only way to write a number. */
static bool take_digits(struct span *s, uint64_t *ret_n)
{
	size_t n = 0;

	while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9')
		n++;
	if ((n > 1 && s->ptr[0] == '0') || span_to_u64(span_of(s->ptr, n), UINT64_MAX, ret_n) != 0)
		return false;
	*s = span_of(s->ptr + n, s->len - n);
	return true;
}

static int take_log_id(struct reading *g, struct log_id *ret_id)
{
	struct span text;
	struct log_id id;
	int r = take_text(g, 3, 41, &text);

	if (r != 0)
		return r;
	if (!take_digits(&text, &id.ms) || text.len == 0 || text.ptr[0] != '-')
		return MESSAGE_BAD;
	text = span_of(text.ptr + 1, text.len - 1);
	if (!take_digits(&text, &id.seq) || text.len != 0 || id.ms > INT64_MAX)
		return MESSAGE_BAD;
	*ret_id = id;
	return 0;
}

/* [key, linked_at] or [key, linked_at, at] */
static int take_hop(struct reading *g, struct message_hop *ret_hop)
{
	int r, next = JSON_END;

	if (json_peek(&g->cursor) != JSON_TYPE_ARRAY || json_array_open(&g->cursor) != 0 ||
		json_array_next(&g->cursor) != 0)
		return MESSAGE_BAD;
	r = take_text(g, 1, CUSTOMER_MAX, &ret_hop->key);
	if (r == 0 && json_array_next(&g->cursor) != 0)
		return MESSAGE_BAD;
	if (r == 0)
		r = take_i64(g, &ret_hop->linked_at);
	if (r == 0)
		next = json_array_next(&g->cursor);
	if (r == 0 && next == 0) {
		r = take_log_id(g, &ret_hop->at);
		next = r == 0 ? json_array_next(&g->cursor) : next;
	}
	return r == 0 && next != JSON_END ? MESSAGE_BAD : r;
}

static int take_path(struct reading *g)
{
	struct message *m = g->m;
	int r = json_peek(&g->cursor) == JSON_TYPE_ARRAY ? 0 : MESSAGE_BAD;

	if (r == 0 && json_array_open(&g->cursor) != 0)
		return MESSAGE_BAD;
	while (r == 0) {
		int next = json_array_next(&g->cursor);

		if (next == JSON_END)
			return m->n_path > 0 ? 0 : MESSAGE_BAD;
		if (next != 0 || m->n_path == MESSAGE_PATH_MAX)
			return MESSAGE_BAD;
		r = take_hop(g, &m->path[m->n_path]);
		m->n_path += r == 0;
	}
	return r;
}

static int take_late(struct reading *g)
{
	struct json_value v;

	if (json_value(&g->cursor, &v) != 0 ||
		(v.type != JSON_TYPE_TRUE && v.type != JSON_TYPE_FALSE))
		return MESSAGE_BAD;
	g->m->late = v.type == JSON_TYPE_TRUE;
	return 0;
}

static int take_other(struct reading *g, enum member member)
{
	if (member == MEMBER_KIND)
		return take_kind(g);
	if (member == MEMBER_PATH)
		return take_path(g);
	return member == MEMBER_LATE ? take_late(g) : take_log_id(g, &g->m->at);
}

static int take(struct reading *g, enum member member)
{
	void *value = (char *)g->m + rows[member].offset;

	switch (rows[member].form) {
	case FORM_KEY:
		return take_text(g, 1, CUSTOMER_MAX, value);
	case FORM_TEXT:
		return take_text(g, member == MEMBER_JOB, MESSAGE_REASON_MAX, value);
	case FORM_PART:
		return take_unsigned(g, UINT16_MAX, value);
	case FORM_COUNT:
		return take_u64(g, INT64_MAX, value);
	case FORM_RIGHTS:
		return take_unsigned(g, UINT16_MAX, value);
	case FORM_INSTANT:
		return take_i64(g, value);
	case FORM_OTHER:
		return take_other(g, member);
	}
	return MESSAGE_BAD;
}

static int take_member(struct reading *g, const struct json_value *key)
{
	for (unsigned i = 0; i < MEMBER_COUNT; i++) {
		if (!json_is(key, span_str(rows[i].name)))
			continue;
		if (g->seen & 1u << i)
			return MESSAGE_BAD;
		g->seen |= 1u << i;
		return take(g, (enum member)i);
	}
	return MESSAGE_BAD;
}

/* 0, MESSAGE_BAD or -ENOMEM. */
static int take_object(struct reading *g)
{
	struct json_value key;
	int r = json_object_open(&g->cursor) == 0 ? 0 : MESSAGE_BAD;

	while (r == 0) {
		int next = json_object_key(&g->cursor, &key);

		if (next == JSON_END)
			return json_finish(&g->cursor) == 0 ? 0 : MESSAGE_BAD;
		r = next == 0 ? take_member(g, &key) : MESSAGE_BAD;
	}
	return r;
}

int message_parse(struct span head, struct arena *a, struct message *ret_m)
{
	struct message m = {.seq = 0};
	struct reading g = {.arena = a, .m = &m};
	int r;

	if (head.len > MESSAGE_HEAD_MAX)
		return MESSAGE_BAD;
	json_cursor_init(&g.cursor, head);
	r = take_object(&g);
	if (r == 0 && (g.cursor.text.code != JSON_SOUND ||
			      (g.seen & ~may_have[m.kind]) != members_of[m.kind] || m.seq == 0))
		r = MESSAGE_BAD;
	if (r != 0)
		return r;
	*ret_m = m;
	return 0;
}
