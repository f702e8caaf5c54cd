/* SPDX-License-Identifier: MIT */
/* The table of what the logs were told, see journal.h. */
#pragma once

#include "journal.h"

/* 0 or -errno. */
int journal_pairs_new(struct journal_pairs **ret_pairs);
/* Notes PARTS, a pair or whatever else stands for some. False if they are known. */
bool journal_pairs_add(struct journal_pairs *p, const struct span *parts, size_t n);
/* Something may not have been kept: who knows what. */
void journal_pairs_forget(struct journal_pairs *p);
