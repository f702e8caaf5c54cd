/* SPDX-License-Identifier: MIT */
/* How far other partitions were heard, see store.h: it stands beside the position. */
#include "redis_store_impl.h"

/* Field, value, … of the whole position. */
static int take_heard(struct part *p, const struct redis_value *reply,
	struct commit_heard **ret_heard, size_t *ret_n)
{
	const struct span prefix = SPAN_LIT(HEARD_FIELD);
	struct commit_heard *heard;
	size_t n = 0;

	if (!part_expect(p, reply, REDIS_ARRAY))
		return p->result;
	heard = arena_calloc(p->answer, reply->n_items / 2 + 1, sizeof(*heard));
	if (!heard)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < reply->n_items; i += 2) {
		struct span name = reply->items[i].text;
		uint64_t from;

		if (!span_starts(name, prefix))
			continue;
		name = span_of(name.ptr + prefix.len, name.len - prefix.len);
		if (span_to_u64(name, PARTITIONS_MAX - 1, &from) != 0 ||
			span_to_u64(reply->items[i + 1].text, INT64_MAX, &heard[n].seq) != 0)
			return store_refused(
				p->store, SPAN_LIT("how far a partition was heard is no number"));
		heard[n++].from = (uint32_t)from;
	}
	*ret_heard = heard;
	*ret_n = n;
	return 0;
}

static void on_heard(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		struct commit_heard *heard = NULL;
		size_t n = 0;
		int r = take_heard(p, reply, &heard, &n);

		p->busy = PART_IDLE;
		p->fn.heard(p->user, r, heard, n);
	}
	part_landed(p);
}

int redis_ask_heard(struct store *store, uint32_t partition, store_heard_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_HEARD);
	char key[KEY_SIZE];
	int r;

	if (!p)
		return -ENOMEM;
	p->fn.heard = fn;
	p->user = user;
	redis_begin(s->redis, 2);
	redis_arg_str(s->redis, "HGETALL");
	redis_arg(s->redis, key_text(key, partition, "pos"));
	r = part_send(p, on_heard);
	if (r < 0)
		part_withdraw(p, 0);
	return r;
}
