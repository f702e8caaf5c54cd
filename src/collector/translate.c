/* SPDX-License-Identifier: MIT */
#include "translate.h"

#include "io/url.h"

#define HEADER_NAME_MAX 128

/* Events of one payload: Segment forwards up to 4,000, and a sender of webhooks cannot be asked to
 * send fewer. */
#define PAYLOAD_EVENTS_MAX ((size_t)4096)

bool asked_header(void *user, struct span name, struct span *ret_value)
{
	const struct asked *a = user;
	char text[HEADER_NAME_MAX + 1];
	struct span value;

	if (name.len > HEADER_NAME_MAX)
		return false;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	value = http_request_header(a->request, text);
	if (!value.ptr)
		return false;
	*ret_value = value;
	return true;
}

bool asked_query(void *user, struct span name, struct span *ret_value)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	const struct asked *a = user;
	struct span value;

	buf_add_span(&key, name);
	buf_add_char(&key, '\0');
	if (buf_failed(&key) < 0 ||
		url_param(http_request_query(a->request), key.ptr, &text) != 0 ||
		buf_failed(&text) < 0)
		return false;
	value = arena_copy(a->arena, buf_span(&text));
	if (!value.ptr)
		return false;
	*ret_value = value;
	return true;
}

static bool is_form(const struct http_request *request)
{
	static const struct span type = {"application/x-www-form-urlencoded", 33};
	struct span is = http_request_header(request, "content-type");

	return is.len >= type.len && span_equal_nocase(span_of(is.ptr, type.len), type);
}

/* `"name":"value"` for each of NAMES that the request has. */
static void add_asked(struct buf *out, struct asked *a, const struct span *names, size_t n,
	bool (*lookup)(void *, struct span, struct span *))
{
	bool more = false;

	for (size_t i = 0; i < n; i++) {
		struct span value;

		if (!lookup(a, names[i], &value))
			continue;
		if (more)
			buf_add_char(out, ',');
		more = true;
		json_escape(names[i], out);
		buf_add_char(out, ':');
		json_escape(value, out);
	}
}

/* What redriving needs of the request: {"form":…,"header":{…},"query":{…}}. */
static struct span request_of(struct call *c, const struct mapping *m, struct asked *a)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct mapping_names names = mapping_names(m);

	buf_add_str(&text, is_form(c->request) ? "{\"form\":true,\"header\":{"
					       : "{\"form\":false,\"header\":{");
	add_asked(&text, a, names.headers, names.n_headers, asked_header);
	buf_add_str(&text, "},\"query\":{");
	add_asked(&text, a, names.queries, names.n_queries, asked_query);
	buf_add_str(&text, "}}");
	return buf_failed(&text) < 0 ? SPAN_EMPTY : arena_copy(a->arena, buf_span(&text));
}

static size_t events_max(const struct call *c)
{
	size_t items = c->in->limits.items.items;

	return items > PAYLOAD_EVENTS_MAX ? items : PAYLOAD_EVENTS_MAX;
}

/* The events as a batch, so that they are judged as any other. */
static int read_events(
	struct call *c, const struct mapping_result *result, struct envelope *ret_envelope)
{
	_cleanup_(buf_release) struct buf batch = BUF_INIT;
	struct envelope_request request = {.kind = ENVELOPE_KIND_BATCH,
		.limits = c->in->limits.items,
		.identity = c->in->identity};
	struct envelope_fault fault;
	int r;

	request.limits.items = events_max(c);
	buf_add_str(&batch, "{\"batch\":[");
	for (size_t i = 0; i < result->n_events; i++) {
		if (i > 0)
			buf_add_char(&batch, ',');
		buf_add_span(&batch, result->events[i].json);
	}
	buf_add_str(&batch, "]}");
	request.body =
		buf_failed(&batch) < 0 ? SPAN_EMPTY : arena_copy(&c->in->arena, buf_span(&batch));
	if (!request.body.ptr)
		return -ENOMEM;
	r = envelope_read(&request, &c->in->arena, ret_envelope, &fault);
	/* The mapping writes nothing that could be refused as a whole. */
	assert(r <= 0);
	return r;
}

/* Why something of it is of no use: the first reason, for it is kept as one piece. */
static bool first_fault(const struct mapping_result *result, const struct envelope *e,
	const char **ret_reason, struct span *ret_words)
{
	if (result->n_faults > 0) {
		*ret_reason = mapping_fault_name(result->faults[0].code);
		*ret_words = result->faults[0].words;
		return true;
	}
	for (size_t i = 0; i < e->n_items; i++) {
		enum envelope_code code = e->items[i].fault.code;

		if (code == ENVELOPE_ACCEPTED)
			continue;
		*ret_reason = envelope_code_name(code);
		*ret_words = span_str(envelope_code_words(code));
		return true;
	}
	return false;
}

/* The message ids of what was understood, as a JSON array: it must not come again when the payload
 * is mapped again, however long that takes. */
static struct span kept_ids(struct call *c, const struct envelope *e)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	bool more = false;

	buf_add_char(&text, '[');
	for (size_t i = 0; i < e->n_items; i++) {
		if (e->items[i].fault.code != ENVELOPE_ACCEPTED)
			continue;
		if (more)
			buf_add_char(&text, ',');
		more = true;
		json_escape(e->items[i].message_id, &text);
	}
	buf_add_char(&text, ']');
	return buf_failed(&text) < 0 ? SPAN_EMPTY : arena_copy(&c->in->arena, buf_span(&text));
}

/*
 * The payload is put aside whole, with what its mapping needs, so that it can be mapped again by a
 * better mapping.
 */
static int cast_off(struct call *c, const struct translation *t,
	const struct mapping_result *result, struct translated *out)
{
	struct asked asked = {c->request, &c->in->arena};
	struct castoff *one = arena_calloc(&c->in->arena, 1, sizeof(*one));

	if (!one)
		return -ENOMEM;
	if (!first_fault(result, &out->envelope, &one->reason, &one->words))
		return 0;
	one->bytes = c->body;
	one->hook = t->castoff_name;
	one->kept = kept_ids(c, &out->envelope);
	one->request = request_of(c, t->mapping, &asked);
	out->delivery.castoffs = one;
	out->delivery.n_castoffs = 1;
	return one->request.ptr && one->kept.ptr ? 0 : -ENOMEM;
}

/* The items that stay, and what they were made of. */
static int keep_accepted(
	struct call *c, const struct mapping_result *result, struct translated *out)
{
	struct envelope *e = &out->envelope;
	struct span *originals = arena_calloc(&c->in->arena, e->n_items + 1, sizeof(*originals));
	size_t kept = 0;

	if (!originals)
		return -ENOMEM;
	for (size_t i = 0; i < e->n_items; i++) {
		if (e->items[i].fault.code != ENVELOPE_ACCEPTED)
			continue;
		originals[kept] = result->events[i].original;
		e->items[kept++] = e->items[i];
	}
	e->n_items = kept;
	e->n_refused = 0;
	out->delivery.originals = originals;
	return 0;
}

int translate(struct call *c, const struct translation *t, struct translated *out)
{
	struct asked asked = {c->request, &c->in->arena};
	const struct mapping_input input = {
		.body = c->body,
		.form = is_form(c->request),
		.hook = t->name,
		.received_at = c->recv_at,
		.header = asked_header,
		.query = asked_query,
		.user = &asked,
		.event_bytes = c->in->limits.items.item_bytes,
		.depth = c->in->limits.items.depth,
		.events = events_max(c),
	};
	struct mapping_result result;
	int r = mapping_run(t->mapping, &input, &c->in->arena, &result);

	*out = (struct translated){.envelope = {.sent_at = TIME_NEVER}};
	out->delivery.envelope = &out->envelope;
	r = r ? r : read_events(c, &result, &out->envelope);
	r = r ? r : cast_off(c, t, &result, out);
	r = r ? r : keep_accepted(c, &result, out);
	if (r != 0)
		return call_unavailable(c, "Out of memory.");
	out->ignored = result.ignored;
	out->nothing = out->envelope.n_items == 0 && out->delivery.n_castoffs == 0;
	return 0;
}
