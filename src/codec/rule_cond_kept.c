/* SPDX-License-Identifier: MIT */
/*
 * What an instance kept of the event that armed it (`ctx.`) is as the filter of `arm` wants it: who
 * is armed by "a" alone never has "b". Of both conditions only that is looked at which says of the
 * one value what it is: a value that was not kept, since there was no room, makes no such thing
 * true; nor does one that is money under one of its two names and a text under the other.
 */
#include "rule_cond_never.h"
#include "rule_reader.h"

static bool is_kept(const struct cond_term *t, struct span name)
{
	return t->node->op == COND_SNAPSHOT && span_equal(t->node->name, name);
}

static bool is_plain(const struct cond_term *t)
{
	return t->node->op == COND_VALUE || t->node->op == COND_LIST;
}

/* Does T say what the value kept as NAME is? */
static bool says(const struct cond_term *t, struct span name)
{
	enum cond_op op = t->node->op;
	bool found = false;

	if (is_kept(t, name))
		return true;
	if (op != COND_EQUAL && op != COND_IN && !(op >= COND_LESS && op <= COND_GREATER_EQUAL))
		return false;
	for (uint16_t i = 0; i < t->node->count; i++) {
		struct cond_term operand = cond_term_child(t, i);

		if (!is_kept(&operand, name) && !is_plain(&operand))
			return false;
		found = found || is_kept(&operand, name);
	}
	return found;
}

/* All that T comes to is such as says() finds. */
static bool says_only(const struct cond_term *t, struct span name)
{
	bool all = t->node->op == COND_AND || t->node->op == COND_OR;

	for (uint16_t i = 0; all && i < t->node->count; i++) {
		struct cond_term operand = cond_term_child(t, i);

		all = says_only(&operand, name);
	}
	return all || says(t, name);
}

static void add_said(struct cond_parts *parts, const struct cond_term *t, struct span name)
{
	if (says_only(t, name)) {
		cond_parts_add(parts, *t, true);
		return;
	}
	for (uint16_t i = 0; t->node->op == COND_AND && i < t->node->count; i++) {
		struct cond_term operand = cond_term_child(t, i);

		add_said(parts, &operand, name);
	}
}

static struct cond_term root_of(
	const struct cond *c, const struct field_table *fields, const struct cond_node *nodes)
{
	return (struct cond_term){nodes, c->children, fields, &nodes[c->n_nodes - 1]};
}

bool rule_cond_unkept(const struct field_table *fields, const struct cond *armed,
	const struct rule_data *data, const struct cond *asked)
{
	struct cond_node nodes[COND_NODES_MAX];
	struct cond_parts parts = {.n = 0};
	struct cond_term root;

	if (!armed || !asked || armed->logic || asked->logic || data->from != DATA_EVENT)
		return false;
	/* That was kept of another event. */
	if (cond_asks_snapshot(armed))
		return false;
	/* The event's value under the name by which it is kept. */
	memcpy(nodes, armed->nodes, armed->n_nodes * sizeof(nodes[0]));
	for (size_t i = 0; i < armed->n_nodes; i++)
		if (nodes[i].op == COND_FIELD && nodes[i].field == data->field)
			nodes[i] = (struct cond_node){.op = COND_SNAPSHOT, .name = data->name};
	root = root_of(armed, fields, nodes);
	add_said(&parts, &root, data->name);
	root = root_of(asked, fields, asked->nodes);
	add_said(&parts, &root, data->name);
	return cond_parts_never(&parts);
}
