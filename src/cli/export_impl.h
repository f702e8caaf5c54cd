/* SPDX-License-Identifier: MIT */
/*
 * The parts of `waymark customer export`: customer_export.c is the document and its order,
 * export_kin.c who led to whom and what was before, export_log.c what of the log and of the
 * quarantine is theirs, export_archive.c what of it only the archive holds.
 */
#pragma once

#include "archive_stream.h"
#include "base/map.h"
#include "customer_tool.h"
#include "store/job_query.h"
#include "store/keys.h"
#include "store/query.h"

/* A job of a page. */
struct their_job {
	uint32_t partition;
	int64_t at; /* emitted */
	struct span id, json;
	bool named; /* after one of them; whose it is may have changed since */
};

struct export
{
	struct tool *tool;
	struct redis *redis;
	struct query_source *source;
	FILE *out;
	struct buf text; /* what is written next */
	struct arena arena;
	struct map apart;  /* from whom they were taken: a job that is theirs may lie there */
	struct map names;  /* every key that is or was the customer's → its state, a text */
	struct span *list; /* those of them that are theirs */
	size_t n_list, cap_list;
	struct span customer;
	struct lapse lapse;		 /* of the policy in force */
	bool partitions[PARTITIONS_MAX]; /* where a name of theirs lies */
	bool asked;			 /* a page of jobs is under way */
	struct log_id jobs_after;
	bool more_jobs;
	struct their_job jobs[JOB_PAGE_MAX]; /* of the page */
	size_t n_jobs;
	struct arena page; /* their texts */
	char next[TIMELINE_CURSOR_SIZE];
	const struct archive_dir *archive; /* NULL: none is read */
	bool trimmed;			   /* part of the log is only in the archive */
	uint64_t archive_faults;	   /* of files: something may be missing */
	size_t n;			   /* elements of the array that is open */
	int r;
};

/* ---- writing ----------------------------------------------------------------------------- */

/* What stands in `text` onto the stream. 0, -ENOMEM, or what writing it failed with: -EPIPE where
 * its reader has left. */
int export_flush(struct export *x);
/* Before each element of the open array. */
void export_comma(struct export *x);
/* `"NAME":[` and the end of it, another member following. */
void export_open(struct export *x, const char *name);
int export_close(struct export *x);
/* `"NAME":VALUE`, without a comma. */
void export_text(struct export *x, const char *name, struct span value);
void export_instant(struct export *x, const char *name, int64_t at);
/* Bytes as they are: a string, or {"base64":…} where they are no UTF-8 without controls. */
void export_bytes(struct export *x, const char *name, struct span bytes);
/* `"NAME":` and where the customer of BYTES stood, or null where there was none. 0 or -errno. */
int export_state(struct export *x, const char *name, struct span bytes);
/* The field NAME of a flat list of names and values; empty if it has none. */
struct span export_field(const struct redis_value *fields, const char *name);
/* A reply, which lives as long as A. NULL: said why not. */
const struct redis_value *export_ask(
	struct export *x, const struct span *args, size_t n, struct arena *a);
/* Is KEY one of theirs? */
bool export_has(const struct export *x, struct span key);

/* ---- the parts: each one member of the document. 0 or -errno, said. ---------------------- */

int export_links(struct export *x);	 /* what stands under each key that became theirs */
int export_snapshots(struct export *x);	 /* what they were before others became part of them */
int export_suppressed(struct export *x); /* which of the keys were erased once */
int export_sends(struct export *x, const struct journey *j);
int export_originals(struct export *x);	 /* entries of the log */
int export_archived(struct export *x);	 /* entries that have left it; the log was read before */
int export_quarantine(struct export *x); /* what was not taken, and names them */
