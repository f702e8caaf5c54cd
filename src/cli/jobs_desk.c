/* SPDX-License-Identifier: MIT */
/*
 * A consumer on the command line: the same desk as that of the console, without HTTP. Every gate is
 * asked again, by the rules that are in force where a job lies, or by those that --rules names.
 */
#include <sys/random.h>
#include <unistd.h>

#include "base/instant.h"
#include "jobs.h"
#include "program/rule_shelf.h"
#include "rules_at_hand.h"
#include "store/job_desk.h"
#include "store/job_found_json.h"
#include "store/job_gates.h"

struct desk_tool {
	struct tool *tool;
	const struct jobs_settings *settings;
	struct job_desk desk;
	struct job_gates gates;
	struct rules *rules; /* that --rules names */
	struct rule_shelf *shelf;
	struct span channels[JOB_CHANNELS_MAX];
	size_t n_channels;

	bool done; /* the question was answered */
	int r;
	bool more;
	char words[200];
	struct arena arena; /* of the answer */
	struct job_leased *jobs;
	size_t n_jobs;
	struct buf out;
};

static void desk_tool_release(struct desk_tool *d)
{
	rules_free(d->rules);
	rule_shelf_free(d->shelf);
	arena_release(&d->arena);
	buf_release(&d->out);
}

static int say(struct desk_tool *d, int status, const char *words)
{
	return tool_say(&d->tool->program, status, "%s", words);
}

/* Without any a job cannot be judged. 0 or a status. */
static int load_rules(struct desk_tool *d)
{
	int r = rules_at_hand(
		d->tool, d->desk.redis, d->settings->rules, d->settings->store_zone, &d->rules);

	if (r != 0)
		return r;
	if (!d->rules)
		return say(d, STATUS_FOUND,
			"there are no rules, so no job can be judged; name them with --rules.");
	if (d->settings->rules[0]) {
		d->gates.rules = d->rules;
		return 0;
	}
	rule_shelf_stand_in(d->shelf, d->rules);
	d->rules = NULL;
	d->gates.find = rule_shelf_find;
	d->gates.find_user = d->shelf;
	d->desk.have_rules = rule_shelf_have;
	d->desk.rules_user = d->shelf;
	return 0;
}

/* `email,sms` */
static bool cut_channels(struct desk_tool *d)
{
	struct span rest = span_str(d->settings->channels);

	while (rest.len > 0) {
		const char *comma = memchr(rest.ptr, ',', rest.len);
		size_t n = comma ? (size_t)(comma - rest.ptr) : rest.len;

		if (n == 0 || n > JOB_CHANNEL_BYTES || d->n_channels == JOB_CHANNELS_MAX)
			return false;
		d->channels[d->n_channels++] = span_of(rest.ptr, n);
		rest = comma ? span_of(rest.ptr + n + 1, rest.len - n - 1) : SPAN_EMPTY;
	}
	return true;
}

/* Turns the loop until the question that ASKED was about is answered. 0 or a status. */
static int wait_answer(struct desk_tool *d, int asked)
{
	struct program *p = &d->tool->program;
	int r = asked;

	while (r == 0 && !d->done)
		r = loop_turn(p->loop, true);
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "Redis is away: %s.", strerror(-r));
	return 0;
}

/* ---- leasing ----------------------------------------------------------------------------- */

static void keep_job(struct desk_tool *d, const struct job_leased *from)
{
	struct job_leased *to = &d->jobs[d->n_jobs];

	*to = *from;
	to->id = arena_copy(&d->arena, from->id);
	to->token = arena_copy(&d->arena, from->token);
	to->json = arena_copy(&d->arena, from->json);
	to->channel = arena_copy(&d->arena, from->channel);
	/* One that cannot be kept comes back when its lease ends. */
	if (to->id.ptr && to->token.ptr && to->json.ptr && to->channel.ptr)
		d->n_jobs++;
}

static void on_leased(void *user, int r, const struct job_lease_answer *answer)
{
	struct desk_tool *d = user;

	d->done = true;
	d->r = r;
	d->more = r == 0 && answer->more;
	d->n_jobs = 0;
	arena_reset(&d->arena);
	(void)snprintf(d->words, sizeof(d->words), "%s", answer->words);
	d->jobs = r == 0 ? arena_calloc(&d->arena, answer->n + 1, sizeof(*d->jobs)) : NULL;
	for (size_t i = 0; d->jobs && i < answer->n; i++)
		keep_job(d, &answer->jobs[i]);
}

/* 0 or a status. */
static int lease(struct desk_tool *d, int64_t most)
{
	const struct job_lease_ask ask = {.max = (size_t)int64_min(most, JOB_LEASE_MAX),
		.lease_ms = d->settings->lease_ms,
		.consumer = span_str(d->settings->consumer),
		.channels = d->channels,
		.n_channels = d->n_channels,
		.fn = on_leased,
		.user = d};
	int r;

	d->done = false;
	r = wait_answer(d, job_lease(&d->desk, &ask));
	if (r != 0 || d->r == 0)
		return r;
	return tool_say(&d->tool->program, STATUS_FOUND,
		"no job could be leased (%s); any that were come back when their lease ends.",
		d->words);
}

static bool print_job(struct desk_tool *d, const struct job_leased *job, bool whole)
{
	buf_reset(&d->out);
	if (whole)
		(void)job_leased_json(job, &d->out);
	else
		buf_add_span(&d->out, job->json);
	buf_add_char(&d->out, '\n');
	return buf_failed(&d->out) == 0 && fwrite(d->out.ptr, 1, d->out.len, stdout) == d->out.len;
}

/* Prints what was leased; 0 or a status. */
static int print_jobs(struct desk_tool *d, bool whole)
{
	bool printed = true;

	for (size_t i = 0; i < d->n_jobs && printed; i++)
		printed = print_job(d, &d->jobs[i], whole);
	if (printed && fflush(stdout) == 0)
		return 0;
	return tool_say(&d->tool->program, STATUS_FOUND,
		"the output cannot be written: %s. What was leased last comes back when its lease "
		"ends.",
		strerror(errno));
}

static void on_acked(void *user, int r, const struct job_report *report)
{
	struct desk_tool *d = user;

	d->done = true;
	d->r = r;
	(void)snprintf(d->words, sizeof(d->words), "%s", report->words ? report->words : "");
}

/* What was printed is taken: its taker sends it. 0 or a status. */
static int ack_jobs(struct desk_tool *d)
{
	int r = 0;

	for (size_t i = 0; i < d->n_jobs && r == 0; i++) {
		const struct job_report_ask ask = {.id = d->jobs[i].id,
			.token = d->jobs[i].token,
			.at = TIME_NEVER,
			.fn = on_acked,
			.user = d};

		d->done = false;
		r = wait_answer(d, job_ack(&d->desk, &ask));
		if (r == 0 && d->r != 0 && d->r != JOB_DESK_RETRACTED)
			r = tool_say(&d->tool->program, STATUS_FOUND,
				"job %.*s was printed, but that it was taken could not be noted: "
				"it may be given out again.",
				(int)ask.id.len, ask.id.ptr);
	}
	return r;
}

static int lease_or_take(struct desk_tool *d, bool take)
{
	struct program *p = &d->tool->program;
	int64_t left = d->settings->count;
	int r = load_rules(d);

	if (r == 0 && !cut_channels(d))
		r = say(d, STATUS_USAGE, "--channels is one to eight names with commas between.");
	while (r == 0 && left > 0 && !p->stopping) {
		r = lease(d, left);
		if (r == 0)
			r = print_jobs(d, !take);
		if (r == 0 && take)
			r = ack_jobs(d);
		left -= (int64_t)d->n_jobs;
		if (d->n_jobs == 0)
			break;
	}
	return r;
}

static int do_lease(struct desk_tool *d)
{
	return lease_or_take(d, false);
}

static int do_take(struct desk_tool *d)
{
	return lease_or_take(d, true);
}

/* ---- reports ----------------------------------------------------------------------------- */

static const char *reply_words(int r)
{
	static const char retracted[] =
		"the job was taken back: do not send it. If it was sent already, that is noted.";
	static const char away[] =
		"Redis did not answer: it may or may not have happened; say it again.";
	static const char *const words[] = {
		[JOB_DESK_AWAY] = away,
		[JOB_DESK_REFUSED] = "Redis refused.",
		[JOB_DESK_CORRUPT] = "what stands there cannot be read.",
		[JOB_DESK_NONE] = "there is no such job.",
		[JOB_DESK_LOST] = "that token does not, or no longer, hold the lease of the job.",
		[JOB_DESK_RETRACTED] = retracted,
		[JOB_DESK_UNSENT] = "nobody was ever given this job.",
		[JOB_DESK_RULES] = "there are no rules to judge by.",
		[JOB_DESK_OVER] = "the job was sent, or is out of question already.",
	};

	return words[r];
}

static void on_reported(void *user, int r, const struct job_report *report)
{
	struct desk_tool *d = user;
	char at[INSTANT_SIZE] = "";

	d->done = true;
	d->r = r;
	buf_reset(&d->out);
	if (r != 0)
		return;
	if (report->at != INT64_MIN && report->at != TIME_NEVER)
		instant_format(report->at, at);
	if (d->tool->program.common.json)
		buf_printf(&d->out, "{\"state\":\"%.*s\",\"at\":%s%s%s,\"again\":%s}\n",
			(int)report->state.len, report->state.ptr, at[0] ? "\"" : "",
			at[0] ? at : "null", at[0] ? "\"" : "", report->again ? "true" : "false");
	else
		buf_printf(&d->out, "%.*s%s%s%s\n", (int)report->state.len, report->state.ptr,
			at[0] ? " " : "", at, report->again ? " (said before)" : "");
}

static int print_out(struct desk_tool *d, int asked)
{
	int r = wait_answer(d, asked);

	if (r != 0)
		return r;
	if (d->r > 0)
		return say(d, STATUS_FOUND, reply_words(d->r));
	if (buf_failed(&d->out) < 0 || fwrite(d->out.ptr, 1, d->out.len, stdout) != d->out.len)
		return say(d, STATUS_FOUND, "the output cannot be written.");
	return STATUS_DONE;
}

typedef int report_fn(struct job_desk *desk, const struct job_report_ask *ask);

static int report(struct desk_tool *d, report_fn *fn)
{
	const struct jobs_settings *s = d->settings;
	const struct program *p = &d->tool->program;
	const struct job_report_ask ask = {.id = span_str(p->operands[1]),
		.token = span_str(s->token),
		.at = TIME_NEVER,
		.span_ms = fn == job_fail ? s->retry_ms : s->lease_ms,
		.final = s->final,
		.reason = fn == job_ack ? SPAN_EMPTY : span_str(s->reason),
		.bounce = span_str(s->bounce),
		.fate = p->n_operands > 2 ? job_fate_of(span_str(p->operands[2])) : JOB_FATE_COUNT,
		.fn = on_reported,
		.user = d};

	if (fn == job_cancel && !s->reason[0])
		return say(d, STATUS_USAGE,
			"--reason is required: it stands in the customer's timeline.");
	if (fn != job_outcome && fn != job_cancel && !s->token[0])
		return say(d, STATUS_USAGE, "--token is required: what the lease came with.");
	if (fn == job_outcome && (ask.fate > JOB_FATE_FAILED || ask.fate == JOB_FATE_SENT))
		return say(d, STATUS_USAGE,
			"an outcome is delivered, bounced, opened, clicked, unsubscribed, "
			"converted or failed.");
	if (s->bounce[0] && strcmp(s->bounce, "hard") != 0 && strcmp(s->bounce, "soft") != 0)
		return say(d, STATUS_USAGE, "--bounce is hard or soft.");
	d->done = false;
	return print_out(d, fn(&d->desk, &ask));
}

static int do_ack(struct desk_tool *d)
{
	return report(d, job_ack);
}

static int do_fail(struct desk_tool *d)
{
	return report(d, job_fail);
}

static int do_extend(struct desk_tool *d)
{
	return report(d, job_extend);
}

static int do_cancel(struct desk_tool *d)
{
	return report(d, job_cancel);
}

static int do_outcome(struct desk_tool *d)
{
	return report(d, job_outcome);
}

/* ---- a look ------------------------------------------------------------------------------ */

static void add_row(struct buf *out, const char *name, struct span text)
{
	if (text.len)
		buf_printf(out, "%-12s %.*s\n", name, (int)text.len, text.ptr);
}

static void add_instant_row(struct buf *out, const char *name, int64_t at)
{
	char text[INSTANT_SIZE];

	if (at == INT64_MIN || at == TIME_NEVER)
		return;
	instant_format(at, text);
	add_row(out, name, span_str(text));
}

static void add_found(struct buf *out, const struct job_found *found)
{
	const struct job_view *v = &found->view;

	add_row(out, "job", v->id);
	add_row(out, "state", found->late ? SPAN_LIT("done, though taken back") : found->state);
	add_row(out, "rule", v->rule);
	add_row(out, "customer", v->customer);
	add_row(out, "key", v->key);
	add_row(out, "channel", found->channel);
	add_row(out, "why", v->reason);
	add_instant_row(out, "fired", v->fire_at);
	add_instant_row(out, "valid until", v->valid_until);
	add_row(out, "consumer", found->consumer);
	if (found->tries)
		buf_printf(out, "%-12s %llu\n", "leases", (unsigned long long)found->tries);
	add_instant_row(out, "leased", found->leased_at);
	add_instant_row(out, "lease ends", found->lease_until);
	add_instant_row(out, "not before", found->not_before);
	add_row(out, "reason", found->reason);
	add_instant_row(out, "sent", found->done_at);
	for (unsigned i = 0; i < JOB_FATE_COUNT; i++)
		add_instant_row(out, job_fate_word((enum job_fate)i).ptr, found->outcome_at[i]);
}

static void on_found(void *user, int r, const struct job_found *found, const char *words)
{
	struct desk_tool *d = user;

	(void)words;
	d->done = true;
	d->r = r;
	buf_reset(&d->out);
	if (r != 0)
		return;
	if (d->tool->program.common.json) {
		(void)job_found_json(found, &d->out);
		buf_add_char(&d->out, '\n');
	} else {
		add_found(&d->out, found);
	}
}

static int do_show(struct desk_tool *d)
{
	d->done = false;
	return print_out(
		d, job_find(&d->desk, span_str(d->tool->program.operands[1]), on_found, d));
}

/* ------------------------------------------------------------------------------------------ */

static const struct verb {
	const char *word;
	size_t n_operands; /* behind it */
	int (*fn)(struct desk_tool *d);
	const char *operands;
} verbs[] = {
	{"take", 0, do_take, ""},
	{"lease", 0, do_lease, ""},
	{"ack", 1, do_ack, " JOB"},
	{"fail", 1, do_fail, " JOB"},
	{"extend", 1, do_extend, " JOB"},
	{"outcome", 2, do_outcome, " JOB WORD"},
	{"cancel", 1, do_cancel, " JOB"},
	{"show", 1, do_show, " JOB"},
};

static int name_consumer(struct desk_tool *d, struct jobs_settings *s)
{
	char host[32] = "";

	if (s->consumer[0])
		return 0;
	gethostname(host, sizeof(host) - 1);
	s->consumer = tool_text(&d->tool->program, "%s-%ld", host, (long)getpid());
	return s->consumer ? 0 : say(d, STATUS_FOUND, "out of memory.");
}

int jobs_at_desk(struct tool *t, struct redis *redis, struct jobs_settings *s, const char *word)
{
	_cleanup_(desk_tool_release) struct desk_tool d = {.tool = t, .settings = s};
	const struct verb *v = verbs;
	int r;

	while (v < verbs + ARRAY_SIZE(verbs) && strcmp(v->word, word) != 0)
		v++;
	if (v == verbs + ARRAY_SIZE(verbs))
		return -1;
	arena_init(&d.arena);
	if (t->program.n_operands != 1 + v->n_operands)
		return tool_say(
			&t->program, STATUS_USAGE, "say: waymark jobs %s%s", word, v->operands);
	if (!redis)
		return STATUS_DONE; /* that was all to be asked without it */
	d.desk = JOB_DESK_INIT;
	d.desk.redis = redis;
	d.desk.identity = t->program.identity;
	d.desk.partitions = t->program.dataset.partitions;
	if (rule_shelf_new(&t->program.log, &d.shelf) < 0)
		return say(&d, STATUS_FOUND, "out of memory.");
	rule_shelf_set_redis(d.shelf, redis);
	d.desk.judge = job_gates_judge;
	d.desk.judge_user = &d.gates;
	if (getrandom(d.desk.secret, sizeof(d.desk.secret), 0) != (ssize_t)sizeof(d.desk.secret))
		return say(&d, STATUS_FOUND, "there are no random numbers.");
	r = name_consumer(&d, s);
	return r ? r : v->fn(&d);
}
