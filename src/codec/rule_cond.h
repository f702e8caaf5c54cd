/* SPDX-License-Identifier: MIT */
/*
 * What the files of the compiler of strict conditions have for each other.
 *
 * Children are written before their parents. While an operator's operands are read their numbers
 * wait on `pending`; then they move to `children`, next to each other.
 */
#pragma once

#include "rule_reader.h"

/* Types that a value can have. */
enum {
	KIND_BOOL = 1 << 0,
	KIND_NUMBER = 1 << 1,
	KIND_TEXT = 1 << 2,
	KIND_INSTANT = 1 << 3,
	KIND_ARRAY = 1 << 4,
	KIND_PLAIN = KIND_BOOL | KIND_NUMBER | KIND_TEXT, /* a member of JSON, but for arrays */
};

/* Something that has been read. */
struct cond_operand {
	unsigned kinds;
	bool constant;
	bool stage; /* the journey stage: a word of a list */
	bool count; /* of events: no more than are kept */
	uint16_t node;
	struct file_place place; /* whose parents outlive the operator that asks */
};

struct cond_reader {
	struct rule_reader *r;
	struct cond_builder *b;
	enum rule_cond_scope scope;
	size_t depth;
	size_t arrays; /* operators around that look through one */
};

/* The operands of an operator, together. */
struct cond_operands {
	size_t n;
	size_t base;	 /* where they begin on `pending` */
	unsigned common; /* types that all of them can have */
	bool constant;	 /* all of them are */
	bool stage;	 /* one of them is */
	struct cond_operand first[3];
};

struct cond_operator;
typedef bool cond_read_fn(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret_operand);

struct cond_operator {
	const char *name;
	cond_read_fn *read;
	enum cond_op op;
	size_t min, max; /* operands; MAX 0 with a MIN: as many as there is room for */
	unsigned takes;	 /* types that each operand must be able to have */
	unsigned gives;	 /* types of the result */
	const char *form;
};

/* NULL if there is none. */
const struct cond_operator *cond_operator_find(struct span name);

/* A value or an operator. False after a problem. */
bool cond_read_node(
	struct cond_reader *c, const struct file_place *p, struct cond_operand *ret_operand);
bool cond_read_constant(
	struct cond_reader *c, const struct file_place *p, struct cond_operand *ret_operand);
bool cond_add_node(struct cond_reader *c, const struct file_place *p, const struct cond_node *node,
	uint16_t *ret_index);

/* Reads all of ARGS: each must be able to have one of the types that O takes. */
bool cond_read_operands(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operands *ret_all);
/* Notes one more operand of ALL. */
void cond_operands_add(
	struct cond_reader *c, struct cond_operands *all, const struct cond_operand *one);
/* Gives ALL to NODE and adds it, with the types of O's result. */
bool cond_finish(struct cond_reader *c, const struct file_place *p, struct cond_node *node,
	const struct cond_operands *all);

/* The same of an operator without operands; says in RET where it is. */
bool cond_finish_leaf(struct cond_reader *c, const struct file_place *p, struct cond_node *node,
	const struct cond_operands *none, struct cond_operand *ret_operand);

bool cond_check_arity(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, size_t n);
/* It must be able to be true or false, and not be the same always. WHAT says what it is. */
bool cond_check_truth(struct cond_reader *c, const char *what, const struct cond_operand *operand);

/* Can all of the operands of an `and` be true together, and none of an `or`? Only what is plain is
 * seen. */
bool cond_check_joined(struct cond_reader *c, enum cond_op op, const struct cond_operands *all,
	const struct file_place *args);

/* The items of ARGS as places, at most MAX; a value that is no list is the only one. Returns how
 * many there are. */
size_t cond_places(struct cond_reader *c, const struct file_place *args, struct file_place *places,
	size_t max);

/* An array of the event, or of the element that is looked through. */
bool cond_read_array(
	struct cond_reader *c, const struct file_place *p, struct cond_operand *ret_operand);

cond_read_fn cond_read_var;
cond_read_fn cond_read_truths;
cond_read_fn cond_read_compare;
cond_read_fn cond_read_if;
cond_read_fn cond_read_numbers;
cond_read_fn cond_read_in;
cond_read_fn cond_read_look_through;
cond_read_fn cond_read_missing;
cond_read_fn cond_read_missing_some;
cond_read_fn cond_read_now;
cond_read_fn cond_read_plus_time;
cond_read_fn cond_read_time_order;
cond_read_fn cond_read_since;
cond_read_fn cond_read_within;
cond_read_fn cond_read_local_hour;
cond_read_fn cond_read_tally;
cond_read_fn cond_read_consent;
cond_read_fn cond_read_segment;
cond_read_fn cond_read_percentile;
