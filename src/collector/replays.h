/* SPDX-License-Identifier: MIT */
/*
 * Marks that may come again only with the bytes that they came with: Mailgun signs a token and a
 * time but not the body, so whoever has seen one request could send others under its token. The
 * same token with the same bytes is a repeated delivery, which its message id recognises.
 *
 * The last 262,144 are remembered, the oldest is dropped: of 3 a second the last day. They lie in
 * this process's memory. After a restart, and beside a second collector, a token that only the
 * other one has seen counts as new: somebody who holds a genuine request can then have one body of
 * their own taken for it, until the tolerance of its time is over (signature.h). A secret part of
 * the hook's address closes that; presets that are signed in this way say so.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define REPLAYS_MAX ((size_t)262144)

struct replays;

/* For MAX marks (at most REPLAYS_MAX); SEED is random. Takes 28 bytes for each. 0 or -ENOMEM. */
int replays_new(size_t max, const uint64_t seed[2], struct replays **ret_replays);
struct replays *replays_free(struct replays *r);

enum { REPLAYED = 1 };

/* 0 if MARK of HOOK is new, and remembers it, or came with the same BYTES before; REPLAYED if it
 * came with others. */
int replays_check(struct replays *r, struct span hook, struct span mark, struct span bytes);
