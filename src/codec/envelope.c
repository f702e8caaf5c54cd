/* SPDX-License-Identifier: MIT */
/*
 * One walk over the body. The members that matter are remembered as spans while the scanner passes
 * them (struct envelope_parts) and judged when their object is complete; what is remembered is a
 * fixed number of spans, however large the object.
 */
#include "codec/envelope.h"

#include "envelope_parts.h"

static const struct span field_names[] = {
#define X(ID, NAME) [ENVELOPE_##ID] = {NAME, sizeof(NAME) - 1},
	ENVELOPE_FIELDS(X)
#undef X
};

/* The fields stand in order of length; this is the first of each. */
static const enum envelope_field first_of_length[] = {
	[4] = ENVELOPE_NAME,
	[5] = ENVELOPE_EVENT,
	[6] = ENVELOPE_USER_ID,
	[7] = ENVELOPE_CONTEXT,
	[8] = ENVELOPE_WRITE_KEY,
	[9] = ENVELOPE_TIMESTAMP,
	[10] = ENVELOPE_PROPERTIES,
	[11] = ENVELOPE_ANONYMOUS_ID,
	[17] = ENVELOPE_ORIGINAL_TIMESTAMP,
};

/* The structure is broken: nothing can be said of any item. */
static int malformed(struct envelope_reader *rd)
{
	rd->fault = (struct envelope_fault){
		.code = ENVELOPE_MALFORMED,
		.json = rd->cursor.fault.code,
		.offset = rd->cursor.fault.offset,
	};
	return ENVELOPE_REFUSED;
}

static enum envelope_field find_escaped_field(const struct json_value *key)
{
	for (size_t f = 0; f < ENVELOPE_FIELD_COUNT; f++) {
		if (json_is(key, field_names[f]))
			return (enum envelope_field)f;
	}
	return ENVELOPE_FIELD_COUNT;
}

enum envelope_field envelope_find_field(const struct json_value *key)
{
	struct span name = json_content(key);

	if (key->escaped)
		return find_escaped_field(key);
	if (name.len >= ARRAY_SIZE(first_of_length))
		return ENVELOPE_FIELD_COUNT;
	for (size_t f = first_of_length[name.len]; f < ENVELOPE_FIELD_COUNT; f++) {
		if (field_names[f].len != name.len)
			break;
		if (memcmp(field_names[f].ptr, name.ptr, name.len) == 0)
			return (enum envelope_field)f;
	}
	return ENVELOPE_FIELD_COUNT;
}

/* Passes the rest of an object that has been stepped into. Outcomes of json_scan. */
static int read_members(struct envelope_reader *rd, struct envelope_parts *p)
{
	struct json_value key;
	struct json_value value;

	for (;;) {
		int r = json_object_key(&rd->cursor, &key);

		if (r == 0)
			r = json_value(&rd->cursor, &value);
		if (r)
			return r == JSON_END ? 0 : r;
		enum envelope_field field = envelope_find_field(&key);
		if (field != ENVELOPE_FIELD_COUNT && field != ENVELOPE_BATCH)
			envelope_parts_add(rd, p, field, &value);
	}
}

/* A cleared item at the end of the array, or NULL when out of memory. */
static struct envelope_item *add_item(struct envelope_reader *rd)
{
	struct envelope *e = &rd->envelope;

	if (e->n_items == rd->cap_items) {
		size_t cap = rd->cap_items		       ? 2 * rd->cap_items
			     : rd->kind == ENVELOPE_KIND_BATCH ? 32
							       : 1;
		struct envelope_item *items = arena_alloc(rd->arena, cap * sizeof(*items));

		if (!items)
			return NULL;
		if (e->n_items > 0)
			memcpy(items, e->items, e->n_items * sizeof(*items));
		e->items = items;
		rd->cap_items = cap;
	}
	struct envelope_item *item = &e->items[e->n_items++];
	*item = (struct envelope_item){.raw = SPAN_EMPTY};
	return item;
}

/* An item that is no object: passed and refused. */
static int read_other(struct envelope_reader *rd, struct envelope_item *item)
{
	struct json_value value;

	if (json_value(&rd->cursor, &value) != 0)
		return malformed(rd);
	item->raw = value.raw;
	envelope_fault_set(&item->fault, ENVELOPE_NOT_OBJECT, ENVELOPE_FIELD_COUNT,
		envelope_offset(rd, value.raw.ptr));
	rd->envelope.n_refused++;
	return 0;
}

/*
 * Passes the item that comes next and judges it. Its bad text is its own: the cursor's note is set
 * aside for the time. P receives its members.
 */
int envelope_read_item(struct envelope_reader *rd, struct envelope_parts *p)
{
	struct json_cursor *c = &rd->cursor;
	struct json_fault outer = c->text;
	size_t outer_depth = c->depth_soft;
	bool object = json_peek(c) == JSON_TYPE_OBJECT;
	const char *first = c->at;
	struct envelope_item *item = add_item(rd);
	int r;

	envelope_parts_init(p);
	if (!item)
		return -ENOMEM;
	c->text.code = JSON_SOUND;
	c->depth_soft = c->depth + rd->limits->depth;
	if (!object) {
		r = read_other(rd, item);
	} else if (json_object_open(c) != 0 || read_members(rd, p) != 0) {
		r = malformed(rd);
	} else {
		item->raw = span_of(first, (size_t)(c->at - first));
		r = envelope_judge_item(rd, item, p);
	}
	c->text = outer;
	c->depth_soft = outer_depth;
	return r;
}

static int read_items(struct envelope_reader *rd)
{
	struct json_cursor *c = &rd->cursor;
	struct envelope_parts parts;

	if (json_array_open(c) != 0)
		return malformed(rd);
	for (;;) {
		int r = json_array_next(c);

		if (r == JSON_END)
			return 0;
		if (r)
			return malformed(rd);
		if (rd->envelope.n_items == rd->limits->items) {
			json_peek(c);
			envelope_fault_set(&rd->fault, ENVELOPE_TOO_MANY, ENVELOPE_BATCH,
				envelope_offset(rd, c->at));
			return ENVELOPE_REFUSED;
		}
		r = envelope_read_item(rd, &parts);
		if (r)
			return r;
	}
}

#define SHARED_FIELDS (BIT(ENVELOPE_WRITE_KEY) | BIT(ENVELOPE_SENT_AT) | BIT(ENVELOPE_CONTEXT))

/* One member of a batch's body, behind its key. */
static int read_batch_member(
	struct envelope_reader *rd, struct envelope_parts *p, enum envelope_field field)
{
	struct json_value value = {.type = JSON_TYPE_ARRAY};
	enum json_type type = json_peek(&rd->cursor);

	value.raw.ptr = rd->cursor.at;
	if (field == ENVELOPE_BATCH && type == JSON_TYPE_ARRAY && !(p->seen & BIT(field))) {
		int r = read_items(rd);

		if (r)
			return r;
	} else if (json_value(&rd->cursor, &value) != 0) {
		return malformed(rd);
	}
	if (field == ENVELOPE_BATCH && value.type != JSON_TYPE_ARRAY)
		envelope_fault_set(&p->fault, ENVELOPE_MISSING_BATCH, field,
			envelope_offset(rd, value.raw.ptr));
	if (field == ENVELOPE_BATCH ||
		(field < ENVELOPE_FIELD_COUNT && (BIT(field) & SHARED_FIELDS)))
		envelope_parts_add(rd, p, field, &value);
	return 0;
}

static int read_batch(struct envelope_reader *rd)
{
	struct json_cursor *c = &rd->cursor;
	struct envelope_parts parts;
	struct json_value key;

	envelope_parts_init(&parts);
	if (json_peek(c) != JSON_TYPE_OBJECT) {
		struct json_value value;

		if (json_value(c, &value) != 0 || json_finish(c) != 0)
			return malformed(rd);
		envelope_fault_set(&rd->fault, ENVELOPE_MISSING_BATCH, ENVELOPE_BATCH, 0);
		return ENVELOPE_REFUSED;
	}
	c->depth_soft = rd->limits->depth + 1;
	if (json_object_open(c) != 0)
		return malformed(rd);
	for (;;) {
		int r = json_object_key(c, &key);

		if (r == JSON_END)
			break;
		if (r)
			return malformed(rd);
		r = read_batch_member(rd, &parts, envelope_find_field(&key));
		if (r)
			return r;
	}
	return json_finish(c) ? malformed(rd) : envelope_judge_shared(rd, &parts);
}

static int read_single(struct envelope_reader *rd)
{
	struct envelope_parts parts;
	int r = envelope_read_item(rd, &parts);

	if (r)
		return r;
	rd->envelope.sent_at = parts.sent_at;
	if (json_finish(&rd->cursor) != 0)
		return malformed(rd);
	/* Known even of a refused event: who may not send should hear that first. */
	const struct json_value *key = envelope_part(&parts, ENVELOPE_WRITE_KEY);
	if (!key || key->type != JSON_TYPE_STRING)
		return 0;
	return envelope_part_text(rd, &parts, ENVELOPE_WRITE_KEY, &rd->envelope.write_key);
}

int envelope_read(const struct envelope_request *request, struct arena *arena,
	struct envelope *ret_envelope, struct envelope_fault *ret_fault)
{
	struct envelope_reader rd;
	int r;

	json_cursor_init(&rd.cursor, request->body);
	rd.kind = request->kind;
	rd.limits = &request->limits;
	rd.arena = arena;
	rd.identity = request->identity;
	rd.envelope = (struct envelope){.sent_at = TIME_NEVER};
	rd.cap_items = 0;
	rd.fault = (struct envelope_fault){.code = ENVELOPE_ACCEPTED};
	r = rd.kind == ENVELOPE_KIND_BATCH ? read_batch(&rd) : read_single(&rd);
	if (r == 0)
		*ret_envelope = rd.envelope;
	else if (r == ENVELOPE_REFUSED)
		*ret_fault = rd.fault;
	return r;
}
