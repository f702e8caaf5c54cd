/* SPDX-License-Identifier: MIT */
/*
 * What an entry of the log is, as far as its line says so in the clear. Whose it is follows from
 * the same decoder that the worker has: the key that it was routed by. What a message is about is
 * the key that it goes to. What nobody can read is sealed with a key of its own.
 */
#include "archive_writer.h"
#include "codec/json_scan.h"
#include "codec/message_json.h"
#include "store/entry_fields.h"
#include "store/keys.h"
#include "store/log_origin.h"

static struct span field(const struct archive_line *l, const char *name)
{
	return entry_field(l->fields, l->n_fields, name);
}

/* [name, value, …] */
static int take_fields(const struct redis_value *v, struct arena *a, struct archive_line *l)
{
	struct archive_field *fields = NULL;
	int r = entry_fields_take(v, a, &fields, &l->n_fields);

	l->fields = fields;
	return r;
}

static int read_event(const struct archive_writer *w, struct arena *a, struct archive_line *l,
	struct span *ret_customer)
{
	struct event_origin origin;
	struct event_fault fault;
	struct log_meta meta;
	struct event event;
	int r;

	if (log_meta_parse(field(l, "m"), &meta) != 0)
		return 0;
	l->source = meta.source;
	origin = log_origin(&meta, l->id);
	r = event_decode(w->decoder, field(l, "e"), &origin, a, &event, &fault);
	if (r != 0)
		return r < 0 ? r : 0;
	*ret_customer = event.customer;
	/* A name of the shop's own may say anything. */
	if (event.kind != EVENT_CUSTOM)
		l->name = event.name;
	return 0;
}

static int read_message(struct arena *a, struct archive_line *l, struct span *ret_customer)
{
	struct message *m = arena_calloc(a, 1, sizeof(*m));
	int r = m ? message_parse(field(l, "x"), a, m) : -ENOMEM;

	if (r != 0)
		return r < 0 ? r : 0;
	l->name = message_kind_name(m->kind);
	*ret_customer = m->to;
	return 0;
}

/* The text comes back from JSON as it was. */
static bool is_text(struct span value)
{
	_cleanup_(buf_release) struct buf quoted = BUF_INIT, back = BUF_INIT;

	json_escape(value, &quoted);
	if (buf_failed(&quoted) < 0)
		return false;
	json_unescape(span_of(quoted.ptr + 1, quoted.len - 2), &back);
	return span_equal(buf_span(&back), value) &&
	       (value.len == 0 || !memchr(value.ptr, '\0', value.len));
}

/* It is about nobody, and nothing came along with it that might be. */
static bool is_open(const struct archive_line *l)
{
	struct log_meta meta;
	bool open = l->n_fields <= ARCHIVE_FIELDS_MAX;

	if (l->kind == ARCHIVE_WATERMARK)
		open = open && log_meta_parse(field(l, "m"), &meta) == 0 && meta.context.len == 0;
	for (size_t i = 0; open && i < l->n_fields; i++)
		open = is_text(l->fields[i].name) && is_text(l->fields[i].value);
	return open && (l->kind == ARCHIVE_WATERMARK || l->kind == ARCHIVE_RULES);
}

int archive_entry(const struct archive_writer *w, const struct redis_value *v, struct arena *a,
	struct archive_line *ret_line, struct span *ret_customer)
{
	struct archive_line l = {.kind = ARCHIVE_OTHER};
	struct span customer = SPAN_EMPTY;
	char nobody[ARCHIVE_NOBODY_SIZE];
	int r;

	if (v->type != REDIS_ARRAY || v->n_items != 2 || log_id_parse(v->items[0].text, &l.id) != 0)
		return -EBADMSG;
	r = take_fields(&v->items[1], a, &l);
	if (r == 0 && field(&l, "x").len > 0) {
		l.kind = ARCHIVE_MESSAGE;
		r = read_message(a, &l, &customer);
	} else if (r == 0 && field(&l, "w").len > 0) {
		l.kind = ARCHIVE_WATERMARK;
	} else if (r == 0 && field(&l, "r").len > 0) {
		l.kind = ARCHIVE_RULES;
	} else if (r == 0 && field(&l, "e").len > 0) {
		l.kind = ARCHIVE_EVENT;
		r = read_event(w, a, &l, &customer);
	}
	if (r < 0)
		return r;
	if (customer.len == 0 && !is_open(&l)) {
		archive_nobody(l.id, nobody);
		customer = arena_copy(a, span_str(nobody));
	}
	*ret_line = l;
	*ret_customer = customer;
	return customer.len > 0 && !customer.ptr ? -ENOMEM : 0;
}
