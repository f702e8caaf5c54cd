/* SPDX-License-Identifier: MIT */
/* `waymark timeline`: one customer's journey at a terminal, from the same pages as the console. */
#include "base/instant.h"
#include "cells.h"
#include "cli.h"
#include "codec/timeline_json.h"
#include "rules_at_hand.h"
#include "store/query.h"
#include "timeline_print.h"
#include "tool.h"

struct timeline_settings {
	const char *data, *from, *to, *channel, *event, *cursor;
	int64_t limit;
};

#define ROW(MEMBER) offsetof(struct timeline_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "limit", "limit", SETTING_INT, ROW(limit), "50", 1, TIMELINE_PAGE_MAX, "N",
		"entries on the page"},
	{NULL, "from", "from", SETTING_TEXT, ROW(from), NULL, 0, 64, "INSTANT",
		"at this instant or later"},
	{NULL, "to", "to", SETTING_TEXT, ROW(to), NULL, 0, 64, "INSTANT", "earlier than this"},
	{NULL, "channel", "channel", SETTING_TEXT, ROW(channel), NULL, 0, 16, "CHANNEL",
		"events of this channel only"},
	{NULL, "event", "event", SETTING_TEXT, ROW(event), NULL, 0, 1024, "NAME",
		"events of this name only"},
	{NULL, "cursor", "cursor", SETTING_TEXT, ROW(cursor), NULL, 0, TIMELINE_CURSOR_SIZE,
		"CURSOR", "the page behind the one that ended with this"},
	TOOL_DATA_ROW(struct timeline_settings),
};

static const struct program_spec spec = {
	.name = "timeline",
	.operands = "CUSTOMER",
	.min_operands = 1,
	.max_operands = 1,
	.about = "Shows what happened to a customer and what was decided, newest first.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

struct timeline_tool {
	struct tool tool;
	struct timeline_settings settings;
	struct timeline_query query;
	struct cells cells;
	struct query_source *source;
	struct lapse lapse;
	int r; /* what the question came to */
	bool json;
};

static int read_query(struct timeline_tool *t)
{
	const struct timeline_settings *s = &t->settings;
	const struct program *p = &t->tool.program;

	t->query = TIMELINE_QUERY_ALL;
	t->query.limit = (uint32_t)s->limit;
	t->query.event = span_str(s->event);
	if ((s->from[0] && instant_parse(span_str(s->from), &t->query.from_at) != 0) ||
		(s->to[0] && instant_parse(span_str(s->to), &t->query.to_at) != 0))
		return tool_say(p, STATUS_USAGE,
			"--from and --to are instants such as 2026-11-21 or 2026-11-21T18:00:00Z.");
	t->query.channel = s->channel[0] ? channel_of(span_str(s->channel)) : CHANNEL_UNKNOWN;
	if (s->channel[0] && t->query.channel == CHANNEL_UNKNOWN)
		return tool_say(p, STATUS_USAGE,
			"--channel is web, app, email, store, phone, sms, order-system, staff or "
			"server.");
	return 0;
}

static void print_json(const struct query_answer *a)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	for (size_t i = 0; i < a->n_entries; i++) {
		timeline_json(&a->entries[i], a->customer, &out);
		buf_add_char(&out, '\n');
	}
	if (buf_failed(&out) == 0 && out.len)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static void print_head(const struct timeline_tool *t, const struct query_answer *a)
{
	if (!span_equal(a->matched, a->customer)) {
		cell(&t->cells, a->matched, 0, CYAN);
		cell(&t->cells, SPAN_LIT(" goes by "), 0, PLAIN);
		cell(&t->cells, a->customer, 0, CYAN);
		cells_end(&t->cells);
	}
	customer_print(&t->cells, a->record->journey, &t->lapse, a->now);
}

static void on_page(void *user, int r, const struct query_answer *a)
{
	struct timeline_tool *t = user;

	t->r = r;
	if (r != 0)
		return;
	if (t->json)
		print_json(a);
	else
		print_head(t, a);
	for (size_t i = 0; !t->json && i < a->n_entries; i++)
		timeline_print(&t->cells, &a->entries[i]);
	if (a->next[0])
		(void)fprintf(stderr, "There is more: --cursor %s\n", a->next);
}

static int ask(struct timeline_tool *t, const char *customer)
{
	const struct query_ask page = {
		.id = span_str(customer), .fn = on_page, .user = t, .orders = true};
	struct loop *loop = t->tool.program.loop;
	int r = query_both(t->source, &page, &t->query, span_str(t->settings.cursor));

	if (r == 0)
		r = query_wait(t->source, loop);
	if (r != 0)
		t->r = r;
	return t->r == 0 ? STATUS_DONE : query_explain(&t->tool.program, t->r, customer);
}

static void timeline_release(struct timeline_tool *t)
{
	query_source_free(t->source);
	tool_release(&t->tool);
}

int timeline_main(int argc, char **argv)
{
	_cleanup_(timeline_release) struct timeline_tool t = {.r = 0};
	struct program *p = &t.tool.program;
	struct redis *redis;
	int r;

	(void)argc;
	if (tool_init(&t.tool, &spec, &t.settings, argv))
		return p->status;
	r = read_query(&t);
	if (r != 0)
		return r;
	t.json = p->common.json;
	cells_init(&t.cells, stdout);
	if (tool_connect(&t.tool, &redis))
		return p->status;
	t.lapse = lapse_at_hand(&t.tool, redis);
	if (tool_query(&t.tool, redis, &t.source) < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	return ask(&t, p->operands[0]);
}
