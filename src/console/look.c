/* SPDX-License-Identifier: MIT */
#include "look.h"

#include "codec/json_scan.h"
#include "codec/timeline_json.h"
#include "io/url.h"
#include "page_params.h"

/* A question under way. */
struct look {
	struct looks *looks;
	struct http_request *request;
};

/* ---- refusals ---------------------------------------------------------------------------- */

static void tell_fault(struct looks *l, struct http_request *request, const struct page_fault *f)
{
	const struct refusal refusal = {400, "bad_parameter", f->message, f->name, NULL};

	tell_refusal(l->telling, request, &refusal);
}

static void no_customer(struct looks *l, struct http_request *request)
{
	static const struct refusal refusal = {
		404, "no_customer", "Nothing is known of such a customer.", NULL, NULL};

	tell_refusal(l->telling, request, &refusal);
}

/* Who they are the search says, which masks, and notes who asked. */
static void several(struct looks *l, struct http_request *request)
{
	static const struct refusal refusal = {409, "several_customers",
		"Several customers have an order of that number; /v1/customers?prefix= lists them.",
		NULL, NULL};

	tell_refusal(l->telling, request, &refusal);
}

static void bad_cursor(struct looks *l, struct http_request *request)
{
	struct page_fault fault;

	page_cursor_fault(&fault);
	tell_fault(l, request, &fault);
}

static void away(struct looks *l, struct http_request *request)
{
	tell_unavailable(l->telling, request, "Redis does not answer; try again soon.");
}

static void refused(struct looks *l, struct http_request *request)
{
	tell_log(l->telling, TELL_REFUSED, "Redis refused a question.",
		log_str("reason", query_source_refusal(l->source)));
	tell_unavailable(l->telling, request, "Redis refuses to answer; try again soon.");
}

static void corrupt(struct looks *l, struct http_request *request)
{
	static const struct refusal refusal = {
		500, "corrupt", "What is stored of this customer cannot be read.", NULL, NULL};

	/* Not whose it is: the customer's name would stay there when they are erased. */
	tell_log(l->telling, TELL_CORRUPT, "What is stored of a customer cannot be read.",
		log_str("path", "/v1/customers/{id}"));
	tell_refusal(l->telling, request, &refusal);
}

static void no_memory(struct looks *l, struct http_request *request)
{
	tell_unavailable(l->telling, request, "Out of memory.");
}

/* Whatever is not an answer. BAD_LIMIT cannot be: the parameters were checked. UNWANTED reaches
 * nobody. */
static void tell_outcome(struct looks *l, struct http_request *request, int r)
{
	static void (*const tellers[])(struct looks * l, struct http_request * request) = {
		[QUERY_NO_CUSTOMER] = no_customer,
		[QUERY_BAD_CURSOR] = bad_cursor,
		[QUERY_BAD_LIMIT] = bad_cursor,
		[QUERY_AWAY] = away,
		[QUERY_REFUSED] = refused,
		[QUERY_CORRUPT] = corrupt,
		[QUERY_UNWANTED] = away,
		[QUERY_SEVERAL] = several,
	};

	assert(r < 0 || (size_t)r < ARRAY_SIZE(tellers));
	if (r < 0)
		no_memory(l, request);
	else
		tellers[r](l, request);
}

/* ---- asking ------------------------------------------------------------------------------ */

static bool is_wanted(void *user)
{
	const struct look *look = user;

	return http_request_is_alive(look->request);
}

/* False, and REQUEST answered, if the question cannot be asked now. */
static bool has_room(struct looks *l, struct http_request *request)
{
	if (query_source_pending(l->source) < l->max_pending)
		return true;
	l->busy++;
	tell_unavailable(l->telling, request, "Too many questions at once; try again soon.");
	return false;
}

static int decode_id(struct buf *id, const struct route_params *params)
{
	int r = url_decode(id, params->values[0], false);

	return r ? r : buf_failed(id);
}

static void bad_id(struct looks *l, struct http_request *request)
{
	static const struct refusal refusal = {400, "bad_parameter",
		"The customer's id is percent-encoded: a % stands before two hex digits, other "
		"than "
		"00.",
		"id", NULL};

	tell_refusal(l->telling, request, &refusal);
}

/* ASK with all but the id filled in; NULL user: out of memory. */
static struct query_ask ask_for(struct looks *l, struct http_request *request, query_fn *fn)
{
	struct look *look = malloc(sizeof(*look));

	if (look)
		*look = (struct look){l, request};
	return (struct query_ask){.fn = fn, .user = look, .wanted = is_wanted, .orders = true};
}

/* After a question was asked: R is what it returned. */
static void asked(struct look *look, int r)
{
	if (r == 0)
		return;
	tell_outcome(look->looks, look->request, r);
	free(look);
}

/* ---- what the rules in force are needed for ---------------------------------------------- */

/* A question whose answer is judged by the set of rules that it names. */
struct ruled {
	struct looks *looks;
	struct http_request *request;
	struct buf id;
	struct buf rule; /* asked about; empty: all */
	int (*ask)(struct ruled *d, const struct query_ask *ask);
	unsigned brought; /* how often rules were waited for */
};

static void ruled_freep(struct ruled **d)
{
	if (!*d)
		return;
	buf_release(&(*d)->id);
	buf_release(&(*d)->rule);
	free(*d);
}

/* NULL, and REQUEST answered: out of memory. */
static struct ruled *ruled_new(struct looks *l, struct http_request *request, struct span id)
{
	_cleanup_(ruled_freep) struct ruled *d = calloc(1, sizeof(*d));
	struct ruled *made = d;

	if (d) {
		*d = (struct ruled){
			.looks = l, .request = request, .id = BUF_INIT, .rule = BUF_INIT};
		buf_add_span(&d->id, id);
	}
	if (!d || buf_failed(&d->id) < 0) {
		no_memory(l, request);
		return NULL;
	}
	d = NULL;
	return made;
}

static bool is_ruled_wanted(void *user)
{
	const struct ruled *d = user;

	return http_request_is_alive(d->request);
}

/* Asks, or asks again. Takes D. */
static void ruled_ask(void *user)
{
	_cleanup_(ruled_freep) struct ruled *d = user;
	const struct query_ask ask = {
		.id = buf_span(&d->id), .user = d, .wanted = is_ruled_wanted, .orders = true};
	int r = d->ask(d, &ask);

	if (r != 0)
		tell_outcome(d->looks, d->request, r);
	else
		d = NULL;
}

/* True: D asks again when the set of this DIGEST is there; without it the answer would be less than
 * it could be. */
static bool awaits_rules(struct ruled *d, uint64_t digest)
{
	if (d->brought++ > 0)
		return false;
	return rule_shelf_have(d->looks->shelf, digest, ruled_ask, d) == JOB_RULES_COMING;
}

/* ---- a customer -------------------------------------------------------------------------- */

/* What the id was, in front of where they stand. */
static int customer_json(
	const struct query_answer *answer, const struct rules *rules, struct buf *out)
{
	_cleanup_(buf_release) struct buf journey = BUF_INIT;
	int r = journey_json(answer->record, rules ? &rules->policy.lapse : &lapse_default,
		answer->now, &journey);

	if (r != 0)
		return r;
	assert(journey.ptr[0] == '{');
	buf_add_str(out, "{\"matched\":");
	json_escape(answer->matched, out);
	buf_add_char(out, ',');
	buf_add(out, journey.ptr + 1, journey.len - 1);
	return buf_failed(out);
}

static void on_customer(void *user, int r, const struct query_answer *answer)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	_cleanup_(ruled_freep) struct ruled *d = user;
	struct looks *l = d->looks;

	if (r == 0 && awaits_rules(d, answer->rules)) {
		d = NULL;
		return;
	}
	if (r == 0)
		r = customer_json(answer, rule_shelf_find(l->shelf, answer->rules), &body);
	if (r != 0)
		tell_outcome(l, d->request, r);
	else
		tell_json(l->telling, d->request, &body);
}

static int ask_customer(struct ruled *d, const struct query_ask *ask)
{
	struct query_ask whole = *ask;

	whole.fn = on_customer;
	return query_customer(d->looks->source, &whole);
}

void look_at_customer(
	struct looks *l, struct http_request *request, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf id = BUF_INIT;
	struct ruled *d;
	int r = decode_id(&id, params);

	if (r > 0)
		bad_id(l, request);
	else if (r < 0)
		no_memory(l, request);
	if (r != 0 || !has_room(l, request))
		return;
	d = ruled_new(l, request, buf_span(&id));
	if (!d)
		return;
	d->ask = ask_customer;
	ruled_ask(d);
}

/* ---- a timeline -------------------------------------------------------------------------- */

static int page_json(const struct query_answer *answer, struct buf *out)
{
	int r = 0;

	buf_add_str(out, "{\"customer\":");
	json_escape(answer->customer, out);
	buf_add_str(out, ",\"matched\":");
	json_escape(answer->matched, out);
	buf_add_str(out, ",\"entries\":[");
	for (size_t i = 0; i < answer->n_entries && r == 0; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		r = timeline_json(&answer->entries[i], answer->customer, out);
	}
	buf_add_str(out, "],\"next\":");
	if (answer->next[0])
		json_escape(span_str(answer->next), out);
	else
		buf_add_str(out, "null");
	buf_add_char(out, '}');
	return r;
}

static void on_page(void *user, int r, const struct query_answer *answer)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	_cleanup_free_ struct look *look = user;
	struct looks *l = look->looks;

	if (r == 0)
		r = page_json(answer, &body);
	if (r != 0)
		tell_outcome(l, look->request, r);
	else
		tell_json(l->telling, look->request, &body);
}

static void ask_page(struct looks *l, struct http_request *request, struct span id,
	const struct page_params *params)
{
	struct query_ask ask = ask_for(l, request, on_page);

	ask.id = id;
	if (ask.user)
		asked(ask.user, query_timeline(l->source, &ask, &params->query, params->cursor));
	else
		no_memory(l, request);
}

void look_at_timeline(
	struct looks *l, struct http_request *request, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf id = BUF_INIT;
	_cleanup_(page_params_release) struct page_params page;
	struct page_fault fault;
	int r = decode_id(&id, params);

	page_params_init(&page);
	if (r > 0) {
		bad_id(l, request);
		return;
	}
	if (r == 0)
		r = page_params_read(&page, http_request_query(request), &fault);
	if (r > 0)
		tell_fault(l, request, &fault);
	else if (r < 0)
		no_memory(l, request);
	else if (has_room(l, request))
		ask_page(l, request, buf_span(&id), &page);
}

/* ---- why --------------------------------------------------------------------------------- */

static void no_rule(struct looks *l, struct http_request *request)
{
	static const struct refusal refusal = {404, "no_rule",
		"There is no such rule, and none of that name ever concerned this customer.",
		"rule", NULL};

	tell_refusal(l->telling, request, &refusal);
}

static void on_why(void *user, int r, const struct why_ask *answer)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	_cleanup_(ruled_freep) struct ruled *w = user;
	struct looks *l = w->looks;
	struct why_ask ask;
	struct why first;

	if (r == 0 && awaits_rules(w, answer->in_force)) {
		w = NULL;
		return;
	}
	if (r == 0) {
		ask = *answer;
		ask.rules = rule_shelf_find(l->shelf, ask.in_force);
		ask.rule = buf_span(&w->rule);
		if (ask.rule.len > 0 && !why_of(&ask, 0, &first)) {
			no_rule(l, w->request);
			return;
		}
		r = why_json(&ask, &body);
	}
	if (r != 0)
		tell_outcome(l, w->request, r);
	else
		tell_json(l->telling, w->request, &body);
}

/* The one parameter that there is. False, and REQUEST answered, if the query is anything else. */
static bool read_rule(struct ruled *w)
{
	static const struct refusal refusal = {400, "bad_parameter",
		"The only parameter is rule, the id of a rule, and it is given once.", "rule",
		NULL};
	struct span query = http_request_query(w->request), name, value;
	bool ok = true;

	for (unsigned n = 0; ok && url_next_param(&query, &name, &value) == 0; n++)
		ok = n == 0 && span_is(name, "rule") && value.len <= (size_t)3 * RULE_ID_MAX &&
		     url_decode(&w->rule, value, true) == 0;
	if (buf_failed(&w->rule) < 0)
		no_memory(w->looks, w->request);
	else if (!ok)
		tell_refusal(w->looks->telling, w->request, &refusal);
	return ok && buf_failed(&w->rule) == 0;
}

static int ask_why_of(struct ruled *d, const struct query_ask *ask)
{
	return query_why(d->looks->source, ask, on_why, d);
}

static void ask_why(struct looks *l, struct http_request *request, struct span id)
{
	_cleanup_(ruled_freep) struct ruled *d = ruled_new(l, request, id);
	struct ruled *asked = d;

	if (!d || !read_rule(d) || !has_room(l, request))
		return;
	d->ask = ask_why_of;
	d = NULL;
	ruled_ask(asked);
}

void look_why(struct looks *l, struct http_request *request, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf id = BUF_INIT;
	int r = decode_id(&id, params);

	if (r > 0)
		bad_id(l, request);
	else if (r < 0)
		no_memory(l, request);
	else
		ask_why(l, request, buf_span(&id));
}
