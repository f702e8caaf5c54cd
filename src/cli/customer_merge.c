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
#include "customer_names.h"
#include "store/keys.h"

const char *apart_who(const struct customer_ask *ask, char *name, size_t size)
{
	const struct passwd *own = ask->by[0] ? NULL : getpwuid(getuid());

	(void)snprintf(name, size, "%s", ask->by[0] ? ask->by : own ? own->pw_name : "staff");
	return name;
}

/* KEYS: log. ARGV: behind which entry, the word, its record. Looks at 64 entries at most. */
static const char behind_script[] =
	"local since = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 65)\n"
	"if #since > 64 then return '0-0' end\n"
	"for _, entry in ipairs(since) do\n"
	"  local fields = entry[2]\n"
	"  for i = 1, #fields, 2 do\n"
	"    if fields[i] == 'x' and string.find(fields[i + 1], '\"kind\":\"news\"', 1, true) "
	"then\n"
	"      return '0-0'\n"
	"    end\n"
	"  end\n"
	"end\n"
	"return redis.call('XADD', KEYS[1], '*', 'x', ARGV[2], 'b', ARGV[3])\n";

static const struct redis_value *put(struct tool *t, struct redis *redis,
	const struct staff_word *w, struct span head, struct arena *a)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	char behind[LOG_ID_SIZE];

	key_add(&key, w->partition, "in");
	if (!w->behind)
		return tool_ask(t, redis,
			(struct span[]){SPAN_LIT("XADD"), buf_span(&key), SPAN_LIT("*"),
				SPAN_LIT("x"), head, SPAN_LIT("b"), w->record},
			w->record.len > 0 ? 7 : 5, a);
	log_id_format(*w->behind, behind);
	return tool_ask(t, redis,
		(struct span[]){SPAN_LIT("EVAL"), SPAN_LIT(behind_script), SPAN_LIT("1"),
			buf_span(&key), span_str(behind), head, w->record},
		7, a);
}

int apart_post(
	struct tool *t, struct redis *redis, const struct staff_word *w, struct log_id *ret_id)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;

	arena_init(&a);
	w->message->from = MESSAGE_FROM_STAFF;
	w->message->seq = 1;
	message_json(w->message, &head);
	if (buf_failed(&head) < 0)
		return tool_say(&t->program, STATUS_FOUND, "out of memory.");
	v = put(t, redis, w, buf_span(&head), &a);
	if (!v)
		return STATUS_FOUND;
	if (log_id_parse(v->text, ret_id) != 0)
		return tool_say(&t->program, STATUS_FOUND, "Redis answers in another form.");
	return 0;
}

/* The key that ID is one for. 0 or a status. */
static int find(struct tool *t, struct redis *redis, struct span id, struct span *ret_key)
{
	int r = customer_key(t, redis, id, ret_key);

	if (r == 0 && ret_key->len == 0)
		return tool_say(
			&t->program, STATUS_FOUND, "nobody is known by %.*s.", (int)id.len, id.ptr);
	return r;
}

static int claim(struct tool *t, struct redis *redis, const struct customer_ask *ask,
	struct span winner, struct span loser)
{
	char who[104];
	struct log_id id;
	struct message m = {.kind = MESSAGE_CLAIM,
		.to = loser,
		.of = winner,
		.rights = LINK_TRUSTED | LINK_EXPLICIT,
		.linked_at = io_wall_now(),
		.by = span_str(apart_who(ask, who, sizeof(who))),
		.reason = span_str(ask->reason)};
	const struct staff_word word = {
		.partition = partition_of(loser, t->program.dataset.partitions), .message = &m};
	int r;

	m.said_at = m.linked_at;
	r = apart_post(t, redis, &word, &id);
	if (r == 0)
		(void)printf("%.*s becomes a part of %.*s.\n", (int)loser.len, loser.ptr,
			(int)winner.len, winner.ptr);
	return r ? r : STATUS_DONE;
}

/* Says so if both names lead to one customer already: nothing would come of the word. 0 with
 * *ret_one, or a status. */
static int are_one(
	struct tool *t, struct redis *redis, struct span one, struct span other, bool *ret_one)
{
	_cleanup_(customer_names_release) struct customer_names a = {.n = 0}, b = {.n = 0};
	int r = customer_names_ask(&a, t, redis, one);

	if (r == 0)
		r = customer_names_ask(&b, t, redis, other);
	*ret_one = r == 0 && span_equal(a.names[0], b.names[0]);
	if (*ret_one)
		(void)tool_say(&t->program, STATUS_DONE,
			"%.*s and %.*s are one customer already (%.*s).", (int)one.len, one.ptr,
			(int)other.len, other.ptr, (int)a.names[0].len, a.names[0].ptr);
	return r;
}

int customer_merge(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	struct span one = SPAN_EMPTY, other = SPAN_EMPTY, winner, loser;
	int order, r = find(t, redis, ask->customer, &one);
	bool already = false;

	if (r == 0)
		r = find(t, redis, ask->other, &other);
	if (r)
		return r;
	order = identity_compare(t->program.identity, one, other);
	if (order == 0)
		return tool_say(&t->program, STATUS_USAGE, "these are one name.");
	r = are_one(t, redis, one, other, &already);
	if (r || already)
		return r;
	winner = order < 0 ? one : other;
	loser = order < 0 ? other : one;
	if (!ask->yes) {
		(void)printf("%.*s would become a part of %.*s. Do it with --yes --reason TEXT.\n",
			(int)loser.len, loser.ptr, (int)winner.len, winner.ptr);
		return STATUS_DONE;
	}
	return claim(t, redis, ask, winner, loser);
}
