/* SPDX-License-Identifier: MIT */
/*
 * The front door. What it lets in is on the disk before the sender is told so; all else it refuses
 * with a reason. It knows nothing of customers but where their events go.
 */
#include "collector/collector.h"

#include "answer.h"
#include "collector/beacon.h"
#include "cors.h"
#include "foreign_door.h"
#include "hook_door.h"
#include "import_door.h"
#include "intake.h"
#include "io/file.h"
#include "io/router.h"
#include "mail_door.h"
#include "pages.h"
#include "program/program.h"
#include "segment_door.h"

#define KEYS_FILE_MAX ((size_t)1024 * 1024)

struct settings {
	const char *listen, *keys, *prefix, *mail_secret, *old_mail_secret;
	bool share_port;
	int64_t item_size, item_depth, batch_items, body_browser, body_server, body_import;
	int64_t head_size, head_fields, target_size;
	int64_t header_time, body_time, idle_time, write_time, redis_time;
	int64_t connections, bodies, waiting;
};

#define ROW(KEY, OPTION, KIND, FALLBACK, MIN, MAX, VALUE, HELP)                                    \
	{                                                                                          \
		"collector", #KEY, OPTION, KIND, offsetof(struct settings, KEY), FALLBACK, MIN,    \
			MAX, VALUE, HELP                                                           \
	}
#define MIB ((int64_t)1024 * 1024)

static const struct setting rows[] = {
	ROW(listen, "listen", SETTING_TEXT, "127.0.0.1:8480", 0, 255, "ADDRESS",
		"host:port, :port for all interfaces, or the path of a unix socket"),
	ROW(keys, "keys", SETTING_TEXT, "waymark-data/keys.ini", 0, 4095, "FILE",
		"the write keys; read again on SIGHUP"),
	ROW(prefix, NULL, SETTING_TEXT, "", 0, 64, "PATH",
		"all paths answer below this one too, such as /js: ad blockers know the others"),
	ROW(mail_secret, NULL, SETTING_TEXT, "", 0, 4095, "FILE",
		"the secret of the links in mails (/e/…), 32 bytes or more"),
	ROW(old_mail_secret, NULL, SETTING_TEXT, "", 0, 4095, "FILE",
		"the one of before: the links in mails that are out still work"),
	ROW(share_port, "share-port", SETTING_BOOL, "no", 0, 0, NULL,
		"let other collectors listen on the same port"),
	ROW(item_size, NULL, SETTING_SIZE, "32K", 256, 1 * MIB, NULL, "bytes of an event"),
	ROW(item_depth, NULL, SETTING_INT, "16", 2, 256, NULL, "objects inside each other"),
	ROW(batch_items, NULL, SETTING_INT, "2500", 1, 100000, NULL, "events in a batch"),
	ROW(body_browser, NULL, SETTING_SIZE, "512K", 1024, 64 * MIB, NULL,
		"bytes of a body, decompressed too"),
	ROW(body_server, NULL, SETTING_SIZE, "4M", 1024, 64 * MIB, NULL,
		"the same if Authorization names a source that is no browser"),
	ROW(body_import, NULL, SETTING_SIZE, "32M", 1024, 256 * MIB, NULL,
		"the same of a file of lines for /v1/import"),
	ROW(head_size, NULL, SETTING_SIZE, "16K", 256, HTTP_HEAD_SIZE_MAX, NULL,
		"bytes of a request's head"),
	ROW(head_fields, NULL, SETTING_INT, "64", 4, HTTP_FIELDS_MAX, NULL, "fields of a head"),
	ROW(target_size, NULL, SETTING_SIZE, "8K", 64, HTTP_HEAD_SIZE_MAX, NULL,
		"bytes of a request's target"),
	ROW(header_time, NULL, SETTING_DURATION, "10s", 100, MS_HOUR, NULL, "for a head to arrive"),
	ROW(body_time, NULL, SETTING_DURATION, "30s", 100, MS_HOUR, NULL, "for a body to arrive"),
	ROW(idle_time, NULL, SETTING_DURATION, "60s", 100, MS_DAY, NULL, "between two requests"),
	ROW(write_time, NULL, SETTING_DURATION, "30s", 100, MS_HOUR, NULL,
		"for an answer to be taken"),
	ROW(redis_time, NULL, SETTING_DURATION, "2s", 10, MS_HOUR, NULL,
		"for Redis to answer, before senders are told to come back"),
	ROW(connections, NULL, SETTING_INT, "4096", 1, 1000000, NULL, "open at once"),
	ROW(bodies, NULL, SETTING_SIZE, "256M", 65536, 65536 * MIB, NULL,
		"bytes of all bodies that are arriving"),
	ROW(waiting, NULL, SETTING_SIZE, "64M", 65536, 4096 * MIB, NULL,
		"bytes on their way to Redis"),
};

static const struct program_spec spec = {
	.name = "collector",
	.about = "Takes events over HTTP and answers when the log has them.",
	.settings = rows,
	.n_settings = ARRAY_SIZE(rows),
};

struct collector {
	struct program *program;
	const struct settings *settings;
	struct http_server *server;
	struct journal journal;
	struct intake intake;
	struct hooks *hooks;
	struct foreign_doors foreign;
	struct mail_door mail;
	struct tally tally;
};

/* The paths below /v1/ that take events: the documented one, and the one that browser and mobile
 * SDKs use. */
#define EVENT_PATHS(X)                                                                             \
	X(track, t, TRACK)                                                                         \
	X(batch, b, BATCH)                                                                         \
	X(page, p, PAGE)                                                                           \
	X(identify, i, IDENTIFY)                                                                   \
	X(screen, s, SCREEN)                                                                       \
	X(group, g, GROUP)                                                                         \
	X(alias, a, ALIAS)

#define X(NAME, SHORT, KIND)                                                                       \
	static void on_##NAME(                                                                     \
		void *arg, struct http_request *request, const struct route_params *params)        \
	{                                                                                          \
		struct collector *c = arg;                                                         \
                                                                                                   \
		(void)params;                                                                      \
		intake_take(&c->intake, request, ENVELOPE_KIND_##KIND);                            \
	}
EVENT_PATHS(X)
#undef X

static struct pages pages_of(const struct collector *c)
{
	return (struct pages){&c->journal, &c->tally, &c->intake.reasons, c->server};
}

static void on_health(void *arg, struct http_request *request, const struct route_params *params)
{
	(void)arg;
	(void)params;
	page_health(request);
}

static void on_ready(void *arg, struct http_request *request, const struct route_params *params)
{
	struct pages pages = pages_of(arg);

	(void)params;
	page_ready(&pages, request);
}

static void on_metrics(void *arg, struct http_request *request, const struct route_params *params)
{
	struct pages pages = pages_of(arg);

	(void)params;
	page_metrics(&pages, request);
}

static void on_import(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	import_take(&c->intake, request);
}

static void on_settings(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	segment_settings(&c->intake, request, params->values[0]);
}

static void on_sdk_metrics(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	segment_metrics(&c->intake, request);
}

static void on_pixel(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	segment_pixel(&c->intake, request, params->n > 0 ? params->values[0] : SPAN_EMPTY);
}

static void on_beacon_batch(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	segment_beacon(&c->intake, request);
}

static void on_waymark_js(
	void *arg, struct http_request *request, const struct route_params *params)
{
	(void)arg;
	(void)params;
	beacon_serve(request);
}

static void on_posthog(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	foreign_take(&c->foreign, FOREIGN_POSTHOG, &c->intake, request);
}

static void on_snowplow(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	foreign_take(&c->foreign, FOREIGN_SNOWPLOW, &c->intake, request);
}

static void on_hook(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	hook_take(c->hooks, &c->intake, request, params->values[0]);
}

static void on_hook_options(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	hook_options(c->hooks, &c->intake, request, params->values[0]);
}

#define X(NAME, FN)                                                                                \
	static void on_mail_##NAME(                                                                \
		void *arg, struct http_request *request, const struct route_params *params)        \
	{                                                                                          \
		struct collector *c = arg;                                                         \
                                                                                                   \
		FN(&c->mail, request, params->values[0]);                                          \
	}
X(open, mail_opened)
X(click, mail_clicked)
X(unsubscribe, mail_unsubscribed)
X(page, mail_page)
#undef X

static const struct route routes[] = {
#define X(NAME, SHORT, KIND)                                                                       \
	{HTTP_POST, "/v1/" #NAME, on_##NAME}, {HTTP_POST, "/v1/" #SHORT, on_##NAME},
	EVENT_PATHS(X)
#undef X
		{HTTP_POST, "/v1/import", on_import},
	{HTTP_POST, "/v1/m", on_sdk_metrics},
	{HTTP_GET, "/v1/projects/{key}/settings", on_settings},
	{HTTP_GET, "/projects/{key}/settings", on_settings},
	{HTTP_GET, "/v1/pixel.gif", on_pixel},
	{HTTP_GET, "/v1/pixel/{type}", on_pixel},
	{HTTP_GET, "/pixel/v1/{type}", on_pixel},
	{HTTP_POST, "/beacon/v1/batch", on_beacon_batch},
	{HTTP_GET, "/waymark.js", on_waymark_js},
	{HTTP_GET, "/e/o/{token}", on_mail_open},
	{HTTP_GET, "/e/c/{token}", on_mail_click},
	{HTTP_POST, "/e/u/{token}", on_mail_unsubscribe},
	{HTTP_GET, "/e/u/{token}", on_mail_page},
	{HTTP_POST, "/hooks/{name}", on_hook},
	{HTTP_OPTIONS, "/hooks/{name}", on_hook_options},
	{HTTP_POST, "/batch", on_posthog},
	{HTTP_POST, "/batch/", on_posthog},
	{HTTP_POST, "/e", on_posthog},
	{HTTP_POST, "/e/", on_posthog},
	{HTTP_POST, "/i/v0/e", on_posthog},
	{HTTP_POST, "/i/v0/e/", on_posthog},
	{HTTP_POST, "/capture", on_posthog},
	{HTTP_POST, "/capture/", on_posthog},
	{HTTP_POST, "/com.snowplowanalytics.snowplow/tp2", on_snowplow},
	{HTTP_GET, "/healthz", on_health},
	{HTTP_GET, "/health", on_health},
	{HTTP_GET, "/livez", on_health},
	{HTTP_GET, "/readyz", on_ready},
	{HTTP_GET, "/metrics", on_metrics},
};

/* The path without the prefix that hides it, if there is one. */
static struct span plain_path(const struct collector *c, const struct http_request *request)
{
	struct span path = http_request_path(request), prefix = span_str(c->settings->prefix);

	if (prefix.len == 0 || path.len <= prefix.len || path.ptr[prefix.len] != '/' ||
		memcmp(path.ptr, prefix.ptr, prefix.len) != 0)
		return path;
	return span_of(path.ptr + prefix.len, path.len - prefix.len);
}

static void on_request(void *arg, struct http_request *request)
{
	struct collector *c = arg;
	const struct router router = {routes, ARRAY_SIZE(routes), c};
	enum http_method method = http_request_method(request);
	struct route_match match;
	int r = router_find(&router, method, plain_path(c, request), &match);

	if (r == ROUTE_NOT_ALLOWED && method == HTTP_OPTIONS) {
		cors_preflight(c->intake.keys, &c->tally, request);
		return;
	}
	if (r == 0) {
		match.route->fn(c, request, &match.params);
		return;
	}
	tally_answer(&c->tally, r == ROUTE_NOT_FOUND ? 404 : 405);
	router_dispatch(&router, request);
}

static void on_head(void *arg, struct http_request *request, size_t *body_max)
{
	struct collector *c = arg;

	*body_max = span_is(plain_path(c, request), "/v1/import")
			    ? import_body_max(&c->intake, request)
			    : intake_body_max(&c->intake, request);
}

static void on_trouble(void *arg, enum http_trouble trouble, int error, uint64_t times)
{
	static const char *const messages[HTTP_TROUBLES] = {
		[HTTP_TROUBLE_ACCEPT] = "Cannot accept connections; are too many files open?",
		[HTTP_TROUBLE_CONNECTIONS] = "All connections are busy; new ones wait.",
		[HTTP_TROUBLE_MEMORY] = "Out of memory; a connection was closed.",
	};
	struct collector *c = arg;

	log_warn(&c->program->log, messages[trouble],
		LOG_FIELDS(log_errno("error", error), log_int("times", (int64_t)times)));
}

/* Puts KEYS, and the hooks among them, in the place of those before; or frees them. */
static int take_keys(struct collector *c, struct write_keys *keys)
{
	const struct log *log = &c->program->log;
	const char *path = c->settings->keys, *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	struct hooks *hooks = NULL;
	int r;

	if (slash && (size_t)(slash - path) < sizeof(folder))
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	r = hooks_load(keys, folder, log, &hooks);
	if (r == 0)
		r = intake_set_keys(&c->intake, keys);
	if (r != 0) {
		hooks_free(hooks);
		write_keys_free(keys);
		if (r < 0)
			log_error(log, "Out of memory.", NULL);
		return PROGRAM_EXIT;
	}
	hooks_free(c->hooks);
	c->hooks = hooks;
	return 0;
}

/* Reads the file of write keys. 0, or PROGRAM_EXIT with the reason logged. */
static int load_keys(struct collector *c)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct log *log = &c->program->log;
	const char *path = c->settings->keys;
	struct config_fault fault = {.line = 0};
	struct write_keys *keys = NULL;
	int r = file_read(path, KEYS_FILE_MAX, &text);

	if (r != 0) {
		log_error(log, "Cannot read the write keys.",
			LOG_FIELDS(log_str("file", path), log_errno("error", r < 0 ? r : -EFBIG),
				log_str("advice", "`waymark key add` makes one; [collector] keys "
						  "names the file.")));
		return PROGRAM_EXIT;
	}
	r = write_keys_parse(buf_span(&text), &keys, &fault);
	if (r != 0) {
		log_error(log, "The file of write keys is wrong.",
			LOG_FIELDS(log_str("file", path), log_int("line", fault.line),
				log_str("reason", r < 0 ? "out of memory" : fault.text)));
		return PROGRAM_EXIT;
	}
	log_info(log, "Read the write keys.",
		LOG_FIELDS(log_str("file", path), log_int("keys", (int64_t)keys->n)));
	return take_keys(c, keys);
}

/* A file that went wrong changes nothing: the keys of before stay in force. */
static void on_reload(void *user)
{
	struct collector *c = user;

	if (load_keys(c))
		log_warn(&c->program->log, "The keys of before stay in force.", NULL);
}

static void on_stopped(void *arg)
{
	struct collector *c = arg;

	program_finish(c->program, STATUS_DONE);
}

static void on_stop(void *user)
{
	struct collector *c = user;

	http_server_stop(c->server, on_stopped, c);
}

static void on_redis_up(void *user)
{
	struct collector *c = user;

	if (journal_set_partitions(&c->journal, c->program->dataset.partitions) < 0)
		program_fail(c->program, "Out of memory.", NULL);
}

static int connect_redis(struct collector *c)
{
	struct redis_options options;

	redis_options_init(&options);
	options.reply_timeout_ms = c->settings->redis_time;
	options.connect_timeout_ms = c->settings->redis_time;
	/* The journal's own limit comes first; this one is for what surrounds its bytes. */
	options.max_pending_bytes = 2 * (size_t)c->settings->waiting;
	options.user = c;
	options.on_up = on_redis_up;
	return program_connect(c->program, &options, &c->journal.redis);
}

static struct http_server_config http_config(struct collector *c)
{
	const struct settings *s = c->settings;
	struct http_server_config config;

	http_server_config_init(&config);
	config.limits.head_size = (size_t)s->head_size;
	config.limits.fields = (size_t)s->head_fields;
	config.limits.target_size = (size_t)s->target_size;
	config.body_max = (size_t)s->body_browser;
	config.max_connections = (size_t)s->connections;
	config.max_bodies = (size_t)s->bodies;
	config.header_ms = s->header_time;
	config.body_ms = s->body_time;
	config.idle_ms = s->idle_time;
	config.write_ms = s->write_time;
	config.arg = c;
	config.handle = on_request;
	config.head = on_head;
	config.trouble = on_trouble;
	return config;
}

static int open_door(struct collector *c)
{
	const struct http_server_config config = http_config(c);
	struct program *p = c->program;
	unsigned flags = c->settings->share_port ? HTTP_LISTEN_REUSEPORT : 0;
	int r = http_server_new(p->loop, &config, &c->server);

	if (r == 0)
		r = http_server_listen(c->server, c->settings->listen, flags);
	if (r < 0)
		return program_fail(p, "Cannot listen.",
			LOG_FIELDS(log_str("address", c->settings->listen), log_errno("error", r)));
	log_info(&p->log, "Listening.",
		LOG_FIELDS(log_str("address", c->settings->listen),
			log_int("port", http_server_port(c->server))));
	return 0;
}

/* Reads one secret of links in mails into TEXT, without its line end; nothing for an empty PATH. */
static int read_mail_secret(
	struct program *p, const char *path, struct buf *text, struct span *ret_secret)
{
	struct span secret;
	int r;

	*ret_secret = SPAN_EMPTY;
	if (!path[0])
		return 0;
	r = file_read(path, MAIL_TOKEN_SECRET_MAX + 2, text);
	if (r != 0)
		return program_fail(p, "Cannot read the secret of links in mails.",
			LOG_FIELDS(log_str("file", path), log_errno("error", r < 0 ? r : -EFBIG)));
	secret = buf_span(text);
	while (secret.len > 0 &&
		(secret.ptr[secret.len - 1] == '\n' || secret.ptr[secret.len - 1] == '\r'))
		secret.len--;
	*ret_secret = secret;
	return 0;
}

static int open_mail(struct collector *c)
{
	struct buf texts[MAIL_TOKEN_KEYS_MAX] = {BUF_INIT, BUF_INIT};
	struct span secrets[MAIL_TOKEN_KEYS_MAX];
	const struct settings *s = c->settings;
	size_t n;
	int r = read_mail_secret(c->program, s->mail_secret, &texts[0], &secrets[0]);

	r = r ? r : read_mail_secret(c->program, s->old_mail_secret, &texts[1], &secrets[1]);
	n = s->mail_secret[0] ? (s->old_mail_secret[0] ? 2 : 1) : 0;
	if (r == 0) {
		r = mail_door_init(&c->mail, &c->intake, secrets, n);
		if (r != 0)
			r = program_fail(c->program, "The secret of links in mails cannot be used.",
				LOG_FIELDS(log_str("file", s->mail_secret),
					log_str("advice", "`openssl rand -hex 32` makes one; the "
							  "old one must be another.")));
	}
	for (size_t i = 0; i < MAIL_TOKEN_KEYS_MAX; i++) {
		if (texts[i].len > 0)
			explicit_bzero(texts[i].ptr, texts[i].len);
		buf_release(&texts[i]);
	}
	return r;
}

static int collector_init(struct collector *c, struct program *p, const struct settings *s)
{
	*c = (struct collector){.program = p, .settings = s};
	journal_init(&c->journal, p->loop, &p->log, (size_t)s->waiting);
	if (intake_init(&c->intake, p->loop, &c->journal, &c->tally) < 0)
		return program_fail(p, "Out of memory.", NULL);
	c->intake.limits = (struct intake_limits){
		{(size_t)s->item_size, (size_t)s->batch_items, (size_t)s->item_depth},
		(size_t)s->body_browser,
		(size_t)s->body_server,
		(size_t)s->body_import,
	};
	if (foreign_init(&c->foreign, &p->log) != 0)
		return program_fail(p, "Cannot prepare the doors of other trackers.", NULL);
	if (open_mail(c))
		return PROGRAM_EXIT;
	p->user = c;
	p->on_stop = on_stop;
	p->on_reload = on_reload;
	if (load_keys(c)) {
		program_finish(p, STATUS_USAGE);
		return PROGRAM_EXIT;
	}
	return 0;
}

static void collector_release(struct collector *c)
{
	c->server = http_server_free(c->server);
	c->hooks = hooks_free(c->hooks);
	mail_door_release(&c->mail);
	foreign_release(&c->foreign);
	intake_release(&c->intake);
	journal_release(&c->journal);
}

int collector_main(int argc, char **argv)
{
	struct settings settings;
	_cleanup_(program_release) struct program program;
	_cleanup_(collector_release) struct collector collector = {.program = NULL};

	(void)argc;
	if (program_init(&program, &spec, &settings, argv))
		return program.status;
	if (collector_init(&collector, &program, &settings) || open_door(&collector) ||
		connect_redis(&collector))
		return program.status;
	return program_run(&program);
}
