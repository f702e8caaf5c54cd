/* SPDX-License-Identifier: MIT */
/*
 * `waymark archive cat`: entries as they were, in order of their receipt over all partitions. A
 *line is an object with what the archive's line says and the fields of the entry; JSON in it is as
 *it was accepted, bytes that are no text are base 64:
 *
 *	{"partition":7,"id":"…","at":"…","kind":"event","source":"web","name":"Order Completed",
 *	 "customer":"u1","meta":"web/web/track 1763800000000 -","event":{…}}
 */
#include "archive_keyring.h"
#include "archive_tool.h"
#include "base/base64.h"
#include "base/instant.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "customer_names.h"
#include "store/keys.h"

/* A partition with its next line. */
struct lane {
	struct archive_stream stream;
	struct archive_keyring keys;
	struct archive_line line;
	bool opened, ended;
};

struct cat {
	struct archive_tool *tool;
	struct archive_dir dir;
	struct archive_coder *coder;
	struct redis *redis;
	struct lane *lanes;
	uint32_t n_lanes;
	int64_t from, to;
	struct customer_names names; /* whom it is about; unless it is one key, or everybody */
	struct arena arena;	     /* of the line that is printed */
	struct buf out;
	uint64_t unreadable, faults;
};

/* ---- one line --------------------------------------------------------------------------- */

static const struct {
	const char *name, *word;
	bool json; /* it was checked when it came */
} members[] = {
	{"e", "event", true},
	{"m", "meta", false},
	{"x", "message", true},
	{"w", "source", false},
	{"t", "until", false},
	{"r", "rules", false},
	{"o", "original", false},
	{"b", "record", false},
};

/* JSON on one line: outside strings a line end is a blank. */
static void add_raw(struct buf *out, struct span json)
{
	for (size_t i = 0; i < json.len; i++) {
		char c = json.ptr[i];
		bool end = c == '\n' || c == '\r';

		buf_add_char(out, (char)(end ? ' ' : c));
	}
}

/* A text, or what is none as {"base64":"…"}. */
static void add_bytes(struct buf *out, struct span bytes)
{
	_cleanup_(buf_release) struct buf back = BUF_INIT;
	size_t start = out->len;

	json_escape(bytes, out);
	if (buf_failed(out) < 0)
		return;
	json_unescape(span_of(out->ptr + start + 1, out->len - start - 2), &back);
	if (span_equal(buf_span(&back), bytes))
		return;
	out->len = start;
	buf_add_str(out, "{\"base64\":\"");
	base64_encode(bytes, out);
	buf_add_str(out, "\"}");
}

static void add_field(struct buf *out, const struct archive_field *f)
{
	struct json_fault fault;
	size_t i = 0;

	while (i < ARRAY_SIZE(members) && !span_is(f->name, members[i].name))
		i++;
	buf_add_char(out, ',');
	json_escape(i < ARRAY_SIZE(members) ? span_str(members[i].word) : f->name, out);
	buf_add_char(out, ':');
	if (i < ARRAY_SIZE(members) && members[i].json && json_valid(f->value, &fault))
		add_raw(out, f->value);
	else
		add_bytes(out, f->value);
}

static void add_some(struct buf *out, const char *name, struct span text)
{
	if (text.len == 0)
		return;
	buf_printf(out, ",\"%s\":", name);
	json_escape(text, out);
}

static void print_whole(
	struct cat *c, uint32_t partition, const struct archive_line *l, struct span customer)
{
	struct span kind = archive_kind_name(l->kind);
	char id[LOG_ID_SIZE], at[INSTANT_SIZE];

	log_id_format(l->id, id);
	instant_format((int64_t)l->id.ms, at);
	buf_printf(&c->out, "{\"partition\":%u,\"id\":\"%s\",\"at\":\"%s\",\"kind\":\"%.*s\"",
		partition, id, at, (int)kind.len, kind.ptr);
	add_some(&c->out, "source", l->source);
	add_some(&c->out, "name", l->name);
	if (customer.len > 0 && customer.ptr[0] != '?')
		add_some(&c->out, "customer", customer);
	for (size_t i = 0; i < l->n_fields; i++)
		add_field(&c->out, &l->fields[i]);
	buf_add_str(&c->out, "}\n");
}

/* The events that came in from outside; what is none went into quarantine. */
static void print_bare(struct cat *c, const struct archive_line *l)
{
	struct json_fault fault;

	for (size_t i = 0; i < l->n_fields && l->kind == ARCHIVE_EVENT; i++) {
		struct span value = l->fields[i].value;

		if (!span_is(l->fields[i].name, "e") || !json_valid(value, &fault))
			continue;
		add_raw(&c->out, value);
		buf_add_char(&c->out, '\n');
	}
}

static bool is_wanted(const struct cat *c, struct span customer)
{
	const char *only = c->tool->settings.customer;

	if (c->names.n > 0)
		return customer_names_have(&c->names, customer);
	return !only[0] || span_is(customer, only);
}

/* Puts the fields of L into it where they are sealed. 0, -ENOMEM, or 1: they cannot be had, which
 * is counted. */
static int open_line(struct cat *c, const struct archive_key *key, struct archive_line *l)
{
	struct archive_field *fields;
	int r;

	if (l->sealed.len == 0)
		return 0;
	arena_reset(&c->arena);
	r = archive_open(c->coder, l, &key->key, &c->arena, &fields, &l->n_fields);
	c->faults += r > 0;
	if (r == 0)
		l->fields = fields;
	return r;
}

/* 0 or -errno. */
static int print(struct cat *c, uint32_t partition, const struct lane *lane)
{
	struct archive_line l = lane->line;
	const struct archive_key *key = archive_keyring_find(&lane->keys, l.key);
	struct span customer = key ? key->customer : SPAN_EMPTY;
	bool in_time = (int64_t)l.id.ms >= c->from && (int64_t)l.id.ms < c->to;
	int r;

	if (in_time && l.sealed.len > 0 && !key) {
		c->unreadable++;
		return 0;
	}
	if (!in_time || !is_wanted(c, customer))
		return 0;
	r = open_line(c, key, &l);
	if (r != 0)
		return r < 0 ? r : 0;
	buf_reset(&c->out);
	if (c->tool->settings.bare)
		print_bare(c, &l);
	else
		print_whole(c, partition, &l, customer);
	if (buf_failed(&c->out) < 0)
		return -ENOMEM;
	errno = 0;
	if (c->out.len == 0 || fwrite(c->out.ptr, 1, c->out.len, stdout) == c->out.len)
		return 0;
	return errno ? -errno : -EIO;
}

/* ---- all of them ------------------------------------------------------------------------ */

static int advance(struct cat *c, struct lane *lane)
{
	int r;

	while ((r = archive_stream_next(&lane->stream, &lane->line)) == ARCHIVE_STREAM_FAULT) {
		c->faults++;
		(void)tool_say(&c->tool->tool.program, STATUS_FOUND, "%s.", lane->stream.words);
	}
	lane->ended = r == ARCHIVE_STREAM_END;
	return r < 0 ? r : 0;
}

static int open_lane(struct cat *c, uint32_t partition)
{
	struct lane *lane = &c->lanes[partition];
	const struct archive_file *files;
	size_t n = archive_dir_files(&c->dir, partition, &files);
	char day[INSTANT_SIZE];

	/* Days before the one that is asked for need not be read. */
	instant_format(int64_max(c->from, 0), day);
	while (n > 0 && strncmp(files->name + 3, day, 10) < 0) {
		files++;
		n--;
	}
	lane->opened = true;
	archive_stream_init(&lane->stream, &c->dir, c->coder, files, n);
	if (archive_keyring_load(&lane->keys, &c->tool->tool.program, c->redis, partition) < 0)
		return -EIO;
	return advance(c, lane);
}

static struct lane *first_lane(const struct cat *c)
{
	struct lane *first = NULL;

	for (uint32_t i = 0; i < c->n_lanes; i++)
		if (!c->lanes[i].ended &&
			(!first || log_id_compare(c->lanes[i].line.id, first->line.id) < 0))
			first = &c->lanes[i];
	return first;
}

static int run(struct cat *c)
{
	const struct program *p = &c->tool->tool.program;
	struct lane *lane;
	int r = 0;

	if (strcmp(c->dir.dataset, p->dataset.id) != 0)
		return tool_say(
			p, STATUS_FOUND, "the archive is of another data set than Redis holds.");
	c->lanes = calloc(p->dataset.partitions, sizeof(*c->lanes));
	if (!c->lanes)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	c->n_lanes = p->dataset.partitions;
	for (uint32_t i = 0; r == 0 && i < c->n_lanes; i++)
		r = open_lane(c, i);
	while (r == 0 && (lane = first_lane(c)) && (int64_t)lane->line.id.ms < c->to) {
		r = print(c, (uint32_t)(lane - c->lanes), lane);
		if (r == 0)
			r = advance(c, lane);
	}
	if (r == -EPIPE) /* whoever read has seen enough */
		return STATUS_FOUND;
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "%s.", strerror(-r));
	if (c->unreadable > 0)
		(void)tool_say(p, STATUS_DONE, "%llu %s left out: their customers were erased.",
			COUNT_AS(c->unreadable, "entry is", "entries are"));
	if (c->faults > 0)
		(void)tool_say(p, STATUS_DONE, "`waymark archive check` says what is wrong.");
	return c->faults > 0 ? STATUS_FOUND : STATUS_DONE;
}

static void cat_release(struct cat *c)
{
	for (uint32_t i = 0; i < c->n_lanes; i++) {
		if (!c->lanes[i].opened)
			continue;
		archive_stream_release(&c->lanes[i].stream);
		archive_keyring_release(&c->lanes[i].keys);
	}
	free(c->lanes);
	customer_names_release(&c->names);
	archive_dir_release(&c->dir);
	archive_coder_free(c->coder);
	arena_release(&c->arena);
	buf_release(&c->out);
}

static int read_instant(
	const struct archive_tool *t, const char *text, const char *option, int64_t *ret_at)
{
	if (!text[0] || instant_parse(span_str(text), ret_at) == 0)
		return STATUS_DONE;
	return tool_say(&t->tool.program, STATUS_USAGE,
		"%s is not an instant such as 2026-11-21T18:00:00Z.", option);
}

int archive_cat(struct archive_tool *t)
{
	_cleanup_(cat_release) struct cat c = {.tool = t, .from = INT64_MIN, .to = INT64_MAX};
	int status = read_instant(t, t->settings.from, "--from", &c.from);

	arena_init(&c.arena);
	if (status == STATUS_DONE)
		status = read_instant(t, t->settings.to, "--to", &c.to);
	if (status == STATUS_DONE)
		status = archive_tool_open(t, &c.dir);
	if (status == STATUS_DONE && archive_coder_new(&c.coder) < 0)
		status = tool_say(&t->tool.program, STATUS_FOUND, "out of memory.");
	if (status == STATUS_DONE && tool_connect(&t->tool, &c.redis))
		status = t->tool.program.status;
	if (status == STATUS_DONE && t->settings.customer[0] && !t->settings.exact)
		status = customer_names_ask(
			&c.names, &t->tool, c.redis, span_str(t->settings.customer));
	return status == STATUS_DONE ? run(&c) : status;
}
