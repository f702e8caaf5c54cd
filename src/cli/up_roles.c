/* SPDX-License-Identifier: MIT */
/*
 * The roles are this very binary with other verbs. They read the same configuration as the tools;
 * what depends on the data directory is given to them in words, which beat it.
 */
#include <signal.h>

#include "io/http_client.h"
#include "up.h"

#define ROLE_PATIENCE_MS (15 * MS_SECOND)
#define READY_MS	 (30 * MS_SECOND)
#define ASK_EVERY_MS	 50

/* NAME and VALUE in front of what stands there; a VALUE that is NULL is a lack of memory. */
static void add_words(struct up_role *role, const char *name, const char *value)
{
	assert(role->n_args + 2 < UP_ARGS_MAX);
	role->args[role->n_args++] = span_dup(span_str(name));
	role->args[role->n_args++] = span_dup(span_str(value));
}

static int start(struct up *u, struct up_role *role, const char *verb, int stage)
{
	const struct program *p = &u->tool.program;
	int r = 0;

	if (!role->name[0])
		(void)snprintf(role->name, sizeof(role->name), "%s", verb);
	add_words(role, "--config", u->config);
	add_words(role, "--redis", u->place.socket);
	add_words(role, "--dataset", u->dataset);
	add_words(role, "--log-format", p->log.text ? "text" : "json");
	if (p->common.log_level[0])
		add_words(role, "--log-level", p->common.log_level);
	if (p->common.identity[0])
		add_words(role, "--identity", p->common.identity);
	for (size_t i = 0; i < role->n_args; i++)
		if (!role->args[i])
			r = -ENOMEM;
	role->child = (struct child){.name = role->name,
		.argv = role->args,
		.stage = stage,
		.patience_ms = ROLE_PATIENCE_MS,
		.orphan_signal = SIGKILL};
	if (r == 0)
		r = child_start(&u->children, &role->child);
	if (r == 0)
		return 0;
	up_fail(u, tool_say(p, STATUS_FOUND, "cannot start %s: %s.", u->self, strerror(-r)));
	return PROGRAM_EXIT;
}

/* What is applied goes into files, if it is said where. */
static int start_archive(struct up *u)
{
	const char *directory = tool_text(&u->tool.program, "--directory=%s", u->settings.archive);

	if (!u->settings.archive[0] || u->settings.demo)
		return 0;
	add_words(&u->archive, u->self, "archive");
	add_words(&u->archive, "run", directory);
	return start(u, &u->archive, "archive", 1);
}

int up_roles_start(struct up *u)
{
	int r;

	add_words(&u->collector, u->self, "collector");
	add_words(&u->collector, "--listen", u->settings.collector_listen);
	add_words(&u->collector, "--keys", u->keys);
	r = start(u, &u->collector, "collector", 0);
	add_words(&u->console, u->self, "console");
	add_words(&u->console, "--listen", u->settings.console_listen);
	add_words(&u->console, "--token-file", u->place.token);
	add_words(&u->console, "--rules", u->rules);
	add_words(&u->console, "--store-zone", u->settings.store_zone);
	if (r == 0)
		r = start(u, &u->console, "console", 1);
	for (int64_t i = 0; i < u->settings.workers && r == 0; i++) {
		struct up_role *worker = &u->workers[i];

		if (u->settings.workers > 1)
			(void)snprintf(
				worker->name, sizeof(worker->name), "worker %d", (int)(i + 1));
		add_words(worker, u->self, "worker");
		add_words(worker, "--rules", u->rules);
		add_words(worker, "--store-zone", u->settings.store_zone);
		r = start(u, worker, "worker", 1);
	}
	if (r == 0)
		r = start_archive(u);
	u->set_up = r == 0;
	return r;
}

/* ---- readiness ----------------------------------------------------------------------------- */

struct question {
	const char *url, *socket;
	bool asked, ready;
};

static void on_answer(void *user, const struct http_answer *answer)
{
	struct question *q = user;

	q->asked = false;
	q->ready = answer->status == 200;
}

static int ask(struct up *u, struct http_client *client, struct question *q)
{
	struct http_call call = {
		.method = "GET", .url = q->url, .socket = q->socket, .timeout_ms = MS_SECOND};

	if (q->asked || q->ready)
		return 0;
	if (http_client_send(client, &call, on_answer, q) < 0) {
		up_fail(u, tool_say(&u->tool.program, STATUS_FOUND,
				   "cannot ask %s whether it is ready.", q->url));
		return PROGRAM_EXIT;
	}
	q->asked = true;
	return 0;
}

int up_roles_await(struct up *u)
{
	struct program *p = &u->tool.program;
	const char *addresses[] = {u->settings.collector_listen, u->settings.console_listen};
	struct question questions[ARRAY_SIZE(addresses)] = {{0}};
	_cleanup_(http_client_freep) struct http_client *client = NULL;
	struct http_client_options options;
	int64_t until = loop_now_mono(p->loop) + READY_MS;
	bool ready = false;

	http_client_options_init(&options);
	if (http_client_new(p->loop, &options, &client) < 0)
		return PROGRAM_EXIT;
	while (!ready && loop_now_mono(p->loop) < until) {
		ready = true;
		for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
			struct question *q = &questions[i];

			if (!q->url)
				q->url = tool_text(
					p, "%s/readyz", tool_url(p, addresses[i], &q->socket));
			if (!q->url || ask(u, client, q))
				return PROGRAM_EXIT;
			ready = ready && q->ready;
		}
		if (!ready && up_turn(u, ASK_EVERY_MS))
			return PROGRAM_EXIT;
	}
	if (!ready)
		log_warn(&p->log, "Not everything is ready yet; it goes on starting.", NULL);
	return 0;
}

/* ---- news for the roles -------------------------------------------------------------------- */

void up_forward_hangup(struct up *u)
{
	child_signal(&u->collector.child, SIGHUP);
	child_signal(&u->console.child, SIGHUP);
	for (int64_t i = 0; i < u->settings.workers; i++)
		child_signal(&u->workers[i].child, SIGHUP);
}
