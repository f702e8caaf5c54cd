/* SPDX-License-Identifier: MIT */
#include "histories.h"

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *given = getenv(name);

	return given ? strtoull(given, NULL, 10) : otherwise;
}

void histories_run(unsigned rounds, void (*history)(uint64_t chance))
{
	uint64_t first = setting("WAYMARK_TEST_SEED", 1);
	uint64_t n = setting("WAYMARK_TEST_ROUNDS", rounds);

	printf("# seeds %llu to %llu\n", (unsigned long long)first,
		(unsigned long long)(first + n - 1));
	for (uint64_t seed = first; seed < first + n; seed++) {
		int before = check_failures;

		history(seed * 7919);
		if (check_failures == before)
			continue;
		fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
		if (n == rounds)
			return;
	}
}
