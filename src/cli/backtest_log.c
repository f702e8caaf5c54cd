/* SPDX-License-Identifier: MIT */
/*
 * The live data set's own log through the backtest: every partition's stream from its beginning to
 * the position its worker has committed, and time to the clock that went with it. What has left the
 * log, and whatever else is archived, comes from the archive. With the rules
 * that were in force, which the log names and the data set keeps, what comes out must be the very
 * jobs and decisions of the live run.
 */
#include "backtest.h"

#include "backtest_archive.h"
#include "backtest_gone.h"
#include "counted.h"
#include "program/program.h"
#include "program/rule_set.h"
#include "store/keys.h"

#define PAGE	 1000
#define AWAIT_MS 10000

struct log_reader {
	struct backtest *b;
	uint64_t first_rules; /* what the partition's log began with; 0: nobody says */
	struct redis *redis;
	uint32_t partition, partitions;
	struct log_id until;   /* position */
	struct log_id trimmed; /* the log begins here or later */
	int64_t clock, latest;
	struct buf key, from;
	const struct backtest_source *source;
	struct backtest_archive archive;
	struct backtest_gone gone;
	const char *words; /* why it does not do; NULL: errno says it */
};

static int call(struct log_reader *l, const struct span *args, size_t n, struct arena *arena,
	const struct redis_value **ret_value)
{
	int r = redis_call(l->redis, args, n, arena, ret_value);

	if (r != 0)
		return r < 0 ? r : -EIO;
	return (*ret_value)->type == REDIS_ERROR ? -EIO : 0;
}

/* Where the log begins since older entries have left it. */
static int read_trimmed(struct log_reader *l)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	int r;

	arena_init(&arena);
	buf_reset(&l->key);
	key_add(&l->key, l->partition, "arch");
	r = call(l, (struct span[]){SPAN_LIT("HGET"), buf_span(&l->key), SPAN_LIT("trimmed")}, 3,
		&arena, &v);
	l->trimmed = (struct log_id){0, 0};
	if (r == 0 && v->text.len > 0 && log_id_parse(v->text, &l->trimmed) != 0)
		r = -EBADMSG;
	return r;
}

static int read_position(struct log_reader *l)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	uint64_t clock;
	int r;

	arena_init(&arena);
	buf_reset(&l->key);
	key_add(&l->key, l->partition, "pos");
	r = call(l,
		(struct span[]){SPAN_LIT("HMGET"), buf_span(&l->key), SPAN_LIT("id"),
			SPAN_LIT("clock"), SPAN_LIT("rules_first")},
		5, &arena, &v);
	if (r < 0)
		return r;
	l->until = (struct log_id){0, 0};
	l->clock = 0;
	l->first_rules = 0;
	if (v->n_items != 3 || v->items[0].text.len == 0)
		return 0; /* nobody has ever worked on it */
	if (log_id_parse(v->items[0].text, &l->until) != 0 ||
		span_to_u64(v->items[1].text, INT64_MAX, &clock) != 0)
		return -EBADMSG;
	l->clock = (int64_t)clock;
	(void)rules_digest_parse(v->items[2].text, &l->first_rules);
	return read_trimmed(l);
}

/* ---- the rules that were in force -------------------------------------------------------- */

bool backtest_find_rules(void *user, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder)
{
	const struct backtest *b = user;

	for (size_t i = 0; i < b->n_sets; i++) {
		if (b->sets[i].digest != digest)
			continue;
		*ret_rules = b->sets[i].rules;
		*ret_decoder = b->sets[i].decoder;
		return true;
	}
	(void)fprintf(stderr,
		"waymark backtest: the log names a set of rules, %016llx, that the data set has "
		"not or that this version cannot read.\n"
		"Say which rules to use instead: --rules DIR\n",
		(unsigned long long)digest);
	return false;
}

/* One that cannot be read is complained of where it is needed. */
static int add_set(struct backtest *b, struct span name, struct span text)
{
	struct backtest_set *set = &b->sets[b->n_sets];
	struct file_problems *problems;
	int r;

	if (!rules_digest_parse(name, &set->digest))
		return 0;
	problems = malloc(sizeof(*problems));
	if (!problems)
		return -ENOMEM;
	r = rule_set_of_text(text, problems, &set->rules);
	free(problems);
	if (r != 0)
		return r < 0 ? r : 0;
	b->n_sets++;
	return event_decoder_new(&set->rules->fields, b->identity, &set->decoder);
}

static int read_sets(struct log_reader *l)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	int r;

	arena_init(&arena);
	r = call(l, (struct span[]){SPAN_LIT("HGETALL"), SPAN_LIT("wm:rules")}, 2, &arena, &v);
	if (r < 0)
		return r;
	l->b->sets = calloc(v->n_items / 2 + 1, sizeof(*l->b->sets));
	if (!l->b->sets)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < v->n_items && r == 0; i += 2)
		r = add_set(l->b, v->items[i].text, v->items[i + 1].text);
	return r;
}

/* The log begins with the rules that it began with. */
static int begin(struct log_reader *l)
{
	const struct event_decoder *decoder;
	const struct rules *rules;

	if (!l->b->sets || l->first_rules == 0)
		return 0;
	if (!backtest_find_rules(l->b, l->first_rules, &rules, &decoder))
		return -ENOENT;
	return backtest_change_rules(l->b, 0, rules);
}

/* ---- the log ----------------------------------------------------------------------------- */

static struct span field(const struct redis_value *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->n_items; i += 2)
		if (span_is(fields->items[i].text, name))
			return fields->items[i + 1].text;
	return SPAN_EMPTY;
}

static int feed_entry(struct log_reader *l, const struct redis_value *v)
{
	struct log_entry e = {.rules = field(&v->items[1], "r")};
	int r;

	if (v->n_items != 2 || log_id_parse(v->items[0].text, &e.id) != 0)
		return -EBADMSG;
	e.event = field(&v->items[1], "e");
	e.meta = field(&v->items[1], "m");
	e.mark_source = field(&v->items[1], "w");
	e.mark_until = field(&v->items[1], "t");
	e.message = field(&v->items[1], "x");
	e.record = field(&v->items[1], "b");
	buf_reset(&l->from);
	buf_add_char(&l->from, '(');
	buf_add_span(&l->from, v->items[0].text);
	r = backtest_gone_say(&l->gone, l->b, e.id);
	return r < 0 ? r : backtest_append_id(l->b, &e);
}

/* Feeds one page; false in *ret_more at the end. */
static int feed_page(struct log_reader *l, bool *ret_more)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	char until[LOG_ID_SIZE];
	int r;

	arena_init(&arena);
	log_id_format(l->until, until);
	buf_reset(&l->key);
	key_add(&l->key, l->partition, "in");
	r = call(l,
		(struct span[]){SPAN_LIT("XRANGE"), buf_span(&l->key), buf_span(&l->from),
			span_str(until), SPAN_LIT("COUNT"), SPAN_LIT("1000")},
		6, &arena, &v);
	for (size_t i = 0; r == 0 && i < v->n_items; i++)
		r = feed_entry(l, &v->items[i]);
	*ret_more = r == 0 && v->n_items == PAGE;
	return r;
}

static struct log_id next_id(struct log_id id)
{
	return (struct log_id){id.ms, id.seq + 1};
}

/* What the archive has; the log goes on behind it. */
static int feed_archived(struct log_reader *l)
{
	struct backtest_reach reach = {{0, 0}, 0};
	char id[LOG_ID_SIZE];
	int r = l->source->archive ? backtest_archive_feed(&l->archive, l->b, l->partition, &reach)
				   : 0;

	if (r != 0) {
		l->words = r > 0 ? l->archive.words : NULL;
		return r > 0 ? -EBADMSG : r;
	}
	/* The log alone has nothing before its first entry; what it begins with may be what comes
	 * right behind the archive's last. */
	if (l->source->log && log_id_compare(l->trimmed, next_id(reach.through)) > 0) {
		l->words = l->source->archive
				   ? "the archive does not reach to where the log begins"
				   : "older entries have left it; say where the archive is: "
				     "--events DIR";
		return -EBADMSG;
	}
	if (!l->source->log && log_id_compare(reach.through, l->until) != 0)
		l->clock = reach.clock;
	log_id_format(reach.through, id);
	buf_reset(&l->from);
	buf_add_char(&l->from, '(');
	buf_add_str(&l->from, id);
	return buf_failed(&l->from);
}

static int feed_partition(struct log_reader *l)
{
	bool more = l->source->log;
	int r = backtest_partition_log(l->b, l->partition, l->partitions);

	if (r == 0)
		r = read_position(l);
	if (r == 0)
		r = begin(l);
	if (r == 0)
		r = backtest_gone_read(&l->gone, l->redis, l->partition);
	if (r == 0)
		r = feed_archived(l);
	while (r == 0 && more)
		r = feed_page(l, &more);
	if (r == 0)
		r = backtest_finish(l->b, l->clock);
	l->latest = int64_max(l->latest, l->clock);
	return r;
}

static int feed_all(struct log_reader *l)
{
	int r = l->source->own_rules ? read_sets(l) : 0;

	if (r == 0 && l->source->archive) {
		r = backtest_archive_open(&l->archive, l->source->archive);
		if (r > 0)
			l->words = l->archive.words;
	}
	for (l->partition = 0; l->partition < l->partitions && r == 0; l->partition++)
		r = feed_partition(l);
	return r;
}

static void remark(const struct log_reader *l)
{
	if (l->archive.unreadable > 0)
		(void)fprintf(stderr,
			"waymark backtest: %llu %s left out: their customers were erased.\n",
			COUNT_AS(l->archive.unreadable, "entry is", "entries are"));
}

int backtest_feed_log(struct backtest *b, struct program *p, const struct backtest_source *source,
	int64_t *ret_horizon)
{
	struct log_reader l = {.b = b, .latest = INT64_MIN, .source = source};
	struct redis_options options;
	int r;

	redis_options_init(&options);
	if (program_connect(p, &options, &l.redis) || program_await(p, AWAIT_MS))
		return p->status;
	l.partitions = p->dataset.partitions;
	l.archive.program = p;
	l.archive.redis = l.redis;
	l.archive.gone = &l.gone;
	arena_init(&l.archive.dir.arena);
	backtest_gone_init(&l.gone);
	buf_init(&l.key);
	buf_init(&l.from);
	r = feed_all(&l);
	buf_release(&l.key);
	buf_release(&l.from);
	backtest_archive_release(&l.archive);
	backtest_gone_release(&l.gone);
	*ret_horizon = l.latest;
	remark(&l);
	if (r == 0)
		return STATUS_DONE;
	(void)fprintf(stderr, "waymark backtest: the log of partition %u cannot be read: %s\n",
		l.partition > 0 ? l.partition - 1 : 0,
		b->failed ? "the engine stopped"
		: l.words ? l.words
			  : strerror(-r));
	return STATUS_FOUND;
}
