/* SPDX-License-Identifier: MIT */
/*
 * The cursor of a timeline page as text: base64url (RFC 4648 section 5, without padding) of
 *
 *   frame (version, crc32c) · at zigzag · log id (ms, seq + 1) · nth · tie
 *   · n · n times (list, from, to)
 *
 * The checksum is there for cursors that were cut or mixed up on their way through a URL. It keeps
 * nobody from making one of their own, and need not: any place is a fair place to start from.
 */
#pragma once

#include "base/span.h"
#include "codec/timeline.h"
#include "codec/timeline_page.h"

#define PAGE_SKIPS_MAX 8

/* Chunks [from, to) of a list hold nothing behind the place. */
struct page_skip {
	uint32_t list; /* CRC32C of the key that the list is kept under */
	uint32_t from, to;
};

struct page_cursor {
	int64_t at; /* the place: entries behind it follow */
	struct log_id id;
	uint32_t nth;
	uint32_t tie; /* CRC32C of the list's key and the entry's bytes, greater is behind: log ids
			 of two partitions may be the same */
	uint32_t n_skips;
	struct page_skip skips[PAGE_SKIPS_MAX]; /* of different lists */
};

void page_cursor_format(const struct page_cursor *c, char out[TIMELINE_CURSOR_SIZE]);
/* False if TEXT is none. */
bool page_cursor_parse(struct span text, struct page_cursor *ret_c);
