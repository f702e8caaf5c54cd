/* SPDX-License-Identifier: MIT */
/*
 * Durations as people write them in rules. There are several texts for one length; the one that is
 * shown is the shortest, because "30d" is what a person wrote and "4w2d" is not.
 */
#include "base/instant.h"

#include <inttypes.h>

struct unit {
	const char *name;
	int64_t ms;
};

/* In falling order. */
static const struct unit units[] = {
	{"w", 7 * MS_DAY},
	{"d", MS_DAY},
	{"h", MS_HOUR},
	{"m", MS_MINUTE},
	{"s", MS_SECOND},
	{"ms", 1},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cuts the leading bytes that are digits (or are not) from *S. */
static struct span take_run(struct span *s, bool digits)
{
	struct span run = {s->ptr, 0};

	while (run.len < s->len && is_digit(s->ptr[run.len]) == digits)
		run.len++;
	*s = span_of(s->ptr + run.len, s->len - run.len);
	return run;
}

int duration_parse(struct span s, int64_t *ret_ms)
{
	int64_t total = 0;
	size_t unit = 0; /* the largest still allowed */

	if (span_is(s, "0")) {
		*ret_ms = 0;
		return 0;
	}
	if (s.len == 0)
		return INSTANT_INVALID;
	while (s.len) {
		struct span digits = take_run(&s, true);
		struct span name = take_run(&s, false);
		uint64_t n;

		while (unit < ARRAY_SIZE(units) && !span_is(name, units[unit].name))
			unit++;
		if (unit == ARRAY_SIZE(units) ||
			span_to_u64(digits, (uint64_t)(DURATION_MAX_MS / units[unit].ms), &n))
			return INSTANT_INVALID;
		total += (int64_t)n * units[unit++].ms;
		if (total > DURATION_MAX_MS)
			return INSTANT_INVALID;
	}
	*ret_ms = total;
	return 0;
}

/* N of UNIT behind the LEN bytes of OUT; how long that is then. */
static size_t append(char out[DURATION_SIZE], size_t len, uint64_t n, const char *unit)
{
	char piece[sizeof("18446744073709551615ms")];
	size_t size = (size_t)snprintf(piece, sizeof(piece), "%" PRIu64 "%s", n, unit);

	/* All pieces together have a few digits more than the first alone. */
	assert(size < sizeof(piece) && size < DURATION_SIZE - len);
	memcpy(out + len, piece, size + 1);
	return len + size;
}

/* The text of MS in the units of the set CHOSEN, as large ones as will go; false if a rest stays.
 */
static bool spell(uint64_t ms, unsigned chosen, char out[DURATION_SIZE])
{
	size_t len = 0;

	out[0] = '\0'; /* zero has no unit */
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		uint64_t n = ms / (uint64_t)units[i].ms;

		if (!(chosen >> (ARRAY_SIZE(units) - 1 - i) & 1) || n == 0)
			continue;
		ms -= n * (uint64_t)units[i].ms;
		len = append(out, len, n, units[i].name);
	}
	return ms == 0;
}

/*
 * Sets that are worth a look. Without the largest unit that divides MS a rest stays, or the text
 * has a smaller unit in its place, whose number is no shorter; smaller units than that have nothing
 * to say, nor have those that are larger than MS.
 */
static unsigned worth(uint64_t ms, unsigned *ret_needed)
{
	unsigned last = 0, first = 0;

	while (ms % (uint64_t)units[last].ms != 0)
		last++;
	while (first < last && (uint64_t)units[first].ms > ms)
		first++;
	*ret_needed = 1U << (ARRAY_SIZE(units) - 1 - last);
	return (1U << (ARRAY_SIZE(units) - first)) - *ret_needed;
}

void duration_format(int64_t ms, char out[DURATION_SIZE])
{
	uint64_t magnitude = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	char text[DURATION_SIZE], best[DURATION_SIZE] = "";
	unsigned needed, sets = worth(magnitude, &needed);

	/* The top bit is the week, so sets with larger units come first and win a tie. */
	for (unsigned chosen = sets; chosen >= needed; chosen -= needed)
		if ((chosen & needed) && spell(magnitude, chosen, text) &&
			(!*best || strlen(text) < strlen(best)))
			memcpy(best, text, sizeof(best));
	(void)snprintf(out, DURATION_SIZE, "%s%s", ms < 0 ? "-" : "", ms ? best : "0s");
}
