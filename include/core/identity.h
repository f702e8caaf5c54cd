/* SPDX-License-Identifier: MIT */
/*
 * What names a customer, and what follows from it. A beacon knows its visitor's number, a mail
 * provider an address, a till a loyalty card: each is an identifier of some kind, and the kinds
 * have an order of strength. The *key* of an identifier is the text `KIND:VALUE`; that of a user id
 * is the id as it is, or `user:ID` where the id itself begins like the key of another kind, so
 * that nobody is given another customer's key by calling himself `email:somebody@else`.
 *
 * The settings here are compiled from identity.json (codec/identity_json.h), or are the built-in
 * ones, and do not change while a program runs. All programs of a data set have the same ones,
 * since keys follow from them.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/event.h"

#define IDENTIFIER_MAX	      256 /* bytes of a value */
#define IDENTITY_KINDS_MAX    16
#define IDENTITY_NAME_MAX     24    /* bytes of a kind's name: small letters, digits and _ */
#define IDENTITY_LIMIT_MAX    10000 /* identifiers of a kind that one customer may have */
#define IDENTITY_CUSTOMER_MAX 10000 /* of all kinds together, whatever their limits */
#define IDENTITY_BLOCKED_MAX  1000  /* values */
#define IDENTITY_SHARED_MAX   1000  /* values */

/* The kinds that are always there, the strongest first unless the shop orders them otherwise; the
 * name is what an identifier is called in an event's `identifiers` and the prefix of its key.
 * `user` and `anon` have members of their own in an event. */
#define IDENTIFIERS(X)                                                                             \
	X(USER, "user")                                                                            \
	X(CARD, "card")                                                                            \
	X(EMAIL, "email")                                                                          \
	X(PHONE, "phone")                                                                          \
	X(ANONYMOUS, "anon")                                                                       \
	X(ORDER, "order")                                                                          \
	X(DEVICE, "device")

enum identifier {
#define X(ID, NAME) IDENTIFIER_##ID,
	IDENTIFIERS(X)
#undef X
		IDENTIFIER_COUNT /* a kind that the shop added */
};

/* One kind; its place in the list is its strength. */
struct identity_kind {
	struct span name;
	uint32_t limit; /* identifiers of this kind that one customer may have, from 1 */
	bool links;	/* may make one customer of two at all */
	bool once; /* it belongs to whom it was linked to first: no customers become one by it */
	bool personal;	      /* names a person: only trusted sources may link it */
	enum identifier what; /* how it is normalised, and what it is in an event */
};

/* Values that stand for many people. */
enum identity_shared {
	IDENTITY_OWN,	    /* none of the following */
	IDENTITY_HOUSEHOLD, /* a family's tablet or telephone: it is never linked itself */
	IDENTITY_TILL,	/* a till's device, the shop's own address on receipts: nothing that comes
			   with it is linked */
	IDENTITY_KIOSK, /* likewise */
};

/* A value that means nothing (`null`, `guest`, `test@test.com`): as if it had not been given. */
struct identity_blocked {
	struct span text; /* as normalised, ASCII letters small; they are compared so */
	uint32_t kinds;	  /* a bit for each kind that it counts for */
};

struct identity_shared_value {
	struct span key;
	enum identity_shared class;
};

/* What differs from one provider to the next, and so is off unless the shop says otherwise. */
enum {
	IDENTITY_GMAIL_DOTS = 1 << 0, /* dots before the @ of gmail.com count for nothing */
	IDENTITY_PLUS_TAGS = 1 << 1,  /* nor does what follows a + before the @ */
};

struct identity {
	struct identity_kind kinds[IDENTITY_KINDS_MAX]; /* the strongest first */
	size_t n_kinds;
	uint8_t at[IDENTIFIER_COUNT]; /* the place of a kind that is always there */
	unsigned browser_from;	      /* a bit per kind: what a page may link … */
	unsigned browser_to;	      /* … and to what */

	const struct identity_blocked *blocked; /* in byte order of their texts */
	size_t n_blocked;
	uint64_t blocked_lengths; /* bit N: one has N bytes; no text is longer than 63 */
	uint32_t blocked_firsts;  /* bit C & 31: one begins with the byte C */
	uint32_t zeros;		  /* a bit per kind: nothing but zeros and dashes is blocked */

	const struct identity_shared_value *shared; /* in byte order of their keys */
	size_t n_shared;

	unsigned email_rules; /* IDENTITY_GMAIL_DOTS | … */
	char country[3];      /* ISO 3166-1 alpha-2, for telephone numbers without a country; empty:
				 such are kept as they are */
};

/* What holds where nobody says otherwise. */
extern const struct identity IDENTITY_DEFAULT;

/* A number for all that is set, never 0: the same for the same settings, on every machine. */
uint64_t identity_digest(const struct identity *id);

/* The kind of a KEY: its place, 0 being the strongest. */
size_t identity_kind_of(const struct identity *id, struct span key);

/* The kind of that name; n_kinds if there is none. */
size_t identity_kind_named(const struct identity *id, struct span name);

/* The value in KEY: what stands behind the kind, of a user id the id. */
struct span identity_value(const struct identity *id, struct span key);

/*
 * The order of winners, total over all keys: the stronger kind, and of one kind the smaller bytes.
 * < 0: A wins, 0: they are the same, > 0: B wins. When two customers become one, the link goes
 * from the loser to the winner; so links have no cycles, whatever is merged at the same time.
 */
int identity_compare(const struct identity *id, struct span a, struct span b);

/* Does the user id VALUE need `user:` in front to be a key of its own? */
bool identity_user_needs_prefix(const struct identity *id, struct span value);

/* Can VALUE be an e-mail address: has it a text on both sides of an @? Tills write `none given`. */
bool identity_is_address(struct span value);

/* Can VALUE be a telephone number: has it at least IDENTITY_PHONE_DIGITS digits? Those of other
 * scripts are not looked for: what has letters beyond ASCII may be one. */
#define IDENTITY_PHONE_DIGITS 5
bool identity_is_number(struct span value);

/* Is VALUE (normalised) of kind KIND one that names nobody? So does an empty one, and what can be
 * no address and no number: else all whose till says `none given` would be one customer. */
bool identity_is_blocked(const struct identity *id, size_t kind, struct span value);

/* Whether KEY stands for many people. */
enum identity_shared identity_shared_class(const struct identity *id, struct span key);

/*
 * May the identifier OTHER that came with an event of the customer WHO be linked to him, by what
 * the settings and the source's RIGHTS (LINK_TRUSTED | … of core/event.h) say? It does not know
 * what either of them is linked to already, nor how many WHO has: that is for the owners of both.
 */
enum identity_leave {
	IDENTITY_MAY_LINK,
	IDENTITY_NO_RIGHT,   /* the source may not do that */
	IDENTITY_NEVER_LINKS /* nobody may: the kind, or the value's class, links nothing */
};
enum identity_leave identity_may_link(
	const struct identity *id, unsigned rights, struct span who, struct span other);

/* One word for each, for counters and timelines. */
struct span identity_leave_word(enum identity_leave leave);
