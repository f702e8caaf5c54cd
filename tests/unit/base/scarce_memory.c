/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"

#include "base/base.h"

/* The names are the linker's (--wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t n);

static int left = -1;

void scarce_memory(int n)
{
	left = n;
}

static bool may_allocate(void)
{
	if (left > 0)
		left--;
	else if (left == 0)
		return false;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return may_allocate() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *ptr, size_t n)
{
	return may_allocate() ? __real_realloc(ptr, n) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
