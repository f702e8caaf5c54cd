/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions of JSON Schema: ECMA-262 with the flag u, run by PCRE2. The two agree on most
 * of what people write and differ silently on the rest (`$` before a last line end, `.` and `\s`
 * beyond ASCII, `\Z`, `[[:alpha:]]`, possessive quantifiers), so a pattern is read by ECMA-262's
 * grammar and written again for PCRE2, or refused.
 *
 * Groups are written as ones that capture nothing: nobody asks what they captured, and references
 * back to them are refused, for they are what makes matching expensive.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct ecma_pattern;

enum {
	ECMA_PATTERN_BAD = 1,
	ECMA_PATTERN_NO_MATCH = 1,
	ECMA_PATTERN_TOO_MUCH = 2, /* the match limit was met */
};

/* What is wrong with a pattern, and at which byte. */
struct ecma_fault {
	size_t offset;
	char message[120];
};

/* 0, ECMA_PATTERN_BAD with *ret_fault, or -ENOMEM. */
int ecma_pattern_new(
	struct span source, struct ecma_pattern **ret_pattern, struct ecma_fault *ret_fault);
struct ecma_pattern *ecma_pattern_free(struct ecma_pattern *p);
void ecma_pattern_freep(struct ecma_pattern **p);

/* Does it match anywhere in TEXT, which must be UTF-8? 0: it does; NO_MATCH, TOO_MUCH, -ENOMEM. */
int ecma_pattern_match(const struct ecma_pattern *p, struct span text);

/* The first half: SOURCE in PCRE2's words. 0, ECMA_PATTERN_BAD or -ENOMEM. */
int ecma_translate(struct span source, struct buf *out, struct ecma_fault *ret_fault);
