/* SPDX-License-Identifier: MIT */
/*
 * The frame of a program. What the six of them would else each do a little differently: where the
 * configuration is looked for, what a signal means, when help is printed and where.
 */
#include "program/program.h"

#include <signal.h>

#include "io/file.h"
#include "program/identity_file.h"
#include "program/rule_set.h"
#include "program_link.h"

#define CONFIG_MAX ((size_t)256 * 1024)

extern char **environ;

static const struct setting common_rows[] = {
	{NULL, NULL, "config", SETTING_TEXT, offsetof(struct program_settings, config), NULL, 0,
		4095, "FILE",
		"configuration; else waymark-data/waymark.ini or /etc/waymark/waymark.ini"},
	{"redis", "address", "redis", SETTING_TEXT, offsetof(struct program_settings, redis),
		"127.0.0.1:6379", 0, 1023, "ADDRESS", "unix path, host:port or redis://…"},
	{"redis", "dataset", "dataset", SETTING_TEXT, offsetof(struct program_settings, dataset),
		NULL, 0, 0, "ID", "the data set that Redis must hold, 32 hex digits"},
	{"identity", "file", "identity", SETTING_TEXT, offsetof(struct program_settings, identity),
		NULL, 0, 4095, "FILE",
		"what names a customer (identity.json); built in if not said"},
	{"log", "level", "log-level", SETTING_TEXT, offsetof(struct program_settings, log_level),
		NULL, 0, 0, "LEVEL", "error, warn, info or debug"},
	{"log", "format", "log-format", SETTING_TEXT, offsetof(struct program_settings, log_form),
		"auto", 0, 0, "FORMAT", "text, json, or auto: text to a terminal"},
	{NULL, NULL, "json", SETTING_BOOL, offsetof(struct program_settings, json), NULL, 0, 0,
		NULL, "results as JSON, one value a line"},
};

static const char *const config_places[] = {"waymark-data/waymark.ini", "/etc/waymark/waymark.ini"};

/* Ends the program before it has a log. */
static int refuse(struct program *p, struct span words)
{
	(void)fprintf(stderr, "waymark %s: %.*s\n", p->spec->name, (int)words.len, words.ptr);
	p->status = STATUS_USAGE;
	return PROGRAM_EXIT;
}

static int no_memory(struct program *p)
{
	refuse(p, SPAN_LIT("out of memory."));
	p->status = STATUS_FOUND;
	return PROGRAM_EXIT;
}

static int help(struct program *p, const struct setting_table *tables, size_t n_tables)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	const struct program_spec *spec = p->spec;

	buf_printf(&out, "usage: waymark %s [options]%s%s\n\n%s\n\n", spec->name,
		spec->operands ? " " : "", spec->operands ? spec->operands : "", spec->about);
	settings_help(&out, tables, n_tables);
	buf_add_str(&out, "\nA key of [section] in the file is WAYMARK_SECTION_KEY in the "
			  "environment.\n");
	if (buf_failed(&out))
		return no_memory(p);
	p->status = fwrite(out.ptr, 1, out.len, stdout) == out.len ? STATUS_DONE : STATUS_FOUND;
	return PROGRAM_EXIT;
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* Reads the first configuration file there is. One that was asked for must be there. */
static int read_config(
	struct program *p, const char *asked, struct buf *text, const char **ret_path)
{
	char words[4352];

	for (size_t i = 0; i < (asked ? 1 : ARRAY_SIZE(config_places)); i++) {
		const char *path = asked ? asked : config_places[i];
		int r = file_read(path, CONFIG_MAX, text);

		if (r == 0) {
			*ret_path = path;
			return 0;
		}
		if ((r == -ENOENT || r == -ENOTDIR) && !asked)
			continue;
		(void)snprintf(words, sizeof(words), "cannot read the configuration %s: %s.", path,
			r == FILE_TOO_LARGE ? "it is too large" : strerror(-r));
		return refuse(p, span_str(words));
	}
	*ret_path = "";
	return 0;
}

static int check_operands(struct program *p)
{
	const struct program_spec *spec = p->spec;
	char words[256];

	if (p->n_operands >= spec->min_operands && p->n_operands <= spec->max_operands)
		return 0;
	(void)snprintf(words, sizeof(words), "%s. usage: waymark %s [options]%s%s",
		p->n_operands < spec->min_operands ? "something is missing" : "too many words",
		spec->name, spec->operands ? " " : "", spec->operands ? spec->operands : "");
	return refuse(p, span_str(words));
}

static int read_settings(struct program *p, void *settings, char **argv)
{
	const char *const owned[] = {"redis", "identity", "log", p->spec->name, NULL};
	const struct setting_table tables[] = {
		{p->spec->settings, p->spec->n_settings, settings},
		{common_rows, ARRAY_SIZE(common_rows), &p->common},
	};
	struct settings_input input = {.tables = tables,
		.n_tables = ARRAY_SIZE(tables),
		.owned = owned,
		.environ = environ,
		.argv = argv};
	_cleanup_(buf_release) struct buf text = BUF_INIT, words = BUF_INIT;
	const char *asked = settings_peek(argv, "config");
	int r;

	if (settings_ask_help(argv))
		return help(p, tables, ARRAY_SIZE(tables));
	if (!asked)
		asked = environment("WAYMARK_CONFIG");
	r = read_config(p, asked, &text, &input.config_name);
	if (r != 0)
		return r;
	input.config = buf_span(&text);
	r = settings_read(&input, &p->arena, &words, &p->n_operands);
	p->common.config = input.config_name;
	if (r == SETTINGS_WRONG)
		return refuse(p, buf_span(&words));
	return r < 0 ? no_memory(p) : 0;
}

/* Keys follow from these settings: a program with a bad file, or none where one was named, would
 * put events where nobody finds them. */
static int read_identity(struct program *p)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct file_problems *problems;
	int r;

	if (!p->common.identity[0])
		return 0;
	problems = arena_calloc(&p->arena, 1, sizeof(*problems));
	r = problems ? identity_file_load(p->common.identity, problems, &p->identity_settings)
		     : -ENOMEM;
	if (r < 0)
		return no_memory(p);
	if (r == 0) {
		p->identity = &p->identity_settings->identity;
		return 0;
	}
	file_problems_text(problems, &words);
	(void)fwrite(words.ptr, 1, words.len, stderr);
	return refuse(
		p, SPAN_LIT("the settings of identity cannot be used; correct [identity] file."));
}

/* The level and form of the log, once settings are known. */
static int open_log(struct program *p)
{
	struct span level = span_str(p->common.log_level), form = span_str(p->common.log_form);
	enum log_level parsed = p->spec->tool ? LEVEL_WARN : LEVEL_INFO;

	if (level.len && !log_level_parse(level, &parsed))
		return refuse(p, SPAN_LIT("the log's level is error, warn, info or debug."));
	log_init(&p->log, p->spec->name, parsed);
	if (span_is(form, "json"))
		p->log.text = false;
	else if (span_is(form, "text") || (span_is(form, "auto") && p->spec->tool))
		p->log.text = true;
	else if (!span_is(form, "auto"))
		return refuse(p, SPAN_LIT("the log's format is auto, text or json."));
	return 0;
}

static void on_stop_signal(void *arg, int signo)
{
	struct program *p = arg;
	bool again = p->stopping;

	p->stopping = true;
	log_info(&p->log, again ? "Stopping at once." : "Stopping.",
		LOG_FIELDS(log_int("signal", signo)));
	if (p->on_stop && !again)
		p->on_stop(p->user);
	else
		loop_stop(p->loop);
}

static void on_hangup(void *arg, int signo)
{
	struct program *p = arg;

	(void)signo;
	if (p->on_reload)
		p->on_reload(p->user);
}

static int open_loop(struct program *p)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int r = loop_new(&p->loop);

	if (r == 0)
		r = loop_on_signal(p->loop, SIGTERM, on_stop_signal, p);
	if (r == 0)
		r = loop_on_signal(p->loop, SIGINT, on_stop_signal, p);
	if (r == 0)
		r = loop_on_signal(p->loop, SIGHUP, on_hangup, p);
	if (r == 0 && sigaction(SIGPIPE, &ignore, NULL) < 0)
		r = -errno;
	if (r < 0)
		return program_fail(p, "Cannot make the loop.", LOG_FIELDS(log_errno("error", r)));
	return 0;
}

int program_init(struct program *p, const struct program_spec *spec, void *settings, char **argv)
{
	int r;

	*p = (struct program){.spec = spec, .identity = &IDENTITY_DEFAULT};
	arena_init(&p->arena);
	p->operands = argv + 1;
	r = read_settings(p, settings, argv + 1);
	if (r == 0)
		r = read_identity(p);
	if (r == 0)
		r = check_operands(p);
	if (r == 0)
		r = open_log(p);
	if (r == 0)
		r = open_loop(p);
	return r;
}

void program_release(struct program *p)
{
	program_disconnect(p);
	p->loop = loop_free(p->loop);
	p->identity_settings = identity_settings_free(p->identity_settings);
	arena_release(&p->arena);
}

int program_run(struct program *p)
{
	int r = loop_run(p->loop);

	if (r < 0)
		program_fail(p, "The loop broke.", LOG_FIELDS(log_errno("error", r)));
	program_disconnect(p);
	return p->status;
}

void program_finish(struct program *p, int status)
{
	if (p->status == STATUS_DONE)
		p->status = status;
	p->finished = true;
	if (p->loop)
		loop_stop(p->loop);
}

int program_fail(struct program *p, const char *message, const struct log_field *fields)
{
	log_error(&p->log, message, fields);
	program_finish(p, STATUS_FOUND);
	return PROGRAM_EXIT;
}
