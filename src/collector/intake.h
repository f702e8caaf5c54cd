/* SPDX-License-Identifier: MIT */
/*
 * What all doors share: the sources, the limits, the way into the log and the memory in which a
 * request is judged. And the door that most senders use: Segment's.
 */
#pragma once

#include "base/arena.h"
#include "base/rate_limit.h"
#include "codec/envelope.h"
#include "codec/gzip.h"
#include "codec/tracking_plan.h"
#include "codec/write_keys.h"
#include "door_tally.h"
#include "journal.h"
#include "reasons.h"

struct intake_limits {
	struct envelope_limits items;
	size_t lines;	     /* of a file, where `items` has those of a batch */
	size_t body_browser; /* bytes of a body, before and after decompression … */
	size_t body_server;  /* … if Authorization names a source that is no browser … */
	size_t body_import;  /* … and of one that is a file of lines */
};

struct intake {
	struct loop *loop;
	struct journal *journal;
	struct tally *tally;
	struct reasons reasons;
	struct intake_limits limits;
	const struct identity *identity;
	struct write_keys *keys;
	struct rate_limit *rates;   /* by number of the source in keys */
	struct tracking_plan *plan; /* NULL: none */
	struct inflater *inflater;
	/* Of the request that is being judged; kept for the next one. */
	struct arena arena;
	struct buf plain;
	struct buf meta;
};

/* IDENTITY, JOURNAL and TALLY are borrowed. 0 or -ENOMEM (release as after success). */
int intake_init(struct intake *in, const struct identity *identity, struct loop *loop,
	struct journal *journal, struct tally *tally);
void intake_release(struct intake *in);

/* Takes over KEYS, in the place of those before. 0 or -ENOMEM (then nothing is changed). */
int intake_set_keys(struct intake *in, struct write_keys *keys);

/* Likewise the tracking plan; NULL: none. */
void intake_set_plan(struct intake *in, struct tracking_plan *plan);

/* How large the body of a request may be, by its head. */
size_t intake_body_max(const struct intake *in, const struct http_request *request);
size_t intake_body_max_of(const struct intake *in, const struct write_key *by_field);

/* Handles a POST of one kind; answers now or when the log has it. STYLE is how (answer.h). */
struct answer_style;
void intake_take(struct intake *in, struct http_request *request, enum envelope_kind kind);

/* The same of a body that is already at hand (a pixel's, in the query), with the key QUERY_KEY from
 * the query (empty: none). */
struct intake_given {
	struct span body; /* lives until the call returns */
	struct span key;
	enum envelope_kind kind;
	const struct answer_style *style;
};
void intake_take_given(
	struct intake *in, struct http_request *request, const struct intake_given *given);

/* A body of the beacon sort: a batch, with the key in the query. */
void intake_take_beacon(struct intake *in, struct http_request *request, struct span key);
