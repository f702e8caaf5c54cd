/* SPDX-License-Identifier: MIT */
/*
 * The rounds of the writer. It waits in its own loop and may block, since nobody else's work hangs
 * on it; a signal is heard between two pages.
 *
 * When a disk is full the file that was being written goes, nothing moves in Redis, and the next
 * try comes soon: the log grows meanwhile, and nothing is lost. That it stands still is said in the
 * log, once for each reason, and kept in Redis for doctor, stats and the console's metrics.
 */
#include <unistd.h>

#include "archive_orders.h"
#include "archive_tool.h"
#include "archive_writer.h"
#include "store/keys.h"

#define RETRY_MS (10 * MS_SECOND)
/* Redis is away: how soon it is looked for again. */
#define AWAY_MS	      200
#define ONCE_AWAIT_MS (10 * MS_SECOND)

struct archivist {
	struct archive_tool *tool;
	struct archive_writer writer;
	struct timer pause;
	int lock;
	bool ready[PARTITIONS_MAX]; /* what an earlier process left was counted */
	bool trouble;		    /* in this round */
	bool left;		    /* there was no time for all that erasures ask for … */
	bool failed;		    /* … or it cannot be done */
	int told;		    /* which trouble was told of; 0: none is left */
	char said[512];		    /* the same of what erasures ask for */
};

static void on_nothing(void *arg)
{
	(void)arg; /* that it fired is all it is for: the loop turns */
}

static bool is_over(const struct program *p)
{
	return p->stopping || p->finished;
}

/* Turns the loop for MS at most. */
static void wait(struct archivist *a, int64_t ms)
{
	struct program *p = &a->tool->tool.program;

	if (timer_set_in(&a->pause, ms) < 0)
		return;
	while (timer_is_set(&a->pause) && !is_over(p))
		if (loop_turn(p->loop, true) < 0)
			return;
}

/* ---- the directory ---------------------------------------------------------------------- */

static int refuse(struct archivist *a, const char *message, const char *why)
{
	struct program *p = &a->tool->tool.program;

	(void)program_fail(p, message,
		LOG_FIELDS(log_str("directory", a->writer.directory), log_str("why", why)));
	return p->status;
}

/* One process writes here; the lock goes with it. */
static int lock_directory(struct archivist *a)
{
	int r;

	a->lock = archive_dir_lock(a->writer.directory);
	r = a->lock < 0 ? 0 : archive_dir_sweep(a->writer.directory);
	if (a->lock >= 0 && r == 0)
		return 0;
	if (r < 0)
		return refuse(
			a, "What was left there half written cannot be removed.", strerror(-r));
	return refuse(a, "The archive's directory cannot be used.",
		a->lock == -EWOULDBLOCK ? "another `waymark archive run` writes into it"
					: strerror(-a->lock));
}

static int open_directory(struct archivist *a, struct archive_dir *d)
{
	const struct program *p = &a->tool->tool.program;
	int r = archive_dir_open(d, a->writer.directory);

	if (r == ARCHIVE_DIR_NONE) {
		r = archive_dir_make(a->writer.directory, p->dataset.id);
		archive_dir_release(d);
		if (r == 0)
			r = archive_dir_open(d, a->writer.directory);
	}
	if (r < 0)
		return refuse(a, "The archive's directory cannot be used.", strerror(-r));
	if (r > 0)
		return refuse(a, "The archive's directory cannot be used.",
			"it is of another version of Waymark");
	if (strcmp(d->dataset, p->dataset.id) != 0)
		return refuse(a, "The archive's directory cannot be used.",
			"it holds the archive of another data set");
	return a->lock >= 0 ? 0 : lock_directory(a);
}

/* ---- rounds ----------------------------------------------------------------------------- */

static void note(struct archivist *a, const struct archive_log *l, int r, const char *words)
{
	const struct log *log = &a->tool->tool.program.log;

	if (r == -ENOMEM)
		words = "out of memory";
	if (r == ARCHIVE_UNKNOWN || r == ARCHIVE_FENCED) {
		/* Whether the file counts is seen by looking again. */
		a->ready[l->partition] = false;
		words = r == ARCHIVE_FENCED ? "another process archives it"
					    : "no answer from Redis";
	}
	a->trouble = true;
	/* Partitions that share a disk share its trouble. */
	if (a->told == r)
		return;
	a->told = r;
	if (r == ARCHIVE_UNKNOWN)
		log_warn(log, "A partition was not archived; tried again.",
			LOG_FIELDS(log_int("partition", l->partition), log_str("why", words)));
	else
		log_error(log,
			"The archive stands still. The log in Redis grows meanwhile; nothing is "
			"lost.",
			LOG_FIELDS(log_int("partition", l->partition), log_str("why", words)));
}

/* Counts the files that a process of before finished and could not count any more. */
static void adopt(struct archivist *a, uint32_t partitions)
{
	_cleanup_(archive_dir_release) struct archive_dir d = {.path = NULL};

	if (open_directory(a, &d) != 0)
		return;
	for (uint32_t i = 0; i < partitions && !is_over(a->writer.program); i++) {
		struct archive_log l = {.redis = a->writer.redis, .partition = i};
		struct archive_account account = {.words = ""};
		int r = a->ready[i] ? 0 : archive_adopt(&a->writer, &l, &d, &account);

		a->ready[i] = r == 0;
		if (r != 0)
			note(a, &l, r, account.words);
	}
}

static bool all_ready(const struct archivist *a, uint32_t partitions)
{
	for (uint32_t i = 0; i < partitions; i++)
		if (!a->ready[i])
			return false;
	return true;
}

static void archive_all(struct archivist *a, uint32_t partitions)
{
	struct archive_account account = {.words = ""};

	for (uint32_t i = 0; i < partitions && !is_over(a->writer.program); i++) {
		struct archive_log l = {.redis = a->writer.redis, .partition = i};
		int r = a->ready[i] ? archive_partition(&a->writer, &l, &account) : 0;

		if (r != 0)
			note(a, &l, r, account.words);
	}
	if (account.lines > 0)
		log_info(&a->writer.program->log, "Archived.",
			LOG_FIELDS(log_int("entries", (int64_t)account.lines),
				log_int("files", (int64_t)account.files),
				log_int("bytes", (int64_t)account.bytes)));
}

/* ---- what erasures ask for --------------------------------------------------------------- */

static void tell_orders(struct archivist *a, const struct archive_orders_account *account)
{
	const struct log *log = &a->tool->tool.program.log;

	if (account->looked > 0)
		log_info(log,
			account->left ? "Who was erased is being taken out of the archive."
				      : "Who was erased was taken out of the archive.",
			LOG_FIELDS(log_int("files", (int64_t)account->looked),
				log_int("written", (int64_t)account->written),
				log_int("lines", (int64_t)(account->scrubbed + account->sealed))));
	if (!account->words[0])
		return;
	a->failed = true;
	if (strcmp(a->said, account->words) == 0)
		return;
	(void)snprintf(a->said, sizeof(a->said), "%s", account->words);
	log_error(log, "Who was erased cannot be taken out of the archive; tried again.",
		LOG_FIELDS(log_str("why", account->words)));
}

/* What is new is archived first, so that it may take its time. */
static void carry_out(struct archivist *a)
{
	const struct program *p = &a->tool->tool.program;
	_cleanup_(archive_dir_release) struct archive_dir d = {.path = NULL};
	const struct archive_orders_ask ask = {.program = p,
		.redis = a->writer.redis,
		.coder = a->writer.coder,
		.dir = &d,
		.within_ms = a->tool->settings.scrub_ms,
		.archives = true,
		.all_here = a->tool->settings.all_here};
	struct archive_orders_account account;

	a->left = a->failed = false;
	if (open_directory(a, &d) != 0)
		return;
	a->trouble = archive_orders_carry_out(&ask, &account) != 0 || a->trouble;
	a->left = account.left;
	tell_orders(a, &account);
}

/* All partitions. The files are looked through first where it is not known which of them count. */
static void do_round(struct archivist *a)
{
	const struct program *p = &a->tool->tool.program;
	bool was_trouble = a->trouble;

	a->trouble = false;
	if (!all_ready(a, p->dataset.partitions))
		adopt(a, p->dataset.partitions);
	archive_all(a, p->dataset.partitions);
	if (all_ready(a, p->dataset.partitions) && !is_over(p))
		carry_out(a);
	if (a->trouble || is_over(p))
		return;
	a->told = 0;
	if (!a->failed)
		a->said[0] = '\0';
	if (was_trouble)
		log_info(&p->log, "The archive goes on.", NULL);
}

static int rounds(struct archivist *a)
{
	const struct archive_settings *s = &a->tool->settings;
	struct program *p = &a->tool->tool.program;

	while (!is_over(p)) {
		if (!redis_is_up(a->writer.redis)) {
			wait(a, AWAY_MS);
			continue;
		}
		do_round(a);
		if (a->left && !a->trouble)
			continue;
		if (s->once)
			return p->finished		 ? p->status
			       : a->trouble || a->failed ? STATUS_FOUND
							 : STATUS_DONE;
		wait(a, a->trouble ? int64_min(s->every_ms, RETRY_MS) : s->every_ms);
	}
	return p->status;
}

/* ---- beginning -------------------------------------------------------------------------- */

static int prepare(struct archivist *a)
{
	struct archive_writer *w = &a->writer;
	struct program *p = w->program;
	struct redis_options options;
	int r = archive_coder_new(&w->coder);

	if (r == 0)
		r = rules_new(&w->no_rules);
	if (r == 0)
		r = event_decoder_new(&w->no_rules->fields, p->identity, &w->decoder);
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	redis_options_init(&options);
	if (program_connect(p, &options, &w->redis))
		return p->status;
	if (a->tool->settings.once && program_await(p, ONCE_AWAIT_MS))
		return p->status;
	return STATUS_DONE;
}

static void archivist_release(struct archivist *a)
{
	timer_stop(&a->pause);
	archive_coder_free(a->writer.coder);
	event_decoder_free(a->writer.decoder);
	rules_free(a->writer.no_rules);
	arena_release(&a->writer.arena);
	if (a->lock >= 0)
		close(a->lock);
}

int archive_run(struct archive_tool *t)
{
	_cleanup_(archivist_release) struct archivist a = {
		.tool = t,
		.lock = -1,
		.writer = {.program = &t->tool.program,
			.directory = t->directory,
			.segment_bytes = t->settings.segment,
			.keep_ms = t->settings.keep_ms,
			.moved = t->settings.moved},
	};
	struct program *p = &t->tool.program;
	int status;

	timer_init(&a.pause, p->loop, on_nothing, NULL);
	if (!t->directory[0])
		return tool_say(p, STATUS_USAGE,
			"say where: `directory` under [archive], or --directory DIR.");
	if (!p->common.log_level[0])
		p->log.level = LEVEL_INFO;
	arena_init(&a.writer.arena);
	status = prepare(&a);
	return status == STATUS_DONE ? rounds(&a) : status;
}
