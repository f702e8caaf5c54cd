/* SPDX-License-Identifier: MIT */
/*
 * The walk is the envelope's, with the same judgement of ids, times and types at its end, so that
 * the worker cannot see an event in another light than the collector that let it in. In
 * properties, traits and context it follows the paths of the field table instead of passing by.
 */
#include "codec/event_json.h"

#include "base/hash.h"
#include "codec/json_path.h"
#include "envelope_parts.h"
#include "event_details.h"
#include "json_scalar.h"

#define ROOTS 3

static_assert(VALUE_MISSING == 0, "fields begin cleared");

struct event_decoder {
	const struct field_table *fields;
	const struct identity *identity;
	struct json_paths *paths[ROOTS]; /* slots are numbers of fields */
	struct detail_decoder *details;
};

struct decoding {
	const struct event_decoder *decoder;
	const struct event_origin *origin;
	struct envelope_reader reader;
	struct envelope_parts parts;
	struct envelope_item item;
	struct json_value found[FIELD_MAX];
};

struct event_decoder *event_decoder_free(struct event_decoder *d)
{
	if (d) {
		for (size_t root = 0; root < ROOTS; root++)
			json_paths_free(d->paths[root]);
		detail_decoder_free(d->details);
		free(d);
	}
	return NULL;
}

void event_decoder_freep(struct event_decoder **d)
{
	event_decoder_free(*d);
}

/* A path that no event can have is left out, and so always missing. */
static int prepare_root(struct event_decoder *d, enum field_root root)
{
	struct json_path paths[FIELD_MAX];
	size_t n = 0;

	for (size_t i = 0; i < d->fields->n; i++) {
		const struct field_path *field = &d->fields->paths[i];

		if (field->root == root && json_path_valid(field->path))
			paths[n++] = (struct json_path){field->path, i};
	}
	return json_paths_new(paths, n, &d->paths[root]);
}

int event_decoder_new(const struct field_table *fields, const struct identity *identity,
	struct event_decoder **ret_decoder)
{
	struct event_decoder *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->fields = fields;
	d->identity = identity;
	r = detail_decoder_new(&d->details);
	for (size_t root = 0; root < ROOTS && r == 0; root++)
		r = prepare_root(d, (enum field_root)root);
	if (r) {
		event_decoder_free(d);
		return r;
	}
	*ret_decoder = d;
	return 0;
}

/* The root that member FIELD is; ROOTS if it is none. */
static size_t root_of(enum envelope_field field)
{
	if (field == ENVELOPE_PROPERTIES)
		return FIELD_ROOT_PROPERTIES;
	if (field == ENVELOPE_TRAITS)
		return FIELD_ROOT_TRAITS;
	return field == ENVELOPE_CONTEXT ? FIELD_ROOT_CONTEXT : ROOTS;
}

/* Passes the value of member FIELD. Outcomes of json_scan. */
static int read_member(struct decoding *g, enum envelope_field field)
{
	struct json_cursor *c = &g->reader.cursor;
	size_t root = root_of(field);
	struct json_value value;
	int r;

	if (root != ROOTS && json_peek(c) == JSON_TYPE_OBJECT) {
		const char *first = c->at;

		r = json_paths_read(g->decoder->paths[root], c, g->found);
		value.type = JSON_TYPE_OBJECT;
		value.raw = span_of(first, (size_t)(c->at - first));
		value.escaped = false;
	} else {
		r = json_value(c, &value);
	}
	if (r == 0 && field != ENVELOPE_FIELD_COUNT && field != ENVELOPE_BATCH)
		envelope_parts_add(&g->reader, &g->parts, field, &value);
	return r;
}

/* Passes the whole item. Outcomes of json_scan. */
static int read_members(struct decoding *g)
{
	struct json_cursor *c = &g->reader.cursor;
	struct json_value key;
	int r = json_object_open(c);

	while (r == 0) {
		r = json_object_key(c, &key);
		if (r == 0)
			r = read_member(g, envelope_find_field(&key));
	}
	return r == JSON_END ? json_finish(c) : r;
}

static int refuse(enum envelope_code code, struct event_fault *ret_fault)
{
	*ret_fault = (struct event_fault){envelope_code_name(code), envelope_code_words(code)};
	return EVENT_BAD;
}

/* Reads and judges ITEM as if it were the collector's. */
static int read_item(struct decoding *g, struct span item, struct event_fault *ret_fault)
{
	static const struct envelope_limits limits = {SIZE_MAX, 1, JSON_DEPTH_MAX};

	json_cursor_init(&g->reader.cursor, item);
	g->reader.kind = g->origin->has_type ? (enum envelope_kind)g->origin->type
					     : ENVELOPE_KIND_BATCH; /* the type must be said */
	g->reader.limits = &limits;
	envelope_parts_init(&g->parts);
	if (json_peek(&g->reader.cursor) != JSON_TYPE_OBJECT)
		return refuse(ENVELOPE_NOT_OBJECT, ret_fault);
	g->item = (struct envelope_item){.raw = item};
	if (read_members(g) != 0)
		return refuse(ENVELOPE_MALFORMED, ret_fault);
	int r = envelope_judge_item(&g->reader, &g->item, &g->parts);
	if (r == 0 && g->item.fault.code != ENVELOPE_ACCEPTED)
		return refuse(g->item.fault.code, ret_fault);
	return r;
}

/* What the batch says for all its items stands in where the item's own context is silent. */
static int add_shared_context(struct decoding *g, struct event_fault *ret_fault)
{
	const struct field_table *fields = g->decoder->fields;
	struct json_value shared[FIELD_MAX];
	struct json_cursor c;

	if (g->origin->context.len == 0)
		return 0;
	json_cursor_init(&c, g->origin->context);
	if (json_peek(&c) != JSON_TYPE_OBJECT ||
		json_paths_read(g->decoder->paths[FIELD_ROOT_CONTEXT], &c, shared) != 0 ||
		json_finish(&c) != 0 || c.text.code != JSON_SOUND) {
		*ret_fault = (struct event_fault){
			"bad_context", "the context that came with the batch is damaged"};
		return EVENT_BAD;
	}
	for (size_t i = 0; i < fields->n; i++) {
		if (fields->paths[i].root == FIELD_ROOT_CONTEXT &&
			g->found[i].type == JSON_TYPE_ABSENT &&
			json_path_valid(fields->paths[i].path))
			g->found[i] = shared[i];
	}
	return 0;
}

/* What is inside an array or an object of a field that is wanted as a tree. */
struct tree_maker {
	struct arena *arena;
	size_t left;  /* values that the field may still have */
	size_t depth; /* arrays and objects around */
};

static int make_tree(struct tree_maker *m, const struct json_value *v, struct value *value);

/* Into VALUE, which is cleared: what is missing stays so. 0 or -ENOMEM. M is NULL where nobody
 * wants to see inside. */
static int make_value(
	const struct json_value *v, struct arena *arena, struct tree_maker *m, struct value *value)
{
	int r;

	if (v->type == JSON_TYPE_ABSENT)
		return 0;
	r = json_scalar(v, arena, value);
	if (r)
		return r;
	if (m && (v->type == JSON_TYPE_ARRAY || v->type == JSON_TYPE_OBJECT))
		return make_tree(m, v, value);
	return 0;
}

/* V was passed before, so it is well formed. One that is too large or too deep stays what it is:
 * something that nobody can see into. 0 or -ENOMEM. */
static int make_tree(struct tree_maker *m, const struct json_value *v, struct value *value)
{
	bool object = v->type == JSON_TYPE_OBJECT;
	size_t n = json_count(v, VALUE_ITEMS_MAX + 1);
	struct value_tree *tree;
	struct value *items;
	struct span *names;
	struct json_cursor c;
	int r = 0;

	if (n > VALUE_ITEMS_MAX || n > m->left || m->depth == VALUE_DEPTH_MAX)
		return 0;
	m->left -= n;
	m->depth++;
	tree = arena_calloc(m->arena, 1, sizeof(*tree));
	items = arena_calloc(m->arena, n ? n : 1, sizeof(*items));
	names = arena_calloc(m->arena, object && n ? n : 1, sizeof(*names));
	if (!tree || !items || !names)
		return -ENOMEM;
	*tree = (struct value_tree){n, items, object ? names : NULL};
	json_cursor_init(&c, v->raw);
	(void)(object ? json_object_open(&c) : json_array_open(&c));
	for (size_t i = 0; i < n && r == 0; i++) {
		struct json_value key, item;

		(void)(object ? json_object_key(&c, &key) : json_array_next(&c));
		if (object)
			names[i] = json_text(&key, m->arena);
		(void)json_value(&c, &item);
		r = object && !names[i].ptr ? -ENOMEM : make_value(&item, m->arena, m, &items[i]);
		if (object && r == 0)
			value_mark_amount(&items[i], names[i]);
	}
	m->depth--;
	value->type = object ? VALUE_OBJECT : VALUE_ARRAY;
	value->inner = tree;
	return r;
}

/* Whether field N says who the customer is. */
static bool is_trait(const struct field_table *fields, size_t n)
{
	static const struct span traits = {"traits.", 7};
	const struct field_path *f = &fields->paths[n];

	return f->root == FIELD_ROOT_TRAITS ||
	       (f->root == FIELD_ROOT_CONTEXT && f->path.len > traits.len &&
		       memcmp(f->path.ptr, traits.ptr, traits.len) == 0);
}

/* Most fields are missing from most events, and a cleared value is a missing one. */
static int make_fields(const struct decoding *g, struct event *e)
{
	const struct field_table *fields = g->decoder->fields;
	struct value *values = arena_calloc(g->reader.arena, fields->n, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < fields->n; i++) {
		struct tree_maker maker = {g->reader.arena, VALUE_TREE_MAX, 0};
		int r;

		if (g->found[i].type == JSON_TYPE_ABSENT ||
			(g->origin->no_traits && is_trait(fields, i)))
			continue;
		r = make_value(&g->found[i], g->reader.arena, fields->paths[i].tree ? &maker : NULL,
			&values[i]);
		if (r)
			return r;
		value_mark_amount(&values[i], fields->paths[i].path);
	}
	e->fields = values;
	e->n_fields = fields->n;
	return 0;
}

/* The text of member FIELD if it is a string, else empty. 0 or -ENOMEM. */
static int string_part(struct decoding *g, enum envelope_field field, struct span *ret_text)
{
	const struct json_value *v = envelope_part(&g->parts, field);

	*ret_text = SPAN_EMPTY;
	if (!v || v->type != JSON_TYPE_STRING)
		return 0;
	return envelope_part_text(&g->reader, &g->parts, field, ret_text);
}

static int make_name(struct decoding *g, struct event *e)
{
	static const enum event_kind kinds[] = {
		[EVENT_TRACK] = EVENT_CUSTOM,
		[EVENT_IDENTIFY] = EVENT_CUSTOMER_IDENTIFIED,
		[EVENT_PAGE] = EVENT_PAGE_VIEWED,
		[EVENT_SCREEN] = EVENT_SCREEN_VIEWED,
		[EVENT_GROUP] = EVENT_CUSTOMER_GROUPED,
		[EVENT_ALIAS] = EVENT_CUSTOMER_ALIASED,
	};
	struct span sent = SPAN_EMPTY;
	int r = 0;

	e->kind = kinds[e->type];
	if (e->type == EVENT_TRACK)
		r = string_part(g, ENVELOPE_EVENT, &sent);
	else if (e->type == EVENT_PAGE || e->type == EVENT_SCREEN)
		r = string_part(g, ENVELOPE_NAME, &sent);
	if (r)
		return r;
	if (e->type == EVENT_TRACK)
		e->kind = vocab_kind(sent);
	if (e->kind == EVENT_EMAIL_OPENED && vocab_says_machine(sent))
		e->flags |= EVENT_FLAG_MACHINE;
	e->name = e->kind == EVENT_CUSTOM ? sent : vocab_name(e->kind);
	e->original = span_equal(sent, e->name) ? SPAN_EMPTY : sent;
	/* What was translated before it came here says what it was called there. */
	if (event_field(e, FIELD_CONTEXT_ORIGINAL)->type == VALUE_STRING)
		e->original = event_field(e, FIELD_CONTEXT_ORIGINAL)->text;
	return 0;
}

static enum channel channel_of_field(const struct event *e, enum field_fixed field)
{
	const struct value *v = event_field(e, field);

	return v->type == VALUE_STRING ? channel_of(v->text) : CHANNEL_UNKNOWN;
}

static void make_channel(const struct decoding *g, struct event *e)
{
	e->channel = channel_of_field(e, FIELD_CHANNEL);
	if (e->channel == CHANNEL_UNKNOWN)
		e->channel = channel_of_field(e, FIELD_CONTEXT_CHANNEL);
	if (e->channel == CHANNEL_UNKNOWN)
		e->channel = g->origin->channel;
}

static void make_time(const struct decoding *g, struct event *e)
{
	const struct envelope_parts *p = &g->parts;
	int64_t claimed = p->original_at != TIME_NEVER ? p->original_at : p->timestamp_at;
	int64_t sent_at = p->sent_at != TIME_NEVER ? p->sent_at : g->origin->sent_at;

	e->received_at = (int64_t)g->origin->id.ms;
	e->occurred_at =
		event_time(claimed, sent_at, g->origin->recv_at, e->received_at, &e->flags);
}

static struct span raw_part(const struct envelope_parts *p, enum envelope_field field)
{
	const struct json_value *v = envelope_part(p, field);

	return v ? v->raw : SPAN_EMPTY;
}

/*
 * A checksum over the members, each behind its number and length, so that moving bytes from one
 * to another changes the sum. No more than 32 bits are kept, and whoever makes two events agree on
 * purpose only has his second one dropped unseen, as any duplicate: CRC32C will do, at a tenth of
 * SipHash's price. The numbers are part of what is kept: they never change.
 */
static uint32_t sum_content(const struct envelope_parts *p)
{
	static const struct {
		enum envelope_field field;
		char number;
	} summed[] = {
		{ENVELOPE_TYPE, 1},
		{ENVELOPE_EVENT, 2},
		{ENVELOPE_USER_ID, 3},
		{ENVELOPE_ANONYMOUS_ID, 4},
		{ENVELOPE_MESSAGE_ID, 5},
		{ENVELOPE_TIMESTAMP, 6},
		{ENVELOPE_ORIGINAL_TIMESTAMP, 7},
		{ENVELOPE_PROPERTIES, 8},
		{ENVELOPE_TRAITS, 9},
		{ENVELOPE_NAME, 10},
		{ENVELOPE_IDENTIFIERS, 11},
		{ENVELOPE_PREVIOUS_ID, 12},
	};
	uint32_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(summed); i++) {
		struct span raw = raw_part(p, summed[i].field);
		uint32_t len = (uint32_t)raw.len;
		char head[] = {summed[i].number, (char)len, (char)(len >> 8), (char)(len >> 16)};

		if (raw.len == 0)
			continue;
		sum = crc32c(sum, span_of(head, sizeof(head)));
		sum = crc32c(sum, raw);
	}
	return sum;
}

/* All of the event but its fields. 0 or -ENOMEM. */
static int make_event(struct decoding *g, struct event *e)
{
	bool identify = g->item.type == EVENT_IDENTIFY;
	int r;

	e->id = g->origin->id;
	e->type = g->item.type;
	e->source = g->origin->source;
	e->message_id = g->item.message_id;
	e->user_id = g->item.user_id;
	e->anonymous_id = g->item.anonymous_id;
	e->customer = g->item.customer;
	e->properties = raw_part(&g->parts, identify ? ENVELOPE_TRAITS : ENVELOPE_PROPERTIES);
	e->content = sum_content(&g->parts);
	e->flags = g->origin->machine ? EVENT_FLAG_MACHINE : 0;
	r = make_name(g, e);
	if (r)
		return r;
	make_channel(g, e);
	make_time(g, e);
	if (event_field(e, FIELD_MACHINE)->type == VALUE_TRUE)
		e->flags |= EVENT_FLAG_MACHINE;
	return 0;
}

static void add_more(
	struct identifiers_given *given, enum identifier what, const struct value *text)
{
	struct span id = value_id(text, IDENTIFIER_MAX);

	if (id.len > 0)
		given->more[given->n_more++] = (struct identifier_more){what, id};
}

/*
 * What an alias's user was called before. A page knows him by the anonymous id that it made itself
 * and nothing else; SDKs of servers send that, or a user id, and do not say which: of the two the
 * one that there is counts, and the other names nobody.
 */
static int add_previous(struct decoding *g, const struct event *e, struct identifiers_given *given)
{
	struct span text;
	int r = envelope_part_text(&g->reader, &g->parts, ENVELOPE_PREVIOUS_ID, &text);

	if (r || text.len == 0)
		return r;
	given->more[given->n_more++] = (struct identifier_more){IDENTIFIER_ANONYMOUS, text};
	if (e->link_rights & LINK_EXPLICIT)
		given->more[given->n_more++] = (struct identifier_more){IDENTIFIER_USER, text};
	return 0;
}

/* What else names the customer, and what may be made of that. */
static int make_ids(struct decoding *g, struct event *e)
{
	struct identifiers_given given = {.ids = g->reader.ids};
	int r = 0;

	e->link_rights = g->origin->link_rights;
	if (e->type != EVENT_ALIAS)
		e->link_rights &= ~(unsigned)LINK_EXPLICIT;
	if (e->type == EVENT_IDENTIFY && e->link_rights & LINK_TRUSTED) {
		add_more(&given, IDENTIFIER_EMAIL, event_field(e, FIELD_EMAIL));
		add_more(&given, IDENTIFIER_PHONE, event_field(e, FIELD_PHONE));
	}
	if (e->type == EVENT_ALIAS)
		r = add_previous(g, e, &given);
	return r ? r : identifiers_others(g->decoder->identity, &given, g->reader.arena, e);
}

int event_decode(const struct event_decoder *d, struct span item, const struct event_origin *origin,
	struct arena *arena, struct event *ret_event, struct event_fault *ret_fault)
{
	struct decoding g;
	struct event event = {.flags = 0};
	int r;

	g.decoder = d;
	g.origin = origin;
	g.reader.arena = arena;
	g.reader.identity = d->identity;
	g.reader.envelope.n_refused = 0;
	for (size_t i = 0; i < d->fields->n; i++)
		g.found[i].type = JSON_TYPE_ABSENT;
	r = read_item(&g, item, ret_fault);
	r = r ? r : add_shared_context(&g, ret_fault);
	r = r ? r : make_fields(&g, &event);
	r = r ? r : make_event(&g, &event);
	/* Traits that the source may not tell are not for details either. */
	if (r == 0 && !(origin->no_traits && event.kind == EVENT_CUSTOMER_IDENTIFIED))
		r = detail_decode(d->details, arena, &event);
	r = r ? r : make_ids(&g, &event);
	if (r == 0)
		*ret_event = event;
	return r;
}
