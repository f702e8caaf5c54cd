/* SPDX-License-Identifier: MIT */
/*
 * Text from anywhere as the inside of a JSON string that is safe in logs, terminals and pages.
 */
#pragma once

#include "base/buf.h"

/*
 * Adds S without quotation marks: `"` and `\` escaped, control characters, DEL, U+0080…U+009F,
 * U+2028 and U+2029 as \u….; bytes that are not UTF-8 as \ufffd each.
 */
void buf_add_json(struct buf *out, struct span s);
/* How many bytes the well-formed UTF-8 character at the front of S has; 0 if there is none. */
size_t utf8_length(struct span s);
