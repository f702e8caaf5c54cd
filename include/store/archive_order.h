/* SPDX-License-Identifier: MIT */
/*
 * What an erasure leaves for the archive to do: others' archived lines that name who was erased are
 * written anew without it. The erasure itself cannot: the files are where whoever archives is. So
 * it puts down an order, and whoever has a directory carries it out there, file by file.
 *
 *   wm:orders          set: receipts whose orders are not carried out
 *   wm:order:RECEIPT   hash: salt; names (GONE_NAME_SIZE bytes each, codec/gone_name.h); of each
 *                      partition P that is not done yet u:P (the last id of its log when the order
 *                      was put down), c:P (what of its archive was gone through: `AFTER>THROUGH`,
 *                      blank-separated), i:P (a file that is about to take its place, and what was
 *                      taken out of it), x:P (there are files that nobody has shown yet)
 *
 * The order has a copy of the names, since whoever was erased may be let back before it is carried
 * out. It is put down when the log has been written anew: what is archived from then on has nothing
 * of them, and what was read before stands in files up to u:P. So it is done when files without a
 * gap have been gone through from the beginning to there, in whatever directories they lie.
 *
 * A file that was written anew takes its place first and is noted then. Should somebody die in
 * between, it is found clean, and counted by what i:P says.
 */
#pragma once

#include "store/archive_log.h"
#include "store/gone.h"

/* Gaps that are remembered; what is beyond is gone through once more. */
#define ORDER_RANGES_MAX 32

struct order_range {
	struct log_id after, through;
};

/* What was found in one file: lines from which something was taken out, and lines that were theirs
 * and that nobody can open any more. */
struct order_count {
	uint64_t scrubbed, sealed;
};

/* One order, as far as it is about one partition. */
struct archive_order {
	char receipt[RECEIPT_LEN + 1];
	struct log_id until;
	struct order_range ranges[ORDER_RANGES_MAX]; /* ascending */
	size_t n_ranges;
	struct log_id file; /* that was about to take its place */
	struct order_count intent;
	struct order_count count; /* of the file at hand; the caller's, as is */
	bool hit;		  /* the line at hand names one of them */
};

struct archive_orders {
	struct arena arena;
	struct archive_order *items;
	size_t n;
	struct gone gone; /* names → receipts */
};

/* Those of L's partition that are not done. 0, an outcome of archive_log.h or -ENOMEM; so all.
 * Release O in either case. */
int archive_orders_load(struct archive_log *l, struct archive_orders *o);
void archive_orders_release(struct archive_orders *o);

/* The file that begins with FIRST was gone through for this order, or is none of its business. */
bool archive_order_has(const struct archive_order *o, struct log_id first);

/* A file of RANGE that begins with FIRST is about to take its place, O's count found in it. */
int archive_order_intend(struct archive_log *l, const struct archive_order *o, struct log_id first);
/* It is in its place, or nothing was found in it. */
int archive_order_note(struct archive_log *l, struct archive_order *o, struct log_id first,
	const struct order_range *range);

enum order_state {
	ORDER_DONE,
	ORDER_WAITS,	 /* the archive does not reach so far yet */
	ORDER_ELSEWHERE, /* files before it are missing here */
};
/* How far files must come for it to be done, for whoever archives and is in the middle of no file:
 * what its last entries were may have been removed, and is then archived by nobody. */
int archive_order_reach(
	struct archive_log *l, const struct archive_order *o, struct log_id *ret_until);
/* Where it stands if files must come to UNTIL; ALL_HERE: what is missing is nowhere any more. */
enum order_state archive_order_state(
	const struct archive_order *o, struct log_id until, bool all_here);
/* Every file that is here was gone through: STATE is so. */
int archive_order_settle(
	struct archive_log *l, const struct archive_order *o, enum order_state state);
