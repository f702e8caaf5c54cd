/* SPDX-License-Identifier: MIT */
/*
 * The front door. What it lets in is on the disk before the sender is told so; all else it refuses
 * with a reason. It knows nothing of customers but where their events go.
 */
#include "collector/collector.h"

#include "collector_parts.h"

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
	ROW(plan, NULL, SETTING_TEXT, "", 0, 4095, "DIR",
		"the tracking plan: plan.json and its schemas; read again on SIGHUP"),
	ROW(mail_secret, NULL, SETTING_TEXT, "", 0, 4095, "FILE",
		"the secret of the links in mails (/e/…), 32 bytes or more"),
	ROW(old_mail_secret, NULL, SETTING_TEXT, "", 0, 4095, "FILE",
		"the one of before: the links in mails that are out still work"),
	ROW(sns_relay, NULL, SETTING_TEXT, "", 0, 255, "HOST:PORT",
		"reach Amazon SNS by it: a relay, or an interface endpoint in a private network"),
	ROW(sns_ca, NULL, SETTING_TEXT, "", 0, 4095, "FILE",
		"whom to believe that it is Amazon SNS (PEM); else the system's authorities"),
	ROW(share_port, "share-port", SETTING_BOOL, "no", 0, 0, NULL,
		"let other collectors listen on the same port"),
	ROW(item_size, NULL, SETTING_SIZE, "32K", 256, 1 * MIB, NULL, "bytes of an event"),
	ROW(item_depth, NULL, SETTING_INT, "16", 2, 256, NULL, "objects inside each other"),
	ROW(batch_items, NULL, SETTING_INT, "2500", 1, 100000, NULL, "events in a batch"),
	ROW(import_items, NULL, SETTING_INT, "100000", 1, 100000, NULL,
		"lines of a file for /v1/import"),
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
	ROW(answers, NULL, SETTING_SIZE, "64M", 16 * MIB, 4096 * MIB, NULL,
		"bytes of answers that nobody takes"),
	ROW(waiting, NULL, SETTING_SIZE, "64M", 65536, 4096 * MIB, NULL,
		"bytes of requests on their way to Redis"),
};

static const struct program_spec spec = {
	.name = "collector",
	.about = "Takes events over HTTP and answers when the log has them.",
	.settings = rows,
	.n_settings = ARRAY_SIZE(rows),
};

static void on_request(void *arg, struct http_request *request)
{
	doors_handle(arg, request);
}

static void on_head(void *arg, struct http_request *request, size_t *body_max)
{
	*body_max = doors_body_max(arg, request);
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

/* A file that went wrong changes nothing: the keys of before stay in force. */
static void on_reload(void *user)
{
	struct collector *c = user;

	if (load_files(c))
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
	config.max_answers = (size_t)s->answers;
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

static int collector_init(struct collector *c, struct program *p, const struct settings *s)
{
	*c = (struct collector){.program = p, .settings = s};
	if (journal_init(&c->journal, p->loop, &p->log, (size_t)s->waiting) < 0 ||
		intake_init(&c->intake, p->identity, p->loop, &c->journal, &c->tally) < 0)
		return program_fail(p, "Out of memory.", NULL);
	c->intake.limits = (struct intake_limits){
		{(size_t)s->item_size, (size_t)s->batch_items, (size_t)s->item_depth},
		(size_t)s->import_items,
		(size_t)s->body_browser,
		(size_t)s->body_server,
		(size_t)s->body_import,
	};
	if (hook_door_init(&c->hook_door, &c->intake,
		    &(struct hook_door_options){&p->log, s->sns_relay, s->sns_ca}) < 0)
		return program_fail(p, "Out of memory.", NULL);
	if (foreign_init(&c->foreign, &p->log) != 0)
		return program_fail(p, "Cannot prepare the doors of other trackers.", NULL);
	if (load_mail(c))
		return PROGRAM_EXIT;
	p->user = c;
	p->on_stop = on_stop;
	p->on_reload = on_reload;
	if (load_files(c)) {
		program_finish(p, STATUS_USAGE);
		return PROGRAM_EXIT;
	}
	return 0;
}

static void collector_release(struct collector *c)
{
	c->server = http_server_free(c->server);
	hook_door_release(&c->hook_door);
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
