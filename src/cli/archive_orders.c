/* SPDX-License-Identifier: MIT */
#include "archive_orders.h"

#include <unistd.h>

#include "archive_rewrite.h"
#include "archive_tool.h"
#include "cli.h"
#include "counted.h"
#include "store/keys.h"

struct carrying {
	const struct archive_orders_ask *ask;
	struct archive_orders_account *account;
	int64_t ends_at; /* by the clock that only rises */
	struct archive_log log;
	struct archive_orders orders; /* of the partition */
	struct archive_keyring keys;
	struct archive_rewrite rewrite;
	bool opened; /* keys and rewrite are there */
	bool faulty; /* a file of it is damaged */
};

static int trouble(struct carrying *c, const char *words)
{
	if (!c->account->words[0])
		(void)snprintf(c->account->words, sizeof(c->account->words), "%s", words);
	return STATUS_FOUND;
}

/* An outcome of the log. 0 or a status. */
static int told(struct carrying *c, int r)
{
	if (r == 0)
		return 0;
	if (r == ARCHIVE_REFUSED)
		return trouble(c, c->log.words);
	return trouble(c, r == -ENOMEM ? "out of memory" : "no answer from Redis");
}

static bool is_over(const struct carrying *c)
{
	const struct program *p = c->ask->program;

	return p->stopping || p->finished;
}

/* ---- a file ------------------------------------------------------------------------------ */

static bool is_found(const struct archive_order *o)
{
	return o->count.scrubbed + o->count.sealed > 0;
}

/* What came of it. 0 or a status. */
static int rewritten(struct carrying *c, int r)
{
	if (r == REWRITE_FAULT) {
		c->faulty = true;
		c->account->damaged++;
		(void)trouble(c, c->rewrite.words);
		return 0;
	}
	return r < 0 ? trouble(c, "out of memory") : r > 0 ? STATUS_FOUND : 0;
}

/* What is found is put down before the file takes its place (store/archive_order.h). */
static int write_file(struct carrying *c, const struct archive_file *file)
{
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < c->orders.n && r == 0; i++) {
		const struct archive_order *o = &c->orders.items[i];

		if (!is_found(o))
			continue;
		any = true;
		r = archive_order_intend(&c->log, o, file->first);
	}
	if (r != 0 || !any)
		return told(c, r);
	r = rewritten(c, archive_rewrite_write(&c->rewrite, file));
	c->account->written += r == 0 && !c->faulty;
	return r;
}

static int do_file(struct carrying *c, const struct archive_file *file)
{
	struct order_range range = {.through = {0, 0}};
	bool was_faulty = c->faulty;
	int r;

	c->faulty = false;
	r = rewritten(c, archive_rewrite_look(&c->rewrite, file, &range));
	if (r == 0 && !c->faulty)
		r = write_file(c, file);
	if (r != 0 || c->faulty)
		return r;
	c->faulty = was_faulty;
	for (size_t i = 0; i < c->orders.n && r == 0; i++) {
		struct archive_order *o = &c->orders.items[i];

		c->account->scrubbed += o->count.scrubbed;
		c->account->sealed += o->count.sealed;
		if (!archive_order_has(o, file->first))
			r = told(c, archive_order_note(&c->log, o, file->first, &range));
	}
	c->account->looked += r == 0;
	return r;
}

/* ---- a partition ------------------------------------------------------------------------- */

static bool is_wanted(const struct carrying *c, const struct archive_file *file)
{
	for (size_t i = 0; i < c->orders.n; i++)
		if (!archive_order_has(&c->orders.items[i], file->first))
			return true;
	return false;
}

/* A page of keys may be missed where Redis was started anew between two. */
static int check_keys(struct carrying *c)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;
	struct span args[] = {SPAN_LIT("HLEN"), SPAN_EMPTY};

	arena_init(&a);
	key_add(&key, c->log.partition, "seal");
	args[1] = buf_span(&key);
	if (redis_call(c->ask->redis, args, ARRAY_SIZE(args), &a, &v) != 0)
		return trouble(c, "no answer from Redis");
	return (uint64_t)v->integer <= c->keys.by_id.len + c->keys.n_bad
		       ? 0
		       : trouble(c, "the keys of the archive changed while they were read");
}

/* The files are listed before, so that each line's key is older than the ring. */
static int open_rewrite(struct carrying *c)
{
	const struct archive_orders_ask *ask = c->ask;

	c->opened = true;
	c->rewrite = (struct archive_rewrite){.program = ask->program,
		.dir = ask->dir,
		.coder = ask->coder,
		.keys = &c->keys,
		.orders = &c->orders};
	if (archive_rewrite_init(&c->rewrite) < 0)
		return trouble(c, "out of memory");
	if (archive_keyring_load(&c->keys, ask->program, ask->redis, c->log.partition))
		return trouble(c, "the keys of the archive cannot be read from Redis");
	return check_keys(c);
}

static int settle(struct carrying *c)
{
	int r = 0;

	for (size_t i = 0; i < c->orders.n && r == 0; i++) {
		const struct archive_order *o = &c->orders.items[i];
		struct log_id until = o->until;
		enum order_state state;

		if (c->ask->archives)
			r = told(c, archive_order_reach(&c->log, o, &until));
		if (r != 0)
			break;
		state = archive_order_state(o, until, c->ask->all_here);
		c->account->elsewhere += state == ORDER_ELSEWHERE;
		r = told(c, archive_order_settle(&c->log, o, state));
	}
	return r;
}

/* All files of the partition that are there and were not gone through. 0 or a status. */
static int do_files(struct carrying *c)
{
	const struct archive_file *files;
	size_t n = archive_dir_files(c->ask->dir, c->log.partition, &files);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!is_wanted(c, &files[i]))
			continue;
		/* One at least, whatever that takes. */
		if (is_over(c) || (c->account->looked > 0 && io_mono_now() >= c->ends_at)) {
			c->account->left = true;
			return 0;
		}
		r = c->opened ? 0 : open_rewrite(c);
		r = r ? r : do_file(c, &files[i]);
	}
	return r || c->faulty ? r : settle(c);
}

static int do_partition(struct carrying *c)
{
	int r = told(c, archive_orders_load(&c->log, &c->orders));

	c->opened = c->faulty = false;
	arena_init(&c->keys.arena);
	c->keys.by_id = (struct map){.len = 0};
	if (r == 0 && c->orders.n > 0)
		r = do_files(c);
	if (c->opened)
		archive_rewrite_release(&c->rewrite);
	archive_keyring_release(&c->keys);
	archive_orders_release(&c->orders);
	return r;
}

int archive_orders_carry_out(
	const struct archive_orders_ask *ask, struct archive_orders_account *ret_account)
{
	struct carrying c = {.ask = ask, .account = ret_account, .log = {.redis = ask->redis}};
	int64_t now = io_mono_now();
	int r = 0;

	*ret_account = (struct archive_orders_account){.looked = 0};
	c.ends_at = ask->within_ms < INT64_MAX - now ? now + ask->within_ms : INT64_MAX;
	for (uint32_t p = 0; p < ask->program->dataset.partitions && !is_over(&c); p++) {
		c.log.partition = p;
		/* What stands in the way of one partition does not of the next. */
		if (do_partition(&c) != 0)
			r = STATUS_FOUND;
	}
	return r;
}

/* ---- waymark archive scrub --------------------------------------------------------------- */

static int say_done(const struct archive_tool *t, const struct archive_orders_account *a)
{
	if (t->tool.program.common.json)
		printf("{\"files\":%llu,\"written\":%llu,\"lines\":%llu,\"sealed\":%llu,"
		       "\"elsewhere\":%llu}\n",
			(unsigned long long)a->looked, (unsigned long long)a->written,
			(unsigned long long)a->scrubbed, (unsigned long long)a->sealed,
			(unsigned long long)a->elsewhere);
	else
		printf("%llu %s looked at, %llu of them written anew; %llu %s who was erased no "
		       "more.\n",
			COUNT_AS(a->looked, "file was", "files were"),
			(unsigned long long)a->written,
			COUNT_AS(a->scrubbed + a->sealed, "line names", "lines name"));
	if (a->elsewhere > 0 && !t->tool.program.common.json)
		printf("Earlier files are not here. Where they are, run `waymark archive scrub` "
		       "too; if they are nowhere any more, say --all-here.\n");
	return STATUS_DONE;
}

static int carry_out(struct archive_tool *t, const struct archive_dir *d, struct redis *redis)
{
	_cleanup_(archive_coder_freep) struct archive_coder *coder = NULL;
	const struct program *p = &t->tool.program;
	struct archive_orders_account account;
	struct archive_orders_ask ask = {.program = p,
		.redis = redis,
		.dir = d,
		.within_ms = INT64_MAX,
		.all_here = t->settings.all_here};

	if (archive_coder_new(&coder) < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	ask.coder = coder;
	if (archive_orders_carry_out(&ask, &account) == 0 && !account.left && !account.words[0])
		return say_done(t, &account);
	if (p->stopping)
		return tool_say(p, STATUS_FOUND,
			"stopped, not finished; it goes on when it is asked for again.");
	return tool_say(p, STATUS_FOUND, "not finished: %s.", account.words);
}

int archive_scrub(struct archive_tool *t)
{
	_cleanup_(archive_dir_release) struct archive_dir d = {.path = NULL};
	const struct program *p = &t->tool.program;
	struct redis *redis;
	int lock, r, status = archive_tool_open(t, &d);

	if (status != STATUS_DONE)
		return status;
	if (tool_connect(&t->tool, &redis))
		return p->status;
	if (strcmp(d.dataset, p->dataset.id) != 0)
		return tool_say(
			p, STATUS_FOUND, "the archive is of another data set than Redis holds.");
	lock = archive_dir_lock(t->directory);
	if (lock == -EWOULDBLOCK)
		return tool_say(p, STATUS_FOUND,
			"`waymark archive run` writes into it, and does this by itself.");
	if (lock < 0)
		return tool_say(
			p, STATUS_FOUND, "%s cannot be locked: %s.", t->directory, strerror(-lock));
	r = archive_dir_sweep(t->directory);
	status = r == 0 ? carry_out(t, &d, redis)
			: tool_say(p, STATUS_FOUND,
				  "what was left in %s half written cannot be removed: %s.",
				  t->directory, strerror(-r));
	close(lock);
	return status;
}
