/* SPDX-License-Identifier: MIT */
#include "hook_door.h"

#include "call.h"
#include "cors.h"
#include "translate.h"

/* ---- how a hook is answered ---------------------------------------------------------------- */

static void hook_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	int status = verdict->status ? verdict->status : 200;

	tally_answer(tally, status);
	if (status == 204)
		http_respond(request, status, NULL, SPAN_EMPTY, SPAN_EMPTY);
	else
		http_respond(request, status, "application/json", SPAN_EMPTY,
			SPAN_LIT("{\"success\":true}"));
}

static const struct answer_style answer_hook = {answer_problem, hook_verdict};

static int status_of(const struct hook *hook, enum mapping_answer answer, int otherwise)
{
	unsigned status = mapping_answer(hook->mapping, answer);

	return status ? (int)status : otherwise;
}

/* ---- belief -------------------------------------------------------------------------------- */

/* The address as its sender knows it: what the settings say, and the query as it came. */
static struct span url_of(const struct call *c, const struct hook *hook)
{
	_cleanup_(buf_release) struct buf url = BUF_INIT;
	struct span query = http_request_query(c->request);

	buf_add_span(&url, hook->source->url);
	if (query.len > 0) {
		buf_add_char(&url, '?');
		buf_add_span(&url, query);
	}
	return buf_failed(&url) < 0 ? SPAN_EMPTY : arena_copy(&c->in->arena, buf_span(&url));
}

static int verify(const struct call *c, const struct hook *hook, struct signature_proof *proof)
{
	struct asked asked = {c->request, &c->in->arena};
	const struct signature_request request = {
		.body = c->body,
		.url = url_of(c, hook),
		.header = asked_header,
		.query = asked_query,
		.user = &asked,
	};
	const struct signature_secrets secrets = {hook->secrets, hook_secrets(hook, c->recv_at)};

	return signature_verify(hook->plan, secrets, &request, c->recv_at, proof);
}

static int refuse_signature(struct call *c, const struct hook *hook, int outcome)
{
	enum signature_outcome o = (enum signature_outcome)outcome;
	char message[200];

	reasons_count(
		&c->in->reasons, REASONS_SIGNATURES, hook->source->name, signature_outcome_name(o));
	(void)snprintf(message, sizeof(message), "The webhook cannot be believed: %s.",
		signature_outcome_text(o));
	return call_refuse(c, &(struct problem){status_of(hook, MAPPING_ANSWER_BAD_SIGNATURE, 401),
				      signature_outcome_name(o), message, NULL, SPAN_EMPTY});
}

/* ---- the way of a payload ------------------------------------------------------------------ */

static void answer_nothing(struct call *c, const struct hook *hook)
{
	const struct verdict verdict = {.status = status_of(hook, MAPPING_ANSWER_IGNORED, 200)};

	hook_verdict(c->in->tally, c->request, &verdict);
}

static void take(struct call *c, const struct hook *hook)
{
	struct span name = span_str(hook->source->name);
	const struct translation how = {hook->mapping, name, name};
	struct signature_proof proof;
	struct translated t;
	int outcome = verify(c, hook, &proof);

	if (outcome < 0 || translate(c, &how, &t) != 0) {
		if (outcome < 0)
			call_unavailable(c, "Out of memory.");
		return;
	}
	/* What nothing is kept of need not be believed: the ping of a shop system that is being
	 * set up bears no signature. */
	if (t.nothing) {
		if (outcome == SIGNATURE_OK || t.ignored)
			answer_nothing(c, hook);
		else
			refuse_signature(c, hook, outcome);
		return;
	}
	if (outcome != SIGNATURE_OK) {
		refuse_signature(c, hook, outcome);
		return;
	}
	t.delivery.status = t.envelope.n_items > 0 ? status_of(hook, MAPPING_ANSWER_ACCEPTED, 200)
						   : status_of(hook, MAPPING_ANSWER_UNUSABLE, 200);
	deliver(c, &t.delivery);
}

static int find(
	struct call *c, const struct hooks *hooks, struct span name, const struct hook **ret_hook)
{
	const struct hook *hook = hooks_find(hooks, name);

	if (!hook)
		return call_refuse(c, &(struct problem){404, "unknown_hook",
					      "There is no hook of this name.", NULL, SPAN_EMPTY});
	if (!hook->source->enabled)
		return call_refuse(c, &(struct problem){403, "source_disabled",
					      "This hook is disabled.", NULL, SPAN_EMPTY});
	c->key = hook->source;
	*ret_hook = hook;
	return 0;
}

void hook_take(const struct hooks *hooks, struct intake *in, struct http_request *request,
	struct span name)
{
	struct call call = call_of(in, request, &answer_hook);
	const struct hook *hook;
	int r = find(&call, hooks, name, &hook);

	if (r == 0 && journal_state(in->journal) == JOURNAL_AWAY)
		r = call_unavailable(&call, "The log is away.");
	if (r == 0)
		r = call_body(&call, in->limits.body_server);
	if (r == 0)
		take(&call, hook);
	arena_reset(&in->arena);
}

void hook_options(const struct hooks *hooks, struct intake *in, struct http_request *request,
	struct span name)
{
	struct span origin = http_request_header(request, "webhook-request-origin");
	const struct hook *hook = hooks_find(hooks, name);

	if (origin.len == 0 || !hook || !hook->source->enabled) {
		cors_preflight(in->keys, in->tally, request);
		return;
	}
	/* Its signature will tell whether it may; the handshake only says that somebody listens. */
	(void)http_request_add_field(request, "WebHook-Allowed-Origin", origin);
	(void)http_request_add_field(request, "WebHook-Allowed-Rate", SPAN_LIT("*"));
	tally_answer(in->tally, 200);
	http_respond(request, 200, NULL, SPAN_LIT("Allow: POST\r\n"), SPAN_EMPTY);
}
