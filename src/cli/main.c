/* SPDX-License-Identifier: MIT */
/*
 * One binary, a verb for each role and tool. The table is all there is to it: help is printed from
 * it and the verb is looked up in it.
 */
#include "base/base.h"
#include "collector/collector.h"
#include "program/program.h"

struct verb {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
};

static const struct verb verbs[] = {
	{"collector", collector_main, "take events over HTTP and keep them in the log"},
};

static void print_help(FILE *out)
{
	fputs("usage: waymark VERB [options]\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-12s %s\n", verbs[i].name, verbs[i].help);
	fputs("\n`waymark VERB --help` lists the options of one of them.\n", out);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].main(argc - 1, argv + 1);
	if (is_one_of(argv[1], "help", "--help") || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return STATUS_DONE;
	}
	if (is_one_of(argv[1], "version", "--version")) {
		puts("waymark " WAYMARK_VERSION);
		return STATUS_DONE;
	}
	fprintf(stderr, "waymark: there is no verb \"%s\"; `waymark help` lists them.\n", argv[1]);
	return STATUS_USAGE;
}
