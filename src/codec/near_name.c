/* SPDX-License-Identifier: MIT */
/*
 * Slips are counted as the optimal string alignment counts them. Names are short and few, so each
 * pair is compared in full.
 */
#include "near_name.h"

/* Of a name of four letters two wrong ones make another word. */
#define LETTERS_PER_SLIP 3

static void bare_of(struct span name, struct near_bare *ret_bare)
{
	ret_bare->len = 0;
	for (size_t i = 0; i < name.len && ret_bare->len < sizeof(ret_bare->text); i++) {
		char c = name.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == ' ' || c == '_' || c == '-' || c == '.' || c == ':')
			continue;
		ret_bare->text[ret_bare->len++] = c;
	}
}

/*
 * How many letters must be put in, left out, changed, or swapped with their neighbour, to make B of
 * A (optimal string alignment, the restricted Damerau-Levenshtein distance); NEAR_SLIPS_MAX + 1 if
 * more.
 */
static unsigned slips(const struct near_bare *a, const struct near_bare *b)
{
	unsigned rows[3][NEAR_NAME_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	size_t gap = a->len > b->len ? a->len - b->len : b->len - a->len;

	if (gap > NEAR_SLIPS_MAX)
		return NEAR_SLIPS_MAX + 1;
	for (size_t k = 0; k <= b->len; k++)
		before[k] = last[k] = (unsigned)k;
	for (size_t i = 1; i <= a->len; i++) {
		unsigned *free_row = before;

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= b->len; k++) {
			unsigned other = a->text[i - 1] != b->text[k - 1];
			unsigned least = last[k - 1] + other;

			least = last[k] + 1 < least ? last[k] + 1 : least;
			least = row[k - 1] + 1 < least ? row[k - 1] + 1 : least;
			if (i > 1 && k > 1 && a->text[i - 1] == b->text[k - 2] &&
				a->text[i - 2] == b->text[k - 1] && before[k - 2] + 1 < least)
				least = before[k - 2] + 1;
			row[k] = least;
		}
		before = last;
		last = row;
		row = free_row;
	}
	return last[b->len] > NEAR_SLIPS_MAX ? NEAR_SLIPS_MAX + 1 : last[b->len];
}

void near_name_init(struct near_name *n, struct span wanted, size_t shortest)
{
	bare_of(wanted, &n->wanted);
	n->least = NEAR_SLIPS_MAX + 1;
	n->shortest = shortest;
}

bool near_name_offer(struct near_name *n, struct span name)
{
	struct near_bare bare;
	unsigned found;

	bare_of(name, &bare);
	found = slips(&bare, &n->wanted);
	if (found >= n->least || (found > 0 && bare.len < n->shortest) ||
		(size_t)found * LETTERS_PER_SLIP > bare.len)
		return false;
	n->least = found;
	return true;
}
