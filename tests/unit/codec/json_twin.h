/* SPDX-License-Identifier: MIT */
/*
 * Our scanner and jansson on the same text. Both are strict, so they must agree on every input,
 * whatever it is, but for three things: numbers beyond a double, which we pass as text; nesting,
 * where the two have different limits; and NUL bytes between values, which jansson overlooks.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

/*
 * NULL if both refuse TEXT, or both accept it and find the same values in it; else what differs.
 * TEXT is copied to memory of exactly its size, so that a read beyond it is seen by the sanitizer.
 */
const char *json_twin_differs(struct span text);

/* The whole of the file at PATH; ptr NULL if there is none. To be freed. */
struct span json_twin_file(const char *path);
