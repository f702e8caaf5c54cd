/* SPDX-License-Identifier: MIT */
/*
 * What an unmerge would make (store/divide.h), as people want to see it before it is done: each
 * side as a customer, where their consents differ, which jobs go where, and what counts for the
 * caps of each. All of it is read; nothing is changed.
 */
#pragma once

#include "codec/record.h"
#include "core/contact.h"
#include "core/rule.h"
#include "store/divide.h"
#include "tool.h"

#define APART_LATEST  5 /* events of each side that are shown */
#define APART_CLASSES (RULE_TASK + 1)

enum apart_which { APART_STAYS, APART_GOES, APART_SIDES };

struct apart_side {
	struct span key;
	bool nobody; /* a name that may belong to anybody again; then nothing below */
	struct record record;
	struct timeline_entry latest[APART_LATEST]; /* the newest first */
	size_t n_latest;
	/* Sends that count, or may come to count, for caps: not those that were released. */
	size_t caps[APART_CLASSES][JOB_CHANNEL_COUNT];
};

/* What was said of a topic on a channel, where it is not the same of both. */
struct apart_word {
	struct span topic;			  /* empty: all */
	uint32_t channel;			  /* enum job_channel; JOB_CHANNEL_COUNT: all */
	const struct consent *words[APART_SIDES]; /* NULL: nothing */
};

struct apart_job {
	const struct divided_job *job;
	/* moves, stays, ends, unmade: it is not made now, or kept: it was sent, to whom neither
	 * side would have been */
	const char *fate;
	struct span state, channel, class; /* empty: there is no such job (any more) */
};

/* Jobs of a class and channel that were made since then and are done: whose they are from now on.
 * Each lies where it lay, where it was made. */
struct apart_sent {
	struct span class, channel;
	size_t n[APART_SIDES + 1]; /* of the sides; and of neither, for whose caps it does not
				      count */
};

struct apart_view {
	const struct divided *divided; /* borrowed */
	struct span key;	       /* that is taken out; borrowed */
	int64_t now;		       /* virtual time */
	struct lapse lapse;	       /* of the policy in force */
	struct apart_side sides[APART_SIDES];
	const struct apart_word *words;
	size_t n_words;
	const struct apart_job *jobs;
	size_t n_jobs;
	const struct apart_sent *sent; /* in order of the jobs */
	size_t n_sent;
	struct arena arena;
};

struct apart_view_ask {
	struct span customer, key;
	const struct divided *divided;
	int64_t now;
	struct lapse lapse;
};

/* ASK's spans and `divided` must outlive V, which is released whatever comes of it. 0 or a status,
 * with the reason said. */
int apart_view_make(struct apart_view *v, struct tool *t, struct redis *redis,
	const struct apart_view_ask *ask);
void apart_view_release(struct apart_view *v);

/* "withdrawn", "soft" or "given"; NULL for NULL. */
const char *apart_word_name(const struct consent *c);

/* Onto standard output: as tables, or as one JSON object on a line. */
void apart_print(const struct apart_view *v);
/* 0 or -ENOMEM. */
int apart_print_json(const struct apart_view *v);
