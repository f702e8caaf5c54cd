/* SPDX-License-Identifier: MIT */
#include "archive_writer.h"

#include <unistd.h>

#include "archive_draft.h"
#include "archive_stream.h"
#include "io/file.h"
#include "store/keys.h"

/* A file that is being written. */
struct segment {
	struct archive_writer *writer;
	struct archive_log *log;
	struct archive_place place; /* where it goes on from */
	struct archive_account *account;
	struct archive_draft draft;
	char name[ARCHIVE_NAME_MAX];
	struct log_id last;
	int64_t day;
	uint64_t lines;
	bool full; /* of this day, or of this size */
};

static int stuck(struct archive_account *account, const char *words, const char *what)
{
	(void)snprintf(account->words, sizeof(account->words), "%.160s: %.340s", what, words);
	return ARCHIVE_STUCK;
}

/* An outcome of the log, told. */
static int told(struct archive_account *account, const struct archive_log *l, int r)
{
	if (r == ARCHIVE_REFUSED)
		return stuck(account, l->words, "Redis refused");
	return r < 0 && r != -ENOMEM ? stuck(account, strerror(-r), "the log cannot be read") : r;
}

/* ---- the file --------------------------------------------------------------------------- */

static int failed(struct segment *s, int r)
{
	return r == -ENOMEM ? r : stuck(s->account, strerror(-r), s->name);
}

/* 0 or an outcome of the draft, told. */
static int drafted(struct segment *s, int r)
{
	return r < 0 ? failed(s, r) : 0;
}

static int begin(struct segment *s, struct log_id first)
{
	const struct program *p = s->writer->program;
	const struct archive_line head = {.kind = ARCHIVE_FILE,
		.dataset = span_str(p->dataset.id),
		.partition = s->log->partition,
		.partitions = p->dataset.partitions,
		.through = s->place.done};
	char path[PATH_MAX];
	int n, r;

	archive_file_name(s->log->partition, first, sizeof(s->name), s->name);
	n = snprintf(path, sizeof(path), "%s/%s", s->writer->directory, s->name);
	if (n >= PATH_MAX)
		return failed(s, -ENAMETOOLONG);
	*strrchr(path, '/') = '\0';
	r = dir_make(path, 0750);
	path[strlen(path)] = '/';
	if (r == 0)
		r = archive_draft_open(&s->draft, path);
	if (r < 0)
		return failed(s, r);
	s->day = (int64_t)first.ms / MS_DAY;
	r = archive_line_write(s->writer->coder, &head, NULL, &s->draft.text);
	return r == 0 ? drafted(s, archive_draft_flush(&s->draft)) : r;
}

/* The last line, the name, and the place in Redis. */
static int finish(struct segment *s)
{
	struct archive_line end = {.kind = ARCHIVE_END, .through = s->last, .lines = s->lines};
	struct archive_step step = {.file = s->name, .lines = s->lines};
	int r;

	/* More may come in the last entry's millisecond. */
	end.clock = int64_max((int64_t)s->last.ms - 1, 0);
	if (!s->full) {
		end.through = s->place.applied;
		end.clock = int64_max(end.clock, s->place.clock);
	}
	r = archive_draft_end(&s->draft, s->writer->coder, &end);
	if (r == 0)
		r = file_draft_finish(s->draft.file);
	if (r < 0)
		return failed(s, r);
	step.through = end.through;
	step.clock = end.clock;
	step.bytes = s->draft.file_bytes;
	return told(s->account, s->log, archive_advance(s->log, &s->place, &step));
}

/* ---- its lines -------------------------------------------------------------------------- */

/* A page of entries with whose they are. */
struct page {
	struct archive_line lines[ARCHIVE_PAGE];
	struct span customers[ARCHIVE_PAGE], keys[ARCHIVE_PAGE];
	size_t n;
	bool more;
};

/* Keys of those who have one; lines about nobody come with an empty customer. */
static int ask_keys(struct segment *s, struct page *p)
{
	struct span customers[ARCHIVE_PAGE], keys[ARCHIVE_PAGE];
	size_t n = 0, at = 0;
	int r;

	for (size_t i = 0; i < p->n; i++)
		if (p->customers[i].len > 0)
			customers[n++] = p->customers[i];
	r = archive_keys(s->log, customers, n, &s->writer->arena, keys);
	for (size_t i = 0; r == 0 && i < p->n; i++)
		p->keys[i] = p->customers[i].len > 0 ? keys[at++] : SPAN_EMPTY;
	return told(s->account, s->log, r);
}

static int read_page(struct segment *s, struct page *p)
{
	struct archive_writer *w = s->writer;
	const struct redis_value *v;
	int r;

	arena_reset(&w->arena);
	r = archive_entries(s->log, s->last, s->place.applied, &w->arena, &v);
	if (r != 0)
		return told(s->account, s->log, r);
	p->n = v->n_items;
	p->more = p->n == ARCHIVE_PAGE;
	for (size_t i = 0; r == 0 && i < p->n; i++)
		r = archive_entry(w, &v->items[i], &w->arena, &p->lines[i], &p->customers[i]);
	return r == 0 ? ask_keys(s, p) : told(s->account, s->log, r);
}

/* The key as text; of somebody who was erased, one that is thrown away. */
static int read_key(struct segment *s, struct span text, struct seal_key *ret_key)
{
	char made[SEAL_KEY_TEXT + 1];
	int r = 0;

	if (text.len == 0) {
		r = seal_key_make(made);
		text = span_str(made);
	}
	if (r == 0)
		r = seal_key_read(text, ret_key);
	return r > 0   ? stuck(s->account, "is no key", "what a customer's lines are sealed with")
	       : r < 0 ? failed(s, r)
		       : 0;
}

static int add_line(struct segment *s, const struct page *p, size_t i)
{
	struct archive_coder *coder = s->writer->coder;
	struct seal_key key;
	int r;

	if (p->customers[i].len == 0)
		return archive_line_write(coder, &p->lines[i], NULL, &s->draft.text);
	r = read_key(s, p->keys[i], &key);
	if (r == 0)
		r = archive_line_write(coder, &p->lines[i], &key, &s->draft.text);
	seal_key_clear(&key);
	return r;
}

static int add_page(struct segment *s, const struct page *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n && !s->full; i++) {
		struct log_id id = p->lines[i].id;

		if (!s->draft.file)
			r = begin(s, id);
		s->full = (int64_t)id.ms / MS_DAY != s->day;
		if (r != 0 || s->full)
			break;
		r = add_line(s, p, i);
		s->last = id;
		s->lines++;
		s->full = s->draft.text_bytes + s->draft.text.len >=
			  (uint64_t)s->writer->segment_bytes;
	}
	return r == 0 && s->draft.file ? drafted(s, archive_draft_flush(&s->draft)) : r;
}

/* One file. A signal to stop ends it early. */
static int write_segment(struct segment *s)
{
	struct page *p = malloc(sizeof(*p));
	int r = p ? 0 : -ENOMEM;
	bool more = true;

	while (r == 0 && more && !s->full) {
		r = read_page(s, p);
		more = r == 0 && p->more;
		if (r == 0)
			r = add_page(s, p);
		s->full = s->full || (more && s->writer->program->stopping);
	}
	free(p);
	if (r == 0 && s->draft.file)
		r = finish(s);
	if (r != 0)
		return r;
	s->account->lines += s->lines;
	s->account->bytes += s->draft.file_bytes;
	s->account->files += s->lines > 0;
	return 0;
}

static int next_segment(struct archive_writer *w, struct archive_log *l,
	const struct archive_place *place, struct archive_account *account, bool *ret_more)
{
	struct segment s = {
		.writer = w, .log = l, .place = *place, .account = account, .last = place->done};
	int r;

	archive_draft_init(&s.draft);
	r = write_segment(&s);
	*ret_more = r == 0 && s.full && !w->program->stopping;
	archive_draft_release(&s.draft);
	return r;
}

/* Is the file there that Redis says is the last? */
static int find_last(const struct archive_writer *w, struct archive_log *l,
	const struct archive_place *place, struct archive_account *account)
{
	char path[PATH_MAX];
	int n;

	if (!place->file[0])
		return 0;
	n = snprintf(path, sizeof(path), "%s/%s", w->directory, place->file);
	if (n < PATH_MAX && access(path, F_OK) == 0)
		return 0;
	if (w->moved)
		return told(account, l, archive_move(l, place->epoch));
	return stuck(account,
		"is not there: this is not the directory that was written to last. If it is to "
		"go on here, run `waymark archive run --moved` once",
		place->file);
}

int archive_partition(
	struct archive_writer *w, struct archive_log *l, struct archive_account *account)
{
	struct archive_place place;
	bool more = true;
	int r = 0;

	account->words[0] = '\0';
	while (r == 0 && more) {
		more = false;
		r = told(account, l, archive_begin(l, &place));
		if (r == 0)
			r = find_last(w, l, &place, account);
		if (r == 0)
			r = next_segment(w, l, &place, account, &more);
		if (r == 0 || r == ARCHIVE_STUCK)
			(void)archive_trouble(l, place.epoch, r == 0 ? NULL : account->words);
	}
	if (r == 0)
		r = told(account, l, archive_trim(l, place.epoch, w->keep_ms));
	return r;
}

/* ---- what an earlier process left -------------------------------------------------------- */

struct adoption {
	struct archive_writer *writer;
	const struct archive_dir *dir;
	struct archive_place place;
	struct archive_account *account;
};

/* Reads all of FILE, which must be whole and go on where the archive ends. */
static int count_file(
	struct adoption *x, const struct archive_file *file, struct archive_step *ret_step)
{
	struct archive_stream s;
	struct archive_line line;
	int r = 0;

	archive_stream_init(&s, x->dir, x->writer->coder, file, 1);
	s.placed = true;
	s.through = x->place.done;
	while (r == 0)
		r = archive_stream_next(&s, &line);
	*ret_step = (struct archive_step){.file = file->name,
		.through = s.through,
		.clock = s.clock,
		.lines = s.all,
		.bytes = file->size};
	if (r == ARCHIVE_STREAM_FAULT)
		r = stuck(x->account, "move the file away once it is known why", s.words);
	else if (r > 0 && log_id_compare(s.through, x->place.applied) > 0)
		r = stuck(x->account,
			"it has entries that the log has not applied. Was Redis set back to a "
			"backup? Move the file to where it is kept, and start again",
			file->name);
	else
		r = r < 0 ? r : 0;
	archive_stream_release(&s);
	return r;
}

int archive_adopt(struct archive_writer *w, struct archive_log *l, const struct archive_dir *d,
	struct archive_account *account)
{
	struct adoption x = {.writer = w, .dir = d, .account = account};
	const struct archive_file *files;
	size_t n = archive_dir_files(d, l->partition, &files);
	struct archive_step step;
	int r = told(account, l, archive_begin(l, &x.place));

	for (size_t i = 0; i < n && r == 0; i++) {
		if (log_id_compare(files[i].first, x.place.done) <= 0)
			continue;
		r = count_file(&x, &files[i], &step);
		if (r == 0)
			r = told(account, l, archive_advance(l, &x.place, &step));
		if (r == 0)
			x.place.done = step.through;
	}
	if (r == ARCHIVE_STUCK)
		(void)archive_trouble(l, x.place.epoch, account->words);
	return r;
}
