/* SPDX-License-Identifier: MIT */
/*
 * The index by which staff find customers (codec/find_terms.h) follows the values of the commit.
 * Most commits change nothing of it, so what is compared for every value is the few texts that the
 * terms are made of, as they were when the index was last right; only where these differ are the
 * terms of both made.
 */
#include "apply_impl.h"

#include "codec/find_terms.h"

int cached_find_loaded(struct applier *a, struct cached *c)
{
	struct span inputs;

	c->in_index = true;
	if (c->link)
		return 0;
	buf_reset(&a->scratch);
	find_inputs(c->record.journey, &a->scratch);
	if (buf_failed(&a->scratch) < 0)
		return -ENOMEM;
	inputs = buf_span(&a->scratch);
	if (inputs.len == 0)
		return 0;
	c->find_inputs = span_dup(inputs);
	c->find_len = inputs.len;
	return c->find_inputs ? 0 : -ENOMEM;
}

static int add(struct applier *a, const struct cached *c, struct span term, bool gone)
{
	struct commit_term *t = list_add(&a->terms);
	char *member = arena_alloc(&a->arena, term.len + 1 + c->customer.len);

	if (!t || !member)
		return -ENOMEM;
	memcpy(member, term.ptr, term.len);
	member[term.len] = '\0';
	memcpy(member + term.len + 1, c->customer.ptr, c->customer.len);
	t->member = span_of(member, term.len + 1 + c->customer.len);
	t->gone = gone;
	return 0;
}

/* Both are in order. */
static int add_changes(struct applier *a, const struct cached *c, const struct find_terms *before,
	const struct find_terms *after)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < before->n || j < after->n)) {
		int order = i == before->n  ? 1
			    : j == after->n ? -1
					    : span_compare(before->items[i], after->items[j]);

		if (order < 0)
			r = add(a, c, before->items[i], true);
		else if (order > 0)
			r = add(a, c, after->items[j], false);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

static int change(struct applier *a, struct cached *c, bool there, struct span inputs)
{
	const struct identity *identity =
		a->options.identity ? a->options.identity : &IDENTITY_DEFAULT;
	struct find_terms before = {.n = 0}, after = {.n = 0};
	char *kept = NULL;
	int r = 0;

	if (c->in_index)
		r = find_terms_make(identity, c->customer, span_of(c->find_inputs, c->find_len),
			&a->arena, &before);
	if (r == 0 && there)
		r = find_terms_make(identity, c->customer, inputs, &a->arena, &after);
	r = r ? r : add_changes(a, c, &before, &after);
	if (r == 0 && inputs.len > 0) {
		kept = span_dup(inputs);
		r = kept ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	free(c->find_inputs);
	c->find_inputs = kept;
	c->find_len = inputs.len;
	c->in_index = there;
	return 0;
}

int applier_finish_terms(struct applier *a, struct cached *c, bool there)
{
	struct span inputs = SPAN_EMPTY;

	if (there && !c->link) {
		buf_reset(&a->scratch);
		find_inputs(c->record.journey, &a->scratch);
		if (buf_failed(&a->scratch) < 0)
			return -ENOMEM;
		inputs = buf_span(&a->scratch);
	}
	if (there == c->in_index && span_equal(inputs, span_of(c->find_inputs, c->find_len)))
		return 0;
	return change(a, c, there, inputs);
}
