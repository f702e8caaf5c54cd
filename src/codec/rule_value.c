/* SPDX-License-Identifier: MIT */
/* The simple values of a rule: text, numbers, lengths of time, words of a list, fields. */
#include "rule_reader.h"

#include "base/instant.h"
#include "codec/json_path.h"

bool rule_read_text(
	struct rule_reader *r, const struct file_place *p, size_t max, struct span *ret_text)
{
	if (p->value.type != JSON_TYPE_STRING) {
		rule_problem_add(r, p, "this must be text in quotes");
		return false;
	}
	struct span text = json_text(&p->value, &r->rules->arena);

	if (!text.ptr) {
		r->oom = true;
		return false;
	}
	if (text.len == 0 || text.len > max) {
		rule_problem_add(
			r, p, "this must be text of 1 to %zu bytes, not %zu", max, text.len);
		return false;
	}
	*ret_text = rule_copy(r, text);
	return !r->oom;
}

bool rule_read_bool(struct rule_reader *r, const struct file_place *p, bool *ret_bool)
{
	if (p->value.type != JSON_TYPE_TRUE && p->value.type != JSON_TYPE_FALSE) {
		rule_problem_add(r, p, "this must be true or false, without quotes");
		return false;
	}
	*ret_bool = p->value.type == JSON_TYPE_TRUE;
	return true;
}

bool rule_read_count(
	struct rule_reader *r, const struct file_place *p, uint32_t min, uint32_t *ret_n)
{
	uint64_t n;

	if (p->value.type != JSON_TYPE_NUMBER || span_to_u64(p->value.raw, INT32_MAX, &n) != 0 ||
		n < min) {
		rule_problem_add(r, p, "this must be a whole number from %u to %d, without quotes",
			(unsigned)min, INT32_MAX);
		return false;
	}
	*ret_n = (uint32_t)n;
	return true;
}

bool rule_read_duration(struct rule_reader *r, const struct file_place *p,
	const struct rule_duration_limits *limits, int64_t *ret_ms)
{
	char min[DURATION_SIZE], max[DURATION_SIZE];
	struct span text;
	int64_t ms;

	duration_format(limits->min_ms, min);
	duration_format(limits->max_ms, max);
	if (p->value.type == JSON_TYPE_STRING) {
		text = json_content(&p->value);
		if (limits->never && span_is(text, "never")) {
			*ret_ms = TIME_NEVER;
			return true;
		}
		if (duration_parse(text, &ms) == 0 && ms >= limits->min_ms &&
			ms <= limits->max_ms) {
			*ret_ms = ms;
			return true;
		}
	}
	rule_problem_add(r, p,
		"this must be a length of time from %s to %s%s, such as \"90s\", \"4h\", \"1h30m\" "
		"or "
		"\"12d\" (units w d h m s ms)",
		min, max, limits->never ? ", or \"never\"" : "");
	return false;
}

bool rule_read_choice(struct rule_reader *r, const struct file_place *p, const char *const *words,
	size_t *ret_choice)
{
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];
	bool text = p->value.type == JSON_TYPE_STRING;

	for (size_t i = 0; words[i]; i++) {
		if (text && json_is(&p->value, span_str(words[i]))) {
			*ret_choice = i;
			return true;
		}
		file_words_add(&known, "", span_str(words[i]));
	}
	rule_problem_add(r, p, "%s cannot stand here; write one of these in quotes: %s",
		file_quote(text ? json_content(&p->value) : p->value.raw, quote), known.text);
	return false;
}

static bool id_ok(struct span id, size_t max)
{
	if (id.len == 0 || id.len > max)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];
		bool letter = c >= 'a' && c <= 'z';
		bool later = (c >= '0' && c <= '9') || c == '_';

		if (!letter && !(later && i > 0))
			return false;
	}
	return true;
}

bool rule_read_id(
	struct rule_reader *r, const struct file_place *p, size_t max, struct span *ret_id)
{
	/* An id needs no escape, so its content is its text. */
	struct span id = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;

	if (!id_ok(id, max)) {
		rule_problem_add(r, p,
			"this must be an id: small letters, digits and _, a letter first, at most "
			"%zu "
			"characters, in quotes",
			max);
		return false;
	}
	*ret_id = rule_copy(r, id);
	return !r->oom;
}

bool rule_path_ok(struct span path, size_t max)
{
	size_t names = 1;
	bool fresh = true;

	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.ptr[i];

		if (c < 0x20 || c == 0x7f || (c == '.' && fresh))
			return false;
		fresh = c == '.';
		names += fresh;
	}
	/* One name more stands before it in the event: `properties`, or `context` and `traits`. */
	return !fresh && path.len <= max && names + 2 <= JSON_PATH_DEPTH_MAX;
}

bool rule_field_of(
	struct rule_reader *r, const struct file_place *p, struct span path, size_t *ret_field)
{
	static const struct {
		const char *prefix;
		enum field_root root;
	} roots[] = {
		{"traits.", FIELD_ROOT_TRAITS},
		{"context.", FIELD_ROOT_CONTEXT},
		{"", FIELD_ROOT_PROPERTIES},
	};
	size_t i = 0;

	while (!span_starts(path, span_str(roots[i].prefix)))
		i++;
	path.ptr += strlen(roots[i].prefix);
	path.len -= strlen(roots[i].prefix);
	if (!rule_path_ok(path, FIELD_PATH_MAX) || span_is(path, "traits") ||
		span_is(path, "context")) {
		rule_problem_add(r, p,
			"this is not the way to a value of an event; write e.NAME for a property, "
			"e.traits.NAME or e.context.NAME, with a dot between inner names, at most "
			"%d "
			"bytes and %d names",
			FIELD_PATH_MAX, JSON_PATH_DEPTH_MAX - 2);
		return false;
	}
	struct span copy = rule_copy(r, path);

	if (r->oom)
		return false;
	if (field_table_add(&r->rules->fields, roots[i].root, copy, ret_field) != 0) {
		rule_problem_add(r, p,
			"all rules together look at more than %d fields of events; load fewer "
			"rules or "
			"name fewer fields",
			FIELD_MAX);
		return false;
	}
	return true;
}

bool rule_read_field(struct rule_reader *r, const struct file_place *p, size_t *ret_field)
{
	struct span text;
	char quote[FILE_QUOTE_SIZE];

	if (!rule_read_text(r, p, FIELD_PATH_MAX + sizeof("e.context."), &text))
		return false;
	if (!span_starts(text, SPAN_LIT("e."))) {
		rule_problem_add(r, p, "%s does not name a value of the event; write e.NAME",
			file_quote(text, quote));
		return false;
	}
	return rule_field_of(r, p, span_of(text.ptr + 2, text.len - 2), ret_field);
}
