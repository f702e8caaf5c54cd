/* SPDX-License-Identifier: MIT */
#include "import_door.h"

#include "base/instant.h"
#include "call.h"
#include "cors.h"
#include "deliver.h"
#include "io/url.h"
#include "sender.h"

/* Does the body begin as an object that has a member `batch`? */
static bool is_batch(struct span body)
{
	struct json_value key, value;
	struct json_cursor c;

	json_cursor_init(&c, body);
	if (json_peek(&c) != JSON_TYPE_OBJECT || json_object_open(&c) != 0)
		return false;
	while (json_object_key(&c, &key) == 0) {
		if (json_is(&key, SPAN_LIT("batch")))
			return true;
		if (json_value(&c, &value) != 0)
			return false;
	}
	return false;
}

static int refuse_mark(struct call *c, const char *message)
{
	return call_refuse(
		c, &(struct problem){400, "bad_watermark", message, "complete_until", SPAN_EMPTY});
}

/* The latest instant of all watermarks that the lines and the query hold; 0: none. */
static int read_marks(struct call *c, const struct envelope *e, int64_t *ret_until)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int64_t until = 0, at;
	int r;

	r = url_param(http_request_query(c->request), "complete_until", &text);
	if (r == 0 && (buf_failed(&text) < 0 || instant_parse(buf_span(&text), &until) != 0))
		r = URL_INVALID;
	if (r == URL_INVALID)
		return refuse_mark(c, "complete_until is not an ISO 8601 date and time.");
	for (size_t i = 0; i < e->n_items; i++) {
		struct span source;

		if (!e->items[i].is_watermark)
			continue;
		(void)envelope_watermark(e->items[i].raw, &c->in->arena, &at, &source);
		if (at == TIME_NEVER)
			return refuse_mark(
				c, "A watermark's completeUntil is not an ISO 8601 date and time.");
		if (source.len > 0 && !span_is(source, c->key->name))
			return refuse_mark(c,
				"A source can be complete for itself only: the watermark "
				"names another than the one of the write key.");
		until = int64_max(until, at);
	}
	*ret_until = until;
	return 0;
}

/* A clock that is ahead must not let rules fire which wait for what is yet to come. */
static int judge_mark(struct call *c, int64_t until)
{
	if (until != 0 && write_key_is_page(c->key))
		return refuse_mark(
			c, "A browser source cannot be complete: anyone can send as it.");
	if (until > c->recv_at + EVENT_FUTURE_MS)
		return refuse_mark(c, "complete_until lies in the future.");
	return 0;
}

static int refuse_body(
	struct call *c, const struct envelope_fault *fault, const struct envelope_limits *limits)
{
	c->in->tally->bodies[fault->code]++;
	answer_fault(c->style, c->in->tally, c->request, fault, limits);
	return CALL_ANSWERED;
}

static void take_lines(struct call *c)
{
	struct intake *in = c->in;
	struct envelope_request request = {
		c->body, ENVELOPE_KIND_BATCH, in->limits.items, in->identity};
	struct envelope envelope;
	struct envelope_fault fault;
	struct delivery delivery = {.envelope = &envelope};
	int r = call_sender(c, SPAN_EMPTY);

	if (r != 0)
		return;
	request.limits.items = in->limits.lines;
	r = envelope_read_lines(&request, &in->arena, &envelope, &fault);
	if (r == ENVELOPE_REFUSED)
		r = refuse_body(c, &fault, &request.limits);
	else if (r < 0)
		r = call_unavailable(c, "Out of memory.");
	if (r == 0)
		r = read_marks(c, &envelope, &delivery.complete_until);
	if (r == 0)
		r = judge_mark(c, delivery.complete_until);
	if (r == 0)
		deliver(c, &delivery);
}

static void take_batch(struct call *c)
{
	struct intake *in = c->in;
	const struct envelope_request request = {
		c->body, ENVELOPE_KIND_BATCH, in->limits.items, in->identity};
	struct envelope envelope;
	struct envelope_fault fault;
	struct delivery delivery = {.envelope = &envelope};
	int r = envelope_read(&request, &in->arena, &envelope, &fault);

	if (r == ENVELOPE_REFUSED) {
		refuse_body(c, &fault, &in->limits.items);
		return;
	}
	r = r < 0 ? call_unavailable(c, "Out of memory.") : call_sender(c, envelope.write_key);
	if (r == 0)
		r = read_marks(c, &envelope, &delivery.complete_until);
	if (r == 0)
		r = judge_mark(c, delivery.complete_until);
	if (r == 0)
		deliver(c, &delivery);
}

static size_t body_max_of(const struct intake *in, const struct write_key *by_field)
{
	return by_field && !write_key_is_page(by_field) ? in->limits.body_import
							: in->limits.body_browser;
}

size_t import_body_max(const struct intake *in, const struct http_request *request)
{
	const struct write_key *by_field = NULL;

	(void)sender_of_field(in->keys, request, loop_now_wall(in->loop), &by_field);
	return body_max_of(in, by_field);
}

void import_take(struct intake *in, struct http_request *request)
{
	struct call call = call_of(in, request, &answer_json);
	int r = call_begin(&call);

	if (r == 0)
		r = call_body(&call, body_max_of(in, call.by_field));
	if (r == 0 && is_batch(call.body))
		take_batch(&call);
	else if (r == 0)
		take_lines(&call);
	arena_reset(&in->arena);
}
