/* SPDX-License-Identifier: MIT */
/*
 * Which data set a Redis holds. It is named once, at its creation, together with the positions of
 * all its partitions, so that from then on a position that is not there means that something is
 * wrong, never that everything is new.
 */
#include "redis_store_impl.h"

/* KEYS: wm:meta. */
static const char check_script[] =
	"local m = redis.call('HMGET', KEYS[1], 'dataset', 'partitions', 'format')\n"
	"return {m[1], m[2], m[3], redis.call('DBSIZE')}\n";

/*
 * KEYS: wm:meta. ARGV: id, partitions, format. Only into an empty database: whatever else lies
 * there is somebody's.
 */
static const char create_script[] =
	"if redis.call('DBSIZE') ~= 0 then\n"
	"  return redis.error_reply('FOREIGN the database is not empty')\n"
	"end\n"
	"local t = redis.call('TIME')\n"
	"for p = 0, ARGV[2] - 1 do\n"
	"  redis.call('HSET', string.format('wm:{p%d}:pos', p),\n"
	"    'epoch', '0', 'seq', '0', 'id', '0-0', 'clock', '0')\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'dataset', ARGV[1], 'partitions', ARGV[2],\n"
	"  'format', ARGV[3], 'find', '1',\n"
	"  'created_at', string.format('%d%03d', t[1], t[2] / 1000))\n"
	"return redis.status_reply('OK')\n";

/* KEYS: wm:meta. ARGV: digest of the settings of identity, 1 to write it where there is none. */
static const char agree_script[] =
	"if ARGV[2] == '1' then redis.call('HSETNX', KEYS[1], 'identity', ARGV[1]) end\n"
	"return redis.call('HGET', KEYS[1], 'identity') or ARGV[1]\n";

struct dataset_ask {
	struct dataset wanted; /* check: the expected id, or ""; create: what was written */
	struct dataset found;
	dataset_fn *fn;
	void *user;
	char digest[17]; /* agree */
	char words[200];
};

static int note(struct dataset_ask *a, int r, const char *words)
{
	(void)snprintf(a->words, sizeof(a->words), "%s", words);
	return r;
}

static void answer(struct dataset_ask *a, int r)
{
	a->fn(a->user, r, r == 0 ? &a->found : NULL, r == 0 ? "" : a->words);
	free(a);
}

static bool id_valid(struct span id)
{
	if (id.len != DATASET_ID_SIZE - 1)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static int judge_format(struct dataset_ask *a, struct span format)
{
	int64_t n;

	if (!number_of(format, &n))
		return note(a, DATASET_FOREIGN, "wm:meta says no format");
	if (n == STORE_FORMAT)
		return 0;
	(void)snprintf(a->words, sizeof(a->words),
		"the data set has format %lld; this version reads %d", (long long)n, STORE_FORMAT);
	return DATASET_FORMAT;
}

/* Dataset, partitions, format, number of keys. */
static int judge_meta(struct dataset_ask *a, const struct redis_value *v)
{
	struct span id = v->items[0].text;
	uint64_t n;
	int r;

	r = judge_format(a, v->items[2].text);
	if (r != 0)
		return r;
	if (!id_valid(id) || span_to_u64(v->items[1].text, PARTITIONS_MAX, &n) != 0 || n == 0)
		return note(a, DATASET_FOREIGN, "wm:meta does not describe a data set");
	if (a->wanted.id[0] && !span_is(id, a->wanted.id)) {
		(void)snprintf(a->words, sizeof(a->words), "the data set is %.*s, not %s",
			(int)id.len, id.ptr, a->wanted.id);
		return DATASET_FOREIGN;
	}
	memcpy(a->found.id, id.ptr, id.len);
	a->found.partitions = (uint32_t)n;
	return 0;
}

static int judge_check(struct dataset_ask *a, const struct redis_value *reply)
{
	if (!reply)
		return note(a, DATASET_UNKNOWN, "no answer");
	if (redis_value_is_error(reply, "WRONGTYPE"))
		return note(a, DATASET_FOREIGN, "wm:meta is not ours");
	if (reply->type == REDIS_ERROR)
		return note(a, DATASET_UNKNOWN, reply->text.ptr);
	if (reply->type != REDIS_ARRAY || reply->n_items != 4)
		return note(a, DATASET_UNKNOWN, "the answer has another form");
	if (reply->items[0].type != REDIS_NIL)
		return judge_meta(a, reply);
	if (reply->items[3].integer == 0)
		return note(a, DATASET_MISSING, "the database is empty");
	return note(a, DATASET_FOREIGN, "the database has keys, but no data set");
}

static void on_checked(void *user, const struct redis_value *reply)
{
	struct dataset_ask *a = user;

	answer(a, judge_check(a, reply));
}

static struct dataset_ask *ask_new(const char *id, dataset_fn *fn, void *user)
{
	struct dataset_ask *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	if (id)
		(void)snprintf(a->wanted.id, sizeof(a->wanted.id), "%s", id);
	a->fn = fn;
	a->user = user;
	return a;
}

int dataset_check(struct redis *redis, const char *expected, dataset_fn *fn, void *user)
{
	const struct span args[] = {
		SPAN_LIT("EVAL"), SPAN_LIT(check_script), SPAN_LIT("1"), SPAN_LIT("wm:meta")};
	struct dataset_ask *a = ask_new(expected, fn, user);
	int r;

	if (!a)
		return -ENOMEM;
	r = redis_command(redis, on_checked, a, args, ARRAY_SIZE(args));
	if (r < 0)
		free(a);
	return r;
}

static void on_agreed(void *user, const struct redis_value *reply)
{
	struct dataset_ask *a = user;

	a->found = a->wanted;
	if (!reply || reply->type != REDIS_STRING) {
		answer(a, note(a, DATASET_UNKNOWN,
				  reply && reply->text.ptr ? reply->text.ptr : "no answer"));
		return;
	}
	if (span_is(reply->text, a->digest)) {
		answer(a, 0);
		return;
	}
	(void)snprintf(a->words, sizeof(a->words),
		"the data set was made with other settings of identity (%.*s) than ours (%s)",
		(int)(reply->text.len < 16 ? reply->text.len : 16), reply->text.ptr, a->digest);
	answer(a, DATASET_IDENTITY);
}

int dataset_agree(struct redis *redis, const struct dataset *d, uint64_t digest, bool claim,
	dataset_fn *fn, void *user)
{
	struct dataset_ask *a = ask_new(d->id, fn, user);
	struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(agree_script), SPAN_LIT("1"),
		SPAN_LIT("wm:meta"), SPAN_EMPTY, claim ? SPAN_LIT("1") : SPAN_LIT("0")};
	int r;

	if (!a)
		return -ENOMEM;
	a->wanted = *d;
	(void)snprintf(a->digest, sizeof(a->digest), "%016llx", (unsigned long long)digest);
	args[4] = span_str(a->digest);
	r = redis_command(redis, on_agreed, a, args, ARRAY_SIZE(args));
	if (r < 0)
		free(a);
	return r;
}

static void on_created(void *user, const struct redis_value *reply)
{
	struct dataset_ask *a = user;

	a->found = a->wanted;
	if (!reply)
		answer(a, note(a, DATASET_UNKNOWN, "no answer"));
	else if (redis_value_is(reply, "OK"))
		answer(a, 0);
	else if (redis_value_is_error(reply, "FOREIGN"))
		answer(a, note(a, DATASET_FOREIGN, "the database is not empty"));
	else
		answer(a, note(a, DATASET_UNKNOWN, reply->text.ptr ? reply->text.ptr : "?"));
}

int dataset_create(
	struct redis *redis, const char *id, uint32_t partitions, dataset_fn *fn, void *user)
{
	struct dataset_ask *a = ask_new(id, fn, user);
	int r;

	assert(id_valid(span_str(id)) && partitions > 0 && partitions <= PARTITIONS_MAX);
	if (!a)
		return -ENOMEM;
	a->wanted.partitions = partitions;
	redis_begin(redis, 7);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, create_script);
	redis_arg_str(redis, "1");
	redis_arg_str(redis, "wm:meta");
	redis_arg_str(redis, id);
	redis_arg_u64(redis, partitions);
	redis_arg_u64(redis, STORE_FORMAT);
	r = redis_end(redis, on_created, a);
	if (r < 0)
		free(a);
	return r;
}
