/* SPDX-License-Identifier: MIT */
#include "job_body.h"

#include "base/instant.h"
#include "codec/json_scan.h"

struct reader {
	struct job_body body;
	struct arena *arena;
	struct job_fault *fault;
};

/* Each takes a value that a cursor has passed. 0, JOB_BODY_BAD (it will not do) or -ENOMEM. */
typedef int set_fn(struct reader *r, const struct json_value *value);

static int text_of(struct reader *r, const struct json_value *value, size_t max, struct span *ret)
{
	struct span text;

	if (value->type != JSON_TYPE_STRING)
		return JOB_BODY_BAD;
	text = json_text(value, r->arena);
	if (!text.ptr)
		return -ENOMEM;
	*ret = text;
	return text.len > 0 && text.len <= max ? 0 : JOB_BODY_BAD;
}

static int span_of_time(struct reader *r, const struct json_value *value, int64_t *ret_ms)
{
	struct span text;
	int e = text_of(r, value, DURATION_SIZE, &text);

	if (e == 0 && duration_parse(text, ret_ms) != 0)
		e = JOB_BODY_BAD;
	return e;
}

static int within(int e, int64_t n, int64_t min, int64_t max)
{
	return e == 0 && (n < min || n > max) ? JOB_BODY_BAD : e;
}

static int set_consumer(struct reader *r, const struct json_value *value)
{
	return text_of(r, value, JOB_CONSUMER_MAX, &r->body.consumer);
}

static int set_token(struct reader *r, const struct json_value *value)
{
	return text_of(r, value, JOB_TOKEN_SIZE - 1, &r->body.token);
}

static int set_reason(struct reader *r, const struct json_value *value)
{
	return text_of(r, value, JOB_REASON_MAX, &r->body.reason);
}

static int set_max(struct reader *r, const struct json_value *value)
{
	uint64_t n;

	if (value->type != JSON_TYPE_NUMBER || span_to_u64(value->raw, JOB_LEASE_MAX, &n) != 0)
		return JOB_BODY_BAD;
	r->body.max = (int64_t)n;
	return n > 0 ? 0 : JOB_BODY_BAD;
}

static int set_lease(struct reader *r, const struct json_value *value)
{
	int e = span_of_time(r, value, &r->body.lease_ms);

	return within(e, r->body.lease_ms, JOB_LEASE_MIN_MS, JOB_LEASE_MAX_MS);
}

static int set_wait(struct reader *r, const struct json_value *value)
{
	int e = span_of_time(r, value, &r->body.wait_ms);

	return within(e, r->body.wait_ms, 0, JOB_WAIT_MAX_MS);
}

static int set_retry(struct reader *r, const struct json_value *value)
{
	int e = span_of_time(r, value, &r->body.retry_ms);

	return within(e, r->body.retry_ms, 0, JOB_RETRY_MAX_MS);
}

static int set_at(struct reader *r, const struct json_value *value)
{
	struct span text;
	int e = text_of(r, value, 64, &text);

	return e == 0 && instant_parse(text, &r->body.at) != 0 ? JOB_BODY_BAD : e;
}

static int set_final(struct reader *r, const struct json_value *value)
{
	r->body.final = value->type == JSON_TYPE_TRUE;
	return r->body.final || value->type == JSON_TYPE_FALSE ? 0 : JOB_BODY_BAD;
}

static int set_bounce(struct reader *r, const struct json_value *value)
{
	int e = text_of(r, value, 4, &r->body.bounce);

	if (e == 0 && !span_is(r->body.bounce, "hard") && !span_is(r->body.bounce, "soft"))
		e = JOB_BODY_BAD;
	return e;
}

/* What consumers may say; the other fates are ours. */
static int set_outcome(struct reader *r, const struct json_value *value)
{
	static const enum job_fate theirs[] = {JOB_FATE_DELIVERED, JOB_FATE_BOUNCED,
		JOB_FATE_OPENED, JOB_FATE_CLICKED, JOB_FATE_UNSUBSCRIBED, JOB_FATE_CONVERTED,
		JOB_FATE_FAILED};
	struct span word;
	int e = text_of(r, value, 32, &word);

	for (size_t i = 0; e == 0 && i < ARRAY_SIZE(theirs); i++)
		if (span_equal(word, job_fate_word(theirs[i])))
			r->body.fate = theirs[i];
	return e == 0 && r->body.fate == JOB_FATE_COUNT ? JOB_BODY_BAD : e;
}

static int set_channels(struct reader *r, const struct json_value *value)
{
	struct json_value item;
	struct json_cursor c;
	int e = 0;

	json_cursor_init(&c, value->raw);
	if (value->type != JSON_TYPE_ARRAY || json_array_open(&c) != 0)
		return JOB_BODY_BAD;
	while (e == 0 && json_array_next(&c) == 0) {
		if (json_value(&c, &item) != 0 || r->body.n_channels == JOB_CHANNELS_MAX)
			return JOB_BODY_BAD;
		e = text_of(r, &item, JOB_CHANNEL_BYTES, &r->body.channels[r->body.n_channels++]);
	}
	return e == 0 && r->body.n_channels == 0 ? JOB_BODY_BAD : e;
}

#define IN(REQUEST)	 (1u << JOB_REQUEST_##REQUEST)
#define TEXT_OF(NUMBER)	 #NUMBER
#define TEXT_FOR(NUMBER) TEXT_OF(NUMBER) /* of what a macro stands for */
#define INSTANT_HELP	 "is an instant such as \"2026-11-21T18:58:53.120Z\""

static const struct member {
	const char *name;
	unsigned known, needed; /* by which requests */
	set_fn *set;
	const char *help; /* goes on from the name */
} members[] = {
	{"consumer", IN(LEASE), IN(LEASE), set_consumer,
		"names who will send, in 1 to " TEXT_FOR(JOB_CONSUMER_MAX) " bytes"},
	{"max", IN(LEASE), 0, set_max, "is a whole number from 1 to " TEXT_FOR(JOB_LEASE_MAX)},
	{"lease", IN(LEASE) | IN(EXTEND), 0, set_lease,
		"is a span of time from \"1s\" to \"1h\", such as \"30s\""},
	{"channels", IN(LEASE), 0, set_channels,
		"is a list of 1 to " TEXT_FOR(JOB_CHANNELS_MAX) " channels, each a text of 1 "
								"to " TEXT_FOR(
									JOB_CHANNEL_BYTES) " bytes "
											   "such "
											   "as "
											   "\"email"
											   "\""},
	{"wait", IN(LEASE), 0, set_wait, "is a span of time up to \"30s\""},
	{"token", IN(ACK) | IN(FAIL) | IN(EXTEND), IN(ACK) | IN(FAIL) | IN(EXTEND), set_token,
		"is what the lease of the job came with"},
	{"at", IN(ACK) | IN(OUTCOME), 0, set_at, INSTANT_HELP},
	{"reason", IN(FAIL) | IN(OUTCOME) | IN(CANCEL), IN(CANCEL), set_reason,
		"is a text of 1 to " TEXT_FOR(JOB_REASON_MAX) " bytes"},
	{"retry_after", IN(FAIL), 0, set_retry, "is a span of time up to \"24h\", such as \"5m\""},
	{"final", IN(FAIL), 0, set_final, "is true or false"},
	{"outcome", IN(OUTCOME), IN(OUTCOME), set_outcome,
		"is delivered, bounced, opened, clicked, unsubscribed, converted or failed"},
	{"bounce", IN(OUTCOME), 0, set_bounce, "is hard or soft"},
};

static int bad(struct reader *r, const char *code, struct span name, const char *rest)
{
	struct job_fault *f = r->fault;
	int n = (int)(name.len < 48 ? name.len : 48);
	const char *text = name.len ? name.ptr : "";

	f->code = code;
	(void)snprintf(f->pointer, sizeof(f->pointer), "%s%.*s", name.len ? "/" : "", n, text);
	(void)snprintf(
		f->message, sizeof(f->message), "%.*s%s%s.", n, text, name.len ? " " : "", rest);
	return JOB_BODY_BAD;
}

static const struct member *member_of(struct span name, enum job_request request)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (members[i].known & 1u << request && span_is(name, members[i].name))
			return &members[i];
	return NULL;
}

/* SEEN has a bit for each row that was given. */
static int read_member(struct reader *r, struct json_cursor *c, const struct json_value *key,
	enum job_request request, unsigned *seen)
{
	const struct member *m;
	struct json_value value;
	struct span name = json_text(key, r->arena);
	int e;

	if (!name.ptr)
		return -ENOMEM;
	if (json_value(c, &value) != 0)
		return bad(r, "bad_json", SPAN_EMPTY, "The body is no JSON object");
	m = member_of(name, request);
	if (!m)
		return bad(r, "unknown_member", name, "is no member of this request");
	if (*seen & 1u << (m - members))
		return bad(r, "bad_member", name, "is given twice");
	*seen |= 1u << (m - members);
	if (value.type == JSON_TYPE_NULL)
		return 0;
	e = m->set(r, &value);
	return e > 0 ? bad(r, "bad_member", name, m->help) : e;
}

static int check_needed(struct reader *r, enum job_request request)
{
	const struct job_body *b = &r->body;
	const struct {
		const char *name;
		bool missing;
	} rows[] = {
		{"consumer", b->consumer.len == 0},
		{"token", b->token.len == 0},
		{"outcome", b->fate == JOB_FATE_COUNT},
		{"reason", b->reason.len == 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct member *m = member_of(span_str(rows[i].name), request);

		if (m && m->needed & 1u << request && rows[i].missing)
			return bad(r, "missing_member", span_str(m->name), m->help);
	}
	return 0;
}

int job_body_read(struct span text, enum job_request request, struct arena *a,
	struct job_body *ret_body, struct job_fault *ret_fault)
{
	struct reader r = {.body = JOB_BODY_DEFAULT, .arena = a, .fault = ret_fault};
	struct json_value key;
	struct json_cursor c;
	unsigned seen = 0;
	int e = 0, step;

	json_cursor_init(&c, text);
	step = json_object_open(&c);
	while (e == 0 && step == 0 && (step = json_object_key(&c, &key)) == 0)
		e = read_member(&r, &c, &key, request, &seen);
	if (e == 0 && (step != JSON_END || json_finish(&c) != 0 || c.text.code != JSON_SOUND))
		e = bad(&r, "bad_json", SPAN_EMPTY, "The body is no JSON object");
	if (e == 0)
		e = check_needed(&r, request);
	if (e == 0)
		*ret_body = r.body;
	return e;
}
