/* SPDX-License-Identifier: MIT */
/*
 * What was expected against what came. Jobs are all of them, in order of their instants, and of one
 * that is not expected to be taken back it is expected that it was not; decisions and states are
 * those that the scenario cares to name.
 */
#include "base/instant.h"
#include "codec/timeline_json.h"
#include "scenario.h"

struct items {
	struct json_cursor cursor;
	bool open;
};

static void items_init(struct items *i, struct span array)
{
	json_cursor_init(&i->cursor, array);
	i->open = array.len > 0 && json_array_open(&i->cursor) == 0;
}

static bool items_next(struct items *i, struct span *ret_raw)
{
	struct json_value v;

	if (!i->open || json_array_next(&i->cursor) != 0 || json_value(&i->cursor, &v) != 0)
		return false;
	*ret_raw = v.raw;
	return true;
}

static void add_text(struct buf *out, struct span raw, size_t max)
{
	buf_add_span(out, raw.len > max ? span_of(raw.ptr, max) : raw);
	if (raw.len > max)
		buf_add_str(out, "…");
}

/* An instant also as the offset that would have been right. */
static void add_offset(struct buf *out, int64_t start, const struct json_difference *d)
{
	char text[DURATION_SIZE];
	int64_t at;

	if (d->wanted.len < 2 || d->got.len < 2 || !strchr("+-", d->wanted.ptr[1]) ||
		instant_parse(span_of(d->got.ptr + 1, d->got.len - 2), &at) != 0)
		return;
	duration_format(at < start ? start - at : at - start, text);
	buf_printf(out, ", which is %c%s", at < start ? '-' : '+', text);
}

static void add_difference(struct buf *out, const struct scenario *s, const char *what, size_t n,
	const struct json_difference *d)
{
	buf_printf(out, "%s %zu%s%s: expected ", what, n, d->path[0] ? " at " : "", d->path);
	add_text(out, d->wanted, 200);
	buf_add_str(out, d->got.len ? ", got " : ", but there is no such member");
	add_text(out, d->got, 200);
	add_offset(out, s->start_at, d);
	buf_add_char(out, '\n');
}

static struct span text_of(struct span json, const char *name)
{
	struct json_value v = json_member(json, name);

	return v.type == JSON_TYPE_STRING ? json_content(&v) : SPAN_LIT("?");
}

/* A job in a line, as one would write it into the scenario. */
static void add_job(struct buf *out, struct span job)
{
	static const char *const names[] = {"rule", "customer", "key", "step", "fire_at"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		buf_printf(out, "%s\"%s\": \"", i ? ", " : "{", names[i]);
		buf_add_span(out, text_of(job, names[i]));
		buf_add_char(out, '"');
	}
	buf_add_char(out, '}');
}

static void check_jobs(const struct scenario *s, const struct scenario_outcome *o, struct buf *out)
{
	struct json_difference d;
	struct items wanted;
	struct span raw;
	size_t n = 0;

	items_init(&wanted, s->jobs);
	while (items_next(&wanted, &raw)) {
		struct json_value taken = json_member(raw, "retracted"), was;

		if (n == o->n_jobs) {
			buf_printf(out, "job %zu did not come: ", ++n);
			add_text(out, raw, 300);
			buf_add_char(out, '\n');
			return;
		}
		if (!json_match(raw, o->jobs[n], s->start_at, &d))
			add_difference(out, s, "job", n + 1, &d);
		was = json_member(o->jobs[n], "retracted");
		if (taken.type == JSON_TYPE_ABSENT && was.type == JSON_TYPE_OBJECT) {
			buf_printf(out, "job %zu was taken back: \"retracted\": ", n + 1);
			add_text(out, was.raw, 300);
			buf_add_char(out, '\n');
		}
		n++;
	}
	for (; s->jobs.len && n < o->n_jobs; n++) {
		buf_printf(out, "job %zu was not expected: ", n + 1);
		add_job(out, o->jobs[n]);
		buf_add_char(out, '\n');
	}
}

/* The decision that comes nearest to what was wanted: of the same rule, if there is one. */
static void add_nearest(struct buf *out, const struct scenario *s, const struct scenario_outcome *o,
	struct span raw)
{
	struct json_value rule = json_member(raw, "rule");
	bool any = false;

	for (size_t i = 0; i < o->n_decisions; i++) {
		struct json_value was = json_member(o->decisions[i], "rule");
		struct json_difference d;

		if (rule.type != JSON_TYPE_ABSENT && !span_equal(rule.raw, was.raw))
			continue;
		(void)json_match(raw, o->decisions[i], s->start_at, &d);
		buf_add_str(out, any ? "; " : ". There is ");
		buf_add_span(out, text_of(o->decisions[i], "outcome"));
		buf_add_str(out, " at ");
		buf_add_span(out, text_of(o->decisions[i], "at"));
		buf_printf(out, " (%s: ", d.path[0] ? d.path + 1 : "it");
		add_text(out, d.got.len ? d.got : SPAN_LIT("none"), 80);
		buf_add_char(out, ')');
		any = true;
	}
	if (!any)
		buf_add_str(out, ". Nothing was decided about it");
}

static bool was_decided(
	const struct scenario *s, const struct scenario_outcome *o, struct span raw, size_t *at)
{
	struct json_difference d;

	for (; *at < o->n_decisions; (*at)++)
		if (json_match(raw, o->decisions[*at], s->start_at, &d))
			return true;
	return false;
}

static void check_decisions(
	const struct scenario *s, const struct scenario_outcome *o, struct buf *out)
{
	size_t at = 0, n = 0, again = 0;
	struct items items;
	struct span raw;

	items_init(&items, s->decisions);
	for (; items_next(&items, &raw); n++) {
		if (was_decided(s, o, raw, &at)) {
			at++;
			continue;
		}
		buf_printf(
			out, "decision %zu was not made%s: ", n + 1, n ? " (in this order)" : "");
		add_text(out, raw, 300);
		add_nearest(out, s, o, raw);
		buf_add_char(out, '\n');
		return;
	}
	items_init(&items, s->never);
	for (n = 0; items_next(&items, &raw); n++, again = 0) {
		if (!was_decided(s, o, raw, &again))
			continue;
		buf_printf(out, "never %zu was decided: ", n + 1);
		add_text(out, o->decisions[again], 600);
		buf_add_char(out, '\n');
	}
}

static int check_state(const struct scenario *s, const struct scenario_outcome *o, struct buf *out)
{
	struct items items;
	struct span raw;

	items_init(&items, s->state);
	for (size_t n = 1; items_next(&items, &raw); n++) {
		_cleanup_(arena_release) struct arena a;
		_cleanup_(buf_release) struct buf json = BUF_INIT;
		_cleanup_(record_release) struct record record = RECORD_INIT;
		struct json_value who = json_member(raw, "customer");
		struct json_difference d;
		struct span bytes = SPAN_EMPTY;

		arena_init(&a);
		if (who.type == JSON_TYPE_STRING)
			bytes = memory_store_record(o->backtest.store, json_text(&who, &a));
		if (bytes.len == 0) {
			buf_printf(out, "state %zu: there is no such customer: ", n);
			add_text(out, raw, 200);
			buf_add_char(out, '\n');
			continue;
		}
		if (record_decode(bytes, &record) != 0 ||
			journey_json(&record, &o->backtest.rules->policy.lapse,
				int64_max(s->until_at, record.journey->received_at), &json) < 0)
			return -ENOMEM;
		if (!json_match(raw, buf_span(&json), s->start_at, &d))
			add_difference(out, s, "state", n, &d);
	}
	return 0;
}

int scenario_check(
	const struct scenario *s, struct scenario_outcome *o, bool whole, struct buf *problems)
{
	size_t bad = memory_store_bad(o->backtest.store);

	if (bad > 0)
		buf_printf(problems,
			"%zu of the events cannot be used: is a user or an anonymous missing?\n",
			bad);
	check_jobs(s, o, problems);
	if (whole)
		check_decisions(s, o, problems);
	if (check_state(s, o, problems) < 0)
		return -ENOMEM;
	return buf_failed(problems);
}
