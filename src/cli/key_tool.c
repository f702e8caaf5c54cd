/* SPDX-License-Identifier: MIT */
/*
 * `waymark key`: the file of write keys, changed without an editor. A revoked source stays in the
 * file, disabled, so that its name keeps its meaning in timelines.
 */
#include "key_tool.h"

#include <unistd.h>

#include "cli.h"
#include "io/loop.h"

#define ROW(MEMBER)	     offsetof(struct key_settings, MEMBER)
#define TEXT(OPTION, MEMBER) NULL, OPTION, OPTION, SETTING_TEXT, ROW(MEMBER), NULL, 0
#define VALUE_MAX	     4000 /* of any text; the file itself takes less */

static const struct setting settings[] = {
	{TEXT("kind", kind), 16, "KIND", "add: browser, server (if left out), till, kiosk or hook"},
	{TEXT("channel", channel), 16, "CHANNEL",
		"add: where its events happen; by kind if left out"},
	{TEXT("rights", rights), VALUE_MAX, "WORDS",
		"add: any of traits, merge, privileged, or none; by kind if left out"},
	{TEXT("class", class), 16, "CLASS",
		"add: whose devices, and so what may be linked: trusted, browser, household, till "
		"or kiosk; by kind if left out"},
	{TEXT("rate", rate), 16, "N", "add: at most so many events a second; no limit if left out"},
	{TEXT("burst", burst), 16, "N", "add: so many at once; ten seconds' worth if left out"},
	{TEXT("origins", origins), VALUE_MAX, "ORIGINS",
		"add: whose pages may send, such as \"https://shop.example "
		"https://*.shop.example\""},
	{NULL, "credentials", "credentials", SETTING_BOOL, ROW(credentials), NULL, 0, 0, NULL,
		"add: those pages may send cookies"},
	{TEXT("api-host", api_host), VALUE_MAX, "HOST/PATH",
		"add: where the pages' settings say that we are, such as track.shop.example/v1"},
	{TEXT("preset", preset), VALUE_MAX, "NAME", "add: the sender of a hook, such as shopify"},
	{TEXT("mapping", mapping), VALUE_MAX, "FILE",
		"add: a hook's own mapping in the place of a preset"},
	{TEXT("secret-file", secret_file), VALUE_MAX, "FILE",
		"add, rotate: where a hook's secret is; relative to the file of keys"},
	{TEXT("url", url), VALUE_MAX, "URL",
		"add: the public address of a hook, where its sender signs that"},
	{NULL, "keep", "keep", SETTING_DURATION, ROW(keep_ms), "24h", 0, DURATION_MAX_MS, "SPAN",
		"rotate: how long the old key or secret counts; 0: no longer"},
	{"collector", "keys", "keys", SETTING_TEXT, ROW(keys), NULL, 0, DATA_PATH_MAX, "FILE",
		"the file of keys; else keys.ini in the data directory"},
	TOOL_DATA_ROW(struct key_settings),
};

static const struct program_spec spec = {
	.name = "key",
	.operands = "add NAME | list | revoke NAME | rotate NAME",
	.min_operands = 1,
	.max_operands = 2,
	.about = "Sources: who may send events, as what. add and rotate print a key once; revoke\n"
		 "disables a source for good. A running `waymark up` takes changes up within a\n"
		 "second; a collector on its own does when it gets SIGHUP.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static const struct {
	const char *name;
	size_t n_operands;
	int (*run)(struct key_tool *k, const char *name);
} actions[] = {
	{"add", 2, key_tool_add},
	{"list", 1, key_tool_list},
	{"revoke", 2, key_tool_revoke},
	{"rotate", 2, key_tool_rotate},
};

/* Which actions look at an option; NULL: all. */
static const char *actions_of(const struct setting *row)
{
	if (row->section || strcmp(row->option, "data") == 0)
		return NULL;
	if (strcmp(row->option, "keep") == 0)
		return "rotate";
	return strcmp(row->option, "secret-file") == 0 ? "add, rotate" : "add";
}

static bool is_given(const struct key_tool *k, const struct setting *row, bool keep)
{
	const char *value;

	if (row->kind == SETTING_BOOL)
		return k->settings.credentials;
	if (row->kind != SETTING_TEXT)
		return keep;
	memcpy(&value, (const char *)&k->settings + row->offset, sizeof(value));
	return value[0] != '\0';
}

/* An option that the action does not look at was meant for something: 0, or STATUS_USAGE having
 * said so. */
static int judge_options(const struct key_tool *k, const char *action, bool keep)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *those = actions_of(&settings[i]);

		if (those && !strstr(those, action) && is_given(k, &settings[i], keep))
			return tool_say(&k->tool.program, STATUS_USAGE, "--%s is for %s only.",
				settings[i].option, those);
	}
	return 0;
}

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
	bool keep = argc > 1 && settings_peek(argv + 1, "keep") != NULL;
	int r;

	if (tool_init(&k.tool, &spec, &k.settings, argv))
		return p->status;
	k.now = io_wall_now();
	k.path = k.settings.keys[0] ? k.settings.keys : tool_text(p, "%s/keys.ini", k.tool.data);
	if (!k.path)
		return STATUS_FOUND;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(p->operands[0], actions[i].name) != 0)
			continue;
		if (p->n_operands != actions[i].n_operands)
			return tool_say(p, STATUS_USAGE, "usage: waymark key %s", spec.operands);
		r = judge_options(&k, actions[i].name, keep);
		if (r == 0)
			r = key_file_read(&k);
		return r ? r : actions[i].run(&k, p->operands[1]);
	}
	return tool_say(p, STATUS_USAGE, "usage: waymark key %s", spec.operands);
}
