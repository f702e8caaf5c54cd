/* SPDX-License-Identifier: MIT */
/* `waymark customer merge` and `unmerge`: staff say who is one with whom. */
#pragma once

#include "core/event.h"
#include "core/identity.h"
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

#define CUSTOMER_KEYS_MAX (IDENTITY_KINDS_MAX + 1)

/* What may be meant by what was typed: a key as it stands, then an identifier of each kind. */
struct customer_keys {
	struct span list[CUSTOMER_KEYS_MAX];
	size_t n;
};

/* They lie in the program's arena, or in ID. 0 or -ENOMEM. */
int customer_keys_of(struct tool *t, struct span id, struct customer_keys *ret_keys);
/* The one of them that somebody is known by; empty: none. Else a status, with the reason said: ID
 * is no key, and may be two of them. */
int customer_key(struct tool *t, struct redis *redis, struct span id, struct span *ret_key);

/* Who says it, in NAME, which takes SIZE bytes. */
const char *apart_who(const struct customer_ask *ask, char *name, size_t size);

/* A word of staff. */
struct staff_word {
	uint32_t partition;
	struct message *message;
	struct span record;	     /* may be empty */
	const struct log_id *behind; /* this entry of the log; NULL: wherever */
};

/*
 * Puts W into the log. 0 with its place, or a status. If there is news between W and what it was to
 * stand behind, or so much that it cannot be looked at there, nothing is put and its place is 0-0.
 */
int apart_post(
	struct tool *t, struct redis *redis, const struct staff_word *w, struct log_id *ret_id);
