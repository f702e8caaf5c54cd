/* SPDX-License-Identifier: MIT */
/*
 * Along with whom a key was named, as bytes: how many, and in their order of each
 *
 *   name · what they said, or nothing · bits · what is behind the bits
 *
 * Records of older versions have no more than whether they were asked.
 */
#include "journey_parts.h"
#include "pack_text.h"

/* Whoever adds a member must have it written and read here too. */
_Static_assert(sizeof(struct customer_naming) == 3 * sizeof(struct text) + 24, "a new member?");

enum { ASKED = 1, PLACED = 2, ALL = 3 };

static size_t named_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_named; i++)
		n += j->named[i].name.len + j->named[i].said.len + j->named[i].via.len +
		     8 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool is_placed(const struct customer_naming *naming)
{
	return naming->place_at != 0 || naming->via.len > 0 ||
	       naming->n_asked + naming->n_wanted > 0;
}

static void pack_place(struct pack *p, const struct customer_naming *naming)
{
	pack_block(p, text_span(naming->via));
	pack_since(p, naming->place_at, 0);
	pack_number(p, naming->n_asked);
	pack_number(p, naming->n_open);
	pack_number(p, naming->n_wanted);
}

static int unpack_place(struct unpack *u, struct customer_naming *naming)
{
	int r = unpack_text(u, &naming->via, CUSTOMER_MAX);

	naming->place_at = unpack_since(u, 0);
	naming->n_asked = (uint32_t)unpack_bounded(u, NAMING_ASKED_MAX);
	naming->n_open = (uint32_t)unpack_bounded(u, naming->n_asked);
	naming->n_wanted = (uint32_t)unpack_bounded(u, UINT32_MAX);
	if (!is_placed(naming))
		u->bad = true;
	return r;
}

static bool named_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_named <= JOURNEY_NAMED_MAX;

	pack_number(p, j->n_named);
	for (size_t i = 0; i < j->n_named; i++) {
		const struct customer_naming *naming = &j->named[i];

		pack_block(p, text_span(naming->name));
		pack_block(p, text_span(naming->said));
		pack_number(p, (naming->asked ? ASKED : 0) | (is_placed(naming) ? PLACED : 0));
		if (is_placed(naming))
			pack_place(p, naming);
		ok = ok && naming->name.len > 0 && naming->name.len <= CUSTOMER_MAX &&
		     naming->said.len <= NAMING_SAID_MAX && naming->via.len <= CUSTOMER_MAX &&
		     naming->n_asked <= NAMING_ASKED_MAX && naming->n_open <= naming->n_asked;
	}
	return ok;
}

static int unpack_naming(struct unpack *u, struct customer_naming *naming)
{
	int r = unpack_text(u, &naming->name, CUSTOMER_MAX);
	uint64_t bits;

	if (r == 0)
		r = unpack_text(u, &naming->said, NAMING_SAID_MAX);
	bits = unpack_bounded(u, ALL);
	naming->asked = bits & ASKED;
	if (r == 0 && !u->bad && bits & PLACED)
		r = unpack_place(u, naming);
	if (naming->name.len == 0)
		u->bad = true;
	return r;
}

static int named_unpack(struct unpack *u, struct journey *j)
{
	size_t n = (size_t)unpack_bounded(u, JOURNEY_NAMED_MAX);
	int r = 0;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	j->named = calloc(n, sizeof(*j->named));
	if (!j->named)
		return -ENOMEM;
	j->n_named = j->cap_named = n;
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++)
		r = unpack_naming(u, &j->named[i]);
	return r;
}

const struct journey_part journey_part_named = {named_bound, named_pack, named_unpack};
