/* SPDX-License-Identifier: MIT */
/*
 * For functions that compare two of a kind, A and B, and return the name of the first member in
 * which they differ: a test that fails then says which.
 */
#pragma once

#include "core/text.h"

#define DIFFERS(NAME)                                                                              \
	if (a->NAME != b->NAME)                                                                    \
	return #NAME
#define TEXT_DIFFERS(NAME)                                                                         \
	if (!span_equal(text_span(a->NAME), text_span(b->NAME)))                                   \
	return #NAME
