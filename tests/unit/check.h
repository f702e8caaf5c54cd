/* SPDX-License-Identifier: MIT */
/*
 * A unit test is a program of plain functions listed in a table; it speaks TAP, one line per
 * function. CHECK notes a failure and goes on; REQUIRE leaves the function. SKIP says why.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

struct check_case {
	const char *name;
	void (*run)(void);
};

extern int check_failures;	  /* of the running case */
extern const char *check_skipped; /* set by SKIP */

#define CHECK(COND)                                                                                \
	do {                                                                                       \
		if (!(COND)) {                                                                     \
			check_failures++;                                                          \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #COND);               \
		}                                                                                  \
	} while (0)

#define REQUIRE(COND)                                                                              \
	do {                                                                                       \
		if (!(COND)) {                                                                     \
			check_failures++;                                                          \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #COND);               \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define SKIP(WHY)                                                                                  \
	do {                                                                                       \
		check_skipped = (WHY);                                                             \
		return;                                                                            \
	} while (0)

/* Prints both values when they differ. */
void check_int(const char *file, int line, const char *what, int64_t got, int64_t want);
void check_span(const char *file, int line, const char *what, struct span got, struct span want);
#define CHECK_INT(GOT, WANT)  check_int(__FILE__, __LINE__, #GOT, (int64_t)(GOT), (int64_t)(WANT))
#define CHECK_SPAN(GOT, WANT) check_span(__FILE__, __LINE__, #GOT, (GOT), (WANT))
#define CHECK_STR(GOT, WANT)  check_span(__FILE__, __LINE__, #GOT, (GOT), span_str(WANT))

/* Runs all cases and prints TAP; returns main's exit status (0, or 1 if any failed). */
int check_run(const struct check_case *cases, size_t n);

/* The directory of shared data sets, or NULL when this checkout has none beside it
 * (environment WAYMARK_SHARED_DATA, else ../shared/data seen from the source root). */
const char *check_shared_data(void);

/* The directory of this source tree. */
const char *check_source_root(void);
