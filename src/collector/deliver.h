/* SPDX-License-Identifier: MIT */
/*
 * The last step of every door: what its source may not say is refused, the rest goes into the log,
 * what is of no use goes to quarantine, and the sender hears about it when all of it is kept.
 */
#pragma once

#include "call.h"

/* What is put aside: bytes that were accepted from a trusted sender and could not be understood. */
struct castoff {
	struct span bytes;
	const char *reason; /* stable code */
	struct span words;
	struct span hook;    /* its name; empty: no hook's */
	struct span request; /* JSON object of what the mapping reads of the head and query */
	struct span kept;    /* JSON array: message ids of what of it was understood */
};

struct delivery {
	struct envelope *envelope;
	const struct span *originals; /* of each item, where that is not the item; NULL: none */
	bool single;	      /* the event came alone: refused, it is refused as the request */
	enum event_type type; /* of a single event, by its path */
	const struct castoff *castoffs;
	size_t n_castoffs;
	int status;		/* of a good answer; 0: the style's own */
	int64_t complete_until; /* a watermark of the source, for behind the events; 0: none */
};

/* Answers C's request now or later. Uses up nothing that lies in the intake's arena. */
void deliver(struct call *c, const struct delivery *d);
