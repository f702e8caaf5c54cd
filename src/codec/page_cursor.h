/* SPDX-License-Identifier: MIT */
/*
 * The cursor of a timeline page as text: base64url (RFC 4648 section 5, without padding) of
 *
 *   frame (version, crc32c) · at zigzag · log id (ms, seq + 1) · nth · skip_from · skip_to
 *
 * The checksum is there for cursors that were cut or mixed up on their way through a URL. It keeps
 * nobody from making one of their own, and need not: any place is a fair place to start from.
 */
#pragma once

#include "base/span.h"
#include "codec/timeline.h"
#include "codec/timeline_page.h"

struct page_cursor {
	int64_t at; /* the place: entries behind it follow */
	struct log_id id;
	uint32_t nth;
	uint32_t skip_from, skip_to; /* chunks [from, to) hold nothing behind the place */
};

void page_cursor_format(const struct page_cursor *c, char out[TIMELINE_CURSOR_SIZE]);
/* False if TEXT is none. */
bool page_cursor_parse(struct span text, struct page_cursor *ret_c);
