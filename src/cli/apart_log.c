/* SPDX-License-Identifier: MIT */
#include "apart_log.h"

#include "archive_tool.h"
#include "progress.h"
#include "store/archive_log.h"
#include "store/entry_fields.h"
#include "store/keys.h"

#define PAGE "1000"

struct feeding {
	struct apart_log *log;
	struct divide *divide;
	struct archive_coder *coder;
	struct seal_key key; /* the customer's */
	bool has_key;
	struct log_id last; /* that was fed */
	struct arena arena; /* of a line */
	struct progress progress;
};

static int say(const struct feeding *g, const char *words)
{
	return tool_say(&g->log->tool->program, STATUS_FOUND, "%s.", words);
}

static void count(struct feeding *g)
{
	uint64_t n = ++g->log->entries;

	progress_update(&g->progress, n, n, io_mono_now());
}

static int feed(struct feeding *g, const struct log_entry *e)
{
	g->last = e->id;
	return divide_feed(g->divide, e) < 0 ? say(g, "out of memory") : 0;
}

static const struct redis_value *ask(
	struct feeding *g, struct arena *a, const struct span *args, size_t n)
{
	return tool_ask(g->log->tool, g->log->redis, args, n, a);
}

static struct span key_of(struct feeding *g, struct buf *key, const char *name)
{
	buf_reset(key);
	key_add(key, g->log->partition, name);
	return buf_span(key);
}

/* ---- the archive ------------------------------------------------------------------------- */

/* The key that lines of NAME are sealed with, if it is kept. 0 or a status. */
static int read_key(struct feeding *g, struct span name, struct seal_key *ret_key, bool *ret_kept)
{
	_cleanup_(buf_release) struct buf hash = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;
	int r;

	arena_init(&a);
	*ret_kept = false;
	v = ask(g, &a, (const struct span[]){SPAN_LIT("HGET"), key_of(g, &hash, "seal"), name}, 3);
	if (!v)
		return STATUS_FOUND;
	if (v->text.len == 0)
		return 0;
	r = seal_key_read(v->text, ret_key);
	*ret_kept = r == 0;
	return r < 0 ? say(g, "out of memory") : 0;
}

/* A watermark that came along with something about somebody is sealed with a key of its own. */
static int key_of_mark(
	struct feeding *g, const struct archive_line *l, struct seal_key *ret_key, bool *ret_kept)
{
	char nobody[ARCHIVE_NOBODY_SIZE];

	archive_nobody(l->id, nobody);
	return read_key(g, span_str(nobody), ret_key, ret_kept);
}

static int open_line(struct feeding *g, const struct archive_line *l, const struct seal_key *key,
	const struct archive_field **ret_fields, size_t *ret_n)
{
	struct archive_field *opened;
	int r = archive_open(g->coder, l, key, &g->arena, &opened, ret_n);

	*ret_fields = opened;
	if (r > 0)
		return say(g, "an entry of the archive is not what was sealed");
	return r < 0 ? say(g, "out of memory") : 0;
}

static int feed_line(struct feeding *g, const struct archive_line *l)
{
	const struct archive_field *fields = l->fields;
	struct log_entry e = {.id = l->id};
	struct seal_key mark;
	bool own = g->has_key && span_equal(l->key, span_of(g->key.id, SEAL_ID_TEXT));
	bool kept = false;
	size_t n = l->n_fields;
	int r = 0;

	if (l->sealed.len > 0 && !own) {
		if (l->kind != ARCHIVE_WATERMARK)
			return 0;
		r = key_of_mark(g, l, &mark, &kept);
		if (r || !kept)
			return r;
	}
	if (l->sealed.len > 0)
		r = open_line(g, l, own ? &g->key : &mark, &fields, &n);
	if (kept)
		seal_key_clear(&mark);
	if (r)
		return r;
	entry_fields_put(fields, n, &e);
	r = feed(g, &e);
	arena_reset(&g->arena);
	return r;
}

/* All lines up to UNTIL; the archive must go on from the log's beginning, without a gap. */
static int feed_files(struct feeding *g, struct archive_stream *s)
{
	struct archive_line l;
	int r, status = 0;

	s->placed = true; /* at 0-0 */
	while (status == 0 && (r = archive_stream_next(s, &l)) == 0) {
		if (log_id_compare(l.id, g->log->until) > 0)
			return 0;
		count(g);
		status = feed_line(g, &l);
	}
	if (status)
		return status;
	if (r == ARCHIVE_STREAM_FAULT)
		return say(g, s->words);
	if (r < 0)
		return say(g, strerror(-r));
	/* The log has all behind this. */
	if (log_id_compare(s->through, g->last) > 0)
		g->last = s->through;
	return 0;
}

static bool reaches(const struct feeding *g)
{
	struct log_id next = {g->last.ms, g->last.seq + 1};

	return log_id_compare(next, g->log->trimmed) >= 0;
}

static int feed_archive(struct feeding *g)
{
	struct apart_log *log = g->log;
	_cleanup_(archive_dir_release) struct archive_dir dir = {.n = 0};
	const struct archive_file *files;
	struct archive_stream s;
	size_t n;
	int r;

	arena_init(&dir.arena);
	r = archive_open_own(log->tool, log->archive, &dir);
	if (r == 0)
		r = read_key(g, log->customer, &g->key, &g->has_key);
	if (r)
		return r;
	if (archive_coder_new(&g->coder) < 0)
		return say(g, "out of memory");
	n = archive_dir_files(&dir, log->partition, &files);
	archive_stream_init(&s, &dir, g->coder, files, n);
	r = feed_files(g, &s);
	archive_stream_release(&s);
	log->archived = true;
	return r || reaches(g) ? r : say(g, "the archive does not reach to where the log begins");
}

/* ---- the log ----------------------------------------------------------------------------- */

/* Did anything leave it? 0 or a status. */
static int read_trimmed(struct feeding *g)
{
	_cleanup_(buf_release) struct buf arch = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;

	arena_init(&a);
	v = ask(g, &a,
		(const struct span[]){
			SPAN_LIT("HGET"), key_of(g, &arch, "arch"), SPAN_LIT("trimmed")},
		3);
	if (!v)
		return STATUS_FOUND;
	g->log->trimmed = (struct log_id){0, 0};
	return v->text.len == 0 || log_id_parse(v->text, &g->log->trimmed) == 0
		       ? 0
		       : say(g, "how far the log was trimmed cannot be read");
}

static int feed_entry(struct feeding *g, const struct redis_value *v)
{
	struct log_entry e = {.id = {0, 0}};
	struct archive_field *fields;
	size_t n;

	if (v->n_items != 2 || log_id_parse(v->items[0].text, &e.id) != 0)
		return say(g, "the log cannot be read");
	arena_reset(&g->arena);
	if (entry_fields_take(&v->items[1], &g->arena, &fields, &n) < 0)
		return say(g, "out of memory");
	entry_fields_put(fields, n, &e);
	if (g->log->first.ms == 0)
		g->log->first = e.id;
	count(g);
	return feed(g, &e);
}

/* What is behind the last that was fed. 0 or a status. */
static int feed_page(struct feeding *g, bool *ret_more)
{
	_cleanup_(buf_release) struct buf in = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	char from[LOG_ID_SIZE + 1] = "(", until[LOG_ID_SIZE];
	const struct redis_value *v;
	int r = 0;

	arena_init(&a);
	log_id_format(g->last, from + 1);
	log_id_format(g->log->until, until);
	v = ask(g, &a,
		(const struct span[]){SPAN_LIT("XRANGE"), key_of(g, &in, "in"), span_str(from),
			span_str(until), SPAN_LIT("COUNT"), SPAN_LIT(PAGE)},
		6);
	if (!v)
		return STATUS_FOUND;
	for (size_t i = 0; i < v->n_items && r == 0; i++)
		r = feed_entry(g, &v->items[i]);
	*ret_more = v->n_items > 0;
	return r;
}

static int feed_all(struct feeding *g)
{
	bool more = true;
	int r = read_trimmed(g);

	if (r == 0 && g->log->trimmed.ms > 0 && g->log->archive[0])
		r = feed_archive(g);
	while (r == 0 && more && !g->log->tool->program.stopping)
		r = feed_page(g, &more);
	return r == 0 && g->log->tool->program.stopping ? STATUS_FOUND : r;
}

int apart_log_feed(struct apart_log *l, struct divide *d)
{
	struct feeding g = {.log = l, .divide = d};
	int r;

	l->first = (struct log_id){0, 0};
	l->archived = false;
	l->entries = 0;
	arena_init(&g.arena);
	progress_init(&g.progress, !l->tool->program.common.json, 0, "entries", io_mono_now());
	r = feed_all(&g);
	progress_end(&g.progress);
	if (g.has_key)
		seal_key_clear(&g.key);
	archive_coder_free(g.coder);
	arena_release(&g.arena);
	return r;
}
