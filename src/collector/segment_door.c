/* SPDX-License-Identifier: MIT */
#include "segment_door.h"

#include "base/base64.h"
#include "call.h"
#include "cors.h"
#include "io/url.h"
#include "query_event.h"

#define SETTINGS_FIELDS "Cache-Control: public, max-age=300\r\n"

/* ---- settings ------------------------------------------------------------------------------ */

/* Where the page reaches us: what its source says, else the Host that it asked. */
static void add_api_host(
	struct buf *out, const struct write_key *key, const struct http_request *request)
{
	_cleanup_(buf_release) struct buf host = BUF_INIT;

	if (key->api_host.len > 0) {
		json_escape(key->api_host, out);
		return;
	}
	buf_add_span(&host, http_request_header(request, "host"));
	buf_add_str(&host, "/v1");
	json_escape(buf_span(&host), out);
}

void segment_settings(struct intake *in, struct http_request *request, struct span key)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct call call = call_of(in, request, &answer_json);
	const struct write_key *source;

	if (url_decode(&text, key, false) != 0 || buf_failed(&text) < 0)
		buf_reset(&text);
	source = write_keys_find(in->keys, buf_span(&text), call.recv_at);
	cors_allow(in->keys, request);
	if (!source || !source->enabled) {
		call_refuse(&call, &(struct problem){404, "unknown_key",
					   "There is no such write key.", NULL, SPAN_EMPTY});
		return;
	}
	buf_add_str(&body, "{\"integrations\":{\"Segment.io\":{\"apiKey\":");
	json_escape(buf_span(&text), &body);
	buf_add_str(&body, ",\"apiHost\":");
	add_api_host(&body, source, request);
	buf_add_str(&body, ",\"retryQueue\":true}},\"plan\":{},\"metrics\":{\"sampleRate\":0}}");
	if (buf_failed(&body) < 0) {
		call_unavailable(&call, "Out of memory.");
		return;
	}
	tally_answer(in->tally, 200);
	http_respond(request, 200, "application/json", SPAN_LIT(SETTINGS_FIELDS), buf_span(&body));
}

void segment_metrics(struct intake *in, struct http_request *request)
{
	const struct verdict nothing = {.n_accepted = 0};

	cors_allow(in->keys, request);
	answer_ok.verdict(in->tally, request, &nothing);
}

/* ---- pixels -------------------------------------------------------------------------------- */

/* Base 64 of either alphabet; a blank was a `+` before the query was decoded. */
static int decode_data(struct span text, struct arena *arena, struct span *ret_json)
{
	char *plain = arena_alloc(arena, text.len + 1);
	char *bytes = arena_alloc(arena, BASE64_DECODED_SIZE(text.len) + 1);
	size_t len;

	if (!plain || !bytes)
		return -ENOMEM;
	for (size_t i = 0; i < text.len; i++) {
		char ch = text.ptr[i];

		if (ch == '-' || ch == ' ')
			ch = '+';
		plain[i] = (char)(ch == '_' ? '/' : ch);
	}
	if (base64_decode(span_of(plain, text.len), bytes, &len) != 0)
		return QUERY_EVENT_BAD;
	*ret_json = span_of(bytes, len);
	return 0;
}

static struct span param(struct span query, const char *name, struct arena *arena)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	if (url_param(query, name, &text) != 0 || buf_failed(&text) < 0)
		return SPAN_EMPTY;
	return arena_copy(arena, buf_span(&text));
}

static int pixel_body(
	struct span query, struct arena *arena, struct buf *room, struct span *ret_body)
{
	static const char *const skip[] = {"writeKey", "key", "type", "data", NULL};
	struct span data = param(query, "data", arena);
	int r;

	if (data.len > 0)
		return decode_data(data, arena, ret_body);
	r = query_event(query, skip, arena, room);
	*ret_body = buf_span(room);
	return r;
}

void segment_pixel(struct intake *in, struct http_request *request, struct span type)
{
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(arena_release) struct arena arena;
	struct span query = http_request_query(request);
	struct intake_given given = {.style = &answer_gif};
	enum event_type kind = EVENT_PAGE;
	const struct verdict nothing = {.n_accepted = 0};

	arena_init(&arena);
	if (type.len == 0)
		type = param(query, "type", &arena);
	if ((type.len > 0 && !envelope_type_of(type, &kind)) ||
		pixel_body(query, &arena, &room, &given.body) != 0) {
		answer_gif.verdict(in->tally, request, &nothing);
		return;
	}
	given.kind = (enum envelope_kind)kind;
	given.key = param(query, "writeKey", &arena);
	if (given.key.len == 0)
		given.key = param(query, "key", &arena);
	intake_take_given(in, request, &given);
}

void segment_beacon(struct intake *in, struct http_request *request)
{
	_cleanup_(arena_release) struct arena arena;

	arena_init(&arena);
	intake_take_beacon(in, request, param(http_request_query(request), "writeKey", &arena));
}
