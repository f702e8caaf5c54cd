/* SPDX-License-Identifier: MIT */
/* Somebody is erased in a world of several partitions: the words of which store/eraser.h says that
 * they are said, and what it does with the logs. */
#pragma once

#include "link_world.h"

/* Staff tell all that N names are kept out (MESSAGE_SUPPRESS), or not any more (MESSAGE_LIFT). */
void erasing_tell(struct world *w, enum message_kind kind, const char *const *names, size_t n);
/* And to KEY that nothing of it stays. */
void erasing_empty(struct world *w, const char *key);
/* When both were heard: what the logs have of them goes, and what others' entries, the OTHERS'
 * records and what they were before a merge say of them. */
void erasing_sweep(struct world *w, const char *const *names, size_t n, const char *const *others,
	size_t n_others);
/* All of it; nothing is on its way then. */
void erasing_do(struct world *w, const char *const *names, size_t n, const char *const *others,
	size_t n_others);
