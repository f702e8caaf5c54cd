/* SPDX-License-Identifier: MIT */
/* What an unmerge would make, for a terminal and for machines: both say the same. */
#include "apart_view.h"
#include "base/instant.h"
#include "cells.h"
#include "codec/json_scan.h"
#include "codec/timeline_json.h"
#include "counted.h"
#include "timeline_print.h"

static struct span channel_text(uint32_t channel)
{
	return channel < JOB_CHANNEL_COUNT ? job_channel_name((enum job_channel)channel)
					   : SPAN_LIT("all");
}

static struct span topic_text(struct span topic)
{
	return topic.len > 0 ? topic : SPAN_LIT("all");
}

/* ---- tables ------------------------------------------------------------------------------ */

static void title(const struct cells *c, const char *words)
{
	(void)fputc('\n', c->out);
	cell(c, span_str(words), 0, BOLD);
	cells_end(c);
}

static void print_at(const struct cells *c, int64_t at)
{
	char text[INSTANT_SIZE] = "-";

	if (at != TIME_NEVER && at != INT64_MIN)
		instant_format(at, text);
	cell(c, span_str(text), 24, DIM);
}

static void print_ids(const struct cells *c, const struct journey *j)
{
	for (size_t i = 0; i < j->n_ids; i++) {
		if (j->ids[i].state != ID_LINKED)
			continue;
		cell(c, SPAN_LIT("also known as"), 14, DIM);
		cell(c, text_span(j->ids[i].key), 0, PLAIN);
		cells_end(c);
	}
}

static void print_carts(const struct cells *c, const struct journey *j)
{
	for (size_t i = 0; i < j->n_carts; i++) {
		if (!cart_is_open(&j->carts[i]))
			continue;
		cell(c, SPAN_LIT("open cart"), 14, DIM);
		cell(c, text_span(j->carts[i].key), 28, PLAIN);
		print_at(c, j->carts[i].last_at);
		cells_end(c);
	}
}

static void print_timers(const struct cells *c, const struct journey *j)
{
	for (size_t i = 0; i < j->n_instances; i++) {
		const struct instance *in = &j->instances[i];

		if (in->state != INSTANCE_ARMED)
			continue;
		cell(c, SPAN_LIT("waits"), 14, DIM);
		cell(c, text_span(in->rule), 28, YELLOW);
		cell(c, text_span(in->key), 28, PLAIN);
		print_at(c, in->fire_at);
		cells_end(c);
	}
}

static void print_side(
	const struct cells *c, const struct apart_view *v, const struct apart_side *side)
{
	const struct journey *j = side->nobody ? NULL : side->record.journey;

	(void)fputc('\n', c->out);
	if (!j) {
		cell(c, side->key, 0, CYAN);
		(void)fputs(": nobody, a name that may belong to anybody again\n", c->out);
		return;
	}
	customer_print(c, j, &v->lapse, int64_max(v->now, j->received_at));
	print_ids(c, j);
	print_carts(c, j);
	print_timers(c, j);
	for (size_t i = 0; i < side->n_latest; i++)
		timeline_print(c, &side->latest[i]);
}

static void print_word(const struct cells *c, const struct consent *word)
{
	cell(c, word ? span_str(apart_word_name(word)) : SPAN_LIT("-"), 28, PLAIN);
}

static void print_words(const struct cells *c, const struct apart_view *v)
{
	if (v->n_words == 0)
		return;
	title(c, "CONSENTS THAT DIFFER");
	cell(c, SPAN_LIT("topic"), 14, DIM);
	cell(c, SPAN_LIT("channel"), 10, DIM);
	for (size_t s = 0; s < APART_SIDES; s++)
		cell(c, v->sides[s].key, 28, CYAN);
	cells_end(c);
	for (size_t i = 0; i < v->n_words; i++) {
		const struct apart_word *w = &v->words[i];

		cell(c, topic_text(w->topic), 14, PLAIN);
		cell(c, channel_text(w->channel), 10, PLAIN);
		for (size_t s = 0; s < APART_SIDES; s++)
			print_word(c, w->words[s]);
		cells_end(c);
	}
}

static size_t n_caps(const struct apart_view *v, unsigned class, unsigned channel)
{
	return v->sides[APART_STAYS].caps[class][channel] +
	       v->sides[APART_GOES].caps[class][channel];
}

static void print_cap(
	const struct cells *c, const struct apart_view *v, unsigned class, unsigned channel)
{
	cell(c, rule_class_name((enum rule_class) class), 14, PLAIN);
	cell(c, channel_text(channel), 10, PLAIN);
	for (size_t s = 0; s < APART_SIDES; s++)
		cell_number(c, v->sides[s].caps[class][channel], 28);
	cells_end(c);
}

static void print_caps(const struct cells *c, const struct apart_view *v)
{
	title(c, "SENDS THAT COUNT FOR CAPS");
	cell(c, SPAN_LIT("class"), 14, DIM);
	cell(c, SPAN_LIT("channel"), 10, DIM);
	for (size_t s = 0; s < APART_SIDES; s++)
		cell(c, v->sides[s].key, 28, CYAN);
	cells_end(c);
	for (unsigned class = 0; class < APART_CLASSES; class ++)
		for (unsigned channel = 0; channel < JOB_CHANNEL_COUNT; channel++)
			if (n_caps(v, class, channel) > 0)
				print_cap(c, v, class, channel);
}

static void print_jobs(const struct cells *c, const struct apart_view *v)
{
	if (v->n_jobs == 0)
		return;
	title(c, "JOBS SINCE THEN");
	for (size_t i = 0; i < v->n_jobs; i++) {
		const struct apart_job *job = &v->jobs[i];

		cell(c, span_str(job->fate), 6, BOLD);
		cell(c, job->job->id, 32, DIM);
		cell(c, job->job->rule, 24, YELLOW);
		cell(c, job->job->job_key, 20, PLAIN);
		cell(c, job->channel, 8, BLUE);
		cell(c, job->state, 10, PLAIN);
		cell(c, job->job->side, 0, CYAN);
		cells_end(c);
	}
}

static void print_sent(const struct cells *c, const struct apart_view *v)
{
	if (v->n_sent == 0)
		return;
	title(c, "SENT SINCE THEN");
	cell(c, SPAN_LIT("class"), 14, DIM);
	cell(c, SPAN_LIT("channel"), 10, DIM);
	for (size_t s = 0; s < APART_SIDES; s++)
		cell(c, v->sides[s].key, 28, CYAN);
	cell(c, SPAN_LIT("neither"), 0, DIM);
	cells_end(c);
	for (size_t i = 0; i < v->n_sent; i++) {
		cell(c, v->sent[i].class, 14, PLAIN);
		cell(c, v->sent[i].channel, 10, PLAIN);
		for (size_t s = 0; s < APART_SIDES; s++)
			cell_number(c, v->sent[i].n[s], 28);
		cell_number(c, v->sent[i].n[APART_SIDES], 7);
		cells_end(c);
	}
	(void)printf("They stay beside the jobs of ");
	cell(c, v->sides[APART_STAYS].key, 0, CYAN);
	(void)printf(", where they were made; what comes of them is told to whose they are.\n");
}

void apart_print(const struct apart_view *v)
{
	struct cells c;
	char since[INSTANT_SIZE];

	cells_init(&c, stdout);
	instant_format((int64_t)v->divided->since.ms, since);
	(void)printf("one since %s; %llu event%s came by ", since, COUNT(v->divided->n_through));
	cell(&c, v->key, 0, CYAN);
	(void)printf(" since\n");
	for (size_t s = 0; s < APART_SIDES; s++)
		print_side(&c, v, &v->sides[s]);
	print_words(&c, v);
	print_caps(&c, v);
	print_jobs(&c, v);
	print_sent(&c, v);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void member(struct buf *out, const char *name, struct span value)
{
	buf_printf(out, "\"%s\":", name);
	json_escape(value, out);
}

static void json_ids(const struct journey *j, struct buf *out)
{
	bool more = false;

	buf_add_str(out, ",\"ids\":[");
	for (size_t i = 0; i < j->n_ids; i++) {
		if (j->ids[i].state != ID_LINKED)
			continue;
		buf_add_str(out, more ? "," : "");
		json_escape(text_span(j->ids[i].key), out);
		more = true;
	}
	buf_add_str(out, "]");
}

static void json_caps(const struct apart_side *side, struct buf *out)
{
	bool more = false;

	buf_add_str(out, ",\"caps\":[");
	for (unsigned class = 0; class < APART_CLASSES; class ++)
		for (unsigned channel = 0; channel < JOB_CHANNEL_COUNT; channel++) {
			if (side->caps[class][channel] == 0)
				continue;
			buf_add_str(out, more ? ",{" : "{");
			member(out, "class", rule_class_name((enum rule_class) class));
			buf_add_char(out, ',');
			member(out, "channel", channel_text(channel));
			buf_printf(out, ",\"sends\":%zu}", side->caps[class][channel]);
			more = true;
		}
	buf_add_str(out, "]");
}

static int json_side(
	const struct apart_view *v, enum apart_which which, const char *name, struct buf *out)
{
	const struct apart_side *side = &v->sides[which];
	const struct journey *j = side->nobody ? NULL : side->record.journey;
	int r = 0;

	buf_printf(out, ",\"%s\":{", name);
	member(out, "key", side->key);
	buf_add_str(out, ",\"journey\":");
	if (!j) {
		buf_add_str(out, "null}");
		return 0;
	}
	r = journey_json(&side->record, &v->lapse, int64_max(v->now, j->received_at), out);
	json_ids(j, out);
	json_caps(side, out);
	buf_add_str(out, ",\"latest\":[");
	for (size_t i = 0; i < side->n_latest && r == 0; i++) {
		buf_add_str(out, i > 0 ? "," : "");
		r = timeline_json(&side->latest[i], side->key, out);
	}
	buf_add_str(out, "]}");
	return r;
}

static void json_word(const struct consent *word, const char *name, struct buf *out)
{
	const char *text = apart_word_name(word);

	if (text)
		buf_printf(out, ",\"%s\":\"%s\"", name, text);
	else
		buf_printf(out, ",\"%s\":null", name);
}

static void json_words(const struct apart_view *v, struct buf *out)
{
	buf_add_str(out, ",\"consents\":[");
	for (size_t i = 0; i < v->n_words; i++) {
		const struct apart_word *w = &v->words[i];

		buf_add_str(out, i > 0 ? ",{" : "{");
		member(out, "topic", topic_text(w->topic));
		buf_add_char(out, ',');
		member(out, "channel", channel_text(w->channel));
		json_word(w->words[APART_STAYS], "stays", out);
		json_word(w->words[APART_GOES], "goes", out);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

/* null where there is nothing. */
static void some(struct buf *out, const char *name, struct span value)
{
	buf_add_char(out, ',');
	if (value.len > 0)
		member(out, name, value);
	else
		buf_printf(out, "\"%s\":null", name);
}

static void json_jobs(const struct apart_view *v, struct buf *out)
{
	buf_add_str(out, ",\"jobs\":[");
	for (size_t i = 0; i < v->n_jobs; i++) {
		const struct apart_job *job = &v->jobs[i];

		buf_add_str(out, i > 0 ? ",{" : "{");
		member(out, "id", job->job->id);
		some(out, "rule", job->job->rule);
		some(out, "key", job->job->job_key);
		some(out, "channel", job->channel);
		some(out, "state", job->state);
		some(out, "customer", job->job->side);
		some(out, "fate", span_str(job->fate));
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void json_sent(const struct apart_view *v, struct buf *out)
{
	static const char *const names[] = {"stays", "goes", "neither"};

	buf_add_str(out, ",\"sent\":[");
	for (size_t i = 0; i < v->n_sent; i++) {
		buf_add_str(out, i > 0 ? ",{" : "{");
		member(out, "class", v->sent[i].class);
		buf_add_char(out, ',');
		member(out, "channel", v->sent[i].channel);
		for (size_t s = 0; s < ARRAY_SIZE(names); s++)
			buf_printf(out, ",\"%s\":%zu", names[s], v->sent[i].n[s]);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

int apart_print_json(const struct apart_view *v)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	int r;

	buf_add_str(&out, "{\"since\":\"");
	buf_add_instant(&out, (int64_t)v->divided->since.ms);
	buf_printf(&out, "\",\"through\":%zu", v->divided->n_through);
	r = json_side(v, APART_STAYS, "stays", &out);
	if (r == 0)
		r = json_side(v, APART_GOES, "goes", &out);
	json_words(v, &out);
	json_jobs(v, &out);
	json_sent(v, &out);
	buf_add_str(&out, "}\n");
	if (r == 0)
		r = buf_failed(&out);
	if (r == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
	return r;
}
