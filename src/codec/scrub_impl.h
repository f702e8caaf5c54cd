/* SPDX-License-Identifier: MIT */
/* What the files of scrubbing share: scrub.c finds names in a text, scrub_json.c in JSON,
 * scrub_coded.c what is coded, scrub_journey.c in a journey, scrub_record.c in all that is made of
 * entries. */
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
	struct span spared; /* a digest that is somebody's own name */
};

/* Is all of TEXT, blanks around it aside, one name? 0 or -ENOMEM. */
int scrub_is_name(struct scrubber *s, struct span text, bool *ret_is);
/* The same, but only as people write it. */
int scrub_is_plain(struct scrubber *s, struct span text, bool *ret_is);

/* ---- scrub_coded.c ---- */

/* Is all of TEXT a name in hex or base 64, or the digest of one? 0 or -ENOMEM. */
int scrub_is_coded(struct scrubber *s, struct span text, bool *ret_is);
/* The end of what may be one and begins at AT, which is the end if there is none. With SLASHES
 * none begins within another, so that nothing is looked at twice. */
size_t scrub_coded_end(struct span text, size_t at, bool slashes);
