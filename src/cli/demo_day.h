/* SPDX-License-Identifier: MIT */
/*
 * A day in a jeweler's shop, made up: forty customers and what they do, from one seed, always the
 * same. Pure: it says what happens when, others make it happen.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

#define DEMO_CUSTOMERS 40
#define DEMO_ACTS_MAX  ((size_t)DEMO_CUSTOMERS * 8)
#define DEMO_ENDS_MS   (31 * MS_SECOND) /* by then the last rule has had its say */

enum demo_source { DEMO_WEB, DEMO_SHOP };

enum demo_kind {
	DEMO_IDENTIFY,
	DEMO_PAGE,
	DEMO_VIEW,
	DEMO_ADD,
	DEMO_CHECKOUT,
	DEMO_ORDER,
	DEMO_SHIPPED,
	DEMO_DELIVERED,
	DEMO_STORE,
	DEMO_KIND_COUNT
};

struct demo_act {
	int64_t at_ms;	    /* when we hear of it, from the beginning */
	int64_t ago_ms;	    /* how much earlier it happened */
	int64_t promise_ms; /* an order: promised so long after it */
	enum demo_kind kind;
	unsigned customer, product;
};

/* All acts in their order; how many. */
size_t demo_day(struct demo_act acts[DEMO_ACTS_MAX]);

/* Who CUSTOMER is: their id, or for those who never say who they are an anonymous one. */
const char *demo_customer(unsigned customer);
/* The one whose timeline is worth a look at the end. */
const char *demo_hero(void);

/* Path, key and one line for people of an act. */
const char *demo_path(const struct demo_act *act);
enum demo_source demo_source(const struct demo_act *act);
const char *demo_name(const struct demo_act *act);
const char *demo_channel(const struct demo_act *act);
void demo_detail(const struct demo_act *act, struct buf *out);

/* The body to be posted; NOW is the wall clock, NTH makes the messageId. */
void demo_body(const struct demo_act *act, int64_t now, size_t nth, struct buf *out);
