/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a file that people write: rules, policies, kinds of identifiers, presets of
 * hooks, schemas. All of them are told of in one form, several at once, each with its place and
 * with what to write instead.
 */
#pragma once

#include <stdarg.h>

#include "base/buf.h"
#include "base/span.h"

struct file_problem {
	char file[256];
	char pointer[256];  /* RFC 6901; empty: the whole file */
	unsigned line;	    /* 1-based, 0 unknown */
	char message[1024]; /* what is wrong, and what to write instead */
};

/* Problems found, most 64; the caller owns the struct, which is large for a stack. */
struct file_problems {
	struct file_problem list[64];
	size_t n;
	size_t more; /* found beyond those */
};

/* A new problem of FILE at the end of ALL, to be filled in; NULL when ALL is full: it is counted.
 */
struct file_problem *file_problem_new(struct file_problems *all, const char *file);

/* The same with its message. */
__attribute__((format(printf, 3, 0))) struct file_problem *file_problem_say(
	struct file_problems *all, const char *file, const char *format, va_list args);

/* ALL holds nothing but this about FILE: what could not be read has no problems of its own.
 * Returns OUTCOME, what the caller says of that. */
__attribute__((format(printf, 4, 5))) int file_problems_only(
	struct file_problems *all, int outcome, const char *file, const char *format, ...);

/* Sets the pointer. What does not fit is cut, not in the middle of a character. */
void file_problem_point(struct file_problem *p, struct span pointer);

/* The problems as people read them, a line or two each: file, place, what is wrong, what to do.
 * Memory that is short is told by OUT (base/buf.h). */
void file_problems_text(const struct file_problems *all, struct buf *out);
