/* SPDX-License-Identifier: MIT */
#include "redis_commit_args.h"

#include "base/instant.h"

/* Counts an argument that would have to be formatted first, in the walk that only counts. */
static bool is_counted(struct args *a)
{
	if (!a->redis)
		a->n++;
	return !a->redis;
}

void put(struct args *a, struct span s)
{
	a->n++;
	if (a->redis)
		redis_arg(a->redis, s);
}

void put2(struct args *a, struct span prefix, struct span id)
{
	a->n++;
	if (a->redis)
		redis_arg2(a->redis, prefix, id);
}

void put_str(struct args *a, const char *s)
{
	a->n++;
	if (a->redis)
		redis_arg_str(a->redis, s);
}

void put_i64(struct args *a, int64_t n)
{
	a->n++;
	if (a->redis)
		redis_arg_i64(a->redis, n);
}

void put_u64(struct args *a, uint64_t n)
{
	a->n++;
	if (a->redis)
		redis_arg_u64(a->redis, n);
}

void put_instant(struct args *a, int64_t at)
{
	if (at == TIME_NEVER || at == INT64_MIN)
		put(a, SPAN_EMPTY);
	else
		put_i64(a, at);
}

void put_id(struct args *a, struct log_id id)
{
	char text[LOG_ID_SIZE];

	if (is_counted(a))
		return;
	log_id_format(id, text);
	put_str(a, text);
}

void put_rules(struct args *a, uint64_t digest)
{
	char text[RULES_DIGEST_SIZE] = "";

	if (is_counted(a))
		return;
	if (digest)
		rules_digest_format(digest, text);
	put_str(a, text);
}

void put_command(struct args *a, size_t n, const char *name)
{
	put_u64(a, n);
	put_str(a, name);
}

void put_key(struct args *a, const char *name)
{
	char key[KEY_SIZE];

	if (!is_counted(a))
		put(a, key_text(key, a->partition, name));
}

void put_key_id(struct args *a, const char *name, struct span id)
{
	char key[KEY_SIZE];

	if (!is_counted(a))
		put2(a, key_prefix(key, a->partition, name), id);
}

void put_key_number(struct args *a, const char *name, int64_t n)
{
	char id[24];

	if (is_counted(a))
		return;
	(void)snprintf(id, sizeof(id), "%lld", (long long)n);
	put_key_id(a, name, span_str(id));
}
