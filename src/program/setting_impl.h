/* SPDX-License-Identifier: MIT */
/*
 * One value of a setting, from text to its place in the program's struct.
 */
#pragma once

#include "program/setting.h"

/* Why a value is refused: what it is not, for a sentence that begins with where it was given. */
enum { SETTING_REFUSED = 1 };

/*
 * Reads TEXT as ROW's kind into TARGET; text is copied into ARENA. 0, -ENOMEM, or SETTING_REFUSED
 * with "is not a duration between 1s and 1h" in WORDS.
 */
int setting_set(const struct setting *row, void *target, struct span text, struct arena *arena,
	struct buf *words);

/* Reads the file that holds a secret. 0, -ENOMEM, or SETTING_REFUSED with WORDS as above. */
int setting_set_file(const struct setting *row, void *target, const char *path, struct arena *arena,
	struct buf *words);
