/* SPDX-License-Identifier: MIT */
/*
 * INI text, entry by entry. The one home of libinih, made strict: where it would cut a long name,
 * join a line to the one before or take the last of two equal keys, there is a fault with its line.
 *
 *	; a comment, also after a blank behind a value
 *	[section]
 *	key = value
 *
 * Blanks around names and values do not count. A section may be opened again; a key stands once in
 * all of it. Names and values are passed as they stand: whether they are known is the reader's
 * affair.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define CONFIG_LINE_MAX 198 /* bytes of a line, without its end */
#define CONFIG_NAME_MAX 48  /* bytes of a section's or key's name */

struct config_entry {
	struct span section; /* empty: before the first section */
	struct span key;
	struct span value; /* may be empty */
	unsigned line;	   /* 1-based */
};

struct config_fault {
	unsigned line; /* 0: the whole text */
	char text[256];
};

/* Spans live during the call only. 0 to go on; anything else ends the reading. */
typedef int config_entry_fn(void *user, const struct config_entry *entry);

enum { CONFIG_BAD = 1 };

/*
 * Passes the entries of TEXT to ENTRY in their order. 0; CONFIG_BAD with *ret_fault when TEXT is
 * no such text; -ENOMEM; or what ENTRY returned that was not 0.
 */
int config_read(
	struct span text, config_entry_fn *entry, void *user, struct config_fault *ret_fault);
