/* SPDX-License-Identifier: MIT */
/*
 * Reading a scenario. A member with a misspelt name would test nothing without anybody noticing, so
 * each must be known; instants are turned into full ones here, so that the engine is shown events
 * as they come from outside.
 */
#include "scenario.h"

#include <stdarg.h>
#include <sys/stat.h>

#include "base/instant.h"
#include "io/file.h"
#include "program/rule_set.h"

#define PLACES_MAX 64

static bool trouble(struct scenario *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool trouble(struct scenario *s, const char *format, ...)
{
	va_list args;

	if (s->trouble[0])
		return false;
	va_start(args, format);
	(void)vsnprintf(s->trouble, sizeof(s->trouble), format, args);
	va_end(args);
	return false;
}

static bool no_memory(struct scenario *s)
{
	return trouble(s, "out of memory");
}

/* ---- members ------------------------------------------------------------------------------- */

static bool known_members(struct scenario *s, struct span object, const char *what,
	const char *const *names, size_t n)
{
	struct json_value key, value;
	struct json_cursor c;

	json_cursor_init(&c, object);
	if (json_object_open(&c) != 0)
		return trouble(s, "%s is not an object", what);
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		size_t i = 0;

		while (i < n && !json_is(&key, span_str(names[i])))
			i++;
		if (i == n)
			return trouble(
				s, "%s has no member %.*s", what, (int)key.raw.len, key.raw.ptr);
	}
	return true;
}

/* The text of a member, with a NUL behind it; ptr NULL if there is none. False: it is no text. */
static bool text_member(
	struct scenario *s, struct span object, const char *name, struct span *ret_text)
{
	struct json_value v = json_member(object, name);

	*ret_text = SPAN_EMPTY;
	if (v.type == JSON_TYPE_ABSENT || v.type == JSON_TYPE_NULL)
		return true;
	if (v.type != JSON_TYPE_STRING)
		return trouble(s, "\"%s\" is not a text: %.*s", name,
			(int)int64_min((int64_t)v.raw.len, 60), v.raw.ptr);
	*ret_text = arena_copy(&s->arena, json_text(&v, &s->arena));
	return ret_text->ptr ? true : no_memory(s);
}

static bool instant_member(
	struct scenario *s, struct span object, const char *name, int64_t *ret_at)
{
	struct span text;

	if (!text_member(s, object, name, &text))
		return false;
	if (text.ptr && json_match_instant(text, s->start_at, ret_at) != 0)
		return trouble(s,
			"\"%s\" is no instant: %s; write +1h30m, counted from \"start\", or "
			"2026-03-02T10:00:00.000Z",
			name, text.ptr);
	return true;
}

static bool number_member(
	struct scenario *s, struct span object, const char *name, uint64_t max, uint64_t *ret_n)
{
	struct json_value v = json_member(object, name);

	if (v.type == JSON_TYPE_ABSENT)
		return true;
	if (v.type != JSON_TYPE_NUMBER || span_to_u64(v.raw, max, ret_n) != 0)
		return trouble(s, "\"%s\" is not a whole number up to %llu", name,
			(unsigned long long)max);
	return true;
}

static bool array_member(
	struct scenario *s, struct span object, const char *name, struct span *ret_raw)
{
	struct json_value v = json_member(object, name);

	*ret_raw = SPAN_EMPTY;
	if (v.type == JSON_TYPE_ABSENT)
		return true;
	if (v.type != JSON_TYPE_ARRAY)
		return trouble(s, "\"%s\" is not a list", name);
	*ret_raw = v.raw;
	return true;
}

/* ---- events -------------------------------------------------------------------------------- */

/*
 * Copies JSON, with strings such as "@+3d" turned into the instant that they mean: what an event
 * promises for a day to come should not have to be reckoned by hand.
 */
static void add_shifted(struct scenario *s, struct span raw, struct buf *out)
{
	const char *at = raw.ptr, *end = raw.ptr + raw.len;

	while (at < end) {
		const char *quote = memchr(at, '"', (size_t)(end - at)), *close;
		int64_t instant;

		if (!quote) {
			buf_add(out, at, (size_t)(end - at));
			return;
		}
		close = quote + 1;
		while (close < end && *close != '"')
			close += *close == '\\' ? 2 : 1;
		buf_add(out, at, (size_t)(quote - at));
		if (close - quote > 3 && quote[1] == '@' && (quote[2] == '+' || quote[2] == '-') &&
			json_match_instant(span_of(quote + 2, (size_t)(close - quote - 2)),
				s->start_at, &instant) == 0) {
			buf_add_char(out, '"');
			buf_add_instant(out, instant);
			buf_add_char(out, '"');
		} else {
			buf_add(out, quote, (size_t)(close - quote) + 1);
		}
		at = close + 1;
	}
}

static void add_member(
	struct scenario *s, struct span spec, const char *from, const char *to, struct buf *out)
{
	struct json_value v = json_member(spec, from);

	if (v.type == JSON_TYPE_ABSENT || v.type == JSON_TYPE_NULL)
		return;
	buf_printf(out, ",\"%s\":", to);
	add_shifted(s, v.raw, out);
}

/* The Segment shape of an event. */
static bool event_line(struct scenario *s, struct span spec, size_t number, int64_t at,
	struct scenario_input *input)
{
	static const char *const members[][2] = {
		{"event", "event"},
		{"name", "name"},
		{"user", "userId"},
		{"anonymous", "anonymousId"},
		{"properties", "properties"},
		{"traits", "traits"},
		{"context", "context"},
	};
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct span type, id;

	if (!text_member(s, spec, "type", &type) || !text_member(s, spec, "id", &id))
		return false;
	buf_add_str(&out, "{\"type\":");
	json_escape(type.ptr ? type : SPAN_LIT("track"), &out);
	buf_add_str(&out, ",\"messageId\":");
	if (id.ptr)
		json_escape(id, &out);
	else
		buf_printf(&out, "\"m-%zu\"", number);
	buf_add_str(&out, ",\"timestamp\":\"");
	buf_add_instant(&out, at);
	buf_add_char(&out, '"');
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		add_member(s, spec, members[i][0], members[i][1], &out);
	buf_add_char(&out, '}');
	if (buf_failed(&out) == 0)
		input->event = arena_copy(&s->arena, buf_span(&out));
	return input->event.ptr ? true : no_memory(s);
}

static bool read_event(
	struct scenario *s, struct span spec, size_t number, struct scenario_input *input)
{
	static const char *const names[] = {"at", "received", "type", "event", "name", "user",
		"anonymous", "properties", "traits", "context", "id", "source", "machine", "about"};
	struct json_value machine = json_member(spec, "machine");
	int64_t at = INT64_MIN;
	char what[32];

	(void)snprintf(what, sizeof(what), "event %zu", number + 1);
	input->received_at = INT64_MIN;
	if (!known_members(s, spec, what, names, ARRAY_SIZE(names)) ||
		!instant_member(s, spec, "at", &at) ||
		!instant_member(s, spec, "received", &input->received_at) ||
		!text_member(s, spec, "source", &input->source))
		return false;
	if (at == INT64_MIN)
		return trouble(s, "%s does not say when it happened (\"at\")", what);
	input->machine = machine.type == JSON_TYPE_TRUE;
	input->moves = input->received_at == INT64_MIN;
	if (input->moves)
		input->received_at = at;
	if (!input->source.ptr)
		input->source = SPAN_LIT("test");
	return event_line(s, spec, number, at, input);
}

static bool read_mark(
	struct scenario *s, struct span spec, size_t number, struct scenario_input *input)
{
	static const char *const names[] = {"watermark", "until", "received", "about"};
	char what[32];

	(void)snprintf(what, sizeof(what), "event %zu", number + 1);
	input->is_mark = true;
	input->until = INT64_MIN;
	if (!known_members(s, spec, what, names, ARRAY_SIZE(names)) ||
		!text_member(s, spec, "watermark", &input->source) ||
		!instant_member(s, spec, "until", &input->until))
		return false;
	input->received_at = input->until;
	if (input->until < 0)
		return trouble(s, "%s, a watermark, does not say \"until\" when", what);
	return instant_member(s, spec, "received", &input->received_at);
}

void scenario_sort(struct scenario_input *inputs, size_t n)
{
	/* By insertion: it must be stable, and files are nearly in order. */
	for (size_t i = 1; i < n; i++) {
		struct scenario_input moved = inputs[i];
		size_t k = i;

		for (; k > 0 && inputs[k - 1].received_at > moved.received_at; k--)
			inputs[k] = inputs[k - 1];
		inputs[k] = moved;
	}
}

/* ---- rules --------------------------------------------------------------------------------- */

struct places {
	struct rule_place list[PLACES_MAX];
	size_t n;
};

/* The directory that PATH lies in, with its slash; empty: it has none. */
static struct span directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_of(path, slash ? (size_t)(slash - path) + 1 : 0);
}

/* A before B, with a NUL behind them; NULL: out of memory. */
static const char *joined(struct scenario *s, struct span a, struct span b)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;

	buf_add_span(&path, a);
	buf_add_span(&path, b);
	return buf_failed(&path) == 0 ? arena_copy(&s->arena, buf_span(&path)).ptr : NULL;
}

/* NAME, from the directory of the scenario. */
static const char *beside(struct scenario *s, struct span name)
{
	bool absolute = name.len > 0 && name.ptr[0] == '/';

	return joined(s, absolute ? SPAN_EMPTY : directory_of(s->file), name);
}

static bool add_place(struct scenario *s, struct places *p, struct rule_place place)
{
	if (p->n == PLACES_MAX)
		return trouble(s, "\"rules\" names more than %d files", PLACES_MAX);
	if (!place.path)
		return no_memory(s);
	p->list[p->n++] = place;
	return true;
}

static bool is_file(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The policy that stands beside a file of rules counts for it, as it would in its directory. */
static bool add_policy_beside(struct scenario *s, struct places *p, const char *rule_path)
{
	const char *path = joined(s, directory_of(rule_path), SPAN_LIT(RULE_POLICY_FILE));

	if (!path)
		return no_memory(s);
	if (!is_file(path))
		return true;
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].path, path) == 0)
			return true;
	return add_place(s, p, (struct rule_place){.path = path});
}

static bool add_path(struct scenario *s, struct places *p, const char *path, bool own_policy)
{
	if (!add_place(s, p, (struct rule_place){.path = path, .no_policy = own_policy}))
		return false;
	return own_policy || !is_file(path) || add_policy_beside(s, p, path);
}

static bool add_rule(
	struct scenario *s, struct places *p, const struct json_value *v, bool own_policy)
{
	if (v->type == JSON_TYPE_OBJECT)
		return add_place(s, p, (struct rule_place){.path = s->file, .text = v->raw});
	if (v->type != JSON_TYPE_STRING)
		return trouble(s, "\"rules\" holds neither a path nor a rule");
	return add_path(s, p, beside(s, json_text(v, &s->arena)), own_policy);
}

/* None are named: those of `--rules`, else the rule that the directory is called after. */
static bool add_default(struct scenario *s, struct places *p, bool own_policy)
{
	struct span directory = directory_of(s->file), name = directory;
	const char *path;

	if (s->fallback)
		return add_path(s, p, s->fallback, own_policy);
	for (size_t i = 0; i + 1 < directory.len; i++)
		if (directory.ptr[i] == '/')
			name = span_of(directory.ptr + i + 1, directory.len - i - 1);
	if (name.len > 0)
		name.len--;
	path = joined(s, name, SPAN_LIT(".json"));
	path = path ? joined(s, SPAN_LIT("../../"), span_str(path)) : NULL;
	path = path ? beside(s, span_str(path)) : NULL;
	if (!path)
		return no_memory(s);
	if (!is_file(path))
		return trouble(s,
			"\"rules\" is missing, and there is no %s: say which rules are "
			"to be tested",
			path);
	return add_path(s, p, path, own_policy);
}

static bool add_policy(struct scenario *s, struct places *p, const struct json_value *v)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span copy;

	if (v->type == JSON_TYPE_STRING)
		return add_path(s, p, beside(s, json_text(v, &s->arena)), true);
	if (v->type == JSON_TYPE_NULL)
		return true;
	if (v->type != JSON_TYPE_OBJECT)
		return trouble(s, "\"policy\" is neither an object nor a path");
	buf_add_str(&text, "{\"policy\":");
	buf_add_span(&text, v->raw);
	buf_add_char(&text, '}');
	copy = arena_copy(&s->arena, buf_span(&text));
	if (!copy.ptr)
		return no_memory(s);
	return add_place(s, p, (struct rule_place){.path = s->file, .text = copy});
}

/* The rules that SPEC names, and the policy: its own, else the scenario's. */
static bool gather_rules(struct scenario *s, struct span spec, struct places *p)
{
	struct json_value given = json_member(spec, "rules");
	struct json_value policy = json_member(spec, "policy");
	struct json_cursor c;
	struct json_value item;
	bool own;

	if (policy.type == JSON_TYPE_ABSENT)
		policy = json_member(s->text, "policy");
	own = policy.type != JSON_TYPE_ABSENT;
	if (given.type == JSON_TYPE_ABSENT && !add_default(s, p, own))
		return false;
	if (given.type != JSON_TYPE_ABSENT && given.type != JSON_TYPE_ARRAY &&
		!add_rule(s, p, &given, own))
		return false;
	json_cursor_init(&c, given.raw);
	if (given.type == JSON_TYPE_ARRAY)
		for (int r = json_array_open(&c); r == 0 && json_array_next(&c) == 0;) {
			r = json_value(&c, &item);
			if (r == 0 && !add_rule(s, p, &item, own))
				return false;
		}
	return !own || add_policy(s, p, &policy);
}

static bool was_refused(struct scenario *s, const struct rule_problems *problems)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	rule_problems_text(problems, &words);
	while (words.len > 0 && words.ptr[words.len - 1] == '\n')
		words.len--;
	buf_add_char(&words, '\0');
	if (buf_failed(&words) < 0)
		return no_memory(s);
	s->was_refused = s->refused && strstr(words.ptr, s->refused);
	if (s->was_refused)
		return true;
	return trouble(
		s, "the rules are refused%s: %s", s->refused ? " with other words" : "", words.ptr);
}

static bool compile(struct scenario *s, const struct places *p, struct rule_problems *problems)
{
	struct rules **set = &s->sets[s->n_sets];
	int r = rule_set_load_places(p->list, p->n, s->zone, problems, set);

	if (r < 0)
		return trouble(s, "the rules cannot be loaded: %s", strerror(-r));
	if (r > 0)
		return was_refused(s, problems);
	s->n_sets++;
	return true;
}

/* Loads what SPEC, an object with "rules", names as the next set. */
static bool load_rules(struct scenario *s, struct span spec)
{
	struct places p = {.n = 0};
	struct rule_problems *problems;
	bool good;

	if (s->n_sets == SCENARIO_SETS_MAX)
		return trouble(s, "the rules change more than %d times", SCENARIO_SETS_MAX - 1);
	if (!gather_rules(s, spec, &p))
		return false;
	problems = malloc(sizeof(*problems));
	if (!problems)
		return no_memory(s);
	good = compile(s, &p, problems);
	free(problems);
	return good;
}

/* ---- inputs -------------------------------------------------------------------------------- */

static bool read_rules(
	struct scenario *s, struct span spec, size_t number, struct scenario_input *input)
{
	static const char *const names[] = {"rules", "policy", "at", "about"};
	char what[32];

	(void)snprintf(what, sizeof(what), "event %zu", number + 1);
	input->received_at = INT64_MIN;
	if (!known_members(s, spec, what, names, ARRAY_SIZE(names)) ||
		!instant_member(s, spec, "at", &input->received_at))
		return false;
	if (input->received_at == INT64_MIN)
		return trouble(s, "%s does not say from when on its rules count (\"at\")", what);
	if (!load_rules(s, spec))
		return false;
	input->rules = s->sets[s->n_sets - 1];
	return true;
}

static bool read_input(
	struct scenario *s, struct span spec, size_t number, struct scenario_input *input)
{
	static const struct {
		const char *name;
		bool (*read)(struct scenario *s, struct span spec, size_t number,
			struct scenario_input *input);
	} kinds[] = {{"watermark", read_mark}, {"rules", read_rules}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (json_member(spec, kinds[i].name).type != JSON_TYPE_ABSENT)
			return kinds[i].read(s, spec, number, input);
	return read_event(s, spec, number, input);
}

static bool read_inputs(struct scenario *s, struct span raw)
{
	struct json_cursor c;
	struct json_value item;
	size_t n = 0;

	json_cursor_init(&c, raw);
	(void)json_array_open(&c);
	while (json_array_next(&c) == 0 && json_value(&c, &item) == 0)
		n++;
	if (n > SCENARIO_INPUTS_MAX)
		return trouble(s, "more than %d events", SCENARIO_INPUTS_MAX);
	s->inputs = arena_calloc(&s->arena, n + 1, sizeof(*s->inputs));
	if (!s->inputs)
		return no_memory(s);
	json_cursor_init(&c, raw);
	(void)json_array_open(&c);
	while (json_array_next(&c) == 0 && json_value(&c, &item) == 0) {
		if (!read_input(s, item.raw, s->n_inputs, &s->inputs[s->n_inputs]))
			return false;
		s->n_inputs++;
	}
	scenario_sort(s->inputs, s->n_inputs);
	return true;
}

/* ---- the file ------------------------------------------------------------------------------ */

static bool read_shuffle(struct scenario *s)
{
	static const char *const names[] = {"runs", "lateness", "seed"};
	struct json_value v = json_member(s->text, "shuffle");
	struct span lateness;
	uint64_t runs = 20;

	s->seed = 1;
	if (v.type == JSON_TYPE_ABSENT)
		return true;
	if (!known_members(s, v.raw, "\"shuffle\"", names, ARRAY_SIZE(names)) ||
		!number_member(s, v.raw, "runs", SCENARIO_RUNS_MAX, &runs) ||
		!number_member(s, v.raw, "seed", UINT32_MAX, &s->seed) ||
		!text_member(s, v.raw, "lateness", &lateness))
		return false;
	if (duration_parse(lateness, &s->lateness_ms) != 0)
		return trouble(s, "\"shuffle\" does not say how late events may come: "
				  "\"lateness\": \"2m\"");
	s->runs = (uint32_t)runs;
	return true;
}

static bool read_expectations(struct scenario *s)
{
	struct json_value none = json_member(s->text, "none");
	struct span refused;

	if (!text_member(s, s->text, "refused", &refused) ||
		!array_member(s, s->text, "jobs", &s->jobs) ||
		!array_member(s, s->text, "decisions", &s->decisions) ||
		!array_member(s, s->text, "never", &s->never) ||
		!array_member(s, s->text, "state", &s->state))
		return false;
	s->refused = refused.ptr;
	if (none.type == JSON_TYPE_TRUE && s->jobs.len > 2)
		return trouble(s, "\"none\" and \"jobs\" contradict each other");
	if (none.type == JSON_TYPE_TRUE)
		s->jobs = SPAN_LIT("[]");
	if (!s->jobs.len && !s->decisions.len && !s->never.len && !s->state.len && !s->refused)
		return trouble(s, "nothing is expected: write \"jobs\", or \"none\": true");
	return true;
}

static bool read_times(struct scenario *s)
{
	struct span start, zone;

	if (!text_member(s, s->text, "start", &start) || !text_member(s, s->text, "zone", &zone))
		return false;
	s->zone = zone.ptr ? zone.ptr : "UTC";
	s->start_at = INT64_C(1772445600000); /* 2026-03-02T10:00:00Z, a Monday */
	if (start.ptr && instant_parse(start, &s->start_at) != 0)
		return trouble(s, "\"start\" is no instant: %s", start.ptr);
	s->until_at = INT64_MIN;
	return instant_member(s, s->text, "until", &s->until_at);
}

static bool read_text(struct scenario *s)
{
	static const char *const names[] = {"$schema", "about", "rules", "policy", "zone", "start",
		"until", "events", "jobs", "none", "decisions", "never", "state", "shuffle",
		"refused"};
	struct json_fault fault;
	struct span events;

	if (!json_valid(s->text, &fault))
		return trouble(s, "line %zu is not JSON: %s",
			json_place(s->text, fault.offset).line, json_fault_text(fault.code));
	if (!known_members(s, s->text, "a scenario", names, ARRAY_SIZE(names)) ||
		!text_member(s, s->text, "about", &s->about) || !read_times(s) ||
		!array_member(s, s->text, "events", &events) || !read_shuffle(s) ||
		!read_expectations(s) || !load_rules(s, s->text))
		return false;
	if (s->was_refused)
		return true;
	if (s->refused)
		return trouble(s, "the rules are taken, and should be refused");
	if (!events.len)
		return trouble(s, "\"events\" is missing");
	return read_inputs(s, events);
}

int scenario_read(const char *file, const char *rules, struct scenario *s)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	memset(s, 0, sizeof(*s));
	arena_init(&s->arena);
	s->file = file;
	s->fallback = rules;
	r = file_read(file, SCENARIO_FILE_MAX, &text);
	if (r != 0) {
		trouble(s, "cannot be read: %s",
			r < 0 ? strerror(-r) : "it is larger than a megabyte");
		return 0;
	}
	s->text = arena_copy(&s->arena, buf_span(&text));
	if (!s->text.ptr)
		return -ENOMEM;
	(void)read_text(s);
	return 0;
}

void scenario_release(struct scenario *s)
{
	for (size_t i = 0; i < s->n_sets; i++)
		s->sets[i] = rules_free(s->sets[i]);
	arena_release(&s->arena);
}
