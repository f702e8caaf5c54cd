/* SPDX-License-Identifier: MIT */
/*
 * A file that is written for a while before it may be seen. It grows under a hidden name beside its
 * place (`.NAME.tmp`) and gets its own only when all of it is on the disk; whoever looks sees the
 * whole file or none. What a dead process left under the hidden name is written over.
 */
#pragma once

#include "base/span.h"

struct file_draft;

/* PATH's directory must be there. 0 or -errno. */
int file_draft_open(const char *path, unsigned mode, struct file_draft **ret_draft);
/* Ends it; what was not finished is removed. */
struct file_draft *file_draft_free(struct file_draft *d);
void file_draft_freep(struct file_draft **d);

/* Appends BYTES. 0 or -errno. */
int file_draft_add(struct file_draft *d, struct span bytes);
/* Syncs it, gives it its name, syncs the directory. 0 or -errno: -EEXIST if there is a file of that
 * name; what is there is never replaced. */
int file_draft_finish(struct file_draft *d);
/* The same in the place of the file that is there: whoever opens it sees all of the one or of the
 * other. */
int file_draft_replace(struct file_draft *d);
