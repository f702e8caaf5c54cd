/* SPDX-License-Identifier: MIT */
/*
 * One canonical event, in the shape that the envelope takes. Every member is written once and in
 * the same order, so equal payloads make equal bytes.
 */
#include "mapping_eval.h"

#include "codec/envelope.h"

struct writer {
	struct mapping_run *g;
	const struct mapping_rule *rule;
	struct span original; /* what it is made of */
	struct span event;    /* its name */
	struct span message_id;
	bool named; /* the customer */
};

static void put_key(struct mapping_run *g, const char *key)
{
	if (g->out.ptr[g->out.len - 1] != '{')
		buf_add_char(&g->out, ',');
	buf_add_char(&g->out, '"');
	buf_add_str(&g->out, key);
	buf_add(&g->out, "\":", 2);
}

static void put_text(struct mapping_run *g, const char *key, struct span text)
{
	put_key(g, key);
	json_escape(text, &g->out);
}

/* The text of NODE as events may hold it; empty if there is none. */
static struct span clean_text(struct mapping_run *g, uint16_t node)
{
	struct mapping_value v = mapping_eval(g, node);
	struct span text;

	if (!mapping_text_of(g, &v, &text))
		return SPAN_EMPTY;
	return mapping_clean(g, text);
}

/* The name, which a track must have. */
static void write_name(struct writer *w)
{
	struct mapping_run *g = w->g;

	w->event = clean_text(g, w->rule->event);
	if (w->event.len > 0)
		put_text(g, w->rule->type == EVENT_TRACK ? "event" : "name", w->event);
	else if (w->rule->type == EVENT_TRACK)
		mapping_fail(g, MAPPING_NO_EVENT);
}

static size_t count_characters(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return n;
}

/* Same payload, same topic, same event: the same id, however often it is delivered. */
static struct span derived_id(struct writer *w)
{
	struct mapping_run *g = w->g;
	size_t mark = g->out.len;

	mapping_netstring(&g->out, g->topic);
	mapping_netstring(&g->out, envelope_type_name(w->rule->type));
	mapping_netstring(&g->out, w->event);
	mapping_netstring(&g->out, w->original);
	struct span bytes = mapping_take(g, mark);
	return g->error ? SPAN_EMPTY : mapping_sha256(g, bytes, 32);
}

static void write_message_id(struct writer *w)
{
	struct mapping_run *g = w->g;
	struct span id = clean_text(g, w->rule->id);

	if (mapping_stopped(g))
		return;
	if (id.len == 0)
		id = derived_id(w);
	else if (id.len > MESSAGE_ID_MAX || count_characters(id) > ENVELOPE_MESSAGE_ID_MAX)
		id = mapping_sha256(g, id, 64);
	put_text(g, "messageId", id);
	w->message_id = id;
}

static bool is_whole(struct span number)
{
	size_t i = number.len > 0 && number.ptr[0] == '-';

	while (i < number.len && number.ptr[i] >= '0' && number.ptr[i] <= '9')
		i++;
	return i == number.len;
}

static bool is_blank(struct span s)
{
	return span_trim(s).len == 0;
}

/* An identifier, if NODE comes to one. */
static void write_identifier(struct writer *w, const char *key, uint16_t node)
{
	struct mapping_run *g = w->g;
	struct mapping_value v = mapping_eval(g, node);
	struct span text;

	if (v.type != JSON_TYPE_STRING && (v.type != JSON_TYPE_NUMBER || !is_whole(v.span)))
		return;
	if (!mapping_text_of(g, &v, &text))
		return;
	text = mapping_clean(g, text);
	if (mapping_stopped(g) || text.len > IDENTIFIER_MAX || is_blank(text))
		return;
	put_key(g, key);
	if (v.type == JSON_TYPE_NUMBER)
		buf_add_span(&g->out, text);
	else
		mapping_write(g, &v);
	w->named = true;
}

static void write_customer(struct writer *w)
{
	struct mapping_run *g = w->g;
	size_t mark;

	write_identifier(w, "userId", w->rule->user);
	write_identifier(w, "anonymousId", w->rule->anonymous);
	mark = g->out.len;
	put_key(g, "identifiers");
	size_t empty = g->out.len + 1;
	buf_add_char(&g->out, '{');
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++)
		if (w->rule->identifiers[i])
			write_identifier(
				w, IDENTITY_DEFAULT.kinds[i].name.ptr, w->rule->identifiers[i]);
	if (g->out.len == empty)
		g->out.len = mark;
	else
		buf_add_char(&g->out, '}');
	if (!w->named)
		mapping_fail(g, MAPPING_NO_CUSTOMER);
}

static void write_time(struct writer *w, const char *key, uint16_t node)
{
	struct mapping_run *g = w->g;
	struct mapping_value v = mapping_eval(g, node);
	struct span text;
	int64_t at;

	if (!mapping_present(&v) || mapping_stopped(g))
		return;
	if ((v.type != JSON_TYPE_STRING && v.type != JSON_TYPE_NUMBER) ||
		!mapping_text_of(g, &v, &text) || instant_parse(text, &at) != 0) {
		mapping_fail(g, MAPPING_BAD_TIME);
		return;
	}
	put_key(g, key);
	mapping_write(g, &v);
}

static void write_object(struct writer *w, const char *key, uint16_t node)
{
	struct mapping_value v = mapping_eval(w->g, node);

	if (v.type != JSON_TYPE_OBJECT)
		return;
	put_key(w->g, key);
	mapping_write(w->g, &v);
}

/* Where it came from, beside what the rule says. */
static void write_context(struct writer *w)
{
	struct mapping_run *g = w->g;
	struct span original =
		w->rule->original ? clean_text(g, w->rule->original) : mapping_clean(g, g->topic);
	struct span channel = clean_text(g, w->rule->channel);
	struct mapping_value more = mapping_eval(g, w->rule->context);
	size_t mark = g->out.len;

	put_key(g, "context");
	size_t empty = g->out.len + 1;
	buf_add_char(&g->out, '{');
	if (original.len > 0) {
		buf_add_str(&g->out, "\"original\":{\"name\":");
		json_escape(original, &g->out);
		buf_add_char(&g->out, '}');
	}
	if (channel.len > 0)
		put_text(g, "channel", channel);
	if (more.type == JSON_TYPE_OBJECT) {
		if (g->out.len > empty)
			buf_add_char(&g->out, ',');
		more.span = span_of(more.span.ptr + 1, more.span.len - 2);
		buf_add_span(&g->out, more.span);
	}
	if (g->out.len == empty)
		g->out.len = mark;
	else
		buf_add_char(&g->out, '}');
}

/* The depth is looked at last: only then is it known what was put into what. */
static void check_size(struct mapping_run *g)
{
	struct json_cursor c;
	struct json_value all;

	if (buf_failed(&g->out) < 0)
		g->error = -ENOMEM;
	if (mapping_stopped(g))
		return;
	if (g->out.len > g->event_bytes) {
		mapping_fail(g, MAPPING_TOO_LARGE);
		return;
	}
	json_cursor_init(&c, buf_span(&g->out));
	c.depth_soft = g->depth;
	if (json_value(&c, &all) != 0 || c.text.code != JSON_SOUND)
		mapping_fail(g, MAPPING_TOO_DEEP);
}

struct span mapping_write_event(
	struct mapping_run *g, const struct mapping_rule *rule, struct span original)
{
	struct writer w = {.g = g, .rule = rule, .original = original};

	buf_reset(&g->out);
	buf_add_char(&g->out, '{');
	if (buf_failed(&g->out) < 0) {
		g->error = -ENOMEM;
		return SPAN_EMPTY;
	}
	put_text(g, "type", envelope_type_name(rule->type));
	write_name(&w);
	write_message_id(&w);
	write_customer(&w);
	write_time(&w, "timestamp", rule->time);
	write_time(&w, "sentAt", rule->sent);
	write_object(&w, "properties", rule->properties);
	write_object(&w, "traits", rule->traits);
	write_context(&w);
	buf_add_char(&g->out, '}');
	check_size(g);
	return w.message_id;
}
