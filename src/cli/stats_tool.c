/* SPDX-License-Identifier: MIT */
/* `waymark stats`: what was done today, what there is of jobs, and how far each partition is. */
#include "base/instant.h"
#include "cells.h"
#include "cli.h"
#include "figures.h"

struct stats_settings {
	const char *data;
};

static const struct setting settings[] = {TOOL_DATA_ROW(struct stats_settings)};

static const struct program_spec spec = {
	.name = "stats",
	.about =
		"Shows the counters of today (UTC, by the clock of the log), how many jobs of "
		"each\n"
		"class are in each state, and where each partition stands: what was applied last,\n"
		"and how long the oldest event waits.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
	.any_identity = true,
};

struct stats {
	struct tool tool;
	struct redis *redis;
	int64_t now;
	struct figures today;
	struct job_figures jobs;
	struct partition_figures *partitions;
	uint32_t n;
};

static int read_all(struct stats *s)
{
	s->n = s->tool.program.dataset.partitions;
	s->partitions = calloc(s->n, sizeof(*s->partitions));
	if (!s->partitions || server_time(&s->tool, s->redis, &s->now) < 0 ||
		figures_read(&s->tool, s->redis, s->now / MS_DAY, 1, &s->today) < 0 ||
		jobs_read(&s->tool, s->redis, &s->jobs) < 0)
		return -1;
	for (uint32_t p = 0; p < s->n; p++)
		if (partition_read(&s->tool, s->redis, p, &s->partitions[p]) < 0)
			return -1;
	return 0;
}

static int64_t archive_lag_ms(const struct stats *s, const struct partition_figures *f)
{
	return f->unarchived_at == TIME_NEVER ? 0 : int64_max(s->now - f->unarchived_at, 0);
}

static int64_t waiting_ms(const struct stats *s, const struct partition_figures *f)
{
	return f->oldest_at == TIME_NEVER ? 0 : int64_max(s->now - f->oldest_at, 0);
}

/* The end of a partition's object. */
static void print_archive_json(const struct stats *s, const struct partition_figures *f)
{
	char archived[LOG_ID_SIZE];

	log_id_format(f->archived, archived);
	if (f->has_archive)
		printf(",\"archived\":\"%s\",\"archived_entries\":%llu,"
		       "\"archived_bytes\":%llu,\"archive_lag_ms\":%lld,\"archive_stuck\":%s",
			archived, (unsigned long long)f->archived_lines,
			(unsigned long long)f->archived_bytes, (long long)archive_lag_ms(s, f),
			f->archive_trouble[0] ? "true" : "false");
	printf("}");
}

static void print_json(const struct stats *s)
{
	char time[INSTANT_SIZE], clock[INSTANT_SIZE], applied[LOG_ID_SIZE], last[LOG_ID_SIZE];

	instant_format(s->now, time);
	printf("{\"at\":\"%s\",\"today\":{", time);
	for (int c = 0; c < COUNTER_COUNT; c++) {
		struct span name = counter_name((enum counter)c);

		printf("\"%.*s\":%llu,", (int)name.len, name.ptr,
			(unsigned long long)s->today.counters[c]);
	}
	printf("\"late_cancel_after_send\":%llu},\"quarantined_by\":[",
		(unsigned long long)s->today.late);
	for (size_t i = 0; i < s->today.n_bad; i++)
		printf("%s{\"source\":\"%s\",\"reason\":\"%s\",\"n\":%llu}", i ? "," : "",
			s->today.bad[i].source, s->today.bad[i].reason,
			(unsigned long long)s->today.bad[i].n);
	printf("],\"jobs\":[");
	for (size_t i = 0; i < s->jobs.n; i++)
		printf("%s{\"class\":\"%s\",\"state\":\"%s\",\"n\":%llu}", i ? "," : "",
			s->jobs.list[i].class, s->jobs.list[i].state,
			(unsigned long long)s->jobs.list[i].n);
	printf("],\"partitions\":[");
	for (uint32_t p = 0; p < s->n; p++) {
		const struct partition_figures *f = &s->partitions[p];

		log_id_format(f->applied, applied);
		log_id_format(f->last, last);
		instant_format(f->clock, clock);
		printf("%s{\"partition\":%u,\"applied\":\"%s\",\"last\":\"%s\",\"entries\":%llu,"
		       "\"waiting_ms\":%lld,\"clock\":\"%s\",\"epoch\":%llu,\"owned\":%s,"
		       "\"quarantined\":%llu",
			p ? "," : "", p, applied, last, (unsigned long long)f->length,
			(long long)waiting_ms(s, f), clock, (unsigned long long)f->epoch,
			f->leased ? "true" : "false", (unsigned long long)f->bad);
		print_archive_json(s, f);
	}
	printf("]}\n");
}

static void print_partition(const struct stats *s, const struct cells *c, uint32_t p)
{
	const struct partition_figures *f = &s->partitions[p];
	int64_t waits = waiting_ms(s, f);
	char applied[LOG_ID_SIZE], clock[INSTANT_SIZE], wait[DURATION_SIZE];

	log_id_format(f->applied, applied);
	instant_format(f->clock, clock);
	duration_format(waits < MS_MINUTE ? waits : waits - waits % MS_SECOND, wait);
	cell_number(c, p, 3);
	cell(c, f->leased ? SPAN_LIT("yes") : SPAN_LIT("no"), 5, f->leased ? GREEN : RED);
	cell_number(c, f->epoch, 5);
	cell_number(c, f->length, 10);
	cell(c, span_str(applied), 22, PLAIN);
	cell(c, span_str(clock), 24, DIM);
	cell(c, waits ? span_str(wait) : SPAN_LIT("-"), 12, waits > MS_MINUTE ? YELLOW : PLAIN);
	cell_number(c, f->bad, 5);
	cells_end(c);
}

static void print_jobs(const struct stats *s, const struct cells *c)
{
	if (s->jobs.n == 0)
		return;
	(void)fputs("\n", stdout);
	cell(c, SPAN_LIT("JOBS OF CLASS"), 24, BOLD);
	cell(c, SPAN_LIT("STATE"), 10, BOLD);
	cell(c, SPAN_LIT("   N"), 0, BOLD);
	cells_end(c);
	for (size_t i = 0; i < s->jobs.n; i++) {
		cell(c, span_str(s->jobs.list[i].class), 24, PLAIN);
		cell(c, span_str(s->jobs.list[i].state), 10, PLAIN);
		cell_number(c, s->jobs.list[i].n, 4);
		cells_end(c);
	}
}

/* One line over all partitions, if somebody writes an archive. */
static void print_archive(const struct stats *s)
{
	uint64_t lines = 0, bytes = 0;
	int64_t lag = 0;
	char text[DURATION_SIZE];
	bool any = false, stuck = false;

	for (uint32_t p = 0; p < s->n; p++) {
		const struct partition_figures *f = &s->partitions[p];

		any = any || f->has_archive;
		stuck = stuck || f->archive_trouble[0];
		lines += f->archived_lines;
		bytes += f->archived_bytes;
		lag = int64_max(lag, archive_lag_ms(s, f));
	}
	if (!any)
		return;
	duration_format(lag - lag % MS_SECOND, text);
	printf("\nArchive: %llu entries in %llu bytes; the oldest that is not in it waits %s%s\n",
		(unsigned long long)lines, (unsigned long long)bytes, lag ? text : "0s",
		stuck ? "; IT STANDS STILL (waymark doctor)" : "");
}

static void print_text(struct stats *s)
{
	struct cells cells;
	const struct cells *c = &cells;

	cells_init(&cells, stdout);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		cell(c, counter_name((enum counter)i), 24, PLAIN);
		cell_number(c, s->today.counters[i], 12);
		cells_end(c);
	}
	cell(c, SPAN_LIT("late_cancel_after_send"), 24, PLAIN);
	cell_number(c, s->today.late, 12);
	cells_end(c);
	for (size_t i = 0; i < s->today.n_bad; i++) {
		const struct bad_figure *b = &s->today.bad[i];
		const char *name =
			tool_text(&s->tool.program, "quarantined: %s, %s", b->source, b->reason);

		cell(c, span_str(name ? name : ""), 24, YELLOW);
		cell_number(c, b->n, 12);
		cells_end(c);
	}
	print_jobs(s, c);
	(void)fputs("\n", stdout);
	cell(c, SPAN_LIT("  P"), 3, BOLD);
	cell(c, SPAN_LIT("OWNED"), 5, BOLD);
	cell(c, SPAN_LIT("EPOCH"), 5, BOLD);
	cell(c, SPAN_LIT("   ENTRIES"), 10, BOLD);
	cell(c, SPAN_LIT("APPLIED UP TO"), 22, BOLD);
	cell(c, SPAN_LIT("CLOCK"), 24, BOLD);
	cell(c, SPAN_LIT("OLDEST WAITS"), 12, BOLD);
	cell(c, SPAN_LIT("  BAD"), 0, BOLD);
	cells_end(c);
	for (uint32_t p = 0; p < s->n; p++)
		print_partition(s, c, p);
	print_archive(s);
}

static void stats_release(struct stats *s)
{
	tool_release(&s->tool);
	free(s->partitions);
}

int stats_main(int argc, char **argv)
{
	_cleanup_(stats_release) struct stats s = {.n = 0};
	struct stats_settings unused;

	(void)argc;
	if (tool_init(&s.tool, &spec, &unused, argv) || tool_connect(&s.tool, &s.redis))
		return s.tool.program.status;
	if (read_all(&s) < 0)
		return STATUS_FOUND;
	if (s.tool.program.common.json)
		print_json(&s);
	else
		print_text(&s);
	return STATUS_DONE;
}
