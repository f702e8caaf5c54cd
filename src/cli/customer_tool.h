/* SPDX-License-Identifier: MIT */
/* `waymark customer`: what is asked about all that is held of one customer. */
#pragma once

#include "tool.h"

/*
 * Writes everything that is held of the customer whom ID (as people type it) stands for to OUT, as
 * schemas/customer-export.schema.json says, and never holds more of it than a page. A status for
 * main, with the reason said; then OUT has no whole document.
 */
int customer_export(struct tool *t, struct redis *redis, struct span id, FILE *out);
