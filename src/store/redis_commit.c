/* SPDX-License-Identifier: MIT */
/*
 * The commit: one call that checks the owner's claim and the position, then writes everything and
 * the new position, or nothing.
 *
 * Records are too large to go through the script: Lua takes a hash over every byte of every
 * argument, 1.8 µs for a kilobyte, six times what storing it costs. So they go beside it, in one
 * transaction whose second half does nothing unless the script has opened the gate:
 *
 *   MULTI
 *   SET gate            closed
 *   EVALSHA …           checks and writes all else; last, it unlinks the old records and the gate
 *   MSETNX gate records all of them, or none if any of these keys is still there
 *   DEL gate
 *   EXEC
 *
 * A script that refuses, fails or is not known leaves the gate closed, and so nothing changes. Only
 * at the memory limit, where Redis takes no transactions, do records go through the script.
 */
#include "redis_store_impl.h"

static void on_commit(void *user, const struct redis_value *reply);
static void on_queued(void *user, const struct redis_value *reply);
static void on_exec(void *user, const struct redis_value *reply);

/* Everything through the script. */
static int commit_send(struct part *p, bool by_name)
{
	return commit_send_script(p, by_name, false, on_commit);
}

static int send_words(struct part *p, size_t n, const char *first, redis_reply_fn fn)
{
	struct redis *redis = p->store->redis;
	char key[KEY_SIZE];

	redis_begin(redis, n);
	redis_arg_str(redis, first);
	if (n > 1)
		redis_arg(redis, key_text(key, p->partition, COMMIT_GATE));
	if (n > 2)
		redis_arg_str(redis, "1");
	return part_send(p, fn);
}

static int send_multi(struct part *p)
{
	return send_words(p, 1, "MULTI", on_queued);
}

static int send_closing(struct part *p)
{
	return send_words(p, 3, "SET", on_queued);
}

static int send_script(struct part *p)
{
	return commit_send_script(p, true, true, on_queued);
}

static int send_records(struct part *p)
{
	struct redis *redis = p->store->redis;
	const struct commit *c = p->commit;
	char key[KEY_SIZE], gate[KEY_SIZE];
	struct span prefix = key_prefix(key, p->partition, "c");

	redis_begin(redis, 3 + 2 * c->n_records);
	redis_arg_str(redis, "MSETNX");
	redis_arg(redis, key_text(gate, p->partition, COMMIT_GATE));
	redis_arg_str(redis, "1");
	for (size_t i = 0; i < c->n_records; i++) {
		redis_arg2(redis, prefix, c->records[i].customer);
		redis_arg(redis, c->records[i].bytes);
	}
	return part_send(p, on_queued);
}

static int send_cleaning(struct part *p)
{
	return send_words(p, 2, "DEL", on_queued);
}

static int send_exec(struct part *p)
{
	return send_words(p, 1, "EXEC", on_exec);
}

/* The records beside the script. */
static int transaction_send(struct part *p)
{
	static int (*const steps[])(struct part *) = {
		send_multi, send_closing, send_script, send_records, send_cleaning, send_exec};
	size_t sent = 0;
	int r = 0;

	while (r == 0 && sent < ARRAY_SIZE(steps)) {
		r = steps[sent](p);
		sent += r == 0;
	}
	if (r == 0 || sent == 0)
		return r;
	/* Half a transaction must never be carried out. */
	p->stale += sent;
	if (send_words(p, 1, "DISCARD", on_queued) == 0)
		p->stale++;
	else
		redis_refuse(p->store->redis, "no room for the end of a transaction");
	return r;
}

/* ---- answers ---------------------------------------------------------------------------- */

/* FENCED EPOCH: a newer owner's, or, if it is not newer, the past: another or an older data set. */
static int fenced(const struct part *p, struct span text)
{
	struct span code = SPAN_LIT("FENCED ");
	uint64_t epoch = 0;

	if (span_to_u64(span_of(text.ptr + code.len, text.len - code.len), UINT64_MAX, &epoch) != 0)
		return STORE_FOREIGN;
	return epoch > p->commit->from.epoch ? STORE_FENCED : STORE_FOREIGN;
}

static int commit_outcome(struct part *p, const struct redis_value *reply)
{
	if (!reply)
		return STORE_UNKNOWN;
	if (redis_value_is(reply, "OK"))
		return 0;
	store_refused(p->store, reply->text);
	if (redis_value_is_error(reply, "FENCED"))
		return fenced(p, reply->text);
	if (redis_value_is_error(reply, "POS"))
		return STORE_MOVED;
	if (redis_value_is_error(reply, "FOREIGN"))
		return STORE_FOREIGN;
	return STORE_REFUSED;
}

static void answer_commit(struct part *p, const struct redis_value *reply)
{
	int r = 1;

	/* Scripts do not survive a restart. Nothing was run, so it may be sent again. */
	if (reply && redis_value_is_error(reply, "NOSCRIPT"))
		r = commit_send(p, false);
	if (r == 0)
		return;
	p->busy = PART_IDLE;
	p->fn.commit(p->user, r < 0 ? r : commit_outcome(p, reply));
}

static void on_commit(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p))
		answer_commit(p, reply);
	part_landed(p);
}

/* To be queued; what is refused here comes back as the whole transaction's end. */
static void on_queued(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p) && reply && reply->type == REDIS_ERROR) {
		p->result = store_refused(p->store, reply->text);
		p->at_limit = p->at_limit || redis_value_is_error(reply, "OOM");
	}
	part_landed(p);
}

/* OK, the script's answer, whether the records were taken, and the gate's end. */
static int transaction_outcome(struct part *p, const struct redis_value *reply)
{
	int r;

	if (!reply)
		return STORE_UNKNOWN;
	if (p->result != 0)
		return p->result;
	if (reply->type == REDIS_ERROR)
		return store_refused(p->store, reply->text);
	if (reply->type != REDIS_ARRAY || reply->n_items != 4)
		return store_refused(p->store, SPAN_LIT("EXEC answered in another form"));
	r = commit_outcome(p, &reply->items[1]);
	if (r == 0 && (reply->items[2].type != REDIS_INTEGER || reply->items[2].integer != 1))
		return store_refused(p->store, SPAN_LIT("MSETNX took no records"));
	return r;
}

static void answer_exec(struct part *p, const struct redis_value *reply)
{
	bool forgotten = reply && reply->type == REDIS_ARRAY && reply->n_items == 4 &&
			 redis_value_is_error(&reply->items[1], "NOSCRIPT");
	int r = 1;

	/* In both cases nothing was run. */
	if (forgotten)
		r = commit_send(p, false);
	else if (reply && p->at_limit)
		r = commit_send(p, true);
	if (r == 0)
		return;
	p->busy = PART_IDLE;
	p->fn.commit(p->user, r < 0 ? r : transaction_outcome(p, reply));
}

static void on_exec(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p))
		answer_exec(p, reply);
	part_landed(p);
}

int redis_ask_commit(struct store *store, uint32_t partition, const struct commit *c,
	store_commit_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_COMMIT);
	int r;

	if (!p)
		return -ENOMEM;
	assert(c->to.epoch == c->from.epoch && c->to.seq == c->from.seq + 1);
	p->fn.commit = fn;
	p->user = user;
	p->commit = c;
	p->at_limit = false;
	if (c->n_records > 0 && s->sha[0])
		r = transaction_send(p);
	else
		r = commit_send(p, s->sha[0] != '\0');
	if (r < 0)
		part_withdraw(p, 0);
	else
		commit_ask_sha(s);
	return r;
}
