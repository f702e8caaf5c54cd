/* SPDX-License-Identifier: MIT */
/*
 * Carries out what erasures have asked the archive for (store/archive_order.h), in one directory:
 * each file that may name somebody is looked at and, if it does, written anew (archive_rewrite.h).
 * It takes as long as it is given, and what is left is for the next time; a file is not begun that
 * is not ended, so one of a segment's size may take it longer. The keys of one partition are in
 * memory, some 300 bytes a customer, and what one line holds.
 */
#pragma once

#include "archive_dir.h"
#include "codec/archive_line.h"
#include "program/program.h"

struct archive_orders_ask {
	const struct program *program;
	struct redis *redis;
	struct archive_coder *coder;
	const struct archive_dir *dir; /* locked */
	int64_t within_ms;	       /* INT64_MAX: until all is done */
	bool archives;		       /* who asks writes the archive, and is in no file now */
	bool all_here;		       /* files that are missing in it are nowhere */
};

struct archive_orders_account {
	uint64_t looked, written;  /* files */
	uint64_t scrubbed, sealed; /* lines, of each order */
	bool left;		   /* there was no time for all */
	uint64_t elsewhere;	   /* orders of partitions of which earlier files are missing */
	uint64_t damaged;	   /* files that are left as they are */
	char words[512];	   /* what stands in the way first; empty: nothing */
};

/* 0, or a status: it may be tried again soon. What was done, and what stands in the way, is in
 * ACCOUNT in either case. */
int archive_orders_carry_out(
	const struct archive_orders_ask *ask, struct archive_orders_account *ret_account);
