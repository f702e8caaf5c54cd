/* SPDX-License-Identifier: MIT */
#include "call.h"

#include "cors.h"
#include "sender.h"

struct call call_of(
	struct intake *in, struct http_request *request, const struct answer_style *style)
{
	return (struct call){
		.in = in, .request = request, .style = style, .recv_at = loop_now_wall(in->loop)};
}

int call_refuse(struct call *c, const struct problem *problem)
{
	c->style->problem(c->in->tally, c->request, problem);
	return CALL_ANSWERED;
}

int call_unavailable(struct call *c, const char *message)
{
	answer_unavailable(c->style, c->in->tally, c->request, message);
	return CALL_ANSWERED;
}

static int refuse_sender(struct call *c, int outcome)
{
	const struct sender_refusal *row = &sender_refusals[outcome];
	struct problem problem = {row->status, row->code, row->message, NULL, SPAN_EMPTY};

	/* Of a scheme of our own: on "Basic" a browser would ask its user for a password. */
	if (row->status == 401)
		problem.fields = SPAN_LIT("WWW-Authenticate: WriteKey realm=\"waymark\"\r\n");
	return call_refuse(c, &problem);
}

int call_begin(struct call *c)
{
	int r = sender_of_field(c->in->keys, c->request, c->recv_at, &c->by_field);

	if (r != 0 && r != SENDER_UNNAMED) {
		/* The page must be able to read why, or it would try for ever. */
		cors_allow(c->in->keys, c->request);
		return refuse_sender(c, r);
	}
	if (journal_state(c->in->journal) == JOURNAL_AWAY) {
		cors_allow(c->in->keys, c->request);
		return call_unavailable(c, "The log is away.");
	}
	return 0;
}

size_t call_body_max(const struct call *c)
{
	return intake_body_max_of(c->in, c->by_field);
}

static int refuse_gzip(struct call *c, int outcome, size_t max)
{
	char message[128];
	struct problem problem = {400, "bad_gzip", message, NULL, SPAN_EMPTY};

	if (outcome == GZIP_TOO_LARGE) {
		problem.status = 413;
		problem.code = "body_too_large";
		(void)snprintf(message, sizeof(message),
			"The body may have at most %zu bytes, decompressed too.", max);
	} else {
		(void)snprintf(message, sizeof(message), "The gzip body is %s.",
			gzip_outcome_name((enum gzip_outcome)outcome));
	}
	return call_refuse(c, &problem);
}

int call_inflate(struct call *c, struct span packed, size_t max)
{
	int r;

	buf_reset(&c->in->plain);
	r = gzip_inflate(c->in->inflater, packed, max, &c->in->plain);
	if (r < 0)
		return call_unavailable(c, "Out of memory.");
	if (r > 0)
		return refuse_gzip(c, r, max);
	c->body = buf_span(&c->in->plain);
	return 0;
}

int call_body(struct call *c, size_t max)
{
	struct span coding = http_request_header(c->request, "content-encoding");

	c->body = http_request_body(c->request);
	if (coding.len == 0 || span_equal_nocase(coding, SPAN_LIT("identity")))
		return 0;
	if (!span_equal_nocase(coding, SPAN_LIT("gzip")) &&
		!span_equal_nocase(coding, SPAN_LIT("x-gzip")))
		return call_refuse(c, &(struct problem){415, "unsupported_encoding",
					      "The only Content-Encoding taken is gzip.", NULL,
					      SPAN_LIT("Accept-Encoding: gzip\r\n")});
	return call_inflate(c, c->body, max);
}

int call_sender(struct call *c, struct span key)
{
	int r = sender_of_body(c->in->keys, key, c->by_field, c->recv_at, &c->key);

	if (r != 0) {
		cors_allow(c->in->keys, c->request);
		return refuse_sender(c, r);
	}
	if (cors_allow_key(c->key, c->request) == 0)
		return 0;
	cors_allow(c->in->keys, c->request);
	return refuse_sender(c, SENDER_ELSEWHERE);
}

int call_rate(struct call *c, size_t n)
{
	const struct write_key *key = c->key;
	int64_t wait = 0;
	char fields[80];
	struct problem problem = {429, "too_many_events",
		"This source sends more events than it may; send them again after the time that "
		"Retry-After says.",
		NULL, SPAN_EMPTY};
	int len;

	if (key->rate > 0)
		wait = rate_limit_take(&c->in->rates[key - c->in->keys->list], key->rate,
			key->burst, loop_now_mono(c->in->loop), (int64_t)n);
	if (wait == 0)
		return 0;
	wait = (wait + MS_SECOND - 1) / MS_SECOND;
	len = snprintf(fields, sizeof(fields), "Retry-After: %lld\r\nX-RateLimit-Reset: %lld\r\n",
		(long long)wait, (long long)wait);
	problem.fields = span_of(fields, (size_t)len);
	c->in->tally->deferred += n;
	return call_refuse(c, &problem);
}
