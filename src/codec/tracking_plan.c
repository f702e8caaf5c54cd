/* SPDX-License-Identifier: MIT */
/* plan.json read, and every event it judges with its schema compiled and ready. */
#include "codec/tracking_plan.h"

#include <stdarg.h>

#include "base/map.h"
#include "codec/event_schema.h"
#include "json_doc.h"

#define PLAN_FILE_MAX	((size_t)256 * 1024)
#define PLAN_VALUES_MAX 8192
#define PLAN_DEPTH_MAX	8

struct plan_event {
	struct span name;
	enum tracking_mode mode;
	struct json_schema *schema;
};

struct tracking_plan {
	struct arena arena;
	struct plan_event *events;
	size_t n_events;
	struct map by_name;
	struct json_schema_work *work;
	struct json_schema_faults faults;
};

static const char *const mode_names[] = {
	[TRACKING_OFF] = "off", [TRACKING_WARN] = "warn", [TRACKING_REFUSE] = "refuse"};

const char *tracking_mode_name(enum tracking_mode mode)
{
	return mode_names[mode];
}

/* ---- reading ------------------------------------------------------------------------------- */

struct plan_reader {
	const struct tracking_plan_source *source;
	struct file_problems *problems;
	struct json_doc doc;
	struct tracking_plan *plan;
	enum tracking_mode fallback;
	/* The plan's own files, then the canonical ones. */
	struct json_schema_source given[TRACKING_PLAN_FILES_MAX + EVENT_SCHEMAS_MAX];
	size_t n_given;
	bool oom;
};

static void reader_free(struct plan_reader **r)
{
	if (*r)
		json_doc_release(&(*r)->doc);
	free(*r);
}

static size_t room_left(const struct file_problems *problems)
{
	return ARRAY_SIZE(problems->list) - problems->n;
}

__attribute__((format(printf, 3, 4))) static void problem(
	struct plan_reader *r, uint32_t value, const char *format, ...)
{
	_cleanup_(buf_release) struct buf pointer = BUF_INIT;
	struct file_problem *p;
	va_list args;

	va_start(args, format);
	p = file_problem_say(r->problems, r->source->file, format, args);
	va_end(args);
	if (!p || value == JSON_NODE_NONE)
		return;
	json_doc_pointer(&r->doc, value, &pointer);
	if (buf_failed(&pointer) == 0)
		file_problem_point(p, buf_span(&pointer));
	p->line = (unsigned)json_place(
		r->source->text, (size_t)(r->doc.nodes[value].raw.ptr - r->source->text.ptr))
			  .line;
}

/* What compiling a schema found goes behind what was found before. */
static void join_problems(struct plan_reader *r, const struct file_problems *found)
{
	for (size_t i = 0; i < found->n; i++) {
		if (room_left(r->problems) > 0)
			r->problems->list[r->problems->n++] = found->list[i];
		else
			r->problems->more++;
	}
	r->problems->more += found->more;
}

static enum tracking_mode read_mode(struct plan_reader *r, uint32_t value)
{
	const struct json_node *node = &r->doc.nodes[value];

	for (size_t i = 0; node->type == JSON_TYPE_STRING && i < ARRAY_SIZE(mode_names); i++)
		if (span_is(node->text, mode_names[i]))
			return (enum tracking_mode)i;
	problem(r, value, "must be \"off\", \"warn\" or \"refuse\"");
	return TRACKING_OFF;
}

static bool read_flag(struct plan_reader *r, uint32_t value)
{
	enum json_type type = r->doc.nodes[value].type;

	if (type != JSON_TYPE_TRUE && type != JSON_TYPE_FALSE)
		problem(r, value, "must be true or false");
	return type == JSON_TYPE_TRUE;
}

/* ---- events -------------------------------------------------------------------------------- */

/* The plan's own name for an event of the vocabulary is the canonical one. */
static struct span canonical(struct span name)
{
	struct span known = vocab_name(vocab_kind(name));

	return known.len ? known : name;
}

static void add_event(struct plan_reader *r, struct span name, enum tracking_mode mode,
	struct json_schema *schema)
{
	struct tracking_plan *p = r->plan;
	struct plan_event *e = &p->events[p->n_events++];

	*e = (struct plan_event){arena_copy(&p->arena, name), mode, schema};
	if (!e->name.ptr || map_put(&p->by_name, e->name, e) < 0)
		r->oom = true;
}

static const struct json_schema_source *find_file(const struct plan_reader *r, struct span name)
{
	for (size_t i = 0; i < r->n_given; i++)
		if (i < r->source->n_schemas && span_equal(r->given[i].uri, name))
			return &r->given[i];
	return NULL;
}

/* The schema of an event: FILE's, or the canonical one if FILE is NULL. */
static struct json_schema *compile(struct plan_reader *r, const struct json_schema_source *file,
	enum event_kind kind, bool formats)
{
	const struct json_schema_options options = {r->given, r->n_given, formats};
	struct file_problems *found = calloc(1, sizeof(*found));
	struct json_schema *schema = NULL;
	int result = -ENOMEM;

	if (found && file)
		result = json_schema_compile(file, &options, found, &schema);
	else if (found)
		result = event_schema_compile(kind, formats, found, &schema);
	if (result == JSON_SCHEMA_BAD)
		join_problems(r, found);
	else if (result < 0)
		r->oom = true;
	free(found);
	return schema;
}

struct plan_entry {
	uint32_t mode, schema, formats;
};

static void find_members(struct plan_reader *r, uint32_t entry, struct plan_entry *ret_entry)
{
	const struct json_doc *d = &r->doc;
	struct plan_entry e = {JSON_NODE_NONE, JSON_NODE_NONE, JSON_NODE_NONE};

	for (uint32_t i = json_doc_first(d, entry); i != JSON_NODE_NONE;
		i = json_doc_next(d, entry, i)) {
		if (span_is(d->nodes[i].key, "mode"))
			e.mode = i;
		else if (span_is(d->nodes[i].key, "schema"))
			e.schema = i;
		else if (span_is(d->nodes[i].key, "formats"))
			e.formats = i;
		else if (!span_is(d->nodes[i].key, "about"))
			problem(r, i, "is not known; an event has mode, schema, formats and about");
	}
	*ret_entry = e;
}

static void read_event(struct plan_reader *r, uint32_t entry)
{
	const struct json_node *node = &r->doc.nodes[entry];
	struct span name = canonical(node->key);
	enum event_kind kind = vocab_kind(node->key);
	const struct json_schema_source *file = NULL;
	enum tracking_mode mode;
	struct plan_entry e;
	bool formats;

	if (node->type != JSON_TYPE_OBJECT) {
		problem(r, entry, "must be an object: {\"mode\": \"warn\"}");
		return;
	}
	find_members(r, entry, &e);
	if (e.mode == JSON_NODE_NONE)
		problem(r, entry, "needs a mode: \"off\", \"warn\" or \"refuse\"");
	mode = e.mode == JSON_NODE_NONE ? TRACKING_OFF : read_mode(r, e.mode);
	formats = e.formats != JSON_NODE_NONE && read_flag(r, e.formats);
	if (e.schema != JSON_NODE_NONE) {
		file = find_file(r, r->doc.nodes[e.schema].text);
		if (!file)
			problem(r, e.schema, "must be the name of a schema file beside plan.json");
	} else if (kind == EVENT_CUSTOM && mode != TRACKING_OFF) {
		problem(r, entry, "is no canonical event: it needs a schema of its own");
	}
	if (map_get(&r->plan->by_name, name))
		problem(r, entry, "this event is in the plan by another name, too");
	else if (r->plan->n_events == TRACKING_PLAN_EVENTS_MAX)
		problem(r, entry, "a plan names at most %d events", TRACKING_PLAN_EVENTS_MAX);
	else if (file || (kind != EVENT_CUSTOM && e.schema == JSON_NODE_NONE))
		add_event(r, name, mode, compile(r, file, kind, formats));
	else
		add_event(r, name, TRACKING_OFF, NULL);
}

static void read_events(struct plan_reader *r, uint32_t events)
{
	if (r->doc.nodes[events].type != JSON_TYPE_OBJECT) {
		problem(r, events, "must be an object of events by their names");
		return;
	}
	for (uint32_t i = json_doc_first(&r->doc, events); i != JSON_NODE_NONE && !r->oom;
		i = json_doc_next(&r->doc, events, i))
		read_event(r, i);
}

/* The canonical events that the plan does not name. */
static void add_others(struct plan_reader *r)
{
	for (unsigned k = EVENT_CUSTOM + 1; k < EVENT_KIND_COUNT && !r->oom; k++) {
		enum event_kind kind = (enum event_kind)k;

		if (!map_get(&r->plan->by_name, vocab_name(kind)) && event_schema_of(kind))
			add_event(r, vocab_name(kind), r->fallback, compile(r, NULL, kind, false));
	}
}

/* ---- the file ------------------------------------------------------------------------------ */

static void read_root(struct plan_reader *r)
{
	const struct json_doc *d = &r->doc;
	uint32_t events = JSON_NODE_NONE;

	if (d->nodes[0].type != JSON_TYPE_OBJECT) {
		problem(r, 0, "a plan is an object with default and events");
		return;
	}
	for (uint32_t i = json_doc_first(d, 0); i != JSON_NODE_NONE; i = json_doc_next(d, 0, i)) {
		if (span_is(d->nodes[i].key, "events"))
			events = i;
		else if (span_is(d->nodes[i].key, "default"))
			r->fallback = read_mode(r, i);
		else if (!span_is(d->nodes[i].key, "about"))
			problem(r, i, "is not known; a plan has default, events and about");
	}
	if (events != JSON_NODE_NONE)
		read_events(r, events);
	if (r->fallback != TRACKING_OFF && r->problems->n == 0)
		add_others(r);
}

static void read_plan(struct plan_reader *r)
{
	static const struct json_doc_limits limits = {
		PLAN_VALUES_MAX, PLAN_DEPTH_MAX, true, JSON_SCHEMA_EXPONENT_MAX};
	struct json_doc_fault fault;
	int result;

	if (r->source->text.len > PLAN_FILE_MAX) {
		problem(r, JSON_NODE_NONE, "a plan has at most %zu bytes", PLAN_FILE_MAX);
		return;
	}
	result = json_doc_read(&r->doc, r->source->text, &limits, &fault);
	if (result < 0)
		r->oom = true;
	else if (result == JSON_DOC_MALFORMED)
		problem(r, JSON_NODE_NONE, "is not JSON: %s (line %zu)",
			json_fault_text(fault.json),
			json_place(r->source->text, fault.offset).line);
	else if (result)
		problem(r, JSON_NODE_NONE,
			"is no plan: too large, too deep, or a key stands twice (line %zu)",
			json_place(r->source->text, fault.offset).line);
	else
		read_root(r);
}

static void give(struct plan_reader *r)
{
	for (size_t i = 0; i < r->source->n_schemas; i++) {
		const struct tracking_plan_file *file = &r->source->schemas[i];
		/* For messages, which want a NUL. */
		struct span name = arena_copy(&r->plan->arena, file->name);

		if (!name.ptr)
			r->oom = true;
		r->given[r->n_given++] =
			(struct json_schema_source){name.ptr, file->name, file->text};
	}
	r->n_given += event_schemas_given(r->given + r->n_given, EVENT_SCHEMAS_MAX);
}

static int new_plan(struct tracking_plan **ret_plan)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x747261636b696e67};
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;
	_cleanup_(tracking_plan_freep) struct tracking_plan *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	arena_init(&p->arena);
	map_init(&p->by_name, seed);
	p->events = calloc(TRACKING_PLAN_EVENTS_MAX + EVENT_KIND_COUNT, sizeof(*p->events));
	if (!p->events || json_schema_work_new(&limits, &p->work) < 0)
		return -ENOMEM;
	*ret_plan = p;
	p = NULL;
	return 0;
}

int tracking_plan_compile(const struct tracking_plan_source *source, struct file_problems *problems,
	struct tracking_plan **ret_plan)
{
	_cleanup_(tracking_plan_freep) struct tracking_plan *plan = NULL;
	_cleanup_(reader_free) struct plan_reader *r = calloc(1, sizeof(*r));

	problems->n = problems->more = 0;
	if (!r)
		return -ENOMEM;
	json_doc_init(&r->doc);
	r->source = source;
	r->problems = problems;
	if (source->n_schemas > TRACKING_PLAN_FILES_MAX) {
		problem(r, JSON_NODE_NONE, "a plan has at most %d schema files",
			TRACKING_PLAN_FILES_MAX);
		return TRACKING_PLAN_BAD;
	}
	if (new_plan(&plan) < 0)
		return -ENOMEM;
	r->plan = plan;
	give(r);
	if (!r->oom)
		read_plan(r);
	if (r->oom)
		return -ENOMEM;
	if (problems->n > 0)
		return TRACKING_PLAN_BAD;
	*ret_plan = plan;
	plan = NULL;
	return 0;
}

struct tracking_plan *tracking_plan_free(struct tracking_plan *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_events; i++)
		(void)json_schema_free(p->events[i].schema);
	free(p->events);
	map_release(&p->by_name);
	(void)json_schema_work_free(p->work);
	arena_release(&p->arena);
	free(p);
	return NULL;
}

void tracking_plan_freep(struct tracking_plan **p)
{
	*p = tracking_plan_free(*p);
}

/* ---- judging ------------------------------------------------------------------------------- */

static struct plan_event *find_event(const struct tracking_plan *p, struct span name)
{
	struct plan_event *e = map_get(&p->by_name, name);
	struct span known;

	if (e || p->n_events == 0)
		return e;
	known = canonical(name);
	return span_equal(known, name) ? NULL : map_get(&p->by_name, known);
}

enum tracking_mode tracking_plan_mode(const struct tracking_plan *p, struct span name)
{
	const struct plan_event *e = find_event(p, name);

	return e ? e->mode : TRACKING_OFF;
}

int tracking_plan_check(struct tracking_plan *p, struct span name, struct span properties,
	struct json_schema_fault *ret_fault, enum tracking_verdict *ret_verdict)
{
	const struct plan_event *e = find_event(p, name);
	int r;

	if (!e || e->mode == TRACKING_OFF) {
		*ret_verdict = TRACKING_VERDICT_NONE;
		return 0;
	}
	/* null counts as missing, as everywhere in an event. */
	if (properties.len == 0 || span_is(properties, "null"))
		properties = SPAN_LIT("{}");
	p->faults.want = 1;
	r = json_schema_check(e->schema, p->work, properties, &p->faults);
	if (r < 0)
		return r;
	if (r > 0)
		*ret_fault = p->faults.list[0];
	if (r == 0)
		*ret_verdict = TRACKING_VERDICT_NONE;
	else
		*ret_verdict =
			e->mode == TRACKING_WARN ? TRACKING_VERDICT_WARN : TRACKING_VERDICT_REFUSE;
	return 0;
}

bool tracking_plan_next(const struct tracking_plan *p, size_t *cursor, struct span *ret_name,
	enum tracking_mode *ret_mode)
{
	while (*cursor < p->n_events) {
		const struct plan_event *e = &p->events[(*cursor)++];

		if (e->mode == TRACKING_OFF)
			continue;
		*ret_name = e->name;
		*ret_mode = e->mode;
		return true;
	}
	return false;
}
