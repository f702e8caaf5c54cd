/* SPDX-License-Identifier: MIT */
#include "translate.h"

#include "io/url.h"

#define HEADER_NAME_MAX 128

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

/* The events as a batch, so that they are judged as any other. */
static int read_events(
	struct call *c, const struct mapping_result *result, struct envelope *ret_envelope)
{
	_cleanup_(buf_release) struct buf batch = BUF_INIT;
	struct envelope_request request = {
		.kind = ENVELOPE_KIND_BATCH, .limits = c->in->limits.items};
	struct envelope_fault fault;
	int r;

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

/*
 * A hook's payload is put aside whole, with what its mapping needs, so that it can be mapped again
 * by a better mapping: what of it was understood is known by its message ids then.
 */
static int cast_off_payload(struct call *c, const struct translation *t,
	const struct mapping_result *result, struct translated *out)
{
	struct asked asked = {c->request, &c->in->arena};
	struct castoff *one = arena_calloc(&c->in->arena, 1, sizeof(*one));

	if (!one)
		return -ENOMEM;
	if (!first_fault(result, &out->envelope, &one->reason, &one->words))
		return 0;
	one->bytes = c->body;
	one->hook = t->name;
	one->request = request_of(c, t->mapping, &asked);
	out->delivery.castoffs = one;
	out->delivery.n_castoffs = 1;
	return one->request.ptr ? 0 : -ENOMEM;
}

/* What an SDK sent is put aside item by item. */
static int cast_off_items(
	struct call *c, const struct mapping_result *result, struct translated *out)
{
	const struct envelope *e = &out->envelope;
	struct castoff *list =
		arena_calloc(&c->in->arena, e->n_refused + result->n_faults + 1, sizeof(*list));
	size_t at = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < result->n_faults; i++) {
		const struct mapping_fault *fault = &result->faults[i];

		list[at++] = (struct castoff){.bytes = fault->original,
			.reason = mapping_fault_name(fault->code),
			.words = fault->words};
	}
	for (size_t i = 0; i < e->n_items; i++) {
		enum envelope_code code = e->items[i].fault.code;

		if (code != ENVELOPE_ACCEPTED)
			list[at++] = (struct castoff){.bytes = result->events[i].original,
				.reason = envelope_code_name(code),
				.words = span_str(envelope_code_words(code))};
	}
	out->delivery.castoffs = list;
	out->delivery.n_castoffs = at;
	return 0;
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
		.events = c->in->limits.items.items,
	};
	struct mapping_result result;
	int r = mapping_run(t->mapping, &input, &c->in->arena, &result);

	*out = (struct translated){.envelope = {.sent_at = TIME_NEVER}};
	out->delivery.envelope = &out->envelope;
	r = r ? r : read_events(c, &result, &out->envelope);
	if (r == 0)
		r = t->is_hook ? cast_off_payload(c, t, &result, out)
			       : cast_off_items(c, &result, out);
	r = r ? r : keep_accepted(c, &result, out);
	if (r != 0)
		return call_unavailable(c, "Out of memory.");
	out->ignored = result.ignored;
	out->nothing = out->envelope.n_items == 0 && out->delivery.n_castoffs == 0;
	return 0;
}
