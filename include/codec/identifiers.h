/* SPDX-License-Identifier: MIT */
/*
 * What names a customer. A beacon knows its visitor's number, a mail provider an address, a carrier
 * an order: an event says what its source knows, and goes to the customer of the strongest of them.
 *
 * In an event: `userId` and `anonymousId` as the SDKs have them, and the object `identifiers` with
 * any of the members card (loyalty card), email, phone, order, device: strings or whole numbers.
 * Other members are let through and mean nothing here.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"
#include "codec/json_scan.h"
#include "core/identity.h"

struct identifiers {
	struct span text[IDENTIFIER_COUNT]; /* unescaped; empty: not given */
};

enum {
	IDENTIFIERS_WRONG_TYPE = 1, /* neither a string nor a whole number */
	IDENTIFIERS_TOO_LONG = 2,
	IDENTIFIERS_TWICE = 3, /* a name stands twice */
};

/*
 * Reads the object `identifiers` (RAW, which a scanner has passed) into *IDS. Texts borrow from RAW
 * or lie in ARENA; blanks around an e-mail address are left out. 0, -ENOMEM, or an outcome above
 * with the place of the member in *ret_at.
 */
int identifiers_read(
	struct span raw, struct arena *arena, struct identifiers *ids, const char **ret_at);

/*
 * The key of the customer that IDS name: a user id as it is, else `card:…`, `email:…` (ASCII
 * letters small) and so on. Empty with a pointer if they name nobody, NULL when out of
 * memory.
 */
struct span identifiers_key(const struct identifiers *ids, struct arena *arena);

struct span identifier_name(enum identifier id);
