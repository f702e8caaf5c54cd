/* SPDX-License-Identifier: MIT */
/*
 * From a request to entries of the log: whose it is, what of it can be accepted, and the answer.
 */
#pragma once

#include "base/arena.h"
#include "codec/envelope.h"
#include "codec/gzip.h"
#include "codec/write_keys.h"
#include "journal.h"
#include "tally.h"

struct intake_limits {
	struct envelope_limits items;
	size_t body_browser; /* bytes of a body, before and after decompression … */
	size_t body_server;  /* … and if Authorization names a source that is no browser */
};

struct intake {
	struct loop *loop;
	struct journal *journal;
	struct tally *tally;
	struct intake_limits limits;
	struct write_keys *keys;
	struct inflater *inflater;
	/* Of the request that is being judged; kept for the next one. */
	struct arena arena;
	struct buf plain;
	struct buf meta;
};

/* JOURNAL and TALLY are borrowed. 0 or -ENOMEM (release as after success). */
int intake_init(struct intake *in, struct loop *loop, struct journal *journal, struct tally *tally);
void intake_release(struct intake *in);

/* Takes over KEYS, in the place of those before. */
void intake_set_keys(struct intake *in, struct write_keys *keys);

/* How large the body of a request may be, by its head. */
size_t intake_body_max(const struct intake *in, const struct http_request *request);

/* Handles a POST of one kind; answers now or when the log has it. */
void intake_take(struct intake *in, struct http_request *request, enum envelope_kind kind);
