/* SPDX-License-Identifier: MIT */
/*
 * What senders' bytes are theirs. An entry of the log is, if its event is one of a customer of
 * their names; a message between partitions, if it is to one of them or about one. What lies in
 * quarantine may not be readable at all: there an entry is theirs if it can be read and is about
 * them, or if one of their identifiers stands in its bytes, whole, in whatever case.
 */
#include "codec/event_json.h"
#include "codec/json_scan.h"
#include "codec/message_json.h"
#include "codec/timeline_json.h"
#include "core/field.h"
#include "export_impl.h"
#include "store/log_origin.h"

#define PAGE "500"

/* Shorter ones would be found in anything. */
#define VALUE_MIN 3

struct reading {
	struct export *x;
	struct field_table fields;
	struct event_decoder *decoder;
	uint32_t partition;
	char after[LOG_ID_SIZE + 1]; /* `(ID`, or `-` */
	size_t read;		     /* entries of the page */
};

/* What EVENT with META is about; empty: it cannot be read. */
static int customer_of(struct reading *g, struct span event, struct span meta, struct arena *a,
	struct span *ret_key)
{
	struct event_origin origin;
	struct event_fault fault;
	struct log_meta m;
	struct event e;
	int r;

	*ret_key = SPAN_EMPTY;
	if (log_meta_parse(meta, &m) != 0)
		return 0;
	origin = log_origin(&m, (struct log_id){0, 0});
	r = event_decode(g->decoder, event, &origin, a, &e, &fault);
	if (r == 0)
		*ret_key = e.customer;
	return r < 0 ? r : 0;
}

/* ---- pages of a stream ------------------------------------------------------------------- */

typedef int entry_fn(
	struct reading *g, struct span id, const struct redis_value *fields, struct arena *a);

static int read_page(struct reading *g, const char *stream, entry_fn *fn)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;
	int r = 0;

	arena_init(&a);
	key_add(&key, g->partition, stream);
	v = export_ask(g->x,
		(const struct span[]){SPAN_LIT("XRANGE"), buf_span(&key), span_str(g->after),
			SPAN_LIT("+"), SPAN_LIT("COUNT"), SPAN_LIT(PAGE)},
		6, &a);
	if (!v)
		return -EIO;
	g->read = v->n_items;
	for (size_t i = 0; i < v->n_items && r == 0; i++) {
		struct span id = v->items[i].n_items == 2 ? v->items[i].items[0].text : SPAN_EMPTY;

		if (id.len == 0 || id.len + 1 >= sizeof(g->after))
			return -EBADMSG;
		(void)snprintf(g->after, sizeof(g->after), "(%.*s", (int)id.len, id.ptr);
		r = fn(g, id, &v->items[i].items[1], &a);
		r = r ? r : export_flush(g->x);
	}
	return r;
}

static int read_stream(struct reading *g, const char *stream, entry_fn *fn)
{
	int r;

	(void)snprintf(g->after, sizeof(g->after), "-");
	do {
		r = read_page(g, stream, fn);
	} while (r == 0 && g->read > 0 && !g->x->tool->program.stopping);
	return r;
}

/* THEIRS: only partitions in which one of their names lies. */
static int read_all(struct export *x, const char *stream, bool theirs, entry_fn *fn)
{
	struct reading g = {.x = x};
	int r;

	field_table_init(&g.fields);
	r = event_decoder_new(&g.fields, x->tool->program.identity, &g.decoder);
	for (uint32_t p = 0; p < x->tool->program.dataset.partitions && r == 0; p++) {
		g.partition = p;
		if (!theirs || x->partitions[p])
			r = read_stream(&g, stream, fn);
	}
	event_decoder_free(g.decoder);
	return r;
}

static void put_place(struct reading *g, struct span id)
{
	struct buf *out = &g->x->text;

	export_comma(g->x);
	buf_printf(out, "{\"partition\":%u,", (unsigned)g->partition);
	export_text(g->x, "id", id);
}

static void put_some(struct reading *g, const char *name, struct span bytes)
{
	if (bytes.len == 0)
		return;
	buf_add_char(&g->x->text, ',');
	export_bytes(g->x, name, bytes);
}

/* ---- the log ----------------------------------------------------------------------------- */

static int put_record(struct reading *g, struct span bytes)
{
	struct record record;
	int r;

	if (bytes.len == 0)
		return 0;
	r = record_decode(bytes, &record);
	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	buf_add_str(&g->x->text, ",\"state\":");
	r = journey_json(&record, &g->x->lapse, record.journey->received_at, &g->x->text);
	record_release(&record);
	return r;
}

static int put_message(
	struct reading *g, struct span id, const struct redis_value *fields, struct arena *a)
{
	struct span head = export_field(fields, "x");
	_cleanup_free_ struct message *m = malloc(sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	r = message_parse(head, a, m);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!export_has(g->x, m->to) && !export_has(g->x, m->of) && !export_has(g->x, m->other) &&
		!export_has(g->x, m->name) && !export_has(g->x, m->via))
		return 0;
	put_place(g, id);
	put_some(g, "message", head);
	put_some(g, "event", export_field(fields, "e"));
	put_some(g, "meta", export_field(fields, "m"));
	if (m->kind == MESSAGE_MERGE)
		r = put_record(g, export_field(fields, "b"));
	buf_add_char(&g->x->text, '}');
	return r;
}

static int put_entry(
	struct reading *g, struct span id, const struct redis_value *fields, struct arena *a)
{
	struct span event = export_field(fields, "e"), meta = export_field(fields, "m"), key;
	int r;

	if (export_field(fields, "x").len > 0)
		return put_message(g, id, fields, a);
	r = customer_of(g, event, meta, a, &key);
	if (r < 0 || !export_has(g->x, key))
		return r;
	put_place(g, id);
	put_some(g, "event", event);
	put_some(g, "meta", meta);
	put_some(g, "original", export_field(fields, "o"));
	buf_add_char(&g->x->text, '}');
	return 0;
}

int export_originals(struct export *x)
{
	int r;

	export_open(x, "originals");
	r = read_all(x, "in", true, put_entry);
	return r ? r : export_close(x);
}

/* ---- the quarantine ---------------------------------------------------------------------- */

static char small(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return c;
}

/* Goes on a word, an address or a number? */
static bool goes_on(char c)
{
	return (c >= '0' && c <= '9') || (small(c) >= 'a' && small(c) <= 'z') ||
	       (unsigned char)c >= 0x80 || strchr("@._-+", c);
}

static bool stands_at(struct span bytes, size_t at, struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (small(bytes.ptr[at + i]) != small(value.ptr[i]))
			return false;
	return (at == 0 || !goes_on(bytes.ptr[at - 1])) &&
	       (at + value.len == bytes.len || !goes_on(bytes.ptr[at + value.len]));
}

static bool names_them(const struct export *x, struct span bytes)
{
	const struct identity *identity = x->tool->program.identity;

	for (size_t i = 0; i < x->n_list; i++) {
		struct span value = identity_value(identity, x->list[i]);

		if (value.len < VALUE_MIN)
			continue;
		for (size_t at = 0; at + value.len <= bytes.len; at++)
			if (stands_at(bytes, at, value))
				return true;
	}
	return false;
}

static int put_bad(
	struct reading *g, struct span id, const struct redis_value *fields, struct arena *a)
{
	struct span event = export_field(fields, "e"), meta = export_field(fields, "m"), key;
	struct span request = export_field(fields, "x");
	int r = customer_of(g, event, meta, a, &key);

	if (r < 0)
		return r;
	/* What can be read is nobody else's. */
	if (key.len > 0 ? !export_has(g->x, key)
			: !names_them(g->x, event) && !names_them(g->x, request))
		return 0;
	put_place(g, id);
	put_some(g, "event", event);
	put_some(g, "meta", meta);
	put_some(g, "request", request);
	put_some(g, "code", export_field(fields, "c"));
	put_some(g, "words", export_field(fields, "w"));
	buf_add_char(&g->x->text, '}');
	return 0;
}

int export_quarantine(struct export *x)
{
	int r;

	export_open(x, "quarantine");
	r = read_all(x, "bad", false, put_bad);
	return r ? r : export_close(x);
}
