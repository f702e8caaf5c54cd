/* SPDX-License-Identifier: MIT */
/*
 * What a customer is when another is taken out of them, or what that other is by itself: all that
 * an unmerge puts in the place of what stands there. It was made by folding again
 * (store/divide.h), and travels through the log as bytes that bear a checksum, since it is trusted
 * blindly where it arrives:
 *
 *	D1 CRC body
 *
 * CRC is CRC32C of the body, eight small hex digits. The body is of varints and of blocks (a length
 * and the bytes): record · chunks kept · n, chunks · n, snapshots
 * as key and record · n, jobs as id, key and what is done with it; and if there are any: n, news
 * that were heard as hour and mark.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "core/journey.h"

/* In front of a division of which only the fact counts and the numbers of jobs that are spent,
 * where a customer's log is folded again (store/divide.h). */
#define UNMERGE_NOTE SPAN_LIT("note ")

/* Bytes of a division that is posted. More would be a customer whom nobody can read any more. */
#define DIVISION_MAX ((size_t)16 * 1024 * 1024)

/* What stood there before the customer OF, who stays a part, became one. */
struct division_snapshot {
	struct span of, record;
};

enum division_fate {
	DIVISION_MOVE, /* a job that is here, and the customer KEY's */
	DIVISION_END,  /* one that neither would have been sent */
};

struct division_job {
	struct span id, key;
	enum division_fate fate;
};

struct division_heard {
	int64_t hour;	  /* since 1970; never negative */
	struct span mark; /* DIVISION_MARK bytes */
};

#define DIVISION_MARK 12

struct division {
	struct span record;	   /* empty: nobody */
	uint32_t keep;		   /* sealed chunks that stay; those behind them go … */
	const struct span *chunks; /* … and these take their place */
	size_t n_chunks;
	const struct division_snapshot *snapshots;
	size_t n_snapshots;
	const struct division_job *jobs;
	size_t n_jobs;
	const struct division_heard *heard; /* is not told again; it may be on its way still */
	size_t n_heard;
};

/* Appends D to OUT, whose failure is the caller's to ask for. */
void division_encode(const struct division *d, struct buf *out);

#define DIVISION_SUM_SIZE 33

/* Who was named beside J's customer and is not heard yet, and what news are passed on to whom, is
 * settled between partitions and nothing that a fold finds: only what they want themselves stays,
 * and nothing of who was asked for it. True if anything was otherwise. */
bool division_forget_between(struct journey *j);

/* A name for the state that RECORD is, but for that: what was made from one state does not fit
 * another. 0 or -ENOMEM. */
int division_sum(struct span record, char ret_sum[DIVISION_SUM_SIZE]);

/* The same of J without what is known of timelines, which a replay of the log does not keep, and
 * without what waits, and since when an identifier is whose, which older versions did not note. 0
 * or -ENOMEM. */
int division_state(const struct journey *j, char ret_sum[DIVISION_SUM_SIZE]);

enum { DIVISION_CORRUPT = 1 };

/* Reads all of BYTES; spans of *ret_d borrow from them, lists lie in A. Records are not looked
 * into. 0, DIVISION_CORRUPT or -ENOMEM. */
int division_decode(struct span bytes, struct arena *a, struct division *ret_d);
