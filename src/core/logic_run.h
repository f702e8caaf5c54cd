/* SPDX-License-Identifier: MIT */
/* One run of a JsonLogic program, and what the files of the evaluator have for each other. */
#pragma once

#include "core/logic.h"

/* Where names are looked up. An operator that looks through an array adds two: the number of the
 * element, and the element. */
struct logic_frame {
	struct logic_value data;
	const struct logic_frame *outer;
};

struct logic_state {
	const struct logic *program;
	const struct cond_scope *scope; /* of a rule; else NULL */
	struct arena *arena;
	const struct logic_frame *frame;
	unsigned steps, depth;
	size_t start; /* of the arena */
	bool failed;  /* `error` waits for a try */
	bool fatal;   /* and no try helps */
	bool oom;
	struct logic_value error;
};

typedef struct logic_value logic_fn(struct logic_state *s, const struct logic_node *node);

extern const struct logic_value logic_null;

struct logic_value logic_bool(bool b);
struct logic_value logic_of_number(double d);
struct logic_value logic_of_text(struct span text);

/* The value of node INDEX; null after an error. */
struct logic_value logic_eval(struct logic_state *s, uint16_t index);
struct logic_value logic_child(struct logic_state *s, const struct logic_node *node, uint16_t n);
/* All operands: those of a list, or the elements of the one array, or the one value. */
struct logic_value logic_operands(struct logic_state *s, const struct logic_node *node);

/* Return null. */
struct logic_value logic_fail(struct logic_state *s, const char *type);
struct logic_value logic_throw(struct logic_state *s, struct logic_value error);

/* Room for N values or bytes, counted; NULL after an error. */
struct logic_value *logic_room(struct logic_state *s, size_t n);
char *logic_bytes(struct logic_state *s, size_t n);

bool logic_same(const struct logic_value *a, const struct logic_value *b);
/* What `var` finds at dotted PATH of DATA; false if there is nothing. */
bool logic_find(struct logic_state *s, const struct logic_value *data, struct span path,
	struct logic_value *ret_value);

logic_fn logic_var, logic_val, logic_exists, logic_missing, logic_missing_some;
logic_fn logic_if, logic_join, logic_not, logic_coalesce, logic_compare;
logic_fn logic_arithmetic, logic_extreme;
logic_fn logic_map, logic_filter, logic_reduce, logic_test_all, logic_merge, logic_in;
logic_fn logic_cat, logic_substr, logic_log, logic_raise, logic_try;
