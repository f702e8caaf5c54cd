/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/query.h"

#define AWAIT_MS    (3 * MS_SECOND)
#define CONFIG_FLAG "--config="
#define CONFIG_NAME "waymark.ini"

static bool has_config(const char *data)
{
	char path[DATA_PATH_MAX + 32];

	if (strlen(data) > DATA_PATH_MAX)
		return false; /* the table of settings refuses it */
	(void)snprintf(path, sizeof(path), "%s/" CONFIG_NAME, data);
	return access(path, F_OK) == 0;
}

/* The configuration of --data stands first, so that a --config of the caller's own beats it.
 * 0 or -ENOMEM. */
static int put_config(struct tool *t, const char *data, char **argv)
{
	size_t size = sizeof(CONFIG_FLAG "/dev/null") + strlen(data) + sizeof("/" CONFIG_NAME);
	size_t n = 0;

	while (argv[n])
		n++;
	t->config = malloc(size);
	t->argv = calloc(n + 2, sizeof(*t->argv));
	if (!t->config || !t->argv)
		return -ENOMEM;
	/* A directory without one has no settings; those of another must not be taken. */
	t->lacks_config = !has_config(data);
	if (t->lacks_config)
		(void)snprintf(t->config, size, CONFIG_FLAG "/dev/null");
	else
		(void)snprintf(t->config, size, CONFIG_FLAG "%s/" CONFIG_NAME, data);
	t->argv[0] = argv[0];
	t->argv[1] = t->config;
	memcpy(t->argv + 2, argv + 1, (n - 1) * sizeof(*argv));
	return 0;
}

/* The directory that holds PATH. */
static const char *parent_of(struct program *p, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return tool_text(p, "%.*s", (int)int64_max(slash - path, 1), path);
}

int tool_init(struct tool *t, const struct program_spec *spec, void *settings, char **argv)
{
	const char *data = settings_peek(argv + 1, "data");

	*t = (struct tool){.data = data, .given_redis = settings_peek(argv + 1, "redis") != NULL};
	if (data) {
		if (put_config(t, data, argv) < 0) {
			t->program.status = tool_say(&t->program, STATUS_FOUND, "out of memory.");
			return PROGRAM_EXIT;
		}
		argv = t->argv;
	}
	if (program_init(&t->program, spec, settings, argv))
		return PROGRAM_EXIT;
	if (!t->data && t->program.common.config[0])
		t->data = parent_of(&t->program, t->program.common.config);
	if (!t->data)
		t->data = DATA_DIR;
	return 0;
}

void tool_release(struct tool *t)
{
	program_release(&t->program);
	free(t->argv);
	free(t->config);
}

int tool_connect(struct tool *t, struct redis **ret_redis)
{
	struct redis_options options;

	if (t->lacks_config && !t->given_redis) {
		t->program.status = tool_say(&t->program, STATUS_USAGE,
			"there is no " CONFIG_NAME " in %s: is that what `waymark up` keeps?",
			t->data);
		return PROGRAM_EXIT;
	}
	redis_options_init(&options);
	if (program_connect(&t->program, &options, ret_redis))
		return PROGRAM_EXIT;
	return program_await(&t->program, AWAIT_MS);
}

int tool_query(struct tool *t, struct redis *redis, struct query_source **ret_source)
{
	int r = query_source_new(redis, ret_source);

	if (r < 0)
		return r;
	query_source_set_partitions(*ret_source, t->program.dataset.partitions);
	query_source_set_identity(*ret_source, t->program.identity);
	return 0;
}

const char *tool_text(struct program *p, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return NULL;
	text = arena_alloc(&p->arena, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

const char *tool_self(struct program *p)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return n > 0 ? tool_text(p, "%.*s", (int)n, path) : NULL;
}

const char *tool_shared(struct program *p, const char *name)
{
	const char *self = tool_self(p), *slash = self ? strrchr(self, '/') : NULL;
	const char *source = tool_text(p, "%s/deploy/%s", WAYMARK_SOURCE_ROOT, name);
	const char *installed =
		slash ? tool_text(p, "%.*s/../share/waymark/%s", (int)(slash - self), self, name)
		      : NULL;

	if (installed && access(installed, R_OK) == 0)
		return installed;
	return source && access(source, R_OK) == 0 ? source : NULL;
}

const char *tool_url(struct program *p, const char *address, const char **ret_socket)
{
	const char *colon = strrchr(address, ':');
	size_t host = colon ? (size_t)(colon - address) : 0;

	*ret_socket = NULL;
	if (strncmp(address, "unix:", 5) == 0 || address[0] == '/') {
		*ret_socket = address[0] == '/' ? address : address + 5;
		return "http://localhost";
	}
	if (host == 0 || strncmp(address, "0.0.0.0:", 8) == 0 || strncmp(address, "[::]:", 5) == 0)
		return tool_text(p, "http://127.0.0.1%s", colon ? colon : "");
	return tool_text(p, "http://%s", address);
}

const char *tool_rules(struct tool *t)
{
	const char *own = tool_text(&t->program, "%s/rules", t->data);

	return own && access(own, F_OK) == 0 ? own : tool_shared(&t->program, "rules");
}

int tool_say(const struct program *p, int status, const char *format, ...)
{
	va_list args;

	(void)fprintf(stderr, "waymark %s: ", p->spec ? p->spec->name : "");
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return status;
}

const struct redis_value *tool_ask(struct tool *t, struct redis *redis, const struct span *args,
	size_t n_args, struct arena *a)
{
	const struct redis_value *reply;
	int r = redis_call(redis, args, n_args, a, &reply);

	if (r != 0) {
		tool_say(&t->program, 0, "Redis did not answer %.*s (%s).", (int)args[0].len,
			args[0].ptr, r < 0 ? strerror(-r) : redis_reason(redis));
		return NULL;
	}
	if (reply->type == REDIS_ERROR) {
		tool_say(&t->program, 0, "Redis refused %.*s: %.*s", (int)args[0].len, args[0].ptr,
			(int)reply->text.len, reply->text.ptr);
		return NULL;
	}
	return reply;
}
