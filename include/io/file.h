/* SPDX-License-Identifier: MIT */
/*
 * Files as wholes. A file is written beside its place and renamed, with both the file and its
 * directory synced: after a power cut there is the old file or the new one, never half of one.
 */
#pragma once

#include "base/buf.h"

enum { FILE_TOO_LARGE = 1 };

/* Adds the contents of PATH to OUT. 0, -errno, or FILE_TOO_LARGE beyond MAX bytes. */
int file_read(const char *path, size_t max, struct buf *out);

/* Replaces or creates PATH with the permissions MODE (before umask). One that is replaced keeps its
 * owner where that is allowed: what root changes stays readable for who runs. 0 or -errno. */
int file_write(const char *path, struct span contents, unsigned mode);

/* Creates PATH and its parents where missing, with MODE (before umask). 0 or -errno (-ENOTDIR if
 * something else stands there). */
int dir_make(const char *path, unsigned mode);
