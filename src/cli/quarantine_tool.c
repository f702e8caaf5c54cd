/* SPDX-License-Identifier: MIT */
/*
 * `waymark quarantine`: what was accepted and could not be used, with its original bytes. An entry
 * is named by partition and place, `7/1732190000000-0`.
 */
#include "base/instant.h"
#include "cli.h"
#include "codec/json_scan.h"
#include "quarantine.h"

#define PAGE 200

#define ROW(MEMBER) offsetof(struct quarantine_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "limit", "limit", SETTING_INT, ROW(limit), "100", 1, 1000000, "N",
		"list: of each partition at most so many, the oldest"},
	{NULL, "reason", "reason", SETTING_TEXT, ROW(reason), "", 0, 64, "CODE",
		"list, redrive all: of this reason only"},
	{NULL, "source", "source", SETTING_TEXT, ROW(source), "", 0, SOURCE_MAX, "SOURCE",
		"list, redrive all: of this source only"},
	{NULL, "dry_run", "dry-run", SETTING_BOOL, ROW(dry_run), "no", 0, 0, NULL,
		"redrive: only show what would be done"},
	{"collector", "keys", "keys", SETTING_TEXT, ROW(keys), "", 0, DATA_PATH_MAX, "FILE",
		"redrive: the file of sources; else keys.ini in the data directory"},
	TOOL_DATA_ROW(struct quarantine_settings),
};

static const struct program_spec spec = {
	.name = "quarantine",
	.operands = "list | show ID | redrive ID|all",
	.min_operands = 1,
	.max_operands = 2,
	.about =
		"Events that were accepted and could not be used. list: what and why; ends with 1\n"
		"if there are any. show: one of them, with the bytes that were sent. redrive: try\n"
		"again, after a mapping was mended; nothing happens twice.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static struct span field(const struct redis_value *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->n_items; i += 2)
		if (redis_value_is(&fields->items[i], name))
			return fields->items[i + 1].text;
	return SPAN_EMPTY;
}

bool bad_entry_read(const struct redis_value *v, uint32_t partition, struct bad_entry *ret_e)
{
	struct bad_entry e = {.partition = partition};

	if (v->n_items != 2 || log_id_parse(v->items[0].text, &e.at) != 0)
		return false;
	e.place = v->items[0].text;
	e.id = field(&v->items[1], "id");
	e.event = field(&v->items[1], "e");
	e.meta = field(&v->items[1], "m");
	e.code = field(&v->items[1], "c");
	e.words = field(&v->items[1], "w");
	e.hook = field(&v->items[1], "h");
	e.request = field(&v->items[1], "x");
	e.kept = field(&v->items[1], "k");
	*ret_e = e;
	return true;
}

struct span bad_entry_source(const struct bad_entry *e)
{
	struct log_meta meta;

	return log_meta_parse(e->meta, &meta) == 0 ? meta.source : SPAN_LIT("?");
}

void bad_entry_name(const struct bad_entry *e, char out[BAD_ENTRY_NAME_SIZE])
{
	char place[LOG_ID_SIZE];

	log_id_format(e->at, place);
	(void)snprintf(out, BAD_ENTRY_NAME_SIZE, "%u/%s", e->partition, place);
}

/* ---- showing ------------------------------------------------------------------------------- */

static void add_member(struct buf *out, const char *name, struct span text)
{
	buf_printf(out, ",\"%s\":", name);
	json_escape(text, out);
}

static void print_json(const struct bad_entry *e, bool whole)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_printf(&out, "{\"id\":\"%u/%.*s\",\"at\":\"", e->partition, (int)e->place.len,
		e->place.ptr);
	buf_add_instant(&out, (int64_t)e->at.ms);
	buf_add_char(&out, '"');
	add_member(&out, "code", e->code);
	add_member(&out, "message", e->words);
	add_member(&out, "source", bad_entry_source(e));
	add_member(&out, "log_id", e->id);
	if (e->hook.len)
		add_member(&out, "hook", e->hook);
	if (whole) {
		add_member(&out, "meta", e->meta);
		add_member(&out, "event", e->event);
		if (e->request.len)
			add_member(&out, "request", e->request);
	}
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static void print_row(const struct quarantine *q, const struct bad_entry *e)
{
	char id[BAD_ENTRY_NAME_SIZE], at[INSTANT_SIZE];

	bad_entry_name(e, id);
	instant_format((int64_t)e->at.ms, at);
	cell(&q->cells, span_str(id), 24, PLAIN);
	cell(&q->cells, span_str(at), 24, DIM);
	cell(&q->cells, bad_entry_source(e), 16, CYAN);
	cell(&q->cells, e->code, 20, YELLOW);
	cell(&q->cells, e->words, 0, PLAIN);
	cells_end(&q->cells);
}

static void print_whole(const struct quarantine *q, const struct bad_entry *e)
{
	const struct {
		const char *name;
		struct span text;
	} rows[] = {{"reason", e->code}, {"", e->words}, {"source", bad_entry_source(e)},
		{"log entry", e->id}, {"beside it", e->meta}, {"hook", e->hook},
		{"request", e->request}, {"event", e->event}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cell(&q->cells, span_str(rows[i].name), 10, BOLD);
		cell(&q->cells, rows[i].text, 0, PLAIN);
		cells_end(&q->cells);
	}
}

/* ---- list and show ------------------------------------------------------------------------- */

/* One page of PARTITION behind *after, which is moved. The number of entries, or -1. */
static int64_t list_page(
	struct quarantine *q, uint32_t partition, int64_t max, struct log_id *after)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	char from[LOG_ID_SIZE + 1] = "(", count[24];
	const struct redis_value *v;

	arena_init(&arena);
	key_add(&key, partition, "bad");
	log_id_format(*after, from + 1);
	(void)snprintf(count, sizeof(count), "%lld", (long long)int64_min(max, PAGE));
	v = tool_ask(&q->tool, q->redis,
		(const struct span[]){SPAN_LIT("XRANGE"), buf_span(&key), span_str(from),
			SPAN_LIT("+"), SPAN_LIT("COUNT"), span_str(count)},
		6, &arena);
	if (!v)
		return -1;
	for (size_t i = 0; i < v->n_items; i++) {
		struct bad_entry e;

		if (!bad_entry_read(&v->items[i], partition, &e))
			continue;
		*after = e.at;
		if ((q->settings.reason[0] && !span_is(e.code, q->settings.reason)) ||
			(q->settings.source[0] &&
				!span_is(bad_entry_source(&e), q->settings.source)))
			continue;
		q->shown++;
		if (q->tool.program.common.json)
			print_json(&e, false);
		else
			print_row(q, &e);
	}
	return (int64_t)v->n_items;
}

static void print_head(const struct quarantine *q)
{
	cell(&q->cells, SPAN_LIT("ID"), 24, BOLD);
	cell(&q->cells, SPAN_LIT("SINCE"), 24, BOLD);
	cell(&q->cells, SPAN_LIT("SOURCE"), 16, BOLD);
	cell(&q->cells, SPAN_LIT("REASON"), 20, BOLD);
	cells_end(&q->cells);
}

static int list(struct quarantine *q, const char *id)
{
	(void)id;
	if (!q->tool.program.common.json)
		print_head(q);
	for (uint32_t p = 0; p < q->tool.program.dataset.partitions; p++) {
		int64_t left = q->settings.limit, n = PAGE;
		struct log_id after = {0};

		while (left > 0 && n == PAGE) {
			n = list_page(q, p, left, &after);
			if (n < 0)
				return STATUS_FOUND;
			left -= n;
		}
	}
	return q->shown ? STATUS_FOUND : STATUS_DONE;
}

static int no_such(const struct quarantine *q, const char *id)
{
	return tool_say(&q->tool.program, STATUS_FOUND,
		"there is no %s in quarantine; `waymark quarantine list` shows what there is.", id);
}

int bad_entry_find(
	struct quarantine *q, const char *id, struct arena *arena, struct bad_entry *ret_e)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	const char *slash = strchr(id, '/');
	const struct redis_value *v;
	struct log_id place;
	uint64_t partition;

	if (!slash || span_to_u64(span_of(id, (size_t)(slash - id)), PARTITIONS_MAX, &partition) ||
		partition >= q->tool.program.dataset.partitions ||
		log_id_parse(span_str(slash + 1), &place) != 0)
		return no_such(q, id);
	key_add(&key, (uint32_t)partition, "bad");
	v = tool_ask(&q->tool, q->redis,
		(const struct span[]){SPAN_LIT("XRANGE"), buf_span(&key), span_str(slash + 1),
			span_str(slash + 1)},
		4, arena);
	if (!v)
		return STATUS_FOUND;
	if (v->n_items == 0 || !bad_entry_read(&v->items[0], (uint32_t)partition, ret_e))
		return no_such(q, id);
	return 0;
}

static int show(struct quarantine *q, const char *id)
{
	_cleanup_(arena_release) struct arena arena;
	struct bad_entry e = {0};
	int r;

	arena_init(&arena);
	r = bad_entry_find(q, id, &arena, &e);
	if (r != 0)
		return r;
	if (q->tool.program.common.json)
		print_json(&e, true);
	else
		print_whole(q, &e);
	return STATUS_DONE;
}

static const struct {
	const char *name;
	size_t n_operands;
	int (*run)(struct quarantine *q, const char *id);
} actions[] = {{"list", 1, list}, {"show", 2, show}, {"redrive", 2, quarantine_redrive}};

static void quarantine_release(struct quarantine *q)
{
	write_keys_free(q->keys);
	mapping_free(q->mapping);
	arena_release(&q->names);
	tool_release(&q->tool);
}

int quarantine_main(int argc, char **argv)
{
	_cleanup_(quarantine_release) struct quarantine q = {.shown = 0};
	struct program *p = &q.tool.program;

	(void)argc;
	arena_init(&q.names);
	if (tool_init(&q.tool, &spec, &q.settings, argv))
		return p->status;
	cells_init(&q.cells, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(p->operands[0], actions[i].name) != 0 ||
			p->n_operands != actions[i].n_operands)
			continue;
		if (tool_connect(&q.tool, &q.redis))
			return p->status;
		return actions[i].run(&q, p->operands[1]);
	}
	return tool_say(p, STATUS_USAGE, "usage: waymark quarantine %s", spec.operands);
}
