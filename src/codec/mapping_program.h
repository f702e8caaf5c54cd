/* SPDX-License-Identifier: MIT */
/*
 * A compiled preset. Expressions and conditions are nodes in one array that refer to each other by
 * number; node 0 is what is missing. A list of children is a run in a second array.
 *
 * A scope is all places that are looked at in one kind of value: in the payload, in the items of
 * one `each`, `list`, `find`, `lookup` or `join`, in the document of one `parse`. Its paths are a
 * tree of names, and each way that something asks for has a slot, so that one walk over the value
 * finds them all:
 *
 *	{id} {customer.email} {customer.id}	(scope)-+-id		slot 0
 *							+-customer-+-email	slot 1
 *								   +-id		slot 2
 *
 * The walk gives a frame: the value itself and one value for each slot.
 */
#pragma once

#include "base/decimal.h"
#include "codec/identifiers.h"
#include "codec/json_scan.h"
#include "codec/mapping.h"
#include "core/event.h"

enum mapping_op {
	MAP_MISSING,
	MAP_RAW,      /* text: JSON */
	MAP_LITERAL,  /* text */
	MAP_PLACE,    /* where, slot; text: of header and query the name */
	MAP_TEMPLATE, /* children */
	MAP_FIRST,
	MAP_MAP,   /* a; children by name; b: else */
	MAP_IF,	   /* a: condition; b; c: else */
	MAP_MONEY, /* a; b: currency */
	MAP_NUMBER,
	MAP_TEXT,
	MAP_LOWER,
	MAP_UPPER,
	MAP_TRIM,
	MAP_TIME,   /* a; n: enum mapping_clock */
	MAP_LIST,   /* a: place; b: item; c: condition; scope; n: most */
	MAP_OBJECT, /* children, whose names are `"name":` */
	MAP_FIND,   /* a: place; b: condition; c: get; scope */
	MAP_LOOKUP, /* a: place; b: by; c: get; n: node of `is`; scope */
	MAP_JOIN,   /* a: place; b: get; text: between; scope */
	MAP_DIGEST,
	MAP_AFTERLAST, /* a; text: of */
	MAP_BEFORE,    /* a; text: of */
	MAP_BASE64,
	MAP_PARSE, /* a: text; b: get; scope; n: of the documents */
	MAP_MERGE, /* children */
	MAP_IS,	   /* a; children: the names alone */
	MAP_HAS,
	MAP_NOT,
	MAP_ALL,
	MAP_ANY,
	MAP_STARTS, /* a; text */
	MAP_OVER,   /* a; number */
};

enum mapping_where {
	MAPPING_HERE, /* the item, or the payload where there are no items */
	MAPPING_ROOT,
	MAPPING_ENVELOPE,
	MAPPING_HEADER,
	MAPPING_QUERY,
	MAPPING_TOPIC,
	MAPPING_HOOK,
	MAPPING_RECEIVED,
};

enum mapping_clock { MAPPING_SECONDS, MAPPING_MILLISECONDS, MAPPING_ISO };

#define MAPPING_SLOT_ALL UINT16_MAX /* the value of the frame itself */

struct mapping_node {
	enum mapping_op op;
	enum mapping_where where;
	uint16_t slot;
	uint16_t scope;
	uint16_t a, b, c; /* nodes */
	uint32_t n;	  /* of children, or as said above */
	uint32_t first;	  /* child */
	struct span text; /* in the arena of the mapping */
	struct decimal number;
};

struct mapping_child {
	struct span name;
	uint16_t node;
};

/* A name in the tree of a scope; names of one parent are a list. */
struct mapping_step {
	struct span name;
	uint16_t below, next; /* steps; 0: none */
	uint16_t parent;
	uint16_t slot; /* MAPPING_SLOT_ALL: only on the way to others */
};

struct mapping_scope {
	uint16_t step; /* that stands for the value itself */
	uint16_t n_slots;
};

struct mapping_frame {
	uint64_t stamp; /* of this filling: no other has it in a run */
	struct json_value base;
	struct json_value *values;
};

enum { MAPPING_SCOPE_ROOT, MAPPING_SCOPE_ENVELOPE };

struct mapping_rule {
	uint32_t first_on, n_on; /* children, names alone; 0: every topic */
	bool has_each;
	uint16_t each, scope; /* node of the place; of the items. Rules that stand together and
				 have the same `each` share both, and go through the items
				 together. */
	uint16_t cond;	      /* 0: holds */
	enum event_type type;
	uint16_t event, original, id, user, anonymous, time, sent, channel; /* nodes */
	uint16_t identifiers[IDENTIFIER_COUNT];
	uint16_t properties, traits, context;
};

struct mapping {
	struct arena arena;
	struct span name, about, verify;
	bool json, form; /* bodies it takes */
	uint16_t unwrap_if, unwrap;
	bool has_unwrap;
	uint16_t topic;
	uint32_t first_ignore, n_ignore; /* children, names alone */
	uint16_t answers[MAPPING_ANSWER_COUNT];

	struct mapping_node *nodes;
	struct mapping_child *children;
	struct mapping_step *steps;
	struct mapping_scope *scopes;
	struct mapping_rule *rules;
	struct span *headers, *queries;
	size_t n_nodes, n_children, n_steps, n_scopes, n_rules, n_headers, n_queries;
	size_t n_documents; /* different texts that are parsed */
	uint16_t *table;    /* steps by parent and name, open addressing */
	size_t mask;
};

/* mapping_scope.c */

/* Fills m->table, when all steps are there. 0 or -ENOMEM. */
int mapping_scope_index(struct mapping *m);
/* Passes the value that comes next in C and sets FRAME, whose values have room for the slots of
 * the scope. 0 or JSON_MALFORMED. */
int mapping_scope_read(
	const struct mapping *m, size_t scope, struct json_cursor *c, struct mapping_frame *frame);

/* Does TEXT fit GLOB, in which `*` stands for any text? */
bool mapping_glob(struct span glob, struct span text);

/* mapping_form.c */

enum { MAPPING_FORM_TOO_MANY = 1 };
/* Appends FORM as an object of strings. 0 or MAPPING_FORM_TOO_MANY. */
int mapping_form(struct span form, struct buf *out);
