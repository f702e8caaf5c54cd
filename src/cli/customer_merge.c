/* SPDX-License-Identifier: MIT */
/* Two customers, whom somebody of the staff knows to be one: the weaker key is asked to become a
 * link to the stronger, with the right to say so of two who are known (core/link_rules.h). */
#include <pwd.h>
#include <unistd.h>

#include "base/instant.h"
#include "codec/link.h"
#include "codec/message_json.h"
#include "core/message.h"
#include "customer_apart.h"
#include "store/keys.h"

const char *apart_who(const struct customer_ask *ask, char *name, size_t size)
{
	const struct passwd *own = ask->by[0] ? NULL : getpwuid(getuid());

	(void)snprintf(name, size, "%s", ask->by[0] ? ask->by : own ? own->pw_name : "staff");
	return name;
}

static struct span key_in(struct tool *t, uint32_t p, const char *name, struct span id)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;

	key_add_id(&key, p, name, id);
	return buf_failed(&key) < 0 ? SPAN_EMPTY : arena_copy(&t->program.arena, buf_span(&key));
}

int apart_post(struct tool *t, struct redis *redis, uint32_t p, struct message *m,
	struct span record, struct log_id *ret_id)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT, key = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;

	arena_init(&a);
	m->from = MESSAGE_FROM_STAFF;
	m->seq = 1;
	message_json(m, &head);
	key_add(&key, p, "in");
	if (buf_failed(&head) < 0 || buf_failed(&key) < 0)
		return tool_say(&t->program, STATUS_FOUND, "out of memory.");
	v = tool_ask(t, redis,
		(struct span[]){SPAN_LIT("XADD"), buf_span(&key), SPAN_LIT("*"), SPAN_LIT("x"),
			buf_span(&head), SPAN_LIT("b"), record},
		record.len > 0 ? 7 : 5, &a);
	if (!v)
		return STATUS_FOUND;
	if (log_id_parse(v->text, ret_id) != 0)
		return tool_say(&t->program, STATUS_FOUND, "Redis answers in another form.");
	return 0;
}

/* 0 if somebody is known by KEY; else a status. */
static int check_known(struct tool *t, struct redis *redis, struct span key)
{
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;
	uint32_t p = partition_of(key, t->program.dataset.partitions);

	arena_init(&a);
	v = tool_ask(t, redis, (struct span[]){SPAN_LIT("EXISTS"), key_in(t, p, "c", key)}, 2, &a);
	if (!v)
		return STATUS_FOUND;
	if (v->integer == 0)
		return tool_say(&t->program, STATUS_FOUND,
			"nobody is known by %.*s; keys are as `waymark timeline` shows them, "
			"such as email:jon@example.com.",
			(int)key.len, key.ptr);
	return 0;
}

int customer_merge(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	const struct identity *identity = t->program.identity;
	int order = identity_compare(identity, ask->customer, ask->other);
	struct span winner = order < 0 ? ask->customer : ask->other;
	struct span loser = order < 0 ? ask->other : ask->customer;
	char who[104];
	struct log_id id;
	struct message m = {.kind = MESSAGE_CLAIM,
		.to = loser,
		.of = winner,
		.rights = LINK_TRUSTED | LINK_EXPLICIT,
		.linked_at = io_wall_now(),
		.by = span_str(apart_who(ask, who, sizeof(who))),
		.reason = span_str(ask->reason)};
	int r = check_known(t, redis, winner);

	if (order == 0)
		return tool_say(&t->program, STATUS_USAGE, "these are one name.");
	if (r == 0)
		r = check_known(t, redis, loser);
	if (r)
		return r;
	if (!ask->yes) {
		(void)printf("%.*s would become a part of %.*s. Do it with --yes.\n",
			(int)loser.len, loser.ptr, (int)winner.len, winner.ptr);
		return STATUS_DONE;
	}
	m.said_at = m.linked_at;
	r = apart_post(
		t, redis, partition_of(loser, t->program.dataset.partitions), &m, SPAN_EMPTY, &id);
	if (r == 0)
		(void)printf("%.*s becomes a part of %.*s.\n", (int)loser.len, loser.ptr,
			(int)winner.len, winner.ptr);
	return r ? r : STATUS_DONE;
}
