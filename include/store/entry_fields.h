/* SPDX-License-Identifier: MIT */
/* The fields of an entry of the log, by their names (store/keys.h), wherever they were read. */
#pragma once

#include "base/arena.h"
#include "codec/archive_line.h"
#include "io/redis_reply.h"
#include "store/store.h"

/* [name, value, …] of PAIRS; the fields lie in A, what they point to where it was. 0 or -ENOMEM. */
int entry_fields_take(const struct redis_value *pairs, struct arena *a,
	struct archive_field **ret_fields, size_t *ret_n);

/* The value of the field NAME; empty if there is none. */
struct span entry_field(const struct archive_field *fields, size_t n, const char *name);

/* Puts the fields where E has them; what it has no place for is passed over. */
void entry_fields_put(const struct archive_field *fields, size_t n, struct log_entry *e);
