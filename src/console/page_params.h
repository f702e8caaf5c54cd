/* SPDX-License-Identifier: MIT */
/*
 * The parameters of a timeline's page, from the query of a URL. Strict, because a filter that was
 * misspelt and therefore ignored would show staff something else than they asked for.
 */
#pragma once

#include "base/arena.h"
#include "codec/timeline_page.h"

/* Bytes of `event`. */
#define PAGE_EVENT_MAX 1024

struct page_params {
	struct timeline_query query;
	struct span cursor; /* empty: the first page */
	struct arena arena; /* what both point to */
};

#define PAGE_PARAM_NAME_SIZE	64
#define PAGE_PARAM_MESSAGE_SIZE 256

/* Which parameter is wrong, and a sentence that says what it may be. */
struct page_fault {
	char name[PAGE_PARAM_NAME_SIZE]; /* as it was given, perhaps cut */
	char message[PAGE_PARAM_MESSAGE_SIZE];
};

enum { PAGE_PARAMS_BAD = 1 };

void page_params_init(struct page_params *p);
void page_params_release(struct page_params *p);

/*
 * Reads QUERY into P, initialised before. A parameter without a value counts as not given; one that
 * is unknown or given twice is a fault. 0, PAGE_PARAMS_BAD with *ret_fault, or -ENOMEM.
 */
int page_params_read(struct page_params *p, struct span query, struct page_fault *ret_fault);

/* What a cursor that does not fit its customer is told. */
void page_cursor_fault(struct page_fault *ret_fault);
