/* SPDX-License-Identifier: MIT */
/*
 * Beside whom a key was named, as long as it is open whose it is (core/link_rules.h). Part of the
 * journey; a key that is a link has none.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/text.h"

struct journey;

#define JOURNEY_NAMED_MAX 16
#define NAMING_SAID_MAX	  16384 /* bytes of what is kept of a claim */
#define NAMING_ASKED_MAX  32	/* names that are asked; of a customer with more not all are */

/*
 * Somebody along with whom the key was named in an event, in the order in which these were
 * received. Who asks for the key is judged when all who were named before have asked, or will not;
 * whether there is room for what the customer names themselves is judged in the same order.
 */
struct customer_naming {
	struct text name;  /* the key that the event bore */
	struct text said;  /* their claim, as the log has it; empty: not heard yet */
	struct text via;   /* what it named them beside, which leads to this key; empty: the key.
			    * The customer's own key: nobody claims them here, and SAID is a WANT of
			    * theirs or an ASK that waits, about NAME (core/message.h) */
	int64_t place_at;  /* when the log took it; 0: not known, and before all that is */
	uint32_t n_asked;  /* names of this key that are asked for what else was said before, … */
	uint32_t n_open;   /* … and those of them that have not answered */
	uint32_t n_wanted; /* so many times they ask what became of it, and had no room here */
	bool asked;	   /* whether they will claim it */
};

/* The first who was named as NAME and has not asked yet (OPEN), or at all; NULL: none. Borrowed. */
struct customer_naming *journey_naming(const struct journey *j, struct span name, bool open);
/* Behind those that are there and not of later than AT. NULL with errno ENOSPC, if there are too
 * many, or ENOMEM. */
struct customer_naming *journey_add_naming(struct journey *j, struct span name, int64_t at);
void journey_remove_naming(struct journey *j, size_t index);
/* J has copies of FROM's from now on, for their bytes lie in FROM; of NULL there are none. 0 or
 * -ENOMEM. */
int journey_take_namings(struct journey *j, const struct journey *from);
