/* SPDX-License-Identifier: MIT */
/*
 * From whom a customer was taken apart, as bytes: how many, and in order of their keys of each
 *
 *   key · when
 *
 * And of what news are passed on to them, where there is any such thing:
 *
 *   passed:  number, then (index · n · keys of the things)
 *
 * Indices rise.
 */
#include "journey_parts.h"
#include "pack_text.h"

/* Whoever adds a member must have it written and read here too. */
_Static_assert(sizeof(struct customer_apart) == sizeof(struct text) + sizeof(int64_t) +
							sizeof(struct text *) + sizeof(size_t),
	"a new member?");

#define THING_KEY_MAX (ENTITY_MAX + 16) /* `product:` and an id */

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

/* ---- what is passed on ------------------------------------------------------------------- */

static size_t passed_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_apart; i++) {
		const struct customer_apart *apart = &j->apart[i];

		n += apart->n_passed > 0 ? 2 * PACK_NUMBER : 0;
		for (size_t k = 0; k < apart->n_passed; k++)
			n += PACK_NUMBER + apart->passed[k].len;
	}
	return n ? n + PACK_NUMBER : 0;
}

static bool passed_pack(struct pack *p, const struct journey *j)
{
	size_t n = 0, all = 0;
	bool ok = true;

	for (size_t i = 0; i < j->n_apart; i++)
		n += j->apart[i].n_passed > 0;
	pack_number(p, n);
	for (size_t i = 0; i < j->n_apart; i++) {
		const struct customer_apart *apart = &j->apart[i];

		if (apart->n_passed == 0)
			continue;
		pack_number(p, i);
		pack_number(p, apart->n_passed);
		for (size_t k = 0; k < apart->n_passed; k++) {
			pack_block(p, text_span(apart->passed[k]));
			ok = ok && apart->passed[k].len > 0 &&
			     apart->passed[k].len <= THING_KEY_MAX;
		}
		all += apart->n_passed;
	}
	return ok && all <= JOURNEY_PASSED_MAX;
}

static int unpack_passed(struct unpack *u, struct customer_apart *apart, size_t max)
{
	size_t n = (size_t)unpack_bounded(u, max);
	int r = 0;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	apart->passed = calloc(n, sizeof(*apart->passed));
	if (!apart->passed)
		return -ENOMEM;
	apart->n_passed = n;
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++) {
		r = unpack_text(u, &apart->passed[i], THING_KEY_MAX);
		if (apart->passed[i].len == 0)
			u->bad = true;
	}
	return r;
}

static int passed_unpack(struct unpack *u, struct journey *j)
{
	size_t n = (size_t)unpack_bounded(u, j->n_apart), next = 0, left = JOURNEY_PASSED_MAX;
	int r = 0;

	if (n == 0)
		u->bad = true;
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++) {
		size_t index = journey_next_index(u, j->n_apart, &next);

		if (u->bad)
			return 0;
		r = unpack_passed(u, &j->apart[index], left);
		left -= j->apart[index].n_passed;
	}
	return r;
}

const struct journey_part journey_part_passed = {passed_bound, passed_pack, passed_unpack};
