/* SPDX-License-Identifier: MIT */
/*
 * One run of a mapping over one payload, and what expressions come to. Trouble is sticky: whoever
 * meets it notes it in the run and gives nothing, and what asked looks at mapping_stopped once.
 */
#pragma once

#include "base/instant.h"
#include "mapping_program.h"

/*
 * A value: JSON as it stands in the payload (or in the preset, or made by us), or text of ours,
 * which is UTF-8 only as far as its source was.
 */
struct mapping_value {
	enum json_type type; /* JSON_TYPE_ABSENT: missing; null is missing too */
	bool is_text;	     /* span is the text; else JSON */
	bool escaped;	     /* as in json_scan.h */
	struct span span;
};

struct mapping_run {
	const struct mapping *m;
	const struct mapping_input *input;
	struct arena *arena;  /* the caller's: what stays */
	struct arena scratch; /* until the event is done */
	struct buf out;	      /* a stack of things that are being written */
	struct buf temp;      /* of one function */
	struct mapping_frame root, envelope;
	struct mapping_parsed *parsed; /* m->n_documents of them */
	uint64_t stamps;	       /* frames filled so far */
	const struct mapping_frame *here;
	struct span topic;
	char received[INSTANT_SIZE];
	bool dirty; /* the payload holds text that an event may not */
	size_t event_bytes, depth, events;
	size_t work, work_max;

	int error; /* -ENOMEM */
	bool failed;
	enum mapping_fault_code fault; /* if failed */
};

static inline bool mapping_stopped(const struct mapping_run *g)
{
	return g->error || g->failed;
}

/* A document that was parsed for a frame, or that is none. It lies in the scratch. */
struct mapping_parsed {
	uint64_t stamp; /* of the frame; 0: parsed for none */
	bool good;
	struct mapping_frame frame;
};

void mapping_fail(struct mapping_run *g, enum mapping_fault_code code);
/* Counts N bytes looked at; the budget ends the run. */
void mapping_work(struct mapping_run *g, size_t n);

/* mapping_eval.c */
struct mapping_value mapping_eval(struct mapping_run *g, uint16_t node);
bool mapping_holds(struct mapping_run *g, uint16_t node);
/* The text of node NODE. False if it has none. */
bool mapping_eval_text(struct mapping_run *g, uint16_t node, struct span *ret_text);
/* Forgets what lies in the scratch. */
void mapping_scratch_reset(struct mapping_run *g);
/* The items of the value V, one after the other. An object is one item. */
struct mapping_items {
	struct json_cursor cursor;
	bool list;
	size_t n;
	struct mapping_frame frame;
	size_t scope;
};
void mapping_items_init(struct mapping_run *g, struct mapping_items *it,
	const struct mapping_value *v, size_t scope);
/* Sets it->frame to the next item; false at the end. */
bool mapping_items_next(struct mapping_run *g, struct mapping_items *it);

/* What a node costs beside the bytes it looks at. */
#define MAPPING_NODE_WORK 16

/* Operators of their own: mapping_nested.c, mapping_merge.c. */
struct mapping_value mapping_eval_base64(struct mapping_run *g, const struct mapping_node *n);
struct mapping_value mapping_eval_parse(struct mapping_run *g, const struct mapping_node *n);
struct mapping_value mapping_eval_merge(struct mapping_run *g, const struct mapping_node *n);

/* mapping_value.c */
struct mapping_value mapping_text_value(struct span text);
struct mapping_value mapping_json_value(const struct json_value *v);
/* The text of strings, numbers, true and false. False for all else. */
bool mapping_text_of(struct mapping_run *g, const struct mapping_value *v, struct span *ret_text);
/* Neither missing nor empty text. */
bool mapping_present(const struct mapping_value *v);
/* TEXT as an event may hold it: UTF-8 without U+0000. */
struct span mapping_clean(struct mapping_run *g, struct span text);
/* Appends to g->out. */
void mapping_write(struct mapping_run *g, const struct mapping_value *v);
void mapping_write_text(struct mapping_run *g, struct span text);
/* What was written behind MARK, cut off and kept in the scratch. */
struct span mapping_take(struct mapping_run *g, size_t mark);
/* Pure operators on text; NOTHING: it has no such form. */
struct mapping_value mapping_money(struct mapping_run *g, struct span amount, struct span currency);
struct mapping_value mapping_number(struct span text);
struct mapping_value mapping_time(
	struct mapping_run *g, struct span text, enum mapping_clock clock);
/* First N hex digits of the SHA-256 of BYTES, in the scratch. */
struct span mapping_sha256(struct mapping_run *g, struct span bytes, size_t n);
void mapping_netstring(struct buf *out, struct span s);

/* mapping_event.c */

/* Writes what g->here stands for as an event of RULE to g->out, alone; ORIGINAL is its bytes. Its
 * message id, in the scratch; g says whether it came to an end. */
struct span mapping_write_event(
	struct mapping_run *g, const struct mapping_rule *rule, struct span original);
