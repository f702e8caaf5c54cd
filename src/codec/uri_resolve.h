/* SPDX-License-Identifier: MIT */
/*
 * References to absolute URIs (RFC 3986 section 5.2, strict). Schemas refer to each other by
 * references that are relative to where they stand; nothing is fetched, a URI is but a name here.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct uri_parts {
	struct span scheme;    /* without the colon */
	struct span authority; /* without the slashes; ptr NULL: none */
	struct span path;
	struct span query;    /* without `?`; ptr NULL: none */
	struct span fragment; /* without `#`; ptr NULL: none */
};

/* Any text has parts; whether their characters are allowed is not asked. */
struct uri_parts uri_split(struct span uri);

/* Appends what REFERENCE means at BASE, without its fragment. BASE may be empty or relative: then
 * the result may be relative, too. */
void uri_resolve(struct span base, struct span reference, struct buf *out);

/* Appends S with its percent escapes undone; a broken one stays as it is. */
void uri_unescape(struct span s, struct buf *out);
