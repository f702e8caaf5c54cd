/* SPDX-License-Identifier: MIT */
/*
 * The tools that the compiler of presets is made of: places in the file, problems that name them,
 * members found by table, nodes that are added. Readers never stop at the first problem: each notes
 * what it found and gives node 0, and the mapping is thrown away at the end.
 */
#pragma once

#include "file_place.h"
#include "mapping_program.h"

/* A text that is parsed: the expression of it as it is written, in the scope that it is read in,
 * and the scope of what is in it. */
struct mapping_document {
	struct span expr;
	size_t here, scope;
};

struct mapping_reader {
	struct mapping *m;
	struct file_problems *problems;
	const char *file;
	struct span text;
	size_t here;  /* scope that paths start in */
	size_t depth; /* operators around */
	size_t cap_nodes, cap_children, cap_steps, cap_scopes, cap_rules, cap_headers, cap_queries;
	struct mapping_child *pending; /* children of operators that are still being read */
	size_t n_pending, cap_pending;
	struct mapping_document *documents; /* that operators before have named */
	size_t n_documents, cap_documents;
	struct span each; /* of the rule before, as it is written; empty: it has none */
	bool full;	  /* too many nodes, and that was said */
	bool oom;
};

/* Notes a problem at a place; NULL: the whole file. */
void mapping_problem(struct mapping_reader *r, const struct file_place *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void mapping_problem_line(struct mapping_reader *r, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Copies to the arena; empty with r->oom set when out of memory. */
struct span mapping_copy(struct mapping_reader *r, struct span s);
/* The text of the string at P, in the arena; false after a problem. */
bool mapping_read_text(
	struct mapping_reader *r, const struct file_place *p, size_t max, struct span *ret_text);

/* file_walk_next() with r->oom set when out of memory. */
bool mapping_walk_next(struct mapping_reader *r, struct file_walk *w, struct file_place *ret_place);

struct mapping_member {
	const char *name;
	void (*read)(struct mapping_reader *r, const struct file_place *p, void *target);
	bool required;
};

struct mapping_members {
	const char *what; /* what the object is, for messages: "a rule" */
	const struct mapping_member *list;
	size_t n;
};

#define MAPPING_MEMBERS_MAX 20

/* Reads the members of OBJECT in the order of the table. Tells of everything that is not in it, or
 * missing. False if OBJECT is no object. */
bool mapping_members_read(struct mapping_reader *r, const struct file_place *object,
	const struct mapping_members *spec, void *target);

/* The number of a copy of NODE; 0 with a problem if there are too many. */
uint16_t mapping_node_add(
	struct mapping_reader *r, const struct file_place *p, const struct mapping_node *node);

/* Children are collected behind a mark and then kept as a run. */
void mapping_pend(struct mapping_reader *r, struct span name, uint16_t node);
void mapping_keep(struct mapping_reader *r, size_t mark, uint32_t *ret_first, uint32_t *ret_n);

/* A new scope; the number of it. */
size_t mapping_scope_add(struct mapping_reader *r, const struct file_place *p);
/* The number of the document of the expression at P, whose node is read by the caller: the same
 * number for the same text in the same scope, so that it is parsed once for all who ask. */
size_t mapping_document_of(struct mapping_reader *r, const struct file_place *p);
/* The slot of the way NAMES in the scope. */
uint16_t mapping_scope_slot(struct mapping_reader *r, const struct file_place *p, size_t scope,
	const struct span *names, size_t n);

/* mapping_path.c */

/* The place that PATH names. 0 after a problem. VALUE_ONLY: it must lie in the payload. */
uint16_t mapping_read_path(
	struct mapping_reader *r, const struct file_place *p, struct span path, bool value_only);
/* A text with places. */
uint16_t mapping_read_template(struct mapping_reader *r, const struct file_place *p);
/* A path as the text of a member, without braces, into the payload. */
uint16_t mapping_read_bare_path(struct mapping_reader *r, const struct file_place *p);

/* mapping_expr.c */

uint16_t mapping_read_expr(struct mapping_reader *r, const struct file_place *p);
uint16_t mapping_read_cond(struct mapping_reader *r, const struct file_place *p);
/* [EXPR, ...] as a node that puts their objects together. */
uint16_t mapping_read_merge(struct mapping_reader *r, const struct file_place *p);
/* {NAME: EXPR, ...} as an object node. REFUSED: names that are written otherwise; ended by NULL. */
uint16_t mapping_read_fields(
	struct mapping_reader *r, const struct file_place *p, const char *const *refused);
/* A list of texts as children without nodes. */
void mapping_read_texts(struct mapping_reader *r, const struct file_place *p, const char *what,
	uint32_t *ret_first, uint32_t *ret_n);
