/* SPDX-License-Identifier: MIT */
#include "desk_bench.h"

#include "base/instant.h"

/* ---- the judge --------------------------------------------------------------------------- */

static void change_record(struct bench *b, const struct job_look *look)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	struct span args[3] = {SPAN_LIT("SET"), SPAN_LIT("wm:{p1}:c:anna")};

	CHECK_INT(record_init(&record, look->job->customer), 0);
	record.journey->n_events = 1 + (uint64_t)b->judged;
	CHECK_INT(record_encode(&record, &bytes), 0);
	args[2] = buf_span(&bytes);
	CHECK_INT(redis_command(b->s.redis, NULL, NULL, args, ARRAY_SIZE(args)), 0);
}

static void defer(struct bench *b, struct job_verdict *v)
{
	v->answer = JOB_DEFER;
	v->until = b->until;
	v->gate = SPAN_LIT("quiet");
	(void)snprintf(v->reason, sizeof(v->reason), "quiet_hours");
}

static void set_rules(struct bench *b, const char *name)
{
	const struct span args[] = {
		SPAN_LIT("HSET"), SPAN_LIT("wm:{p1}:pos"), SPAN_LIT("rules"), span_str(name)};

	CHECK_INT(redis_command(b->s.redis, NULL, NULL, args, ARRAY_SIZE(args)), 0);
}

static void on_soon(void *user)
{
	struct bench *b = user;

	b->ready(b->ready_arg);
}

static int have_rules(void *user, uint64_t digest, job_rules_ready_fn *fn, void *arg)
{
	struct bench *b = user;

	(void)digest;
	if (b->no_rules)
		return b->no_rules;
	if (b->coming-- <= 0)
		return 0;
	b->ready = fn;
	b->ready_arg = arg;
	timer_set_in(&b->soon, 1);
	return JOB_RULES_COMING;
}

static void copy(char *out, size_t size, struct span text)
{
	(void)snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
		text.len ? text.ptr : "");
}

static void judge(void *user, const struct job_look *look, struct job_verdict *v)
{
	struct bench *b = user;
	struct span id = look->job->id;

	b->judged++;
	b->ruled = look->rules;
	copy(b->judged_as, sizeof(b->judged_as),
		look->record ? text_span(look->record->journey->customer) : SPAN_EMPTY);
	if (b->switch_to) {
		const char *to = b->switch_to;

		b->switch_to = NULL;
		set_rules(b, to);
	}
	if (b->no_judge)
		return;
	if (span_is(id, "no")) {
		v->answer = JOB_CANCEL;
		v->gate = SPAN_LIT("consent");
		(void)snprintf(v->reason, sizeof(v->reason), "no_consent");
	} else if ((span_is(id, "later") || span_is(id, "hush")) && b->until > 0) {
		defer(b, v);
		v->silent = span_is(id, "hush");
	} else if (span_is(id, "way") && !span_is(look->channel, "sms")) {
		v->answer = JOB_REROUTE;
		v->channel = SPAN_LIT("sms");
	} else if (span_starts(id, SPAN_LIT("moving")) && b->changes-- > 0) {
		change_record(b, look);
	}
}

/* ---- the bench --------------------------------------------------------------------------- */

int bench_open(struct bench *b)
{
	int r = stage_open(&b->s, NULL, true);

	if (r != 0)
		return r;
	b->desk = JOB_DESK_INIT;
	b->desk.redis = b->s.redis;
	b->desk.partitions = 4;
	b->desk.now = START;
	b->desk.judge = judge;
	b->desk.judge_user = b;
	b->desk.have_rules = have_rules;
	b->desk.rules_user = b;
	timer_init(&b->soon, b->s.loop, on_soon, b);
	for (uint32_t p = 0; p < 4 && r == 0; p++)
		r = stage_acquire(&b->s, p, "w", &b->at[p]);
	return r;
}

void bench_close(struct bench *b)
{
	timer_stop(&b->soon);
	stage_close(&b->s);
}

static struct commit commit_at(struct bench *b, uint32_t partition)
{
	struct commit c = {.from = b->at[partition], .to = b->at[partition]};

	c.to.seq++;
	c.to.clock = b->desk.now;
	c.day = START / MS_DAY;
	return c;
}

static const char * or (const char *text, const char *fallback)
{
	return text ? text : fallback;
}

void emit(struct bench *b, uint32_t partition, struct spec spec)
{
	struct commit c = commit_at(b, partition);
	char fire_at[INSTANT_SIZE], not_before[INSTANT_SIZE], until[INSTANT_SIZE + 2] = "null";
	char json[1024];
	struct commit_job job = {
		.id = span_str(spec.id), .customer = span_str(or (spec.customer, "anna"))};

	instant_format(b->desk.now, fire_at);
	instant_format(spec.not_before ? spec.not_before : START, not_before);
	if (spec.valid_until && spec.valid_until != TIME_NEVER) {
		until[0] = '"';
		instant_format(spec.valid_until, until + 1);
		until[INSTANT_SIZE] = '"';
		until[INSTANT_SIZE + 1] = '\0';
	}
	(void)snprintf(json, sizeof(json),
		"{\"id\":\"%s\",\"rule\":\"cart\",\"customer\":\"%s\",\"key\":\"cart:C1\","
		"\"step\":\"m1\",\"class\":\"marketing\",\"channel\":\"%s\",\"priority\":"
		"{\"class\":\"%s\",\"likelihood\":%s,\"impact\":%s},\"fire_at\":\"%s\","
		"\"not_before\":\"%s\",\"valid_until\":%s,\"data\":{\"total\":%s}}",
		spec.id, or (spec.customer, "anna"), or (spec.channel, "email"),
		or (spec.class, "medium"), or (spec.odds, "1"), or (spec.impact, "1"), fire_at,
		not_before, until, or (spec.total, "1"));
	job.json = span_str(json);
	c.jobs = &job;
	c.n_jobs = 1;
	CHECK_INT(stage_commit(&b->s, partition, &c), 0);
	b->at[partition] = c.to;
}

void take_back(struct bench *b, uint32_t partition, const char *id, bool late)
{
	struct commit c = commit_at(b, partition);
	const struct commit_retract retract = {.id = span_str(id),
		.reason = SPAN_LIT("late_event: Order Completed"),
		.late = late};

	c.retracts = &retract;
	c.n_retracts = 1;
	CHECK_INT(stage_commit(&b->s, partition, &c), 0);
	b->at[partition] = c.to;
}

/* ---- asking ------------------------------------------------------------------------------ */

static void on_leased(void *user, int r, const struct job_lease_answer *answer)
{
	struct bench *b = user;

	b->done = true;
	b->r = r;
	b->n_leased = r == 0 ? answer->n : 0;
	b->more = r == 0 && answer->more;
	for (size_t i = 0; i < b->n_leased; i++) {
		const struct job_leased *job = &answer->jobs[i];
		struct lease *l = &b->leased[i];

		copy(l->id, sizeof(l->id), job->id);
		copy(l->token, sizeof(l->token), job->token);
		copy(l->channel, sizeof(l->channel), job->channel);
		l->until = job->until;
		l->tries = job->tries;
		CHECK(job->json.len > 2);
	}
}

void ask_lease(struct bench *b, const char *consumer, size_t max)
{
	const struct job_lease_ask ask = {.max = max,
		.lease_ms = LEASE_MS,
		.consumer = span_str(consumer),
		.channels = b->channels,
		.n_channels = b->n_channels,
		.fn = on_leased,
		.user = b};

	b->done = false;
	b->judged = 0;
	CHECK_INT(job_lease(&b->desk, &ask), 0);
	CHECK(!b->done);
	stage_turn(&b->s, &b->done);
}

size_t lease(struct bench *b, const char *consumer, size_t max)
{
	ask_lease(b, consumer, max);
	CHECK_INT(b->r, 0);
	return b->n_leased;
}

struct lease lease_one(struct bench *b, const char *consumer)
{
	CHECK_INT(lease(b, consumer, 1), 1);
	return b->leased[0];
}

const char *leased_ids(struct bench *b, const char *consumer, size_t max)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	(void)lease(b, consumer, max);
	for (size_t i = 0; i < b->n_leased; i++) {
		buf_add_str(&text, i ? " " : "");
		buf_add_str(&text, b->leased[i].id);
	}
	return arena_copy(&b->s.arena, buf_span(&text)).ptr;
}

static void on_report(void *user, int r, const struct job_report *report)
{
	struct bench *b = user;

	b->done = true;
	b->r = r;
	copy(b->said.state, sizeof(b->said.state), report->state);
	b->said.at = report->at;
	b->said.again = report->again;
}

void start_report(struct bench *b, report_fn *fn, const struct lease *l)
{
	const struct job_report_ask ask = {.id = span_str(l->id),
		.token = span_str(l->token),
		.at = TIME_NEVER,
		.span_ms = fn == job_extend ? LEASE_MS : RETRY_MS,
		.final = b->final,
		.reason = SPAN_LIT("no route"),
		.fn = on_report,
		.user = b};
	struct job_report_ask bare = ask;

	if (fn == job_ack)
		bare.reason = SPAN_EMPTY;
	b->done = false;
	CHECK_INT(fn(&b->desk, &bare), 0);
	CHECK(!b->done);
}

void report_on(struct bench *b, report_fn *fn, const struct lease *l)
{
	start_report(b, fn, l);
	stage_turn(&b->s, &b->done);
}

void cancel(struct bench *b, const char *id)
{
	const struct job_report_ask ask = {.id = span_str(id),
		.at = TIME_NEVER,
		.reason = SPAN_LIT("not this one"),
		.fn = on_report,
		.user = b};

	b->done = false;
	CHECK_INT(job_cancel(&b->desk, &ask), 0);
	stage_turn(&b->s, &b->done);
}

void outcome_of(struct bench *b, const char *id, enum job_fate fate)
{
	const struct job_report_ask ask = {.id = span_str(id),
		.at = TIME_NEVER,
		.reason = fate == JOB_FATE_BOUNCED ? SPAN_LIT("no route") : SPAN_EMPTY,
		.bounce = fate == JOB_FATE_BOUNCED ? SPAN_LIT("hard") : SPAN_EMPTY,
		.fate = fate,
		.fn = on_report,
		.user = b};

	b->done = false;
	CHECK_INT(job_outcome(&b->desk, &ask), 0);
	stage_turn(&b->s, &b->done);
}

static void on_found(void *user, int r, const struct job_found *found, const char *words)
{
	struct bench *b = user;

	(void)words;
	b->done = true;
	b->r = r;
	if (r == 0)
		copy(b->said.state, sizeof(b->said.state), found->state);
}

void find(struct bench *b, const char *id)
{
	b->done = false;
	CHECK_INT(job_find(&b->desk, span_str(id), on_found, b), 0);
	stage_turn(&b->s, &b->done);
}

/* ---- looking ----------------------------------------------------------------------------- */

static const struct redis_value *log_of(struct bench *b, uint32_t partition)
{
	char key[32];
	struct span args[] = {SPAN_LIT("XRANGE"), SPAN_EMPTY, SPAN_LIT("-"), SPAN_LIT("+")};
	const struct redis_value *v = NULL;

	(void)snprintf(key, sizeof(key), "wm:{p%u}:in", partition);
	args[1] = span_str(key);
	CHECK_INT(redis_call(b->s.redis, args, ARRAY_SIZE(args), &b->s.arena, &v), 0);
	return v;
}

static struct span message_id(const struct redis_value *entry)
{
	struct span e = entry->items[1].items[1].text;
	const char *at = strstr(e.ptr, "\"messageId\":\"");

	at = at ? at + 13 : "";
	return span_of(at, strcspn(at, "\""));
}

const char *events(struct bench *b, uint32_t partition)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct redis_value *log = log_of(b, partition);

	for (size_t i = 0; i < log->n_items; i++) {
		buf_add_span(&text, message_id(&log->items[i]));
		buf_add_char(&text, ';');
	}
	return arena_copy(&b->s.arena, buf_span(&text)).ptr;
}

const char *last_event(struct bench *b, uint32_t partition)
{
	const char *entry = stage_say(&b->s, "XREVRANGE wm:{p%u}:in + - COUNT 1", partition);
	const char *fields = strstr(entry, "[\"e\"");
	size_t n = strlen(entry);

	/* Without the id in front and the brackets around it. */
	return fields ? arena_copy(&b->s.arena, span_of(fields, n - (size_t)(fields - entry) - 2))
				.ptr
		      : entry;
}

unsigned count_sent(struct bench *b, uint32_t partition, size_t i)
{
	const struct redis_value *log = log_of(b, partition);
	char want[32];
	unsigned n = 0;

	(void)snprintf(want, sizeof(want), "job:j%zu:sent", i);
	for (size_t k = 0; k < log->n_items; k++)
		n += span_is(message_id(&log->items[k]), want);
	return n;
}

bool state_is(struct bench *b, uint32_t partition, size_t i, const char *state)
{
	char want[40];

	(void)snprintf(want, sizeof(want), "\"%s\"", state);
	return strcmp(stage_say(&b->s, "HGET wm:{p%u}:job:j%zu s", partition, i), want) == 0;
}

void check_counts(struct bench *b, uint32_t partition, size_t n)
{
	static const char *const states[] = {"ready", "leased", "retracting", "done", "failed",
		"cancelled", "expired", "retracted"};

	for (size_t k = 0; k < ARRAY_SIZE(states); k++) {
		const char *said =
			stage_say(&b->s, "HGET wm:{p%u}:jobn marketing/%s", partition, states[k]);
		unsigned long want = 0;

		for (size_t i = 0; i < n; i++)
			want += state_is(b, partition, i, states[k]);
		CHECK_INT(said[0] == '"' ? strtoul(said + 1, NULL, 10) : 0, want);
	}
}

size_t atoi_of(const char *digits)
{
	return strtoul(digits, NULL, 10);
}
