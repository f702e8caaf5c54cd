/* SPDX-License-Identifier: MIT */
#include "apart_log.h"

#include "archive_tool.h"
#include "core/news.h"
#include "progress.h"
#include "store/archive_log.h"
#include "store/entry_fields.h"
#include "store/keys.h"
#include "store/seen.h"

#define PAGE   "1000"
#define PAGE_N 1000

/* A seal that lines may have which are wanted. */
struct news_key {
	struct seal_key key;
	struct news_key *next;
};

struct feeding {
	struct apart_log *log;
	struct divide *divide;
	struct archive_coder *coder;
	uint32_t partition;
	bool news; /* of the key's partition, from SINCE on */
	int64_t since;
	const struct divided *divided; /* it was fed, and what comes now may be missed */
	bool missed;
	struct log_id until;
	struct log_id first, trimmed; /* as of struct apart_log */
	struct seal_key key;	      /* the customer's */
	bool has_key;
	struct map aside;   /* ids of entries that were put aside, of another's message id */
	struct arena seals; /* of products' news, and those ids */
	struct map news_keys;
	struct news_key *list;
	size_t n_things;    /* whose key was asked for */
	struct log_id last; /* that was fed */
	struct arena arena; /* of a line */
	struct progress *progress;
};

static int say(const struct feeding *g, const char *words)
{
	return tool_say(&g->log->tool->program, STATUS_FOUND, "%s.", words);
}

static void count(struct feeding *g)
{
	uint64_t n = ++g->log->entries;

	progress_update(g->progress, n, n, io_mono_now());
}

static bool is_aside(const struct feeding *g, struct log_id id)
{
	char text[LOG_ID_SIZE];

	if (g->aside.len == 0)
		return false;
	log_id_format(id, text);
	return map_get(&g->aside, span_str(text)) != NULL;
}

static int feed(struct feeding *g, const struct log_entry *e)
{
	bool missed;
	int r;

	g->last = e->id;
	if (is_aside(g, e->id))
		return 0;
	if (g->divided) {
		r = divide_missed(g->divide, g->divided, e, &missed);
		g->missed = g->missed || (r == 0 && missed);
		return r < 0 ? say(g, "out of memory") : 0;
	}
	r = g->news ? divide_feed_news(g->divide, e) : divide_feed(g->divide, e);
	return r < 0 ? say(g, "out of memory") : 0;
}

static const struct redis_value *ask(
	struct feeding *g, struct arena *a, const struct span *args, size_t n)
{
	return tool_ask(g->log->tool, g->log->redis, args, n, a);
}

static struct span key_of(struct feeding *g, struct buf *key, const char *name)
{
	buf_reset(key);
	key_add(key, g->partition, name);
	return buf_span(key);
}

/* ---- what was put aside ------------------------------------------------------------------ */

static int put_aside(struct feeding *g, const struct redis_value *v, struct arena *a)
{
	struct archive_field *fields;
	struct span id;
	size_t n;

	if (v->n_items != 2 || entry_fields_take(&v->items[1], a, &fields, &n) < 0)
		return say(g, "the quarantine cannot be read");
	if (!span_is(entry_field(fields, n, "c"), "message_id_conflict"))
		return 0;
	id = arena_copy(&g->seals, entry_field(fields, n, "id"));
	if (!id.ptr || map_put(&g->aside, id, g) < 0)
		return say(g, "out of memory");
	return 0;
}

static int go_on_behind(struct feeding *g, struct span id, char from[LOG_ID_SIZE + 1])
{
	if (id.len >= LOG_ID_SIZE)
		return say(g, "the quarantine cannot be read");
	from[0] = '(';
	memcpy(from + 1, id.ptr, id.len);
	from[id.len + 1] = '\0';
	return 0;
}

/* An entry whose message id another customer had before was not applied. Of that one the log knows,
 * but a line of the archive is opened only if it is the customer's. 0 or a status. */
static int read_aside(struct feeding *g)
{
	_cleanup_(buf_release) struct buf bad = BUF_INIT;
	char from[LOG_ID_SIZE + 1] = "-";
	size_t n = 1;
	int r = 0;

	while (n > 0 && r == 0) {
		_cleanup_(arena_release) struct arena a;
		const struct redis_value *v;

		arena_init(&a);
		v = ask(g, &a,
			(const struct span[]){SPAN_LIT("XRANGE"), key_of(g, &bad, "bad"),
				span_str(from), SPAN_LIT("+"), SPAN_LIT("COUNT"), SPAN_LIT(PAGE)},
			6);
		if (!v)
			return STATUS_FOUND;
		n = v->n_items;
		for (size_t i = 0; i < n && r == 0; i++)
			r = put_aside(g, &v->items[i], &a);
		if (n > 0 && r == 0)
			r = go_on_behind(g, v->items[n - 1].items[0].text, from);
	}
	return r;
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

static int keep_seal(struct feeding *g, const struct seal_key *key)
{
	struct news_key *kept = arena_alloc(&g->seals, sizeof(*kept));

	if (!kept)
		return say(g, "out of memory");
	*kept = (struct news_key){*key, g->list};
	g->list = kept;
	return map_put(&g->news_keys, span_of(kept->key.id, SEAL_ID_TEXT), kept) < 0
		       ? say(g, "out of memory")
		       : 0;
}

static int read_seal(struct feeding *g, struct span name)
{
	struct seal_key key;
	bool kept;
	int r = read_key(g, name, &key, &kept);

	if (r || !kept)
		return r;
	r = keep_seal(g, &key);
	seal_key_clear(&key);
	return r;
}

/* News are sealed with the key of what they are about. Of what those may follow who are fed so far:
 * more comes to light with each entry. 0 or a status. */
static int read_seals(struct feeding *g)
{
	const struct span *things;
	size_t n = divide_things(g->divide, &things);
	int r = 0;

	if (g->n_things == 0 && !g->list)
		r = read_seal(g, NEWS_SITE);
	for (; g->n_things < n && r == 0; g->n_things++)
		r = read_seal(g, things[g->n_things]);
	return r;
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

/* The key of the line L, if it is wanted: *ret_found. MARK has room for one. 0 or a status. */
static int find_key(struct feeding *g, const struct archive_line *l, struct seal_key *mark,
	const struct seal_key **ret_found)
{
	const struct news_key *news;
	bool kept = false;
	int r;

	*ret_found = NULL;
	if (g->has_key && span_equal(l->key, span_of(g->key.id, SEAL_ID_TEXT))) {
		*ret_found = &g->key;
		return 0;
	}
	if (l->kind == ARCHIVE_MESSAGE) {
		news = map_get(&g->news_keys, l->key);
		*ret_found = news ? &news->key : NULL;
		return 0;
	}
	if (l->kind != ARCHIVE_WATERMARK || g->news)
		return 0;
	r = key_of_mark(g, l, mark, &kept);
	*ret_found = kept ? mark : NULL;
	return r;
}

static int feed_line(struct feeding *g, const struct archive_line *l)
{
	const struct archive_field *fields = l->fields;
	const struct seal_key *key = NULL;
	struct log_entry e = {.id = l->id};
	struct seal_key mark;
	size_t n = l->n_fields;
	int r = l->sealed.len > 0 ? find_key(g, l, &mark, &key) : 0;

	if (r || (l->sealed.len > 0 && !key))
		return r;
	if (key)
		r = open_line(g, l, key, &fields, &n);
	if (key == &mark)
		seal_key_clear(&mark);
	if (r)
		return r;
	entry_fields_put(fields, n, &e);
	r = feed(g, &e);
	arena_reset(&g->arena);
	return r ? r : read_seals(g);
}

static bool is_early(const struct feeding *g, const struct archive_line *l)
{
	return g->news && (int64_t)l->id.ms < g->since;
}

/* All lines up to UNTIL; the archive must go on from the log's beginning, without a gap. */
static int feed_files(struct feeding *g, struct archive_stream *s)
{
	struct archive_line l;
	int r, status = 0;

	s->placed = true; /* at 0-0 */
	while (status == 0 && (r = archive_stream_next(s, &l)) == 0) {
		if (log_id_compare(l.id, g->until) > 0)
			return 0;
		count(g);
		status = is_early(g, &l) ? 0 : feed_line(g, &l);
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

	return log_id_compare(next, g->trimmed) >= 0;
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
	if (r == 0 && !g->news)
		r = read_key(g, log->customer, &g->key, &g->has_key);
	if (r == 0)
		r = read_seals(g);
	if (r)
		return r;
	if (archive_coder_new(&g->coder) < 0)
		return say(g, "out of memory");
	n = archive_dir_files(&dir, g->partition, &files);
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
	return v->text.len == 0 || log_id_parse(v->text, &g->trimmed) == 0
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
	if (g->first.ms == 0)
		g->first = e.id;
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
	log_id_format(g->until, until);
	v = ask(g, &a,
		(const struct span[]){SPAN_LIT("XRANGE"), key_of(g, &in, "in"), span_str(from),
			span_str(until), SPAN_LIT("COUNT"), SPAN_LIT(PAGE)},
		6);
	if (!v)
		return STATUS_FOUND;
	for (size_t i = 0; i < v->n_items && r == 0; i++)
		r = feed_entry(g, &v->items[i]);
	*ret_more = g->divided ? v->n_items == PAGE_N : v->n_items > 0;
	return r;
}

/* Does a log that was trimmed up to there, or the archive, reach back to when they became one? */
static bool goes_back(const struct feeding *g, struct log_id trimmed)
{
	return g->log->archive[0] || (int64_t)trimmed.ms <= g->since + (SEEN_HOURS + 1) * MS_HOUR;
}

static int feed_all(struct feeding *g)
{
	bool more = true;
	int r = read_trimmed(g);

	/* What is said of the customer's own log then says enough. */
	if (r == 0 && g->news && !goes_back(g, g->log->trimmed))
		return 0;
	if (r == 0 && g->news && !goes_back(g, g->trimmed))
		return say(g, "news of products since they became one have left the log; say where "
			      "the archive is: --archive DIR");
	if (r == 0 && g->trimmed.ms > 0 && g->log->archive[0])
		r = read_aside(g);
	if (r == 0 && g->trimmed.ms > 0 && g->log->archive[0])
		r = feed_archive(g);
	else if (g->news)
		g->last = (struct log_id){(uint64_t)g->since, 0};
	while (r == 0 && more && !g->log->tool->program.stopping)
		r = feed_page(g, &more);
	return r == 0 && g->log->tool->program.stopping ? STATUS_FOUND : r;
}

static void feeding_init(struct feeding *g)
{
	static const uint64_t seed[2] = {0, 0};

	arena_init(&g->arena);
	arena_init(&g->seals);
	map_init(&g->aside, seed);
	map_init(&g->news_keys, seed);
}

static void feeding_release(struct feeding *g)
{
	if (g->has_key)
		seal_key_clear(&g->key);
	for (struct news_key *k = g->list; k; k = k->next)
		seal_key_clear(&k->key);
	archive_coder_free(g->coder);
	map_release(&g->news_keys);
	map_release(&g->aside);
	arena_release(&g->seals);
	arena_release(&g->arena);
}

/* The log of the key's own partition has the news that it would have heard. */
static int feed_news(struct apart_log *l, struct divide *d, struct progress *progress)
{
	_cleanup_(feeding_release) struct feeding g = {.log = l,
		.divide = d,
		.partition = l->key_partition,
		.news = true,
		.until = {UINT64_MAX, UINT64_MAX},
		.progress = progress};

	feeding_init(&g);
	return divide_wants_news(d, &g.since) ? feed_all(&g) : 0;
}

int apart_log_feed(struct apart_log *l, struct divide *d)
{
	struct progress progress;
	_cleanup_(feeding_release) struct feeding g = {.log = l,
		.divide = d,
		.partition = l->partition,
		.until = l->until,
		.progress = &progress};
	int r;

	feeding_init(&g);
	l->archived = false;
	l->entries = 0;
	progress_init(&progress, !l->tool->program.common.json, 0, "entries", io_mono_now());
	r = feed_all(&g);
	l->first = g.first;
	l->trimmed = g.trimmed;
	if (r == 0)
		r = feed_news(l, d, &progress);
	progress_end(&progress);
	return r;
}

int apart_log_missed(struct apart_log *l, struct divide *d, const struct divided *divided,
	struct log_id *at, bool *ret_missed)
{
	struct progress progress;
	_cleanup_(feeding_release) struct feeding g = {.log = l,
		.divide = d,
		.partition = l->partition,
		.divided = divided,
		.until = {UINT64_MAX, UINT64_MAX},
		.last = *at,
		.progress = &progress};
	bool more = true;
	int r = 0;

	feeding_init(&g);
	progress_init(&progress, false, 0, "entries", io_mono_now());
	while (r == 0 && more && !g.missed)
		r = feed_page(&g, &more);
	progress_end(&progress);
	*at = g.last;
	*ret_missed = g.missed;
	return r;
}
