/* SPDX-License-Identifier: MIT */
#include "job_door.h"

#include <sys/random.h>

#include "base/instant.h"
#include "codec/json_scan.h"
#include "job_body.h"
#include "program/metrics.h"
#include "store/job_found_json.h"

#define POLL_MS	   250
#define JOB_ID_LEN 32

/* ---- refusals ---------------------------------------------------------------------------- */

/* What the desk says that is no answer, in terms of HTTP. */
static const struct refusal refusals[] = {
	[JOB_DESK_NONE] = {404, "no_job", "There is no such job.", NULL, NULL},
	[JOB_DESK_LOST] = {409, "lease_lost",
		"This token does not, or no longer, hold the lease of the job.", "/token", NULL},
	[JOB_DESK_RETRACTED] = {409, "retracted",
		"The job was taken back, since what it was for is no longer so: do not send it. If "
		"it "
		"was sent already, that is noted.",
		NULL, NULL},
	[JOB_DESK_UNSENT] = {409, "not_leased",
		"Nobody was ever given this job, so nothing can have become of it.", NULL, NULL},
	[JOB_DESK_OVER] = {409, "job_over",
		"The job was sent, or is out of question already; look at its state.", NULL, NULL},
	[JOB_DESK_CORRUPT] = {500, "corrupt",
		"What is stored of this job cannot be read; the log of the console says where.",
		NULL, NULL},
};

static void tell_outcome(struct job_door *d, struct http_request *request, int r, const char *words)
{
	if (r == JOB_DESK_REFUSED)
		tell_log(d->telling, TELL_REFUSED, "Redis refused a question.",
			log_str("reason", words));
	if (r == JOB_DESK_CORRUPT)
		tell_log(d->telling, TELL_CORRUPT, "What is stored of a job cannot be read.",
			log_text("path", http_request_path(request)));
	if (r == JOB_DESK_RULES)
		tell_unavailable(d->telling, request,
			"There are no rules to judge by, neither in force nor on the disk, so "
			"nothing is handed out; the log of the console says why.");
	else if (r >= JOB_DESK_CORRUPT && (size_t)r < ARRAY_SIZE(refusals))
		tell_refusal(d->telling, request, &refusals[r]);
	else
		tell_unavailable(d->telling, request,
			r == JOB_DESK_REFUSED ? "Redis refuses to answer; try again soon."
					      : "Redis does not answer; try again soon.");
}

/* False, and REQUEST answered, if its body will not do. */
static bool read_body(struct job_door *d, struct http_request *request, enum job_request what,
	struct arena *a, struct job_body *ret_body)
{
	struct job_fault fault;
	int r = job_body_read(http_request_body(request), what, a, ret_body, &fault);
	const struct refusal refusal = {400, r > 0 ? fault.code : "", r > 0 ? fault.message : "",
		r > 0 && fault.pointer[0] ? fault.pointer : NULL, NULL};

	if (r > 0)
		tell_refusal(d->telling, request, &refusal);
	else if (r < 0)
		tell_unavailable(d->telling, request, "Out of memory.");
	return r == 0;
}

static bool has_room(struct job_door *d, struct http_request *request)
{
	if (d->desk.pending < d->max_pending && d->n_waiters < d->max_pending)
		return true;
	d->busy++;
	tell_unavailable(d->telling, request, "Too many questions at once; try again soon.");
	return false;
}

/* ---- leasing ----------------------------------------------------------------------------- */

/* A consumer who wants jobs: its question is under way, or its timer runs. */
struct waiter {
	struct job_door *door;
	struct waiter *next;
	struct http_request *request;
	struct arena arena;
	struct job_body body;
	struct timer timer;
	int64_t until; /* of the loop's clock: it waits no longer */
};

static void waiter_free(struct waiter *w)
{
	struct waiter **at = &w->door->waiters;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->door->n_waiters--;
	timer_stop(&w->timer);
	arena_release(&w->arena);
	free(w);
}

static void answer_lease(struct waiter *w, const struct job_lease_answer *answer)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;

	buf_add_str(&body, "{\"jobs\":[");
	for (size_t i = 0; i < answer->n; i++) {
		buf_add_str(&body, i > 0 ? "," : "");
		(void)job_leased_json(&answer->jobs[i], &body);
	}
	buf_add_str(&body, answer->more ? "],\"more\":true}" : "],\"more\":false}");
	tell_json(w->door->telling, w->request, &body);
	waiter_free(w);
}

static void on_leased(void *user, int r, const struct job_lease_answer *answer)
{
	struct waiter *w = user;
	struct job_door *d = w->door;
	int64_t now = loop_now_mono(d->loop);

	if (r != 0) {
		tell_outcome(d, w->request, r, answer->words);
		waiter_free(w);
	} else if (answer->n > 0 || now >= w->until || d->stopping ||
		   timer_set_at(&w->timer, int64_min(now + POLL_MS, w->until)) < 0) {
		answer_lease(w, answer);
	}
}

/* What is leased for somebody who has gone would wait for the end of the lease. */
static void ask_lease(void *arg)
{
	struct waiter *w = arg;
	struct job_door *d = w->door;
	const struct job_lease_ask ask = {.max = (size_t)w->body.max,
		.lease_ms = w->body.lease_ms,
		.consumer = w->body.consumer,
		.channels = w->body.channels,
		.n_channels = w->body.n_channels,
		.fn = on_leased,
		.user = w};
	int r;

	if (!http_request_is_alive(w->request)) {
		tell_unavailable(d->telling, w->request, "Nobody waits any more.");
		waiter_free(w);
		return;
	}
	r = job_lease(&d->desk, &ask);
	if (r == 0)
		return;
	tell_outcome(d, w->request, JOB_DESK_AWAY, "");
	waiter_free(w);
}

void job_door_lease(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	struct waiter *w;

	(void)params;
	if (!has_room(d, request))
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		tell_unavailable(d->telling, request, "Out of memory.");
		return;
	}
	w->door = d;
	w->request = request;
	w->next = d->waiters;
	d->waiters = w;
	d->n_waiters++;
	arena_init(&w->arena);
	timer_init(&w->timer, d->loop, ask_lease, w);
	if (!read_body(d, request, JOB_REQUEST_LEASE, &w->arena, &w->body)) {
		waiter_free(w);
		return;
	}
	w->until = loop_now_mono(d->loop) + w->body.wait_ms;
	ask_lease(w);
}

/* ---- one job ----------------------------------------------------------------------------- */

struct calling {
	struct job_door *door;
	struct http_request *request;
	bool outcome;
	char id[JOB_ID_LEN + 1];
};

/* NULL, and REQUEST answered, if the id is none or there is no room. */
static struct calling *calling_new(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	struct span id = params->values[0];
	struct calling *c;

	for (size_t i = 0; i < id.len; i++)
		if (!id.ptr[i] || !strchr("0123456789abcdef", id.ptr[i]))
			id.len = 0;
	if (id.len != JOB_ID_LEN) {
		tell_refusal(d->telling, request, &refusals[JOB_DESK_NONE]);
		return NULL;
	}
	if (!has_room(d, request))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		tell_unavailable(d->telling, request, "Out of memory.");
		return NULL;
	}
	c->door = d;
	c->request = request;
	memcpy(c->id, id.ptr, JOB_ID_LEN);
	c->id[JOB_ID_LEN] = '\0';
	return c;
}

static struct span id_of(const struct calling *c)
{
	return span_of(c->id, JOB_ID_LEN);
}

static void calling_asked(struct calling *c, int r)
{
	if (r == 0)
		return;
	tell_outcome(c->door, c->request, JOB_DESK_AWAY, "");
	free(c);
}

static void add_member_instant(struct buf *out, const char *name, int64_t at)
{
	buf_printf(out, ",\"%s\":\"", name);
	buf_add_instant(out, at);
	buf_add_char(out, '"');
}

static void on_reported(void *user, int r, const struct job_report *report)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	_cleanup_free_ struct calling *c = user;

	if (r != 0) {
		tell_outcome(c->door, c->request, r, report->words);
		return;
	}
	buf_add_str(&body, "{\"id\":");
	json_escape(id_of(c), &body);
	buf_add_str(&body, c->outcome ? ",\"outcome\":" : ",\"state\":");
	json_escape(report->state, &body);
	if (c->outcome) {
		add_member_instant(&body, "at", report->at);
		buf_add_str(&body, report->again ? ",\"again\":true" : ",\"again\":false");
	} else if (span_is(report->state, "leased")) {
		add_member_instant(&body, "lease_until", report->at);
	} else if (span_is(report->state, "ready")) {
		add_member_instant(&body, "not_before", report->at);
	}
	buf_add_char(&body, '}');
	tell_json(c->door->telling, c->request, &body);
}

typedef int report_fn(struct job_desk *desk, const struct job_report_ask *ask);

/* Who did it stands in the log of the console; that it was done, and why, in that of the customer:
 * what staff type may name somebody, and nobody could take it out of here. */
static void log_cancel(const struct job_door *d, const struct calling *c)
{
	char peer[HTTP_PEER_SIZE];

	http_request_peer(c->request, peer);
	log_info(d->telling->log, "Staff cancel a job.",
		LOG_FIELDS(log_text("job", id_of(c)), log_str("peer", peer)));
}

static void report(struct job_door *d, struct http_request *request,
	const struct route_params *params, enum job_request what)
{
	static const struct {
		report_fn *fn;
	} kinds[] = {
		[JOB_REQUEST_ACK] = {job_ack},
		[JOB_REQUEST_FAIL] = {job_fail},
		[JOB_REQUEST_EXTEND] = {job_extend},
		[JOB_REQUEST_OUTCOME] = {job_outcome},
		[JOB_REQUEST_CANCEL] = {job_cancel},
	};
	_cleanup_(arena_release) struct arena arena;
	struct job_body body;
	struct calling *c;

	arena_init(&arena);
	if (!read_body(d, request, what, &arena, &body))
		return;
	c = calling_new(d, request, params);
	if (!c)
		return;
	c->outcome = what == JOB_REQUEST_OUTCOME;
	if (what == JOB_REQUEST_CANCEL)
		log_cancel(d, c);
	const struct job_report_ask ask = {.id = id_of(c),
		.token = body.token,
		.at = body.at,
		.span_ms = what == JOB_REQUEST_FAIL ? body.retry_ms : body.lease_ms,
		.final = body.final,
		.reason = body.reason,
		.bounce = body.bounce,
		.fate = body.fate,
		.fn = on_reported,
		.user = c};

	calling_asked(c, kinds[what].fn(&d->desk, &ask));
}

void job_door_ack(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	report(d, request, params, JOB_REQUEST_ACK);
}

void job_door_fail(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	report(d, request, params, JOB_REQUEST_FAIL);
}

void job_door_extend(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	report(d, request, params, JOB_REQUEST_EXTEND);
}

void job_door_outcome(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	report(d, request, params, JOB_REQUEST_OUTCOME);
}

void job_door_cancel(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	report(d, request, params, JOB_REQUEST_CANCEL);
}

static void on_found(void *user, int r, const struct job_found *found, const char *words)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	_cleanup_free_ struct calling *c = user;

	if (r != 0) {
		tell_outcome(c->door, c->request, r, words);
		return;
	}
	(void)job_found_json(found, &body);
	tell_json(c->door->telling, c->request, &body);
}

void job_door_show(
	struct job_door *d, struct http_request *request, const struct route_params *params)
{
	struct calling *c = calling_new(d, request, params);

	if (c)
		calling_asked(c, job_find(&d->desk, id_of(c), on_found, c));
}

/* ---- the door ---------------------------------------------------------------------------- */

int job_door_init(struct job_door *d, const struct identity *identity, struct loop *loop,
	struct telling *telling)
{
	*d = (struct job_door){.desk = JOB_DESK_INIT, .loop = loop, .telling = telling};
	d->desk.identity = identity;
	d->desk.judge = job_gates_judge;
	d->desk.judge_user = &d->gates;
	return getrandom(d->desk.secret, sizeof(d->desk.secret), 0) ==
			       (ssize_t)sizeof(d->desk.secret)
		       ? 0
		       : -EIO;
}

void job_door_release(struct job_door *d)
{
	for (struct waiter *w = d->waiters, *next; w; w = next) {
		next = w->next;
		tell_unavailable(d->telling, w->request, "The console stops.");
		waiter_free(w);
	}
}

void job_door_metrics(const struct job_door *d, struct buf *out)
{
	static const char wait[] = "waymark_job_lease_wait_seconds";
	static const char *const bounds[] = {
#define X(SECONDS) #SECONDS,
		JOB_WAIT_BUCKETS(X)
#undef X
	};
	const struct job_desk *desk = &d->desk;
	const struct metric list[] = {
		{"waymark_job_leases_total", "counter", "Leases given.", desk->leased},
		{"waymark_job_denied_total", "counter",
			"Jobs that a gate cancelled, put off or rerouted at the lease.",
			desk->denied},
		{"waymark_job_raced_total", "counter",
			"Jobs that another consumer was faster with.", desk->raced},
		{"waymark_job_rejudged_total", "counter",
			"Jobs judged again since their customer had changed.", desk->rejudged},
		{"waymark_job_waiters", "gauge", "Consumers who ask or wait for jobs.",
			d->n_waiters},
	};

	metrics_add(out, list, ARRAY_SIZE(list));
	metrics_head(out, wait, "histogram", "From when a job fired to its first lease.");
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
		buf_printf(out, "%s_bucket{le=\"%s\"} %llu\n", wait, bounds[i],
			(unsigned long long)desk->waits[i]);
	buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n", wait, (unsigned long long)desk->wait_n);
	buf_printf(out, "%s_sum %llu.%03llu\n", wait,
		(unsigned long long)(desk->wait_sum_ms / 1000),
		(unsigned long long)(desk->wait_sum_ms % 1000));
	buf_printf(out, "%s_count %llu\n", wait, (unsigned long long)desk->wait_n);
}
