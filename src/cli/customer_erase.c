/* SPDX-License-Identifier: MIT */
/*
 * Erasing a customer from a terminal. What the person is called is said by whoever asks and never
 * by us again: the receipt has no name in it.
 */
#include "customer_tool.h"

#include <sys/random.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"
#include "store/eraser.h"
#include "store/receipt.h"

/* A partition that stands still for so long has no worker. */
#define PATIENCE_MS (30 * MS_SECOND)

struct erase {
	struct tool *tool;
	struct progress progress;
	bool over;
	int result;
	char receipt[RECEIPT_LEN + 1];
	char words[256];
};

static void keep(struct erase *e, const char *receipt, const char *words)
{
	(void)snprintf(e->receipt, sizeof(e->receipt), "%s", receipt);
	(void)snprintf(e->words, sizeof(e->words), "%s", words);
}

static void on_done(void *user, int r, const char *receipt, const char *words)
{
	struct erase *e = user;

	keep(e, receipt, words);
	e->result = r;
	e->over = true;
}

static void on_progress(void *user, const char *unit, uint64_t done, uint64_t total)
{
	struct erase *e = user;
	int64_t now = io_mono_now();

	if (e->progress.unit != unit) {
		progress_end(&e->progress);
		progress_init(&e->progress, !e->tool->program.common.json, total, unit, now);
	}
	progress_update(&e->progress, done, done, now);
}

/* Whose terminal it is. */
static struct span who(const struct customer_ask *ask, char room[32])
{
	if (ask->by && ask->by[0])
		return span_str(ask->by);
	(void)snprintf(room, 32, "tool uid %lu", (unsigned long)getuid());
	return span_str(room);
}

static bool is_sure(const struct customer_ask *ask)
{
	char answer[8] = "";

	if (ask->yes)
		return true;
	if (!isatty(STDIN_FILENO))
		return false;
	(void)fprintf(stderr,
		"This removes all that is held of %.*s, under all of their names, and "
		"cannot be undone.\nType \"erase\" to go on: ",
		(int)ask->customer.len, ask->customer.ptr);
	return fgets(answer, sizeof(answer), stdin) && strncmp(answer, "erase", 5) == 0;
}

/* Prints the receipt. */
static int show(struct tool *t, struct redis *redis, const char *name)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	char key[64];
	struct span args[] = {SPAN_LIT("HGETALL"), SPAN_EMPTY};
	const struct redis_value *reply;

	(void)snprintf(key, sizeof(key), "wm:erasure:%s", name);
	args[1] = span_str(key);
	arena_init(&a);
	reply = tool_ask(t, redis, args, ARRAY_SIZE(args), &a);
	if (!reply)
		return STATUS_FOUND;
	if (receipt_json(span_str(name), reply, &out) != 0)
		return tool_say(&t->program, STATUS_FOUND, "there is no such receipt.");
	if (t->program.common.json)
		printf("%.*s\n", (int)out.len, out.ptr);
	else
		receipt_print(reply, name, stdout);
	return STATUS_DONE;
}

static int say(const struct erase *e, bool lift)
{
	const struct program *p = &e->tool->program;

	if (e->result == ERASER_NOBODY)
		return tool_say(p, STATUS_FOUND,
			lift ? "nobody of that name was erased."
			     : "nothing is known of such a customer.");
	if (e->result == ERASER_STUCK)
		return tool_say(p, STATUS_FOUND, "not finished: %s.", e->words);
	return tool_say(p, STATUS_FOUND, "not finished: %s.", strerror(-e->result));
}

static int run(struct tool *t, struct redis *redis, const struct customer_ask *ask, bool lift)
{
	struct erase e = {.tool = t};
	char room[32];
	struct eraser_options options = {.redis = redis,
		.loop = t->program.loop,
		.partitions = t->program.dataset.partitions,
		.identity = t->program.identity,
		.id = ask->customer,
		.by = who(ask, room),
		.lift = lift,
		.patience_ms = PATIENCE_MS,
		.done = on_done,
		.progress = on_progress,
		.user = &e};
	struct eraser *eraser;
	int r = getrandom(options.random, sizeof(options.random), 0) ==
				(ssize_t)sizeof(options.random)
			? eraser_new(&options, &eraser)
			: -EIO;

	if (r < 0)
		return tool_say(&t->program, STATUS_FOUND, "%s.", strerror(-r));
	while (r == 0 && !e.over && !t->program.stopping)
		r = loop_turn(t->program.loop, true);
	progress_end(&e.progress);
	eraser_free(eraser);
	if (!e.over)
		return tool_say(&t->program, STATUS_FOUND,
			"stopped, not finished; it goes on when it is asked for again.");
	if (e.result == ERASER_ALREADY)
		(void)tool_say(&t->program, 0, "they are erased already.");
	if (e.result != 0 && e.result != ERASER_ALREADY)
		return say(&e, lift);
	return show(t, redis, e.receipt);
}

int customer_erase(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	if (!is_sure(ask))
		return tool_say(&t->program, STATUS_USAGE,
			"nothing was done: it cannot be undone, so say --yes.");
	if (customer_note(t, redis, ask, "erase"))
		return STATUS_FOUND;
	return run(t, redis, ask, false);
}

int customer_unsuppress(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	if (customer_note(t, redis, ask, "unsuppress"))
		return STATUS_FOUND;
	return run(t, redis, ask, true);
}

int customer_receipt(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	if (!receipt_name_is(ask->customer))
		return tool_say(&t->program, STATUS_USAGE, "a receipt's name is %d hex digits.",
			RECEIPT_LEN);
	return show(t, redis, ask->customer.ptr);
}
