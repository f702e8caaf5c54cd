/* SPDX-License-Identifier: MIT */
/*
 * What a commit removes for good. Names of the erased are written before anything of theirs goes:
 * whoever finds nothing of somebody and is about to make something, finds the name.
 *
 * Keys that were emptied are noted in `erased:RECEIPT`, and what was known to lead to them in
 * `kin:RECEIPT`, until whoever asked for it has walked through the logs; to links, which are many
 * and to which little leads, in `linkkin:RECEIPT`: a set is written whole each time.
 */
#include "redis_commit_args.h"

#include "codec/gone_name.h"

/* Entries in one XDEL; Lua's stack takes some 8000 values. */
#define DROPS ((size_t)500)

static void put_probe(struct args *a, const char *command, const char *name)
{
	put_command(a, 2, command);
	put_key(a, name);
}

void commit_put_erase_probes(struct args *a)
{
	const struct commit *c = a->commit;

	if (c->n_gones > 0)
		put_probe(a, "HLEN", "gone");
	if (c->n_drops > 0)
		put_probe(a, "XLEN", "in");
	for (size_t i = 0; i < c->n_erased; i++) {
		put_probe(a, "ZCARD", "due");
		put_probe(a, "HLEN", "seal");
		put_command(a, 2, "SCARD");
		put_key_id(a, "ids", c->erased[i].customer);
		put_command(a, 2, "SCARD");
		put_key_id(a, "erased", c->erased[i].by);
	}
}

static void put_gone(struct args *a, const struct commit_gone *gone)
{
	char name[GONE_TEXT_LEN + 1], value[64];

	gone_name_format(gone->name, name);
	put_command(a, gone->by.len > 0 ? 4 : 3, gone->by.len > 0 ? "HSET" : "HDEL");
	put_key(a, "gone");
	put_str(a, name);
	if (gone->by.len == 0)
		return;
	(void)snprintf(value, sizeof(value), "%lld %.*s", (long long)gone->at,
		(int)(gone->by.len < 32 ? gone->by.len : 32), gone->by.ptr);
	put_str(a, value);
}

/* How many from the I-th on go alike. */
static size_t alike(const struct commit *c, size_t i)
{
	size_t n = 1;

	while (i + n < c->n_erased && c->erased[i + n].link == c->erased[i].link &&
		span_equal(c->erased[i + n].by, c->erased[i].by))
		n++;
	return n;
}

static void put_members(struct args *a, const char *command, const char *key,
	const struct commit_erased *list, size_t n)
{
	put_command(a, 2 + n, command);
	put_key(a, key);
	for (size_t i = 0; i < n; i++)
		put(a, list[i].customer);
}

/* N of LIST that go alike: what is written whole each time is written once. */
static void put_erased(struct args *a, const struct commit_erased *list, size_t n)
{
	static const char *const kept[] = {"c", "t", "m", "ids", "parts"};
	const char *kin = list->link ? "linkkin" : "kin";

	put_command(a, 2 + n, "SADD");
	put_key_id(a, "erased", list->by);
	for (size_t i = 0; i < n; i++)
		put(a, list[i].customer);
	put_command(a, 3 + n, "SUNIONSTORE");
	put_key_id(a, kin, list->by);
	put_key_id(a, kin, list->by);
	for (size_t i = 0; i < n; i++)
		put_key_id(a, "ids", list[i].customer);
	put_command(a, 1 + n * ARRAY_SIZE(kept), "UNLINK");
	for (size_t i = 0; i < n * ARRAY_SIZE(kept); i++)
		put_key_id(a, kept[i % ARRAY_SIZE(kept)], list[i / ARRAY_SIZE(kept)].customer);
	put_members(a, "ZREM", "due", list, n);
	put_members(a, "HDEL", "seal", list, n);
}

void commit_put_erase(struct args *a)
{
	const struct commit *c = a->commit;

	if (c->gone_salt.len > 0) {
		put_command(a, 4, "HSET");
		put_key(a, "gone");
		put_str(a, "salt");
		put(a, c->gone_salt);
	}
	for (size_t i = 0; i < c->n_gones; i++)
		put_gone(a, &c->gones[i]);
	for (size_t i = 0; i < c->n_erased; i += alike(c, i))
		put_erased(a, &c->erased[i], alike(c, i));
	if (c->stale && c->n_drops > 0) {
		put_command(a, 4, "SET");
		put_key(a, "stale");
		put_u64(a, c->drops[c->n_drops - 1].ms);
		put_str(a, "NX");
	}
	for (size_t i = 0; i < c->n_drops; i += DROPS) {
		size_t n = c->n_drops - i < DROPS ? c->n_drops - i : DROPS;

		put_command(a, 2 + n, "XDEL");
		put_key(a, "in");
		for (size_t k = i; k < i + n; k++)
			put_id(a, c->drops[k]);
	}
}
