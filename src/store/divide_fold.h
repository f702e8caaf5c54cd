/* SPDX-License-Identifier: MIT */
/* One customer's part of a log, folded from a state of theirs on. For divide.c. */
#pragma once

#include "codec/record.h"
#include "core/message.h"
#include "store/divide.h"
#include "store/keys.h"
#include "store/memory_store.h"

/* Something that a fold sent, or said to another partition. */
struct folded_job {
	struct span id, rule, key, step, subject;
	uint32_t episode, epoch;
	int64_t fire_at;
	bool retracted;
};

struct folded_word {
	enum message_kind kind; /* CLAIM, RESTORE */
	struct span to;
	struct log_id id; /* of the entry behind it */
};

struct items {
	void *list;
	size_t n, cap;
};

/* News of the thing KEY that the customer has heard before, if they followed it then. */
struct folded_news {
	struct span key;
	struct log_id at; /* their first place in a log */
	int64_t heard_at; /* hours are counted from there */
	uint32_t content;
};

struct fold {
	const struct divide_ask *ask;
	struct span customer;	   /* key */
	struct span base;	   /* record; empty: none */
	const struct rules *rules; /* at the beginning */
	const struct event_decoder *decoder;
	uint64_t digest;
	const struct commit_mark *marks; /* at the beginning */
	size_t n_marks;
	struct items heard;		    /* struct folded_news */
	const struct division_heard *known; /* and what else of news the base knows */
	size_t n_known;
	struct items waited; /* const struct message *, as of applier_options */
	struct arena *arena; /* of what comes out */
	/* what comes out */
	struct span record;	/* empty: nobody */
	struct items jobs;	/* struct folded_job */
	struct items words;	/* struct folded_word */
	struct items snapshots; /* struct division_snapshot */
	struct items chunks;	/* struct span */
	int failed;
};

/* Of FOLD all up to what comes out is set. ENTRIES in order. 0 or -errno. */
int fold_run(struct fold *fold, const struct log_entry *entries, size_t n);
void fold_release(struct fold *fold);

/* A cleared element of SIZE at the end; NULL when out of memory. */
void *items_add(struct items *l, size_t size);
