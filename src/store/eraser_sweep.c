/* SPDX-License-Identifier: MIT */
/*
 * What the streams still hold, page by page: entries that were applied, what was put aside, jobs.
 * A message of theirs that is not applied yet means that it is not over; then all is gone through
 * once more, and so it is whenever something was found. Events that are not applied are turned away
 * by the owner.
 */
#include "eraser_impl.h"

#define PAGE "64"

static const char *const streams[STREAM_COUNT] = {"in", "out", "bad", "jobs", "shadow", "audit"};

/* ARGV: prefix of the keys, id of a job. */
static const char job_script[] =
	"#!lua flags=allow-oom\n"
	"local P, id = ARGV[1], ARGV[2]\n"
	"local j = redis.call('HMGET', P .. 'job:' .. id, 's', 'o', 'ch', 'cl')\n"
	"if not j[1] then return 0 end\n"
	"if j[2] then\n"
	"  redis.call('ZREM', P .. 'ready:' .. j[3], j[2])\n"
	"  redis.call('ZREM', P .. 'later', j[2])\n"
	"  redis.call('ZREM', P .. 'expiry', j[2])\n"
	"  redis.call('HINCRBY', P .. 'jobn', j[4] .. '/' .. j[1], -1)\n"
	"end\n"
	"redis.call('UNLINK', P .. 'job:' .. id)\n"
	"return 1\n";

static int sweep_page(struct eraser *e, const struct redis_value *reply);

static void key_of(const struct eraser *e, const char *name, char out[64])
{
	(void)snprintf(out, 64, "wm:{p%u}:%s", e->part, name);
}

void eraser_stream_key(const struct eraser *e, char out[64])
{
	if (e->stream == STREAM_AUDIT)
		(void)snprintf(out, 64, "wm:audit");
	else
		key_of(e, streams[e->stream], out);
}

void eraser_stage_key(const struct eraser *e, char out[64])
{
	char name[32];

	(void)snprintf(name, sizeof(name), "renew:as:%s", streams[e->stream]);
	if (e->stream == STREAM_AUDIT)
		(void)snprintf(out, 64, "wm:%s", name);
	else
		key_of(e, name, out);
}

/* ---- removing ----------------------------------------------------------------------------- */

static void note(struct eraser *e, enum removed what)
{
	e->removed[what]++;
	e->found++;
	e->partitions[e->part] = true;
}

static int remove_entry(struct eraser *e, struct span id)
{
	char key[64];
	struct span args[] = {SPAN_LIT("XDEL"), SPAN_EMPTY, id};

	eraser_stream_key(e, key);
	args[1] = span_str(key);
	return eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
}

/* Entries that had no customer were archived under a seal of their own. */
static int remove_seal(struct eraser *e, struct span id)
{
	_cleanup_(buf_release) struct buf field = BUF_INIT;
	char key[64];
	struct span args[] = {SPAN_LIT("HDEL"), SPAN_EMPTY, SPAN_EMPTY};

	buf_add_char(&field, '?');
	buf_add_span(&field, id);
	if (buf_failed(&field) < 0)
		return -ENOMEM;
	key_of(e, "seal", key);
	args[1] = span_str(key);
	args[2] = buf_span(&field);
	return eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
}

static int on_job(struct eraser *e, const struct redis_value *reply)
{
	if (reply->integer == 1)
		note(e, REMOVED_JOBS);
	return 0;
}

static int remove_job(struct eraser *e, struct span id)
{
	char prefix[64];
	struct span args[] = {
		SPAN_LIT("EVAL"), SPAN_LIT(job_script), SPAN_LIT("0"), SPAN_EMPTY, id};

	key_of(e, "", prefix);
	args[3] = span_str(prefix);
	return eraser_ask(e, on_job, args, ARRAY_SIZE(args));
}

/* ---- judging ------------------------------------------------------------------------------ */

/* An entry that is being judged. */
struct judged {
	struct span id;
	struct archive_field *fields;
	size_t n;
};

/* ARGV: prefix of the keys, id of a job, of its entry. Answers whose it is, and both. */
static const char whose_script[] =
	"#!lua flags=no-writes\n"
	"return {redis.call('HGET', ARGV[1] .. 'job:' .. ARGV[2], 'c') or '', ARGV[2], ARGV[3]}\n";

/* One that became theirs when they were taken apart. */
static int on_whose(struct eraser *e, const struct redis_value *reply)
{
	int r;

	if (reply->n_items != 3 || !eraser_match_is(&e->match, reply->items[0].text))
		return 0;
	note(e, REMOVED_JOB_ENTRIES);
	r = eraser_match_add_job(&e->match, reply->items[1].text);
	r = r ? r : remove_job(e, reply->items[1].text);
	return r ? r : remove_entry(e, reply->items[2].text);
}

static int ask_whose(struct eraser *e, const struct judged *j)
{
	char prefix[64];
	struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(whose_script), SPAN_LIT("0"), SPAN_EMPTY,
		entry_field(j->fields, j->n, "id"), j->id};

	key_of(e, "", prefix);
	args[3] = span_str(prefix);
	return eraser_ask(e, on_whose, args, ARRAY_SIZE(args));
}

static int judge_job(struct eraser *e, const struct judged *j)
{
	struct span job = SPAN_EMPTY;
	bool ask;
	int r = eraser_match_job(&e->match, j->fields, j->n, &job, &ask);

	if (r == 0 && ask && e->stream == STREAM_JOBS)
		r = ask_whose(e, j);
	if (r < 0)
		return r;
	if (job.len == 0) {
		r = eraser_scrub_entry(e, j->id, j->fields, j->n);
		if (r == 0 && e->stream == STREAM_JOBS && entry_field(j->fields, j->n, "j").len > 0)
			r = eraser_scrub_job(e, entry_field(j->fields, j->n, "id"));
		return r;
	}
	if (e->stream == STREAM_SHADOW) {
		note(e, REMOVED_TRIAL_ENTRIES);
		return remove_entry(e, j->id);
	}
	note(e, REMOVED_JOB_ENTRIES);
	r = remove_job(e, job);
	return r ? r : remove_entry(e, j->id);
}

static int judge_entry(struct eraser *e, const struct judged *j)
{
	enum theirs theirs = THEIRS_NOT;
	struct log_id at;
	int r = entry_whose(&e->match.entries, j->fields, j->n, &theirs);

	if (r < 0)
		return r;
	if (theirs == THEIRS_NOT)
		return e->stream == STREAM_OUT ? 0 : eraser_scrub_entry(e, j->id, j->fields, j->n);
	if (log_id_parse(j->id, &at) != 0)
		return eraser_stuck(e, "an entry was answered in another form");
	if (e->stream == STREAM_OUT ||
		(e->stream == STREAM_IN && log_id_compare(at, e->position) > 0)) {
		e->found += theirs == THEIRS_MESSAGE;
		return 0;
	}
	note(e, e->stream == STREAM_BAD	   ? REMOVED_QUARANTINE
		: theirs == THEIRS_MESSAGE ? REMOVED_MESSAGES
					   : REMOVED_LOG);
	r = remove_entry(e, j->id);
	r = r ? r : remove_seal(e, j->id);
	if (r == 0 && e->stream == STREAM_BAD) /* its place in the log */
		r = remove_seal(e, entry_field(j->fields, j->n, "id"));
	return r;
}

static int judge(struct eraser *e, const struct redis_value *v)
{
	struct judged j = {.id = v->items[0].text};
	int r;

	arena_reset(&e->page_arena);
	r = entry_fields_take(&v->items[1], &e->page_arena, &j.fields, &j.n);
	if (r < 0)
		return r;
	if (e->stream == STREAM_AUDIT)
		return eraser_scrub_entry(e, j.id, j.fields, j.n);
	return e->stream >= STREAM_JOBS ? judge_job(e, &j) : judge_entry(e, &j);
}

/* ---- the way through ---------------------------------------------------------------------- */

static int next_partition(struct eraser *e);

static int on_counted(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return next_partition(e);
}

/* What was counted so far is kept, for the erasure may be interrupted. */
static int keep_counts(struct eraser *e)
{
	char key[64];
	int r = 0;

	(void)snprintf(key, sizeof(key), "wm:erasure:%s", e->receipt);
	for (size_t i = 0; i <= REMOVED_COUNT && r == 0; i++) {
		char field[32], n[24];
		bool last = i == REMOVED_COUNT;
		struct span args[] = {last ? SPAN_LIT("HSET") : SPAN_LIT("HINCRBY"), span_str(key),
			SPAN_EMPTY, SPAN_EMPTY};

		if (last ? !e->partitions[e->part] : e->removed[i] == 0)
			continue;
		if (last)
			(void)snprintf(field, sizeof(field), "p:%u", e->part);
		else
			(void)snprintf(field, sizeof(field), "n:%s", removed_words[i]);
		(void)snprintf(
			n, sizeof(n), "%llu", last ? 1ULL : (unsigned long long)e->removed[i]);
		args[2] = span_str(field);
		args[3] = span_str(n);
		r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	}
	memset(e->removed, 0, sizeof(e->removed));
	return r ? r : eraser_then(e, on_counted);
}

/* What an interrupted erasure meant to change is found once more. */
static int begin_stream(struct eraser *e)
{
	char key[64];
	struct span args[] = {SPAN_LIT("UNLINK"), SPAN_EMPTY};
	int r;

	memcpy(e->cursor, "-", 2);
	eraser_stage_key(e, key);
	args[1] = span_str(key);
	r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	return r ? r : eraser_then(e, sweep_page);
}

static int end_sweep(struct eraser *e)
{
	if (e->found == 0)
		return eraser_others(e, NULL);
	/* What came to light meanwhile is of another round. */
	e->quiet = 0;
	return eraser_fence(e, eraser_collect);
}

static int next_stream(struct eraser *e)
{
	if (e->stream == STREAM_AUDIT)
		return end_sweep(e);
	if (e->stream == STREAM_SHADOW)
		return keep_counts(e);
	e->stream++;
	return begin_stream(e);
}

static int sweep_stream(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return begin_stream(e);
}

static int on_position(struct eraser *e, const struct redis_value *reply)
{
	if (log_id_parse(reply->text, &e->position) != 0)
		return eraser_stuck(e, "a position was answered in another form");
	return eraser_then(e, sweep_stream);
}

static int begin_partition(struct eraser *e)
{
	char key[64];
	struct span args[] = {SPAN_LIT("HGET"), SPAN_EMPTY, SPAN_LIT("id")};

	e->stream = STREAM_IN;
	key_of(e, "pos", key);
	args[1] = span_str(key);
	return eraser_ask(e, on_position, args, ARRAY_SIZE(args));
}

static int next_partition(struct eraser *e)
{
	if (++e->part < e->options.partitions)
		return begin_partition(e);
	e->stream = STREAM_AUDIT;
	return begin_stream(e);
}

static int after_page(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return e->cursor[0] ? sweep_page(e, NULL) : next_stream(e);
}

static int on_page(struct eraser *e, const struct redis_value *reply)
{
	int r = 0;

	for (size_t i = 0; i < reply->n_items && r == 0; i++) {
		const struct redis_value *v = &reply->items[i];

		if (v->n_items != 2 || v->items[0].text.len + 2 > sizeof(e->cursor))
			return eraser_stuck(e, "a stream was answered in another form");
		r = judge(e, v);
		e->cursor[0] = '(';
		memcpy(e->cursor + 1, v->items[0].text.ptr, v->items[0].text.len);
		e->cursor[v->items[0].text.len + 1] = '\0';
	}
	if (reply->n_items == 0)
		e->cursor[0] = '\0';
	eraser_advance(e, reply->n_items);
	return r ? r : eraser_then(e, after_page);
}

static int sweep_page(struct eraser *e, const struct redis_value *reply)
{
	char key[64];
	struct span args[] = {SPAN_LIT("XRANGE"), SPAN_EMPTY, span_str(e->cursor), SPAN_LIT("+"),
		SPAN_LIT("COUNT"), SPAN_LIT(PAGE)};

	(void)reply;
	eraser_stream_key(e, key);
	args[1] = span_str(key);
	return eraser_ask(e, on_page, args, ARRAY_SIZE(args));
}

static int first_partition(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	e->part = 0;
	return begin_partition(e);
}

static int on_length(struct eraser *e, const struct redis_value *reply)
{
	e->part_total += (uint64_t)reply->integer;
	return 0;
}

static int ask_length(struct eraser *e)
{
	char key[64];
	struct span args[] = {SPAN_LIT("XLEN"), SPAN_EMPTY};

	eraser_stream_key(e, key);
	args[1] = span_str(key);
	return eraser_ask(e, on_length, args, ARRAY_SIZE(args));
}

int eraser_sweep(struct eraser *e, const struct redis_value *reply)
{
	int r = 0;

	(void)reply;
	e->found = 0;
	memset(e->staged, 0, sizeof(e->staged));
	eraser_begin_part(e, "entries looked at", 0);
	for (e->part = 0; e->part < e->options.partitions; e->part++)
		for (e->stream = 0; e->stream < STREAM_AUDIT && r == 0; e->stream++)
			r = ask_length(e);
	e->stream = STREAM_AUDIT;
	r = r ? r : ask_length(e);
	return r ? r : eraser_then(e, first_partition);
}
