/* SPDX-License-Identifier: MIT */
/*
 * One binary, a verb for each role and tool. The table is all there is to it: help is printed from
 * it and the verb is looked up in it.
 */
#include <poll.h>
#include <unistd.h>

#include "base/base.h"
#include "cli.h"
#include "collector/collector.h"
#include "console/console.h"
#include "program/program.h"
#include "worker/worker.h"

struct verb {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
};

static const struct verb verbs[] = {
	{"up", up_main, "run everything on this machine, supervised"},
	{"collector", collector_main, "take events over HTTP and keep them in the log"},
	{"worker", worker_main, "apply the log: keep journeys, fire rules, emit jobs"},
	{"console", console_main, "answer the questions of support staff about customers"},
	{"import", import_main, "send a file of events through the collector"},
	{"timeline", timeline_main, "show a customer's journey"},
	{"why", why_main, "say why a customer got a message, or why not"},
	{"customer", customer_main, "find a customer; export or erase all that is held of one"},
	{"jobs", jobs_main, "list, follow and take notification jobs"},
	{"rules", rules_main, "check and list rules"},
	{"schema", schema_main, "contracts of events: show and check them, try events on them"},
	{"backtest", backtest_main, "run rules over recorded events, sending nothing"},
	{"archive", archive_main, "keep the log in files, each customer's lines under a key"},
	{"identity", identity_main, "check what names a customer: kinds, limits, blocked values"},
	{"key", key_main, "add, list, revoke and rotate write keys"},
	{"hook", hook_main, "show what webhooks become; check a mapping of your own"},
	{"mail", mail_main, "links of a mail: opened, followed, unsubscribed"},
	{"quarantine", quarantine_main, "look at events that could not be used; try them again"},
	{"stats", stats_main, "count what was done, and how far the workers are"},
	{"doctor", doctor_main, "find out what is wrong"},
};

static void print_help(FILE *out)
{
	(void)fputs("usage: waymark VERB [options]\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		(void)fprintf(out, "  %-12s %s\n", verbs[i].name, verbs[i].help);
	(void)fputs("\n`waymark VERB --help` lists the options of one of them.\n", out);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Of a pipe nobody reads any more: what failed before left no errno to ask. */
static bool reader_left(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* A result that did not arrive is none. A reader who has seen enough, as `head` has, needs no
 * word about it. */
static int deliver(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE && !reader_left())
		(void)fprintf(stderr, "waymark: the output cannot be written: %s\n",
			strerror(errno ? errno : EIO));
	return status == STATUS_DONE ? STATUS_FOUND : status;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return deliver(verbs[i].main(argc - 1, argv + 1));
	if (is_one_of(argv[1], "help", "--help") || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return deliver(STATUS_DONE);
	}
	if (is_one_of(argv[1], "version", "--version")) {
		puts("waymark " WAYMARK_VERSION);
		return deliver(STATUS_DONE);
	}
	(void)fprintf(
		stderr, "waymark: there is no verb \"%s\"; `waymark help` lists them.\n", argv[1]);
	return STATUS_USAGE;
}
