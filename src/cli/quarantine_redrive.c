/* SPDX-License-Identifier: MIT */
/*
 * Another try for what could not be used: after a mapping was mended, or a fault of ours. An entry
 * leaves the quarantine in the same step in which its events enter the log, so a try that is cut
 * short has happened or not. Nothing happens twice: events keep their message ids, those that the
 * first try understood are left out, and one that the customer's timeline has already (its sender
 * came back meanwhile) is too, however long ago that was.
 *
 * Rules see when an event happened and when it was let in, so they know that it is late.
 */
#include "base/instant.h"
#include "codec/event_json.h"
#include "counted.h"
#include "quarantine.h"
#include "store/log_origin.h"
#include "store/query.h"

#define PAGE "100"

/* Removes the entry and adds its events, or does nothing because it is gone. KEYS: the quarantine,
 * then a stream for each event. ARGV: the place, then event, meta and original of each. */
static const char script[] =
	"if redis.call('XDEL',KEYS[1],ARGV[1])==0 then return 0 end "
	"for i=2,#KEYS do local a=3*(i-2)+2 "
	"if ARGV[a+2]=='' then redis.call('XADD',KEYS[i],'*','e',ARGV[a],'m',ARGV[a+1]) "
	"else redis.call('XADD',KEYS[i],'*','e',ARGV[a],'m',ARGV[a+1],'o',ARGV[a+2]) end end "
	"return 1";

struct redrive {
	struct quarantine *q;
	struct event_decoder *decoder;
	struct query_source *source;
	struct field_table fields;
	uint64_t n_done, n_events, n_known, n_left;
};

/* ---- is it known already? ------------------------------------------------------------------ */

struct looking {
	struct span message_id;
	bool found;
	int r;
};

static void on_page(void *user, int r, const struct query_answer *answer)
{
	struct looking *l = user;

	l->r = r;
	for (size_t i = 0; r == 0 && i < answer->n_entries; i++)
		if (answer->entries[i].kind == ENTRY_EVENT &&
			span_equal(answer->entries[i].message_id, l->message_id))
			l->found = true;
}

/* Whether the timeline has EVENT. False with *ret_bad if that cannot be found out. */
static bool is_known(struct redrive *d, const struct event *event, int64_t recv_at, bool *ret_bad)
{
	struct looking looking = {.message_id = event->message_id};
	const struct query_ask ask = {.id = event->customer, .fn = on_page, .user = &looking};
	struct timeline_query query = TIMELINE_QUERY_ALL;
	int r;

	/* One without a time of its own stands where it came in. */
	query.from_at = event->flags & EVENT_FLAG_NO_TIME ? recv_at : event->occurred_at;
	query.to_at = event->flags & EVENT_FLAG_NO_TIME ? TIME_NEVER : event->occurred_at + 1;
	query.kinds = 1U << ENTRY_EVENT;
	query.limit = TIMELINE_PAGE_MAX;
	r = query_timeline(d->source, &ask, &query, SPAN_EMPTY);
	if (r == 0)
		r = query_wait(d->source, d->q->tool.program.loop);
	r = r ? r : looking.r;
	if (r != 0 && r != QUERY_NO_CUSTOMER)
		*ret_bad = true;
	return looking.found;
}

/* ---- one entry ----------------------------------------------------------------------------- */

/* An event on its way back. */
struct again {
	struct span event, meta, original;
	uint32_t partition;
};

/* Its partition, if it can be used now and is not known. NULL, or why not. */
static const char *judge(struct redrive *d, struct span item, struct span meta_text,
	struct arena *arena, bool *ret_known, uint32_t *ret_partition)
{
	struct event_origin origin;
	struct event_fault fault;
	struct event event;
	struct log_meta meta;
	bool bad = false;
	int r;

	if (log_meta_parse(meta_text, &meta) != 0)
		return "it does not say where it came from";
	origin = log_origin(&meta, (struct log_id){(uint64_t)io_wall_now(), 0});
	r = event_decode(d->decoder, item, &origin, arena, &event, &fault);
	if (r != 0)
		return r < 0 ? "out of memory" : fault.words;
	*ret_known = event.message_id.len > 0 && is_known(d, &event, meta.recv_at, &bad);
	*ret_partition = partition_of(event.customer, d->q->tool.program.dataset.partitions);
	return bad ? "Redis does not say whether it is known already" : NULL;
}

static const char *collect(struct redrive *d, const struct bad_entry *e, struct arena *arena,
	struct again **ret_list, size_t *ret_n)
{
	struct mapping_event whole = {.json = e->event};
	struct remapped made = {.events = &whole, .n = 1};
	struct again *list;
	size_t n = 0;

	if (span_is(e->code, "message_id_conflict"))
		return "another event with its message id was applied; send it with an id of its "
		       "own";
	if (e->hook.len > 0 && quarantine_remap(d->q, e, arena, &made) != 0)
		return "it cannot be mapped";
	if (made.why)
		return made.why;
	list = arena_calloc(arena, made.n + 1, sizeof(*list));
	if (!list)
		return "out of memory";
	for (size_t i = 0; i < made.n; i++) {
		bool known = false;
		uint32_t partition = 0;
		const char *why = judge(d, made.events[i].json, e->meta, arena, &known, &partition);

		if (why)
			return why;
		d->n_known += known;
		if (!known)
			list[n++] = (struct again){
				made.events[i].json, e->meta, made.events[i].original, partition};
	}
	*ret_list = list;
	*ret_n = n;
	return NULL;
}

static struct span stream_key(uint32_t partition, const char *name, struct arena *arena)
{
	struct buf key = BUF_INIT;
	struct span copy;

	key_add(&key, partition, name);
	copy = buf_failed(&key) < 0 ? SPAN_EMPTY : arena_copy(arena, buf_span(&key));
	buf_release(&key);
	return copy;
}

/* Moves the entry. 1: done; 0: it was gone; -1: no answer, or a refusal, which was said. */
static int move(struct redrive *d, const struct bad_entry *e, const struct again *list, size_t n,
	struct arena *arena)
{
	size_t n_args = 3 + 1 + n + 1 + 3 * n, at = 0;
	struct span *args = arena_calloc(arena, n_args, sizeof(*args));
	const struct redis_value *v;
	char keys[24];

	if (!args)
		return -1;
	(void)snprintf(keys, sizeof(keys), "%zu", n + 1);
	args[at++] = SPAN_LIT("EVAL");
	args[at++] = SPAN_LIT(script);
	args[at++] = span_str(keys);
	args[at++] = stream_key(e->partition, "bad", arena);
	for (size_t i = 0; i < n; i++)
		args[at++] = stream_key(list[i].partition, "in", arena);
	args[at++] = e->place;
	for (size_t i = 0; i < n; i++) {
		args[at++] = list[i].event;
		args[at++] = list[i].meta;
		args[at++] = list[i].original;
	}
	v = tool_ask(&d->q->tool, d->q->redis, args, n_args, arena);
	return v ? v->integer != 0 : -1;
}

static void report(struct redrive *d, const struct bad_entry *e, const char *what, size_t n)
{
	const struct quarantine *q = d->q;
	char name[BAD_ENTRY_NAME_SIZE], events[24];

	bad_entry_name(e, name);
	if (q->tool.program.common.json) {
		printf("{\"id\":\"%s\",\"outcome\":\"%s\",\"events\":%zu}\n", name, what, n);
		return;
	}
	(void)snprintf(events, sizeof(events), "%zu", n);
	cell(&q->cells, span_str(name), 24, PLAIN);
	cell(&q->cells, span_str(events), 6, PLAIN);
	cell(&q->cells, span_str(what), 0, PLAIN);
	cells_end(&q->cells);
}

/* False: there is no going on. */
static bool redrive_one(struct redrive *d, const struct bad_entry *e)
{
	_cleanup_(arena_release) struct arena arena;
	struct again *list = NULL;
	const char *why;
	size_t n = 0;
	int r = 1;

	arena_init(&arena);
	why = collect(d, e, &arena, &list, &n);
	if (why) {
		d->n_left++;
		report(d, e, why, 0);
		return true;
	}
	if (!d->q->settings.dry_run)
		r = move(d, e, list, n, &arena);
	if (r < 0)
		return false;
	d->n_done += r > 0;
	d->n_events += r > 0 ? n : 0;
	report(d, e,
		d->q->settings.dry_run ? "would go back"
		: r == 0	       ? "was gone already"
		: n == 0	       ? "known already: removed"
				       : "back in the log",
		n);
	return true;
}

/* ---- all of them --------------------------------------------------------------------------- */

static bool is_meant(const struct quarantine *q, const struct bad_entry *e)
{
	const struct quarantine_settings *s = &q->settings;

	return (!s->reason[0] || span_is(e->code, s->reason)) &&
	       (!s->source[0] || span_is(bad_entry_source(e), s->source));
}

/* One page behind *after, which is moved. The number of entries, or -1. */
static int64_t redrive_page(struct redrive *d, uint32_t partition, struct log_id *after)
{
	_cleanup_(arena_release) struct arena arena;
	char from[LOG_ID_SIZE + 1] = "(";
	const struct redis_value *v;
	size_t i = 0;

	arena_init(&arena);
	log_id_format(*after, from + 1);
	v = tool_ask(&d->q->tool, d->q->redis,
		(const struct span[]){SPAN_LIT("XRANGE"), stream_key(partition, "bad", &arena),
			span_str(from), SPAN_LIT("+"), SPAN_LIT("COUNT"), SPAN_LIT(PAGE)},
		6, &arena);
	if (!v)
		return -1;
	for (; i < v->n_items; i++) {
		struct bad_entry e;

		if (!bad_entry_read(&v->items[i], partition, &e))
			continue;
		*after = e.at;
		if (is_meant(d->q, &e) && !redrive_one(d, &e))
			return -1;
	}
	return (int64_t)i;
}

static int redrive_all(struct redrive *d)
{
	for (uint32_t p = 0; p < d->q->tool.program.dataset.partitions; p++) {
		struct log_id after = {0, 0};
		int64_t n;

		do {
			n = redrive_page(d, p, &after);
			if (n < 0)
				return STATUS_FOUND;
		} while (n > 0);
	}
	return 0;
}

static void redrive_release(struct redrive *d)
{
	event_decoder_free(d->decoder);
	query_source_free(d->source);
}

static void print_head(const struct quarantine *q)
{
	cell(&q->cells, SPAN_LIT("ID"), 24, BOLD);
	cell(&q->cells, SPAN_LIT("EVENTS"), 6, BOLD);
	cell(&q->cells, SPAN_LIT("OUTCOME"), 0, BOLD);
	cells_end(&q->cells);
}

int quarantine_redrive(struct quarantine *q, const char *id)
{
	_cleanup_(redrive_release) struct redrive d = {.q = q};
	_cleanup_(arena_release) struct arena arena;
	struct bad_entry e;
	int r;

	arena_init(&arena);
	field_table_init(&d.fields);
	if (event_decoder_new(&d.fields, q->tool.program.identity, &d.decoder) < 0 ||
		query_source_new(q->redis, &d.source) < 0)
		return tool_say(&q->tool.program, STATUS_FOUND, "%s", strerror(ENOMEM));
	query_source_set_partitions(d.source, q->tool.program.dataset.partitions);
	if (!q->tool.program.common.json)
		print_head(q);
	if (strcmp(id, "all") == 0) {
		r = redrive_all(&d);
	} else {
		r = bad_entry_find(q, id, &arena, &e);
		if (r == 0 && !redrive_one(&d, &e))
			r = STATUS_FOUND;
	}
	if (!q->tool.program.common.json)
		tool_say(&q->tool.program, 0,
			"%llu %s left the quarantine as %llu event%s (%llu %s known already); %llu "
			"%s.",
			COUNT_AS(d.n_done, "entry", "entries"), COUNT(d.n_events),
			COUNT_AS(d.n_known, "was", "were"), COUNT_AS(d.n_left, "stays", "stay"));
	return r ? r : d.n_left ? STATUS_FOUND : STATUS_DONE;
}
