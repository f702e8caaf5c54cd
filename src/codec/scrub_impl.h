/* SPDX-License-Identifier: MIT */
/* What the files of scrubbing share: scrub.c finds names in a text, scrub_json.c in JSON,
 * scrub_journey.c in a journey, scrub_record.c in all that is made of entries. */
#pragma once

#include "codec/scrub.h"

struct scrubber {
	const struct identity *identity;
	scrub_knows_fn *knows;
	void *user;
	bool loose;	    /* the text may be anything */
	struct arena arena; /* of one text */
	struct buf flat;    /* the text without its escapes … */
	struct buf from;    /* … and where each byte of it began, uint32_t; empty: where it is */
	struct buf scratch;
};

/* Is all of TEXT, blanks around it aside, one name? 0 or -ENOMEM. */
int scrub_is_name(struct scrubber *s, struct span text, bool *ret_is);
