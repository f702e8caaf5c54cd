/* SPDX-License-Identifier: MIT */
/*
 * A body in somebody else's shape through a mapping into what deliver takes: the canonical events
 * as one envelope, the bytes each was made of, and what could not be understood.
 */
#pragma once

#include "codec/mapping.h"
#include "deliver.h"

struct translation {
	const struct mapping *mapping;
	struct span name;	  /* of the hook or source, as the mapping sees it */
	struct span castoff_name; /* what to map with again: the hook, or `@` and the preset */
};

struct translated {
	struct envelope envelope;
	struct delivery delivery; /* points into this struct */
	bool nothing;		  /* there is nothing to keep, … */
	bool ignored;		  /* … since the mapping says so of the topic */
};

/* Maps C's body. 0, or CALL_ANSWERED when out of memory. */
int translate(struct call *c, const struct translation *t, struct translated *ret_translated);

/* Lookups over a request, as mappings and signatures ask: USER is a struct asked. Values lie in the
 * request or in the arena. */
struct asked {
	const struct http_request *request;
	struct arena *arena;
};
bool asked_header(void *user, struct span name, struct span *ret_value);
bool asked_query(void *user, struct span name, struct span *ret_value);
