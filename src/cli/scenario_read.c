/* SPDX-License-Identifier: MIT */
/*
 * Reading a scenario. A member with a misspelt name would test nothing without anybody noticing, so
 * each must be known; instants are turned into full ones here, so that the engine is shown events
 * as they come from outside.
 */
#include "scenario_reader.h"

#include "base/instant.h"
#include "codec/job_json.h"
#include "io/file.h"

/* ---- members ------------------------------------------------------------------------------- */

static bool known_members(struct scenario *s, struct span object, const char *what,
	const char *const *names, size_t n)
{
	struct json_value key, value;
	struct json_cursor c;

	json_cursor_init(&c, object);
	if (json_object_open(&c) != 0)
		return scenario_trouble(s, "%s is not an object", what);
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		size_t i = 0;

		while (i < n && !json_is(&key, span_str(names[i])))
			i++;
		if (i == n)
			return scenario_trouble(
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
		return scenario_trouble(s, "\"%s\" is not a text: %.*s", name,
			(int)int64_min((int64_t)v.raw.len, 60), v.raw.ptr);
	*ret_text = arena_copy(&s->arena, json_text(&v, &s->arena));
	return ret_text->ptr ? true : scenario_no_memory(s);
}

static bool instant_member(
	struct scenario *s, struct span object, const char *name, int64_t *ret_at)
{
	struct span text;

	if (!text_member(s, object, name, &text))
		return false;
	if (text.ptr && json_match_instant(text, s->start_at, ret_at) != 0)
		return scenario_trouble(s,
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
		return scenario_trouble(s, "\"%s\" is not a whole number up to %llu", name,
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
		return scenario_trouble(s, "\"%s\" is not a list", name);
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

/* The id of the job that SPEC describes, so that what became of it need not be reckoned by hand. */
static bool job_of(struct scenario *s, struct span spec, struct span user, char ret_id[JOB_ID_SIZE])
{
	static const char *const names[] = {"rule", "key", "step", "episode", "epoch", "customer"};
	uint64_t episode = 1, epoch = 1;
	struct span step, customer;
	struct job_name name = {.rule = SPAN_EMPTY};
	char number[24];

	if (!known_members(s, spec, "\"job\"", names, ARRAY_SIZE(names)) ||
		!text_member(s, spec, "rule", &name.rule) ||
		!text_member(s, spec, "key", &name.key) || !text_member(s, spec, "step", &step) ||
		!text_member(s, spec, "customer", &customer) ||
		!number_member(s, spec, "episode", UINT32_MAX, &episode) ||
		!number_member(s, spec, "epoch", UINT32_MAX, &epoch))
		return false;
	if (!name.rule.ptr || !name.key.ptr)
		return scenario_trouble(s, "a job is named by its \"rule\" and its \"key\"");
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)episode);
	name.epoch = (uint32_t)epoch;
	name.episode = span_str(number);
	name.step = step.ptr ? step : SPAN_LIT("main");
	name.customer = customer.ptr ? customer : user;
	return job_id_of(&name, ret_id) == 0 ? true : scenario_no_memory(s);
}

/* The properties of an event of a job say which. */
static bool add_job(struct scenario *s, struct span spec, struct buf *out)
{
	struct json_value v = json_member(spec, "job");
	struct json_value properties = json_member(spec, "properties");
	char id[JOB_ID_SIZE];
	struct span user;

	if (v.type == JSON_TYPE_ABSENT) {
		add_member(s, spec, "properties", "properties", out);
		return true;
	}
	if (!text_member(s, spec, "user", &user) || !job_of(s, v.raw, user, id))
		return false;
	buf_printf(out, ",\"properties\":{\"job_id\":\"%s\"", id);
	if (properties.type == JSON_TYPE_OBJECT && properties.raw.len > 2) {
		buf_add_char(out, ',');
		add_shifted(s, span_of(properties.raw.ptr + 1, properties.raw.len - 2), out);
	}
	buf_add_char(out, '}');
	return true;
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
	if (!add_job(s, spec, &out))
		return false;
	buf_add_char(&out, '}');
	if (buf_failed(&out) == 0)
		input->event = arena_copy(&s->arena, buf_span(&out));
	return input->event.ptr ? true : scenario_no_memory(s);
}

static bool read_event(
	struct scenario *s, struct span spec, size_t number, struct scenario_input *input)
{
	static const char *const names[] = {"at", "received", "type", "event", "name", "user",
		"anonymous", "properties", "job", "traits", "context", "id", "source", "machine",
		"about"};
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
		return scenario_trouble(s, "%s does not say when it happened (\"at\")", what);
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
		return scenario_trouble(s, "%s, a watermark, does not say \"until\" when", what);
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
		return scenario_trouble(
			s, "%s does not say from when on its rules count (\"at\")", what);
	if (!scenario_load_rules(s, spec))
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
		return scenario_trouble(s, "more than %d events", SCENARIO_INPUTS_MAX);
	s->inputs = arena_calloc(&s->arena, n + 1, sizeof(*s->inputs));
	if (!s->inputs)
		return scenario_no_memory(s);
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
		return scenario_trouble(s, "\"shuffle\" does not say how late events may come: "
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
		return scenario_trouble(s, "\"none\" and \"jobs\" contradict each other");
	if (none.type == JSON_TYPE_TRUE)
		s->jobs = SPAN_LIT("[]");
	if (!s->jobs.len && !s->decisions.len && !s->never.len && !s->state.len && !s->refused)
		return scenario_trouble(
			s, "nothing is expected: write \"jobs\", or \"none\": true");
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
		return scenario_trouble(s, "\"start\" is no instant: %s", start.ptr);
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
		return scenario_trouble(s, "line %zu is not JSON: %s",
			json_place(s->text, fault.offset).line, json_fault_text(fault.code));
	if (!known_members(s, s->text, "a scenario", names, ARRAY_SIZE(names)) ||
		!text_member(s, s->text, "about", &s->about) || !read_times(s) ||
		!array_member(s, s->text, "events", &events) || !read_shuffle(s) ||
		!read_expectations(s) || !scenario_load_rules(s, s->text))
		return false;
	if (s->was_refused)
		return true;
	if (s->refused)
		return scenario_trouble(s, "the rules are taken, and should be refused");
	if (!events.len)
		return scenario_trouble(s, "\"events\" is missing");
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
		scenario_trouble(s, "cannot be read: %s",
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
