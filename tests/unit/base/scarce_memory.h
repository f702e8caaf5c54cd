/* SPDX-License-Identifier: MIT */
/*
 * Lets the n-th allocation of the code under test fail. The linker's --wrap puts these functions
 * before malloc, calloc and realloc; nothing in the code under test knows.
 */
#pragma once

/* The next N allocations succeed, all later ones fail; negative: none fails. */
void scarce_memory(int n);
