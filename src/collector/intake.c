/* SPDX-License-Identifier: MIT */
/*
 * The hot path. A request is judged to the end in one go while its bytes are at hand, and what is
 * accepted is written straight to where it leaves from; all that is left to wait for is a count of
 * acknowledgements and the verdict. So a slow Redis costs no copies, and nothing of a request has
 * to be remembered but its answer.
 */
#include "intake.h"

#include "call.h"
#include "cors.h"
#include "deliver.h"
#include "sender.h"

int intake_init(struct intake *in, const struct identity *identity, struct loop *loop,
	struct journal *journal, struct tally *tally)
{
	*in = (struct intake){
		.identity = identity, .loop = loop, .journal = journal, .tally = tally};
	arena_init(&in->arena);
	buf_init(&in->plain);
	buf_init(&in->meta);
	return inflater_new(&in->inflater);
}

void intake_release(struct intake *in)
{
	arena_release(&in->arena);
	buf_release(&in->plain);
	buf_release(&in->meta);
	reasons_release(&in->reasons);
	in->inflater = inflater_free(in->inflater);
	in->plan = tracking_plan_free(in->plan);
	in->keys = write_keys_free(in->keys);
	free(in->rates);
	in->rates = NULL;
}

int intake_set_keys(struct intake *in, struct write_keys *keys)
{
	struct rate_limit *rates = calloc(keys->n + 1, sizeof(*rates));

	if (!rates)
		return -ENOMEM;
	free(in->rates);
	in->rates = rates;
	write_keys_free(in->keys);
	in->keys = keys;
	return 0;
}

void intake_set_plan(struct intake *in, struct tracking_plan *plan)
{
	tracking_plan_free(in->plan);
	in->plan = plan;
}

size_t intake_body_max_of(const struct intake *in, const struct write_key *by_field)
{
	return by_field && !write_key_is_page(by_field) ? in->limits.body_server
							: in->limits.body_browser;
}

size_t intake_body_max(const struct intake *in, const struct http_request *request)
{
	const struct http_head *head = http_request_head(request);
	const struct write_key *by_field = NULL;

	/* Most bodies fit anyway, and finding a key costs a digest. */
	if (!head->chunked && head->content_length <= in->limits.body_browser)
		return in->limits.body_browser;
	(void)sender_of_field(in->keys, request, loop_now_wall(in->loop), &by_field);
	return intake_body_max_of(in, by_field);
}

/* Reads the envelope, whose key is the last thing missing to know the sender. */
static int judge_body(
	struct call *c, enum envelope_kind kind, struct span key, struct envelope *ret_envelope)
{
	struct intake *in = c->in;
	const struct envelope_request request = {c->body, kind, in->limits.items, in->identity};
	struct envelope_fault fault;
	int r = envelope_read(&request, &in->arena, ret_envelope, &fault);

	if (r < 0)
		return call_unavailable(c, "Out of memory.");
	if (r == ENVELOPE_REFUSED) {
		cors_allow(in->keys, c->request);
		in->tally->bodies[fault.code]++;
		answer_fault(c->style, in->tally, c->request, &fault, &in->limits.items);
		return CALL_ANSWERED;
	}
	return call_sender(c, key.len ? key : ret_envelope->write_key);
}

static void take_body(struct call *c, enum envelope_kind kind, struct span key)
{
	struct envelope envelope;
	struct delivery delivery = {.envelope = &envelope, .single = kind != ENVELOPE_KIND_BATCH};

	if (delivery.single)
		delivery.type = (enum event_type)kind;
	if (judge_body(c, kind, key, &envelope) == 0)
		deliver(c, &delivery);
}

void intake_take(struct intake *in, struct http_request *request, enum envelope_kind kind)
{
	struct call call = call_of(in, request, &answer_json);
	int r = call_begin(&call);

	if (r == 0)
		r = call_body(&call, call_body_max(&call));
	if (r == 0)
		take_body(&call, kind, SPAN_EMPTY);
	arena_reset(&in->arena);
}

void intake_take_given(
	struct intake *in, struct http_request *request, const struct intake_given *given)
{
	struct call call = call_of(in, request, given->style);

	call.body = given->body;
	if (call_begin(&call) == 0)
		take_body(&call, given->kind, given->key);
	arena_reset(&in->arena);
}

void intake_take_beacon(struct intake *in, struct http_request *request, struct span key)
{
	struct call call = call_of(in, request, &answer_ok);
	int r = call_begin(&call);

	if (r == 0)
		r = call_body(&call, call_body_max(&call));
	if (r == 0)
		take_body(&call, ENVELOPE_KIND_BATCH, key);
	arena_reset(&in->arena);
}
