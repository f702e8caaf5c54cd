/* SPDX-License-Identifier: MIT */
#include "archive_rewrite.h"

#include "archive_draft.h"

#define FLUSH_BYTES ((size_t)1 << 20)

static int knows(void *user, struct span key, bool *ret_known)
{
	const struct archive_rewrite *w = user;
	struct archive_orders *orders = w->orders;
	struct span by;
	int r = gone_knows(&orders->gone, key, ret_known, &by);

	for (size_t i = 0; r == 0 && *ret_known && i < orders->n; i++)
		if (span_is(by, orders->items[i].receipt))
			orders->items[i].hit = true;
	return r;
}

int archive_rewrite_init(struct archive_rewrite *w)
{
	arena_init(&w->arena);
	return entry_match_init(&w->match, w->program->identity, knows, w);
}

void archive_rewrite_release(struct archive_rewrite *w)
{
	entry_match_release(&w->match);
	arena_release(&w->arena);
}

static int fail(struct archive_rewrite *w, const char *name, const char *words)
{
	(void)snprintf(w->words, sizeof(w->words), "%.160s: %.340s", name, words);
	return REWRITE_FAULT;
}

/* ---- a line ------------------------------------------------------------------------------ */

enum verdict { VERDICT_KEEP, VERDICT_SCRUB, VERDICT_SEAL };

/* What it is to be. */
struct judged {
	enum verdict verdict;
	const struct archive_key *key;
	struct archive_field *fields;
	size_t n;
};

/* Those who were named count it. */
static void count(struct archive_orders *orders, enum verdict verdict)
{
	for (size_t i = 0; i < orders->n; i++) {
		struct archive_order *o = &orders->items[i];

		o->count.scrubbed += o->hit && verdict == VERDICT_SCRUB;
		o->count.sealed += o->hit && verdict == VERDICT_SEAL;
		o->hit = false;
	}
}

/* Some order is about what came so early. */
static bool is_wanted(const struct archive_orders *orders, struct log_id id)
{
	for (size_t i = 0; i < orders->n; i++)
		if (log_id_compare(id, orders->items[i].until) <= 0)
			return true;
	return false;
}

static int judge_fields(struct archive_rewrite *w, struct judged *j)
{
	enum theirs theirs;
	int r = entry_whose(&w->match, j->fields, j->n, &theirs);

	if (r < 0)
		return r;
	if (theirs != THEIRS_NOT) {
		j->verdict = VERDICT_SEAL;
		return 0;
	}
	r = entry_scrub(&w->match, j->fields, j->n, &w->arena);
	if (r == 0)
		j->verdict = VERDICT_SCRUB;
	return r < 0 ? r : 0;
}

static int judge(struct archive_rewrite *w, const struct archive_stream *s,
	const struct archive_line *l, struct judged *ret)
{
	struct judged j = {.verdict = VERDICT_KEEP};
	int r;

	*ret = j;
	w->lines++;
	if (l->sealed.len == 0 || !is_wanted(w->orders, l->id))
		return 0;
	j.key = archive_keyring_find(w->keys, l->key);
	if (!j.key)
		return 0;
	arena_reset(&w->arena);
	r = archive_open(w->coder, l, &j.key->key, &w->arena, &j.fields, &j.n);
	if (r > 0)
		return fail(w, s->files[s->at].name, "an entry is not what was sealed");
	r = r ? r : judge_fields(w, &j);
	if (r == 0)
		count(w->orders, j.verdict);
	*ret = j;
	return r;
}

/* ---- the file's lines -------------------------------------------------------------------- */

/* What is done with each line, the first and the last too. 0, an outcome or -ENOMEM. */
typedef int line_fn(struct archive_rewrite *w, const struct archive_stream *s,
	const struct archive_line *l, void *user);

static int stream_failed(struct archive_rewrite *w, const struct archive_stream *s, int r)
{
	if (r < 0)
		return r == -ENOMEM ? r : fail(w, s->files[0].name, strerror(-r));
	(void)snprintf(w->words, sizeof(w->words), "%s", s->words);
	return REWRITE_FAULT;
}

static int walk(struct archive_rewrite *w, const struct archive_file *file, line_fn *fn, void *user)
{
	struct archive_stream s;
	struct archive_line l;
	int r = 0, next = 0;

	archive_stream_init(&s, w->dir, w->coder, file, 1);
	s.whole = true;
	while (r == 0 && next != ARCHIVE_STREAM_END) {
		next = archive_stream_next(&s, &l);
		if (w->program->stopping)
			r = REWRITE_STOPPED;
		else if (next == 0)
			r = fn(w, &s, &l, user);
		else if (next != ARCHIVE_STREAM_END)
			r = stream_failed(w, &s, next);
	}
	archive_stream_release(&s);
	return r;
}

/* ---- looking ----------------------------------------------------------------------------- */

static int look(struct archive_rewrite *w, const struct archive_stream *s,
	const struct archive_line *l, void *user)
{
	struct order_range *range = user;
	struct judged j;

	if (l->kind == ARCHIVE_FILE)
		range->after = l->through;
	else if (l->kind == ARCHIVE_END)
		range->through = l->through;
	else
		return judge(w, s, l, &j);
	return 0;
}

static void begin_counts(struct archive_orders *orders)
{
	for (size_t i = 0; i < orders->n; i++) {
		orders->items[i].count = (struct order_count){0, 0};
		orders->items[i].hit = false;
	}
}

int archive_rewrite_look(
	struct archive_rewrite *w, const struct archive_file *file, struct order_range *ret_range)
{
	begin_counts(w->orders);
	return walk(w, file, look, ret_range);
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Under a key that nobody keeps. 0 or -errno. */
static int write_for_nobody(
	struct archive_rewrite *w, const struct archive_line *l, struct buf *out)
{
	char text[SEAL_KEY_TEXT + 1];
	struct seal_key key;
	int r = seal_key_make(text);

	if (r == 0)
		r = seal_key_read(span_str(text), &key);
	if (r != 0)
		return r < 0 ? r : -EIO;
	r = archive_line_write(w->coder, l, &key, out);
	seal_key_clear(&key);
	return r;
}

static int write_entry(struct archive_rewrite *w, const struct archive_stream *s,
	const struct archive_line *l, struct buf *out)
{
	struct archive_line line = *l;
	struct judged j;
	int r = judge(w, s, l, &j);

	if (r != 0)
		return r;
	line.fields = j.fields;
	line.n_fields = j.n;
	if (j.verdict == VERDICT_SCRUB)
		return archive_line_write(w->coder, &line, &j.key->key, out);
	if (j.verdict == VERDICT_SEAL)
		return write_for_nobody(w, &line, out);
	buf_add_span(out, s->text);
	buf_add_char(out, '\n');
	return buf_failed(out);
}

static int write(struct archive_rewrite *w, const struct archive_stream *s,
	const struct archive_line *l, void *user)
{
	struct archive_draft *d = user;
	int r;

	if (l->kind == ARCHIVE_END)
		return archive_draft_end(d, w->coder, l);
	if (l->kind == ARCHIVE_FILE) {
		buf_add_span(&d->text, s->text);
		buf_add_char(&d->text, '\n');
		return buf_failed(&d->text);
	}
	r = write_entry(w, s, l, &d->text);
	return r == 0 && d->text.len >= FLUSH_BYTES ? archive_draft_flush(d) : r;
}

int archive_rewrite_write(struct archive_rewrite *w, const struct archive_file *file)
{
	_cleanup_(archive_draft_release) struct archive_draft d;
	int r;

	archive_draft_init(&d);
	begin_counts(w->orders);
	r = archive_draft_open(&d, file->path);
	if (r == 0)
		r = walk(w, file, write, &d);
	if (r == 0)
		r = file_draft_replace(d.file);
	return r < 0 && r != -ENOMEM ? fail(w, file->name, strerror(-r)) : r;
}
