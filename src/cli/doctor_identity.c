/* SPDX-License-Identifier: MIT */
#include "doctor_identity.h"

enum archive_finding doctor_identity(struct tool *t, struct redis *redis, struct buf *words)
{
	const struct span args[] = {SPAN_LIT("HGET"), SPAN_LIT("wm:meta"), SPAN_LIT("identity")};
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;
	char ours[17];

	arena_init(&a);
	v = tool_ask(t, redis, args, ARRAY_SIZE(args), &a);
	if (!v) {
		buf_add_str(words, "The settings of identity cannot be read.");
		return ARCHIVE_WRONG;
	}
	(void)snprintf(ours, sizeof(ours), "%016llx",
		(unsigned long long)identity_digest(t->program.identity));
	if (v->text.len == 0 || span_is(v->text, ours)) {
		buf_add_str(words, "What names a customer is settled as the data set was made.");
		return ARCHIVE_FINE;
	}
	buf_printf(words,
		"The data set was made with other settings of identity (%.*s) than this "
		"configuration names (%s): say which with [identity] file.",
		(int)v->text.len, v->text.ptr, ours);
	return ARCHIVE_WRONG;
}
