/* SPDX-License-Identifier: MIT */
/* `waymark rules test`: scenarios from files and directories, one after the other. */
#pragma once

#include "program/program.h"

struct rules_test {
	const struct program *program;
	const char *rules; /* for scenarios that name none; NULL: by their directory's name */
	bool explain;	   /* print what happened in each */
	const char *const *paths; /* files, or directories that are searched */
	size_t n_paths;
};

/* The exit status: all is as expected, something is not, or there is nothing to test. */
int rules_test(const struct rules_test *t);
