/* SPDX-License-Identifier: MIT */
/*
 * What was said of others' jobs, and is not in the stream of jobs: why one was not sent, in the
 * words of a mail server or of staff, and who was to send it. Nothing else of a job was typed by
 * anybody. These words change while the job is handed over, so they are put in the place of what
 * was read if that is still there; what is said meanwhile is said after the erasure was asked for.
 */
#include "eraser_impl.h"

/* ARGV: prefix of the keys, id of a job. */
static const char words_script[] =
	"#!lua flags=no-writes\n"
	"local j = redis.call('HMGET', ARGV[1] .. 'job:' .. ARGV[2], 'r', 'by')\n"
	"return {ARGV[1] .. 'job:' .. ARGV[2], j[1] or '', j[2] or ''}\n";

/* KEYS: the job. ARGV: field, what stands there, what shall. */
static const char put_script[] =
	"#!lua flags=allow-oom\n"
	"if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end\n"
	"redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])\n"
	"return 1\n";

static int on_put(struct eraser *e, const struct redis_value *reply)
{
	e->scrubbed[SCRUBBED_JOBS] += reply->integer == 1;
	return 0;
}

static int scrub_words(struct eraser *e, struct span key, const char *name, struct span words)
{
	_cleanup_(buf_release) struct buf clean = BUF_INIT;
	int r = scrub_text(e->match.entries.scrubber, words, &clean);

	if (r == 0) {
		const struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(put_script), SPAN_LIT("1"),
			key, span_str(name), words, buf_span(&clean)};

		return eraser_ask(e, on_put, args, ARRAY_SIZE(args));
	}
	return r < 0 ? r : 0;
}

static int on_words(struct eraser *e, const struct redis_value *reply)
{
	int r;

	if (reply->n_items != 3)
		return eraser_stuck(e, "a job was answered in another form");
	r = scrub_words(e, reply->items[0].text, "r", reply->items[1].text);
	return r ? r : scrub_words(e, reply->items[0].text, "by", reply->items[2].text);
}

int eraser_scrub_job(struct eraser *e, struct span id)
{
	char prefix[32];
	const struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(words_script), SPAN_LIT("0"),
		span_of(prefix, (size_t)snprintf(prefix, sizeof(prefix), "wm:{p%u}:", e->part)),
		id};

	return eraser_ask(e, on_words, args, ARRAY_SIZE(args));
}
