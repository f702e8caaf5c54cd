/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <sys/stat.h>

int check_failures;
const char *check_skipped;

void check_int(const char *file, int line, const char *what, int64_t got, int64_t want)
{
	if (got == want)
		return;
	check_failures++;
	(void)fprintf(stderr, "# %s:%d: %s is %lld, not %lld\n", file, line, what, (long long)got,
		(long long)want);
}

void check_span(const char *file, int line, const char *what, struct span got, struct span want)
{
	if (span_equal(got, want))
		return;
	check_failures++;
	(void)fprintf(stderr, "# %s:%d: %s is \"%.*s\", not \"%.*s\"\n", file, line, what,
		(int)got.len, got.ptr ? got.ptr : "", (int)want.len, want.ptr ? want.ptr : "");
}

int check_run(const struct check_case *cases, size_t n)
{
	int failed = 0;

	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		check_failures = 0;
		check_skipped = NULL;
		cases[i].run();
		if (check_failures)
			failed++;
		printf("%s %zu - %s", check_failures ? "not ok" : "ok", i + 1, cases[i].name);
		if (!check_failures && check_skipped)
			printf(" # SKIP %s", check_skipped);
		printf("\n");
		(void)fflush(stdout);
	}
	return failed ? 1 : 0;
}

const char *check_shared_data(void)
{
	static char path[4096];
	const char *given = getenv("WAYMARK_SHARED_DATA");
	struct stat st;

	if (given)
		(void)snprintf(path, sizeof(path), "%s", given);
	else
		(void)snprintf(path, sizeof(path), "%s/../shared/data", WAYMARK_SOURCE_ROOT);
	return stat(path, &st) == 0 ? path : NULL;
}

const char *check_source_root(void)
{
	return WAYMARK_SOURCE_ROOT;
}
