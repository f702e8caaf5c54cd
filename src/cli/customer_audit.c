/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "customer_tool.h"

struct noting {
	bool over;
	int r;
};

int customer_audit(struct tool *t, struct redis *redis, struct audit *audit, char who[32])
{
	int r = audit_open(audit, redis);

	(void)snprintf(who, 32, "tool %u", (unsigned)getuid());
	while (r == 0 && !audit_is_open(audit) && redis_pending(redis) > 0)
		r = loop_turn(t->program.loop, true);
	return r;
}

static void on_noted(void *user, const struct redis_value *reply)
{
	struct noting *n = user;

	n->over = true;
	n->r = audit_was_noted(reply) ? 0 : -EIO;
}

int customer_note(
	struct tool *t, struct redis *redis, const struct customer_ask *ask, const char *what)
{
	struct audit audit = {.redis = NULL};
	struct noting n = {.over = false};
	char who[32];
	const struct audit_entry entry = {.who = who,
		.what = what,
		.shape = "customer",
		.of = ask->customer,
		.reason = span_str(ask->reason)};
	int r = customer_audit(t, redis, &audit, who);

	if (r == 0 && !audit_is_open(&audit))
		r = -EIO;
	r = r ? r : audit_add(&audit, &entry, on_noted, &n);
	while (r == 0 && !n.over)
		r = loop_turn(t->program.loop, true);
	r = r ? r : n.r;
	return r == 0 ? 0
		      : tool_say(&t->program, STATUS_FOUND,
				"the audit cannot be written, so nothing is done: %s. Ask again "
				"when "
				"Redis answers.",
				strerror(-r));
}
