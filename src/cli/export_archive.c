/* SPDX-License-Identifier: MIT */
/*
 * What has left the log and only the archive still holds. A line is sealed with the key of one
 * name, which is kept in the partition that the name lies in (store/archive_log.h): so the keys of
 * their names are asked for, and of those partitions' files only lines with such a key are opened,
 * one at a time. What was archived before an erasure has no key any more: nobody can say that it
 * was theirs.
 *
 * The log is read before: what leaves it meanwhile may stand in both parts, but is in one.
 */
#include "codec/message_json.h"
#include "export_impl.h"

struct shelf {
	struct export *x;
	struct archive_coder *coder;
	struct archive_stream stream;
	struct arena arena; /* of the keys */
	struct map keys;    /* their keys that are kept in this partition, by id */
	struct arena line;
	uint32_t partition;
	struct log_id begin;   /* of the log: from there on the archive is not asked */
	struct log_id trimmed; /* 0-0: nothing has left it */
};

/* ---- which lines ------------------------------------------------------------------------- */

static int take_key(struct shelf *s, struct span text)
{
	struct seal_key *key = arena_alloc(&s->arena, sizeof(*key));
	int r = key ? seal_key_read(text, key) : -ENOMEM;

	if (r != 0)
		return r < 0 ? r : 0; /* none: its lines are unreadable */
	return map_put(&s->keys, span_of(key->id, SEAL_ID_TEXT), key);
}

static int take_keys(struct shelf *s)
{
	_cleanup_(buf_release) struct buf hash = BUF_INIT;
	const struct export *x = s->x;
	int r = 0;

	key_add(&hash, s->partition, "seal");
	for (size_t i = 0; i < x->n_list && r == 0; i++) {
		_cleanup_(arena_release) struct arena a;
		const struct redis_value *key;

		arena_init(&a);
		if (partition_of(x->list[i], x->tool->program.dataset.partitions) != s->partition)
			continue;
		key = export_ask(s->x,
			(const struct span[]){SPAN_LIT("HGET"), buf_span(&hash), x->list[i]}, 3,
			&a);
		r = key ? 0 : -EIO;
		if (r == 0 && key->type == REDIS_STRING)
			r = take_key(s, key->text);
	}
	return r;
}

/* Where the log begins by now. */
static int take_begin(struct shelf *s)
{
	_cleanup_(buf_release) struct buf arch = BUF_INIT, in = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;

	arena_init(&a);
	key_add(&arch, s->partition, "arch");
	key_add(&in, s->partition, "in");
	v = export_ask(s->x,
		(const struct span[]){SPAN_LIT("HGET"), buf_span(&arch), SPAN_LIT("trimmed")}, 3,
		&a);
	if (!v || (v->type == REDIS_STRING && log_id_parse(v->text, &s->trimmed) != 0))
		return v ? -EBADMSG : -EIO;
	v = export_ask(s->x,
		(const struct span[]){SPAN_LIT("XRANGE"), buf_span(&in), SPAN_LIT("-"),
			SPAN_LIT("+"), SPAN_LIT("COUNT"), SPAN_LIT("1")},
		6, &a);
	if (!v)
		return -EIO;
	s->begin = (struct log_id){UINT64_MAX, UINT64_MAX};
	if (v->n_items == 0)
		return 0;
	return v->items[0].n_items == 2 && log_id_parse(v->items[0].items[0].text, &s->begin) == 0
		       ? 0
		       : -EBADMSG;
}

/* ---- one line ---------------------------------------------------------------------------- */

static struct span field(const struct archive_line *l, const char *name)
{
	for (size_t i = 0; i < l->n_fields; i++)
		if (span_is(l->fields[i].name, name))
			return l->fields[i].value;
	return SPAN_EMPTY;
}

/* The customer that a merge brings. */
static int put_record(struct shelf *s, const struct archive_line *l)
{
	_cleanup_free_ struct message *m = malloc(sizeof(*m));
	int r = m ? message_parse(field(l, "x"), &s->line, m) : -ENOMEM;

	if (r != 0 || m->kind != MESSAGE_MERGE || field(l, "b").len == 0)
		return r < 0 ? r : 0;
	buf_add_char(&s->x->text, ',');
	return export_state(s->x, "state", field(l, "b"));
}

static int put_line(struct shelf *s, const struct archive_line *l)
{
	static const char *const members[][2] = {
		{"x", "message"}, {"e", "event"}, {"m", "meta"}, {"o", "original"}};
	struct buf *out = &s->x->text;
	char id[LOG_ID_SIZE];
	int r = 0;

	log_id_format(l->id, id);
	export_comma(s->x);
	buf_printf(out, "{\"partition\":%u,\"id\":\"%s\"", (unsigned)s->partition, id);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		struct span value = field(l, members[i][0]);

		if (value.len == 0)
			continue;
		buf_add_char(out, ',');
		export_bytes(s->x, members[i][1], value);
	}
	if (field(l, "x").len > 0)
		r = put_record(s, l);
	buf_add_char(out, '}');
	return r ? r : export_flush(s->x);
}

static int fault(struct shelf *s, const char *words)
{
	s->x->archive_faults++;
	return tool_say(&s->x->tool->program, 0, "%s.", words);
}

static int take_line(struct shelf *s, struct archive_line *l)
{
	const struct seal_key *key = l->sealed.len > 0 ? map_get(&s->keys, l->key) : NULL;
	struct archive_field *fields;
	int r;

	if (!key)
		return 0;
	arena_reset(&s->line);
	r = archive_open(s->coder, l, key, &s->line, &fields, &l->n_fields);
	if (r > 0)
		return fault(s, "an entry of the archive is not what was sealed");
	l->fields = fields;
	return r ? r : put_line(s, l);
}

/* ---- a partition ------------------------------------------------------------------------- */

/* The files end before what has left the log does. */
static bool ends_early(const struct shelf *s)
{
	struct log_id next = {s->stream.through.ms, s->stream.through.seq + 1};

	return log_id_compare(next, s->trimmed) < 0;
}

/* All files up to where the log begins. */
static int read_files(struct shelf *s)
{
	struct archive_line l;
	bool first = true;
	int r = 0;

	for (; r == 0 && !s->x->tool->program.stopping; first = false) {
		r = archive_stream_next(&s->stream, &l);
		if (r == ARCHIVE_STREAM_FAULT) {
			r = fault(s, s->stream.words);
			continue;
		}
		if (r == ARCHIVE_STREAM_END)
			return ends_early(s) ? fault(s, "the archive ends before the log begins")
					     : 0;
		if (r == 0 && first && s->stream.through.ms > 0)
			r = fault(s, "earlier files of the archive are elsewhere");
		if (r == 0 && log_id_compare(l.id, s->begin) >= 0)
			return 0;
		r = r ? r : take_line(s, &l);
	}
	return r;
}

static int put_partition(struct export *x, struct archive_coder *coder, uint32_t partition)
{
	static const uint64_t seed[2] = {0, 0};
	struct shelf s = {.x = x, .coder = coder, .partition = partition};
	const struct archive_file *files;
	struct seal_key *key;
	size_t n, cursor = 0;
	int r;

	arena_init(&s.arena);
	arena_init(&s.line);
	map_init(&s.keys, seed);
	r = take_begin(&s);
	x->trimmed = x->trimmed || s.trimmed.ms > 0;
	if (r == 0 && x->archive && s.trimmed.ms > 0)
		r = take_keys(&s);
	if (r == 0 && s.keys.len > 0) {
		n = archive_dir_files(x->archive, partition, &files);
		archive_stream_init(&s.stream, x->archive, coder, files, n);
		r = read_files(&s);
		archive_stream_release(&s.stream);
	}
	while ((key = map_next(&s.keys, &cursor)))
		seal_key_clear(key);
	map_release(&s.keys);
	arena_release(&s.line);
	arena_release(&s.arena);
	return r;
}

int export_archived(struct export *x)
{
	_cleanup_(archive_coder_freep) struct archive_coder *coder = NULL;
	int r = archive_coder_new(&coder);

	export_open(x, "archived");
	for (uint32_t p = 0; p < x->tool->program.dataset.partitions && r == 0; p++)
		if (x->partitions[p])
			r = put_partition(x, coder, p);
	if (r != 0)
		return r;
	buf_printf(&x->text, "\n],\n\"archive\":{\"trimmed\":%s,\"read\":%s,\"faults\":%llu},\n",
		x->trimmed ? "true" : "false", x->archive ? "true" : "false",
		(unsigned long long)x->archive_faults);
	if (x->trimmed && !x->archive)
		(void)tool_say(&x->tool->program, 0,
			"part of the log is only in the archive by now; what was archived of them "
			"is not in this document: --archive DIR.");
	return export_flush(x);
}
