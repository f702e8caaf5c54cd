/* SPDX-License-Identifier: MIT */
/*
 * What a preset makes of somebody else's payload, before anything is pointed at it.
 */
#include "hook_tool.h"

#include <unistd.h>

#include "cells.h"
#include "cli.h"
#include "codec/envelope.h"
#include "codec/mapping.h"
#include "codec/preset_table.h"
#include "codec/signature.h"
#include "io/file.h"

#define ROW(MEMBER) offsetof(struct hook_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "header", "header", SETTING_TEXT, ROW(header), NULL, 0, 16384, "'NAME: VALUE'",
		"test, verify: a header field that came with it; can be repeated"},
	{NULL, "query", "query", SETTING_TEXT, ROW(query), NULL, 0, 16384, "NAME=VALUE",
		"test, verify: a parameter of the URL, decoded; can be repeated"},
	{NULL, "url", "url", SETTING_TEXT, ROW(url), "", 0, 4096, "URL",
		"verify: what its sender called, with the query; else the hook's url"},
	{NULL, "at", "at", SETTING_TEXT, ROW(at), "", 0, 64, "INSTANT",
		"verify: when it came; else now"},
	{NULL, "cert", "cert", SETTING_TEXT, ROW(cert), "", 0, DATA_PATH_MAX, "FILE",
		"verify: the certificate that Amazon SNS names, which is not fetched"},
	{"collector", "keys", "keys", SETTING_TEXT, ROW(keys), "", 0, DATA_PATH_MAX, "FILE",
		"verify: the file of sources; else keys.ini in the data directory"},
	TOOL_DATA_ROW(struct hook_settings),
};

static const struct program_spec spec = {
	.name = "hook",
	.operands = "list | show PRESET | check FILE | test PRESET|FILE PAYLOAD\n"
		    "       waymark hook [options] verify NAME PAYLOAD",
	.min_operands = 1,
	.max_operands = 3,
	.about = "list: the senders whose webhooks are understood.\n"
		 "show: prints a preset, to be copied and changed.\n"
		 "check: says what is wrong with a preset of your own.\n"
		 "test: shows what a payload (a file, or - for standard input) becomes, and\n"
		 "ends with 1 if some of it is of no use. --json prints the events themselves.\n"
		 "verify: says whether the collector would believe a payload for the hook NAME, "
		 "and\n"
		 "if not, why; then it ends with 1.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

/* ---- options that repeat ------------------------------------------------------------------- */

/* The value of --OPTION at argv[*i], which is then at its last word; NULL if it is another. */
static char *option_value(char **argv, size_t *i, const char *option)
{
	size_t len = strlen(option);
	char *word = argv[*i];

	if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, option, len) != 0)
		return NULL;
	if (word[2 + len] == '=')
		return word + 3 + len;
	if (word[2 + len] != '\0' || !argv[*i + 1])
		return NULL;
	++*i;
	return argv[*i];
}

/* NAME and what stands behind MARK; without one the name alone. */
static struct given split(char *text, char mark)
{
	char *at = strchr(text, mark);
	struct given g = {span_str(text), SPAN_LIT("")};

	if (at) {
		g.name = span_trim(span_of(text, (size_t)(at - text)));
		g.value = span_trim(span_str(at + 1));
	}
	return g;
}

static void lower(char *text, char end)
{
	for (; *text && *text != end; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + 32);
}

/* Takes them out of ARGV. False when out of memory. */
static bool take_given(struct hook_tool *h, int argc, char **argv)
{
	size_t kept = 1, n = (size_t)argc;

	h->headers = calloc(n, sizeof(*h->headers));
	h->queries = calloc(n, sizeof(*h->queries));
	if (!h->headers || !h->queries)
		return false;
	for (size_t i = 1; i < n; i++) {
		size_t at = i;
		char *header = option_value(argv, &i, "header");
		char *query = header ? NULL : option_value(argv, &i, "query");

		if (header) {
			lower(header, ':');
			h->headers[h->n_headers++] = split(header, ':');
		} else if (query) {
			h->queries[h->n_queries++] = split(query, '=');
		} else {
			argv[kept++] = argv[at];
		}
	}
	argv[kept] = NULL;
	return true;
}

static bool find_given(const struct given *list, size_t n, struct span name, struct span *ret_value)
{
	for (size_t i = 0; i < n; i++) {
		if (span_equal(list[i].name, name)) {
			*ret_value = list[i].value;
			return true;
		}
	}
	return false;
}

bool hook_tool_header(void *user, struct span name, struct span *ret_value)
{
	const struct hook_tool *h = user;

	return find_given(h->headers, h->n_headers, name, ret_value);
}

bool hook_tool_query(void *user, struct span name, struct span *ret_value)
{
	const struct hook_tool *h = user;

	return find_given(h->queries, h->n_queries, name, ret_value);
}

/* ---- presets ------------------------------------------------------------------------------- */

int hook_tool_read(struct hook_tool *h, const char *path, size_t max, struct buf *out)
{
	bool input = strcmp(path, "-") == 0;
	int r = file_read(input ? "/dev/stdin" : path, max, out);

	if (r == FILE_TOO_LARGE)
		return tool_say(
			&h->tool.program, STATUS_FOUND, "%s has more than %zu bytes.", path, max);
	return r ? tool_say(&h->tool.program, STATUS_FOUND, "%s: %s", path, strerror(-r)) : 0;
}

/* Says what is wrong with the "verify" value, if anything is. */
static int check_verify(struct hook_tool *h, const char *file, const struct mapping *m)
{
	_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
	struct signature_fault fault;
	int r = signature_compile_text(mapping_verify(m), &plan, &fault);

	if (r == 0)
		return 0;
	if (r < 0)
		return tool_say(&h->tool.program, STATUS_FOUND, "%s: %s", file, strerror(-r));
	printf("%s: /verify%s: %s\n", file, fault.pointer, fault.text);
	return STATUS_FOUND;
}

static int compile(
	struct hook_tool *h, const char *file, struct span text, struct mapping **ret_mapping)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	_cleanup_(mapping_freep) struct mapping *m = NULL;
	int r = problems ? mapping_compile(file, text, problems, &m) : -ENOMEM;

	if (r < 0)
		return tool_say(&h->tool.program, STATUS_FOUND, "%s: %s", file, strerror(-r));
	if (r == MAPPING_BAD) {
		file_problems_text(problems, &words);
		if (words.len)
			(void)fwrite(words.ptr, 1, words.len, stdout);
		return STATUS_FOUND;
	}
	r = check_verify(h, file, m);
	if (r == 0) {
		*ret_mapping = m;
		m = NULL;
	}
	return r;
}

/* The preset of that name, else the file. */
static int load(struct hook_tool *h, const char *name, struct mapping **ret_mapping)
{
	const struct preset_file *preset = preset_find(span_str(name));
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r;

	if (preset)
		return compile(h, name, preset->text, ret_mapping);
	if (!strchr(name, '/') && !strchr(name, '.') && access(name, R_OK) != 0)
		return tool_say(&h->tool.program, STATUS_USAGE,
			"there is no preset \"%s\"; `waymark hook list` shows those there are.",
			name);
	r = hook_tool_read(h, name, MAPPING_FILE_MAX + 1, &text);
	return r ? r : compile(h, name, buf_span(&text), ret_mapping);
}

/* ---- list, show, check --------------------------------------------------------------------- */

static struct span first_sentence(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '.' && s.ptr[i + 1] == ' ')
			return span_of(s.ptr, i + 1);
	return s;
}

static int print_preset(struct hook_tool *h, const struct cells *c, const struct preset_file *file)
{
	_cleanup_(mapping_freep) struct mapping *m = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	int r = compile(h, file->name.ptr, file->text, &m);

	if (r)
		return r;
	if (!h->tool.program.common.json) {
		cell(c, file->name, 20, CYAN);
		cell(c, first_sentence(mapping_about(m)), 0, PLAIN);
		cells_end(c);
		return 0;
	}
	buf_add_str(&out, "{\"preset\":");
	json_escape(file->name, &out);
	buf_add_str(&out, ",\"about\":");
	json_escape(mapping_about(m), &out);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
	return 0;
}

static int list(struct hook_tool *h)
{
	struct cells c;
	size_t n;
	const struct preset_file *presets = preset_files(&n);
	int r = STATUS_DONE;

	cells_init(&c, stdout);
	if (!h->tool.program.common.json) {
		cell(&c, SPAN_LIT("PRESET"), 20, BOLD);
		cell(&c, SPAN_LIT("ABOUT"), 0, BOLD);
		cells_end(&c);
	}
	for (size_t i = 0; i < n && r == STATUS_DONE; i++)
		r = print_preset(h, &c, &presets[i]);
	return r;
}

static int show(struct hook_tool *h)
{
	const char *name = h->tool.program.operands[1];
	const struct preset_file *preset = preset_find(span_str(name));

	if (!preset)
		return tool_say(&h->tool.program, STATUS_FOUND,
			"there is no preset \"%s\"; `waymark hook list` shows those there are.",
			name);
	(void)fwrite(preset->text.ptr, 1, preset->text.len, stdout);
	return STATUS_DONE;
}

static int check(struct hook_tool *h)
{
	const char *path = h->tool.program.operands[1];
	_cleanup_(mapping_freep) struct mapping *m = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = hook_tool_read(h, path, MAPPING_FILE_MAX + 1, &text);

	if (r == 0)
		r = compile(h, path, buf_span(&text), &m);
	if (r == 0 && !h->tool.program.common.json)
		printf("%s is a good preset.\n", path);
	return r;
}

/* ---- test ---------------------------------------------------------------------------------- */

/* What a table shows of an event. */
struct shown {
	struct span name, time, properties;
};

static struct shown shown_of(struct hook_tool *h, struct span event)
{
	struct shown s = {SPAN_LIT(""), SPAN_LIT("-"), SPAN_EMPTY};
	struct json_value key, value;
	struct json_cursor c;

	json_cursor_init(&c, event);
	if (json_object_open(&c) != 0)
		return s;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		bool text = value.type == JSON_TYPE_STRING;

		if (text && (json_is(&key, SPAN_LIT("event")) || json_is(&key, SPAN_LIT("name"))))
			s.name = json_text(&value, &h->arena);
		else if (text && json_is(&key, SPAN_LIT("type")) && s.name.len == 0)
			s.name = json_content(&value);
		else if (json_is(&key, SPAN_LIT("timestamp")))
			s.time = text ? json_text(&value, &h->arena) : value.raw;
		else if (json_is(&key, SPAN_LIT("properties")) ||
			 (json_is(&key, SPAN_LIT("traits")) && s.properties.len == 0))
			s.properties = value.raw;
	}
	return s;
}

/* The key of the customer that the collector would give it. */
static struct span customer_of(struct hook_tool *h, struct span event)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope_request request = {
		.body = event, .limits = limits, .identity = h->tool.program.identity};
	struct envelope_fault fault;
	struct envelope envelope;

	for (unsigned type = EVENT_TRACK; type <= EVENT_ALIAS; type++) {
		request.kind = (enum envelope_kind)type;
		if (envelope_read(&request, &h->arena, &envelope, &fault) == 0 &&
			envelope.items[0].fault.code == ENVELOPE_ACCEPTED)
			return envelope.items[0].customer;
	}
	return SPAN_LIT("-");
}

static void print_events(struct hook_tool *h, const struct mapping_result *res)
{
	struct cells c;

	cells_init(&c, stdout);
	if (res->n_events > 0) {
		cell(&c, SPAN_LIT("EVENT"), 26, BOLD);
		cell(&c, SPAN_LIT("CUSTOMER"), 30, BOLD);
		cell(&c, SPAN_LIT("TIME"), 25, BOLD);
		cell(&c, SPAN_LIT("PROPERTIES"), 0, BOLD);
		cells_end(&c);
	}
	for (size_t i = 0; i < res->n_events; i++) {
		struct shown s = shown_of(h, res->events[i].json);

		cell(&c, s.name, 26, CYAN);
		cell(&c, customer_of(h, res->events[i].json), 30, PLAIN);
		cell(&c, s.time, 25, PLAIN);
		cell(&c, s.properties, 0, PLAIN);
		cells_end(&c);
	}
}

static void print_result(struct hook_tool *h, const struct mapping_result *res)
{
	struct cells c;

	for (size_t i = 0; i < res->n_events && h->tool.program.common.json; i++) {
		(void)fwrite(res->events[i].json.ptr, 1, res->events[i].json.len, stdout);
		(void)fputc('\n', stdout);
	}
	if (!h->tool.program.common.json)
		print_events(h, res);
	(void)fflush(stdout);
	cells_init(&c, stderr);
	for (size_t i = 0; i < res->n_faults; i++) {
		cell(&c, span_str(mapping_fault_name(res->faults[i].code)), 0, RED);
		(void)fputs(": ", stderr);
		cell(&c, res->faults[i].words, 0, PLAIN);
		cells_end(&c);
	}
	if (res->n_events + res->n_faults > 0)
		return;
	(void)fputs("The topic ", stderr);
	cell(&c, res->topic, 0, CYAN);
	(void)fputs(res->ignored
			    ? " is one that the preset ignores: nothing is kept.\n"
			    : " has rules, but none of them wants this payload: nothing is kept.\n",
		stderr);
}

static bool is_form(struct hook_tool *h)
{
	static const struct span form = {"application/x-www-form-urlencoded", 33};
	struct span type;

	return hook_tool_header(h, SPAN_LIT("content-type"), &type) && type.len >= form.len &&
	       span_equal_nocase(span_of(type.ptr, form.len), form);
}

static int test(struct hook_tool *h)
{
	_cleanup_(mapping_freep) struct mapping *m = NULL;
	struct mapping_result res;
	struct mapping_input input = {
		.header = hook_tool_header, .query = hook_tool_query, .user = h};
	int r = load(h, h->tool.program.operands[1], &m);

	if (r == 0)
		r = hook_tool_read(h, h->tool.program.operands[2], HOOK_PAYLOAD_MAX, &h->payload);
	if (r)
		return r;
	input.body = buf_span(&h->payload);
	input.form = is_form(h);
	input.hook = mapping_name(m);
	input.received_at = io_wall_now();
	r = mapping_run(m, &input, &h->arena, &res);
	if (r < 0)
		return tool_say(&h->tool.program, STATUS_FOUND, "%s", strerror(-r));
	print_result(h, &res);
	return res.n_faults > 0 ? STATUS_FOUND : STATUS_DONE;
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t n_operands;
	int (*run)(struct hook_tool *h);
} actions[] = {
	{"list", 1, list},
	{"show", 2, show},
	{"check", 2, check},
	{"test", 3, test},
	{"verify", 3, hook_verify},
};

static void hook_release(struct hook_tool *h)
{
	free(h->headers);
	free(h->queries);
	buf_release(&h->payload);
	arena_release(&h->arena);
	tool_release(&h->tool);
}

int hook_main(int argc, char **argv)
{
	_cleanup_(hook_release) struct hook_tool h = {.n_headers = 0};
	struct program *p = &h.tool.program;
	bool enough = take_given(&h, argc, argv);

	arena_init(&h.arena);
	if (tool_init(&h.tool, &spec, &h.settings, argv))
		return p->status;
	if (!enough)
		return tool_say(p, STATUS_FOUND, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(p->operands[0], actions[i].name) != 0)
			continue;
		if (p->n_operands != actions[i].n_operands)
			return tool_say(p, STATUS_USAGE,
				"%s takes %zu more; `waymark hook --help` has the form.",
				actions[i].name, actions[i].n_operands - 1);
		return actions[i].run(&h);
	}
	return tool_say(p, STATUS_USAGE, "\"%s\" is nothing that hook can do: %s.", p->operands[0],
		spec.operands);
}
