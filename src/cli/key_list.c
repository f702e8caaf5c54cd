/* SPDX-License-Identifier: MIT */
/* What sources there are, without what would let somebody else be one of them. */
#include "base/instant.h"
#include "cells.h"
#include "codec/json_scan.h"
#include "key_tool.h"

/* ---- as JSON ------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, struct span text)
{
	buf_printf(out, ",\"%s\":", name);
	json_escape(text, out);
}

/* Left out where the source has none. */
static void add_some(struct buf *out, const char *name, struct span text)
{
	if (text.len > 0)
		add_text(out, name, text);
}

static void add_rights(struct buf *out, unsigned rights)
{
	const char *between = "";

	buf_add_str(out, ",\"rights\":[");
	for (unsigned right = 1; right <= rights; right <<= 1) {
		if (!(rights & right))
			continue;
		buf_printf(out, "%s\"", between);
		write_key_add_rights(out, right);
		buf_add_char(out, '"');
		between = ",";
	}
	buf_add_char(out, ']');
}

static void add_pages(struct buf *out, const struct write_key *key)
{
	if (key->n_origins == 0)
		return;
	buf_add_str(out, ",\"origins\":[");
	for (size_t i = 0; i < key->n_origins; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_escape(key->origins[i], out);
	}
	buf_printf(out, "],\"credentials\":%s", key->credentials ? "true" : "false");
}

/* `old`: is there a key or secret of before that still counts, and until when. */
static void add_rotation(struct buf *out, const struct write_key *key, int64_t now)
{
	char until[INSTANT_SIZE];

	buf_printf(out, ",\"old\":%s", write_key_old_counts(key, now) ? "true" : "false");
	if (key->old_until == TIME_NEVER)
		return;
	instant_format(key->old_until, until);
	add_text(out, "old_until", span_str(until));
}

void key_print_json(const struct key_tool *k, const struct write_key *key, struct span secret)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_add_str(&out, "{\"name\":");
	json_escape(span_str(key->name), &out);
	add_text(&out, "kind", write_key_kind_name(key->kind));
	add_text(&out, "channel", channel_name(key->channel));
	buf_printf(&out, ",\"enabled\":%s", key->enabled ? "true" : "false");
	add_rights(&out, key->rights);
	add_text(&out, "class", write_key_class_name(key->class));
	buf_printf(
		&out, ",\"rate\":%lld,\"burst\":%lld", (long long)key->rate, (long long)key->burst);
	add_pages(&out, key);
	add_some(&out, "api_host", key->api_host);
	add_some(&out, "preset", key->preset);
	add_some(&out, "mapping", key->mapping);
	add_some(&out, "secret_file", key->secret_file);
	add_some(&out, "url", key->url);
	if (key->preset.len > 0 || key->mapping.len > 0)
		buf_printf(&out, ",\"path\":\"/hooks/%s\"", key->name);
	add_rotation(&out, key, k->now);
	add_some(&out, "key", secret);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

/* ---- as a table ---------------------------------------------------------------------------- */

enum { RIGHTS_WIDTH = 24, RATE_WIDTH = 9, STATE_WIDTH = 9 };

static unsigned name_width(const struct write_keys *keys)
{
	size_t width = sizeof("SOURCE") - 1;

	for (size_t i = 0; i < keys->n; i++)
		if (strlen(keys->list[i].name) > width)
			width = strlen(keys->list[i].name);
	return (unsigned)width;
}

static void head(const struct cells *c, unsigned width)
{
	cell(c, SPAN_LIT("SOURCE"), width, BOLD);
	cell(c, SPAN_LIT("KIND"), 8, BOLD);
	cell(c, SPAN_LIT("CHANNEL"), 12, BOLD);
	cell(c, SPAN_LIT("RIGHTS"), RIGHTS_WIDTH, BOLD);
	cell(c, SPAN_LIT("RATE"), RATE_WIDTH, BOLD);
	cell(c, SPAN_LIT("MAY SEND"), STATE_WIDTH, BOLD);
	cell(c, SPAN_LIT("NOTES"), 0, BOLD);
	cells_end(c);
}

/* What only some sources have. */
static void add_notes(struct buf *out, const struct write_key *key, int64_t now)
{
	struct span file = key->preset.len > 0 ? key->preset : key->mapping;
	const char *what = key->has_old_key ? "key" : "secret";

	if (file.len > 0) {
		buf_add_span(out, file);
		buf_printf(out, " at /hooks/%s", key->name);
	}
	if (!key->has_old_key && key->old_secret_file.len == 0)
		return;
	buf_printf(out, "%sold %s ", out->len > 0 ? "; " : "", what);
	if (key->old_until == TIME_NEVER) {
		buf_add_str(out, "counts for ever");
		return;
	}
	buf_add_str(out, write_key_old_counts(key, now) ? "counts until " : "ended ");
	buf_add_instant(out, key->old_until);
}

static void row(const struct cells *c, const struct write_key *key, unsigned width, int64_t now)
{
	_cleanup_(buf_release) struct buf rights = BUF_INIT, rate = BUF_INIT, notes = BUF_INIT;

	write_key_add_rights(&rights, key->rights);
	if (key->rate > 0)
		buf_printf(&rate, "%lld/s", (long long)key->rate);
	else
		buf_add_str(&rate, "-");
	add_notes(&notes, key, now);
	cell(c, span_str(key->name), width, CYAN);
	cell(c, write_key_kind_name(key->kind), 8, PLAIN);
	cell(c, channel_name(key->channel), 12, PLAIN);
	cell(c, buf_span(&rights), RIGHTS_WIDTH, PLAIN);
	cell(c, buf_span(&rate), RATE_WIDTH, PLAIN);
	cell(c, key->enabled ? SPAN_LIT("yes") : SPAN_LIT("no"), STATE_WIDTH,
		key->enabled ? GREEN : YELLOW);
	cell(c, buf_span(&notes), 0, DIM);
	cells_end(c);
}

int key_tool_list(struct key_tool *k, const char *name)
{
	unsigned width = name_width(k->keys);
	struct cells c;

	(void)name;
	cells_init(&c, stdout);
	if (!k->tool.program.common.json)
		head(&c, width);
	for (size_t i = 0; i < k->keys->n; i++) {
		if (k->tool.program.common.json)
			key_print_json(k, &k->keys->list[i], SPAN_EMPTY);
		else
			row(&c, &k->keys->list[i], width, k->now);
	}
	return STATUS_DONE;
}
