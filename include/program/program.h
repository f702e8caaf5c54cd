/* SPDX-License-Identifier: MIT */
/*
 * What every role and tool does first: read settings, open the log, make the loop, mind the
 * signals, and reach a Redis that holds the right data set.
 *
 * A program is a function `int NAME_main(int argc, char **argv)`, called by the table of verbs in
 * src/cli with argv[0] being the verb, and returns the exit status:
 *
 *	struct thing_settings s;
 *	_cleanup_(program_release) struct program p;
 *	if (program_init(&p, &thing_spec, &s, argv))
 *		return p.status;
 *	redis_options_init(&options);                    its own on_up and on_down, if it wants any
 *	if (program_connect(&p, &options, &redis))
 *		return p.status;
 *	...
 *	return program_run(&p);
 *
 * SIGTERM and SIGINT ask for a graceful stop (on_stop, else the loop ends), a second one ends the
 * loop at once; SIGHUP calls on_reload; SIGPIPE is ignored.
 *
 * The guard: no command of a program passes to a Redis whose data set is not the expected one.
 * Expected is `[redis] dataset`, or, if that is not set, the first one met. It is asked for after
 * every connect. A foreign or emptied Redis ends the program with status 1 and a sentence that says
 * what to do; one that is away is waited for, and that is logged once.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "core/identity.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/redis.h"
#include "program/setting.h"
#include "store/redis_store.h"

enum program_status {
	STATUS_DONE = 0,  /* done */
	STATUS_FOUND = 1, /* a tool found something; a role could not go on */
	STATUS_USAGE = 2, /* used wrongly: options, configuration */
};

/* Common to all: --config, --json, [redis], [identity] and [log]. */
struct program_settings {
	const char *config;    /* --config, else WAYMARK_CONFIG, else the first that exists of
				  waymark-data/waymark.ini and /etc/waymark/waymark.ini */
	const char *redis;     /* [redis] address, --redis; io/redis_address.h; 127.0.0.1:6379 */
	const char *dataset;   /* [redis] dataset, --dataset: 32 hex digits, or empty */
	const char *identity;  /* [identity] file, --identity: identity.json; empty: built in */
	const char *log_level; /* [log] level, --log-level: error, warn, info, debug; info */
	const char *log_form;  /* [log] format, --log-format: auto, text, json; auto */
	bool json;	       /* --json: tools speak JSON, one value per line */
};

struct program_spec {
	const char *name;     /* the verb; the role in the log */
	const char *operands; /* for help: "FILE", "CUSTOMER [RULE]"; NULL: none */
	size_t min_operands, max_operands;
	const char *about; /* one or a few lines for help */
	const struct setting *settings;
	size_t n_settings;
	bool tool;	   /* logs at warn unless told, and as text; --log-… still work */
	bool any_identity; /* a tool that says nothing of who is who: the data set may have been
			      made with other settings of identity */
};

#define PROGRAM_LINKS_MAX 4

struct program_link;

struct program {
	const struct program_spec *spec;
	struct program_settings common;
	struct log log;
	struct loop *loop;
	struct arena arena; /* as long as the program: texts of the settings */
	char **operands;
	size_t n_operands;
	int status; /* what program_run will return */

	const struct identity *identity;	     /* what names a customer */
	struct identity_settings *identity_settings; /* where it lies if a file says it */

	/* Of the data set, once the first connection was checked; empty id before. */
	struct dataset dataset;

	void *user; /* of these; set after program_init, NULL: as said above */
	void (*on_stop)(void *user);
	void (*on_reload)(void *user);

	bool stopping; /* a signal came */
	bool finished; /* program_finish was called */
	struct program_link *links[PROGRAM_LINKS_MAX];
};

enum { PROGRAM_EXIT = 1 };

/*
 * Reads the settings (SETTINGS is the struct that SPEC's table fills), answers --help, opens log
 * and loop. ARGV[0] is the verb. 0, or PROGRAM_EXIT: everything was said, return p->status (and
 * release as after success).
 */
int program_init(struct program *p, const struct program_spec *spec, void *settings, char **argv);
/* Closes the connections, the loop and all. */
void program_release(struct program *p);

/*
 * A guarded connection, owned by the program. OPTIONS come from redis_options_init and may set
 * anything but the address and on_check, which are the program's. on_up is called when commands
 * pass, p->dataset being set. 0, or PROGRAM_EXIT as above (the address cannot be read).
 */
int program_connect(
	struct program *p, const struct redis_options *options, struct redis **ret_redis);

/*
 * For tools: turns the loop until all connections are up, for at most WITHIN_MS. 0, or PROGRAM_EXIT
 * as above (Redis is away, foreign, or a signal came).
 */
int program_await(struct program *p, int64_t within_ms);

/*
 * Turns the loop until program_finish or a signal, then closes the connections (unanswered commands
 * get NULL, so what they refer to must still be there); the exit status.
 */
int program_run(struct program *p);
/* Ends program_run at the end of this turn. A status other than 0 sticks. */
void program_finish(struct program *p, int status);

/* Logs MESSAGE as an error and finishes with STATUS_FOUND; PROGRAM_EXIT, to be returned. */
int program_fail(struct program *p, const char *message, const struct log_field *fields);
