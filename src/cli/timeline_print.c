/* SPDX-License-Identifier: MIT */
#include "timeline_print.h"

#include "base/buf.h"
#include "base/instant.h"
#include "codec/timeline_json.h"
#include "counted.h"
#include "store/query.h"
#include "tool.h"

#define DETAIL_WIDTH 90

/* `2026-11-21 18:58:53` */
static void print_time(const struct cells *c, int64_t at)
{
	char text[INSTANT_SIZE];

	instant_format(at, text);
	text[10] = ' ';
	cell(c, span_of(text, 19), 19, DIM);
}

static void print_event(const struct cells *c, const struct timeline_entry *e)
{
	cell(c, e->channel ? channel_name(e->channel) : SPAN_LIT("-"), 12, BLUE);
	cell(c, e->name, 28, BOLD);
	cell(c, e->properties, e->properties.len > DETAIL_WIDTH ? DETAIL_WIDTH : 0, DIM);
}

static enum colour outcome_colour(enum outcome o)
{
	if (o == OUTCOME_FIRED)
		return GREEN;
	return o == OUTCOME_RETRACTED || o == OUTCOME_SUPPRESSED ? YELLOW : PLAIN;
}

static void print_decision(const struct cells *c, const struct timeline_entry *e)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	decision_text(&e->decision, &words);
	cell(c, SPAN_LIT("decision"), 12, MAGENTA);
	cell(c, buf_span(&words), 0, outcome_colour(e->decision.outcome));
}

void timeline_print(const struct cells *c, const struct timeline_entry *e)
{
	print_time(c, e->at);
	if (e->kind == ENTRY_EVENT)
		print_event(c, e);
	else
		print_decision(c, e);
	cells_end(c);
}

static size_t count_carts(const struct journey *j, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_carts; i++)
		n += cart_is_live(&j->carts[i], now);
	return n;
}

static size_t count_orders(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		n += order_is_open(&j->orders[i]);
	return n;
}

void customer_print(
	const struct cells *c, const struct journey *j, const struct lapse *lapse, int64_t now)
{
	int64_t due = journey_next_due(j);
	size_t carts = count_carts(j, now), orders = count_orders(j);
	char at[INSTANT_SIZE];

	cell(c, text_span(j->customer), 0, CYAN);
	(void)fputs(", ", c->out);
	cell(c, stage_name(journey_stage(j, lapse, now)), 0, BOLD);
	if (journey_session(j, now).state == SESSION_BROWSING)
		(void)fputs(", browsing", c->out);
	(void)fprintf(c->out,
		": %llu event%s, %llu order%s ever; open now: %llu cart%s, %llu order%s",
		COUNT(j->n_events), COUNT(j->n_orders), COUNT(carts), COUNT(orders));
	if (due != TIME_NEVER) {
		instant_format(due, at);
		(void)fprintf(c->out, "; next due %s", at);
	}
	(void)fputs("\n\n", c->out);
}

int query_explain(const struct program *p, int r, const char *customer)
{
	static const char *const words[] = {
		[QUERY_NO_CUSTOMER] = "nothing is known of a customer with the id",
		[QUERY_BAD_CURSOR] = "that is no cursor of the customer",
		[QUERY_BAD_LIMIT] = "--limit is out of range for",
		[QUERY_AWAY] = "Redis does not answer when asked for",
		[QUERY_REFUSED] = "Redis refused to answer when asked for",
		[QUERY_CORRUPT] = "what is stored cannot be read of the customer",
		[QUERY_UNWANTED] = "nobody asked for",
	};

	if (r == QUERY_SEVERAL)
		return tool_say(p, STATUS_FOUND, "%s.", QUERY_SEVERAL_WORDS);
	return tool_say(p, STATUS_FOUND, "%s %s.", r < 0 ? strerror(-r) : words[r], customer);
}
