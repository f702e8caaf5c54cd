/* SPDX-License-Identifier: MIT */
#include "codec/logic_json.h"

#include "json_tree.h"
#include "rule_logic.h"

#define DEPTH_MAX 64

static int read_value(
	const struct json_value *v, struct arena *arena, size_t depth, struct logic_value *ret);

/* The text of a string, in the arena: a program outlives the file it was read from. */
static struct span copy_text(const struct json_value *v, struct arena *arena)
{
	struct span text = json_text(v, arena);

	return text.ptr ? arena_copy(arena, text) : text;
}

static int read_items(
	const struct json_value *v, struct arena *arena, size_t depth, struct logic_value *ret)
{
	bool object = v->type == JSON_TYPE_OBJECT;
	size_t n = json_count(v, SIZE_MAX);
	struct logic_value *items = arena_calloc(arena, n ? n : 1, sizeof(*items));
	struct span *names = arena_calloc(arena, n ? n : 1, sizeof(*names));
	struct json_value key, item;
	struct json_cursor c;
	int r = items && names ? 0 : -ENOMEM;

	json_cursor_init(&c, v->raw);
	(void)(object ? json_object_open(&c) : json_array_open(&c));
	for (size_t i = 0; i < n && r == 0; i++) {
		(void)(object ? json_object_key(&c, &key) : json_array_next(&c));
		if (object)
			names[i] = copy_text(&key, arena);
		if (object && !names[i].ptr)
			return -ENOMEM;
		(void)json_value(&c, &item);
		r = read_value(&item, arena, depth + 1, &items[i]);
	}
	*ret = (struct logic_value){.type = object ? LOGIC_OBJECT : LOGIC_ARRAY,
		.n = n,
		.items = items,
		.names = names};
	return r;
}

static int read_value(
	const struct json_value *v, struct arena *arena, size_t depth, struct logic_value *ret)
{
	static const enum logic_type types[] = {
		[JSON_TYPE_ABSENT] = LOGIC_NULL,
		[JSON_TYPE_NULL] = LOGIC_NULL,
		[JSON_TYPE_FALSE] = LOGIC_FALSE,
		[JSON_TYPE_TRUE] = LOGIC_TRUE,
		[JSON_TYPE_NUMBER] = LOGIC_NUMBER,
		[JSON_TYPE_STRING] = LOGIC_STRING,
	};

	if (v->type == JSON_TYPE_ARRAY || v->type == JSON_TYPE_OBJECT)
		return depth == DEPTH_MAX ? LOGIC_BAD : read_items(v, arena, depth, ret);
	*ret = (struct logic_value){.type = types[v->type]};
	if (v->type == JSON_TYPE_NUMBER && !logic_parse_number(v->raw, &ret->number))
		return LOGIC_BAD;
	if (v->type == JSON_TYPE_STRING) {
		ret->text = copy_text(v, arena);
		if (!ret->text.ptr)
			return -ENOMEM;
	}
	return 0;
}

int logic_value_of(const struct json_value *v, struct arena *arena, struct logic_value *ret_value)
{
	return read_value(v, arena, 0, ret_value);
}

int logic_value_read(struct span json, struct arena *arena, struct logic_value *ret_value)
{
	struct json_cursor c;
	struct json_value v;
	struct json_fault fault;

	if (!json_valid(json, &fault))
		return LOGIC_BAD;
	json_cursor_init(&c, json);
	(void)json_value(&c, &v);
	return read_value(&v, arena, 0, ret_value);
}

static void reader_freep(struct rule_reader **r)
{
	free(*r);
}

int logic_compile(struct span json, struct arena *arena, struct file_problems *problems,
	struct logic *ret_program)
{
	_cleanup_(reader_freep) struct rule_reader *r = calloc(1, sizeof(*r));
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct file_place place = {.parent = NULL};
	struct json_cursor c;
	struct json_fault fault;
	bool ok;

	*problems = (struct file_problems){.n = 0};
	if (!r || rules_new(&rules) < 0)
		return -ENOMEM;
	r->rules = rules;
	r->problems = problems;
	r->file = "";
	r->text = json;
	if (!json_valid(json, &fault)) {
		rule_problem_add(r, NULL, "this is not JSON: %s", json_fault_text(fault.code));
		return LOGIC_BAD;
	}
	json_cursor_init(&c, json);
	(void)json_value(&c, &place.value);
	ok = logic_read(r, &place, LOGIC_FREE, arena, ret_program);
	if (r->oom)
		return -ENOMEM;
	return ok ? 0 : LOGIC_BAD;
}
