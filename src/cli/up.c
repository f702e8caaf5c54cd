/* SPDX-License-Identifier: MIT */
/*
 * Everything on this machine, with one command. The order is the point: nothing is written before
 * it is known that everything can start, and at the end the door is closed first, so that what was
 * let in is dealt with before the memory of it goes.
 */
#include "up.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "ini_edit.h"
#include "io/file.h"
#include "io/http_server.h"
#include "program/rule_set.h"
#include "store/keys.h"

#define KEYS_MAX ((size_t)1024 * 1024)

#define ROW(MEMBER) offsetof(struct up_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "data", "data", SETTING_TEXT, ROW(data), DATA_DIR, 0, DATA_PATH_MAX, "DIR",
		"where everything is kept; made if it is not there"},
	{"up", "workers", "workers", SETTING_INT, ROW(workers), "1", 1, UP_WORKERS_MAX, "N",
		"workers to run"},
	{"up", "partitions", "partitions", SETTING_INT, ROW(partitions), "16", 1, PARTITIONS_MAX,
		"N", "partitions of a new data set; fixed from then on"},
	{"collector", "listen", "collector-listen", SETTING_TEXT, ROW(collector_listen),
		"127.0.0.1:8480", 0, 255, "ADDRESS", "where events come in"},
	{"collector", "keys", "keys", SETTING_TEXT, ROW(keys), NULL, 0, DATA_PATH_MAX, "FILE",
		"the write keys; else keys.ini in the data directory"},
	{"console", "listen", "console-listen", SETTING_TEXT, ROW(console_listen), "127.0.0.1:8481",
		0, 255, "ADDRESS", "where staff ask"},
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), NULL, 0, DATA_PATH_MAX, "PATH",
		"rules; else rules/ in the data directory, else those of Waymark"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	{"archive", "directory", "archive", SETTING_TEXT, ROW(archive), NULL, 0, DATA_PATH_MAX,
		"DIR", "write what was applied into files there (waymark archive)"},
	{NULL, "demo", "demo", SETTING_BOOL, ROW(demo), NULL, 0, 0, NULL,
		"play a shop day with short waits, in a data set of its own, then end"},
};

static const struct program_spec spec = {
	.name = "up",
	.about = "Runs everything on this machine: a private redis-server, collector, worker and\n"
		 "console, each started again when it dies. Ctrl-C stops all and loses nothing.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
};

void up_fail(struct up *u, int status)
{
	if (!u->failed)
		u->status = status;
	u->failed = true;
}

static void on_nothing(void *arg)
{
	(void)arg; /* that it fired is all it is for: the loop turns */
}

int up_turn(struct up *u, int64_t ms)
{
	struct program *p = &u->tool.program;
	struct timer timer;
	int r;

	timer_init(&timer, p->loop, on_nothing, NULL);
	r = timer_set_in(&timer, ms);
	if (r == 0)
		r = loop_turn(p->loop, true);
	timer_stop(&timer);
	if (r < 0)
		up_fail(u, tool_say(p, STATUS_FOUND, "the loop broke: %s.", strerror(-r)));
	return p->stopping || u->failed ? PROGRAM_EXIT : 0;
}

/* ---- before anything is started ------------------------------------------------------------ */

static int choose_files(struct up *u)
{
	struct program *p = &u->tool.program;

	u->tool.data = u->place.dir;
	u->config = u->given_config ? p->common.config : u->place.ini;
	u->keys = u->settings.keys[0] ? u->settings.keys : u->place.keys;
	u->rules = u->settings.rules[0] ? u->settings.rules : tool_rules(&u->tool);
	if (u->rules)
		return 0;
	up_fail(u, tool_say(p, STATUS_FOUND, "no rules are found; say where with --rules DIR."));
	return PROGRAM_EXIT;
}

static int check_rules(struct up *u)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	_cleanup_(rules_freep) struct rules *rules = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = problems ? rule_set_load(u->rules, u->settings.store_zone, problems, &rules)
			 : -ENOMEM;

	if (r == 0)
		return 0;
	if (r > 0)
		file_problems_text(problems, &text);
	up_fail(u, tool_say(&u->tool.program, STATUS_FOUND, "the rules in %s cannot be used:\n%.*s",
			   u->rules, (int)text.len, text.ptr ? text.ptr : strerror(-r)));
	return PROGRAM_EXIT;
}

static void on_stranger(void *arg, struct http_request *request)
{
	(void)arg;
	http_respond(request, 503, NULL, SPAN_EMPTY, SPAN_EMPTY);
}

/* That ADDRESS can be listened on is better known before everything else has started. */
static int check_address(struct up *u, const char *role, const char *address, const char *option)
{
	_cleanup_(http_server_freep) struct http_server *server = NULL;
	const struct program *p = &u->tool.program;
	struct http_server_config config;
	int r;

	http_server_config_init(&config);
	config.handle = on_stranger;
	r = http_server_new(p->loop, &config, &server);
	if (r == 0)
		r = http_server_listen(server, address, 0);
	if (r == 0)
		return 0;
	up_fail(u,
		r == -EADDRINUSE
			? tool_say(p, STATUS_FOUND,
				  "%s, where the %s would listen, is in use by another program. "
				  "Stop "
				  "that one, or choose another address with %s HOST:PORT.",
				  address, role, option)
			: tool_say(p, STATUS_FOUND,
				  "the %s cannot listen on %s: %s. Choose another address with %s "
				  "HOST:PORT.",
				  role, address, strerror(-r), option));
	return PROGRAM_EXIT;
}

static int find_self(struct up *u)
{
	u->self = tool_self(&u->tool.program);
	if (u->self)
		return 0;
	up_fail(u, tool_say(&u->tool.program, STATUS_FOUND, "cannot find out where I am."));
	return PROGRAM_EXIT;
}

static int prepare(struct up *u)
{
	struct program *p = &u->tool.program;

	if (find_self(u) || (u->settings.demo && up_demo_prepare(u)))
		return PROGRAM_EXIT;
	if (up_place_open(&u->place, p, u->settings.data)) {
		up_fail(u, STATUS_FOUND);
		return PROGRAM_EXIT;
	}
	if (u->place.socket_elsewhere)
		log_info(&p->log,
			"The path of the data directory is too long for a unix socket; Redis "
			"listens "
			"elsewhere.",
			LOG_FIELDS(log_str("socket", u->place.socket)));
	if (choose_files(u) || check_rules(u) ||
		check_address(u, "collector", u->settings.collector_listen, "--collector-listen") ||
		check_address(u, "console", u->settings.console_listen, "--console-listen"))
		return PROGRAM_EXIT;
	if (up_place_fill(&u->place, p)) {
		up_fail(u, STATUS_FOUND);
		return PROGRAM_EXIT;
	}
	return 0;
}

/* ---- children ------------------------------------------------------------------------------ */

static bool on_end(void *user, struct child *c, int status)
{
	struct up *u = user;

	if (c == &u->redis.child) {
		if (u->set_up && WIFEXITED(status))
			up_redis_explain(u);
		if (u->set_up)
			up_redis_mend(u);
		u->redis_ended = true;
		return u->set_up;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_USAGE) {
		log_error(&u->tool.program.log, "Cannot use its settings, as it said above.",
			LOG_FIELDS(log_str("child", c->name)));
		up_fail(u, STATUS_USAGE);
		return false;
	}
	return u->set_up;
}

static void on_stopped(void *user)
{
	struct up *u = user;

	u->gone = true;
	loop_stop(u->tool.program.loop);
}

/* ---- signals ------------------------------------------------------------------------------- */

static void on_stop(void *user)
{
	(void)user; /* whoever turns the loop sees that the program is stopping */
}

static void on_reload(void *user)
{
	struct up *u = user;

	/* The terminal was closed: nobody is there any more. */
	if (u->terminal && !isatty(STDERR_FILENO))
		u->tool.program.stopping = true;
	else
		up_forward_hangup(u);
}

/* ---- the banner ---------------------------------------------------------------------------- */

/* How one would call this binary from here. */
static const char *call_name(struct up *u)
{
	const char *path = getenv("PATH");
	char here[PATH_MAX], found[PATH_MAX];
	size_t n;

	while (path && *path) {
		n = strcspn(path, ":");
		if (n + sizeof("/waymark") < sizeof(here)) {
			(void)snprintf(here, sizeof(here), "%.*s/waymark", (int)n, path);
			if (realpath(here, found) && strcmp(found, u->self) == 0)
				return "waymark";
		}
		path += n + (path[n] == ':');
	}
	if (!getcwd(here, sizeof(here)))
		return u->self;
	n = strlen(here);
	if (strncmp(u->self, here, n) == 0 && u->self[n] == '/')
		return u->self + n + 1;
	return u->self;
}

static void print_address(struct up *u, const char *what, const char *address)
{
	const char *socket, *url = tool_url(&u->tool.program, address, &socket);

	printf("  %-12s %s%s\n", what, socket ? "unix socket " : "", socket ? socket : url);
}

/* The key of SOURCE; "KEY" if it is none of those that were made at the first start. */
static const char *key_of(struct up *u, struct span source)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span key;

	if (!u->created || file_read(u->keys, KEYS_MAX, &text) != 0)
		return "KEY";
	key = ini_get(buf_span(&text), source, SPAN_LIT("key"));
	return key.len ? tool_text(&u->tool.program, "%.*s", (int)key.len, key.ptr) : "KEY";
}

static void print_keys(struct up *u)
{
	if (u->created)
		printf("\nKeys, told this once (they are in %s):\n"
		       "  web          %s   for pages; anyone may see it\n"
		       "  shop         %s   for servers; keep it secret\n",
			u->keys, key_of(u, SPAN_LIT("web")), key_of(u, SPAN_LIT("shop")));
	else
		printf("  %-12s %s\n", "keys", u->keys);
}

static void print_banner(struct up *u)
{
	const char *dir = strcmp(u->settings.data, DATA_DIR) != 0 ? u->settings.data : NULL;
	const char *option = dir ? " --data " : "", *me = call_name(u), *socket, *url;

	url = tool_url(&u->tool.program, u->settings.collector_listen, &socket);
	printf("\nWaymark is running. Everything it keeps is in %s\n\n", u->place.dir);
	print_address(u, "events in", u->settings.collector_listen);
	print_address(u, "console", u->settings.console_listen);
	printf("  %-12s %s\n", "rules", u->rules);
	if (u->settings.archive[0])
		printf("  %-12s %s\n", "archive", u->settings.archive);
	print_keys(u);
	printf("\nSend something:\n"
	       "  curl -u %s: %s%s%s%s/v1/track \\\n"
	       "    -d '{\"userId\":\"ada\",\"event\":\"Product Added\","
	       "\"properties\":{\"cart_id\":\"C1\",\"name\":\"Ring\"}}'\n",
		key_of(u, SPAN_LIT("shop")), socket ? "--unix-socket " : "", socket ? socket : "",
		socket ? " " : "", url);
	printf("Look at it:\n"
	       "  %s timeline%s%s ada\n"
	       "  %s jobs%s%s --follow\n"
	       "\nCtrl-C stops everything; nothing is lost.\n\n",
		me, option, dir ? dir : "", me, option, dir ? dir : "");
	(void)fflush(stdout);
}

/* ------------------------------------------------------------------------------------------- */

static void run(struct up *u)
{
	struct program *p = &u->tool.program;

	if (prepare(u) || up_redis_start(u) || up_roles_start(u))
		return;
	up_watch_keys(u);
	if (up_roles_await(u))
		return;
	if (u->settings.demo) {
		u->status = up_demo_run(u);
		return;
	}
	print_banner(u);
	log_info(&p->log, "Everything runs.", LOG_FIELDS(log_str("data", u->place.dir)));
	while (!up_turn(u, MS_HOUR))
		;
}

static void stop(struct up *u)
{
	struct program *p = &u->tool.program;

	timer_stop(&u->keys_timer);
	children_stop(&u->children);
	if (!u->gone)
		(void)loop_run(p->loop);
	log_info(&p->log, u->gone ? "Everything has stopped." : "Stopped in a hurry.", NULL);
}

static void role_release(struct up_role *role)
{
	for (size_t i = 0; i < role->n_args; i++)
		free(role->args[i]);
}

static void up_release(struct up *u)
{
	children_release(&u->children);
	u->watched = write_keys_free(u->watched);
	up_place_close(&u->place);
	role_release(&u->redis);
	role_release(&u->collector);
	role_release(&u->console);
	role_release(&u->archive);
	for (size_t i = 0; i < UP_WORKERS_MAX; i++)
		role_release(&u->workers[i]);
	tool_release(&u->tool);
	up_demo_clean(u);
}

int up_main(int argc, char **argv)
{
	_cleanup_(up_release) struct up u = {.place = {.lock = -1}};
	struct program *p = &u.tool.program;
	const char *environment = getenv("WAYMARK_CONFIG");

	(void)argc;
	if (tool_init(&u.tool, &spec, &u.settings, argv))
		return p->status;
	p->user = &u;
	p->on_stop = on_stop;
	p->on_reload = on_reload;
	u.terminal = isatty(STDERR_FILENO);
	u.given_data = settings_peek(argv + 1, "data") != NULL;
	u.given_config = settings_peek(argv + 1, "config") ||
			 (!u.given_data && environment && environment[0]);
	if (children_init(&u.children, p->loop, &p->log) < 0)
		return tool_say(p, STATUS_FOUND, "cannot watch over children.");
	u.children.user = &u;
	u.children.on_end = on_end;
	u.children.on_stopped = on_stopped;
	run(&u);
	stop(&u);
	return u.status;
}
