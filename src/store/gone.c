/* SPDX-License-Identifier: MIT */
/* An open-addressed table; names are uniformly spread already. */
#include "store/gone.h"

#include "base/hash.h"
#include "codec/gone_name.h"

_Static_assert(GONE_NAME_BYTES == GONE_NAME_SIZE, "a name is a name");

/* A key that was asked for, and what the answer was. */
struct gone_answer {
	uint64_t key;
	bool known, gone;
};

#define ANSWERS 4096

bool gone_parse(struct span field, struct span value, struct commit_gone *ret_name)
{
	const char *blank = value.len ? memchr(value.ptr, ' ', value.len) : NULL;
	size_t n = blank ? (size_t)(blank - value.ptr) : 0;
	uint64_t at;

	if (!blank || !gone_name_parse(field, ret_name->name) ||
		span_to_u64(span_of(value.ptr, n), INT64_MAX, &at) != 0)
		return false;
	ret_name->at = (int64_t)at;
	ret_name->by = span_of(blank + 1, value.len - n - 1);
	return ret_name->by.len > 0;
}

void gone_init(struct gone *g)
{
	memset(g, 0, sizeof(*g));
}

void gone_release(struct gone *g)
{
	free(g->slots);
	free(g->answers);
	gone_init(g);
}

void gone_set_salt(struct gone *g, struct span salt)
{
	if (salt.len != GONE_SALT_LEN)
		return;
	memcpy(g->salt, salt.ptr, salt.len);
	g->salt[salt.len] = '\0';
}

static size_t first_slot(const struct gone *g, const unsigned char *name)
{
	uint64_t hash;

	memcpy(&hash, name, sizeof(hash));
	return hash & (g->n_slots - 1);
}

/* The entry of NAME, or the free one where it would be. */
static struct gone_entry *find(const struct gone *g, const unsigned char *name)
{
	size_t i = first_slot(g, name);

	while (g->slots[i].used && memcmp(g->slots[i].name, name, GONE_NAME_BYTES) != 0)
		i = (i + 1) & (g->n_slots - 1);
	return &g->slots[i];
}

static int grow(struct gone *g)
{
	struct gone next = *g;

	next.n_slots = g->n_slots ? g->n_slots * 2 : 64;
	next.slots = calloc(next.n_slots, sizeof(*next.slots));
	if (!next.slots)
		return -ENOMEM;
	for (size_t i = 0; i < g->n_slots; i++)
		if (g->slots[i].used)
			*find(&next, g->slots[i].name) = g->slots[i];
	free(g->slots);
	*g = next;
	return 0;
}

int gone_take(struct gone *g, const struct commit_gone *name)
{
	struct gone_entry *e;
	size_t n = name->by.len < RECEIPT_LEN ? name->by.len : RECEIPT_LEN;

	if ((g->len + 1) * 3 > g->n_slots * 2 && grow(g) < 0)
		return -ENOMEM;
	if (g->answers)
		memset(g->answers, 0, ANSWERS * sizeof(*g->answers));
	e = find(g, name->name);
	g->len += !e->used;
	g->live -= e->used && e->by[0];
	memcpy(e->name, name->name, GONE_NAME_BYTES);
	if (n > 0)
		memcpy(e->by, name->by.ptr, n);
	e->by[n] = '\0';
	e->used = true;
	g->live += n > 0;
	return 0;
}

/* Where the answer about KEY stands, if it does. */
static struct gone_answer *answer_of(struct gone *g, struct span key)
{
	const uint64_t seed[2] = {(uint64_t)(uintptr_t)g, (uint64_t)(uintptr_t)g->slots};
	uint64_t hash = siphash24(seed, key);
	struct gone_answer *a;

	if (!g->answers)
		g->answers = calloc(ANSWERS, sizeof(*g->answers));
	if (!g->answers)
		return NULL;
	a = &g->answers[hash & (ANSWERS - 1)];
	if (a->key != hash)
		*a = (struct gone_answer){.key = hash};
	return a;
}

int gone_knows(struct gone *g, struct span key, bool *ret_gone, struct span *ret_by)
{
	unsigned char name[GONE_NAME_SIZE];
	const struct gone_entry *e;
	struct gone_answer *a;

	*ret_gone = false;
	if (ret_by)
		*ret_by = SPAN_EMPTY;
	if (g->live == 0 || key.len == 0)
		return 0;
	a = answer_of(g, key);
	if (!a)
		return -ENOMEM;
	if (a->known && !a->gone)
		return 0;
	if (gone_name(span_of(g->salt, GONE_SALT_LEN), key, name) < 0)
		return -ENOMEM;
	e = find(g, name);
	a->known = true;
	a->gone = *ret_gone = e->used && e->by[0];
	if (ret_by && *ret_gone)
		*ret_by = span_str(e->by);
	return 0;
}
