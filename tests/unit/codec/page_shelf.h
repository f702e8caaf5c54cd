/* SPDX-License-Identifier: MIT */
/* For tests of pages: a customer's timeline as it is kept, and the same as a plain list. */
#pragma once

#include "codec/timeline_page.h"

#include "../chance.h"

#define BASE	INT64_C(1795262400000)
#define ENTRIES 2000

struct shelf {
	struct timeline_entry all[ENTRIES]; /* in order of arrival */
	size_t n;
	struct record record; /* without a journey */
	struct buf chunks[ENTRIES];
	struct packer *packer;
	uint32_t fetched; /* chunks handed out */
};

void shelf_init(struct shelf *s);
void shelf_release(struct shelf *s);
struct shelf *shelf_new(void);
void shelf_freep(struct shelf **s);

/* The next thing that happens: usually now, sometimes long ago (one of LATE; 0: none), sometimes at
 * a crowded instant. */
struct timeline_entry shelf_draw(struct chance *c, const struct shelf *s, unsigned late);
/* Adds to the tail. */
void shelf_add(struct shelf *s, struct timeline_entry e);
/* As the worker does it. */
void shelf_settle(struct shelf *s);
/* All that is not in a chunk goes into one. */
void shelf_seal(struct shelf *s);
/* N more by chance; each of LATE (0: none) is late. */
void shelf_grow(struct shelf *s, struct chance *c, size_t n, unsigned late);

extern const char *const shelf_names[4]; /* of events */

/* Does E satisfy Q? */
bool shelf_wants(const struct timeline_query *q, const struct timeline_entry *e);
