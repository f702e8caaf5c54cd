/* SPDX-License-Identifier: MIT */
#include "archive_tool.h"

#include "base/instant.h"
#include "cells.h"
#include "cli.h"
#include "store/keys.h"

#define ROW(MEMBER) offsetof(struct archive_settings, MEMBER)

/* The log is never kept for less: as long as duplicates are recognised, and an hour. */
#define KEEP_MIN_MS ((SEEN_HOURS + 1) * MS_HOUR)

static const struct setting settings[] = {
	{"archive", "directory", "directory", SETTING_TEXT, ROW(directory), NULL, 0, DATA_PATH_MAX,
		"DIR", "where the files are"},
	{"archive", "every", "every", SETTING_DURATION, ROW(every_ms), "1h", 100, MS_DAY, "SPAN",
		"run: how often what was applied is written"},
	{"archive", "keep", "keep", SETTING_DURATION, ROW(keep_ms), "30d", KEEP_MIN_MS,
		DURATION_MAX_MS, "SPAN",
		"run: how long the log in Redis is kept although it is archived"},
	{"archive", "segment", "segment", SETTING_SIZE, ROW(segment), "64M", 4096, INT64_C(4) << 30,
		"SIZE", "run: bytes of a file's lines at most"},
	{"archive", "scrub", "scrub", SETTING_DURATION, ROW(scrub_ms), "1m", 1, MS_DAY, "SPAN",
		"run: how long in one go files are written anew for who was erased"},
	{"archive", "all_here", "all-here", SETTING_BOOL, ROW(all_here), NULL, 0, 0, NULL,
		"run, scrub: files that are missing here are nowhere any more"},
	{NULL, "once", "once", SETTING_BOOL, ROW(once), NULL, 0, 0, NULL,
		"run: write what there is, then end"},
	{NULL, "moved", "moved", SETTING_BOOL, ROW(moved), NULL, 0, 0, NULL,
		"run: go on in this directory although the files of before are in another"},
	{NULL, "offline", "offline", SETTING_BOOL, ROW(offline), NULL, 0, 0, NULL,
		"check: without Redis, so without the keys: files and lines only"},
	{NULL, "customer", "customer", SETTING_TEXT, ROW(customer), NULL, 0, CUSTOMER_MAX, "KEY",
		"cat: only what is about this customer, under all of their names"},
	{NULL, "exact", "exact", SETTING_BOOL, ROW(exact), NULL, 0, 0, NULL,
		"cat: of --customer only what came under that very key"},
	{NULL, "from", "from", SETTING_TEXT, ROW(from), NULL, 0, 0, "INSTANT",
		"cat: only what was received from here on"},
	{NULL, "to", "to", SETTING_TEXT, ROW(to), NULL, 0, 0, "INSTANT",
		"cat: only what was received before"},
	{NULL, "bare", "bare", SETTING_BOOL, ROW(bare), NULL, 0, 0, NULL,
		"cat: only the events, as they were accepted, for `waymark import`"},
	TOOL_DATA_ROW(struct archive_settings),
};

static const struct program_spec spec = {
	.name = "archive",
	.operands = "run, or list|check|cat|scrub [DIR]",
	.min_operands = 1,
	.max_operands = 2,
	.about =
		"run: writes what was applied into files, each customer's lines sealed with a key\n"
		"of their own, and takes what is old off the log.\n"
		"list: shows the days. check: looks whether all of it is there and whole, and "
		"ends\n"
		"with 1 if not. cat: prints entries as they were, in the order of their receipt.\n"
		"scrub: takes those who were erased out of others' lines, as run does, in files\n"
		"that run does not write to.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

int archive_open_own(const struct tool *t, const char *path, struct archive_dir *d)
{
	const struct program *p = &t->program;
	int r = archive_dir_open(d, path);

	if (r == ARCHIVE_DIR_NONE)
		return tool_say(p, STATUS_FOUND,
			"there is no archive in %s; --archive= goes on without.", path);
	if (r == ARCHIVE_DIR_WRONG)
		return tool_say(p, STATUS_FOUND,
			"the archive in %s is of another version of Waymark.", path);
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "%s cannot be read: %s.", path, strerror(-r));
	if (strcmp(d->dataset, p->dataset.id) != 0)
		return tool_say(
			p, STATUS_FOUND, "the archive is of another data set than Redis holds.");
	return STATUS_DONE;
}

int archive_tool_open(struct archive_tool *t, struct archive_dir *d)
{
	const struct program *p = &t->tool.program;
	int r;

	if (!t->directory[0])
		return tool_say(p, STATUS_USAGE,
			"say which archive: `directory` under [archive], or --directory DIR.");
	r = archive_dir_open(d, t->directory);
	if (r == 0)
		return STATUS_DONE;
	if (r == ARCHIVE_DIR_NONE)
		return tool_say(p, STATUS_FOUND, "there is no archive in %s.", t->directory);
	if (r == ARCHIVE_DIR_WRONG)
		return tool_say(p, STATUS_FOUND,
			"the archive in %s is of another version of Waymark.", t->directory);
	return tool_say(p, STATUS_FOUND, "%s cannot be read: %s.", t->directory, strerror(-r));
}

/* ---- list ------------------------------------------------------------------------------- */

struct day {
	struct span name; /* `2026-11-22` */
	uint64_t files, bytes;
};

static int by_day(const void *a, const void *b)
{
	const struct archive_file *x = a, *y = b;
	int c = strncmp(x->name, y->name, 13);

	return c != 0 ? c : x->partition < y->partition ? -1 : x->partition > y->partition;
}

static void print_day(const struct archive_tool *t, const struct cells *c, const struct day *day)
{
	if (t->tool.program.common.json) {
		printf("{\"day\":\"%.*s\",\"files\":%llu,\"bytes\":%llu}\n", (int)day->name.len,
			day->name.ptr, (unsigned long long)day->files,
			(unsigned long long)day->bytes);
		return;
	}
	cell(c, day->name, 12, PLAIN);
	cell_number(c, day->files, 8);
	cell_number(c, day->bytes, 16);
	cells_end(c);
}

static int list(struct archive_tool *t)
{
	_cleanup_(archive_dir_release) struct archive_dir d = {.path = NULL};
	struct cells cells;
	struct day day = {.files = 0};
	int status = archive_tool_open(t, &d);

	if (status != STATUS_DONE)
		return status;
	cells_init(&cells, stdout);
	if (!t->tool.program.common.json) {
		cell(&cells, SPAN_LIT("DAY"), 12, BOLD);
		cell(&cells, SPAN_LIT("   FILES"), 8, BOLD);
		cell(&cells, SPAN_LIT("           BYTES"), 0, BOLD);
		cells_end(&cells);
	}
	if (d.n > 1)
		qsort(d.files, d.n, sizeof(*d.files), by_day);
	for (size_t i = 0; i < d.n; i++) {
		struct span name = span_of(d.files[i].name + 3, 10);

		if (day.files > 0 && !span_equal(name, day.name)) {
			print_day(t, &cells, &day);
			day.files = day.bytes = 0;
		}
		day.name = name;
		day.files++;
		day.bytes += d.files[i].size;
	}
	if (day.files > 0)
		print_day(t, &cells, &day);
	return STATUS_DONE;
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct archive_tool *t);
} verbs[] = {{"run", archive_run}, {"list", list}, {"check", archive_check}, {"cat", archive_cat},
	{"scrub", archive_scrub}};

static void archive_release(struct archive_tool *t)
{
	tool_release(&t->tool);
}

int archive_main(int argc, char **argv)
{
	_cleanup_(archive_release) struct archive_tool t = {.directory = ""};
	struct program *p = &t.tool.program;

	(void)argc;
	if (tool_init(&t.tool, &spec, &t.settings, argv))
		return p->status;
	t.directory = t.settings.directory;
	if (p->n_operands > 1)
		t.directory = p->operands[1];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(p->operands[0], verbs[i].name) == 0)
			return verbs[i].run(&t);
	return tool_say(
		p, STATUS_USAGE, "%s is none of run, list, check, cat and scrub.", p->operands[0]);
}
