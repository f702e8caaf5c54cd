/* SPDX-License-Identifier: MIT */
/*
 * What a customer is found by when staff know only how it begins: the terms of the index
 * wm:{pN}:find. A term is a letter, a colon and a folded text:
 *
 *	e:ann@example.com	an e-mail address, as its key has it, or as it is in the traits
 *	n:anna maria muller	a name; once more from each of its later words on (`n:maria muller`,
 *				`n:muller`), so that any word of it can be what somebody knows
 *	o:r-1017		the number of an order: small letters, without blanks and a # in
 *front p:+49301234567		a telephone number in its normal form
 *	c:1234			a loyalty card
 *
 * Names are folded by Unicode's full case folding and compatibility decomposition without the
 * marks, so that `MÜLLER`, `Müller` and `muller` are one. A text is cut after FIND_TERM_MAX bytes,
 * at the end of a character.
 *
 * Each key of an identifier has the term of that identifier, be it a customer or a link to one;
 * a customer has those of the traits and of the orders that the journey holds, besides: at most
 * 2 + FIND_WORDS_MAX * 2 + JOURNEY_ORDERS_MAX of them.
 *
 * What the terms follow from is a few texts, the *inputs*. Whether two states of a customer have
 * the same terms is asked of every one that is written, so that is answered without making any.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "core/identity.h"
#include "core/journey.h"

#define FIND_TERM_MAX	128 /* bytes of a folded text */
#define FIND_WORDS_MAX	6   /* of a name; later ones are found within it, not by themselves */
#define FIND_PREFIX_MIN 3   /* characters, folded */
#define FIND_PREFIX_MAX 128 /* bytes, as typed */
#define FIND_KINDS	"cenop"

/* Appends the inputs of J to OUT, whose failure is the caller's to ask for: nothing if J has
 * none. */
void find_inputs(const struct journey *j, struct buf *out);

/* Terms in order, none twice. They live in an arena. */
struct find_terms {
	struct span *items;
	size_t n, cap;
};

/*
 * The terms of INPUTS and of the KEY that they stand under; of KEY alone, that of a link, if INPUTS
 * are empty. 0 or -ENOMEM.
 */
int find_terms_make(const struct identity *identity, struct span key, struct span inputs,
	struct arena *arena, struct find_terms *ret_terms);

/* The term of an order of that NUMBER, in ARENA; empty if it has none, or none to itself, since it
 * would be cut. 0 or -ENOMEM. */
int find_order_term(struct span number, struct arena *arena, struct span *ret_term);

/* How the terms begin that TEXT, as typed, is the beginning of; in order, one or two a kind, of
 * telephones up to three. */
struct find_prefixes {
	struct span items[sizeof(FIND_KINDS) + 1];
	size_t n;
};

enum {
	FIND_TOO_SHORT = 1, /* no kind of term of FIND_PREFIX_MIN characters begins like that */
	FIND_TOO_LONG = 2,
	FIND_NO_TEXT = 3, /* it is no UTF-8 */
};
/* 0, -ENOMEM or an outcome. They lie in ARENA. A number without its country is one of COUNTRY (as
 * in identity.json; empty: of none) as well. */
int find_prefixes_of(const char *country, struct span text, struct arena *arena,
	struct find_prefixes *ret_prefixes);
/* One of P is what TERM begins with. */
bool find_prefixes_match(const struct find_prefixes *p, struct span term);
/* What the letter in front of a term stands for: `email`, `name`, `order`, `phone`, `card`. */
struct span find_kind_name(char letter);
