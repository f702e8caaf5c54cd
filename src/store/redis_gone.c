/* SPDX-License-Identifier: MIT */
/* Who was erased, see store.h: a hash of names, each with `MS RECEIPT`, and their salt. */
#include "redis_store_impl.h"

#include "store/gone.h"

static int take_names(struct part *p, const struct redis_value *reply,
	struct commit_gone **ret_gones, size_t *ret_n, struct span *ret_salt)
{
	struct commit_gone *gones;
	size_t n = 0;

	if (!part_expect(p, reply, REDIS_ARRAY))
		return p->result;
	gones = arena_calloc(p->answer, reply->n_items / 2 + 1, sizeof(*gones));
	if (!gones)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < reply->n_items; i += 2) {
		if (span_is(reply->items[i].text, "salt"))
			*ret_salt = reply->items[i + 1].text;
		else if (!gone_parse(reply->items[i].text, reply->items[i + 1].text, &gones[n++]))
			return store_refused(p->store, SPAN_LIT("who was erased cannot be read"));
	}
	*ret_gones = gones;
	*ret_n = n;
	return 0;
}

static void on_gone(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		struct span salt = SPAN_EMPTY;
		struct commit_gone *gones = NULL;
		size_t n = 0;
		int r = take_names(p, reply, &gones, &n, &salt);

		p->busy = PART_IDLE;
		p->fn.gone(p->user, r, gones, n, salt);
	}
	part_landed(p);
}

int redis_ask_gone(struct store *store, uint32_t partition, store_gone_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_GONE);
	char key[KEY_SIZE];
	int r;

	if (!p)
		return -ENOMEM;
	p->fn.gone = fn;
	p->user = user;
	redis_begin(s->redis, 2);
	redis_arg_str(s->redis, "HGETALL");
	redis_arg(s->redis, key_text(key, partition, "gone"));
	r = part_send(p, on_gone);
	if (r < 0)
		part_withdraw(p, 0);
	return r;
}
