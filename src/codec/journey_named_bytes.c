/* SPDX-License-Identifier: MIT */
/*
 * Along with whom a key was named, as bytes: how many, and in their order of each
 *
 *   name · what they said, or nothing · 1 if they were asked, else 0
 */
#include "journey_parts.h"
#include "pack_text.h"

/* Whoever adds a member must have it written and read here too. */
_Static_assert(sizeof(struct customer_naming) == 2 * sizeof(struct text) + 8, "a new member?");

static size_t named_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_named; i++)
		n += j->named[i].name.len + j->named[i].said.len + 3 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool named_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_named <= JOURNEY_NAMED_MAX;

	pack_number(p, j->n_named);
	for (size_t i = 0; i < j->n_named; i++) {
		const struct customer_naming *naming = &j->named[i];

		pack_block(p, text_span(naming->name));
		pack_block(p, text_span(naming->said));
		pack_number(p, naming->asked);
		ok = ok && naming->name.len > 0 && naming->name.len <= CUSTOMER_MAX &&
		     naming->said.len <= NAMING_SAID_MAX;
	}
	return ok;
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
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++) {
		struct customer_naming *naming = &j->named[i];

		r = unpack_text(u, &naming->name, CUSTOMER_MAX);
		if (r == 0)
			r = unpack_text(u, &naming->said, NAMING_SAID_MAX);
		naming->asked = unpack_bounded(u, 1);
		if (naming->name.len == 0)
			u->bad = true;
	}
	return r;
}

const struct journey_part journey_part_named = {named_bound, named_pack, named_unpack};
