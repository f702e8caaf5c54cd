/* SPDX-License-Identifier: MIT */
/* One line, drawn over itself. */
#include "progress.h"

#include <unistd.h>

#define BAR_WIDTH     30
#define DRAW_EVERY_MS 100

void progress_init(struct progress *p, bool wanted, uint64_t total, const char *unit, int64_t now)
{
	*p = (struct progress){wanted && isatty(STDERR_FILENO), total, now, 0, unit};
}

void progress_update(struct progress *p, uint64_t done, uint64_t count, int64_t now)
{
	char bar[BAR_WIDTH + 1];
	int64_t elapsed = now - p->started_at;
	uint64_t rate = elapsed > 0 ? count * 1000 / (uint64_t)elapsed : 0;
	size_t filled;

	if (!p->shown || now - p->drawn_at < DRAW_EVERY_MS)
		return;
	p->drawn_at = now;
	if (p->total == 0) {
		(void)fprintf(stderr, "\r\033[K%llu %s, %llu/s", (unsigned long long)count, p->unit,
			(unsigned long long)rate);
		return;
	}
	if (done > p->total)
		done = p->total;
	filled = (size_t)(done * BAR_WIDTH / p->total);
	memset(bar, '#', filled);
	memset(bar + filled, '.', BAR_WIDTH - filled);
	bar[BAR_WIDTH] = '\0';
	(void)fprintf(stderr, "\r\033[K[%s] %3u%%  %llu %s, %llu/s", bar,
		(unsigned)(done * 100 / p->total), (unsigned long long)count, p->unit,
		(unsigned long long)rate);
}

void progress_end(struct progress *p)
{
	if (p->shown && p->drawn_at > 0)
		(void)fputs("\r\033[K", stderr);
}
