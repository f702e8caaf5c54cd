/* SPDX-License-Identifier: MIT */
/*
 * A payload through a mapping: read it, ask for its topic, run the rules that take the topic over
 * it or its items, write an event for each.
 *
 * The budget. Every scope is walked once for each item, and items lie beside each other in the
 * payload, so an honest preset looks at each byte some times per rule. A path into the whole
 * payload from inside its items could look at it a million times: the bytes that are looked at are
 * counted, and the run ends when they are out of proportion.
 */
#include "mapping_eval.h"

#include "codec/envelope.h"

#define WORK_BASE   ((size_t)1 << 20)
#define WORK_FACTOR 16 /* looks at each byte, and 4 more for each rule */
#define TOPIC_SHOWN 64 /* bytes of a topic in a fault */
#define NO_RULE	    SIZE_MAX

static const struct {
	const char *name, *text;
} fault_rows[] = {
#define X(ID, NAME, TEXT) [MAPPING_##ID] = {NAME, TEXT},
	MAPPING_FAULTS(X)
#undef X
};

const char *mapping_fault_name(enum mapping_fault_code code)
{
	return fault_rows[code].name;
}

const char *mapping_fault_text(enum mapping_fault_code code)
{
	return fault_rows[code].text;
}

/* What has come out so far. */
struct output {
	struct mapping_result result;
	size_t cap_events, cap_faults;
	size_t bytes; /* of all events */
};

/* Room for one more in an array of N items; NULL when out of memory. */
static void *room(struct mapping_run *g, void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 8;
	char *larger;

	if (n < *cap)
		return array;
	larger = arena_calloc(g->arena, more, size);
	if (!larger) {
		g->error = -ENOMEM;
		return array;
	}
	if (n > 0)
		memcpy(larger, array, n * size);
	*cap = more;
	return larger;
}

/* What one event is made of. */
struct source {
	size_t rule;
	struct span original;
};

/* DETAIL may be empty. */
static void add_fault(struct mapping_run *g, struct output *o, enum mapping_fault_code code,
	const struct source *from, struct span detail)
{
	struct mapping_result *res = &o->result;
	struct span words;

	buf_reset(&g->temp);
	buf_add_str(&g->temp, mapping_fault_text(code));
	if (detail.len)
		buf_printf(&g->temp, ": %.*s", (int)detail.len, detail.ptr);
	if (from->rule != NO_RULE)
		buf_printf(&g->temp, " (events/%zu)", from->rule);
	words = buf_failed(&g->temp) < 0 ? SPAN_EMPTY : arena_copy(g->arena, buf_span(&g->temp));
	res->faults = room(g, res->faults, res->n_faults, &o->cap_faults, sizeof(*res->faults));
	if (!words.ptr)
		g->error = -ENOMEM;
	if (!g->error)
		res->faults[res->n_faults++] =
			(struct mapping_fault){code, words, from->original, from->rule};
}

/* A fault of the payload as a whole. */
static void fault_of_all(
	struct mapping_run *g, struct output *o, enum mapping_fault_code code, struct span detail)
{
	const struct source all = {NO_RULE, g->input->body};

	add_fault(g, o, code, &all, detail);
}

/* The event in g->out. */
static void keep_event(
	struct mapping_run *g, struct output *o, struct span original, struct span message_id)
{
	struct mapping_result *res = &o->result;
	struct mapping_event e = {.original = original};

	e.json = arena_copy(g->arena, buf_span(&g->out));
	e.message_id = arena_copy(g->arena, message_id);
	res->events = room(g, res->events, res->n_events, &o->cap_events, sizeof(*res->events));
	if (!e.json.ptr || !e.message_id.ptr)
		g->error = -ENOMEM;
	if (g->error)
		return;
	o->bytes += e.json.len;
	res->events[res->n_events++] = e;
}

/* What g->here stands for becomes an event, or a fault. False: enough of this payload. */
static bool make_event(struct mapping_run *g, struct output *o, const struct source *from)
{
	const struct mapping_rule *rule = &g->m->rules[from->rule];
	struct span message_id = SPAN_EMPTY;

	if (!mapping_holds(g, rule->cond) && !g->failed)
		return !g->error;
	if (o->result.n_events + o->result.n_faults >= g->events) {
		fault_of_all(g, o, MAPPING_TOO_MANY, SPAN_EMPTY);
		return false;
	}
	if (!mapping_stopped(g))
		message_id = mapping_write_event(g, rule, from->original);
	if (!mapping_stopped(g) && o->bytes + g->out.len > MAPPING_OUTPUT_MAX)
		mapping_fail(g, MAPPING_TOO_MUCH);
	if (g->error)
		return false;
	if (g->failed && g->fault == MAPPING_TOO_MUCH) {
		fault_of_all(g, o, MAPPING_TOO_MUCH, SPAN_EMPTY);
		return false;
	}
	if (g->failed)
		add_fault(g, o, g->fault, from, SPAN_EMPTY);
	else
		keep_event(g, o, from->original, message_id);
	g->failed = false;
	return !g->error;
}

/* ---- rules --------------------------------------------------------------------------------- */

static bool any_glob(const struct mapping *m, uint32_t first, uint32_t n, struct span topic)
{
	for (uint32_t i = 0; i < n; i++)
		if (mapping_glob(m->children[first + i].name, topic))
			return true;
	return false;
}

static bool takes_topic(const struct mapping_run *g, size_t number)
{
	const struct mapping_rule *rule = &g->m->rules[number];

	return rule->n_on == 0 || any_glob(g->m, rule->first_on, rule->n_on, g->topic);
}

/* How many rules from FIRST on go through the same items, all of them together. */
static size_t rules_together(const struct mapping *m, size_t first)
{
	size_t n = 1;

	while (m->rules[first].has_each && first + n < m->n_rules && m->rules[first + n].has_each &&
		m->rules[first + n].scope == m->rules[first].scope)
		n++;
	return n;
}

/* The rules of NUMBERS over an item after the other, so that events have the sender's order. */
static bool run_items(struct mapping_run *g, struct output *o, const uint16_t *numbers, size_t n)
{
	const struct mapping_rule *rule = &g->m->rules[numbers[0]];
	struct mapping_value list = mapping_eval(g, rule->each);
	_cleanup_(arena_release) struct arena frames;
	struct mapping_items it;
	bool go_on = true;

	/* The frame outlives the scratch of an event. */
	arena_init(&frames);
	mapping_items_init(g, &it, &list, rule->scope);
	if (g->error)
		return false;
	it.frame.values = arena_alloc(
		&frames, (g->m->scopes[rule->scope].n_slots + 1U) * sizeof(*it.frame.values));
	if (!it.frame.values)
		g->error = -ENOMEM;
	g->here = &it.frame;
	while (go_on && mapping_items_next(g, &it)) {
		for (size_t i = 0; i < n && go_on; i++) {
			const struct source from = {numbers[i], it.frame.base.raw};

			go_on = make_event(g, o, &from);
		}
		mapping_scratch_reset(g);
	}
	return go_on;
}

/* N rules from FIRST on; whether one of them takes the topic. */
static bool run_some(struct mapping_run *g, struct output *o, size_t first, size_t n, bool *go_on)
{
	uint16_t numbers[MAPPING_RULES_MAX];
	const struct source from = {first, g->input->body};
	size_t taken = 0;

	for (size_t i = first; i < first + n; i++)
		if (takes_topic(g, i))
			numbers[taken++] = (uint16_t)i;
	if (taken == 0)
		return false;
	g->here = &g->root;
	if (g->m->rules[first].has_each)
		*go_on = run_items(g, o, numbers, taken);
	else
		*go_on = make_event(g, o, &from);
	mapping_scratch_reset(g);
	return true;
}

static void run_rules(struct mapping_run *g, struct output *o)
{
	const struct mapping *m = g->m;
	char quoted[TOPIC_SHOWN + 3];
	bool known = false, go_on = true;

	for (size_t i = 0, n; i < m->n_rules && go_on; i += n) {
		n = rules_together(m, i);
		known = run_some(g, o, i, n, &go_on) || known;
	}
	/* What ended the run between two events. */
	if (g->failed && go_on)
		fault_of_all(g, o, g->fault, SPAN_EMPTY);
	if (known)
		return;
	struct span topic = mapping_clean(g, g->topic);
	size_t n = topic.len < TOPIC_SHOWN ? topic.len : TOPIC_SHOWN;
	while (n < topic.len && n > 0 && ((unsigned char)topic.ptr[n] & 0xc0) == 0x80)
		n--;
	(void)snprintf(quoted, sizeof(quoted), "`%.*s`", (int)n, topic.ptr ? topic.ptr : "");
	/* What people read is one line, whatever the sender calls a topic. */
	for (char *p = quoted; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fault_of_all(g, o, MAPPING_UNKNOWN_TOPIC, span_str(quoted));
}

/* ---- the payload --------------------------------------------------------------------------- */

/* Reads TEXT with SCOPE. False with a fault if it is not JSON. */
static bool read_json(struct mapping_run *g, struct output *o, struct span text, size_t scope,
	struct mapping_frame *frame)
{
	struct json_cursor c;
	char detail[160];

	frame->values =
		arena_alloc(g->arena, (g->m->scopes[scope].n_slots + 1U) * sizeof(*frame->values));
	if (!frame->values) {
		g->error = -ENOMEM;
		return false;
	}
	json_cursor_init(&c, text);
	if (mapping_scope_read(g->m, scope, &c, frame) != 0 || json_finish(&c) != 0) {
		struct json_place at = json_place(text, c.fault.offset);

		(void)snprintf(detail, sizeof(detail), "%s, line %zu, column %zu",
			json_fault_text(c.fault.code), at.line, at.column);
		fault_of_all(g, o, MAPPING_NOT_JSON, span_str(detail));
		return false;
	}
	frame->stamp = ++g->stamps;
	g->dirty = g->dirty || c.text.code != JSON_SOUND;
	return true;
}

/* The body as JSON text. */
static bool read_body(struct mapping_run *g, struct output *o, struct span *ret_text)
{
	const struct mapping *m = g->m;
	_cleanup_(buf_release) struct buf json = BUF_INIT;

	*ret_text = g->input->body;
	if (!m->form || (m->json && !g->input->form))
		return true;
	if (mapping_form(g->input->body, &json) == MAPPING_FORM_TOO_MANY) {
		fault_of_all(g, o, MAPPING_TOO_MANY_FIELDS, SPAN_EMPTY);
		return false;
	}
	*ret_text = buf_failed(&json) < 0 ? SPAN_EMPTY : arena_copy(g->arena, buf_span(&json));
	if (!ret_text->ptr)
		g->error = -ENOMEM;
	return !g->error;
}

/* What is inside, if that is how it came. */
static bool unwrap(struct mapping_run *g, struct output *o, struct span *text)
{
	struct mapping_value inner;
	struct span found;

	if (!read_json(g, o, *text, MAPPING_SCOPE_ENVELOPE, &g->envelope))
		return false;
	g->here = &g->envelope;
	if (!mapping_holds(g, g->m->unwrap_if))
		return !mapping_stopped(g);
	inner = mapping_eval(g, g->m->unwrap);
	if (!mapping_text_of(g, &inner, &found)) {
		if (!mapping_stopped(g))
			fault_of_all(g, o, MAPPING_NOT_JSON,
				SPAN_LIT("there is no text where it should be wrapped"));
		return false;
	}
	/* It must outlive the scratch. */
	*text = arena_copy(g->arena, found);
	if (!text->ptr)
		g->error = -ENOMEM;
	return !g->error;
}

static bool read_payload(struct mapping_run *g, struct output *o)
{
	struct span text;

	if (!read_body(g, o, &text))
		return false;
	if (g->m->has_unwrap && !unwrap(g, o, &text))
		return false;
	if (!read_json(g, o, text, MAPPING_SCOPE_ROOT, &g->root))
		return false;
	g->here = &g->root;
	return true;
}

static void run_all(struct mapping_run *g, struct output *o)
{
	struct mapping_value topic;
	struct span text;

	g->parsed = arena_calloc(g->arena, g->m->n_documents + 1, sizeof(*g->parsed));
	if (!g->parsed) {
		g->error = -ENOMEM;
		return;
	}
	if (!read_payload(g, o)) {
		if (g->failed)
			fault_of_all(g, o, g->fault, SPAN_EMPTY);
		return;
	}
	topic = mapping_eval(g, g->m->topic);
	if (mapping_text_of(g, &topic, &text))
		g->topic = arena_copy(g->arena, text);
	if (mapping_stopped(g)) {
		fault_of_all(g, o, g->fault, SPAN_EMPTY);
		return;
	}
	o->result.topic = g->topic;
	o->result.ignored = any_glob(g->m, g->m->first_ignore, g->m->n_ignore, g->topic);
	if (!o->result.ignored)
		run_rules(g, o);
}

static size_t or_default(size_t n, size_t fallback)
{
	return n ? n : fallback;
}

static void run_init(struct mapping_run *g)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	size_t looks = WORK_FACTOR + 4 * g->m->n_rules;

	g->event_bytes = or_default(g->input->event_bytes, limits.item_bytes);
	g->depth = or_default(g->input->depth, limits.depth);
	g->events = or_default(g->input->events, limits.items);
	/* Bodies are some megabytes: far from any overflow. */
	g->work_max = WORK_BASE + g->input->body.len * looks;
	g->topic = SPAN_LIT("");
	instant_format(g->input->received_at, g->received);
	arena_init(&g->scratch);
}

static void run_release(struct mapping_run *g)
{
	arena_release(&g->scratch);
	buf_release(&g->out);
	buf_release(&g->temp);
}

int mapping_run(const struct mapping *m, const struct mapping_input *input, struct arena *arena,
	struct mapping_result *ret_result)
{
	_cleanup_(run_release) struct mapping_run g = {.m = m, .input = input, .arena = arena};
	struct output o = {.bytes = 0};

	run_init(&g);
	run_all(&g, &o);
	if (g.error)
		return g.error;
	*ret_result = o.result;
	return 0;
}
