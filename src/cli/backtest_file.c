/* SPDX-License-Identifier: MIT */
/*
 * Files as a log. A file has no receive times of its own unless its lines carry `receivedAt`; else
 * a line counts as received when it happened, and never before the line above it, so that a file in
 * order of delivery keeps its lateness. With a lateness given, lines are first sorted by their own
 * time within it, as a reorder buffer in front of a log would.
 *
 * A line {"type":"watermark","source":"till-3","completeUntil":"…"} is a watermark of that source;
 * it counts as said at the instant up to which it speaks, if it does not say when it was received.
 */
#include "backtest.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/heap.h"
#include "base/instant.h"
#include "codec/envelope.h"
#include "core/mark.h"
#include "event_file.h"
#include "io/loop.h"
#include "json_match.h"
#include "progress.h"
#include "store/keys.h"

/* A line waiting in the reorder buffer. */
struct held {
	struct heap_node node; /* first */
	size_t len;
	bool is_mark;
	char bytes[];
};

struct mark_line {
	struct span source;
	int64_t until;
};

/* A line, read and judged. */
struct event_line {
	struct span text;
	int64_t at;	     /* when it counts as received */
	int64_t occurred_at; /* of a mark, until when it speaks */
	bool is_mark, says_receipt;
	struct mark_line mark;
};

/* A file with its next line. Those of a directory are taken in order of receipt. */
struct lane {
	struct event_file *file;
	const char *path;
	struct event_line next;
	bool ended;
};

#define LANES_MAX 512

struct feed {
	struct backtest *const *targets;
	size_t n_targets;
	const struct backtest_files *options;
	struct backtest_account *account;
	struct rules *no_rules; /* only the time of events is wanted, none of their fields */
	struct event_decoder *decoder;
	struct lane lanes[LANES_MAX];
	size_t n_lanes;
	uint64_t size, read; /* bytes of the files at hand, and of those that are done */
	struct progress progress;
	struct heap held;
	uint64_t order;
	int64_t newest; /* greatest event time so far */
	struct buf meta;
	struct arena arena;
};

static void refuse(struct feed *f, const struct lane *lane, const char *why)
{
	f->account->refused++;
	if (!f->account->first_refusal[0])
		(void)snprintf(f->account->first_refusal, sizeof(f->account->first_refusal),
			"%s:%llu: %s", lane->path, (unsigned long long)event_file_line(lane->file),
			why);
}

/* The top-level receivedAt of LINE, if it has one. */
static bool received_at(struct span line, int64_t *ret_at)
{
	const char *at = line.ptr, *end = line.ptr + line.len;
	struct json_value v;

	/* Few lines have it: look for its rarest letter first. */
	while ((at = memchr(at, 'A', (size_t)(end - at))) != NULL)
		if (at - line.ptr >= 8 && end - at >= 2 && memcmp(at - 8, "receivedAt", 10) == 0)
			break;
		else
			at++;
	if (!at)
		return false;
	v = json_member(line, "receivedAt");
	return v.type == JSON_TYPE_STRING && instant_parse(json_content(&v), ret_at) == 0;
}

/* ---- into the logs ------------------------------------------------------------------------- */

static int append(struct feed *f, int64_t at, struct span line)
{
	/* Whoever has the file has it from the shop itself. */
	struct log_meta meta = {.source = SPAN_LIT("file"),
		.link_rights = LINK_TRUSTED | LINK_EXPLICIT,
		.recv_at = at,
		.sent_at = TIME_NEVER};
	int r = 0;

	buf_reset(&f->meta);
	log_meta_add(&f->meta, &meta);
	for (size_t i = 0; i < f->n_targets && r == 0; i++)
		r = backtest_append(f->targets[i], at, line, buf_span(&f->meta));
	return r;
}

static int append_mark(struct feed *f, int64_t at, struct span line)
{
	struct mark_line mark;
	int r = 0;

	(void)envelope_watermark(line, &f->arena, &mark.until, &mark.source);
	for (size_t i = 0; i < f->n_targets && r == 0; i++)
		r = backtest_append_mark(f->targets[i], at, mark.source, mark.until);
	return r;
}

static int pass(struct feed *f, int64_t at, struct span line, bool is_mark)
{
	if (at >= f->options->to) {
		f->account->left_out++;
		return 0;
	}
	f->account->horizon = int64_max(f->account->horizon, at);
	return (is_mark ? append_mark : append)(f, at, line);
}

/* Passes on what is older than everything that may still come. */
static int release_until(struct feed *f, int64_t at)
{
	int r = 0;

	while (r == 0 && heap_first(&f->held) && heap_first(&f->held)->at <= at) {
		struct held *h = (struct held *)heap_first(&f->held);

		heap_remove(&f->held, &h->node);
		r = pass(f, h->node.at, span_of(h->bytes, h->len), h->is_mark);
		free(h);
	}
	return r;
}

static int hold(struct feed *f, int64_t at, struct span line, bool is_mark)
{
	struct held *h = malloc(sizeof(*h) + line.len);

	if (!h)
		return -ENOMEM;
	h->node = (struct heap_node){.order = f->order++};
	h->len = line.len;
	h->is_mark = is_mark;
	memcpy(h->bytes, line.ptr, line.len);
	if (heap_put(&f->held, &h->node, at) < 0) {
		free(h);
		return -ENOMEM;
	}
	return release_until(f, f->newest - f->options->lateness_ms);
}

static int feed_line(struct feed *f, const struct event_line *l)
{
	f->account->has_received_at |= l->says_receipt;
	if (!l->is_mark) {
		if (f->newest != INT64_MIN)
			f->account->latest_ms =
				int64_max(f->account->latest_ms, f->newest - l->occurred_at);
		f->newest = int64_max(f->newest, l->occurred_at);
		if (l->occurred_at < f->options->to)
			f->account->horizon = int64_max(f->account->horizon, l->occurred_at);
	}
	if (f->options->lateness_ms > 0)
		return hold(f, l->occurred_at, l->text, l->is_mark);
	return pass(f, l->at, l->text, l->is_mark);
}

/* ---- lines --------------------------------------------------------------------------------- */

static bool judge_mark(struct feed *f, const struct lane *lane, struct event_line *l)
{
	l->is_mark = true;
	l->at = l->occurred_at = l->mark.until;
	if (l->mark.source.len == 0 || l->mark.source.len > MARK_SOURCE_MAX) {
		refuse(f, lane, "the watermark does not name its source");
		return false;
	}
	if (l->mark.until == TIME_NEVER || l->mark.until < 0) {
		refuse(f, lane, "completeUntil of the watermark is no instant since 1970");
		return false;
	}
	return true;
}

/* Reads what is to be known of the line. False: it is of no use, which is noted. -ENOMEM in
 * *ret_r. */
static bool judge(struct feed *f, const struct lane *lane, struct event_line *l, int *ret_r)
{
	/* Far in the future, so that nothing is clamped: only the event's own time is wanted. */
	struct event_origin origin = {.id = {UINT64_C(253000000000000), 0},
		.recv_at = INT64_C(253000000000000),
		.sent_at = TIME_NEVER};
	struct event_fault fault;
	struct event event;
	int r;

	arena_reset(&f->arena);
	l->is_mark = false;
	r = event_decode(f->decoder, l->text, &origin, &f->arena, &event, &fault);
	*ret_r = r < 0 ? r : 0;
	if (r < 0)
		return false;
	if (r > 0 && !envelope_watermark(l->text, &f->arena, &l->mark.until, &l->mark.source)) {
		refuse(f, lane, fault.words);
		return false;
	}
	if (r > 0 && !judge_mark(f, lane, l))
		return false;
	if (r == 0 && (event.flags & EVENT_FLAG_NO_TIME)) {
		refuse(f, lane, "the event has no timestamp; a backtest needs one");
		return false;
	}
	if (r == 0)
		l->at = l->occurred_at = event.occurred_at;
	l->says_receipt = received_at(l->text, &l->at);
	return true;
}

/* The lane's next line of use. 0, -errno, or 1: the file is broken, which is noted. */
static int advance(struct feed *f, struct lane *lane)
{
	int r = 0;

	for (;;) {
		r = event_file_next(lane->file, &lane->next.text);
		if (r == EVENT_FILE_LONG) {
			f->account->too_long++;
			continue;
		}
		if (r != 0)
			break;
		f->account->lines++;
		if (judge(f, lane, &lane->next, &r))
			return 0;
		if (r < 0)
			return r;
	}
	lane->ended = true;
	if (r != EVENT_FILE_CORRUPT)
		return r < 0 ? r : 0;
	(void)snprintf(f->account->first_refusal, sizeof(f->account->first_refusal),
		"%s: the gzip data is broken after line %llu", lane->path,
		(unsigned long long)event_file_line(lane->file));
	return 1;
}

static struct lane *first_lane(struct feed *f)
{
	struct lane *first = NULL;

	for (size_t i = 0; i < f->n_lanes; i++)
		if (!f->lanes[i].ended && (!first || f->lanes[i].next.at < first->next.at))
			first = &f->lanes[i];
	return first;
}

static void show_progress(struct feed *f)
{
	uint64_t read = f->read;

	if (f->account->lines % 1024 != 0)
		return;
	for (size_t i = 0; i < f->n_lanes; i++)
		read += event_file_bytes(f->lanes[i].file);
	progress_update(&f->progress, read, f->account->lines, io_mono_now());
}

/* All lines of the lanes, in order of receipt; then the lanes are closed. */
static int feed_lanes(struct feed *f)
{
	struct lane *lane;
	int r = 0;

	for (size_t i = 0; i < f->n_lanes && r == 0; i++)
		r = advance(f, &f->lanes[i]);
	while (r == 0 && (lane = first_lane(f))) {
		r = feed_line(f, &lane->next);
		if (r == 0)
			r = advance(f, lane);
		show_progress(f);
	}
	for (size_t i = 0; i < f->n_lanes; i++) {
		f->read += event_file_bytes(f->lanes[i].file);
		event_file_close(f->lanes[i].file);
	}
	f->n_lanes = 0;
	return r;
}

/* ---- files --------------------------------------------------------------------------------- */

static int say(struct feed *f, const char *path, const char *words)
{
	(void)snprintf(f->account->first_refusal, sizeof(f->account->first_refusal), "%s: %s", path,
		words);
	return 1;
}

static int open_lane(struct feed *f, const char *path)
{
	struct lane *lane = &f->lanes[f->n_lanes];
	int r;

	if (!path)
		return -ENOMEM;
	if (f->n_lanes == LANES_MAX)
		return say(f, path,
			"its directory has more than 512 files; put each day's into a "
			"directory dt=YYYY-MM-DD");
	*lane = (struct lane){.path = path};
	r = event_file_open(path, &lane->file);
	if (r == 0)
		f->n_lanes++;
	return r;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static int is_wanted(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[0] != '.' && (has_suffix(name, ".ndjson") || has_suffix(name, ".ndjson.gz") ||
					 strncmp(name, "dt=", 3) == 0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int feed_path(struct feed *f, const char *path, unsigned depth);

/* Days one after the other; files that lie beside each other at once. */
static int feed_directory(struct feed *f, const char *path, unsigned depth)
{
	_cleanup_(arena_release) struct arena names;
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_wanted, by_name);
	int r = n < 0 ? -errno : 0;

	arena_init(&names);
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];
		int len = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		bool day = strncmp(entries[i]->d_name, "dt=", 3) == 0;

		if (r == 0 && (size_t)len >= sizeof(file))
			r = -ENAMETOOLONG;
		if (r == 0 && day)
			r = depth > 0 ? feed_path(f, file, depth - 1) : -ELOOP;
		else if (r == 0)
			r = open_lane(f, arena_copy(&names, span_str(file)).ptr);
		free(entries[i]);
	}
	free(entries);
	return r == 0 && f->n_lanes > 0 ? feed_lanes(f) : r;
}

static int feed_path(struct feed *f, const char *path, unsigned depth)
{
	int r = open_lane(f, path);

	if (r == -EISDIR)
		return feed_directory(f, path, depth);
	if (r < 0)
		return say(f, path, strerror(-r));
	return r == 0 ? feed_lanes(f) : r;
}

static uint64_t size_of(const char *const *paths)
{
	uint64_t size = 0;

	for (; *paths; paths++) {
		struct stat st;

		if (stat(*paths, &st) < 0 || !S_ISREG(st.st_mode))
			return 0; /* not known */
		size += (uint64_t)st.st_size;
	}
	return size;
}

static int feed_all(struct feed *f, const char *const *paths)
{
	int r = rules_new(&f->no_rules);

	if (r == 0)
		r = event_decoder_new(&f->no_rules->fields, f->options->identity, &f->decoder);
	progress_init(&f->progress, !f->options->quiet, size_of(paths), "events", io_mono_now());
	for (; *paths && r == 0; paths++)
		r = feed_path(f, *paths, 1);
	progress_end(&f->progress);
	return r == 0 ? release_until(f, INT64_MAX) : r;
}

int backtest_feed_paths(struct backtest *const *targets, size_t n, const char *const *paths,
	const struct backtest_files *options, struct backtest_account *account)
{
	struct feed *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->targets = targets;
	f->n_targets = n;
	f->options = options;
	f->account = account;
	f->newest = account->horizon = INT64_MIN;
	heap_init(&f->held);
	buf_init(&f->meta);
	arena_init(&f->arena);
	r = feed_all(f, paths);
	while (heap_first(&f->held)) {
		struct held *h = (struct held *)heap_first(&f->held);

		heap_remove(&f->held, &h->node);
		free(h);
	}
	for (size_t i = 0; i < f->n_lanes; i++)
		event_file_close(f->lanes[i].file);
	heap_release(&f->held);
	buf_release(&f->meta);
	arena_release(&f->arena);
	event_decoder_free(f->decoder);
	rules_free(f->no_rules);
	free(f);
	return r;
}
