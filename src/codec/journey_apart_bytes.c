/* SPDX-License-Identifier: MIT */
/*
 * From whom a customer was taken apart, as bytes: how many, and in order of their keys of each
 *
 *   key · when
 *
 * Records of an older version also say of what news are passed on to them, which is read and
 * forgotten (store/apply_passed.c has it now):
 *
 *   passed:  number, then (index · n · keys of the things)
 *
 * Indices rise.
 */
#include "journey_parts.h"
#include "pack_text.h"

/* Whoever adds a member must have it written and read here too. */
_Static_assert(
	sizeof(struct customer_apart) == sizeof(struct text) + sizeof(int64_t), "a new member?");

#define PASSED_MAX 1024

static size_t apart_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_apart; i++)
		n += j->apart[i].key.len + 3 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool apart_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_apart <= JOURNEY_APART_MAX;

	pack_number(p, j->n_apart);
	for (size_t i = 0; i < j->n_apart; i++) {
		const struct customer_apart *apart = &j->apart[i];

		pack_block(p, text_span(apart->key));
		pack_time(p, apart->at, j->last_at);
		ok = ok && apart->key.len > 0 && apart->key.len <= CUSTOMER_MAX;
	}
	return ok;
}

static int apart_unpack(struct unpack *u, struct journey *j)
{
	size_t n = (size_t)unpack_bounded(u, JOURNEY_APART_MAX);
	struct span before = SPAN_EMPTY;
	int r = 0;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	j->apart = calloc(n, sizeof(*j->apart));
	if (!j->apart)
		return -ENOMEM;
	j->n_apart = j->cap_apart = n;
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++) {
		struct customer_apart *apart = &j->apart[i];

		r = unpack_text(u, &apart->key, CUSTOMER_MAX);
		apart->at = unpack_time(u, j->last_at);
		if (apart->key.len == 0 || span_compare(before, text_span(apart->key)) >= 0)
			u->bad = true;
		before = text_span(apart->key);
	}
	return r;
}

const struct journey_part journey_part_apart = {apart_bound, apart_pack, apart_unpack};

/* ---- what was passed on ------------------------------------------------------------------ */

static size_t passed_bound(const struct journey *j)
{
	(void)j;
	return 0;
}

static bool passed_pack(struct pack *p, const struct journey *j)
{
	(void)p;
	(void)j;
	return true;
}

static int passed_unpack(struct unpack *u, struct journey *j)
{
	size_t n = (size_t)unpack_bounded(u, j->n_apart), next = 0;

	if (n == 0)
		u->bad = true;
	for (size_t i = 0; i < n && !u->bad; i++) {
		(void)journey_next_index(u, j->n_apart, &next);
		for (size_t k = (size_t)unpack_bounded(u, PASSED_MAX); k > 0 && !u->bad; k--)
			(void)unpack_block(u);
	}
	return 0;
}

const struct journey_part journey_part_passed = {passed_bound, passed_pack, passed_unpack};
