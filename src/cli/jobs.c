/* SPDX-License-Identifier: MIT */
/*
 * `waymark jobs`: what ought to be sent. The partitions' streams are merged by time, page by page,
 * so that a data set of any size costs the same memory; following is asking again at the ends.
 */
#include "jobs.h"

#include "base/instant.h"
#include "cli.h"
#include "codec/json_scan.h"
#include "customer_names.h"
#include "jobs_shadow.h"
#include "store/job_desk.h"
#include "store/job_query.h"

#define PAGE	  200
#define FOLLOW_MS 200

#define ROW(MEMBER) offsetof(struct jobs_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "follow", "follow", SETTING_BOOL, ROW(follow), NULL, 0, 0, NULL,
		"go on with what comes, retractions too"},
	{NULL, "rule", "rule", SETTING_TEXT, ROW(rule), NULL, 0, 64, "RULE", "of this rule only"},
	{NULL, "customer", "customer", SETTING_TEXT, ROW(customer), NULL, 0, CUSTOMER_MAX,
		"CUSTOMER", "of this customer only, under any of their names"},
	{NULL, "state", "state", SETTING_TEXT, ROW(state), NULL, 0, 16, "STATE",
		"ready, leased, retracting, done, failed, cancelled, expired or retracted only"},
	{NULL, "shadow", "shadow", SETTING_BOOL, ROW(shadow), NULL, 0, 0, NULL,
		"instead, what was not sent: its rule is in shadow, or the customer held out"},
	{NULL, "day", "day", SETTING_TEXT, ROW(day), NULL, 0, 10, "DATE",
		"with --shadow: due on this day only (UTC), as 2026-11-22"},
	{NULL, "counts", "counts", SETTING_BOOL, ROW(counts), NULL, 0, 0, NULL,
		"with --shadow: how many of each rule on each day"},
	{NULL, "count", "count", SETTING_INT, ROW(count), "1", 1, 1000000, "N",
		"take, lease: how many at most"},
	{NULL, "consumer", "consumer", SETTING_TEXT, ROW(consumer), NULL, 0, JOB_CONSUMER_MAX,
		"NAME", "take, lease: in whose name (this host and process)"},
	{NULL, "channels", "channels", SETTING_TEXT, ROW(channels), NULL, 0, 255, "NAMES",
		"take, lease: only jobs of these channels, with commas between"},
	{NULL, "lease", "lease", SETTING_DURATION, ROW(lease_ms), "1m", JOB_LEASE_MIN_MS,
		JOB_LEASE_MAX_MS, "SPAN", "lease, extend: for how long"},
	{NULL, "token", "token", SETTING_TEXT, ROW(token), NULL, 0, JOB_TOKEN_SIZE - 1, "TOKEN",
		"ack, fail, extend: what the lease came with"},
	{NULL, "reason", "reason", SETTING_TEXT, ROW(reason), NULL, 0, JOB_REASON_MAX, "TEXT",
		"fail, outcome, cancel: why"},
	{NULL, "retry_after", "retry-after", SETTING_DURATION, ROW(retry_ms), "1m", 0,
		JOB_RETRY_MAX_MS, "SPAN", "fail: when to try again"},
	{NULL, "final", "final", SETTING_BOOL, ROW(final), NULL, 0, 0, NULL,
		"fail: do not try again"},
	{NULL, "bounce", "bounce", SETTING_TEXT, ROW(bounce), NULL, 0, 4, "KIND",
		"outcome: hard or soft"},
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), NULL, 0, DATA_PATH_MAX, "PATH",
		"take, lease: the rules whose gates are asked again"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	TOOL_DATA_ROW(struct jobs_settings),
};

static const struct program_spec spec = {
	.name = "jobs",
	.operands = "[list|lease|ack|fail|extend|outcome|cancel|show|take] [JOB] [WORD]",
	.max_operands = 3,
	.about = "Lists the notification jobs, oldest first, and hands them over: `lease` gives "
		 "the\n"
		 "most urgent that are ready, one JSON object a line, each with the token that "
		 "`ack`\n"
		 "(it was sent), `fail` and `extend` ask for; `outcome` tells what became of it\n"
		 "(delivered, bounced, opened, clicked, unsubscribed, converted, failed), `cancel` "
		 "that\n"
		 "it is not to be sent (--reason says why), `show` what is known of it. `take` is "
		 "lease and ack in one: what it prints counts as sent.",
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
	struct shadow_list shadow; /* with --shadow */
	struct redis *redis;
	struct customer_names names; /* of --customer */
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
		.shadow = j->settings.shadow,
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

static bool wanted(const struct jobs *j, const struct job_entry *e, const struct job_view *v)
{
	const struct jobs_settings *s = &j->settings;

	if (s->state[0] && !span_is(e->state, s->state))
		return false;
	if (!e->json.len)
		return !s->rule[0] && !s->customer[0];
	return (!s->rule[0] || span_is(v->rule, s->rule)) &&
	       (!s->customer[0] || customer_names_have(&j->names, v->customer));
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
	static const char *const unsent[] = {
		"retracting", "retracted", "cancelled", "expired", "failed"};

	if (span_is(state, "ready") || span_is(state, "leased"))
		return GREEN;
	for (size_t i = 0; i < ARRAY_SIZE(unsent); i++)
		if (span_is(state, unsent[i]))
			return YELLOW;
	return DIM;
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
	} heads[] = {{"EMITTED (UTC)", 19}, {"STATE", 10}, {"RULE", 22}, {"CUSTOMER", 20},
		{"KEY", 20}, {"CHANNEL", 7}, {"JOB", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		cell(&j->cells, span_str(heads[i].text), heads[i].width, BOLD);
	cells_end(&j->cells);
}

static void print_row(const struct jobs *j, const struct job_entry *e, const struct job_view *v)
{
	const struct cells *c = &j->cells;
	char time[INSTANT_SIZE];

	cell(c, short_time((int64_t)e->at.ms, time), 19, DIM);
	if (e->json.len) {
		cell(c, e->state, 10, state_colour(e->state));
		cell(c, v->rule, 22, PLAIN);
		cell(c, v->customer, 20, CYAN);
		cell(c, v->key, 20, PLAIN);
		cell(c, v->channel, 7, PLAIN);
	} else {
		cell(c, SPAN_LIT("retracted"), 10, YELLOW);
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
	/* What is no job is shown as far as it goes. */
	if (job_view_read(e->json, &arena, &view) < 0 || !wanted(j, e, &view))
		return;
	if (j->settings.shadow)
		shadow_list_show(&j->shadow, e, &view);
	else if (j->tool.program.common.json)
		print_json(e);
	else
		print_row(j, e, &view);
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

	if (j->settings.shadow)
		shadow_list_head(&j->shadow);
	else if (!p->common.json)
		print_head(j);
	do {
		while (fill_lanes(j) && (e = next_entry(j)))
			show(j, e);
		j->live = true;
	} while (j->settings.follow && !j->trouble[0] && pause_following(j));
	if (j->trouble[0])
		return tool_say(p, STATUS_FOUND, "%s", j->trouble);
	return j->settings.shadow && !p->stopping ? shadow_list_end(&j->shadow, &j->tool, j->redis)
						  : p->status;
}

/* ------------------------------------------------------------------------------------------- */

static void jobs_release(struct jobs *j)
{
	tool_release(&j->tool); /* answers what is under way */
	customer_names_release(&j->names);
	shadow_list_release(&j->shadow);
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

/* `taken` is what was said before there were leases. */
static bool state_is_known(const char *state)
{
	static const char *const states[] = {"", "ready", "leased", "retracting", "done", "failed",
		"cancelled", "expired", "retracted"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/* What goes with --shadow goes without it nowhere. 0, or the status with which it was refused. */
static int read_shadow(struct jobs *j, bool listing)
{
	const struct jobs_settings *s = &j->settings;
	struct program *p = &j->tool.program;

	j->shadow.cells = &j->cells;
	j->shadow.json = p->common.json;
	j->shadow.counts = s->counts;
	if (!s->shadow && (s->counts || s->day[0]))
		return tool_say(p, STATUS_USAGE, "--day and --counts go with --shadow.");
	if (s->shadow && (!listing || s->state[0]))
		return tool_say(p, STATUS_USAGE,
			"--shadow lists what was not sent; it has no states, and nothing else can "
			"be done with it.");
	if (s->counts && s->follow)
		return tool_say(p, STATUS_USAGE, "--counts has an end, --follow has none.");
	if (!shadow_list_init(&j->shadow, s->day))
		return tool_say(p, STATUS_USAGE, "--day is a date such as 2026-11-22.");
	return 0;
}

/* What is not listing. -1: it is. */
static int at_desk(struct jobs *j, struct redis *redis)
{
	struct program *p = &j->tool.program;

	if (p->n_operands == 0 || strcmp(p->operands[0], "list") == 0)
		return -1;
	return jobs_at_desk(&j->tool, redis, &j->settings, p->operands[0]);
}

int jobs_main(int argc, char **argv)
{
	_cleanup_(jobs_release) struct jobs j = {.n_lanes = 0};
	struct program *p = &j.tool.program;
	bool listing;
	int r;

	(void)argc;
	if (tool_init(&j.tool, &spec, &j.settings, argv))
		return p->status;
	if (strcmp(j.settings.state, "taken") == 0)
		j.settings.state = "done";
	listing = p->n_operands == 0 || (p->n_operands == 1 && strcmp(p->operands[0], "list") == 0);
	r = at_desk(&j, NULL);
	if (r < 0 && !listing)
		return tool_say(p, STATUS_USAGE,
			"\"%s\" is nothing that jobs can do; there are list, lease, ack, fail, "
			"extend, outcome, cancel, show and take.",
			p->operands[0]);
	if (r > 0)
		return r;
	if (!state_is_known(j.settings.state))
		return tool_say(p, STATUS_USAGE,
			"--state is ready, leased, retracting, done, failed, cancelled, expired or "
			"retracted.");
	if (read_shadow(&j, listing))
		return STATUS_USAGE;
	cells_init(&j.cells, stdout);
	if (tool_connect(&j.tool, &j.redis) || make_lanes(&j))
		return p->status ? p->status : STATUS_FOUND;
	if (listing && j.settings.customer[0] &&
		customer_names_ask(&j.names, &j.tool, j.redis, span_str(j.settings.customer)))
		return STATUS_FOUND;
	return listing ? list(&j) : at_desk(&j, j.redis);
}
