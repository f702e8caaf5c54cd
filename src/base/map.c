/* SPDX-License-Identifier: MIT */
/*
 * The hash is kept in the slot: probing compares it before it touches a key, and growing needs no
 * key at all. At most three quarters of the slots are taken, so a probe always meets a free one.
 * Removal moves the followers of a run back instead of leaving a tombstone: customers come and go
 * for weeks, and a map full of tombstones gets slower without getting larger.
 */
#include "base/map.h"

#include "base/hash.h"

#define SLOTS_MIN ((size_t)16)

void map_init(struct map *m, const uint64_t seed[2])
{
	*m = (struct map){.seed = {seed[0], seed[1]}};
}

void map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map){.seed = {m->seed[0], m->seed[1]}};
}

void map_reset(struct map *m)
{
	if (m->len)
		memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
	m->len = 0;
}

/* The slot of KEY, or the free one where it belongs. There must be slots. */
static struct map_slot *find(const struct map *m, struct span key, uint64_t hash)
{
	size_t mask = m->n_slots - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct map_slot *slot = &m->slots[i];

		if (!slot->value || (slot->hash == hash && span_equal(slot->key, key)))
			return slot;
	}
}

void *map_get(const struct map *m, struct span key)
{
	if (m->len == 0)
		return NULL;
	return find(m, key, siphash24(m->seed, key))->value;
}

void map_expect(const struct map *m, struct span key)
{
	if (m->len > 0)
		__builtin_prefetch(&m->slots[siphash24(m->seed, key) & (m->n_slots - 1)]);
}

static int grow(struct map *m)
{
	size_t n_slots = m->n_slots ? m->n_slots * 2 : SLOTS_MIN;
	struct map_slot *slots = n_slots > m->n_slots ? calloc(n_slots, sizeof(*slots)) : NULL;

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_slots; i++) {
		size_t at = (size_t)m->slots[i].hash & (n_slots - 1);

		if (!m->slots[i].value)
			continue;
		while (slots[at].value)
			at = (at + 1) & (n_slots - 1);
		slots[at] = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->n_slots = n_slots;
	return 0;
}

int map_put(struct map *m, struct span key, void *value)
{
	uint64_t hash = siphash24(m->seed, key);
	struct map_slot *slot = m->n_slots ? find(m, key, hash) : NULL;

	assert(value);
	if (!slot || !slot->value) {
		if (!slot || m->len >= m->n_slots / 4 * 3) {
			int r = grow(m);

			if (r)
				return r;
			slot = find(m, key, hash);
		}
		m->len++;
	}
	*slot = (struct map_slot){key, value, hash};
	return 0;
}

void *map_remove(struct map *m, struct span key)
{
	size_t mask = m->n_slots - 1, hole;
	struct map_slot *slot;
	void *value;

	if (m->len == 0)
		return NULL;
	slot = find(m, key, siphash24(m->seed, key));
	value = slot->value;
	if (!value)
		return NULL;
	hole = (size_t)(slot - m->slots);
	for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		size_t home = (size_t)m->slots[i].hash & mask;

		/* It may move only if the hole lies on its way, between home and here. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct map_slot){0};
	m->len--;
	return value;
}

void *map_next(const struct map *m, size_t *cursor)
{
	while (*cursor < m->n_slots) {
		void *value = m->slots[(*cursor)++].value;

		if (value)
			return value;
	}
	return NULL;
}
