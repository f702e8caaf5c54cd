/* SPDX-License-Identifier: MIT */
/*
 * A link: what stands under an identifier's key once the customer goes by a stronger one. A text
 * head, so that a script in Redis can follow it, and the record that stood there before, as it was:
 * what an unmerge begins with.
 *
 *	L1 CRC PARTITION LINKED_AT SAID_AT LENGTH:KEY\n record bytes, or none
 *
 * CRC is CRC32C, eight small hex digits, of all bytes behind the blank that follows it. Numbers are
 * decimal as short as can be: there is one way to write a link. A record begins with its version, a
 * byte below that of any letter, so the first byte tells the two apart.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* The largest number of a partition; store/keys.h has how many there may be. */
#define LINK_PARTITION_MAX 1023

struct link {
	struct span to;	    /* key, 1..CUSTOMER_MAX bytes */
	uint32_t partition; /* TO's */
	int64_t linked_at;  /* received_at of the event that linked them, ms of the log's clock */
	int64_t said_at;    /* its occurred_at */
	struct span frozen; /* record that stood here; empty: nothing did */
};

/* Is VALUE, of a customer's key, a link, as far as its first byte says? */
static inline bool link_is(struct span value)
{
	return value.len > 0 && value.ptr[0] == 'L';
}

enum { LINK_CORRUPT = 1 };

/* Appends L's bytes to OUT, whose failure is the caller's to ask for. L must be within bounds. */
void link_encode(const struct link *l, struct buf *out);
/* Reads all of BYTES; spans of *ret_l borrow from them. What is frozen is not looked into, but that
 * it is no link. 0 or LINK_CORRUPT. */
int link_decode(struct span bytes, struct link *ret_l);
