/* SPDX-License-Identifier: MIT */
/*
 * JsonLogic as JavaScript has it, compiled: the profile `compat`, for rules that were written
 * elsewhere. Numbers are doubles, types are converted, 0, "" and [] are false. The strict profile
 * (core/cond.h) is what rules of one's own are written in.
 *
 * Operators are those of jsonlogic.com and what the community's shared suite proposes beside them:
 * val, exists, ??, preserve, throw and try (github.com/json-logic/compat-tables). Where the two
 * differ the suite counts: what has no number is an error ("NaN"), not a silent false, and so are
 * operands that an operator cannot have ("Invalid Arguments"). An error that nobody catches makes a
 * rule's condition false.
 *
 * Limits: those of the strict profile for nodes, depth and steps; no array of more than
 * LOGIC_ITEMS_MAX elements and no more than LOGIC_BYTES_MAX bytes are made. Going beyond is an
 * error that cannot be caught.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"
#include "core/cond.h"

enum logic_type {
	LOGIC_NULL,
	LOGIC_FALSE,
	LOGIC_TRUE,
	LOGIC_NUMBER,
	LOGIC_STRING,
	LOGIC_ARRAY,
	LOGIC_OBJECT,
	LOGIC_ROOT, /* what a rule may ask, by the names of the program; never seen as a value */
};

struct logic_value {
	enum logic_type type;
	size_t n; /* elements, members */
	union {
		double number;
		struct span text;
		const struct logic_value *items;
	};
	const struct span *names; /* LOGIC_OBJECT */
};

#define LOGIC_ITEMS_MAX 1000
#define LOGIC_BYTES_MAX ((size_t)1024 * 1024)

#define LOGIC_OPERATORS(X)                                                                         \
	X(VAR, "var")                                                                              \
	X(VAL, "val")                                                                              \
	X(EXISTS, "exists")                                                                        \
	X(MISSING, "missing")                                                                      \
	X(MISSING_SOME, "missing_some")                                                            \
	X(IF, "if")                                                                                \
	X(CHOICE, "?:")                                                                            \
	X(AND, "and")                                                                              \
	X(OR, "or")                                                                                \
	X(NOT, "!")                                                                                \
	X(TRUTH, "!!")                                                                             \
	X(COALESCE, "??")                                                                          \
	X(EQUAL, "==")                                                                             \
	X(NOT_EQUAL, "!=")                                                                         \
	X(SAME, "===")                                                                             \
	X(NOT_SAME, "!==")                                                                         \
	X(LESS, "<")                                                                               \
	X(LESS_EQUAL, "<=")                                                                        \
	X(GREATER, ">")                                                                            \
	X(GREATER_EQUAL, ">=")                                                                     \
	X(ADD, "+")                                                                                \
	X(SUBTRACT, "-")                                                                           \
	X(MULTIPLY, "*")                                                                           \
	X(DIVIDE, "/")                                                                             \
	X(REMAINDER, "%")                                                                          \
	X(LEAST, "min")                                                                            \
	X(GREATEST, "max")                                                                         \
	X(MAP, "map")                                                                              \
	X(FILTER, "filter")                                                                        \
	X(REDUCE, "reduce")                                                                        \
	X(ALL, "all")                                                                              \
	X(SOME, "some")                                                                            \
	X(NONE, "none")                                                                            \
	X(MERGE, "merge")                                                                          \
	X(IN, "in")                                                                                \
	X(CAT, "cat")                                                                              \
	X(SUBSTR, "substr")                                                                        \
	X(LOG, "log") /* hands on what it is given, and logs nothing */                            \
	X(THROW, "throw")                                                                          \
	X(TRY, "try")                                                                              \
	X(PRESERVE, "preserve")

enum logic_op {
#define X(ID, NAME) LOGIC_OP_##ID,
	LOGIC_OPERATORS(X)
#undef X
		LOGIC_OP_VALUE, /* a constant */
	LOGIC_OP_LIST,		/* an array of what its children come to */
	LOGIC_OP_COUNT
};

struct logic_node {
	enum logic_op op;
	bool listed; /* the operands were written as a list, not as one value */
	uint16_t first, count;
	struct logic_value value; /* LOGIC_OP_VALUE */
};

/* What `var` may ask of a rule's world: `e.total`, and the node of the strict profile that has it.
 */
struct logic_root {
	struct span path;
	struct cond_node node;
};

struct logic {
	const struct logic_node *nodes; /* the last is the root */
	size_t n_nodes;
	const uint16_t *children;
	const struct logic_root *roots;
	size_t n_roots;
};

enum { LOGIC_ERROR = 1 };

/*
 * Runs PROGRAM over DATA. 0; LOGIC_ERROR: *ret_value is the error, an object with a member `type`;
 * -ENOMEM. What *ret_value points to lies in ARENA, in DATA or in the program.
 */
int logic_run(const struct logic *program, const struct logic_value *data, struct arena *arena,
	struct logic_value *ret_value);

/* 0, "", [], null and false are false. */
bool logic_truth(const struct logic_value *v);

/* The number that V stands for in JavaScript; false: none. */
bool logic_number(const struct logic_value *v, double *ret_number);
/* The text that V is in JavaScript; ptr NULL: out of memory. */
struct span logic_text(const struct logic_value *v, struct arena *arena);

/* D as JavaScript prints it. */
#define LOGIC_NUMBER_SIZE 32
size_t logic_format_number(double d, char out[LOGIC_NUMBER_SIZE]);
/* S as JavaScript's Number() reads it; false: NaN. */
bool logic_parse_number(struct span s, double *ret_number);

/* Member NAME of V, an element's number included; false if there is none. */
bool logic_member(const struct logic_value *v, struct span name, struct logic_value *ret_value);

/* A rule's condition: what PROGRAM comes to in SCOPE. Outcomes of logic_run. */
int logic_ask(const struct logic *program, const struct cond_scope *scope, struct arena *arena,
	struct logic_value *ret_value);
