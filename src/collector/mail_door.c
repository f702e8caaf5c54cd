/* SPDX-License-Identifier: MIT */
#include "mail_door.h"

#include "base/hash.h"
#include "base/instant.h"
#include "call.h"
#include "deliver.h"
#include "io/url.h"
#include "robot.h"

#define SOON_MS	 (10 * MS_SECOND) /* after the mail was made */
#define BURST_MS MS_SECOND	  /* between two links of one mail */

/* For a table that forgets; nothing depends on its being secret. */
static const uint64_t hash_key[2] = {UINT64_C(0x6b72616d79617700), UINT64_C(0x6c69616d)};

#define AGENT_MAX ((size_t)1024) /* bytes of a User-Agent that are kept */

/* ---- answers ------------------------------------------------------------------------------- */

/* The place stands in a field of the request already. */
static void redirect(struct tally *tally, struct http_request *request)
{
	tally_answer(tally, 302);
	http_respond(request, 302, NULL,
		SPAN_LIT("Cache-Control: no-store, private\r\nReferrer-Policy: no-referrer\r\n"),
		SPAN_EMPTY);
}

static void redirect_problem(
	struct tally *tally, struct http_request *request, const struct problem *problem)
{
	(void)problem;
	redirect(tally, request);
}

static void redirect_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	(void)verdict;
	redirect(tally, request);
}

static const struct answer_style answer_redirect = {redirect_problem, redirect_verdict};

#define PAGE_FIELDS                                                                                \
	"Cache-Control: no-store, private\r\nReferrer-Policy: no-referrer\r\n"                     \
	"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action "     \
	"'self'; frame-ancestors 'none'; base-uri 'none'\r\nX-Content-Type-Options: nosniff\r\n"
#define PAGE_HEAD                                                                                  \
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"                                \
	"<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" "            \
	"content=\"noindex\"><title>Unsubscribe</title><style>body{font:18px/1.5 sans-serif;"      \
	"max-width:30em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.5em 1.5em}"     \
	"</style><main>"

static void send_page(struct tally *tally, struct http_request *request, struct span body)
{
	tally_answer(tally, 200);
	http_respond(request, 200, "text/html; charset=utf-8", SPAN_LIT(PAGE_FIELDS), body);
}

static void done_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	(void)verdict;
	send_page(tally, request,
		SPAN_LIT(PAGE_HEAD "<h1>Done</h1><p>You will get no more of these mails.</main>"));
}

static const struct answer_style answer_done = {answer_problem, done_verdict};

static void answer_unknown(struct mail_door *d, struct http_request *request)
{
	answer_problem(d->in->tally, request,
		&(struct problem){404, "not_found", "There is nothing here.", NULL, SPAN_EMPTY});
}

/* ---- the event ----------------------------------------------------------------------------- */

struct mail_event {
	const char *name; /* canonical */
	const struct mail_token *token;
	struct span id; /* of the touch: what makes it one and not another */
	bool machine;
};

static void add_member(struct buf *out, const char *name, struct span text)
{
	if (text.len == 0)
		return;
	buf_printf(out, ",\"%s\":", name);
	json_escape(text, out);
}

static void write_event(struct buf *out, const struct call *c, const struct mail_event *e)
{
	const struct mail_token *t = e->token;
	struct span agent = http_request_header(c->request, "user-agent");
	char peer[HTTP_PEER_SIZE];

	agent.len = agent.len < AGENT_MAX ? agent.len : AGENT_MAX;
	http_request_peer(c->request, peer);
	buf_printf(out, "{\"batch\":[{\"type\":\"track\",\"event\":\"%s\",\"messageId\":", e->name);
	json_escape(e->id, out);
	buf_add_str(out, ",\"timestamp\":\"");
	buf_add_instant(out, c->recv_at);
	buf_add_str(out, "\",");
	identifier_write(c->in->identity, t->customer, out);
	buf_add_str(out, ",\"properties\":{\"email_id\":");
	json_escape(t->message, out);
	if (t->kind == MAIL_TOKEN_CLICK)
		buf_printf(out, ",\"link_id\":%u", (unsigned)t->link);
	add_member(out, "link_url", t->url);
	add_member(out, "list_id", t->list);
	if (e->machine)
		buf_add_str(out, ",\"machine\":true");
	buf_add_str(out, "},\"context\":{\"channel\":\"email\"");
	add_member(out, "ip", span_str(peer));
	add_member(out, "userAgent", agent);
	buf_add_str(out, "}}]}");
}

static void send_event(struct mail_door *d, struct call *c, const struct mail_event *e)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct envelope envelope;
	struct envelope_fault fault;
	struct envelope_request request = {.kind = ENVELOPE_KIND_BATCH,
		.limits = c->in->limits.items,
		.identity = c->in->identity};
	const struct delivery delivery = {.envelope = &envelope};

	c->key = &d->source;
	write_event(&text, c, e);
	request.body = buf_span(&text);
	if (buf_failed(&text) < 0 || envelope_read(&request, &c->in->arena, &envelope, &fault) != 0)
		call_unavailable(c, "Out of memory.");
	else if (journal_state(c->in->journal) == JOURNAL_AWAY)
		call_unavailable(c, "The log is away.");
	else
		deliver(c, &delivery);
	arena_reset(&c->in->arena);
}

/* ---- machine or human ---------------------------------------------------------------------- */

/* Another link of the same mail was followed a moment ago. Remembers this one. */
static bool is_burst(struct mail_door *d, const struct mail_token *t, int64_t now)
{
	uint64_t hash = siphash24(hash_key, t->message);
	size_t slot = hash % MAIL_RECENT;
	bool burst = d->recent[slot].message == hash && d->recent[slot].link != t->link &&
		     now - d->recent[slot].at < BURST_MS;

	d->recent[slot].message = hash;
	d->recent[slot].link = t->link;
	d->recent[slot].at = now;
	return burst;
}

static bool is_machine(struct mail_door *d, const struct call *c, const struct mail_token *t)
{
	struct span agent = http_request_header(c->request, "user-agent");
	bool burst = t->kind == MAIL_TOKEN_CLICK && is_burst(d, t, c->recv_at);

	/* Apple's Mail Privacy Protection loads pictures unasked, and calls itself no more. */
	return burst || c->recv_at - t->issued_at < SOON_MS || is_robot(agent) ||
	       span_is(agent, "Mozilla/5.0");
}

/* ---- the doors ----------------------------------------------------------------------------- */

int mail_door_init(
	struct mail_door *d, struct intake *in, const struct span *secrets, size_t n_secrets)
{
	int r;

	*d = (struct mail_door){.in = in,
		.source = {.name = "mail",
			.kind = WRITE_KEY_HOOK,
			.channel = CHANNEL_EMAIL,
			.enabled = true,
			.rights = WRITE_KEY_TRAITS | WRITE_KEY_PRIVILEGED}};
	if (n_secrets == 0)
		return 0;
	r = mail_token_keys_init(&d->keys, secrets, n_secrets);
	return r > 0 ? MAIL_DOOR_BAD : r;
}

void mail_door_release(struct mail_door *d)
{
	mail_token_keys_release(&d->keys);
}

/* Reads TOKEN from the path, without the END that it may have there. */
static bool read_token(struct mail_door *d, enum mail_token_kind kind, struct span token,
	struct buf *room, struct mail_token *ret_token)
{
	return d->keys.n > 0 && mail_token_parse(&d->keys, kind, token, room, ret_token) == 0;
}

/* An id for each touch: the token's beginning, which is a tag, and the moment; without a moment
 * the same touch again is the same event. */
static void touch_id(struct buf *out, const char *kind, struct span token, int64_t at)
{
	buf_printf(out, "%s:%.*s", kind, (int)(token.len < 40 ? token.len : 40), token.ptr);
	if (at)
		buf_printf(out, ":%lld", (long long)at);
}

static bool is_head(const struct http_request *request)
{
	return http_request_method(request) == HTTP_HEAD;
}

void mail_opened(struct mail_door *d, struct http_request *request, struct span token)
{
	struct call call = call_of(d->in, request, &answer_gif);
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf id = BUF_INIT;
	const struct verdict nothing = {.n_accepted = 0};
	struct mail_token t;

	if (token.len > 4 && memcmp(token.ptr + token.len - 4, ".gif", 4) == 0)
		token.len -= 4;
	if (is_head(request) || !read_token(d, MAIL_TOKEN_OPEN, token, &room, &t)) {
		answer_gif.verdict(d->in->tally, request, &nothing);
		return;
	}
	touch_id(&id, "open", token, call.recv_at);
	send_event(d, &call,
		&(struct mail_event){"Email Opened", &t, buf_span(&id), is_machine(d, &call, &t)});
}

void mail_clicked(struct mail_door *d, struct http_request *request, struct span token)
{
	struct call call = call_of(d->in, request, &answer_redirect);
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf id = BUF_INIT;
	struct mail_token t;

	if (!read_token(d, MAIL_TOKEN_CLICK, token, &room, &t) ||
		http_request_add_field(request, "Location", t.url) != 0) {
		answer_unknown(d, request);
		return;
	}
	if (is_head(request)) {
		redirect(d->in->tally, request);
		return;
	}
	touch_id(&id, "click", token, call.recv_at);
	send_event(d, &call,
		&(struct mail_event){
			"Email Link Clicked", &t, buf_span(&id), is_machine(d, &call, &t)});
}

void mail_unsubscribed(struct mail_door *d, struct http_request *request, struct span token)
{
	struct call call = call_of(d->in, request, &answer_done);
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf id = BUF_INIT;
	_cleanup_(buf_release) struct buf how = BUF_INIT;
	struct mail_token t;

	if (!read_token(d, MAIL_TOKEN_UNSUBSCRIBE, token, &room, &t)) {
		answer_unknown(d, request);
		return;
	}
	/* What a mailbox provider posts, and what the button of our page does. */
	if (url_param(http_request_body(request), "List-Unsubscribe", &how) != 0 ||
		!span_is(buf_span(&how), "One-Click")) {
		call_refuse(
			&call, &(struct problem){400, "not_one_click",
				       "The body must be List-Unsubscribe=One-Click (RFC 8058).",
				       "List-Unsubscribe", SPAN_EMPTY});
		return;
	}
	touch_id(&id, "unsubscribe", token, 0);
	send_event(d, &call, &(struct mail_event){"Unsubscribed", &t, buf_span(&id), false});
}

void mail_page(struct mail_door *d, struct http_request *request, struct span token)
{
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	struct mail_token t;

	if (!read_token(d, MAIL_TOKEN_UNSUBSCRIBE, token, &room, &t)) {
		answer_unknown(d, request);
		return;
	}
	/* Without an address the form goes to where the page came from. */
	send_page(d->in->tally, request,
		SPAN_LIT(PAGE_HEAD "<h1>Unsubscribe</h1><p>Shall we stop sending you these mails?"
				   "<form method=\"post\"><input type=\"hidden\" "
				   "name=\"List-Unsubscribe\" value=\"One-Click\">"
				   "<button>Unsubscribe</button></form></main>"));
}
