/* SPDX-License-Identifier: MIT */
/* The compiler of the profile `compat`. Inside codec only. */
#pragma once

#include "core/logic.h"
#include "rule_reader.h"

enum logic_world {
	LOGIC_FREE,  /* names are looked up in whatever the data is */
	LOGIC_EVENT, /* of a rule: `e.`, `s.`, `ctx.` */
	LOGIC_FIRE,  /* the same without an event */
};

/* False after a problem or with r->oom. What *ret_program points to lies in ARENA. */
bool logic_read(struct rule_reader *r, const struct file_place *p, enum logic_world world,
	struct arena *arena, struct logic *ret_program);

/* Is a condition that is PROGRAM never true, whatever it is asked of? Says so of fewer than there
 * are, and of none that could be. */
bool logic_never(const struct logic *program);

/* As logic_value_read, of a value that was passed before. */
int logic_value_of(const struct json_value *v, struct arena *arena, struct logic_value *ret_value);

/* The node that a name of a rule's world stands for: `e.total`. False after a problem. */
bool cond_read_name(struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope,
	struct span name, struct cond_node *ret_node);
