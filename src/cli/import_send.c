/* SPDX-License-Identifier: MIT */
/*
 * A batch is sent until somebody says what became of it. No answer means unknown: then it is sent
 * again as it was, and the messageIds in it make that harmless.
 */
#include "import.h"

#include "base/buf.h"
#include "codec/json_scan.h"
#include "io/http_server.h"

#define BACKOFF_MIN	200
#define BACKOFF_MAX	(10 * MS_SECOND)
#define RETRY_AFTER_MAX (60 * MS_SECOND)
#define REQUEST_MS	(60 * MS_SECOND)

static const char head[] = "{\"batch\":[";

/* ---- from lines to batches ----------------------------------------------------------------- */

enum line_kind { LINE_GOOD, LINE_NAMELESS, LINE_BROKEN };

/* Whether LINE is an object that a batch can hold; all else is the collector's to judge. */
static enum line_kind judge_line(struct span line, struct json_fault *ret_fault)
{
	struct json_cursor c;
	struct json_value key, value;
	bool named = false;
	int r;

	json_cursor_init(&c, line);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		r = json_value(&c, &value);
		named = named || (r == 0 && json_is(&key, SPAN_LIT("messageId")));
	}
	if (r == JSON_END && json_finish(&c) == 0)
		return named ? LINE_GOOD : LINE_NAMELESS;
	*ret_fault = c.fault;
	return LINE_BROKEN;
}

static void refuse_broken(struct import *im, struct span line, const struct json_fault *fault)
{
	uint64_t number = event_file_line(im->file);
	char words[160];

	if (line.ptr[0] != '{') {
		import_refuse(&im->account, number, SPAN_LIT("not_object"),
			SPAN_LIT("an event is a JSON object"));
		return;
	}
	(void)snprintf(words, sizeof(words), "%s (column %zu)", json_fault_text(fault->code),
		fault->offset + 1);
	import_refuse(&im->account, number, SPAN_LIT("malformed_json"), span_str(words));
}

static bool has_room(const struct import_batch *b, struct span line)
{
	return b->n < IMPORT_BATCH_ITEMS &&
	       b->body.len + line.len + sizeof(head) + 4 <= IMPORT_BATCH_BYTES;
}

/* 0; 1: the batch has no room for it. */
static int take_line(struct import *im, struct import_batch *b, struct span line)
{
	struct json_fault fault;
	enum line_kind kind;

	if (line.len > IMPORT_BATCH_BYTES - sizeof(head) - 4) {
		import_refuse(&im->account, event_file_line(im->file), SPAN_LIT("item_too_large"),
			SPAN_LIT("the line is larger than a request"));
		return 0;
	}
	if (!has_room(b, line))
		return 1;
	kind = judge_line(line, &fault);
	if (kind == LINE_BROKEN) {
		refuse_broken(im, line, &fault);
		return 0;
	}
	buf_add_str(&b->body, b->n ? "," : head);
	buf_add_span(&b->body, line);
	b->lines[b->n++] = event_file_line(im->file);
	b->n_nameless += kind == LINE_NAMELESS;
	return 0;
}

/* Nothing more is read, and nothing more is sent. */
static void give_up(struct import *im, const char *words)
{
	tool_say(&im->tool.program, 0, "%s", words);
	im->broken = true;
	im->ended = true;
}

/* The file cannot be read on; what was read is sent. */
static void stop_reading(struct import *im, const char *words)
{
	tool_say(&im->tool.program, 0, "%s cannot be read after line %llu: %s.", im->file_name,
		(unsigned long long)event_file_line(im->file), words);
	im->unreadable = true;
	im->ended = true;
}

/* The next line: the one that did not fit into the last batch, or one from the file. */
static int next_line(struct import *im, struct span *ret_line)
{
	int r;

	if (im->kept.len > 0) {
		*ret_line = buf_span(&im->kept);
		return 0;
	}
	r = event_file_next(im->file, ret_line);
	im->account.lines += r == 0 || r == EVENT_FILE_LONG;
	return r;
}

/* Reads until the batch is full or the file at its end. */
static void fill(struct import *im)
{
	struct import_batch *b = &im->batches[im->filling];
	bool full = false;

	while (!im->ended && !full) {
		struct span line;
		int r = next_line(im, &line);

		if (r == 0) {
			full = take_line(im, b, line) != 0;
			if (!full)
				buf_reset(&im->kept);
			else if (im->kept.len == 0)
				buf_add_span(&im->kept, line);
		} else if (r == EVENT_FILE_LONG) {
			import_refuse(&im->account, event_file_line(im->file),
				SPAN_LIT("item_too_large"),
				SPAN_LIT("the line is longer than 1 MiB"));
		} else if (r == EVENT_FILE_END) {
			im->ended = true;
		} else {
			stop_reading(
				im, r < 0 ? strerror(-r) : "its gzip data is damaged or cut off");
		}
	}
	if (b->n > 0)
		buf_add_str(&b->body, "]}");
	if (buf_failed(&b->body) || buf_failed(&im->kept))
		give_up(im, "out of memory.");
}

/* ---- what the collector says --------------------------------------------------------------- */

/* The members of an answer that count. */
struct verdict {
	uint64_t accepted, refused;
	bool has_counts;
};

static uint64_t to_number(const struct json_value *v)
{
	uint64_t n;

	return v->type == JSON_TYPE_NUMBER && span_to_u64(v->raw, UINT32_MAX, &n) == 0 ? n : 0;
}

/* Where in the body it was means nothing to who has the file before them. */
static struct span without_place(struct span words)
{
	static const char place[] = " (at byte";

	for (size_t i = 0; i + sizeof(place) <= words.len; i++)
		if (memcmp(words.ptr + i, place, sizeof(place) - 1) == 0)
			return span_of(words.ptr, i);
	return words;
}

static void refuse_item(struct import *im, const struct import_batch *b, uint64_t index,
	struct span code, struct span words)
{
	import_refuse(&im->account, index < b->n ? b->lines[index] : 0, code, without_place(words));
}

/* One object of `errors`. */
static int read_error(struct import *im, const struct import_batch *b, struct json_cursor *c)
{
	struct json_value key, value, index = {0}, code = {0}, message = {0};
	_cleanup_(arena_release) struct arena arena;
	int r = json_object_open(c);

	arena_init(&arena);
	while (r == 0 && (r = json_object_key(c, &key)) == 0) {
		r = json_value(c, &value);
		if (json_is(&key, SPAN_LIT("index")))
			index = value;
		else if (json_is(&key, SPAN_LIT("code")))
			code = value;
		else if (json_is(&key, SPAN_LIT("message")))
			message = value;
	}
	if (r != JSON_END || code.type != JSON_TYPE_STRING || message.type != JSON_TYPE_STRING)
		return JSON_MALFORMED;
	refuse_item(
		im, b, to_number(&index), json_text(&code, &arena), json_text(&message, &arena));
	return 0;
}

static int read_errors(struct import *im, const struct import_batch *b, struct json_cursor *c)
{
	int r = json_array_open(c);

	while (r == 0 && (r = json_array_next(c)) == 0)
		r = read_error(im, b, c);
	return r == JSON_END ? 0 : r;
}

static int read_verdict(struct import *im, const struct import_batch *b, struct span body,
	struct verdict *ret_verdict)
{
	struct verdict v = {0};
	struct json_cursor c;
	struct json_value key, value;
	int r;

	json_cursor_init(&c, body);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		if (json_is(&key, SPAN_LIT("errors"))) {
			r = read_errors(im, b, &c);
			continue;
		}
		r = json_value(&c, &value);
		if (json_is(&key, SPAN_LIT("refused"))) {
			v.refused = to_number(&value);
		} else if (json_is(&key, SPAN_LIT("accepted"))) {
			v.accepted = to_number(&value);
			v.has_counts = true;
		}
	}
	*ret_verdict = v;
	return r == JSON_END ? 0 : r;
}

static void take_verdict(struct import *im, const struct import_batch *b, struct span body)
{
	uint64_t before = im->account.refused;
	struct verdict v;

	if (read_verdict(im, b, body, &v) != 0 || !v.has_counts || v.accepted + v.refused != b->n ||
		im->account.refused - before != v.refused) {
		give_up(im, "the collector's answer cannot be read; is --url right? What was sent "
			    "before is kept.");
		return;
	}
	im->account.accepted += v.accepted;
}

/* A whole body refused: `code` and `message` of its problem. */
static void take_refusal(
	struct import *im, const struct import_batch *b, int status, struct span body)
{
	_cleanup_(arena_release) struct arena arena;
	struct json_value key, value;
	struct span code = SPAN_EMPTY, words = SPAN_EMPTY;
	struct json_cursor c;
	char number[24];
	int r;

	arena_init(&arena);
	json_cursor_init(&c, body);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		r = json_value(&c, &value);
		if (value.type == JSON_TYPE_STRING && json_is(&key, SPAN_LIT("code")))
			code = json_text(&value, &arena);
		else if (value.type == JSON_TYPE_STRING && json_is(&key, SPAN_LIT("message")))
			words = json_text(&value, &arena);
	}
	(void)snprintf(number, sizeof(number), "http_%d", status);
	for (size_t i = 0; i < b->n; i++)
		refuse_item(im, b, i, code.len ? code : span_str(number), words);
}

static void refuse_key(struct import *im)
{
	give_up(im, "the collector does not take this write key. Give another with --key or "
		    "WAYMARK_KEY; `waymark key list` shows which there are.");
}

/* ---- sending ------------------------------------------------------------------------------- */

static void on_answer(void *user, const struct http_answer *answer);

static void send_batch(struct import *im)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	const struct import_batch *b = &im->batches[!im->filling];
	struct http_call call = {.method = "POST",
		.url = im->url,
		.socket = im->socket,
		.user = im->key,
		.headers = headers,
		.body = buf_span(&b->body),
		.timeout_ms = REQUEST_MS};
	int r = http_client_send(im->client, &call, on_answer, im);

	if (r < 0)
		give_up(im, strerror(-r));
	else
		im->under_way = true;
}

static void on_again(void *arg)
{
	send_batch(arg);
}

static void try_again(struct import *im, const struct http_answer *answer)
{
	struct import_batch *b = &im->batches[!im->filling];
	int64_t now = loop_now_mono(im->tool.program.loop), wait_ms = im->backoff_ms;
	const char *why = answer->status ? http_status_text(answer->status) : answer->error;

	if (im->failing_since == 0) {
		im->failing_since = now;
		tool_say(&im->tool.program, 0, "%s does not take events (%s); trying again.",
			im->url, why);
	}
	if (now - im->failing_since >= im->settings.patience) {
		give_up(im, "the collector did not take events in time. Is `waymark up` running? "
			    "--patience waits longer.");
		return;
	}
	if (!b->sent_again) {
		im->account.again++;
		im->account.doubtful += b->n_nameless;
	}
	b->sent_again = true;
	if (answer->retry_after_ms >= 0)
		wait_ms = int64_min(answer->retry_after_ms, RETRY_AFTER_MAX);
	else
		im->backoff_ms = int64_min(2 * im->backoff_ms, BACKOFF_MAX);
	if (timer_set_in(&im->again, wait_ms) < 0)
		give_up(im, "out of memory.");
}

static void settle(struct import *im)
{
	struct import_batch *b = &im->batches[!im->filling];

	im->account.batches++;
	im->failing_since = 0;
	im->backoff_ms = BACKOFF_MIN;
	buf_reset(&b->body);
	b->n = b->n_nameless = 0;
	b->sent_again = false;
}

static void on_answer(void *user, const struct http_answer *answer)
{
	struct import *im = user;
	const struct import_batch *b = &im->batches[!im->filling];
	int status = answer->status;

	im->under_way = false;
	if (status == 200) {
		take_verdict(im, b, answer->body);
	} else if (status == 401 || status == 403) {
		refuse_key(im);
		return;
	} else if (status == 400 || status == 413) {
		take_refusal(im, b, status, answer->body);
	} else if (status == 0 || status == 408 || status == 429 || status >= 500) {
		try_again(im, answer);
		return;
	} else {
		give_up(im, "the collector has no such door; is --url right?");
		return;
	}
	settle(im);
}

static bool idle(const struct import *im)
{
	return !im->under_way && !timer_is_set(&im->again);
}

/* While one batch is under way the next one is read. */
int import_send(struct import *im)
{
	struct program *p = &im->tool.program;

	im->backoff_ms = BACKOFF_MIN;
	timer_init(&im->again, p->loop, on_again, im);
	fill(im);
	while (!im->broken && !p->stopping && im->batches[im->filling].n > 0) {
		im->filling = !im->filling;
		send_batch(im);
		fill(im);
		while (!im->broken && !p->stopping && !idle(im))
			if (loop_turn(p->loop, true) < 0)
				give_up(im, "the loop broke.");
		progress_update(&im->progress, event_file_bytes(im->file), im->account.lines,
			loop_now_mono(p->loop));
	}
	timer_stop(&im->again);
	progress_end(&im->progress);
	if (p->stopping)
		tool_say(p, 0,
			"stopped; what was sent is kept, and sending the file again from its "
			"beginning does no harm where lines have a messageId.");
	return im->broken || im->unreadable || p->stopping ? STATUS_FOUND : 0;
}
