/* SPDX-License-Identifier: MIT */
/*
 * The script of the commit, and what it is given.
 *
 * A script that fails half-way keeps what it has written (Redis has no rollback), so before the
 * first write every key of the commit is read with a command that fails where the write would: a
 * key of another type is found while nothing has changed. What to write is decided here; the
 * script runs lists of commands that we give it. Only jobs need answers in between.
 */
#include "redis_store_impl.h"

#include "base/instant.h"
#include "codec/job_view.h"
#include "core/rule.h"
#include "job_script.h"
#include "redis_commit_args.h"

#define N_KEYS 3

/* What of a job decides about its place. */
struct terms {
	char rank[JOB_RANK_SIZE];
	char channel[32], class[16], rule[RULE_ID_MAX + 1]; /* cut where they are too long */
	int64_t valid_until, not_before, fire_at;
};

static void copy_word(char *out, size_t size, struct span word)
{
	struct span w = word.len ? word : SPAN_LIT("-");
	size_t n = w.len < size ? w.len : size - 1;

	memcpy(out, w.ptr, n);
	out[n] = '\0';
}

/* JSON that is none leaves a job with the lowest rank and without end. 0 or -ENOMEM. */
static int terms_read(struct terms *t, struct span json, struct arena *a)
{
	struct job_view v;
	int r = job_view_read(json, a, &v);

	if (r < 0)
		return r;
	job_rank(&v, t->rank);
	copy_word(t->channel, sizeof(t->channel), v.channel);
	copy_word(t->class, sizeof(t->class), v.kind);
	copy_word(t->rule, sizeof(t->rule), v.rule);
	t->valid_until = v.valid_until;
	t->not_before = v.not_before;
	t->fire_at = v.fire_at;
	arena_reset(a);
	return 0;
}

/* One for each job of C, to be freed. */
static int terms_of(const struct commit *c, struct terms **ret_terms)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_free_ struct terms *terms = calloc(c->n_jobs + 1, sizeof(*terms));
	int r = terms ? 0 : -ENOMEM;

	arena_init(&a);
	for (size_t i = 0; r == 0 && i < c->n_jobs; i++)
		r = terms_read(&terms[i], c->jobs[i].json, &a);
	if (r < 0)
		return r;
	*ret_terms = terms;
	terms = NULL;
	return 0;
}

static void put_day_key(struct args *a)
{
	put_key_id(a, "day", span_of(a->date, 10));
}

/* What a job's place is made of. */
static void put_place_probes(struct args *a)
{
	static const char *const sets[] = {"later", "expiry"};
	const struct commit *c = a->commit;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		put_command(a, 2, "ZCARD");
		put_key(a, sets[i]);
	}
	put_command(a, 2, "HLEN");
	put_key(a, "jobn");
	put_command(a, 2, "SCARD");
	put_key(a, "chans");
	for (size_t i = 0; i < c->n_jobs; i++) {
		put_command(a, 2, "ZCARD");
		put_key_id(a, "ready", span_str(a->terms[i].channel));
	}
}

static void put_probe(struct args *a, const char *command, const char *name, struct span id)
{
	put_command(a, 2, command);
	if (id.len > 0)
		put_key_id(a, name, id);
	else
		put_key(a, name);
}

/* Reads that fail where a write would. MSET takes any type and needs none. */
static void put_probes(struct args *a)
{
	const struct commit *c = a->commit;

	put_command(a, 2, "HLEN");
	put_day_key(a);
	if (c->n_dues > 0)
		put_probe(a, "ZCARD", "due", SPAN_EMPTY);
	put_hold_probes(a);
	if (c->n_marks > 0)
		put_probe(a, "HLEN", "marks", SPAN_EMPTY);
	if (c->n_messages > 0)
		put_probe(a, "XLEN", "out", SPAN_EMPTY);
	if (c->n_terms > 0)
		put_probe(a, "ZCARD", "find", SPAN_EMPTY);
	for (size_t i = 0; i < c->n_ids; i++)
		put_probe(a, "SCARD", "ids", c->ids[i].customer);
	for (size_t i = 0; i < c->n_snapshots; i++)
		put_probe(a, "HLEN", "m", c->snapshots[i].customer);
	put_mend_probes(a);
	for (size_t i = 0; i < c->n_parts; i++)
		put_probe(a, "LLEN", "parts", c->parts[i].customer);
	if (c->n_jobs + c->n_retracts > 0) {
		put_probe(a, "XLEN", "jobs", SPAN_EMPTY);
		put_place_probes(a);
	}
	put_trial_probe(a);
	if (c->n_bad > 0)
		put_probe(a, "XLEN", "bad", SPAN_EMPTY);
	commit_put_erase_probes(a);
	for (size_t i = 0; i < c->n_chunks; i++)
		put_probe(a, "LLEN", "t", c->chunks[i].customer);
	for (size_t i = 0; i < c->n_seen; i++) {
		put_command(a, 2, "STRLEN");
		put_key_number(a, "seen", c->seen[i].hour);
	}
	for (size_t i = 0; i < c->n_jobs; i++)
		put_probe(a, "HLEN", "job", c->jobs[i].id);
	for (size_t i = 0; i < c->n_retracts; i++)
		put_probe(a, "HLEN", "job", c->retracts[i].id);
	put_u64(a, 0);
}

static void put_records(struct args *a)
{
	const struct commit *c = a->commit;
	char key[KEY_SIZE];
	struct span prefix = key_prefix(key, a->partition, "c");

	for (size_t i = 0; i < c->n_records && !a->beside; i += RUN_MAX) {
		size_t n = c->n_records - i < RUN_MAX ? c->n_records - i : RUN_MAX;

		put_command(a, 1 + 2 * n, "MSET");
		if (!a->redis) {
			a->n += 2 * n;
			continue;
		}
		for (size_t j = i; j < i + n; j++) {
			put2(a, prefix, c->records[j].customer);
			put(a, c->records[j].bytes);
		}
	}
	for (size_t i = 0; i < c->n_chunks; i++) {
		put_command(a, 3, "RPUSH");
		put_key_id(a, "t", c->chunks[i].customer);
		put(a, c->chunks[i].bytes);
	}
}

/* How many of the dues from I on, up to RUN_MAX, are of one kind: an instant, or none. */
static size_t due_run(const struct commit *c, size_t i)
{
	bool removal = c->dues[i].at == TIME_NEVER;
	size_t n = 1;

	while (n < RUN_MAX && i + n < c->n_dues && (c->dues[i + n].at == TIME_NEVER) == removal)
		n++;
	return n;
}

/* In the order of the commit: a customer named twice ends as the last one says. */
static void put_dues(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0, n; i < c->n_dues; i += n) {
		bool removal = c->dues[i].at == TIME_NEVER;

		n = due_run(c, i);
		put_command(a, 2 + (removal ? n : 2 * n), removal ? "ZREM" : "ZADD");
		put_key(a, "due");
		if (!a->redis) {
			a->n += removal ? n : 2 * n;
			continue;
		}
		for (size_t j = i; j < i + n; j++) {
			if (!removal)
				put_i64(a, c->dues[j].at);
			put(a, c->dues[j].customer);
		}
	}
}

/* Few, so each is a command of its own. */
static void put_marks(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_marks; i++) {
		put_command(a, 4, "HSET");
		put_key(a, "marks");
		put(a, c->marks[i].source);
		put_i64(a, c->marks[i].at);
	}
}

/* By source and reason, beside the counter of all of them. */
static void put_bad_count(struct args *a, const struct commit_bad *bad)
{
	char field[BAD_COUNTER_SIZE];
	struct log_meta meta;

	if (log_meta_parse(bad->entry.meta, &meta) != 0)
		meta.source = SPAN_LIT("?");
	bad_counter(meta.source, bad->code, field);
	put_command(a, 4, "HINCRBY");
	put_day_key(a);
	put_str(a, field);
	put_u64(a, 1);
}

static void put_bad(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_bad; i++) {
		const struct commit_bad *bad = &c->bad[i];

		put_command(a, 13, "XADD");
		put_key(a, "bad");
		put_str(a, "*");
		put_str(a, "id");
		put_id(a, bad->entry.id);
		put_str(a, "e");
		put(a, bad->entry.event);
		put_str(a, "m");
		put(a, bad->entry.meta);
		put_str(a, "c");
		put(a, bad->code);
		put_str(a, "w");
		put(a, bad->words);
		put_bad_count(a, bad);
	}
}

static void put_seen(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_seen; i++) {
		put_command(a, 3, "APPEND");
		put_key_number(a, "seen", c->seen[i].hour);
		put(a, c->seen[i].bytes);
	}
	if (c->seen_drop_from >= c->seen_drop_before)
		return;
	put_command(a, 1 + (size_t)(c->seen_drop_before - c->seen_drop_from), "UNLINK");
	for (int64_t hour = c->seen_drop_from; hour < c->seen_drop_before; hour++)
		put_key_number(a, "seen", hour);
}

static void put_field(struct args *a, const char *name, struct span value)
{
	if (value.len == 0)
		return;
	put_str(a, name);
	put(a, value);
}

/* Into the outbox, in order, and how many there were so far. */
static void put_messages(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_messages; i++) {
		const struct commit_message *m = &c->messages[i];

		size_t n = 7 + 2 * (size_t)((m->event.len > 0) + (m->meta.len > 0) +
					    (m->record.len > 0));

		put_command(a, n, "XADD");
		put_key(a, "out");
		put_str(a, "*");
		put_str(a, "q");
		put_u64(a, m->to);
		put_str(a, "x");
		put(a, m->head);
		put_field(a, "e", m->event);
		put_field(a, "m", m->meta);
		put_field(a, "b", m->record);
	}
	if (c->n_messages > 0) {
		put_command(a, 4, "HSET");
		put_key(a, "pos");
		put_str(a, "out");
		put_u64(a, c->to.out);
	}
	if (c->n_heard > 0) {
		put_command(a, 2 + 2 * c->n_heard, "HSET");
		put_key(a, "pos");
	}
	for (size_t i = 0; i < c->n_heard; i++) {
		char field[HEARD_FIELD_SIZE];

		(void)snprintf(field, sizeof(field), HEARD_FIELD "%u", (unsigned)c->heard[i].from);
		put_str(a, field);
		put_u64(a, c->heard[i].seq);
	}
}

/* What stands behind those before it is of a record that was taken back. */
static void put_part(struct args *a, const struct commit_part *part)
{
	put_command(a, part->before > 0 ? 4 : 2, part->before > 0 ? "LTRIM" : "UNLINK");
	put_key_id(a, "parts", part->customer);
	if (part->before > 0) {
		put_u64(a, 0);
		put_u64(a, part->before - 1);
	}
	put_command(a, 3, "RPUSH");
	put_key_id(a, "parts", part->customer);
	put(a, part->bytes);
}

/* Who leads to whom, and what was before they did. */
static void put_kin(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_ids; i++) {
		put_command(a, 3, "SADD");
		put_key_id(a, "ids", c->ids[i].customer);
		put(a, c->ids[i].key);
	}
	for (size_t i = 0; i < c->n_snapshots; i++) {
		put_command(a, 4, "HSET");
		put_key_id(a, "m", c->snapshots[i].customer);
		put(a, c->snapshots[i].of);
		put(a, c->snapshots[i].bytes);
	}
	for (size_t i = 0; i < c->n_parts; i++)
		put_part(a, &c->parts[i]);
}

static void put_counters(struct args *a)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		if (a->commit->counters[i] == 0)
			continue;
		put_command(a, 4, "HINCRBY");
		put_day_key(a);
		put(a, counter_name((enum counter)i));
		put_u64(a, a->commit->counters[i]);
	}
}

static void put_jobs(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_jobs; i++) {
		const struct terms *t = &a->terms[i];

		put_key_id(a, "job", c->jobs[i].id);
		put(a, c->jobs[i].id);
		put(a, c->jobs[i].customer);
		put(a, c->jobs[i].json);
		put_str(a, t->rank);
		put_str(a, t->channel);
		put_str(a, t->class);
		put_str(a, t->rule);
		put_instant(a, t->valid_until);
		put_instant(a, t->not_before);
		put_instant(a, t->fire_at);
	}
	put(a, SPAN_EMPTY);
	for (size_t i = 0; i < c->n_retracts; i++) {
		put_key_id(a, "job", c->retracts[i].id);
		put(a, c->retracts[i].id);
		put(a, c->retracts[i].reason);
		put_str(a, c->retracts[i].late ? "1" : "0");
	}
	put(a, SPAN_EMPTY);
}

/* Makes room for the records that follow the script, and opens the gate to them. */
static void put_opening(struct args *a)
{
	const struct commit *c = a->commit;
	char key[KEY_SIZE];
	struct span prefix = key_prefix(key, a->partition, "c");

	for (size_t i = 0; i < c->n_records; i += RUN_MAX) {
		size_t n = c->n_records - i < RUN_MAX ? c->n_records - i : RUN_MAX;

		put_command(a, 1 + n, "UNLINK");
		if (!a->redis) {
			a->n += n;
			continue;
		}
		for (size_t j = i; j < i + n; j++)
			put2(a, prefix, c->records[j].customer);
	}
	put_command(a, 2, "DEL");
	put_key(a, COMMIT_GATE);
}

static void put_all(struct args *a)
{
	const struct commit *c = a->commit;

	put_u64(a, N_KEYS);
	put_key(a, "pos");
	put_key(a, "jobs");
	put_day_key(a);
	put_u64(a, c->from.epoch);
	put_u64(a, c->from.seq);
	put_u64(a, c->to.seq);
	put_id(a, c->to.id);
	put_i64(a, c->to.clock);
	put_rules(a, c->to.rules);
	put_probes(a);
	commit_put_erase(a);
	put_mends(a);
	put_records(a);
	put_dues(a);
	put_holds(a);
	put_marks(a);
	put_bad(a);
	put_trials(a);
	put_seen(a);
	put_messages(a);
	put_kin(a);
	put_terms(a);
	put_counters(a);
	put_u64(a, 0);
	put_jobs(a);
	if (a->beside)
		put_opening(a);
	put_u64(a, 0);
}

static void add_script(struct buf *out)
{
	buf_add_str(out, commit_head);
	buf_add_str(out, job_script_place);
	buf_add_str(out, commit_script);
}

static void on_sha(void *user, const struct redis_value *reply)
{
	struct redis_store *s = user;

	s->sha_asked = false;
	if (reply && reply->type == REDIS_STRING && reply->text.len == SCRIPT_SHA_SIZE - 1)
		memcpy(s->sha, reply->text.ptr, SCRIPT_SHA_SIZE);
	store_landed(s);
}

/* What the script is called by is learned from Redis, who made the rule. */
void commit_ask_sha(struct redis_store *s)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	if (s->sha[0] || s->sha_asked)
		return;
	add_script(&text);
	if (buf_failed(&text) < 0)
		return; /* asked again behind the next commit */
	redis_begin(s->redis, 3);
	redis_arg_str(s->redis, "SCRIPT");
	redis_arg_str(s->redis, "LOAD");
	redis_arg(s->redis, buf_span(&text));
	s->sha_asked = store_send(s, on_sha, s) == 0;
}

int commit_send_script(struct part *p, bool by_name, bool beside, redis_reply_fn fn)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_free_ struct terms *terms = NULL;
	_cleanup_free_ const struct commit_hold **holds = NULL;
	struct redis *redis = p->store->redis;
	struct args a = {.partition = p->partition, .beside = beside, .commit = p->commit};
	int r = holds_by_source(p->commit, &holds);

	r = r < 0 ? r : terms_of(p->commit, &terms);
	if (!by_name)
		add_script(&text);
	r = r < 0 ? r : buf_failed(&text);
	if (r < 0)
		return r;
	a.terms = terms;
	a.holds = holds;
	instant_format(p->commit->day * MS_DAY, a.date);
	put_all(&a);
	redis_begin(redis, 2 + a.n);
	redis_arg_str(redis, by_name ? "EVALSHA" : "EVAL");
	if (by_name)
		redis_arg_str(redis, p->store->sha);
	else
		redis_arg(redis, buf_span(&text));
	a.redis = redis;
	put_all(&a);
	return part_send(p, fn);
}
