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

#include "base/heap.h"
#include "base/instant.h"
#include "codec/envelope.h"
#include "codec/json_scan.h"
#include "core/mark.h"
#include "event_file.h"
#include "io/loop.h"
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

struct feed {
	struct backtest *b;
	const struct backtest_files *options;
	struct backtest_account *account;
	struct heap held;
	uint64_t order;
	int64_t newest; /* greatest event time so far */
	int64_t horizon;
	struct buf meta;
	struct arena arena;
};

static void refuse(struct feed *f, const char *path, uint64_t line, const char *why)
{
	f->account->refused++;
	if (!f->account->first_refusal[0])
		(void)snprintf(f->account->first_refusal, sizeof(f->account->first_refusal),
			"%s:%llu: %s", path, (unsigned long long)line, why);
}

/* The top-level receivedAt of LINE, if it has one. */
static bool received_at(struct span line, int64_t *ret_at)
{
	struct json_cursor c;
	struct json_value key, value;
	struct span text;

	json_cursor_init(&c, line);
	if (json_object_open(&c) != 0)
		return false;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		if (!json_is(&key, SPAN_LIT("receivedAt")) || value.type != JSON_TYPE_STRING)
			continue;
		text = json_content(&value);
		return instant_parse(text, ret_at) == 0;
	}
	return false;
}

static int append(struct feed *f, int64_t at, struct span line)
{
	struct log_meta meta = {.source = SPAN_LIT("file"), .recv_at = at, .sent_at = TIME_NEVER};

	buf_reset(&f->meta);
	log_meta_add(&f->meta, &meta);
	f->horizon = int64_max(f->horizon, at);
	return backtest_append(f->b, at, line, buf_span(&f->meta));
}

static int append_mark(struct feed *f, int64_t at, struct span line)
{
	struct mark_line mark;

	(void)envelope_watermark(line, &f->arena, &mark.until, &mark.source);
	f->horizon = int64_max(f->horizon, at);
	return backtest_append_mark(f->b, at, mark.source, mark.until);
}

/* Passes on what is older than everything that may still come. */
static int release_until(struct feed *f, int64_t at)
{
	int r = 0;

	while (r == 0 && heap_first(&f->held) && heap_first(&f->held)->at <= at) {
		struct held *h = (struct held *)heap_first(&f->held);

		heap_remove(&f->held, &h->node);
		r = (h->is_mark ? append_mark : append)(f, h->node.at, span_of(h->bytes, h->len));
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

static int feed_mark(struct feed *f, const char *path, uint64_t line_no, struct span line,
	const struct mark_line *mark)
{
	int64_t at = mark->until;

	if (mark->source.len == 0 || mark->source.len > MARK_SOURCE_MAX) {
		refuse(f, path, line_no, "the watermark does not name its source");
		return 0;
	}
	if (mark->until == TIME_NEVER || mark->until < 0) {
		refuse(f, path, line_no, "completeUntil of the watermark is no instant since 1970");
		return 0;
	}
	if (f->options->lateness_ms > 0)
		return hold(f, at, line, true);
	if (received_at(line, &at))
		f->account->has_received_at = true;
	return append_mark(f, at, line);
}

static int feed_line(struct feed *f, const char *path, uint64_t line_no, struct span line)
{
	/* Far in the future, so that nothing is clamped: only the event's own time is wanted. */
	struct event_origin origin = {.id = {UINT64_C(253000000000000), 0},
		.recv_at = INT64_C(253000000000000),
		.sent_at = TIME_NEVER};
	struct event_fault fault;
	struct event event;
	struct mark_line mark;
	int64_t at;
	int r;

	arena_reset(&f->arena);
	r = event_decode(f->b->decoder, line, &origin, &f->arena, &event, &fault);
	if (r < 0)
		return r;
	if (r > 0 && envelope_watermark(line, &f->arena, &mark.until, &mark.source))
		return feed_mark(f, path, line_no, line, &mark);
	if (r > 0) {
		refuse(f, path, line_no, fault.words);
		return 0;
	}
	if (event.flags & EVENT_FLAG_NO_TIME) {
		refuse(f, path, line_no, "the event has no timestamp; a backtest needs one");
		return 0;
	}
	if (f->newest != INT64_MIN)
		f->account->latest_ms =
			int64_max(f->account->latest_ms, f->newest - event.occurred_at);
	f->newest = int64_max(f->newest, event.occurred_at);
	f->horizon = int64_max(f->horizon, event.occurred_at);
	if (f->options->lateness_ms > 0)
		return hold(f, event.occurred_at, line, false);
	if (received_at(line, &at))
		f->account->has_received_at = true;
	else
		at = event.occurred_at;
	return append(f, at, line);
}

static int feed_file(struct feed *f, const char *path)
{
	_cleanup_(event_file_closep) struct event_file *file = NULL;
	struct progress progress;
	struct span line;
	int r = event_file_open(path, &file);

	if (r < 0)
		return r;
	progress_init(
		&progress, !f->options->quiet, event_file_size(file), "events", io_mono_now());
	for (;;) {
		r = event_file_next(file, &line);
		if (r == EVENT_FILE_LONG) {
			f->account->too_long++;
			continue;
		}
		if (r != 0)
			break;
		f->account->lines++;
		r = feed_line(f, path, event_file_line(file), line);
		if (r < 0)
			break;
		if (f->account->lines % 1024 == 0)
			progress_update(&progress, event_file_bytes(file), f->account->lines,
				io_mono_now());
	}
	progress_end(&progress);
	if (r == EVENT_FILE_CORRUPT) {
		(void)snprintf(f->account->first_refusal, sizeof(f->account->first_refusal),
			"%s: the gzip data is broken after line %llu", path,
			(unsigned long long)event_file_line(file));
		return 1;
	}
	return r < 0 ? r : 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static int is_event_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (has_suffix(entry->d_name, ".ndjson") || has_suffix(entry->d_name, ".ndjson.gz"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int feed_directory(struct feed *f, const char *path)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_event_file, by_name);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];
		int len = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);

		if (r == 0)
			r = (size_t)len < sizeof(file) ? feed_file(f, file) : -ENAMETOOLONG;
		free(entries[i]);
	}
	free(entries);
	return r;
}

int backtest_feed_path(struct backtest *b, const char *path, const struct backtest_files *options,
	struct backtest_account *account)
{
	struct feed f = {.b = b, .options = options, .account = account};
	int r;

	f.newest = f.horizon = INT64_MIN;
	heap_init(&f.held);
	buf_init(&f.meta);
	arena_init(&f.arena);
	r = feed_file(&f, path);
	if (r == -EISDIR)
		r = feed_directory(&f, path);
	if (r == 0)
		r = release_until(&f, INT64_MAX);
	if (r == 0)
		r = backtest_finish(b, options->until != TIME_NEVER ? options->until : f.horizon);
	while (heap_first(&f.held)) {
		struct held *h = (struct held *)heap_first(&f.held);

		heap_remove(&f.held, &h->node);
		free(h);
	}
	heap_release(&f.held);
	buf_release(&f.meta);
	arena_release(&f.arena);
	return r;
}
