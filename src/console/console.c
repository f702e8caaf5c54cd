/* SPDX-License-Identifier: MIT */
/*
 * The desk of support staff, who look up and change nothing, and of consumers, to whom jobs are
 * handed over. All that it tells was written by strangers, so every answer forbids a browser to
 * make anything but text of it.
 */
#include "console/console.h"

#include "access.h"
#include "archive_metrics.h"
#include "day_metrics.h"
#include "find_door.h"
#include "job_body.h"
#include "job_door.h"
#include "job_metrics.h"
#include "look.h"
#include "program/metrics.h"
#include "program/program.h"
#include "program/rule_shelf.h"
#include "telling.h"

struct settings {
	const char *listen, *token_file, *consumer_token_file, *hosts, *rules, *store_zone;
	int64_t connections, questions, tries, searches;
	int64_t header_time, idle_time, write_time, redis_time;
};

#define ROW(KEY, OPTION, KIND, FALLBACK, MIN, MAX, VALUE, HELP)                                    \
	{                                                                                          \
		"console", #KEY, OPTION, KIND, offsetof(struct settings, KEY), FALLBACK, MIN, MAX, \
			VALUE, HELP                                                                \
	}

static const struct setting rows[] = {
	ROW(listen, "listen", SETTING_TEXT, "127.0.0.1:8481", 0, 255, "ADDRESS",
		"host:port, :port for all interfaces, or the path of a unix socket"),
	ROW(token_file, "token-file", SETTING_TEXT, "waymark-data/staff-token", 0, 4095, "FILE",
		"the staff token, readable by its owner only; read again on SIGHUP"),
	ROW(consumer_token_file, "consumer-token-file", SETTING_TEXT, "", 0, 4095, "FILE",
		"a token that opens /v1/jobs/ and nothing else, likewise; none if empty"),
	ROW(hosts, "hosts", SETTING_TEXT, "", 0, 4095, "NAMES",
		"names under which browsers reach us, beside the address and localhost"),
	ROW(connections, NULL, SETTING_INT, "256", 1, 100000, NULL, "open at once"),
	ROW(questions, NULL, SETTING_INT, "32", 1, 10000, NULL, "under way at once"),
	ROW(searches, NULL, SETTING_INT, "30", 1, 10000, NULL,
		"for customers by prefix, a minute; twice as many at once"),
	ROW(tries, NULL, SETTING_INT, "10", 1, 1000, NULL, "leases before a job is given up"),
	ROW(header_time, NULL, SETTING_DURATION, "10s", 100, MS_HOUR, NULL, "for a head to arrive"),
	ROW(idle_time, NULL, SETTING_DURATION, "60s", 100, MS_DAY, NULL, "between two requests"),
	ROW(write_time, NULL, SETTING_DURATION, "30s", 100, MS_HOUR, NULL,
		"for an answer to be taken"),
	ROW(redis_time, NULL, SETTING_DURATION, "2s", 10, MS_HOUR, NULL, "for Redis to answer"),
	{"worker", "rules", "rules", SETTING_TEXT, offsetof(struct settings, rules), "deploy/rules",
		0, 0, "PATH",
		"where the log names no rules, jobs are judged by these; read again on SIGHUP"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, offsetof(struct settings, store_zone),
		"UTC", 0, 64, "ZONE", "the shop's time zone (IANA name)"},
};

static const struct program_spec spec = {
	.name = "console",
	.about = "Answers the questions of support staff about customers, and hands jobs over to\n"
		 "those who send them, over HTTP.",
	.settings = rows,
	.n_settings = ARRAY_SIZE(rows),
};

/* default-src 'none' is for whoever opens an answer in a browser; same-origin and frame-ancestors
 * keep other pages from making use of it. */
static const char fields_of_all[] =
	"X-Content-Type-Options: nosniff\r\n"
	"Cache-Control: no-store\r\n"
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Referrer-Policy: no-referrer\r\n";

struct console {
	struct program *program;
	const struct settings *settings;
	struct http_server *server;
	struct redis *redis;
	struct staff_token token, consumer_token;
	struct telling telling;
	struct looks looks;
	struct day_metrics *day;
	struct archive_metrics *archive;
	struct job_metrics *job_counts;
	struct job_door jobs;
	struct find_door find;
	struct rule_shelf *shelf;
};

/* ---- pages ------------------------------------------------------------------------------- */

static void on_customer(void *arg, struct http_request *request, const struct route_params *params)
{
	struct console *c = arg;

	look_at_customer(&c->looks, request, params);
}

static void on_why(void *arg, struct http_request *request, const struct route_params *params)
{
	struct console *c = arg;

	look_why(&c->looks, request, params);
}

static void on_timeline(void *arg, struct http_request *request, const struct route_params *params)
{
	struct console *c = arg;

	look_at_timeline(&c->looks, request, params);
}

static void on_search(void *arg, struct http_request *request, const struct route_params *params)
{
	struct console *c = arg;

	find_door_search(&c->find, request, params);
}

#define JOB_PAGE(NAME)                                                                             \
	static void on_job_##NAME(                                                                 \
		void *arg, struct http_request *request, const struct route_params *params)        \
	{                                                                                          \
		struct console *c = arg;                                                           \
                                                                                                   \
		job_door_##NAME(&c->jobs, request, params);                                        \
	}

JOB_PAGE(lease)
JOB_PAGE(ack)
JOB_PAGE(fail)
JOB_PAGE(extend)
JOB_PAGE(outcome)
JOB_PAGE(cancel)
JOB_PAGE(show)

static void on_health(void *arg, struct http_request *request, const struct route_params *params)
{
	struct console *c = arg;

	(void)params;
	tell_state(&c->telling, request, 200, SPAN_LIT("{\"alive\":true}"));
}

static void on_ready(void *arg, struct http_request *request, const struct route_params *params)
{
	struct console *c = arg;

	(void)params;
	if (redis_is_up(c->redis))
		tell_state(&c->telling, request, 200, SPAN_LIT("{\"ready\":true}"));
	else
		tell_state(&c->telling, request, 503,
			SPAN_LIT("{\"ready\":false,\"reason\":\"Redis is away.\"}"));
}

static void refresh_day(struct console *c)
{
	uint32_t n = c->program->dataset.partitions;
	int64_t now = loop_now_wall(c->program->loop);

	day_metrics_refresh(c->day, c->redis, n, now);
	archive_metrics_refresh(c->archive, c->redis, n);
	job_metrics_refresh(c->job_counts, c->redis, n, now);
}

static void on_metrics(void *arg, struct http_request *request, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct console *c = arg;
	const struct metric list[] = {
		{"waymark_console_questions", "gauge", "Questions under way.",
			query_source_pending(c->looks.source)},
		{"waymark_console_busy_total", "counter",
			"Questions refused because too many were under way.", c->looks.busy},
		{"waymark_console_chunks_total", "counter", "Sealed chunks of timelines read.",
			query_source_chunks(c->looks.source)},
		{"waymark_redis_up", "gauge", "Whether Redis is connected.", redis_is_up(c->redis)},
	};

	(void)params;
	metrics_build(&out);
	metrics_add(&out, list, ARRAY_SIZE(list));
	telling_metrics(&c->telling, &out);
	metrics_http(&out, http_server_stats(c->server));
	day_metrics_add(c->day, &out);
	archive_metrics_add(c->archive, &out);
	job_door_metrics(&c->jobs, &out);
	find_door_metrics(&c->find, &out);
	job_metrics_add(c->job_counts, &out);
	metrics_respond(request, &out);
	refresh_day(c);
}

/* Only what begins with /v1/ tells of customers and asks for a token. */
static const struct route routes[] = {
	{HTTP_GET, "/v1/customers", on_search},
	{HTTP_GET, "/v1/customers/{id}", on_customer},
	{HTTP_GET, "/v1/customers/{id}/timeline", on_timeline},
	{HTTP_GET, "/v1/customers/{id}/why", on_why},
	{HTTP_POST, "/v1/jobs/lease", on_job_lease},
	{HTTP_POST, "/v1/jobs/{id}/ack", on_job_ack},
	{HTTP_POST, "/v1/jobs/{id}/fail", on_job_fail},
	{HTTP_POST, "/v1/jobs/{id}/extend", on_job_extend},
	{HTTP_POST, "/v1/jobs/{id}/outcome", on_job_outcome},
	{HTTP_POST, "/v1/jobs/{id}/cancel", on_job_cancel},
	{HTTP_GET, "/v1/jobs/{id}", on_job_show},
	{HTTP_GET, "/healthz", on_health},
	{HTTP_GET, "/readyz", on_ready},
	{HTTP_GET, "/metrics", on_metrics},
};

/* ---- the door ---------------------------------------------------------------------------- */

static struct log_field peer_field(struct http_request *request, char peer[HTTP_PEER_SIZE])
{
	http_request_peer(request, peer);
	return log_str("peer", peer);
}

static bool check_host(struct console *c, struct http_request *request)
{
	static const struct refusal refusal = {421, "unknown_host",
		"This is not answered under that name; [console] hosts lists the names.", "Host",
		NULL};
	struct span host = http_request_header(request, "Host");

	if (access_is_our_host(host, c->settings->listen, c->settings->hosts))
		return true;
	tell_log(&c->telling, TELL_HOST, "A request came under a name that is not ours.",
		log_text("host", host));
	tell_refusal(&c->telling, request, &refusal);
	return false;
}

/* Those who send have all of /v1/jobs/ but one word: that something is not to be sent. */
static bool is_for_consumers(struct span path)
{
	static const char word[] = "/cancel";
	size_t n = sizeof(word) - 1;

	return span_starts(path, SPAN_LIT("/v1/jobs/")) &&
	       (path.len < n || memcmp(path.ptr + path.len - n, word, n) != 0);
}

static bool check_token(struct console *c, struct http_request *request)
{
	static const struct refusal none = {401, "no_token",
		"The staff token is required: Authorization: Bearer TOKEN.", "Authorization",
		"WWW-Authenticate: Bearer realm=\"waymark\"\r\n"};
	static const struct refusal staff_only = {403, "staff_only",
		"This token opens /v1/jobs/ and nothing else, nor does it cancel jobs; here the "
		"staff token is required.",
		"Authorization", NULL};
	static const struct refusal wrong = {401, "wrong_token", "This is not the staff token.",
		"Authorization",
		"WWW-Authenticate: Bearer realm=\"waymark\", error=\"invalid_token\"\r\n"};
	struct span authorization = http_request_header(request, "Authorization");
	char peer[HTTP_PEER_SIZE];

	if (staff_token_admits(&c->token, authorization))
		return true;
	if (c->settings->consumer_token_file[0] &&
		staff_token_admits(&c->consumer_token, authorization)) {
		if (is_for_consumers(http_request_path(request)))
			return true;
		tell_refusal(&c->telling, request, &staff_only);
		return false;
	}
	tell_log(&c->telling, TELL_TOKEN, "A request had no token or a wrong one.",
		peer_field(request, peer));
	tell_refusal(&c->telling, request, authorization.ptr ? &wrong : &none);
	return false;
}

static void on_request(void *arg, struct http_request *request)
{
	static const struct refusal not_found = {
		404, "not_found", "There is nothing here.", NULL, NULL};
	static const struct refusal only_get = {405, "method_not_allowed",
		"This path has no such method.", NULL, "Allow: GET, HEAD\r\n"};
	static const struct refusal only_post = {405, "method_not_allowed",
		"This path has no such method.", NULL, "Allow: POST\r\n"};
	static const struct refusal either = {405, "method_not_allowed",
		"This path has no such method.", NULL, "Allow: GET, HEAD, POST\r\n"};
	struct console *c = arg;
	const struct router router = {routes, ARRAY_SIZE(routes), c};
	struct span path = http_request_path(request);
	struct route_match match;
	int r;

	if (!check_host(c, request))
		return;
	if (span_starts(path, SPAN_LIT("/v1/")) && !check_token(c, request))
		return;
	r = router_find(&router, http_request_method(request), path, &match);
	if (r == 0)
		match.route->fn(c, request, &match.params);
	else if (r == ROUTE_NOT_FOUND)
		tell_refusal(&c->telling, request, &not_found);
	else
		tell_refusal(&c->telling, request,
			!(match.allowed & 1u << HTTP_GET)    ? &only_post
			: !(match.allowed & 1u << HTTP_POST) ? &only_get
							     : &either);
}

static void on_trouble(void *arg, enum http_trouble trouble, int error, uint64_t times)
{
	static const char *const messages[HTTP_TROUBLES] = {
		[HTTP_TROUBLE_ACCEPT] =
			"Cannot accept connections; is the limit of open files too low?",
		[HTTP_TROUBLE_CONNECTIONS] = "All connections are busy; new ones wait.",
		[HTTP_TROUBLE_MEMORY] = "Out of memory; a connection was closed.",
	};
	struct console *c = arg;

	log_warn(&c->program->log, messages[trouble],
		LOG_FIELDS(log_errno("error", error), log_int("times", (int64_t)times)));
}

/* ---- the program ------------------------------------------------------------------------- */

/* What went wrong changes nothing: the rules of before stand in, if there are any. */
static void load_rules(struct console *c)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct settings *s = c->settings;
	struct rules *rules = NULL;
	int r = problems ? rule_set_load(s->rules, s->store_zone, problems, &rules) : -ENOMEM;

	if (r != 0) {
		if (r > 0)
			file_problems_text(problems, &text);
		log_error(&c->program->log,
			rule_shelf_has_stand_in(c->shelf)
				? "The rules on the disk cannot be used; those of before stay."
				: "The rules on the disk cannot be used. Jobs are handed out by "
				  "those that the log names.",
			LOG_FIELDS(
				log_str("rules", s->rules), log_text("reason", buf_span(&text))));
		return;
	}
	rule_shelf_stand_in(c->shelf, rules);
}

static int read_tokens(struct console *c)
{
	const struct settings *s = c->settings;
	const struct log *log = &c->program->log;
	struct staff_token staff, consumer;

	if (access_read_token(s->token_file, log, &staff))
		return ACCESS_BAD;
	if (s->consumer_token_file[0] && access_read_token(s->consumer_token_file, log, &consumer))
		return ACCESS_BAD;
	c->token = staff;
	if (s->consumer_token_file[0])
		c->consumer_token = consumer;
	return 0;
}

/* A file that went wrong changes nothing: the tokens of before stay in force. */
static void on_reload(void *user)
{
	struct console *c = user;
	const struct log *log = &c->program->log;

	load_rules(c);
	if (read_tokens(c))
		log_warn(log, "The token of before stays in force.", NULL);
	else
		log_info(log, "Read the staff token.",
			LOG_FIELDS(log_str("file", c->settings->token_file)));
}

static void on_stopped(void *arg)
{
	struct console *c = arg;

	program_finish(c->program, STATUS_DONE);
}

static void on_stop(void *user)
{
	struct console *c = user;

	c->jobs.stopping = true;
	http_server_stop(c->server, on_stopped, c);
}

static void on_redis_up(void *user)
{
	struct console *c = user;

	query_source_set_partitions(c->looks.source, c->program->dataset.partitions);
	query_source_set_identity(c->looks.source, c->program->identity);
	c->jobs.desk.partitions = c->program->dataset.partitions;
	find_door_up(&c->find, c->redis, c->program->identity);
	refresh_day(c);
}

static int connect_redis(struct console *c)
{
	struct redis_options options;

	redis_options_init(&options);
	options.reply_timeout_ms = c->settings->redis_time;
	options.connect_timeout_ms = c->settings->redis_time;
	options.user = c;
	options.on_up = on_redis_up;
	if (program_connect(c->program, &options, &c->redis))
		return PROGRAM_EXIT;
	c->jobs.desk.redis = c->redis;
	rule_shelf_set_redis(c->shelf, c->redis);
	if (query_source_new(c->redis, &c->looks.source) < 0)
		return program_fail(c->program, "Out of memory.", NULL);
	c->find.source = c->looks.source;
	return 0;
}

static int open_door(struct console *c)
{
	const struct settings *s = c->settings;
	struct program *p = c->program;
	struct http_server_config config;
	int r;

	http_server_config_init(&config);
	config.body_max = JOB_BODY_MAX;
	config.max_connections = (size_t)s->connections;
	config.header_ms = s->header_time;
	config.idle_ms = s->idle_time;
	config.write_ms = s->write_time;
	config.fields = fields_of_all;
	config.arg = c;
	config.handle = on_request;
	config.trouble = on_trouble;
	r = http_server_new(p->loop, &config, &c->server);
	if (r == 0)
		r = http_server_listen(c->server, s->listen, 0);
	if (r < 0)
		return program_fail(p, "Cannot listen.",
			LOG_FIELDS(log_str("address", s->listen), log_errno("error", r)));
	log_info(&p->log, "Listening.",
		LOG_FIELDS(log_str("address", s->listen),
			log_int("port", http_server_port(c->server))));
	return 0;
}

static int console_init(struct console *c, struct program *p, const struct settings *s)
{
	c->program = p;
	c->settings = s;
	telling_init(&c->telling, p->loop, &p->log);
	c->looks.telling = &c->telling;
	c->looks.max_pending = (size_t)s->questions;
	if (job_door_init(&c->jobs, p->identity, p->loop, &c->telling) < 0 ||
		find_door_init(&c->find, &c->telling) < 0)
		return program_fail(p, "There are no random numbers.", NULL);
	c->jobs.max_pending = (size_t)s->questions;
	c->find.max_pending = (size_t)s->questions;
	c->find.rate = s->searches;
	c->find.burst = 2 * s->searches;
	c->looks.shelf = c->shelf;
	c->jobs.gates.find = rule_shelf_find;
	c->jobs.gates.find_user = c->shelf;
	c->jobs.desk.have_rules = rule_shelf_have;
	c->jobs.desk.rules_user = c->shelf;
	c->jobs.desk.max_tries = (uint32_t)s->tries;
	p->user = c;
	p->on_stop = on_stop;
	p->on_reload = on_reload;
	if (read_tokens(c)) {
		program_finish(p, STATUS_USAGE);
		return PROGRAM_EXIT;
	}
	load_rules(c);
	return 0;
}

static void console_release(struct console *c)
{
	job_door_release(&c->jobs);
	find_door_release(&c->find);
	c->server = http_server_free(c->server);
	c->looks.source = query_source_free(c->looks.source);
}

int console_main(int argc, char **argv)
{
	struct settings settings;
	/* Outlives the connection, whose end still tells it so. */
	_cleanup_(day_metrics_freep) struct day_metrics *day = NULL;
	_cleanup_(archive_metrics_freep) struct archive_metrics *archive = NULL;
	_cleanup_(job_metrics_freep) struct job_metrics *job_counts = NULL;
	_cleanup_(rule_shelf_freep) struct rule_shelf *shelf = NULL;
	_cleanup_(program_release) struct program program;
	_cleanup_(console_release) struct console console = {.program = NULL};

	(void)argc;
	if (program_init(&program, &spec, &settings, argv))
		return program.status;
	if (day_metrics_new(&day) < 0 || job_metrics_new(&job_counts) < 0 ||
		archive_metrics_new(&archive) < 0 || rule_shelf_new(&program.log, &shelf) < 0)
		return program_fail(&program, "Out of memory.", NULL);
	console.day = day;
	console.archive = archive;
	console.job_counts = job_counts;
	console.shelf = shelf;
	if (console_init(&console, &program, &settings) || connect_redis(&console) ||
		open_door(&console))
		return program.status;
	return program_run(&program);
}
