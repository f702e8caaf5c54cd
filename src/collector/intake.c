/* SPDX-License-Identifier: MIT */
/*
 * The hot path. A request is judged to the end in one go while its bytes are at hand, and what is
 * accepted is written straight to where it leaves from; all that is left to wait for is a count of
 * acknowledgements and the verdict. So a slow Redis costs no copies, and nothing of a request has
 * to be remembered but its answer.
 */
#include "intake.h"

#include "answer.h"
#include "sender.h"
#include "store/keys.h"

/* What an entry costs on its way beside its bytes: RESP, the client's books. */
#define ENTRY_COST ((size_t)200)

/* One request, while it is judged. */
struct call {
	struct intake *in;
	struct http_request *request;
	const struct write_key *by_field; /* NULL: no Authorization */
	const struct write_key *key;
	struct span body;
	struct envelope envelope;
};

enum { CALL_ANSWERED = 1 };

int intake_init(struct intake *in, struct loop *loop, struct journal *journal, struct tally *tally)
{
	*in = (struct intake){.loop = loop, .journal = journal, .tally = tally};
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
	in->inflater = inflater_free(in->inflater);
	in->keys = write_keys_free(in->keys);
}

void intake_set_keys(struct intake *in, struct write_keys *keys)
{
	write_keys_free(in->keys);
	in->keys = keys;
}

static size_t body_max(const struct intake *in, const struct write_key *by_field)
{
	return by_field && by_field->kind != WRITE_KEY_BROWSER ? in->limits.body_server
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
	return body_max(in, by_field);
}

static int refuse(struct call *c, const struct problem *problem)
{
	answer_problem(c->in->tally, c->request, problem);
	return CALL_ANSWERED;
}

static int unavailable(struct call *c, const char *message)
{
	answer_unavailable(c->in->tally, c->request, message);
	return CALL_ANSWERED;
}

static int refuse_sender(struct call *c, int outcome)
{
	const struct sender_refusal *row = &sender_refusals[outcome];
	struct problem problem = {row->status, row->code, row->message, NULL, SPAN_EMPTY};

	/* Of a scheme of our own: on "Basic" a browser would ask its user for a password. */
	if (row->status == 401)
		problem.fields = SPAN_LIT("WWW-Authenticate: WriteKey realm=\"waymark\"\r\n");
	return refuse(c, &problem);
}

static int judge_field(struct call *c)
{
	int r = sender_of_field(c->in->keys, c->request, loop_now_wall(c->in->loop), &c->by_field);

	return r == 0 || r == SENDER_UNNAMED ? 0 : refuse_sender(c, r);
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
	return refuse(c, &problem);
}

/* Sets c->body to the plain bytes. */
static int read_body(struct call *c)
{
	struct span coding = http_request_header(c->request, "content-encoding");
	size_t max = body_max(c->in, c->by_field);
	int r;

	c->body = http_request_body(c->request);
	if (coding.len == 0 || span_equal_nocase(coding, SPAN_LIT("identity")))
		return 0;
	if (!span_equal_nocase(coding, SPAN_LIT("gzip")) &&
		!span_equal_nocase(coding, SPAN_LIT("x-gzip")))
		return refuse(c, &(struct problem){415, "unsupported_encoding",
					 "The only Content-Encoding taken is gzip.", NULL,
					 SPAN_LIT("Accept-Encoding: gzip\r\n")});
	buf_reset(&c->in->plain);
	r = gzip_inflate(c->in->inflater, c->body, max, &c->in->plain);
	if (r < 0)
		return unavailable(c, "Out of memory.");
	if (r > 0)
		return refuse_gzip(c, r, max);
	c->body = buf_span(&c->in->plain);
	return 0;
}

static void count_refused(struct tally *tally, const struct envelope *e)
{
	for (size_t i = 0; i < e->n_items; i++)
		if (e->items[i].fault.code != ENVELOPE_ACCEPTED)
			tally->refused[e->items[i].fault.code]++;
}

/* Reads the envelope, whose key is the last thing missing to know the sender. */
static int judge_body(struct call *c, enum envelope_kind kind)
{
	struct intake *in = c->in;
	const struct envelope_request request = {c->body, kind, in->limits.items};
	struct envelope_fault fault;
	int r = envelope_read(&request, &in->arena, &c->envelope, &fault);

	if (r < 0)
		return unavailable(c, "Out of memory.");
	if (r == ENVELOPE_REFUSED) {
		in->tally->bodies[fault.code]++;
		answer_fault(in->tally, c->request, &fault, &in->limits.items);
		return CALL_ANSWERED;
	}
	r = sender_of_body(
		in->keys, c->envelope.write_key, c->by_field, loop_now_wall(in->loop), &c->key);
	if (r != 0)
		return refuse_sender(c, r);
	if (c->envelope.n_refused > 0)
		count_refused(in->tally, &c->envelope);
	return 0;
}

/* An event that came alone is refused as the request. */
static int judge_single(struct call *c, enum envelope_kind kind)
{
	if (kind == ENVELOPE_KIND_BATCH || c->envelope.n_refused == 0)
		return 0;
	answer_fault(c->in->tally, c->request, &c->envelope.items[0].fault, &c->in->limits.items);
	return CALL_ANSWERED;
}

/*
 * Writes the meta that all entries of the request share. A batch's context is repeated in each of
 * its entries, so a small body could become a large one: together they may not be larger than the
 * largest body.
 */
static int write_meta(struct call *c, enum envelope_kind kind)
{
	struct intake *in = c->in;
	size_t max = in->limits.body_server, n = c->envelope.n_items;
	struct log_meta meta = {
		.source = span_str(c->key->name),
		.channel = c->key->channel,
		.has_type = kind != ENVELOPE_KIND_BATCH,
		.type = kind != ENVELOPE_KIND_BATCH ? (enum event_type)kind : EVENT_TRACK,
		.recv_at = loop_now_wall(in->loop),
		.sent_at = c->envelope.sent_at,
		.context = c->envelope.context,
	};

	if (meta.context.len > in->limits.items.item_bytes || meta.context.len * n > max) {
		char message[160];

		(void)snprintf(message, sizeof(message),
			"The context of a batch may have at most %zu bytes, and %zu for all of its "
			"events together.",
			in->limits.items.item_bytes, max);
		return refuse(c, &(struct problem){
					 413, "context_too_large", message, "context", SPAN_EMPTY});
	}
	buf_reset(&in->meta);
	log_meta_add(&in->meta, &meta);
	return buf_failed(&in->meta) ? unavailable(c, "Out of memory.") : 0;
}

static void on_stored(struct submission *s, bool kept)
{
	struct tally *tally = s->user;

	if (kept) {
		tally->accepted += s->n_accepted;
		answer_verdict(
			tally, s->request, s->n_accepted, s->n_refused, buf_span(&s->errors));
	} else {
		tally->deferred += s->n_accepted;
		answer_unavailable(
			tally, s->request, "The log could not take all events; send them again.");
	}
}

static void add_items(struct call *c, struct submission *s)
{
	struct intake *in = c->in;
	struct span meta = buf_span(&in->meta);

	for (size_t i = 0; i < c->envelope.n_items; i++) {
		const struct envelope_item *item = &c->envelope.items[i];
		struct span customer;

		if (item->fault.code != ENVELOPE_ACCEPTED) {
			answer_add_error(&s->errors, i, &item->fault, &in->limits.items);
			continue;
		}
		customer = envelope_customer_key(item, &in->arena);
		if (customer.ptr)
			journal_add(
				s, partition_of(customer, in->journal->n_streams), item->raw, meta);
		else
			s->failed = true;
	}
}

static int submit(struct call *c)
{
	struct intake *in = c->in;
	size_t n_accepted = c->envelope.n_items - c->envelope.n_refused;
	size_t bytes = c->body.len + n_accepted * (in->meta.len + ENTRY_COST);
	struct submission *s;
	int r = journal_begin(in->journal, c->request, bytes, &s);

	if (r != 0) {
		in->tally->deferred += n_accepted;
		return unavailable(c, r < 0 ? "Out of memory." : "The log cannot take events now.");
	}
	s->user = in->tally;
	s->n_accepted = n_accepted;
	s->n_refused = c->envelope.n_refused;
	add_items(c, s);
	journal_end(s, on_stored);
	return CALL_ANSWERED;
}

void intake_take(struct intake *in, struct http_request *request, enum envelope_kind kind)
{
	struct call call = {.in = in, .request = request};
	int r = judge_field(&call);

	/* Judging costs; what cannot be kept need not be judged. */
	if (r == 0 && journal_state(in->journal) == JOURNAL_AWAY)
		r = unavailable(&call, "The log is away.");
	if (r == 0)
		r = read_body(&call);
	if (r == 0)
		r = judge_body(&call, kind);
	if (r == 0)
		r = judge_single(&call, kind);
	if (r == 0)
		r = write_meta(&call, kind);
	if (r == 0)
		submit(&call);
	arena_reset(&in->arena);
}
