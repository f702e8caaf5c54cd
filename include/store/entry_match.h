/* SPDX-License-Identifier: MIT */
/*
 * What an entry of the log says of somebody who was erased, for whoever walks through the log or
 * through its archive: is the entry theirs, and if not, what of it is to be taken out. It is enough
 * to know the names' digests.
 *
 * Whose it is: what can be read is judged as a worker would, by the key of its customer, a message
 * by all keys that it names. What cannot be read is theirs if one of their identifiers stands in
 * it, even a short one.
 *
 * What is taken out: which of an event's values are identifiers is asked of the decoder first, for
 * there even a short one is found; the rest is codec/scrub.h.
 */
#pragma once

#include "codec/archive_line.h"
#include "codec/event_json.h"
#include "codec/scrub.h"

struct entry_match {
	const struct identity *identity;
	scrub_knows_fn *knows;
	void *user;
	struct arena arena; /* of one entry */
	struct field_table fields;
	struct event_decoder *decoder;
	struct packer *packer;
	struct scrubber *scrubber;
};

/* KNOWS says whether a key is of one of them. 0 or -ENOMEM; release M in either case. */
int entry_match_init(
	struct entry_match *m, const struct identity *identity, scrub_knows_fn *knows, void *user);
void entry_match_release(struct entry_match *m);

enum theirs { THEIRS_NOT, THEIRS_EVENT, THEIRS_MESSAGE };

/* Is the entry of these FIELDS theirs? 0 or -ENOMEM. */
int entry_whose(struct entry_match *m, const struct archive_field *fields, size_t n,
	enum theirs *ret_theirs);

/* Takes out of FIELDS what they say of them; what takes a value's place lies in A. 0, SCRUB_CLEAN
 * or -ENOMEM. */
int entry_scrub(struct entry_match *m, struct archive_field *fields, size_t n, struct arena *a);

/* Reads an event, which lives until the next entry is looked at. 0, 1: it cannot be read, or
 * -ENOMEM. */
int entry_read_event(struct entry_match *m, const struct archive_field *fields, size_t n,
	struct event *ret_event);
