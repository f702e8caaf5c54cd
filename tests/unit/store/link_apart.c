/* SPDX-License-Identifier: MIT */
/* In a world of several partitions what was made one is taken apart (store/divide.h). */
#include "link_world.h"

#include "codec/message_json.h"

static void post(struct world *w, struct message *m, struct span record)
{
	m->from = MESSAGE_FROM_STAFF;
	m->seq = 1;
	m->kind = MESSAGE_UNMERGE;
	m->by = SPAN_LIT("Eva");
	m->reason = SPAN_LIT("two sisters");
	world_tell(w, partition_of(m->to, PARTS), m, record);
}

/* As an owner keeps them, in order of instants. */
struct erased {
	struct commit_gone list[64];
	size_t n;
	char salt[65];
};

static void on_gone(void *user, int r, const struct commit_gone *gones, size_t n, struct span salt)
{
	struct erased *e = user;

	CHECK_INT(r, 0);
	REQUIRE(n <= ARRAY_SIZE(e->list));
	e->n = n;
	world_copy(e->salt, sizeof(e->salt), salt);
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		for (; at > 0 && e->list[at - 1].at > gones[i].at; at--)
			e->list[at] = e->list[at - 1];
		e->list[at] = gones[i];
	}
}

static void ask_erased(struct shore *s, struct erased *e)
{
	struct store *store = memory_store_store(s->memory);

	CHECK_INT(store->ops->gone(store, s->partition, on_gone, e), 0);
	memory_store_run(s->memory);
}

static int divide(struct world *w, const struct link *link, struct span key, struct message *m,
	struct divide **ret_divide, struct divided *ret_divided)
{
	struct shore *s = &w->shores[link->partition];
	const struct shore *there = &w->shores[partition_of(key, PARTS)];
	const struct world_snapshot *snapshot = world_snapshot_of(s, link->to, key);
	struct divide_ask ask = {.rules = w->rules,
		.decoder = w->decoder,
		.identity = w->identity,
		.partitions = PARTS,
		.customer = link->to,
		.record = memory_store_record(s->memory, link->to),
		.snapshot = snapshot ? span_of(snapshot->bytes, snapshot->len) : SPAN_EMPTY,
		.key = key,
		.frozen = link->frozen,
		.linked_at = link->linked_at,
		.clock = s->position.clock};
	static char sum[DIVISION_SUM_SIZE];
	struct erased erased = {.n = 0};
	int64_t since;

	if (link_is(ask.record))
		return -ELOOP;
	ask_erased(s, &erased);
	ask.gones = erased.list;
	ask.n_gones = erased.n;
	ask.gone_salt = span_str(erased.salt);
	if (divide_new(&ask, ret_divide) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_log; i++)
		if (log_id_compare(s->log[i].id, s->position.id) <= 0)
			CHECK_INT(divide_feed(*ret_divide, &s->log[i]), 0);
	if (divide_wants_news(*ret_divide, &since))
		for (size_t i = 0; i < there->n_log; i++)
			if ((int64_t)there->log[i].id.ms >= since)
				CHECK_INT(divide_feed_news(*ret_divide, &there->log[i]), 0);
	CHECK_INT(division_sum(ask.record, sum), 0);
	m->sum = span_str(sum);
	return divide_finish(*ret_divide, ret_divided);
}

/* Is there anything behind what D was fed that the one who leaves would have heard? */
static bool has_missed(struct world *w, uint32_t p, struct divide *d, const struct divided *divided)
{
	const struct shore *s = &w->shores[p];
	bool missed = false;

	for (size_t i = 0; i < s->n_log && !missed; i++)
		if (log_id_compare(s->log[i].id, s->position.id) > 0)
			CHECK_INT(divide_missed(d, divided, &s->log[i], &missed), 0);
	return missed;
}

int world_unmerge(struct world *w, const char *key, char *ret_later)
{
	_cleanup_(buf_release) struct buf record = BUF_INIT, value = BUF_INIT;
	_cleanup_(divide_freep) struct divide *d = NULL;
	struct message m = {.of = span_str(key), .said_at = w->clock};
	struct divided divided;
	struct link link;
	int r;

	buf_add_span(&value, world_value(w, key));
	if (!link_is(buf_span(&value)) || link_decode(buf_span(&value), &link) != 0)
		return -EINVAL;
	m.to = link.to;
	m.linked_at = link.linked_at;
	r = divide(w, &link, m.of, &m, &d, &divided);
	if (r == DIVIDE_LATER)
		world_copy(ret_later, CUSTOMER_MAX + 1, divided.later);
	if (r != 0)
		return r;
	if (has_missed(w, link.partition, d, &divided))
		return WORLD_MISSED;
	CHECK(divided_encode(&divided, &record) == 0);
	post(w, &m, buf_span(&record));
	return 0;
}

void world_note_apart(struct world *w, const char *key, const char *of, int64_t at, int64_t said_at)
{
	struct message m = {.to = span_str(key), .of = span_str(of), .said_at = said_at};

	w->clock = at;
	post(w, &m, SPAN_EMPTY);
}
