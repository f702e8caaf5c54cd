/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding (RFC 3986 section 2.1) and the parameters of a query or form (the WHATWG URL
 * standard's application/x-www-form-urlencoded).
 */
#pragma once

#include "base/buf.h"

enum { URL_INVALID = 1, URL_NO_MORE = 2 };

/* Adds S decoded; in a FORM, `+` is a blank. URL_INVALID, adding nothing, for a `%` without two
 * hex digits and for NUL. Out of memory shows in the buffer. */
int url_decode(struct buf *out, struct span s, bool form);

/* Adds S with all bytes but letters, digits and `-._~` encoded. */
void url_encode(struct buf *out, struct span s);

/* Takes the next `name=value` off *query, neither decoded; empty ones are passed over. 0 or
 * URL_NO_MORE. */
int url_next_param(struct span *query, struct span *ret_name, struct span *ret_value);

/* Adds the value of the first parameter NAME, decoded. 0, URL_NO_MORE if there is none, or
 * URL_INVALID. */
int url_param(struct span query, const char *name, struct buf *out);
