/* SPDX-License-Identifier: MIT */
#include "doctor_archive.h"

#include "base/instant.h"
#include "counted.h"
#include "figures.h"

/* A round takes its time. */
#define ROUND_MS (5 * MS_MINUTE)

struct sum {
	bool any;
	uint64_t lines, bytes;
	int64_t oldest_at;
	char trouble[256]; /* the first */
};

static int add_up(struct tool *t, struct redis *redis, struct sum *sum)
{
	for (uint32_t p = 0; p < t->program.dataset.partitions; p++) {
		struct partition_figures f;

		if (partition_read(t, redis, p, &f) < 0)
			return -1;
		sum->any = sum->any || f.has_archive;
		sum->lines += f.archived_lines;
		sum->bytes += f.archived_bytes;
		sum->oldest_at = int64_min(sum->oldest_at, f.unarchived_at);
		if (!sum->trouble[0])
			memcpy(sum->trouble, f.archive_trouble, sizeof(sum->trouble));
	}
	return 0;
}

enum archive_finding doctor_archive(
	struct tool *t, struct redis *redis, int64_t now, int64_t every_ms, struct buf *words)
{
	struct sum sum = {.oldest_at = TIME_NEVER};
	char late[DURATION_SIZE];

	if (add_up(t, redis, &sum) < 0) {
		buf_add_str(words, "The partitions cannot be read.");
		return ARCHIVE_WRONG;
	}
	if (!sum.any) {
		buf_add_str(words,
			"There is no archive ([archive] directory); the log in Redis only "
			"grows.");
		return ARCHIVE_ABSENT;
	}
	if (sum.trouble[0]) {
		buf_printf(words, "The archive stands still, and the log grows: %s.", sum.trouble);
		return ARCHIVE_WRONG;
	}
	if (sum.oldest_at != TIME_NEVER && now - sum.oldest_at > 2 * every_ms + ROUND_MS) {
		duration_format((now - sum.oldest_at) / MS_SECOND * MS_SECOND, late);
		buf_printf(words,
			"The oldest entry that is not archived has waited %s: is `waymark archive "
			"run` running?",
			late);
		return ARCHIVE_WRONG;
	}
	buf_printf(words, "The archive keeps up: %llu %s in %llu MiB.",
		COUNT_AS(sum.lines, "entry", "entries"), (unsigned long long)(sum.bytes >> 20));
	return ARCHIVE_FINE;
}
