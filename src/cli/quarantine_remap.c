/* SPDX-License-Identifier: MIT */
/*
 * A payload that could not be understood, mapped by what the mapping is today. The head and query
 * that it came with were kept beside it, as far as its mapping asked for them.
 */
#include "codec/config.h"
#include "codec/json_path.h"
#include "codec/json_scan.h"
#include "codec/preset_table.h"
#include "io/file.h"
#include "quarantine.h"

#define KEYS_FILE_MAX ((size_t)1024 * 1024)

/* ---- which mapping ------------------------------------------------------------------------- */

static const char *keys_path(struct quarantine *q)
{
	return q->settings.keys[0] ? q->settings.keys
				   : tool_text(&q->tool.program, "%s/keys.ini", q->tool.data);
}

static int load_keys(struct quarantine *q)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct program *p = &q->tool.program;
	const char *path = keys_path(q);
	struct config_fault fault;
	int r;

	if (q->keys)
		return 0;
	r = path ? file_read(path, KEYS_FILE_MAX, &text) : -ENOMEM;
	if (r != 0)
		return tool_say(p, STATUS_FOUND,
			"%s: %s. --data or --keys says where the sources are.", path ? path : "",
			r < 0 ? strerror(-r) : "too large");
	r = write_keys_parse(buf_span(&text), &q->keys, &fault);
	if (r == CONFIG_BAD)
		return tool_say(p, STATUS_FOUND, "%s, line %u: %s", path, fault.line, fault.text);
	return r ? tool_say(p, STATUS_FOUND, "%s", strerror(-r)) : 0;
}

/* A hook's own mapping lies where its keys lie. */
static int read_mapping(
	struct quarantine *q, const struct write_key *key, struct buf *room, const char **ret_name)
{
	const char *path = keys_path(q), *slash = path ? strrchr(path, '/') : NULL;
	const char *name = key->mapping.ptr;
	int r;

	if (name[0] != '/' && slash)
		name = tool_text(
			&q->tool.program, "%.*s/%s", (int)(slash - path), path, key->mapping.ptr);
	r = name ? file_read(name, MAPPING_FILE_MAX, room) : -ENOMEM;
	*ret_name = name;
	return r == 0 ? 0
		      : tool_say(&q->tool.program, STATUS_FOUND, "%s: %s", name ? name : "",
				r < 0 ? strerror(-r) : "too large");
}

/* The text of the mapping that HOOK names: a source, or `@` and a preset. */
static int find_text(struct quarantine *q, struct span hook, struct buf *room,
	const char **ret_name, struct span *ret_text)
{
	const struct program *p = &q->tool.program;
	const struct preset_file *preset = NULL;
	const struct write_key *key;
	int r;

	if (hook.ptr[0] == '@') {
		preset = preset_find(span_of(hook.ptr + 1, hook.len - 1));
	} else {
		r = load_keys(q);
		if (r != 0)
			return r;
		key = write_keys_named(q->keys, hook);
		if (!key)
			return tool_say(p, STATUS_FOUND,
				"there is no source %.*s any more; it is needed to map its "
				"payload.",
				(int)hook.len, hook.ptr);
		if (key->mapping.len > 0) {
			r = read_mapping(q, key, room, ret_name);
			*ret_text = buf_span(room);
			return r;
		}
		preset = preset_find(key->preset);
	}
	if (!preset)
		return tool_say(
			p, STATUS_FOUND, "%.*s: its preset is unknown.", (int)hook.len, hook.ptr);
	*ret_name = preset->name.ptr;
	*ret_text = preset->text;
	return 0;
}

static int use_mapping(struct quarantine *q, struct span hook)
{
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct file_problems *problems;
	const char *name = NULL;
	struct span text = SPAN_EMPTY;
	int r;

	if (q->mapping && span_equal(q->mapped, hook))
		return 0;
	q->mapping = mapping_free(q->mapping);
	r = find_text(q, hook, &room, &name, &text);
	if (r != 0)
		return r;
	problems = calloc(1, sizeof(*problems));
	r = problems ? mapping_compile(name, text, problems, &q->mapping) : -ENOMEM;
	if (r > 0)
		file_problems_text(problems, &words);
	free(problems);
	if (r != 0)
		return tool_say(&q->tool.program, STATUS_FOUND, "%.*s", r < 0 ? 13 : (int)words.len,
			r < 0 ? "out of memory" : words.ptr);
	q->mapped = arena_copy(&q->names, hook);
	return 0;
}

/* ---- what it came with --------------------------------------------------------------------- */

struct beside {
	struct span request; /* {"form":…,"header":{…},"query":{…}} */
	struct arena *arena;
};

/* The member NAME of the object PART of the request. */
static bool look_up(const struct beside *b, struct span part, struct span name, struct span *ret)
{
	struct json_value key, value;
	struct json_cursor c;

	json_cursor_init(&c, b->request);
	if (json_object_open(&c) != 0)
		return false;
	while (json_object_key(&c, &key) == 0) {
		if (!json_is(&key, part) || json_peek(&c) != JSON_TYPE_OBJECT) {
			if (json_value(&c, &value) != 0)
				return false;
			continue;
		}
		if (json_object_open(&c) != 0)
			return false;
		while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0)
			if (json_is(&key, name) && value.type == JSON_TYPE_STRING) {
				*ret = json_text(&value, b->arena);
				return ret->ptr != NULL;
			}
	}
	return false;
}

static bool look_up_header(void *user, struct span name, struct span *ret_value)
{
	return look_up(user, SPAN_LIT("header"), name, ret_value);
}

static bool look_up_query(void *user, struct span name, struct span *ret_value)
{
	return look_up(user, SPAN_LIT("query"), name, ret_value);
}

static bool was_form(struct span request)
{
	static const char form[] = "{\"form\":true";

	return request.len > sizeof(form) - 1 && memcmp(request.ptr, form, sizeof(form) - 1) == 0;
}

/* ---- again --------------------------------------------------------------------------------- */

/* Was MESSAGE_ID understood at the first try? */
static bool was_kept(struct span kept, struct span message_id)
{
	struct json_value value;
	struct json_cursor c;

	json_cursor_init(&c, kept);
	if (kept.len == 0 || json_array_open(&c) != 0)
		return false;
	while (json_array_next(&c) == 0 && json_value(&c, &value) == 0)
		if (value.type == JSON_TYPE_STRING && json_is(&value, message_id))
			return true;
	return false;
}

int quarantine_remap(struct quarantine *q, const struct bad_entry *e, struct arena *arena,
	struct remapped *ret_remapped)
{
	struct beside beside = {e->request, arena};
	struct remapped made = {.n = 0};
	struct mapping_result result;
	struct log_meta meta;
	struct mapping_input input = {
		.body = e->event,
		.form = was_form(e->request),
		.hook = bad_entry_source(e),
		.header = look_up_header,
		.query = look_up_query,
		.user = &beside,
	};
	int r = use_mapping(q, e->hook);

	if (r != 0)
		return r;
	input.received_at = log_meta_parse(e->meta, &meta) == 0 ? meta.recv_at : (int64_t)e->at.ms;
	r = mapping_run(q->mapping, &input, arena, &result);
	if (r < 0)
		return tool_say(&q->tool.program, STATUS_FOUND, "%s", strerror(-r));
	if (result.n_faults > 0) {
		struct buf words = BUF_INIT;

		buf_add_span(&words, result.faults[0].words);
		buf_add_char(&words, '\0');
		made.why = buf_failed(&words) < 0 ? "out of memory"
						  : arena_copy(arena, buf_span(&words)).ptr;
		buf_release(&words);
	}
	made.events = result.events;
	for (size_t i = 0; i < result.n_events; i++)
		if (!was_kept(e->kept, result.events[i].message_id))
			made.events[made.n++] = result.events[i];
	*ret_remapped = made;
	return 0;
}
