/* SPDX-License-Identifier: MIT */
/* `waymark customer merge` and `unmerge`: staff say who is one with whom. */
#pragma once

#include "core/event.h"
#include "customer_tool.h"

struct message;

/* Each returns a status for main, with the reason said. */

/*
 * What the key ASK->customer and the customer whom it is a link to would each be without the other,
 * on standard output; with ASK->yes they are that from then on. STATUS_FOUND where that cannot be.
 */
int customer_unmerge(struct tool *t, struct redis *redis, const struct customer_ask *ask);

/* Makes one customer of two. */
int customer_merge(struct tool *t, struct redis *redis, const struct customer_ask *ask);

/* Who says it, in NAME, which takes SIZE bytes. */
const char *apart_who(const struct customer_ask *ask, char *name, size_t size);
/* Puts the word M of staff into the log of partition P; RECORD may be empty. 0 with its place, or a
 * status. */
int apart_post(struct tool *t, struct redis *redis, uint32_t p, struct message *m,
	struct span record, struct log_id *ret_id);
