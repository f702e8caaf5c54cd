/* SPDX-License-Identifier: MIT */
/*
 * Somebody who is logged in names the same two in every event, so without this each event would be
 * two entries. Of a new pair whose 31 bits are those of another in its set, which is one of 130
 * million, the log is not told; its claim then has the place where it comes by itself, as any that
 * nobody announced.
 */
#include "journal_pairs.h"

#include <sys/random.h>

int journal_pairs_new(struct journal_pairs **ret_pairs)
{
	struct journal_pairs *p = aligned_alloc(_Alignof(struct journal_pairs), sizeof(*p));

	if (!p)
		return -ENOMEM;
	journal_pairs_forget(p);
	if (getrandom(p->seed, sizeof(p->seed), 0) != (ssize_t)sizeof(p->seed)) {
		free(p);
		return -EIO;
	}
	*ret_pairs = p;
	return 0;
}

static uint64_t load(const char *ptr, size_t n)
{
	uint64_t word = 0;

	if (n > 0)
		memcpy(&word, ptr, n);
	return word;
}

/* Both halves of a product with a number that nobody outside knows, as wyhash has it (Wang Yi,
 * 2019): a fourth of what SipHash costs, for each event asks. */
static uint64_t mix(uint64_t sum, uint64_t word, uint64_t secret)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(sum ^ word) * secret;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_parts(const struct journal_pairs *p, const struct span *parts, size_t n)
{
	uint64_t sum = p->seed[0], secret = p->seed[1] | 1;

	for (size_t k = 0; k < n; k++) {
		const char *ptr = parts[k].ptr;
		size_t len = parts[k].len, at = 0;

		for (; at + 8 < len; at += 8)
			sum = mix(sum, load(ptr + at, 8), secret);
		/* The last eight, some of them once more; the length says which. */
		sum = mix(sum + len, len < 8 ? load(ptr, len) : load(ptr + len - 8, 8), secret);
	}
	return mix(sum, p->seed[0], secret);
}

bool journal_pairs_add(struct journal_pairs *p, const struct span *parts, size_t n)
{
	uint64_t hash = hash_parts(p, parts, n);
	uint32_t *set = p->hashes[hash % JOURNAL_PAIR_SETS];
	uint32_t mark = (uint32_t)(hash >> 32) | 1; /* 0 is an empty place */
	size_t i = 0;
	bool known;

	while (i < JOURNAL_PAIRS_SET - 1 && set[i] != mark)
		i++;
	known = set[i] == mark;
	if (i > 0)
		memmove(set + 1, set, i * sizeof(*set));
	set[0] = mark;
	return !known;
}

void journal_pairs_forget(struct journal_pairs *p)
{
	memset(p->hashes, 0, sizeof(p->hashes));
}
