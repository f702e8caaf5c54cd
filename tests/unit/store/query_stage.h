/* SPDX-License-Identifier: MIT */
/* For tests of questions: customers whose every byte the test puts into Redis, and what is heard.
 */
#pragma once

#include "redis_stage.h"
#include "store/query.h"

#define PARTITIONS 4
#define ENTRIES	   2000

void put_value(struct redis_stage *s, const char *command, const char *name, struct span customer,
	struct span value);
/* FROM leads to TO, and keeps what stood there before: FROZEN. */
void put_link(struct redis_stage *s, const char *from, const char *to, struct span frozen);
/* CUSTOMER's entry in their partition's index of terms. */
void put_term(struct redis_stage *s, const char *term, const char *customer);
void put_record(struct redis_stage *s, const struct record *r);
/* Settles R as the worker does and keeps the chunk that comes of it. */
void settle(struct redis_stage *s, struct packer *p, struct record *r);
/* CUSTOMER with N events, of which each seventh is late if ALL is not NULL and gets them as well.
 */
void put_customer(
	struct redis_stage *s, const char *customer, size_t n, struct timeline_entry *all);

struct heard {
	unsigned times;
	int r;
	char customer[CUSTOMER_MAX + 1];
	char matched[CUSTOMER_MAX + 1];
	char next[TIMELINE_CURSOR_SIZE];
	struct timeline_entry entries[TIMELINE_PAGE_MAX]; /* their places */
	size_t n;
	uint32_t n_chunks;
	int64_t now;
	struct query_source *to_free;
	bool unwanted;
};

/* Orders may be meant. */
struct query_ask ask_of(struct heard *h, struct span id);
/* The outcome of a question that was asked with R, wherever it was said. */
int finish(struct redis_stage *s, struct query_source *source, struct heard *h, int r);
int customer(struct redis_stage *s, struct query_source *source, struct span id, struct heard *h);
/* The page behind h->next. */
int page(struct redis_stage *s, struct query_source *source, const char *id,
	const struct timeline_query *query, struct heard *h);
struct query_source *source_of(struct redis_stage *s);
