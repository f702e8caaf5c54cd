/* SPDX-License-Identifier: MIT */
#include "memory_gone.h"

void memory_gone_release(struct memory_gone *g)
{
	for (size_t i = 0; i < g->n; i++)
		free((char *)(uintptr_t)g->list[i].by.ptr);
	free(g->list);
	*g = (struct memory_gone){.n = 0};
}

static size_t find(const struct memory_gone *g, const unsigned char *name)
{
	size_t i = 0;

	while (i < g->n && memcmp(g->list[i].name, name, GONE_NAME_BYTES) != 0)
		i++;
	return i;
}

static void lift(struct memory_gone *g, size_t i)
{
	if (i == g->n)
		return;
	free((char *)(uintptr_t)g->list[i].by.ptr);
	g->list[i] = g->list[--g->n];
}

static int keep(struct memory_gone *g, const struct commit_gone *gone)
{
	const size_t n = g->n + 1;
	struct commit_gone *list = n > 0 ? realloc(g->list, n * sizeof(*list)) : NULL;
	char *by = span_dup(gone->by);

	if (list)
		g->list = list;
	if (!list || !by) {
		free(by);
		return -ENOMEM;
	}
	list[g->n] = *gone;
	list[g->n++].by = span_of(by, gone->by.len);
	return 0;
}

int memory_gone_commit(struct memory_gone *g, const struct commit *c)
{
	int r = 0;

	if (c->gone_salt.len == sizeof(g->salt) - 1)
		memcpy(g->salt, c->gone_salt.ptr, c->gone_salt.len);
	for (size_t i = 0; i < c->n_gones && r == 0; i++) {
		lift(g, find(g, c->gones[i].name));
		if (c->gones[i].by.len > 0)
			r = keep(g, &c->gones[i]);
	}
	return r;
}
