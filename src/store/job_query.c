/* SPDX-License-Identifier: MIT */
/*
 * Listing is two questions: the entries, then the fate of each. Taking is one script, which walks
 * the stream from where the last taker stopped; that place is kept at the server
 * (`wm:{p}:taken`), so takers need not know of each other.
 */
#include "store/job_query.h"

#include "base/arena.h"
#include "redis_store_impl.h"

/* Entries looked at by one take, retracted ones included. */
#define TAKE_SCAN 1000

/*
 * KEYS: jobs, taken. ARGV: prefix of the jobs' keys, how many, consumer, entries to look at.
 * The reply: how many entries were looked at, then stream id, job id and JSON of each job.
 */
static const char take_script[] =
	"local from = redis.call('GET', KEYS[2])\n"
	"local page = redis.call('XRANGE', KEYS[1], from and '(' .. from or '-', '+',\n"
	"  'COUNT', ARGV[4])\n"
	"local t = redis.call('TIME')\n"
	"local now = string.format('%d%03d', t[1], t[2] / 1000)\n"
	"local out, n, last = {0}, 0, nil\n"
	"for _, e in ipairs(page) do\n"
	"  if n == tonumber(ARGV[2]) then break end\n"
	"  last = e[1]\n"
	"  out[1] = out[1] + 1\n"
	"  local key = ARGV[1] .. e[2][2]\n"
	"  if e[2][3] == 'j' and redis.call('HGET', key, 's') == 'ready' then\n"
	"    redis.call('HSET', key, 's', 'taken', 'by', ARGV[3], 'taken_at', now)\n"
	"    n = n + 1\n"
	"    out[#out + 1] = e[1]\n"
	"    out[#out + 1] = e[2][2]\n"
	"    out[#out + 1] = e[2][4]\n"
	"  end\n"
	"end\n"
	"if last then redis.call('SET', KEYS[2], last) end\n"
	"return out\n";

struct ask {
	uint32_t partition;
	size_t max;
	job_page_fn *fn;
	void *user;
	struct redis *redis;
	struct arena arena;
	struct job_entry *entries;
	size_t n, told; /* entries; of them with a fate */
	int r;
	char words[200];
};

static struct ask *ask_new(struct redis *redis, uint32_t partition, size_t max)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->redis = redis;
	a->partition = partition;
	a->max = max;
	arena_init(&a->arena);
	return a;
}

static struct ask *ask_free(struct ask *a)
{
	if (a)
		arena_release(&a->arena);
	free(a);
	return NULL;
}

static void answer(struct ask *a, bool more)
{
	struct job_page page = {a->entries, a->n, more};

	a->fn(a->user, a->r, a->r == 0 ? &page : NULL, a->words);
	ask_free(a);
}

static void note(struct ask *a, int r, const char *words)
{
	if (a->r == 0)
		(void)snprintf(a->words, sizeof(a->words), "%s", words);
	if (a->r == 0)
		a->r = r;
}

/* Is REPLY one of TYPE? If not, why not is noted. */
static bool expect(struct ask *a, const struct redis_value *reply, enum redis_type type)
{
	if (reply && reply->type == type)
		return true;
	if (!reply)
		note(a, JOBS_UNKNOWN, "no answer");
	else if (reply->type == REDIS_ERROR)
		note(a, JOBS_REFUSED, reply->text.ptr);
	else
		note(a, JOBS_CORRUPT, "an answer of another form");
	return false;
}

static bool make_room(struct ask *a, size_t n)
{
	a->entries = n ? arena_calloc(&a->arena, n, sizeof(*a->entries)) : NULL;
	if (n && !a->entries)
		note(a, JOBS_UNKNOWN, "out of memory");
	return a->entries || n == 0;
}

/* ---- listing ------------------------------------------------------------------------------- */

/* `id`, X, `j` or `r`, Y */
static bool read_entry(struct job_entry *e, const struct redis_value *v)
{
	const struct redis_value *fields = v->n_items == 2 ? &v->items[1] : NULL;

	if (!fields || log_id_parse(v->items[0].text, &e->at) != 0 || fields->n_items != 4 ||
		!redis_value_is(&fields->items[0], "id"))
		return false;
	e->id = fields->items[1].text;
	if (redis_value_is(&fields->items[2], "j"))
		e->json = fields->items[3].text;
	else
		e->reason = fields->items[3].text;
	return true;
}

static void read_entries(struct ask *a, const struct redis_value *reply)
{
	const struct redis_value *copy = redis_value_copy(&a->arena, reply);

	if (!copy)
		note(a, JOBS_UNKNOWN, "out of memory");
	if (!copy || !make_room(a, copy->n_items))
		return;
	for (size_t i = 0; i < copy->n_items; i++) {
		struct job_entry *e = &a->entries[a->n];

		e->partition = a->partition;
		if (read_entry(e, &copy->items[i]))
			a->n++;
		else
			note(a, JOBS_CORRUPT, "an entry is neither a job nor a retraction");
	}
}

static void on_fate(void *user, const struct redis_value *reply)
{
	struct ask *a = user;
	struct job_entry *e;

	assert(a->entries && a->told < a->n);
	e = &a->entries[a->told++];

	if (expect(a, reply, REDIS_ARRAY) && reply->n_items == 2) {
		e->state = arena_copy(&a->arena, reply->items[0].text);
		e->taken_by = arena_copy(&a->arena, reply->items[1].text);
	}
	if (a->told == a->n)
		answer(a, a->n == a->max);
}

/* Asks for the fate of each; those that cannot be asked count as unknown. */
static void ask_fates(struct ask *a)
{
	size_t n = a->n;

	for (size_t i = 0; i < n; i++) {
		char prefix[KEY_SIZE];
		int r;

		redis_begin(a->redis, 4);
		redis_arg_str(a->redis, "HMGET");
		redis_arg2(a->redis, key_prefix(prefix, a->partition, "job"), a->entries[i].id);
		redis_arg_str(a->redis, "s");
		redis_arg_str(a->redis, "by");
		r = redis_end(a->redis, on_fate, a);
		if (r < 0) {
			note(a, JOBS_UNKNOWN, strerror(-r));
			a->n = i; /* so many answers come */
			break;
		}
	}
	if (a->n == 0)
		answer(a, false);
}

static void on_entries(void *user, const struct redis_value *reply)
{
	struct ask *a = user;

	if (expect(a, reply, REDIS_ARRAY))
		read_entries(a, reply);
	if (a->r != 0 || a->n == 0)
		answer(a, false);
	else
		ask_fates(a);
}

int job_list(struct redis *redis, uint32_t partition, struct log_id after, size_t max,
	job_page_fn *fn, void *user)
{
	struct ask *a = ask_new(redis, partition, max);
	char key[KEY_SIZE], id[LOG_ID_SIZE];
	int r;

	assert(max > 0 && max <= JOB_PAGE_MAX);
	if (!a)
		return -ENOMEM;
	a->fn = fn;
	a->user = user;
	log_id_format(after, id);
	redis_begin(redis, 6);
	redis_arg_str(redis, "XRANGE");
	redis_arg(redis, key_text(key, partition, "jobs"));
	redis_arg2(redis, SPAN_LIT("("), span_str(id));
	redis_arg_str(redis, "+");
	redis_arg_str(redis, "COUNT");
	redis_arg_u64(redis, max);
	r = redis_end(redis, on_entries, a);
	if (r < 0)
		ask_free(a);
	return r;
}

/* ---- taking -------------------------------------------------------------------------------- */

static void on_taken(void *user, const struct redis_value *reply)
{
	struct ask *a = user;
	const struct redis_value *copy = NULL;
	size_t n = 0, looked = 0;

	if (expect(a, reply, REDIS_ARRAY)) {
		copy = redis_value_copy(&a->arena, reply);
		n = reply->n_items / 3;
		looked = n || reply->n_items == 1 ? (size_t)reply->items[0].integer : 0;
	}
	if (a->r == 0 && (!copy || !make_room(a, n)))
		note(a, JOBS_UNKNOWN, "out of memory");
	for (size_t i = 0; a->r == 0 && i < n; i++) {
		const struct redis_value *v = &copy->items[1 + 3 * i];
		struct job_entry *e = &a->entries[a->n++];

		*e = (struct job_entry){.partition = a->partition,
			.id = v[1].text,
			.json = v[2].text,
			.state = SPAN_LIT("taken")};
		if (log_id_parse(v[0].text, &e->at) != 0)
			note(a, JOBS_CORRUPT, "an answer of another form");
	}
	answer(a, looked > 0);
}

int job_take(struct redis *redis, uint32_t partition, struct span consumer, size_t max,
	job_page_fn *fn, void *user)
{
	struct ask *a = ask_new(redis, partition, max);
	char jobs[KEY_SIZE], taken[KEY_SIZE], prefix[KEY_SIZE];
	int r;

	assert(max > 0 && consumer.len > 0 && consumer.len <= JOB_CONSUMER_MAX);
	if (!a)
		return -ENOMEM;
	a->fn = fn;
	a->user = user;
	redis_begin(redis, 9);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, take_script);
	redis_arg_u64(redis, 2);
	redis_arg(redis, key_text(jobs, partition, "jobs"));
	redis_arg(redis, key_text(taken, partition, "taken"));
	redis_arg(redis, key_prefix(prefix, partition, "job"));
	redis_arg_u64(redis, max);
	redis_arg(redis, consumer);
	redis_arg_u64(redis, TAKE_SCAN);
	r = redis_end(redis, on_taken, a);
	if (r < 0)
		ask_free(a);
	return r;
}
