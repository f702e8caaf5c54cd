/* SPDX-License-Identifier: MIT */
/* The timeline's own words, since what a tool shows and what staff see must not differ. */
#include "decision_line.h"

#include "codec/json_scan.h"
#include "codec/timeline_json.h"

bool is_decision(const struct effect *e)
{
	return e->kind == EFFECT_JOB || e->kind == EFFECT_RETRACT || e->kind == EFFECT_DECISION;
}

int decision_json(const struct decision *d, struct span customer, struct buf *out)
{
	struct timeline_entry entry = {.kind = ENTRY_DECISION, .at = d->at, .decision = *d};
	_cleanup_(buf_release) struct buf rest = BUF_INIT;
	int r;

	entry.id.ms = (uint64_t)int64_max(d->at, 0);
	entry.id.seq = UINT64_MAX;
	r = timeline_json(&entry, customer, &rest);
	if (r < 0)
		return r;
	buf_add_str(out, "{\"customer\":");
	json_escape(customer, out);
	buf_add_char(out, ',');
	buf_add(out, rest.ptr + 1, rest.len - 1);
	return buf_failed(out);
}
