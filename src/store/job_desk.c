/* SPDX-License-Identifier: MIT */
/*
 * Finding a job and reporting on it. A report is two steps: look at the job, of whose members the
 * event for the customer's log is made, and then one script that judges, writes and appends that
 * event. What the job is made of never changes, so nothing can be wrong with it in between.
 */
#include "job_desk_impl.h"

#include "store/keys.h"

int job_reply_outcome(const struct redis_value *reply, char *words, size_t size)
{
	int r = 0;

	if (!reply)
		r = JOB_DESK_AWAY;
	else if (reply->type == REDIS_ERROR)
		r = JOB_DESK_REFUSED;
	else if (reply->type == REDIS_NIL)
		r = JOB_DESK_NONE;
	else if (reply->type != REDIS_ARRAY || reply->n_items == 0)
		r = JOB_DESK_CORRUPT;
	if (r != 0)
		(void)snprintf(words, size, "%s",
			r == JOB_DESK_AWAY	? "no answer"
			: r == JOB_DESK_REFUSED ? reply->text.ptr
			: r == JOB_DESK_NONE	? "there is no such job"
						: "an answer of another form");
	return r;
}

int64_t job_desk_day(const struct job_desk *desk)
{
	return desk->now ? desk->now : io_wall_now();
}

/* ---- a job as it stands there ------------------------------------------------------------ */

static void read_instant(struct span text, int64_t *at)
{
	int64_t n;

	if (number_of(text, &n))
		*at = n;
}

static void read_outcome(struct job_found *f, struct span name, struct span text)
{
	enum job_fate fate = job_fate_of(span_of(name.ptr + 2, name.len - 2));

	if (fate < JOB_FATE_COUNT)
		read_instant(text, &f->outcome_at[fate]);
}

static void read_field(struct job_found *f, struct span name, struct span text)
{
	const struct {
		const char *name;
		struct span *text;
		int64_t *at;
	} fields[] = {
		{"s", &f->state, NULL},
		{"ch", &f->channel, NULL},
		{"by", &f->consumer, NULL},
		{"r", &f->reason, NULL},
		{"lu", NULL, &f->lease_until},
		{"nb", NULL, &f->not_before},
		{"la", NULL, &f->leased_at},
		{"taken_at", NULL, &f->leased_at},
		{"da", NULL, &f->done_at},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!span_is(name, fields[i].name))
			continue;
		if (fields[i].text)
			*fields[i].text = text;
		else
			read_instant(text, fields[i].at);
	}
	if (span_is(name, "n"))
		(void)span_to_u64(text, UINT64_MAX, &f->tries);
	f->late = f->late || span_is(name, "late");
	if (span_starts(name, SPAN_LIT("x:")))
		read_outcome(f, name, text);
}

int job_found_read(const struct redis_value *reply, struct arena *a, struct job_found *ret_found,
	struct span *ret_record, int64_t *ret_now)
{
	struct span customer = SPAN_EMPTY;
	bool moved = false;
	struct job_found f = {.lease_until = INT64_MIN,
		.not_before = INT64_MIN,
		.leased_at = INT64_MIN,
		.done_at = INT64_MIN};
	const struct redis_value *fields;
	int r;

	if (reply->n_items != 6 || !number_of(reply->items[3].text, ret_now))
		return JOB_DESK_CORRUPT;
	for (size_t i = 0; i < JOB_FATE_COUNT; i++)
		f.outcome_at[i] = INT64_MIN;
	fields = &reply->items[0];
	for (size_t i = 0; i + 1 < fields->n_items; i += 2) {
		read_field(&f, fields->items[i].text, fields->items[i + 1].text);
		if (span_is(fields->items[i].text, "c"))
			customer = fields->items[i + 1].text;
		moved = moved || span_is(fields->items[i].text, "cp");
	}
	f.json = reply->items[1].text;
	r = job_view_read(f.json, a, &f.view);
	if (r != 0)
		return r < 0 ? r : JOB_DESK_CORRUPT;
	/* An unmerge gave it to another customer than the one it names. */
	if (moved && customer.len > 0)
		f.view.whose = customer;
	/* The word of before there were leases: taken was sent. */
	if (span_is(f.state, "taken"))
		f.state = SPAN_LIT("done");
	if (!span_is(f.state, "leased") && !span_is(f.state, "retracting"))
		f.lease_until = INT64_MIN;
	if (!span_is(f.state, "ready") || f.not_before <= *ret_now)
		f.not_before = INT64_MIN;
	if (span_is(f.channel, "-") || f.channel.len == 0)
		f.channel = f.view.channel;
	f.rules = reply->items[4].text;
	f.incident = reply->items[5].text.len > 0;
	if (ret_record)
		*ret_record = reply->items[2].text;
	*ret_found = f;
	return 0;
}

int job_tell(const struct job_found *found, struct job_event *e, int64_t now, struct buf *event,
	struct buf *meta)
{
	const struct log_meta m = {.source = SPAN_LIT(JOB_SOURCE),
		.channel = job_event_channel(found->channel),
		.recv_at = now,
		.sent_at = TIME_NEVER};
	int r;

	e->job = &found->view;
	e->channel = found->channel;
	r = job_event_json(e, event);
	log_meta_add(meta, &m);
	return r < 0 ? r : buf_failed(meta);
}

/* ---- finding ----------------------------------------------------------------------------- */

struct finding {
	struct job_desk *desk;
	struct arena arena;
	job_find_fn *fn;
	void *user;
	size_t waiting; /* answers to come, and one while we still ask */
	uint32_t next;	/* the partition whose answer comes next */
	struct job_found found;
	bool is_found;
	int64_t now;
	int r;
	char words[200];
};

static void finding_end(struct finding *f)
{
	int r = f->r;

	if (f->is_found)
		r = 0;
	else if (r == 0)
		r = JOB_DESK_NONE;
	f->desk->pending--;
	f->fn(f->user, r, r == 0 ? &f->found : NULL,
		r == JOB_DESK_NONE ? "there is no such job" : f->words);
	arena_release(&f->arena);
	free(f);
}

static void on_looked(void *user, const struct redis_value *reply)
{
	struct finding *f = user;
	uint32_t partition = f->next++;
	int r = job_reply_outcome(reply, f->words, sizeof(f->words));
	const struct redis_value *copy = r == 0 ? redis_value_copy(&f->arena, reply) : NULL;

	if (r == 0)
		r = copy ? job_found_read(copy, &f->arena, &f->found, NULL, &f->now) : -ENOMEM;
	if (r == 0) {
		f->is_found = true;
		f->found.partition = partition;
	} else if (r != JOB_DESK_NONE && f->r == 0) {
		f->r = r < 0 ? JOB_DESK_AWAY : r;
	}
	if (--f->waiting == 0)
		finding_end(f);
}

static int look_in(struct finding *f, uint32_t partition, struct span id)
{
	const struct span args[] = {id, SPAN_EMPTY};
	const struct job_call call = {.script = JOB_SCRIPT_LOOK,
		.partition = partition,
		.now = f->desk->now,
		.day = job_desk_day(f->desk),
		.args = args,
		.n_args = ARRAY_SIZE(args),
		.fn = on_looked,
		.user = f};

	return job_script_send(f->desk->redis, &call);
}

/* In the partitions [FROM, TO). */
static int find_among(struct job_desk *desk, uint32_t from, uint32_t to, struct span id,
	const struct finding *how)
{
	struct finding *f = calloc(1, sizeof(*f));
	int r = 0;

	if (!f)
		return -ENOMEM;
	*f = *how;
	f->desk = desk;
	f->next = from;
	arena_init(&f->arena);
	for (uint32_t p = from; p < to && r == 0; p++) {
		r = look_in(f, p, id);
		f->waiting += r == 0;
	}
	if (f->waiting == 0) {
		free(f);
		return r < 0 ? r : -EINVAL;
	}
	/* Not all could be asked: then nobody knows. */
	if (r < 0)
		f->r = JOB_DESK_AWAY;
	desk->pending++;
	return 0;
}

int job_find(struct job_desk *desk, struct span id, job_find_fn *fn, void *user)
{
	const struct finding how = {.fn = fn, .user = user};

	if (desk->partitions == 0)
		return -ENOTCONN;
	return find_among(desk, 0, desk->partitions, id, &how);
}

/* ---- reporting --------------------------------------------------------------------------- */

struct reporting;

/* What a report is made of. */
struct report_kind {
	enum job_script script;
	/* Puts the arguments of the script behind id and token. 0 or -ENOMEM. */
	int (*fill)(struct reporting *p, const struct job_found *found);
	bool any_partition; /* there is no token that names it */
};

#define REPORT_ARGS_MAX 8

struct reporting {
	struct job_desk *desk;
	const struct report_kind *kind;
	struct job_report_ask ask;
	struct arena arena;
	struct buf event, meta;
	struct span args[REPORT_ARGS_MAX];
	size_t n_args;
	char words[200];
};

static struct reporting *reporting_free(struct reporting *p)
{
	if (!p)
		return NULL;
	arena_release(&p->arena);
	buf_release(&p->event);
	buf_release(&p->meta);
	free(p);
	return NULL;
}

static void report(struct reporting *p, int r, const struct job_report *report)
{
	struct job_report none = {.at = INT64_MIN, .words = p->words};

	p->desk->pending--;
	p->ask.fn(p->ask.user, r, report ? report : &none);
	reporting_free(p);
}

static int64_t number_or(const struct redis_value *reply, size_t i)
{
	int64_t n = INT64_MIN;

	if (i < reply->n_items)
		(void)number_of(reply->items[i].text, &n);
	return n;
}

static void on_reported(void *user, const struct redis_value *reply)
{
	static const struct {
		const char *word;
		int outcome;
	} outcomes[] = {{"lost", JOB_DESK_LOST}, {"retracted", JOB_DESK_RETRACTED},
		{"unsent", JOB_DESK_UNSENT}, {"over", JOB_DESK_OVER}};
	struct reporting *p = user;
	struct job_report said = {.at = INT64_MIN, .words = p->words};
	int r = job_reply_outcome(reply, p->words, sizeof(p->words));

	if (r != 0) {
		report(p, r, NULL);
		return;
	}
	said.state = reply->items[0].text;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (redis_value_is(&reply->items[0], outcomes[i].word))
			r = outcomes[i].outcome;
	if (r != 0 && reply->n_items > 1)
		said.state = reply->items[1].text;
	said.at = number_or(reply, 1);
	said.again = redis_value_is(&reply->items[0], "again");
	if (p->kind->script == JOB_SCRIPT_OUTCOME && r == 0)
		said.state = job_fate_word(p->ask.fate);
	report(p, r, &said);
}

static void add_arg(struct reporting *p, struct span s)
{
	assert(p->n_args < REPORT_ARGS_MAX);
	p->args[p->n_args++] = s;
}

static int add_number(struct reporting *p, int64_t n)
{
	char text[24];
	struct span copy;

	(void)snprintf(text, sizeof(text), "%lld", (long long)n);
	copy = arena_copy(&p->arena, span_str(text));
	add_arg(p, copy);
	return copy.ptr ? 0 : -ENOMEM;
}

static int send_report(struct reporting *p, uint32_t partition)
{
	const struct job_call call = {.script = p->kind->script,
		.partition = partition,
		.now = p->desk->now,
		.day = job_desk_day(p->desk),
		.args = p->args,
		.n_args = p->n_args,
		.fn = on_reported,
		.user = p};

	return job_script_send(p->desk->redis, &call);
}

static int tell(struct reporting *p, const struct job_found *found, enum job_fate fate, int64_t now)
{
	struct job_event e = {.identity = p->desk->identity,
		.fate = fate,
		.at = p->ask.at == TIME_NEVER ? now : p->ask.at,
		.reason = p->ask.reason,
		.gate = fate == JOB_FATE_CANCELLED ? SPAN_LIT("staff") : SPAN_EMPTY,
		.bounce = p->ask.bounce};
	int r = job_tell(found, &e, now, &p->event, &p->meta);

	add_arg(p, buf_span(&p->event));
	add_arg(p, buf_span(&p->meta));
	return r;
}

static int fill_ack(struct reporting *p, const struct job_found *found)
{
	return tell(p, found, JOB_FATE_SENT, job_desk_day(p->desk));
}

static int fill_fail(struct reporting *p, const struct job_found *found)
{
	int r = add_number(p, p->ask.span_ms);

	if (r == 0)
		r = add_number(p, p->ask.final ? 0 : p->desk->max_tries);
	add_arg(p, p->ask.reason);
	return r < 0 ? r : tell(p, found, JOB_FATE_FAILED, job_desk_day(p->desk));
}

static int fill_extend(struct reporting *p, const struct job_found *found)
{
	(void)found;
	return add_number(p, p->ask.span_ms);
}

static int fill_outcome(struct reporting *p, const struct job_found *found)
{
	int64_t now = job_desk_day(p->desk);
	int r;

	add_arg(p, job_fate_word(p->ask.fate));
	r = add_number(p, p->ask.at == TIME_NEVER ? now : p->ask.at);
	return r < 0 ? r : tell(p, found, p->ask.fate, now);
}

static int fill_cancel(struct reporting *p, const struct job_found *found)
{
	add_arg(p, p->ask.reason);
	return tell(p, found, JOB_FATE_CANCELLED, job_desk_day(p->desk));
}

static void on_found(void *user, int r, const struct job_found *found, const char *words)
{
	struct reporting *p = user;

	if (r == 0)
		r = p->kind->fill(p, found);
	if (r == 0)
		r = send_report(p, found->partition);
	if (r == 0)
		return;
	(void)snprintf(p->words, sizeof(p->words), "%s", r > 0 ? words : strerror(-r));
	report(p, r < 0 ? JOB_DESK_AWAY : r, NULL);
}

/* `p7-` and random digits: the partition that TOKEN's job lies in. */
static bool token_partition(const struct job_desk *desk, struct span token, uint32_t *ret_p)
{
	const char *dash = token.len ? memchr(token.ptr, '-', token.len) : NULL;
	uint64_t n;

	if (!dash || token.ptr[0] != 'p' ||
		span_to_u64(span_of(token.ptr + 1, (size_t)(dash - token.ptr) - 1), PARTITIONS_MAX,
			&n) != 0)
		return false;
	if (n >= desk->partitions)
		return false;
	*ret_p = (uint32_t)n;
	return true;
}

static int copy_ask(struct reporting *p, const struct job_report_ask *ask)
{
	struct span *spans[] = {&p->ask.id, &p->ask.token, &p->ask.reason, &p->ask.bounce};

	p->ask = *ask;
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		*spans[i] = arena_copy(&p->arena, *spans[i]);
		if (!spans[i]->ptr)
			return -ENOMEM;
	}
	add_arg(p, p->ask.id);
	if (!p->kind->any_partition)
		add_arg(p, p->ask.token);
	return 0;
}

static int start_report(struct reporting *p)
{
	const struct finding how = {.fn = on_found, .user = p};
	uint32_t from = 0, to = p->desk->partitions;

	if (to == 0)
		return -ENOTCONN;
	/* A token of another form is one that was never given out; the job will say so. */
	if (!p->kind->any_partition && token_partition(p->desk, p->ask.token, &from))
		to = from + 1;
	return find_among(p->desk, from, to, p->ask.id, &how);
}

static int ask_report(
	struct job_desk *desk, const struct report_kind *kind, const struct job_report_ask *ask)
{
	struct reporting *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->desk = desk;
	p->kind = kind;
	arena_init(&p->arena);
	r = copy_ask(p, ask);
	r = r < 0 ? r : start_report(p);
	if (r < 0)
		reporting_free(p);
	else
		desk->pending++;
	return r;
}

int job_ack(struct job_desk *desk, const struct job_report_ask *ask)
{
	static const struct report_kind kind = {JOB_SCRIPT_ACK, fill_ack, false};

	return ask_report(desk, &kind, ask);
}

int job_fail(struct job_desk *desk, const struct job_report_ask *ask)
{
	static const struct report_kind kind = {JOB_SCRIPT_FAIL, fill_fail, false};

	return ask_report(desk, &kind, ask);
}

int job_extend(struct job_desk *desk, const struct job_report_ask *ask)
{
	static const struct report_kind kind = {JOB_SCRIPT_EXTEND, fill_extend, false};

	return ask_report(desk, &kind, ask);
}

int job_outcome(struct job_desk *desk, const struct job_report_ask *ask)
{
	static const struct report_kind kind = {JOB_SCRIPT_OUTCOME, fill_outcome, true};

	assert(ask->fate < JOB_FATE_COUNT);
	return ask_report(desk, &kind, ask);
}

int job_cancel(struct job_desk *desk, const struct job_report_ask *ask)
{
	static const struct report_kind kind = {JOB_SCRIPT_CANCEL, fill_cancel, true};

	assert(ask->reason.len > 0 && ask->reason.len <= JOB_REASON_MAX);
	return ask_report(desk, &kind, ask);
}
