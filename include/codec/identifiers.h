/* SPDX-License-Identifier: MIT */
/*
 * What names a customer in an event: `userId` and `anonymousId` as the SDKs have them, and the
 * object `identifiers` with any of the members card (loyalty card), email, phone, order, device
 * and what the shop added (core/identity.h): strings or whole numbers. Other members are let
 * through and mean nothing here. The event goes to the customer of the strongest of them.
 *
 * One identifier is written in many ways, so each has a normal form that its key is made of. What
 * has none stays as it is: an address that no rule understands still names somebody. What is no
 * address or number at all names nobody (identity_is_blocked).
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/json_scan.h"
#include "core/identity.h"

struct identifiers {
	struct span text[IDENTITY_KINDS_MAX]; /* by the place of the kind; unescaped, as they came;
						 empty: not given */
};

enum {
	IDENTIFIERS_WRONG_TYPE = 1, /* neither a string nor a whole number */
	IDENTIFIERS_TOO_LONG = 2,
	IDENTIFIERS_TWICE = 3, /* a name stands twice */
};

/*
 * Reads the object `identifiers` (RAW, which a scanner has passed) into *IDS. Texts borrow from RAW
 * or lie in ARENA. 0, -ENOMEM, or an outcome above with the place of the member in *ret_at and the
 * name of the kind in *ret_kind.
 */
int identifiers_read(const struct identity *identity, struct span raw, struct arena *arena,
	struct identifiers *ids, const char **ret_at, struct span *ret_kind);

/*
 * The normal form of VALUE, an identifier of the kind at place KIND: blanks around it are left out;
 * of an e-mail address see email_normal, of a telephone number phone_normal. Never longer than
 * IDENTIFIER_MAX if VALUE is not; lies in VALUE or in ARENA. 0 or -ENOMEM.
 */
int identifier_normal(const struct identity *identity, size_t kind, struct span value,
	struct arena *arena, struct span *ret_value);

/*
 * The key of VALUE, likewise; empty if it names nobody (blocked, or nothing but blanks). 0 or
 * -ENOMEM.
 */
int identifier_key(const struct identity *identity, size_t kind, struct span value,
	struct arena *arena, struct span *ret_key);

/*
 * The key of the customer that IDS name: that of the strongest that names somebody. Empty if
 * there is none. 0 or -ENOMEM.
 */
int identifiers_key(const struct identity *identity, const struct identifiers *ids,
	struct arena *arena, struct span *ret_key);

/* An identifier that stands elsewhere in an event. */
struct identifier_more {
	enum identifier what;
	struct span text;
};

#define IDENTIFIER_MORE_MAX 4

/* All that is known of who an event is about. */
struct identifiers_given {
	struct identifiers ids;
	struct identifier_more more[IDENTIFIER_MORE_MAX];
	size_t n_more;
};

/*
 * What else names e->customer, which identifiers_key said of GIVEN: sets e->ids, in ARENA, without
 * what names nobody and without doubles, the strongest first; those of `more` may be stronger than
 * the customer's own. If one of them, or the customer, stands for a till or a kiosk, e->link_rights
 * is cleared. 0 or -ENOMEM.
 */
int identifiers_others(const struct identity *identity, const struct identifiers_given *given,
	struct arena *arena, struct event *e);

/*
 * Adds the members of an event that name the customer of KEY, so that reading them gives KEY again:
 * `"userId":"u1"`, `"anonymousId":"a1"` or `"identifiers":{"email":"jon@example.com"}`.
 */
void identifier_write(const struct identity *identity, struct span key, struct buf *out);
