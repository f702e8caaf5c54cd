/* SPDX-License-Identifier: MIT */
/* What questions share: where they are asked, and by which settings. */
#pragma once

#include "store/query.h"

struct query_source {
	struct redis *redis;
	const struct identity *identity;
	struct packer *packer;
	uint32_t partitions; /* 0: not known yet */
	size_t pending;
	uint64_t chunks;
	bool freed;
	char refusal[160];
};

/* A question is over. S may be gone afterwards. */
void query_source_done(struct query_source *s);
/* What the server said, kept for query_source_refusal. */
void query_source_refused(struct query_source *s, const struct redis_value *error);
/* What redis_end says, as an outcome. */
int query_sent(int r);
