/* SPDX-License-Identifier: MIT */
/*
 * `waymark import`: a file of events through the collector's door, like any other sender.
 *
 *	import.c          the verb: settings, beginning and end
 *	import_send.c     batches on their way, and again until they are answered
 *	import_account.c  what became of every line
 *
 * One batch is under way at a time, while the next is being read. The collector puts the events of
 * a request into the log in their order, so those of a customer stay in the order of the file;
 * several requests at once would have to keep each customer's apart.
 */
#pragma once

#include "event_file.h"
#include "figures.h"
#include "io/http_client.h"
#include "progress.h"
#include "tool.h"

#define IMPORT_BATCH_ITEMS 500
#define IMPORT_BATCH_BYTES ((size_t)480 * 1000)
#define IMPORT_CODES_MAX   64
#define IMPORT_EXAMPLES	   3

/* Lines that were refused for one reason. */
struct import_reason {
	char code[40];
	uint64_t n;
	struct import_example {
		uint64_t line;
		char words[200];
	} examples[IMPORT_EXAMPLES]; /* the first of them */
};

struct import_account {
	uint64_t lines, accepted, refused;
	uint64_t batches;
	uint64_t again;	   /* batches that were sent more than once … */
	uint64_t doubtful; /* … and lines without messageId in them */
	struct import_reason reasons[IMPORT_CODES_MAX];
	size_t n_reasons;
	int64_t took_ms;
	/* --wait */
	bool waited;
	struct figures before, after;
};

/* Adds a refused line. WORDS may be cut. */
void import_refuse(struct import_account *a, uint64_t line, struct span code, struct span words);
void import_print(const struct import_account *a, bool json);

struct import_batch {
	struct buf body;
	uint64_t lines[IMPORT_BATCH_ITEMS];
	size_t n, n_nameless;
	bool sent_again;
};

struct import_settings {
	const char *data, *url, *key;
	bool wait;
	int64_t patience;
};

struct import {
	struct tool tool;
	struct import_settings settings;
	const char *file_name, *url, *socket, *key;
	struct event_file *file;
	struct http_client *client;
	struct progress progress;
	struct import_account account;
	struct import_batch batches[2]; /* one under way, one being filled */
	size_t filling;
	bool under_way;
	bool ended;	 /* the file is read to its end, or as far as it can be */
	bool broken;	 /* no use in going on */
	bool unreadable; /* the file ends in the middle */
	struct buf kept; /* the line that did not fit into the last batch */
	struct timer again;
	int64_t backoff_ms, failing_since;
	struct redis *redis; /* --wait */
};

/* Sends all of the file. 0, or a status when something was said. */
int import_send(struct import *im);
