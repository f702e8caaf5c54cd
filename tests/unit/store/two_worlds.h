/* SPDX-License-Identifier: MIT */
/*
 * Two customers who were made one and are taken apart again are what they would have been: a second
 * world in which they never were one, with the same events at the same instants, says what that is,
 * byte for byte.
 */
#pragma once

#include "link_world.h"

#define B LINK_BROWSER
#define T LINK_TRUSTED
#define X (LINK_TRUSTED | LINK_EXPLICIT)

#define MAIL(ADDRESS) "\"identifiers\":{\"email\":\"" ADDRESS "\"}"
#define USER(ID)      "\"userId\":\"" ID "\""
#define OTHER	      "email:b@y.org"

/* What is said at an instant of every world. */
struct saying {
	int64_t at;
	unsigned rights;
	bool alone; /* all before is settled, and so is this */
	char json[400];
};

#define LINES 256

struct story {
	struct saying lines[LINES];
	size_t n;
	int64_t at;
};

extern struct story story;
extern struct world one, two;

/* By RULES; NULL: one about carts. */
void begin(uint64_t seed, const char *rules);
void end(void);
/* The next line, a second later. */
struct saying *add(unsigned rights);
void says(unsigned rights, const char *json);
/* Says the lines from FROM to N, each at its instant, and nothing is left on the way. LINKING:
 * explicit ones are. */
void play(struct world *w, size_t from, size_t n, bool linking);
/* The value of KEY in W. */
struct span record_of(const struct world *w, const char *key);
/* The word of staff in ONE, and its notes in TWO; else why not (world_unmerge). */
int try_apart(const char *key, const char *from);
/* As it has to be. */
void take_apart(const char *key, const char *from);
/* KEY is the same in both, with all that their timeline says, but for where jobs lie, which of
 * their numbers are spent, and the name and number that a job got while two were one. */
void check_same(const char *key);
/* No job was made twice, wherever, unless an unmerge ended the first, which is nobody's. */
void check_jobs(const struct world *w);
