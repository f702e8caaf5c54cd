/* SPDX-License-Identifier: MIT */
/*
 * Blocks in a list, the newest at the head and filled from its front. Each is twice as large as
 * the one before, so a load that comes again soon fits the one block that a reset keeps. Growth and
 * keeping end at BLOCK_MAX, lest one large batch hold its memory for ever; a request beyond that
 * gets a block of its own.
 *
 * Under the address sanitizer the unused part of a block is poisoned and a gap is left between
 * allocations: a block would otherwise hide every overrun inside it.
 */
#include "base/arena.h"

#include <stdalign.h>

#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)4 << 20)
#define ALIGN	  alignof(max_align_t)

#ifndef __has_feature
#define __has_feature(FEATURE) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define GAP ALIGN
static void hide(void *ptr, size_t n)
{
	ASAN_POISON_MEMORY_REGION(ptr, n);
}
static void show(void *ptr, size_t n)
{
	ASAN_UNPOISON_MEMORY_REGION(ptr, n);
}
#else
#define GAP ((size_t)0)
static void hide(void *ptr, size_t n)
{
	(void)ptr;
	(void)n;
}
static void show(void *ptr, size_t n)
{
	(void)ptr;
	(void)n;
}
#endif

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data */
	size_t fill; /* always a multiple of ALIGN */
	alignas(max_align_t) char data[];
};

static void block_free(struct arena_block *block)
{
	show(block->data, block->size);
	free(block);
}

void arena_init(struct arena *a)
{
	*a = (struct arena){NULL, 0};
}

void arena_release(struct arena *a)
{
	while (a->head) {
		struct arena_block *next = a->head->next;

		block_free(a->head);
		a->head = next;
	}
	a->used = 0;
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = NULL;

	while (a->head) {
		struct arena_block *block = a->head, *other = block;

		a->head = block->next;
		if (block->size <= BLOCK_MAX && (!kept || block->size > kept->size)) {
			other = kept;
			kept = block;
		}
		if (other)
			block_free(other);
	}
	if (kept) {
		kept->next = NULL;
		kept->fill = 0;
		hide(kept->data, kept->size);
	}
	a->head = kept;
	a->used = 0;
}

/* A new head with room for N bytes, N a multiple of ALIGN. */
static struct arena_block *block_new(struct arena *a, size_t n)
{
	size_t size = BLOCK_MIN;
	struct arena_block *block;

	if (a->head)
		size = a->head->size < BLOCK_MAX / 2 ? a->head->size * 2 : BLOCK_MAX;
	if (size < n)
		size = n;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = a->head;
	block->size = size;
	block->fill = 0;
	hide(block->data, size);
	a->head = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *block = a->head;
	size_t step;
	char *ptr;

	if (n > PTRDIFF_MAX - sizeof(*block) - 2 * ALIGN)
		return NULL;
	step = ((n + ALIGN - 1) & ~(ALIGN - 1)) + GAP;
	if (!block || step > block->size - block->fill) {
		block = block_new(a, step);
		if (!block)
			return NULL;
	}
	ptr = block->data + block->fill;
	block->fill += step;
	a->used += n;
	show(ptr, n);
	return ptr;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t n;
	void *ptr;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	ptr = arena_alloc(a, n);
	if (ptr)
		memset(ptr, 0, n);
	return ptr;
}

struct span arena_copy(struct arena *a, struct span s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

	if (!copy)
		return SPAN_EMPTY;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return span_of(copy, s.len);
}
