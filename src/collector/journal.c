/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include "codec/message_json.h"

#include "journal_pairs.h"

/* How long a refusal counts as news: long enough for a balancer's probe to see it, short enough
 * that we are back soon after the server is, since only a new event can find that out. */
#define REFUSAL_MS (2 * MS_SECOND)

#define SPARE_BUF_MAX ((size_t)16 * 1024)

struct stream_name {
	char text[24];
	size_t len;
};

int journal_init(struct journal *j, struct loop *loop, const struct log *log, size_t max_waiting)
{
	*j = (struct journal){
		.loop = loop,
		.log = log,
		.max_waiting = max_waiting,
		.refused_at = INT64_MIN / 2,
		.logged_at = INT64_MIN / 2,
	};
	return journal_pairs_new(&j->pairs);
}

void journal_release(struct journal *j)
{
	while (j->spare) {
		struct submission *s = j->spare;

		j->spare = s->next;
		buf_release(&s->errors);
		free(s);
	}
	free(j->streams);
	free(j->bad);
	free(j->pairs);
	j->pairs = NULL;
}

/* The keys of N partitions' streams called WHAT; NULL when out of memory. */
static struct stream_name *name_streams(const char *what, uint32_t n)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	struct stream_name *streams = calloc(n, sizeof(*streams));

	for (uint32_t p = 0; streams && p < n; p++) {
		buf_reset(&name);
		key_add(&name, p, what);
		if (buf_failed(&name)) {
			free(streams);
			return NULL;
		}
		assert(name.len <= sizeof(streams[p].text));
		memcpy(streams[p].text, name.ptr, name.len);
		streams[p].len = name.len;
	}
	return streams;
}

int journal_set_partitions(struct journal *j, uint32_t n)
{
	struct stream_name *streams, *bad;

	if (j->n_streams == n)
		return 0;
	streams = name_streams("in", n);
	bad = streams ? name_streams("bad", n) : NULL;
	if (!bad) {
		free(streams);
		return -ENOMEM;
	}
	free(j->streams);
	free(j->bad);
	j->streams = streams;
	j->bad = bad;
	j->n_streams = n;
	return 0;
}

int journal_state(const struct journal *j)
{
	if (!j->redis || !j->streams || !redis_is_up(j->redis))
		return JOURNAL_AWAY;
	if (loop_now_mono(j->loop) - j->refused_at < REFUSAL_MS)
		return JOURNAL_REFUSES;
	return 0;
}

const char *journal_why(const struct journal *j, int outcome)
{
	if (outcome == JOURNAL_REFUSES)
		return j->refusal;
	if (outcome == JOURNAL_FULL)
		return "too much is waiting to be stored";
	return j->redis && redis_reason(j->redis)[0] ? redis_reason(j->redis)
						     : "not connected to Redis yet";
}

static struct submission *take_spare(struct journal *j)
{
	struct submission *s = j->spare;

	if (!s)
		return calloc(1, sizeof(*s));
	j->spare = s->next;
	buf_reset(&s->errors);
	*s = (struct submission){.errors = s->errors};
	return s;
}

static void give_spare(struct submission *s)
{
	struct journal *j = s->journal;

	if (s->errors.cap > SPARE_BUF_MAX) {
		buf_release(&s->errors);
		buf_init(&s->errors);
	}
	s->next = j->spare;
	j->spare = s;
}

int journal_begin(struct journal *j, struct http_request *request, size_t bytes,
	struct submission **ret_submission)
{
	struct submission *s;

	if (journal_state(j) == JOURNAL_AWAY)
		return JOURNAL_AWAY;
	if (j->waiting + bytes > j->max_waiting)
		return JOURNAL_FULL;
	s = take_spare(j);
	if (!s)
		return -ENOMEM;
	s->journal = j;
	s->request = request;
	s->bytes = bytes;
	j->waiting += bytes;
	*ret_submission = s;
	return 0;
}

static void finish_if_answered(struct submission *s)
{
	if (s->n_unanswered > 0 || !s->complete)
		return;
	s->journal->waiting -= s->bytes;
	if (s->failed)
		journal_pairs_forget(s->journal->pairs);
	s->done(s, !s->failed);
	give_spare(s);
}

/* Most refusals concern all writes, so they are told once a second, not per event. */
static void log_refusal(struct journal *j, struct span text, const char *words)
{
	int64_t now = loop_now_mono(j->loop);

	if (now - j->logged_at < MS_SECOND)
		return;
	j->logged_at = now;
	log_warn(j->log, words, LOG_FIELDS(log_text("error", text)));
}

/* Redis said no. */
static void note_refusal(struct journal *j, const struct redis_value *reply)
{
	struct span text = reply->type == REDIS_ERROR ? reply->text : SPAN_LIT("not an ID");
	size_t n = text.len < sizeof(j->refusal) ? text.len : sizeof(j->refusal) - 1;

	j->refused_at = loop_now_mono(j->loop);
	memcpy(j->refusal, text.ptr, n);
	j->refusal[n] = '\0';
	log_refusal(j, text, "Redis refuses events; senders are told to come back.");
}

/* A server that became a replica takes no more writes from this connection. Last of all, since it
 * ends all submissions from within. */
static void leave_replica(struct journal *j, const struct redis_value *reply)
{
	if (reply && redis_value_is_error(reply, "READONLY"))
		redis_refuse(j->redis, "the server is read-only");
}

static void on_reply(void *user, const struct redis_value *reply)
{
	struct submission *s = user;
	struct journal *j = s->journal;

	s->n_unanswered--;
	if (reply && (reply->type == REDIS_STRING || reply->type == REDIS_INTEGER)) {
		/* A number answers the count of a castoff, which is no entry. */
		j->stats.kept += reply->type == REDIS_STRING;
	} else {
		j->stats.errors += reply != NULL;
		j->stats.unknown += reply == NULL;
		/* Why what was queued is not carried out was said when it was. */
		if (reply && !(s->failed && redis_value_is_error(reply, "EXECABORT")))
			note_refusal(j, reply);
		s->failed = true;
	}
	finish_if_answered(s);
	leave_replica(j, reply);
}

/* What is carried out together with something else is only queued; the end of it tells more. */
static void on_queued(void *user, const struct redis_value *reply)
{
	struct submission *s = user;
	struct journal *j = s->journal;

	s->n_unanswered--;
	if (!reply || reply->type == REDIS_ERROR) {
		s->failed = true;
		if (reply)
			note_refusal(j, reply);
	}
	finish_if_answered(s);
	leave_replica(j, reply);
}

/* [ID of a word, …, ID of the event]. That one counts; a log that takes no words says so, and is
 * told with the next event. */
static void on_together(void *user, const struct redis_value *reply)
{
	struct submission *s = user;
	struct journal *j = s->journal;
	bool whole = reply && reply->type == REDIS_ARRAY && reply->n_items > 0;
	size_t n = whole ? reply->n_items - 1 : 0;

	for (size_t i = 0; i < n; i++) {
		if (reply->items[i].type != REDIS_ERROR)
			continue;
		j->stats.errors++;
		journal_pairs_forget(j->pairs);
		log_refusal(j, reply->items[i].text,
			"Redis does not note in which order events name somebody.");
	}
	on_reply(s, whole ? &reply->items[n] : reply);
}

static void end_command(struct submission *s, redis_reply_fn fn)
{
	if (redis_end(s->journal->redis, fn, s) == 0)
		s->n_unanswered++;
	else
		s->failed = true;
}

static void add_word(struct submission *s, const char *word, redis_reply_fn fn)
{
	redis_begin(s->journal->redis, 1);
	redis_arg_str(s->journal->redis, word);
	end_command(s, fn);
}

/* XADD of N fields, those without a value left out. */
struct field {
	char name;
	struct span value;
};

static void add_fields(struct submission *s, const struct stream_name *stream,
	const struct field *fields, size_t n, redis_reply_fn fn)
{
	struct redis *redis = s->journal->redis;
	size_t given = 0;

	if (s->failed)
		return;
	for (size_t i = 0; i < n; i++)
		given += fields[i].value.ptr != NULL;
	redis_begin(redis, 3 + 2 * given);
	redis_arg(redis, SPAN_LIT("XADD"));
	redis_arg(redis, span_of(stream->text, stream->len));
	redis_arg(redis, SPAN_LIT("*"));
	for (size_t i = 0; i < n; i++) {
		if (!fields[i].value.ptr)
			continue;
		redis_arg(redis, span_of(&fields[i].name, 1));
		redis_arg(redis, fields[i].value);
	}
	end_command(s, fn);
}

/* The keys of ENTRY whose logs are not known to have been told. */
static size_t find_new(struct journal *j, const struct journal_entry *entry,
	struct span ret_new[JOURNAL_NAMES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < entry->n_names && n < JOURNAL_NAMES_MAX; i++) {
		const struct span pair[] = {entry->customer, entry->names[i]};

		if (journal_pairs_add(j->pairs, pair, ARRAY_SIZE(pair)))
			ret_new[n++] = entry->names[i];
	}
	return n;
}

/* The heads of messages, one behind the other; LENS of each. 0 or -ENOMEM. */
static int make_named(const struct journal_entry *entry, const struct span *names, size_t n,
	struct buf *heads, size_t *lens)
{
	for (size_t i = 0; i < n; i++) {
		const struct message m = {.from = MESSAGE_FROM_STAFF,
			.seq = 1,
			.kind = MESSAGE_NAMED,
			.to = names[i],
			.of = entry->customer};
		size_t before = heads->len;

		message_json(&m, heads);
		lens[i] = heads->len - before;
	}
	return buf_failed(heads);
}

/*
 * A transaction: nobody reads one log before the other has what it is told. The event last, whose
 * ID is the answer. A script would be no safer, and cost Redis half as much again.
 */
static void begin_together(
	struct submission *s, const struct journal_entry *entry, const struct span *names, size_t n)
{
	struct journal *j = s->journal;
	_cleanup_(buf_release) struct buf heads = BUF_INIT;
	size_t lens[JOURNAL_NAMES_MAX], at = 0;

	if (s->failed || make_named(entry, names, n, &heads, lens) < 0) {
		s->failed = true;
		return;
	}
	add_word(s, "MULTI", on_queued);
	for (size_t i = 0; i < n; i++) {
		const struct field field = {'x', span_of(heads.ptr + at, lens[i])};

		add_fields(
			s, &j->streams[partition_of(names[i], j->n_streams)], &field, 1, on_queued);
		at += lens[i];
	}
}

/* BEFORE: how many were unanswered when it began. */
static void end_together(struct submission *s, size_t before)
{
	if (!s->failed)
		add_word(s, "EXEC", on_together);
	if (!s->failed || s->n_unanswered == before)
		return;
	/* Half of it must never be carried out, nor what comes after be queued with it. */
	s->failed = false;
	add_word(s, "DISCARD", on_queued);
	if (s->failed)
		redis_refuse(s->journal->redis, "no room for the end of a transaction");
	s->failed = true;
}

void journal_add(struct submission *s, uint32_t partition, const struct journal_entry *entry)
{
	const struct field fields[] = {
		{'e', entry->event}, {'m', entry->meta}, {'o', entry->original}};
	const struct stream_name *stream = &s->journal->streams[partition];
	struct span names[JOURNAL_NAMES_MAX];
	size_t n = find_new(s->journal, entry, names), before = s->n_unanswered;

	if (n > 0)
		begin_together(s, entry, names, n);
	add_fields(s, stream, fields, ARRAY_SIZE(fields), n > 0 ? on_queued : on_reply);
	if (n > 0)
		end_together(s, before);
}

/* In the day's counters, where those of the workers are. */
static void count_castoff(
	struct submission *s, uint32_t partition, const struct journal_castoff *castoff)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	struct redis *redis = s->journal->redis;
	char field[BAD_COUNTER_SIZE];
	struct log_meta meta;

	if (log_meta_parse(castoff->meta, &meta) != 0)
		return;
	bad_counter(meta.source, castoff->reason, field);
	key_add_day(&key, partition, meta.recv_at);
	if (s->failed || buf_failed(&key) < 0)
		return;
	redis_begin(redis, 4);
	redis_arg(redis, SPAN_LIT("HINCRBY"));
	redis_arg(redis, buf_span(&key));
	redis_arg_str(redis, field);
	redis_arg(redis, SPAN_LIT("1"));
	end_command(s, on_reply);
}

void journal_add_castoff(
	struct submission *s, uint32_t partition, const struct journal_castoff *castoff)
{
	const struct field fields[] = {
		{'e', castoff->bytes},
		{'m', castoff->meta},
		{'c', castoff->reason},
		{'w', castoff->words},
		{'h', castoff->hook},
		{'x', castoff->request},
		{'k', castoff->kept},
	};

	add_fields(s, &s->journal->bad[partition], fields, ARRAY_SIZE(fields), on_reply);
	count_castoff(s, partition, castoff);
}

void journal_add_mark(struct submission *s, const struct journal_mark *mark)
{
	const struct log_meta meta = {.source = span_str(mark->source),
		.channel = mark->channel,
		.recv_at = mark->recv_at,
		.sent_at = TIME_NEVER};
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	char until[24];
	int len = snprintf(until, sizeof(until), "%lld", (long long)mark->until);
	const struct field fields[] = {
		{'w', meta.source}, {'t', span_of(until, (size_t)len)}, {'m', SPAN_EMPTY}};
	struct field with_meta[ARRAY_SIZE(fields)];

	log_meta_add(&words, &meta);
	if (buf_failed(&words) < 0)
		s->failed = true;
	memcpy(with_meta, fields, sizeof(fields));
	with_meta[ARRAY_SIZE(fields) - 1].value = buf_span(&words);
	for (uint32_t p = 0; p < s->journal->n_streams; p++)
		add_fields(s, &s->journal->streams[p], with_meta, ARRAY_SIZE(with_meta), on_reply);
}

void journal_end(struct submission *s, void (*done)(struct submission *s, bool kept))
{
	s->done = done;
	s->complete = true;
	/* What its sender will be told has grown meanwhile. */
	s->bytes += s->errors.len;
	s->journal->waiting += s->errors.len;
	finish_if_answered(s);
}
