/* SPDX-License-Identifier: MIT */
/*
 * Tables for people. What came from outside is shown as text and nothing else: control characters,
 * characters without a width and those that turn the writing around become `?`.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

enum colour { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN };

struct cells {
	FILE *out;
	bool colours; /* a terminal that has them and NO_COLOR is not set */
};

void cells_init(struct cells *c, FILE *out);

/* TEXT in WIDTH columns, cut with `…` or filled with blanks, then two blanks. WIDTH 0: as long as
 * it is, nothing behind. */
void cell(const struct cells *c, struct span text, unsigned width, enum colour colour);
/* Likewise, to the right. */
void cell_number(const struct cells *c, uint64_t n, unsigned width);
/* The end of the row. */
void cells_end(const struct cells *c);
