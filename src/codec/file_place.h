/* SPDX-License-Identifier: MIT */
/*
 * Where in a file of JSON a reader is: what the compilers of rules and those of presets share.
 *
 * A place is a value and the way to it. The way is a chain of places on the stack, so that nothing
 * is spent on pointers and lines until there is a problem to report.
 */
#pragma once

#include "codec/file_problem.h"
#include "codec/json_scan.h"

struct file_place {
	struct json_value value;
	const struct file_place *parent;
	struct span name; /* of the member; no text: an item of a list */
	size_t index;
};

/* Steps of a pointer; those that are nearest to the file are left out of a longer one. */
#define FILE_STEPS_MAX 96

/* Notes in P the pointer of AT and its line in TEXT, of which it is a place. AT may be NULL, for
 * the whole file. */
void file_place_note(const struct file_place *at, struct span text, struct file_problem *p);

/* Walks the members of an object or the items of a list; nothing for other values. */
struct file_walk {
	struct json_cursor cursor;
	const struct file_place *container;
	size_t index;
};
void file_walk_init(struct file_walk *w, const struct file_place *container);
/* The next place: 1; 0 at the end; -ENOMEM. Names of members may be written to ARENA. */
int file_walk_next(struct file_walk *w, struct arena *arena, struct file_place *ret_place);

/* S between backquotes, cut and without control characters, for a message. */
#define FILE_QUOTE_SIZE 72
const char *file_quote(struct span s, char out[static FILE_QUOTE_SIZE]);

/* What may be written, for a message: "a, b, c". What does not fit is cut. */
struct file_words {
	char text[800];
	size_t used;
};
void file_words_add(struct file_words *w, const char *prefix, struct span word);
