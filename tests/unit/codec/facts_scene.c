/* SPDX-License-Identifier: MIT */
#include "facts_scene.h"

#include "base/instant.h"
#include "codec/event_json.h"
#include "core/cond.h"

#include "check.h"

struct scene {
	struct field_table fields;
	struct event_decoder *decoder;
	struct arena arena;
	struct journey *journey;
	const struct rules *rules;
	struct event last;
	struct buf json;
};

static int64_t instant_of(const char *day)
{
	char text[32];
	int64_t at = 0;

	(void)snprintf(text, sizeof(text), "2026-11-%s:00Z", day);
	CHECK(instant_parse(span_str(text), &at) == 0);
	return at;
}

static void happen(struct scene *s, const struct facts_row *row)
{
	bool identify = strcmp(row->event, "identify") == 0;
	bool page = strcmp(row->event, "page") == 0;
	struct event_origin origin = {.source = SPAN_LIT("web"), .sent_at = TIME_NEVER};
	struct event_fault fault;

	origin.recv_at = instant_of(row->day);
	origin.id.ms = (uint64_t)origin.recv_at;
	buf_reset(&s->json);
	buf_add_str(&s->json, "{\"userId\":\"u\",\"timestamp\":\"2026-11-");
	buf_add_str(&s->json, row->day);
	buf_add_str(&s->json, ":00Z\",\"type\":\"");
	buf_add_str(&s->json, identify || page ? "" : "track\",\"event\":\"");
	buf_add_str(&s->json, row->event);
	buf_add_str(&s->json, identify ? "\",\"traits\":{"
			      : page   ? "\",\"context\":{"
				       : "\",\"properties\":{");
	buf_add_str(&s->json, row->properties);
	buf_add_str(&s->json, "}}");
	REQUIRE(event_decode(
			s->decoder, buf_span(&s->json), &origin, &s->arena, &s->last, &fault) == 0);
	REQUIRE(journey_fold(s->journey, &s->last) == 0);
}

static void describe(const struct value *v, struct buf *out)
{
	switch ((unsigned)v->type) {
	case VALUE_TRUE:
	case VALUE_FALSE:
		buf_add_str(out, v->type == VALUE_TRUE ? "true" : "false");
		break;
	case VALUE_NUMBER:
		buf_add_i64(out, v->number.mantissa);
		if (v->number.exponent) {
			buf_add_char(out, 'e');
			buf_add_i64(out, v->number.exponent);
		}
		break;
	case VALUE_STRING:
		buf_add_span(out, v->text);
		break;
	case VALUE_INSTANT:
		buf_add_instant(out, v->at);
		break;
	default:
		buf_add_char(out, '-');
	}
}

static void ask(struct scene *s, const struct facts_row *row)
{
	_cleanup_(buf_release) struct buf got = BUF_INIT;
	struct cond_scope scope = {
		.rules = s->rules, .journey = s->journey, .now = instant_of(row->day)};
	size_t n = fact_find(span_str(row->path));
	struct value v;

	/* A key that begins with `@` is asked without the event. */
	scope.event = row->properties[0] == '@' ? NULL : &s->last;
	scope.key = span_str(row->properties + (row->properties[0] == '@'));
	REQUIRE(n != FACT_COUNT);
	v = fact_value(n, &scope);
	describe(&v, &got);
	CHECK_STR(buf_span(&got), row->answer);
	if (!span_is(buf_span(&got), row->answer))
		fprintf(stderr, "# %s %s %s\n", row->day, row->properties, row->path);
}

void facts_play_by(const struct rules *rules, const struct facts_row *rows, size_t n)
{
	struct scene s = {.rules = rules, .json = BUF_INIT};

	field_table_init(&s.fields);
	REQUIRE(event_decoder_new(&s.fields, &IDENTITY_DEFAULT, &s.decoder) == 0);
	REQUIRE(journey_new(SPAN_LIT("u"), &s.journey) == 0);
	arena_init(&s.arena);
	for (size_t i = 0; i < n; i++)
		if (rows[i].event)
			happen(&s, &rows[i]);
		else
			ask(&s, &rows[i]);
	journey_free(s.journey);
	arena_release(&s.arena);
	event_decoder_free(s.decoder);
	buf_release(&s.json);
}

void facts_play(const struct facts_row *rows, size_t n)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;

	REQUIRE(rules_new(&rules) == 0);
	facts_play_by(rules, rows, n);
}
