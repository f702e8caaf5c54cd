/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include "base/instant.h"
#include "codec/timeline_json.h"
#include "decision_line.h"

static void trace_event(struct buf *b, const struct event *e)
{
	buf_add_str(b, "    ");
	buf_add_instant(b, e->received_at);
	buf_add_str(b, "  ");
	buf_add_span(b, e->name);
	buf_add_str(b, " of ");
	buf_add_span(b, e->customer);
	if (e->occurred_at != e->received_at) {
		buf_add_str(b, ", which happened at ");
		buf_add_instant(b, e->occurred_at);
	}
	buf_add_char(b, '\n');
}

static void trace_decision(struct buf *b, const struct decision *d)
{
	buf_add_str(b, "    ");
	buf_add_instant(b, d->at);
	buf_add_str(b, "    ");
	decision_text(d, b);
	buf_add_char(b, '\n');
}

/* What waits now and was touched by this input. */
static void trace_armed(struct buf *b, const struct journey *j, int64_t now)
{
	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (i->state != INSTANCE_ARMED || i->touched_at != now)
			continue;
		buf_add_str(b, "    ");
		buf_add_instant(b, now);
		buf_add_str(b, "    ");
		buf_add_span(b, text_span(i->rule));
		buf_add_str(b, " for ");
		buf_add_span(b, text_span(i->key));
		buf_add_str(b, i->missing.len ? " is held until " : " waits until ");
		buf_add_instant(b, i->fire_at);
		if (i->missing.len) {
			buf_add_str(b, " for ");
			buf_add_span(b, text_span(i->missing));
		}
		buf_add_char(b, '\n');
	}
}

void trace_input(struct buf *out, const struct journey *j, const struct event *event, int64_t now,
	const struct effects *effects)
{
	bool told = !event;

	for (size_t i = 0; i < effects->n; i++) {
		const struct decision *d = &effects->list[i].decision;

		if (!is_decision(&effects->list[i]))
			continue;
		/* Timers that were due before come first. */
		if (!told && d->at >= now)
			trace_event(out, event);
		told = told || d->at >= now;
		trace_decision(out, d);
	}
	if (!told)
		trace_event(out, event);
	trace_armed(out, j, now);
}
