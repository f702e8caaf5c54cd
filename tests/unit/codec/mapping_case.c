/* SPDX-License-Identifier: MIT */
#include "mapping_case.h"

void mapping_case_init(struct mapping_case *c)
{
	*c = (struct mapping_case){.input = {.received_at = INT64_C(1767323045678)}};
	c->input.hook = SPAN_LIT("shop");
	arena_init(&c->arena);
}

void mapping_case_release(struct mapping_case *c)
{
	mapping_free(c->mapping);
	arena_release(&c->arena);
	buf_release(&c->body);
}

void mapping_case_quotes(const char *text, struct buf *out)
{
	for (; *text; text++)
		buf_add_char(out, (char)(*text == '\'' ? '"' : *text));
}

/* MEMBER with its comma, unless TEXT has one of that name. */
static void add_missing(struct buf *b, const char *text, const char *member)
{
	size_t n = strcspn(member, ":");

	for (const char *at = text; *at; at++)
		if (strncmp(at, member, n) == 0)
			return;
	buf_printf(b, "%s,", member);
}

int mapping_case_compile(struct mapping_case *c, const char *text)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	_cleanup_(buf_release) struct buf json = BUF_INIT;

	buf_add_char(&all, '{');
	add_missing(&all, text, "'preset':'t'");
	add_missing(&all, text, "'kind':'json'");
	add_missing(&all, text, "'verify':{'scheme':'none'}");
	buf_add_str(&all, text);
	buf_add(&all, "}", 2);
	mapping_case_quotes(all.ptr, &json);
	mapping_freep(&c->mapping);
	c->mapping = NULL;
	return mapping_compile("t.json", buf_span(&json), &c->problems, &c->mapping);
}

int mapping_case_rule(struct mapping_case *c, const char *rule)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;

	buf_add_str(&all, "'events':[{");
	if (!strstr(rule, "'type'"))
		add_missing(&all, rule, "'event':'E'");
	add_missing(&all, rule, "'id':'i'");
	add_missing(&all, rule, "'user':'u'");
	buf_add_str(&all, rule);
	if (all.ptr[all.len - 1] == ',')
		all.len--;
	buf_add(&all, "}]", 3);
	return mapping_case_compile(c, all.ptr);
}

static void judge(struct mapping_case *c, struct span event)
{
	const struct envelope_limits limits = {
		c->input.event_bytes ? c->input.event_bytes : ENVELOPE_LIMITS_DEFAULT.item_bytes, 1,
		c->input.depth ? c->input.depth : ENVELOPE_LIMITS_DEFAULT.depth};
	_cleanup_(buf_release) struct buf batch = BUF_INIT;
	struct envelope_request request = {
		SPAN_EMPTY, ENVELOPE_KIND_BATCH, limits, &IDENTITY_DEFAULT};
	struct envelope_fault fault;
	struct envelope envelope;

	buf_add_str(&batch, "{\"batch\":[");
	buf_add_span(&batch, event);
	buf_add_str(&batch, "]}");
	request.body = buf_span(&batch);
	bool taken = envelope_read(&request, &c->arena, &envelope, &fault) == 0 &&
		     envelope.n_items == 1 && envelope.n_refused == 0;

	CHECK(taken);
	if (!taken)
		fprintf(stderr, "# %.*s\n", (int)event.len, event.ptr);
}

int mapping_case_run_bytes(struct mapping_case *c, struct span payload)
{
	int r;

	c->input.body = payload;
	c->result = (struct mapping_result){.n_events = 0};
	r = mapping_run(c->mapping, &c->input, &c->arena, &c->result);
	for (size_t i = 0; r == 0 && i < c->result.n_events; i++)
		judge(c, c->result.events[i].json);
	return r;
}

int mapping_case_run(struct mapping_case *c, const char *payload)
{
	buf_reset(&c->body);
	mapping_case_quotes(payload, &c->body);
	return mapping_case_run_bytes(c, buf_span(&c->body));
}

struct span mapping_case_member(const struct mapping_case *c, size_t i, const char *name)
{
	struct json_value key, value;
	struct json_cursor cursor;

	if (i >= c->result.n_events)
		return SPAN_EMPTY;
	json_cursor_init(&cursor, c->result.events[i].json);
	if (json_object_open(&cursor) == 0)
		while (json_object_key(&cursor, &key) == 0 && json_value(&cursor, &value) == 0)
			if (json_is(&key, span_str(name)))
				return value.raw;
	return SPAN_EMPTY;
}
