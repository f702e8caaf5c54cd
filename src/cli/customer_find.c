/* SPDX-License-Identifier: MIT */
/* `waymark customer find`: page by page, as a table or as one JSON object a page. */
#include "base/instant.h"
#include "cells.h"
#include "codec/mask.h"
#include "customer_tool.h"
#include "store/find_json.h"

struct finding {
	struct tool *tool;
	struct query_source *source;
	struct cells cells;
	struct audit audit;
	char who[32];
	struct span reason;
	struct buf after; /* of the page before */
	size_t n;	  /* customers so far */
	int r;
};

static void finding_release(struct finding *f)
{
	query_source_free(f->source);
	buf_release(&f->after);
}

static void print_json(struct finding *f, const struct find_answer *a)
{
	const struct find_form form = {
		.identity = f->tool->program.identity, .masked = f->reason.len == 0};
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (find_json(a, &form, &out) < 0) {
		f->r = -ENOMEM;
		return;
	}
	buf_add_char(&out, '\n');
	(void)fwrite(out.ptr, 1, out.len, stdout);
}

static void mask(struct finding *f, struct span kind, struct span text, struct buf *out)
{
	buf_reset(out);
	if (f->reason.len > 0)
		buf_add_span(out, text);
	else if (kind.len == 0)
		mask_key(f->tool->program.identity, text, out);
	else if (text.len > 0)
		mask_kind(kind, text, out);
}

static void print_head(const struct finding *f)
{
	static const struct {
		const char *text;
		unsigned width;
	} heads[] = {{"CUSTOMER", 28}, {"NAME", 24}, {"EMAIL", 24}, {"TELEPHONE", 16}, {"LAST", 10},
		{"FOUND BY", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		cell(&f->cells, span_str(heads[i].text), heads[i].width, BOLD);
	cells_end(&f->cells);
}

static void print_row(struct finding *f, const struct found *c)
{
	const struct span parts[] = {c->name, c->email, c->phone};
	static const char *const kinds[] = {"name", "email", "phone"};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char last[INSTANT_SIZE] = "";

	mask(f, SPAN_EMPTY, c->customer, &text);
	cell(&f->cells, buf_span(&text), 28, BOLD);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		mask(f, span_str(kinds[i]), parts[i], &text);
		cell(&f->cells, buf_span(&text), i == 2 ? 16 : 24, PLAIN);
	}
	if (c->last_at != INT64_MIN)
		instant_format(c->last_at, last);
	cell(&f->cells, span_of(last, strlen(last) < 10 ? strlen(last) : 10), 10, DIM);
	for (size_t i = 0; i < c->n_matches; i++) {
		mask(f, c->matches[i].kind, c->matches[i].text, &text);
		cell(&f->cells, c->matches[i].kind, (unsigned)c->matches[i].kind.len, DIM);
		cell(&f->cells, buf_span(&text), i + 1 < c->n_matches ? 24 : 0, PLAIN);
	}
	cells_end(&f->cells);
}

static void on_found(void *user, int r, const struct find_answer *a)
{
	struct finding *f = user;

	f->r = r;
	if (r != 0)
		return;
	if (f->tool->program.common.json)
		print_json(f, a);
	else if (f->n == 0 && a->n > 0)
		print_head(f);
	for (size_t i = 0; i < a->n && !f->tool->program.common.json; i++)
		print_row(f, &a->list[i]);
	if (!a->whole && f->n == 0)
		tool_say(&f->tool->program, 0,
			"this data set has no whole index yet; `waymark customer reindex` makes "
			"it.");
	f->n += a->n;
	buf_reset(&f->after);
	buf_add_span(&f->after, a->next);
	f->r = f->r ? f->r : buf_failed(&f->after);
}

static int say(const struct finding *f, int r)
{
	static const char *const words[] = {
		[QUERY_AWAY] = "Redis does not answer",
		[QUERY_REFUSED] = "Redis refused to answer",
		[QUERY_CORRUPT] = "what is stored of a customer cannot be read",
		[FIND_BAD_PREFIX] = "a prefix is text of 3 characters or more, 128 bytes at most",
		[FIND_NOT_NOTED] = "the audit cannot be written, so nothing is searched",
	};
	int status = r == FIND_BAD_PREFIX ? STATUS_USAGE : STATUS_FOUND;

	return tool_say(&f->tool->program, status, "%s.",
		r < 0					    ? strerror(-r)
		: (size_t)r < ARRAY_SIZE(words) && words[r] ? words[r]
							    : "that went wrong");
}

static int page(struct finding *f, struct span prefix, size_t limit)
{
	const struct find_ask ask = {.prefix = prefix,
		.after = buf_span(&f->after),
		.reason = f->reason,
		.limit = limit < FIND_LIMIT_MAX ? limit : FIND_LIMIT_MAX,
		.who = f->who,
		.audit = &f->audit,
		.fn = on_found,
		.user = f};
	int r = find_query(f->source, &ask);

	r = r ? r : query_wait(f->source, f->tool->program.loop);
	return r ? r : f->r;
}

int customer_find(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	_cleanup_(finding_release) struct finding f = {
		.tool = t, .reason = span_str(ask->reason), .after = BUF_INIT};
	int r = tool_query(t, redis, &f.source);

	if (r < 0)
		return say(&f, r);
	cells_init(&f.cells, stdout);
	r = customer_audit(t, redis, &f.audit, f.who);
	do {
		r = r ? r : page(&f, ask->customer, ask->limit - f.n);
	} while (r == 0 && f.after.len > 0 && f.n < ask->limit && !t->program.stopping);
	if (r != 0)
		return say(&f, r);
	if (f.after.len > 0)
		tool_say(&t->program, 0, "there are more; --limit, or a longer prefix.");
	if (f.n == 0)
		tool_say(&t->program, 0,
			"nobody's e-mail address, name, order number, telephone or card begins "
			"like that.");
	return f.n > 0 ? STATUS_DONE : STATUS_FOUND;
}
