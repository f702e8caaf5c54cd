/* SPDX-License-Identifier: MIT */
/*
 * `waymark jobs`: what ought to be sent. The partitions' streams are merged by time, page by page,
 * so that a data set of any size costs the same memory; following is asking again at the ends.
 */
#include <unistd.h>

#include "base/instant.h"
#include "cells.h"
#include "cli.h"
#include "codec/json_scan.h"
#include "store/job_query.h"
#include "tool.h"

#define PAGE	  200
#define FOLLOW_MS 200

struct jobs_settings {
	const char *data, *rule, *customer, *state, *consumer;
	int64_t count;
	bool follow;
};

#define ROW(MEMBER) offsetof(struct jobs_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "follow", "follow", SETTING_BOOL, ROW(follow), NULL, 0, 0, NULL,
		"go on with what comes, retractions too"},
	{NULL, "rule", "rule", SETTING_TEXT, ROW(rule), NULL, 0, 64, "RULE", "of this rule only"},
	{NULL, "customer", "customer", SETTING_TEXT, ROW(customer), NULL, 0, CUSTOMER_MAX,
		"CUSTOMER", "of this customer only"},
	{NULL, "state", "state", SETTING_TEXT, ROW(state), NULL, 0, 16, "STATE",
		"ready, taken or retracted only"},
	{NULL, "count", "count", SETTING_INT, ROW(count), "1", 1, 1000000, "N",
		"take: how many at most"},
	{NULL, "consumer", "consumer", SETTING_TEXT, ROW(consumer), NULL, 0, JOB_CONSUMER_MAX,
		"NAME", "take: in whose name (this host and process)"},
	TOOL_DATA_ROW(struct jobs_settings),
};

static const struct program_spec spec = {
	.name = "jobs",
	.operands = "[take]",
	.max_operands = 1,
	.about = "Lists the notification jobs, oldest first. `waymark jobs take` claims jobs that "
		 "are\n"
		 "ready and prints them, one JSON object a line: each is given out once, and is "
		 "not\n"
		 "retracted any more.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

/* The next entries of one partition. */
struct lane {
	struct arena arena;
	struct job_entry *entries;
	size_t n, i;
	struct log_id after;
	bool asked, ended;
	struct jobs *jobs;
};

struct jobs {
	struct tool tool;
	struct jobs_settings settings;
	struct cells cells;
	struct redis *redis;
	struct lane *lanes;
	uint32_t n_lanes;
	bool live; /* the end was reached once: what comes now is news */
	bool away; /* Redis is; said so */
	char trouble[256];
};

/* ---- pages --------------------------------------------------------------------------------- */

static bool keep(struct lane *lane, const struct job_entry *from, struct job_entry *to)
{
	struct arena *a = &lane->arena;

	*to = *from;
	to->id = arena_copy(a, from->id);
	to->json = from->json.len ? arena_copy(a, from->json) : SPAN_EMPTY;
	to->reason = from->reason.len ? arena_copy(a, from->reason) : SPAN_EMPTY;
	to->state = arena_copy(a, from->state);
	to->taken_by = SPAN_EMPTY;
	return to->id.ptr && to->state.ptr && (to->json.ptr || !from->json.len) &&
	       (to->reason.ptr || !from->reason.len);
}

static void on_page(void *user, int r, const struct job_page *page, const char *words)
{
	struct lane *lane = user;
	struct jobs *j = lane->jobs;

	lane->asked = false;
	lane->ended = true;
	if (r == JOBS_UNKNOWN && j->settings.follow)
		return; /* asked again when the connection is back */
	arena_reset(&lane->arena);
	lane->entries =
		r == 0 ? arena_calloc(&lane->arena, page->n + 1, sizeof(*lane->entries)) : NULL;
	for (size_t i = 0; lane->entries && i < page->n; i++)
		if (!keep(lane, &page->entries[i], &lane->entries[i]))
			lane->entries = NULL;
	if (!lane->entries) {
		(void)snprintf(j->trouble, sizeof(j->trouble), "cannot read the jobs: %s.",
			r ? words : "out of memory");
		return;
	}
	lane->i = 0;
	lane->n = page->n;
	lane->ended = !page->more;
	if (page->n > 0)
		lane->after = page->entries[page->n - 1].at;
}

/* Asks for more where there is no more at hand. */
static void ask_lane(struct jobs *j, uint32_t partition)
{
	struct lane *lane = &j->lanes[partition];
	const struct job_ask question = {.partition = partition,
		.max = PAGE,
		.after = lane->after,
		.fn = on_page,
		.user = lane};
	int r;

	if (lane->asked || lane->ended || lane->i < lane->n)
		return;
	r = job_list(j->redis, &question);
	lane->asked = r == 0;
	if (r < 0)
		on_page(lane, JOBS_UNKNOWN, NULL, strerror(-r));
}

/* Every lane has entries, or is at its end. False: a signal, or trouble. */
static bool fill_lanes(struct jobs *j)
{
	struct program *p = &j->tool.program;
	bool asked = true;

	while (asked && !p->stopping && !p->finished && !j->trouble[0]) {
		asked = false;
		for (uint32_t i = 0; i < j->n_lanes; i++) {
			ask_lane(j, i);
			asked = asked || j->lanes[i].asked;
		}
		if (asked && loop_turn(p->loop, true) < 0)
			return false;
	}
	return !p->stopping && !p->finished && !j->trouble[0];
}

/* The oldest entry of all lanes, taken off; NULL: they are empty. */
static const struct job_entry *next_entry(struct jobs *j)
{
	struct lane *oldest = NULL;

	for (uint32_t i = 0; i < j->n_lanes; i++) {
		struct lane *lane = &j->lanes[i];

		if (lane->i < lane->n && (!oldest || log_id_compare(lane->entries[lane->i].at,
							     oldest->entries[oldest->i].at) < 0))
			oldest = lane;
	}
	return oldest ? &oldest->entries[oldest->i++] : NULL;
}

/* ---- showing ------------------------------------------------------------------------------- */

/* The members of a job that people look at. */
struct job_view {
	struct json_value rule, customer, key, channel, fire_at, reason, priority;
};

static void view_job(struct span json, struct job_view *v)
{
	const struct {
		const char *name;
		struct json_value *value;
	} members[] = {
		{"rule", &v->rule},
		{"customer", &v->customer},
		{"key", &v->key},
		{"channel", &v->channel},
		{"fire_at", &v->fire_at},
		{"reason", &v->reason},
	};
	struct json_value key, value;
	struct json_cursor c;
	int r;

	memset(v, 0, sizeof(*v));
	json_cursor_init(&c, json);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		r = json_value(&c, &value);
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(members); i++)
			if (json_is(&key, span_str(members[i].name)))
				*members[i].value = value;
	}
}

static struct span text_of(const struct json_value *v, struct arena *a)
{
	return v->type == JSON_TYPE_STRING ? json_text(v, a) : SPAN_EMPTY;
}

static bool wanted(
	const struct jobs *j, const struct job_entry *e, const struct job_view *v, struct arena *a)
{
	const struct jobs_settings *s = &j->settings;

	if (s->state[0] && !span_is(e->state, s->state))
		return false;
	if (!e->json.len)
		return !s->rule[0] && !s->customer[0];
	return (!s->rule[0] || span_is(text_of(&v->rule, a), s->rule)) &&
	       (!s->customer[0] || span_is(text_of(&v->customer, a), s->customer));
}

static void print_json(const struct job_entry *e)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (e->json.len > 1) {
		buf_add(&out, e->json.ptr, e->json.len - 1);
		buf_add_char(&out, ',');
	} else {
		buf_add_str(&out, "{\"id\":");
		json_escape(e->id, &out);
		buf_add_str(&out, ",\"retracted_by\":");
		json_escape(e->reason, &out);
		buf_add_char(&out, ',');
	}
	buf_add_str(&out, "\"state\":");
	json_escape(e->state, &out);
	buf_add_str(&out, ",\"emitted_at\":\"");
	buf_add_instant(&out, (int64_t)e->at.ms);
	buf_add_str(&out, "\"}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static enum colour state_colour(struct span state)
{
	if (span_is(state, "ready"))
		return GREEN;
	return span_is(state, "retracted") ? YELLOW : DIM;
}

/* `2026-11-21 18:58:53` */
static struct span short_time(int64_t at, char out[INSTANT_SIZE])
{
	instant_format(at, out);
	out[10] = ' ';
	return span_of(out, 19);
}

static void print_head(const struct jobs *j)
{
	const struct {
		const char *text;
		unsigned width;
	} heads[] = {{"EMITTED (UTC)", 19}, {"STATE", 9}, {"RULE", 22}, {"CUSTOMER", 20},
		{"KEY", 20}, {"CHANNEL", 7}, {"JOB", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		cell(&j->cells, span_str(heads[i].text), heads[i].width, BOLD);
	cells_end(&j->cells);
}

static void print_row(
	const struct jobs *j, const struct job_entry *e, const struct job_view *v, struct arena *a)
{
	const struct cells *c = &j->cells;
	char time[INSTANT_SIZE];

	cell(c, short_time((int64_t)e->at.ms, time), 19, DIM);
	if (e->json.len) {
		cell(c, e->state, 9, state_colour(e->state));
		cell(c, text_of(&v->rule, a), 22, PLAIN);
		cell(c, text_of(&v->customer, a), 20, CYAN);
		cell(c, text_of(&v->key, a), 20, PLAIN);
		cell(c, text_of(&v->channel, a), 7, PLAIN);
	} else {
		cell(c, SPAN_LIT("retracted"), 9, YELLOW);
		cell(c, e->reason, 77, PLAIN);
	}
	cell(c, e->id, 0, DIM);
	cells_end(c);
}

static void show(struct jobs *j, const struct job_entry *e)
{
	_cleanup_(arena_release) struct arena arena;
	struct job_view view;

	/* In a list the state of the job says it. */
	if (!e->json.len && !j->live)
		return;
	arena_init(&arena);
	view_job(e->json, &view);
	if (!wanted(j, e, &view, &arena))
		return;
	if (j->tool.program.common.json)
		print_json(e);
	else
		print_row(j, e, &view, &arena);
}

static void say_away(struct jobs *j)
{
	bool away = !redis_is_up(j->redis);

	if (away != j->away)
		tool_say(&j->tool.program, 0, away ? "Redis is away; waiting." : "Redis is back.");
	j->away = away;
}

static void on_pause(void *arg)
{
	(void)arg; /* that it fired is all it is for */
}

static bool pause_following(struct jobs *j)
{
	struct program *p = &j->tool.program;
	struct timer timer;
	int r;

	(void)fflush(stdout);
	timer_init(&timer, p->loop, on_pause, NULL);
	r = timer_set_in(&timer, FOLLOW_MS);
	while (r == 0 && timer_is_set(&timer) && !p->stopping && !p->finished)
		r = loop_turn(p->loop, true);
	timer_stop(&timer);
	say_away(j);
	for (uint32_t i = 0; i < j->n_lanes; i++)
		j->lanes[i].ended = false;
	return r == 0 && !p->stopping && !p->finished && !ferror(stdout);
}

static int list(struct jobs *j)
{
	struct program *p = &j->tool.program;
	const struct job_entry *e;

	if (!p->common.json)
		print_head(j);
	do {
		while (fill_lanes(j) && (e = next_entry(j)))
			show(j, e);
		j->live = true;
	} while (j->settings.follow && !j->trouble[0] && pause_following(j));
	if (j->trouble[0])
		return tool_say(p, STATUS_FOUND, "%s", j->trouble);
	return p->status;
}

/* ---- taking -------------------------------------------------------------------------------- */

struct taking {
	struct jobs *jobs;
	int64_t left;
	bool done, more;
};

static void on_taken(void *user, int r, const struct job_page *page, const char *words)
{
	struct taking *t = user;

	t->done = true;
	t->more = r == 0 && page->more;
	if (r != 0)
		(void)snprintf(t->jobs->trouble, sizeof(t->jobs->trouble),
			r == JOBS_UNKNOWN ? "Redis did not answer: some jobs may be taken without "
					    "having been "
					    "printed (%s)."
					  : "Redis refused: %s",
			words);
	for (size_t i = 0; r == 0 && i < page->n; i++)
		printf("%.*s\n", (int)page->entries[i].json.len, page->entries[i].json.ptr);
	t->left -= r == 0 ? (int64_t)page->n : 0;
}

static int take_from(struct jobs *j, uint32_t partition, struct taking *t)
{
	struct job_ask question = {.partition = partition,
		.consumer = span_str(j->settings.consumer),
		.fn = on_taken,
		.user = t};
	struct program *p = &j->tool.program;
	int r = 0;

	t->more = true;
	while (t->left > 0 && t->more && r == 0 && !j->trouble[0] && !p->stopping) {
		t->done = false;
		question.max = (size_t)int64_min(t->left, PAGE);
		r = job_take(j->redis, &question);
		while (r == 0 && !t->done)
			r = loop_turn(p->loop, true);
		/* What cannot be handed on must not be taken: nobody else would get it. */
		if (fflush(stdout) != 0 && !j->trouble[0])
			(void)snprintf(j->trouble, sizeof(j->trouble),
				"the output cannot be written: %s. Jobs taken last may not have "
				"been "
				"printed; --state taken lists them.",
				strerror(errno));
	}
	return r;
}

/* From all partitions in turn, beginning with another one each time. */
static int take(struct jobs *j)
{
	struct program *p = &j->tool.program;
	struct taking t = {.jobs = j, .left = j->settings.count};
	uint32_t n = p->dataset.partitions, first = (uint32_t)(io_wall_now() % n);
	char host[32] = "";
	int r = 0;

	if (!j->settings.consumer[0]) {
		gethostname(host, sizeof(host) - 1);
		j->settings.consumer = tool_text(p, "%s-%ld", host, (long)getpid());
		if (!j->settings.consumer)
			return STATUS_FOUND;
	}
	for (uint32_t i = 0; i < n && r == 0 && !j->trouble[0]; i++)
		r = take_from(j, (first + i) % n, &t);
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "Redis is away: %s.", strerror(-r));
	if (j->trouble[0])
		return tool_say(p, STATUS_FOUND, "%s", j->trouble);
	return STATUS_DONE;
}

/* ------------------------------------------------------------------------------------------- */

static void jobs_release(struct jobs *j)
{
	tool_release(&j->tool); /* answers what is under way */
	for (uint32_t i = 0; i < j->n_lanes; i++)
		arena_release(&j->lanes[i].arena);
	free(j->lanes);
}

static int make_lanes(struct jobs *j)
{
	j->lanes = calloc(j->tool.program.dataset.partitions, sizeof(*j->lanes));
	if (!j->lanes)
		return tool_say(&j->tool.program, STATUS_FOUND, "out of memory.");
	j->n_lanes = j->tool.program.dataset.partitions;
	for (uint32_t i = 0; i < j->n_lanes; i++) {
		arena_init(&j->lanes[i].arena);
		j->lanes[i].jobs = j;
	}
	return 0;
}

static bool state_is_known(const char *state)
{
	return !state[0] || strcmp(state, "ready") == 0 || strcmp(state, "taken") == 0 ||
	       strcmp(state, "retracted") == 0;
}

int jobs_main(int argc, char **argv)
{
	_cleanup_(jobs_release) struct jobs j = {.n_lanes = 0};
	struct program *p = &j.tool.program;
	bool taking;

	(void)argc;
	if (tool_init(&j.tool, &spec, &j.settings, argv))
		return p->status;
	taking = p->n_operands == 1;
	if (taking && strcmp(p->operands[0], "take") != 0)
		return tool_say(p, STATUS_USAGE,
			"\"%s\" is nothing that jobs can do; there is `take`.", p->operands[0]);
	if (!state_is_known(j.settings.state))
		return tool_say(p, STATUS_USAGE, "--state is ready, taken or retracted.");
	cells_init(&j.cells, stdout);
	if (tool_connect(&j.tool, &j.redis) || make_lanes(&j))
		return p->status ? p->status : STATUS_FOUND;
	return taking ? take(&j) : list(&j);
}
