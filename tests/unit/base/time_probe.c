/* SPDX-License-Identifier: MIT */
/*
 * Answers questions about time, one a line, so that a model in another language can compare
 * (instant_model.py, zone_model.py):
 *
 *	parse TEXT		milliseconds since 1970, or -
 *	format MS		RFC 3339
 *	zone NAME		ok, or - ; the zone of the following questions
 *	offset MS		seconds east of UTC
 *	local MS		the instant of the local time that MS would be in UTC
 *	end MS			the end of the local day
 */
#include "base/instant.h"
#include "base/zone.h"

#include "zone_file.h"

static int64_t number(struct span s)
{
	bool negative = s.len && *s.ptr == '-';
	uint64_t n = 0;

	if (negative)
		s = span_of(s.ptr + 1, s.len - 1);
	if (span_to_u64(s, INT64_MAX, &n))
		abort();
	return negative ? -(int64_t)n : (int64_t)n;
}

static void answer_number(int64_t n)
{
	printf("%lld\n", (long long)n);
}

static void ask_parse(struct zone **z, struct span arg)
{
	int64_t at;

	(void)z;
	if (instant_parse(arg, &at))
		printf("-\n");
	else
		answer_number(at);
}

static void ask_format(struct zone **z, struct span arg)
{
	char out[INSTANT_SIZE];

	(void)z;
	instant_format(number(arg), out);
	printf("%s\n", out);
}

static void ask_zone(struct zone **z, struct span arg)
{
	_cleanup_free_ char *name = span_dup(arg);

	*z = zone_free(*z);
	if (name)
		*z = zone_file_parse(name);
	printf("%s\n", *z ? "ok" : "-");
}

static void ask_offset(struct zone **z, struct span arg)
{
	answer_number(zone_offset(*z, number(arg)));
}

static void ask_local(struct zone **z, struct span arg)
{
	struct civil c;

	civil_from_instant(number(arg), &c);
	answer_number(zone_instant(*z, &c));
}

static void ask_end(struct zone **z, struct span arg)
{
	answer_number(zone_day_end(*z, number(arg)));
}

static const struct question {
	const char *word;
	void (*ask)(struct zone **z, struct span arg);
} questions[] = {
	{"parse ", ask_parse},
	{"format ", ask_format},
	{"zone ", ask_zone},
	{"offset ", ask_offset},
	{"local ", ask_local},
	{"end ", ask_end},
};

int main(void)
{
	_cleanup_(zone_freep) struct zone *z = NULL;
	char text[4096];

	while (fgets(text, sizeof(text), stdin)) {
		struct span line = span_of(text, strcspn(text, "\n"));

		for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
			struct span word = span_str(questions[i].word);

			if (span_starts(line, word))
				questions[i].ask(
					&z, span_of(line.ptr + word.len, line.len - word.len));
		}
	}
	return 0;
}
