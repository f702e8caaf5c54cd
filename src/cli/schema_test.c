/* SPDX-License-Identifier: MIT */
#include "schema_test.h"

#include <sys/stat.h>

#include "cells.h"
#include "codec/envelope.h"
#include "event_file.h"
#include "io/file.h"
#include "program/contract_files.h"
#include "tool.h"

/* ---- loading ------------------------------------------------------------------------------- */

static void problem_json(const struct file_problem *p, struct buf *out)
{
	buf_add_str(out, "{\"file\":");
	json_escape(span_str(p->file), out);
	buf_add_str(out, ",\"pointer\":");
	json_escape(span_str(p->pointer), out);
	buf_printf(out, ",\"line\":%u,\"message\":", p->line);
	json_escape(span_str(p->message), out);
	buf_add_str(out, "}\n");
}

static void print(const struct buf *out)
{
	if (buf_failed(out) == 0 && out->len)
		(void)fwrite(out->ptr, 1, out->len, stdout);
}

/* What loading came to: 0 or the exit status. */
static int loaded(const struct schema_test *t, int result, const struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (result == 0)
		return 0;
	if (result < 0)
		return tool_say(t->program, STATUS_FOUND, "%s", strerror(-result));
	if (!t->program->common.json)
		file_problems_text(problems, &out);
	for (size_t i = 0; t->program->common.json && i < problems->n; i++)
		problem_json(&problems->list[i], &out);
	print(&out);
	return STATUS_FOUND;
}

int schema_test_canonical(struct schema_test *t, const struct event_schema *schema, bool formats)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	int r = -ENOMEM;

	t->kind = vocab_kind(schema->title);
	if (problems && t->kind == EVENT_CUSTOM)
		return tool_say(t->program, STATUS_USAGE,
			"%s holds what the other schemas share; no event is judged by it.",
			schema->file.ptr);
	if (problems)
		r = event_schema_compile(t->kind, formats, problems, &t->schema);
	return loaded(t, r, problems);
}

static bool is_plan(const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');

	if (strcmp(slash ? slash + 1 : path, "plan.json") == 0)
		return true;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int schema_test_load(struct schema_test *t, const char *path, bool formats)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	int r = -ENOMEM;

	if (problems && is_plan(path))
		r = tracking_plan_load(path, problems, &t->plan);
	else if (problems)
		r = json_schema_load(path, formats, problems, &t->schema);
	return loaded(t, r, problems);
}

void schema_test_release(struct schema_test *t)
{
	t->schema = json_schema_free(t->schema);
	t->plan = tracking_plan_free(t->plan);
	t->work = json_schema_work_free(t->work);
}

/* ---- events -------------------------------------------------------------------------------- */

/* What of an event is judged. */
struct part {
	struct span name;    /* canonical where there is one; empty: it is no event */
	struct span raw;     /* empty: the event has none */
	const char *pointer; /* to it */
};

static struct json_value member(struct span object, struct span name)
{
	struct json_value key, value, found = {.type = JSON_TYPE_ABSENT};
	struct json_cursor c;

	json_cursor_init(&c, object);
	if (json_object_open(&c) != 0)
		return found;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0)
		if (json_is(&key, name))
			found = value;
	return found;
}

static bool is_traits(enum event_type type)
{
	return type == EVENT_IDENTIFY || type == EVENT_GROUP;
}

static struct part part_of(struct span value, struct arena *a)
{
	static const enum event_kind kinds[] = {
		[EVENT_IDENTIFY] = EVENT_CUSTOMER_IDENTIFIED,
		[EVENT_PAGE] = EVENT_PAGE_VIEWED,
		[EVENT_SCREEN] = EVENT_SCREEN_VIEWED,
		[EVENT_GROUP] = EVENT_CUSTOMER_GROUPED,
		[EVENT_ALIAS] = EVENT_CUSTOMER_ALIASED,
	};
	struct json_value type = member(value, SPAN_LIT("type"));
	struct part p = {.raw = value, .pointer = ""};
	struct json_value event, body;
	enum event_type known;

	if (type.type != JSON_TYPE_STRING || !envelope_type_of(json_content(&type), &known))
		return p;
	event = member(value, SPAN_LIT("event"));
	if (known == EVENT_TRACK && event.type != JSON_TYPE_STRING)
		return p;
	body = member(value, is_traits(known) ? SPAN_LIT("traits") : SPAN_LIT("properties"));
	p.pointer = is_traits(known) ? "/traits" : "/properties";
	p.raw = body.type == JSON_TYPE_ABSENT ? SPAN_LIT("{}") : body.raw;
	p.name = known == EVENT_TRACK ? json_text(&event, a) : vocab_name(kinds[known]);
	return p;
}

static void say_json(
	const struct schema_test *t, const struct part *p, const struct json_schema_fault *fault)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, pointer = BUF_INIT;

	buf_printf(&pointer, "%s%s", p->pointer, fault->instance);
	buf_add_str(&out, "{\"file\":");
	json_escape(span_str(t->file), &out);
	buf_printf(&out, ",\"line\":%llu,\"event\":", (unsigned long long)t->line);
	json_escape(p->name, &out);
	buf_add_str(&out, ",\"pointer\":");
	json_escape(buf_span(&pointer), &out);
	buf_add_str(&out, ",\"schema\":");
	json_escape(span_str(fault->schema), &out);
	buf_add_str(&out, ",\"message\":");
	json_escape(span_str(fault->message), &out);
	buf_add_str(&out, "}\n");
	print(&out);
}

/* Keys are the sender's: a terminal must be kept from what they hold. */
static void say_text(
	const struct schema_test *t, const struct part *p, const struct json_schema_fault *fault)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct cells c;

	buf_printf(&out, "%s:%llu: ", t->file, (unsigned long long)t->line);
	if (p->pointer[0] || fault->instance[0])
		buf_printf(&out, "%s%s ", p->pointer, fault->instance);
	buf_add_str(&out, fault->message);
	if (fault->schema[0])
		buf_printf(&out, " (%s)", fault->schema);
	cells_init(&c, stdout);
	cell(&c, buf_span(&out), 0, PLAIN);
	cells_end(&c);
}

static void say(
	const struct schema_test *t, const struct part *p, const struct json_schema_fault *fault)
{
	if (t->program->common.json)
		say_json(t, p, fault);
	else
		say_text(t, p, fault);
}

/* ---- judging ------------------------------------------------------------------------------- */

static int judge_by_plan(struct schema_test *t, const struct part *p)
{
	enum tracking_verdict verdict;
	int r;

	if (tracking_plan_mode(t->plan, p->name) == TRACKING_OFF) {
		t->n_other++;
		return 0;
	}
	t->n_judged++;
	r = tracking_plan_check(t->plan, p->name, p->raw, &t->faults.list[0], &verdict);
	if (r < 0 || verdict == TRACKING_VERDICT_NONE)
		return r;
	t->n_bad++;
	say(t, p, &t->faults.list[0]);
	return 0;
}

static int judge_by_schema(struct schema_test *t, const struct part *p)
{
	int r;

	if (p->name.len > 0 && t->kind != EVENT_CUSTOM && vocab_kind(p->name) != t->kind) {
		t->n_other++;
		return 0;
	}
	t->n_judged++;
	t->faults.want = JSON_SCHEMA_FAULTS_MAX;
	r = json_schema_check(t->schema, t->work, p->raw, &t->faults);
	if (r > 0)
		t->n_bad++;
	for (size_t i = 0; r > 0 && i < t->faults.n; i++)
		say(t, p, &t->faults.list[i]);
	return r < 0 ? r : 0;
}

static void say_no_json(struct schema_test *t, const char *words)
{
	const struct part whole = {.pointer = ""};
	struct json_schema_fault *fault = &t->faults.list[0];

	*fault = (struct json_schema_fault){.offset = 0};
	(void)snprintf(fault->message, sizeof(fault->message), "%s", words);
	t->n_judged++;
	t->n_bad++;
	say(t, &whole, fault);
}

static int judge(struct schema_test *t, struct span value)
{
	struct json_fault fault;
	struct arena a;
	struct part p;
	int r;

	if (!json_valid(value, &fault)) {
		say_no_json(t, json_fault_text(fault.code));
		return 0;
	}
	arena_init(&a);
	p = part_of(value, &a);
	r = t->plan ? judge_by_plan(t, &p) : judge_by_schema(t, &p);
	arena_release(&a);
	return r;
}

/* ---- files --------------------------------------------------------------------------------- */

#define VALUE_MAX ((size_t)1 << 20)

/* A file that is one value, perhaps over many lines. False: it is not. */
static bool is_one_value(const char *path, struct buf *text)
{
	struct json_fault fault;

	return strcmp(path, "-") != 0 && file_read(path, VALUE_MAX, text) == 0 &&
	       json_valid(buf_span(text), &fault);
}

static int run_lines(struct schema_test *t, struct event_file *f)
{
	struct span line;
	int r;

	for (;;) {
		r = event_file_next(f, &line);
		t->line = event_file_line(f);
		if (r == EVENT_FILE_END)
			return 0;
		if (r == EVENT_FILE_LONG) {
			say_no_json(t, "the line is longer than a mebibyte");
			continue;
		}
		if (r == 0)
			r = judge(t, line);
		if (r == EVENT_FILE_CORRUPT)
			return tool_say(
				t->program, STATUS_FOUND, "%s: the gzip data is broken.", t->file);
		if (r < 0)
			return tool_say(t->program, STATUS_FOUND, "%s: %s", t->file, strerror(-r));
	}
}

static int run_file(struct schema_test *t)
{
	_cleanup_(event_file_closep) struct event_file *f = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	if (is_one_value(t->file, &text)) {
		t->line = 1;
		r = judge(t, buf_span(&text));
		return r < 0 ? tool_say(t->program, STATUS_FOUND, "%s", strerror(-r)) : 0;
	}
	r = event_file_open(t->file, &f);
	if (r < 0)
		return tool_say(t->program, STATUS_FOUND, "%s: %s", t->file, strerror(-r));
	return run_lines(t, f);
}

int schema_test_run(struct schema_test *t, const char *file)
{
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;
	int r;

	if (json_schema_work_new(&limits, &t->work) < 0)
		return tool_say(t->program, STATUS_FOUND, "out of memory.");
	t->file = file;
	r = run_file(t);
	if (r != 0)
		return r;
	if (!t->program->common.json)
		printf("%llu judged, %llu of them with faults; %llu not judged.\n",
			(unsigned long long)t->n_judged, (unsigned long long)t->n_bad,
			(unsigned long long)t->n_other);
	return t->n_bad > 0 ? STATUS_FOUND : STATUS_DONE;
}
