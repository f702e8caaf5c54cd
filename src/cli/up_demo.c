/* SPDX-License-Identifier: MIT */
/*
 * `waymark up --demo`: the shop day of demo_day.h through the real door, with rules that wait for
 * seconds. What goes in and what comes out is shown as it happens; everything in between is what a
 * shop would run.
 */
#include <unistd.h>

#include "cells.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "demo_day.h"
#include "ini_edit.h"
#include "io/file.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "remove_tree.h"
#include "rules_at_hand.h"
#include "store/job_query.h"
#include "store/query.h"
#include "timeline_print.h"
#include "up.h"

#define KEYS_MAX	((size_t)1024 * 1024)
#define LOOK_MS		150
#define JOBS_PAGE	100
#define RULES_MAX_SHOWN 8

struct demo;

/* One partition's jobs. */
struct demo_lane {
	struct demo *demo;
	struct log_id after;
	bool asked;
};

struct demo_count {
	char rule[64];
	unsigned n;
};

/* What a retraction does not say again. */
struct demo_shown {
	char id[40], customer[16], rule[32];
};

/* An event on its way. */
struct demo_post {
	struct demo *demo;
	struct buf body;
};

struct demo {
	struct up *up;
	struct cells cells;
	struct lapse lapse; /* of the policy in force */
	struct http_client *client;
	struct redis *redis;
	const char *url, *socket, *keys[2];
	struct demo_act acts[DEMO_ACTS_MAX];
	size_t n_acts, next;
	int64_t began_at; /* by the clock that never jumps */
	struct demo_lane *lanes;
	uint32_t n_lanes;
	struct demo_post posts[DEMO_ACTS_MAX]; /* of each act */
	unsigned accepted, refused, retracted;
	struct demo_count counts[RULES_MAX_SHOWN];
	size_t n_counts;
	struct demo_shown shown[DEMO_ACTS_MAX]; /* jobs */
	size_t n_shown;
};

/* ---- before -------------------------------------------------------------------------------- */

static int refuse(struct up *u, const char *words)
{
	up_fail(u, tool_say(&u->tool.program, STATUS_USAGE, "%s", words));
	return PROGRAM_EXIT;
}

int up_demo_prepare(struct up *u)
{
	struct program *p = &u->tool.program;
	const char *base = getenv("TMPDIR"), *dataset;

	if (!u->settings.rules[0])
		u->settings.rules = tool_shared(p, "demo/rules");
	if (!u->settings.rules)
		return refuse(
			u, "the rules of the demo are not found; say where with --rules DIR.");
	/* The demo speaks for itself; of the roles only trouble is shown. */
	if (!p->common.log_level[0]) {
		p->common.log_level = "warn";
		p->log.level = LEVEL_WARN;
	}
	dataset = tool_text(p, "%s/dataset", u->settings.data);
	if (u->given_data)
		return dataset && access(dataset, F_OK) == 0
			       ? refuse(u,
					 "there is a data set in that directory already; the demo "
					 "plays in one of its own. Choose another --data DIR.")
			       : 0;
	base = tool_text(p, "%s/waymark-demo-XXXXXX", base && base[0] ? base : "/tmp");
	u->temporary = base ? span_dup(span_str(base)) : NULL;
	if (!u->temporary || !mkdtemp(u->temporary)) {
		free(u->temporary);
		u->temporary = NULL;
		return refuse(
			u, "cannot make a directory for the demo; say where with --data DIR.");
	}
	u->settings.data = u->temporary;
	return 0;
}

void up_demo_clean(struct up *u)
{
	if (u->temporary)
		remove_tree(u->temporary);
	free(u->temporary);
	u->temporary = NULL;
}

/* ---- showing ------------------------------------------------------------------------------- */

static int64_t elapsed(const struct demo *d)
{
	return loop_now_mono(d->up->tool.program.loop) - d->began_at;
}

static void print_time(const struct demo *d)
{
	int64_t tenths = elapsed(d) / 100;
	char text[32];

	(void)snprintf(
		text, sizeof(text), "%3lld.%d s", (long long)(tenths / 10), (int)(tenths % 10));
	cell(&d->cells, span_str(text), 7, DIM);
}

static void show_act(const struct demo *d, const struct demo_act *act)
{
	_cleanup_(buf_release) struct buf detail = BUF_INIT;
	bool quiet = act->kind == DEMO_PAGE || act->kind == DEMO_VIEW;

	demo_detail(act, &detail);
	print_time(d);
	cell(&d->cells, span_str("→"), 1, BLUE);
	cell(&d->cells, span_str(demo_customer(act->customer)), 7, CYAN);
	cell(&d->cells, span_str(demo_channel(act)), 12, BLUE);
	cell(&d->cells, span_str(demo_name(act)), 18, quiet ? DIM : PLAIN);
	cell(&d->cells, buf_span(&detail), 0, DIM);
	cells_end(&d->cells);
}

static void count_job(struct demo *d, struct span rule)
{
	struct demo_count *count;

	for (size_t i = 0; i < d->n_counts; i++) {
		if (span_is(rule, d->counts[i].rule)) {
			d->counts[i].n++;
			return;
		}
	}
	if (d->n_counts == RULES_MAX_SHOWN || rule.len >= sizeof(count->rule))
		return;
	count = &d->counts[d->n_counts++];
	(void)snprintf(count->rule, sizeof(count->rule), "%.*s", (int)rule.len, rule.ptr);
	count->n = 1;
}

struct demo_job {
	struct json_value rule, customer, channel, reason;
};

static void read_job(struct span json, struct demo_job *job)
{
	const struct {
		const char *name;
		struct json_value *value;
	} members[] = {{"rule", &job->rule}, {"customer", &job->customer},
		{"channel", &job->channel}, {"reason", &job->reason}};
	struct json_cursor c;
	struct json_value key, value;
	int r;

	memset(job, 0, sizeof(*job));
	json_cursor_init(&c, json);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		r = json_value(&c, &value);
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(members); i++)
			if (json_is(&key, span_str(members[i].name)) &&
				value.type == JSON_TYPE_STRING)
				*members[i].value = value;
	}
}

static struct span text_of(const struct json_value *v, struct arena *a)
{
	return v->type == JSON_TYPE_STRING ? json_text(v, a) : SPAN_EMPTY;
}

static void copy_text(char *out, size_t size, struct span s)
{
	size_t n = s.len < size ? s.len : size - 1;

	if (n)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}

static void remember(struct demo *d, struct span id, struct span customer, struct span rule)
{
	struct demo_shown *s = &d->shown[d->n_shown];

	if (d->n_shown == ARRAY_SIZE(d->shown))
		return;
	d->n_shown++;
	copy_text(s->id, sizeof(s->id), id);
	copy_text(s->customer, sizeof(s->customer), customer);
	copy_text(s->rule, sizeof(s->rule), rule);
}

static void show_job(struct demo *d, const struct job_entry *e)
{
	_cleanup_(arena_release) struct arena arena;
	struct demo_job job;
	struct span rule, customer;

	arena_init(&arena);
	read_job(e->json, &job);
	rule = text_of(&job.rule, &arena);
	customer = text_of(&job.customer, &arena);
	count_job(d, rule);
	remember(d, e->id, customer, rule);
	print_time(d);
	cell(&d->cells, span_str("←"), 1, GREEN);
	cell(&d->cells, customer, 7, CYAN);
	cell(&d->cells, text_of(&job.channel, &arena), 12, GREEN);
	cell(&d->cells, SPAN_LIT("JOB"), 3, GREEN);
	cell(&d->cells, rule, 21, BOLD);
	cell(&d->cells, text_of(&job.reason, &arena), 0, PLAIN);
	cells_end(&d->cells);
}

static void show_retraction(struct demo *d, const struct job_entry *e)
{
	static const struct demo_shown unknown;
	const struct demo_shown *s = &unknown;

	for (size_t i = 0; i < d->n_shown; i++)
		if (span_is(e->id, d->shown[i].id))
			s = &d->shown[i];
	d->retracted++;
	print_time(d);
	cell(&d->cells, span_str("←"), 1, YELLOW);
	cell(&d->cells, span_str(s->customer), 7, CYAN);
	cell(&d->cells, SPAN_LIT("TAKEN BACK"), 17, YELLOW);
	cell(&d->cells, span_str(s->rule), 21, BOLD);
	cell(&d->cells, e->reason, 0, PLAIN);
	cells_end(&d->cells);
}

/* ---- in and out ---------------------------------------------------------------------------- */

static void on_posted(void *user, const struct http_answer *answer)
{
	struct demo_post *post = user;
	struct demo *d = post->demo;

	if (answer->status == 200) {
		d->accepted++;
	} else {
		d->refused++;
		tool_say(&d->up->tool.program, 0, "an event was not taken: %s",
			answer->status ? http_status_text(answer->status) : answer->error);
	}
	buf_release(&post->body);
	buf_init(&post->body);
}

static void post_act(struct demo *d, const struct demo_act *act)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct program *p = &d->up->tool.program;
	struct demo_post *post = &d->posts[d->next];
	struct http_call call = {.method = "POST",
		.url = tool_text(p, "%s%s", d->url, demo_path(act)),
		.socket = d->socket,
		.user = d->keys[demo_source(act)],
		.headers = headers,
		.timeout_ms = 10 * MS_SECOND};

	post->demo = d;
	demo_body(act, loop_now_wall(p->loop), d->next, &post->body);
	call.body = buf_span(&post->body);
	if (!call.url || buf_failed(&post->body) < 0 ||
		http_client_send(d->client, &call, on_posted, post) < 0)
		d->refused++;
}

static void send_due(struct demo *d)
{
	while (d->next < d->n_acts && d->acts[d->next].at_ms <= elapsed(d)) {
		show_act(d, &d->acts[d->next]);
		post_act(d, &d->acts[d->next]);
		d->next++;
	}
}

static void on_jobs(void *user, int r, const struct job_page *page, const char *words)
{
	struct demo_lane *lane = user;

	(void)words;
	lane->asked = false;
	for (size_t i = 0; r == 0 && i < page->n; i++) {
		const struct job_entry *e = &page->entries[i];

		if (e->json.len)
			show_job(lane->demo, e);
		else
			show_retraction(lane->demo, e);
		lane->after = e->at;
	}
}

static void look_for_jobs(struct demo *d)
{
	for (uint32_t i = 0; i < d->n_lanes; i++) {
		struct demo_lane *lane = &d->lanes[i];

		const struct job_ask question = {.partition = i,
			.max = JOBS_PAGE,
			.after = lane->after,
			.fn = on_jobs,
			.user = lane};

		if (!lane->asked)
			lane->asked = job_list(d->redis, &question) == 0;
	}
	(void)fflush(stdout);
}

/* ---- the day ------------------------------------------------------------------------------- */

static void print_opening(struct demo *d)
{
	cell(&d->cells, SPAN_LIT("A day at the jeweller's, with waits of seconds for hours."), 0,
		BOLD);
	(void)fprintf(d->cells.out,
		"\n%d customers; a cart left for 4 s is abandoned, a promise is over when it is "
		"over,\nand who has bought and then keeps quiet for 10 s is asked how they are.\n\n"
		"  → what happens, sent to %s\n  ← what ought to be sent to whom\n\n",
		DEMO_CUSTOMERS, d->url);
}

static void play(struct demo *d)
{
	int64_t looked = -LOOK_MS;

	d->began_at = loop_now_mono(d->up->tool.program.loop);
	while (elapsed(d) < DEMO_ENDS_MS) {
		int64_t next = d->next < d->n_acts ? d->acts[d->next].at_ms : DEMO_ENDS_MS;

		if (elapsed(d) - looked >= LOOK_MS) {
			looked = elapsed(d);
			look_for_jobs(d);
		}
		if (up_turn(d->up, int64_max(1, int64_min(next, looked + LOOK_MS) - elapsed(d))))
			return;
		send_due(d);
	}
}

static void on_page(void *user, int r, const struct query_answer *a)
{
	struct demo *d = user;

	for (size_t i = 0; r == 0 && i < a->n_entries; i++)
		timeline_print(&d->cells, &a->entries[i]);
}

static void on_customer(void *user, int r, const struct query_answer *a)
{
	struct demo *d = user;

	if (r == 0)
		customer_print(&d->cells, a->record->journey, &d->lapse, a->now);
}

static void print_timeline(struct demo *d)
{
	_cleanup_(query_source_freep) struct query_source *source = NULL;
	struct loop *loop = d->up->tool.program.loop;
	struct timeline_query all = TIMELINE_QUERY_ALL;
	struct query_ask ask = {.id = span_str(demo_hero()), .fn = on_customer, .user = d};

	if (query_source_new(d->redis, &source) < 0)
		return;
	d->lapse = lapse_at_hand(&d->up->tool, d->redis);
	query_source_set_partitions(source, d->n_lanes);
	(void)fprintf(d->cells.out, "\nOne customer's timeline, newest first: ");
	if (query_customer(source, &ask) == 0)
		(void)query_wait(source, loop);
	ask.fn = on_page;
	if (query_timeline(source, &ask, &all, SPAN_EMPTY) == 0)
		(void)query_wait(source, loop);
}

static void print_closing(struct demo *d)
{
	FILE *out = d->cells.out;

	(void)fprintf(out, "\n%llu event%s went in, %llu %s refused. Jobs that came out:\n",
		COUNT(d->accepted), COUNT_AS(d->refused, "was", "were"));
	for (size_t i = 0; i < d->n_counts; i++)
		(void)fprintf(out, "  %-24s %3u\n", d->counts[i].rule, d->counts[i].n);
	(void)fprintf(out, "  %-24s %3u\n", "taken back", d->retracted);
	print_timeline(d);
	if (d->up->temporary)
		(void)fprintf(out,
			"\nThat was the demo; its data is removed now. `up` without --demo "
			"runs a shop of your own;\nREADME.md says how events get in and jobs "
			"get out.\n");
	else
		(void)fprintf(out,
			"\nThat was the demo; its data stays in %s. README.md says how events "
			"get in and jobs get out.\n",
			d->up->place.dir);
	(void)fflush(out);
}

/* ------------------------------------------------------------------------------------------- */

static int read_keys(struct demo *d)
{
	static const char *const sources[] = {[DEMO_WEB] = "web", [DEMO_SHOP] = "shop"};
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	if (file_read(d->up->keys, KEYS_MAX, &text) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct span key = ini_get(buf_span(&text), span_str(sources[i]), SPAN_LIT("key"));

		d->keys[i] = tool_text(
			&d->up->tool.program, "%.*s", (int)key.len, key.ptr ? key.ptr : "");
	}
	return d->keys[DEMO_WEB] && d->keys[DEMO_SHOP] ? 0 : -1;
}

static int open_demo(struct demo *d)
{
	struct up *u = d->up;
	struct program *p = &u->tool.program;
	struct http_client_options client;
	struct redis_options redis;

	d->url = tool_url(p, u->settings.collector_listen, &d->socket);
	d->n_lanes = (uint32_t)u->settings.partitions;
	d->lanes = calloc(d->n_lanes, sizeof(*d->lanes));
	http_client_options_init(&client);
	redis_options_init(&redis);
	if (!d->url || !d->lanes || read_keys(d) < 0 ||
		redis_address_parse(span_str(u->place.socket), &redis.address) != 0 ||
		http_client_new(p->loop, &client, &d->client) < 0 ||
		redis_new(p->loop, &redis, &d->redis) < 0)
		return -1;
	for (uint32_t i = 0; i < d->n_lanes; i++)
		d->lanes[i].demo = d;
	d->n_acts = demo_day(d->acts);
	cells_init(&d->cells, stdout);
	return 0;
}

static void demo_free(struct demo *d)
{
	http_client_free(d->client);
	redis_free(d->redis);
	for (size_t i = 0; i < DEMO_ACTS_MAX; i++)
		buf_release(&d->posts[i].body);
	free(d->lanes);
	free(d);
}

int up_demo_run(struct up *u)
{
	struct demo *d = calloc(1, sizeof(*d));
	int status = STATUS_FOUND;

	if (!d)
		return tool_say(&u->tool.program, STATUS_FOUND, "out of memory.");
	d->up = u;
	if (open_demo(d) < 0) {
		tool_say(&u->tool.program, 0, "the demo cannot be prepared.");
	} else {
		print_opening(d);
		play(d);
		if (!u->tool.program.stopping && !u->failed) {
			print_closing(d);
			status = d->refused ? STATUS_FOUND : STATUS_DONE;
		} else {
			status = u->failed ? u->status : STATUS_DONE;
		}
	}
	demo_free(d);
	return status;
}
