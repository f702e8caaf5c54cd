/* SPDX-License-Identifier: MIT */
#include "hook_door.h"

#include <sys/random.h>

#include "call.h"
#include "cors.h"
#include "translate.h"

/* Bytes of a body that is looked into although nobody has signed it: pings are short, and mapping
 * costs more than the signature. */
#define UNSIGNED_MAX ((size_t)16 * 1024)

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

static void answer_nothing(struct call *c, const struct hook *hook)
{
	const struct verdict verdict = {.status = status_of(hook, MAPPING_ANSWER_IGNORED, 200)};

	hook_verdict(c->in->tally, c->request, &verdict);
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

static int verify(const struct call *c, const struct hook *hook, struct span certificate,
	struct signature_proof *proof)
{
	struct asked asked = {c->request, &c->in->arena};
	const struct signature_request request = {
		.body = c->body,
		.url = url_of(c, hook),
		.header = asked_header,
		.query = asked_query,
		.user = &asked,
		.certificate = certificate,
	};
	const struct signature_secrets secrets = {hook->secrets, hook_secrets(hook, c->recv_at)};

	return signature_verify(hook->plan, secrets, &request, c->recv_at, proof);
}

static int refuse(struct call *c, const struct hook *hook, const char *reason, const char *why)
{
	char message[200];

	reasons_count(&c->in->reasons, REASONS_SIGNATURES, hook->source->name, reason);
	(void)snprintf(message, sizeof(message), "The webhook cannot be believed: %s.", why);
	return call_refuse(c, &(struct problem){status_of(hook, MAPPING_ANSWER_BAD_SIGNATURE, 401),
				      reason, message, NULL, SPAN_EMPTY});
}

static int refuse_signature(struct call *c, const struct hook *hook, int outcome)
{
	enum signature_outcome o = (enum signature_outcome)outcome;

	return refuse(c, hook, signature_outcome_name(o), signature_outcome_text(o));
}

/* ---- what has to be fetched ---------------------------------------------------------------- */

static int come_back(struct call *c, const char *name)
{
	reasons_count(&c->in->reasons, REASONS_SIGNATURES, name, "not_fetched");
	return call_unavailable(c, "What is needed of Amazon cannot be fetched now.");
}

/* The page at URL. 0, or CALL_ANSWERED: the request was answered, or waits. */
static int get(const struct hook_door *d, struct call *c, const struct hook *hook, const char *url,
	struct span *ret_text)
{
	const struct sns_ask ask = {span_str(url), c->request, hook->source->name};
	int r = sns_get(d->sns, &ask, ret_text);

	if (r == SNS_WAIT)
		return CALL_ANSWERED;
	return r == 0 ? 0 : come_back(c, hook->source->name);
}

/* A request that waited. */
static void go_on(void *arg, struct http_request *request, const char *name, bool there)
{
	struct hook_door *d = arg;
	struct call call = call_of(d->in, request, &answer_hook);

	if (there)
		hook_take(d, request, span_str(name));
	else
		(void)come_back(&call, name);
}

/* A subscription that was rightly signed: whoever runs the topic asked for it. */
static void confirm(
	const struct hook_door *d, struct call *c, const struct hook *hook, const char *url)
{
	struct span text;

	if (get(d, c, hook, url, &text) != 0)
		return;
	log_info(d->log, "Confirmed a subscription at Amazon SNS.",
		LOG_FIELDS(log_str("hook", hook->source->name)));
	answer_nothing(c, hook);
}

/* ---- belief, to the end -------------------------------------------------------------------- */

/* What the signature is worth, with the certificate that it needs. 0 or CALL_ANSWERED. */
static int judge(const struct hook_door *d, struct call *c, const struct hook *hook,
	struct signature_proof *proof, int *ret_outcome)
{
	struct span certificate = SPAN_EMPTY;
	int outcome = verify(c, hook, certificate, proof);

	if (outcome == SIGNATURE_NEEDS_CERT) {
		if (get(d, c, hook, proof->cert_url, &certificate) != 0)
			return CALL_ANSWERED;
		outcome = verify(c, hook, certificate, proof);
		/* An empty page is no certificate. */
		if (outcome == SIGNATURE_NEEDS_CERT)
			outcome = SIGNATURE_BAD_CERT;
		if (outcome == SIGNATURE_BAD_CERT)
			sns_forget(d->sns, span_str(proof->cert_url));
	}
	if (outcome < 0)
		return call_unavailable(c, "Out of memory.");
	*ret_outcome = outcome;
	return 0;
}

static int make_replays(struct hook_door *d)
{
	uint64_t seed[2];

	if (d->replays)
		return 0;
	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return -EIO;
	return replays_new(REPLAYS_MAX, seed, &d->replays);
}

/* A token that stands for other bytes by now. 0 or CALL_ANSWERED. */
static int check_replay(struct hook_door *d, struct call *c, const struct hook *hook,
	const struct signature_proof *proof)
{
	if (proof->once[0] == '\0')
		return 0;
	if (make_replays(d) < 0)
		return call_unavailable(c, "Out of memory.");
	if (replays_check(
		    d->replays, span_str(hook->source->name), span_str(proof->once), c->body) == 0)
		return 0;
	return refuse(c, hook, "replayed", "its token came before, with other bytes");
}

/* ---- the way of a payload ------------------------------------------------------------------ */

static void take(struct hook_door *d, struct call *c, const struct hook *hook)
{
	struct span name = span_str(hook->source->name);
	const struct translation how = {hook->mapping, name, name};
	struct signature_proof proof;
	struct translated t;
	int outcome = SIGNATURE_WRONG;

	if (judge(d, c, hook, &proof, &outcome) != 0)
		return;
	if (outcome == SIGNATURE_OK && proof.confirm_url[0]) {
		confirm(d, c, hook, proof.confirm_url);
		return;
	}
	if (outcome != SIGNATURE_OK && c->body.len > UNSIGNED_MAX) {
		refuse_signature(c, hook, outcome);
		return;
	}
	if (translate(c, &how, &t) != 0)
		return;
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
	if (check_replay(d, c, hook, &proof) != 0)
		return;
	t.delivery.status = t.envelope.n_items > 0 ? status_of(hook, MAPPING_ANSWER_ACCEPTED, 200)
						   : status_of(hook, MAPPING_ANSWER_UNUSABLE, 200);
	deliver(c, &t.delivery);
}

/* The hook of a name, or NULL: answered. */
static const struct hook *find(struct call *c, const struct hooks *hooks, struct span name)
{
	const struct hook *hook = hooks_find(hooks, name);

	if (!hook) {
		(void)call_refuse(c, &(struct problem){404, "unknown_hook",
					     "There is no hook of this name.", NULL, SPAN_EMPTY});
		return NULL;
	}
	if (!hook->source->enabled) {
		(void)call_refuse(c, &(struct problem){403, "source_disabled",
					     "This hook is disabled.", NULL, SPAN_EMPTY});
		return NULL;
	}
	if (hook->broken) {
		(void)call_unavailable(c, "This hook cannot work; the collector's log says why.");
		return NULL;
	}
	c->key = hook->source;
	return hook;
}

void hook_take(struct hook_door *d, struct http_request *request, struct span name)
{
	struct intake *in = d->in;
	struct call call = call_of(in, request, &answer_hook);
	const struct hook *hook = find(&call, d->hooks, name);
	int r = hook ? 0 : CALL_ANSWERED;

	if (r == 0 && journal_state(in->journal) == JOURNAL_AWAY)
		r = call_unavailable(&call, "The log is away.");
	if (r == 0)
		r = call_body(&call, in->limits.body_server);
	if (r == 0)
		take(d, &call, hook);
	arena_reset(&in->arena);
}

void hook_probe(const struct hook_door *d, struct http_request *request, struct span name)
{
	struct intake *in = d->in;
	struct call call = call_of(in, request, &answer_hook);

	if (find(&call, d->hooks, name)) {
		tally_answer(in->tally, 200);
		http_respond(request, 200, NULL, SPAN_EMPTY, SPAN_EMPTY);
	}
	arena_reset(&in->arena);
}

void hook_options(const struct hook_door *d, struct http_request *request, struct span name)
{
	struct intake *in = d->in;
	struct span origin = http_request_header(request, "webhook-request-origin");
	const struct hook *hook = hooks_find(d->hooks, name);

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

/* ---- the door itself ----------------------------------------------------------------------- */

int hook_door_init(struct hook_door *d, struct intake *in, const struct hook_door_options *options)
{
	const struct sns_options sns = {
		options->sns_relay, options->sns_ca, options->log, go_on, d};

	*d = (struct hook_door){.in = in, .log = options->log};
	return sns_new(in->loop, &sns, &d->sns);
}

void hook_door_release(struct hook_door *d)
{
	d->sns = sns_free(d->sns);
	d->replays = replays_free(d->replays);
	d->hooks = hooks_free(d->hooks);
}

void hook_door_set(struct hook_door *d, struct hooks *hooks)
{
	hooks_free(d->hooks);
	d->hooks = hooks;
}
