/* SPDX-License-Identifier: MIT */
/* The timeline's own words, since what a tool shows and what staff see must not differ. */
#include "decision_line.h"

#include "base/instant.h"
#include "cells.h"
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

static void print_line(const struct decision *d, struct span customer)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;
	struct cells c;

	buf_add_instant(&line, d->at);
	buf_add_str(&line, "  ");
	buf_add_span(&line, customer);
	buf_add_str(&line, "  ");
	decision_text(d, &line);
	if (buf_failed(&line) < 0)
		return;
	cells_init(&c, stdout);
	cell(&c, buf_span(&line), 0, PLAIN);
	cells_end(&c);
}

void decisions_print(const struct effects *effects, struct span customer, bool json)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;

	for (size_t i = 0; i < effects->n; i++) {
		const struct decision *d = &effects->list[i].decision;

		if (!is_decision(&effects->list[i]))
			continue;
		if (!json) {
			print_line(d, customer);
			continue;
		}
		buf_reset(&line);
		if (decision_json(d, customer, &line) == 0)
			printf("%.*s\n", (int)line.len, line.ptr);
	}
}
