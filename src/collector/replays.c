/* SPDX-License-Identifier: MIT */
/*
 * A ring of pairs of hashes, with chains through it that find a mark. The hash has a key that
 * nobody knows, so that neither a body can be made to pass for another nor chains be made long.
 */
#include "replays.h"

#include "base/hash.h"

#define NONE UINT32_MAX

struct replay {
	uint64_t mark, bytes;
	uint32_t next; /* of the chain; NONE: the last */
};

struct replays {
	uint64_t seed[2];
	struct replay *ring;
	uint32_t *chains; /* where each begins */
	uint32_t max, n, oldest;
};

int replays_new(size_t max, const uint64_t seed[2], struct replays **ret_replays)
{
	struct replays *r = calloc(1, sizeof(*r));

	assert(max > 0 && max <= REPLAYS_MAX);
	if (!r)
		return -ENOMEM;
	r->ring = calloc(max, sizeof(*r->ring));
	r->chains = calloc(max, sizeof(*r->chains));
	if (!r->ring || !r->chains) {
		replays_free(r);
		return -ENOMEM;
	}
	memcpy(r->seed, seed, sizeof(r->seed));
	memset(r->chains, 0xff, max * sizeof(*r->chains));
	r->max = (uint32_t)max;
	*ret_replays = r;
	return 0;
}

struct replays *replays_free(struct replays *r)
{
	if (!r)
		return NULL;
	free(r->ring);
	free(r->chains);
	free(r);
	return NULL;
}

/* Of HOOK and MARK together: each hook has marks of its own. */
static uint64_t hash_of(const struct replays *r, struct span hook, struct span mark)
{
	uint64_t both[2] = {siphash24(r->seed, hook), siphash24(r->seed, mark)};

	return siphash24(r->seed, span_of((const char *)both, sizeof(both)));
}

static void drop_oldest(struct replays *r)
{
	uint32_t *at = &r->chains[r->ring[r->oldest].mark % r->max];

	while (*at != r->oldest)
		at = &r->ring[*at].next;
	*at = r->ring[r->oldest].next;
}

static void remember(struct replays *r, uint64_t mark, uint64_t bytes)
{
	uint32_t *chain = &r->chains[mark % r->max];
	uint32_t place = r->n;

	if (r->n == r->max) {
		drop_oldest(r);
		place = r->oldest;
		r->oldest = (r->oldest + 1) % r->max;
	} else {
		r->n++;
	}
	r->ring[place] = (struct replay){mark, bytes, *chain};
	*chain = place;
}

int replays_check(struct replays *r, struct span hook, struct span mark, struct span bytes)
{
	uint64_t which = hash_of(r, hook, mark), what = siphash24(r->seed, bytes);

	for (uint32_t i = r->chains[which % r->max]; i != NONE; i = r->ring[i].next)
		if (r->ring[i].mark == which)
			return r->ring[i].bytes == what ? 0 : REPLAYED;
	remember(r, which, what);
	return 0;
}
