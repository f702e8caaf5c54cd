/* SPDX-License-Identifier: MIT */
#include "customer_names.h"

#include "store/query.h"

struct asking {
	struct customer_names *names;
	int r;
};

static int add_name(struct customer_names *n, struct span key)
{
	struct span copy = arena_copy(&n->arena, key);

	if (!copy.ptr)
		return -ENOMEM;
	n->names[n->n++] = copy;
	return 0;
}

static int take_names(struct customer_names *n, struct span customer, const struct journey *j)
{
	int r;

	n->names = calloc(1 + j->n_ids + j->n_parts, sizeof(*n->names));
	if (!n->names)
		return -ENOMEM;
	r = add_name(n, customer);
	for (size_t i = 0; i < j->n_ids && r == 0; i++)
		if (j->ids[i].state == ID_LINKED)
			r = add_name(n, text_span(j->ids[i].key));
	for (size_t i = 0; i < j->n_parts && r == 0; i++)
		r = add_name(n, text_span(j->parts[i].key));
	return r;
}

static void on_customer(void *user, int r, const struct query_answer *a)
{
	struct asking *asking = user;

	asking->r = r ? r : take_names(asking->names, a->customer, a->record->journey);
}

static int take_only(struct customer_names *n, struct span id)
{
	n->names = calloc(1, sizeof(*n->names));
	return n->names ? add_name(n, id) : -ENOMEM;
}

static int say(const struct tool *tool, int r)
{
	return tool_say(&tool->program, STATUS_FOUND, "%s.",
		r < 0 ? strerror(-r) : "Redis does not say who that customer is");
}

int customer_names_ask(
	struct customer_names *n, const struct tool *tool, struct redis *redis, struct span id)
{
	_cleanup_(query_source_freep) struct query_source *source = NULL;
	struct asking asking = {.names = n};
	const struct query_ask ask = {.id = id, .fn = on_customer, .user = &asking};
	int r;

	arena_init(&n->arena);
	n->n = 0;
	r = query_source_new(redis, &source);
	if (r < 0)
		return say(tool, r);
	query_source_set_partitions(source, tool->program.dataset.partitions);
	query_source_set_identity(source, tool->program.identity);
	r = query_customer(source, &ask);
	if (r == 0)
		r = query_wait(source, tool->program.loop);
	r = r ? r : asking.r;
	if (r == QUERY_NO_CUSTOMER)
		r = take_only(n, id);
	return r ? say(tool, r) : 0;
}

void customer_names_release(struct customer_names *n)
{
	arena_release(&n->arena);
	free(n->names);
}

bool customer_names_have(const struct customer_names *n, struct span key)
{
	for (size_t i = 0; i < n->n; i++)
		if (span_equal(n->names[i], key))
			return true;
	return false;
}
