/* SPDX-License-Identifier: MIT */
/*
 * One evaluation of a strict condition, and what the files of the evaluator have for each other.
 * Inside core only.
 */
#pragma once

#include "core/cond.h"
#include "core/rule.h"

struct cond_run {
	const struct cond *cond;
	const struct cond_scope *scope;
	unsigned steps; /* nodes evaluated so far */
	unsigned depth;
	struct value element;	       /* of the array that is being looked through */
	char texts[INSTANCE_DATA_MAX]; /* of the snapshot, unescaped, each where it stands there */
};

void cond_run_init(struct cond_run *run, const struct cond *c, const struct cond_scope *s);

/* The value of node INDEX; missing when there is none, or no step is left. */
struct value cond_node_value(struct cond_run *run, uint16_t index);
struct value cond_child_value(struct cond_run *run, const struct cond_node *node, uint16_t n);
bool cond_child_true(struct cond_run *run, const struct cond_node *node, uint16_t n);

/* The value of a node without children. */
struct value cond_leaf(struct cond_run *run, const struct cond_node *node);

struct value cond_bool(bool b);
extern const struct value cond_missing;

/* Values. */
bool cond_is_there(const struct value *v);
bool cond_equal(const struct value *a, const struct value *b);
/* -2 when the two have no order. */
int cond_order(const struct value *a, const struct value *b);

/* Operators, by theme. */
typedef struct value cond_operator_fn(struct cond_run *run, const struct cond_node *node);

/* Member NAME of what an instance keeps, as text without its quotes; empty if there is none. */
struct span snapshot_text(struct span data, struct span name);

cond_operator_fn cond_snapshot;
cond_operator_fn cond_arithmetic;
cond_operator_fn cond_look_through;
cond_operator_fn cond_count_missing;
cond_operator_fn cond_in;
cond_operator_fn cond_now;
cond_operator_fn cond_plus_time;
cond_operator_fn cond_plus_calendar;
cond_operator_fn cond_in_time_order;
cond_operator_fn cond_since;
cond_operator_fn cond_within;
cond_operator_fn cond_local_hour;
cond_operator_fn cond_tally;
cond_operator_fn cond_consent;
cond_operator_fn cond_segment;
cond_operator_fn cond_percentile;
