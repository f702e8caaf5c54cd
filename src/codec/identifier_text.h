/* SPDX-License-Identifier: MIT */
/*
 * The normal forms of what names a customer. Nearly all of what comes is plain ASCII and nearly
 * normal, so that costs a look at each byte and, where something changes, one copy.
 */
#pragma once

#include "base/arena.h"
#include "base/span.h"

/* Cuts blanks of all sorts from both ends: control characters, U+00A0, U+200B … U+200D, U+FEFF. */
struct span text_trim(struct span text);

/*
 * The normal form of an e-mail address: small letters, in the local part as well, since no shop's
 * customers are told apart by them. Beyond ASCII: the local part in NFC and simple case folding,
 * the domain as IDNA has it (`xn--…`). RULES are IDENTITY_GMAIL_DOTS and IDENTITY_PLUS_TAGS. What
 * cannot be brought into that form, or would become longer than IDENTIFIER_MAX, keeps what of it
 * was possible. 0 or -ENOMEM.
 */
int email_normal(unsigned rules, struct span text, struct arena *arena, struct span *ret_text);

/*
 * The normal form of a telephone number: E.164, `+4930123456`. COUNTRY (ISO 3166-1 alpha-2, or
 * empty) is whose a number is that says none. What is no such number stays as it is. 0 or -ENOMEM.
 */
int phone_normal(const char *country, struct span text, struct arena *arena, struct span *ret_text);

/*
 * How E.164 has, without its plus, what begins with DIGITS when it is dialled in COUNTRY: `4930`
 * for `030` in DE. Empty if no number of COUNTRY is dialled so. 0 or -ENOMEM.
 */
int phone_begin_at_home(
	const char *country, struct span digits, struct arena *arena, struct span *ret_digits);
