/* SPDX-License-Identifier: MIT */
#include "archive_metrics.h"

#include "program/metrics.h"
#include "store/keys.h"

struct counts {
	bool any; /* somebody writes an archive */
	uint64_t lines, bytes, stuck;
	uint64_t behind_ms; /* of the partition that is behind most, by the log's clock */
};

struct archive_metrics {
	struct counts last, next;
	size_t n_waiting; /* answers of the fetch that is under way */
	bool failed;	  /* one of them did not come */
};

int archive_metrics_new(struct archive_metrics **ret_metrics)
{
	*ret_metrics = calloc(1, sizeof(**ret_metrics));
	return *ret_metrics ? 0 : -ENOMEM;
}

struct archive_metrics *archive_metrics_free(struct archive_metrics *m)
{
	free(m);
	return NULL;
}

void archive_metrics_freep(struct archive_metrics **m)
{
	*m = archive_metrics_free(*m);
}

void archive_metrics_add(const struct archive_metrics *m, struct buf *out)
{
	const struct counts *c = &m->last;
	const struct metric list[] = {
		{"waymark_archived_entries_total", "counter", "Entries of the log in the archive.",
			c->lines},
		{"waymark_archived_bytes_total", "counter", "Bytes of the archive's files.",
			c->bytes},
		{"waymark_archive_behind_ms", "gauge",
			"How far the archive is behind what was applied, at most.", c->behind_ms},
		{"waymark_archive_stuck_partitions", "gauge",
			"Partitions whose archive stands still.", c->stuck},
	};

	if (c->any)
		metrics_add(out, list, ARRAY_SIZE(list));
}

static uint64_t number(struct span s)
{
	uint64_t n;

	return span_to_u64(s, UINT64_MAX, &n) == 0 ? n : 0;
}

/* Epoch, id, lines, bytes, trouble. */
static void add_archive(struct counts *c, const struct redis_value *v)
{
	c->any = c->any || v->items[0].text.len > 0;
	c->lines += number(v->items[2].text);
	c->bytes += number(v->items[3].text);
	c->stuck += v->items[4].text.len > 0;
}

static void finish_one(struct archive_metrics *m)
{
	if (--m->n_waiting == 0 && !m->failed)
		m->last = m->next;
}

/* [[epoch, …], position] of one partition. */
static void on_partition(void *user, const struct redis_value *reply)
{
	struct archive_metrics *m = user;
	const struct redis_value *arch, *pos;
	struct log_id done = {0, 0}, applied = {0, 0};

	m->failed = m->failed || !reply || reply->type != REDIS_ARRAY || reply->n_items != 2 ||
		    reply->items[0].n_items != 5;
	if (!m->failed) {
		arch = &reply->items[0];
		pos = &reply->items[1];
		add_archive(&m->next, arch);
		if (log_id_parse(arch->items[1].text, &done) == 0 &&
			log_id_parse(pos->text, &applied) == 0 && applied.ms > done.ms &&
			applied.ms - done.ms > m->next.behind_ms)
			m->next.behind_ms = applied.ms - done.ms;
	}
	finish_one(m);
}

static const char script[] = "#!lua flags=no-writes\n"
			     "return {redis.call('HMGET', KEYS[1], 'epoch', 'id', 'lines',\n"
			     "  'bytes', 'trouble'), redis.call('HGET', KEYS[2], 'id')}\n";

/* 0, or as redis_end. */
static int ask(struct archive_metrics *m, struct redis *redis, uint32_t partition)
{
	_cleanup_(buf_release) struct buf arch = BUF_INIT, pos = BUF_INIT;
	int r;

	key_add(&arch, partition, "arch");
	key_add(&pos, partition, "pos");
	if (buf_failed(&arch) < 0 || buf_failed(&pos) < 0)
		return -ENOMEM;
	redis_begin(redis, 5);
	redis_arg(redis, SPAN_LIT("EVAL"));
	redis_arg_str(redis, script);
	redis_arg(redis, SPAN_LIT("2"));
	redis_arg(redis, buf_span(&arch));
	redis_arg(redis, buf_span(&pos));
	r = redis_end(redis, on_partition, m);
	if (r == 0)
		m->n_waiting++;
	return r;
}

void archive_metrics_refresh(struct archive_metrics *m, struct redis *redis, uint32_t partitions)
{
	if (m->n_waiting > 0 || !redis_is_up(redis))
		return;
	m->next = (struct counts){.any = false};
	m->failed = false;
	m->n_waiting = 1; /* ourselves: no answer is the last while we still ask */
	for (uint32_t p = 0; p < partitions && !m->failed; p++)
		m->failed = ask(m, redis, p) < 0;
	finish_one(m);
}
