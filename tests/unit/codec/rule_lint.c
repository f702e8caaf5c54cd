/* SPDX-License-Identifier: MIT */
/*
 * Compiles the rules of the files it is given, as one set, and prints each problem on a line: file,
 * pointer, line, message, with tabs between. For tests written in other languages. Exits 0, 1 when
 * there are problems, 2 when it cannot look.
 */
#include "case_files.h"
#include "codec/rule_json.h"

#define SOURCES_MAX 256

int main(int argc, char **argv)
{
	static const struct rule_options options = {
		.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
	static struct rule_source sources[SOURCES_MAX];
	static struct file_problems problems;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct arena arena;
	int r = 0;

	arena_init(&arena);
	assert(argc - 1 <= SOURCES_MAX);
	for (int i = 1; i < argc && r == 0; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		r = case_read(argv[i], &text);
		sources[i - 1].file = argv[i];
		sources[i - 1].text = arena_copy(&arena, buf_span(&text));
	}
	if (r == 0)
		r = rules_compile(sources, (size_t)(argc - 1), &options, &problems, &rules);
	for (size_t i = 0; i < problems.n; i++)
		printf("%s\t%s\t%u\t%s\n", problems.list[i].file, problems.list[i].pointer,
			problems.list[i].line, problems.list[i].message);
	if (problems.more > 0)
		printf("\t\t0\tand %zu more\n", problems.more);
	arena_release(&arena);
	return r == 0 ? 0 : r == RULES_BAD ? 1 : 2;
}
