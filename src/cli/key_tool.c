/* SPDX-License-Identifier: MIT */
/*
 * `waymark key`: the file of write keys, changed without an editor. A new key is printed once; a
 * revoked source stays in the file, disabled, so that its name keeps its meaning in timelines.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "cells.h"
#include "cli.h"
#include "codec/json_scan.h"
#include "codec/write_keys.h"
#include "ini_edit.h"
#include "io/file.h"
#include "up_place.h"

#define KEYS_MAX ((size_t)1024 * 1024)

struct key_settings {
	const char *data, *keys, *kind, *channel;
};

#define ROW(MEMBER) offsetof(struct key_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "kind", "kind", SETTING_TEXT, ROW(kind), "server", 0, 16, "KIND",
		"add: browser, server, till or hook"},
	{NULL, "channel", "channel", SETTING_TEXT, ROW(channel), NULL, 0, 16, "CHANNEL",
		"add: where its events happen; by kind if left out"},
	{"collector", "keys", "keys", SETTING_TEXT, ROW(keys), NULL, 0, DATA_PATH_MAX, "FILE",
		"the file of keys; else keys.ini in the data directory"},
	TOOL_DATA_ROW(struct key_settings),
};

static const struct program_spec spec = {
	.name = "key",
	.operands = "add NAME | list | revoke NAME",
	.min_operands = 1,
	.max_operands = 2,
	.about = "Write keys: who may send events, as what. A running `waymark up` takes changes\n"
		 "up within a second; a collector on its own does when it gets SIGHUP.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

struct key_tool {
	struct tool tool;
	struct key_settings settings;
	const char *path;
	int lock; /* the directory of the file */
	struct buf text;
	struct write_keys *keys;
};

/* ---- the file ------------------------------------------------------------------------------ */

static int parse(struct key_tool *k, struct span text, struct write_keys **ret_keys)
{
	struct config_fault fault;
	int r = write_keys_parse(text, ret_keys, &fault);

	if (r == 0)
		return 0;
	return tool_say(&k->tool.program, STATUS_FOUND, "%s, line %u: %s", k->path,
		r == CONFIG_BAD ? fault.line : 0, r == CONFIG_BAD ? fault.text : strerror(-r));
}

/* Two who change the file at once would lose one of the changes. */
static int lock_directory(struct key_tool *k)
{
	const char *slash = strrchr(k->path, '/');
	const char *dir =
		slash ? tool_text(&k->tool.program, "%.*s/", (int)(slash - k->path), k->path) : ".";

	k->lock = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (k->lock < 0 || flock(k->lock, LOCK_EX) < 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s: %s", dir ? dir : k->path,
			strerror(errno));
	return 0;
}

static int read_keys(struct key_tool *k)
{
	int r = lock_directory(k);

	if (r != 0)
		return r;
	r = file_read(k->path, KEYS_MAX, &k->text);
	if (r != 0)
		return tool_say(&k->tool.program, STATUS_FOUND,
			"%s: %s. --data or --keys says where the keys are.", k->path,
			r < 0 ? strerror(-r) : "too large");
	return parse(k, buf_span(&k->text), &k->keys);
}

/* Writes CHANGED if the collector would take it. */
static int write_keys(struct key_tool *k, const struct buf *changed)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	int r = buf_failed(changed);

	if (r == 0) {
		r = parse(k, buf_span(changed), &keys);
		if (r != 0)
			return r;
		r = file_write(k->path, buf_span(changed), 0600);
	}
	if (r < 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s: %s", k->path, strerror(-r));
	return 0;
}

/* ---- add, list, revoke --------------------------------------------------------------------- */

static void print_key(const struct key_tool *k, const struct write_key *key, struct span text)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (!k->tool.program.common.json) {
		printf("%.*s\n", (int)text.len, text.ptr);
		(void)fprintf(stderr,
			"The key of %s. It is not shown again; the collector knows it in a "
			"moment.\n",
			key->name);
		return;
	}
	buf_add_str(&out, "{\"name\":");
	json_escape(span_str(key->name), &out);
	buf_add_str(&out, ",\"kind\":");
	json_escape(write_key_kind_name(key->kind), &out);
	buf_add_str(&out, ",\"channel\":");
	json_escape(channel_name(key->channel), &out);
	buf_add_str(&out, ",\"key\":");
	json_escape(text, &out);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static int add(struct key_tool *k, const char *name)
{
	struct program *p = &k->tool.program;
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct write_key *key;
	char secret[KEY_TEXT_SIZE];
	int r;

	if (write_keys_named(k->keys, span_str(name)))
		return tool_say(p, STATUS_FOUND,
			"there is a source named %s already; names of revoked ones are not used "
			"again.",
			name);
	r = random_key(secret);
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "cannot make a key: %s.", strerror(-r));
	buf_add_span(&text, buf_span(&k->text));
	if (text.len && text.ptr[text.len - 1] != '\n')
		buf_add_char(&text, '\n');
	buf_printf(&text, "\n[%s]\nkey = %s\nkind = %s\n", name, secret, k->settings.kind);
	if (k->settings.channel[0])
		buf_printf(&text, "channel = %s\n", k->settings.channel);
	r = write_keys(k, &text);
	if (r == 0)
		r = parse(k, buf_span(&text), &keys);
	key = r == 0 ? write_keys_named(keys, span_str(name)) : NULL;
	if (!key)
		return r ? r : STATUS_FOUND;
	print_key(k, key, span_str(secret));
	return STATUS_DONE;
}

static int disable(struct key_tool *k, const char *name)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	if (!write_keys_named(k->keys, span_str(name)))
		return tool_say(&k->tool.program, STATUS_FOUND,
			"there is no source named %s; `waymark key list` shows them.", name);
	if (ini_set(buf_span(&k->text), span_str(name), SPAN_LIT("enabled"), SPAN_LIT("no"),
		    &text) < 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "out of memory.");
	r = write_keys(k, &text);
	if (r == 0 && !k->tool.program.common.json)
		printf("%s may not send any more.\n", name);
	return r;
}

static void list_json(const struct write_key *key)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_add_str(&out, "{\"name\":");
	json_escape(span_str(key->name), &out);
	buf_add_str(&out, ",\"kind\":");
	json_escape(write_key_kind_name(key->kind), &out);
	buf_add_str(&out, ",\"channel\":");
	json_escape(channel_name(key->channel), &out);
	buf_printf(&out, ",\"enabled\":%s}\n", key->enabled ? "true" : "false");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static int list(struct key_tool *k, const char *name)
{
	struct cells c;

	(void)name;
	cells_init(&c, stdout);
	if (!k->tool.program.common.json) {
		cell(&c, SPAN_LIT("SOURCE"), WRITE_KEY_NAME_MAX, BOLD);
		cell(&c, SPAN_LIT("KIND"), 8, BOLD);
		cell(&c, SPAN_LIT("CHANNEL"), 12, BOLD);
		cell(&c, SPAN_LIT("MAY SEND"), 0, BOLD);
		cells_end(&c);
	}
	for (size_t i = 0; i < k->keys->n; i++) {
		const struct write_key *key = &k->keys->list[i];

		if (k->tool.program.common.json) {
			list_json(key);
			continue;
		}
		cell(&c, span_str(key->name), WRITE_KEY_NAME_MAX, CYAN);
		cell(&c, write_key_kind_name(key->kind), 8, PLAIN);
		cell(&c, channel_name(key->channel), 12, PLAIN);
		cell(&c, key->enabled ? SPAN_LIT("yes") : SPAN_LIT("no"), 0,
			key->enabled ? GREEN : YELLOW);
		cells_end(&c);
	}
	return STATUS_DONE;
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t n_operands;
	int (*run)(struct key_tool *k, const char *name);
} actions[] = {{"add", 2, add}, {"list", 1, list}, {"revoke", 2, disable}};

static void key_release(struct key_tool *k)
{
	if (k->lock >= 0)
		close(k->lock);
	buf_release(&k->text);
	write_keys_free(k->keys);
	tool_release(&k->tool);
}

int key_main(int argc, char **argv)
{
	_cleanup_(key_release) struct key_tool k = {.lock = -1};
	struct program *p = &k.tool.program;
	int r;

	(void)argc;
	if (tool_init(&k.tool, &spec, &k.settings, argv))
		return p->status;
	k.path = k.settings.keys[0] ? k.settings.keys : tool_text(p, "%s/keys.ini", k.tool.data);
	if (!k.path)
		return STATUS_FOUND;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(p->operands[0], actions[i].name) != 0)
			continue;
		if (p->n_operands != actions[i].n_operands)
			return tool_say(p, STATUS_USAGE, "usage: waymark key %s", spec.operands);
		r = read_keys(&k);
		return r ? r : actions[i].run(&k, p->operands[1]);
	}
	return tool_say(p, STATUS_USAGE, "usage: waymark key %s", spec.operands);
}
