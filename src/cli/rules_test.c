/* SPDX-License-Identifier: MIT */
#include "rules_test.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "cells.h"
#include "counted.h"
#include "io/file.h"
#include "io/loop.h"
#include "program/rule_set.h"
#include "progress.h"
#include "scenario.h"
#include "tool.h"

#define DEPTH_MAX 16

struct testing {
	const struct rules_test *options;
	struct arena arena;
	const char **files;
	size_t n_files, cap_files;
	struct cells cells;
	size_t n_failed;
};

/* ---- finding them -------------------------------------------------------------------------- */

static int add_file(struct testing *t, const char *path)
{
	struct span copy = arena_copy(&t->arena, span_str(path));

	if (t->n_files == t->cap_files) {
		size_t cap = t->cap_files ? 2 * t->cap_files : 64;
		const char **grown = realloc(t->files, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->files = grown;
		t->cap_files = cap;
	}
	if (!copy.ptr)
		return -ENOMEM;
	t->files[t->n_files++] = copy.ptr;
	return 0;
}

/* Rules and policies may lie between the scenarios; they are known by what they must have. */
static bool is_scenario(const char *path)
{
	static const char *const others[] = {"arm", "calendar", "stage_changed", "policy"};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span s;

	if (file_read(path, SCENARIO_FILE_MAX, &text) != 0)
		return true; /* which will be said of it */
	s = buf_span(&text);
	if (json_member(s, "events").type != JSON_TYPE_ABSENT)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (json_member(s, others[i]).type != JSON_TYPE_ABSENT)
			return false;
	for (; s.len > 0 && strchr(" \t\r\n", s.ptr[0]); s = span_of(s.ptr + 1, s.len - 1))
		;
	return s.len == 0 || s.ptr[0] != '['; /* a list is one of rules */
}

static int add_directory(struct testing *t, const char *path, unsigned depth);

static int add_entry(struct testing *t, const char *directory, const char *name, unsigned depth)
{
	char path[PATH_MAX];
	size_t len = strlen(name);
	struct stat st;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? add_directory(t, path, depth + 1) : -ELOOP;
	if (len < 6 || strcmp(name + len - 5, ".json") != 0 || !is_scenario(path))
		return 0;
	return add_file(t, path);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct testing *t, const char *path, unsigned depth)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_visible, by_name);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_entry(t, path, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int find_files(struct testing *t)
{
	const struct rules_test *o = t->options;

	for (size_t i = 0; i < o->n_paths; i++) {
		struct stat st;
		int r = stat(o->paths[i], &st) < 0 ? -errno : 0;

		if (r == 0)
			r = S_ISDIR(st.st_mode) ? add_directory(t, o->paths[i], 0)
						: add_file(t, o->paths[i]);
		if (r < 0)
			return tool_say(
				o->program, STATUS_USAGE, "%s: %s", o->paths[i], strerror(-r));
	}
	if (t->n_files == 0)
		return tool_say(o->program, STATUS_USAGE,
			"there is no scenario in %s: a scenario is a .json file with \"events\" "
			"and \"jobs\"",
			o->paths[0]);
	return 0;
}

/* ---- running them -------------------------------------------------------------------------- */

/* What one scenario came to. */
struct verdict {
	struct scenario scenario;
	struct buf problems;
	struct scenario_outcome outcome;
	bool ran;
};

static void verdict_release(struct verdict *v)
{
	if (v->ran)
		scenario_outcome_release(&v->outcome);
	scenario_release(&v->scenario);
	buf_release(&v->problems);
}

/* The same events in another order must come to the same. */
static int run_shuffled(struct verdict *v)
{
	const struct scenario *s = &v->scenario;

	for (uint32_t run = 1; run <= s->runs && v->problems.len == 0; run++) {
		_cleanup_(scenario_outcome_release) struct scenario_outcome o;
		_cleanup_(buf_release) struct buf found = BUF_INIT;
		int r = scenario_run(s, run, false, &o);

		if (r == 0)
			r = scenario_check(s, &o, false, &found);
		if (r < 0)
			return r;
		if (found.len > 0) {
			buf_printf(&v->problems, "shuffled, run %u of %u: ", run, s->runs);
			buf_add_span(&v->problems, buf_span(&found));
		}
	}
	return 0;
}

static int judge(struct testing *t, const char *file, struct verdict *v)
{
	const struct rules_test *o = t->options;
	int r = scenario_read(file, o->rules, &v->scenario);

	buf_init(&v->problems);
	v->ran = false;
	if (r < 0)
		return r;
	if (v->scenario.trouble[0]) {
		buf_printf(&v->problems, "%s\n", v->scenario.trouble);
		return 0;
	}
	if (v->scenario.was_refused)
		return 0;
	v->ran = true;
	r = scenario_run(&v->scenario, 0, o->explain, &v->outcome);
	if (r == 0)
		r = scenario_check(&v->scenario, &v->outcome, true, &v->problems);
	return r == 0 ? run_shuffled(v) : r;
}

/* ---- saying it ----------------------------------------------------------------------------- */

static void print_json(const char *file, const struct verdict *v)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct span rest = buf_span(&v->problems);

	buf_add_str(&out, "{\"file\":");
	json_escape(span_str(file), &out);
	buf_add_str(&out, ",\"about\":");
	json_escape(v->scenario.about, &out);
	buf_printf(&out, ",\"passed\":%s,\"problems\":[", rest.len ? "false" : "true");
	for (bool more = false; rest.len > 0; more = true) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

		buf_add_str(&out, more ? "," : "");
		json_escape(span_of(rest.ptr, len), &out);
		rest = span_of(rest.ptr + len + (end ? 1 : 0), rest.len - len - (end ? 1 : 0));
	}
	buf_add_str(&out, "],\"jobs\":[");
	for (size_t i = 0; v->ran && i < v->outcome.n_jobs; i++) {
		buf_add_str(&out, i ? "," : "");
		buf_add_span(&out, v->outcome.jobs[i]);
	}
	buf_add_str(&out, "],\"decisions\":[");
	for (size_t i = 0; v->ran && i < v->outcome.n_decisions; i++) {
		buf_add_str(&out, i ? "," : "");
		buf_add_span(&out, v->outcome.decisions[i]);
	}
	buf_add_str(&out, "]}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

/* Lines of S, each behind INDENT; what came from files is shown as text and nothing else. */
static void print_lines(const struct cells *c, struct span s, const char *indent)
{
	while (s.len > 0) {
		const char *end = memchr(s.ptr, '\n', s.len);
		size_t len = end ? (size_t)(end - s.ptr) : s.len;

		(void)fputs(indent, stdout);
		cell(c, span_of(s.ptr, len), 0, PLAIN);
		cells_end(c);
		s = span_of(s.ptr + len + (end ? 1 : 0), s.len - len - (end ? 1 : 0));
	}
}

static void print_row(struct testing *t, const char *file, const struct verdict *v)
{
	const struct cells *c = &t->cells;
	bool failed = v->problems.len > 0;

	cell(c, failed ? SPAN_LIT("✗") : SPAN_LIT("✓"), 1, failed ? RED : GREEN);
	cell(c, span_str(file), 0, failed ? BOLD : PLAIN);
	cells_end(c);
	if ((failed || t->options->explain) && v->scenario.about.len) {
		(void)fputs("    ", stdout);
		cell(c, v->scenario.about, 0, DIM);
		cells_end(c);
	}
	if (v->ran)
		print_lines(c, buf_span(&v->outcome.trace), "");
	print_lines(c, buf_span(&v->problems), failed ? "  → " : "");
}

static int test_file(struct testing *t, const char *file)
{
	_cleanup_(verdict_release) struct verdict v = {.ran = false};
	int r = judge(t, file, &v);

	if (r < 0)
		return tool_say(t->options->program, STATUS_FOUND, "%s: %s", file, strerror(-r));
	t->n_failed += v.problems.len > 0;
	if (t->options->program->common.json)
		print_json(file, &v);
	else
		print_row(t, file, &v);
	return 0;
}

static int test_all(struct testing *t)
{
	struct progress progress;
	int status = find_files(t);

	cells_init(&t->cells, stdout);
	/* On a terminal the rows themselves show how far it is. */
	progress_init(&progress, t->options->program->common.json, t->n_files, "scenarios",
		io_mono_now());
	for (size_t i = 0; i < t->n_files && status == 0; i++) {
		status = test_file(t, t->files[i]);
		progress_update(&progress, i + 1, i + 1, io_mono_now());
	}
	progress_end(&progress);
	if (status != 0)
		return status;
	if (!t->options->program->common.json)
		printf("\n%zu of %llu scenario%s %s as expected.\n", t->n_files - t->n_failed,
			COUNT(t->n_files),
			t->n_files == 1 || t->n_files - t->n_failed == 1 ? "is" : "are");
	return t->n_failed ? STATUS_FOUND : STATUS_DONE;
}

int rules_test(const struct rules_test *options)
{
	struct testing t = {.options = options};
	int status;

	arena_init(&t.arena);
	status = test_all(&t);
	free(t.files);
	arena_release(&t.arena);
	return status;
}
