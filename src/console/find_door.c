/* SPDX-License-Identifier: MIT */
#include "find_door.h"

#include "codec/find_terms.h"
#include "io/url.h"
#include "program/metrics.h"
#include "store/find_json.h"

#define CURSOR_MAX  2048 /* characters */
#define CURSOR_HEAD SPAN_LIT("waymark find")
#define PER_MINUTE  60
#define REASON_MIN  3

/* A search under way. */
struct search {
	struct find_door *door;
	struct http_request *request;
	bool masked;
};

struct wishes {
	struct buf prefix, cursor, reason, limit, after;
};

static void wishes_release(struct wishes *w)
{
	buf_release(&w->prefix);
	buf_release(&w->cursor);
	buf_release(&w->reason);
	buf_release(&w->limit);
	buf_release(&w->after);
}

int find_door_init(struct find_door *d, struct telling *telling)
{
	char key[SEAL_KEY_TEXT + 1];
	int r = seal_key_make(key);

	d->telling = telling;
	r = r ? r : seal_key_read(span_of(key, SEAL_KEY_TEXT), &d->key);
	return r ? r : sealer_new(&d->sealer);
}

void find_door_release(struct find_door *d)
{
	seal_key_clear(&d->key);
	d->sealer = sealer_free(d->sealer);
}

void find_door_up(struct find_door *d, struct redis *redis, const struct identity *identity)
{
	d->identity = identity;
	/* Without it searches are refused, and the next connection asks again. */
	(void)audit_open(&d->audit, redis);
}

/* ---- answers ----------------------------------------------------------------------------- */

static void bad(
	struct find_door *d, struct http_request *request, const char *name, const char *message)
{
	const struct refusal refusal = {400, "bad_parameter", message, name, NULL};

	tell_refusal(d->telling, request, &refusal);
}

static void bad_cursor(struct find_door *d, struct http_request *request)
{
	bad(d, request, "cursor",
		"cursor is what `next` said on a page of the same search, by a console that has "
		"not been restarted since.");
}

static void too_many(struct find_door *d, struct http_request *request, int64_t wait_ms)
{
	char fields[48];
	const struct refusal refusal = {429, "too_many_searches",
		"More searches than a desk needs; [console] searches sets how many a minute.", NULL,
		fields};

	(void)snprintf(fields, sizeof(fields), "Retry-After: %lld\r\n",
		(long long)((wait_ms + MS_SECOND - 1) / MS_SECOND));
	d->refused++;
	tell_refusal(d->telling, request, &refusal);
}

static void tell_outcome(struct find_door *d, struct http_request *request, int r)
{
	static const struct refusal corrupt = {
		500, "corrupt", "What is stored of a customer cannot be read.", NULL, NULL};

	switch (r) {
	case FIND_BAD_PREFIX:
		bad(d, request, "prefix",
			"prefix is text of 3 characters or more, 128 bytes at most: the beginning "
			"of an e-mail address, a name, or the number of an order, a telephone or a "
			"card.");
		return;
	case FIND_NOT_NOTED:
		tell_unavailable(
			d->telling, request, "The audit cannot be written; try again soon.");
		return;
	case QUERY_REFUSED:
		tell_log(d->telling, TELL_REFUSED, "Redis refused a question.",
			log_str("reason", query_source_refusal(d->source)));
		tell_unavailable(d->telling, request, "Redis refuses to answer; try again soon.");
		return;
	case QUERY_CORRUPT:
		tell_log(d->telling, TELL_CORRUPT, "What is stored of a customer cannot be read.",
			log_str("path", "/v1/customers"));
		tell_refusal(d->telling, request, &corrupt);
		return;
	default:
		tell_unavailable(d->telling, request,
			r < 0 ? "Out of memory." : "Redis does not answer; try again soon.");
	}
}

static int seal_cursor(struct find_door *d, struct span next, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	_cleanup_(buf_release) struct buf sealed = BUF_INIT;
	int r;

	if (next.len == 0)
		return 0;
	r = seal(d->sealer, &d->key, CURSOR_HEAD, next, &sealed);
	for (size_t i = 0; r == 0 && i < sealed.len; i++) {
		buf_add_char(out, digits[(unsigned char)sealed.ptr[i] >> 4]);
		buf_add_char(out, digits[(unsigned char)sealed.ptr[i] & 15]);
	}
	return r ? r : buf_failed(out);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 0, -ENOMEM or SEAL_BAD. */
static int open_cursor(struct find_door *d, struct span cursor, struct buf *out)
{
	_cleanup_(buf_release) struct buf sealed = BUF_INIT;

	if (cursor.len % 2 != 0 || cursor.len > CURSOR_MAX)
		return SEAL_BAD;
	for (size_t i = 0; i < cursor.len; i += 2) {
		int high = digit_of(cursor.ptr[i]), low = digit_of(cursor.ptr[i + 1]);

		if (high < 0 || low < 0)
			return SEAL_BAD;
		buf_add_char(&sealed, (char)(high << 4 | low));
	}
	return buf_failed(&sealed) < 0
		       ? -ENOMEM
		       : seal_open(d->sealer, &d->key, CURSOR_HEAD, buf_span(&sealed), out);
}

static void on_found(void *user, int r, const struct find_answer *answer)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT, next = BUF_INIT;
	_cleanup_free_ struct search *search = user;
	struct find_door *d = search->door;
	struct find_form form = {.identity = d->identity, .masked = search->masked};

	if (r == 0)
		r = seal_cursor(d, answer->next, &next);
	form.next = buf_span(&next);
	if (r == 0)
		r = find_json(answer, &form, &body);
	if (r != 0)
		tell_outcome(d, search->request, r);
	else
		tell_json(d->telling, search->request, &body);
}

static bool is_wanted(void *user)
{
	const struct search *search = user;

	return http_request_is_alive(search->request);
}

/* ---- parameters -------------------------------------------------------------------------- */

/* Each name once, and no other. False, and REQUEST answered, if it is not so. */
static bool read_wishes(struct find_door *d, struct http_request *request, struct wishes *w)
{
	const struct {
		const char *name;
		struct buf *value;
	} known[] = {{"prefix", &w->prefix}, {"limit", &w->limit}, {"cursor", &w->cursor},
		{"reason", &w->reason}};
	struct span query = http_request_query(request), name, value;
	unsigned given = 0;

	while (url_next_param(&query, &name, &value) == 0) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && !span_is(name, known[i].name))
			i++;
		if (i == ARRAY_SIZE(known) || given & 1u << i ||
			url_decode(known[i].value, value, true) != 0) {
			bad(d, request, i < ARRAY_SIZE(known) ? known[i].name : NULL,
				"The parameters are prefix, limit, cursor and reason, each given "
				"once and percent-encoded.");
			return false;
		}
		given |= 1u << i;
	}
	if (buf_failed(&w->prefix) || buf_failed(&w->limit) || buf_failed(&w->cursor) ||
		buf_failed(&w->reason)) {
		tell_outcome(d, request, -ENOMEM);
		return false;
	}
	return true;
}

static bool check_wishes(
	struct find_door *d, struct http_request *request, struct wishes *w, struct find_ask *ask)
{
	uint64_t limit = FIND_LIMIT_MAX;
	int r = 0;

	if (w->limit.len > 0 &&
		(span_to_u64(buf_span(&w->limit), FIND_LIMIT_MAX, &limit) != 0 || limit == 0)) {
		bad(d, request, "limit", "limit is a whole number from 1 to 20.");
		return false;
	}
	if (w->reason.len > 0 && (w->reason.len < REASON_MIN || w->reason.len > AUDIT_REASON_MAX)) {
		bad(d, request, "reason",
			"reason says why personal data is to be shown whole: 3 to 200 bytes.");
		return false;
	}
	if (w->cursor.len > 0)
		r = open_cursor(d, buf_span(&w->cursor), &w->after);
	if (r > 0)
		bad_cursor(d, request);
	else if (r < 0)
		tell_outcome(d, request, r);
	ask->limit = (size_t)limit;
	ask->prefix = buf_span(&w->prefix);
	ask->after = buf_span(&w->after);
	ask->reason = buf_span(&w->reason);
	return r == 0;
}

/* ---- a search ---------------------------------------------------------------------------- */

/* False, and REQUEST answered, if there is no leave for one now. */
static bool has_leave(struct find_door *d, struct http_request *request)
{
	int64_t now = loop_now_mono(d->telling->loop);
	/* A search is sixty of what the bucket holds, of which RATE come back each second. */
	int64_t wait = rate_limit_take(&d->limit, d->rate, d->burst * PER_MINUTE, now, PER_MINUTE);

	if (wait > 0)
		too_many(d, request, wait);
	else if (query_source_pending(d->source) >= d->max_pending)
		tell_unavailable(
			d->telling, request, "Too many questions at once; try again soon.");
	else
		return true;
	return false;
}

static void log_search(struct find_door *d, const char *who, const struct find_ask *ask)
{
	char of[AUDIT_OF_LEN + 1];

	d->searches++;
	if (!audit_is_open(&d->audit) || audit_of(&d->audit, ask->prefix, of) < 0)
		return; /* then it is not made either */
	log_info(d->telling->log, "A search for customers.",
		LOG_FIELDS(log_str("who", who), log_str("of", of),
			log_str("shown", ask->reason.len ? "whole" : "masked")));
}

static void search(struct find_door *d, struct http_request *request, struct find_ask *ask)
{
	_cleanup_free_ struct search *s = malloc(sizeof(*s));
	char who[HTTP_PEER_SIZE + 16], peer[HTTP_PEER_SIZE];
	int r;

	if (!s) {
		tell_outcome(d, request, -ENOMEM);
		return;
	}
	*s = (struct search){d, request, ask->reason.len == 0};
	http_request_peer(request, peer);
	(void)snprintf(who, sizeof(who), "console %s", peer);
	ask->who = who;
	ask->audit = &d->audit;
	ask->fn = on_found;
	ask->user = s;
	ask->wanted = is_wanted;
	log_search(d, who, ask);
	r = find_query(d->source, ask);
	if (r == 0)
		s = NULL;
	else
		tell_outcome(d, request, r);
}

void find_door_search(
	struct find_door *d, struct http_request *request, const struct route_params *params)
{
	_cleanup_(wishes_release) struct wishes w = {
		BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
	struct find_ask ask = {.limit = 0};

	(void)params;
	if (read_wishes(d, request, &w) && check_wishes(d, request, &w, &ask) &&
		has_leave(d, request))
		search(d, request, &ask);
}

void find_door_metrics(const struct find_door *d, struct buf *out)
{
	const struct metric list[] = {
		{"waymark_console_searches_total", "counter", "Searches for customers by prefix.",
			d->searches},
		{"waymark_console_searches_refused_total", "counter",
			"Searches refused because there were too many.", d->refused},
	};

	metrics_add(out, list, ARRAY_SIZE(list));
}
