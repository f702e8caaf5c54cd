/* SPDX-License-Identifier: MIT */
/*
 * What is asked of an item, once the walk has found its members. Only the first fault is told:
 * size, bad text, then members that repeat or have a wrong type in the order in which they stand,
 * then what the rest says.
 */
#include "base/instant.h"
#include "envelope_parts.h"
#include "news_key.h"

enum check_kind {
	CHECK_ANY,
	CHECK_STRING,
	CHECK_ID,   /* a string or a whole number; at most so many bytes */
	CHECK_CODE, /* likewise; at most so many characters */
	CHECK_TIME,
	CHECK_OBJECT,
};

static const enum check_kind field_checks[ENVELOPE_FIELD_COUNT] = {
	[ENVELOPE_NAME] = CHECK_ANY,
	[ENVELOPE_TYPE] = CHECK_STRING,
	[ENVELOPE_EVENT] = CHECK_STRING,
	[ENVELOPE_BATCH] = CHECK_ANY,
	[ENVELOPE_USER_ID] = CHECK_ID,
	[ENVELOPE_SENT_AT] = CHECK_TIME,
	[ENVELOPE_TRAITS] = CHECK_OBJECT,
	[ENVELOPE_CONTEXT] = CHECK_OBJECT,
	[ENVELOPE_WRITE_KEY] = CHECK_STRING,
	[ENVELOPE_TIMESTAMP] = CHECK_TIME,
	[ENVELOPE_MESSAGE_ID] = CHECK_CODE,
	[ENVELOPE_PROPERTIES] = CHECK_OBJECT,
	[ENVELOPE_PREVIOUS_ID] = CHECK_ANY, /* only an alias's means something */
	[ENVELOPE_ANONYMOUS_ID] = CHECK_ID,
	[ENVELOPE_IDENTIFIERS] = CHECK_OBJECT,
	[ENVELOPE_ORIGINAL_TIMESTAMP] = CHECK_TIME,
};

static const struct span type_names[] = {
	[EVENT_TRACK] = {"track", 5},
	[EVENT_IDENTIFY] = {"identify", 8},
	[EVENT_PAGE] = {"page", 4},
	[EVENT_SCREEN] = {"screen", 6},
	[EVENT_GROUP] = {"group", 5},
	[EVENT_ALIAS] = {"alias", 5},
};

void envelope_fault_set(struct envelope_fault *fault, enum envelope_code code,
	enum envelope_field field, size_t offset)
{
	if (fault->code != ENVELOPE_ACCEPTED)
		return;
	*fault = (struct envelope_fault){.code = code, .field = field, .offset = offset};
}

size_t envelope_offset(const struct envelope_reader *rd, const char *p)
{
	return (size_t)(p - rd->cursor.start);
}

/* Is V what FIELD must be, by its first byte? */
static bool type_fits(enum envelope_field field, const struct json_value *v)
{
	switch (field_checks[field]) {
	case CHECK_STRING:
		return v->type == JSON_TYPE_STRING;
	case CHECK_ID:
	case CHECK_CODE:
	case CHECK_TIME:
		return v->type == JSON_TYPE_STRING || v->type == JSON_TYPE_NUMBER;
	case CHECK_OBJECT:
		return v->type == JSON_TYPE_OBJECT;
	case CHECK_ANY:
		return true;
	}
	return true;
}

/* Remembers member V of the object in P. Null is as good as missing, but counts as standing there.
 */
void envelope_parts_add(struct envelope_reader *rd, struct envelope_parts *p,
	enum envelope_field field, const struct json_value *v)
{
	size_t offset = envelope_offset(rd, v->raw.ptr);

	if (p->seen & BIT(field))
		envelope_fault_set(&p->fault, ENVELOPE_DUPLICATE_FIELD, field, offset);
	else if (v->type != JSON_TYPE_NULL && !type_fits(field, v))
		envelope_fault_set(&p->fault, ENVELOPE_WRONG_TYPE, field, offset);
	p->seen |= BIT(field);
	p->values[field] = *v;
}

void envelope_parts_init(struct envelope_parts *p)
{
	p->seen = 0;
	p->fault = (struct envelope_fault){.code = ENVELOPE_ACCEPTED};
	p->timestamp_at = TIME_NEVER;
	p->original_at = TIME_NEVER;
	p->sent_at = TIME_NEVER;
}

const struct json_value *envelope_part(const struct envelope_parts *p, enum envelope_field field)
{
	if (!(p->seen & BIT(field)) || p->values[field].type == JSON_TYPE_NULL)
		return NULL;
	return &p->values[field];
}

/* The fault of the first kind of bad text that the scanner saw, if any. */
static void judge_text(const struct envelope_reader *rd, struct envelope_fault *fault)
{
	static const enum envelope_code codes[] = {
		[JSON_TEXT_NUL] = ENVELOPE_NUL,
		[JSON_TEXT_SURROGATE] = ENVELOPE_SURROGATE,
		[JSON_TEXT_UTF8] = ENVELOPE_UTF8,
		[JSON_DEEP] = ENVELOPE_TOO_DEEP,
	};
	const struct json_fault *text = &rd->cursor.text;

	if (text->code != JSON_SOUND)
		envelope_fault_set(fault, codes[text->code], ENVELOPE_FIELD_COUNT, text->offset);
}

static bool is_whole_number(struct span s)
{
	size_t i = s.len > 0 && s.ptr[0] == '-';

	for (; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	}
	return true;
}

static size_t count_characters(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return n;
}

int envelope_part_text(struct envelope_reader *rd, const struct envelope_parts *p,
	enum envelope_field field, struct span *ret_text)
{
	const struct json_value *v = envelope_part(p, field);
	struct span text = SPAN_EMPTY;

	if (v) {
		text = v->type == JSON_TYPE_STRING ? json_text(v, rd->arena) : v->raw;
		if (!text.ptr)
			return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

static bool message_id_fits(struct span s)
{
	return s.len <= MESSAGE_ID_MAX && count_characters(s) <= ENVELOPE_MESSAGE_ID_MAX;
}

/* An identifier within its limit. 0 (with the fault noted, if there is one) or -ENOMEM. */
static int judge_id(struct envelope_reader *rd, struct envelope_parts *p, enum envelope_field field,
	struct span *ret_text)
{
	const struct json_value *v = envelope_part(p, field);
	int r = envelope_part_text(rd, p, field, ret_text);

	if (r || !v)
		return r;
	size_t offset = envelope_offset(rd, v->raw.ptr);
	if (v->type == JSON_TYPE_NUMBER && !is_whole_number(v->raw))
		envelope_fault_set(&p->fault, ENVELOPE_WRONG_TYPE, field, offset);
	if (field_checks[field] != CHECK_CODE ? ret_text->len > ENVELOPE_ID_MAX
					      : !message_id_fits(*ret_text))
		envelope_fault_set(&p->fault, ENVELOPE_TOO_LONG, field, offset);
	return 0;
}

/* Likewise an instant; TIME_NEVER if missing. */
static int judge_time(struct envelope_reader *rd, struct envelope_parts *p,
	enum envelope_field field, int64_t *ret_at)
{
	const struct json_value *v = envelope_part(p, field);
	struct span text;
	int r = envelope_part_text(rd, p, field, &text);

	if (r)
		return r;
	*ret_at = TIME_NEVER;
	if (v && instant_parse(text, ret_at) != 0)
		envelope_fault_set(
			&p->fault, ENVELOPE_BAD_TIMESTAMP, field, envelope_offset(rd, v->raw.ptr));
	return 0;
}

struct span envelope_type_name(enum event_type type)
{
	return type_names[type];
}

bool envelope_type_of(struct span name, enum event_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++) {
		if (span_equal(name, type_names[i])) {
			*ret_type = (enum event_type)i;
			return true;
		}
	}
	return false;
}

static int judge_type(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p)
{
	const struct json_value *v = envelope_part(p, ENVELOPE_TYPE);
	struct span name;
	int r = envelope_part_text(rd, p, ENVELOPE_TYPE, &name);

	if (r)
		return r;
	bool null = !v && (p->seen & BIT(ENVELOPE_TYPE));
	size_t offset = envelope_offset(rd, v ? v->raw.ptr : item->raw.ptr);
	if (!v && (null || rd->kind == ENVELOPE_KIND_BATCH))
		envelope_fault_set(&p->fault, ENVELOPE_MISSING_TYPE, ENVELOPE_TYPE, offset);
	else if (!v)
		item->type = (enum event_type)rd->kind;
	else if (!envelope_type_of(name, &item->type))
		envelope_fault_set(&p->fault, ENVELOPE_UNKNOWN_TYPE, ENVELOPE_TYPE, offset);
	else if (rd->kind != ENVELOPE_KIND_BATCH && item->type != (enum event_type)rd->kind)
		envelope_fault_set(&p->fault, ENVELOPE_TYPE_MISMATCH, ENVELOPE_TYPE, offset);
	return 0;
}

static int judge_event(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p)
{
	const struct json_value *v = envelope_part(p, ENVELOPE_EVENT);

	if (item->type != EVENT_TRACK)
		return 0;
	if (!v || v->raw.len == 2)
		envelope_fault_set(&p->fault, ENVELOPE_MISSING_EVENT, ENVELOPE_EVENT,
			envelope_offset(rd, v ? v->raw.ptr : item->raw.ptr));
	return envelope_part_text(rd, p, ENVELOPE_EVENT, &item->event);
}

/* Reads `identifiers` into rd->ids. 0 (with the fault noted, if there is one) or -ENOMEM. */
static int judge_identifiers(struct envelope_reader *rd, struct envelope_parts *p)
{
	static const enum envelope_code codes[] = {
		[IDENTIFIERS_WRONG_TYPE] = ENVELOPE_WRONG_TYPE,
		[IDENTIFIERS_TOO_LONG] = ENVELOPE_TOO_LONG,
		[IDENTIFIERS_TWICE] = ENVELOPE_DUPLICATE_FIELD,
	};
	const struct json_value *v = envelope_part(p, ENVELOPE_IDENTIFIERS);
	struct span member = SPAN_EMPTY;
	const char *at = NULL;
	int r;

	if (!v || p->fault.code != ENVELOPE_ACCEPTED)
		return 0;
	r = identifiers_read(rd->identity, v->raw, rd->arena, &rd->ids, &at, &member);
	if (r > 0) {
		envelope_fault_set(
			&p->fault, codes[r], ENVELOPE_IDENTIFIERS, envelope_offset(rd, at));
		p->fault.member = member;
	}
	return r < 0 ? r : 0;
}

static uint32_t kinds_given(const struct identifiers *ids)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ids->text); i++)
		if (ids->text[i].len > 0 && span_trim(ids->text[i]).len > 0)
			kinds |= 1U << i;
	return kinds;
}

/* Whom the item is about. 0 (with the fault noted, if there is one) or -ENOMEM. */
static int judge_customer(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p)
{
	int r = judge_identifiers(rd, p);

	if (r || p->fault.code != ENVELOPE_ACCEPTED)
		return r;
	rd->ids.text[rd->identity->at[IDENTIFIER_USER]] = item->user_id;
	rd->ids.text[rd->identity->at[IDENTIFIER_ANONYMOUS]] = item->anonymous_id;
	item->named = kinds_given(&rd->ids);
	r = identifiers_key(rd->identity, &rd->ids, rd->arena, &item->customer);
	if (r == 0 && item->named == 0)
		r = news_key(item, rd->arena, &item->customer);
	if (r == 0 && item->customer.len == 0)
		envelope_fault_set(&p->fault, item->named ? ENVELOPE_BLOCKED_ID : ENVELOPE_NO_ID,
			ENVELOPE_USER_ID, envelope_offset(rd, item->raw.ptr));
	return r;
}

static struct span raw_part(const struct envelope_parts *p, enum envelope_field field)
{
	const struct json_value *v = envelope_part(p, field);

	return v ? v->raw : SPAN_EMPTY;
}

/* What an alias says that its user was called before: as any user id. */
static int judge_previous(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p)
{
	const struct json_value *v = envelope_part(p, ENVELOPE_PREVIOUS_ID);

	if (item->type != EVENT_ALIAS || !v)
		return 0;
	if (v->type != JSON_TYPE_STRING && v->type != JSON_TYPE_NUMBER) {
		envelope_fault_set(&p->fault, ENVELOPE_WRONG_TYPE, ENVELOPE_PREVIOUS_ID,
			envelope_offset(rd, v->raw.ptr));
		return 0;
	}
	return judge_id(rd, p, ENVELOPE_PREVIOUS_ID, &item->previous_id);
}

/* All that can be said of an item whose members are in P. 0 or -ENOMEM. */
static int judge_members(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p)
{
	int r = judge_type(rd, item, p);

	if (r == 0 && p->fault.code == ENVELOPE_ACCEPTED)
		r = judge_event(rd, item, p);
	r = r ? r : judge_id(rd, p, ENVELOPE_USER_ID, &item->user_id);
	r = r ? r : judge_id(rd, p, ENVELOPE_ANONYMOUS_ID, &item->anonymous_id);
	r = r ? r : judge_previous(rd, item, p);
	r = r ? r : judge_id(rd, p, ENVELOPE_MESSAGE_ID, &item->message_id);
	r = r ? r : judge_time(rd, p, ENVELOPE_TIMESTAMP, &p->timestamp_at);
	r = r ? r : judge_time(rd, p, ENVELOPE_ORIGINAL_TIMESTAMP, &p->original_at);
	r = r ? r : judge_time(rd, p, ENVELOPE_SENT_AT, &p->sent_at);
	item->properties = raw_part(p, ENVELOPE_PROPERTIES);
	item->traits = raw_part(p, ENVELOPE_TRAITS);
	item->identifiers = raw_part(p, ENVELOPE_IDENTIFIERS);
	return r ? r : judge_customer(rd, item, p);
}

/* The size is judged first: a check of a member of something too large is not worth its time. */
int envelope_judge_item(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p)
{
	struct envelope_fault fault = {.code = ENVELOPE_ACCEPTED, .field = ENVELOPE_FIELD_COUNT};

	rd->ids = (struct identifiers){.text[0] = SPAN_EMPTY};
	if (item->raw.len > rd->limits->item_bytes)
		envelope_fault_set(&fault, ENVELOPE_ITEM_TOO_LARGE, ENVELOPE_FIELD_COUNT,
			envelope_offset(rd, item->raw.ptr));
	judge_text(rd, &fault);
	if (fault.code == ENVELOPE_ACCEPTED)
		fault = p->fault;
	if (fault.code == ENVELOPE_ACCEPTED) {
		int r = judge_members(rd, item, p);

		if (r)
			return r;
		fault = p->fault;
	}
	if (fault.code != ENVELOPE_ACCEPTED) {
		*item = (struct envelope_item){.raw = item->raw, .fault = fault};
		rd->envelope.n_refused++;
		return 0;
	}
	return 0;
}

int envelope_judge_shared(struct envelope_reader *rd, struct envelope_parts *p)
{
	struct envelope *e = &rd->envelope;
	const struct json_value *context = envelope_part(p, ENVELOPE_CONTEXT);
	int r;

	judge_text(rd, &rd->fault);
	if (rd->fault.code == ENVELOPE_ACCEPTED)
		rd->fault = p->fault;
	if (!(p->seen & BIT(ENVELOPE_BATCH)))
		envelope_fault_set(&rd->fault, ENVELOPE_MISSING_BATCH, ENVELOPE_BATCH, 0);
	if (rd->fault.code != ENVELOPE_ACCEPTED)
		return ENVELOPE_REFUSED;
	r = envelope_part_text(rd, p, ENVELOPE_WRITE_KEY, &e->write_key);
	r = r ? r : judge_time(rd, p, ENVELOPE_SENT_AT, &e->sent_at);
	if (context)
		e->context = context->raw;
	rd->fault = p->fault;
	return r ? r : rd->fault.code == ENVELOPE_ACCEPTED ? 0 : ENVELOPE_REFUSED;
}
