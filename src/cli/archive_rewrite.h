/* SPDX-License-Identifier: MIT */
/*
 * A file of the archive without what others' lines in it say of somebody who was erased
 * (store/archive_order.h). Each line whose key is kept is opened, judged and scrubbed as the
 * entries of the log are (store/entry_match.h), and sealed again under the same key; one that is
 * theirs under somebody else's key is sealed with a key that nobody keeps. Lines whose key is gone,
 * and all that nothing is found in, stay as they are, byte for byte; so do the lines' number and
 * ids, and what the file says of itself but for the digest.
 *
 * First the file is read to its end, so that one that is damaged is left alone and one that names
 * nobody costs no writing.
 */
#pragma once

#include "archive_keyring.h"
#include "archive_stream.h"
#include "store/archive_order.h"
#include "store/entry_match.h"

struct archive_rewrite {
	const struct program *program;
	const struct archive_dir *dir;
	struct archive_coder *coder;
	const struct archive_keyring *keys;
	struct archive_orders *orders;
	struct entry_match match;
	struct arena arena; /* of a line */
	uint64_t lines;	    /* looked at */
	char words[512];    /* what is wrong */
};

/* W's pointers are set and outlive it; its other members are 0. 0 or -ENOMEM; release W in either
 * case. */
int archive_rewrite_init(struct archive_rewrite *w);
void archive_rewrite_release(struct archive_rewrite *w);

enum { REWRITE_STOPPED = 1, REWRITE_FAULT = 2 };

/* Reads FILE: what is found in it is in each order's count. 0, an outcome (a fault's words are in
 * W) or -ENOMEM. */
int archive_rewrite_look(
	struct archive_rewrite *w, const struct archive_file *file, struct order_range *ret_range);

/* Writes it anew and puts it in its place. The same. */
int archive_rewrite_write(struct archive_rewrite *w, const struct archive_file *file);
